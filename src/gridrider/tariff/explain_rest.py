"""Rules that no sentence has told yet, by what they mean: so that no rule of a tariff stays untold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .declared import Rule, rules
from .model import Tariff
from .words import Clauses, spaced, value_text

TOLD_WITHOUT_CLAUSE = frozenset({"duration_matches"})
"""Rules whose words stand in a sentence that names no clause of their own."""


def rest_sentences(tariff: Tariff, clauses: Clauses, block_text: Callable[[str], str]) -> Iterator[str]:
    """A sentence for each rule that has not been told, with the words of its block and of its declaration."""
    for rule in rules(tariff):
        untold = [dated for dated in rule.history if not clauses.has_told(dated)]
        if untold and rule.name not in TOLD_WITHOUT_CLAUSE:
            yield _sentence(rule, clauses, block_text)


def _sentence(rule: Rule, clauses: Clauses, block_text: Callable[[str], str]) -> str:
    block = block_text(rule.path.rpartition(".")[0])
    told = clauses.phrase(rule.history, lambda held: _plain(held, rule.declared.unit))
    return f"{block[:1].upper()}{block[1:]}: {spaced(rule.declared.meaning)}: {told}."


def _plain(held: Any, unit: str) -> str:
    """A value in words; words of a closed set without their underscores."""
    text = value_text(held, unit)
    return spaced(text) if isinstance(held, (str, frozenset)) else text
