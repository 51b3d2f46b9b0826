"""What the library answers, as plain values."""
from __future__ import annotations

import base64
import binascii
import builtins
import ctypes
from dataclasses import dataclass
from typing import Any, Optional, Union

from . import _abi
from ._abi import Kind, MemberKind, Part, Reason, State
from ._errors import Invalid
from ._library import text_out


class Id(bytes):
    """The id of a content or a version: 32 bytes, base64 as text."""

    def __new__(cls, value: Union[bytes, str]) -> "Id":
        if isinstance(value, str):
            try:
                value = base64.b64decode(value, validate=True)
            except binascii.Error:
                raise Invalid(f"not a hash: {value!r}") from None
        if len(value) != _abi.OURO_ID_SIZE:
            raise Invalid(f"a hash has {_abi.OURO_ID_SIZE} bytes, not {len(value)}")
        return super().__new__(cls, value)

    def __str__(self) -> str:
        return base64.b64encode(self).decode()

    def __repr__(self) -> str:
        return f"Id('{self}')"


def id_at(pointer: Any) -> Id:
    return Id(ctypes.string_at(pointer, _abi.OURO_ID_SIZE))


def id_of(array: Any) -> Id:
    return Id(bytes(array))


def numbers_of(struct: Any) -> dict[str, int]:
    """The members that are numbers, by name."""
    return {name: getattr(struct, name) for name, *_ in struct._fields_
            if isinstance(getattr(struct, name), int)}


@dataclass(frozen=True)
class Target:
    """What a HASH or NAME means."""

    id: Id
    kind: Kind
    by_name: bool
    candidates: tuple[tuple[Id, Kind], ...] = ()
    candidate_count: int = 0

    @classmethod
    def of(cls, t: Any) -> "Target":
        count = min(t.candidate_count, _abi.OURO_CANDIDATES_MAX)
        candidates = tuple((id_of(c.id), Kind(c.kind)) for c in t.candidates[:count])
        kind = Kind(t.kind) if t.kind else Kind.CONTENT
        return cls(id_of(t.id), kind, t.by_name, candidates, t.candidate_count)


class PutResult:
    """What a put made; in a batch, known once it is committed."""

    def __init__(self, struct: Any, known: bool = True):
        self._struct = struct
        self._known = known

    def _get(self) -> Any:
        if not self._known:
            raise ValueError("the batch is not committed")
        return self._struct

    @property
    def content(self) -> Id:
        return id_of(self._get().content)

    @property
    def version(self) -> Id:
        return id_of(self._get().version)

    @property
    def existed(self) -> bool:
        """This content was already there."""
        return bool(self._get().existed)

    @property
    def bytes(self) -> int:
        return int(self._get().bytes)

    @property
    def chunks(self) -> int:
        return int(self._get().chunks)

    @property
    def chunks_new(self) -> int:
        return int(self._get().chunks_new)

    @property
    def bytes_new(self) -> int:
        return int(self._get().bytes_new)

    @property
    def bytes_stored(self) -> int:
        return int(self._get().bytes_stored)

    def __repr__(self) -> str:
        if not self._known:
            return "PutResult(not committed)"
        return f"PutResult(content={self.content!r}, version={self.version!r})"


@dataclass(frozen=True)
class Info:
    """Everything about one content or version; ouroboros.h, struct ouro_info."""

    asked: Kind
    content: Id
    version: Optional[Id]
    deletion: bool
    parent: Optional[Id]
    bytes: int
    compressed: int
    stored: int
    chunks: int
    slices: int
    slices_missing: int
    slice_min: int
    slice_mean: int
    slice_max: int
    k: int
    m: int
    epoch: int
    inlined: bool
    saved_ms: int
    expires_ms: int
    mode: int
    namespace: str
    name: str
    owner: str
    group: str
    type: str
    meta_size: int
    meta: Optional[builtins.bytes]  # None: too large to be told here

    @classmethod
    def of(cls, i: Any) -> "Info":
        meta = ctypes.string_at(i.meta, i.meta_size) if i.meta else None
        numbers: dict[str, Any] = {name: getattr(i, name) for name in (
            "deletion", "bytes", "compressed", "stored", "chunks", "slices", "slices_missing",
            "slice_min", "slice_mean", "slice_max", "k", "m", "epoch", "inlined", "saved_ms",
            "expires_ms", "mode", "meta_size")}
        texts: dict[str, Any] = {name: text_out(getattr(i, name)) for name in ("name", "owner", "group", "type")}
        return cls(asked=Kind(i.asked) if i.asked else Kind.VERSION, content=id_of(i.content),
                   version=id_of(i.version) if i.has_version else None,
                   parent=id_of(i.parent) if i.has_parent else None,
                   namespace=text_out(i.namespace_), meta=meta, **numbers, **texts)


@dataclass(frozen=True)
class Version:
    """One write of a name."""

    id: Id
    content: Optional[Id]  # None: a deletion
    deletion: bool
    expired: bool
    head: bool
    winner: bool
    stamp: int
    saved_ms: int
    expires_ms: int
    uuid: bytes
    mode: int
    previous: tuple[Id, ...]
    namespace: str
    path: str
    owner: str
    group: str
    writer: str

    @classmethod
    def of(cls, v: Any) -> "Version":
        numbers: dict[str, Any] = {name: getattr(v, name) for name in (
            "deletion", "expired", "head", "winner", "stamp", "saved_ms", "expires_ms", "mode")}
        texts: dict[str, Any] = {name: text_out(getattr(v, name)) for name in ("path", "owner", "group", "writer")}
        return cls(id=id_of(v.id), content=None if v.deletion else id_of(v.content),
                   uuid=bytes(v.uuid), namespace=text_out(v.namespace_),
                   previous=tuple(id_of(v.previous[i]) for i in range(v.previous_count)),
                   **numbers, **texts)


@dataclass(frozen=True)
class Trashed:
    version: Version
    dropped_ms: int


@dataclass(frozen=True)
class Setting:
    name: str
    text: str
    value: int
    standard: int
    least: int
    most: int
    is_set: bool


@dataclass(frozen=True)
class Node:
    """A content below another one; depth 1 is a child."""

    id: Id
    parent: Id
    depth: int


@dataclass(frozen=True)
class Kept:
    """Why something was refused or kept."""

    reason: Union[Reason, int]
    id: Id
    count: int


@dataclass(frozen=True)
class Finding:
    """One thing that verify or repair has to say."""

    part: Part
    state: State
    id: Optional[Id]
    file: Optional[str]
    offset: int
    text: str

    @classmethod
    def of(cls, f: Any) -> "Finding":
        return cls(Part(f.part), State(f.state), id_of(f.id) if f.has_id else None,
                   text_out(f.file) if f.file is not None else None, f.offset, text_out(f.text))


@dataclass(frozen=True)
class StoreDamage:
    """One place where stored bytes are wrong."""

    file: str
    offset: int
    size: int
    key: Optional[bytes]
    text: str

    @classmethod
    def of(cls, d: Any) -> "StoreDamage":
        key = ctypes.string_at(d.key, d.key_size) if d.key else None
        return cls(text_out(d.file), d.offset, d.size, key, text_out(d.text))


@dataclass(frozen=True)
class Member:
    fingerprint: str
    label: str
    kind: MemberKind
    added_ms: int
    self: bool


@dataclass(frozen=True)
class Grant:
    content: Id
    fingerprint: str
    made_ms: int
    public_key: str


@dataclass(frozen=True)
class Shared:
    """What Vault.share did."""

    fingerprint: str  # of the public key
    grants: int  # made now
    there: int  # that were there before
    bytes: int  # of the grants made, stored


@dataclass(frozen=True)
class BundleItem:
    content: Id  # in the vault it comes from
    parent: Optional[Id]
    bytes: int
    type: str
    meta: Optional[builtins.bytes]  # None: too large to be told here

    @classmethod
    def of(cls, i: Any) -> "BundleItem":
        meta = ctypes.string_at(i.meta, i.meta_size) if i.meta else None
        return cls(id_of(i.content), id_of(i.parent) if i.has_parent else None, i.bytes,
                   text_out(i.type), meta)
