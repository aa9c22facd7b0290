"""What a tariff's words on wholesale activity say on a day, as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from ..problem import Problem, error
from ..quantity import mwh_from_kwh
from ..tariff.model import Dated, History, Tariff, Wholesale, in_force, value_on

T = TypeVar("T")
GENERATION, CHARGING = "generation", "charging"
DEMAND_S_MIN = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The rules of one month: those in force on its first day."""

    demand_s: int
    tolerance_mwh: int
    loss_factor: Fraction
    """Wholesale metered energy over energy at the device."""
    backs_out_charging: bool
    at_wholesale: bool
    """Energy charged in award hours is bought at wholesale and must not serve retail load."""
    checks_capacity: bool
    needs_wdat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTerms:
    """How the runs of the market's statements follow and replace each other."""

    order: tuple[str, ...]
    replaces: str
    lists_changes: bool


def terms_on(tariff: Tariff, day: date, as_of: date) -> tuple[Terms | None, list[Problem]]:
    """The rules of the month that begins on a day, as known on another; None with the reasons why not."""
    wholesale = tariff.wholesale
    if wholesale is None:
        return None, [error(tariff.tariff, "has no block wholesale:", "Give a tariff that says how award hours and "
                            "the retail bill are kept apart.")]
    problems = list(_contradictions(tariff, wholesale, day, as_of))
    if problems:
        return None, problems
    statements = wholesale.statements
    minutes = value_on(wholesale.demand_interval_minutes, day, as_of, Decimal(0))
    extra: frozenset[str] = value_on(statements.extra_checks, day, as_of, frozenset()) if statements else frozenset()
    return Terms(
        demand_s=int(minutes * 60),
        tolerance_mwh=mwh_from_kwh(value_on(wholesale.tolerance_kwh, day, as_of, Decimal(0))),
        loss_factor=Fraction(value_on(wholesale.loss_factor, day, as_of, Decimal(1))),
        backs_out_charging=CHARGING in value_on(wholesale.add_back, day, as_of, frozenset()),
        at_wholesale=value_on(wholesale.pre_charge, day, as_of, "retail") == "wholesale",
        checks_capacity="capacity" in extra,
        needs_wdat=value_on(wholesale.interconnection, day, as_of, "retail") == "wdat"), []


def _contradictions(tariff: Tariff, wholesale: Wholesale, day: date, as_of: date) -> Iterator[Problem]:
    added = _said(wholesale.add_back, day, as_of)
    if added is None or GENERATION not in added.value:
        yield error(tariff.tariff, f"does not add generation back on {day}", "Write wholesale: add_back: [generation].")
    minutes = _said(wholesale.demand_interval_minutes, day, as_of)
    if minutes is None or minutes.value <= 0 or minutes.value * 60 < DEMAND_S_MIN or 60 % minutes.value:
        yield error(tariff.tariff, f"names no demand interval of 15, 20, 30 or 60 minutes on {day}",
                    "Write wholesale: demand_interval_minutes:.")
    factor = _said(wholesale.loss_factor, day, as_of)
    if factor is not None and factor.value <= 0:
        yield error(tariff.tariff, "has a loss factor that is not above zero", "Correct wholesale: loss_factor:.")
    tolerance = _said(wholesale.tolerance_kwh, day, as_of)
    if tolerance is not None and tolerance.value < 0:
        yield error(tariff.tariff, "has a tolerance below zero", "Correct wholesale: tolerance_kwh:.")
    bought = _said(wholesale.pre_charge, day, as_of)
    if bought is not None and bought.value == "wholesale" and (added is None or CHARGING not in added.value):
        yield error(tariff.tariff, "buys charging at wholesale and leaves it on the retail bill, to be paid twice",
                    "Write add_back: [generation, charging], or pre_charge: retail.")


def _said(history: History[T], day: date, as_of: date) -> Dated[T] | None:
    return in_force(history, day, as_of)


def run_terms_on(tariff: Tariff, day: date, as_of: date) -> RunTerms:
    """How the statement's runs follow each other; the rules in force on the period's first day."""
    statements = tariff.wholesale.statements if tariff.wholesale is not None else None
    if statements is None:
        return RunTerms(order=(), replaces="day", lists_changes=False)
    none: frozenset[str] = frozenset()
    return RunTerms(order=value_on(statements.recalculations, day, as_of, ()),
                    replaces=value_on(statements.recalculation_replaces, day, as_of, "day"),
                    lists_changes="recalculations" in value_on(statements.extra_checks, day, as_of, none))


def charge_meanings(tariff: Tariff, day: date, as_of: date) -> dict[str, str]:
    """What each charge code pays that the tariff names; a code that is not here counts as energy."""
    statements = tariff.wholesale.statements if tariff.wholesale is not None else None
    named = statements.charge_codes if statements is not None else {}
    return {code: value_on(held.pays, day, as_of, "energy") for code, held in named.items()}


def clauses_on(tariff: Tariff, day: date, as_of: date) -> dict[str, str]:
    """The clause behind each kind of exception that the tariff gives one."""
    wholesale = tariff.wholesale
    if wholesale is None:
        return {}
    sources: dict[str, Dated[frozenset[str]] | Dated[Decimal] | Dated[str] | None] = {
        "settlement_outside_award": in_force(wholesale.add_back, day, as_of),
        "double_billed_charging": in_force(wholesale.add_back, day, as_of),
        "generation_without_meter": in_force(wholesale.add_back, day, as_of),
        "statement_difference": in_force(wholesale.tolerance_kwh, day, as_of),
        "charging_difference": in_force(wholesale.tolerance_kwh, day, as_of),
        "resource_without_interconnection": in_force(wholesale.interconnection, day, as_of),
        "wholesale_energy_used_at_retail": in_force(wholesale.pre_charge, day, as_of),
    }
    return {kind: dated.cite for kind, dated in sources.items() if dated is not None}
