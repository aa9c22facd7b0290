"""CAISO's Flex Alerts, recorded and spoilt, to rows of the alerts table."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gridrider.adapters.grid_alerts import AlertRow, FlexAlertFeed, flex_alert_rows
from gridrider.adapters.http_poll import Politeness, Poller
from gridrider.event.model import ALERTS
from gridrider.problem import errors
from tests.adapters.http_poll.loopback import Reply, loopback

ZONES = {"northern california": ("PGE",), "southern california": ("SCE", "SDGE"), "vea region": ("VEA",)}
NOW = datetime(2021, 6, 11, 17, tzinfo=UTC)


def utc(text: str) -> datetime:
    """An instant from its text without offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def flex(start: str, end: str, region: object = "Statewide") -> dict[str, Any]:
    """One Flex Alert."""
    return {"ID": 1, "Title": "Flex alert", "StartDate": start, "EndDate": end, "Region": region}


def answer(*active: object, future: tuple[object, ...] = (), is_active: object = True) -> bytes:
    """An answer of the feed."""
    return json.dumps({"IsFlexAlertActive": is_active, "UpdatedOn": "x", "Active": active, "Future": future}).encode()


def test_a_row_has_the_columns_of_the_alerts_table() -> None:
    assert AlertRow._fields == ALERTS.names


def test_the_recorded_answer(refs: Path) -> None:
    """2021-06-11: one that runs in two regions, two to come; Pacific time is seven hours behind UTC (R72)."""
    rows, problems = flex_alert_rows((refs / "nws" / "caiso_flexalert_active.json").read_bytes(), "feed", ZONES)
    assert problems == []
    assert rows == [
        AlertRow("caiso", "flex_alert", ("PGE", "VEA"), utc("2021-06-11T16:00"), utc("2021-06-12T04:00")),
        AlertRow("caiso", "flex_alert", (), utc("2021-06-14T23:00"), utc("2021-06-15T04:00")),
        AlertRow("caiso", "flex_alert", ("SCE", "SDGE"), utc("2021-06-15T22:00"), utc("2021-06-16T04:00"))]


@pytest.mark.parametrize(("start", "end", "begins", "ends"), [
    ("07-24-2024 16:00", "07-24-2024 21:00", "2024-07-24T23:00", "2024-07-25T04:00"),
    ("2024-07-24T23:00:00Z", "2024-07-25T04:00:00Z", "2024-07-24T23:00", "2024-07-25T04:00"),
    ("2024-07-24T16:00:00-07:00", "2024-07-24T21:00:00", "2024-07-24T23:00", "2024-07-25T04:00"),
    ("12-24-2024 16:00:30", "12-24-2024 21:00", "2024-12-25T00:00:30", "2024-12-25T05:00"),
    ("11-03-2024 01:30", "11-03-2024 01:45", "2024-11-03T08:30", "2024-11-03T09:45")])  # the hour that comes twice
def test_times_in_all_their_forms(start: str, end: str, begins: str, ends: str) -> None:
    rows, problems = flex_alert_rows(answer(flex(start, end)), "feed", ZONES)
    assert (rows, problems) == ([AlertRow("caiso", "flex_alert", (), utc(begins), utc(ends))], [])


@pytest.mark.parametrize(("region", "zones", "told"), [
    ("Statewide", (), 0), ("CAISO Grid", (), 0), ("caiso grid", (), 0), ("", (), 0), (None, (), 0), (7, (), 0),
    ("Southern California", ("SCE", "SDGE"), 0), ("Southern California, VEA Region;", ("SCE", "SDGE", "VEA"), 0),
    ("Northern California;Statewide", (), 0), ("Baja", ("Baja",), 1)])
def test_regions(region: object, zones: tuple[str, ...], told: int) -> None:
    rows, problems = flex_alert_rows(answer(flex("07-24-2024 16:00", "07-24-2024 21:00", region)), "feed", ZONES)
    assert [row.zone for row in rows] == [zones]
    assert len(problems) == told and not errors(problems)


def test_future_alerts_count_while_none_is_active_and_each_counts_once() -> None:
    one = flex("07-24-2024 16:00", "07-24-2024 21:00")
    rows, problems = flex_alert_rows(answer(future=(one,), is_active=False), "feed", ZONES)
    assert len(rows) == 1 and problems == []
    rows, problems = flex_alert_rows(answer(one, future=(one,)), "feed", ZONES)
    assert len(rows) == 1 and problems == []


def test_an_alert_that_is_said_and_not_listed_is_told() -> None:
    rows, (problem,) = flex_alert_rows(answer(is_active=True), "feed", ZONES)
    assert rows == [] and problem.column == "IsFlexAlertActive"


@pytest.mark.parametrize("spoilt", [
    7, None, {}, [], flex("soon", "07-24-2024 21:00"), flex("07-24-2024 21:00", "07-24-2024 21:00"),
    flex("07-24-2024 22:00", "07-24-2024 21:00"), flex("13-24-2024 16:00", "07-24-2024 21:00"),
    flex("0001-01-01T00:00:00+23:59", "07-24-2024 21:00"), {**flex("07-24-2024 16:00", ""), "EndDate": 5}])
def test_a_spoilt_alert_is_told_and_the_others_go_on(spoilt: object) -> None:
    rows, problems = flex_alert_rows(answer(spoilt, flex("07-24-2024 16:00", "07-24-2024 21:00")), "feed", ZONES)
    assert len(rows) == 1 and [problem.column for problem in problems] == ["Active[0]"] and not errors(problems)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"Active": []}', b'{"Active": [], "Future": 3}',
                                  b"[" * 100_000])
def test_what_is_no_answer_is_an_error(body: bytes) -> None:
    rows, problems = flex_alert_rows(body, "feed", ZONES)
    assert rows == [] and len(errors(problems)) == 1


def test_the_feed_is_asked_and_its_silence_is_told(monkeypatch: pytest.MonkeyPatch, refs: Path) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sample = (refs / "nws" / "caiso_flexalert_active.json").read_bytes()
    with loopback(lambda path, headers: Reply(body=sample)) as served, Poller(
            user_agent="tests", politeness=Politeness(attempts_max=1, timeout_s=2.0)) as poller:
        feed = FlexAlertFeed(open=poller.open, base_url=served.base_url + "/api/", zones_of_region=ZONES)
        told = feed.poll(NOW)
        assert told.heard and told.alerts is not None and len(told.alerts) == 3
        assert served.asked[0][0] == "/api/EmergencyNotices/v2/ActiveFlexAlertEvents"
        for reply in (Reply(status=500), Reply(body=b"{}"), Reply(status=404)):
            served.script = lambda path, headers, reply=reply: reply  # type: ignore[misc]
            told = feed.poll(NOW)
            assert (told.heard, told.alerts, len(told.problems)) == (False, None, 1)
