"""What holds of the bounds of any home whatever: nonsense asks nothing, tightening never loosens, floors are kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch.columns import Floats, milliwatts_toward_zero, mwh_up
from gridrider.dispatch.model import Protection
from gridrider.dispatch.protections.bounds import CODE
from gridrider.dispatch.protections.last_word import last_word
from tests.dispatch.worlds import BLANK, SPAN, START, World, homes, random_homes

ANYTHING = st.floats(allow_nan=True, allow_infinity=True)
NUMBERS = ("stored_kwh", "delivered_kw", "home_net_kw", "voltage_pu", "departs_at_s", "departure_kwh", "age_s",
           "previous_age_s", "previous_stored_kwh", "usable_kwh", "charge_max_kw", "charge_efficiency",
           "discharge_efficiency", "reserve_customer_pct", "reserve_device_pct", "export_max_kw", "called_kwh_year",
           "events_month", "events_year")
NEEDED = ("stored_kwh", "age_s", "usable_kwh", "discharge_efficiency", "discharge_max_kw")
FLAGS: dict[str, Any] = {
    "in_force": False, "signed": False, "verified": False, "medical": True, "suspended": True, "opted_out": True,
    "connection": 1, "storm_status": 2, "storm_feed_lost": True}
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=15)
"""An example is a whole fleet, so a few of them are many homes."""
COUNT = 60


def plausible(seed: int) -> World:
    """Homes that may well be asked for something: their reports are fresh and true, in whole milliwatt-hours."""
    rng = np.random.default_rng(seed)

    def whole(low: Any, high: Any) -> Floats:
        return np.floor(rng.uniform(low, high, COUNT) * 1e6) / 1e6

    usable_kwh = whole(1, 100)
    at = SPAN.reverts_at.timestamp()
    return homes(COUNT).but(
        technology=rng.choice((0, 0, 1, 1, 3), COUNT), usable_kwh=usable_kwh, stored_kwh=whole(0, usable_kwh),
        plugged=1, discharge_max_kw=whole(0.5, 20), charge_max_kw=whole(0.5, 20),
        charge_efficiency=rng.choice((0.85, 0.9, 0.975, 1.0), COUNT),
        discharge_efficiency=rng.choice((0.85, 0.9, 0.975, 1.0), COUNT),
        reserve_customer_pct=rng.integers(0, 101, COUNT), reserve_device_pct=rng.integers(0, 31, COUNT),
        voltage_pu=rng.choice((0.95, 1.0, 1.07, 1.09), COUNT), home_net_kw=whole(-10, 10),
        export_max_kw=np.where(rng.random(COUNT) < 0.5, BLANK, whole(0, 20)),
        called_kwh_year=np.floor(usable_kwh * rng.uniform(0, 50, COUNT)), events_month=rng.integers(0, 8, COUNT),
        departs_at_s=at + rng.integers(0, 6 * 3600, COUNT), departure_kwh=whole(0, usable_kwh),
        span=replace(SPAN, reverts_at=START + timedelta(minutes=int(rng.integers(1, 21)))))


@given(st.dictionaries(st.sampled_from(NUMBERS), ANYTHING), st.sampled_from(("battery", "ev", "thermostat")))
def test_nonsense_never_asks_for_more_than_the_device_has(nonsense: dict[str, float], technology: str) -> None:
    """Whatever is reported, the bound is a number from zero to the power limit (R135)."""
    assert 0 <= homes(1, technology).but(**nonsense).most_kw <= 5


@FEW
@given(SEEDS)
def test_a_number_that_is_needed_and_not_told_asks_nothing(seed: int) -> None:
    """NaN in telemetry or in the device's size is never a permission (R135)."""
    world = plausible(seed)
    concerned = dict.fromkeys(NEEDED, world.devices.stores)
    concerned["age_s"] = concerned["discharge_max_kw"] = np.ones(COUNT, np.bool_)
    for name in NEEDED:
        assert (world.but(**{name: BLANK}).bounds.delivered_kw_high[concerned[name]] == 0).all(), name


@FEW
@given(SEEDS)
def test_who_is_protected_is_asked_exactly_nothing(seed: int) -> None:
    """Storm, island, opt-out, suspension, no signature: zero, never a little (R61, R62, R64, R65, R136, R139)."""
    world = plausible(seed)
    assert (world.bounds.delivered_kw_high > 0).any()
    for name, held in FLAGS.items():
        bounds = world.but(**{name: held}).bounds
        assert (bounds.delivered_kw_high == 0).all(), name
        assert (bounds.protection <= CODE[Protection.STORM_FEED_LOST]).all(), name


TIGHTER: dict[str, Callable[[Any, float], Any]] = {
    "stored_kwh": lambda now, share: now * share, "reserve_customer_pct": lambda now, share: now + 100 * share,
    "reserve_device_pct": lambda now, share: now + 100 * share, "voltage_pu": lambda now, share: now + 0.2 * share,
    "export_max_kw": lambda now, share: now * share, "home_net_kw": lambda now, share: now - 10 * share,
    "age_s": lambda now, share: now + 2000 * share, "events_month": lambda now, share: now + round(10 * share),
    "events_year": lambda now, share: now + round(100 * share), "discharge_max_kw": lambda now, share: now * share,
    "called_kwh_year": lambda now, share: now + 500 * share, "departure_kwh": lambda now, share: now + 50 * share,
    "departs_at_s": lambda now, share: now - 20000 * share, "charge_max_kw": lambda now, share: now * share,
    "charge_efficiency": lambda now, share: now * max(share, 0.1),
    "discharge_efficiency": lambda now, share: now * max(share, 0.1), "plugged": lambda now, share: 0 * now,
    "storm_status": lambda now, share: now + round(2 * share)}
TIGHTER_RULES: dict[str, Callable[[float], Any]] = {
    "reserve_pct_min": lambda share: 20 + 80 * share, "cycles_per_year_max": lambda share: 50 * share,
    "events_per_month_max": lambda share: 8 * share, "events_per_year_max": lambda share: 60 * share,
    "telemetry_s_max": lambda share: 900 * share, "pre_arm_holds": lambda share: True}


@FEW
@given(SEEDS, st.floats(0, 1))
def test_tightening_never_loosens(seed: int, share: float) -> None:
    """Less stored, a higher reserve, an older report, a stricter rider: no bound rises, and no floor falls."""
    world = plausible(seed)
    columns = {name: getattr(record, name) for name in TIGHTER
               for record in (world.devices, world.telemetry, world.standing) if hasattr(record, name)}
    assert set(columns) == set(TIGHTER)
    tighter = ([{name: change(columns[name], share)} for name, change in TIGHTER.items()]
               + [{name: rule(share)} for name, rule in TIGHTER_RULES.items()])
    before = world.bounds
    for changes in tighter:
        bounds = world.but(**changes).bounds
        assert (bounds.delivered_kw_high <= before.delivered_kw_high).all(), changes
        assert not (bounds.floor_kwh < before.floor_kwh).any(), changes


@FEW
@given(SEEDS, st.floats(0, 30))
def test_the_floor_is_kept_to_the_end_of_the_lease(seed: int, asked_kw: float) -> None:
    """After giving what was asked until it reverts, each device holds its written floor, in exact numbers (R57)."""
    world = plausible(seed)
    bounds, seconds = world.bounds, int((world.span.reverts_at - world.span.start).total_seconds())
    for row in np.flatnonzero(world.devices.stores):
        given_kw = last_word(np.full(COUNT, asked_kw), bounds).given_kw[row]
        given_milliwatt, floor_mwh = int(milliwatts_toward_zero(given_kw)), int(mwh_up(bounds.floor_kwh[row]))
        efficiency = Fraction(repr(float(world.devices.discharge_efficiency[row])))
        left_mwh = round(world.telemetry.stored_kwh[row] * 1e6) - Fraction(given_milliwatt * seconds, 3600) / efficiency
        assert given_milliwatt == 0 or left_mwh >= floor_mwh
        pct = max(20, int(world.devices.reserve_customer_pct[row]), int(world.devices.reserve_device_pct[row]))
        assert floor_mwh * 100 >= round(world.devices.usable_kwh[row] * 1e6) * pct


@FEW
@given(SEEDS, st.floats(0, 30))
def test_a_trip_can_always_be_charged_for(seed: int, asked_kw: float) -> None:
    """A vehicle that is asked for anything can be charged in time after it, from its floor as well."""
    world = plausible(seed)
    devices, telemetry = world.devices, world.telemetry
    given_kw = last_word(np.full(COUNT, asked_kw), world.bounds).given_kw
    left_kwh = telemetry.stored_kwh - given_kw * world.span.hours / devices.discharge_efficiency
    hours = np.maximum(telemetry.departs_at_s - world.span.reverts_at.timestamp(), 0) / 3600
    again_kwh = devices.charge_max_kw * devices.charge_efficiency * hours
    asked = devices.is_ev & (given_kw > 0)
    for held_kwh in (left_kwh, world.bounds.floor_kwh):
        assert (held_kwh + again_kwh >= telemetry.departure_kwh - 1e-9)[asked].all()


@pytest.mark.parametrize("asked", [BLANK, float("inf"), -3.0, 0.0, 0.0000004, 2.3, 4.0000019, 1e6])
def test_what_is_given_lies_between_nothing_and_what_was_asked(asked: float) -> None:
    """The last word is milder or the same, never harsher and never the other way round; said twice it is the same."""
    world = random_homes(500, 11)
    milder = last_word(np.full(500, asked), world.bounds)
    wanted_kw = np.full(500, asked if np.isfinite(asked) else 0.0)
    assert (np.abs(milder.given_kw) <= np.abs(wanted_kw)).all()
    assert (milder.given_kw * wanted_kw >= 0).all()
    assert (milder.given_kw <= world.bounds.delivered_kw_high).all()
    again = last_word(milder.given_kw, world.bounds)
    assert not again.changed.any()
    assert (again.given_kw == milder.given_kw).all()


@FEW
@given(SEEDS)
def test_a_device_is_judged_by_itself(seed: int) -> None:
    """The bounds of some devices are the same without the others, and in another order."""
    world = random_homes(30, seed)
    rows = np.random.default_rng(seed).permutation(30)[:11]
    some = replace(world, devices=world.devices.part(rows), telemetry=world.telemetry.part(rows),
                   standing=world.standing.part(rows))
    for name in ("delivered_kw_high", "protection", "floor_kwh"):
        np.testing.assert_array_equal(getattr(some.bounds, name), getattr(world.bounds.part(rows), name))
