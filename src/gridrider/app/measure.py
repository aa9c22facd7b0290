"""The map of a settlement: every bucket of customers through the kernels, in this process or inside Spark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ..engine.buckets import Bucket
from ..measurement.kernel import RESULT, Kernel
from .mart import Days
from .settle_plan import SettlePlan
from .sql_text import sql, stage_sql

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
    numbers = [(bucket, group) for bucket, group in _bucket_numbers(connection, request.points_per_bucket)
               if kernels[group].family != "deemed"]
    folder = work / "performance"
    folder.mkdir()
    pq.write_table(RESULT.empty_table(), folder / "000000-empty.parquet")  # so that there is a table without calls
    if request.engine == "spark":
        from ..engine.spark import map_buckets
    else:
        from ..engine.local import map_buckets
    map_buckets(_each_bucket(connection, kernels, numbers), days.files, tables, folder, total=len(numbers),
                memory_limit_mb=2 * request.memory_limit_mb // 3, threads=request.threads, progress=request.progress)
    measured = str(folder / "*.parquet").replace("'", "''")  # a view takes no parameters
    connection.register("method", tables["method"])
    connection.register("deemed_method", _deemed_methods(plan))
    connection.execute(stage_sql("measurement.baselines", "macros"))
    connection.execute(f"create or replace temp view performance as select * from read_parquet('{measured}') "
                       f"union all {stage_sql('measurement.baselines', 'deemed')}")


def _deemed_methods(plan: SettlePlan) -> pa.Table:
    """The numbers of the methods by which delivery is deemed, without readings."""
    numbers = [number for method, number in plan.measurement.methods.items() if method.family == "deemed"]
    return pa.table({"method_no": pa.array(numbers, pa.int32())})


def _series_by_day(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> None:
    """Series with local days instead of instants, and the days that two meters of one series share."""
    rows = connection.execute("select distinct instant from (select from_utc as instant from series union "
                              "select to_utc from series) where instant is not null").fetchall()
    local = [row[0].replace(tzinfo=UTC).astimezone(plan.zone).date() for row in rows]
    connection.register("local_day", pa.table({"instant": pa.array([row[0] for row in rows], pa.timestamp("us")),
                                               "local_date": pa.array(local, pa.date32())}))
    connection.execute(sql("series_day"))


def _rows_given(connection: duckdb.DuckDBPyConnection) -> None:
    """The utility's adjustments on the rows that they are for; a blank start means the first row."""
    connection.execute(sql("given"))


def buckets_of(connection: duckdb.DuckDBPyConnection, kernels: list[Kernel],
               points_per_bucket: int) -> Iterator[Bucket]:
    """What each bucket of customers brings, made when its turn comes, so that memory does not grow with them."""
    return _each_bucket(connection, kernels, _bucket_numbers(connection, points_per_bucket))


def _bucket_numbers(connection: duckdb.DuckDBPyConnection, points_per_bucket: int) -> list[tuple[int, int]]:
    """Contiguous ranges of customers, ordered by their first point, so that a range of point ids serves each."""
    connection.execute(sql("bucket_of"), {"points_per_bucket": points_per_bucket})
    return connection.execute("select b.bucket_no, c.group_no from call_window as c join bucket_of as b "
                              "using (enrollment_no) where c.to_measure group by all order by all").fetchall()


def _each_bucket(connection: duckdb.DuckDBPyConnection, kernels: list[Kernel],
                 numbers: list[tuple[int, int]]) -> Iterator[Bucket]:
    for bucket_no, group_no in numbers:
        calls = connection.sql(sql("bucket_calls"), params=[bucket_no, group_no]).to_arrow_table()
        connection.register("bucket_call", calls)
        series = connection.sql(sql("bucket_series")).to_arrow_table()
        yield Bucket(
            number=bucket_no, group=group_no, kernel=kernels[group_no], calls=calls, series=series,
            shared=connection.sql(sql("bucket_shared")).to_arrow_table(),
            excluded=connection.sql(sql("bucket_excluded")).to_arrow_table(),
            given=connection.sql("select * from given where call_no in (select call_no from bucket_call)")
            .to_arrow_table())
        connection.unregister("bucket_call")
