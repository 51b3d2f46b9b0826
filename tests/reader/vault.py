"""A store: its records, names, versions and contents (FORMAT.md sections 2, 6, 8)."""

import base64
import os
import struct

from engine import Engine
from keyring import FILE_KEYRING, FILE_STORE, from_either, keyring_open, store_file_open
from primitives import Damaged, ZERO_NONCE, equal, gcm_open, hkdf, hmac, need
from stripe import slice_of, stripe_open
from wire import check_plain_text, pack, unpack

INLINE_MOST = 4096
ENTRIES_MOST = 1024
LEVEL_MOST = 6
NAMESPACES = ("kv", "blobs", "objects", "auth", "sys")

TREE = {1: ("id", "bytes"), 2: ("level", "u32")}
TREE_KEY = {1: ("key", "bytes"), 2: ("epoch", "u32")}
CONTENT = {
    1: ("version", "u32"),
    2: ("parent", "bytes"),
    3: ("k", "u32"),
    4: ("epoch", "u32"),
    5: ("data", TREE),
    6: ("meta", TREE),
    7: ("salt", "bytes"),
    8: ("sealed", "bytes"),
    9: ("tag", "bytes"),
}
CONTENT_BODY = {
    1: ("size", "u64"),
    2: ("chunks", "u64"),
    3: ("type", "bytes"),
    4: ("data", "bytes"),
    5: ("data_key", TREE_KEY),
    6: ("meta_size", "u64"),
    7: ("meta", "bytes"),
    8: ("meta_key", TREE_KEY),
}
CONTENT_IDENTITY = {
    1: ("size", "u64"),
    2: ("data_id", "bytes"),
    3: ("data_level", "u32"),
    4: ("meta_size", "u64"),
    5: ("meta_id", "bytes"),
    6: ("meta_level", "u32"),
    7: ("type", "bytes"),
    8: ("parent", "bytes"),
    9: ("k", "u32"),
}
PAGE = {
    1: ("version", "u32"),
    2: ("level", "u32"),
    3: ("epoch", "u32"),
    4: ("entries", "bytes"),
    5: ("salt", "bytes"),
    6: ("sealed", "bytes"),
    7: ("tag", "bytes"),
}
PAGE_ENTRY = {1: ("size", "u64"), 2: ("key", "bytes"), 3: ("epoch", "u32")}
PAGE_BODY = {1: ("entries", [PAGE_ENTRY])}
DOT = {1: ("incarnation", "bytes"), 2: ("number", "u64")}
REF = {
    1: ("version", "u32"),
    2: ("namespace", "string"),
    3: ("path", "string"),
    4: ("previous", ["bytes"]),
    5: ("dot", DOT),
    6: ("seen", [DOT]),
    7: ("target", "bytes"),
    8: ("stamp", "u64"),
    9: ("uuid", "bytes"),
    10: ("writer", "string"),
    11: ("joined", "u64"),
    12: ("expires", "u64"),
    13: ("owner", "string"),
    14: ("group", "string"),
    15: ("mode", "u32"),
}
SPAN = {1: ("first", "u64"), 2: ("last", "u64")}
CONTEXT = {1: ("through", "u64"), 2: ("beyond", [SPAN])}


def text_of(identity):
    return base64.b64encode(identity).decode()


# ---- sealed records -----------------------------------------------------------------
def clear_part(schema, record):
    return pack(schema, {**record, "salt": b"", "sealed": b"", "tag": b""})


def additional_data(schema, record):
    return pack(schema, {**record, "sealed": b"", "tag": b""})


def record_salt(keys, identity, schema, record, body):
    a = clear_part(schema, record)
    return keys.make_id("salt", identity, struct.pack("<I", len(a)), a, body)[:16]


def _body(keys, identity, schema, record, key, what):
    """The clear body of a content or page record. Here and below: without keys
    ids and salts cannot be made again, as by the recipient of a grant."""
    need(len(record["salt"]) == 16 and len(record["tag"]) == 16, f"{what}: sizes")
    body_key = hkdf(key, b"ouroboros body 1", record["salt"])
    additional = additional_data(schema, record)
    body = gcm_open(body_key, ZERO_NONCE, additional, record["sealed"], record["tag"])
    need(body is not None, f"{what}: the body does not open")
    if keys:
        need(record_salt(keys, identity, schema, record, body) == record["salt"], f"{what}: salt")
    return body


class Version:
    """A ref."""

    def __init__(self, identity, value, keys):
        self.id, what = identity, f"version {text_of(identity)}"
        need(equal(keys.make_id("ref", value), identity), f"{what}: under another id")
        self.record = r = unpack(REF, value, what)
        need(r["namespace"] in NAMESPACES, f"{what}: namespace")
        check_plain_text(r["path"], 1024, what, 1)
        need(all(len(p) == 32 for p in r["previous"]) and len(r["previous"]) <= 4096, what)
        need(r["previous"] == sorted(set(r["previous"])), f"{what}: order of previous")
        for dot in [r["dot"]] + r["seen"]:
            need(dot is not None and len(dot["incarnation"]) == 16 and dot["number"] >= 1, f"{what}: dot")
        incarnations = [dot["incarnation"] for dot in r["seen"]]
        need(incarnations == sorted(set(incarnations)) and len(incarnations) <= 65536, f"{what}: seen")
        need(len(r["target"]) in (0, 32) and len(r["uuid"]) == 16 and r["mode"] < 4096, what)
        for label in ("writer", "owner", "group"):
            check_plain_text(r[label], 128, what)
        self.name = (r["namespace"], r["path"])
        self.target, self.stamp, self.expires = r["target"], r["stamp"], r["expires"]
        self.dot = (r["dot"]["incarnation"], r["dot"]["number"])
        self.seen = {dot["incarnation"]: dot["number"] for dot in r["seen"]}

    def covers(self, other):
        return self.seen.get(other.dot[0], 0) >= other.dot[1]

    def order(self):
        """The winner among heads is the one with the least of this."""
        return (-self.stamp, self.record["joined"], self.record["uuid"], self.id)

    def alive(self, now_ms):
        return bool(self.target) and not (self.expires and self.expires <= now_ms)


def heads(versions):
    """The heads among the versions of a name, winner first."""
    found = [v for v in versions if not any(o is not v and o.covers(v) for o in versions)]
    return sorted(found, key=Version.order)


class Content:
    """A content whose record is right and fits its id."""

    def __init__(self, identity, value, keys, content_key=None):
        self.id, what = identity, f"content {text_of(identity)}"
        self.record = r = unpack(CONTENT, value, what)
        need(len(r["parent"]) in (0, 32) and 1 <= r["k"] <= 255, what)
        key = content_key or keys.of(r["epoch"], "content", identity)
        body = _body(keys, identity, CONTENT, r, key, what)
        self.body = b = unpack(CONTENT_BODY, body, what)
        need(len(b["type"]) <= 1024, f"{what}: type")
        self.size, self.type, self.parent = b["size"], b["type"].decode(), r["parent"]
        for name, size_name in (("data", "size"), ("meta", "meta_size")):
            self._check_part(name, size_name, what)
        if not keys:
            return
        data_id, data_level = self._part(keys, "data", "size")
        meta_id, meta_level = self._part(keys, "meta", "meta_size")
        identity_message = {
            "size": b["size"], "data_id": data_id, "data_level": data_level,
            "meta_size": b["meta_size"], "meta_id": meta_id, "meta_level": meta_level,
            "type": b["type"], "parent": r["parent"], "k": r["k"],
        }
        self.identity = pack(CONTENT_IDENTITY, identity_message)
        need(equal(keys.make_id("content", self.identity), identity), f"{what}: under another id")

    def _check_part(self, name, size_name, what):
        size, inline = self.body[size_name], self.body[name]
        tree, key = self.record[name], self.body[name + "_key"]
        if size <= INLINE_MOST:
            need(tree is None and key is None and len(inline) == size, f"{what}: {name}")
            return
        need(tree is not None and key is not None and not inline, f"{what}: {name}")
        need(len(tree["id"]) == 32 and tree["level"] <= LEVEL_MOST, f"{what}: tree")
        need(len(key["key"]) == 32, f"{what}: key")

    def _part(self, keys, name, size_name):
        """Id and level of the data or meta."""
        if self.body[size_name] <= INLINE_MOST:
            return keys.make_id("inline", self.body[name]), 0
        return self.record[name]["id"], self.record[name]["level"]


class Page:
    """Entries of a page, (id, size, key, epoch), checked against its id."""

    def __init__(self, identity, value, keys, level, page_key=None):
        what = f"page {text_of(identity)}"
        r = unpack(PAGE, value, what)
        need(1 <= r["level"] <= LEVEL_MOST and level in (None, r["level"]), f"{what}: level")
        ids = [r["entries"][i : i + 32] for i in range(0, len(r["entries"]), 32)]
        need(1 <= len(ids) <= ENTRIES_MOST and len(ids[-1]) == 32, f"{what}: entries")
        key = page_key or keys.of(r["epoch"], "page", identity)
        body = unpack(PAGE_BODY, _body(keys, identity, PAGE, r, key, what), what)
        need(len(body["entries"]) == len(ids), f"{what}: entries")
        self.level, self.entries = r["level"], []
        made = [struct.pack("<I", r["level"])]
        for entry_id, entry in zip(ids, body["entries"]):
            need(entry["size"] >= 1 and len(entry["key"]) == 32, f"{what}: entry")
            made.append(entry_id + struct.pack("<Q", entry["size"]))
            self.entries.append((entry_id, entry["size"], entry["key"], entry["epoch"]))
        if keys:
            need(equal(keys.make_id("page", *made), identity), f"{what}: under another id")


class Store:
    """A store directory, opened by a member's key."""

    def __init__(self, directory, member_key, keyring=None):
        self.directory = directory
        self.keys, vault_id = from_either(
            keyring or directory, "keyring", FILE_KEYRING, lambda content: keyring_open(content, member_key)
        )
        self.file = from_either(
            directory, "OUROBOROS", FILE_STORE, lambda c: store_file_open(c, self.keys, vault_id)
        )
        engine_key = self.keys.engine_key()
        self.records = Engine(os.path.join(directory, "records"), "records", engine_key)
        self.copies = Engine(os.path.join(directory, "copies"), "copies", engine_key)
        self._lanes = None
        self.slice_faults = 0
        self.rebuilt = 0
        self._last = (None, None)

    # ---- the set
    def get(self, key):
        """A record of the set; from the copies where the records were damaged."""
        row = self.records.rows.get(key)
        if row and (row[1] is not None or row[0] > self.records.lost):
            return row[1]
        if row is None and not self.records.damage:
            return None
        return self.copies.get(key)

    def set_keys(self, letter):
        keys = {key for key, _ in self.records.items(letter)}
        if self.records.damage:
            keys.update(key for key, _ in self.copies.items(letter))
        return sorted(key for key in keys if self.get(key) is not None)

    def versions(self):
        """{(namespace, path): versions}."""
        names = {}
        for key in self.set_keys(b"r"):
            version = Version(key[1:], self.get(key), self.keys)
            names.setdefault(version.name, []).append(version)
        return names

    def contents(self):
        return [self.content(key[1:]) for key in self.set_keys(b"c")]

    def content(self, identity):
        value = self.get(b"c" + identity)
        need(value is not None, f"content {text_of(identity)} is not there")
        return Content(identity, value, self.keys)

    def check_context(self):
        """Every dot of a version is in the context of its incarnation."""
        for name, versions in self.versions().items():
            for version in versions:
                entry = unpack(CONTEXT, self.get(b"x" + version.dot[0]) or b"", "context")
                spans = [(1, entry["through"])] + [(s["first"], s["last"]) for s in entry["beyond"]]
                need(any(a <= version.dot[1] <= b for a, b in spans), f"context: a dot of {name[1]}")

    # ---- slices
    def lanes(self):
        if self._lanes is None:
            self._lanes = [
                Engine(os.path.join(self.directory, lane["path"])) for lane in self.file["lanes"]
            ]
            self._slices = {}
            for lane in self._lanes:
                for key, value in lane.items():
                    self._slices.setdefault(key[:32], []).append((key, value))
        return self._lanes

    def damage(self):
        engines = [self.records, self.copies, *self.lanes()]
        return [text for engine in engines for text in engine.damage]

    def _stripes(self, chunk_id):
        """{stripe id: {index: Slice}} of what is whole."""
        self.lanes()
        stripes = {}
        for key, value in self._slices.get(chunk_id, []):
            try:
                found = slice_of(key, value)
                stripes.setdefault(found.stripe_id, {})[found.index] = found
            except Damaged:
                self.slice_faults += 1
        return stripes

    def chunk(self, identity, key, epoch):
        if self._last[0] == identity:
            return self._last[1]
        last = Damaged(f"chunk {text_of(identity)}: there is no slice")
        for slices in self._stripes(identity).values():
            try:
                clear = self._stripe(identity, slices, key, epoch)
                self._last = (identity, clear)
                return clear
            except Damaged as error:
                last = Damaged(f"chunk {text_of(identity)}: {error}")
        raise last

    def _stripe(self, identity, slices, key, epoch):
        first = next(iter(slices.values()))
        sealed_in = first.descriptor["epoch"]
        if sealed_in != epoch:
            key = self.keys.of(sealed_in, "chunk", identity)
        self.rebuilt += any(c not in slices for c in range(first.k))
        clear = stripe_open(slices, key)
        need(equal(self.keys.make_id("chunk", clear), identity), "another chunk")
        return clear

    # ---- trees
    def _walk(self, identity, level, size, key, epoch):
        """Yields the chunks below an entry."""
        if level == 0:
            clear = self.chunk(identity, key, epoch)
            need(size is None or len(clear) == size, "chunk: size")
            yield clear
            return
        value = self.get(b"p" + identity)
        need(value is not None, f"page {text_of(identity)} is not there")
        page = Page(identity, value, self.keys, level, self._page_key(identity, value, key, epoch))
        need(size is None or size == sum(e[1] for e in page.entries), "page: size")
        for entry_id, entry_size, entry_key, entry_epoch in page.entries:
            yield from self._walk(entry_id, level - 1, entry_size, entry_key, entry_epoch)

    def _page_key(self, identity, value, key, epoch):
        """The key that leads here, unless the page is of another epoch."""
        sealed_in = unpack(PAGE, value, "page")["epoch"]
        return key if sealed_in == epoch else self.keys.of(sealed_in, "page", identity)

    def read(self, content, part="data"):
        """Yields the bytes of a content, or of its meta."""
        size = content.body["size" if part == "data" else "meta_size"]
        if size <= INLINE_MOST:
            yield content.body[part]
            return
        tree, key = content.record[part], content.body[part + "_key"]
        done = 0
        for clear in self._walk(tree["id"], tree["level"], None, key["key"], key["epoch"]):
            done += len(clear)
            yield clear
        need(done == size, f"content {text_of(content.id)}: size")

    def entry_count(self, content):
        """Chunks of data and meta, repeated ones each time."""
        total = 0
        for part, size in (("data", "size"), ("meta", "meta_size")):
            if content.body[size] > INLINE_MOST:
                tree = content.record[part]
                total += self._count(tree["id"], tree["level"])
        return total

    def _count(self, identity, level):
        if level == 0:
            return 1
        page = Page(identity, self.get(b"p" + identity), self.keys, level)
        if level == 1:
            return len(page.entries)
        return sum(self._count(entry[0], level - 1) for entry in page.entries)
