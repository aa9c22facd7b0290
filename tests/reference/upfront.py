"""What is paid at enrollment, what is paid back on leaving early, and how the books spread it."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from gridrider.tariff.model import Adder, History, Upfront, in_force, value_on
from tests.reference.concern import Run, is_for, rider_of, said
from tests.reference.inputs import Enrollment, World
from tests.reference.numbers import Refused, cents_of, whole
from tests.reference.payments import Owed, case_of
from tests.reference.periods import Period
from tests.reference.spans import midnight

MICRO = 1_000_000
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One movement of the asset: what was booked, then what left it, in cents."""

    enrollment_id: str
    component: str
    day: date
    act: str
    cents: int


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_on(run: Run, enrollment: Enrollment, upfront: Upfront) -> date | None:
    """The day on which an enrollment is paid; None where it is not."""
    signed = enrollment.signed_on
    if signed is None or signed > run.as_of_day or enrollment.prior_enrollment_id:
        return None
    if not is_for(enrollment, (), upfront.unless_any):
        return None
    due = max(enrollment.enrolled_on, signed)
    return None if enrollment.ends_on is not None and enrollment.ends_on < due else due


def term_of(run: Run, enrollment: Enrollment, upfront: Upfront) -> int | None:
    """Months for which a claw-back may come."""
    if upfront.claw_back is None:
        return None
    months = said(run, upfront.claw_back.term_months, enrollment.enrolled_on)
    return None if months is None else int(months)


def power_kw(run: Run, enrollment: Enrollment, upfront: Upfront) -> Fraction:
    """The power paid for."""
    committed = enrollment.committed_milliwatt
    power = Fraction((enrollment.nameplate_milliwatt or 0) if committed is None else committed, MICRO)
    most = said(run, upfront.power_kw_max, enrollment.enrolled_on)
    return power if most is None else min(power, Fraction(most))


def earns(enrollment: Enrollment, adder: Adder) -> bool:
    """True where an enrollment has an attribute that an adder is for."""
    return any(enrollment.has(name) for name in (*filter(None, [adder.when]), *adder.when_any))


def paid_lines(run: Run, enrollment: Enrollment, upfront: Upfront, due: date) -> list[Owed]:
    """The upfront and adder lines of an enrollment, in whichever run they come."""
    power = power_kw(run, enrollment, upfront)
    parts: list[tuple[str, History[Decimal], bool]] = [("upfront", upfront.rate_usd_per_kw, True),
                                                       ("upfront", upfront.usd, False)]
    for adder in upfront.adders:
        if earns(enrollment, adder):
            parts += [("adder", adder.usd_per_kw, True), ("adder", adder.usd, False)]
    months = term_of(run, enrollment, upfront)
    end = due + DAY if months is None else months_later(due, months)
    lines = []
    for component, history, per_kw in parts:
        quantity, unit, rate_unit = (power, "kW", "USD/kW") if per_kw else (Fraction(1), "enrollment", "USD")
        day = enrollment.enrolled_on
        rate = in_force(history, day, run.as_of_day, case_of(enrollment, day))
        if rate is None:
            continue
        usd = Fraction(rate.value)
        lines.append(_line(enrollment, component, due, end, quantity, unit, usd=usd, rate_unit=rate_unit,
                           effective=rate.effective, clause=rate.cite, cents=cents_of(quantity, usd),
                           payee_id=enrollment.payee_id, final=midnight(due, run.zone) <= run.as_of))
    if any(history for _, history, _ in parts) and not lines and run.first <= due:
        raise Refused(f"no upfront rate is in force for {enrollment.enrollment_id}")
    return lines


def _line(enrollment: Enrollment, component: str, first: date, end: date, quantity: Fraction, unit: str, *,
          usd: Fraction | None, rate_unit: str, effective: date | None, clause: str, cents: int, payee_id: str,
          final: bool, paid_on: date | None = None) -> Owed:
    return Owed(enrollment=enrollment, participant_id=enrollment.participant_id,
                aggregation_id=enrollment.aggregation_id, payee_id=payee_id, service_name="", service=None,
                component=component, event_id="",
                period=Period(first=first, end=end, whole_first=first, whole_end=end), quantity=quantity, unit=unit,
                rate=usd, rate_unit=rate_unit, rate_effective=effective, clause=clause, cents=cents, sure=True,
                final=final, paid_on=paid_on)


def left_on(run: Run, enrollment: Enrollment) -> date | None:
    """The last day of an enrollment that ended in the run's period, and is over by as-of."""
    last = enrollment.ends_on
    if last is None or not run.first <= last < run.end or midnight(last + DAY, run.zone) > run.as_of:
        return None
    return last


def claw_back_line(run: Run, enrollment: Enrollment, upfront: Upfront, due: date, paid: list[Owed]) -> Owed | None:
    """What is paid back on leaving early."""
    months, last, words = term_of(run, enrollment, upfront), left_on(run, enrollment), upfront.claw_back
    if not paid or words is None or months is None or last is None or last >= months_later(due, months) - DAY:
        return None
    vintage, now = enrollment.enrolled_on, run.as_of_day
    if enrollment.end_reason in value_on(words.excused, vintage, now, frozenset[str]()):
        return None
    served = sum(1 for month in range(months) if months_later(due, month) <= last)
    cents = -whole(Fraction(sum(line.cents for line in paid) * (months - served), months))
    to_funder = value_on(words.owed_to, vintage, now, "utility") == "funder"
    method, term = in_force(words.method, vintage, now), in_force(words.term_months, vintage, now)
    clause = method.cite if method is not None else term.cite if term is not None else ""
    return _line(enrollment, "claw_back", last + DAY, months_later(due, months), Fraction(months - served), "month",
                 usd=None, rate_unit="", effective=None, clause=clause, cents=cents,
                 payee_id=enrollment.participant_id if to_funder else enrollment.payee_id, final=True, paid_on=last)


def upfront_lines(run: Run, world: World) -> list[Owed]:
    """What every enrollment is paid at enrollment or pays back in the run."""
    lines: list[Owed] = []
    for enrollment in world.enrollments:
        upfront = rider_of(run, enrollment).upfront
        due = None if upfront is None else due_on(run, enrollment, upfront)
        if upfront is None or due is None or due >= run.end:
            continue
        paid = paid_lines(run, enrollment, upfront, due)
        if run.first <= due:
            lines += paid
        back = claw_back_line(run, enrollment, upfront, due, paid)
        lines += [back] if back is not None else []
    return lines


# ---- the books -------------------------------------------------------------------------------------
def movements(run: Run, world: World) -> list[Movement]:
    """Every movement of the asset in the run's period."""
    moved: list[Movement] = []
    for enrollment in world.enrollments:
        upfront = rider_of(run, enrollment).upfront
        due = None if upfront is None else due_on(run, enrollment, upfront)
        if upfront is None or due is None or due >= run.end:
            continue
        months = said(run, upfront.amortize_months, enrollment.enrolled_on)
        if months is not None:
            paid = paid_lines(run, enrollment, upfront, due)
            moved += _of(run, enrollment, due, int(months), paid,
                         claw_back_line(run, enrollment, upfront, due, paid))
    return [move for move in moved if move.cents]


def _of(run: Run, enrollment: Enrollment, due: date, months: int, paid: list[Owed],
        back: Owed | None) -> list[Movement]:
    last, moved, left = enrollment.ends_on, [], 0
    left_early = left_on(run, enrollment)
    for line in paid:
        if run.first <= due:
            moved.append(Movement(enrollment_id=enrollment.enrollment_id, component=line.component, day=due,
                                  act="booked", cents=line.cents))
        gone = 0
        for number in range(1, months + 1):
            day = months_later(due.replace(day=1), number)
            if last is not None and day > last:
                break
            share = whole(Fraction(line.cents * number, months)) - gone
            gone += share
            if run.first <= day < run.end and midnight(day, run.zone) <= run.as_of:
                moved.append(Movement(enrollment_id=enrollment.enrollment_id, component=line.component, day=day,
                                      act="amortized", cents=-share))
        left += line.cents - gone
    if left_early is not None:
        back_cents = back.cents if back is not None else 0
        for act, cents in (("clawed_back", back_cents), ("written_off", -(left + back_cents))):
            moved.append(Movement(enrollment_id=enrollment.enrollment_id, component="", day=left_early, act=act,
                                  cents=cents))
    return moved
