"""Event windows that a tariff's triggers give, day by day, as far as its limits on number and hours go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ..interval import DateSpan
from ..problem import Problem, Refusal, warning
from ..tariff.model import Tariff, value_on
from .limits import PARAMETERS, Use, bounds_of, merged, number_text, period_of, used_in, uses_of
from .propose import why_limits_are_used
from .service_events import ServiceEvent
from .trigger_peaks import ForecastDay, by_minimum, by_peak, forecast_days
from .trigger_windows import Alert, ForecastHour, PricedHour, Source, TriggeredEvent, by_alert, by_price
from .window import Reading, why_wrong_length

__all__ = ["Alert", "ForecastHour", "PricedHour", "Signals", "Triggered", "TriggeredEvent", "triggered_events"]

WORDS = {"events_per_month": "events of the month", "events_per_year": "events of the program year",
         "hours_per_year": "hours of the program year"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What triggers look at."""

    prices: Sequence[PricedHour] = ()
    alerts: Sequence[Alert] = ()
    forecasts: Sequence[ForecastHour] = ()
    events: Sequence[ServiceEvent] = ()
    """Events that are called already; they use limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """The windows given, and those that the limits withhold."""

    given: tuple[TriggeredEvent, ...]
    withheld: tuple[Problem, ...]


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One walk over the days of a period: what is given so far, and what it uses."""

    reading: Reading
    uses: dict[tuple[str, str], list[Use]] = field(default_factory=dict)
    given: dict[str, TriggeredEvent] = field(default_factory=dict)
    withheld: list[Problem] = field(default_factory=list)

    def give(self, source: Source, event: TriggeredEvent) -> None:
        """Give a window, or withhold it where it is too short or a limit is used up."""
        if event.event_id in self.given:
            return
        use = Use(event_id=event.event_id, span=event.span, zones=frozenset({event.zone} - {""}))
        uses = self.uses.setdefault((source.rider, source.service), [])
        exempt = not value_on(source.calls.kinds[source.kind].uses_limits, self.reading.day(event.span.start),
                              self.reading.known_by, True)
        refusals: list[Refusal] = [*why_wrong_length(source.calls, event.span, self.reading)]
        if not exempt:
            refusals += why_limits_are_used(use, source.calls, source.season, uses, self.reading)
        if refusals:
            self.withheld += [_withheld(event, refusal) for refusal in refusals]
            return
        if not exempt:
            uses.append(use)
        self.given[event.event_id] = event if exempt else replace(
            event, because=event.because + self._place(source, event, uses))

    def _place(self, source: Source, event: TriggeredEvent, uses: Sequence[Use]) -> str:
        """Which of its most events and hours a window is, in words."""
        day, parts = self.reading.day(event.span.start), []
        zones = [event.zone] if event.zone else ["", *{zone for use in uses for zone in use.zones}]
        for parameter in PARAMETERS:
            _, most = bounds_of(source.calls, parameter, day, self.reading)
            if most is not None:
                period = period_of(parameter, day, source.season)
                used = max(used_in(merged(uses, zone), parameter, period, self.reading) for zone in zones)
                parts.append(f"{number_text(used)} of at most {number_text(most.value)} {WORDS[parameter]}")
        return f"; with it {', '.join(parts)}" if parts else ""


def _withheld(event: TriggeredEvent, refusal: Refusal) -> Problem:
    return warning("triggers", f"is not given, for {refusal.reason} ({refusal.clause})",
                   "Call it by hand if another clause allows it.", value=event.event_id)


def triggered_events(tariff: Tariff, signals: Signals, period: DateSpan, reading: Reading) -> Triggered:
    """Every window that the triggers of any service give in a period, in order of time, zone and service.

    A day knows the forecasts up to itself and the events given before it. What lies beyond a limit is withheld and
    said; a trigger that leaves it to the operator gives no window.
    """
    sources = list(_sources(tariff))
    walk = _Walk(reading=reading)
    for source in sources:
        walk.uses[source.rider, source.service] = list(
            uses_of(signals.events, source.rider, source.service, None, reading))
    forecasts = forecast_days(signals.forecasts, reading)
    by_day: dict[date, list[tuple[Source, TriggeredEvent]]] = defaultdict(list)
    for source in sources:
        for event in _windows(source, signals, forecasts, reading):
            by_day[reading.day(event.span.start)].append((source, event))
    making_up = [source for source in sources if source.trigger.kind == "program_minimum"]
    for day in period.days():
        for source, event in sorted(by_day[day], key=_order):
            walk.give(source, event)
        for source in making_up:
            _make_up(walk, tariff, source, day, forecasts)
    given = sorted(walk.given.values(), key=lambda event: (event.span.start, event.zone, event.event_id))
    return Triggered(given=tuple(given), withheld=tuple(walk.withheld))


def _order(pair: tuple[Source, TriggeredEvent]) -> tuple[object, ...]:
    return pair[1].span.start, pair[1].zone, pair[1].event_id


def _sources(tariff: Tariff) -> Iterator[Source]:
    for rider_name, rider in tariff.riders.items():
        for name, service in rider.services.items():
            for trigger in service.calls.triggers:
                yield Source(trigger=trigger, rider=rider_name, service=name, calls=service.calls,
                             season=tariff.season(service.calls.season))


def _windows(source: Source, signals: Signals, forecasts: dict[str, tuple[ForecastDay, ...]],
             reading: Reading) -> Iterable[TriggeredEvent]:
    if source.trigger.kind == "price":
        yield from by_price(source, signals.prices, reading)
    if source.trigger.kind in ("grid_alert", "declared_emergency"):
        yield from by_alert(source, signals.alerts, reading)
    if source.trigger.kind == "peak_forecast":
        for days in forecasts.values():
            yield from by_peak(source, days, reading)


def _make_up(walk: _Walk, tariff: Tariff, source: Source, day: date,
             forecasts: dict[str, tuple[ForecastDay, ...]]) -> None:
    """Make up a minimum for everybody, or in each of several zones where the service's events name zones."""
    uses = walk.uses[source.rider, source.service]
    named = any(use.zones for use in uses)
    several = named and len(tariff.zones) > 1
    for zone in list(tariff.zones) if named and tariff.zones else [""]:
        known = {held.day: held for held in forecasts.get(zone) or forecasts.get("", ()) if held.day <= day}
        for event in by_minimum(source, zone if several else "", zone, day, uses, known, walk.reading):
            walk.give(source, event)
