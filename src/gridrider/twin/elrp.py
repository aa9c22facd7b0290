"""The synthetic season of ELRP group A.4: a maker's fleet that grows from event to event, read at the retail meter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ..enrollment.model import ENROLLMENTS
from ..telemetry.model import POINTS
from .battery import Orders
from .calls import CallBook
from .homes import ELRP_BATTERIES, Bools, Homes, draw_homes
from .people import Lots, TextTable, day_without_event, draw_faults, event_day, flags, ids, table_of, table_of_rows
from .readings import Exchange, Fault, FaultKind
from .season import SLOTS_PER_DAY, Season, SeasonEvent, local_time, slot_of
from .simulate import generator
from .synthetic import SyntheticSeason
from .weather import season_weather

AGGREGATOR = "SYN-AGGREGATOR"
FIRST_ENROLLMENT_DAYS = 60
"""How long before the first event the first homes enrolled. Assumed."""

# When something befalls a few homes, so that every rule of the settlement has a case. Assumed.
EXCHANGED_ON, EXCHANGED_AT_SLOT = date(2022, 8, 24), slot_of("13:00")
NEW_METER_ON = date(2022, 8, 25)
MOVED_IN_ON = date(2022, 9, 3)
SIGNED_LATE_ON = date(2022, 9, 2)
SUSPENDED = (date(2022, 8, 30), date(2022, 9, 7))
ISLANDED_ON, ISLANDED_SLOTS = date(2022, 8, 25), (slot_of("15:00"), slot_of("19:30"))
OUTAGE_ON, OUTAGE_SLOTS = date(2022, 9, 6), (slot_of("18:30"), slot_of("20:15"))
STORM_ON, STORM_SLOT = date(2022, 9, 9), slot_of("19:00")
SILENT_SHARE = 0.03
"""Batteries that do not answer an event, though nobody asked them to stay out. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Which homes join when, and what befalls some of them; each home is in at most one list."""

    starts_on: tuple[date, ...]
    signed_on: tuple[date | None, ...]
    """None = never signed."""
    direct: list[int]
    assigned: list[int]
    suspended: list[int]
    exchanged: list[int]
    new_meter: list[int]
    moved: list[int]
    islanded: list[int]
    outage: list[int]
    storm: list[int]


def build_elrp(season: Season, *, sites: int, seed: int) -> SyntheticSeason:
    """The season for a number of sites; 4,687 sites give the published participants of each event."""
    homes = draw_homes(sites, ELRP_BATTERIES, generator(seed, 0))
    rng = generator(seed, 1)
    members = draw_members(season, sites, rng)
    meters = ids("SYN-METER-", sites)
    days = tuple(season.readings.days())
    book = draw_faults(days, season.events, sites, rng)
    for home in members.new_meter:
        for day in days:
            if day < NEW_METER_ON:
                book.add(day, Fault(home=home, first_slot=0, end_slot=SLOTS_PER_DAY, kind=FaultKind.ABSENT))
    orders, calls = _call(season, members, sites, rng)
    exchanges = tuple(Exchange(home=home, day=EXCHANGED_ON, slot=EXCHANGED_AT_SLOT, point_id=f"{meters[home]}-2")
                      for home in members.exchanged)
    return SyntheticSeason(
        season=season, seed=seed, homes=homes, weather=season_weather(season, generator(seed, 3)), orders=orders,
        tables=(_enrollments(season, members, homes, meters, rng), *calls, _points(season, members, meters)),
        days_run=days, days_written=days, point_ids=tuple(meters), at_inverter=False, faults=book.by_day,
        exchanges=exchanges)


def participants_at(events: Sequence[SeasonEvent], sites: int) -> list[int]:
    """Enrollments in force at each event: the published numbers, scaled so that the last is `sites`, halves up."""
    published = [event.participants or 0 for event in events]
    last = published[-1]
    return [(2 * count * sites + last) // (2 * last) for count in published]


def draw_members(season: Season, sites: int, rng: np.random.Generator) -> Members:
    """Homes join in waves so that each event finds the scaled number of participants."""
    targets = participants_at(season.events, sites)
    order = rng.permutation(sites)
    wave = np.empty(sites, dtype=np.int64)
    wave[order] = np.searchsorted(targets, np.arange(sites), side="right")
    event_days = [event.day for event in season.events]
    opens = [event_days[0] - timedelta(days=FIRST_ENROLLMENT_DAYS), *(day + timedelta(days=1) for day in event_days)]
    lengths = np.array([(day - opening).days + 1 for day, opening in zip(event_days, opens, strict=False)])
    late_days = rng.integers(0, lengths[wave])
    starts_on = [opens[group] + timedelta(days=late)
                 for group, late in zip(wave.tolist(), late_days.tolist(), strict=True)]
    signed_on: list[date | None] = [start - timedelta(days=before) for start, before in
                                    zip(starts_on, rng.integers(3, 21, sites).tolist(), strict=True)]
    lots = Lots(np.flatnonzero(wave == 0), rng)
    for home in lots.take(0.003):
        signed_on[home] = None
    for home in lots.take(0.003):
        signed_on[home] = SIGNED_LATE_ON
    return Members(
        starts_on=tuple(starts_on), signed_on=tuple(signed_on), suspended=lots.take(0.012), moved=lots.take(0.003),
        exchanged=lots.take(0.005), outage=lots.take(0.006), storm=lots.take(0.008), islanded=lots.take(0.004),
        new_meter=lots.take(0.003), direct=lots.take(0.015), assigned=lots.take(0.006))


def _call(season: Season, members: Members, sites: int,
          rng: np.random.Generator) -> tuple[Mapping[date, Orders], tuple[TextTable, ...]]:
    """What each battery does in each event, and the tables of events, opt-outs and absences."""
    book = CallBook(season=season, prefix="SYN-ELRP-", enrollment_ids=ids("SYN-E-", sites))
    _note_absences(book, members)
    orders: dict[date, Orders] = {}
    unmarked = ~_marked(members, sites)
    for event in season.events:
        joined = _joined(members, event.day)
        day = event_day(event, joined, prepare_slot=_prepare_slot(event))
        if SUSPENDED[0] <= event.day < SUSPENDED[1]:
            day.silence(members.suspended)
        if event.day == OUTAGE_ON:
            day.cut_off(members.outage, *OUTAGE_SLOTS)
        if event.day == STORM_ON:
            day.hold(members.storm, STORM_SLOT)
        answering = book.silence_some(day, np.flatnonzero(joined & unmarked), SILENT_SHARE, rng)
        book.opt_out_some(day, answering, rng)
        orders[event.day] = day.orders(spread=False)
    island = day_without_event(ISLANDED_ON, sites)
    island.cut_off(members.islanded, *ISLANDED_SLOTS)
    orders[ISLANDED_ON] = island.orders(spread=False)
    return orders, book.tables(
        service="emergency", reason="date from the published table of 2022; hours, kind and notice assumed")


def _note_absences(book: CallBook, members: Members) -> None:
    """Suspensions, outages and storm holds as spans of time."""
    book.absent(members.suspended, (SUSPENDED[0], 0), (SUSPENDED[1], 0), reason="suspended",
                evidence="switched off in the app")
    for homes, day, slots, reason in ((members.outage, OUTAGE_ON, OUTAGE_SLOTS, "utility_fault"),
                                      (members.islanded, ISLANDED_ON, ISLANDED_SLOTS, "islanded")):
        book.absent(homes, (day, slots[0]), (day, slots[1]), reason=reason, evidence="feeder outage in the outage log")
    book.absent(members.storm, (STORM_ON, STORM_SLOT), (STORM_ON, SLOTS_PER_DAY), reason="storm_hold",
                evidence="storm watch of the battery's maker")


def _joined(members: Members, day: date) -> Bools:
    """Homes whose enrollment is in force and signed."""
    return np.array([start <= day and signed is not None and signed <= day
                     for start, signed in zip(members.starts_on, members.signed_on, strict=True)])


def _marked(members: Members, sites: int) -> Bools:
    """Homes that have a story of their own and get no second one."""
    marked = np.zeros(sites, dtype=np.bool_)
    for homes in (members.suspended, members.moved, members.exchanged, members.outage, members.storm,
                  members.islanded, members.new_meter):
        marked[homes] = True
    return marked


def _prepare_slot(event: SeasonEvent) -> int:
    """When a battery starts to prepare: as soon as the event is scheduled, if that is on the day itself."""
    return 0 if event.called_at.date() < event.day else slot_of(event.called_at.strftime("%H:%M"))


def _enrollments(season: Season, members: Members, homes: Homes, meters: Sequence[str],
                 rng: np.random.Generator) -> TextTable:
    """One enrollment per home, and one more for each home that a new customer moved into."""
    sites = len(homes)
    customers, directs = ids("SYN-C-", sites), frozenset(members.direct)
    groups = rng.choice(["NORTH", "BAY", "VALLEY"], size=sites, p=[0.2, 0.5, 0.3]).tolist()
    columns: dict[str, list[str]] = {
        "enrollment_id": ids("SYN-E-", sites), "customer_id": customers, "site_id": ids("SYN-SITE-", sites),
        "participant_id": [customers[home] if home in directs else AGGREGATOR for home in range(sites)],
        "aggregation_id": ["" if home in directs else f"SYN-A4-{groups[home]}" for home in range(sites)],
        "payee_id": list(customers), "point_id": list(meters), "premise_point_id": list(meters),
        "nameplate_kw": [f"{power_kw:.1f}" for power_kw in homes.nameplate_kw.tolist()],
        "duration_h": [f"{hours:g}" for hours in homes.duration_h.tolist()],
        "agreement_signed_on": [str(signed or "") for signed in members.signed_on],
        "starts_on": [str(start) for start in members.starts_on], "ends_on": [""] * sites, "end_reason": [""] * sites,
        "low_income": flags(rng.random(sites) < 0.06), "disadvantaged_community": flags(rng.random(sites) < 0.09)}
    for home in members.assigned:
        columns["payee_id"][home] = "SYN-FINANCE-1"
    for home in members.moved:
        successor = {name: cells[home] for name, cells in columns.items()}
        columns["ends_on"][home], columns["end_reason"][home] = str(MOVED_IN_ON - timedelta(days=1)), "moved_out"
        for name in ("enrollment_id", "customer_id", "payee_id"):
            successor[name] += "-2"
        successor |= {"agreement_signed_on": str(MOVED_IN_ON - timedelta(days=1)), "starts_on": str(MOVED_IN_ON)}
        for name, cells in columns.items():
            cells.append(successor[name])
    return table_of(ENROLLMENTS, {**columns, "rider": "battery", "technology": "battery", "zone": season.zone,
                                  "customer_class": "residential", "enrolled_on": columns["starts_on"]})


def _points(season: Season, members: Members, meters: Sequence[str]) -> TextTable:
    """Exchanged meters, and the day since when a meter tells of its new customer."""
    enrollment_ids = ids("SYN-E-", len(meters))
    exchanged_at = local_time(EXCHANGED_ON, EXCHANGED_AT_SLOT, season.timezone).isoformat()
    rows = []
    for home in members.exchanged:
        same = {"enrollment_id": enrollment_ids[home], "role": "performance"}
        rows += [{**same, "point_id": meters[home], "to": exchanged_at},
                 {**same, "point_id": f"{meters[home]}-2", "from": exchanged_at}]
    for home in members.moved:
        same = {"role": "performance", "point_id": meters[home]}
        rows += [{**same, "enrollment_id": enrollment_ids[home], "to": str(MOVED_IN_ON - timedelta(days=1))},
                 {**same, "enrollment_id": f"{enrollment_ids[home]}-2", "from": str(MOVED_IN_ON)}]
    return table_of_rows(POINTS, rows)
