#!/usr/bin/env python3
"""logs.py PROGRAM [SEED [COUNT]]: damages plain engine directories at random;
what PROGRAM still answers of them is what the reader reads."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

from engine import Engine

KEYS = [f"key{n}" for n in range(40)]


def shell(program, directory, lines, *options):
    command = [program, "shell", directory, "--json", "--quiet", *options]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def write(program, directory, draw):
    """Some sessions, each a segment at least now and then."""
    for session in range(draw.randint(1, 3)):
        lines = []
        for n in range(draw.randint(1, 60)):
            key = draw.choice(KEYS)
            value = f"{session}.{n}." + "v" * draw.choice((0, 5, 300))
            lines.append(f"delete {key}" if draw.random() < 0.3 else f"set {key} {value}")
        if draw.random() < 0.5:
            lines.append("compact")
        shell(program, directory, lines)


def damage(directory, draw):
    """One thing, in one segment."""
    files = sorted(f for f in os.listdir(directory) if f.startswith("segment-"))
    if not files:
        return "nothing"
    path = os.path.join(directory, draw.choice(files))
    size = os.path.getsize(path)
    kind = draw.choice(("flip", "cut", "zeros", "garbage", "remove", "none"))
    if kind == "remove":
        os.unlink(path)
    elif kind == "garbage":
        with open(path, "ab") as file:
            file.write(draw.randbytes(draw.randint(1, 100)))
    elif kind == "cut":
        os.truncate(path, draw.randrange(size))
    elif kind != "none":
        at = draw.randrange(size)
        with open(path, "r+b") as file:
            file.seek(at)
            old = file.read(1 if kind == "flip" else 30)
            file.seek(at)
            file.write(bytes([old[0] ^ 1 << draw.randrange(8)]) if kind == "flip" else bytes(len(old)))
    for file in os.listdir(directory):
        if file.startswith("index-") or file == "INDEX":
            os.unlink(os.path.join(directory, file))
    return f"{kind} {os.path.basename(path)}"


def compare(program, directory):
    """(keys answered, keys damaged), or an error."""
    answers = shell(program, directory, [f"get {key}" for key in KEYS], "--read-only")
    engine = Engine(directory)
    answered = damaged = 0
    for key, answer in zip(KEYS, answers, strict=True):
        read = engine.get(key.encode())
        read = read.decode() if read is not None else None
        if answer.get("code") == "DAMAGED":
            damaged += 1
            assert engine.damage, f"{key}: the program tells of damage"
            continue
        assert answer.get("code", "NOT_FOUND") == "NOT_FOUND", answer
        assert read == answer.get("value"), f"{key}: {read} is not {answer.get('value')}; {engine.damage}"
        answered += answer.get("value") is not None
    return answered, damaged


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    answered = damaged = 0
    for n in range(int(sys.argv[3]) if len(sys.argv) > 3 else 60):
        draw = random.Random(seed + n)
        with tempfile.TemporaryDirectory() as top:
            directory, whole = os.path.join(top, "store"), os.path.join(top, "whole")
            write(program, directory, draw)
            shutil.copytree(directory, whole)
            compare(program, whole)
            what = damage(directory, draw)
            try:
                got = compare(program, directory)
            except AssertionError as error:
                print(f"seed {seed + n}: {what}: {error}")
                sys.exit(1)
            answered, damaged = answered + got[0], damaged + got[1]
    print(f"from seed {seed} on: {answered} values alike, {damaged} damaged")
    sys.exit(0 if answered and damaged else 1)


if __name__ == "__main__":
    main()
