"""What settled runs say is owed, and what earlier payouts have paid of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from ..interval import utc_text
from ..ledger.model import Owed
from ..ledger.pass_through import FunderClaim
from ..ledger.pay_rules import funder_clause
from ..ledger.tax_forms import YearPaid
from ..problem import DataRefused, Problem, error, warning
from ..tariff.load import tariff_hash
from ..tariff.model import Tariff
from .sql_text import stage_sql

_TABLES = """
create or replace temp table run_now (tariff varchar, period_start date, period_end date);
create or replace temp table statement_now (statement_id varchar, payee_id varchar, participant_id varchar,
  period_start date, period_end date, version bigint, total_cents bigint, tariff varchar, file varchar);
create or replace temp table line_now (statement_id varchar, line_id varchar, participant_id varchar,
  enrollment_id varchar, payee_id varchar, service varchar, status varchar, amount_cents bigint,
  owed_to_funder boolean, file varchar, period_start date, period_end date, component varchar);
create or replace temp table paid_before (statement_id varchar, payment_id varchar, payee_id varchar,
  participant_id varchar, tariff varchar, period_start date, period_end date, version bigint, final boolean,
  services varchar[], total_cents bigint, paid_cents bigint);
create or replace temp table claim_before (line_id varchar, statement_id varchar, participant_id varchar,
  enrollment_id varchar, payee_id varchar, cents bigint);
"""
_OPTIONS = "header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"'"
_CENTS = "cast(cast({} as decimal(18, 2)) * 100 as bigint)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRun:
    """A folder that settle wrote."""

    folder: Path
    tariff: str
    tariff_hash: str
    period_start: date
    period_end: date
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidFolder:
    """A folder that a payout, a return or a reversal wrote: its marks and its payments as texts."""

    folder: Path
    payout_id: str
    made_on: str
    payments: tuple[dict[str, str], ...]


def settled_run(folder: Path) -> SettledRun:
    """The marks of a settled run; raises DataRefused when the folder is none."""
    document = _document(folder, "gridrider settle", ("statements.csv", "lines.csv", "ledger.csv"))
    try:
        return SettledRun(
            folder=folder, tariff=str(document["tariff"]["tariff"]), tariff_hash=str(document["tariff_hash"]),
            period_start=date.fromisoformat(document["period_start"]),
            period_end=date.fromisoformat(document["period_end"]), as_of=datetime.fromisoformat(document["as_of"]))
    except (KeyError, TypeError, ValueError):
        raise DataRefused([error(str(folder / "run.json"), "does not describe a settled run",
                                 "Give a folder that gridrider settle wrote, unchanged.")]) from None


def paid_folders(folders: Sequence[Path]) -> list[PaidFolder]:
    """Earlier payouts, returns and reversals; the same one given twice counts once."""
    found: dict[str, PaidFolder] = {}
    for folder in folders:
        document = _document(folder, "gridrider payout", ("payments.csv", "paid.csv", "ledger.csv"))
        payout_id = str(document.get("payout_id") or "")
        if not payout_id:
            raise DataRefused([error(str(folder / "run.json"), "does not describe a payout that was made",
                                     "Give the folder of a payout, return or reversal, unchanged.")])
        payments = tuple(csv_rows(folder / "payments.csv"))
        found.setdefault(payout_id, PaidFolder(folder=folder, payout_id=payout_id, payments=payments,
                                               made_on=str(document.get("made_on", ""))))
    return list(found.values())


def csv_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a table that we wrote, as texts."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _document(folder: Path, writer: str, files: Sequence[str]) -> dict[str, Any]:
    missing = [name for name in (*files, "run.json") if not (folder / name).is_file()]
    if missing:
        raise DataRefused([error(str(folder / name), "is not there", f"Give a folder that {writer} wrote.")
                           for name in missing])
    try:
        document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise DataRefused([error(str(folder / "run.json"), "is not a JSON object", "Give the folder unchanged.")])
    return document


def read_owed(connection: duckdb.DuckDBPyConnection, tariff: Tariff, runs: Sequence[SettledRun],
              paid: Sequence[PaidFolder], day: date) -> list[Problem]:
    """Fill the tables `owed` and `claim`; raises DataRefused for folders that cannot be read or contradict themselves.

    Returns warnings only.
    """
    connection.execute(_TABLES)
    funder = _funder_clauses(tariff, day)
    for run in runs:
        _guarded(run.folder, partial(_read_run, connection, run, bool(funder)))
    for folder in paid:
        _guarded(folder.folder, partial(_read_paid, connection, folder))
    _refuse_contradictions(connection)
    _refuse_mixed_funders(connection, tariff, funder, day)
    connection.execute(stage_sql("ledger", "owed"))
    return list(_other_tariffs(tariff, runs))


def _guarded(folder: Path, read: Callable[[], None]) -> None:
    try:
        read()
    except (duckdb.Error, OSError) as fault:
        raise DataRefused([error(str(folder), f"cannot be read: {str(fault).splitlines()[0]}",
                                 "Give the folder unchanged.")]) from None


def _read_run(connection: duckdb.DuckDBPyConnection, run: SettledRun, owed_to_funder: bool) -> None:
    connection.execute("insert into run_now values (?, ?, ?)", [run.tariff, run.period_start, run.period_end])
    connection.execute(
        "insert into statement_now select statement_id, payee_id, participant_id, cast(period_start as date), "
        f"cast(period_end as date), cast(version as bigint), {_CENTS.format('total_usd')}, ?, ? "
        f"from read_csv(?, {_OPTIONS})", [run.tariff, str(run.folder), str(run.folder / "statements.csv")])
    connection.execute(
        "insert into line_now select statement_id, line_id, participant_id, enrollment_id, payee_id, service, status, "
        f"{_CENTS.format('amount_usd')}, component = 'claw_back' and ?, ?, cast(period_start as date), "
        f"cast(period_end as date), component from read_csv(?, {_OPTIONS})",
        [owed_to_funder, str(run.folder), str(run.folder / "lines.csv")])


def _read_paid(connection: duckdb.DuckDBPyConnection, paid: PaidFolder) -> None:
    connection.execute(
        "insert into paid_before select statement_id, payment_id, payee_id, participant_id, tariff, "
        "cast(period_start as date), cast(period_end as date), cast(version as bigint), cast(final as boolean), "
        "coalesce(string_split(services, ';'), []), "
        f"{_CENTS.format('total_usd')}, {_CENTS.format('paid_usd')} from read_csv(?, {_OPTIONS})",
        [str(paid.folder / "paid.csv")])
    if (paid.folder / "pass_through.csv").is_file():
        connection.execute(
            "insert into claim_before select line_id, statement_id, participant_id, enrollment_id, payee_id, "
            f"{_CENTS.format('owed_usd')} from read_csv(?, {_OPTIONS})", [str(paid.folder / "pass_through.csv")])


def _refuse_contradictions(connection: duckdb.DuckDBPyConnection) -> None:
    """A statement that two runs give, or that is not the sum of its lines, is not paid at all."""
    twice = connection.execute("select min(file), statement_id from statement_now group by statement_id "
                               "having count(*) > 1 order by 2 limit 100").fetchall()
    uneven = connection.execute(
        "select s.file, s.statement_id from statement_now as s left join (select statement_id, sum(amount_cents) as "
        "cents from line_now group by statement_id) as l on l.statement_id = s.statement_id "
        "where s.total_cents <> coalesce(l.cents, 0) order by 2 limit 100").fetchall()
    found = [error(f"{file}/statements.csv", "stands in two of the runs", "Give only the newest run of a period.",
                   column="statement_id", value=statement) for file, statement in twice]
    found += [error(f"{file}/statements.csv", "its total is not the sum of its lines",
                    "Give the folder as gridrider settle wrote it.", column="total_usd", value=statement)
              for file, statement in uneven if not twice]
    if found:
        raise DataRefused(found)


def _funder_clauses(tariff: Tariff, day: date) -> list[str]:
    """The clauses by which a claw-back belongs to a funder."""
    return sorted({clause for rider in tariff.riders.values() if (clause := funder_clause(rider, day))})


def _refuse_mixed_funders(connection: duckdb.DuckDBPyConnection, tariff: Tariff, funder: Sequence[str],
                          day: date) -> None:
    own = [name for name, rider in tariff.riders.items()
           if rider.upfront is not None and rider.upfront.claw_back is not None and not funder_clause(rider, day)]
    if funder and own and connection.execute("select 1 from line_now where owed_to_funder limit 1").fetchall():
        raise DataRefused([error("lines.csv", "holds a claw-back, and of the tariff's riders some owe it to a funder "
                                 f"and some ({', '.join(own)}) to the utility", "Keep them in separate tariffs.")])


def _other_tariffs(tariff: Tariff, runs: Sequence[SettledRun]) -> Iterator[Problem]:
    for run in runs:
        if run.tariff != tariff.tariff:
            raise DataRefused([error(str(run.folder), f"was settled under {run.tariff}, not {tariff.tariff}",
                                     "Pay a run with the tariff it was settled under.")])
        if run.tariff_hash != tariff_hash(tariff):
            yield warning(str(run.folder), "was settled under another version of the tariff file",
                          f"Check that its rules of payment are those of {utc_text(run.as_of)}.")


def owed_rows(connection: duckdb.DuckDBPyConnection) -> list[Owed]:
    """Every statement with what has been paid of it."""
    rows = connection.execute("select statement_id, payee_id, participant_id, period_start, period_end, version, "
                              "total_cents, paid_cents, final, services from owed order by statement_id").fetchall()
    return [Owed(statement_id=statement_id, payee_id=payee_id, participant_id=participant_id or "",
                 period_start=period_start, period_end=period_end, version=version, total_cents=int(total_cents),
                 paid_cents=int(paid_cents), final=final, services=tuple(name for name in services if name))
            for (statement_id, payee_id, participant_id, period_start, period_end, version, total_cents, paid_cents,
                 final, services) in rows]


def funder_claims(connection: duckdb.DuckDBPyConnection, tariff: Tariff, day: date) -> list[FunderClaim]:
    """Every claw-back that is owed to a funder, with what earlier payouts booked of it."""
    clause = "; ".join(_funder_clauses(tariff, day)) or "the clause of the earlier payout"
    rows = connection.execute(
        "select c.line_id, c.statement_id, c.participant_id, c.enrollment_id, c.payee_id, c.cents, c.booked_cents, "
        "s.version, s.total_cents, coalesce(p.total_cents, 0) - sum(c.booked_cents) over (partition by c.statement_id) "
        "from claim as c join statement_now as s on s.statement_id = c.statement_id "
        "left join (select statement_id, arg_max(total_cents, version) as total_cents from paid_before "
        "group by statement_id) as p on p.statement_id = c.statement_id order by c.line_id").fetchall()
    return [FunderClaim(line_id=line_id, statement_id=statement_id, participant_id=participant_id,
                        enrollment_id=enrollment_id or "", payee_id=payee_id, clause=clause, cents=int(cents),
                        booked_cents=int(booked), version=version, statement_total_cents=int(total),
                        booked_total_cents=int(booked_total), program=tariff.tariff)
            for (line_id, statement_id, participant_id, enrollment_id, payee_id, cents, booked, version, total,
                 booked_total) in rows]


def years_paid(paid: Sequence[PaidFolder]) -> list[YearPaid]:
    """Gross payments and what was withheld, by payee and calendar year; what came back counts against them."""
    sums: dict[tuple[str, int], tuple[int, int]] = {}
    for folder in paid:
        for row in folder.payments:
            if row["kind"] != "prenote":
                key = (row["payee_id"], int(row["paid_on"][:4]))
                gross, withheld = sums.get(key, (0, 0))
                sums[key] = gross + cents_of(row["gross_usd"]), withheld + cents_of(row["withheld_usd"])
    return [YearPaid(payee_id=payee_id, year=year, gross_cents=gross, withheld_cents=withheld)
            for (payee_id, year), (gross, withheld) in sorted(sums.items())]


def cents_of(usd: str) -> int:
    """Whole cents of an amount as the tables write it; blank = none.

    >>> cents_of("12.50"), cents_of("")
    (1250, 0)
    """
    return int(Decimal(usd or "0") * 100)
