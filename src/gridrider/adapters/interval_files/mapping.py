"""A mapping file (YAML) to a Layout, or every Problem it has, each at its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ...problem import Problem, error
from .days import wall_date
from .layout import CHANNELS, LEAVE_OUT, MWH_PER_UNIT, Clock, Coded, Layout, TextFile, ValueColumn, WideColumns
from .yaml_tree import Section, load_section

_SHIPPED = Path(__file__).parent / "mappings"
_QUALITIES = ("actual", "validated", "edited", "estimated", "missing")
_ENCODINGS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "latin-1": "latin-1", "cp1252": "cp1252", "ascii": "ascii"}
_SERIES = re.compile(r"[A-Za-z0-9_]+:\S+")
_DEPTH_MAX = 5
_ONE = Decimal(1)


def shipped_mappings() -> dict[str, str]:
    """The names of the mappings that come with gridrider, each with its sentence."""
    found: dict[str, str] = {}
    for path in sorted(_SHIPPED.glob("*.yaml")):
        section = load_section(path, [])
        found[path.stem] = "" if section is None else section.text("about")
    return found


def find_layout(named: Path, problems: list[Problem]) -> Layout | None:
    """The layout of a mapping: a path, a shipped name, or NAME@ZONE to say the local time zone.

    None when there is any error; all errors are added to `problems` with file and line.
    """
    name, _, zone = str(named).partition("@")
    path = named if named.is_file() else _SHIPPED / f"{name}.yaml"
    if not path.is_file() or (path != named and not re.fullmatch(r"[a-z0-9-]+", name)):
        problems.append(error(str(named), "is neither a file nor the name of a shipped mapping",
                              f"Give the path of a mapping or one of: {', '.join(sorted(shipped_mappings()))}."))
        return None
    before = len(problems)
    section = _with_base(path, problems, depth=0)
    if section is None:
        return None
    if path.parent == _SHIPPED:
        section.file = path.stem
    if zone and path != named:
        section.entries = {**section.entries, "zone": zone}
    layout = _layout(section, name=path.stem)
    return layout if len(problems) == before else None


def _with_base(path: Path, problems: list[Problem], *, depth: int) -> Section | None:
    """A mapping with the one it extends below it: sections are joined key by key, everything else is replaced."""
    section = load_section(path, problems)
    if section is None or "extends" not in section.entries:
        return section
    base_name = section.text("extends")
    base_path = _SHIPPED / f"{base_name}.yaml"
    if not re.fullmatch(r"[a-z0-9-]+", base_name) or not base_path.is_file() or depth >= _DEPTH_MAX:
        section.note("extends", "is not the name of a shipped mapping",
                     f"Use one of: {', '.join(sorted(shipped_mappings()))}.", base_name)
        return None
    base = _with_base(base_path, problems, depth=depth + 1)
    if base is None:
        return None
    section.entries = _joined(base.entries, section.entries)
    return section


def _joined(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of both; where both hold sections these are joined, so that a line of `over` keeps its line number."""
    joined = {**base}
    for key, member in over.items():
        below = joined.get(key)
        if isinstance(below, dict) and isinstance(member, dict):
            for name in below:
                if name not in member:
                    member[name] = below[name]
        joined[key] = member
    return joined


def _layout(top: Section, *, name: str) -> Layout:
    top.text("about")
    top.raw("extends")
    table = top.text("table", choices=("readings", "prices"), default="readings")
    layout = top.text("layout", required=True, choices=("wide", "long"), default="long")
    clock = _clock(top, wide=layout == "wide")
    found = Layout(
        name=name, table=table, layout=layout, clock=clock, text=_text(top),
        point=_coded(top, "point", (), required=table == "readings"),
        channel=_coded(top, "channel", CHANNELS, required=False),
        unit=_coded(top, "unit", (*MWH_PER_UNIT, "USD/MWh", LEAVE_OUT), required=True),
        quality=_coded(top, "quality", _QUALITIES, required=False),
        multiplier=top.decimal("multiplier", default=_ONE),
        absent_is_zero=top.text("absent_direction", choices=("missing", "zero"), default="missing") == "zero",
        wide=_wide(top, clock) if layout == "wide" else None,
        columns=_values(top) if layout == "long" else (),
    )
    _check_whole(top, found)
    top.finish()
    return found


def _check_whole(top: Section, found: Layout) -> None:
    """What only shows when the parts are seen together."""
    prices = found.table == "prices"
    if prices and (found.layout == "wide" or found.unit.fixed != "USD/MWh"):
        top.note("table", "prices need layout: long and unit: USD/MWh", "Change the layout or the table.")
    if not prices and "USD/MWh" in (found.unit.fixed, *(word for _, word in found.unit.codes)):
        top.note("unit", "is a unit of price in a mapping of readings", "Use a unit of energy or power.")
    if any(bool(column.series) != prices for column in found.columns):
        top.note("values", "must name a series for prices, and none for readings", "Write `series: MARKET:NODE`.")
    if not prices and not (found.channel.fixed or found.channel.column) and (
            found.wide is not None or any(not column.channel for column in found.columns)):
        top.note("channel", "is missing: nothing says whether a value is import, export or net",
                 "Write `channel: import`, or a column with codes.")
    if found.multiplier == 0:
        top.note("multiplier", "is zero", "Leave it out or give a number other than zero.")


def _text(top: Section) -> TextFile:
    section = top.section("file")
    if section is None:
        return TextFile()
    delimiter = section.text("delimiter", default=",")
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in "\r\n\"":
        section.note("delimiter", "is not one character", 'Write one character, or the word tab.', delimiter)
        delimiter = ","
    mark = section.text("decimal", choices=(".", ","), default=".")
    if mark == delimiter:
        section.note("decimal", "is the same as the delimiter", "One of them must be another character.")
    encoding = section.text("encoding", choices=tuple(_ENCODINGS), default="utf-8")
    found = TextFile(
        delimiter=delimiter, encoding=_ENCODINGS[encoding], decimal_mark=mark,
        skip_lines=section.integer("skip_lines", default=0, low=0, high=1000), comment=section.text("comment"),
        missing=frozenset({"", *section.texts("missing")}))
    section.finish()
    return found


def _clock(top: Section, *, wide: bool) -> Clock:
    zone = _zone(top)
    section = top.section("time", required=True)
    if section is None:
        return Clock(seconds=3600, zone=zone, labels="starting", counting="clock")
    flag = section.section("repeated_hour")
    found = Clock(
        seconds=section.integer("seconds", default=3600, low=1, high=86_400), zone=zone,
        labels=section.text("labels", required=True, choices=("starting", "ending"), default="starting"),
        counting=section.text("counting", choices=("clock", "elapsed"), default="clock"),
        date_column=section.text("date"), date_format=section.text("date_format", default="%Y-%m-%d"),
        label_column=section.text("label"), stamp_column=section.text("stamp"),
        stamp_format=section.text("stamp_format", default="iso"), seconds_column=section.text("seconds_column"),
        flag_column="" if flag is None else flag.text("column"),
        flag_means="" if flag is None else flag.text("means", choices=("repeated", "daylight"), default="repeated"),
        flag_codes=frozenset() if flag is None else frozenset(flag.texts("codes")),
        repeated_by=("" if flag is None else
                     flag.text("by", choices=("column", "order", "label"), default="column")),
        midnight=section.text("midnight", choices=("this_date", "previous_day")),
        gap_may_be_zero=section.text("spring_gap", choices=("blank", "blank_or_zero")) == "blank_or_zero")
    if flag is not None:
        flag.finish()
        if found.repeated_by == "column" and not (found.flag_column and found.flag_codes):
            flag.note("column", "is missing", "Give the column and its codes, or write `by: order` or `by: label`.")
    section.finish()
    _check_clock(section, found, wide=wide)
    if zone is None and (wide or found.date_column or found.stamp_format != "iso"):
        top.note("zone", "is missing: local times need their zone",
                 "Write `zone: America/New_York` (or Etc/GMT+8 for standard time all year), or --map NAME@ZONE.")
    return found


def _check_clock(section: Section, found: Clock, *, wide: bool) -> None:
    if not _reads_back(found.date_format):
        section.note("date_format", "does not tell year, month and day", 'Write such as "%Y-%m-%d" or "%m/%d/%Y".',
                     found.date_format)
    if found.stamp_format != "iso" and not _reads_back(found.stamp_format):
        section.note("stamp_format", "does not tell a whole date", 'Write iso, or such as "%m/%d/%Y %H:%M".',
                     found.stamp_format)
    if wide and not found.date_column:
        section.note("date", "is missing: a wide file has one row per day", "Name the column of the date.")
    if not wide and bool(found.stamp_column) == bool(found.date_column and found.label_column):
        section.note("stamp", "or date and label must be given, not both", "Name the column or columns of the time.")
    if 86_400 % found.seconds or found.seconds % 60:
        section.note("seconds", "does not divide the day into whole minutes", "Use 300, 900, 1800 or 3600.",
                     found.seconds)


def _reads_back(date_format: str) -> bool:
    """True when a date written in this format is the same date when read."""
    sample = datetime(2025, 1, 2, 13, 45, tzinfo=UTC)
    try:
        return wall_date(sample.strftime(date_format), date_format) == sample.date()
    except (ValueError, re.error):
        return False


def _zone(top: Section) -> ZoneInfo | None:
    named = top.text("zone")
    if not named:
        return None
    try:
        return ZoneInfo(named)
    except (OSError, ValueError, KeyError):  # what zoneinfo raises for unknown, absolute or odd names
        top.note("zone", "is not a time zone", "Use a name of the IANA list, such as America/Los_Angeles.", named)
        return None


def _coded(top: Section, key: str, choices: tuple[str, ...], *, required: bool) -> Coded:
    """A fact for the whole file, or a column with a table of codes. `point: {fixed: X}` names one point."""
    found = top.raw(key, required=required)
    if found is None:
        return Coded()
    if not isinstance(found, dict):
        word = top.text(key, choices=choices)
        return Coded(column=word) if key == "point" else Coded(fixed=word)
    section = top.section(key)
    if section is None:
        return Coded()
    fixed, column = section.text("fixed", choices=choices), section.text("column")
    codes = section.codes("codes", choices) if choices else {}
    section.finish()
    if bool(fixed) == bool(column) and not (key == "quality" and codes and not fixed):
        section.note("column", "or `fixed` must be given, one of them", "Name the column or write the fixed word.")
    if choices and column and not codes:
        section.note("codes", "is missing", f"Say what each code means: {', '.join(choices)}.")
    return Coded(fixed=fixed, column=column, codes=tuple(codes.items()))


def _wide(top: Section, clock: Clock) -> WideColumns:
    section = top.section("columns", required=True)
    if section is None:
        return WideColumns(names=())
    per_day = 86_400 // clock.seconds
    most = per_day + 7200 // clock.seconds  # an elapsed count may run on through a long day
    count = section.integer("count", default=per_day, low=per_day if clock.counting == "clock" else 1, high=most)
    first = section.integer("first", default=1, low=0, high=1)
    names = _names(section, "names", clock, count=count, first=first, required=True)
    quality = _names(section, "qualities", clock, count=count, first=first, required=False)
    repeated = section.texts("repeated")
    section.finish()
    if clock.counting == "clock" and count != per_day:
        section.note("count", "is not the number of intervals of a day", f"Use {per_day}, or counting: elapsed.", count)
    if repeated and (len(repeated) != max(3600 // clock.seconds, 1) or clock.counting == "elapsed"):
        section.note("repeated", "must name one column for each interval of one hour, with counting: clock",
                     f"Name {max(3600 // clock.seconds, 1)} column(s).", ", ".join(repeated))
    return WideColumns(names=names, repeated=repeated, quality_names=tuple(name[0] for name in quality))


def _names(section: Section, key: str, clock: Clock, *, count: int, first: int,
           required: bool) -> tuple[tuple[str, ...], ...]:
    """Column names from a list, from HH:MM, or from a word in which # stands for the number (## for two digits)."""
    found = section.raw(key, required=required)
    if found is None:
        return ()
    if isinstance(found, list):
        listed = section.texts(key)
        if len(listed) != count or len(set(listed)) != count:
            section.note(key, "does not list one name for each interval", f"List {count} names.", len(listed))
        return tuple((name,) for name in listed)
    pattern = section.text(key)
    hashes = re.findall(r"#+", pattern)
    if "HH:MM" in pattern:
        shift = 1 if clock.labels == "ending" else 0
        return tuple(_clock_names(pattern, (number + shift) * clock.seconds // 60) for number in range(count))
    if len(hashes) != 1:
        section.note(key, "has no single place for the number", 'Write "HE##", "interval_#" or "HH:MM".', pattern)
        return ()
    return tuple((pattern.replace(hashes[0], str(number).zfill(len(hashes[0]))),)
                 for number in range(first, first + count))


def _clock_names(pattern: str, minutes: int) -> tuple[str, ...]:
    """A column's name by the clock; the day's end is 24:00 or 0:00, and a leading zero may be left out."""
    hours = (24, 0) if minutes == 1440 else (minutes // 60,)
    texts = [text for hour in hours for text in (f"{hour:02}:{minutes % 60:02}", f"{hour}:{minutes % 60:02}")]
    return tuple(dict.fromkeys(pattern.replace("HH:MM", text) for text in texts))


def _values(top: Section) -> tuple[ValueColumn, ...]:
    columns: list[ValueColumn] = []
    for section in top.sections("values"):
        column = ValueColumn(column=section.text("column", required=True),
                             channel=section.text("channel", choices=CHANNELS), series=section.text("series"))
        if column.series and not _SERIES.fullmatch(column.series):
            section.note("series", "is not written MARKET:NODE", "Write it such as CAISO_DAM:DLAP_PGAE-APND.",
                         column.series)
        section.finish()
        columns.append(column)
    if not columns:
        top.note("values", "is missing or empty", "List the columns of values: `- {column: kwh, channel: import}`.")
    return tuple(columns)
