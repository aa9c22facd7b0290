"""First come, first served: who gets a seat on which day, as far as the rider's queue has room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from ..tariff.model import Dated, Queue, Tariff, in_force, value_on
from .enroll_sql import run_stage

MILLIWATT_PER_KW = 1_000_000


def fill_seats(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> None:
    """Give a day of enrollment to every candidate that has a seat by the day of the run."""
    for name, rider in tariff.riders.items():
        queue = rider.queue
        if queue is None or not any((queue.customers_per_year_max, queue.power_kw_per_year_max, queue.power_kw_max)):
            connection.execute("update candidate set admitted_on = ready_on where rider = ?", [name])
            continue
        _fill(connection, name, queue, at)


def _fill(connection: duckdb.DuckDBPyConnection, rider: str, queue: Queue, at: date) -> None:
    ((begin,),) = connection.execute("select min(ready_on) from candidate where rider = ?", [rider]).fetchall()
    day = begin
    while day is not None and day <= at:
        following = _next_change(connection, rider, queue, day)
        until = min(following or date.max, at + timedelta(days=1))
        run_stage(connection, "queue_step", rider=rider, first=day, until=until,
                  milliwatt_max=_milliwatt(queue.power_kw_max, day, at),
                  milliwatt_year_max=_milliwatt(queue.power_kw_per_year_max, day, at),
                  customers_max=_whole(in_force(queue.customers_per_year_max, day, at)))
        if value_on(queue.when_full, day, at, "waitlisted") == "refused":
            connection.execute("update candidate set turned_away = true where rider = ? and admitted_on is null "
                               "and ready_on < ?", [rider, until])
        day = following


def _next_change(connection: duckdb.DuckDBPyConnection, rider: str, queue: Queue, day: date) -> date | None:
    """The next day on which room can come to be: a new year, a rule, somebody leaving or withdrawing."""
    ((found,),) = connection.execute(
        "select min(day) from (select cast(ends_on + 1 as date) as day from seat where rider = $rider union all "
        "select cast(t.day + 1 as date) from act as t join candidate as c using (enrollment_id) where c.rider = $rider "
        "union all select start_on from candidate where rider = $rider union all "
        "select withdrawn_on from candidate where rider = $rider) where day > $day",
        {"rider": rider, "day": day}).fetchall()
    days: list[date] = [date(day.year + 1, 1, 1), *([found] if found is not None else []), *_rule_days(queue, day)]
    return min(days)


def _rule_days(queue: Queue, day: date) -> Iterator[date]:
    histories: Sequence[Sequence[Dated[Any]]] = (queue.customers_per_year_max, queue.power_kw_per_year_max,
                                                 queue.power_kw_max, queue.when_full)
    yield from (dated.effective for history in histories for dated in history if dated.effective > day)


def _milliwatt(history: Sequence[Dated[Decimal]], day: date, at: date) -> int | None:
    held = in_force(history, day, at)
    return None if held is None else int(held.value * MILLIWATT_PER_KW)


def _whole(held: Dated[Decimal] | None) -> int | None:
    return None if held is None else int(held.value)


def full_clause(queue: Queue | None, day: date, as_of: date) -> tuple[str, str]:
    """The clause and the words of a queue that is full."""
    if queue is None:
        return "", ""
    said = [(in_force(history, day, as_of), words) for history, words in (
        (queue.customers_per_year_max, "{} new customers a year"),
        (queue.power_kw_per_year_max, "{} kW of new power a year"), (queue.power_kw_max, "{} kW at any time"))]
    held = [(dated, words) for dated, words in said if dated is not None]
    clauses = list(dict.fromkeys(dated.cite for dated, _ in held))
    return "; ".join(clauses), "the program is full: " + ", ".join(
        words.format(dated.value.normalize().__format__("f")) for dated, words in held)
