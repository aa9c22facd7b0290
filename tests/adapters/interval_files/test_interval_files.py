"""Interval files by mapping: wide and long layouts, daylight-saving days, units, channels, and what is refused."""

import csv
import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridrider.adapters.interval_files import find_layout, shipped_mappings
from gridrider.app.import_files import ImportReport, import_files
from gridrider.problem import DataRefused, Problem

LOS_ANGELES, NEW_YORK = "America/Los_Angeles", "America/New_York"
SPRING, FALL, PLAIN = date(2025, 3, 9), date(2025, 11, 2), date(2025, 7, 1)
HOURS = [f"HE{hour:02}" for hour in range(1, 25)]


def rows_of(report: ImportReport) -> list[dict[str, str]]:
    with report.written[0].open(newline="") as stream:
        return list(csv.DictReader(stream))


def take(folder: Path, text: str, mapping: str, *, out: str = "out") -> ImportReport:
    """Import one file; `mapping` is a name, or the text of a mapping when it has a colon."""
    path, named = folder / "meter.csv", Path(mapping)
    path.write_text(text, encoding="utf-8", newline="")
    if ":" in mapping:
        named = folder / "map.yaml"
        named.write_text(mapping, encoding="utf-8")
    return import_files("intervals", [path], folder / out, mapping=named)


def refused(folder: Path, text: str, mapping: str) -> tuple[Problem, ...]:
    with pytest.raises(DataRefused) as refusal:
        take(folder, text, mapping, out="refused")
    assert [path.name for path in (folder / "refused").iterdir()] == ["problems.csv"]
    return refusal.value.problems


def only(problems: tuple[Problem, ...]) -> Problem:
    (found,) = [problem for problem in problems if problem.severity == "error"]
    return found


def told(report: ImportReport) -> str:
    return "\n".join(problem.reason for problem in report.problems)


def wide_hours(day: date, cells: list[str], extra: str | None = None) -> str:
    header = ["meter_id", "date", "channel", *HOURS, *([] if extra is None else ["HE02X"])]
    row = ["M1", day.isoformat(), "net", *cells, *([] if extra is None else [extra])]
    return ",".join(header) + "\n" + ",".join(row) + "\n"


# --- wide ------------------------------------------------------------------------------------------------------------

def test_a_plain_day_of_hours_ending(tmp_path: Path) -> None:
    report = take(tmp_path, wide_hours(PLAIN, [str(hour) for hour in range(24)]),
                  f"wide-24-hour-ending@{LOS_ANGELES}")
    rows = rows_of(report)
    assert (len(rows), rows[0]["start"], rows[16]["import_kwh"]) == (24, "2025-07-01T07:00:00Z", "16.000000")
    assert rows[16]["start"] == "2025-07-01T23:00:00Z"  # HE17 is 16:00 to 17:00, PDT
    assert report.problems == ()


def test_negative_net_is_export(tmp_path: Path) -> None:
    rows = rows_of(take(tmp_path, wide_hours(PLAIN, ["-1.5"] * 24), f"wide-24-hour-ending@{NEW_YORK}"))
    assert {(row["import_kwh"], row["export_kwh"]) for row in rows} == {("0.000000", "1.500000")}


def test_a_fall_day_of_24_values_is_refused(tmp_path: Path) -> None:
    found = only(refused(tmp_path, wide_hours(FALL, ["1"] * 24), f"wide-24-hour-ending@{LOS_ANGELES}"))
    assert "has 25 intervals, because the clock goes back, and the row holds 24" in found.reason
    assert found.row == 2


def test_a_fall_day_whose_extra_column_is_blank_is_refused(tmp_path: Path) -> None:
    text = wide_hours(FALL, ["1"] * 24, " ")
    assert "holds 24" in only(refused(tmp_path, text, f"wide-24-hour-ending@{LOS_ANGELES}")).reason


def test_a_fall_day_may_say_that_its_extra_hour_is_missing(tmp_path: Path) -> None:
    mapping = f"extends: wide-24-hour-ending\nzone: {LOS_ANGELES}\nfile: {{missing: [none]}}\n"
    rows = rows_of(take(tmp_path, wide_hours(FALL, ["1"] * 24, "none"), mapping))
    assert [row["quality"] for row in rows] == ["actual"] * 2 + ["missing"] + ["actual"] * 22


def test_a_fall_day_with_its_extra_column(tmp_path: Path) -> None:
    report = take(tmp_path, wide_hours(FALL, [str(hour) for hour in range(1, 25)], "99"),
                  f"wide-24-hour-ending@{LOS_ANGELES}")
    assert [row["import_kwh"] for row in rows_of(report)][:4] == ["1.000000", "2.000000", "99.000000", "3.000000"]
    assert [row["start"] for row in rows_of(report)][1:4] == [
        "2025-11-02T08:00:00Z", "2025-11-02T09:00:00Z", "2025-11-02T10:00:00Z"]


def test_a_spring_day_with_a_value_in_the_missing_hour_is_refused(tmp_path: Path) -> None:
    found = only(refused(tmp_path, wide_hours(SPRING, ["1"] * 24), f"wide-24-hour-ending@{LOS_ANGELES}"))
    assert "is a value in an hour that 2025-03-09 does not have" in found.reason


def test_a_spring_day_with_its_blank(tmp_path: Path) -> None:
    cells = ["1", "1", "", *["1"] * 21]
    assert take(tmp_path, wide_hours(SPRING, cells), f"wide-24-hour-ending@{LOS_ANGELES}").rows == 23


def test_a_filler_zero_in_the_missing_hour_needs_leave(tmp_path: Path) -> None:
    text = wide_hours(SPRING, ["1", "1", "0.000", *["1"] * 21])
    assert only(refused(tmp_path, text, f"wide-24-hour-ending@{LOS_ANGELES}")).value == "0.000"
    mapping = f"extends: wide-24-hour-ending\nzone: {LOS_ANGELES}\ntime: {{spring_gap: blank_or_zero}}\n"
    assert take(tmp_path, text, mapping).rows == 23


def test_standard_time_all_year_has_24_hours_always(tmp_path: Path) -> None:
    for day in (SPRING, FALL):
        assert take(tmp_path, wide_hours(day, ["1"] * 24), "wide-24-hour-ending@Etc/GMT+8").rows == 24


def test_an_extra_value_on_a_plain_day_is_refused(tmp_path: Path) -> None:
    text = wide_hours(PLAIN, ["1"] * 24, "5")
    assert "does not have" in only(refused(tmp_path, text, f"wide-24-hour-ending@{LOS_ANGELES}")).reason


@pytest.mark.parametrize(("day", "count"), [(SPRING, 23), (PLAIN, 24), (FALL, 25)])
def test_elapsed_columns_take_what_the_day_has(day: date, count: int, tmp_path: Path) -> None:
    names = [f"HE{hour:02}" for hour in range(1, 26)]
    for given_count in (23, 24, 25):
        cells = [str(number) for number in range(given_count)] + [""] * (25 - given_count)
        text = ",".join(["meter_id", "date", "channel", *names]) + "\n" + ",".join(
            ["M1", day.isoformat(), "delivered", *cells]) + "\n"
        if given_count == count:
            assert take(tmp_path, text, f"wide-25-hour-ending@{NEW_YORK}").rows == count
        elif given_count > count or (count, given_count) == (25, 24):
            assert only(refused(tmp_path, text, f"wide-25-hour-ending@{NEW_YORK}")).row == 2


def test_columns_that_a_day_needs_and_the_file_lacks(tmp_path: Path) -> None:
    names = [f"HE{hour:02}" for hour in range(1, 24)]  # enough for a spring day only
    for day, rows in ((SPRING, 23), (PLAIN, None)):
        text = ",".join(["meter_id", "date", "channel", *names]) + f"\nM1,{day},net," + ",".join(["1"] * 23) + "\n"
        if rows:
            assert take(tmp_path, text, f"wide-25-hour-ending@{NEW_YORK}").rows == rows
        else:
            found = only(refused(tmp_path, text, f"wide-25-hour-ending@{NEW_YORK}"))
            assert found.reason == "has 24 intervals and the row holds 23"


def test_power_is_averaged_over_its_interval_and_rounded_once(tmp_path: Path) -> None:
    mapping = f"extends: wide-96-start\nzone: {NEW_YORK}\nunit: kW\nmultiplier: '2'\nabsent_direction: zero\n"
    names = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 1440, 15)]
    text = ",".join(["meter_id", "date", *names]) + "\nM1,2025-07-01," + ",".join(["0.000001"] * 96) + "\n"
    report = take(tmp_path, text, mapping)
    assert {row["import_kwh"] for row in rows_of(report)} == {"0.000001"}  # 0.5 mWh, a tie, away from zero
    assert "rounded, half away from zero, 96 in all" in told(report)


def test_quality_columns_and_codes(tmp_path: Path) -> None:
    mapping = ("layout: wide\nzone: Etc/GMT+5\npoint: id\ntime: {date: day, date_format: '%m/%d/%Y', labels: ending}\n"
               "columns: {names: 'V#', count: 24, qualities: 'Q#'}\nchannel: import\nunit: Wh\n"
               "quality: {codes: {A: actual, E: estimated}}\nabsent_direction: zero\n")
    header = ["id", "day", *(f"{letter}{number}" for number in range(1, 25) for letter in "VQ")]
    text = ";".join(header) + "\nM1;07/01/2025;" + ";".join(["1500;A"] * 22 + ["2;E", "3;"]) + "\n"
    report = take(tmp_path, text, mapping + "file: {delimiter: ';'}\n")
    assert [row["quality"] for row in rows_of(report)][-3:] == ["actual", "estimated", "actual"]
    assert rows_of(report)[0]["import_kwh"] == "1.500000"
    found = only(refused(tmp_path, text.replace("2;E", "2;Z"), mapping + "file: {delimiter: ';'}\n"))
    assert (found.value, found.reason) == ("Z", "is a code that the mapping does not know")


def test_decimal_comma_skipped_lines_and_comments(tmp_path: Path) -> None:
    mapping = (f"extends: wide-24-hour-ending\nzone: {NEW_YORK}\n"
               "file: {delimiter: ';', decimal: ',', skip_lines: 2, comment: '#', missing: [n/a]}\n")
    text = "Exported\nby us\n" + wide_hours(PLAIN, ["1|5"] * 23 + ["n/a"]).replace(",", ";").replace("|", ",")
    report = take(tmp_path, text.replace("\nM1", "\n# noise\nM1"), mapping)
    assert [row["import_kwh"] for row in rows_of(report)][-2:] == ["1.500000", ""]
    assert "blank value becomes a missing reading" in told(report)


# --- long ------------------------------------------------------------------------------------------------------------

def long_hours(day: date, labels: list[str], flags: list[str] | None = None) -> str:
    """Import counts up from 1 in the order of the rows; export is zero."""
    head = "meter_id,date,hour_ending,import_kwh,export_kwh" + (",dst_flag" if flags else "")
    rows = [f"M1,{day},{label},{number},0" + (f",{flags[number - 1]}" if flags else "")
            for number, label in enumerate(labels, start=1)]
    return "\n".join([head, *rows]) + "\n"


FALL_LABELS = ["1", "2", "2", *map(str, range(3, 25))]


@pytest.mark.parametrize("labels", [
    [str(hour) for hour in range(1, 25)], HOURS, [f"{hour}:00" for hour in range(1, 25)],
    [f"{hour:02}00" for hour in range(1, 25)], [f"he {hour}" for hour in range(1, 25)]])
def test_hour_ending_labels_of_many_hands(labels: list[str], tmp_path: Path) -> None:
    rows = rows_of(take(tmp_path, long_hours(PLAIN, labels), f"long-hour-ending@{LOS_ANGELES}"))
    assert [row["import_kwh"] for row in rows] == [f"{hour}.000000" for hour in range(1, 25)]
    assert rows[0]["start"] == "2025-07-01T07:00:00Z"


def test_the_repeated_hour_by_flag(tmp_path: Path) -> None:
    flags = ["N", "N", "Y", *["N"] * 22]
    rows = rows_of(take(tmp_path, long_hours(FALL, FALL_LABELS, flags), f"long-hour-ending@{LOS_ANGELES}"))
    assert [row["import_kwh"] for row in rows] == [f"{number}.000000" for number in range(1, 26)]


def test_the_repeated_hour_by_label_by_order_or_by_daylight_flag(tmp_path: Path) -> None:
    base = f"extends: long-hour-ending\nzone: {LOS_ANGELES}\n"
    marked = ["1", "2", "2X", *map(str, range(3, 25))]
    daylight = ["D", "D", "S", *["S"] * 22]
    for text, how in ((long_hours(FALL, marked), "{by: label}"), (long_hours(FALL, FALL_LABELS), "{by: order}"),
                      (long_hours(FALL, FALL_LABELS, daylight), "{column: dst_flag, codes: [D], means: daylight}")):
        rows = rows_of(take(tmp_path, text, base + f"time: {{repeated_hour: {how}}}\n"))
        assert [row["import_kwh"] for row in rows] == [f"{number}.000000" for number in range(1, 26)]


def test_a_repeated_hour_without_a_mark_is_refused(tmp_path: Path) -> None:
    found = refused(tmp_path, long_hours(FALL, FALL_LABELS), f"long-hour-ending@{LOS_ANGELES}")
    assert [problem.row for problem in found] == [3, 4]
    assert {problem.reason for problem in found} == {
        "is an hour that passes twice on 2025-11-02, and nothing says which one this is"}


def test_an_hour_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    text = long_hours(SPRING, [str(hour) for hour in range(1, 25)])
    found = only(refused(tmp_path, text, f"long-hour-ending@{LOS_ANGELES}"))
    assert (found.row, found.value) == (4, "3")
    assert "is an hour that 2025-03-09 does not have" in found.reason


def test_a_mark_where_nothing_repeats_is_refused(tmp_path: Path) -> None:
    text = long_hours(PLAIN, ["1", "2X"])
    assert "marked as the repeated hour" in only(refused(tmp_path, text, f"long-hour-ending@{LOS_ANGELES}")).reason


@pytest.mark.parametrize(("label", "said"), [
    ("0", "counts from 0"), ("25", "ends after the end"), ("00:00", "may mean the end of this date or of the day"),
    ("noon", "is not an interval label"), ("1:30", "does not start on a multiple"), ("", "is not an interval label")])
def test_labels_that_mean_nothing(label: str, said: str, tmp_path: Path) -> None:
    found = only(refused(tmp_path, long_hours(PLAIN, [label]), f"long-hour-ending@{LOS_ANGELES}"))
    assert said in found.reason
    assert found.row == 2


@pytest.mark.parametrize(("midnight", "start"), [
    ("this_date", "2025-07-02T03:00:00Z"), ("previous_day", "2025-07-01T03:00:00Z")])
def test_midnight_as_the_mapping_says(midnight: str, start: str, tmp_path: Path) -> None:
    mapping = f"extends: long-hour-ending\nzone: {NEW_YORK}\ntime: {{midnight: {midnight}}}\n"
    assert rows_of(take(tmp_path, long_hours(PLAIN, ["00:00"]), mapping))[0]["start"] == start


def test_utc_stamps_need_no_zone(tmp_path: Path) -> None:
    text = ("meter_id,start,seconds,import_kwh,export_kwh\n"
            "M1,2025-11-02T01:00:00-07:00,3600,1,0\nM1,2025-11-02T01:00:00-08:00,3600,2,0\nM1,2025-11-02T10:00Z,900,3,\n")
    rows = rows_of(take(tmp_path, text, "long-start-utc"))
    assert [(row["start"], row["seconds"], row["export_kwh"], row["quality"]) for row in rows] == [
        ("2025-11-02T08:00:00Z", "3600", "0.000000", "actual"), ("2025-11-02T09:00:00Z", "3600", "0.000000", "actual"),
        ("2025-11-02T10:00:00Z", "900", "", "missing")]


def test_local_end_stamps_with_24_00_and_a_channel_column(tmp_path: Path) -> None:
    mapping = (f"layout: long\nzone: {NEW_YORK}\npoint: {{fixed: M1}}\n"
               "time: {stamp: end, stamp_format: '%m/%d/%Y %H:%M', labels: ending, seconds: 1800}\n"
               "values: [{column: kwh}]\nunit: {column: uom, codes: {KWH: kWh, KVARH: leave_out}}\n"
               "channel: {column: reg, codes: {'1': import, '2': export}}\nmultiplier: 10\n")
    text = ("end,kwh,uom,reg\n07/01/2025 24:00,1.5,KWH,1\n07/01/2025 24:00,0.25,KWH,2\n07/01/2025 24:00,9,KVARH,1\n")
    report = take(tmp_path, text, mapping)
    assert rows_of(report) == [{"point_id": "M1", "start": "2025-07-02T03:30:00Z", "seconds": "1800",
                                "import_kwh": "15.000000", "export_kwh": "2.500000", "quality": "actual"}]
    assert "left out, as the mapping says, 1 in all" in told(report)


@pytest.mark.parametrize("cell", ["abc", "NaN", "inf", "1e99", "1,5", "99999999999999", "1_000", "٣", "0x1"])
def test_cells_that_are_no_reading(cell: str, tmp_path: Path) -> None:
    text = f'meter_id,start,seconds,import_kwh,export_kwh\nM1,2025-07-01T00:00Z,900,"{cell}",0\n'
    found = only(refused(tmp_path, text, "long-start-utc"))
    assert (found.row, found.column, found.value) == (2, "import_kwh", cell)


def test_identical_duplicates_are_removed_and_different_ones_kept(tmp_path: Path) -> None:
    text = ("meter_id,start,seconds,import_kwh,export_kwh\n" + "M1,2025-07-01T00:00Z,900,1,0\n" * 3
            + "M1,2025-07-01T00:00Z,900,2,0\n")
    report = take(tmp_path, text, "long-start-utc")
    assert [row["import_kwh"] for row in rows_of(report)] == ["1.000000", "2.000000"]
    assert "identical duplicates were removed" in told(report)
    assert "differ from others for the same interval" in told(report)


def test_one_direction_stays_open_unless_the_mapping_says_zero(tmp_path: Path) -> None:
    names = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 1440, 15)]
    text = ",".join(["meter_id", "date", *names]) + "\nM1,2025-07-01," + ",".join(["1"] * 96) + "\n"
    open_report = take(tmp_path, text, f"wide-96-start@{NEW_YORK}")
    assert {(row["export_kwh"], row["quality"]) for row in rows_of(open_report)} == {("", "missing")}
    assert "no export channel for 1 point(s)" in told(open_report)
    zero = take(tmp_path, text, f"extends: wide-96-start\nzone: {NEW_YORK}\nabsent_direction: zero\n")
    assert {(row["export_kwh"], row["quality"]) for row in rows_of(zero)} == {("0.000000", "actual")}


def test_zero_is_for_points_without_the_channel_not_for_a_gap_in_it(tmp_path: Path) -> None:
    mapping = ("layout: long\npoint: id\ntime: {stamp: at, labels: starting, seconds: 3600}\nvalues: [{column: kwh}]\n"
               "channel: {column: reg, codes: {D: import, R: export}}\nunit: kWh\nabsent_direction: zero\n")
    text = ("id,at,reg,kwh\nM1,2025-07-01T00:00Z,D,1\nM1,2025-07-01T00:00Z,R,2\nM1,2025-07-01T01:00Z,D,3\n"
            "M2,2025-07-01T00:00Z,D,4\n")
    assert [(row["point_id"], row["export_kwh"], row["quality"]) for row in rows_of(take(tmp_path, text, mapping))] == [
        ("M1", "2.000000", "actual"), ("M1", "", "missing"), ("M2", "0.000000", "actual")]


def test_parquet_holds_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    path.write_text("meter_id,start,seconds,import_kwh,export_kwh\nM1,2025-07-01T00:00Z,900,1.000001,\n")
    report = import_files("intervals", [path], tmp_path / "out", mapping=Path("long-start-utc"),
                          output_format="parquet")
    (row,) = pq.read_table(report.written[0]).to_pylist()
    assert (row["point_id"], row["start"], row["seconds"]) == ("M1", datetime(2025, 7, 1, tzinfo=UTC), 900)
    assert (str(row["import_kwh"]), row["export_kwh"], row["quality"]) == ("1.000001", None, "missing")


def test_two_formats_of_one_table_never_stand_together(tmp_path: Path) -> None:
    text = "meter_id,start,seconds,import_kwh,export_kwh\nM1,2025-07-01T00:00Z,900,1,0\n"
    take(tmp_path, text, "long-start-utc")
    with pytest.raises(DataRefused, match="stands there already"):
        import_files("intervals", [tmp_path / "meter.csv"], tmp_path / "out", mapping=Path("long-start-utc"),
                     output_format="parquet")


def test_a_refusal_leaves_an_earlier_result_alone(tmp_path: Path) -> None:
    text = "meter_id,start,seconds,import_kwh,export_kwh\nM1,2025-07-01T00:00Z,900,1,0\n"
    before = take(tmp_path, text, "long-start-utc").written[0].read_bytes()
    with pytest.raises(DataRefused):
        take(tmp_path, text.replace(",1,0", ",x,0"), "long-start-utc")
    assert (tmp_path / "out" / "readings.csv").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["problems.csv", "readings.csv"]


def test_real_hourly_meter_data_by_a_mapping(refs: Path, tmp_path: Path) -> None:
    """The opendsm sample: hourly with offsets; its first hour is 2015-11-22 00:00 -06:00, 0.29 kWh."""
    text = gzip.decompress((refs / "data" / "opendsm_il_electricity_hourly.csv.gz").read_bytes()).decode()
    mapping = ("layout: long\npoint: {fixed: IL-1}\ntime: {stamp: start, labels: starting, seconds: 3600}\n"
               "values: [{column: value, channel: import}]\nunit: kWh\nabsent_direction: zero\n"
               "file: {missing: [nan]}\n")
    report = take(tmp_path, text, mapping)
    rows = rows_of(report)
    assert len(rows) == len(text.splitlines()) - 1
    assert (rows[0]["start"], rows[0]["import_kwh"]) == ("2015-11-22T06:00:00Z", "0.290000")


# --- mappings --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", sorted(shipped_mappings()))
def test_every_shipped_mapping_is_whole(name: str) -> None:
    problems: list[Problem] = []
    layout = find_layout(Path(f"{name}@{NEW_YORK}"), problems)
    assert problems == []
    assert layout is not None and layout.name == name
    assert shipped_mappings()[name].endswith(".")


def test_a_shipped_mapping_asks_for_the_zone(tmp_path: Path) -> None:
    assert "zone" in only(refused(tmp_path, wide_hours(PLAIN, ["1"] * 24), "wide-24-hour-ending")).column


@pytest.mark.parametrize(("mapping", "line", "column"), [
    ("layout: tall\n", 1, "layout"), ("extends: nothing-like-it\n", 1, "extends"),
    ("extends: wide-96-start\n\nzone: Mars/Olympus\n", 3, "zone"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\nunitt: kWh\n", 3, "unitt"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\nunit: kVA\n", 3, "unit"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\nunit: USD/MWh\n", 3, "unit"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\ntime:\n  date_format: '%m'\n", 4, "time.date_format"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\ntime:\n  date_format: '%Y%Y'\n", 4, "time.date_format"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\ntime:\n  seconds: 7\n", 4, "time.seconds"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\nmultiplier: 0\n", 3, "multiplier"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\nmultiplier: much\n", 3, "multiplier"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\ncolumns: {names: 'A#B#'}\n", 3, "columns.names"),
    ("extends: wide-96-start\nzone: Etc/GMT+5\nfile: {delimiter: ab}\n", 3, "file.delimiter"),
    ("extends: long-start-utc\nvalues: []\n", 2, "values"),
    ("extends: long-start-utc\nvalues: [{column: x, series: A}]\n", 2, "values.series"),
    ("extends: long-start-utc\ntime: [1]\n", 2, "time"),
])
def test_a_wrong_mapping_is_told_at_its_line(mapping: str, line: int, column: str, tmp_path: Path) -> None:
    found = refused(tmp_path, "x\n", mapping)
    assert (line, column) in [(problem.row, problem.column) for problem in found]
    assert all(problem.file.endswith("map.yaml") for problem in found)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    found = refused(tmp_path, "meter,date\n1,2\n", f"long-hour-ending@{NEW_YORK}")
    assert [problem.column for problem in found] == ["meter_id", "hour_ending", "import_kwh", "export_kwh"]


@pytest.mark.parametrize(("content", "said"), [
    (b"", "no header"), (b"\xff\xfe\xff\xff", "not text"),
    (b"meter_id,start,seconds,import_kwh,export_kwh\n\0,1\n", "NUL"),
    (b"meter_id,start,seconds,import_kwh,export_kwh\n", "hold no rows"),
    (b'meter_id,start,seconds,import_kwh,export_kwh\n"M1', "not a readable table"),
    (b"meter_id,start,seconds,import_kwh,export_kwh\nM1,2025-07-01T00:00Z\n", "has 2 cells"),
    (b"meter_id,start,seconds,import_kwh,export_kwh\n" + b"M1,x,900,1,0\n" * 5000, "1000 errors or more"),
])
def test_spoilt_files_are_problems(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    path.write_bytes(content)
    with pytest.raises(DataRefused, match=said):
        import_files("intervals", [path], tmp_path / "out", mapping=Path("long-start-utc"))


@pytest.mark.parametrize(("kind", "mapping", "said"), [
    ("intervals", None, "needs --map"), ("nothing", None, "not a kind of import"),
    ("intervals", "no-such-mapping", "neither a file nor"), ("intervals", "../layout", "neither a file nor"),
    ("intervals", "dlap-hour-ending", "is a mapping of prices"),
    ("caiso_prices", "long-start-utc", "is a mapping of readings")])
def test_wrong_usage_is_a_problem(kind: str, mapping: str | None, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=said):
        import_files(kind, [tmp_path / "x.csv"], tmp_path / "out", mapping=Path(mapping) if mapping else None)


# --- properties ------------------------------------------------------------------------------------------------------

def wall_slots(day: date, zone: ZoneInfo, minutes: int) -> list[tuple[str, int, datetime]]:
    """Label, pass (0 or 1) and start of every interval of a local day, found by walking through it in UTC."""
    at = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    found, seen = [], set()
    while at.astimezone(zone).date() == day:
        label = at.astimezone(zone).strftime("%H:%M")
        found.append((label, int(label in seen), at))
        seen.add(label)
        at += timedelta(minutes=minutes)
    return found


@settings(max_examples=12)
@given(zone=st.sampled_from([LOS_ANGELES, NEW_YORK]), seed=st.integers(0, 10**6),
       days=st.lists(st.dates(date(2025, 1, 1), date(2027, 12, 31)), min_size=1, max_size=3, unique=True))
@example(zone=LOS_ANGELES, seed=1, days=[SPRING, FALL])
@example(zone=NEW_YORK, seed=2, days=[SPRING, FALL, PLAIN])
def test_a_wide_file_gives_back_the_readings_it_was_written_from(zone: str, seed: int, days: list[date]) -> None:
    names = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 1440, 15)]
    extra = ["01:00X", "01:15X", "01:30X", "01:45X"]
    lines, expected = [",".join(["meter_id", "date", "channel", *names, *extra])], []
    for day in days:
        cells: dict[str, dict[str, str]] = {"delivered": {}, "received": {}}
        for number, (label, repeat, start) in enumerate(wall_slots(day, ZoneInfo(zone), 15)):
            taken, given_out = (seed * (number + 1)) % 5_000_000, (seed + number * 7919) % 900_000
            column = label + "X" * repeat
            cells["delivered"][column] = f"{taken // 10**6}.{taken % 10**6:06}"
            cells["received"][column] = f"{given_out // 10**6}.{given_out % 10**6:06}"
            expected.append((start.isoformat().replace("+00:00", "Z"), taken, given_out))
        lines += [",".join(["M1", day.isoformat(), channel, *(written.get(name, "") for name in [*names, *extra])])
                  for channel, written in cells.items()]
    with TemporaryDirectory() as folder:
        report = take(Path(folder), "\n".join(lines) + "\n", f"wide-96-channel@{zone}")
        rows = rows_of(report)
    assert report.problems == ()
    assert [(row["start"], int(row["import_kwh"].replace(".", "")), int(row["export_kwh"].replace(".", "")))
            for row in rows] == sorted(expected)


GOOD_CSV = long_hours(FALL, FALL_LABELS, ["N", "N", "Y", *["N"] * 22]).encode()
GOOD_MAP = (b"layout: long\nzone: America/New_York\npoint: meter_id\ntime:\n  date: date\n  label: hour_ending\n"
            b"  labels: ending\n  seconds: 3600\n  repeated_hour: {column: dst_flag, codes: [Y]}\n"
            b"values:\n  - {column: import_kwh, channel: import}\n  - {column: export_kwh, channel: export}\n"
            b"unit: kWh\nfile: {delimiter: ',', decimal: '.'}\nmultiplier: '1'\n")


def attempt(content: bytes, mapping: bytes) -> None:
    with TemporaryDirectory() as folder:
        path, named = Path(folder) / "meter.csv", Path(folder) / "map.yaml"
        path.write_bytes(content)
        named.write_bytes(mapping)
        try:
            report = import_files("intervals", [path], Path(folder) / "out", mapping=named)
        except DataRefused as refusal:
            assert refusal.problems
        else:
            assert report.rows == len(rows_of(report))


@settings(max_examples=50)
@given(place=st.integers(0, len(GOOD_CSV) - 1), cut=st.integers(0, 30), put=st.binary(max_size=5))
def test_mutated_tables_never_raise_anything_else(place: int, cut: int, put: bytes) -> None:
    attempt(GOOD_CSV[:place] + put + GOOD_CSV[place + cut:], GOOD_MAP)


@settings(max_examples=80)
@given(place=st.integers(0, len(GOOD_MAP) - 1), cut=st.integers(0, 12),
       put=st.one_of(st.binary(max_size=4), st.text("[]{}:&*!|>%@`'\"#\n -?,.~0x", max_size=5).map(str.encode)))
def test_mutated_mappings_never_raise_anything_else(place: int, cut: int, put: bytes) -> None:
    attempt(GOOD_CSV, GOOD_MAP[:place] + put + GOOD_MAP[place + cut:])
