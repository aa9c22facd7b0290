"""The calendars that come with gridrider say what the source texts say, number by number."""

from datetime import date

import pytest

from gridrider.tariff.filing_dates import Act, State, deadlines
from gridrider.tariff.load import load, parse_text
from gridrider.tariff.model import Filing
from tests.tariff.written import line_of, shipped

NEW_YORK, VIRGINIA, MUNICIPAL = "new-york/great-act", "virginia/coop-vpp", "municipal/byod-v2g"


def calendar(name: str) -> Filing:
    tariff, problems = load(shipped(name))
    assert tariff is not None, problems
    assert tariff.filing is not None
    return tariff.filing


@pytest.mark.parametrize(("step", "after", "rule", "number"), [
    ("program_proposal", "article_effective", "within_days", 90),
    ("public_comment", "public_notice", "at_least_days", 60),
    ("public_hearings", "public_comment", "count_min", 2),
    ("program_decision", "program_proposal", "within_days", 90),
    ("tariff_proposal", "program_decision", "within_days", 30),
    ("tariff_decision", "tariff_proposal", "within_days", 45),
    ("ev_rider_proposal", "article_effective", "within_years", 2),
    ("ev_public_comment", "ev_public_notice", "at_least_days", 60),
    ("ev_rider_decision", "ev_rider_proposal", "within_days", 90),
    ("ev_tariff_proposal", "ev_rider_decision", "within_days", 30),
    ("ev_tariff_decision", "ev_tariff_proposal", "within_days", 45),
    ("data_access_rules", "article_effective", "within_years", 1),
    ("targets", "article_effective", "within_years", 1),
    ("targets_hold", "targets", "at_least_years", 10),
    ("demand_reduction_method_holds", "article_effective", "at_least_years", 4),
    ("locational_method_holds", "article_effective", "at_least_years", 4),
    ("locational_areas_hold", "article_effective", "at_least_years", 5),
    ("locational_areas_hold", "article_effective", "share_pct_min", 10),
    ("services_report", "services_report_date", "every_years", 1),
    ("annual_report", "annual_report_date", "every_years", 1),
])
def test_every_number_of_the_new_york_bill(step: str, after: str, rule: str, number: int) -> None:
    """Sections 241 and 243 of the bill, one deadline each (R16, R22, R23, R24, R25, R26, R107)."""
    held = calendar(NEW_YORK).steps[step]
    assert held.after == after
    (dated,) = getattr(held, rule)
    assert dated.value == number
    assert dated.cite.startswith("§ 24") and dated.confirmed


def test_hearings_posting_and_case_numbers_of_the_new_york_bill() -> None:
    """Territory, video, community; website, bill inserts; case numbers; comments (R22, R27, R118, R121)."""
    steps = calendar(NEW_YORK).steps
    assert steps["public_hearings"].each_with[0].value == {"in_territory", "video"}
    assert steps["public_hearings"].one_with[0].value == {"disadvantaged_community"}
    assert steps["program_published"].where == ("website", "bill_insert")
    assert steps["proposal_posted"].where == steps["ev_rider_posted"].where == ("website",)
    assert {"case_number", "ev_case_number"} <= steps.keys()
    assert steps["ev_public_hearings"].waived[0].value is True
    assert "commented on" in steps["services_report"].because[0].value


def test_the_whole_new_york_path_from_the_effective_date() -> None:
    """Each act on its last day: the days of the path, weekends and holidays moved (R6, R22)."""
    acts = [Act(step="article_effective", on=date(2026, 7, 1))]
    found = {each.step: each.due_on for each in deadlines(calendar(NEW_YORK), acts, date(2026, 7, 1))}
    assert {name: str(found[name]) for name in ("program_proposal", "program_decision", "tariff_proposal",
                                                "tariff_decision", "ev_rider_proposal", "targets")} == {
        "program_proposal": "2026-09-29", "program_decision": "2026-12-28", "tariff_proposal": "2027-01-27",
        "tariff_decision": "2027-03-15", "ev_rider_proposal": "2028-07-03", "targets": "2027-07-01"}


@pytest.mark.parametrize(("at", "state"), [("2027-06-30", State.OPEN), ("2027-07-01", State.DUE)])
def test_rates_are_reviewed_against_the_targets_once_there_are_targets(at: str, state: State) -> None:
    """A duty of the commission without a number of days: before the targets it is open, from them on due (R110)."""
    acts = [Act(step="article_effective", on=date(2026, 7, 1)), Act(step="targets", on=date(2027, 7, 1))]
    found = {each.step: each for each in deadlines(calendar(NEW_YORK), acts, date.fromisoformat(at))}["rate_review"]
    assert (found.state, found.by, found.clause) == (state, "commission", "§ 241.2(e)(x)")


def test_the_virginia_path_needs_no_commission() -> None:
    """A board resolves from 2027 on; a copy for information; a dossier of six evaluations (R7, R28, R29, R30, R31)."""
    filing = calendar(VIRGINIA)
    assert filing.dates["earliest_start"].on[0].value == date(2027, 1, 1)
    dossier = [step for step in filing.steps.values() if step.document.startswith("evaluation dossier")]
    assert len(dossier) == 6
    assert filing.steps["rate_schedule_filed"].each_with[0].value == {"federal_funding_evaluated"}
    assert "existing_programs" in filing.steps["tariff_developed"].each_with[0].value
    board = Act(step="board_resolution", on=date(2027, 1, 4))
    found = {each.step: each.state for each in deadlines(filing, [board], date(2027, 1, 10))}
    assert found["board_resolution"] is State.DONE
    assert found["stakeholder_process"] is State.DUE
    assert found["competitive_solicitation"] is State.OPEN


def test_the_phases_of_the_municipal_roadmap() -> None:
    """The pilot's first year, the second year, and from then on (R32)."""
    found = {each.step: each for each in deadlines(
        calendar(MUNICIPAL), [Act(step="program_start", on=date(2027, 3, 1))], date(2027, 3, 1))}
    assert str(found["tariff_filed"].due_on) == str(found["fleet_audit"].due_on) == "2028-03-01"
    assert (str(found["charger_incentive"].earliest_on), str(found["charger_incentive"].due_on)) == (
        "2028-03-01", "2029-03-01")
    assert str(found["market_integration"].earliest_on) == "2029-03-01"


@pytest.mark.parametrize(("old", "new", "reason"), [
    ('"230.00", cite', '"229.39", cite', "comes to 229.39 USD/kW-season, below 229.4 USD/kW-year"),
    ("      - {refuse: utility_owned", "      - {refuse: leased", "does not refuse what is utility owned"),
    ("point: inverter", "point: premise", "is not where the law has batteries measured"),
    ("owed_to: funder", "owed_to: utility", "is owed to the utility, and the law forbids penalties"),
])
def test_the_new_york_riders_are_held_against_the_bill(old: str, new: str, reason: str) -> None:
    """The shipped tariff is lawful, and no longer when one point is changed (R3, R50, R68, R79, R89)."""
    text = shipped(NEW_YORK).read_text(encoding="utf-8")
    assert old in text
    assert [each for each in parse_text(text)[1] if each.severity == "error"] == []
    found = [each for each in parse_text(text.replace(old, new, 1))[1] if each.reason.startswith(reason)]
    assert found
    assert line_of(text, "riders:") < (found[0].row or 0)
