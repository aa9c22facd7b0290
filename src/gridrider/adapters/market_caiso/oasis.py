"""Opens what OASIS sends: a zip, or a CSV or XML out of it, with bounds on every size."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ...problem import Problem, error
from .csv_report import read_csv_report
from .findings import AddPrice, Findings, Stop
from .xml_report import read_xml_report

MEMBERS_MAX = 1_000
BYTES_MAX = 2 * 1024**3
"""A day of all nodes is below 0.5 GB; more than this unpacked is refused. [bytes]"""
RATIO_MAX = 300
"""Price tables pack about 25 to 1; more than this is a bomb."""
_RATIO_FROM = 10 * 1024**2


class TooLarge(Exception):
    """A stream gave more bytes than it may."""


class BoundedStream(io.RawIOBase):
    """A byte stream that raises TooLarge after `limit` bytes, whatever its header promised."""

    def __init__(self, inner: IO[bytes], limit: int) -> None:
        super().__init__()
        self.inner, self.left = inner, limit

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        chunk = self.inner.read(len(view))
        self.left -= len(chunk)
        if self.left < 0:
            raise TooLarge
        view[: len(chunk)] = chunk
        return len(chunk)


def read_oasis(path: Path, *, add_price: AddPrice) -> list[Problem]:
    """Read one OASIS download (zip, CSV or XML); prices go to `add_price` in micro-dollars per MWh.

    Series are written CAISO_<market run>:<node>. Only the full locational price (LMP) is taken, not its parts.
    Returns every finding. When one is an error, what was added must not be used.
    """
    name = str(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
            stream.seek(0)
            if head.startswith(b"PK"):
                return _read_zip(stream, name, add_price)
            return _read_document(stream, name, add_price, BYTES_MAX)
    except OSError as refusal:
        return [error(name, f"cannot be read ({refusal.strerror or refusal})", "Give a readable file.")]


def _read_zip(stream: IO[bytes], name: str, add_price: AddPrice) -> list[Problem]:
    problems: list[Problem] = []
    try:
        with zipfile.ZipFile(stream) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            reason = _why_not_open(members)
            if reason:
                return [error(name, reason, "Download the report again, for fewer days or nodes.")]
            left = BYTES_MAX
            for member in sorted(members, key=lambda each: each.filename):
                with archive.open(member) as content:
                    problems += _read_document(content, f"{name}!{member.filename}", add_price, left)
                left -= member.file_size
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
            OverflowError, LookupError, AttributeError) as mistake:  # all that zipfile raises on spoilt bytes
        reason = str(mistake)[:120] or type(mistake).__name__
        problems.append(error(name, f"is a spoilt or locked zip ({reason})", "Download it again."))
    return problems


def _why_not_open(members: list[zipfile.ZipInfo]) -> str:
    """Why a zip is refused before anything of it is unpacked, or nothing."""
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if not members:
        return "is an empty zip"
    if len(members) > MEMBERS_MAX:
        return f"holds more than {MEMBERS_MAX} files"
    if total > BYTES_MAX:
        return f"unpacks to more than {BYTES_MAX} bytes"
    if total > _RATIO_FROM and total > RATIO_MAX * max(packed, 1):
        return f"unpacks to more than {RATIO_MAX} times its size"
    return ""


def _read_document(stream: IO[bytes], name: str, add_price: AddPrice, limit: int) -> list[Problem]:
    bounded = io.BufferedReader(BoundedStream(stream, limit), 1 << 16)
    found = Findings(file=name, add_price=add_price)
    try:
        head = bounded.peek(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        if head.startswith(b"PK\x03\x04"):
            found.error(None, "", "", "is a zip within a zip", "Unpack it and import the files.")
            return found.told()
        reader: Callable[[IO[bytes], Findings], None] = (
            read_xml_report if head.startswith(b"<") else read_csv_report)
        reader(bounded, found)
    except TooLarge:
        found.problems.append(error(name, f"unpacks to more than {limit} bytes", "Download fewer days or nodes."))
    except Stop:
        pass  # the Problem is noted
    if not found.prices and not found.problems:
        found.problems.append(error(name, "holds no LMP price", "Ask OASIS for PRC_LMP, PRC_RTPD_LMP, PRC_HASP_LMP or "
                                    "PRC_INTVL_LMP with LMP_TYPE LMP."))
    return found.told()
