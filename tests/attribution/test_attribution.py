"""Each kilowatt-hour once: what others claim and what earlier services are paid for, in the smallest worlds."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gridrider.cli import main
from tests.settle.both import run_engine, table
from tests.settle.folder import Folder

TARIFF = Path(__file__).with_name("tariff.yaml")
HOUR = timedelta(hours=1)


def at(clock: str) -> datetime:
    """A clock time of the one day on which everything happens."""
    return datetime.fromisoformat(f"2025-07-08T{clock}:00-04:00")


def home(folder: Folder, name: str = "home", rider: str = "battery", point: str = "inverter", **more: object) -> None:
    """An enrollment of long standing."""
    folder.add("enrollments", **{
        "enrollment_id": name, "rider": rider, "customer_id": name, "participant_id": name, "point_id": point,
        "technology": "battery" if rider == "battery" else "thermostat", "nameplate_kw": "5",
        "agreement_signed_on": "2024-01-01", "starts_on": "2024-01-01", **more})


def event(folder: Folder, service: str, name: str | None = None, start: str = "17:00", end: str = "18:00") -> None:
    """A call of a service."""
    folder.add("events", event_id=name or service, service=service, start=at(start), end=at(end))


def sent(folder: Folder, *kwh: str, point: str = "inverter", start: str = "17:00") -> None:
    """Energy sent out in hours that follow each other."""
    for number, energy in enumerate(kwh):
        folder.add("readings", point_id=point, start=at(start) + number * HOUR, seconds=3600,
                   import_kwh="0" if not energy.startswith("-") else energy[1:],
                   export_kwh="0" if energy.startswith("-") else energy)


def claim(folder: Folder, program: str, kwh: str = "", point: str = "inverter", seconds: int = 3600,
          **more: str) -> None:
    """Another program's claim on the hour from 17:00."""
    folder.add("claims", point_id=point, start=at("17:00"), seconds=seconds, program=program, kwh=kwh, **more)


def amounts(folder: Folder, tmp_path: Path) -> dict[str, str]:
    """What is paid for each event, by enrollment as well where there are several."""
    assert run_engine(TARIFF, folder.write(tmp_path / "in"), "2025", tmp_path / "out") == 0
    lines = [line for line in table(tmp_path / "out", "lines") if line["event_id"]]
    several = len({line["enrollment_id"] for line in lines}) > 1
    return {(f"{line['enrollment_id']} " if several else "") + line["event_id"]: line["amount_usd"]
            for line in lines}


def test_what_the_first_service_is_paid_for_is_taken_from_the_second(tmp_path: Path) -> None:
    """Value under one service is incremental to another's (R53, R96)."""
    folder = Folder()
    home(folder)
    event(folder, "peak")
    event(folder, "local", end="19:00")
    sent(folder, "3", "2")
    assert amounts(folder, tmp_path) == {"peak": "3.00", "local": "4.00"}
    row, = table(tmp_path / "out", "attribution")
    assert (row["delivered_kwh"], row["taken_kwh"], row["counted_kwh"], row["clause"]) == (
        "3.000000", "3.000000", "0.000000", "leaf 3 (a)")
    assert "service peak" in row["taken_by"]
    outcomes = {row["event_id"]: row["outcome"] for row in table(tmp_path / "out", "participation")}
    assert outcomes == {"peak": "performed", "local": "performed"}


@pytest.mark.parametrize(("other", "paid"), [("freely", "9.00"), ("alone", "0.00"), ("silent", "15.00")])
def test_the_matrix_decides_between_two_services(other: str, paid: str, tmp_path: Path) -> None:
    """Allowed pays both, forbidden only the first, and a silent tariff both with a warning (R53)."""
    folder = Folder()
    home(folder)
    event(folder, "peak")
    event(folder, other)
    sent(folder, "3")
    assert amounts(folder, tmp_path) == {"peak": "3.00", other: paid}
    warned = [row["reason"] for row in table(tmp_path / "out", "problems") if "does not say whether" in row["reason"]]
    assert bool(warned) == (other == "silent")


def test_a_first_service_that_is_not_paid_takes_nothing(tmp_path: Path) -> None:
    """The first service lacks a reading and is paid nothing, so nothing is taken for it (R53)."""
    folder = Folder()
    home(folder)
    event(folder, "peak", end="19:00")
    event(folder, "alone", start="18:00", end="19:00")
    sent(folder, "2", start="18:00")
    assert amounts(folder, tmp_path) == {"alone": "8.00"}


@pytest.mark.parametrize(("program", "paid"), [
    ("wholesale", "1.00"), ("halves", "2.20"), ("ours", "3.00"), ("other_vpp", "0.00"), ("net_metering", "3.00"),
    ("value_stack", "3.00"), ("unheard_of", "1.00")])
def test_what_another_program_claims_is_taken_as_its_rule_says(program: str, paid: str, tmp_path: Path) -> None:
    """Co-participation with distinct value; net metering and value stack never reduce it (R38, R53, R54)."""
    folder = Folder()
    home(folder)
    event(folder, "peak")
    sent(folder, "3")
    claim(folder, program, "2")  # halves: of the contested 2 kWh, 2 / (2 + 3) are theirs: 0.8
    assert amounts(folder, tmp_path) == {"peak": paid}
    warned = [row for row in table(tmp_path / "out", "problems") if row["value"] == "unheard_of"]
    assert bool(warned) == (program == "unheard_of")


def test_a_claim_is_shared_by_time_and_never_takes_more_than_was_delivered(tmp_path: Path) -> None:
    """A claim over two hours concerns each hour with half of its energy (R38)."""
    folder = Folder()
    home(folder)
    event(folder, "peak", end="19:00")
    sent(folder, "3", "0.5")
    claim(folder, "wholesale", "4", seconds=7200)
    assert amounts(folder, tmp_path) == {"peak": "1.00"}


def test_a_claimed_power_counts_over_the_shared_time(tmp_path: Path) -> None:
    """Half a kilowatt over an hour and a half takes 0.5 kWh of the first hour (R38)."""
    folder = Folder()
    home(folder)
    event(folder, "peak")
    sent(folder, "3")
    claim(folder, "wholesale", kw="0.5", seconds=5400)
    assert amounts(folder, tmp_path) == {"peak": "2.50"}


def test_a_claim_may_name_the_premise_point(tmp_path: Path) -> None:
    """A market claims at the retail meter what the battery behind it delivers (R38)."""
    folder = Folder()
    home(folder, premise_point_id="premise")
    event(folder, "peak")
    sent(folder, "3")
    claim(folder, "wholesale", "2", point="premise")
    assert amounts(folder, tmp_path) == {"peak": "1.00"}


def test_two_enrollments_of_one_meter_are_paid_once_for_a_service(tmp_path: Path) -> None:
    """The enrollment of earlier vintage is paid, whatever its name (R53, R139)."""
    folder = Folder()
    home(folder, "a", enrolled_on="2024-06-01", starts_on="2024-06-01")
    home(folder, "b")
    event(folder, "peak")
    sent(folder, "3")
    assert amounts(folder, tmp_path) == {"a peak": "0.00", "b peak": "3.00"}


def test_a_meter_and_the_inverter_behind_it_share_their_energy(tmp_path: Path) -> None:
    """The whole home's service is paid only for what the battery's enrollment was not (R53)."""
    folder = Folder()
    home(folder, "battery", premise_point_id="premise")
    home(folder, "whole", rider="home", point="premise", enrolled_on="2024-06-01", starts_on="2024-06-01")
    event(folder, "peak")
    sent(folder, "3")
    sent(folder, "4.5", point="premise")
    assert amounts(folder, tmp_path) == {"battery peak": "3.00", "whole peak": "1.50"}


def test_two_events_of_one_service_at_once_count_their_shared_hour_once_in_an_average(tmp_path: Path) -> None:
    """A kilowatt-interval is counted once: 6 kWh in three hours, not in four (R53)."""
    folder = Folder()
    home(folder)
    event(folder, "average", "first", "17:00", "19:00")
    event(folder, "average", "second", "18:00", "20:00")
    sent(folder, "3", "2", "1")
    assert run_engine(TARIFF, folder.write(tmp_path / "in"), "2025-07", tmp_path / "out") == 0
    line, = table(tmp_path / "out", "lines")
    assert (line["quantity"], line["amount_usd"]) == ("2.000000", "20.00")


def test_a_claim_below_zero_and_one_without_energy_are_errors(tmp_path: Path) -> None:
    """Both are found at once and nothing else is written."""
    folder = Folder()
    home(folder)
    event(folder, "peak")
    sent(folder, "3")
    claim(folder, "wholesale", "-1")
    claim(folder, "wholesale")
    assert run_engine(TARIFF, folder.write(tmp_path / "in"), "2025", tmp_path / "out") == 1
    assert [row["row"] for row in table(tmp_path / "out", "problems") if row["file"] == "claims.csv"] == ["2", "3"]
    assert not (tmp_path / "out" / "lines.csv").exists()


def test_the_explanation_shows_what_was_taken_and_comes_to_the_same_cent(tmp_path: Path,
                                                                         capsys: pytest.CaptureFixture[str]) -> None:
    """A customer sees who is paid for the rest, and by which clause (R131)."""
    folder = Folder()
    home(folder)
    event(folder, "peak")
    event(folder, "local")
    sent(folder, "3")
    claim(folder, "wholesale", "1")
    assert amounts(folder, tmp_path) == {"peak": "2.00", "local": "0.00"}
    line = next(line for line in table(tmp_path / "out", "lines") if line["event_id"] == "peak")
    assert "2.000000 kWh delivered at the device, beyond 1.000000 kWh that are paid elsewhere" in line["because"]
    capsys.readouterr()
    assert main(["explain", line["line_id"], "--inputs", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "ATTRIBUTION  [leaf 2 (b)]" in said
    assert "wholesale" in said
    assert "recomputed: equal" in said
