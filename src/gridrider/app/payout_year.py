"""Checks that nobody cashed, the year's tax forms, and what aggregators ask back of their customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..ledger.model import CLEARED, PASS_THROUGH, RECOUPED
from ..ledger.pass_through import why_not_recouped
from ..ledger.pay_rules import house_rules
from ..ledger.post_payout import stale_check_entry
from ..ledger.tax_forms import TaxForm, tax_forms
from ..money import usd_from_cents
from ..problem import DataRefused, Problem, Refusal, error, refuse_on_error
from .outputs import replacing, write_problems
from .payout_inputs import payout_tariff, read_accounts, read_one_file
from .payout_owed import cents_of, csv_rows, funder_claims, paid_folders, read_owed, settled_run, years_paid
from .payout_write import Row, write_checks, write_forms, write_ledger, write_mark, write_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How many rows were written, and what was found."""

    count: int
    problems: tuple[Problem, ...]
    refusals: tuple[Refusal, ...] = ()


def stale_checks(tariff_file: Path, paid: Sequence[Path], cleared: Path, at: datetime, out: Path) -> Done:
    """Write the register of all checks as it stands at a time, and an entry for each that has become void.

    Raises DataRefused with every Problem; a check that the bank paid and we never wrote is one.
    """
    tariff, problems = payout_tariff(tariff_file)
    zone = ZoneInfo(tariff.timezone)
    days = house_rules(tariff, at.astimezone(zone).date()).stale_after_days
    if days is None:
        problems.append(error(str(tariff_file), "does not say when a check is void",
                              "Add payout.checks_stale_after_days with its source."))
    cleared_on, found = _cleared(cleared, zone)
    register = [row for folder in paid_folders(paid) if (folder.folder / "checks.csv").is_file()
                for row in csv_rows(folder.folder / "checks.csv")]
    known = {int(row["check_number"]) for row in register}
    found += [error(cleared.name, "is no check of the payouts given with --paid", "Ask the bank.",
                    column="check_number", value=str(number)) for number in sorted(cleared_on) if number not in known]
    refuse_on_error([*problems, *found])
    rows: list[Row] = []
    entries = []
    for row in register:
        number, stale_on = int(row["check_number"]), date.fromisoformat(row["issued_on"]) + timedelta(days=days or 0)
        status = "cleared" if number in cleared_on else "issued"
        if status == "issued" and at.astimezone(zone).date() > stale_on:
            status = "stale"
            entries.append(stale_check_entry(number, row["payment_id"], row["payee_id"], cents_of(row["amount_usd"]),
                                             at))
        rows.append({**row, "check_number": number, "status": status, "stale_on": stale_on + timedelta(days=1)})
    with replacing(out) as folder:
        write_checks(folder / "checks.csv", rows)
        write_ledger(folder / "ledger.csv", entries, tariff.currency)
        write_problems(folder / "problems.csv", [*problems, *found])
        write_mark(folder, checks=len(rows), stale=len(entries))
    return Done(count=len(entries), problems=(*problems, *found))


def _cleared(file: Path, zone: ZoneInfo) -> tuple[dict[int, date], list[Problem]]:
    with duckdb.connect() as connection:
        problems = read_one_file(connection, file, CLEARED, zone)
        refuse_on_error(problems)
        rows = connection.execute("select check_number, cleared_on from cleared").fetchall()
    return dict(rows), problems


def year_forms(tariff_file: Path, paid: Sequence[Path], accounts_file: Path, year: int, at: datetime,
               out: Path) -> tuple[list[TaxForm], list[Problem]]:
    """Write the list of a calendar year's payments for the tax forms; gives its rows and every warning."""
    tariff, problems = payout_tariff(tariff_file)
    zone = ZoneInfo(tariff.timezone)
    accounts, found = read_accounts(accounts_file, zone)
    refuse_on_error([*problems, *found])
    sums = [each for each in years_paid(paid_folders(paid)) if each.year == year]
    forms, warned = tax_forms(tariff, sums, accounts, at.astimezone(zone).date())
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    write_forms(part, tariff.authority, forms)
    part.replace(out)
    return forms, [*problems, *found, *warned]


def pass_through(tariff_file: Path, statements: Sequence[Path], recouped: Path, out: Path) -> Done:
    """Write what each aggregator owes a funder beside what it asks back of its customer; more than it owes is refused.

    Raises DataRefused with every Problem.
    """
    tariff, problems = payout_tariff(tariff_file)
    zone = ZoneInfo(tariff.timezone)
    runs = [settled_run(folder) for folder in statements]
    day = max(run.as_of for run in runs).astimezone(zone).date()
    with duckdb.connect() as connection:
        found = read_one_file(connection, recouped, RECOUPED, zone)
        refuse_on_error([*problems, *found])
        asked = {(participant, enrollment): _cents(micro) for participant, enrollment, micro in connection.execute(
            "select participant_id, enrollment_id, recouped_micro_usd from recouped").fetchall()}
        found += read_owed(connection, tariff, runs, [], day)
        claims = funder_claims(connection, tariff, day)
    if not runs:
        raise DataRefused([error("--statements", "is empty", "Give a settled run.")])
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    write_table(part, PASS_THROUGH, [
        {"line_id": claim.line_id, "statement_id": claim.statement_id, "participant_id": claim.participant_id,
         "enrollment_id": claim.enrollment_id, "payee_id": claim.payee_id, "clause": claim.clause,
         "owed_usd": usd_from_cents(claim.cents),
         "recouped_usd": usd_from_cents(asked.get((claim.participant_id, claim.enrollment_id), 0))}
        for claim in claims])
    part.replace(out)
    return Done(count=len(claims), problems=(*problems, *found), refusals=why_not_recouped(claims, asked))


def _cents(micro_usd: int) -> int:
    """Whole cents of micro-dollars; a part of a cent that somebody asks for counts as a cent."""
    return -(-micro_usd // 10_000)
