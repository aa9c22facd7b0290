"""The JSON Schema of a tariff file, for editors, from the same declarations that the loader reads.

It knows names, shapes and closed sets. What only a reading of the whole file can tell, such as inherited provenance
or a name that must exist elsewhere, is left to `tariff check`.
"""

from __future__ import annotations

import typing
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .cells import CUSTOMER_CLASSES, MONTHS
from .declared import Declared, Shape, declared
from .model import Tariff
from .read import CONDITIONS, PROVENANCE, RESERVED

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
PROVENANCE_TYPES: dict[str, dict[str, Any]] = {
    "effective": DATE | {"description": "day from which it holds"},
    "filed": DATE | {"description": "day on which it was filed; unknown to a run as of an earlier day"},
    "cite": WORD | {"description": "the clause"},
    "confirmed": {"type": "boolean", "description": "false where no primary text at hand states it"},
    "note": WORD | {"description": "a word to the reader"},
}
MONTH_NAMES = [name for number, month in enumerate(MONTHS, start=1) for name in dict.fromkeys(
    (month[:3], month, str(number)))]


PROVENANCE_SCHEMAS = {key: {"$ref": f"#/$defs/{key}"} for key in PROVENANCE_TYPES}

Definitions = dict[str, dict[str, Any]]


def json_schema() -> dict[str, Any]:
    """The schema of tariff.yaml, JSON Schema draft 2020-12; each block and each kind of rule is one definition."""
    definitions: Definitions = {
        **PROVENANCE_TYPES, "months": _one_or_more({"enum": [*MONTH_NAMES, *range(1, 13)]}),
        "duration_h": SCALARS[Decimal], "customer_classes": _one_or_more({"enum": list(CUSTOMER_CLASSES)})}
    _add_block(Tariff, definitions)
    return {"$schema": DIALECT, "title": "gridrider tariff", "$ref": "#/$defs/Tariff",
            "$defs": dict(sorted(definitions.items()))}


def _add_block(block: type[Any], definitions: Definitions) -> None:
    if block.__name__ in definitions:
        return
    definitions[block.__name__] = {}
    entries = declared(block)
    for entry in entries:
        if entry.shape in (Shape.BLOCK, Shape.NAMED, Shape.BLOCKS):
            _add_block(entry.kind, definitions)
    definitions[block.__name__] = {
        "type": "object", "description": " ".join((block.__doc__ or "").split()),
        "properties": {entry.key: _field(entry, block, definitions) for entry in entries} | PROVENANCE_SCHEMAS,
        "required": [entry.key for entry in entries if entry.required], "additionalProperties": False}


def _field(entry: Declared, block: type[Any], definitions: Definitions) -> dict[str, Any]:
    told = {"description": f"{entry.meaning}{f' [{entry.unit}]' if entry.unit else ''}"}
    if entry.shape is Shape.BLOCK:
        return told | _reference(entry.kind.__name__)
    if entry.shape is Shape.BLOCKS:
        return told | _one_or_more(_reference(entry.kind.__name__))
    if entry.shape is Shape.NAMED:
        taken = sorted(RESERVED - set(PROVENANCE))
        return told | {"type": "object", "properties": PROVENANCE_SCHEMAS,
                       "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", "not": {"enum": taken}},
                       "additionalProperties": {"anyOf": [_reference(entry.kind.__name__), {"type": "null"}]}}
    if entry.shape is Shape.HISTORY:
        return told | _rule(entry, block, definitions)
    word = _closed(WORD, entry.choices)
    return told | (word if entry.shape is Shape.WORD else _one_or_more(word))


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _closed(scalar: dict[str, Any], choices: tuple[str, ...]) -> dict[str, Any]:
    return {"enum": list(choices)} if choices else scalar


def _one_or_more(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one}]}


# ---- rules: bare, written out, in a table, or a history of these -----------------------------------
def _rule(entry: Declared, block: type[Any], definitions: Definitions) -> dict[str, Any]:
    """A reference to the rule's definition, shared by all rules that hold the same type without a closed set."""
    name = f"{block.__name__}.{entry.key}" if entry.choices else _type_name(entry.kind)
    if f"{name} rule" not in definitions:
        bare, dated = _reference(f"{name} value"), _reference(f"{name} dated")
        definitions[f"{name} value"] = _bare(entry)
        definitions[f"{name} dated"] = _dated(name)
        definitions[f"{name} by month"] = {"type": "object", "properties": PROVENANCE_SCHEMAS,
                                           "propertyNames": {"enum": [*PROVENANCE, *MONTH_NAMES]},
                                           "additionalProperties": bare}
        definitions[f"{name} case"] = {"anyOf": [bare, dated, _reference(f"{name} by month")]}
        definitions[f"{name} rule"] = {"anyOf": [bare, dated, {"type": "array", "items": dated, "minItems": 1}]}
    return _reference(f"{name} rule")


def _type_name(kind: Any) -> str:
    inner = typing.get_args(kind)
    return f"{inner[0].__name__}s" if inner else str(kind.__name__)


def _bare(entry: Declared) -> dict[str, Any]:
    origin = typing.get_origin(entry.kind)
    if origin is None:
        return _closed(SCALARS[entry.kind], entry.choices)
    one = _closed(SCALARS[typing.get_args(entry.kind)[0]], entry.choices)
    any_of_them = [{"const": "any"}] if origin is frozenset and entry.choices else []
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}, *any_of_them]}


def _dated(name: str) -> dict[str, Any]:
    """A rule that is written out, with its provenance, its conditions, or as a table over them."""
    case = _reference(f"{name} case")
    held = {"value": _reference(f"{name} value"), "unit": WORD,
            **{key: _reference(key) for key in CONDITIONS},
            "by_month": _reference(f"{name} by month"),
            "by_duration_h": _table({}) | {"additionalProperties": case},
            "by_customer_class": _table(dict.fromkeys(CUSTOMER_CLASSES, case))}
    return {"type": "object", "properties": held | PROVENANCE_SCHEMAS, "additionalProperties": False,
            "anyOf": [{"required": [key]} for key in ("value", "by_month", "by_duration_h", "by_customer_class")]}


def _table(cases: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": PROVENANCE_SCHEMAS | cases, "additionalProperties": False}
