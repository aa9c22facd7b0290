"""What an earlier run of the same settlement said, so that a new one posts only differences."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ..interval import DAY, DateSpan
from ..problem import Problem, error

PRIOR_TABLES = """
create or replace temp table prior_line (line_id varchar, statement_id varchar, payee_id varchar, amount_usd varchar,
  amount_cents bigint, version bigint, status varchar, because varchar, period_start date, period_end date);
create or replace temp table prior_amortization (line_id varchar, day date, act varchar, cents bigint);
create or replace temp table prior_statement (statement_id varchar, payee_id varchar, participant_id varchar,
  total_usd varchar, total_cents bigint, version bigint);
create or replace temp table prior_head (source_id varchar, entry_id varchar);
"""
AMORTIZATION = "amortization.csv"
"""Every movement of the asset that spreads upfront payments; only where a tariff has one."""
HEADS = "ledger_heads.csv"
"""The last entry of each corrected source, kept beside the ledger so that the next correction can name it."""


def read_prior(connection: duckdb.DuckDBPyConnection, prior: Path | None,
               period: DateSpan) -> tuple[bool, list[Problem]]:
    """Load the lines, statements and last entries of a prior run; empty tables without one.

    Lines that share no day with the new run's period are not the new run's business and stay as they are; nor are
    lines of upfront payments that fell due, or were paid back, on a day outside of it.
    """
    connection.execute(PRIOR_TABLES)
    if prior is None:
        return False, []
    missing = [name for name in ("lines.csv", "statements.csv") if not (prior / name).is_file()]
    if missing:
        return False, [error(str(prior / name), "is not there", "Give the folder of an earlier run.")
                       for name in missing]
    try:
        _read(connection, prior, period)
    except duckdb.Error as fault:
        return False, [error(str(prior), f"cannot be read as an earlier run: {str(fault).splitlines()[0]}",
                             "Give the folder of an earlier run, unchanged.")]
    return True, []


def _read(connection: duckdb.DuckDBPyConnection, prior: Path, period: DateSpan) -> None:
    options = "header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"'"
    cents = "cast(cast({} as decimal(18, 2)) * 100 as bigint)"
    connection.execute(f"""
        insert into prior_line
        select line_id, statement_id, payee_id, amount_usd, {cents.format('amount_usd')}, cast(version as bigint),
               status, because, cast(period_start as date), cast(period_end as date)
        from read_csv($file, {options})
        where cast(period_end as date) > $first and cast(period_start as date) < $end
          and (service is not null or component not in ('upfront', 'adder')
               or cast(period_start as date) between $first and $last)
           or component = 'claw_back' and cast(period_start as date) - 1 between $first and $last""",
                       {"file": str(prior / "lines.csv"), "first": period.first, "end": period.end,
                        "last": period.end - DAY})
    connection.execute(f"""
        insert into prior_statement
        select statement_id, payee_id, participant_id, total_usd, {cents.format('total_usd')}, cast(version as bigint)
        from read_csv(?, {options})
        where statement_id in (select statement_id from prior_line)""", [str(prior / "statements.csv")])
    if (prior / AMORTIZATION).is_file():
        connection.execute(f"""
            insert into prior_amortization
            select line_id, cast(day as date), act, {cents.format('amount_usd')} from read_csv(?, {options})
            where cast(day as date) between ? and ?""", [str(prior / AMORTIZATION), period.first, period.end - DAY])
    if (prior / HEADS).is_file():
        connection.execute(f"insert into prior_head select source_id, entry_id from read_csv(?, {options})",
                           [str(prior / HEADS)])
