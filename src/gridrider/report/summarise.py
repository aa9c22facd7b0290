"""From the result tables to the figures of the program: aggregates only, whatever the number of sites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from . import queries
from .figures import (
    Bin,
    Distribution,
    EventFigure,
    Finding,
    HourFigure,
    KnownEvent,
    Lowest,
    NoteFigure,
    PaidFigure,
    Payee,
    Program,
    Provisional,
    Totals,
)
from .histogram import steps

PAYEES_LISTED = 10
FINDINGS_LISTED = 25
LOWEST_LISTED = 10
MICRO = 1_000_000
ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class _Energy:
    """Sums over one event, filled step by step."""

    start: datetime
    end: datetime
    service: str
    measured: int = 0
    baseline_kwh: Decimal = ZERO
    metered_kwh: Decimal = ZERO
    delivered_kwh: Decimal = ZERO
    hours: dict[int, list[Decimal]] = field(default_factory=lambda: defaultdict(lambda: [ZERO] * 5))
    """Hour of the event -> baseline, metered, delivered [kWh], enrollment-hours, hours."""


def event_energies(tables: duckdb.DuckDBPyConnection, scope: str = "") -> dict[str, _Energy]:
    """The energy of every event with performance rows, by event_id."""
    tables.execute(queries.ONCE)
    found: dict[str, _Energy] = {}
    rows = tables.execute(queries.EVENT_HOURS.format(scope=scope)).fetchall()
    for event_id, service, start_utc, seconds, measured, baseline, metered, delivered in rows:
        start = start_utc.replace(tzinfo=UTC)
        energy = found.setdefault(event_id, _Energy(start=start, end=start, service=service or ""))
        energy.end = max(energy.end, start + timedelta(seconds=seconds))
        energy.measured += measured
        energy.baseline_kwh += baseline
        energy.metered_kwh += metered
        energy.delivered_kwh += delivered
        step_h = Decimal(seconds) / 3600
        hour = energy.hours[int((start - energy.start).total_seconds()) // 3600 + 1]
        for place, more in enumerate((baseline, metered, delivered, measured * step_h, step_h)):
            hour[place] += more
    return found


def _peak_kw(energy: _Energy | None) -> Decimal | None:
    if energy is None or not energy.measured:
        return None
    return max(hour[2] / hour[4] for hour in energy.hours.values())


def event_figures(tables: duckdb.DuckDBPyConnection, *, energies: Mapping[str, _Energy],
                  known: Sequence[KnownEvent], zone: ZoneInfo, scope: str = "",
                  and_scope: str = "") -> tuple[EventFigure, ...]:
    """Every event in the order of its start, unknown starts last; with a scope, only those it took part in."""
    outcomes: dict[str, dict[str, int]] = defaultdict(dict)
    for event_id, outcome, many in tables.execute(queries.OUTCOMES.format(scope=scope)).fetchall():
        outcomes[event_id][outcome] = many
    paid = {row[0]: row[1:] for row in
            tables.execute(queries.PAID_BY_EVENT.format(and_scope=and_scope)).fetchall()}
    said = _by_id(known)
    everyone = set() if scope else said.keys()
    figures = [_event(event_id, outcomes=outcomes.get(event_id, {}), energy=energies.get(event_id),
                      said=said.get(event_id, KnownEvent(event_id=event_id)), paid=paid.get(event_id), zone=zone)
               for event_id in sorted(outcomes.keys() | paid.keys() | energies.keys() | everyone)]
    last = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted(figures, key=lambda event: (event.start or last, event.event_id)))


def _by_id(known: Sequence[KnownEvent]) -> dict[str, KnownEvent]:
    """What is known of each event; an event for several services names them all."""
    found: dict[str, KnownEvent] = {}
    for event in known:
        before = found.get(event.event_id, event)
        services = ", ".join(dict.fromkeys((before.service, event.service)))
        found[event.event_id] = replace(event, service=services)
    return found


def _event(event_id: str, *, outcomes: Mapping[str, int], energy: _Energy | None, said: KnownEvent,
           paid: tuple[str | None, date, Decimal] | None, zone: ZoneInfo) -> EventFigure:
    start = said.start or (energy.start if energy else None)
    end = said.end or (energy.end if energy else None)
    return EventFigure(
        event_id=event_id, kind=said.kind, service=said.service or (energy.service if energy else "")
        or (paid[0] or "" if paid else ""),
        start=start.astimezone(zone) if start else None, end=end.astimezone(zone) if end else None,
        outcomes=outcomes, baseline_kwh=energy.baseline_kwh if energy else ZERO,
        metered_kwh=energy.metered_kwh if energy else ZERO, delivered_kwh=energy.delivered_kwh if energy else ZERO,
        peak_hour_kw=_peak_kw(energy), paid_usd=paid[2] if paid else ZERO)


def hour_figures(energies: Mapping[str, _Energy]) -> tuple[HourFigure, ...]:
    """The average enrollment in the first, second, ... hour over all events. [kW]"""
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO] * 4)
    for energy in energies.values():
        for hour_no, hour in energy.hours.items():
            for place in range(4):
                sums[hour_no][place] += hour[place]
    return tuple(
        HourFigure(hour_no=hour_no, baseline_kw=hour[0] / hour[3], metered_kw=hour[1] / hour[3],
                   delivered_kw=hour[2] / hour[3])
        for hour_no, hour in sorted(sums.items()) if hour[3])


def distribution(tables: duckdb.DuckDBPyConnection, points: str) -> Distribution | None:
    """How the numbers x of a query spread; None when there is none."""
    count, smallest, largest = _row(tables, queries.SPREAD.format(points=points))
    if not count:
        return None
    p10, median, p90, p01, p99 = _quantiles(tables, points, count)
    chosen = steps(smallest=smallest, largest=largest, p01=p01, p99=p99, count=count)
    bounds = {"low": int(chosen.low * MICRO), "high": int(chosen.high * MICRO), "width": int(chosen.width * MICRO),
              "steps": chosen.many}
    counts = dict(tables.execute(queries.HISTOGRAM.format(points=points), bounds).fetchall())
    bins = tuple(Bin(low=chosen.low + step * chosen.width, high=chosen.low + (step + 1) * chosen.width,
                     count=counts.get(step, 0)) for step in range(chosen.many))
    return Distribution(count=count, p10=p10, median=median, p90=p90, smallest=smallest, largest=largest, bins=bins,
                        below=counts.get(-1, 0), above=counts.get(chosen.many, 0))


def _quantiles(tables: duckdb.DuckDBPyConnection, points: str, count: int) -> list[Decimal]:
    """p10, median, p90, p01 and p99, between neighbours by their distance (as spreadsheets do)."""
    hundredths = [share * (count - 1) for share in (10, 50, 90, 1, 99)]
    places = sorted({place for position in hundredths for place in (position // 100, -(-position // 100))})
    at = dict(tables.execute(queries.RANKED.format(points=points), {"places": places}).fetchall())
    return [at[position // 100] + (at[-(-position // 100)] - at[position // 100]) * (position % 100) / 100
            for position in hundredths]


def paid_figures(tables: duckdb.DuckDBPyConnection) -> tuple[PaidFigure, ...]:
    """Money by component and month; a season or term that reaches over months keeps its own span."""
    sums: dict[tuple[date, date, str], tuple[Decimal, int]] = defaultdict(lambda: (ZERO, 0))
    for start, last, component, amount, lines in tables.execute(queries.PAID).fetchall():
        first, end = _bucket(start, last.date())
        amount_before, lines_before = sums[first, end, component]
        sums[first, end, component] = (amount_before + amount, lines_before + lines)
    return tuple(PaidFigure(first=first, last=last, component=component, amount_usd=amount, lines=lines)
                 for (first, last, component), (amount, lines) in sorted(sums.items()))


def provisional_figures(tables: duckdb.DuckDBPyConnection) -> tuple[Provisional, ...]:
    """Lines that may still change, by component and month (or the longer span they are for)."""
    found: dict[tuple[date, date, str], Provisional] = {}
    for component, start, end, lines, amount, because in tables.execute(queries.PROVISIONAL).fetchall():
        first, last = _bucket(start, end.date())
        before = found.get((first, last, component))
        found[first, last, component] = Provisional(
            component=component, first=first, last=last, lines=lines + (before.lines if before else 0),
            amount_usd=amount + (before.amount_usd if before else ZERO),
            because=before.because if before else because)
    return tuple(row for _, row in sorted(found.items()))


def _bucket(first: date, last: date) -> tuple[date, date]:
    """The calendar month that holds both days, or the span itself."""
    if (first.year, first.month) != (last.year, last.month):
        return first, last
    next_month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first.replace(day=1), next_month - timedelta(days=1)


def _row(tables: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object] | None = None) -> Any:
    row = tables.execute(sql, parameters or {}).fetchone()
    if row is None:
        raise LookupError("an aggregate without groups always gives one row")
    return row


def summarise(tables: duckdb.DuckDBPyConnection, *, known: Sequence[KnownEvent], zone: ZoneInfo) -> Program:
    """Every figure of the program's part of the report."""
    energies = event_energies(tables)
    findings = [Finding(severity=severity, file=file, reason=reason, what_to_do=advice, count=many)
                for severity, file, reason, advice, many in tables.execute(queries.FINDINGS).fetchall()]
    paid = paid_figures(tables)
    payees = tables.execute(queries.PAYEES.format(limit=PAYEES_LISTED)).fetchall()
    lowest = tables.execute(queries.LOWEST.format(limit=LOWEST_LISTED)).fetchall()
    fields = ("paid_usd", "lines", "lines_provisional", "statements", "statements_usd", "debit_usd", "credit_usd",
              "postings", "participants", "enrollments")
    return Program(
        totals=Totals(**dict(zip(fields, _row(tables, queries.TOTALS), strict=True))),
        events=event_figures(tables, energies=energies, known=known, zone=zone),
        hours=hour_figures(energies), paid=paid,
        payees=tuple(Payee(participant_id=who or "", enrollments=many, lines=lines, amount_usd=amount)
                     for who, many, lines, amount in payees),
        pay_by_participant=distribution(tables, queries.PAY_BY_PARTICIPANT),
        pay_by_enrollment=distribution(tables, queries.PAY_BY_ENROLLMENT),
        delivered_kw=distribution(tables, queries.DELIVERED_KW),
        findings=tuple(findings[:FINDINGS_LISTED]), findings_more=max(0, len(findings) - FINDINGS_LISTED),
        provisional=provisional_figures(tables),
        lowest=tuple(Lowest(enrollment_id=enrollment_id, event_id=event_id, baseline_kwh=baseline,
                            metered_kwh=metered, delivered_kwh=delivered, outcome=outcome)
                     for enrollment_id, event_id, baseline, metered, delivered, outcome in lowest),
        notes=tuple(NoteFigure(note=note, calls=calls, events=events)
                    for note, calls, events in tables.execute(queries.NOTES).fetchall()))
