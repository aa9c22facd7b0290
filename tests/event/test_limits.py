"""What is used, left and owed: of the program, of a zone, of a battery over all its services."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from gridrider.cli import main
from tests.event.world import Answer, World, limits, new_york, propose, two_homes


def days(count: int, first: str = "2026-07-01") -> list[str]:
    """So many weekdays in a row."""
    found: list[str] = []
    day = date.fromisoformat(first)
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day.isoformat())
        day += timedelta(days=1)
    return found


def test_program_counts_hours_and_what_is_owed(tmp_path: Path) -> None:
    """Used, left and owed of events and hours, by clause (R21, R59)."""
    world = two_homes().event("v1", "2026-06-30T15:00", 3).event("v2", "2026-07-01T15:00", 2)
    answer = limits(world, tmp_path)
    month, hours = (answer.limit("program", "lakeside/all-limits", name) for name in ("events_per_month",
                                                                                     "hours_per_year"))
    assert (month["used"], month["left"], month["owed"], month["clause"]) == ("1", "7", "", "Leaf 3(a)")
    assert (month["period_start"], month["period_end"]) == ("2026-07-01", "2026-08-01")
    assert (hours["used"], hours["left"], hours["owed"]) == ("5", "25", "15")
    assert hours["clause"] == "Leaf 3(e); Leaf 3(d)"
    assert (hours["period_start"], hours["period_end"]) == ("2026-06-01", "2027-06-01")


@pytest.mark.parametrize(("at", "owed"), [("2026-12-31T12:00", ""), ("2027-06-15T12:00", "7")])
def test_a_minimum_binds_from_the_year_it_takes_effect(at: str, owed: str, tmp_path: Path) -> None:
    """The least seven events hold from their own year on and not before (R59)."""
    answer = limits(two_homes(), tmp_path, "--at", new_york(at))
    assert answer.limit("program", "lakeside/all-limits", "events_per_year")["owed"] == owed


@pytest.mark.parametrize(("at", "owed_events"), [
    ("2022-10-31T12:00:00-07:00", None), ("2023-10-31T12:00:00-07:00", None), ("2024-10-31T12:00:00-07:00", "7")])
def test_elrp_owes_seven_events_only_since_2024(at: str, owed_events: str | None, tariffs: Path,
                                                tmp_path: Path) -> None:
    """S1: as of 2024 a minimum of seven events; at least 20 and as many as 60 hours in every year (R59)."""
    world = World().add("enrollments", zone="PGE")
    answer = limits(world, tmp_path, "--at", at, tariff=tariffs / "pge/elrp-a4/tariff.yaml")
    rows = {row["parameter"]: row for row in answer.table("limits")}
    assert (rows["hours_per_year"]["owed"], rows["hours_per_year"]["left"]) == ("20", "60")
    assert (rows["events_per_year"]["owed"] if "events_per_year" in rows else None) == owed_events


def test_zones_count_apart_and_the_program_is_its_most_called_zone(tmp_path: Path) -> None:
    """Events that name a zone use that zone's limit; an event for all uses everybody's (R77)."""
    world = two_homes().event("v1", "2026-07-01T15:00", 2, zone="NORTH").event("v2", "2026-07-02T15:00", 2)
    world.event("v3", "2026-07-06T15:00", 2, zone="SOUTH").event("v4", "2026-07-07T15:00", 2, zone="SOUTH")
    answer = limits(world, tmp_path)
    used = {row["id"]: row["used"] for row in answer.table("limits")
            if row["parameter"] == "events_per_month" and row["scope"] != "enrollment"}
    assert used == {"lakeside/all-limits": "3", "NORTH": "2", "SOUTH": "3"}


@pytest.mark.parametrize(("cells", "used"), [
    ({}, "1"), ({"kind": "test"}, "0"), ({"kind": "emergency"}, "1"),
    ({"cancelled_at": new_york("2026-07-01T14:59")}, "0"), ({"cancelled_at": new_york("2026-07-01T15:00")}, "1"),
    ({"called_at": new_york("2026-07-10T12:00")}, "1"), ({"called_at": new_york("2026-07-10T12:01")}, "0")])
def test_which_events_use_the_limits(cells: dict[str, str], used: str, tmp_path: Path) -> None:
    """Cancelled before its start, exempt by its kind, or not called yet: it uses nothing (R71)."""
    answer = limits(two_homes().event("v1", "2026-07-01T15:00", 2, **cells), tmp_path, "--at",
                    new_york("2026-07-10T12:00"))
    assert answer.limit("program", "lakeside/all-limits", "events_per_month")["used"] == used
    assert answer.limit("enrollment", "e1", "events_per_month")["used"] == used


def test_overlapping_events_of_a_service_are_one(tmp_path: Path) -> None:
    world = two_homes().event("v1", "2026-07-01T15:00", 2).event("v2", "2026-07-01T16:00", 2)
    world.event("v3", "2026-07-01T18:00", 1)
    answer = limits(world, tmp_path)
    assert answer.limit("program", "lakeside/all-limits", "events_per_month")["used"] == "2"
    assert answer.limit("program", "lakeside/all-limits", "hours_per_year")["used"] == "4"


def test_a_battery_counts_over_services_riders_and_enrollments(tmp_path: Path) -> None:
    """The cap is the battery's, over all services, riders and successive enrollments at its point (R58)."""
    world = World().add("enrollments", ends_on="2026-07-05")
    world.add("enrollments", enrollment_id="e9", customer_id="c9", starts_on="2026-07-06")
    world.add("enrollments", enrollment_id="x1", rider="vehicle")
    world.event("v1", "2026-07-01T15:00", 2).event("v2", "2026-07-02T15:00", 2, service="relief")
    world.event("v3", "2026-07-03T15:00", 2, service="charge").event("v4", "2026-07-07T15:00", 2)
    answer = limits(world, tmp_path)
    assert answer.limit("enrollment", "e9", "events_per_month")["used"] == "4"
    assert answer.limit("enrollment", "e9", "events_per_year")["left"] == "66"
    assert not [row for row in answer.table("limits") if row["id"] in ("e1", "x1")], "ended, and without caps"


@pytest.mark.parametrize(("table", "cells", "used"), [
    ("opt_outs", {"at": new_york("2026-07-01T14:59")}, "0"), ("opt_outs", {"at": new_york("2026-07-01T15:00")}, "1"),
    ("unavailable", {"event_id": "v1", "reason": "suspended"}, "0"),
    ("unavailable", {"event_id": "v1", "reason": "not_called"}, "0"),
    ("unavailable", {"start": new_york("2026-07-01T15:00"), "end": new_york("2026-07-01T17:00"),
                     "reason": "storm_hold"}, "0"),
    ("unavailable", {"start": new_york("2026-07-01T15:00"), "end": new_york("2026-07-01T16:59"),
                     "reason": "storm_hold"}, "1"),
    ("unavailable", {"start": new_york("2026-07-01T15:01"), "end": new_york("2026-07-01T18:00"),
                     "reason": "islanded"}, "1"),
    ("enrollments", {"agreement_signed_on": ""}, "0"), ("enrollments", {"agreement_signed_on": "2026-07-02"}, "0"),
    ("enrollments", {"agreement_signed_on": "2026-07-01"}, "1"), ("enrollments", {"medical_baseline": "true"}, "0"),
    ("enrollments", {"services": "relief"}, "0"), ("enrollments", {"zone": "SOUTH"}, "0"),
    ("enrollments", {"starts_on": "2026-07-02"}, "0")])
def test_what_was_not_dispatched_uses_nothing_of_a_battery(table: str, cells: dict[str, str], used: str,
                                                           tmp_path: Path) -> None:
    """Opted out before the start, unavailable throughout, unsigned, excluded, elsewhere (R64, R65, R136, R139)."""
    world = World().add("enrollments", **(cells if table == "enrollments" else {}))
    world.event("v1", "2026-07-01T15:00", 2, zone="NORTH").event("later", "2026-07-09T15:00", 1, zone="SOUTH")
    if table == "opt_outs":
        world.add(table, event_id="v1", **cells)
    elif table == "unavailable":
        world.add(table, **cells)
    answer = limits(world, tmp_path, "--at", new_york("2026-07-09T12:00"))
    own = answer.limit("enrollment", "e1", "events_per_month")["used"]
    assert int(own) - (cells.get("zone") == "SOUTH") == int(used)


def test_two_spans_that_touch_cover_an_event(tmp_path: Path) -> None:
    world = two_homes().event("v1", "2026-07-01T15:00", 2)
    for start, end, reason in (("15:00", "16:00", "suspended"), ("16:00", "17:00", "islanded")):
        world.add("unavailable", start=new_york(f"2026-07-01T{start}"), end=new_york(f"2026-07-01T{end}"),
                  reason=reason)
        world.add("unavailable", enrollment_id="e2", start=new_york(f"2026-07-01T{start}").replace(":00:00", ":00:01"),
                  end=new_york(f"2026-07-01T{end}"), reason=reason)
    answer = limits(world, tmp_path)
    assert [answer.limit("enrollment", name, "events_per_month")["used"] for name in ("e1", "e2")] == ["0", "1"]


# ---- cycles -----------------------------------------------------------------------------------------
def many_calls(count: int) -> World:
    """So many events of `relief`, each of which takes 80 % of the battery."""
    world = two_homes()
    for number in range(count):
        day = (date(2026, 1, 1) + timedelta(days=2 * number)).isoformat()
        world.event(f"r{number:02d}", f"{day}T15:00", 3, service="relief")
    return world


def test_event_63_of_a_year_is_cut_to_half(tmp_path: Path) -> None:
    """50 cycles a year at 80 % depth: 62 events use 49.6, and of the next one half remains (R60)."""
    world = many_calls(62)
    answer = propose(world, tmp_path, "2026-07-01T15:00", "2026-07-01T18:00")
    cycles = answer.limit("enrollment", "e1", "cycles_per_year")
    assert (cycles["used"], cycles["left"], cycles["basis"], cycles["clause"]) == ("49.6", "0.4", "estimated", "Leaf 5")
    (cut,) = [row for row in answer.table("refusals") if row["enrollment_id"] == "e1"]
    assert (cut["cause"], cut["share"], cut["clause"]) == ("cycles_per_year", "0.5", "Leaf 5")
    assert answer.code == 0
    assert {row["enrollment_id"] for row in answer.table("notices")} == {"e1", "e2"}, "cut, and still called"


@pytest.mark.parametrize(("count", "hours", "shares"), [(61, 3, set()), (62, 1, {"1"}), (62, 2, {"0.540000"})])
def test_cycles_bind_only_beyond_the_cap(count: int, hours: int, shares: set[str], tmp_path: Path) -> None:
    """62 x 0.8 = 49.6: one hour of 5 kW from 13.5 kWh is 0.37 cycles and fits; two are 0.74 and do not (R60)."""
    answer = propose(many_calls(count), tmp_path, "2026-07-01T15:00", f"2026-07-01T{15 + hours}:00")
    found = {row["share"] for row in answer.table("refusals") if row["cause"] == "cycles_per_year"}
    assert {float(share) for share in found} == {float(share) for share in shares if share != "1"}


def test_given_discharge_stands_for_the_estimate_and_own_cycling_for_nothing(tmp_path: Path) -> None:
    """Only discharge that the utility called makes a cycle; what was measured counts as given (R60)."""
    world = two_homes().event("v1", "2026-07-01T15:00", 3).event("v2", "2026-07-02T15:00", 3)
    world.add("called_discharge", event_id="v1", kwh="2.7").add("called_discharge", event_id="v2", kwh="1.35")
    world.add("called_discharge", enrollment_id="e2", event_id="v1", kwh="2.7")
    answer = limits(world, tmp_path)
    mine, theirs = (answer.limit("enrollment", name, "cycles_per_year") for name in ("e1", "e2"))
    assert (mine["used"], mine["basis"]) == ("0.3", "given")
    assert (theirs["used"], theirs["basis"]) == ("1", "estimated")


@pytest.mark.parametrize(("cells", "used", "basis"), [
    ({"usable_kwh": "", "duration_h": "2.7"}, "0.8", "estimated"), ({"usable_kwh": ""}, "", "unknown"),
    ({"nameplate_kw": "1"}, "0.222222", "estimated")])
def test_usable_energy_comes_from_its_column_or_from_nameplate_and_duration(
        cells: dict[str, str], used: str, basis: str, tmp_path: Path) -> None:
    answer = limits(World().add("enrollments", **cells).event("v1", "2026-07-01T15:00", 3), tmp_path)
    row = answer.limit("enrollment", "e1", "cycles_per_year")
    assert (row["used"], row["basis"]) == (used, basis)


# ---- an independent count over drawn worlds -----------------------------------------------------------
def drawn(seed: int) -> World:
    """Batteries with one to three enrollments, events of three services, and everything that takes them out."""
    chance, world = random.Random(seed), World()
    for number in range(chance.randint(4, 12)):
        rider = chance.choice(("battery", "battery", "vehicle"))
        services = chance.choice(("", "", "peak", "relief", "peak;relief")) if rider == "battery" else ""
        world.add("enrollments", enrollment_id=f"e{number}", customer_id=f"c{number}", rider=rider, services=services,
                  point_id=f"m{chance.randint(0, number)}", zone=chance.choice(("NORTH", "SOUTH")),
                  technology=chance.choice(("battery", "battery", "battery", "ev")),
                  duration_h=chance.choice(("", "2", "3")), usable_kwh=chance.choice(("13.5", "7.25")),
                  nameplate_kw=chance.choice(("5", "3.3")),
                  starts_on=chance.choice(("2020-01-01", "2026-07-03")), ends_on=chance.choice(("", "", "2026-07-12")),
                  agreement_signed_on=chance.choice(("2020-01-01", "2026-07-02", "")),
                  medical_baseline=chance.choice(("", "", "true")))
    for number in range(chance.choice((3, 9, 70))):
        day = date(2026, 6, 25) + timedelta(days=chance.randint(0, 25))
        start = f"{day}T{chance.randint(12, 18)}:00"
        world.event(f"v{number:02d}", start, chance.randint(1, 3), service=chance.choice(("peak", "relief", "charge")),
                    zone=chance.choice(("", "NORTH", "NORTH;SOUTH")),
                    cancelled_at=chance.choice(("", "", new_york(start))))
        for name in {chance.randrange(12) for _ in range(3)}:
            if name < len(world.tables["enrollments"]):
                draw_absence(chance, world, f"e{name}", f"v{number:02d}", start)
    return world


def draw_absence(chance: random.Random, world: World, enrollment: str, event: str, start: str) -> None:
    """One reason why an event did not reach an enrollment, or did in part, or what it gave."""
    what = chance.choice(("opt_out", "whole", "span", "given"))
    hour = int(start[11:13])
    if what == "opt_out":
        world.add("opt_outs", event_id=event, enrollment_id=enrollment,
                  at=new_york(f"{start[:11]}{hour + chance.choice((-1, 0)):02d}:00"))
    elif what == "whole":
        world.add("unavailable", enrollment_id=enrollment, event_id=event, reason="not_called")
    elif what == "span":
        world.add("unavailable", enrollment_id=enrollment, reason="islanded",
                  start=new_york(f"{start[:11]}{hour - 1}:00"),
                  end=new_york(f"{start[:11]}{hour + chance.randint(1, 3)}:00"))
    else:
        world.add("called_discharge", enrollment_id=enrollment, event_id=event, kwh=chance.choice(("1.1", "0")))


@pytest.mark.parametrize("seed", range(25))
def test_batteries_are_counted_as_a_loop_over_rows_counts_them(seed: int, tmp_path: Path) -> None:
    """Every battery's month, year and cycles against another implementation (R58, R60, R64)."""
    from tests.event.counting import count

    world = drawn(seed)
    answer = limits(world, tmp_path, "--at", new_york("2026-07-20T23:00"))
    expected = count(world, date(2026, 7, 20))
    found = {(row["id"], row["parameter"]): row["used"] for row in answer.table("limits")
             if row["scope"] == "enrollment"}
    assert found == expected
    assert expected


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    world = drawn(7)
    before = limits(world, tmp_path / "a", "--at", new_york("2026-07-20T23:00"))
    for rows in world.tables.values():
        rows.reverse()
    after = limits(world, tmp_path / "b", "--at", new_york("2026-07-20T23:00"))
    assert (before.out / "limits.csv").read_bytes() == (after.out / "limits.csv").read_bytes()
    keys = [(row["scope"], row["id"], row["service"], row["parameter"]) for row in after.table("limits")]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("options", "reason"), [
    (("--service", "gone"), "is not a service of the tariff"), ((), "the tariff has several"),
    (("--service", "peak", "--zone", "WEST"), "is not a zone of the tariff"),
    (("--service", "peak", "--kind", "gone"), "is not a kind that the tariff names")])
def test_a_proposal_that_names_what_is_not_there_is_an_error(options: tuple[str, ...], reason: str, tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    span = f"{new_york('2026-07-01T15:00')}/{new_york('2026-07-01T17:00')}"
    answer = limits(two_homes(), tmp_path, "--propose", span, *options)
    assert (answer.code, sorted(file.name for file in answer.out.iterdir())) == (1, ["problems.csv"])
    assert reason in capsys.readouterr().err


def test_without_events_a_time_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert limits(two_homes(), tmp_path).code == 1
    assert "Give --at." in capsys.readouterr().err


@pytest.mark.parametrize("span", ["2026-07-01T15:00:00-04:00", "2026-07-01T15:00:00-04:00/2026-07-01T15:00:00-04:00",
                                  "2026-07-01T15:00/2026-07-01T16:00"])
def test_a_span_that_is_none_is_wrong_usage(span: str, tmp_path: Path) -> None:
    assert limits(two_homes(), tmp_path, "--propose", span).code == 2


def test_json_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    answer: Answer = propose(two_homes(), tmp_path, "2026-07-04T15:00", "2026-07-04T17:00", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["refused"] is True
    assert {each["clause"] for each in said["refusals"]} == {"Leaf 2(a)", "Leaf 2(b)"} == answer.clauses()
    assert answer.code == 1
    assert main(["limits", "nowhere.yaml", "--inputs", str(tmp_path), "--out", str(tmp_path / "x")]) == 1
