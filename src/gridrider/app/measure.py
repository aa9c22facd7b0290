"""The map of a settlement: every bucket of customers through the kernels, in this process or inside Spark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ..engine.buckets import Bucket
from ..interval import local_midnight
from ..measurement.kernel import RESULT, Kernel
from .mart import Days
from .settle_plan import SettlePlan

if TYPE_CHECKING:
    from .settle import SettleRequest


def measure_calls(connection: duckdb.DuckDBPyConnection, request: SettleRequest, plan: SettlePlan, days: Days,
                  work: Path) -> None:
    """Measure every call that is to be measured; leaves the tables `performance` and `window_row`."""
    tables = plan.measurement.tables(days.span.first, days.span.end)
    connection.register("window_row", tables["window_row"])
    _series_by_day(connection, plan)
    _rows_given(connection)
    kernels = list(dict.fromkeys(window.kernel for window in plan.measurement.windows))
    numbers = _bucket_numbers(connection, request.points_per_bucket)
    folder = work / "performance"
    folder.mkdir()
    pq.write_table(RESULT.empty_table(), folder / "000000-empty.parquet")  # so that there is a table without calls
    if request.engine == "spark":
        from ..engine.spark import map_buckets
    else:
        from ..engine.local import map_buckets
    map_buckets(_each_bucket(connection, kernels, numbers), days.files, tables, folder, total=len(numbers),
                memory_limit_mb=request.memory_limit_mb, threads=request.threads, progress=request.progress)
    connection.execute("create or replace temp view performance as select * from read_parquet(?)".replace(
        "?", "'" + str(folder / "*.parquet").replace("'", "''") + "'"))


def _series_by_day(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> None:
    """Series with local days instead of instants, and the days that two meters of one series share."""
    rows = connection.execute("select distinct instant from (select from_utc as instant from series union "
                              "select to_utc from series) where instant is not null").fetchall()
    from datetime import UTC

    local = [row[0].replace(tzinfo=UTC).astimezone(plan.zone).date() for row in rows]
    connection.register("local_day", pa.table({"instant": pa.array([row[0] for row in rows], pa.timestamp("us")),
                                               "local_date": pa.array(local, pa.date32())}))
    connection.execute("""
        create or replace temp table series_day as
        select s.series_no, s.enrollment_no, s.role, s.point_id,
               coalesce(a.local_date, date '0001-01-01') as from_date, coalesce(b.local_date, date '9999-12-31') as to_date,
               coalesce(s.from_utc, timestamp '0001-01-01') as starts
        from series as s left join local_day as a on a.instant = s.from_utc left join local_day as b on b.instant = s.to_utc;
        create or replace temp table shared_span as
        select a.series_no, greatest(a.from_date, b.from_date) as first_date, least(a.to_date, b.to_date) as last_date
        from series_day as a join series_day as b on b.series_no = a.series_no and b.point_id > a.point_id
         and b.from_date <= a.to_date and a.from_date <= b.to_date""")


def _rows_given(connection: duckdb.DuckDBPyConnection) -> None:
    """The utility's adjustments on the rows that they are for; a blank start means the first row."""
    connection.execute("""
        create or replace temp table given as
        select a.call_no, r.row_no, cast(sum(a.mwh) as bigint) as shift_mwh
        from adjustment_given as a join call_window as c on c.call_no = a.call_no
        join window_row as r on r.window_no = c.window_no
         and ((a.start is null and r.row_no = 1)
              or (a.start >= r.start and a.start < r.start + to_seconds(r.seconds)))
        group by a.call_no, r.row_no""")


def buckets_of(connection: duckdb.DuckDBPyConnection, kernels: list[Kernel],
               points_per_bucket: int) -> Iterator[Bucket]:
    """What each bucket of customers brings, made when its turn comes, so that memory does not grow with them."""
    return _each_bucket(connection, kernels, _bucket_numbers(connection, points_per_bucket))


def _bucket_numbers(connection: duckdb.DuckDBPyConnection, points_per_bucket: int) -> list[tuple[int, int]]:
    """Contiguous ranges of customers, ordered by their first point, so that a range of point ids serves each."""
    connection.execute(f"""
        create or replace temp table bucket_of as
        with customers as (
          select e.customer_id, min(s.point_id) as first_point, count(*) as points
          from enrollment as e join series_day as s on s.enrollment_no = e.enrollment_no group by 1
        ), placed as (
          select *, sum(points) over (order by first_point, customer_id rows unbounded preceding) - points as before
          from customers
        )
        select e.enrollment_no, cast(p.before // {points_per_bucket} as integer) as bucket_no
        from enrollment as e join placed as p on p.customer_id = e.customer_id""")
    return connection.execute("select b.bucket_no, c.group_no from call_window as c join bucket_of as b "
                              "using (enrollment_no) where c.to_measure group by all order by all").fetchall()


def _each_bucket(connection: duckdb.DuckDBPyConnection, kernels: list[Kernel],
                 numbers: list[tuple[int, int]]) -> Iterator[Bucket]:
    for bucket_no, group_no in numbers:
        calls = connection.sql(CALLS, params=[bucket_no, group_no]).to_arrow_table()
        connection.register("bucket_call", calls)
        series = connection.sql(SERIES).to_arrow_table()
        yield Bucket(
            number=bucket_no, group=group_no, kernel=kernels[group_no], calls=calls, series=series,
            shared=connection.sql(SHARED).to_arrow_table(), excluded=connection.sql(EXCLUDED).to_arrow_table(),
            given=connection.sql("select * from given where call_no in (select call_no from bucket_call)")
            .to_arrow_table())
        connection.unregister("bucket_call")


CALLS = """
select c.call_no, c.enrollment_no, c.enrollment_no * 2 as series_no,
       case when exists (select 1 from series_day as s where s.series_no = c.enrollment_no * 2 + 1)
            then c.enrollment_no * 2 + 1 end as premise_series_no,
       c.method_no, c.window_no, c.shape_no, c.matcher_no, c.local_date, coalesce(c.nameplate_milliwatt, 0) as nameplate_milliwatt,
       c.adjusts
from call_window as c join bucket_of as b using (enrollment_no)
where b.bucket_no = ? and c.group_no = ? and c.to_measure order by c.call_no
"""
SERIES = """
select s.series_no, s.point_id, s.from_date, s.to_date, s.starts from series_day as s
where s.series_no in (select series_no from bucket_call union select premise_series_no from bucket_call)
order by s.series_no, s.starts, s.point_id
"""
SHARED = """
select distinct p.series_no, cast(unnest(generate_series(p.first_date, p.last_date, interval 1 day)) as date) as local_date
from shared_span as p where p.series_no in (select series_no from bucket_call union select premise_series_no from bucket_call)
 and p.last_date < date '9999-01-01' and p.first_date > date '0001-01-01'
"""
EXCLUDED = "select * from own_excluded where enrollment_no in (select enrollment_no from bucket_call)"
