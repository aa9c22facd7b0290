"""Explanations of payments that do not hang on a single event: each leads to the line's cents by its own figures."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.explain.told import by_kind, explain, settled
from tests.settle.folder import Folder
from tests.settle.promised import LOS_ANGELES, delivered, home
from tests.settle.scenario import draw
from tests.settle.shapes import OWN, SHAPES


@pytest.mark.parametrize("name", ["nominated", "committed", "upfront", "at-price"])
def test_the_largest_line_of_each_sort_is_recomputed_to_the_cent(name: str, tmp_path: Path) -> None:
    shape = SHAPES[name]
    world = draw(shape, 8, homes=10)
    inputs = world.folder.write(tmp_path / "inputs")
    lines = settled(shape.tariff, inputs, world.period, tmp_path / "out", world.as_of)
    ordered = sorted(lines, key=lambda line: (abs(Decimal(line["amount_usd"])), line["line_id"]))
    largest = {(line["service"], line["component"], line["rate"] == ""): line for line in ordered}
    assert len(largest) >= 2 or name == "at-price"
    for line in largest.values():
        told = explain(line["line_id"], tmp_path)
        assert told.equal, told.text()
        assert told.document()["recomputed_usd"] == line["amount_usd"]


def test_a_nominated_line_shows_its_schedule_and_the_step_that_holds(tmp_path: Path) -> None:
    folder = home(home(Folder(), participant_id="agg"), "other", participant_id="agg", aggregation_id="elsewhere")
    folder = delivered(folder, "2025-07-10", "50", zone=LOS_ANGELES, service="capacity")
    folder = delivered(folder, "2025-07-10", "20", zone=LOS_ANGELES, name="other", event=False)
    folder.add("nominations", participant_id="agg", service="capacity", month="2025-07", kw="100")
    (line,) = settled(OWN / "nominated.yaml", folder.write(tmp_path / "inputs"), "2025-07", tmp_path / "out")
    told = explain(line["line_id"], tmp_path)
    steps = by_kind(told)
    # 70 of 100 kW: half of what was delivered, at 10.00.
    assert (told.equal, str(told.recomputed_usd)) == (True, "350.00")
    assert steps["schedule"][0]["ratio"] == "0.70"
    assert [row["from_ratio"] for row in steps["schedule"][0]["rows"] if row["holds"]] == ["0.600000"]
    assert [(row["enrollment_id"], row["payable_kwh"]) for row in steps["average"][0]["rows"]] == [
        ("home", "50.000000"), ("other", "20.000000")]
    assert len(steps["performance"]) == 2


def test_a_performance_factor_is_shown_before_its_bounds(tmp_path: Path) -> None:
    folder = home(Folder(), services="reserve", enrolled_on="2024-06-01")
    folder = delivered(folder, "2025-05-20", "4.625", service="reserve")
    lines = settled(OWN / "committed.yaml", folder.write(tmp_path / "inputs"), "2025-05", tmp_path / "out")
    told = explain(next(line["line_id"] for line in lines if line["component"] == "capacity"), tmp_path)
    steps = by_kind(told)
    assert (told.equal, str(told.recomputed_usd)) == (True, "83.70")
    assert steps["factor"][0]["factor"] == "0.93"
    assert "5.00 kW x 18.00 USD/kW-month x 0.93 = 83.70 USD" in steps["line"][0]["words"]


def test_a_factor_that_makes_no_exact_rate_is_explained_all_the_same(tmp_path: Path) -> None:
    """1/7 of 18.00 has no end: the line's rate is blank, its amount exact."""
    folder = home(Folder(), services="reserve", enrolled_on="2024-06-01")
    folder = delivered(folder, "2025-05-20", "0.1", service="reserve")
    lines = settled(OWN / "committed.yaml", folder.write(tmp_path / "inputs"), "2025-05", tmp_path / "out")
    line = next(line for line in lines if line["component"] == "capacity")
    assert (line["rate"], line["rate_unit"], line["amount_usd"]) == ("", "", "12.86")
    assert explain(line["line_id"], tmp_path).equal


def test_a_claw_back_leads_to_what_was_paid_in_an_earlier_run(tmp_path: Path) -> None:
    folder = home(Folder(), starts_on="2025-03-10", agreement_signed_on="2025-03-01", nameplate_kw="12", duration_h="4",
                  constrained_area="true", ends_on="2027-03-09")
    inputs = folder.write(tmp_path / "inputs")
    paid = settled(OWN / "upfront.yaml", inputs, "2025-03", tmp_path / "paid")
    (line,) = settled(OWN / "upfront.yaml", inputs, "2027-03", tmp_path / "out")
    told = explain(line["line_id"], tmp_path)
    steps = by_kind(told)
    assert (told.equal, str(told.recomputed_usd)) == (True, "-8400.00")
    assert (steps["line"][0]["months_served"], steps["line"][0]["months_left"]) == (24, 96)
    assert {row["line_id"] for row in steps["members"][0]["rows"]} == {row["line_id"] for row in paid}


def test_an_export_credit_is_shown_part_by_part(tmp_path: Path) -> None:
    folder = home(Folder(), services="credit")
    (line,) = settled(OWN / "committed.yaml", folder.write(tmp_path / "inputs"), "2025-06", tmp_path / "out")
    steps = by_kind(explain(line["line_id"], tmp_path))
    assert [(row["part"], row["value"]) for row in steps["rate"][0]["rows"]] == [
        ("retail_usd_per_kwh", "0.40"), ("export_usd_per_kwh", "0.15"), ("share", "0.70"), ("hours_per_day", "2.00"),
        ("days_per_month", "30.00")]
