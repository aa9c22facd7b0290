"""The JSON Schema of a tariff file, for editors, from the same declarations that the loader reads.

It knows names, shapes and closed sets. What only a reading of the whole file can tell, such as inherited provenance
or a name that must exist elsewhere, is left to `tariff check`.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .cells import CUSTOMER_CLASSES, MONTHS
from .declared import Declared, Shape, declared
from .model import Tariff
from .read import PROVENANCE, RESERVED

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DATE = {"type": "string", "pattern": "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"}
WORD = {"type": ["string", "number"]}
"""Text; a bare number is text as well where a text is meant."""

SCALARS: dict[Any, dict[str, Any]] = {
    Decimal: {"anyOf": [{"type": "string", "pattern": r"^[-+]?[0-9]{1,15}(\.[0-9]{1,12})?$"}, {"type": "integer"}]},
    Fraction: {"anyOf": [{"type": "string", "pattern": r"^([-+]?[0-9]{1,15}(\.[0-9]{1,12})?|[0-9]{1,9}/[0-9]{1,9})$"},
                         {"type": "integer"}]},
    date: DATE,
    time: {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"},
    bool: {"type": "boolean"},
    str: WORD,
}
PROVENANCE_SCHEMAS: dict[str, dict[str, Any]] = {
    "effective": DATE | {"description": "day from which it holds"},
    "filed": DATE | {"description": "day on which it was filed; unknown to a run as of an earlier day"},
    "cite": WORD | {"description": "the clause"},
    "confirmed": {"type": "boolean", "description": "false where no primary text at hand states it"},
    "note": WORD | {"description": "a word to the reader"},
}
MONTH_NAMES = [name for number, month in enumerate(MONTHS, start=1) for name in dict.fromkeys(
    (month[:3], month, str(number)))]


def json_schema() -> dict[str, Any]:
    """The schema of tariff.yaml, JSON Schema draft 2020-12; each block of the model is one definition."""
    blocks: dict[str, dict[str, Any]] = {}
    _add_block(Tariff, blocks)
    return {"$schema": DIALECT, "title": "gridrider tariff", "$ref": "#/$defs/Tariff",
            "$defs": dict(sorted(blocks.items()))}


def _add_block(block: type[Any], blocks: dict[str, dict[str, Any]]) -> None:
    if block.__name__ in blocks:
        return
    blocks[block.__name__] = {}
    entries = declared(block)
    for entry in entries:
        if entry.shape in (Shape.BLOCK, Shape.NAMED, Shape.BLOCKS):
            _add_block(entry.kind, blocks)
    blocks[block.__name__] = {
        "type": "object", "description": " ".join((block.__doc__ or "").split()),
        "properties": {entry.key: _field(entry) for entry in entries} | PROVENANCE_SCHEMAS,
        "required": [entry.key for entry in entries if entry.required], "additionalProperties": False}


def _field(entry: Declared) -> dict[str, Any]:
    told = {"description": f"{entry.meaning}{f' [{entry.unit}]' if entry.unit else ''}"}
    if entry.shape is Shape.BLOCK:
        return told | {"$ref": _reference(entry)}
    if entry.shape is Shape.BLOCKS:
        one = {"$ref": _reference(entry)}
        return told | {"anyOf": [one, {"type": "array", "items": one}]}
    if entry.shape is Shape.NAMED:
        taken = sorted(RESERVED - set(PROVENANCE))
        return told | {"type": "object", "properties": PROVENANCE_SCHEMAS,
                       "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", "not": {"enum": taken}},
                       "additionalProperties": {"anyOf": [{"$ref": _reference(entry)}, {"type": "null"}]}}
    word = _closed(WORD, entry.choices)
    if entry.shape is Shape.WORDS:
        return told | {"anyOf": [word, {"type": "array", "items": word}]}
    return told | (word if entry.shape is Shape.WORD else _rule(entry))


def _reference(entry: Declared) -> str:
    return f"#/$defs/{entry.kind.__name__}"


def _closed(scalar: dict[str, Any], choices: tuple[str, ...]) -> dict[str, Any]:
    return {"enum": list(choices)} if choices else scalar


# ---- rules: bare, written out, in a table, or a history of these -----------------------------------
def _rule(entry: Declared) -> dict[str, Any]:
    bare = _bare(entry)
    dated = {"type": "object", "additionalProperties": False,
             "properties": dict(_written_out(entry, bare, depth=2)),
             "anyOf": [{"required": [key]} for key in ("value", "by_month", "by_duration_h", "by_customer_class")]}
    return {"anyOf": [bare, dated, {"type": "array", "items": dated, "minItems": 1}]}


def _bare(entry: Declared) -> dict[str, Any]:
    origin = typing.get_origin(entry.kind)
    if origin is None:
        return _closed(SCALARS[entry.kind], entry.choices)
    one = _closed(SCALARS[typing.get_args(entry.kind)[0]], entry.choices)
    several = [{"const": "any"}] if origin is frozenset and entry.choices else []
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}, *several]}


def _written_out(entry: Declared, bare: dict[str, Any], depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The keys of a rule that is written out; a table may hold a further table."""
    yield "value", bare
    yield "unit", {"const": entry.unit}
    yield from PROVENANCE_SCHEMAS.items()
    yield "months", _one_or_more({"enum": [*MONTH_NAMES, *range(1, 13)]})
    yield "duration_h", SCALARS[Decimal]
    yield "customer_classes", _one_or_more({"enum": list(CUSTOMER_CLASSES)})
    if depth == 0:
        return
    case = bare
    if depth > 1:
        inner = {"type": "object", "additionalProperties": False,
                 "properties": dict(_written_out(entry, bare, depth - 1))}
        by_month = {"type": "object", "additionalProperties": False,
                    "properties": PROVENANCE_SCHEMAS | dict.fromkeys(MONTH_NAMES, bare)}
        case = {"anyOf": [bare, inner, by_month]}
    yield "by_month", {"type": "object", "additionalProperties": False,
                       "properties": PROVENANCE_SCHEMAS | dict.fromkeys(MONTH_NAMES, case)}
    yield "by_duration_h", {"type": "object", "properties": PROVENANCE_SCHEMAS, "additionalProperties": case}
    yield "by_customer_class", {"type": "object", "additionalProperties": False,
                                "properties": PROVENANCE_SCHEMAS | dict.fromkeys(CUSTOMER_CLASSES, case)}


def _one_or_more(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
