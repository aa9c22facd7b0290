"""The two synthetic seasons: what is published holds exactly, and the rest keeps the tariff and the contract."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gridrider.app.demo_inputs import DSGS, ELRP, load_season, price_series
from gridrider.problem import DataRefused
from gridrider.tariff.model import Calls, Tariff
from gridrider.twin.dsgs import build_dsgs
from gridrider.twin.elrp import build_elrp
from gridrider.twin.people import Lots, TextTable
from gridrider.twin.season import Season, season_from
from gridrider.twin.synthetic import SyntheticSeason, block_days

PUBLISHED = {"2022-08-17": 2614, "2022-08-31": 3537, "2022-09-01": 3605, "2022-09-03": 4032, "2022-09-04": 4324,
             "2022-09-05": 4443, "2022-09-06": 4510, "2022-09-07": 4591, "2022-09-08": 4649, "2022-09-09": 4687}
"""S1, 2022 Performance."""


@cache
def elrp(sites: int, seed: int = 1) -> SyntheticSeason:
    return build_elrp(load_season(ELRP)[0], sites=sites, seed=seed)


@cache
def dsgs(sites: int, seed: int = 1) -> SyntheticSeason:
    season, tariff = load_season(DSGS)
    return build_dsgs(season, sites=sites, seed=seed, price_series=price_series(tariff, season))


def rows(table: TextTable) -> list[dict[str, str]]:
    return [dict(zip(table.columns, cells, strict=True)) for cells in zip(*table.columns.values(), strict=True)]


def in_force(plan: SyntheticSeason, day: str) -> list[dict[str, str]]:
    return [row for row in rows(plan.table("enrollments"))
            if row["starts_on"] <= day and (not row["ends_on"] or day <= row["ends_on"])]


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_4687_sites_give_the_published_participants(seed: int) -> None:
    plan = elrp(4687, seed)
    assert {day: len(in_force(plan, day)) for day in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize("sites", [50, 1200, 10_000])
def test_participants_scale_with_the_sites(sites: int) -> None:
    plan = elrp(sites)
    counts = {day: len(in_force(plan, day)) for day in PUBLISHED}
    assert all(abs(counts[day] - sites * PUBLISHED[day] / 4687) <= 0.5 for day in PUBLISHED)
    assert counts["2022-09-09"] == sites == len(set(plan.table("enrollments").columns["site_id"]))


def test_the_calendar_of_dsgs_is_the_published_one(refs: Path) -> None:
    """Hour by hour against the file of the public analysis, whose label is the hour's end."""
    lines = (refs / "data" / "dsgs_event_calendar_2025.csv").read_text(encoding="utf-8").splitlines()
    published = sorted(tuple(line.split(",")) for line in lines if line[:4] == "2025")
    ours = []
    for event in load_season(DSGS)[0].events:
        kind = {"test_capacity": "Test Capacity", "test_non_capacity": "Test Non-Capacity"}[event.kind]
        assert event.end_slot - event.first_slot == 4 * len(event.usd_per_mwh)
        ours += [(str(event.day), str(event.first_slot // 4 + 1 + at), kind, price)
                 for at, price in enumerate(event.usd_per_mwh)]
    assert sorted(ours) == published
    assert len(ours) == 68


def service_calls(tariff: Tariff) -> Calls:
    (rider,) = tariff.riders.values()
    (service,) = rider.services.values()
    return service.calls


@pytest.mark.parametrize("name", [ELRP, DSGS])
def test_every_event_keeps_the_operating_parameters(name: str) -> None:
    season, tariff = load_season(name)
    calls = service_calls(tariff)
    assert calls.hours is not None
    assert calls.duration_h is not None
    seconds = 0
    for event in season.events:
        first, last = time(event.first_slot // 4), time(event.end_slot // 4)
        assert calls.hours.from_[0].value <= first < last <= calls.hours.to[0].value
        hours = (event.end_slot - event.first_slot) / 4
        longest = [dated.value for dated in calls.duration_h.max if dated.effective <= event.day][-1]
        assert calls.duration_h.min[0].value <= hours <= longest
        assert event.kind in calls.kinds
        assert tariff.seasons["summer"].covers(event.day)
        seconds += (event.end_slot - event.first_slot) * 900
    assert len({event.day for event in season.events}) == len(season.events)
    if name == ELRP:
        assert 20 * 3600 <= seconds <= 60 * 3600
    else:
        assert len(season.events) <= 35


@pytest.mark.parametrize("name", [ELRP, DSGS])
def test_notice_comes_before_the_event(name: str) -> None:
    for event in load_season(name)[0].events:
        start = datetime.combine(event.day, time(event.first_slot // 4), event.called_at.tzinfo)
        assert event.called_at < start
        assert event.notice == ("day_of" if event.called_at.date() == event.day else "day_ahead")
        if event.notice == "day_ahead":
            assert event.called_at.date() == event.day - timedelta(days=1)
            assert event.called_at.time() <= time(17)


def test_prices_stand_for_every_event_hour_of_dsgs() -> None:
    plan = dsgs(60)
    prices = {datetime.fromisoformat(row["start"]): Decimal(row["usd_per_mwh"]) for row in rows(plan.table("prices"))}
    for row in rows(plan.table("events")):
        hour, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
        while hour < end:
            assert prices.pop(hour) > 0
            hour += timedelta(hours=1)
    assert prices == {}
    assert set(plan.table("prices").columns["series"]) == {"CAISO_DAM:DLAP_SDGE-APND"}


@pytest.mark.parametrize("plan", [elrp(400), dsgs(400)], ids=["elrp", "dsgs"])
def test_every_table_obeys_its_schema_and_names_only_what_there_is(plan: SyntheticSeason) -> None:
    for table in plan.tables:
        assert tuple(table.columns) == table.schema.names
        for column in table.schema.columns:
            cells = table.columns[column.name]
            assert not column.filled or all(cells)
            assert not column.choices or set(cells) <= {"", *column.choices}
            if column.kind == "timestamp":
                assert all(datetime.fromisoformat(cell).tzinfo for cell in cells if cell)
            if column.kind == "date":
                assert all(str(date.fromisoformat(cell)) == cell for cell in cells if cell)
        if table.schema.key:
            keys = list(zip(*(table.columns[name] for name in table.schema.key), strict=True))
            assert len(set(keys)) == len(keys)
    enrollments = set(plan.table("enrollments").columns["enrollment_id"])
    events = set(plan.table("events").columns["event_id"])
    for name in ("opt_outs", "unavailable"):
        assert set(plan.table(name).columns["enrollment_id"]) <= enrollments
        assert set(plan.table(name).columns["event_id"]) <= events | {""}
    assert set(plan.point_ids) == set(plan.table("enrollments").columns["point_id"])
    assert list(plan.point_ids) == sorted(plan.point_ids)


@pytest.mark.parametrize("plan", [elrp(400), dsgs(400)], ids=["elrp", "dsgs"])
def test_every_identity_says_that_it_is_synthetic(plan: SyntheticSeason) -> None:
    for table in plan.tables:
        for name, cells in table.columns.items():
            if name.endswith("_id"):
                assert all(cell.startswith("SYN-") for cell in cells if cell), name


def test_the_elrp_season_has_every_awkward_case() -> None:
    plan = elrp(1200)
    enrollments = {row["enrollment_id"]: row for row in rows(plan.table("enrollments"))}
    ends = {row["event_id"]: datetime.fromisoformat(row["end"]) for row in rows(plan.table("events"))}
    assert any(not row["agreement_signed_on"] for row in enrollments.values())
    assert any(row["agreement_signed_on"] > row["starts_on"] for row in enrollments.values())
    direct = [row for row in enrollments.values() if row["participant_id"] == row["customer_id"]]
    assert direct
    assert not any(row["aggregation_id"] for row in direct)
    assert len({row["aggregation_id"] for row in enrollments.values() if row["aggregation_id"]}) == 3
    assert any(row["payee_id"] == "SYN-FINANCE-1" for row in enrollments.values())
    reasons = Counter(plan.table("unavailable").columns["reason"])
    assert set(reasons) == {"suspended", "utility_fault", "islanded", "storm_hold", "unreachable"}
    late = [row for row in rows(plan.table("opt_outs")) if datetime.fromisoformat(row["at"]) >= ends[row["event_id"]]]
    assert 0 < len(late) < 0.1 * len(plan.table("opt_outs"))
    points = rows(plan.table("points"))
    assert {row["point_id"] for row in points if row["point_id"].endswith("-2")} == {
        exchange.point_id for exchange in plan.exchanges}
    left = [row for row in enrollments.values() if row["end_reason"] == "moved_out"]
    assert left
    for row in left:
        successor = enrollments[row["enrollment_id"] + "-2"]
        assert successor["point_id"] == row["point_id"]
        assert successor["customer_id"] != row["customer_id"]
        assert date.fromisoformat(successor["starts_on"]) == date.fromisoformat(row["ends_on"]) + timedelta(days=1)


def test_a_battery_that_is_away_does_not_answer() -> None:
    """On each event day the homes that opted out before it, or are suspended, run as on any other day."""
    plan = elrp(1200)
    starts = {row["event_id"]: datetime.fromisoformat(row["start"]) for row in rows(plan.table("events"))}
    home_of = {name: at for at, name in enumerate(plan.table("enrollments").columns["enrollment_id"])}
    seen = 0
    for row in rows(plan.table("opt_outs")):
        if datetime.fromisoformat(row["at"]) <= starts[row["event_id"]]:
            orders = plan.orders[starts[row["event_id"]].date()]
            home = home_of[row["enrollment_id"]]
            assert orders.respond_end[home] == orders.respond_from[home]
            seen += 1
    assert seen > 20
    suspended = [home_of[row["enrollment_id"]] for row in rows(plan.table("unavailable"))
                 if row["reason"] == "suspended"]
    inside = plan.orders[date(2022, 9, 3)]
    assert (inside.respond_from[suspended] == inside.respond_end[suspended]).all()
    before = plan.orders[date(2022, 8, 17)]
    assert (before.respond_from[suspended] < before.respond_end[suspended]).all()


def test_energy_closes_over_a_whole_season() -> None:
    plan = elrp(60)
    stored = None
    load = solar = charge = discharge = net = lost = 0
    first = plan.homes.reserve_mwh + (plan.homes.capacity_mwh - plan.homes.reserve_mwh) // 3
    for step in block_days(plan):
        flows = step.flows
        assert stored is None or (stored == flows.stored_before).all()
        stored = flows.stored_after
        load += int((flows.load - flows.unserved).sum())
        solar += int((flows.solar - flows.curtailed).sum())
        charge += int(flows.charge.sum())
        discharge += int(flows.discharge.sum())
        net += int(flows.net.sum())
        lost += int((flows.charge - flows.charge * 9 // 10).sum())
    assert stored is not None
    assert net == load - solar + int((stored - first).sum()) + lost
    assert charge - discharge == int((stored - first).sum()) + lost
    assert 0.099 < lost / charge < 0.101


def test_pay_per_participant_and_event_is_plausible() -> None:
    """A rough 5-in-10 without adjustment, by physics alone: S1 says about $20 per event at $2/kWh."""
    plan = elrp(300)
    net = {step.day: step.flows.net for step in block_days(plan)}
    event_days = {event.day for event in plan.season.events}
    starts = np.array([np.datetime64(day) for day in plan.table("enrollments").columns["starts_on"][:300]])
    delivered_kwh: list[float] = []
    for event in plan.season.events:
        span, weekend = slice(event.first_slot, event.end_slot), event.day.weekday() >= 5
        similar = [day for day in sorted(net, reverse=True)
                   if day < event.day and day not in event_days and (day.weekday() >= 5) == weekend][:10]
        loads = np.sort(np.stack([net[day][span].sum(axis=0) for day in similar]), axis=0)
        delivered = (loads[-5:].mean(axis=0) - net[event.day][span].sum(axis=0)) / 1e6
        delivered_kwh += delivered[starts <= np.datetime64(event.day)].tolist()
    assert 15.0 < 2.0 * float(np.mean(delivered_kwh)) < 25.0
    assert min(delivered_kwh) < 0 < max(delivered_kwh) < 45


def test_the_fleet_s_peak_is_near_the_published_one() -> None:
    """Discharge per participant within 15% of S1's peak MW over its participants, event by event."""
    plan = elrp(600)
    starts = np.array([np.datetime64(day) for day in plan.table("enrollments").columns["starts_on"][:600]])
    events = {event.day: event for event in plan.season.events}
    for step in block_days(plan):
        event = events.get(step.day)
        if event is None or event.peak_mw is None or event.participants is None:
            continue
        joined = starts <= np.datetime64(event.day)
        peak_kw = step.flows.discharge[event.first_slot:event.end_slot, joined].sum(axis=1).max() * 4 / 1e6
        assert peak_kw / joined.sum() == pytest.approx(float(event.peak_mw) * 1000 / event.participants, rel=0.15)


def test_dsgs_batteries_are_of_the_sizes_and_providers_that_the_program_has() -> None:
    plan = dsgs(1200)
    enrollments = rows(plan.table("enrollments"))
    assert {Decimal(row["duration_h"]) for row in enrollments} == {2, 4}
    assert Counter(row["duration_h"] for row in enrollments).most_common(1)[0][0] == "2"
    assert all(5 <= Decimal(row["nameplate_kw"]) <= Decimal("11.5") for row in enrollments)
    assert len({row["participant_id"] for row in enrollments}) == 4
    assert set(Counter(plan.table("unavailable").columns["reason"])) == {
        "suspended", "device_fault", "utility_fault", "storm_hold", "unreachable"}
    assert {event.day for event in plan.season.events} < set(plan.days_written) <= set(plan.days_run)


def test_a_lot_never_draws_a_home_twice() -> None:
    lots = Lots(np.arange(100), np.random.default_rng(1))
    drawn = [lots.take(share) for share in (0.5, 0.001, 0.3, 0.9, 0.5)]
    assert [len(homes) for homes in drawn] == [50, 1, 30, 19, 0]
    assert sorted(home for homes in drawn for home in homes) == list(range(100))


@pytest.mark.parametrize(("change", "reason"), [
    ({"events": "x"}, "is not a season"), ({"readings": {"from": date(2022, 8, 1), "to": date(2022, 9, 10)},
     "events": [{"date": date(2022, 7, 1), "from": "18:00", "to": "20:00", "kind": "emergency", "notice": "day_of",
                 "called_at": "2022-07-01T12:00"}]}, "is an event outside the days of readings"),
    ({"readings": {"from": date(2022, 11, 1), "to": date(2022, 11, 10)}, "events": []},
     "is a day with a change of clocks")])
def test_a_season_that_cannot_be_simulated_is_refused(change: dict[str, object], reason: str) -> None:
    good: Season = load_season(ELRP)[0]
    document = {"tariff": good.tariff, "period": good.period, "zone": good.zone, "assumptions": [],
                "readings": {"from": date(2022, 8, 1), "to": date(2022, 8, 2)}, "events": [],
                "place": {"latitude_deg": "37.8", "longitude_deg": "-121.9"}}
    season, problems = season_from(document, "s.yaml", good.timezone)
    assert (season is not None, problems) == (True, [])
    season, problems = season_from(document | change, "s.yaml", good.timezone)
    assert season is None
    assert problems[0].reason.startswith(reason)


def test_a_season_that_is_not_there_is_a_problem() -> None:
    with pytest.raises(DataRefused, match="season-1999"):
        load_season("pge/elrp-a4/season-1999.yaml")
