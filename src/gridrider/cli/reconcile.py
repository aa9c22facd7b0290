"""The command line: the market's books beside the retail bill, offers, and what market revenue pays back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..problem import DataRefused
from .shared import (
    DONE,
    JSON_HELP,
    PERIOD_HELP,
    Bars,
    leave_problems,
    parse_instant,
    parse_period,
    print_json,
    print_problems,
    problem_json,
)


def add_reconcile(commands: Any) -> None:
    """Declare the command `reconcile`."""
    command = commands.add_parser("reconcile", help="award hours, the market's statement and the retail bill of one "
                                                    "meter brought together")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--inputs", type=Path, required=True, metavar="DIR",
                         help="folder with readings, resources, awards and, if there is one, market_statement")
    command.add_argument("--period", type=parse_period, required=True, metavar="P", help=PERIOD_HELP)
    command.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder for the output tables")
    command.add_argument("--threads", type=int, metavar="N", help="cores to use; default: all")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_reconcile)


def _reconcile(arguments: argparse.Namespace) -> int:
    from ..app.reconcile import ReconcileRequest, reconcile

    with Bars(quiet=arguments.json) as bars:
        try:
            done = reconcile(ReconcileRequest(tariff=arguments.tariff, inputs=arguments.inputs,
                                              period=arguments.period, out=arguments.out, threads=arguments.threads,
                                              progress=bars.show))
        except DataRefused as refused:
            leave_problems(arguments.out, refused.problems)
            raise
    print_problems(done.problems, summary=True)
    if arguments.json:
        print_json({"out": str(done.out), "counts": done.counts, "exceptions": done.exceptions,
                    "problems": [problem_json(problem) for problem in done.problems]})
    else:
        print(f"Reconciled {done.counts['resources']:,} resources behind {done.counts['premises']:,} master meters: "
              f"{done.counts['retail']:,} intervals, {done.counts['exceptions']:,} exceptions.")
        for kind, count in done.exceptions.items():
            print(f"  {count:,} {kind}")
        print(f"Tables: {done.out}")
    return DONE


def add_market(commands: Any) -> None:
    """Declare the command `market`."""
    market = commands.add_parser("market", help="offers to the market, and what its revenue pays back")
    verbs = market.add_subparsers(dest="verb", required=True, metavar="VERB")
    offers = verbs.add_parser("offers", help="what may be offered of what is wanted, by tariff and fleet")
    offers.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    offers.add_argument("--inputs", type=Path, required=True, metavar="DIR", help="folder with offers and fleet")
    offers.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder for offers.csv")
    offers.add_argument("--json", action="store_true", help=JSON_HELP)
    offers.set_defaults(run=_offers)
    payback = verbs.add_parser("payback", help="rebates spent, market revenue booked, and what is left to pay back")
    payback.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    payback.add_argument("--settled", type=Path, nargs="+", default=[], metavar="DIR",
                         help="folders with a ledger.csv")
    payback.add_argument("--reconciled", type=Path, nargs="+", default=[], metavar="DIR",
                         help="folders that reconcile wrote")
    payback.add_argument("--costs", type=Path, metavar="DIR", help="folder with pilot_costs")
    payback.add_argument("--as-of", type=parse_instant, required=True, metavar="TIME", help="the only now")
    payback.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder for the tables")
    payback.add_argument("--json", action="store_true", help=JSON_HELP)
    payback.set_defaults(run=_payback)


def _offers(arguments: argparse.Namespace) -> int:
    from ..app.market_offers import limit_offers

    done = limit_offers(arguments.tariff, arguments.inputs, arguments.out)
    print_problems(done.problems, summary=True)
    if arguments.json:
        print_json({"out": str(done.out), "offers": done.offers, "limited": done.limited})
    else:
        cut = ", ".join(f"{count:,} by {limit}" for limit, count in done.limited.items())
        print(f"{done.offers:,} offers{f'; cut {cut}' if cut else ''}: {done.out}")
    return DONE


def _payback(arguments: argparse.Namespace) -> int:
    from ..app.market_payback import pay_back

    done = pay_back(arguments.tariff, arguments.settled, arguments.reconciled, arguments.costs, arguments.out,
                    arguments.as_of)
    print_problems(done.problems, summary=True)
    if arguments.json:
        print_json({"out": str(done.out), "months": done.months, "left_usd": done.left_usd})
    else:
        print(f"{done.months:,} months, {done.left_usd} USD left to pay back: {done.out}")
    return DONE
