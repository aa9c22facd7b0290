"""What the charts promise: units at the axes, one meaning per colour, labels that can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from gridrider.adapters.documents.svg import draw
from gridrider.report import charts, palette
from gridrider.report.charts import Width
from gridrider.report.figures import Bin, Distribution, EventFigure, HourFigure, PaidFigure

ONE = EventFigure(event_id="EV", kind="", service="s", start=datetime(2022, 9, 6, 23, tzinfo=UTC),
                  end=datetime(2022, 9, 7, 2, tzinfo=UTC), outcomes={"performed": 3, "missed": 1},
                  baseline_kwh=Decimal(12), metered_kwh=Decimal(4), delivered_kwh=Decimal(8),
                  peak_hour_kw=Decimal(8), paid_usd=Decimal(16))


def season(many: int) -> list[EventFigure]:
    """An event a day."""
    return [replace(ONE, event_id=f"EV{place}", start=datetime(2024, 1, 1, 23, tzinfo=UTC) + timedelta(days=place))
            for place in range(many)]


def words_in(svg: str) -> list[str]:
    """Every text of a drawing."""
    return [part.split("</text>")[0].rpartition(">")[2] for part in svg.split("<text")[1:]]


def drawn(chart) -> str:
    """The chart's drawing; to_dict without options checks it against the Vega-Lite schema."""
    chart.to_dict()
    return draw(charts.both(lambda _: chart)[0])


@pytest.mark.parametrize(("kilo", "unit"), [(1, "kWh"), (1000, "MWh")])
def test_the_event_chart_names_its_unit_at_both_axes(kilo, unit):
    event = replace(ONE, baseline_kwh=Decimal(12 * kilo), metered_kwh=Decimal(4 * kilo),
                    delivered_kwh=Decimal(8 * kilo))
    words = words_in(drawn(charts.load_per_event([event], Width.WIDE)))
    assert {f"Net import ({unit})", f"Delivered ({unit})", "Event (local day)"} <= set(words)


def test_energy_against_the_grid_has_its_own_colour_and_name():
    event = replace(ONE, metered_kwh=Decimal(20), delivered_kwh=Decimal(-8))
    svg = drawn(charts.load_per_event([ONE, replace(event, event_id="B")], Width.WIDE))
    assert {"Delivered", "Drawn beyond the baseline"} <= set(words_in(svg))
    assert palette.AGAINST in svg
    assert palette.AGAINST not in drawn(charts.load_per_event([ONE], Width.WIDE))


def test_a_leap_year_of_events_keeps_every_bar_and_thins_the_labels():
    svg = drawn(charts.load_per_event(season(366), Width.WIDE))
    labels = [word for word in words_in(svg) if word.split(" ")[0] in ("Jan", "Jul", "Dec")]
    assert svg.count(f'fill="{palette.DELIVERED}"') >= 366
    assert 2 < len(labels) <= 2 * Width.WIDE // 18
    assert len(labels) < 366


def test_two_events_on_one_day_and_two_years_stay_apart():
    same_day = [ONE, replace(ONE, event_id="B")]
    assert charts.event_labels(same_day) == ["Sep 6", "Sep 6 (2)"]
    next_year = replace(ONE, start=datetime(2023, 9, 6, 23, tzinfo=UTC))
    assert charts.event_labels([ONE, next_year]) == ["Sep 6 '22", "Sep 6 '23"]
    assert charts.event_labels([replace(ONE, start=None, event_id="a-very-long-event-id")]) == ["a-very-long-"]


def test_counts_have_whole_numbers_at_their_axis():
    words = words_in(drawn(charts.outcomes_per_event([ONE], Width.WIDE)))
    assert [word for word in words if word.isdigit()] == ["0", "1", "2", "3", "4"]


def test_the_histogram_marks_its_quantiles_with_their_unit():
    shape = Distribution(count=3, p10=Decimal(1), median=Decimal(2), p90=Decimal("-3.5"), smallest=Decimal(0),
                         largest=Decimal(4), below=0, above=0,
                         bins=tuple(Bin(low=Decimal(k), high=Decimal(k + 1), count=1) for k in range(-4, 4)))
    words = words_in(drawn(charts.spread_of_pay(shape, per="participant", currency="USD", width=Width.WIDE)))
    assert {"p10 $1.00", "median $2.00", "p90 \N{MINUS SIGN}$3.50", "Paid per participant (USD)"} <= set(words)


def test_money_taken_back_is_drawn_below_zero_in_its_colour():
    paid = [PaidFigure(first=date(2025, 6, 1), last=date(2025, 9, 30), component=component,
                       amount_usd=Decimal(amount), lines=1) for component, amount in (("capacity", 90),
                                                                                    ("claw_back", -30))]
    svg = drawn(charts.paid_per_period(paid, "USD", Width.WIDE))
    assert {"Capacity", "Claw back", "Jun–Sep 2025", "Paid (USD)"} <= set(words_in(svg))
    assert palette.COMPONENT_COLOURS["claw_back"] in svg


def test_a_single_hour_still_shows_both_loads():
    hour = HourFigure(hour_no=1, baseline_kw=Decimal(3), metered_kw=Decimal(-1), delivered_kw=Decimal(4))
    svg = drawn(charts.load_per_hour([hour], Width.NARROW))
    assert palette.BASELINE in svg
    assert palette.METERED in svg
    assert "Net import (kW per enrollment)" in words_in(svg)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG 2.2 defines it."""
    parts = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", sorted({
    palette.BASELINE, palette.METERED, palette.DELIVERED, palette.AGAINST, palette.SPREAD,
    *palette.OUTCOME_COLOURS.values(), *palette.COMPONENT_COLOURS.values()}))
def test_every_colour_of_a_mark_stands_out_from_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3
