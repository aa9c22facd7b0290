"""The rules of a tariff that enrollment joins its tables with, as tables of their own: rider, days, numbers, clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from ..enrollment.model import APPLICATION_STEPS, ENROLLMENT_STEPS
from ..tariff.model import Dated, Rider, Season, Tariff, in_force, value_on

Cells = dict[str, Any]
SPAN = [("first", pa.date32()), ("until", pa.date32())]


def register_rules(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> None:
    """Put every table of rules into the connection, as the tariff stood filed on the day of the run."""
    per_rider: dict[str, tuple[list[tuple[str, pa.DataType]], Callable[..., Iterator[Cells]]]] = {
        "rate_lock": ([("months", pa.int64()), ("lock_clause", pa.string()), ("holder", pa.string())], _rate_lock),
        "review": ([("by_utility", pa.bool_())], _review),
        "permit_rule": ([("days", pa.int32()), ("class", pa.string()), ("clause", pa.string())], _permit),
    }
    for name, (columns, made) in per_rider.items():
        rows = [{"rider": rider_name, **row} for rider_name, rider in tariff.riders.items() for row in made(rider, at)]
        _table(connection, name, [("rider", pa.string()), *SPAN, *columns], rows)
    _table(connection, "affiliates", [*SPAN, ("clause", pa.string())], list(_affiliates(tariff, at)))
    _table(connection, "service_of", [("rider", pa.string()), ("service", pa.string())],
           [{"rider": name, "service": service} for name, rider in tariff.riders.items() for service in rider.services])
    words = [("status", pa.string()), ("act", pa.string()), ("after", pa.string())]
    for name, steps in (("step", ENROLLMENT_STEPS), ("application_step", APPLICATION_STEPS)):
        _table(connection, name, words, [{"status": str(status), "act": str(act), "after": str(after)}
                                         for (status, act), after in steps.items()])
    _register_silence(connection, tariff, at)


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[tuple[str, pa.DataType]],
           rows: Sequence[Cells]) -> None:
    arrays = {column: pa.array([row.get(column) for row in rows], kind) for column, kind in columns}
    connection.register("made_rows", pa.table(arrays))
    connection.execute(f"create or replace temp table {name} as select * from made_rows")
    connection.unregister("made_rows")


def spans(*histories: Sequence[Dated[Any]]) -> Iterator[tuple[date, date]]:
    """The spans of days on which none of the rules changes, from the first day there is to the last."""
    days = sorted({dated.effective for history in histories for dated in history} | {date.min})
    yield from zip(days, [*days[1:], date.max], strict=True)


def _rate_lock(rider: Rider, at: date) -> Iterator[Cells]:
    if rider.term is None:
        return
    for first, until in spans(rider.term.rate_lock_years, rider.term.holder):
        years = in_force(rider.term.rate_lock_years, first, at)
        yield {"first": first, "until": until, "months": None if years is None else int(years.value * 12),
               "lock_clause": None if years is None else years.cite,
               "holder": value_on(rider.term.holder, first, at, "customer")}


def _review(rider: Rider, at: date) -> Iterator[Cells]:
    if rider.queue is None:
        return
    for first, until in spans(rider.queue.review):
        yield {"first": first, "until": until,
               "by_utility": value_on(rider.queue.review, first, at, "automatic") == "by_utility"}


def _permit(rider: Rider, at: date) -> Iterator[Cells]:
    if rider.permit is None:
        return
    for first, until in spans(rider.permit.decided_within_days, rider.permit.class_):
        days, class_ = (in_force(history, first, at) for history in (rider.permit.decided_within_days,
                                                                     rider.permit.class_))
        yield {"first": first, "until": until, "days": None if days is None else int(days.value),
               "class": None if class_ is None else class_.value,
               "clause": next((dated.cite for dated in (days, class_) if dated is not None), None)}


def _affiliates(tariff: Tariff, at: date) -> Iterator[Cells]:
    if tariff.law is None:
        return
    for first, until in spans(tariff.law.affiliate_aggregators):
        rule = in_force(tariff.law.affiliate_aggregators, first, at)
        if rule is not None and rule.value == "forbidden":
            yield {"first": first, "until": until, "clause": rule.cite}


# ---- continued non-performance ----------------------------------------------------------------------
def _register_silence(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> None:
    services = [name for rider in tariff.riders.values() for name in rider.services]
    rules, windows = [], []
    for rider_name, rider in tariff.riders.items():
        ends = rider.non_performance
        missed = in_force(ends.missed_events, at, at) if ends is not None else None
        if ends is None or missed is None:
            continue
        seasons = int(value_on(ends.in_seasons, at, at, Decimal(1)))
        for service_name, service in rider.services.items():
            rules.append({"rider": rider_name, "service": service_name, "missed_events": int(missed.value),
                          "only_service": services[0] if len(set(services)) == 1 else None, "in_seasons": seasons,
                          "opted_out": value_on(ends.opted_out, at, at, "never_counts"),
                          "notice_days": int(value_on(ends.notice_days, at, at, Decimal(0))), "clause": missed.cite})
            windows += [{"rider": rider_name, "service": service_name, "first": first, "until": until}
                        for first, until in last_seasons(tariff.season(service.calls.season), at, seasons)]
    names = [("rider", pa.string()), ("service", pa.string())]
    _table(connection, "silence", [*names, ("only_service", pa.string()), ("opted_out", pa.string()),
                                   ("clause", pa.string()), ("missed_events", pa.int64()), ("in_seasons", pa.int64()),
                                   ("notice_days", pa.int32())], rules)
    _table(connection, "silence_season", [*names, *SPAN], windows)


def last_seasons(season: Season | None, at: date, count: int) -> list[tuple[date, date]]:
    """The last seasons that had begun by a day, latest first, as half-open spans; without a season, calendar years."""
    first_month_day, last_month_day = ("01-01", "12-31") if season is None else (season.from_, season.to)
    found = []
    for year in range(at.year, at.year - count - 2, -1):
        first = _day(year, first_month_day)
        last = _day(year if first_month_day <= last_month_day else year + 1, last_month_day)
        if first <= at:
            found.append((first, last + timedelta(days=1)))
    return found[:count]


def _day(year: int, month_day: str) -> date:
    """The day of a year; February 29 is the 28th where there is none."""
    month, day = int(month_day[:2]), int(month_day[3:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, month, 28 if (month, day) == (2, 29) and not leap else day)
