"""Windows on days whose forecast load is a peak, and the windows that make up a program's minimum.

Both decide on a day with what is known then: the forecasts up to that day and no later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import groupby

from ..interval import DAY, Interval
from ..money import plain
from ..tariff.model import in_force, value_on
from .limits import Use, bounds_of, merged, number_text, period_of, used_in
from .trigger_windows import ForecastHour, Source, TriggeredEvent, event_id_of, most_seconds
from .window import Reading, excludes_days_in_a_row, length_bounds, program_year, season_end, window_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastDay:
    """The forecast of one local day."""

    zone: str
    day: date
    hours: tuple[ForecastHour, ...]

    @property
    def peak_mw(self) -> Decimal:
        """The highest load of the day."""
        return max(hour.mw for hour in self.hours)


def forecast_days(hours: Sequence[ForecastHour], reading: Reading) -> dict[str, tuple[ForecastDay, ...]]:
    """The forecasts by zone and local day, days in order."""
    ordered = sorted(hours, key=lambda hour: (hour.zone, hour.span.start))
    days = [ForecastDay(zone=zone, day=day, hours=tuple(group)) for (zone, day), group in groupby(
        ordered, key=lambda hour: (hour.zone, reading.day(hour.span.start)))]
    return {zone: tuple(group) for zone, group in groupby(days, key=lambda day: day.zone)}


def by_peak(source: Source, days: Sequence[ForecastDay], reading: Reading) -> Iterator[TriggeredEvent]:
    """Every day that the trigger's rules call, with the window of its highest load inside the service's hours."""
    for place, today in enumerate(days):
        why = _why_peak(source, today, season_so_far(source, days[:place], today.day), reading)
        span = window_at_peak(source, today.day, today, _trigger_seconds(source, today.day, reading), reading)
        if why and source.allowed(span, reading):
            yield TriggeredEvent(
                event_id=event_id_of("peak", source.service, today.zone, span.start, reading), service=source.service,
                kind=source.kind, span=span, zone=today.zone, notice="day_ahead",
                because=f"forecast peak of {plain(today.peak_mw)} MW is {' and '.join(why)}")


def season_so_far(source: Source, earlier: Sequence[ForecastDay], day: date) -> list[ForecastDay]:
    """The earlier days of the season and program year that hold a day."""
    year = program_year(day, source.season)
    return [each for each in earlier
            if each.day in year and (source.season is None or source.season.covers(each.day))]


def _why_peak(source: Source, today: ForecastDay, earlier: Sequence[ForecastDay], reading: Reading) -> list[str]:
    """The trigger's rules in words, when all that are stated hold; otherwise nothing."""
    trigger, by, why = source.trigger, reading.known_by, []
    least = in_force(trigger.peak_mw_min, today.day, by)
    share = in_force(trigger.share_of_peak, today.day, by)
    top = in_force(trigger.top_days, today.day, by)
    if least is not None:
        if today.peak_mw < least.value:
            return []
        why.append(f"at or above {plain(least.value)} MW")
    if share is not None:
        seen = max(day.peak_mw for day in [*earlier, today])
        peak = value_on(trigger.peak_mw, today.day, by, seen)
        if today.peak_mw < share.value * peak:
            return []
        why.append(f"at or above {plain(share.value)} of {plain(peak)} MW")
    if top is not None:
        higher = sum(day.peak_mw > today.peak_mw for day in earlier)
        if higher >= top.value:
            return []
        why.append(f"number {higher + 1} of the season so far, among the {number_text(top.value)} highest")
    return why


def _trigger_seconds(source: Source, day: date, reading: Reading) -> int | None:
    own = in_force(source.trigger.duration_h, day, reading.known_by)
    return most_seconds(source.calls, day, reading) if own is None else int(own.value * 3600)


def window_at_peak(source: Source, day: date, forecast: ForecastDay | None, seconds: int | None,
                   reading: Reading) -> Interval:
    """So many seconds inside the service's hours, there where the forecast load is highest; the earlier of equals.

    Without a forecast they begin when the service's hours do; without a length they are all of its hours.
    """
    opens, _ = window_of(source.calls, day, reading)
    if seconds is None or seconds >= opens.seconds:
        return opens
    length = timedelta(seconds=seconds)
    starts = [opens.start, opens.end - length, *(hour.span.start for hour in forecast.hours)] if forecast else []
    spans = [Interval(start=start, end=start + length) for start in sorted(set(starts))
             if opens.start <= start and start + length <= opens.end]
    first = Interval(start=opens.start, end=opens.start + length)
    return max(spans, key=lambda span: (_load(forecast, span), -span.start.timestamp()), default=first)


def _load(forecast: ForecastDay | None, span: Interval) -> Decimal:
    """Forecast energy in a span, in MW seconds."""
    if forecast is None:
        return Decimal()
    return sum((hour.mw * max(0, Interval(start=max(hour.span.start, span.start),
                                          end=min(hour.span.end, span.end)).seconds)
                for hour in forecast.hours), Decimal())


def by_minimum(source: Source, zone: str, counted_zone: str, today: date, uses: Sequence[Use],
               forecasts: Mapping[date, ForecastDay], reading: Reading) -> Iterator[TriggeredEvent]:
    """The event of a day that makes up what the service still owes of its least events and hours.

    From `lead_days` before the season's end on, a day is called if so few earlier days of the season had a higher
    forecast that its like would come often enough in the days that are left: the share of higher days is below
    events owed over days left. Once there are no more days left than events owed, each of them is called.
    """
    owed_events, owed_hours = _owed(source, counted_zone, today, uses, reading)
    length = _trigger_seconds(source, today, reading) or window_of(source.calls, today, reading)[0].seconds
    needed = max(owed_events, int((owed_hours * 3600 / length).to_integral_value(ROUND_CEILING)))
    if not needed or not _free(source, today, counted_zone, uses, reading):
        return
    days_left = _days_left(source, today, counted_zone, uses, reading)
    must = needed >= days_left
    if not must and not _worth_calling(source, today, needed, days_left, forecasts, reading):
        return
    span = window_at_peak(source, today, forecasts.get(today), _made_up_seconds(source, today, owed_hours, length,
                                                                                 reading), reading)
    yield TriggeredEvent(
        event_id=event_id_of("minimum", source.service, zone, span.start, reading), service=source.service,
        kind=source.kind, span=span, zone=zone, notice="day_ahead",
        because=f"{owed_events} events and {number_text(owed_hours)} hours are owed until "
                f"{season_end(today, source.season)} with {days_left} days left"
                + ("" if must else "; its forecast is among the season's highest so far"))


def _owed(source: Source, zone: str, today: date, uses: Sequence[Use], reading: Reading) -> tuple[int, Decimal]:
    """Events and hours that the program year still owes."""
    owed = {}
    for parameter in ("events_per_year", "hours_per_year"):
        least, _ = bounds_of(source.calls, parameter, today, reading)
        period = period_of(parameter, today, source.season)
        used = used_in(merged(uses, zone), parameter, period, reading)
        owed[parameter] = max(least.value - used, Decimal()) if least else Decimal()
    return int(owed["events_per_year"].to_integral_value(ROUND_CEILING)), owed["hours_per_year"]


def _free(source: Source, day: date, zone: str, uses: Sequence[Use], reading: Reading) -> bool:
    """True if the service may call on a day on which, and beside which where the tariff says so, it has not called."""
    called = {reading.day(use.span.start) for use in uses if use.concerns(zone)}
    near = {day - DAY, day, day + DAY} if excludes_days_in_a_row(source.calls, day, reading) else {day}
    return source.allowed(window_of(source.calls, day, reading)[0], reading) and not near & called


def _days_left(source: Source, today: date, zone: str, uses: Sequence[Use], reading: Reading) -> int:
    """Days on which the service may call until its season ends, today included; every second where rows are barred."""
    end, day, days = season_end(today, source.season), today, 0
    while day < end:
        if _free(source, day, zone, uses, reading):
            days += 1
            day += DAY if excludes_days_in_a_row(source.calls, day, reading) else timedelta()
        day += DAY
    return days


def _worth_calling(source: Source, today: date, needed: int, days_left: int, forecasts: Mapping[date, ForecastDay],
                   reading: Reading) -> bool:
    lead = value_on(source.trigger.lead_days, today, reading.known_by, Decimal())
    if today < season_end(today, source.season) - timedelta(days=int(lead)) or today not in forecasts:
        return False
    earlier = season_so_far(source, [held for day, held in forecasts.items() if day < today], today)
    higher = sum(day.peak_mw > forecasts[today].peak_mw for day in earlier)
    return higher * days_left < needed * (len(earlier) + 1)


def _made_up_seconds(source: Source, today: date, owed_hours: Decimal, length: int, reading: Reading) -> int:
    """As long as what is owed, within the bounds of one event; where only events are owed, as short as one may be."""
    least, _ = length_bounds(source.calls, today, reading)
    shortest = int(least.value * 3600) if least else 0
    return max(shortest, min(length, int(owed_hours * 3600))) or length
