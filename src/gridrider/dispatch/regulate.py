"""Following a regulation signal: every few seconds one level for the whole fleet, under each device's state of charge.

One step knows what was asked last, so it integrates what is stored; takes from that what each device may give or take;
and finds the one level at which the fleet delivers the signal (`allocate`). A device's set-point is

    clip(weight * power_kw_max * (level + STEERING * (usable share stored - 1/2)), min, max)

which needs the level and the device's own numbers only: the level can be broadcast. Fuller devices give more and take
less, so that the fleet runs full or empty together. A signal out of reach gives the most (or least) that the fleet can.

The floor is never crossed, rounding included. A device may give at most what would empty it to its floor in `TAPER_S`
seconds, so that a step of at most half of these takes at most half of what is above the floor; that is exact to a few
roundings, so the remainder is above the floor before it is rounded, and rounding to the nearest float cannot carry it
across a float, which the floor is. The same holds at the top. A device found below its floor (the floor was raised) is
never discharged. Energy is float64: at float32 a kilowatt's step of four seconds would be 600 roundings, and what a
watt does would be lost.

Source: tracking by a common signal and state-of-charge-dependent participation as in Hao, Sanandaji, Poolla, Vincent,
IEEE Transactions on Power Systems 30(1) (2015) 189-198; the level is the dual of the allocation. `regulate_compiled` is
the compiled twin.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .allocate import BLOCK, Allocation, Floats, SupplyCurves, allocate

Bools = NDArray[np.bool_]

STEP_S = 4.0
"""How often California's and New England's regulation signals change."""
TAPER_S = 240.0
"""Power falls in proportion to what is left once it would last no longer than this."""
STEERING = 2.0
"""How many levels lie between empty and full: a level of 1 is full power for a device of weight 1 that is half full."""
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulatingDevices:
    """What a controller knows of N devices, and each device of itself; all arrays are float64 of shape (N,).

    `floor_kwh` is the reserve that is never given, in the unit of what is stored; a storm or the customer may raise it
    between two steps, by `dataclasses.replace`.
    """

    discharge_kw_max: Floats
    charge_kw_max: Floats
    """> 0"""
    full_kwh: Floats
    floor_kwh: Floats
    discharge_efficiency: Floats
    """kWh at the grid for one from the cell, in (0, 1]."""
    charge_efficiency: Floats
    weight: Floats
    """> 0: more for a device that wears less; 1 is usual."""

    def __post_init__(self) -> None:
        shapes = {getattr(self, field.name).shape for field in fields(self)}
        if len(shapes) != 1 or self.full_kwh.ndim != 1:
            raise ValueError(f"devices are arrays of one dimension and equal length, not of shapes {sorted(shapes)}")

    def __len__(self) -> int:
        return len(self.full_kwh)

    def part(self, devices: slice) -> RegulatingDevices:
        """Some neighbours, not copied."""
        return RegulatingDevices(**{field.name: getattr(self, field.name)[devices] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulationStep:
    """The state after a step: what is stored at its beginning, and how the fleet answers the signal during it."""

    stored_kwh: Floats
    curves: SupplyCurves
    """What each device may give and take in this step, and how it answers to a level."""
    answer: Allocation
    """Set-points in `delivered_kw`, the level to broadcast, and the shortfall of a signal out of reach."""


def regulate(signal_kw: float, devices: RegulatingDevices, stored_kwh: Floats, online: Bools,
             last: Allocation | None = None, *, step_s: float = STEP_S, into: RegulationStep | None = None,
             ) -> RegulationStep:
    """Answer one value of the signal: `signal_kw` > 0 asks the fleet to deliver, < 0 to draw.

    `stored_kwh` [N] is what was stored when `last` began (or a fresh reading, with `last` None), `online` [N] who
    hears the level. `last` is the step before: its set-points are integrated over `step_s` seconds for all devices,
    so that a device which did not follow needs a reading. `into` is an older step whose arrays may be overwritten, not
    those of `stored_kwh` and `last`. Raises ValueError for a step longer than half of TAPER_S.
    """
    check_step(step_s)
    stored = np.empty(len(devices)) if into is None else into.stored_kwh
    curves = empty_curves(len(devices)) if into is None else into.curves
    for start in range(0, len(devices), BLOCK):
        some = slice(start, start + BLOCK)
        part = devices.part(some)
        stored[some] = stored_kwh[some]
        if last is not None:
            stored[some] -= taken_kwh(last.delivered_kw[some], part, step_s)
        made = supply_curves(stored[some], part, online[some])
        for field in fields(made):
            getattr(curves, field.name)[some] = getattr(made, field.name)
    answer = allocate(signal_kw, curves, start_level=0.0 if last is None else last.level,
                      into_kw=None if into is None else into.answer.delivered_kw)
    return RegulationStep(stored_kwh=stored, curves=curves, answer=answer)


def setpoint_kw(level: float, stored_kwh: Floats, devices: RegulatingDevices, online: Bools | None = None) -> Floats:
    """What devices deliver at a broadcast level, > 0 to the grid: each by its own numbers, as it would itself. [N]"""
    return supply_curves(stored_kwh, devices, np.ones(len(devices), np.bool_) if online is None else online).at(level)


def supply_curves(stored_kwh: Floats, devices: RegulatingDevices, online: Bools) -> SupplyCurves:
    """What each device delivers at a level, by what it has stored; nothing where it is not online. [N]"""
    above_kwh = np.maximum(stored_kwh - devices.floor_kwh, 0.0)
    room_kwh = np.maximum(devices.full_kwh - stored_kwh, 0.0)
    give_kw = np.minimum(devices.discharge_kw_max, above_kwh * devices.discharge_efficiency
                         * (SECONDS_PER_HOUR / TAPER_S)) * online
    take_kw = np.minimum(devices.charge_kw_max, room_kwh / devices.charge_efficiency
                         * (SECONDS_PER_HOUR / TAPER_S)) * online
    # A device without any room has no share; its bounds are both 0, so that any number will do.
    usable_share = above_kwh / np.maximum(above_kwh + room_kwh, np.finfo(np.float64).tiny)
    kw_per_level = devices.weight * devices.discharge_kw_max
    return SupplyCurves(preferred_kw=kw_per_level * (STEERING * (usable_share - 0.5)), kw_per_level=kw_per_level,
                        power_kw_min=-take_kw, power_kw_max=give_kw)


def taken_kwh(delivered_kw: Floats, devices: RegulatingDevices, step_s: float) -> Floats:
    """What a step takes from the cells: more than was delivered, and less put in than was drawn. [N]"""
    hours = step_s / SECONDS_PER_HOUR
    return np.where(delivered_kw > 0.0, delivered_kw * hours / devices.discharge_efficiency,
                    delivered_kw * hours * devices.charge_efficiency)


def empty_curves(count: int) -> SupplyCurves:
    """Curves to be filled in."""
    return SupplyCurves(**{field.name: np.empty(count) for field in fields(SupplyCurves)})


def check_step(step_s: float) -> None:
    """Raise ValueError for a step in which more could be taken than half of what is above a floor."""
    if not 0.0 < step_s <= TAPER_S / 2.0:
        raise ValueError(f"a step of {step_s} s; the floor is safe for steps above 0 and of at most {TAPER_S / 2.0} s")
