"""Which requirement is proven by which test or worked example: from docstrings and from `proves:` of cases."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
IN_BRACKETS = re.compile(r"\((R\d+(?:\([a-z]\)|[a-z])?(?:[,;:][^()]*)?)\)")
"""Requirements stand in brackets at the end of a sentence: (R58) or (R53, R96)."""
ID = re.compile(r"R\d+")


def ids_in(text: str) -> list[str]:
    """The requirements that a docstring names.

    >>> ids_in("The ninth event of a month is refused (R58, R78).")
    ['R58', 'R78']
    """
    return [found for group in IN_BRACKETS.findall(text) for found in ID.findall(group)]


@cache
def proofs() -> dict[str, list[str]]:
    """By requirement: the tests and examples that name it, each as file and name."""
    found: dict[str, list[str]] = defaultdict(list)
    for requirement, proof in [*_from_tests(), *_from_cases()]:
        if proof not in found[requirement]:
            found[requirement].append(proof)
    return dict(found)


def _from_tests() -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for requirement in ids_in(ast.get_docstring(node) or ""):
                    yield requirement, f"{file.relative_to(ROOT).as_posix()}::{node.name}"


def _from_cases() -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / "tariffs").rglob("cases.yaml")):
        for case in YAML(typ="safe").load(file.read_text(encoding="utf-8")) or []:
            for requirement in case.get("proves", ()):
                yield str(requirement), f"{file.relative_to(ROOT).as_posix()}: {case['name']}"


@cache
def requirements() -> dict[str, Mapping[str, str]]:
    """Every requirement with its rule, where it lives, and why it is not yet proven."""
    text = (ROOT / "docs" / "requirements.yaml").read_text(encoding="utf-8")
    return dict(YAML(typ="safe").load(text))
