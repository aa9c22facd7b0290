"""A folder of applications in the making, and a run of `enroll` on it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gridrider.app.enroll import enroll

TARIFFS = Path(__file__).parent / "tariffs"
WHOLE = TARIFFS / "whole.yaml"
Row = Mapping[str, object]

GOOD: dict[str, object] = {
    "rider": "battery", "participant_id": "AGG", "technology": "battery", "nameplate_kw": "5", "duration_h": "4",
    "agreement_signed_on": "2025-01-15", "applied_on": "2025-02-01", "customer_class": "residential",
    "utility_customer": "true", "cca_customer": "false", "other_demand_response": "false", "medical_baseline": "false",
    "evidence_UL1741-SB": "true", "interconnection_agreement": "2024-11-01", "storage_measured_at_inverter": "true",
    "utility_owned": "false"}
"""An application to the rider `battery` that nothing speaks against."""


def application(number: str, **more: object) -> dict[str, object]:
    """A good application, but for what is said; a blank takes a cell away."""
    return {**GOOD, "application_id": number, "customer_id": f"c-{number}", "point_id": f"p-{number}", **more}


def car(number: str, **more: object) -> dict[str, object]:
    """A good application to the rider `cars`, which has a queue."""
    return application(number, **{"rider": "cars", "technology": "ev", "nameplate_kw": "10",
                                  "evidence_ISO 15118-20": "true", **more})


def write_table(folder: Path, name: str, rows: Sequence[Row]) -> None:
    """A CSV with every column that some row has."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_table(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV as texts."""
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run wrote."""

    out: Path

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of an output table."""
        return read_table(self.out / f"{name}.csv")

    def refusals(self, number: str) -> list[tuple[str, str]]:
        """Clause and reason of every refusal of an application."""
        return [(row["clause"], row["reason"]) for row in self.rows("refusals") if row["application_id"] == number]

    def clauses(self, number: str) -> list[str]:
        """The clauses of every refusal of an application."""
        return [clause for clause, _ in self.refusals(number)]

    def status(self, number: str) -> str:
        """Where an application stands."""
        (row,) = [row for row in self.rows("applications") if row["application_id"] == number]
        return row["status"]

    def enrollment(self, number: str) -> dict[str, str]:
        """One enrollment."""
        (row,) = [row for row in self.rows("enrollments") if row["enrollment_id"] == number]
        return row

    def acts(self) -> list[tuple[str, str, str]]:
        """Act, outcome and clause, in their order."""
        return [(row["act"], row["outcome"], row["clause"]) for row in self.rows("acts")]


def run(folder: Path, *, at: str | None = None, tariff: Path = WHOLE, out: str = "out",
        **tables: Sequence[Row]) -> Result:
    """Write the tables and run `enroll`."""
    for name, rows in tables.items():
        write_table(folder / "in", name, rows)
    enroll(tariff, folder / "in", folder / out, date.fromisoformat(at) if at else None)
    return Result(out=folder / out)
