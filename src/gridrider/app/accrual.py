"""`gridrider ledger accrue`: the month-end entries of incentives that are not final, and their reversal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..interval import local_midnight
from ..ledger.accrual import accrual_entries, gl_account_of, unmapped
from ..ledger.model import ACCRUAL, GL_ACCOUNTS, Entry
from ..money import usd_from_cents
from ..problem import DataRefused, Problem, error, refuse_on_error, warning
from ..tariff.model import Tariff, in_force
from .outputs import replacing, write_problems
from .payout_inputs import payout_tariff, read_one_file
from .payout_owed import SettledRun, read_owed, settled_run
from .payout_write import write_ledger, write_mark, write_table
from .sql_text import stage_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrued:
    """What was accrued, what the run's lines come to, and the program's budget; whole cents."""

    accrued_cents: int
    lines_cents: int
    budget_cents: int | None
    problems: tuple[Problem, ...]


def accrue(tariff_file: Path, statements: Path, month: date, gl_accounts: Path | None, out: Path) -> Accrued:
    """Write accrual.csv and ledger.csv for a month, given as its first day, from one settled run.

    Raises DataRefused with every Problem, among them accounts that the mapping leaves out.
    """
    tariff, problems = payout_tariff(tariff_file)
    zone = ZoneInfo(tariff.timezone)
    run = settled_run(statements)
    month_end = (month + timedelta(days=32)).replace(day=1)
    with duckdb.connect() as connection:
        mapping, found = _mapping(connection, gl_accounts, zone)
        refuse_on_error([*problems, *found])
        found += read_owed(connection, tariff, [run], [], run.as_of.astimezone(zone).date())
        given, lines_cents = _sums(connection, run, month_end, zone)
    entries = accrual_entries(tariff.tariff, f"{month:%Y-%m}", given,
                              local_midnight(month_end, zone) - timedelta(seconds=1), local_midnight(month_end, zone))
    if gl_accounts is not None:
        missing = unmapped(entries, mapping)
        refuse_on_error([error(gl_accounts.name, "belongs to no account of the general ledger",
                               "Add a row whose account it begins with.", column="account", value=account)
                         for account in missing])
    budget = _budget(tariff, month_end, lines_cents, found)
    with replacing(out) as folder:
        _write_accrual(folder / "accrual.csv", entries, mapping, tariff, month_end)
        write_ledger(folder / "ledger.csv", entries, tariff.currency)
        write_problems(folder / "problems.csv", [*problems, *found])
        write_mark(folder, month=f"{month:%Y-%m}", tariff=tariff.tariff, run=run.tariff_hash)
    return Accrued(accrued_cents=sum(given.values()), lines_cents=lines_cents, budget_cents=budget,
                   problems=(*problems, *found))


def _mapping(connection: duckdb.DuckDBPyConnection, file: Path | None,
             zone: ZoneInfo) -> tuple[dict[str, str], list[Problem]]:
    if file is None:
        return {}, []
    problems = read_one_file(connection, file, GL_ACCOUNTS, zone)
    refuse_on_error(problems)
    return dict(connection.execute("select account, gl_account from gl_accounts").fetchall()), problems


def _sums(connection: duckdb.DuckDBPyConnection, run: SettledRun, month_end: date,
          zone: ZoneInfo) -> tuple[dict[str, int], int]:
    """Whole cents by the account that gives, and the sum of all lines."""
    booked = run.as_of <= local_midnight(month_end, zone)
    connection.execute("create or replace temp table accrue_run as select cast(? as varchar) as tariff, "
                       "cast(? as date) as month_end, cast(? as boolean) as booked", [run.tariff, month_end, booked])
    given = {account: int(cents) for account, cents in connection.execute(stage_sql("ledger", "accrued")).fetchall()}
    ((total,),) = connection.execute("select coalesce(sum(amount_cents), 0) from line_now").fetchall()
    return given, int(total)


def _budget(tariff: Tariff, month_end: date, lines_cents: int, found: list[Problem]) -> int | None:
    """The program's budget; a warning when the lines come to more."""
    held = in_force(tariff.budget_usd, month_end, month_end)
    if held is None:
        return None
    cents = int(held.value * 100)
    if lines_cents > cents:
        found.append(warning("lines.csv", f"come to {usd_from_cents(lines_cents)} USD, and the budget is "
                             f"{usd_from_cents(cents)} USD ({held.cite})", "Ask for more, or call fewer events."))
    return cents


def _write_accrual(file: Path, entries: Sequence[Entry], mapping: dict[str, str], tariff: Tariff,
                   month_end: date) -> None:
    zone = ZoneInfo(tariff.timezone)
    write_table(file, ACCRUAL, [
        {"entry_id": entry.entry_id, "posting_no": number, "posted_on": entry.posted_at.astimezone(zone).date(),
         "account": posting.account, "gl_account": gl_account_of(posting.account, mapping),
         "debit_usd": usd_from_cents(posting.cents) if posting.cents > 0 else "",
         "credit_usd": usd_from_cents(-posting.cents) if posting.cents < 0 else "",
         "currency": tariff.currency, "because": f"{entry.because}."}
        for entry in entries for number, posting in enumerate(entry.postings, start=1)])


def month_of(text: str) -> date:
    """The first day of a month written 2025-08; raises DataRefused for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise DataRefused([error("--month", f"{text!r} is not a month", "Write 2025-08.")]) from None
