"""Streams: exports and bundles (FORMAT.md sections 12 and 13)."""

import struct

from keyring import keyring_open
from primitives import Damaged, WrongKey, gcm_open, hkdf, need, sha256
from stripe import Travelling
from vault import PAGE, Content, Page, Store
from wire import unpack

FRAME_MOST, OPENER_MOST = 3 << 20, 64 << 20
VAULT, BUNDLE = 1, 2
GRANT = {
    1: ("version", "u32"),
    2: ("content", "bytes"),
    3: ("epoch", "u32"),
    4: ("public_key", "bytes"),
    5: ("wrapped", "bytes"),
    6: ("mac", "bytes"),
}


class Stream:
    """The header of a stream, and its frames once there is a key."""

    def __init__(self, data):
        self.data = data
        need(len(data) >= 68 and data[:8] == b"OUROARCH", "stream: no header")
        version, self.kind = struct.unpack_from("<II", data, 8)
        self.vault_id, self.salt, size = data[16:32], data[32:64], struct.unpack_from("<I", data, 64)[0]
        need(version == 1 and self.kind in (VAULT, BUNDLE), "stream: format")
        need(size <= OPENER_MOST and len(data) >= 68 + size, "stream: cut")
        self.opener, self.start = data[68 : 68 + size], 68 + size
        self.digest = sha256(data[: self.start])

    def frames(self, secret):
        """Yields (offset, type, content) of all but the last; returns that."""
        data, at, number = self.data, self.start, 0
        key = hkdf(secret, b"ouroboros stream 1" + self.digest, self.salt)
        while True:
            need(len(data) - at >= 4, f"stream: cut at {at}")
            size = struct.unpack_from("<I", data, at)[0]
            if size == 0:
                need(len(data) - at >= 36, f"stream: cut at {at}")
                key = hkdf(key, b"ouroboros stream 1" + self.digest, data[at + 4 : at + 36])
                at += 36
                continue
            end = at + 4 + size + 16
            need(size <= FRAME_MOST and len(data) >= end, f"stream: cut at {at}")
            nonce, additional = struct.pack("<QI", number, 0), self.digest + data[at : at + 4]
            clear = gcm_open(key, nonce, additional, data[at + 4 : end - 16], data[end - 16 : end])
            need(clear is not None, f"stream: damaged at {at}")
            if clear[0] == 0:
                need(end == len(data), f"stream: something follows its end, at {end}")
                yield at, 0, clear[1:]
                return
            yield at, clear[0], clear[1:]
            at, number = end, number + 1


class Exported(Store):
    """The records of an exported vault, or of a part of one."""

    TYPES = {3: b"p", 4: b"c", 5: b"r"}

    def __init__(self, stream, member_key):  # pylint: disable=super-init-not-called
        need(stream.kind == VAULT, "stream: a bundle")
        self.keys, vault_id = keyring_open(stream.opener, member_key)
        need(vault_id == stream.vault_id, "stream: of another vault")
        self.rows, self.chunks, self.contexts, self._last = {}, {}, 0, (None, None)
        self.slice_faults = self.rebuilt = 0
        secret = hkdf(self.keys.id_key, b"ouroboros archive 1")
        for number, (at, kind, content) in enumerate(stream.frames(secret)):
            need((kind == 1) == (number == 0), f"stream: scope at {at}")
            self._take(at, kind, content)

    def _take(self, at, kind, content):
        if kind == 0:
            there = [len(self.set_keys(letter)) for letter in (b"r", b"c", b"p")]
            found = [*there, sum(map(len, self.chunks.values())), self.contexts]
            need(content == struct.pack("<5Q", *found), f"stream: counts {found} at {at}")
        elif kind == 1:
            self.scope = content
        elif kind == 2:
            stripe = Travelling(content)
            self.chunks.setdefault(stripe.descriptor["chunk_id"], []).append(stripe)
        elif kind == 6:
            self.contexts += 1
            self.rows[b"x" + content[:16]] = content[16:]
        else:
            need(kind in self.TYPES and len(content) > 32, f"stream: type {kind} at {at}")
            self.rows[self.TYPES[kind] + content[:32]] = content[32:]

    def get(self, key):
        return self.rows.get(key)

    def set_keys(self, letter):
        return sorted(key for key in self.rows if key[:1] == letter)

    def damage(self):
        return []

    def chunk(self, identity, key, epoch):
        if self._last[0] == identity:
            return self._last[1]
        need(identity in self.chunks, "stream: a chunk is missing")
        stripe = self.chunks[identity][0]
        sealed_in = stripe.descriptor["epoch"]
        clear = stripe.open(key if sealed_in == epoch else self.keys.of(sealed_in, "chunk", identity))
        need(self.keys.make_id("chunk", clear) == identity, "stream: another chunk")
        self._last = (identity, clear)
        return clear


# ---- bundles --------------------------------------------------------------------------
INDEX_ENTRY = 53


class Bundle(Store):
    """What was shared with a key, which is no member's."""

    def __init__(self, stream, member_key):  # pylint: disable=super-init-not-called
        need(stream.kind == BUNDLE and len(stream.opener) == 16 + 1640, "stream: no bundle")
        if stream.opener[:16] != sha256(member_key.public)[:16]:
            raise WrongKey("the bundle is for another key")
        self.member_key, self.keys, self._last = member_key, None, (None, None)
        self.objects, index, ends = {}, [], b""
        for number, (at, kind, content) in enumerate(stream.frames(member_key.unwrap(stream.opener[16:]))):
            if kind == 4:
                need(content and len(content) % INDEX_ENTRY == 0, f"bundle: index at {at}")
                index.append([content[i : i + INDEX_ENTRY] for i in range(0, len(content), INDEX_ENTRY)])
            elif kind:
                need(kind <= 3 and not index, f"bundle: type {kind} at {at}")
                self._take(number, at, kind, content)
            else:
                ends = content
        entries = [entry for part in index for entry in part]
        need(ends == struct.pack("<QQ", len(index), len(entries)), "bundle: end")
        need(entries == sorted(made for made, _ in self.objects.values()), "bundle: index")

    def _take(self, number, at, kind, content):
        if kind == 1:
            identity, epoch = content[:32], struct.unpack_from("<I", content, 32)[0]
        elif kind == 2:
            identity, epoch = content[:32], self._page_epoch(content[32:])
        else:
            d = Travelling(content).descriptor
            identity, epoch = d["chunk_id"], d["epoch"]
        key = bytes([kind]) + identity + struct.pack(">I", epoch)
        need(key not in self.objects, f"bundle: twice, at {at}")
        self.objects[key] = (key + struct.pack("<QQ", number, at), content)

    @staticmethod
    def _page_epoch(value):
        return unpack(PAGE, value, "page")["epoch"]

    def _object(self, kind, identity, epoch):
        key = bytes([kind]) + identity + struct.pack(">I", epoch)
        need(key in self.objects, f"bundle: {kind} {identity.hex()} is missing")
        return self.objects[key][1]

    def contents(self):
        """Each once, of its newest epoch."""
        found = {key[1:33]: content for key, (_, content) in sorted(self.objects.items()) if key[0] == 1}
        return [self._content(identity, content) for identity, content in found.items()]

    def content(self, identity):
        for content in self.contents():
            if content.id == identity:
                return content
        raise Damaged("bundle: there is no such content")

    def _content(self, identity, frame):
        epoch = frame[32:36]
        key = self.member_key.unwrap(frame[36:1676], b"ouroboros grant 1" + identity + epoch)
        return Content(identity, frame[1676:], None, key)

    def versions(self):
        return {}

    def chunk(self, identity, key, epoch):
        return Travelling(self._object(3, identity, epoch)).open(key)

    def _walk(self, identity, level, size, key, epoch):
        if level == 0:
            yield self.chunk(identity, key, epoch)
            return
        page = Page(identity, self._object(2, identity, epoch)[32:], None, level, key)
        for entry_id, entry_size, entry_key, entry_epoch in page.entries:
            yield from self._walk(entry_id, level - 1, entry_size, entry_key, entry_epoch)

    def entry_count(self, content):
        return content.body["chunks"]


def stream_open(path, member_key):
    with open(path, "rb") as file:
        stream = Stream(file.read())
    return (Exported if stream.kind == VAULT else Bundle)(stream, member_key)
