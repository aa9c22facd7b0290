"""The figures of dispatch against sums worked out by hand, and what is left out when a table is not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridrider.adapters.documents.result_tables import open_results
from gridrider.problem import DataRefused
from gridrider.report.dispatch_figures import Dispatch, DispatchEvent
from gridrider.report.dispatch_summarise import comparison_of, dispatch_figures, picked_events
from gridrider.report.dispatch_words import clock_marks

from .dispatch_sample import DAY, TABLES, write_dispatch

PACIFIC = ZoneInfo("America/Los_Angeles")


def figures_of(out: Path) -> Dispatch | None:
    with open_results(out) as tables:
        return dispatch_figures(tables, zone=PACIFIC)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Dispatch:
    figures = figures_of(write_dispatch(tmp_path_factory.mktemp("dispatch"), TABLES))
    assert figures is not None
    return figures


def test_an_event_with_a_target_adds_up_by_hand(found):
    day = found.events[0]
    assert (day.event_id, day.start.hour, day.start.tzname(), day.has_target) == ("day", 16, "PDT", True)
    assert day.delivered_kwh == Decimal("0.5") * (90 + 88)
    assert day.shortfall_kwh == Decimal(5)
    assert day.withheld_kwh() == Decimal("27.5")
    assert day.withheld_kwh("storm_hold") == Decimal("2.5")
    assert day.peak.delivered_kw == 90
    assert (day.devices, day.skipped, day.opted_out) == (20, 2, 1)


def test_two_riders_of_one_event_are_one_fleet_that_delivers_once(found):
    night = found.events[1]
    assert [(step.asked_kw, step.delivered_kw, step.devices) for step in night.steps] == [(55, 50, 40), (40, 35, 40)]
    assert night.steps[0].stored_pct == (10, Decimal(50 * 10 + 70 * 30) / 40, 90)
    assert night.steps[0].target_kw is None
    assert not night.has_target
    assert night.shortfall_kwh == 0


def test_the_hour_that_comes_twice_is_two_hours(found):
    night = found.events[1]
    assert [(step.start.hour, step.start.tzname()) for step in night.steps] == [(1, "PDT"), (1, "PST")]
    assert night.delivered_kwh == 85
    assert night.withheld == {"opted_out": (10, 12)}
    assert list(clock_marks(night.start, night.end, most=4).values()) == ["1 am PDT", "1 am PST", "2 am PST"]


def test_the_clock_is_marked_no_more_often_than_there_is_room():
    start = datetime(2022, 9, 6, 16, 7, tzinfo=PACIFIC)
    end = datetime(2022, 9, 6, 21, 0, tzinfo=PACIFIC)
    assert clock_marks(start, end, most=4) == {113.0: "6 pm", 233.0: "8 pm"}
    assert list(clock_marks(start, end, most=9).values()) == ["5 pm", "6 pm", "7 pm", "8 pm", "9 pm"]


def test_who_was_spared_is_told_by_reason_with_a_clause_and_an_example(found):
    told = {each.protection: each for each in found.spared}
    reserve = told["reserve"]
    assert (reserve.calls, reserve.enrollments, reserve.events, reserve.asked_less) == (2, 2, 1, 2)
    assert (reserve.clause, reserve.example, reserve.withheld_kwh) == ("Leaf 7", "holds 2 kWh", 25)
    assert told["export_limit"].calls == 0
    assert told["export_limit"].asked_less == 1
    assert (told["storm_hold"].clause, told["storm_hold"].events) == ("", 1)
    assert [each.protection for each in found.spared][:2] == ["reserve", "opted_out"]


def test_the_reserve_is_the_larger_of_the_customers_and_the_devices(found):
    assert (found.reserves.smallest_pct, found.reserves.median_pct, found.reserves.largest_pct) == (5, 20, 30)


def test_feeders_are_shown_at_the_peak_of_the_event_in_which_caps_bind(found):
    assert found.feeders.start.astimezone(UTC) == datetime.fromisoformat(f"{DAY}:00:00+00:00")
    named = {each.feeder: each for each in found.feeders.feeders}
    south = named["Süd-1"]
    assert (south.asked_kw, south.cap_kw, south.share, south.binds) == (50, 50, 1, True)
    assert (south.dual, south.dual_max, south.binding_steps, south.asked_kw_max) == (
        Decimal("0.25"), Decimal("0.75"), 2, 60)
    assert (named["Sub"].cap_kw, named["Sub"].share) == (None, None)
    assert (named["lost"].longitude_deg, named["lost"].asked_kw) == (None, 0)


def test_storms_a_day_apart_are_two_and_count_their_sites(found):
    first, second = found.storms
    assert [(change.at.astimezone(UTC).hour, change.sites.get("pre_arm", 0), change.sites.get("lock", 0))
            for change in first.changes] == [(0, 1, 0), (2, 2, 0), (6, 0, 1), (0, 0, 0)]
    assert (second.sites_max("lock"), second.sites_max("feed_lost")) == (1, 1)
    charge = found.storm_charges[0]
    assert (charge.enrollments, charge.stored_pct, charge.expected_pct) == (3, 50, (80, 90, 100))


def event(name: str, delivered_kw: int, *, found: Dispatch, opted_out: int = 0) -> DispatchEvent:
    steps = tuple(replace(step, delivered_kw=Decimal(delivered_kw)) for step in found.events[1].steps)
    return DispatchEvent(event_id=name, steps=steps, withheld={}, skipped=0, opted_out=opted_out)


def test_of_many_events_those_are_picked_that_stand_out_and_it_is_said_why(found):
    events = [event(str(place), place, found=found, opted_out=place == 3) for place in range(9)]
    assert [(each.event.event_id, each.because) for each in picked_events(events)] == [
        ("3", ("the most opt-outs",)), ("8", ("the largest peak",))]


def test_events_that_are_all_alike_and_a_single_event_are_still_drawn(found):
    alike = [event(str(place), 5, found=found) for place in range(9)]
    assert [(each.event.event_id, each.because) for each in picked_events(alike)] == [("0", ())]
    assert [each.because for each in picked_events(alike[:1])] == [()]
    assert len(picked_events(alike[:3])) == 3


def test_without_its_steps_there_is_no_dispatch(tmp_path):
    others = {name: body for name, body in TABLES.items() if name != "fleet_steps"}
    assert figures_of(write_dispatch(tmp_path, others)) is None
    assert figures_of(write_dispatch(tmp_path, {"fleet_steps": ""})) is None


def test_each_further_table_may_be_absent_or_without_rows(tmp_path):
    for name in ("bare", "hollow"):
        tables = {"fleet_steps": TABLES["fleet_steps"], **(dict.fromkeys(
            [other for other in TABLES if other != "fleet_steps"], "") if name == "hollow" else {})}
        figures = figures_of(write_dispatch(tmp_path / name, tables))
        assert figures is not None
        assert (figures.reserves, figures.spared, figures.feeders, figures.storms, figures.storm_charges) == (
            None, (), None, (), ())
        assert [each.withheld for each in figures.events] == [{}, {}]


def test_a_table_that_lacks_a_column_is_refused_with_its_name(tmp_path):
    write_dispatch(tmp_path, TABLES)
    (tmp_path / "withheld.csv").write_text("event_id,start,protection,devices\n", encoding="utf-8")
    with pytest.raises(DataRefused) as refused:
        figures_of(tmp_path)
    assert [(problem.file, problem.column) for problem in refused.value.problems] == [("withheld.csv", "withheld_kw")]


def test_the_published_season_is_read_from_the_run_and_may_be_missing_in_part():
    assert comparison_of({}) is None
    told = comparison_of({"comparison": [
        {"date": "2022-09-06", "participants": 5, "published_participants": 5, "peak_mw": 1.25, "published_peak_mw": 1,
         "constant_peak_mw": 1.5, "error_pct": 0.0}, {"date": "2022-09-07", "participants": 6, "peak_mw": 2}],
        "comparison_notes": ["Parameters were fixed before."]})
    assert told is not None
    assert (told.days[0].day, told.days[0].peak_mw, told.days[0].published_peak_mw) == (
        date(2022, 9, 6), Decimal("1.25"), Decimal(1))
    assert (told.days[1].published_participants, told.days[1].published_peak_mw, told.days[1].error_pct) == (
        None, None, None)
    assert told.notes == ("Parameters were fixed before.",)
