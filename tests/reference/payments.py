"""What is owed: one function for each payment family, exact until the cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from gridrider.tariff.model import Case, Dated, History, Payment, Service, value_on
from gridrider.tariff.model import in_force as rate_in_force
from tests.reference.concern import Run, rider_of, said
from tests.reference.inputs import Enrollment, World
from tests.reference.numbers import cents_of
from tests.reference.outcome import Taken, settled_mwh
from tests.reference.periods import Period, begun, whole_months, whole_seasons
from tests.reference.spans import midnight

HOUR = 3600
MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One line before it is written: who, what, for when, how much."""

    enrollment: Enrollment | None
    participant_id: str
    aggregation_id: str
    payee_id: str
    service_name: str
    service: Service
    component: str
    event_id: str
    period: Period
    quantity: Fraction
    unit: str
    rate: Fraction | None
    rate_unit: str
    rate_effective: date | None
    clause: str
    cents: int
    sure: bool
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The rate that holds, any multiplier in it; blank where the tariff gives none, and then the line is of nothing."""

    usd: Fraction | None
    effective: date | None
    clause: str


NO_RATE = Rate(usd=None, effective=None, clause="")


def years_later(day: date, years: int) -> date:
    """The same day some years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def rate_for(run: Run, enrollment: Enrollment, payment: Payment, history: History[Decimal], day: date,
             last: date) -> Rate:
    """The rate for a day; on a later day up to `last` when there is none on it; NO_RATE when there is none at all."""
    case = Case(month=day.month, duration_h=enrollment.duration_h, customer_class=enrollment.customer_class)
    term = rider_of(run, enrollment).term
    years = said(run, term.rate_lock_years, enrollment.enrolled_on) if term is not None else None
    if term is not None and years is not None and enrollment.enrolled_on <= day:
        if day < years_later(enrollment.enrolled_on, int(years)):
            locked = rate_in_force(history, enrollment.enrolled_on, run.as_of_day, case)
            if locked is not None:
                return _with_multiplier(run, payment, locked, enrollment.enrolled_on)
        elif value_on(term.lapsed, day, run.as_of_day, "current_rate") == "no_rate":
            return NO_RATE
    while day <= last:
        found = rate_in_force(history, day, run.as_of_day, case)
        if found is not None:
            return _with_multiplier(run, payment, found, day)
        day += timedelta(days=1)
    return NO_RATE


def _with_multiplier(run: Run, payment: Payment, dated: Dated[Decimal], day: date) -> Rate:
    times = value_on(payment.multiplier, day, run.as_of_day, Decimal(1))
    return Rate(usd=Fraction(dated.value) * Fraction(times), effective=dated.effective, clause=dated.cite)


def component_of(payment: Payment) -> str:
    """The word a payment's lines carry."""
    return payment.component or ("energy" if payment.family == "energy" else "capacity")


def pays(run: Run, payment: Payment, taken: Taken) -> bool:
    """True when a payment pays an event's kind."""
    if payment.kinds:
        return taken.kind in payment.kinds
    return value_on(taken.service.calls.kinds[taken.kind].counts, run.day(taken.event), run.as_of_day, True)


def is_final(run: Run, service: Service, period: Period, sure: bool) -> bool:
    """True when nothing can change a line any more."""
    wait = int(value_on(service.measurement.wait_days, period.first, run.as_of_day, Decimal(0)))
    waited = midnight(period.whole_end + timedelta(days=wait), run.zone) <= run.as_of
    return waited and period.complete and sure


def event_period(run: Run, taken: Taken) -> Period:
    """The local day of an event as a period."""
    day = run.day(taken.event)
    return Period(first=day, end=day + timedelta(days=1), whole_first=day, whole_end=day + timedelta(days=1))


def _owed(run: Run, taken_or_enrollment: Enrollment, service_name: str, service: Service, payment: Payment,
          period: Period, quantity: Fraction, unit: str, rate: Rate, event_id: str, sure: bool) -> Owed:
    who = taken_or_enrollment
    per = {"rate_usd_per_kwh": "USD/kWh", "rate_usd_per_kw_month": "USD/kW-month",
           "rate_usd_per_kw_season": "USD/kW-season"}
    rate_unit = next(text for name, text in per.items() if getattr(payment, name))
    return Owed(enrollment=who, participant_id=who.participant_id, aggregation_id=who.aggregation_id,
                payee_id=who.payee_id, service_name=service_name, service=service, component=component_of(payment),
                event_id=event_id, period=period, quantity=quantity, unit=unit, rate=rate.usd,
                rate_unit="" if rate.usd is None else rate_unit,
                rate_effective=rate.effective, clause=rate.clause, cents=cents_of(quantity, rate.usd or Fraction(0)),
                sure=sure, final=is_final(run, service, period, sure))


def energy_lines(run: Run, payment: Payment, taken: list[Taken]) -> list[Owed]:
    """kWh x rate for each counted event that the payment pays."""
    lines = []
    for item in taken:
        if not (item.counted and pays(run, payment, item)):
            continue
        period = event_period(run, item)
        rate = rate_for(run, item.enrollment, payment, payment.rate_usd_per_kwh, period.first, period.first)
        quantity = Fraction(settled_mwh(run, item), MICRO)
        lines.append(_owed(run, item.enrollment, item.service_name, item.service, payment, period, quantity, "kWh",
                           rate, item.event.event_id, item.sure))
    return lines


def average_kw(run: Run, world: World, payment: Payment, period: Period, taken: list[Taken]) -> Fraction | None:
    """The average power of a period's counted events, None without one."""
    counted = [item for item in taken if item.counted]
    if not counted:
        return None
    if payment.family == "capacity_price_weighted":
        return weighted_kw(run, world, counted)
    if value_on(payment.average_over, period.first, run.as_of_day, "hours") == "events":
        means = [Fraction(settled_mwh(run, item) * HOUR, item.seconds * MICRO) for item in counted if item.seconds]
        return sum(means, Fraction(0)) / len(means) if means else None
    seconds = sum(item.seconds for item in counted)
    return Fraction(sum(settled_mwh(run, item) for item in counted) * HOUR, seconds * MICRO) if seconds else None


def weighted_kw(run: Run, world: World, counted: list[Taken]) -> Fraction | None:
    """sum(kWh x price) / sum(hours x price) over the rows of the counted events."""
    top, bottom = Fraction(0), Fraction(0)
    for item in counted:
        floor = item.service.measurement.floor
        by_hour = floor is not None and floor.over == "site" and floor.per == "hour"
        delivered = {} if item.zero else {row.span: row.delivered_mwh or 0 for row in item.rows}
        for span in item.spans:
            price = price_at(run, world, item, span.start)
            mwh = delivered.get(span, 0)
            top += Fraction((max(0, mwh) if by_hour else mwh) * price, MICRO)
            bottom += Fraction(span.seconds * price, HOUR)
    return top / bottom if bottom else None


def price_at(run: Run, world: World, taken: Taken, at: int) -> int:
    """The price of the zone's series that holds at an instant, in micro-dollars per MWh."""
    zone = run.tariff.zones[taken.enrollment.zone]
    series = value_on(zone.price_series, run.day(taken.event), run.as_of_day, "")
    return next(price for (name, start), (seconds, price) in world.prices.items()
                if name == series and start <= at < start + seconds)


def capacity_lines(run: Run, world: World, payment: Payment, enrollment: Enrollment, service_name: str,
                   service: Service, taken: list[Taken]) -> list[Owed]:
    """Average or committed power x rate for each month or season in force."""
    monthly = bool(payment.rate_usd_per_kw_month)
    history = payment.rate_usd_per_kw_month or payment.rate_usd_per_kw_season
    lines = []
    for period in begun(run, whole_months(run, service) if monthly else whole_seasons(run, service)):
        in_force_days = period.days_in_force(enrollment)
        rate = rate_for(run, enrollment, payment, history, period.whole_first, period.end - timedelta(days=1))
        if not in_force_days:
            continue
        mine = [item for item in taken if run.day(item.event) in period and pays(run, payment, item)]
        if payment.family == "capacity_committed":
            committed = enrollment.committed_milliwatt
            power = Fraction((enrollment.nameplate_milliwatt or 0) if committed is None else committed, MICRO)
            if enrollment.signed_on is None or enrollment.signed_on > max(period.first, enrollment.starts_on):
                power = Fraction(0)
            sure = True
        else:
            power = average_kw(run, world, payment, period, mine) or Fraction(0)
            sure = all(item.sure for item in mine)
        floor = service.measurement.floor
        if floor is not None and floor.over == "site" and floor.per in ("month", "season"):
            power = max(Fraction(0), power)
        if value_on(payment.prorate, period.first, run.as_of_day, "") == "by_days":
            power = power * in_force_days / (period.whole_end - period.whole_first).days
        lines.append(_owed(run, enrollment, service_name, service, payment, period, power, "kW", rate, "", sure))
    return lines

