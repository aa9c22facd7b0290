"""What was paid, by month, season or term and by component."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ...settlement.model import COMPONENTS
from .. import charts
from ..figures import PaidFigure, Program
from ..model import Align, Block, Chart, Heading, Paragraph, Run, Table, TableColumn
from ..wording import count, money, span, words


def payments(run: Run, program: Program) -> list[Block]:
    """The payments of the period."""
    blocks: list[Block] = [Heading(level=2, text="Payments by month and component", anchor="payments")]
    paid = program.paid
    if not paid:
        return [*blocks, Paragraph(text="No payment line was made in this period.")]
    periods = list(dict.fromkeys((row.first, row.last) for row in paid))
    largest = max(periods, key=lambda period: _sum(paid, period=period))
    wide, narrow = charts.both(lambda width: charts.paid_per_period(paid, run.currency, width))
    title = f"{money(program.totals.paid_usd, run.currency)} over {count(len(periods), 'period')}"
    if len(periods) > 1:
        title += f", the most in {span(*largest)} ({money(_sum(paid, period=largest), run.currency)})"
    return [*blocks, Chart(
        key="paid-per-period", title=title, wide=wide, narrow=narrow,
        alt="Money paid per month, season or term, stacked by component. The table below holds the same figures."),
        _paid_table(run, paid, periods)]


def _sum(paid: Sequence[PaidFigure], *, period: tuple[date, date] | None = None, component: str = "") -> Decimal:
    return sum((row.amount_usd for row in paid if period in (None, (row.first, row.last))
                and component in ("", row.component)), Decimal(0))


def _paid_table(run: Run, paid: Sequence[PaidFigure], periods: Sequence[tuple[date, date]]) -> Table:
    present = [component for component in COMPONENTS if any(row.component == component for row in paid)]
    columns = (TableColumn(head="Period", share=3), *(
        TableColumn(head=f"{head} ({run.currency})", align=Align.FIGURES, share=2)
        for head in (*map(words, present), "Total")))
    rows = tuple(
        (span(*period), *(money(_sum(paid, period=period, component=component), run.currency) for component in present),
         money(_sum(paid, period=period), run.currency)) for period in periods)
    total = ("All periods", *(money(_sum(paid, component=component), run.currency) for component in present),
             money(_sum(paid), run.currency))
    return Table(caption="Paid per month, season or term", columns=columns, rows=rows,
                 total=total if len(rows) > 1 else ())
