"""The command line: reads arguments, calls a use case, prints what came of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from . import __version__
from .interval import DAY, DateSpan
from .problem import DataRefused, Problem, errors

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


JSON_HELP = "print one JSON document on standard output and nothing else there"
PERIOD_HELP = "START/END (dates, END exclusive), a month 2025-08 or a year 2025"


def build_parser() -> argparse.ArgumentParser:
    """Every command and option."""
    parser = argparse.ArgumentParser(prog="gridrider", description="Run a virtual power plant program from its tariff.")
    parser.add_argument("--version", action="version", version=f"gridrider {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_settle(commands)
    _add_explain(commands)
    _add_tariff(commands)
    _add_triggers(commands)
    _add_import(commands)
    _add_ledger(commands)
    _add_demo(commands)
    return parser


def _add_settle(commands: Any) -> None:
    command = commands.add_parser("settle", help="settle a period: statements, ledger and their reasons")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR", help="folder of the input tables")
    command.add_argument("--period", type=parse_period, required=True, metavar="P",
                         help=PERIOD_HELP)
    command.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder for the output tables")
    command.add_argument("--as-of", type=parse_instant, metavar="TIME", help="the only now; default: END")
    command.add_argument("--prior", type=Path, metavar="DIR0", help="an earlier run; the ledger posts only differences")
    command.add_argument("--engine", choices=("local", "spark"), default="local", help="where the map runs")
    command.add_argument("--report", action="store_true", help="also write report.html and report.pdf")
    command.add_argument("--report-participant", action="append", default=[], metavar="ID",
                         help="with --report: a page for this participant (repeatable)")
    command.add_argument("--threads", type=int, metavar="N", help="cores to use; default: all")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
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
        _print_json({"out": str(done.out), "total_usd": done.total_usd, "counts": done.counts,
                     "problems": [_problem_json(problem) for problem in done.problems]})
    else:
        counted = {name: f"{done.counts[name]:,} {name if done.counts[name] != 1 else name[:-1]}"
                   for name in ("enrollments", "events", "lines", "statements")}
        print(f"Settled {counted['enrollments']} and {counted['events']}: {done.total_usd} USD in {counted['lines']} "
              f"on {counted['statements']}.")
        print(f"Tables: {done.out}")
    return DONE


def _add_explain(commands: Any) -> None:
    command = commands.add_parser("explain", help="explain a line: from the cent back to the readings")
    command.add_argument("line_id", metavar="LINE_ID", help="a line_id of lines.csv")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR", help="folder of the run's input tables")
    command.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder that settle wrote")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_explain)


def _explain(arguments: argparse.Namespace) -> int:
    from .app.explain import explain_line

    explained = explain_line(arguments.line_id, inputs=arguments.inputs, out=arguments.out)
    if arguments.json:
        _print_json(explained.document())
    else:
        print(explained.text(), end="")
    return DONE if explained.equal else REFUSED


def _add_tariff(commands: Any) -> None:
    tariff = commands.add_parser("tariff", help="check, explain or compare tariff files")
    verbs = tariff.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="print every Problem of tariff files as file:line: reason")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE", help="tariff files")
    check.add_argument("--json", action="store_true", help=JSON_HELP)
    check.set_defaults(run=_tariff_check)
    explain = verbs.add_parser("explain", help="the rider in plain words, with clauses")
    explain.add_argument("file", type=Path, metavar="FILE", help="a tariff file")
    explain.add_argument("--json", action="store_true", help="print the canonical form and its hash")
    explain.set_defaults(run=_tariff_explain)
    compare = verbs.add_parser("compare", help="what a revision changes, for whom, from when")
    compare.add_argument("old", type=Path, metavar="OLD", help="the tariff file before")
    compare.add_argument("new", type=Path, metavar="NEW", help="the tariff file after")
    compare.add_argument("--json", action="store_true", help=JSON_HELP)
    compare.set_defaults(run=_tariff_compare)


def _tariff_check(arguments: argparse.Namespace) -> int:
    from .app.tariff_commands import check_files, check_text

    problems = check_files(arguments.files)
    if arguments.json:
        _print_json({"problems": [_problem_json(problem) for problem in problems]})
    else:
        print(check_text(arguments.files, problems), end="")
    return REFUSED if errors(problems) else DONE


def _tariff_explain(arguments: argparse.Namespace) -> int:
    from .app.tariff_commands import explain_file_json, explain_file_text

    if arguments.json:
        _print_json(explain_file_json(arguments.file))
    else:
        print(explain_file_text(arguments.file), end="")
    return DONE


def _tariff_compare(arguments: argparse.Namespace) -> int:
    from .app.tariff_commands import compare_files_json, compare_files_text

    if arguments.json:
        _print_json(compare_files_json(arguments.old, arguments.new))
    else:
        print(compare_files_text(arguments.old, arguments.new), end="")
    return DONE


def _add_triggers(commands: Any) -> None:
    command = commands.add_parser("triggers", help="the event windows that a tariff's triggers give")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR", help="folder with prices and alerts")
    command.add_argument("--period", type=parse_period, required=True, metavar="P", help=PERIOD_HELP)
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the events table to write")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_triggers)


def _triggers(arguments: argparse.Namespace) -> int:
    from .app.find_triggers import find_triggers

    found, problems = find_triggers(arguments.tariff, arguments.inputs, arguments.period, arguments.out)
    _print_problems(problems)
    if arguments.json:
        _print_json({"out": str(arguments.out), "events": len(found)})
    else:
        print(f"{len(found)} events: {arguments.out}")
    return DONE


def _add_import(commands: Any) -> None:
    command = commands.add_parser("import", help="exports of others (Green Button, utility files, CAISO) to our tables")
    command.add_argument("kind", metavar="KIND", help="green-button, intervals or caiso-prices")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files to read")
    command.add_argument("--map", type=Path, metavar="MAP.yaml", help="a mapping file, or a shipped mapping's name")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the table")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    from .app.import_files import KINDS, import_files, kind_named

    if kind_named(arguments.kind) is None:
        print(f"gridrider import: {arguments.kind!r} is not a kind. Known: {', '.join(KINDS)}.", file=sys.stderr)
        return USAGE
    with Bars(quiet=arguments.json) as bars:
        report = import_files(arguments.kind, arguments.files, arguments.out, mapping=arguments.map, progress=bars.show)
    _print_problems(report.problems, summary=True)
    if arguments.json:
        _print_json({"rows": report.rows, "written": [str(path) for path in report.written]})
    else:
        print(f"{report.rows} rows: {', '.join(str(path) for path in report.written)}")
    return DONE


def _add_ledger(commands: Any) -> None:
    ledger = commands.add_parser("ledger", help="the books of settled runs")
    verbs = ledger.add_subparsers(dest="verb", required=True, metavar="VERB")
    balance = verbs.add_parser("balance", help="trial balance; exit 1 unless it is zero")
    balance.add_argument("folders", type=Path, nargs="+", metavar="DIR2", help="folders of settled runs, in order")
    balance.add_argument("--json", action="store_true", help=JSON_HELP)
    balance.set_defaults(run=_ledger_balance)


def _ledger_balance(arguments: argparse.Namespace) -> int:
    from .app.trial_balance import trial_balance
    from .money import usd_from_cents

    balance = trial_balance(arguments.folders)
    if arguments.json:
        _print_json({"accounts": [{"account": held.account, "debit_usd": str(usd_from_cents(held.debit_cents)),
                                   "credit_usd": str(usd_from_cents(held.credit_cents)),
                                   "balance_usd": str(usd_from_cents(held.balance_cents))}
                                  for held in balance.accounts],
                     "difference_usd": str(usd_from_cents(balance.difference_cents)),
                     "unbalanced_entries": list(balance.unbalanced_entries), "in_order": balance.in_order})
        return DONE if balance.in_order else REFUSED
    width = max([len(held.account) for held in balance.accounts] + [7])
    print(f"{'account':{width}} {'debit':>16} {'credit':>16} {'balance':>16}")
    for held in balance.accounts:
        amounts = (held.debit_cents, held.credit_cents, held.balance_cents)
        print(f"{held.account:{width}}", *(f"{usd_from_cents(cents):>16,}" for cents in amounts))
    for entry_id in balance.unbalanced_entries:
        print(f"{entry_id}: its debits and credits differ", file=sys.stderr)
    verdict = "in order" if balance.in_order else "NOT in order"
    print(f"{'difference':{width}} {'':16} {'':16} {usd_from_cents(balance.difference_cents):>16,}  {verdict}")
    return DONE if balance.in_order else REFUSED


def _add_demo(commands: Any) -> None:
    command = commands.add_parser("demo", help="settle two synthetic seasons and write their reports")
    command.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR", help="default: demo-output")
    command.add_argument("--sites", type=int, default=1200, metavar="N", help="sites in each season; default: 1200")
    command.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the generator; default: 1")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    from .app.demo import run_demo

    with Bars(quiet=arguments.json) as bars:
        seasons = run_demo(arguments.out, sites=arguments.sites, seed=arguments.seed, progress=bars.show)
    if arguments.json:
        _print_json({"seasons": [
            {"title": season.title, "total_usd": season.settled.total_usd, "report": str(season.report),
             "counts": season.settled.counts} for season in seasons]})
        return DONE
    print("All readings are synthetic: made by a seeded generator, no real customer is in them.")
    for season in seasons:
        counts = season.settled.counts
        print(f"\n{season.title}\n  {counts['enrollments']:,} sites, {counts['events']} events, "
              f"{counts['lines']:,} lines, {counts['statements']:,} statements, "
              f"{Decimal(season.settled.total_usd):,} USD")
        print(f"  Tables  {season.settled.out}\n  Report  {season.report}")
        print(f"          {season.report.with_suffix('.pdf')}")
    return DONE


def _print_json(document: object) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in ("severity", "file", "row", "column", "value", "reason",
                                                      "what_to_do")}


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
        if getattr(arguments, "json", False):
            _print_json({"problems": [_problem_json(problem) for problem in refused.problems]})
        return REFUSED
    except BrokenPipeError:
        return DONE
    except Exception as fault:  # noqa: BLE001 - the last door: say it is our fault, keep the trace for a report
        import traceback

        traceback.print_exc(file=sys.stderr)
        print(f"gridrider: internal fault: {fault}. Please report it with the lines above.", file=sys.stderr)
        return FAULT
