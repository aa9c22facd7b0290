"""Settled runs, accounts and approvals for the tests of paying: written by hand, without settling anything."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from gridrider.app.payout import PayoutDone, PayoutRequest, payout

TARIFF = """
tariff: example/pay
title: Battery season
authority: Example Municipal Utility
timezone: America/New_York
currency: USD
effective: 2020-01-01
filed: 2019-12-01
cite: "Leaf 12"
seasons:
  summer: {from: "05-01", to: "10-31"}
__LAW__
riders:
  battery:
    technologies: [battery]
__UPFRONT__
    services:
      peak:
        calls:
          season: summer
          hours: {from: "17:00", to: "20:00"}
          duration_h: {min: "1", max: "3"}
          kinds: {peak: {counts: true}}
          triggers: [{kind: operator, event_kind: peak}]
        measurement: {point: inverter, quantity: battery_ac, method: direct}
        payments:
          - {family: capacity_average, rate_usd_per_kw_season: "275.00"}
        outcomes: {missed: {value: counts_as_zero}, opted_out: {value: counts_as_zero}}
    pay: {__PAY__}
payout: {__PAYOUT__}
"""

ORIGINATOR = {"payee_id": "1121042882", "form": "eft", "holder_name": "Example Utility", "class": "originator",
              "routing": "121042882", "bank_name": "First Bank"}
ANN = {"payee_id": "ann", "form": "eft", "holder_name": "Ann Example", "routing": "231380104",
       "account": "99887766554", "w9": "received", "tin_last4": "1111"}
BOB = {"payee_id": "bob", "form": "check", "holder_name": "Bob Example", "address": "1 Main St", "w9": "received"}
SUNWARD = {"payee_id": "sunward", "form": "eft", "holder_name": "Sunward LLC", "class": "business",
           "routing": "231380104", "account": "55554444", "addenda": "true", "w9": "received"}

ACCOUNT_COLUMNS = ("payee_id", "form", "holder_name", "class", "routing", "account", "account_type", "addenda",
                   "address", "w9", "tin_last4", "prenote_on", "assigned_to", "assigned_signed_on",
                   "pay_requested_on", "hold", "bank_name")


def write_csv(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Path:
    """Write rows of any columns; an absent cell is blank."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a statement."""

    line_id: str
    usd: str
    component: str = "capacity"
    status: str = "final"
    enrollment_id: str = "E"
    start: str = ""
    end: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement with its lines."""

    statement_id: str
    payee_id: str
    lines: tuple[Line, ...]
    participant_id: str = ""
    version: int = 1
    start: str = "2025-05-01"
    end: str = "2025-11-01"

    @property
    def total(self) -> Decimal:
        return sum((Decimal(line.usd) for line in self.lines), Decimal(0))


def owes(payee: str, usd: str, *, statement: str = "", version: int = 1, status: str = "final",
         start: str = "2025-05-01", end: str = "2025-11-01", participant: str = "") -> Statement:
    """A statement of one line."""
    name = statement or f"S-{payee}"
    return Statement(statement_id=name, payee_id=payee, version=version, start=start, end=end,
                     participant_id=participant or payee, lines=(Line(line_id=f"L-{name}", usd=usd, status=status),))


@dataclass
class World:
    """A folder with a tariff, accounts and runs; every word of the tariff that matters here can be set."""

    path: Path
    pay: str = "schedule: season, by: [check, eft]"
    payout: str = ""
    law: str = ""
    upfront: str = ""
    accounts: list[dict[str, str]] = field(default_factory=lambda: [ORIGINATOR, ANN, BOB, SUNWARD])
    approvals: list[dict[str, str]] = field(default_factory=list)

    def tariff_file(self) -> Path:
        """Write the tariff."""
        text = TARIFF.replace("__PAYOUT__", self.payout).replace("__PAY__", self.pay)
        text = text.replace("__LAW__", f"law: {{{self.law}}}" if self.law else "")
        text = text.replace("__UPFRONT__", f"    upfront: {self.upfront}" if self.upfront else "")
        file = self.path / "tariff.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    def accounts_file(self) -> Path:
        """Write the accounts."""
        return write_csv(self.path / "bank.csv", ACCOUNT_COLUMNS, self.accounts)

    def approvals_file(self) -> Path:
        """Write the approvals."""
        return write_csv(self.path / "approvals.csv", ("batch_hash", "role", "person", "at"), self.approvals)

    def settled(self, name: str, *statements: Statement, as_of: str = "2025-11-01T04:00:00+00:00",
                before: Sequence[Statement] = (), start: str = "2025-05-01", end: str = "2025-11-01") -> Path:
        """A folder as settle writes it; with `before` its ledger holds only what changed."""
        folder = self.path / name
        shown = [{"statement_id": each.statement_id, "payee_id": each.payee_id, "participant_id": each.participant_id,
                  "period_start": each.start, "period_end": each.end, "total_usd": f"{each.total:.2f}",
                  "version": each.version, "tariff_hash": "x"} for each in statements]
        write_csv(folder / "statements.csv", ("statement_id", "payee_id", "participant_id", "period_start",
                                              "period_end", "total_usd", "version", "tariff_hash"), shown)
        lines = [{"statement_id": each.statement_id, "line_id": line.line_id, "participant_id": each.participant_id,
                  "payee_id": each.payee_id, "enrollment_id": line.enrollment_id, "component": line.component,
                  "service": "" if line.component == "claw_back" else "peak", "amount_usd": f"{Decimal(line.usd):.2f}",
                  "period_start": line.start or each.start, "period_end": line.end or each.end,
                  "version": each.version, "status": line.status} for each in statements for line in each.lines]
        write_csv(folder / "lines.csv", ("statement_id", "line_id", "participant_id", "payee_id", "enrollment_id",
                                         "service", "component", "period_start", "period_end", "amount_usd", "version",
                                         "status"), lines)
        self._ledger(folder / "ledger.csv", statements, before, as_of)
        (folder / "run.json").write_text(json.dumps({
            "tariff": {"tariff": "example/pay"}, "tariff_hash": "x", "period_start": start, "period_end": end,
            "as_of": as_of}), encoding="utf-8")
        return folder

    @staticmethod
    def _ledger(file: Path, statements: Sequence[Statement], before: Sequence[Statement], as_of: str) -> None:
        """What changed: a line moves expense to payable, a statement below zero its payable to a receivable."""
        due: dict[str, tuple[str, str, Decimal]] = {}
        for sign, held in ((-1, before), (1, statements)):
            for each in held:
                moves = [(line.line_id, "expense:program:example/pay", Decimal(line.usd)) for line in each.lines]
                moves += [(each.statement_id, f"receivable:{each.payee_id}", -each.total)] if each.total < 0 else []
                for name, account, usd in moves:
                    due[f"{name} {sign} {each.version}"] = (account, f"payable:{each.payee_id}", sign * usd)
        rows = []
        for name, (account, payable, usd) in sorted(due.items()):
            for number, (posted, amount) in enumerate(((account, usd), (payable, -usd)), start=1):
                rows.append({"entry_id": f"E {name}", "posting_no": number, "posted_at": as_of, "account": posted,
                             "debit_usd": f"{amount:.2f}" if amount > 0 else "",
                             "credit_usd": f"{-amount:.2f}" if amount < 0 else ""})
        write_csv(file, ("entry_id", "posting_no", "posted_at", "account", "debit_usd", "credit_usd"), rows)

    def request(self, statements: Sequence[Path], out: str, *, paid: Sequence[Path] = (),
                at: str | None = None, approvals: bool = True) -> PayoutRequest:
        """A request on this world's files."""
        return PayoutRequest(
            tariff=self.tariff_file(), statements=tuple(statements), accounts=self.accounts_file(),
            approvals=self.approvals_file() if approvals else None, out=self.path / out, paid=tuple(paid),
            at=None if at is None else datetime.fromisoformat(at).astimezone(UTC))

    def propose(self, statements: Sequence[Path], out: str = "proposal", *, paid: Sequence[Path] = (),
                at: str | None = None) -> PayoutDone:
        """The batch, not approved."""
        return payout(self.request(statements, out, paid=paid, at=at, approvals=False))

    def pay_out(self, statements: Sequence[Path], out: str = "paid", *, paid: Sequence[Path] = (),
                at: str = "2025-11-20T15:00:00+00:00") -> PayoutDone:
        """Have the batch signed by two people and pay it."""
        done = self.propose(statements, f"{out}-proposal", paid=paid, at=at)
        if done.refusals:
            self.sign(done.batch.batch_hash)
        return payout(self.request(statements, out, paid=paid, at=at))

    def sign(self, batch_hash: str, preparer: str = "Pat Lee", approver: str = "Kim Roe",
             at: str = "2025-01-02T15:00:00+00:00") -> None:
        """Two signatures."""
        self.approvals += [{"batch_hash": batch_hash, "role": role, "person": person, "at": at}
                           for role, person in (("preparer", preparer), ("approver", approver))]


def balances(*folders: Path) -> dict[str, Decimal]:
    """Debits less credits of every account that does not balance out, computed from the rows."""
    sums: dict[str, Decimal] = {}
    for folder in folders:
        for row in rows_of(folder / "ledger.csv"):
            amount = Decimal(row["debit_usd"] or 0) - Decimal(row["credit_usd"] or 0)
            sums[row["account"]] = sums.get(row["account"], Decimal(0)) + amount
    assert sum(sums.values()) == 0
    return {account: amount for account, amount in sums.items() if amount}
