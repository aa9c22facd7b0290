"""Charging for the customer's own good: before a storm, a departure, an event. No event bounds it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridrider.dispatch.model import Origin
from gridrider.dispatch.protections.bounds import PROTECTION_CODES, Bounds
from gridrider.dispatch.protections.own_good import own_good_bounds
from tests.dispatch.worlds import BLANK, RULES, World, homes

HALF, VEHICLE = homes(1).but(stored_kwh=6.0), homes(1, "ev").but(stored_kwh=6.0, departure_kwh=10.0)
OWN_GOOD = {Origin.STORM_CHARGE: HALF, Origin.EV_DEPARTURE: VEHICLE, Origin.PRE_CHARGE: HALF}


def bounds(origin: Origin, world: World) -> Bounds:
    """Of one world."""
    return own_good_bounds(origin, world.devices, world.telemetry, world.standing, world.rules)


def draws(origin: Origin, world: World) -> tuple[float, str]:
    """The most that the first device may be asked to draw, and what says so."""
    told = bounds(origin, world)
    assert told.delivered_kw_high[0] == 0.0
    return float(told.delivered_kw_low[0]), str(PROTECTION_CODES[told.protection[0]])


@pytest.mark.parametrize("origin", OWN_GOOD)
def test_there_is_room_and_the_home_is_on_the_grid(origin: Origin) -> None:
    """It charges with all its power, and nothing is sent to a home that is not known to be on the grid (R62)."""
    world = OWN_GOOD[origin]
    assert draws(origin, world) == (-5.0, "power_limit")
    assert [draws(origin, world.but(connection=code)) for code in (1, 2, 3)] == [(0.0, "islanded")] * 3
    assert draws(origin, world.but(connection=-1)) == (0.0, "silent")
    assert draws(origin, world.but(stored_kwh=BLANK)) == (0.0, "silent")
    assert draws(origin, world.but(charge_max_kw=BLANK))[0] == 0.0


def test_before_a_storm_a_battery_is_filled() -> None:
    """To all of its usable energy, or to what the rider says; not where the customer does not want it (R61)."""
    assert bounds(Origin.STORM_CHARGE, HALF).target_kwh[0] == 13.5
    assert bounds(Origin.STORM_CHARGE, HALF.but(charge_to_pct=80.0)).target_kwh[0] == 10.8
    assert draws(Origin.STORM_CHARGE, HALF.but(charge_to_pct=80.0, stored_kwh=10.79))[0] == -5.0
    assert draws(Origin.STORM_CHARGE, HALF.but(charge_to_pct=80.0, stored_kwh=10.8)) == (0.0, "full")
    assert draws(Origin.STORM_CHARGE, HALF.but(stored_kwh=13.5)) == (0.0, "full")
    assert draws(Origin.STORM_CHARGE, HALF.but(storm_opt_out=True)) == (0.0, "opted_out")
    assert draws(Origin.STORM_CHARGE, homes(1, "thermostat"))[0] == 0.0


@pytest.mark.parametrize("held", [{"suspended": True}, {"opted_out": True}, {"medical": True}, {"signed": False},
                                  {"storm_status": 2}, {"events_month": 99}])
def test_what_spares_a_customer_from_events_does_not_take_the_storm_charge_away(held: dict[str, Any]) -> None:
    """No event bounds what is for the customer's own good (R61)."""
    assert draws(Origin.STORM_CHARGE, HALF.but(**held)) == (-5.0, "power_limit")


def test_a_vehicle_is_charged_for_its_trip() -> None:
    assert bounds(Origin.EV_DEPARTURE, VEHICLE).target_kwh[0] == 10.0
    assert bounds(Origin.EV_DEPARTURE, VEHICLE.but(departure_kwh=99.0)).target_kwh[0] == 13.5
    assert draws(Origin.EV_DEPARTURE, VEHICLE.but(stored_kwh=10.0)) == (0.0, "full")
    assert draws(Origin.EV_DEPARTURE, VEHICLE.but(plugged=0)) == (0.0, "unplugged")
    assert draws(Origin.EV_DEPARTURE, VEHICLE.but(storm_opt_out=True)) == (-5.0, "power_limit")


def test_a_pre_charge_keeps_what_is_stored() -> None:
    """After an event is scheduled it charges and keeps; the suspended, opted-out and unsigned are left alone (R67)."""
    told = bounds(Origin.PRE_CHARGE, HALF)
    assert (told.floor_kwh[0], told.target_kwh[0]) == (6.0, 13.5)
    full = bounds(Origin.PRE_CHARGE, HALF.but(stored_kwh=13.5))
    assert (full.delivered_kw_low[0], full.floor_kwh[0]) == (0.0, 13.5)
    for held, reason in (({"signed": False}, "unsigned"), ({"verified": False}, "unverified"),
                         ({"suspended": True}, "suspended"), ({"opted_out": True}, "opted_out")):
        assert draws(Origin.PRE_CHARGE, HALF.but(**held)) == (0.0, reason)
        assert np.isnan(bounds(Origin.PRE_CHARGE, HALF.but(**held)).floor_kwh[0])
    assert draws(Origin.PRE_CHARGE, HALF.but(verified=False, unverified_included=True))[0] == -5.0
    assert np.isnan(bounds(Origin.STORM_CHARGE, HALF).floor_kwh[0])
    assert draws(Origin.PRE_CHARGE, HALF.but(rules=replace(RULES, pre_charge="never")))[0] == 0.0
    assert draws(Origin.STORM_CHARGE, HALF.but(rules=replace(RULES, pre_charge="never")))[0] == -5.0


@pytest.mark.parametrize("origin", [Origin.EVENT, Origin.RESTORE, Origin.EMERGENCY_STOP])
def test_other_instructions_charge_nothing(origin: Origin) -> None:
    with pytest.raises(ValueError, match="charges nothing"):
        bounds(origin, HALF)
