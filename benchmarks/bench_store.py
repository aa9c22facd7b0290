"""How fast the SQLite store takes and gives rows of telemetry, against a plain table of the same rows, in one run.

    python -m benchmarks.bench_store --rows 1000000

commits rows in portions of 50,000 and reads all of them back as one Arrow table. The peer is Python's sqlite3 with
executemany into a table of the same columns, one transaction for each portion, and fetchall; both files have a
write-ahead log and wait for the disk at each commit. The peer is handed tuples that were made before and keeps the
tuples that it gives: turning either from or into Arrow is not counted. Each round runs both; medians of five.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy
import pyarrow as pa

from gridrider.adapters.store_sqlite.store import SqliteStore

PORTION = 50_000
ROUNDS = 5
ROWS_PER_S_MIN = 1e6
RATIO_MIN = {"commit": 5.0, "read": 10.0}
SMALL = 500
"""How many commits of ten rows show what a commit costs by itself."""

Row = tuple[str, int, int, int, float, str, bool]
Took = dict[str, float]


def main() -> int:
    """Measure and print; exit 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    portions = [telemetry(first, min(PORTION, rows - first)) for first in range(0, rows, PORTION)]
    small = [portions[0].slice(10 * number, 10) for number in range(SMALL)]
    tuples, small_tuples = [[tuples_of(table) for table in tables] for tables in (portions, small)]
    runs = [(in_a_folder(lambda path: run_ours(path, portions, small)),
             in_a_folder(lambda path: run_theirs(path, tuples, small_tuples))) for _ in range(ROUNDS)]
    ours, theirs = ({what: statistics.median(run[who][what] for run in runs) for what in runs[0][who]}
                    for who in (0, 1))
    print(f"python {platform.python_version()}, sqlite {sqlite3.sqlite_version}, pyarrow {pa.__version__}, "
          f"{platform.machine()}; {rows} rows of {portions[0].num_columns} columns, {PORTION} a commit")
    missed = 0
    for what, ratio_min in RATIO_MIN.items():
        ratio = theirs[what] / ours[what]
        missed += rows / ours[what] < ROWS_PER_S_MIN or ratio < ratio_min
        print(f"{what}: {rows / ours[what] / 1e6:.2f} M rows/s (bar {ROWS_PER_S_MIN / 1e6:.0f}); plain sqlite3 "
              f"{rows / theirs[what] / 1e6:.2f} M rows/s, {ratio:.1f} times as long (bar {ratio_min:.0f})")
    print(f"a commit of ten rows {ours['small'] / SMALL * 1e3:.2f} ms, plain sqlite3 "
          f"{theirs['small'] / SMALL * 1e3:.2f} ms; a row on disk {ours['bytes'] / rows:.0f} bytes, plain sqlite3 "
          f"{theirs['bytes'] / rows:.0f} (no bars)")
    print("missed" if missed else "met")
    return int(missed > 0)


def in_a_folder(run: Callable[[Path], Took]) -> Took:
    """One run with a new file."""
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder) / "bench.sqlite")


def telemetry(first: int, rows: int) -> pa.Table:
    """Reports of batteries, a minute apart for 10,000 of them."""
    chance = numpy.random.default_rng(first)
    number = numpy.arange(first, first + rows)
    return pa.table({
        "enrollment_id": pa.array([f"e{each:08d}" for each in number % 10_000]),
        "reported_at": pa.array(1_700_000_000_000_000 + number // 10_000 * 60_000_000, pa.timestamp("us", tz="UTC")),
        "stored_mwh": chance.integers(0, 13_500_000, rows),
        "delivered_milliwatt": chance.integers(-5_000_000, 5_000_000, rows),
        "voltage_pu": chance.normal(1.0, 0.02, rows),
        "connection": pa.array(["grid_tied"] * rows),
        "follows": chance.random(rows) < 0.98})


def tuples_of(table: pa.Table) -> list[Row]:
    """The rows as sqlite3 takes them, instants as whole microseconds."""
    at = table.schema.get_field_index("reported_at")
    plain = table.set_column(at, "reported_at", table.column(at).cast(pa.int64()))
    return list(zip(*(column.to_pylist() for column in plain.columns), strict=True))


def run_ours(path: Path, portions: list[pa.Table], small: list[pa.Table]) -> Took:
    """Seconds for commits, for reading all of them, for small commits; bytes of the file before those."""
    with SqliteStore(path) as store:
        begin = time.perf_counter()
        for number, portion in enumerate(portions):
            store.commit("telemetry", {"telemetry": portion}, key=str(number), expected=number)
        committed = time.perf_counter()
        found = store.read("telemetry", stream="telemetry")
        read = time.perf_counter()
    if found is None or found.num_rows != sum(portion.num_rows for portion in portions):
        raise SystemExit("the store lost rows")
    size = path.stat().st_size
    with SqliteStore(path) as store:
        begin_small = time.perf_counter()
        for number, portion in enumerate(small):
            store.commit("alerts", {"telemetry": portion}, key=str(number), expected=number)
        done = time.perf_counter()
    return {"commit": committed - begin, "read": read - committed, "small": done - begin_small, "bytes": size}


def run_theirs(path: Path, portions: list[list[Row]], small: list[list[Row]]) -> Took:
    """The same of a plain table."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table telemetry (enrollment_id text, reported_at integer, stored_mwh integer, "
                       "delivered_milliwatt integer, voltage_pu real, connection text, follows integer) strict")

    def commit(rows: list[Row]) -> None:
        connection.execute("begin immediate")
        connection.executemany("insert into telemetry values (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("commit")

    begin = time.perf_counter()
    for portion in portions:
        commit(portion)
    committed = time.perf_counter()
    found = connection.execute("select * from telemetry").fetchall()
    read = time.perf_counter()
    if len(found) != sum(map(len, portions)):
        raise SystemExit("the plain table lost rows")
    connection.execute("pragma wal_checkpoint(truncate)")
    size = path.stat().st_size
    begin_small = time.perf_counter()
    for portion in small:
        commit(portion)
    done = time.perf_counter()
    connection.close()
    return {"commit": committed - begin, "read": read - committed, "small": done - begin_small, "bytes": size}


if __name__ == "__main__":
    sys.exit(main())
