"""The fold once more in plain Python: one reading at a time, from the page of formats alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

QUALITIES = ["actual", "validated", "edited", "estimated", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One row of the readings table, None where a cell is blank."""

    point_id: str
    start: datetime
    seconds: int
    import_kwh: Decimal | None
    export_kwh: Decimal | None
    quality: str | None = None
    revision: int | None = None

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    @property
    def rank(self) -> int:
        return 1 if self.revision is None else self.revision

    @property
    def identity(self) -> tuple[object, ...]:
        return (self.point_id, self.start, self.seconds, mwh(self.import_kwh), mwh(self.export_kwh),
                self.quality or "actual", self.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One row of the table of days."""

    point_id: str
    local_date: date
    slot_seconds: int
    import_mwh: list[int | None]
    export_mwh: list[int | None]
    quality: list[int] | None
    net_hour_mwh: list[int | None]
    quality_worst: int


def mwh(energy_kwh: Decimal | None) -> int | None:
    if energy_kwh is None:
        return None
    return int((energy_kwh * 1_000_000).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def contradictions(readings: Iterable[Reading]) -> set[tuple[object, ...]]:
    """The identities of readings that overlap another one of their own revision and differ from it."""
    found: set[tuple[object, ...]] = set()
    for own in by_point(readings).values():
        for one, other in touching(own):
            if one.rank == other.rank:
                found |= {one.identity, other.identity}
    return found


def touching(own: list[Reading]) -> Iterator[tuple[Reading, Reading]]:
    """Every two readings of a point that share an instant."""
    own = sorted(own, key=lambda reading: reading.start)
    for place, one in enumerate(own):
        for other in own[place + 1:]:
            if other.start >= one.end:
                break
            yield one, other


def by_point(readings: Iterable[Reading]) -> dict[str, list[Reading]]:
    points: dict[str, dict[tuple[object, ...], Reading]] = defaultdict(dict)
    for reading in readings:
        points[reading.point_id][reading.identity] = reading
    return {point_id: list(own.values()) for point_id, own in points.items()}


def standing(own: list[Reading]) -> list[Reading]:
    """What is left of a point's readings when the highest revision wins."""
    replaced = {min(pair, key=lambda reading: reading.rank).identity for pair in touching(own)
                if pair[0].rank != pair[1].rank}
    return [reading for reading in own if reading.identity not in replaced]


def fold(readings: Iterable[Reading], zone: ZoneInfo) -> list[Day]:
    """Every point-day with a reading left, by date and point."""
    days: dict[tuple[date, str], list[Reading]] = defaultdict(list)
    for point_id, own in by_point(readings).items():
        for reading in standing(own):
            days[reading.start.astimezone(zone).date(), point_id].append(reading)
    return [day_of(point_id, local_date, own, zone) for (local_date, point_id), own in sorted(days.items())]


def day_of(point_id: str, local_date: date, own: list[Reading], zone: ZoneInfo) -> Day:
    midnight = datetime.combine(local_date, time(), zone).astimezone(UTC)
    day_s = int((datetime.combine(local_date + timedelta(days=1), time(), zone).astimezone(UTC)
                 - midnight).total_seconds())
    placed: list[tuple[int, Reading]] = []
    for reading in own:
        offset = (reading.start - midnight) / timedelta(seconds=1)
        if 3600 % reading.seconds == 0 and offset % reading.seconds == 0 and offset + reading.seconds <= day_s:
            placed.append((int(offset), reading))
    slot_s = next(length for length in (900, 1800, 3600) if all(length % reading.seconds == 0 for _, reading in placed))
    imports: list[int | None] = []
    exports: list[int | None] = []
    qualities: list[int] = []
    for begin in range(0, day_s, slot_s):
        inside = [reading for offset, reading in placed if begin <= offset < begin + slot_s]
        needed_s = min(slot_s, day_s - begin)
        if sum(reading.seconds for reading in inside if has_energy(reading)) == needed_s:
            imports.append(sum(mwh(reading.import_kwh) or 0 for reading in inside))
            exports.append(sum(mwh(reading.export_kwh) or 0 for reading in inside))
            qualities.append(max(QUALITIES.index(reading.quality or "actual") for reading in inside))
        else:
            imports.append(None)
            exports.append(None)
            qualities.append(4)
    per_hour = 3600 // slot_s
    hours: list[int | None] = []
    for first in range(0, len(imports), per_hour):
        pairs = list(zip(imports[first: first + per_hour], exports[first: first + per_hour], strict=True))
        known = [taken - given for taken, given in pairs if taken is not None and given is not None]
        hours.append(sum(known) if len(known) == len(pairs) else None)
    return Day(point_id=point_id, local_date=local_date, slot_seconds=slot_s, import_mwh=imports, export_mwh=exports,
               quality=qualities if any(qualities) else None, net_hour_mwh=hours, quality_worst=max(qualities))


def has_energy(reading: Reading) -> bool:
    taken, given = mwh(reading.import_kwh), mwh(reading.export_kwh)
    if reading.quality == "missing" or taken is None or given is None:
        return False
    return taken >= 0 and given >= 0 and max(taken, given) * 3600 <= 100_000 * 1_000_000 * reading.seconds
