"""Read the worked examples beside a tariff, and say every mistake in them with its line."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from ..interval import date_span
from ..market.model import MARKET_VALUES
from ..problem import Problem, error
from ..tariff.model import Tariff
from ..twin.example_world import CLAIM_KEYS, EVENT_KEYS, KNOWN_KEYS, Case

EXPECTED_KEYS = frozenset({"outcomes", "counted", "lines", "total_usd", "statements", "attribution", "refused"})
"""What an example may expect."""
BY_EVENT = ("discharge_kw", "load_kw", "premise_kw", "window_kw", "adjustment_kwh", "price_usd_per_mwh")
"""What an example says event by event."""
RECONCILES = "reconcile"
"""The key of an example of a reconciliation, which is no settlement."""
HOURS_MAX, DAYS_MAX = 24 * 366, 3 * 366
"""Longer than any event, and further back than any method of measurement looks."""
PERIOD = "2025"
"""What is settled where an example names no period."""

Steps = tuple[Any, ...]
"""The keys and numbers that lead from the top of the file to a place in it."""
Lines = Mapping[Steps, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One worked example and the line on which it begins."""

    file: Path
    line: int
    case: Case

    @property
    def name(self) -> str:
        """What it shows."""
        return str(self.case["name"])

    @property
    def reconciles(self) -> bool:
        """True for an example of a reconciliation."""
        return RECONCILES in self.case


def read_examples(file: Path, tariff: Tariff) -> tuple[list[Example], list[Problem]]:
    """The examples of a cases.yaml and every mistake in it; with a mistake they are not to be run."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        return [], [error(str(file), "is not UTF-8 text", "Save the file as UTF-8.", row=line)]
    except OSError as fault:
        return [], [error(str(file), f"cannot be read: {fault.strerror}",
                          "The worked examples stand in cases.yaml, in the folder of the tariff.")]
    try:
        root, cases = YAML(typ="safe", pure=True).compose(text), YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as fault:
        return [], [_not_yaml(file, fault)]
    if not isinstance(cases, list) or not cases:
        return [], [error(str(file), "holds no list of examples", "Begin each example with `- name: what it shows`.",
                          row=1)]
    lines = _lines_of(root)
    examples = [Example(file=file, line=lines[number,], case=case)
                for number, case in enumerate(cases) if isinstance(case, dict)]
    problems: list[Problem] = []
    for number, case in enumerate(cases):
        problems += _Check(file=str(file), tariff=tariff, lines=lines, number=number).all(case)
    return examples, sorted(problems, key=lambda problem: (problem.row or 0, problem.column, problem.reason))


def _not_yaml(file: Path, fault: Exception) -> Problem:
    """What the reader of YAML says, in one line."""
    mark = (fault.problem_mark or fault.context_mark) if isinstance(fault, MarkedYAMLError) else None
    said = (fault.problem or fault.context) if isinstance(fault, MarkedYAMLError) else str(fault)
    return error(str(file), f"is not valid YAML: {' '.join(str(said).split())[:200]}",
                 "Check indentation, quotes and colons, and that no key stands twice.",
                 row=None if mark is None else mark.line + 1)


def _lines_of(root: Node) -> Lines:
    """The line of each item and key, by the keys and numbers that lead to it; aliases are followed once."""
    found: dict[Steps, int] = {}
    waiting: list[tuple[Steps, Node]] = [((), root)]
    seen: set[int] = set()
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        steps: list[tuple[Any, Node, Node]]
        if isinstance(node, SequenceNode):
            steps = [(number, item, item) for number, item in enumerate(node.value)]
        elif isinstance(node, MappingNode):
            steps = [(str(key.value), key, held) for key, held in node.value]
        else:
            continue
        for step, place, held in steps:
            found[*path, step] = place.start_mark.line + 1
            waiting.append(((*path, step), held))
    return found


@dataclass(slots=True, kw_only=True)
class _Check:
    """The mistakes of one example; what is not of the right shape is not looked into."""

    file: str
    tariff: Tariff
    lines: Lines
    number: int
    problems: list[Problem] = field(default_factory=list)

    def all(self, case: Any) -> list[Problem]:
        """Every mistake of the example."""
        if not self.shape(case, Mapping, ()):
            return self.problems
        for key in ("name", "cite"):
            if not isinstance(case.get(key), str) or not case[key].strip():
                self.complain((key,), "is lacking", "Say what the example shows, and by which clause.")
        expect = case.get("expect")
        if not expect:
            self.complain(("expect",), "expects nothing, so nothing could fail",
                          f"Add one of: {', '.join(sorted(EXPECTED_KEYS))}.")
        if RECONCILES in case:
            return self.problems
        self.known(case, KNOWN_KEYS, ())
        self.read(("period",), str(case.get("period", PERIOD)), date_span,
                  "is not a period", "Write 2025-05-01/2025-11-01 (end exclusive), 2025-08 or 2025.")
        if "as_of" in case:
            self.read(("as_of",), str(case["as_of"]), instant,
                      "is not a time with its offset", 'Write "2025-11-01T00:00:00-07:00", in quotes.')
        homes, events = self.homes(case), self.events(case)
        for key in BY_EVENT:
            self.by_event(case, key, events)
        self.tables(case, homes, events)
        if expect and self.shape(expect, Mapping, ("expect",)):
            self.expected(expect, events)
        return self.problems

    def complain(self, path: Steps, reason: str, what_to_do: str, seen: object = "") -> None:
        """Note a mistake at the line of its key, or of what encloses it."""
        whole: Steps = (self.number, *(step if isinstance(step, int) else str(step) for step in path))
        row = next((self.lines[whole[:size]] for size in range(len(whole), 0, -1) if whole[:size] in self.lines), None)
        self.problems.append(error(self.file, reason, what_to_do, row=row, column=".".join(map(str, path)),
                                   value=str(seen)[:60]))

    def shape(self, said: Any, wanted: type, path: Steps) -> bool:
        """True when something is a map, or a list, as it should be."""
        if isinstance(said, wanted):
            return True
        noun = "map, `name: …` for each" if wanted is Mapping else "list"
        self.complain(path, f"is not a {noun}", "See docs/reference/cases.md.", said)
        return False

    def known(self, said: Mapping[Any, Any], keys: Collection[str], path: Steps) -> None:
        """Complain of keys that mean nothing here."""
        for key in sorted({str(key) for key in said} - set(keys)):
            near = difflib.get_close_matches(key, keys, n=2)
            advice = f"Did you mean {' or '.join(near)}?" if near else f"Known here: {', '.join(sorted(keys))}."
            self.complain((*path, key), "is not a key that is known here", advice)

    def read(self, path: Steps, said: Any, reader: Callable[[str], object], reason: str, advice: str) -> None:
        """Complain of a cell that cannot be read."""
        try:
            reader(str(said))
        except (ValueError, ArithmeticError):
            self.complain(path, reason, advice, said)

    def number_at(self, said: Any, path: Steps) -> None:
        """Complain of what is not a number."""
        self.read(path, said, finite, "is not a number", 'Write digits in quotes, for example "2.5".')

    def hours(self, said: Any, path: Steps) -> None:
        """Complain of what is no length of an event."""
        self.read(path, said, lambda text: within(text, HOURS_MAX), "is not a number of hours", 'Write "2" or "1.5".')

    def clock(self, said: Any, path: Steps) -> None:
        """Complain of what is not a local time."""
        self.read(path, said, datetime.fromisoformat, "is not a local time", "Write 2027-07-06T16:00.")

    def homes(self, case: Case) -> set[str]:
        """The names of the homes."""
        homes = case.get("homes") or {"home": {}}
        if not self.shape(homes, Mapping, ("homes",)):
            return set()
        for name, said in homes.items():
            path = ("homes", name)
            if said is not None and self.shape(said, Mapping, path) and said.get("rider") is not None:
                self.one_of(str(said["rider"]), self.tariff.riders, (*path, "rider"), "rider of the tariff")
        return set(map(str, homes))

    def one_of(self, said: str, names: Collection[str], path: Steps, what: str) -> None:
        """Complain of a name that stands for nothing."""
        if said not in names:
            self.complain(path, f"is no {what}", f"Known: {', '.join(sorted(names)) or 'none'}.", said)

    def events(self, case: Case) -> set[str]:
        """The names of the events."""
        events = case.get("events") or {}
        if not self.shape(events, Mapping, ("events",)):
            return set()
        for name, said in events.items():
            path = ("events", name)
            if not self.shape(said, Mapping, path):
                continue
            self.known(said, EVENT_KEYS, path)
            for key in ("start", "hours"):
                if key not in said:
                    self.complain(path, f"has no {key}", "Give start (local clock) and hours.")
            for key in {"start", "called", "cancelled"} & said.keys():
                self.clock(said[key], (*path, key))
            if "hours" in said:
                self.hours(said["hours"], (*path, "hours"))
        return set(map(str, events))

    def by_event(self, case: Case, key: str, events: set[str]) -> None:
        """What is said event by event names events, and the prices are lists."""
        said = case.get(key) or {}
        if not self.shape(said, Mapping, (key,)):
            return
        for event, held in said.items():
            self.one_of(str(event), events, (key, event), "event of this example")
            if key == "price_usd_per_mwh":
                self.shape(held, list, (key, event))

    def tables(self, case: Case, homes: set[str], events: set[str]) -> None:
        """Nominations, services taken on, market values and claims."""
        if "days_back" in case:
            self.read(("days_back",), case["days_back"], lambda text: within(str(int(text)), DAYS_MAX),
                      "is not a number of days", f"Write a whole number, {DAYS_MAX} at most.")
        for key in ("nominations", "service_terms"):
            said = case.get(key) or {}
            for name, held in said.items() if self.shape(said, Mapping, (key,)) else ():
                for month, cells in held.items() if self.shape(held, Mapping, (key, name)) else ():
                    if key == "nominations" and isinstance(cells, Mapping):
                        self.known(cells, ("service", "kw"), (key, name, month))
        for place, row in self.rows(case, "market_values"):
            self.known(row, [column.name for column in MARKET_VALUES.columns], place)
        for place, row in self.rows(case, "claims"):
            self.claim(row, place, homes, events)

    def claim(self, row: Mapping[str, Any], place: Steps, homes: set[str], events: set[str]) -> None:
        """A claim has a meter, a span and a program."""
        self.known(row, CLAIM_KEYS, place)
        if "point_id" not in row:
            self.one_of(str(row.get("home", "")), homes, place, "home of this example")
        if "event" in row:
            self.one_of(str(row["event"]), events, place, "event of this example")
        elif not {"start", "hours"} <= row.keys():
            self.complain(place, "has no span", "Name the event, or give start (local clock) and hours.")
        if "start" in row:
            self.clock(row["start"], (*place, "start"))
        if "hours" in row:
            self.hours(row["hours"], (*place, "hours"))
        if "program" not in row:
            self.complain(place, "names no program", "Say which other program pays for the energy.")

    def rows(self, said: Mapping[str, Any], key: str, *path: str) -> list[tuple[Steps, Mapping[str, Any]]]:
        """The rows of a list of maps, each with its place."""
        held, place = said.get(key, []), (*path, key)
        if not self.shape(held, list, place):
            return []
        return [((*place, number), row) for number, row in enumerate(held)
                if self.shape(row, Mapping, (*place, number))]

    def expected(self, expect: Mapping[str, Any], events: set[str]) -> None:
        """What is expected has the shape of what comes."""
        self.known(expect, EXPECTED_KEYS, ("expect",))
        for key in ("outcomes", "counted"):
            said = expect.get(key) or {}
            for event in said if self.shape(said, Mapping, ("expect", key)) else ():
                self.one_of(str(event), events, ("expect", key, event), "event of this example")
        for key in ("lines", "statements", "attribution"):
            self.rows(expect, key, "expect")
        if "total_usd" in expect:
            self.number_at(expect["total_usd"], ("expect", "total_usd"))


def finite(text: str) -> Decimal:
    """A number that is one; raises ValueError or ArithmeticError for another text."""
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def within(text: str, most: int) -> Decimal:
    """A number that is not larger than that; raises ValueError or ArithmeticError for another text."""
    number = finite(text)
    if abs(number) > most:
        raise ValueError(text)
    return number


def instant(text: str) -> datetime:
    """A time with its offset; raises ValueError for another text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment
