#!/usr/bin/env python3
"""Makes docs/API.md and the manual pages of section 3 out of ouroboros.h.

    scripts/reference.py [--check]

The header is the manual; here it is only set for reading. Each page of section
3 has the sections of the header named in PAGES, and as its example a program
of examples/ that `make check` builds and runs.
"""
import re
import sys
from dataclasses import dataclass, field

import header
from generated import TOP, finish


@dataclass
class Page:
    name: str
    summary: str
    sections: list[str]
    example: str = ""


PAGES = [
    Page("ouroboros-api", "statuses, errors and conventions of libouroboros",
         ["statuses", "common"]),
    Page("ouroboros-store", "an embedded, ordered, durable map from bytes to bytes",
         ["a store", "a store: reading", "a store: writing", "a store: care"], "store"),
    Page("ouroboros-vault", "opening a vault; hashes and names",
         ["a vault", "hashes"]),
    Page("ouroboros-content", "storing, reading, listing and removing content",
         ["storing", "reading", "what is there", "removing"], "files"),
    Page("ouroboros-hierarchy", "parents, children, ancestors, descendants, roots",
         ["hierarchy"], "hierarchy"),
    Page("ouroboros-history", "names, their versions and heads; settings and trash",
         ["versions", "settings and trash"], "versions"),
    Page("ouroboros-verify", "verifying, repairing and measuring a vault",
         ["care", "slices without keys"]),
    Page("ouroboros-sharing", "members and recovery keys; grants and bundles",
         ["keys", "sharing"], "sharing"),
    Page("ouroboros-export", "a vault as one stream, and the union of copies",
         ["export and import"]),
]


# ---- contracts as blocks -----------------------------------------------------
@dataclass
class Block:
    kind: str  # paragraph, terms, list
    text: str = ""
    items: list[tuple[str, str]] = field(default_factory=list)  # term, text


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


def item_of(line: str) -> tuple[str, str, str]:
    bare = line.strip()
    if bare.startswith("- "):
        return "list", "", bare[2:]
    term, _, text = re.sub(r" {2,}", "\t", bare, count=1).partition("\t")
    return "terms", term, text


def blocks_of(lines: list[str]) -> list[Block]:
    blocks: list[Block] = []
    item_indent, fresh = 0, True
    for line in lines:
        if not line.strip():
            fresh = True
        elif indent_of(line) < 2:
            if fresh or blocks[-1].kind != "paragraph":
                blocks.append(Block("paragraph"))
            blocks[-1].text = f"{blocks[-1].text} {line.strip()}".strip()
            fresh = False
        elif blocks and blocks[-1].items and not fresh and indent_of(line) > item_indent:
            term, text = blocks[-1].items[-1]
            blocks[-1].items[-1] = (term, f"{text} {line.strip()}".strip())
        else:
            kind, term, text = item_of(line)
            if not blocks or blocks[-1].kind != kind:
                blocks.append(Block(kind))
            blocks[-1].items.append((term, text))
            item_indent, fresh = indent_of(line), False
    return blocks


CODE = re.compile(
    r"\*?\b(?:(?:struct|enum) )?(?:\w+->\w+|[A-Za-z]\w*_\w*)|(?<!\w)\*\w+\b|\bNULL\b"
    r"|(?<=\s)[-+]{0,1}\b(?:0x[0-9a-f]+)\b|\bfree\(\)|\bfork\(\)")


class Markdown:
    @staticmethod
    def text(text: str) -> str:
        pieces, at = [], 0
        for match in CODE.finditer(text):
            pieces += [Markdown.plain(text[at:match.start()]), f"`{match[0]}`"]
            at = match.end()
        return "".join(pieces) + Markdown.plain(text[at:])

    @staticmethod
    def plain(text: str) -> str:
        return re.sub(r"([\\`*<>\[\]])", r"\\\1", text)

    @staticmethod
    def block(block: Block) -> str:
        if block.text == "Caveats":
            return "**Caveats**\n\n"
        if block.kind == "paragraph":
            return Markdown.text(block.text) + "\n\n"
        lines = []
        for term, text in block.items:
            words = Markdown.text(text)
            if term:
                term = Markdown.text(term) if "_" in term or " " in term else f"`{term}`"
                words = f"{term}: {words}" if text else term
            lines.append(f"- {words}\n")
        return "".join(lines) + "\n"


class Roff:
    @staticmethod
    def escape(text: str) -> str:
        return text.replace("\\", "\\e").replace("-", "\\-")

    @staticmethod
    def line(text: str) -> str:
        """A line of text, which must not look like a request."""
        return ("\\&" if text[:1] in (".", "'") else "") + text

    @staticmethod
    def text(text: str) -> str:
        pieces, at = [], 0
        for match in CODE.finditer(text):
            pieces += [Roff.escape(text[at:match.start()]), f"\\fB{Roff.escape(match[0])}\\fR"]
            at = match.end()
        return Roff.line("".join(pieces) + Roff.escape(text[at:]))

    @staticmethod
    def block(block: Block) -> str:
        if block.text == "Caveats":
            return ".PP\n.I Caveats\n"
        if block.kind == "paragraph":
            return f".PP\n{Roff.text(block.text)}\n"
        lines = []
        for term, text in block.items:
            lines.append(f".TP\n{Roff.text(term)}\n" if term else ".IP \\(bu 2\n")
            lines.append(f"{Roff.text(text) if text else chr(92) + '&'}\n")
        return "".join(lines)

    @staticmethod
    def code(text: str, bold: bool = False) -> str:
        text = text.expandtabs(8)
        lines = [Roff.line(Roff.escape(line)) for line in text.rstrip("\n").split("\n")]
        if bold:
            lines = [f"\\fB{line}\\fR" for line in lines]
        return ".nf\n" + "\n".join(lines) + "\n.fi\n"


# ---- statuses ---------------------------------------------------------------------
class Statuses:
    """Those that a contract names, itself or by "As ouro_other"."""

    def __init__(self, known: header.Header):
        self.order = [name for d in known.all("enum") if d.name == "ouro_status"
                      for name, _ in d.values]
        self.texts: dict[str, str] = {}
        for section in known.sections:
            for entry in section.entries:
                for d in entry.declarations:
                    self.texts[d.name] = " ".join(entry.contract + [d.remark])

    def named(self, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        text = self.texts[name]
        found = {s for s in self.order if re.search(rf"\b{s}\b", text)}
        for other in re.findall(r"\b[Aa]s (ouro_\w+)", text):
            if other in self.texts and other not in seen:
                found |= self.named(other, seen | {name})
        return found

    def of(self, entry: header.Entry) -> list[str]:
        """Empty when none of its functions returns a status."""
        functions = [d for d in entry.declarations
                     if d.kind == "function" and d.type.of.name == "enum ouro_status"]
        found = {"OURO_OK"} if functions else set()
        for d in functions:
            found |= self.named(d.name)
        return [s for s in self.order if s in found]


def shown(d: header.Declaration) -> str:
    return f"{d.kind} {d.name}" if d.kind in ("struct", "enum") else d.name


def is_mere_opening(entry: header.Entry) -> bool:
    return all(d.kind == "opaque" for d in entry.declarations)


# ---- docs/API.md ---------------------------------------------------------------------
class Reference:
    INTRODUCTION = """\
# The C API

Made from [include/ouroboros.h](../include/ouroboros.h) by `make reference`: the header is
the manual, and this is the same text, set for reading. `man ouroboros-api` and the
pages it names are too.

    cc program.c $(pkg-config --cflags --libs ouroboros)

"""
    STATUSES = """\
Below each function *Statuses* lists what its contract names. Whatever works on files or memory may also return
`OURO_NO_MEMORY`, `OURO_IO`, `OURO_DAMAGED` or `OURO_CRYPTO`, and `OURO_INVALID` for a
`NULL` where something must be.

"""

    def __init__(self, known: header.Header):
        self.known = known
        self.statuses = Statuses(known)

    def anchor(self, text: str) -> str:
        return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")

    def contents(self) -> str:
        text = ""
        for section in self.known.sections:
            title = self.title(section)
            text += f"- [{title}](#{self.anchor(title)})\n"
        return text + "\n"

    def title(self, section: header.Section) -> str:
        return section.title[0].upper() + section.title[1:]

    def entry(self, entry: header.Entry) -> str:
        text = ""
        if entry.declarations and not is_mere_opening(entry):
            names = [shown(d) for d in entry.declarations if d.kind != "opaque"]
            text += f"### {', '.join(names)}\n\n"
        if entry.declarations:
            code = "\n".join(d.text + (f"  /* {d.remark} */" if d.remark else "")
                             for d in entry.declarations)
            text += f"```c\n{code.expandtabs(8)}\n```\n\n"
        text += "".join(Markdown.block(b) for b in blocks_of(entry.contract))
        statuses = self.statuses.of(entry)
        if statuses:
            text += f"*Statuses*: {', '.join(f'`{s}`' for s in statuses)}\n\n"
        return text

    def page(self) -> str:
        text = self.INTRODUCTION + self.contents()
        text += "".join(Markdown.block(b) for b in blocks_of(self.known.preface[2:]))
        text += self.STATUSES
        for section in self.known.sections:
            text += f"## {self.title(section)}\n\n"
            text += "".join(self.entry(e) for e in section.entries)
        return text.rstrip("\n") + "\n"


# ---- section 3 ---------------------------------------------------------------------------
class Manual:
    def __init__(self, known: header.Header):
        self.known = known
        self.statuses = Statuses(known)
        self.sections = {s.title: s for s in known.sections}
        self.version = re.search(r"^VERSION := (\S+)", (TOP / "Makefile").read_text(), re.M)[1]

    def functions(self, page: Page) -> list[str]:
        return [d.name for title in page.sections for e in self.sections[title].entries
                for d in e.declarations if d.kind == "function"]

    def head(self, page: Page) -> str:
        # What `man FUNCTION` finds here: scripts/install reads it.
        text = '.\\" Made from ouroboros.h by scripts/reference.py.\n'
        text += "".join(f'.\\" function {name}\n' for name in self.functions(page))
        text += (f'.TH {Roff.escape(page.name.upper())} 3 "" "OuroborosDB {self.version}" '
                 '"Library Functions"\n')
        text += f".SH NAME\n{Roff.escape(page.name)} \\- {Roff.escape(page.summary)}\n"
        text += ".SH SYNOPSIS\n.nf\n.B #include <ouroboros.h>\n.fi\n.PP\n"
        return text + ".IR cc \" ... $(pkg\\-config \\-\\-cflags \\-\\-libs ouroboros)\"\n"

    def entry(self, entry: header.Entry) -> str:
        text = ""
        if entry.declarations:
            code = "\n".join(d.text for d in entry.declarations)
            text += ".PP\n" + Roff.code(code, bold=True)
            inner = "".join(Roff.block(b) for b in blocks_of(entry.contract))
            inner += "".join(f".PP\n{Roff.text(d.remark)}\n"
                             for d in entry.declarations if d.remark)
            statuses = self.statuses.of(entry)
            if statuses:
                inner += f".PP\nStatuses: {', '.join(f'{chr(92)}fB{s}{chr(92)}fR' for s in statuses)}.\n"
            return text + (f".RS 4\n{inner}.RE\n" if inner else "")
        return "".join(Roff.block(b) for b in blocks_of(entry.contract))

    def page(self, page: Page) -> str:
        text = self.head(page) + ".SH DESCRIPTION\n"
        if page is PAGES[0]:
            text += "".join(Roff.block(b) for b in blocks_of(self.known.preface[2:]))
        for title in page.sections:
            text += f".SS {Roff.escape(title[0].upper() + title[1:])}\n"
            text += "".join(self.entry(e) for e in self.sections[title].entries)
        example = TOP / "examples" / f"{page.example}.c"
        if page.example and example.exists():
            text += ".SH EXAMPLES\n" + Roff.code(example.read_text())
        others = [p.name for p in PAGES if p is not page]
        text += ".SH SEE ALSO\n" + ",\n".join(
            [".BR ouroboros (1)"] + [f".BR {Roff.escape(o)} (3)" for o in others]
        ).replace(",\n", " ,\n") + "\n"
        return text


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print(__doc__, file=sys.stderr)
        return 2
    known = header.read()
    left_out = {s.title for s in known.sections} ^ {t for p in PAGES for t in p.sections}
    if left_out:
        print(f"scripts/reference.py: PAGES and the header differ: {left_out}", file=sys.stderr)
        return 1
    manual = Manual(known)
    files = {"docs/API.md": Reference(known).page()}
    files |= {f"docs/man/{p.name}.3": manual.page(p) for p in PAGES}
    return finish(files, check, "make reference")


sys.exit(main())
