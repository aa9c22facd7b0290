"""Three real California homes against published arithmetic: what the guard of a same-day ratio is for.

The homes and their results: ../shared/refs/facts/settlement.md, 1.4. All three export in the adjustment window, so the
ratio is one of two exports; without the guard the third home would be paid for it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.settlement import Cells, settle
from tests.settle.both import run_engine, table
from tests.settle.folder import Folder
from tests.settle.real_homes import ADDITIVE, GUARDED, HOMES, PERIOD, UNGUARDED, home_folder, variant

CLOSE_KWH = Decimal("0.000003")
Tables = tuple[list[Cells], list[Cells]]
SettledBy = Callable[[Path, Path, Path], Tables]


def by_reference(tariff: Path, inputs: Path, out: Path) -> Tables:
    """Performance and lines of the reference."""
    settled = settle(tariff, inputs, PERIOD)
    return settled.performance, settled.lines


def by_engine(tariff: Path, inputs: Path, out: Path) -> Tables:
    """Performance and lines of the engine."""
    assert run_engine(tariff, inputs, PERIOD, out) == 0
    return table(out, "performance"), table(out, "lines")


@pytest.fixture(scope="module")
def folder(refs: Path) -> Folder:
    return home_folder(refs)


def rows_of(performance: list[Cells], home: str) -> list[Cells]:
    """The five hours of a home's event."""
    rows = [row for row in performance if row["enrollment_id"] == home and row["event_id"] == "09-26"]
    assert len(rows) == 5
    return rows


def delivered_kwh(performance: list[Cells], home: str) -> Decimal:
    """What a home delivered in the event, before any floor."""
    return sum((Decimal(row["delivered_kwh"]) for row in rows_of(performance, home)), Decimal(0))


def paid_usd(lines: list[Cells]) -> dict[str, str]:
    """What each home is paid."""
    return {line["enrollment_id"]: line["amount_usd"] for line in lines}


@pytest.mark.parametrize("settled_by", [by_reference, by_engine])
@pytest.mark.parametrize(("adjust", "kwh", "usd"), [
    (GUARDED, ("-4.984966", "-4.530530", "4.263073"), ("0.00", "0.00", "8.53")),
    (ADDITIVE, ("-5.215538", "-4.632390", "-4.445005"), ("0.00", "0.00", "0.00")),
], ids=["guarded ratio", "additive"])
def test_the_homes_deliver_and_earn_what_the_facts_say(settled_by: SettledBy, adjust: str, kwh: tuple[str, ...],
                                                       usd: tuple[str, ...], folder: Folder, tmp_path: Path) -> None:
    inputs = folder.write(tmp_path / "inputs")
    performance, lines = settled_by(variant(tmp_path, adjust=adjust), inputs, tmp_path / "out")
    for home, expected in zip(HOMES, kwh, strict=True):
        assert abs(delivered_kwh(performance, home) - Decimal(expected)) <= CLOSE_KWH
        if adjust == GUARDED:
            assert {Decimal(row["adjustment_factor"]) for row in rows_of(performance, home)} == {Decimal(1)}
    assert paid_usd(lines) == dict(zip(HOMES, usd, strict=True))


@pytest.mark.parametrize("settled_by", [by_reference, by_engine])
def test_a_floor_by_the_hour_pays_good_hours_of_bad_events(settled_by: SettledBy, folder: Folder,
                                                            tmp_path: Path) -> None:
    inputs = folder.write(tmp_path / "inputs")
    tariff = variant(tmp_path, adjust=GUARDED, floor="hour")
    _, lines = settled_by(tariff, inputs, tmp_path / "out")
    assert paid_usd(lines) == {"1": "1.42", "2": "2.00", "3": "10.56"}


FACTORS = {"1": ("-4.627445", "0.730805", "0.00", "1.46"), "2": ("-4.387088", "1.036382", "0.00", "2.07"),
           "3": ("7.387869", "7.632589", "14.78", "15.27")}
"""Without the guard: kWh net and floored by the hour, dollars with a floor per event and per hour."""


@pytest.mark.parametrize("settled_by", [by_reference, by_engine])
@pytest.mark.parametrize("floor", ["event", "hour"])
def test_without_the_guard_two_exports_would_be_paid(settled_by: SettledBy, floor: str, folder: Folder,
                                                     tmp_path: Path) -> None:
    """The facts' table: a trap, which a tariff must ask for by name."""
    inputs = folder.write(tmp_path / "inputs")
    performance, lines = settled_by(variant(tmp_path, adjust=UNGUARDED, floor=floor), inputs, tmp_path / "out")
    for home, (net_kwh, floored_kwh, _, _) in FACTORS.items():
        hours = [Decimal(row["delivered_kwh"]) for row in rows_of(performance, home)]
        assert abs(sum(hours) - Decimal(net_kwh)) <= CLOSE_KWH
        assert abs(sum(max(hour, Decimal(0)) for hour in hours) - Decimal(floored_kwh)) <= CLOSE_KWH
    assert paid_usd(lines) == {home: by_event if floor == "event" else by_hour
                               for home, (_, _, by_event, by_hour) in FACTORS.items()}
