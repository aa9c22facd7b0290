"""Whatever the feed sends: a finding, never a crash, and never a lock lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from gridrider.adapters.weather_nws import alerts_of
from gridrider.adapters.weather_nws import translate as rules
from gridrider.adapters.weather_nws.wire import vtec_of
from gridrider.event.storm import absorb, is_on
from gridrider.problem import errors
from gridrider.twin.alerts import Told, storm_features

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
END = NOON + timedelta(hours=6)


def message(action: str = "NEW", *, polygon: bool = False, **properties: Any) -> dict[str, Any]:
    """A message in the recorded shape, with some properties other than they should be."""
    told = Told(action=action, product="SV.W", title="Severe Thunderstorm Warning", sent=NOON, onset=NOON, ends=END)
    (feature,) = storm_features([told], office="KAAA", number=1, zones=["IAC009"],
                                polygon=[(0, 0), (1, 0), (1, 1), (0, 0)] if polygon else ())
    feature["properties"] |= properties
    return feature


def body(*features: object) -> bytes:
    """An answer with these messages."""
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.mark.parametrize("answer", [
    b"", b"<html>", b"{", b"[]", b"null", b"7", b'{"features": 3}', b"{}", b"\xff\xfe\x00", b"[" * 100_000,
    b"1" * 5000, b'{"features": {"a": 1}}'])
def test_what_is_no_answer_is_an_error(answer: bytes) -> None:
    told = alerts_of(answer, "feed", NOON)
    assert told.alerts == () and len(errors(told.problems)) == 1


def test_an_empty_list_is_a_fine_answer() -> None:
    assert alerts_of(body(), "feed", NOON) == alerts_of(b'{"features": []}', "feed", NOON)
    assert alerts_of(body(), "feed", NOON).problems == ()


@pytest.mark.parametrize(("spoilt", "reason"), [
    ({"status": "Test"}, "status Test"), ({"status": "Exercise"}, "status Exercise"),
    ({"status": None}, "status missing"), ({"event": "Test Message"}, "a test"),
    ({"event": "Required Weekly Test"}, "a test"), ({"parameters": {}}, "no VTEC"),
    ({"parameters": {"VTEC": ["/T.NEW.KAAA.SV.W.0001.260110T1200Z-260110T1800Z/"]}}, "a test"),
    ({"parameters": {"VTEC": ["/X.NEW.KAAA.SV.W.0001.260110T1200Z-260110T1800Z/"]}}, "experimental"),
    ({"geocode": {"UGC": ["LMZ740", "GMZ555"]}}, "waters only"),
    ({"geocode": {}, "affectedZones": []}, "no place")])
def test_what_is_left_out_is_counted_with_its_reason(spoilt: dict[str, Any], reason: str) -> None:
    told = alerts_of(body(message(**spoilt), message()), "feed", NOON)
    assert (told.dropped, len(told.alerts), told.problems) == ({reason: 1}, 1, ())


@pytest.mark.parametrize("spoilt", [
    {"parameters": {"VTEC": ["/O.NEW.KAAA.SV.W.1.x-y/"]}}, {"parameters": {"VTEC": ["/O.ROU.KAAA.SV.W.0001."
     "260110T1200Z-260110T1800Z/"]}}, {"parameters": {"VTEC": ["/O.NEW.KAAA.SV.W.0001.261310T1200Z-260110T1800Z/"]}},
    {"sent": "yesterday", "effective": 7}, {"sent": None, "effective": None},
    {"sent": "2026-01-10T12:00:00", "effective": ""}, {"sent": (NOON + timedelta(hours=2)).isoformat()}])
def test_a_message_that_cannot_be_believed_is_told_and_the_others_go_on(spoilt: dict[str, Any]) -> None:
    told = alerts_of(body(message(**spoilt), message()), "feed", NOON)
    assert len(told.alerts) == 1 and told.problems and not errors(told.problems)


def test_a_message_from_the_future_cannot_outrank_the_true_ones() -> None:
    state = absorb({}, alerts_of(body(message()), "feed", NOON).alerts, NOON)
    liar = message("CAN", sent="2099-01-01T00:00:00Z")
    assert absorb(state, alerts_of(body(liar), "feed", NOON).alerts, NOON) == state


@pytest.mark.parametrize(("spoilt", "ends"), [
    ({"ends": "soon"}, END), ({"ends": 5}, END), ({"ends": None}, END), ({"ends": "2026-01-10T17:00:00"}, END),
    ({"ends": None, "parameters": {"VTEC": ["/O.NEW.KAAA.SV.W.0001.260110T1200Z-260110T1900Z/"]}},
     END + timedelta(hours=1)),
    ({"ends": None, "parameters": {"VTEC": ["/O.NEW.KAAA.SV.W.0001.260110T1200Z-000000T0000Z/"]}}, None),
    ({"ends": "2026-01-10T20:00:00Z"}, END + timedelta(hours=2)),
    ({"ends": None, "parameters": {"VTEC": ["/O.NEW.KAAA.SV.W.0001.260110T1200Z-260110T1900Z/"],
                                   "eventEndingTime": ["2026-01-10T20:00:00Z"]}}, END + timedelta(hours=2)),
    ({"expires": "2026-01-10T12:15:00Z"}, END), ({"expires": None}, END), ({"ends": "9999-12-31T23:59:59-23:59"}, END)])
def test_the_end_is_the_next_best_and_never_the_expiry(spoilt: dict[str, Any], ends: datetime | None) -> None:
    (alert,) = alerts_of(body(message(**spoilt)), "feed", NOON).alerts
    assert alert.ends == ends


def test_several_events_of_one_message_have_their_own_ends() -> None:
    told = alerts_of(body(message(parameters={"VTEC": [
        "/O.UPG.KAAA.WS.A.0003.260110T1200Z-260111T0000Z/", "/O.NEW.KAAA.WS.W.0004.260110T1200Z-260111T0600Z/",
        "/O.NEW.KAAA.HW.W.0001.260110T1500Z-000000T0000Z/"], "eventEndingTime": [END.isoformat()] * 3},
        onset=None)), "feed", NOON)
    assert [(str(alert.event), alert.action, alert.onset, alert.ends) for alert in told.alerts] == [
        ("KAAA.WS.A.0003.2026", "UPG", NOON, NOON + timedelta(hours=12)),
        ("KAAA.WS.W.0004.2026", "NEW", NOON, NOON + timedelta(hours=18)),
        ("KAAA.HW.W.0001.2026", "NEW", NOON + timedelta(hours=3), None)]


def test_over_new_year_an_event_keeps_the_year_of_the_first_message_that_is_referred_to() -> None:
    january = datetime(2027, 1, 1, 3, tzinfo=UTC)
    update = message("CON", sent=january.isoformat(), references=[{"sent": "2026-12-31T20:00:00Z"}, {"sent": 3}, 7])
    (alert,) = alerts_of(body(update), "feed", january).alerts
    assert alert.event.year == 2026
    for references in (None, [], "x", [{"sent": "2019-01-01T00:00:00Z"}]):
        (alert,) = alerts_of(body(message("CON", sent=january.isoformat(), references=references)), "x", january).alerts
        assert alert.event.year == 2027


SQUARE = [[0, 0], [1, 0], [1, 1], [0, 0]]


@pytest.mark.parametrize("geometry", [
    {}, 7, "x", [], {"type": "Point", "coordinates": [1, 2]}, {"type": "Polygon"},
    {"type": "Polygon", "coordinates": 3}, {"type": "Polygon", "coordinates": [[[0, 0], [1, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, "x"], [2, 2]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1], [2, 2], [0, 0]]]}, {"type": "Polygon", "coordinates": [{"a": 1}]},
    {"type": "Polygon", "coordinates": [[{"a": 1}, {"b": 2}]]}, {"type": "MultiPolygon", "coordinates": [3]},
    {"type": "Polygon", "coordinates": [[[0, 0], [200, 0], [1, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 91], [1, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [10**400, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [float("nan"), 0], [1, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, index / 1e6] for index in range(rules.CORNERS_MAX + 1)]]}])
def test_without_a_good_polygon_the_counties_decide(geometry: object) -> None:
    feature = message()
    feature["geometry"] = geometry
    told = alerts_of(body(feature), "feed", NOON)
    (alert,) = told.alerts
    assert (alert.polygons, alert.zones) == ((), ("IAC009",))
    assert [problem.column for problem in told.problems] == ["geometry"]


def test_an_open_ring_is_closed_and_an_empty_piece_left_out() -> None:
    feature = message()
    feature["geometry"] = {"type": "MultiPolygon", "coordinates": [[SQUARE[:3]], [], [SQUARE]]}
    told = alerts_of(body(feature), "feed", NOON)
    square = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0))
    assert told.alerts[0].polygons == ((square,), (square,)) and told.problems == ()


def test_zone_codes_come_from_addresses_where_there_are_none_and_spoilt_ones_are_told() -> None:
    told = alerts_of(body(message(geocode=None, affectedZones=["https://x/zones/county/IAC027", 7])), "feed", NOON)
    assert told.alerts[0].zones == ("IAC027",)
    assert [problem.column for problem in told.problems] == ["geocode.UGC"]
    polygon_only = alerts_of(body(message(polygon=True, geocode={"UGC": ["nowhere"]})), "feed", NOON)
    assert polygon_only.alerts[0].zones == () and len(polygon_only.alerts[0].polygons) == 1


def test_a_flood_of_findings_is_cut_and_counted() -> None:
    told = alerts_of(body(*(message(sent=None, effective=None) for _ in range(100))), "feed", NOON)
    assert len(told.problems) == rules.PROBLEMS_MAX + 1
    assert "150 findings more" in str(told.problems[-1])


def test_more_messages_than_there_can_be_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "FEATURES_MAX", 2)
    told = alerts_of(body(message(), message(), message()), "feed", NOON)
    assert len(told.alerts) == 2 and len(errors(told.problems)) == 1


def test_what_is_said_can_be_written_down() -> None:
    (alert,) = alerts_of(b'{"features": [' + json.dumps(message(event="Bad \ud800\x1b[31m")).encode() + b"]}", "feed",
                         NOON).alerts
    assert alert.title.encode("utf-8") == b"Bad   [31m"


@pytest.mark.parametrize("text", ["", "/O.NEW.KAAA.SV.W.0001/", "O.NEW.KAAA.SV.W.0001.260110T1200Z-260110T1800Z",
                                  "/O.new.KAAA.SV.W.0001.260110T1200Z-260110T1800Z/",
                                  "/O.NEW.KAAA.SV.W.٠٠٠١.260110T1200Z-260110T1800Z/",
                                  "/O.NEW.KAAA.SV.W.0001.260230T1200Z-260110T1800Z/"])
def test_what_is_no_vtec(text: str) -> None:
    assert vtec_of(text) is None


ANY = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                   lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
                   max_leaves=6)
FIELDS = st.sampled_from(["id", "event", "status", "messageType", "sent", "effective", "onset", "ends", "expires",
                          "geocode", "affectedZones", "references", "parameters"])


@settings(max_examples=60)
@given(st.dictionaries(FIELDS, ANY, max_size=4), ANY)
def test_no_message_of_whatever_shape_ends_a_lock_or_the_reading(spoilt: dict[str, Any], geometry: Any) -> None:
    before = absorb({}, alerts_of(body(message()), "feed", NOON).alerts, NOON)
    feature = message("CON", sent=(NOON + timedelta(minutes=1)).isoformat()) | {"geometry": geometry}
    feature["properties"] |= spoilt
    told = alerts_of(body(feature, {"properties": [geometry]}, message()), "feed", NOON + timedelta(minutes=2))
    assert told.alerts
    after = absorb(before, told.alerts, NOON)
    (key,) = before
    assert is_on(after[key], NOON + timedelta(minutes=2))
