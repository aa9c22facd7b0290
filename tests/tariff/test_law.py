"""Each point of the law: the lawful tariff passes, and the rider that breaks it is refused by line and clause."""

import pytest

from tests.tariff.lawful import LAWFUL, broken, line
from tests.tariff.written import problems_of

STEPS = """\
          - family: capacity_nominated
            component: bonus
            not_below_sum_of: [capacity_value, demand_reduction_value]
            rate_usd_per_kw_month: "60"
            steps:
              - {ratio_at_least: "0.75", of_delivered: "1"}
              - {ratio_at_least: "0", of_nominated: "-0.5"}
        outcomes:"""


def test_a_tariff_that_keeps_its_law_passes() -> None:
    """Nothing to find: riders, services, parameters, money and floors are all lawful (R18, R19, R21, R50, R68)."""
    assert problems_of(LAWFUL) == []


RIDER, OTHER = line("  battery:\n"), line("  thermostat:\n")
SERVICE = line("      peak:\n")
RULES = [
    # money that participants would owe (R50, R68)
    ('rate_usd_per_kw_season: "229.40"', 'rate_usd_per_kw_season: "-1"', line('"229.40"'),
     "a negative rate is a penalty, and the tariff's law forbids penalties"),
    ("owed_to: funder", "owed_to: utility", line("claw_back"), "is owed to the utility, and the law forbids penalties: "
     "only what a funder takes back may be passed through (241.2(h))"),
    (", owed_to: funder", "", line("claw_back"), "is owed to the utility, and the law forbids penalties: only what a "
     "funder takes back may be passed through (241.2(h))"),
    ("        outcomes:", STEPS, line("        outcomes:") + 6, "charges the participant, and the law forbids "
                                                                "penalties "
     "(241.2(h))"),
    ("            rate_usd_per_kw_month:", '            performance_factor: {low: "-0.1", high: "1"}\n'
     "            rate_usd_per_kw_month:", line("            rate_usd_per_kw_month:"),
     "charges the participant, and the law forbids penalties (241.2(h))"),
    ("      - {refuse: utility_owned, because: not of the utility}\n", "      - {refuse: utility_owned, because: no}\n"
     "      - {require: security_deposit, because: safety}\n", line("      - {refuse: utility_owned") + 1,
     "asks for collateral, which the law forbids (241.3(b))"),
    # who may take part (R3, R34, R35, R36)
    ("      - {refuse: utility_owned, because: not of the utility}\n", "", RIDER,
     "does not refuse what is utility owned, and the law does (241.3(c))"),
    ("      - {refuse: utility_affiliate, because: not an affiliate}\n", "", RIDER,
     "does not refuse what is utility affiliate, and the law does (241.3(c) second)"),
    ("      - {refuse: emits_carbon_dioxide, because: clean}\n", "", RIDER,
     "does not refuse what is emits carbon dioxide, and the law does (S2 A eligible)"),
    ("      - {require: agreement_signed, because: signed}\n", "", RIDER, "must require agreement signed (S0 "
         "contract)"),
    ("any_of: [residential, small_commercial]}", "any_of: [residential, other]}", line("any_of: [residential, small"),
     "admits a customer class that the law does not (240(12))"),
    ("      - {require: customer_class, any_of: [residential, small_commercial]}\n", "", RIDER,
     "is open to every customer class, and the law to residential, small_commercial only (240(12))"),
    ('at_most: "5000"', 'at_most: "5000.001"', line('at_most: "5000"'), "admits more than the 5,000 kW of the "
         "law (S2 A)"),
    ('      - {require: power_kw, at_most: "5000"}\n', "", RIDER,
     "admits a device of any size, and the law one of at most 5,000 kW (S2 A)"),
    # how long, how often, in which form (R6, R52, R90)
    ('rate_lock_years: "5"', 'rate_lock_years: "4.99"', line('rate_lock_years: "5"'),
     "is too short: a rate at enrollment must hold for at least 5 years (241.2(e)(vi))"),
    ('rate_lock_years: "5", ', "", RIDER,
     "locks no rate: a rate at enrollment must hold for at least 5 years (241.2(e)(vi))"),
    (', at_least_per_year: "1"', "", line("schedule: on_request"), "does not promise 1 payments a year "
     "(241.2(e)(ix) yearly)"),
    ("by: [check, eft]", "by: [check, gift_card]", line("by: [check, eft]"),
     "is a form of payment that the tariff's law does not allow"),
    ("measurement: {point: inverter", "measurement: {point: premise", line("{point: inverter"),
     "is not where the law has batteries measured: at the inverter (241.2(f)(i))"),
    # riders and services (R18, R19, R114)
    ("technologies: [thermostat]", "technologies: [battery]", line("riders:\n"),
     "lacks a rider that the law requires: non battery (241.1(a))"),
    ("technologies: [thermostat]", "technologies: [thermostat, ev]", line("technologies: [thermostat]"),
     "joins electric vehicle and non battery in one rider, and the law asks for one each (241.1(a))"),
    ("provides: system_peak_load_reduction", "provides: clean_peak", RIDER,
     "does not offer system peak load reduction, which every rider must (241.1(a) each)"),
    # operating parameters (R21)
    ('{min: "5", max: "30"}', '{max: "30"}', SERVICE, "does not state an operating parameter: events min (241.1(b))"),
    ('{min: "5", max: "30"}', '{min: "5"}', SERVICE, "does not state an operating parameter: events max (241.1(b))"),
    ("          season: summer\n", "", SERVICE, "does not state an operating parameter: season (241.1(b))"),
    ("          days: [mon, tue]\n", "", SERVICE, "does not state an operating parameter: days (241.1(b))"),
    ('          hours: {from: "15:00", to: "20:00"}\n', "", SERVICE,
     "does not state an operating parameter: hours (241.1(b))"),
    ('{min: "1", max: "3"}', '{min: "1"}', SERVICE, "does not state an operating parameter: duration max (241.1(b))"),
    ('day_ahead_by: "17:00", ', "", SERVICE, "does not state an operating parameter: notice (241.1(b))"),
    (', day_of_min_minutes: "120"', "", SERVICE, "does not state an operating parameter: notice day of (241.1(b))"),
    ("        devices: [batteries]\n", "", SERVICE, "does not state an operating parameter: devices (241.1(b))"),
    (", opted_out: counts_as_zero", "", SERVICE, "does not state an operating parameter: opt out (241.1(b))"),
    # net metering (R54)
    ("value_stack], rule: allowed", "value_stack], rule: forbidden", line("value_stack]"),
     "restricts net metering and value stack, which the law leaves untouched (241.2(i)(i))"),
    ("value_stack], rule: allowed", "value_stack], rule: incremental_only", line("value_stack]"),
     "restricts net metering and value stack, which the law leaves untouched (241.2(i)(i))"),
    ("{refuse: emits_carbon_dioxide, because: clean}\n", "{refuse: emits_carbon_dioxide, because: clean}\n"
     "      - {refuse: net_metering, because: no}\n", line("{refuse: emits_carbon_dioxide") + 1,
     "refuses a metering tariff, which the law leaves to the customer (241.2(i)(i))"),
    ("{refuse: emits_carbon_dioxide, because: clean}\n", "{refuse: emits_carbon_dioxide, because: clean}\n"
     "      - {require: value_stack, because: no}\n", line("{refuse: emits_carbon_dioxide") + 1,
     "requires a metering tariff, which the law leaves to the customer (241.2(i)(i))"),
    # the first day (R6)
    ("kinds: {peak: {counts: true}}", "kinds: {peak: {counts: {value: true, effective: 2026-12-31, "
     "filed: 2026-12-01}}}",
     line("kinds: {peak"), "calls events from 2026-12-31, and the law allows them from 2027-01-01 (S2 B)"),
    # floors of rates (R26, R89)
    ('"229.40"', '"229.39"', line('"229.40"'), "comes to 229.39 USD/kW-season, below 229.4 USD/kW-year = capacity "
     "value 30 + demand reduction value 199.4 as in force on 2027-02-10, the day of filing (241.2(e)(i); VDER 1)"),
    ('"57.35"', '"57.34"', line('"57.35"'), "comes to 229.36 USD/kW-season, below 229.4 USD/kW-year = capacity value "
     "30 + demand reduction value 199.4 as in force on 2027-02-10, the day of filing (241.2(e)(i); VDER 1)"),
    ("            not_below_sum_of: [capacity_value, demand_reduction_value]\n", "", line("          - family: cap"),
     "names no floor of capacity value and demand reduction value, and the law has one for system peak load "
     "reduction (241.2(e)(i))"),
    ("  demand_reduction_value: {usd", "  locational_system_relief_value: {usd",
     line("not_below_sum_of: [capacity_value, demand_reduction_value]\n            rate_usd_per_kw_season"),
     "is not among the tariff's market values"),
]


@pytest.mark.parametrize(("old", "new", "at", "reason"), RULES)
def test_a_rider_that_breaks_the_law_is_refused_by_line_and_clause(old: str, new: str, at: int, reason: str) -> None:
    """Every point of the law block (R3, R6, R18, R19, R21, R26, R50, R54, R68, R89)."""
    assert f"{at} error: {reason}" in broken(old, new)


@pytest.mark.parametrize(("old", "new"), [
    ("owed_to: funder", "excused: [moved], owed_to: funder"),
    ('at_most: "5000"', 'at_most: "4999.999"'),
    ('rate_lock_years: "5"', 'rate_lock_years: "5.01"'),
    ("schedule: season", "schedule: year"),
    ("by: [check, eft]", "by: [eft]"),
    ('"229.40"', '"229.41"'),
    ('"57.35"', '"57.36"'),
    ('effective: 2027-06-01\nfiled: 2027-02-10', 'effective: 2027-06-01\nfiled: 2027-02-28'),
    ("technologies: [thermostat]", "technologies: [thermostat, water_heater]"),
    ("kinds: {peak: {counts: true}}", "kinds: {peak: {counts: {value: true, effective: 2027-01-01, "
     "filed: 2026-12-01}}}"),
    ("value_stack], rule: allowed}]", "value_stack], rule: allowed}, {with: [wholesale], rule: forbidden}]"),
    ("penalties_on_participants: {value: forbidden", "penalties_on_participants: {value: allowed"),
])
def test_the_other_side_of_a_boundary_is_lawful(old: str, new: str) -> None:
    """The nearest tariff that keeps the law (R19, R26, R50, R54, R68, R89)."""
    assert [each for each in broken(old, new) if "error" in each] == []


def test_what_a_law_allows_is_not_refused() -> None:
    """The same claw-back is lawful where no law forbids penalties (R130)."""
    text = LAWFUL.replace("participants: {value: forbidden", "participants: {value: allowed").replace(
        "owed_to: funder", "owed_to: utility").replace("leave: without_penalty", "leave: claw_back", 1)
    assert problems_of(text) == []


@pytest.mark.parametrize(("old", "new", "warned"), [
    (', floor: {at: "0", per: event, over: site}', "", False),  # a missed event counts as zero
    ("outcomes: {missed: counts_as_zero, ", "outcomes: {missed: measured, ", False),  # and the floor still holds
    ('method: direct, floor: {at: "0", per: event, over: site}}', "method: direct}", False),
    ("outcomes: {missed: counts_as_zero, opted_out: counts_as_zero}\n    together",
     "outcomes: {opted_out: counts_as_zero}\n    together", False),
])
def test_either_a_floor_or_zero_for_missed_events_keeps_amounts_from_falling(old: str, new: str, warned: bool) -> None:
    """One of the two is enough (R68)."""
    assert bool([each for each in broken(old, new) if "may come out below zero" in each]) is warned


def test_without_a_floor_an_event_could_take_back_what_was_earned() -> None:
    """With neither a warning names the clause (R68)."""
    text = LAWFUL.replace(', floor: {at: "0", per: event, over: site}', "", 1).replace(
        "outcomes: {missed: counts_as_zero, ", "outcomes: {", 1)
    (problem,) = problems_of(text)
    assert (problem.severity, problem.row) == ("warning", line("measurement: {point: inverter"))
    assert problem.reason == ("may come out below zero and take back what was earned, and the law forbids penalties "
                              "(241.2(h))")


def test_a_rate_is_held_against_the_values_in_force_when_it_was_filed() -> None:
    """The later capacity value of 60 holds for what is filed after it, and for nothing before (R26, R89)."""
    later = 'rate_usd_per_kw_season: [{value: "229.40"}, {value: "259.39", effective: 2028-06-01, filed: 2028-02-10}]'
    found = broken('rate_usd_per_kw_season: "229.40"', later)
    assert found == [f"{line('229.40')} error: comes to 259.39 USD/kW-season, below 259.4 USD/kW-year = "
                     "capacity value 60 + demand reduction value 199.4 as in force on 2028-02-10, the day of "
                     "filing (241.2(e)(i); "
                     "VDER 2; VDER 1)"]
    assert broken('rate_usd_per_kw_season: "229.40"', later.replace("259.39", "259.40")) == []


def test_a_rate_filed_before_there_was_a_value_cannot_be_tested() -> None:
    """Absent is not zero (R89)."""
    found = broken("effective: 2026-01-01, filed: 2025-12-01, cite: \"VDER 1\"}}", "effective: 2027-04-01, "
                   "filed: 2027-03-01, cite: \"VDER 1\"}}")
    assert f"{line('229.40')} error: was filed on 2027-02-10, when demand reduction value had no value" in found


def test_market_values_that_cannot_be_read_bring_no_mistakes_after_them() -> None:
    (found,) = broken('value: "199.40"', 'value: "much"')
    assert found == f"{line('199.40')} error: is not a number"


def test_battery_incentives_without_a_solicitation_are_a_warning() -> None:
    """A warning and no refusal, for the law states no order (R29, R122)."""
    found = broken("solicitation: {title: Solicit", "another: {title: Solicit")
    assert found == [f"{line('    upfront:')} warning: pays for batteries, and the law then asks for: solicitation"]


def test_a_condition_that_no_longer_holds_does_not_count() -> None:
    """A refusal that was given up later is as if it were not there (R3)."""
    ended = ("{refuse: utility_affiliate, holds: [{value: true}, {value: false, effective: 2028-01-01, "
             "filed: 2027-12-01}]}")
    found = broken("{refuse: utility_affiliate, because: not an affiliate}", ended)
    assert f"{RIDER} error: does not refuse what is utility affiliate, and the law does (241.3(c) second)" in found
