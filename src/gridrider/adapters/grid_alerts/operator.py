"""Alerts that no feed gives: energy emergencies and declared emergencies, entered by a person who signs.

An entry names who enters it, when, the order that it rests on and where that can be read. It is signed with
HMAC-SHA256 (RFC 2104) under a key that stands in no file; the shell takes it from GRIDRIDER_OPERATOR_KEY.
"""

from __future__ import annotations

import csv
import hmac
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ...problem import Problem, error, warning
from .translate import AlertRow

KEY_VARIABLE = "GRIDRIDER_OPERATOR_KEY"
"""The environment variable that the shell reads the key from."""

LEVELS = ("flex_alert", "eea_watch", "eea_1", "eea_2", "eea_3", "emergency", "state_of_emergency")
NEEDED = ("source", "level", "start", "end", "who", "at", "order", "evidence")
FIELDS = (*NEEDED, "zone", "signature")
BYTES_MAX = 1_000_000


def signature_of(entry: Mapping[str, str], key: bytes) -> str:
    """The signature of an entry: HMAC-SHA256 over its fields but the signature, as JSON with sorted names, in hex."""
    signed = {name: entry.get(name, "") for name in FIELDS if name != "signature"}
    text = json.dumps(signed, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hmac.new(key, text.encode("ascii"), "sha256").hexdigest()


def read_operator_entries(path: Path, *, key: bytes | None,
                          allow_unsigned: bool = False) -> tuple[list[AlertRow], list[Problem]]:
    """The alerts of a file of entries (YAML list or CSV), by start; an entry that is not whole or signed is refused.

    Without a key no signature can be checked: then, and for an entry without one, `allow_unsigned` (for replays only)
    lets it pass with a warning. A wrong signature never passes.
    """
    entries, problems = _entries(path)
    rows: list[AlertRow] = []
    for number, entry in entries:
        found = [*_why_not_whole(entry, str(path), number),
                 *_why_not_signed(entry, str(path), number, key, allow_unsigned)]
        problems += found
        if all(problem.severity == "warning" for problem in found):
            start, end = (_instant(entry[name]) for name in ("start", "end"))
            if start and end:
                zones = tuple(part.strip() for part in entry.get("zone", "").split(";") if part.strip())
                rows.append(AlertRow(source=entry["source"], level=entry["level"], zone=zones, start=start, end=end))
    return sorted(rows, key=lambda row: (row.start, row.end, row.level, row.zone)), problems


def _entries(path: Path) -> tuple[list[tuple[int, dict[str, str]]], list[Problem]]:
    """The entries with their number: in CSV the line, in YAML the place in the list."""
    name = str(path)
    try:
        with path.open("rb") as stream:
            read = stream.read(BYTES_MAX + 1)
        if len(read) > BYTES_MAX:
            return [], [error(name, f"is larger than {BYTES_MAX} bytes", "Give a file of entries.")]
        text = read.decode("utf-8-sig")
        if path.suffix.casefold() == ".csv":
            reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
            told = [(reader.line_num, entry) for entry in reader]
        else:
            listed = YAML(typ="base", pure=True).load(text)
            if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
                return [], [error(name, "is no list of entries", f"Begin each with `- who:`; fields are "
                                  f"{', '.join(FIELDS)}.")]
            told = list(enumerate(listed, 1))
    except OSError as refusal:
        return [], [error(name, f"cannot be read ({refusal.strerror or refusal})", "Give a readable file.")]
    except (UnicodeDecodeError, csv.Error, YAMLError, RecursionError, ValueError) as mistake:
        return [], [error(name, f"cannot be read ({str(mistake)[:120]})", "Write YAML or CSV in UTF-8.")]
    return _texts(told, name)


def _texts(told: Iterable[tuple[int, Mapping[object, object]]],
           name: str) -> tuple[list[tuple[int, dict[str, str]]], list[Problem]]:
    """The entries whose fields are all pieces of text; what is not is refused, for it might widen an alert unseen."""
    entries, problems = [], []
    for number, entry in told:
        texts = {str(field): each for field, each in entry.items() if isinstance(each, str)}
        if len(texts) == len(entry):
            entries.append((number, texts))
        problems += [error(name, "is not a piece of text", "Write one text; several zones with ; between them.",
                           row=number, column=str(field)) for field in entry if str(field) not in texts]
    return entries, problems


def _why_not_whole(entry: Mapping[str, str], name: str, number: int) -> list[Problem]:
    problems = [error(name, "is missing", "An entry says who, when, what order it rests on and where it can be read.",
                      row=number, column=column) for column in NEEDED if not entry.get(column, "").strip()]
    problems += [error(name, "is no field of an entry", f"Fields are {', '.join(FIELDS)}.", row=number, column=column)
                 for column in entry if column not in FIELDS]
    if problems:
        return problems
    if entry["level"] not in LEVELS:
        problems.append(error(name, "is no level", f"Use one of {', '.join(LEVELS)}.", row=number, column="level",
                              value=entry["level"]))
    times = {column: _instant(entry[column]) for column in ("start", "end", "at")}
    problems += [error(name, "is no time with an offset", "Write it as 2026-08-01T17:00:00-07:00.", row=number,
                       column=column, value=entry[column]) for column, instant in times.items() if instant is None]
    start, end = times["start"], times["end"]
    if start and end and start >= end:
        problems.append(error(name, "does not come after the start", "Give the end of the emergency, or a first one to "
                              "be prolonged by another entry.", row=number, column="end", value=entry["end"]))
    return problems


def _why_not_signed(entry: Mapping[str, str], name: str, number: int, key: bytes | None,
                    allow_unsigned: bool) -> list[Problem]:
    told = entry.get("signature", "")
    if key and told:
        if hmac.compare_digest(signature_of(entry, key).encode(), told.strip().encode()):
            return []
        return [error(name, "is not the signature of this entry", "Sign it again after the last change, with the "
                      "operator's key.", row=number, column="signature")]
    reason = "cannot be checked, for there is no key" if told else "is missing"
    if allow_unsigned:
        return [warning(name, f"{reason}; the entry passes unsigned", row=number, column="signature")]
    return [error(name, reason, f"Sign the entry; the key stands in the environment variable {KEY_VARIABLE}.",
                  row=number, column="signature")]


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text.strip())
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None
