"""The shapes of the National Weather Service's messages: its GeoJSON features, and the VTEC string inside of them.

Source: api.weather.gov, `/alerts/active`; NWS Directive 10-1703 for P-VTEC. Only what we read is declared.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple, TypedDict


class Geocode(TypedDict, total=False):
    """Where, in codes."""

    UGC: list[str]
    SAME: list[str]


class Reference(TypedDict, total=False):
    """An earlier message of the same event."""

    identifier: str
    sent: str


class Properties(TypedDict, total=False):
    """What a message says. `expires` is when the text is refreshed, not when the event ends."""

    id: str
    event: str
    headline: str
    status: str
    messageType: str
    sent: str
    effective: str
    onset: str | None
    expires: str | None
    ends: str | None
    geocode: Geocode
    affectedZones: list[str]
    references: list[Reference]
    parameters: dict[str, list[str]]
    """Among them VTEC and eventEndingTime."""


class Geometry(TypedDict, total=False):
    """A Polygon or MultiPolygon, longitude before latitude."""

    type: str
    coordinates: list[object]


class Feature(TypedDict, total=False):
    """One message."""

    id: str
    type: str
    geometry: Geometry | None
    properties: Properties


class Vtec(NamedTuple):
    """One P-VTEC string: /k.aaa.cccc.pp.s.####.yymmddThhnnZ-yymmddThhnnZ/."""

    kind: str
    """O operational, T test, E experimental, X experimental inside an operational product."""
    action: str
    office: str
    phenomenon: str
    significance: str
    number: int
    begins: datetime | None
    """None = begun already, or not known."""
    ends: datetime | None
    """None = until cancelled."""


_VTEC = re.compile(r"/([OTEX])\.([A-Z]{3})\.([A-Z]{4})\.([A-Z]{2})\.([A-Z])\.([0-9]{4})\."
                   r"([0-9]{6}T[0-9]{4}Z)-([0-9]{6}T[0-9]{4}Z)/", re.ASCII)


def vtec_of(text: str) -> Vtec | None:
    """A VTEC string taken apart; None if it is none.

    >>> told = vtec_of("/O.CON.KCRP.HU.W.1008.000000T0000Z-000000T0000Z/")
    >>> (told.action, told.office, told.number, told.ends)
    ('CON', 'KCRP', 1008, None)
    """
    found = _VTEC.fullmatch(text.strip())
    if found is None:
        return None
    kind, action, office, phenomenon, significance, number, begins, ends = found.groups()
    try:
        return Vtec(kind, action, office, phenomenon, significance, int(number), _instant(begins), _instant(ends))
    except ValueError:
        return None


def _instant(text: str) -> datetime | None:
    if text == "000000T0000Z":
        return None
    return datetime.strptime(text, "%y%m%dT%H%MZ").replace(tzinfo=UTC)
