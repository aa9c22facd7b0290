"""The inverters' curves against EPRI's OpenDER, and the way back into service after an outage."""

import numpy as np
import pytest
from opender import DER, DER_BESS

from gridrider.twin.fleet.commands import Commands, Mode
from gridrider.twin.fleet.feeders import feeder_voltage_pu, net_export_kw
from gridrider.twin.fleet.inverter import inverter_limits, may_enter, service_share, trips
from gridrider.twin.fleet.state import Connection
from tests.twin.fleet_world import BARE, fleet, one_run, quiet_day

VOLTAGES_PU = (0.89, 0.92, 0.93, 0.95, 0.98, 1.0, 1.02, 1.03, 1.05, 1.06, 1.07, 1.08, 1.09, 1.095, 1.10)
RATED_VA = 5000.0


@pytest.fixture(scope="module")
def settled() -> dict[float, tuple[float, float]]:
    """Active and reactive power, per unit, at which OpenDER's battery settles when asked for full discharge."""
    DER.t_s = 100.0  # longer than every response time, so that a few steps settle
    found = {}
    for voltage_pu in VOLTAGES_PU:
        device = DER_BESS()
        device.der_file.NP_VA_MAX = device.der_file.NP_P_MAX = device.der_file.NP_P_MAX_CHARGE = RATED_VA
        device.der_file.NP_APPARENT_POWER_CHARGE_MAX = RATED_VA
        device.der_file.NP_Q_MAX_INJ = device.der_file.NP_Q_MAX_ABS = 0.44 * RATED_VA
        device.der_file.NP_NORMAL_OP_CAT, device.der_file.STATUS_INIT = "CAT_B", "ON"
        device.der_file.NP_BESS_CAPACITY, device.der_file.SOC_INIT = 1e9, 0.9
        device.der_file.QV_MODE_ENABLE = device.der_file.PV_MODE_ENABLE = True
        device.der_file.CONST_PF_MODE_ENABLE = False
        for _ in range(8):
            device.update_der_input(p_dem_pu=1.0, v_pu=voltage_pu, f=60)
            device.run()
        found[voltage_pu] = (device.p_out_w / RATED_VA, device.q_out_var / RATED_VA)
    return found


@pytest.mark.parametrize("voltage_pu", VOLTAGES_PU)
def test_the_curves_are_those_of_opender(settled: dict[float, tuple[float, float]], voltage_pu: float) -> None:
    ours = inverter_limits(np.array([voltage_pu]), volt_var=True, volt_watt=True)
    active_pu, reactive_pu = settled[voltage_pu]
    assert abs(ours.give_pu[0] - active_pu) <= 1e-6
    # An inverter that gives no active power owes no reactive power, and OpenDER's gives none: not modelled here.
    assert abs(ours.reactive_pu[0] - reactive_pu) <= 1e-6 or (voltage_pu == 1.10 and active_pu == reactive_pu == 0.0)


def test_a_function_that_is_off_does_nothing() -> None:
    limits = inverter_limits(np.array([1.08]), volt_var=False, volt_watt=False)
    assert (limits.give_pu[0], limits.take_pu[0], limits.reactive_pu[0]) == (1.0, 1.0, 0.0)
    assert inverter_limits(np.array([1.09]), volt_var=False, volt_watt=True).give_pu[0] == pytest.approx(0.25)


def test_both_sides_of_trip_and_enter_service() -> None:
    volts = np.array([0.8799, 0.88, 1.10, 1.1001])
    assert trips(volts).tolist() == [True, False, False, True]
    assert may_enter(np.array([0.9169, 0.917, 1.05, 1.0501])).tolist() == [False, True, True, False]


@pytest.mark.parametrize(("good_s", "share"), [(0, 0.0), (300, 0.1), (540, 0.9), (600, 1.0), (240, 0.0)])
def test_the_ramp_is_a_straight_line_after_the_wait(good_s: float, share: float) -> None:
    assert service_share(np.array(float(good_s)), 60.0, np.array(300.0), np.array(300.0)) == pytest.approx(share)


def test_a_long_step_holds_wait_and_ramp_in_its_mean() -> None:
    assert service_share(np.array(0.0), 900.0, np.array(300.0), np.array(300.0)) == pytest.approx(0.5)


@pytest.mark.parametrize("use_compiled", [False, True])
def test_after_an_outage_nothing_for_300_s_then_a_ramp(use_compiled: bool) -> None:
    parameters = fleet(BARE, 1)
    around = quiet_day(1, steps=20, outage_from_s=np.array([0.0]), outage_until_s=np.array([240.0]))
    asked = Commands.to(1, np.array([0]), mode=Mode.FOLLOW, delivered_kw=5.0, reverts_at_s=1e6)
    _, flows = one_run(parameters, around, asked, dt_s=60, use_compiled=use_compiled)
    given_kw = flows.discharge_kwh[:, 0] * 60
    assert given_kw[:4] == pytest.approx(1.0)  # islanded: just the home's load
    assert given_kw[4:9] == pytest.approx(0.0)  # 300 s
    assert given_kw[9:14] == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5])
    assert given_kw[14:] == pytest.approx(5.0)
    assert flows.import_kwh[4:9, 0] * 60 == pytest.approx(1.0)


def test_the_states_of_a_connection_in_order() -> None:
    parameters = fleet(BARE, 1)
    around = quiet_day(1, steps=20, outage_from_s=np.array([60.0]), outage_until_s=np.array([180.0]))
    seen = [one_run(parameters, around.window(0, steps), dt_s=60)[0].connection[0] for steps in range(1, 16)]
    assert seen == [Connection.GRID_TIED] + [Connection.ISLANDED] * 2 + [Connection.RECONNECT_WAIT] * 5 + [
        Connection.RAMP] * 5 + [Connection.GRID_TIED] * 2


def test_a_home_without_backup_goes_dark() -> None:
    parameters = fleet(BARE, 1, backs_up=False, pv_kw=4.0, pv_kva=4.0)
    around = quiet_day(1, steps=1, sun=0.5, outage_from_s=np.array([0.0]), outage_until_s=np.array([1e9]))
    state, flows = one_run(parameters, around)
    assert state.connection[0] == Connection.DARK
    assert flows.unserved_kwh[0, 0] == flows.load_kwh[0, 0] == pytest.approx(1 / 12)
    assert flows.curtailed_kwh[0, 0] == pytest.approx(2 / 12)
    assert flows.pv_kwh[0, 0] == flows.discharge_kwh[0, 0] == 0.0


def test_a_voltage_above_trip_waits_for_one_to_enter_at() -> None:
    parameters = fleet(BARE, 1)
    volts = np.array([1.0, 1.11, 1.06, 1.05, 1.05, 1.05])[:, None]
    asked = Commands.to(1, np.array([0]), mode=Mode.FOLLOW, delivered_kw=4.0, reverts_at_s=1e6)
    _, flows = one_run(parameters, quiet_day(1, steps=6, voltage_pu=volts), asked)
    assert flows.discharge_kwh[:, 0] * 12 == pytest.approx([4.0, 0.0, 0.0, 0.0, 5 * np.sqrt(1 - 0.22**2) / 2, 4.0])


def test_volt_watt_cuts_the_sun_and_books_it() -> None:
    parameters = fleet(BARE, 1, pv_kw=4.0, pv_kva=4.0, battery_kwh=0.0)
    _, flows = one_run(parameters, quiet_day(1, steps=1, sun=1.0, voltage_pu=np.array([[1.09]])))
    assert flows.pv_kwh[0, 0] == pytest.approx(1 / 12)
    assert flows.curtailed_kwh[0, 0] == pytest.approx(3 / 12)
    assert flows.reactive_kvarh[0, 0] == pytest.approx(-0.44 * (4.0 + 5.0) / 12)


def test_a_feeder_that_exports_has_more_voltage_and_settles() -> None:
    export_kw = net_export_kw(np.array([0, 0, 1]), np.array([-3.0, 1.0, 2.0]), 2)
    assert export_kw.tolist() == [2.0, -2.0]
    assert feeder_voltage_pu(1.0, sensitivity_pu_per_kw=0.01, export_kw=export_kw) == pytest.approx([1.02, 0.98])
    voltage_pu = np.array([1.0])
    for _ in range(60):  # ten kW behind volt-watt, which would swing for ever without the weight
        cut_kw = 10.0 * inverter_limits(voltage_pu, volt_var=False, volt_watt=True).give_pu
        voltage_pu = feeder_voltage_pu(1.04, sensitivity_pu_per_kw=0.006, export_kw=cut_kw, before_pu=voltage_pu)
    settled_pu = (1.04 + 0.06 * 1.10 / 0.04) / (1 + 0.06 / 0.04)
    assert voltage_pu == pytest.approx(settled_pu)
