"""What the regulatory calendar must hold so that every day of it can be reckoned."""

from __future__ import annotations

from collections.abc import Iterator

from ..problem import Problem
from .model import Filing, FilingStep, Tariff
from .place import Place

_LENGTHS = ("within_days", "within_years", "at_least_days", "at_least_years", "not_before_years", "every_years",
            "count_min")
_YEARS_MAX = 100
_DAYS_MAX = 36_525
_COUNT_MAX = 100
_STEPS_MAX = 200


def check_filing(tariff: Tariff, place: Place) -> Iterator[Problem]:
    """Every Problem of the calendar: names that exist, whole numbers, and no step that waits for itself."""
    filing = tariff.filing
    if filing is None:
        return
    if len(filing.steps) > _STEPS_MAX:
        yield place.error("filing.steps", f"has more than {_STEPS_MAX} steps", "Check that this is meant.")
        return
    if not filing.computation:
        yield place.error("filing", "nothing says how days are counted", "Add computation: new_york, virginia or none.")
    for name in filing.steps.keys() & filing.dates.keys():
        yield place.error(f"filing.steps.{name}", "is also the name of a date", "Choose another name.", seen=name)
    for name, step in filing.steps.items():
        yield from _check_step(filing, f"filing.steps.{name}", step, place)
    circle = _circle(filing)
    if circle:
        yield place.error(f"filing.steps.{circle[0]}", f"waits for itself: {' after '.join(circle)}",
                          "Count one of them from a date.")


def _check_step(filing: Filing, path: str, step: FilingStep, place: Place) -> Iterator[Problem]:
    known = [*filing.dates, *filing.steps]
    advice = f"Known: {', '.join(known)}."
    if step.after not in known:
        yield place.error(f"{path}.after", "is neither a date nor a step of this calendar", advice, seen=step.after)
    for key, name in (("before", step.before), ("unless.step", step.unless.step if step.unless else ""),
                      ("only_if.step", step.only_if.step if step.only_if else "")):
        if name and name not in filing.steps:
            yield place.error(f"{path}.{key}", "is not a step of this calendar", advice, seen=name)
    lengths = [key for key in _LENGTHS if getattr(step, key)]
    if not (lengths or step.each_with or step.one_with or step.waived or step.because):
        yield place.error(path, "states no rule, and so rests on no clause", "Add a length of time, or because:.")
    if sum(key in lengths for key in ("within_days", "within_years", "at_least_days", "at_least_years",
                                      "every_years")) > 1:
        yield place.error(path, "states more than one length of time", "Make a step of each.")
    for key in lengths:
        most = _COUNT_MAX if key == "count_min" else _DAYS_MAX if key.endswith("days") else _YEARS_MAX
        for dated in getattr(step, key):
            if dated.value != int(dated.value) or not 1 <= dated.value <= most:
                yield place.error(f"{path}.{key}", f"is not a whole number from 1 to {most}", "Correct it.",
                                  seen=dated.value, line=dated.line)


def _circle(filing: Filing) -> list[str]:
    """The steps of a chain that comes back to where it began; empty when there is none."""
    cleared: set[str] = set()
    for first in filing.steps:
        trail: list[str] = []
        found = _walk(filing, first, trail, cleared)
        if found:
            return found
    return []


def _walk(filing: Filing, name: str, trail: list[str], cleared: set[str]) -> list[str]:
    if name in trail:
        return [*trail[trail.index(name):], name]
    step = filing.steps.get(name)
    if step is None or name in cleared:
        return []
    trail.append(name)
    for earlier in filter(None, (step.after, step.before, *_limits(filing, name))):
        found = _walk(filing, earlier, trail, cleared)
        if found:
            return found
    trail.pop()
    cleared.add(name)
    return []


def _limits(filing: Filing, name: str) -> list[str]:
    """The steps before which something must fit that begins with this step."""
    periods = {other: period for other, period in filing.steps.items()
               if period.after == name and (period.at_least_days or period.at_least_years)}
    after_them = [acts for acts in filing.steps.values() if acts.after in periods]
    return [acts.before for acts in (*periods.values(), *after_them) if acts.before]
