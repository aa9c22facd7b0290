"""Spoilt bytes: whatever they are, they end in Problems or in the right numbers, never in a traceback.

Valid files are damaged at random places. Where no error is reported, every number that came out must be one
that a plain reader finds in the damaged file too.
"""

from __future__ import annotations

import csv
import io
import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridrider.adapters.tables.read import read_table
from gridrider.app.fold_readings import fold_readings
from gridrider.market.model import PRICES
from gridrider.problem import errors
from tests.telemetry import homes

ZONE = ZoneInfo("America/Los_Angeles")
PIECES = (b'"', b",", b"\n", b"\r", b"\r\n", b"\x00", b"\xff", b"\xc3\xa9", b"-", b"e", b".", b"1e9", b" ", b"nan",
          b";", b'""', b"\xef\xbb\xbf", b"'", b"\\", b"Z", b"0" * 50)


def price_lines(rng: random.Random, count: int) -> bytes:
    lines = ["series,start,seconds,usd_per_mwh"]
    for hour in range(count):
        series = rng.choice(("S", '"S, T"', '"a ""b"""'))
        start = f"2025-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z"
        lines.append(f"{series},{start},3600,{rng.randrange(-999, 99999) / 1000}")
    return ("\n".join(lines) + "\n").encode()


def damaged(rng: random.Random, body: bytes) -> bytes:
    """The bytes with some cut out, changed, put in or doubled."""
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(body) + 1)
        other = min(len(body), place + rng.randint(0, 12))
        body = rng.choice((
            body[:place] + body[other:], body[:place] + rng.choice(PIECES) + body[place:],
            body[:place] + rng.choice(PIECES) + body[other:], body[:other] + body[place:], body[:place],
            body[:place] + bytes([rng.randrange(256)]) + body[place + 1:]))
    return body


def prices_of(body: bytes) -> set[int]:
    """Every price that Python's own reader sees, in micro-dollars."""
    found = set()
    for row in csv.reader(io.StringIO(body.removeprefix(b"\xef\xbb\xbf").decode(), newline="")):
        for cell in row:
            try:
                found.add(int(Decimal(cell).scaleb(6).quantize(Decimal(1), rounding=ROUND_HALF_UP)))
            except (ArithmeticError, ValueError):
                continue
    return found


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_csv_gives_problems_or_the_numbers_it_holds(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    body = damaged(rng, price_lines(rng, rng.randint(1, 40)))
    (tmp_path / "prices.csv").write_bytes(body)
    with duckdb.connect() as connection:
        problems = read_table(connection, tmp_path, PRICES, ZONE)
        read = {price for (price,) in connection.sql("select micro_usd_per_mwh from prices").fetchall()}
    if not errors(problems):
        assert read <= prices_of(body)


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_parquet_file_gives_problems_and_no_traceback(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    table = homes.arrow_table(homes.readings_of(seed % 3, "Etc/GMT+8")[:200], doubles=seed % 2 == 0)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression=rng.choice(("none", "zstd")), use_dictionary=seed % 5 > 0,
                   write_page_checksum=seed % 4 == 0, row_group_size=rng.choice((10, 1000)))
    (tmp_path / "readings.parquet").write_bytes(damaged(rng, sink.getvalue()))
    report = fold_readings(tmp_path, tmp_path / "days", zone=ZONE, points=None, dates=None,
                           progress=lambda *_: None, threads=1)
    written = sorted(path.stem for path in (tmp_path / "days").glob("*.parquet"))
    assert written == ([] if errors(report.problems) else [str(day) for day in report.dates])


@pytest.mark.parametrize("seed", range(25))
def test_damaged_readings_in_csv_give_problems_and_no_traceback(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    homes.write_csv(homes.readings_of(seed % 3, "Etc/GMT+8")[:100], tmp_path, ZONE)
    body = damaged(rng, (tmp_path / "readings.csv").read_bytes())
    (tmp_path / "readings.csv").write_bytes(body)
    report = fold_readings(tmp_path, tmp_path / "days", zone=ZONE, points=pa.array(["P0", "P1"]), dates=None,
                           progress=lambda *_: None, threads=1)
    assert all(problem.reason and str(problem) for problem in report.problems)
    if errors(report.problems):
        assert not list((tmp_path / "days").iterdir())
