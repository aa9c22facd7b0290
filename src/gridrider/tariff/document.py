"""YAML 1.2 text to plain blocks and lists that know their lines; whatever is hostile or ambiguous is a Problem.

Numbers and dates stay text, so that nothing is lost between the file and its Decimal. Aliases, tags and a second
document are refused: a rule must stand where it is read.
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from ..problem import Problem, error

DEPTH_MAX = 40
PROBLEMS_MAX = 200
"""So many findings in one file are enough to begin with."""

_BARE_DECIMAL = re.compile(r"[-+]?(\.\d+|\d+\.\d*|\d+(\.\d*)?[eE][-+]?\d+|\.(inf|Inf|INF))|\.(nan|NaN|NAN)")
_BOOLEANS = {word: made for made, words in ((True, ("true", "True", "TRUE")), (False, ("false", "False", "FALSE")))
             for word in words}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Block(dict[str, Any]):
    """A mapping with the line of each of its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        """The line on which a key stands."""
        return self.lines[key]


class Items(list[Any]):
    """A list with the line of each of its items."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


class Bare(str):
    """A number with decimals that stands without quotes: most readers of YAML would make a float of it."""


class _Stop(Exception):
    """The rest of the document cannot be read with sense; the Problem that says why is noted."""


class _Open:
    """A block or list that is still being read, and for a block the key that waits for its value."""

    def __init__(self, node: Block | Items) -> None:
        self.node = node
        self.key: str | None = None
        self.key_line = 0
        self.at_key = True


class _Builder:
    """Puts the parser's events together; keeps its own stack, so that depth cannot exhaust Python's."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.root: Any = None
        self.documents = 0
        self.stack: list[_Open] = []

    def complain(self, line: int, reason: str, what_to_do: str, seen: str = "") -> None:
        self.problems.append(error(self.file, reason, what_to_do, row=line, value=seen[:60]))

    def take(self, event: Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            self.complain(line, "is an alias, and a rule must stand where it is read",
                          "Write the values out again.", f"*{event.anchor}")
            raise _Stop
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.complain(line, "a second document begins here", "Keep one tariff per file.")
                raise _Stop
        elif isinstance(event, CollectionStartEvent):
            self.refuse_tag(event, line)
            self.open(Block() if isinstance(event, MappingStartEvent) else Items(), line)
        elif isinstance(event, CollectionEndEvent):
            self.stack.pop()
        elif isinstance(event, ScalarEvent):
            self.refuse_tag(event, line)
            self.place(_scalar(event), line, event.value)

    def refuse_tag(self, event: Any, line: int) -> None:
        if event.tag is not None:
            self.complain(line, "is a YAML tag, and tariffs use none", "Take it away.", str(event.tag))
            raise _Stop

    def open(self, node: Block | Items, line: int) -> None:
        self.place(node, line, "")
        self.stack.append(_Open(node))
        if len(self.stack) > DEPTH_MAX:
            self.complain(line, f"is nested more than {DEPTH_MAX} deep", "No rule of a tariff stands so deep.")
            raise _Stop

    def place(self, node: Any, line: int, text: str) -> None:
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if isinstance(top.node, Items):
            top.node.append(node)
            top.node.lines.append(line)
        elif top.at_key:
            top.at_key, top.key, top.key_line = False, self.key(node, line, text, top.node), line
        else:
            top.at_key = True
            if top.key is not None:
                top.node[top.key], top.node.lines[top.key] = node, top.key_line

    def key(self, node: Any, line: int, text: str, block: Block) -> str | None:
        """The key as text; None, with a Problem, when what follows it cannot be kept."""
        if node is None or isinstance(node, (Block, Items)):
            self.complain(line, "a name is needed before the colon", "Write name: and its value.")
            return None
        if text in block:
            self.complain(line, f"stands twice in this block, first on line {block.lines[text]}",
                          "Keep one of the two.", text)
            if len(self.problems) >= PROBLEMS_MAX:
                raise _Stop
            return None
        return node if isinstance(node, Bare) else text


def _scalar(event: Any) -> Any:
    """What a scalar is in YAML 1.2: quoted is text; bare may be nothing, true, false or a number."""
    text = str(event.value)
    if event.style is not None:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return Bare(text) if _BARE_DECIMAL.fullmatch(text) else text


def read_document(text: str, file: str) -> tuple[Block | None, list[Problem]]:
    """The file's block of top-level keys, and what is wrong with it as YAML; None when nothing can be read."""
    builder = _Builder(file)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _Stop:
        return None, builder.problems
    except (YAMLError, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError) as fault:
        builder.complain(_fault_line(fault, text), f"is not valid YAML: {_fault_reason(fault)}",
                         "Check indentation, quotes and colons, and that no tab or control character is there.")
        return None, builder.problems
    if not isinstance(builder.root, Block):
        builder.complain(1, "holds no tariff", "Start from tariffs/_template/tariff.yaml.")
        return None, builder.problems
    return builder.root, builder.problems


def _fault_line(fault: Exception, text: str) -> int:
    if isinstance(fault, MarkedYAMLError):
        mark = fault.problem_mark or fault.context_mark
        return mark.line + 1 if mark is not None else 1
    position = getattr(fault, "position", None)
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 1


def _fault_reason(fault: Exception) -> str:
    said = fault.problem or fault.context if isinstance(fault, MarkedYAMLError) else getattr(fault, "reason", None)
    return " ".join(str(said or str(fault) or type(fault).__name__).split())[:200]
