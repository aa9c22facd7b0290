"""A NACHA file from its text, with every Problem and the line it stands on. No Problem shows an account number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...problem import Problem, error, errors
from .check import check_file
from .wire import (
    FILLER,
    RECORD_WIDTH,
    Addendum,
    Batch,
    BatchControl,
    BatchHeader,
    Change,
    Entry,
    EntryDetail,
    FileControl,
    FileHeader,
    Remittance,
    Return,
    record_of,
)
from .wire import AchFile as AchFile

_ADDENDA: dict[str, type[Any]] = {"05": Remittance, "98": Change, "99": Return}
_ASK = "Ask the bank for the file again, unchanged."


@dataclass(slots=True)
class _Reading:
    """What has been read so far; a part that is open is not yet closed by its control record."""

    name: str
    header: FileHeader | None = None
    batches: list[Batch] = field(default_factory=list)
    control: FileControl | None = None
    open_header: BatchHeader | None = None
    entries: list[tuple[int, EntryDetail, list[Addendum]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, line: int, reason: str, what_to_do: str = _ASK, *, column: str = "", seen: str = "") -> None:
        self.problems.append(error(self.name, reason, what_to_do, row=line, column=column, value=seen))


def read_ach(text: str, name: str) -> tuple[AchFile | None, list[Problem]]:
    """Read and check a file; None when it has an error. Lines may end in LF or CRLF, or not at all."""
    lines, line_end, ends_last_line = _lines(text)
    reading = _Reading(name=name)
    if not any(line.strip() for line in lines):
        reading.wrong(1, "the file is empty")
        return None, reading.problems
    for number, line in enumerate(lines, start=1):
        _read_line(reading, number, line)
    if reading.open_header is not None:
        reading.wrong(len(lines), "the last batch has no control record")
    if reading.control is None:
        reading.wrong(len(lines), "the file has no control record")
    if reading.header is None or reading.control is None or errors(reading.problems):
        return None, reading.problems
    file = AchFile(header=reading.header, batches=tuple(reading.batches), control=reading.control, line_end=line_end,
                   ends_last_line=ends_last_line)
    problems = check_file(file, name, len(lines))
    return (None if errors(problems) else file), problems


def _lines(text: str) -> tuple[list[str], str, bool]:
    """The records, what ends each, and whether the last one is ended too."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    if "\n" not in text and len(text) > RECORD_WIDTH:
        return [text[at:at + RECORD_WIDTH] for at in range(0, len(text), RECORD_WIDTH)], "", False
    lines = text.split(line_end)
    return (lines[:-1], line_end, True) if lines[-1] == "" else (lines, line_end, False)


def _read_line(reading: _Reading, number: int, line: str) -> None:
    if len(line) != RECORD_WIDTH:
        reading.wrong(number, f"the record has {len(line)} characters and must have {RECORD_WIDTH}")
        return
    if not (line.isascii() and line.isprintable()):
        reading.wrong(number, "the record holds a character that is not printable ASCII")
        return
    if reading.control is not None:
        if line != FILLER:
            reading.wrong(number, "a record follows the file's control record")
        return
    handlers = {"1": _file_header, "5": _batch_header, "6": _entry, "7": _addendum, "8": _batch_control,
                "9": _file_control}
    if line[0] not in handlers:
        reading.wrong(number, "is no type of record that the format knows", column="record_type", seen=line[0])
    elif reading.header is None and line[0] != "1":
        reading.wrong(number, "comes before the file's header", column="record_type", seen=line[0])
    else:
        handlers[line[0]](reading, number, line)


def _record(reading: _Reading, number: int, kind: type[Any], line: str) -> Any:
    record, wrong = record_of(kind, line)
    for name in wrong:
        reading.wrong(number, "is not a number", column=name)
    return record


def _file_header(reading: _Reading, number: int, line: str) -> None:
    if reading.header is not None:
        reading.wrong(number, "is a second header of the file", column="record_type", seen="1")
        return
    reading.header = _record(reading, number, FileHeader, line)


def _batch_header(reading: _Reading, number: int, line: str) -> None:
    if reading.open_header is not None:
        reading.wrong(number, "a batch begins inside another")
    header = _record(reading, number, BatchHeader, line)
    if header is not None:
        reading.open_header, reading.entries = header, []


def _entry(reading: _Reading, number: int, line: str) -> None:
    if reading.open_header is None:
        reading.wrong(number, "an entry stands outside of a batch")
        return
    detail = _record(reading, number, EntryDetail, line)
    if detail is not None:
        reading.entries.append((number, detail, []))


def _addendum(reading: _Reading, number: int, line: str) -> None:
    if reading.open_header is None or not reading.entries:
        reading.wrong(number, "an addendum follows no entry")
        return
    kind = _ADDENDA.get(line[1:3])
    if kind is None:
        reading.wrong(number, "is no type of addendum that we read: 05, 98 and 99", column="addenda_type",
                      seen=line[1:3])
        return
    record = _record(reading, number, kind, line)
    if record is not None:
        reading.entries[-1][2].append(record)


def _batch_control(reading: _Reading, number: int, line: str) -> None:
    control = _record(reading, number, BatchControl, line)
    if reading.open_header is None:
        reading.wrong(number, "a batch's control record stands outside of a batch")
        return
    if control is not None:
        entries = tuple(Entry(detail=detail, addenda=tuple(addenda), line=at)
                        for at, detail, addenda in reading.entries)
        reading.batches.append(Batch(header=reading.open_header, entries=entries, control=control))
    reading.open_header = None


def _file_control(reading: _Reading, number: int, line: str) -> None:
    if reading.open_header is not None:
        reading.wrong(number, "the file ends inside a batch")
    reading.control = _record(reading, number, FileControl, line)
    reading.open_header = None
