"""A comparison in words: the rules that change, for whom and from when; then what changes no payment."""

from __future__ import annotations

from collections.abc import Sequence

from .compare import Change, What, compare
from .model import Tariff
from .words import date_text, listed, spaced, wrapped

ALIKE = {What.DATES: "Dates only (the value stays as it is)",
         What.PROVENANCE: "Provenance only (clause, note or standing reads differently; no payment changes)"}
"""Changes that come in numbers when a block is filed anew, and are therefore told together."""


def compare_text(old: Tariff, new: Tariff) -> str:
    """The redline in words: what changes, for whom, from when, old and new with their clauses."""
    changes = compare(old, new)
    if not changes:
        return f"{new.tariff}: unchanged. Both files state the same rules.\n"
    rules = [change for change in changes if change.what not in ALIKE]
    counts = [f"{sum(change.what is what for change in changes)} of {what} only" for what in ALIKE]
    lines = [f"{new.tariff}: {len(rules)} {'change' if len(rules) == 1 else 'changes'} of rules, {listed(counts)}."]
    lines += [line for change in rules for line in ("", *_told(change))]
    for what, title in ALIKE.items():
        lines += _told_together([change for change in changes if change.what is what], title)
    return "\n".join(lines) + "\n"


def _told(change: Change) -> list[str]:
    since = f" from {date_text(change.effective)}" if change.effective else ""
    filed = f", filed {date_text(change.filed)}" if change.filed else ""
    case = f" ({change.case})" if change.case else ""
    lines = [wrapped(f"{change.what.capitalize()}{since}{filed}: {change.path}{case}: {change.meaning}", indent="",
                     first="* "), wrapped(_whom(change), first="for  ")]
    for side, text, cite in (("old  ", change.old, change.old_cite), ("new  ", change.new, change.new_cite)):
        told = f"{text}{f' [{cite}]' if cite else ''}"
        lines += [wrapped(told, first=side)] if told else []
    return lines


def _whom(change: Change) -> str:
    if not change.rider:
        return "the whole program"
    classes = listed([spaced(name) for name in change.customer_classes])
    return ", ".join([f"rider {change.rider}", *([f"service {change.service}"] if change.service else []),
                      f"technology {listed([spaced(name) for name in change.technologies])}",
                      f"customer class {classes or 'any'}"])


def _told_together(changes: Sequence[Change], title: str) -> list[str]:
    """One bullet for each way in which rules changed alike, with the paths of them all."""
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        grouped.setdefault(_difference(change), []).append(change)
    told = [wrapped(f"{words}: {listed([_path(change) for change in alike])}") for words, alike in grouped.items()]
    return ["", f"{title}:", *told] if told else []


def _path(change: Change) -> str:
    return f"{change.path} ({change.case})" if change.case else change.path


def _difference(change: Change) -> str:
    """What reads differently, without the value itself, which is the same on both sides."""
    parts = []
    if change.old_cite != change.new_cite:
        parts.append(f'the clause "{change.old_cite}" becomes "{change.new_cite}"')
    before, after = (text.partition("; ")[2] for text in (change.old, change.new))
    if before != after:
        parts.append(f"{before} becomes {after}")
    return ", ".join(parts)
