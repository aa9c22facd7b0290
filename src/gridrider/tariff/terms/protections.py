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
