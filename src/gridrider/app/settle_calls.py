"""Which enrollment each event calls, with which rows, method and candidate days: before any reading."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import duckdb

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

LISTED_MAX = 1000


def stage_sql(stage: str, name: str) -> str:
    """The text of a stage's SQL file."""
    return resources.files(f"gridrider.{stage}").joinpath(f"{name}.sql").read_text(encoding="utf-8")


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
    connection.execute(CALL_WINDOW)
    _own_excluded(connection, plan)
    _given(connection)
    _series(connection)
    return [*_unsigned(connection), *_notice_unknown(plan)]


def _whole_windows(plan: SettlePlan) -> object:
    import pyarrow as pa

    return pa.table({"service_event_no": pa.array(list(plan.whole_windows), pa.int32()),
                     "window_no": pa.array([window.window_no for window in plan.whole_windows.values()], pa.int32())})


CALL_WINDOW = """
create or replace temp table call_window as
with placed as (
  select c.*, coalesce(h.window_no, w.window_no) as window_no, coalesce(h.suspended, false) as suspended,
         coalesce(h.excused, false) as excused, coalesce(h.excused_reasons, '') as excused_reasons,
         e.zone, e.nameplate_milliwatt, e.customer_id, v.cancelled, v.opted_out_rule
  from call as c
  join enrollment as e on e.enrollment_no = c.enrollment_no
  join service_event as v on v.service_event_no = c.service_event_no
  join whole_window as w on w.service_event_no = c.service_event_no
  left join unavailable_call as u on u.call_no = c.call_no
  left join hole as h on h.service_event_no = u.service_event_no and h.spans = u.spans
)
select p.*, w.shape_no, w.local_date, w.method_no, w.adjusts, w.given, w.group_no, coalesce(m.matcher_no, -1) as matcher_no,
       not (p.cancelled or p.unsigned or p.not_eligible or p.suspended or p.excused
            or (p.opted_out_at is not null and p.opted_out_rule <> 'measured')) as to_measure
from placed as p
join "window" as w on w.window_no = p.window_no
left join matcher as m on m.service_event_no = p.service_event_no and m.zone is not distinct from p.zone
"""


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


def _outage_days(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> object:
    """Every local day that an outage may touch, with its first and last instant."""
    import pyarrow as pa

    from ..interval import DAY, local_midnight

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
    connection.execute("""
        create or replace temp table adjustment_given as
        select c.call_no, a.start, a.mwh from adjustments as a
        join enrollment as e on e.enrollment_id = a.enrollment_id
        join service_event as v on v.event_id = a.event_id and v.in_period
        join call_window as c on c.enrollment_no = e.enrollment_no and c.service_event_no = v.service_event_no
        where c.given""")


def _series(connection: duckdb.DuckDBPyConnection) -> None:
    """Which metering point stands for an enrollment's performance or premise from when to when, by local day."""
    connection.execute("""
        create or replace temp table series as
        with named as (
          select e.enrollment_no, p.role, p.point_id, p."from", p."to" from points as p
          join enrollment as e on e.enrollment_id = p.enrollment_id
        ), own as (
          select enrollment_no, 'performance' as role, point_id from enrollment
          union all
          select enrollment_no, 'premise', premise_point_id from enrollment where premise_point_id is not null
        )
        select o.enrollment_no * 2 + cast(o.role = 'premise' as integer) as series_no, o.enrollment_no, o.role, o.point_id,
               cast(null as timestamp) as from_utc, cast(null as timestamp) as to_utc
        from own as o where not exists
          (select 1 from named as n where n.enrollment_no = o.enrollment_no and n.role = o.role)
        union all
        select enrollment_no * 2 + cast(role = 'premise' as integer), enrollment_no, role, point_id, "from", "to" from named""")


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
            yield warning("events", "has no called_at, so nothing shows that the adjustment window precedes the notice; "
                          "its baselines are not adjusted", "Give called_at.", row=each.event.source_row,
                          column="called_at", value=each.event.event_id)
