"""A real meter through the fold: each local day adds up to the source, to the milliwatt-hour."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from gridrider.app.fold_readings import fold_readings
from gridrider.problem import errors
from tests.telemetry.twin import mwh

CHICAGO = ZoneInfo("America/Chicago")


def test_the_opendsm_meter_adds_up_day_by_day(refs: Path, tmp_path: Path) -> None:
    expected: dict[date, list[int]] = defaultdict(list)
    with gzip.open(refs / "data" / "opendsm_il_electricity_hourly.csv.gz", "rt", encoding="utf-8") as source, \
            (tmp_path / "readings.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["point_id", "start", "seconds", "import_kwh", "export_kwh"])
        for row in csv.DictReader(source):
            writer.writerow(["home", row["start"], 3600, row["value"], 0 if row["value"] else ""])
            start = datetime.fromisoformat(row["start"]).astimezone(UTC)
            energy_mwh = mwh(Decimal(row["value"])) if row["value"] else None
            if energy_mwh is not None:
                expected[start.astimezone(CHICAGO).date()].append(energy_mwh)
    report = fold_readings(tmp_path, tmp_path / "days", zone=CHICAGO, points=None, dates=None,
                           progress=lambda *_: None)
    assert not errors(report.problems)
    days = [row for path in sorted((tmp_path / "days").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    found = {day["local_date"]: [entry for entry in day["import_mwh"] if entry is not None] for day in days}
    assert {day: entries for day, entries in found.items() if entries} == dict(expected)
    lengths = {len(day["import_mwh"]) for day in days}
    assert lengths == {23, 24, 25}
    assert {day["slot_seconds"] for day in days} == {3600}
    whole = [day for day in days if None not in day["import_mwh"]]
    assert all(day["net_hour_mwh"] == day["import_mwh"] for day in whole)
