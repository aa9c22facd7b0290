"""Conditions that only some applicants of a program meet: a bus's charger, and who supplies the customer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.test_programs import enroll, read

BUS = {"rider": "fleet", "technology": "ev", "customer_class": "other"}


@pytest.mark.parametrize(("shown", "refused"), [
    ("true", []), ("", ["S0, Policy 2.1: ISO 15118-20 for fleets and public chargers"]),
    ("false", ["S0, Policy 2.1: ISO 15118-20 for fleets and public chargers"])])
def test_a_bus_shows_the_standard_of_its_charger(shown: str, refused: list[str], tmp_path: Path) -> None:
    """With ISO 15118-20 it is enrolled, without it refused by that clause alone (R41)."""
    enrolled = enroll("municipal/byod-v2g", tmp_path, {**BUS, "evidence_ISO15118-20": shown})
    assert [row["clause"] for row in read(enrolled, "refusals")] == refused
    assert len(read(enrolled, "enrollments")) == (not refused)


@pytest.mark.parametrize(("utility", "community_choice", "refused"), [
    ("true", "", []), ("false", "true", []), ("", "true", []), ("false", "false", ["S1: eligibility"]),
    ("", "", ["S1: eligibility"])])
def test_a_customer_of_community_choice_is_served_as_well(utility: str, community_choice: str, refused: list[str],
                                                          tmp_path: Path) -> None:
    """ELRP takes PG&E's own customers and those of community choice in its territory, and nobody else (R37)."""
    enrolled = enroll("pge/elrp-a4", tmp_path, {"utility_customer": utility, "cca_customer": community_choice})
    assert [row["clause"] for row in read(enrolled, "refusals")] == refused
