"""The compiled twin of `regulate`: what is stored and what may be given in one pass, then the compiled allocation."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from .allocate import Allocation, Floats
from .allocate_compiled import allocate
from .regulate import (
    SECONDS_PER_HOUR,
    STEERING,
    STEP_S,
    TAPER_S,
    Bools,
    RegulatingDevices,
    RegulationStep,
    check_step,
    empty_curves,
)

TINY = float(np.finfo(np.float64).tiny)


def regulate(signal_kw: float, devices: RegulatingDevices, stored_kwh: Floats, online: Bools,
             last: Allocation | None = None, *, step_s: float = STEP_S, into: RegulationStep | None = None,
             ) -> RegulationStep:
    """Answer one value of the signal, as `regulate.regulate` does."""
    check_step(step_s)
    count = len(devices)
    stored = np.empty(count) if into is None else into.stored_kwh
    curves = empty_curves(count) if into is None else into.curves
    delivered_kw = np.zeros(count) if last is None else last.delivered_kw
    _prepare(devices.discharge_kw_max, devices.charge_kw_max, devices.full_kwh, devices.floor_kwh,
             devices.discharge_efficiency, devices.charge_efficiency, devices.weight, stored_kwh, delivered_kw, online,
             step_s / SECONDS_PER_HOUR, stored, curves.preferred_kw, curves.kw_per_level, curves.power_kw_min,
             curves.power_kw_max)
    answer = allocate(signal_kw, curves, start_level=0.0 if last is None else last.level,
                      into_kw=None if into is None else into.answer.delivered_kw)
    return RegulationStep(stored_kwh=stored, curves=curves, answer=answer)


@compiled
def _prepare(discharge_kw_max: Floats, charge_kw_max: Floats, full_kwh: Floats, floor_kwh: Floats,
             discharge_efficiency: Floats, charge_efficiency: Floats, weight: Floats, stored_before_kwh: Floats,
             delivered_kw: Floats, online: Bools, hours: float, stored_kwh: Floats, preferred_kw: Floats,
             kw_per_level: Floats, power_kw_min: Floats, power_kw_max: Floats) -> None:
    """Fill in what is stored now and the supply curves that follow from it.

    Choices are written as `x if x > y else y`, which the compiler turns into vector instructions; `max` it does not.
    """
    for device in range(len(full_kwh)):
        asked = delivered_kw[device] * hours
        given = asked if asked > 0.0 else 0.0
        stored = stored_before_kwh[device] - (given / discharge_efficiency[device]
                                              + (asked - given) * charge_efficiency[device])
        above, room = stored - floor_kwh[device], full_kwh[device] - stored
        above = above if above > 0.0 else 0.0
        room = room if room > 0.0 else 0.0
        usable = above + room
        usable = usable if usable > TINY else TINY
        give = above * discharge_efficiency[device] * (SECONDS_PER_HOUR / TAPER_S)
        take = room / charge_efficiency[device] * (SECONDS_PER_HOUR / TAPER_S)
        most_give, most_take = discharge_kw_max[device], charge_kw_max[device]
        heard = 1.0 * online[device]
        slope = weight[device] * most_give
        stored_kwh[device] = stored
        preferred_kw[device] = slope * (STEERING * (above / usable - 0.5))
        kw_per_level[device] = slope
        power_kw_min[device] = -heard * (take if take < most_take else most_take)
        power_kw_max[device] = heard * (give if give < most_give else most_give)
