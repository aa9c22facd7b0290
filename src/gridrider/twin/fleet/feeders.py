"""What a feeder's homes do to its voltage."""

from __future__ import annotations

import numpy as np

from .homes import Floats, Ints


def net_export_kw(feeder: Ints, net_import_kw: Floats, feeders: int) -> Floats:
    """What all homes of each feeder export together; negative = they draw."""
    return -np.bincount(feeder, weights=net_import_kw, minlength=feeders).astype(np.float64)


def feeder_voltage_pu(base_pu: Floats | float, *, sensitivity_pu_per_kw: Floats | float, export_kw: Floats,
                      before_pu: Floats | None = None, weight: float = 0.5) -> Floats:
    """The voltage of each feeder at its homes' net export of the step before: V = V0 + k P (DistFlow, linear).

    Baran and Wu, "Network reconfiguration in distribution systems", IEEE Trans. Power Delivery 4(2), 1989, without
    losses; k is resistance over voltage squared. Volt-watt answers the voltage and the voltage answers volt-watt: with
    `before_pu`, the step goes only the share `weight` of the way, so that the two settle instead of swinging.
    """
    aimed_pu = np.asarray(base_pu + sensitivity_pu_per_kw * export_kw, dtype=np.float64)
    return aimed_pu if before_pu is None else before_pu + weight * (aimed_pu - before_pu)
