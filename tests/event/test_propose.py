"""May this event be called: each operating parameter on both sides of its boundary, and who is spared."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridrider.cli import main
from tests.event.world import PROGRAM, Answer, World, new_york, propose, two_homes

ELRP_2022 = ("08-17", "08-31", "09-01", "09-03", "09-04", "09-05", "09-06", "09-07", "09-08", "09-09")
"""S1, 2022 Performance: the dates of the ten events."""


@pytest.mark.parametrize(("start", "end", "clauses"), [
    ("2026-07-01T15:00", "2026-07-01T18:00", set()), ("2026-07-01T17:00", "2026-07-01T20:00", set()),
    ("2026-07-01T14:59", "2026-07-01T17:00", {"Leaf 2(c)"}), ("2026-07-01T17:01", "2026-07-01T20:01", {"Leaf 2(c)"}),
    ("2026-06-01T15:00", "2026-06-01T17:00", set()), ("2026-05-29T15:00", "2026-05-29T17:00", {"season summer"}),
    ("2026-09-30T15:00", "2026-09-30T17:00", set()), ("2026-10-01T15:00", "2026-10-01T17:00", {"season summer"}),
    ("2026-07-10T15:00", "2026-07-10T17:00", set()), ("2026-07-11T15:00", "2026-07-11T17:00", {"Leaf 2(a)"}),
    ("2026-09-07T15:00", "2026-09-07T17:00", {"Leaf 2(b)"}), ("2026-09-08T15:00", "2026-09-08T17:00", set()),
    ("2026-07-01T15:00", "2026-07-01T16:00", set()), ("2026-07-01T15:00", "2026-07-01T15:59", {"Leaf 2(d)"}),
    ("2026-07-01T15:00", "2026-07-01T18:01", {"Leaf 2(e)"}),
    ("2026-10-03T22:00", "2026-10-04T02:00", {"season summer", "Leaf 2(a)", "Leaf 2(c)", "Leaf 2(e)"})])
def test_the_operating_window(start: str, end: str, clauses: set[str], tmp_path: Path) -> None:
    """Season, weekday, holiday, hours, length: inside is called, outside refused by its clause (R21, R66, R70)."""
    answer = propose(two_homes(), tmp_path, start, end)
    assert answer.clauses() == clauses
    assert answer.code == bool(clauses)
    assert (answer.out / "notices.csv").exists() is not bool(clauses)


def test_an_emergency_may_be_called_at_any_time_if_its_kind_says_so(tmp_path: Path) -> None:
    """A kind may lie outside of season, days and hours; the longest event still binds it (R74, R130)."""
    fine = propose(two_homes(), tmp_path / "a", "2026-12-26T02:00", "2026-12-26T05:00", "--kind", "emergency")
    long = propose(two_homes(), tmp_path / "b", "2026-12-26T02:00", "2026-12-26T06:00", "--kind", "emergency")
    assert (fine.code, long.code, long.clauses()) == (0, 1, {"Leaf 2(e)"})


@pytest.mark.parametrize(("at", "kind", "clauses"), [
    ("2026-06-30T17:00", "peak", set()), ("2026-06-30T17:01", "peak", set()), ("2026-07-01T13:00", "peak", set()),
    ("2026-07-01T13:01", "peak", {"Leaf 4(a)", "Leaf 4(b)"}), ("2026-06-30T17:00", "planned", set()),
    ("2026-06-30T17:01", "planned", {"Leaf 4(a)", "Leaf 4(c)"}),
    ("2026-07-01T15:00", "peak", {"an event is called before it starts"})])
def test_notice_comes_the_day_before_or_long_enough_ahead(at: str, kind: str, clauses: set[str],
                                                          tmp_path: Path) -> None:
    """By 17:00 on the day before, else two hours ahead, which is not for what could be foreseen (R66, R128)."""
    answer = propose(two_homes(), tmp_path, "2026-07-01T15:00", "2026-07-01T17:00", "--kind", kind, at=at)
    assert answer.clauses() == clauses


def test_without_a_day_of_rule_only_the_day_before_will_do(tmp_path: Path) -> None:
    """Where a tariff states only the hour of the day before, a later call is refused (R66)."""
    only = tmp_path / "tariff.yaml"
    only.write_text(PROGRAM.read_text().replace('day_of_min_minutes: {value: "120", cite: "Leaf 4(b)"}', ""))
    world = two_homes().write(tmp_path / "in")
    for at, code in (("2026-06-30T17:00", 0), ("2026-06-30T17:01", 1)):
        assert main(["limits", str(only), "--inputs", str(world), "--out", str(tmp_path / "out"), "--service", "peak",
                     "--at", new_york(at), "--propose",
                     f"{new_york('2026-07-01T15:00')}/{new_york('2026-07-01T17:00')}"]) == code


@pytest.mark.parametrize(("start", "zone", "clauses"), [
    ("2026-07-01T17:00", "", set()), ("2026-07-01T16:59", "", {"one event of a service at a time"}),
    ("2026-07-01T16:00", "SOUTH", set()), ("2026-07-01T16:00", "NORTH", {"one event of a service at a time"})])
def test_two_events_of_a_service_do_not_overlap_in_a_zone(start: str, zone: str, clauses: set[str],
                                                          tmp_path: Path) -> None:
    """One event of a service at a time in a zone; other zones are called apart (R71, R77)."""
    world = two_homes().event("v1", "2026-07-01T15:00", 2, zone="NORTH")
    answer = propose(world, tmp_path, start, "2026-07-01T18:00", *(("--zone", zone) if zone else ()))
    assert answer.clauses() == clauses


@pytest.mark.parametrize(("day", "clauses"), [("2026-07-02", {"Leaf 15"}), ("2026-07-03", set()),
                                              ("2026-06-30", {"Leaf 15"}), ("2026-06-29", set())])
def test_days_in_a_row_are_excluded_where_the_tariff_says_so(day: str, clauses: set[str], tmp_path: Path) -> None:
    world = two_homes().event("v1", "2026-07-01T15:00", 2, service="relief")
    answer = propose(world, tmp_path, f"{day}T15:00", f"{day}T17:00", "--service", "relief")
    assert answer.clauses() == clauses


def of_2022(tmp_path: Path, dates: tuple[str, ...], proposed: str) -> Answer:
    """The ten events of 2022 under a cap of eight a month, and one more."""
    tariff = tmp_path / "tariff.yaml"
    tariff.write_text(PROGRAM.read_text().replace("2026-01-01", "2020-01-01").replace("2025-11-01", "2019-11-01"))
    world = two_homes()
    for date in dates:
        world.event(f"v{date}", f"2022-{date}T15:00", 2)
    out = tmp_path / "out"
    code = main(["limits", str(tariff), "--inputs", str(world.write(tmp_path / "in")), "--out", str(out), "--service",
                 "peak", "--propose", f"{new_york(f'2022-{proposed}T15:00')}/{new_york(f'2022-{proposed}T17:00')}"])
    return Answer(code=code, out=out)


def test_september_2022_has_exactly_the_cap_and_a_ninth_event_is_refused(tmp_path: Path) -> None:
    """Eight events of September 2022 are the cap of eight a month; the ninth is refused (R58, R78)."""
    answer = of_2022(tmp_path, ELRP_2022, "09-12")
    assert (answer.code, answer.clauses()) == (1, {"Leaf 3(a)"})
    assert {(row["clause"], row["cause"]) for row in answer.table("refusals") if row["scope"] == "enrollment"} == {
        ("Leaf 6", "events_per_month")}
    row = answer.limit("enrollment", "e1", "events_per_month")
    assert (row["used"], row["left"]) == ("8", "0")


def test_the_eighth_event_of_september_2022_is_called(tmp_path: Path) -> None:
    """Seven before it leave room for one (R58, R78)."""
    answer = of_2022(tmp_path, tuple(date for date in ELRP_2022 if date != "09-09"), "09-09")
    assert (answer.code, answer.table("refusals")) == (0, [])


def test_an_exempt_kind_is_called_beyond_the_cap(tmp_path: Path) -> None:
    """Tests use no limits where their kind says so (R130)."""
    world = two_homes()
    for day in ("01", "02", "06", "07", "08", "09", "10", "13"):
        world.event(f"v{day}", f"2026-07-{day}T15:00", 2)
    assert propose(world, tmp_path / "a", "2026-07-14T15:00", "2026-07-14T16:00", "--kind", "test").code == 0
    assert propose(world, tmp_path / "b", "2026-07-14T15:00", "2026-07-14T16:00").clauses() == {"Leaf 3(a)"}


@pytest.mark.parametrize(("hours", "clauses"), [(2, set()), (3, {"Leaf 3(e)"})])
def test_hours_of_the_year(hours: int, clauses: set[str], tmp_path: Path) -> None:
    """28 of 30 hours are used: two more fit, three do not (R59)."""
    world = two_homes()
    for number in range(14):
        world.event(f"v{number}", f"2026-0{6 + number // 7}-{10 + number % 7}T15:00", 2)
    answer = propose(world, tmp_path, "2026-08-03T15:00", f"2026-08-03T{15 + hours}:00")
    assert answer.clauses() == clauses


# ---- who is spared --------------------------------------------------------------------------------
SPAN = (new_york("2026-07-01T15:00"), new_york("2026-07-01T17:00"))


@pytest.mark.parametrize(("table", "cells", "cause", "clause", "share"), [
    ("enrollments", {"medical_baseline": "true"}, "medical", "Leaf 10", "0"),
    ("enrollments", {"agreement_signed_on": ""}, "unsigned", "no agreement, no dispatch", "0"),
    ("enrollments", {"agreement_signed_on": "2026-07-02"}, "unsigned", "no agreement, no dispatch", "0"),
    ("enrollments", {"starts_on": "2026-07-02"}, "not_begun", "enrollment", "0"),
    ("enrollments", {"ends_on": "2026-06-30"}, "ended", "enrollment", "0"),
    ("enrollments", {"zone": "SOUTH"}, "zone", "zone of the event", "0"),
    ("enrollments", {"technology": "ev"}, "technology", "technologies of the rider", "0"),
    ("enrollments", {"services": "relief"}, "services", "services of the enrollment", "0"),
    ("unavailable", {"start": SPAN[0], "end": SPAN[1], "reason": "suspended"}, "suspended", "Leaf 13", "0"),
    ("unavailable", {"start": SPAN[0], "end": SPAN[1], "reason": "storm_hold"}, "storm_hold", "Leaf 11", "0"),
    ("unavailable", {"start": SPAN[0], "end": SPAN[1], "reason": "islanded"}, "islanded", "Leaf 8", "0"),
    ("unavailable", {"start": SPAN[0], "end": SPAN[1], "reason": "unreachable"}, "unreachable", "unavailable time",
     "0"),
    ("unavailable", {"start": SPAN[0], "end": new_york("2026-07-01T15:30"), "reason": "storm_hold"}, "storm_hold",
     "Leaf 11", "0.75")])
def test_who_is_spared_and_by_which_clause(table: str, cells: dict[str, str], cause: str, clause: str, share: str,
                                           tmp_path: Path) -> None:
    """A refusal of one enrollment does not refuse the event: it goes on without it (R65, R135, R136, R139, R74)."""
    own = cells if table == "enrollments" else {}
    world = World().add("enrollments", nameplate_kw="100", usable_kwh="500", **own)
    world.add("enrollments", enrollment_id="e2", customer_id="c2", point_id="m2", nameplate_kw="100", usable_kwh="500")
    if table == "unavailable":
        world.add(table, **cells)
    answer = propose(world, tmp_path, "2026-07-01T15:00", "2026-07-01T17:00", "--zone", "NORTH")
    (row,) = answer.table("refusals")
    assert (row["enrollment_id"], row["cause"], row["clause"], row["share"]) == ("e1", cause, clause, share)
    assert row["reason"]
    assert answer.code == 0
    told = {row["enrollment_id"] for row in answer.table("notices")}
    assert told == ({"e2"} if share == "0" else {"e1", "e2"})


@pytest.mark.parametrize("cells", [{"agreement_signed_on": "2026-07-01"}, {"starts_on": "2026-07-01"},
                                   {"ends_on": "2026-07-01"}, {"services": "peak"}, {"medical_baseline": "false"}])
def test_who_is_just_inside_is_called(cells: dict[str, str], tmp_path: Path) -> None:
    """The other side of each boundary (R135, R136, R139)."""
    world = World().add("enrollments", nameplate_kw="10", **cells)
    world.add("unavailable", start=new_york("2026-07-01T14:00"), end=SPAN[0], reason="storm_hold")
    answer = propose(world, tmp_path, "2026-07-01T15:00", "2026-07-01T17:00", "--zone", "NORTH")
    assert answer.table("refusals") == []
    assert {row["enrollment_id"] for row in answer.table("notices")} == {"e1"}


@pytest.mark.parametrize(("second_kw", "spared"), [("5", 0), ("4.999999", 3)])
def test_an_aggregation_below_its_least_power_is_not_called(second_kw: str, spared: int, tmp_path: Path) -> None:
    """10 kW together are called, less is not; the aggregation and each of its members are named (R135)."""
    world = World().add("enrollments").add("enrollments", enrollment_id="e2", point_id="m2", nameplate_kw=second_kw)
    answer = propose(world, tmp_path, "2026-07-01T15:00", "2026-07-01T17:00")
    rows = answer.table("refusals")
    assert len(rows) == spared
    assert {row["clause"] for row in rows} <= {"Leaf 9"}
    assert answer.code == 0


def test_every_reason_of_an_enrollment_is_given_at_once(tmp_path: Path) -> None:
    """A storm, an outage and a suspension at one time are three reasons, not one (R65, R135)."""
    world = World().add("enrollments", nameplate_kw="10", medical_baseline="true", agreement_signed_on="")
    for reason in ("suspended", "storm_hold", "islanded"):
        world.add("unavailable", start=SPAN[0], end=SPAN[1], reason=reason)
    answer = propose(world, tmp_path, "2026-07-01T15:00", "2026-07-01T17:00")
    assert {row["cause"] for row in answer.table("refusals") if row["scope"] == "enrollment"} == {
        "suspended", "storm_hold", "islanded", "medical", "unsigned"}
