"""What a tariff says of paying, read once for the day of a payout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from ..quantity import divide_half_away
from ..tariff.model import Dated, History, Pay, Payout, Rider, Tariff, in_force, value_on

_CENT = Decimal(100)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayRules:
    """The rules that hold for the statements of some services; a form or an assignment needs every rider's leave."""

    forms: frozenset[str] | None
    """None = the tariff does not say."""
    forms_clause: str
    assignable: bool | None
    assignable_clause: str
    on_request: bool
    request_clause: str
    within_days: int | None
    within_clause: str
    per_year: int
    per_year_clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """The rules of the whole payout."""

    four_eyes: bool
    four_eyes_clause: str
    pays_provisional: bool
    prenote: bool
    prenote_wait_days: int
    carry_below_cents: int
    withhold: bool
    withhold_pct: Decimal | None
    stale_after_days: int | None
    reversal_within_days: int
    description: str


def house_rules(tariff: Tariff, day: date) -> HouseRules:
    """The rules in force on a day, as known on it."""
    payout = tariff.payout or Payout()
    four_eyes = in_force(payout.four_eyes, day, day)
    withhold_pct = in_force(payout.backup_withholding_pct, day, day)
    stale = in_force(payout.checks_stale_after_days, day, day)
    return HouseRules(
        four_eyes=True if four_eyes is None else four_eyes.value,
        four_eyes_clause=four_eyes.cite if four_eyes else "payout.four_eyes, which holds unless a tariff lifts it",
        pays_provisional=value_on(payout.pays_provisional, day, day, False),
        prenote=value_on(payout.prenote, day, day, False),
        prenote_wait_days=int(value_on(payout.prenote_wait_days, day, day, Decimal(3))),
        carry_below_cents=int(value_on(payout.carry_below_usd, day, day, Decimal(0)) * _CENT),
        withhold=value_on(payout.withhold_backup, day, day, False),
        withhold_pct=None if withhold_pct is None else withhold_pct.value,
        stale_after_days=None if stale is None else int(stale.value),
        reversal_within_days=int(value_on(payout.reversal_within_days, day, day, Decimal(5))),
        description=value_on(payout.description, day, day, "VPP PAY"))


def pay_rules(tariff: Tariff, services: Iterable[str], day: date) -> PayRules:
    """What the riders of these services say together; of no service, what all riders say."""
    wanted = set(services)
    riders = [rider for rider in tariff.riders.values() if not wanted or wanted & set(rider.services)]
    pays = [rider.pay for rider in (riders or list(tariff.riders.values())) if rider.pay is not None]
    forms, forms_clause = _forms(tariff, pays, day)
    assignable = _held([pay.assignable for pay in pays], day)
    schedules = [held for held in _held([pay.schedule for pay in pays], day) if held.value == "on_request"]
    asked = _held([(tariff.payout or Payout()).on_request], day)
    requests: list[Dated[Any]] = [*schedules, *(held for held in asked if held.value)]
    within = min(_held([pay.within_days for pay in pays], day), key=lambda held: held.value, default=None)
    yearly = _held([pay.at_least_per_year for pay in pays], day)
    if tariff.law is not None:
        yearly += _held([tariff.law.payments_per_year_min], day)
    often = max(yearly, key=lambda held: held.value, default=None)
    return PayRules(
        forms=forms, forms_clause=forms_clause,
        assignable=all(held.value for held in assignable) if assignable else None, assignable_clause=_cites(assignable),
        on_request=bool(requests), request_clause=_cites(requests),
        within_days=None if within is None else int(within.value), within_clause="" if within is None else within.cite,
        per_year=0 if often is None else int(often.value), per_year_clause="" if often is None else often.cite)


def _forms(tariff: Tariff, pays: Sequence[Pay], day: date) -> tuple[frozenset[str] | None, str]:
    """The forms that every rider and the law allow, with all clauses; None when nobody says."""
    said = _held([pay.by for pay in pays], day)
    if tariff.law is not None:
        said += _held([tariff.law.performance_payment_forms], day)
    if not said:
        return None, ""
    return frozenset.intersection(*(held.value for held in said)), _cites(said)


def _held(histories: Sequence[History[T]], day: date) -> list[Dated[T]]:
    return [held for history in histories if (held := in_force(history, day, day)) is not None]


def _cites(said: Sequence[Dated[Any]]) -> str:
    return "; ".join(sorted({held.cite for held in said}))


def funder_clause(rider: Rider, day: date) -> str | None:
    """The clause by which what is clawed back belongs to a funder; None when it is the utility's own money."""
    claw_back = rider.upfront.claw_back if rider.upfront is not None else None
    owed_to = in_force(claw_back.owed_to, day, day) if claw_back is not None else None
    return owed_to.cite if owed_to is not None and owed_to.value == "funder" else None


def withheld_cents(gross_cents: int, pct: Decimal) -> int:
    """A share of an amount, rounded once to cents, ties away from zero.

    >>> withheld_cents(100_010, Decimal(24))
    24002
    """
    ratio = pct.as_integer_ratio()
    return divide_half_away(gross_cents * ratio[0], ratio[1] * 100)
