"""The table of days against its plain twin, and the same bytes whatever form the readings came in."""

from __future__ import annotations

import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridrider.app.fold_readings import FoldReport, fold_readings
from gridrider.problem import errors
from tests.telemetry import homes, twin

SEEDS = range(8)


def fold(inputs: Path, out: Path, zone: ZoneInfo, *, points: pa.Array | None = None, threads: int = 1) -> FoldReport:
    return fold_readings(inputs, out, zone=zone, points=points, dates=None, progress=lambda *_: None, threads=threads,
                         memory_limit_mb=200)


def mart(out: Path) -> list[twin.Day]:
    return [twin.Day(**row) for path in sorted(out.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def mart_bytes(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.mark.parametrize("zone_name", list(homes.CLOCK_CHANGES))
@pytest.mark.parametrize("seed", SEEDS)
def test_every_day_agrees_with_the_plain_twin(seed: int, zone_name: str, tmp_path: Path) -> None:
    zone = ZoneInfo(zone_name)
    readings = homes.readings_of(seed, zone_name)
    homes.write_csv(readings, tmp_path, zone)
    report = fold(tmp_path, tmp_path / "days", zone)
    found = errors(report.problems)
    assert bool(found) == bool(twin.contradictions(readings)), found
    if not found:
        assert mart(tmp_path / "days") == twin.fold(readings, zone)
        return
    # With the contradictions gone the rest must agree all the same.
    bad = {identity[0] for identity in twin.contradictions(readings)}
    rest = [reading for reading in readings if reading.point_id not in bad]
    assert not list((tmp_path / "days").glob("*.parquet"))
    homes.write_csv(rest, tmp_path, zone)
    assert not errors(fold(tmp_path, tmp_path / "days", zone).problems)
    assert mart(tmp_path / "days") == twin.fold(rest, zone)


@pytest.mark.parametrize("zone_name", list(homes.CLOCK_CHANGES))
@pytest.mark.parametrize("seed", [seed for seed in SEEDS if seed % 4 == 0])
def test_order_form_chunks_and_threads_leave_no_trace(seed: int, zone_name: str, tmp_path: Path) -> None:
    zone = ZoneInfo(zone_name)
    readings = homes.readings_of(seed, zone_name)
    bad = {identity[0] for identity in twin.contradictions(readings)}
    readings = [reading for reading in readings if reading.point_id not in bad]
    homes.write_csv(readings, tmp_path / "csv", zone)
    homes.write_by_date(readings, tmp_path / "dates", zone)
    for name, doubles in (("one", False), ("doubles", True)):
        (tmp_path / name).mkdir()
        shuffled = random.Random(seed).sample(readings, len(readings))
        pq.write_table(homes.arrow_table(shuffled, doubles=doubles), tmp_path / name / "readings.parquet",
                       row_group_size=100)
    (tmp_path / "parts" / "readings").mkdir(parents=True)
    for part in range(3):
        pq.write_table(homes.arrow_table(readings[part::3]), tmp_path / "parts" / "readings" / f"{part}.parquet")
    forms = {}
    for threads, name in enumerate(("csv", "dates", "one", "doubles", "parts"), start=1):
        report = fold(tmp_path / name, tmp_path / name / "days", zone, threads=1 + threads % 2)
        assert not errors(report.problems), name
        forms[name] = mart_bytes(tmp_path / name / "days")
    assert all(form == forms["csv"] for form in forms.values())
