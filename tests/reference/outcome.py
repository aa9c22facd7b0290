"""What an enrollment did in an event: its rows, its outcome, and whether it counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from gridrider.tariff.model import Outcomes, Service, value_on
from tests.reference.baseline import HOUR, Matched, Window, match_days, ratio, shift_kw, window_of
from tests.reference.concern import Run, kind_name, rider_of, said, service_name
from tests.reference.inputs import Enrollment, Event, World
from tests.reference.meters import Load, Meters, worst
from tests.reference.numbers import whole
from tests.reference.spans import Span, cut_at_clock, local_date, midnight, minus

STEP_SECONDS = {"clock_hour": 3600, "quarter_hour": 900}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of performance; energies are None where a needed reading is missing."""

    span: Span
    point_id: str
    unadjusted_mwh: int | None
    factor: Fraction | None
    baseline_mwh: int | None
    metered_mwh: int | None
    quality: str
    days: tuple[str, ...] = ()
    taken_mwh: int = 0
    """What another program or measurement is paid for."""
    left_seconds: int = 0
    """Time that another measurement at the same point is paid for."""

    @property
    def counted_mwh(self) -> int:
        """What it is paid for, before any floor: delivered less taken."""
        return (self.delivered_mwh or 0) - self.taken_mwh

    @property
    def delivered_mwh(self) -> int | None:
        """Baseline - metered, before any floor."""
        if self.baseline_mwh is None or self.metered_mwh is None:
            return None
        return self.baseline_mwh - self.metered_mwh


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How one enrollment took part in one event."""

    enrollment: Enrollment
    event: Event
    service_name: str
    service: Service
    kind: str
    outcome: str
    counted: bool
    zero: bool = False
    """True when it counts, with nothing delivered."""
    spans: tuple[Span, ...] = ()
    """The event's time less what is excused, cut into rows; a row may lack readings, or not be measured at all."""
    rows: tuple[Row, ...] = ()
    sure: bool = True
    """False when a needed reading is estimated or missing."""

    @property
    def seconds(self) -> int:
        """The time of its rows."""
        return sum(span.seconds for span in self.spans)

    @property
    def counted_seconds(self) -> int:
        """The time that is paid for: without what another measurement of the service is paid for."""
        return self.seconds - sum(row.left_seconds for row in self.rows)

    @property
    def measured_mwh(self) -> int:
        """All delivered energy of the rows, before any floor."""
        return sum(row.delivered_mwh or 0 for row in self.rows)


def spans_of(world: World, enrollment: Enrollment, event: Event, reasons: frozenset[str]) -> list[Span]:
    """Unavailable time of some reasons inside an event."""
    spans = []
    for item in world.unavailable.get(enrollment.enrollment_id, []):
        if item.reason not in reasons or item.event_id not in ("", event.event_id):
            continue
        start = event.start if item.start is None else max(item.start, event.start)
        end = event.end if item.end is None else min(item.end, event.end)
        if start < end:
            spans.append(Span(start, end))
    return spans


def islanded_spans(world: World, enrollment: Enrollment) -> list[Span]:
    """All time in which an enrollment's site was cut off from the grid."""
    events = {event.event_id: event for event in world.events}
    spans = []
    for item in world.unavailable.get(enrollment.enrollment_id, []):
        whole_event = events.get(item.event_id)
        start = item.start if item.start is not None or whole_event is None else whole_event.start
        end = item.end if item.end is not None or whole_event is None else whole_event.end
        if item.reason == "islanded" and start is not None and end is not None:
            spans.append(Span(start, end))
    return spans


def without_baseline(run: Run, meters: Meters, taken: Taken, spans: list[Span]) -> list[Row]:
    """Rows of the methods that need no earlier day."""
    measurement, day, now = taken.service.measurement, run.day(taken.event), run.as_of_day
    method = value_on(measurement.method, day, now, "direct")
    share = Fraction(value_on(measurement.baseline_share, day, now, Decimal(0)))
    rows = []
    for span in spans:
        baseline = 0
        if method == "prescriptive":
            baseline = -whole(share * (taken.enrollment.nameplate_milliwatt or 0) * span.seconds / HOUR)
        if method == "deemed":
            load = Load(mwh=-whole(_deemed_share(run, taken) * span.seconds / HOUR), quality="actual")
        elif method == "export_from_storage":
            export = meters.storage_export(taken.enrollment, span)
            load = Load(mwh=None if export.mwh is None else -export.mwh, quality=export.quality)
        else:
            exports = value_on(measurement.exports, day, now, "count")
            load = meters.net_load(taken.enrollment, span, exports)
        rows.append(Row(span=span, point_id=point_at(run, meters, taken.enrollment, span), unadjusted_mwh=baseline,
                        factor=None, baseline_mwh=baseline, metered_mwh=load.mwh, quality=load.quality))
    return rows


def _deemed_share(run: Run, taken: Taken) -> Fraction:
    """The power in milliwatts that is taken for delivered without a reading."""
    share = value_on(taken.service.measurement.deemed_share, run.day(taken.event), run.as_of_day, Decimal(0))
    return Fraction(share) * (taken.enrollment.nameplate_milliwatt or 0)


def point_at(run: Run, meters: Meters, enrollment: Enrollment, span: Span) -> str:
    """The point that measures a row: on a day that two meters share, the one that began last."""
    points = meters.of_day(enrollment, "performance", local_date(span.start, run.zone))
    return (points or [""])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """The same-day adjustment of an event: a factor or a shift, or that a needed reading is missing."""

    factor: Fraction | None = None
    shift_kw: Fraction = Fraction(0)
    missing: bool = False
    quality: str = "actual"

    def of(self, mean_mwh: Fraction, seconds: int) -> int:
        """A row's adjusted baseline, rounded once."""
        factor = Fraction(1) if self.factor is None else self.factor
        return whole(mean_mwh * factor + self.shift_kw * seconds * 1_000_000 / HOUR)


def adjustment(run: Run, meters: Meters, taken: Taken, window: Window | None, matched: Matched,
               exports: str) -> Adjusted:
    """The same-day adjustment from the window."""
    adjust = taken.service.measurement.adjust
    if window is None or adjust is None:
        return Adjusted()
    kind = value_on(adjust.kind, run.day(taken.event), run.as_of_day, "ratio")
    if not window.used:
        return Adjusted(factor=Fraction(1) if kind == "ratio" else None)
    loads = [meters.net_load(taken.enrollment, piece, exports) for piece in window.pieces]
    here = None if any(load.mwh is None for load in loads) else sum(load.mwh or 0 for load in loads)
    quality = worst([load.quality for load in loads])
    if here is None:
        return Adjusted(missing=True, quality="missing")
    if kind == "ratio":
        return Adjusted(factor=ratio(run, adjust, taken.event, window, here, matched.mean_window_mwh), quality=quality)
    shift = shift_kw(run, adjust, taken.event, window, here, matched.mean_window_mwh)
    return Adjusted(shift_kw=shift or Fraction(0), quality=quality)


def given_mwh(world: World, taken: Taken, span: Span, first: bool) -> int:
    """The adjustments that the utility gave for a row."""
    adjust = taken.service.measurement.adjust
    if adjust is None or not any(dated.value == "given" for dated in adjust.kind):
        return 0
    given = world.adjustments.get((taken.enrollment.enrollment_id, taken.event.event_id), [])
    return sum(mwh for at, mwh in given if (first if at is None else span.start <= at < span.end))


def by_day_matching(run: Run, world: World, meters: Meters, taken: Taken,
                    spans: list[Span]) -> tuple[list[Row], Matched]:
    """Rows against a baseline of earlier days."""
    measurement = taken.service.measurement
    exports = value_on(measurement.exports, run.day(taken.event), run.as_of_day, "count")
    window = window_of(run, measurement.adjust, taken.event)
    matched = match_days(run, world, meters, measurement, taken.enrollment, taken.event, spans, window, exports,
                         islanded_spans(world, taken.enrollment))
    change = Adjusted() if matched.too_few else adjustment(run, meters, taken, window, matched, exports)
    rows = []
    for index, span in enumerate(spans):
        load = meters.net_load(taken.enrollment, span, exports)
        row = Row(span=span, point_id=point_at(run, meters, taken.enrollment, span), unadjusted_mwh=None, factor=None,
                  baseline_mwh=None, metered_mwh=load.mwh, quality=load.quality)
        if matched.too_few:
            row = replace(row, quality="missing", days=tuple(str(day.day) for day in matched.days))
        else:
            mean = matched.mean_row_mwh(index)
            adjusted = None
            if not change.missing and load.mwh is not None:
                adjusted = change.of(mean, span.seconds) + given_mwh(world, taken, span, index == 0)
            used = [quality for day in matched.days for quality in (*day.row_qualities, *day.window_qualities)]
            row = replace(row, unadjusted_mwh=whole(mean), factor=change.factor, baseline_mwh=adjusted,
                          quality=worst([load.quality, change.quality, *used]),
                          days=tuple(str(day.day) for day in matched.days))
        rows.append(row)
    return rows, matched


def site_floor(service: Service) -> str:
    """The span of a floor over the site's hour or event; blank for any other floor, or none."""
    floor = service.measurement.floor
    return floor.per if floor is not None and floor.over == "site" and floor.per in ("hour", "event") else ""


def floored_mwh(taken: Taken, rows_mwh: list[int]) -> int:
    """Energies of an event's rows after the floor over site and hour or event."""
    per = site_floor(taken.service)
    if per == "hour":
        return sum(max(0, mwh) for mwh in rows_mwh)
    return max(0, sum(rows_mwh)) if per == "event" else sum(rows_mwh)


def delivered_mwh(taken: Taken) -> int:
    """Delivered energy after that floor: what the outcome goes by."""
    return floored_mwh(taken, [row.delivered_mwh or 0 for row in taken.rows])


def settled_mwh(taken: Taken) -> int:
    """What an event counts for: nothing where it counts as zero, else the floored energy that it is paid for."""
    return 0 if taken.zero else floored_mwh(taken, [row.counted_mwh for row in taken.rows])


def _outcomes(run: Run, taken: Taken, rule: str, default: str) -> str:
    word = value_on(getattr(taken.service.outcomes, rule), run.day(taken.event), run.as_of_day, default)
    return str(word)


def unanswerable(run: Run, taken: Taken) -> str:
    """The outcome that needs no reading: cancelled, unsigned, not_eligible, or blank."""
    enrollment, event = taken.enrollment, taken.event
    if event.cancelled:
        return "cancelled"
    if enrollment.signed_on is None or enrollment.signed_on > run.day(event):
        return "unsigned"
    if enrollment.technology not in rider_of(run, enrollment).technologies:
        return "not_eligible"
    return ""


def take_part(run: Run, world: World, meters: Meters, enrollment: Enrollment, event: Event, service: Service) -> Taken:
    """The participation of one enrollment in one event that concerns it."""
    taken = Taken(enrollment=enrollment, event=event, service_name=service_name(run.tariff, event), service=service,
                  kind=kind_name(service, event), outcome="", counted=False)
    at_once = unanswerable(run, taken)
    if at_once:
        return replace(taken, outcome=at_once)
    day, now, rules = run.day(event), run.as_of_day, service.outcomes
    whole_event = Span(event.start, event.end)
    excused = spans_of(world, enrollment, event, value_on(rules.excused, day, now, frozenset[str]()))
    suspended = spans_of(world, enrollment, event, frozenset({"suspended"}))
    switched_off = _outcomes(run, taken, "suspended", "counts_as_zero")
    left = minus(whole_event, excused)
    if suspended and left and not any(minus(span, suspended) for span in left):
        zero = switched_off == "counts_as_zero"
        return _zero_or_gone(run, taken, "suspended", zero, left)
    if switched_off == "not_counted":
        left = minus(whole_event, excused + suspended)
    return _answered(run, world, meters, taken, left, rules)


def _zero_or_gone(run: Run, taken: Taken, outcome: str, zero: bool, left: list[Span]) -> Taken:
    return replace(taken, outcome=outcome, counted=zero and _paid(run, taken), zero=zero,
                   spans=tuple(_pieces(run, taken, left)))


def _paid(run: Run, taken: Taken) -> bool:
    """True when the event's kind counts, or a payment names it."""
    counts = value_on(taken.service.calls.kinds[taken.kind].counts, run.day(taken.event), run.as_of_day, True)
    return counts or any(taken.kind in payment.kinds for payment in taken.service.payments)


def _answered(run: Run, world: World, meters: Meters, taken: Taken, left: list[Span], rules: Outcomes) -> Taken:
    """The outcome where the device could have answered."""
    left_by = _outcomes(run, taken, "opted_out", "counts_as_zero")
    out = any(at < taken.event.end for at in world.opt_outs.get((taken.enrollment.enrollment_id,
                                                                 taken.event.event_id), []))
    spans = _pieces(run, taken, left)
    if out and left_by != "measured":
        return _zero_or_gone(run, taken, "opted_out", left_by == "counts_as_zero", left)
    if not spans:
        return replace(taken, outcome="opted_out" if out else "excused")
    rows, matched = measure(run, world, meters, taken, spans)
    if not all(meters.on_slots(taken.enrollment, role, span) for span in spans for role in _roles(run, taken)):
        rows = [replace(row, metered_mwh=None, quality="missing") for row in rows]
    taken = replace(taken, rows=tuple(rows), spans=tuple(spans))
    found = _judged(run, taken, matched, rules)
    return replace(found, outcome="opted_out") if out else found


def _roles(run: Run, taken: Taken) -> tuple[str, ...]:
    method = value_on(taken.service.measurement.method, run.day(taken.event), run.as_of_day, "direct")
    if method == "deemed":
        return ()
    return ("performance", "premise") if method == "export_from_storage" else ("performance",)


def _pieces(run: Run, taken: Taken, left: list[Span]) -> list[Span]:
    """The rows of the time that is left of an event."""
    step = value_on(taken.service.measurement.step, run.day(taken.event), run.as_of_day, "clock_hour")
    return [piece for span in left for piece in cut_at_clock(span, STEP_SECONDS[step], run.zone)]


def measure(run: Run, world: World, meters: Meters, taken: Taken,
            spans: list[Span]) -> tuple[list[Row], Matched | None]:
    """The rows of an event by the service's method."""
    method = value_on(taken.service.measurement.method, run.day(taken.event), run.as_of_day, "direct")
    if method == "day_matching" and spans:
        return by_day_matching(run, world, meters, taken, spans)
    return without_baseline(run, meters, taken, spans), None


def _judged(run: Run, taken: Taken, matched: Matched | None, rules: Outcomes) -> Taken:
    """missing_readings, performed or missed."""
    too_few = matched is not None and matched.too_few
    gap = any(row.metered_mwh is None or (not too_few and row.baseline_mwh is None) for row in taken.rows)
    if gap or too_few:
        if matched is not None and matched.too_few:
            zero = matched.too_few_is_zero
        else:
            zero = _waited(run, taken, rules)
        return replace(taken, outcome="missing_readings", counted=zero and _paid(run, taken), zero=zero,
                       sure=zero or not gap)
    missed = value_on(rules.missed, run.day(taken.event), run.as_of_day, "measured")
    zero = missed == "counts_as_zero" and delivered_mwh(taken) < 0
    outcome = "performed" if delivered_mwh(taken) > 0 else "missed"
    sure = all(row.quality not in ("estimated", "missing") for row in taken.rows)
    return replace(taken, outcome=outcome, counted=_paid(run, taken), zero=zero, sure=sure)


def _waited(run: Run, taken: Taken, rules: Outcomes) -> bool:
    """True when readings have stayed away for so long that they count as zero."""
    if rules.missing is None:
        return False
    day = run.day(taken.event)
    days = said(run, rules.missing.counts_as_zero_after_days, day)
    if days is None:
        return False
    return run.as_of >= midnight(day.fromordinal(day.toordinal() + int(days)), run.zone)
