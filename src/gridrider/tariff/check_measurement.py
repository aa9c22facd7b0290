"""What a measurement must hold so that performance can be computed from it."""

from __future__ import annotations

from collections.abc import Iterator

from ..problem import Problem
from .model import WEEKDAYS, Adjust, Measurement, Pick
from .place import Place


def check_measurement(path: str, measurement: Measurement, place: Place, days: frozenset[str]) -> Iterator[Problem]:
    """Every Problem of one service's measurement; `days` are those of the week on which it may be called."""
    methods = {dated.value for dated in measurement.method}
    if not methods:
        yield place.error(path, "no method is named", "Add method: direct, prescriptive, day_matching, ….")
    if "deemed" in methods and not measurement.deemed_share:
        yield place.error(path, "deemed delivery needs its share of nameplate power", "Add deemed_share:.")
    if "prescriptive" in methods and not measurement.baseline_share:
        yield place.error(path, "a prescriptive baseline needs its share of nameplate power", "Add baseline_share:.")
    if "day_matching" in methods:
        yield from _check_day_matching(path, measurement, place)
    elif measurement.pick is not None or measurement.day_types:
        yield place.warning(path, "a choice of days is given, and no method here uses it",
                            "Write method: day_matching, or take pick: and day_types: away.")
    yield from _check_day_types(path, measurement, place, days)
    if measurement.adjust is not None:
        yield from _check_adjust(f"{path}.adjust", measurement.adjust, place)


def _check_day_matching(path: str, measurement: Measurement, place: Place) -> Iterator[Problem]:
    own = {f"{path}.day_types.{name}.pick": day_type.pick for name, day_type in measurement.day_types.items()}
    if measurement.pick is None and not (own and all(own.values())):
        yield place.error(path, "a day-matching baseline needs a choice of days", "Add pick: with of_last:.")
    for at, pick in {f"{path}.pick": measurement.pick, **own}.items():
        if pick is not None:
            yield from _check_pick(at, pick, place)


def _check_day_types(path: str, measurement: Measurement, place: Place, days: frozenset[str]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, day_type in measurement.day_types.items():
        if not day_type.days:
            yield place.error(f"{path}.day_types.{name}", "names no days", "Add days: [mon, tue, …].")
        for day in sorted({day for dated in day_type.days for day in dated.value}, key=WEEKDAYS.index):
            other = seen.setdefault(day, name)
            if other != name:
                yield place.error(f"{path}.day_types.{name}.days", f"already belongs to the day type {other}",
                                  "Each day of the week has one type.", seen=day)
    missing = [day for day in WEEKDAYS if day in days and day not in seen]
    if measurement.day_types and missing:
        yield place.warning(f"{path}.day_types", f"no day type holds {', '.join(missing)}",
                            "Events on these days have no baseline; add them to a type.")
    for dated in measurement.holiday_counts_as:
        if dated.value not in measurement.day_types:
            yield place.error(f"{path}.holiday_counts_as", "is not a day type of this measurement",
                              f"Known: {', '.join(measurement.day_types) or 'none'}.", seen=dated.value,
                              line=dated.line)


def _check_pick(path: str, pick: Pick, place: Place) -> Iterator[Problem]:
    if not pick.of_last:
        yield place.error(path, "nothing says at how many days to look", "Add of_last:.")
    for name in ("of_last", "highest", "look_back_days", "days_min"):
        for dated in getattr(pick, name):
            if dated.value < 1 or dated.value != int(dated.value):
                yield place.error(f"{path}.{name}", "is not a whole number of days", "Write 1 or more.",
                                  seen=dated.value, line=dated.line)
    for name in ("highest", "days_min"):
        for few in getattr(pick, name):
            most = min((dated.value for dated in pick.of_last), default=few.value)
            if few.value > most:
                yield place.error(f"{path}.{name}", f"cannot have {few.value} of {most} days", f"Lower {name}:.",
                                  line=few.line)
    for weights in pick.weights:
        if any(weight < 0 for weight in weights.value) or sum(weights.value) <= 0:
            yield place.error(f"{path}.weights", "weights must not be negative and must not all be zero",
                              "Mend the list.", line=weights.line)


def _check_adjust(path: str, adjust: Adjust, place: Place) -> Iterator[Problem]:
    kinds = {dated.value for dated in adjust.kind}
    if not kinds:
        yield place.error(path, "nothing says how the baseline is adjusted", "Add kind: ratio, additive or given.")
    for otherwise in adjust.otherwise:
        if otherwise.value == "unguarded":
            yield place.warning(f"{path}.otherwise", "lets a ratio of two exports change a baseline, which says "
                                "nothing about the customer",
                                "Write factor_1, or kind: additive for homes that export.", line=otherwise.line)
    if kinds & {"ratio", "additive"} and not adjust.hours_before:
        yield place.error(path, "a same-day adjustment needs a window", "Add hours_before: and gap_hours:.")
