"""What the utility may never do with a customer's device."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..dated import History
from ..fields import optional, rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What happens when a storm is announced."""

    hold: History[bool] = rule("no discharge while a warning is active")
    charge_to_pct: History[Decimal] = rule("charge to", unit="% of usable energy")
    products: History[str] = rule("which alerts count", choices=("default",))
    pre_arm: History[str] = rule("what a watch does: charge and stay dispatchable, or hold like a warning",
                                 choices=("charge", "hold"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Protections:
    """What the utility may never do with a customer's device: dispatch may only be milder."""

    reserve_pct_min: History[Decimal] = rule("energy kept for the home; the customer may set more", unit="%")
    storm: Storm | None = optional("storm watch")
    cycles_per_year_max: History[Decimal] = rule("called discharge over usable energy, all services", unit="cycles")
    events_per_month_max: History[Decimal] = rule("events per battery over all services", unit="events")
    events_per_year_max: History[Decimal] = rule("events per battery over all services", unit="events")
    islanded: History[str] = rule("who controls during an outage", choices=("customer_in_control",))
    medical: History[str] = rule("customers on life support", choices=("excluded", "included"))
    unverified_device: History[str] = rule("a device that has not proven its identity and firmware; absent = excluded",
                                           choices=("excluded", "included"))
    telemetry_minutes_max: History[Decimal] = rule("a device whose last report is older is left alone; absent = 15",
                                                   unit="min")
    high_voltage: History[str] = rule("how export is cut when the grid's voltage is high; absent = the same curve",
                                      choices=("volt_watt_category_b",))
    pre_charge: History[str] = rule("charging before an event; absent = if it costs no more than the event pays",
                                    choices=("if_worth_it", "always", "never"))
    release_minutes_max: History[Decimal] = rule("within how long after an event all are released; absent = 120",
                                                 unit="min")
