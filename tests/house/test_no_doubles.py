"""Measurement and settlement know no double: no SQL of ours divides or casts into one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "gridrider"
FILES = sorted(SRC.rglob("*.sql"))
DOUBLE = re.compile(r"\b(double|float|real|float8|float4)\b|(?<!/)/(?!/)|\b(avg|round|stddev|mean)\s*\(", re.IGNORECASE)


def doubles(text: str) -> list[str]:
    """What in a SQL text would make a double; comments and quoted text do not count."""
    bare = re.sub(r"--[^\n]*|'[^']*'", "", text)
    return [found.group(0) for found in DOUBLE.finditer(bare)]


def test_there_is_sql_to_look_at() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SRC)))
def test_no_double_in_sql(file: Path) -> None:
    assert doubles(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", ["select a / b", "select cast(a as double)", "select avg(x)", "select x::float",
                                  "select round (x)"])
def test_a_double_is_seen(text: str) -> None:
    assert doubles(text)


def test_whole_division_and_words_are_no_doubles() -> None:
    assert doubles("select a // b, 'a/b, double' -- 1 / 2") == []
