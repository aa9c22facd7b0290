"""What a bank's file of returns and notifications of change says of our entries."""

from __future__ import annotations

from ...ledger.model import Returned
from .wire import AchFile, Change, Return


def returned_entries(file: AchFile) -> tuple[list[Returned], int]:
    """Every return and change in the order of the file, and how many entries are neither."""
    found: list[Returned] = []
    others = 0
    for batch in file.batches:
        for entry in batch.entries:
            told = [addendum for addendum in entry.addenda if isinstance(addendum, (Return, Change))]
            others += not told
            found.extend(Returned(code=addendum.code, original_trace=addendum.original_trace,
                                  cents=entry.detail.amount_cents, line=entry.line,
                                  corrected=addendum.corrected if isinstance(addendum, Change) else "")
                         for addendum in told)
    return found, others
