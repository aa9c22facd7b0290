"""The fleet audit: each reason on both sides of its boundary, and the figures by hand."""

from dataclasses import replace

import pytest

from gridrider.report.fleet_audit import FLEET_AUDIT, AuditRule, FleetVehicle, audit_fleet, audit_vehicle, fleet_totals

RULE = AuditRule(evidence=("ISO15118-20", "UL1741-SB"), reserve_pct_min=20, cycles_per_year_max=50,
                 events_per_year_max=96)
BUS = FleetVehicle(vehicle_id="b1", kind="school bus", usable_kwh=200, discharge_kw_max=60, charge_kw_max=20,
                   discharge_efficiency=0.9, evidence=frozenset({"ISO15118-20", "UL1741-SB"}), plugged_from_h=16.5,
                   plugged_until_h=6, plugged_kwh=120, trip_kwh=100)


def test_a_bus_that_is_home_in_the_evening_suits() -> None:
    found = audit_vehicle(BUS, RULE)
    assert found.suitable
    assert not found.reasons
    assert found.called_h == 3
    assert found.spare_kwh == pytest.approx((120 - 40) * 0.9)  # reserve 40; the night charges the trip
    assert found.expected_kw == pytest.approx(24)
    assert found.year_kwh == pytest.approx(min(72 * 96, 180 * 50))
    assert found.year_cycles == pytest.approx(72 * 96 / 180)


def test_cycles_bound_the_year() -> None:
    found = audit_vehicle(replace(BUS, plugged_kwh=200), RULE)
    assert found.spare_kwh == pytest.approx(144)
    assert found.year_kwh == pytest.approx(180 * 50)
    assert found.year_cycles == pytest.approx(50)


def test_power_bounds_what_a_call_can_have() -> None:
    assert audit_vehicle(replace(BUS, discharge_kw_max=10), RULE).spare_kwh == pytest.approx(30)


@pytest.mark.parametrize(("until_h", "spare_kwh"), [(6, 72), (22, 54), (20, 18)])
def test_the_next_trip_keeps_what_the_night_cannot_charge(until_h: float, spare_kwh: float) -> None:
    # Leaving at 22 h leaves 2 h x 20 kW for a trip of 100 kWh, so 60 stay; at 20 h nothing, so 100 stay.
    assert audit_vehicle(replace(BUS, plugged_until_h=until_h), RULE).spare_kwh == pytest.approx(spare_kwh)


@pytest.mark.parametrize(("from_h", "until_h", "called_h", "suits"), [
    (19, 6, 1, True), (19.1, 6, 0.9, False), (21, 18, 1, True), (21, 17, 0, False), (0, 24, 3, True),
    (9, 18.5, 1.5, True), (18, 18, 3, True)])
def test_it_is_plugged_in_during_the_call(from_h: float, until_h: float, called_h: float, suits: bool) -> None:
    found = audit_vehicle(replace(BUS, plugged_from_h=from_h, plugged_until_h=until_h, trip_kwh=0), RULE)
    assert found.called_h == pytest.approx(called_h)
    assert found.suitable is suits


@pytest.mark.parametrize(("changed", "reason"), [
    ({"discharge_kw_max": 0}, "vehicle or charger cannot feed back"),
    ({"evidence": frozenset({"UL1741-SB"})}, "no evidence of ISO15118-20"),
    ({"evidence": frozenset({"ISO15118-20"})}, "no evidence of UL1741-SB"),
    ({"plugged_kwh": 40}, "no energy above reserve and next trip"),
    ({"plugged_from_h": 22}, "plugged in for 0.0 h of the call, at least 1.0 h are needed")])
def test_each_reason_is_told_and_the_vehicle_counts_for_nothing(changed: dict[str, object], reason: str) -> None:
    found = audit_vehicle(replace(BUS, **changed), RULE)  # type: ignore[arg-type]
    assert found.reasons == (reason,)
    assert not found.suitable
    assert found.expected_kw == found.year_kwh == found.year_cycles == 0


def test_energy_just_above_the_reserve_suits() -> None:
    assert audit_vehicle(replace(BUS, plugged_kwh=40.1), RULE).suitable


def test_totals_are_by_kind_and_of_the_whole_fleet() -> None:
    truck = replace(BUS, vehicle_id="t1", kind="truck", discharge_kw_max=0)
    findings = audit_fleet([BUS, truck, replace(BUS, vehicle_id="b2")], RULE)
    assert [finding.vehicle_id for finding in findings] == ["b1", "t1", "b2"]
    assert [(total.kind, total.vehicles, total.suitable) for total in fleet_totals(findings)] == [
        ("school bus", 2, 2), ("truck", 1, 0), ("", 3, 2)]
    assert fleet_totals(findings)[-1].expected_kw == pytest.approx(48)


def test_the_table_has_a_column_for_each_figure() -> None:
    assert FLEET_AUDIT.names == tuple(audit_vehicle(BUS, RULE).__slots__)
