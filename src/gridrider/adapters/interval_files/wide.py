"""Wide files: one row per point and day, one column per interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .cells import Cells, Interval, Meaning
from .days import day_grid, wall_date
from .layout import LEAVE_OUT, Layout, WideColumns
from .source import Header, numbered_rows, read_header, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where in a row things stand."""

    point: int | None
    day: int
    channel: int | None
    unit: int | None
    quality: int | None
    slots: tuple[int | None, ...]
    repeated: tuple[int | None, ...]
    slot_qualities: tuple[int | None, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """For one day: which cell is which interval, which cells must be blank, and which are the extra hour."""

    due: tuple[tuple[int, int], ...]
    """Position in the row and start in epoch seconds, in the order of time."""
    qualities: tuple[int | None, ...]
    blank: tuple[int, ...]
    extra: tuple[int, ...]
    lacking: int = 0
    """Intervals of the day that have no column."""


def read_wide(path: Path, layout: Layout, wide: WideColumns, cells: Cells) -> None:
    """Read a wide file; a row's day decides how many values are due: 23, 24 or 25 hours of them."""
    rows = numbered_rows(path, layout.text, cells.found)
    header = read_header(rows, cells.found)
    places = None if header is None else _places(header, layout, wide, cells)
    if places is None:
        return
    plans: dict[str, tuple[date, DayPlan] | None] = {}
    width = 1 + max(place for place in (*places.slots, *places.repeated, *places.slot_qualities, places.point,
                                        places.day, places.channel, places.unit, places.quality) if place is not None)
    for line, row in rows:
        if len(row) < width:
            cells.found.error(line, "", "", f"has {len(row)} cells where {width} are due",
                              "Check the delimiter and for a cut-off line.")
            continue
        written = row[places.day].strip()
        if written not in plans:
            plans[written] = _plan(written, layout, places)
        plan = plans[written]
        if plan is None:
            cells.found.error(line, layout.clock.date_column, written,
                              f"is not a date written {layout.clock.date_format}", "Correct the date or `date_format`.")
        else:
            _read_row(line, row, places, plan[0], plan[1], cells)


def _places(header: Header, layout: Layout, wide: WideColumns, cells: Cells) -> Places | None:
    found = cells.found
    before = len(found.problems)
    clock = layout.clock
    needed = [name for name in (layout.point.column, clock.date_column, layout.channel.column, layout.unit.column,
                                layout.quality.column, *wide.quality_names) if name]
    require(header, needed, found)
    slots = tuple(next((found_at for name in names if (found_at := header.place(name)) is not None), None)
                  for names in wide.names)
    # A day of 23 hours is the shortest: later columns may be absent when they are counted by elapsed time.
    due = 86_400 // clock.seconds - (3600 // clock.seconds if clock.counting == "elapsed" else 0)
    absent = [names[0] for names, found_at in zip(wide.names[:due], slots, strict=False) if found_at is None]
    if absent:
        found.error(header.row, absent[0], "", f"and {len(absent) - 1} more value columns are not in this file"
                    if len(absent) > 1 else "is a value column that is not in this file, or stands twice",
                    "Mend `columns: names` in the mapping.")
    if len(found.problems) > before:
        return None
    place = header.place
    return Places(
        point=place(layout.point.column), day=place(clock.date_column) or 0, channel=place(layout.channel.column),
        unit=place(layout.unit.column), quality=place(layout.quality.column), slots=slots,
        repeated=tuple(place(name) for name in wide.repeated),
        slot_qualities=tuple(place(name) for name in wide.quality_names),
        names=tuple(names[0] for names in wide.names))


def _plan(written: str, layout: Layout, places: Places) -> tuple[date, DayPlan] | None:
    clock = layout.clock
    day = wall_date(written, clock.date_format)
    if day is None or clock.zone is None:
        return None
    grid = day_grid(day, clock.zone, clock.seconds)
    if clock.counting == "elapsed":
        starts: list[int | None] = list(grid.elapsed)
        slots = list(places.slots)
        standard = 86_400 // clock.seconds
        extra_from = standard if len(starts) > standard else len(starts)
    else:
        second = [grid.second[wall_s] for wall_s in sorted(grid.second)]
        starts = [grid.first.get(number * clock.seconds) for number in range(len(places.slots))] + list(second)
        slots = [*places.slots, *places.repeated]
        extra_from = len(places.slots)
    qualities = [*places.slot_qualities, *[None] * (len(starts) + len(slots))]
    slots += [None] * (len(starts) - len(slots))
    due = [(place, start, quality, number) for number, (place, start, quality)
           in enumerate(zip(slots, starts, qualities, strict=False)) if place is not None and start is not None]
    lacking = sum(1 for place, start in zip(slots, starts, strict=False) if place is None and start is not None)
    used = {place for place, _, _, _ in due}
    return day, DayPlan(
        due=tuple((place, start) for place, start, _, _ in sorted(due, key=lambda each: each[1])),
        qualities=tuple(quality for _, _, quality, _ in sorted(due, key=lambda each: each[1])),
        blank=tuple(place for place in slots if place is not None and place not in used),
        extra=tuple(place for place, _, _, number in due if number >= extra_from), lacking=lacking)


def _read_row(line: int, row: list[str], places: Places, day: date, plan: DayPlan, cells: Cells) -> None:
    layout, found = cells.layout, cells.found
    channel = cells.word(layout.channel, places.channel, row, line)
    unit = cells.word(layout.unit, places.unit, row, line)
    quality = cells.word(layout.quality, places.quality, row, line, blank="actual")
    point_id = layout.point.fixed if places.point is None else row[places.point].strip()
    if not point_id:
        found.error(line, layout.point.column, "", "is blank", "Every row needs its metering point.")
        return
    if channel is None or unit is None or quality is None:
        return
    if LEAVE_OUT in (channel, unit):
        found.count("a row is left out, as the mapping says", line)
        return
    if not _fits(line, row, day, plan, cells):
        return
    seconds = layout.clock.seconds
    meaning = Meaning(column="", channel=channel, scale=cells.scale(unit, seconds))
    for (place, start_s), quality_place in zip(plan.due, plan.qualities, strict=True):
        word: str | None = quality
        if quality_place is not None:
            word = cells.word(layout.quality, quality_place, row, line, blank="actual")
        if word is not None:
            cells.read(row[place], Interval(point_id, start_s, seconds, line), meaning, word)


def _fits(line: int, row: list[str], day: date, plan: DayPlan, cells: Cells) -> bool:
    """True when the row has as many values as its day has intervals; else the Problem says what is amiss.

    An empty repeated hour beside a filled first one is refused, because some utilities add both into one cell. A file
    that means it says so with a word of `missing`.
    """
    missing = cells.layout.text.missing
    name = cells.layout.clock.date_column
    others = [row[place].strip() for place, _ in plan.due if place not in plan.extra]
    filled = any(others) if cells.layout.clock.counting == "clock" else all(others)
    extra_blank = bool(plan.extra) and filled and not any(row[place].strip() for place in plan.extra)
    if plan.lacking or extra_blank:
        expected = len(plan.due) + plan.lacking
        why = ", because the clock goes back," if expected * cells.layout.clock.seconds > 86_400 else ""
        cells.found.error(line, name, day.isoformat(),
                          f"has {expected} intervals{why} and the row "
                          f"holds {len(plan.due) - (len(plan.extra) if extra_blank else 0)}",
                          "Name the columns of the repeated hour in `columns: repeated`, or ask for the file again.")
        return False
    for place in plan.blank:
        text = row[place].strip()
        if text in missing or (cells.layout.clock.gap_may_be_zero and text.strip("0.,") == ""):
            continue
        cells.found.error(line, name, text, f"is a value in an hour that {day.isoformat()} does not have",
                          "Check the zone: a file in standard time all year has a zone such as Etc/GMT+8. "
                          "When it is a filler zero, say `spring_gap: blank_or_zero`.")
        return False
    return True
