"""From the tables of a replay to the figures of dispatch: aggregates only, and only from tables that are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from . import dispatch_queries as queries
from .dispatch_figures import (
    HELD_FOR_STORM,
    ZERO,
    ComparedDay,
    Comparison,
    Dispatch,
    DispatchEvent,
    DispatchStep,
    FeederFigure,
    FeederMoment,
    PickedEvent,
    Reserves,
    Spared,
    StormChange,
    StormCharge,
    StormEpisode,
)

FEW_EVENTS = 3
"""So many events are all drawn."""
CALM_H = 24
"""A pause without any site in a storm, after which the next is another storm."""
CHARGES_LISTED = 20


def dispatch_figures(tables: duckdb.DuckDBPyConnection, *, zone: ZoneInfo) -> Dispatch | None:
    """Every figure of dispatch; None when the folder has no fleet_steps, or nothing in it."""
    there = {name for (name,) in tables.execute("SELECT table_name FROM information_schema.tables").fetchall()}
    events = _events(tables, there, zone) if "fleet_steps" in there else ()
    if not events:
        return None
    return Dispatch(
        events=events, picked=picked_events(events), reserves=_reserves(tables) if "devices" in there else None,
        spared=_spared(tables, there, events),
        feeders=_feeders(tables, zone) if {"feeders", "feeder_steps"} <= there else None,
        storms=_storms(tables, zone) if "site_storms" in there else (),
        storm_charges=_storm_charges(tables, zone) if "storm_charges" in there else ())


def _local(utc: datetime, zone: ZoneInfo) -> datetime:
    return utc.replace(tzinfo=UTC).astimezone(zone)


def _events(tables: duckdb.DuckDBPyConnection, there: set[str], zone: ZoneInfo) -> tuple[DispatchEvent, ...]:
    steps: dict[str, list[DispatchStep]] = defaultdict(list)
    for event_id, start, seconds, target, asked, given, short, devices, p10, p50, p90 in tables.execute(
            queries.STEPS).fetchall():
        told = None if p10 is None or p50 is None or p90 is None else (p10, Decimal(str(p50)), p90)
        steps[event_id].append(DispatchStep(
            start=_local(start, zone), end=_local(start + timedelta(seconds=seconds), zone), target_kw=target,
            asked_kw=asked, delivered_kw=given, shortfall_kw=short if target is not None else None,
            devices=devices or 0, stored_pct=told))
    withheld = _withheld(tables) if "withheld" in there else {}
    skipped = _counts(tables, queries.SKIPPED_PER_EVENT) if "skipped" in there else {}
    opted_out = _counts(tables, queries.OPTED_OUT_PER_EVENT) if "events_table" in there else {}
    return tuple(DispatchEvent(
        event_id=event_id, steps=tuple(own), skipped=skipped.get(event_id, 0), opted_out=opted_out.get(event_id, 0),
        withheld={name: tuple(kept.get(step.start.astimezone(UTC), ZERO) for step in own)
                  for name, kept in withheld.get(event_id, {}).items()}) for event_id, own in steps.items())


def _withheld(tables: duckdb.DuckDBPyConnection) -> dict[str, dict[str, dict[datetime, Decimal]]]:
    """By event, protection and start in UTC: on the local clock an hour may come twice."""
    found: dict[str, dict[str, dict[datetime, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for event_id, start, protection, withheld_kw in tables.execute(queries.WITHHELD).fetchall():
        found[event_id][protection][start.replace(tzinfo=UTC)] = withheld_kw or ZERO
    return found


def _counts(tables: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return {event_id: many or 0 for event_id, many in tables.execute(query).fetchall()}


def picked_events(events: Sequence[DispatchEvent]) -> tuple[PickedEvent, ...]:
    """The events that tell most, six at most, in order of time, each with the reasons for which it was picked."""
    tests: tuple[tuple[str, Callable[[DispatchEvent], Decimal]], ...] = (
        ("the largest peak", lambda event: event.peak.delivered_kw),
        ("the largest shortfall", lambda event: event.shortfall_kwh),
        ("most held back for a storm", lambda event: event.withheld_kwh(*HELD_FOR_STORM)),
        ("the largest part held back by protections", _part_withheld),
        ("the most opt-outs", lambda event: Decimal(event.opted_out)),
        ("the longest", lambda event: sum((step.hours for step in event.steps), ZERO)))
    because: dict[str, list[str]] = {event.event_id: [] for event in events} if len(events) <= FEW_EVENTS else {}
    for reason, measure in tests:
        best = max(events, key=measure)
        if len(events) > 1 and measure(best) > min(measure(event) for event in events):
            because.setdefault(best.event_id, []).append(reason)
    if not because:
        because[events[0].event_id] = []
    return tuple(PickedEvent(event=event, because=tuple(because[event.event_id])) for event in events
                 if event.event_id in because)


def _part_withheld(event: DispatchEvent) -> Decimal:
    """Energy held back over all that the called devices could give by their rating."""
    asked_kwh = sum((step.asked_kw * step.hours for step in event.steps), ZERO)
    held_kwh = event.withheld_kwh()
    return held_kwh / (held_kwh + asked_kwh) if held_kwh + asked_kwh > 0 else ZERO


def _reserves(tables: duckdb.DuckDBPyConnection) -> Reserves | None:
    row = tables.execute(queries.RESERVES).fetchone()
    return Reserves(smallest_pct=row[0], median_pct=row[1], largest_pct=row[2]) if row else None


def _spared(tables: duckdb.DuckDBPyConnection, there: set[str], events: Sequence[DispatchEvent]) -> tuple[Spared, ...]:
    never = {row[0]: row[1:] for row in tables.execute(queries.SKIPPED).fetchall()} if "skipped" in there else {}
    less = ({row[0]: row[1:] for row in tables.execute(queries.ASKED_LESS).fetchall()} if "protections" in there
            else {})
    names = dict.fromkeys([*never, *less, *(name for event in events for name in event.withheld)])
    found = []
    for name in names:
        calls, enrollments, in_events, clause, example = never.get(name, (0, 0, 0, "", ""))
        asked_less, less_events, less_clause, less_example = less.get(name, (0, 0, "", ""))
        found.append(Spared(
            protection=name, calls=calls, enrollments=enrollments, asked_less=asked_less,
            events=max(in_events, less_events, sum(event.withheld_kwh(name) > 0 for event in events)),
            withheld_kwh=sum((event.withheld_kwh(name) for event in events), ZERO),
            clause=clause or less_clause, example=example or less_example))
    return tuple(sorted(found, key=lambda each: (-each.calls, -each.withheld_kwh, each.protection)))


def _feeders(tables: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> FeederMoment | None:
    moment = tables.execute(queries.MOMENT).fetchone()
    if moment is None:
        return None
    rows = tables.execute(queries.FEEDERS, {"event_id": moment[0], "start": moment[1]}).fetchall()
    return FeederMoment(start=_local(moment[1], zone), feeders=tuple(
        FeederFigure(feeder=feeder, parent=parent, longitude_deg=longitude, latitude_deg=latitude, cap_kw=cap,
                     asked_kw=asked, dual=dual, asked_kw_max=asked_max, binding_steps=binding, dual_max=dual_max)
        for feeder, parent, longitude, latitude, cap, asked, dual, asked_max, binding, dual_max in rows))


def _storms(tables: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> tuple[StormEpisode, ...]:
    turns: dict[datetime, dict[str, int]] = defaultdict(dict)
    for at, status, change in tables.execute(queries.STORM_CHANGES).fetchall():
        turns[at][status] = change
    episodes: list[list[StormChange]] = []
    standing: dict[str, int] = {}
    calm_since: datetime | None = None
    for at, changes in turns.items():
        if not episodes or (calm_since is not None and at - calm_since > timedelta(hours=CALM_H)):
            episodes.append([])
        standing = {status: standing.get(status, 0) + changes.get(status, 0) for status in {**standing, **changes}}
        episodes[-1].append(StormChange(at=_local(at, zone), sites=standing))
        calm_since = None if any(standing.values()) else at
    return tuple(StormEpisode(changes=tuple(changes)) for changes in episodes)


def _storm_charges(tables: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> tuple[StormCharge, ...]:
    rows = tables.execute(queries.STORM_CHARGES.format(limit=CHARGES_LISTED)).fetchall()
    return tuple(StormCharge(
        product=product, status=status, enrollments=homes, onset_first=_local(first, zone) if first else None,
        onset_last=_local(last, zone) if last else None, stored_pct=stored,
        expected_pct=None if p50 is None else (p10, p50, p90))
        for product, status, homes, first, last, stored, p10, p50, p90 in rows)


def comparison_of(run: Mapping[str, Any]) -> Comparison | None:
    """What run.json says of the published season; None when it says nothing."""
    days = run.get("comparison") or ()
    if not days:
        return None
    return Comparison(days=tuple(ComparedDay(
        day=date.fromisoformat(row["date"]), participants=int(row["participants"]),
        published_participants=_whole(row.get("published_participants")), peak_mw=Decimal(str(row["peak_mw"])),
        published_peak_mw=_exact(row.get("published_peak_mw")), constant_peak_mw=_exact(row.get("constant_peak_mw")),
        error_pct=_exact(row.get("error_pct"))) for row in days),
        notes=tuple(str(note) for note in run.get("comparison_notes") or ()))


def _exact(told: object) -> Decimal | None:
    return None if told is None else Decimal(str(told))


def _whole(told: object) -> int | None:
    return None if told is None else int(str(told))
