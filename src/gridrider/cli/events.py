"""The command line: what calls events."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .shared import DONE, JSON_HELP, PERIOD_HELP, parse_period, print_json, print_problems


def add_triggers(commands: Any) -> None:
    """Declare the command `triggers`."""
    command = commands.add_parser("triggers", help="the event windows that a tariff's triggers give")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR", help="folder with prices and alerts")
    command.add_argument("--period", type=parse_period, required=True, metavar="P", help=PERIOD_HELP)
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the events table to write")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_triggers)


def _triggers(arguments: argparse.Namespace) -> int:
    from ..app.find_triggers import find_triggers

    found, problems = find_triggers(arguments.tariff, arguments.inputs, arguments.period, arguments.out)
    print_problems(problems)
    if arguments.json:
        print_json({"out": str(arguments.out), "events": len(found)})
    else:
        print(f"{len(found)} events: {arguments.out}")
    return DONE
