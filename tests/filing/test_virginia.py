"""The calendar of the Virginia act: a board instead of a commission, duties without days, and what an act must hold."""

import pytest

from gridrider.tariff.filing_dates import State
from tests.filing.written import act, standing
from tests.tariff.written import WHOLE, read, said

TEXT = WHOLE + """\
filing:
  effective: 2027-01-01
  filed: 2026-07-01
  computation: {value: virginia, cite: "1-210"}
  dates:
    start: {title: First day of a program, on: {value: 2027-01-01, cite: "B"}}
  steps:
    resolution: {title: Resolve, by: board, after: start, because: {value: The board resolves., cite: "B"}}
    program: {title: Establish it, by: cooperative, after: resolution, because: {value: It follows., cite: "B"}}
    copy: {title: File a copy, after: program, each_with: {value: [federal_funding], cite: "C"}}
    solicitation: {title: Solicit, after: program, only_if: {step: program, features: [battery_incentives]},
                   each_with: {value: [open_to_others], cite: "C"}}
    stakeholders: {title: Hear stakeholders, after: resolution, because: {value: Feedback is heard., cite: "D(i)"}}
    agreement: {title: Agree with aggregators, after: program,
                each_with: {value: [customer_data, grid_data], cite: "A"}}
"""


def state_of(step: str, at: str, *acts) -> State:
    return standing(at, *acts, text=TEXT)[step].state


def test_a_board_may_resolve_from_the_first_of_january_2027_on() -> None:
    """On or after January 1, 2027, by resolution of the board (R6, R7)."""
    assert state_of("resolution", "2027-01-02", act("resolution", "2026-12-31")) is State.TOO_EARLY
    assert state_of("resolution", "2027-01-02", act("resolution", "2027-01-01")) is State.DONE
    assert state_of("resolution", "2027-01-02") is State.DUE


def test_the_copy_for_information_shows_that_federal_funding_was_evaluated() -> None:
    """The filing informs, and holds the evaluation (R28)."""
    done = (act("resolution", "2027-01-04"), act("program", "2027-02-01"))
    assert state_of("copy", "2027-03-01", *done, act("copy", "2027-02-10")) is State.DUE
    assert state_of("copy", "2027-03-01", *done, act("copy", "2027-02-10", "federal_funding")) is State.DONE


def test_a_solicitation_is_owed_by_who_offers_battery_incentives_in_no_stated_order() -> None:
    """Owed with incentives only; an earlier one counts as well (R29, R122)."""
    board = act("resolution", "2027-01-04")
    with_them, without = act("program", "2027-02-01", "battery_incentives"), act("program", "2027-02-01")
    assert state_of("solicitation", "2027-03-01", board, without) is State.NOT_NEEDED
    assert state_of("solicitation", "2027-03-01", board, with_them) is State.DUE
    assert state_of("solicitation", "2027-01-10", board) is State.OPEN
    before = act("solicitation", "2027-01-15", "open_to_others")
    assert state_of("solicitation", "2027-03-01", board, with_them, before) is State.DONE


def test_an_aggregator_agreement_delivers_customer_and_grid_data() -> None:
    """As part of its agreement the aggregator receives both (R120)."""
    done = (act("resolution", "2027-01-04"), act("program", "2027-02-01"))
    assert state_of("agreement", "2027-03-01", *done, act("agreement", "2027-02-10", "customer_data")) is State.DUE
    both = act("agreement", "2027-02-10", "customer_data", "grid_data")
    assert state_of("agreement", "2027-03-01", *done, both) is State.DONE


@pytest.mark.parametrize(("at", "done", "expected"), [("2027-03-01", True, State.DONE), ("2027-03-01", False,
                                                                                       State.DUE)])
def test_stakeholders_are_heard(at: str, done: bool, expected: State) -> None:
    """A stakeholder process for feedback (R16, R30)."""
    acts = [act("resolution", "2027-01-04")] + ([act("stakeholders", "2027-02-01")] if done else [])
    assert state_of("stakeholders", at, *acts) is expected


PHASES = WHOLE + """\
filing:
  computation: none
  dates: {start: {title: The pilot begins}}
  steps:
    audit: {title: Fleet audit, after: start, within_years: 1}
    charger: {title: Charger rebate, after: start, within_years: 2, not_before_years: 1}
    market: {title: Bid into the market, after: start, not_before_years: 2}
"""


def test_the_phases_of_a_roadmap() -> None:
    """Months 1 to 12, 12 to 24, from the second year on (R32)."""
    start = act("start", "2028-02-01")

    def phase(step: str, at: str, *acts) -> State:
        return standing(at, start, *acts, text=PHASES)[step].state

    assert phase("audit", "2029-02-01") is State.DUE
    assert phase("audit", "2029-02-02") is State.LATE
    assert phase("charger", "2029-06-01", act("charger", "2029-01-31")) is State.TOO_EARLY
    assert phase("charger", "2029-06-01", act("charger", "2029-02-01")) is State.DONE
    assert phase("charger", "2030-02-02") is State.LATE
    assert phase("market", "2030-01-31") is State.OPEN
    assert phase("market", "2030-03-01", act("market", "2030-01-31")) is State.TOO_EARLY
    assert phase("market", "2030-03-01", act("market", "2030-02-01")) is State.DONE


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("after: start, within_years: 1}", "after: sart, within_years: 1}", "is neither a date nor a step of this "
         "calendar"),
    ("after: start, within_years: 1}", "after: start}", "states no rule, and so rests on no clause"),
    ("after: start, within_years: 1}", 'after: start, within_years: "1.5"}', "is not a whole number from 1 to 100"),
    ("after: start, within_years: 1}", "after: start, within_years: 0}", "is not a whole number from 1 to 100"),
    ("after: start, within_years: 1}", "after: start, within_years: 1, within_days: 9}",
     "states more than one length of time"),
    ("after: start, within_years: 1}", "after: charger, within_years: 1}\n    pilot: {title: Pilot, after: audit, "
     "within_days: 9}\n    more: {title: More, after: start, within_days: 1, before: fleet}",
     "is not a step of this calendar"),
    ("charger: {title: Charger rebate, after: start", "charger: {title: Charger rebate, after: charger",
     "waits for itself: charger after charger"),
    ("  computation: none\n", "", "nothing says how days are counted"),
    ("audit: {title", "start: {title", "is also the name of a date"),
])
def test_a_calendar_that_cannot_be_reckoned_is_refused(old: str, new: str, expected: str) -> None:
    assert old in PHASES
    assert read(PHASES).filing is not None
    assert any(expected in line for line in said(PHASES.replace(old, new, 1)))
