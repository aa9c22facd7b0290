"""What a played season comes to: who was called, what was given at most, who was away and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...dispatch.model import EVENTS_TABLE, FLEET_STEPS, INSTRUCTIONS, SKIPPED, TELEMETRY, Protection
from ...enrollment.model import ACTS
from ...event.model import CALLED_DISCHARGE, EVENTS, OPT_OUTS, UNAVAILABLE
from ..operate.ask import members
from ..operate.desk import STREAM, Called
from ..operate.rows import empty, rows_of
from ..operate.words import CALLED, SITE_STORMS, STOPS
from ..sql_text import sql
from .replay import Played
from .season import Call

UNREACHABLE = {Protection.SILENT.value, Protection.STALE.value, Protection.CONTRADICTORY.value}
EXCUSED_OTHERWISE = {Protection.STORM_HOLD.value, Protection.STORM_FEED_LOST.value, Protection.ISLANDED.value,
                     Protection.SUSPENDED.value, Protection.OPTED_OUT.value, Protection.RESERVE.value,
                     Protection.UNSIGNED.value}
"""Skipped for one of these, an enrollment has its own row of absence, or was called and could give nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """One event as the public table shows it, and as the season says it was published."""

    call: Call
    event_id: str
    participants: int
    peak_mw: float
    delivered_mwh: float
    opted_out: int
    skipped: int


def kept(played: Played, name: str) -> pa.Table | None:
    """A table as the store holds it."""
    return played.desk.store.read(name, stream=STREAM)


def events_rows(played: Played) -> pa.Table:
    """Rows of EVENTS: each event that was called, once."""
    rows = kept(played, CALLED.name)
    if rows is None:
        return empty(EVENTS)
    cancelled = {row["event_id"]: row["at"] for row in rows.to_pylist() if row["act"] == "cancel"}
    first = {row["event_id"]: row for row in reversed(rows.to_pylist()) if row["act"] == "call"}
    chosen = [first[event_id] for event_id in sorted(first)]
    return rows_of(EVENTS, len(chosen), {
        **{name: [row[name] for row in chosen] for name in ("event_id", "service", "kind", "start", "end", "notice",
                                                            "reason")},
        "zone": pa.array([row["zone"] for row in chosen], pa.list_(pa.string())),
        "called_at": [row["at"] for row in chosen],
        "cancelled_at": [cancelled.get(row["event_id"]) for row in chosen]})


def opt_out_rows(played: Played) -> pa.Table:
    """Rows of OPT_OUTS that the program heard of."""
    return kept(played, OPT_OUTS.name) or empty(OPT_OUTS)


def skipped_rows(played: Played) -> pa.Table:
    """Rows of SKIPPED: who could not be asked at the event's first look and was not asked later either."""
    rows = kept(played, SKIPPED.name)
    if rows is None or not len(rows):
        return empty(SKIPPED)
    asked = {(called.event.event_id, called.rider): called.asked for called in played.desk.called}
    device, riders = played.desk.device_of(rows), played.program.riders
    never = [not asked[event_id, riders[place]][place]
             for event_id, place in zip(rows.column("event_id").to_pylist(), device, strict=True)]
    return rows.filter(pa.array(never, pa.bool_()))


def unavailable_rows(played: Played) -> pa.Table:
    """Rows of UNAVAILABLE: suspended, held by a storm, cut off, or out of reach."""
    made = [_suspended(played), _storm_holds(played), _islanded(played), _not_reached(played)]
    return pa.concat_tables(made)


def _suspended(played: Played) -> pa.Table:
    """From each suspension to the customer's next word, or to the end of the replay."""
    rows = kept(played, ACTS.name)
    if rows is None:
        return empty(UNAVAILABLE)
    ends: dict[str, datetime] = {}
    spans: list[tuple[str, datetime, datetime]] = []
    for act in reversed(rows.to_pylist()):
        name = act["enrollment_id"]
        if act["act"] == "suspend":
            spans.append((name, act["at"], ends.get(name, played.sunset)))
        ends[name] = act["at"]
    spans.reverse()
    who, start, end = zip(*spans, strict=True) if spans else ((), (), ())
    return rows_of(UNAVAILABLE, len(spans), {"enrollment_id": who, "start": start, "end": end, "reason": "suspended",
                                             "evidence": "switched off by the customer"})


def storm_spans(played: Played) -> list[tuple[str, datetime, datetime | None, str, str]]:
    """Enrollment, from, to (None = still), status and alert of every time in which a storm concerned a site."""
    rows = kept(played, SITE_STORMS.name)
    if rows is None:
        return []
    spans: list[tuple[str, datetime, datetime | None, str, str]] = []
    running: dict[str, tuple[datetime, str, str]] = {}
    for row in rows.to_pylist():
        name = row["enrollment_id"]
        if name in running:
            since, status, alert = running.pop(name)
            spans.append((name, since, row["at"], status, alert))
        status = ("", "pre_arm", "lock")[row["status_code"]]
        status = "feed_lost" if row["feed_lost"] and status != "lock" else status
        if status:
            running[name] = (row["at"], status, row["alert"])
    spans += [(name, since, None, status, alert) for name, (since, status, alert) in running.items()]
    return sorted(spans, key=lambda span: (span[0], span[1]))


def _storm_holds(played: Played) -> pa.Table:
    held = [span for span in storm_spans(played) if span[3] == "lock"]
    return rows_of(UNAVAILABLE, len(held), {
        "enrollment_id": [span[0] for span in held], "start": [span[1] for span in held],
        "end": [span[2] or played.sunset for span in held], "reason": "storm_hold",
        "evidence": [span[4] for span in held]})


def _islanded(played: Played) -> pa.Table:
    """From the outage log: homes without a grid, and the time until their inverters are back."""
    world = played.world
    cut = np.flatnonzero(np.isfinite(world.outage_from_s))
    names = played.program.enrollment_id.take(pa.array(cut)).to_pylist()
    back_s = world.outage_until_s[cut] + world.parameters.reconnect_wait_s[cut] + world.parameters.ramp_s[cut]
    return rows_of(UNAVAILABLE, len(cut), {
        "enrollment_id": names, "start": (world.outage_from_s[cut] * 1e6).astype(np.int64).astype("datetime64[us]"),
        "end": (back_s * 1e6).astype(np.int64).astype("datetime64[us]"), "reason": "islanded",
        "evidence": "outage log of the feeder, and the time to reconnect"})


def _not_reached(played: Played) -> pa.Table:
    """Events in which a device was out of reach, or was not called because a protection forbade it."""
    rows = skipped_rows(played)
    reasons = rows.column("reason").to_pylist()
    shown = pa.array([reason not in EXCUSED_OTHERWISE for reason in reasons], pa.bool_())
    some = rows.filter(shown)
    why = ["unreachable" if reason in UNREACHABLE else "not_called" for reason in some.column("reason").to_pylist()]
    return rows_of(UNAVAILABLE, len(some), {"event_id": some.column("event_id"), "reason": why,
                                            "enrollment_id": some.column("enrollment_id"),
                                            "evidence": some.column("because")})


def called_discharge_rows(played: Played) -> pa.Table:
    """Rows of CALLED_DISCHARGE: what each battery gave in each event, by its reports."""
    made = []
    for called in played.desk.called:
        places = np.flatnonzero(called.asked)
        made.append(rows_of(CALLED_DISCHARGE, len(places), {
            "enrollment_id": played.program.enrollment_id.take(pa.array(places)), "event_id": called.event.event_id,
            "mwh": np.rint(called.discharged_kwh[places] * 1e6).astype(np.int64)}))
    return pa.concat_tables(made) if made else empty(CALLED_DISCHARGE)


def steps_with_delivery(played: Played) -> pa.Table:
    """Rows of FLEET_STEPS, with what devices reported at the end of each step in which the event asked them."""
    steps, reports, asked = (kept(played, name) for name in (FLEET_STEPS.name, TELEMETRY.name, INSTRUCTIONS.name))
    if steps is None or reports is None or asked is None:
        return empty(FLEET_STEPS)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("step", steps.drop_columns(["delivered_milliwatt"]))
        connection.register("report", reports.select(["enrollment_id", "reported_at", "delivered_milliwatt"]))
        connection.register("instruction", asked.select(["enrollment_id", "issued_at", "event_id", "origin",
                                                         "delivered_milliwatt"]))
        found = connection.sql(sql("steps_with_delivery")).to_arrow_table()
    return found.select(FLEET_STEPS_NAMES)


FLEET_STEPS_NAMES = [column.inside_name for column in FLEET_STEPS.columns]


def outcomes(played: Played, steps: pa.Table) -> list[EventOutcome]:
    """Each event of the season in order of time."""
    from .replay import event_id_of

    skipped = _skipped_members(played)
    found = []
    for call in played.season.calls:
        event_id = event_id_of(played.season, call)
        mine = [called for called in played.desk.called if called.event.event_id == event_id]
        rows = steps.filter(pc.equal(steps.column("event_id"), event_id)).to_pylist()
        by_start: dict[datetime, int] = {}
        energy = 0.0
        for row in rows:
            by_start[row["start"]] = row["delivered_milliwatt"]
            energy = energy + row["delivered_milliwatt"] * row["seconds"] / len([
                other for other in rows if other["start"] == row["start"]])
        found.append(EventOutcome(
            call=call, event_id=event_id, participants=sum(_called(played, called) for called in mine),
            peak_mw=max(by_start.values(), default=0) / 1e9, delivered_mwh=energy / 3600 / 1e9,
            opted_out=sum(_left(played, called) for called in mine), skipped=skipped.count(event_id)))
    return found


def _skipped_members(played: Played) -> list[str]:
    """The event of each skipped enrollment that counts as a participant: not the suspended and the unsigned."""
    rows = skipped_rows(played)
    reasons, events = (rows.column(name).to_pylist() for name in ("reason", "event_id"))
    outside = (Protection.SUSPENDED.value, Protection.UNSIGNED.value)
    return [event_id for event_id, reason in zip(events, reasons, strict=True) if reason not in outside]


def _called(played: Played, called: Called) -> int:
    return int(members(played.desk, called).sum())


def _left(played: Played, called: Called) -> int:
    return int((members(played.desk, called) & called.opted_out).sum())


def events_table_rows(played: Played, found: list[EventOutcome]) -> pa.Table:
    """Rows of the public table of events."""
    return rows_of(EVENTS_TABLE, len(found), {
        "date": [each.call.day for each in found], "participants": [each.participants for each in found],
        "peak_milliwatt": [round(each.peak_mw * 1e9) for each in found],
        "delivered_milliwatt_hour": [round(each.delivered_mwh * 1e9) for each in found],
        "opted_out": [each.opted_out for each in found], "skipped": [each.skipped for each in found],
        "event_id": [each.event_id for each in found]})


def stops_rows(played: Played) -> list[dict[str, str]]:
    """When the program was stopped, and when it was resumed."""
    rows, found = kept(played, STOPS.name), []
    for row in rows.to_pylist() if rows is not None else ():
        if row["act"] == "stop":
            found.append({"stopped_at": f"{row['at']:%Y-%m-%dT%H:%M:%SZ}", "resumed_at": ""})
        elif found:
            found[-1]["resumed_at"] = f"{row['at']:%Y-%m-%dT%H:%M:%SZ}"
    return found
