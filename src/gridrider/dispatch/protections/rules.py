"""What a rider allows dispatch to do with a device on a day, as numbers, each with the clause that says so.

Where the rider says nothing, the rule of the house stands (docs/reference/dispatch-rules.md), and its clause says that
it is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from ...tariff.model import Case, History, Protections, Rider, Service, Storm, in_force
from ..model import Protection

T = TypeVar("T")

TELEMETRY_MINUTES_MAX = Decimal(15)
CHARGE_TO_PCT = Decimal(100)
NO_PROTECTIONS, NO_STORM = Protections(), Storm()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionRules:
    """Everything that a rider and one of its services say of protections on one day. No cap is infinity."""

    reserve_pct_min: float
    events_per_month_max: float
    events_per_year_max: float
    cycles_per_year_max: float
    telemetry_s_max: float
    charge_to_pct: float
    """To which a battery is charged before a storm."""
    pre_arm_holds: bool
    """A storm watch holds a battery like a warning does."""
    medical_excluded: bool
    unverified_included: bool
    pre_charge: str
    """if_worth_it, always or never."""
    charge_to_clause: str
    pre_charge_clause: str
    clauses: Mapping[Protection, str]
    """Where each protection is written down."""


def house_clause(name: str) -> str:
    """The clause of a rule that is ours and no tariff's.

    >>> house_clause("stale")
    'house rule: stale'
    """
    return f"house rule: {name}"


def protection_rules(rider: Rider, service: Service, *, day: date, known_by: date) -> ProtectionRules:
    """The rules that hold on a local date, of the values filed by `known_by`."""
    held = rider.protections or NO_PROTECTIONS
    storm = held.storm or NO_STORM
    case = Case(month=day.month)

    def stated(history: History[T], otherwise: T, name: str) -> tuple[T, str]:
        dated = in_force(history, day, known_by, case)
        return (otherwise, house_clause(name)) if dated is None else (dated.value, dated.cite)

    agreed = next((rule.because for rule in rider.eligibility if rule.require == "agreement_signed"), ())
    no_cap = Decimal("Infinity")
    reserve, reserve_clause = stated(held.reserve_pct_min, Decimal(0), Protection.RESERVE)
    month, month_clause = stated(held.events_per_month_max, no_cap, Protection.EVENTS_PER_MONTH)
    year, year_clause = stated(held.events_per_year_max, no_cap, Protection.EVENTS_PER_YEAR)
    cycles, cycles_clause = stated(held.cycles_per_year_max, no_cap, Protection.CYCLES_PER_YEAR)
    minutes, stale_clause = stated(held.telemetry_minutes_max, TELEMETRY_MINUTES_MAX, Protection.STALE)
    charge_to, charge_to_clause = stated(storm.charge_to_pct, CHARGE_TO_PCT, "storm_charge")
    medical, medical_clause = stated(held.medical, "included", Protection.MEDICAL)
    unverified, unverified_clause = stated(held.unverified_device, "excluded", Protection.UNVERIFIED)
    pre_arm = stated(storm.pre_arm, "charge", Protection.STORM_HOLD)[0]
    pre_charge, pre_charge_clause = stated(held.pre_charge, "if_worth_it", "pre_charge")
    hold = in_force(storm.hold, day, known_by, case)
    hold_clause = hold.cite if hold and hold.value else ""
    clauses = {protection: house_clause(protection) for protection in Protection} | {
        Protection.NOT_IN_FORCE: "enrollment",
        Protection.UNSIGNED: stated(agreed, "", Protection.UNSIGNED)[1],
        Protection.UNVERIFIED: unverified_clause,
        Protection.MEDICAL: medical_clause,
        Protection.SUSPENDED: stated(service.outcomes.suspended, "", Protection.SUSPENDED)[1],
        Protection.OPTED_OUT: stated(service.outcomes.opted_out, "", Protection.OPTED_OUT)[1],
        Protection.ISLANDED: stated(held.islanded, "", Protection.ISLANDED)[1],
        Protection.STORM_HOLD: hold_clause or house_clause(Protection.STORM_HOLD),
        Protection.STORM_FEED_LOST: hold_clause or house_clause(Protection.STORM_FEED_LOST),
        Protection.EVENTS_PER_MONTH: month_clause,
        Protection.EVENTS_PER_YEAR: year_clause,
        Protection.CYCLES_PER_YEAR: cycles_clause,
        Protection.STALE: stale_clause,
        Protection.RESERVE: reserve_clause,
        Protection.HIGH_VOLTAGE: stated(held.high_voltage, "", Protection.HIGH_VOLTAGE)[1],
    }
    return ProtectionRules(
        reserve_pct_min=float(reserve), events_per_month_max=float(month), events_per_year_max=float(year),
        cycles_per_year_max=float(cycles), telemetry_s_max=float(minutes) * 60, charge_to_pct=float(charge_to),
        pre_arm_holds=pre_arm == "hold", medical_excluded=medical == "excluded",
        unverified_included=unverified == "included", pre_charge=pre_charge, charge_to_clause=charge_to_clause,
        pre_charge_clause=pre_charge_clause, clauses=clauses)
