"""What a condition of enrollment must hold: one clear thing asked, and nothing that tells new devices from old."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..problem import Problem
from .model import EligibilityRule
from .place import Place

NUMBERS = ("power_kw", "energy_kwh", "duration_h")
"""Conditions that are numbers, and so need a bound."""

_FORMULA = re.compile(r"[<>=!&|()]")
_INSTALLED = re.compile(r"install|commission|(^|_)(new|existing)(_|$)|in_service_(on|date)")


def check_eligibility(path: str, condition: EligibilityRule, place: Place) -> Iterator[Problem]:
    """Every Problem of one condition of enrollment."""
    asked = [name for name in (condition.require, condition.refuse, *condition.require_any) if name]
    if bool(condition.require) + bool(condition.refuse) + bool(condition.require_any) != 1:
        yield place.error(path, "a condition either requires or refuses one thing",
                          "Write require:, require_any: or refuse:, one of the three.")
    for name in asked:
        if _FORMULA.search(name):
            yield place.error(path, "is a formula, and a condition is the name of one thing",
                              "Write one word, such as power_kw, and its bound beside it: at_least: or at_most:.",
                              seen=name)
        if _INSTALLED.search(name):
            yield place.error(path, "tells new devices from existing ones, and both may take part alike",
                              "Ask for what the device can do, not for when it was installed.", seen=name)
        if name == "evidence" and not condition.of:
            yield place.error(path, "does not say of what evidence is needed", "Add of:, for example of: UL1741-SB.",
                              seen=name)
        if name in NUMBERS and not (condition.at_least or condition.at_most):
            yield place.error(path, "is a number and needs a bound", "Add at_least: or at_most:.", seen=name)
    if condition.require_any and (condition.at_least or condition.at_most or condition.of or condition.any_of):
        yield place.error(path, "cannot say to which of several conditions its bound or words belong",
                          "Write a condition for each.")
