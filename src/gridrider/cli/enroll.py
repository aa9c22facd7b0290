"""The command line: decide applications and deal with acts on enrollments."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from ..problem import DataRefused
from .shared import DONE, JSON_HELP, leave_problems, print_json, print_problems, problem_json


def add_enroll(commands: Any) -> None:
    """Declare the command `enroll`."""
    command = commands.add_parser("enroll", help="applications and acts: who takes part, since when, and why not")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR",
                         help="folder with applications, or with enrollments and acts")
    command.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder for the output tables")
    command.add_argument("--at", type=_day, metavar="DATE",
                         help="the only now; default: the day of the latest application or act")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_enroll)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write 2027-06-01") from None


def _enroll(arguments: argparse.Namespace) -> int:
    from ..app.enroll import enroll

    try:
        done = enroll(arguments.tariff, arguments.inputs, arguments.out, arguments.at)
    except DataRefused as refused:
        leave_problems(arguments.out, refused.problems)
        raise
    print_problems(done.problems, summary=True)
    if arguments.json:
        print_json({"out": str(done.out), "at": done.at.isoformat(), "counts": done.counts,
                    "problems": [problem_json(problem) for problem in done.problems]})
    else:
        counts = done.counts
        print(f"{counts['applications']:,} applications: {counts['enrolled']:,} enrolled, "
              f"{counts['refused']:,} refused, {counts['waitlisted']:,} waitlisted, "
              f"{counts['pending_review']:,} to review.")
        print(f"{counts['acts']:,} acts, {counts['acts_refused']:,} refused. {counts['enrollments']:,} enrollments.")
        print(f"Tables: {done.out}")
    return DONE
