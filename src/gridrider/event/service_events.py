"""Events as the tariff sees them: each with its service, kind and the rules that hold on its day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ..interval import Interval
from ..problem import Problem, error, warning
from ..tariff.model import Rider, Service, Tariff, value_on

EVENTS_FILE = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridEvent:
    """One row of the events table. Instants are in UTC."""

    event_id: str
    service: str | None
    kind: str | None
    start: datetime
    end: datetime
    zones: tuple[str, ...]
    """Empty = all."""
    called_at: datetime | None
    cancelled_at: datetime | None
    source_row: int

    @property
    def span(self) -> Interval:
        """The event's time."""
        return Interval(start=self.start, end=self.end)

    @property
    def cancelled(self) -> bool:
        """True if it was called off before it began, so that it counts for nobody."""
        return self.cancelled_at is not None and self.cancelled_at < self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent:
    """An event for one rider and service."""

    number: int
    event: GridEvent
    rider_name: str
    rider: Rider
    service_name: str
    service: Service
    kind: str
    local_date: date
    in_period: bool
    counts: bool
    duration_matches: bool


def plain_name(name: str) -> str:
    """A kind's name without case, blanks, hyphens and underscores: 'Test Non-Capacity' is test_non_capacity.

    >>> plain_name("Test Non-Capacity") == plain_name("test_non_capacity")
    True
    """
    return re.sub(r"[\s_-]+", "", name).casefold()


def service_events(tariff: Tariff, events: Sequence[GridEvent], in_period: Iterable[bool],
                   as_of: datetime) -> tuple[list[ServiceEvent], list[Problem]]:
    """Match every event to the riders and the kind that it names; a name the tariff lacks is a Problem."""
    zone, known_by = ZoneInfo(tariff.timezone), as_of.astimezone(ZoneInfo(tariff.timezone)).date()
    made: list[ServiceEvent] = []
    problems: list[Problem] = []
    for event, settled in zip(events, in_period, strict=True):
        problems += _event_problems(tariff, event)
        name, found = _service_name(tariff, event)
        problems += found
        for rider_name, rider in tariff.riders.items():
            service = rider.services.get(name)
            if service is None:
                continue
            kind, wrong = _kind_name(service, event)
            if wrong is not None:
                problems.append(wrong)
                break
            rules, day = service.calls.kinds[kind], event.start.astimezone(zone).date()
            made.append(ServiceEvent(
                number=len(made), event=event, rider_name=rider_name, rider=rider, service_name=name, service=service,
                kind=kind, local_date=day, in_period=settled,
                counts=value_on(rules.counts, day, known_by, True)
                or any(kind in payment.kinds for payment in service.payments),
                duration_matches=value_on(rules.duration_matches, day, known_by, False)))
    return made, problems


def not_ended(event: GridEvent) -> Problem:
    """The finding about an event of the period that is not over at as-of."""
    return warning(EVENTS_FILE, "has not ended by as-of and is not settled", "Settle again with a later --as-of.",
                   row=event.source_row, column="end", value=event.event_id)


def _event_problems(tariff: Tariff, event: GridEvent) -> Iterable[Problem]:
    if event.end <= event.start:
        yield error(EVENTS_FILE, "ends before it starts, or has no length", "Check start and end.",
                    row=event.source_row, column="end", value=event.event_id)
    for zone in event.zones:
        if tariff.zones and zone not in tariff.zones:
            yield error(EVENTS_FILE, "is not a zone of the tariff", f"Known: {', '.join(tariff.zones)}.",
                        row=event.source_row, column="zone", value=zone)
    if event.cancelled_at is not None and not event.cancelled:
        yield warning(EVENTS_FILE, "was cancelled at or after its start, so it is settled as it ran",
                      "If it ended early, give its true end.", row=event.source_row, column="cancelled_at",
                      value=event.event_id)


def _service_name(tariff: Tariff, event: GridEvent) -> tuple[str, list[Problem]]:
    known = list(dict.fromkeys(name for rider in tariff.riders.values() for name in rider.services))
    if event.service is None:
        if len(known) == 1:
            return known[0], []
        return "", [error(EVENTS_FILE, "names no service, and the tariff has several", f"Choose {', '.join(known)}.",
                          row=event.source_row, column="service", value=event.event_id)]
    if event.service in known:
        return event.service, []
    return "", [error(EVENTS_FILE, "is not a service of the tariff", f"Known: {', '.join(known)}.",
                      row=event.source_row, column="service", value=event.service)]


def _kind_name(service: Service, event: GridEvent) -> tuple[str, Problem | None]:
    kinds = service.calls.kinds
    if event.kind is None:
        if service.calls.default_kind or len(kinds) == 1:
            return service.calls.default_kind or next(iter(kinds)), None
        return "", error(EVENTS_FILE, "names no kind, and the service has several", f"Choose {', '.join(kinds)}.",
                         row=event.source_row, column="kind", value=event.event_id)
    for name in kinds:
        if plain_name(name) == plain_name(event.kind):
            return name, None
    return "", error(EVENTS_FILE, "is not a kind that the tariff names", f"Known: {', '.join(kinds)}.",
                     row=event.source_row, column="kind", value=event.kind)


def longer_events(made: Sequence[ServiceEvent]) -> list[tuple[int, int]]:
    """Pairs (event, longer one) of one service that overlap, where the tariff matches events to durations."""
    matched = [each for each in made if each.duration_matches and not each.event.cancelled]
    return [(short.number, long.number) for short in matched for long in matched
            if short is not long and (short.rider_name, short.service_name) == (long.rider_name, long.service_name)
            and short.event.span.overlaps(long.event.span) and _rank(long) < _rank(short)]


def _rank(each: ServiceEvent) -> tuple[int, datetime, str]:
    """Longest first, then earliest, then the smaller id."""
    return -each.event.span.seconds, each.event.start, each.event.event_id
