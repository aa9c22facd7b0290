"""What single payment families, floors and stacking need or cannot have, and names that must be known."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from decimal import Decimal

from ..problem import Problem
from .declared import numbered
from .model import Dated, ExportCredit, Payment, Rider, Service, Step, Tariff
from .place import Place
from .words import listed

ATTRIBUTES = ("low_income", "disadvantaged_community", "constrained_area")
"""Attributes that every table of enrollments may hold; any further column is one when a tariff names it."""


def check_families(tariff: Tariff, path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    """Every Problem of one rider's payments, floors, stacking and attribute names."""
    for name, service in rider.services.items():
        at_service = f"{path}.services.{name}"
        yield from _check_floor(at_service, service, place)
        for at, payment in numbered(f"{at_service}.payments", service.payments):
            yield from _check_payment(tariff, at, payment, place)
            yield from _check_names(f"{at}.when_any", payment.when_any, place)
            yield from _check_names(f"{at}.unless_any", payment.unless_any, place)
    yield from _check_stacking(path, rider, place)
    if rider.upfront is not None:
        yield from _check_names(f"{path}.upfront.unless_any", rider.upfront.unless_any, place)
        for at, adder in numbered(f"{path}.upfront.adders", rider.upfront.adders):
            yield from _check_names(at, [name for name in (adder.when, *adder.when_any) if name], place)


def _check_floor(path: str, service: Service, place: Place) -> Iterator[Problem]:
    """An average over events has no hour or event of the aggregation in which a sum could be lifted to the floor."""
    floor = service.measurement.floor
    at_price = any(payment.family == "energy_at_price" for payment in service.payments)
    together = floor is not None and (floor.over == "aggregation" or floor.per in ("month", "season"))
    per_resource = any(dated.value == "zero_per_resource" for dated in service.measurement.exports)
    if at_price and (together or per_resource):
        yield place.error(f"{path}.measurement.{'floor' if together else 'exports'}", "lifts sums of energy, and each "
                          "row of energy_at_price has its own price", "Write a floor per: hour or event, over: site.")
    if floor is None or floor.over != "aggregation" or floor.per not in ("hour", "event"):
        return
    families = sorted({payment.family for payment in service.payments if payment.family.startswith("capacity")})
    if families:
        yield place.error(f"{path}.measurement.floor", f"lifts the sums of an aggregation in each {floor.per}, which "
                          f"{listed(families)} cannot pay", "Write per: month or season, or over: site.",
                          seen=floor.per)


def _check_payment(tariff: Tariff, path: str, payment: Payment, place: Place) -> Iterator[Problem]:
    if payment.family == "capacity_nominated":
        yield from _check_steps(path, payment.steps, place)
    elif payment.steps:
        yield place.error(f"{path}.steps", f"belong to capacity_nominated, and this pays by {payment.family}",
                          "Take them away, or change the family.")
    for name in ("export_credit", "performance_factor"):
        if getattr(payment, name) is not None and payment.family != "capacity_committed":
            yield place.error(f"{path}.{name}", f"belongs to capacity_committed, and this pays by {payment.family}",
                              "Take it away, or change the family.")
    if payment.export_credit is not None:
        yield from _check_export_credit(f"{path}.export_credit", payment.export_credit, place)
    if payment.family == "energy_at_price":
        bare = [name for name, zone in tariff.zones.items() if not zone.price_series]
        if bare or not tariff.zones:
            yield place.error(path, "pays the market price, and a zone has no price series",
                              "Add zones:, each with price_series: MARKET:NODE.", seen=", ".join(bare))


def _check_export_credit(path: str, credit: ExportCredit, place: Place) -> Iterator[Problem]:
    for name in ("retail_usd_per_kwh", "export_usd_per_kwh", "share", "hours_per_day", "days_per_month"):
        if not getattr(credit, name):
            yield place.error(path, f"cannot be computed without {name}", f"Add {name}:.")


def _check_steps(path: str, steps: Sequence[Step], place: Place) -> Iterator[Problem]:
    """Each ratio must lie below the one before, and the last must be zero, so that every ratio falls on a step."""
    if not steps:
        yield place.error(path, "capacity_nominated needs a schedule over delivered by nominated power", "Add steps:.")
        return
    before: Dated[Decimal] | None = None
    for at, step in numbered(f"{path}.steps", steps):
        if not step.ratio_at_least:
            yield place.error(at, "says no ratio from which it holds", "Add ratio_at_least:.")
            return
        if not (step.of_delivered or step.of_nominated):
            yield place.error(at, "pays a share of nothing", "Add of_delivered: or of_nominated:.")
        ratio = max(step.ratio_at_least, key=lambda dated: (dated.effective, dated.filed))
        if before is not None and ratio.value >= before.value:
            yield place.error(at, f"does not lie below the step before it ({before.value})",
                              "Write the steps from the highest ratio to the lowest.", seen=ratio.value,
                              line=ratio.line)
        before = ratio
    if before is not None and before.value != 0:
        yield place.error(f"{path}.steps", f"say nothing of ratios below {before.value}",
                          'End with a step of ratio_at_least: "0".')


def _check_stacking(path: str, rider: Rider, place: Place) -> Iterator[Problem]:
    for at, stacking in numbered(f"{path}.stacking", rider.stacking):
        for name in stacking.services:
            if name not in rider.services:
                yield place.error(f"{at}.services", "is not a service of this rider",
                                  f"Known: {', '.join(rider.services) or 'none'}.", seen=name)
        if len(set(stacking.services)) < 2:
            yield place.error(f"{at}.services", "needs two different services at least", "Name them in order of pay.")
        if not stacking.rule:
            yield place.error(at, "says no rule", "Add rule: allowed, incremental_only or forbidden.")


def _check_names(path: str, names: Sequence[str], place: Place) -> Iterator[Problem]:
    """A further column is an attribute by being named; a near miss of a known one is a slip of the pen."""
    for name in names:
        near = difflib.get_close_matches(name, ATTRIBUTES, n=1, cutoff=0.85)
        if near and name not in ATTRIBUTES:
            yield place.error(path, "is almost the name of an attribute that every enrollment has",
                              f"Did you mean {near[0]}?", seen=name)
