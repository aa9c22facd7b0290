"""The headline row: six figures that answer the first questions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..figures import ASKED, EXCUSED, EventFigure, Program
from ..model import Block, Run, Tile, Tiles
from ..wording import count, day, kwh, money, percent, span


def headline(run: Run, program: Program) -> list[Block]:
    """The headline figures."""
    totals, events = program.totals, program.events
    performed = sum(event.count("performed") for event in events)
    asked = sum(event.count(*ASKED) for event in events)
    called = [event for event in events if event.count(*ASKED, *EXCUSED)]
    quiet = len(events) - len(called)
    delivered = sum((event.delivered_kwh for event in events), Decimal(0))
    average = money(totals.paid_usd / performed, run.currency) if performed else "\N{EM DASH}"
    return [Tiles(tiles=(
        Tile(label="Paid in total", figure=money(totals.paid_usd, run.currency),
             note=f"{count(totals.lines, 'line')} on {count(totals.statements, 'statement')}"),
        Tile(label="Events", figure=f"{len(called):,}", note=f"and {quiet:,} cancelled or with nobody called" if quiet
             else _reach(called)),
        Tile(label="Participants", figure=f"{totals.participants:,}",
             note=f"on statements; {count(totals.enrollments, 'enrollment')} in the events"),
        Tile(label="Energy delivered", figure=kwh(delivered),
             note="baseline minus metered, of enrollments called and measured"),
        Tile(label="Average payment", figure=average, note="per enrollment and event it performed in"),
        Tile(label="Calls answered", figure=percent(performed, asked),
             note=f"{performed:,} performed of {asked:,} called and not excused")))]


def _reach(events: Sequence[EventFigure]) -> str:
    days = [event.start.date() for event in events if event.start]
    if not days:
        return "none in the period"
    return span(min(days), max(days)) if len(days) > 1 else f"on {day(days[0])}"
