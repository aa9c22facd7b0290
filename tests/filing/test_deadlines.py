"""Every deadline of the bill on both sides of its last day, what it waits for, and what an act must hold."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gridrider.tariff.filing_dates import State, deadlines
from gridrider.tariff.state_days import is_business_day
from tests.filing.written import TEXT, act, filing, standing

LAW = act("law", "2026-10-06")
PROPOSAL = act("proposal", "2027-01-04")
NOTICE = act("notice", "2027-01-10")
HEARINGS = (act("hearings", "2027-03-16", "video"), act("hearings", "2027-03-18", "video", "disadvantaged_community"))


@pytest.mark.parametrize(("step", "acts", "due"), [
    ("proposal", (LAW,), "2027-01-04"),  # 90 days, a Monday
    ("decision", (LAW, PROPOSAL), "2027-04-05"),  # 4 April is a Sunday
    ("tariff", (act("decision", "2027-04-05"), PROPOSAL, LAW), "2027-05-05"),
    ("approval", (act("tariff", "2027-05-05"), act("decision", "2027-04-05"), PROPOSAL, LAW), "2027-06-21"),
    ("ev", (LAW,), "2028-10-06"),
    ("rules", (LAW,), "2027-10-06"),
    ("targets", (LAW,), "2027-10-06"),
])
def test_an_act_is_due_on_its_last_day_and_late_the_day_after(step: str, acts: tuple, due: str) -> None:
    """90, 30 and 45 days, one and two years (R22, R23, R24, R25)."""
    last = date.fromisoformat(due)
    after = str(last + timedelta(days=1))
    assert standing(due, *acts)[step].due_on == last
    assert standing(due, *acts)[step].state is State.DUE
    late = standing(after, *acts)[step]
    assert (late.state, late.because.startswith("It is 1 day late.")) == (State.LATE, True)
    assert standing(after, *acts, act(step, due))[step].state is State.DONE
    done_late = standing(after, *acts, act(step, after))[step]
    assert (done_late.state, done_late.because.startswith("It came 1 day late.")) == (State.DONE_LATE, True)


def test_an_end_on_a_sunday_says_from_where_it_was_moved() -> None:
    """General Construction Law § 25-a (R22)."""
    decision = standing("2027-01-10", LAW, PROPOSAL)["decision"]
    assert (decision.reckoned_to, decision.due_on) == (date(2027, 4, 4), date(2027, 4, 5))
    plain = standing("2027-01-10", LAW, PROPOSAL, text=TEXT.replace("value: new_york", "value: none"))["decision"]
    assert (plain.reckoned_to, plain.due_on) == (None, date(2027, 4, 4))


@pytest.mark.parametrize(("step", "years", "end"), [
    ("method_holds", 4, "2030-10-07"), ("areas_hold", 5, "2031-10-06"), ("targets_hold", 10, "2037-10-06")])
def test_what_the_law_holds_fixed_may_not_end_sooner(step: str, years: int, end: str) -> None:
    """Four years of method, five of service areas, ten of targets (R24, R26)."""
    acts = (LAW, act("targets", "2027-10-06"))
    last = date.fromisoformat(end)
    running = standing(end, *acts)[step]
    assert (running.state, running.due_on) == (State.RUNNING, last)
    assert f"at least {years} years" in running.counting
    assert standing(str(last + timedelta(days=1)), *acts)[step].state is State.DONE
    assert standing(end, *acts, act(step, str(last - timedelta(days=1))))[step].state is State.TOO_EARLY
    assert standing(end, *acts, act(step, end))[step].state is State.DONE


def test_the_share_of_service_areas_is_told() -> None:
    """At least ten percent of the service areas (R26)."""
    assert "covering at least 10%" in standing("2027-01-10", LAW)["areas_hold"].counting


def test_comments_run_sixty_days_from_the_notice() -> None:
    """Closed on day 59 is too early, on day 60 it is in time (R22)."""
    acts = (LAW, PROPOSAL, NOTICE)
    assert standing("2027-03-11", *acts)["comments"].state is State.RUNNING
    assert standing("2027-03-12", *acts)["comments"].state is State.DONE
    early = standing("2027-03-12", *acts, act("comments", "2027-03-10"))["comments"]
    assert (early.state, early.because) == (State.TOO_EARLY, "It was closed 1 day before it may end.")
    assert standing("2027-03-12", *acts, act("comments", "2027-03-11"))["comments"].state is State.DONE


def test_two_hearings_with_video_one_in_a_disadvantaged_community_make_it_complete() -> None:
    """Both hearings, each with video, one where the law wants it, before the decision (R22)."""
    acts = (LAW, PROPOSAL, NOTICE)
    at = "2027-04-05"
    assert standing(at, *acts, *HEARINGS)["hearings"].state is State.DONE
    one = standing("2027-04-02", *acts, HEARINGS[1])["hearings"]
    assert (one.state, "1 more is needed." in one.because) == (State.DUE, True)
    assert standing("2027-04-03", *acts, HEARINGS[1])["hearings"].state is State.LATE
    elsewhere = standing(at, *acts, act("hearings", "2027-03-16", "video"), act("hearings", "2027-03-18", "video"))
    assert elsewhere["hearings"].state is State.LATE
    assert "disadvantaged community" in elsewhere["hearings"].because
    silent = standing(at, *acts, act("hearings", "2027-03-16"), HEARINGS[1])["hearings"]
    assert (silent.state, "16 March 2027 lacks something of video" in silent.because) == (State.LATE, True)


def test_a_hearing_within_the_comment_period_does_not_count() -> None:
    """Hearings follow the comment period (R22)."""
    acts = (LAW, PROPOSAL, NOTICE)
    inside = act("hearings", "2027-03-10", "video", "disadvantaged_community")
    assert standing("2027-04-02", *acts, inside, HEARINGS[0])["hearings"].state is State.DUE
    assert standing("2027-03-11", *acts, inside)["hearings"].state is State.TOO_EARLY
    third = act("hearings", "2027-03-19", "video", "disadvantaged_community")
    assert standing("2027-04-02", *acts, inside, HEARINGS[0], third)["hearings"].state is State.DONE


def test_the_latest_notice_that_still_fits_comments_and_hearings() -> None:
    """60 days, then two hearings, inside the 90 days: 30 January and no later (R22)."""
    notice = standing("2027-01-10", LAW, PROPOSAL)["notice"]
    assert notice.due_on == date(2027, 1, 30)
    assert notice.because.endswith("The latest day that still fits: comments through 31 March 2027, hearings on "
                                   "1 April 2027 and 2 April 2027, decision by 5 April 2027.")
    in_time = standing("2027-02-28", LAW, PROPOSAL, act("notice", "2027-01-30"))
    assert (in_time["notice"].state, in_time["comments"].due_on) == (State.DONE, date(2027, 3, 31))
    too_late = standing("2027-04-05", LAW, PROPOSAL, act("notice", "2027-02-04"))
    assert too_late["notice"].state is State.DONE_LATE
    assert "cannot come in time" in too_late["hearings"].because


@hypothesis_settings(max_examples=60, deadline=None)
@given(filed=st.dates(date(2026, 6, 1), date(2036, 6, 1)))
def test_the_latest_notice_fits_and_the_day_after_does_not(filed: date) -> None:
    """Against a search forward over all days, for any day of filing (R22)."""
    found = {each.step: each for each in deadlines(filing(), [act("proposal", str(filed))], filed)}
    decision, latest = found["decision"].due_on, found["notice"].due_on
    assert decision is not None and latest is not None

    def hearings_left(notice: date) -> int:
        end = notice + timedelta(days=60)
        while not is_business_day(end, "new_york"):
            end += timedelta(days=1)
        between = [end + timedelta(days=step) for step in range(1, (decision - end).days)]
        return sum(is_business_day(day, "new_york") for day in between)

    assert hearings_left(latest) >= 2 > hearings_left(latest + timedelta(days=1))


def test_an_electric_vehicle_rider_needs_no_hearing_and_nothing_when_it_was_filed_at_first() -> None:
    """The hearing is waived; the deadline is only for who left the rider out (R23)."""
    found = standing("2027-01-10", LAW, PROPOSAL)
    assert (found["ev_hearings"].state, found["ev"].state) == (State.WAIVED, State.DUE)
    assert found["ev_hearings"].clause == "241.1(c)(ii)"
    assert found["ev_notice"].due_on is not None
    with_it = standing("2027-01-10", LAW, act("proposal", "2027-01-04", "ev_rider"))
    assert {with_it[step].state for step in ("ev", "ev_notice", "ev_comments", "ev_decision")} == {State.NOT_NEEDED}


def test_nothing_is_counted_from_what_is_not_known() -> None:
    """Open, with the day that it waits for (R22)."""
    found = standing("2027-01-10", PROPOSAL)
    assert (found["rules"].state, found["rules"].due_on) == (State.OPEN, None)
    assert found["rules"].because == "It cannot be counted before the day is known: The law takes effect."


def test_what_counts_from_an_act_to_come_is_projected_from_its_last_day() -> None:
    """The tariff's filing waits for the decision; until then its day is a projection (R22)."""
    tariff = standing("2027-01-10", LAW, PROPOSAL)["tariff"]
    assert (tariff.state, tariff.projected, tariff.due_on) == (State.OPEN, True, date(2027, 5, 5))
    when_late = standing("2027-04-10", LAW, PROPOSAL)["tariff"]
    assert (when_late.projected, when_late.due_on) == (True, date(2027, 5, 10))
    earlier = standing("2027-04-10", LAW, PROPOSAL, act("decision", "2027-03-01"))["tariff"]
    assert (earlier.projected, earlier.due_on) == (False, date(2027, 3, 31))


def test_an_act_before_what_it_counts_from_is_too_early() -> None:
    early = standing("2027-03-01", LAW, PROPOSAL, act("tariff", "2027-02-01"))["tariff"]
    assert (early.state, early.because) == (State.TOO_EARLY, "It came before this has happened: Decide.")


def test_a_duty_without_days_is_owed_at_once_and_has_no_last_day() -> None:
    """The proposal is posted on the website (R27)."""
    posted = standing("2027-01-10", LAW, PROPOSAL)["posted"]
    assert (posted.state, posted.due_on, posted.where) == (State.DUE, None, ("website",))
    assert standing("2027-01-03", LAW)["posted"].state is State.OPEN
    assert standing("2027-01-10", LAW, PROPOSAL, act("posted", "2027-01-04"))["posted"].state is State.DONE


def test_the_case_number_is_told() -> None:
    """A case number for each proposal (R118)."""
    assert standing("2027-01-10", LAW)["approval"].case_number == "27-E-0001"


def test_a_yearly_report_comes_back() -> None:
    """On the day that the commission set, and each year after it (R6, R107)."""
    acts = (act("report_day", "2028-03-31"), act("report", "2028-03-30"), act("report", "2029-04-05"))
    found = [each for each in deadlines(filing(), acts, date(2030, 4, 2)) if each.step == "report"]
    assert [(each.occurrence, str(each.due_on), each.state) for each in found] == [
        (1, "2028-03-31", State.DONE), (2, "2029-04-02", State.DONE_LATE), (3, "2030-04-01", State.LATE),
        (4, "2031-03-31", State.DUE)]


def test_what_is_planned_after_the_day_has_not_happened() -> None:
    found = standing("2027-01-10", LAW, PROPOSAL, act("decision", "2027-03-01"))
    assert (found["decision"].state, found["tariff"].projected) == (State.DUE, True)


@hypothesis_settings(max_examples=60, deadline=None)
@given(start=st.dates(date(2020, 1, 1), date(2040, 1, 1)), later=st.integers(0, 60))
def test_no_deadline_comes_sooner_when_the_law_comes_later(start: date, later: int) -> None:
    """Monotone in the effective date, through the whole chain (R22)."""
    at = start + timedelta(days=later)
    first = deadlines(filing(), [act("law", str(start))], at)
    second = deadlines(filing(), [act("law", str(at))], at)
    pairs = [(one.due_on, two.due_on) for one, two in zip(first, second, strict=True) if one.due_on and two.due_on]
    assert len(pairs) > 10
    assert all(one <= two for one, two in pairs)


@given(shuffled=st.permutations([LAW, PROPOSAL, NOTICE, *HEARINGS, act("decision", "2027-04-05")]))
def test_the_order_of_the_rows_changes_nothing(shuffled: list) -> None:
    assert deadlines(filing(), shuffled, date(2027, 5, 1)) == deadlines(
        filing(), [LAW, PROPOSAL, NOTICE, *HEARINGS, act("decision", "2027-04-05")], date(2027, 5, 1))


def test_an_act_whose_start_nobody_noted_still_lets_the_next_one_be_counted() -> None:
    found = standing("2027-01-10", PROPOSAL)
    assert (found["proposal"].state, found["decision"].due_on) == (State.OPEN, date(2027, 4, 5))
    assert found["proposal"].because.startswith("Whether it came in time cannot be said")
