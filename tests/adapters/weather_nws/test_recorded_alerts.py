"""The recorded samples, from the bytes that the Weather Service sent to what each site must do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gridrider.adapters.weather_nws import Translated, alerts_of
from gridrider.event.storm import absorb
from gridrider.event.storm_model import STORM_STATUSES, StormSites
from gridrider.event.storm_products import products_of
from gridrider.event.storm_watch import lock_of, watch_over
from tests.event.storms import crosses, site

IOWA = "ia_2024-05-21_tornado_severe_thunderstorm.json"
NORTHWEST = "us_2025-12-15_winter_storm_high_wind.json"
TEXAS = "tx_2020-07-24_hurricane_warning.json"


def utc(text: str) -> datetime:
    """An instant from its text without offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


IOWA_AT, NORTHWEST_AT, TEXAS_AT = utc("2024-05-21T19:34:13"), utc("2025-12-15T21:55:00"), utc("2020-07-25T03:10:00")


def read(refs: Path, name: str, at: datetime) -> Translated:
    """A sample as it is understood."""
    return alerts_of((refs / "nws" / name).read_bytes(), name, at)


def status(told: Translated, where: StormSites, now: datetime, **operator: str) -> str:
    """What one site must do by the sample."""
    table, _ = products_of({code.replace("_", "."): response for code, response in operator.items()}, "test")
    return STORM_STATUSES[watch_over(absorb({}, told.alerts, now), where, now, table).status[0]]


@pytest.mark.parametrize(("name", "at", "count", "dropped"), [
    (IOWA, IOWA_AT, 9, {}), (NORTHWEST, NORTHWEST_AT, 13, {"waters only": 1}), (TEXAS, TEXAS_AT, 1, {})])
def test_a_sample_is_read_whole_and_without_a_finding(name: str, at: datetime, count: int, dropped: dict[str, int],
                                                      refs: Path) -> None:
    told = read(refs, name, at)
    assert (len(told.alerts), told.dropped, told.problems) == (count, dropped, ())


@pytest.mark.parametrize(("name", "at"), [(IOWA, IOWA_AT), (NORTHWEST, NORTHWEST_AT), (TEXAS, TEXAS_AT)])
def test_ends_are_those_of_vtec_and_not_when_the_text_expires(name: str, at: datetime, refs: Path) -> None:
    """In every recorded message `ends`, eventEndingTime and the VTEC agree on the end."""
    messages = {feature["properties"]["id"]: feature["properties"]
                for feature in json.loads((refs / "nws" / name).read_bytes())["features"]}
    for alert in read(refs, name, at).alerts:
        (vtec,) = messages[alert.alert_id]["parameters"]["VTEC"]
        end = vtec.rstrip("/").split("-")[1]
        assert (f"{alert.ends:%y%m%dT%H%MZ}" if alert.ends else "000000T0000Z") == end


CARROLL = site("inside", 42.07, -94.87, county="IAC027")
"""A home in Carroll, Iowa, which is named among the places of KDMX.SV.W.0106."""


def test_a_home_inside_the_polygon_is_locked_and_one_elsewhere_in_the_county_is_not(refs: Path) -> None:
    """KDMX.SV.W.0106 names five counties, and covers only a part of IAC027, Carroll County (R11)."""
    told = read(refs, IOWA, IOWA_AT)
    outside = site("outside", 42.07, -94.64, county="IAC027")
    assert status(told, CARROLL, IOWA_AT) == "lock"
    assert status(told, outside, IOWA_AT) == "pre_arm"  # the tornado watch holds in the whole county
    only = Translated(alerts=tuple(each for each in told.alerts if each.event.number == 106), dropped={}, problems=())
    assert status(only, outside, IOWA_AT) == "none"
    assert status(only, site(county="IAC027"), IOWA_AT) == "lock"  # nobody knows where in the county it is


def test_the_lock_says_what_where_and_until_when(refs: Path) -> None:
    state = absorb({}, read(refs, IOWA, IOWA_AT).alerts, IOWA_AT)
    lock = lock_of(watch_over(state, CARROLL, IOWA_AT), CARROLL, 0)
    assert lock is not None
    assert lock.because == ("Severe Thunderstorm Warning (KDMX.SV.W.0106.2024): the site is inside its polygon and is "
                            "charged and not discharged, until 2024-05-21T20:15:00Z")
    assert lock.onset == utc("2024-05-21T19:30:01")


def test_a_lock_ends_with_its_event_and_leaves_the_watch(refs: Path) -> None:
    """At the event's end, not when the text expires (R143)."""
    told, over = read(refs, IOWA, IOWA_AT), utc("2024-05-21T20:15:00")
    assert status(told, CARROLL, over - timedelta(seconds=1)) == "lock"
    assert status(told, CARROLL, over) == "pre_arm"
    assert status(told, CARROLL, utc("2024-05-22T02:00:00")) == "none"


def test_every_polygon_holds_the_homes_that_a_crossing_ray_finds_in_it(refs: Path) -> None:
    told = read(refs, IOWA, IOWA_AT)
    warned = [alert for alert in told.alerts if alert.event.product in ("SV.W", "TO.W")]
    assert {alert.event.number for alert in warned} == {105, 106, 157, 76}
    for north in range(400, 436, 3):
        for east in range(-970, -900, 7):
            latitude_deg, longitude_deg = north / 10 + 0.0137, east / 10 + 0.0171
            within = any(crosses(latitude_deg, longitude_deg, alert.polygons[0][0]) for alert in warned)
            found = status(told, site(latitude_deg=latitude_deg, longitude_deg=longitude_deg), IOWA_AT)
            assert found == ("lock" if within else "none")


def test_an_advisory_and_a_flood_ask_nothing_unless_the_operator_says_so(refs: Path) -> None:
    told = read(refs, IOWA, IOWA_AT)
    windy, flooded = site(forecast_zone="IAZ001"), site(county="IAC013")
    assert [status(told, where, IOWA_AT) for where in (windy, flooded)] == ["none", "none"]
    assert status(told, windy, IOWA_AT, WI_Y="pre_arm") == "pre_arm"
    assert status(told, flooded, IOWA_AT, FA_W="lock") == "lock"


def test_one_event_over_three_messages_ends_in_each_zone_on_its_own(refs: Path) -> None:
    """KTFX.HW.W.0032: MTZ301 until 15:00Z, MTZ305 and MTZ312 until 18:00Z, told by three ids; expires 12:15Z."""
    told = read(refs, NORTHWEST, NORTHWEST_AT)
    mine = [alert for alert in told.alerts if str(alert.event) == "KTFX.HW.W.0032.2025"]
    assert len({alert.alert_id for alert in mine}) == 3
    expired, first, last = (utc(f"2025-12-16T{hour}") for hour in ("12:16:00", "15:00:00", "18:00:00"))
    near, far = site(forecast_zone="MTZ302"), site(forecast_zone="MTZ312")
    assert [status(told, where, now) for now in (NORTHWEST_AT, expired, first, last)
            for where in (near, far)] == ["lock", "lock", "lock", "lock", "none", "lock", "none", "none"]


def test_watch_and_warning_in_one_zone_at_once(refs: Path) -> None:
    """MTZ301 has a high wind warning until 15:00Z and a winter storm watch that lasts longer."""
    told, where = read(refs, NORTHWEST, NORTHWEST_AT), site(forecast_zone="MTZ301")
    assert status(told, where, NORTHWEST_AT) == "lock"
    assert status(told, where, utc("2025-12-16T15:00:00")) == "pre_arm"
    watch = watch_over(absorb({}, told.alerts, NORTHWEST_AT), where, utc("2025-12-16T15:00:00"))
    lock = lock_of(watch, where, 0)
    assert lock is not None and lock.onset == utc("2025-12-17T03:00:00") and lock.ends == utc("2025-12-18T06:00:00")


def test_extended_zones_end_later(refs: Path) -> None:
    """PAJK.WS.W.0020: EXT to 18:00Z in AKZ321, CON to 15:00Z in AKZ331."""
    told = read(refs, NORTHWEST, NORTHWEST_AT)
    now = utc("2025-12-16T15:00:00")
    assert [status(told, site(forecast_zone=zone), now) for zone in ("AKZ321", "AKZ331")] == ["lock", "none"]


def test_an_expiry_that_comes_as_an_update_runs_out_at_its_end(refs: Path) -> None:
    """KLOT.SC.Y.0113: /O.EXP./, messageType Update, sent 21:52Z, ends 22:00Z; moved from the lake to the land."""
    collection = json.loads((refs / "nws" / NORTHWEST).read_bytes())
    (expiry,) = [feature for feature in collection["features"]
                 if "EXP" in feature["properties"]["parameters"]["VTEC"][0]]
    assert expiry["properties"]["messageType"] == "Update"
    expiry["properties"]["geocode"]["UGC"] = ["ILZ104"]
    told = alerts_of(json.dumps({"features": [expiry]}).encode(), "x", NORTHWEST_AT)
    where = site(forecast_zone="ILZ104")
    assert status(told, where, utc("2025-12-15T21:59:59"), SC_Y="lock") == "lock"
    assert status(told, where, utc("2025-12-15T22:00:00"), SC_Y="lock") == "none"


@pytest.mark.parametrize("days", [0, 1, 30])
def test_a_hurricane_warning_without_an_end_stays_until_it_is_cancelled(days: int, refs: Path) -> None:
    """Hanna, KCRP.HU.W.1008: `ends` null, expires eight hours after it was sent."""
    told, where = read(refs, TEXAS, TEXAS_AT), site(forecast_zone="TXZ241")
    now = TEXAS_AT + timedelta(days=days)
    assert status(told, where, now) == "lock"
    cancelled: dict[str, Any] = json.loads((refs / "nws" / TEXAS).read_bytes())
    message = cancelled["features"][0]["properties"]
    message["parameters"]["VTEC"] = ["/O.CAN.KCRP.HU.W.1008.000000T0000Z-000000T0000Z/"]
    message |= {"sent": now.isoformat(), "messageType": "Cancel"}
    after = alerts_of(json.dumps(cancelled).encode(), "x", now)
    assert status(Translated(alerts=(*told.alerts, *after.alerts), dropped={}, problems=()), where, now) == "none"


def test_updates_find_the_event_that_they_update(refs: Path) -> None:
    told = read(refs, NORTHWEST, NORTHWEST_AT)
    assert {alert.event.year for alert in told.alerts} == {2025}
