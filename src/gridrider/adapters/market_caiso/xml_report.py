"""The XML form of an OASIS report, and the XML in which OASIS tells that a query failed."""

from __future__ import annotations

from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from .findings import Findings, Stop

DEPTH_MAX = 32
_TEXT_MAX = 10_000
_PRICE_ITEMS = frozenset({"LMP_PRC", "LMP"})


class _Target:
    """Receives the parser's events; each REPORT_DATA becomes one price."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.parser: Any = None
        self.depth = 0
        self.text: list[str] = []
        self.length = 0
        self.header: dict[str, str] = {}
        self.fields: dict[str, str] | None = None
        self.failure: dict[str, str] = {}
        self.line = 1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if self.depth == 0 and name != "OASISReport":
            self._stop(f"begins with <{name[:40]}> where a report begins with <OASISReport>")
        self.depth += 1
        if self.depth > DEPTH_MAX:
            self._stop(f"nests elements more than {DEPTH_MAX} deep")
        self.text, self.length = [], 0
        if name == "REPORT_HEADER":
            self.header = {}
        elif name == "REPORT_DATA":
            self.fields, self.line = {}, self.reached

    def data(self, text: str) -> None:
        self.length += len(text)
        if self.length <= _TEXT_MAX:
            self.text.append(text)

    def end(self, tag: str) -> None:
        self.depth -= 1
        name, text = tag.rpartition("}")[2], "".join(self.text).strip()
        self.text, self.length = [], 0
        if name in ("ERR_CODE", "ERR_DESC"):
            self.failure[name] = text[:200]
        elif name == "REPORT_DATA" and self.fields is not None:
            self._price(self.fields)
            self.fields = None
        elif self.fields is not None:
            self.fields[name] = text
        elif name in ("MKT_TYPE", "UOM", "REPORT"):
            self.header[name] = text

    def close(self) -> None:
        if self.failure:
            self.found.error(None, "ERR_CODE", self.failure.get("ERR_CODE", ""),
                             f"is OASIS saying no: {self.failure.get('ERR_DESC', 'no reason given')}",
                             "Ask again: another query name, market run, node or span of days.")

    @property
    def reached(self) -> int:
        """The line that the parser has reached."""
        return int(self.parser.parser.CurrentLineNumber)

    def _price(self, fields: dict[str, str]) -> None:
        if fields.get("DATA_ITEM") not in _PRICE_ITEMS:
            return
        unit = self.header.get("UOM", "")
        if unit and not unit.upper().replace(" ", "").endswith("/MWH"):
            self.found.error(self.line, "UOM", unit, "is not a price per MWh", "Ask OASIS for a price report.")
            return
        start, end = fields.get("INTERVAL_START_GMT", ""), fields.get("INTERVAL_END_GMT", "")
        # INTERVAL_NUM counts hours of the day in hourly reports only; in finer ones it counts within the hour.
        hourly = self.header.get("MKT_TYPE", "") in ("DAM", "RUC")
        self.found.price(market=self.header.get("MKT_TYPE", ""), node=fields.get("RESOURCE_NAME", ""), start=start,
                         end=end, cell=fields.get("VALUE", ""), row=self.line, date_text=fields.get("OPR_DATE", ""),
                         hour_text=fields.get("INTERVAL_NUM", "") if hourly else "")

    def _stop(self, reason: str) -> None:
        self.found.error(self.reached, "", "", reason, "Give the file as OASIS sent it.")
        raise Stop


def read_xml_report(stream: IO[bytes], found: Findings) -> None:
    """Read an XML report; only items of the full locational price are taken. An error reply is an error."""
    target = _Target(found)
    parser = DefusedXMLParser(target=target, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    target.parser = parser
    try:
        while chunk := stream.read(1 << 18):
            parser.feed(chunk)
        parser.close()
    except ParseError as mistake:
        found.error(mistake.position[0], "", "", f"is not well-formed XML ({str(mistake)[:120]})",
                    "The download may be cut off; fetch it again.")
    except DefusedXmlException:
        found.error(None, "", "", "declares a document type or entities, which an OASIS report never needs",
                    "Do not use this file: it may be an attack on the reader.")
    except (ValueError, LookupError) as mistake:  # an encoding that expat does not know
        found.error(None, "", "", f"cannot be decoded ({str(mistake)[:120]})", "Give the file as OASIS sent it.")
