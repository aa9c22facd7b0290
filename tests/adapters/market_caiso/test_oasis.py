"""OASIS downloads (made up here in the shape of real ones), the DLAP layout on real prices, and spoilt archives."""

import csv
import io
import zipfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.adapters.market_caiso import oasis
from gridrider.app.import_files import ImportReport, import_files
from gridrider.problem import DataRefused, Problem

PACIFIC = ZoneInfo("America/Los_Angeles")
NODE = "DLAP_PGAE-APND"
DAM_HEADER = ("INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,NODE_ID,NODE,"
              "MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP")
FINE_HEADER = ("INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE_ID_XML,NODE_ID,NODE,MARKET_RUN_ID,"
               "LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,{price},OPR_INTERVAL,GROUP")
ITEMS = {"LMP": "LMP_PRC", "MCE": "LMP_ENE_PRC", "MCC": "LMP_CONG_PRC", "MCL": "LMP_LOSS_PRC", "MGHG": "LMP_GHG_PRC"}


def rows_of(report: ImportReport) -> list[dict[str, str]]:
    with report.written[0].open(newline="") as stream:
        return list(csv.DictReader(stream))


def gmt(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S-00:00")


def dam_rows(day: str, *, node: str = NODE, elapsed: bool = True) -> list[str]:
    """All hours of an operating day, five rows each; the full price is the number of the hour and a quarter."""
    at = datetime.fromisoformat(day).replace(tzinfo=PACIFIC).astimezone(UTC)
    rows, number = [], 0
    while at.astimezone(PACIFIC).date().isoformat() == day:
        number += 1
        label = number if elapsed else at.astimezone(PACIFIC).hour + 1
        rows += [f"{gmt(at)},{gmt(at + timedelta(hours=1))},{day},{label},0,{node},{node},{node},DAM,{kind},{item},"
                 f"{node},ALL_APNODES,0,{number}.25,1" for kind, item in ITEMS.items()]
        at += timedelta(hours=1)
    return rows


def fine_rows(market: str, minutes: int, count: int) -> list[str]:
    start = datetime(2025, 7, 1, 7, tzinfo=UTC)
    return [f"{gmt(start + timedelta(minutes=minutes * k))},{gmt(start + timedelta(minutes=minutes * (k + 1)))},"
            f"2025-07-01,{k * minutes // 60 + 1},{NODE},{NODE},{NODE},{market},LMP,LMP_PRC,{NODE},ALL,0,-{k}.5,"
            f"{k * minutes % 60 // minutes + 1},1" for k in range(count)]


def table(header: str, rows: list[str]) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def take(folder: Path, *contents: bytes) -> ImportReport:
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"oasis{number}.zip")
        paths[-1].write_bytes(content)
    return import_files("caiso_prices", paths, folder / "out")


def refused(folder: Path, content: bytes) -> tuple[Problem, ...]:
    with pytest.raises(DataRefused) as refusal:
        take(folder, content)
    assert [path.name for path in (folder / "out").iterdir()] == ["problems.csv"]
    return refusal.value.problems


def report_xml(rows: str, *, market: str = "DAM", unit: str = "US$/MWh") -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<OASISReport xmlns="http://www.caiso.com/soa/OASISReport_v1.xsd">'
            "<MessagePayload><RTO><name>CAISO</name><REPORT_ITEM><REPORT_HEADER><SYSTEM>OASIS</SYSTEM><TZ>PPT</TZ>"
            f"<REPORT>PRC_LMP</REPORT><MKT_TYPE>{market}</MKT_TYPE><UOM>{unit}</UOM></REPORT_HEADER>{rows}"
            "</REPORT_ITEM></RTO></MessagePayload></OASISReport>").encode()


def xml_row(start: datetime, number: int, price: str, *, item: str = "LMP_PRC", hours: int = 1) -> str:
    return (f"<REPORT_DATA><DATA_ITEM>{item}</DATA_ITEM><RESOURCE_NAME>{NODE}</RESOURCE_NAME>"
            f"<OPR_DATE>2025-07-01</OPR_DATE><INTERVAL_NUM>{number}</INTERVAL_NUM>"
            f"<INTERVAL_START_GMT>{gmt(start)}</INTERVAL_START_GMT>"
            f"<INTERVAL_END_GMT>{gmt(start + timedelta(hours=hours))}</INTERVAL_END_GMT><VALUE>{price}</VALUE>"
            "</REPORT_DATA>")


FAILURE = (b'<?xml version="1.0"?><m:OASISReport xmlns:m="http://www.caiso.com/soa/OASISReport_v1.xsd"><m:MessagePayload>'
           b"<m:RTO><m:name>CAISO</m:name><m:ERROR><m:ERR_CODE>1000</m:ERR_CODE><m:ERR_DESC>No data returned for the "
           b"specified selection</m:ERR_DESC></m:ERROR></m:RTO></m:MessagePayload></m:OASISReport>")


@pytest.mark.parametrize(("day", "hours", "first"), [
    ("2025-07-01", 24, "2025-07-01T07:00:00Z"), ("2025-03-09", 23, "2025-03-09T08:00:00Z"),
    ("2025-11-02", 25, "2025-11-02T07:00:00Z")])
@pytest.mark.parametrize("elapsed", [True, False])
def test_a_day_ahead_day(day: str, hours: int, first: str, elapsed: bool, tmp_path: Path) -> None:
    report = take(tmp_path, zipped(PRC_LMP__csv=table(DAM_HEADER, dam_rows(day, elapsed=elapsed))))
    rows = rows_of(report)
    assert len(rows) == hours
    assert rows[0] == {"series": "CAISO_DAM:DLAP_PGAE-APND", "start": first, "seconds": "3600",
                       "usd_per_mwh": "1.250000"}
    assert [row["usd_per_mwh"] for row in rows] == [f"{hour}.250000" for hour in range(1, hours + 1)]
    assert report.problems == ()


@pytest.mark.parametrize(("market", "minutes", "price"), [
    ("RTPD", 15, "PRC"), ("RTM", 5, "VALUE"), ("HASP", 15, "MW")])
def test_finer_markets(market: str, minutes: int, price: str, tmp_path: Path) -> None:
    report = take(tmp_path, zipped(fine__csv=table(FINE_HEADER.format(price=price), fine_rows(market, minutes, 30))))
    rows = rows_of(report)
    assert {(row["series"], row["seconds"]) for row in rows} == {(f"CAISO_{market}:{NODE}", str(minutes * 60))}
    assert [row["usd_per_mwh"] for row in rows] == [f"-{number}.500000" for number in range(30)]
    assert report.problems == ()


def test_a_shifted_label_is_told_and_gmt_is_taken(tmp_path: Path) -> None:
    rows = [row.replace(",2025-07-01,1,", ",2025-07-01,2,") for row in dam_rows("2025-07-01")]
    report = take(tmp_path, table(DAM_HEADER, rows))
    (told,) = report.problems
    assert "disagree with the GMT start, which is taken, 1 in all" in told.reason
    assert told.row == 2
    assert rows_of(report)[0]["start"] == "2025-07-01T07:00:00Z"


def test_an_unusual_length_is_told(tmp_path: Path) -> None:
    rows = [row.replace("DAM", "RTM") for row in dam_rows("2025-07-01")]
    assert "3600 s is unusual for RTM" in take(tmp_path, table(DAM_HEADER, rows)).problems[0].reason


def test_the_xml_report(tmp_path: Path) -> None:
    start = datetime(2025, 7, 1, 7, tzinfo=UTC)
    content = report_xml(xml_row(start, 1, "33.27561") + xml_row(start, 1, "9", item="LMP_CONG_PRC"))
    report = take(tmp_path, zipped(r__xml=content))
    assert rows_of(report) == [{"series": f"CAISO_DAM:{NODE}", "start": "2025-07-01T07:00:00Z", "seconds": "3600",
                                "usd_per_mwh": "33.275610"}]
    assert report.problems == ()
    shifted = take(tmp_path, report_xml(xml_row(start, 3, "33.27561")))
    assert "disagree with the GMT start" in shifted.problems[0].reason


def test_several_files_and_members_join_and_duplicates_go(tmp_path: Path) -> None:
    one = zipped(a__csv=table(DAM_HEADER, dam_rows("2025-07-01")), b__csv=table(DAM_HEADER, dam_rows("2025-07-02")))
    two = table(DAM_HEADER, dam_rows("2025-07-02") + dam_rows("2025-07-02", node="DLAP_SCE-APND"))
    report = take(tmp_path, one, two)
    assert report.rows == 72
    assert [problem.reason for problem in report.problems] == ["identical duplicates were removed, 24 in all"]
    keys = [(row["series"], row["start"]) for row in rows_of(report)]
    assert keys == sorted(keys)


def test_an_error_reply_says_what_oasis_said(tmp_path: Path) -> None:
    (found,) = refused(tmp_path, zipped(INVALID_REQUEST__xml=FAILURE))
    assert (found.value, found.reason) == (
        "1000", "is OASIS saying no: No data returned for the specified selection")
    assert found.file.endswith("oasis0.zip!INVALID_REQUEST.xml")


BOMB_XML = (b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><OASISReport>&b;</OASISReport>')
PLAIN_CSV = table(DAM_HEADER, dam_rows("2025-07-01"))


@pytest.mark.parametrize(("content", "said"), [
    (zipped(a__csv=b"0" * 30_000_000), "times its size"), (zipped(), "empty zip"),
    (zipped(inner__zip=zipped(a__csv=b"x")), "zip within a zip"), (zipped(a__csv=PLAIN_CSV)[:-40], "spoilt"),
    (b"PK\x03\x04 and no more", "spoilt"), (b"", "not a column"), (b"a,b\n1,2\n", "not a column"),
    (table(DAM_HEADER, []), "no LMP price"), (BOMB_XML, "document type or entities"),
    (b"<OASISReport>" * 50, "deep"), (b"<html></html>", "begins with <html>"), (FAILURE[:-60], "not well-formed"),
    (report_xml(""), "no LMP price"), (b"\xff\xfe" + b"\0" * 40, "not"),
    (report_xml(xml_row(datetime(2025, 7, 1, 7, tzinfo=UTC), 1, "1"), unit="MW"), "not a price per MWh"),
    (PLAIN_CSV.replace(b"1.25", b"NaN", 1), "not a price"), (PLAIN_CSV.replace(b"1.25", b"1e30", 1), "not a price"),
    (PLAIN_CSV.replace(b"2025-07-01T07:00:00-00:00", b"2025-07-01T07:00:00", 1), "not an interval in GMT"),
    (PLAIN_CSV.replace(b"2025-07-01T07:00:00-00:00", b"yesterday", 1), "not an interval in GMT"),
    (PLAIN_CSV[: len(PLAIN_CSV) - 30], "cells where 16 are due"), (PLAIN_CSV.replace(b",DAM,", b",,"), "market run"),
])
def test_spoilt_downloads_are_problems(content: bytes, said: str, tmp_path: Path) -> None:
    assert any(said in problem.reason for problem in refused(tmp_path, content))


def test_a_stream_longer_than_its_bound_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oasis, "BYTES_MAX", 1000)
    (found,) = refused(tmp_path, PLAIN_CSV)
    assert "unpacks to more than 1000 bytes" in found.reason


GOOD = zipped(a__csv=table(FINE_HEADER.format(price="PRC"), fine_rows("RTPD", 15, 4)))
GOOD_XML = report_xml(xml_row(datetime(2025, 7, 1, 7, tzinfo=UTC), 1, "33.2"))


@settings(max_examples=75)
@given(base=st.sampled_from([GOOD, GOOD_XML, table(FINE_HEADER.format(price="PRC"), fine_rows("RTPD", 15, 4))]),
       place=st.floats(0, 0.999), cut=st.integers(0, 40), put=st.binary(max_size=6))
def test_mutated_downloads_never_raise_anything_else(base: bytes, place: float, cut: int, put: bytes) -> None:
    at = int(len(base) * place)
    with TemporaryDirectory() as folder:
        try:
            report = take(Path(folder), base[:at] + put + base[at + cut:])
        except DataRefused as refusal:
            assert refusal.problems
        else:
            assert report.rows == len(rows_of(report))


def test_the_dlap_file_gives_the_published_trigger_hours(refs: Path, tmp_path: Path) -> None:
    """Day-ahead above 200 $/MWh in hours ending 17 to 21 local: PG&E 21 h on 15 days, SCE 24 h on 14 days."""
    path = refs / "data" / "caiso_dlap_2024_may_oct.csv"
    report = import_files("caiso-prices", [path], tmp_path, mapping=Path("dlap-hour-ending"))
    hours: dict[str, list[datetime]] = defaultdict(list)
    for row in rows_of(report):
        start = datetime.fromisoformat(row["start"]).astimezone(PACIFIC)
        if Decimal(row["usd_per_mwh"]) > 200 and 16 <= start.hour < 21:
            hours[row["series"]].append(start)
    found = {series: (len(starts), len({start.date() for start in starts})) for series, starts in hours.items()}
    assert found["CAISO_DAM:DLAP_PGAE-APND"] == (21, 15)
    assert found["CAISO_DAM:DLAP_SCE-APND"] == (24, 14)


def test_the_dlap_prices_are_exact(refs: Path, tmp_path: Path) -> None:
    path = refs / "data" / "caiso_dlap_2024_may_oct.csv"
    report = import_files("caiso-prices", [path], tmp_path, mapping=Path("dlap-hour-ending"))
    with path.open(newline="") as stream:
        expected = [Decimal(cell) for row in csv.DictReader(stream) for name, cell in row.items()
                    if name.endswith("usd_per_mwh") and cell]
    assert sorted(Decimal(row["usd_per_mwh"]) for row in rows_of(report)) == sorted(expected)
