"""Which site a storm finds, what it must do then, and what the silence of the feed does and does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from gridrider.event.storm import absorb
from gridrider.event.storm_model import STORM_LOCKS, STORM_STATUSES, StormAlert, StormSites
from gridrider.event.storm_products import products_of
from gridrider.event.storm_watch import areas_of, lock_of, locks_table, storm_hold, watch_over
from tests.event.storms import NOON, SQUARE, alert, at, crosses, event, site, sites

STALE_AFTER = timedelta(minutes=10)


def status_of(where: StormSites, *messages: StormAlert, now: datetime = NOON) -> str:
    """What one site must do."""
    return STORM_STATUSES[watch_over(absorb({}, messages, now), where, now).status[0]]


@pytest.mark.parametrize(("product", "status"), [("WS.W", "lock"), ("WS.A", "pre_arm"), ("WI.Y", "none"),
                                                 ("FF.W", "none"), ("ZZ.W", "none")])
def test_a_warning_locks_and_a_watch_makes_ready(product: str, status: str) -> None:
    assert status_of(site(forecast_zone="MTZ301"), alert(product)) == status


@pytest.mark.parametrize(("where", "status"), [
    (site(forecast_zone="MTZ301"), "lock"), (site(fire_zone="MTZ301"), "lock"), (site(county="MTC301"), "none"),
    (site(county="IAC009"), "lock"), (site(forecast_zone="MTZ302"), "none"), (site(), "none")])
def test_county_forecast_zone_and_fire_zone_are_looked_up_as_they_are(where: StormSites, status: str) -> None:
    assert status_of(where, alert(zones=("IAC009", "MTZ301"))) == status


@pytest.mark.parametrize(("where", "status"), [
    (site(latitude_deg=2, longitude_deg=2), "lock"),
    (site(latitude_deg=2, longitude_deg=4.001, county="IAC009"), "none"),  # in the county, outside the polygon
    (site(latitude_deg=2, longitude_deg=4, county="IAC161"), "lock"),  # on the edge
    (site(county="IAC009"), "lock"),  # nobody knows where it is
    (site(latitude_deg=2, county="IAC009"), "lock"), (site(county="IAC010"), "none")])
def test_a_drawn_polygon_decides_where_the_position_is_known(where: StormSites, status: str) -> None:
    assert status_of(where, alert("SV.W", zones=("IAC009",), polygons=(SQUARE,))) == status


@pytest.mark.parametrize("where", [site(latitude_deg=2, longitude_deg=2),
                                   site(latitude_deg=9, longitude_deg=9, forecast_zone="TXZ241")])
def test_an_announcement_for_whole_zones_holds_in_the_zone_and_in_its_rough_outline(where: StormSites) -> None:
    assert status_of(where, alert("HU.W", zones=("TXZ241",), polygons=(SQUARE,))) == "lock"


def test_a_drawn_product_without_a_polygon_holds_in_its_counties() -> None:
    assert status_of(site(latitude_deg=9, longitude_deg=9, county="IAC009"), alert("SV.W", zones=("IAC009",))) == "lock"


def test_holes_and_several_polygons() -> None:
    hole = ((1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0), (1.0, 1.0))
    far = (((10.0, 10.0), (11.0, 10.0), (11.0, 11.0), (10.0, 10.0)),)
    message = alert("SV.W", polygons=((*SQUARE, hole), far))
    found = [status_of(site(latitude_deg=north, longitude_deg=east), message)
             for north, east in ((2, 2), (0.5, 0.5), (10.2, 10.5), (7, 7))]
    assert found == ["none", "lock", "lock", "none"]


def test_what_a_drawing_covers_twice_is_inside() -> None:
    """Two pieces that overlap, and a star drawn in one stroke, whose middle is gone round twice."""
    overlapping = alert("SV.W", polygons=(SQUARE, (((2.0, 2.0), (6.0, 2.0), (6.0, 6.0), (2.0, 6.0), (2.0, 2.0)),)))
    assert [status_of(site(latitude_deg=north, longitude_deg=north), overlapping) for north in (1, 3, 5, 7)] == [
        "lock", "lock", "lock", "none"]
    star = tuple((float(np.sin(turn)), float(np.cos(turn))) for turn in 0.8 * np.pi * np.array([0, 1, 2, 3, 4, 0]))
    assert status_of(site(latitude_deg=0, longitude_deg=0), alert("SV.W", polygons=((star,),))) == "lock"


def test_a_polygon_that_crosses_itself_still_protects_both_halves() -> None:
    bow = (((0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0)),)
    message = alert("SV.W", polygons=(bow,))
    found = [status_of(site(latitude_deg=north, longitude_deg=east), message)
             for north, east in ((1, 1.5), (1, 0.5), (1.9, 1))]
    assert found == ["lock", "lock", "none"]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=8, unique=True),
       st.integers(0, 99))
def test_inside_is_as_a_ray_that_crosses_counts_it(corners: list[tuple[int, int]], seed: int) -> None:
    """Star-shaped rings about their middle; points off the grid are never on an edge."""
    middle = np.mean(corners, axis=0) + 1e-3
    turned = sorted(corners, key=lambda corner: np.arctan2(corner[1] - middle[1], corner[0] - middle[0]))
    ring = tuple((float(east), float(north)) for east, north in (*turned, turned[0]))
    points = np.random.default_rng(seed).uniform(-1, 10, (50, 2))
    where = sites(*((f"s{index}", north, east, "", "", "") for index, (east, north) in enumerate(points)))
    watch = watch_over(absorb({}, [alert("TO.W", polygons=((ring,),))], NOON), where, NOON)
    assert (watch.status == 2).tolist() == [crosses(north, east, ring) for east, north in points]


def test_the_worst_asks_and_says_first_onset_and_last_end() -> None:
    messages = [alert("WS.A", onset=at(1), ends=at(99)), alert("WS.W", onset=at(5), ends=at(9)),
                alert("IS.W", onset=at(4), ends=at(7), title="Ice Storm Warning"),
                alert("HW.W", onset=at(6), ends=at(8))]
    where = site("home", forecast_zone="MTZ301")
    lock = lock_of(watch_over(absorb({}, messages, NOON), where, NOON), where, 0)
    assert lock is not None
    assert (lock.status, lock.event, lock.onset, lock.ends) == ("lock", event("IS.W"), at(4), at(9))
    assert lock.because == ("Ice Storm Warning (KAAA.IS.W.0007.2026) and more: the site is in its forecast zone MTZ301 "
                            "and is charged and not discharged, until 2026-01-10T21:00:00Z")


def test_two_zones_of_one_event_are_not_more() -> None:
    where = site(county="IAC009", forecast_zone="MTZ301")
    watch = watch_over(absorb({}, [alert(zones=("IAC009", "MTZ301"))], NOON), where, NOON)
    assert not watch.more[0]


def test_the_table_of_locks_is_its_records_row_by_row() -> None:
    where = sites(("z", np.nan, np.nan, "IAC009", "", ""), ("a", 2, 2, "", "", ""), ("quiet", 9, 9, "", "", ""),
                  ("b", np.nan, np.nan, "", "MTZ301", ""), ("c", np.nan, np.nan, "IAC009", "", ""),
                  ("d", np.nan, np.nan, "", "MTZ301", "MTZ777"))
    messages = [alert("SV.W", zones=("IAC009",), polygons=(SQUARE,), ends=at(1)), alert("HU.A", ends=None),
                alert("WS.A", onset=at(1), zones=("MTZ777",))]
    watch = watch_over(absorb({}, messages, NOON), where, NOON)
    table = locks_table(watch, where)
    assert tuple(table.column_names) == STORM_LOCKS.names
    records = sorted((lock for row in range(6) if (lock := lock_of(watch, where, row))), key=lambda lock: lock.site_id)
    assert [lock.site_id for lock in records] == ["a", "b", "c", "d", "z"]
    assert table.to_pylist() == [{**{name: getattr(lock, name) for name in STORM_LOCKS.names},
                                  "event": str(lock.event)} for lock in records]
    assert {lock.matched_by for lock in records} == {"polygon", "county", "forecast_zone"}
    assert locks_table(watch_over({}, where, NOON), where).num_rows == 0


def test_no_sites_and_no_storms() -> None:
    none = sites()
    assert len(watch_over(absorb({}, [alert("SV.W", polygons=(SQUARE,))], NOON), none, NOON).status) == 0
    assert storm_hold({}, none, NOON, {}, STALE_AFTER)[1].problems == ()


def test_an_operators_product_is_watched() -> None:
    table, _ = products_of({"FW.W": "lock", "HW.W": "ignore"}, "storm.yaml")
    where = site(fire_zone="MTZ301")
    for product, status in (("FW.W", 2), ("HW.W", 0)):
        assert watch_over(absorb({}, [alert(product)], NOON), where, NOON, table).status[0] == status


@pytest.mark.parametrize(("product", "dispatchable", "hold", "charge"), [
    ("WS.W", True, True, True), ("WS.A", True, False, True), ("WS.A", False, True, True),
    ("WI.Y", False, False, False)])
def test_what_dispatch_must_keep_to(product: str, dispatchable: bool, hold: bool, charge: bool) -> None:
    """A warning holds, also a device in a running event; a watch charges, and may be called unless the tariff says no
    (R61, R143).
    """
    state = absorb({}, [alert(product)], NOON)
    _, told = storm_hold(state, site(forecast_zone="MTZ301"), NOON, {"MT": NOON}, STALE_AFTER,
                         pre_arm_dispatchable=dispatchable)
    assert (bool(told.hold[0]), bool(told.charge[0]), bool(told.feed_lost[0])) == (hold, charge, False)
    assert told.problems == ()


@pytest.mark.parametrize(("silent", "lost"), [(timedelta(minutes=10), False), (timedelta(minutes=10, seconds=1), True)])
@pytest.mark.parametrize("product", ["WS.W", "WS.A"])
def test_silence_keeps_locks_and_blocks_new_calls_where_a_storm_was_announced(
        product: str, silent: timedelta, lost: bool) -> None:
    """Feed loss keeps locks, and nobody with a watch or warning is called anew (R143)."""
    where = sites(("in", np.nan, np.nan, "", "MTZ301", ""), ("out", np.nan, np.nan, "", "MTZ999", ""),
                  ("elsewhere", np.nan, np.nan, "IAC009", "", ""))
    state = absorb({}, [alert(product, zones=("MTZ301", "IAC009"))], NOON)
    _, told = storm_hold(state, where, NOON + silent, {"MT": NOON, "IA": NOON + silent}, STALE_AFTER)
    assert told.hold.tolist() == [product == "WS.W", False, product == "WS.W"]
    assert told.feed_lost.tolist() == [lost, False, False]
    assert len(told.problems) == lost
    if lost:
        assert "has not answered since 2026-01-10T12:00:00Z" in str(told.problems[0])
        assert "1 sites" in str(told.problems[0])


def test_in_silence_a_lock_ends_at_its_end_and_new_calls_stay_blocked() -> None:
    """The storm may have been prolonged since; when the feed is back and says nothing more, all is free."""
    state, where = absorb({}, [alert(ends=at(1))], NOON), site(forecast_zone="MTZ301")
    _, told = storm_hold(state, where, at(2), {"MT": NOON}, STALE_AFTER)
    assert (told.hold.tolist(), told.feed_lost.tolist()) == ([False], [True])
    _, told = storm_hold(state, where, at(2), {"MT": at(2)}, STALE_AFTER)
    assert (told.hold.tolist(), told.feed_lost.tolist(), told.problems) == ([False], [False], ())


def test_an_area_that_was_never_heard_is_told() -> None:
    _, told = storm_hold({}, site(county="IAC009"), NOON, {"MT": NOON}, STALE_AFTER)
    assert "never answered" in told.problems[0].reason and told.problems[0].value == "IA"
    assert not told.feed_lost.any()


def test_a_sites_area_is_the_state_of_its_first_code() -> None:
    where = sites(("a", 0, 0, "IAC009", "NEZ001", ""), ("b", 0, 0, "", "", "TXZ241"), ("c", 0, 0, "", "", ""))
    assert areas_of(where).tolist() == ["IA", "TX", ""]


def test_an_hour_of_a_zone_is_the_same_whatever_the_offset() -> None:
    local = alert(ends=datetime.fromisoformat("2026-01-10T18:00:00-07:00"))
    assert status_of(site(forecast_zone="MTZ301"), local, now=datetime(2026, 1, 11, 0, 59, tzinfo=UTC)) == "lock"
    assert status_of(site(forecast_zone="MTZ301"), local, now=datetime(2026, 1, 11, 1, 0, tzinfo=UTC)) == "none"
