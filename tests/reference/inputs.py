"""The input tables of a folder, read with the standard csv module: what was said, nothing judged."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from tests.reference.numbers import Refused, micro


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """One row of enrollments, blanks filled as the contract says."""

    enrollment_id: str
    rider: str
    participant_id: str
    aggregation_id: str
    payee_id: str
    point_id: str
    premise_point_id: str
    technology: str
    nameplate_milliwatt: int | None
    committed_milliwatt: int | None
    duration_h: Decimal | None
    signed_on: date | None
    enrolled_on: date
    starts_on: date
    ends_on: date | None
    customer_class: str | None
    zone: str
    services: frozenset[str]
    end_reason: str
    prior_enrollment_id: str
    cells: Mapping[str, str]
    """The row as written, for attributes."""

    def has(self, attribute: str) -> bool:
        """True where the column of that name says so; nothing, or no such column, is not having it."""
        said = self.cells.get(attribute, "")
        if said not in ("true", "false", ""):
            raise Refused(f"{self.enrollment_id}: {attribute} is {said}")
        return said == "true"

    def in_force(self, day: date) -> bool:
        """True from starts_on to ends_on, both included."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of events; instants in seconds since 1970."""

    event_id: str
    service: str
    kind: str
    start: int
    end: int
    zones: frozenset[str]
    called_at: int | None
    cancelled_at: int | None

    @property
    def cancelled(self) -> bool:
        """Called off before it began."""
        return self.cancelled_at is not None and self.cancelled_at < self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of the highest revision; the registers are None where it counts as missing."""

    start: int
    seconds: int
    import_mwh: int | None
    export_mwh: int | None
    quality: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSpan:
    """From when to when a meter measures an enrollment in a role; texts as written."""

    point_id: str
    begins: str
    ends: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Time in which an enrollment could not answer."""

    event_id: str
    start: int | None
    end: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nomination:
    """The power that a participant nominated for a month, which is written YYYY-MM."""

    participant_id: str
    service: str
    month: str
    milliwatt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What another program or market already pays for at a point."""

    point_id: str
    start: int
    end: int
    program: str
    service: str
    mwh: int | None
    milliwatt: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketWorth:
    """A value of the market as it was filed; blank zone = every zone."""

    name: str
    zone: str
    effective: date
    filed: date
    usd: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All tables of a folder."""

    enrollments: tuple[Enrollment, ...]
    events: tuple[Event, ...]
    readings: dict[str, dict[int, Reading]]
    points: dict[tuple[str, str], list[MeterSpan]]
    opt_outs: dict[tuple[str, str], list[int]]
    unavailable: dict[str, list[Unavailable]]
    prices: dict[tuple[str, int], tuple[int, int]]
    adjustments: dict[tuple[str, str], list[tuple[int | None, int]]]
    nominations: tuple[Nomination, ...]
    service_terms: dict[tuple[str, str], date]
    claims: tuple[Claim, ...]
    market_values: tuple[MarketWorth, ...]


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of one CSV table; none when the file is absent."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as handle:
        return [{key: (cell or "") for key, cell in row.items()} for row in csv.DictReader(handle)]


def instant(text: str) -> int:
    """Seconds since 1970 of an ISO 8601 time with offset."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(moment.astimezone(UTC).timestamp())


def _instant_or_none(text: str) -> int | None:
    return instant(text) if text else None


def _day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _micro_or_none(text: str) -> int | None:
    return micro(text) if text else None


def enrollment_of(row: dict[str, str]) -> Enrollment:
    """One enrollment with its blanks filled."""
    starts_on = date.fromisoformat(row["starts_on"])
    participant = row["participant_id"]
    return Enrollment(
        enrollment_id=row["enrollment_id"], rider=row["rider"], participant_id=participant,
        aggregation_id=row.get("aggregation_id") or participant, payee_id=row.get("payee_id") or participant,
        point_id=row["point_id"], premise_point_id=row.get("premise_point_id", ""), technology=row["technology"],
        nameplate_milliwatt=_micro_or_none(row["nameplate_kw"]),
        committed_milliwatt=_micro_or_none(row.get("committed_kw", "")),
        duration_h=Decimal(row["duration_h"]) if row.get("duration_h") else None,
        signed_on=_day_or_none(row["agreement_signed_on"]),
        enrolled_on=_day_or_none(row.get("enrolled_on", "")) or starts_on, starts_on=starts_on,
        ends_on=_day_or_none(row.get("ends_on", "")), customer_class=row.get("customer_class") or None,
        zone=row["zone"], services=frozenset(filter(None, row.get("services", "").split(";"))),
        end_reason=row.get("end_reason", ""), prior_enrollment_id=row.get("prior_enrollment_id", ""), cells=row)


def event_of(row: dict[str, str]) -> Event:
    """One event."""
    return Event(event_id=row["event_id"], service=row.get("service", ""), kind=row.get("kind", ""),
                 start=instant(row["start"]), end=instant(row["end"]),
                 zones=frozenset(filter(None, row.get("zone", "").split(";"))),
                 called_at=_instant_or_none(row.get("called_at", "")),
                 cancelled_at=_instant_or_none(row.get("cancelled_at", "")))


def reading_of(row: dict[str, str]) -> Reading:
    """One reading; a blank or negative register, or the quality `missing`, makes it missing."""
    taken, given = _micro_or_none(row["import_kwh"]), _micro_or_none(row["export_kwh"])
    quality = row.get("quality") or "actual"
    if taken is None or given is None or taken < 0 or given < 0 or quality == "missing":
        taken, given, quality = None, None, "missing"
    return Reading(start=instant(row["start"]), seconds=int(row["seconds"]), import_mwh=taken, export_mwh=given,
                   quality=quality, revision=int(row.get("revision") or 1))


def readings_of(rows: list[dict[str, str]]) -> dict[str, dict[int, Reading]]:
    """By point and start, the reading of the highest revision."""
    kept: dict[str, dict[int, Reading]] = defaultdict(dict)
    for row in rows:
        reading = reading_of(row)
        held = kept[row["point_id"]].get(reading.start)
        if held is None or reading.revision > held.revision:
            kept[row["point_id"]][reading.start] = reading
    return kept


def nomination_of(row: dict[str, str]) -> Nomination:
    """One nomination."""
    return Nomination(participant_id=row["participant_id"], service=row.get("service", ""), month=row["month"],
                      milliwatt=micro(row["kw"]))


def claim_of(row: dict[str, str]) -> Claim:
    """One claim, its energy where it is given, else its power."""
    mwh, milliwatt = _micro_or_none(row.get("kwh", "")), _micro_or_none(row.get("kw", ""))
    if (mwh is None and milliwatt is None) or (mwh or 0) < 0 or (milliwatt or 0) < 0:
        raise Refused(f"a claim of {row['program']} claims nothing, or less")
    start = instant(row["start"])
    return Claim(point_id=row["point_id"], start=start, end=start + int(row["seconds"]), program=row["program"],
                 service=row.get("service", ""), mwh=mwh, milliwatt=milliwatt)


def market_value_of(row: dict[str, str]) -> MarketWorth:
    """One row of the market's values."""
    return MarketWorth(name=row["name"], zone=row.get("zone", ""), effective=date.fromisoformat(row["effective"]),
                       filed=date.fromisoformat(row["filed"]), usd=Fraction(Decimal(row["value"])))


def read_world(folder: Path) -> World:
    """Every table of the folder."""
    points: dict[tuple[str, str], list[MeterSpan]] = defaultdict(list)
    for row in rows_of(folder, "points"):
        span = MeterSpan(point_id=row["point_id"], begins=row.get("from", ""), ends=row.get("to", ""))
        points[row["enrollment_id"], row["role"]].append(span)
    opt_outs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows_of(folder, "opt_outs"):
        opt_outs[row["enrollment_id"], row["event_id"]].append(instant(row["at"]))
    unavailable: dict[str, list[Unavailable]] = defaultdict(list)
    for row in rows_of(folder, "unavailable"):
        unavailable[row["enrollment_id"]].append(Unavailable(
            event_id=row.get("event_id", ""), start=_instant_or_none(row.get("start", "")),
            end=_instant_or_none(row.get("end", "")), reason=row["reason"]))
    adjustments: dict[tuple[str, str], list[tuple[int | None, int]]] = defaultdict(list)
    for row in rows_of(folder, "adjustments"):
        given = (_instant_or_none(row.get("start", "")), micro(row["kwh"]))
        adjustments[row["enrollment_id"], row["event_id"]].append(given)
    prices = {(row["series"], instant(row["start"])): (int(row["seconds"]), micro(row["usd_per_mwh"]))
              for row in rows_of(folder, "prices")}
    return World(enrollments=tuple(enrollment_of(row) for row in rows_of(folder, "enrollments")),
                 events=tuple(event_of(row) for row in rows_of(folder, "events")),
                 readings=readings_of(rows_of(folder, "readings")), points=points, opt_outs=opt_outs,
                 unavailable=unavailable, prices=prices, adjustments=adjustments,
                 nominations=tuple(map(nomination_of, rows_of(folder, "nominations"))),
                 service_terms={(row["enrollment_id"], row["service"]): date.fromisoformat(row["taken_on"])
                                for row in rows_of(folder, "service_terms")},
                 claims=tuple(map(claim_of, rows_of(folder, "claims"))),
                 market_values=tuple(map(market_value_of, rows_of(folder, "market_values"))))
