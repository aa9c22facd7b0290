"""What a rider says of protections on a day, and what the house says where it is silent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridrider.dispatch.model import Protection
from gridrider.dispatch.protections.rules import ProtectionRules, protection_rules
from gridrider.tariff.load import load
from gridrider.tariff.model import Dated, EligibilityRule, Outcomes, Protections, Rider, Service, Storm

DAY = date(2027, 7, 6)


def says(held: Any, cite: str, effective: date = date(2027, 1, 1)) -> tuple[Dated[Any], ...]:
    """One value of a rule since a day."""
    return (Dated(value=held, effective=effective, filed=effective, cite=cite),)


@pytest.fixture(scope="module")
def battery(tariffs: Path) -> tuple[Rider, Service]:
    """A rider and a service, of which the tests use the frame only."""
    tariff, _ = load(tariffs / "new-york" / "great-act" / "tariff.yaml")
    assert tariff
    rider = tariff.riders["battery"]
    bare = replace(rider, protections=None, eligibility=())
    return bare, replace(rider.services["peak"], outcomes=Outcomes())


def rules(battery: tuple[Rider, Service], held: Protections | None, day: date = DAY, known_by: date = DAY,
          **rider: Any) -> ProtectionRules:
    """The rules of a rider with these protections."""
    return protection_rules(replace(battery[0], protections=held, **rider), battery[1], day=day, known_by=known_by)


def test_a_silent_rider_has_the_rules_of_the_house(battery: tuple[Rider, Service]) -> None:
    """No caps, 15 minutes, unverified devices excluded, and each clause says that it is ours (R131)."""
    house = rules(battery, None)
    assert (house.reserve_pct_min, house.telemetry_s_max, house.charge_to_pct) == (0.0, 900.0, 100.0)
    assert [house.events_per_month_max, house.events_per_year_max, house.cycles_per_year_max] == [np.inf] * 3
    assert not (house.medical_excluded or house.unverified_included or house.pre_arm_holds)
    assert house.pre_charge == "if_worth_it"
    assert set(house.clauses) == set(Protection)
    assert {clause.removeprefix("house rule: ") for clause in house.clauses.values()} == {
        *Protection} - {"not_in_force"} | {"enrollment"}


def test_each_clause_is_the_riders_where_it_has_one(battery: tuple[Rider, Service]) -> None:
    """Every protection that a rider words names its clause (R131)."""
    held = Protections(
        reserve_pct_min=says(Decimal(20), "a"), cycles_per_year_max=says(Decimal(50), "b"),
        events_per_month_max=says(Decimal(8), "c"), events_per_year_max=says(Decimal(60), "d"),
        islanded=says("customer_in_control", "e"), medical=says("excluded", "f"),
        unverified_device=says("included", "g"), telemetry_minutes_max=says(Decimal(10), "h"),
        high_voltage=says("volt_watt_category_b", "i"), pre_charge=says("always", "j"),
        storm=Storm(hold=says(True, "k"), charge_to_pct=says(Decimal(95), "l"), pre_arm=says("hold", "m")))
    told = rules(battery, held, eligibility=(EligibilityRule(require="agreement_signed", because=says("asked", "n")),))
    assert (told.reserve_pct_min, told.cycles_per_year_max) == (20.0, 50.0)
    assert (told.events_per_month_max, told.events_per_year_max, told.telemetry_s_max) == (8.0, 60.0, 600.0)
    assert (told.charge_to_pct, told.pre_charge) == (95.0, "always")
    assert (told.medical_excluded, told.unverified_included, told.pre_arm_holds) == (True, True, True)
    assert {str(name): clause for name, clause in told.clauses.items() if len(clause) == 1} == {
        "reserve": "a", "cycles_per_year": "b", "events_per_month": "c", "events_per_year": "d", "islanded": "e",
        "medical": "f", "unverified": "g", "stale": "h", "high_voltage": "i", "storm_hold": "k",
        "storm_feed_lost": "k", "unsigned": "n"}
    assert (told.pre_charge_clause, told.charge_to_clause) == ("j", "l")


def test_a_rider_cannot_switch_the_storm_hold_off(battery: tuple[Rider, Service]) -> None:
    """What a rider says against the hold is no clause for it: it is ours then (R61, R131)."""
    told = rules(battery, Protections(storm=Storm(hold=says(False, "k"))))
    assert told.clauses[Protection.STORM_HOLD] == "house rule: storm_hold"
    assert told.clauses[Protection.STORM_FEED_LOST] == "house rule: storm_feed_lost"


def test_outcomes_give_the_clauses_of_opt_out_and_suspension(battery: tuple[Rider, Service]) -> None:
    outcomes = Outcomes(opted_out=says("measured", "o"), suspended=says("not_counted", "p"))
    told = protection_rules(battery[0], replace(battery[1], outcomes=outcomes), day=DAY, known_by=DAY)
    assert (told.clauses[Protection.OPTED_OUT], told.clauses[Protection.SUSPENDED]) == ("o", "p")


def test_a_rule_holds_from_its_day_on_and_only_as_it_is_known(battery: tuple[Rider, Service]) -> None:
    held = Protections(reserve_pct_min=says(Decimal(20), "a") + says(Decimal(30), "b", date(2027, 8, 1)))
    assert rules(battery, held, day=date(2027, 7, 31), known_by=date(2027, 9, 1)).reserve_pct_min == 20.0
    assert rules(battery, held, day=date(2027, 8, 1), known_by=date(2027, 9, 1)).reserve_pct_min == 30.0
    assert rules(battery, held, day=date(2027, 8, 1), known_by=date(2027, 7, 31)).reserve_pct_min == 20.0
    assert rules(battery, held, day=date(2026, 12, 31), known_by=date(2027, 9, 1)).reserve_pct_min == 0.0


def test_what_a_rule_says_of_a_month_holds_in_that_month(battery: tuple[Rider, Service]) -> None:
    winter = replace(says(Decimal(50), "winter")[0], months=frozenset({12, 1, 2}))
    held = Protections(reserve_pct_min=(*says(Decimal(20), "a"), winter))
    assert rules(battery, held).reserve_pct_min == 20.0
    assert rules(battery, held, day=date(2028, 1, 5), known_by=date(2028, 1, 5)).reserve_pct_min == 50.0


def test_every_tariff_that_ships_has_rules(tariffs: Path) -> None:
    """Of every rider and service, in 2026: numbers, and a clause for each protection (R131)."""
    count = 0
    for file in sorted(tariffs.glob("*/*/tariff.yaml")):
        tariff, _ = load(file)
        assert tariff, file
        for rider in tariff.riders.values():
            for service in rider.services.values():
                told = protection_rules(rider, service, day=date(2026, 7, 1), known_by=date(2026, 7, 1))
                assert all(told.clauses.values()), (file, told.clauses)
                assert 0 <= told.reserve_pct_min <= 100
                count += 1
    assert count > 20
