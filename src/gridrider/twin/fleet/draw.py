"""A fleet drawn from named distributions: one entry per column of `FleetParameters`, each saying where it is from.

An entry is a mapping with `kind`, what the kind needs, and `source`:

    constant   is                       the same for all
    choice     of, shares               `of` holds numbers, or rows {column: number} that belong together
    uniform    low, high
    normal     mean, sd, low, high      cut off at low and high
    lognormal  median, sigma            sigma of the logarithm
    share      share                    true for that share of homes
    times      column, by               a multiple of a column that stands earlier

and may have `owned`: the share of homes that have the thing at all; the others get 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .draw_defaults import DEFAULTS
from .homes import FleetParameters

Entry = Mapping[str, Any]
FleetSpec = Mapping[str, Entry]
Columns = dict[str, NDArray[Any]]

DTYPES: dict[str, type] = {"Floats": np.float64, "Ints": np.int64, "Codes": np.int8, "Bools": np.bool_}


def draw_fleet(spec: FleetSpec, count: int, seed: int) -> FleetParameters:
    """Draw `count` homes from `spec` laid over `DEFAULTS`.

    Every entry has its own stream of chance, so that a changed entry leaves the other columns as they were, and the
    first homes are the same however many follow. ValueError for an entry that is unknown, lacks something, or gives a
    column twice.
    """
    entries = {**DEFAULTS, **spec}
    columns: Columns = {}
    for name, entry in entries.items():
        try:
            drawn = _draw(name, entry, columns, count, seed)
        except (KeyError, TypeError) as fault:
            raise ValueError(f"{name}: {entry} is not a distribution ({fault}); see gridrider.twin.fleet.draw"
                             ) from fault
        twice = drawn.keys() & columns.keys()
        if twice:
            raise ValueError(f"{name} draws {', '.join(sorted(twice))} a second time")
        columns |= drawn
    dtypes = {field.name: DTYPES[str(field.type)] for field in fields(FleetParameters)}
    unknown, missing = columns.keys() - dtypes.keys(), dtypes.keys() - columns.keys()
    if unknown or missing:
        raise ValueError(f"no such column: {sorted(unknown)}; not drawn: {sorted(missing)}")
    return FleetParameters(**{name: columns[name].astype(dtype) for name, dtype in dtypes.items()})


def _draw(name: str, entry: Entry, columns: Columns, count: int, seed: int) -> Columns:
    """The column or columns of one entry."""
    if entry["kind"] == "choice":
        drawn = _choice(name, entry, count, _stream(seed, name))
    elif entry["kind"] == "times":
        drawn = {name: columns[entry["column"]] * entry["by"]}
    else:
        drawn = {name: KINDS[entry["kind"]](entry, count, _stream(seed, name))}
    if "owned" in entry:
        owns = _stream(seed, f"{name} owned").random(count) < entry["owned"]
        drawn = {column: owns * numbers for column, numbers in drawn.items()}
    return drawn


def _choice(name: str, entry: Entry, count: int, rng: np.random.Generator) -> Columns:
    """One of several numbers, or of several rows of numbers, by their shares."""
    shares = np.array(entry["shares"], dtype=np.float64)
    if len(shares) != len(entry["of"]):
        raise ValueError(f"{name}: {len(entry['of'])} choices with {len(shares)} shares")
    which = np.searchsorted(np.cumsum(shares / shares.sum())[:-1], rng.random(count), side="right")
    rows = [one if isinstance(one, Mapping) else {name: one} for one in entry["of"]]
    return {column: np.array([row[column] for row in rows])[which] for column in rows[0]}


def _stream(seed: int, name: str) -> np.random.Generator:
    """Chance of one entry alone."""
    return np.random.default_rng([seed, crc32(name.encode())])


KINDS: dict[str, Callable[[Entry, int, np.random.Generator], NDArray[Any]]] = {
    "constant": lambda entry, count, rng: np.full(count, entry["is"]),
    "uniform": lambda entry, count, rng: rng.uniform(entry["low"], entry["high"], count),
    "normal": lambda entry, count, rng: np.clip(rng.normal(entry["mean"], entry["sd"], count), entry["low"],
                                                entry["high"]),
    "lognormal": lambda entry, count, rng: entry["median"] * np.exp(entry["sigma"] * rng.standard_normal(count)),
    "share": lambda entry, count, rng: rng.random(count) < entry["share"]}
