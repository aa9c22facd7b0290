"""Upfront payments of a run: what is due, what is paid back on leaving, and how the books spread it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from ..problem import Problem, error, warning
from ..settlement.rates import RateTooFine
from ..settlement.upfront import part_rate, parts_of, terms_on
from ..tariff.model import Case
from .settle_plan import SettlePlan
from .sql_text import sql, stage_sql

LISTED_MAX = 1000
UPFRONT_RIDER = pa.schema([("rider", pa.string()), ("unless_any", pa.list_(pa.string())),
                           ("amortizes", pa.bool_())])
UPFRONT_STATED = pa.schema([("rider", pa.string()), ("when_any", pa.list_(pa.string()))])
UPFRONT_TERMS = pa.schema([
    ("rider", pa.string()), ("vintage_day", pa.date32()), ("power_milliwatt_max", pa.int64()),
    ("term_months", pa.int64()), ("amortize_months", pa.int64()), ("excused", pa.list_(pa.string())),
    ("owed_to_funder", pa.bool_()),
    ("clause", pa.string())])
UPFRONT_RATE = pa.schema([
    ("rider", pa.string()), ("vintage_day", pa.date32()), ("duration_s", pa.int64()), ("customer_class", pa.string()),
    ("part", pa.string()), ("component", pa.string()), ("per_kw", pa.bool_()), ("when_any", pa.list_(pa.string())),
    ("rate_micro", pa.int64()), ("unit", pa.string()), ("effective", pa.date32()), ("cite", pa.string())])


def make_upfront(connection: duckdb.DuckDBPyConnection, plan: SettlePlan, tariff_file: str) -> list[Problem]:
    """Add the upfront, adder and claw-back lines to `line`, and make `amortization`: the movements of the asset."""
    riders = {name: rider.upfront for name, rider in plan.tariff.riders.items() if rider.upfront is not None}
    connection.register("upfront_rider", pa.Table.from_pylist([
        {"rider": name, "unless_any": list(upfront.unless_any), "amortizes": bool(upfront.amortize_months)}
        for name, upfront in riders.items()], schema=UPFRONT_RIDER))
    connection.execute(sql("upfront_due"))
    terms = [{"rider": name, "vintage_day": day, **_terms_row(plan, name, day)} for name, day in connection.execute(
        "select distinct rider, vintage_day from upfront_due order by all").fetchall()]
    connection.register("upfront_terms", pa.Table.from_pylist(terms, schema=UPFRONT_TERMS))
    rates, problems = _rates(connection, plan, tariff_file)
    connection.register("upfront_stated", pa.Table.from_pylist([
        {"rider": name, "when_any": list(part.when_any)} for name, upfront in riders.items()
        for part in parts_of(upfront)], schema=UPFRONT_STATED))
    connection.register("upfront_rate", pa.Table.from_pylist(rates, schema=UPFRONT_RATE))
    connection.execute(stage_sql("settlement", "upfront"))
    return [*problems, *_unpaid(connection, tariff_file), *_unsigned(connection)]


def _terms_row(plan: SettlePlan, rider: str, day: Any) -> dict[str, Any]:
    upfront = plan.tariff.riders[rider].upfront
    if upfront is None:
        raise ValueError(f"the rider {rider} pays nothing upfront")
    terms = terms_on(upfront, day, plan.known_by)
    return {"power_milliwatt_max": terms.power_milliwatt_max, "term_months": terms.term_months,
            "amortize_months": terms.amortize_months, "excused": list(terms.excused),
            "owed_to_funder": terms.owed_to_funder, "clause": terms.clause}


def _rates(connection: duckdb.DuckDBPyConnection, plan: SettlePlan,
           tariff_file: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The rate of every part for every vintage, duration and class that occurs; no row where none is in force."""
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    parts = {name: parts_of(rider.upfront) for name, rider in plan.tariff.riders.items() if rider.upfront is not None}
    for name, day, duration_s, customer_class in connection.execute(
            "select distinct rider, vintage_day, duration_s, customer_class from upfront_due order by all").fetchall():
        case = Case(month=day.month, customer_class=customer_class,
                    duration_h=None if duration_s is None else Decimal(duration_s) / 3600)
        for part in parts[name]:
            try:
                rate = part_rate(part, day, plan.known_by, case)
            except RateTooFine as reason:
                problems.append(error(tariff_file, str(reason), "Round the rate.", column=f"riders.{name}.upfront"))
                continue
            if rate is not None:
                rows.append({"rider": name, "vintage_day": day, "duration_s": duration_s,
                             "customer_class": customer_class, "part": part.name, "component": part.component,
                             "per_kw": part.per_kw, "when_any": list(part.when_any), "rate_micro": rate.rate_micro,
                             "unit": rate.unit, "effective": rate.effective, "cite": rate.cite})
    return rows, problems


def _unpaid(connection: duckdb.DuckDBPyConnection, tariff_file: str) -> Iterator[Problem]:
    """Enrollments to whom a part of an upfront payment is due and for whom none of these has a rate in force."""
    for enrollment_id, day in connection.execute(sql("upfront_unpaid"), [LISTED_MAX]).fetchall():
        yield error(tariff_file, f"no upfront rate is in force on {day} for enrollment {enrollment_id} among what was "
                    "filed by as-of", "Add the rate with its effective and filed date, for its duration and class.",
                    column="upfront")


def _unsigned(connection: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    rows = connection.execute(sql("upfront_unsigned")).fetchall()
    for row, enrollment_id in rows[:LISTED_MAX]:
        yield warning("enrollments", "has no agreement signed by as-of, so its upfront payment is not due",
                      "Give agreement_signed_on.", row=row, column="agreement_signed_on", value=enrollment_id)
    if len(rows) > LISTED_MAX:
        yield warning("enrollments", f"and {len(rows) - LISTED_MAX} more enrollments whose upfront payment waits for a "
                      "signed agreement", "Give agreement_signed_on.", column="agreement_signed_on")
