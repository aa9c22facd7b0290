"""Reading a table: what comes out, and what is said about what cannot be read."""

from __future__ import annotations

import datetime as dt
import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridrider.adapters.tables.read import read_table
from gridrider.enrollment.model import ENROLLMENTS
from gridrider.event.model import EVENTS
from gridrider.market.model import NOMINATIONS, PRICES
from gridrider.problem import Problem, Severity
from gridrider.table import SQL_TYPES, Column, Kind, TableSchema
from gridrider.telemetry.model import POINTS

ZONE = ZoneInfo("America/Los_Angeles")
EVERY_KIND = TableSchema(name="every", columns=tuple(
    Column(name=name, kind=kind) for name, kind in (
        ("text", Kind.TEXT), ("texts", Kind.TEXTS), ("count", Kind.INTEGER), ("flag", Kind.BOOLEAN), ("day", Kind.DATE),
        ("at", Kind.TIMESTAMP), ("from", Kind.DATE_OR_TIMESTAMP), ("kwh", Kind.KWH), ("kw", Kind.KW),
        ("duration_h", Kind.HOURS), ("bid_mw", Kind.MW), ("usd_per_mwh", Kind.USD_PER_MWH), ("usd", Kind.USD),
        ("share", Kind.FACTOR))))


def read(folder: Path, schema: TableSchema, extra: dict[str, Kind] | None = None) \
        -> tuple[list[dict[str, Any]], list[Problem]]:
    """Read a table; its rows in the order of the file, and the Problems."""
    with duckdb.connect() as connection:
        problems = read_table(connection, folder, schema, ZONE, extra or {})
        rows = connection.sql(f'select * from "{schema.name}" order by source_row').to_arrow_table().to_pylist()
    return rows, problems


def inside(*parts: int) -> dt.datetime:
    """An instant as the tables keep it: in UTC, without saying so."""
    year, month, day, hour, minute, second, microsecond = (*parts, 0, 0, 0, 0)[:7]
    return dt.datetime(year, month, day, hour, minute, second, microsecond, dt.UTC).replace(tzinfo=None)


def write(folder: Path, name: str, *lines: str, end: str = "\n") -> None:
    (folder / f"{name}.csv").write_bytes((end.join(lines) + end).encode())


def said(problems: list[Problem]) -> list[tuple[str, int | None, str]]:
    return [(problem.severity.value, problem.row, problem.column) for problem in problems]


def test_every_kind_becomes_its_smallest_unit(tmp_path: Path) -> None:
    write(tmp_path, "every", ",".join(EVERY_KIND.names),
          "a,b; c ;,7.0,true,2025-08-21,2025-08-21T19:00:00-07:00,2025-08-21,1.5,-0.25,2.5,0.1,-12.345678,17.55,0.9")
    rows, problems = read(tmp_path, EVERY_KIND)
    assert problems == []
    assert rows == [{
        "text": "a", "texts": ["b", "c"], "count": 7, "flag": True, "day": dt.date(2025, 8, 21),
        "at": inside(2025, 8, 22, 2), "from": inside(2025, 8, 21, 7), "from_is_date": True,
        "mwh": 1_500_000, "milliwatt": -250_000, "duration_s": 9000, "bid_milliwatt": 100_000_000,
        "micro_usd_per_mwh": -12_345_678, "micro_usd": 17_550_000, "share": Decimal("0.9"), "source_row": 2}]


def test_columns_have_the_declared_types(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        for schema in (ENROLLMENTS, EVENTS, PRICES, NOMINATIONS, POINTS):
            read_table(connection, tmp_path, schema, ZONE)
            found = {name: kind for name, kind, *_ in connection.sql(f"describe {schema.name}").fetchall()}
            assert found["source_row"] == "BIGINT"
            assert all(found[column.inside_name] == SQL_TYPES[column.kind] for column in schema.columns)


def test_csv_and_parquet_of_any_type_give_the_same_numbers(tmp_path: Path) -> None:
    rng = random.Random(5)
    prices = [Decimal(rng.randrange(-10**9, 10**9)).scaleb(-rng.choice((2, 6, 8))) for _ in range(500)]
    expected = [int((price * 10**6).quantize(Decimal(1), rounding=ROUND_HALF_UP)) for price in prices]
    starts = [dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hour) for hour in range(500)]
    written = {"decimal": pa.array(prices, pa.decimal128(20, 8)),
               "double": pa.array([float(price) for price in prices]),
               "text": pa.array([f"{price:f}" for price in prices]),
               "exponent": pa.array([f"{price:E}" for price in prices])}
    for name, column in written.items():
        folder = tmp_path / name
        folder.mkdir()
        table = pa.table({"series": ["S"] * 500, "start": pa.array(starts, pa.timestamp("ms", "America/New_York")),
                          "seconds": pa.array([3600] * 500, pa.int16()), "usd_per_mwh": column})
        pq.write_table(table, folder / "prices.parquet")
        rows, problems = read(folder, PRICES)
        assert [problem.severity for problem in problems] == [Severity.WARNING], name
        assert problems[0].column == "usd_per_mwh"
        assert [row["micro_usd_per_mwh"] for row in rows] == expected, name
        assert [row["start"] for row in rows] == [start.replace(tzinfo=None) for start in starts]
    write(tmp_path, "prices", "usd_per_mwh,seconds,series,start",
          *(f"{price:f},3600,S,{start.isoformat()}" for price, start in zip(prices, starts, strict=True)), end="\r\n")
    rows, _ = read(tmp_path, PRICES)
    assert [row["micro_usd_per_mwh"] for row in rows] == expected


@pytest.mark.parametrize(("kind", "cell"), [
    (Kind.KWH, "1,5"), (Kind.KWH, "nan"), (Kind.KWH, "-inf"), (Kind.KWH, "1_000"), (Kind.KWH, " 1"), (Kind.KWH, "1e13"),
    (Kind.KWH, "1000000000000"), (Kind.KWH, "0x10"), (Kind.KWH, "."), (Kind.KWH, "1e"), (Kind.KWH, "1 kWh"),
    (Kind.INTEGER, "900.5"), (Kind.INTEGER, "1e3"), (Kind.INTEGER, "99999999999999999999"), (Kind.BOOLEAN, "yes"),
    (Kind.BOOLEAN, "TRUE"), (Kind.DATE, "2025-02-30"), (Kind.DATE, "08/21/2025"), (Kind.DATE, "2025-8-21"),
    (Kind.TIMESTAMP, "2025-08-21T19:00:00"), (Kind.TIMESTAMP, "2025-08-21"), (Kind.TIMESTAMP, "2025-08-21T24:00:00Z"),
    (Kind.TIMESTAMP, "2025-08-21T19:00:60Z"), (Kind.TIMESTAMP, "2025-02-30T19:00:00Z"),
    (Kind.TIMESTAMP, "2025-08-21T19:00:00 America/Los_Angeles"), (Kind.TIMESTAMP, "1755828000"),
    (Kind.DATE_OR_TIMESTAMP, "2025-02-30"), (Kind.DATE_OR_TIMESTAMP, "2025-08-21T19:00:00"), (Kind.FACTOR, "50%"),
])
def test_an_unreadable_cell_is_an_error_where_it_stands(kind: Kind, cell: str, tmp_path: Path) -> None:
    schema = TableSchema(name="t", columns=(Column(name="other", kind=Kind.TEXT), Column(name="x_kwh", kind=kind)))
    write(tmp_path, "t", "other,x_kwh", "a,", f'b,"{cell}"', "c,")
    rows, problems = read(tmp_path, schema)
    assert [(problem.severity, problem.row, problem.column, problem.value) for problem in problems] == \
        [(Severity.ERROR, 3, "x_kwh", cell)]
    assert [list(row.values())[1] for row in rows] == [None, None, None]


@pytest.mark.parametrize(("cell", "instant"), [
    ("2025-08-21T19:00:00-07:00", inside(2025, 8, 22, 2)), ("2025-08-22 02:00:00Z", inside(2025, 8, 22, 2)),
    ("2025-08-22 02:00:00+00", inside(2025, 8, 22, 2)), ("2025-08-22T07:30:00+0530", inside(2025, 8, 22, 2)),
    ("2025-08-22T02:00Z", inside(2025, 8, 22, 2)),
    ("2025-08-22T02:00:00.25Z", inside(2025, 8, 22, 2, 0, 0, 250_000)),
])
def test_the_ways_to_write_an_instant(cell: str, instant: dt.datetime, tmp_path: Path) -> None:
    write(tmp_path, "events", "event_id,start,end", f"E,{cell},{cell}")
    rows, problems = read(tmp_path, EVENTS)
    assert (rows[0]["start"], problems) == (instant, [])


def test_lines_count_as_a_person_counts_them(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_bytes(
        b"\xef\xbb\xbfevent_id,start,end,reason\r\n"
        b"A,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z,\"two\r\nlines, \"\"hot\"\"\"\r\n"
        b"\r\nB,x,2025-01-01T01:00:00Z,\r\nC,2025-01-01T00:00:00Z\r\nD,,y,")
    rows, problems = read(tmp_path, EVENTS)
    assert [(row["event_id"], row["source_row"]) for row in rows] == [("A", 2), ("B", 5), ("D", 7)]
    assert rows[0]["reason"] == 'two\r\nlines, "hot"'
    assert sorted((problem.row or 0, problem.column) for problem in problems) == \
        [(5, "start"), (6, ""), (7, "end"), (7, "start")]


@pytest.mark.parametrize("body", [
    b"", b"\n", b"\xff\xfee\x00v\x00", b'event_id,"start', b"event_id,event_ID,start,end\nA,B,,\n",
    b"event_id,,start,end\n",
    b'event_id,start,end\nA"B",2025-01-01T00:00:00Z,2025-01-01T01:00:00Z\n',
    b'event_id,start,end\n"A"B,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z\n',
    b'event_id,start,end\n"A,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z\n',
    b"event_id,start,end\nA\x00,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z\n",
    b"event_id,start,end\nA\xe9,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z\n",
    b"event_id,start,end\rA,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z\r",
    b"event_id;start;end\nA;2025-01-01T00:00:00Z;2025-01-01T01:00:00Z\n",
])
def test_a_csv_that_is_none_is_an_error(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_bytes(body)
    _, problems = read(tmp_path, EVENTS)
    assert Severity.ERROR in {problem.severity for problem in problems}


def test_missing_tables_columns_and_cells(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, NOMINATIONS)
    assert (rows, problems) == ([], [])
    rows, problems = read(tmp_path, EVENTS)
    assert rows == []
    assert said(problems) == [("error", None, "")]
    write(tmp_path, "events", "event_id,end,colour,shape", ",2025-01-01T01:00:00Z,red,", ",2025-01-01T01:00:00Z,,")
    rows, problems = read(tmp_path, EVENTS)
    assert said(problems) == [("error", None, "start"), ("warning", 1, "colour;shape"), ("error", 2, "event_id"),
                              ("error", 3, "event_id")]
    (tmp_path / "events.parquet").write_bytes(b"")
    _, problems = read(tmp_path, EVENTS)
    assert "more than once" in problems[0].reason


def test_a_header_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    write(tmp_path, "events", "event_id,start,end")
    assert read(tmp_path, EVENTS) == ([], [])


def test_the_same_id_twice(tmp_path: Path) -> None:
    write(tmp_path, "prices", "series,start,seconds,usd_per_mwh", "S,2025-01-01T00:00:00Z,3600,1",
          "S,2024-12-31T16:00:00-08:00,3600,2", "S,2025-01-01T01:00:00Z,3600,1")
    _, problems = read(tmp_path, PRICES)
    assert [(problem.row, problem.reason) for problem in problems] == [(3, "the series and start of row 2 again")]


def test_a_choice_and_a_blank_at_the_end_of_an_id(tmp_path: Path) -> None:
    write(tmp_path, "points", "enrollment_id,role,point_id,from", "E1,premise,P1,", "E1 ,Premise,\tP1,2025-13-01")
    _, problems = read(tmp_path, POINTS)
    assert [(problem.row, problem.column) for problem in problems] == \
        [(3, "enrollment_id"), (3, "role"), (3, "point_id"), (3, "from")]


def test_attributes_of_an_open_table_are_kept_and_hostile_names_do_nothing(tmp_path: Path) -> None:
    nasty = 'x"; drop table enrollments; --'
    needed = "enrollment_id,rider,customer_id,participant_id,point_id,technology,nameplate_kw,agreement_signed_on," \
             "starts_on,zone"
    quoted = nasty.replace('"', '""')
    write(tmp_path, "enrollments", f'{needed},"{quoted}",share,services',
          "E1,r,c,p,m,battery,5,2025-01-01,2025-01-01,PGE,'; drop table enrollments; --,0.25,a;b")
    rows, problems = read(tmp_path, ENROLLMENTS, {"share": Kind.FACTOR, "medical_baseline": Kind.BOOLEAN})
    assert problems == []
    assert rows[0][nasty] == "'; drop table enrollments; --"
    assert (rows[0]["share"], rows[0]["medical_baseline"], rows[0]["services"]) == (Decimal("0.25"), None, ["a", "b"])
    assert rows[0]["nameplate_milliwatt"] == 5_000_000


def test_parquet_times_without_zone_and_other_wrong_types_are_errors(tmp_path: Path) -> None:
    start = inside(2025, 1, 1)
    pq.write_table(pa.table({"event_id": ["A"], "start": pa.array([start], pa.timestamp("us")), "end": [3.5]}),
                   tmp_path / "events.parquet")
    _, problems = read(tmp_path, EVENTS)
    assert [(problem.severity.value, problem.column) for problem in problems] == [("error", "start"), ("error", "end")]
    assert "no time zone" in problems[0].reason


def test_a_folder_of_parquet_files_is_one_table(tmp_path: Path) -> None:
    (tmp_path / "nominations").mkdir()
    for part, kw in (("b", 1.5), ("a", 2.25)):
        pq.write_table(pa.table({"participant_id": [part], "month": ["2025-08"], "kw": [kw]}),
                       tmp_path / "nominations" / f"{part}.parquet")
    rows, problems = read(tmp_path, NOMINATIONS)
    assert sorted((row["participant_id"], row["milliwatt"]) for row in rows) == [("a", 2_250_000), ("b", 1_500_000)]
    assert problems == []


def test_a_spoilt_file_lists_a_thousand_and_counts_the_rest(tmp_path: Path) -> None:
    write(tmp_path, "events", "event_id,start,end",
          *(f"E{number},2025-01-01T00:00:00Z,tomorrow" for number in range(3000)))
    _, problems = read(tmp_path, EVENTS)
    assert len(problems) == 1001
    assert problems[-1].reason.startswith("2000 more")
