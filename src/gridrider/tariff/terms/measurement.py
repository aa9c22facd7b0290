"""How performance is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ..dated import History
from ..fields import named_blocks, needed, optional, rule
from .calls import WEEKDAYS

BASELINE_EXCLUSIONS = ("holidays", "program_events", "own_events", "own_outages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Which earlier days make a day-matching baseline."""

    of_last: History[Decimal] = rule("Y: eligible days looked at, latest first", unit="days")
    highest: History[Decimal] = rule("X: of these, the days with the highest load in the event's hours", unit="days")
    look_back_days: History[Decimal] = rule("how far back they may lie", unit="days")
    days_min: History[Decimal] = rule("fewest days that make a baseline; default = highest", unit="days")
    weights: History[tuple[Decimal, ...]] = rule("weights of the picked days, latest first; default = equal")
    too_few_days: History[str] = rule("what happens with fewer", choices=("no_payment", "zero_performance"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayType:
    """A class of days that are like each other."""

    days: History[frozenset[str]] = rule("days of the week", choices=WEEKDAYS)
    pick: Pick | None = optional("a choice of days of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust:
    """The adjustment of a baseline on the event's day."""

    kind: History[str] = rule("how", choices=("ratio", "additive", "given"))
    hours_before: History[Decimal] = rule("length of the window before the event", unit="h")
    gap_hours: History[Decimal] = rule("hours between window and event", unit="h")
    must_precede: History[str] = rule("what the window must lie before", choices=("notice", "event"))
    low: History[Fraction] = rule("least factor (ratio)", unit="factor")
    high: History[Fraction] = rule("greatest factor (ratio)", unit="factor")
    low_kw: History[Decimal] = rule("least shift (additive)", unit="kW")
    high_kw: History[Decimal] = rule("greatest shift (additive)", unit="kW")
    smallest_mean_kw: History[Decimal] = rule("a baseline mean below this in the window makes no ratio", unit="kW")
    otherwise: History[str] = rule("where the mean is negative or too small; unguarded = a ratio all the same",
                                   choices=("factor_1", "unguarded"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A least value of performance: over which span, for whom."""

    at: History[Decimal] = rule("the least value", unit="kWh or kW")
    per: str = needed("the span over which sums are floored", choices=("hour", "event", "month", "season"))
    over: str = needed("whose sums", choices=("site", "aggregation"))


METHODS = ("direct", "prescriptive", "day_matching", "export_from_storage", "deemed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """How performance is measured."""

    point: str = needed("where", choices=("inverter", "device", "premise"))
    quantity: History[str] = rule("what is metered there", choices=("battery_ac", "net_load", "device_load"))
    method: History[str] = rule("the family of methods", choices=METHODS)
    step: History[str] = rule("length of a performance row", choices=("clock_hour", "quarter_hour"))
    exports: History[str] = rule("how export counts", choices=("count", "zero_per_location", "zero_per_resource"))
    baseline_share: History[Decimal] = rule("prescriptive baseline as a share of nameplate power", unit="kW/kW")
    deemed_share: History[Decimal] = rule("power deemed delivered as a share of nameplate power", unit="kW/kW")
    pick: Pick | None = optional("choice of baseline days")
    exclude: History[frozenset[str]] = rule("days that make no baseline", choices=BASELINE_EXCLUSIONS)
    day_types: Mapping[str, DayType] = named_blocks("classes of similar days")
    holiday_counts_as: History[str] = rule("the day type of a holiday that is not excluded")
    adjust: Adjust | None = optional("same-day adjustment")
    floor: Floor | None = optional("least value of performance")
    wait_days: History[Decimal] = rule("days after the period for which data is waited", unit="days")
