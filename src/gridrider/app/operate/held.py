"""Which instruction each device holds at present, as columns in the order of the program's devices."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...dispatch.columns import floats
from ...dispatch.model import INSTRUCTIONS, Origin

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
ORIGINS = tuple(Origin)
NOBODY = -1
CUSTOMERS = np.array([ORIGINS.index(Origin.RESTORE), ORIGINS.index(Origin.EMERGENCY_STOP)], np.int8)
"""Origins that hand a device back to its customer."""


@dataclass(slots=True, kw_only=True)
class Held:
    """The newest instruction of each device; a device without one has `origin` NOBODY. NaN = not said."""

    count: int
    origin: NDArray[np.int8] = field(init=False)
    event_no: NDArray[np.int32] = field(init=False)
    """Place of the event in the desk's list; NOBODY = none."""
    number: NDArray[np.int64] = field(init=False)
    """The device's instructions so far."""
    delivered_kw: Floats = field(init=False)
    floor_kwh: Floats = field(init=False)
    target_kwh: Floats = field(init=False)
    issued_s: Floats = field(init=False)
    reverts_s: Floats = field(init=False)
    answered: Mask = field(init=False)
    """Acknowledged, or given up as unknown."""
    checked: Mask = field(init=False)
    """Telemetry was held against it."""

    def __post_init__(self) -> None:
        self.origin = np.full(self.count, NOBODY, np.int8)
        self.event_no = np.full(self.count, NOBODY, np.int32)
        self.number = np.zeros(self.count, np.int64)
        for column in ("delivered_kw", "floor_kwh", "target_kwh", "issued_s", "reverts_s"):
            setattr(self, column, np.full(self.count, np.nan))
        self.answered, self.checked = np.ones(self.count, np.bool_), np.ones(self.count, np.bool_)

    def absorb(self, rows: pa.Table, device: NDArray[np.int64], event_no: NDArray[np.int32]) -> None:
        """Take in rows of INSTRUCTIONS in the order in which they were issued; at most one per device."""
        names = {each.value: place for place, each in enumerate(ORIGINS)}
        self.origin[device] = [names[origin] for origin in rows.column("origin").to_pylist()]
        self.event_no[device] = event_no
        self.number[device] += 1
        for column, name in (("delivered_kw", "delivered_kw"), ("floor_kwh", "floor_kwh"),
                             ("target_kwh", "target_kwh"), ("issued_s", "issued_at"), ("reverts_s", "reverts_at")):
            getattr(self, column)[device] = floats(rows, INSTRUCTIONS, name)
        self.answered[device] = self.checked[device] = False

    def of(self, origin: Origin, now_s: float) -> Mask:
        """Who holds an instruction of an origin that has not reverted."""
        return np.asarray((self.origin == ORIGINS.index(origin)) & (self.reverts_s > now_s))

    def event(self, event_no: int, now_s: float) -> Mask:
        """Who holds an instruction of an event that has not reverted."""
        return np.asarray(self.of(Origin.EVENT, now_s) & (self.event_no == event_no))

    def bound(self, now_s: float) -> Mask:
        """Who holds an instruction that is not the customer's own settings."""
        return np.asarray((self.origin != NOBODY) & ~np.isin(self.origin, CUSTOMERS) & (self.reverts_s > now_s))
