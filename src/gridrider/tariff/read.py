"""YAML text to records: one walk over the file, driven by the declarations in `model`.

Provenance (`effective`, `filed`, `cite`, `confirmed`, `note`) is inherited from the nearest enclosing block.
Every mistake becomes a Problem with its line; the walk goes on, so that all are found at once.
"""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ..problem import Problem, error
from .cells import BadCell, condition, parse, shown
from .dated import Dated
from .declared import Declared, Shape, below, declared
from .document import PROBLEMS_MAX, Block, Items

__all__ = ["PROVENANCE", "Reader", "Source", "TooManyProblems", "parse"]

PROVENANCE = ("effective", "filed", "cite", "confirmed", "note")
TABLES = ("by_month", "by_duration_h", "by_customer_class")
CONDITIONS = {"months": "by_month", "duration_h": "by_duration_h", "customer_classes": "by_customer_class"}
LEAF_KEYS = ("value", "unit", *CONDITIONS, *PROVENANCE, *TABLES)
"""What a rule that is written out may hold."""

RESERVED = frozenset({*PROVENANCE, *TABLES, *CONDITIONS, "value", "unit", "any", "all", "none", "default"})
"""Words that mean something of their own and therefore cannot name a rider, service, kind, zone or season."""

ALIKE_MAX = 3
"""More rules than these that lack the same are one finding: what is missing is a line at the top of the file."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PROVENANCE_TYPES: dict[str, Any] = {"effective": date, "filed": date, "cite": str, "confirmed": bool, "note": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Provenance that a block hands down to what stands inside it."""

    effective: date | None = None
    filed: date | None = None
    cite: str = ""
    confirmed: bool = True
    note: str = ""
    unread: frozenset[str] = frozenset()
    """What is given here and cannot be read; said once, where it stands."""


class TooManyProblems(Exception):
    """So much is wrong that reading on helps nobody."""


class Reader:
    """One walk over one file; collects Problems and the line of every path as it goes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.lacking: dict[tuple[str, ...], list[Problem]] = {}
        self.lines: dict[str, int] = {}

    def complain(self, line: int, path: str, reason: str, what_to_do: str, seen: object = None) -> None:
        """Note a Problem at a line."""
        self.problems.append(error(self.file, reason, what_to_do, row=line, column=path, value=shown(seen)))
        if len(self.problems) >= PROBLEMS_MAX:
            raise TooManyProblems

    def said(self) -> list[Problem]:
        """The Problems as they are told: one for many rules that lack the same word."""
        told = {id(problem): problem for problem in self.problems}
        for names, alike in self.lacking.items():
            if len(alike) > ALIKE_MAX:
                first, *rest = sorted(alike, key=lambda problem: problem.row or 0)
                told = {key: problem for key, problem in told.items() if key not in {id(one) for one in rest}}
                told[id(first)] = replace(
                    first, reason=f"{first.reason}, as do {len(rest)} more rules",
                    what_to_do=f"Write {' and '.join(f'{name}:' for name in names)} once at the top of the file, or in "
                               "a block around them: since when, filed when, by which clause.")
        return list(told.values())

    # ---- blocks -------------------------------------------------------------------------------
    def block(self, kind: type[Any], node: Any, path: str, source: Source, line: int) -> Any:
        """A record of `kind` from a YAML mapping; None when it cannot be made."""
        self.lines[path] = line
        if not isinstance(node, Block):
            self.complain(line, path, "needs a block of names and values", "Write its keys below it, indented.", node)
            return None
        source = self.inherit(node, path, source)
        entries = declared(kind)
        self.unknown_keys(node, [entry.key for entry in entries], path)
        given: dict[str, Any] = {}
        whole = True
        for entry in entries:
            inside = below(path, entry.key)
            if entry.key in node:
                given[entry.name] = self.entry(entry, node, inside, source)
                whole = whole and not (entry.required and given[entry.name] is None)
            elif entry.required:
                whole = False
                choices = f" one of {', '.join(entry.choices)}" if entry.choices else " …"
                self.complain(line, inside, f"is missing: {entry.meaning}", f"Add {entry.key}:{choices}.")
            elif entry.implied and all((source.effective, source.filed, source.cite)) and not any(
                    isinstance(held, tuple) and held and isinstance(held[0], Dated) for held in given.values()):
                given[entry.name] = tuple(self.leaf(entry, True, inside, source, line, {}))
        return kind(**given) if whole else None

    def inherit(self, node: Block, path: str, outer: Source) -> Source:
        """The provenance inside a block: its own words first, then the enclosing block's."""
        own: dict[str, Any] = {}
        unread = outer.unread
        for key in PROVENANCE:
            if key not in node:
                continue
            try:
                own[key] = parse(_PROVENANCE_TYPES[key], node[key])
            except BadCell as bad:
                self.complain(node.line_of(key), below(path, key), bad.reason, bad.what_to_do, node[key])
                unread |= {key}
        return replace(outer, unread=unread, **own)

    def unknown_keys(self, node: Block, known: Iterable[str], path: str) -> None:
        """A key that no declaration knows is a mistake, with the nearest name as advice."""
        names = list(dict.fromkeys([*known, *PROVENANCE]))
        for key in node:
            if key in names:
                continue
            near = [name for name in names if name.startswith(f"{key}_")] or difflib.get_close_matches(key[:64], names,
                                                                                                       n=1)
            ours = [name for name in names if name not in PROVENANCE]
            advice = f"Did you mean {' or '.join(near)}?" if near else f"Known here: {', '.join(ours)}."
            self.complain(node.line_of(key), below(path, shown(key)), "is not a name that this block knows", advice)

    def entry(self, entry: Declared, node: Block, path: str, source: Source) -> Any:
        """The content of one declared field, whatever its shape."""
        line, child = node.line_of(entry.key), node[entry.key]
        self.lines[path] = line
        if entry.shape is Shape.HISTORY:
            return tuple(self.history(entry, child, path, source, line))
        if entry.shape is Shape.BLOCK:
            return self.block(entry.kind, child, path, source, line)
        if entry.shape is Shape.NAMED:
            return self.named(entry.kind, child, path, source, line)
        if entry.shape in (Shape.BLOCKS, Shape.WORDS):
            return self.several(entry, child, path, source, line)
        return self.word(entry, child, path, line)

    def named(self, kind: type[Any], node: Any, path: str, source: Source, line: int) -> dict[str, Any]:
        """Blocks by name."""
        if not isinstance(node, Block):
            self.complain(line, path, "needs named blocks", "Write one name per line, each with its block.", node)
            return {}
        source = self.inherit(node, path, source)
        made: dict[str, Any] = {}
        for name, child in node.items():
            at = node.line_of(name)
            if name in PROVENANCE:
                continue
            if name in RESERVED or not _NAME.fullmatch(name):
                why = "is a reserved word" if name in RESERVED else "cannot be a name"
                self.complain(at, path, why, "Choose a name of letters, digits, - and _, for example summer.", name)
                continue
            made[name] = self.block(kind, Block() if child is None else child, below(path, name), source, at)
        return {name: record for name, record in made.items() if record is not None}

    def several(self, entry: Declared, node: Any, path: str, source: Source, line: int) -> tuple[Any, ...]:
        """A list of blocks or of words; a single one may stand without the dash."""
        items = list(node) if isinstance(node, Items) else [node]
        lines = node.lines if isinstance(node, Items) else [line]
        made = []
        for index, (item, at) in enumerate(zip(items, lines, strict=True)):
            inside = f"{path}[{index}]" if len(items) > 1 else path
            if entry.shape is Shape.BLOCKS:
                made.append(self.block(entry.kind, item, inside, source, at))
            else:
                made.append(self.word(entry, item, inside, at))
        return tuple(record for record in made if record is not None)

    def word(self, entry: Declared, node: Any, path: str, line: int) -> str | None:
        """A text, a name, or a word of the closed set; None when it is none."""
        self.lines[path] = line
        try:
            return str(parse(str, node, entry.choices))
        except BadCell as bad:
            self.complain(line, path, bad.reason, bad.what_to_do, node)
            return None if entry.required or entry.shape is Shape.WORDS else ""

    # ---- rules with a history ---------------------------------------------------------------
    def history(self, entry: Declared, node: Any, path: str, source: Source, line: int) -> Iterator[Dated[Any]]:
        """The dated values of one rule, in file order."""
        if isinstance(node, Items) and node and isinstance(node[0], Block):
            for item, at in zip(node, node.lines, strict=True):
                yield from self.history(entry, item, path, source, at)
        elif isinstance(node, Block):
            yield from self.written_out(entry, node, path, source, line)
        else:
            yield from self.leaf(entry, node, path, source, line, {})

    def written_out(self, entry: Declared, node: Block, path: str, source: Source, line: int,
                    outer: dict[str, Any] | None = None) -> Iterator[Dated[Any]]:
        """A rule written with its own provenance, conditions, or as a table over conditions."""
        self.unknown_keys(node, LEAF_KEYS, path)
        if not any(key in node for key in ("value", *TABLES)):
            self.complain(line, path, "holds no value", "Write value: and the value, or only the value itself.")
            return
        source = self.inherit(node, path, source)
        self.check_unit(entry, node, path)
        held = self.conditions(node, path, outer or {})
        if "value" in node:
            yield from self.leaf(entry, node["value"], path, source, node.line_of("value"), held)
        for table in TABLES:
            if table in node:
                yield from self.table(entry, table, node[table], path, source, held, node.line_of(table))

    def table(self, entry: Declared, table: str, node: Any, path: str, source: Source, outer: dict[str, Any],
              line: int) -> Iterator[Dated[Any]]:
        """by_month, by_duration_h or by_customer_class: one value, or a further table, per case."""
        if not isinstance(node, Block) or not node:
            self.complain(line, below(path, table), "needs one line per case", "Write case: value.", node)
            return
        source = self.inherit(node, path, source)
        for case, child in node.items():
            if case in PROVENANCE:
                continue
            at = node.line_of(case)
            try:
                held = _joined(outer, condition(table, case))
            except BadCell as bad:
                self.complain(at, below(path, table), bad.reason, bad.what_to_do, case)
                continue
            if isinstance(child, Block) and any(key in child for key in LEAF_KEYS if key not in PROVENANCE):
                yield from self.written_out(entry, child, path, source, at, held)
            elif isinstance(child, Block):  # months may stand directly below a length or a class
                yield from self.table(entry, "by_month", child, path, source, held, at)
            else:
                yield from self.leaf(entry, child, path, source, at, held)

    def conditions(self, node: Block, path: str, outer: dict[str, Any]) -> dict[str, Any]:
        """The cases that a value is limited to, its own and those of the table around it."""
        own: dict[str, Any] = {}
        for key, table in CONDITIONS.items():
            if key not in node:
                continue
            try:
                cases = node[key] if isinstance(node[key], Items) else [node[key]]
                if not cases:
                    raise BadCell("is an empty list", "Name at least one, or take the line away.")
                for made in (condition(table, case) for case in cases):
                    if key == "duration_h" and key in own:
                        raise BadCell("holds more than one length", "Write by_duration_h: with one line per length.")
                    own[key] = own[key] | made[key] if key in own else made[key]
                _joined(outer, {key: own.get(key)})
            except BadCell as bad:
                self.complain(node.line_of(key), below(path, key), bad.reason, bad.what_to_do, node[key])
        return own | outer

    def check_unit(self, entry: Declared, node: Block, path: str) -> None:
        """A unit that is written out must be the field's own."""
        if "unit" in node and shown(node["unit"]) != entry.unit:
            self.complain(node.line_of("unit"), below(path, "unit"), f"this value is in {entry.unit or 'no unit'}",
                          "Convert the value, or choose the key that carries your unit.", node["unit"])

    def leaf(self, entry: Declared, node: Any, path: str, source: Source, line: int,
             held: dict[str, Any]) -> Iterator[Dated[Any]]:
        """One value with its provenance."""
        try:
            parsed = parse(entry.kind, node, entry.choices)
        except BadCell as bad:
            self.complain(line, path, bad.reason, bad.what_to_do, node)
            return
        absent = [name for name in ("effective", "filed", "cite") if not getattr(source, name)]
        lacking = [name for name in absent if name not in source.unread]
        if lacking:
            self.complain(line, path, "lacks " + " and ".join(filter(None, [", ".join(lacking[:-1]), lacking[-1]])),
                          "Give it here or in a block around it: since when, filed when, by which clause.", node)
            self.lacking.setdefault(tuple(lacking), []).append(self.problems[-1])
        if absent:
            return
        effective, filed = typing.cast("tuple[date, date]", (source.effective, source.filed))
        yield Dated(value=parsed, unit=entry.unit, effective=effective, filed=filed, cite=source.cite,
                    confirmed=source.confirmed, note=source.note, line=line, **held)


def _joined(outer: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The conditions of a case and of what stands around it; the same one twice has no clear meaning."""
    if outer.keys() & own.keys():
        raise BadCell("the table around it already states this condition", "State each condition once.")
    return outer | own
