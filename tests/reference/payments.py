"""What is owed: one function for each payment family, exact until the cents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from gridrider.tariff.model import Case, Dated, ExportCredit, History, Payment, PerformanceFactor, Service, value_on
from gridrider.tariff.model import in_force as rate_in_force
from tests.reference.concern import Run, rider_of, said, vintage_day
from tests.reference.inputs import Enrollment, World
from tests.reference.numbers import Refused, cents_of, whole
from tests.reference.outcome import Taken, settled_mwh, site_floor
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
    service: Service | None
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
    paid_on: date | None = None
    """The day whose payment period the line stands in; none = its first."""


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


def case_of(enrollment: Enrollment, day: date) -> Case:
    """What a rate is looked up for."""
    return Case(month=day.month, duration_h=enrollment.duration_h, customer_class=enrollment.customer_class)


def rate_for(run: Run, enrollment: Enrollment, payment: Payment, history: History[Decimal], vintage: date, day: date,
             last: date) -> Rate:
    """The rate that holds, any multiplier in it; blank where the tariff gives none: then the line is of nothing."""
    case = case_of(enrollment, day)
    term = rider_of(run, enrollment).term
    years = said(run, term.rate_lock_years, vintage) if term is not None else None
    if term is not None and years is not None and vintage <= day:
        if day < years_later(vintage, int(years)):
            locked = rate_in_force(history, vintage, run.as_of_day, case)
            if locked is not None:
                return _with_multiplier(run, payment, locked, vintage)
        elif value_on(term.lapsed, day, run.as_of_day, "current_rate") == "no_rate":
            return NO_RATE
    return current_rate(run, payment, history, case, day, last)


def current_rate(run: Run, payment: Payment, history: History[Decimal], case: Case, day: date, last: date) -> Rate:
    """The rate of a day, or of the first later one that has one."""
    while day <= last:
        found = rate_in_force(history, day, run.as_of_day, case)
        if found is not None:
            return _with_multiplier(run, payment, found, day)
        day += timedelta(days=1)
    raise Refused(f"no rate is in force by {last}")


def credit_rate(run: Run, payment: Payment, credit: ExportCredit, enrollment: Enrollment, day: date) -> Rate:
    """(retail - export) x share x hours a day x days a month, as in force on a day."""
    case = case_of(enrollment, day)
    parts = [rate_in_force(history, day, run.as_of_day, case)
             for history in (credit.retail_usd_per_kwh, credit.export_usd_per_kwh, credit.share, credit.hours_per_day,
                             credit.days_per_month)]
    held = [part for part in parts if part is not None]
    if len(held) < len(parts):
        raise Refused(f"no export credit is in force on {day}")
    retail, export, share, hours, days = (Fraction(part.value) for part in held)
    usd = (retail - export) * share * hours * days
    if (usd * MICRO).denominator != 1:
        raise Refused(f"an export credit of {usd} is finer than a micro-dollar")
    latest = max(held, key=lambda part: part.effective)
    times = Fraction(value_on(payment.multiplier, day, run.as_of_day, Decimal(1)))
    return Rate(usd=usd * times, effective=latest.effective, clause=latest.cite)


def _with_multiplier(run: Run, payment: Payment, dated: Dated[Decimal], day: date) -> Rate:
    times = value_on(payment.multiplier, day, run.as_of_day, Decimal(1))
    return Rate(usd=Fraction(dated.value) * Fraction(times), effective=dated.effective, clause=dated.cite)


def component_of(payment: Payment) -> str:
    """The word a payment's lines carry."""
    return payment.component or ("energy" if payment.family in ("energy", "energy_at_price") else "capacity")


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
           "rate_usd_per_kw_season": "USD/kW-season", "export_credit": "USD/kW-month"}
    rate_unit = next(text for name, text in per.items() if getattr(payment, name))
    return Owed(enrollment=who, participant_id=who.participant_id, aggregation_id=who.aggregation_id,
                payee_id=who.payee_id, service_name=service_name, service=service, component=component_of(payment),
                event_id=event_id, period=period, quantity=quantity, unit=unit, rate=rate.usd,
                rate_unit="" if rate.usd is None else rate_unit,
                rate_effective=rate.effective, clause=rate.clause, cents=cents_of(quantity, rate.usd or Fraction(0)),
                sure=sure, final=is_final(run, service, period, sure))


def energy_lines(run: Run, world: World, payment: Payment, taken: list[Taken]) -> list[Owed]:
    """kWh x rate for each counted event that the payment pays."""
    lines = []
    for item in taken:
        if not (item.counted and pays(run, payment, item)):
            continue
        period = event_period(run, item)
        vintage = vintage_day(run, world, item.enrollment, item.service_name)
        rate = rate_for(run, item.enrollment, payment, payment.rate_usd_per_kwh, vintage, period.first, period.first)
        quantity = Fraction(settled_mwh(item), MICRO)
        if value_on(payment.quantity_max, run.day(item.event), run.as_of_day, ""):
            who = item.enrollment
            power = (who.nameplate_milliwatt or 0) if who.committed_milliwatt is None else who.committed_milliwatt
            quantity = min(quantity, Fraction(whole(Fraction(power * item.counted_seconds, HOUR)), MICRO))
        lines.append(_owed(run, item.enrollment, item.service_name, item.service, payment, period, quantity, "kWh",
                           rate, item.event.event_id, item.sure))
    return lines


def market_lines(run: Run, world: World, payment: Payment, taken: list[Taken]) -> list[Owed]:
    """The sum of kWh x price for each counted event that the payment pays."""
    lines = []
    for item in taken:
        if not (item.counted and pays(run, payment, item)):
            continue
        who, period, usd = item.enrollment, event_period(run, item), Fraction(0)
        for row in () if item.zero else item.rows:
            mwh = max(0, row.counted_mwh) if site_floor(item.service) == "hour" else row.counted_mwh
            usd += Fraction(mwh * price_at(run, world, item, row.span.start), 1000 * MICRO * MICRO)
        if site_floor(item.service) == "event":
            usd = max(Fraction(0), usd)
        times = Fraction(value_on(payment.multiplier, period.first, run.as_of_day, Decimal(1)))
        lines.append(Owed(enrollment=who, participant_id=who.participant_id, aggregation_id=who.aggregation_id,
                          payee_id=who.payee_id, service_name=item.service_name, service=item.service,
                          component=component_of(payment), event_id=item.event.event_id, period=period,
                          quantity=Fraction(settled_mwh(item), MICRO), unit="kWh", rate=None, rate_unit="",
                          rate_effective=None, clause=price_clause(run, item), cents=cents_of(usd, times),
                          sure=item.sure, final=is_final(run, item.service, period, item.sure)))
    return lines


def price_clause(run: Run, item: Taken) -> str:
    """The clause that names the zone's price series."""
    series = rate_in_force(run.tariff.zones[item.enrollment.zone].price_series, run.day(item.event), run.as_of_day)
    return "" if series is None else series.cite


def average_kw(run: Run, world: World, payment: Payment, period: Period, taken: list[Taken]) -> Fraction | None:
    """The average power of a period's counted events, None without one."""
    counted = [item for item in taken if item.counted]
    if not counted:
        return None
    if payment.family == "capacity_price_weighted":
        return weighted_kw(run, world, counted)
    if value_on(payment.average_over, period.first, run.as_of_day, "hours") == "events":
        means = [Fraction(settled_mwh(item) * HOUR, item.counted_seconds * MICRO) for item in counted
                 if item.counted_seconds]
        return sum(means, Fraction(0)) / len(means) if means else None
    seconds = sum(item.counted_seconds for item in counted)
    return Fraction(sum(settled_mwh(item) for item in counted) * HOUR, seconds * MICRO) if seconds else None


def weighted_kw(run: Run, world: World, counted: list[Taken]) -> Fraction | None:
    """sum(kWh x price) / sum(hours x price) over the rows of the counted events."""
    top, bottom = Fraction(0), Fraction(0)
    for item in counted:
        by_hour = site_floor(item.service) == "hour"
        row_of, worth = {row.span: row for row in item.rows}, Fraction(0)
        for span in item.spans:
            price, row = price_at(run, world, item, span.start), row_of.get(span)
            mwh = 0 if row is None or item.zero else row.counted_mwh
            seconds = span.seconds - (0 if row is None else row.left_seconds)
            worth += Fraction((max(0, mwh) if by_hour else mwh) * price, MICRO)
            bottom += Fraction(seconds * price, HOUR)
        top += max(Fraction(0), worth) if site_floor(item.service) == "event" else worth
    if bottom <= 0 and any(item.counted_seconds for item in counted):
        raise Refused("the prices of the counted hours sum to zero or less")
    return top / bottom if bottom else None


def price_at(run: Run, world: World, taken: Taken, at: int) -> int:
    """The price of the zone's series that holds at an instant, in micro-dollars per MWh."""
    zone = run.tariff.zones[taken.enrollment.zone]
    series = value_on(zone.price_series, run.day(taken.event), run.as_of_day, "")
    for (name, start), (seconds, price) in world.prices.items():
        if name == series and start <= at < start + seconds:
            return price
    raise Refused(f"{series} has no price for the row of {taken.event.event_id} that begins at {at}")


def capacity_lines(run: Run, world: World, payment: Payment, enrollment: Enrollment, service_name: str,
                   service: Service, taken: list[Taken]) -> list[Owed]:
    """Average or committed power x rate for each month or season in force."""
    monthly = bool(payment.rate_usd_per_kw_month or payment.export_credit)
    history = payment.rate_usd_per_kw_month or payment.rate_usd_per_kw_season
    vintage = vintage_day(run, world, enrollment, service_name)
    lines = []
    for period in begun(run, whole_months(run, service) if monthly else whole_seasons(run, service)):
        in_force_days = period.days_in_force(enrollment)
        if not in_force_days:
            continue
        if payment.export_credit is not None:
            rate = credit_rate(run, payment, payment.export_credit, enrollment, period.whole_first)
        else:
            rate = rate_for(run, enrollment, payment, history, vintage, period.whole_first,
                            period.end - timedelta(days=1))
        mine = [item for item in taken if run.day(item.event) in period and pays(run, payment, item)]
        average = average_kw(run, world, payment, period, mine)
        floor = service.measurement.floor
        if average is not None and floor is not None and floor.over == "site" and floor.per in ("month", "season"):
            average = max(Fraction(0), average)
        power, sure, factor = average or Fraction(0), all(item.sure for item in mine), None
        if payment.family == "capacity_committed":
            power = committed_kw(enrollment, period)
            sure = sure or payment.performance_factor is None
            if payment.performance_factor is not None:
                factor = factor_of(run, payment, payment.performance_factor, power, average,
                                   any(item.counted for item in mine))
        if value_on(payment.prorate, period.first, run.as_of_day, "") == "by_days":
            power = power * in_force_days / (period.whole_end - period.whole_first).days
        line = _owed(run, enrollment, service_name, service, payment, period, power, "kW", rate, "", sure)
        lines.append(line if factor is None else times_factor(line, factor))
    return lines


def committed_kw(enrollment: Enrollment, period: Period) -> Fraction:
    """The committed power; nothing where the agreement was not signed by the first day in force."""
    if enrollment.signed_on is None or enrollment.signed_on > max(period.first, enrollment.starts_on):
        return Fraction(0)
    committed = enrollment.committed_milliwatt
    return Fraction((enrollment.nameplate_milliwatt or 0) if committed is None else committed, MICRO)


def factor_of(run: Run, payment: Payment, words: PerformanceFactor, power: Fraction, average: Fraction | None,
              any_event: bool) -> Fraction:
    """Average over committed power, rounded and bounded, as the words hold on the run's last day."""
    last, now = run.end - timedelta(days=1), run.as_of_day
    if not any_event:
        return Fraction(value_on(payment.no_event, last, now, "pays_nothing") == "pays_full")
    low, high = said(run, words.low, last), said(run, words.high, last)
    if power == 0:
        return low or Fraction(0)
    digits = 10 ** int(value_on(words.decimals, last, now, Decimal(6)))
    factor = Fraction(whole((average or Fraction(0)) / power * digits), digits)
    factor = factor if low is None else max(low, factor)
    return factor if high is None else min(high, factor)


def times_factor(line: Owed, factor: Fraction) -> Owed:
    """A line's amount and, where it is exact to a micro-dollar, its rate times a factor."""
    if line.rate is None:
        return line
    rate = line.rate * factor
    line = replace(line, cents=cents_of(line.quantity, rate))
    if (rate * MICRO).denominator == 1:
        return replace(line, rate=rate)
    return replace(line, rate=None, rate_unit="", rate_effective=None)
