"""The accounts and approvals of a payout, from one file each; no Problem shows an account number."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.read import read_table
from ..ledger.approve import Approval
from ..ledger.model import ACCOUNTS, APPROVALS, Account, is_routing
from ..problem import DataRefused, Problem, error
from ..table import TableSchema
from ..tariff.load import load
from ..tariff.model import Tariff

_DIGITS = re.compile(r"\d{5,}")
_ACCOUNT_WIDTH = 17


def payout_tariff(file: Path) -> tuple[Tariff, list[Problem]]:
    """The tariff with its warnings; raises DataRefused when it holds an error."""
    tariff, problems = load(file)
    if tariff is None:
        raise DataRefused(problems)
    return tariff, problems


def read_one_file(connection: duckdb.DuckDBPyConnection, file: Path, schema: TableSchema,
                  zone: ZoneInfo) -> list[Problem]:
    """Read a table from a file of any name into the DuckDB table of the schema's name.

    Long runs of digits in what a Problem shows are masked but for the last four.
    """
    if not file.is_file() or file.suffix not in (".csv", ".parquet"):
        return [error(str(file), f"is no file of the table {schema.name}", "Give a .csv or .parquet file.")]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{schema.name}{file.suffix}").symlink_to(file.resolve())
        problems = read_table(connection, Path(folder), schema, zone)
    return [replace(problem, file=file.name, value=masked(problem.value), reason=masked(problem.reason))
            for problem in problems]


def masked(text: str) -> str:
    """A text in which of a long number only the last four digits are left.

    >>> masked("account 12345678 of 2025")
    'account ****5678 of 2025'
    """
    return _DIGITS.sub(lambda found: f"****{found[0][-4:]}", text)


_SELECT = ("select payee_id, form, coalesce(holder_name, ''), coalesce(class, 'consumer'), coalesce(routing, ''), "
           "coalesce(account, ''), coalesce(account_type, 'checking'), coalesce(addenda, false), "
           "coalesce(address, ''), coalesce(w9, 'missing'), coalesce(tin_last4, ''), prenote_on, "
           "coalesce(assigned_to, ''), assigned_signed_on, pay_requested_on, coalesce(hold, ''), "
           "coalesce(bank_name, ''), source_row from accounts order by payee_id")
_FIELDS = ("payee_id", "form", "holder_name", "holder_class", "routing", "account", "account_type", "addenda",
           "address", "w9", "tin_last4", "prenote_on", "assigned_to", "assigned_signed_on", "pay_requested_on", "hold",
           "bank_name", "row")


def read_accounts(file: Path, zone: ZoneInfo) -> tuple[dict[str, Account], list[Problem]]:
    """Every account by its payee, with every Problem of the file."""
    with duckdb.connect() as connection:
        problems = read_one_file(connection, file, ACCOUNTS, zone)
        if not _is_there(connection, "accounts"):
            return {}, problems
        rows = connection.execute(_SELECT).fetchall()
    accounts = [Account(**dict(zip(_FIELDS, row, strict=True))) for row in rows if row[0] and row[1]]
    return ({account.payee_id: account for account in accounts},
            problems + [problem for account in accounts for problem in _account_problems(account, file.name)])


def _account_problems(account: Account, name: str) -> list[Problem]:
    """What a payment to this account would founder on."""
    found = []

    def wrong(column: str, reason: str, what_to_do: str) -> None:
        found.append(error(name, reason, what_to_do, row=account.row, column=column))

    if account.form == "eft":
        if not is_routing(account.routing):
            wrong("routing", "is not a routing number of nine digits with the right check digit", "Correct it.")
        if account.holder_class != "originator" and not (
                0 < len(account.account) <= _ACCOUNT_WIDTH and account.account.isascii()
                and account.account.isprintable()):
            wrong("account", f"is not an account number of 1 to {_ACCOUNT_WIDTH} characters", "Correct it.")
        if not account.holder_name:
            wrong("holder_name", "is blank, and a payment needs a name", "Fill it in.")
    if account.form == "check" and not (account.holder_name and account.address):
        wrong("address", "a check needs a name and an address", "Fill in holder_name and address.")
    if account.tin_last4 and not (len(account.tin_last4) == 4 and account.tin_last4.isdecimal()):
        wrong("tin_last4", "must hold the last four digits and no more", "Keep the whole number out of this file.")
    if account.assigned_to == account.payee_id:
        wrong("assigned_to", "names the payee itself", "Name the other payee, or leave it blank.")
    return found


def originator_of(accounts: Mapping[str, Account], name: str) -> tuple[Account | None, list[Problem]]:
    """The company that pays: the one row of class originator."""
    held = [account for account in accounts.values() if account.holder_class == "originator"]
    if len(held) == 1:
        return held[0], []
    reason = "two rows are of class originator" if held else "no row is of class originator, which says who pays"
    return None, [error(name, reason, "Give one row of class originator: payee_id = company identification, form eft, "
                        "holder_name, routing of your bank, bank_name.", column="class")]


def read_approvals(file: Path, zone: ZoneInfo) -> tuple[list[Approval], list[Problem]]:
    """Every approval, with every Problem of the file."""
    with duckdb.connect() as connection:
        problems = read_one_file(connection, file, APPROVALS, zone)
        if not _is_there(connection, "approvals"):
            return [], problems
        rows = connection.execute(
            'select batch_hash, role, person, "at" from approvals where "at" is not null and role is not null '
            "and person is not null and batch_hash is not null order by all").fetchall()
    return [Approval(batch_hash=batch_hash, role=role, person=person, at=at.replace(tzinfo=UTC))
            for batch_hash, role, person, at in rows], problems


def _is_there(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(connection.execute("select 1 from duckdb_tables() where table_name = ?", [table]).fetchall())
