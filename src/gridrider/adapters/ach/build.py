"""A NACHA file from the transfers of a payout."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from ...ledger.model import Account, Transfer
from .remittance import remittance_texts
from .totals import batch_control, file_control, service_class_of
from .wire import (
    AchFile,
    Addendum,
    Batch,
    BatchControl,
    BatchHeader,
    Entry,
    EntryDetail,
    FileControl,
    FileHeader,
    Remittance,
)

ENTRIES_PER_BATCH = 90_000
"""A batch counts entries and addenda in six digits."""
TRACES = 10_000_000
CODES = {("credit", "checking"): 22, ("prenote", "checking"): 23, ("reversal", "checking"): 27,
         ("credit", "savings"): 32, ("prenote", "savings"): 33, ("reversal", "savings"): 37}
"""Transaction code by what is done to which kind of account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AchRequest:
    """Who pays, when, and what the payees' bank statements say."""

    originator: Account
    made_at: datetime
    """Local time of the file."""
    effective_on: date
    description: str
    modifier: str = "A"


def trace_number(originator: Account, trace_no: int) -> str:
    """Fifteen digits: the first eight of our bank, and our own number of the entry."""
    return f"{originator.routing[:8]}{trace_no % TRACES:07d}"


def build_file(request: AchRequest, transfers: Sequence[Transfer]) -> AchFile:
    """Batches by class of entry, in the order of the transfers' trace numbers; the sums follow from the entries.

    Raises NotWritable, when it is written, for an amount or a name that has no place in the format.
    """
    originator = request.originator
    batches: list[Batch] = []
    for entry_class, held in groupby(sorted(transfers, key=_place), key=lambda transfer: transfer.entry_class):
        entries = list(held)
        for at in range(0, len(entries), ENTRIES_PER_BATCH):
            batches.append(_batch(request, entry_class, entries[at:at + ENTRIES_PER_BATCH], len(batches) + 1))
    header = FileHeader(
        immediate_destination=f" {originator.routing}", immediate_origin=originator.payee_id[:10].rjust(10),
        created_on=f"{request.made_at:%y%m%d}", created_at=f"{request.made_at:%H%M}", modifier=request.modifier,
        destination_name=plain_ascii(originator.bank_name, 23), origin_name=plain_ascii(originator.holder_name, 23))
    blank = FileControl(batches=0, blocks=0, count=0, entry_hash=0, debit_cents=0, credit_cents=0)
    file = AchFile(header=header, batches=tuple(batches), control=blank)
    return replace(file, control=file_control(file.batches))


def _place(transfer: Transfer) -> tuple[str, int]:
    return transfer.entry_class, transfer.trace_no


def _batch(request: AchRequest, entry_class: str, transfers: Sequence[Transfer], number: int) -> Batch:
    originator = request.originator
    entries = tuple(_entry(request, transfer) for transfer in transfers)
    header = BatchHeader(
        service_class=service_class_of(entry.detail.transaction_code for entry in entries),
        company_name=plain_ascii(originator.holder_name, 16), company_id=originator.payee_id[:10],
        entry_class=entry_class, description=plain_ascii(request.description, 10),
        effective_on=f"{request.effective_on:%y%m%d}", odfi=originator.routing[:8], batch_number=number)
    control: BatchControl = batch_control(header, entries)
    return Batch(header=header, entries=entries, control=control)


def _entry(request: AchRequest, transfer: Transfer) -> Entry:
    account, trace = transfer.account, trace_number(request.originator, transfer.trace_no)
    addenda = tuple(_addenda(request, transfer, trace))
    name = plain_ascii(account.holder_name, 22)
    if transfer.entry_class == "CTX":
        name = f"{len(addenda):04d}{plain_ascii(account.holder_name, 16):16}"
    detail = EntryDetail(
        transaction_code=CODES[transfer.kind, account.account_type], rdfi=account.routing[:8],
        check_digit=account.routing[8:], account=account.account, amount_cents=transfer.cents,
        individual_id=plain_ascii(transfer.payee_id, 15), name=name, has_addenda=int(bool(addenda)), trace=trace)
    return Entry(detail=detail, addenda=addenda)


def _addenda(request: AchRequest, transfer: Transfer, trace: str) -> Iterator[Addendum]:
    texts = remittance_texts(transfer, request.originator, request.made_at, request.effective_on)
    for sequence, text in enumerate(texts, start=1):
        yield Remittance(paid_for=text, sequence=sequence, entry_sequence=trace[-7:])


def plain_ascii(text: str, width: int) -> str:
    """A name as the format can hold it: letters lose their accents, what is left over becomes a blank.

    >>> plain_ascii("Zoë Müller-Ñuñez", 10)
    'Zoe Muller'
    """
    letters = unicodedata.normalize("NFKD", text)
    kept = (letter if letter.isascii() and letter.isprintable() else " " for letter in letters
            if not unicodedata.combining(letter))
    return "".join(kept)[:width].rstrip()
