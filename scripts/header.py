"""Reads include/ouroboros.h: sections, contracts, declarations with their types.

The header keeps to one style, and this reads no more than that style: block
comments, one declaration a statement, no macros with parameters. What it does
not understand it refuses, so that nothing is left out unnoticed.
"""
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

HEADER = Path(__file__).resolve().parent.parent / "include" / "ouroboros.h"


# ---- types ------------------------------------------------------------------
@dataclass
class Type:
    """base, pointer, array or function."""

    kind: str
    name: str = ""  # base: "uint64_t", "struct ouro_info", "ouro_progress"
    const: bool = False
    of: Optional["Type"] = None  # pointer, array: to what; function: returns
    count: str = ""  # array: an expression
    parameters: list["Parameter"] = field(default_factory=list)


@dataclass
class Parameter:
    name: str
    type: Type


class Declarator:
    """A recursive descent through the tokens of one declaration."""

    def __init__(self, tokens: list[str]):
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if token == "" or (expected and token != expected):
            raise ValueError(f"{' '.join(self.tokens)}: {expected} expected at {self.at}")
        self.at += 1
        return token

    def base(self) -> Type:
        const, words = False, []
        while re.fullmatch(r"\w+", self.peek()):
            word = self.peek()
            if word == "const":
                const = True
            elif word in ("struct", "enum"):
                self.take()
                words.append(f"{word} {self.peek()}")
            elif words:
                break
            else:
                words.append(word)
            self.take()
        return Type("base", words[0], const)

    def declarator(self, base: Type) -> Parameter:
        """What stands between the base type and a comma or the end."""
        while self.peek() == "*":
            self.take()
            base = Type("pointer", of=base)
            if self.peek() == "const":
                self.take()
                base.const = True
        if self.peek() == "(" and self.tokens[self.at + 1] == "*":
            self.take()
            hole = Type("hole")
            inner = self.declarator(hole)
            self.take(")")
            outer = self.suffix(base)
            hole.__dict__.update(outer.__dict__)
            return inner
        name = self.take() if re.fullmatch(r"\w+", self.peek()) else ""
        return Parameter(name, self.suffix(base))

    def suffix(self, base: Type) -> Type:
        if self.peek() == "[":
            self.take()
            count = []
            while self.peek() != "]":
                count.append(self.take())
            self.take()
            return Type("array", of=self.suffix(base), count=" ".join(count))
        if self.peek() == "(":
            self.take()
            return Type("function", of=base, parameters=self.parameters())
        return base

    def parameters(self) -> list[Parameter]:
        found = []
        while self.peek() != ")":
            found.append(self.declarator(self.base()))
            if self.peek() == ",":
                self.take()
            elif self.peek() == "...":
                raise ValueError("a call with open arguments")
        self.take()
        if len(found) == 1 and found[0].type.name == "void" and found[0].type.kind == "base":
            return []
        return found


def tokens_of(text: str) -> list[str]:
    return re.findall(r"\w+|\.\.\.|[^\s\w]", strip_comments(text))


def declared(text: str) -> list[Parameter]:
    """`unsigned k, m` -> two."""
    parser = Declarator(tokens_of(text))
    base = parser.base()
    found = [parser.declarator(base)]
    while parser.peek() == ",":
        parser.take()
        found.append(parser.declarator(base))
    if parser.peek():
        raise ValueError(f"{text!r}: '{parser.peek()}' is too much")
    return found


# ---- declarations ------------------------------------------------------------
@dataclass
class Declaration:
    kind: str  # function, struct, opaque, enum, callback, macro
    name: str
    text: str  # as it stands in the header
    type: Optional[Type] = None  # function, callback
    fields: list[Parameter] = field(default_factory=list)  # struct
    values: list[tuple[str, str]] = field(default_factory=list)  # enum
    value: str = ""  # macro
    remark: str = ""  # a comment behind it on its line


@dataclass
class Entry:
    """A contract and the declarations below it, up to an empty line or the
    next contract. Without declarations it speaks of the section."""

    contract: list[str]
    declarations: list[Declaration]


@dataclass
class Section:
    title: str
    entries: list[Entry]


def strip_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def contract_lines(comment: str) -> list[str]:
    """The text of a comment; what is indented beyond it stays so."""
    lines = []
    for line in comment[2:-2].split("\n"):
        line = re.sub(r"^\s*\* ?", "", line.expandtabs(8)) if lines or line.strip() == "" \
            or line.lstrip().startswith("*") else line.strip()
        lines.append(line.rstrip())
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def declaration_of(text: str) -> Declaration:
    bare = strip_comments(text).strip()
    bare = bare[:-1].strip() if bare.endswith(";") else bare
    match = re.match(r"(struct|enum)\s+(\w+)\s*\{(.*)\}\s*$", bare, re.S)
    if match and match[1] == "struct":
        fields = []
        for statement in match[3].split(";"):
            if statement.strip():
                fields += declared(statement)
        return Declaration("struct", match[2], text, fields=fields)
    if match:
        values, following = [], 0
        for item in filter(None, (i.strip() for i in match[3].split(","))):
            name, _, value = (part.strip() for part in item.partition("="))
            values.append((name, value or str(following)))
            following = int(values[-1][1], 0) + 1
        return Declaration("enum", match[2], text, values=values)
    match = re.match(r"struct\s+(\w+)$", bare)
    if match:
        return Declaration("opaque", match[1], text)
    callback = bare.startswith("typedef ")
    found = declared(bare[len("typedef "):] if callback else bare)
    if len(found) != 1 or found[0].type.kind != "function":
        raise ValueError(f"not understood: {text}")
    kind = "callback" if callback else "function"
    return Declaration(kind, found[0].name, text, type=found[0].type)


def statement_end(text: str, at: int) -> int:
    """Behind the semicolon that ends the declaration that begins at `at`."""
    depth = 0
    while at < len(text):
        if text.startswith("/*", at):
            at = text.index("*/", at) + 2
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
        if text[at - 1] == ";" and depth == 0:
            return at
    raise ValueError("a declaration does not end")


SKIPPED = re.compile(r"#(include|ifn?def|endif|pragma)\b|#define OUROBOROS_H\b|extern \"C\"|\}$")


class Reader:
    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self.preface: list[str] = []
        self.sections: list[Section] = []
        self.entry: Optional[Entry] = None

    def add(self, entry: Entry) -> Entry:
        if not self.sections:
            raise ValueError("something stands before the first section")
        self.sections[-1].entries.append(entry)
        self.entry = entry
        return entry

    def comment(self) -> None:
        end = self.text.index("*/", self.at) + 2
        comment = self.text[self.at:end]
        self.at = end
        title = re.match(r"/\* -{4} (.*?) -+ \*/$", comment)
        if title:
            self.sections.append(Section(title[1], []))
            self.entry = None
        elif not self.sections:
            self.preface = contract_lines(comment)
        else:
            self.add(Entry(contract_lines(comment), []))

    def remark(self) -> str:
        """The rest of the line, when it is a comment."""
        match = re.compile(r"[ \t]*(/\*.*?\*/)", re.S).match(self.text, self.at)
        if not match:
            return ""
        self.at = match.end()
        return " ".join(line.strip() for line in contract_lines(match[1]))

    def put(self, declaration: Declaration) -> None:
        entry = self.entry or self.add(Entry([], []))
        declaration.remark = self.remark()
        entry.declarations.append(declaration)

    def define(self, line: str) -> None:
        bare = strip_comments(line)
        match = re.match(r"#define\s+(\w+)\s+(.+?)\s*$", bare)
        if not match:
            raise ValueError(f"not understood: {line}")
        self.at += len(line)
        self.put(Declaration("macro", match[1], line.rstrip(), value=match[2]))

    def step(self) -> None:
        space = re.compile(r"\s*").match(self.text, self.at)
        if space[0].count("\n") > 1:
            self.entry = None
        self.at = space.end()
        if self.at == len(self.text):
            return
        line = self.text[self.at:self.text.find("\n", self.at)]
        if self.text.startswith("/*", self.at):
            self.comment()
        elif SKIPPED.match(line):
            self.at += len(line)
        elif line.startswith("#"):
            self.define(line)
        else:
            end = statement_end(self.text, self.at)
            text = self.text[self.at:end]
            self.at = end
            self.put(declaration_of(text))

    def read(self) -> "Header":
        while self.at < len(self.text):
            self.step()
        return Header(self.preface, self.sections)


@dataclass
class Header:
    preface: list[str]
    sections: list[Section]

    def all(self, *kinds: str) -> list[Declaration]:
        found = [d for s in self.sections for e in s.entries for d in e.declarations
                 if d.kind in kinds]
        complete = {d.name for d in found if d.kind == "struct"}
        return [d for d in found if d.kind != "opaque" or d.name not in complete]


def read(path: Path = HEADER) -> Header:
    return Reader(path.read_text()).read()
