#!/usr/bin/env python3
"""What programs that were linked with the library rely on, and its record.

    scripts/abi.py check LIBRARY     compares with abi/, and tells what differs
    scripts/abi.py record LIBRARY    makes the record anew
    scripts/abi.py layout            prints what the compiler lays out

abi/libouroboros.symbols: each function of the header, and the version of its
symbol in the shared library, which must have every one of them.
abi/libouroboros.layout: sizes and offsets of the public structs, values of
enumerations and constants, types of functions.

A line that is new is an addition: record it. A line that is gone or changed
breaks programs: that needs another soname. $CC is the compiler (cc).
"""
import difflib
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import header
from generated import TOP

SYMBOLS = TOP / "abi" / "libouroboros.symbols"
LAYOUT = TOP / "abi" / "libouroboros.layout"


def exported(library: str) -> dict[str, str]:
    lines = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    names = {}
    for line in lines:
        name, _, version = line.split()[-1].replace("@@", "@").partition("@")
        if not line.split()[-2] == "A":  # the version's own
            names[name] = version
    return names


def symbols(library: str, known: header.Header) -> str:
    """One line for each function that is declared or exported."""
    there = exported(library)
    declared = {d.name for d in known.all("function")}
    lines = []
    for name in sorted(declared | set(there)):
        what = there.get(name, "missing in the library") or "without a version"
        if name not in declared:
            what += ", not in the header"
        lines.append(f"{name} {what}\n")
    return "".join(lines)


def spelled(t: header.Type) -> str:
    const = " const" if t.const else ""
    if t.kind == "base":
        return t.name + const
    assert t.of is not None
    if t.kind == "pointer":
        return f"{spelled(t.of)} *{const.strip()}"
    if t.kind == "array":
        return f"{spelled(t.of)}[{t.count}]"
    return f"{spelled(t.of)} ({', '.join(spelled(p.type) for p in t.parameters)})"


def program(known: header.Header) -> str:
    lines = ["#include <ouroboros.h>", "#include <stdio.h>", "int main(void) {",
             'printf("bits of a long %zu\\n", sizeof(long) * 8);']
    for d in known.all("macro"):
        lines.append(f'printf("constant {d.name} %lld\\n", (long long)({d.name}));')
    for d in known.all("enum"):
        lines.append(f'printf("enum {d.name} size %zu\\n", sizeof(enum {d.name}));')
        for name, _ in d.values:
            lines.append(f'printf("value {name} %lld\\n", (long long){name});')
    for d in known.all("struct"):
        lines.append(f'printf("struct {d.name} size %zu align %zu\\n", '
                     f"sizeof(struct {d.name}), _Alignof(struct {d.name}));")
        for f in d.fields:
            lines.append(f'printf("field {d.name}.{f.name} offset %zu size %zu: {spelled(f.type)}\\n", '
                         f"offsetof(struct {d.name}, {f.name}), "
                         f"sizeof(((struct {d.name} *)0)->{f.name}));")
    return "\n".join(lines) + "\nreturn 0;\n}\n"


def layout(known: header.Header) -> str:
    compiler = shlex.split(os.environ.get("CC", "cc"))
    with tempfile.TemporaryDirectory() as work:
        binary = str(Path(work) / "layout")
        subprocess.run([*compiler, "-std=c17", f"-I{header.HEADER.parent}", "-x", "c", "-",
                        "-o", binary], input=program(known), text=True, check=True)
        text = subprocess.run([binary], check=True, capture_output=True, text=True).stdout
    for d in known.all("function", "callback"):
        assert d.type is not None
        text += f"{d.kind} {d.name}: {spelled(d.type)}\n"
    return text


def differences(path: Path, now: str) -> list[str]:
    recorded = path.read_text().splitlines() if path.exists() else []
    return [line for line in difflib.unified_diff(recorded, now.splitlines(), n=0, lineterm="")
            if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def check(library: str, known: header.Header) -> int:
    wrong = [line for line in symbols(library, known).splitlines() if line.count(" ") > 1]
    if wrong:
        print("\n".join(wrong))
        return 1
    found = differences(SYMBOLS, symbols(library, known)) + differences(LAYOUT, layout(known))
    for line in found:
        print(line)
    if any(line.startswith("-") for line in found):
        print("What begins with - was promised and is so no more: programs that exist break.")
    elif found:
        print("New, and not recorded yet: make abi-record")
    return 1 if found else 0


def main() -> int:
    known = header.read()
    match sys.argv[1:]:
        case ["check", library]:
            return check(library, known)
        case ["record", library]:
            SYMBOLS.parent.mkdir(exist_ok=True)
            SYMBOLS.write_text(symbols(library, known))
            LAYOUT.write_text(layout(known))
        case ["layout"]:
            print(layout(known), end="")
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


sys.exit(main())
