"""The battery kernel: energy closes to the milliwatt-hour, and a home computed by hand, one at a time, agrees."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.twin.battery import Flows, Orders, quiet, run_day
from gridrider.twin.homes import ELRP_BATTERIES, Homes, Ints, draw_homes
from gridrider.twin.season import SLOTS_PER_DAY

COUNT = 8


@dataclass(frozen=True, kw_only=True)
class Case:
    homes: Homes
    stored: Ints
    load: Ints
    solar: Ints
    orders: Orders


def draw_case(seed: int, *, spread: bool) -> Case:
    """Homes, a day and orders without regard for what is likely."""
    rng = np.random.default_rng(seed)
    homes = draw_homes(COUNT, ELRP_BATTERIES, rng)

    def slots() -> Ints:
        return rng.integers(0, SLOTS_PER_DAY + 1, COUNT)

    stored = np.rint(rng.uniform(0.0, 1.0, COUNT) * homes.capacity_mwh).astype(np.int64)
    return Case(
        homes=homes, stored=stored, load=rng.integers(0, 3_000_000, (SLOTS_PER_DAY, COUNT)),
        solar=rng.integers(0, 2_500_000, (SLOTS_PER_DAY, COUNT)),
        orders=Orders(respond_from=slots(), respond_end=slots(), prepare_from=slots(), hold_from=slots(),
                      island_from=slots(), island_end=slots(), spread=spread))


def run(case: Case) -> Flows:
    return run_day(case.homes, case.stored, case.load, case.solar, case.orders)


def day_of_one_home(case: Case, home: int) -> Iterator[tuple[int, int]]:
    """What one battery takes and gives in each quarter hour, told as rules in whole numbers and plain Python."""
    homes, orders = case.homes, case.orders
    reserve, power = int(homes.reserve_mwh[home]), int(homes.slot_mwh_max[home])
    stored = int(case.stored[home])
    for slot in range(SLOTS_PER_DAY):
        load, sun = int(case.load[slot, home]), int(case.solar[slot, home])
        room = min(power, (int(homes.capacity_mwh[home]) - stored) * 10 // 9)
        spare = max(stored - reserve, 0)
        evening = 64 <= slot < 84
        patient = bool(homes.evening_only[home] or homes.grid_charged[home])
        take = min(max(sun - load, 0) * 97 // 100, room)
        give = 0 if patient and not evening else min(max(load - sun, 0) * 97 // 100, spare, power)
        if homes.grid_charged[home] and slot < 24:
            take = min(power, room)
        if orders.respond_from[home] <= slot < orders.respond_end[home]:
            share = spare // (int(orders.respond_end[home]) - slot) if orders.spread else spare
            export_room = max(load - sun + int(homes.export_slot_mwh_max[home]), 0)
            take, give = 0, min(share, power, export_room)
        elif orders.prepare_from[home] <= slot < orders.respond_from[home]:
            take, give = max(take, min(sun, room)), 0
        elif orders.hold_from[home] <= slot:
            give = 0
        if orders.island_from[home] <= slot < orders.island_end[home]:
            take, give = min(max(sun - load, 0), room), min(max(load - sun, 0), power, stored)
        yield take, give
        stored = stored + take * 9 // 10 - give


@given(seed=st.integers(0, 10_000), spread=st.booleans())
@settings(max_examples=25)
def test_each_home_does_what_the_rules_say(seed: int, spread: bool) -> None:
    case = draw_case(seed, spread=spread)
    flows = run(case)
    for home in range(COUNT):
        expected = list(day_of_one_home(case, home))
        assert list(zip(flows.charge[:, home].tolist(), flows.discharge[:, home].tolist(), strict=True)) == expected


@given(seed=st.integers(0, 10_000), spread=st.booleans())
@settings(max_examples=25)
def test_energy_closes_in_battery_and_home(seed: int, spread: bool) -> None:
    case = draw_case(seed, spread=spread)
    flows = run(case)
    stored = case.stored + np.cumsum(flows.charge * 9 // 10 - flows.discharge, axis=0)
    assert (stored[-1] == flows.stored_after).all()
    assert (stored >= 0).all()
    assert (stored <= case.homes.capacity_mwh).all()
    for flow in (flows.charge, flows.discharge, flows.unserved, flows.curtailed):
        assert (flow >= 0).all()
    assert not ((flows.charge > 0) & (flows.discharge > 0)).any()
    used = case.load - flows.unserved + flows.charge
    made = case.solar - flows.curtailed + flows.discharge
    assert (flows.net == used - made).all()
    slot = np.arange(SLOTS_PER_DAY)[:, None]
    cut = (case.orders.island_from <= slot) & (slot < case.orders.island_end)
    assert (flows.net[cut] == 0).all()
    assert (flows.unserved[~cut] == 0).all()
    assert (flows.curtailed[~cut] == 0).all()


def test_the_reserve_stays_unless_the_grid_is_gone() -> None:
    case = draw_case(7, spread=False)
    case = Case(homes=case.homes, stored=case.homes.capacity_mwh, load=case.load, solar=case.solar * 0,
                orders=quiet(COUNT))
    flows = run(case)
    stored = case.stored + np.cumsum(flows.charge * 9 // 10 - flows.discharge, axis=0)
    assert (stored >= case.homes.reserve_mwh).all()
    assert (stored[-1] == case.homes.reserve_mwh).any()


@pytest.mark.parametrize(("spread", "expected_kw"), [(False, [5.0, 5.0, 0.8, 0.0]), (True, [2.7, 2.7, 2.7, 2.7])])
def test_a_full_battery_gives_all_above_its_reserve(spread: bool, expected_kw: list[float]) -> None:
    """13.5 kWh with 20% kept: 10.8 kWh, in four hours at full power or evenly."""
    one = draw_homes(1, ELRP_BATTERIES, np.random.default_rng(1))
    changes = {"capacity_mwh": 13_500_000, "slot_mwh_max": 1_250_000, "reserve_mwh": 2_700_000,
               "export_slot_mwh_max": 5_000_000}
    homes = Homes(**{name: np.array([changes[name]]) if name in changes else getattr(one, name)
                     for name in Homes.__dataclass_fields__})
    nothing = np.zeros((SLOTS_PER_DAY, 1), dtype=np.int64)
    calm = quiet(1)
    orders = Orders(respond_from=np.array([68]), respond_end=np.array([84]), prepare_from=np.array([0]),
                    hold_from=calm.hold_from, island_from=calm.island_from, island_end=calm.island_end, spread=spread)
    flows = run_day(homes, np.array([13_500_000]), nothing, nothing, orders)
    by_hour_kw = flows.discharge[68:84].reshape(4, 4).sum(axis=1) / 1e6
    assert by_hour_kw.tolist() == expected_kw
    assert flows.stored_after.tolist() == [2_700_000]
