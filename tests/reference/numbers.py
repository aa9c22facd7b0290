"""Numbers of the reference: exact fractions, rounded half away from zero where the rules say so and nowhere else."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

MICRO = 1_000_000


class Refused(ValueError):
    """What is asked cannot be settled: the rules call it an error."""


def whole(number: Fraction) -> int:
    """The nearest whole number, ties away from zero."""
    doubled = 2 * abs(number.numerator) + number.denominator
    size = doubled // (2 * number.denominator)
    return size if number >= 0 else -size


def micro(text: str) -> int:
    """A decimal text in millionths: kWh to mWh, kW to mW, USD to micro-dollars."""
    return whole(Fraction(Decimal(text)) * MICRO)


def six_decimals(millionths: int) -> str:
    """Millionths as a text with six decimals."""
    sign = "-" if millionths < 0 else ""
    units, rest = divmod(abs(millionths), MICRO)
    return f"{sign}{units}.{rest:06d}"


def cents_text(cents: int) -> str:
    """Cents as dollars with two decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def cents_of(kwh_or_kw: Fraction, rate_usd: Fraction) -> int:
    """Quantity x rate in cents, rounded once."""
    return whole(kwh_or_kw * rate_usd * 100)


def decimal_text(number: Fraction) -> str:
    """A number that ends after some decimals, written out with at least two of them."""
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    if Fraction(exact) != number:
        raise ValueError(f"{number} has no end as a decimal")
    units, _, decimals = format(exact, "f").partition(".")
    return f"{units}.{decimals.rstrip('0').ljust(2, '0')}"
