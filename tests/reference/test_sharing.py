"""The smallest worlds around energy that two could claim, by the engine and by the reference."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.settlement import Settled
from tests.reference.worlds import clock
from tests.settle.both import by_engine, by_reference
from tests.settle.folder import Folder

TARIFF = Path(__file__).parent / "tariffs/shared.yaml"
DAY = date(2025, 7, 21)
HOUR = timedelta(hours=1)
both = pytest.mark.parametrize("settled_by", [by_reference, by_engine])


def home(folder: Folder, name: str, point: str, starts: str, rider: str = "battery", **more: str) -> None:
    """A signed home."""
    folder.add("enrollments", enrollment_id=name, rider=rider, customer_id=name, participant_id=name, point_id=point,
               technology="battery" if rider == "battery" else "thermostat", nameplate_kw="5",
               agreement_signed_on=starts, starts_on=starts, zone="north", services="peak;relief", **more)


def event(folder: Folder, name: str, service: str, hour: int, hours: int = 1) -> None:
    """An event on the day."""
    folder.add("events", event_id=name, service=service, start=clock(DAY, hour), end=clock(DAY, hour + hours))


def sent(folder: Folder, point: str, hour: int, *kwh: str) -> None:
    """Energy that a point sends in hour after hour; below zero it draws."""
    for number, energy in enumerate(kwh):
        for quarter in range(4):
            amount = f"{Decimal(energy) / 4:.6f}"
            folder.add("readings", point_id=point, start=clock(DAY, hour + number) + quarter * HOUR / 4, seconds=900,
                       import_kwh=amount[1:] if amount.startswith("-") else "0",
                       export_kwh="0" if amount.startswith("-") else amount)


def amounts(settled_by: Callable[..., Settled], folder: Folder, tmp_path: Path) -> dict[tuple[str, str], str]:
    """What is paid for the service peak, by enrollment and event."""
    settled = settled_by(TARIFF, folder.write(tmp_path / "in"), "2025-07", tmp_path / "out")
    return {(line["enrollment_id"], line["event_id"]): line["amount_usd"] for line in settled.lines
            if line["service"] == "peak"}


@both
def test_who_took_the_service_on_first_is_paid(settled_by: Callable[..., Settled], tmp_path: Path) -> None:
    """Where services have vintages of their own they decide who of two is paid, whoever enrolled first (R52, R53)."""
    folder = Folder()
    home(folder, "early", "meter", "2024-05-01")
    home(folder, "late", "meter", "2024-06-01")
    folder.add("service_terms", enrollment_id="late", service="peak", taken_on="2024-04-01")
    event(folder, "call", "peak", 16)
    sent(folder, "meter", 16, "2")
    assert amounts(settled_by, folder, tmp_path) == {("late", "call"): "1.66", ("early", "call"): "0.00"}


@both
def test_without_vintages_of_their_own_who_enrolled_first_is_paid(settled_by: Callable[..., Settled],
                                                                  tmp_path: Path) -> None:
    """One service never pays twice (R53)."""
    folder = Folder()
    home(folder, "early", "meter", "2024-05-01")
    home(folder, "late", "meter", "2024-06-01")
    event(folder, "call", "peak", 16)
    sent(folder, "meter", 16, "2")
    assert amounts(settled_by, folder, tmp_path) == {("early", "call"): "1.66", ("late", "call"): "0.00"}


@both
def test_time_that_leaves_takes_what_was_drawn_in_it_along(settled_by: Callable[..., Settled],
                                                           tmp_path: Path) -> None:
    """The later of two at one meter is paid for no time and owes for no energy, though another home's premise shares
    with it what it sends (R53)."""
    folder = Folder()
    home(folder, "house", "premise", "2024-03-02", rider="home")
    home(folder, "early", "meter", "2024-05-01", premise_point_id="premise")
    home(folder, "late", "meter", "2024-06-01", premise_point_id="premise")
    event(folder, "call", "peak", 16)
    sent(folder, "meter", 16, "-2")
    sent(folder, "premise", 16, "3")
    assert amounts(settled_by, folder, tmp_path) == {("house", "call"): "1.35", ("early", "call"): "-1.66",
                                                     ("late", "call"): "0.00"}
