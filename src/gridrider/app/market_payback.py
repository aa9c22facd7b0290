"""How far market revenue has paid back what the program spent: from ledgers, reconciled months and own costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.read import read_table
from ..interval import utc_text
from ..market.model import PILOT_COSTS
from ..problem import DataRefused, Problem, error, refuse_on_error
from ..reconcile.model import WHOLESALE
from ..tariff.load import load
from ..tariff.model import Tariff, value_on
from .outputs import copy_csv, replacing, write_problems
from .reconcile_outputs import write_mark
from .sql_text import sql, stage_sql
from .trial_balance import trial_balance


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBack:
    """What was written, and what is left to pay back."""

    out: Path
    problems: tuple[Problem, ...]
    months: int
    left_usd: str


def pay_back(tariff_file: Path, settled: Sequence[Path], reconciled: Sequence[Path], costs: Path | None, out: Path,
             as_of: datetime) -> PaidBack:
    """Write `payback.csv` and the market side's `ledger.csv`; raises DataRefused on an error.

    `settled` are folders with a ledger.csv, `reconciled` folders with a wholesale.csv, `costs` one with pilot_costs.
    An entry that stands in several ledgers counts once; a resource and month in several reconciliations is an error.
    """
    tariff, problems = load(tariff_file)
    if tariff is None:
        raise DataRefused(problems)
    if tariff.wholesale is None or tariff.wholesale.payback is None:
        raise DataRefused([error(str(tariff_file), "does not say how market revenue pays anything back",
                                 "Add wholesale: payback:.")])
    if settled and trial_balance(settled).unbalanced_entries:
        raise DataRefused([error("ledger.csv", "holds entries that do not balance",
                                 "Give the ledger of a settled run.")])
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(stage_sql("settlement", "macros"))
        connection.execute(sql("payback_tables"))
        for folder in reconciled:
            problems = problems + _revenue(connection, folder, ZoneInfo(tariff.timezone))
        problems = problems + _twice(connection)
        if costs is not None:
            problems = problems + read_table(connection, costs, PILOT_COSTS, ZoneInfo(tariff.timezone))
        refuse_on_error(problems)
        if costs is not None:
            connection.execute("insert into cost select cost_id, strftime(day, '%Y-%m'), category, amount_micro_usd, "
                               "because from pilot_costs")
        _spent(connection, tariff, settled, as_of)
        connection.execute(stage_sql("market", "payback"))
        rows = connection.execute("select usd_cents_text(left_over) from payback order by month desc limit 1"
                                  ).fetchall()
        with replacing(out) as folder:
            copy_csv(connection, sql("payback"), folder / "payback.csv")
            copy_csv(connection, sql("payback_ledger").replace("$posted_at", f"'{utc_text(as_of)}'"),
                     folder / "ledger.csv")
            write_problems(folder / "problems.csv", problems)
            write_mark(folder, tariff, tariff_file)
        ((months,),) = connection.execute("select count(*) from payback").fetchall()
    return PaidBack(out=out, problems=tuple(problems), months=int(months), left_usd=rows[0][0] if rows else "0.00")


def _revenue(connection: duckdb.DuckDBPyConnection, folder: Path, zone: ZoneInfo) -> list[Problem]:
    if not (folder / "wholesale.csv").is_file():
        return [error(str(folder / "wholesale.csv"), "is not there", "Give the folder of a reconciled period.")]
    problems = read_table(connection, folder, WHOLESALE, zone)
    connection.execute("insert into revenue select resource_id, month, amount_micro_usd, scheduling_coordinator "
                       "from wholesale where amount_micro_usd is not null")
    return problems


def _twice(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    return [error("wholesale.csv", "this resource and month is reconciled in two of the folders, so its revenue would "
                  "count twice", "Give each month once.", column="month", value=f"{resource} {month}")
            for resource, month in connection.execute("select resource_id, month from revenue group by all "
                                                      "having count(*) > 1 order by all").fetchall()]


def _spent(connection: duckdb.DuckDBPyConnection, tariff: Tariff, settled: Sequence[Path], as_of: datetime) -> None:
    """Debits less credits of the accounts that the tariff wants paid back, by local month."""
    zone, day = ZoneInfo(tariff.timezone), as_of.date()
    payback = tariff.wholesale.payback if tariff.wholesale is not None else None
    none: frozenset[str] = frozenset()
    wanted = value_on(payback.spent_accounts, day, day, none) if payback is not None else none
    accounts = sorted(wanted)
    counts = payback is not None and value_on(payback.includes_facilitation, day, day, False)
    connection.execute("create or replace temp table payback_term as select cast(? as varchar) as tariff, "
                       "cast(? as boolean) as includes_facilitation", [tariff.tariff, counts])
    for folder in settled:
        connection.execute(sql("payback_postings"), [str(folder / "ledger.csv"), accounts])
    for (posted_at,) in connection.execute("select distinct posted_at from posting").fetchall():
        local = posted_at.replace(tzinfo=UTC).astimezone(zone)
        connection.execute("insert into posted_month values (?, ?)", [posted_at, f"{local:%Y-%m}"])
    connection.execute("insert into spent select m.month, sum(p.micro_usd) from (select distinct * from posting) as p "
                       "join posted_month as m on m.posted_at = p.posted_at group by m.month")


