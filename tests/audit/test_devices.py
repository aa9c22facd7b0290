"""What devices do against their instructions is a finding of theirs, and fails no run."""

from collections.abc import Callable

import pytest

from gridrider.audit.model import Finding
from tests.audit.recorded import Run, at, findings_by_run, let_go, plain_run


def reports(*minutes: float, **cells: str) -> Callable[[Run], object]:
    """Some reports say something else."""
    def change(run: Run) -> None:
        for each in minutes:
            run.report(each).update(cells)
    return change


def let_go_early(run: Run, origin: str = "restore") -> None:
    """Let go at half past, acknowledged, and silent of what it did until the report at the hour."""
    for minutes in (30, 45, 60):
        run.drop("answers", instruction_id=run.instruction(minutes)["instruction_id"])
        run.drop("instructions", issued_at=at(minutes))
    row = let_go(run, 30, origin)
    run.drop("answers", instruction_id=row["instruction_id"], answer="seen")
    run.answer(row, 40, "not_obeyed")


def locked(run: Run) -> None:
    let_go_early(run)
    run.add("site_storms", {"from": at(30), "to": ""}, enrollment_id="e1", status="lock", alert="WS.W.0001")


def islanded(run: Run) -> None:
    let_go_early(run)
    reports(*range(30, 65, 5), connection="islanded")(run)


def below_floor(run: Run, floor_kwh: str = "8.6") -> None:
    for minutes in range(0, 60, 15):
        run.instruction(minutes)["floor_kwh"] = floor_kwh


def not_heard(run: Run) -> None:
    """The last two instructions and the restore never arrive, and the device goes back to its own settings."""
    for minutes in (30, 45, 60):
        row = run.instruction(minutes)
        run.drop("answers", instruction_id=row["instruction_id"])
        run.answer(row, minutes + 10, "unknown")
    reports(*range(35, 65, 5), follows="false", delivered_kw="3", stored_kwh="8.8")(run)
    reports(*range(35, 125, 5), stored_kwh="8.8")(run)


CASES: dict[str, tuple[set[str], Callable[[Run], object]]] = {
    "more than asked": ({"more_than_asked"}, reports(10, 15, delivered_kw="2.31")),
    "a little more than asked": (set(), reports(10, 15, delivered_kw="2.3")),
    "more, by its owner's settings": (set(), reports(10, delivered_kw="3", follows="false")),
    "after its timer": ({"after_timer"}, reports(70, follows="true", delivered_kw="0.2")),
    "after its timer, next to nothing": (set(), reports(70, follows="true", delivered_kw="0.1")),
    "after its timer, by its owner's settings": (set(), reports(70, follows="false", delivered_kw="2")),
    "let go of and goes on": ({"after_timer"}, let_go_early),
    "in a lock": ({"storm_hold"}, locked),
    "in an outage": ({"islanded"}, islanded),
    "below its floor": ({"below_floor"}, below_floor),
    "just at its floor": (set(), lambda run: below_floor(run, "7.87")),
    "a cut link": (set(), not_heard),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """What is found in every run of this file."""
    runs = {}
    for name, (_, change) in CASES.items():
        runs[name] = plain_run()
        change(runs[name])
    return findings_by_run(runs, tmp_path_factory.mktemp("runs"))


@pytest.mark.parametrize("name", CASES)
def test_what_a_device_does_is_its_own_finding(name: str, found: dict[str, list[Finding]]) -> None:
    rules, _ = CASES[name]
    assert {(str(finding.kind), finding.rule) for finding in found[name]} == {("device", rule) for rule in rules}


def test_the_first_report_of_each_instruction_is_told(found: dict[str, list[Finding]]) -> None:
    (finding,) = found["more than asked"]
    assert (str(finding.asked_kw), str(finding.allowed_kw), finding.instruction_id) == ("2.310000", "2.000000",
                                                                                      "more than asked|i0")
    assert finding.because == ("the report of 2026-07-07T21:10:00Z gives 2.31 kW on average since "
                               "2026-07-07T21:05:00Z, and 1 more reports")
