"""The trial balance of one or several runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from ..ledger.balance import AccountBalance, TrialBalance
from ..problem import DataRefused, error


def trial_balance(folders: Sequence[Path]) -> TrialBalance:
    """Sum the ledgers of runs by account; an entry that stands in several of them counts once.

    Raises DataRefused when a ledger is missing or cannot be read, or when two runs give one entry
    different postings.
    """
    files = [folder / "ledger.csv" for folder in folders]
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise DataRefused([error(str(file), "is not there", "Give the folder of a settled run.") for file in missing])
    with duckdb.connect() as connection:
        connection.execute("create table posting (entry_id varchar, posting_no integer, account varchar, "
                           "debit_cents bigint, credit_cents bigint)")
        for file in files:
            _read(connection, file)
        _refuse_contradictions(connection)
        accounts = connection.execute("select account, sum(debit_cents), sum(credit_cents) from posting "
                                      "group by account order by account").fetchall()
        lopsided = connection.execute("select entry_id from posting group by entry_id "
                                      "having sum(debit_cents) <> sum(credit_cents) order by entry_id").fetchall()
    return TrialBalance(accounts=tuple(AccountBalance(account=account, debit_cents=int(debit), credit_cents=int(credit))
                                       for account, debit, credit in accounts),
                        unbalanced_entries=tuple(entry for (entry,) in lopsided))


def _read(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    cents = "cast(coalesce(cast({} as decimal(18, 2)), 0) * 100 as bigint)"
    try:
        connection.execute(
            f"insert into posting select distinct entry_id, cast(posting_no as integer), account, "
            f"{cents.format('debit_usd')}, {cents.format('credit_usd')} from read_csv(?, header = true, "
            "all_varchar = true, delim = ',', quote = '\"', escape = '\"') "
            "except select * from posting", [str(file)])
    except duckdb.Error as fault:
        raise DataRefused([error(str(file), f"cannot be read as a ledger: {str(fault).splitlines()[0]}",
                                 "Give an unchanged ledger.csv of a settled run.")]) from None


def _refuse_contradictions(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("select entry_id from posting group by entry_id, posting_no having count(*) > 1 "
                              "order by 1 limit 100").fetchall()
    if rows:
        raise DataRefused([error("ledger.csv", "is posted in two ways by different runs", "Settle the later run with "
                                 "--prior, so that it posts only differences.", column="entry_id", value=entry)
                           for (entry,) in rows])
