"""ESPI feeds to channels of energy in milliwatt-hours: links resolved, codes read, doubts told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from ...problem import Problem, error, errors, warning
from ...quantity import divide_half_away
from .options import Options
from .parse import parse_feed
from .wire import (
    ACCUMULATION_NAMES,
    ELECTRICITY_COMMODITIES,
    ELECTRICITY_SERVICE,
    FLOW_NAMES,
    INTERVAL_ACCUMULATIONS,
    UOM_NAMES,
    UOM_WH,
    Entry,
    Feed,
    RawReading,
)

QUALITY: dict[int, str] = {
    0: "validated",  # valid: passed all required checks
    7: "edited",  # manually edited
    8: "estimated",  # estimated using a reference day
    9: "estimated",  # estimated using linear interpolation
    10: "estimated",  # questionable: failed one or more checks
    11: "estimated",  # derived: computed, not necessarily measured
    12: "missing",  # projected: a forecast is not a reading
    13: "estimated",  # mixed: some part is of a lower quality
    14: "actual",  # raw: not yet validated
    15: "estimated",  # normalized for weather: no longer what was measured
    16: "estimated",  # other
    17: "validated", 18: "validated", 19: "validated",  # validated, verified, revenue quality
}
"""Our quality for each ESPI QualityOfReading (espi.xsd). Interpretation: what was not measured is `estimated`, so that
a line which rests on it is provisional; a forecast is `missing`, so that it is never settled."""

FLOW: dict[int, str] = {1: "import", 4: "net", 19: "export"}
"""Our direction for each ESPI FlowDirectionKind: forward is delivered to the customer, reverse received from them."""

_WORST = ("actual", "validated", "edited", "estimated", "missing")
_ENERGY_MAX_MWH = 10**17
_SECONDS_MAX = 366 * 86_400
_START_MAX_S = 7_258_118_400  # the year 2200


class AddReading(Protocol):
    """Takes one channel of one interval: energy in milliwatt-hours, None when the file gives none."""

    def __call__(self, point_id: str, direction: str, start_s: int, seconds: int, energy_mwh: int | None,
                 quality: str, row: int, /) -> None: ...


@dataclass(slots=True, kw_only=True)
class Channels:
    """Which channels of each point a set of files describes, whether or not they hold values."""

    by_point: dict[str, set[str]] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    """Points with a meter reading whose channel cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One MeterReading that can be imported."""

    point_id: str
    direction: str
    type_entry: Entry


def read_green_button(path: Path, options: Options, channels: Channels, *, add_reading: AddReading) -> list[Problem]:
    """Read one file; readings go to `add_reading`, and what each point's channels are to `channels`.

    Returns every finding. When one is an error, what was added must not be used.
    """
    problems: list[Problem] = []
    feed = parse_feed(path, problems)
    if feed is None or errors(problems):
        return problems
    file = str(path)
    if feed.odd_case_line is not None:
        problems.append(warning(file, "writes IntervalBlock in another letter case", "It is read all the same.",
                                row=feed.odd_case_line))
    if not feed.of("UsagePoint"):
        problems.append(error(file, "holds no UsagePoint", "Download the usage with its service points."))
        return problems
    reader = _Reader(file=file, feed=feed, options=options, problems=problems, add_reading=add_reading)
    reader.run(channels)
    return problems


def described_channels(channels: Channels, options: Options) -> dict[str, frozenset[str]]:
    """For each point the directions whose absence means zero.

    Interpretation: a point whose only described channel is delivered energy has no received channel, so its export is
    0; when only received energy is described, import is unknown, because every service also delivers.
    """
    zero: dict[str, frozenset[str]] = {}
    for point_id, found in channels.by_point.items():
        absent = {"import", "export"} - found
        import_only = absent == {"export"} and point_id not in channels.unclear
        if options.absent_direction == "zero" or (options.absent_direction == "" and import_only):
            zero[point_id] = frozenset(absent)
    return zero


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """The entries of one kind by the links that lead to them."""

    by_related: Mapping[str, Entry]
    by_self: Mapping[str, Entry]

    @staticmethod
    def of(parents: Sequence[Entry]) -> _Index:
        """Index some entries; the first one wins where two claim the same link."""
        by_related: dict[str, Entry] = {}
        for parent in parents:
            for href in parent.related:
                by_related.setdefault(_bare(href), parent)
        return _Index(by_related=by_related, by_self={_bare(parent.self_href): parent for parent in parents})

    def parent(self, own: str, up: str) -> Entry | None:
        """The entry that names the child among its related links, or else the nearest one above it in the path."""
        if own and own in self.by_related:
            return self.by_related[own]
        if up and up in self.by_related:
            return self.by_related[up]
        above = own.rpartition("/")[0]
        while above:
            if above in self.by_self:
                return self.by_self[above]
            above = above.rpartition("/")[0]
        return None


@dataclass(slots=True, kw_only=True)
class _Reader:
    """One file on its way to readings."""

    file: str
    feed: Feed
    options: Options
    problems: list[Problem]
    add_reading: AddReading
    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, int] = field(default_factory=dict)
    indexes: dict[str, _Index] = field(default_factory=dict)

    def run(self, channels: Channels) -> None:
        points = {id(entry): self._point_id(entry) for entry in self.feed.of("UsagePoint")}
        meters: list[tuple[Entry, Channel | None]] = [
            (meter, self._channel(meter, points, channels)) for meter in self.feed.of("MeterReading")]
        self._drop_net_beside_gross(meters)
        for _, channel in meters:
            if channel is not None:
                found = channels.by_point.setdefault(channel.point_id, set())
                found.update({"import", "export"} if channel.direction == "net" else {channel.direction})
        for blocks in self.feed.of("IntervalBlock"):
            self._blocks(blocks, meters)
        if not any(channel for _, channel in meters):
            self.problems.append(error(self.file, "holds no interval energy in Wh with a known direction",
                                       "See the other findings; `--map` can name directions."))
        for reason, times in self.counts.items():
            self.problems.append(warning(self.file, f"{reason}, {times} in all", "The first is on this line.",
                                         row=self.lines[reason]))

    def _count(self, reason: str, line: int) -> None:
        self.counts[reason] += 1
        self.lines.setdefault(reason, line)

    def _point_id(self, entry: Entry) -> str:
        """The id that a usage point keeps from download to download: the path of its own link."""
        own = point_path(entry.self_href) or entry.entry_id or entry.title
        names = (own, entry.self_href, entry.title, entry.entry_id)
        mapped = next((self.options.points[name] for name in names if name in self.options.points), own)
        if not mapped:
            self.problems.append(error(self.file, "is a UsagePoint without link, id and title",
                                       "Ask the utility for a whole file.", row=entry.line))
        return mapped

    def _channel(self, meter: Entry, points: Mapping[int, str], channels: Channels) -> Channel | None:
        usage_points = self.feed.of("UsagePoint")
        point = self._parent(meter, usage_points, "UsagePoint")
        if point is None:
            return None
        if point.codes.get("service", ELECTRICITY_SERVICE) != ELECTRICITY_SERVICE:
            self._count("a meter reading of another service than electricity is left out", meter.line)
            return None
        point_id = points[id(point)]
        kinds = self.feed.of("ReadingType")
        hrefs = {_bare(href) for href in meter.related}
        linked = [kind for kind in kinds if kind.self_href and _bare(kind.self_href) in hrefs]
        if not linked and len(kinds) == 1 and len(self.feed.of("MeterReading")) == 1:
            linked = kinds
        if not linked:
            channels.unclear.add(point_id)
            self.problems.append(error(self.file, "is a MeterReading without a ReadingType, so its unit is unknown",
                                       "Ask the utility for a whole file.", row=meter.line, value=meter.title[:80]))
            return None
        direction = self._direction(linked[0])
        if direction is None:
            return None
        return Channel(point_id=point_id, direction=direction, type_entry=linked[0])

    def _direction(self, kind: Entry) -> str | None:
        """The direction of a reading type, or None when it is not interval energy of electricity."""
        uom = kind.codes.get("uom")
        if uom is None:
            self.problems.append(error(self.file, "is a ReadingType without uom", "Ask the utility for a whole file.",
                                       row=kind.line))
            return None
        if uom != UOM_WH or kind.codes.get("commodity", 0) not in ELECTRICITY_COMMODITIES:
            self._count(f"a channel in uom {uom} ({UOM_NAMES.get(uom, 'unknown')}) is not energy in Wh (uom 72) of "
                        "electricity and is left out", kind.line)
            return None
        accumulation = kind.codes.get("accumulationBehaviour", 0)
        if accumulation not in INTERVAL_ACCUMULATIONS:
            self._count(f"a channel with accumulationBehaviour {accumulation} "
                        f"({ACCUMULATION_NAMES.get(accumulation, 'unknown')}) is a register, not the energy of "
                        "intervals, and is left out", kind.line)
            return None
        flow = kind.codes.get("flowDirection", 0)
        direction = self.options.flow_directions.get(flow) or FLOW.get(flow)
        if direction is None:
            self.problems.append(error(
                self.file,
                f"is a flow direction that does not say import or export ({FLOW_NAMES.get(flow, 'unknown')})",
                f"Say what it means in --map: `flow_directions: {{{flow}: import}}` (or export, net, leave_out).",
                row=kind.line, column="flowDirection", value=str(flow)))
        return None if direction == "leave_out" else direction

    def _drop_net_beside_gross(self, meters: list[tuple[Entry, Channel | None]]) -> None:
        """A net channel beside delivered or received ones is a computed third; the gross registers are the truth."""
        gross = {channel.point_id for _, channel in meters if channel is not None and channel.direction != "net"}
        for position, (meter, channel) in enumerate(meters):
            if channel is not None and channel.direction == "net" and channel.point_id in gross:
                self._count("a net channel beside gross ones is left out", meter.line)
                meters[position] = (meter, None)

    def _parent(self, child: Entry, parents: Sequence[Entry], kind: str) -> Entry | None:
        """The entry that a child belongs to by its links; a lone parent needs none."""
        if kind not in self.indexes:
            self.indexes[kind] = _Index.of(parents)
        found = self.indexes[kind].parent(_bare(child.self_href), _bare(child.up_href))
        if found is not None:
            return found
        if len(parents) == 1:
            self._count(f"a {child.kind} has no link to its {kind}; the only one in the file is taken", child.line)
            return parents[0]
        self.problems.append(error(self.file, f"is a {child.kind} whose {kind} cannot be found by its links",
                                   "Ask the utility for a whole file.", row=child.line, value=child.self_href[:80]))
        return None

    def _blocks(self, blocks: Entry, meters: list[tuple[Entry, Channel | None]]) -> None:
        meter = self._parent(blocks, [entry for entry, _ in meters], "MeterReading")
        channel = next((found for entry, found in meters if entry is meter), None)
        if meter is None or channel is None:
            return
        length = channel.type_entry.codes.get("intervalLength")
        for block in blocks.blocks:
            for position, reading in enumerate(block.readings):
                start_s, seconds = reading.start_s, reading.seconds if reading.seconds is not None else length
                if start_s is None and block.start_s is not None and length:
                    start_s = block.start_s + position * length  # espi.xsd: one for each intervalLength
                if start_s is None or not seconds or not 0 < seconds <= _SECONDS_MAX or not 0 <= start_s < _START_MAX_S:
                    self.problems.append(error(self.file, "is an IntervalReading without a usable time",
                                               "Ask the utility for a corrected file.", row=reading.line,
                                               column="timePeriod", value=f"{start_s} + {seconds}"))
                elif self.options.seconds and seconds not in self.options.seconds:
                    self._count("a reading of another length is left out, as --map says", reading.line)
                else:
                    self._reading(channel, reading, start_s, seconds)

    def _reading(self, channel: Channel, reading: RawReading, start_s: int, seconds: int) -> None:
        kind = channel.type_entry
        quality = self._quality(reading.qualities or (
            (kind.codes["defaultQuality"],) if "defaultQuality" in kind.codes else ()), reading.line)
        power = kind.codes.get("powerOfTenMultiplier", 0)
        energy_mwh: int | None = None
        if reading.number is None:
            quality = "missing"
            self._count("a reading without a value becomes a missing reading", reading.line)
        else:
            energy_mwh = self._energy(reading.number, power, reading.line)
            if energy_mwh is None:
                return
        add = self.add_reading
        if channel.direction == "net":
            for direction, sign in (("import", 1), ("export", -1)):
                part = None if energy_mwh is None else max(sign * energy_mwh, 0)
                add(channel.point_id, direction, start_s, seconds, part, quality, reading.line)
            return
        if energy_mwh is not None and energy_mwh < 0:
            self._count(f"a negative {channel.direction} is kept as it is; settlement counts that interval as missing",
                        reading.line)
        add(channel.point_id, channel.direction, start_s, seconds, energy_mwh, quality, reading.line)

    def _energy(self, number: int, power: int, line: int) -> int | None:
        """Whole milliwatt-hours of a value in 10^power Wh, ties away from zero."""
        shift = power + 3
        if abs(shift) > 15 or (shift > 0 and abs(number) * 10**max(shift, 0) > _ENERGY_MAX_MWH):
            self.problems.append(error(self.file, f"is too large to be a reading (powerOfTenMultiplier {power})",
                                       "Ask the utility for a corrected file.", row=line, value=str(number)))
            return None
        if shift >= 0:
            return number * int(10**shift)
        divisor = int(10**-shift)
        if number % divisor:
            self._count("a value finer than 1 mWh is rounded, half away from zero", line)
        return divide_half_away(number, divisor)

    def _quality(self, codes: Sequence[int], line: int) -> str:
        """The worst of the given qualities; none given is a plain measured value."""
        words = []
        for code in codes:
            word = self.options.qualities.get(code) or QUALITY.get(code)
            if word is None:
                self._count(f"quality {code} is not a code of ESPI and is taken as estimated", line)
            words.append(word or "estimated")
        return max(words, key=_WORST.index, default="actual")


def point_path(href: str) -> str:
    """The part of a usage point's link that stays the same whatever server gave it.

    >>> point_path("https://utility.example/espi/1_1/resource/Subscription/7/UsagePoint/01")
    'Subscription/7/UsagePoint/01'
    >>> point_path("RetailCustomer/9b6c7063/UsagePoint/01")
    'RetailCustomer/9b6c7063/UsagePoint/01'
    """
    return _bare(href).rpartition("resource/")[2]


def _bare(href: str) -> str:
    """A link's path without server, query and outer slashes."""
    try:
        return urlsplit(href).path.strip("/ ")
    except ValueError:
        return href.strip("/ ")
