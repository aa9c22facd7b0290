"""Tiny worlds: a few homes whose every setting is known, the program's own desk, and a clock that a test moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridrider.adapters.store_memory.store import MemoryStore
from gridrider.adapters.weather_nws.client import Poll
from gridrider.app.audit_run import audit_run
from gridrider.app.operate.call import CallRequest, call_event
from gridrider.app.operate.desk import STREAM, Desk
from gridrider.app.operate.program import Program
from gridrider.app.operate.rows import empty, rows_of
from gridrider.app.operate.storms import StormDesk, storm_sites
from gridrider.app.operate.tick import tick
from gridrider.app.ports import Devices, Store
from gridrider.app.replay.edge import write_csv
from gridrider.app.replay.members import make_members
from gridrider.app.replay.outcome import events_rows, kept, skipped_rows, stops_rows, storm_spans
from gridrider.app.replay.replay import Played, Voices
from gridrider.app.replay.season import Season
from gridrider.app.replay.weather import SeasonWeather
from gridrider.app.replay.world import World
from gridrider.audit.judge import TABLES
from gridrider.audit.model import SITE_STORMS, STOPS, Finding, FindingKind
from gridrider.dispatch.model import DEVICES, FEEDERS, INSTRUCTIONS, SKIPPED
from gridrider.enrollment.model import ACTS, ENROLLMENTS
from gridrider.event.model import EVENTS, OPT_OUTS, UNAVAILABLE
from gridrider.event.storm_model import StormAlert, StormEvent
from gridrider.interval import DateSpan
from gridrider.table import TableSchema
from gridrider.tariff.load import load
from gridrider.tariff.model import Tariff
from gridrider.twin.fleet.homes import FleetParameters
from gridrider.twin.fleet.state import FleetState
from gridrider.twin.fleet.surroundings import Surroundings, Trips
from tests.twin.fleet_world import BARE, fleet

ROOT = Path(__file__).resolve().parents[2]
MUNICIPAL = ROOT / "tariffs" / "municipal" / "byod-v2g" / "tariff.yaml"
PACIFIC = ZoneInfo("America/Los_Angeles")
EVENT = datetime(2025, 7, 8, 17, tzinfo=PACIFIC).astimezone(UTC)
"""When the first event of most tests starts; it lasts to 20:00, the municipal peak hours."""
BEFORE = timedelta(minutes=30)
TICK, LEASE = timedelta(minutes=5), timedelta(minutes=20)
COUNTY = "CAC067"
STORM = StormEvent(office="KSTO", phenomenon="HW", significance="W", number=1, year=2025)
USABLE_KWH, POWER_KW, RESERVE_PCT = 13.5, 5.0, 20.0


class Calm(SeasonWeather):
    """Every step like the other: no sun, no heat, the same load."""

    def day(self, day: date, parameters: FleetParameters, trips: Trips, dt_s: int) -> Surroundings:
        """All steps of a day, of which none has a clock change."""
        flat = np.ones((86_400 // dt_s, 1))
        calm = Surroundings.calm(len(parameters), local_offset_s=-7 * 3600.0, temperature_c=25.0 * flat,
                                 horizontal_kw_per_m2=0.0 * flat, panel_kw_per_kw=0.0 * flat, load_shape=flat,
                                 water_shape=flat)
        return replace(calm, trips=trips)


@dataclass(slots=True, kw_only=True)
class Feed:
    """A weather feed that says what a test lets it say."""

    alerts: list[StormAlert] = field(default_factory=list)
    lost: bool = False
    areas: tuple[str, ...] = ("CA",)
    """Which answer."""

    def poll(self, now: datetime) -> Poll:
        """What is listed now; nothing where the feed is lost."""
        return Poll(alerts=() if self.lost else tuple(self.alerts), dropped={}, problems=(),
                    heard_at={} if self.lost else dict.fromkeys(self.areas, now))

    def say(self, now: datetime, product: str = "HW.W", action: str = "NEW", hours: float = 12.0,
            county: str = COUNTY) -> None:
        """A message about a whole county, from an hour ahead on."""
        phenomenon, significance = product.split(".")
        self.alerts.append(StormAlert(
            alert_id=f"alert-{len(self.alerts)}", title=product, action=action, sent=now,
            event=replace(STORM, phenomenon=phenomenon, significance=significance), onset=now + timedelta(hours=1),
            ends=now + timedelta(hours=hours), zones=(county,)))


@dataclass(slots=True, kw_only=True)
class Tiny:
    """A world, the desk that works in it, and the feed that it hears."""

    program: Program
    store: Store
    desk: Desk
    world: World
    devices: Devices
    feed: Feed
    storms: StormDesk
    members: Any

    # ---- time --------------------------------------------------------------------------------------
    @property
    def now(self) -> datetime:
        """The world's clock."""
        return self.world.now

    @property
    def soon(self) -> datetime:
        """A moment after the look of now."""
        return self.now + timedelta(seconds=1)

    def live(self, until: datetime) -> None:
        """Time goes by, and nobody looks; homes report every five minutes."""
        while self.now < until:
            self.world.advance(self.now + TICK)

    def skip_to(self, instant: datetime) -> None:
        """Jump to a time at which all homes stand as they stand now."""
        self.world.state = replace(self.world.state, clock_s=instant.timestamp())

    def look(self) -> pa.Table:
        """The program looks once; what it sent."""
        return tick(self.desk, self.devices, self.now, storms=self.storms, feed=self.feed)

    def run(self, until: datetime) -> list[pa.Table]:
        """A look every tick, the one at `until` included."""
        sent = []
        while self.now < until:
            self.live(self.now + TICK)
            sent.append(self.look())
        return sent

    def reopen(self) -> None:
        """The process ends and another one comes up with nothing but the store."""
        self.desk = Desk.open(self.program, self.store)
        self.storms = StormDesk(sites=storm_sites(self.desk))

    # ---- people ------------------------------------------------------------------------------------
    def call(self, start: datetime = EVENT, *, hours: float = 3.0, target_kw: Decimal | None = None,
             service: str = "peak", kind: str = "peak", event_id: str = "", zones: tuple[str, ...] = ()) -> str:
        """Call an event; it must be let."""
        event_id = event_id or f"event-{len(self.desk.called)}"
        refused = call_event(self.desk, CallRequest(
            event_id=event_id, service=service, kind=kind, start=start, end=start + timedelta(hours=hours), zones=zones,
            notice="day_of", reason="a hot evening", target_kw=target_kw, proposed_by="operator",
            approved_by="shift lead"), self.now)
        assert refused == ()
        return event_id

    def opt_out(self, event_id: str, *homes: int) -> None:
        """Customers leave an event."""
        self.desk.keep({OPT_OUTS.name: rows_of(OPT_OUTS, len(homes), {
            "event_id": event_id, "enrollment_id": self.names(*homes), "at": self.soon})},
            key=f"opt out {self.now} {event_id} {homes}")

    def suspend(self, *homes: int) -> None:
        """Customers switch the program off."""
        self.desk.keep({ACTS.name: rows_of(ACTS, len(homes), {
            "act": "suspend", "at": self.soon, "enrollment_id": self.names(*homes), "by": "customer"})},
            key=f"suspend {self.now} {homes}")

    # ---- faults ------------------------------------------------------------------------------------
    def cut_link(self, *homes: int, until: datetime | None = None) -> None:
        """Nothing comes in or out."""
        self.world.silent_from_s[list(homes)] = self.now.timestamp()
        self.world.silent_until_s[list(homes)] = np.inf if until is None else until.timestamp()
        self.world.refresh()

    def outage(self, *homes: int, until: datetime) -> None:
        """The grid is gone."""
        self.world.outage_from_s[list(homes)] = self.now.timestamp()
        self.world.outage_until_s[list(homes)] = until.timestamp()
        self.world.refresh()

    # ---- the record --------------------------------------------------------------------------------
    def names(self, *homes: int) -> pa.Array:
        """Enrollments by place."""
        return self.program.enrollment_id.take(pa.array(homes, pa.int64()))

    def rows(self, schema: TableSchema, home: int | None = None) -> list[dict[str, Any]]:
        """What the store holds of a table, of one home if asked."""
        held = self.store.read(schema.name, stream=STREAM)
        if held is None:
            return []
        if home is not None:
            held = held.filter(pc.equal(held.column("enrollment_id"), self.names(home)[0]))
        return list(held.to_pylist())

    def sent(self, home: int) -> list[dict[str, Any]]:
        """The instructions that a home was given."""
        return self.rows(INSTRUCTIONS, home)

    @property
    def stored_kwh(self) -> Any:
        """The truth, of the enrolled devices."""
        return np.where(self.world.is_ev, self.world.state.ev_stored_kwh, self.world.state.stored_kwh)

    def record(self, folder: Path) -> Path:
        """The run in a folder's shape, as the checker reads it."""
        folder.mkdir(parents=True, exist_ok=True)
        played = Played(season=self.world.season, homes=len(self.program), seed=1, program=self.program,
                        desk=self.desk, world=self.world, members=self.members, voices=Voices(), refused=[],
                        opt_outs=empty(OPT_OUTS), sunset=self.now)
        made = {ENROLLMENTS.name: self.program.enrollments, DEVICES.name: self.program.device_table,
                FEEDERS.name: self.program.feeders, EVENTS.name: events_rows(played),
                SKIPPED.name: skipped_rows(played), UNAVAILABLE.name: self._suspended()}
        tables = [(schema, made.get(schema.name, kept(played, schema.name)))
                  for schema in TABLES if schema not in (SITE_STORMS, STOPS)]
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            for schema, rows in tables:
                write_csv(connection, schema, empty(schema) if rows is None else rows, folder / f"{schema.name}.csv")
        storms = [f"{name},{_z(since)},{_z(until) if until else ''},{status},{alert}"
                  for name, since, until, status, alert in storm_spans(played)]
        _write(folder / "site_storms.csv", ["enrollment_id,from,to,status,alert", *storms])
        _write(folder / "stops.csv", ["stopped_at,resumed_at", *(
            f"{row['stopped_at']},{row['resumed_at']}" for row in stops_rows(played))])
        (folder / "run.json").write_text(json.dumps({
            "operation": {"tick_seconds": 300, "lease_seconds": 1200},
            "tariff_path": str(self.world.season.tariff_file),
            "period_start": "2025-01-01", "as_of": "2027-01-01"}), encoding="utf-8")
        return folder

    def _suspended(self) -> pa.Table:
        """From each suspension to the customer's next word."""
        spans: list[dict[str, Any]] = []
        for act in self.rows(ACTS):
            for span in spans:
                if span["enrollment_id"] == act["enrollment_id"] and span["end"] is None:
                    span["end"] = act["at"]
            if act["act"] == "suspend":
                spans.append({"enrollment_id": act["enrollment_id"], "start": act["at"], "end": None})
        return rows_of(UNAVAILABLE, len(spans), {"reason": "suspended", **{
            name: [span[name] for span in spans] for name in ("enrollment_id", "start", "end")}})

    def findings(self, folder: Path, kind: FindingKind = FindingKind.PROGRAM) -> list[Finding]:
        """What the independent checker finds of one kind."""
        return [finding for finding in audit_run(self.record(folder)).findings if finding.kind is kind]


@cache
def tariff_of(file: Path) -> Tariff:
    """A tariff, read once."""
    tariff, _ = load(file)
    if tariff is None:
        raise ValueError(f"{file} cannot be read")
    return tariff


def tiny(count: int = 8, *, rider: str = "battery", service: str = "peak", stored_share: float | Sequence[float] = 0.9,
         start: datetime = EVENT - BEFORE, store: Store | None = None, tariff_file: Path = MUNICIPAL,
         enrollments: Callable[[pa.Table], pa.Table] = lambda rows: rows,
         devices: Callable[[pa.Table], pa.Table] = lambda rows: rows,
         trips: Callable[[date], Trips] | None = None, **changed: Any) -> Tiny:
    """Homes of 1 kW load with one battery of 13.5 kWh and 5 kW, kept at 20 %; `changed` are columns of the fleet."""
    parameters = fleet(BARE, count, **changed)
    tariff = tariff_of(tariff_file)
    season = _season(tariff, tariff_file, rider, service, count, start - timedelta(days=60))
    members = make_members(season, parameters, count, 1)
    program = Program(tariff=tariff, enrollments=enrollments(members.enrollments),
                      device_table=devices(members.devices), feeders=members.feeders, tick_s=300, lease_s=1200)
    never = np.full(count, np.inf)
    world = World(season=season, seed=1, parameters=parameters, is_ev=members.is_ev,
                  enrollment_id=program.enrollment_id, weather=Calm(season=season, seed=1),
                  state=FleetState.start(parameters, clock_s=start.timestamp(), stored_share=np.asarray(stored_share)),
                  outage_from_s=never.copy(), outage_until_s=never.copy(), silent_from_s=never.copy(),
                  silent_until_s=never.copy(), trips_of=trips or (lambda day: Trips.none(count)))
    kept_in = MemoryStore() if store is None else store
    desk = Desk.open(program, kept_in)
    return Tiny(program=program, store=kept_in, desk=desk, world=world, devices=world, feed=Feed(),
                storms=StormDesk(sites=storm_sites(desk)), members=members)


def tiny_vehicles(count: int = 4, *, departs: datetime | None = None, **changed: Any) -> Tiny:
    """Vehicles of 60 kWh that feed back 10 kW; they leave once, and need 40 kWh then."""
    car = {"ev_kwh": 60.0, "ev_charge_kw_max": 10.0, "ev_discharge_kw_max": 10.0, "ev_target_kwh": 54.0,
           "ev_departure_kwh": 40.0, "ev_floor_kwh": 12.0, "battery_kwh": 0.0, "battery_kw_nameplate": 0.0,
           "battery_kw_max": 0.0, "export_kw_max": 20.0, "ev_from_h": 1.0, "ev_end_h": 5.0}
    leaves = Trips.none(count) if departs is None else Trips(
        departs_s=np.full((1, count), departs.timestamp()), trip_kwh=np.full((1, count), 10.0),
        returns_s=np.full((1, count), departs.timestamp() + 4 * 3600.0))
    return tiny(count, rider="v2g", service="flex_alert", trips=lambda day: leaves, **{**car, **changed})


def changed_column(rows: pa.Table, name: str, cells: Sequence[object]) -> pa.Table:
    """A table with one column of other cells, in the column's own type."""
    place = rows.column_names.index(name)
    return rows.set_column(place, rows.schema.field(place), pa.array(cells, rows.schema.field(place).type))


def _season(tariff: Tariff, file: Path, rider: str, service: str, homes: int, start: datetime) -> Season:
    return Season(
        name="tiny", title="A tiny world", file=Path("tiny"), tariff_file=file, tariff=tariff, rider=rider,
        service=service, period="2025", readings=DateSpan(first=date(2025, 1, 1), end=date(2026, 1, 1)), every_day=True,
        zone="", timezone=PACIFIC, latitude_deg=38.6, longitude_deg=-121.5, homes=homes, seed=1, assumptions=(),
        published={}, fleet={}, fleet_rules={}, behaviour={}, warmest_c=(25.0,), tick_minutes=5, lease_minutes=20,
        enrollment={"from": start.date(), "weather_codes": {"county": COUNTY}}, people={}, calls=(), hot_spells=(),
        outages=(), storms=(), feeders=())


def _z(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _write(file: Path, lines: Sequence[str]) -> None:
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
