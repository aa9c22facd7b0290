"""The sums that a batch and a file must carry, and the kinds of transaction code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .wire import (
    CREDITS_ONLY,
    DEBITS_ONLY,
    MIXED,
    RECORDS_PER_BLOCK,
    Batch,
    BatchControl,
    BatchHeader,
    Entry,
    FileControl,
)

CREDIT_CODES = frozenset({21, 22, 23, 24, 31, 32, 33, 34})
DEBIT_CODES = frozenset({26, 27, 28, 29, 36, 37, 38, 39})
PRENOTE_CODES = frozenset({23, 28, 33, 38})
RETURN_CODES = frozenset({21, 26, 31, 36})
HASH_DIGITS = 10**10


def service_class_of(codes: Iterable[int]) -> int:
    """Credits only, debits only, or both."""
    held = set(codes)
    if held and held <= DEBIT_CODES:
        return DEBITS_ONLY
    return MIXED if held & DEBIT_CODES else CREDITS_ONLY


def batch_control(header: BatchHeader, entries: Sequence[Entry]) -> BatchControl:
    """The control record that these entries ask for."""
    details = [entry.detail for entry in entries]
    return BatchControl(
        service_class=header.service_class, count=sum(1 + len(entry.addenda) for entry in entries),
        entry_hash=sum(int(detail.rdfi) for detail in details) % HASH_DIGITS,
        debit_cents=sum(detail.amount_cents for detail in details if detail.transaction_code in DEBIT_CODES),
        credit_cents=sum(detail.amount_cents for detail in details if detail.transaction_code in CREDIT_CODES),
        company_id=header.company_id, odfi=header.odfi, batch_number=header.batch_number)


def file_control(batches: Sequence[Batch]) -> FileControl:
    """The control record that these batches ask for."""
    controls = [batch.control for batch in batches]
    records = 2 + sum(2 + sum(1 + len(entry.addenda) for entry in batch.entries) for batch in batches)
    return FileControl(
        batches=len(batches), blocks=-(-records // RECORDS_PER_BLOCK), count=sum(held.count for held in controls),
        entry_hash=sum(held.entry_hash for held in controls) % HASH_DIGITS,
        debit_cents=sum(held.debit_cents for held in controls),
        credit_cents=sum(held.credit_cents for held in controls))
