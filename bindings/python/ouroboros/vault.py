"""The vault: content by hash, and names that keep their versions."""
from __future__ import annotations

import ctypes
import io
import os
from ctypes import POINTER, byref, sizeof
from typing import Any, BinaryIO, Callable, Iterable, Iterator, Optional, Sequence, Union

from . import _abi
from ._abi import Base, Kind, MemberKind, Reason, Status
from ._errors import Ambiguous, NotFound, Refused, error_of
from ._library import (Callback, Handle, bytes_in, call, call_back, free, function, path_in,
                       text_in, text_out)
from ._values import (BundleItem, Finding, Grant, Id, Info, Kept, Member, Node, PutResult, Setting,
                      Shared, Target, Trashed, Version, id_at, id_of, numbers_of)
from .store import Log, Path, Progress, log_callback

# An id, or a text: a hash, the unique beginning of one, or a name.
Where = Union[Id, bytes, str, Target]
Data = Union[bytes, bytearray, memoryview, BinaryIO]

_PIECE = 1 << 20
_PAGE = 1000
_Bytes = POINTER(ctypes.c_uint8)


def _new_id() -> Any:
    return (ctypes.c_uint8 * _abi.OURO_ID_SIZE)()


def _id_pointer(data: Optional[bytes]) -> Any:
    """For a member of a struct; the array is kept by the pointer."""
    if data is None:
        return None
    return ctypes.cast((ctypes.c_uint8 * len(data)).from_buffer_copy(data), _Bytes)


def _ids(values: Iterable[bytes]) -> Any:
    given = [Id(v) for v in values]
    return (ctypes.c_uint8 * _abi.OURO_ID_SIZE * len(given)).from_buffer_copy(b"".join(given)) \
        if given else None


def _ids_pointer(array: Any) -> Any:
    if array is None:
        return None
    return ctypes.cast(array, POINTER(ctypes.c_uint8 * _abi.OURO_ID_SIZE))


class Writer(Handle):
    """Content on its way in:

        with vault.writer(name="log") as writer:
            writer.write(b"...")
        print(writer.result.content)

    Nothing of it is visible when an exception leaves the `with`."""

    _close = "ouro_put_abort"

    def __init__(self, vault: "Vault", batch: Optional["Batch"], *, name: Optional[str],
                 parent: Optional[Where], type: Optional[str], meta: bytes,
                 namespace: Optional[str], base: Base, base_versions: Sequence[bytes],
                 k: int, m: int, no_parity: bool, owner: Optional[str], group: Optional[str],
                 mode: int, saved_ms: int, expires_ms: int):
        # The library borrows all of it until the put ends.
        self._options = _abi.ouro_put_options(
            size=sizeof(_abi.ouro_put_options), name=text_in(name),
            parent=_id_pointer(None if parent is None else vault.content_id(parent)),
            type=text_in(type), meta=ctypes.cast(ctypes.c_char_p(meta), ctypes.c_void_p),
            meta_size=len(meta), k=k, m=m, no_parity=no_parity, owner=text_in(owner),
            group=text_in(group), mode=mode, saved_ms=saved_ms, expires_ms=expires_ms,
            namespace_=text_in(namespace), base=base, base_count=len(base_versions))
        self._borrowed = (meta, _ids(base_versions))
        self._options.base_versions = _ids_pointer(self._borrowed[1])
        self._batch = batch
        self._result: Optional[PutResult] = None
        pointer = POINTER(_abi.ouro_put)()
        call("ouro_put_begin", vault.handle, byref(self._options), byref(pointer))
        super().__init__(pointer, vault if batch is None else batch)

    def write(self, data: Any) -> int:
        piece = bytes_in(data)
        call("ouro_put_write", self.handle, piece, len(piece))
        return len(piece)

    def finish(self) -> PutResult:
        """Durable when it returns; in a batch, with its commit."""
        pointer, struct = self.handle, _abi.ouro_put_result()
        batch = self._batch.handle if self._batch is not None else None
        self._take()  # it ends, whatever comes
        if self._batch is None:
            call("ouro_put_finish", pointer, byref(struct))
            self._result = PutResult(struct)
        else:
            self._result = PutResult(struct, known=False)
            self._batch._results.append(self._result)
            call("ouro_batch_finish_put", batch, pointer, byref(struct))
        return self._result

    @property
    def result(self) -> PutResult:
        if self._result is None:
            raise ValueError("the put is not finished")
        return self._result

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None and not self.closed:
            self.finish()
        self.close()


class Reader(io.RawIOBase):
    """Content as a file: read, seek, tell. What is damaged is repaired on the
    way, or raises Damaged."""

    def __init__(self, vault: "Vault", id: bytes):
        super().__init__()
        pointer = POINTER(_abi.ouro_get)()
        call("ouro_get_open", vault.handle, id, byref(pointer))
        self._get = _ReaderHandle(pointer, vault)
        self._at = 0
        self.size = int(function("ouro_get_size")(pointer))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        got = ctypes.c_size_t()
        if len(view) == 0:
            return 0
        array = (ctypes.c_uint8 * len(view)).from_buffer(view)
        call("ouro_get_read", self._get.handle, array, len(view), byref(got))
        self._at += got.value
        return got.value

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("a position before the beginning")
        call("ouro_get_seek", self._get.handle, start + offset)
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        if not self.closed and hasattr(self, "_get"):
            self._get.close()
        super().close()


class _ReaderHandle(Handle):
    _close = "ouro_get_close"


class Batch(Handle):
    """Puts and removals that become visible together, or not at all:

        with vault.batch() as batch:
            parent = batch.put(b"...", name="album")
            batch.put(b"...", name="photo")

    It is committed at the end of the `with`, unless an exception leaves it;
    then the results are known."""

    _close = "ouro_batch_abort"

    def __init__(self, vault: "Vault"):
        pointer = POINTER(_abi.ouro_batch)()
        call("ouro_batch_begin", vault.handle, byref(pointer))
        super().__init__(pointer, vault)
        self._vault = vault
        self._results: list[PutResult] = []
        self._ids: list[Any] = []

    def writer(self, **options: Any) -> Writer:
        """As Vault.writer."""
        return self._vault._writer(self, **options)

    def put(self, data: Data, **options: Any) -> PutResult:
        """As Vault.put."""
        return _copy(data, self.writer(**options))

    def content(self) -> Id:
        """The id that the content of the last put will have: the parent of
        others in the same batch."""
        array = _new_id()
        call("ouro_batch_content", self.handle, array)
        return id_of(array)

    def version(self, path: str, content: Optional[Where], **options: Any) -> Callable[[], Id]:
        """As Vault.put_version; call what it returns after the commit."""
        array = _new_id()
        self._ids.append(array)
        struct, borrowed = self._vault._version_options(path, content, **options)
        call("ouro_batch_version", self.handle, byref(struct), array)
        del borrowed
        return lambda: id_of(array)

    def commit(self) -> None:
        pointer = self.handle
        if self._open is not None:
            self._open.end_children()
        self._take()
        call("ouro_batch_commit", pointer)
        for result in self._results:
            result._known = True

    def __enter__(self) -> "Batch":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None and not self.closed:
            self.commit()
        self.close()


class _List(Handle):
    _close = "ouro_list_close"


def _copy(data: Data, writer: Writer) -> PutResult:
    with writer:
        if isinstance(data, (bytes, bytearray, memoryview)):
            writer.write(data)
        else:
            while piece := data.read(_PIECE):
                writer.write(piece)
    return writer.result


class Vault(Handle):
    """A directory with a vault, made when it is missing. May be used from
    several threads; one process at a time.

    Namespaces: None means "blobs", the names that users choose."""

    _close = "ouro_vault_close"

    def __init__(self, directory: Path, *, must_exist: bool = False, read_only: bool = False,
                 key_file: Optional[Path] = None, passphrase: Optional[str] = None,
                 recovery_key: Optional[str] = None, data_paths: Sequence[Path] = (),
                 k: int = 0, m: int = 0, no_parity: bool = False, level: int = 0,
                 segment_size: int = 0, node: Optional[str] = None, free_space_min: int = 0,
                 index_memory: int = 0, threads: int = 0, log: Optional[Log] = None):
        paths = (ctypes.c_char_p * len(data_paths))(*map(path_in, data_paths))
        options = _abi.ouro_vault_options(
            size=sizeof(_abi.ouro_vault_options), must_exist=must_exist, read_only=read_only,
            key_file=path_in(key_file), passphrase=text_in(passphrase),
            recovery_key=text_in(recovery_key), data_path_count=len(data_paths), k=k, m=m,
            no_parity=no_parity, level=level, segment_size=segment_size, node=text_in(node),
            free_space_min=free_space_min, index_memory=index_memory,
            threads=threads)
        options.data_paths = ctypes.cast(paths, POINTER(ctypes.c_char_p))
        self._log = log_callback(log)
        if self._log is not None:
            options.log = self._log.pointer
        pointer = POINTER(_abi.ouro_vault)()
        call("ouro_vault_open", path_in(directory), byref(options), byref(pointer))
        super().__init__(pointer)

    def __enter__(self) -> "Vault":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @property
    def is_new(self) -> bool:
        """This opening made it, and its key file."""
        return bool(function("ouro_vault_is_new")(self.handle))

    @property
    def key_file(self) -> str:
        return os.fsdecode(function("ouro_vault_key_file")(self.handle) or b"")

    # ---- what a caller says
    def resolve(self, text: str) -> Target:
        """A hash, its unique beginning (4 characters at least), or a name;
        "hash:" and "name:" force one of them."""
        struct = _abi.ouro_target()
        try:
            call("ouro_resolve", self.handle, text_in(text), byref(struct))
        except Ambiguous as error:
            error.target = Target.of(struct)
            raise
        return Target.of(struct)

    def id_of(self, where: Where) -> Id:
        """The content's or version's id that is meant."""
        if isinstance(where, str):
            return self.resolve(where).id
        return where.id if isinstance(where, Target) else Id(where)

    def content_id(self, where: Where) -> Id:
        """The same, of a content; bytes are taken for one, unseen."""
        if isinstance(where, str):
            where = self.resolve(where)
        if not isinstance(where, Target):
            return Id(where)
        return self.info(where.id).content if where.kind == Kind.VERSION else where.id

    # ---- storing
    def _writer(self, batch: Optional[Batch], *, name: Optional[str] = None,
                parent: Optional[Where] = None, type: Optional[str] = None, meta: bytes = b"",
                namespace: Optional[str] = None, base: Base = Base.HEADS,
                base_versions: Sequence[bytes] = (), k: int = 0, m: int = 0,
                no_parity: bool = False, owner: Optional[str] = None,
                group: Optional[str] = None, mode: int = 0, saved_ms: int = 0,
                expires_ms: int = 0) -> Writer:
        return Writer(self, batch, name=name, parent=parent, type=type, meta=meta,
                      namespace=namespace, base=base, base_versions=base_versions, k=k, m=m,
                      no_parity=no_parity, owner=owner, group=group, mode=mode,
                      saved_ms=saved_ms, expires_ms=expires_ms)

    def writer(self, **options: Any) -> Writer:
        """Options: name, parent, type, meta, namespace, base, base_versions,
        k, m, no_parity, owner, group, mode, saved_ms, expires_ms."""
        return self._writer(None, **options)

    def put(self, data: Data, **options: Any) -> PutResult:
        """Stores bytes, or what a binary file has to give; durable when it
        returns. Options as of writer."""
        return _copy(data, self.writer(**options))

    def batch(self) -> Batch:
        return Batch(self)

    # ---- reading
    def open(self, where: Where) -> Reader:
        return Reader(self, self.id_of(where))

    def read(self, where: Where) -> bytes:
        """The whole content."""
        with self.open(where) as reader:
            return reader.readall()

    def read_many(self, ids: Sequence[bytes], most: int = 1 << 20) -> list[bytes]:
        """Contents of up to `most` bytes, in the order given; all or none."""
        found: list[bytes] = []
        missing = ctypes.c_size_t()

        def take(index: int, status: int, data: Any, size: int) -> bool:
            if status != Status.OK:
                raise error_of(status, f"{Id(ids[index])} cannot be read", 0)
            found.append(ctypes.string_at(data, size) if size else b"")
            return True

        callback = Callback(_abi.ouro_each_whole, take)
        call_back(callback, "ouro_get_batch", self.handle, _ids_pointer(_ids(ids)), len(ids),
                  most, callback.pointer, None, byref(missing))
        return found

    def exists(self, where: Where) -> bool:
        try:
            return call("ouro_exists", self.handle, self.id_of(where),
                        allow=(Status.NOT_FOUND,)) == Status.OK
        except NotFound:
            return False

    __contains__ = exists

    def info(self, where: Where, brief: bool = False) -> Info:
        """brief: at the cost of the record alone, without figures of slices."""
        struct = _abi.ouro_info()
        call("ouro_info_brief" if brief else "ouro_info", self.handle, self.id_of(where), byref(struct))
        try:
            return Info.of(struct)
        finally:
            function("ouro_info_release")(byref(struct))

    def entries(self, prefix: Optional[str] = None, *, namespace: Optional[str] = None,
             after: Optional[str] = None, reverse: bool = False, detail: bool = False,
             names_only: bool = False) -> Iterator[Info]:
        """Current names. Without a namespace: contents put without a name,
        then names."""
        options = _abi.ouro_list_options(
            size=sizeof(_abi.ouro_list_options), namespace_=text_in(namespace),
            prefix=text_in(prefix), detail=detail, after=text_in(after), reverse=reverse,
            names_only=names_only)
        pointer = POINTER(_abi.ouro_list)()
        call("ouro_list_open", self.handle, byref(options), byref(pointer))
        return self._listed(_List(pointer, self))

    def _listed(self, handle: _List) -> Iterator[Info]:
        try:
            while True:
                struct = _abi.ouro_info()
                if call("ouro_list_next", handle.handle, byref(struct),
                        allow=(Status.END,)) == Status.END:
                    return
                try:
                    info = Info.of(struct)
                finally:
                    function("ouro_info_release")(byref(struct))
                yield info
        finally:
            handle.close()

    # ---- names and their versions
    def name(self, path: str, namespace: Optional[str] = None) -> tuple[Id, Id]:
        """What a plain read answers: content and version."""
        content, version = _new_id(), _new_id()
        call("ouro_name_read", self.handle, text_in(namespace), text_in(path), content, version)
        return id_of(content), id_of(version)

    def _each_version(self, name: str, namespace: Optional[str], path: str) -> list[Version]:
        found: list[Version] = []
        callback = Callback(_abi.ouro_each_version,
                            _into(found, lambda v: Version.of(v.contents)))
        call_back(callback, name, self.handle, text_in(namespace), text_in(path),
                  callback.pointer, None)
        return found

    def heads(self, path: str, namespace: Optional[str] = None) -> list[Version]:
        """The versions that no other replaces, the winner first."""
        return self._each_version("ouro_heads", namespace, path)

    def history(self, path: str, namespace: Optional[str] = None) -> list[Version]:
        """All versions that are still kept, newest first."""
        return self._each_version("ouro_history", namespace, path)

    def version(self, id: bytes) -> Version:
        struct = _abi.ouro_version()
        call("ouro_version_get", self.handle, Id(id), byref(struct))
        try:
            return Version.of(struct)
        finally:
            function("ouro_version_release")(byref(struct))

    def _version_options(self, path: str, content: Optional[Where], *,
                         namespace: Optional[str] = None, base: Base = Base.HEADS,
                         base_versions: Sequence[bytes] = (), owner: Optional[str] = None,
                         group: Optional[str] = None, mode: int = 0, saved_ms: int = 0,
                         expires_ms: int = 0) -> tuple[Any, Any]:
        ids = _ids(base_versions)
        struct = _abi.ouro_version_options(
            size=sizeof(_abi.ouro_version_options), namespace_=text_in(namespace),
            path=text_in(path),
            content=_id_pointer(None if content is None else self.content_id(content)),
            base=base, base_count=len(base_versions), owner=text_in(owner),
            group=text_in(group), mode=mode, saved_ms=saved_ms, expires_ms=expires_ms)
        struct.base_versions = _ids_pointer(ids)
        return struct, ids

    def put_version(self, path: str, content: Optional[Where], **options: Any) -> Id:
        """A version with a content that is there: merges, reverts, gives one
        more name; None deletes. Options: namespace, base, base_versions,
        owner, group, mode, saved_ms, expires_ms."""
        struct, borrowed = self._version_options(path, content, **options)
        array = _new_id()
        call("ouro_version_put", self.handle, byref(struct), array)
        del borrowed
        return id_of(array)

    def delete(self, path: str, **options: Any) -> Id:
        """A version that is a deletion: older ones stay readable."""
        return self.put_version(path, None, **options)

    # ---- hierarchy
    def _each_id(self, name: str, id: bytes) -> list[Id]:
        found: list[Id] = []
        callback = Callback(_abi.ouro_each_id, _into(found, id_at))
        call_back(callback, name, self.handle, id, callback.pointer, None)
        return found

    def _paged_ids(self, name: str, *first: Any) -> Iterator[Id]:
        """In pages, so that nothing is held of the vault between them."""
        after: Optional[bytes] = None
        while True:
            page: list[Id] = []

            def take(id: Any, page: list[Id] = page) -> bool:
                page.append(id_at(id))
                return len(page) < _PAGE

            callback = Callback(_abi.ouro_each_id, take)
            call_back(callback, name, self.handle, *first, after, callback.pointer, None)
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]

    def children(self, where: Where) -> Iterator[Id]:
        return self._paged_ids("ouro_children", self.id_of(where))

    def roots(self) -> Iterator[Id]:
        """Contents without a parent that is there."""
        return self._paged_ids("ouro_roots")

    def parent(self, where: Where) -> Optional[Id]:
        array = _new_id()
        id = self.id_of(where)
        if call("ouro_parent", self.handle, id, array,
                allow=(Status.NOT_FOUND,)) == Status.NOT_FOUND:
            return None
        return id_of(array)

    def ancestors(self, where: Where) -> list[Id]:
        """Nearest first."""
        return self._each_id("ouro_ancestors", self.id_of(where))

    def descendants(self, where: Where) -> list[Node]:
        """Each once, a parent before its children."""
        found: list[Node] = []
        callback = Callback(
            _abi.ouro_each_node,
            _into(found, lambda id, parent, depth: Node(id_at(id), id_at(parent), depth)))
        call_back(callback, "ouro_descendants", self.handle, self.id_of(where),
                  callback.pointer, None)
        return found

    # ---- removing
    def remove(self, where: Where, force: bool = False) -> dict[str, int]:
        """A name with its versions, one version, or all that reach a content.
        Refused has the reasons; `force` removes all the same."""
        target = where if isinstance(where, Target) else self.resolve(
            where if isinstance(where, str) else f"hash:{Id(where)}")
        struct = _abi.ouro_target(kind=target.kind, by_name=target.by_name)
        struct.id[:] = list(target.id)
        options = _abi.ouro_remove_options(size=sizeof(_abi.ouro_remove_options), force=force)
        result = _abi.ouro_remove_result()
        kept: list[Kept] = []

        def tell(k: Any) -> None:
            reason = k.contents.reason
            known = reason in list(Reason)
            kept.append(Kept(Reason(reason) if known else reason, id_of(k.contents.id),
                             k.contents.count))

        callback = Callback(_abi.ouro_kept_report, tell, None)
        try:
            call_back(callback, "ouro_remove", self.handle, byref(struct), byref(options),
                      callback.pointer, None, byref(result))
        except Refused as error:
            error.reasons = kept
            raise
        return numbers_of(result)

    def gc(self, progress: Optional[Progress] = None) -> dict[str, int]:
        """Collects what nothing refers to; struct ouro_gc_result."""
        result = _abi.ouro_gc_result()
        callback = _progress(progress)
        call_back(callback, "ouro_gc", self.handle, callback.pointer, None, byref(result))
        return numbers_of(result)

    # ---- care
    def _care(self, name: str, content: Optional[Where], rebuild_index: bool,
              report: Optional[Callable[[Finding], None]],
              progress: Optional[Progress]) -> tuple[bool, dict[str, int]]:
        def tell(finding: Any) -> None:
            if report is not None:
                report(Finding.of(finding.contents))

        telling, going = Callback(_abi.ouro_finding_report, tell, None), _progress(progress)
        result = _abi.ouro_care_result()
        options = _abi.ouro_care_options(
            size=sizeof(_abi.ouro_care_options), rebuild_index=rebuild_index,
            content=_id_pointer(None if content is None else self.content_id(content)),
            progress=going.pointer, report=telling.pointer)
        status = call_back(telling, name, self.handle, byref(options), byref(result),
                           allow=(Status.DAMAGED,))
        going.done()
        return status == Status.OK, numbers_of(result)

    def verify(self, content: Optional[Where] = None, *,
               report: Optional[Callable[[Finding], None]] = None,
               progress: Optional[Progress] = None) -> tuple[bool, dict[str, int]]:
        """Whether all is well, and struct ouro_care_result."""
        return self._care("ouro_verify", content, False, report, progress)

    def repair(self, content: Optional[Where] = None, *, rebuild_index: bool = False,
               report: Optional[Callable[[Finding], None]] = None,
               progress: Optional[Progress] = None) -> tuple[bool, dict[str, int]]:
        """As verify, and rebuilds; False when something stays lost."""
        return self._care("ouro_repair", content, rebuild_index, report, progress)

    def stats(self) -> dict[str, int]:
        """struct ouro_stats."""
        struct = _abi.ouro_stats()
        call("ouro_stats", self.handle, byref(struct))
        return numbers_of(struct)

    # ---- settings and trash
    def setting(self, name: str) -> Setting:
        struct = _abi.ouro_setting()
        call("ouro_setting_get", self.handle, text_in(name), byref(struct))
        return Setting(text_out(struct.name), text_out(struct.text), struct.value,
                       struct.standard, struct.least, struct.most, struct.is_set)

    def set_setting(self, name: str, value: int) -> None:
        call("ouro_setting_set", self.handle, text_in(name), value)

    def settings(self) -> dict[str, Setting]:
        found: dict[str, Setting] = {}
        while name := function("ouro_setting_name")(len(found)):
            found[text_out(name)] = self.setting(text_out(name))
        return found

    def trash(self) -> list[Trashed]:
        """Heads that left because another copy had removed them."""
        found: list[Trashed] = []
        callback = Callback(
            _abi.ouro_each_trashed,
            _into(found, lambda t: Trashed(Version.of(t.contents.version),
                                           t.contents.dropped_ms)))
        call_back(callback, "ouro_trash_list", self.handle, callback.pointer, None)
        return found

    def restore(self, id: bytes) -> Id:
        """Makes what was in the trash a new version of its name."""
        array = _new_id()
        call("ouro_trash_restore", self.handle, Id(id), array)
        return id_of(array)

    # ---- keys and sharing
    def members(self) -> list[Member]:
        found: list[Member] = []

        def take(m: Any) -> bool:
            member = m.contents
            found.append(Member(text_out(member.fingerprint), text_out(member.label),
                                MemberKind(member.kind), member.added_ms, member.self))
            return True

        callback = Callback(_abi.ouro_each_member, take)
        call_back(callback, "ouro_keys_list", self.handle, callback.pointer, None)
        return found

    def recovery_key(self) -> str:
        """Makes a new one; this is the only copy."""
        buffer = ctypes.create_string_buffer(_abi.OURO_RECOVERY_TEXT)
        call("ouro_keys_export", self.handle, buffer)
        return text_out(buffer.value)

    def set_passphrase(self, passphrase: Optional[str]) -> None:
        call("ouro_keys_passphrase", self.handle, text_in(passphrase))

    def rotate(self) -> None:
        """A new epoch for what is written from now on."""
        call("ouro_keys_rotate", self.handle)

    def share(self, where: Where, public_key: str, tree: bool = False) -> Shared:
        """A grant: the content's one key, wrapped for somebody's public key."""
        options = _abi.ouro_share_options(size=sizeof(_abi.ouro_share_options), tree=tree)
        result = _abi.ouro_share_result()
        call("ouro_share", self.handle, self.content_id(where), text_in(public_key),
             byref(options), byref(result))
        return Shared(text_out(result.fingerprint), result.grants, result.there, result.bytes)

    def write_bundle(self, file: BinaryIO, fingerprint: str,
                     where: Optional[Where] = None) -> None:
        """Everything granted to a key, or of it only one content, for them to
        read with that key alone."""
        sink = _sink(file)
        call_back(sink, "ouro_bundle_write", self.handle,
                  None if where is None else self.content_id(where), text_in(fingerprint),
                  sink.pointer, None)

    def grants(self, where: Optional[Where] = None,
               fingerprint: Optional[str] = None) -> list[Grant]:
        found: list[Grant] = []

        def take(g: Any) -> bool:
            grant = g.contents
            found.append(Grant(id_of(grant.content), text_out(grant.fingerprint),
                               grant.made_ms, text_out(grant.public_key)))
            return True

        callback = Callback(_abi.ouro_each_grant, take)
        call_back(callback, "ouro_grants", self.handle,
                  None if where is None else self.content_id(where), text_in(fingerprint),
                  callback.pointer, None, allow=(Status.NOT_FOUND,))
        return found

    def unshare(self, where: Where, fingerprint: str, *, tree: bool = False,
                reseal: bool = False) -> dict[str, int]:
        """Stops serving; what was handed out stays readable to whom it was
        given."""
        options = _abi.ouro_unshare_options(size=sizeof(_abi.ouro_unshare_options), tree=tree,
                                            reseal=reseal)
        result = _abi.ouro_unshare_result()
        call("ouro_unshare", self.handle, self.content_id(where), text_in(fingerprint),
             byref(options), byref(result))
        return numbers_of(result)

    # ---- streams
    def export_to(self, file: BinaryIO, *, path: Optional[str] = None,
                  namespace: Optional[str] = None, root: Optional[Where] = None,
                  progress: Optional[Progress] = None) -> dict[str, int]:
        """One moment of the vault, of a name with its history, or of a
        content with what is below it."""
        going, sink = _progress(progress), _sink(file)
        options = _abi.ouro_export_options(
            size=sizeof(_abi.ouro_export_options), namespace_=text_in(namespace),
            path=text_in(path), progress=going.pointer,
            root=_id_pointer(None if root is None else self.content_id(root)))
        result = _abi.ouro_export_result()
        call_back(sink, "ouro_export", self.handle, byref(options), sink.pointer, None,
                  byref(result))
        going.done()
        return numbers_of(result)

    def import_from(self, file: BinaryIO, *, as_new: bool = False,
                    removed: Optional[Callable[[Version], None]] = None,
                    progress: Optional[Progress] = None) -> dict[str, int]:
        """The union of this copy and the stream's."""
        def tell(version: Any) -> bool:
            if removed is not None:
                removed(Version.of(version.contents))
            return True

        going, source = _progress(progress), _source(file)
        telling = Callback(_abi.ouro_each_version, tell)
        options = _abi.ouro_import_options(
            size=sizeof(_abi.ouro_import_options), as_new=as_new, progress=going.pointer,
            removed=telling.pointer)
        result = _abi.ouro_import_result()
        call_back(source, "ouro_import", self.handle, byref(options), source.pointer, None,
                  byref(result))
        going.done()
        telling.done()
        return numbers_of(result)


class Bundle(Handle):
    """What somebody shared, as a file that only a key file opens. One thread
    at a time."""

    _close = "ouro_bundle_close"

    def __init__(self, file: Path, key_file: Path, passphrase: Optional[str] = None):
        pointer = POINTER(_abi.ouro_bundle)()
        call("ouro_bundle_open", path_in(file), path_in(key_file), text_in(passphrase),
             byref(pointer))
        super().__init__(pointer)

    def items(self) -> list[BundleItem]:
        found: list[BundleItem] = []
        callback = Callback(_abi.ouro_each_bundle_item,
                            _into(found, lambda i: BundleItem.of(i.contents)))
        call_back(callback, "ouro_bundle_list", self.handle, callback.pointer, None)
        return found

    def copy(self, content: bytes, file: BinaryIO) -> None:
        sink = _sink(file)
        call_back(sink, "ouro_bundle_read", self.handle, Id(content), sink.pointer, None)

    def read(self, content: bytes) -> bytes:
        """The whole content."""
        file = io.BytesIO()
        self.copy(content, file)
        return file.getvalue()

    def __enter__(self) -> "Bundle":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _into(found: list[Any], make: Callable[..., Any]) -> Callable[..., bool]:
    """The body of a callback that collects what it is given."""
    def take(*arguments: Any) -> bool:
        found.append(make(*arguments))
        return True

    return take


def _progress(progress: Optional[Progress]) -> Callback:
    return Callback(_abi.ouro_progress,
                    lambda done, total: progress is None or bool(progress(done, total)))


def _sink(file: BinaryIO) -> Callback:
    def take(data: Any, size: int, _err: Any) -> int:
        file.write(ctypes.string_at(data, size))
        return Status.OK

    return Callback(_abi.ouro_sink, take, int(Status.IO))


def _source(file: BinaryIO) -> Callback:
    def give(data: Any, size: int, got: Any, _err: Any) -> int:
        piece = file.read(size)
        ctypes.memmove(data, piece, len(piece))
        got[0] = len(piece)
        return Status.OK

    return Callback(_abi.ouro_source, give, int(Status.IO))


def public_key(key_file: Path, passphrase: Optional[str] = None) -> str:
    """Of a key file, to be handed out."""
    text = ctypes.c_char_p()
    call("ouro_key_public", path_in(key_file), text_in(passphrase), byref(text))
    try:
        return text_out(text.value)
    finally:
        free(ctypes.cast(text, ctypes.c_void_p))


def make_key(key_file: Path, passphrase: Optional[str] = None) -> None:
    """A key file of its own, without a vault."""
    call("ouro_key_make", path_in(key_file), text_in(passphrase))
