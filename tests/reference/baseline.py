"""Day-matching baselines: which earlier days, their weighted mean, the same-day adjustment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from gridrider.tariff.holidays import holidays_between
from gridrider.tariff.model import WEEKDAYS, Adjust, Measurement, Pick, value_on
from tests.reference.concern import Run, concerning, event_days, in_zone, outage_days, said
from tests.reference.inputs import Enrollment, Event, World
from tests.reference.meters import Meters, days_back
from tests.reference.spans import Span, cut_at_clock, same_clock

HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineDay:
    """An earlier day that counts: the loads of the event's rows and of the window, with every quality read."""

    day: date
    rows_mwh: tuple[int, ...]
    window_mwh: int
    row_qualities: tuple[str, ...]
    window_qualities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The adjustment window on the event's day: its clock pieces."""

    pieces: tuple[Span, ...]
    used: bool

    @property
    def seconds(self) -> int:
        """Its length."""
        return sum(piece.seconds for piece in self.pieces)


def calendar_days(run: Run, last: date, back: int) -> frozenset[date]:
    """The tariff's holidays from `back` days before a day to the day itself."""
    name = value_on(run.tariff.holidays, last, run.as_of_day, "none")
    return frozenset(holidays_between(name, date.fromordinal(last.toordinal() - back), last))


def day_type(run: Run, measurement: Measurement, day: date, event_day: date, holidays: frozenset[date]) -> str:
    """The name of a day's type: blank where the tariff names none."""
    if day in holidays:
        counts_as = said(run, measurement.holiday_counts_as, event_day)
        if counts_as:
            return counts_as
    for name, kind in measurement.day_types.items():
        if WEEKDAYS[day.weekday()] in value_on(kind.days, event_day, run.as_of_day, frozenset[str]()):
            return name
    return ""


def pick_of(run: Run, measurement: Measurement, event_day: date, holidays: frozenset[date]) -> Pick:
    """The choice of days that holds on the event's day."""
    kind = measurement.day_types.get(day_type(run, measurement, event_day, event_day, holidays))
    own = kind.pick if kind is not None and kind.pick is not None else measurement.pick
    return own if own is not None else Pick()


def excluded(run: Run, world: World, measurement: Measurement, enrollment: Enrollment, event: Event,
             holidays: frozenset[date], islanded: list[Span]) -> frozenset[date]:
    """The days that make no baseline."""
    gone_by = value_on(measurement.exclude, run.day(event), run.as_of_day, frozenset[str]())
    gone: frozenset[date] = frozenset()
    if "holidays" in gone_by:
        gone |= holidays
    if "program_events" in gone_by:
        gone |= event_days(run, [other for other in world.events if in_zone(enrollment, other)])
    if "own_events" in gone_by:
        gone |= event_days(run, concerning(run, world, enrollment))
    if "own_outages" in gone_by:
        gone |= outage_days(run, islanded)
    return gone


def window_of(run: Run, adjust: Adjust | None, event: Event) -> Window | None:
    """The adjustment window of an event, None when the tariff has none."""
    day = run.day(event)
    if adjust is None or value_on(adjust.kind, day, run.as_of_day, "given") == "given":
        return None
    length = int(value_on(adjust.hours_before, day, run.as_of_day, Decimal(0)) * HOUR)
    end = event.start - int(value_on(adjust.gap_hours, day, run.as_of_day, Decimal(0)) * HOUR)
    by_notice = value_on(adjust.must_precede, day, run.as_of_day, "event") == "notice"
    used = not by_notice or (event.called_at is not None and end <= event.called_at)
    return Window(pieces=tuple(cut_at_clock(Span(end - length, end), HOUR, run.zone)), used=used)


def look_at(run: Run, meters: Meters, enrollment: Enrollment, event_day: date, day: date, rows: list[Span],
            window: Window | None, exports: str) -> BaselineDay | None:
    """An earlier day's loads, None when a slot of it is missing."""
    loads = []
    pieces = [*rows, *(window.pieces if window is not None and window.used else ())]
    for piece in pieces:
        there = same_clock(piece, event_day, day, run.zone)
        load = None if there is None else meters.net_load(enrollment, there, exports)
        if load is None or load.mwh is None:
            return None
        loads.append((load.mwh, load.quality))
    own, other = loads[:len(rows)], loads[len(rows):]
    return BaselineDay(day=day, rows_mwh=tuple(mwh for mwh, _ in own), window_mwh=sum(mwh for mwh, _ in other),
                       row_qualities=tuple(quality for _, quality in own),
                       window_qualities=tuple(quality for _, quality in other))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The baseline days of an event, latest first, with their weights; or that they are too few."""

    days: tuple[BaselineDay, ...]
    weights: tuple[Fraction, ...]
    too_few: bool
    too_few_is_zero: bool

    def mean_row_mwh(self, index: int) -> Fraction:
        """The weighted mean load of one row."""
        return self._mean([day.rows_mwh[index] for day in self.days])

    @property
    def mean_window_mwh(self) -> Fraction:
        """The weighted mean load of the window."""
        return self._mean([day.window_mwh for day in self.days])

    def _mean(self, loads: list[int]) -> Fraction:
        top = sum((weight * load for weight, load in zip(self.weights, loads, strict=True)), Fraction(0))
        return top / sum(self.weights)


def match_days(run: Run, world: World, meters: Meters, measurement: Measurement, enrollment: Enrollment, event: Event,
               rows: list[Span], window: Window | None, exports: str, islanded: list[Span]) -> Matched:
    """Pick the baseline days of an event."""
    day, now = run.day(event), run.as_of_day
    holidays = calendar_days(run, day, 400)
    pick = pick_of(run, measurement, day, holidays)
    back = int(value_on(pick.look_back_days, day, now, Decimal(45)))
    gone = excluded(run, world, measurement, enrollment, event, holidays, islanded)
    own_type = day_type(run, measurement, day, day, holidays)
    candidates = [earlier for earlier in days_back(day, back) if earlier not in gone
                  and day_type(run, measurement, earlier, day, holidays) == own_type]
    seen = [look_at(run, meters, enrollment, day, earlier, rows, window, exports) for earlier in candidates]
    of_last = int(value_on(pick.of_last, day, now, Decimal(len(candidates) or 1)))
    last = [held for held in seen if held is not None][:of_last]
    highest = int(value_on(pick.highest, day, now, Decimal(of_last)))
    last.sort(key=lambda held: (-sum(held.rows_mwh), -held.day.toordinal()))
    days = sorted(last[:highest], key=lambda held: held.day, reverse=True)
    least = int(value_on(pick.days_min, day, now, Decimal(highest)))
    given = value_on(pick.weights, day, now, ())
    weights = tuple(Fraction(weight) for weight in given[:len(days)]) if given else (Fraction(1),) * len(days)
    return Matched(days=tuple(days), weights=weights, too_few=len(days) < least,
                   too_few_is_zero=value_on(pick.too_few_days, day, now, "no_payment") == "zero_performance")


def ratio(run: Run, adjust: Adjust, event: Event, window: Window, here_mwh: int | None,
          mean_mwh: Fraction) -> Fraction | None:
    """The same-day factor; None when the event day's window is needed and missing."""
    day, now = run.day(event), run.as_of_day
    least_kw = Fraction(value_on(adjust.smallest_mean_kw, day, now, Decimal(0)))
    mean_kw = mean_mwh * HOUR / window.seconds / 1_000_000
    if here_mwh is None:
        return None
    unguarded = value_on(adjust.otherwise, day, now, "factor_1") == "unguarded"
    if mean_mwh == 0 or (not unguarded and (mean_mwh <= 0 or mean_kw < least_kw)):
        return Fraction(1)
    return _within(Fraction(here_mwh) / mean_mwh, said(run, adjust.low, day),
                   said(run, adjust.high, day))


def shift_kw(run: Run, adjust: Adjust, event: Event, window: Window, here_mwh: int | None,
             mean_mwh: Fraction) -> Fraction | None:
    """The same-day shift in kW; None when the event day's window is missing."""
    if here_mwh is None:
        return None
    day = run.day(event)
    low, high = said(run, adjust.low_kw, day), said(run, adjust.high_kw, day)
    shift = (here_mwh - mean_mwh) * HOUR / window.seconds / 1_000_000
    return _within(shift, None if low is None else Fraction(low), None if high is None else Fraction(high))


def _within(number: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    if low is not None:
        number = max(number, low)
    return number if high is None else min(number, high)
