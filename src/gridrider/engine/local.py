"""The engine of this process: DuckDB on all cores, one bucket after the other, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .buckets import Bucket, Progress, open_worker, run_on_files


def map_buckets(buckets: Iterable[Bucket], files: Sequence[Path], shared: Mapping[str, pa.Table], out: Path, *,
                total: int, memory_limit_mb: int, threads: int | None, progress: Progress) -> None:
    """Measure every bucket and write one Parquet file each into `out`; `total` is how many there are."""
    with open_worker(memory_limit_mb, threads, out.parent / "spill-map") as connection:
        for done, bucket in enumerate(buckets):
            progress("Measuring", done, total)
            measured = run_on_files(connection, bucket, files, shared)
            pq.write_table(measured, out / f"{bucket.number:06d}-{bucket.group:03d}.parquet", compression="zstd",
                           compression_level=1)
    progress("Measuring", total, total)
