"""What the charts of dispatch promise: valid at both widths, plain words, colours that stand out, true figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridrider.adapters.documents.result_tables import open_results
from gridrider.dispatch.model import Protection
from gridrider.report import dispatch_charts, dispatch_maps, palette
from gridrider.report.charts import Width
from gridrider.report.dispatch_figures import ComparedDay, Dispatch, Reserves, StormChange, StormEpisode
from gridrider.report.dispatch_summarise import dispatch_figures
from gridrider.report.dispatch_words import PROTECTION_WORDS

from .dispatch_sample import TABLES, write_dispatch
from .test_charts import drawn, luminance, words_in

PACIFIC = ZoneInfo("America/Los_Angeles")
BOTH = pytest.mark.parametrize("width", list(Width))
HOSTILE = "<script>alert(1)</script>'\"]\\"


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Dispatch:
    out: Path = write_dispatch(tmp_path_factory.mktemp("charts"), TABLES)
    with open_results(out) as tables:
        figures = dispatch_figures(tables, zone=PACIFIC)
    assert figures is not None
    return figures


@BOTH
def test_an_event_shows_target_asked_delivered_and_each_reason_in_words(found, width):
    words = words_in(drawn(dispatch_charts.event_chart(found.events[0], None, large=False, width=width)))
    assert {"Delivered", "Target", "Asked", "Backup reserve", "Held for a storm", "Power (kW)", "4 pm"} <= set(words)


@BOTH
def test_an_event_without_a_target_has_no_line_of_one_and_names_both_hours_of_the_change(found, width):
    words = words_in(drawn(dispatch_charts.event_chart(found.events[1], None, large=True, width=width)))
    assert "Target" not in words
    assert {"Asked", "Opted out", "Power (MW)", "1 am PDT", "1 am PST", "2 am PST"} <= set(words)


@BOTH
def test_the_reserve_is_a_line_only_where_it_is_one_number(found, width):
    one = Reserves(smallest_pct=Decimal(20), median_pct=Decimal(20), largest_pct=Decimal(20))
    several = replace(one, largest_pct=Decimal(80))
    event = found.events[0]
    assert "Backup reserve 20%" in words_in(drawn(dispatch_charts.event_chart(event, one, large=False, width=width)))
    assert not any("reserve 20%" in word for word in words_in(drawn(
        dispatch_charts.event_chart(event, several, large=False, width=width))))


def test_without_states_of_charge_the_power_alone_is_drawn_with_its_clock(found):
    event = replace(found.events[0], steps=tuple(replace(step, stored_pct=None) for step in found.events[0].steps))
    words = words_in(drawn(dispatch_charts.event_chart(event, None, large=False, width=Width.WIDE)))
    assert "4 pm" in words
    assert not any(word.startswith("State of charge") for word in words)


def test_the_band_stands_on_what_was_asked_and_ends_at_asked_and_held_back(found):
    spec = dispatch_charts.event_chart(found.events[0], None, large=False, width=Width.WIDE).to_dict()
    areas = [rows for rows in spec["datasets"].values() if {"low", "series"} <= rows[0].keys()]
    last = {row["series"]: (row["low"], row["high"]) for row in areas[0]}
    assert last == {"Delivered": (0, 88), "Backup reserve": (90, 120), "Held for a storm": (120, 125)}


def test_a_pause_in_an_event_breaks_its_lines():
    start, two, three, four = (datetime(2022, 9, 6, hour, tzinfo=PACIFIC) for hour in (1, 2, 3, 4))
    rows = dispatch_charts.staircase(start, [(start, two, {"high": 1}), (three, four, {"high": 2})])
    assert [(row["at"], row["run"]) for row in rows] == [(0, 0), (60, 0), (120, 1), (180, 1)]


def test_of_many_reasons_the_smallest_are_gathered(found):
    names = list(Protection)[:12]
    event = replace(found.events[0], withheld={
        name: (Decimal(100 - place), Decimal(100 - place)) for place, name in enumerate(names)})
    assert len(dispatch_charts.reasons_drawn(event)) == dispatch_charts.REASONS_DRAWN
    assert names[-1] not in dispatch_charts.reasons_drawn(event)
    assert "Other reasons" in words_in(drawn(dispatch_charts.event_chart(event, None, large=False, width=Width.NARROW)))
    eight = replace(event, withheld={name: event.withheld[name] for name in names[:8]})
    assert len(dispatch_charts.reasons_drawn(eight)) == 8


@BOTH
def test_who_was_spared_has_both_measures_with_their_figures(found, width):
    words = words_in(drawn(dispatch_charts.spared_chart(found.spared, large=False, width=width)))
    assert {"Never asked (enrollments and events)", "Held back (kWh)"} <= set(words)
    assert any(word.endswith("25.0") for word in words)
    nobody = [replace(each, calls=0) for each in found.spared]
    assert "Never asked (enrollments and events)" not in words_in(drawn(
        dispatch_charts.spared_chart(nobody, large=False, width=width)))


@BOTH
def test_the_map_rings_the_cap_that_binds_with_its_dual_and_has_a_scale(found, width):
    svg = drawn(dispatch_maps.feeder_map(found.feeders.feeders, width))
    assert {"Süd-1: 0.250", "Cap binds", "50–80%", "No cap"} <= set(words_in(svg))
    assert "Under 50% of its cap" not in words_in(svg)
    assert [word for word in words_in(svg) if word.endswith(" km")]


@BOTH
def test_feeders_without_caps_in_one_place_are_still_a_map(found, width):
    bare = [replace(each, cap_kw=None, dual=Decimal(0), asked_kw=Decimal(0), latitude_deg=Decimal(40),
                    longitude_deg=Decimal(-73)) for each in found.feeders.feeders]
    assert {"No cap"} <= set(words_in(drawn(dispatch_maps.feeder_map(bare, width))))


def test_a_degree_east_is_shorter_than_a_degree_north(found):
    feeders = [replace(found.feeders.feeders[0], feeder=str(place), latitude_deg=Decimal(60 + north),
                       longitude_deg=Decimal(east)) for place, (east, north) in enumerate(((-1, 0), (1, 0)))]
    (west, _), (east, _) = dispatch_maps.positions_km(feeders).values()
    assert east - west == pytest.approx(111.32, rel=1e-6)  # two degrees at 60 north, where each is half as long


def test_labels_of_neighbours_do_not_lie_on_one_another(found):
    south = next(each for each in found.feeders.feeders if each.binds)
    close = [replace(south, feeder=f"Feeder {place}", longitude_deg=Decimal(-122) + Decimal(place) / 1000)
             for place in range(4)]
    far = replace(south, feeder="far", dual=Decimal(0), longitude_deg=Decimal("-121.5"))
    spec = dispatch_maps.feeder_map([*close, far], Width.WIDE).to_dict()
    labels = next(rows for rows in spec["datasets"].values() if rows and rows[0].keys() == {"east", "north", "text"})
    assert len({(round(row["east"], 1), round(row["north"], 1)) for row in labels}) == len(labels) == 4


@BOTH
def test_a_storm_stacks_its_sites_and_a_hostile_name_stays_text(found, width):
    words = words_in(drawn(dispatch_maps.storm_strip(found.storms[0], width)))
    assert {"Locked for the home", "Made ready", "Sites"} <= set(words)
    start = datetime(2022, 9, 1, tzinfo=PACIFIC)
    long = StormEpisode(changes=(StormChange(at=start, sites={"lock": 5}),
                                 StormChange(at=datetime(2022, 10, 20, tzinfo=PACIFIC), sites={})))
    assert any(word.startswith("Sep") for word in words_in(drawn(dispatch_maps.storm_strip(long, width))))
    hostile = [replace(found.spared[0], protection=HOSTILE)]
    assert "<script" not in drawn(dispatch_charts.spared_chart(hostile, large=False, width=width))


@BOTH
def test_the_published_peak_is_an_interval_of_half_a_megawatt_to_either_side(width):
    day = ComparedDay(day=date(2022, 9, 6), participants=4, published_participants=4, peak_mw=Decimal("29.2"),
                      published_peak_mw=Decimal(29), constant_peak_mw=None, error_pct=Decimal(0))
    chart = dispatch_charts.comparison_chart([day, replace(day, day=date(2022, 9, 7), published_peak_mw=None)], width)
    words = words_in(drawn(chart))
    assert {"Published, to half a MW", "Replayed", "Peak (MW)", "Sep 6", "Sep 7"} <= set(words)
    assert "Constant kW per home" not in words
    rows = next(rows for rows in chart.to_dict()["datasets"].values() if "high" in rows[0])
    assert [(row["low"], row["high"]) for row in rows] == [(28.5, 29.5)]


def test_every_protection_has_words_and_a_colour():
    assert set(PROTECTION_WORDS) == set(palette.PROTECTION_COLOURS) == set(Protection)
    assert len(set(PROTECTION_WORDS.values())) == len(set(palette.PROTECTION_COLOURS.values())) == len(Protection)


@pytest.mark.parametrize("colour", sorted({*palette.PROTECTION_COLOURS.values(), *palette.CAP_COLOURS, palette.OTHER,
                                           palette.NO_CAP, palette.STORED, *palette.STORM_COLOURS.values()}))
def test_every_colour_of_dispatch_stands_out_from_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3
