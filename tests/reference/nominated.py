"""What a participant is paid for the power that it nominated for a month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from gridrider.tariff.model import Case, Payment, Rider, Service, value_on
from gridrider.tariff.model import in_force as rule_in_force
from tests.reference.concern import Run, rider_of
from tests.reference.inputs import Enrollment, Nomination, World
from tests.reference.numbers import Refused, cents_of
from tests.reference.outcome import Taken, settled_mwh
from tests.reference.payments import Owed, component_of, current_rate, is_final, pays
from tests.reference.periods import Period, clipped, whole_months
from tests.reference.spans import midnight

MICRO, HOUR = 1_000_000, 3600
FAMILY = "capacity_nominated"


def nominations_of(run: Run, world: World) -> list[Nomination]:
    """All nominations, each with its service."""
    services = {name: service for rider in run.tariff.riders.values() for name, service in rider.services.items()}
    paying = {name for name, service in services.items()
              if any(payment.family == FAMILY for payment in service.payments)}
    named = []
    for nomination in world.nominations:
        if not nomination.service and len(paying) != 1:
            raise Refused(f"{nomination.participant_id} names no service, and there is not just one")
        named.append(replace(nomination, service=nomination.service or next(iter(paying))))
    known = {enrollment.participant_id for enrollment in world.enrollments}
    keys = [(nomination.participant_id, nomination.service, nomination.month) for nomination in named]
    strangers = [key for key in keys if key[0] not in known or key[1] not in services]
    if strangers or len(set(keys)) < len(keys):
        raise Refused(f"nominations of nobody, or a second time: {strangers or keys}")
    return named


def members_of(run: Run, world: World, rider: Rider, service_name: str, participant_id: str) -> list[Enrollment]:
    """The enrollments of a participant that have a service of a rider."""
    return [enrollment for enrollment in world.enrollments
            if enrollment.participant_id == participant_id and rider_of(run, enrollment) is rider
            and (not enrollment.services or service_name in enrollment.services)]


def nominated_lines(run: Run, world: World, payment: Payment, rider: Rider, service_name: str,
                    taken: list[Taken]) -> list[Owed]:
    """One line for each nomination for a month of the service's season that begins in the run."""
    service = rider.services[service_name]
    lines = []
    for nomination in nominations_of(run, world):
        if nomination.service != service_name or not _own(run, world, rider, service_name, nomination):
            continue
        for first, end in whole_months(run, service):
            period = clipped(run, first, end)
            if f"{first:%Y-%m}" == nomination.month and period is not None and period.first == first \
                    and midnight(first, run.zone) < run.as_of:
                members = members_of(run, world, rider, service_name, nomination.participant_id)
                lines.append(_line(Month(run=run, payment=payment, service=service, period=period), nomination,
                                   members, taken))
    return lines


def _own(run: Run, world: World, rider: Rider, service_name: str, nomination: Nomination) -> bool:
    """True for the rider through which the participant has the service; for the first one where it has none."""
    having = [other for other in run.tariff.riders.values() if service_name in other.services]
    with_members = [other for other in having
                    if members_of(run, world, other, service_name, nomination.participant_id)]
    return rider in with_members or (not with_members and rider is having[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of a service and the payment that pays for it."""

    run: Run
    payment: Payment
    service: Service
    period: Period


def _line(month: Month, nomination: Nomination, members: list[Enrollment], taken: list[Taken]) -> Owed:
    run, period = month.run, month.period
    mine = [item for item in taken if item.enrollment in members and run.day(item.event) in period
            and pays(run, month.payment, item)]
    counted = [item for item in mine if item.counted]
    delivered = _delivered_kw(month.service, counted)
    nominated = Fraction(nomination.milliwatt, MICRO)
    rate = current_rate(run, month.payment, month.payment.rate_usd_per_kw_month,
                        Case(month=period.first.month), period.first, period.end - timedelta(days=1))
    power = Fraction(0)
    if nominated and counted:
        power = _paid_kw(month, delivered, nominated)
    elif nominated and value_on(month.payment.no_event, period.first, run.as_of_day, "pays_nothing") == "pays_full":
        ready = any(member.signed_on is not None and member.signed_on < period.end and period.days_in_force(member)
                    for member in members)
        power = nominated if ready else Fraction(0)
    cents = cents_of(power, rate.usd or Fraction(0))
    sure = all(item.sure for item in mine)
    who = nomination.participant_id
    return Owed(enrollment=None, participant_id=who, aggregation_id=who, payee_id=who,
                service_name=nomination.service, service=month.service,
                component="penalty" if cents < 0 else component_of(month.payment), event_id="", period=period,
                quantity=delivered, unit="kW", rate=None, rate_unit="", rate_effective=None, clause=rate.clause,
                cents=cents, sure=sure, final=is_final(run, month.service, period, sure))


def _delivered_kw(service: Service, counted: list[Taken]) -> Fraction:
    """All delivered energy over the time of the events, each once and whole."""
    events = {item.event.event_id: item.event for item in counted}
    seconds = sum(event.end - event.start for event in events.values())
    power = Fraction(sum(settled_mwh(item) for item in counted) * HOUR, seconds * MICRO) if seconds else Fraction(0)
    return power if service.measurement.floor is None else max(Fraction(0), power)


def _paid_kw(month: Month, delivered: Fraction, nominated: Fraction) -> Fraction:
    """The power that the schedule pays."""
    day, now = month.period.first, month.run.as_of_day
    steps = []
    for step in month.payment.steps:
        least = rule_in_force(step.ratio_at_least, day, now)
        if least is not None:
            steps.append((Fraction(least.value), Fraction(value_on(step.of_delivered, day, now, Decimal(0))),
                          Fraction(value_on(step.of_nominated, day, now, Decimal(0)))))
    steps.sort()
    _, of_delivered, of_nominated = ([step for step in steps if step[0] <= delivered / nominated] or steps[:1])[-1]
    return of_delivered * delivered + of_nominated * nominated
