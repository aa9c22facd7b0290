"""What the law behind a tariff demands or forbids; `tariff check` holds every rider against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..dated import History
from ..fields import named_blocks, optional, rule
from .payment import MARKET_VALUES


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFloor:
    """What the rates of one grid service must name as their floor."""

    not_below_sum_of: History[frozenset[str]] = rule("market values that each of its rates per kW must not be below",
                                                     choices=MARKET_VALUES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What no rider may contradict; `tariff check` enforces it."""

    penalties_on_participants: History[str] = rule("may a participant be fined", choices=("allowed", "forbidden"))
    performance_payment_forms: History[frozenset[str]] = rule(
        "how performance may be paid", choices=("check", "eft", "bill_credit", "gift_card"))
    collateral: History[str] = rule("may collateral be asked", choices=("allowed", "forbidden"))
    utility_owned_devices: History[str] = rule("may the utility own devices", choices=("allowed", "forbidden"))
    affiliate_aggregators: History[str] = rule("may an affiliate aggregate", choices=("allowed", "forbidden"))
    customer_classes: History[frozenset[str]] = rule("classes of customer that may enroll",
                                                     choices=("residential", "small_commercial", "other"))
    der_power_kw_max: History[Decimal] = rule("largest resource", unit="kW")
    rate_lock_years_min: History[Decimal] = rule("years for which a rate must hold", unit="years")
    payments_per_year_min: History[Decimal] = rule("payments a year at least", unit="payments")
    batteries_measured_at: History[str] = rule("where a battery is measured", choices=("inverter", "device", "premise"))
    required_riders: History[frozenset[str]] = rule("classes of technology that need a rider",
                                                    choices=("battery", "non_battery", "electric_vehicle"))
    required_service: History[str] = rule("service that every rider must offer")
    must_refuse: History[frozenset[str]] = rule("attributes that every rider's eligibility must refuse")
    must_require: History[frozenset[str]] = rule("conditions that every rider's eligibility must require")
    rate_floors: Mapping[str, RateFloor] = named_blocks("floors of rates, by the grid service")
    battery_incentive_step: str = optional("step of the calendar that is owed where batteries are paid at enrollment",
                                           default="")
    operating_parameters: History[frozenset[str]] = rule(
        "what every service must state", choices=("events_min", "events_max", "season", "days", "hours",
                                                  "duration_max", "notice", "notice_day_of", "devices",
                                                  "opt_out"))
    net_metering: History[str] = rule("net metering and value-stack credits beside the program",
                                      choices=("untouched", "may_be_restricted"))
    earliest_start: History[date] = rule("first day on which a program may run")
