"""A tariff file to a Tariff or to Problems, and a Tariff to its canonical JSON and hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..problem import Problem, error, errors
from .check import check
from .dated import Dated
from .document import read_document
from .model import Tariff
from .read import PROVENANCE, Reader, Source, TooManyProblems

FILE_BYTES_MAX = 1_000_000


def load(path: Path) -> tuple[Tariff | None, list[Problem]]:
    """Read and check one tariff file; the tariff is None when an error was found."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            return None, [error(str(path), "is far larger than any tariff", "Check that this is the tariff file.")]
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        return None, [error(str(path), "is not UTF-8 text", "Save the file as UTF-8.", row=line)]
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        return None, [error(str(path), f"cannot be read: {reason}", "Check the path.")]
    return parse_text(text, str(path))


def parse_text(text: str, file: str = "tariff.yaml") -> tuple[Tariff | None, list[Problem]]:
    """Read and check a tariff given as YAML 1.2 text; the Problems stand in the order of their lines."""
    document, problems = read_document(text, file)
    if document is None:
        return None, problems
    reader = Reader(file)
    try:
        tariff = reader.block(Tariff, document, "", Source(), 1)
    except TooManyProblems:
        tariff = None
    problems += reader.said()
    if tariff is not None:
        found = check(tariff, file, reader.lines)
        problems += [problem for problem in found if not _follows(problem.column, reader.problems)]
    problems = sorted(problems, key=lambda problem: (problem.row or 0, problem.column, problem.reason))
    return (None if errors(problems) else tariff), problems


READ_BY_ALL = ("zones", "seasons", "law", "market_values", "filing")
"""Blocks that checks of every other block look into."""


def _follows(path: str, earlier: list[Problem]) -> bool:
    """True if a finding may only be the consequence of a block that could not be read."""
    return any(scope in READ_BY_ALL or _scope(path).startswith(scope) or scope.startswith(path)
               for scope in (_scope(_spoilt(problem.column)) for problem in earlier))


def _spoilt(path: str) -> str:
    """What a mistake at a path leaves unread: of a block's provenance, the block itself."""
    block, _, key = path.rpartition(".")
    return block if key in PROVENANCE else path


def _scope(path: str) -> str:
    """The part of the file in which one mistake makes others: a service, a block of a rider, a top-level block."""
    steps = path.split(".")
    depth = 4 if steps[2:3] == ["services"] else 3 if steps[0] == "riders" else 1
    return ".".join(steps[:depth])


def canonical(record: Any) -> Any:
    """A record as JSON-ready values: numbers as text, sets sorted, nothing that was left out."""
    if is_dataclass(record) and not isinstance(record, type):
        pairs = ((entry.metadata.get("key") or entry.name, getattr(record, entry.name)) for entry in fields(record))
        said = {key: canonical(held) for key, held in pairs if key != "line" and _said(held)}
        return {key: held for key, held in said.items() if held != {}}
    if isinstance(record, Mapping):
        return {str(key): canonical(held) for key, held in record.items()}
    if isinstance(record, frozenset):
        return sorted(canonical(held) for held in record)
    if isinstance(record, tuple):
        listed = [canonical(held) for held in record]
        return sorted(listed, key=_in_time) if record and isinstance(record[0], Dated) else listed
    if isinstance(record, Decimal):
        return plain_number(record)
    if isinstance(record, time):
        return record.strftime("%H:%M")
    if isinstance(record, (date, Fraction)):
        return str(record)
    return record


def plain_number(number: Decimal) -> str:
    """A number without exponent and without zeros that say nothing: 2, 2.0 and 2.00 are one rule.

    >>> plain_number(Decimal("2.50")), plain_number(Decimal("100")), plain_number(Decimal("-0.0"))
    ('2.5', '100', '0')
    """
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _in_time(dated: dict[str, Any]) -> tuple[str, str, str]:
    """The order of a history in the canonical form; the order in the file says nothing."""
    return dated["effective"], dated["filed"], json.dumps(dated, sort_keys=True)


def _said(held: Any) -> bool:
    return held is not None and held != () and held != frozenset() and held != {} and held != ""


def canonical_json(tariff: Tariff) -> str:
    """The canonical form: the same text for the same rules, whatever the file's layout and comments."""
    return json.dumps(canonical(tariff), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def tariff_hash(tariff: Tariff) -> str:
    """SHA-256 of the canonical form, as it is stored with every statement."""
    return hashlib.sha256(canonical_json(tariff).encode()).hexdigest()
