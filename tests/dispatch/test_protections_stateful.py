"""One battery through any sequence of asking, silence, storms, outages, opt-outs and clock skips, one step at a time.

The device is as plain as can be: it does the last instruction that reached it until its timer is over. In half of the
sequences it ignores the floor that it was told, so that the program alone keeps the reserve; then it reports whenever
the link is there, and at once. Where messages may come late and the program's clock may be wrong, the floor in the
device is the last defence, and it is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gridrider.dispatch.columns import StandingColumns, TelemetryColumns
from gridrider.dispatch.model import Connection, Origin, Protection
from gridrider.dispatch.protections.bounds import PROTECTION_CODES, Span, event_bounds
from gridrider.dispatch.protections.last_word import last_word
from gridrider.dispatch.protections.own_good import own_good_bounds
from tests.dispatch.worlds import RULES, START, homes

LEASE = timedelta(minutes=20)
EVENT_END = START + timedelta(hours=16)
EFFICIENCY = 0.9
CAPACITY_KWH, RESERVE_PCT = 13.5, 30
RESERVE_KWH = CAPACITY_KWH * RESERVE_PCT / 100
NOISE_KWH = 1e-9
RARELY = st.sampled_from((False,) * 9 + (True,))


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the device was told last."""

    delivered_kw: float
    floor_kwh: float
    reverts_at: datetime


class OneBattery(RuleBasedStateMachine):
    """The program on one side, the battery on the other, and a link between them that may be cut."""

    @initialize(honours_floor=st.booleans(), stored_pct=st.integers(RESERVE_PCT, 70))
    def begin(self, honours_floor: bool, stored_pct: int) -> None:
        """A battery at or above its reserve, on the grid, in a long event."""
        self.honours_floor, self.stored_kwh = honours_floor, CAPACITY_KWH * stored_pct / 100
        self.now, self.skew, self.link = START, timedelta(), True
        self.connection, self.told = Connection.GRID_TIED, Told(delivered_kw=0.0, floor_kwh=0.0, reverts_at=START)
        self.heard: list[tuple[datetime, float, float, str]] = []
        self.late: list[tuple[datetime, float, float, str]] = []
        self.home = homes(1).but(reserve_customer_pct=RESERVE_PCT, discharge_efficiency=EFFICIENCY).devices
        self.standing = StandingColumns.ordinary(1)
        self.live(minutes=0, own_kw=0.0, arrives=True)

    @rule(minutes=st.integers(1, 15), own_kw=st.sampled_from((0.0, 0.0, -2.0)), arrives=st.booleans())
    def live(self, minutes: int, own_kw: float, arrives: bool) -> None:
        """Time goes by: the device follows what it was told, then its customer's settings, and reports."""
        stored_before_kwh, end = self.stored_kwh, self.now + timedelta(minutes=minutes)
        delivered_kwh = 0.0
        while self.now < end:
            follows = self.now < self.told.reverts_at and self.connection is Connection.GRID_TIED
            power_kw = self.told.delivered_kw if follows else own_kw
            if follows and self.honours_floor and self.stored_kwh <= self.told.floor_kwh:
                power_kw = min(power_kw, 0.0)
            self.now += timedelta(minutes=1)
            change_kwh = -power_kw / 60 / (EFFICIENCY if power_kw > 0 else 1.0)
            lowest_kwh = self.told.floor_kwh if follows and self.honours_floor and power_kw > 0 else 0.0
            self.stored_kwh = min(max(self.stored_kwh + change_kwh, lowest_kwh), CAPACITY_KWH)
            delivered_kwh += power_kw / 60
        given_kwh = max(stored_before_kwh - self.stored_kwh, 0.0) * EFFICIENCY
        mean_kw = 0.0 if minutes == 0 else (given_kwh or stored_before_kwh - self.stored_kwh) * 60 / minutes
        report = (self.now, self.stored_kwh, mean_kw, self.connection.name.lower())
        if self.link and (arrives or not self.honours_floor):
            self.heard.append(report)
        elif self.honours_floor:
            self.late.append(report)

    @precondition(lambda self: self.late)
    @rule(twice=st.booleans())
    def late_reports_come(self, twice: bool) -> None:
        """Out of order, and perhaps twice."""
        self.heard += list(reversed(self.late)) * (2 if twice else 1)
        self.late = []

    @rule()
    def cut_the_link(self) -> None:
        """Neither reports nor instructions come through."""
        self.link = False

    @rule()
    def mend_the_link(self) -> None:
        """The first thing that a device does is to report."""
        self.link = True
        self.live(minutes=0, own_kw=0.0, arrives=True)

    @precondition(lambda self: self.honours_floor)
    @rule(minutes=st.sampled_from((0, 0, 0, 2, -2, 10, -10, 40, -40)))
    def skip_the_clock(self, minutes: int) -> None:
        """The program's clock goes wrong, or right again."""
        self.skew = timedelta(minutes=minutes)

    @rule(connection=st.sampled_from((Connection.GRID_TIED,) * 12 + tuple(Connection)))
    def change_the_grid(self, connection: Connection) -> None:
        self.connection = connection

    @rule(status=st.sampled_from((0,) * 8 + (1, 1, 2)), lost=RARELY)
    def hear_of_a_storm(self, status: int, lost: bool) -> None:
        self.standing = replace(self.standing, storm_status=np.array([status], np.int8),
                                storm_feed_lost=np.array([lost]))

    @rule(name=st.sampled_from(("suspended", "opted_out", "medical")))
    def protect_for_a_look(self, name: str) -> None:
        """The customer suspends or opts out, or is on life support: the next look asks nothing."""
        standing = self.standing
        self.standing = replace(standing, **{name: np.array([True])})
        self.ask(5.0)
        self.standing = standing

    @rule(events=st.sampled_from((0, 3) + (7,) * 8 + (8,)), called_kwh=st.sampled_from((600.0,) * 8 + (674.0, 675.0)))
    def use_caps_elsewhere(self, events: int, called_kwh: float) -> None:
        self.standing = replace(self.standing, events_month=np.array([float(events)]),
                                called_kwh_year=np.array([called_kwh]))

    @rule(asked_kw=st.sampled_from((1.0, 5.0, 50.0)), minutes=st.lists(st.integers(1, 25), min_size=1, max_size=5))
    def go_on_with_the_event(self, asked_kw: float, minutes: list[int]) -> None:
        """The program looks and asks some times in a row, and time goes by after each."""
        for some in minutes:
            self.ask(asked_kw)
            self.live(minutes=some, own_kw=0.0, arrives=True)

    def ask(self, asked_kw: float) -> None:
        """The program looks, and what it says reaches the device if the link is there: an event, or its own again."""
        now = self.now + self.skew
        telemetry = self.telemetry(now)
        reverts_at = min(now + LEASE, EVENT_END) if now < EVENT_END else now + LEASE
        span = Span(start=now, reverts_at=reverts_at, event_start=START, event_end=EVENT_END)
        bounds = event_bounds(self.home, telemetry, self.standing, RULES, span=span)
        given_kw = float(last_word(np.array([asked_kw]), bounds).given_kw[0])
        assert 0 <= given_kw <= min(asked_kw, 5.0)
        standing = self.standing
        protected = (standing.suspended | standing.opted_out | standing.medical | (standing.storm_status == 2)
                     | standing.storm_feed_lost | (standing.events_month >= 8) | (standing.called_kwh_year >= 675))
        known = [report for report in reversed(self.heard) if report[0] <= now]
        newest = max(known, key=lambda report: report[0], default=None)
        fresh = newest is not None and now - newest[0] <= timedelta(minutes=15) and newest[3] == "grid_tied"
        if protected[0] or not fresh or not START <= now < EVENT_END:
            assert given_kw == 0
            assert PROTECTION_CODES[bounds.protection[0]] is not Protection.POWER_LIMIT
        if self.link:
            self.told = Told(delivered_kw=given_kw, floor_kwh=float(bounds.floor_kwh[0]), reverts_at=reverts_at)

    @rule()
    def charge_for_a_storm(self) -> None:
        """For the customer's own good: never of a home that is known to be off the grid, and it never discharges."""
        telemetry = self.telemetry(self.now + self.skew)
        bounds = own_good_bounds(Origin.STORM_CHARGE, self.home, telemetry, self.standing, RULES)
        assert -5 <= bounds.delivered_kw_low[0] <= bounds.delivered_kw_high[0] == 0
        if telemetry.connection[0] != Connection.GRID_TIED:
            assert bounds.delivered_kw_low[0] == 0
        elif self.link:
            self.told = Told(delivered_kw=float(bounds.delivered_kw_low[0]), floor_kwh=0.0,
                             reverts_at=self.now + LEASE)

    @invariant()
    def the_reserve_is_kept(self) -> None:
        """Whatever came before (R57)."""
        assert self.stored_kwh >= RESERVE_KWH - NOISE_KWH

    def telemetry(self, now: datetime) -> TelemetryColumns:
        """What the program knows by its own clock."""
        times = [report[0].replace(tzinfo=None) for report in self.heard]
        table = pa.table({
            "enrollment_id": pa.array(["E0"] * len(self.heard), pa.string()),
            "reported_at": pa.array(times, pa.timestamp("us")),
            # A device tells what it holds in whole milliwatt-hours, and not more than it holds.
            "stored_mwh": pa.array([int(report[1] * 1e6) for report in self.heard], pa.int64()),
            "delivered_milliwatt": pa.array([round(report[2] * 1e6) for report in self.heard], pa.int64()),
            "connection": pa.array([report[3] for report in self.heard], pa.string())})
        return TelemetryColumns.of(table, self.home.enrollment_id, at=now)


OneBattery.TestCase.settings = settings(max_examples=30, stateful_step_count=20)
TestOneBattery = OneBattery.TestCase
