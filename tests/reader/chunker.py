"""Where chunks end (FORMAT.md section 6): for those who write."""

import struct

from primitives import hkdf

MIN, MAX, WINDOW = 131072, 524288, 32
MASK64 = (1 << 64) - 1


def _rotl64(x, n):
    return (x << n | x >> (64 - n)) & MASK64


def siphash(key, data):
    """SipHash-2-4, the 64-bit result."""
    k0, k1 = struct.unpack("<QQ", key)
    v = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]

    def rounds(n):
        for _ in range(n):
            v[0] = v[0] + v[1] & MASK64
            v[1] = _rotl64(v[1], 13) ^ v[0]
            v[0] = _rotl64(v[0], 32)
            v[2] = v[2] + v[3] & MASK64
            v[3] = _rotl64(v[3], 16) ^ v[2]
            v[0] = v[0] + v[3] & MASK64
            v[3] = _rotl64(v[3], 21) ^ v[0]
            v[2] = v[2] + v[1] & MASK64
            v[1] = _rotl64(v[1], 17) ^ v[2]
            v[2] = _rotl64(v[2], 32)

    whole = len(data) // 8 * 8
    last = data[whole:] + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", data[:whole] + last):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rotl32(x, n):
    n %= 32
    return (x << n | x >> (32 - n)) & 0xFFFFFFFF if n else x


class Chunker:
    def __init__(self, secret):
        table = hkdf(secret, b"ouroboros buzhash table 1", size=1024)
        self.terms = struct.unpack("<256I", table)
        self.key = hkdf(secret, b"ouroboros chunk siphash 1", size=16)

    def end(self, data, begin):
        """Where the chunk that begins there ends."""
        limit, terms = min(len(data), begin + MAX), self.terms
        at = begin + MIN
        if at >= limit:
            return limit
        h = 0
        for j, byte in enumerate(data[at - WINDOW : at]):
            h ^= _rotl32(terms[byte], 31 - j)
        while at < limit:
            if h & 0x1FFF == 0 and siphash(self.key, data[at - WINDOW : at]) & 15 == 0:
                return at
            # a window of 32: the term of the byte that leaves is back where it was
            h = (h << 1 & 0xFFFFFFFF | h >> 31) ^ terms[data[at - WINDOW]] ^ terms[data[at]]
            at += 1
        return limit

    def ends(self, data):
        out, at = [], 0
        while at < len(data):
            at = self.end(data, at)
            out.append(at)
        return out
