"""Each rule of the reconciliation on both sides of its boundary."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.reconcile.world import World, at, changed, kinds, ordinary, run, table


def test_an_award_reaches_to_the_ends_of_its_clock_hours_and_no_further(tmp_path: Path) -> None:
    """An award from 10:45 to 11:15 makes 10:00 to 12:00 award hours (R98)."""
    world = ordinary()
    world.award("2016-03-01T10:45", seconds=1800)
    for clock in ("09:45", "10:00", "11:45", "12:00"):
        world.read("W1", f"2016-03-01T{clock}", 0, 1)
    assert run(world, tmp_path) == 0
    assert [at(tmp_path, f"2016-03-01T{clock}")["addback_kwh"] for clock in ("09:45", "10:00", "11:45", "12:00")] == [
        "0.000000", "1.000000", "1.000000", "0.000000"]


def test_an_award_that_ends_on_the_hour_leaves_the_next_hour_alone(tmp_path: Path) -> None:
    """Intervals are half-open: an award until 11:00 is none at 11:00 (R98)."""
    world = ordinary()
    world.award("2016-03-01T10:59:59", seconds=1)
    assert run(world, tmp_path) == 0
    assert [at(tmp_path, f"2016-03-01T{clock}")["award"] for clock in ("10:00", "11:00")] == ["true", "false"]


@pytest.mark.parametrize(("first", "rows", "awarded"), [("2016-03-13", 92, 8), ("2016-11-06", 100, 8)])
def test_days_of_23_and_25_hours(first: str, rows: int, awarded: int, tmp_path: Path) -> None:
    """On the days of the clock's change each elapsed clock hour is an hour of its own (R98)."""
    world = ordinary(first)
    world.award(f"{first}T01:30", seconds=60)
    world.award(f"{first}T03:30", seconds=60)
    assert run(world, tmp_path, f"{first}/{date.fromisoformat(first).replace(day=int(first[-2:]) + 1)}") == 0
    retail = table(tmp_path, "retail")
    assert len(retail) == rows
    assert sum(row["award"] == "true" for row in retail) == awarded


def test_the_two_hours_of_one_clock_time_are_told_apart(tmp_path: Path) -> None:
    """At 01:30 twice on 2016-11-06, an award in the later one leaves the earlier alone (R98)."""
    world = ordinary("2016-11-06")
    world.award("2016-11-06T01:30*", seconds=60)
    assert run(world, tmp_path, "2016-11-06/2016-11-07") == 0
    assert at(tmp_path, "2016-11-06T01:00")["award"] == "false"
    assert at(tmp_path, "2016-11-06T01:00*")["award"] == "true"


def test_a_missing_reading_is_blank_and_told_and_marks_the_month(tmp_path: Path) -> None:
    """Nothing that is missing becomes a zero: bill blank, exception told, month not complete (R104)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.read("M1", "2016-03-01T08:00", None, None)
    world.read("W1", "2016-03-01T10:15", None, None)
    world.read("W1", "2016-03-01T12:00", None, None)
    assert run(world, tmp_path) == 0
    assert at(tmp_path, "2016-03-01T08:00")["billed_kwh"] == ""
    assert at(tmp_path, "2016-03-01T10:15")["billed_kwh"] == ""
    assert at(tmp_path, "2016-03-01T12:00")["billed_kwh"] == "0.000000"
    assert at(tmp_path, "2016-03-01T12:00")["generation_kwh"] == ""
    assert kinds(tmp_path) == ["missing_master_reading", "generation_without_meter", "missing_wholesale_reading"]
    (demand,) = table(tmp_path, "demand")
    assert (demand["intervals"], demand["intervals_missing"], demand["complete"]) == ("96", "2", "false")


def test_a_whole_month_without_gaps_is_complete_and_a_part_is_not(tmp_path: Path) -> None:
    """The month's demand says whether the month is whole (R104)."""
    world = World()
    world.resource()
    for day in range(1, 29):
        for point in ("M1", "W1"):
            world.day(point, date(2015, 2, day), import_kwh="1", seconds=3600)
    world.add("awards", resource_id="R1", start="2015-02-01T18:00:00Z", seconds=60, product="reg_up", mw="1")
    tariff = changed(tmp_path, ('demand_interval_minutes: {value: "15"', 'demand_interval_minutes: {value: "60"'),
                     ("effective: 2015-12-24\nfiled: 2015-12-24", "effective: 2015-01-01\nfiled: 2015-01-01"))
    assert run(world, tmp_path, "2015-02", tariff) == 0
    assert [row["complete"] for row in table(tmp_path, "demand")] == ["true"]
    assert run(world, tmp_path, "2015-02-01/2015-02-28", tariff) == 0
    assert [row["complete"] for row in table(tmp_path, "demand")] == ["false"]


def test_peaks_are_the_earliest_on_a_tie(tmp_path: Path) -> None:
    """Two equal peaks: the earlier one is named (R100)."""
    world = ordinary()
    for clock in ("09:00", "17:00"):
        world.read("M1", f"2016-03-01T{clock}", 50)
    world.award("2016-03-01T17:00")
    assert run(world, tmp_path) == 0
    (demand,) = table(tmp_path, "demand")
    assert demand["master_peak_kw"] == "200.000000"
    assert demand["master_peak_at"] == demand["billed_peak_at"] == "2016-03-01T17:00:00Z"


def test_finer_readings_are_summed_to_the_demand_interval(tmp_path: Path) -> None:
    """With demand over 30 minutes two quarter hours make one interval (R100)."""
    world = ordinary()
    world.award("2016-03-01T17:00")
    world.read("M1", "2016-03-01T10:00", 50)
    world.read("M1", "2016-03-01T10:15", 30)
    world.read("M1", "2016-03-01T10:30", 60)
    tariff = changed(tmp_path, ('demand_interval_minutes: {value: "15"', 'demand_interval_minutes: {value: "30"'))
    assert run(world, tmp_path, tariff=tariff) == 0
    (demand,) = table(tmp_path, "demand")
    assert (demand["master_peak_kw"], demand["master_peak_at"]) == ("160.000000", "2016-03-01T18:00:00Z")


def test_coarser_readings_than_the_demand_interval_are_refused(tmp_path: Path) -> None:
    """Hourly readings make no quarter-hour demand; nothing is written (R100)."""
    world = World()
    world.resource()
    for point in ("M1", "W1"):
        world.day(point, date(2016, 3, 1), seconds=3600)
    world.award("2016-03-01T10:00")
    assert run(world, tmp_path) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["problems.csv"]
    assert "come every 60 minutes" in table(tmp_path, "problems")[0]["reason"]


@pytest.mark.parametrize(("edit", "row", "reason"), [
    ({"seconds": "0"}, {}, "not between 1 and 86400"),
    ({"product": "frequency"}, {}, "is not one of"),
    ({}, {"seconds": "420"}, "does not lie in one clock hour"),
    ({}, {"start": "2016-03-01T18:50:00Z", "seconds": "1800"}, "does not lie in one clock hour"),
    ({}, {"recalculation": "T+1B"}, "is no run of the statement"),
])
def test_bad_rows_are_refused_and_nothing_is_written(edit: dict[str, str], row: dict[str, str], reason: str,
                                                     tmp_path: Path) -> None:
    """A row that means nothing stops the run (R104)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.line("2016-03-01T10:00", "0.01")
    world.rows["awards"][0].update(edit)
    world.rows["market_statement"][0].update(row)
    assert run(world, tmp_path) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["problems.csv"]
    assert any(reason in problem["reason"] for problem in table(tmp_path, "problems"))


def test_meters_that_would_count_twice_are_refused(tmp_path: Path) -> None:
    """Two resources on one wholesale meter, or a master meter as a resource's (R84)."""
    world = ordinary()
    world.resource(2, wholesale_point_id="W1")
    world.resource(3, wholesale_point_id="M1")
    assert run(world, tmp_path) == 1
    reasons = [problem["reason"] for problem in table(tmp_path, "problems") if problem["severity"] == "error"]
    assert sum("wholesale meter of two resources" in reason for reason in reasons) == 2
    assert sum("retail master meter too" in reason for reason in reasons) == 1


def test_the_latest_run_of_a_day_holds_and_what_it_changed_is_told(tmp_path: Path) -> None:
    """T+12B replaces the whole day of T+3B; a line that it leaves out is gone (R105)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.read("W1", "2016-03-01T10:00", 0, 25)
    world.line("2016-03-01T10:00", "0.020", "1.00", run="T+3B")
    world.line("2016-03-01T10:15", "0.005", "0.20", run="T+3B")
    world.line("2016-03-01T10:00", "0.025", "1.25", run="T+12B")
    assert run(world, tmp_path) == 0
    told = [(row["kind"], row["start"][11:16], row["kwh"], row["amount_usd"], row["recalculation"])
            for row in table(tmp_path, "exceptions")]
    assert told == [("recalculation_difference", "18:00", "5.000000", "0.25", "T+12B"),
                    ("recalculation_difference", "18:15", "-5.000000", "-0.20", "T+12B")]
    (wholesale,) = table(tmp_path, "wholesale")
    assert (wholesale["paid_kwh"], wholesale["amount_usd"]) == ("25.000000", "1.25")


def test_a_run_may_replace_single_lines(tmp_path: Path) -> None:
    """With `line` the earlier run's other lines stand; without the check no change is told (R105)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.line("2016-03-01T10:00", "0.020", "1.00", run="T+3B")
    world.line("2016-03-01T10:15", "0.005", "0.20", run="T+3B")
    world.line("2016-03-01T10:00", "0.025", "1.25", run="T+12B")
    world.read("W1", "2016-03-01T10:00", 0, 25)
    world.read("W1", "2016-03-01T10:15", 0, 5)
    lines = ("recalculation_replaces: day", "recalculation_replaces: line")
    assert run(world, tmp_path, tariff=changed(tmp_path, lines)) == 0
    assert kinds(tmp_path) == ["recalculation_difference"]
    assert table(tmp_path, "wholesale")[0]["amount_usd"] == "1.45"
    quiet = ("extra_checks: {value: [recalculations]", "extra_checks: {value: [capacity]")
    for each in world.rows["market_statement"]:
        each["charge_code"] = "6470"
    assert run(world, tmp_path, tariff=changed(tmp_path, lines, quiet)) == 0
    assert "recalculation_difference" not in kinds(tmp_path)


def test_capacity_paid_and_awarded_are_compared_where_the_tariff_says_so(tmp_path: Path) -> None:
    """0.30 MW up awarded, 0.25 paid: told; 0.30 down agrees (R105)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.award("2016-03-01T10:00", product="reg_down")
    world.line("2016-03-01T10:00", "0.25", "2.50", seconds=3600, code="6500")
    world.line("2016-03-01T10:00", "0.30", "2.40", seconds=3600, code="6600")
    checked = ("extra_checks: {value: [recalculations]", "extra_checks: {value: [recalculations, capacity]")
    assert run(world, tmp_path, tariff=changed(tmp_path, checked)) == 0
    told = [(row["kind"], row["kwh"]) for row in table(tmp_path, "exceptions")]
    assert told == [("capacity_difference", "-50.000000")]
    assert run(world, tmp_path) == 0
    assert kinds(tmp_path) == []


def test_dispatched_charging_is_backed_out_only_by_the_switch(tmp_path: Path) -> None:
    """add_back with charging takes award-hour charging off the bill, and then it is not billed twice (R99, R105)."""
    world = ordinary()
    world.award("2016-03-01T10:00", product="reg_down")
    world.read("M1", "2016-03-01T10:00", 20)
    world.read("W1", "2016-03-01T10:00", 15)
    world.line("2016-03-01T10:00", "-0.015", "-0.50")
    assert run(world, tmp_path) == 0
    assert at(tmp_path, "2016-03-01T10:00")["billed_kwh"] == "20.000000"
    assert kinds(tmp_path) == ["double_billed_charging"]
    switch = ("add_back: {value: [generation]", "add_back: {value: [generation, charging]")
    assert run(world, tmp_path, tariff=changed(tmp_path, switch)) == 0
    row = at(tmp_path, "2016-03-01T10:00")
    assert (row["billed_kwh"], row["backed_out_kwh"], kinds(tmp_path)) == ("5.000000", "15.000000", [])


def test_energy_charged_at_wholesale_must_not_serve_retail_load(tmp_path: Path) -> None:
    """15 kWh bought in an award hour: 5 sold in it, 10 discharged later, of which nothing may serve load (R105)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.read("W1", "2016-03-01T09:00", 30)
    world.read("W1", "2016-03-01T10:00", 15)
    world.read("W1", "2016-03-01T10:15", 0, 5)
    world.read("W1", "2016-03-01T13:00", 0, 8)
    world.read("W1", "2016-03-01T14:00", 0, 12)
    world.read("W1", "2016-03-01T15:00", 0, 12)
    switch = (("add_back: {value: [generation]", "add_back: {value: [generation, charging]"),
              ("pre_charge: {value: retail", "pre_charge: {value: wholesale"))
    assert run(world, tmp_path, tariff=changed(tmp_path, *switch)) == 0
    told = [(row["start"][11:16], row["kwh"]) for row in table(tmp_path, "exceptions")
            if row["kind"] == "wholesale_energy_used_at_retail"]
    assert told == [("21:00", "8.000000"), ("22:00", "2.000000")]
    assert run(world, tmp_path) == 0
    assert kinds(tmp_path) == []


def test_charging_at_wholesale_that_stays_on_the_retail_bill_is_refused(tmp_path: Path) -> None:
    """pre_charge wholesale without charging in add_back would be paid twice (R103, R105)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    switch = ("pre_charge: {value: retail", "pre_charge: {value: wholesale")
    assert run(world, tmp_path, tariff=changed(tmp_path, switch)) == 1
    assert "to be paid twice" in table(tmp_path, "problems")[0]["reason"]


def test_the_loss_factor_stands_between_the_books(tmp_path: Path) -> None:
    """With a factor of 0.8 the market's 20 kWh are 25 at the device (R101)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.read("W1", "2016-03-01T10:00", 0, 25)
    world.line("2016-03-01T10:00", "0.020", "1.00")
    assert run(world, tmp_path) == 0
    assert kinds(tmp_path) == ["statement_difference"]
    lossy = changed(tmp_path, ('loss_factor: {value: "1"', 'loss_factor: {value: "0.8"'))
    assert run(world, tmp_path, tariff=lossy) == 0
    assert kinds(tmp_path) == []


def test_what_a_scheduling_coordinator_wants_to_know(tmp_path: Path) -> None:
    """Resources without awards or WDAT, rows of unknown resources, both companies named (R10, R104, R124)."""
    world = ordinary()
    world.resource(2, interconnection="retail", load_serving_entity="CCA", scheduling_coordinator="TRADER")
    world.day("W2", date(2016, 3, 1))
    world.award("2016-03-01T10:00", resource=2)
    world.award("2016-03-01T10:00", resource=9)
    world.line("2016-03-01T10:00", "0.01", "0.40", resource=8)
    assert run(world, tmp_path) == 0
    told = {row["kind"]: row for row in table(tmp_path, "exceptions")}
    assert {kind: row["resource_id"] for kind, row in told.items()} == {
        "resource_without_awards": "R1", "resource_without_interconnection": "R2", "award_of_unknown_resource": "R9",
        "statement_of_unknown_resource": "R8"}
    without = told["resource_without_interconnection"]
    assert (without["load_serving_entity"], without["scheduling_coordinator"]) == ("CCA", "TRADER")


def test_a_charge_code_that_the_tariff_does_not_name_counts_as_energy(tmp_path: Path) -> None:
    """Nothing of a statement is silently left out: an unknown code outside award hours is told (R102)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.line("2016-03-01T11:00", "0.005", code="9999")
    world.line("2016-03-01T11:00", "0.005", "0.10", code="4560")
    world.line("2016-03-01T11:15", "0", "0", code="6475")
    assert run(world, tmp_path) == 0
    assert [(row["kind"], row["charge_code"]) for row in table(tmp_path, "exceptions")] == [
        ("settlement_outside_award", "9999")]
    assert any("counts as energy" in problem["reason"] for problem in table(tmp_path, "problems"))


def test_the_invariants_of_the_run_hold(tmp_path: Path) -> None:
    """run.json says that add-back never exceeds generation and award hours give no peak shaving (R100)."""
    world = ordinary()
    world.award("2016-03-01T10:00")
    world.read("W1", "2016-03-01T10:00", 0, 25)
    assert run(world, tmp_path) == 0
    held = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["invariants"]
    assert len(held) == 4
    assert all(held.values())


def test_a_tariff_without_the_block_is_refused(tmp_path: Path) -> None:
    """A tariff that says nothing of wholesale cannot be reconciled (R105)."""
    other = Path(__file__).parents[2] / "tariffs" / "pge" / "elrp-a4" / "tariff.yaml"
    world = ordinary()
    world.award("2016-03-01T10:00")
    assert run(world, tmp_path, tariff=other) == 1
    assert "has no block wholesale" in table(tmp_path, "problems")[0]["reason"]
