"""The ledger: balanced entries that are never edited, and how what is owed leaves the house."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from .tables import ACCOUNTS as ACCOUNTS
from .tables import ACCRUAL as ACCRUAL
from .tables import APPROVALS as APPROVALS
from .tables import BATCH as BATCH
from .tables import CHECKS as CHECKS
from .tables import CLEARED as CLEARED
from .tables import FORMS_1099 as FORMS_1099
from .tables import GL_ACCOUNTS as GL_ACCOUNTS
from .tables import HELD as HELD
from .tables import LEDGER as LEDGER
from .tables import PAID as PAID
from .tables import PASS_THROUGH as PASS_THROUGH
from .tables import PAYMENTS as PAYMENTS
from .tables import PROGRAM_COSTS as PROGRAM_COSTS
from .tables import RECOUPED as RECOUPED
from .tables import RECOVERY as RECOVERY
from .tables import RETURNS as RETURNS
from .tables import REVERSALS as REVERSALS
from .tables import SURCHARGES as SURCHARGES


class Unbalanced(ValueError):
    """An entry's debits and credits differ: a bug, never a finding about data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One account's part of an entry, in whole cents; + is a debit, - a credit."""

    account: str
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One balanced movement of money; raises Unbalanced when it is not."""

    entry_id: str
    posted_at: datetime
    postings: tuple[Posting, ...]
    because: str
    line_id: str = ""

    def __post_init__(self) -> None:
        off_by = sum(posting.cents for posting in self.postings)
        if off_by:
            raise Unbalanced(f"entry {self.entry_id} is off by {off_by} cents")


def id_of(letter: str, *key: object) -> str:
    """An id that follows from a key alone, so that a second run gives the same one.

    >>> id_of("E", "payout", "P1") == id_of("E", "payout", "P1") != id_of("E", "payout", "P2")
    True
    """
    text = chr(31).join(str(part) for part in key)
    return letter + hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a payee is paid. The account number is a secret: it is never printed, `ending` is."""

    payee_id: str
    form: str
    holder_name: str = ""
    holder_class: str = "consumer"
    routing: str = ""
    account: str = ""
    account_type: str = "checking"
    addenda: bool = False
    address: str = ""
    w9: str = "missing"
    tin_last4: str = ""
    prenote_on: date | None = None
    assigned_to: str = ""
    assigned_signed_on: date | None = None
    pay_requested_on: date | None = None
    hold: str = ""
    bank_name: str = ""
    row: int = 0

    @property
    def ending(self) -> str:
        """The account's last four characters; all that may be shown of it."""
        return self.account[-4:]

    def __repr__(self) -> str:
        return f"Account({self.payee_id!r}, {self.form!r}, ending {self.ending!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A statement with what has been paid of it so far, in whole cents."""

    statement_id: str
    payee_id: str
    participant_id: str
    period_start: date
    period_end: date
    version: int
    total_cents: int
    """What the payee is owed by it: its total without what a participant owes a funder."""
    paid_cents: int
    final: bool
    services: tuple[str, ...]

    @property
    def due_cents(self) -> int:
        """What is still to be paid; below zero = paid too much."""
        return self.total_cents - self.paid_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What one payee is paid now, for which statements, to which account."""

    payment_id: str
    payee_id: str
    account: Account
    owed: tuple[Owed, ...]
    withheld_cents: int = 0

    @property
    def gross_cents(self) -> int:
        """The sum of what the statements still owe."""
        return sum(each.due_cents for each in self.owed)

    @property
    def net_cents(self) -> int:
        """What leaves the house to the payee."""
        return self.gross_cents - self.withheld_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One entry of a payment file: a credit, a prenote without money, or the reversal of an earlier credit."""

    payment_id: str
    payee_id: str
    kind: str
    account: Account
    cents: int
    statements: tuple[tuple[str, int], ...]
    """Statement ids with what is paid of each, in whole cents."""
    trace_no: int

    @property
    def entry_class(self) -> str:
        """PPD for a consumer; CCD for a business, CTX when it wants the particulars of several statements."""
        if self.account.holder_class == "consumer":
            return "PPD"
        return "CTX" if self.account.addenda and len(self.statements) > 1 else "CCD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What the bank says of one of our entries: it came back (R..), or our record of the account is wrong (C..)."""

    code: str
    original_trace: str
    cents: int
    corrected: str = ""
    line: int = 0


def routing_check_digit(first_eight: str) -> str:
    """The ninth digit of a bank's routing number: weights 3-7-1 over all nine make a multiple of ten.

    >>> routing_check_digit("23138010")
    '4'
    """
    weighed = sum(int(digit) * weight for digit, weight in zip(first_eight, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
    return str(-weighed % 10)


def is_routing(routing: str) -> bool:
    """True for nine digits of which the last is the right check digit."""
    return len(routing) == 9 and routing.isascii() and routing.isdecimal() \
        and routing_check_digit(routing[:8]) == routing[8]
