"""The shapes and codes of an ESPI Atom feed (NAESB REQ.21), without any meaning of ours.

Codes are those of the ESPI schema (espi.xsd of the OpenESPI project and of the Green Button Alliance).
"""

from __future__ import annotations

from dataclasses import dataclass, field

ESPI = "http://naesb.org/espi"

UOM_WH = 72
UOM_NAMES: dict[int, str] = {
    0: "none", 5: "A", 29: "V", 31: "J", 33: "Hz", 38: "W", 42: "m3", 61: "VA", 63: "VAr", 65: "cos phi", 67: "V2",
    69: "A2", 71: "VAh", 72: "Wh", 73: "VArh", 106: "Ah", 119: "ft3", 122: "ft3/h", 125: "m3/h", 128: "US gal",
    129: "US gal/h", 130: "imperial gal", 131: "imperial gal/h", 132: "BTU", 133: "BTU/h", 134: "l", 137: "l/h",
    140: "Pa (gauge)", 155: "Pa (absolute)", 169: "therm",
}
"""UnitSymbolKind: the codes that occur in feeds."""

FLOW_NAMES: dict[int, str] = {0: "none", 1: "forward", 4: "net", 19: "reverse", 20: "total"}
"""FlowDirectionKind; the quadrant sums (5 to 18) and 21 have no meaning for import and export by themselves."""

ELECTRICITY_SERVICE = 0
ELECTRICITY_COMMODITIES = frozenset({0, 1, 2})
"""CommodityKind: 1 and 2 are electricity, metered on the secondary or the primary side."""

INTERVAL_ACCUMULATIONS = frozenset({0, 4})
"""AccumulationKind: 4 is the energy of each interval (deltaData); 1, 3 and 9 are registers that count on."""

ACCUMULATION_NAMES: dict[int, str] = {
    1: "bulkQuantity", 2: "continuousCumulative", 3: "cumulative", 6: "indicating", 9: "summation",
    10: "timeDelay", 12: "instantaneous", 13: "latchingQuantity", 14: "boundedQuantity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReading:
    """One IntervalReading as it stands; None where the element is absent. Times are epoch seconds UTC."""

    line: int
    start_s: int | None
    seconds: int | None
    number: int | None
    qualities: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBlock:
    """One IntervalBlock."""

    line: int
    start_s: int | None
    readings: tuple[RawReading, ...]


@dataclass(slots=True, kw_only=True)
class Entry:
    """One Atom entry: its links and whichever ESPI resource it carries."""

    line: int
    kind: str = ""
    entry_id: str = ""
    title: str = ""
    self_href: str = ""
    up_href: str = ""
    related: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    blocks: list[RawBlock] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Feed:
    """A whole file."""

    entries: list[Entry] = field(default_factory=list)
    odd_case_line: int | None = None
    """Where an IntervalBlock first stands in the wrong letter case (one public writer emits IntervalBLock)."""

    def of(self, kind: str) -> list[Entry]:
        """The entries that carry a resource of one kind."""
        return [entry for entry in self.entries if entry.kind == kind]
