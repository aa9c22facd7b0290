"""Who may enroll, for how long at which rate, and when silence ends an enrollment."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..dated import History
from ..fields import implied, optional, rule


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityRule:
    """One condition of enrollment; all must hold."""

    require: str = optional("attribute or condition that must hold", default="")
    refuse: str = optional("attribute or condition that must not hold", default="")
    require_any: tuple[str, ...] = optional("attributes or conditions of which one must hold", default=())
    technologies: tuple[str, ...] = optional("technologies that the rule is for; none = all", default=())
    of: History[str] = rule("what exactly is required")
    any_of: History[frozenset[str]] = rule("values of which it must be one")
    at_most: History[Decimal] = rule("upper bound")
    at_least: History[Decimal] = rule("lower bound")
    because: History[str] = rule("the rule in plain words")
    participants: tuple[str, ...] = optional("kinds of participant that the rule is for; none = both", default=(),
                                             choices=("aggregator", "direct"))
    holds: History[bool] = implied("whether the rule holds; not written = as long as its other "
                                   "values do, else from its effective: date on")


@dataclass(frozen=True, slots=True, kw_only=True)
class LowIncome:
    """Who has a low to moderate income, where the applications give income instead of the answer."""

    income_pct_of_median_max: History[Decimal] = rule(
        "household income, at most so much of the larger of the state's and the area's median", unit="%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a rate holds for who enrolled under it."""

    rate_lock_years: History[Decimal] = rule("years for which the rate at enrollment holds", unit="years")
    holder: History[str] = rule("whose day of enrollment is the vintage", choices=("customer", "participant"))
    vintage_of: History[str] = rule("what carries the vintage", choices=("enrollment", "enrollment_and_service"))
    renewal: History[str] = rule("how a new term begins", choices=("on_reenrollment", "automatic"))
    lapsed: History[str] = rule("what holds after the term", choices=("current_rate", "no_rate"))
    leave: History[str] = rule("leaving early", choices=("without_penalty", "claw_back"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NonPerformance:
    """When continued silence ends an enrollment; never a penalty."""

    missed_events: History[Decimal] = rule("missed events that end it", unit="events")
    in_seasons: History[Decimal] = rule("within so many seasons", unit="seasons")
    opted_out: History[str] = rule("whether opt-outs count", choices=("counts", "never_counts"))
    notice_days: History[Decimal] = rule("notice before it ends", unit="days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How many may enroll, and what happens to who comes later."""

    order: History[str] = rule("who comes first", choices=("first_come",))
    customers_per_year_max: History[Decimal] = rule("new customers in a calendar year", unit="customers")
    power_kw_per_year_max: History[Decimal] = rule("new power in a calendar year", unit="kW")
    power_kw_max: History[Decimal] = rule("power enrolled at any time", unit="kW")
    review: History[str] = rule("who decides on an application that may enroll",
                                choices=("automatic", "by_utility"))
    when_full: History[str] = rule("what happens to who comes later", choices=("waitlisted", "refused"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation:
    """What an aggregation must be before it is called."""

    power_kw_min: History[Decimal] = rule("least nameplate power together", unit="kW")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """How the device's connection is permitted."""

    class_: History[str] = rule("what the device is treated as", key="class",
                                choices=("standard_appliance", "generator"))
    decided_within_days: History[Decimal] = rule("days from application to decision, the last included", unit="days")
