"""The steps of an explanation that show where a day-matching baseline comes from: days, adjustment, readings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..interval import DAY, Interval
from ..measurement.candidates import LOOK_BACK_DAYS_DEFAULT, day_type_of, pick_for
from ..measurement.methods import Method
from ..measurement.windows import adjustment_window
from ..settlement.explain import Step, fraction_text, kwh_text, plural
from ..tariff.model import Measurement, Pick, in_force, value_on
from .explain_readings import STANDS, states
from .explain_rerun import Load, Rerun
from .sql_text import sql

MILLION = 1_000_000
Call = dict[str, Any]
Row = dict[str, Any]


def window_of(again: Rerun, call: Call, method: Method) -> Interval | None:
    """The same-day adjustment window that an event's baseline used; None when it used none."""
    if not call["adjusts"] or method.adjustment.kind not in ("ratio", "additive"):
        return None
    return adjustment_window(call["start_utc"].replace(tzinfo=UTC), method.adjustment.window_s, method.adjustment.gap_s)


def loads_of(again: Rerun, call: Call) -> dict[date, Load]:
    """What day matching saw of an enrollment's point, by local day."""
    return again.loads.get((call["group_no"], call["enrollment_no"] * 2), {})


def _shape(again: Rerun, call: Call, load: Load) -> Row | None:
    """Where the event's rows and window stand in a load by the wall clock; None when their edges miss its steps."""
    found = again.picks.get(("shape", call["shape_no"], load.step_seconds))
    return dict(found) if found is not None else None


def _sum(loads: Sequence[int | None], places: Iterable[int]) -> int | None:
    """The sum at some places (from 1); None when one is missing."""
    held = [loads[place - 1] if place <= len(loads) else None for place in places]
    return None if any(load is None for load in held) else sum(load for load in held if load is not None)


# ---- baseline days ------------------------------------------------------------------------------
def baseline_step(again: Rerun, call: Call, rows: Sequence[Row], method: Method, measurement: Measurement) -> Step:
    """The days of a baseline, each with its own load in the event's clock time, and why others were left out."""
    day, known_by = call["local_date"], again.plan.known_by
    used = [date.fromisoformat(text) for text in (rows[0]["baseline_days"] or "").split(";") if text]
    pick = pick_for(day_type_of(day, known_by, measurement, again.plan.holidays), measurement)
    table, complete, end = _day_rows(again, call, method, measurement, pick, used)
    enough = len(used) >= method.days_min
    taken = (f"The latest {method.of_last} like days with all readings are looked at"
             if method.highest == method.of_last else
             f"Of the latest {method.of_last} like days with all readings the {method.highest} with the most load in "
             "the event's clock time are taken")
    words = f"{taken}: {plural(complete, 'day')} found, {plural(len(used), 'day')} used. {end}"
    if not enough:
        words += f" At least {plural(method.days_min, 'day')} are needed, so there is no baseline."
    elif method.weights:
        words += f" Weights, latest day first: {', '.join(map(str, method.weights[:len(used)]))}."
    mean = {"day": "mean", "loads_kwh": dict(zip(_row_names(again, rows), (kwh_text(row["baseline_unadjusted_mwh"])
                                                                         for row in rows), strict=True))}
    dated = in_force(pick.highest or pick.of_last, day, known_by) if pick else None
    return Step(kind="baseline", clause=dated.cite if dated else "", words=words, values={
        "event_id": call["event_id"], "baseline_days": [str(one) for one in used], "weights": list(method.weights),
        "days_min": method.days_min, "rows": [*table, *([mean] if enough and used else [])]})


def _row_names(again: Rerun, rows: Sequence[Row]) -> list[str]:
    local = [again.local(row["start"]) for row in rows]
    names = [f"{start:%H:%M}" for start in local]
    return names if len(set(names)) == len(names) else [f"{start:%H:%M%z}" for start in local]


def _day_rows(again: Rerun, call: Call, method: Method, measurement: Measurement, pick: Pick | None,
              used: Sequence[date]) -> tuple[list[Row], int, str]:
    """A row for each day back to the last one looked at, how many were complete, and where the search ended."""
    day, known_by = call["local_date"], again.plan.known_by
    back = int(value_on(pick.look_back_days, day, known_by, LOOK_BACK_DAYS_DEFAULT)) if pick else 0
    candidates = set(list(again.plan.measurement.matchers)[call["matcher_no"]])
    own = {row["local_date"] for row in again.ask(
        "select local_date from own_excluded where enrollment_no = ?", call["enrollment_no"])}
    names = _row_names(again, again.ask("select start from window_row where window_no = ? order by row_no",
                                        call["window_no"]))
    table: list[Row] = []
    complete = 0
    for number in range(1, back + 1):
        if complete == method.of_last:
            return table, complete, f"Days before {day - (number - 1) * DAY} were not looked at."
        one = day - number * DAY
        shown: Row = {"day": str(one), "weekday": f"{one:%a}"}
        why = _why_no_candidate(again, call, measurement, one) if one not in candidates else (
            "own event or outage" if one in own else "")
        loads, missing = _loads_on(again, call, one) if not why else (None, "")
        if loads is not None:
            complete += 1
            shown |= {"loads_kwh": dict(zip(names, map(kwh_text, loads), strict=True)),
                      "total_kwh": kwh_text(sum(loads))}
            why = "used" if one in used else f"not of the {method.highest} highest"
        table.append({**shown, "status": why or missing})
    return table, complete, f"The search ends {plural(back, 'day')} before the event."


def _why_no_candidate(again: Rerun, call: Call, measurement: Measurement, one: date) -> str:
    """Why a day within the look-back is no candidate for anybody in the zone."""
    plan, day = again.plan, call["local_date"]
    excluded = value_on(measurement.exclude, day, plan.known_by, frozenset())
    if "holidays" in excluded and one in plan.holidays:
        return "holiday"
    if "program_events" in excluded:
        events = [event.event_id for event in plan.events if not event.cancelled
                  and event.start.astimezone(plan.zone).date() == one
                  and (not event.zones or call["zone"] in event.zones)]
        if events:
            return f"event day ({', '.join(events)})"
    return f"day type {day_type_of(one, plan.known_by, measurement, plan.holidays) or 'none'}"


def _loads_on(again: Rerun, call: Call, one: date) -> tuple[list[int] | None, str]:
    """The load in each row's clock time on a day; None, and what is missing, when the day is not complete."""
    load = loads_of(again, call).get(one)
    if load is None:
        return None, "no readings"
    shape = _shape(again, call, load)
    if shape is None:
        return None, "its readings are too coarse for the event's edges"
    gaps = sum(_sum(load.clock_mwh, [place]) is None for place in shape["all_picks"])
    if gaps:
        return None, f"{gaps} of {len(shape['all_picks'])} slots missing"
    return [_sum(load.clock_mwh, places) or 0 for places in shape["row_picks"]], ""


def baseline_readings_step(again: Rerun, call: Call, days: Sequence[str]) -> Step:
    """For each baseline day: how many readings stand in the event's clock time, and their net sum."""
    table: list[Row] = []
    for text in days:
        spans = [_on_day(again, span, call["local_date"], date.fromisoformat(text))
                 for span in again.plan.measurement.windows[call["window_no"]].rows]
        points = again.points_on(call["enrollment_no"], date.fromisoformat(text))
        found = again.readings.within(points, spans)
        standing = [reading for reading, state in zip(found, states(found, points), strict=True) if state == STANDS]
        table.append({"day": text, "readings": len(standing), "net_kwh": kwh_text(sum(r.net_mwh for r in standing)),
                      "not_used": len(found) - len(standing), "points": ", ".join(points)})
    return Step(kind="baseline_readings", clause="", values={"event_id": call["event_id"], "rows": table},
                words="The readings behind the baseline days, in the event's clock time.")


def _on_day(again: Rerun, span: Interval, event_day: date, one: date) -> Interval:
    """The same local clock time on another day; the first of a repeated hour."""
    zone = again.plan.zone
    start = span.start.astimezone(zone)
    shifted = datetime.combine(one + (start.date() - event_day), time(start.hour, start.minute, start.second), zone)
    begin = shifted.astimezone(UTC)
    return Interval(start=begin, end=begin + timedelta(seconds=span.seconds))


# ---- adjustment ---------------------------------------------------------------------------------
def adjustment_step(again: Rerun, call: Call, rows: Sequence[Row], method: Method,
                    measurement: Measurement) -> list[Step]:
    """How the event day itself moves the baseline: window, factor before and after its bounds, guards."""
    adjust = measurement.adjust
    dated = in_force(adjust.kind, call["local_date"], again.plan.known_by) if adjust else None
    if adjust is None or dated is None or not rows[0]["baseline_days"]:
        return []
    if dated.value == "given":
        return [_given_step(again, call, dated.cite)]
    notes = {row["note"] for row in rows}
    window = window_of(again, call, method)
    if window is None:
        called = "is not given" if again.plan.service_events[call["service_event_no"]].event.called_at is None else \
            "lies before the window's end"
        return [Step(kind="adjustment", clause=dated.cite,
                     words=f"No adjustment: the window must precede the notice, and called_at {called}.",
                     values={"factor": "1.000000", "guard": "window_after_notice"})]
    table, sums = _window_rows(again, call, window, rows[0]["baseline_days"].split(";"), method)
    if sums is None or "missing_window" in notes or "too_few_days" in notes:
        return [Step(kind="adjustment", clause=dated.cite, values={"rows": table},
                     words="The adjustment window lacks a reading or baseline days.")]
    make = _ratio_words if dated.value == "ratio" else _additive_words
    words, figures = make(method, *sums)
    return [Step(kind="adjustment", clause=dated.cite, words=words, values={
        "start": again.local_text(window.start),
        "end": again.local_text(window.end), "event_day_kwh": kwh_text(sums[0]),
        "baseline_mean_kwh": fraction_text(sums[1] / MILLION), **figures, "rows": table})]


def _window_rows(again: Rerun, call: Call, window: Interval, days: Sequence[str],
                 method: Method) -> tuple[list[Row], tuple[int, Fraction] | None]:
    """The window step by step, on the event day and as a mean of the baseline days; and both sums."""
    loads = loads_of(again, call)
    today = loads.get(call["local_date"])
    picks = again.picks.get(("window_pick", call["window_no"], today.step_seconds)) if today else None
    if today is None or picks is None:
        return [], None
    weights = list(method.weights[:len(days)]) or [1] * len(days)
    means, total = [], Fraction(0)
    for text, weight in zip(days, weights, strict=True):
        load = loads[date.fromisoformat(text)]
        shape = _shape(again, call, load)
        places = shape["window_picks"] if shape else []
        total += Fraction((_sum(load.clock_mwh, places) or 0) * weight, sum(weights))
        means.append([load.clock_mwh[place - 1] for place in places])
    table = []
    for number, place in enumerate(picks["window_picks"]):
        at = window.start + number * timedelta(seconds=today.step_seconds)
        shown: Row = {"start": again.local_text(at),
                      "event_day_kwh": kwh_text(_sum(today.elapsed_mwh, [place]))}
        if all(len(mean) == len(picks["window_picks"]) for mean in means):
            mean = sum(Fraction((each[number] or 0) * weight, sum(weights))
                       for each, weight in zip(means, weights, strict=True))
            shown["baseline_mean_kwh"] = kwh_text(round(mean))
        table.append(shown)
    metered = _sum(today.elapsed_mwh, picks["window_picks"])
    return table, None if metered is None else (metered, total)


def _ratio_words(method: Method, event_day_mwh: int, mean_mwh: Fraction) -> tuple[str, Row]:
    adjustment = method.adjustment
    least = Fraction(adjustment.smallest_mean_milliwatt * adjustment.window_s, 3600)
    start = (f"In the window the event day shows {kwh_text(event_day_mwh)} kWh and the baseline days "
             f"{fraction_text(mean_mwh / MILLION)} kWh on average")
    if mean_mwh <= 0 or mean_mwh < least:
        return (f"{start}; a mean that is {'not above zero' if mean_mwh <= 0 else 'too small'} makes no ratio, so the "
                "factor is 1."), {"factor": "1.000000", "guard": "guard"}
    raw = Fraction(event_day_mwh) / mean_mwh
    held = min(max(raw, adjustment.low), adjustment.high)
    words = f"{start}: a ratio of {fraction_text(raw)}"
    if held != raw:
        words += (f", held {'up to the least' if raw < held else 'down to the greatest'} factor of {held} = "
                  f"{fraction_text(held)}")
    return f"{words}. Each row's mean is multiplied by it and rounded once.", {
        "factor_before_bounds": fraction_text(raw), "factor": fraction_text(held), "low": str(adjustment.low),
        "high": str(adjustment.high)}


def _additive_words(method: Method, event_day_mwh: int, mean_mwh: Fraction) -> tuple[str, Row]:
    adjustment = method.adjustment
    raw_kw = (event_day_mwh - mean_mwh) * 3600 / adjustment.window_s / MILLION
    low = None if adjustment.low_milliwatt is None else Fraction(adjustment.low_milliwatt, MILLION)
    high = None if adjustment.high_milliwatt is None else Fraction(adjustment.high_milliwatt, MILLION)
    held_kw = raw_kw if low is None else max(raw_kw, low)
    held_kw = held_kw if high is None else min(held_kw, high)
    words = (f"In the window the event day shows {kwh_text(event_day_mwh)} kWh and the baseline days "
             f"{fraction_text(mean_mwh / MILLION)} kWh on average: a shift of {fraction_text(raw_kw)} kW")
    words += f", held within its bounds at {fraction_text(held_kw)} kW" if held_kw != raw_kw else ""
    return f"{words}. It is added to each row's mean.", {
        "shift_before_bounds_kw": fraction_text(raw_kw), "shift_kw": fraction_text(held_kw)}


def _given_step(again: Rerun, call: Call, cite: str) -> Step:
    rows = again.ask(sql("explain_given"), call["call_no"])
    table = [{"start": again.local_text(row["start"]),
              "added_kwh": kwh_text(row["shift_mwh"])} for row in rows]
    total = kwh_text(sum(row["shift_mwh"] for row in rows))
    words = f"The utility gave adjustments of {total} kWh together." if rows else "The utility gave no adjustment."
    return Step(kind="adjustment", clause=cite, words=words, values={"rows": table,
                                                                     "added_kwh": str(Decimal(total or "0"))})
