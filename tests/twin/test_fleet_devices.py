"""Thermostat, water heater and car against independent oracles."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from gridrider.twin.fleet.commands import Commands
from gridrider.twin.fleet.rates import rates
from gridrider.twin.fleet.surroundings import Trips
from gridrider.twin.fleet.trips import TripHabit, draw_trips, joined
from tests.twin.fleet_world import BARE, SOUND, fleet, one_run, quiet_day

ONE = np.array([0])
CAR: dict[str, Any] = {"ev_kwh": 60.0, "ev_charge_kw_max": 7.2, "ev_discharge_kw_max": 7.0, "ev_target_kwh": 50.0,
       "ev_departure_kwh": 40.0, "ev_floor_kwh": 12.0, "ev_efficiency": 0.92, "ev_from_h": 0.0, "ev_end_h": 0.0}


def trip(departs_h: float, returns_h: float, kwh: float) -> Trips:
    return Trips(departs_s=np.array([[departs_h * 3600.0]]), returns_s=np.array([[returns_h * 3600.0]]),
                 trip_kwh=np.array([[kwh]]))


def test_the_envelope_is_the_exponential_of_its_matrix() -> None:
    parameters = fleet(SOUND, 5)
    ours = rates(parameters, 0.25)
    for i in range(5):
        g1, g2 = 1 / parameters.outside_c_per_kw[i], 1 / parameters.mass_c_per_kw[i]
        ca, cm = parameters.air_kwh_per_c[i], parameters.mass_kwh_per_c[i]
        exact = expm(0.25 * np.array([[-(g1 + g2) / ca, g2 / ca], [g2 / cm, -g2 / cm]]))
        mine = [[ours.air_air[i], ours.air_mass[i]], [ours.mass_air[i], ours.mass_mass[i]]]
        np.testing.assert_allclose(mine, exact, rtol=1e-12)


def test_a_home_without_cooling_drifts_to_its_rest() -> None:
    parameters = fleet(BARE, 1, solar_gain_m2=2.0)
    state, _ = one_run(parameters, quiet_day(1, steps=4000, sun=0.5), dt_s=900)
    rest_c = 25.0 + 1.0 * parameters.outside_c_per_kw[0]
    assert (state.air_c[0], state.mass_c[0]) == (pytest.approx(rest_c, abs=0.02),) * 2


def test_the_thermostat_keeps_its_band_and_an_offset_moves_it() -> None:
    parameters = fleet(BARE, 1, cooling_kw=3.0, cool_to_c=24.0, deadband_c=1.0)
    around = replace(quiet_day(1, steps=288), temperature_c=np.full((288, 1), 36.0))
    warm = []
    for offset_c in (0.0, 2.0):
        asked = Commands.to(1, ONE, thermostat_offset_c=offset_c, reverts_at_s=1e6)
        state, flows = one_run(parameters, around, asked)
        assert abs(state.air_c[0] - 24.0 - offset_c) < 1.2
        warm.append(flows.load_kwh.sum())
    assert warm[1] < warm[0]


def test_heating_follows_its_own_setting() -> None:
    parameters = fleet(BARE, 1, heating_kw=4.0, heat_to_c=20.0)
    around = replace(quiet_day(1, steps=288), temperature_c=np.full((288, 1), -5.0))
    assert abs(one_run(parameters, around)[0].air_c[0] - 20.0) < 1.2


def test_the_tank_keeps_its_energy() -> None:
    parameters = fleet(BARE, 1, tank_kw=4.5)
    state, flows = one_run(parameters, quiet_day(1, steps=288))
    heated_kwh = flows.load_kwh.sum() - 24.0
    drawn_kwh = parameters.water_kw_per_c[0] * 24 * (51.0 - 15.0) + parameters.tank_loss_kw_per_c[0] * 24 * 31.0
    assert heated_kwh == pytest.approx(drawn_kwh, rel=0.25)
    assert 45.0 < state.tank_c[0] < 57.0
    off = Commands.to(1, ONE, water_heater_off=True, reverts_at_s=1e6)
    assert one_run(parameters, quiet_day(1, steps=288), off)[1].load_kwh.sum() == pytest.approx(24.0)


def test_an_islanded_home_that_is_not_served_does_not_cool() -> None:
    parameters = fleet(BARE, 1, cooling_kw=3.0, battery_kwh=0.0)
    hot: dict[str, Any] = {"temperature_c": np.full((48, 1), 36.0)}
    dark = quiet_day(1, steps=48, outage_from_s=np.zeros(1), outage_until_s=np.full(1, 1e9), **hot)
    assert one_run(parameters, dark)[0].air_c[0] == pytest.approx(
        one_run(replace(parameters, cooling_kw=np.zeros(1)), dark)[0].air_c[0])


@pytest.mark.parametrize("ev_kw", [0.0, 7.0, np.nan])
def test_a_car_departs_with_its_energy_whatever_is_asked(ev_kw: float) -> None:
    parameters = fleet(BARE, 1, **{**CAR, "ev_target_kwh": 20.0})
    asked = Commands.to(1, ONE, ev_kw=ev_kw, reverts_at_s=1e6)
    away, flows = one_run(parameters, quiet_day(1, steps=97, trips=trip(8.0, 17.0, 30.0)), asked)
    assert away.ev_away[0]
    assert away.ev_stored_kwh[0] == pytest.approx(40.0 - 30.0)
    assert (flows.ev_discharge_kwh.sum() > 5.0) == (ev_kw > 0.0)


def test_a_car_that_cannot_make_it_charges_all_the_time() -> None:
    parameters = fleet(BARE, 1, **{**CAR, "ev_target_kwh": 10.0, "ev_departure_kwh": 60.0})
    state, flows = one_run(parameters, quiet_day(1, steps=25, trips=trip(2.0, 17.0, 30.0)),
                           Commands.to(1, ONE, ev_kw=5.0, reverts_at_s=1e6))
    assert flows.ev_charge_kwh[:24, 0] * 12 == pytest.approx(7.2)
    assert state.ev_short_kwh[0] == pytest.approx(30.0 - 10.0 - 2 * 7.2 * 0.92)


def test_a_departure_asked_for_outbids_the_owners() -> None:
    parameters = fleet(BARE, 1, **{**CAR, "ev_target_kwh": 20.0, "ev_departure_kwh": 20.0})
    asked = Commands.to(1, ONE, ev_departure_kwh=45.0, reverts_at_s=1e6)
    state, _ = one_run(parameters, quiet_day(1, steps=96, trips=trip(8.0, 17.0, 0.0)), asked)
    assert state.ev_stored_kwh[0] == pytest.approx(45.0)


def test_a_car_is_not_discharged_below_its_floor_nor_by_a_one_way_charger() -> None:
    asked = Commands.to(1, ONE, ev_kw=7.0, reverts_at_s=1e6)
    state, _ = one_run(fleet(BARE, 1, **CAR), quiet_day(1, steps=288), asked)
    assert state.ev_stored_kwh[0] == pytest.approx(12.0)
    _, flows = one_run(fleet(BARE, 1, **{**CAR, "ev_discharge_kw_max": 0.0}), quiet_day(1, steps=288), asked)
    assert not flows.ev_discharge_kwh.any()


def test_owners_charging_hours_cross_midnight() -> None:
    parameters = fleet(BARE, 1, **{**CAR, "ev_from_h": 23.0, "ev_end_h": 1.0, "ev_departure_kwh": 0.0})
    _, flows = one_run(parameters, quiet_day(1, steps=84, trips=trip(19.0, 22.0, 40.0)), clock_s=19 * 3600.0)
    assert flows.ev_charge_kwh[:, 0].nonzero()[0].tolist() == list(range(48, 72))


def test_trips_of_a_day_and_of_two() -> None:
    parameters = fleet(BARE, 3000, **CAR)
    habits = (TripHabit(departs_h=6.5, lasts_h=2.0), TripHabit(departs_h=14.0, lasts_h=2.0, share=0.5))
    trips = draw_trips(parameters, midnight_s=86400.0, rng=np.random.default_rng(4), habits=habits)
    goes = np.isfinite(trips.departs_s)
    assert goes.mean(axis=1) == pytest.approx([0.75, 0.5], abs=0.04)
    assert (trips.returns_s[goes] > trips.departs_s[goes]).all()
    assert trips.departs_s[goes].min() >= 86400.0
    assert trips.returns_s[goes].max() < 2 * 86400.0
    assert (trips.departs_s[1] > trips.returns_s[0])[goes.all(axis=0)].all()
    assert joined(trips, trips).departs_s.shape == (4, 3000)
    assert not np.isfinite(draw_trips(fleet(BARE, 5), midnight_s=0.0, rng=np.random.default_rng(1)).departs_s).any()
