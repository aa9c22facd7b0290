"""One event and one look at it: who may be asked how much, what is asked of whom, and who is handed back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...dispatch.columns import LOCK, StandingColumns, TelemetryColumns
from ...dispatch.model import FEEDER_STEPS, FLEET_STEPS, PROTECTIONS, SKIPPED, WITHHELD, Origin, Protection
from ...dispatch.protections.bounds import CODE, PROTECTION_CODES, Bounds, Span, event_bounds
from ...dispatch.protections.last_word import Milder, last_word
from ...dispatch.protections.reasons import Facts, reasons
from ...dispatch.protections.records import protection_rows, why_skipped, withheld
from .desk import Called, Desk
from .instruct import Decision, hand_back, instructions
from .rows import rows_of
from .share import Shared, grid_of, share_out

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
Codes = NDArray[np.int8]
NOTABLE_KW = 0.25
"""A change smaller than this is not worth a new instruction: until its timer an instruction stays within the energy and
power that it was given for. A fall to nothing always is."""
PROTECTED_KW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an event came to at one look."""

    instructions: list[pa.Table]
    tables: dict[str, pa.Table]


def members(desk: Desk, called: Called) -> Mask:
    """Whom an event calls: in force, signed, of its rider, zones and service, and not suspended."""
    program = desk.program
    day = program.day(called.event.start)
    return np.asarray(program.takes(called.rider, called.event, called.service) & program.in_force(day)
                      & program.signed(day) & ~desk.suspended)


def standing(desk: Desk, called: Called, now: datetime) -> StandingColumns:
    """What the program knows of every device with regard to an event, at this moment.

    A battery that is being charged for a storm is held as though the warning were there already: that instruction has
    the smaller primacy, and the customer's charge wins.
    """
    program, day = desk.program, desk.program.day(called.event.start)
    takes = program.takes(called.rider, called.event, called.service)
    return StandingColumns(
        in_force=takes & program.in_force(day), signed=program.signed(day), medical=program.medical,
        suspended=desk.suspended, opted_out=called.opted_out,
        storm_status=np.where(desk.held.of(Origin.STORM_CHARGE, now.timestamp()), LOCK,
                              desk.storm_status).astype(np.int8),
        storm_feed_lost=desk.storm_feed_lost, storm_opt_out=program.storm_opt_out,
        events_month=desk.events_of_batteries(called, lambda other: (other.year, other.month) == (day.year, day.month)),
        events_year=desk.events_of_batteries(called, lambda other: other.year == day.year),
        called_kwh_year=desk.called_kwh(day.year))


def look_at(desk: Desk, called: Called, telemetry: TelemetryColumns, now: datetime, taken: Mask) -> Look:
    """Plan a running event anew and say what changes; `taken` are devices that another instruction goes to now."""
    program = desk.program
    reverts_at = min(now + timedelta(seconds=program.lease_s), called.event.end)
    places = np.flatnonzero(program.takes(called.rider, called.event, called.service))
    if not len(places) or reverts_at <= now:
        return Look(instructions=[], tables={})
    span = Span(start=now, reverts_at=reverts_at, event_start=called.event.start, event_end=called.event.end)
    rules = program.rules(called.rider, called.service, program.day(called.event.start))
    facts = Facts(devices=program.devices.part(places), telemetry=telemetry.part(places),
                  standing=standing(desk, called, now).part(places), rules=rules, bounds=_NO_BOUNDS)
    bounds = event_bounds(facts.devices, facts.telemetry, facts.standing, rules, span=span,
                          stopped=desk.stopped_at is not None)
    bounds = _without_leaving(bounds, desk.held.of(Origin.EV_DEPARTURE, now.timestamp())[places])
    facts = replace(facts, bounds=bounds)
    feeder = program.device_table.column("feeder").combine_chunks().take(pa.array(places))
    grid, caps_kw = grid_of(program.feeders, feeder)
    shared = share_out(called.target_kw, facts.devices, facts.telemetry, bounds, step_h=span.hours, grid=grid,
                       caps_kw=caps_kw)
    milder = last_word(shared.asked_kw, bounds)
    binding = _binding(shared, milder, bounds)
    given, back = _changes(desk, called, places, milder, now, taken)
    made = [_asked(desk, called, places, facts, milder, binding, given, span)]
    made += _handed_back(desk, called, places, facts, back, now)
    call_mask = members(desk, called)[places]
    tables = _record(facts, called, places, shared, milder, binding, now, call_mask, given | back,
                     first=not called.looked)
    tables[FLEET_STEPS.name] = _fleet_step(desk, called, facts, shared, milder, now, call_mask)
    if grid is not None:
        tables[FEEDER_STEPS.name] = _feeder_step(desk, called, shared, caps_kw, now)
    return Look(instructions=[rows for rows in made if len(rows)], tables=tables)


def _without_leaving(bounds: Bounds, charges: Mask) -> Bounds:
    """Nothing is asked of a vehicle that charges for its trip: that instruction has the smaller primacy."""
    first = charges & (bounds.delivered_kw_high > 0)
    return replace(bounds, delivered_kw_high=np.where(charges, 0.0, bounds.delivered_kw_high),
                   protection=np.where(first, CODE[Protection.EV_DEPARTURE], bounds.protection).astype(np.int8))


def _changes(desk: Desk, called: Called, places: Places, milder: Milder, now: datetime,
             taken: Mask) -> tuple[Mask, Mask]:
    """Which devices get a new instruction, and which are handed back."""
    held, now_s = desk.held, now.timestamp()
    follows = held.event(called.number, now_s)[places]
    gives = milder.given_kw > 0
    rise_kw = milder.given_kw - np.where(follows, held.delivered_kw[places], 0.0)
    lapses = held.reverts_s[places] < min(now_s + 2 * desk.program.tick_s, called.end_s)
    free = ~taken[places]
    new = gives & free & (~follows | lapses | (np.abs(rise_kw) > NOTABLE_KW))
    return new, follows & ~gives & free


def _binding(shared: Shared, milder: Milder, bounds: Bounds) -> Codes:
    """Which protection keeps each device below what the event would have asked of it; -1 = none."""
    less = (shared.wanted_kw > milder.given_kw + PROTECTED_KW) & (bounds.protection != CODE[Protection.POWER_LIMIT])
    return np.where(less, bounds.protection, -1).astype(np.int8)


def _asked(desk: Desk, called: Called, places: Places, facts: Facts, milder: Milder, binding: Codes, given: Mask,
           span: Span) -> pa.Table:
    rows = np.flatnonzero(given)
    return instructions(desk, Decision(
        device=places[rows], origin=Origin.EVENT, end=span.reverts_at, reverts_at=span.reverts_at,
        reason=f"{called.kind} event until {called.event.end.astimezone(desk.program.zone):%H:%M}",
        clause=_clause(desk, called), delivered_kw=milder.given_kw[rows], floor_kwh=facts.bounds.floor_kwh[rows],
        event_id=called.event.event_id, protection=binding[rows]), span.start)


def _clause(desk: Desk, called: Called) -> str:
    """By which words of the tariff the service is called."""
    calls = desk.program.service(called.rider, called.service).calls
    held = calls.kinds[called.kind].counts
    return held[-1].cite if held else called.service


def _handed_back(desk: Desk, called: Called, places: Places, facts: Facts, back: Mask,
                 now: datetime) -> list[pa.Table]:
    rows = np.flatnonzero(back)
    made = []
    for code in np.unique(facts.bounds.protection[rows]):
        some = rows[facts.bounds.protection[rows] == code]
        protection = PROTECTION_CODES[code]
        origin = Origin.EMERGENCY_STOP if protection is Protection.EMERGENCY_STOP else Origin.RESTORE
        said = reasons(facts, some[:1])[0].as_py() if len(some) == 1 else protection.value.replace("_", " ")
        made.append(hand_back(desk, places[some], now, reason=f"the event leaves the device: {said}",
                              clause=facts.rules.clauses[protection], event_id=called.event.event_id, origin=origin))
    return made


def _record(facts: Facts, called: Called, places: Places, shared: Shared, milder: Milder, binding: Codes,
            now: datetime, call_mask: Mask, changed: Mask, *, first: bool) -> dict[str, pa.Table]:
    """What held the event back: at its first look of everybody, later where another protection binds than before."""
    event_id = called.event.event_id
    news = (binding != called.told[places]) & call_mask & (changed | first)
    called.told[places[news]] = binding[news]
    spared = replace(milder, changed=news & (binding >= 0))
    tables = {PROTECTIONS.name: protection_rows(facts, shared.wanted_kw, spared, at=now, event_id=event_id),
              WITHHELD.name: withheld(facts, event_id=event_id, start=now, called=call_mask)}
    if first:
        tables[SKIPPED.name] = why_skipped(facts, event_id=event_id, called=facts.standing.in_force)
    return tables


def _fleet_step(desk: Desk, called: Called, facts: Facts, shared: Shared, milder: Milder, now: datetime,
                call_mask: Mask) -> pa.Table:
    stored, usable = facts.telemetry.stored_kwh, facts.devices.usable_kwh
    known = call_mask & ~np.isnan(stored) & (usable > 0)
    share_pct = 100 * stored[known] / usable[known]
    tenths = np.percentile(share_pct, (10, 50, 90)) if known.any() else np.full(3, np.nan)
    seconds = min(desk.program.tick_s, int(called.end_s - now.timestamp()))
    return rows_of(FLEET_STEPS, 1, {
        "event_id": called.event.event_id, "start": now, "seconds": seconds,
        "target_milliwatt": _whole(called.target_kw), "asked_milliwatt": _whole(float(milder.given_kw.sum())),
        "shortfall_milliwatt": _whole(shared.shortfall_kw), "devices": int(call_mask.sum()),
        "asked_devices": int((milder.given_kw > 0).sum()), "stored_mwh": _whole(float(stored[known].sum())),
        "usable_mwh": _whole(float(usable[known].sum())), "stored_p10_pct": _number(tenths[0]),
        "stored_p50_pct": _number(tenths[1]), "stored_p90_pct": _number(tenths[2]), "level": _number(shared.level)})


def _feeder_step(desk: Desk, called: Called, shared: Shared, caps_kw: NDArray[np.float64], now: datetime) -> pa.Table:
    capped = np.isfinite(caps_kw)
    return rows_of(FEEDER_STEPS, len(caps_kw), {
        "event_id": called.event.event_id, "start": now, "feeder": desk.program.feeders.column("feeder"),
        "asked_milliwatt": np.round(shared.group_total_kw * 1e6).astype(np.int64), "dual": shared.cap_dual,
        "export_max_milliwatt": pa.array(np.round(np.where(capped, caps_kw, 0) * 1e6).astype(np.int64), mask=~capped)})


def _whole(number: float) -> int | None:
    """Whole milliwatts or milliwatt-hours; NaN is blank."""
    return None if np.isnan(number) else round(number * 1e6)


def _number(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


_NO_BOUNDS = Bounds(delivered_kw_low=np.empty(0), delivered_kw_high=np.empty(0), protection=np.empty(0, np.int8),
                    floor_kwh=np.empty(0), target_kwh=np.empty(0))
