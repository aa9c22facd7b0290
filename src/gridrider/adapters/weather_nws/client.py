"""Asks the Weather Service for the active alerts of some states, one question each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ...app.ports import AlertFeed, FeedLost
from ...event.model import StormAlert
from ...problem import Problem, error, errors
from .translate import alerts_of

BASE_URL = "https://api.weather.gov"

Open = Callable[[str], AlertFeed]
"""Gives the feed at an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one round of questions brought."""

    alerts: tuple[StormAlert, ...]
    heard_at: Mapping[str, datetime]
    """The areas that answered readably, all at the time of the poll; an area that is missing was not heard."""
    dropped: Mapping[str, int]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherService:
    """The active alerts of some areas (states, two letters each). It asks once in 30 to 60 s where asked politely.

    What an area answered is whole or not used: an answer that cannot be read counts as none.
    """

    areas: tuple[str, ...]
    open: Open
    base_url: str = BASE_URL

    def __post_init__(self) -> None:
        wrong = [area for area in self.areas if not re.fullmatch("[A-Z]{2}", area)]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: an area is a state of two capital letters")

    def url_of(self, area: str) -> str:
        """The address of an area's alerts."""
        return f"{self.base_url.rstrip('/')}/alerts/active?status=actual&area={area}"

    def poll(self, now: datetime) -> Poll:
        """Ask for every area."""
        alerts: list[StormAlert] = []
        problems: list[Problem] = []
        heard_at: dict[str, datetime] = {}
        dropped: Counter[str] = Counter()
        for area in self.areas:
            url = self.url_of(area)
            try:
                body = self.open(url).poll(now)
            except FeedLost as lost:
                problems.append(error(url, str(lost), "Look at the address and the connection; it is asked again."))
                continue
            if body is None:
                heard_at[area] = now
                continue
            told = alerts_of(body, url, now)
            problems += told.problems
            alerts += told.alerts
            dropped.update(told.dropped)
            if not errors(told.problems):
                heard_at[area] = now
        return Poll(alerts=tuple(alerts), heard_at=heard_at, dropped=dict(dropped), problems=tuple(problems))
