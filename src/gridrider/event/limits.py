"""How often and how long a service has called in a month and a program year, and what its tariff leaves of that.

A limit protects a customer, and a customer is in one zone. So events count by zone where they name zones, and
the figure of the program is that of its most called zone. Events of one service that overlap in a zone are one
event with the time of all of them: they stand for devices of different length, or were called by two triggers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from ..interval import DateSpan, Interval
from ..tariff.model import Bounds, Calls, Dated, Season, in_force, value_on
from .service_events import ServiceEvent
from .window import Reading, month_of, program_year

SCOPES = ("enrollment", "program", "zone")
PARAMETERS = ("events_per_month", "events_per_year", "hours_per_year")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An event that uses the limits of its service."""

    event_id: str
    span: Interval
    zones: frozenset[str]
    """Empty = all."""

    def concerns(self, zone: str) -> bool:
        """True if the event calls in a zone; the blank zone stands for all, which only an event for all calls."""
        return not self.zones or zone in self.zones


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is used and left of one parameter. Events are counted, hours are hours."""

    scope: str
    id: str
    service: str
    parameter: str
    used: Decimal
    least: Dated[Decimal] | None
    most: Dated[Decimal] | None
    period: DateSpan

    @property
    def left(self) -> Decimal | None:
        """Most less used, below zero when it was called too often; None without a most."""
        return None if self.most is None else self.most.value - self.used

    @property
    def owed(self) -> Decimal | None:
        """Least less used, not below zero; None without a least."""
        return None if self.least is None else max(self.least.value - self.used, Decimal())

    @property
    def clause(self) -> str:
        """The clause of the most, and of the least where that is another."""
        cites = [held.cite for held in (self.most, self.least) if held is not None]
        return "; ".join(dict.fromkeys(cites))


def uses_limits(each: ServiceEvent, at: datetime | None, reading: Reading) -> bool:
    """True if an event uses the limits, as it stands at a time (None = as all that is on file says).

    An event that was called off before its start uses nothing, nor one of a kind that the tariff exempts. A
    test uses them like any other. What was called or called off later than `at` has not happened yet.
    """
    event = each.event
    if at is not None and event.called_at is not None and event.called_at > at:
        return False
    if event.cancelled and (at is None or (event.cancelled_at is not None and event.cancelled_at <= at)):
        return False
    kind = each.service.calls.kinds[each.kind]
    return value_on(kind.uses_limits, each.local_date, reading.known_by, True)


def uses_of(made: Iterable[ServiceEvent], rider: str, service: str, at: datetime | None,
            reading: Reading) -> tuple[Use, ...]:
    """The events of a rider's service that use its limits, in order of time."""
    uses = [Use(event_id=each.event.event_id, span=each.event.span, zones=frozenset(each.event.zones))
            for each in made if (each.rider_name, each.service_name) == (rider, service)
            and uses_limits(each, at, reading)]
    return tuple(sorted(uses, key=lambda use: (use.span.start, use.event_id)))


def merged(uses: Iterable[Use], zone: str) -> tuple[Interval, ...]:
    """The events that a zone has seen, overlapping ones joined, in order of time."""
    joined: list[Interval] = []
    for span in sorted((use.span for use in uses if use.concerns(zone)), key=lambda span: span.start):
        if joined and span.start < joined[-1].end:
            joined[-1] = Interval(start=joined[-1].start, end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def used_in(spans: Iterable[Interval], parameter: str, period: DateSpan, reading: Reading) -> Decimal:
    """Events, or hours of them, whose local start lies in a period."""
    inside = [span for span in spans if reading.day(span.start) in period]
    if parameter != "hours_per_year":
        return Decimal(len(inside))
    return Decimal(sum(span.seconds for span in inside)) / 3600


def bounds_of(calls: Calls, parameter: str, day: date, reading: Reading) -> tuple[Dated[Decimal] | None,
                                                                                Dated[Decimal] | None]:
    """The least and the most of a parameter in force on a day."""
    bounds: Bounds | None = getattr(calls, parameter)
    if bounds is None:
        return None, None
    return in_force(bounds.min, day, reading.known_by), in_force(bounds.max, day, reading.known_by)


def period_of(parameter: str, day: date, season: Season | None) -> DateSpan:
    """The month or the program year that a parameter counts on a day."""
    return month_of(day) if parameter == "events_per_month" else program_year(day, season)


def service_limits(calls: Calls, season: Season | None, uses: Sequence[Use], day: date, reading: Reading, *,
                   program: str, service: str) -> Iterator[Limit]:
    """The limits of a service on a day: of the program, and of each zone that events of it name."""
    zones = sorted({zone for use in uses for zone in use.zones})
    for parameter in PARAMETERS:
        least, most = bounds_of(calls, parameter, day, reading)
        if least is None and most is None:
            continue
        period = period_of(parameter, day, season)
        by_zone = {zone: used_in(merged(uses, zone), parameter, period, reading) for zone in ["", *zones]}
        whole = Limit(scope="program", id=program, service=service, parameter=parameter, used=max(by_zone.values()),
                      least=least, most=most, period=period)
        yield whole
        for zone in zones:
            yield replace(whole, scope="zone", id=zone, used=by_zone[zone])


def number_text(number: Decimal | None) -> str:
    """A number of a limit as the table shows it: six decimals at most, no trailing zeros; None is blank.

    >>> number_text(Decimal("27.500000")), number_text(Decimal(8)), number_text(Decimal(60) / 3600)
    ('27.5', '8', '0.016667')
    """
    if number is None:
        return ""
    text = format(number.quantize(Decimal("0.000001")), "f")
    return text.rstrip("0").rstrip(".") or "0"
