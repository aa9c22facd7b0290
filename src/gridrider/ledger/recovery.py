"""The cost of the program recovered by a surcharge on sales: a regulatory asset that is carried from month to month.

Source: New York A. 10354, section 242: administration, DERMS and other services, operations and maintenance,
information technology, and the payments to participants may be recovered, with a return if the commission allows one.
Interpretation: the return runs on the balance at the month's beginning, also where too much was collected; a twelfth
of the yearly rate a month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ..quantity import MWH_PER_KWH, divide_half_away
from .model import Entry, Posting, id_of

_MICRO_PER_CENT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryMonth:
    """What a month brings: costs by account, forecast sales, and what was collected (None = not yet known)."""

    month: date
    cost_cents: Mapping[str, int]
    forecast_mwh: int
    collected_cents: int | None
    return_pct: Decimal
    """Yearly; 0 = no return is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRow:
    """A month of the regulatory asset, in whole cents; + = customers still owe it."""

    given: RecoveryMonth
    opening_cents: int
    return_cents: int
    to_recover_cents: int
    surcharge_micro_usd_per_kwh: int
    closing_cents: int | None


def recovery_rows(months: Sequence[RecoveryMonth]) -> list[RecoveryRow]:
    """Carry the balance through consecutive months; what is collected too little or too much goes into the next."""
    rows: list[RecoveryRow] = []
    opening = 0
    for given in months:
        earned = return_on(opening, given.return_pct)
        to_recover = opening + sum(given.cost_cents.values()) + earned
        closing = None if given.collected_cents is None else to_recover - given.collected_cents
        rows.append(RecoveryRow(
            given=given, opening_cents=opening, return_cents=earned, to_recover_cents=to_recover, closing_cents=closing,
            surcharge_micro_usd_per_kwh=divide_half_away(to_recover * _MICRO_PER_CENT * MWH_PER_KWH,
                                                         given.forecast_mwh)))
        opening = closing or 0
    return rows


def return_on(opening_cents: int, yearly_pct: Decimal) -> int:
    """A month's return on a balance, rounded once to cents.

    >>> return_on(1_200_000, Decimal("7.5"))
    7500
    """
    numerator, denominator = yearly_pct.as_integer_ratio()
    return divide_half_away(opening_cents * numerator, denominator * 1200)


def recovery_entries(row: RecoveryRow, program: str, posted_at: datetime) -> list[Entry]:
    """The month's entries: costs and return into the asset, collections out of it."""
    asset, month = f"regulatory_asset:program:{program}", f"{row.given.month:%Y-%m}"
    found = []
    credits = {_deferred(account, program): cents for account, cents in row.given.cost_cents.items() if cents}
    if row.return_cents:
        credits["income:allowed_return"] = row.return_cents
    for account, cents in sorted(credits.items()):
        found.append(_entry(("recovery", program, month, account), posted_at, asset, account, cents,
                            f"cost of {month} to be recovered"))
    if row.given.collected_cents:
        found.append(_entry(("collected", program, month), posted_at, "cash:retail", asset, row.given.collected_cents,
                            f"surcharge collected in {month}"))
    return found


def _deferred(account: str, program: str) -> str:
    return f"expense:program:{program}" if account == "participant_payments" else f"expense:{account}:{program}"


def _entry(key: tuple[str, ...], posted_at: datetime, debit: str, credit: str, cents: int, because: str) -> Entry:
    return Entry(entry_id=id_of("E", *key), posted_at=posted_at, because=because,
                 postings=(Posting(account=debit, cents=cents), Posting(account=credit, cents=-cents)))
