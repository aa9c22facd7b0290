"""A round of questions to a server on the loopback that serves recorded and synthetic alerts, and fails at times."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gridrider.adapters.http_poll import Politeness, Poller
from gridrider.adapters.weather_nws import WeatherService, alerts_of
from gridrider.app.ports import AlertFeed
from gridrider.event.storm import absorb
from gridrider.event.storm_model import StormState
from gridrider.event.storm_watch import storm_hold
from gridrider.twin.alerts import Feature, feed_at, hurricane, ice_storm
from tests.adapters.http_poll.loopback import Loopback, Reply, loopback
from tests.event.storms import site, sites

START = datetime(2026, 9, 1, tzinfo=UTC)
STALE_AFTER = timedelta(minutes=10)


def after(hours: float) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=hours)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server without alerts."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with loopback(lambda path, headers: Reply(body=b'{"features": []}')) as running:
        yield running


@pytest.fixture
def poller() -> Iterator[Poller]:
    """A poller that does not wait."""
    with Poller(user_agent="tests", sleep=lambda seconds: None, chance=random.Random(1),
                politeness=Politeness(attempts_max=2, timeout_s=2.0)) as made:
        yield made


def test_each_state_is_asked_once_with_its_question(served: Loopback, poller: Poller) -> None:
    poll = WeatherService(areas=("VT", "NH"), open=poller.open, base_url=served.base_url + "/").poll(START)
    assert [path for path, _ in served.asked] == ["/alerts/active?status=actual&area=VT",
                                                  "/alerts/active?status=actual&area=NH"]
    assert (poll.heard_at, poll.alerts, poll.problems) == ({"VT": START, "NH": START}, (), ())


@pytest.mark.parametrize("area", ["vt", "VTX", "", "V&", "ALL"])
def test_an_area_is_a_state(area: str, poller: Poller) -> None:
    with pytest.raises(ValueError, match="a state of two capital letters"):
        WeatherService(areas=(area,), open=poller.open)


def test_a_sample_is_served_and_understood_and_304_says_the_same(served: Loopback, poller: Poller, refs: Path) -> None:
    sample = (refs / "nws" / "ia_2024-05-21_tornado_severe_thunderstorm.json").read_bytes()
    served.script = lambda path, headers: (Reply(status=304) if headers.get("if-none-match") == '"x"'
                                           else Reply(body=sample, headers={"ETag": '"x"'}))
    service = WeatherService(areas=("IA",), open=poller.open, base_url=served.base_url)
    now = datetime(2024, 5, 21, 19, 35, tzinfo=UTC)
    first, again = service.poll(now), service.poll(now + timedelta(minutes=1))
    assert len(first.alerts) == 9 and again.alerts == first.alerts
    assert again.heard_at == {"IA": now + timedelta(minutes=1)}


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=403), Reply(body=b"<html>"), Reply(body=b'{"a": 1}'),
                                   Reply(status=429, headers={"Retry-After": "9999"})])
def test_one_area_that_fails_is_told_and_the_other_is_heard(reply: Reply, served: Loopback, poller: Poller) -> None:
    served.script = lambda path, headers: reply if "VT" in path else Reply(body=b'{"features": []}')
    poll = WeatherService(areas=("VT", "NH"), open=poller.open, base_url=served.base_url).poll(START)
    assert poll.heard_at == {"NH": START}
    (problem,) = poll.problems
    assert problem.severity == "error" and "area=VT" in problem.file


def test_an_unreadable_answer_does_not_become_a_good_one_by_not_changing(served: Loopback, poller: Poller) -> None:
    served.script = lambda path, headers: (Reply(status=304) if "if-none-match" in headers
                                           else Reply(body=b"{", headers={"ETag": '"bad"'}))
    service = WeatherService(areas=("VT",), open=poller.open, base_url=served.base_url)
    assert [service.poll(START).heard_at for _ in range(2)] == [{}, {}]
    assert "if-none-match" in served.asked[1][1]


def test_a_feed_that_says_nothing_has_changed_was_heard() -> None:
    class Same:
        def poll(self, now: datetime) -> bytes | None:
            return None

    def same(url: str) -> AlertFeed:
        return Same()

    poll = WeatherService(areas=("VT",), open=same).poll(START)
    assert (poll.heard_at, poll.alerts, poll.problems) == ({"VT": START}, (), ())


class Season:
    """A service over synthetic storms, polled hour by hour."""

    def __init__(self, served: Loopback, poller: Poller, features: list[Feature]) -> None:
        self.now, self.broken = START, False
        self.state: StormState = {}
        self.heard_at: dict[str, datetime] = {}
        served.script = lambda path, headers: (
            Reply(status=503) if self.broken else Reply(body=json.dumps(feed_at(features, self.now)).encode()))
        self.service = WeatherService(areas=("VT",), open=poller.open, base_url=served.base_url)

    def status(self, hours: float) -> str:
        """Poll, and what the home must do."""
        self.now = after(hours)
        poll = self.service.poll(self.now)
        self.heard_at.update(poll.heard_at)
        self.state = absorb(self.state, poll.alerts, self.now)
        home = site("home", forecast_zone="VTZ005")
        _, told = storm_hold(self.state, home, self.now, self.heard_at, STALE_AFTER)
        held = "hold" if told.hold[0] else "charge" if told.charge[0] else "free"
        return held + (" lost" if told.feed_lost[0] else "")


def test_a_synthetic_hurricane_from_watch_to_cancellation(served: Loopback, poller: Poller) -> None:
    """Six hours after each message its text expires; the warning has no end and stays until it is cancelled."""
    season = Season(served, poller, hurricane(watch_at=after(1), warning_at=after(25), landfall=after(49),
                                              over_at=after(60), office="KBTV", zones=("VTZ005", "VTZ006")))
    assert [season.status(hours) for hours in (0, 1, 24, 25, 40, 49, 59.9, 60, 61)] == [
        "free", "charge", "charge", "hold", "hold", "hold", "hold", "free", "free"]


def test_a_synthetic_ice_storm_is_prolonged_and_runs_out(served: Loopback, poller: Poller) -> None:
    season = Season(served, poller, ice_storm(watch_at=after(1), warning_at=after(10), onset=after(20), ends=after(30),
                                              longer_h=4, office="KBTV", zones=("VTZ005",)))
    assert [season.status(hours) for hours in (0, 2, 10, 25, 30, 33.9, 34)] == [
        "free", "charge", "hold", "hold", "hold", "hold", "free"]


def test_a_feed_that_breaks_down_in_a_storm_keeps_the_lock_and_blocks_new_calls_after_its_end(
        served: Loopback, poller: Poller) -> None:
    """The prolongation at hour 25 is lost; the lock ends at hour 30 as known, and nobody is called until the feed is
    back, which says that the storm goes on.
    """
    season = Season(served, poller, ice_storm(watch_at=after(1), warning_at=after(10), onset=after(20), ends=after(30),
                                              longer_h=4, office="KBTV", zones=("VTZ005",)))
    assert season.status(12) == "hold"
    season.broken = True
    assert [season.status(hours) for hours in (12.1, 12.2, 29.9, 30, 30.4)] == [
        "hold", "hold lost", "hold lost", "free lost", "free lost"]
    season.broken = False
    assert season.status(30.5) == "hold"


def test_synthetic_messages_say_that_they_are() -> None:
    features = [*hurricane(watch_at=after(0), warning_at=after(1), landfall=after(2), over_at=after(30), office="KBTV",
                           zones=("VTZ005",)),
                *ice_storm(watch_at=after(0), warning_at=after(1), onset=after(2), ends=after(4), longer_h=1,
                           office="KBTV", zones=("VTZ005",))]
    for feature in features:
        told = feature["properties"]
        assert "SYNTHETIC" in told["headline"] and "synthetic" in told["id"] and ".invalid" in told["sender"]
        assert ".9001." in told["parameters"]["VTEC"][0]


def test_synthetic_messages_have_the_recorded_shape(refs: Path) -> None:
    """Every property that we read stands in the recorded messages, and of the same kind."""
    recorded = json.loads((refs / "nws" / "us_2025-12-15_winter_storm_high_wind.json").read_bytes())["features"]
    (feature, *_) = ice_storm(watch_at=after(0), warning_at=after(1), onset=after(2), ends=after(4), longer_h=1,
                              office="KBTV", zones=("VTZ005",))
    for name, said in feature["properties"].items():
        assert name in recorded[1]["properties"], name
        assert isinstance(recorded[1]["properties"][name], type(said)), name


def test_a_thousand_sites_and_a_hurricane_cost_one_look() -> None:
    features = hurricane(watch_at=after(0), warning_at=after(1), landfall=after(2), over_at=after(30), office="KBTV",
                         zones=("VTZ005",))
    told = alerts_of(json.dumps(feed_at(features, after(3))).encode(), "feed", after(3))
    where = sites(*((f"s{index}", np.nan, np.nan, "VTC001", f"VTZ{index % 10:03d}", "") for index in range(1000)))
    _, hold = storm_hold(absorb({}, told.alerts, after(3)), where, after(3), {"VT": after(3)}, STALE_AFTER)
    assert int(hold.hold.sum()) == 100
