"""Readings that stand to days: one row per point and local day, one list entry per slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .clean import HOUR_S, MICROSECONDS, SLOT_LENGTHS_S, Bools, Cleaned, Int64s, one_length
from .model import MISSING

DAYS_ARROW = pa.schema([
    pa.field("point_id", pa.string(), nullable=False),
    pa.field("local_date", pa.date32(), nullable=False),
    pa.field("slot_seconds", pa.int64(), nullable=False),
    pa.field("import_mwh", pa.list_(pa.int64()), nullable=False),
    pa.field("export_mwh", pa.list_(pa.int64()), nullable=False),
    pa.field("quality", pa.list_(pa.int8())),
    pa.field("net_hour_mwh", pa.list_(pa.int64()), nullable=False),
    pa.field("quality_worst", pa.int64(), nullable=False),
])
"""The table of days as Arrow keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slots:
    """Slots of the points that share a slot length: shape (points, slots)."""

    points: Int64s
    slot_s: int
    import_mwh: Int64s
    export_mwh: Int64s
    known: Bools
    quality: npt.NDArray[np.int8]
    net_hour_mwh: Int64s
    hour_known: Bools


def fold_day(point_ids: pa.Array, cleaned: Cleaned, day_ordinal: int, day_s: int) -> pa.Table:
    """The rows of DAYS for one chunk: each point that has a reading of the day left, in the order given.

    `point_ids` are the chunk's points; `day_ordinal` counts days from 1970-01-01; `day_s` is the local day's
    length in seconds. A slot is null unless readings with a value cover it wholly; the last slot of a day
    that no whole number of slots fills is as much shorter.
    """
    rows = cleaned.readings
    present = np.zeros(len(point_ids), np.bool_)
    present[rows.point] = True
    level = _slot_levels(cleaned, len(point_ids))
    groups = [_fold_group(cleaned, np.flatnonzero(present & (level == place)), slot_s, day_s)
              for place, slot_s in enumerate(SLOT_LENGTHS_S) if (present & (level == place)).any()]
    points = np.flatnonzero(present)
    slot_s = np.array(SLOT_LENGTHS_S)[level[points]]
    worst = np.zeros(len(point_ids), np.int64)
    for group in groups:
        worst[group.points] = group.quality.max(axis=1)
    columns = [
        point_ids.take(pa.array(points)),
        pa.array(np.full(points.size, day_ordinal, np.int32)).cast(pa.date32()),
        pa.array(slot_s.astype(np.int64)),
        _lists(points, [(g.points, g.import_mwh, g.known) for g in groups], pa.int64()),
        _lists(points, [(g.points, g.export_mwh, g.known) for g in groups], pa.int64()),
        pc.if_else(pa.array(worst[points] > 0), _lists(points, [(g.points, g.quality, None) for g in groups],
                                                       pa.int8()), pa.scalar(None, pa.list_(pa.int8()))),
        _lists(points, [(g.points, g.net_hour_mwh, g.hour_known) for g in groups], pa.int64()),
        pa.array(worst[points]),
    ]
    return pa.Table.from_arrays(columns, schema=DAYS_ARROW)


def _slot_levels(cleaned: Cleaned, point_count: int) -> npt.NDArray[np.int8]:
    """For each point the place in SLOT_LENGTHS_S of the shortest slot that all its readings divide."""
    rows = cleaned.readings
    levels = np.zeros(point_count, np.int8)
    if not len(rows):
        return levels
    lengths = rows.seconds[:1] if one_length(rows.seconds) else np.unique(rows.seconds[cleaned.on_grid])
    for length in lengths.tolist():
        level = next((place for place, slot_s in enumerate(SLOT_LENGTHS_S) if slot_s % length == 0), 0)
        if level == 0:
            continue
        touched = rows.point[cleaned.on_grid & (rows.seconds == length)]
        levels[touched] = np.maximum(levels[touched], level)
    return levels


def _fold_group(cleaned: Cleaned, points: Int64s, slot_s: int, day_s: int) -> _Slots:
    """Sum the readings of some points into slots of one length."""
    rows = cleaned.readings
    slots = -(-day_s // slot_s)
    shape = (points.size, slots)
    seconds = rows.seconds
    if len(rows) == points.size * slots and cleaned.good.all() and one_length(seconds) and seconds[0] == slot_s:
        # Every point has every slot: the columns are the table already.
        known: Bools = np.ones(shape, np.bool_)
        import_mwh, export_mwh = rows.import_mwh.reshape(shape), rows.export_mwh.reshape(shape)
        quality = rows.quality.reshape(shape)
    else:
        import_mwh, export_mwh, known, quality = _scatter(cleaned, points, slot_s, day_s, slots)
    per_hour = HOUR_S // slot_s
    hours = -(-slots // per_hour)
    net_mwh = np.where(known, import_mwh - export_mwh, 0)
    hour_known = known
    if hours * per_hour != slots:
        pad = ((0, 0), (0, hours * per_hour - slots))
        net_mwh, hour_known = np.pad(net_mwh, pad), np.pad(known, pad, constant_values=True)
    if per_hour > 1:
        net_mwh = net_mwh.reshape(points.size, hours, per_hour).sum(axis=2)
        hour_known = np.asarray(hour_known.reshape(points.size, hours, per_hour).all(axis=2))
    return _Slots(points=points, slot_s=slot_s, import_mwh=import_mwh, export_mwh=export_mwh, known=known,
                  quality=quality, net_hour_mwh=net_mwh, hour_known=hour_known)


def _scatter(cleaned: Cleaned, points: Int64s, slot_s: int, day_s: int, slots: int) \
        -> tuple[Int64s, Int64s, Bools, npt.NDArray[np.int8]]:
    """Place readings where some slots are missing, or several readings make one."""
    rows = cleaned.readings
    rank = np.full(int(rows.point[-1]) + 1, -1, np.int64)
    rank[points] = np.arange(points.size)
    used = cleaned.on_grid & (rank[rows.point] >= 0)
    place = rank[rows.point[used]] * slots + rows.start_us[used] // (slot_s * MICROSECONDS)
    good = cleaned.good[used]
    shape = (points.size, slots)
    covered_s = np.zeros(points.size * slots, np.int64)
    import_mwh, export_mwh = np.zeros_like(covered_s), np.zeros_like(covered_s)
    quality = np.zeros(covered_s.size, np.int8)
    if place.size:
        begins = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]]))
        slot = place[begins]
        covered_s[slot] = np.add.reduceat(np.where(good, rows.seconds[used], 0), begins)
        import_mwh[slot] = np.add.reduceat(np.where(good, rows.import_mwh[used], 0), begins)
        export_mwh[slot] = np.add.reduceat(np.where(good, rows.export_mwh[used], 0), begins)
        quality[slot] = np.maximum.reduceat(rows.quality[used], begins)
    needed_s = np.minimum(np.full(slots, slot_s), day_s - np.arange(slots) * slot_s)
    known = np.equal(covered_s, np.tile(needed_s, points.size)).reshape(shape)
    quality = np.where(known, quality.reshape(shape), np.int8(MISSING)).astype(np.int8)
    return import_mwh.reshape(shape), export_mwh.reshape(shape), known, quality


def _lists(points: Int64s, parts: list[tuple[Int64s, npt.NDArray[np.generic], Bools | None]],
           item: pa.DataType) -> pa.Array:
    """One list per point from blocks of points with equally long lists."""
    lengths = np.zeros(int(points[-1]) + 1 if points.size else 0, np.int64)
    for own, entries, _ in parts:
        lengths[own] = entries.shape[1]
    offsets = np.concatenate([[0], np.cumsum(lengths[points])])
    if len(parts) == 1:
        _, entries, known = parts[0]
        flat, mask = entries.ravel(), None if known is None or known.all() else ~known.ravel()
    else:
        begin = np.zeros_like(lengths)
        begin[points] = offsets[:-1]
        flat, mask = np.zeros(int(offsets[-1]), item.to_pandas_dtype()), np.zeros(int(offsets[-1]), np.bool_)
        for own, entries, known in parts:
            where = (begin[own][:, None] + np.arange(entries.shape[1])).ravel()
            flat[where] = entries.ravel()
            if known is not None:
                mask[where] = ~known.ravel()
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(flat, item, mask=mask))
