"""CSV bytes to columns of text, by blocks of bounded size, with the line of every record.

The shape of the file (quotes, commas, line ends, encoding) is checked here on the bytes, all records at
once; a parser then only cuts what is known to be well formed. What we take: UTF-8 with or without BOM, LF
or CRLF, `,` between cells, cells quoted with `"` (doubled inside), quoted line breaks. A cell is either
quoted as a whole or not at all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from ...problem import Severity, error
from .findings import Findings, shown

BLOCK_BYTES = 8 << 20
RECORD_BYTES_MAX = 4 * BLOCK_BYTES
"""A record longer than this is a quote that was never closed."""

QUOTE, COMMA, LINE_FEED, CARRIAGE_RETURN = 34, 44, 10, 13

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvBlock:
    """Whole records of a CSV as text (blank = null), and the line on which each begins, the header being 1."""

    cells: pa.Table
    lines: Positions


class _Broken(Exception):
    """The rest of the file cannot be read; the Problem is noted already."""


def read_header(path: Path, label: str, findings: Findings) -> list[str] | None:
    """The column names of a CSV; None, with a Problem, when there is no readable header."""
    with path.open("rb") as file:
        head = file.read(BLOCK_BYTES)
    head = head.removeprefix(b"\xef\xbb\xbf")
    if not head.strip():
        findings.add(error(label, "the file is empty", "Give at least a header row with the column names."))
        return None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        findings.add(error(label, "the file is UTF-16, not UTF-8", "Save it as CSV UTF-8."))
        return None
    try:
        record = _first_record(head).decode("utf-8")
        names = next(csv.reader(io.StringIO(record, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error, StopIteration) as fault:
        findings.add(error(label, f"the header row cannot be read ({fault})",
                           "Give UTF-8 text with commas between the column names.", row=1))
        return None
    return names


def _first_record(head: bytes) -> bytes:
    octets = np.frombuffer(head, np.uint8)
    ends = _outside(np.flatnonzero(octets == LINE_FEED), np.flatnonzero(octets == QUOTE))
    return head[: int(ends[0])].removesuffix(b"\r") if ends.size else head.removesuffix(b"\n").removesuffix(b"\r")


def scan_csv(path: Path, label: str, names: list[str], findings: Findings) -> Iterator[CsvBlock]:
    """The records after the header, block by block; faults of shape go to `findings`.

    A record with too few or too many cells is left out and reported; a broken quote, a NUL or bytes that
    are not UTF-8 end the reading, for nothing after them can be trusted.
    """
    line, is_first, rest = 1, True, b""
    with path.open("rb") as file:
        while True:
            chunk = file.read(BLOCK_BYTES)
            held = rest + chunk
            if is_first:
                held = held.removeprefix(b"\xef\xbb\xbf")
            if not chunk and held and not held.endswith(b"\n"):
                held += b"\n"
            block, rest = _cut(held, label, line, findings, is_last=not chunk)
            if block is None:
                return
            if block:
                try:
                    parsed = _parse(block, label, line, names, findings, skip_first=is_first)
                except _Broken:
                    return
                line += block.count(b"\n")
                is_first = False
                if parsed.lines.size:
                    yield parsed
            if not chunk:
                return


def _outside(places: Positions, quotes: Positions) -> Positions:
    """Those places that are not between an opening and a closing quote."""
    if not quotes.size:
        return places
    outside: Positions = places[np.searchsorted(quotes, places) % 2 == 0]
    return outside


def _cut(held: bytes, label: str, line: int, findings: Findings, *, is_last: bool) -> tuple[bytes | None, bytes]:
    """Split at the last record end; (None, ...) when a quote never closes."""
    octets = np.frombuffer(held, np.uint8)
    quotes = np.flatnonzero(octets == QUOTE)
    ends = _outside(np.flatnonzero(octets == LINE_FEED), quotes)
    cut = int(ends[-1]) + 1 if ends.size else 0
    rest = held[cut:]
    if (is_last and rest) or len(rest) > RECORD_BYTES_MAX:
        # A quote that is out of place explains an open one better: let the parse of what is held name it.
        fault_line = _quote_fault(octets, quotes, line) or line + held[:cut].count(b"\n")
        findings.add(error(label, "a quote is out of place or never closed",
                           'Quote a cell as a whole and double a quote inside it ("").', row=fault_line))
        return None, b""
    return held[:cut], rest


def _quote_fault(octets: npt.NDArray[np.uint8], quotes: Positions, line: int) -> int | None:
    """The line of the first quote that neither opens, closes nor doubles as it should."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > 0, octets[np.maximum(opening, 1) - 1], LINE_FEED)
    after_place = np.minimum(closing + 1, octets.size - 1)
    after = np.where(closing + 1 < octets.size, octets[after_place], LINE_FEED)
    bad_open = opening[~np.isin(before, (COMMA, LINE_FEED, QUOTE))]
    bad_close = closing[~np.isin(after, (COMMA, LINE_FEED, CARRIAGE_RETURN, QUOTE))]
    faults = np.concatenate([bad_open, bad_close])
    if not faults.size:
        return None
    return line + int(np.count_nonzero(octets[: int(faults.min())] == LINE_FEED))


def _refuse_bytes(block: bytes, octets: npt.NDArray[np.uint8], quotes: Positions, label: str, line: int,
                  findings: Findings) -> None:
    """Stop at bytes that make everything after them doubtful."""
    fault_line = _quote_fault(octets, quotes, line)
    if fault_line is not None:
        findings.add(error(label, "a quote is out of place",
                           'Quote a cell as a whole and double a quote inside it ("").', row=fault_line))
        raise _Broken
    returns = _outside(np.flatnonzero(octets == CARRIAGE_RETURN), quotes)
    lone = returns[octets[returns + 1] != LINE_FEED]
    places = [("a NUL byte", np.flatnonzero(octets == 0)), ("a carriage return without a line feed", lone)]
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as fault:
        places.append(("a byte that is not UTF-8", np.array([fault.start])))
    for what, found in places:
        if found.size:
            row = line + block.count(b"\n", 0, int(found[0]))
            findings.add(error(label, f"the line holds {what}", "Save the file as CSV UTF-8 with LF or CRLF.", row=row))
    if any(found.size for _, found in places):
        raise _Broken


def _parse(block: bytes, label: str, line: int, names: list[str], findings: Findings, *,
           skip_first: bool) -> CsvBlock:
    """Check the shape of every record of a block and cut it into cells."""
    octets = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(octets == QUOTE)
    _refuse_bytes(block, octets, quotes, label, line, findings)
    all_ends = np.flatnonzero(octets == LINE_FEED)
    ends = _outside(all_ends, quotes)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lines = line + np.searchsorted(all_ends, starts)
    commas = _outside(np.flatnonzero(octets == COMMA), quotes)
    cells = np.diff(np.concatenate([[0], np.searchsorted(commas, ends)])) + 1
    lengths = ends - starts
    is_blank = (lengths == 0) | ((lengths == 1) & (octets[starts] == CARRIAGE_RETURN))
    is_ragged = (cells != len(names)) & ~is_blank
    if skip_first:
        is_blank[0], is_ragged[0] = True, False
    ragged = np.flatnonzero(is_ragged)
    listed = ragged[: findings.room(label)]
    for place in listed:
        record = block[starts[place]: ends[place]].decode("utf-8").removesuffix("\r")
        findings.add(error(label, f"the line has {cells[place]} cells where the header has {len(names)}",
                           "Give every column a cell, and quote a cell that holds a comma.",
                           row=int(lines[place]), value=shown(record)))
    findings.add_more(label, Severity.ERROR, ragged.size - listed.size)
    keep = ~(is_blank | is_ragged)
    if not keep.all():
        block = _kept(block, octets, starts, ends, keep)
    return _cells(block, names, lines[keep], label, findings, quoted=bool(quotes.size))


def _kept(block: bytes, octets: npt.NDArray[np.uint8], starts: Positions, ends: Positions,
          keep: npt.NDArray[np.bool_]) -> bytes:
    return octets[np.repeat(keep, ends - starts + 1)].tobytes() if keep.any() else b""


def _cells(block: bytes, names: list[str], lines: Positions, label: str, findings: Findings, *,
           quoted: bool) -> CsvBlock:
    placeholders = [str(place) for place in range(len(names))]
    if not lines.size:
        return CsvBlock(cells=pa.table({name: pa.array([], pa.string()) for name in placeholders}), lines=lines)
    try:
        cells = pa_csv.read_csv(
            pa.BufferReader(block),
            pa_csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=placeholders),
            pa_csv.ParseOptions(newlines_in_values=quoted, ignore_empty_lines=False),
            pa_csv.ConvertOptions(column_types=dict.fromkeys(placeholders, pa.string()), null_values=[""],
                                  strings_can_be_null=True, quoted_strings_can_be_null=True, check_utf8=False))
    except pa.ArrowException as fault:
        findings.add(error(label, f"the text cannot be cut into cells ({fault})", "Save the file as CSV UTF-8.",
                           row=int(lines[0])))
        raise _Broken from fault
    if cells.num_rows != lines.size:
        findings.add(error(label, "the text cannot be cut into cells: records and line ends do not agree",
                           "Save the file as CSV UTF-8.", row=int(lines[0])))
        raise _Broken
    return CsvBlock(cells=cells, lines=lines)
