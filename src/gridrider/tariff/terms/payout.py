"""How payments leave the house: approvals, checks, tax forms and the accounts of cost recovery."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..dated import History
from ..fields import optional, rule


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRecovery:
    """What of the program's cost a surcharge on sales may recover."""

    accounts: History[frozenset[str]] = rule("accounts that may be recovered",
                                             choices=("admin", "derms", "om", "it", "participant_payments"))
    return_pct: History[Decimal] = rule("yearly return on the opening balance; absent = none", unit="%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """The rules of payment files and of what is reported to the tax authority."""

    four_eyes: History[bool] = rule("whether preparer and approver must differ; absent = they must")
    on_request: History[bool] = rule("a balance is paid when the payee asks for it; absent = without being asked")
    pays_provisional: History[bool] = rule("whether provisional statements are paid; absent = they wait")
    prenote: History[bool] = rule("a test entry without money goes before the first payment to an account")
    prenote_wait_days: History[Decimal] = rule("banking days between a prenote and money", unit="days")
    reversal_within_days: History[Decimal] = rule("banking days in which a payment made in error may be taken back",
                                                  unit="days")
    description: History[str] = rule("what the payee's bank statement says, ten characters at most")
    checks_stale_after_days: History[Decimal] = rule("days after which an uncashed check is void", unit="days")
    carry_below_usd: History[Decimal] = rule("a balance below this waits for the next payment", unit="USD")
    reportable_usd: History[Decimal] = rule("payments in a calendar year from which a tax form is due", unit="USD")
    backup_withholding_pct: History[Decimal] = rule(
        "share kept for the tax authority from a payee without a certificate", unit="%")
    withhold_backup: History[bool] = rule("whether it is kept; absent = the payment is only flagged")
    recovery: CostRecovery | None = optional("how the program's cost is recovered")
