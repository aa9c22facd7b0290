"""The price trigger on real prices, and where it must not fire."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest

from gridrider.cli import main
from tests.settle.both import table


@pytest.fixture(scope="module")
def prices(refs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The day-ahead prices of 2024 as our prices table."""
    out = tmp_path_factory.mktemp("prices") / "in"
    assert main(["import", "caiso-prices", str(refs / "data/caiso_dlap_2024_may_oct.csv"), "--map", "dlap-hour-ending",
                 "--out", str(out)]) == 0
    return out


def events_of(file: Path) -> list[dict[str, str]]:
    """The rows of an events table."""
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def hours(event: dict[str, str]) -> int:
    """Length of an event in hours."""
    return int((datetime.fromisoformat(event["end"]) - datetime.fromisoformat(event["start"])).total_seconds()) // 3600


@pytest.mark.parametrize(("zone", "count", "days"), [("PGE", 21, 15), ("SCE", 24, 14)])
def test_the_price_trigger_finds_the_known_hours_of_2024(zone: str, count: int, days: int, prices: Path, tariffs: Path,
                                                         tmp_path: Path) -> None:
    """Day-ahead price above 200 $/MWh in hours ending 17 to 21. Source: settlement facts 2.4, from CAISO OASIS."""
    out = tmp_path / "events.csv"
    assert main(["triggers", str(tariffs / "cec/dsgs-option-3/tariff.yaml"), "--inputs", str(prices), "--period",
                 "2024-05-01/2024-11-01", "--out", str(out)]) == 0
    mine = [event for event in events_of(out) if event["zone"] == zone]
    assert sum(hours(event) for event in mine) == count
    assert len({event["event_id"].split("T")[0] for event in mine}) == days
    assert {event["kind"] for event in mine} == {"capacity"}
    assert all("above 200.00 USD/MWh" in event["because"] for event in mine)


def price_rows(*rows: tuple[str, str]) -> str:
    """A prices table of the PG&E zone: start and price of each hour."""
    lines = [f"CAISO_DAM:DLAP_PGAE-APND,{start},3600,{price}" for start, price in rows]
    return "\n".join(["series,start,seconds,usd_per_mwh", *lines]) + "\n"


@pytest.mark.parametrize(("start", "price", "fires"), [
    ("2025-08-21T17:00:00-07:00", "200", False), ("2025-08-21T17:00:00-07:00", "200.000001", True),
    ("2025-08-21T15:00:00-07:00", "999", False), ("2025-08-21T16:00:00-07:00", "999", True),
    ("2025-08-21T20:00:00-07:00", "999", True), ("2025-08-21T21:00:00-07:00", "999", False),
    ("2025-04-30T18:00:00-07:00", "999", False), ("2025-05-01T18:00:00-07:00", "999", True),
    ("2025-10-31T18:00:00-07:00", "999", True), ("2025-11-01T18:00:00-07:00", "999", False)])
def test_the_trigger_fires_above_its_price_inside_hours_and_season(start: str, price: str, fires: bool, tariffs: Path,
                                                                   tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(price_rows((start, price)), encoding="utf-8")
    out = tmp_path / "events.csv"
    assert main(["triggers", str(tariffs / "cec/dsgs-option-3/tariff.yaml"), "--inputs", str(tmp_path),
                 "--period", "2025", "--out", str(out)]) == 0
    assert bool(events_of(out)) is fires


def test_hours_in_a_row_are_one_event_and_a_gap_makes_two(tariffs: Path, tmp_path: Path) -> None:
    rows = [(f"2025-08-21T{hour}:00:00-07:00", "300") for hour in (16, 17, 19)]
    (tmp_path / "prices.csv").write_text(price_rows(*rows), encoding="utf-8")
    out = tmp_path / "events.csv"
    assert main(["triggers", str(tariffs / "cec/dsgs-option-3/tariff.yaml"), "--inputs", str(tmp_path),
                 "--period", "2025", "--out", str(out)]) == 0
    assert [(event["start"], event["end"]) for event in events_of(out)] == [
        ("2025-08-21T23:00:00Z", "2025-08-22T01:00:00Z"), ("2025-08-22T02:00:00Z", "2025-08-22T03:00:00Z")]


def test_the_events_found_can_be_settled(tariffs: Path, tmp_path: Path) -> None:
    """What `triggers` writes is an events table: `because` is one more column, and settle reads it with a warning."""
    (tmp_path / "prices.csv").write_text(price_rows(("2025-08-21T18:00:00-07:00", "300")), encoding="utf-8")
    (tmp_path / "enrollments.csv").write_text(
        "enrollment_id,rider,customer_id,participant_id,point_id,technology,nameplate_kw,duration_h,agreement_signed_on,"
        "starts_on,zone\ne1,battery,c1,p1,m1,battery,5,2,2025-04-01,2025-05-01,PGE\n", encoding="utf-8")
    (tmp_path / "readings.csv").write_text(
        "point_id,start,seconds,import_kwh,export_kwh\nm1,2025-08-21T18:00:00-07:00,3600,0,4.539495\n",
        encoding="utf-8")
    tariff = str(tariffs / "cec/dsgs-option-3/tariff.yaml")
    assert main(["triggers", tariff, "--inputs", str(tmp_path), "--period", "2025", "--out",
                 str(tmp_path / "events.csv")]) == 0
    assert main(["settle", tariff, "--inputs", str(tmp_path), "--period", "2025-08", "--out",
                 str(tmp_path / "out")]) == 0
    (line,) = table(tmp_path / "out", "lines")
    assert (line["quantity"], line["rate"], line["amount_usd"]) == ("4.000000", "17.55", "70.20")


def test_an_alert_calls_within_the_hours_of_the_service(tariffs: Path, tmp_path: Path) -> None:
    """The market's watch calls from 4 to 9 pm of its day; a level that the tariff does not name calls nothing (R72)."""
    (tmp_path / "alerts.csv").write_text(
        "source,level,zone,start,end\ncaiso,eea_watch,,2022-09-06T12:00:00-07:00,2022-09-06T22:00:00-07:00\n"
        "caiso,made_up,,2022-09-07T12:00:00-07:00,2022-09-07T22:00:00-07:00\n", encoding="utf-8")
    out = tmp_path / "events.csv"
    assert main(["triggers", str(tariffs / "pge/elrp-a4/tariff.yaml"), "--inputs", str(tmp_path), "--period", "2022",
                 "--out", str(out)]) == 0
    (event,) = [event for event in events_of(out) if event["kind"] != "program_minimum"]
    assert event["kind"] == "emergency"
    assert (event["start"], event["end"]) == ("2022-09-06T23:00:00Z", "2022-09-07T04:00:00Z")
