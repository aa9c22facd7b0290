"""What the rules call an error is refused by the engine and by the reference, and what lies beside it is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.reference.numbers import Refused
from tests.reference.settlement import settle
from tests.settle.both import run_engine, table
from tests.settle.folder import Folder

TARIFFS = Path(__file__).parent / "tariffs"
SEASON = "rate_usd_per_kw_season"
FLOORED = """tariff: test/floored
title: Rates with floors
authority: none
timezone: America/New_York
currency: USD
effective: 2019-01-01
filed: 2018-12-01
cite: "test"
seasons: {summer: {from: "06-10", to: "09-30"}}
market_values:
  demand_reduction_value:
    usd_per_kw_year: [{value: "199.40"}, {value: "300.00", effective: 2025-01-01, filed: 2024-06-01}]
riders:
  battery:
    technologies: [battery]
    services:
      peak:
        calls:
          season: summer
          default_kind: peak
          kinds: {peak: {counts: true}}
          triggers: [{kind: operator, event_kind: peak}]
        measurement: {point: inverter, quantity: battery_ac, method: direct}
        payments:
          - family: capacity_average
            not_below_sum_of: [demand_reduction_value, locational_system_relief_value]
            RATE
        outcomes: {missed: measured, opted_out: counts_as_zero, suspended: counts_as_zero}
"""


def home(folder: Folder, **more: object) -> None:
    """A signed home."""
    folder.add("enrollments", **{"enrollment_id": "home", "rider": "battery", "customer_id": "home",
                                 "participant_id": "home", "point_id": "meter", "technology": "battery",
                                 "nameplate_kw": "5", "duration_h": "2", "agreement_signed_on": date(2024, 5, 1),
                                 "starts_on": date(2024, 5, 1), "customer_class": "other", **more})


def refused_by_both(tariff: Path, folder: Folder, tmp_path: Path) -> bool:
    """True where both refuse, False where neither does."""
    inputs, out = folder.write(tmp_path / "in"), tmp_path / "out"
    code = run_engine(tariff, inputs, "2025-07", out)
    errors = [row["reason"] for row in table(out, "problems") if row["severity"] == "error"]
    assert code == (1 if errors else 0), errors
    try:
        settle(tariff, inputs, "2025-07")
    except Refused:
        assert errors, "only the reference refuses"
        return True
    assert not errors, "only the engine refuses"
    return False


@pytest.mark.parametrize(("said", "refused"), [("true", False), ("false", False), ("", False), ("yes", True),
                                              ("True", True)])
def test_an_attribute_is_true_or_false(said: str, refused: bool, tmp_path: Path) -> None:
    """Attributes of an enrollment are a closed pair of words (R86)."""
    folder = Folder()
    home(folder, low_income=said)
    assert refused_by_both(TARIFFS / "paid.yaml", folder, tmp_path) == refused


@pytest.mark.parametrize(("rows", "refused"), [
    ([("home", "nominated", "2025-07")], False), ([("nobody", "nominated", "2025-07")], True),
    ([("home", "nominated", "2025-07"), ("home", "short", "2025-07")], False),
    ([("home", "nominated", "2025-07"), ("home", "nominated", "2025-08")], False),
    ([("home", "nominated", "2025-07"), ("home", "nominated", "2025-07")], True),
    ([("home", "", "2025-07")], True)])
def test_a_nomination_is_of_somebody_and_once_a_month(rows: list[tuple[str, str, str]], refused: bool,
                                                      tmp_path: Path) -> None:
    """Two services take nominations here, so one of them must be named."""
    folder = Folder()
    home(folder, rider="ev", technology="ev")
    for number, (participant, service, month) in enumerate(rows):
        folder.add("nominations", participant_id=participant, service=service, month=month, kw=f"{number + 1}")
    assert refused_by_both(TARIFFS / "paid.yaml", folder, tmp_path) == refused


@pytest.mark.parametrize(("rate", "zone", "refused"), [
    ('rate_usd_per_kw_season: "199.40"', "", False), ('rate_usd_per_kw_season: "199.39"', "", True),
    ('rate_usd_per_kw_month: "49.85"', "", False), ('rate_usd_per_kw_month: "49.84"', "", True),
    ('rate_usd_per_kw_season: "340.16"', "city", False), ('rate_usd_per_kw_season: "340.15"', "city", True),
    (f'{SEASON}: [{{value: "210"}}, {{value: "299.99", effective: 2025-06-01, filed: 2025-01-01}}]', "", True),
    (f'{SEASON}: [{{value: "210"}}, {{value: "299.99", effective: 2025-06-01, filed: 2024-12-31}}]', "", False),
    (f'{SEASON}: [{{value: "210"}}, {{value: "1", effective: 2026-06-01, filed: 2025-08-02}}]', "", False)])
def test_a_rate_is_held_against_the_values_of_the_day_it_was_filed(rate: str, zone: str, refused: bool,
                                                                  tmp_path: Path) -> None:
    """No rate below its floor at approval; a season of four months has a monthly rate four times (R89)."""
    tariff = tmp_path / "tariff.yaml"
    tariff.write_text(FLOORED.replace("RATE", rate).replace("effective: 2019-01-01\nfiled: 2018-12-01",
                                                             "effective: 2019-01-01\nfiled: 2019-01-01"),
                      encoding="utf-8")
    folder = Folder()
    home(folder)
    if zone:
        folder.add("market_values", name="locational_system_relief_value", zone=zone, effective=date(2018, 1, 1),
                   filed=date(2018, 1, 1), value="140.76", unit="USD/kW-year")
    assert refused_by_both(tariff, folder, tmp_path) == refused
