"""Windows from prices and alerts, and what every kind of trigger shares: its records and the cutting to length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from ..interval import DAY, Interval, local_midnight
from ..money import plain
from ..tariff.model import Calls, Season, Trigger, in_force, value_on
from .window import Reading, length_bounds, why_outside, window_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedHour:
    """One interval of a zone's price."""

    zone: str
    series: str
    span: Interval
    usd_per_mwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert of the grid operator, or an emergency that a government declares."""

    source: str
    level: str
    zones: tuple[str, ...]
    span: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastHour:
    """One interval of the load forecast for a zone (blank = all), as it was known the day before."""

    zone: str
    span: Interval
    mw: Decimal


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
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A trigger with the service that it belongs to."""

    trigger: Trigger
    rider: str
    service: str
    calls: Calls
    season: Season | None

    @property
    def kind(self) -> str:
        """The kind of the events that it gives."""
        return self.trigger.event_kind or self.calls.default_kind or next(iter(self.calls.kinds), "")

    def outside_window(self, day: date, reading: Reading) -> bool:
        """True if its events may be called outside of season, days and hours."""
        kind = self.calls.kinds.get(self.kind)
        return kind is not None and value_on(kind.outside_window, day, reading.known_by, False)

    def allowed(self, span: Interval, reading: Reading) -> bool:
        """True if the service may call at all in this span: season, weekday, holiday and hours."""
        return (self.outside_window(reading.day(span.start), reading)
                or not any(why_outside(self.calls, self.season, span, reading)))


def by_price(source: Source, hours: Sequence[PricedHour], reading: Reading) -> Iterator[TriggeredEvent]:
    """Consecutive hours of one zone and day whose price is strictly above the trigger make one event.

    Where they are more than the longest event, the dearest run of that length is taken, the earlier of equals.
    """
    high = [hour for hour in hours
            if hour.usd_per_mwh > _price_limit(source.trigger, hour, reading) and source.allowed(hour.span, reading)]
    for whole in _runs(sorted(high, key=lambda hour: (hour.zone, hour.span.start)), reading):
        run = _dearest(whole, most_seconds(source.calls, reading.day(whole[0].span.start), reading))
        first, last = run[0], run[-1]
        prices = ", ".join(plain(hour.usd_per_mwh) for hour in run)
        limit = _price_limit(source.trigger, first, reading)
        cut = f"; the dearest {len(run)} of {len(whole)} hours, its longest event" if len(run) < len(whole) else ""
        yield TriggeredEvent(
            event_id=event_id_of("price", source.service, first.zone, first.span.start, reading),
            service=source.service, kind=source.kind, span=Interval(start=first.span.start, end=last.span.end),
            zone=first.zone, notice="day_ahead" if "_DAM:" in first.series else "day_of",
            because=f"{first.series} at {prices} USD/MWh is above {plain(limit)} USD/MWh{cut}")


def _price_limit(trigger: Trigger, hour: PricedHour, reading: Reading) -> Decimal:
    held = in_force(trigger.above_usd_per_mwh, reading.day(hour.span.start), reading.known_by)
    return held.value if held else Decimal("Infinity")


def _runs(hours: Iterable[PricedHour], reading: Reading) -> Iterator[list[PricedHour]]:
    run: list[PricedHour] = []
    for hour in hours:
        follows = run and run[-1].zone == hour.zone and run[-1].span.end == hour.span.start
        same_day = run and reading.day(run[-1].span.start) == reading.day(hour.span.start)
        if run and not (follows and same_day):
            yield run
            run = []
        run.append(hour)
    if run:
        yield run


def _dearest(run: list[PricedHour], seconds: int | None) -> list[PricedHour]:
    """The part of a run that fits in so many seconds and costs most in all."""
    if seconds is None or sum(hour.span.seconds for hour in run) <= seconds:
        return run
    parts = [run[first:end] for first in range(len(run)) for end in range(first + 1, len(run) + 1)
             if sum(hour.span.seconds for hour in run[first:end]) <= seconds]
    return max(parts, default=run[:1],
               key=lambda part: (sum(hour.usd_per_mwh * hour.span.seconds for hour in part), -run.index(part[0])))


def by_alert(source: Source, alerts: Sequence[Alert], reading: Reading) -> Iterator[TriggeredEvent]:
    """The part of each day of an alert that lies in the service's hours makes one event, cut to its longest.

    A declared emergency without named levels is one of level `emergency`; its events say where the energy goes.
    """
    for alert in alerts:
        day, trigger = reading.day(alert.span.start), source.trigger
        unnamed: frozenset[str] = frozenset({"emergency"} if trigger.kind == "declared_emergency" else ())
        named = in_force(trigger.any_of, day, reading.known_by)
        levels = named.value if named else unnamed
        author = value_on(trigger.source, day, reading.known_by, alert.source)
        if alert.level.casefold() not in levels or alert.source.casefold() != author.casefold():
            continue
        targets = ", ".join(sorted(_targets(trigger, day, reading)))
        for whole in _daily(alert.span, source, reading):
            span = cut_to_longest(whole, source.calls, reading)
            if not source.allowed(span, reading):
                continue
            cut = "; cut to its longest event" if span != whole else ""
            for where in alert.zones or ("",):
                yield TriggeredEvent(
                    event_id=event_id_of(alert.level, source.service, where, span.start, reading),
                    service=source.service, kind=source.kind, span=span, zone=where, notice="day_of",
                    because=f"{alert.source} declared {alert.level}{f' for {targets}' if targets else ''}{cut}",
                    reason=targets)


def _targets(trigger: Trigger, day: date, reading: Reading) -> frozenset[str]:
    held = in_force(trigger.targets, day, reading.known_by)
    return held.value if held else frozenset()


def _daily(span: Interval, source: Source, reading: Reading) -> Iterator[Interval]:
    day = reading.day(span.start)
    while day <= reading.day(span.end):
        opens, _ = window_of(source.calls, day, reading)
        if source.outside_window(day, reading):
            opens = Interval(start=local_midnight(day, reading.zone), end=local_midnight(day + DAY, reading.zone))
        start, end = max(opens.start, span.start), min(opens.end, span.end)
        if start < end:
            yield Interval(start=start, end=end)
        day += DAY


def most_seconds(calls: Calls, day: date, reading: Reading) -> int | None:
    """The longest event of a day in seconds; None = no bound."""
    _, most = length_bounds(calls, day, reading)
    return None if most is None else int(most.value * 3600)


def cut_to_longest(span: Interval, calls: Calls, reading: Reading) -> Interval:
    """The span's beginning, not longer than the longest event of its day."""
    seconds = most_seconds(calls, reading.day(span.start), reading)
    if seconds is None or span.seconds <= seconds:
        return span
    return Interval(start=span.start, end=span.start + timedelta(seconds=seconds))


def event_id_of(cause: str, service: str, where: str, start: datetime, reading: Reading) -> str:
    """The id of a window, from what makes it one: cause, service, zone and local start."""
    clock = f"{start.astimezone(reading.zone):%Y-%m-%dT%H%M}"
    return "-".join(part for part in (cause, service, where, clock) if part)
