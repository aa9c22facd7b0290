"""How the calls were answered."""

from __future__ import annotations

from collections.abc import Sequence

from .. import charts
from ..figures import ASKED, EventFigure, Program
from ..model import Align, Block, Chart, Heading, Table, TableColumn
from ..wording import percent, words


def outcomes(program: Program) -> list[Block]:
    """Outcomes stacked per event, and their sum."""
    events = program.events
    if not any(event.outcomes for event in events):
        return []
    performed = sum(event.count("performed") for event in events)
    asked = sum(event.count(*ASKED) for event in events)
    wide, narrow = charts.both(lambda width: charts.outcomes_per_event(events, width))
    return [Heading(level=2, text="Outcomes", anchor="outcomes"), Chart(
        key="outcomes-per-event", wide=wide, narrow=narrow,
        title=f"{percent(performed, asked)} of calls were answered" if asked else "Nobody was called",
        alt=f"Enrollments per event, stacked by outcome: {performed:,} of {asked:,} calls performed over all events. "
            "The table of outcomes and the table of events hold the figures."), _outcome_table(events)]


def _outcome_table(events: Sequence[EventFigure]) -> Table:
    totals = {outcome: sum(event.count(outcome) for event in events)
              for outcome in dict.fromkeys(name for event in events for name in event.outcomes)}
    everyone = sum(totals.values())
    columns = (TableColumn(head="Outcome", share=3), TableColumn(head="Enrollments and events", align=Align.FIGURES,
               share=2), TableColumn(head="Share", align=Align.FIGURES, share=1))
    ordered = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    return Table(caption="Outcomes over all events", columns=columns, rows=tuple(
        (words(outcome), f"{many:,}", percent(many, everyone)) for outcome, many in ordered),
        total=("All", f"{everyone:,}", percent(everyone, everyone)))
