"""Instructions that are no event's, each rule of theirs broken once, and just kept."""

from collections.abc import Callable

import pytest

from gridrider.audit.model import Finding
from tests.audit.recorded import Row, Run, at, findings_by_run, let_go, resting_run

Make = Callable[[Run], object]


def charged(origin: str = "storm_charge", delivered_kw: str = "-2", *, storm: str = "pre_arm", issued: float = 0,
            **cells: str) -> Run:
    """The battery at half, charged for a quarter of an hour, and let go."""
    run = resting_run()
    if origin == "pre_charge":
        run.add("events", start=at(200), end=at(260))
        run.add("skipped", event_id="v1", enrollment_id="e1", reason="stale")
        cells = {"event_id": "v1", **cells}
    if origin == "storm_charge" and storm:
        run.add("site_storms", {"from": at(-30), "to": ""}, enrollment_id="e1", status=storm, alert="WS.A.0001")
    row = run.ask(issued, delivered_kw, cells, origin=origin)
    let_go(run, issued + 15, supersedes=row["instruction_id"])
    return run


def with_cells(run: Run, table: str, **cells: str) -> Run:
    """The run, whose table says something else in every row."""
    for row in run.tables[table]:
        row.update(cells)
    return run


def with_row(run: Run, table: str, **cells: str) -> Run:
    """The run with one more row."""
    run.add(table, cells)
    return run


def hit(run: Run, storm: float = 0) -> Run:
    """An event that takes the place of a charge which goes before it."""
    first: Row = run.tables["instructions"][0]
    run.add("events", start=at(5), end=at(10))
    run.ask(5, "1", supersedes=first["instruction_id"], lasts=5, floor_kwh="2")
    let_go(run, 10)
    run.tables["instructions"] = [row for row in run.tables["instructions"] if row["issued_at"] != at(15)]
    return run


BROKEN: dict[str, tuple[str, Run]] = {
    "islanded": ("islanded", with_cells(charged(), "telemetry", connection="islanded")),
    "reconnecting": ("islanded", with_cells(charged("ev_departure"), "telemetry", connection="reconnecting")),
    "off": ("islanded", with_cells(charged("pre_charge"), "telemetry", connection="off")),
    "connection not told": ("silent", with_cells(charged(), "telemetry", connection="")),
    "left storm charging": ("storm_opt_out", with_cells(charged(), "enrollments", storm_opt_out="true")),
    "no storm": ("no_storm", charged(storm="")),
    "more than it draws": ("power_limit", charged(delivered_kw="-5.001")),
    "full": ("full", with_cells(charged(), "telemetry", stored_kwh="10")),
    "at its target": ("full", with_cells(charged(target_kwh="5"), "telemetry", stored_kwh="5")),
    "away": ("unplugged", with_cells(charged(), "telemetry", plugged="false")),
    "to more than the tariff": ("target", charged(target_kwh="9.01")),
    "to more than it holds": ("target", charged("ev_departure", target_kwh="10.1")),
    "a charge that gives": ("direction", charged(delivered_kw="0.1")),
    "a timer after its end": ("lease", charged(reverts_at=at(16))),
    "before an event, suspended": ("suspended", with_row(charged("pre_charge"), "unavailable", enrollment_id="e1",
                                                         reason="suspended", start=at(-60), end=at(300))),
    "before an event, opted out": ("opted_out", with_row(charged("pre_charge"), "opt_outs", enrollment_id="e1",
                                                         event_id="v1", at=at(-60))),
    "before an event, unsigned": ("unsigned", with_cells(charged("pre_charge"), "enrollments", agreement_signed_on="")),
    "before an event, unverified": ("unverified", with_cells(charged("pre_charge"), "devices", verified="false")),
    "before an event, stopped": ("emergency_stop", with_row(charged("pre_charge"), "stops", stopped_at=at(-60),
                                                            resumed_at="")),
    "before an event, not called yet": ("pre_charge", with_cells(charged("pre_charge"), "events", called_at=at(1))),
    "before an event, in the event": ("pre_charge", with_cells(charged("pre_charge"), "events", start=at(14))),
    "before an event, never": ("pre_charge", with_cells(charged("pre_charge", event_id=""), "enrollments",
                                                        rider="other")),
    "an event in a storm charge": ("primacy", hit(charged("ev_departure"))),
    "a restore with power": ("asks_nothing", with_cells(charged(), "instructions", delivered_kw="-1")),
    "a charge at a stop": ("restore", with_row(charged(issued=0), "stops", stopped_at=at(5), resumed_at="")),
}

KEPT: dict[str, Run] = {
    "a storm charge": charged(),
    "in a lock": charged(storm="lock"),
    "all that it draws": charged(delivered_kw="-5"),
    "room below its target": with_cells(charged(target_kwh="5.000001"), "telemetry", stored_kwh="5"),
    "to the tariff's target": charged(target_kwh="9"),
    "a departure": charged("ev_departure", target_kwh="10"),
    "before an event": charged("pre_charge"),
    "hours of it": charged(end=at(80), reverts_at=at(80)),
    "storm charge of an unsigned device": with_cells(charged(), "enrollments", agreement_signed_on=""),
    "before an event of the other rider's medical customer": with_cells(charged("ev_departure"), "enrollments",
                                                                        medical_baseline="true"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """What is found in every run of this file."""
    runs = {**{f"broken {name}": run for name, (_, run) in BROKEN.items()},
            **{f"kept {name}": run for name, run in KEPT.items()}}
    return findings_by_run(runs, tmp_path_factory.mktemp("runs"))


@pytest.mark.parametrize("name", BROKEN)
def test_a_rule_that_is_broken_is_the_only_finding(name: str, found: dict[str, list[Finding]]) -> None:
    rule, _ = BROKEN[name]
    assert {(str(finding.kind), finding.rule) for finding in found[f"broken {name}"]} == {("program", rule)}
    assert found[f"broken {name}"][0].because


@pytest.mark.parametrize("name", KEPT)
def test_a_rule_that_is_just_kept_is_no_finding(name: str, found: dict[str, list[Finding]]) -> None:
    assert found[f"kept {name}"] == []
