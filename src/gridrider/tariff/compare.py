"""The redline of two tariffs: what a revision changes, for whom, from when, with both clauses.

A value filed on top of an earlier one is a new entry of a history; a value that was rewritten under the same dates
is a correction; a clause or a note that reads differently is provenance, and changes no payment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from .check_payments import component_of
from .dated import Dated
from .declared import Declared, Shape, below, declared
from .model import Adder, CoParticipation, EligibilityRule, Payment, Rider, Stacking, Tariff, Trigger
from .words import case_text, value_text


class What(StrEnum):
    """How a rule differs."""

    NEW_VALUE = "new value"  # a further entry of a history, with its own date
    CORRECTED = "corrected"  # another value under the same dates
    DATES = "dates"  # the same value, effective or filed on another day
    PROVENANCE = "provenance"  # the same value and dates, another clause, note or standing
    ADDED = "added"
    REMOVED = "removed"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two tariffs; texts are as people read them, blank where one side has nothing."""

    what: What
    path: str
    meaning: str
    old: str = ""
    new: str = ""
    old_cite: str = ""
    new_cite: str = ""
    effective: date | None = None
    filed: date | None = None
    case: str = ""
    rider: str = ""
    service: str = ""
    technologies: tuple[str, ...] = ()
    customer_classes: tuple[str, ...] = ()

    @property
    def pays(self) -> bool:
        """False where only provenance reads differently."""
        return self.what is not What.PROVENANCE


def compare(old: Tariff, new: Tariff) -> list[Change]:
    """Everything that differs from `old` to `new`, in the order of the declarations; empty when nothing does."""
    return [_for_whom(change, old, new) for change in _blocks(old, new, "")]


# ---- walking both sides ---------------------------------------------------------------------------
def _blocks(old: Any, new: Any, path: str) -> Iterator[Change]:
    for entry in declared(type(new)):
        yield from _entry(entry, getattr(old, entry.name), getattr(new, entry.name), below(path, entry.key))


def _entry(entry: Declared, old: Any, new: Any, path: str) -> Iterator[Change]:
    if entry.shape is Shape.HISTORY:
        yield from _histories(entry, old, new, path)
    elif entry.shape is Shape.BLOCK:
        yield from _one(old, new, path, entry.meaning)
    elif entry.shape is Shape.NAMED:
        yield from _by_name(old, new, path, entry.meaning)
    elif entry.shape is Shape.BLOCKS:
        yield from _by_name(_identified(old), _identified(new), path, entry.meaning)
        yield from _order(list(_identified(old)), list(_identified(new)), path, entry.meaning)
    elif entry.shape is Shape.WORDS:
        yield from _words(old, new, path, entry.meaning)
    elif old != new:
        yield Change(what=_what(old, new), path=path, meaning=entry.meaning, old=str(old), new=str(new))


def _what(old: object, new: object) -> What:
    return What.ADDED if not old else What.REMOVED if not new else What.CORRECTED


def _one(old: Any, new: Any, path: str, meaning: str) -> Iterator[Change]:
    if old is not None and new is not None:
        yield from _blocks(old, new, path)
    elif old is not None or new is not None:
        held = new if old is None else old
        what = What.ADDED if old is None else What.REMOVED
        empty = True
        for change in _inside(held, path, what):
            empty = False
            yield change
        if empty:
            yield Change(what=what, path=path, meaning=meaning)


def _inside(block: Any, path: str, what: What) -> Iterator[Change]:
    """Every rule and word of a block that stands on one side only."""
    for entry in declared(type(block)):
        held = getattr(block, entry.name)
        inside = below(path, entry.key)
        if entry.shape is Shape.HISTORY:
            yield from (_half(entry, dated, inside, what) for dated in held)
        elif entry.shape is Shape.BLOCK and held is not None:
            yield from _inside(held, inside, what)
        elif entry.shape in (Shape.NAMED, Shape.BLOCKS):
            named = held if entry.shape is Shape.NAMED else _identified(held)
            for name, item in named.items():
                yield from _inside(item, f"{inside}.{name}", what)
        elif held:
            text = ", ".join(held) if entry.shape is Shape.WORDS else str(held)
            yield _sided(Change(what=what, path=inside, meaning=entry.meaning), text, what)


def _sided(change: Change, text: str, what: What) -> Change:
    return replace(change, new=text) if what is What.ADDED else replace(change, old=text)


def _by_name(old: Mapping[str, Any], new: Mapping[str, Any], path: str, meaning: str) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        yield from _one(old.get(name), new.get(name), f"{path}.{name}", meaning)


def _order(old: list[str], new: list[str], path: str, meaning: str) -> Iterator[Change]:
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Change(what=What.REORDERED, path=path, meaning=meaning, old=", ".join(old), new=", ".join(new))


def _words(old: Sequence[str], new: Sequence[str], path: str, meaning: str) -> Iterator[Change]:
    if old != new:
        what = What.REORDERED if sorted(old) == sorted(new) else _what(old, new)
        yield Change(what=what, path=path, meaning=meaning, old=", ".join(old), new=", ".join(new))


def _identified(items: Sequence[Any]) -> dict[str, Any]:
    """The items of a list by what they are about, so that an insertion is not a change of all that follow."""
    seen: Counter[str] = Counter()
    named = {}
    for item in items:
        name = _identity(item)
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name}#{seen[name]}"] = item
    return named


def _identity(item: Any) -> str:
    if isinstance(item, Payment):
        return component_of(item)
    if isinstance(item, Trigger):
        return "-".join(filter(None, [item.kind, item.event_kind]))
    if isinstance(item, EligibilityRule):
        if item.require_any:
            return f"require-{'-or-'.join(item.require_any)}"
        return f"require-{item.require}" if item.require else f"refuse-{item.refuse}"
    if isinstance(item, Adder):
        return "-or-".join(filter(None, [item.when, *item.when_any])) or "everybody"
    if isinstance(item, CoParticipation):
        return "-and-".join(item.with_)
    if isinstance(item, Stacking):
        return "-then-".join(item.services)
    return type(item).__name__


# ---- rules with a history -------------------------------------------------------------------------
def _histories(entry: Declared, old: Sequence[Dated[Any]], new: Sequence[Dated[Any]], path: str) -> Iterator[Change]:
    """Entries are matched by case and dates, then by case and value; what is left was filed or withdrawn."""
    olds, news = {_dates(dated): dated for dated in old}, {_dates(dated): dated for dated in new}
    for key in olds:
        if key in news and olds[key] != news[key]:
            what = What.PROVENANCE if olds[key].value == news[key].value else What.CORRECTED
            yield _whole(entry, olds[key], news[key], path, what)
    gone = [dated for key, dated in olds.items() if key not in news]
    come = [dated for key, dated in news.items() if key not in olds]
    for dated in come:
        same = next((earlier for earlier in gone if _case(earlier) == _case(dated) and earlier.value == dated.value),
                    None)
        if same is not None:
            gone.remove(same)
            yield _whole(entry, same, dated, path, What.DATES)
            continue
        before = _replaced(dated, old)
        yield (_half(entry, dated, path, What.ADDED) if before is None
               else _whole(entry, before, dated, path, What.NEW_VALUE))
    yield from (_half(entry, dated, path, What.REMOVED) for dated in gone)


def _case(dated: Dated[Any]) -> tuple[Any, ...]:
    return tuple(sorted(dated.months)), dated.duration_h, tuple(sorted(dated.customer_classes))


def _dates(dated: Dated[Any]) -> tuple[Any, ...]:
    return *_case(dated), dated.effective, dated.filed


def _replaced(dated: Dated[Any], old: Sequence[Dated[Any]]) -> Dated[Any] | None:
    """The value that would hold, for the same case, on the day on which the new one takes effect."""
    held = [earlier for earlier in old if earlier.effective <= dated.effective
            and (_case(earlier) == _case(dated) or not earlier.narrowness)]
    return max(held, key=lambda earlier: (earlier.effective, earlier.narrowness, earlier.filed), default=None)


def _half(entry: Declared, dated: Dated[Any], path: str, what: What) -> Change:
    text = value_text(dated.value, entry.unit)
    change = Change(what=what, path=path, meaning=entry.meaning, effective=dated.effective, filed=dated.filed,
                    case=case_text(dated), customer_classes=tuple(sorted(dated.customer_classes)))
    if what is What.ADDED:
        return replace(change, new=text, new_cite=dated.cite)
    return replace(change, old=text, old_cite=dated.cite)


def _whole(entry: Declared, old: Dated[Any], new: Dated[Any], path: str, what: What) -> Change:
    told = {What.DATES: _dates_told, What.PROVENANCE: _standing_told}.get(what, _value_told)
    return Change(what=what, path=path, meaning=entry.meaning, old=told(old, entry.unit), new=told(new, entry.unit),
                  old_cite=old.cite, new_cite=new.cite, effective=new.effective, filed=new.filed, case=case_text(new),
                  customer_classes=tuple(sorted(new.customer_classes)))


def _value_told(dated: Dated[Any], unit: str) -> str:
    return value_text(dated.value, unit)


def _dates_told(dated: Dated[Any], unit: str) -> str:
    return f"{value_text(dated.value, unit)}; effective {dated.effective}, filed {dated.filed}"


def _standing_told(dated: Dated[Any], unit: str) -> str:
    note = f", note: {dated.note}" if dated.note else ""
    return f"{value_text(dated.value, unit)}; {'confirmed' if dated.confirmed else 'unconfirmed'}{note}"


# ---- for whom -------------------------------------------------------------------------------------
def _for_whom(change: Change, old: Tariff, new: Tariff) -> Change:
    """The change with its rider, service, technologies and customer classes."""
    steps = change.path.split(".")
    if steps[0] != "riders" or len(steps) < 2:
        return change
    rider = new.riders.get(steps[1]) or old.riders[steps[1]]
    service = steps[3] if steps[2:3] == ["services"] and len(steps) > 3 else ""
    return replace(change, rider=steps[1], service=service, technologies=rider.technologies,
                   customer_classes=change.customer_classes or _classes(rider))


def _classes(rider: Rider) -> tuple[str, ...]:
    """The customer classes that may enroll, where the rider says so; blank = all."""
    named = {dated.value for condition in rider.eligibility if condition.require == "customer_class"
             for dated in condition.of}
    return tuple(sorted(named))


# ---- as one document ------------------------------------------------------------------------------
def compare_json(old: Tariff, new: Tariff) -> dict[str, Any]:
    """The same as one JSON document: dates as text, the change's own words as keys."""
    changes = compare(old, new)
    return {"old": old.tariff, "new": new.tariff, "unchanged": not changes,
            "changes": [_json_of(change) for change in changes]}


def _json_of(change: Change) -> dict[str, Any]:
    return {"what": str(change.what), "path": change.path, "meaning": change.meaning, "rider": change.rider,
            "service": change.service, "technologies": list(change.technologies),
            "customer_classes": list(change.customer_classes), "case": change.case,
            "effective": str(change.effective) if change.effective else None,
            "filed": str(change.filed) if change.filed else None, "old": change.old, "new": change.new,
            "old_cite": change.old_cite, "new_cite": change.new_cite}
