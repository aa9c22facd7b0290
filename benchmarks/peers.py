"""The same settlement written by hand for one tariff: dense numpy from the mart, and pandas from raw readings.

Both do what benchmarks/world/tariff.yaml says for the ten events of EVENTS and return the cents of every
enrollment and event, with whole numbers only, so that they must agree with gridrider to the cent.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .generate import ZONE

EVENTS = tuple((date(2026, 2, 24) + timedelta(days=after), hour) for after, hour in zip(
    (0, 2, 7, 9, 14, 17, 21, 24, 29, 35), (17, 17, 18, 16, 17, 17, 18, 17, 16, 17), strict=True))
"""Local date and first hour of each three-hour event."""
HOLIDAYS = frozenset({date(2026, 2, 16)})
HOURS = 24


def divide_half_away(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Whole quotients, ties away from zero; denominators above zero."""
    return np.sign(numerator) * ((2 * np.abs(numerator) + denominator) // (2 * denominator))


def candidates(days: list[date], event_day: date) -> list[int]:
    """Places of the similar days before an event, latest first."""
    event_days = {day for day, _ in EVENTS}
    return [place for place in range(len(days) - 1, -1, -1)
            if days[place] < event_day and (event_day - days[place]).days <= 45
            and (days[place].weekday() < 5) == (event_day.weekday() < 5)
            and days[place] not in event_days and days[place] not in HOLIDAYS]


def settle_dense(net_mwh: np.ndarray, known: np.ndarray, days: list[date]) -> list[np.ndarray]:
    """Cents of every point for every event from dense arrays [day, point, hour]; -1 where nothing can be said."""
    cents = []
    for event_day, hour in EVENTS:
        hours = [hour - 4, hour - 3, hour - 2, hour, hour + 1, hour + 2]
        places, place = candidates(days, event_day), days.index(event_day)
        complete = known[places][:, :, hours].all(axis=2)
        picked = complete & (np.cumsum(complete, axis=0) <= 10)
        sums = np.einsum("dp,dph->ph", picked.astype(np.int64), net_mwh[places][:, :, hours])
        count = picked.sum(axis=0)
        actual = net_mwh[place][:, hours]
        window, base = actual[:, :3].sum(axis=1), sums[:, :3].sum(axis=1)
        low, high = window * count * 10 < 6 * base, window * count * 10 > 14 * base
        over = np.where(base <= 0, 1, np.where(low, 6, np.where(high, 14, window * count)))
        under = np.where(base <= 0, 1, np.where(low | high, 10, base))
        baseline = divide_half_away(sums[:, 3:] * over[:, None], (np.maximum(count, 1) * under)[:, None])
        delivered = np.maximum(baseline - actual[:, 3:], 0).sum(axis=1)
        settled = known[place][:, hours].all(axis=1) & (count >= 1)
        cents.append(np.where(settled, divide_half_away(delivered * 200_000, np.int64(10_000_000_000)), -1))
    return cents


def numpy_from_mart(folder: Path, points: int) -> tuple[int, int]:
    """Lines and cents from the mart's files, read into dense arrays."""
    event_days = {day for day, _ in EVENTS}
    files = sorted(folder.glob("*.parquet"))
    days = [date.fromisoformat(file.stem) for file in files]
    wanted = set(event_days) | {days[place] for day, _ in EVENTS for place in candidates(days, day)}
    kept = [(file, day) for file, day in zip(files, days, strict=True) if day in wanted]
    net_mwh = np.zeros((len(kept), points, HOURS), np.int64)
    known = np.zeros((len(kept), points, HOURS), bool)
    for place, (file, _) in enumerate(kept):
        table = pq.read_table(file, columns=["point_id", "net_hour_mwh"]).combine_chunks()
        ids = table.column("point_id").combine_chunks().cast(pa.string())
        numbers = np.frombuffer(ids.buffers()[2], np.uint8)[: 8 * len(ids)].reshape(-1, 8)[:, 1:] - ord("0")
        rows = numbers.astype(np.int64) @ (10 ** np.arange(6, -1, -1)) - 1
        flat = table.column("net_hour_mwh").combine_chunks().flatten()
        hours = len(flat) // len(ids)
        if hours != HOURS:
            continue  # a day of 23 or 25 hours is a Sunday, and no event here reads one
        net_mwh[place, rows] = np.asarray(flat.fill_null(0)).reshape(-1, hours)
        known[place, rows] = np.asarray(flat.is_valid()).reshape(-1, hours)
    cents = np.concatenate(settle_dense(net_mwh, known, [day for _, day in kept]))
    return int((cents >= 0).sum()), int(cents[cents >= 0].sum())


def pandas_from_readings(folder: Path, points: int) -> tuple[int, int]:
    """Lines and cents from the raw readings: pandas, one file (local day) at a time."""
    days, hourly = [], []
    for file in sorted(folder.glob("*.parquet")):
        day = date.fromisoformat(file.stem)
        table = pq.read_table(file, columns=["point_id", "start", "import_kwh", "export_kwh"])
        for name in ("import_kwh", "export_kwh"):  # as pandas decimals these would be Python objects
            table = table.set_column(table.schema.get_field_index(name), name, table.column(name).cast(pa.float64()))
        frame = table.to_pandas()
        midnight = datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC)
        frame["hour"] = ((frame["start"] - midnight) // timedelta(hours=1)).astype(int)
        frame["net_mwh"] = ((frame["import_kwh"] - frame["export_kwh"]) * 1e6).round().astype("int64")
        grouped = frame.groupby(["point_id", "hour"], sort=True)["net_mwh"].agg(["sum", "size"])
        days.append(day)
        hourly.append(grouped)
    net_mwh = np.zeros((len(days), points, HOURS), np.int64)
    known = np.zeros((len(days), points, HOURS), bool)
    for place, grouped in enumerate(hourly):
        rows = grouped.index.get_level_values(0).str[1:].astype(int).to_numpy() - 1
        hours = grouped.index.get_level_values(1).to_numpy()
        if hours.max() == HOURS - 1:
            net_mwh[place, rows, hours] = grouped["sum"].to_numpy()
            known[place, rows, hours] = grouped["size"].to_numpy() == 4
    cents = np.concatenate(settle_dense(net_mwh, known, days))
    return int((cents >= 0).sum()), int(cents[cents >= 0].sum())
