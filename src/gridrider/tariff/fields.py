"""How a field of a tariff block is declared: what it means, its unit, its closed set of choices."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def rule(meaning: str, unit: str = "", choices: tuple[str, ...] = (), key: str = "") -> Any:
    """Declare an optional field of a block: what it means, its unit, its closed set of choices."""
    return field(default=(), metadata={"meaning": meaning, "unit": unit, "choices": choices, "key": key})


def implied(meaning: str) -> Any:
    """Declare a rule that a block states by standing in the file: true, by the block's own dates and clause.

    It is filled in only where no other rule of the block holds those dates and that clause. Declare it last.
    """
    return field(default=(), metadata={"meaning": meaning, "implied": True})


def needed(meaning: str, unit: str = "", choices: tuple[str, ...] = (), key: str = "") -> Any:
    """Declare a field that the file must give."""
    return field(metadata={"meaning": meaning, "unit": unit, "choices": choices, "key": key, "required": True})


def optional(meaning: str, choices: tuple[str, ...] = (), key: str = "", default: Any = None) -> Any:
    """Declare a plain field or block that the file may leave out."""
    return field(default=default, metadata={"meaning": meaning, "choices": choices, "key": key})


def named_blocks(meaning: str) -> Any:
    """Declare a block of named blocks."""
    return field(default_factory=dict, metadata={"meaning": meaning})
