"""What messages say of a storm, in whatever order and however often they come."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gridrider.event.storm import KEPT_AFTER, absorb, cancelled_by_hand, is_on, unlisted
from gridrider.event.storm_model import StormAlert, StormState
from tests.event.storms import NOON, alert, at, event


def on_in(state: StormState, now: datetime) -> set[str]:
    """The zones in which something is on."""
    return {spell.zone for spell in state.values() if is_on(spell, now)}


@pytest.mark.parametrize("action", ["NEW", "CON", "EXT", "EXA", "EXB", "COR"])
def test_an_event_is_on_from_any_message_that_goes_on(action: str) -> None:
    state = absorb({}, [alert(action=action)], NOON)
    assert on_in(state, NOON) == {"MTZ301"}
    assert on_in(state, at(6) - timedelta(seconds=1)) == {"MTZ301"}
    assert on_in(state, at(6)) == set()


@pytest.mark.parametrize("action", ["CAN", "UPG"])
def test_cancelled_or_upgraded_is_off(action: str) -> None:
    state = absorb({}, [alert(), alert(action=action, sent=at(1))], at(1))
    assert on_in(state, at(1)) == set()


def test_expired_runs_out_at_the_end_that_it_names_and_not_before() -> None:
    """Recorded 2025-12-15: EXP of KLOT.SC.Y.0113 was sent eight minutes before its end."""
    state = absorb({}, [alert(), alert(action="EXP", sent=at(5.8), message_type="Update")], at(5.8))
    assert on_in(state, at(5.9)) == {"MTZ301"}
    assert on_in(state, at(6)) == set()


def test_expired_without_an_end_is_off() -> None:
    assert on_in(absorb({}, [alert(ends=None), alert(action="EXP", sent=at(1), ends=None)], at(1)), at(1)) == set()


def test_without_an_end_it_is_on_until_cancelled() -> None:
    state = absorb({}, [alert("HU.W", ends=None)], NOON)
    assert on_in(state, at(24 * 300)) == {"MTZ301"}
    assert on_in(absorb(state, [alert("HU.W", "CAN", sent=at(9), ends=None)], at(9)), at(9)) == set()


def test_an_unknown_action_changes_nothing() -> None:
    state = absorb({}, [alert()], NOON)
    assert absorb(state, [alert(action="ROU", sent=at(1))], at(1)) == state


def test_zones_of_one_event_end_on_their_own() -> None:
    messages = [alert(zones=("MTZ301", "MTZ302")), alert(action="EXT", sent=at(1), ends=at(9), zones=("MTZ301",)),
                alert(action="CAN", sent=at(2), zones=("MTZ302",))]
    state = absorb({}, messages, at(2))
    assert on_in(state, at(2)) == {"MTZ301"}
    assert on_in(state, at(8.9)) == {"MTZ301"}
    assert on_in(state, at(9)) == set()


def test_a_shortened_event_ends_sooner() -> None:
    state = absorb({}, [alert(), alert(action="EXT", sent=at(1), ends=at(3))], at(1))
    assert on_in(state, at(3)) == set()


def test_a_watch_and_the_warning_that_takes_it_over_are_two() -> None:
    messages = [alert("WS.A"), alert("WS.A", "UPG", sent=at(1)), alert("WS.W", "NEW", sent=at(1))]
    state = absorb({}, messages, at(1))
    assert {spell.event.product for spell in state.values() if is_on(spell, at(1))} == {"WS.W"}
    both = absorb({}, [messages[0], messages[2]], at(1))
    assert {spell.event.product for spell in both.values() if is_on(spell, at(1))} == {"WS.A", "WS.W"}


def test_of_two_sent_at_once_the_one_that_protects_more_holds() -> None:
    for first, second in permutations([alert(action="CAN"), alert(action="CON", ends=at(2))]):
        assert on_in(absorb({}, [first, second], NOON), at(1)) == {"MTZ301"}
    for first, second in permutations([alert(ends=None), alert(ends=at(2))]):
        assert on_in(absorb({}, [first, second], NOON), at(3)) == {"MTZ301"}


def test_the_state_given_stays_as_it_is() -> None:
    state = absorb({}, [alert()], NOON)
    before = dict(state)
    absorb(state, [alert(action="CAN", sent=at(1)), alert("SV.W")], at(1))
    assert state == before


def test_what_is_over_is_remembered_against_late_messages_and_then_forgotten() -> None:
    state = absorb({}, [alert(ends=at(5000)), alert(action="CAN", sent=at(1))], at(1))
    later = at(1) + KEPT_AFTER
    assert on_in(absorb(state, [alert(ends=at(5000))], later), later) == set()
    assert absorb(state, [], later + timedelta(seconds=1)) == {}
    lasting = absorb({}, [alert(ends=None)], NOON)
    assert absorb(lasting, [], later + timedelta(days=1)) == lasting


def test_an_open_ended_event_that_the_feed_forgot_is_told_and_stays() -> None:
    state = absorb({}, [alert("HU.W", ends=None), alert("SV.W")], NOON)
    assert unlisted(state, at(2), timedelta(hours=2)) == []
    (told,) = unlisted(state, at(2.1), timedelta(hours=2))
    assert "KAAA.HU.W.0007.2026 MTZ301" in str(told) and "stays on" in str(told)
    assert unlisted(absorb(state, [alert("HU.W", ends=None)], at(2)), at(2.1), timedelta(hours=2)) == []
    by_hand = cancelled_by_hand(state, "KAAA.HU.W.0007.2026", "operator-1", at(3))
    assert {spell.event.product for spell in absorb(state, by_hand, at(3)).values() if is_on(spell, at(3))} == {"SV.W"}


MESSAGES = st.builds(
    lambda product, action, sent_h, ends_h, zones, alert_id: alert(
        product, action, sent=at(sent_h), ends=None if ends_h is None else at(ends_h), zones=tuple(sorted(zones)),
        alert_id=alert_id),
    st.sampled_from(["WS.W", "WS.A"]), st.sampled_from(["NEW", "CON", "EXT", "COR", "CAN", "EXP", "UPG"]),
    st.integers(0, 5), st.none() | st.integers(1, 12), st.frozensets(st.sampled_from(["MTZ301", "MTZ302"]), min_size=1),
    st.sampled_from("ab"))


@settings(max_examples=60)
@given(st.lists(MESSAGES, max_size=8), st.randoms(use_true_random=False), st.integers(0, 13))
def test_order_and_repetition_do_not_matter(messages: list[StormAlert], chance: object, hour: int) -> None:
    shuffled = messages + messages[:3]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    once, state = absorb({}, messages, at(6)), absorb({}, [], at(6))
    for message in shuffled:
        state = absorb(state, [message], at(6))
    assert state == once
    assert on_in(state, at(hour)) == on_in(once, at(hour))


class Office(RuleBasedStateMachine):
    """A forecast office, and a feed that loses, repeats and reorders what it sends.

    The office's own book says when each zone is truly on. The watcher may know less (a message is lost), but of what
    it was told it never releases a zone sooner than the last told end or cancellation, and never holds one longer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.state = NOON, absorb({}, [], NOON)
        self.sent: list[StormAlert] = []
        self.told: list[StormAlert] = []

    @rule(zones=st.frozensets(st.sampled_from(["MTZ301", "MTZ302", "IAC009"]), min_size=1),
          action=st.sampled_from(["NEW", "CON", "EXT", "EXA", "EXB", "COR", "CAN", "UPG", "EXP"]),
          lasts_h=st.none() | st.integers(0, 6), deliver=st.booleans())
    def announce(self, zones: frozenset[str], action: str, lasts_h: int | None, deliver: bool) -> None:
        ends = None if lasts_h is None else self.clock + timedelta(hours=lasts_h)
        message = alert(action=action, sent=self.clock, ends=ends, zones=tuple(sorted(zones)),
                        alert_id=f"m{len(self.sent)}")
        self.clock += timedelta(minutes=1)
        self.sent.append(message)
        if deliver:
            self.hear(message)

    @rule(hours=st.sampled_from([0.25, 1.0, 5.0]))
    def wait(self, hours: float) -> None:
        self.clock += timedelta(hours=hours)

    @rule(which=st.integers(0, 100))
    def arrive_late_or_again(self, which: int) -> None:
        if self.sent:
            self.hear(self.sent[which % len(self.sent)])

    def hear(self, message: StormAlert) -> None:
        self.told.append(message)
        self.state = absorb(self.state, [message], self.clock)

    @invariant()
    def what_was_told_last_holds_to_the_minute(self) -> None:
        for zone in ("MTZ301", "MTZ302", "IAC009"):
            heard = [message for message in self.told if zone in message.zones]
            last = max(heard, key=lambda message: message.sent, default=None)
            truly = last is not None and last.action not in ("CAN", "UPG") and (
                self.clock < last.ends if last.ends else last.action != "EXP")
            held = (event(), zone) in self.state and is_on(self.state[event(), zone], self.clock)
            assert held == truly, (zone, last)


TestOffice = Office.TestCase
TestOffice.settings = settings(max_examples=50, stateful_step_count=20)
