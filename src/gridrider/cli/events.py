"""The command line: what calls events."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..interval import Interval
from ..problem import DataRefused
from .shared import (
    DONE,
    JSON_HELP,
    PERIOD_HELP,
    REFUSED,
    leave_problems,
    parse_instant,
    parse_period,
    print_json,
    print_problems,
    problem_json,
)


def add_triggers(commands: Any) -> None:
    """Declare the command `triggers`."""
    command = commands.add_parser("triggers", help="the event windows that a tariff's triggers give")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR",
                         help="folder with prices, alerts, load_forecast and events")
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


def add_limits(commands: Any) -> None:
    """Declare the command `limits`."""
    command = commands.add_parser("limits", help="what the limits on calling leave; may this event be called?")
    _folders(command)
    command.add_argument("--at", type=parse_instant, metavar="TIME",
                         help="the only now; default: everything on file, and notice is not judged")
    command.add_argument("--propose", type=parse_span, metavar="START/END",
                         help="an event that is to be called: every refusal with its clause, exit 1 if refused")
    command.add_argument("--service", default="", metavar="S", help="its service; default: the tariff's only one")
    command.add_argument("--zone", action="append", default=[], metavar="Z", help="its zone (repeatable); default: all")
    command.add_argument("--kind", default="", metavar="K", help="its kind; default: that of the service")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_limits)


def add_notices(commands: Any) -> None:
    """Declare the command `notices`."""
    command = commands.add_parser("notices", help="who is told what about an event, and who is spared and why")
    _folders(command)
    command.add_argument("--event", required=True, metavar="ID", help="an event of the events table")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_limits, at=None, propose=None, service="", zone=[], kind="")


def _folders(command: argparse.ArgumentParser) -> None:
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR", help="folder of the input tables")
    command.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder for the output tables")


def parse_span(text: str) -> Interval:
    """START/END, two times with offset."""
    start, slash, end = text.partition("/")
    if not slash:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a span; write 2025-08-21T17:00:00-07:00/2025-08-21T20:00:00-07:00")
    span = Interval(start=parse_instant(start), end=parse_instant(end))
    if span.end <= span.start:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it starts, or has no length")
    return span


def _limits(arguments: argparse.Namespace) -> int:
    from ..app.limits import LimitsRequest, limits

    event_id = getattr(arguments, "event", "")
    try:
        done = limits(LimitsRequest(
            tariff=arguments.tariff, inputs=arguments.inputs, out=arguments.out, at=arguments.at,
            propose=arguments.propose, service=arguments.service, zones=tuple(arguments.zone), kind=arguments.kind,
            event_id=event_id))
    except DataRefused as wrong:
        leave_problems(arguments.out, wrong.problems)
        raise
    print_problems(done.problems, summary=True)
    refused = bool(done.refusals) and arguments.propose is not None
    if arguments.json:
        print_json({"out": str(done.out), "counts": done.counts, "spared": done.spared, "refused": refused,
                    "refusals": [{"clause": each.clause, "reason": each.reason} for each in done.refusals],
                    "problems": [problem_json(problem) for problem in done.problems]})
        return REFUSED if refused else DONE
    for each in done.refusals:
        print(f"refused: {each.reason} ({each.clause})")
    counts = done.counts
    if "concerned" in counts:
        can = "could" if refused else "can"
        print(f"{counts['concerned'] - counts['spared']} of {counts['concerned']} enrollments {can} be called, "
              f"{counts['reduced']} of them in part; {counts['spared']} are spared")
        for cause, enrollments in done.spared.items():
            print(f"  {cause.replace('_', ' ')}: {enrollments}")
    print(f"Limits: {counts['limits']} of the program, and those of {counts['enrollments']} enrollments with limits of "
          f"their own.\nTables: {done.out}")
    return REFUSED if refused else DONE
