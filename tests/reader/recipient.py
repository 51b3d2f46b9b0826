#!/usr/bin/env python3
"""recipient.py BUNDLE KEY LANES: what somebody with whom one content was
shared can do with the slices of the whole vault, if they fall into his hands.
Prints how many chunks the lanes have, and of how many a key of the bundle
opens a stripe."""

import os
import sys

from engine import Engine
from keyring import key_file_open
from primitives import Damaged
from stream import stream_open
from stripe import slice_of, stripe_open


def keys_of(bundle, content):
    """{chunk id: keys} of all that the content key leads to."""
    found = {}

    class Noting(type(bundle)):
        def chunk(self, identity, key, epoch):
            found.setdefault(identity, []).append(key)
            return super().chunk(identity, key, epoch)

    bundle.__class__ = Noting
    for part in ("data", "meta"):
        for _ in bundle.read(content, part):
            pass
    return found


def main():
    path, key_file, lanes = sys.argv[1:]
    with open(key_file, encoding="utf-8") as file:
        bundle = stream_open(path, key_file_open(file.read()))
    keys = {}
    for content in bundle.contents():
        keys.update(keys_of(bundle, content))
    stripes, opened = {}, set()
    for number in sorted(os.listdir(lanes)):
        for key, value in Engine(os.path.join(lanes, number)).items():
            stripes.setdefault(key[:48], {})[key[48]] = slice_of(key, value)
    for stripe_id, slices in stripes.items():
        for key in keys.get(stripe_id[:32], []):
            try:
                stripe_open(slices, key)
                opened.add(stripe_id[:32])
            except Damaged:
                pass
    print(len({stripe_id[:32] for stripe_id in stripes}), len(opened))


if __name__ == "__main__":
    main()
