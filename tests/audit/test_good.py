"""A run that does what the page says has no finding, whatever befalls its devices."""

from fractions import Fraction
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.audit.recorded import findings, plain_run, resting_run
from tests.audit.simulator import Fate, Plan, simulate

SPANS = st.tuples(st.integers(-60, 280), st.integers(1, 90)).map(lambda span: (span[0], span[0] + span[1]))
FATES = st.builds(
    Fate, technology=st.sampled_from(("battery", "battery", "ev", "thermostat")), stored_pct=st.integers(0, 100),
    reserve_pct=st.sampled_from((0, 30, 55)), export_max_kw=st.sampled_from((None, 0, 3)),
    home_net_kw=st.integers(-4, 4), voltage_milli_pu=st.sampled_from((1000, 1060, 1075, 1100)),
    own_kw=st.sampled_from((Fraction(0), Fraction(7, 10))), departs=st.integers(60, 400),
    departure_pct=st.integers(0, 100), share=st.sampled_from((Fraction(1), Fraction(1, 3))),
    outages=st.lists(SPANS, max_size=2).map(tuple), silences=st.lists(SPANS, max_size=2).map(tuple),
    away=st.lists(SPANS, max_size=1).map(tuple), suspensions=st.lists(SPANS, max_size=1).map(tuple),
    storms=st.lists(st.tuples(st.sampled_from(("pre_arm", "lock", "feed_lost")), SPANS), max_size=1).map(tuple),
    opts_out=st.lists(st.tuples(st.integers(0, 1), st.integers(-30, 200)), max_size=1).map(tuple),
    deaf=st.frozensets(st.integers(-12, 60), max_size=12), signed=st.sampled_from((True, True, True, False)),
    verified=st.sampled_from((True, True, True, False)), medical=st.sampled_from((False, False, False, True)),
    storm_opt_out=st.booleans())
PLANS = st.builds(Plan, fates=st.lists(FATES, min_size=4, max_size=8).map(tuple),
                  events=st.sampled_from((((0, 60),), ((0, 120),), ((0, 45), (150, 240)))), stop=st.none() | SPANS)


def test_a_plain_run_has_no_finding(tmp_path: Path) -> None:
    assert findings(plain_run(), tmp_path) == ()


def test_a_run_without_instructions_has_no_finding(tmp_path: Path) -> None:
    assert findings(resting_run(), tmp_path) == ()


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=PLANS)
def test_a_good_run_has_no_finding_whatever_befalls_its_devices(plan: Plan, tmp_path: Path) -> None:
    assert findings(simulate(plan), tmp_path) == ()


def test_the_simulator_asks_and_lets_go() -> None:
    run = simulate(Plan(fates=(Fate(),), events=((0, 60),)))
    assert [row["origin"] for row in run.tables["instructions"]] == ["event"] * 4 + ["restore"]
    assert run.tables["instructions"][0]["delivered_kw"] == "5.000000"
