"""The limits that the source texts set on calling, each on both sides, by the command line."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from gridrider.cli import main
from tests.house.source import ROOT


def limits(name: str, days: list[date], hours: str, folder: Path, *proposed: str) -> tuple[int, list[dict[str, str]]]:
    """Ask what is left after an event on each of the days; the exit code and the rows of limits.csv."""
    inputs, (first, last), zone = folder / "in", hours.split("-"), "PGE" if name.startswith("pge") else ""
    inputs.mkdir(exist_ok=True)
    (inputs / "enrollments.csv").write_text(
        "enrollment_id,rider,customer_id,participant_id,point_id,technology,nameplate_kw,duration_h,agreement_signed_on,"
        f"starts_on,zone\nhome,battery,home,home,meter,battery,600,3,2021-06-01,2021-06-01,{zone}\n", encoding="utf-8")
    rows = "".join(f"{day},,{day}T{first}:00-07:00,{day}T{last}:00-07:00\n" for day in days)
    service = "peak" if name.startswith("municipal") else "emergency"
    rows = rows.replace(",,", f",{service},")
    (inputs / "events.csv").write_text(f"event_id,service,start,end\n{rows}", encoding="utf-8")
    tariff, out = ROOT / "tariffs" / name / "tariff.yaml", folder / "out"
    now = f"{days[-1] + timedelta(days=1)}T09:00:00-07:00"
    code = main(["limits", str(tariff), "--inputs", str(inputs), "--out", str(out), "--at", now,
                 *(["--service", service, "--propose", *proposed] if proposed else [])])
    with (out / "limits.csv").open(newline="", encoding="utf-8") as handle:
        return code, list(csv.DictReader(handle))


def owed(rows: list[dict[str, str]], parameter: str) -> list[str]:
    """What a program's limit still owes."""
    return [row["owed"] for row in rows if (row["scope"], row["parameter"]) == ("program", parameter)]


@pytest.mark.parametrize(("called", "code"), [(7, 0), (8, 1)])
def test_the_policys_month_has_eight_events(called: int, code: int, tmp_path: Path) -> None:
    """The eighth event of a month may be called, the ninth is refused (R58, R78)."""
    days = [date(2025, 8, day) for day in (4, 5, 6, 7, 8, 11, 12, 13)][:called]
    span = "2025-08-14T17:00:00-07:00/2025-08-14T20:00:00-07:00"
    assert limits("municipal/byod-v2g", days, "17:00-20:00", tmp_path, span)[0] == code


@pytest.mark.parametrize(("start", "end", "code"),
                         [("17:00", "20:00", 0), ("16:59", "19:59", 1), ("17:01", "20:01", 1)])
def test_the_policys_events_lie_between_five_and_eight(start: str, end: str, code: int, tmp_path: Path) -> None:
    """A peak event from 5 to 8 pm, and a minute before and after (R70)."""
    span = f"2025-08-14T{start}:00-07:00/2025-08-14T{end}:00-07:00"
    assert limits("municipal/byod-v2g", [date(2025, 8, 13)], "17:00-20:00", tmp_path, span)[0] == code


@pytest.mark.parametrize(("year", "events", "hours"), [(2022, [], ["14"]), (2024, ["5"], ["14"])])
def test_the_least_number_of_events_binds_from_2024_only(year: int, events: list[str], hours: list[str],
                                                         tmp_path: Path) -> None:
    """Two events of three hours leave 14 of 20 hours owed, and from 2024 on five of seven events (R59, R130)."""
    code, rows = limits("pge/elrp-a4", [date(year, 8, 20), date(year, 8, 21)], "17:00-20:00", tmp_path)
    assert code == 0
    assert [cell for cell in owed(rows, "events_per_year") if cell] == events
    assert [str(int(float(cell))) for cell in owed(rows, "hours_per_year")] == hours
