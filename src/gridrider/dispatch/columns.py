"""The columns that dispatch reckons with: what is known of each device, as numpy arrays in one order.

N devices; each array has shape (N,). Kernels reckon in floating kW and kWh, tables hold whole milliwatts and
milliwatt-hours; `floats` and the rounding functions here are the one door between the two. Blank is NaN inside, and -1
where a code is kept. `delivered_kw` > 0 helps the grid, < 0 draws from it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import IntEnum
from typing import Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from ..table import Kind, TableSchema
from .model import DEVICES, TELEMETRY, Connection

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]
Rowed = NDArray[np.integer]
Cell = TypeVar("Cell", bound=np.generic)

MILLI_PER_KILO = 1e6
"""Milliwatts in a kilowatt, and milliwatt-hours in a kilowatt-hour."""
NOISE = 1e-4
"""What a sum of doubles may be off, in milliwatts: nearer to a whole one than this is meant to be that whole one."""
MICROSECONDS = 1_000_000

NONE, PRE_ARM, LOCK = 0, 1, 2
"""A site's storm status: nothing, a watch, a warning."""
NOT_TOLD = -1


class Technology(IntEnum):
    """What a device is, in a column of codes."""

    BATTERY = 0
    EV = 1
    THERMOSTAT = 2
    WATER_HEATER = 3
    OTHER = 4


def floats(table: pa.Table, schema: TableSchema, name: str) -> Floats:
    """A column as doubles: kW, kWh, a plain number, or seconds of Unix time in UTC; blank is NaN.

    A column that the table does not have is blank throughout. Timestamps without a zone are UTC.
    """
    column = schema.column(name)
    if column.inside_name not in table.column_names:
        return np.full(len(table), np.nan)
    held = table.column(column.inside_name)
    if column.kind is Kind.TIMESTAMP:
        whole = held.cast(pa.timestamp("us")).cast(pa.int64())
        return _doubles(whole) / MICROSECONDS
    return _doubles(held) / (MILLI_PER_KILO if column.kind in (Kind.KW, Kind.KWH) else 1.0)


def milliwatts_toward_zero(power_kw: ArrayLike) -> NDArray[np.int64]:
    """Whole milliwatts, never more than the power that was given in either direction.

    Raises ValueError for a power that is no number.

    >>> milliwatts_toward_zero([2.3, -0.0000019]).tolist()
    [2300000, -1]
    """
    power = _finite(power_kw, "power")
    return (np.sign(power) * np.floor(np.abs(power) * MILLI_PER_KILO + NOISE)).astype(np.int64)


def mwh_up(energy_kwh: ArrayLike) -> NDArray[np.int64]:
    """Whole milliwatt-hours, never less than the energy that was given: the written floor.

    Raises ValueError for an energy that is no number.

    >>> mwh_up([2.7, 0.0000011]).tolist()
    [2700000, 2]
    """
    return np.ceil(_finite(energy_kwh, "energy") * MILLI_PER_KILO - NOISE).astype(np.int64)


def arrow_milliwatts(power_kw: Floats) -> pa.Array:
    """Whole milliwatts toward zero as a column of a table; NaN is blank."""
    blank = np.isnan(power_kw)
    return pa.array(milliwatts_toward_zero(np.where(blank, 0.0, power_kw)), mask=blank)


def arrow_mwh_up(energy_kwh: Floats) -> pa.Array:
    """Whole milliwatt-hours upward as a column of a table; NaN is blank."""
    blank = np.isnan(energy_kwh)
    return pa.array(mwh_up(np.where(blank, 0.0, energy_kwh)), mask=blank)


class Rows:
    """What records of columns share: a length, and a part of them."""

    __slots__ = ()

    def part(self, rows: NDArray[np.generic] | slice) -> Self:
        """The same columns for some devices only: a mask, positions or a slice."""
        columns = {field.name: _taken(getattr(self, field.name), rows) for field in fields(self)}  # type: ignore[arg-type]
        return type(self)(**columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceColumns(Rows):
    """What is known of each device: its size and the settings of its owner (table devices)."""

    enrollment_id: pa.Array
    technology: Codes
    discharge_max_kw: Floats
    charge_max_kw: Floats
    usable_kwh: Floats
    charge_efficiency: Floats
    discharge_efficiency: Floats
    reserve_customer_pct: Floats
    """Blank = the customer set none."""
    reserve_device_pct: Floats
    export_max_kw: Floats
    """NaN = no limit."""
    verified: Mask

    def __len__(self) -> int:
        return len(self.technology)

    @property
    def stores(self) -> Mask:
        """True where energy is stored: everything but thermostats and water heaters."""
        return ~np.isin(self.technology, (Technology.THERMOSTAT, Technology.WATER_HEATER))

    @property
    def is_ev(self) -> Mask:
        """True for vehicles."""
        return np.equal(self.technology, Technology.EV)

    @classmethod
    def of(cls, devices: pa.Table) -> Self:
        """The columns of a table of devices, in its order. Raises ValueError for a technology that there is not."""
        numbers = {name: floats(devices, DEVICES, name) for name in (
            "discharge_max_kw", "charge_max_kw", "usable_kwh", "charge_efficiency", "discharge_efficiency",
            "reserve_customer_pct", "reserve_device_pct", "export_max_kw")}
        technology = _codes(devices.column("technology"), [each.name.lower() for each in Technology])
        if (technology == NOT_TOLD).any():
            row = int(np.argmax(technology == NOT_TOLD))
            raise ValueError(f"device {devices.column('enrollment_id')[row]} has no technology that dispatch knows: "
                             f"{devices.column('technology')[row]}")
        return cls(enrollment_id=_one_array(devices.column("enrollment_id")), technology=technology,
                   verified=_flags(devices.column("verified")) == 1, **numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryColumns(Rows):
    """The latest report of each device, and what of the report before it is needed to see whether the two agree."""

    age_s: Floats
    """How old the latest report is; NaN = there is none."""
    stored_kwh: Floats
    delivered_kw: Floats
    """Mean power since the report before."""
    home_net_kw: Floats
    voltage_pu: Floats
    connection: Codes
    """A `Connection`, or -1."""
    plugged: Codes
    """1 at its charger, 0 not, -1 not told."""
    departs_at_s: Floats
    """Unix time in UTC."""
    departure_kwh: Floats
    follows: Codes
    previous_age_s: Floats
    previous_stored_kwh: Floats

    def __len__(self) -> int:
        return len(self.age_s)

    @classmethod
    def silent(cls, count: int) -> Self:
        """Of devices that never reported."""
        blank, untold = np.full(count, np.nan), np.full(count, NOT_TOLD, np.int8)
        return cls(age_s=blank, stored_kwh=blank, delivered_kw=blank, home_net_kw=blank, voltage_pu=blank,
                   connection=untold, plugged=untold, departs_at_s=blank, departure_kwh=blank, follows=untold,
                   previous_age_s=blank, previous_stored_kwh=blank)

    @classmethod
    def of(cls, reports: pa.Table, enrollment_id: pa.Array, *, at: datetime) -> Self:
        """The latest report of each enrollment not later than `at`, and the one before it, in the order of the ids.

        Reports may come in any order and twice; of two with one `reported_at` the later row holds. Those of other
        enrollments and those from the future are passed over.
        """
        found = pc.fill_null(pc.index_in(reports.column("enrollment_id"), value_set=enrollment_id), NOT_TOLD)
        device, reported_at_s = found.to_numpy(), floats(reports, TELEMETRY, "reported_at")
        known = np.flatnonzero((device != NOT_TOLD) & (reported_at_s <= at.timestamp()))
        count = len(enrollment_id)
        latest, latest_s = _latest(count, device, reported_at_s, known)
        earlier = known[reported_at_s[known] < latest_s[device[known]]]
        previous, previous_s = _latest(count, device, reported_at_s, earlier)

        def read(name: str, rows: Rowed = latest) -> Floats:
            return _placed(floats(reports, TELEMETRY, name), rows, np.nan)

        def read_flags(name: str) -> Codes:
            return _placed(_flags(reports.column(name)) if name in reports.column_names
                           else np.full(len(reports), NOT_TOLD, np.int8), latest, NOT_TOLD)

        names = [each.name.lower() for each in Connection]
        connection = (_codes(reports.column("connection"), names) if "connection" in reports.column_names
                      else np.full(len(reports), NOT_TOLD, np.int8))
        return cls(age_s=_age(at, latest_s), stored_kwh=read("stored_kwh"), delivered_kw=read("delivered_kw"),
                   home_net_kw=read("home_net_kw"), voltage_pu=read("voltage_pu"),
                   connection=_placed(connection, latest, NOT_TOLD), plugged=read_flags("plugged"),
                   departs_at_s=read("departs_at"), departure_kwh=read("departure_kwh"),
                   follows=read_flags("follows"), previous_age_s=_age(at, previous_s),
                   previous_stored_kwh=read("stored_kwh", previous))


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingColumns(Rows):
    """How each device stands to the program and to the event at the moment of asking."""

    in_force: Mask
    """The enrollment holds on the local date, and the event is of its rider, services and zone."""
    signed: Mask
    medical: Mask
    suspended: Mask
    opted_out: Mask
    """Of this event, by now."""
    storm_status: Codes
    """NONE, PRE_ARM or LOCK."""
    storm_feed_lost: Mask
    """The alert feed is stale, and the site had a watch or a warning when it was lost."""
    events_month: Floats
    """Other events of the calendar month in which the battery was asked for power, over all services."""
    events_year: Floats
    called_kwh_year: Floats
    """Energy delivered in events of the calendar year, over all services."""
    storm_opt_out: Mask
    """The customer does not want to be charged before a storm."""

    def __len__(self) -> int:
        return len(self.in_force)

    @classmethod
    def ordinary(cls, count: int) -> Self:
        """Devices in force and signed, of which there is nothing else to say."""
        no, none = np.zeros(count, np.bool_), np.zeros(count)
        return cls(in_force=~no, signed=~no, medical=no, suspended=no, opted_out=no,
                   storm_status=np.full(count, NONE, np.int8), storm_feed_lost=no, events_month=none,
                   events_year=none, called_kwh_year=none, storm_opt_out=no)


def _finite(numbers: ArrayLike, what: str) -> Floats:
    array = np.asarray(numbers, np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"an {what} that is no number cannot be written" if what == "energy"
                         else f"a {what} that is no number cannot be written")
    return array


def _one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _doubles(column: pa.ChunkedArray) -> Floats:
    doubles: Floats = pc.fill_null(column.cast(pa.float64(), safe=False), np.nan).to_numpy()
    return doubles


def _codes(column: pa.ChunkedArray, names: list[str]) -> Codes:
    """The position of each word among the names; -1 where it is blank or none of them."""
    found: Codes = pc.fill_null(pc.index_in(column, value_set=pa.array(names)), NOT_TOLD).to_numpy().astype(np.int8)
    return found


def _flags(column: pa.ChunkedArray) -> Codes:
    flags: Codes = pc.fill_null(column.cast(pa.int8()), NOT_TOLD).to_numpy()
    return flags


def _latest(count: int, device: Rowed, at_s: Floats, known: Rowed) -> tuple[Rowed, Floats]:
    """For each device the row of its latest report among the known rows (-1 = none), and when that was."""
    latest_s = np.full(count, -np.inf)
    np.maximum.at(latest_s, device[known], at_s[known])
    newest = known[at_s[known] == latest_s[device[known]]]
    rows = np.full(count, NOT_TOLD, np.int64)
    rows[device[newest]] = newest
    return rows, latest_s


def _age(at: datetime, reported_at_s: Floats) -> Floats:
    return np.where(np.isfinite(reported_at_s), at.timestamp() - reported_at_s, np.nan)


def _placed(column: NDArray[Cell], rows: Rowed, blank: float) -> NDArray[Cell]:
    """The cells of the rows, and blank where there is no row (-1)."""
    if not len(column):
        return np.full(len(rows), blank, column.dtype)
    return np.where(rows >= 0, column[rows], np.asarray(blank, column.dtype))


def _taken(column: NDArray[np.generic] | pa.Array, rows: NDArray[np.generic] | slice) -> NDArray[np.generic] | pa.Array:
    if isinstance(column, np.ndarray) or isinstance(rows, slice):
        return column[rows]
    return column.take(pa.array(np.arange(len(column))[rows]))
