"""The declarations of `model`, field by field: what the loader, the schema, the checks and the pages all walk over."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar

from .dated import Dated

T = TypeVar("T")


class Shape(StrEnum):
    """How a field stands in the file."""

    HISTORY = "rule"  # dated values with provenance
    BLOCK = "block"
    NAMED = "named blocks"
    BLOCKS = "list of blocks"
    WORDS = "list of words"
    WORD = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One field of a block: its name in Python, its key in the file, its shape and what it means."""

    name: str
    key: str
    shape: Shape
    kind: Any
    """The block inside, or the type of one value."""
    meaning: str
    unit: str
    choices: tuple[str, ...]
    required: bool
    implied: bool = False
    """True for a rule that is true, by its block's own dates and clause, where the file does not write it."""


_declared: dict[type[Any], tuple[Declared, ...]] = {}


def declared(block: type[Any]) -> tuple[Declared, ...]:
    """Every field of a block's dataclass, in the order of its declaration; worked out once per block."""
    if block not in _declared:
        _declared[block] = tuple(_fields_of(block))
    return _declared[block]


def _fields_of(block: type[Any]) -> Iterator[Declared]:
    hints = typing.get_type_hints(block)
    for entry in fields(block):
        shape, kind = _shape(hints[entry.name])
        yield Declared(name=entry.name, key=entry.metadata.get("key") or entry.name, shape=shape, kind=kind,
                       meaning=entry.metadata["meaning"], unit=entry.metadata.get("unit", ""),
                       choices=entry.metadata.get("choices", ()), required=entry.metadata.get("required", False),
                       implied=entry.metadata.get("implied", False))


def _shape(hint: Any) -> tuple[Shape, Any]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(option for option in typing.get_args(hint) if option is not type(None))
    inner = typing.get_args(hint)[0] if typing.get_args(hint) else None
    if typing.get_origin(hint) is Mapping:
        return Shape.NAMED, typing.get_args(hint)[1]
    if typing.get_origin(hint) is tuple and typing.get_origin(inner) is Dated:
        return Shape.HISTORY, typing.get_args(inner)[0]
    if typing.get_origin(hint) is tuple:
        return (Shape.BLOCKS, inner) if is_dataclass(inner) else (Shape.WORDS, inner)
    return (Shape.BLOCK, hint) if is_dataclass(hint) else (Shape.WORD, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a tariff: where it stands, how it is declared, and its dated values."""

    path: str
    declared: Declared
    history: tuple[Dated[Any], ...]

    @property
    def name(self) -> str:
        """The last name of the path, without the number of a list."""
        return self.declared.key


def rules(block: Any, path: str = "") -> Iterator[Rule]:
    """Every rule inside a block that has a value, in the order of the declarations."""
    for entry in declared(type(block)):
        held = getattr(block, entry.name)
        inside = below(path, entry.key)
        if entry.shape is Shape.HISTORY and held:
            yield Rule(path=inside, declared=entry, history=held)
        elif entry.shape is Shape.BLOCK and held is not None:
            yield from rules(held, inside)
        elif entry.shape is Shape.NAMED:
            for name, named in held.items():
                yield from rules(named, below(inside, name))
        elif entry.shape is Shape.BLOCKS:
            for numbered_path, item in numbered(inside, held):
                yield from rules(item, numbered_path)


def below(path: str, key: str) -> str:
    """The path of a key inside a block; the file itself has the path ''."""
    return f"{path}.{key}" if path else key


def numbered(path: str, items: Sequence[T]) -> Iterator[tuple[str, T]]:
    """The items of a list with their paths; a single one needs no number."""
    for index, item in enumerate(items):
        yield (f"{path}[{index}]" if len(items) > 1 else path), item
