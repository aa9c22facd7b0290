"""What devices say: reports taken in, answers noted, and each instruction held against what telemetry shows of it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...dispatch.columns import TelemetryColumns, floats
from ...dispatch.model import ANSWERS, TELEMETRY, Answer, Origin
from ..ports import Devices
from .desk import Desk
from .held import CUSTOMERS, NOBODY, ORIGINS
from .instruct import numbered
from .rows import rows_of

Mask = NDArray[np.bool_]
OBEYED_SHARE, OBEYED_KW = 0.10, 0.1
"""A device obeys if it gives what was asked within a tenth and 0.1 kW."""
TICKS_TO_ANSWER = 2


def hear(desk: Desk, devices: Devices, now: datetime) -> dict[str, pa.Table]:
    """What came in since it was asked for last: rows of ANSWERS and TELEMETRY of devices that the program knows.

    A report from the future is passed over for good: kept, it would look fresh when its time comes, and be old.
    """
    answers, reports = devices.answers(), devices.telemetry()
    known = (desk.device_of(reports) != NOBODY) & (floats(reports, TELEMETRY, "reported_at") <= now.timestamp())
    return {ANSWERS.name: answers.filter(pa.array(desk.device_of(answers) != NOBODY)),
            TELEMETRY.name: reports.filter(pa.array(known))}


def check(desk: Desk, telemetry: TelemetryColumns, now: datetime) -> pa.Table:
    """Rows of ANSWERS on what telemetry shows: seen, not obeyed, or unknown where nobody answered in time.

    An instruction is looked at once it has held for two ticks, and once only; what was asked of a device that never
    answered does not count as delivered.
    """
    held, now_s, wait_s = desk.held, now.timestamp(), TICKS_TO_ANSWER * desk.program.tick_s
    old = (held.origin != NOBODY) & (now_s - held.issued_s >= wait_s)
    unknown = old & ~held.answered
    after = now_s - telemetry.age_s - held.issued_s >= desk.program.tick_s
    due = old & held.answered & ~held.checked & after
    event = due & (held.origin == ORIGINS.index(Origin.EVENT)) & (held.reverts_s > now_s - telemetry.age_s)
    with np.errstate(invalid="ignore"):
        gives = telemetry.delivered_kw >= held.delivered_kw * (1 - OBEYED_SHARE) - OBEYED_KW
        emptied = telemetry.stored_kwh <= held.floor_kwh + OBEYED_KW
    back = due & np.isin(held.origin, CUSTOMERS)
    seen = (event & (gives | emptied)) | (back & (telemetry.follows == 0))
    not_obeyed = (event & ~gives & ~emptied) | (back & (telemetry.follows == 1))
    return pa.concat_tables([_answers(desk, unknown, Answer.UNKNOWN, now), _answers(desk, seen, Answer.SEEN, now),
                             _answers(desk, not_obeyed, Answer.NOT_OBEYED, now)])


def _answers(desk: Desk, which: Mask, answer: Answer, now: datetime) -> pa.Table:
    places = np.flatnonzero(which)
    names = desk.program.enrollment_id.take(pa.array(places))
    return rows_of(ANSWERS, len(places), {"instruction_id": numbered(names, desk.held.number[places]),
                                          "enrollment_id": names, "at": now, "answer": answer.value})
