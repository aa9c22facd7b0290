"""The smallest worlds around single rules: each was, or could be, a disagreement between two readings of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.reference.settlement import Settled
from tests.settle.both import by_engine, by_reference, run_engine, table
from tests.settle.folder import Folder
from tests.settle.shapes import OWN, SHIPPED

SettledBy = Callable[..., Settled]
both = pytest.mark.parametrize("settled_by", [by_reference, by_engine])
NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(day: str, clock: str, zone: ZoneInfo) -> datetime:
    """A local clock time as an instant."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), zone).astimezone(UTC)


def with_home(rider: str, technology: str = "battery", **more: str) -> Folder:
    """A folder with one signed home of long standing."""
    folder = Folder()
    folder.add("enrollments", enrollment_id="home", rider=rider, customer_id="home", participant_id="home",
               point_id="meter", technology=technology, nameplate_kw="5", agreement_signed_on="2023-01-01",
               starts_on="2023-01-01", **more)
    return folder


def read(folder: Folder, starts: Iterable[datetime], import_kwh: str, export_kwh: str = "0",
         seconds: int = 3600) -> None:
    """Equal readings at some instants."""
    for start in starts:
        folder.add("readings", point_id="meter", start=start, seconds=seconds, import_kwh=import_kwh,
                   export_kwh=export_kwh)


def hours(first: datetime, count: int, step: timedelta = HOUR) -> list[datetime]:
    """Some instants in a row."""
    return [first + number * step for number in range(count)]


@both
def test_a_day_with_a_missing_slot_makes_no_baseline_where_exports_count_as_zero(settled_by: SettledBy,
                                                                                tmp_path: Path) -> None:
    folder = with_home("site", zone="north")
    folder.add("events", event_id="event", start=at("2025-06-25", "16:00", LOS_ANGELES),
               end=at("2025-06-25", "17:00", LOS_ANGELES))
    for number in range(10, 26):  # windows from 13:00 to 15:00, the event's hour, every day at 1 kW
        first = at(f"2025-06-{number}", "13:00", LOS_ANGELES)
        read(folder, [start for start in hours(first, 16, HOUR / 4)
                      if start != at("2025-06-24", "16:15", LOS_ANGELES)], "0.25", seconds=900)
    inputs = folder.write(tmp_path / "in")
    settled = settled_by(OWN / "ten-of-ten.yaml", inputs, "2025-06-20/2025-07-01", tmp_path / "out")
    assert settled.performance[0]["baseline_days"].split(";")[0] == "2025-06-23"
    assert settled.performance[0]["baseline_kwh"] == "1.000000"


@both
def test_days_that_make_no_baseline(settled_by: SettledBy, tmp_path: Path) -> None:
    """Out: an event of its own zone, an hour's outage, a holiday that counts as a weekend; in: another zone's event."""
    folder = with_home("site", zone="north")
    for day, zone in (("2025-06-23", "north"), ("2025-06-24", "south"), ("2025-06-25", "")):
        start = at(day, "16:00", LOS_ANGELES)
        folder.add("events", event_id=day, start=start, end=start + HOUR, zone=zone)
    outage = at("2025-06-20", "03:00", LOS_ANGELES)
    folder.add("unavailable", enrollment_id="home", start=outage, end=outage + HOUR, reason="islanded")
    read(folder, hours(at("2025-06-01", "00:00", LOS_ANGELES), 24 * 25), "1")
    inputs = folder.write(tmp_path / "in")
    settled = settled_by(OWN / "ten-of-ten.yaml", inputs, "2025-06-25/2025-06-26", tmp_path / "out")
    assert settled.performance[0]["baseline_days"] == ";".join(
        f"2025-06-{day}" for day in ("24", "18", "17", "16", "13", "12", "11", "10", "09", "06"))


@both
def test_weights_go_to_the_picked_days_latest_first(settled_by: SettledBy, tmp_path: Path) -> None:
    """Of the last five weekend days and holidays the highest three: 4, 6 and 3 kWh, weighted 50, 30 and 20."""
    folder = with_home("site", zone="north")
    start = at("2025-06-28", "16:00", LOS_ANGELES)
    folder.add("events", event_id="event", start=start, end=start + HOUR)
    loads = {"08": "9", "14": "3", "15": "2", "19": "6", "21": "4", "22": "1", "28": "0.4"}
    for day, kwh in loads.items():
        hour = at(f"2025-06-{day}", "16:00", LOS_ANGELES)
        read(folder, hours(hour - 3 * HOUR, 3), "0")
        read(folder, [hour], kwh)
    inputs = folder.write(tmp_path / "in")
    settled = settled_by(OWN / "ten-of-ten.yaml", inputs, "2025-06-28/2025-06-29", tmp_path / "out")
    assert settled.performance[0]["baseline_days"] == "2025-06-21;2025-06-19;2025-06-14"
    assert settled.performance[0]["baseline_kwh"] == "4.400000"
    assert [line["amount_usd"] for line in settled.lines] == ["3.00"]


@both
@pytest.mark.parametrize(("window_kwh", "baseline"), [("1.2", "1.200000"), ("1.4", "1.400000"), ("1.5", "1.400000"),
                                                      ("0.75", "0.750000"), ("0.7", "0.750000")])
def test_a_shift_is_capped_on_both_sides(settled_by: SettledBy, window_kwh: str, baseline: str, tmp_path: Path) -> None:
    folder = with_home("site", zone="north")
    start = at("2025-06-25", "16:00", LOS_ANGELES)
    folder.add("events", event_id="event", start=start, end=start + HOUR)
    read(folder, hours(at("2025-06-01", "00:00", LOS_ANGELES), 24 * 24), "1")
    read(folder, hours(start - 3 * HOUR, 3), window_kwh)
    read(folder, [start], "0")
    inputs = folder.write(tmp_path / "in")
    settled = settled_by(OWN / "ten-of-ten.yaml", inputs, "2025-06-25/2025-06-26", tmp_path / "out")
    assert settled.performance[0]["baseline_kwh"] == baseline


@both
def test_an_opt_out_that_is_measured_waits_for_readings_like_any_other_event(settled_by: SettledBy,
                                                                            tmp_path: Path) -> None:
    folder = with_home("site")
    start = at("2024-02-28", "17:00", LOS_ANGELES)
    folder.add("events", event_id="event", start=start, end=start + HOUR)
    folder.add("opt_outs", event_id="event", enrollment_id="home", at=start - DAY)
    for back in range(1, 6):
        read(folder, hours(start - back * DAY - 2 * HOUR, 3), "1")
    inputs = folder.write(tmp_path / "in")
    for as_of, counted, amounts in (("2024-03-08", "false", []), ("2024-03-09", "true", ["0.00"])):
        settled = settled_by(OWN / "resource.yaml", inputs, "2024-02-20/2024-03-01", tmp_path / as_of,
                             at(as_of, "00:00", LOS_ANGELES).isoformat())
        assert [(row["outcome"], row["counted"]) for row in settled.participation] == [("opted_out", counted)]
        assert [line["amount_usd"] for line in settled.lines] == amounts


@both
def test_a_committed_payment_is_final_whatever_readings_are_missing(settled_by: SettledBy, tmp_path: Path) -> None:
    folder = with_home("battery", committed_kw="5")
    start = at("2025-07-08", "16:00", NEW_YORK)
    folder.add("events", event_id="event", start=start, end=start + HOUR)
    read(folder, [start - DAY], "1")
    inputs = folder.write(tmp_path / "in")
    settled = settled_by(SHIPPED / "pseg-li/battery/tariff.yaml", inputs, "2025-07", tmp_path / "out")
    assert [row["outcome"] for row in settled.participation] == ["missing_readings"]
    assert [(line["component"], line["amount_usd"], line["status"]) for line in settled.lines] == [
        ("capacity", "40.00", "final")]


@both
def test_rows_after_midnight_stand_on_their_own_day(settled_by: SettledBy, tmp_path: Path) -> None:
    """Before midnight the event is excused, and the meter was only set on the day after."""
    folder = with_home("site")
    start = at("2025-02-11", "23:00", NEW_YORK)
    folder.add("events", event_id="event", start=start, end=start + 2 * HOUR)
    folder.add("unavailable", enrollment_id="home", start=start, end=start + HOUR, reason="storm_hold")
    for back in range(2, 6):
        read(folder, [start + HOUR - back * DAY], "2")
    read(folder, [start + HOUR], "0.5")
    settled = settled_by(OWN / "winter-nights.yaml", folder.write(tmp_path / "in"), "2025-02", tmp_path / "out")
    assert [(row["baseline_days"], row["delivered_kwh"]) for row in settled.performance] == [
        ("2025-02-09;2025-02-08;2025-02-07", "1.500000")]


@both
def test_a_row_after_midnight_names_the_meter_that_measured_it(settled_by: SettledBy, tmp_path: Path) -> None:
    """Every row of performance says where it was measured (R134)."""
    folder = with_home("battery")
    start = at("2025-01-14", "23:00", NEW_YORK)
    folder.add("events", event_id="event", start=start, end=start + 2 * HOUR)
    folder.add("points", enrollment_id="home", role="performance", point_id="meter", to="2025-01-14")
    folder.add("points", enrollment_id="home", role="performance", point_id="new-meter", from_="2025-01-15")
    read(folder, [start], "0", "3")
    folder.add("readings", point_id="new-meter", start=start + HOUR, seconds=3600, import_kwh="0", export_kwh="4")
    settled = settled_by(OWN / "winter.yaml", folder.write(tmp_path / "in"), "2025-01", tmp_path / "out")
    assert [(row["point_id"], row["delivered_kwh"]) for row in settled.performance] == [
        ("meter", "3.000000"), ("new-meter", "4.000000")]


@both
@pytest.mark.parametrize("role", ["premise", "performance"])
def test_two_meters_that_share_a_day_count_once(settled_by: SettledBy, role: str, tmp_path: Path) -> None:
    """Exchanged at 17:30 of the event's day: each slot is taken from the meter that has it (R146)."""
    folder = with_home("battery", premise_point_id="premise-meter")
    start = at("2025-05-06", "17:00", NEW_YORK)
    folder.add("events", event_id="event", start=start, end=start + HOUR)
    old, fixed = ("premise-meter", "meter") if role == "premise" else ("meter", "premise-meter")
    folder.add("points", enrollment_id="home", role=role, point_id=old, to="2025-05-06")
    folder.add("points", enrollment_id="home", role=role, point_id="new-meter", from_="2025-05-06")
    for number, slot in enumerate(hours(start, 4, HOUR / 4)):
        for point in (fixed, old if number < 2 else "new-meter"):
            folder.add("readings", point_id=point, start=slot, seconds=900, import_kwh="0", export_kwh="0.5")
    settled = settled_by(OWN / "storage-export.yaml", folder.write(tmp_path / "in"), "2025-05", tmp_path / "out")
    assert [row["delivered_kwh"] for row in settled.performance] == ["0.500000"] * 4
    assert [line["amount_usd"] for line in settled.lines] == ["0.67"]


@both
def test_an_event_over_midnight_keeps_the_quality_of_its_readings(settled_by: SettledBy, tmp_path: Path) -> None:
    folder = with_home("battery")
    start = at("2025-01-14", "23:00", NEW_YORK)
    folder.add("events", event_id="event", start=start, end=start + 2 * HOUR)
    read(folder, [start], "0", "3")
    folder.add("readings", point_id="meter", start=start + HOUR, seconds=3600, import_kwh="0", export_kwh="4",
               quality="estimated")
    settled = settled_by(OWN / "winter.yaml", folder.write(tmp_path / "in"), "2025-01", tmp_path / "out",
                         at("2025-03-01", "00:00", NEW_YORK).isoformat())
    assert [row["quality"] for row in settled.performance] == ["actual", "estimated"]
    assert [line["status"] for line in settled.lines] == ["provisional"]


@both
def test_an_event_through_the_night_that_has_an_hour_twice_has_four_rows(settled_by: SettledBy, tmp_path: Path) -> None:
    folder = with_home("battery")
    start = at("2025-11-02", "00:00", NEW_YORK)
    folder.add("events", event_id="event", start=start, end=at("2025-11-02", "03:00", NEW_YORK))
    for number, kwh in enumerate(("1", "2", "3", "4")):
        read(folder, [start + number * HOUR], "0", kwh)
    settled = settled_by(OWN / "winter.yaml", folder.write(tmp_path / "in"), "2025-11", tmp_path / "out")
    assert [row["delivered_kwh"] for row in settled.performance] == ["1.000000", "2.000000", "3.000000", "4.000000"]
    assert settled.participation[0]["average_kw"] == "2.500000"


@both
@pytest.mark.parametrize(("clock", "expected"), [("02:00", "2025-03-08;2025-03-07;2025-03-06"),
                                                 ("03:00", "2025-03-09;2025-03-08;2025-03-07")])
def test_an_hour_that_a_day_skips_is_missing_on_that_day(settled_by: SettledBy, clock: str, expected: str,
                                                         tmp_path: Path) -> None:
    folder = with_home("site")
    start = at("2025-03-10", clock, NEW_YORK)
    folder.add("events", event_id="event", start=start, end=start + HOUR)
    read(folder, hours(at("2025-03-03", "00:00", NEW_YORK), 24 * 8 - 1), "1")
    settled = settled_by(OWN / "winter-nights.yaml", folder.write(tmp_path / "in"), "2025-03", tmp_path / "out")
    assert settled.performance[0]["baseline_days"] == expected


@both
def test_of_a_repeated_hour_the_first_stands_for_the_clock(settled_by: SettledBy, tmp_path: Path) -> None:
    folder = with_home("site")
    start = at("2025-11-04", "01:00", NEW_YORK)
    folder.add("events", event_id="event", start=start, end=start + HOUR)
    for day in ("2025-11-01", "2025-11-03"):
        read(folder, [at(day, "01:00", NEW_YORK)], "1")
    first = at("2025-11-02", "01:00", NEW_YORK)
    read(folder, [first], "7")
    read(folder, [first + HOUR], "100")
    read(folder, [start], "0")
    settled = settled_by(OWN / "winter-nights.yaml", folder.write(tmp_path / "in"), "2025-11", tmp_path / "out")
    assert settled.performance[0]["baseline_days"] == "2025-11-03;2025-11-02;2025-11-01"
    assert settled.performance[0]["baseline_kwh"] == "3.000000"


@both
def test_an_event_that_has_not_begun_by_as_of_is_not_settled(settled_by: SettledBy, tmp_path: Path) -> None:
    folder = with_home("battery")
    for event_id, day in (("past", "2025-01-14"), ("future", "2025-01-21")):
        start = at(day, "17:00", NEW_YORK)
        folder.add("events", event_id=event_id, start=start, end=start + HOUR)
        read(folder, [start], "0", "2")
    settled = settled_by(OWN / "winter.yaml", folder.write(tmp_path / "in"), "2025-01", tmp_path / "out",
                         at("2025-01-15", "00:00", NEW_YORK).isoformat())
    assert [row["event_id"] for row in settled.participation] == ["past"]
    assert [(line["quantity"], line["status"]) for line in settled.lines] == [("2.000000", "provisional")]


def test_a_statement_below_zero_is_owed_to_the_program(tmp_path: Path) -> None:
    folder = with_home("site")
    start = at("2024-02-28", "17:00", LOS_ANGELES)
    folder.add("events", event_id="event", start=start, end=start + HOUR)
    for back in range(6):
        read(folder, hours(start - back * DAY - 2 * HOUR, 3), "1" if back else "3")
    assert run_engine(OWN / "resource.yaml", folder.write(tmp_path / "in"), "2024-02", tmp_path / "out") == 0
    total = table(tmp_path / "out", "statements")[0]["total_usd"]
    assert total == "-2.67"  # a baseline of 1 kWh x 1.2, less 3 kWh used, at $1.35 x 1.1
    posted = {(row["account"], row["debit_usd"], row["credit_usd"]) for row in table(tmp_path / "out", "ledger")}
    assert posted == {("expense:program:test/resource", "", "2.67"), ("payable:home", "2.67", ""),
                      ("receivable:home", "2.67", ""), ("payable:home", "", "2.67")}
