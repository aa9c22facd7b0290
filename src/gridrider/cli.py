"""The command line: reads arguments, calls a use case, prints what came of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from . import __version__
from .interval import DAY, DateSpan
from .problem import DataRefused, Problem

DONE, REFUSED, USAGE, FAULT = 0, 1, 2, 3
"""Exit codes: done; the tariff or the data says no; wrong usage; an internal fault."""


def parse_period(text: str) -> DateSpan:
    """START/END (dates, END exclusive), a month 2025-08 or a year 2025."""
    try:
        if "/" in text:
            first, end = (date.fromisoformat(part) for part in text.split("/"))
        elif len(text) == 7:
            first = date.fromisoformat(f"{text}-01")
            end = (first.replace(day=28) + 4 * DAY).replace(day=1)
        elif len(text) == 4:
            first, end = date(int(text), 1, 1), date(int(text) + 1, 1, 1)
        else:
            raise ValueError(text)
        if first >= end:
            raise ValueError(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a period; write 2025-05-01/2025-11-01 (end exclusive), 2025-08 or 2025") from None
    return DateSpan(first=first, end=end)


def parse_instant(text: str) -> datetime:
    """A time with offset."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; write 2025-11-01T00:00:00-07:00") from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset; write 2025-11-01T00:00:00-07:00 or …Z")
    return instant.astimezone(UTC)


def build_parser() -> argparse.ArgumentParser:
    """Every command and option."""
    parser = argparse.ArgumentParser(prog="gridrider", description="Run a virtual power plant program from its tariff.")
    parser.add_argument("--version", action="version", version=f"gridrider {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_settle(commands)
    return parser


def _add_settle(commands: Any) -> None:
    command = commands.add_parser("settle", help="settle a period: statements, ledger and their reasons")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR", help="folder of the input tables")
    command.add_argument("--period", type=parse_period, required=True, metavar="P",
                         help="START/END (dates, END exclusive), a month 2025-08 or a year 2025")
    command.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder for the output tables")
    command.add_argument("--as-of", type=parse_instant, metavar="TIME", help="the only now; default: END")
    command.add_argument("--prior", type=Path, metavar="DIR0", help="an earlier run; the ledger posts only differences")
    command.add_argument("--engine", choices=("local", "spark"), default="local", help="where the map runs")
    command.add_argument("--report", action="store_true", help="also write report.html and report.pdf")
    command.add_argument("--report-participant", action="append", default=[], metavar="ID",
                         help="with --report: a page for this participant (repeatable)")
    command.add_argument("--threads", type=int, metavar="N", help="cores to use; default: all")
    command.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    command.set_defaults(run=_settle)


def _settle(arguments: argparse.Namespace) -> int:
    from .app.settle import SettleRequest, settle

    with Bars(quiet=arguments.json) as bars:
        try:
            done = settle(SettleRequest(
                tariff=arguments.tariff, inputs=arguments.inputs, period=arguments.period, out=arguments.out,
                as_of=arguments.as_of, prior=arguments.prior, engine=arguments.engine, threads=arguments.threads,
                report=arguments.report, report_participants=tuple(arguments.report_participant),
                progress=bars.show))
        except DataRefused as refused:
            _leave_problems(arguments.out, refused.problems)
            raise
    _print_problems(done.problems, summary=True)
    if arguments.json:
        print(json.dumps({"out": str(done.out), "total_usd": done.total_usd, "counts": done.counts}))
    else:
        print(f"Settled {done.counts['enrollments']} enrollments and {done.counts['events']} events: "
              f"{done.total_usd} USD in {done.counts['lines']} lines on {done.counts['statements']} statements.")
        print(f"Tables: {done.out}")
    return DONE


def _leave_problems(out: Path, problems: Sequence[Problem]) -> None:
    """Write problems.csv, and nothing else, where the tables would have been."""
    from .app.outputs import write_problems

    if out.exists() and not out.is_dir():
        return
    out.mkdir(parents=True, exist_ok=True)
    write_problems(out / "problems.csv", problems)


def _print_problems(problems: Sequence[Problem], *, summary: bool = False, most: int = 20) -> None:
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


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as leave:
        return USAGE if leave.code not in (0, None) else DONE
    try:
        return int(arguments.run(arguments))
    except DataRefused as refused:
        _print_problems(refused.problems, summary=True)
        return REFUSED
    except BrokenPipeError:
        return DONE
    except Exception as fault:  # noqa: BLE001 - the last door: say it is our fault, keep the trace for a report
        import traceback

        traceback.print_exc(file=sys.stderr)
        print(f"gridrider: internal fault: {fault}. Please report it with the lines above.", file=sys.stderr)
        return FAULT
