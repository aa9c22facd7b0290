"""Seasons that ship, replayed small: their tables, the same bytes again, and what the independent checker says."""

import csv
import json
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from gridrider.app.audit_run import audit_run
from gridrider.app.operate.own_good import pre_charges
from gridrider.app.replay.compare import compare, distance_pct
from gridrider.app.replay.members import participants_at
from gridrider.app.replay.replay import ReplayRequest
from gridrider.app.replay.season import load_season
from gridrider.app.replay.write import Replayed, replay
from gridrider.app.settle import SettleRequest, settle
from gridrider.problem import DataRefused

ROOT = Path(__file__).resolve().parents[2]
SEASONS = ROOT / "seasons"
EXACT = ("performance.csv", "participation.csv", "lines.csv", "statements.csv", "ledger.csv")
CONTRACT = {
    "events_table.csv": ["date", "participants", "peak_mw", "delivered_mwh", "opted_out", "skipped"],
    "skipped.csv": ["event_id", "enrollment_id", "reason"],
    "protections.csv": ["enrollment_id", "at", "protection", "asked_kw", "given_kw", "clause"]}


def shortened(name: str, folder: Path, first: date, last: date, **changes: object) -> Path:
    """A season that ships, cut to some days."""
    document = YAML(typ="safe", pure=True).load((SEASONS / f"{name}.yaml").read_text(encoding="utf-8"))
    document["readings"] |= {"from": first, "to": last}
    document["events"] = [event for event in document["events"] if first <= event["date"] <= last]
    document["outages"] = [outage for outage in document.get("outages", ())
                           if first <= date.fromisoformat(outage["from"][:10]) <= last]
    document["storms"] = [storm for storm in document.get("storms", ())
                          if first <= date.fromisoformat(storm["watch_at"][:10]) <= last]
    document |= changes
    file = folder / f"{name}.yaml"
    with file.open("w", encoding="utf-8") as stream:
        YAML().dump(document, stream)
    return file


@pytest.fixture(scope="module")
def elrp(tmp_path_factory) -> Replayed:
    folder = tmp_path_factory.mktemp("elrp")
    stories = {"suspended": "0.01", "unsigned": "0.01", "direct": "0.4"}
    file = shortened("elrp-2022", folder, date(2022, 8, 22), date(2022, 9, 2),
                     enrollment={"follows": "participants", "first_days_before": 60, "stories": stories})
    return replay(ReplayRequest(season=file, out=folder / "run", homes=25))


@pytest.fixture(scope="module")
def vermont(tmp_path_factory) -> Replayed:
    folder = tmp_path_factory.mktemp("vermont")
    storm = {"shape": "hurricane", "office": "KBTV", "zones": ["VTZ005"], "watch_at": "2025-09-09T09:00",
             "warning_at": "2025-09-09T18:30", "onset": "2025-09-10T06:00", "ends": "2025-09-10T08:00"}
    file = shortened("byod-vermont-year", folder, date(2025, 9, 9), date(2025, 9, 10), storms=[storm])
    return replay(ReplayRequest(season=file, out=folder / "run", homes=14, report=False))


@pytest.fixture(scope="module")
def municipal(tmp_path_factory) -> Replayed:
    folder = tmp_path_factory.mktemp("municipal")
    file = shortened("municipal-v2g", folder, date(2025, 9, 2), date(2025, 9, 16))
    return replay(ReplayRequest(season=file, out=folder / "run", homes=20, report=False))


def rows(run: Replayed, name: str) -> list[dict[str, str]]:
    with (run.out / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", ["elrp-2022", "byod-vermont-year", "municipal-v2g"])
def test_a_season_that_ships_is_read(name: str) -> None:
    season = load_season(SEASONS / f"{name}.yaml")
    assert season.calls and season.assumptions


@pytest.mark.parametrize("which", ["elrp", "vermont", "municipal"])
def test_the_checker_finds_nothing_of_the_program(which: str, request) -> None:
    """Every instruction of a replay is held against the rules by a program of other hands (R130, R131)."""
    done = audit_run(request.getfixturevalue(which).out)
    assert done.instructions > 100
    assert done.counts.get("program", {}) == {}


def test_the_tables_have_the_columns_of_the_contract_first(elrp: Replayed) -> None:
    for name, columns in CONTRACT.items():
        with (elrp.out / name).open(encoding="utf-8") as stream:
            assert stream.readline().strip().split(",")[:len(columns)] == columns
    assert {file.name for file in elrp.out.iterdir()} >= {
        "enrollments.csv", "events.csv", "opt_outs.csv", "unavailable.csv", "readings", "prices.csv", "report.html",
        "report.pdf", "run.json", *EXACT}


def test_settling_the_written_inputs_gives_the_same_bytes(elrp: Replayed, tmp_path: Path) -> None:
    season = elrp.played.season
    settle(SettleRequest(tariff=season.tariff_file, inputs=elrp.out, period=season.span, out=tmp_path / "again"))
    for name in EXACT:
        assert (tmp_path / "again" / name).read_bytes() == (elrp.out / name).read_bytes(), name


def test_the_same_season_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    file = shortened("elrp-2022", tmp_path, date(2022, 8, 30), date(2022, 8, 31))
    first, again, other = (replay(ReplayRequest(season=file, out=tmp_path / name, homes=8, seed=seed, report=False))
                           for name, seed in (("first", 1), ("again", 1), ("other", 2)))
    tables = sorted(path.name for path in first.out.glob("*.csv"))
    assert tables == sorted(path.name for path in again.out.glob("*.csv"))
    assert [name for name in tables if (again.out / name).read_bytes() != (first.out / name).read_bytes()] == []
    assert (again.out / "telemetry.parquet").read_bytes() == (first.out / "telemetry.parquet").read_bytes()
    assert (other.out / "called_discharge.csv").read_bytes() != (first.out / "called_discharge.csv").read_bytes()


def test_the_public_table_says_who_was_called_and_what_was_given_at_most(elrp: Replayed) -> None:
    """Date, participants and peak power of each event, as the program page shows them (R112)."""
    table, steps = rows(elrp, "events_table.csv"), rows(elrp, "fleet_steps.csv")
    assert [row["participants"] for row in table] == ["25", "25"]
    for row in table:
        mine = [step for step in steps if step["event_id"] == row["event_id"]]
        peak_kw = max(float(step["delivered_kw"]) for step in mine)
        assert float(row["peak_mw"]) * 1000 == pytest.approx(peak_kw, abs=1e-3)
        energy_kwh = sum(float(step["delivered_kw"]) for step in mine) / 12
        assert float(row["delivered_mwh"]) * 1000 == pytest.approx(energy_kwh, abs=1e-3)


def test_direct_participants_and_those_of_an_aggregator_are_told_and_asked(elrp: Replayed) -> None:
    """A customer that takes part directly is told directly, another through its aggregator; both are asked (R73)."""
    channel = {row["enrollment_id"]: row["channel"] for row in rows(elrp, "notices.csv")}
    given = {row["enrollment_id"] for row in rows(elrp, "called_discharge.csv")}
    assert {channel[name] for name in given} == {"direct", "aggregator"}
    direct = {row["enrollment_id"] for row in rows(elrp, "enrollments.csv")
              if row["participant_id"] == row["customer_id"]}
    assert {name for name in channel if channel[name] == "direct"} == direct & set(channel)


def test_what_is_paid_stays_what_a_home_can_earn(elrp: Replayed) -> None:
    paid = [float(row["amount_usd"]) for row in rows(elrp, "lines.csv") if row["event_id"]]
    assert paid and max(paid) < 2 * 54 * 1.1


def test_a_running_event_leaves_when_the_warning_comes(vermont: Replayed) -> None:
    """A watch charges, a warning stops the event at the next look, and batteries are full at the onset (R61, R143)."""
    storms, steps = rows(vermont, "site_storms.csv"), rows(vermont, "fleet_steps.csv")
    assert {row["status"] for row in storms} == {"pre_arm", "lock"}
    warned = "2025-09-09T22:30:00Z"
    assert all(row["from"] == warned for row in storms if row["status"] == "lock")
    assert any(float(step["asked_kw"]) > 0 for step in steps if step["start"] < warned)
    assert all(float(step["asked_kw"]) == 0 for step in steps if step["start"] >= warned)
    charges = rows(vermont, "storm_charges.csv")
    assert len({row["charge_from"] for row in charges}) > 5, "the charging is staggered"
    assert all(float(row["expected_pct"]) == pytest.approx(100) for row in charges)


def test_pre_charge_costs_less_than_the_event_pays_or_is_left(elrp: Replayed) -> None:
    """Only whom it costs no more than the event pays is charged before an event, and the cost is shown (R138)."""
    weighed = rows(elrp, "pre_charges.csv")
    assert any(row["worth_it"] == "true" for row in weighed)
    for row in weighed:
        assert (row["worth_it"] == "true") == (float(row["cost_usd"]) <= float(row["pay_usd"]) + 1e-6)
    desk, called = elrp.played.desk, elrp.played.desk.called[-1]
    now = called.event.start - timedelta(hours=1)
    telemetry = desk.telemetry(called.event.end + timedelta(days=1))
    desk.held.reverts_s[:] = 0
    nobody, everybody = (np.full(len(desk.program), worth) for worth in (False, True))
    assert len(pre_charges(desk, called, telemetry, nobody, now)) == 0
    assert len(pre_charges(desk, called, telemetry, everybody, now)) > 0


def test_an_emergency_sends_buses_to_the_hospital_and_the_shelters(municipal: Replayed) -> None:
    """Hours of supply of each site, and for each vehicle where it goes or why not (R74, R126)."""
    supply, vehicles = rows(municipal, "site_supply.csv"), rows(municipal, "assignments.csv")
    hours = {site: sum(float(row["supply_h"]) for row in supply if row["site_id"] == site)
             for site in {row["site_id"] for row in supply}}
    assert set(hours) == {"SYN-HOSPITAL", "SYN-SHELTER-ARENA", "SYN-SHELTER-SCHOOL"}
    assert hours["SYN-HOSPITAL"] > 0
    assert len(vehicles) == 20
    assert all(bool(row["site_id"]) != bool(row["reason"]) for row in vehicles)
    assert {row["suitable"] for row in rows(municipal, "fleet_audit.csv")} == {"true"}


def test_feeders_keep_their_caps_and_say_what_they_are_worth(municipal: Replayed) -> None:
    steps = rows(municipal, "feeder_steps.csv")
    assert all(float(row["asked_kw"]) <= float(row["export_max_kw"]) for row in steps)
    assert any(float(row["dual"]) > 0 for row in steps)


def test_the_published_participants_are_met_exactly_and_scale() -> None:
    published = [2614, 3537, 3605, 4032, 4324, 4443, 4510, 4591, 4649, 4687]
    assert participants_at(published, 4687) == published
    assert participants_at(published, 469)[-1] == 469


def test_an_error_is_the_distance_to_what_rounds_to_the_published_number() -> None:
    assert distance_pct(18.5, 19) == distance_pct(19.5, 19) == 0
    assert distance_pct(20.5, 19) == pytest.approx(100 / 19)
    assert distance_pct(17.5, 19) == pytest.approx(100 / 19)


def test_the_comparison_stands_in_words_and_numbers(elrp: Replayed) -> None:
    run = json.loads((elrp.out / "run.json").read_text(encoding="utf-8"))
    assert [event["published_peak_mw"] for event in run["comparison"]] == [24, 26]
    compared = compare(elrp.outcomes, 25, Decimal(elrp.settled.total_usd), 7.0)
    assert compared and compared.events[0].constant_mw == pytest.approx(7.0 * 3537 / 1000)
    assert any("USD per participant" in note for note in run["comparison_notes"])


@pytest.mark.parametrize(("change", "said"), [
    ({"rider": "boat"}, "is no rider of the tariff"),
    ({"tariff": "pge/none"}, "names no tariff that is there"),
    ({"homes": 0}, "must be from 1 to"),
    ({"service": "opera"}, "is no service of the rider"),
    ({"operation": {"tick_minutes": 7}}, "needs ticks that divide an hour"),
    ({"place": {}}, "lacks 'latitude_deg'"),
    ({"events": [{"date": date(2022, 8, 22), "from": "18:00", "to": "19:00", "kind": "emergency",
                  "notice": "day_ahead", "called_at": "12:00"}]}, "is called before readings begin"),
    ({"events": [{"date": date(2022, 9, 1), "from": "18:00", "to": "17:00", "kind": "emergency", "notice": "day_of",
                  "called_at": "12:00"}]}, "ends before it starts"),
])
def test_a_season_that_cannot_be_is_refused_in_words(change: dict, said: str, tmp_path: Path) -> None:
    file = shortened("elrp-2022", tmp_path, date(2022, 8, 22), date(2022, 9, 2), **change)
    with pytest.raises(DataRefused) as refused:
        load_season(file)
    assert said in str(refused.value)


def test_the_command_prints_one_json_document_and_leaves_nothing_when_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gridrider", "replay", "elrp-2022", "--out", str(tmp_path / "run")]
    refused = subprocess.run([*command, "--homes", "0", "--json"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "is out of range" in json.loads(refused.stdout)["problems"][0]["reason"]
    assert list(tmp_path.iterdir()) == []
    assert subprocess.run([*command[:4], "nowhere.yaml", "--out", str(tmp_path / "x")], capture_output=True,
                          check=False).returncode == 1
