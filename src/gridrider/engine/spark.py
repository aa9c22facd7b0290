"""The engine of the user's own Spark: the same kernel, run by DuckDB inside each Spark worker, bucket by bucket.

Uses the active session when there is one. Otherwise it starts one on this machine, with the packaged Java
where the machine has none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..problem import DataRefused, error
from .buckets import Bucket, Progress, RunnableKernel, open_worker, write_result
from .java_home import provide_java


def map_buckets(buckets: Iterable[Bucket], files: Sequence[Path], shared: Mapping[str, pa.Table], out: Path, *,
                total: int, memory_limit_mb: int, threads: int | None, progress: Progress) -> None:
    """Measure every bucket inside Spark and leave the result as Parquet files in `out`."""
    progress("Starting Spark", 0, 1)
    spark = _session()
    from pyspark.sql.pandas.types import from_arrow_schema

    packed, kernels, points = [], {}, []
    for place, bucket in enumerate(buckets):
        kernels[place] = bucket.kernel
        packed.append((place, _packed(bucket.tables)))
        ids = bucket.series.column("point_id").unique()
        points.append(pa.table({"point_id": ids, "bucket": pa.array([place] * len(ids), pa.int32())}))
    if not packed:
        return
    progress("Measuring in Spark", 0, total)
    payload = spark.createDataFrame(packed, "bucket int, tables binary").repartition(len(packed), "bucket")
    if not files:
        raise DataRefused([error("readings", "give no day that an event reads", "Check the readings' dates.")])
    columns = sorted({column for kernel in kernels.values() for column in kernel.day_columns})
    days = spark.read.parquet(*(file.resolve().as_uri() for file in files)).select(*columns)
    placed = days.join(spark.createDataFrame(pa.concat_tables(points)), "point_id")
    measure = _measurer(kernels, _packed(shared), memory_limit_mb)
    schema = from_arrow_schema(kernels[0].result)
    measured = placed.groupBy("bucket").cogroup(payload.groupBy("bucket")).applyInArrow(measure, schema)
    measured.write.parquet((out / "spark").resolve().as_uri())
    for number, file in enumerate(sorted((out / "spark").glob("*.parquet"))):
        write_result(pq.read_table(file).cast(kernels[0].result), out / f"{number + 1:06d}.parquet")
    progress("Measuring in Spark", total, total)


def _measurer(kernels: Mapping[int, RunnableKernel], shared: bytes,
              memory_limit_mb: int) -> Callable[[pa.Table, pa.Table], pa.Table]:
    """The function that Spark runs for each bucket: its days on the left, its packed tables on the right."""

    def measure(days: pa.Table, packed: pa.Table) -> pa.Table:
        if packed.num_rows == 0:
            return kernels[0].result.empty_table()
        kernel = kernels[packed.column("bucket")[0].as_py()]
        tables = {**_unpacked(shared), **_unpacked(packed.column("tables")[0].as_py())}
        with open_worker(memory_limit_mb, 1, None) as connection:
            connection.register("day", days.drop_columns(["bucket"]))
            return kernel.run(connection, tables)

    return measure


def _packed(tables: Mapping[str, pa.Table]) -> bytes:
    """Tables by name as one block of bytes that Spark carries to its workers."""
    sink = pa.BufferOutputStream()
    streams = {name: _ipc(table) for name, table in tables.items()}
    pq.write_table(pa.table({"name": list(streams), "table": pa.array(list(streams.values()), pa.binary())}), sink)
    return bytes(sink.getvalue().to_pybytes())


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _unpacked(block: bytes) -> dict[str, pa.Table]:
    table = pq.read_table(pa.BufferReader(block))
    return {name: pa.ipc.open_stream(held).read_all()
            for name, held in zip(table.column("name").to_pylist(), table.column("table").to_pylist(), strict=True)}


def _session() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise DataRefused([error("--engine", "Spark is not installed here",
                                 "Install it with: pip install 'gridrider[spark]'.", value="spark")]) from None
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    provide_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(os.environ.get("SPARK_MASTER", "local[2]")).appName("gridrider")
    for key, setting in LOCAL_SETTINGS.items():
        builder = builder.config(key, setting)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


LOCAL_SETTINGS = {
    "spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "8",
    "spark.ui.showConsoleProgress": "false", "spark.driver.memory": "2g", "spark.log.level": "ERROR",
}
"""For a session of our own: this machine only, in UTC, quiet."""
