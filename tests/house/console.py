"""Run a documentation page: write the files it shows, give the commands it shows, compare what they print.

A fenced `{code-block}` with a `:caption:` is a file of that name. A fenced `console` block holds commands, each after
`$ `, and below each what it prints; `...` stands for anything. `$ echo $?` shows the exit code of the command before;
without it the command must succeed.
"""

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.source import ROOT

FENCE = re.compile(r"^(?P<fence>`{3,})(?P<kind>\{code-block\}[^\n]*|console)\n(?P<body>.*?)^(?P=fence) *$", re.M | re.S)
CAPTION = re.compile(r"^:caption: *(?P<name>\S+)\n(?P<options>(?::.*\n)*)\n?", re.M)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file that the page shows."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that the page shows, and what it says the command prints."""

    line: str
    prints: str


def steps(page: str) -> Iterator[ShownFile | Command]:
    """What a reader of the page does, in order."""
    for found in FENCE.finditer(page):
        body = found["body"]
        if found["kind"] == "console":
            yield from commands(body)
        elif caption := CAPTION.match(body):
            yield ShownFile(name=caption["name"], text=body[caption.end():])


def commands(block: str) -> Iterator[Command]:
    """The commands of one console block; a line that ends in a backslash goes on."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        found = re.match(r"(?P<line>(?:[^\n]*\\\n)*[^\n]*)\n(?P<prints>.*)", part, re.S)
        if found:
            yield Command(line=found["line"], prints=found["prints"])


def complaints(page: str, folder: Path) -> list[str]:
    """One text for each command of the page that does not do what the page says; run inside the folder."""
    environment = reader_environment(folder)
    found, last_code, unread = [], 0, ""
    for step in steps(page):
        if isinstance(step, ShownFile):
            path = folder / step.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
            continue
        if step.line == "echo $?":
            said, unread = f"{last_code}\n", ""
        else:
            found += [unread] if unread else []
            ran = subprocess.run(["/bin/sh", "-c", step.line], cwd=folder, env=environment, text=True, check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            said, last_code = ran.stdout, ran.returncode
            unread = f"$ {step.line}\nended with {last_code}:\n{said}" if last_code else ""
        if not doctest.OutputChecker().check_output(step.prints, said or "\n", OPTIONS):
            found.append(f"$ {step.line}\nThe page shows:\n{step.prints}\nIt prints:\n{said}")
    return [*found, unread] if unread else found


def reader_environment(folder: Path) -> dict[str, str]:
    """A plain terminal, standing at the top of a checkout, with `gridrider` on its path."""
    shim = folder / ".bin" / "gridrider"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gridrider "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    (folder / "tariffs").symlink_to(ROOT / "tariffs")
    return {**os.environ, "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src"),
            "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
