"""What a rider pays, to whom it applies, when and in which form."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ..dated import History
from ..fields import needed, optional, rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Adder:
    """An extra upfront payment for some customers."""

    when: str = optional("attribute that earns it", default="")
    when_any: tuple[str, ...] = optional("attributes of which one earns it", default=())
    usd_per_kw: History[Decimal] = rule("the extra", unit="USD/kW")
    usd: History[Decimal] = rule("the extra, once", unit="USD")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClawBack:
    """What is paid back on leaving before the term ends."""

    method: History[str] = rule("how it is computed", choices=("pro_rata_months",))
    excused: History[frozenset[str]] = rule("end reasons after which nothing is paid back")
    owed_to: History[str] = rule("who is paid back; a funder's is passed through the aggregator",
                                 choices=("utility", "funder"))
    term_months: History[Decimal] = rule("the term", unit="months")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upfront:
    """A payment at enrollment."""

    rate_usd_per_kw: History[Decimal] = rule("per kW of the device", unit="USD/kW")
    usd: History[Decimal] = rule("a fixed amount, whatever the power", unit="USD")
    adders: tuple[Adder, ...] = optional("extras", default=())
    power_kw_max: History[Decimal] = rule("power paid for at most", unit="kW")
    amortize_months: History[Decimal] = rule("months over which the books spread it", unit="months")
    unless_any: tuple[str, ...] = optional("attributes of which one excludes it", default=())
    claw_back: ClawBack | None = optional("on leaving early")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a schedule over delivered by nominated power: what it pays of each."""

    ratio_at_least: History[Decimal] = rule("delivered over nominated, from which the step holds", unit="kW/kW")
    of_delivered: History[Decimal] = rule("share of the delivered power that is paid", unit="kW/kW")
    of_nominated: History[Decimal] = rule("share of the nominated power that is paid; below zero = charged",
                                          unit="kW/kW")


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceFactor:
    """Average power over committed power, bounded and rounded, by which a committed payment is multiplied."""

    low: History[Fraction] = rule("least factor", unit="factor")
    high: History[Fraction] = rule("greatest factor", unit="factor")
    decimals: History[Decimal] = rule("decimals it is rounded to", unit="digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCredit:
    """A monthly rate per committed kW made of retail and export rates: (retail - export) x share x hours x days."""

    retail_usd_per_kwh: History[Decimal] = rule("retail rate", unit="USD/kWh")
    export_usd_per_kwh: History[Decimal] = rule("export rate", unit="USD/kWh")
    share: History[Decimal] = rule("share of the committed power that is credited", unit="kW/kW")
    hours_per_day: History[Decimal] = rule("hours a day", unit="h")
    days_per_month: History[Decimal] = rule("days a month", unit="days")


FAMILIES = ("energy", "capacity_average", "capacity_price_weighted", "capacity_committed",
            "capacity_nominated", "energy_at_price")

MARKET_VALUES = ("capacity_value", "demand_reduction_value", "locational_system_relief_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One way in which a service pays. A two-part tariff has two."""

    family: str = needed("the closed set of payment families", choices=FAMILIES)
    component: str = optional("name of the amount", choices=("energy", "capacity", "bonus", "adder"), default="")
    when_any: tuple[str, ...] = optional("attributes of which one earns it; none = everybody", default=())
    unless_any: tuple[str, ...] = optional("attributes of which one excludes it", default=())
    kinds: tuple[str, ...] = optional("kinds of event it pays; default = those that count", default=())
    rate_usd_per_kwh: History[Decimal] = rule("per kWh delivered", unit="USD/kWh")
    rate_usd_per_kw_month: History[Decimal] = rule("per kW and month", unit="USD/kW-month")
    rate_usd_per_kw_season: History[Decimal] = rule("per kW and season", unit="USD/kW-season")
    not_below_sum_of: tuple[str, ...] = optional("market values below whose sum the rate may not be approved",
                                                 choices=MARKET_VALUES, default=())
    export_credit: ExportCredit | None = optional("the rate per kW and month made of retail and export rates")
    steps: tuple[Step, ...] = optional("schedule over delivered by nominated power", default=())
    performance_factor: PerformanceFactor | None = optional("factor on committed power")
    no_event: History[str] = rule("a month or season without a counted event", choices=("pays_full", "pays_nothing"))
    quantity_max: History[str] = rule("most energy that an event is paid for", choices=("committed_power",))
    multiplier: History[Decimal] = rule("multiplies the rate", unit="factor")
    average_over: History[str] = rule("what an average runs over", choices=("hours", "events"))
    prorate: History[str] = rule("a period enrolled in part", choices=("by_days",))


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingReadings:
    """What happens when readings stay away."""

    counts_as_zero_after_days: History[Decimal] = rule("days after the event", unit="days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What each way of not answering means for the payment."""

    missed: History[str] = rule("performance at or below zero", choices=("measured", "counts_as_zero"))
    opted_out: History[str] = rule("an opt-out before the event's end",
                                   choices=("counts_as_zero", "not_counted", "measured"))
    excused: History[frozenset[str]] = rule("reasons that leave the average",
                                            choices=("suspended", "storm_hold", "islanded", "utility_fault",
                                                     "device_fault", "not_called", "unreachable"))
    suspended: History[str] = rule("participation switched off", choices=("counts_as_zero", "not_counted"))
    missing: MissingReadings | None = optional("readings that stay away")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    """When and how money is paid."""

    schedule: History[str] = rule("payment period", choices=("month", "season", "year", "on_request"))
    by: History[frozenset[str]] = rule("forms of payment", choices=("check", "eft", "bill_credit", "gift_card"))
    assignable: History[bool] = rule("may the payment be assigned")
    at_least_per_year: History[Decimal] = rule("payments a year", unit="payments")
    within_days: History[Decimal] = rule("days until the money arrives", unit="days")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketValue:
    """A value of the market or the grid below which some rates may not be approved."""

    usd_per_kw_year: History[Decimal] = rule("per kW and year", unit="USD/kW-year")
