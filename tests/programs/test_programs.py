"""Every program of the source texts runs from its tariff file: who applies is enrolled or refused, and settled."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gridrider.cli import main
from tests.house.source import ROOT

Row = Mapping[str, str]
HOME = {"application_id": "a", "customer_id": "home", "participant_id": "home", "point_id": "meter",
        "premise_point_id": "premise", "technology": "battery", "nameplate_kw": "5", "duration_h": "4",
        "customer_class": "residential", "utility_customer": "true"}
"""An application that every program admits, once it has what the program asks for beyond it."""

SMART_INVERTER = {"evidence_UL1741-SB": "true"}
NEW_YORK = {"storage_measured_at_inverter": "true", "communications": "true", "zone": "system"}
VIRGINIA = {"on_premises": "true", "non_emitting": "true"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program: what it asks for, one application for each refusal with its clause, and what enrollment pays."""

    rider: str
    day: str
    asks: Row = field(default_factory=dict)
    refused: tuple[tuple[Row, str], ...]
    paid_usd: str = ""


PROGRAMS = {
    "municipal/byod-v2g": Program(
        rider="battery", day="2025-06-02", asks=SMART_INVERTER, paid_usd="4250.00",
        refused=(({"agreement_signed_on": ""}, "S0, Policy 1.1"),
                 ({"customer_class": "other"}, "S0, Policy 1.1: any resident"),
                 ({"evidence_UL1741-SB": "false"},
                  "S0, Technical Specifications, Grid Primacy: UL 1741-SB is mandatory"))),
    "gmp/byod": Program(
        rider="battery", day="2025-06-02", paid_usd="4750.00",
        refused=(({"agreement_signed_on": ""}, "Green Mountain Power BYOD, secondary sources"),
                 ({"duration_h": "2.99"}, "Green Mountain Power BYOD, secondary sources"),
                 ({"other_vpp": "true"}, "Green Mountain Power BYOD, secondary sources"))),
    "pge/elrp-a4": Program(
        rider="battery", day="2024-03-31", asks={"interconnection_agreement": "Rule 21", "zone": "PGE"},
        refused=(({"agreement_signed_on": ""}, "S1: eligibility"), ({"utility_customer": "false"}, "S1: eligibility"),
                 ({"customer_class": "small_commercial"}, "S1: eligibility"),
                 ({"other_demand_response": "true"}, "S1: eligibility"), ({"other_vpp": "true"}, "S1: eligibility"),
                 ({"interconnection_agreement": ""}, "S1: eligibility"),
                 ({"applied_on": "2024-04-01"}, "S1: as of April 2024 no new enrollments"))),
    "cec/dsgs-option-3": Program(
        rider="battery", day="2025-06-02", asks={"zone": "PGE"},
        refused=(({"nameplate_kw": "0.999"}, "DSGS FAQ: at least 1 kW"),
                 ({"nameplate_kw": "2000.001"}, "DSGS FAQ: at most 2,000 kW per site-hour"),
                 ({"duration_h": "1.99"}, "DSGS FAQ: at least 2 h per event"),
                 ({"applied_on": "2027-01-01"}, "DSGS guidelines, 5th edition (2026): no funding for 2027"))),
    "virginia/coop-vpp": Program(
        rider="battery", day="2027-07-15", asks=VIRGINIA, paid_usd="1500.00",
        refused=(({"nameplate_kw": "5000.001"},
                  "§ 56-585.1:17 A, Distributed energy resource: up to five megawatts"),
                 ({"on_premises": "false"}, "§ 56-585.1:17 A, Distributed energy resource"),
                 ({"non_emitting": "false"}, "§ 56-585.1:17 A, Eligible technology"))),
    "new-york/great-act": Program(
        rider="battery", day="2027-06-15", asks=NEW_YORK, paid_usd="1000.00",
        refused=(({"utility_owned": "true"}, "§ 241.3(c)"), ({"customer_class": "other"}, "§ 240(12)"),
                 ({"utility_customer": "false"}, "§ 240(12)"), ({"communications": "false"}, "§ 241.2(b)"),
                 ({"storage_measured_at_inverter": "false"}, "§ 241.2(f)(i)"))),
    "comed/sdvpp": Program(
        rider="battery", day="2026-08-03",
        refused=(({"agreement_signed_on": ""}, "Rider SDVPP, Illinois Commerce Commission, effective 2026-07-16, "
                                               "secondary source"),)),
    "hawaiian-electric/byod-plus": Program(
        rider="battery", day="2025-06-02", paid_usd="2000.00",
        refused=(({"duration_h": "1.99"}, "Rule 33: two hours of committed power"),)),
}
REFUSALS = [pytest.param(name, changed, clause, id=f"{name}: {', '.join(changed)}")
            for name, program in PROGRAMS.items() for changed, clause in program.refused]


def write(folder: Path, name: str, *rows: Row) -> None:
    """A table as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, sorted({column for row in rows for column in row}), restval="")
        writer.writeheader()
        writer.writerows(rows)


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of an output table."""
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def enroll(name: str, folder: Path, changed: Row, *participants: Row) -> Path:
    """Apply to a program with what it asks for, changed in one point; the folder that was written."""
    program = PROGRAMS[name]
    ordinary = {**HOME, "rider": program.rider, "applied_on": program.day, "agreement_signed_on": program.day}
    write(folder / "in", "applications", {**ordinary, **program.asks, **changed})
    if participants:
        write(folder / "in", "participants", *participants)
    tariff = ROOT / "tariffs" / name / "tariff.yaml"
    assert main(["enroll", str(tariff), "--inputs", str(folder / "in"), "--out", str(folder / "enrolled")]) == 0
    return folder / "enrolled"


def paid_at_enrollment(name: str, enrolled: Path) -> list[str]:
    """Settle the year of the enrollments that were written, without an event: what enrollment itself pays."""
    inputs, out = enrolled.parent / "settle", enrolled.parent / "settled"
    write(inputs, "enrollments", *read(enrolled, "enrollments"))
    (inputs / "events.csv").write_text("event_id,service,kind,start,end\n", encoding="utf-8")
    (inputs / "readings.csv").write_text("point_id,start,seconds,import_kwh,export_kwh\n", encoding="utf-8")
    tariff, year = ROOT / "tariffs" / name / "tariff.yaml", PROGRAMS[name].day[:4]
    assert main(["settle", str(tariff), "--inputs", str(inputs), "--period", year, "--out", str(out)]) == 0
    paid = {line["component"]: line["amount_usd"] for line in read(out, "lines")}
    return [paid[component] for component in ("upfront", "adder") if component in paid]


@pytest.mark.parametrize("name", PROGRAMS)
def test_who_has_what_the_program_asks_for_is_enrolled_and_settled(name: str, tmp_path: Path) -> None:
    """From the application to the statement, by the files alone, without solar (R36, R39, R40, R45, R86)."""
    program, enrolled = PROGRAMS[name], enroll(name, tmp_path, {})
    assert read(enrolled, "refusals") == []
    assert [row["enrolled_on"] for row in read(enrolled, "enrollments")] == [program.day]
    assert paid_at_enrollment(name, enrolled) == ([program.paid_usd] if program.paid_usd else [])


@pytest.mark.parametrize(("name", "changed", "clause"), REFUSALS)
def test_who_lacks_one_thing_is_refused_with_its_clause(name: str, changed: Row, clause: str, tmp_path: Path) -> None:
    """Each condition on its other side, and nothing else is said (R34, R35, R36, R38, R39, R40, R42, R46, R48)."""
    enrolled = enroll(name, tmp_path, changed)
    assert [row["clause"] for row in read(enrolled, "refusals")] == [clause]
    assert read(enrolled, "enrollments") == []


def test_the_closed_program_names_its_successor(tmp_path: Path) -> None:
    """Who comes to ELRP in April 2024 is told of the program that follows it (R46, R127)."""
    enrolled = enroll("pge/elrp-a4", tmp_path, {"applied_on": "2024-04-01"})
    assert "cec/dsgs-option-3" in read(enrolled, "refusals")[0]["reason"]


@pytest.mark.parametrize(("affiliate", "refused"), [("true", ["§§ 240(1), 241.3(c)"]), ("false", [])])
def test_an_affiliate_of_the_utility_is_no_aggregator(affiliate: str, refused: list[str], tmp_path: Path) -> None:
    """New York: utilities and their affiliates may not be aggregators; others need no equipment (R3, R48)."""
    aggregator = {"participant_id": "agg", "kind": "aggregator", "utility_affiliate": affiliate,
                  "agreement_signed_on": "2027-05-01"}
    enrolled = enroll("new-york/great-act", tmp_path, {"participant_id": "agg", "communications": "false"}, aggregator)
    assert [row["clause"] for row in read(enrolled, "refusals")] == refused


@pytest.mark.parametrize(("signed_on", "refused"), [("2027-07-15", []), ("", ["§ 56-585.1:17 A, Aggregator"])])
def test_a_cooperatives_aggregator_has_an_agreement_on_data(signed_on: str, refused: list[str],
                                                            tmp_path: Path) -> None:
    """Virginia: the agreement gives the aggregator customer and grid data (R2, R120)."""
    aggregator = {"participant_id": "agg", "kind": "aggregator", "agreement_signed_on": "2027-06-01",
                  "data_agreement_signed_on": signed_on}
    enrolled = enroll("virginia/coop-vpp", tmp_path, {"participant_id": "agg"}, aggregator)
    assert [row["clause"] for row in read(enrolled, "refusals")] == refused


@pytest.mark.parametrize(("income", "earns"), [("80000", ["1000.00", "500.00"]), ("80000.01", ["1000.00"])])
def test_eighty_percent_of_the_larger_median_is_low_to_moderate_income(income: str, earns: list[str],
                                                                       tmp_path: Path) -> None:
    """New York: the higher upfront payment, at the edge of 80% of the area's median (R51, R86)."""
    enrolled = enroll("new-york/great-act", tmp_path, {"household_income_usd": income, "services": "locational",
                                                       "median_income_state_usd": "90000",
                                                       "median_income_area_usd": "100000"})
    assert paid_at_enrollment("new-york/great-act", enrolled) == earns
