"""The program that is at work: its tariff, who takes part with what, and the rules that hold for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...dispatch.columns import DeviceColumns
from ...dispatch.protections.rules import ProtectionRules, protection_rules
from ...event.service_events import GridEvent
from ...tariff.model import Rider, Service, Tariff

Mask = NDArray[np.bool_]
FAR = np.datetime64("9999-12-31")


@dataclass(frozen=True, kw_only=True)
class Program:
    """Enrollments and devices in one order, and how often the program looks. Read once, never changed."""

    tariff: Tariff
    enrollments: pa.Table
    """Rows of ENROLLMENTS, inside names, sorted by enrollment_id; further columns are attributes."""
    device_table: pa.Table
    """Rows of DEVICES in the same order."""
    feeders: pa.Table
    """Rows of FEEDERS."""
    tick_s: int
    lease_s: int

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of all local dates and hours."""
        return ZoneInfo(self.tariff.timezone)

    @cached_property
    def devices(self) -> DeviceColumns:
        """The devices as dispatch reckons with them."""
        return DeviceColumns.of(self.device_table)

    @cached_property
    def enrollment_id(self) -> pa.Array:
        """The enrollments' names in order."""
        return _array(self.enrollments, "enrollment_id")

    @cached_property
    def riders(self) -> tuple[str, ...]:
        """The rider of each enrollment."""
        return tuple(_array(self.enrollments, "rider").to_pylist())

    @cached_property
    def battery(self) -> NDArray[np.int64]:
        """Which battery each enrollment uses, as a number: enrollments with one metering point share one."""
        points = _array(self.enrollments, "point_id").dictionary_encode()
        return np.array(points.indices.to_numpy(), dtype=np.int64)

    @cached_property
    def medical(self) -> Mask:
        """Customers on life support or with a medical baseline."""
        return self._flag("medical_baseline") | self._flag("life_support")

    @cached_property
    def storm_opt_out(self) -> Mask:
        """Customers that do not want their battery charged before a storm."""
        return self._flag("storm_opt_out")

    def __len__(self) -> int:
        return len(self.enrollments)

    def day(self, instant: datetime) -> date:
        """The local day of an instant."""
        return instant.astimezone(self.zone).date()

    def in_force(self, day: date) -> Mask:
        """Whose enrollment holds on a local day."""
        on = np.datetime64(day)
        return (self._days("starts_on", FAR) <= on) & (on <= self._days("ends_on", FAR))

    def signed(self, day: date) -> Mask:
        """Whose agreement is signed by a local day."""
        return self._days("agreement_signed_on", FAR) <= np.datetime64(day)

    def takes(self, rider: str, event: GridEvent, service: str) -> Mask:
        """Who is of the rider, of the event's zones, and takes the service, whether or not in force."""
        chosen = self.of_rider(rider)
        if event.zones:
            chosen = chosen & _mask(pc.is_in(_array(self.enrollments, "zone"), value_set=pa.array(event.zones)))
        services = _array(self.enrollments, "services") if "services" in self.enrollments.column_names else None
        if services is not None and services.null_count < len(services):
            chosen = chosen & np.array([held is None or service in held for held in services.to_pylist()])
        return chosen

    def of_rider(self, rider: str) -> Mask:
        """Who is of a rider. Not to be written to."""
        if rider not in self._of_rider:
            self._of_rider[rider] = np.array([held == rider for held in self.riders], dtype=np.bool_)
        return self._of_rider[rider]

    def rules(self, rider: str, service: str, day: date) -> ProtectionRules:
        """What protects the devices of a rider in a service on a day."""
        key = (rider, service, day)
        if key not in self._rules:
            held, served = self.rider(rider), self.service(rider, service)
            self._rules[key] = protection_rules(held, served, day=day, known_by=day)
        return self._rules[key]

    def rider(self, name: str) -> Rider:
        """A rider of the tariff."""
        return self.tariff.riders[name]

    def service(self, rider: str, name: str) -> Service:
        """A service of a rider."""
        return self.tariff.riders[rider].services[name]

    @cached_property
    def _of_rider(self) -> dict[str, Mask]:
        return {}

    @cached_property
    def _rules(self) -> dict[tuple[str, str, date], ProtectionRules]:
        return {}

    @cached_property
    def _day_columns(self) -> Mapping[str, NDArray[np.datetime64]]:
        return {name: np.array(_array(self.enrollments, name).cast(pa.date32()).to_numpy(zero_copy_only=False),
                               dtype="datetime64[D]")
                for name in ("starts_on", "ends_on", "agreement_signed_on")}

    def _days(self, name: str, blank: np.datetime64) -> NDArray[np.datetime64]:
        held = self._day_columns[name]
        return np.where(np.isnat(held), blank, held)

    def _flag(self, name: str) -> Mask:
        if name not in self.enrollments.column_names:
            return np.zeros(len(self), dtype=np.bool_)
        return _mask(pc.equal(_array(self.enrollments, name).cast(pa.string()), "true"))


def _array(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _mask(held: pa.Array) -> Mask:
    return np.array(pc.fill_null(held, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
