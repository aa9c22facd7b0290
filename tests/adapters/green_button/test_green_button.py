"""Green Button files: the real samples, made-up feeds for every rule, and hostile or spoilt bytes."""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.app.fold_readings import fold_readings
from gridrider.app.import_files import ImportReport, import_files
from gridrider.problem import DataRefused, Problem

ESPI = "{http://naesb.org/espi}"


def rows_of(report: ImportReport) -> list[dict[str, str]]:
    with report.written[0].open(newline="") as stream:
        return list(csv.DictReader(stream))


def reading(start_s: int | None, number: int | None, *, seconds: int = 900, quality: int | None = None) -> str:
    period = "" if start_s is None else (
        f"<timePeriod><duration>{seconds}</duration><start>{start_s}</start></timePeriod>")
    worth = "" if number is None else f"<value>{number}</value>"
    doubt = "" if quality is None else f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>"
    return f"<IntervalReading>{doubt}{period}{worth}</IntervalReading>"


def entry(self_href: str, up: str, content: str, *, related: tuple[str, ...] = (), title: str = "") -> str:
    links = "".join(f'<link rel="related" href="{href}"/>' for href in related)
    return (f'<entry><id>urn:{self_href}</id><link rel="self" href="{self_href}"/><link rel="up" href="{up}"/>{links}'
            f"<title>{title}</title><content>{content}</content></entry>")


def channel(number: int, flow: int, readings: str, *, point: str = "U/UsagePoint/1", **codes: int) -> str:
    """A meter reading with its reading type and one block of readings, all made up."""
    told = {"accumulationBehaviour": 4, "commodity": 1, "flowDirection": flow, "intervalLength": 900,
            "powerOfTenMultiplier": 0, "uom": 72} | codes
    elements = "".join(f"<{name}>{code}</{name}>" for name, code in told.items())
    meter, kind = f"{point}/MeterReading/{number}", f"ReadingType/{point[-1]}{number}"
    return (entry(meter, f"{point}/MeterReading", '<MeterReading xmlns="http://naesb.org/espi"/>',
                  related=(f"{meter}/IntervalBlock", kind))
            + entry(kind, "ReadingType", f'<ReadingType xmlns="http://naesb.org/espi">{elements}</ReadingType>')
            + entry(f"{meter}/IntervalBlock/1", f"{meter}/IntervalBlock",
                    '<IntervalBlock xmlns="http://naesb.org/espi"><interval><duration>86400</duration>'
                    f"<start>0</start></interval>{readings}</IntervalBlock>"))


def usage_point(href: str = "U/UsagePoint/1", *, title: str = "home", service: int = 0) -> str:
    content = (f'<UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>{service}</kind></ServiceCategory>'
               "</UsagePoint>")
    return entry(href, "U/UsagePoint", content, related=(f"{href}/MeterReading",), title=title)


def feed(*entries: str) -> str:
    return f'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n{chr(10).join(entries)}\n</feed>'


def take(tmp_path: Path, *texts: str, mapping: str = "") -> ImportReport:
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f"feed{number}.xml")
        files[-1].write_text(text, encoding="utf-8")
    named = tmp_path / "map.yaml"
    named.write_text(mapping, encoding="utf-8")
    return import_files("green_button", files, tmp_path / "out", mapping=named if mapping else None)


def refused(tmp_path: Path, *texts: str, mapping: str = "") -> tuple[Problem, ...]:
    with pytest.raises(DataRefused) as refusal:
        take(tmp_path, *texts, mapping=mapping)
    assert not list((tmp_path / "out").glob("readings*"))
    assert (tmp_path / "out" / "problems.csv").is_file()
    return refusal.value.problems


def reasons(report: ImportReport) -> str:
    return "\n".join(problem.reason for problem in report.problems)


@pytest.mark.parametrize("name", ["greenbutton_15minLP_15Days.xml", "greenbutton_Electric.xml"])
def test_a_real_sample_keeps_every_reading(name: str, refs: Path, tmp_path: Path) -> None:
    path = refs / "data" / name
    elements = ElementTree.parse(path).getroot().iter(f"{ESPI}IntervalReading")
    expected = {int(element.findtext(f"{ESPI}timePeriod/{ESPI}start") or ""):
                int(element.findtext(f"{ESPI}value") or "") for element in elements}
    rows = rows_of(import_files("green-button", [path], tmp_path))
    assert [int(row["import_kwh"].replace(".", "")) for row in rows] == [
        1000 * expected[start] for start in sorted(expected)]
    assert {row["point_id"] for row in rows} == {"RetailCustomer/9b6c7063/UsagePoint/01"}
    assert {row["export_kwh"] for row in rows} == {"0.000000"}


def test_the_real_sample_begins_as_its_comments_say(refs: Path, tmp_path: Path) -> None:
    report = import_files("green-button", [refs / "data" / "greenbutton_15minLP_15Days.xml"], tmp_path)
    assert report.rows == 1340  # 13 days of 96, and 92 on 2012-03-11 when the clock went forward
    assert rows_of(report)[0] == {
        "point_id": "RetailCustomer/9b6c7063/UsagePoint/01", "start": "2012-03-01T05:00:00Z", "seconds": "900",
        "import_kwh": "0.324000", "export_kwh": "0.000000", "quality": "actual"}


def test_the_real_sample_adds_up_to_its_own_summary(refs: Path, tmp_path: Path) -> None:
    """ElectricPowerUsageSummary: 1,304,716 Wh in the last period, 93,018 Wh since; midnight there is 04:00 UTC."""
    report = import_files("green-button", [refs / "data" / "greenbutton_15minLP_15Days.xml"], tmp_path)
    energy_wh = {False: 0, True: 0}
    for row in rows_of(report):
        energy_wh[row["start"] >= "2012-03-14T04:00:00Z"] += int(row["import_kwh"].replace(".", "")) // 1000
    assert energy_wh == {False: 1_304_716, True: 93_018}


@pytest.mark.parametrize("output_format", ["csv", "parquet"])
def test_the_table_folds_into_days_without_a_finding(output_format: str, refs: Path, tmp_path: Path) -> None:
    sample = refs / "data" / "greenbutton_15minLP_15Days.xml"
    import_files("green-button", [sample], tmp_path / "in", output_format=output_format)
    folded = fold_readings(tmp_path / "in", tmp_path / "days", zone=ZoneInfo("America/New_York"), points=None,
                           dates=None, progress=lambda *_: None)
    assert (folded.problems, folded.readings, folded.point_days, folded.point_days_with_gaps) == ((), 1340, 14, 0)


def test_both_directions_become_one_row(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250)), channel(2, 19, reading(0, 40))))
    assert rows_of(report) == [{"point_id": "U/UsagePoint/1", "start": "1970-01-01T00:00:00Z", "seconds": "900",
                                "import_kwh": "0.250000", "export_kwh": "0.040000", "quality": "actual"}]
    assert report.problems == ()


def test_directions_in_two_files_become_one_row(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250))),
                  feed(usage_point(), channel(2, 19, reading(0, 40))))
    assert [(row["import_kwh"], row["export_kwh"]) for row in rows_of(report)] == [("0.250000", "0.040000")]


def test_net_is_split_by_its_sign(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 4, reading(0, 250) + reading(900, -30))))
    assert [(row["import_kwh"], row["export_kwh"]) for row in rows_of(report)] == [
        ("0.250000", "0.000000"), ("0.000000", "0.030000")]


def test_net_beside_gross_is_left_out_and_told(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250)), channel(2, 19, reading(0, 40)),
                                 channel(3, 4, reading(0, 210))))
    assert len(rows_of(report)) == 1
    assert "net channel beside gross" in reasons(report)


def test_delivered_alone_means_no_export(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250))))
    assert rows_of(report)[0]["export_kwh"] == "0.000000"
    assert "export is taken as zero" in reasons(report)


def test_delivered_alone_stays_open_when_the_map_says_so(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250))), mapping="absent_direction: missing\n")
    assert (rows_of(report)[0]["export_kwh"], rows_of(report)[0]["quality"]) == ("", "missing")


def test_received_alone_says_nothing_about_import(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 19, reading(0, 250))))
    row = rows_of(report)[0]
    assert (row["import_kwh"], row["export_kwh"], row["quality"]) == ("", "0.250000", "missing")
    assert "no import channel" in reasons(report)


def test_a_received_channel_without_this_interval_leaves_it_missing(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 1) + reading(900, 2)),
                                 channel(2, 19, reading(0, 3))))
    assert [(row["export_kwh"], row["quality"]) for row in rows_of(report)] == [
        ("0.003000", "actual"), ("", "missing")]


def test_an_unknown_direction_is_refused_until_the_map_names_it(tmp_path: Path) -> None:
    text = feed(usage_point(), channel(1, 0, reading(0, 250)))
    (first, *_) = refused(tmp_path, text)
    assert (first.column, first.value) == ("flowDirection", "0")
    report = take(tmp_path, text, mapping="flow_directions: {0: import}\n")
    assert rows_of(report)[0]["import_kwh"] == "0.250000"


def test_another_unit_is_named_and_left_out(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250)), channel(2, 1, reading(0, 9), uom=38)))
    assert len(rows_of(report)) == 1
    assert "uom 38 (W)" in reasons(report)


@pytest.mark.parametrize(("codes", "said"), [
    ({"uom": 73}, "uom 73 (VArh)"), ({"commodity": 7}, "of electricity"), ({"accumulationBehaviour": 1}, "register")])
def test_a_file_without_interval_energy_is_refused(codes: dict[str, Any], said: str, tmp_path: Path) -> None:
    found = refused(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250), **codes)))
    assert any("no interval energy" in problem.reason for problem in found)
    assert any(said in problem.reason for problem in found)


def test_gas_is_not_electricity(tmp_path: Path) -> None:
    found = refused(tmp_path, feed(usage_point(service=1), channel(1, 1, reading(0, 250))))
    assert any("another service" in problem.reason for problem in found)


@pytest.mark.parametrize(("code", "ours"), [
    (0, "validated"), (7, "edited"), (8, "estimated"), (9, "estimated"), (10, "estimated"), (11, "estimated"),
    (12, "missing"), (14, "actual"), (17, "validated"), (18, "validated"), (19, "validated")])
def test_quality_codes(code: int, ours: str, tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250, quality=code))))
    assert rows_of(report)[0]["quality"] == ours


def test_an_unknown_quality_is_estimated_and_told(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250, quality=99))))
    assert rows_of(report)[0]["quality"] == "estimated"
    assert "quality 99" in reasons(report)


def test_the_default_quality_holds_until_a_reading_has_its_own(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(
        1, 1, reading(0, 1) + reading(900, 1, quality=7), defaultQuality=17)))
    assert [row["quality"] for row in rows_of(report)] == ["validated", "edited"]


def test_the_map_may_give_a_code_another_quality(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 250, quality=11))),
                  mapping="qualities: {11: actual}\n")
    assert rows_of(report)[0]["quality"] == "actual"


@pytest.mark.parametrize(("power", "number", "kwh"), [
    (3, 7, "7.000000"), (0, 7, "0.007000"), (-3, 7, "0.000007"), (-4, 15, "0.000002"), (-4, -15, "-0.000002")])
def test_the_multiplier_is_exact_to_a_milliwatt_hour(power: int, number: int, kwh: str, tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, number), powerOfTenMultiplier=power)))
    assert rows_of(report)[0]["import_kwh"] == kwh
    assert ("rounded" in reasons(report)) == (power < -3)


def test_readings_without_times_follow_the_block(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(None, 1) + reading(None, 2))))
    assert [row["start"] for row in rows_of(report)] == ["1970-01-01T00:00:00Z", "1970-01-01T00:15:00Z"]


def test_a_reading_without_a_value_is_missing(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, None))))
    assert (rows_of(report)[0]["import_kwh"], rows_of(report)[0]["quality"]) == ("", "missing")


def test_the_odd_letter_case_of_one_writer_is_read(tmp_path: Path) -> None:
    text = feed(usage_point(), channel(1, 1, reading(0, 250)))
    text = text.replace("<IntervalBlock ", "<IntervalBLock ").replace("</IntervalBlock>", "</IntervalBLock>")
    report = take(tmp_path, text)
    assert rows_of(report)[0]["import_kwh"] == "0.250000"
    assert "letter case" in reasons(report)


def test_several_points_keep_apart_and_can_be_named(tmp_path: Path) -> None:
    text = feed(usage_point(title="barn"), channel(1, 1, reading(0, 1)),
                usage_point("U/UsagePoint/2"), channel(1, 1, reading(0, 2), point="U/UsagePoint/2"))
    report = take(tmp_path, text, mapping="points: {barn: M-7, U/UsagePoint/2: M-8}\n")
    assert [(row["point_id"], row["import_kwh"]) for row in rows_of(report)] == [
        ("M-7", "0.001000"), ("M-8", "0.002000")]


def test_a_point_is_the_same_from_whatever_server(tmp_path: Path) -> None:
    text = feed(usage_point(), channel(1, 1, reading(0, 1)))
    far = text.replace('href="U/', 'href="https://utility.example/espi/1_1/resource/U/')
    assert rows_of(take(tmp_path, far))[0]["point_id"] == "U/UsagePoint/1"


def test_identical_duplicates_go_and_different_ones_stay(tmp_path: Path) -> None:
    one = feed(usage_point(), channel(1, 1, reading(0, 1) + reading(900, 2)))
    two = feed(usage_point(), channel(1, 1, reading(0, 1) + reading(900, 3)))
    report = take(tmp_path, one, two)
    assert [row["import_kwh"] for row in rows_of(report)] == ["0.001000", "0.002000", "0.003000"]
    told = {problem.reason: problem.file for problem in report.problems}
    assert any("identical duplicates" in reason and file.endswith("feed1.xml") for reason, file in told.items())
    assert any("differ from others" in reason and file.endswith("feed1.xml") for reason, file in told.items())


def test_only_the_lengths_that_the_map_names(tmp_path: Path) -> None:
    report = take(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 1) + reading(0, 9, seconds=86_400))),
                  mapping="seconds: [900]\n")
    assert [row["seconds"] for row in rows_of(report)] == ["900"]
    assert "another length is left out" in reasons(report)


BOMB = ('<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>&b;</title></feed>')
OUTSIDE = ('<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
           '<feed xmlns="http://www.w3.org/2005/Atom"><title>&x;</title></feed>')


@pytest.mark.parametrize(("text", "said"), [
    (BOMB, "document type or entities"), (OUTSIDE, "document type or entities"),
    ("<a>" * 100_000, "begins with <a>"), ("<feed>" * 100_000, "deep"),
    (feed(usage_point())[:-30], "not well-formed"), ("<html/>", "begins with <html>"), ("", "not well-formed"),
    ("\x00\x01PK", "not well-formed"), ('<?xml version="1.0" encoding="martian"?><feed/>', "martian"),
    ("<feed/>", "nothing of the namespace"), (feed(usage_point()), "no interval energy"),
    (feed(usage_point(), channel(1, 1, reading(0, 1)).replace("<value>1", "<value>1.5")), "not a whole number"),
    (feed(usage_point(), channel(1, 1, reading(0, 1, seconds=-900))), "without a usable time"),
    (feed(usage_point(), channel(1, 1, reading(10**15, 1))), "without a usable time"),
    (feed(usage_point(), channel(1, 1, reading(0, 10**17))), "too large"),
    (feed(usage_point(), channel(1, 1, reading(0, 1), powerOfTenMultiplier=999_999_999)), "too large"),
    (feed(channel(1, 1, reading(0, 1))), "no UsagePoint"),
])
def test_hostile_and_spoilt_files_are_problems(text: str, said: str, tmp_path: Path) -> None:
    assert any(said in problem.reason for problem in refused(tmp_path, text))


@pytest.mark.parametrize(("mapping", "line"), [
    ("points: 3\n", 1), ("absent_direction: zero\nflow_directions: {1: up}\n", 2), ("seconds: [x]\n", 1),
    ("\nunknown: 1\n", 2), ("a: &b 1\nc: *b\n", None), (": :\n  - [", None)])
def test_a_wrong_map_is_a_problem_at_its_line(mapping: str, line: int | None, tmp_path: Path) -> None:
    found = refused(tmp_path, feed(usage_point(), channel(1, 1, reading(0, 1))), mapping=mapping)
    assert line is None or line in [problem.row for problem in found]


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="cannot be read"):
        import_files("green-button", [tmp_path / "nothing.xml"], tmp_path / "out")


GOOD = feed(usage_point(), channel(1, 1, reading(0, 250, quality=8) + reading(900, 3)),
            channel(2, 19, reading(0, 40))).encode()


@settings(max_examples=60)
@given(place=st.integers(0, len(GOOD) - 1), cut=st.integers(0, 40), put=st.binary(max_size=6))
def test_mutated_bytes_never_raise_anything_else(place: int, cut: int, put: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "feed.xml"
        path.write_bytes(GOOD[:place] + put + GOOD[place + cut:])
        try:
            report = import_files("green-button", [path], Path(folder) / "out")
        except DataRefused as refusal:
            assert refusal.problems
        else:
            assert report.rows == len(rows_of(report))
