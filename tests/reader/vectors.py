#!/usr/bin/env python3
"""Compares the test vectors of docs/FORMAT.md, and those that it names, with
what this reader makes of the page. Prints a line for each group."""

import base64
import json
import os
import re
import struct
import sys
import tempfile

import chunker
import stripe
from engine import Engine
from keyring import (
    FILE_STORE,
    Keys,
    MemberKey,
    frame_open,
    key_file_open,
    keyring_open,
    recovery_key_open,
    recovery_member,
    store_file_open,
)
from mlkem import Pair, x25519
from primitives import Damaged, WrongKey, argon2id, hkdf, hmac, sha256
from stream import GRANT, Stream
from vault import CONTENT, PAGE, Content, Page, Version, heads, record_salt
from wire import pack, unpack

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


PAGE_TEXT = read("docs/FORMAT.md")


def span(first, last):
    return bytes(range(first, last + 1))


def indented(after):
    """The indented lines behind the first place where a text stands."""
    at = PAGE_TEXT.index(after)
    block = re.search(r"(?:^    .*\n|^\n(?=    ))+", PAGE_TEXT[at:], re.M)
    lines = [line.strip() for line in block.group().splitlines()]
    return [line for line in lines if line and not line.startswith("(")]


def named(lines):
    """{name: bytes} of lines `name hex`, `name` and lines of hex."""
    out, name = {}, None
    for line in lines:
        match = re.fullmatch(r"(.*?)\s*\b((?:[0-9a-f]{2})+)", line)
        words, digits = match.groups() if match else (line, "")
        if words:
            name = words.rstrip(":")
            out[name] = b""
        out[name] += bytes.fromhex(digits)
    return out


def c_text(path, name):
    """The hex strings of a constant in a C header."""
    body = re.search(rf"\b{name}\[\d*\]\s*=(.*?);", read(path), re.S).group(1)
    return [bytes.fromhex(part) for part in re.findall(r'"([0-9a-f]+)"', body)]


def same(got, wanted, what):
    if got != wanted:
        show = lambda x: x.hex() if isinstance(x, (bytes, bytearray)) else repr(x)
        raise AssertionError(f"{what}: {show(got)[:200]} is not {show(wanted)[:200]}")


# ---- keys -----------------------------------------------------------------------------
def derived_keys():
    secret, identity, salt = span(0x00, 0x1F), span(0x20, 0x3F), span(0x40, 0x4F)
    stored = named(indented("Vectors: secret = bytes `00…1f`"))
    made = {
        "chunk": hkdf(secret, b"ouroboros chunk 1" + identity),
        "page": hkdf(secret, b"ouroboros page 1" + identity),
        "content": hkdf(secret, b"ouroboros content 1" + identity),
        "stripe": hkdf(secret, b"ouroboros stripe 1", salt),
        "engine": hkdf(secret, b"ouroboros engine 1"),
        "chunker": hkdf(secret, b"ouroboros chunker 1"),
        "keyring MAC": hkdf(secret, b"ouroboros keyring 1"),
        "store file": hkdf(secret, b"ouroboros store file 1"),
        "archive": hkdf(secret, b"ouroboros archive 1"),
        "stream": hkdf(secret, b"ouroboros stream 1" + identity, span(0x40, 0x5F)),
        "recovery": hkdf(secret, b"ouroboros recovery key 1", size=96),
    }
    same(sorted(stored), sorted(made), "names")
    for name, key in made.items():
        same(key, stored[name], name)


def wrapped_keys():
    header = "src/crypt/vectors/kem_vectors.h"
    value = lambda name: b"".join(c_text(header, name))
    pair = Pair(value("mlkem_seed"))
    same(pair.public, value("mlkem_public"), "ML-KEM public key")
    same(pair.decapsulate(value("mlkem_ciphertext")), value("mlkem_secret"), "ML-KEM secret")
    same(x25519(value("alice_private")), value("alice_public"), "X25519 public key")
    same(x25519(value("alice_private"), value("bob_public")), value("x25519_secret"), "X25519")
    member = MemberKey(value("mlkem_seed") + value("alice_private"))
    wrapped = value("mlkem_ciphertext") + value("bob_public") + value("hybrid_wrapped")
    same(member.unwrap(wrapped), span(0x40, 0x5F), "wrapped key")


def a_keyring():
    content = b"".join(c_text("src/seal/vectors/seal_vectors.h", "keyring_stored"))
    size, digest = re.search(r"keyring of\s+(\d+) bytes, SHA-256 `([0-9a-f]{64})`", PAGE_TEXT).groups()
    same(len(content), int(size), "size")
    same(sha256(content).hex(), digest, "SHA-256")
    member = MemberKey(span(0x00, 0x5F))
    fingerprint = re.search(r"fingerprint `([0-9a-f]{32})`", PAGE_TEXT).group(1)
    same(sha256(member.public)[:16].hex(), fingerprint, "fingerprint")
    keys, vault_id = keyring_open(content, member)
    same(vault_id, span(0xA0, 0xAF), "vault id")
    same((keys.id_key, keys.epochs), (span(0x00, 0x1F), {1: span(0x20, 0x3F)}), "keys")
    for wrong in (content[:-1] + bytes([content[-1] ^ 1]), content + b"\0"):
        refused(Damaged, keyring_open, wrong, member)
    refused(WrongKey, keyring_open, content, MemberKey(span(0x01, 0x60)))


def refused(kind, function, *arguments):
    try:
        function(*arguments)
    except kind:
        return
    raise AssertionError(f"{function.__name__} took what it should refuse")


def a_key_file():
    stored = named(indented("Vector: seed `00…5f`, passphrase"))
    same(argon2id(b"correct horse", span(0x60, 0x6F), 64, 2, 1), stored["Argon2id key"], "Argon2id")
    seed, coded = span(0x00, 0x5F), lambda data: base64.b64encode(data).decode()
    members = {
        "format": "ouroboros-member-key",
        "version": 1,
        "public_key": coded(MemberKey(seed).public),
        "kdf": {"name": "argon2id", "memory_kib": 64, "passes": 2, "lanes": 1, "salt": coded(span(0x60, 0x6F))},
        "nonce": coded(span(0x70, 0x7B)),
        "sealed_seed": coded(stored["sealed_seed"]),
        "tag": coded(stored["tag"]),
    }
    key = key_file_open(json.dumps(members), b"correct horse")
    same(key.public, MemberKey(seed).public, "seed")
    refused(WrongKey, key_file_open, json.dumps(members), b"correct horsf")
    refused(Damaged, key_file_open, json.dumps({**members, "more": 1}), b"correct horse")


def a_recovery_key():
    printed = indented("Vector, the bytes `00…1f`:")[0]
    same(recovery_key_open(printed), span(0x00, 0x1F), "bytes")
    same(recovery_key_open(printed.lower().replace("0", "o")), span(0x00, 0x1F), "as typed")
    refused(Damaged, recovery_key_open, printed[:-1] + "9")
    seed = named(indented("Vectors: secret = bytes `00…1f`"))["recovery"]
    same(recovery_member(span(0x00, 0x1F)).public, MemberKey(seed).public, "member")


# ---- chunks, stripes --------------------------------------------------------------------
def where_chunks_end():
    for n, words in enumerate(c_text("src/crypt/vectors/siphash_vectors.h", "siphash_results")):
        got = chunker.siphash(span(0x00, 0x0F), bytes(range(n)))
        same(got.to_bytes(8, "little"), words, f"SipHash of {n} bytes")
    c = chunker.Chunker(span(0x00, 0x1F))
    said = re.search(r"begin `([0-9a-f]{16})` and the SipHash key is `([0-9a-f]{32})`", PAGE_TEXT)
    same(struct.pack("<2I", *c.terms[:2]).hex(), said.group(1), "terms")
    same(c.key.hex(), said.group(2), "SipHash key")
    x, data = 1, bytearray()
    for _ in range(2 << 20):
        x = x * 6364136223846793005 + 1442695040888963407 & chunker.MASK64
        data.append(x >> 56)
    ends = re.search(r"have chunks that end at ([\d, and\n]+)\.", PAGE_TEXT).group(1)
    same(c.ends(bytes(data)), [int(n) for n in re.findall(r"\d+", ends)], "ends")


def length_buckets():
    sizes, buckets = re.search(r"\| L \|(.*)\|\n\|[-|]+\|\n\| bucket \|(.*)\|", PAGE_TEXT).groups()
    for size, wanted in zip(sizes.split("|"), buckets.split("|")):
        same(stripe.bucket(int(size)), int(wanted), f"bucket of {size}")


def a_stripe():
    rows = re.search(r"Rows 0 to 2 for k = 4:\n\n +(.*)\n", PAGE_TEXT).group(1)
    made = bytes(sum((stripe.row(4 + r, 4) for r in range(3)), []))
    same(made, bytes.fromhex(rows.replace(" ", "")), "rows")
    at = PAGE_TEXT.index("slices 0, 1, 2:")
    block = PAGE_TEXT[at : PAGE_TEXT.index("### Where a slice lies")].split("\n", 1)[1]
    values = [bytes.fromhex(re.sub(r"\s", "", part)) for part in block.split("\n\n") if part.strip()]
    stored = named(indented("    stripe key   "))
    chunk_key = named(indented("Vectors: secret = bytes `00…1f`"))["chunk"]
    same(hkdf(chunk_key, b"ouroboros stripe 1", span(0x40, 0x4F)), stored["stripe key"], "stripe key")
    same(len(values), 3, "slices")
    key = lambda i: span(0x20, 0x3F) + stored["stripe id"] + bytes([i])
    slices = {i: stripe.slice_of(key(i), value) for i, value in enumerate(values)}
    for left_out in (None, 0, 1, 2):
        some = {i: s for i, s in slices.items() if i != left_out}
        same(stripe.stripe_open(some, chunk_key), b"the snake that eats its tail", f"without {left_out}")
    refused(Damaged, stripe.stripe_open, {2: slices[2]}, chunk_key)
    refused(Damaged, stripe.slice_of, key(0), values[1])
    unbound = values[0].index(bytes.fromhex("4220c7da"))  # the hash of the parity slice
    for i in [*range(unbound + 2), *range(unbound + 34, len(values[0]))]:
        wrong = values[0][:i] + bytes([values[0][i] ^ 4]) + values[0][i + 1 :]
        refused(Damaged, stripe.slice_of, key(0), wrong)


# ---- the engine ---------------------------------------------------------------------------
def engine_of(files, engine_key):
    """The engine of segments {number: parts}."""
    with tempfile.TemporaryDirectory() as directory:
        for number, parts in files.items():
            with open(os.path.join(directory, f"segment-{number:08d}.dat"), "wb") as file:
                file.write(b"".join(parts))
        return Engine(directory, "records", engine_key)


def records_of_a_segment():
    stored = named(indented("dropped: 3 and 5; packed:"))
    stored["packed"], stored["packed, sealed"] = stored["put, packed"], stored["put, packed and sealed"]
    key = span(0x40, 0x5F)
    long = b"v" * 100
    for ending, engine_key in (("", None), (", sealed", key)):
        parts = [stored["header" + ending], stored["put" + ending]]
        there = engine_of({7: parts}, engine_key)
        same((there.rows, there.mark), ({b"key": (42, b"value")}, 41), "put" + ending)
        if not engine_key:
            parts.append(stored["delete"])
            there = engine_of({7: parts}, engine_key)
            same(there.rows, {b"key": (43, None)}, "delete")
            same([text.split()[1] for text in there.damage], ["3", "5"], "missing segments")
        parts.append(stored["batch" + ending])
        there = engine_of({7: parts}, engine_key)
        same(there.rows[b"a"], (44, b"1"), "batch" + ending)
        same(there.rows[b"b"], (45, None), "batch" + ending)
        parts += [stored["dropped" + ending], stored["packed" + ending]]
        there = engine_of({7: parts}, engine_key)
        same(there.rows[b"key"], (47, long), "packed" + ending)
        same([t for t in there.damage if t.startswith("segment ")], [], "nothing is missing")
        dropped = [stored["header" + ending], stored["dropped" + ending]]
        there = engine_of({3: [stored["old, set"]], 7: dropped}, engine_key)
        same(there.rows, {}, "a dropped segment does not count")
        there = engine_of({7: parts[:-1] + [parts[-1][:-1]]}, engine_key)
        same((there.rows[b"key"][0] < 47, there.cut), (True, 47), "a torn tail")
    there = engine_of({1: [stored["old, set"], stored["old, delete"]]}, None)
    same((there.rows, there.damage), ({b"key": (0, None)}, []), "older format")


def fold(a, b):
    return a * b >> 64 ^ a * b & chunker.MASK64


def key_hash(seed, key):
    a, b, c, d = (0x9FB21C651E98DF25, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xC2B2AE3D27D4EB4F)
    turned = lambda h: h >> 32 | h << 32 & chunker.MASK64
    h, last = fold(seed ^ a, b), key
    while len(last) > 16:
        u, v = struct.unpack("<QQ", last[:16])
        h, last = fold(u ^ c ^ h, v ^ d ^ turned(h)), last[16:]
    n = len(last)
    if n >= 8:
        x, y = struct.unpack("<Q", last[:8])[0], struct.unpack("<Q", last[-8:])[0]
    elif n >= 4:
        x, y = struct.unpack("<I", last[:4])[0], struct.unpack("<I", last[-4:])[0]
    else:
        x, y = (last[0] + (last[n // 2] << 8) + (last[-1] << 16), 0) if n else (0, 0)
    return fold(fold(x ^ a ^ h, y ^ b ^ turned(h)) ^ c, len(key) ^ d)


def hashes_of_keys():
    words = " ".join(indented("Seed `0706050403020100`")).split()
    for n, word in enumerate(words):
        same(f"{key_hash(0x0706050403020100, bytes(range(5 * n))):016x}", word, f"{5 * n} bytes")
    same(len(words), 8, "words")


# ---- the vault -------------------------------------------------------------------------------
def vault_vectors():
    lines = [line for line in read("tests/vectors/vault.txt").splitlines() if line[:1] not in ("#", "")]
    same("\n```\n" + "\n".join(lines) + "\n```\n" in PAGE_TEXT, True, "the page has the file")
    return named(line.strip() for line in lines)


# ---- streams --------------------------------------------------------------------------------
def a_stream():
    stored = indented("a beginning with the salt `60…7f`")
    keys, data = named(stored[:2]), bytes.fromhex("".join(stored[2:]))
    stream = Stream(data)
    same((stream.kind, stream.vault_id, stream.opener), (1, span(0xA0, 0xAF), b"what opens it"), "header")
    secret = hkdf(span(0x00, 0x1F), b"ouroboros archive 1")
    info = b"ouroboros stream 1" + stream.digest
    same(hkdf(secret, info, stream.salt), keys["first key"], "first key")
    same(hkdf(keys["first key"], info, span(0x60, 0x7F)), keys["second key"], "second key")
    frames = [frame[1:] for frame in stream.frames(secret)]
    same(frames, [(5, b"the snake that eats its tail"), (6, b""), (0, b"\2")], "frames")
    for i in range(len(data)):
        wrong = data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]
        refused(Damaged, lambda bad: list(Stream(bad).frames(secret)), wrong)
        refused(Damaged, lambda bad: list(Stream(bad).frames(secret)), data[:i])


def a_grant():
    stored = named(indented("wrapped = 1,640 bytes 07"))
    public = bytes((7 * i + 3) % 256 for i in range(1600))
    grant = {"version": 1, "content": span(0x20, 0x3F), "epoch": 5, "public_key": public, "wrapped": bytes([7]) * 1640}
    key = hkdf(span(0x00, 0x1F), b"ouroboros grant mac 1" + grant["content"])
    same(key, stored["grant MAC key"], "MAC key")
    grant["mac"] = hmac(key, b"ouroboros grant 1" + pack(GRANT, grant))
    same(grant["mac"], stored["mac"], "MAC")
    same(sha256(pack(GRANT, grant)), stored["SHA-256"], "grant")


def vault_keys():
    return Keys(span(0x00, 0x1F), {1: span(0x20, 0x3F)})


def ids_and_records():
    v, keys = vault_vectors(), vault_keys()
    data, meta = b"the snake that eats its tail", b'{"fileName":"snake"}'
    same(keys.make_id("chunk", data), v["chunk_id"], "chunk id")
    same(keys.make_id("inline", data), v["inline_id"], "inline id")
    same(keys.make_id("inline", meta), v["inline_id_meta"], "inline id")
    same(keys.make_id("inline"), v["inline_id_empty"], "inline id")
    page = Page(v["page_id"], v["page_record"], keys, 1)
    same([e[0] for e in page.entries], [span(0x40, 0x5F), span(0x60, 0x7F)], "page: ids")
    same([e[1:] for e in page.entries],
         [(262144, span(0x80, 0x9F), 1), (131072, span(0xA0, 0xBF), 1)], "page: entries")
    same(keys.of(1, "page", v["page_id"]), v["page_key"], "page key")
    record = unpack(PAGE, v["page_record"], "page")
    same(record_salt(keys, v["page_id"], PAGE, record, v["page_body"]), v["page_salt"], "page salt")
    content = Content(v["content_id"], v["content_record"], keys)
    same((content.body["data"], content.body["meta"], content.type), (data, meta, "text/plain"), "content")
    same(content.identity, v["content_identity"], "content identity")
    same(keys.of(1, "content", v["content_id"]), v["content_key"], "content key")
    same(hkdf(v["content_key"], b"ouroboros body 1", v["content_salt"]), v["content_body_key"], "body key")
    record = unpack(CONTENT, v["content_record"], "content")
    same(record_salt(keys, v["content_id"], CONTENT, record, v["content_body"]), v["content_salt"], "salt")
    tree = Content(v["tree_id"], v["tree_record"], keys)
    same((tree.size, tree.record["data"]["id"], tree.parent), (393216, v["page_id"], v["content_id"]), "tree")
    same(tree.identity, v["tree_identity"], "tree identity")
    for name, make in (("page", Page), ("content", Content), ("tree", Content)):
        stored = v[name + "_record"]
        for i in range(len(stored)):
            wrong = stored[:i] + bytes([stored[i] ^ 1]) + stored[i + 1 :]
            more = [1] if make is Page else []
            refused(Damaged, make, v[name + "_id"], wrong, keys, *more)


def versions():
    v, keys = vault_vectors(), vault_keys()
    first = Version(v["ref_id"], v["ref_record"], keys)
    last = Version(v["deletion_id"], v["deletion_record"], keys)
    same((first.name, first.target), (("blobs", "snake/tail"), v["content_id"]), "version")
    same((first.stamp >> 16, first.expires, first.dot),
         (1700000000000, 1800000000000, (span(0xA0, 0xAF), 2)), "version")
    same((last.target, last.stamp, last.record["previous"]), (b"", first.stamp + 1, [first.id]), "deletion")
    same((last.covers(first), first.covers(last)), (True, False), "covers")
    same([h.id for h in heads([first, last])], [last.id], "heads")


def a_store_file():
    v, keys = vault_vectors(), vault_keys()
    content = frame_open(v["store_frame"], FILE_STORE)
    same(content, v["store_file"], "frame")
    store = store_file_open(content, keys, span(0xA0, 0xAF))
    same((store["node"], store["k"], store["m"], store["level"]), ("node-a", 3, 2, 3), "store file")
    for i in range(len(v["store_frame"])):
        wrong = v["store_frame"][:i] + bytes([v["store_frame"][i] ^ 1]) + v["store_frame"][i + 1 :]
        refused(Damaged, frame_open, wrong, FILE_STORE)


GROUPS = [
    derived_keys, wrapped_keys, a_keyring, a_key_file, a_recovery_key, where_chunks_end,
    length_buckets, a_stripe, records_of_a_segment, hashes_of_keys, ids_and_records, versions, a_store_file,
    a_stream, a_grant,
]


def main():
    failed = 0
    for group in GROUPS:
        try:
            group()
            print("fine", group.__name__)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"WRONG {group.__name__}: {type(error).__name__}: {error}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
