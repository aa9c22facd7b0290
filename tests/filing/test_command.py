"""`gridrider filing`: the table, the JSON, the iCalendar file read by a reader of its own, and what it refuses."""

import json
from datetime import date
from pathlib import Path

import pytest

from gridrider.adapters.icalendar.write import WholeDay, icalendar_text
from gridrider.cli import main
from tests.filing.written import TEXT

DATES = """\
step,date,features,note
law,2026-10-06,,
proposal,2027-01-04,,
notice,2027-01-10,,
hearings,2027-03-16,video,Kingston
hearings,2027-03-18,video;disadvantaged_community,Newburgh
decision,2027-04-05,modified,"Order, with modifications"
tariff,2027-05-06,,
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "tariff.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "dates.csv").write_text(DATES, encoding="utf-8")
    return str(tmp_path / "tariff.yaml"), str(tmp_path / "dates.csv")


def unfolded(text: str) -> list[str]:
    """The lines of an iCalendar file as RFC 5545 section 3.1 has them: CR LF and one blank join two pieces."""
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def entries(text: str) -> list[dict[str, str]]:
    """Each event as names and texts, with the escapes of section 3.3.11 undone."""
    found: list[dict[str, str]] = []
    lines = unfolded(text)
    assert (lines[0], lines[1], lines[-1]) == ("BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR")
    for line in lines[1:-1]:
        name, _, text_of = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and line != "END:VEVENT":
            plain, escaped = "", False
            for letter in text_of:
                plain += ("\n" if letter == "n" else letter) if escaped else "" if letter == "\\" else letter
                escaped = letter == "\\" and not escaped
            found[-1][name.partition(";")[0]] = plain
    return found


def test_the_calendar_as_a_document(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Every step with clause, last day and state (R22)."""
    assert main(["filing", files[0], "--dates", files[1], "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    steps = {each["step"]: each for each in document["deadlines"]}
    assert (document["tariff"], document["at"], document["computation"]) == (
        "lakeside/home-battery", "2027-05-06", "new_york")
    assert (steps["tariff"]["state"], steps["tariff"]["due_on"], steps["tariff"]["because"]) == (
        "done late", "2027-05-05", "It came 1 day late.")
    assert (steps["decision"]["state"], steps["decision"]["reckoned_to"], steps["decision"]["features"]) == (
        "done on time", "2027-04-04", ["modified"])
    assert (steps["hearings"]["state"], steps["hearings"]["notes"]) == ("done on time", ["Kingston", "Newburgh"])
    assert (steps["approval"]["state"], steps["approval"]["due_on"], steps["approval"]["clause"]) == (
        "due", "2027-06-21", "241.1")
    assert document["late"] == []


def test_the_calendar_for_people_says_what_is_late(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """On another day the same acts leave something late (R22)."""
    assert main(["filing", files[0], "--dates", files[1], "--at", "2027-06-22"]) == 0
    text = capsys.readouterr().out
    (row,) = [line.split() for line in text.splitlines() if line.startswith("approval ")]
    assert row == ["approval", "late", "2027-06-21", "commission", "241.1"]
    assert text.rstrip().endswith("Late: approval.")
    assert "The count ends on Sunday 2027-04-04, and the next business day is taken." in " ".join(text.split())
    assert "Noted: Order, with modifications." in " ".join(text.split())


def test_the_icalendar_file_holds_every_last_day(files: tuple[str, str], tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    """Read by a reader written from RFC 5545: days, texts, marks (R22)."""
    out = tmp_path / "calendar.ics"
    assert main(["filing", files[0], "--dates", files[1], "--ics", str(out), "--json"]) == 0
    steps = {each["step"]: each for each in json.loads(capsys.readouterr().out)["deadlines"]}
    found = {each["UID"].partition("-1@")[0]: each for each in entries(out.read_bytes().decode())}
    dated = {name for name, each in steps.items() if (each["due_on"] or each["state"].startswith("done"))
             and each["state"] not in ("waived", "not needed")}
    assert found.keys() == dated
    assert (found["approval"]["DTSTART"], found["approval"]["DTEND"], found["approval"]["STATUS"]) == (
        "20270621", "20270622", "CONFIRMED")
    assert found["ev_decision"]["STATUS"] == "TENTATIVE"
    assert found["approval"]["SUMMARY"] == "Approve it (due)"
    assert "within 45 days of tariff (241.1)\nState on 2027-05-06: due." in found["approval"]["DESCRIPTION"]
    assert found["decision"]["DTSTART"] == "20270405"


def test_escapes_and_folds_come_back_as_they_were() -> None:
    text = "Läuft; nicht, aber \\ doch — " + "é" * 100 + "\nzweite Zeile"
    entry = WholeDay(uid="a,b;c", on=date(2028, 2, 29), title=text, description="d", category="e", tentative=True)
    (found,) = entries(icalendar_text([entry], name="n", stamped_on=date(2028, 1, 1)))
    assert (found["UID"], found["SUMMARY"], found["DTSTART"], found["DTEND"]) == ("a,b;c", text, "20280229", "20280301")


def test_the_same_rows_in_another_order_give_the_same_bytes(files: tuple[str, str], tmp_path: Path) -> None:
    head, *rows = DATES.splitlines(keepends=True)
    other = tmp_path / "other.csv"
    other.write_text(head + "".join(reversed(rows)), encoding="utf-8")
    for name, dates in (("one.ics", files[1]), ("two.ics", str(other))):
        assert main(["filing", files[0], "--dates", dates, "--ics", str(tmp_path / name)]) == 0
    assert (tmp_path / "one.ics").read_bytes() == (tmp_path / "two.ics").read_bytes()


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("proposal,2027-01-04", "propsal,2027-01-04", "dates.csv:3: error: step 'propsal' is no date or step"),
    ("law,2026-10-06,,\n", "law,2026-10-06,,\nlaw,2026-10-07,,\n", "dates.csv:3: error: step 'law' has a row already"),
    ("2027-01-04", "2027-02-30", "dates.csv:3: error: date '2027-02-30'"),
    ("2027-01-04", "0027-01-04", "dates.csv:3: error: date '0027-01-04' lies outside the years 1900 to 2200"),
    ("step,date", "stepp,date", "error: step the column is missing"),
])
def test_a_file_of_dates_with_mistakes_is_refused_and_nothing_is_written(
        old: str, new: str, expected: str, files: tuple[str, str], tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    Path(files[1]).write_text(DATES.replace(old, new, 1), encoding="utf-8")
    out = tmp_path / "calendar.ics"
    assert main(["filing", files[0], "--dates", files[1], "--ics", str(out)]) == 1
    assert expected in capsys.readouterr().err
    assert not out.exists()


def test_a_file_that_cannot_be_written_leaves_nothing_behind(files: tuple[str, str], tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "taken.ics"
    taken.mkdir()
    before = sorted(tmp_path.iterdir())
    assert main(["filing", files[0], "--dates", files[1], "--ics", str(taken)]) == 1
    assert "taken.ics: error: cannot be written" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_every_mistake_is_said_at_once(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(files[1]).write_text("step,date\nnobody,2027-01-01\nlaw,never\nnothing,2027-01-02\n", encoding="utf-8")
    assert main(["filing", files[0], "--dates", files[1]]) == 1
    said = capsys.readouterr().err
    assert said.count("error:") == 3


def test_no_file_no_calendar_and_no_day_are_refused(files: tuple[str, str], tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["filing", files[0], "--dates", str(tmp_path / "none.csv")]) == 1
    assert "there is no such file" in capsys.readouterr().err
    (tmp_path / "bare.yaml").write_text(TEXT.partition("filing:")[0], encoding="utf-8")
    assert main(["filing", str(tmp_path / "bare.yaml"), "--dates", files[1]]) == 1
    assert "the tariff has no regulatory calendar" in capsys.readouterr().err
    Path(files[1]).write_text("step,date\n", encoding="utf-8")
    assert main(["filing", files[0], "--dates", files[1]]) == 1
    assert "holds no date" in capsys.readouterr().err
    assert main(["filing", files[0], "--dates", files[1], "--at", "2027-01-01"]) == 0
    assert main(["filing", files[0], "--dates", files[1], "--at", "soon"]) == 2
    assert main(["filing", files[0], "--dates", files[1], "--at", "9999-12-31"]) == 1
    assert "outside the years" in capsys.readouterr().err
