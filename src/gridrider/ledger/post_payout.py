"""The entries of payments, of money that comes back, and of checks that nobody cashed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..money import usd_from_cents
from .model import Entry, Owed, Payment, Posting, id_of

CASH = {"eft": "cash:ach", "check": "cash:checks"}
"""The account that money leaves from; other forms are cleared by whoever gives them out."""
TAX_PAYABLE = "payable:irs"


def cash_account(form: str) -> str:
    """The account that a form of payment is posted to."""
    return CASH.get(form, f"clearing:{form}")


def payment_entry(payment: Payment, posted_at: datetime) -> Entry:
    """Debit what is owed to the payee, credit cash; what the payee owed us and is offset is credited too."""
    payable, receivable = _settled(payment.owed)
    because = f"paid {usd_from_cents(payment.net_cents)} USD to {payment.account.payee_id} by {payment.account.form}"
    postings = (Posting(account=f"payable:{payment.payee_id}", cents=payable),
                Posting(account=f"receivable:{payment.payee_id}", cents=-receivable),
                Posting(account=TAX_PAYABLE, cents=-payment.withheld_cents),
                Posting(account=cash_account(payment.account.form), cents=-payment.net_cents))
    return Entry(entry_id=id_of("E", "payout", payment.payment_id), posted_at=posted_at,
                 postings=tuple(posting for posting in postings if posting.cents), because=because)


def _settled(owed: Iterable[Owed]) -> tuple[int, int]:
    """How much of the payable, and of the receivable that a statement below zero left, this payment settles."""
    payable = receivable = 0
    for each in owed:
        before, after = each.paid_cents, each.paid_cents + each.due_cents
        payable += max(after, 0) - max(before, 0)
        receivable += max(-after, 0) - max(-before, 0)
    return payable, receivable


def mirrored(entry: Entry, key: str, posted_at: datetime, because: str) -> Entry:
    """The same postings the other way round, under an id of their own; the first entry stays as it is."""
    return Entry(entry_id=id_of("E", "mirror", key), posted_at=posted_at, because=because,
                 postings=tuple(Posting(account=posting.account, cents=-posting.cents) for posting in entry.postings))


def stale_check_entry(check_number: int, payment_id: str, payee_id: str, cents: int, posted_at: datetime) -> Entry:
    """A void check: the cash is there again, and belongs to the payee as unclaimed money."""
    return Entry(entry_id=id_of("E", "stale", payment_id, check_number), posted_at=posted_at,
                 because=f"check {check_number} was not cashed in time",
                 postings=(Posting(account=CASH["check"], cents=cents),
                           Posting(account=f"liability:unclaimed:{payee_id}", cents=-cents)))
