"""What a cell of each kind may say, and the SQL that turns its text into the value kept inside.

Every cell is read as text first, a Parquet double by its shortest decimal form, so that one rule decides
and CSV and Parquet of the same rows give the same whole numbers. Nothing here ever passes through a
binary fraction: text becomes DECIMAL, DECIMAL becomes a whole number, ties away from zero.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...table import Column, Kind

_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
_WHOLE = r"[+-]?[0-9]+(\.0*)?"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_OFFSET = r"(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_INSTANT = _DAY + "[T ]" + _CLOCK + _OFFSET
_UNFIT = r"^\s|\s$|[[:cntrl:]]"

_PLACES: dict[Kind, int] = {
    Kind.KWH: 6, Kind.KW: 6, Kind.USD_PER_MWH: 6, Kind.USD: 6, Kind.MW: 9, Kind.MWH: 9,
    Kind.HOURS: 9, Kind.FACTOR: 12,
}
"""Decimal places with which a number is read before it becomes a whole number of the smallest unit."""

_SMALLEST_PER_UNIT: dict[Kind, int] = {
    Kind.KWH: 10**6, Kind.KW: 10**6, Kind.USD_PER_MWH: 10**6, Kind.USD: 10**6, Kind.MW: 10**9, Kind.MWH: 10**9,
    Kind.HOURS: 3600,
}

_LIMITS: dict[Kind, str] = {
    Kind.KWH: "1e12", Kind.KW: "1e12", Kind.USD_PER_MWH: "1e12", Kind.USD: "1e12", Kind.MW: "1e9", Kind.MWH: "1e9",
    Kind.HOURS: "1e9", Kind.FACTOR: "1e18",
}
"""Numbers at or beyond these do not fit 64 bits and are unreadable."""

_REASONS: dict[Kind, tuple[str, str]] = {
    Kind.INTEGER: ("is not a whole number", "Write digits only, such as 900."),
    Kind.BOOLEAN: ("is neither true nor false", "Write true or false, or leave it blank."),
    Kind.DATE: ("is not a date", "Write YYYY-MM-DD, such as 2025-08-21."),
    Kind.TIMESTAMP: ("is not a time with an offset from UTC",
                     "Write ISO 8601 with the offset, such as 2025-08-21T19:00:00-07:00 or 2025-08-22T02:00:00Z."),
    Kind.DATE_OR_TIMESTAMP: ("is neither a date nor a time with an offset from UTC",
                             "Write 2025-08-21 or 2025-08-21T19:00:00-07:00."),
}

ATTRIBUTE = "attribute"
"""The meaning that marks a column which the schema does not declare: any text goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSql:
    """SQL over a text cell: the value inside (null when unreadable) and whether digits were lost."""

    inside: str
    rounded: str | None = None


def quoted(name: str) -> str:
    """A name as an SQL identifier, whatever it holds.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def cell_sql(column: Column, cell: str) -> CellSql:
    """How the text `cell` (an SQL name) becomes the inside value of `column`."""
    kind = column.kind
    if kind is Kind.TEXT:
        return CellSql(inside=_text(column, cell))
    if kind is Kind.TEXTS:
        return CellSql(inside=f"list_filter(list_transform(string_split({cell}, ';'), lambda item: trim(item)), "
                              "lambda item: item <> '')")
    if kind is Kind.INTEGER:
        return CellSql(inside=f"case when {_matches(cell, _WHOLE)} then try_cast({cell} as bigint) end")
    if kind is Kind.BOOLEAN:
        return CellSql(inside=f"case {cell} when 'true' then true when 'false' then false end")
    if kind is Kind.DATE:
        return CellSql(inside=f"case when {_matches(cell, _DAY)} then try_cast({cell} as date) end")
    if kind is Kind.TIMESTAMP:
        return CellSql(inside=_instant(cell))
    if kind is Kind.DATE_OR_TIMESTAMP:
        return CellSql(inside=f"coalesce({_instant(cell)}, midnight_of({cell}))")
    return _number(kind, cell)


def why_unreadable(column: Column, cell: str) -> tuple[str, str]:
    """The reason and the advice for a cell that `cell_sql` made null."""
    if column.choices:
        return "is not one of " + ", ".join(column.choices), "Write one of them."
    if column.kind is Kind.TEXT:
        return "begins or ends with a blank, or holds a control character", "Remove it: ids are compared as written."
    if column.kind in _REASONS:
        return _REASONS[column.kind]
    if cell.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return "is not a finite number", "Leave the cell blank when there is no number."
    return "is not a number", "Write digits with a decimal point, such as 1.234567; no blanks, commas or units."


def midnight_macro(zone_days: str) -> str:
    """SQL that defines `midnight_of(text)` from a table of (day text, midnight in UTC)."""
    return ("create or replace temp macro midnight_of(cell) as "
            f"(select any_value(midnight) from {quoted(zone_days)} where day = cell)")


def day_pattern() -> str:
    """The pattern of a date cell, for finding the dates that need a midnight."""
    return _DAY


def _matches(cell: str, pattern: str) -> str:
    return f"regexp_full_match({cell}, {literal(pattern)})"


def _text(column: Column, cell: str) -> str:
    if column.choices:
        return f"case when {cell} in ({', '.join(literal(choice) for choice in column.choices)}) then {cell} end"
    if column.meaning == ATTRIBUTE or not (column.filled or column.name.endswith("_id")):
        return cell
    return f"case when not regexp_matches({cell}, {literal(_UNFIT)}) then {cell} end"


def _instant(cell: str) -> str:
    seen = f"case when {_matches(cell, _INSTANT)} then {cell} end"
    return f"make_timestamp(epoch_us(try_cast({seen} as timestamptz)))"


def _number(kind: Kind, cell: str) -> CellSql:
    places = _PLACES[kind]
    # DuckDB checks the range of plain decimals but not of those with an exponent, hence the second guard.
    sound = f"{_matches(cell, _NUMBER)} and abs(try_cast({cell} as double)) < {_LIMITS[kind]}"
    if kind is Kind.FACTOR:
        return CellSql(inside=f"case when {sound} then try_cast({cell} as decimal(38,12)) end",
                       rounded=_finer(cell, places))
    number = f"cast(case when {sound} then try_cast({cell} as decimal(18,{places})) end as decimal(38,{places}))"
    smallest = f"{number} * {_SMALLEST_PER_UNIT[kind]}"
    if kind is Kind.HOURS:
        return CellSql(inside=f"cast(round({smallest}, 0) as bigint)",
                       rounded=f"{smallest} <> round({smallest}, 0)")
    return CellSql(inside=f"cast({smallest} as bigint)", rounded=_finer(cell, places))


def _finer(cell: str, places: int) -> str:
    """True when the text says more than `places` decimals can hold."""
    longer = rf"^[+-]?[0-9]*\.[0-9]{{{places}}}[0-9]*[1-9][0-9]*$"
    plain = f"regexp_matches({cell}, {literal(longer)})"
    wide = f"try_cast({cell} as decimal(38,{places + 8}))"
    exponent = f"(regexp_matches({cell}, '[eE]') and {wide} <> try_cast({cell} as decimal(38,{places})))"
    return f"({plain} or {exponent})"
