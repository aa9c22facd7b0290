"""Emergencies that a person enters: whole, signed, or refused."""

from __future__ import annotations

import csv
import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gridrider.adapters.grid_alerts import AlertRow, read_operator_entries, signature_of
from gridrider.problem import errors

KEY = b"a key that is in no file"
ENTRY = {
    "source": "governor", "level": "state_of_emergency", "zone": "", "start": "2026-08-01T17:00:00-07:00",
    "end": "2026-08-02T00:00:00-07:00", "who": "M. Reyes, shift lead", "at": "2026-08-01T15:10:00-07:00",
    "order": "Executive Order N-1-26", "evidence": "https://www.gov.ca.gov/order.pdf",
}
ROW = AlertRow("governor", "state_of_emergency", (), datetime(2026, 8, 2, 0, tzinfo=UTC),
               datetime(2026, 8, 2, 7, tzinfo=UTC))


def signed(**changed: str) -> dict[str, str]:
    """The entry, changed and then signed."""
    entry = {**ENTRY, **changed}
    return {**entry, "signature": signature_of(entry, KEY)}


def as_yaml(folder: Path, *entries: dict[str, str]) -> Path:
    """A YAML file of entries, as a person writes it: nothing quoted that need not be."""
    lines = [("- " if index == 0 else "  ") + f"{name}: {text}" for entry in entries
             for index, (name, text) in enumerate(entry.items())]
    path = folder / "entries.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def as_csv(folder: Path, *entries: dict[str, str]) -> Path:
    """A CSV file of entries."""
    path = folder / "entries.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*ENTRY, "signature"])
        writer.writeheader()
        writer.writerows(entries)
    return path


@pytest.mark.parametrize("write", [as_yaml, as_csv])
def test_a_signed_entry_is_an_alert(write: object, tmp_path: Path) -> None:
    """The Governor's order, entered and signed by a person, is an alert of the trigger's source and level (R12)."""
    path = write(tmp_path, signed(zone="PGE; SCE"), signed())  # type: ignore[operator]
    assert read_operator_entries(path, key=KEY) == ([ROW, ROW._replace(zone=("PGE", "SCE"))], [])


def test_the_signature_is_hmac_sha256_over_sorted_json() -> None:
    text = "{" + ",".join(f'"{name}":"{ENTRY[name]}"' for name in sorted(ENTRY)) + "}"
    assert signature_of(ENTRY, KEY) == hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("field", sorted(ENTRY))
def test_a_change_after_signing_is_refused(field: str, tmp_path: Path) -> None:
    changed = {"level": "emergency", "start": "2026-08-01T18:00:00-07:00", "end": "2026-08-03T00:00:00-07:00",
               "at": "2026-08-01T15:11:00-07:00"}.get(field, "other")
    path = as_csv(tmp_path, {**signed(), field: changed})
    for allow_unsigned in (False, True):
        rows, (problem,) = read_operator_entries(path, key=KEY, allow_unsigned=allow_unsigned)
        assert rows == [] and problem.reason == "is not the signature of this entry" and problem.row == 2


@pytest.mark.parametrize("field", ["source", "level", "start", "end", "who", "at", "order", "evidence"])
@pytest.mark.parametrize("blank", ["", " "])
def test_an_entry_that_is_not_whole_is_refused(field: str, blank: str, tmp_path: Path) -> None:
    rows, problems = read_operator_entries(as_csv(tmp_path, signed(**{field: blank}), signed()), key=KEY)
    assert rows == [ROW]
    assert [(problem.column, problem.row) for problem in errors(problems)] == [(field, 2)]


@pytest.mark.parametrize(("changed", "column"), [
    ({"level": "eea_4"}, "level"), ({"start": "2026-08-01T17:00:00"}, "start"), ({"end": "tomorrow"}, "end"),
    ({"at": "0001-01-01T00:00:00+23:00"}, "at"), ({"end": "2026-08-01T17:00:00-07:00"}, "end"),
    ({"end": "2026-08-01T16:00:00-07:00"}, "end")])
def test_what_an_entry_may_not_say(changed: dict[str, str], column: str, tmp_path: Path) -> None:
    rows, (problem,) = read_operator_entries(as_csv(tmp_path, signed(**changed)), key=KEY)
    assert rows == [] and problem.column == column


@pytest.mark.parametrize("level", ["eea_watch", "eea_1", "eea_2", "eea_3", "emergency", "flex_alert"])
def test_the_levels_that_no_feed_gives(level: str, tmp_path: Path) -> None:
    """CAISO's watch and emergencies one to three have no feed; a person enters them (R72)."""
    rows, problems = read_operator_entries(as_csv(tmp_path, signed(level=level, source="caiso")), key=KEY)
    assert [(row.level, row.source) for row in rows] == [(level, "caiso")] and problems == []


@pytest.mark.parametrize(("entry", "key", "reason"), [
    (ENTRY, KEY, "is missing"), (ENTRY, None, "is missing"), (ENTRY, b"", "is missing"),
    (signed(), None, "cannot be checked, for there is no key"), (signed(), b"", "cannot be checked")])
def test_unsigned_passes_only_where_it_is_allowed_and_is_told(entry: dict[str, str], key: bytes | None, reason: str,
                                                              tmp_path: Path) -> None:
    path = as_csv(tmp_path, entry)
    rows, (problem,) = read_operator_entries(path, key=key)
    assert rows == [] and problem.severity == "error" and problem.reason.startswith(reason)
    rows, (problem,) = read_operator_entries(path, key=key, allow_unsigned=True)
    assert rows == [ROW] and problem.severity == "warning" and "passes unsigned" in problem.reason


@pytest.mark.parametrize(("name", "content"), [
    ("e.yaml", b"a: ["), ("e.yaml", b"a: 1"), ("e.yaml", b"- 1"), ("e.yaml", b"\xff"), ("e.csv", b"\xff"),
    ("e.yaml", b"x" * 1_000_001), ("e.csv", b'a\n"' + b"x" * 200_000), ("e.yaml", b"[" * 1000)])
def test_a_file_that_cannot_be_read_is_told(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    rows, problems = read_operator_entries(tmp_path / name, key=KEY)
    assert rows == [] and len(errors(problems)) == 1


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    rows, (problem,) = read_operator_entries(tmp_path / "none.yaml", key=KEY)
    assert rows == [] and "cannot be read" in problem.reason


def test_a_field_that_nobody_knows_is_told(tmp_path: Path) -> None:
    rows, (problem,) = read_operator_entries(as_yaml(tmp_path, {**signed(), "levle": "x"}), key=KEY)
    assert rows == [] and problem.column == "levle"


def test_a_field_that_is_no_text_refuses_its_entry_and_widens_nothing(tmp_path: Path) -> None:
    rows, (problem,) = read_operator_entries(as_yaml(tmp_path, {**signed(), "zone": "[PGE, SCE]"}, signed()), key=KEY)
    assert rows == [ROW] and (problem.column, problem.row) == ("zone", 1)
    path = as_csv(tmp_path, signed())
    path.write_text(path.read_text(encoding="utf-8").rstrip() + ",one,more\n", encoding="utf-8")
    rows, (problem,) = read_operator_entries(path, key=KEY)
    assert rows == [] and problem.reason == "is not a piece of text"
