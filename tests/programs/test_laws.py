"""The laws of New York and Virginia against tariffs that go one step too far: refused, and the step before is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridrider.cli import main
from tests.house.source import ROOT

NEW_YORK, VIRGINIA = "new-york/great-act", "virginia/coop-vpp"
UTILITY_OWNED = ("      - {refuse: utility_owned, because: {value: devices of the utility are not eligible, "
                 'cite: "§ 241.3(c)", confirmed: true}}\n')
METERING = "- {with: [net_metering, value_stack], rule: {value: allowed"

LAWFUL = [
    (NEW_YORK, '"230.00"', '"229.40"', 0), (NEW_YORK, '"230.00"', '"229.40"', 1), (NEW_YORK, '"230.00"', '"229.40"', 2),
    (NEW_YORK, '"141.00"', '"140.76"', 0), (NEW_YORK, "schedule: season", "schedule: month", 0),
    (NEW_YORK, "by: {value: [check, eft]", "by: {value: [eft]", 0),
    (NEW_YORK, 'rate_lock_years: {value: "5"', 'rate_lock_years: {value: "6"', 0),
    (VIRGINIA, 'at_most: {value: "5000"', 'at_most: {value: "4999"', 0),
    (VIRGINIA, "effective: 2027-06-01\nfiled: 2027-03-01", "effective: 2027-01-01\nfiled: 2027-01-01", 0),
]
UNLAWFUL = [
    (NEW_YORK, '"230.00"', '"229.39"', 0, "§ 241.2(e)(i)"), (NEW_YORK, '"230.00"', '"229.39"', 1, "§ 241.2(e)(i)"),
    (NEW_YORK, '"230.00"', '"229.39"', 2, "§ 241.2(e)(i)"), (NEW_YORK, '"141.00"', '"140.75"', 0, "§ 241.2(e)(ii)"),
    (NEW_YORK, "by: {value: [check, eft]", "by: {value: [bill_credit]", 0, "law does not allow"),
    (NEW_YORK, 'rate_lock_years: {value: "5"', 'rate_lock_years: {value: "4"', 0, "§ 241.2(e)(vi)"),
    (NEW_YORK, UTILITY_OWNED, "", 0, "§ 241.3(c)"),
    (NEW_YORK, "owed_to: funder", "owed_to: utility", 0, "§ 241.2(h)"),
    (NEW_YORK, METERING, METERING.replace("allowed", "incremental_only"), 0, "§ 241.2(i)(i)"),
    (NEW_YORK, "point: inverter", "point: premise", 0, "§ 241.2(f)(i)"),
    (NEW_YORK, "provides: system_peak_load_reduction", "provides: clean_peak", 0, "§ 241.1(a)"),
    (NEW_YORK, "any_of: {value: [residential, small_commercial]", "any_of: {value: [residential, other]", 0,
     "§ 240(12)"),
    (NEW_YORK, "          duration_h: {min: \"1\", max: \"4\"}\n", "", 0, "§ 241.1(b)"),
    (VIRGINIA, 'at_most: {value: "5000"', 'at_most: {value: "5001"', 0, "§ 56-585.1:17 A"),
    (VIRGINIA, "effective: 2027-06-01\nfiled: 2027-03-01", "effective: 2026-12-31\nfiled: 2026-12-31", 0,
     "§ 56-585.1:17 B"),
    (VIRGINIA, "- {require: non_emitting", "- {require: emitting", 0, "§ 56-585.1:17 A, Eligible technology"),
]


def changed(name: str, old: str, new: str, which: int, folder: Path) -> Path:
    """A shipped tariff with one of the places where `old` stands changed."""
    text = (ROOT / "tariffs" / name / "tariff.yaml").read_text(encoding="utf-8")
    parts = text.split(old)
    assert len(parts) > which + 1, old
    file = folder / "tariff.yaml"
    file.write_text(old.join(parts[: which + 1]) + new + old.join(parts[which + 1:]), encoding="utf-8")
    return file


@pytest.mark.parametrize(("name", "old", "new", "which"), LAWFUL)
def test_what_the_law_still_allows_passes(name: str, old: str, new: str, which: int, tmp_path: Path) -> None:
    """At the boundary, on the lawful side (R34, R52, R89, R90)."""
    assert main(["tariff", "check", str(changed(name, old, new, which, tmp_path))]) == 0


@pytest.mark.parametrize(("name", "old", "new", "which", "said"), UNLAWFUL)
def test_what_the_law_forbids_is_refused(name: str, old: str, new: str, which: int, said: str, tmp_path: Path,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    """A rate a cent below its floor, another payment form or meter (R7, R17, R19, R21, R34, R35, R68, R79, R89)."""
    assert main(["tariff", "check", str(changed(name, old, new, which, tmp_path))]) == 1
    errors = [line for line in capsys.readouterr().out.splitlines() if ": error:" in line]
    assert errors and all(said in line for line in errors), errors


def test_virginias_battery_incentive_asks_for_a_solicitation(tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    """A warning, since the act states no order in which the two come (R29, R97, R122)."""
    file = changed(VIRGINIA, "    competitive_solicitation:\n", "    another_act:\n", 0, tmp_path)
    assert main(["tariff", "check", str(file)]) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if ": warning:" in line]
    assert any("competitive solicitation" in line for line in warnings), warnings
