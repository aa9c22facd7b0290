"""The emergency stop: one act hands every device back to its customer, and the proof of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ...dispatch.model import ANSWERS, INSTRUCTIONS, Origin
from ..ports import Devices
from .desk import Desk
from .instruct import hand_back
from .rows import rows_of
from .words import STOPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What an emergency stop has come to, by enrollment."""

    told: tuple[str, ...]
    """Who held an instruction and was told to let go."""
    shown: tuple[str, ...]
    """Whose telemetry shows that it follows its customer's settings."""
    open: tuple[str, ...]
    """Who has not shown it yet; its timer hands it back in any case, at the latest at `by`."""
    by: datetime | None


def emergency_stop(desk: Desk, devices: Devices, *, by: str, because: str, now: datetime) -> None:
    """Release every device at once and ask nothing of any until the program is resumed. Stopping twice is once."""
    if desk.stopped_at is not None:
        return
    bound, key = np.flatnonzero(desk.held.bound(now.timestamp())), f"{now.isoformat()} after {desk.version}"
    rows = hand_back(desk, bound, now, reason=f"emergency stop: {because}", clause="house rule: emergency stop",
                     origin=Origin.EMERGENCY_STOP)
    desk.keep({STOPS.name: rows_of(STOPS, 1, {"act": "stop", "at": now, "by": by, "because": because}),
               INSTRUCTIONS.name: rows}, key=f"stop {key}")
    desk.keep({ANSWERS.name: devices.send(rows)}, key=f"stop answers {key}")


def resume(desk: Desk, *, by: str, because: str, now: datetime) -> None:
    """Let events ask again."""
    if desk.stopped_at is not None:
        desk.keep({STOPS.name: rows_of(STOPS, 1, {"act": "resume", "at": now, "by": by, "because": because})},
                  key=f"resume {now.isoformat()} after {desk.version}")


def proof_of_release(desk: Desk, now: datetime) -> Released:
    """Who has let go, who has not shown it yet, and when the last timer runs out."""
    held, telemetry = desk.held, desk.telemetry(now)
    told = held.origin == list(Origin).index(Origin.EMERGENCY_STOP)
    shown = told & (telemetry.follows == 0) & (now.timestamp() - telemetry.age_s >= held.issued_s)
    still = told & ~shown
    names = np.array(desk.program.enrollment_id.to_pylist(), dtype=object)
    latest = float(np.nanmax(held.issued_s[still])) + desk.program.lease_s if still.any() else None
    return Released(told=tuple(names[told]), shown=tuple(names[shown]), open=tuple(names[still]),
                    by=None if latest is None else datetime.fromtimestamp(latest, now.tzinfo))
