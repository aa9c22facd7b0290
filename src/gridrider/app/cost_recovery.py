"""`gridrider ledger recovery`: the regulatory asset of a program and the surcharge that recovers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.read import read_table
from ..interval import local_midnight
from ..ledger.model import PROGRAM_COSTS, RECOVERY, SURCHARGES
from ..ledger.recovery import RecoveryMonth, RecoveryRow, recovery_entries, recovery_rows
from ..ledger.tables import COST_ACCOUNTS
from ..money import usd_from_cents
from ..problem import Problem, error, refuse_on_error, warning
from ..quantity import kwh_from_mwh
from ..tariff.model import Tariff, in_force, value_on
from .outputs import replacing, write_problems
from .payout_inputs import payout_tariff
from .payout_owed import cents_of, csv_rows, settled_run
from .payout_write import write_ledger, write_mark, write_table

_PAYMENTS = "participant_payments"


def recover(tariff_file: Path, inputs: Path, settled: Sequence[Path],
            out: Path) -> tuple[list[RecoveryRow], list[Problem]]:
    """Write recovery.csv and ledger.csv for the months of the table `surcharges`.

    Participant payments come from the ledgers of settled runs, by the month in which they were posted, or from the
    costs. Raises DataRefused with every Problem.
    """
    tariff, problems = payout_tariff(tariff_file)
    zone = ZoneInfo(tariff.timezone)
    with duckdb.connect() as connection:
        for schema in (PROGRAM_COSTS, SURCHARGES):
            problems += read_table(connection, inputs, schema, zone)
        refuse_on_error(problems)
        costs: list[tuple[date, str, int, int]] = connection.execute(
            "select month, account, micro_usd, source_row from program_costs order by month, account").fetchall()
        sales: list[tuple[date, int, int | None, int]] = connection.execute(
            "select month, forecast_mwh, collected_micro_usd, source_row from surcharges order by month").fetchall()
    problems += _wrong_months(costs, sales)
    paid = _posted_payments(tariff, settled, zone)
    problems += _double_payments(costs, paid)
    refuse_on_error(problems)
    by_month, left_out = _costs_by_month(tariff, costs, paid)
    problems += left_out
    months = [RecoveryMonth(
        month=month, cost_cents=by_month.get(month, {}), forecast_mwh=forecast,
        collected_cents=None if collected is None else _cents(collected), return_pct=_return_pct(tariff, month))
        for month, forecast, collected, _ in sales]
    problems += [warning("program_costs", f"has costs of {month:%Y-%m}, a month without sales; they are not recovered",
                         "Add the month to surcharges.") for month in sorted(set(by_month) - {row[0] for row in sales})]
    rows = recovery_rows(months)
    with replacing(out) as folder:
        write_table(folder / "recovery.csv", RECOVERY, [_row(row) for row in rows])
        write_ledger(folder / "ledger.csv", [entry for row in rows for entry in recovery_entries(
            row, tariff.tariff, local_midnight(_next(row.given.month), zone) - timedelta(seconds=1))], tariff.currency)
        write_problems(folder / "problems.csv", problems)
        write_mark(folder, tariff=tariff.tariff, months=len(rows))
    return rows, problems


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _cents(micro_usd: int) -> int:
    return micro_usd // 10_000


def _wrong_months(costs: Sequence[tuple[date, str, int, int]],
                  sales: Sequence[tuple[date, int, int | None, int]]) -> Iterator[Problem]:
    """A Problem for each row that no month can be computed from."""
    for name, month, row in [("program_costs", held[0], held[3]) for held in costs] + [
            ("surcharges", held[0], held[3]) for held in sales]:
        if month.day != 1:
            yield error(name, "is not the first day of a month", "Write the first day.", row=row, column="month",
                        value=str(month))
    for name, micro, row in [("program_costs", held[2], held[3]) for held in costs] + [
            ("surcharges", held[2] or 0, held[3]) for held in sales]:
        if micro % 10_000:
            yield error(name, "has a part of a cent", "Write whole cents.", row=row)
    for before, held in pairwise(sales):
        if _next(before[0]) != held[0]:
            yield error("surcharges", f"does not follow {before[0]:%Y-%m}", "Give every month once, in a row.",
                        row=held[3], column="month", value=str(held[0]))
        elif before[2] is None:
            yield error("surcharges", f"comes after {before[0]:%Y-%m}, whose collection is not known, so its opening "
                        "balance is not known", "Fill in collected_usd, or end with the month before.", row=held[3],
                        column="month", value=str(held[0]))
    for _, forecast, _, row in sales:
        if forecast <= 0:
            yield error("surcharges", "must be above zero to bear a surcharge", "Correct the forecast.", row=row,
                        column="forecast_kwh")


def _posted_payments(tariff: Tariff, settled: Sequence[Path], zone: ZoneInfo) -> dict[date, int]:
    """Program expense of settled ledgers by the local month of posting, in whole cents; an entry counts once."""
    seen: set[tuple[str, str]] = set()
    sums: dict[date, int] = {}
    for folder in settled:
        settled_run(folder)
        for row in csv_rows(folder / "ledger.csv"):
            key = (row["entry_id"], row["posting_no"])
            if row["account"] == f"expense:program:{tariff.tariff}" and key not in seen:
                seen.add(key)
                month = datetime.fromisoformat(row["posted_at"]).astimezone(zone).date().replace(day=1)
                sums[month] = sums.get(month, 0) + cents_of(row["debit_usd"]) - cents_of(row["credit_usd"])
    return sums


def _double_payments(costs: Sequence[tuple[date, str, int, int]], paid: Mapping[date, int]) -> Iterator[Problem]:
    for month, account, _, row in costs:
        if account == _PAYMENTS and month in paid:
            yield error("program_costs", "participant payments of this month come from the settled ledgers too",
                        "Give them once.", row=row, column="account", value=account)


def _costs_by_month(tariff: Tariff, costs: Sequence[tuple[date, str, int, int]],
                    paid: Mapping[date, int]) -> tuple[dict[date, dict[str, int]], list[Problem]]:
    """What may be recovered, by month and account; what the tariff leaves out becomes a warning."""
    recovery = tariff.payout.recovery if tariff.payout is not None else None
    if recovery is None:
        refuse_on_error([error("tariff", "says nothing of cost recovery", "Add payout.recovery with its source.")])
    by_month: dict[date, dict[str, int]] = {}
    left_out: list[Problem] = []
    given = [(month, account, _cents(micro), row) for month, account, micro, row in costs]
    given += [(month, _PAYMENTS, cents, 0) for month, cents in sorted(paid.items())]
    for month, account, cents, row in given:
        allowed = in_force(recovery.accounts, month, month) if recovery is not None else None
        if allowed is not None and account in allowed.value:
            by_month.setdefault(month, {})[account] = cents
        else:
            left_out.append(warning("program_costs", f"{usd_from_cents(cents)} USD of {month:%Y-%m} may not be "
                                    "recovered" + (f" ({allowed.cite})" if allowed else ""),
                                    "Leave it with the shareholders, or file for it.", row=row or None,
                                    column="account", value=account))
    return by_month, left_out


def _return_pct(tariff: Tariff, month: date) -> Decimal:
    recovery = tariff.payout.recovery if tariff.payout is not None else None
    return Decimal(0) if recovery is None else value_on(recovery.return_pct, month, month, Decimal(0))


def _row(row: RecoveryRow) -> dict[str, object]:
    given = row.given
    return {
        "month": given.month, "opening_usd": usd_from_cents(row.opening_cents),
        **{f"{account}_usd": usd_from_cents(given.cost_cents.get(account, 0)) for account in COST_ACCOUNTS},
        "return_usd": usd_from_cents(row.return_cents), "to_recover_usd": usd_from_cents(row.to_recover_cents),
        "forecast_kwh": kwh_from_mwh(given.forecast_mwh),
        "surcharge_usd_per_kwh": kwh_from_mwh(row.surcharge_micro_usd_per_kwh),
        "collected_usd": "" if given.collected_cents is None else usd_from_cents(given.collected_cents),
        "closing_usd": "" if row.closing_cents is None else usd_from_cents(row.closing_cents)}
