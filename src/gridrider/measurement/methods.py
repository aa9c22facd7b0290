"""A tariff's measurement block on one day as the row of numbers that the SQL of its family reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from ..tariff.model import Adjust, Dated, Measurement, Pick, in_force, value_on

ZERO = Decimal(0)
MILLIWATT_PER_KW = 1_000_000
FACTOR_MIN, FACTOR_MAX = Fraction(0), Fraction(1_000_000)
"""What bounds a factor where the tariff names no bound; far outside of what a meter can show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """The same-day adjustment on one day. Power in milliwatts, times in seconds."""

    kind: str
    """ratio, additive, given or none."""
    window_s: int
    gap_s: int
    must_precede: str
    low: Fraction
    high: Fraction
    low_milliwatt: int | None
    high_milliwatt: int | None
    smallest_mean_milliwatt: int
    unguarded: bool
    """True where a tariff wants a ratio even of two exports; only a mean of zero then gives factor 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """The choices of one method on one day. Energies in mWh, power in milliwatts, times in seconds."""

    family: str
    exports: str
    share: Fraction
    """Prescriptive baseline, or what is deemed delivered, as a share of nameplate power."""
    of_last: int
    highest: int
    days_min: int
    weights: tuple[int, ...]
    """Weights of the picked days, latest first, as whole numbers; empty = equal."""
    too_few: str
    adjustment: Adjustment
    step_seconds: int


def method_on(measurement: Measurement, pick: Pick | None, day: date, as_of: date) -> Method:
    """The method in force on a day as known at as-of."""
    family = value_on(measurement.method, day, as_of, "direct")
    highest, of_last, days_min, weights, too_few = _pick(pick if family == "day_matching" else None, day, as_of)
    adjust = measurement.adjust if family == "day_matching" else None
    step = value_on(measurement.step, day, as_of, "clock_hour")
    return Method(
        family=family, exports=value_on(measurement.exports, day, as_of, "count"),
        share=_share(measurement, family, day, as_of),
        of_last=of_last, highest=highest, days_min=days_min, weights=weights, too_few=too_few,
        adjustment=_adjustment(adjust, day, as_of), step_seconds=900 if step == "quarter_hour" else 3600)


def _share(measurement: Measurement, family: str, day: date, as_of: date) -> Fraction:
    shares = {"prescriptive": measurement.baseline_share, "deemed": measurement.deemed_share}
    return Fraction(value_on(shares.get(family, ()), day, as_of, ZERO))


def _pick(pick: Pick | None, day: date, as_of: date) -> tuple[int, int, int, tuple[int, ...], str]:
    if pick is None:
        return 0, 0, 0, (), "no_payment"
    of_last = int(value_on(pick.of_last, day, as_of, Decimal(10)))
    highest = int(value_on(pick.highest, day, as_of, Decimal(of_last)))
    days_min = int(value_on(pick.days_min, day, as_of, Decimal(highest)))
    weights = value_on(pick.weights, day, as_of, ())
    return highest, of_last, days_min, _whole(weights), value_on(pick.too_few_days, day, as_of, "no_payment")


def _whole(weights: tuple[Decimal, ...]) -> tuple[int, ...]:
    """The same proportions in whole numbers, so that a weighted sum stays exact."""
    places = max((-int(weight.as_tuple().exponent) for weight in weights), default=0)
    return tuple(int(weight.scaleb(max(places, 0))) for weight in weights)


def _adjustment(adjust: Adjust | None, day: date, as_of: date) -> Adjustment:
    if adjust is None:
        adjust = Adjust()
    return Adjustment(
        kind=value_on(adjust.kind, day, as_of, "none"),
        window_s=int(value_on(adjust.hours_before, day, as_of, ZERO) * 3600),
        gap_s=int(value_on(adjust.gap_hours, day, as_of, ZERO) * 3600),
        must_precede=value_on(adjust.must_precede, day, as_of, "event"),
        low=value_on(adjust.low, day, as_of, FACTOR_MIN), high=value_on(adjust.high, day, as_of, FACTOR_MAX),
        low_milliwatt=_milliwatts(in_force(adjust.low_kw, day, as_of)),
        high_milliwatt=_milliwatts(in_force(adjust.high_kw, day, as_of)),
        smallest_mean_milliwatt=int(value_on(adjust.smallest_mean_kw, day, as_of, ZERO) * MILLIWATT_PER_KW),
        unguarded=value_on(adjust.otherwise, day, as_of, "factor_1") == "unguarded")


def _milliwatts(power_kw: Dated[Decimal] | None) -> int | None:
    return None if power_kw is None else int(power_kw.value * MILLIWATT_PER_KW)
