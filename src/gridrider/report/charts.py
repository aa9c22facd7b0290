"""The charts, defined once: pure functions from figures to Altair, for the page, the phone and the paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeAlias

import altair as alt
from altair.utils.schemapi import debug_mode

from ..measurement.model import OUTCOMES
from ..settlement.model import COMPONENTS
from .figures import Distribution, EventFigure, HourFigure, PaidFigure, are_large
from .model import Spec
from .palette import (
    AGAINST,
    BASELINE,
    COMPONENT_COLOURS,
    DELIVERED,
    GRID,
    INK,
    METERED,
    OUTCOME_COLOURS,
    RULE,
    SPREAD,
)
from .wording import KWH_PER_MWH, money, number, short_day, span, words

AnyChart: TypeAlias = alt.Chart | alt.LayerChart | alt.VConcatChart
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


HELPED, WENT_AGAINST = "Delivered", "Drawn beyond the baseline"
SIGNS = {HELPED: DELIVERED, WENT_AGAINST: AGAINST}
SPREAD_HEIGHT = 170
"""Height of a histogram's plot. [px]"""


class Width(IntEnum):
    """Width of the plot in pixels: WIDE for desks and paper, NARROW for phones."""

    WIDE = 620
    NARROW = 260


def both(draw: Callable[[Width], AnyChart]) -> tuple[Spec, Spec]:
    """A chart's wide and narrow specification, with the house's look."""
    with debug_mode(False):  # the tests check against the schema; checking every part here would double the time
        return _spec(draw(Width.WIDE)), _spec(draw(Width.NARROW))


def _spec(chart: AnyChart) -> Spec:
    styled = (
        chart.configure(font=FONT, background="white", aria=False, padding=4)
        .configure_view(stroke=None)
        .configure_axis(labelColor=INK, titleColor=INK, gridColor=GRID, domainColor=RULE, tickColor=RULE,
                        labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=160)
        .configure_legend(orient="top", title=None, labelColor=INK, labelFontSize=12, symbolType="square",
                          labelLimit=220, columnPadding=14, offset=8)
    )
    spec: Spec = styled.to_dict(validate=False)
    return spec


def inline_rows(rows: list[dict[str, Any]]) -> alt.InlineData:
    """Rows that stand in the specification itself: a tuple, which Altair does not copy at every step."""
    return alt.InlineData(values=tuple(rows))


def plot(*layers: alt.Chart, width: int, height: int) -> alt.LayerChart:
    """Layers over one another, the first at the bottom."""
    return alt.LayerChart(layer=list(layers), width=int(width), height=height)


def event_labels(events: Sequence[EventFigure]) -> list[str]:
    """A short name per event, unique: its day, with the year when there are several, else its id.

    >>> event_labels([])
    []
    """
    years = {event.start.year for event in events if event.start}
    plain = [short_day(event.start.date(), with_year=len(years) > 1) if event.start else event.event_id[:12]
             for event in events]
    seen: Counter[str] = Counter()
    labels = []
    for label in plain:
        seen[label] += 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return labels


def _event_axis(labels: Sequence[str], width: Width, *, labelled: bool = True) -> alt.X:
    """An axis with every event in its place and no more labels than can be read."""
    room = width // 18
    every = -(-len(labels) // room) if labels else 1
    shown = list(labels[::every])
    upright = len(shown) * 46 <= width
    axis = alt.Axis(values=shown, labelAngle=0 if upright else -90, title="Event (local day)" if labelled else None,
                    labels=labelled, grid=False, labelOverlap=False, ticks=len(labels) <= 60, labelPadding=4)
    gap = 0.2 if _broad(labels, width) else 0.0
    return alt.X("event:O", sort=list(labels), axis=axis, scale=alt.Scale(paddingInner=gap, paddingOuter=0.1))


def _broad(labels: Sequence[str], width: Width) -> bool:
    """True when a bar per event is broad enough for gaps and seams."""
    return len(labels) * 4 < width


def _count_axis(most: int) -> alt.Axis:
    """An axis of whole numbers."""
    if most <= 5:
        return alt.Axis(values=list(range(most + 1)), format=",d")
    return alt.Axis(tickCount=5, format=",d", tickMinStep=1)


def load_per_event(events: Sequence[EventFigure], width: Width) -> AnyChart:
    """Above, baseline and metered net load of each event; below, what was delivered."""
    unit, divisor = ("MWh", KWH_PER_MWH) if are_large(events) else ("kWh", 1)
    labels = event_labels(events)
    rows = [{"event": label, "baseline": float(event.baseline_kwh / divisor),
             "metered": float(event.metered_kwh / divisor), "delivered": float(event.delivered_kwh / divisor)}
            for label, event in zip(labels, events, strict=True)]
    panels: alt.VConcatChart = alt.vconcat(
        _load_panel(rows, labels, width, unit), _delivered_panel(rows, labels, width, unit),
                       spacing=10).resolve_scale(color="independent")
    return panels


def _load_panel(rows: list[dict[str, Any]], labels: Sequence[str], width: Width, unit: str) -> alt.LayerChart:
    place = _event_axis(labels, width, labelled=False)
    step = width / max(len(labels), 1)
    names, colours = ["Baseline", "Metered"], [BASELINE, METERED]
    colour = alt.Color("series:N", scale=alt.Scale(domain=names, range=colours))
    low = alt.Y("baseline:Q", title=f"Net import ({unit})", axis=alt.Axis(tickCount=5), scale=alt.Scale(nice=5))
    between = alt.Chart(inline_rows(rows)).mark_rule(
        color=RULE, strokeWidth=1 if _broad(labels, width) else 0.2).encode(x=place, y=low, y2=alt.Y2("metered:Q"))
    ticks = alt.Chart(_named(rows, "Baseline")).mark_tick(
        opacity=1, thickness=3, size=max(2.0, min(28.0, step * 0.8))).encode(
            x=place, y=alt.Y("baseline:Q"), color=colour)
    dots = alt.Chart(_named(rows, "Metered")).mark_point(
        filled=True, opacity=1, size=max(8.0, min(60.0, step * 6))).encode(x=place, y=alt.Y("metered:Q"), color=colour)
    zero = _zero_line()
    return plot(zero, between, ticks, dots, width=width, height=150)


def _zero_line() -> alt.Chart:
    rule: alt.Chart = alt.Chart(inline_rows([{"zero": 0}])).mark_rule(color=RULE, strokeWidth=1).encode(
        y=alt.Y("zero:Q"))
    return rule


def _delivered_panel(rows: list[dict[str, Any]], labels: Sequence[str], width: Width, unit: str) -> alt.LayerChart:
    signed = [{**row, "series": WENT_AGAINST if row["delivered"] < 0 else HELPED} for row in rows]
    present = {name: colour for name, colour in SIGNS.items() if any(row["series"] == name for row in signed)}
    bars = alt.Chart(inline_rows(signed)).mark_bar().encode(
        x=_event_axis(labels, width),
        y=alt.Y("delivered:Q", title=f"Delivered ({unit})", axis=alt.Axis(tickCount=5)),
        color=alt.Color("series:N", scale=alt.Scale(domain=list(present), range=list(present.values()))))
    return plot(bars, _zero_line(), width=width, height=120)


def load_per_hour(hours: Sequence[HourFigure], width: Width) -> AnyChart:
    """Average net load of an enrollment in each hour of the event: baseline, metered, and what lies between."""
    rows = [{"hour": hour.hour_no, "baseline": float(hour.baseline_kw), "metered": float(hour.metered_kw)}
            for hour in hours]
    between = [{**row, "series": HELPED if row["metered"] <= row["baseline"] else WENT_AGAINST} for row in rows]
    helped = {name: colour for name, colour in SIGNS.items() if any(row["series"] == name for row in between)}
    names = {"Baseline": BASELINE, "Metered": METERED, **helped}
    place = alt.X("hour:O", title="Hour of the event", axis=alt.Axis(labelAngle=0, grid=False),
                  scale=alt.Scale(padding=0.5))
    colour = alt.Color("series:N", scale=alt.Scale(domain=list(names), range=list(names.values())))
    load = alt.Y("baseline:Q", title="Net import (kW per enrollment)", axis=alt.Axis(tickCount=5),
                 scale=alt.Scale(nice=5))
    band = alt.Chart(inline_rows(between)).mark_bar(
        fillOpacity=0.35, size=min(60, width // (len(rows) + 1))).encode(
            x=place, y=load, y2=alt.Y2("metered:Q"), color=colour)
    lines = [alt.Chart(_named(rows, name)).mark_line(
        point=alt.OverlayMarkDef(filled=True, size=60), strokeWidth=2.5, strokeDash=dash).encode(
            x=place, y=alt.Y(f"{name.lower()}:Q"), color=colour)
        for name, dash in (("Baseline", [6, 3]), ("Metered", [1, 0]))]
    return plot(band, _zero_line(), *lines, width=width, height=170)


def _named(rows: list[dict[str, Any]], series: str) -> alt.InlineData:
    return inline_rows([{**row, "series": series} for row in rows])


def outcomes_per_event(events: Sequence[EventFigure], width: Width) -> AnyChart:
    """How many enrollments had which outcome in each event, stacked."""
    labels = event_labels(events)
    present = [outcome for outcome in OUTCOMES if any(event.outcomes.get(outcome) for event in events)]
    rows = [{"event": label, "outcome": words(outcome), "enrollments": event.outcomes[outcome],
             "order": OUTCOMES.index(outcome)}
            for label, event in zip(labels, events, strict=True) for outcome in present
            if event.outcomes.get(outcome)]
    most = max(sum(event.outcomes.values()) for event in events)
    names, colours = [words(name) for name in present], [OUTCOME_COLOURS[name] for name in present]
    bars: alt.Chart = alt.Chart(inline_rows(rows)).mark_bar(
        stroke="white", strokeWidth=0.5 if _broad(labels, width) else 0.0).encode(
        x=_event_axis(labels, width),
        y=alt.Y("enrollments:Q", title="Enrollments", stack="zero", axis=_count_axis(most)),
        color=alt.Color("outcome:N", scale=alt.Scale(domain=names, range=colours),
                        legend=alt.Legend(columns=legend_columns(width))),
        order=alt.Order("order:Q"))
    return plot(bars, width=width, height=200)


def legend_columns(width: Width) -> int:
    """How many names a legend has beside each other."""
    return 4 if width is Width.WIDE else 2


def paid_per_period(paid: Sequence[PaidFigure], currency: str, width: Width) -> AnyChart:
    """Money per month, season or term, stacked by component; what is taken back stands below zero."""
    periods = list(dict.fromkeys(span(row.first, row.last) for row in paid))
    present = [component for component in COMPONENTS if any(row.component == component for row in paid)]
    rows = [{"period": span(row.first, row.last), "component": words(row.component), "amount": float(row.amount_usd),
             "order": COMPONENTS.index(row.component)} for row in paid]
    names, colours = [words(name) for name in present], [COMPONENT_COLOURS[name] for name in present]
    room = width // 64
    axis = alt.Axis(labelAngle=0 if len(periods) <= room else -90, title="Period", grid=False, labelLimit=140)
    bars = alt.Chart(inline_rows(rows)).mark_bar(stroke="white", strokeWidth=1).encode(
        x=alt.X("period:O", sort=periods, axis=axis, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.2)),
        y=alt.Y("amount:Q", title=f"Paid ({currency})", stack="zero", axis=alt.Axis(tickCount=5, format=",~f")),
        color=alt.Color("component:N", scale=alt.Scale(domain=names, range=colours),
                        legend=alt.Legend(columns=legend_columns(width))),
        order=alt.Order("order:Q"))
    return plot(bars, _zero_line(), width=width, height=200)


def spread(shape: Distribution, *, axis_title: str, count_title: str, unit_text: Callable[[Decimal], str],
           width: Width) -> AnyChart:
    """A histogram with p10, median and p90 marked; the title of the axis carries the unit."""
    rows = [{"low": float(step.low), "high": float(step.high), "many": step.count} for step in shape.bins]
    bounds = [rows[0]["low"], rows[-1]["high"]]
    place = alt.X("low:Q", title=axis_title, scale=alt.Scale(domain=bounds, nice=False),
                  axis=alt.Axis(grid=False, tickCount=6 if width is Width.WIDE else 4, format=",~f"))
    tall = alt.Y("many:Q", title=count_title, axis=_count_axis(max(step.count for step in shape.bins)))
    bars = alt.Chart(inline_rows(rows)).mark_rect(color=SPREAD, stroke="white", strokeWidth=1).encode(
        x=place, x2=alt.X2("high:Q"), y=tall, y2=alt.Y2Datum(0))
    quantiles = (("p10", shape.p10, -10), ("median", shape.median, -26), ("p90", shape.p90, -42))
    middle = (bounds[0] + bounds[1]) / 2
    rules = [_quantile_rule(float(at), above_px, solid=name == "median") for name, at, above_px in quantiles]
    texts = [_quantile_text(f"{name} {unit_text(at)}", float(at), above_px, leftward=float(at) > middle, halo=halo,
                            bold=name == "median")
             for halo in (True, False) for name, at, above_px in quantiles]
    return plot(bars, *rules, *texts, width=width, height=SPREAD_HEIGHT)


def _quantile_rule(at: float, above_px: int, *, solid: bool) -> alt.Chart:
    rule: alt.Chart = alt.Chart(inline_rows([{"at": at}])).mark_rule(
        color=INK, strokeWidth=1.5, strokeDash=[1, 0] if solid else [4, 3]).encode(
            x=alt.X("at:Q"), y=alt.value(above_px), y2=alt.value(SPREAD_HEIGHT))
    return rule


def _quantile_text(label: str, at: float, above_px: int, *, leftward: bool, halo: bool, bold: bool) -> alt.Chart:
    """A label beside its line; its white halo keeps it legible where another line crosses it."""
    ink: dict[str, Any] = {"stroke": "white", "strokeWidth": 5, "color": "white"} if halo else {"color": INK}
    text: alt.Chart = alt.Chart(inline_rows([{"at": at, "text": label}])).mark_text(
        fontSize=12, dx=-5 if leftward else 5, dy=above_px, baseline="middle", align="right" if leftward else "left",
        fontWeight="bold" if bold else "normal", **ink).encode(
            x=alt.X("at:Q"), y=alt.value(0), text=alt.Text("text:N"))
    return text


def spread_of_pay(shape: Distribution, *, per: str, currency: str, width: Width) -> AnyChart:
    """How pay spreads over participants or enrollments."""
    return spread(shape, axis_title=f"Paid per {per} ({currency})", count_title=f"{words(per)}s",
                  unit_text=lambda amount: money(amount, currency), width=width)


def spread_of_delivery(shape: Distribution, width: Width) -> AnyChart:
    """How average delivered power spreads over enrollments."""
    return spread(shape, axis_title="Average delivered power over the events (kW)", count_title="Enrollments",
                  unit_text=lambda power: f"{number(power, 2)} kW", width=width)
