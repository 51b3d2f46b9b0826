#!/usr/bin/env python3
"""Reads a store of OuroborosDB by docs/FORMAT.md alone.

    reader.py [--key FILE] [--recovery KEY] DIR list
    reader.py [...] DIR get HASH|NAME      bytes to stdout
    reader.py [...] DIR log NAME           its versions, newest first
    reader.py [...] DIR info HASH          a content: JSON
    reader.py [...] DIR check              reads everything
    reader.py DIR contents                 of all contents what info tells
    reader.py DIR slices                   what the lanes show without a key

DIR may also be a file: an exported stream, or a bundle (contents, info, get).

With --keyring OTHER the keys come from the keyring of another directory, as
somebody may have who was a member once. A passphrase comes from $OUROBOROS_PASSPHRASE. Nothing is written. What it
reads and what it leaves out: README.md beside it.
"""

import argparse
import base64
import hashlib
import json
import os
import sys
import time

from engine import Engine
from keyring import key_file_open, recovery_key_open, recovery_member
from primitives import Damaged, WrongKey
from stream import stream_open
from stripe import slice_of
from vault import Store, heads, text_of


def member_key(options):
    if options.recovery:
        return recovery_member(recovery_key_open(options.recovery))
    path = options.key or os.path.join(options.dir, "member.key")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    passphrase = os.environ.get("OUROBOROS_PASSPHRASE")
    return key_file_open(text, passphrase.encode() if passphrase else None)


def say(document):
    print(json.dumps(document, ensure_ascii=False))


def time_text(ms):
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000))
    return f"{seconds}.{ms % 1000:03d}Z"


def newest_first(versions):
    return sorted(versions, key=lambda v: v.order())


def command_list(store, _):
    now = int(time.time() * 1000)
    for (namespace, path), versions in sorted(store.versions().items()):
        if namespace not in ("objects", "blobs"):
            continue
        winner = heads(versions)[0]
        if not winner.alive(now):
            continue
        content = store.content(winner.target)
        say({
            "namespace": namespace,
            "path": path,
            "content": text_of(content.id),
            "version": text_of(winner.id),
            "bytes": content.size,
            "chunks": store.entry_count(content),
            "saved_ms": winner.stamp >> 16,
            "heads": [text_of(v.id) for v in heads(versions)],
            "versions": [text_of(v.id) for v in newest_first(versions)],
        })


def version_document(version, found):
    r = version.record
    return {
        "version": text_of(version.id),
        "content": text_of(version.target) if version.target else None,
        "head": version in found,
        "winner": version is found[0],
        "saved_ms": version.stamp >> 16,
        "expires_ms": version.expires,
        "previous": [text_of(p) for p in r["previous"]],
        "writer": r["writer"],
        "owner": r["owner"],
        "mode": r["mode"],
    }


def command_log(store, words):
    versions = store.versions().get(("blobs", words[0]))
    if not versions:
        raise Damaged(f"there is no name {words[0]}")
    found = heads(versions)
    for version in newest_first(versions):
        say(version_document(version, found))


def target(store, word):
    """The content that a hash (of content or version) or a name means."""
    try:
        identity = base64.b64decode(word, validate=True)
    except ValueError:
        identity = b""
    versions = [v for found in store.versions().values() for v in found]
    for version in versions:
        if version.id == identity:
            return store.content(version.target)
    if len(identity) == 32:
        return store.content(identity)
    named = [v for v in versions if v.name == ("blobs", word)]
    if not named:
        raise Damaged(f"there is no {word}")
    return store.content(heads(named)[0].target)


def command_get(store, words):
    for part in store.read(target(store, words[0])):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def digest_of(parts):
    h = hashlib.sha256()
    for part in parts:
        h.update(part)
    return h.hexdigest()


def content_document(store, content):
    return {
        "content": text_of(content.id),
        "parent": text_of(content.parent) if content.parent else None,
        "type": content.type,
        "bytes": content.size,
        "meta_size": content.body["meta_size"],
        "chunks": store.entry_count(content),
        "k": content.record["k"],
        "epoch": content.record["epoch"],
        "sha256": digest_of(store.read(content)),
        "meta_sha256": digest_of(store.read(content, "meta")),
    }


def command_info(store, words):
    say(content_document(store, target(store, words[0])))


def command_contents(store, _):
    for content in store.contents():
        say(content_document(store, content))


def command_check(store, _):
    contents = store.contents()
    for content in contents:
        document = content_document(store, content)
        if document["chunks"] != content.body["chunks"]:
            raise Damaged(f"content {document['content']}: number of chunks")
    store.check_context()
    names = store.versions()
    say({
        "contents": len(contents),
        "versions": sum(len(v) for v in names.values()),
        "damage": store.damage(),
        "slices_bad": store.slice_faults,
        "rebuilt": store.rebuilt,
    })


def command_slices(directory):
    """A line for each slice below a directory of lanes."""
    for number in sorted(os.listdir(directory)):
        for key, value in Engine(os.path.join(directory, number)).items():
            found = slice_of(key, value)
            say({
                "lane": number,
                "chunk": text_of(key[:32]),
                "index": found.index,
                "k": found.k,
                "slices": len(found.descriptor["slice_hash"]),
                "epoch": found.descriptor["epoch"],
                "sealed_size": found.descriptor["sealed_size"],
                "sha256": hashlib.sha256(found.data).hexdigest(),
            })


COMMANDS = {
    "list": command_list,
    "log": command_log,
    "get": command_get,
    "info": command_info,
    "contents": command_contents,
    "check": command_check,
}


def open_any(options):
    if os.path.isfile(options.dir):
        return stream_open(options.dir, member_key(options))
    return Store(options.dir, member_key(options), options.keyring)


def main():
    parser = argparse.ArgumentParser(description="reads a store by docs/FORMAT.md alone")
    parser.add_argument("--key")
    parser.add_argument("--recovery")
    parser.add_argument("--keyring")
    parser.add_argument("dir")
    parser.add_argument("command", choices=[*COMMANDS, "slices"])
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    try:
        if options.command == "slices":
            command_slices(options.dir)
            return
        store = open_any(options)
        COMMANDS[options.command](store, options.words)
    except (Damaged, WrongKey) as error:
        print(f"reader: {error}", file=sys.stderr)
        sys.exit(4)


if __name__ == "__main__":
    main()
