"""From readings to the load of a span: slots, meters of a day, exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tests.reference.inputs import Enrollment, MeterSpan, Reading, World, instant
from tests.reference.spans import Span, local_date, midnight

QUALITIES = ("actual", "validated", "edited", "estimated", "missing")
SLOT_SECONDS = 900


def worst(qualities: list[str]) -> str:
    """The least sure of some qualities."""
    return max(qualities, key=QUALITIES.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot of a meter: its registers are None where a reading of it is missing."""

    seconds: int
    import_mwh: int | None
    export_mwh: int | None
    quality: str


MISSING_SLOT = Slot(seconds=SLOT_SECONDS, import_mwh=None, export_mwh=None, quality="missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The energy of a span, None when a slot of it is missing, with the worst quality."""

    mwh: int | None
    quality: str


def slots_of(readings: dict[int, Reading]) -> dict[int, Slot]:
    """The slots of a meter: the reading's own 30 or 60 minutes, else quarters of an hour."""
    slots: dict[int, Slot] = {}
    quarters: dict[int, list[Reading]] = {}
    for reading in readings.values():
        if reading.seconds > SLOT_SECONDS:
            slots[reading.start] = Slot(seconds=reading.seconds, import_mwh=reading.import_mwh,
                                        export_mwh=reading.export_mwh, quality=reading.quality)
        else:
            quarters.setdefault(reading.start - reading.start % SLOT_SECONDS, []).append(reading)
    for start, parts in quarters.items():
        taken = [part.import_mwh for part in parts if part.import_mwh is not None]
        given = [part.export_mwh for part in parts if part.export_mwh is not None]
        full = sum(part.seconds for part in parts) == SLOT_SECONDS and len(taken) == len(parts)
        slots[start] = Slot(seconds=SLOT_SECONDS, import_mwh=sum(taken) if full else None,
                            export_mwh=sum(given) if full else None,
                            quality=worst([part.quality for part in parts]) if full else "missing")
    return slots


class Meters:
    """The meters of a world, asked by enrollment, role and span."""

    def __init__(self, world: World, zone: ZoneInfo) -> None:
        self.world = world
        self.zone = zone
        self.slots = {point: slots_of(readings) for point, readings in world.readings.items()}

    def of_day(self, enrollment: Enrollment, role: str, day: date) -> list[str]:
        """The points that measure the enrollment on a day, the one that began last first."""
        spans = self.world.points.get((enrollment.enrollment_id, role))
        if not spans:
            return [enrollment.point_id if role == "performance" else enrollment.premise_point_id]
        held = [span for span in spans if self._first(span) <= day <= self._last(span)]
        held.sort(key=lambda span: self._begins_at(span), reverse=True)
        return [span.point_id for span in held]

    def _begins_at(self, span: MeterSpan) -> int:
        if not span.begins:
            return -10**12
        return instant(span.begins) if "T" in span.begins else midnight(date.fromisoformat(span.begins), self.zone)

    def _first(self, span: MeterSpan) -> date:
        if not span.begins:
            return date.min
        return local_date(instant(span.begins), self.zone) if "T" in span.begins else date.fromisoformat(span.begins)

    def _last(self, span: MeterSpan) -> date:
        if not span.ends:
            return date.max
        if "T" in span.ends:
            return local_date(instant(span.ends) - 1, self.zone)
        return date.fromisoformat(span.ends)

    def slot(self, points: list[str], at: int) -> Slot:
        """The slot that begins at an instant, from the first of the points that has it."""
        found = [self.slots[point][at] for point in points if at in self.slots.get(point, {})]
        there = [slot for slot in found if slot.import_mwh is not None]
        return (there or found or [MISSING_SLOT])[0]

    def slots_in(self, enrollment: Enrollment, role: str, span: Span) -> list[tuple[int, Slot]]:
        """The slots that make up a span; a missing one where its edges do not fall on them."""
        found: list[tuple[int, Slot]] = []
        at = span.start
        while at < span.end:
            slot = self.slot(self.of_day(enrollment, role, local_date(at, self.zone)), at)
            found.append((at, slot))
            at += slot.seconds
        if at != span.end:
            found.append((at, MISSING_SLOT))
        return found

    def step(self, points: list[str], day: date) -> int:
        """The length of the slots of a day, by the first of the points that has readings on it."""
        first, end = midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)
        for point in points:
            lengths = [slot.seconds for at, slot in self.slots.get(point, {}).items() if first <= at < end]
            if lengths:
                return max(lengths)
        return SLOT_SECONDS

    def on_slots(self, enrollment: Enrollment, role: str, span: Span) -> bool:
        """True when both edges of a span fall on the slots of its day."""
        day = local_date(span.start, self.zone)
        step, first = self.step(self.of_day(enrollment, role, day), day), midnight(day, self.zone)
        return (span.start - first) % step == 0 and (span.end - first) % step == 0

    def net_load(self, enrollment: Enrollment, span: Span, exports: str) -> Load:
        """Import - export over a span at the point of performance."""
        total, qualities = 0, []
        for _, slot in self.slots_in(enrollment, "performance", span):
            if slot.import_mwh is None or slot.export_mwh is None:
                return Load(mwh=None, quality="missing")
            net = slot.import_mwh - slot.export_mwh
            total += max(0, net) if exports == "zero_per_location" else net
            qualities.append(slot.quality)
        return Load(mwh=total, quality=worst(qualities))

    def storage_export(self, enrollment: Enrollment, span: Span) -> Load:
        """What storage sent beyond the premise: the smaller of the two exports, by the longer of the two slots."""
        sides = [self.slots_in(enrollment, role, span) for role in ("performance", "premise")]
        if any(slot.export_mwh is None for side in sides for _, slot in side):
            return Load(mwh=None, quality="missing")
        longest = max(slot.seconds for side in sides for _, slot in side)
        total = sum(min(sum(slot.export_mwh or 0 for at, slot in side if first <= at < first + longest)
                        for side in sides) for first in range(span.start, span.end, longest))
        return Load(mwh=total, quality=worst([slot.quality for side in sides for _, slot in side]))


def days_back(day: date, count: int) -> list[date]:
    """The days before a day, latest first."""
    return [day - timedelta(days=number) for number in range(1, count + 1)]
