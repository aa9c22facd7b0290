"""A synthetic season into an input folder of the batch contract, marked as synthetic in every place."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .. import problem
from .people import TextTable
from .synthetic import SyntheticSeason, readings

Progress = Callable[[str, int, int], None]
"""progress(step, done, total)."""

MARK = "synthetic.json"


def write_inputs(plan: SyntheticSeason, out: Path, progress: Progress) -> None:
    """Write the tables, the readings and the marks; the folder appears whole or not at all.

    An earlier synthetic folder at `out` is replaced; any other folder that holds something is refused.
    """
    if out.exists() and not (out.is_dir() and ((out / MARK).is_file() or not any(out.iterdir()))):
        raise problem.DataRefused([problem.error(
            str(out), "holds something that is not a synthetic season", "Name another folder, or empty it.")])
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as unfinished:
        folder = Path(unfinished) / out.name
        folder.mkdir()
        _write_all(plan, folder, progress)
        if out.exists():
            shutil.rmtree(out)
        folder.rename(out)


def _write_all(plan: SyntheticSeason, folder: Path, progress: Progress) -> None:
    for table in plan.tables:
        if len(table):
            write_csv(table, folder / f"{table.schema.name}.csv")
    _write_readings(plan, folder / "readings", progress)
    mark = {"synthetic": True, "seed": plan.seed, "sites": len(plan.homes), "assumptions": plan.season.assumptions}
    (folder / MARK).write_text(json.dumps(mark, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    (folder / "README.txt").write_text(read_me(plan), encoding="utf-8", newline="\n")


def write_csv(table: TextTable, path: Path) -> None:
    """One table as UTF-8 text with LF, a header row and quotes only where needed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(zip(*table.columns.values(), strict=True))


def _write_readings(plan: SyntheticSeason, folder: Path, progress: Progress) -> None:
    """One Parquet file per local date; the blocks of a day are its row groups, in the order of the points."""
    folder.mkdir()
    for done, (day, blocks) in enumerate(groupby(readings(plan), key=itemgetter(0)), start=1):
        _write_day(folder / f"{day}.parquet", (table for _, table in blocks if table is not None))
        progress("readings", done, len(plan.days_run))


def _write_day(path: Path, blocks: Iterator[pa.Table]) -> None:
    """Write blocks as they come, so that one block is in memory; no block, no file."""
    first = next(blocks, None)
    if first is None:
        return
    # Kept as 64-bit whole numbers of milliwatt-hours; without Arrow's own schema every reader sees plain text ids.
    with pq.ParquetWriter(path, first.schema, compression="zstd", use_dictionary=["point_id", "quality"],
                          store_decimal_as_integer=True, store_schema=False) as writer:
        for block in chain((first,), blocks):
            writer.write_table(block)


def read_me(plan: SyntheticSeason) -> str:
    """What the folder is, for whoever opens it."""
    lines = ["SYNTHETIC DATA", "", f"Input tables of {plan.season.tariff}, {len(plan.homes)} sites, seed {plan.seed}.",
             "Every id begins with SYN. Settle it with", "",
             f"    gridrider settle tariffs/{plan.season.tariff}/tariff.yaml --inputs . --period {plan.season.period} "
             "--out results", "", "What is assumed:", *(f"- {sentence}" for sentence in plan.season.assumptions)]
    return "\n".join(lines) + "\n"
