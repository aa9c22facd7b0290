"""From decisions to rows of INSTRUCTIONS: numbered per device, each with its timer, reason and clause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...dispatch.columns import arrow_milliwatts, arrow_mwh_up
from ...dispatch.model import INSTRUCTIONS, PRIMACY, Origin, Protection
from .desk import Desk
from .rows import rows_of

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
PROTECTION_NAMES = pa.array([each.value for each in Protection])


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What some devices are to do, for one reason. Arrays are of the devices concerned; NaN = not said."""

    device: Places
    origin: Origin
    end: datetime
    reverts_at: datetime
    reason: str | Sequence[str]
    clause: str
    delivered_kw: Floats | None = None
    floor_kwh: Floats | None = None
    target_kwh: Floats | None = None
    event_id: str | None = None
    protection: NDArray[np.int8] | None = None
    """What made it milder, as a position in Protection; -1 = nothing."""


def instructions(desk: Desk, decision: Decision, now: datetime) -> pa.Table:
    """The rows of one decision, in the order of its devices; the number of each device goes up by one."""
    device, held = decision.device, desk.held
    names = desk.program.enrollment_id.take(pa.array(device))
    replaced = pa.array((held.number[device] > 0) & (held.reverts_s[device] > now.timestamp()))
    return rows_of(INSTRUCTIONS, len(device), {
        "instruction_id": numbered(names, held.number[device] + 1), "enrollment_id": names,
        "event_id": decision.event_id, "program": desk.program.tariff.tariff, "origin": decision.origin.value,
        "primacy": PRIMACY[decision.origin], "issued_at": now, "start": now, "end": decision.end,
        "delivered_milliwatt": None if decision.delivered_kw is None else arrow_milliwatts(decision.delivered_kw),
        "floor_mwh": None if decision.floor_kwh is None else arrow_mwh_up(decision.floor_kwh),
        "target_mwh": None if decision.target_kwh is None else arrow_mwh_up(decision.target_kwh),
        "reverts_at": decision.reverts_at, "protection": _protections(decision), "clause": decision.clause,
        "reason": decision.reason if isinstance(decision.reason, str) else list(decision.reason),
        "supersedes": pc.if_else(replaced, numbered(names, held.number[device]), pa.scalar(None, pa.string()))})


def hand_back(desk: Desk, device: Places, now: datetime, *, reason: str, clause: str, event_id: str | None = None,
              origin: Origin = Origin.RESTORE) -> pa.Table:
    """The customer's own settings come back at once."""
    soon = now + timedelta(seconds=desk.program.tick_s)
    return instructions(desk, Decision(device=device, origin=origin, end=soon, reverts_at=soon, reason=reason,
                                       clause=clause, event_id=event_id), now)


def numbered(names: pa.Array, number: NDArray[np.int64]) -> pa.Array:
    """Names of instructions: the enrollment and the number of its instruction.

    >>> numbered(pa.array(["E1", "E2"]), np.array([3, 1])).to_pylist()
    ['E1/3', 'E2/1']
    """
    return pc.binary_join_element_wise(names.cast(pa.string()), pa.array(number).cast(pa.string()), "/")


def _protections(decision: Decision) -> pa.Array | None:
    if decision.protection is None:
        return None
    none = decision.protection < 0
    return PROTECTION_NAMES.take(pa.array(np.where(none, 0, decision.protection), mask=none))
