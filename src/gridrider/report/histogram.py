"""Steps of a histogram that people can read: 1, 2 or 5 times a power of ten."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

STEPS_WANTED = 20
FEW = 50
"""Below so many points every one of them is shown; above, the outer hundredths may be gathered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Equal steps from `low`, each `width` wide."""

    low: Decimal
    width: Decimal
    many: int

    @property
    def high(self) -> Decimal:
        """Where the last step ends, exclusive."""
        return self.low + self.width * self.many


def round_width(span: Decimal, wanted: int = STEPS_WANTED) -> Decimal:
    """The smallest of 1, 2, 5 x 10^k that covers the span in at most the wanted number of steps.

    >>> round_width(Decimal("17")), round_width(Decimal("0.4")), round_width(Decimal("20"))
    (Decimal('1.0'), Decimal('0.02'), Decimal('1'))
    """
    least = span / wanted
    power = Decimal(1).scaleb(least.adjusted())
    width = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)
    return max(width, Decimal("0.000001"))


def steps(*, smallest: Decimal, largest: Decimal, p01: Decimal, p99: Decimal, count: int) -> Steps:
    """Steps over the points; a far tail (beyond half the core's width) is left outside, to be counted apart.

    >>> steps(smallest=Decimal(0), largest=Decimal(9000), p01=Decimal(0), p99=Decimal(40), count=1000)
    Steps(low=Decimal('0'), width=Decimal('2'), many=21)
    """
    core = p99 - p01
    far = count >= FEW and core > 0
    first = p01 if far and smallest < p01 - core / 2 else smallest
    last = p99 if far and largest > p99 + core / 2 else largest
    spread = last - first
    width = round_width(spread if spread > 0 else max(abs(last), Decimal(1)))
    low = (first / width).to_integral_value("ROUND_FLOOR") * width
    many = int((last - low) // width) + 1
    return Steps(low=low, width=width, many=many)
