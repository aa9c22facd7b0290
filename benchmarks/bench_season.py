"""How long a season of a hundred thousand sites takes from its daily mart to posted ledger entries.

    python -m benchmarks.bench_season [FOLDER]

Ten events of three hours on the tariff of the other benchmarks, every table written: under 60 s on two cores, with less
than 2 GiB of memory (medians of three). Readings are folded day by day as they come; the fold of one day of all sites
is printed beside. The peer is the same season for a fifth of the sites, so that growth with the work can be seen.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from pathlib import Path

import duckdb

from .bench_fold import made
from .bench_settle import child, many_times, ready

SITES, TIMES, REPEATS = 100_000, 5, 3
SECONDS_MAX, MEMORY_MIB_MAX, GROWTH_MAX = 60.0, 2048, 6.0
"""The last: how much longer five times the sites may take."""


def main() -> int:
    """Measure and print; exit 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("bench-output"))
    arguments = parser.parse_args()
    print(f"python {platform.python_version()}, duckdb {duckdb.__version__}, {os.cpu_count()} cores")
    fewer = SITES // TIMES
    world = ready(arguments.folder, fewer, 60)
    small = [child("settle", world, fewer) for _ in range(REPEATS)]
    large = [child("settle", many_times(world, fewer, TIMES), SITES) for _ in range(REPEATS)]
    fold = child("fold", made(arguments.folder, SITES, 1), SITES)
    seconds, fewer_seconds = (statistics.median(run["seconds"] for run in runs) for runs in (large, small))
    peak = max(run["peak_mib"] for run in large)
    print(f"{SITES} sites, 10 events of 3 h: {seconds:.1f} s, peak {peak:.0f} MiB, {large[0]['lines']} lines; "
          f"{fewer} sites: {fewer_seconds:.1f} s")
    print(f"beside it: the fold of one day of all sites {fold['seconds']:.1f} s")
    checks = [("seconds", seconds, SECONDS_MAX), ("peak MiB", peak, MEMORY_MIB_MAX),
              (f"time at {TIMES}x sites", seconds / fewer_seconds, GROWTH_MAX)]
    for name, figure, limit in checks:
        print(f"{name:20s} {figure:9.2f}  limit <= {limit:g}  {'ok' if figure <= limit else 'MISSED'}")
    return 0 if all(figure <= limit for _, figure, limit in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
