"""The rate that holds for an enrollment: by the event's day, or by the day it enrolled while its lock runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..money import micro_from_usd, plain
from ..tariff.model import Case, Dated, ExportCredit, History, Payment, Rider, in_force, value_on

RATE_FIELDS = ("rate_usd_per_kwh", "rate_usd_per_kw_month", "rate_usd_per_kw_season")
CREDIT_PARTS = ("retail_usd_per_kwh", "export_usd_per_kwh", "share", "hours_per_day", "days_per_month")
CREDIT_UNIT = "USD/kW-month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate with any multiplier in it, in micro-dollars per unit."""

    rate_micro: int
    unit: str
    effective: date
    cite: str
    words: str
    """How it came about, for the line's sentence; empty when it is simply the tariff's number."""


class RateTooFine(ValueError):
    """A rate times its multiplier has digits below a micro-dollar."""


def rate_history(payment: Payment) -> History[Decimal]:
    """The one rate that a payment multiplies by."""
    return next((history for name in RATE_FIELDS if (history := getattr(payment, name))), ())


def rate_histories(payment: Payment) -> tuple[History[Decimal], ...]:
    """Every history that a payment's rate is made of."""
    if payment.export_credit is not None:
        return tuple(getattr(payment.export_credit, name) for name in CREDIT_PARTS)
    return (rate_history(payment),)


def is_monthly(payment: Payment) -> bool:
    """True when the payment pays per month, False when per season."""
    return bool(payment.rate_usd_per_kw_month) or payment.export_credit is not None


def may_lock(payment: Payment) -> bool:
    """True when a rate may be locked: an export credit follows its rates, and a participant has no vintage."""
    return payment.export_credit is None and payment.family != "capacity_nominated"


def lock_years(rider: Rider, day: date, as_of: date) -> int:
    """Years for which the rate at enrollment holds; 0 without a rate lock."""
    return int(value_on(rider.term.rate_lock_years, day, as_of, Decimal(0))) if rider.term else 0


def lock_end(vintage: date, years: int) -> date:
    """The first day after a lock that began on the vintage day; February 29 ends on March 1."""
    try:
        return vintage.replace(year=vintage.year + years)
    except ValueError:
        return date(vintage.year + years, 3, 1)


def rate_for(rider: Rider, payment: Payment, day: date, period_end: date, vintage: date | None, case: Case,
             as_of: date) -> Rate | None:
    """The rate for a day (an event's, a month's or a season's first), or None: absent, never zero.

    Where no value is in force on the first day of a month or season, the first that comes into force
    within it holds. Raises RateTooFine. Source: settlement rules, "Payments".
    """
    if payment.export_credit is not None:
        return _credit(payment, payment.export_credit, day, as_of, case)
    history = rate_history(payment)
    years = lock_years(rider, vintage, as_of) if vintage is not None else 0
    if vintage is not None and years:
        locked = in_force(history, vintage, as_of, case)
        if day < lock_end(vintage, years) and locked is not None:
            return _rate(payment, locked, f"the rate of its enrollment on {vintage}", day, as_of, case)
        lapsed = value_on(rider.term.lapsed, day, as_of, "current_rate") if rider.term else "current_rate"
        if day >= lock_end(vintage, years) and lapsed == "no_rate":
            return None
    held = in_force(history, day, as_of, case) or _first_within(history, day, period_end, as_of, case)
    return None if held is None else _rate(payment, held, "", day, as_of, case)


def _first_within(history: History[Decimal], day: date, end: date, as_of: date, case: Case) -> Dated[Decimal] | None:
    starts = sorted({dated.effective for dated in history if day < dated.effective < end})
    return next((held for start in starts if (held := in_force(history, start, as_of, case)) is not None), None)


def _rate(payment: Payment, held: Dated[Decimal], words: str, day: date, as_of: date, case: Case) -> Rate:
    multiplier = value_on(payment.multiplier, max(day, held.effective), as_of, Decimal(1), case)
    rate_usd = held.value * multiplier
    if Decimal(micro_from_usd(rate_usd)).scaleb(-6) != rate_usd:
        raise RateTooFine(f"{held.value} x {multiplier} is finer than a micro-dollar")
    made = f"{plain(held.value)} x {plain(multiplier)}" if multiplier != 1 else ""
    return Rate(rate_micro=micro_from_usd(rate_usd), unit=held.unit, effective=held.effective, cite=held.cite,
                words="; ".join(part for part in (made, words) if part))


def credit_parts(credit: ExportCredit, day: date, as_of: date, case: Case) -> tuple[Dated[Decimal], ...] | None:
    """What an export credit is made of on a month's first day, retail rate first; None when a part is not in force."""
    held = [in_force(getattr(credit, name), day, as_of, case) for name in CREDIT_PARTS]
    known = tuple(part for part in held if part is not None)
    return known if len(known) == len(held) else None


def _credit(payment: Payment, credit: ExportCredit, day: date, as_of: date, case: Case) -> Rate | None:
    parts = credit_parts(credit, day, as_of, case)
    if parts is None:
        return None
    retail, export, share, hours, days = (part.value for part in parts)
    multiplier = value_on(payment.multiplier, day, as_of, Decimal(1), case)
    rate_usd = (retail - export) * share * hours * days * multiplier
    made = (f"({plain(retail)} - {plain(export)}) x {plain(share)} x {plain(hours)} h x {plain(days)} days"
            + (f" x {plain(multiplier)}" if multiplier != 1 else ""))
    if Decimal(micro_from_usd(rate_usd)).scaleb(-6) != rate_usd:
        raise RateTooFine(f"{made} is finer than a micro-dollar")
    last = max(parts, key=lambda part: part.effective)
    return Rate(rate_micro=micro_from_usd(rate_usd), unit=CREDIT_UNIT, effective=last.effective, cite=last.cite,
                words=made)
