"""ML-KEM-1024 (FIPS 203) and X25519 (RFC 7748), as far as a reader needs them.

Slow, and not in constant time: for tests.
"""

import hashlib

Q = 3329
K = 4
ETA = 2
DU, DV = 11, 5
PUBLIC_SIZE, CIPHERTEXT_SIZE = 1568, 1568


def _reversed7(i):
    return int(f"{i:07b}"[::-1], 2)


ZETAS = [pow(17, _reversed7(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * _reversed7(i) + 1, Q) for i in range(128)]


def _ntt(f):
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length] = (f[j] - t) % Q
                f[j] = (f[j] + t) % Q
        length //= 2
    return f


def _ntt_inverse(f):
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j] = (t + f[j + length]) % Q
                f[j + length] = zeta * (f[j + length] - t) % Q
        length *= 2
    return [x * 3303 % Q for x in f]


def _add(f, g):
    return [(a + b) % Q for a, b in zip(f, g)]


def _dot(fs, gs):
    """Sum of the products of two vectors, all transformed."""
    h = [0] * 256
    for f, g in zip(fs, gs):
        for i in range(128):
            a, b, c, d = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
            h[2 * i] += a * c + b * d % Q * GAMMAS[i]
            h[2 * i + 1] += a * d + b * c
    return [x % Q for x in h]


def _encode(f, d):
    return sum(x << (d * i) for i, x in enumerate(f)).to_bytes(32 * d, "little")


def _decode(data, d):
    n, mask = int.from_bytes(data, "little"), (1 << d) - 1
    return [(n >> (d * i)) & mask for i in range(256)]


def _compress(f, d):
    return [((x << d) + Q // 2) // Q % (1 << d) for x in f]


def _decompress(f, d):
    return [(x * Q + (1 << (d - 1))) >> d for x in f]


def _sample_uniform(seed):
    size = 840
    while True:
        stream, f = hashlib.shake_128(seed).digest(size), []
        for a, b, c in zip(stream[0::3], stream[1::3], stream[2::3]):
            for x in (a + 256 * (b % 16), b // 16 + 16 * c):
                if x < Q and len(f) < 256:
                    f.append(x)
        if len(f) == 256:
            return f
        size *= 2


def _sample_small(seed, n):
    stream = hashlib.shake_256(seed + bytes([n])).digest(64 * ETA)
    bits = int.from_bytes(stream, "little")
    f = []
    for i in range(256):
        x = (bits >> (4 * i)) & 15
        f.append(((x & 1) + (x >> 1 & 1) - (x >> 2 & 1) - (x >> 3 & 1)) % Q)
    return f


def _matrix(rho):
    return [[_sample_uniform(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


class Pair:
    """A key pair of ML-KEM-1024, from its seed d || z."""

    def __init__(self, seed):
        d, self.z = seed[:32], seed[32:64]
        both = hashlib.sha3_512(d + bytes([K])).digest()
        rho, sigma = both[:32], both[32:]
        self.a = _matrix(rho)
        self.s = [_ntt(_sample_small(sigma, n)) for n in range(K)]
        e = [_ntt(_sample_small(sigma, K + n)) for n in range(K)]
        self.t = [_add(_dot(self.a[i], self.s), e[i]) for i in range(K)]
        self.public = b"".join(_encode(f, 12) for f in self.t) + rho

    def _encrypt(self, m, r):
        y = [_ntt(_sample_small(r, n)) for n in range(K)]
        e1 = [_sample_small(r, K + n) for n in range(K)]
        e2 = _sample_small(r, 2 * K)
        out = b""
        for i in range(K):
            column = [self.a[j][i] for j in range(K)]
            u = _add(_ntt_inverse(_dot(column, y)), e1[i])
            out += _encode(_compress(u, DU), DU)
        v = _add(_add(_ntt_inverse(_dot(self.t, y)), e2), _decompress(_decode(m, 1), 1))
        return out + _encode(_compress(v, DV), DV)

    def decapsulate(self, ciphertext):
        size = 32 * DU
        u = [
            _ntt(_decompress(_decode(ciphertext[i * size : (i + 1) * size], DU), DU))
            for i in range(K)
        ]
        v = _decompress(_decode(ciphertext[K * size :], DV), DV)
        w = [(a - b) % Q for a, b in zip(v, _ntt_inverse(_dot(self.s, u)))]
        m = _encode(_compress(w, 1), 1)
        both = hashlib.sha3_512(m + hashlib.sha3_256(self.public).digest()).digest()
        if self._encrypt(m, both[32:]) == ciphertext:
            return both[:32]
        return hashlib.shake_256(self.z + ciphertext).digest(32)


P = 2**255 - 19


def x25519(scalar, point=bytes([9]) + bytes(31)):
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k = int.from_bytes(k, "little")
    x1 = int.from_bytes(point, "little") % 2**255 % P
    x2, z2, x3, z3, swapped = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if bit ^ swapped:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a % P, c * b % P
        aa, bb = a * a % P, b * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")
