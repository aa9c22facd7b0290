"""Awards and settlement statements of the California ISO: a dated layout says which column is which.

The layouts that come with gridrider are data, and say of themselves whether a primary text confirms them. A user's own
layout has the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ...problem import DataRefused, Problem, error, warning

KINDS: Mapping[str, str] = {"caiso-awards": "awards", "caiso-statement": "market_statement"}
"""Each kind of import that has a layout, and the table that it gives."""

_ALWAYS = {"awards": ("resource_id", "start", "end", "product", "mw"),
           "market_statement": ("resource_id", "start", "end", "charge_code", "mwh", "amount_usd")}
_OUT = {"awards": ("resource_id", "start", "seconds", "product", "market", "run", "mw"),
        "market_statement": ("resource_id", "start", "seconds", "charge_code", "mwh", "amount_usd", "recalculation")}
_KEYS = frozenset({"table", "dated", "confirmed", "source", "columns", "words", "negated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which of a file's columns holds what, and which of its words mean which of ours."""

    file: str
    table: str
    dated: str
    confirmed: bool
    columns: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Mapping[str, str]]
    negated: frozenset[str]


def find_layout(kind: str, own: Path | None) -> Layout:
    """The layout of a kind, or a user's own; raises DataRefused when it is none."""
    name = f"{kind}.yaml" if own is None else str(own)
    try:
        text = (resources.files(__package__).joinpath("layouts", name) if own is None else own).read_text("utf-8")
        document = YAML(typ="safe", pure=True).load(text)
    except (OSError, UnicodeDecodeError, YAMLError) as fault:
        raise DataRefused([error(name, f"cannot be read: {str(fault).splitlines()[0]}", "Give a YAML file.")]) from None
    return _layout(name, document, KINDS[kind])


def _layout(name: str, document: Any, table: str) -> Layout:
    advice = "Copy a layout that comes with gridrider, and change the names of the columns."
    if not isinstance(document, dict) or set(document) - _KEYS or document.get("table") != table:
        raise DataRefused([error(name, f"is not a layout of {table}", advice)])
    columns, words = document.get("columns"), document.get("words") or {}
    whole = isinstance(columns, dict) and isinstance(words, dict) and set(_ALWAYS[table]) <= set(columns) and all(
        isinstance(held, list) and held for held in columns.values()) and all(
        isinstance(held, dict) for held in words.values())
    if not whole or not isinstance(columns, dict):
        raise DataRefused([error(name, f"does not name the columns {', '.join(_ALWAYS[table])}", advice)])
    return Layout(file=name, table=table, dated=str(document.get("dated", "")),
                  confirmed=document.get("confirmed") is True,
                  columns={str(key): tuple(map(str, held)) for key, held in columns.items()},
                  words={str(key): {str(word): str(ours) for word, ours in held.items()}
                         for key, held in words.items()},
                  negated=frozenset(map(str, document.get("negated") or ())))


def stage_file(connection: duckdb.DuckDBPyConnection, file: Path, layout: Layout, out: Path) -> list[Problem]:
    """Write a file's rows, in their order, as CSV with our columns; the cells stay text for the reader of tables."""
    try:
        source = connection.read_csv(str(file), header=True, all_varchar=True, parallel=False, sep=",", quotechar='"',
                                     escapechar='"')
        named = {name.strip().upper(): name for name in source.columns}
    except duckdb.Error as fault:
        return [error(str(file), f"cannot be read as CSV: {str(fault).splitlines()[0]}",
                      "Give the file as downloaded.")]
    found = {key: next((named[name.upper()] for name in names if name.upper() in named), None)
             for key, names in layout.columns.items()}
    missing = [key for key in _ALWAYS[layout.table] if found.get(key) is None]
    if missing:
        return [error(str(file), f"has no column for {key}: {' or '.join(layout.columns[key])}",
                      f"Check the layout of {layout.dated}, or give your own with --map.", column=key)
                for key in missing]
    connection.register("staged", source)
    selected = ", ".join(f"{_cell(key, found, layout)} as {key}" for key in _OUT[layout.table])
    target = str(out).replace("'", "''")
    connection.execute(f"copy (select {selected} from staged) to '{target}' "
                       "(format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr '')")
    connection.unregister("staged")
    return [] if layout.confirmed else [warning(
        str(file), f"was read by the layout {Path(layout.file).stem} of {layout.dated}, which no primary text confirms",
        "Compare a few rows with the original.")]


def _cell(key: str, found: Mapping[str, str | None], layout: Layout) -> str:
    """SQL of one of our cells: a word translated, a number negated, an end made into a length."""
    if key == "seconds":
        begin, end = (f"epoch_us(try_cast({_quoted(found[edge])} as timestamptz))" for edge in ("start", "end"))
        return f"cast(({end} - {begin}) // 1000000 as varchar)"
    if found.get(key) is None:
        return "cast(null as varchar)"
    cell = f"trim({_quoted(found[key])})"
    if key in layout.negated:
        return f"case when {cell} like '-%' then substr({cell}, 2) when {cell} <> '' then '-' || ltrim({cell}, '+') end"
    cases = " ".join(f"when upper({cell}) = {_text(word.upper())} then {_text(ours)}"
                     for word, ours in layout.words.get(key, {}).items())
    return f"case {cases} else {cell} end" if cases else cell


def _quoted(name: str | None) -> str:
    return '"' + (name or "").replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
