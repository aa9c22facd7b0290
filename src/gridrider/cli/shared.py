"""What the commands share: exit codes, arguments, printing, progress."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from ..interval import DateSpan, date_span
from ..problem import Problem

DONE, REFUSED, USAGE, FAULT = 0, 1, 2, 3
"""Exit codes: done; the tariff or the data says no; wrong usage; an internal fault."""


def parse_period(text: str) -> DateSpan:
    """START/END (dates, END exclusive), a month 2025-08 or a year 2025."""
    try:
        return date_span(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a period; write 2025-05-01/2025-11-01 (end exclusive), 2025-08 or 2025") from None


def parse_instant(text: str) -> datetime:
    """A time with offset."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; write 2025-11-01T00:00:00-07:00") from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset; write 2025-11-01T00:00:00-07:00 or …Z")
    return instant.astimezone(UTC)


JSON_HELP = "print one JSON document on standard output and nothing else there"
PERIOD_HELP = "START/END (dates, END exclusive), a month 2025-08 or a year 2025"


def print_json(document: object) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, ensure_ascii=False, indent=1))


def problem_json(problem: Problem) -> dict[str, Any]:
    """A finding as the JSON document shows it."""
    return {name: getattr(problem, name) for name in ("severity", "file", "row", "column", "value", "reason",
                                                      "what_to_do")}


def leave_problems(out: Path, problems: Sequence[Problem]) -> None:
    """Write problems.csv, and nothing else, where the tables would have been."""
    from ..app.outputs import write_problems

    if out.exists() and not out.is_dir():
        return
    out.mkdir(parents=True, exist_ok=True)
    write_problems(out / "problems.csv", problems)


def print_problems(problems: Sequence[Problem], *, summary: bool = False, most: int = 20) -> None:
    """The findings on standard error, the first ones in full."""
    for problem in problems[:most]:
        print(str(problem), file=sys.stderr)
    if len(problems) > most:
        print(f"… and {len(problems) - most} more{', all in problems.csv' if summary else ''}.", file=sys.stderr)


class Bars(AbstractContextManager["Bars"]):
    """Progress on standard error, drawn only where a person looks at it."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        self.progress = Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
                                 console=console, transient=True, disable=quiet or not console.is_terminal)
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.progress.stop()

    def show(self, step: str, done: int, total: int) -> None:
        """Note how far a step is."""
        if step not in self.tasks:
            self.tasks[step] = self.progress.add_task(step, total=total or None)
        self.progress.update(self.tasks[step], completed=done, total=total or None)
