"""A target shared out over the devices that may be asked: who has longest to go first, feeders within their caps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...dispatch.allocate import SupplyCurves
from ...dispatch.columns import DeviceColumns, TelemetryColumns, floats
from ...dispatch.feeder_tree import NO_GROUP, FeederTree
from ...dispatch.kernels import allocate, allocate_nested
from ...dispatch.model import FEEDERS
from ...dispatch.protections.bounds import Bounds
from ...dispatch.who_first import longest_time_to_go_first

Floats = NDArray[np.float64]
HOURS_OF_LOAD = 24.0
"""A load that is shed stores nothing and can be shed as long as one likes: it counts as one that lasts a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What each device would be asked, and what one more kilowatt would be worth where."""

    asked_kw: Floats
    wanted_kw: Floats
    """What it would be asked if its rated power alone bounded it."""
    level: float
    shortfall_kw: float
    """Target less what can be asked; NaN without a target."""
    group_total_kw: Floats
    cap_dual: Floats


def share_out(target_kw: float, devices: DeviceColumns, telemetry: TelemetryColumns, bounds: Bounds, *, step_h: float,
              grid: FeederTree | None, caps_kw: Floats) -> Shared:
    """Share a target out over devices; NaN = as much as may be had.

    Longest time-to-go first: whoever could hold its power longest is asked first, which serves the longest event
    there can be, whatever is asked later (Evans, Tindemans, Angeli 2020). A target that cannot be met gives the most
    that can be.
    """
    above_floor_kwh = (telemetry.stored_kwh - bounds.floor_kwh) * devices.discharge_efficiency
    curves = longest_time_to_go_first(
        stored_kwh=np.nan_to_num(np.where(devices.stores, above_floor_kwh, devices.discharge_max_kw * HOURS_OF_LOAD)),
        power_kw=bounds.delivered_kw_high, step_h=step_h)
    most_kw = float(bounds.delivered_kw_high.sum())
    wanted_kw = most_kw if np.isnan(target_kw) else target_kw
    if grid is None:
        found = allocate(wanted_kw, curves)
        asked_kw, level, short_kw = found.delivered_kw, found.level, found.shortfall_kw
        totals, duals = np.empty(0), np.empty(0)
    else:
        nested = allocate_nested(wanted_kw, curves, grid, group_kw_max=caps_kw)
        asked_kw, level, short_kw = nested.delivered_kw, nested.level, nested.shortfall_kw
        totals, duals = nested.group_total_kw, nested.cap_dual
    if np.isnan(target_kw):
        unbounded_kw, short_kw = devices.discharge_max_kw, float("nan")
    else:
        unbounded_kw = SupplyCurves(
            preferred_kw=curves.preferred_kw, kw_per_level=curves.kw_per_level, power_kw_min=curves.power_kw_min,
            power_kw_max=np.maximum(devices.discharge_max_kw, curves.power_kw_min)).at(level)
    return Shared(asked_kw=asked_kw, wanted_kw=np.maximum(unbounded_kw, asked_kw), level=level,
                  shortfall_kw=short_kw, group_total_kw=totals, cap_dual=duals)


def grid_of(feeders: pa.Table, feeder_of_device: pa.Array) -> tuple[FeederTree | None, Floats]:
    """The tree of feeders over some devices, and each feeder's cap in kW; no tree when no feeder has a cap.

    A device whose feeder is not in the table hangs on none.
    """
    caps_kw = floats(feeders, FEEDERS, "export_max_kw") if len(feeders) else np.empty(0)
    if not len(feeders) or np.isnan(caps_kw).all():
        return None, np.empty(0)
    names = feeders.column("feeder").combine_chunks()
    parent, hangs = (np.array(pc.fill_null(pc.index_in(each, value_set=names), NO_GROUP).to_numpy())
                     for each in (feeders.column("parent").combine_chunks(), feeder_of_device))
    return FeederTree.of(parent, hangs), np.where(np.isnan(caps_kw), np.inf, caps_kw)
