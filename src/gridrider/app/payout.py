"""`gridrider payout`: from settled statements to payments, checks and entries, once two people have signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.ach import AchRequest, build_file, text_of
from ..adapters.ach.build import trace_number
from ..adapters.ach.wire import NotWritable
from ..ledger.approve import Approval, why_not_approved
from ..ledger.banking_days import next_banking_day
from ..ledger.batch import Batch, BatchRequest, make_batch
from ..ledger.model import PAYMENTS, Account, Owed, Payment, Transfer, id_of
from ..ledger.pass_through import FunderClaim, claim_entries
from ..ledger.pay_rules import HouseRules, house_rules
from ..ledger.post_payout import payment_entry
from ..ledger.tax_forms import YearPaid, tax_forms, threshold_of
from ..money import usd_from_cents
from ..problem import DataRefused, Problem, Refusal, error, refuse_on_error, warning
from ..tariff.load import tariff_hash
from ..tariff.model import Tariff
from .outputs import replacing, write_problems
from .payout_inputs import originator_of, payout_tariff, read_accounts, read_approvals
from .payout_owed import (
    PaidFolder,
    SettledRun,
    funder_claims,
    owed_rows,
    paid_folders,
    read_owed,
    settled_run,
    years_paid,
)
from .payout_write import (
    Row,
    approved_by,
    destination_of,
    moved_money,
    refuse_other_payout,
    write_batch,
    write_checks,
    write_claims,
    write_forms,
    write_held,
    write_ledger,
    write_mark,
    write_paid,
    write_table,
)

SECRET = 0o600
"""Only its owner may read a file that holds account numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequest:
    """What to pay, to whom, with whose leave, and where to write it."""

    tariff: Path
    statements: tuple[Path, ...]
    accounts: Path
    approvals: Path | None
    out: Path
    paid: tuple[Path, ...] = ()
    at: datetime | None = None
    first_check: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutDone:
    """What came of it; with refusals only the proposal was written."""

    batch: Batch
    problems: tuple[Problem, ...]
    refusals: tuple[Refusal, ...]
    out: Path
    effective_on: date | None = None

    @property
    def total_cents(self) -> int:
        """What leaves the house."""
        return sum(payment.net_cents for payment in self.batch.payments)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """Everything that a payout is written from."""

    tariff: Tariff
    house: HouseRules
    batch: Batch
    owed: tuple[Owed, ...]
    claims: tuple[FunderClaim, ...]
    paid: tuple[PaidFolder, ...]
    accounts: dict[str, Account]
    approvals: tuple[Approval, ...]
    posted_at: datetime
    first_check: int | None
    problems: list[Problem]

    @property
    def local(self) -> datetime:
        """The payout's time in the tariff's zone."""
        return self.posted_at.astimezone(ZoneInfo(self.tariff.timezone))

    @property
    def effective_on(self) -> date:
        """The banking day on which the money moves."""
        return next_banking_day(self.local.date())


def payout(request: PayoutRequest) -> PayoutDone:
    """Pay what settled statements still owe, or propose it when it is not yet approved.

    Raises DataRefused with every Problem when the data or the tariff holds an error; nothing is written then.
    """
    tariff, problems = payout_tariff(request.tariff)
    zone = ZoneInfo(tariff.timezone)
    accounts, found = read_accounts(request.accounts, zone)
    approvals: list[Approval] = []
    if request.approvals is not None and request.approvals.exists():
        approvals, more = read_approvals(request.approvals, zone)
        found += more
    elif request.approvals is not None:
        found.append(warning(str(request.approvals), "is not there, so nobody has approved anything"))
    refuse_on_error(problems + found)
    runs = [settled_run(folder) for folder in request.statements]
    paid = tuple(paid_folders(request.paid))
    began_at = request.at or max(run.as_of for run in runs)
    day = began_at.astimezone(zone).date()
    accounts = _with_prenotes(accounts, paid)
    batch, owed, claims, warned = _make(tariff, runs, paid, accounts, day)
    problems = [*problems, *found, *warned, *batch.problems]
    refuse_on_error([*problems, *(error(request.accounts.name, f"{refusal.reason} ({refusal.clause})",
                                        "Change the account, or the tariff if it is wrong.")
                                  for refusal in batch.refusals)])
    house = house_rules(tariff, day)
    refusals = why_not_approved(approvals, batch.batch_hash, four_eyes=house.four_eyes, clause=house.four_eyes_clause,
                                at=request.at) if batch.payments or batch.prenotes else ()
    refuse_other_payout(request.out, batch.batch_hash)
    if refusals:
        _propose(request.out, batch, problems, refusals)
        return PayoutDone(batch=batch, problems=tuple(problems), refusals=refusals, out=request.out)
    signed = [held.at for held in approvals if held.batch_hash.casefold() == batch.batch_hash]
    made = _Made(tariff=tariff, house=house, batch=batch, owed=tuple(owed), claims=tuple(claims), paid=paid,
                 accounts=accounts, approvals=tuple(approvals), problems=problems, first_check=request.first_check,
                 posted_at=request.at or max([began_at, *signed]))
    _write(request, made)
    return PayoutDone(batch=batch, problems=tuple(made.problems), refusals=(), out=request.out,
                      effective_on=made.effective_on)


def _with_prenotes(accounts: dict[str, Account], paid: Sequence[PaidFolder]) -> dict[str, Account]:
    """Accounts with the day of the prenote that an earlier payout sent, where the file names none."""
    sent = {row["paid_to"]: (date.fromisoformat(row["paid_on"]), row["destination"]) for folder in paid
            for row in folder.payments if row["kind"] == "prenote"}
    return {payee_id: replace(account, prenote_on=sent[payee_id][0])
            if account.prenote_on is None and payee_id in sent and sent[payee_id][1] == f"****{account.ending}"
            else account for payee_id, account in accounts.items()}


def _make(tariff: Tariff, runs: Sequence[SettledRun], paid: Sequence[PaidFolder], accounts: dict[str, Account],
          day: date) -> tuple[Batch, list[Owed], list[FunderClaim], list[Problem]]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone='UTC'")
        problems = read_owed(connection, tariff, runs, paid, day)
        owed, claims = owed_rows(connection), funder_claims(connection, tariff, day)
    this_year = {each.payee_id: each.gross_cents for each in years_paid(paid) if each.year == day.year}
    batch = make_batch(BatchRequest(
        tariff=tariff, tariff_hash=tariff_hash(tariff), day=day, accounts=accounts, paid_this_year_cents=this_year,
        threshold=threshold_of(tariff, day.year, day)), owed)
    return batch, owed, claims, problems


def _propose(out: Path, batch: Batch, problems: Sequence[Problem], refusals: Sequence[Refusal]) -> None:
    """Write what people may approve; a payout that was already made is left alone."""
    if moved_money(out):
        return
    with replacing(out) as folder:
        write_batch(folder / "batch.csv", batch)
        write_held(folder / "held.csv", batch.held)
        write_problems(folder / "problems.csv", [
            *problems, *(error("approvals", f"{refusal.reason} ({refusal.clause})",
                               f"Have it signed: batch_hash {batch.batch_hash}.") for refusal in refusals)])
        write_mark(folder, proposal=True, batch_hash=batch.batch_hash)


def _write(request: PayoutRequest, made: _Made) -> None:
    """Write the payout: all files together or none."""
    checks, numbers = _checks(made)
    transfers = _transfers(made)
    ach = _ach_text(request, made, transfers)
    traces = {transfer.payment_id: transfer.trace_no for transfer in transfers}
    entries = [payment_entry(payment, made.posted_at) for payment in made.batch.payments]
    entries += claim_entries(made.claims, made.posted_at)
    payments = _payment_rows(request, made, traces, numbers)
    forms, warned = tax_forms(made.tariff, _years(made), made.accounts, made.local.date())
    made.problems.extend(warned)
    with replacing(request.out) as folder:
        (folder / "payments.ach").touch(mode=SECRET)
        (folder / "payments.ach").write_text(ach, encoding="ascii", newline="")
        write_checks(folder / "checks.csv", checks)
        write_ledger(folder / "ledger.csv", entries, made.tariff.currency)
        write_table(folder / "payments.csv", PAYMENTS, payments)
        write_paid(folder / "paid.csv", made.tariff.tariff, made.batch.payments, made.owed,
                   frozenset(claim.statement_id for claim in made.claims))
        write_held(folder / "held.csv", made.batch.held)
        write_claims(folder / "pass_through.csv", made.claims)
        write_forms(folder / "forms_1099.csv", made.tariff.authority, forms)
        write_batch(folder / "batch.csv", made.batch)
        write_problems(folder / "problems.csv", made.problems)
        write_mark(folder, payout_id=made.batch.batch_hash, tariff_hash=tariff_hash(made.tariff),
                   tariff=made.tariff.tariff, made_on=made.local.date().isoformat(),
                   effective_on=made.effective_on.isoformat(), currency=made.tariff.currency,
                   approvals=approved_by(made.approvals, made.batch.batch_hash),
                   total_usd=str(usd_from_cents(sum(payment.net_cents for payment in made.batch.payments))))


def _checks(made: _Made) -> tuple[list[Row], dict[str, int]]:
    """The register's rows and the number of each check; numbers go on where earlier payouts ended."""
    used = [int(row["check_number"]) for folder in made.paid for row in folder.payments if row["check_number"]]
    number = made.first_check or max(used, default=1000) + 1
    issued_on = made.local.date()
    stale = made.house.stale_after_days
    rows: list[Row] = []
    numbers: dict[str, int] = {}
    for payment in made.batch.payments:
        if payment.account.form == "check":
            rows.append({
                "check_number": number, "payment_id": payment.payment_id, "payee_id": payment.payee_id,
                "pay_to": payment.account.holder_name, "address": payment.account.address,
                "amount_usd": usd_from_cents(payment.net_cents), "issued_on": issued_on, "status": "issued",
                "stale_on": None if stale is None else issued_on + timedelta(days=stale + 1)})
            numbers[payment.payment_id] = number
            number += 1
    if rows and stale is None:
        made.problems.append(warning("tariff", "does not say when a check is void (payout.checks_stale_after_days)",
                                     "Add it with its source."))
    clash = set(numbers.values()) & set(used)
    if clash:
        raise DataRefused([error("--first-check", f"check {min(clash)} has been written before",
                                 f"Choose a number above {max(used)}.")])
    return rows, numbers


def _transfers(made: _Made) -> list[Transfer]:
    """The entries of the payment file, numbered on from the last payout's, by class and payee."""
    drafts = [Transfer(payment_id=payment.payment_id, payee_id=payment.payee_id, kind="credit", account=payment.account,
                       cents=payment.net_cents, trace_no=0,
                       statements=tuple((each.statement_id, each.due_cents) for each in payment.owed))
              for payment in made.batch.payments if payment.account.form == "eft"]
    drafts += [Transfer(payment_id=prenote_id(account), payee_id=account.payee_id, kind="prenote", account=account,
                        cents=0, trace_no=0, statements=()) for account in made.batch.prenotes]
    used = [int(row["trace_number"][-7:]) for folder in made.paid for row in folder.payments if row["trace_number"]]
    drafts.sort(key=lambda draft: (draft.entry_class, draft.payee_id, draft.payment_id))
    return [replace(draft, trace_no=number) for number, draft in enumerate(drafts, start=max(used, default=0) + 1)]


def prenote_id(account: Account) -> str:
    """The id of an account's test entry."""
    return id_of("P", "prenote", account.payee_id, account.routing, account.account, account.account_type)


def _ach_text(request: PayoutRequest, made: _Made, transfers: Sequence[Transfer]) -> str:
    """The payment file; empty when nobody is paid by electronic transfer."""
    if not transfers:
        return ""
    originator, problems = originator_of(made.accounts, request.accounts.name)
    if originator is None:
        raise DataRefused(problems)
    today = sum(folder.made_on == made.local.date().isoformat() for folder in made.paid)
    try:
        return text_of(build_file(AchRequest(
            originator=originator, made_at=made.local.replace(tzinfo=None), effective_on=made.effective_on,
            description=made.house.description, modifier="ABCDEFGHIJKLMNOPQRSTUVWXYZ"[min(today, 25)]), transfers))
    except NotWritable as fault:
        raise DataRefused([error(request.accounts.name, str(fault), "Correct the account, or pay in two parts.")]) \
            from None


def _payment_rows(request: PayoutRequest, made: _Made, traces: dict[str, int], numbers: dict[str, int]) -> list[Row]:
    originator, _ = originator_of(made.accounts, request.accounts.name)

    def trace(payment_id: str) -> str:
        return trace_number(originator, traces[payment_id]) if originator and payment_id in traces else ""

    effective_on, today = made.effective_on, made.local.date()
    rows: list[Row] = [{
        "payment_id": payment.payment_id, "kind": "credit", "payee_id": payment.payee_id,
        "paid_to": payment.account.payee_id, "form": payment.account.form, "destination": destination_of(payment),
        "gross_usd": usd_from_cents(payment.gross_cents), "withheld_usd": usd_from_cents(payment.withheld_cents),
        "net_usd": usd_from_cents(payment.net_cents), "trace_number": trace(payment.payment_id),
        "paid_on": effective_on if payment.account.form == "eft" else today,
        "check_number": numbers.get(payment.payment_id, ""), "because": _sentence(payment)}
        for payment in made.batch.payments]
    rows += [{
        "payment_id": prenote_id(account), "kind": "prenote", "payee_id": account.payee_id,
        "paid_to": account.payee_id, "form": "eft", "destination": f"****{account.ending}", "gross_usd": "0.00",
        "withheld_usd": "0.00", "net_usd": "0.00", "paid_on": effective_on,
        "trace_number": trace(prenote_id(account)), "because": "A test entry without money."}
        for account in made.batch.prenotes]
    return rows


def _sentence(payment: Payment) -> str:
    count = len(payment.owed)
    text = f"{usd_from_cents(payment.gross_cents)} USD of {count} statement{'s' if count > 1 else ''}"
    if payment.withheld_cents:
        text += f", less {usd_from_cents(payment.withheld_cents)} USD kept for the tax authority"
    if payment.account.payee_id != payment.payee_id:
        text += f", assigned to {payment.account.payee_id}"
    return f"{text}."


def _years(made: _Made) -> list[YearPaid]:
    """All payments by payee and year, this payout's with them."""
    sums = {(each.payee_id, each.year): each for each in years_paid(made.paid)}
    effective_on, today = made.effective_on, made.local.date()
    for payment in made.batch.payments:
        year = (effective_on if payment.account.form == "eft" else today).year
        key = (payment.payee_id, year)
        so_far = sums.get(key, YearPaid(payee_id=payment.payee_id, year=year, gross_cents=0, withheld_cents=0))
        sums[key] = replace(so_far, gross_cents=so_far.gross_cents + payment.gross_cents,
                            withheld_cents=so_far.withheld_cents + payment.withheld_cents)
    return list(sums.values())
