"""Approval with modification: the redline of the filed and the approved tariff, with dates, clauses and case number."""

from datetime import date

from gridrider.tariff.compare import What, compare
from gridrider.tariff.redline import compare_text
from tests.tariff.lawful import LAWFUL
from tests.tariff.written import read

FILED = LAWFUL
APPROVED = LAWFUL.replace('rate_usd_per_kw_season: "229.40"', """rate_usd_per_kw_season:
              - {value: "229.40"}
              - {value: "260", effective: 2027-09-01, filed: 2027-06-21, cite: "Case 27-E-0001"}""")
APPROVED = APPROVED.replace("because: it is owed", "because: it is owed, case_number: {value: 27-E-0001, effective: "
                            "2027-07-01, filed: 2027-06-21, cite: \"Case 27-E-0001\"}")
APPROVED = APPROVED.replace('events_per_month: {min: "1", max: "8"}',
    'events_per_month: {min: "1", max: [{value: "8"}, '
                            '{value: "6", effective: 2027-09-01, filed: 2027-06-21, cite: "Case 27-E-0001, order"}]}')


def test_an_approval_with_modification_is_a_redline_with_its_effective_date_and_case_number() -> None:
    """What the commission changed, for whom, from when, by which order (R6, R118, R119)."""
    changes = {change.path: change for change in compare(read(FILED), read(APPROVED))}
    assert len(changes) == 3
    rate = changes["riders.battery.services.peak.payments.capacity.rate_usd_per_kw_season"]
    assert (rate.what, rate.old, rate.new) == (What.NEW_VALUE, "$229.40 per kW and season", "$260 per kW and season")
    assert (rate.effective, rate.filed) == (date(2027, 9, 1), date(2027, 6, 21))
    assert (rate.old_cite, rate.new_cite) == ("Leaf 12", "Case 27-E-0001")
    events = changes["riders.thermostat.services.peak.calls.events_per_month.max"]
    assert (events.old, events.new, events.technologies) == ("8", "6", ("thermostat",))
    case_number = changes["filing.steps.solicitation.case_number"]
    assert (case_number.what, case_number.new, case_number.effective) == (What.ADDED, "27-E-0001", date(2027, 7, 1))
    text = compare_text(read(FILED), read(APPROVED))
    assert "New value from 1 September 2027, filed 21 June 2027" in text
    assert "new  27-E-0001 [Case 27-E-0001]" in text


def test_a_modified_deadline_and_a_new_report_are_in_the_redline() -> None:
    """A parameter or report that the commission adds is one line of the redline (R117, R119, R121)."""
    new = FILED.replace("steps: {solicitation", "steps: {report: {title: Report, after: law, every_years: "
                                                "{value: 1, cite: "
                        "\"241.1(d)\"}}, solicitation")
    found = {(change.path, change.what, change.new) for change in compare(read(FILED), read(new))}
    assert ("filing.steps.report.every_years", What.ADDED, "1 years") in found
    assert {path.rpartition(".")[0] for path, *_ in found} == {"filing.steps.report"}
