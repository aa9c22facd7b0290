"""What protections leave in the record: who was asked less, who was not asked at all, and how much that was.

The tables have the names and units that they have inside: milliwatts, instants in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from ..columns import Floats, Mask, Rowed, arrow_milliwatts
from ..model import Protection
from .bounds import CODE, PROTECTION_CODES
from .last_word import Milder
from .reasons import Facts, clauses, names, reasons


def protection_rows(facts: Facts, asked_kw: Floats, milder: Milder, *, at: datetime, event_id: str) -> pa.Table:
    """Rows of the table protections: one for each device whose instruction a protection made milder."""
    rows = np.flatnonzero(milder.changed)
    codes = milder.protection[rows]
    return pa.table({
        "enrollment_id": _ids(facts, rows), "at": _instants(at, len(rows)), "protection": names(codes),
        "asked_milliwatt": arrow_milliwatts(asked_kw[rows]), "given_milliwatt": arrow_milliwatts(milder.given_kw[rows]),
        "clause": clauses(facts.rules, codes), "event_id": pa.repeat(event_id, len(rows)),
        "reason": reasons(facts, rows)})


def why_skipped(facts: Facts, *, event_id: str, called: Mask | None = None) -> pa.Table:
    """Rows of the table skipped: each called device that cannot be asked anything, with the first reason.

    `called` are the devices to look at; None is all of them. Who was asked earlier in the event is not skipped, and
    the caller leaves it out.
    """
    cannot = facts.bounds.delivered_kw_high <= 0
    rows = np.flatnonzero(cannot if called is None else cannot & called)
    codes = facts.bounds.protection[rows]
    return pa.table({
        "event_id": pa.repeat(event_id, len(rows)), "enrollment_id": _ids(facts, rows), "reason": names(codes),
        "clause": clauses(facts.rules, codes), "because": reasons(facts, rows)})


def withheld(facts: Facts, *, event_id: str, start: datetime, called: Mask | None = None) -> pa.Table:
    """Rows of the table withheld: for each protection that binds, how many devices and how much of their power."""
    chosen = np.ones(len(facts.devices), np.bool_) if called is None else called
    chosen = chosen & (facts.bounds.protection != CODE[Protection.POWER_LIMIT])
    codes = facts.bounds.protection[chosen]
    missing_kw = np.nan_to_num(facts.devices.discharge_max_kw[chosen] - facts.bounds.delivered_kw_high[chosen])
    devices = np.bincount(codes, minlength=len(PROTECTION_CODES))
    kept_kw: Floats = np.bincount(codes, weights=missing_kw, minlength=len(PROTECTION_CODES)).astype(np.float64)
    binding = np.flatnonzero(devices)
    return pa.table({
        "event_id": pa.repeat(event_id, len(binding)), "start": _instants(start, len(binding)),
        "protection": names(binding), "devices": pa.array(devices[binding], pa.int64()),
        "withheld_milliwatt": arrow_milliwatts(kept_kw[binding])})


def _ids(facts: Facts, rows: Rowed) -> pa.Array:
    return facts.devices.enrollment_id.take(pa.array(rows))


def _instants(at: datetime, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(at.astimezone(UTC).replace(tzinfo=None), pa.timestamp("us")), count)
