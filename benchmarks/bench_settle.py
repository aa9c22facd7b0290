"""How fast a season settles from its daily mart, against a dense numpy version by hand and pandas from raw.

    python -m benchmarks.bench_settle [FOLDER] [--points 20000] [--spark]

In one run, each measurement a process of its own, medians of three: the kernel (mart to cents) against numpy
(limit 1.0) and pandas (at least 6 times faster); the whole `settle` with its files against the kernel
(limit 4); the peak memory of each (limit 1 GiB), and of the whole `settle` with four times the points
(limit 1.2 times). All four must come to the same cents.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path

import duckdb
import numpy
import pandas
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from gridrider.app import settle as app_settle
from gridrider.cli.shared import parse_period

from .bench_fold import made, peak_mib
from .generate import ZONE
from .peers import EVENTS, numpy_from_mart, pandas_from_readings

TARIFF = Path(__file__).parent / "world" / "tariff.yaml"
REPEATS = 3
KERNEL_OVER_NUMPY_MAX, PANDAS_OVER_KERNEL_MIN, SETTLE_OVER_KERNEL_MAX = 1.0, 6.0, 4.0
MEMORY_MIB_MAX, GROWTH_MAX = 1024, 1.2


def main() -> int:
    """Measure and print; exit 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("bench-output"))
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--no-spark", action="store_true", help="leave the settle inside Spark local[2] out")
    parser.add_argument("--child", choices=sorted(CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=1, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(CHILDREN[arguments.child](arguments.folder, arguments.points, arguments.times)))
        return 0
    print(f"python {platform.python_version()}, duckdb {duckdb.__version__}, numpy {numpy.__version__}, "
          f"pandas {pandas.__version__}, pyarrow {pyarrow.__version__}, {platform.machine()}")
    return compare(arguments)


def compare(arguments: argparse.Namespace) -> int:
    """Print every ratio beside its limit."""
    world = ready(arguments.folder, arguments.points, arguments.days)
    names = ["numpy", "kernel", "settle", "pandas"]
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for repeat in range(REPEATS):
        for name in names if repeat == 0 else names[:3]:  # pandas takes minutes: once
            runs[name].append(child(name, world, arguments.points))
    seconds = {name: statistics.median(run["seconds"] for run in held) for name, held in runs.items()}
    peaks = {name: max(int(run["peak_mib"]) for run in held) for name, held in runs.items()}
    cents = {name: held[0]["cents"] for name, held in runs.items()}
    for name in names:
        print(f"{name:7s} {seconds[name]:7.2f} s  peak {peaks[name]:5d} MiB  {runs[name][0]['lines']} lines, "
              f"{cents[name]} cents")
    more = child("settle", many_times(world, arguments.points, 4), 4 * arguments.points)
    checks = [
        ("kernel / numpy", seconds["kernel"] / seconds["numpy"], "<=", KERNEL_OVER_NUMPY_MAX),
        ("pandas / kernel", seconds["pandas"] / seconds["kernel"], ">=", PANDAS_OVER_KERNEL_MIN),
        ("settle / kernel", seconds["settle"] / seconds["kernel"], "<=", SETTLE_OVER_KERNEL_MAX),
        ("peak MiB, kernel", peaks["kernel"], "<=", MEMORY_MIB_MAX),
        ("peak MiB, settle", peaks["settle"], "<=", MEMORY_MIB_MAX),
        ("peak MiB, settle, 4x points", more["peak_mib"], "<=", MEMORY_MIB_MAX),
        ("peak growth at 4x points", more["peak_mib"] / peaks["settle"], "<=", GROWTH_MAX),
        ("different cents", len(set(cents.values())) - 1, "<=", 0),
    ]
    if not arguments.no_spark:
        spark = child("spark", world, arguments.points)
        ratio = spark["seconds"] / seconds["settle"]
        print(f"spark   {spark['seconds']:7.2f} s with its start, {ratio:.1f} times the local settle, "
              f"{spark['cents']} cents")
    kept = [round(figure, 4) <= limit if sign == "<=" else figure >= limit for _, figure, sign, limit in checks]
    for (name, figure, sign, limit), held in zip(checks, kept, strict=True):
        print(f"{name:28s} {figure:9.2f}  limit {sign} {limit:g}  {'ok' if held else 'MISSED'}")
    return 0 if all(kept) else 1


def ready(folder: Path, points: int, days: int) -> Path:
    """A folder with readings, their mart, enrollments and events, made unless it is there."""
    world = made(folder, points, days)
    if not (world / "days" / "done").exists():
        child("fold", world, points)
        (world / "days" / "done").touch()
    write_enrollments(world / "enrollments.csv", points)
    write_events(world / "events.csv")
    return world


def many_times(world: Path, points: int, times: int) -> Path:
    """The same mart with so many times the points: every point several times, under names of its own."""
    larger = world.with_name(f"{world.name}-x{times}")
    if not (larger / "days" / "done").exists():
        (larger / "days").mkdir(parents=True, exist_ok=True)
        for file in sorted((world / "days").glob("*.parquet")):
            child("copy", file, points, times)
        (larger / "days" / "done").touch()
    write_enrollments(larger / "enrollments.csv", times * points)
    write_events(larger / "events.csv")
    return larger


def run_copy(file: Path, points: int, times: int) -> dict[str, float]:
    """One day of the mart, several times over."""
    day = pyarrow.parquet.read_table(file)
    numbers = pyarrow.compute.cast(pyarrow.compute.utf8_slice_codeunits(day.column("point_id"), 1), "int64")
    parts = []
    for copy in range(times):
        ids = [f"P{number + copy * points:07d}" for number in numbers.to_pylist()]
        parts.append(day.set_column(0, day.schema.field("point_id"), pyarrow.array(ids)))
    target = file.parents[1].with_name(f"{file.parents[1].name}-x{times}") / "days" / file.name
    pyarrow.parquet.write_table(pyarrow.concat_tables(parts), target, compression="zstd", compression_level=1,
                                row_group_size=2048)
    return {"seconds": 0.0, "peak_mib": peak_mib()}


def write_enrollments(file: Path, points: int) -> None:
    """One household per point, seven aggregators."""
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["enrollment_id", "rider", "customer_id", "participant_id", "point_id", "technology",
                         "nameplate_kw", "agreement_signed_on", "starts_on", "zone"])
        writer.writerows([f"E{number:07d}", "household", f"C{number:07d}", f"A{number % 7}", f"P{number:07d}", "other",
                          "5", "2026-01-01", "2026-01-02", ""] for number in range(1, points + 1))


def write_events(file: Path) -> None:
    """Ten events of three hours, called half an hour ahead."""
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["event_id", "start", "end", "called_at"])
        for number, (day, hour) in enumerate(EVENTS, start=1):
            start = datetime.combine(day, clock(hour), ZONE)
            writer.writerow([f"EV{number:02d}", start.isoformat(), (start + timedelta(hours=3)).isoformat(),
                             (start - timedelta(minutes=30)).isoformat()])


def child(what: str, world: Path, points: int, times: int = 1) -> dict[str, float]:
    """One measurement in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.bench_settle", str(world), "--points", str(points), "--child", what,
               "--times", str(times)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def run_peer(peer: str, world: Path, points: int) -> dict[str, float]:
    """One of the versions by hand."""
    begin = time.perf_counter()
    lines, cents = (numpy_from_mart(world / "days", points) if peer == "numpy"
                    else pandas_from_readings(world / "readings", points))
    return {"seconds": time.perf_counter() - begin, "peak_mib": peak_mib(), "lines": lines, "cents": cents}


def run_settle(engine: str, world: Path, points: int) -> dict[str, float]:
    """The whole command with all its files, from the mart; its parts that read the mart to cents are the kernel."""
    spent = {"kernel": 0.0}

    def timed(part: str) -> None:
        inner = getattr(app_settle, part)

        def outer(*given: object, **named: object) -> object:
            begin = time.perf_counter()
            result = inner(*given, **named)
            spent["kernel"] += time.perf_counter() - begin
            return result

        setattr(app_settle, part, outer)

    timed("measure_calls")
    timed("make_amounts")
    with tempfile.TemporaryDirectory(prefix="gridrider-bench-") as out:
        begin = time.perf_counter()
        done = app_settle.settle(app_settle.SettleRequest(
            tariff=TARIFF, inputs=world, period=parse_period("2026"), out=Path(out) / "out", engine=engine))
        seconds = time.perf_counter() - begin
    return {"seconds": seconds, "kernel": spent["kernel"], "peak_mib": peak_mib(), "lines": done.counts["lines"],
            "cents": int(done.total_usd.replace(".", ""))}


def run_kernel(world: Path, points: int) -> dict[str, float]:
    """Only the parts of a settlement from the mart to the cents of every line."""
    done = run_settle("local", world, points)
    return {**done, "seconds": done["kernel"]}


def run_fold(world: Path, points: int) -> dict[str, float]:
    """Fold the readings into the mart."""
    from gridrider.app.fold_readings import fold_readings

    shutil.rmtree(world / "days", ignore_errors=True)
    begin = time.perf_counter()
    fold_readings(world, world / "days", zone=ZONE, points=None, dates=None, progress=lambda *_: None)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


CHILDREN = {
    "numpy": lambda world, points, times: run_peer("numpy", world, points),
    "pandas": lambda world, points, times: run_peer("pandas", world, points),
    "kernel": lambda world, points, times: run_kernel(world, points),
    "settle": lambda world, points, times: run_settle("local", world, points),
    "spark": lambda world, points, times: run_settle("spark", world, points),
    "fold": lambda world, points, times: run_fold(world, points),
    "copy": run_copy,
}

if __name__ == "__main__":
    sys.exit(main())
