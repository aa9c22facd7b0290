"""The command line: two synthetic seasons."""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path
from typing import Any

from .shared import DONE, JSON_HELP, Bars, print_json


def add_demo(commands: Any) -> None:
    """Declare the command `demo`."""
    command = commands.add_parser("demo", help="settle two synthetic seasons and write their reports")
    command.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR", help="default: demo-output")
    command.add_argument("--sites", type=int, default=1200, metavar="N", help="sites in each season; default: 1200")
    command.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the generator; default: 1")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    from ..app.demo import run_demo

    with Bars(quiet=arguments.json) as bars:
        seasons = run_demo(arguments.out, sites=arguments.sites, seed=arguments.seed, progress=bars.show)
    if arguments.json:
        print_json({"seasons": [
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
