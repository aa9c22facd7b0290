"""Event windows that a tariff's triggers give: hours of high prices, and alerts of the grid operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from ..interval import DAY, Interval
from ..money import plain
from ..tariff.model import WEEKDAYS, Calls, Season, Tariff, Trigger, in_force, value_on


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedHour:
    """One interval of a zone's price."""

    zone: str
    series: str
    span: Interval
    usd_per_mwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert of the grid operator."""

    source: str
    level: str
    zones: tuple[str, ...]
    span: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggeredEvent:
    """An event window with the reason for it, ready for an events table."""

    event_id: str
    service: str
    kind: str
    span: Interval
    zone: str
    notice: str
    because: str


def triggered_events(tariff: Tariff, hours: Sequence[PricedHour], alerts: Sequence[Alert],
                     as_of: date) -> list[TriggeredEvent]:
    """Every window that a price or alert trigger of any service gives, in order of time, zone and service."""
    zone = ZoneInfo(tariff.timezone)
    found: dict[str, TriggeredEvent] = {}
    for rider in tariff.riders.values():
        for name, service in rider.services.items():
            season = tariff.season(service.calls.season)
            for trigger in service.calls.triggers:
                for event in _by_trigger(trigger, name, service.calls, season, zone, hours, alerts, as_of):
                    found.setdefault(event.event_id, event)
    return sorted(found.values(), key=lambda event: (event.span.start, event.zone, event.event_id))


def _by_trigger(trigger: Trigger, service: str, calls: Calls, season: Season | None, zone: ZoneInfo,
                hours: Sequence[PricedHour], alerts: Sequence[Alert], as_of: date) -> Iterator[TriggeredEvent]:
    kind = trigger.event_kind or calls.default_kind
    if trigger.kind == "price":
        yield from _by_price(trigger, kind, service, calls, season, zone, hours, as_of)
    if trigger.kind == "grid_alert":
        yield from _by_alert(trigger, kind, service, calls, season, zone, alerts, as_of)


def _by_price(trigger: Trigger, kind: str, service: str, calls: Calls, season: Season | None, zone: ZoneInfo,
              hours: Sequence[PricedHour], as_of: date) -> Iterator[TriggeredEvent]:
    """Consecutive hours of one zone and day whose price is strictly above the trigger make one event."""
    high = [hour for hour in hours
            if _above(trigger, hour, zone, as_of) and _allowed(calls, season, hour.span, zone, as_of)]
    for run in _runs(sorted(high, key=lambda hour: (hour.zone, hour.span.start)), zone):
        first, last = run[0], run[-1]
        limit = _limit(trigger, first, zone, as_of)
        prices = ", ".join(plain(hour.usd_per_mwh) for hour in run)
        yield TriggeredEvent(
            event_id=_id("price", service, first.zone, first.span.start, zone), service=service, kind=kind,
            span=Interval(start=first.span.start, end=last.span.end), zone=first.zone,
            notice="day_ahead" if "_DAM:" in first.series else "day_of",
            because=f"{first.series} at {prices} USD/MWh is above {plain(limit)} USD/MWh")


def _limit(trigger: Trigger, hour: PricedHour, zone: ZoneInfo, as_of: date) -> Decimal:
    held = in_force(trigger.above_usd_per_mwh, hour.span.start.astimezone(zone).date(), as_of)
    return held.value if held else Decimal("Infinity")


def _above(trigger: Trigger, hour: PricedHour, zone: ZoneInfo, as_of: date) -> bool:
    return hour.usd_per_mwh > _limit(trigger, hour, zone, as_of)


def _runs(hours: Iterable[PricedHour], zone: ZoneInfo) -> Iterator[list[PricedHour]]:
    run: list[PricedHour] = []
    for hour in hours:
        follows = run and run[-1].zone == hour.zone and run[-1].span.end == hour.span.start
        same_day = run and _day(run[-1].span.start, zone) == _day(hour.span.start, zone)
        if run and not (follows and same_day):
            yield run
            run = []
        run.append(hour)
    if run:
        yield run


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _allowed(calls: Calls, season: Season | None, span: Interval, zone: ZoneInfo, as_of: date) -> bool:
    """True if the service may call at all in this span: season, weekday and hours."""
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    day = start.date()
    if season is not None and not season.covers(day):
        return False
    if WEEKDAYS[day.weekday()] not in value_on(calls.days, day, as_of, frozenset(WEEKDAYS)):
        return False
    if calls.hours is None:
        return True
    first = value_on(calls.hours.from_, day, as_of, time())
    last = value_on(calls.hours.to, day, as_of, time())
    ends = end.time() if end.date() == day else time()
    return start.time() >= first and (last == time() or (ends != time() and ends <= last))


def _by_alert(trigger: Trigger, kind: str, service: str, calls: Calls, season: Season | None, zone: ZoneInfo,
              alerts: Sequence[Alert], as_of: date) -> Iterator[TriggeredEvent]:
    """The part of each day of an alert that lies in the service's hours makes one event."""
    for alert in alerts:
        day = alert.span.start.astimezone(zone).date()
        levels = value_on(trigger.any_of, day, as_of, frozenset())
        source = value_on(trigger.source, day, as_of, alert.source)
        if alert.level.casefold() not in levels or alert.source.casefold() != source.casefold():
            continue
        for span in _daily(alert.span, calls, zone, as_of):
            if _allowed(calls, season, span, zone, as_of):
                for where in alert.zones or ("",):
                    yield TriggeredEvent(
                        event_id=_id(alert.level, service, where, span.start, zone), service=service, kind=kind,
                        span=span, zone=where, notice="day_of", because=f"{alert.source} declared {alert.level}")


def _daily(span: Interval, calls: Calls, zone: ZoneInfo, as_of: date) -> Iterator[Interval]:
    day = span.start.astimezone(zone).date()
    while day <= span.end.astimezone(zone).date():
        first = value_on(calls.hours.from_, day, as_of, time()) if calls.hours else time()
        last = value_on(calls.hours.to, day, as_of, time()) if calls.hours else time()
        opens = datetime.combine(day, first, zone).astimezone(UTC)
        closes = datetime.combine(day if last != time() else day + DAY, last, zone).astimezone(UTC)
        start, end = max(opens, span.start), min(closes, span.end)
        if start < end:
            yield Interval(start=start, end=end)
        day += DAY


def _id(cause: str, service: str, where: str, start: datetime, zone: ZoneInfo) -> str:
    return "-".join(part for part in (cause, service, where, f"{start.astimezone(zone):%Y-%m-%dT%H%M}") if part)
