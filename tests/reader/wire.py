"""Messages: proto3 in its one encoding (FORMAT.md section 1).

A schema is {field number: (name, type)}; a type is "u32", "u64", "bool",
"bytes", "string", another schema, or a list of one of these (repeated).
"""

from primitives import Damaged, need

_SCALARS = ("u32", "u64", "bool")
_LARGEST = {"u32": 2**32 - 1, "u64": 2**64 - 1, "bool": 1}


def _varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def _take_varint(data, at):
    n = shift = 0
    while True:
        need(at < len(data) and shift < 64, "a number is cut short")
        byte = data[at]
        n |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return n, at


def _default(kind):
    if isinstance(kind, list):
        return []
    if isinstance(kind, dict):
        return None
    return {"bytes": b"", "string": ""}.get(kind, 0)


def _pack_one(number, kind, value):
    if kind in _SCALARS:
        return _varint(number << 3) + _varint(int(value))
    if kind == "string":
        value = value.encode()
    elif isinstance(kind, dict):
        value = pack(kind, value)
    return _varint(number << 3 | 2) + _varint(len(value)) + bytes(value)


def pack(schema, message):
    out = b""
    for number in sorted(schema):
        name, kind = schema[number]
        value = message.get(name, _default(kind))
        if isinstance(kind, list):
            out += b"".join(_pack_one(number, kind[0], v) for v in value)
        elif value is not None and (isinstance(kind, dict) or value):
            out += _pack_one(number, kind, value)
    return out


def _unpack_one(kind, wire, data, at):
    value, at = _take_varint(data, at)
    if kind in _SCALARS:
        need(wire == 0 and value <= _LARGEST[kind], "a number of another type")
        return value, at
    need(wire == 2 and value <= len(data) - at, "bytes are cut short")
    part = data[at : at + value]
    if kind == "string":
        try:
            return part.decode(), at + value
        except UnicodeDecodeError as error:
            raise Damaged("text is not UTF-8") from error
    if isinstance(kind, dict):
        return _unpack(kind, part), at + value
    return part, at + value


def _unpack(schema, data):
    message = {name: _default(kind) for name, kind in schema.values()}
    at = 0
    while at < len(data):
        tag, at = _take_varint(data, at)
        need(tag >> 3 in schema, f"field {tag >> 3} is unknown")
        name, kind = schema[tag >> 3]
        one = kind[0] if isinstance(kind, list) else kind
        value, at = _unpack_one(one, tag & 7, data, at)
        if isinstance(kind, list):
            message[name].append(value)
        else:
            message[name] = value
    return message


def unpack(schema, data, what):
    """What data says; Damaged when it is not the one encoding of that."""
    data = bytes(data)
    try:
        message = _unpack(schema, data)
        need(pack(schema, message) == data, "not the one encoding")
        if "version" in message:
            need(message["version"] == 1, f"version {message['version']}")
    except Damaged as error:
        raise Damaged(f"{what}: {error}") from error
    return message


def check_plain_text(text, most, what, least=0):
    need(least <= len(text.encode()) <= most, f"{what}: size")
    need(not any(c < " " or "\x7f" <= c <= "\x9f" for c in text), f"{what}: control characters")
