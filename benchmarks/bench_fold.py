"""How long the fold of readings into days takes against DuckDB's bare grouping of the same files, in one run.

    python benchmarks/bench_fold.py bench-output --points 20000 --days 60

generates readings (once) and prints medians of three, each run a process of its own: seconds of the fold,
seconds of the peer, their ratio (limit 8), the fold's peak memory (limit 1 GiB), and the peak with four
times the points over a tenth of the days (limit 1.2 times that of the same days with the points once).
`--shuffled` measures the fold of the same rows in one file in random order, which has to be sorted first.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy
import pyarrow as pa

from .generate import ZONE

RATIO_MAX = 8.0
MEMORY_MIB_MAX = 1024
GROWTH_MAX = 1.2
REPEATS = 3

PEER_SQL = """
select count(*), sum(import_kwh), sum(export_kwh) from (
    select point_id, cast(cast("start" as timestamp) as date) as day, sum(import_kwh) as import_kwh,
           sum(export_kwh) as export_kwh
    from read_parquet($files) group by all)
"""


def main() -> int:
    """Measure and print; exit 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("bench-output"))
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--child", choices=("fold", "peer", "mix"))
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps({"fold": run_fold, "peer": run_peer, "mix": run_mix}[arguments.child](arguments.folder)))
        return 0
    print(f"python {platform.python_version()}, duckdb {duckdb.__version__}, pyarrow {pa.__version__}, "
          f"numpy {numpy.__version__}, {platform.machine()}")
    return shuffled(arguments) if arguments.shuffled else compare(arguments)


def compare(arguments: argparse.Namespace) -> int:
    """Print time and memory against their limits."""
    inputs = made(arguments.folder, arguments.points, arguments.days)
    peers, folds = [], []
    for _ in range(REPEATS):
        peers.append(child("peer", inputs))
        folds.append(child("fold", inputs))
    peer_s, fold_s = (statistics.median(run["seconds"] for run in runs) for runs in (peers, folds))
    peak_mib = max(run["peak_mib"] for run in folds)
    print(f"{folds[0]['readings']} readings: fold {fold_s:.1f} s, bare grouping {peer_s:.1f} s, "
          f"ratio {fold_s / peer_s:.2f} (limit {RATIO_MAX}), peak {peak_mib} MiB (limit {MEMORY_MIB_MAX})")
    few_days = max(2, arguments.days // 10)
    once = child("fold", made(arguments.folder, arguments.points, few_days))
    more = child("fold", made(arguments.folder, 4 * arguments.points, few_days))
    growth = more["peak_mib"] / once["peak_mib"]
    print(f"peak with {arguments.points} points {once['peak_mib']} MiB, four times as many {more['peak_mib']} MiB: "
          f"{growth:.2f} times (limit {GROWTH_MAX})")
    return int(fold_s > RATIO_MAX * peer_s or max(peak_mib, more["peak_mib"]) > MEMORY_MIB_MAX or growth > GROWTH_MAX)


def shuffled(arguments: argparse.Namespace) -> int:
    """Print time and memory of rows in random order, once and with four times the points."""
    peaks = []
    for points in (arguments.points, 4 * arguments.points):
        run = child("fold", mixed(made(arguments.folder, points, arguments.days)))
        peaks.append(run["peak_mib"])
        print(f"{run['readings']} readings in random order: {run['seconds']:.1f} s, peak {run['peak_mib']} MiB "
              f"(limit {MEMORY_MIB_MAX})")
    return int(max(peaks) > MEMORY_MIB_MAX)


def made(folder: Path, points: int, days: int) -> Path:
    """A folder with the readings, generated unless it is there."""
    inputs = folder / f"readings-{points}-{days}"
    if not (inputs / "done").exists():
        shutil.rmtree(inputs, ignore_errors=True)
        # In a process of its own: what this one has held would count as the peak of its children.
        command = [sys.executable, str(Path(__file__).with_name("generate.py")), str(inputs), "--solar", "0.2"]
        subprocess.run([*command, "--points", str(points), "--days", str(days)], check=True, stdout=subprocess.DEVNULL)
        (inputs / "done").touch()
    return inputs


def mixed(inputs: Path) -> Path:
    """The same readings in one Parquet file in no order."""
    out = mixed_folder(inputs)
    if not (out / "done").exists():
        out.mkdir(exist_ok=True)
        child("mix", inputs)
        (out / "done").touch()
    return out


def child(what: str, inputs: Path) -> dict[str, float]:
    """One measurement in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.bench_fold", str(inputs), "--child", what]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def run_fold(inputs: Path) -> dict[str, float]:
    """Fold once."""
    from gridrider.app.fold_readings import fold_readings

    begin = time.perf_counter()
    report = fold_readings(inputs, inputs / "days", zone=ZoneInfo(ZONE.key), points=None, dates=None,
                           progress=lambda *_: None)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "peak_mib": peak_mib(), "readings": report.readings, "point_days": report.point_days}


def run_peer(inputs: Path) -> dict[str, float]:
    """Let DuckDB group the same files by point and day, and do nothing else."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        begin = time.perf_counter()
        connection.execute(PEER_SQL, {"files": str(inputs / "readings" / "*.parquet")}).fetchall()
        return {"seconds": time.perf_counter() - begin, "peak_mib": peak_mib()}


def run_mix(inputs: Path) -> dict[str, float]:
    """Write the readings to one file in an order that follows nothing."""
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '2GB'")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("copy (select * from read_parquet($files) order by hash(point_id, \"start\")) to $out "
                           "(format parquet)", {"files": str(inputs / "readings" / "*.parquet"),
                                                "out": str(mixed_folder(inputs) / "readings.parquet")})
    return {"peak_mib": peak_mib()}


def mixed_folder(inputs: Path) -> Path:
    """Where the readings in random order stand."""
    return inputs.with_name(inputs.name + "-mixed")


def peak_mib() -> int:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024



if __name__ == "__main__":
    sys.exit(main())
