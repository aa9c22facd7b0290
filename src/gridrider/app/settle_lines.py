"""The reduce of a settlement: outcomes, lines, floors over aggregations, statements and postings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from ..problem import Problem, error
from ..settlement.rates import Rate, RateTooFine, rate_for
from ..tariff.model import Case, Tariff
from .settle_calls import stage_sql
from .settle_plan import SettlePlan, pay_period_table, payment_table, pays_event_table, statement_period_table

LINE_COLUMNS = """
create or replace temp table line (
  enrollment_no bigint, participant_id varchar, aggregation_id varchar, payee_id varchar, enrollment_id varchar,
  pay_no integer, rider varchar, service varchar, component varchar, event_id varchar, period_start date,
  period_end date, clause varchar, quantity_n hugeint, quantity_d hugeint, unit varchar, rate_micro bigint,
  rate_unit varchar, rate_effective date, amount_cents bigint, measured boolean, whole boolean, because varchar)
"""


def make_lines(connection: duckdb.DuckDBPyConnection, plan: SettlePlan, tariff: Tariff,
               tariff_file: str) -> list[Problem]:
    """Make `result`, `keyed_line`, `statement` and `posting` from the performance that was measured."""
    connection.execute(stage_sql("settlement", "macros"))
    connection.execute(stage_sql("measurement.baselines", "macros"))
    connection.register("payment", payment_table(plan))
    connection.register("pays_event", pays_event_table(plan))
    connection.register("pay_period", pay_period_table(plan))
    _run_row(connection, plan, tariff)
    problems = _weights(connection, plan)
    if problems:
        return problems
    connection.execute(stage_sql("settlement", "outcomes"))
    problems = _weightless(connection)
    rates, found = _rates(connection, plan, tariff_file)
    if problems or found:
        return [*problems, *found]
    connection.register("rate", rates)
    _event_seconds(connection)
    connection.execute(LINE_COLUMNS)
    connection.execute(stage_sql("settlement", "energy"))
    connection.execute(stage_sql("settlement", "capacity"))
    connection.register("statement_period", _statement_periods(connection, plan))
    connection.execute("""
        create or replace temp view performance_row as
        select p.*, r.start from performance as p join call_window as c on c.call_no = p.call_no
        join window_row as r on r.window_no = c.window_no and r.row_no = p.row_no""")
    connection.execute(stage_sql("settlement", "aggregation"))
    connection.register("statement_period", _statement_periods(connection, plan))
    connection.execute(stage_sql("settlement", "statements"))
    connection.execute(stage_sql("ledger", "post"))
    return []


def _run_row(connection: duckdb.DuckDBPyConnection, plan: SettlePlan, tariff: Tariff) -> None:
    connection.register("run", pa.table({
        "tariff": [tariff.tariff], "as_of_day": pa.array([plan.known_by], pa.date32()),
        "as_of": pa.array([plan.as_of.replace(tzinfo=None) if plan.as_of.tzinfo is None else
                           plan.as_of.astimezone(__import__("datetime").UTC).replace(tzinfo=None)],
                          pa.timestamp("us")),
        "period_first": pa.array([plan.period.first], pa.date32()),
        "period_end": pa.array([plan.period.end], pa.date32()), "currency": [tariff.currency]}))


def _weights(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> list[Problem]:
    """The price of each row that a weighted average needs; a price that is not there is an error."""
    series = [{"zone": name, "series": zone.price_series[-1].value} for name, zone in plan.tariff.zones.items()
              if zone.price_series]
    connection.register("zone_series", pa.Table.from_pylist(
        series, schema=pa.schema([("zone", pa.string()), ("series", pa.string())])))
    connection.execute("""
        create or replace temp table row_weight as
        with needed as (
          select distinct c.window_no, c.zone from call_window as c
          join service_event as v on v.service_event_no = c.service_event_no
          where v.price_weighted and v.counts and not v.cancelled and not c.unsigned and not c.not_eligible
        )
        select n.window_no, r.row_no, n.zone, z.series, r.start, p.micro_usd_per_mwh as weight_micro
        from needed as n join window_row as r on r.window_no = n.window_no
        left join zone_series as z on z.zone = n.zone
        left join prices as p on p.series = z.series and p.start <= r.start
         and p.start + to_seconds(p.seconds) > r.start""")
    rows = connection.execute("select distinct coalesce(series, zone), start from row_weight "
                              "where weight_micro is null order by 1, 2 limit 1000").fetchall()
    return [error("prices", f"lacks the price of {series} at {start:%Y-%m-%dT%H:%M}Z, which weights an average",
                  "Add the price of that hour.", column="series", value=series or "") for series, start in rows]


def _weightless(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    rows = connection.execute("""
        select distinct v.event_id from result as r join service_event as v using (service_event_no)
        where v.price_weighted and r.counted and r.weight_s <= 0 and r.seconds > 0 order by 1""").fetchall()
    return [error("prices", "the prices of the event's hours sum to zero or less, so they cannot weight an average",
                  "Check the prices of these hours.", column="usd_per_mwh", value=event_id) for (event_id,) in rows]


def _rates(connection: duckdb.DuckDBPyConnection, plan: SettlePlan,
           tariff_file: str) -> tuple[pa.Table, list[Problem]]:
    """The rate for every case that occurs; a case without one is an error, unless its lock has lapsed."""
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    payables = {payable.number: payable for payable in plan.payables}
    for pay_no, day, end, vintage, duration_s, customer_class in connection.execute(RATE_CASES).fetchall():
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


RATE_CASES = """
select distinct p.pay_no, v.local_date as day, v.local_date + 1 as period_end, case when p.locks then e.vintage_day end,
       case when p.by_duration then e.duration_s end, case when p.by_class then e.customer_class end
from result as r join enrollment as e using (enrollment_no) join service_event as v using (service_event_no)
join pays_event as p on p.service_event_no = r.service_event_no and p.family = 'energy'
where r.counted
union
select distinct p.pay_no, m.period_first, m.period_end, case when p.locks then e.vintage_day end,
       case when p.by_duration then e.duration_s end, case when p.by_class then e.customer_class end
from enrollment as e join payment as p on p.rider = e.rider and p.family <> 'energy'
 and (e.services is null or list_contains(e.services, p.service))
join pay_period as m on m.pay_no = p.pay_no
where e.starts_on < m.inside_end and coalesce(e.ends_on, date '9999-12-31') >= m.inside_first
order by all
"""
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
            "select distinct rider, service, period_start from line order by all").fetchall():
        days.setdefault((rider, service), []).append(day)
    return statement_period_table(plan, days)
