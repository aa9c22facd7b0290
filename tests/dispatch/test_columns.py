"""The door between tables of whole milliwatts and the floating columns of dispatch."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from gridrider.dispatch.columns import (
    DeviceColumns,
    StandingColumns,
    Technology,
    TelemetryColumns,
    arrow_milliwatts,
    arrow_mwh_up,
    floats,
    milliwatts_toward_zero,
    mwh_up,
)
from gridrider.dispatch.model import DEVICES, TELEMETRY, Connection

AT = datetime(2027, 7, 6, 20, tzinfo=UTC)
FACTOR = pa.decimal128(38, 12)


def test_power_is_written_toward_zero_and_a_floor_upward() -> None:
    power_kw = [2.3, 0.1 + 0.2, 1.0000009, -1.0000009, -4.7, 0.0]
    assert milliwatts_toward_zero(power_kw).tolist() == [2_300_000, 300_000, 1_000_000, -1_000_000, -4_700_000, 0]
    assert mwh_up([2.7, 13.5 * 20 / 100, 2.7000001, 0.0]).tolist() == [2_700_000, 2_700_000, 2_700_001, 0]
    for nonsense in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="power that is no number"):
            milliwatts_toward_zero([nonsense])
        with pytest.raises(ValueError, match="energy that is no number"):
            mwh_up([nonsense])
    assert arrow_milliwatts(np.array([1.5, np.nan])).to_pylist() == [1_500_000, None]
    assert arrow_mwh_up(np.array([1.0000001, np.nan])).to_pylist() == [1_000_001, None]


def test_devices_come_from_their_table() -> None:
    table = pa.table({
        "enrollment_id": ["a", "b"], "technology": ["battery", "ev"], "discharge_max_milliwatt": [5_000_000, 1],
        "charge_max_milliwatt": [3_300_000, None], "usable_mwh": [13_500_000, 60_000_000],
        "charge_efficiency": pa.array([Decimal("0.95"), None], FACTOR),
        "discharge_efficiency": pa.array([Decimal("0.9"), Decimal(1)], FACTOR),
        "reserve_customer_pct": pa.array([Decimal(30), None], FACTOR),
        "reserve_device_pct": pa.array([Decimal(5), Decimal(0)], FACTOR), "verified": [True, None]})
    devices = DeviceColumns.of(table)
    assert devices.enrollment_id.to_pylist() == ["a", "b"]
    assert devices.technology.tolist() == [Technology.BATTERY, Technology.EV]
    assert devices.discharge_max_kw.tolist() == [5.0, 0.000001]
    np.testing.assert_array_equal(devices.charge_max_kw, [3.3, np.nan])
    np.testing.assert_array_equal(devices.charge_efficiency, [0.95, np.nan])
    np.testing.assert_array_equal(devices.export_max_kw, [np.nan, np.nan])
    assert devices.verified.tolist() == [True, False]
    assert devices.is_ev.tolist() == [False, True]
    part = devices.part(np.array([False, True]))
    assert (len(part), part.enrollment_id.to_pylist(), part.usable_kwh.tolist()) == (1, ["b"], [60.0])
    with pytest.raises(ValueError, match="device a has no technology that dispatch knows: windmill"):
        DeviceColumns.of(table.set_column(1, "technology", pa.array(["windmill", "ev"])))


def test_instants_are_seconds_in_utc_with_a_zone_or_without() -> None:
    naive = pa.table({"reported_at": pa.array([AT.replace(tzinfo=None), None], pa.timestamp("us"))})
    aware = pa.table({"reported_at": pa.array([AT, None], pa.timestamp("us", tz="America/New_York"))})
    for table in (naive, aware):
        np.testing.assert_array_equal(floats(table, TELEMETRY, "reported_at"), [AT.timestamp(), np.nan])
    assert np.isnan(floats(naive, DEVICES, "usable_kwh")).all()


def reports(*rows: tuple[str, int, float | None]) -> pa.Table:
    """Reports of enrollments, so many minutes before or after the moment, with the energy stored in kWh."""
    return pa.table({
        "enrollment_id": pa.array([row[0] for row in rows], pa.string()),
        "reported_at": pa.array([AT.replace(tzinfo=None) + timedelta(minutes=row[1]) for row in rows],
                                pa.timestamp("us")),
        "stored_mwh": pa.array([None if row[2] is None else round(row[2] * 1e6) for row in rows], pa.int64()),
        "connection": pa.array(["islanded"] * len(rows), pa.string()),
        "follows": pa.array([True] * len(rows), pa.bool_())})


def test_the_latest_report_counts_whatever_the_order_in_which_it_came() -> None:
    """Late, twice, from the future, of somebody else: the newest of each device not after the moment (R135)."""
    ids = pa.array(["a", "b", "c"])
    late = reports(("b", -5, 2.0), ("a", 0, 4.0), ("a", -10, 3.0), ("z", -1, 9.0), ("a", 1, 7.0), ("a", -10, 3.0),
                   ("a", -30, 1.0), ("b", -5, 2.5))
    columns = TelemetryColumns.of(late, ids, at=AT)
    np.testing.assert_array_equal(columns.age_s, [0, 300, np.nan])
    np.testing.assert_array_equal(columns.stored_kwh, [4.0, 2.5, np.nan])
    np.testing.assert_array_equal(columns.previous_age_s, [600, np.nan, np.nan])
    np.testing.assert_array_equal(columns.previous_stored_kwh, [3.0, np.nan, np.nan])
    assert columns.connection.tolist() == [Connection.ISLANDED, Connection.ISLANDED, -1]
    assert columns.follows.tolist() == [1, 1, -1]
    assert columns.plugged.tolist() == [-1, -1, -1]
    backwards = TelemetryColumns.of(late.take([7, 6, 5, 4, 3, 2, 1]), ids, at=AT)
    np.testing.assert_array_equal(backwards.stored_kwh, columns.stored_kwh)


def test_without_reports_everybody_is_silent() -> None:
    for of in (TelemetryColumns.of(reports(), pa.array(["a", "b"]), at=AT), TelemetryColumns.silent(2)):
        assert np.isnan(of.age_s).all()
        assert of.connection.tolist() == [-1, -1]
    assert len(TelemetryColumns.of(reports(("a", 0, 1.0)), pa.array([], pa.string()), at=AT)) == 0


def test_a_blank_in_the_latest_report_is_not_filled_from_an_older_one() -> None:
    columns = TelemetryColumns.of(reports(("a", -5, 3.0), ("a", 0, None)), pa.array(["a"]), at=AT)
    assert np.isnan(columns.stored_kwh[0])
    assert columns.previous_stored_kwh[0] == 3.0


def test_an_ordinary_standing_says_nothing() -> None:
    standing = StandingColumns.ordinary(3)
    assert len(standing) == 3
    assert (standing.in_force & standing.signed).all()
    assert not (standing.medical | standing.suspended | standing.opted_out | standing.storm_feed_lost).any()
