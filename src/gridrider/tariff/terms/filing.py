"""The regulatory calendar: what is due when, counted from which act, and what the act must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ...table import Column, Kind, TableSchema
from ..dated import History
from ..fields import named_blocks, needed, optional, rule

FILING_DATES = TableSchema(
    name="filing_dates",
    meaning="What has happened in a proceeding, or is planned: the file that `gridrider filing --dates` reads. Several "
            "rows of a step are several acts, for example hearings.",
    columns=(
        Column(name="step", kind=Kind.TEXT, required=True, filled=True,
               meaning="a date or step of the tariff's filing:"),
        Column(name="date", kind=Kind.DATE, required=True, filled=True,
               meaning="the day on which it happened, or a period was closed"),
        Column(name="features", kind=Kind.TEXTS,
               meaning="what it held, in the tariff's words: disadvantaged_community, in_territory, video, …"),
        Column(name="note", kind=Kind.TEXT, meaning="place, case number, or whatever helps a reader"),
    ))
"""The table of what has happened."""

COMPUTATIONS = ("new_york", "virginia", "none")
"""How a state reckons days; what each does stands in `state_days.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """An act that was done with some feature, on which another act depends."""

    step: str = needed("the step")
    features: tuple[str, ...] = optional("features that it must have had; none = that it was done", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingDate:
    """A day from which steps count, and which is itself nobody's deadline."""

    title: str = needed("the day")
    on: History[date] = rule("the day, where the law or the commission has set it")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingStep:
    """One act that is due, or may not come before, some time after another."""

    title: str = needed("the act")
    by: str = optional("who acts", default="")
    document: str = optional("what is handed in or made", default="")
    where: tuple[str, ...] = optional("where it is published", default=())
    after: str = needed("the date or step it is counted from")
    before: str = optional("the step by which it must have happened", default="")
    within_days: History[Decimal] = rule("latest, counted in days", unit="days")
    within_years: History[Decimal] = rule("latest, counted in years", unit="years")
    at_least_days: History[Decimal] = rule("least length of a period that begins there", unit="days")
    at_least_years: History[Decimal] = rule("least length of a period that begins there", unit="years")
    not_before_years: History[Decimal] = rule("earliest, counted in years", unit="years")
    every_years: History[Decimal] = rule("again so many years later, the first on the day itself", unit="years")
    count_min: History[Decimal] = rule("how many at least", unit="times")
    each_with: History[frozenset[str]] = rule("features that each of them must have")
    one_with: History[frozenset[str]] = rule("features that one of them at least must have")
    share_pct_min: History[Decimal] = rule("share that it must cover at least", unit="%")
    waived: History[bool] = rule("whether it need not happen here")
    unless: Occasion | None = optional("an act after which it is not owed")
    only_if: Occasion | None = optional("an act without which it is not owed")
    case_number: History[str] = rule("case number under which it runs")
    because: History[str] = rule("the duty in plain words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Every deadline of the law behind the tariff."""

    computation: History[str] = rule("how days are counted and ends rolled", choices=COMPUTATIONS)
    dates: Mapping[str, FilingDate] = named_blocks("days from which steps count")
    steps: Mapping[str, FilingStep] = named_blocks("acts that are due")
