"""The desk: what the program knows at work, rebuilt from the store at any time.

Everything that is known was committed first. `Desk.open` reads it again, so that a process that dies loses nothing;
`keep` commits and then takes in, and that is the only way by which a desk learns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...dispatch.columns import NONE, StandingColumns, TelemetryColumns, floats
from ...dispatch.model import FLEET_STEPS, INSTRUCTIONS, STORM_CHARGES, TELEMETRY, Answer
from ...enrollment.model import ACTS
from ...event.model import OPT_OUTS
from ...event.service_events import GridEvent
from ..ports import Store
from .held import NOBODY, Held
from .program import Program
from .rows import empty
from .words import CALLED, SITE_STORMS, STOPS

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
STREAM = "operation"
REMEMBERED_S = 2700.0
"""How long telemetry stays on the desk; whether two reports agree is asked of at most half an hour."""


@dataclass(slots=True, kw_only=True)
class Called:
    """An event that was called, and what has come of it so far."""

    event: GridEvent
    rider: str
    service: str
    kind: str
    number: int
    target_kw: float
    """NaN = as much as may be had."""
    opted_out: Mask
    asked: Mask
    """Who was asked for power in it at any time."""
    discharged_kwh: Floats
    """What each battery gave in it, by its reports."""
    told: NDArray[np.int8]
    """Which protection was told of each device last, so that only another one is news; -1 = none."""
    looked: bool = False
    """The program has looked at it once; who could not be asked then is skipped."""
    closed: bool = False

    @property
    def start_s(self) -> float:
        """When it starts, in Unix seconds."""
        return self.event.start.timestamp()

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.event.end.timestamp()

    @property
    def over_at(self) -> datetime:
        """When it ends, or was called off."""
        off = self.event.cancelled_at
        return self.event.end if off is None else min(self.event.end, off)


@dataclass(slots=True, kw_only=True)
class Desk:
    """What the program knows. One writer at a time; a second one is told by the store that it is late."""

    program: Program
    store: Store
    version: int = 0
    held: Held = field(init=False)
    called: list[Called] = field(default_factory=list)
    left: dict[tuple[str, int], bool] = field(default_factory=dict)
    """Opt-outs: event and device."""
    suspended: Mask = field(init=False)
    storm_status: NDArray[np.int8] = field(init=False)
    storm_feed_lost: Mask = field(init=False)
    storm_alert: NDArray[np.object_] = field(init=False)
    storm_onset: NDArray[np.datetime64] = field(init=False)
    storm_charge_from: NDArray[np.datetime64] = field(init=False)
    """When each battery's storm charge begins; blank = it is not planned."""
    stopped_at: datetime | None = None
    reports: pa.Table = field(init=False)
    reported_s: Floats = field(init=False)
    """When each device reported last."""

    def __post_init__(self) -> None:
        count = len(self.program)
        self.held = Held(count=count)
        self.suspended, self.storm_feed_lost = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        self.storm_status = np.full(count, NONE, np.int8)
        self.storm_alert = np.full(count, "", dtype=object)
        self.storm_onset, self.storm_charge_from = (np.full(count, np.datetime64("NaT"), "datetime64[us]")
                                                    for _ in range(2))
        self.reports, self.reported_s = empty(TELEMETRY), np.full(count, np.nan)

    @classmethod
    def open(cls, program: Program, store: Store) -> Desk:
        """The desk as everything in the store makes it."""
        desk = cls(program=program, store=store, version=store.version(STREAM))
        for name in LEARNED:
            rows = store.read(name, stream=STREAM)
            if rows is not None and len(rows):
                desk._learn(name, rows)
        return desk

    def keep(self, tables: Mapping[str, pa.Table], *, key: str) -> None:
        """Commit rows and take them in. Nothing is known that is not kept; a repetition changes nothing."""
        said = {name: rows for name, rows in tables.items() if len(rows)}
        if not said:
            return
        commit = self.store.commit(STREAM, said, key=key, expected=self.version)
        if commit.repeated:
            return  # with the version of then, which is not the newest
        self.version = commit.version
        for name in LEARNED:
            if name in said:
                self._learn(name, said[name])

    def telemetry(self, now: datetime) -> TelemetryColumns:
        """The newest reports of the devices at a time."""
        return TelemetryColumns.of(self.reports, self.program.enrollment_id, at=now)

    def plain_standing(self) -> StandingColumns:
        """What concerns each device outside of any event."""
        return replace(StandingColumns.ordinary(len(self.program)), suspended=self.suspended,
                       storm_opt_out=self.program.storm_opt_out, storm_status=self.storm_status)

    def device_of(self, rows: pa.Table) -> NDArray[np.int64]:
        """The places of the devices that rows are about; NOBODY for one that the program does not know."""
        places = pc.index_in(rows.column("enrollment_id"), value_set=self.program.enrollment_id)
        return np.array(pc.fill_null(places, NOBODY).to_numpy(zero_copy_only=False), dtype=np.int64)

    def running(self, now: datetime) -> list[Called]:
        """Events that are not closed and have begun, or were called off."""
        return [called for called in self.called
                if not called.closed and min(called.event.start, called.over_at) <= now]

    def events_of_batteries(self, before: Called, within: Callable[[date], bool]) -> Floats:
        """In how many other events each battery was asked for power, of those whose local date is wanted."""
        program, counts = self.program, np.zeros(len(self.program))
        batteries = int(program.battery.max()) + 1 if len(program) else 0
        by_event: dict[str, Mask] = {}
        for called in self.called:
            if called.event.event_id != before.event.event_id and within(program.day(called.event.start)):
                asked = by_event.setdefault(called.event.event_id, np.zeros(batteries, np.bool_))
                asked[program.battery[called.asked]] = True
        for asked in by_event.values():
            counts += asked[program.battery]
        return counts

    def called_kwh(self, year: int) -> Floats:
        """What each battery gave in events of a calendar year, over all its enrollments."""
        program = self.program
        own = np.sum([called.discharged_kwh for called in self.called
                      if program.day(called.event.start).year == year], axis=0, initial=0.0)
        total = np.bincount(program.battery, weights=np.broadcast_to(own, len(program)))
        return np.asarray(total[program.battery], dtype=np.float64)

    # ---- what a desk learns from each table --------------------------------------------------------
    def _learn(self, name: str, rows: pa.Table) -> None:
        LEARNED[name](self, rows)

    def _learn_called(self, rows: pa.Table) -> None:
        count = len(self.program)
        for row in rows.to_pylist():
            if row["act"] == "cancel":
                self.called = [replace(called, event=replace(called.event, cancelled_at=row["at"]))
                               if called.event.event_id == row["event_id"] else called for called in self.called]
                continue
            if row["act"] == "close":
                for called in self.called:
                    called.closed |= called.event.event_id == row["event_id"]
                continue
            event = GridEvent(event_id=row["event_id"], service=row["service"], kind=row["kind"],
                              start=row["start"].astimezone(UTC), end=row["end"].astimezone(UTC),
                              zones=tuple(row["zone"] or ()), called_at=row["at"], cancelled_at=None, source_row=0)
            target = row["target_milliwatt"]
            self.called.append(Called(
                event=event, rider=row["rider"], service=row["service"], kind=row["kind"], number=len(self.called),
                target_kw=float("nan") if target is None else target / 1e6, opted_out=np.zeros(count, np.bool_),
                asked=np.zeros(count, np.bool_), discharged_kwh=np.zeros(count), told=np.full(count, -1, np.int8)))
            self._note_left(self.called[-1])

    def _learn_opt_outs(self, rows: pa.Table) -> None:
        for place, event_id in zip(self.device_of(rows).tolist(), rows.column("event_id").to_pylist(), strict=True):
            if place != NOBODY:
                self.left[event_id, place] = True
        for called in self.called:
            self._note_left(called)

    def _note_left(self, called: Called) -> None:
        """Who opted out of an event, also before the event itself was heard of."""
        called.opted_out[[place for event_id, place in self.left if event_id == called.event.event_id]] = True

    def _learn_acts(self, rows: pa.Table) -> None:
        for place, act in zip(self.device_of(rows), rows.column("act").to_pylist(), strict=True):
            if place != NOBODY and act in ("suspend", "resume"):
                self.suspended[place] = act == "suspend"

    def _learn_storms(self, rows: pa.Table) -> None:
        device = self.device_of(rows)
        status = np.array(rows.column("status_code").to_numpy(), np.int8)
        self.storm_status[device] = status
        self.storm_feed_lost[device] = rows.column("feed_lost").to_numpy(zero_copy_only=False)
        self.storm_alert[device] = rows.column("alert").to_pylist()
        self.storm_onset[device] = rows.column("onset").cast(pa.timestamp("us")).to_numpy()
        self.storm_charge_from[device[status == NONE]] = np.datetime64("NaT")

    def _learn_storm_charges(self, rows: pa.Table) -> None:
        self.storm_charge_from[self.device_of(rows)] = rows.column("charge_from").cast(pa.timestamp("us")).to_numpy()

    def _learn_stops(self, rows: pa.Table) -> None:
        for row in rows.to_pylist():
            self.stopped_at = row["at"] if row["act"] == "stop" else None

    def _learn_telemetry(self, rows: pa.Table) -> None:
        joined = pa.concat_tables([self.reports, rows])
        newest = pc.max(joined.column("reported_at"))
        oldest = pa.scalar(newest.as_py().timestamp() - REMEMBERED_S)
        seconds = pc.divide(joined.column("reported_at").cast(pa.int64()), 1_000_000)
        self.reports = joined.filter(pc.greater_equal(seconds, oldest.cast(pa.int64())))
        self._add_up(rows)

    def _add_up(self, rows: pa.Table) -> None:
        """Add what batteries gave in running events: mean power since the report before, times that span."""
        device, reported = self.device_of(rows), floats(rows, TELEMETRY, "reported_at")
        order = np.lexsort((reported, device))
        order = order[device[order] != NOBODY]
        device, reported = device[order], reported[order]
        power_kw = np.maximum(np.nan_to_num(floats(rows, TELEMETRY, "delivered_kw")[order]), 0.0)
        follows = np.concatenate([[False], device[1:] == device[:-1]])[:len(device)]
        since = np.where(follows, np.roll(reported, 1), self.reported_s[device])
        for called in self.called:
            inside = called.asked[device] & (reported > called.start_s) & ~np.isnan(since) & (not called.closed)
            span_h = np.clip(np.minimum(reported, called.end_s) - np.maximum(since, called.start_s), 0.0, None) / 3600
            np.add.at(called.discharged_kwh, device[inside], (power_kw * span_h)[inside])
        np.fmax.at(self.reported_s, device, reported)

    def _learn_instructions(self, rows: pa.Table) -> None:
        device = self.device_of(rows)
        numbers = {(called.event.event_id, called.rider): called.number for called in self.called}
        event_no = np.array([numbers.get((event_id, self.program.riders[place]), NOBODY) for event_id, place
                             in zip(rows.column("event_id").to_pylist(), device, strict=True)], np.int32)
        for first, end in _without_repetition(device):
            self.held.absorb(rows.slice(first, end - first), device[first:end], event_no[first:end])
        gives = np.nan_to_num(floats(rows, INSTRUCTIONS, "delivered_kw")) > 0
        for called in self.called:
            called.asked[device[gives & (event_no == called.number)]] = True

    def _learn_fleet_steps(self, rows: pa.Table) -> None:
        looked = set(rows.column("event_id").to_pylist())
        for called in self.called:
            called.looked |= called.event.event_id in looked

    def _learn_answers(self, rows: pa.Table) -> None:
        device = self.device_of(rows)
        newest = np.array([int(text.rsplit("/", 1)[1]) for text in rows.column("instruction_id").to_pylist()], np.int64)
        current = (device != NOBODY) & (newest == self.held.number[np.maximum(device, 0)])
        answers = rows.column("answer").to_pylist()
        told = np.array([answer in (Answer.SEEN, Answer.NOT_OBEYED) for answer in answers], np.bool_)
        spoke = np.array([answer != Answer.SENT for answer in answers], np.bool_)
        self.held.checked[device[current & told]] = True
        self.held.answered[device[current & spoke]] = True


def _without_repetition(device: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Stretches of rows, in order, within which no device comes twice."""
    if len(np.unique(device)) == len(device):
        return [(0, len(device))]
    stretches: list[tuple[int, int]] = []
    seen: set[int] = set()
    first = 0
    for place, each in enumerate(device.tolist()):
        if each in seen:
            stretches.append((first, place))
            first, seen = place, set()
        seen.add(each)
    return [*stretches, (first, len(device))]


LEARNED: Mapping[str, Callable[[Desk, pa.Table], None]] = {
    CALLED.name: Desk._learn_called, OPT_OUTS.name: Desk._learn_opt_outs, ACTS.name: Desk._learn_acts,
    SITE_STORMS.name: Desk._learn_storms, STORM_CHARGES.name: Desk._learn_storm_charges, STOPS.name: Desk._learn_stops,
    FLEET_STEPS.name: Desk._learn_fleet_steps, INSTRUCTIONS.name: Desk._learn_instructions,
    "answers": Desk._learn_answers, TELEMETRY.name: Desk._learn_telemetry}
"""What a desk learns from each table, in an order in which everything is there that it needs."""
