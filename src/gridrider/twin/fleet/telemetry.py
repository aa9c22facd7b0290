"""What the devices report, which is not always what is so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .commands import Mode
from .homes import Bools, Codes, FleetParameters, Floats, Lie
from .state import FleetState
from .surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """One report per home at `clock_s`; where nothing was reported, NaN, and codes of -1."""

    clock_s: float
    reported: Bools
    stored_kwh: Floats
    delivered_kw: Floats
    """The battery's in the last step; + = discharged."""
    reserve_pct: Floats
    """The floor the device says it keeps."""
    mode: Codes
    """The mode the device says it is in; -1 = no report."""
    connection: Codes
    voltage_pu: Floats
    ev_stored_kwh: Floats
    """NaN where the car is away."""
    ev_plugged: Bools


def telemetry(parameters: FleetParameters, state: FleetState, surroundings: Surroundings, *,
              rng: np.random.Generator | None = None) -> Telemetry:
    """What each home reports now: nothing in silence; with `rng`, single reports are lost as well.

    Firmware that does not obey reports the mode it acknowledged, with its true power. A device that lies reports the
    power it was asked for, or too much stored.
    """
    reported = ~surroundings.silent(state.clock_s)
    if rng is not None:
        reported = reported & (rng.random(len(parameters)) >= parameters.lost_share)
    held, device_s = state.held, state.clock_s + parameters.clock_offset_s
    acknowledged = device_s < held.reverts_at_s
    asked = acknowledged & (held.mode == Mode.FOLLOW) & (parameters.lie == Lie.ASKED_POWER)
    too_much_kwh = np.where(parameters.lie == Lie.STORED, parameters.stored_lie_share * parameters.battery_kwh, 0.0)
    stored_kwh = np.clip(state.stored_kwh + too_much_kwh, 0.0, parameters.battery_kwh)
    floor_pct = np.where(acknowledged & ~np.isnan(held.reserve_pct), held.reserve_pct, parameters.reserve_pct)
    plugged = reported & ~state.ev_away & (parameters.ev_kwh > 0.0)
    return Telemetry(
        clock_s=state.clock_s, reported=reported, stored_kwh=np.where(reported, stored_kwh, np.nan),
        delivered_kw=np.where(reported, np.where(asked, held.delivered_kw, state.battery_kw), np.nan),
        reserve_pct=np.where(reported, floor_pct, np.nan),
        mode=np.where(reported, np.where(acknowledged, held.mode, Mode.SELF), -1).astype(np.int8),
        connection=np.where(reported, state.connection, -1).astype(np.int8),
        voltage_pu=np.where(reported, state.voltage_pu, np.nan),
        ev_stored_kwh=np.where(plugged, state.ev_stored_kwh, np.nan), ev_plugged=plugged)
