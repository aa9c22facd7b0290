"""Month-end accrual: incentives that are earned by the month's end and not yet final or not yet in the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from .model import Entry, Posting, id_of
from .post_payout import mirrored


def accrual_entries(program: str, month: str, from_accounts: Mapping[str, int], posted_at: datetime,
                    reversed_at: datetime) -> list[Entry]:
    """An entry for each account that gives, and its mirror on the first of the next month.

    `from_accounts` holds whole cents by account: `payable:<payee>` for what stands in the books and may still change,
    `expense:program:<tariff>` for what is earned and not yet in the books. The other side is always
    `accrued:program:<tariff>`.
    """
    entries = []
    for account, cents in sorted(from_accounts.items()):
        if cents:
            entry = Entry(
                entry_id=id_of("E", "accrual", program, month, account, cents), posted_at=posted_at,
                because=f"accrual of {month}: " + (
                    "booked and may still change" if account.startswith("payable:") else "earned and not yet booked"),
                postings=(Posting(account=account, cents=cents),
                          Posting(account=f"accrued:program:{program}", cents=-cents)))
            entries += [entry, mirrored(entry, entry.entry_id, reversed_at, f"reversal of {entry.entry_id}")]
    return entries


def gl_account_of(account: str, mapping: Mapping[str, str]) -> str | None:
    """The general ledger's number of an account: of the longest beginning that fits; None when none does.

    >>> gl_account_of("payable:ann", {"payable:": "2100", "payable:ann": "2199", "cash:": "1000"})
    '2199'
    """
    fitting = [beginning for beginning in mapping if account.startswith(beginning)]
    return mapping[max(fitting, key=len)] if fitting else None


def unmapped(entries: Sequence[Entry], mapping: Mapping[str, str]) -> list[str]:
    """The accounts of these entries that the mapping leaves out."""
    accounts = {posting.account for entry in entries for posting in entry.postings}
    return sorted(account for account in accounts if gl_account_of(account, mapping) is None)
