"""The charts of dispatch: an event with what was held back, who was spared, and a published season beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import altair as alt

from ..dispatch.model import Protection
from .charts import AnyChart, Width, inline_rows, legend_columns, plot
from .dispatch_figures import ZERO, ComparedDay, DispatchEvent, DispatchStep, Reserves, Spared
from .dispatch_words import KILO, clock_marks, elapsed_min, protection_words
from .palette import BASELINE, DELIVERED, INK, OTHER, PROTECTION_COLOURS, SPREAD, STORED
from .wording import number, short_day

GIVEN = "Delivered"
REASONS_DRAWN = 7
OTHER_REASONS = "Other reasons"
POWER_PX, STORED_PX = 140, 66
"""Heights of an event's two plots: two events stand on one sheet of paper. [px]"""
BARS_DRAWN, WORDS_PX = 12, 165
"""So many reasons have a bar, the largest; and the room for their words beside it. [px]"""
HALF_MW = Decimal("0.5")


def time_axis(start: datetime, end: datetime, width: Width, *, labelled: bool = True) -> alt.X:
    """Elapsed minutes, marked with the local clock; the days of a change of clocks have their hours in order."""
    marks = clock_marks(start, end, most=9 if width is Width.WIDE else 4)
    names = json.dumps({f"{at:g}": text for at, text in marks.items()})
    axis = alt.Axis(values=list(marks), labelExpr=f"({names})[format(datum.value, '~f')]", grid=False, labels=labelled,
                    title=None, labelFlush=False, labelOverlap=False)
    return alt.X("at:Q", axis=axis, scale=alt.Scale(domain=[0, elapsed_min(start, end)], nice=False, zero=False))


def staircase(start: datetime, spans: Sequence[tuple[datetime, datetime, Mapping[str, float]]]) -> list[dict[str, Any]]:
    """Points of a line that keeps its height through each span; a pause between spans breaks it (`run`)."""
    rows: list[dict[str, Any]] = []
    run, last = 0, None
    for since, until, heights in spans:
        at, after = elapsed_min(start, since), elapsed_min(start, until)
        if last is not None and at > last:
            run += 1
        rows += [{"at": at, "run": run, **heights}, {"at": after, "run": run, **heights}]
        last = after
    return rows


def reasons_drawn(event: DispatchEvent) -> list[str]:
    """The protections with a band of their own, from the nearest to what was delivered to the one furthest up.

    The last of the protections, what wire and device can carry, come first; the few that held back least are gathered.
    """
    order = {str(name): place for place, name in enumerate(Protection)}
    held = [name for name in event.withheld if event.withheld_kwh(name) > 0]
    largest = sorted(held, key=lambda name: (-event.withheld_kwh(name), name))
    kept = largest if len(largest) <= REASONS_DRAWN + 1 else largest[:REASONS_DRAWN]
    return sorted(kept, key=lambda name: (-order.get(name, len(order)), name))


def event_chart(event: DispatchEvent, reserves: Reserves | None, *, large: bool, width: Width) -> AnyChart:
    """Above, what was delivered, asked and held back; below, how full the batteries were; one clock for both."""
    told = any(step.stored_pct for step in event.steps)
    above = _power_panel(event, large=large, width=width, labelled=not told)
    if not told:
        return above
    panels: alt.VConcatChart = alt.vconcat(above, _stored_panel(event, reserves, width), spacing=12).resolve_scale(
        color="independent", strokeDash="independent")
    return panels


def _bands(event: DispatchEvent) -> list[tuple[str, str, list[Decimal]]]:
    """Name, colour and height for each step, from the bottom up; held back stands on what was asked. [kW]"""
    drawn = reasons_drawn(event)
    bands = [(protection_words(name), PROTECTION_COLOURS.get(name, OTHER), list(event.withheld[name]))
             for name in drawn]
    rest = [kept for name, kept in event.withheld.items() if name not in drawn]
    if any(any(kept) for kept in rest):
        bands.append((OTHER_REASONS, OTHER, [sum(step, ZERO) for step in zip(*rest, strict=True)]))
    return bands


def _power_panel(event: DispatchEvent, *, large: bool, width: Width, labelled: bool) -> alt.LayerChart:
    per, unit = (KILO, "MW") if large else (1, "kW")
    bands = _bands(event)
    names, colours = [GIVEN, *(name for name, _, _ in bands)], [DELIVERED, *(colour for _, colour, _ in bands)]
    floor = [max(step.delivered_kw, step.asked_kw) for step in event.steps]
    rows = _band_rows(event, GIVEN, [ZERO] * len(floor), [step.delivered_kw for step in event.steps], per)
    for name, _, held in bands:
        top = [low + more for low, more in zip(floor, held, strict=True)]
        rows += _band_rows(event, name, floor, top, per)
        floor = top
    place = time_axis(event.start, event.end, width, labelled=labelled)
    power = alt.Y("high:Q", title=f"Power ({unit})", axis=alt.Axis(tickCount=5, format=",~f"),
                  scale=alt.Scale(zero=True, nice=5))
    areas = alt.Chart(inline_rows(rows)).mark_area().encode(
        x=place, y=power, y2=alt.Y2("low:Q"), detail=alt.Detail("run:N"),
        color=alt.Color("series:N", scale=alt.Scale(domain=names, range=colours),
                        legend=alt.Legend(columns=legend_columns(width))))
    return plot(areas, _lines(event, per, place, width), width=width, height=POWER_PX)


def _band_rows(event: DispatchEvent, name: str, low: Sequence[Decimal], high: Sequence[Decimal],
               per: int) -> list[dict[str, Any]]:
    return [{"series": name, **row} for row in staircase(event.start, [
        (step.start, step.end, {"low": _short(least / per), "high": _short(most / per)})
        for step, least, most in zip(event.steps, low, high, strict=True)])]


def _short(exact: Decimal) -> float:
    """A figure as a chart needs it: a watt is never seen."""
    return round(float(exact), 5)


def _lines(event: DispatchEvent, per: int, place: alt.X, width: Width) -> alt.Chart:
    """What was asked, thin; what the event wanted, where it wanted a certain power."""
    rows = _line_rows(event, "Asked", [step.asked_kw for step in event.steps], per)
    names, dashes = ["Asked"], [[1, 0]]
    if event.has_target:
        rows += _line_rows(event, "Target", [step.target_kw for step in event.steps], per)
        names, dashes = ["Target", "Asked"], [[7, 4], [1, 0]]
    lines: alt.Chart = alt.Chart(inline_rows(rows)).mark_line(color=INK).encode(
        x=place, y=alt.Y("high:Q"), detail=alt.Detail("run:N"), order=alt.Order("at:Q"),
        strokeWidth=alt.condition("datum.series === 'Target'", alt.value(2.5), alt.value(1.2)),
        strokeDash=alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes),
                                  legend=alt.Legend(symbolType="stroke", symbolSize=250, symbolStrokeColor=INK,
                                                    orient="top" if width is Width.WIDE else "bottom")))
    return lines


def _line_rows(event: DispatchEvent, name: str, heights: Sequence[Decimal | None], per: int) -> list[dict[str, Any]]:
    return [{"series": name, **row} for row in staircase(event.start, [
        (step.start, step.end, {"high": _short(height / per)})
        for step, height in zip(event.steps, heights, strict=True) if height is not None])]


def _stored_panel(event: DispatchEvent, reserves: Reserves | None, width: Width) -> alt.LayerChart:
    """Half of the batteries hold more than the line, eight in ten lie in the band."""
    rows = _stored_rows(event)
    place = time_axis(event.start, event.end, width)
    full = alt.Y("middle:Q", title="Charge (%)", scale=alt.Scale(domain=[0, 100], nice=False),
                 axis=alt.Axis(values=[0, 50, 100]))
    band = alt.Chart(inline_rows(rows)).mark_area(color=STORED, fillOpacity=0.28).encode(
        x=place, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), detail=alt.Detail("run:N"))
    middle = alt.Chart(inline_rows(rows)).mark_line(color=STORED, strokeWidth=2.5).encode(
        x=place, y=full, detail=alt.Detail("run:N"))
    layers = [band, middle]
    if reserves is not None and reserves.smallest_pct == reserves.largest_pct:
        layers += _reserve_line(reserves)
    return plot(*layers, width=width, height=STORED_PX).properties(title=alt.Title(
        "State of charge: median, and from p10 to p90", anchor="start", fontSize=12, fontWeight="normal", color=INK,
        offset=5))


def _stored_rows(event: DispatchEvent) -> list[dict[str, Any]]:
    """One point a step: how full a battery is changes steadily."""
    return [{"at": elapsed_min(event.start, step.start), "run": run, "low": _short(p10), "middle": _short(p50),
             "high": _short(p90)}
            for run, step in _runs(event.steps) if step.stored_pct for p10, p50, p90 in [step.stored_pct]]


def _runs(steps: Sequence[DispatchStep]) -> list[tuple[int, DispatchStep]]:
    run, found = 0, []
    for place, step in enumerate(steps):
        run += bool(place) and elapsed_min(steps[place - 1].end, step.start) > 0
        found.append((run, step))
    return found


def _reserve_line(reserves: Reserves) -> list[alt.Chart]:
    at = [{"reserve": float(reserves.median_pct), "text": f"Backup reserve {number(reserves.median_pct, 0)}%"}]
    rule = alt.Chart(inline_rows(at)).mark_rule(color=INK, strokeDash=[4, 3]).encode(y=alt.Y("reserve:Q"))
    text = alt.Chart(inline_rows(at)).mark_text(
        align="left", baseline="bottom", dx=4, dy=-3, fontSize=12, color=INK).encode(
            x=alt.value(0), y=alt.Y("reserve:Q"), text=alt.Text("text:N"))
    return [rule, text]


def spared_chart(spared: Sequence[Spared], *, large: bool, width: Width) -> AnyChart:
    """Above, how often nothing was asked at all, by the first reason; below, the energy that each reason held back."""
    per, unit = (KILO, "MWh") if large else (1, "kWh")
    never = [(each.protection, float(each.calls), f"{each.calls:,}") for each in spared if each.calls]
    held = sorted(((each.protection, _short(each.withheld_kwh / per), number(each.withheld_kwh / per, 1))
                   for each in spared if each.withheld_kwh > 0), key=lambda row: -row[1])
    draw = _bars_beside_words if width is Width.WIDE else _bars_below_words
    panels = [draw(_bar_rows(bars), title) for bars, title in (
        (never, "Never asked (enrollments and events)"), (held, f"Held back ({unit})")) if bars]
    if len(panels) == 1:
        return panels[0]
    both: alt.VConcatChart = alt.vconcat(*panels, spacing=16)
    return both


def _bar_rows(bars: Sequence[tuple[str, float, str]]) -> list[dict[str, Any]]:
    return [{"reason": protection_words(name), "many": many, "told": told, "place": place,
             "text": f"{protection_words(name)}: {told}", "colour": PROTECTION_COLOURS.get(name, OTHER)}
            for place, (name, many, told) in enumerate(bars[:BARS_DRAWN])]


def _bars_beside_words(rows: list[dict[str, Any]], title: str) -> alt.LayerChart:
    place = alt.Y("reason:N", sort=[row["reason"] for row in rows], scale=alt.Scale(paddingInner=0.25),
                  axis=alt.Axis(title=None, ticks=False, domain=False, labelPadding=8, labelLimit=WORDS_PX,
                                minExtent=WORDS_PX))
    many = alt.X("many:Q", title=title, axis=alt.Axis(tickCount=5, format=",~f"))
    bar = alt.Chart(inline_rows(rows)).mark_bar().encode(x=many, y=place, color=alt.Color("colour:N", scale=None))
    text = alt.Chart(inline_rows(rows)).mark_text(align="left", fontSize=12, color=INK, dx=4).encode(
        x=alt.X("many:Q"), y=place, text=alt.Text("told:N"))
    return plot(bar, text, width=Width.WIDE - WORDS_PX + 40, height=21 * len(rows))


def _bars_below_words(rows: list[dict[str, Any]], title: str) -> alt.LayerChart:
    """Words and figures stand above their bars, for a phone has no room beside."""
    place = alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0.0, paddingOuter=0.0))
    many = alt.X("many:Q", title=title, axis=alt.Axis(tickCount=3, format=",~f"))
    bar = alt.Chart(inline_rows(rows)).mark_bar(height=12, yOffset=8, y2Offset=8).encode(
        x=many, y=place, color=alt.Color("colour:N", scale=None))
    text = alt.Chart(inline_rows(rows)).mark_text(
        align="left", baseline="middle", fontSize=12, color=INK, dy=-7, dx=2).encode(
            x=alt.value(0), y=place, text=alt.Text("text:N"))
    return plot(bar, text, width=Width.NARROW, height=34 * len(rows))


PUBLISHED, REPLAYED, CONSTANT = "Published, to half a MW", "Replayed", "Constant kW per home"


def comparison_chart(days: Sequence[ComparedDay], width: Width) -> AnyChart:
    """The published peak as the interval that a whole number stands for, and what the replay and a constant make."""
    years = {each.day.year for each in days}
    labels = [short_day(each.day, with_year=len(years) > 1) for each in days]
    axis = alt.Axis(labelAngle=0 if len(labels) * 46 <= width else -90, title="Event (local day)", grid=False,
                    labelOverlap=False)
    place = alt.X("day:O", sort=labels, axis=axis)
    shown = alt.Y("low:Q", title="Peak (MW)", axis=alt.Axis(tickCount=5, format=",~f"), scale=alt.Scale(zero=True))
    shape = min(24, width // (len(labels) + 1) - 6)
    published = alt.Chart(inline_rows([
        {"day": label, "series": PUBLISHED, "low": float(each.published_peak_mw - HALF_MW),
         "high": float(each.published_peak_mw + HALF_MW)}
        for label, each in zip(labels, days, strict=True) if each.published_peak_mw is not None]))
    made = [{"day": label, "series": name, "low": float(peak)} for label, each in zip(labels, days, strict=True)
            for name, peak in ((REPLAYED, each.peak_mw), (CONSTANT, each.constant_peak_mw)) if peak is not None]
    present = [name for name in (PUBLISHED, REPLAYED, CONSTANT)
               if name == PUBLISHED or any(row["series"] == name for row in made)]
    colours = {PUBLISHED: BASELINE, REPLAYED: DELIVERED, CONSTANT: SPREAD}
    colour = alt.Color("series:N", scale=alt.Scale(domain=present, range=[colours[name] for name in present]),
                       legend=alt.Legend(columns=3 if width is Width.WIDE else 1))
    bars = published.mark_bar(size=max(4, shape), fillOpacity=0.55).encode(x=place, y=shown, y2=alt.Y2("high:Q"),
                                                                            color=colour)
    shapes = [{PUBLISHED: "square", REPLAYED: "circle", CONSTANT: "diamond"}[name] for name in present]
    points = alt.Chart(inline_rows(made)).mark_point(
        filled=True, opacity=1, size=110, stroke="white", strokeWidth=1).encode(
            x=place, y=shown, color=colour,
            shape=alt.Shape("series:N", scale=alt.Scale(domain=present, range=shapes), legend=None))
    return plot(bars, points, width=width, height=220)
