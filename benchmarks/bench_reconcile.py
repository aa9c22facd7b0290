"""How long a year of 1,000 resources takes to reconcile, against DuckDB's bare scan and a loop over rows.

    python -m benchmarks.bench_reconcile bench-output --resources 1000 --days 365

generates the readings (once: a master meter and a wholesale meter for each resource, every 15 minutes) and awards in
four hours of each day, and prints seconds of the reconciliation, of the bare grouping of the same files, their ratio
(limit 20), rows per second beside a pandas loop over the rows of a subset, and the peak memory (limit 1280 MiB). The
limits are those of the default size, at which it also says whether the year took less than a minute.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy
import pandas
import pyarrow as pa

from .bench_fold import made as made_readings
from .bench_fold import run_peer
from .generate import FIRST_DAY, ZONE

RATIO_MAX = 20.0
MEMORY_MIB_MAX = 1280
MINUTE_S = 60
SUBSET = 5
TARIFF = Path(__file__).resolve().parents[1] / "tariffs" / "dod" / "v2g-ngr" / "tariff.yaml"


def main() -> int:
    """Measure and print; exit 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("bench-output"))
    parser.add_argument("--resources", type=int, default=1000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--child", choices=("reconcile", "scan", "loop"))
    arguments = parser.parse_args()
    if arguments.child:
        run = {"reconcile": run_reconcile, "scan": lambda folder, _: run_peer(folder), "loop": run_loop}
        print(json.dumps(run[arguments.child](arguments.folder, arguments.days)))
        return 0
    print(f"python {platform.python_version()}, duckdb {duckdb.__version__}, pyarrow {pa.__version__}, "
          f"numpy {numpy.__version__}, pandas {pandas.__version__}, {platform.machine()}")
    inputs = made(arguments.folder, arguments.resources, arguments.days)
    scan, ours, loop = (child(what, inputs, arguments.days) for what in ("scan", "reconcile", "loop"))
    ratio = ours["seconds"] / scan["seconds"]
    speed, loop_speed = ours["rows"] / ours["seconds"], loop["rows"] / loop["seconds"]
    print(f"{arguments.resources} resources, {arguments.days} days, {ours['rows']:.0f} intervals of the bill: "
          f"{ours['seconds']:.1f} s ({ours['cpu_s']:.0f} s of processor); bare grouping {scan['seconds']:.1f} s, "
          f"ratio {ratio:.1f} (limit {RATIO_MAX:.0f}); peak {ours['peak_mib']:.0f} MiB (limit {MEMORY_MIB_MAX})")
    print(f"{speed:,.0f} intervals a second; a pandas loop over rows {loop_speed:,.0f}: {speed / loop_speed:.0f} times")
    if (arguments.resources, arguments.days) != (1000, 365):
        return 0
    print(f"a year of 1,000 resources in under a minute: {'ok' if ours['seconds'] < MINUTE_S else 'MISSED'}")
    return int(ratio > RATIO_MAX or ours["peak_mib"] > MEMORY_MIB_MAX or ours["seconds"] >= MINUTE_S)


def made(folder: Path, resources: int, days: int) -> Path:
    """A folder with readings, resources and awards."""
    inputs = made_readings(folder, 2 * resources, days)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"copy (select printf('R%05d', i) as resource_id, printf('P%07d', 2 * i - 1) as "
                           "premise_point_id, printf('P%07d', 2 * i) as wholesale_point_id, 'LSE' as "
                           "load_serving_entity, 'SC' as scheduling_coordinator "
                           f"from range(1, {resources} + 1) as r(i)) to '{inputs / 'resources.csv'}' (header)")
        connection.execute(f"copy (select printf('R%05d', i) as resource_id, timestamptz '{FIRST_DAY} 12:00:00+00' + "
                           "to_days(cast(d as integer)) + to_hours(cast((h + i + d) % 12 as integer)) as start, "
                           "cast(3600 as integer) as seconds, 'reg_up' as product, 'DA' as market, "
                           f"cast(0.3 as decimal(9, 3)) as mw from range(1, {resources} + 1) as r(i), "
                           f"range({days}) as s(d), range(4) as t(h)) to '{inputs / 'awards.parquet'}' "
                           "(format parquet)")
    return inputs


def child(what: str, inputs: Path, days: int) -> dict[str, float]:
    """One measurement in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.bench_reconcile", str(inputs), "--child", what, "--days", str(days)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def run_reconcile(inputs: Path, days: int) -> dict[str, float]:
    """Reconcile once, with every table written."""
    from gridrider.app.reconcile import ReconcileRequest, reconcile
    from gridrider.interval import DateSpan

    begin = time.perf_counter()
    done = reconcile(ReconcileRequest(tariff=TARIFF, inputs=inputs, out=inputs / "reconciled",
                                      period=DateSpan(first=FIRST_DAY, end=FIRST_DAY + timedelta(days=days))))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"seconds": time.perf_counter() - begin, "rows": done.counts["retail"], "peak_mib": used.ru_maxrss // 1024,
            "cpu_s": used.ru_utime + used.ru_stime}


def run_loop(inputs: Path, days: int) -> dict[str, float]:
    """The bill of a few resources over a month by a loop over the rows of pandas frames, in memory, nothing written."""
    files = [inputs / "readings" / f"{FIRST_DAY + timedelta(days=day)}.parquet" for day in range(min(days, 30))]
    points = [f"P{number:07d}" for number in range(1, 2 * SUBSET + 1)]
    begin = time.perf_counter()
    columns = ["point_id", "start", "import_kwh", "export_kwh"]
    frames = [pandas.read_parquet(file, columns=columns, filters=[("point_id", "in", points)]) for file in files]
    readings = pandas.concat(frames)
    awards = pandas.read_parquet(inputs / "awards.parquet", columns=["resource_id", "start"],
                                 filters=[("resource_id", "in", [f"R{number:05d}" for number in range(1, SUBSET + 1)])])
    hours = {(int(name[1:]), start.floor("h")) for name, start in zip(awards.resource_id, awards.start, strict=True)}
    metered = {(row.point_id, row.start): row for row in readings.itertuples()}
    peaks: dict[tuple[int, date], float] = {}
    rows = 0
    for (point, start), master in metered.items():
        number = int(point[1:])
        if number % 2:
            own = metered.get((f"P{number + 1:07d}", start))
            added = own.export_kwh if own is not None and ((number + 1) // 2, start.floor("h")) in hours else 0
            day = start.tz_convert(ZONE).date().replace(day=1)
            billed = float(master.import_kwh - master.export_kwh + added)
            peaks[number, day] = max(peaks.get((number, day), billed), billed)
            rows += 1
    return {"seconds": time.perf_counter() - begin, "rows": rows}


if __name__ == "__main__":
    sys.exit(main())
