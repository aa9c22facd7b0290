"""The CSV form of an OASIS price report (resultformat=6)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO

from .findings import Findings, Stop

PRICE_COLUMNS = ("PRC", "LMP_PRC", "MW", "VALUE")
"""The price stands in MW (PRC_LMP), PRC (PRC_RTPD_LMP) or VALUE (PRC_INTVL_LMP), always in USD/MWh."""

NODE_COLUMNS = ("NODE", "NODE_ID", "NODE_ID_XML")
_TYPE_COLUMNS = ("LMP_TYPE", "XML_DATA_ITEM")
_FULL_PRICE = frozenset({"LMP", "LMP_PRC"})
_CELL_MAX = 10_000


def read_csv_report(stream: IO[bytes], found: Findings) -> None:
    """Read a CSV report; rows of the parts of a price (energy, congestion, loss, greenhouse gas) are passed over."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        csv.field_size_limit(_CELL_MAX)
        _rows(csv.reader(_no_nul(text), strict=True), found)
    except UnicodeError:
        found.error(None, "", "", "is not text in UTF-8", "Give the file as OASIS sent it.")
    except csv.Error as mistake:
        found.error(None, "", "", f"is not a readable table ({mistake})", "Download the report again.")
    finally:
        text.detach()


def _no_nul(lines: io.TextIOWrapper) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise csv.Error("it holds a NUL character")
        yield line


def _rows(reader: Iterator[list[str]], found: Findings) -> None:
    header = [cell.strip().upper() for cell in next(reader, [])]
    start, end = _place(header, ("INTERVALSTARTTIME_GMT",), found), _place(header, ("INTERVALENDTIME_GMT",), found)
    market, node = _place(header, ("MARKET_RUN_ID",), found), _place(header, NODE_COLUMNS, found)
    kind, price = _place(header, _TYPE_COLUMNS, found), _place(header, PRICE_COLUMNS, found)
    if found.problems:
        raise Stop
    day, hour = (header.index(name) if name in header else None for name in ("OPR_DT", "OPR_HR"))
    for number, row in enumerate(reader, start=2):
        if not any(row):
            continue
        if len(row) != len(header):
            found.error(number, "", "", f"has {len(row)} cells where {len(header)} are due",
                        "The download may be cut off; fetch it again.")
        elif row[kind].strip() in _FULL_PRICE:
            found.price(market=row[market].strip(), node=row[node].strip(), start=row[start], end=row[end],
                        cell=row[price], row=number, date_text="" if day is None else row[day].strip(),
                        hour_text="" if hour is None else row[hour].strip())


def _place(header: list[str], names: tuple[str, ...], found: Findings) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    found.error(1, names[0], "", "is not a column of this file", "Give a locational price report of OASIS.")
    return 0
