"""libouroboros, and how its functions are called."""
from __future__ import annotations

import ctypes
import os
import threading
from ctypes import byref
from typing import Any, Callable, Optional

from . import _abi
from ._abi import Status
from ._errors import Invalid, Unsupported, error_of

_loaded: Optional[ctypes.CDLL] = None
_functions: dict[str, Any] = {}


def _load() -> ctypes.CDLL:
    """$OUROBOROS_LIBRARY, else what the loader finds."""
    global _loaded
    if _loaded is None:
        _loaded = ctypes.CDLL(os.environ.get("OUROBOROS_LIBRARY", "libouroboros.so.0"))
    return _loaded


def function(name: str) -> Any:
    """Found at its first call, so that an older library serves as far as it
    goes."""
    found = _functions.get(name)
    if found is None:
        try:
            found = getattr(_load(), name)
            found.restype, found.argtypes = _abi.FUNCTIONS[name]
        except (AttributeError, KeyError):
            raise Unsupported(f"this libouroboros has no {name}") from None
        _functions[name] = found
    return found


def call(name: str, *arguments: Any, allow: tuple[Status, ...] = ()) -> int:
    """Calls a function that returns a status; adds the error. A status that is
    neither OK nor allowed is raised."""
    err = _abi.ouro_error()
    status: int = function(name)(*arguments, byref(err))
    if status != Status.OK and status not in allow:
        text = err.text.decode("utf-8", "replace")
        if not text:
            text = function("ouro_status_text")(status).decode()
        raise error_of(status, text, err.sys_errno)
    return status


def library_version() -> str:
    return str(function("ouro_version")().decode())


def text_in(text: Optional[str]) -> Optional[bytes]:
    if text is None:
        return None
    data = text.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise Invalid("a text contains a NUL")
    return data


def text_out(data: Optional[bytes]) -> str:
    return "" if data is None else data.decode("utf-8", "surrogateescape")


def path_in(path: "str | os.PathLike[str] | None") -> Optional[bytes]:
    return None if path is None else os.fsencode(path)


def bytes_in(data: Any) -> bytes:
    """Any object with a buffer; text is not bytes."""
    return data if isinstance(data, bytes) else bytes(memoryview(data))


def free(pointer: ctypes.c_void_p) -> None:
    """What the library made with malloc."""
    libc_free = ctypes.CDLL(None).free
    libc_free.argtypes, libc_free.restype = [ctypes.c_void_p], None
    libc_free(pointer)


class Callback:
    """A Python function for the library to call. What it raises is kept, ends
    the iteration, and is raised again by done()."""

    def __init__(self, kind: Any, body: Callable[..., Any], failed: Any = False):
        self.error: Optional[BaseException] = None

        def guarded(_context: Any, *arguments: Any) -> Any:
            if self.error is not None:
                return failed
            try:
                return body(*arguments)
            except BaseException as error:  # pylint: disable=broad-except
                self.error = error
                return failed

        self.pointer = kind(guarded)

    def done(self) -> None:
        if self.error is not None:
            raise self.error


def call_back(callback: Callback, name: str, *arguments: Any,
              allow: tuple[Status, ...] = ()) -> int:
    """As call; what the callback raised comes first."""
    try:
        status = call(name, *arguments, allow=allow)
    except Exception:
        callback.done()
        raise
    callback.done()
    return status


class _Open:
    """A pointer that must be given back, after those that were made from it.
    Its own object, so that the order in which Python collects the handles
    does not matter."""

    def __init__(self, pointer: Any, closing: str, parent: Optional["_Open"]):
        self.pointer = pointer
        self.closing = closing
        self.parent = parent
        self.children: set[_Open] = set()
        self.lock = threading.Lock()
        if parent is not None:
            parent.children.add(self)

    def take(self) -> Any:
        """The pointer, for the one who ends it."""
        with self.lock:
            pointer, self.pointer = self.pointer, None
        if self.parent is not None:
            self.parent.children.discard(self)
        return pointer

    def end_children(self) -> None:
        for child in list(self.children):
            child.end()

    def end(self) -> None:
        self.end_children()
        pointer = self.take()
        if pointer is not None:
            function(self.closing)(pointer)


class Handle:
    """Something of the library that is open. Closing it closes what was made
    from it first; that is what the library asks for."""

    _close = ""  # the function that ends it
    _open: Optional[_Open] = None

    def __init__(self, pointer: Any, parent: Optional["Handle"] = None):
        self._parent = parent
        self._open = _Open(pointer, self._close, parent._open if parent is not None else None)

    @property
    def handle(self) -> Any:
        if self._open is None or self._open.pointer is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._open.pointer

    @property
    def closed(self) -> bool:
        return self._open is None or self._open.pointer is None

    def _take(self) -> Any:
        """The pointer, for the one who ends it."""
        return self._open.take() if self._open is not None else None

    def close(self) -> None:
        """Fine when it is closed already."""
        if self._open is not None:
            self._open.end()

    def __del__(self) -> None:
        self.close()
