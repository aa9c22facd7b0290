"""Triggers on load forecasts, emergencies and a program's minimum, and what the limits withhold."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from gridrider.cli import main
from tests.event.world import PROGRAM, World, new_york, two_homes

OPERATOR = "            - {kind: operator}\n"
Event = dict[str, str]


def triggers(tariff: Path, inputs: Path, period: str) -> list[Event]:
    """Run `gridrider triggers` and read the events."""
    out = inputs.parent / "found.csv"
    assert main(["triggers", str(tariff), "--inputs", str(inputs), "--period", period, "--out", str(out)]) == 0
    with out.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def tariff_with(folder: Path, trigger: str) -> Path:
    """The program with one more trigger."""
    file = folder / "tariff.yaml"
    file.write_text(PROGRAM.read_text().replace(OPERATOR, f"            - {trigger}\n"))
    return file


def forecast(world: World, day: str, peak_mw: int, *, peak_hour: int = 17, zone: str = "") -> World:
    """Twelve hours of a day with one peak, falling by 10 MW an hour to both sides."""
    for hour in range(10, 22):
        world.add("load_forecast", zone=zone, start=new_york(f"{day}T{hour}:00"),
                  mw=str(peak_mw - 10 * abs(hour - peak_hour)))
    return world


def days_of(events: list[Event]) -> list[str]:
    """The local days on which events start."""
    return [event["event_id"].split("T")[0][-10:] for event in events]


@pytest.fixture(scope="module")
def real_forecast(refs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The day-ahead load forecast of California for May to October 2022 as our table."""
    folder = tmp_path_factory.mktemp("peaks") / "in"
    folder.mkdir()
    with (refs / "data/caiso_load_forecast_2022_may_oct.csv").open(newline="", encoding="utf-8") as stream:
        rows = [("", row["interval_start"].replace(" ", "T"), 3600, row["load_forecast"])
                for row in csv.DictReader(stream)]
    with (folder / "load_forecast.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("zone", "start", "seconds", "mw"), *rows])
    return folder


def peak_tariff(folder: Path, rule: str) -> Path:
    """An all-year program of California that calls three hours of peak days."""
    file = folder / "tariff.yaml"
    file.write_text(f"""
tariff: made-up/peaks
title: Peaks
authority: Nobody
timezone: America/Los_Angeles
currency: USD
effective: 2022-01-01
filed: 2021-11-01
cite: Leaf 1
seasons: {{summer: {{from: "05-01", to: "10-31"}}}}
riders:
  battery:
    technologies: [battery]
    services:
      peak:
        calls:
          season: summer
          hours: {{from: "16:00", to: "21:00"}}
          duration_h: {{max: "3"}}
          events_per_year: {{max: "10"}}
          kinds: {{peak: {{counts: true}}}}
          triggers: [{{kind: peak_forecast, {rule}}}]
        measurement: {{point: inverter, method: direct}}
        payments: [{{family: energy, rate_usd_per_kwh: "1.00"}}]
""")
    return file


@pytest.mark.parametrize(("rule", "days"), [
    ('peak_mw_min: "51000"', ["2022-09-06", "2022-09-08"]), ('peak_mw_min: "51200"', ["2022-09-08"]),
    ('peak_mw_min: "45000", top_days: "1"', None),
    ('share_of_peak: "0.995", peak_mw: "51317"', ["2022-09-06", "2022-09-08"])])
def test_the_peak_days_of_2022_are_found(rule: str, days: list[str] | None, real_forecast: Path,
                                         tmp_path: Path) -> None:
    """Forecast peaks of 2022: 51,317 MW on September 8 and 51,144 MW on September 6 (R72). Source: CAISO OASIS."""
    events = triggers(peak_tariff(tmp_path, rule), real_forecast, "2022-05-01/2022-11-01")
    if days is None:
        days = record_days(real_forecast)
    assert days_of(events) == days
    assert all(datetime.fromisoformat(event["end"]) - datetime.fromisoformat(event["start"]) == timedelta(hours=3)
               for event in events)
    assert {event["notice"] for event in events} == {"day_ahead"}


def record_days(folder: Path) -> list[str]:
    """Days from 45,000 MW on that no earlier day of the season exceeds, from the table itself."""
    from zoneinfo import ZoneInfo

    peaks: dict[date, float] = {}
    with (folder / "load_forecast.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            day = datetime.fromisoformat(row["start"]).astimezone(ZoneInfo("America/Los_Angeles")).date()
            peaks[day] = max(peaks.get(day, 0.0), float(row["mw"]))
    season = sorted(day for day in peaks if date(2022, 5, 1) <= day)
    return [day.isoformat() for day in season
            if peaks[day] >= 45_000 and not any(peaks[other] > peaks[day] for other in season if other < day)]


@pytest.mark.parametrize(("peaks", "called"), [
    ({"2026-07-01": 1000, "2026-07-02": 1000, "2026-07-06": 1001, "2026-07-07": 1000, "2026-07-08": 999},
     ["2026-07-01", "2026-07-02", "2026-07-06", "2026-07-07"]),
    ({"2026-07-01": 1003, "2026-07-02": 1002, "2026-07-06": 1001, "2026-07-07": 1002}, ["2026-07-01", "2026-07-02",
                                                                                         "2026-07-07"]),
    ({"2026-05-31": 2000, "2026-05-29": 2000, "2026-06-01": 1000, "2026-06-02": 999}, ["2026-06-01", "2026-06-02"])])
def test_top_days_know_no_later_forecast(peaks: dict[str, int], called: list[str], tmp_path: Path) -> None:
    """A day is called if fewer than two earlier days of the season have a higher forecast (R72)."""
    world = two_homes()
    for day, peak in peaks.items():
        forecast(world, day, peak)
    tariff = tariff_with(tmp_path, '{kind: peak_forecast, event_kind: peak, top_days: "2", duration_h: "1"}')
    assert days_of(triggers(tariff, world.write(tmp_path / "in"), "2026-06-01/2026-08-01")) == called
    longer = forecast(world, "2026-07-31", 5000)
    assert days_of(triggers(tariff, longer.write(tmp_path / "in"), "2026-06-01/2026-08-01")) == [*called, "2026-07-31"]


@pytest.mark.parametrize(("peak_mw", "called"), [(1000, True), (999, False)])
def test_a_threshold_is_called_at_and_above_it(peak_mw: int, called: bool, tmp_path: Path) -> None:
    """At or above the threshold, not below (R72)."""
    world = forecast(two_homes(), "2026-07-01", peak_mw)
    tariff = tariff_with(tmp_path, '{kind: peak_forecast, event_kind: peak, peak_mw_min: "1000"}')
    assert bool(triggers(tariff, world.write(tmp_path / "in"), "2026-07")) is called


@pytest.mark.parametrize(("peak_hour", "start"), [(17, "16:00"), (15, "15:00"), (19, "17:00"), (21, "17:00"),
                                                  (12, "15:00")])
def test_the_window_lies_where_the_load_is_highest_inside_the_hours(peak_hour: int, start: str, tmp_path: Path) -> None:
    """Three hours around the peak, inside 15:00 to 20:00 (R70)."""
    world = forecast(two_homes(), "2026-07-01", 1000, peak_hour=peak_hour)
    tariff = tariff_with(tmp_path, '{kind: peak_forecast, event_kind: peak, peak_mw_min: "900"}')
    (event,) = triggers(tariff, world.write(tmp_path / "in"), "2026-07")
    assert datetime.fromisoformat(event["start"]) == datetime.fromisoformat(new_york(f"2026-07-01T{start}"))


@pytest.mark.parametrize("day", ["2026-07-04", "2026-07-05", "2026-09-07", "2026-05-29", "2026-10-01"])
def test_a_peak_outside_of_season_weekdays_and_holidays_calls_nothing(day: str, tmp_path: Path) -> None:
    world = forecast(two_homes(), day, 9000)
    tariff = tariff_with(tmp_path, '{kind: peak_forecast, event_kind: peak, peak_mw_min: "900"}')
    assert triggers(tariff, world.write(tmp_path / "in"), "2026") == []


def test_windows_beyond_the_limits_are_withheld_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Eight events a month: the ninth is not given, called events count, and `because` names the place (R58, R78)."""
    world = two_homes().event("v1", "2026-07-01T15:00", 1)
    days = [date(2026, 7, 6) + timedelta(days=number) for number in range(12)]
    weekdays = [day.isoformat() for day in days if day.weekday() < 5]
    for day in weekdays:
        forecast(world, day, 1000)
    tariff = tariff_with(tmp_path, '{kind: peak_forecast, event_kind: peak, peak_mw_min: "900", duration_h: "1"}')
    events = triggers(tariff, world.write(tmp_path / "in"), "2026-07")
    assert days_of(events) == weekdays[:7]
    assert "8 of at most 8 events of the month" in events[-1]["because"]
    said = capsys.readouterr().err
    assert said.count("is not given") == len(weekdays) - 7
    assert "Leaf 3(a)" in said


@pytest.mark.parametrize(("source", "level", "count"), [("governor", "emergency", 2), ("GOVERNOR", "Emergency", 2),
                                                        ("mayor", "emergency", 0), ("governor", "watch", 0)])
def test_a_declared_emergency_calls_at_any_hour_and_names_its_targets(source: str, level: str, count: int,
                                                                      tmp_path: Path) -> None:
    """In a state of emergency: to shelters and hospitals, out of season, each day at most three hours (R12, R74)."""
    world = two_homes().add("alerts", source=source, level=level, start=new_york("2026-12-26T22:00"),
                            end=new_york("2026-12-27T12:00"))
    events = triggers(PROGRAM, world.write(tmp_path / "in"), "2026-12")
    assert len(events) == count
    assert {event["reason"] for event in events} == ({"hospital, shelter"} if count else set())
    lengths = [datetime.fromisoformat(event["end"]) - datetime.fromisoformat(event["start"]) for event in events]
    assert lengths == [timedelta(hours=2), timedelta(hours=3)][:count]


MINIMUM = '{kind: program_minimum, event_kind: peak, lead_days: "30"}'


def hours_of(events: list[Event]) -> int:
    """Hours of events together."""
    return sum(int((datetime.fromisoformat(event["end"]) - datetime.fromisoformat(event["start"])).total_seconds())
               for event in events) // 3600


def test_a_minimum_is_made_up_on_the_last_days_when_nothing_is_forecast(tmp_path: Path) -> None:
    """Twenty hours owed in events of three hours: the last seven days on which the service may call (R59, R72)."""
    events = triggers(tariff_with(tmp_path, MINIMUM), two_homes().write(tmp_path / "in"), "2026-06-01/2026-10-01")
    assert days_of(events) == [f"2026-09-{day}" for day in ("22", "23", "24", "25", "28", "29", "30")]
    assert hours_of(events) == 20
    assert "20 hours are owed until 2026-10-01" in events[0]["because"]


@pytest.mark.parametrize(("called", "owed"), [(19, 1), (20, 0), (18, 2)])
def test_only_what_is_owed_is_made_up(called: int, owed: int, tmp_path: Path) -> None:
    """Events that were called count; what is left is made up and no more (R59)."""
    world = two_homes()
    for number in range(called // 2):
        world.event(f"v{number}", f"2026-0{6 + number // 5}-{10 + number % 5}T15:00", 2)
    if called % 2:
        world.event("odd", "2026-06-22T15:00", 1)
    events = triggers(tariff_with(tmp_path, MINIMUM), world.write(tmp_path / "in"), "2026-06-01/2026-10-01")
    assert hours_of(events) == owed


def test_a_minimum_is_made_up_on_high_days_and_knows_no_later_forecast(tmp_path: Path) -> None:
    """From thirty days before the end, high days are taken as they come; the rest fills the last days (R72)."""
    world, tariff = two_homes(), tariff_with(tmp_path, MINIMUM)
    for number in range(122):
        day = date(2026, 6, 1) + timedelta(days=number)
        forecast(world, day.isoformat(), 2000 if day in (date(2026, 9, 3), date(2026, 9, 10)) else 1000 - number)
    events = triggers(tariff, world.write(tmp_path / "in"), "2026-06-01/2026-10-01")
    assert days_of(events)[:2] == ["2026-09-03", "2026-09-10"]
    assert hours_of(events) == 20
    for row in world.tables["load_forecast"]:
        if row["start"] > "2026-09-11":
            row["mw"] = "5000"
    assert days_of(triggers(tariff, world.write(tmp_path / "in"), "2026-06-01/2026-10-01"))[:2] == days_of(events)[:2]


def test_an_operator_trigger_gives_no_window_and_an_unknown_zone_is_said(tmp_path: Path,
                                                                         capsys: pytest.CaptureFixture[str]) -> None:
    world = forecast(two_homes(), "2026-07-01", 9000, zone="WEST")
    assert triggers(PROGRAM, world.write(tmp_path / "in"), "2026-07") == []
    assert "'WEST' is not a zone of the tariff; its 12 rows are left out" in capsys.readouterr().err
