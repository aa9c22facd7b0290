"""Which events concern which enrollment, and the days they take from a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from gridrider.tariff.model import History, Kind, Rider, Service, Tariff, in_force, value_on
from tests.reference.inputs import Enrollment, Event, World
from tests.reference.spans import Span, local_date

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a settlement is asked for: the period's days, and the one moment that is now."""

    tariff: Tariff
    zone: ZoneInfo
    first: date
    end: date
    as_of: int

    @property
    def as_of_day(self) -> date:
        """The local day of as-of."""
        return local_date(self.as_of, self.zone)

    def day(self, event: Event) -> date:
        """The local day on which an event starts."""
        return local_date(event.start, self.zone)


def said(run: Run, history: History[T], day: date) -> T | None:
    """What the tariff says on a day as known at as-of, None where it says nothing."""
    dated = in_force(history, day, run.as_of_day)
    return None if dated is None else dated.value


def same_name(one: str, other: str) -> bool:
    """True for names that differ only in case, blanks, hyphens or underscores."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in " -_")


def service_name(tariff: Tariff, event: Event) -> str:
    """The service an event calls: its own word, or the tariff's only service."""
    if event.service:
        return event.service
    names = {name for rider in tariff.riders.values() for name in rider.services}
    return next(iter(names))


def kind_name(service: Service, event: Event) -> str:
    """The kind of an event as the service names it."""
    kinds = list(service.calls.kinds)
    asked = event.kind or service.calls.default_kind or kinds[0]
    return next(kind for kind in kinds if same_name(kind, asked))


def rider_of(run: Run, enrollment: Enrollment) -> Rider:
    """The rider of an enrollment; blank means the tariff's only one."""
    return run.tariff.riders[enrollment.rider or next(iter(run.tariff.riders))]


def service_of(run: Run, enrollment: Enrollment, event: Event) -> Service | None:
    """The service an event calls of an enrollment, None when it does not have it."""
    name = service_name(run.tariff, event)
    if enrollment.services and name not in enrollment.services:
        return None
    return rider_of(run, enrollment).services.get(name)


def vintage_day(run: Run, world: World, enrollment: Enrollment, service: str) -> date:
    """The day whose rate an enrollment keeps: of the service, where services have their own."""
    term = rider_of(run, enrollment).term
    own = term is not None and said(run, term.vintage_of, enrollment.enrolled_on) == "enrollment_and_service"
    taken_on = world.service_terms.get((enrollment.enrollment_id, service)) if own else None
    return taken_on or enrollment.enrolled_on


def is_for(enrollment: Enrollment, when_any: tuple[str, ...], unless_any: tuple[str, ...]) -> bool:
    """True where an enrollment has one of some attributes, where any are named, and none of others."""
    if any(enrollment.has(name) for name in unless_any):
        return False
    return not when_any or any(enrollment.has(name) for name in when_any)


def _kind_block(service: Service, event: Event) -> Kind:
    return service.calls.kinds[kind_name(service, event)]


def _matches_duration(run: Run, service: Service, event: Event) -> bool:
    return value_on(_kind_block(service, event).duration_matches, run.day(event), run.as_of_day, False)


def in_zone(enrollment: Enrollment, event: Event) -> bool:
    """True when an event names the enrollment's zone, or none."""
    return not event.zones or enrollment.zone in event.zones


def concerning(run: Run, world: World, enrollment: Enrollment) -> list[Event]:
    """The events that are an enrollment's own, before the period too, in order of start."""
    able: list[tuple[Event, Service]] = []
    for event in world.events:
        service = service_of(run, enrollment, event)
        if service is None or not in_zone(enrollment, event) or not enrollment.in_force(run.day(event)):
            continue
        longest_h = enrollment.duration_h if _matches_duration(run, service, event) else None
        if longest_h is None or event.end - event.start <= longest_h * 3600:
            able.append((event, service))
    own = [event for event, service in able if not _outranked(run, event, service, able)]
    return sorted(own, key=lambda event: (event.start, event.event_id))


def _rank(event: Event) -> tuple[int, int, str]:
    return (event.start - event.end, event.start, event.event_id)


def _outranked(run: Run, event: Event, service: Service, able: list[tuple[Event, Service]]) -> bool:
    """True when a longer overlapping event of the service takes this one's place."""
    if event.cancelled or not _matches_duration(run, service, event):
        return False
    return any(other is not event and their is service and not other.cancelled
               and _matches_duration(run, their, other) and _rank(other) < _rank(event)
               and other.start < event.end and event.start < other.end for other, their in able)


def event_days(run: Run, events: list[Event]) -> frozenset[date]:
    """The local days on which an event starts that was not called off."""
    return frozenset(run.day(event) for event in events if not event.cancelled)


def outage_days(run: Run, spans: list[Span]) -> frozenset[date]:
    """The local days that spans of time touch."""
    days: set[date] = set()
    for span in spans:
        first, last = local_date(span.start, run.zone), local_date(max(span.start, span.end - 1), run.zone)
        days.update(date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
    return frozenset(days)
