"""Offers within the limits of tariff and fleet, on both sides of each limit."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.cli import main
from gridrider.market.offers import offer_terms
from gridrider.tariff.load import load
from tests.house.source import ROOT

TARIFF = ROOT / "tariffs" / "dod" / "v2g-ngr" / "tariff.yaml"
START = "2026-06-01T10:00:00-07:00"
Cells = dict[str, str]


def limited(tmp_path: Path, offers: list[Cells], fleet: list[Cells], tariff: Path = TARIFF) -> list[Cells]:
    """What the command makes of some offers; each row filled in with what it does not say."""
    inputs, out = tmp_path / "inputs", tmp_path / "out"
    inputs.mkdir(exist_ok=True)
    usual_offer = {"resource_id": "R1", "start": START, "seconds": "3600", "product": "reg_up", "market": "DA",
                   "mw": "0.65", "price_usd": "10"}
    usual_fleet = {"resource_id": "R1", "start": START, "seconds": "3600", "discharge_kw": "655", "charge_kw": "655",
                   "energy_kwh": "2000", "room_kwh": "2000", "energy_management": "false", "interconnection": "wdat"}
    for name, usual, rows in (("offers", usual_offer, offers), ("fleet", usual_fleet, fleet)):
        with (inputs / f"{name}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, usual)
            writer.writeheader()
            writer.writerows({**usual, **row} for row in rows)
    assert main(["market", "offers", str(tariff), "--inputs", str(inputs), "--out", str(out)]) == 0
    with (out / "offers.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize(("offer", "fleet", "offered", "by"), [
    ({"mw": "0.60"}, {"energy_kwh": "600"}, "0.600000000", ""),
    ({"mw": "0.61"}, {"energy_kwh": "600"}, "0.600000000", "energy"),
    ({"mw": "0.65", "market": "FMM"}, {"energy_kwh": "300"}, "0.600000000", "energy"),
    ({"mw": "0.65"}, {"energy_kwh": "150", "energy_management": "true"}, "0.600000000", "energy"),
    ({"mw": "0.65"}, {"energy_kwh": "150"}, "0.150000000", "energy"),
    ({"mw": "0.65", "product": "reg_down"}, {"energy_kwh": "0", "room_kwh": "600"}, "0.600000000", "energy"),
    ({"mw": "0.65", "product": "reg_down"}, {"charge_kw": "300"}, "0.300000000", "power"),
    ({"mw": "0.65"}, {"discharge_kw": "300"}, "0.300000000", "power"),
    ({"mw": "0.70"}, {"discharge_kw": "700"}, "0.650000000", "most"),
    ({"mw": "0.605"}, {}, "0.600000000", "step"),
    ({"mw": "0.10"}, {}, "0.100000000", ""),
    ({"mw": "0.09"}, {}, "0.000000000", "least"),
    ({"mw": "0.60", "product": "capacity"}, {"energy_kwh": "2000"}, "0.500000000", "energy"),
    ({}, {"interconnection": "retail"}, "0.000000000", "interconnection"),
    ({}, {"interconnection": ""}, "0.000000000", "interconnection"),
    ({}, {"seconds": "3599"}, "0.000000000", "fleet"),
    ({"resource_id": "R2"}, {}, "0.000000000", "fleet"),
])
def test_an_offer_is_cut_to_the_least_of_its_limits(offer: Cells, fleet: Cells, offered: str, by: str,
                                                    tmp_path: Path) -> None:
    """60 min day-ahead, 30 min real-time, four times the energy of 15 min, 655 kW, WDAT (R75, R124)."""
    (row,) = limited(tmp_path, [offer], [fleet])
    assert (row["offered_mw"], row["limited_by"]) == (offered, by)


def test_a_limit_names_its_clause(tmp_path: Path) -> None:
    """The clause of the 60 minutes is the market's tariff section (R75)."""
    (row,) = limited(tmp_path, [{}], [{"energy_kwh": "600"}])
    assert row["clause"] == "CAISO tariff section 8.4.1.1(g)"
    assert row["because"] == "the energy must last 60 minutes"


def test_offers_of_one_direction_share_the_fleets_power(tmp_path: Path) -> None:
    """Regulation up and capacity never add up to more than the fleet has; the dearer comes first (R76)."""
    rows = limited(tmp_path, [{"product": "capacity", "mw": "0.4", "price_usd": "20"}, {"mw": "0.4"},
                              {"product": "reg_down", "mw": "0.4"}], [{}])
    assert {row["product"]: row["offered_mw"] for row in rows} == {
        "capacity": "0.400000000", "reg_up": "0.250000000", "reg_down": "0.400000000"}


def test_a_product_that_the_tariff_does_not_let_be_offered_is_refused(tmp_path: Path) -> None:
    """Without capacity among the products a capacity offer is zero, by that clause (R76)."""
    text = TARIFF.read_text(encoding="utf-8").replace("[reg_up, reg_down, capacity]", "[reg_up, reg_down]")
    tariff = tmp_path / "tariff.yaml"
    tariff.write_text(text, encoding="utf-8")
    (row,) = limited(tmp_path, [{"product": "capacity"}], [{}], tariff)
    assert (row["offered_mw"], row["limited_by"], bool(row["clause"])) == ("0.000000000", "product", True)


@settings(max_examples=20)
@given(wanted=st.integers(0, 2000), power=st.integers(0, 2000), energy=st.integers(0, 2000))
def test_no_offer_is_beyond_a_limit(wanted: int, power: int, energy: int,
                                    tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the fleet, the offer is a whole step, at most each limit, and as large as they let it be (R75)."""
    (row,) = limited(tmp_path_factory.mktemp("offer"), [{"mw": f"{wanted / 1000:.3f}"}],
                     [{"discharge_kw": str(power), "energy_kwh": str(energy)}])
    kw = min(wanted, power, energy, 655) // 10 * 10
    assert row["offered_mw"] == f"{(kw if kw >= 100 else 0) / 1000:.9f}"


def test_before_the_tariff_there_are_no_terms() -> None:
    """On the day before the pilot went live nothing may be offered; on the day it may (R75)."""
    tariff, _ = load(TARIFF)
    assert tariff is not None
    terms, problems = offer_terms(tariff, date(2015, 12, 23))
    assert terms is None
    assert "names no product" in problems[0].reason
    terms, problems = offer_terms(tariff, date(2015, 12, 24))
    assert terms is not None
    assert terms.most_milliwatt == 655_000_000


def test_nonsense_is_refused(tmp_path: Path) -> None:
    """Power below zero stops the run and writes nothing (R75)."""
    with pytest.raises(AssertionError):
        limited(tmp_path, [{"mw": "-0.1"}], [{}])
    assert not (tmp_path / "out").exists()
