"""Anything in any order: events, storms, outages, lost messages, a program that is away, stopped or comes up anew.

After every five minutes the truth of the twin is held against what a customer was promised, and at every look so is
what was sent. At the end the independent checker reads the record.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gridrider.app.operate.call import CallRequest, call_event, cancel_event
from gridrider.app.operate.rows import rows_of
from gridrider.app.operate.stop import emergency_stop, resume
from gridrider.app.operate.tick import resend
from gridrider.dispatch.model import INSTRUCTIONS
from gridrider.enrollment.model import ACTS
from gridrider.twin.fleet.homes import Lie
from gridrider.twin.fleet.state import Connection
from gridrider.twin.fleet.surroundings import Trips
from tests.replay.worlds import EVENT, LEASE, TICK, Tiny, tiny, tiny_vehicles

HOMES = 5
OWN_KW, NOISE = 1.0, 1e-6
MONTHLY = 8
LATE = {"restore", "left_out", "unknown", "seen"}
"""What the checker may say of a program that was away for longer than a tick: it was due and nobody was there."""
AN_HOME, MINUTES = st.integers(0, HOMES - 1), st.sampled_from((5, 15, 40, 120))


@dataclass(slots=True, kw_only=True)
class Link:
    """The way to the devices, that forgets what goes to some homes and remembers who was reached when."""

    world: Any
    deaf: set[str]
    reached_s: dict[str, float]
    """When an event's instruction reached each home last."""

    def send(self, instructions: pa.Table) -> pa.Table:
        """To those that are not deaf."""
        if not len(instructions):
            return instructions
        heard = [name not in self.deaf for name in instructions.column("enrollment_id").to_pylist()]
        answers = self.world.send(instructions.filter(pa.array(heard)))
        answered = set(answers.column("instruction_id").to_pylist())
        for row in instructions.to_pylist():
            if row["instruction_id"] in answered and row["origin"] == "event":
                self.reached_s[row["enrollment_id"]] = self.world.state.clock_s
        return answers

    def answers(self) -> pa.Table:
        """As they are."""
        return self.world.answers()

    def telemetry(self) -> pa.Table:
        """As it is."""
        return self.world.telemetry()


class Whatever(RuleBasedStateMachine):
    """A tiny program and everything that can befall it."""

    world: Tiny | None = None

    @initialize(vehicles=st.booleans(), stored_share=st.sampled_from((0.35, 0.6, 0.95)))
    def begin(self, vehicles: bool, stored_share: float) -> None:
        """Five homes with reserves of their own; one does not obey, one says that it holds more than it does."""
        odd: dict[str, Any] = {"obeys": [True] * 3 + [False, True], "lie": [Lie.NONE] * 4 + [Lie.STORED],
                               "stored_lie_share": 0.2, "reserve_pct": [20.0, 25.0, 35.0, 20.0, 20.0]}
        if vehicles:
            self.world = tiny_vehicles(HOMES, departs=EVENT + timedelta(hours=4), **odd,
                                       ev_target_kwh=max(60.0 * stored_share, 14.0))
        else:
            self.world = tiny(HOMES, stored_share=stored_share, **odd)
        self.vehicles = vehicles
        self.floor_kwh = np.full(HOMES, 12.0) if vehicles else 13.5 * np.maximum(20.0, odd["reserve_pct"]) / 100
        self.link = Link(world=self.world.world, deaf=set(), reached_s={})
        self.world.devices = self.link
        self.events: dict[str, tuple[datetime, datetime]] = {}
        self.left: set[tuple[str, int]] = set()
        self.suspended: set[int] = set()
        self.asked: dict[int, set[str]] = {}
        self.locked_until: datetime | None = None
        self.warned_until: datetime | None = None
        self.stopped = self.was_away = False
        self.names = self.world.program.enrollment_id.to_pylist()
        self.pass_time(6)

    # ---- time --------------------------------------------------------------------------------------
    @rule(ticks=st.integers(1, 6))
    def pass_time(self, ticks: int) -> None:
        """The program looks every five minutes."""
        for _ in range(ticks):
            self.step()
            self.look()

    @rule(minutes=MINUTES)
    def nobody_looks(self, minutes: int) -> None:
        """The program's clock skips, or nobody is there."""
        self.was_away = True
        for _ in range(minutes // 5):
            self.step()
        self.look()

    def step(self) -> None:
        """Five minutes of truth."""
        assert self.world is not None
        world = self.world
        before_kwh, began_s = world.stored_kwh.copy(), world.now.timestamp()
        world.live(world.now + TICK)
        state = world.world.state
        tied = ~np.isin(state.connection, (Connection.ISLANDED, Connection.DARK))
        if self.vehicles:  # a trip may take what it likes
            tied &= ~state.ev_away
        kept_kwh = np.minimum(before_kwh, self.floor_kwh)
        assert (world.stored_kwh >= kept_kwh - NOISE)[tied].all(), "below the floor"
        assert (state.battery_kw <= OWN_KW + NOISE)[~tied].all(), "an island that gives more than its home takes"
        for home in np.flatnonzero(state.battery_kw > OWN_KW + NOISE):
            last_s = self.link.reached_s.get(self.names[home], -np.inf)
            assert began_s < last_s + LEASE.total_seconds(), "held beyond a lease after the last word"

    def look(self) -> None:
        """The program looks, and what it sends is held against what it may."""
        assert self.world is not None
        world, now = self.world, self.world.now
        if not world.feed.lost:
            self.locked_until = self.warned_until
        self.judge(world.look(), now)

    def judge(self, sent: pa.Table, now: datetime) -> None:
        """What was sent now."""
        for row in sent.to_pylist():
            home, asked_kw = self.names.index(row["enrollment_id"]), (row["delivered_milliwatt"] or 0) / 1e6
            assert row["reverts_at"] > row["start"] or row["origin"] in ("restore", "emergency_stop")
            if asked_kw <= 0:
                continue
            start, end = self.events[row["event_id"]]
            assert row["origin"] == "event" and start <= now < end, "asked outside of its event"
            assert row["reverts_at"] <= min(now + LEASE, end), "a timer that is too long"
            assert row["floor_mwh"] / 1e6 >= self.floor_kwh[home] - NOISE, "a floor that is too low"
            assert not self.stopped and home not in self.suspended, "asked while stopped or suspended"
            assert (row["event_id"], home) not in self.left, "asked after it opted out"
            assert self.locked_until is None or self.locked_until <= now, "asked in a storm"
            self.asked.setdefault(home, set()).add(row["event_id"])
            assert len(self.asked[home]) <= MONTHLY, "asked in too many events"

    # ---- events and people -------------------------------------------------------------------------
    @rule(ahead=st.sampled_from((0, 5, 30)), minutes=st.sampled_from((15, 60, 150)),
          target_kw=st.sampled_from((None, None, 4, 1000)))
    def call(self, ahead: int, minutes: int, target_kw: int | None) -> None:
        """Somebody calls an event, if the tariff lets it."""
        assert self.world is not None
        start = self.world.now + timedelta(minutes=ahead)
        event_id = f"event-{len(self.events)}"
        refused = call_event(self.world.desk, CallRequest(
            event_id=event_id, service="flex_alert", kind="flex_alert", start=start,
            end=start + timedelta(minutes=minutes), zones=(), notice="day_of", reason="",
            target_kw=None if target_kw is None else Decimal(target_kw), proposed_by="operator", approved_by="lead"),
            self.world.now)
        if not refused:
            self.events[event_id] = (start, start + timedelta(minutes=minutes))

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def call_off(self, data: st.DataObject) -> None:
        """An event is called off, running or not."""
        assert self.world is not None
        event_id = data.draw(st.sampled_from(sorted(self.events)))
        start, end = self.events[event_id]
        if end > self.world.now:
            cancel_event(self.world.desk, event_id, "operator", self.world.soon)
            self.events[event_id] = (start, self.world.soon)

    @precondition(lambda self: self.events)
    @rule(data=st.data(), home=AN_HOME)
    def opt_out(self, data: st.DataObject, home: int) -> None:
        """A customer leaves an event."""
        assert self.world is not None
        event_id = data.draw(st.sampled_from(sorted(self.events)))
        if (event_id, home) not in self.left:
            self.world.opt_out(event_id, home)
            self.left.add((event_id, home))

    @rule(home=AN_HOME)
    def suspend_or_resume(self, home: int) -> None:
        """A customer switches the program off, or on again."""
        assert self.world is not None
        act = "resume" if home in self.suspended else "suspend"
        self.suspended ^= {home}
        self.world.desk.keep({ACTS.name: rows_of(ACTS, 1, {
            "act": act, "at": self.world.soon, "enrollment_id": self.world.names(home), "by": "customer"})},
            key=f"{act} {home} after {self.world.desk.version}")

    @rule()
    def stop_or_resume(self) -> None:
        """Somebody stops the program, or lets it go on."""
        assert self.world is not None
        desk, now = self.world.desk, self.world.soon
        if self.stopped:
            resume(desk, by="lead", because="well again", now=now)
        else:
            emergency_stop(desk, self.link, by="operator", because="something is wrong", now=now)
        self.stopped = not self.stopped

    # ---- storms ------------------------------------------------------------------------------------
    @rule(product=st.sampled_from(("HW.W", "HW.A")), action=st.sampled_from(("NEW", "CAN")))
    def announce(self, product: str, action: str) -> None:
        """A watch or a warning, or its end."""
        assert self.world is not None
        now = self.world.now
        self.world.feed.say(now, product, action)
        if product == "HW.W":
            self.warned_until = now + timedelta(hours=12) if action == "NEW" else None

    @rule()
    def lose_or_find_the_feed(self) -> None:
        """The alert feed falls silent, or is back."""
        assert self.world is not None
        self.world.feed.lost = not self.world.feed.lost

    # ---- faults ------------------------------------------------------------------------------------
    @rule(home=AN_HOME, minutes=MINUTES)
    def lose_the_grid(self, home: int, minutes: int) -> None:
        """An outage at one home."""
        assert self.world is not None
        self.world.outage(home, until=self.world.now + timedelta(minutes=minutes))

    @rule(home=AN_HOME, minutes=MINUTES)
    def cut_the_link(self, home: int, minutes: int) -> None:
        """Nothing comes in or out of one home."""
        assert self.world is not None
        self.world.cut_link(home, until=self.world.now + timedelta(minutes=minutes))

    @rule(home=AN_HOME)
    def lose_messages(self, home: int) -> None:
        """What is sent to a home is lost, or not any more; its reports come."""
        self.link.deaf ^= {self.names[home]}

    @rule()
    def send_everything_again(self) -> None:
        """All instructions ever, a second time."""
        assert self.world is not None
        ever = self.world.store.read(INSTRUCTIONS.name)
        if ever is not None:
            self.world.world.send(ever.filter(pa.array([name in self.world.world.heard for name in
                                                        ever.column("instruction_id").to_pylist()])))

    @rule()
    def come_up_anew(self) -> None:
        """The process dies; another one reads the store, and sends again what nobody answered."""
        assert self.world is not None
        self.world.reopen()
        resend(self.world.desk, self.link, self.world.now)

    @precondition(lambda self: self.vehicles)
    @rule()
    def leave_early(self) -> None:
        """All vehicles leave in two minutes, for an hour."""
        assert self.world is not None
        departs = np.full((1, HOMES), self.world.now.timestamp() + 120.0)
        self.world.world.trips_of = lambda day: Trips(departs_s=departs, returns_s=departs + 3600.0,
                                                      trip_kwh=np.full((1, HOMES), 2.0))
        self.world.world.refresh()

    # ---- the end -----------------------------------------------------------------------------------
    def teardown(self) -> None:
        """Everything comes to its end, and the checker reads the record."""
        if self.world is None:
            return
        self.pass_time(4)
        if not self.world.rows(INSTRUCTIONS) or not self.events:
            return
        with tempfile.TemporaryDirectory() as folder:
            found = [each for each in self.world.findings(Path(folder))
                     if not (self.was_away and each.rule in LATE)]
        assert found == []


TestWhatever = Whatever.TestCase
TestWhatever.settings = settings(max_examples=15, stateful_step_count=25, phases=(Phase.generate,))
"""Without shrinking: a failure is told at once, with its whole story."""
