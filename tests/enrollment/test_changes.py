"""What happens to an enrollment: moves, ends, queues, permits, silence, and what a settlement makes of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gridrider.app.settle import SettleRequest, settle
from gridrider.cli import main
from gridrider.enrollment.model import ENROLLMENT_STEPS, Act, Status
from gridrider.interval import DateSpan
from gridrider.problem import DataRefused, Severity
from tests.enrollment.bench import WHOLE, Row, application, car, read_table, run, write_table

STEPS = ("suspend", "resume", "move", "unenroll", "disenroll", "re_enroll", "close", "add_service")


def act(kind: str, at: str, target: str = "A", **more: object) -> dict[str, object]:
    """An act on an enrollment, or for approve and withdraw on an application."""
    column = "application_id" if kind in ("approve", "withdraw") else "enrollment_id"
    return {"act": kind, "at": at, column: target, **more}


def enrolled(number: str = "E", **more: object) -> dict[str, object]:
    """An enrollment that is there already."""
    return {"enrollment_id": number, "rider": "battery", "customer_id": f"c-{number}", "participant_id": "AGG",
            "point_id": f"p-{number}", "technology": "battery", "nameplate_kw": "5",
            "agreement_signed_on": "2020-01-01", "enrolled_on": "2020-03-01", "starts_on": "2020-03-01", "zone": "",
            **more}


# ---- acts ---------------------------------------------------------------------------------------------
def test_a_move_keeps_the_vintage_and_is_no_penalty(tmp_path: Path) -> None:
    """The old row ends the day before, the new one bears the old vintage and an assigned payee (R15, R47, R49)."""
    result = run(tmp_path, enrollments=[enrolled(payee_id="BANK", enrolled_on="2021-05-05")], acts=[
        act("move", "2025-06-01", "E", to_participant_id="AGG-2", by="AGG-2")])
    old, new = result.enrollment("E"), result.enrollment("E-20250601")
    assert (old["ends_on"], old["end_reason"], old["participant_id"]) == ("2025-05-31", "moved", "AGG")
    assert {name: new[name] for name in ("participant_id", "enrolled_on", "starts_on", "ends_on", "prior_enrollment_id",
                                         "payee_id")} == {
        "participant_id": "AGG-2", "enrolled_on": "2021-05-05", "starts_on": "2025-06-01", "ends_on": "",
        "prior_enrollment_id": "E", "payee_id": "BANK"}
    assert [(row["enrollment_id"], row["service"], row["taken_on"]) for row in result.rows("service_terms")] == [
        (number, service, "2021-05-05") for number in ("E", "E-20250601") for service in ("peak", "voltage")]


def test_where_the_participant_holds_the_vintage_a_move_begins_a_new_one(tmp_path: Path) -> None:
    """The tariff's word holder decides (R52)."""
    result = run(tmp_path, enrollments=[enrolled(rider="cars", technology="ev")],
                 acts=[act("move", "2025-06-01", "E", to_participant_id="AGG-2")])
    assert result.enrollment("E-20250601")["enrolled_on"] == "2025-06-01"


@pytest.mark.parametrize(("to", "clause"), [
    ("AFFILIATE", "law affiliate"), ("UTILITY", "law affiliate"), ("AGG", "where it stands"),
    ("NEIGHBOUR", "a direct participant is the customer itself")])
def test_to_whom_a_customer_may_not_move(to: str, clause: str, tmp_path: Path) -> None:
    """Not to a utility or its affiliate, nor to a direct participant who is another customer (R3, R4, R47)."""
    participants: list[Row] = [
        {"participant_id": "AGG", "kind": "aggregator"}, {"participant_id": "NEIGHBOUR", "kind": "direct"},
        {"participant_id": "UTILITY", "kind": "aggregator", "utility": "true"},
        {"participant_id": "AFFILIATE", "kind": "aggregator", "utility_affiliate": "true"}]
    result = run(tmp_path, participants=participants, enrollments=[enrolled()],
                 acts=[act("move", "2025-06-01", "E", to_participant_id=to)])
    assert result.acts() == [("move", "refused", clause)]
    assert [row["ends_on"] for row in result.rows("enrollments")] == [""]


@pytest.mark.parametrize(("day", "outcome"), [("2025-02-28", "refused"), ("2025-03-01", "done")])
def test_the_rate_is_locked_for_five_years_and_then_nothing_happens_by_itself(day: str, outcome: str,
                                                                            tmp_path: Path) -> None:
    """To the day: five years after the day of enrollment the customer may take the current rate, by an act (R52)."""
    result = run(tmp_path, at="2030-01-01", enrollments=[enrolled()], acts=[act("re_enroll", day, "E")])
    ((_, came, clause),) = result.acts()
    assert (came, clause) == (outcome, "rule lock" if outcome == "refused" else "")
    rows = {row["enrollment_id"]: row["enrolled_on"] for row in result.rows("enrollments")}
    assert rows == {"E": "2020-03-01", **({"E-20250301": "2025-03-01"} if outcome == "done" else {})}


@pytest.mark.parametrize(("day", "ends_on", "clauses"), [
    ("2025-02-28", "", ["rule lock"]), ("2025-03-01", "", []), ("2024-06-01", "2024-05-31", []),
    ("2024-06-01", "2024-06-01", ["rule lock"])])
def test_an_application_may_follow_an_enrollment(day: str, ends_on: str, clauses: list[str], tmp_path: Path) -> None:
    """After the lock, or after it ended; the vintage is then that of the new day (R52)."""
    again = application("A", prior_enrollment_id="E", customer_id="c-E", point_id="p-E", applied_on=day,
                        agreement_signed_on="2020-01-01")
    text = WHOLE.read_text(encoding="utf-8").replace("effective: 2025-01-01", "effective: 2024-01-01", 1).replace(
        "filed: 2024-12-01", "filed: 2023-12-01", 1)
    (tmp_path / "tariff.yaml").write_text(text, encoding="utf-8")
    result = run(tmp_path, tariff=tmp_path / "tariff.yaml", enrollments=[enrolled(ends_on=ends_on)],
                 applications=[again])
    assert result.clauses("A") == clauses
    if not clauses:
        assert result.enrollment("A")["enrolled_on"] == day
        assert result.enrollment("E")["ends_on"] == (ends_on or "2025-02-28")
        assert result.enrollment("E")["enrolled_on"] == "2020-03-01"


def test_no_act_changes_a_day_of_enrollment(tmp_path: Path) -> None:
    """Whatever is done to an enrollment, its vintage stays (R52)."""
    acts = [act(kind, f"2025-0{month}-01", number, **({"to_participant_id": "AGG-2"} if kind == "move" else {}),
                **({"services": "voltage"} if kind == "add_service" else {}))
            for number in ("E1", "E2", "E3") for month, kind in enumerate(STEPS[int(number[1]):], start=1)]
    held = [enrolled(number, enrolled_on=f"202{number[1]}-07-07", starts_on="2022-01-01", services="peak")
            for number in ("E1", "E2", "E3")]
    result = run(tmp_path, enrollments=held, acts=acts)
    assert {number: result.enrollment(number)["enrolled_on"] for number in ("E1", "E2", "E3")} == {
        "E1": "2021-07-07", "E2": "2022-07-07", "E3": "2023-07-07"}


BEFORE: dict[Status, dict[str, str]] = {
    Status.ENROLLED: {}, Status.SUSPENDED: {"suspended_at": "2024-01-01T00:00:00Z"},
    Status.DISENROLLED: {"ends_on": "2024-12-31", "end_reason": "unenrolled"},
    Status.MOVED: {"ends_on": "2024-12-31", "end_reason": "moved"},
    Status.RE_ENROLLED: {"ends_on": "2024-12-31", "end_reason": "re_enrolled"},
    Status.CLOSED: {"ends_on": "2024-12-31", "end_reason": "closed: test/next"}}


def test_a_step_that_is_not_in_the_table_is_refused(tmp_path: Path) -> None:
    """Every pair of status and act does what the page's table says (R47, R49)."""
    pairs = {f"{status}-{kind}": (status, kind) for status in BEFORE for kind in STEPS}
    more: dict[str, dict[str, object]] = {"move": {"to_participant_id": "AGG-2"},
                                          "add_service": {"services": "voltage"}}
    result = run(tmp_path, enrollments=[enrolled(name, services="peak", **BEFORE[status])
                                        for name, (status, _) in pairs.items()],
                 acts=[act(kind, "2026-06-01", name, **more.get(kind, {})) for name, (_, kind) in pairs.items()])
    came = {row["enrollment_id"]: (row["outcome"], row["clause"]) for row in result.rows("acts")}
    live = (Status.ENROLLED, Status.SUSPENDED)
    may = {name: status in live and (kind, status) not in (("resume", live[0]), ("suspend", live[1]))
           for name, (status, kind) in pairs.items()}
    assert came == {name: ("done", "") if may[name] else ("refused", "where it stands") for name in pairs}
    assert {name: (status, Act(kind)) in ENROLLMENT_STEPS for name, (status, kind) in pairs.items()} == may


def test_who_may_do_what(tmp_path: Path) -> None:
    """A participant manages its own customers and nobody else's; only the utility disenrolls (R1, R47, R49)."""
    numbers = ["E1", "E2", "E3", "E4", "E5"]
    result = run(tmp_path, enrollments=[enrolled(number) for number in numbers], acts=[
        act("unenroll", "2025-06-01", "E1", by="AGG"), act("unenroll", "2025-06-02", "E2", by="AGG-2"),
        act("unenroll", "2025-06-03", "E3", by="c-E3"), act("disenroll", "2025-06-04", "E4", by="AGG"),
        act("disenroll", "2025-06-05", "E5", by="utility", reason="non_performance")])
    assert result.acts() == [("unenroll", "done", ""), ("unenroll", "refused", "who"), ("unenroll", "done", ""),
                             ("disenroll", "refused", "who"), ("disenroll", "done", "")]
    assert [(row["ends_on"], row["end_reason"]) for row in result.rows("enrollments")] == [
        ("2025-06-01", "unenrolled"), ("", ""), ("2025-06-03", "unenrolled"), ("", ""),
        ("2025-06-05", "non_performance")]


def test_a_service_added_later_has_a_vintage_of_its_own(tmp_path: Path) -> None:
    """It runs from the day on which that service is taken (R52)."""
    result = run(tmp_path, enrollments=[enrolled(services="peak")],
                 acts=[act("add_service", "2025-06-01", "E", services="voltage")])
    assert result.enrollment("E")["services"] == "peak;voltage"
    assert [(row["service"], row["taken_on"]) for row in result.rows("service_terms")] == [
        ("peak", "2020-03-01"), ("voltage", "2025-06-01")]


def test_the_same_key_is_the_same_act(tmp_path: Path) -> None:
    """Twice in a file, or again a day later: once (R140)."""
    suspend = act("suspend", "2025-06-01", "E", idempotency_key="k1")
    result = run(tmp_path, enrollments=[enrolled()], acts=[suspend, suspend,
                                                            act("resume", "2025-06-03", "E", idempotency_key="k2")])
    assert [outcome for _, outcome, _ in result.acts()] == ["done", "done"]
    assert result.enrollment("E")["acts_done"] == "k1;k2"
    again = run(tmp_path, enrollments=result.rows("enrollments"), acts=[suspend])
    assert (again.acts(), again.enrollment("E")["suspended_at"]) == ([("suspend", "repeated", "")], "")


def test_acts_that_make_no_sense_are_problems_and_nothing_is_done(tmp_path: Path) -> None:
    """Each bad row of a bulk file with its line; none of the good ones is dealt with (R47)."""
    bad = [act("unenroll", "2025-06-01", "E"), act("unenroll", "2025-06-01", "nobody"), act("move", "2025-06-01", "E"),
           act("resume", "2025-06-01", "E", application_id="A"), act("approve", "2025-06-01", "nothing")]
    with pytest.raises(DataRefused) as refused:
        run(tmp_path, enrollments=[enrolled()], acts=bad)
    rows = {(problem.row, problem.reason) for problem in refused.value.problems if problem.severity is Severity.ERROR}
    assert rows == {(3, "is no enrollment of this run"), (4, "belongs to the act move, and only to it"),
                    (5, "is what this act is done to, and only that"), (5, "is no application of this run"),
                    (6, "is no application of this run")}
    assert not (tmp_path / "out").exists()


# ---- queue and review -----------------------------------------------------------------------------------
def test_the_queue_is_first_come_and_moves_up_when_somebody_leaves(tmp_path: Path) -> None:
    """50 kW at any time: nobody overtakes, and a place that is free goes to who waited longest (R137)."""
    rows = [car("A", nameplate_kw="30", applied_on="2025-02-01"), car("B", nameplate_kw="20", applied_on="2025-02-02"),
            car("C", nameplate_kw="20.001", applied_on="2025-02-03", customer_id="c-A"),
            car("D", nameplate_kw="1", applied_on="2025-02-04", customer_id="c-A")]
    full = run(tmp_path / "full", applications=rows, at="2025-03-01")
    assert [full.status(number) for number in "ABCD"] == ["enrolled", "enrolled", "waitlisted", "waitlisted"]
    assert [(row["application_id"], row["queue_position"]) for row in full.rows("waitlist")] == [("C", "1"), ("D", "2")]
    left = run(tmp_path / "left", applications=rows, acts=[act("unenroll", "2025-02-20", "A")], at="2025-03-01")
    assert (left.enrollment("C")["enrolled_on"], left.enrollment("D")["enrolled_on"]) == ("2025-02-21", "2025-02-21")


def test_new_customers_of_a_year_are_counted_once_each(tmp_path: Path) -> None:
    """Three a year: a second car of the same customer takes no place, the fourth customer waits for January (R137)."""
    rows = [car(number, nameplate_kw="1", customer_id=customer) for number, customer in (
        ("A", "c1"), ("B", "c1"), ("C", "c2"), ("D", "c3"), ("F", "c4"))]
    result = run(tmp_path / "then", applications=rows, at="2025-12-31")
    assert [result.status(number) for number in "ABCDF"] == ["enrolled"] * 4 + ["waitlisted"]
    assert run(tmp_path / "new", applications=rows, at="2026-01-01").enrollment("F")["enrolled_on"] == "2026-01-01"


def test_an_application_waits_for_its_review_and_is_enrolled_that_day(tmp_path: Path) -> None:
    """From the maker's app, pending until the utility has looked; the day of approval is the vintage (R14, R46)."""
    heat = application("A", rider="heat", technology="thermostat", channel="maker's app", pending="true")
    waits = run(tmp_path / "waits", applications=[heat])
    assert (waits.status("A"), waits.rows("enrollments")) == ("pending_review", [])
    decided = run(tmp_path / "decided", applications=[{**heat, "pending": ""}])
    assert decided.enrollment("A")["enrolled_on"] == "2025-02-01"
    held = run(tmp_path / "held", applications=[heat], acts=[act("approve", "2025-04-01")])
    assert (held.enrollment("A")["enrolled_on"], held.enrollment("A")["channel"]) == ("2025-04-01", "maker's app")
    gone = run(tmp_path / "gone", applications=[heat],
               acts=[act("withdraw", "2025-03-31"), act("approve", "2025-04-01")])
    assert (gone.status("A"), [outcome for _, outcome, _ in gone.acts()]) == ("withdrawn", ["done", "refused"])


# ---- permits, silence, payment ------------------------------------------------------------------------------
@pytest.mark.parametrize(("decided_on", "days", "late"), [("2025-02-14", "13", "false"), ("2025-02-15", "14", "true"),
                                                         ("", "20", "true")])
def test_the_permit_clock(decided_on: str, days: str, late: str, tmp_path: Path) -> None:
    """Less than two weeks is thirteen days; a permit still open is late by the day of the run (R56)."""
    result = run(tmp_path, at="2025-02-21", applications=[application("A")], permits=[
        {"application_id": "A", "applied_on": "2025-02-01", "decided_on": decided_on}])
    (permit,) = result.rows("permits")
    assert (permit["days"], permit["late"], permit["due_on"]) == (days, late, "2025-02-14")
    assert permit["clause"] == "rule permit"


def test_a_device_is_permitted_as_a_standard_appliance(tmp_path: Path) -> None:
    """A permit as a generator is told apart (R125)."""
    result = run(tmp_path, applications=[application("A"), application("B")], permits=[
        {"application_id": "A", "applied_on": "2025-02-01", "class": ""},
        {"application_id": "B", "applied_on": "2025-02-01", "class": "generator"}])
    assert [(row["class"], row["because"]) for row in result.rows("permits")] == [
        ("standard_appliance", ""),
        ("generator", "the tariff treats the device as standard appliance, not as generator")]


def silence(outcomes: list[tuple[str, str]]) -> tuple[list[Row], list[Row]]:
    """Events by their days, and what one enrollment did in each."""
    events: list[Row] = [{"event_id": f"V{place}", "service": "peak", "start": f"{day}T21:00:00Z",
                          "end": f"{day}T23:00:00Z"} for place, (day, _) in enumerate(outcomes)]
    took: list[Row] = [{"enrollment_id": "E", "event_id": f"V{place}", "outcome": outcome,
             "counted": "false" if outcome == "opted_out" else "true"} for place, (_, outcome) in enumerate(outcomes)]
    return events, took


@pytest.mark.parametrize(("outcomes", "listed"), [
    ([("2024-07-01", "missed"), ("2025-07-01", "missed"), ("2025-07-02", "missed")], True),
    ([("2023-07-01", "missed"), ("2025-07-01", "missed"), ("2025-07-02", "missed")], False),
    ([("2024-07-01", "opted_out"), ("2025-07-01", "missed"), ("2025-07-02", "missed")], False),
    ([("2024-07-01", "performed"), ("2025-07-01", "missed"), ("2025-07-02", "missed")], False),
    ([("2025-05-31", "missed"), ("2025-07-01", "missed"), ("2025-07-02", "missed")], False),
])
def test_continued_silence_is_listed_and_never_costs_anything(outcomes: list[tuple[str, str]], listed: bool,
                                                              tmp_path: Path) -> None:
    """Three missed events in two seasons, opt-outs never; a notice of thirty days, and the enrollment goes on (R55)."""
    events, participation = silence(outcomes)
    result = run(tmp_path, at="2025-08-01", enrollments=[enrolled()], events=events, participation=participation)
    assert [(row["enrollment_id"], row["missed"], row["may_end_on"], row["clause"])
            for row in result.rows("non_performance")] == ([("E", "3", "2025-08-31", "rule silence")] if listed else [])
    assert result.enrollment("E")["ends_on"] == ""
    assert not [name for row in result.rows("non_performance") for name in row if "usd" in name]


def test_a_settlement_takes_the_enrollments_as_they_are(tmp_path: Path) -> None:
    """Who is suspended, left or never signed is not paid; who delivered is (R42, R49, R139)."""
    rows = [application(number, applied_on="2025-05-01") for number in "ABC"] + [
        application("D", applied_on="2025-05-01", agreement_signed_on="")]
    held = run(tmp_path, applications=rows, at="2025-08-01", acts=[
        act("unenroll", "2025-06-30", "B"), act("suspend", "2025-06-20", "C")])
    inputs = tmp_path / "settle"
    for name in ("enrollments", "unavailable"):
        inputs.mkdir(exist_ok=True)
        (inputs / f"{name}.csv").write_bytes((held.out / f"{name}.csv").read_bytes())
    write_table(inputs, "events", [{"event_id": "V", "service": "peak", "start": "2025-07-01T21:00:00Z",
                                    "end": "2025-07-01T22:00:00Z"}])
    write_table(inputs, "readings", [{"point_id": f"p-{number}", "start": "2025-07-01T21:00:00Z", "seconds": "3600",
                                      "import_kwh": "0", "export_kwh": "2"} for number in "ABCD"])
    settle(SettleRequest(tariff=WHOLE, inputs=inputs, out=tmp_path / "settled",
                         period=DateSpan(first=date(2025, 7, 1), end=date(2025, 8, 1))))
    assert {row["enrollment_id"]: row["outcome"] for row in read_table(tmp_path / "settled" / "participation.csv")} == {
        "A": "performed", "C": "suspended"}
    paid = {row["enrollment_id"]: row["amount_usd"] for row in read_table(tmp_path / "settled" / "lines.csv")}
    assert paid.get("A") == "2.00"
    assert paid.get("C", "0.00") == "0.00"


def test_the_command_tells_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0 with a count of each; 1 with problems.csv and nothing else; 2 for a day that is none."""
    write_table(tmp_path / "in", "applications", [application("A"), application("B", medical_baseline="true")])
    given = ["enroll", str(WHOLE), "--inputs", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    assert main(given) == 0
    assert "2 applications: 1 enrolled, 1 refused, 0 waitlisted, 0 to review." in capsys.readouterr().out
    assert main([*given, "--at", "tomorrow"]) == 2
    write_table(tmp_path / "in", "applications", [application("A", rider="none")])
    assert main([*given[:-1], str(tmp_path / "bad")]) == 1
    assert [file.name for file in (tmp_path / "bad").iterdir()] == ["problems.csv"]
