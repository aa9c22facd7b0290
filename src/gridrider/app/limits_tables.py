"""From the tariff and the events to the small tables that the SQL of limits reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ..event.limits import uses_limits
from ..event.model import UNAVAILABLE_REASONS
from ..event.notices import NoticeDue
from ..event.propose import Proposal
from ..event.service_events import ServiceEvent, longer_events
from ..event.window import Reading, month_of
from ..money import micro_from_usd
from ..problem import Refusal
from ..settlement.periods import year_of
from ..tariff.model import Dated, Protections, Rider, Service, Tariff, in_force, value_on

LIMIT_EVENT = pa.schema([
    ("service_event_no", pa.int32()), ("event_no", pa.int32()), ("event_id", pa.string()), ("rider", pa.string()),
    ("service", pa.string()), ("start_utc", pa.timestamp("us")), ("end_utc", pa.timestamp("us")),
    ("local_date", pa.date32()), ("seconds", pa.int64()), ("zones", pa.list_(pa.string())),
    ("duration_matches", pa.bool_()), ("in_month", pa.bool_()), ("in_year", pa.bool_())])

RIDER_CAP = pa.schema([
    ("rider", pa.string()), ("technologies", pa.list_(pa.string())), ("capped", pa.bool_()),
    ("month_micro", pa.int64()), ("month_clause", pa.string()), ("year_micro", pa.int64()),
    ("year_clause", pa.string()), ("cycles_micro", pa.int64()), ("cycles_clause", pa.string()),
    ("reserve_milli_pct", pa.int64()), ("medical_excluded", pa.bool_())])

ASKED = pa.schema([
    ("rider", pa.string()), ("service", pa.string()), ("event_id", pa.string()), ("start_utc", pa.timestamp("us")),
    ("end_utc", pa.timestamp("us")), ("local_date", pa.date32()), ("seconds", pa.int64()),
    ("zones", pa.list_(pa.string())), ("technologies", pa.list_(pa.string())), ("duration_matches", pa.bool_()),
    ("uses_limits", pa.bool_()), ("kind_clause", pa.string()), ("agreement_clause", pa.string()),
    ("medical_excluded", pa.bool_()), ("medical_clause", pa.string()), ("opted_out_clause", pa.string()),
    ("aggregation_milliwatt_min", pa.int64()), ("aggregation_clause", pa.string())])

CAPS = (("month", "events_per_month_max"), ("year", "events_per_year_max"), ("cycles", "cycles_per_year_max"))


def limit_event_tables(made: Sequence[ServiceEvent], day: date, at: datetime | None,
                       reading: Reading) -> dict[str, pa.Table]:
    """The events of a day's month and calendar year that use limits, and which of them give way to a longer one."""
    month, year = month_of(day), year_of(day)
    using = [each for each in made if uses_limits(each, at, reading) and each.local_date in year]
    numbers = {event_id: number for number, event_id in enumerate(sorted({each.event.event_id for each in using}))}
    rows = [{"service_event_no": each.number, "event_no": numbers[each.event.event_id],
             "event_id": each.event.event_id, "rider": each.rider_name, "service": each.service_name,
             "start_utc": _naive(each.event.start), "end_utc": _naive(each.event.end), "local_date": each.local_date,
             "seconds": each.event.span.seconds, "zones": list(each.event.zones) or None,
             "duration_matches": each.duration_matches, "in_month": each.local_date in month, "in_year": True}
            for each in using]
    pairs = longer_events(using)
    return {
        "limit_event": pa.Table.from_pylist(rows, schema=LIMIT_EVENT),
        "longer_event": pa.table({"service_event_no": pa.array([pair[0] for pair in pairs], pa.int32()),
                                  "longer_no": pa.array([pair[1] for pair in pairs], pa.int32())}),
        "limit_time": pa.table({"at_utc": pa.array([_naive(at) if at else None], pa.timestamp("us")),
                                "local_date": pa.array([day], pa.date32())}),
        "limit_period": pa.table({
            "parameter": pa.array(["events_per_month", "events_per_year", "cycles_per_year"]),
            "period_start": pa.array([month.first, year.first, year.first], pa.date32()),
            "period_end": pa.array([month.end, year.end, year.end], pa.date32())}),
    }


def rider_cap_table(tariff: Tariff, day: date, reading: Reading) -> pa.Table:
    """What each rider protects a battery from: caps in millionths, and the reserve that no call touches."""
    rows = [{"rider": name, "technologies": list(rider.technologies), **_caps(rider.protections, day, reading)}
            for name, rider in tariff.riders.items()]
    return pa.Table.from_pylist(rows, schema=RIDER_CAP)


def _caps(held: Protections | None, day: date, reading: Reading) -> dict[str, Any]:
    row: dict[str, Any] = {"reserve_milli_pct": 0, "medical_excluded": False}
    for short, name in CAPS:
        cap = in_force(getattr(held, name), day, reading.known_by) if held else None
        row[f"{short}_micro"] = micro_from_usd(cap.value) if cap else None
        row[f"{short}_clause"] = cap.cite if cap else ""
    if held is not None:
        row["reserve_milli_pct"] = int(value_on(held.reserve_pct_min, day, reading.known_by, Decimal()) * 1000)
        row["medical_excluded"] = value_on(held.medical, day, reading.known_by, "included") == "excluded"
    return {**row, "capped": any(row[f"{short}_micro"] is not None for short, _ in CAPS)}


def asked_table(tariff: Tariff, proposal: Proposal, event_id: str, reading: Reading) -> pa.Table:
    """The event in question for each rider that has its service, with the clauses that may spare somebody."""
    rows = [_asked(name, rider, rider.services[proposal.service], proposal, event_id, reading)
            for name, rider in tariff.riders.items() if proposal.service in rider.services]
    return pa.Table.from_pylist(rows, schema=ASKED)


def _asked(name: str, rider: Rider, service: Service, proposal: Proposal, event_id: str,
           reading: Reading) -> dict[str, Any]:
    day, by = reading.day(proposal.span.start), reading.known_by
    kind = service.calls.kinds[proposal.kind]
    medical = in_force(rider.protections.medical, day, by) if rider.protections else None
    least = in_force(rider.aggregation.power_kw_min, day, by) if rider.aggregation else None
    agreement = next((rule for rule in rider.eligibility if rule.require == "agreement_signed"), None)
    return {
        "rider": name, "service": proposal.service, "event_id": event_id, "start_utc": _naive(proposal.span.start),
        "end_utc": _naive(proposal.span.end), "local_date": day, "seconds": proposal.span.seconds,
        "zones": sorted(proposal.zones) or None, "technologies": list(rider.technologies),
        "duration_matches": value_on(kind.duration_matches, day, by, False),
        "uses_limits": value_on(kind.uses_limits, day, by, True), "kind_clause": _cite(kind.duration_matches, day, by),
        "agreement_clause": agreement.because[0].cite if agreement and agreement.because
        else "no agreement, no dispatch",
        "medical_excluded": medical is not None and medical.value == "excluded",
        "medical_clause": medical.cite if medical else "",
        "opted_out_clause": _cite(service.outcomes.opted_out, day, by) or "opt-out of a single event",
        "aggregation_milliwatt_min": micro_from_usd(least.value) if least else None,
        "aggregation_clause": least.cite if least else ""}


def reason_clause_table(tariff: Tariff, service: str, day: date, reading: Reading) -> pa.Table:
    """The clause behind each reason for which a device is unavailable, by rider."""
    rows = [{"rider": name, "reason": reason, "clause": clause}
            for name, rider in tariff.riders.items() if service in rider.services
            for reason, clause in _reason_clauses(rider, rider.services[service], day, reading)]
    return pa.Table.from_pylist(rows, schema=pa.schema([("rider", pa.string()), ("reason", pa.string()),
                                                        ("clause", pa.string())]))


def _reason_clauses(rider: Rider, service: Service, day: date, reading: Reading) -> Iterator[tuple[str, str]]:
    held, by = rider.protections, reading.known_by
    own: Mapping[str, Sequence[Dated[Any]]] = {
        "suspended": service.outcomes.suspended, "islanded": held.islanded if held else (),
        "storm_hold": held.storm.hold if held and held.storm else ()}
    excused = in_force(service.outcomes.excused, day, by)
    for reason in UNAVAILABLE_REASONS:
        clause = _cite(own.get(reason, ()), day, by)
        if not clause and excused is not None and reason in excused.value:
            clause = excused.cite
        if clause:
            yield reason, clause


def notice_due_table(due: Mapping[str, Iterable[NoticeDue]]) -> pa.Table:
    """The notices of an event by rider."""
    rows = [{"rider": rider, "notice": one.notice, "at_utc": _naive(one.at) if one.at else None, "says": one.says}
            for rider, several in due.items() for one in several]
    return pa.Table.from_pylist(rows, schema=pa.schema([
        ("rider", pa.string()), ("notice", pa.string()), ("at_utc", pa.timestamp("us")), ("says", pa.string())]))


def program_refusal_table(refusals: Iterable[tuple[str, Refusal]]) -> pa.Table:
    """What refuses the event itself: for which program or rider, by which clause."""
    rows = [{"id": name, "clause": refusal.clause, "reason": refusal.reason} for name, refusal in refusals]
    return pa.Table.from_pylist(rows, schema=pa.schema([("id", pa.string()), ("clause", pa.string()),
                                                        ("reason", pa.string())]))


def _cite(history: Sequence[Dated[Any]], day: date, by: date) -> str:
    held = in_force(history, day, by)
    return held.cite if held else ""


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)
