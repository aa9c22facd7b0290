"""What `--map` may say about a Green Button file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

DIRECTIONS = ("import", "export", "net", "leave_out")
QUALITY_WORDS = ("actual", "validated", "edited", "estimated", "missing")


class YamlSection(Protocol):
    """What this module needs of a YAML section with line numbers; the use case hands one in."""

    entries: Mapping[str, object]

    def text(self, key: str, *, required: bool = False, choices: tuple[str, ...] = (), default: str = "") -> str: ...
    def codes(self, key: str, choices: tuple[str, ...]) -> dict[str, str]: ...
    def texts(self, key: str) -> tuple[str, ...]: ...
    def note(self, key: str, reason: str, what_to_do: str, found: object = "") -> None: ...
    def finish(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Names and choices for one import."""

    points: Mapping[str, str] = field(default_factory=dict)
    """Our point id by usage point, named by its id as imported, its link or its title."""
    flow_directions: Mapping[int, str] = field(default_factory=dict)
    """import, export, net or leave_out by ESPI flowDirection code, over the standard meaning."""
    qualities: Mapping[int, str] = field(default_factory=dict)
    """Our quality by ESPI QualityOfReading code, over the standard meaning."""
    seconds: frozenset[int] = frozenset()
    """Only intervals of these lengths are imported; empty = all."""
    absent_direction: str = ""
    """zero or missing, over the rule for a usage point with one channel only."""


def read_options(section: YamlSection) -> Options:
    """Options from the mapping file; mistakes are noted in the section.

    Keys: points, flow_directions, qualities, seconds, absent_direction.
    """
    options = Options(
        points=section.codes("points", ()),
        flow_directions=_by_number(section, "flow_directions", DIRECTIONS),
        qualities=_by_number(section, "qualities", QUALITY_WORDS),
        seconds=frozenset(int(length) for length in section.texts("seconds") if _is_number(section, "seconds", length)),
        absent_direction=section.text("absent_direction", choices=("zero", "missing")))
    section.finish()
    return options


def _by_number(section: YamlSection, key: str, choices: tuple[str, ...]) -> dict[int, str]:
    found = section.codes(key, choices)
    return {int(code): word for code, word in found.items() if _is_number(section, key, code)}


def _is_number(section: YamlSection, key: str, text: str) -> bool:
    if text.isascii() and text.isdigit() and len(text) < 9:
        return True
    section.note(key, "has a code that is not a whole number", "Use the codes of the ESPI schema.", text)
    return False
