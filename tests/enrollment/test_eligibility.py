"""Each condition of enrollment on both sides of its boundary, with its clause and its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridrider.problem import DataRefused, Severity
from gridrider.tariff.load import parse_text
from tests.enrollment.bench import WHOLE, Row, application, car, run

ALL_AT_ONCE = ["rule signed", "rule power", "rule hours", "rule served", "rule other program", "rule medical",
               "rule inverter", "rule 21", "rule storage", "rule class", "rule owned"]


def test_a_good_application_is_enrolled_on_its_day(tmp_path: Path) -> None:
    """New and existing devices alike, without solar, of a customer that somebody else supplies (R37, R43, R45, R46)."""
    result = run(tmp_path, applications=[application("A", utility_customer="false", cca_customer="true",
                                                     installed_on="2011-01-01", solar="false")])
    assert (result.status("A"), result.refusals("A")) == ("enrolled", [])
    held = result.enrollment("A")
    assert (held["enrolled_on"], held["starts_on"], held["ends_on"]) == ("2025-02-01", "2025-02-01", "")
    assert (held["nameplate_kw"], held["duration_h"], held["evidence_UL1741-SB"]) == ("5.000000", "4", "true")


def test_every_reason_is_given_at_once_with_its_clause(tmp_path: Path) -> None:
    """Not the first reason only: all of them, each with the clause that says no (R131)."""
    bad = application("A", agreement_signed_on="", nameplate_kw="0.999999", duration_h="1.5", utility_customer="false",
                      other_demand_response="true", medical_baseline="true", interconnection_agreement="",
                      storage_measured_at_inverter="false", customer_class="other", utility_owned="true",
                      **{"evidence_UL1741-SB": "false"})
    result = run(tmp_path, applications=[bad])
    assert result.clauses("A") == ALL_AT_ONCE
    assert dict(result.refusals("A"))["rule power"] == "power_kw is 0.999999, and at least 1 is allowed"
    assert dict(result.refusals("A"))["rule served"] == (
        "served in the territory: utility_customer is false and cca_customer is false")
    assert result.rows("enrollments") == []


BOUNDARIES: list[tuple[str, dict[str, object], str | None]] = [
    ("R42 signed on the first day", {"agreement_signed_on": "2025-02-01"}, None),
    ("R42 signed the day after", {"agreement_signed_on": "2025-02-02"}, "rule signed"),
    ("R42 not signed", {"agreement_signed_on": ""}, "rule signed"),
    ("R34 the largest", {"nameplate_kw": "5000"}, None),
    ("R34 a watt more", {"nameplate_kw": "5000.001"}, "rule most power"),
    ("the smallest", {"nameplate_kw": "1"}, None),
    ("hours, at the bound", {"duration_h": "2"}, None),
    ("hours, below", {"duration_h": "1.99"}, "rule hours"),
    ("hours, not given", {"duration_h": ""}, "rule hours"),
    ("R36 residential", {"customer_class": "residential"}, None),
    ("R36 small commercial", {"customer_class": "small_commercial"}, None),
    ("R36 another class", {"customer_class": "other"}, "rule class"),
    ("R36 no class", {"customer_class": ""}, "rule class"),
    ("R37 the utility's own", {"utility_customer": "true", "cca_customer": ""}, None),
    ("R37 community choice in the territory", {"utility_customer": "", "cca_customer": "true"}, None),
    ("R37 neither", {"utility_customer": "", "cca_customer": "false"}, "rule served"),
    ("R38 in another program", {"other_demand_response": "true"}, "rule other program"),
    ("R38 in one by its kind", {"other_demand_response": "", "other_programs": "other_demand_response"},
     "rule other program"),
    ("R38 net metering is no other program", {"other_demand_response": "", "other_programs": "net_metering"}, None),
    ("R38 what the rider forbids beside itself", {"other_programs": "net_metering;wholesale"}, "rule wholesale"),
    ("R39 no interconnection agreement", {"interconnection_agreement": ""}, "rule 21"),
    ("R39 valid on the first day", {"interconnection_agreement_until": "2025-02-01"}, None),
    ("R39 run out the day before", {"interconnection_agreement_until": "2025-01-31"}, "rule 21"),
    ("R40 no certificate", {"evidence_UL1741-SB": ""}, "rule inverter"),
    ("R40 a certificate's number", {"evidence_UL1741-SB": "E-1234"}, None),
    ("R40 a certificate refused", {"evidence_UL1741-SB": "FALSE"}, "rule inverter"),
    ("R17 owned by a third party", {"utility_owned": "false", "device_owner": "third party"}, None),
    ("R17 owned by the utility", {"utility_owned": "true"}, "rule owned"),
    ("R136 medical baseline", {"medical_baseline": "true"}, "rule medical"),
    ("R136 none", {"medical_baseline": "false"}, None),
    ("R114 a tank of heat has no inverter", {"storage_measured_at_inverter": "", "storage_kind": "thermal"},
     "rule storage"),
    ("R114 a flywheel has one", {"storage_measured_at_inverter": "", "storage_kind": "mechanical"}, None),
    ("R114 nobody says", {"storage_measured_at_inverter": ""}, "rule storage"),
    ("R35 before the rule holds", {"applied_on": "2025-12-31"}, None),
    ("R35 from its first day", {"applied_on": "2026-01-01"}, "rule emission"),
    ("R35 clean", {"applied_on": "2026-01-01", "non_emitting": "true"}, None),
    ("R44 a battery", {"technology": "battery"}, None),
    ("R44 a heater on the rider for batteries", {"technology": "water_heater"}, "riders.battery.technologies"),
    ("R48 a customer of an aggregator needs no gateway", {"equipment": ""}, None),
    ("R46 the last open day", {"applied_on": "2028-12-31", "non_emitting": "true"}, None),
    ("R46 closed", {"applied_on": "2029-01-01", "non_emitting": "true"}, "closed from 2029"),
]


def test_both_sides_of_every_boundary(tmp_path: Path) -> None:
    """What just may and what just may not (R17, R34, R35, R36, R37, R38, R39, R40, R42, R44, R46, R48, R114, R136)."""
    rows = [application(f"A{number:02d}", **more) for number, (_, more, _) in enumerate(BOUNDARIES)]
    result = run(tmp_path, applications=rows)
    found = {name: result.clauses(f"A{number:02d}") for number, (name, _, _) in enumerate(BOUNDARIES)}
    assert found == {name: [clause] if clause else [] for name, _, clause in BOUNDARIES}


def test_a_closed_program_names_its_successor(tmp_path: Path) -> None:
    """Who comes after the end is told what follows (R46, R127)."""
    result = run(tmp_path, applications=[application("A", applied_on="2029-01-01", non_emitting="true")])
    assert result.refusals("A") == [("closed from 2029",
                                     "the program takes no new enrollments; it is followed by test/next")]


def test_a_public_charger_needs_its_standard(tmp_path: Path) -> None:
    """A charger with the standard enrolls, one without is refused by the rule's clause (R41)."""
    result = run(tmp_path, applications=[car("A"), car("B", **{"evidence_ISO 15118-20": "false"})])
    assert (result.clauses("A"), result.clauses("B")) == ([], ["cars charger"])


def test_who_may_be_an_aggregator(tmp_path: Path) -> None:
    """A utility and its affiliate are no aggregators; a direct participant is anybody, and enrolls itself (R2, R3, R4,
    R5, R48)."""
    participants: list[Row] = [
        {"participant_id": "AGG", "kind": "aggregator"},
        {"participant_id": "UTILITY", "kind": "aggregator", "utility": "true"},
        {"participant_id": "AFFILIATE", "kind": "aggregator", "utility_affiliate": "true"},
        {"participant_id": "c-D", "kind": "direct", "utility_affiliate": "true"},
        {"participant_id": "c-E", "kind": "direct"}]
    result = run(tmp_path, participants=participants, applications=[
        application("A"), application("B", participant_id="UTILITY"), application("C", participant_id="AFFILIATE"),
        application("D", participant_id="c-D", equipment="true"), application("E", participant_id="c-E"),
        application("F", participant_id="c-E", equipment="true")])
    assert {number: result.clauses(number) for number in "ABCDEF"} == {
        "A": [], "B": ["rule affiliate"], "C": ["rule affiliate"], "D": [], "E": ["rule gateway"],
        "F": ["a direct participant is the customer itself"]}
    assert result.enrollment("D")["participant_id"] == result.enrollment("D")["customer_id"]


INCOME = {"median_income_state_usd": "70000", "median_income_area_usd": "100000"}


@pytest.mark.parametrize(("given", "answer"), [
    ({**INCOME, "household_income_usd": "80000"}, "true"),
    ({**INCOME, "household_income_usd": "80000.01"}, "false"),
    ({"median_income_state_usd": "100000", "median_income_area_usd": "70000", "household_income_usd": "80000"}, "true"),
    ({"median_income_state_usd": "70000", "household_income_usd": "56000.01"}, "false"),
    ({**INCOME, "household_income_usd": "90000", "low_income": "true"}, "true"),
    ({"household_income_usd": "1000"}, ""),
])
def test_low_income_is_at_most_eighty_percent_of_the_larger_median(given: dict[str, object], answer: str,
                                                                   tmp_path: Path) -> None:
    """Exactly 80 percent counts, of the larger of state and area; the household's income is not kept (R51)."""
    result = run(tmp_path, applications=[application("A", **given)])
    assert result.enrollment("A")["low_income"] == answer
    assert not [name for name in result.enrollment("A") if "income_" in name or name == "household_income_usd"]


def test_one_device_is_in_one_rider_at_a_time(tmp_path: Path) -> None:
    """The earlier application wins, whatever the rider; a refused one stands in nobody's way (R114)."""
    late = car("B", point_id="p-A", applied_on="2025-02-03")
    result = run(tmp_path / "both", applications=[late, application("A")])
    assert (result.clauses("A"), result.clauses("B")) == ([], ["one device, one enrollment"])
    result = run(tmp_path / "refused", applications=[late, application("A", medical_baseline="true")])
    assert (result.clauses("A"), result.clauses("B")) == (["rule medical"], [])


@pytest.mark.parametrize(("ends_on", "clauses"), [("2025-01-31", []), ("2025-02-01", ["one device, one enrollment"]),
                                                  ("", ["one device, one enrollment"])])
def test_a_device_that_is_enrolled_is_not_enrolled_again(ends_on: str, clauses: list[str], tmp_path: Path) -> None:
    """Until the day after its last day (R114)."""
    there = {"enrollment_id": "E", "rider": "cars", "customer_id": "x", "participant_id": "x", "point_id": "p-A",
             "technology": "ev", "nameplate_kw": "5", "agreement_signed_on": "2024-01-01", "starts_on": "2024-01-01",
             "ends_on": ends_on, "zone": ""}
    result = run(tmp_path, enrollments=[there], applications=[application("A")])
    assert result.clauses("A") == clauses


def test_silence_about_what_is_refused_is_told_once(tmp_path: Path) -> None:
    """A blank cell is taken for a no, with one warning for the column."""
    rows = [application(number, medical_baseline="") for number in "ABC"]
    result = run(tmp_path, applications=rows)
    told = [(row["severity"], row["reason"]) for row in result.rows("problems") if row["column"] == "medical_baseline"]
    assert told == [(str(Severity.WARNING), "is blank in 3 applications, which was taken for a no")]
    assert [result.status(number) for number in "ABC"] == ["enrolled"] * 3


def test_an_application_of_tomorrow_is_not_decided(tmp_path: Path) -> None:
    """What is dated after the day of the run has not happened."""
    result = run(tmp_path, at="2025-01-31", applications=[application("A")])
    assert (result.status("A"), result.refusals("A")) == ("applied", [])


BAD: list[tuple[str, Row, str]] = [
    ("unknown rider", application("A", rider="solar"), "is not a rider that the tariff names"),
    ("no name", {**application("A"), "application_id": ""}, "has neither application_id nor enrollment_id"),
    ("neither true nor false", application("A", medical_baseline="maybe"), "is neither true nor false"),
    ("no power", application("A", nameplate_kw="0"), "is not above zero"),
    ("before asking", application("A", enrolled_on="2025-01-31"), "lies before the day of the application"),
    ("follows nothing", application("A", prior_enrollment_id="E"), "is no enrollment of this run"),
    ("a service of another rider", application("A", services="sharing"), "is not a service of its rider"),
    ("two days", application("A", applied_at="2025-02-02T10:00:00-05:00"), "is not the local day of applied_at"),
]


@pytest.mark.parametrize(("row", "reason"), [(row, reason) for _, row, reason in BAD], ids=[name for name, *_ in BAD])
def test_a_bad_row_is_a_problem_and_nothing_is_written(row: Row, reason: str, tmp_path: Path) -> None:
    """With its line, its reason and what to do; an earlier run's output stays as it was."""
    run(tmp_path, applications=[application("B")])
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    with pytest.raises(DataRefused) as refused:
        run(tmp_path, applications=[application("B"), row])
    errors = [problem for problem in refused.value.problems if problem.severity is Severity.ERROR]
    assert [(problem.file, problem.row, problem.reason) for problem in errors] == [("applications.csv", 3, reason)]
    assert errors[0].what_to_do
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize(("rule", "reason"), [
    ("{require: installed_on, at_least: '1'}", "tells new devices from existing ones"),
    ("{refuse: existing_device}", "tells new devices from existing ones"),
    ("{require: evidence}", "does not say of what evidence"),
    ("{require: power_kw}", "is a number and needs a bound"),
    ("{require: a, refuse: b}", "either requires or refuses one thing"),
    ("{require_any: [a, b], of: c}", "to which of several conditions"),
])
def test_a_condition_that_cannot_be_meant_is_a_mistake_of_the_tariff(rule: str, reason: str) -> None:
    """New and existing devices are treated alike, so no rule may tell them apart (R43)."""
    text = WHOLE.read_text(encoding="utf-8")
    line = '      - {require: storage_measured_at_inverter, cite: "rule storage"}'
    assert line in text
    found = parse_text(text.replace(line, f"      - {rule}"))[1]
    assert [problem for problem in found if reason in problem.reason]
    assert not [problem for problem in parse_text(text)[1] if problem.severity is Severity.ERROR]
