"""The simulated world behind the ports: homes that run, hear, answer and report, as long as nobody cuts them off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...dispatch.columns import floats
from ...dispatch.model import ANSWERS, INSTRUCTIONS, TELEMETRY, Answer, Connection, Origin
from ...interval import DAY, local_midnight
from ...twin.fleet.commands import Commands, Mode
from ...twin.fleet.communication import draw_silence
from ...twin.fleet.flows import Flows
from ...twin.fleet.homes import Bools, FleetParameters, Floats
from ...twin.fleet.run import run
from ...twin.fleet.state import Connection as Wiring
from ...twin.fleet.state import FleetState
from ...twin.fleet.surroundings import Surroundings, Trips
from ...twin.fleet.telemetry import telemetry
from ..operate.rows import empty, instants, rows_of
from .season import Season
from .weather import SeasonWeather, change_of_clocks

SLOT_S = 900
BUSY_S, QUIET_S = 300, 900
CONNECTIONS = pa.array([{
    Wiring.GRID_TIED: Connection.GRID_TIED, Wiring.ISLANDED: Connection.ISLANDED, Wiring.DARK: Connection.OFF,
    Wiring.RECONNECT_WAIT: Connection.RECONNECTING, Wiring.RAMP: Connection.RECONNECTING}[each].name.lower()
    for each in Wiring])
"""What the twin's states are called in telemetry."""
Ints = NDArray[np.int64]


@dataclass(slots=True, kw_only=True)
class World:
    """Homes, one for each enrollment in its order, on a clock that only `advance` moves."""

    season: Season
    seed: int
    parameters: FleetParameters
    enrollment_id: pa.Array
    is_ev: Bools
    """Whether the enrollment's device is the vehicle; else it is the battery."""
    state: FleetState
    weather: SeasonWeather
    outage_from_s: Floats
    outage_until_s: Floats
    silent_from_s: Floats
    silent_until_s: Floats
    trips_of: Callable[[date], Trips]
    voltage_of: Callable[[float, Surroundings], Floats] | None = None
    on_day: Callable[[date, dict[str, Floats]], None] = field(default=lambda day, registers: None)
    """Told of each local day when it is over: registers per quarter hour and home, in kWh."""
    sent: Commands = field(init=False)
    _answers: list[pa.Table] = field(default_factory=list)
    _reports: list[pa.Table] = field(default_factory=list)
    _day: date | None = field(default=None)
    _around: dict[int, Surroundings] = field(default_factory=dict)
    _registers: dict[str, Floats] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    """Instructions that came in; a second one of the same name changes nothing."""
    controller: NDArray[np.object_] = field(init=False)
    """Whose instruction each home obeys, of what primacy, and until when."""
    primacy: Ints = field(init=False)
    controller_until_s: Floats = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.parameters)
        self.sent, self.controller = Commands.none(count), np.full(count, "", dtype=object)
        self.primacy, self.controller_until_s = np.zeros(count, np.int64), np.full(count, -np.inf)

    @property
    def now(self) -> datetime:
        """The world's clock."""
        return datetime.fromtimestamp(self.state.clock_s, UTC)

    # ---- the way to the devices and back (ports.Devices) ----------------------------------------------
    def send(self, instructions: pa.Table) -> pa.Table:
        """Hand instructions to the homes that can be reached; those acknowledge at once."""
        if not len(instructions):
            return empty(ANSWERS)
        homes = self._homes(instructions)
        reached = ~self._silent()[homes]
        names = instructions.column("instruction_id").to_pylist()
        fresh = np.array([name not in self.heard for name in names], np.bool_)
        self.heard.update(name for name, there in zip(names, reached, strict=True) if there)
        taken = self._taken(instructions, homes)
        new = instructions.filter(pa.array(fresh & taken))
        if len(new):
            commands = commands_of(new, homes[fresh & taken], self.parameters, self.is_ev, self.state.clock_s)
            self.sent = commands.over(self.sent, commands.sent)
            self._obey(new.filter(pa.array(reached[fresh & taken])))
        there = instructions.filter(pa.array(reached))
        return rows_of(ANSWERS, len(there), {
            "instruction_id": there.column("instruction_id"), "enrollment_id": there.column("enrollment_id"),
            "at": self.now, "answer": np.where(taken[reached], Answer.RECEIVED.value, Answer.REJECTED.value)})

    def _taken(self, instructions: pa.Table, homes: Ints) -> Bools:
        """Which instructions a home takes: of another controller than the one it obeys, only a smaller primacy."""
        primacy = instructions.column("primacy").to_numpy()
        own = np.array(instructions.column("program").to_pylist(), dtype=object) == self.controller[homes]
        over = self.controller_until_s[homes] <= self.state.clock_s
        return np.asarray(own | over | (primacy < self.primacy[homes]))

    def _obey(self, instructions: pa.Table) -> None:
        homes = self._homes(instructions)
        self.controller[homes] = instructions.column("program").to_pylist()
        self.primacy[homes] = instructions.column("primacy").to_numpy()
        self.controller_until_s[homes] = floats(instructions, INSTRUCTIONS, "reverts_at")

    def answers(self) -> pa.Table:
        """Nothing: simulated homes answer at once or never."""
        return empty(ANSWERS)

    def telemetry(self) -> pa.Table:
        """The reports that came in since they were asked for last."""
        reports, self._reports = self._reports, []
        return pa.concat_tables(reports) if reports else empty(TELEMETRY)

    def _homes(self, rows: pa.Table) -> Ints:
        return np.array(pc.index_in(rows.column("enrollment_id"), value_set=self.enrollment_id).to_numpy(), np.int64)

    def _silent(self) -> Bools:
        return np.asarray((self.silent_from_s <= self.state.clock_s) & (self.state.clock_s < self.silent_until_s))

    # ---- time ------------------------------------------------------------------------------------------
    def advance(self, until: datetime) -> None:
        """Run all homes up to an instant on the grid of five minutes, and let them report then."""
        end_s, last = until.timestamp(), None
        while self.state.clock_s < end_s:
            day = self.now.astimezone(self.season.timezone).date()
            if day != self._day:
                self._begin(day)
            stop_s = min(end_s, local_midnight(day + DAY, self.season.timezone).timestamp())
            last = self._run_to(day, stop_s)
            if stop_s == local_midnight(day + DAY, self.season.timezone).timestamp():
                self.on_day(day, self._registers)
        if last is not None:
            self._reports.append(self._report(*last))

    def _begin(self, day: date) -> None:
        self._day, self._around = day, {}
        self._lose_contact(day)
        steps = int((local_midnight(day + DAY, self.season.timezone)
                     - local_midnight(day, self.season.timezone)).total_seconds()) // SLOT_S
        self._registers = {name: np.zeros((steps, len(self.parameters))) for name in REGISTERS}

    def _lose_contact(self, day: date) -> None:
        """Who is out of reach on the day, and until when; a loss that is still running goes on."""
        start_s = self.state.clock_s
        end_s = local_midnight(day + DAY, self.season.timezone).timestamp()
        rng = np.random.default_rng([self.seed, 29, day.toordinal()])
        from_s, until_s = draw_silence(self.parameters, start_s=start_s, end_s=end_s, rng=rng)
        over = self.silent_until_s <= start_s
        self.silent_from_s = np.where(over, from_s, self.silent_from_s)
        self.silent_until_s = np.where(over, until_s, self.silent_until_s)

    def _run_to(self, day: date, stop_s: float) -> tuple[Surroundings, Flows]:
        """Run within one local day, in quarter hours where both ends fall on them, cut where the clocks change."""
        midnight_s = local_midnight(day, self.season.timezone).timestamp()
        changes = change_of_clocks(day, self.season)
        cut_s = changes.timestamp() if changes else stop_s
        if self.state.clock_s < cut_s < stop_s:
            self._run_to(day, cut_s)
        start_s = self.state.clock_s
        quiet = (start_s - midnight_s) % QUIET_S == 0 and (stop_s - midnight_s) % QUIET_S == 0
        dt_s = QUIET_S if quiet and stop_s - start_s > 2 * QUIET_S and not self.sent.sent.any() else BUSY_S
        first_step, end_step = (int(second_s - midnight_s) // dt_s for second_s in (start_s, stop_s))
        around = self._surroundings(day, dt_s).window(first_step, end_step)
        if changes is not None and start_s >= cut_s:
            local = datetime.fromtimestamp(start_s, UTC).astimezone(self.season.timezone).utcoffset()
            around = replace(around, local_offset_s=local.total_seconds() if local else 0.0)
        if self.voltage_of is not None:
            around = replace(around, voltage_pu=self.voltage_of(start_s, around))
        self.state, flows = run(self.parameters, self.state, self.sent, around, dt_s=dt_s, use_compiled=False)
        self.sent = Commands.none(len(self.parameters))
        slots, first = np.unique(((start_s - midnight_s + dt_s * np.arange(len(around))) // SLOT_S).astype(np.int64),
                                 return_index=True)
        for name, register in self._registers.items():
            register[slots] += np.add.reduceat(getattr(flows, name), first, axis=0)
        return around, flows

    def _surroundings(self, day: date, dt_s: int) -> Surroundings:
        if dt_s not in self._around:
            trips = self.trips_of(day)
            self._around[dt_s] = replace(
                self.weather.day(day, self.parameters, trips, dt_s), outage_from_s=self.outage_from_s,
                outage_until_s=self.outage_until_s, silent_from_s=self.silent_from_s,
                silent_until_s=self.silent_until_s)
        return self._around[dt_s]

    def refresh(self) -> None:
        """Outages or silences were changed: what is made for the day is made anew."""
        self._around = {}

    def _report(self, around: Surroundings, flows: Flows) -> pa.Table:
        told = telemetry(self.parameters, self.state, around)
        rows = np.flatnonzero(told.reported)
        hours = flows.row_s / 3600
        ev_kw = (flows.ev_discharge_kwh[-1] - flows.ev_charge_kwh[-1]) / hours
        delivered_kw = np.where(self.is_ev, ev_kw, told.delivered_kw)
        home_kw = flows.net_import_kwh[-1] / hours + np.where(
            self.is_ev, ev_kw, flows.delivered_kwh[-1] / hours)
        held, device_s = self.state.held, self.state.clock_s + self.parameters.clock_offset_s
        follows = (device_s < held.reverts_at_s) & ((told.mode > Mode.SELF) | ~np.isnan(held.ev_kw))
        leaves_s, need_kwh = self._departure(around)
        stored = np.where(self.is_ev, told.ev_stored_kwh, told.stored_kwh)
        return rows_of(TELEMETRY, len(rows), {
            "enrollment_id": self.enrollment_id.take(pa.array(rows)), "reported_at": self.now,
            "stored_mwh": _milli(stored[rows]), "delivered_milliwatt": _milli(delivered_kw[rows]),
            "home_net_milliwatt": _milli(home_kw[rows]), "voltage_pu": told.voltage_pu[rows],
            "connection": CONNECTIONS.take(pa.array(told.connection[rows])),
            "plugged": pa.array(told.ev_plugged[rows], mask=~self.is_ev[rows]),
            "departs_at": instants(np.where(self.is_ev, leaves_s, np.nan)[rows]),
            "departure_mwh": _milli(np.where(self.is_ev, need_kwh, np.nan)[rows]), "follows": follows[rows]})

    def _departure(self, around: Surroundings) -> tuple[Floats, Floats]:
        """When each vehicle leaves next, and what it needs then."""
        trips = around.trips
        if not len(trips.departs_s):
            return np.full(len(self.parameters), np.inf), np.full(len(self.parameters), np.nan)
        coming = np.where(trips.departs_s > self.state.clock_s, trips.departs_s, np.inf)
        leaves_s = coming.min(axis=0)
        return leaves_s, np.where(np.isfinite(leaves_s), self.parameters.ev_departure_kwh, np.nan)


REGISTERS: Sequence[str] = tuple(each.name for each in fields(Flows) if each.name.endswith("_kwh"))
"""What is kept of every quarter hour."""


def commands_of(rows: pa.Table, homes: Ints, parameters: FleetParameters, is_ev: Bools, clock_s: float) -> Commands:
    """Instructions as the homes' own messages; of two to one home the later row holds."""
    count = len(parameters)
    power_kw, floor_kwh, target_kwh, reverts_s = (
        floats(rows, INSTRUCTIONS, name) for name in ("delivered_kw", "floor_kwh", "target_kwh", "reverts_at"))
    origin = np.array(rows.column("origin").to_pylist(), dtype=object)
    back = np.isin(origin, (Origin.RESTORE.value, Origin.EMERGENCY_STOP.value))
    ev = is_ev[homes]
    mode = np.full(len(rows), Mode.FOLLOW, np.int8)
    mode[(origin == Origin.PRE_CHARGE.value) & ~ev] = Mode.HOLD
    mode[np.isin(origin, (Origin.STORM_CHARGE.value, Origin.EV_DEPARTURE.value)) & ~ev] = Mode.CHARGE
    mode[back | ev] = Mode.SELF
    usable_kwh = parameters.battery_kwh[homes]
    with np.errstate(divide="ignore", invalid="ignore"):
        floor_pct, target_pct = 100 * floor_kwh / usable_kwh, 100 * target_kwh / usable_kwh
    charges = mode == Mode.CHARGE
    said = Commands.none(count)
    said.sent[homes] = True
    said.mode[homes] = mode
    said.delivered_kw[homes] = np.where(mode == Mode.FOLLOW, power_kw, np.nan)
    said.reserve_pct[homes] = np.where(back | charges | ev, np.nan, floor_pct)
    said.charge_to_pct[homes] = np.where(charges, target_pct, np.nan)
    said.charge_kw[homes] = np.where(charges, -power_kw, np.nan)
    said.ev_kw[homes] = np.where(ev & ~back, np.nan_to_num(power_kw, nan=0.0), np.nan)
    said.ev_departure_kwh[homes] = np.where(ev & ~back, np.fmax(floor_kwh, parameters.ev_departure_kwh[homes]), np.nan)
    said.reverts_at_s[homes] = np.where(back, clock_s, reverts_s)
    return said


def _milli(quantity: Floats) -> pa.Array:
    """kW or kWh as whole milliwatts or milliwatt-hours: the one door out of the twin; NaN is blank."""
    blank = ~np.isfinite(quantity)
    return pa.array(np.rint(np.where(blank, 0.0, quantity) * 1e6).astype(np.int64), mask=blank)

