"""The records of a NACHA file: 94 characters each, in blocks of ten.

One layout for each record reads it and writes it. Names and widths are those of the NACHA Operating Rules' appendix on
record formats. Numbers are zero-filled on the left, text is blank-filled on the right.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

RECORD_WIDTH = 94
RECORDS_PER_BLOCK = 10
FILLER = "9" * RECORD_WIDTH

CREDITS_ONLY, DEBITS_ONLY, MIXED = 220, 225, 200
"""Service class of a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """Record 1: between which two banks, and when the file was made."""

    record_type: str = "1"
    priority: str = "01"
    immediate_destination: str
    immediate_origin: str
    created_on: str
    created_at: str
    modifier: str = "A"
    record_size: str = "094"
    blocking: str = "10"
    format_code: str = "1"
    destination_name: str
    origin_name: str
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """Record 5: who pays, what for, and on which day the money moves."""

    record_type: str = "5"
    service_class: int
    company_name: str
    discretionary: str = ""
    company_id: str
    entry_class: str
    description: str
    descriptive_date: str = ""
    effective_on: str
    settlement_day: str = ""
    originator_status: str = "1"
    odfi: str
    batch_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDetail:
    """Record 6: one account that is credited or debited. `amount_cents` is never negative; the code says which way."""

    record_type: str = "6"
    transaction_code: int
    rdfi: str
    check_digit: str
    account: str
    amount_cents: int
    individual_id: str
    name: str
    discretionary: str = ""
    has_addenda: int
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remittance:
    """Record 7, type 05: what the payment is for."""

    record_type: str = "7"
    addenda_type: str = "05"
    paid_for: str
    sequence: int
    entry_sequence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Record 7, type 98: the bank asks to correct what we hold of the account."""

    record_type: str = "7"
    addenda_type: str = "98"
    code: str
    original_trace: str
    reserved_1: str = ""
    original_rdfi: str
    corrected: str
    reserved_2: str = ""
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Record 7, type 99: the bank sends the entry back."""

    record_type: str = "7"
    addenda_type: str = "99"
    code: str
    original_trace: str
    date_of_death: str = ""
    original_rdfi: str
    explained: str = ""
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchControl:
    """Record 8: the sums of a batch."""

    record_type: str = "8"
    service_class: int
    count: int
    entry_hash: int
    debit_cents: int
    credit_cents: int
    company_id: str
    authentication: str = ""
    reserved: str = ""
    odfi: str
    batch_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileControl:
    """Record 9: the sums of a file."""

    record_type: str = "9"
    batches: int
    blocks: int
    count: int
    entry_hash: int
    debit_cents: int
    credit_cents: int
    reserved: str = ""


WIDTHS: dict[type[Any], tuple[int, ...]] = {
    FileHeader: (1, 2, 10, 10, 6, 4, 1, 3, 2, 1, 23, 23, 8),
    BatchHeader: (1, 3, 16, 20, 10, 3, 10, 6, 6, 3, 1, 8, 7),
    EntryDetail: (1, 2, 8, 1, 17, 10, 15, 22, 2, 1, 15),
    Remittance: (1, 2, 80, 4, 7),
    Change: (1, 2, 3, 15, 6, 8, 29, 15, 15),
    Return: (1, 2, 3, 15, 6, 8, 44, 15),
    BatchControl: (1, 3, 6, 10, 12, 12, 10, 19, 6, 8, 7),
    FileControl: (1, 6, 6, 8, 10, 12, 12, 39),
}
"""The width of every field, in the order of the record's declaration."""

Addendum = Remittance | Change | Return
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry with what follows it, and the line of the file on which it stands (0 in a file being made)."""

    detail: EntryDetail
    addenda: tuple[Addendum, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Entries of one payer, one class and one day."""

    header: BatchHeader
    entries: tuple[Entry, ...]
    control: BatchControl


@dataclass(frozen=True, slots=True, kw_only=True)
class AchFile:
    """A whole file; how its lines end belongs to it, so that a file that was read is written back byte for byte."""

    header: FileHeader
    batches: tuple[Batch, ...]
    control: FileControl
    line_end: str = "\n"
    ends_last_line: bool = True


class NotWritable(ValueError):
    """A record holds what its place in the file cannot."""


def line_of(record: Any) -> str:
    """One record as its 94 characters.

    Raises NotWritable for a text or number that is too long for its field, or that is not printable ASCII; it names
    the field and never its content, which may be an account number.
    """
    parts = []
    for field, width in zip(fields(record), WIDTHS[type(record)], strict=True):
        held = getattr(record, field.name)
        part = f"{held:0{width}d}" if isinstance(held, int) else f"{held:{width}}"
        if len(part) > width or not (part.isascii() and part.isprintable()) or part.startswith("-"):
            raise NotWritable(f"{type(record).__name__}.{field.name} does not fit into {width} printable characters")
        parts.append(part)
    return "".join(parts)


def record_of(kind: type[Record], line: str) -> tuple[Record | None, list[str]]:
    """A record from its 94 characters, or the names of the number fields that hold no number."""
    held: dict[str, Any] = {}
    wrong: list[str] = []
    start = 0
    for field, width in zip(fields(kind), WIDTHS[kind], strict=True):  # type: ignore[arg-type]
        part = line[start:start + width]
        start += width
        if field.type == "int":
            if part.isdecimal():
                held[field.name] = int(part)
            else:
                wrong.append(field.name)
        else:
            held[field.name] = part.rstrip(" ")
    return (None, wrong) if wrong else (kind(**held), [])


def text_of(file: AchFile) -> str:
    """The file as text: its records, then lines of nines up to the end of the last block."""
    lines = [line_of(file.header)]
    for batch in file.batches:
        lines.append(line_of(batch.header))
        for entry in batch.entries:
            lines.append(line_of(entry.detail))
            lines.extend(line_of(addendum) for addendum in entry.addenda)
        lines.append(line_of(batch.control))
    lines.append(line_of(file.control))
    lines.extend([FILLER] * (-len(lines) % RECORDS_PER_BLOCK))
    return file.line_end.join(lines) + (file.line_end if file.ends_last_line else "")
