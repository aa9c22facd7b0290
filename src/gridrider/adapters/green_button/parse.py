"""An ESPI file to a Feed, lines kept, with nothing of it trusted: no DTD, no entities, bounded size and depth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from ...problem import Problem, error
from .wire import ESPI, Entry, Feed, RawBlock, RawReading

BYTES_MAX = 512 * 1024 * 1024
"""A year of 15-minute readings is about 10 MB; a file above this is not read. [bytes]"""

DEPTH_MAX = 64
_TEXT_MAX = 10_000
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_RESOURCES = {"usagepoint": "UsagePoint", "meterreading": "MeterReading", "readingtype": "ReadingType"}
_TYPE_CODES = frozenset({"accumulationBehaviour", "commodity", "defaultQuality", "flowDirection", "intervalLength",
                         "powerOfTenMultiplier", "uom"})


class NotGreenButton(ValueError):
    """The file is XML but not an ESPI feed, or oversteps a bound; the text says which."""


class FeedTarget:
    """Receives the parser's events and builds the Feed."""

    def __init__(self, problems: list[Problem], file: str) -> None:
        self.feed = Feed()
        self.problems = problems
        self.file = file
        self.parser: Any = None
        self.path: list[str] = []
        self.text: list[str] = []
        self.length = 0
        self.espi_seen = False
        self.entry: Entry | None = None
        self.block: dict[str, int] | None = None
        self.readings: list[RawReading] = []
        self.reading: dict[str, int] | None = None
        self.qualities: list[int] = []
        self.reading_line = 0
        self.block_line = 0

    @property
    def line(self) -> int:
        """The line that the parser has reached, or 1 when it is done and has let go of its count."""
        expat = getattr(self.parser, "parser", None)
        return 1 if expat is None else int(expat.CurrentLineNumber)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        namespace, _, name = tag.rpartition("}")
        self.espi_seen = self.espi_seen or namespace == "{" + ESPI
        if not self.path and name not in ("feed", "entry"):
            raise NotGreenButton(f"begins with <{name[:40]}> where an Atom feed begins with <feed>")
        if len(self.path) >= DEPTH_MAX:
            raise NotGreenButton(f"nests elements more than {DEPTH_MAX} deep")
        self.path.append(name)
        self.text, self.length = [], 0
        if name == "entry":
            self.entry = Entry(line=self.line)
        elif self.entry is None:
            return
        elif name == "link":
            self._link(self.entry, attributes)
        elif name.lower() == "intervalblock":
            self._begin_block(name)
        elif name.lower() in _RESOURCES and self.path[-2] == "content":
            self.entry.kind = _RESOURCES[name.lower()]
        elif name == "IntervalReading":
            self.reading, self.qualities, self.reading_line = {}, [], self.line

    def data(self, text: str) -> None:
        """Characters; only short texts matter here."""
        self.length += len(text)
        if self.length <= _TEXT_MAX:
            self.text.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        name = self.path.pop()
        parent = self.path[-1] if self.path else ""
        text = "".join(self.text).strip()
        self.text, self.length = [], 0
        entry = self.entry
        if entry is None:
            return
        if name == "entry":
            self.feed.entries.append(entry)
            self.entry = None
        elif parent == "entry" and name == "id":
            entry.entry_id = text
        elif parent == "entry" and name == "title":
            entry.title = text
        elif name == "kind" and parent == "ServiceCategory":
            self._set(entry.codes, "service", text, name)
        elif parent == "ReadingType" and name in _TYPE_CODES:
            self._set(entry.codes, name, text, name)
        else:
            self._end_interval(entry, name, parent, text)

    def close(self) -> None:
        """The document is whole."""
        if not self.espi_seen:
            raise NotGreenButton(f"holds nothing of the namespace {ESPI}")

    def _link(self, entry: Entry, attributes: dict[str, str]) -> None:
        href, relation = attributes.get("href", ""), attributes.get("rel", "")
        if relation == "self":
            entry.self_href = href
        elif relation == "up":
            entry.up_href = href
        elif relation == "related":
            entry.related.append(href)

    def _begin_block(self, name: str) -> None:
        if self.entry is not None:
            self.entry.kind = "IntervalBlock"
        self.block, self.readings, self.block_line = {}, [], self.line
        if name != "IntervalBlock" and self.feed.odd_case_line is None:
            self.feed.odd_case_line = self.line

    def _end_interval(self, entry: Entry, name: str, parent: str, text: str) -> None:
        if parent == "timePeriod" and self.reading is not None and name in ("start", "duration"):
            self._set(self.reading, name, text, name)
        elif parent == "interval" and self.block is not None and name in ("start", "duration"):
            self._set(self.block, name, text, name)
        elif parent == "IntervalReading" and name == "value" and self.reading is not None:
            self._set(self.reading, name, text, name)
        elif parent == "ReadingQuality" and name == "quality" and self.reading is not None:
            code: dict[str, int] = {}
            self._set(code, name, text, name)
            self.qualities.extend(code.values())
        elif name == "IntervalReading" and self.reading is not None:
            self.readings.append(RawReading(
                line=self.reading_line, start_s=self.reading.get("start"), seconds=self.reading.get("duration"),
                number=self.reading.get("value"), qualities=tuple(self.qualities)))
            self.reading = None
        elif name.lower() == "intervalblock" and self.block is not None:
            entry.blocks.append(RawBlock(line=self.block_line, start_s=self.block.get("start"),
                                         readings=tuple(self.readings)))
            self.block = None

    def _set(self, into: dict[str, int], key: str, text: str, name: str) -> None:
        if not text:
            return
        if not _INTEGER.fullmatch(text) or not text.isascii():
            self.problems.append(error(self.file, "is not a whole number", "Ask the utility for a corrected file.",
                                       row=self.line, column=name, value=text[:80]))
            if len(self.problems) > 1000:
                raise NotGreenButton("holds more than 1000 errors; the rest was not read")
            return
        into[key] = int(text)


def parse_feed(path: Path, problems: list[Problem]) -> Feed | None:
    """Read one file; None when it cannot be read, with the Problem noted."""
    name = str(path)
    target = FeedTarget(problems, name)
    parser = DefusedXMLParser(target=target, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    target.parser = parser
    try:
        if path.stat().st_size > BYTES_MAX:
            problems.append(error(name, f"is larger than {BYTES_MAX} bytes", "Split the download by account."))
            return None
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                parser.feed(chunk)
        parser.close()
    except OSError as refusal:
        problems.append(error(name, f"cannot be read ({refusal.strerror or refusal})", "Give a readable file."))
    except ParseError as mistake:
        problems.append(error(name, f"is not well-formed XML ({str(mistake)[:120]})",
                              "The download may be cut off; fetch it again.", row=mistake.position[0]))
    except DefusedXmlException:
        problems.append(error(name, "declares a document type or entities, which a Green Button file never needs",
                              "Do not use this file: it may be an attack on the reader.", row=target.line))
    except NotGreenButton as reason:
        problems.append(error(name, str(reason), "Give a Green Button (ESPI) XML file.", row=target.line))
    except (ValueError, LookupError) as mistake:  # an encoding that expat does not know
        problems.append(error(name, f"cannot be decoded ({str(mistake)[:120]})", "Save it as UTF-8."))
    else:
        return target.feed
    return None
