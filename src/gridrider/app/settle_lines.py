"""The reduce of a settlement: outcomes, lines, floors over aggregations, statements and postings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from ..problem import Problem, error, errors
from ..settlement.rates import Rate, RateTooFine, rate_for
from ..tariff.model import Case, Tariff
from .settle_floors import check_rate_floors
from .settle_law import check_law
from .settle_payments import (
    nomination_step_table,
    pay_period_table,
    payment_table,
    pays_event_table,
    statement_period_table,
)
from .settle_plan import SettlePlan
from .settle_upfront import make_upfront
from .sql_text import sql, stage_sql


def make_amounts(connection: duckdb.DuckDBPyConnection, plan: SettlePlan, tariff: Tariff,
                 tariff_file: str) -> list[Problem]:
    """Make `result` and the lines of every enrollment, in cents, from the performance that was measured."""
    connection.execute(stage_sql("settlement", "macros"))
    connection.execute(stage_sql("measurement.baselines", "macros"))
    connection.register("payment", payment_table(plan))
    connection.register("pays_event", pays_event_table(plan))
    connection.register("pay_period", pay_period_table(plan))
    connection.register("nomination_step", nomination_step_table(plan))
    _run_row(connection, plan, tariff)
    problems = [*check_rate_floors(connection, plan, tariff_file), *_weights(connection, plan)]
    if errors(problems):
        return problems
    connection.execute(stage_sql("settlement", "outcomes"))
    problems += _weightless(connection)
    rates, found = _rates(connection, plan, tariff_file)
    problems += found
    if errors(problems):
        return problems
    connection.register("rate", rates)
    _event_seconds(connection)
    connection.execute(sql("line_table"))
    for family in ("energy", "at_price", "capacity", "nominated"):
        connection.execute(stage_sql("settlement", family))
    problems += make_upfront(connection, plan, tariff_file)
    return [*problems, *check_law(connection, plan, tariff_file)]


def make_statements(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> None:
    """Make the aggregations' lines, `versioned_line`, `statement` and `posting` from the enrollments' lines."""
    connection.register("statement_period", _statement_periods(connection, plan))
    connection.execute("""
        create or replace temp view performance_row as
        select p.* replace (p.delivered_mwh - coalesce(t.taken_mwh, 0) as delivered_mwh), coalesce(t.taken_mwh, 0)
               as taken_mwh, r.start
        from performance as p join call_window as c on c.call_no = p.call_no
        left join counted_row as t on t.call_no = p.call_no and t.row_no = p.row_no
        join window_row as r on r.window_no = c.window_no and r.row_no = p.row_no""")
    connection.execute(stage_sql("settlement", "aggregation"))
    connection.register("statement_period", _statement_periods(connection, plan))
    connection.execute(stage_sql("settlement", "statements"))
    connection.execute(stage_sql("ledger", "post"))


def _run_row(connection: duckdb.DuckDBPyConnection, plan: SettlePlan, tariff: Tariff) -> None:
    connection.register("run", pa.table({
        "tariff": [tariff.tariff], "as_of_day": pa.array([plan.known_by], pa.date32()),
        "as_of": pa.array([plan.as_of.astimezone(UTC).replace(tzinfo=None)], pa.timestamp("us")),
        "period_first": pa.array([plan.period.first], pa.date32()),
        "period_end": pa.array([plan.period.end], pa.date32()), "currency": [tariff.currency]}))


def _weights(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> list[Problem]:
    """The price of each row that a weighted average needs; a price that is not there is an error."""
    series = [{"zone": name, "series": zone.price_series[-1].value, "clause": zone.price_series[-1].cite}
              for name, zone in plan.tariff.zones.items() if zone.price_series]
    connection.register("zone_series", pa.Table.from_pylist(
        series, schema=pa.schema([("zone", pa.string()), ("series", pa.string()), ("clause", pa.string())])))
    connection.execute(sql("row_weight"))
    rows = connection.execute("select distinct coalesce(series, zone), start from row_weight "
                              "where weight_micro is null order by 1, 2 limit 1000").fetchall()
    return [error("prices", f"lacks the price of {series} at {start:%Y-%m-%dT%H:%M}Z, by which a payment weights or "
                  "pays", "Add the price of that hour.", column="series", value=series or "") for series, start in rows]


def _weightless(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    rows = connection.execute(sql("weightless")).fetchall()
    return [error("prices", f"the prices of the counted hours of {words} sum to zero or less for enrollment "
                  f"{enrollment_id}, so they cannot weight an average", "Check the prices of these hours.",
                  column="usd_per_mwh") for words, enrollment_id in rows]


def _rates(connection: duckdb.DuckDBPyConnection, plan: SettlePlan,
           tariff_file: str) -> tuple[pa.Table, list[Problem]]:
    """The rate for every case that occurs; a case without one is an error, unless its lock has lapsed."""
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    payables = {payable.number: payable for payable in plan.payables}
    for pay_no, day, end, vintage, duration_s, customer_class in connection.execute(sql("rate_cases")).fetchall():
        payable = payables[pay_no]
        rider = plan.tariff.riders[payable.rider_name]
        case = Case(month=day.month, customer_class=customer_class,
                    duration_h=None if duration_s is None else Decimal(duration_s) / 3600)
        try:
            rate = rate_for(rider, payable.payment, day, end, vintage, case, plan.known_by)
        except RateTooFine as reason:
            problems.append(error(tariff_file, str(reason), "Round the rate or the multiplier.",
                                  column=f"riders.{payable.rider_name}.services.{payable.service_name}.payments"))
            continue
        lapsed = vintage is not None and rider.term is not None and any(
            dated.value == "no_rate" for dated in rider.term.lapsed)
        if rate is None and not lapsed:
            problems.append(_no_rate(tariff_file, payable.rider_name, payable.service_name, day, case))
        rows.append(_rate_row(pay_no, day, vintage, duration_s, customer_class, rate))
    return pa.Table.from_pylist(rows, schema=RATE), problems


RATE = pa.schema([
    ("pay_no", pa.int32()), ("day", pa.date32()), ("vintage", pa.date32()), ("duration_s", pa.int64()),
    ("customer_class", pa.string()), ("rate_micro", pa.int64()), ("unit", pa.string()), ("effective", pa.date32()),
    ("cite", pa.string()), ("words", pa.string())])


def _rate_row(pay_no: int, day: date, vintage: date | None, duration_s: int | None, customer_class: str | None,
              rate: Rate | None) -> dict[str, Any]:
    return {"pay_no": pay_no, "day": day, "vintage": vintage, "duration_s": duration_s,
            "customer_class": customer_class, "rate_micro": rate.rate_micro if rate else None,
            "unit": rate.unit if rate else None, "effective": rate.effective if rate else None,
            "cite": rate.cite if rate else "", "words": rate.words if rate else ""}


def _no_rate(tariff_file: str, rider: str, service: str, day: date, case: Case) -> Problem:
    who = ", ".join(part for part in (
        f"duration {case.duration_h} h" if case.duration_h is not None else "",
        f"class {case.customer_class}" if case.customer_class else "") if part)
    return error(tariff_file, f"no rate is in force on {day}{' for ' + who if who else ''} among what was filed by "
                 "as-of", "Add the rate with its effective and filed date, or leave these days out of the period.",
                 column=f"riders.{rider}.services.{service}.payments")


def _event_seconds(connection: duckdb.DuckDBPyConnection) -> None:
    """The least common multiple of the events' lengths, so that a mean of averages stays a whole fraction."""
    seconds = [row[0] for row in connection.execute(
        "select distinct seconds from result where counted and seconds > 0").fetchall()]
    connection.register("event_seconds", pa.table({"lcm_s": pa.array([_lcm(seconds)], pa.int64())}))


def _lcm(numbers: Iterable[int]) -> int:
    return math.lcm(*numbers) if numbers else 1


def _statement_periods(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> pa.Table:
    days: dict[tuple[str, str], list[date]] = {}
    for rider, service, day in connection.execute(
            "select distinct rider, coalesce(service, ''), case when component = 'claw_back' then period_start - 1 "
            "else period_start end from line order by all").fetchall():
        days.setdefault((rider, service), []).append(day)
    return statement_period_table(plan, days)
