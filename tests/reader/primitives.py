"""What the format is built of: HKDF, AES, zstd, Argon2id, CRC-32.

AES and zstd come from the shared libraries that every Debian has (libcrypto
of OpenSSL 3, libzstd), Argon2id from libargon2. The rest is Python's own.
"""

import ctypes
import ctypes.util
import hashlib
import hmac as _hmac
import zlib


class Damaged(Exception):
    """Stored bytes that are not what the format says."""


class WrongKey(Exception):
    """A key that does not open this."""


def need(condition, text):
    if not condition:
        raise Damaged(text)


def _library(names):
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            pass
    raise SystemExit(f"reader: there is no {names[0]}")


_crypto = _library(["libcrypto.so.3", "libcrypto.so"])
_zstd = _library(["libzstd.so.1", "libzstd.so"])


def _declare(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


_pointer, _int, _size = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t
_context_new = _declare(_crypto, "EVP_CIPHER_CTX_new", _pointer)
_context_free = _declare(_crypto, "EVP_CIPHER_CTX_free", None, _pointer)
_gcm = _declare(_crypto, "EVP_aes_256_gcm", _pointer)
_ecb = _declare(_crypto, "EVP_aes_256_ecb", _pointer)
_begin = _declare(
    _crypto, "EVP_DecryptInit_ex", _int, _pointer, _pointer, _pointer, ctypes.c_char_p, ctypes.c_char_p
)
_update = _declare(
    _crypto, "EVP_DecryptUpdate", _int, _pointer, ctypes.c_char_p, ctypes.POINTER(_int), ctypes.c_char_p, _int
)
_end = _declare(_crypto, "EVP_DecryptFinal_ex", _int, _pointer, ctypes.c_char_p, ctypes.POINTER(_int))
_control = _declare(_crypto, "EVP_CIPHER_CTX_ctrl", _int, _pointer, _int, _int, ctypes.c_char_p)
_no_padding = _declare(_crypto, "EVP_CIPHER_CTX_set_padding", _int, _pointer, _int)
_SET_TAG = 0x11

_unpack = _declare(_zstd, "ZSTD_decompress", _size, ctypes.c_char_p, _size, ctypes.c_char_p, _size)
_is_error = _declare(_zstd, "ZSTD_isError", ctypes.c_uint, _size)
_frame_size = _declare(_zstd, "ZSTD_findFrameCompressedSize", _size, ctypes.c_char_p, _size)

ZERO_NONCE = bytes(12)


def sha256(data):
    return hashlib.sha256(data).digest()


def hmac(key, data):
    return _hmac.new(key, data, hashlib.sha256).digest()


def equal(a, b):
    return _hmac.compare_digest(a, b)


def hkdf(secret, info, salt=b"", size=32):
    key = hmac(salt or bytes(32), secret)
    out, block = b"", b""
    while len(out) < size:
        block = hmac(key, block + info + bytes([len(out) // 32 + 1]))
        out += block
    return out[:size]


def crc32(*parts):
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return crc


def gcm_open(key, nonce, additional, sealed, tag):
    """The clear bytes, or None when the tag does not fit."""
    sealed = bytes(sealed)
    out, done = ctypes.create_string_buffer(len(sealed) + 16), _int(0)
    context = _context_new()
    try:
        fine = _begin(context, _gcm(), None, key, nonce) == 1
        if additional:
            fine = fine and _update(context, None, done, bytes(additional), len(additional)) == 1
        fine = fine and _update(context, out, done, sealed, len(sealed)) == 1
        size = done.value
        fine = fine and _control(context, _SET_TAG, 16, bytes(tag)) == 1
        rest = ctypes.create_string_buffer(16)
        fine = fine and _end(context, rest, done) == 1
    finally:
        _context_free(context)
    return out.raw[:size] if fine else None


def _aes_blocks_open(key, block):
    out, done = ctypes.create_string_buffer(32), _int(0)
    context = _context_new()
    _begin(context, _ecb(), None, key, None)
    _no_padding(context, 0)
    _update(context, out, done, block, len(block))
    _context_free(context)
    return out.raw[: len(block)]


def key_unwrap(key, wrapped):
    """AES key wrap (RFC 3394); None when it does not open."""
    n = len(wrapped) // 8 - 1
    a, r = wrapped[:8], [wrapped[8 * i : 8 * i + 8] for i in range(1, n + 1)]
    for j in reversed(range(6)):
        for i in reversed(range(n)):
            t = int.from_bytes(a, "big") ^ (n * j + i + 1)
            both = _aes_blocks_open(key, t.to_bytes(8, "big") + r[i])
            a, r[i] = both[:8], both[8:]
    return b"".join(r) if equal(a, bytes([0xA6]) * 8) else None


def zstd_frame_size(data):
    """Length of the zstd frame that data begins with, or None."""
    length = _frame_size(bytes(data), len(data))
    return None if _is_error(length) else length


def zstd_unpack(frame, size):
    """One whole zstd frame that holds just size bytes; None when it is not."""
    frame = bytes(frame)
    if zstd_frame_size(frame) != len(frame):
        return None
    out = ctypes.create_string_buffer(size or 1)
    got = _unpack(out, size, frame, len(frame))
    return out.raw[:size] if not _is_error(got) and got == size else None


def argon2id(passphrase, salt, memory_kib, passes, lanes):
    library = _library(["libargon2.so.1", "libargon2.so.0"])
    out = ctypes.create_string_buffer(32)
    u32 = ctypes.c_uint32
    function = _declare(
        library, "argon2id_hash_raw", _int, u32, u32, u32,
        ctypes.c_char_p, _size, ctypes.c_char_p, _size, ctypes.c_char_p, _size,
    )
    status = function(passes, memory_kib, lanes, passphrase, len(passphrase), salt, len(salt), out, 32)
    if status != 0:
        raise MemoryError(f"argon2id: status {status}")
    return out.raw
