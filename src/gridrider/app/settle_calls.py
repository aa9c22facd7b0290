"""Which enrollment each event calls, with which rows, method and candidate days: before any reading."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from ..interval import DAY, local_midnight
from ..problem import Problem, warning
from .settle_plan import (
    SettlePlan,
    excludes,
    hole_table,
    longer_event_table,
    matcher_table,
    service_event_table,
    window_table,
)
from .sql_text import sql, stage_sql

LISTED_MAX = 1000


def make_calls(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> list[Problem]:
    """Make the table `call_window`: one row per enrollment and event, with window, shape, method and matcher."""
    connection.register("service_event", service_event_table(plan))
    connection.register("longer_event", longer_event_table(plan))
    connection.execute(stage_sql("event", "calls"))
    connection.execute(stage_sql("event", "unavailable"))
    cases = connection.execute(
        "select distinct service_event_no, spans from unavailable_call order by 1, 2").fetchall()
    connection.register("hole", hole_table(plan, cases))
    zones = [row[0] for row in connection.execute("select distinct zone from enrollment order by 1").fetchall()]
    connection.register("matcher", matcher_table(plan, zones))
    connection.register("window", window_table(plan))
    connection.register("whole_window", _whole_windows(plan))
    connection.execute(sql("call_window"))
    _own_excluded(connection, plan)
    _given(connection)
    _series(connection)
    return [*_unsigned(connection), *_notice_unknown(plan)]


def _whole_windows(plan: SettlePlan) -> pa.Table:
    return pa.table({"service_event_no": pa.array(list(plan.whole_windows), pa.int32()),
                     "window_no": pa.array([window.window_no for window in plan.whole_windows.values()], pa.int32())})


def _own_excluded(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> None:
    """The days that an enrollment's own events and outages take out of its baseline."""
    parts = ["select cast(null as integer) as enrollment_no, cast(null as date) as local_date where false"]
    if excludes(plan, "own_events"):
        parts.append("select c.enrollment_no, v.local_date from concerned as c join service_event as v "
                     "on v.service_event_no = c.service_event_no where not v.cancelled")
    if excludes(plan, "own_outages"):
        parts.append("select e.enrollment_no, d.local_date from unavailable as u "
                     "join enrollment as e on e.enrollment_id = u.enrollment_id "
                     "left join events as v on v.event_id = u.event_id "
                     "join outage_day as d on d.start_utc < coalesce(u.\"end\", v.\"end\") "
                     "and d.end_utc > coalesce(u.start, v.start) where u.reason = 'islanded'")
        connection.register("outage_day", _outage_days(connection, plan))
    connection.execute(f"create or replace temp table own_excluded as {' union '.join(parts)}")


def _outage_days(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> pa.Table:
    """Every local day that an outage may touch, with its first and last instant."""
    (first, last), = connection.execute("select min(coalesce(u.start, v.start)), max(coalesce(u.\"end\", v.\"end\")) "
                             "from unavailable as u left join events as v on v.event_id = u.event_id "
                             "where u.reason = 'islanded'").fetchall()
    days = []
    if first is not None and last is not None:
        day = max(first.date() - DAY, min(each.local_date for each in plan.service_events) - 400 * DAY)
        while day <= last.date() and day <= max(each.local_date for each in plan.service_events):
            days.append(day)
            day += DAY
    return pa.table({
        "local_date": pa.array(days, pa.date32()),
        "start_utc": pa.array([local_midnight(day, plan.zone).replace(tzinfo=None) for day in days],
                              pa.timestamp("us")),
        "end_utc": pa.array([local_midnight(day + DAY, plan.zone).replace(tzinfo=None) for day in days],
                            pa.timestamp("us"))})


def _given(connection: duckdb.DuckDBPyConnection) -> None:
    """Adjustments that the utility gave, by call and row."""
    connection.execute(sql("adjustment_given"))


def _series(connection: duckdb.DuckDBPyConnection) -> None:
    """Which metering point stands for an enrollment's performance or premise from when to when, by local day."""
    connection.execute(sql("series"))


def _unsigned(connection: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    rows = connection.execute("""
        select e.source_row, e.enrollment_id, count(*) from call as c join enrollment as e using (enrollment_no)
        where c.unsigned group by 1, 2 order by 1""").fetchall()
    for row, enrollment_id, events in rows[:LISTED_MAX]:
        yield warning("enrollments", f"has no agreement signed by {events} of its events, which pay nothing",
                      "Give agreement_signed_on.", row=row, column="agreement_signed_on", value=enrollment_id)
    if len(rows) > LISTED_MAX:
        yield warning("enrollments", f"and {len(rows) - LISTED_MAX} more enrollments without a signed agreement",
                      "Give agreement_signed_on.", column="agreement_signed_on")


def _notice_unknown(plan: SettlePlan) -> Iterator[Problem]:
    for each in plan.service_events:
        method = plan.methods.get(each.number)
        if (method is not None and method.adjustment.kind in ("ratio", "additive") and each.event.called_at is None
                and method.adjustment.must_precede == "notice"):
            yield warning("events", "has no called_at, so nothing shows that the adjustment window precedes the "
                          "notice; its baselines are not adjusted", "Give called_at.", row=each.event.source_row,
                          column="called_at", value=each.event.event_id)
