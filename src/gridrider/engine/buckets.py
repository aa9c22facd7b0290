"""What one bucket of customers brings to a kernel, and how the kernel is run on it: the same code on any engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Progress = Callable[[str, int, int], None]


class RunnableKernel(Protocol):
    """SQL that turns the tables of a bucket into one result table."""

    @property
    def result(self) -> pa.Schema:
        """The columns of that table."""
        ...

    @property
    def day_columns(self) -> tuple[str, ...]:
        """The columns of `day` that it reads, so that no others are carried to it."""
        ...

    def run(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> pa.Table:
        """Run on tables by name; the table `day` stands in the connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The calls of a contiguous range of customers that one kernel measures, with all that belongs to them."""

    number: int
    group: int
    kernel: RunnableKernel
    calls: pa.Table
    series: pa.Table
    shared: pa.Table
    excluded: pa.Table
    given: pa.Table

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The bucket's tables under the names that the SQL knows."""
        return {"call": self.calls, "series": self.series, "shared_day": self.shared, "own_excluded": self.excluded,
                "given": self.given}

    @property
    def point_range(self) -> tuple[str, str]:
        """The first and the last point id, so that row groups outside of it are not even read."""
        ends = pc.min_max(self.series.column("point_id")).as_py()
        return ends["min"], ends["max"]


def open_worker(memory_limit_mb: int, threads: int | None, spill: Path | None) -> duckdb.DuckDBPyConnection:
    """A database of a worker's own: bounded, without network, in UTC."""
    connection = duckdb.connect(config={
        "memory_limit": f"{memory_limit_mb}MB", "autoinstall_known_extensions": False,
        "autoload_known_extensions": False, "preserve_insertion_order": False,
        **({"temp_directory": str(spill)} if spill else {}), **({"threads": threads} if threads else {})})
    connection.execute("set TimeZone = 'UTC'")
    return connection


def write_result(result: pa.Table, file: Path) -> None:
    """Keep what a kernel returned, in the one layout that the reduce is planned for whatever the engine."""
    texts = [field.name for field in result.schema if pa.types.is_string(field.type)]
    pq.write_table(result, file, compression="none", use_dictionary=texts)


def run_on_files(connection: duckdb.DuckDBPyConnection, bucket: Bucket, files: Sequence[Path],
                 shared: Mapping[str, pa.Table]) -> pa.Table:
    """Measure a bucket from the mart's files, reading only the rows of its points."""
    first, last = bucket.point_range
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    if files:
        low, high = first.replace("'", "''"), last.replace("'", "''")
        connection.execute(f"create or replace temp view day as select * from read_parquet([{names}]) "
                           f"where point_id >= '{low}' and point_id <= '{high}'")
    else:
        connection.execute(NO_DAY)
    return bucket.kernel.run(connection, {**shared, **bucket.tables})


NO_DAY = """
create or replace temp view day as
select '' as point_id, date '0001-01-01' as local_date, 900 as slot_seconds, cast([] as bigint[]) as import_mwh,
       cast([] as bigint[]) as export_mwh, cast([] as tinyint[]) as quality, cast([] as bigint[]) as net_hour_mwh,
       cast(0 as tinyint) as quality_worst where false
"""
