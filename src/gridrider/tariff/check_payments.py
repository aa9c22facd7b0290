"""What the payments of a service must hold: one rate of the right kind, lawful, and there when it is due."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ..problem import Problem
from .cells import CUSTOMER_CLASSES, MONTHS
from .declared import numbered
from .model import Calls, Dated, History, Payment, Season, Service, Tariff
from .place import Place

RATES = {
    "energy": ("rate_usd_per_kwh",),
    "capacity_average": ("rate_usd_per_kw_month", "rate_usd_per_kw_season"),
    "capacity_price_weighted": ("rate_usd_per_kw_month", "rate_usd_per_kw_season"),
    "capacity_committed": ("rate_usd_per_kw_month", "rate_usd_per_kw_season"),
    "capacity_nominated": ("rate_usd_per_kw_month",),
    "energy_at_price": (),
}
"""Which rate each payment family multiplies by."""

HOURS_PER_DAY = 24
_MICRO = Decimal("0.000001")


def component_of(payment: Payment) -> str:
    """The component that a payment's lines carry: its own word, else the family's."""
    return payment.component or ("energy" if payment.family in ("energy", "energy_at_price") else "capacity")


def _same_lines(one: Payment, two: Payment, service: Service) -> bool:
    """True if the lines of two payments could not be told apart: same component, same enrollments, same events."""
    alike = (component_of(one), frozenset(one.when_any), frozenset(one.unless_any)) == (
        component_of(two), frozenset(two.when_any), frozenset(two.unless_any))
    per_event = {one.family, two.family} <= {"energy", "energy_at_price"}
    kinds = frozenset(one.kinds or service.counting_kinds) & frozenset(two.kinds or service.counting_kinds)
    return alike and (bool(kinds) or not per_event)


def check_payments(tariff: Tariff, path: str, service: Service, place: Place) -> Iterator[Problem]:
    """Every Problem of the payments of one service, whose path is given."""
    seen: list[Payment] = []
    for at, payment in numbered(f"{path}.payments", service.payments):
        seen.append(payment)
        component = component_of(payment)
        if any(_same_lines(payment, earlier, service) for earlier in seen[:-1]):
            yield place.error(at, "two payments of this service share a component", "Give each its own component:.",
                              seen=component)
        yield from _check_payment(tariff, at, service, payment, place)


def _check_payment(tariff: Tariff, path: str, service: Service, payment: Payment, place: Place) -> Iterator[Problem]:
    rates = {name: history for name, history in _rates(payment).items() if history}
    allowed = () if payment.export_credit is not None else RATES[payment.family]
    if not allowed and rates:
        yield place.error(path, "the payment's rate is made of other values, so it takes no rate of its own",
                          f"Remove {' and '.join(rates)}:.")
    if allowed and (len(rates) != 1 or next(iter(rates)) not in allowed):
        yield place.error(path, f"the family {payment.family} needs exactly one rate", f"Give {' or '.join(allowed)}.")
    for name, history in rates.items():
        yield from _check_amounts(tariff, f"{path}.{name}", payment, history, place)
        yield from _check_coverage(tariff, f"{path}.{name}", service, history, place)
    for at, kind in numbered(f"{path}.kinds", payment.kinds):
        if kind not in service.calls.kinds:
            yield place.error(at, "is not a kind of this service", f"Known: {', '.join(service.calls.kinds)}.",
                              seen=kind)
    if not payment.kinds and service.calls.kinds and not service.counting_kinds:
        yield place.warning(path, "no kind of event counts, and the payment names none: it never pays",
                            "Let a kind count, or name kinds:.")
    if payment.family == "capacity_price_weighted":
        yield from _check_price_series(tariff, place)
    if "rate_usd_per_kw_season" in rates and not service.calls.season:
        yield place.warning(f"{path}.rate_usd_per_kw_season", "a rate per season, and the service names no season: the "
                            "calendar year is taken", "Add calls: with season:.")


def _check_price_series(tariff: Tariff, place: Place) -> Iterator[Problem]:
    if not tariff.zones:
        yield place.error("zones", "a price-weighted average needs zones with a price series", "Add zones:.")
    for name, zone in tariff.zones.items():
        if not zone.price_series:
            yield place.error(f"zones.{name}", "a price-weighted average needs a price series for every zone",
                              "Add price_series: MARKET:NODE.")


def _check_amounts(tariff: Tariff, path: str, payment: Payment, history: History[Decimal],
                   place: Place) -> Iterator[Problem]:
    penalties = tariff.law.penalties_on_participants if tariff.law is not None else ()
    forbidden = [dated.cite for dated in penalties if dated.value == "forbidden"]
    for dated in history:
        if dated.value < 0 and forbidden:
            yield place.error(path, "a negative rate is a penalty, and the tariff's law forbids penalties",
                              f"Write a rate of zero or more ({forbidden[0]}).", seen=dated.value, line=dated.line)
        if dated.value != dated.value.quantize(_MICRO):
            yield place.error(path, "is finer than a micro-dollar and cannot be paid exactly",
                              "Round it to six decimals.", seen=dated.value, line=dated.line)


def _rates(payment: Payment) -> dict[str, History[Decimal]]:
    return {"rate_usd_per_kwh": payment.rate_usd_per_kwh, "rate_usd_per_kw_month": payment.rate_usd_per_kw_month,
            "rate_usd_per_kw_season": payment.rate_usd_per_kw_season}


# ---- a rate must be there for every case that can come ---------------------------------------------
def _check_coverage(tariff: Tariff, path: str, service: Service, history: History[Decimal],
                    place: Place) -> Iterator[Problem]:
    kinds = [dated.effective for kind in service.calls.kinds.values() for dated in kind.counts]
    since = min(dated.effective for dated in history)
    if kinds and since > min(kinds):
        yield place.warning(path, f"events count from {min(kinds)}, and the first rate holds from {since}: nothing is "
                            "paid before", "Give the earlier rate, or a later effective: to the kinds.",
                            line=history[0].line)
    season = tariff.season(service.calls.season)
    durations: list[Decimal] = sorted({dated.duration_h for dated in history if dated.duration_h is not None})
    cases: list[Decimal | None] = [*durations] if durations else [None]
    for duration_h in cases:
        missing = _months_without(history, duration_h, season)
        if missing:
            of_whom = "" if duration_h is None else f" for a duration of {duration_h} h"
            yield place.warning(path, f"no rate in {', '.join(MONTHS[month - 1] for month in missing)}{of_whom}",
                                "Add these months, or shorten the season.", line=history[0].line)
    yield from _check_revisions(path, history, months_of(season), place)
    if durations and all(dated.duration_h is not None for dated in history):
        yield from _check_durations(path, service.calls, durations, history, place)
    classes = frozenset().union(*(dated.customer_classes for dated in history))
    lacking = [name for name in CUSTOMER_CLASSES if name not in classes]
    if lacking and all(dated.customer_classes for dated in history):
        yield place.warning(path, f"no rate for the customer class {', '.join(lacking)}",
                            "Give them a rate, or say in eligibility: who may enroll.", line=history[0].line)


def _months_without(history: History[Decimal], duration_h: Decimal | None, season: Season | None) -> list[int]:
    held = [dated for dated in history if dated.duration_h in (None, duration_h)]
    if any(not dated.months for dated in held):
        return []
    covered = frozenset().union(*(dated.months for dated in held))
    return [month for month in months_of(season) if month not in covered]


def _check_revisions(path: str, history: History[Decimal], season_months: list[int],
                     place: Place) -> Iterator[Problem]:
    """A revision of some months only: the others go on with the earlier rate, which may not be meant."""
    cases = dict.fromkeys((dated.duration_h, dated.customer_classes) for dated in history)
    for case in cases:
        held = [dated for dated in history if (dated.duration_h, dated.customer_classes) == case]
        first = min(dated.effective for dated in held)
        for effective in sorted({dated.effective for dated in held} - {first}):
            revised = [dated for dated in held if dated.effective == effective]
            covered = frozenset().union(*(dated.months or frozenset(season_months) for dated in revised))
            left = [MONTHS[month - 1] for month in season_months if month not in covered]
            if left:
                yield place.warning(path, f"the rates from {effective} leave out {', '.join(left)}, which go on with "
                                    "an earlier rate", "Give these months their rate as well, if that is not meant.",
                                    line=revised[0].line)


def months_of(season: Season | None) -> list[int]:
    """The months that a season touches, in its own order; all twelve without a season."""
    if season is None or not (season.from_[:2].isdecimal() and season.to[:2].isdecimal()):
        return list(range(1, 13))
    first, last = int(season.from_[:2]), int(season.to[:2])
    months = [(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)]
    wraps_inside_one_month = first == last and season.from_ > season.to
    return list(range(1, 13)) if wraps_inside_one_month else months


def _check_durations(path: str, calls: Calls, durations: list[Decimal], history: History[Decimal],
                     place: Place) -> Iterator[Problem]:
    """Whole hours between the shortest and the longest length that has a rate, and up to the longest event."""
    longest: Decimal = max((dated.value for dated in _max_of(calls)), default=durations[-1])
    last_h = min(max(longest, durations[-1]), Decimal(HOURS_PER_DAY))
    hours = range(int(durations[0]), int(last_h) + 1)
    lacking = [str(hour) for hour in hours if Decimal(hour) not in durations]
    if lacking:
        yield place.warning(path, f"no rate for a duration of {', '.join(lacking)} h: "
                                  "such an enrollment cannot be settled",
                            "Add the length, or refuse it in eligibility:.", line=history[0].line)


def _max_of(calls: Calls) -> tuple[Dated[Decimal], ...]:
    return calls.duration_h.max if calls.duration_h is not None else ()
