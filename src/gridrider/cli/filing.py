"""The command line: the regulatory calendar."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from .shared import DONE, JSON_HELP, print_json, print_problems


def add_filing(commands: Any) -> None:
    """Declare the command `filing`."""
    command = commands.add_parser("filing", help="every deadline of the law behind a tariff: due, done or late")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--dates", type=Path, required=True, metavar="FILE",
                         help="table of what has happened: step, date, features, note")
    command.add_argument("--ics", type=Path, metavar="FILE", help="iCalendar file to write")
    command.add_argument("--at", type=_day, metavar="DATE",
                         help="the day for which it is told what is late; default = the last date in the file")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_filing)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write 2027-01-31") from None


def _filing(arguments: argparse.Namespace) -> int:
    from ..app.filing import calendar_json, calendar_text, regulatory_calendar, write_ics

    calendar = regulatory_calendar(arguments.tariff, arguments.dates, arguments.at)
    print_problems(calendar.problems)
    if arguments.ics is not None:
        write_ics(calendar, arguments.ics)
    if arguments.json:
        print_json(calendar_json(calendar))
    else:
        print(calendar_text(calendar), end="")
    return DONE
