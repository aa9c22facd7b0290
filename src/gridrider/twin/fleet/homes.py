"""What the homes of a fleet are: their devices, their owners' settings, and how they misbehave."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]
Bools = NDArray[np.bool_]


class Behaviour(IntEnum):
    """What a battery does when left to itself."""

    SELF_CONSUMPTION = 0
    """Takes spare sun, and serves the home whenever the sun does not suffice."""
    EVENING_ONLY = 1
    """Takes spare sun, and serves the home only in the evening hours."""
    GRID_CHARGED = 2
    """Charges from the grid in the night hours too, and serves the home in the evening hours."""
    BACKUP_ONLY = 3
    """Takes spare sun and is otherwise kept for an outage."""


class Lie(IntEnum):
    """What is false in a device's telemetry."""

    NONE = 0
    ASKED_POWER = 1
    """Reports the power it was asked for, whatever it does."""
    STORED = 2
    """Reports a wrong state of charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetParameters:
    """Homes as columns of equal length: one place in each array is one home; a size of 0 = it has no such device."""

    # The home
    load_kw: Floats
    """Mean load without cooling, heating, water and car."""
    load_shape: Ints
    """Column of `Surroundings.load_shape`."""
    cell: Ints
    """Column of the weather."""
    feeder: Ints
    """Column of `Surroundings.voltage_pu`."""
    export_kw_max: Floats
    """What the connection may export."""
    # Sun
    pv_kw: Floats
    pv_kva: Floats
    plane: Ints
    """Column of `Surroundings.panel_kw_per_kw`: an orientation in a weather cell."""
    # Battery; power is AC, energy is what is stored
    battery_kwh: Floats
    battery_kw_nameplate: Floats
    battery_kw_max: Floats
    """What it really gives, at most its nameplate."""
    battery_charge_kw_max: Floats
    battery_kva: Floats
    charge_efficiency: Floats
    discharge_efficiency: Floats
    reserve_pct: Floats
    """Of `battery_kwh`, kept by the customer for backup."""
    behaviour: Codes
    evening_from_h: Floats
    evening_end_h: Floats
    night_from_h: Floats
    night_end_h: Floats
    followed_share: Floats
    """How much of the home's need a battery follows by itself; the rest goes by before it turns."""
    battery_exports: Bools
    """False: the battery may serve the home but not the grid."""
    backs_up: Bools
    """False: the home goes dark in an outage, whatever is stored."""
    # Envelope: air and mass, each with a capacity and a resistance (2R2C)
    air_kwh_per_c: Floats
    mass_kwh_per_c: Floats
    outside_c_per_kw: Floats
    """Resistance between the outside and the air."""
    mass_c_per_kw: Floats
    """Resistance between the air and the mass."""
    solar_gain_m2: Floats
    cooling_kw: Floats
    cooling_cop: Floats
    cool_to_c: Floats
    heating_kw: Floats
    heating_cop: Floats
    heat_to_c: Floats
    deadband_c: Floats
    """Width of the band around a setting within which nothing switches."""
    # Water heater
    tank_kw: Floats
    tank_kwh_per_c: Floats
    tank_loss_kw_per_c: Floats
    tank_from_c: Floats
    """Heats from here ..."""
    tank_to_c: Floats
    """... to here."""
    water_kw_per_c: Floats
    """Mean hot water drawn, as heat per degree: 1 litre an hour is 0.001163 kW per degree."""
    water_shape: Ints
    """Column of `Surroundings.water_shape`."""
    # Car
    ev_kwh: Floats
    ev_charge_kw_max: Floats
    ev_discharge_kw_max: Floats
    """0 = the charger works in one direction."""
    ev_efficiency: Floats
    """Of each direction."""
    ev_target_kwh: Floats
    """To where it is charged when left alone."""
    ev_departure_kwh: Floats
    """What must be in it when it leaves."""
    ev_floor_kwh: Floats
    """Below this it is not discharged."""
    ev_from_h: Floats
    ev_end_h: Floats
    """The owner's charging hours; equal = at any hour."""
    # Inverters
    volt_var: Bools
    volt_watt: Bools
    voltage_offset_pu: Floats
    """How much higher the voltage is here than on the feeder."""
    reconnect_wait_s: Floats
    ramp_s: Floats
    # Misbehaviour
    obeys: Bools
    """False: the firmware acknowledges and does nothing."""
    latency_s: Floats
    """From a message's arrival until the device acts on it."""
    clock_offset_s: Floats
    """How far the device's clock is ahead."""
    lie: Codes
    stored_lie_share: Floats
    """By how much of `battery_kwh` a device with `Lie.STORED` reports too much."""
    silences_per_day: Floats
    silence_h: Floats
    """Mean length of a loss of communication."""
    lost_share: Floats
    """Reports lost one by one."""
    opt_out_propensity: Floats
    """How much likelier than the mean the customer opts out."""

    def __len__(self) -> int:
        return len(self.load_kw)

    def part(self, first: int, end: int) -> FleetParameters:
        """The homes first <= place < end."""
        return FleetParameters(**{field.name: getattr(self, field.name)[first:end] for field in fields(self)})

    @property
    def reserve_kwh(self) -> Floats:
        """The customer's reserve as energy."""
        return self.battery_kwh * self.reserve_pct / 100.0
