"""The regulatory calendar: what is due when, counted from which act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..dated import History
from ..fields import named_blocks, needed, optional, rule


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingStep:
    """One act that is due, or may not come before, some time after another."""

    title: str = needed("the act")
    by: str = optional("who acts", default="")
    after: str = needed("the date or step it is counted from")
    within_days: History[Decimal] = rule("latest, counted in days", unit="days")
    within_years: History[Decimal] = rule("latest, counted in years", unit="years")
    at_least_days: History[Decimal] = rule("least length of a period that begins there", unit="days")
    at_least_years: History[Decimal] = rule("least length of a period that begins there", unit="years")
    count_min: History[Decimal] = rule("how many at least", unit="times")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Every deadline of the law behind the tariff."""

    computation: History[str] = rule("how days are counted and ends rolled", choices=("new_york", "virginia", "none"))
    steps: Mapping[str, FilingStep] = named_blocks("acts that are due")
