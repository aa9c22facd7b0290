"""Readings as meters send them, with everything that goes wrong with them, from a seed."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from tests.telemetry.twin import Reading

CLOCK_CHANGES = {
    "America/Los_Angeles": (date(2026, 3, 7), date(2026, 10, 31)),
    "America/New_York": (date(2026, 3, 7), date(2026, 10, 31)),
    "Australia/Lord_Howe": (date(2026, 4, 4), date(2026, 10, 3)),
    "Etc/GMT+8": (date(2026, 3, 7), date(2026, 12, 31)),
}
"""Zones and days from which a change of the clocks is reached within three days, where the zone has one."""

LENGTHS_S = (300, 600, 900, 900, 900, 1800, 3600, 3600, 1200, 450)


def readings_of(seed: int, zone_name: str) -> list[Reading]:
    """Three days of some points: plain ones and spoilt ones, in random order."""
    rng = random.Random(seed)
    zone = ZoneInfo(zone_name)
    first = rng.choice(CLOCK_CHANGES[zone_name])
    begin = datetime.combine(first, time(), zone).astimezone(UTC)
    end = datetime.combine(first + timedelta(days=3), time(), zone).astimezone(UTC)
    readings: list[Reading] = []
    for number in range(rng.randint(1, 6)):
        own = _series(rng, f"P{number}", rng.choice(LENGTHS_S), begin, end)
        readings += own if rng.random() < 0.3 else _spoilt(rng, own)
    rng.shuffle(readings)
    return readings


def _energy(rng: random.Random) -> Decimal:
    return Decimal(rng.randrange(0, 3_000_000)).scaleb(-6)


def _series(rng: random.Random, point_id: str, seconds: int, begin: datetime, end: datetime) -> list[Reading]:
    count = int((end - begin).total_seconds()) // seconds
    return [Reading(point_id=point_id, start=begin + timedelta(seconds=seconds * number), seconds=seconds,
                    import_kwh=_energy(rng), export_kwh=_energy(rng),
                    quality=rng.choice(("actual", "validated", None))) for number in range(count)]


def _spoilt(rng: random.Random, own: list[Reading]) -> list[Reading]:
    kept = [reading for reading in own if rng.random() > rng.choice((0, 0.02))]
    for _ in range(rng.randint(0, 6)):
        place = rng.randrange(len(kept))
        kept[place] = _faulty(rng, kept[place])
    kept += [rng.choice(kept) for _ in range(rng.randint(0, 3))]
    for _ in range(rng.randint(0, 4)):
        kept += _revised(rng, rng.choice(own))
    if rng.random() < 0.1:
        kept.append(replace(rng.choice(own), import_kwh=_energy(rng)))
    if rng.random() < 0.3:
        kept = _other_length(rng, kept)
    if rng.random() < 0.15:
        drift = timedelta(seconds=rng.choice((1, 10, 300)), microseconds=rng.choice((0, 1)))
        kept = [replace(reading, start=reading.start + drift) for reading in kept]
    return kept


def _faulty(rng: random.Random, reading: Reading) -> Reading:
    return rng.choice((
        replace(reading, import_kwh=Decimal("-0.000001")), replace(reading, export_kwh=Decimal("-4.5")),
        replace(reading, import_kwh=None), replace(reading, import_kwh=None, export_kwh=None),
        replace(reading, quality="missing"), replace(reading, quality="missing", import_kwh=Decimal(-1)),
        replace(reading, quality="estimated"), replace(reading, quality="edited"),
        replace(reading, import_kwh=Decimal(100_001)), replace(reading, seconds=7200),
        replace(reading, seconds=reading.seconds - 1), replace(reading, revision=rng.randint(1, 3))))


def _revised(rng: random.Random, reading: Reading) -> list[Reading]:
    start = reading.start + timedelta(seconds=rng.choice((0, 0, 0, 450, -900, 3600)))
    seconds = rng.choice((reading.seconds, reading.seconds, 300, 900, 3600, 5400))
    revision = rng.randint(2, 4)
    return [Reading(point_id=reading.point_id, start=start, seconds=seconds, import_kwh=_energy(rng),
                    export_kwh=_energy(rng), revision=revision)]


def _other_length(rng: random.Random, own: list[Reading]) -> list[Reading]:
    """From some moment on the meter reads at another length."""
    moment = rng.choice(own).start
    before = [reading for reading in own if reading.end <= moment]
    last = max(reading.end for reading in own)
    hour = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return before + _series(rng, own[0].point_id, rng.choice(LENGTHS_S), hour, last)


def write_csv(readings: Sequence[Reading], folder: Path, zone: ZoneInfo) -> None:
    """readings.csv, the times in the zone's own offset."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "readings.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["seconds", "point_id", "start", "export_kwh", "import_kwh", "revision", "quality"])
        for reading in readings:
            writer.writerow([reading.seconds, reading.point_id, reading.start.astimezone(zone).isoformat(),
                             reading.export_kwh, reading.import_kwh, reading.revision, reading.quality])


def arrow_table(readings: Sequence[Reading], *, doubles: bool = False) -> pa.Table:
    """The readings as typed columns."""
    def energies(column: list[Decimal | None]) -> pa.Array:
        if doubles:
            return pa.array([None if energy is None else float(energy) for energy in column], pa.float64())
        return pa.array(column, pa.decimal128(18, 6))
    return pa.table({
        "point_id": pa.array([reading.point_id for reading in readings], pa.string()),
        "start": pa.array([reading.start for reading in readings], pa.timestamp("us", "UTC")),
        "seconds": pa.array([reading.seconds for reading in readings], pa.int32()),
        "import_kwh": energies([reading.import_kwh for reading in readings]),
        "export_kwh": energies([reading.export_kwh for reading in readings]),
        "quality": pa.array([reading.quality for reading in readings], pa.string()),
        "revision": pa.array([reading.revision for reading in readings], pa.int16()),
    })


def write_by_date(readings: Sequence[Reading], folder: Path, zone: ZoneInfo, *, row_group_rows: int = 64) -> None:
    """A folder of one Parquet file per local date, sorted by point and start, as we ask for large tables."""
    (folder / "readings").mkdir(parents=True, exist_ok=True)
    days = sorted({reading.start.astimezone(zone).date() for reading in readings})
    for day in days:
        own = [reading for reading in readings if reading.start.astimezone(zone).date() == day]
        own.sort(key=lambda reading: (reading.point_id, reading.start))
        pq.write_table(arrow_table(own), folder / "readings" / f"{day}.parquet", row_group_size=row_group_rows)
