"""What the fold says about readings that are not plain, and what it leaves out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridrider.app.fold_readings import FoldReport, fold_readings
from gridrider.interval import DateSpan
from gridrider.problem import Severity

PACIFIC = ZoneInfo("America/Los_Angeles")
HEADER = "point_id,start,seconds,import_kwh,export_kwh,quality,revision"


def fold(folder: Path, *lines: str, points: list[str] | None = None, dates: DateSpan | None = None,
         whole_day: bool = True) -> tuple[FoldReport, list[dict[str, Any]]]:
    """Fold one plain day of point A, hourly at 1 kWh, with more lines after it."""
    begin = datetime(2025, 8, 21, 7, tzinfo=UTC)
    plain = [f"A,{(begin + timedelta(hours=hour)).isoformat()},3600,1,0,," for hour in range(24)] if whole_day else []
    (folder / "readings.csv").write_text("\n".join([HEADER, *plain, *lines]) + "\n", encoding="utf-8")
    report = fold_readings(folder, folder / "days", zone=PACIFIC, points=None if points is None else pa.array(points),
                           dates=dates, progress=lambda *_: None)
    rows = [row for path in sorted((folder / "days").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    return report, rows


def found(report: FoldReport) -> list[tuple[str, int | None, str]]:
    return [(problem.severity.value, problem.row, problem.reason) for problem in report.problems]


def test_a_plain_day_has_nothing_to_say(tmp_path: Path) -> None:
    report, rows = fold(tmp_path)
    assert (report.problems, report.dates, report.point_days) == ((), (date(2025, 8, 21),), 1)
    assert rows[0]["net_hour_mwh"] == [1_000_000] * 24


@pytest.mark.parametrize(("line", "reason"), [
    ("B,2025-08-21T07:00:00Z,3600,-1,0,,", "1 readings have a negative import or export and count as missing"),
    ("B,2025-08-21T07:00:00Z,3600,1,,,", "1 readings give only one of import and export and count as missing"),
    ("B,2025-08-21T07:00:00Z,900,25001,0,,", "1 readings mean more power than a metering point can have"),
    ("B,2025-08-21T07:00:00Z,7200,1,0,,", "1 readings last longer than an hour or do not divide it"),
    ("B,2025-08-21T07:00:00Z,700,1,0,,", "1 readings last longer than an hour or do not divide it"),
    ("B,2025-08-21T07:00:10Z,900,1,0,,", "1 readings do not start on the grid of their own length"),
])
def test_a_reading_without_a_value_is_missing_and_said_so(line: str, reason: str, tmp_path: Path) -> None:
    report, rows = fold(tmp_path, line)
    assert {problem.severity for problem in report.problems} == {Severity.WARNING}
    assert [row for _, row, text in found(report) if text.startswith(reason)] == [26]
    assert [set(row["import_mwh"]) for row in rows] == [{1_000_000}, {None}]
    assert report.point_days_with_gaps == 1


def test_an_estimated_reading_counts_and_is_named(tmp_path: Path) -> None:
    report, rows = fold(tmp_path, "B,2025-08-21T07:00:00Z,3600,2,0.5,estimated,")
    assert ("warning", 26, "1 readings are estimated; the first is named") in found(report)
    assert (rows[1]["import_mwh"][0], rows[1]["export_mwh"][0], rows[1]["quality"][:2]) == (2_000_000, 500_000, [3, 4])


def test_identical_rows_are_one_and_different_ones_an_error(tmp_path: Path) -> None:
    report, rows = fold(tmp_path, "A,2025-08-21T00:00:00-07:00,3600,1.0,0.00,actual,1")
    assert found(report) == [("warning", 26, "1 identical duplicate readings were removed; the first is named")]
    assert rows[0]["net_hour_mwh"] == [1_000_000] * 24
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    report, rows = fold(spoilt, "A,2025-08-21T00:00:00-07:00,3600,1.1,0,,", "A,2025-08-21T01:30:00-07:00,900,1,0,,")
    assert [severity for severity, _, _ in found(report)].count("error") >= 2
    assert (rows, report.dates) == ([], ())


def test_the_highest_revision_wins_and_what_it_leaves_is_missing(tmp_path: Path) -> None:
    report, rows = fold(tmp_path, "A,2025-08-21T07:00:00Z,3600,5,0,,2", "A,2025-08-21T08:00:00Z,900,1,0,,3")
    assert rows[0]["import_mwh"][:3] == [5_000_000, None, 1_000_000]
    assert [row for _, row, text in found(report) if "higher revision" in text] == [3]


def test_a_late_reading_reaches_over_midnight_and_contradicts_the_next_day(tmp_path: Path) -> None:
    report, _ = fold(tmp_path, "A,2025-08-21T06:30:00Z,3600,1,0,,")
    assert ("error", True) in [(severity, "overlaps" in reason) for severity, _, reason in found(report)]
    report, rows = fold(tmp_path, "A,2025-08-21T06:30:00Z,3600,1,0,,2")
    assert "error" not in [severity for severity, _, _ in found(report)]
    assert rows[1]["import_mwh"][:2] == [None, 1_000_000]


def test_points_and_dates_that_nobody_asked_for(tmp_path: Path) -> None:
    line = "B,2025-08-21T07:00:00Z,3600,2,0,,"
    report, rows = fold(tmp_path, line, line, "A,2025-08-23T07:00:00Z,3600,1,0,,", points=["A", "Z"],
                        dates=DateSpan(first=date(2025, 8, 21), end=date(2025, 8, 22)))
    assert (report.readings, report.readings_unlisted, report.readings_outside) == (27, 2, 1)
    assert [row["point_id"] for row in rows] == ["A"]
    assert [reason[:10] for _, _, reason in found(report)] == ["2 readings"]


@pytest.mark.parametrize("line", [
    "B,2025-08-21T07:00:00Z,0,1,0,,", "B,2025-08-21T07:00:00Z,-900,1,0,,", "B,1969-08-21T07:00:00Z,900,1,0,,",
    "B,2125-08-21T07:00:00Z,900,1,0,,", "B,2025-08-21T07:00:00Z,900,1,0,good,", "B,2025-08-21T07:00:00Z,900,1,0,,x",
    ",2025-08-21T07:00:00Z,900,1,0,,", "B,,900,1,0,,", "B,2025-08-21T07:00:00Z,,1,0,,",
    "B,2025-08-21T07:00:00Z,900,x,0,,",
])
def test_a_reading_that_cannot_be_read_writes_nothing(line: str, tmp_path: Path) -> None:
    report, rows = fold(tmp_path, line)
    assert ("error", 26) in [(severity, row) for severity, row, _ in found(report)]
    assert rows == []


def test_an_earlier_fold_is_replaced(tmp_path: Path) -> None:
    fold(tmp_path)
    _, rows = fold(tmp_path, "B,2025-08-22T07:00:00Z,3600,2,0,,", whole_day=False)
    assert [row["point_id"] for row in rows] == ["B"]


def test_no_readings_at_all(tmp_path: Path) -> None:
    report = fold_readings(tmp_path, tmp_path / "days", zone=PACIFIC, points=None, dates=None,
                           progress=lambda *_: None)
    assert [severity for severity, _, _ in found(report)] == ["error"]
    report, rows = fold(tmp_path, whole_day=False)
    assert (report.problems, rows) == ((), [])
