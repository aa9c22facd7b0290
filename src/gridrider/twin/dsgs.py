"""The synthetic season of DSGS option 3: batteries of several providers, read at the inverter on event days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ..enrollment.model import ENROLLMENTS
from ..interval import utc_text
from ..market.model import PRICES
from .battery import Orders
from .calls import CallBook
from .homes import DSGS_BATTERIES, Bools, Homes, draw_homes
from .people import Lots, TextTable, day_without_event, draw_faults, event_day, flags, ids, table_of
from .season import SLOTS_PER_DAY, Season, local_time, slot_of
from .simulate import generator
from .synthetic import SyntheticSeason
from .weather import season_weather

PROVIDERS = ("SYN-PROVIDER-A", "SYN-PROVIDER-B", "SYN-PROVIDER-C", "SYN-PROVIDER-D")
PROVIDER_SHARES = (.46, .30, .16, .08)
LATE_SHARE, LEFT_SHARE = 0.18, 0.03
"""Homes that join during the season, and homes that leave before its end. Assumed."""

SILENT_SHARE = 0.06
"""Batteries that do not answer an event, though nobody asked them to stay out. Assumed."""

# When something befalls a few homes, so that every rule of the settlement has a case. Assumed.
SUSPENDED = (date(2025, 8, 15), date(2025, 9, 20))
BROKEN_ON = date(2025, 8, 15)
OUTAGE_ON, OUTAGE_SLOTS = date(2025, 8, 21), (slot_of("18:15"), slot_of("19:30"))
STORM_ON, STORM_SLOT = date(2025, 10, 10), slot_of("16:00")
SIGNED_LATE_ON = date(2025, 7, 15)
PREPARE_SLOT = slot_of("12:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Which homes take part from when to when, and what befalls some of them."""

    starts_on: tuple[date, ...]
    ends_on: tuple[date | None, ...]
    signed_on: tuple[date | None, ...]
    suspended: list[int]
    broken: list[int]
    """Their battery cannot discharge from BROKEN_ON to the season's end."""
    outage: list[int]
    storm: list[int]

    def joined(self, day: date) -> Bools:
        """Homes whose enrollment is in force and signed."""
        return np.array([start <= day and (end is None or day <= end) and signed is not None and signed <= day
                         for start, end, signed in zip(self.starts_on, self.ends_on, self.signed_on, strict=True)])


def build_dsgs(season: Season, *, sites: int, seed: int, price_series: str) -> SyntheticSeason:
    """The season for a number of batteries; `price_series` is the tariff's name for the prices of its zone."""
    homes = draw_homes(sites, DSGS_BATTERIES, generator(seed, 0))
    rng = generator(seed, 1)
    members = draw_members(season, sites, rng)
    inverters = ids("SYN-INV-", sites)
    run, written = days_of(season)
    orders, calls = _call(season, members, sites, run, rng)
    return SyntheticSeason(
        season=season, seed=seed, homes=homes, weather=season_weather(season, generator(seed, 3)), orders=orders,
        tables=(_enrollments(season, members, homes, inverters, rng), *calls, _prices(season, price_series)),
        days_run=run, days_written=written, point_ids=tuple(inverters), at_inverter=True,
        faults=draw_faults(written, season.events, sites, rng).by_day)


def days_of(season: Season) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Days to simulate, and those of them to write.

    A prescriptive baseline needs no history: event days are written, and the day before each month's first event. The
    day before every event is simulated, so that each battery comes to it as its home left it.
    """
    event_days = sorted({event.day for event in season.events})
    firsts = {min(day for day in event_days if (day.year, day.month) == month)
              for month in {(day.year, day.month) for day in event_days}}
    eve = timedelta(days=1)
    written = sorted({*event_days, *(day - eve for day in firsts)})
    return tuple(sorted({*written, *(day - eve for day in event_days)})), tuple(written)


def draw_members(season: Season, sites: int, rng: np.random.Generator) -> Members:
    """Most take part from the first day of May; some join later, some leave, and a few have a story of their own."""
    opening = date(season.readings.first.year, 5, 1)
    starts_on = [opening] * sites
    ends_on: list[date | None] = [None] * sites
    lots = Lots(np.arange(sites), rng)
    for home in lots.take(LATE_SHARE):
        starts_on[home] = opening + timedelta(days=int(rng.integers(10, 120)))
    for home in lots.take(LEFT_SHARE):
        ends_on[home] = opening + timedelta(days=int(rng.integers(60, 160)))
    signed_on: list[date | None] = [start - timedelta(days=before) for start, before in
                                    zip(starts_on, rng.integers(2, 40, sites).tolist(), strict=True)]
    for home in lots.take(0.002):
        signed_on[home] = None
    for home in lots.take(0.002):
        signed_on[home] = SIGNED_LATE_ON
    return Members(starts_on=tuple(starts_on), ends_on=tuple(ends_on), signed_on=tuple(signed_on),
                   suspended=lots.take(0.010), broken=lots.take(0.006), outage=lots.take(0.006),
                   storm=lots.take(0.008))


def _call(season: Season, members: Members, sites: int, days_run: Sequence[date],
          rng: np.random.Generator) -> tuple[Mapping[date, Orders], tuple[TextTable, ...]]:
    """What each battery does in each event, and the tables of events, opt-outs and absences."""
    book = CallBook(season=season, prefix="SYN-DSGS-", enrollment_ids=ids("SYN-E-", sites))
    _note_absences(book, members)
    unmarked = np.ones(sites, dtype=np.bool_)
    for homes in (members.suspended, members.broken, members.outage, members.storm):
        unmarked[homes] = False
    days = {day: day_without_event(day, sites) for day in days_run}
    for event in season.events:
        joined = members.joined(event.day)
        day = days[event.day] = event_day(event, joined, prepare_slot=PREPARE_SLOT)
        if SUSPENDED[0] <= event.day < SUSPENDED[1]:
            day.silence(members.suspended)
        if event.day == OUTAGE_ON:
            day.cut_off(members.outage, *OUTAGE_SLOTS)
        if event.day == STORM_ON:
            day.hold(members.storm, STORM_SLOT)
        answering = book.silence_some(day, np.flatnonzero(joined & unmarked), SILENT_SHARE, rng)
        book.opt_out_some(day, answering, rng)
    for on, day in days.items():
        if on >= BROKEN_ON:
            day.silence(members.broken)
            day.hold(members.broken, 0)
    return {on: day.orders(spread=True) for on, day in days.items()}, book.tables(
        service="capacity", reason="hours and kind of 2025 from CEC docket 22-RENEW-01 TN 269155; notice assumed")


def _note_absences(book: CallBook, members: Members) -> None:
    """Suspensions, broken batteries, outages and storm holds as spans of time."""
    book.absent(members.suspended, (SUSPENDED[0], 0), (SUSPENDED[1], 0), reason="suspended",
                evidence="switched off in the app")
    book.absent(members.broken, (BROKEN_ON, 0), (book.season.readings.end, 0), reason="device_fault",
                evidence="the inverter reports that it cannot discharge")
    book.absent(members.outage, (OUTAGE_ON, OUTAGE_SLOTS[0]), (OUTAGE_ON, OUTAGE_SLOTS[1]), reason="utility_fault",
                evidence="feeder outage in the outage log")
    book.absent(members.storm, (STORM_ON, STORM_SLOT), (STORM_ON, SLOTS_PER_DAY), reason="storm_hold",
                evidence="storm watch of the battery's maker")


def _prices(season: Season, price_series: str) -> TextTable:
    """The published price of every hour of every event."""
    hours = [(local_time(event.day, event.first_slot + 4 * at, season.timezone), price)
             for event in season.events for at, price in enumerate(event.usd_per_mwh)]
    return table_of(PRICES, {
        "series": price_series, "start": [utc_text(start) for start, _ in hours], "seconds": "3600",
        "usd_per_mwh": [price for _, price in hours]})


def _enrollments(season: Season, members: Members, homes: Homes, inverters: Sequence[str],
                 rng: np.random.Generator) -> TextTable:
    sites = len(homes)
    return table_of(ENROLLMENTS, {
        "enrollment_id": ids("SYN-E-", sites), "rider": "battery", "customer_id": ids("SYN-C-", sites),
        "site_id": ids("SYN-SITE-", sites),
        "participant_id": rng.choice(PROVIDERS, size=sites, p=PROVIDER_SHARES).tolist(),
        "point_id": inverters, "premise_point_id": ids("SYN-METER-", sites), "technology": "battery",
        "nameplate_kw": [f"{power_kw:.1f}" for power_kw in homes.nameplate_kw.tolist()],
        "duration_h": [f"{hours:g}" for hours in homes.duration_h.tolist()],
        "agreement_signed_on": [str(signed or "") for signed in members.signed_on],
        "enrolled_on": [str(start) for start in members.starts_on],
        "starts_on": [str(start) for start in members.starts_on],
        "ends_on": [str(end or "") for end in members.ends_on],
        "end_reason": ["left" if end else "" for end in members.ends_on], "customer_class": "residential",
        "low_income": flags(rng.random(sites) < 0.07), "disadvantaged_community": flags(rng.random(sites) < 0.10),
        "zone": season.zone})
