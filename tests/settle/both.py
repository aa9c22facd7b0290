"""The two settlements side by side: the reference as tables of texts, the engine by its command line."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

from gridrider.cli import main
from tests.reference.settlement import Cells, Settled, settle

KEYS = {
    "participation": ("enrollment_id", "event_id"),
    "performance": ("enrollment_id", "event_id", "service", "start"),
    "lines": ("participant_id", "aggregation_id", "payee_id", "enrollment_id", "service", "component", "event_id",
              "period_start", "period_end", "unit", "rate"),
    "statements": ("payee_id", "participant_id", "period_start", "period_end"),
}
NUMBERS = frozenset({"rate", "weight"})
"""Columns compared as numbers: the contract says how exact they are, not how many decimals they show."""


def run_engine(tariff: Path, inputs: Path, period: str, out: Path, *more: str) -> int:
    """Settle a folder by the command line; the exit code."""
    return main(["settle", str(tariff), "--inputs", str(inputs), "--period", period, "--out", str(out), *more])


def table(out: Path, name: str) -> list[Cells]:
    """The rows of an output table."""
    with (out / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def by_key(name: str, rows: list[Cells]) -> dict[tuple[str, ...], Cells]:
    """Rows by their natural key."""
    keyed = {tuple(_worth(column, row[column]) for column in KEYS[name]): row for row in rows}
    if len(keyed) != len(rows):
        raise ValueError(f"two rows of {name} share a key")
    return keyed


def _worth(column: str, cell: str) -> str:
    """A cell of a key, numbers by their worth: two adders of one enrollment differ by their rate."""
    return str(Fraction(cell)) if column in NUMBERS and cell else cell


def same(column: str, one: str, other: str) -> bool:
    """True for equal cells, numbers by their worth."""
    if column in NUMBERS and one and other:
        return Fraction(one) == Fraction(other)
    return one == other


def differences(reference: Settled, out: Path) -> list[str]:
    """A sentence for each row or cell in which the engine departs from the reference."""
    found = []
    for name in KEYS:
        ours, theirs = by_key(name, getattr(reference, name)), by_key(name, table(out, name))
        found += [f"{name} {key}: only in the reference: {ours[key]}" for key in ours.keys() - theirs.keys()]
        found += [f"{name} {key}: only in the engine: {theirs[key]}" for key in theirs.keys() - ours.keys()]
        for key in ours.keys() & theirs.keys():
            found += [f"{name} {key} {column}: reference {cell!r}, engine {theirs[key][column]!r}"
                      for column, cell in ours[key].items() if not same(column, cell, theirs[key][column])]
    return sorted(found)


def compare(tariff: Path, inputs: Path, period: str, out: Path, as_of: str = "") -> list[str]:
    """Settle a folder both ways and say where they differ."""
    more = ("--as-of", as_of) if as_of else ()
    code = run_engine(tariff, inputs, period, out, *more)
    if code != 0:
        problems = table(out, "problems") if (out / "problems.csv").exists() else []
        return [f"the engine ended with {code}", *(str(row) for row in problems)]
    return differences(settle(tariff, inputs, period, as_of), out)


def by_reference(tariff: Path, inputs: Path, period: str, out: Path, as_of: str = "") -> Settled:
    """The tables of the reference."""
    return settle(tariff, inputs, period, as_of)


def by_engine(tariff: Path, inputs: Path, period: str, out: Path, as_of: str = "") -> Settled:
    """The tables of the engine."""
    if run_engine(tariff, inputs, period, out, *(("--as-of", as_of) if as_of else ())) != 0:
        raise ValueError("the engine refused the folder")
    return Settled(participation=table(out, "participation"), performance=table(out, "performance"),
                   lines=table(out, "lines"), statements=table(out, "statements"))
