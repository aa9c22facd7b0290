"""What a tariff must hold beyond its grammar: names that exist, blocks that are whole, nothing that contradicts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..problem import Problem
from .check_enrollment import check_eligibility
from .check_families import check_families
from .check_filing import check_filing
from .check_law import check_law
from .check_measurement import check_measurement
from .check_payments import RATES, check_payments, component_of
from .check_rules import check_rules
from .declared import numbered
from .model import WEEKDAYS, Calls, EligibilityRule, Rider, Season, Service, Tariff, Trigger
from .place import Place

__all__ = ["RATES", "check", "component_of"]

_TARIFF_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*")
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
_LEAP_YEAR = 2000


def check(tariff: Tariff, file: str, lines: Mapping[str, int] | None = None) -> list[Problem]:
    """Every Problem of a tariff that was read without error; `lines` holds the line of each path."""
    place = Place(file=file, lines=lines or {})
    found = [*_check_tariff(tariff, place), *check_rules(tariff, place), *check_filing(tariff, place),
             *check_law(tariff, place)]
    for name, rider in tariff.riders.items():
        found += _check_rider(tariff, f"riders.{name}", rider, place)
    return found


def _check_tariff(tariff: Tariff, place: Place) -> Iterator[Problem]:
    if not _TARIFF_NAME.fullmatch(tariff.tariff):
        yield place.error("tariff", "is not a tariff's name", "Write utility/program in small letters, digits and -.",
                          seen=tariff.tariff)
    try:
        ZoneInfo(tariff.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield place.error("timezone", "is not a time zone", 'Write an IANA name, for example "America/Los_Angeles".',
                          seen=tariff.timezone)
    if not tariff.riders:
        yield place.error("riders", "the tariff has no rider", "Add at least one under riders:.")
    for name, season in tariff.seasons.items():
        yield from _check_season(f"seasons.{name}", season, place)


def _check_season(path: str, season: Season, place: Place) -> Iterator[Problem]:
    for key, month_day in (("from", season.from_), ("to", season.to)):
        if not _is_day_of_year(month_day):
            yield place.error(f"{path}.{key}", "is not a day of the year", 'Write "MM-DD", for example "05-01".',
                              seen=month_day)


def _is_day_of_year(month_day: str) -> bool:
    if not _MONTH_DAY.fullmatch(month_day):
        return False
    try:
        date(_LEAP_YEAR, int(month_day[:2]), int(month_day[3:]))
    except ValueError:
        return False
    return True


def _check_rider(tariff: Tariff, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    if not rider.services and rider.upfront is None:
        yield place.error(path, "the rider neither calls nor pays anything", "Add services: or upfront:.")
    elif rider.upfront is None and not any(service.payments for service in rider.services.values()):
        yield place.error(path, "the rider pays nothing", "Add payments: to a service, or upfront:.")
    if not rider.technologies:
        yield place.error(f"{path}.technologies", "names no technology", "Name at least one.")
    for at, condition in numbered(f"{path}.eligibility", rider.eligibility):
        yield from _check_eligibility(at, condition, place)
    yield from _check_leaving(path, rider, place)
    yield from _check_pay(tariff, path, rider, place)
    yield from check_families(tariff, path, rider, place)
    for name, service in rider.services.items():
        yield from _check_service(tariff, f"{path}.services.{name}", service, place)


def _check_eligibility(path: str, condition: EligibilityRule, place: Place) -> Iterator[Problem]:
    yield from check_eligibility(path, condition, place)
    if condition.refuse and (condition.at_least or condition.at_most):
        yield place.error(path, "a bound beside refuse: could be read either way",
                          "Write require: with at_least: or at_most:.")


def _check_leaving(path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    claw_back = rider.upfront.claw_back if rider.upfront is not None else None
    leaves_by_claw_back = rider.term is not None and any(dated.value == "claw_back" for dated in rider.term.leave)
    if leaves_by_claw_back and claw_back is None:
        yield place.error(f"{path}.term.leave", "nothing says what is paid back", "Add upfront: with claw_back:.",
                          seen="claw_back")
    if claw_back is not None:
        for key, history in (("term_months", claw_back.term_months), ("method", claw_back.method)):
            if not history:
                yield place.error(f"{path}.upfront.claw_back", f"a claw-back without {key} cannot be computed",
                                  f"Add {key}:.")
        owed = {dated.value for dated in claw_back.owed_to}
        for dated in rider.term.leave if rider.term is not None and owed != {"funder"} else ():
            if dated.value == "without_penalty":
                yield place.warning(f"{path}.term.leave", "says that leaving costs nothing, and upfront.claw_back "
                                    "takes money back", "Write leave: claw_back, or take claw_back: away.",
                                    seen=dated.value, line=dated.line)
    upfront = rider.upfront
    if upfront is not None and not (upfront.rate_usd_per_kw or upfront.usd or upfront.adders):
        yield place.error(f"{path}.upfront", "an upfront payment needs its rate", "Add rate_usd_per_kw: or usd:.")


def _check_pay(tariff: Tariff, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    if rider.pay is None:
        return
    lawful = tariff.law.performance_payment_forms if tariff.law is not None else ()
    forms: frozenset[str] = frozenset().union(*(dated.value for dated in lawful))
    for dated in rider.pay.by:
        unlawful = sorted(dated.value - forms)
        if lawful and unlawful:
            yield place.error(f"{path}.pay.by", "is a form of payment that the tariff's law does not allow",
                              f"Allowed: {', '.join(sorted(forms))} ({lawful[0].cite}).",
                              seen=", ".join(unlawful), line=dated.line)


def _check_service(tariff: Tariff, path: str, service: Service, place: Place) -> Iterator[Problem]:
    yield from _check_calls(tariff, f"{path}.calls", service.calls, place)
    yield from check_measurement(f"{path}.measurement", service.measurement, place, _days_called(service.calls))
    yield from check_payments(tariff, path, service, place)


def _days_called(calls: Calls) -> frozenset[str]:
    """The days of the week on which the service may ever be called."""
    anywhere = any(dated.value for kind in calls.kinds.values() for dated in kind.outside_window)
    named: frozenset[str] = frozenset().union(*(dated.value for dated in calls.days))
    return frozenset(WEEKDAYS) if anywhere or not named else named


def _check_calls(tariff: Tariff, path: str, calls: Calls, place: Place) -> Iterator[Problem]:
    yield from _known(f"{path}.season", calls.season, tariff.seasons, "season of this tariff", place)
    if not calls.kinds:
        yield place.error(f"{path}.kinds", "no kind of event is named", "Add kinds:, each with counts: true or false.")
    yield from _known(f"{path}.default_kind", calls.default_kind, calls.kinds, "kind of this service", place)
    squeezed: dict[str, str] = {}
    for name, kind in calls.kinds.items():
        other = squeezed.setdefault(re.sub(r"[-_]", "", name.lower()), name)
        if other != name:
            yield place.error(f"{path}.kinds.{name}", f"cannot be told from {other} in a table of events",
                              "Choose a name that differs in more than case and hyphens.", seen=name)
        if not kind.counts:
            yield place.error(f"{path}.kinds.{name}", "does not say whether its hours count toward payment",
                              "Add counts: true or counts: false.")
    for at, trigger in numbered(f"{path}.triggers", calls.triggers):
        yield from _check_trigger(tariff, at, calls, trigger, place)


TRIGGER_NEEDS: dict[str, tuple[str, ...]] = {
    "price": ("above_usd_per_mwh",), "grid_alert": ("any_of",),
    "peak_forecast": ("top_days", "peak_mw_min", "share_of_peak")}
"""The rules of which a trigger of a kind needs one, or it can never be evaluated."""


def _check_trigger(tariff: Tariff, path: str, calls: Calls, trigger: Trigger, place: Place) -> Iterator[Problem]:
    yield from _known(f"{path}.event_kind", trigger.event_kind, calls.kinds, "kind of this service", place)
    needed = TRIGGER_NEEDS.get(trigger.kind, ())
    if needed and not any(getattr(trigger, name) for name in needed):
        yield place.error(path, f"a trigger of kind {trigger.kind} never acts without {' or '.join(needed)}",
                          f"Add {needed[0]}:.")
    if trigger.kind == "price" and not any(zone.price_series for zone in tariff.zones.values()):
        yield place.error(path, "a price trigger needs zones with a price series", "Add zones: with price_series:.")


def _known(path: str, name: str, known: Iterable[str], what: str, place: Place) -> Iterator[Problem]:
    names = list(known)
    if name and name not in names:
        yield place.error(path, f"is not a {what}", f"Known: {', '.join(names) or 'none'}.", seen=name)
