"""What reaches the devices: messages lost in silence, late at slow devices, and given up when their time is over."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .commands import Commands, Mode
from .homes import Bools, FleetParameters, Floats, Ints
from .state import FleetState

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What each device acts on in a step, the owner's settings filled in where nothing is asked."""

    mode: Ints
    delivered_kw: Floats
    floor_kwh: Floats
    charge_to_kwh: Floats
    charge_kw: Floats
    thermostat_offset_c: Floats
    water_heater_off: Bools
    ev_kw: Floats
    """NaN = the owner's charging hours."""
    ev_departure_kwh: Floats


def receive(parameters: FleetParameters, state: FleetState, commands: Commands, silent: Bools) -> FleetState:
    """The state after messages went out: what arrived comes into force when the device is ready and its start is there.

    A message to a silent home is lost. One that arrives before an earlier one came into force takes its place.
    """
    arrived = commands.sent & ~silent
    if not arrived.any():
        return state
    state = come_into_force(state)
    comes_at_s = np.maximum(state.clock_s + parameters.latency_s, commands.starts_at_s - parameters.clock_offset_s)
    return replace(state, coming=commands.over(state.coming, arrived),
                   comes_at_s=np.where(arrived, comes_at_s, state.comes_at_s))


def come_into_force(state: FleetState) -> FleetState:
    """The state once every message whose time has come is held."""
    due = state.comes_at_s <= state.clock_s
    if not due.any():
        return state
    return replace(state, held=state.coming.over(state.held, due), comes_at_s=np.where(due, np.inf, state.comes_at_s))


def in_force(parameters: FleetParameters, state: FleetState) -> Orders:
    """What each device acts on now: the message it holds, or, after `reverts_at_s` by its clock, its owner's settings.

    Firmware that does not obey has the owner's settings always.
    """
    held = state.held
    bound = parameters.obeys & (state.clock_s + parameters.clock_offset_s < held.reverts_at_s)

    def asked(setting: Floats, otherwise: Floats | float) -> Floats:
        return np.where(bound & ~np.isnan(setting), setting, otherwise)

    return Orders(
        mode=np.where(bound, held.mode, Mode.SELF).astype(np.int64), delivered_kw=asked(held.delivered_kw, 0.0),
        floor_kwh=parameters.battery_kwh * asked(held.reserve_pct, parameters.reserve_pct) / 100.0,
        charge_to_kwh=parameters.battery_kwh * asked(held.charge_to_pct, 0.0) / 100.0,
        charge_kw=asked(held.charge_kw, np.inf), thermostat_offset_c=asked(held.thermostat_offset_c, 0.0),
        water_heater_off=bound & held.water_heater_off, ev_kw=asked(held.ev_kw, np.nan),
        ev_departure_kwh=asked(held.ev_departure_kwh, parameters.ev_departure_kwh))


def draw_silence(parameters: FleetParameters, *, start_s: float, end_s: float,
                 rng: np.random.Generator) -> tuple[Floats, Floats]:
    """When each home is cut off from us in a span: from and until, +inf = never; at most one loss per home and span.

    Losses begin as a Poisson process of `silences_per_day`; their lengths are exponential about `silence_h`.
    """
    count = len(parameters)
    first, length = rng.standard_exponential(count), rng.standard_exponential(count)
    with np.errstate(divide="ignore"):
        from_s = start_s + DAY_S * first / parameters.silences_per_day
    from_s = np.where(from_s < end_s, from_s, np.inf)
    return from_s, from_s + 3600.0 * length * parameters.silence_h
