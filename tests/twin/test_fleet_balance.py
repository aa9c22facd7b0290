"""Energy is neither made nor lost, in any weather, voltage, outage and under any message; both twins say the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.twin.fleet.commands import Commands
from gridrider.twin.fleet.draw import draw_fleet
from gridrider.twin.fleet.run import run
from gridrider.twin.fleet.state import FleetState
from gridrider.twin.fleet.surroundings import Surroundings, Trips
from tests.twin.fleet_world import columns

HOMES, STEPS = 40, 24


def anything(seed: int, dt_s: int):
    """A fleet with all devices and faults, a hard day, and messages of every kind."""
    rng = np.random.default_rng(seed)
    parameters = draw_fleet({}, HOMES, seed)
    parameters = replace(parameters, feeder=rng.integers(0, 3, HOMES), export_kw_max=rng.choice([0.0, 2.0, 9.0], HOMES),
                         battery_exports=rng.random(HOMES) < 0.7, obeys=rng.random(HOMES) < 0.8,
                         behaviour=rng.integers(0, 4, HOMES).astype(np.int8), battery_kwh=parameters.battery_kwh
                         * (rng.random(HOMES) < 0.8), backs_up=rng.random(HOMES) < 0.7)
    start_s = float(rng.integers(0, 24) * 3600)
    length_s = STEPS * dt_s

    def moment(share):
        return np.where(rng.random(HOMES) < share, start_s + rng.uniform(-0.2, 1.0, HOMES) * length_s, np.inf)

    out_s, departs_s = moment(0.4), np.sort(np.stack([moment(0.6), moment(0.3)]), axis=0)
    around = Surroundings(
        local_offset_s=-25200.0, temperature_c=rng.uniform(-5, 42, (STEPS, 1)),
        horizontal_kw_per_m2=rng.uniform(0, 1, (STEPS, 1)), panel_kw_per_kw=rng.uniform(0, 1, (STEPS, 1)),
        load_shape=rng.gamma(2, 0.5, (STEPS, 1)), water_shape=rng.gamma(2, 0.5, (STEPS, 1)),
        voltage_pu=rng.choice([0.85, 0.95, 1.0, 1.04, 1.07, 1.1, 1.13], (STEPS, 3)), outage_from_s=out_s,
        outage_until_s=out_s + rng.uniform(0, 0.6 * length_s, HOMES), silent_from_s=moment(0.2),
        silent_until_s=np.full(HOMES, np.inf),
        trips=Trips(departs_s=departs_s, returns_s=departs_s + rng.uniform(0, 0.4 * length_s, (2, HOMES)),
                    trip_kwh=rng.uniform(0, 60, (2, HOMES))))

    def some(low, high):
        return np.where(rng.random(HOMES) < 0.5, rng.uniform(low, high, HOMES), np.nan)

    commands = Commands(
        sent=rng.random(HOMES) < 0.8, mode=rng.integers(0, 4, HOMES).astype(np.int8),
        delivered_kw=rng.uniform(-20, 20, HOMES), reserve_pct=some(0, 100), charge_to_pct=rng.uniform(0, 100, HOMES),
        charge_kw=some(0, 10), thermostat_offset_c=some(-3, 3), water_heater_off=rng.random(HOMES) < 0.5,
        ev_kw=some(-12, 12), ev_departure_kwh=some(0, 60),
        starts_at_s=start_s + rng.uniform(-0.5, 0.7, HOMES) * length_s,
        reverts_at_s=start_s + rng.uniform(0.0, 1.2, HOMES) * length_s)
    state = FleetState.start(parameters, clock_s=start_s, stored_share=rng.uniform(0, 1, HOMES))
    return parameters, state, commands, around


@given(seed=st.integers(0, 10**6), dt_s=st.sampled_from([60, 300, 900]))
@settings(max_examples=30)
def test_every_home_and_step_balances(seed: int, dt_s: int) -> None:
    parameters, state, commands, around = anything(seed, dt_s)
    after, flows = run(parameters, state, commands, around, dt_s=dt_s, use_compiled=False)
    demand = flows.load_kwh - flows.unserved_kwh + flows.charge_kwh + flows.ev_charge_kwh
    supply = flows.import_kwh - flows.export_kwh + flows.pv_kwh + flows.discharge_kwh + flows.ev_discharge_kwh
    assert np.abs(demand - supply).max() <= 1e-9
    for name, column in columns(flows).items():
        assert name == "reactive_kvarh" or column.min() >= -1e-12, name
    stored = (state.stored_kwh + (flows.charge_kwh * parameters.charge_efficiency
                                  - flows.discharge_kwh / parameters.discharge_efficiency).sum(axis=0))
    assert np.abs(after.stored_kwh - stored).max() <= 1e-9
    assert after.stored_kwh.min() >= -1e-9
    assert (after.stored_kwh - parameters.battery_kwh).max() <= 1e-9
    hours = dt_s / 3600
    assert (flows.discharge_kwh - parameters.battery_kw_max * hours).max() <= 1e-9
    assert (flows.export_kwh - parameters.export_kw_max * hours).max() <= 1e-9
    sun = np.minimum(parameters.pv_kw * around.panel_kw_per_kw, parameters.pv_kva) * hours
    assert np.abs(flows.pv_kwh + flows.curtailed_kwh - sun).max() <= 1e-9
    times_s = state.clock_s + dt_s * np.arange(STEPS)[:, None]
    cut_off = (around.outage_from_s <= times_s) & (times_s < around.outage_until_s)
    assert not flows.import_kwh[cut_off].any()
    assert not flows.export_kwh[cut_off].any()
    assert not flows.ev_charge_kwh[cut_off].any()
    assert not flows.unserved_kwh[~cut_off].any()
    departs_s = around.trips.departs_s
    stays = ~((departs_s >= state.clock_s) & (departs_s < state.clock_s + dt_s * STEPS)).any(axis=0)
    car = (state.ev_stored_kwh + (flows.ev_charge_kwh * parameters.ev_efficiency
                                  - flows.ev_discharge_kwh / parameters.ev_efficiency).sum(axis=0))
    assert np.abs((after.ev_stored_kwh - car)[stays]).max() <= 1e-9


@given(seed=st.integers(0, 10**6), dt_s=st.sampled_from([60, 300, 900]), steps_per_row=st.sampled_from([1, 3, 5, 24]))
@settings(max_examples=25)
def test_the_compiled_twin_agrees(seed: int, dt_s: int, steps_per_row: int) -> None:
    case = anything(seed, dt_s)
    plain_state, plain = run(*case, dt_s=dt_s, steps_per_row=steps_per_row, use_compiled=False)
    quick_state, quick = run(*case, dt_s=dt_s, steps_per_row=steps_per_row, use_compiled=True)
    assert quick_state.clock_s == plain_state.clock_s
    assert quick.row_s == plain.row_s == dt_s * steps_per_row
    for ours, theirs in ((quick, plain), (quick_state, plain_state)):
        for name, column in columns(ours).items():
            other = columns(theirs)[name]
            assert column.dtype == other.dtype, name
            np.testing.assert_allclose(column.astype(float), other.astype(float), rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("use_compiled", [False, True])
def test_a_part_of_the_fleet_runs_alone_as_it_does_inside(use_compiled: bool) -> None:
    parameters, state, commands, around = anything(5, 300)
    whole_state, whole = run(parameters, state, commands, around, dt_s=300, use_compiled=use_compiled)
    part_state, part = run(parameters.part(7, 20), state.part(7, 20), commands.part(7, 20), around.part(7, 20),
                           dt_s=300, use_compiled=use_compiled)
    for name, column in columns(part).items():
        assert column.tobytes() == np.ascontiguousarray(columns(whole)[name][:, 7:20]).tobytes(), name
    for name, column in columns(part_state).items():
        assert column.tobytes() == columns(whole_state)[name][7:20].tobytes(), name


@pytest.mark.parametrize("use_compiled", [False, True])
def test_a_day_in_pieces_is_the_day_at_once(use_compiled: bool) -> None:
    parameters, state, commands, around = anything(9, 300)
    whole_state, whole = run(parameters, state, commands, around, dt_s=300, use_compiled=use_compiled)
    first_state, first = run(parameters, state, commands, around.window(0, 7), dt_s=300, use_compiled=use_compiled)
    last_state, last = run(parameters, first_state, Commands.none(HOMES), around.window(7, STEPS), dt_s=300,
                           use_compiled=use_compiled)
    assert np.concatenate([first.import_kwh, last.import_kwh]).tobytes() == whole.import_kwh.tobytes()
    assert last_state.stored_kwh.tobytes() == whole_state.stored_kwh.tobytes()


def test_rows_of_several_steps_are_their_sums() -> None:
    case = anything(3, 300)
    _, steps = run(*case, dt_s=300, use_compiled=False)
    _, quarters = run(*case, dt_s=300, steps_per_row=3, use_compiled=False)
    np.testing.assert_allclose(quarters.import_kwh, steps.import_kwh.reshape(-1, 3, HOMES).sum(axis=1), atol=1e-12)
    assert quarters.row_s == 900
