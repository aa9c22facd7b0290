"""From figures to the document: title, status, marks, and the sections in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from .dispatch_figures import Comparison, Dispatch
from .figures import Program
from .model import Block, Document, Run
from .sections.books import books
from .sections.comparison import comparison
from .sections.dispatch import dispatch
from .sections.events import events
from .sections.exceptions import exceptions
from .sections.headline import headline
from .sections.outcomes import outcomes
from .sections.payments import payments
from .sections.spread import spread
from .wording import moment, span

SYNTHETIC = "Synthetic readings"


def compose(run: Run, program: Program, participant_blocks: Sequence[Block] = (), *, dispatched: Dispatch | None = None,
            published: Comparison | None = None) -> Document:
    """The whole report as a document; with the pictures of dispatch and a published season where there are any."""
    blocks = (*headline(run, program), *events(run, program), *dispatch(dispatched), *comparison(published),
              *payments(run, program), *spread(run, program), *outcomes(program), *exceptions(run, program),
              *books(run, program), *participant_blocks)
    return Document(run=run, title=run.tariff_title,
                    subtitle=f"Settlement report, {span(run.period_start, run.period_end - timedelta(days=1))}",
                    status=_status(run, program), marks=(SYNTHETIC,) if run.synthetic else (), blocks=blocks)


def _status(run: Run, program: Program) -> str:
    known = f"as of {moment(run.as_of)}"
    totals = program.totals
    if not totals.lines:
        return f"No payment lines, {known}"
    if not totals.lines_provisional:
        return f"Final {known}"
    if totals.lines_provisional == totals.lines:
        return f"Provisional {known}: amounts may change"
    return (f"Partly provisional {known}: {totals.lines_provisional:,} of {totals.lines:,} lines may change")
