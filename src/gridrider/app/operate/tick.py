"""One look of the program at everything: hear, watch, plan, keep, and only then send."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from ...dispatch.columns import LOCK
from ...dispatch.model import ANSWERS, INSTRUCTIONS, Origin
from ..ports import Devices
from .ask import look_at
from .desk import Called, Desk
from .hear import check, hear
from .held import ORIGINS
from .instruct import hand_back
from .own_good import departure_charges
from .rows import rows_of
from .storm_charging import storm_charges
from .storms import StormDesk, WeatherFeed, watch_storms
from .words import CALLED, SITE_STORMS

Tables = dict[str, list[pa.Table]]


def tick(desk: Desk, devices: Devices, now: datetime, *, storms: StormDesk | None = None,
         feed: WeatherFeed | None = None) -> pa.Table:
    """Look once, and give the instructions that were sent.

    What was heard is kept before anything follows from it, and what is decided before it is sent: a process that dies
    in between sends it again when it comes back, and a device that gets an instruction twice does it once.
    """
    key = f"{now.isoformat()} after {desk.version}"  # a clock may show the same time twice
    desk.keep(hear(desk, devices, now), key=f"hear {key}")
    if storms is not None and feed is not None:
        desk.keep({SITE_STORMS.name: watch_storms(desk, storms, feed, now)}, key=f"storms {key}")
    telemetry = desk.telemetry(now)
    made: Tables = defaultdict(list)
    made[ANSWERS.name].append(check(desk, telemetry, now))
    taken = np.zeros(len(desk.program), np.bool_)
    if desk.stopped_at is None:
        for schema, rows in storm_charges(desk, telemetry, now):
            if schema is INSTRUCTIONS:
                _take(desk, made, taken, rows)
            else:
                made[schema.name].append(rows)
        for rows in departure_charges(desk, telemetry, now, taken):
            _take(desk, made, taken, rows)
    for called in desk.running(now):
        if now < called.over_at:
            look = look_at(desk, called, telemetry, now, taken)
            for rows in look.instructions:
                _take(desk, made, taken, rows)
            for name, rows in look.tables.items():
                made[name].append(rows)
        else:
            _close(desk, called, made, taken, now)
    _end_of_storm(desk, made, taken, now)
    together = {name: pa.concat_tables(tables) for name, tables in made.items() if tables}
    desk.keep(together, key=f"decide {key}")
    sent = together.get(INSTRUCTIONS.name)
    if sent is None or not len(sent):
        return pa.table({})
    desk.keep({ANSWERS.name: devices.send(sent)}, key=f"send {key}")
    return sent


def _take(desk: Desk, made: Tables, taken: np.ndarray[tuple[int], np.dtype[np.bool_]], rows: pa.Table) -> None:
    """Note instructions; a device gets one at a time."""
    if len(rows):
        made[INSTRUCTIONS.name].append(rows)
        taken[desk.device_of(rows)] = True


def _close(desk: Desk, called: Called, made: Tables, taken: np.ndarray[tuple[int], np.dtype[np.bool_]],
           now: datetime) -> None:
    """The event is over or off: each device that was asked or prepared gets its customer's settings back."""
    held = desk.held
    asked = called.asked & (held.origin == ORIGINS.index(Origin.EVENT))
    prepared = held.of(Origin.PRE_CHARGE, now.timestamp())
    back = np.flatnonzero((held.event_no == called.number) & (asked | prepared) & ~taken)
    off = called.event.cancelled_at is not None
    _take(desk, made, taken, hand_back(desk, back, now, reason=f"the event is {'off' if off else 'over'}",
                                       clause=called.service, event_id=called.event.event_id))
    made[CALLED.name].append(rows_of(CALLED, 1, {"event_id": called.event.event_id, "act": "close", "at": now}))


def _end_of_storm(desk: Desk, made: Tables, taken: np.ndarray[tuple[int], np.dtype[np.bool_]], now: datetime) -> None:
    """The storm is over or the customer is in control: what was said for it is taken back."""
    charging = desk.held.of(Origin.STORM_CHARGE, now.timestamp())
    over = np.flatnonzero(charging & (desk.storm_status == 0) & ~taken)
    _take(desk, made, taken, hand_back(desk, over, now, reason="no storm is announced any more", clause="storm watch"))


def resend(desk: Desk, devices: Devices, now: datetime) -> int:
    """Send again what was decided and never answered, after a process came back; gives how many.

    An event's instruction only as long as nothing that was heard since forbids it.
    """
    rows = desk.store.read(INSTRUCTIONS.name)
    if rows is None:
        return 0
    held, waiting = desk.held, []
    since = now - timedelta(seconds=desk.program.lease_s)
    for row in range(len(rows) - 1, -1, -1):
        if rows.column("issued_at")[row].as_py() < since:
            break
        waiting.append(row)
    part = rows.take(pa.array(waiting[::-1], pa.int64()))
    device = desk.device_of(part)
    newest = np.array([int(text.rsplit("/", 1)[1]) for text in part.column("instruction_id").to_pylist()], np.int64)
    open_rows = (newest == held.number[device]) & ~held.answered[device] & (held.reverts_s[device] > now.timestamp())
    open_rows &= ~_forbidden(desk, now)[device]
    again = part.filter(pa.array(open_rows))
    if len(again):
        desk.keep({ANSWERS.name: devices.send(again)}, key=f"resend {now.isoformat()}")
    return len(again)


def _forbidden(desk: Desk, now: datetime) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Who holds an event's instruction that would not be given any more, whatever its telemetry says."""
    held = desk.held
    left = desk.suspended | desk.storm_feed_lost | (desk.storm_status == LOCK) | (desk.stopped_at is not None)
    for called in desk.called:
        left = left | (held.event_no == called.number) & (called.opted_out | called.closed | (called.over_at <= now))
    return np.asarray(left & (held.origin == ORIGINS.index(Origin.EVENT)))
