"""What a NACHA file must hold to be true: sums, hashes, counts, check digits and the order of its trace numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from ...ledger.model import routing_check_digit
from ...problem import Problem, error
from .totals import (
    CREDIT_CODES,
    DEBIT_CODES,
    PRENOTE_CODES,
    RETURN_CODES,
    batch_control,
    file_control,
)
from .wire import (
    CREDITS_ONLY,
    DEBITS_ONLY,
    MIXED,
    RECORDS_PER_BLOCK,
    AchFile,
    Batch,
    BatchControl,
    Entry,
    FileControl,
    Remittance,
)

ENTRY_CLASSES = ("PPD", "CCD", "CTX", "COR")
_REFUSE = "Do not use the file; ask whoever made it for a true one."


def check_file(file: AchFile, name: str, lines: int) -> list[Problem]:
    """Every Problem of a file that could be read, by line."""
    found = list(_check_file(file, name, lines))
    line = 2
    for batch in file.batches:
        found.extend(_check_batch(batch, name, line))
        line += 2 + sum(1 + len(entry.addenda) for entry in batch.entries)
    return sorted(found, key=lambda problem: (problem.row or 0, problem.column, problem.reason))


def _check_file(file: AchFile, name: str, lines: int) -> Iterator[Problem]:
    if (file.header.record_size, file.header.blocking, file.header.format_code) != ("094", "10", "1"):
        yield error(name, "does not announce records of 94 characters in blocks of ten, format 1", _REFUSE, row=1)
    if lines % RECORDS_PER_BLOCK:
        yield error(name, f"has {lines} lines, which is no whole number of blocks of ten", _REFUSE, row=lines)
    at = 2 + sum(2 + sum(1 + len(entry.addenda) for entry in batch.entries) for batch in file.batches)
    yield from _differences(file.control, file_control(file.batches), name, at)


def _check_batch(batch: Batch, name: str, line: int) -> Iterator[Problem]:
    header = batch.header
    if header.entry_class not in ENTRY_CLASSES:
        yield error(name, f"is a class of entry that we do not read; we read {', '.join(ENTRY_CLASSES)}", _REFUSE,
                    row=line, column="entry_class", value=header.entry_class)
    if header.service_class not in (CREDITS_ONLY, DEBITS_ONLY, MIXED):
        yield error(name, "is no service class: 200, 220 or 225", _REFUSE, row=line, column="service_class",
                    value=str(header.service_class))
    before = ""
    for entry in batch.entries:
        yield from _check_entry(entry, header.service_class, name)
        if entry.detail.trace <= before:
            yield error(name, "the trace numbers of a batch must rise", _REFUSE, row=entry.line, column="trace",
                        value=entry.detail.trace)
        before = entry.detail.trace
    if all(entry.detail.rdfi.isdecimal() for entry in batch.entries):
        end = line + 1 + sum(1 + len(entry.addenda) for entry in batch.entries)
        yield from _differences(batch.control, batch_control(header, batch.entries), name, end)


def _check_entry(entry: Entry, service_class: int, name: str) -> Iterator[Problem]:
    detail, code = entry.detail, entry.detail.transaction_code
    if code not in CREDIT_CODES | DEBIT_CODES:
        yield error(name, "is no transaction code that we know", _REFUSE, row=entry.line, column="transaction_code",
                    value=str(code))
    elif (service_class == CREDITS_ONLY and code in DEBIT_CODES) or (
            service_class == DEBITS_ONLY and code in CREDIT_CODES):
        yield error(name, f"does not belong into a batch of service class {service_class}", _REFUSE, row=entry.line,
                    column="transaction_code", value=str(code))
    if code in PRENOTE_CODES and detail.amount_cents:
        yield error(name, "a prenote carries no money", _REFUSE, row=entry.line, column="amount_cents")
    if not (len(detail.rdfi) == 8 and detail.rdfi.isdecimal()):
        yield error(name, "the bank's number is not eight digits", _REFUSE, row=entry.line, column="rdfi")
    elif routing_check_digit(detail.rdfi) != detail.check_digit:
        yield error(name, "is not the check digit of the bank's number", _REFUSE, row=entry.line, column="check_digit",
                    value=detail.check_digit)
    if bool(detail.has_addenda) != bool(entry.addenda):
        yield error(name, "the entry does not say truly whether an addendum follows", _REFUSE, row=entry.line,
                    column="has_addenda", value=str(detail.has_addenda))
    if code in RETURN_CODES and any(isinstance(addendum, Remittance) for addendum in entry.addenda):
        yield error(name, "a returned entry needs an addendum of type 98 or 99", _REFUSE, row=entry.line,
                    column="addenda_type", value="05")


def _differences(held: BatchControl | FileControl, due: BatchControl | FileControl, name: str,
                 line: int) -> Iterator[Problem]:
    """A Problem for each sum of a control record that is not what the records before it give."""
    sums = [field.name for field in fields(due) if field.type == "int" or field.name in ("company_id", "odfi")]
    for each in sums:
        seen, right = getattr(held, each), getattr(due, each)
        if seen != right:
            yield error(name, f"the control record should say {right}", _REFUSE, row=line, column=each,
                        value=str(seen))
