"""Money as whole micro-dollars inside and whole cents on lines; Decimal at the edges."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

_MICRO = Decimal("0.000001")


def micro_from_usd(amount_usd: Decimal) -> int:
    """Whole micro-dollars of an amount, ties away from zero.

    >>> micro_from_usd(Decimal("17.55"))
    17550000
    """
    with localcontext(prec=60):
        return int(amount_usd.quantize(_MICRO, rounding=ROUND_HALF_UP).scaleb(6))


def usd_from_cents(amount_cents: int) -> Decimal:
    """An amount of whole cents in dollars, with its two decimals.

    >>> usd_from_cents(4388)
    Decimal('43.88')
    """
    with localcontext(prec=60):
        return Decimal(amount_cents).scaleb(-2)


def plain(number: Decimal) -> str:
    """A number as people write it: no exponent, no trailing zeros beyond two decimals.

    >>> plain(Decimal("17.5500")), plain(Decimal("2")), plain(Decimal("0.107899"))
    ('17.55', '2.00', '0.107899')
    """
    text = format(number, "f")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
