"""Sun and heat: night is dark, the sun stands highest when it should, and hot spells are hot."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridrider.app.demo_inputs import ELRP, load_season
from gridrider.twin.simulate import generator
from gridrider.twin.weather import panel_kw_per_kw, season_weather, temperature_c


@pytest.mark.parametrize(("day", "longest_h", "shortest_h"), [
    (date(2022, 6, 21), 14.8, 14.0), (date(2022, 9, 22), 12.2, 11.4), (date(2022, 12, 21), 9.6, 8.8)])
def test_a_day_is_as_long_as_at_san_francisco(day: date, longest_h: float, shortest_h: float) -> None:
    """Almanac: 14.8 h, 12.1 h and 9.5 h; the twin leaves out the first light below one degree."""
    lit_h = (panel_kw_per_kw(day, 37.8, 1.1).max(axis=1) > 0).sum() / 4
    assert shortest_h <= lit_h <= longest_h


def test_south_panels_peak_at_solar_noon_and_west_panels_later() -> None:
    """With a clock 1.127 h ahead (daylight time at 121.9 degrees west) solar noon is at 13:08."""
    panels = panel_kw_per_kw(date(2022, 8, 17), 37.8, 1.127)
    peak_h = (panels.argmax(axis=0) + 0.5) / 4
    assert 12.8 <= peak_h[0] <= 13.5 < peak_h[1] < peak_h[2]
    assert 0.7 < panels[:, 0].max() < 1.0
    symmetric = panel_kw_per_kw(date(2022, 8, 17), 37.8, 0.0)[:, 0]
    assert np.allclose(symmetric, symmetric[::-1])


def test_the_warmest_time_is_half_past_four() -> None:
    temperatures = temperature_c(35.0)
    assert abs((temperatures.argmax() + 0.5) / 4 - 16.5) <= 0.25
    assert temperatures.max() == pytest.approx(35.0, abs=0.01)
    assert temperatures.min() == pytest.approx(20.0, abs=0.01)


def test_hot_spells_are_hotter() -> None:
    season, _ = load_season(ELRP)
    weather = season_weather(season, generator(3, 3))
    hot = [weather[day].temperature_c.max() for day in weather if season.warmer_c(day) > 0]
    other = [weather[day].temperature_c.max() for day in weather if season.warmer_c(day) == 0]
    assert np.mean(hot) > np.mean(other) + 3
    assert season.timezone == ZoneInfo("America/Los_Angeles")
    assert season.warmer_c(date(2022, 9, 9)) == 7.0
    assert season.warmer_c(date(2022, 9, 10)) == 0.0
