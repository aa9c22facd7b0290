"""A season from its file to its statements: the use cases of the live program at work on simulated homes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...adapters.store_sqlite.store import SqliteStore
from ...dispatch.columns import TelemetryColumns
from ...dispatch.model import ANSWERS, INSTRUCTIONS
from ...enrollment.model import ACTS
from ...event.model import OPT_OUTS
from ...interval import local_midnight
from ...problem import DataRefused, Refusal, error
from ...twin.fleet.draw import draw_fleet
from ...twin.fleet.homes import Behaviour, FleetParameters
from ...twin.fleet.opt_outs import OptOutHazard, draw_opt_outs
from ...twin.fleet.state import FleetState
from ...twin.fleet.surroundings import Trips
from ...twin.fleet.trips import COMMUTE, draw_trips, joined
from ..operate.call import CallRequest, call_event, tell
from ..operate.desk import Called, Desk
from ..operate.own_good import pre_charges
from ..operate.pre_charge import PRE_CHARGES, Retail, weigh
from ..operate.program import Program
from ..operate.rows import rows_of
from ..operate.storms import StormDesk, WeatherFeed, storm_sites
from ..operate.tick import tick
from ..ports import Store
from ..settle import Progress, silent
from .agenda import Act, Agenda, agenda_of
from .emergency import EmergencyDone, answer
from .members import Members, make_members, story_counts
from .readings import ReadingsWriter
from .season import HOMES_MAX, Call, Season, load_season
from .storm_feed import SeasonFeed
from .weather import SeasonWeather, with_chance
from .world import World

STEP = "Replaying the season"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest:
    """Which season, with how many homes, to where."""

    season: Path
    out: Path
    homes: int | None = None
    seed: int | None = None
    report: bool = True
    progress: Progress = field(default=silent)


@dataclass(slots=True, kw_only=True)
class Voices:
    """Keeps what participants were told."""

    told: list[pa.Table] = field(default_factory=list)

    def tell(self, notices: pa.Table) -> None:
        """Note notices."""
        self.told.append(notices)


@dataclass(slots=True, kw_only=True)
class Played:
    """A season at its end: what the program knows, what the world did, and what refused a call."""

    season: Season
    homes: int
    seed: int
    program: Program
    desk: Desk
    world: World
    members: Members
    voices: Voices
    refused: list[tuple[str, Refusal]]
    opt_outs: pa.Table
    sunset: datetime
    emergency: EmergencyDone | None = None


def chosen(request: ReplayRequest) -> tuple[Season, int, int]:
    """The season, and with how many homes and which seed it is to be played; raises DataRefused for a bad choice."""
    season = load_season(request.season)
    homes = season.homes if request.homes is None else request.homes
    seed = season.seed if request.seed is None else request.seed
    if not 1 <= homes <= HOMES_MAX or seed < 0:
        raise DataRefused([error("--homes" if not 1 <= homes <= HOMES_MAX else "--seed", "is out of range",
                                 f"Take from 1 to {HOMES_MAX} homes, and a seed of 0 or more.",
                                 value=str(homes if seed >= 0 else seed))])
    return season, homes, seed


def play(season: Season, homes: int, seed: int, folder: Path, *, store: Store | None = None,
         progress: Progress = silent, change: Callable[[World], None] = lambda world: None) -> Played:
    """Run the season; readings go to `folder`, and `change` may do to the world what a test wants."""
    parameters = fleet_of(season, homes, seed)
    members = make_members(season, parameters, homes, seed)
    program = Program(tariff=season.tariff, enrollments=members.enrollments, device_table=members.devices,
                      feeders=members.feeders, tick_s=60 * season.tick_minutes, lease_s=60 * season.lease_minutes)
    world = _world(season, seed, parameters, members)
    writer = ReadingsWriter(folder=folder / "readings", season=season, point_ids=program.enrollments.column("point_id"),
                            premise_point_ids=program.enrollments.column("premise_point_id"),
                            measured_at=str(season.enrollment.get("measured_at", "premise")), is_ev=members.is_ev)
    world.on_day = writer.day
    change(world)
    desk = Desk.open(program, store or SqliteStore(folder / "operation.sqlite"))
    _suspend(desk, members, world.now)
    opt_outs, acts = _opt_outs(season, program, parameters, seed)
    played = Played(season=season, homes=homes, seed=seed, program=program, desk=desk, world=world, members=members,
                    voices=Voices(), refused=[], opt_outs=opt_outs,
                    sunset=local_midnight(season.readings.end, season.timezone))
    _run(played, agenda_of(season, acts), progress)
    return played


def fleet_of(season: Season, homes: int, seed: int) -> FleetParameters:
    """The season's homes: those that take part, and some further ones whose story keeps them out."""
    count = homes + sum(story_counts(season, homes).values())
    drawn = draw_fleet(season.fleet, count, seed)
    changes: dict[str, NDArray[Any]] = dict(with_chance(drawn, seed))
    rules = season.fleet_rules
    if "pv_kw_per_battery_unit" in rules:
        means = np.array([float(mean) for mean in rules["pv_kw_per_battery_unit"]])
        units = np.clip(np.rint(drawn.battery_kwh / 13.5).astype(np.int64), 1, len(means)) - 1
        mean_kw = drawn.pv_kw[drawn.pv_kw > 0].mean() if (drawn.pv_kw > 0).any() else 1.0
        changes["pv_kw"] = drawn.pv_kw * means[units] / mean_kw
        changes["pv_kva"] = changes["pv_kw"] * 0.83
    changes["behaviour"] = np.where(changes.get("pv_kw", drawn.pv_kw) > 0, drawn.behaviour,
                                    Behaviour.GRID_CHARGED).astype(np.int8)  # without panels it charges at night
    if "export_kw_at_least" in rules:
        changes["export_kw_max"] = np.maximum(changes.get("pv_kw", drawn.pv_kw), float(rules["export_kw_at_least"]))
    if season.feeders:
        shares = np.array([feeder.share for feeder in season.feeders])
        rng = np.random.default_rng([seed, 13])
        changes["feeder"] = rng.choice(len(shares), size=count, p=shares / shares.sum()).astype(np.int64)
    if "disobedient_share" in season.behaviour:
        rng = np.random.default_rng([seed, 17])
        changes["obeys"] = rng.random(count) >= float(season.behaviour["disobedient_share"])
    return replace(drawn, **changes)


def _world(season: Season, seed: int, parameters: FleetParameters, members: Members) -> World:
    start_s = local_midnight(season.readings.first, season.timezone).timestamp()
    count, never = len(parameters), np.full(len(parameters), np.inf)
    rng = np.random.default_rng([seed, 19])
    outage_from_s, outage_until_s = never.copy(), never.copy()
    for outage in season.outages:
        if outage.feeders:
            names = [feeder.name for feeder in season.feeders]
            dark = np.isin(parameters.feeder, [names.index(name) for name in outage.feeders])
        else:
            dark = rng.random(count) < outage.share
        outage_from_s[dark], outage_until_s[dark] = outage.start.timestamp(), outage.end.timestamp()
    return World(season=season, seed=seed, parameters=parameters, is_ev=members.is_ev,
                 enrollment_id=members.enrollments.column("enrollment_id").combine_chunks(),
                 state=FleetState.start(parameters, clock_s=start_s, stored_share=0.5),
                 weather=SeasonWeather(season=season, seed=seed), outage_from_s=outage_from_s,
                 outage_until_s=outage_until_s, silent_from_s=never.copy(), silent_until_s=-never,
                 trips_of=_trips(season, parameters, seed))


def _trips(season: Season, parameters: FleetParameters, seed: int) -> Callable[[date], Trips]:
    """Each day's trips and the next morning's, so that an evening knows when its car leaves."""
    if not (parameters.ev_kwh > 0).any():
        return lambda day: Trips.none(len(parameters))

    def of(day: date) -> Trips:
        midnight_s = local_midnight(day, season.timezone).timestamp()
        rng = np.random.default_rng([seed, 23, day.toordinal()])
        return draw_trips(parameters, midnight_s=midnight_s, rng=rng, habits=season.trips or (COMMUTE,))

    return lambda day: joined(of(day), of(day + timedelta(days=1)))


def _suspend(desk: Desk, members: Members, now: datetime) -> None:
    names = desk.program.enrollment_id.take(pa.array(members.suspended))
    desk.keep({ACTS.name: rows_of(ACTS, len(names), {"act": "suspend", "at": now, "enrollment_id": names,
                                                     "by": "customer", "reason": "switched off in the app"})},
              key="suspended from the start")


def event_id_of(season: Season, call: Call) -> str:
    """The identity of a call: its day, and its hour and service where the day has several."""
    alike = [other for other in season.calls if other.day == call.day]
    more = f"-{call.start:%H%M}-{call.service}" if len(alike) > 1 else ""
    return f"SYN-{season.name}-{call.day}{more}"


def _opt_outs(season: Season, program: Program, parameters: FleetParameters, seed: int) -> tuple[pa.Table, list[Act]]:
    """Who leaves which event and when; and the acts by which the program hears of it."""
    mean = float(season.behaviour.get("opt_out_mean", 0))
    rows: dict[str, list[object]] = {"event_id": [], "enrollment_id": [], "at": []}
    acts: list[Act] = []
    names = program.enrollment_id.to_pylist()
    for index, call in enumerate(season.calls):
        if mean <= 0:
            break
        duration_h = (call.end - call.start).total_seconds() / 3600
        notice_h = (call.start.astimezone(UTC) - call.called_at.astimezone(UTC)).total_seconds() / 3600
        hazard = OptOutHazard()
        scale = mean / (hazard.at_notice + hazard.per_notice_h * notice_h + hazard.per_event_h * duration_h)
        hazard = replace(hazard, at_notice=hazard.at_notice * scale, per_notice_h=hazard.per_notice_h * scale,
                         per_event_h=hazard.per_event_h * scale)
        leaves_h = draw_opt_outs(hazard, parameters.opt_out_propensity, notice_h=notice_h, duration_h=duration_h,
                                 consecutive=0, seed=seed, event_index=index)
        member = program.in_force(call.day) & program.signed(call.day) & np.isfinite(leaves_h)
        for home in np.flatnonzero(member).tolist():
            at = (call.called_at + timedelta(seconds=round(leaves_h[home] * 3600))).astimezone(UTC)
            if at < call.end:
                rows["event_id"].append(event_id_of(season, call))
                rows["enrollment_id"].append(names[home])
                rows["at"].append(at)
                acts.append(Act(at=at, kind="opt_out", homes=(home,), event_id=event_id_of(season, call)))
    return rows_of(OPT_OUTS, len(rows["at"]), rows), acts


def _run(played: Played, agenda: Agenda, progress: Progress) -> None:
    """Move the world from instant to instant and let the program look at each."""
    season, world, desk = played.season, played.world, played.desk
    storms = StormDesk(sites=storm_sites(desk)) if season.storms else None
    feed: WeatherFeed | None = SeasonFeed(season=season) if season.storms else None
    first, total = season.readings.first, (season.readings.end - season.readings.first).days
    for at in sorted(agenda.instants):
        if at >= played.sunset:
            break
        if at < world.now:
            continue
        world.advance(at)
        now = world.now
        progress(STEP, (now.astimezone(season.timezone).date() - first).days, total)
        _hear_of(played, agenda.acts.get(at, ()))
        tick(desk, world, now, storms=storms, feed=feed)
        for call in agenda.calls.get(at, ()):
            _call(played, call, now)
        if season.emergency is not None and at == agenda.next(season.emergency.declared_at):
            played.emergency = answer(desk, world, season, now)
    while world.now < played.sunset:
        day_end = min(world.now + timedelta(days=1), played.sunset)
        world.advance(day_end)
        progress(STEP, (world.now.astimezone(season.timezone).date() - first).days, total)
    progress(STEP, total, total)


def _hear_of(played: Played, acts: Sequence[Act]) -> None:
    """Customers leave events."""
    if not acts:
        return
    homes = [(act, home) for act in acts for home in act.homes]
    names = played.program.enrollment_id.take(pa.array([home for _, home in homes], pa.int64()))
    rows = rows_of(OPT_OUTS, len(homes), {"event_id": [act.event_id for act, _ in homes], "enrollment_id": names,
                                          "at": [act.at for act, _ in homes]})
    played.desk.keep({OPT_OUTS.name: rows}, key=f"opt outs {played.world.now.isoformat()}")


def _call(played: Played, call: Call, now: datetime) -> None:
    season, desk, people = played.season, played.desk, played.season.people
    event_id = event_id_of(season, call)
    refused = call_event(desk, CallRequest(
        event_id=event_id, service=call.service, kind=call.kind, start=call.start.astimezone(UTC),
        end=call.end.astimezone(UTC), zones=call.zones or ((season.zone,) if season.zone else ()), notice=call.notice,
        reason=call.reason, target_kw=None if call.target_mw is None else call.target_mw * 1000,
        proposed_by=str(people.get("proposes", "duty operator")),
        approved_by=str(people.get("approves", "shift lead"))), now)
    played.refused += [(event_id, refusal) for refusal in refused]
    if refused:
        return
    tell(desk, event_id, played.voices, now)
    telemetry = desk.telemetry(now)
    for called in desk.called:
        if called.event.event_id == event_id:
            _prepare(played, called, telemetry, now)


def _prepare(played: Played, called: Called, telemetry: TelemetryColumns, now: datetime) -> None:
    """Charge before the event whom it is worth to."""
    desk, retail = played.desk, played.season.retail_usd_per_kwh
    worth, weighed = np.ones(len(desk.program), np.bool_), None
    if retail is not None:
        worth, weighed = weigh(desk, called, telemetry, Retail(
            import_usd_per_kwh=retail[0], export_usd_per_kwh=retail[1]), now)
    rows = pre_charges(desk, called, telemetry, worth, now)
    key = f"pre-charge {called.event.event_id} {called.rider}"
    desk.keep({INSTRUCTIONS.name: rows, **({PRE_CHARGES.name: weighed} if weighed is not None else {})}, key=key)
    if len(rows):
        desk.keep({ANSWERS.name: played.world.send(rows)}, key=f"{key} sent")
