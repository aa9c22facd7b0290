"""Energy as whole milliwatt-hours: one unit inside, kWh with six decimals at the edges."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

MWH_PER_KWH = 1_000_000
"""Milliwatt-hours in a kilowatt-hour. [mWh/kWh]"""

_MWH = Decimal("0.000001")


def divide_half_away(numerator: int, denominator: int) -> int:
    """Divide two whole numbers and round once, ties away from zero.

    >>> divide_half_away(5, 2), divide_half_away(-5, 2), divide_half_away(4, 3)
    (3, -3, 1)
    """
    if denominator == 0:
        raise ZeroDivisionError("a quotient of whole numbers needs a denominator other than zero")
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    return sign * ((2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator)))


def mwh_from_kwh(energy_kwh: Decimal) -> int:
    """Whole milliwatt-hours of an energy in kWh, ties away from zero.

    >>> mwh_from_kwh(Decimal("3.67"))
    3670000
    """
    with localcontext(prec=60):
        return int(energy_kwh.quantize(_MWH, rounding=ROUND_HALF_UP).scaleb(6))


def kwh_from_mwh(energy_mwh: int) -> Decimal:
    """The same energy in kWh, with its six decimals.

    >>> kwh_from_mwh(-2560000)
    Decimal('-2.560000')
    """
    with localcontext(prec=60):
        return Decimal(energy_mwh).scaleb(-6)
