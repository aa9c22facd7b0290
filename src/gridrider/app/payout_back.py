"""Money that comes back: the bank returns a payment, asks to correct an account, or we take an error back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.ach import AchRequest, build_file, read_ach, returned_entries, text_of
from ..adapters.ach.build import trace_number
from ..ledger.approve import why_not_approved
from ..ledger.banking_days import next_banking_day
from ..ledger.model import (
    ACCOUNTS,
    PAID,
    PAYMENTS,
    RETURNS,
    REVERSALS,
    Account,
    Entry,
    Posting,
    Returned,
    Transfer,
    id_of,
)
from ..ledger.pay_rules import house_rules
from ..ledger.post_payout import mirrored
from ..ledger.returns import corrected_account, return_words
from ..money import usd_from_cents
from ..problem import DataRefused, Problem, Refusal, error, refuse_on_error, warning
from .outputs import replacing, write_problems
from .payout import SECRET
from .payout_inputs import originator_of, payout_tariff, read_accounts, read_approvals, read_one_file
from .payout_owed import PaidFolder, cents_of, csv_rows, paid_folders
from .payout_write import Row, approved_by, refuse_other_payout, write_ledger, write_mark, write_table

_CURRENCY = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsRequest:
    """A bank's file, the payouts it may speak of, and where to write what follows."""

    file: Path
    paid: tuple[Path, ...]
    accounts: Path
    at: datetime
    out: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalRequest:
    """Payments made in error, and whose leave there is to take them back."""

    tariff: Path
    reversals: Path
    paid: tuple[Path, ...]
    accounts: Path
    approvals: Path | None
    at: datetime
    out: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What came of it."""

    count: int
    cents: int
    problems: tuple[Problem, ...]
    refusals: tuple[Refusal, ...] = ()
    batch_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A payment of an earlier payout, and where its other rows stand."""

    row: Mapping[str, str]
    folder: PaidFolder

    @property
    def payment_id(self) -> str:
        return self.row["payment_id"]

    @property
    def net_cents(self) -> int:
        return cents_of(self.row["net_usd"])


def returns(request: ReturnsRequest) -> Back:
    """Post a bank's returns back, so that the liability lives again, and correct the accounts it names.

    Raises DataRefused with every Problem when the file is not true or speaks of what we did not pay.
    """
    zone = ZoneInfo("UTC")
    try:
        text = request.file.read_text(encoding="ascii", errors="replace")
    except OSError as fault:
        raise DataRefused([error(str(request.file), f"cannot be read: {fault.strerror}", "Check the path.")]) from None
    file, problems = read_ach(text, request.file.name)
    accounts, found = read_accounts(request.accounts, zone)
    paid = paid_folders(request.paid)
    if file is None:
        raise DataRefused(problems + found)
    told, others = returned_entries(file)
    if others or not told:
        found.append(warning(request.file.name, f"{others} entries are neither a return nor a change and are not read"))
    by_trace = {row["trace_number"]: _Sent(row=row, folder=folder) for folder in paid for row in folder.payments
                if row["trace_number"]}
    back = _came_back(paid)
    rows: list[Row] = []
    sent_back: list[tuple[_Sent, str]] = []
    for each in told:
        sent = by_trace.get(each.original_trace)
        wrong = _why_not_ours(each, sent, back)
        if wrong or sent is None:
            found.append(error(request.file.name, wrong, "Ask the bank.", row=each.line, column="original_trace",
                               value=each.original_trace))
            continue
        because = _note(accounts, each, sent, found, request.file.name)
        if each.code.startswith("R"):
            back.add(sent.payment_id)
            sent_back.append((sent, f"{each.code} {return_words(each.code)}"))
        rows.append({"original_trace": each.original_trace, "code": each.code, "payment_id": sent.payment_id,
                     "payee_id": sent.row["payee_id"], "amount_usd": usd_from_cents(each.cents), "because": because})
    refuse_on_error(found)
    payout_id = hashlib.sha256(json.dumps([[str(row["original_trace"]), str(row["code"])] for row in rows])
                               .encode()).hexdigest()
    refuse_other_payout(request.out, payout_id)
    with replacing(request.out) as folder:
        write_table(folder / "returns.csv", RETURNS, rows)
        _write_back(folder, sent_back, request.at, "return", {})
        _write_accounts(folder / "accounts.csv", accounts)
        write_problems(folder / "problems.csv", found)
        write_mark(folder, payout_id=payout_id, made_on="", returns=request.file.name)
    return Back(count=len(rows), cents=sum(sent.net_cents for sent, _ in sent_back), problems=tuple(found))


def _came_back(paid: Sequence[PaidFolder]) -> set[str]:
    """Payments that earlier returns or reversals have taken back."""
    return {row["reverses"] for folder in paid for row in folder.payments if row["reverses"]}


def _why_not_ours(each: Returned, sent: _Sent | None, back: set[str]) -> str:
    """Why a return cannot be posted; blank when it can."""
    if sent is None:
        return "names a trace number of no payout that was given with --paid"
    if each.code.startswith("R"):
        if sent.payment_id in back:
            return "returns a payment that has come back before"
        if each.cents != abs(sent.net_cents):
            return f"returns {usd_from_cents(each.cents)} USD of a payment of {usd_from_cents(abs(sent.net_cents))} USD"
    return ""


def _note(accounts: dict[str, Account], each: Returned, sent: _Sent, found: list[Problem], name: str) -> str:
    """Mark or correct the account that was paid; gives the sentence of the row."""
    account = accounts.get(sent.row["paid_to"])
    if each.code.startswith("R"):
        if account is not None:
            accounts[account.payee_id] = replace(account, hold=each.code)
        return f"{return_words(each.code)}; the amount is owed again and the account is on hold."
    after = corrected_account(account, each.code, each.corrected) if account is not None else None
    if after is None:
        found.append(warning(name, f"asks with {each.code} for a change that must be made by hand", "Ask the bank.",
                             row=each.line, column="original_trace", value=each.original_trace))
        return "to be corrected by hand."
    accounts[after.payee_id] = after
    return "the account is corrected; the payment stands."


def _write_back(folder: Path, sent_back: Sequence[tuple[_Sent, str]], at: datetime, kind: str,
                traces: Mapping[str, str]) -> None:
    """Write mirror entries, and the payments and what they paid with the other sign."""
    entries, payments, paid = [], [], []
    for sent, why in sent_back:
        own_id = id_of("P", kind, sent.payment_id)
        entry = _entry_of(sent)
        if entry is not None:
            entries.append(mirrored(entry, own_id, at, f"{kind} of {sent.payment_id}: {why}"))
        payments.append({
            **sent.row, "payment_id": own_id, "kind": kind, "reverses": sent.payment_id, "check_number": "",
            "trace_number": traces.get(sent.payment_id, ""), "because": f"{why}.",
            **{name: usd_from_cents(-cents_of(sent.row[name])) for name in ("gross_usd", "withheld_usd", "net_usd")}})
        paid += [{**row, "payment_id": own_id, "paid_usd": usd_from_cents(-cents_of(row["paid_usd"]))}
                 for row in csv_rows(sent.folder.folder / "paid.csv") if row["payment_id"] == sent.payment_id]
    write_ledger(folder / "ledger.csv", entries, _CURRENCY)
    write_table(folder / "payments.csv", PAYMENTS, payments)
    write_table(folder / "paid.csv", PAID, paid)


def _entry_of(sent: _Sent) -> Entry | None:
    """The entry that a payment was posted with; None for a prenote, which moved nothing."""
    ids = {id_of("E", "payout", sent.payment_id), id_of("E", "mirror", sent.payment_id)}
    rows = [row for row in csv_rows(sent.folder.folder / "ledger.csv") if row["entry_id"] in ids]
    if not rows:
        return None
    return Entry(entry_id=rows[0]["entry_id"], posted_at=datetime.fromisoformat(rows[0]["posted_at"]),
                 because=rows[0]["because"], postings=tuple(
                     Posting(account=row["account"], cents=cents_of(row["debit_usd"]) - cents_of(row["credit_usd"]))
                     for row in sorted(rows, key=lambda row: int(row["posting_no"]))))


def _write_accounts(file: Path, accounts: Mapping[str, Account]) -> None:
    """Write the accounts as they stand now; only its owner may read the file."""
    file.touch(mode=SECRET)
    write_table(file, ACCOUNTS, [
        {**{name: getattr(account, name) for name in ACCOUNTS.names if name != "class"}, "class": account.holder_class}
        for account in accounts.values()])


def reverse(request: ReversalRequest) -> Back:
    """Take payments made in error back, within the banking days that the rules leave, once two people have signed.

    Raises DataRefused with every Problem; nothing is written then.
    """
    tariff, problems = payout_tariff(request.tariff)
    zone = ZoneInfo(tariff.timezone)
    local = request.at.astimezone(zone)
    house, effective_on = house_rules(tariff, local.date()), next_banking_day(local.date())
    accounts, found = read_accounts(request.accounts, zone)
    asked, more = _asked(request.reversals, zone)
    originator, missing = originator_of(accounts, request.accounts.name)
    refuse_on_error([*problems, *found, *more, *missing])
    paid = paid_folders(request.paid)
    sent = {row["payment_id"]: _Sent(row=row, folder=folder) for folder in paid for row in folder.payments}
    back = _came_back(paid)
    chosen: list[tuple[_Sent, str]] = []
    for line, payment_id, reason in asked:
        each = sent.get(payment_id)
        wrong = _why_not_reversed(each, back, accounts, effective_on, house.reversal_within_days)
        if wrong or each is None:
            found.append(error(request.reversals.name, wrong, "Ask the payee to pay it back, or wait for a return.",
                               row=line, column="payment_id", value=payment_id))
        else:
            chosen.append((each, reason.replace("_", " ")))
    refuse_on_error(found)
    batch_hash = _reversal_hash(chosen, accounts)
    approvals, wrong_approvals = read_approvals(request.approvals, zone) if request.approvals else ([], [])
    refuse_on_error(wrong_approvals)
    refusals = why_not_approved(approvals, batch_hash, four_eyes=house.four_eyes, clause=house.four_eyes_clause,
                                at=request.at)
    total = sum(each.net_cents for each, _ in chosen)
    if refusals or originator is None:
        return Back(count=len(chosen), cents=total, problems=tuple(found), refusals=refusals, batch_hash=batch_hash)
    refuse_other_payout(request.out, batch_hash)
    transfers = _reversing(chosen, accounts, paid)
    with replacing(request.out) as folder:
        (folder / "payments.ach").touch(mode=SECRET)
        (folder / "payments.ach").write_text(text_of(build_file(AchRequest(
            originator=originator, made_at=local.replace(tzinfo=None), effective_on=effective_on,
            description="REVERSAL"), transfers)), encoding="ascii", newline="")
        numbers = zip((each.payment_id for each, _ in chosen), transfers, strict=True)
        _write_back(folder, chosen, request.at, "reversal",
                    {payment_id: trace_number(originator, transfer.trace_no) for payment_id, transfer in numbers})
        write_problems(folder / "problems.csv", found)
        write_mark(folder, payout_id=batch_hash, made_on=local.date().isoformat(),
                   approvals=approved_by(approvals, batch_hash))
    return Back(count=len(chosen), cents=total, problems=tuple(found), batch_hash=batch_hash)


def _asked(file: Path, zone: ZoneInfo) -> tuple[list[tuple[int, str, str]], list[Problem]]:
    with duckdb.connect() as connection:
        problems = read_one_file(connection, file, REVERSALS, zone)
        if not connection.execute("select 1 from duckdb_tables() where table_name = 'reversals'").fetchall():
            return [], problems
        return connection.execute("select source_row, payment_id, reason from reversals where payment_id is not null "
                                  "and reason is not null order by payment_id").fetchall(), problems


def _why_not_reversed(each: _Sent | None, back: set[str], accounts: Mapping[str, Account], effective_on: date,
                      within_days: int) -> str:
    """Why a payment may not be taken back; blank when it may."""
    if each is None or each.row["kind"] != "credit" or each.row["form"] != "eft":
        return "is no electronic payment of a payout that was given with --paid"
    if each.payment_id in back:
        return "has come back already"
    last = next_banking_day(date.fromisoformat(each.row["paid_on"]), within_days)
    if effective_on > last:
        return f"could be taken back until {last}, {within_days} banking days after the money moved"
    account = accounts.get(each.row["paid_to"])
    if account is None or f"****{account.ending}" != each.row["destination"]:
        return "went to an account that the accounts no longer hold"
    return ""


def _reversal_hash(chosen: Sequence[tuple[_Sent, str]], accounts: Mapping[str, Account]) -> str:
    content = [[each.payment_id, each.net_cents, why, accounts[each.row["paid_to"]].routing,
                accounts[each.row["paid_to"]].account] for each, why in chosen]
    return hashlib.sha256(json.dumps(["reversal", content]).encode()).hexdigest()


def _reversing(chosen: Sequence[tuple[_Sent, str]], accounts: Mapping[str, Account],
               paid: Sequence[PaidFolder]) -> list[Transfer]:
    used = [int(row["trace_number"][-7:]) for folder in paid for row in folder.payments if row["trace_number"]]
    return [Transfer(payment_id=each.payment_id, payee_id=each.row["payee_id"], kind="reversal",
                     account=accounts[each.row["paid_to"]], cents=each.net_cents, statements=(), trace_no=number)
            for number, (each, _) in enumerate(chosen, start=max(used, default=0) + 1)]
