"""A map of the feeders with their caps and duals, and a strip of the sites that a storm concerned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import altair as alt

from .charts import AnyChart, Width, inline_rows, legend_columns, plot
from .dispatch_charts import staircase, time_axis
from .dispatch_figures import FeederFigure, StormEpisode
from .dispatch_words import STORM_WORDS
from .histogram import round_width
from .palette import AGAINST, CAP_COLOURS, INK, NO_CAP, RULE, STORM_COLOURS
from .wording import number

KM_PER_DEGREE = 111.32
"""A degree of latitude, and one of longitude at the equator; plain enough for a map of one utility."""
SHARES = ("Under 50% of its cap", "50\N{EN DASH}80%", "Over 80%", "Cap binds", "No cap")
LABELS_DRAWN, LABEL_PX = 12, 12
MARGIN = 0.12


def share_words(feeder: FeederFigure) -> str:
    """In which class of the legend a feeder is."""
    if feeder.binds:
        return SHARES[3]
    if feeder.cap_kw is None:
        return SHARES[4]
    share = feeder.share if feeder.share is not None else Decimal(1)
    return SHARES[0] if share < Decimal("0.5") else SHARES[1] if share < Decimal("0.8") else SHARES[2]


def positions_km(feeders: Sequence[FeederFigure]) -> dict[str, tuple[float, float]]:
    """East and north of the middle, in kilometres, of the feeders that have a place."""
    placed = {each.feeder: (float(each.longitude_deg), float(each.latitude_deg)) for each in feeders
              if each.longitude_deg is not None and each.latitude_deg is not None}
    if not placed:
        return {}
    middle = [(min(axis) + max(axis)) / 2 for axis in zip(*placed.values(), strict=True)]
    narrowed = math.cos(math.radians(middle[1]))
    return {name: ((east - middle[0]) * KM_PER_DEGREE * narrowed, (north - middle[1]) * KM_PER_DEGREE)
            for name, (east, north) in placed.items()}


def feeder_map(feeders: Sequence[FeederFigure], width: Width) -> AnyChart:
    """Where the feeders are: circles as large as what was asked, coloured by the part of the cap that is used."""
    places = positions_km(feeders)
    shown = [each for each in feeders if each.feeder in places]
    wide_km, tall_km = _window(list(places.values()))
    height = max(180, min(420, round(width * tall_km / wide_km)))
    scale_km = max(wide_km / width, tall_km / height)
    east = alt.X("east:Q", axis=None, scale=alt.Scale(domain=[-scale_km * width / 2, scale_km * width / 2], nice=False))
    north = alt.Y("north:Q", axis=None,
                  scale=alt.Scale(domain=[-scale_km * height / 2, scale_km * height / 2], nice=False))
    rows = _circle_rows(shown, places, width)
    classes = [name for name in SHARES if any(row["class"] == name for row in rows)]
    colours = dict(zip(SHARES, (*CAP_COLOURS, NO_CAP), strict=True))
    circles = alt.Chart(inline_rows(rows)).mark_point(filled=True, opacity=1, stroke="white", strokeWidth=1).encode(
        x=east, y=north, size=alt.Size("size:Q", scale=None),
        color=alt.Color("class:N", scale=alt.Scale(domain=classes, range=[colours[name] for name in classes]),
                        legend=alt.Legend(columns=legend_columns(width), symbolType="circle",
                                          symbolStrokeColor="white")))
    layers = [_wires(shown, places, east, north), circles, *_scale_bar(scale_km, width, height)]
    if any(row["binds"] for row in rows):
        layers += _rings(rows, _labels(rows, scale_km, width), east, north)
    return plot(*layers, width=width, height=height)


def _window(places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Width and height of what must be seen, with a margin; never nothing."""
    spans = [max(axis) - min(axis) for axis in zip(*places, strict=True)]
    least = max(*spans, 1.0) * 0.25
    wide, tall = (max(span, least) * (1 + 2 * MARGIN) for span in spans)
    return wide, tall


def _circle_rows(shown: Sequence[FeederFigure], places: dict[str, tuple[float, float]],
                 width: Width) -> list[dict[str, Any]]:
    largest = max((each.asked_kw for each in shown), default=Decimal(0)) or Decimal(1)
    area = 1100 if width is Width.WIDE else 600
    labelled = sorted((each for each in shown if each.binds), key=lambda each: (-each.dual, each.feeder))[:LABELS_DRAWN]
    return [{"feeder": each.feeder, "east": round(places[each.feeder][0], 4), "north": round(places[each.feeder][1], 4),
             "size": round(40 + area * max(0.0, float(each.asked_kw / largest)), 1), "class": share_words(each),
             "binds": each.binds, "ring": round(160 + 1.5 * area * max(0.0, float(each.asked_kw / largest)), 1),
             "text": f"{short_name(each.feeder)}: {number(each.dual, 3)}" if each in labelled else ""}
            for each in shown]


def short_name(feeder: str) -> str:
    """A feeder's name as a map has room for it."""
    return feeder if len(feeder) <= 14 else f"{feeder[:13]}\N{HORIZONTAL ELLIPSIS}"


def _wires(shown: Sequence[FeederFigure], places: dict[str, tuple[float, float]], east: alt.X,
           north: alt.Y) -> alt.Chart:
    rows = [{"east": places[each.feeder][0], "north": places[each.feeder][1], "to_east": places[each.parent][0],
             "to_north": places[each.parent][1]} for each in shown if each.parent in places]
    wires: alt.Chart = alt.Chart(inline_rows(rows)).mark_rule(color=RULE, strokeWidth=1.5).encode(
        x=east, y=north, x2=alt.X2("to_east:Q"), y2=alt.Y2("to_north:Q"))
    return wires


def _rings(rows: Sequence[dict[str, Any]], labels: list[dict[str, Any]], east: alt.X,
           north: alt.Y) -> list[alt.Chart]:
    """A ring around each feeder whose cap binds, with its name and what one more kW there would be worth."""
    rings = alt.Chart(inline_rows([row for row in rows if row["binds"]])).mark_point(
        filled=False, color=AGAINST, strokeWidth=2.5, opacity=1).encode(
            x=east, y=north, size=alt.Size("ring:Q", scale=None))
    halo: dict[str, Any] = {"stroke": "white", "strokeWidth": 4, "color": "white"}
    return [rings, *(alt.Chart(inline_rows(labels)).mark_text(
        fontSize=LABEL_PX, align="left", baseline="middle", **ink).encode(x=east, y=north, text=alt.Text("text:N"))
        for ink in (halo, {"color": INK}))]


def _labels(rows: Sequence[dict[str, Any]], km_per_px: float, width: Width) -> list[dict[str, Any]]:
    """Where the labels stand: beside their feeder, at the first place on the map where nothing else is."""
    taken = [_box(row, 0, 0, 2 * _radius_px(row), km_per_px) for row in rows]
    placed: list[dict[str, Any]] = []
    for row in sorted((row for row in rows if row["text"]), key=lambda row: (-row["north"], row["east"])):
        long_px, beside_px = 6.4 * len(row["text"]), _radius_px(row) + 4
        spots = [(across, down) for down in (0, 15, -15, 30, -30) for across in (
            beside_px, -beside_px - long_px)]
        boxes = {spot: _box(row, spot[0] + long_px / 2, spot[1], long_px, km_per_px) for spot in spots}
        inside = [spot for spot in spots if -width / 2 <= boxes[spot][0] and boxes[spot][1] <= width / 2] or spots
        free = next((spot for spot in inside if not any(
            _overlap(boxes[spot], box) for box, other in zip(taken, [*rows, *placed], strict=True)
            if other is not row)), inside[0])
        taken.append(boxes[free])
        placed.append({"east": row["east"] + free[0] * km_per_px, "north": row["north"] - free[1] * km_per_px,
                       "text": row["text"]})
    return placed


Box = tuple[float, float, float, float]


def _radius_px(row: dict[str, Any]) -> float:
    return math.sqrt(row["ring" if row["binds"] else "size"] / math.pi)


def _box(row: dict[str, Any], across_px: float, down_px: float, long_px: float, km_per_px: float) -> Box:
    """West, east, top and bottom of what stands so far from a feeder, in pixels. [px]"""
    middle, level = row["east"] / km_per_px + across_px, -row["north"] / km_per_px + down_px
    return middle - long_px / 2, middle + long_px / 2, level - LABEL_PX / 2, level + LABEL_PX / 2


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _scale_bar(scale_km: float, width: Width, height: int) -> list[alt.Chart]:
    """A length that one can read, at the bottom on the left."""
    long_km = float(round_width(Decimal(str(round(scale_km * width / 4, 6))), 1) / 2)
    long_px = long_km / scale_km
    rows = [{"text": f"{long_km:g} km"}]
    bar = alt.Chart(inline_rows(rows)).mark_rule(color=INK, strokeWidth=2).encode(
        x=alt.value(2), x2=alt.value(2 + long_px), y=alt.value(height - 4))
    text = alt.Chart(inline_rows(rows)).mark_text(align="left", baseline="bottom", fontSize=12, color=INK).encode(
        x=alt.value(2), y=alt.value(height - 8), text=alt.Text("text:N"))
    return [bar, text]


def storm_strip(episode: StormEpisode, width: Width) -> AnyChart:
    """How many sites were locked or made ready through a storm, stacked."""
    start, end = episode.changes[0].at, episode.changes[-1].at
    present = [status for status in STORM_WORDS if episode.sites_max(status)]
    pairs = list(zip(episode.changes, episode.changes[1:], strict=False))
    rows: list[dict[str, Any]] = []
    for place, status in enumerate(present):
        below = present[:place]
        spans = []
        for change, after in pairs:
            low = sum(change.sites.get(name, 0) for name in below)
            spans.append((change.at, after.at, {"low": low, "high": low + change.sites.get(status, 0)}))
        rows += [{"series": STORM_WORDS[status], **row} for row in staircase(start, spans)]
    names, colours = [STORM_WORDS[status] for status in present], [STORM_COLOURS[status] for status in present]
    areas = alt.Chart(inline_rows(rows)).mark_area().encode(
        x=time_axis(start, end, width), y=alt.Y("high:Q", title="Sites", axis=alt.Axis(tickCount=4, tickMinStep=1,
                                                                                      format=",d")),
        y2=alt.Y2("low:Q"), detail=alt.Detail("run:N"),
        color=alt.Color("series:N", scale=alt.Scale(domain=names, range=colours),
                        legend=alt.Legend(columns=3 if width is Width.WIDE else 1)))
    return plot(areas, width=width, height=110)
