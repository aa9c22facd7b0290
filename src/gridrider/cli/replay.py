"""The command line: replay a season, and the demonstration, which replays the one that was published."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .shared import DONE, JSON_HELP, Bars, print_json, print_problems, problem_json

if TYPE_CHECKING:
    from rich.table import Table

    from ..app.replay.write import Replayed


def add_replay(commands: Any) -> None:
    """Declare the command `replay`."""
    command = commands.add_parser("replay", help="play a season on simulated homes and settle it")
    command.add_argument("season", metavar="SEASON.yaml", help="a season file, or the name of one that ships")
    command.add_argument("--out", type=Path, required=True, metavar="DIR2", help="folder for all tables and the report")
    command.add_argument("--homes", type=int, metavar="N", help="homes to simulate; default: the season's")
    command.add_argument("--seed", type=int, metavar="S", help="seed of all chance; default: the season's")
    command.add_argument("--no-report", action="store_true", help="write no report.html and report.pdf")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_replay)


def add_demo(commands: Any) -> None:
    """Declare the command `demo`."""
    command = commands.add_parser("demo", help="replay the ten emergency events of 2022 beside what was published")
    command.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR", help="default: demo-output")
    command.add_argument("--homes", type=int, metavar="N", help="homes to simulate; default: the published 4,687")
    command.add_argument("--seed", type=int, metavar="S", help="seed of all chance; default: the season's")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_replay, season="elrp-2022", no_report=False)


def _replay(arguments: argparse.Namespace) -> int:
    from ..app.replay.replay import ReplayRequest
    from ..app.replay.write import replay, season_file

    with Bars(quiet=arguments.json) as bars:
        done = replay(ReplayRequest(season=season_file(arguments.season), out=arguments.out, homes=arguments.homes,
                                    seed=arguments.seed, report=not arguments.no_report, progress=bars.show))
    print_problems(done.settled.problems, summary=True, most=3)
    if arguments.json:
        print_json(_document(done))
    else:
        _print(done)
    return DONE


def _document(done: Replayed) -> dict[str, Any]:
    from ..app.replay.compare import comparison_json

    return {"season": done.played.season.name, "homes": done.played.homes, "seed": done.played.seed,
            "out": str(done.out), "total_usd": done.settled.total_usd, "counts": done.settled.counts,
            "events": [{"event_id": each.event_id, "date": str(each.call.day), "participants": each.participants,
                        "peak_mw": round(each.peak_mw, 6), "delivered_mwh": round(each.delivered_mwh, 6),
                        "opted_out": each.opted_out, "skipped": each.skipped} for each in done.outcomes],
            **(comparison_json(done.comparison) if done.comparison else {}),
            "refused": [{"event_id": event_id, "clause": refusal.clause, "reason": refusal.reason}
                        for event_id, refusal in done.played.refused],
            "problems": [problem_json(problem) for problem in done.settled.problems]}


def _print(done: Replayed) -> None:
    from rich.console import Console

    season, comparison = done.played.season, done.comparison
    console = Console(highlight=False)
    console.print(f"\n{season.title}, {done.played.homes:,} simulated homes. "
                  "All readings are synthetic: no real customer is in them.")
    console.print(_table(done))
    for each in _emergency_lines(done):
        console.print(each)
    if comparison:
        if comparison.events[-1].participants != comparison.events[-1].published_participants:
            console.print("Peaks are scaled from the simulated homes to the published participants.")
        console.print(" ".join(comparison.sentences))
        console.print("What is assumed:")
        for sentence in season.assumptions:
            console.print(f"- {sentence}")
    for event_id, refusal in done.played.refused:
        console.print(f"Not called: {event_id}: {refusal.reason} ({refusal.clause})")
    console.print(f"Settled: {Decimal(done.settled.total_usd):,} USD in {done.settled.counts['lines']:,} lines.")
    console.print(f"Tables  {done.out}", soft_wrap=True)
    if done.report:
        console.print(f"Report  {done.report}\n        {done.report.with_suffix('.pdf')}", soft_wrap=True)


def _table(done: Replayed) -> Table:
    """The public table of events, beside what was published where anything was."""
    from rich.table import Table

    comparison = done.comparison
    published = {event.day: event for event in comparison.events} if comparison else {}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("date", no_wrap=True)
    heads = ["homes", *(["published"] if comparison else []), "opted out", "skipped", "MWh", "MW",
             *(["published", "off"] if comparison else [])]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=len(head) < 10)
    for each in done.outcomes:
        beside = published.get(each.call.day)
        peak_mw = beside.peak_mw if beside else each.peak_mw
        table.add_row(
            str(each.call.day), f"{each.participants:,}", *([f"{beside.published_participants:,}"] if beside else []),
            f"{each.opted_out:,}", f"{each.skipped:,}", f"{each.delivered_mwh:,.1f}",
            f"{peak_mw:,.1f}" if peak_mw >= 1 else f"{peak_mw:,.3f}",
            *([f"{beside.published_mw:g}", f"{beside.error_pct:.1f}%"] if beside else []))
    return table


def _emergency_lines(done: Replayed) -> Iterator[str]:
    """How long each shelter and hospital is supplied in the season's emergency."""
    emergency, season = done.played.emergency, done.played.season
    if emergency is None or season.emergency is None:
        return
    sent = int((emergency.plan.site >= 0).sum())
    yield f"{season.emergency.order}: {sent} of {len(emergency.plan.site)} vehicles are sent."
    for place, name in enumerate(emergency.sites.site_ids):
        supplied_h, needed_h = emergency.hours_of(place)
        yield f"  {name}: supplied for {supplied_h:g} of {needed_h:g} hours"
