"""Emergency assignment: examples for each rule, both sides of its boundary, and the best plan found by trying all."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gridrider.dispatch import assign_case
from gridrider.dispatch.assign import assign
from gridrider.dispatch.assign_bound import steps_at_most
from gridrider.dispatch.assign_model import (
    ASSIGNMENTS,
    SITE_SUPPLY,
    EmergencyOrder,
    EmergencyPlan,
    SiteKind,
    Sites,
    Spared,
    Uncovered,
    Vehicles,
)
from gridrider.dispatch.assign_reach import great_circle_km
from gridrider.dispatch.assign_supply import cover, least_needs, steps_covered_at_most
from gridrider.dispatch.assign_tables import assignments_table, site_supply_table
from tests.dispatch.oracle_assign import best, km_between, steps_at_best

KM_PER_DEGREE = 6371.0088 * np.pi / 180  # of latitude
STRAIGHT = EmergencyOrder(road_factor=1.0, speed_km_per_h=30.0)


def buses(count: int, **changed: Any) -> Vehicles:
    """Buses at the origin that can give 100 kWh at 25 kW, without any loss."""
    def each(number: float) -> np.ndarray:
        return np.full(count, number)
    plain = Vehicles(
        vehicle_ids=tuple(f"bus{number}" for number in range(count)), latitude_deg=each(0), longitude_deg=each(0),
        home_latitude_deg=each(0), home_longitude_deg=each(0), stored_kwh=each(120), floor_kwh=each(20),
        discharge_kw_max=each(25), discharge_efficiency=each(1), consumption_kwh_per_km=each(1), plugs=("ccs",) * count,
        available_from_h=each(0), available_until_h=each(np.inf), trip_kwh=each(0), trip_departs_h=each(np.inf))
    arrays: dict[str, Any] = {name: given if name == "plugs" else np.asarray(given, dtype=float)
                              for name, given in changed.items()}
    return replace(plain, **arrays)


def places(*kinds: SiteKind, load_kw: Any, **changed: Any) -> Sites:
    """Sites at the origin with two plugs each and nothing of their own."""
    count = len(kinds)
    plain = Sites(site_ids=tuple(f"{kind}{number}" for number, kind in enumerate(kinds)), kinds=kinds,
                  latitude_deg=np.zeros(count), longitude_deg=np.zeros(count), plugs=({"ccs": 2},) * count,
                  critical_load_kw=np.asarray(load_kw, dtype=float).reshape(count, -1), own_kwh=np.zeros(count),
                  own_kw_max=np.zeros(count))
    return replace(plain, **changed)


HOSPITAL, SHELTER = SiteKind.HOSPITAL, SiteKind.SHELTER


def steps(plan: EmergencyPlan) -> tuple[int, int]:
    return plan.steps_covered[HOSPITAL], plan.steps_covered[SHELTER]


def test_a_hospital_comes_before_any_number_of_shelters() -> None:
    sites = places(SHELTER, SHELTER, HOSPITAL, load_kw=[[5] * 4, [5] * 4, [25, 25, 25, 25]])
    plan = assign(buses(1), sites, STRAIGHT)
    assert plan.site.tolist() == [2]
    assert steps(plan) == (4, 0)
    assert plan.proven_best


def test_one_more_bus_goes_to_the_shelters_and_stays_where_it_is_nearest() -> None:
    sites = places(SHELTER, SHELTER, HOSPITAL, load_kw=[[5] * 4, [5] * 4, [25] * 4],
                   latitude_deg=np.array([0.1, 0.05, 0.0]))
    plan = assign(buses(2), sites, STRAIGHT)
    assert sorted(plan.site.tolist()) == [1, 2]
    assert plan.reach.drive_km[0, 1] == pytest.approx(0.05 * KM_PER_DEGREE)


@pytest.mark.parametrize(("stored_kwh", "covered"), [(50 + 20 + 22.3, 2), (50 + 20 + 22.1, 1)])
def test_the_way_there_and_back_is_kept(stored_kwh: float, covered: int) -> None:
    sites = places(SHELTER, load_kw=[0, 25, 25], latitude_deg=np.array([0.1]))  # 11.12 km, twice
    plan = assign(buses(1, stored_kwh=[stored_kwh]), sites, STRAIGHT)
    assert steps(plan) == (0, covered)


@pytest.mark.parametrize(("home_deg", "covered"), [(0.1, 2), (-0.1, 1)])
def test_the_way_back_leads_to_the_depot(home_deg: float, covered: int) -> None:
    sites = places(SHELTER, load_kw=[0, 25, 25], latitude_deg=np.array([0.1]))
    plan = assign(buses(1, stored_kwh=[20 + 50 + 12], home_latitude_deg=[home_deg]), sites, STRAIGHT)
    assert steps(plan) == (0, covered)


@pytest.mark.parametrize(("load_kw", "covered", "reason"), [(25.0, 1, None), (25.1, 0, Uncovered.POWER)])
def test_one_bus_must_carry_the_whole_critical_load(load_kw: float, covered: int, reason: Uncovered | None) -> None:
    plan = assign(buses(1), places(SHELTER, load_kw=[load_kw]), STRAIGHT)
    assert steps(plan) == (0, covered)
    assert plan.uncovered == ((reason,),)
    assert plan.spared == ((Spared.ASSIGNED,) if covered else (Spared.NO_NEED,))


def test_several_share_a_load_that_is_too_much_for_each() -> None:
    plan = assign(buses(3), places(HOSPITAL, load_kw=[45] * 3, plugs=({"ccs": 2},)), STRAIGHT)
    assert steps(plan) == (3, 0)
    assert sorted(plan.site.tolist()) == [-1, 0, 0]
    assert plan.given_kwh.sum(axis=0) == pytest.approx([45] * 3)


def test_the_sites_own_generator_helps() -> None:
    sites = places(HOSPITAL, load_kw=[40] * 3, own_kwh=np.array([45.0]), own_kw_max=np.array([15.0]))
    plan = assign(buses(1), sites, STRAIGHT)
    assert steps(plan) == (3, 0)
    assert plan.own_given_kwh[0] == pytest.approx([15] * 3)
    without_bus = assign(buses(1), replace(sites, critical_load_kw=np.full((1, 3), 15.0)), STRAIGHT)
    assert without_bus.site.tolist() == [-1]
    assert without_bus.spared == (Spared.NO_NEED,)


@pytest.mark.parametrize(("trip_kwh", "waived", "covered"), [(50, False, 2), (51, False, 1), (51, True, 4)])
def test_the_next_trip_stays_in_the_battery_unless_it_is_waived(trip_kwh: float, waived: bool, covered: int) -> None:
    """A vehicle keeps what its own next trip takes (R126)."""
    plan = assign(buses(1, trip_kwh=[trip_kwh]), places(SHELTER, load_kw=[25] * 4),
                  replace(STRAIGHT, trips_waived=waived))
    assert steps(plan) == (0, covered)


@pytest.mark.parametrize(("departs_h", "waived", "covered"), [(3, False, 3), (2.9, False, 2), (2.9, True, 4)])
def test_it_is_home_for_its_trip(departs_h: float, waived: bool, covered: int) -> None:
    plan = assign(buses(1, trip_departs_h=[departs_h]), places(SHELTER, load_kw=[10] * 4),
                  replace(STRAIGHT, trips_waived=waived))
    assert steps(plan) == (0, covered)


@pytest.mark.parametrize(("from_h", "until_h", "covered"), [(0, 4, [1, 1, 1, 1]), (0.1, 4, [0, 1, 1, 1]),
                                                            (2, 3.5, [0, 0, 1, 0])])
def test_it_counts_for_whole_steps_in_which_it_is_there(from_h: float, until_h: float, covered: list[int]) -> None:
    plan = assign(buses(1, available_from_h=[from_h], available_until_h=[until_h]), places(SHELTER, load_kw=[10] * 4),
                  STRAIGHT)
    assert plan.covered[0].tolist() == [bool(each) for each in covered]
    assert [reason for reason in plan.uncovered[0] if reason] == [Uncovered.NO_VEHICLE] * (4 - sum(covered))


def test_each_vehicle_that_stays_has_its_reason() -> None:
    fleet = buses(7, plugs=("j3400", *["ccs"] * 6), stored_kwh=[120, 20, 40, 120, 120, 120, 120],
                  available_until_h=[np.inf, np.inf, np.inf, 0.9, np.inf, np.inf, np.inf],
                  latitude_deg=[0, 0, 0.2, 0, 0, 0, 0])
    plan = assign(fleet, places(HOSPITAL, load_kw=[75.0] * 2), STRAIGHT)
    assert plan.spared == (Spared.NO_PLUG, Spared.NO_ENERGY, Spared.TOO_FAR, Spared.NO_TIME, *[Spared.NO_NEED] * 3)
    assert plan.uncovered == ((Uncovered.POWER,) * 2,)  # three would do, and there are two plugs
    crowded = assign(buses(3), places(HOSPITAL, load_kw=[25.0] * 12), STRAIGHT)
    assert sorted(crowded.spared) == [Spared.ASSIGNED, Spared.ASSIGNED, Spared.PLUGS_TAKEN]
    assert crowded.uncovered[0].count(Uncovered.ENERGY) == 4


def small_world(seed: int) -> tuple[Vehicles, Sites, EmergencyOrder]:
    """A few vehicles and sites on a coarse grid, some of which come late or leave early."""
    chance = np.random.default_rng(seed)
    count, places_, steps_ = (int(chance.integers(1, most)) for most in (5, 4, 5))
    leaving = seed % 2

    def grid(size: int) -> np.ndarray:
        return 44.4 + chance.integers(0, 4, size) * 0.03

    vehicles = Vehicles(
        vehicle_ids=tuple(f"v{number}" for number in range(count)), latitude_deg=grid(count),
        longitude_deg=-grid(count), home_latitude_deg=grid(count), home_longitude_deg=-grid(count),
        stored_kwh=chance.integers(20, 80, count).astype(float), floor_kwh=np.full(count, 20.0),
        discharge_kw_max=chance.choice([5.0, 10.0, 20.0], count), discharge_efficiency=np.full(count, 0.9),
        consumption_kwh_per_km=chance.uniform(0.3, 1.5, count), plugs=tuple(chance.choice(["ccs", "j3400"], count)),
        available_from_h=chance.integers(-1, 2, count).astype(float),
        available_until_h=np.where(chance.random(count) < 0.5 * leaving, chance.integers(2, 6, count), np.inf),
        trip_kwh=chance.choice([0.0, 10.0], count),
        trip_departs_h=np.where(chance.random(count) < 0.3 * leaving, 3.0, np.inf))
    sites = Sites(
        site_ids=tuple(f"s{number}" for number in range(places_)),
        kinds=tuple((HOSPITAL, SHELTER)[chance.integers(2)] for _ in range(places_)),
        latitude_deg=grid(places_), longitude_deg=-grid(places_),
        plugs=tuple({"ccs": int(chance.integers(0, 3)), "j3400": int(chance.integers(0, 3))} for _ in range(places_)),
        critical_load_kw=chance.integers(0, 25, (places_, steps_)).astype(float),
        own_kwh=chance.choice([0.0, 15.0], places_), own_kw_max=chance.choice([0.0, 5.0], places_))
    return vehicles, sites, EmergencyOrder(trips_waived=seed % 3 == 0)


def driven_km(plan: EmergencyPlan) -> float:
    return float(sum(plan.reach.drive_km[row, site] + plan.reach.back_km[row, site]
                     for row, site in enumerate(plan.site) if site >= 0))


def test_few_vehicles_get_the_best_plan_there_is() -> None:
    for seed in range(60):
        world = small_world(seed)
        hospital, shelter, km = best(*world)
        plan = assign(*world)
        assert steps(plan) == (hospital, shelter), seed
        assert driven_km(plan) == pytest.approx(km), seed


def test_the_search_seldom_misses_the_best_plan_and_its_bounds_never_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assign_case, "DIVISIONS_MAX", 0)
    missed = 0
    for seed in range(60, 95):
        world = small_world(seed)
        hospital, shelter, _ = best(*world)
        plan = assign(*world)
        assert not plan.proven_best
        assert steps(plan) <= (hospital, shelter)
        missed += steps(plan) != (hospital, shelter)
        assert plan.steps_bound[HOSPITAL] >= hospital
        case, hospitals = assign_case.case_of(*world), np.array([kind is HOSPITAL for kind in world[1].kinds])
        for aim in (0, shelter):  # the bound must hold wherever its search ends
            assert steps_at_most(case, hospitals, (hospital, aim))[1] >= shelter
    assert missed <= 1


def test_the_steps_of_a_site_are_the_most_that_any_cut_allows() -> None:
    for seed in range(400):
        chance = np.random.default_rng(seed)
        sources, count = int(chance.integers(1, 5)), int(chance.integers(1, 6))
        need = chance.integers(0, 9, count).astype(float)
        energy = chance.integers(1, 14, sources).astype(float)
        most = np.repeat(chance.integers(1, 7, sources)[:, None].astype(float), count, axis=1)
        if seed % 3:
            for row in most:
                first = chance.integers(0, count)
                row[:first] = row[first + chance.integers(1, count + 1):] = 0.0
        covered, given = cover(need, energy, most, thorough=True)
        assert given.sum(axis=0) == pytest.approx(np.where(covered, need, 0.0))
        assert (given <= most + 1e-9).all()
        assert (given >= -1e-9).all()
        assert (given.sum(axis=1) <= energy + 1e-9).all()
        right = steps_at_best(need.tolist(), [(e, tuple(row)) for e, row in zip(energy, most.tolist(), strict=True)])
        assert covered.sum() == right
        wanted = need[need > 0]
        there = (most[:, need > 0] > 0).sum(axis=1)
        offers = np.minimum(energy[:, None], most.max(axis=1)[:, None]
                            * np.minimum(np.arange(1, len(wanted) + 1), there[:, None])).sum(axis=0)
        at_most = int(steps_covered_at_most(least_needs(wanted), offers))
        assert at_most >= right
        if seed % 3 == 0:
            assert at_most == right


def test_a_small_step_is_given_up_for_two_larger_ones() -> None:
    need, energy = np.array([2.0, 1.9, 2.0]), np.ones(4)
    there = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=float)
    assert cover(need, energy, there, thorough=False)[0].tolist() == [False, True, False]
    assert cover(need, energy, there, thorough=True)[0].tolist() == [True, False, True]


def test_distances_are_great_circles() -> None:
    chance = np.random.default_rng(1)
    lat, lon = chance.uniform(-80, 80, 5), chance.uniform(-180, 180, 5)
    found = great_circle_km(lat, lon, lat[:3], lon[:3])
    for one in range(5):
        for other in range(3):
            assert found[one, other] == pytest.approx(km_between((lat[one], lon[one]), (lat[other], lon[other])))


def city(seed: int, *, leaving: bool) -> tuple[Vehicles, Sites, EmergencyOrder]:
    """40 vehicles and 10 sites in a day."""
    chance, count, places_ = np.random.default_rng(seed), 40, 10
    vehicles = buses(count, latitude_deg=44.4 + chance.random(count) * 0.3, longitude_deg=chance.random(count) * 0.3,
                     home_latitude_deg=44.4 + chance.random(count) * 0.3, home_longitude_deg=chance.random(count) * 0.3,
                     stored_kwh=chance.uniform(40, 200, count), discharge_kw_max=chance.choice([10.0, 60.0], count),
                     plugs=tuple(chance.choice(["ccs", "j3400"], count)),
                     available_until_h=np.where(chance.random(count) < 0.5 * leaving, 15.5, np.inf))
    sites = places(*[HOSPITAL] * 2, *[SHELTER] * 8,
                   load_kw=chance.uniform(10, 50, places_)[:, None] * (1 + 0.5 * np.sin(np.arange(24) / 4)),
                   latitude_deg=44.4 + chance.random(places_) * 0.3, longitude_deg=chance.random(places_) * 0.3,
                   plugs=({"ccs": 4, "j3400": 2},) * places_, own_kwh=chance.choice([0.0, 200.0], places_),
                   own_kw_max=chance.choice([0.0, 30.0], places_))
    return vehicles, sites, EmergencyOrder()


@pytest.mark.parametrize("leaving", [False, True])
def test_a_large_plan_keeps_every_rule_and_comes_out_alike_twice(leaving: bool) -> None:
    vehicles, sites, order = city(3, leaving=leaving)
    plan = assign(vehicles, sites, order)
    assert leaving or plan.site.tolist() == assign(vehicles, sites, order).site.tolist()
    for row, site in enumerate(plan.site):
        given = plan.given_kwh[row]
        if site < 0:
            assert not given.any()
            continue
        km = plan.reach.drive_km[row, site] + plan.reach.back_km[row, site]
        assert given.sum() + km * vehicles.consumption_kwh_per_km[row] <= vehicles.stored_kwh[row] - 20 + 1e-6
        assert (given <= vehicles.discharge_kw_max[row] + 1e-9).all()
        arrives = plan.reach.drive_km[row, site] / 30
        leaves = vehicles.available_until_h[row] - plan.reach.back_km[row, site] / 30
        assert all(arrives <= step and step + 1 <= leaves for step in np.flatnonzero(given))
    for site in range(len(sites)):
        plugs = [vehicles.plugs[row] for row in np.flatnonzero(plan.site == site)]
        assert plugs.count("ccs") <= 4
        assert plugs.count("j3400") <= 2
        supplied = plan.given_kwh[plan.site == site].sum(axis=0) + plan.own_given_kwh[site]
        assert supplied == pytest.approx(np.where(plan.covered[site], sites.critical_load_kw[site], 0.0))
        assert plan.own_given_kwh[site].sum() <= sites.own_kwh[site] + 1e-9
    covered, bound = sum(steps(plan)), sum(plan.steps_bound.values())
    assert covered <= bound
    assert leaving or covered >= 0.9 * bound


def test_nobody_and_nowhere() -> None:
    assert assign(buses(0), places(SHELTER, load_kw=[1.0]), STRAIGHT).uncovered == ((Uncovered.NO_VEHICLE,),)
    nowhere = replace(places(SHELTER, load_kw=[1.0]), site_ids=(), kinds=(), plugs=(), latitude_deg=np.zeros(0),
                      longitude_deg=np.zeros(0), critical_load_kw=np.zeros((0, 3)), own_kwh=np.zeros(0),
                      own_kw_max=np.zeros(0))
    assert assign(buses(2), nowhere, STRAIGHT).spared == (Spared.NO_PLUG, Spared.NO_PLUG)


def test_tables_say_what_the_plan_says() -> None:
    vehicles, sites = buses(2, latitude_deg=[0.1, 0.0]), places(HOSPITAL, SHELTER, load_kw=[[0, 10], [25, 30]])
    plan = assign(vehicles, sites, STRAIGHT)
    start = datetime(2026, 8, 1, 18, tzinfo=UTC)
    rows, supply = (assignments_table("e", plan, vehicles, sites, STRAIGHT, start),
                    site_supply_table("e", plan, sites, STRAIGHT, start))
    for table, schema in ((rows, ASSIGNMENTS), (supply, SITE_SUPPLY)):
        assert table.column_names == [column.inside_name for column in schema.columns]
    assert rows.column("site_id").to_pylist() == ["hospital0", "shelter1"]
    assert rows.column("given_mwh").to_pylist() == [10_000_000, 25_000_000]
    assert rows.column("arrives_at").to_pylist()[1] == start.replace(tzinfo=None)
    assert str(rows.column("drive_km")[0]) == "11.120000000000"
    assert supply.column("supply_s").to_pylist() == [0, 3600, 3600, 0]
    assert supply.column("needed_s").to_pylist() == [0, 3600, 3600, 3600]
    assert supply.column("reason").to_pylist() == [None, None, None, "power"]
    assert supply.column("vehicles").to_pylist() == [0, 1, 1, 0]
    assert pa.types.is_timestamp(supply.schema.field("start").type)
