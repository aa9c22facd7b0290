"""A season to simulate: its events, what is published about them, and what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from ..interval import DateSpan, day_seconds
from ..problem import Problem, error

SLOT_SECONDS = 900
SLOTS_PER_DAY = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonEvent:
    """One event of the season; it starts and ends on one local date, at whole quarter hours."""

    day: date
    first_slot: int
    """Quarter hours from local midnight to the start."""
    end_slot: int
    """Likewise to the end, exclusive."""
    kind: str
    notice: str
    called_at: datetime
    participants: int | None = None
    """As published; None where the source gives none."""
    peak_mw: Decimal | None = None
    usd_per_mwh: tuple[str, ...] = ()
    """The market's price of each hour of the event, as published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpell:
    """Days hotter than an ordinary summer day; both ends included."""

    first: date
    last: date
    warmer_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A season of one tariff at one place."""

    tariff: str
    period: str
    zone: str
    timezone: ZoneInfo
    readings: DateSpan
    latitude_deg: float
    longitude_deg: float
    events: tuple[SeasonEvent, ...]
    hot_spells: tuple[HotSpell, ...]
    assumptions: tuple[str, ...]

    def warmer_c(self, day: date) -> float:
        """How much hotter than an ordinary day of the season a day is."""
        return max((spell.warmer_c for spell in self.hot_spells if spell.first <= day <= spell.last), default=0.0)


def season_from(document: Mapping[str, Any], file: str, timezone: ZoneInfo) -> tuple[Season | None, list[Problem]]:
    """A season from its YAML document, or the Problem that stands in the way.

    Days with a change of clocks are refused: the twin counts 96 quarter hours to a day.
    """
    try:
        season = _season(document, timezone)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as fault:
        reason = f"is not a season: {type(fault).__name__} {fault}"
        return None, [error(file, reason, "Compare it with tariffs/pge/elrp-a4/season-2022.yaml.")]
    bent = [day for day in season.readings.days() if day_seconds(day, timezone) != SLOTS_PER_DAY * SLOT_SECONDS]
    outside = [event.day for event in season.events if event.day not in season.readings]
    problems = [error(file, "is a day with a change of clocks, which the twin cannot simulate",
                      "Leave it out of readings.", column="readings", value=str(day)) for day in bent]
    problems += [error(file, "is an event outside the days of readings", "Widen readings.", column="events",
                       value=str(day)) for day in outside]
    return (None if problems else season), problems


def _season(document: Mapping[str, Any], timezone: ZoneInfo) -> Season:
    readings = document["readings"]
    place = document["place"]
    return Season(
        tariff=str(document["tariff"]), period=str(document["period"]), zone=str(document["zone"]), timezone=timezone,
        readings=DateSpan(first=readings["from"], end=readings["to"] + timedelta(days=1)),
        latitude_deg=float(place["latitude_deg"]), longitude_deg=float(place["longitude_deg"]),
        events=tuple(_event(entry, timezone) for entry in document["events"]),
        hot_spells=tuple(HotSpell(first=entry["from"], last=entry["to"], warmer_c=float(entry["warmer_c"]))
                         for entry in document.get("hot_spells", ())),
        assumptions=tuple(str(sentence) for sentence in document["assumptions"]))


def _event(entry: Mapping[str, Any], timezone: ZoneInfo) -> SeasonEvent:
    peak_mw = entry.get("peak_mw")
    return SeasonEvent(
        day=entry["date"], first_slot=slot_of(entry["from"]), end_slot=slot_of(entry["to"]), kind=str(entry["kind"]),
        notice=str(entry["notice"]), called_at=datetime.fromisoformat(entry["called_at"]).replace(tzinfo=timezone),
        participants=entry.get("participants"), peak_mw=None if peak_mw is None else Decimal(peak_mw),
        usd_per_mwh=tuple(str(price) for price in entry.get("usd_per_mwh", ())))


def slot_of(clock: str) -> int:
    """The quarter hour that begins at a clock time.

    >>> slot_of("18:15")
    73
    """
    moment = time.fromisoformat(clock)
    return moment.hour * 4 + moment.minute // 15


def local_time(day: date, slot: int, timezone: ZoneInfo) -> datetime:
    """The aware local time at which a quarter hour of a day begins; slot 96 is the next midnight."""
    return datetime.combine(day, time(), timezone) + timedelta(seconds=slot * SLOT_SECONDS)
