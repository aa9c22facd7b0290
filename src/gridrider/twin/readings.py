"""Flows to readings: the gross registers of a meter, with the faults that meters have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..interval import local_midnight
from ..telemetry.model import QUALITIES
from .homes import Bools, Ints
from .season import SLOT_SECONDS

READINGS = pa.schema([
    ("point_id", pa.string()), ("start", pa.timestamp("us", tz="UTC")), ("seconds", pa.int32()),
    ("import_kwh", pa.decimal128(18, 6)), ("export_kwh", pa.decimal128(18, 6)), ("quality", pa.string())])
"""The readings as the files hold them, sorted by point and start."""


class FaultKind(StrEnum):
    """How readings can go wrong."""

    ABSENT = "absent"  # no rows at all
    MISSING = "missing"  # rows that say so
    ESTIMATED = "estimated"  # the span's energy spread evenly


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Quarter hours first <= slot < end of a day in which a home's meter failed."""

    home: int
    first_slot: int
    end_slot: int
    kind: FaultKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A meter exchanged: from this quarter hour of this day the home is read under the new point."""

    home: int
    day: date
    slot: int
    point_id: str


def readings_of(day: date, zone: ZoneInfo, point_ids: Sequence[str], registers: tuple[Ints, Ints], *,
                faults: Sequence[Fault] = (), exchanges: Sequence[Exchange] = ()) -> pa.Table:
    """The readings of one day; `registers` is import and export, quarter hours x homes, in milliwatt-hours.

    A day has as many rows as its registers: 92, 96 or 100 where its clocks change.
    `point_ids` are in the order of the homes and sorted; a new meter's id sorts between its home's and the next.
    """
    homes = len(point_ids)
    imported, exported = (np.ascontiguousarray(register.T) for register in registers)
    slots = imported.shape[1]
    quality = np.zeros((homes, slots), dtype=np.int8)
    point = np.repeat(np.arange(homes, dtype=np.int32)[:, None], slots, axis=1)
    keep: Bools = np.ones((homes, slots), dtype=np.bool_)
    for at, exchange in enumerate(exchanges):
        since = 0 if exchange.day < day else exchange.slot if exchange.day == day else slots
        point[exchange.home, since:] = homes + at
    for fault in faults:
        span = (fault.home, slice(fault.first_slot, fault.end_slot))
        if fault.kind is FaultKind.ABSENT:
            keep[span] = False
            continue
        quality[span] = QUALITIES.index(fault.kind)
        if fault.kind is FaultKind.ESTIMATED:
            failed = fault.end_slot - fault.first_slot
            imported[span], exported[span] = imported[span].sum() // failed, exported[span].sum() // failed
    ids = [*point_ids, *(exchange.point_id for exchange in exchanges)]
    return _table(day, zone, ids, keep.ravel(), point.ravel(), quality.ravel(), (imported.ravel(), exported.ravel()),
                  slots)


def _table(day: date, zone: ZoneInfo, ids: Sequence[str], keep: Bools, point: NDArray[np.int32],
           quality: NDArray[np.int8], registers: tuple[Ints, Ints], slots: int) -> pa.Table:
    midnight_us = int(local_midnight(day, zone).timestamp()) * 1_000_000
    starts = np.tile(midnight_us + np.arange(slots, dtype=np.int64) * (SLOT_SECONDS * 1_000_000), len(keep) // slots)
    if not keep.all():
        point, quality, starts = point[keep], quality[keep], starts[keep]
        registers = (registers[0][keep], registers[1][keep])
    there = quality != QUALITIES.index(FaultKind.MISSING)
    imported, exported = (kwh_array(register, there) for register in registers)
    return pa.table({
        "point_id": pa.DictionaryArray.from_arrays(point, pa.array(ids, pa.string())),
        "start": pa.array(starts, pa.timestamp("us", tz="UTC")),
        "seconds": pa.array(np.full(len(starts), SLOT_SECONDS, dtype=np.int32)),
        "import_kwh": imported, "export_kwh": exported,
        "quality": pa.DictionaryArray.from_arrays(quality, pa.array(QUALITIES, pa.string()))})


def kwh_array(energy_mwh: Ints, there: Bools) -> pa.Array:
    """Whole milliwatt-hours >= 0 as exact kWh with six decimals; null where `there` is false.

    >>> kwh_array(np.array([1250000, 7]), np.array([True, False])).to_pylist()
    [Decimal('1.250000'), None]
    """
    words = np.zeros((len(energy_mwh), 2), dtype="<i8")  # a decimal of 128 bits: the low word, then the high one
    words[:, 0] = energy_mwh
    valid = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal128(18, 6), len(energy_mwh), [valid, pa.py_buffer(words)])
