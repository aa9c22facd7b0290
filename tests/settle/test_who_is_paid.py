"""For whom a payment is, since when its rate holds, which rates and lines may not be: at both sides of each rule."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.settlement import Settled
from tests.settle import real_homes
from tests.settle.both import by_engine, by_reference, run_engine, table
from tests.settle.folder import Folder
from tests.settle.promised import amounts, delivered, home, refused, settled, variant
from tests.settle.scenario import draw
from tests.settle.shapes import OWN, SHAPES

SettledBy = Callable[..., Settled]
both = pytest.mark.parametrize("settled_by", [by_reference, by_engine])
COMMITTED = OWN / "committed.yaml"


# ---- attributes and adders ----------------------------------------------------------------------
@both
@pytest.mark.parametrize(("attributes", "usd"), [
    ({}, {"energy": "4.00"}), ({"low_income": "false"}, {"energy": "4.00"}),
    ({"low_income": "true"}, {"energy": "4.00", "adder": "1.00", "bonus": "9.60"}),
    ({"disadvantaged_community": "true"}, {"energy": "4.00", "adder": "0.40", "bonus": "9.60"}),
    ({"second-hand": "true"}, {"energy": "4.00", "adder": "0.40"}),
    ({"second-hand": "true", "low_income": "true"}, {"energy": "4.00", "adder": "1.00", "bonus": "9.60"})])
def test_an_adder_is_for_whom_it_names(settled_by: SettledBy, attributes: dict[str, str], usd: dict[str, str],
                                       tmp_path: Path) -> None:
    """More for low income and disadvantaged communities (R51, R86)."""
    folder = home(Folder(), services="reserve", enrolled_on="2024-06-01", **attributes)
    folder = delivered(folder, "2025-05-20", "4", service="reserve")
    lines = settled_by(COMMITTED, folder.write(tmp_path / "in"), "2025-05", tmp_path / "out").lines
    assert {line["component"]: line["amount_usd"] for line in lines if line["component"] != "capacity"} == usd


def test_an_attribute_that_is_neither_true_nor_false_is_an_error(tmp_path: Path) -> None:
    folder = home(Folder(), **{"second-hand": "perhaps"})
    assert len(refused(COMMITTED, folder.write(tmp_path / "in"), "2025-05", tmp_path / "out")) == 1


def test_a_named_attribute_without_a_column_is_one_warning(tmp_path: Path) -> None:
    folder = home(home(Folder(), low_income="true", **{"second-hand": "true"}), "other", net_metering="")
    out = settled(COMMITTED, folder.write(tmp_path / "in"), "2025-05", tmp_path / "out")
    assert [row["column"] for row in table(out, "problems") if "no such column" in row["reason"]] == [
        "disadvantaged_community"]


def test_the_order_of_payments_and_names_changes_no_id(tmp_path: Path) -> None:
    folder = home(Folder(), services="reserve", low_income="true")
    folder = delivered(folder, "2025-05-20", "4", service="reserve")
    inputs = folder.write(tmp_path / "in")
    turned = variant(tmp_path, "committed", ("[low_income, disadvantaged_community]",
                                             "[disadvantaged_community, low_income]"))
    text = turned.read_text(encoding="utf-8")
    named = "          - family: energy\n            component"
    first, second = text.index("          - family: energy\n"), text.index(named)
    after = text.index(named, second + 1)
    turned.write_text(text[:first] + text[second:after] + text[first:second] + text[after:], encoding="utf-8")
    ids = [amounts(table(settled(tariff, inputs, "2025-05", tmp_path / tariff.stem), "lines"), "component", "line_id")
           for tariff in (COMMITTED, turned)]
    assert ids[0] == ids[1]
    assert len({line_id for _, line_id in ids[0]}) == len(ids[0]) == 4


@both
def test_two_adders_of_one_event_are_two_lines(settled_by: SettledBy, tmp_path: Path) -> None:
    """Each adder that an enrollment has is paid, once, on a line of its own."""
    tariff = variant(tmp_path, "committed", ("            unless_any: [low_income]\n", ""))
    folder = home(Folder(), services="reserve", low_income="true", **{"second-hand": "true"})
    inputs = delivered(folder, "2025-05-20", "4", service="reserve").write(tmp_path / "in")
    lines = settled_by(tariff, inputs, "2025-05", tmp_path / "out").lines
    assert amounts((line for line in lines if line["component"] == "adder"), "amount_usd") == [("0.40",), ("1.00",)]
    if settled_by is by_engine:
        assert len({line["line_id"] for line in lines}) == len(lines) == 5


# ---- vintages -----------------------------------------------------------------------------------
@both
@pytest.mark.parametrize(("taken", "service", "day", "rate"), [
    (None, "reserve", "2025-07-20", "1.10"), ("2025-07-14", "reserve", "2025-07-20", "1.00"),
    ("2025-07-15", "reserve", "2025-07-20", "1.10"), ("2025-07-14", "credit", "2025-07-20", "1.10"),
    ("2023-07-21", "reserve", "2025-07-20", "1.00"), ("2023-07-20", "reserve", "2025-07-20", "1.10")])
def test_the_vintage_is_that_of_the_service_and_holds_for_its_term(
        settled_by: SettledBy, taken: str | None, service: str, day: str, rate: str, tmp_path: Path) -> None:
    """The rate of the day on which a service was taken holds for two years, neither more nor less (R52)."""
    folder = home(Folder(), services="reserve;credit")
    if taken is not None:
        folder.add("service_terms", enrollment_id="home", service=service, taken_on=taken)
    folder = delivered(folder, day, "4", service="reserve")
    lines = settled_by(COMMITTED, folder.write(tmp_path / "in"), "2025-07", tmp_path / "out").lines
    assert [line["rate"] for line in lines if line["component"] == "energy"] == [rate]


def test_service_terms_that_nobody_can_use_are_named(tmp_path: Path) -> None:
    folder = home(Folder())
    folder.add("service_terms", enrollment_id="home", service="nothing", taken_on="2025-01-01")
    assert refused(COMMITTED, folder.write(tmp_path / "in"), "2025-05", tmp_path / "out") == [
        "is not a service of the tariff"]
    folder = home(Folder(), zone="PGE")
    folder.add("service_terms", enrollment_id="home", service="energy", taken_on="2025-01-01")
    out = settled(OWN / "at-price.yaml", folder.write(tmp_path / "other"), "2025-05", tmp_path / "out")
    assert any("vintage is the enrollment's" in row["reason"] for row in table(out, "problems"))


# ---- rates that may not be too low ---------------------------------------------------------------
def floored(folder: Path, rate: str, values: str) -> Path:
    """The tariff with a floor under its reservation rate and with market values."""
    return variant(folder, "committed", ('"18.00", effective: 2019-01-01', f'"{rate}", effective: 2019-01-01'),
                   ('- {value: "25.00", effective: 2025-06-01, filed: 2025-05-01}', ""),
                   ("no_event: pays_full", "no_event: pays_full\n            not_below_sum_of: [capacity_value, "
                    "demand_reduction_value]"), ("seasons:", f"market_values: {{{values}}}\nseasons:"))


CAPACITY = 'capacity_value: {usd_per_kw_year: {value: "40.00", effective: 2018-11-15}}'
DEMAND = 'demand_reduction_value: {usd_per_kw_year: {value: "50.00", effective: 2018-11-15}}'


@pytest.mark.parametrize(("rate", "more", "is_refused"), [
    ("18.00", (), False), ("17.99", (), True),                  # 5 months x 18 = 90 = 40 + 50
    ("18.00", ("capacity_value", "2018-12-01", "2018-12-01", "40.01"), True),
    ("18.00", ("capacity_value", "2018-12-01", "2018-12-02", "99"), False),   # not yet known when the rate was filed
    ("18.00", ("capacity_value", "2018-12-02", "2018-12-01", "99"), False),   # not yet in force then
    ("18.00", ("demand_reduction_value", "2018-11-14", "2018-11-30", "99"), False),  # the tariff's is in force later
    ("18.00", ("locational_system_relief_value", "2018-11-30", "2018-11-30", "99"), False)])
def test_a_rate_below_the_market_values_of_the_day_it_was_filed_is_refused(
        rate: str, more: tuple[str, ...], is_refused: bool, tmp_path: Path) -> None:
    """A rate for peak reduction is at least capacity value plus demand reduction value (R89)."""
    tariff = floored(tmp_path, rate, f"{CAPACITY}, {DEMAND}")
    folder = home(Folder())
    if more:
        name, effective, filed, value = more
        folder.add("market_values", name=name, effective=effective, filed=filed, value=value, unit="USD/kW-year")
    out = tmp_path / "out"
    code = run_engine(tariff, folder.write(tmp_path / "in"), "2025-05", out)
    assert (code == 1) == is_refused
    if is_refused:
        assert any("below" in row["reason"] for row in table(out, "problems") if row["severity"] == "error")


# ---- no penalty where the law forbids it ---------------------------------------------------------
def test_a_line_below_zero_stops_the_run_where_the_law_forbids_penalties(tmp_path: Path) -> None:
    """A participant is never fined (R68)."""
    folder = home(Folder(), services="reserve", enrolled_on="2024-06-01")
    folder = delivered(folder, "2025-05-20", "-4", service="reserve")
    inputs = folder.write(tmp_path / "in")
    settled(COMMITTED, inputs, "2025-05", tmp_path / "floored")
    unfloored = variant(tmp_path, "committed", ("          floor: {at: \"0\", per: event, over: site}\n", ""),
                        ("missed: counts_as_zero", "missed: measured"))
    (reason,) = refused(unfloored, inputs, "2025-05", tmp_path / "out")
    assert "are below zero, for example -4.00 USD of home, and the law forbids penalties" in reason
    allowed = unfloored.with_name("allowed.yaml")
    allowed.write_text(unfloored.read_text().replace("penalties_on_participants: forbidden",
                                                     "penalties_on_participants: allowed"))
    lines = table(settled(allowed, inputs, "2025-05", tmp_path / "allowed"), "lines")
    assert ("energy", "-4.00") in amounts(lines, "component", "amount_usd")


@pytest.mark.parametrize("name", ["committed", "elrp", "dsgs"])
@pytest.mark.parametrize("seed", range(2))
def test_no_line_is_below_zero_under_such_a_law(name: str, seed: int, tmp_path: Path) -> None:
    """Whatever a world holds, only an aggregation's balance is below zero (R68)."""
    world = draw(SHAPES[name], seed, homes=8)
    more = ("--as-of", world.as_of) if world.as_of else ()
    out = settled(SHAPES[name].tariff, world.folder.write(tmp_path / "in"), world.period, tmp_path / "out", *more)
    by_group: Counter[tuple[str, str]] = Counter()
    for line in table(out, "lines"):
        group = line["aggregation_id"], line["period_start"][:7]
        by_group[group] += int(Decimal(line["amount_usd"]) * 100)
    assert min(by_group.values(), default=0) >= 0
    if name == "committed":  # the others have a floor over the aggregation
        assert all(Decimal(line["amount_usd"]) >= 0 for line in table(out, "lines"))


# ---- paid once, paid the same --------------------------------------------------------------------
@pytest.mark.parametrize("name", ["nominated", "committed", "upfront", "at-price"])
def test_every_line_has_an_id_of_its_own_and_nothing_is_paid_by_two_runs(name: str, tmp_path: Path) -> None:
    """The months of a period, settled one by one, pay what the period pays, and no line twice (R96, R134)."""
    shape = SHAPES[name]
    world = draw(shape, 7, homes=8)
    for row in world.folder.rows["events"]:
        row["cancelled_at"] = ""
    inputs = world.folder.write(tmp_path / "in")
    periods = ("2025-06-01/2025-07-01", "2025-07-01/2025-08-01", "2025-08-01/2025-09-01")
    late = ("--as-of", "2026-06-01T00:00:00Z")
    months = [table(settled(shape.tariff, inputs, period, tmp_path / period[:7], *late), "lines") for period in periods]
    whole = table(settled(shape.tariff, inputs, "2025-06-01/2025-09-01", tmp_path / "whole", *late), "lines")
    ids = Counter(line["line_id"] for lines in months for line in lines)
    assert whole
    assert set(ids.values()) == {1}
    assert {line["line_id"]: line["amount_usd"] for lines in months for line in lines} == {
        line["line_id"]: line["amount_usd"] for line in whole}


def test_only_the_signed_are_paid(tmp_path: Path) -> None:
    """Whatever a world holds, nothing is paid to whom has not signed by then (R139)."""
    for name in ("committed", "upfront", "at-price"):
        world = draw(SHAPES[name], 5, homes=10)
        for row in random.Random(5).sample(world.folder.rows["enrollments"], 5):
            row["agreement_signed_on"] = ""
        unsigned = {row["enrollment_id"] for row in world.folder.rows["enrollments"] if not row["agreement_signed_on"]}
        out = settled(SHAPES[name].tariff, world.folder.write(tmp_path / name), world.period, tmp_path / f"{name}-out")
        paid = {line["enrollment_id"] for line in table(out, "lines") if Decimal(line["amount_usd"])}
        assert len(unsigned) >= 5
        assert not paid & unsigned


PRE_CHARGE = '{kind: ratio, hours_before: "3", gap_hours: "1", must_precede: notice, low: "5/7", high: "7/5"}'
EVENT_START = datetime(2016, 9, 27, 0, tzinfo=UTC)  # 16:00 on the standard clock


def charging(extra_kw: str, hours: tuple[int, ...], called_hours_before: int) -> Folder:
    """A home with 2 kW every day and 1 kW in the event, which charges in some hours before it."""
    folder = Folder()
    folder.add("enrollments", enrollment_id="1", rider="home", customer_id="1", participant_id="1", point_id="meter",
               technology="other", nameplate_kw="5", agreement_signed_on="2016-07-01", starts_on="2016-07-01")
    for hour in range(-40 * 24, 2):
        kw = Decimal(1) if hour >= 0 else Decimal(2) + (Decimal(extra_kw) if -hour in hours else 0)
        folder.add("readings", point_id="meter", start=EVENT_START + timedelta(hours=hour), seconds=3600, import_kwh=kw,
                   export_kwh="0")
    folder.add("events", event_id="event", start=EVENT_START, end=EVENT_START + timedelta(hours=2),
               called_at=EVENT_START - timedelta(hours=called_hours_before))
    return folder


@both
@pytest.mark.parametrize(("adjust", "charged", "called", "usd"), [
    (PRE_CHARGE, (), 24, "4.00"), (PRE_CHARGE, (2, 3, 4), 24, "4.00"),   # the window lies after the notice: not used
    (PRE_CHARGE, (), 1, "4.00"), (PRE_CHARGE, (1,), 1, "4.00"),          # after the notice, not in the window
    (PRE_CHARGE.replace("must_precede: notice, ", ""), (2, 3, 4), 24, "7.20")])  # so it would be without the rule
def test_charging_before_an_event_earns_nothing(settled_by: SettledBy, adjust: str, charged: tuple[int, ...],
                                                called: int, usd: str, tmp_path: Path) -> None:
    """The same home with and without pre-charge after the notice earns the same (R145)."""
    tariff = real_homes.variant(tmp_path, adjust=adjust)
    inputs = charging("2", charged, called).write(tmp_path / "in")
    lines = settled_by(tariff, inputs, real_homes.PERIOD, tmp_path / "out").lines
    assert [line["amount_usd"] for line in lines] == [usd]
