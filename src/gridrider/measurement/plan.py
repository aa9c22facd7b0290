"""What the kernel must know of the events: rows, shapes, candidate days and methods as small tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from ..interval import Interval, day_seconds
from .kernel import Kernel
from .methods import Method
from .windows import (
    DAY_SECONDS,
    HOUR_SECONDS,
    SLOT_SECONDS,
    Span,
    adjustment_window,
    clock_changes,
    event_rows,
    place,
    slots_of,
)

INT_LISTS = pa.list_(pa.list_(pa.int32()))
INT_LIST = pa.list_(pa.int32())


PickRow = tuple[int, int, list[list[int]], list[int]]
"""A window's or shape's number, a step's length, the places of its rows in a day's list, and of its window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The rows of one event as one group of enrollments has them: usually the whole event."""

    window_no: int
    shape_no: int
    local_date: date
    rows: tuple[Interval, ...]
    kernel: Kernel
    method_no: int
    adjusts: bool


@dataclass(slots=True)
class MeasurementPlan:
    """Grows window by window; equal shapes, methods and candidate lists are kept once."""

    zone: ZoneInfo
    windows: list[Window] = field(default_factory=list)
    methods: dict[Method, int] = field(default_factory=dict)
    matchers: dict[tuple[date, ...], int] = field(default_factory=dict)
    _shapes: dict[tuple[object, ...], int] = field(default_factory=dict)
    _shape_rows: list[PickRow] = field(default_factory=list)
    _window_rows: list[PickRow] = field(default_factory=list)

    def method_no(self, method: Method) -> int:
        """The number under which the kernel knows a method."""
        return self.methods.setdefault(method, len(self.methods))

    def matcher_no(self, days: tuple[date, ...]) -> int:
        """The number under which the kernel knows a list of candidate days."""
        return self.matchers.setdefault(days, len(self.matchers))

    def add_window(self, spans: Sequence[Interval], event: Interval, method: Method, *, adjusts: bool) -> Window:
        """Cut the spans of an event into rows and note where they stand in a day's list of loads."""
        local_date = event.start.astimezone(self.zone).date()
        rows = event_rows(spans, self.zone, method.step_seconds)
        window = _window_span(event.start, method) if adjusts else None
        placed = [place(row, local_date, self.zone) for row in rows]
        before = [place(window, local_date, self.zone)] if window is not None else []
        crosses = any(span.elapsed_s < 0 or span.clock_s < 0 or span.clock_s + span.seconds > DAY_SECONDS
                      for span in (*placed, *before))
        kernel = _kernel_for(method, placed, before, crosses=crosses)
        made = Window(window_no=len(self.windows), shape_no=self._shape_no(placed, before, crosses=crosses),
                      local_date=local_date, rows=rows, kernel=kernel, method_no=self.method_no(method),
                      adjusts=adjusts)
        base_s = day_seconds(date.fromordinal(local_date.toordinal() - 1), self.zone) if crosses else 0
        for step in SLOT_SECONDS:
            picks = _picks([(span.elapsed_s + base_s, span.seconds) for span in placed], step)
            ahead = _picks([(span.elapsed_s + base_s, span.seconds) for span in before], step)
            if picks is not None and ahead is not None:
                self._window_rows.append((made.window_no, step, picks, _flat(ahead)))
        self.windows.append(made)
        return made

    def _shape_no(self, placed: list[Span], before: list[Span], *, crosses: bool) -> int:
        key = (crosses, tuple((span.clock_s, span.seconds) for span in placed),
               tuple((span.clock_s, span.seconds) for span in before))
        if key in self._shapes:
            return self._shapes[key]
        number = self._shapes[key] = len(self._shapes)
        base_s = DAY_SECONDS if crosses else 0
        for step in SLOT_SECONDS:
            picks = _picks([(span.clock_s + base_s, span.seconds) for span in placed], step)
            ahead = _picks([(span.clock_s + base_s, span.seconds) for span in before], step)
            if picks is not None and ahead is not None:
                self._shape_rows.append((number, step, picks, _flat(ahead)))
        return number

    def tables(self, first: date, last: date) -> dict[str, pa.Table]:
        """The small tables of the kernel, for days from first to last."""
        days = [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
        return {
            "window_row": self._window_row_table(),
            "window_pick": _pick_table("window_no", self._window_rows, self._rows_max),
            "shape": _pick_table("shape_no", self._shape_rows, self._rows_max),
            "candidate": pa.table({
                "matcher_no": pa.array([no for held, no in self.matchers.items() for _ in held], pa.int32()),
                "recency": pa.array([place for held in self.matchers for place in range(1, len(held) + 1)], pa.int32()),
                "local_date": pa.array([day for held in self.matchers for day in held], pa.date32())}),
            "method": _method_table(self.methods),
            "clock_change": _change_table(days, self.zone),
            "day_length": pa.table({"local_date": pa.array(days, pa.date32()),
                                    "seconds": pa.array([day_seconds(day, self.zone) for day in days], pa.int32())}),
        }

    @property
    def _rows_max(self) -> int:
        """Rows of the event that has the most."""
        return max([len(window.rows) for window in self.windows] + [1])

    def _window_row_table(self) -> pa.Table:
        rows = [(window.window_no, number, row.start.replace(tzinfo=None), row.seconds,
                 row.start.astimezone(self.zone).date())
                for window in self.windows for number, row in enumerate(window.rows, start=1)]
        columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
        return pa.table({"window_no": pa.array(columns[0], pa.int32()), "row_no": pa.array(columns[1], pa.int32()),
                         "start": pa.array(columns[2], pa.timestamp("us")),
                         "seconds": pa.array(columns[3], pa.int32()),
                         "local_date": pa.array(columns[4], pa.date32())})


def window_precedes_notice(start: datetime, called_at: datetime | None, method: Method) -> bool:
    """True if a same-day window exists and pre-charging after the notice cannot reach it (R145)."""
    if method.adjustment.kind not in ("ratio", "additive") or method.adjustment.window_s == 0:
        return False
    if method.adjustment.must_precede != "notice":
        return True
    return called_at is not None and _window_span(start, method).end <= called_at


def _window_span(start: datetime, method: Method) -> Interval:
    return adjustment_window(start, method.adjustment.window_s, method.adjustment.gap_s)


def _kernel_for(method: Method, placed: Sequence[Span], before: Sequence[Span], *, crosses: bool) -> Kernel:
    whole_hours = all(number % HOUR_SECONDS == 0 for span in (*placed, *before)
                      for number in (span.elapsed_s, span.clock_s, span.seconds))
    zero = method.exports == "zero_per_location"
    load = "load_storage" if method.family == "export_from_storage" else (
        "load_hours" if whole_hours and not zero else "load_slots")
    one_step = load == "load_hours" and all(span.seconds == HOUR_SECONDS for span in placed)
    return Kernel(load=load, zero_exports=zero, family=method.family, crosses_midnight=crosses, one_step_rows=one_step)


def _picks(spans: Collection[tuple[int, int]], step: int) -> list[list[int]] | None:
    """The places of each span in a list of steps; None when an edge misses the steps."""
    places = [slots_of(start_s, seconds, step) for start_s, seconds in spans]
    return [place for place in places if place is not None] if None not in places else None


def _flat(lists: list[list[int]]) -> list[int]:
    return [place for held in lists for place in held]


def _pick_table(key: str, rows: list[PickRow], rows_max: int) -> pa.Table:
    """p1, p2, ...: the places of each row in a day's list, i1, i2, ...: the first of them; w1, w2, ...: the places of
    its window; null = has no such.
    """
    numbers, steps = [row[0] for row in rows], [row[1] for row in rows]
    picks, ahead = [row[2] for row in rows], [row[3] for row in rows]
    flat = [_flat(rows_of) for rows_of in picks]
    return pa.table({
        key: pa.array(numbers, pa.int32()), "step_seconds": pa.array(steps, pa.int64()),
        "row_picks": pa.array(picks, INT_LISTS),
        "window_picks": pa.array(ahead, INT_LIST),
        "all_picks": pa.array([held + more for held, more in zip(flat, ahead, strict=True)], INT_LIST),
        **{f"w{step + 1}": pa.array([held[step] if step < len(held) else None for held in ahead], pa.int32())
           for step in range(max([len(held) for held in ahead] + [0]))},
        **{f"p{row + 1}": pa.array([held[row] if row < len(held) else None for held in picks], INT_LIST)
           for row in range(rows_max)},
        **{f"i{row + 1}": pa.array([held[row][0] if row < len(held) else None for held in picks], pa.int32())
           for row in range(rows_max)},
    })


def _method_table(methods: dict[Method, int]) -> pa.Table:
    made = list(methods)
    ahead = [method.adjustment for method in made]
    return pa.table({
        "method_no": pa.array(list(methods.values()), pa.int32()),
        "share_n": pa.array([method.share.numerator for method in made], pa.int64()),
        "share_d": pa.array([method.share.denominator for method in made], pa.int64()),
        "of_last": pa.array([method.of_last for method in made], pa.int64()),
        "highest": pa.array([method.highest for method in made], pa.int64()),
        "days_min": pa.array([method.days_min for method in made], pa.int64()),
        "weights": pa.array([list(method.weights) for method in made], pa.list_(pa.int64())),
        "adjust": pa.array([adjustment.kind for adjustment in ahead], pa.string()),
        "window_s": pa.array([adjustment.window_s for adjustment in ahead], pa.int64()),
        "low_n": pa.array([adjustment.low.numerator for adjustment in ahead], pa.int64()),
        "low_d": pa.array([adjustment.low.denominator for adjustment in ahead], pa.int64()),
        "high_n": pa.array([adjustment.high.numerator for adjustment in ahead], pa.int64()),
        "high_d": pa.array([adjustment.high.denominator for adjustment in ahead], pa.int64()),
        "low_milliwatt": pa.array([adjustment.low_milliwatt for adjustment in ahead], pa.int64()),
        "high_milliwatt": pa.array([adjustment.high_milliwatt for adjustment in ahead], pa.int64()),
        "smallest_mean_milliwatt": pa.array([adjustment.smallest_mean_milliwatt for adjustment in ahead], pa.int64()),
        "unguarded": pa.array([adjustment.unguarded for adjustment in ahead], pa.bool_()),
    })


def _change_table(days: Iterable[date], zone: ZoneInfo) -> pa.Table:
    changes = clock_changes(days, zone)
    return pa.table({"local_date": pa.array([change.local_date for change in changes], pa.date32()),
                     "elapsed_s": pa.array([change.elapsed_s for change in changes], pa.int64()),
                     "shift_s": pa.array([change.shift_s for change in changes], pa.int64())})
