"""The law behind a tariff against its riders: each finding names the rider's line and the clause that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..problem import Problem
from .check_floors import check_rate_floors
from .declared import numbered
from .model import Calls, Dated, EligibilityRule, History, Law, Rider, Service, Tariff
from .place import Place
from .words import listed, number_text, spaced

CLASS_OF_TECHNOLOGY = {"battery": "battery", "ev": "electric_vehicle", "thermostat": "non_battery",
                       "water_heater": "non_battery", "other": "non_battery"}
"""The class of rider that each technology belongs to."""

COLLATERAL_WORDS = frozenset({"collateral", "deposit", "security_deposit", "financial_commitment", "bond", "guarantee",
                              "letter_of_credit"})
"""Conditions of enrollment that are collateral, whatever they are called."""

METERING_WORDS = frozenset({"net_metering", "value_stack", "interconnection_tariff"})
"""Tariffs beside the program that the law may leave untouched."""

POWER_WORDS = frozenset({"power_kw", "nameplate_kw"})

PAID_AS_MEASURED = frozenset({"energy", "energy_at_price", "capacity_average", "capacity_price_weighted"})
"""Payment families whose amount is below zero where the measured performance is."""

CAN_BE_BELOW_ZERO = frozenset({"direct", "prescriptive", "day_matching"})
"""Methods whose result can be below zero."""

PAYMENTS_PER_YEAR = {"month": 12, "season": 1, "year": 1}
"""Payments a year that a schedule gives by itself; one on request gives none for certain."""


def check_law(tariff: Tariff, place: Place) -> Iterator[Problem]:
    """Every Problem of riders that contradict the tariff's law block."""
    law = tariff.law
    if law is None:
        return
    yield from _check_required_riders(tariff, law, place)
    for name, rider in tariff.riders.items():
        path = f"riders.{name}"
        yield from _check_money(law, path, rider, place)
        yield from _check_who(law, path, rider, place)
        yield from _check_term_and_pay(law, path, rider, place)
        yield from _check_metering(law, path, rider, place)
        yield from _check_incentive(tariff, law, path, rider, place)
        for service_name, service in rider.services.items():
            yield from _check_service(law, f"{path}.services.{service_name}", rider, service, place)
        yield from _check_required_service(law, path, rider, place)
    yield from check_rate_floors(tariff, place)


def _says(history: History[str], word: str) -> Dated[str] | None:
    """The latest value of a law rule, when it is this word."""
    latest = _latest(history)
    return latest if latest is not None and latest.value == word else None


def _latest(history: History[Any]) -> Dated[Any] | None:
    """The law as it stands: the value that takes effect last."""
    return max(history, key=lambda dated: (dated.effective, dated.filed), default=None)


def _conditions(rider: Rider, path: str, names: frozenset[str], *, refused: bool) -> list[tuple[str, EligibilityRule]]:
    """The eligibility rules that refuse, or require, one of these names."""
    def about(condition: EligibilityRule) -> set[str]:
        return {condition.refuse} if refused else {condition.require, *condition.require_any}
    return [(at, condition) for at, condition in numbered(f"{path}.eligibility", rider.eligibility)
            if about(condition) & names and _holds(condition)]


def _holds(condition: EligibilityRule) -> bool:
    latest = _latest(condition.holds)
    return latest is None or bool(latest.value)


# ---- money that participants would owe ------------------------------------------------------------
def _check_money(law: Law, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    forbidden = _says(law.penalties_on_participants, "forbidden")
    if forbidden is not None:
        yield from _check_charges(forbidden, path, rider, place)
    no_collateral = _says(law.collateral, "forbidden")
    if no_collateral is not None:
        for at, condition in _conditions(rider, path, COLLATERAL_WORDS, refused=False):
            yield place.error(at, f"asks for collateral, which the law forbids ({no_collateral.cite})",
                              "Take the condition away.", seen=condition.require)


def _check_charges(forbidden: Dated[str], path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    """Steps and factors below zero, and a claw-back that is more than a funder's own passed through."""
    for service_name, service in rider.services.items():
        yield from _check_below_zero(forbidden, f"{path}.services.{service_name}", service, place)
        for at, payment in numbered(f"{path}.services.{service_name}.payments", service.payments):
            shares = [(f"{step_at}.{name}", dated) for step_at, step in numbered(f"{at}.steps", payment.steps)
                      for name in ("of_delivered", "of_nominated") for dated in getattr(step, name)]
            if payment.performance_factor is not None:
                shares += [(f"{at}.performance_factor.low", dated) for dated in payment.performance_factor.low]
            for share_at, dated in shares:
                if dated.value < 0:
                    yield place.error(share_at, "charges the participant, and the law forbids penalties "
                                      f"({forbidden.cite})", "Write zero or more.", seen=dated.value, line=dated.line)
    claw_back = rider.upfront.claw_back if rider.upfront is not None else None
    if claw_back is not None and {dated.value for dated in claw_back.owed_to} != {"funder"}:
        yield place.error(f"{path}.upfront.claw_back", "is owed to the utility, and the law forbids penalties: only "
                          f"what a funder takes back may be passed through ({forbidden.cite})",
                          "Write owed_to: funder where one asks its money back, else take claw_back: away.")


def _check_below_zero(forbidden: Dated[str], path: str, service: Service, place: Place) -> Iterator[Problem]:
    """An event that charges the battery would take back what other events earned."""
    measurement = service.measurement
    methods = {dated.value for dated in measurement.method}
    lifted = measurement.floor is not None or any(dated.value == "counts_as_zero" for dated in service.outcomes.missed)
    paid = any(payment.family in PAID_AS_MEASURED for payment in service.payments)
    if paid and not lifted and methods & CAN_BE_BELOW_ZERO:
        yield place.warning(f"{path}.measurement", "may come out below zero and take back what was earned, and the law "
                            f"forbids penalties ({forbidden.cite})",
                            "Add floor:, or outcomes: with missed: counts_as_zero.")


# ---- who may take part ------------------------------------------------------------------------------
def _check_who(law: Law, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    for history, name in ((law.utility_owned_devices, "utility_owned"),
                          (law.affiliate_aggregators, "utility_affiliate")):
        forbidden = _says(history, "forbidden")
        if forbidden is not None:
            yield from _must_refuse(name, forbidden.cite, path, rider, place)
    refused = _latest(law.must_refuse)
    for name in sorted(refused.value) if refused is not None else ():
        yield from _must_refuse(name, refused.cite if refused else "", path, rider, place)
    required = _latest(law.must_require)
    for name in sorted(required.value) if required is not None else ():
        if not _conditions(rider, path, frozenset({name}), refused=False):
            yield place.error(path, f"must require {spaced(name)} ({required.cite if required else ''})",
                              f"Add under eligibility: - {{require: {name}}}.")
    yield from _check_classes(law, path, rider, place)
    yield from _check_power(law, path, rider, place)


def _must_refuse(name: str, cite: str, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    if not _conditions(rider, path, frozenset({name}), refused=True):
        yield place.error(path, f"does not refuse what is {spaced(name)}, and the law does ({cite})",
                          f"Add under eligibility: - {{refuse: {name}}}.")


def _check_classes(law: Law, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    lawful = _latest(law.customer_classes)
    if lawful is None:
        return
    classes = ", ".join(sorted(lawful.value))
    rules = _conditions(rider, path, frozenset({"customer_class"}), refused=False)
    stated = [(at, dated.line, frozenset({dated.value})) for at, condition in rules for dated in condition.of]
    stated += [(at, dated.line, dated.value) for at, condition in rules for dated in condition.any_of]
    if not stated:
        yield place.error(path, f"is open to every customer class, and the law to {classes} only ({lawful.cite})",
                          f"Add under eligibility: - {{require: customer_class, any_of: [{classes}]}}.")
    for at, line, named in stated:
        if named - lawful.value:
            yield place.error(at, f"admits a customer class that the law does not ({lawful.cite})",
                              f"Allowed: {classes}.", seen=", ".join(sorted(named - lawful.value)), line=line)


def _check_power(law: Law, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    largest = _latest(law.der_power_kw_max)
    if largest is None:
        return
    bounds = [(at, dated) for at, condition in _conditions(rider, path, POWER_WORDS, refused=False)
              for dated in condition.at_most]
    most = number_text(largest.value)
    if not bounds:
        yield place.error(path, f"admits a device of any size, and the law one of at most {most} kW ({largest.cite})",
                          f'Add under eligibility: - {{require: power_kw, at_most: "{largest.value}"}}.')
    for at, dated in bounds:
        if dated.value > largest.value:
            yield place.error(at, f"admits more than the {most} kW of the law ({largest.cite})",
                              f"Write {most} or less.", seen=dated.value, line=dated.line)


# ---- how long, how often, in which form ----------------------------------------------------------------
def _check_term_and_pay(law: Law, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    least = _latest(law.rate_lock_years_min)
    if least is not None:
        held = rider.term.rate_lock_years if rider.term is not None else ()
        years = f"a rate at enrollment must hold for at least {number_text(least.value)} years ({least.cite})"
        if not held:
            yield place.error(path, f"locks no rate: {years}", "Add term: with rate_lock_years:.")
        for dated in held:
            if dated.value < least.value:
                yield place.error(f"{path}.term.rate_lock_years", f"is too short: {years}", "Lengthen it.",
                                  seen=dated.value, line=dated.line)
    often = _latest(law.payments_per_year_min)
    if often is not None and _payments_per_year(rider) < often.value:
        yield place.error(f"{path}.pay", f"does not promise {number_text(often.value)} payments a year ({often.cite})",
                          "Choose a schedule: that pays often enough, or add at_least_per_year:.")


def _payments_per_year(rider: Rider) -> Any:
    """The fewest payments a year that the rider has promised on any day."""
    if rider.pay is None:
        return 0
    stated = [dated.value for dated in rider.pay.at_least_per_year]
    if stated:
        return min(stated)
    return min((PAYMENTS_PER_YEAR.get(dated.value, 0) for dated in rider.pay.schedule), default=0)


def _check_metering(law: Law, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    untouched = _says(law.net_metering, "untouched")
    if untouched is None:
        return
    for at, together in numbered(f"{path}.together", rider.together):
        touched = sorted(METERING_WORDS & set(together.with_))
        for dated in together.rule:
            if touched and dated.value != "allowed":
                names = listed([spaced(name) for name in touched])
                yield place.error(f"{at}.rule", f"restricts {names}, which the law leaves untouched "
                                  f"({untouched.cite})", "Write rule: allowed.", seen=dated.value, line=dated.line)
    for refused in (True, False):
        for at, _ in _conditions(rider, path, METERING_WORDS, refused=refused):
            verb = "refuses" if refused else "requires"
            yield place.error(at, f"{verb} a metering tariff, which the law leaves to the customer ({untouched.cite})",
                              "Take the condition away.")


def _check_incentive(tariff: Tariff, law: Law, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    """A warning, not an error: the law states no order in which the step and the incentive come."""
    step = law.battery_incentive_step
    steps = tariff.filing.steps if tariff.filing is not None else {}
    if step and rider.upfront is not None and "battery" in rider.technologies and step not in steps:
        yield place.warning(f"{path}.upfront", f"pays for batteries, and the law then asks for: {spaced(step)}",
                            f"Add {step}: to the steps of filing:.")


# ---- riders, services, parameters -------------------------------------------------------------------
def _check_required_riders(tariff: Tariff, law: Law, place: Place) -> Iterator[Problem]:
    required = _latest(law.required_riders)
    if required is None:
        return
    classes = {name: {CLASS_OF_TECHNOLOGY[technology] for technology in rider.technologies}
               for name, rider in tariff.riders.items()}
    for wanted in sorted(required.value):
        if not any(wanted in held for held in classes.values()):
            yield place.error("riders", f"lacks a rider that the law requires: {spaced(wanted)} ({required.cite})",
                              "Add a rider with such technologies.")
    for name, held in classes.items():
        if len(held) > 1 and held & required.value:
            joined = listed([spaced(one) for one in sorted(held)])
            yield place.error(f"riders.{name}.technologies", f"joins {joined} in one rider, and the law asks for one "
                              f"each ({required.cite})", "Make a rider of each.")


def _check_required_service(law: Law, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    required = _latest(law.required_service)
    if required is not None and all(service.provides != required.value for service in rider.services.values()):
        yield place.error(path, f"does not offer {spaced(required.value)}, which every rider must ({required.cite})",
                          f"Add a service with provides: {required.value}.")


def _check_service(law: Law, path: str, rider: Rider, service: Service, place: Place) -> Iterator[Problem]:
    parameters = _latest(law.operating_parameters)
    for word in sorted(parameters.value) if parameters is not None else ():
        if not PARAMETERS[word](service):
            yield place.error(path, f"does not state an operating parameter: {spaced(word)} "
                              f"({parameters.cite if parameters else ''})", PARAMETER_KEYS[word])
    at_point = _latest(law.batteries_measured_at)
    if at_point is not None and "battery" in rider.technologies and service.measurement.point != at_point.value:
        yield place.error(f"{path}.measurement.point", f"is not where the law has batteries measured: at the "
                          f"{at_point.value} ({at_point.cite})", f"Write point: {at_point.value}.",
                          seen=service.measurement.point)
    earliest = _latest(law.earliest_start)
    if earliest is not None:
        begun = [dated for kind in service.calls.kinds.values() for dated in kind.counts
                 if dated.effective < earliest.value]
        for dated in begun[:1]:
            yield place.error(f"{path}.calls.kinds", f"calls events from {dated.effective}, and the law allows them "
                              f"from {earliest.value} ({earliest.cite})", "Give it a later effective: date.",
                              line=dated.line)


def _bounded(calls: Calls, end: str) -> bool:
    both = (calls.events_per_month, calls.events_per_year)
    return any(bounds is not None and getattr(bounds, end) for bounds in both)


PARAMETERS: Mapping[str, Callable[[Service], bool]] = {
    "events_min": lambda service: _bounded(service.calls, "min"),
    "events_max": lambda service: _bounded(service.calls, "max"),
    "season": lambda service: bool(service.calls.season),
    "days": lambda service: bool(service.calls.days),
    "hours": lambda service: service.calls.hours is not None,
    "duration_max": lambda service: service.calls.duration_h is not None and bool(service.calls.duration_h.max),
    "notice": lambda service: service.calls.notice is not None and bool(service.calls.notice.day_ahead_by),
    "notice_day_of": lambda service: (service.calls.notice is not None
                                      and bool(service.calls.notice.day_of_min_minutes)),
    "devices": lambda service: bool(service.devices),
    "opt_out": lambda service: bool(service.outcomes.opted_out),
}
"""How each operating parameter that a law may ask for is found in a service."""

PARAMETER_KEYS = {
    "events_min": "Add calls.events_per_year: with min:.", "events_max": "Add calls.events_per_year: with max:.",
    "season": "Add calls.season:.", "days": "Add calls.days:.", "hours": "Add calls.hours:.",
    "duration_max": "Add calls.duration_h: with max:.", "notice": "Add calls.notice: with day_ahead_by:.",
    "notice_day_of": "Add calls.notice: with day_of_min_minutes:.", "devices": "Add devices: with what is eligible.",
    "opt_out": "Add outcomes: with opted_out:.",
}
"""What to write for a parameter that is missing."""
