"""Months and seasons: as the calendar has them, and as much of them as the run covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from gridrider.tariff.model import Service
from tests.reference.concern import Run
from tests.reference.inputs import Enrollment
from tests.reference.spans import midnight

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Period:
    """A span of local days, first <= day < end, and the whole month or season that it is a part of."""

    first: date
    end: date
    whole_first: date
    whole_end: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day < self.end

    @property
    def complete(self) -> bool:
        """True when the run covers all of it."""
        return (self.first, self.end) == (self.whole_first, self.whole_end)

    def days_in_force(self, enrollment: Enrollment) -> int:
        """Days of it on which an enrollment is in force."""
        first = max(self.first, enrollment.starts_on)
        end = self.end if enrollment.ends_on is None else min(self.end, enrollment.ends_on + DAY)
        return max(0, (end - first).days)


def clipped(run: Run, first: date, end: date) -> Period | None:
    """The part of a span that the run covers."""
    if first >= run.end or end <= run.first:
        return None
    return Period(first=max(first, run.first), end=min(end, run.end), whole_first=first, whole_end=end)


def whole_seasons(run: Run, service: Service) -> list[tuple[date, date]]:
    """The seasons of a service near the run; a service without a season has years."""
    return seasons_of(run, service.calls.season)


def whole_months(run: Run, service: Service) -> list[tuple[date, date]]:
    """The months of a service's seasons."""
    return months_of(run, service.calls.season)


def seasons_of(run: Run, name: str) -> list[tuple[date, date]]:
    """The seasons of that name near the run; without a name the years."""
    season = run.tariff.season(name) if name else None
    begins, ends = (season.from_, season.to) if season is not None else ("01-01", "12-31")
    found = []
    for year in range(run.first.year - 1, run.end.year + 1):
        last = date.fromisoformat(f"{year + (ends < begins)}-{ends}")
        found.append((date.fromisoformat(f"{year}-{begins}"), last + DAY))
    return found


def months_of(run: Run, name: str) -> list[tuple[date, date]]:
    """The calendar months of a season: all that share a day with it."""
    found = []
    for first, end in seasons_of(run, name):
        at = first.replace(day=1)
        while at < end:
            following = (at + timedelta(days=32)).replace(day=1)
            found.append((at, following))
            at = following
    return found


def begun(run: Run, spans: list[tuple[date, date]]) -> list[Period]:
    """The spans that the run covers and that have begun by as-of."""
    periods = [clipped(run, first, end) for first, end in spans]
    return [period for period in periods if period is not None and midnight(period.first, run.zone) <= run.as_of]
