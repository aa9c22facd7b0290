"""The command line: settle a period and explain its lines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..problem import DataRefused
from .shared import (
    DONE,
    JSON_HELP,
    PERIOD_HELP,
    REFUSED,
    Bars,
    leave_problems,
    parse_instant,
    parse_period,
    print_json,
    print_problems,
    problem_json,
)


def add_settle(commands: Any) -> None:
    """Declare the command `settle`."""
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
    from ..app.settle import SettleRequest, settle

    with Bars(quiet=arguments.json) as bars:
        try:
            done = settle(SettleRequest(
                tariff=arguments.tariff, inputs=arguments.inputs, period=arguments.period, out=arguments.out,
                as_of=arguments.as_of, prior=arguments.prior, engine=arguments.engine, threads=arguments.threads,
                report=arguments.report, report_participants=tuple(arguments.report_participant),
                progress=bars.show))
        except DataRefused as refused:
            leave_problems(arguments.out, refused.problems)
            raise
    print_problems(done.problems, summary=True)
    if arguments.json:
        print_json({"out": str(done.out), "total_usd": done.total_usd, "counts": done.counts,
                     "problems": [problem_json(problem) for problem in done.problems]})
    else:
        counted = {name: f"{done.counts[name]:,} {name if done.counts[name] != 1 else name[:-1]}"
                   for name in ("enrollments", "events", "lines", "statements")}
        print(f"Settled {counted['enrollments']} and {counted['events']}: {done.total_usd} USD in {counted['lines']} "
              f"on {counted['statements']}.")
        print(f"Tables: {done.out}")
    return DONE


def add_explain(commands: Any) -> None:
    """Declare the command `explain`."""
    command = commands.add_parser("explain", help="explain a line: from the cent back to the readings")
    command.add_argument("line_id", metavar="LINE_ID", help="a line_id of lines.csv")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR", help="folder of the run's input tables")
    command.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder that settle wrote")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_explain)


def _explain(arguments: argparse.Namespace) -> int:
    from ..app.explain import explain_line

    explained = explain_line(arguments.line_id, inputs=arguments.inputs, out=arguments.out)
    if arguments.json:
        print_json(explained.document())
    else:
        print(explained.text(), end="")
    return DONE if explained.equal else REFUSED
