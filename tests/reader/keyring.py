"""Small files, key files, recovery keys, the keyring (FORMAT.md sections 3 to 5)."""

import base64
import json
import os
import struct

from mlkem import PUBLIC_SIZE, Pair, x25519
from primitives import Damaged, WrongKey, argon2id, equal, gcm_open, hkdf, hmac, key_unwrap, need, sha256
from wire import check_plain_text, pack, unpack

FILE_STORE, FILE_KEYRING = 1, 2
FRAME_MOST = {FILE_STORE: 2 << 20, FILE_KEYRING: 64 << 20}

WRAPPED_KEY = {1: ("epoch", "u32"), 2: ("wrapped", "bytes")}
MEMBER = {
    1: ("public_key", "bytes"),
    2: ("label", "string"),
    3: ("kind", "u32"),
    4: ("added_ms", "u64"),
    5: ("keys", [WRAPPED_KEY]),
}
EPOCH = {1: ("number", "u32"), 2: ("created_ms", "u64")}
KEYRING = {
    1: ("version", "u32"),
    2: ("vault_id", "bytes"),
    3: ("epochs", [EPOCH]),
    4: ("members", [MEMBER]),
    5: ("mac", "bytes"),
}
LANE = {1: ("number", "u32"), 2: ("path", "string")}
STORE_FILE = {
    1: ("version", "u32"),
    2: ("vault_id", "bytes"),
    3: ("joined", "u64"),
    4: ("node", "string"),
    5: ("segment_size", "u64"),
    6: ("k", "u32"),
    7: ("m", "u32"),
    8: ("level", "u32"),
    9: ("lanes", [LANE]),
    10: ("data_paths", ["string"]),
    11: ("mac", "bytes"),
}


def frame_open(data, kind):
    need(len(data) >= 48 and data[:8] == b"OUROFILE", "no frame")
    found, size = struct.unpack_from("<II", data, 8)
    need(found == kind and size <= FRAME_MOST[kind] and len(data) == 48 + size, "frame")
    need(sha256(data[: 16 + size]) == data[16 + size :], "frame: hash")
    return data[16 : 16 + size]


def from_either(directory, name, kind, open_content):
    """What open_content makes of the content of the first good file."""
    last = Damaged(f"{name}: there is none")
    for file in (name, name + ".copy"):
        try:
            with open(os.path.join(directory, file), "rb") as stream:
                data = stream.read()
            return open_content(frame_open(data, kind))
        except FileNotFoundError:
            pass
        except Damaged as error:
            last = Damaged(f"{file}: {error}")
    raise last


class MemberKey:
    """A member's private key, from its seed of 96 bytes."""

    def __init__(self, seed):
        need(len(seed) == 96, "seed")
        self.kem, self.x = Pair(seed[:64]), seed[64:]
        self.public = self.kem.public + x25519(self.x)

    def unwrap(self, wrapped, purpose=None):
        """The 32 bytes that were wrapped for this member, or for a purpose."""
        need(len(wrapped) == 1640, "wrapped key")
        from_x = x25519(self.x, wrapped[1568:1600])
        need(from_x != bytes(32), "X25519: zeros")
        secret = self.kem.decapsulate(wrapped[:1568]) + from_x
        info = b"ouroboros hybrid kem 1" + wrapped[:1600] + self.public
        wrapping = hkdf(secret, info)
        if purpose:
            wrapping = hkdf(wrapping, purpose)
        key = key_unwrap(wrapping, wrapped[1600:])
        if key is None:
            raise WrongKey("a wrapped key does not open")
        return key


# ---- key files and recovery keys ---------------------------------------------
def _no_doubles(pairs):
    members = dict(pairs)
    need(len(members) == len(pairs), "key file: a member twice")
    return members


def _bytes(members, name, size):
    text = members.pop(name, None)
    need(isinstance(text, str), f"key file: {name}")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Damaged(f"key file: {name}") from error
    need(len(data) == size and base64.b64encode(data).decode() == text, f"key file: {name}")
    return data


def _number(members, name, least, most):
    n = members.pop(name, None)
    need(type(n) is int and least <= n <= most, f"key file: {name}")
    return n


def _sealed_seed(members, public, passphrase):
    kdf = members.pop("kdf")
    need(isinstance(kdf, dict) and kdf.pop("name", None) == "argon2id", "key file: kdf")
    lanes = _number(kdf, "lanes", 1, 64)
    memory = _number(kdf, "memory_kib", 8 * lanes, 1 << 20)
    passes = _number(kdf, "passes", 1, 64)
    salt = _bytes(kdf, "salt", 16)
    need(not kdf, "key file: kdf")
    nonce, sealed = _bytes(members, "nonce", 12), _bytes(members, "sealed_seed", 96)
    tag = _bytes(members, "tag", 16)
    if passphrase is None:
        raise WrongKey("the key file wants a passphrase")
    key = argon2id(passphrase, salt, memory, passes, lanes)
    seed = gcm_open(key, nonce, public, sealed, tag)
    if seed is None:
        raise WrongKey("the passphrase does not open the key file")
    return seed


def key_file_open(text, passphrase=None):
    need(len(text) <= 64 << 10, "key file: size")
    try:
        members = json.loads(text, object_pairs_hook=_no_doubles)
    except ValueError as error:
        raise Damaged("key file: not JSON") from error
    need(isinstance(members, dict), "key file")
    need(members.pop("format", None) == "ouroboros-member-key", "key file: format")
    _number(members, "version", 1, 1)
    public = _bytes(members, "public_key", PUBLIC_SIZE + 32)
    if "kdf" in members:
        seed = _sealed_seed(members, public, passphrase)
    else:
        seed = _bytes(members, "seed", 96)
    need(not members, "key file: unknown members")
    key = MemberKey(seed)
    need(key.public == public, "key file: the public key is another's")
    return key


_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def recovery_key_open(text):
    """The 32 bytes of a printed recovery key."""
    text = "".join(text.replace("-", "").split()).upper()
    text = text.replace("O", "0").replace("I", "1").replace("L", "1")
    need(text.startswith("0UR01") and len(text) == 60, "recovery key")
    need(all(c in _DIGITS for c in text[5:]), "recovery key")
    bits = 0
    for c in text[5:]:
        bits = bits << 5 | _DIGITS.index(c)
    need(bits & 7 == 0, "recovery key")
    data = (bits >> 3).to_bytes(34, "big")
    need(sha256(data[:32])[:2] == data[32:], "recovery key: a typing error")
    return data[:32]


def recovery_member(key):
    return MemberKey(hkdf(key, b"ouroboros recovery key 1", size=96))


# ---- the keyring and the store file --------------------------------------------
class Keys:
    """The id key and the epoch keys of a vault."""

    def __init__(self, id_key, epochs):
        self.id_key, self.epochs = id_key, epochs

    def engine_key(self):
        return hkdf(self.id_key, b"ouroboros engine 1")

    def of(self, epoch, label, identity):
        need(epoch in self.epochs, f"there is no epoch {epoch}")
        return hkdf(self.epochs[epoch], f"ouroboros {label} 1".encode() + identity)

    def make_id(self, label, *parts):
        return hmac(self.id_key, f"ouroboros {label} 1".encode() + b"".join(parts))


def _check_member(member, epochs):
    need(len(member["public_key"]) == PUBLIC_SIZE + 32 and member["kind"] in (1, 2), "keyring: member")
    check_plain_text(member["label"], 128, "keyring: label")
    need(len(member["keys"]) == epochs, "keyring: keys of a member")
    for number, wrapped in enumerate(member["keys"]):
        need(wrapped["epoch"] == number and len(wrapped["wrapped"]) == 1640, "keyring: wrapped key")


def keyring_check(content):
    ring = unpack(KEYRING, content, "keyring")
    epochs, members = ring["epochs"], ring["members"]
    need(len(ring["vault_id"]) == 16 and len(ring["mac"]) == 32, "keyring: sizes")
    need(2 <= len(epochs) <= 65537, "keyring: epochs")
    need([e["number"] for e in epochs] == list(range(len(epochs))), "keyring: epochs")
    need(1 <= len(members) <= 1024, "keyring: members")
    publics = [m["public_key"] for m in members]
    need(publics == sorted(set(publics)), "keyring: order of members")
    for member in members:
        _check_member(member, len(epochs))
    return ring


def _authentic(message, schema, key):
    return equal(message["mac"], hmac(key, pack(schema, {**message, "mac": b""})))


def keyring_open(content, member_key):
    """(Keys, vault id) for a member."""
    ring = keyring_check(content)
    mine = [m for m in ring["members"] if m["public_key"] == member_key.public]
    if not mine:
        raise WrongKey("the key is no member's")
    wrapped = [w["wrapped"] for w in mine[0]["keys"]]
    id_key = member_key.unwrap(wrapped[0])
    need(_authentic(ring, KEYRING, hkdf(id_key, b"ouroboros keyring 1")), "keyring: not authentic")
    epochs = {n: member_key.unwrap(w) for n, w in enumerate(wrapped) if n}
    return Keys(id_key, epochs), ring["vault_id"]


def _lane_paths(store):
    """The only paths that lanes may have: by number."""
    homes = ["lanes"] + [os.path.join(p, store["vault_id"].hex()) for p in store["data_paths"]]
    for n in range(len(store["lanes"])):
        yield n, f"{homes[n % len(homes)]}/{n:02d}"


def store_file_open(content, keys, vault_id=None):
    store = unpack(STORE_FILE, content, "store file")
    key = hkdf(keys.id_key, b"ouroboros store file 1")
    need(_authentic(store, STORE_FILE, key), "store file: not authentic")
    need(vault_id is None or store["vault_id"] == vault_id, "store file: of another vault")
    check_plain_text(store["node"], 128, "store file: node")
    need(store["segment_size"] >= 4096 and store["level"] <= 19, "store file: limits")
    need(store["k"] >= 1 and store["k"] + store["m"] <= 255, "store file: k, m")
    need(1 <= len(store["lanes"]) <= 255 and len(store["data_paths"]) <= 128, "store file: lanes")
    need(all(p.startswith("/") for p in store["data_paths"]), "store file: data paths")
    there = [(lane["number"], lane["path"]) for lane in store["lanes"]]
    need(there == list(_lane_paths(store)), "store file: paths of lanes")
    return store
