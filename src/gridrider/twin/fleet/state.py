"""How the homes stand between two steps."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from .commands import Commands
from .homes import Bools, Codes, FleetParameters, Floats

LONG_AGO_S = 1e9
"""For how long an undisturbed home has had its grid."""


class Connection(IntEnum):
    """How a home's inverters stand to the grid (IEEE 1547-2018 clause 4.10, enter service)."""

    GRID_TIED = 0
    ISLANDED = 1
    """No grid; battery and sun carry the home as far as they can."""
    DARK = 2
    """No grid, and nothing that could carry the home."""
    RECONNECT_WAIT = 3
    """The grid is back, or the voltage was out of bounds; the inverters give nothing yet."""
    RAMP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetState:
    """All that a step changes; one place in each array is one home."""

    clock_s: float
    stored_kwh: Floats
    battery_kw: Floats
    """Delivered in the last step, in the mean; + = discharged."""
    air_c: Floats
    mass_c: Floats
    cooling: Bools
    heating: Bools
    tank_c: Floats
    tank_heating: Bools
    ev_stored_kwh: Floats
    ev_away: Bools
    ev_short_kwh: Floats
    """Energy of trips that was not in the car, taken elsewhere; a register that only grows."""
    connection: Codes
    good_grid_s: Floats
    """For how long the grid has been there with a voltage to enter service at."""
    voltage_pu: Floats
    """At the home, 0 in an outage."""
    held: Commands
    """The message each device acts on."""
    coming: Commands
    """The message that takes the place of `held` ..."""
    comes_at_s: Floats
    """... at this absolute time; +inf = none."""

    @classmethod
    def start(cls, parameters: FleetParameters, *, clock_s: float, stored_share: Floats | float = 0.6) -> FleetState:
        """A quiet fleet: batteries at a share of their energy, the reserve at least; homes and tanks at their settings.

        Cars are at home with what they are charged to.
        """
        count = len(parameters)
        no, zero = np.zeros(count, dtype=np.bool_), np.zeros(count)
        stored_kwh = np.maximum(parameters.battery_kwh * stored_share, parameters.reserve_kwh)
        # Between the two settings, or nearer to the only one that is there.
        air_c = np.where(parameters.heating_kw > 0, np.minimum(parameters.heat_to_c + 1.0, parameters.cool_to_c),
                         parameters.cool_to_c - 0.5)
        return cls(clock_s=float(clock_s), stored_kwh=stored_kwh, battery_kw=zero, air_c=air_c, mass_c=air_c.copy(),
                   cooling=no, heating=no.copy(), tank_c=(parameters.tank_from_c + parameters.tank_to_c) / 2,
                   tank_heating=no.copy(), ev_stored_kwh=parameters.ev_target_kwh.copy(), ev_away=no.copy(),
                   ev_short_kwh=zero.copy(), connection=np.zeros(count, dtype=np.int8),
                   good_grid_s=np.full(count, LONG_AGO_S), voltage_pu=np.ones(count), held=Commands.none(count),
                   coming=Commands.none(count), comes_at_s=np.full(count, np.inf))

    def part(self, first: int, end: int) -> FleetState:
        """The homes first <= place < end."""
        def of(column: object) -> object:
            if isinstance(column, Commands):
                return column.part(first, end)
            return column[first:end] if isinstance(column, np.ndarray) else column

        return FleetState(**{field.name: of(getattr(self, field.name)) for field in fields(self)})  # type: ignore[arg-type]
