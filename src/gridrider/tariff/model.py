"""The model of a program: what a tariff file may say, block by block.

Every field is declared once, with unit, choices and meaning; the loader, the JSON Schema for
editors and `tariff explain` all read these declarations. A field of type `History` holds a rule: a
value with effective date, filed date and clause. Plain fields are names and structure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from fractions import Fraction

from .dated import Case, Dated, History, in_force, value_on
from .fields import named_blocks, needed, optional, rule

__all__ = ["Case", "Dated", "History", "in_force", "value_on"]  # the nouns' own lookups, for the stages below

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What no rider may contradict; `tariff check` enforces it."""

    penalties_on_participants: History[str] = rule("may a participant be fined", choices=("allowed", "forbidden"))
    performance_payment_forms: History[frozenset[str]] = rule(
        "how performance may be paid", choices=("check", "eft", "bill_credit", "gift_card"))
    collateral: History[str] = rule("may collateral be asked", choices=("allowed", "forbidden"))
    utility_owned_devices: History[str] = rule("may the utility own devices", choices=("allowed", "forbidden"))
    affiliate_aggregators: History[str] = rule("may an affiliate aggregate", choices=("allowed", "forbidden"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A part of the year, both days included, local calendar."""

    from_: str = needed("first day, MM-DD", key="from")
    to: str = needed("last day, MM-DD")

    def covers(self, day: date) -> bool:
        """True if the day lies in the season, which may run over New Year."""
        month_day = f"{day:%m-%d}"
        if self.from_ <= self.to:
            return self.from_ <= month_day <= self.to
        return month_day >= self.from_ or month_day <= self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part of the territory."""

    title: str = optional("name of the zone", default="")
    price_series: History[str] = rule("the market price of the zone, MARKET:NODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityRule:
    """One condition of enrollment; all must hold."""

    require: str = optional("attribute or condition that must hold", default="")
    refuse: str = optional("attribute or condition that must not hold", default="")
    of: History[str] = rule("what exactly is required")
    at_most: History[Decimal] = rule("upper bound")
    at_least: History[Decimal] = rule("lower bound")
    because: History[str] = rule("the rule in plain words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What happens when a storm is announced."""

    hold: History[bool] = rule("no discharge while a warning is active")
    charge_to_pct: History[Decimal] = rule("charge to", unit="% of usable energy")
    products: History[str] = rule("which alerts count", choices=("default",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Protections:
    """What the utility may never do with a customer's device: dispatch may only be milder."""

    reserve_pct_min: History[Decimal] = rule("energy kept for the home; the customer may set more", unit="%")
    storm: Storm | None = optional("storm watch")
    cycles_per_year_max: History[Decimal] = rule("called discharge over usable energy, all services", unit="cycles")
    events_per_month_max: History[Decimal] = rule("events per battery over all services", unit="events")
    islanded: History[str] = rule("who controls during an outage", choices=("customer_in_control",))
    medical: History[str] = rule("customers on life support", choices=("excluded", "included"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a rate holds for who enrolled under it."""

    rate_lock_years: History[Decimal] = rule("years for which the rate at enrollment holds", unit="years")
    vintage_of: History[str] = rule("what carries the vintage", choices=("enrollment", "enrollment_and_service"))
    renewal: History[str] = rule("how a new term begins", choices=("on_reenrollment", "automatic"))
    lapsed: History[str] = rule("what holds after the term", choices=("current_rate", "no_rate"))
    leave: History[str] = rule("leaving early", choices=("without_penalty", "claw_back"))


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
    term_months: History[Decimal] = rule("the term", unit="months")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upfront:
    """A payment at enrollment."""

    rate_usd_per_kw: History[Decimal] = rule("per kW of the device", unit="USD/kW")
    adders: tuple[Adder, ...] = optional("extras", default=())
    power_kw_max: History[Decimal] = rule("power paid for at most", unit="kW")
    claw_back: ClawBack | None = optional("on leaving early")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A lower and an upper bound."""

    min: History[Decimal] = rule("at least")
    max: History[Decimal] = rule("at most")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A window of the local day."""

    from_: History[time] = rule("from, local clock", key="from")
    to: History[time] = rule("to, local clock, exclusive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How far ahead participants are told."""

    day_ahead_by: History[time] = rule("latest local time on the day before")
    day_of_min_minutes: History[Decimal] = rule("least time before a day-of event", unit="min")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of event, and whether it counts toward payment."""

    title: str = optional("name of the kind", default="")
    counts: History[bool] = rule("whether its hours count toward payment")
    duration_matches: History[bool] = rule("whether an enrollment is called only for events that fit its duration_h")


TRIGGER_KINDS = ("price", "grid_alert", "peak_forecast", "declared_emergency", "operator", "program_minimum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What may cause an event."""

    kind: str = needed("the closed set of triggers", choices=TRIGGER_KINDS)
    event_kind: str = optional("kind of the events it gives", default="")
    above_usd_per_mwh: History[Decimal] = rule("price strictly above which an hour is called", unit="USD/MWh")
    any_of: History[frozenset[str]] = rule("alert levels that call")
    source: History[str] = rule("who gives the alerts")
    top_days: History[Decimal] = rule("number of peak days a year", unit="days")
    because: History[str] = rule("the rule in plain words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The operating parameters: when, how often and how long a service may call."""

    season: str = optional("name of a season", default="")
    days: History[frozenset[str]] = rule("days of the week", choices=WEEKDAYS)
    holidays: History[str] = rule("events on holidays", choices=("allowed", "excluded"))
    hours: Hours | None = optional("window of the local day")
    duration_h: Bounds | None = optional("length of one event [h]")
    events_per_month: Bounds | None = optional("number of events in a calendar month")
    events_per_year: Bounds | None = optional("number of events in a program year")
    hours_per_year: Bounds | None = optional("hours of events in a program year [h]")
    consecutive_days: History[str] = rule("events on days in a row", choices=("allowed", "excluded"))
    notice: Notice | None = optional("notice")
    kinds: Mapping[str, Kind] = named_blocks("kinds of event")
    default_kind: str = optional("kind of an event that names none; blank = the only kind", default="")
    triggers: tuple[Trigger, ...] = optional("what may cause an event", default=())


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


METHODS = ("direct", "prescriptive", "day_matching", "export_from_storage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """How performance is measured."""

    point: str = needed("where", choices=("inverter", "device", "premise"))
    quantity: History[str] = rule("what is metered there", choices=("battery_ac", "net_load", "device_load"))
    method: History[str] = rule("the family of methods", choices=METHODS)
    step: History[str] = rule("length of a performance row", choices=("clock_hour", "quarter_hour"))
    exports: History[str] = rule("how export counts", choices=("count", "zero_per_location", "zero_per_resource"))
    baseline_share: History[Decimal] = rule("prescriptive baseline as a share of nameplate power", unit="kW/kW")
    pick: Pick | None = optional("choice of baseline days")
    exclude: History[frozenset[str]] = rule("days that make no baseline", choices=BASELINE_EXCLUSIONS)
    day_types: Mapping[str, DayType] = named_blocks("classes of similar days")
    holiday_counts_as: History[str] = rule("the day type of a holiday that is not excluded")
    adjust: Adjust | None = optional("same-day adjustment")
    floor: Floor | None = optional("least value of performance")
    wait_days: History[Decimal] = rule("days after the period for which data is waited", unit="days")


FAMILIES = ("energy", "capacity_average", "capacity_price_weighted", "capacity_committed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One way in which a service pays. A two-part tariff has two."""

    family: str = needed("the closed set of payment families", choices=FAMILIES)
    component: str = optional("name of the amount", choices=("energy", "capacity", "bonus"), default="")
    kinds: tuple[str, ...] = optional("kinds of event it pays; default = those that count", default=())
    rate_usd_per_kwh: History[Decimal] = rule("per kWh delivered", unit="USD/kWh")
    rate_usd_per_kw_month: History[Decimal] = rule("per kW and month", unit="USD/kW-month")
    rate_usd_per_kw_season: History[Decimal] = rule("per kW and season", unit="USD/kW-season")
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
class Service:
    """A grid service of a rider: called, measured and paid in its own way."""

    title: str = optional("name of the service", default="")
    calls: Calls = needed("operating parameters")
    measurement: Measurement = needed("how performance is measured")
    payments: tuple[Payment, ...] = needed("how it pays")
    outcomes: Outcomes = optional("what not answering means", default=Outcomes())

    @property
    def counting_kinds(self) -> tuple[str, ...]:
        """Names of the kinds of event whose hours have ever counted toward payment."""
        return tuple(name for name, kind in self.calls.kinds.items() if any(dated.value for dated in kind.counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoParticipation:
    """Which other programs may be joined beside this one."""

    with_: tuple[str, ...] = optional("the other programs", key="with", default=())
    rule: History[str] = rule("on what terms", choices=("allowed", "incremental_only", "forbidden"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NonPerformance:
    """When continued silence ends an enrollment; never a penalty."""

    missed_events: History[Decimal] = rule("missed events that end it", unit="events")
    in_seasons: History[Decimal] = rule("within so many seasons", unit="seasons")
    opted_out: History[str] = rule("whether opt-outs count", choices=("counts", "never_counts"))
    notice_days: History[Decimal] = rule("notice before it ends", unit="days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    """When and how money is paid."""

    schedule: History[str] = rule("payment period", choices=("month", "season", "year", "on_request"))
    by: History[frozenset[str]] = rule("forms of payment", choices=("check", "eft", "bill_credit", "gift_card"))
    assignable: History[bool] = rule("may the payment be assigned")
    at_least_per_year: History[Decimal] = rule("payments a year", unit="payments")
    within_days: History[Decimal] = rule("days until the money arrives", unit="days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rider:
    """The terms for one class of technology."""

    title: str = optional("name of the rider", default="")
    technologies: tuple[str, ...] = needed("technologies", choices=("battery", "ev", "thermostat", "water_heater",
                                                                    "other"))
    eligibility: tuple[EligibilityRule, ...] = optional("who may enroll; all must hold", default=())
    protections: Protections | None = optional("what dispatch may never do")
    term: Term | None = optional("rate lock")
    upfront: Upfront | None = optional("payment at enrollment")
    services: Mapping[str, Service] = named_blocks("grid services")
    together: tuple[CoParticipation, ...] = optional("co-participation", default=())
    non_performance: NonPerformance | None = optional("continued non-performance")
    pay: Pay | None = optional("payment schedule")


HOLIDAY_SETS = ("nerc", "us_federal", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A program as its tariff states it."""

    tariff: str = needed("the tariff's own name, utility/program")
    title: str = needed("title")
    authority: str = needed("who runs it")
    timezone: str = needed("IANA time zone of all local dates and hours")
    currency: str = needed("ISO 4217", choices=("USD",))
    summary: str = optional("the program in a few words", default="")
    assumptions: tuple[str, ...] = optional("what is assumed, printed on every page", default=())
    law: Law | None = optional("what no rider may contradict")
    holidays: History[str] = rule("set of holidays", choices=HOLIDAY_SETS)
    zones: Mapping[str, Zone] = named_blocks("zones; none = any")
    seasons: Mapping[str, Season] = named_blocks("seasons")
    riders: Mapping[str, Rider] = named_blocks("riders by technology")
    budget_usd: History[Decimal] = rule("most the program may pay", unit="USD")
    closed_to_new_enrollments: History[bool] = rule("no new enrollments")
    successor: History[str] = rule("program that follows this one")
    reports: tuple[str, ...] = optional("reports due", default=())

    def season(self, name: str) -> Season | None:
        """The season of that name; None = the whole year."""
        return self.seasons.get(name)
