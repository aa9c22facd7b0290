"""The model of a program: what a tariff file may say, block by block.

Every field is declared once, with unit, choices and meaning; the loader, the JSON Schema for
editors and `tariff explain` all read these declarations. A field of type `History` holds a rule: a
value with effective date, filed date and clause. Plain fields are names and structure. The blocks of
each stage stand in `terms/`; the other stages read all of them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .dated import Case, Dated, History, in_force, value_on
from .fields import named_blocks, needed, optional, rule
from .terms.calls import TRIGGER_KINDS, WEEKDAYS, Bounds, Calls, Hours, Kind, Notice, Trigger
from .terms.enrollment import Aggregation, EligibilityRule, LowIncome, NonPerformance, Permit, Queue, Term
from .terms.filing import FILING_DATES, Filing, FilingDate, FilingStep, Occasion
from .terms.law import Law, RateFloor
from .terms.measurement import BASELINE_EXCLUSIONS, METHODS, Adjust, DayType, Floor, Measurement, Pick
from .terms.payment import (
    FAMILIES,
    MARKET_VALUES,
    Adder,
    ClawBack,
    ExportCredit,
    MarketValue,
    MissingReadings,
    Outcomes,
    Pay,
    Payment,
    PerformanceFactor,
    Step,
    Upfront,
)
from .terms.payout import Payout
from .terms.protections import Protections, Storm
from .terms.together import CoParticipation, Stacking
from .terms.wholesale import OfferLimit, Offers, PayBack, Statements, Wholesale

__all__ = [
    "BASELINE_EXCLUSIONS",
    "FAMILIES",
    "FILING_DATES",
    "GRID_SERVICES",
    "HOLIDAY_SETS",
    "MARKET_VALUES",
    "METHODS",
    "TRIGGER_KINDS",
    "WEEKDAYS",
    "Adder",
    "Adjust",
    "Aggregation",
    "Bounds",
    "Calls",
    "Case",
    "ClawBack",
    "CoParticipation",
    "Dated",
    "DayType",
    "EligibilityRule",
    "ExportCredit",
    "Filing",
    "FilingDate",
    "FilingStep",
    "Floor",
    "History",
    "Hours",
    "Kind",
    "Law",
    "LowIncome",
    "MarketValue",
    "Measurement",
    "MissingReadings",
    "NonPerformance",
    "Notice",
    "Occasion",
    "OfferLimit",
    "Offers",
    "Outcomes",
    "Pay",
    "PayBack",
    "Payment",
    "Payout",
    "PerformanceFactor",
    "Permit",
    "Pick",
    "Protections",
    "Queue",
    "RateFloor",
    "Rider",
    "Season",
    "Service",
    "Stacking",
    "Statements",
    "Step",
    "Storm",
    "Tariff",
    "Term",
    "Trigger",
    "Upfront",
    "Wholesale",
    "Zone",
    "in_force",
    "value_on",
]


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


GRID_SERVICES = ("system_peak_load_reduction", "clean_peak", "congestion_relief", "locational", "avoided_distribution",
                 "voltage_support", "frequency_regulation", "emergency", "energy", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A grid service of a rider: called, measured and paid in its own way."""

    title: str = optional("name of the service", default="")
    provides: str = optional("the grid service that it is", choices=GRID_SERVICES, default="")
    devices: tuple[str, ...] = optional("eligible devices in words; none = the rider's technologies", default=())
    calls: Calls = needed("operating parameters")
    measurement: Measurement = needed("how performance is measured")
    payments: tuple[Payment, ...] = optional("how it pays; none = it is called for what the rider pays otherwise",
                                             default=())
    outcomes: Outcomes = optional("what not answering means", default=Outcomes())

    @property
    def counting_kinds(self) -> tuple[str, ...]:
        """Names of the kinds of event whose hours have ever counted toward payment."""
        return tuple(name for name, kind in self.calls.kinds.items() if any(dated.value for dated in kind.counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rider:
    """The terms for one class of technology."""

    title: str = optional("name of the rider", default="")
    technologies: tuple[str, ...] = needed("technologies", choices=("battery", "ev", "thermostat", "water_heater",
                                                                    "other"))
    incorporates: tuple[str, ...] = optional("earlier programs that this rider takes in", default=())
    eligibility: tuple[EligibilityRule, ...] = optional("who may enroll; all must hold", default=())
    queue: Queue | None = optional("how many may enroll")
    aggregation: Aggregation | None = optional("what an aggregation must be")
    permit: Permit | None = optional("how the device's connection is permitted")
    protections: Protections | None = optional("what dispatch may never do")
    term: Term | None = optional("rate lock")
    upfront: Upfront | None = optional("payment at enrollment")
    services: Mapping[str, Service] = named_blocks("grid services")
    together: tuple[CoParticipation, ...] = optional("co-participation", default=())
    stacking: tuple[Stacking, ...] = optional("services that could claim the same kilowatt-hour", default=())
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
    low_income: LowIncome | None = optional("who has a low to moderate income")
    holidays: History[str] = rule("set of holidays", choices=HOLIDAY_SETS)
    market_values: Mapping[str, MarketValue] = named_blocks("values below which some rates may not be approved")
    zones: Mapping[str, Zone] = named_blocks("zones; none = any")
    seasons: Mapping[str, Season] = named_blocks("seasons")
    riders: Mapping[str, Rider] = named_blocks("riders by technology")
    wholesale: Wholesale | None = optional("award hours and the retail bill")
    payout: Payout | None = optional("payment files and tax forms")
    filing: Filing | None = optional("the regulatory calendar")
    budget_usd: History[Decimal] = rule("most the program may pay", unit="USD")
    closed_to_new_enrollments: History[bool] = rule("no new enrollments")
    successor: History[str] = rule("program that follows this one")
    reports: tuple[str, ...] = optional("reports due", default=())

    def season(self, name: str) -> Season | None:
        """The season of that name; None = the whole year."""
        return self.seasons.get(name)
