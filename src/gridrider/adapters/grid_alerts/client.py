"""Asks CAISO's feed for Flex Alerts. It knows no energy emergencies (EEA); those an operator enters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ...app.ports import AlertFeed, FeedLost
from ...problem import Problem, error, errors
from .translate import AlertRow, flex_alert_rows

BASE_URL = "https://www.caiso.com/TodaysOutlookApi/api"
"""Unconfirmed: the host is as third parties name it; the path below it is as recorded."""

PATH = "EmergencyNotices/v2/ActiveFlexAlertEvents"

Open = Callable[[str], AlertFeed]
"""Gives the feed at an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexPoll:
    """What one question brought."""

    alerts: tuple[AlertRow, ...] | None
    """All that run or are to come; None = as before."""
    heard: bool
    """False = the feed is silent or not readable."""
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexAlertFeed:
    """The Flex Alerts that run or are to come."""

    open: Open
    base_url: str = BASE_URL
    zones_of_region: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The tariff's zones by CAISO's region in lower case."""

    def poll(self, now: datetime) -> FlexPoll:
        """Ask once."""
        url = f"{self.base_url.rstrip('/')}/{PATH}"
        try:
            body = self.open(url).poll(now)
        except FeedLost as lost:
            return FlexPoll(alerts=None, heard=False, problems=(
                error(url, str(lost), "Look at the address and the connection; it is asked again."),))
        if body is None:
            return FlexPoll(alerts=None, heard=True, problems=())
        rows, problems = flex_alert_rows(body, url, self.zones_of_region)
        heard = not errors(problems)
        return FlexPoll(alerts=tuple(rows) if heard else None, heard=heard, problems=tuple(problems))
