"""Write the tables of a payout: exact texts, sorted by key."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .. import __version__
from ..interval import utc_text
from ..ledger.approve import Approval
from ..ledger.batch import Batch, Held
from ..ledger.model import BATCH, CHECKS, FORMS_1099, HELD, LEDGER, PAID, PASS_THROUGH, Entry, Owed, Payment
from ..ledger.pass_through import FunderClaim
from ..ledger.tax_forms import TaxForm
from ..money import usd_from_cents
from ..problem import DataRefused, error
from ..table import TableSchema
from .outputs import MARK

Row = Mapping[str, object]


def write_table(file: Path, schema: TableSchema, rows: Iterable[Row]) -> None:
    """Write rows as the schema's CSV, sorted by its key; whole numbers sort as numbers."""
    ordered = sorted(rows, key=lambda row: tuple(_place(row.get(name, "")) for name in schema.key))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(schema.names)
        writer.writerows([text_of(row.get(name, "")) for name in schema.names] for row in ordered)


def _place(cell: object) -> tuple[int, str]:
    return (cell, "") if isinstance(cell, int) else (0, text_of(cell))


def text_of(cell: object) -> str:
    """A cell as the tables write it.

    >>> text_of(True), text_of(None), text_of(("a", "b"))
    ('true', '', 'a;b')
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, tuple):
        return ";".join(cell)
    return "" if cell is None else str(cell)


def write_ledger(file: Path, entries: Iterable[Entry], currency: str) -> None:
    """Write entries as the contract's ledger table."""
    write_table(file, LEDGER, [
        {"entry_id": entry.entry_id, "posting_no": number, "posted_at": utc_text(entry.posted_at),
         "account": posting.account, "debit_usd": usd_from_cents(posting.cents) if posting.cents > 0 else "",
         "credit_usd": usd_from_cents(-posting.cents) if posting.cents < 0 else "", "currency": currency,
         "line_id": entry.line_id, "because": f"{entry.because}."}
        for entry in entries for number, posting in enumerate(entry.postings, start=1)])


def write_batch(file: Path, batch: Batch) -> None:
    """Write the proposal that people approve: accounts by their last four."""
    write_table(file, BATCH, [
        {"batch_hash": batch.batch_hash, "payment_id": payment.payment_id, "payee_id": payment.payee_id,
         "paid_to": payment.account.payee_id, "form": payment.account.form, "destination": destination_of(payment),
         "statement_id": each.statement_id, "version": each.version, "amount_usd": usd_from_cents(each.due_cents)}
        for payment in batch.payments for each in payment.owed])


def destination_of(payment: Payment) -> str:
    """What may be shown of an account."""
    return f"****{payment.account.ending}" if payment.account.form == "eft" else ""


def write_held(file: Path, held: Iterable[Held]) -> None:
    """Write what waits, by payee; a payee may have two reasons."""
    write_table(file, HELD, [{"payee_id": each.payee_id, "amount_usd": usd_from_cents(each.cents),
                              "reason": each.reason, "because": f"{each.because}."} for each in held])


def paid_row(each: Owed, tariff: str, payment_id: str, paid_cents: int) -> Row:
    """A statement's row of paid.csv."""
    return {"statement_id": each.statement_id, "payment_id": payment_id, "payee_id": each.payee_id,
            "participant_id": each.participant_id, "tariff": tariff, "period_start": each.period_start,
            "period_end": each.period_end, "version": each.version, "final": each.final, "services": each.services,
            "total_usd": usd_from_cents(each.total_cents), "paid_usd": usd_from_cents(paid_cents)}


def write_paid(file: Path, tariff: str, payments: Sequence[Payment], owed: Sequence[Owed],
               claimed: frozenset[str]) -> None:
    """Write what is paid of each statement, and with nothing paid the statements that wait or bear a funder's claim."""
    rows = [paid_row(each, tariff, payment.payment_id, each.due_cents) for payment in payments for each in payment.owed]
    done = {row["statement_id"] for row in rows}
    rows += [paid_row(each, tariff, "", 0) for each in owed
             if (each.due_cents or each.statement_id in claimed) and each.statement_id not in done]
    write_table(file, PAID, rows)


def write_claims(file: Path, claims: Iterable[FunderClaim]) -> None:
    """Write what is newly booked of each claim of a funder."""
    write_table(file, PASS_THROUGH, [
        {"line_id": claim.line_id, "statement_id": claim.statement_id, "participant_id": claim.participant_id,
         "enrollment_id": claim.enrollment_id, "payee_id": claim.payee_id, "clause": claim.clause,
         "owed_usd": usd_from_cents(claim.cents - claim.booked_cents)}
        for claim in claims if claim.cents != claim.booked_cents])


def write_forms(file: Path, payer: str, forms: Iterable[TaxForm]) -> None:
    """Write the year's list for the tax forms."""
    write_table(file, FORMS_1099, [
        {"payer": payer, "payee_id": form.paid.payee_id, "year": form.paid.year,
         "paid_usd": usd_from_cents(form.paid.gross_cents), "withheld_usd": usd_from_cents(form.paid.withheld_cents),
         "threshold_usd": usd_from_cents(form.threshold.cents) if form.threshold else "", "form_due": form.form_due,
         "w9": form.w9, "tin_last4": form.tin_last4, "backup_withholding": form.backup_withholding,
         "clause": _clause(form)} for form in forms])


def _clause(form: TaxForm) -> str:
    if form.threshold is None:
        return ""
    return form.threshold.clause + ("" if form.threshold.confirmed else " (unconfirmed)")


def write_checks(file: Path, rows: Iterable[Row]) -> None:
    """Write the check register."""
    write_table(file, CHECKS, rows)


def write_mark(folder: Path, **facts: object) -> None:
    """Write run.json: what the folder is and what made it."""
    document = {"gridrider_version": __version__, **facts}
    (folder / MARK).write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
                               encoding="utf-8")


def approved_by(approvals: Iterable[Approval], batch_hash: str) -> list[dict[str, str]]:
    """Who signed a batch, as run.json keeps it."""
    return sorted(({"role": held.role, "person": held.person, "at": utc_text(held.at)} for held in approvals
                   if held.batch_hash.casefold() == batch_hash), key=lambda held: (held["role"], held["person"]))


def refuse_other_payout(out: Path, payout_id: str) -> None:
    """Raise DataRefused when `out` holds another payout that moved money: it is the record of what was paid."""
    if moved_money(out) and (out / MARK).is_file():
        try:
            held = json.loads((out / MARK).read_text(encoding="utf-8"))
        except ValueError:
            held = {}
        if not isinstance(held, dict) or held.get("payout_id") != payout_id:
            raise DataRefused([error(str(out), "holds a payout that was made, and is the record of what was paid",
                                     "Choose a new folder, and give this one with --paid.")])


def moved_money(out: Path) -> bool:
    """True when a folder holds a payment, or an entry."""
    files = [out / name for name in ("payments.csv", "ledger.csv") if (out / "paid.csv").is_file()]
    return any(file.is_file() and file.read_bytes().count(b"\n") > 1 for file in files)
