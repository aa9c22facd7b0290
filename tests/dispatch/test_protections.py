"""Each protection of the page, on both sides of its boundary, told like the examples of a tariff."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from gridrider.dispatch.model import Protection
from gridrider.dispatch.protections.bounds import PROTECTION_CODES, Span
from tests.dispatch.oracle_protections import bound_of
from tests.dispatch.worlds import BLANK, RULES, SPAN, START, World, homes, random_homes

HOME, VEHICLE, THERMOSTAT = homes(1), homes(1, "ev"), homes(1, "thermostat")


def most(world: World) -> tuple[float, str]:
    """What may be asked of the first device, and what says so."""
    return world.most_kw, str(world.protection)


def test_an_ordinary_home_may_be_asked_for_all_its_power() -> None:
    assert most(HOME) == (5.0, "power_limit")
    assert HOME.bounds.floor_kwh[0] == 2.7
    assert HOME.reason == "the device gives 5 kW at most"


def test_the_largest_reserve_is_kept() -> None:
    """Of the rider's 20 %, the customer's and the device's own reserve the largest is kept (R57)."""
    at_3_kwh = HOME.but(stored_kwh=3.0)
    assert most(at_3_kwh) == (1.2, "reserve")  # 0.3 kWh above 2.7 kWh, in a quarter of an hour
    assert at_3_kwh.reason == "battery holds 3 kWh, of which 2.7 kWh are kept: reserve 20 %"
    assert most(HOME.but(stored_kwh=2.7)) == (0.0, "reserve")
    assert most(HOME.but(stored_kwh=2.7001)) == (0.0004, "reserve")
    assert most(HOME.but(stored_kwh=7.0, reserve_customer_pct=50.0)) == (1.0, "reserve")
    assert most(HOME.but(stored_kwh=7.0, reserve_device_pct=50.0)) == (1.0, "reserve")
    assert most(at_3_kwh.but(reserve_customer_pct=10.0, reserve_device_pct=19.9)) == (1.2, "reserve")
    assert most(at_3_kwh.but(reserve_customer_pct=BLANK, reserve_device_pct=BLANK)) == (1.2, "reserve")
    assert HOME.but(reserve_customer_pct=50.0).bounds.floor_kwh[0] == 6.75


def test_what_is_lost_in_the_inverter_comes_out_of_the_store_too() -> None:
    """0.3 kWh above the reserve give 0.27 kWh at 90 %, so that the reserve itself is not touched (R57)."""
    assert most(HOME.but(stored_kwh=3.0, discharge_efficiency=0.9)) == (1.08, "reserve")


def test_a_site_below_its_floor_is_asked_nothing() -> None:
    """Stored energy below the floor asks nothing and is a reason, not an error (R135)."""
    below = HOME.but(stored_kwh=1.0)
    assert most(below) == (0.0, "reserve")
    assert below.reason == "battery holds 1 kWh, of which 2.7 kWh are kept: reserve 20 %"


def test_the_ninth_event_of_a_month_is_refused() -> None:
    """Seven events before it: the eighth is asked. Eight: the ninth is not (R58)."""
    assert most(HOME.but(events_month=7)) == (5.0, "power_limit")
    ninth = HOME.but(events_month=8)
    assert most(ninth) == (0.0, "events_per_month")
    assert ninth.reason == "asked in 8 other events of the month, of 8 at most"


def test_the_events_of_a_year_have_a_cap() -> None:
    """The sixtieth event of a year is asked, the sixty-first is not (R58)."""
    assert most(HOME.but(events_year=59)) == (5.0, "power_limit")
    assert most(HOME.but(events_year=60)) == (0.0, "events_per_year")
    assert most(HOME.but(events_year=1000, events_month=1000, events_per_year_max=np.inf,
                         events_per_month_max=np.inf)) == (5.0, "power_limit")


def test_event_63_of_a_year_is_cut_to_half() -> None:
    """62 events at 80 % depth use 49.6 of 50 cycles; of the next 10.8 kWh in three hours 5.4 kWh are left (R60)."""
    whole = replace(SPAN, reverts_at=SPAN.event_end)
    before = [HOME.but(span=whole, called_kwh_year=10.8 * events) for events in (61, 62)]
    assert most(before[0]) == (3.6, "reserve")
    assert most(before[1]) == (1.8, "cycles_per_year")
    assert before[1].reason == "49.6 of 50 cycles of the year are used"
    assert most(HOME.but(called_kwh_year=675.0)) == (0.0, "cycles_per_year")
    assert most(HOME.but(called_kwh_year=700.0)) == (0.0, "cycles_per_year")
    assert most(HOME.but(called_kwh_year=700.0, cycles_per_year_max=np.inf)) == (5.0, "power_limit")
    assert most(THERMOSTAT.but(called_kwh_year=700.0)) == (5.0, "power_limit")


def test_a_storm_warning_stops_the_event() -> None:
    """A lock asks nothing; a watch only where the rider says that it holds (R61)."""
    assert most(HOME.but(storm_status=2)) == (0.0, "storm_hold")
    assert HOME.but(storm_status=2).reason == "a storm warning holds the battery for the home"
    assert most(HOME.but(storm_status=1)) == (5.0, "power_limit")
    assert most(HOME.but(storm_status=1, pre_arm_holds=True)) == (0.0, "storm_hold")
    assert most(HOME.but(storm_status=0, pre_arm_holds=True)) == (5.0, "power_limit")


def test_a_lost_alert_feed_keeps_what_it_told() -> None:
    """Where a watch or warning was on when the feed was lost, nothing is asked (R61)."""
    assert most(HOME.but(storm_feed_lost=True)) == (0.0, "storm_feed_lost")


@pytest.mark.parametrize(("code", "state"), [(1, "islanded"), (2, "reconnecting"), (3, "off")])
def test_a_home_off_the_grid_is_its_customers(code: int, state: str) -> None:
    """Islanded, reconnecting and off: the customer is in control, whatever the event wants (R62)."""
    assert most(HOME.but(connection=code)) == (0.0, "islanded")
    assert HOME.but(connection=code).reason == f"the home is {state}, so its customer is in control"
    assert most(HOME.but(connection=0)) == (5.0, "power_limit")


def test_high_voltage_cuts_what_may_be_given() -> None:
    """All up to 1.06 pu, half at 1.08 pu, nothing from 1.10 pu on (R63)."""
    expected = {1.06: (5.0, "power_limit"), 1.061: (4.875, "high_voltage"), 1.08: (2.5, "high_voltage"),
                1.0999: (0.0125, "high_voltage"), 1.10: (0.0, "high_voltage"), 1.3: (0.0, "high_voltage")}
    assert {pu: most(HOME.but(voltage_pu=pu)) for pu in expected} == expected
    assert HOME.but(voltage_pu=1.08).reason == "voltage is 1.08 pu, at which 2.5 of 5 kW may be given"
    assert most(HOME.but(voltage_pu=BLANK)) == (5.0, "power_limit")
    assert most(THERMOSTAT.but(voltage_pu=1.2)) == (5.0, "power_limit")


def test_no_more_is_exported_than_the_connection_may() -> None:
    """What the home takes may be given on top of the export limit; solar power takes away from it (R63)."""
    assert most(HOME.but(export_max_kw=3.0, home_net_kw=1.0)) == (4.0, "export_limit")
    assert most(HOME.but(export_max_kw=3.0, home_net_kw=-2.5)) == (0.5, "export_limit")
    assert most(HOME.but(export_max_kw=3.0, home_net_kw=-4.0)) == (0.0, "export_limit")
    assert most(HOME.but(export_max_kw=3.0, home_net_kw=2.1)) == (5.0, "power_limit")
    assert most(HOME.but(export_max_kw=3.0, home_net_kw=2.0)) == (5.0, "export_limit")  # of two that agree the first
    assert HOME.but(export_max_kw=3.0).reason == "3 kW may be exported, and the home takes 1 kW"
    assert most(THERMOSTAT.but(export_max_kw=0.0)) == (5.0, "power_limit")


def test_who_opted_out_is_left_alone() -> None:
    """From the opt-out of an event on, before it or in it, that event asks nothing (R64)."""
    assert most(HOME.but(opted_out=True)) == (0.0, "opted_out")


def test_who_suspended_is_left_alone() -> None:
    """While participation is suspended no event asks anything (R65)."""
    assert most(HOME.but(suspended=True)) == (0.0, "suspended")


def test_medical_customers_are_spared_where_the_rider_says_so() -> None:
    """Medical baseline or life support: excluded where the rider excludes them, asked where it does not (R136)."""
    assert most(HOME.but(medical=True)) == (0.0, "medical")
    assert most(HOME.but(medical=True, medical_excluded=False)) == (5.0, "power_limit")


def test_nobody_is_dispatched_without_an_agreement() -> None:
    """No signature, no dispatch (R139)."""
    assert most(HOME.but(signed=False)) == (0.0, "unsigned")


def test_a_device_proves_its_identity_first() -> None:
    assert most(HOME.but(verified=False)) == (0.0, "unverified")
    assert most(HOME.but(verified=False, unverified_included=True)) == (5.0, "power_limit")


def test_an_enrollment_that_does_not_hold_is_not_asked() -> None:
    assert most(HOME.but(in_force=False)) == (0.0, "not_in_force")


def test_a_stop_stops_everything() -> None:
    assert most(HOME.but(stopped=True)) == (0.0, "emergency_stop")
    assert most(HOME.but(stopped=True, signed=False, storm_status=2)) == (0.0, "emergency_stop")


def test_an_event_asks_nothing_outside_of_its_time() -> None:
    second = timedelta(seconds=1)
    early = replace(SPAN, start=START - second)
    last = replace(SPAN, start=SPAN.event_end - timedelta(minutes=15), reverts_at=SPAN.event_end)
    beyond = replace(last, reverts_at=SPAN.event_end + second)
    after = replace(SPAN, start=SPAN.event_end, reverts_at=SPAN.event_end + second)
    assert [most(HOME.but(span=span))[1] for span in (early, last, beyond, after)] == [
        "outside_event", "power_limit", "outside_event", "outside_event"]
    with pytest.raises(ValueError, match="must revert after"):
        Span(start=START, reverts_at=START, event_start=START, event_end=SPAN.event_end)


@pytest.mark.parametrize(("blank", "words"), [
    ({"age_s": BLANK}, "it never reported"),
    ({"connection": -1}, "its report does not tell whether the home is on the grid"),
    ({"stored_kwh": BLANK}, "its report does not tell what is stored"),
    ({"home_net_kw": BLANK, "export_max_kw": 3.0},
     "its report does not tell what the home takes, and its export is limited")])
def test_a_silent_device_is_not_asked(blank: dict[str, Any], words: str) -> None:
    """Without telemetry of stored energy, connection, and the home's load where export is limited: nothing (R135)."""
    assert most(HOME.but(**blank)) == (0.0, "silent")
    assert HOME.but(**blank).reason == words
    assert most(HOME.but(home_net_kw=BLANK)) == (5.0, "power_limit")


def test_a_thermostat_need_only_tell_its_connection() -> None:
    assert most(THERMOSTAT.but(stored_kwh=BLANK, usable_kwh=BLANK, charge_max_kw=BLANK)) == (5.0, "power_limit")
    assert most(THERMOSTAT.but(connection=-1)) == (0.0, "silent")
    assert np.isnan(THERMOSTAT.bounds.floor_kwh[0])


def test_a_stale_report_asks_nothing() -> None:
    """A report of 15 minutes is good, a second more is stale; one from the future is no report (R135)."""
    assert most(HOME.but(age_s=900)) == (5.0, "power_limit")
    assert most(HOME.but(age_s=901)) == (0.0, "stale")
    assert HOME.but(age_s=1200).reason == "the last report is 20 minutes old, of 15 at most"
    assert most(HOME.but(age_s=901, telemetry_s_max=1800.0)) == (5.0, "power_limit")
    assert most(HOME.but(age_s=-1)) == (0.0, "stale")


@pytest.mark.parametrize(("true", "contradictory"), [
    ({"stored_kwh": 13.63}, {"stored_kwh": 13.64}),
    ({"delivered_kw": 5.6}, {"delivered_kw": 5.61}),
    ({"delivered_kw": -5.6}, {"delivered_kw": -5.61}),
    ({"previous_stored_kwh": 12.16, "previous_age_s": 360}, {"previous_stored_kwh": 12.14, "previous_age_s": 360}),
    ({"previous_stored_kwh": 4.0, "previous_age_s": 1861}, {"previous_stored_kwh": 4.0, "previous_age_s": 1860}),
    # In half an hour 4 kW take 2 kWh out of the store at no loss, 2.5 kWh at 80 %, and put 1.6 kWh in at 80 %.
    ({"stored_kwh": 8.0, "previous_stored_kwh": 10.0, "previous_age_s": 1860, "delivered_kw": 4.0},
     {"stored_kwh": 8.0, "previous_stored_kwh": 10.0, "previous_age_s": 1860, "delivered_kw": -4.0}),
    ({"stored_kwh": 6.2, "previous_stored_kwh": 10.0, "previous_age_s": 1860, "delivered_kw": 4.0,
      "discharge_efficiency": 0.8},
     {"stored_kwh": 6.1, "previous_stored_kwh": 10.0, "previous_age_s": 1860, "delivered_kw": 4.0,
      "discharge_efficiency": 0.8}),
    ({"stored_kwh": 12.9, "previous_stored_kwh": 10.0, "previous_age_s": 1860, "delivered_kw": -4.0,
      "charge_efficiency": 0.8},
     {"stored_kwh": 13.0, "previous_stored_kwh": 10.0, "previous_age_s": 1860, "delivered_kw": -4.0,
      "charge_efficiency": 0.8}),
    ({"delivered_kw": BLANK, "previous_stored_kwh": 13.0, "previous_age_s": 360},
     {"delivered_kw": BLANK, "previous_stored_kwh": 10.0, "previous_age_s": 360})])
def test_a_device_that_contradicts_itself_is_left_alone(true: dict[str, Any], contradictory: dict[str, Any]) -> None:
    """Size, power, and the report before it, on both sides of each limit (R135)."""
    assert str(HOME.but(**true).protection) == "power_limit"
    assert most(HOME.but(**contradictory)) == (0.0, "contradictory")


def test_stored_energy_may_be_a_little_below_none() -> None:
    """At -1 % the reserve is what holds it; below that the report contradicts itself (R135)."""
    assert most(HOME.but(stored_kwh=-0.134)) == (0.0, "reserve")
    lower = HOME.but(stored_kwh=-0.136)
    assert str(lower.protection) == "contradictory"
    assert lower.reason == ("its report contradicts its size or the report before: -0.1 of 13.5 kWh stored, "
                            "0 kW given")


def test_a_vehicle_away_is_not_asked() -> None:
    assert most(VEHICLE) == (5.0, "power_limit")
    assert most(VEHICLE.but(plugged=0)) == (0.0, "unplugged")
    assert most(VEHICLE.but(plugged=-1)) == (0.0, "unplugged")
    assert most(HOME.but(plugged=0)) == (0.0, "unplugged")
    assert most(HOME.but(plugged=-1)) == (5.0, "power_limit")


def test_a_vehicle_can_be_charged_again_before_it_leaves() -> None:
    """It needs 12 kWh at its departure; after the span it can be given 5 kW until then, with what is lost."""
    at = SPAN.reverts_at.timestamp()
    in_an_hour = VEHICLE.but(departure_kwh=12.0, departs_at_s=at + 3600, stored_kwh=7.5)
    assert most(in_an_hour) == (2.0, "ev_departure")  # 7 kWh must be kept
    assert in_an_hour.reason == "vehicle holds 7.5 kWh, of which 7 kWh cannot be charged again before it leaves"
    assert in_an_hour.bounds.floor_kwh[0] == 7.0
    assert most(in_an_hour.but(charge_efficiency=0.9)) == (0.0, "ev_departure")  # 7.5 kWh
    assert most(in_an_hour.but(departs_at_s=at + 3 * 3600)) == (5.0, "power_limit")  # all of it can be charged again
    assert most(in_an_hour.but(departs_at_s=at - 3600)) == (0.0, "ev_departure")
    assert most(THERMOSTAT.but(departure_kwh=12.0, departs_at_s=at)) == (5.0, "power_limit")
    assert VEHICLE.but(reserve_pct_min=0.0, stored_kwh=1.0).protection == "reserve"  # it has no trip


def test_half_a_trip_is_taken_for_the_worst() -> None:
    """Without a time it leaves at once, without an energy it needs all that it holds; without both there is no trip."""
    at = SPAN.reverts_at.timestamp()
    assert most(VEHICLE.but(departure_kwh=13.0, departs_at_s=BLANK)) == (2.0, "ev_departure")
    assert most(VEHICLE.but(departure_kwh=BLANK, departs_at_s=at)) == (0.0, "ev_departure")
    assert most(VEHICLE.but(departure_kwh=BLANK, departs_at_s=BLANK)) == (5.0, "power_limit")


def test_of_several_reasons_the_smallest_is_told_and_then_the_first() -> None:
    """A reason in words for each device that is asked less, in the order of the page (R131)."""
    assert most(HOME.but(stored_kwh=3.0, voltage_pu=1.09)) == (1.2, "reserve")
    assert most(HOME.but(stored_kwh=3.0, voltage_pu=1.095)) == (0.625, "high_voltage")
    gates: list[dict[str, Any]] = [
        {"stopped": True}, {"in_force": False}, {"signed": False}, {"verified": False}, {"medical": True},
        {"suspended": True}, {"opted_out": True}, {"connection": 1}, {"storm_status": 2}, {"storm_feed_lost": True},
        {"events_month": 8}, {"events_year": 60}, {"called_kwh_year": 700.0},
        {"span": replace(SPAN, start=START - timedelta(hours=1))}, {"stored_kwh": BLANK}, {"age_s": 901},
        {"delivered_kw": 9.0}, {"plugged": 0}, {"departure_kwh": 13.5}, {"reserve_customer_pct": 100.0},
        {"voltage_pu": 1.2}, {"home_net_kw": -9.0, "export_max_kw": 3.0}, {"discharge_max_kw": 0.0}]
    told, everything = [], VEHICLE
    for gate in reversed(gates):
        everything = everything.but(**gate)
        told.append(everything.protection)
        assert everything.most_kw == 0.0
        assert everything.reason
    assert told == [each for each in reversed(PROTECTION_CODES) if each is not Protection.FULL]


@pytest.mark.parametrize("seed", range(4))
def test_an_independent_reading_of_the_page_says_the_same(seed: int) -> None:
    """Every bound, every reason and every floor of a thousand random homes, in exact fractions."""
    world = random_homes(1000, seed)
    rules = [RULES, replace(RULES, pre_arm_holds=True, cycles_per_year_max=np.inf),
             replace(RULES, medical_excluded=False, unverified_included=True, reserve_pct_min=0.0),
             replace(RULES, events_per_month_max=np.inf, events_per_year_max=np.inf, telemetry_s_max=300.0)][seed]
    minutes = (5, 20, 15, 20)[seed]
    world = world.but(rules=rules, span=replace(SPAN, reverts_at=START + timedelta(minutes=minutes)))
    bounds, bare = world.bounds, set()
    for row in range(1000):
        most_kw, protection, floor_kwh = bound_of(world, row)
        assert str(PROTECTION_CODES[bounds.protection[row]]) == protection, row
        assert bounds.delivered_kw_high[row] == float(most_kw), row
        assert np.isnan(bounds.floor_kwh[row]) if floor_kwh is None else bounds.floor_kwh[row] == float(floor_kwh)
        bare.add(protection)
    assert len(bare) > 15
