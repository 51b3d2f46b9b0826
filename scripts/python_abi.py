#!/usr/bin/env python3
"""Makes the module of the Python binding that mirrors the header.

    scripts/python_abi.py [--check]

Constants, enumerations, structs, types of callbacks and functions, as ctypes.
What is convenient is written by hand above it.
"""
import os.path
import sys

import header
from generated import finish

MODULE = "bindings/python/ouroboros/_abi.py"

PLAIN = {"int": "c_int", "unsigned": "c_uint", "uint8_t": "c_uint8", "uint32_t": "c_uint32",
         "uint64_t": "c_uint64", "size_t": "c_size_t", "bool": "c_bool", "double": "c_double",
         "char": "c_char"}

HEAD = '''"""The C API of OuroborosDB for ctypes.

Made from include/ouroboros.h by scripts/python_abi.py: do not edit.
"""
from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_int,
                    c_size_t, c_uint, c_uint8, c_uint32, c_uint64, c_void_p)
from enum import IntEnum
from typing import Any

'''


def is_text(t: header.Type) -> bool:
    return t.kind == "base" and t.name == "char"


def is_byte(t: header.Type) -> bool:
    return t.kind == "base" and t.name == "uint8_t"


class Writer:
    def __init__(self, known: header.Header):
        self.known = known
        self.callbacks = {d.name for d in known.all("callback")}

    def pointer(self, to: header.Type, argument: bool) -> str:
        if to.kind == "base" and to.name == "void":
            return "c_void_p"
        if to.kind == "function":
            return self.function(to)
        if to.kind == "base" and to.name in self.callbacks:
            return to.name
        if is_text(to) and (to.const or not argument):
            return "c_char_p"
        # bytes may be given where an id is read.
        if is_byte(to) and to.const and argument:
            return "c_char_p"
        return f"POINTER({self.type(to, False)})"

    def type(self, t: header.Type, argument: bool) -> str:
        """argument: of a function that Python calls."""
        if t.kind == "pointer":
            return self.pointer(t.of, argument)
        if t.kind == "array":
            return f"{self.type(t.of, False)} * ({t.count})"
        if t.name.startswith("struct "):
            return t.name.removeprefix("struct ")
        if t.name.startswith("enum "):
            return "c_int"
        return PLAIN[t.name]

    def parameter(self, t: header.Type, argument: bool) -> str:
        """An array that is a parameter is a pointer."""
        if t.kind == "array":
            t = header.Type("pointer", of=t.of)
        return self.type(t, argument)

    def result(self, t: header.Type) -> str:
        return "None" if t.kind == "base" and t.name == "void" else self.type(t, False)

    def function(self, t: header.Type) -> str:
        types = [self.result(t.of)] + [self.parameter(p.type, False) for p in t.parameters]
        return f"CFUNCTYPE({', '.join(types)})"

    def constants(self) -> str:
        return "".join(f"{d.name} = {d.value.replace('u', '')}\n" for d in self.known.all("macro"))

    def enumerations(self) -> str:
        text = ""
        for d in self.known.all("enum"):
            common = os.path.commonprefix([name for name, _ in d.values])
            common = common[:common.rindex("_") + 1]
            name = "".join(w.capitalize() for w in d.name.removeprefix("ouro_").split("_"))
            text += f"\n\nclass {name}(IntEnum):\n"
            for value, number in d.values:
                text += f"    {value.removeprefix(common)} = {number}\n"
        return text

    def structs(self) -> str:
        text = ""
        for d in self.known.all("opaque", "struct"):
            text += f"\n\nclass {d.name}(Structure):\n    pass\n"
        return text

    def fields(self) -> str:
        text = ""
        for d in self.known.all("struct"):
            text += f"\n{d.name}._fields_ = [\n"
            for f in d.fields:
                text += f'    ("{f.name}", {self.type(f.type, False)}),\n'
            text += "]\n"
        return text

    def types_of_callbacks(self) -> str:
        return "".join(f"{d.name} = {self.function(d.type)}\n"
                       for d in self.known.all("callback"))

    def functions(self) -> str:
        text = "# name: (result, arguments)\nFUNCTIONS: dict[str, tuple[Any, list[Any]]] = {\n"
        for d in self.known.all("function"):
            types = ", ".join(self.parameter(p.type, True) for p in d.type.parameters)
            text += f'    "{d.name}": ({self.result(d.type.of)}, [{types}]),\n'
        return text + "}\n"

    def module(self) -> str:
        return (HEAD + self.constants() + self.enumerations() + self.structs() + "\n\n"
                + self.types_of_callbacks() + self.fields() + "\n" + self.functions())


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print(__doc__, file=sys.stderr)
        return 2
    return finish({MODULE: Writer(header.read()).module()}, check, "make reference")


sys.exit(main())
