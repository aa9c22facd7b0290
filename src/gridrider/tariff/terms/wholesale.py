"""How wholesale market activity and the retail bill of one meter are kept apart, offered and paid back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..dated import History
from ..fields import named_blocks, optional, rule

CHARGE_MEANINGS = ("energy", "reg_up", "reg_down", "other")
"""What a charge code of a market statement pays: energy, capacity for regulation, or neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCode:
    """What one charge code of the market's statements stands for."""

    title: str = optional("name of the charge", default="")
    pays: History[str] = rule("what it pays; a code that the file does not name counts as energy",
                              choices=CHARGE_MEANINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """How the market's statements are read and compared."""

    charge_codes: Mapping[str, ChargeCode] = named_blocks("charge codes")
    recalculations: History[tuple[str, ...]] = rule("names of the statement's runs, first to last")
    recalculation_replaces: History[str] = rule("what a later run replaces", choices=("day", "line"))
    extra_checks: History[frozenset[str]] = rule("comparisons beyond energy", choices=("recalculations", "capacity"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLimit:
    """How long a resource must be able to hold what it offers."""

    day_ahead_minutes: History[Decimal] = rule("in the day-ahead market", unit="min")
    real_time_minutes: History[Decimal] = rule("in the real-time market", unit="min")
    energy_management_minutes: History[Decimal] = rule("under regulation energy management", unit="min")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What may be offered to the market."""

    products: History[frozenset[str]] = rule("what may be offered", choices=("capacity", "reg_up", "reg_down"))
    regulation: OfferLimit | None = optional("how long regulation must last")
    capacity: OfferLimit | None = optional("how long capacity must last")
    mw_max: History[Decimal] = rule("most that one resource may offer", unit="MW")
    mw_min: History[Decimal] = rule("least that one resource may offer", unit="MW")
    mw_step: History[Decimal] = rule("offers are whole multiples of", unit="MW")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayBack:
    """How market revenue pays back what the program has spent."""

    spent_accounts: History[frozenset[str]] = rule("beginnings of the ledger accounts whose debits are to be paid back")
    includes_facilitation: History[bool] = rule("whether the utility's own cost of taking part is paid back too")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wholesale:
    """The rules by which award hours are reconciled with the retail bill."""

    add_back: History[frozenset[str]] = rule("what is added back to the retail bill in award hours",
                                             choices=("generation", "charging"))
    pre_charge: History[str] = rule("at which price energy charged in award hours is bought",
                                    choices=("retail", "wholesale"))
    demand_interval_minutes: History[Decimal] = rule("length of the interval of billing demand", unit="min")
    tolerance_kwh: History[Decimal] = rule("difference between books that is not an exception", unit="kWh")
    loss_factor: History[Decimal] = rule("wholesale metered energy over energy at the device", unit="factor")
    interconnection: History[str] = rule("the interconnection that a wholesale resource needs",
                                         choices=("wdat", "retail"))
    statements: Statements | None = optional("the market's statements")
    offers: Offers | None = optional("what may be offered to the market")
    payback: PayBack | None = optional("how market revenue pays back the rebates")
