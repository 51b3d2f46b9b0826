"""Stripes and slices (FORMAT.md section 7)."""

import struct
from itertools import combinations, islice

from primitives import Damaged, ZERO_NONCE, gcm_open, hkdf, need, sha256, zstd_frame_size, zstd_unpack
from wire import pack, unpack

CHUNK_MOST, SEALED_MOST = 524288, 540672
DESCRIPTOR = {
    1: ("version", "u32"),
    2: ("chunk_id", "bytes"),
    3: ("k", "u32"),
    4: ("epoch", "u32"),
    5: ("salt", "bytes"),
    6: ("sealed_size", "u32"),
    7: ("tag", "bytes"),
    8: ("slice_hash", ["bytes"]),
}


def bucket(size):
    """Padmé: the length that size is rounded up to."""
    if size <= 8:
        return size
    e = size.bit_length() - 1
    step = 1 << (e - e.bit_length())
    return -(-size // step) * step


# ---- GF(2^8) with 0x11d -----------------------------------------------------------
def _times(a, b):
    out = 0
    while b:
        if b & 1:
            out ^= a
        a = a << 1 ^ (0x11D if a & 128 else 0)
        b >>= 1
    return out


TABLES = [bytes(_times(a, b) for b in range(256)) for a in range(256)]
INVERSE = [0] + [TABLES[a].index(1) for a in range(1, 256)]


def row(index, k):
    """The row of the matrix that makes slice `index` from the data slices."""
    if index < k:
        return [int(c == index) for c in range(k)]
    return [INVERSE[255 - (index - k) ^ c] for c in range(k)]


def combine(coefficients, slices):
    total = 0
    for coefficient, data in zip(coefficients, slices):
        total ^= int.from_bytes(data.translate(TABLES[coefficient]), "little")
    return total.to_bytes(len(slices[0]), "little")


def _inverse_matrix(rows):
    n = len(rows)
    a = [list(r) + [int(i == j) for j in range(n)] for i, r in enumerate(rows)]
    for i in range(n):
        pivot = next(j for j in range(i, n) if a[j][i])
        a[i], a[pivot] = a[pivot], a[i]
        scale = TABLES[INVERSE[a[i][i]]]
        a[i] = [scale[x] for x in a[i]]
        for j in range(n):
            if j != i and a[j][i]:
                factor = TABLES[a[j][i]]
                a[j] = [x ^ factor[y] for x, y in zip(a[j], a[i])]
    return [r[n:] for r in a]


def data_slices(k, slices):
    """All k data slices out of any k slices, {index: bytes}."""
    if all(c in slices for c in range(k)):
        return [slices[c] for c in range(k)]
    chosen = sorted(slices)[:k]
    inverse = _inverse_matrix([row(i, k) for i in chosen])
    there = [slices[i] for i in chosen]
    return [slices[c] if c in slices else combine(inverse[c], there) for c in range(k)]


# ---- stored slices ----------------------------------------------------------------
def check_descriptor(d):
    hashes, sealed = d["slice_hash"], d["sealed_size"]
    need(len(d["chunk_id"]) == 32 and len(d["salt"]) == 16 and len(d["tag"]) == 16, "descriptor")
    need(1 <= d["k"] <= len(hashes) <= 255 and d["epoch"] >= 1, "descriptor: k")
    need(all(len(h) == 32 for h in hashes), "descriptor: hashes")
    need(6 <= sealed <= SEALED_MOST and bucket(sealed) == sealed, "descriptor: size")


class Slice:
    """A stored slice whose form and hash are right."""

    def __init__(self, value):
        need(len(value) >= 4 and value[0] == 1, "slice: version")
        self.index, size = value[1], struct.unpack_from("<H", value, 2)[0]
        need(len(value) >= 4 + size, "slice: cut short")
        d = self.descriptor = unpack(DESCRIPTOR, value[4 : 4 + size], "descriptor")
        self.data, self.k = bytes(value[4 + size :]), d["k"]
        check_descriptor(d)
        hashes, sealed = d["slice_hash"], d["sealed_size"]
        need(self.index < len(hashes) and len(self.data) == -(-sealed // self.k), "slice: size")
        need(sha256(self.data) == hashes[self.index], "slice: hash")
        self.bound = pack(DESCRIPTOR, {**d, "slice_hash": hashes[: self.k]})
        self.stripe_id = sha256(self.bound)[:16]


def slice_of(key, value):
    """The slice stored under a key; Damaged when it is not that one."""
    found = Slice(value)
    need(len(key) == 49 and key[:32] == found.descriptor["chunk_id"], "slice: under another key")
    need(key[32:48] == found.stripe_id and key[48] == found.index, "slice: under another key")
    return found


def _open(descriptor, chunk_key, sealed):
    d = descriptor
    key = hkdf(chunk_key, b"ouroboros stripe 1", d["salt"])
    additional = b"\1" + d["chunk_id"] + struct.pack("<II", d["k"], d["epoch"])
    additional += d["salt"] + struct.pack("<I", d["sealed_size"])
    clear = gcm_open(key, ZERO_NONCE, additional, sealed, d["tag"])
    need(clear is not None, "stripe: the tag does not fit")
    codec, size = clear[0], struct.unpack_from("<I", clear, 1)[0]
    need(codec <= 1 and 1 <= size <= CHUNK_MOST, "stripe: head")
    if codec == 0:
        return _raw(clear, size)
    return _packed(clear, size)


def _raw(clear, size):
    need(bucket(5 + size) == len(clear) and not any(clear[5 + size :]), "stripe: padding")
    return clear[5 : 5 + size]


def _packed(clear, size):
    length = zstd_frame_size(clear[5:])
    need(length is not None and length < size, "stripe: frame")
    need(bucket(5 + length) == len(clear) and not any(clear[5 + length :]), "stripe: padding")
    out = zstd_unpack(clear[5 : 5 + length], size)
    need(out is not None, "stripe: does not unpack")
    return out


class Travelling:
    """A stripe without its parity, as streams have it (section 12)."""

    def __init__(self, value):
        need(len(value) >= 4 and value[:2] == b"\1\0", "stripe: version")
        size = struct.unpack_from("<H", value, 2)[0]
        need(len(value) >= 4 + size, "stripe: cut short")
        d = self.descriptor = unpack(DESCRIPTOR, value[4 : 4 + size], "descriptor")
        check_descriptor(d)
        self.sealed, k = bytes(value[4 + size :]), d["k"]
        need(len(self.sealed) == d["sealed_size"] and len(d["slice_hash"]) == k, "stripe: size")
        length = -(-len(self.sealed) // k)
        padded = self.sealed + bytes(length * k - len(self.sealed))
        for c, wanted in enumerate(d["slice_hash"]):
            need(sha256(padded[c * length : (c + 1) * length]) == wanted, "stripe: hash")

    def open(self, chunk_key):
        return _open(self.descriptor, chunk_key, self.sealed)


TRIES_MOST = 2000


def stripe_open(slices, chunk_key):
    """The clear chunk, from good slices {index: Slice} of one stripe.

    Hashes of parity are bound to nothing: when what they give does not fit,
    another set of slices is tried."""
    any_slice = next(iter(slices.values()))
    k, d = any_slice.k, any_slice.descriptor
    need(len(slices) >= k, f"stripe: {len(slices)} of {k} slices")
    last = Damaged("stripe")
    order = sorted(slices)
    for chosen in islice(combinations(order, k), TRIES_MOST):
        data = data_slices(k, {i: slices[i].data for i in chosen})
        if any(sha256(data[c]) != d["slice_hash"][c] for c in range(k)):
            last = Damaged("stripe: rebuilt data does not fit its hashes")
            continue
        sealed = b"".join(data)
        need(not any(sealed[d["sealed_size"] :]), "stripe: what continues it")
        return _open(d, chunk_key, sealed[: d["sealed_size"]])
    raise last
