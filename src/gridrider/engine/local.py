"""The engine of this process: one DuckDB per core, each a bucket at a time, so that memory stays bounded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import pyarrow as pa

from .buckets import Bucket, Progress, open_worker, run_on_files, write_result


def map_buckets(buckets: Iterable[Bucket], files: Sequence[Path], shared: Mapping[str, pa.Table], out: Path, *,
                total: int, memory_limit_mb: int, threads: int | None, progress: Progress) -> None:
    """Measure every bucket and write one Parquet file each into `out`; `total` is how many there are.

    As many buckets are under way as there are cores: a core that works alone wastes nothing on others.
    """
    workers = max(1, min(threads or os.cpu_count() or 1, total))
    under_way: set[Future[None]] = set()
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        for bucket in buckets:
            under_way.add(pool.submit(_measure, bucket, files, shared, out, memory_limit_mb // workers,
                                      max(1, (threads or os.cpu_count() or 1) // workers)))
            if len(under_way) >= workers:
                finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                done += _all(finished)
                progress("Measuring", done, total)
        _all(wait(under_way).done)
    progress("Measuring", total, total)


def _all(finished: set[Future[None]]) -> int:
    """How many are finished; a fault in one of them comes out here."""
    for future in finished:
        future.result()
    return len(finished)


def _measure(bucket: Bucket, files: Sequence[Path], shared: Mapping[str, pa.Table], out: Path, memory_limit_mb: int,
             threads: int) -> None:
    with open_worker(memory_limit_mb, threads, out.parent / f"spill-{bucket.number}-{bucket.group}") as connection:
        measured = run_on_files(connection, bucket, files, shared)
    write_result(measured, out / f"{bucket.number:06d}-{bucket.group:03d}.parquet")
