"""Fleets, opt-outs, load shapes and the sky, as they are drawn."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from gridrider.twin.fleet.draw import draw_fleet
from gridrider.twin.fleet.draw_defaults import DEFAULTS
from gridrider.twin.fleet.opt_outs import OptOutHazard, draw_opt_outs
from gridrider.twin.fleet.profiles import (
    assumed_load_shapes,
    assumed_water_shapes,
    hourly_profile,
    profile_days,
    shapes_from_profiles,
)
from gridrider.twin.fleet.sun import Cell, Plane, clear_sky
from tests.twin.fleet_world import columns


def test_the_same_seed_gives_the_same_bytes_however_many_follow() -> None:
    few, many, other = draw_fleet({}, 50, 3), draw_fleet({}, 400, 3), draw_fleet({}, 50, 4)
    for name, column in columns(few).items():
        assert column.tobytes() == columns(many.part(0, 50))[name].tobytes(), name
    assert few.load_kw.tobytes() != other.load_kw.tobytes()


def test_a_changed_entry_leaves_the_other_columns_alone() -> None:
    plain = draw_fleet({}, 200, 3)
    changed = draw_fleet({"reserve_pct": {"kind": "choice", "of": [20.0], "shares": [1.0], "source": "S1"}}, 200, 3)
    assert set(changed.reserve_pct) == {20.0}
    for name, column in columns(plain).items():
        assert name == "reserve_pct" or column.tobytes() == columns(changed)[name].tobytes(), name


def test_shares_and_means_are_those_of_the_spec() -> None:
    drawn = draw_fleet({"pv_kw": {"kind": "normal", "mean": 6.0, "sd": 1.0, "low": 0.0, "high": 20.0, "owned": 0.5,
                                  "source": "a test"}}, 20_000, 1)
    assert (drawn.pv_kw > 0).mean() == pytest.approx(0.5, abs=0.02)
    assert drawn.pv_kw[drawn.pv_kw > 0].mean() == pytest.approx(6.0, abs=0.05)
    assert (drawn.battery_kwh == 27.0).mean() == pytest.approx(0.42, abs=0.02)
    assert (drawn.battery_kw_nameplate / drawn.battery_kwh).round(6).max() == pytest.approx(5 / 13.5, abs=1e-6)
    assert drawn.opt_out_propensity.mean() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("spec", "complaint"), [
    ({"reserve": {"kind": "constant", "is": 1}}, "no such column"),
    ({"reserve_pct": {"kind": "gauss"}}, "is not a distribution"),
    ({"reserve_pct": {"kind": "uniform", "low": 1}}, "is not a distribution"),
    ({"reserve_pct": {"kind": "choice", "of": [1, 2], "shares": [1.0]}}, "2 choices with 1 shares"),
    ({"more": {"kind": "choice", "of": [{"reserve_pct": 1}], "shares": [1]}}, "a second time")])
def test_a_wrong_spec_is_refused_in_words(spec, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw_fleet(spec, 3, 1)


def test_every_default_says_where_it_is_from() -> None:
    assert all(entry["source"] for entry in DEFAULTS.values())


def test_opt_outs_are_correlated_as_the_shared_frailty_says() -> None:
    hazard = OptOutHazard(at_notice=0.1, per_notice_h=0.005, per_event_h=0.05, common_variance=0.5)
    cumulated = 0.1 + 0.005 * 20 + 0.05 * 2
    stays = np.array([np.isinf(draw_opt_outs(hazard, np.ones(400), notice_h=20.0, duration_h=2.0, consecutive=0,
                                             seed=1, event_index=event)) for event in range(3000)])
    share = stays.mean(axis=1)
    assert share.mean() == pytest.approx((1 + cumulated * 0.5) ** -2, abs=0.01)
    pairs = (share * share - share / 400).mean() * 400 / 399  # two different customers of one event both stay
    assert pairs == pytest.approx((1 + 2 * cumulated * 0.5) ** -2, abs=0.012)
    assert pairs > share.mean() ** 2 + 0.01
    alone = np.array([np.isinf(draw_opt_outs(
        OptOutHazard(at_notice=0.3, per_notice_h=0, per_event_h=0, common_variance=0.0), np.ones(400), notice_h=20.0,
        duration_h=2.0, consecutive=0, seed=1, event_index=event)).mean() for event in range(500)])
    assert alone.mean() == pytest.approx(np.exp(-0.3), abs=0.01)
    assert alone.std() == pytest.approx(np.sqrt(np.exp(-0.3) * (1 - np.exp(-0.3)) / 400), rel=0.15)


def test_opt_outs_by_notice_row_of_events_and_time() -> None:
    def leaves(propensity: float = 1.0, **how) -> np.ndarray:
        settings = {"notice_h": 24.0, "duration_h": 2.0, "consecutive": 0, "seed": 2, "event_index": 1} | how
        return draw_opt_outs(OptOutHazard(), np.full(200_000, propensity), **settings)

    plain = leaves()
    left = np.isfinite(plain)
    assert np.array_equal(plain, leaves())
    assert not np.array_equal(plain, leaves(event_index=2))
    assert np.isfinite(leaves(consecutive=4)).sum() > left.sum()
    assert np.isfinite(leaves(notice_h=0.0)).sum() > np.isfinite(leaves(notice_h=4.0)).sum()
    assert not np.isfinite(leaves(propensity=0.0)).any()
    assert plain[left].min() == 0.0
    assert (plain[left] < 26.0).all()
    assert ((plain[left] > 24.0).sum(), (plain[left] < 24.0).sum()) > (0, 0)


@pytest.fixture
def building(refs: Path) -> list[str]:
    """A real home's year, hour by hour, hour ENDING."""
    return (refs / "data" / "citylearn2022_building_1.csv").read_text(encoding="utf-8").splitlines()


def test_a_real_profile_is_read_by_the_hour_that_begins(building: list[str]) -> None:
    kwh, begins_h = hourly_profile(building, "non_shiftable_load")
    assert begins_h[:3].tolist() == [23, 0, 1]  # the first row ends at midnight of 31 July
    days = profile_days(kwh, begins_h)
    rows = list(csv.DictReader(building))
    assert days.shape == (364, 24)
    assert days[0, 18] == float(rows[19]["non_shiftable_load"])  # 18:00 to 19:00 stands in the row of hour 19
    assert rows[19]["hour"] == "19"


def test_shapes_keep_each_hours_energy(building: list[str]) -> None:
    days = profile_days(*hourly_profile(building, "non_shiftable_load"))
    shapes = shapes_from_profiles(days, dt_s=300, texture=0.4, rng=np.random.default_rng(1))
    assert shapes.shape == (288, 364)
    assert shapes.mean() == pytest.approx(1.0)
    np.testing.assert_allclose(shapes.T.reshape(364, 24, 12).mean(axis=2) * days.mean(), days, rtol=1e-9)
    flat = shapes_from_profiles(days, dt_s=900, texture=0.0, rng=np.random.default_rng(1))
    assert np.ptp(flat.T.reshape(364, 24, 4), axis=2).max() == 0.0
    with pytest.raises(ValueError, match="does not divide"):
        shapes_from_profiles(days, dt_s=420, texture=0.0, rng=np.random.default_rng(1))


@pytest.mark.parametrize(("lines", "complaint"), [
    (["hour,kwh", "1,1.0", "3,1.0"], "do not follow"), (["hour,kwh", "1,-1.0"], "missing or negative"),
    (["hour,load", "1,1.0"], "no column 'kwh'"), (["hour,kwh", "0,1.0"], "do not follow")])
def test_a_profile_with_gaps_is_refused(lines: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        hourly_profile(lines, "kwh")


def test_assumed_shapes_have_the_mean_of_one() -> None:
    hours = (np.arange(288) + 0.5) / 12
    for shape in (assumed_load_shapes(hours, weekend=False), assumed_load_shapes(hours, weekend=True),
                  assumed_water_shapes(hours)):
        assert shape.shape == (288, 1)
        assert shape.mean() == pytest.approx(1.0, abs=1e-3)


def test_the_sky_by_pvlib_and_by_formulas() -> None:
    middles_s = datetime(2022, 9, 6, 7, tzinfo=UTC).timestamp() + 150.0 + 300.0 * np.arange(288.0)
    cells = (Cell(latitude_deg=37.3, longitude_deg=-121.9), Cell(latitude_deg=44.5, longitude_deg=-73.2))
    planes = tuple(Plane(cell=0, tilt_deg=20.0, azimuth_deg=azimuth) for azimuth in (180.0, 270.0))
    own, exact = (clear_sky(middles_s, cells, planes, use_pvlib=use) for use in (False, True))
    for sky in (own, exact):
        assert sky.horizontal_kw_per_m2.shape == (288, 2)
        assert sky.panel_kw_per_kw.min() >= 0.0
        assert not sky.panel_kw_per_kw[:60].any()  # midnight to 5 in California
        assert abs(sky.horizontal_kw_per_m2[:, 0].argmax() / 12 - 13.1) < 0.2  # solar noon at 13:06 by the clock
        assert sky.panel_kw_per_kw[:, 1].argmax() > sky.panel_kw_per_kw[:, 0].argmax()
    np.testing.assert_allclose(own.horizontal_kw_per_m2, exact.horizontal_kw_per_m2, atol=0.06)
    np.testing.assert_allclose(own.panel_kw_per_kw.sum(axis=0), exact.panel_kw_per_kw.sum(axis=0), rtol=0.12)
