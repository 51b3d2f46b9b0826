#!/usr/bin/env python3
"""Makes the manual pages of section 1 out of the program's own help.

    scripts/man.py [--check] PROGRAM

One page for each group of commands, with every command and option that the
program has, and the list of commands in ouroboros.1, between its two marks. A
command that is in no group is an error.
"""
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from generated import TOP, finish


@dataclass
class Group:
    name: str
    summary: str
    commands: list[str]


GROUPS = [
    Group("files", "storing, reading, listing and removing content",
          ["put", "get", "rm", "ls", "info"]),
    Group("versions", "history, concurrent versions, settings, trash",
          ["log", "heads", "merge", "revert", "trash", "settings"]),
    Group("tree", "parents, children, ancestors, descendants, roots",
          ["tree", "children", "parent", "ancestors", "descendants", "roots"]),
    Group("keys", "keyring, recovery keys, sharing",
          ["keys", "share", "unshare"]),
    Group("care", "verifying, repairing, collecting, carrying elsewhere",
          ["verify", "repair", "stats", "gc", "compact", "export", "import"]),
    Group("shell", "the engine's dialogue, measuring, help",
          ["shell", "bench", "version", "help", "completion"]),
]
BEGIN, END = '.\\" commands, made by scripts/man.py\n', '.\\" end of commands\n'


def escape(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return ("\\&" if text[:1] in (".", "'") else "") + text


def paragraphs(page: str) -> str:
    """What is laid out by hand, in columns or indented, stays as it is."""
    text = ""
    for part in page.split("\n\n"):
        lines = part.split("\n")
        if any(line.startswith(" ") or "  " in line.strip() for line in lines):
            text += ".PP\n.nf\n" + "".join(escape(line) + "\n" for line in lines) + ".fi\n"
        else:
            text += f".PP\n{escape(' '.join(lines))}\n"
    return text


def option(o: dict[str, Any]) -> str:
    name = f"\\fB{escape('--' + o['name'])}\\fR"
    if o["value"] is not None:
        name += f" \\fI{escape(o['value'])}\\fR"
    if o["letter"]:
        name = f"\\fB\\-{o['letter']}\\fR, {name}"
    return f".TP\n{name}\n{escape(o['help'][0].upper() + o['help'][1:])}.\n"


def command(c: dict[str, Any]) -> str:
    text = f".SS \"{escape('ouroboros ' + c['name'] + ' ' + c['synopsis']).strip()}\"\n"
    return text + paragraphs(c["page"]) + "".join(map(option, c["options"]))


class Pages:
    def __init__(self, program: str):
        answer = subprocess.run([program, "help", "--json"], check=True, capture_output=True)
        help_ = json.loads(answer.stdout)
        self.commands = {c["name"]: c for c in help_["commands"]}
        makefile = (TOP / "Makefile").read_text()
        self.version = re.findall(r"^VERSION := (\S+)", makefile, re.M)[0]
        grouped = {name for group in GROUPS for name in group.commands}
        if homeless := set(self.commands) - grouped:
            sys.exit(f"scripts/man.py: GROUPS does not know {', '.join(sorted(homeless))}")
        self.groups = [g for g in GROUPS if self.of(g)]

    def of(self, group: Group) -> list[dict[str, Any]]:
        return [self.commands[name] for name in group.commands if name in self.commands]

    def page(self, group: Group) -> str:
        # What `man ouroboros-put` finds here: scripts/install reads it.
        text = '.\\" Made from the program\'s help by scripts/man.py.\n'
        text += "".join(f'.\\" function ouroboros-{c["name"]}\n' for c in self.of(group)
                        if c["name"] != group.name)
        text += (f'.TH OUROBOROS\\-{group.name.upper()} 1 "" "OuroborosDB {self.version}" '
                 f'"User Commands"\n.SH NAME\n')
        text += f"ouroboros\\-{group.name} \\- {escape(group.summary)}\n.SH SYNOPSIS\n.nf\n"
        for c in self.of(group):
            text += f"\\fBouroboros {c['name']}\\fR {escape(c['synopsis'])}\n"
        text += ".fi\n.SH DESCRIPTION\n"
        text += ("The options that every command takes, hashes and names, the environment and the "
                 "exit codes are in\n.BR ouroboros (1).\n")
        text += "".join(map(command, self.of(group)))
        others = [f".BR ouroboros\\-{g.name} (1)" for g in self.groups if g is not group]
        return text + ".SH SEE ALSO\n" + " ,\n".join([".BR ouroboros (1)"] + others) + "\n"

    def overview(self) -> str:
        """ouroboros.1 with the list of today's commands."""
        before, rest = (TOP / "docs/man/ouroboros.1").read_text().split(BEGIN)
        text = ""
        for group in self.groups:
            text += f".SS {escape(group.summary[0].upper() + group.summary[1:])}\n"
            text += f".BR ouroboros\\-{group.name} (1)\n"
            for c in self.of(group):
                text += f".TP\n\\fB{c['name']}\\fR {escape(c['synopsis'])}\n"
                text += f"{escape(c['summary'][0].upper() + c['summary'][1:])}.\n"
        return before + BEGIN + text + END + rest.split(END)[1]


def main() -> int:
    arguments = sys.argv[1:]
    check = arguments[:1] == ["--check"]
    if len(arguments) != (2 if check else 1):
        print(__doc__, file=sys.stderr)
        return 2
    pages = Pages(arguments[-1])
    files = {f"docs/man/ouroboros-{g.name}.1": pages.page(g) for g in pages.groups}
    files["docs/man/ouroboros.1"] = pages.overview()
    return finish(files, check, "make reference")


sys.exit(main())
