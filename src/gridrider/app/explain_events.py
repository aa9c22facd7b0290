"""The steps of an explanation from an event of one enrollment down to its performance and readings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from ..event.availability import parse_spans
from ..interval import Interval
from ..measurement.methods import Method
from ..settlement.explain import Step, fraction_text, kwh_text, plural
from ..tariff.model import Measurement, in_force
from .explain_baseline import adjustment_step, baseline_readings_step, baseline_step, window_of
from .explain_readings import STANDS, Reading, states
from .explain_rerun import Rerun
from .sql_text import sql

Call = dict[str, Any]

METHOD_WORDS = {
    "direct": "Delivered is minus what was metered at the device, for the method has no baseline.",
    "prescriptive": "Delivered is the prescribed baseline less metered.",
    "day_matching": "Delivered is baseline less metered; both are net import.",
    "export_from_storage": "Metered is, slot by slot, minus the smaller of what the storage gave and what left the "
                           "premise.",
    "deemed": "Delivered is deemed: a share of the nameplate power over the event's time, without a reading."}
NOTE_WORDS = {
    "deemed": "Deemed delivered.", "missing": "A reading is missing.",
    "missing_window": "A reading in the adjustment window is missing.",
    "too_few_days": "There are too few baseline days.",
    "window_after_notice": "Not adjusted: the window does not precede the notice.",
    "guard": "Not adjusted: the baseline in the window is negative or too small."}


def calls_of(again: Rerun) -> list[Call]:
    """Every event that concerned the enrollments, in time order, with its outcome."""
    every = sql("participation").replace("$which", "true")
    said = {(row["enrollment_id"], row["event_id"]): row for row in again.ask(every)}
    return [{**call, "clause": said[call["enrollment_id"], call["event_id"]]["clause"],
             "because": said[call["enrollment_id"], call["event_id"]]["because"]}
            for call in again.ask(sql("explain_calls"))]


def event_steps(again: Rerun, call: Call, *, paid: bool = True) -> list[Step]:
    """An event's step, and below it performance, baseline, adjustment and readings where it was measured.

    `paid` is False for an event that the payment does not look at.
    """
    steps = [_event_step(again, call, paid=paid)]
    rows = again.ask(sql("explain_performance"), call["call_no"]) if call["to_measure"] and paid else []
    if not rows:
        return steps
    service = again.plan.tariff.riders[call["rider"]].services[call["service"]]
    method = list(again.plan.measurement.methods)[call["method_no"]]
    steps.append(_performance_step(again, call, rows, method, service.measurement))
    if method.family == "day_matching":
        steps.append(baseline_step(again, call, rows, method, service.measurement))
        steps += adjustment_step(again, call, rows, method, service.measurement)
    steps += _sharing_step(again, call)
    steps.append(_readings_step(again, call, method))
    if method.family == "day_matching" and rows[0]["baseline_days"]:
        steps.append(baseline_readings_step(again, call, rows[0]["baseline_days"].split(";")))
    return steps


# ---- event --------------------------------------------------------------------------------------
def _event_step(again: Rerun, call: Call, *, paid: bool) -> Step:
    span = Interval(start=call["start_utc"].replace(tzinfo=UTC), end=call["end_utc"].replace(tzinfo=UTC))
    counted = "does not count" if not call["counted"] else "counts as zero" if call["zero"] else "counts"
    if not paid:
        counted = "is not of the kinds that this payment pays"
    outcome = call["outcome"].replace("_", " ")
    words = (f"Event {call['event_id']} ({call['kind'].replace('_', ' ')}) on {again.clock_span(span)}: {outcome}, "
             f"{counted}. {sentence(call['because'])}")
    holes = _unavailable(again, call)
    if holes:
        words += f" Unavailable: {'; '.join(hole['words'] for hole in holes)}."
        if call["seconds"] < call["event_seconds"]:
            words += f" {hours(call['seconds'])} of {hours(call['event_seconds'])} remain."
    if call["taken_mwh"]:
        words += f" {kwh_text(call['taken_mwh'])} kWh of it are paid elsewhere."
    if call["counted"] and not call["zero"] and call["payable_mwh"] != call["delivered_mwh"] - call["taken_mwh"]:
        words += f" Not below zero {_floor_words(call)}: {kwh_text(call['payable_mwh'])} kWh are paid for."
    return Step(kind="event", clause=call["clause"] or "", words=words, values={
        "enrollment_id": call["enrollment_id"], "event_id": call["event_id"], "kind": call["kind"],
        "service": call["service"], "start": again.local_text(span.start), "end": again.local_text(span.end),
        "outcome": call["outcome"], "counted": call["counted"], "counts_as_zero": call["zero"], "paid": paid,
        "seconds": call["seconds"], "delivered_kwh": kwh_text(call["delivered_mwh"]),
        "payable_kwh": kwh_text(_whole(call["payable_mwh"])), "average_kw": kwh_text(_whole(call["average_milliwatt"])),
        "opted_out_at": None if call["opted_out_at"] is None else again.local_text(call["opted_out_at"]),
        "unavailable": [{name: hole[name] for name in ("reason", "start", "end")} for hole in holes]})


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)


def _floor_words(call: Call) -> str:
    spans = (("in any row", call["floor_row"]), ("over the event", call["floor_event"]))
    return " and ".join(words for words, holds in spans if holds) or "when missed"


def _unavailable(again: Rerun, call: Call) -> list[dict[str, str]]:
    if not call["unavailable"]:
        return []
    return [{"reason": reason, "start": again.local_text(span.start), "end": again.local_text(span.end),
             "words": f"{reason.replace('_', ' ')} {again.clock_span(span, with_day=False)}"}
            for reason, span in parse_spans(call["unavailable"])]


# ---- performance --------------------------------------------------------------------------------
def _performance_step(again: Rerun, call: Call, rows: Sequence[dict[str, Any]], method: Method,
                      measurement: Measurement) -> Step:
    known = [row["delivered_mwh"] for row in rows if row["delivered_mwh"] is not None]
    words = METHOD_WORDS[method.family]
    if method.family == "prescriptive":
        words += (f" The baseline is minus {fraction_text(method.share)} of the nameplate power of "
                  f"{kwh_text(call['nameplate_milliwatt'])} kW over the row's time.")
    words += f" Together: {kwh_text(sum(known))} kWh." if len(known) == len(rows) else ""
    words += "".join(f" {NOTE_WORDS[note]}" for note in dict.fromkeys(row["note"] for row in rows) if note)
    if call["price_weighted"]:
        words += " Each row weighs as much as the price of its hour."
    elif call["priced"]:
        words += " Each row is paid at the price of its hour."
    dated = in_force(measurement.method, call["local_date"], again.plan.known_by)
    return Step(kind="performance", clause=dated.cite if dated else "", words=words, values={
        "method": method.family, "enrollment_id": call["enrollment_id"], "event_id": call["event_id"],
        "rows": [_performance_row(again, row, method, priced=call["price_weighted"] or call["priced"])
                 for row in rows]})


def _performance_row(again: Rerun, row: dict[str, Any], method: Method, *, priced: bool) -> dict[str, Any]:
    shown = {"start": again.local_text(row["start"]), "seconds": row["seconds"]}
    if method.family == "day_matching":
        shown |= {"baseline_unadjusted_kwh": kwh_text(row["baseline_unadjusted_mwh"]),
                  "adjustment_factor": kwh_text(row["factor_e6"])}
    shown |= {"baseline_kwh": kwh_text(row["baseline_mwh"]), "metered_kwh": kwh_text(row["metered_mwh"]),
              "delivered_kwh": kwh_text(row["delivered_mwh"])}
    if priced:
        shown["price_usd_per_mwh"] = kwh_text(row["weight_micro"])
    return {**shown, "quality": QUALITY[row["quality"]]}


def _sharing_step(again: Rerun, call: Call) -> list[Step]:
    """What was taken from the rows of an event because others are paid for it."""
    rows = again.ask(sql("explain_sharing"), call["call_no"])
    if not rows:
        return []
    words = "Others are paid for a part of it, which is taken away before anything counts."
    return [Step(kind="attribution", clause=rows[0]["clause"], words=words, values={
        "event_id": call["event_id"],
        "rows": [{"start": again.local_text(row["start"]), "seconds": row["seconds"],
                  "delivered_kwh": kwh_text(row["delivered_mwh"]), "taken_kwh": kwh_text(row["taken_mwh"]),
                  "counted_kwh": kwh_text(row["delivered_mwh"] - row["taken_mwh"]), "taken_by": row["takers"]}
                 for row in rows]})]


QUALITY = ("actual", "validated", "edited", "estimated", "missing")


# ---- readings -----------------------------------------------------------------------------------
def _readings_step(again: Rerun, call: Call, method: Method) -> Step:
    window = again.plan.measurement.windows[call["window_no"]]
    before = window_of(again, call, method)
    spans = [*([before] if before is not None else []), *window.rows]
    points = again.points_on(call["enrollment_no"], call["local_date"],
                             with_premise=method.family == "export_from_storage")
    readings = again.readings.within(points, spans)
    meters = again.points_on(call["enrollment_no"], call["local_date"])
    state = states(readings, meters)
    words = (f"{plural(len(readings), 'reading')} of point {', '.join(points)} in the event's time"
             f"{' and the adjustment window' if before is not None else ''}.")
    words += "".join(f" {plural(state.count(why), 'reading')} not used: {why}."
                     for why in dict.fromkeys(state) if why != STANDS)
    return Step(kind="readings", clause="", words=words, values={
        "points": points, "rows": [_reading_row(again, reading, what)
                                   for reading, what in zip(readings, state, strict=True)]})


def _reading_row(again: Rerun, reading: Reading, state: str) -> dict[str, Any]:
    return {"point_id": reading.point_id, "start": again.local_text(reading.start), "seconds": reading.seconds,
            "import_kwh": kwh_text(reading.import_mwh), "export_kwh": kwh_text(reading.export_mwh),
            "quality": reading.quality, "revision": reading.revision, "source": reading.source, "state": state}


# ---- words --------------------------------------------------------------------------------------
def hours(seconds: int) -> str:
    """A length in hours.

    >>> hours(5400)
    '1.5 h'
    """
    return f"{(Decimal(seconds) / 3600).quantize(Decimal('0.0001')).normalize():f} h"


def sentence(text: str) -> str:
    """The same words with a capital at the front."""
    return text[:1].upper() + text[1:]
