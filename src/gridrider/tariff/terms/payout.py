"""How payments leave the house: approvals, checks, tax forms and the accounts of cost recovery."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..dated import History
from ..fields import rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """The rules of payment files and of what is reported to the tax authority."""

    four_eyes: History[bool] = rule("whether preparer and approver must differ")
    checks_stale_after_days: History[Decimal] = rule("days after which an uncashed check is void", unit="days")
    carry_below_usd: History[Decimal] = rule("a balance below this waits for the next payment", unit="USD")
    reportable_usd: History[Decimal] = rule("payments in a calendar year from which a tax form is due", unit="USD")
