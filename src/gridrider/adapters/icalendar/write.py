"""Whole-day entries as one iCalendar file (RFC 5545): escaped, folded at 75 octets, lines ending in CR LF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

LINE_OCTETS_MAX = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDay:
    """One entry of a calendar that takes a whole day."""

    uid: str
    """The same for the same entry in every later file, so that a calendar replaces it and does not double it."""
    on: date
    title: str
    description: str = ""
    category: str = ""
    tentative: bool = False


def icalendar_text(entries: Iterable[WholeDay], *, name: str, stamped_on: date) -> str:
    """The calendar as text, entries by day and uid; `stamped_on` is the day for which it was made."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//gridrider//regulatory calendar//EN", "CALSCALE:GREGORIAN",
             "METHOD:PUBLISH", f"X-WR-CALNAME:{_escaped(name)}"]
    for entry in sorted(entries, key=lambda entry: (entry.on, entry.uid)):
        lines += _entry_lines(entry, stamped_on)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _entry_lines(entry: WholeDay, stamped_on: date) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_escaped(entry.uid)}"
    yield f"DTSTAMP:{stamped_on:%Y%m%d}T000000Z"
    yield f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{entry.on + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_escaped(entry.title)}"
    if entry.description:
        yield f"DESCRIPTION:{_escaped(entry.description)}"
    if entry.category:
        yield f"CATEGORIES:{_escaped(entry.category)}"
    yield f"STATUS:{'TENTATIVE' if entry.tentative else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _folded(line: str) -> Iterator[str]:
    """Pieces of at most 75 octets; each but the first begins with a blank, and no letter is cut in two."""
    piece, octets = "", 0
    for letter in line:
        length = len(letter.encode())
        if octets + length > LINE_OCTETS_MAX:
            yield piece
            piece, octets = " ", 1
        piece, octets = piece + letter, octets + length
    yield piece
