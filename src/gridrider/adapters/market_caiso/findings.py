"""What is found in one OASIS document, and where its prices go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from ...interval import local_midnight
from ...money import micro_from_usd
from ...problem import Problem, error, warning

ZONE = ZoneInfo("America/Los_Angeles")
"""Operating dates and hours of the California ISO are Pacific prevailing time."""

USUAL_SECONDS: dict[str, frozenset[int]] = {
    "DAM": frozenset({3600}), "RUC": frozenset({3600}), "HASP": frozenset({900, 3600}), "RTPD": frozenset({900}),
    "RTM": frozenset({300}), "RTD": frozenset({300}),
}
"""The length of a price by market run."""

ERRORS_MAX = 1000
_PRICE_MAX = Decimal(10) ** 9


class AddPrice(Protocol):
    """Takes one price: micro-dollars per MWh, start in epoch seconds UTC."""

    def __call__(self, series: str, start_s: int, seconds: int, micro_usd_per_mwh: int, row: int, /) -> None: ...


class Stop(Exception):
    """The document cannot be read on; the Problem is already noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What the operating date and hour of an instant must be."""

    start_s: int
    date_text: str
    numbers: frozenset[int]
    """The hour ending counted through the day (1 to 25) and by the wall clock; on most days the same."""


@lru_cache(maxsize=20_000)
def operating_hour(start_s: int) -> Hour:
    """The operating date and hour of an instant, in Pacific time.

    >>> operating_hour(1762074000).date_text, sorted(operating_hour(1762074000).numbers)
    ('2025-11-02', [2, 3])
    """
    local = datetime.fromtimestamp(start_s, ZONE)
    midnight_s = int(local_midnight(local.date(), ZONE).timestamp())
    return Hour(start_s=start_s, date_text=local.date().isoformat(),
                numbers=frozenset({(start_s - midnight_s) // 3600 + 1, local.hour + 1}))


@lru_cache(maxsize=20_000)
def gmt_seconds(cell: str) -> int | None:
    """Epoch seconds of a GMT stamp such as 2024-09-05T07:00:00-00:00, or None when it is none."""
    try:
        found = datetime.fromisoformat(cell.strip())
    except ValueError:
        return None
    if found.tzinfo is None or not 1990 <= found.year <= 2200 or found.microsecond:
        return None
    return int(found.astimezone(UTC).timestamp())


@dataclass(slots=True, kw_only=True)
class Findings:
    """The findings of one document; `file` names the member of a zip too."""

    file: str
    add_price: AddPrice
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    first_rows: dict[str, int] = field(default_factory=dict)
    prices: int = 0

    def error(self, row: int | None, column: str, cell: str, reason: str, what_to_do: str) -> None:
        """Note an error; raises Stop after ERRORS_MAX of them."""
        self.problems.append(error(self.file, reason, what_to_do, row=row, column=column, value=cell[:80]))
        if len(self.problems) >= ERRORS_MAX:
            raise Stop

    def count(self, reason: str, row: int) -> None:
        """Note something that is told once, with its number and first row."""
        self.counts[reason] += 1
        self.first_rows.setdefault(reason, row)

    def told(self) -> list[Problem]:
        """Every finding, the counted ones as one warning each."""
        return [*self.problems, *(
            warning(self.file, f"{reason}, {times} in all", "The first is on this row.", row=self.first_rows[reason])
            for reason, times in self.counts.items())]

    def price(self, *, market: str, node: str, start: str, end: str, cell: str, row: int, date_text: str = "",
              hour_text: str = "") -> None:
        """Check one price and hand it on. GMT is the truth; the operating date and hour are checked against it."""
        start_s, end_s = gmt_seconds(start), gmt_seconds(end)
        if start_s is None or end_s is None or not 0 < end_s - start_s <= 86_400:
            self.error(row, "INTERVALSTARTTIME_GMT", f"{start} to {end}", "is not an interval in GMT",
                       "Download the report again.")
            return
        micro = self._micro(cell, row)
        if micro is None:
            return
        if not market or not node or any(letter.isspace() for letter in market + node):
            self.error(row, "NODE", f"{market}:{node}", "does not name a market run and a node",
                       "Download the report again.")
            return
        self._check_label(start_s, date_text, hour_text, row)
        if end_s - start_s not in USUAL_SECONDS.get(market, {end_s - start_s}):
            self.count(f"an interval of {end_s - start_s} s is unusual for {market}", row)
        self.add_price(f"CAISO_{market}:{node}", start_s, end_s - start_s, micro, row)
        self.prices += 1

    def _micro(self, cell: str, row: int) -> int | None:
        try:
            price = Decimal(cell.strip())
        except InvalidOperation:
            price = Decimal("NaN")
        if not price.is_finite() or abs(price) > _PRICE_MAX:
            self.error(row, "MW", cell, "is not a price", "Download the report again.")
            return None
        micro = micro_from_usd(price)
        if Decimal(micro).scaleb(-6) != price:
            self.count("a price finer than a micro-dollar is rounded", row)
        return micro

    def _check_label(self, start_s: int, date_text: str, hour_text: str, row: int) -> None:
        hour = operating_hour(start_s)
        number = int(hour_text) if hour_text.isascii() and hour_text.isdigit() and len(hour_text) < 4 else None
        if (date_text and date_text != hour.date_text) or (hour_text and number not in hour.numbers):
            self.count("an operating date and hour disagree with the GMT start, which is taken", row)
