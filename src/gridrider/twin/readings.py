"""Flows to readings: the gross registers of a meter, by the quarter of an hour, exact to the milliwatt-hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..interval import local_midnight

Ints = NDArray[np.int64]
SLOT_S = 900


def readings_of(day: date, zone: ZoneInfo, point_ids: Sequence[str], registers: tuple[Ints, Ints]) -> pa.Table:
    """The readings of one local day as the files hold them, by point in the order given, then by start.

    `registers` is import and export, quarter hours x points, in whole milliwatt-hours >= 0. A day has as many rows a
    point as its registers: 92, 96 or 100 where its clocks change.
    """
    slots, points = registers[0].shape
    imported, exported = (kwh_array(np.ascontiguousarray(register.T).ravel()) for register in registers)
    midnight_us = int(local_midnight(day, zone).timestamp()) * 1_000_000
    starts = np.tile(midnight_us + np.arange(slots, dtype=np.int64) * (SLOT_S * 1_000_000), points)
    return pa.table({
        "point_id": pa.DictionaryArray.from_arrays(np.repeat(np.arange(points, dtype=np.int32), slots),
                                                   pa.array(point_ids, pa.string())),
        "start": pa.array(starts, pa.timestamp("us", tz="UTC")),
        "seconds": pa.array(np.full(len(starts), SLOT_S, dtype=np.int32)),
        "import_kwh": imported, "export_kwh": exported,
        "quality": pa.DictionaryArray.from_arrays(np.zeros(len(starts), dtype=np.int8), pa.array(["actual"]))})


def kwh_array(energy_mwh: Ints) -> pa.Array:
    """Whole milliwatt-hours >= 0 as exact kWh with six decimals.

    >>> kwh_array(np.array([1250000, 7])).to_pylist()
    [Decimal('1.250000'), Decimal('0.000007')]
    """
    words = np.zeros((len(energy_mwh), 2), dtype="<i8")  # a decimal of 128 bits: the low word, then the high one
    words[:, 0] = energy_mwh
    return pa.Array.from_buffers(pa.decimal128(18, 6), len(energy_mwh), [None, pa.py_buffer(words)])
