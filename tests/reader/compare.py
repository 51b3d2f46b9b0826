#!/usr/bin/env python3
"""compare.py LISTED READ: what `ouroboros ls --json` tells of a store is what
the reader's `list` does. Prints the versions of it, a line each."""

import datetime
import json
import sys


def documents(path):
    """The JSON documents of a file, a line each."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def milliseconds(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)


def main():
    listed, read = documents(sys.argv[1])[0]["items"], documents(sys.argv[2])
    theirs = sorted(
        (d["namespace"], d["content"], d["version"], d["bytes"], d["chunks"], milliseconds(d["saved_at"]))
        for d in listed
    )
    ours = sorted(
        (d["namespace"], d["content"], d["version"], d["bytes"], d["chunks"], d["saved_ms"]) for d in read
    )
    names = {d["version"]: d["path"] for d in read if d["namespace"] == "blobs"}
    wrong = [d for d in listed if names.get(d["version"], d["name"]) != d["name"]]
    if ours != theirs or wrong or not ours:
        print("program:", *theirs, sep="\n  ", file=sys.stderr)
        print("reader:", *ours, sep="\n  ", file=sys.stderr)
        sys.exit(1)
    for document in read:
        for version in document["versions"]:
            print(version)


if __name__ == "__main__":
    main()
