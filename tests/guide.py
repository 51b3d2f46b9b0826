#!/usr/bin/env python3
"""guide.py PAGE [--write]: runs the commands of a page's console blocks, one
after the other in one shell, and compares what they print with the page.

A block stands between ```console and ```. A line `$ COMMAND` is run; what
follows up to the next one is its output, stdout and stderr as they come.
Hashes, fingerprints and recovery keys differ from run to run: one of the page
stands for one of this run throughout, also in commands. Times, sizes and the
name of the machine, and how many records there are, only need to look alike. A line `...` stands for any lines.

--write puts what was printed into the page, but leaves `...` blocks alone.
"""

import os
import re
import subprocess
import sys
import uuid

NAMES = re.compile(
    r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=|\b[0-9a-f]{32}\b|OURO1(?:-[0-9A-Z]{5}){11}"
)
LOOSE = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? (B|KiB|MiB|GiB)(?![A-Za-z])"), "SIZE"),
    (re.compile(r"\b\d+ bytes\b"), "BYTES"),
    (re.compile(r"\b\d+\.\d+ : 1"), "RATIO"),
    (re.compile(r"^records +\d+"), "RECORDS"),  # derived ones too: a matter of the format
    (re.compile(r"\blocal@\S+"), "WRITER"),
    (re.compile(r" [A-Za-z0-9+/]{12}$| [0-9a-f]{16}(?=\.\.\.)"), " BEGINNING"),
    (re.compile(r" +"), " "),
]


class Shell:
    def __init__(self):
        self.process = subprocess.Popen(
            ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, command):
        """The lines that it prints."""
        end = f"end-{uuid.uuid4().hex}"
        self.process.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '\\n{end}\\n'\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == end:
                break
            lines.append(line.rstrip("\n"))
        else:
            raise SystemExit(f"the shell ended at: {command}")
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Step:
    """A command of the page, with the place of its output."""

    def __init__(self, line, number):
        self.command, self.number = line[2:], number
        self.first = self.last = number + 1


def steps_of(lines):
    steps, inside = [], False
    for n, line in enumerate(lines):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            steps.append(Step(line, n))
        elif inside and line.startswith("> "):
            steps[-1].command += "\n" + line[2:]
            steps[-1].first = steps[-1].last = n + 1
        elif inside:
            steps[-1].last = n + 1
    return steps


class Comparison:
    def __init__(self):
        self.here = {}  # name of the page -> name of this run

    def command(self, text):
        return NAMES.sub(lambda m: self.here.get(m.group(), m.group()), text)

    def line(self, wanted, got):
        """Whether both are alike. What is new in both becomes known."""
        theirs, ours = NAMES.findall(wanted), NAMES.findall(got)
        if len(theirs) != len(ours):
            return False
        for name, mine in zip(theirs, ours):
            if self.here.setdefault(name, mine) != mine:
                return False
        return self._plain(wanted) == self._plain(got)

    @staticmethod
    def _plain(text):
        text = NAMES.sub("NAME", text)
        for pattern, word in LOOSE:
            text = pattern.sub(word, text)
        return text.strip()

    def lines(self, wanted, got):
        if not wanted:
            return not got
        if wanted[0] == "...":
            return any(self.lines(wanted[1:], got[n:]) for n in range(len(got) + 1))
        known = dict(self.here)
        if got and self.line(wanted[0], got[0]) and self.lines(wanted[1:], got[1:]):
            return True
        self.here = known
        return False


def main():
    path, write = sys.argv[1], "--write" in sys.argv
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    steps, comparison, shell, wrong = steps_of(lines), Comparison(), Shell(), 0
    printed = {}
    for step in steps:
        got = shell.run(step.command if write else comparison.command(step.command))
        wanted = lines[step.first : step.last]
        printed[step] = got
        if write:
            continue
        while wanted and not wanted[-1]:
            wanted.pop()
        if not comparison.lines(wanted, got):
            wrong += 1
            print(f"{os.path.basename(path)}:{step.number + 1}: $ {step.command}")
            print("  the page:", *wanted, "  printed:", *got, sep="\n    ")
    shell.close()
    if write:
        for step in reversed(steps):
            if "..." not in lines[step.first : step.last]:
                lines[step.first : step.last] = printed[step]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
    print(f"{len(steps)} commands, {wrong} of them wrong")
    sys.exit(1 if wrong or not steps else 0)


if __name__ == "__main__":
    main()
