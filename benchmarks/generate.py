"""Make interval readings to measure with: seeded, a daylight-saving day inside, some point-days missing.

    python benchmarks/generate.py DIR --points 20000 --days 60 --solar 0.2

writes DIR/readings/<local date>.parquet: one file per local date, sorted by point and start, 15 minutes each.
"""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ZONE = ZoneInfo("America/Los_Angeles")
FIRST_DAY = date(2026, 2, 2)
SLOT_S = 900
MISSING_SHARE = 0.005


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--solar", type=float, default=0.0, help="share of homes that export at noon")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    rows = generate(arguments.folder, points=arguments.points, days=arguments.days, solar=arguments.solar,
                    seed=arguments.seed)
    print(f"{rows} readings")


def generate(folder: Path, *, points: int, days: int, solar: float, seed: int) -> int:
    """Write the readings of `points` homes over `days` local days; returns how many there are."""
    (folder / "readings").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    size = rng.lognormal(0, 0.4, points).astype(np.float32)
    solar_kw = np.where(rng.random(points) < solar, rng.uniform(3, 9, points), 0).astype(np.float32)
    ids = np.array([f"P{number:07d}" for number in range(1, points + 1)])
    rows = 0
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        table = day_of_readings(day, ids, size, solar_kw, rng)
        pq.write_table(table, folder / "readings" / f"{day}.parquet", compression="zstd", compression_level=1,
                       row_group_size=1 << 20)
        rows += table.num_rows
    return rows


def day_of_readings(day: date, ids: np.ndarray, size: np.ndarray, solar_kw: np.ndarray,
                    rng: np.random.Generator) -> pa.Table:
    """One local day of all homes: an evening peak, a morning one, and the sun's bell at noon."""
    first = datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC)
    last = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE).astimezone(UTC)
    slots = int((last - first).total_seconds()) // SLOT_S
    starts = [first + timedelta(seconds=SLOT_S * slot) for slot in range(slots)]
    hour = np.array([start.astimezone(ZONE).hour for start in starts])
    load_wh = 250 + 220 * np.exp(-(((hour - 18) / 3.5) ** 2)) + 90 * np.exp(-(((hour - 8) / 2.0) ** 2))
    sun = np.clip(np.cos((hour - 12.5) / 5.5 * np.pi / 2), 0, None) * (np.abs(hour - 12.5) < 5.5)
    kept = rng.random(len(ids)) > MISSING_SHARE
    noise = rng.lognormal(0, 0.25, (len(ids), slots)).astype(np.float32)
    energy_wh = np.rint(size[:, None] * load_wh * noise * rng.lognormal(0, 0.12, (len(ids), 1)))
    energy_wh = (energy_wh - np.rint(solar_kw[:, None] * sun * 250)).astype(np.int64)[kept]
    count = int(kept.sum())
    return pa.table({
        "point_id": np.repeat(ids[kept], slots),
        "start": pa.array(np.tile(np.array([start.replace(tzinfo=None) for start in starts], "datetime64[us]"), count)
                          ).cast(pa.timestamp("us", "UTC")),
        "seconds": np.full(count * slots, SLOT_S, np.int32),
        "import_kwh": kwh_column(np.maximum(energy_wh, 0).ravel() * 1000),
        "export_kwh": kwh_column(np.maximum(-energy_wh, 0).ravel() * 1000),
        "quality": pa.array(np.full(count * slots, "actual")).dictionary_encode(),
        "revision": np.ones(count * slots, np.int32),
    })


def kwh_column(energy_mwh: np.ndarray) -> pa.Array:
    """Whole milliwatt-hours as decimal(18,6) kWh, exactly: the low word of each decimal is the number."""
    words = np.empty((len(energy_mwh), 2), np.int64)
    words[:, 0] = energy_mwh
    words[:, 1] = energy_mwh >> 63
    return pa.Array.from_buffers(pa.decimal128(18, 6), len(energy_mwh), [None, pa.py_buffer(words)])


if __name__ == "__main__":
    main()
