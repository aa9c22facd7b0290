"""The payments of a tariff as tables: what each pays by, for whom, for which events, months and seasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa

from ..interval import DAY
from ..settlement.attributes import condition_of
from ..settlement.periods import months_in, payment_period, seasons_in
from ..settlement.rates import is_monthly, lock_years, may_lock, rate_histories
from ..tariff.check import component_of
from ..tariff.model import Payment, PerformanceFactor, Rider, Season, in_force, value_on
from .settle_plan import Payable, SettlePlan, cite_on, floor_on, pays

EVENT_FAMILIES = ("energy", "energy_at_price")
POWER_FAMILIES = ("capacity_average", "capacity_price_weighted", "capacity_committed")
FACTOR_DECIMALS = Decimal(6)


def payment_table(plan: SettlePlan) -> pa.Table:
    """Every payment with the choices that its lines need."""
    return pa.Table.from_pylist([_payment_row(plan, payable) for payable in plan.payables], schema=PAYMENT)


PAYMENT = pa.schema([
    ("pay_no", pa.int32()), ("rider", pa.string()), ("service", pa.string()), ("component", pa.string()),
    ("family", pa.string()), ("by_power", pa.bool_()), ("average_over", pa.string()), ("prorated", pa.bool_()),
    ("locks", pa.bool_()), ("by_duration", pa.bool_()), ("by_class", pa.bool_()), ("wait_days", pa.int32()),
    ("floor_span", pa.string()), ("floor_clause", pa.string()), ("floor_period", pa.bool_()),
    ("floor_over_aggregation", pa.bool_()), ("floor_sum_over_site", pa.bool_()), ("floor_over_rows", pa.bool_()),
    ("zero_per_resource", pa.bool_()), ("has_floor", pa.bool_()), ("when_any", pa.list_(pa.string())),
    ("unless_any", pa.list_(pa.string())), ("condition", pa.string()), ("pays_full", pa.bool_()),
    ("factor_one", pa.int64()), ("low_n", pa.int64()), ("low_d", pa.int64()), ("high_n", pa.int64()),
    ("high_d", pa.int64()), ("is_capped", pa.bool_()),
])


def _payment_row(plan: SettlePlan, payable: Payable) -> dict[str, Any]:
    day, known_by, payment = plan.period.first, plan.known_by, payable.payment
    measurement, rider = payable.service.measurement, plan.tariff.riders[payable.rider_name]
    last = plan.period.end - DAY
    histories = rate_histories(payment)
    return {
        "pay_no": payable.number, "rider": payable.rider_name, "service": payable.service_name,
        "component": component_of(payment), "family": payment.family, "by_power": payment.family in POWER_FAMILIES,
        "average_over": value_on(payment.average_over, last, known_by, "hours"),
        "prorated": in_force(payment.prorate, last, known_by) is not None,
        "locks": may_lock(payment) and lock_years(rider, last, known_by) > 0,
        "by_duration": any(dated.duration_h is not None for history in histories for dated in history),
        "by_class": any(dated.customer_classes for history in histories for dated in history),
        "wait_days": int(value_on(measurement.wait_days, day, known_by, Decimal(0))),
        "when_any": list(payment.when_any), "unless_any": list(payment.unless_any),
        "condition": condition_of(payment),
        "is_capped": in_force(payment.quantity_max, last, known_by) is not None,
        "pays_full": value_on(payment.no_event, last, known_by, "pays_nothing") == "pays_full",
        **_floor_choices(plan, payable, last), **_factor_bounds(payment.performance_factor, last, known_by),
    }


def _floor_choices(plan: SettlePlan, payable: Payable, last: date) -> dict[str, Any]:
    measurement, known_by, by_energy = payable.service.measurement, plan.known_by, payable.payment.family == "energy"
    floor = floor_on(measurement.floor, last, known_by)
    over_aggregation = floor is not None and floor.over == "aggregation"
    site_period = floor is not None and floor.over == "site" and floor.per in ("month", "season")
    return {
        "floor_span": floor.per if floor else "event",
        "floor_clause": cite_on(floor.at, last, known_by) if floor else cite_on(measurement.exports, last, known_by),
        "floor_period": site_period, "floor_over_aggregation": over_aggregation,
        "floor_sum_over_site": by_energy and site_period,
        "floor_over_rows": over_aggregation and floor is not None and floor.per == "hour",
        "zero_per_resource": by_energy
        and value_on(measurement.exports, last, known_by, "count") == "zero_per_resource",
        "has_floor": floor is not None,
    }


def _factor_bounds(factor: PerformanceFactor | None, day: date, known_by: date) -> dict[str, Any]:
    """A performance factor as whole numbers: so many parts make one, and its bounds as fractions."""
    if factor is None:
        return {}
    low, high = in_force(factor.low, day, known_by), in_force(factor.high, day, known_by)
    return {"factor_one": 10 ** int(value_on(factor.decimals, day, known_by, FACTOR_DECIMALS)),
            **_fraction("low", low.value if low else None), **_fraction("high", high.value if high else None)}


def _fraction(name: str, bound: Fraction | None) -> dict[str, int | None]:
    return {f"{name}_n": bound.numerator if bound is not None else None,
            f"{name}_d": bound.denominator if bound is not None else None}


def pays_event_table(plan: SettlePlan) -> pa.Table:
    """Which payment pays which event."""
    rows = [{"pay_no": payable.number, "service_event_no": each.number}
            for payable in plan.payables for each in plan.service_events
            if each.in_period and (each.rider_name, each.service_name) == (payable.rider_name, payable.service_name)
            and pays(each, payable.payment)]
    return pa.Table.from_pylist(rows, schema=pa.schema([("pay_no", pa.int32()), ("service_event_no", pa.int32())]))


def pay_period_table(plan: SettlePlan) -> pa.Table:
    """The months or seasons of each payment by power that the run touches and that have begun by as-of."""
    rows: list[dict[str, Any]] = []
    for payable in plan.payables:
        if payable.payment.family in EVENT_FAMILIES:
            continue
        season = plan.tariff.season(payable.service.calls.season)
        spans = (months_in if is_monthly(payable.payment) else seasons_in)(plan.period, season)
        for span in spans:
            inside = span.intersect(plan.period)
            if inside is None or inside.first >= first_day_to_come(plan):
                continue
            words = f"{span.first:%B %Y}" if is_monthly(payable.payment) else f"Season {span.first} to {span.end - DAY}"
            rows.append({"pay_no": payable.number, "period_first": span.first, "period_end": span.end,
                         "inside_first": inside.first, "inside_end": inside.end, "whole": inside == span,
                         "words": words})
    return pa.Table.from_pylist(rows, schema=pa.schema([
        ("pay_no", pa.int32()), ("period_first", pa.date32()), ("period_end", pa.date32()),
        ("inside_first", pa.date32()), ("inside_end", pa.date32()), ("whole", pa.bool_()), ("words", pa.string())]))


def first_day_to_come(plan: SettlePlan) -> date:
    """The first local day that had not begun by as-of."""
    return plan.known_by if plan.as_of.astimezone(plan.zone).time() == datetime.min.time() else plan.known_by + DAY


NOMINATION_STEP = pa.schema([("pay_no", pa.int32()), ("period_first", pa.date32()), ("ratio_e6", pa.int64()),
                             ("of_delivered_e6", pa.int64()), ("of_nominated_e6", pa.int64())])
MILLION = 1_000_000


def nomination_step_table(plan: SettlePlan) -> pa.Table:
    """The schedule of each payment by nominated power on the first day of each month, in millionths."""
    periods = pay_period_table(plan).to_pylist()
    payables = {payable.number: payable.payment for payable in plan.payables
                if payable.payment.family == "capacity_nominated"}
    rows = [{"pay_no": period["pay_no"], "period_first": period["period_first"], "ratio_e6": ratio,
             "of_delivered_e6": delivered, "of_nominated_e6": nominated}
            for period in periods if period["pay_no"] in payables
            for ratio, delivered, nominated in steps_on(payables[period["pay_no"]], period["period_first"],
                                                        plan.known_by)]
    return pa.Table.from_pylist(rows, schema=NOMINATION_STEP)


def steps_on(payment: Payment, day: date, known_by: date) -> list[tuple[int, int, int]]:
    """The steps in force on a day as (ratio at least, share of delivered, share of nominated), in millionths."""
    every = [tuple(int(value_on(history, day, known_by, Decimal(0)) * MILLION)
                   for history in (step.ratio_at_least, step.of_delivered, step.of_nominated))
             for step in payment.steps if in_force(step.ratio_at_least, day, known_by) is not None]
    return [(ratio, delivered, nominated) for ratio, delivered, nominated in every]


def statement_period_table(plan: SettlePlan, days: Mapping[tuple[str, str], Iterable[date]]) -> pa.Table:
    """The payment period that holds each day on which a line of a rider and service may begin; no service is blank."""
    rows: list[dict[str, Any]] = []
    for (rider_name, service_name), held in days.items():
        rider = plan.tariff.riders[rider_name]
        season = _season_of(plan, rider, service_name)
        for day in held:
            schedule = value_on(rider.pay.schedule, day, plan.known_by, "season") if rider.pay else "season"
            span = payment_period(day, schedule, season)
            rows.append({"rider": rider_name, "service": service_name, "day": day, "period_first": span.first,
                         "period_end": span.end})
    return pa.Table.from_pylist(rows, schema=pa.schema([
        ("rider", pa.string()), ("service", pa.string()), ("day", pa.date32()), ("period_first", pa.date32()),
        ("period_end", pa.date32())]))


def _season_of(plan: SettlePlan, rider: Rider, service_name: str) -> Season | None:
    """The season of a service; of lines without one, the season that all services of the rider share."""
    if service_name:
        return plan.tariff.season(rider.services[service_name].calls.season)
    seasons = {service.calls.season for service in rider.services.values()}
    return plan.tariff.season(seasons.pop()) if len(seasons) == 1 else None
