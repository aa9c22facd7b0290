"""What happened in each event: charts and the table with the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from .. import charts
from ..figures import ASKED, EXCUSED, EventFigure, Program, are_large
from ..model import Align, Block, Chart, Heading, Paragraph, Run, Table, TableColumn
from ..wording import KWH_PER_MWH, count, day, energy, hours, money, number, words


def events(run: Run, program: Program) -> list[Block]:
    """The events: two charts, the table, and what its words mean."""
    events = program.events
    blocks: list[Block] = [Heading(level=2, text="Events", anchor="events")]
    if not events:
        return [*blocks, Paragraph(text="No event was called in this period.")]
    measured = [event for event in events if event.peak_hour_kw is not None]
    if measured:
        blocks += [load_chart("load-per-event", events, who="the enrollments called and measured"),
                   _hour_chart(program)]
    else:
        blocks.append(Paragraph(
            text="No enrollment that performed or missed has readings yet, so there is nothing to draw."))
    paid = ("Paid holds only the lines that name the event." if any(event.paid_usd for event in events)
            else "No line pays for a single event; what was paid stands by month or season below.")
    return [*blocks, event_table(run, events), Paragraph(quiet=True, text=(
        f"Times are local, zone {run.timezone}. Called = performed + missed + opted out + missing readings + excused "
        "(excused or suspended). Delivered is baseline minus metered net import of the enrollments that performed or "
        f"missed, before any floor; peak hour is the average power of an event's best hour. {paid}"))]


def load_chart(key: str, events: Sequence[EventFigure], *, who: str) -> Chart:
    """Baseline, metered and delivered energy per event, with a title that says what one sees."""
    delivered = sum((event.delivered_kwh for event in events), Decimal(0))
    most = max(events, key=lambda event: event.delivered_kwh)
    title = f"{count(len(events), 'event')} delivered {energy(delivered)}"
    if len(events) > 1 and most.start:
        title += f", the most on {day(most.start.date())} ({energy(most.delivered_kwh)})"
    wide, narrow = charts.both(lambda width: charts.load_per_event(events, width))
    return Chart(key=key, title=title, wide=wide, narrow=narrow, alt=(
        f"Two charts over {count(len(events), 'event')}. Above: net import of {who} per event, baseline against "
        f"metered. Below: energy delivered per event, from "
        f"{energy(min(event.delivered_kwh for event in events))} to {energy(most.delivered_kwh)}. "
        "The table of events holds the same figures."))


def _hour_chart(program: Program) -> Chart:
    figures = program.hours
    best = max(figures, key=lambda hour: hour.delivered_kw)
    wide, narrow = charts.both(lambda width: charts.load_per_hour(figures, width))
    told = "; ".join(f"hour {hour.hour_no}: baseline {number(hour.baseline_kw, 2)} kW, metered "
                     f"{number(hour.metered_kw, 2)} kW" for hour in figures)
    return Chart(key="load-per-hour", wide=wide, narrow=narrow,
                 title=f"The average enrollment delivered {number(best.delivered_kw, 2)} kW in hour {best.hour_no} of "
                       "an event" + (", its best" if len(figures) > 1 else ""),
                 alt=f"Average net import per enrollment by hour of the event, over all events. {told}.")


def event_table(run: Run, events: Sequence[EventFigure]) -> Table:
    """The events with the figures of the charts, and their totals; money only where lines name events."""
    large = are_large(events)
    heads = ("Date", "Local time", "Kind", "Called", "Performed", "Missed", "Opted out", "Missing readings", "Excused",
             f"Delivered ({'MWh' if large else 'kWh'})", f"Peak hour ({'MW' if large else 'kW'})",
             f"Paid ({run.currency})")
    shares = (10, 13, 11, 7, 9, 7, 6, 8, 8, 9, 7, 12)
    columns = tuple(TableColumn(head=head, share=share, align=Align.WORDS if place < 3 else Align.FIGURES)
                    for place, (head, share) in enumerate(zip(heads, shares, strict=True)))
    total = ("All events", "", "", *(f"{sum(cells):,}" for cells in zip(*map(_counts, events), strict=True)),
             _large_or_small(sum((event.delivered_kwh for event in events), Decimal(0)), large=large), "",
             money(sum((event.paid_usd for event in events), Decimal(0)), run.currency))
    one_service = len({event.service for event in events}) == 1
    rows = tuple(_event_row(run, event, one_service=one_service, large=large) for event in events)
    kept = len(heads) if any(event.paid_usd for event in events) else len(heads) - 1
    return Table(caption="Every event, with the figures of the charts", columns=columns[:kept],
                 rows=tuple(row[:kept] for row in rows), total=total[:kept] if len(events) > 1 else ())


def _large_or_small(kilo: Decimal, *, large: bool) -> str:
    """kWh or kW as they are, or in thousands."""
    return number(kilo / KWH_PER_MWH, 3) if large else number(kilo, 2)


def _counts(event: EventFigure) -> tuple[int, ...]:
    return (event.count(*ASKED, *EXCUSED), event.count("performed"), event.count("missed"), event.count("opted_out"),
            event.count("missing_readings"), event.count(*EXCUSED))


def _event_row(run: Run, event: EventFigure, *, one_service: bool, large: bool) -> tuple[str, ...]:
    """An event's row; the service is named beside the kind only where services differ."""
    name = day(event.start.date()) if event.start else event.event_id
    clock = hours(event.start, event.end) if event.start and event.end else "not known"
    names = (event.kind or event.service,) if one_service else (event.kind, event.service)
    kind = ", ".join(dict.fromkeys(words(name) for name in names if name))
    if not event.count(*ASKED, *EXCUSED):
        kind = f"{kind} (nobody called)".strip()
    peak = "\N{EM DASH}" if event.peak_hour_kw is None else _large_or_small(event.peak_hour_kw, large=large)
    return (name, clock, kind or "\N{EM DASH}", *(f"{many:,}" for many in _counts(event)),
            _large_or_small(event.delivered_kwh, large=large), peak, money(event.paid_usd, run.currency))
