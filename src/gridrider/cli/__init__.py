"""The command line: reads arguments, calls a use case, prints what came of it."""

from __future__ import annotations

import argparse
import sys

from .. import __version__
from ..problem import DataRefused
from .audit import add_audit
from .enroll import add_enroll
from .events import add_limits, add_notices, add_triggers
from .filing import add_filing
from .ledger import add_ledger
from .payout import add_payout
from .reconcile import add_market, add_reconcile
from .replay import add_demo, add_replay
from .settle import add_explain, add_settle
from .shared import DONE, FAULT, REFUSED, USAGE, print_json, print_problems, problem_json
from .tables import add_import
from .tariff import add_tariff

COMMANDS = (add_settle, add_explain, add_tariff, add_enroll, add_triggers, add_limits, add_notices, add_import,
            add_ledger, add_payout, add_reconcile, add_market, add_filing, add_replay, add_audit,
            add_demo)
"""What declares each command, in the order in which the help shows them."""


def build_parser() -> argparse.ArgumentParser:
    """Every command and option."""
    parser = argparse.ArgumentParser(prog="gridrider", description="Run a virtual power plant program from its tariff.")
    parser.add_argument("--version", action="version", version=f"gridrider {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as leave:
        return USAGE if leave.code not in (0, None) else DONE
    try:
        return int(arguments.run(arguments))
    except DataRefused as refused:
        print_problems(refused.problems, summary=True)
        if getattr(arguments, "json", False):
            print_json({"problems": [problem_json(problem) for problem in refused.problems]})
        return REFUSED
    except BrokenPipeError:
        return DONE
    except Exception as fault:  # noqa: BLE001 - the last door: say it is our fault, keep the trace for a report
        import traceback

        traceback.print_exc(file=sys.stderr)
        print(f"gridrider: internal fault: {fault}. Please report it with the lines above.", file=sys.stderr)
        return FAULT
