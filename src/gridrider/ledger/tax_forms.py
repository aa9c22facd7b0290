"""Which payees get a tax form: by payer, payee and calendar year of the payment date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from ..problem import Problem, warning
from ..tariff.model import Payout, Tariff, in_force
from .model import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Payments in a calendar year from which a form is due, and where that stands."""

    cents: int
    clause: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class YearPaid:
    """All payments to one payee in one calendar year, in whole cents."""

    payee_id: str
    year: int
    gross_cents: int
    withheld_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxForm:
    """A row of the year's list; `form_due` is None where the tariff names no threshold."""

    paid: YearPaid
    threshold: Threshold | None
    form_due: bool | None
    w9: str
    tin_last4: str
    backup_withholding: bool


def threshold_of(tariff: Tariff, year: int, known_on: date) -> Threshold | None:
    """The threshold in force at a year's end as known on a day; None where the tariff is silent."""
    payout = tariff.payout or Payout()
    held = in_force(payout.reportable_usd, date(year, 12, 31), known_on)
    return None if held is None else Threshold(cents=int(held.value * 100), clause=held.cite, confirmed=held.confirmed)


def tax_forms(tariff: Tariff, paid: Iterable[YearPaid], accounts: Mapping[str, Account],
              known_on: date) -> tuple[list[TaxForm], list[Problem]]:
    """A row for each payee and year, and a warning for each that is due a form and gave no certificate."""
    forms: list[TaxForm] = []
    problems: list[Problem] = []
    for each in sorted(paid, key=lambda each: (each.payee_id, each.year)):
        threshold, account = threshold_of(tariff, each.year, known_on), accounts.get(each.payee_id)
        due = None if threshold is None else each.gross_cents >= threshold.cents
        w9 = account.w9 if account else "missing"
        lacks = bool(due) and w9 != "received"
        forms.append(TaxForm(paid=each, threshold=threshold, form_due=due, w9=w9,
                             tin_last4=account.tin_last4 if account else "", backup_withholding=lacks))
        if lacks:
            problems.append(warning("accounts", f"is due a tax form for {each.year} and its certificate is {w9}",
                                    "Get the W-9 before the form is due.", row=account.row if account else None,
                                    column="w9", value=each.payee_id))
    if any(form.form_due is None for form in forms):
        problems.append(warning("tariff", "names no payout.reportable_usd for a year in which it pays, so nobody can "
                                "be told who is due a tax form", "Add the threshold with its source."))
    return forms, problems
