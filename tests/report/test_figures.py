"""The figures against sums worked out by hand, from two enrollments and two events."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridrider.adapters.documents.result_tables import open_results
from gridrider.ledger.model import LEDGER
from gridrider.measurement.model import PARTICIPATION, PERFORMANCE
from gridrider.report.figures import KnownEvent, Program
from gridrider.report.histogram import steps
from gridrider.report.model import PROBLEMS
from gridrider.report.participant import participant_figures
from gridrider.report.summarise import summarise
from gridrider.settlement.model import LINES, STATEMENTS

PACIFIC = ZoneInfo("America/Los_Angeles")
HEADS = {schema.name: ",".join(schema.names) for schema in (
    PARTICIPATION, PERFORMANCE, LINES, STATEMENTS, LEDGER, PROBLEMS)}

# Event one lasts 90 minutes in quarter hours from 16:00; A delivers 1, 1, 1, 1 then 2, 2 kWh: 4 kWh in the first hour
# (4 kW) and 4 kWh in the half hour after it (8 kW). B opted out, so its 100 kWh are not the program's.
QUARTERS = "".join(
    f"A,one,s,2022-09-06T{23 + place // 4 - 24 * (place // 4)}:{15 * (place % 4):02d}:00Z,900,P1,2,1,2,"
    f"{2 - kwh},{kwh},1,actual,,\n" for place, kwh in enumerate((1, 1, 1, 1)))
QUARTERS += "A,one,s,2022-09-07T00:00:00Z,900,P1,2,1,2,0,2,1,actual,,\n"
QUARTERS += "A,one,s,2022-09-07T00:15:00Z,900,P1,2,1,2,0,2,1,actual,,\n"
PERFORMANCE_ROWS = QUARTERS + (
    "B,one,s,2022-09-06T23:00:00Z,900,P2,100,1,100,0,100,1,actual,,\n"
    "A,two,s,2022-10-01T23:00:00Z,3600,P1,1,1,1,4,-3,1,actual,,\n"
    "B,two,s,2022-10-01T23:00:00Z,3600,P2,,,,,,1,missing,,no readings\n")
TABLES = {
    "participation": "A,one,performed,true,5.333333,C,\nB,one,opted_out,true,,C,left at noon\n"
                     "A,two,missed,true,-3,C,\nB,two,missing_readings,false,,C,none\n",
    "performance": PERFORMANCE_ROWS,
    "lines": "S1,L1,X,X,X,A,s,energy,one,2022-09-06,2022-09-07,D,8,kWh,2,USD/kWh,,16.00,1,final,8 x 2\n"
             "S1,L2,X,X,X,A,s,capacity,,2022-09-01,2022-10-01,D,5,kW,1.1,USD/kW,,5.50,1,final,5 x 1.1\n"
             "S2,L3,Y,Y,Y,B,s,capacity,,2022-06-01,2022-10-01,D,5,kW,1,USD/kW,,-0.50,1,provisional,season open\n"
             "S1,L4,X,X,X,A,s,energy,two,2022-10-01,2022-10-02,D,0,kWh,2,USD/kWh,,0.00,1,provisional,late\n",
    "statements": "S1,X,X,2022-09-01,2022-11-01,21.50,1,h\nS2,Y,Y,2022-06-01,2022-10-01,-0.50,1,h\n",
    "ledger": "J1,1,2022-11-01T00:00:00Z,expense:program:t,21.50,,USD,L1,x\n"
              "J1,2,2022-11-01T00:00:00Z,payable:X,,21.50,USD,L1,x\n",
    "problems": "warning,readings.csv,2,,,a gap,Ask.\nwarning,readings.csv,9,,,a gap,Ask.\n"
                "warning,readings/2022-09-06.parquet,,,,3 rows are odd; the first is named,Look.\n"
                "warning,readings/2022-09-07.parquet,,,,\"1,400 rows are odd; the first is named\",Look.\n"
                "warning,readings/2022-09-07.parquet,,,,5 gaps,Look.\n",
}


def write_tables(out: Path, tables: dict[str, str]) -> Path:
    """A result folder from the bodies of its tables."""
    for name, head in HEADS.items():
        (out / f"{name}.csv").write_text(f"{head}\n{tables.get(name, '')}", encoding="utf-8")
    return out


def program_of(out: Path) -> Program:
    """The figures of a folder, without knowledge of the events beyond the tables."""
    with open_results(out) as tables:
        return summarise(tables, known=(), zone=PACIFIC)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return program_of(write_tables(tmp_path, TABLES))


def test_an_event_counts_the_energy_of_those_called_and_measured(program):
    one, two = program.events
    assert (one.baseline_kwh, one.metered_kwh, one.delivered_kwh) == (12, 4, 8)
    assert (two.baseline_kwh, two.metered_kwh, two.delivered_kwh) == (1, 4, -3)


def test_an_event_stands_at_its_local_time(program):
    one, two = program.events
    assert one.start == datetime(2022, 9, 6, 16, tzinfo=PACIFIC)
    assert one.end == datetime(2022, 9, 6, 17, 30, tzinfo=PACIFIC)
    assert two.start == datetime(2022, 10, 1, 16, tzinfo=PACIFIC)


def test_the_peak_hour_is_an_average_power_even_when_the_last_hour_is_half(program):
    assert [event.peak_hour_kw for event in program.events] == [8, -3]


def test_an_event_for_two_services_delivers_its_energy_once(tmp_path):
    twice = PERFORMANCE_ROWS + PERFORMANCE_ROWS.replace(",s,", ",t,")
    program = program_of(write_tables(tmp_path, {**TABLES, "performance": twice}))
    assert [event.delivered_kwh for event in program.events] == [8, -3]
    assert [event.peak_hour_kw for event in program.events] == [8, -3]


def test_an_event_that_called_nobody_is_listed_from_what_is_known(tmp_path):
    known = [KnownEvent(event_id="none", kind="test", service=service) for service in ("s", "t")]
    with open_results(write_tables(tmp_path, TABLES)) as tables:
        events = summarise(tables, known=known, zone=PACIFIC).events
    assert [(event.event_id, event.kind, event.service) for event in events][-1] == ("none", "test", "s, t")


def test_only_lines_that_name_an_event_are_paid_for_it(program):
    assert [event.paid_usd for event in program.events] == [Decimal("16.00"), Decimal("0.00")]


def test_the_average_hour_weighs_every_measured_enrollment_hour_alike(program):
    first, second = program.hours
    assert (first.baseline_kw, first.metered_kw, first.delivered_kw) == (Decimal("4.5"), 4, Decimal("0.5"))
    assert (second.baseline_kw, second.delivered_kw) == (8, 8)


def test_a_month_gathers_its_days_and_a_season_keeps_its_span(program):
    told = [(str(row.first), str(row.last), row.component, row.amount_usd) for row in program.paid]
    assert told == [("2022-06-01", "2022-09-30", "capacity", Decimal("-0.50")),
                    ("2022-09-01", "2022-09-30", "capacity", Decimal("5.50")),
                    ("2022-09-01", "2022-09-30", "energy", Decimal("16.00")),
                    ("2022-10-01", "2022-10-31", "energy", Decimal("0.00"))]


def test_totals_findings_and_exceptions(program):
    totals = program.totals
    assert (totals.paid_usd, totals.statements_usd, totals.debit_usd, totals.credit_usd) == (
        21, 21, Decimal("21.50"), Decimal("21.50"))
    assert (totals.participants, totals.enrollments, totals.lines, totals.lines_provisional) == (2, 2, 4, 2)
    assert [(finding.reason, finding.count) for finding in program.findings] == [
        ("N rows are odd; the first is named", 2), ("a gap", 2), ("5 gaps", 1)]
    assert [(row.enrollment_id, row.event_id, row.delivered_kwh) for row in program.lowest] == [("A", "two", -3)]
    assert [row.because for row in program.provisional] == ["season open", "late"]


def test_a_participant_sees_its_own_lines_events_and_absences(tmp_path):
    with open_results(write_tables(tmp_path, TABLES)) as tables:
        own = participant_figures(tables, "Y", known=(), zone=PACIFIC)
        nobody = participant_figures(tables, "Z", known=(), zone=PACIFIC)
    assert nobody is None
    assert own is not None
    assert [(line.line_id, line.amount_usd, line.because) for line in own.lines] == [
        ("L3", Decimal("-0.50"), "season open")]
    assert [(absence.event_id, absence.outcome, absence.because) for absence in own.absences] == [
        ("one", "opted_out", "left at noon"), ("two", "missing_readings", "none")]
    assert [event.count("opted_out") for event in own.events] == [1, 0]


def test_the_distribution_counts_everyone_once(tmp_path, wide_pay: Callable[[Path], Path]):
    shape = program_of(wide_pay(tmp_path)).pay_by_participant
    assert shape is not None
    assert sum(step.count for step in shape.bins) + shape.below + shape.above == shape.count == 100
    assert (shape.above, shape.largest) == (1, Decimal(90_000))
    assert (shape.p10, shape.median, shape.p90) == (Decimal("9.9"), Decimal("49.5"), Decimal("89.1"))


@pytest.fixture
def wide_pay() -> Callable[[Path], Path]:
    """A hundred participants: 0 to 98 dollars, and one giant."""
    def write(out: Path) -> Path:
        lines = "".join(
            f"S,L{who},W{who},W,W,E{who},s,energy,,2022-09-01,2022-10-01,D,1,kWh,1,USD/kWh,,{pay}.00,1,final,x\n"
            for who, pay in enumerate([*range(99), 90_000]))
        return write_tables(out, {"lines": lines})
    return write


@given(points=st.lists(st.decimals(min_value=-10**7, max_value=10**7, places=2), min_size=1, max_size=80))
def test_steps_hold_the_core_of_any_points_in_few_round_bins(points):
    ordered = sorted(points)
    chosen = steps(smallest=ordered[0], largest=ordered[-1], p01=ordered[0], p99=ordered[-1], count=len(points))
    assert chosen.low <= ordered[0]
    assert ordered[-1] < chosen.high
    assert chosen.many <= 22
    assert chosen.width.normalize().as_tuple().digits in ((1,), (2,), (5,))


def test_json_like_ids_do_not_confuse_the_reader(tmp_path):
    odd = json.dumps({"id": "a,b\n\"c\""}).replace('"', '""')
    tables = {"participation": f'"{odd}",one,missed,true,,C,"line one\nline two"\n'}
    assert [event.count("missed") for event in program_of(write_tables(tmp_path, tables)).events] == [1]
