"""A tariff that keeps a strict law in every point, to break one point at a time."""

from __future__ import annotations

from tests.tariff.written import said

LAWFUL = """\
tariff: lakeside/three-riders
title: Three riders under one law
authority: Lakeside Electric
timezone: America/New_York
currency: USD
effective: 2027-06-01
filed: 2027-02-10
cite: "Leaf 12"
law:
  penalties_on_participants: {value: forbidden, cite: "241.2(h)"}
  performance_payment_forms: {value: [check, eft], cite: "241.2(e)(ix)"}
  collateral: {value: forbidden, cite: "241.3(b)"}
  utility_owned_devices: {value: forbidden, cite: "241.3(c)"}
  affiliate_aggregators: {value: forbidden, cite: "241.3(c) second"}
  customer_classes: {value: [residential, small_commercial], cite: "240(12)"}
  der_power_kw_max: {value: "5000", cite: "S2 A"}
  rate_lock_years_min: {value: "5", cite: "241.2(e)(vi)"}
  payments_per_year_min: {value: "1", cite: "241.2(e)(ix) yearly"}
  batteries_measured_at: {value: inverter, cite: "241.2(f)(i)"}
  required_riders: {value: [battery, non_battery], cite: "241.1(a)"}
  required_service: {value: system_peak_load_reduction, cite: "241.1(a) each"}
  must_refuse: {value: [emits_carbon_dioxide], cite: "S2 A eligible"}
  must_require: {value: [agreement_signed], cite: "S0 contract"}
  rate_floors:
    system_peak_load_reduction:
      not_below_sum_of: {value: [capacity_value, demand_reduction_value], cite: "241.2(e)(i)"}
  battery_incentive_step: solicitation
  operating_parameters: {value: [events_min, events_max, season, days, hours, duration_max, notice, notice_day_of,
                                 devices, opt_out], cite: "241.1(b)"}
  net_metering: {value: untouched, cite: "241.2(i)(i)"}
  earliest_start: {value: 2027-01-01, cite: "S2 B"}
market_values:
  capacity_value: {usd_per_kw_year: [{value: "30", effective: 2026-01-01, filed: 2025-12-01, cite: "VDER 1"},
                                     {value: "60", effective: 2027-04-01, filed: 2027-03-01, cite: "VDER 2"}]}
  demand_reduction_value: {usd_per_kw_year: {value: "199.40", effective: 2026-01-01, filed: 2025-12-01, cite: "VDER 1"}}
seasons:
  summer: {from: "06-01", to: "09-30"}
riders:
  battery:
    technologies: [battery]
    eligibility:
      - {require: agreement_signed, because: signed}
      - {require: customer_class, any_of: [residential, small_commercial]}
      - {require: power_kw, at_most: "5000"}
      - {refuse: utility_owned, because: not of the utility}
      - {refuse: utility_affiliate, because: not an affiliate}
      - {refuse: emits_carbon_dioxide, because: clean}
    term: {rate_lock_years: "5", leave: without_penalty}
    upfront:
      rate_usd_per_kw: "200"
      claw_back: {method: pro_rata_months, term_months: "60", owed_to: funder}
    services:
      peak:
        provides: system_peak_load_reduction
        devices: [batteries]
        calls:
          season: summer
          days: [mon, tue]
          hours: {from: "15:00", to: "20:00"}
          duration_h: {min: "1", max: "3"}
          events_per_year: {min: "5", max: "30"}
          notice: {day_ahead_by: "17:00", day_of_min_minutes: "120"}
          kinds: {peak: {counts: true}}
        measurement: {point: inverter, method: direct, floor: {at: "0", per: event, over: site}}
        payments:
          - family: capacity_average
            not_below_sum_of: [capacity_value, demand_reduction_value]
            rate_usd_per_kw_season: "229.40"
        outcomes: {missed: counts_as_zero, opted_out: counts_as_zero}
    together: [{with: [net_metering, value_stack], rule: allowed}]
    pay: {schedule: season, by: [check, eft]}
  thermostat:
    technologies: [thermostat]
    eligibility:
      - {require: agreement_signed, because: signed}
      - {require: customer_class, any_of: [residential]}
      - {require: power_kw, at_most: "10"}
      - {refuse: utility_owned, because: not of the utility}
      - {refuse: utility_affiliate, because: not an affiliate}
      - {refuse: emits_carbon_dioxide, because: clean}
    term: {rate_lock_years: "6", leave: without_penalty}
    services:
      peak:
        provides: system_peak_load_reduction
        devices: [thermostats]
        calls:
          season: summer
          days: [mon, tue]
          hours: {from: "15:00", to: "20:00"}
          duration_h: {max: "3"}
          events_per_month: {min: "1", max: "8"}
          notice: {day_ahead_by: "17:00", day_of_min_minutes: "120"}
          kinds: {peak: {counts: true}}
        measurement: {point: device, method: direct}
        payments:
          - family: capacity_committed
            not_below_sum_of: [capacity_value, demand_reduction_value]
            rate_usd_per_kw_month: "57.35"
        outcomes: {missed: counts_as_zero, opted_out: counts_as_zero}
    pay: {schedule: on_request, by: [eft], at_least_per_year: "1"}
filing:
  computation: none
  dates: {law: {title: The law}}
  steps: {solicitation: {title: Solicit, after: law, because: it is owed}}
"""


def broken(old: str, new: str) -> list[str]:
    """What is said once one piece of the lawful tariff is replaced; the piece must be there."""
    assert old in LAWFUL, old
    return said(LAWFUL.replace(old, new, 1))


def line(needle: str, *, last: bool = False) -> int:
    """The line on which something stands for the first or the last time."""
    at = LAWFUL.rindex(needle) if last else LAWFUL.index(needle)
    return LAWFUL.count("\n", 0, at) + 1
