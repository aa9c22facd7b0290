"""A YAML file as sections that know their line, so that every mistake is reported as file:line, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ...problem import Problem, error

BYTES_MAX = 1_000_000
"""A mapping is a page of text; anything larger is not one. [bytes]"""

UNKNOWN_MAX = 50
"""A file with more unknown keys than this is no mapping; the rest need no mention."""

_DECIMAL = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


@dataclass(slots=True, kw_only=True)
class Section:
    """One mapping of a YAML file; its readers note a Problem instead of raising."""

    file: str
    line: int
    entries: Mapping[str, Any]
    lines: Mapping[str, int]
    problems: list[Problem]
    path: str = ""
    seen: set[str] = field(default_factory=set)

    def note(self, key: str, reason: str, what_to_do: str, found: object = "") -> None:
        """Add an error at the line of a key."""
        place = f"{self.path}.{key}" if self.path else key
        self.problems.append(error(self.file, reason, what_to_do, row=self.lines.get(key, self.line), column=place,
                                   value="" if found is None else str(found)))

    def raw(self, key: str, *, required: bool = False) -> Any:
        """Whatever stands under a key, or None."""
        self.seen.add(key)
        found = self.entries.get(key)
        if found is None and required:
            self.note(key, "is missing", f"Write `{key}:` in this section.")
        return found

    def text(self, key: str, *, required: bool = False, choices: Sequence[str] = (), default: str = "") -> str:
        """A piece of text, one of `choices` when they are given."""
        found = self.raw(key, required=required)
        if found is None:
            return default
        if isinstance(found, (dict, list)):
            self.note(key, "is not a piece of text", "Write one word or a quoted text.")
            return default
        if choices and str(found) not in choices:
            self.note(key, "is not one of the known words", f"Use one of: {', '.join(choices)}.", found)
            return default
        return str(found)

    def integer(self, key: str, *, default: int, low: int, high: int) -> int:
        """A whole number within [low, high]."""
        found = self.raw(key)
        if found is None:
            return default
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            self.note(key, "is not a whole number in range", f"Write a whole number from {low} to {high}.", found)
            return default
        return int(found)

    def decimal(self, key: str, *, default: Decimal) -> Decimal:
        """An exact number; quoted or not, at most 15 digits on each side of the point."""
        found = self.raw(key)
        if found is None:
            return default
        if isinstance(found, bool) or not _DECIMAL.fullmatch(str(found).strip()):
            self.note(key, "is not a plain number", 'Write it quoted, such as "0.001".', found)
            return default
        return Decimal(str(found).strip())

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text stands for a list of one."""
        found = self.raw(key)
        if found is None:
            return ()
        members = found if isinstance(found, list) else [found]
        if any(isinstance(member, (dict, list)) or member is None for member in members):
            self.note(key, "is not a list of texts", "Write a list of words, such as [A, B].")
            return ()
        return tuple(str(member) for member in members)

    def codes(self, key: str, choices: Sequence[str]) -> dict[str, str]:
        """A table from a file's codes to our words."""
        section = self.section(key)
        if section is None:
            return {}
        return {code: section.text(code, choices=choices, required=True) for code in section.entries}

    def section(self, key: str, *, required: bool = False) -> Section | None:
        """The section under a key."""
        found = self.raw(key, required=required)
        return None if found is None else self._child(key, found, self.lines.get(key, self.line))

    def sections(self, key: str) -> Iterator[Section]:
        """The list of sections under a key."""
        found = self.raw(key)
        if found is None:
            return
        if not isinstance(found, list):
            self.note(key, "is not a list", "Write a list, each member beginning with `- `.")
            return
        for position, member in enumerate(found):
            child = self._child(key, member, _line_of(found, position, self.lines.get(key, self.line)))
            if child is not None:
                yield child

    def finish(self) -> None:
        """Note every key that nobody asked for, up to UNKNOWN_MAX of them."""
        unknown = [key for key in self.entries if key not in self.seen]
        for key in unknown[:UNKNOWN_MAX]:
            near = get_close_matches(key, sorted(self.seen), n=1)
            hint = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(sorted(self.seen))}."
            self.note(key, "is not a known key", hint)

    def _child(self, key: str, found: object, line: int) -> Section | None:
        if not isinstance(found, dict):
            self.note(key, "is not a section", "Write `key: value` pairs below it.", found)
            return None
        path = f"{self.path}.{key}" if self.path else key
        return _section(found, file=self.file, line=line, problems=self.problems, path=path)


def load_section(path: Path, problems: list[Problem]) -> Section | None:
    """Read a YAML 1.2 file whose top is a mapping; None when it cannot be read, with the Problem noted."""
    name = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
    except OSError as refusal:
        problems.append(error(name, f"cannot be opened ({refusal.strerror})", "Give the path of a readable file."))
        return None
    if len(content) > BYTES_MAX:
        problems.append(error(name, f"is larger than {BYTES_MAX} bytes", "Give a mapping, not a table."))
        return None
    return _parse(content, name, problems)


def _parse(content: bytes, name: str, problems: list[Problem]) -> Section | None:
    parser = YAML(typ="rt")
    parser.allow_duplicate_keys = False
    try:
        text = content.decode("utf-8-sig")
        if re.search(r"(^|[\s\[{,:-])[&*][^\s,\]}]", text) is not None and _uses_aliases(text):
            problems.append(error(name, "uses YAML anchors or aliases", "Write the parts out."))
            return None
        tree = parser.load(text)
    except YAMLError as mistake:
        mark = getattr(mistake, "problem_mark", None)
        said = getattr(mistake, "problem", None) or "is not YAML"
        problems.append(error(name, f"is not readable YAML: {str(said).splitlines()[0]}", "Mend the text at this line.",
                              row=None if mark is None else mark.line + 1))
        return None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, OverflowError) as mistake:
        problems.append(error(name, f"is not readable YAML ({type(mistake).__name__})", "Mend the file."))
        return None
    if not isinstance(tree, dict):
        problems.append(error(name, "does not hold key: value pairs", "Begin with `layout: wide` or `layout: long`."))
        return None
    return _section(tree, file=name, line=1, problems=problems, path="")


def _uses_aliases(text: str) -> bool:
    """True when the YAML scanner itself finds an anchor or an alias, outside quotes and comments."""
    kinds = {type(token).__name__ for token in YAML(typ="safe", pure=True).scan(text)}
    return bool(kinds & {"AnchorToken", "AliasToken"})


def _section(found: Any, *, file: str, line: int, problems: list[Problem], path: str) -> Section:
    lines = {str(key): _line_of(found, key, line) for key in found}
    entries = {str(key): member for key, member in found.items()}
    return Section(file=file, line=line, entries=entries, lines=lines, problems=problems, path=path)


def _line_of(container: Any, key: object, otherwise: int) -> int:
    marks = getattr(getattr(container, "lc", None), "data", None) or {}
    mark = marks.get(key)
    return otherwise if mark is None else int(mark[0]) + 1
