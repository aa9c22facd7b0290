"""What a season file says: the program, its fleet, what is called when, and what befalls the homes.

    season: elrp-2022 ...          seasons/*.yaml are worked examples; docs/how-to/replay-a-season.md names every word
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ...interval import DateSpan, date_span, local_midnight
from ...problem import DataRefused, Problem, error, refuse_on_error
from ...tariff.load import load
from ...tariff.model import Tariff
from ...twin.fleet.trips import TripHabit
from ..places import tariffs_folder

HOMES_MAX = 150_000
"""Homes of a season: fewer than the compiled kernels begin at, so that its bytes are the same without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An event of the season, as its operator calls it; local times."""

    day: date
    start: datetime
    end: datetime
    called_at: datetime
    service: str
    kind: str
    notice: str
    zones: tuple[str, ...] = ()
    reason: str = ""
    target_mw: Decimal | None = None
    """None = as much as may be had."""
    participants: int | None = None
    """As published; None where the source gives none."""
    peak_mw: Decimal | None = None
    """As published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpell:
    """Days hotter (below zero: colder) than an ordinary one; both ends included."""

    first: date
    last: date
    warmer_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A span in which some homes have no grid: a share of all, or those of named feeders."""

    start: datetime
    end: datetime
    share: float
    feeders: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A storm of the season: an alert in the weather service's shape, made from these times."""

    shape: str
    watch_at: datetime
    warning_at: datetime
    onset: datetime
    ends: datetime
    longer_h: float
    """How much the ice storm is prolonged half-way."""
    zones: tuple[str, ...]
    office: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeder:
    """A feeder of the season's grid."""

    name: str
    parent: str
    export_max_kw: Decimal | None
    latitude_deg: Decimal
    longitude_deg: Decimal
    share: float
    """Of the homes, for a feeder that homes hang on; 0 = only feeders do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """A declared emergency in which vehicles are sent to shelters and hospitals."""

    declared_at: datetime
    until: datetime
    order: str
    trips_waived: bool
    """True when the order cancels the vehicles' own trips."""
    sites: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A season of one program at one place."""

    name: str
    title: str
    file: Path
    tariff_file: Path
    tariff: Tariff
    rider: str
    service: str
    period: str
    readings: DateSpan
    every_day: bool
    """False: only the readings of days with an event and of the days before them are written."""
    zone: str
    timezone: ZoneInfo
    latitude_deg: float
    longitude_deg: float
    homes: int
    seed: int
    assumptions: tuple[str, ...]
    published: Mapping[str, Any]
    fleet: Mapping[str, Any]
    fleet_rules: Mapping[str, Any]
    enrollment: Mapping[str, Any]
    behaviour: Mapping[str, Decimal]
    warmest_c: tuple[float, ...]
    """The warmest hour of an ordinary day: one number, or one per month."""
    tick_minutes: int
    lease_minutes: int
    people: Mapping[str, str]
    calls: tuple[Call, ...]
    hot_spells: tuple[HotSpell, ...]
    outages: tuple[Outage, ...]
    storms: tuple[Storm, ...]
    feeders: tuple[Feeder, ...]
    retail_usd_per_kwh: tuple[float, float] | None = None
    """What a kilowatt-hour costs and earns at the retail meter; None = pre-charge is not weighed against it."""
    emergency: Emergency | None = None
    trips: tuple[TripHabit, ...] = ()

    def warmer_c(self, day: date) -> float:
        """How much hotter than an ordinary day of the season a day is."""
        return max((spell.warmer_c for spell in self.hot_spells if spell.first <= day <= spell.last), default=0.0,
                   key=abs)

    @property
    def span(self) -> DateSpan:
        """The days that are settled."""
        return date_span(self.period)


def load_season(path: Path) -> Season:
    """Read a season file and its tariff; raises DataRefused with every Problem found."""
    document = _document(path)
    tariff_file = _tariff_file(path, str(document.get("tariff", "")))
    tariff, problems = load(tariff_file)
    refuse_on_error(problems)
    if tariff is None:
        raise DataRefused(problems)
    try:
        season = _season(document, path, tariff_file, tariff)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as fault:
        said = f"lacks {fault}" if isinstance(fault, KeyError) else f"has something else than is meant: {fault}"
        raise DataRefused([error(str(path), f"is not a season: it {said}",
                                 "Compare it with seasons/elrp-2022.yaml.")]) from fault
    refuse_on_error(list(_problems(season)))
    return season


def _document(path: Path) -> Mapping[str, Any]:
    try:
        held = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataRefused([error(str(path), "there is no such file", "Check the path.")]) from None
    except (OSError, UnicodeDecodeError, YAMLError) as fault:
        raise DataRefused([error(str(path), f"cannot be read: {' '.join(str(fault).split())}",
                                 "Mend the file.")]) from fault
    if not isinstance(held, Mapping):
        raise DataRefused([error(str(path), "is not a season: it holds no keys",
                                 "Compare it with seasons/elrp-2022.yaml.")])
    return held


def _tariff_file(season_file: Path, name: str) -> Path:
    """A tariff by its folder's name in the tariffs that ship, or by its path beside the season file."""
    shipped = tariffs_folder() / name / "tariff.yaml"
    beside = season_file.parent / name
    if beside.is_file():
        return beside
    if name and shipped.is_file():
        return shipped
    raise DataRefused([error(str(season_file), "names no tariff that is there",
                             "Write pge/elrp-a4, or the path of a tariff file beside the season's.", column="tariff",
                             value=name)])


def _season(held: Mapping[str, Any], path: Path, tariff_file: Path, tariff: Tariff) -> Season:
    zone = ZoneInfo(tariff.timezone)
    readings, place, operation = held["readings"], held["place"], held.get("operation", {})
    weather = held.get("weather", {})
    warmest = weather.get("warmest_c", "28")
    return Season(
        name=str(held["season"]), title=str(held["title"]), file=path, tariff_file=tariff_file, tariff=tariff,
        rider=str(held["rider"]), service=str(held["service"]), period=str(held["period"]),
        readings=DateSpan(first=readings["from"], end=readings["to"] + timedelta(days=1)),
        every_day=readings.get("of", "every_day") == "every_day", zone=str(held.get("zone", "")), timezone=zone,
        latitude_deg=float(place["latitude_deg"]), longitude_deg=float(place["longitude_deg"]),
        homes=int(held["homes"]), seed=int(held.get("seed", 1)),
        assumptions=tuple(str(sentence) for sentence in held["assumptions"]), published=held.get("published", {}),
        fleet=held.get("fleet", {}), fleet_rules=held.get("fleet_rules", {}),
        enrollment=held.get("enrollment", {}),
        behaviour={name: Decimal(str(share)) for name, share in held.get("behaviour", {}).items()},
        warmest_c=tuple(float(each) for each in (warmest if isinstance(warmest, list) else [warmest])),
        tick_minutes=int(operation.get("tick_minutes", 5)), lease_minutes=int(operation.get("lease_minutes", 20)),
        people=operation.get("people", {}),
        calls=tuple(_call(entry, str(held["service"]), zone) for entry in held.get("events", ())),
        hot_spells=tuple(HotSpell(first=entry["from"], last=entry["to"], warmer_c=float(entry["warmer_c"]))
                         for entry in weather.get("hot_spells", ())),
        outages=tuple(_outage(entry, zone) for entry in held.get("outages", ())),
        storms=tuple(_storm(entry, zone, number) for number, entry in enumerate(held.get("storms", ()), start=1)),
        feeders=tuple(_feeder(entry) for entry in held.get("feeders", ())),
        emergency=_emergency(held["emergency"], zone) if "emergency" in held else None,
        retail_usd_per_kwh=_retail(held), trips=tuple(TripHabit(**entry) for entry in held.get("trips", ())))


def _call(entry: Mapping[str, Any], service: str, zone: ZoneInfo) -> Call:
    day, notice = entry["date"], str(entry["notice"])
    called_on = day - timedelta(days=1) if notice == "day_ahead" else day
    return Call(
        day=day, start=_local(day, entry["from"], zone), end=_local(day, entry["to"], zone),
        called_at=_local(called_on, entry["called_at"], zone), service=str(entry.get("service", service)),
        kind=str(entry.get("kind", "")), notice=notice, zones=tuple(entry.get("zones", ())),
        reason=str(entry.get("reason", "")), target_mw=_decimal(entry.get("target_mw")),
        participants=entry.get("participants"), peak_mw=_decimal(entry.get("peak_mw")))


def _outage(entry: Mapping[str, Any], zone: ZoneInfo) -> Outage:
    return Outage(start=_instant(entry["from"], zone), end=_instant(entry["to"], zone),
                  share=float(entry.get("share", 0)), feeders=tuple(entry.get("feeders", ())),
                  because=str(entry.get("because", "outage")))


def _storm(entry: Mapping[str, Any], zone: ZoneInfo, number: int) -> Storm:
    return Storm(
        shape=str(entry["shape"]), watch_at=_instant(entry["watch_at"], zone),
        warning_at=_instant(entry["warning_at"], zone), onset=_instant(entry["onset"], zone),
        ends=_instant(entry["ends"], zone), longer_h=float(entry.get("longer_h", 0)),
        zones=tuple(entry["zones"]), office=str(entry["office"]), number=number)


def _feeder(entry: Mapping[str, Any]) -> Feeder:
    return Feeder(name=str(entry["name"]), parent=str(entry.get("parent", "")),
                  export_max_kw=_decimal(entry.get("export_max_kw")),
                  latitude_deg=Decimal(str(entry["latitude_deg"])), longitude_deg=Decimal(str(entry["longitude_deg"])),
                  share=float(entry.get("share", 0)))


def _emergency(entry: Mapping[str, Any], zone: ZoneInfo) -> Emergency:
    return Emergency(declared_at=_instant(entry["declared_at"], zone), until=_instant(entry["until"], zone),
                     order=str(entry["order"]), trips_waived=bool(entry.get("trips_waived", False)),
                     sites=tuple(entry["sites"]))


def _retail(held: Mapping[str, Any]) -> tuple[float, float] | None:
    retail = held.get("retail")
    return None if retail is None else (float(retail["import_usd_per_kwh"]), float(retail["export_usd_per_kwh"]))


def _decimal(held: object) -> Decimal | None:
    return None if held is None else Decimal(str(held))


def _local(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """A local time without offset, or any time with one."""
    instant = datetime.fromisoformat(str(text))
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def _problems(season: Season) -> Sequence[Problem]:
    """What in a season cannot be: numbers out of range, names that its tariff lacks, times out of order."""
    file, found = str(season.file), []
    if not 1 <= season.homes <= HOMES_MAX:
        found.append(error(file, f"must be from 1 to {HOMES_MAX}", "Choose another number.", column="homes",
                           value=str(season.homes)))
    rider = season.tariff.riders.get(season.rider)
    if rider is None:
        found.append(error(file, "is no rider of the tariff", f"Known: {', '.join(season.tariff.riders)}.",
                           column="rider", value=season.rider))
    else:
        unknown = {call.service for call in season.calls} | {season.service}
        found += [error(file, "is no service of the rider", f"Known: {', '.join(rider.services)}.", column="service",
                        value=name) for name in sorted(unknown - set(rider.services))]
    found += [error(file, "is an event outside the days of readings", "Widen readings.", column="events",
                    value=str(call.day)) for call in season.calls if call.day not in season.readings]
    begins = local_midnight(season.readings.first, season.timezone)
    found += [error(file, "is called before readings begin", "Widen readings.", column="events", value=str(call.day))
              for call in season.calls if call.day in season.readings and call.called_at < begins]
    found += [error(file, "is an event that ends before it starts or is called after it", "Check its times.",
                    column="events", value=str(call.day)) for call in season.calls
              if not call.called_at < call.start < call.end]
    if 60 % season.tick_minutes or season.lease_minutes < 2 * season.tick_minutes:
        found.append(error(file, "needs ticks that divide an hour, and a lease of at least two of them",
                           "Write tick_minutes: 5 and lease_minutes: 20.", column="operation"))
    return found
