"""The reference settlement: a folder of CSV tables and a tariff in, the contract's tables out, row by row.

Written from docs/reference/settlement-rules.md and the batch contract alone, with loops and exact fractions, so that
the engine can be held against it. Ids and sentences are the engine's own; what names a line here is its natural key.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from gridrider.tariff.load import load
from gridrider.tariff.model import Payment, Rider, Tariff, value_on
from tests.reference.aggregation import adjustments
from tests.reference.concern import Run, concerning, is_for, rider_of, service_of
from tests.reference.inputs import World, instant, read_world
from tests.reference.meters import Meters
from tests.reference.nominated import nominated_lines
from tests.reference.numbers import MICRO, Refused, cents_text, decimal_text, six_decimals, whole
from tests.reference.outcome import Row, Taken, take_part
from tests.reference.payments import Owed, capacity_lines, energy_lines, market_lines, pays, price_at
from tests.reference.periods import Period, clipped, months_of, seasons_of
from tests.reference.rate_floors import hold_all
from tests.reference.sharing import Book, Shared, book_of, once
from tests.reference.spans import instant_text, midnight
from tests.reference.upfront import Movement, movements, upfront_lines

Cells = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The tables of a settlement as texts."""

    participation: list[Cells]
    performance: list[Cells]
    lines: list[Cells]
    statements: list[Cells]
    attribution: list[Cells] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)


def days_of(period: str) -> tuple[date, date]:
    """First day and end of START/END, a month or a year."""
    if "/" in period:
        first, end = period.split("/")
        return date.fromisoformat(first), date.fromisoformat(end)
    if len(period) == 4:
        return date(int(period), 1, 1), date(int(period) + 1, 1, 1)
    year, month = map(int, period.split("-"))
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def run_of(tariff: Tariff, period: str, as_of: str = "") -> Run:
    """What is asked: the period and as-of, which is the period's end unless said."""
    zone = ZoneInfo(tariff.timezone)
    first, end = days_of(period)
    now = midnight(end, zone)
    if as_of:
        now = instant(as_of) if "T" in as_of else midnight(date.fromisoformat(as_of), zone)
    return Run(tariff=tariff, zone=zone, first=first, end=end, as_of=now)


def settle(tariff_file: Path, inputs: Path, period: str, as_of: str = "") -> Settled:
    """Settle a folder of inputs."""
    tariff, problems = load(tariff_file)
    if tariff is None:
        raise Refused("\n".join(map(str, problems)))
    run, world = run_of(tariff, period, as_of), read_world(inputs)
    check_attributes(run, world)
    hold_all(run, world)
    meters = Meters(world, run.zone)
    measured = everything(run, world, meters)
    book = book_of(run, world, meters, measured)
    taken = once(book, measured)
    owed = everything_owed(run, world, taken) + upfront_lines(run, world)
    return Settled(participation=sorted((participation_row(run, item) for item in taken), key=_key_of_taken),
                   performance=[cells for item in taken for cells in performance_rows(run, world, item)],
                   lines=[line_cells(line) for line in owed], statements=statements(run, owed),
                   attribution=[cells for shared in book.rows for cells in attribution_rows(book, shared)],
                   movements=movements(run, world))


def _key_of_taken(cells: Cells) -> tuple[str, str]:
    return cells["enrollment_id"], cells["event_id"]


def check_attributes(run: Run, world: World) -> None:
    """Read every attribute that the tariff names of every enrollment: another word than true or false is an error."""
    names = {"low_income", "disadvantaged_community", "constrained_area"}
    for rider in run.tariff.riders.values():
        for payment in (payment for service in rider.services.values() for payment in service.payments):
            names |= {*payment.when_any, *payment.unless_any}
        if rider.upfront is not None:
            names |= set(rider.upfront.unless_any)
            names |= {name for adder in rider.upfront.adders for name in (*adder.when_any, adder.when) if name}
    for enrollment in world.enrollments:
        for name in sorted(names):
            enrollment.has(name)


def everything(run: Run, world: World, meters: Meters) -> list[Taken]:
    """How each enrollment took part in each event of the period that concerns it."""
    taken = []
    for enrollment in world.enrollments:
        for event in concerning(run, world, enrollment):
            service = service_of(run, enrollment, event)
            if service is not None and run.first <= run.day(event) < run.end and event.start < run.as_of:
                taken.append(take_part(run, world, meters, enrollment, event, service))
    return taken


def everything_owed(run: Run, world: World, taken: list[Taken]) -> list[Owed]:
    """Every line of every payment of every service."""
    owed: list[Owed] = []
    for rider in run.tariff.riders.values():
        for name, service in rider.services.items():
            mine = [item for item in taken if item.service is service]
            for payment in service.payments:
                if payment.family == "capacity_nominated":
                    owed += nominated_lines(run, world, payment, rider, name, mine)
                else:
                    owed += lines_of(run, world, rider, name, payment, mine)
    return owed


def lines_of(run: Run, world: World, rider: Rider, name: str, payment: Payment, mine: list[Taken]) -> list[Owed]:
    """The lines of one payment, for those whom it is for."""
    service = rider.services[name]
    enrolled = [enrollment for enrollment in world.enrollments
                if rider_of(run, enrollment) is rider and (not enrollment.services or name in enrollment.services)
                and is_for(enrollment, payment.when_any, payment.unless_any)]
    theirs = [item for item in mine if item.enrollment in enrolled]
    lines: list[Owed] = []
    if payment.family == "energy":
        lines = energy_lines(run, world, payment, theirs)
    elif payment.family == "energy_at_price":
        lines = market_lines(run, world, payment, theirs)
    else:
        for enrollment in enrolled:
            his = [item for item in theirs if item.enrollment is enrollment]
            lines += capacity_lines(run, world, payment, enrollment, name, service, his)
    return lines + adjustments(run, payment, name, service, theirs, lines)


def attribution_rows(book: Book, shared: Shared) -> list[Cells]:
    """A row of which something was taken."""
    enrollment_id, event_id, start = shared.key
    delivered, taken = shared.row.delivered_mwh or 0, book.taken_mwh(shared)
    if not book.of(shared):
        return []
    return [{"enrollment_id": enrollment_id, "event_id": event_id, "service": shared.item.service_name,
             "start": instant_text(start), "delivered_kwh": six_decimals(delivered), "taken_kwh": six_decimals(taken),
             "counted_kwh": six_decimals(delivered - taken),
             "clause": "; ".join(dict.fromkeys(take.clause for take in book.of(shared) if take.clause))}]


def participation_row(run: Run, item: Taken) -> Cells:
    """One row of participation."""
    kw = whole(Fraction(item.measured_mwh * 3600, item.seconds)) if item.seconds else 0
    shown = all(row.delivered_mwh is not None for row in item.rows) and not (item.zero and item.outcome == "opted_out")
    return {"enrollment_id": item.enrollment.enrollment_id, "event_id": item.event.event_id, "outcome": item.outcome,
            "counted": "true" if item.counted else "false",
            "average_kw": six_decimals(kw) if shown and item.rows
            else ("0.000000" if item.counted and item.seconds else "")}


def weight_of(run: Run, world: World, item: Taken, row: Row) -> Fraction:
    """A row's weight in an average: a price in USD/MWh, else 1."""
    if any(payment.family == "capacity_price_weighted" and pays(run, payment, item)
           for payment in item.service.payments):
        return Fraction(price_at(run, world, item, row.span.start), MICRO)
    return Fraction(1)


def performance_rows(run: Run, world: World, item: Taken) -> list[Cells]:
    """The rows of one participation."""
    def shown(mwh: int | None) -> str:
        return "" if mwh is None else six_decimals(mwh)

    return [{"enrollment_id": item.enrollment.enrollment_id, "event_id": item.event.event_id,
             "service": item.service_name, "start": instant_text(row.span.start), "seconds": str(row.span.seconds),
             "point_id": row.point_id, "baseline_unadjusted_kwh": shown(row.unadjusted_mwh),
             "adjustment_factor": "" if row.factor is None else six_decimals(whole(row.factor * MICRO)),
             "baseline_kwh": shown(row.baseline_mwh), "metered_kwh": shown(row.metered_mwh),
             "delivered_kwh": shown(row.delivered_mwh), "weight": decimal_text(weight_of(run, world, item, row)),
             "quality": row.quality, "baseline_days": ";".join(row.days)} for row in item.rows]


def line_cells(line: Owed) -> Cells:
    """One line, its rate and quantity as texts with six decimals."""
    enrollment = line.enrollment.enrollment_id if line.enrollment is not None else ""
    return {"participant_id": line.participant_id, "aggregation_id": line.aggregation_id, "payee_id": line.payee_id,
            "enrollment_id": enrollment, "service": line.service_name, "component": line.component,
            "event_id": line.event_id, "period_start": str(line.period.whole_first),
            "period_end": str(line.period.whole_end), "clause": line.clause,
            "quantity": six_decimals(whole(line.quantity * MICRO)), "unit": line.unit,
            "rate": "" if line.rate is None else decimal_text(line.rate), "rate_unit": line.rate_unit,
            "rate_effective": str(line.rate_effective or ""), "amount_usd": cents_text(line.cents), "version": "1",
            "status": "final" if line.final else "provisional"}


def rider_of_line(run: Run, line: Owed) -> Rider:
    """The rider under which a line is paid."""
    if line.enrollment is not None:
        return rider_of(run, line.enrollment)
    return next(rider for rider in run.tariff.riders.values() if line.service in rider.services.values())


def season_of_line(rider: Rider, line: Owed) -> str:
    """The season of a line's service; without a service the one that all services of the rider share."""
    if line.service is not None:
        return line.service.calls.season
    seasons = {service.calls.season for service in rider.services.values()}
    return next(iter(seasons)) if len(seasons) == 1 else ""


def payment_period(run: Run, line: Owed) -> Period:
    """The payment period in which a line's own period begins; outside of every season its year."""
    rider, day = rider_of_line(run, line), line.paid_on or line.period.first
    said = "season" if rider.pay is None else value_on(rider.pay.schedule, day, run.as_of_day, "season")
    season = season_of_line(rider, line)
    year = (date(day.year, 1, 1), date(day.year + 1, 1, 1))
    if said == "month":
        spans = months_of(run, season)
    elif said == "year":
        spans = [year]
    else:
        spans = seasons_of(run, season)
    first, end = next(((first, end) for first, end in spans if first <= day < end), year)
    period = clipped(run, first, end)
    if period is None:
        raise ValueError("a line outside the period")
    return period


def statements(run: Run, owed: list[Owed]) -> list[Cells]:
    """One per payee, participant and payment period."""
    totals: dict[tuple[str, str, Period], int] = defaultdict(int)
    for line in owed:
        totals[line.payee_id, line.participant_id, payment_period(run, line)] += line.cents
    return [{"payee_id": payee, "participant_id": participant, "period_start": str(period.first),
             "period_end": str(period.end), "total_usd": cents_text(cents), "version": "1"}
            for (payee, participant, period), cents in sorted(totals.items())]

