"""The engine: an ordered, durable map from bytes to bytes in a directory."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref, sizeof
from typing import Any, Callable, Iterator, NamedTuple, Optional, Union

from . import _abi
from ._abi import Status, Sync
from ._errors import NoMemory
from ._library import (Callback, Handle, bytes_in, call, call_back, function, path_in)
from ._values import StoreDamage, numbers_of

Path = Union[str, "os.PathLike[str]"]
Log = Callable[[int, str], None]
Progress = Callable[[int, int], bool]


class Item(NamedTuple):
    key: bytes
    value: Optional[bytes]  # None with keys_only


class Scan(Handle):
    """The state of the moment it was opened, in order. It iterates over items;
    close it, or leave its `with`, to let go of that state."""

    _close = "ouro_scan_close"

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        if self.closed:
            raise StopIteration
        item = _abi.ouro_item()
        if call("ouro_scan_next", self.handle, byref(item), allow=(Status.END,)) == Status.END:
            self.close()
            raise StopIteration
        key = ctypes.string_at(item.key, item.key_size)
        if self.keys_only:
            return Item(key, None)
        return Item(key, ctypes.string_at(item.value, item.value_size) if item.value_size else b"")

    keys_only = False

    def __enter__(self) -> "Scan":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class StoreBatch(Handle):
    """Operations that happen together, or not at all:

        with store.batch() as batch:
            batch.put(b"a", b"1")
            batch.delete(b"b")

    It is written at the end of the `with`, unless an exception leaves it."""

    _close = "ouro_store_batch_free"

    def __init__(self, store: "Store", sync: Sync):
        pointer = function("ouro_store_batch_new")()
        if not pointer:
            raise NoMemory("out of memory")
        super().__init__(pointer, store)
        self._store = store
        self._sync = sync

    def __len__(self) -> int:
        return int(function("ouro_store_batch_count")(self.handle))

    def put(self, key: Any, value: Any) -> None:
        self._add("put", key, value)

    def delete(self, key: Any) -> None:
        self._add("delete", key)

    def put_if_absent(self, key: Any, value: Any) -> None:
        self._add("put_if_absent", key, value)

    def put_if_equal(self, key: Any, expected: Any, value: Any) -> None:
        self._add("put_if_equal", key, expected, value)

    def delete_if_equal(self, key: Any, expected: Any) -> None:
        self._add("delete_if_equal", key, expected)

    def _add(self, verb: str, *values: Any) -> None:
        arguments: list[Any] = []
        for value in map(bytes_in, values):
            arguments += [value, len(value)]
        call(f"ouro_store_batch_{verb}", self.handle, *arguments)

    def write(self) -> None:
        """Conflict names the first condition that fails: then nothing
        happened. The batch may be written again."""
        call("ouro_store_write", self._store.handle, self.handle, self._sync)

    def __enter__(self) -> "StoreBatch":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            if kind is None:
                self.write()
        finally:
            self.close()


class Store(Handle):
    """May be used from several threads; one process at a time writes.

    Keys have 1 to 4096 bytes. A write that returned survives a power loss,
    unless `sync` says otherwise."""

    _close = "ouro_store_close"

    def __init__(self, directory: Path, *, must_exist: bool = False, read_only: bool = False,
                 sync: Sync = Sync.DEFAULT, sync_interval_ms: int = 0, segment_size: int = 0,
                 index_memory: int = 0, compact_share: float = 0.0, compact_rate: int = 0,
                 level: int = 0, no_maps: bool = False, threads: int = 0,
                 log: Optional[Log] = None):
        options = _abi.ouro_store_options(
            size=sizeof(_abi.ouro_store_options), must_exist=must_exist, read_only=read_only,
            sync=sync, sync_interval_ms=sync_interval_ms, segment_size=segment_size,
            index_memory=index_memory, compact_share=compact_share, compact_rate=compact_rate,
            level=level, no_maps=no_maps, threads=threads)
        self._log = log_callback(log)
        if self._log is not None:
            options.log = self._log.pointer
        pointer = ctypes.POINTER(_abi.ouro_store)()
        call("ouro_store_open", path_in(directory), byref(options), byref(pointer))
        super().__init__(pointer)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    # ---- reading
    def get(self, key: Any, default: Optional[bytes] = None) -> Optional[bytes]:
        data, value = bytes_in(key), _abi.ouro_value()
        if call("ouro_store_get", self.handle, data, len(data), byref(value),
                allow=(Status.NOT_FOUND,)) == Status.NOT_FOUND:
            return default
        try:
            return ctypes.string_at(value.data, value.size) if value.size else b""
        finally:
            function("ouro_value_release")(byref(value))

    def __getitem__(self, key: Any) -> bytes:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: Any) -> bool:
        return self.size(key) is not None

    def size(self, key: Any) -> Optional[int]:
        """Bytes of a value, which is not read; None = there is none."""
        data, size = bytes_in(key), ctypes.c_size_t()
        status = call("ouro_store_has", self.handle, data, len(data), byref(size),
                      allow=(Status.NOT_FOUND,))
        return size.value if status == Status.OK else None

    def scan(self, *, prefix: Any = b"", begin: Any = b"", end: Any = b"",
             reverse: bool = False, keys_only: bool = False) -> Scan:
        """Keys from `begin` up to, not including, `end`."""
        texts = [bytes_in(prefix), bytes_in(begin), bytes_in(end)]
        pointers = [ctypes.cast(ctypes.c_char_p(t), ctypes.c_void_p) for t in texts]
        span = _abi.ouro_range(
            size=sizeof(_abi.ouro_range), prefix=pointers[0], prefix_size=len(texts[0]),
            begin=pointers[1], begin_size=len(texts[1]), end=pointers[2],
            end_size=len(texts[2]), reverse=reverse, keys_only=keys_only)
        pointer = ctypes.POINTER(_abi.ouro_scan)()
        call("ouro_scan_open", self.handle, byref(span), byref(pointer))
        scan = Scan(pointer, self)
        scan.keys_only = keys_only
        return scan

    def __iter__(self) -> Iterator[bytes]:
        with self.scan(keys_only=True) as scan:
            for item in scan:
                yield item.key

    def items(self) -> Scan:
        return self.scan()

    # ---- writing
    def put(self, key: Any, value: Any, sync: Sync = Sync.DEFAULT) -> None:
        data, content = bytes_in(key), bytes_in(value)
        call("ouro_store_put", self.handle, data, len(data), content, len(content), sync)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.put(key, value)

    def delete(self, key: Any, sync: Sync = Sync.DEFAULT) -> None:
        """Fine when the key is not there."""
        data = bytes_in(key)
        call("ouro_store_delete", self.handle, data, len(data), sync)

    def __delitem__(self, key: Any) -> None:
        if key not in self:
            raise KeyError(key)
        self.delete(key)

    def batch(self, sync: Sync = Sync.DEFAULT) -> StoreBatch:
        return StoreBatch(self, sync)

    def barrier(self) -> None:
        """Everything written before is durable when it returns."""
        call("ouro_store_barrier", self.handle)

    # ---- care
    def _care(self, name: str, report: Optional[Callable[[StoreDamage], None]]) -> bool:
        def tell(damage: Any) -> None:
            if report is not None:
                report(StoreDamage.of(damage.contents))

        callback = Callback(_abi.ouro_store_damage_report, tell, None)
        return call_back(callback, name, self.handle, callback.pointer, None,
                         allow=(Status.DAMAGED,)) == Status.OK

    def verify(self, report: Optional[Callable[[StoreDamage], None]] = None) -> bool:
        """Reads and checks everything; False when something is wrong."""
        return self._care("ouro_store_verify", report)

    def repair(self, report: Optional[Callable[[StoreDamage], None]] = None) -> bool:
        """Keeps what is readable and forgets the rest, which is reported."""
        return self._care("ouro_store_repair", report)

    def compact(self, dead_share: float = 0.5) -> int:
        """Bytes of disk given back."""
        freed = ctypes.c_uint64()
        call("ouro_store_compact", self.handle, dead_share, byref(freed))
        return freed.value

    def snapshot(self) -> None:
        call("ouro_store_snapshot", self.handle)

    def backup(self, directory: Path, progress: Optional[Progress] = None) -> None:
        """The state of this moment as a store of its own."""
        callback = Callback(_abi.ouro_progress,
                            lambda done, total: progress is None or bool(progress(done, total)))
        call_back(callback, "ouro_store_backup", self.handle, path_in(directory),
                  callback.pointer, None)

    def stats(self) -> dict[str, int]:
        """struct ouro_store_stats."""
        stats = _abi.ouro_store_stats()
        call("ouro_store_stats", self.handle, byref(stats))
        return numbers_of(stats)


def log_callback(log: Optional[Log]) -> Optional[Callback]:
    """log(level, text) may be called from any thread. What it raises is lost."""
    if log is None:
        return None
    write = log

    def tell(level: int, text: bytes) -> None:
        try:
            write(level, text.decode("utf-8", "replace"))
        except Exception:  # pylint: disable=broad-except
            pass

    return Callback(_abi.ouro_log_write, tell, None)
