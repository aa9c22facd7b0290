"""Reports that cannot be true: a device that contradicts itself is left alone until its reports agree again."""

from __future__ import annotations

import numpy as np

from ..columns import DeviceColumns, Floats, Mask, TelemetryColumns

STORED_BEYOND = 0.01
"""Stored energy may lie this share of the usable energy below none, or above all of it."""
POWER_BEYOND, POWER_BEYOND_KW = 1.10, 0.1
"""Power may be this many times the device's most, and this much more."""
COMPARED_S_MAX = 30 * 60
"""Two reports further apart than this are not compared. [s]"""
CHANGE_BEYOND = 0.10
"""Stored energy may change by this share of the usable energy beside what the power between accounts for."""


def contradictory(devices: DeviceColumns, telemetry: TelemetryColumns) -> Mask:
    """True where the latest report contradicts the device's size, or the report before it.

    A power that is not told accounts for nothing. A device that stores nothing is held to the power that it gives.
    """
    delivered_kw = np.where(np.isnan(telemetry.delivered_kw), 0.0, telemetry.delivered_kw)
    gives_too_much = delivered_kw > POWER_BEYOND * devices.discharge_max_kw + POWER_BEYOND_KW
    draws_too_much = -delivered_kw > POWER_BEYOND * devices.charge_max_kw + POWER_BEYOND_KW
    beyond_kwh = STORED_BEYOND * devices.usable_kwh
    possible = ((telemetry.stored_kwh >= -beyond_kwh) & (telemetry.stored_kwh <= devices.usable_kwh + beyond_kwh))
    unexplained = _unexplained(devices, telemetry, delivered_kw)
    return gives_too_much | devices.stores & (draws_too_much | ~possible | unexplained)


def _unexplained(devices: DeviceColumns, telemetry: TelemetryColumns, delivered_kw: Floats) -> Mask:
    """True where the stored energy changed by more than the power reported for that time can have changed it."""
    between_s = telemetry.previous_age_s - telemetry.age_s
    given_kwh = np.maximum(delivered_kw, 0.0) / devices.discharge_efficiency * between_s / 3600
    drawn_kwh = np.maximum(-delivered_kw, 0.0) * devices.charge_efficiency * between_s / 3600
    change_kwh = telemetry.stored_kwh - telemetry.previous_stored_kwh
    beside_kwh = np.abs(change_kwh - (drawn_kwh - given_kwh))
    return (between_s <= COMPARED_S_MAX) & (beside_kwh > CHANGE_BEYOND * devices.usable_kwh)
