"""The use case and the command: where the tables come from, what is printed, how it ends."""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from gridrider.app.audit_run import AuditDone, audit_run
from gridrider.audit.model import Finding, FindingKind
from gridrider.cli.audit import add_audit
from gridrider.problem import DataRefused
from tests.audit.recorded import PROGRAM, Run, at, findings, plain_run


def command(*words: str) -> int:
    """Run `gridrider audit` with these words."""
    parser = argparse.ArgumentParser()
    add_audit(parser.add_subparsers())
    arguments = parser.parse_args(["audit", *words])
    return int(arguments.run(arguments))


def broken_run() -> Run:
    """The plain run, whose device opted out and is asked all the same, and once gives more."""
    run = plain_run()
    run.add("opt_outs", event_id="v1", enrollment_id="e1", at=at(-30))
    run.report(10)["delivered_kw"] = "2.5"
    return run


def to_parquet(folder: Path, timestamp: str) -> None:
    """The large tables as Parquet, with numbers as doubles and instants of a type."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name in ("telemetry", "instructions", "answers", "protections"):
            file = folder / f"{name}.csv"
            columns = [str(row[0]) for row in connection.sql(f"describe select * from read_csv('{file}')").fetchall()]
            cells = ", ".join(
                f'cast("{column}" as double) as "{column}"' if column.endswith(("_kw", "_kwh"))
                else f'cast(cast("{column}" as timestamptz) as {timestamp}) as "{column}"'
                if column in ("reported_at", "departs_at", "issued_at", "start", "end", "reverts_at", "at")
                else f'"{column}"' for column in columns)
            connection.execute(f"copy (select {cells} from read_csv('{file}', all_varchar = true)) "
                               f"to '{folder / name}.parquet' (format parquet)")
            file.unlink()


@pytest.mark.parametrize("timestamp", ["timestamptz", "timestamp", "varchar"])
def test_parquet_is_read_whatever_its_types(timestamp: str, tmp_path: Path) -> None:
    folder = broken_run().write(tmp_path)
    to_parquet(folder, timestamp)
    done = audit_run(folder)
    assert done.counts == {"program": {"opted_out": 4}, "device": {"more_than_asked": 1}}
    assert (done.instructions, done.devices, done.events) == (5, 1, 1)


def test_a_parquet_file_without_a_column_is_refused(tmp_path: Path) -> None:
    folder = plain_run().write(tmp_path)
    (folder / "answers.csv").unlink()
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 'i0' as instruction_id) to '{folder}/answers.parquet' (format parquet)")
    with pytest.raises(DataRefused, match="the column is missing"):
        audit_run(folder)


@pytest.mark.parametrize(("said", "reason"), [
    (None, "cannot be read"), ("{", "cannot be read"), ("[]", "is not a JSON object"), ("{}", "names no tariff"),
    (json.dumps({"tariff_path": str(PROGRAM)}), "does not say how the run was operated"),
    (json.dumps({"tariff_path": str(PROGRAM), "as_of": "2026-01-01T00:00:00", "period_start": "2026-01-01",
                 "operation": {"tick_seconds": 300, "lease_seconds": 1200}}), "has no offset"),
])
def test_a_run_that_does_not_say_how_it_went_is_refused(said: str | None, reason: str, tmp_path: Path) -> None:
    folder = plain_run().write(tmp_path)
    if said is None:
        (folder / "run.json").unlink()
    else:
        (folder / "run.json").write_text(said)
    with pytest.raises(DataRefused, match=reason):
        audit_run(folder)


def test_another_tariff_may_be_given(tmp_path: Path) -> None:
    stricter = tmp_path / "stricter.yaml"
    stricter.write_text(PROGRAM.read_text().replace('reserve_pct_min: "20"', 'reserve_pct_min: "99"'))
    folder = plain_run().write(tmp_path / "run")
    assert {finding.rule for finding in audit_run(folder, stricter).findings} == {"reserve", "floor"}


def test_a_rule_holds_from_its_day_on(tmp_path: Path) -> None:
    later = tmp_path / "later.yaml"
    later.write_text(PROGRAM.read_text().replace(
        'reserve_pct_min: "20"',
        'reserve_pct_min: [{value: "20"}, {value: "99", effective: 2026-07-08, filed: 2026-01-01}]'))
    folder = plain_run().write(tmp_path / "run")
    assert audit_run(folder, later).findings == ()


def test_events_before_the_period_are_history(tmp_path: Path) -> None:
    run = Run(period_start=at(1))
    run.add("enrollments")
    run.add("devices")
    run.add("events", start=at(0), end=at(60))
    run.add("telemetry", reported_at=at(300))
    assert findings(run, tmp_path) == ()
    run.period_start = at(0)
    assert [finding.rule for finding in findings(run, tmp_path)] == ["left_out"]


# ---- the command -----------------------------------------------------------------------------------
def finding(number: int, kind: FindingKind, rule: str) -> Finding:
    """A finding, as the checker tells it."""
    return Finding(kind=kind, rule=rule, instruction_id=f"i{number}", enrollment_id="e1", asked_kw=Decimal("2.000000"),
                   allowed_kw=Decimal("0.000000"), because="it opted out", at=datetime(2026, 7, 7, 21, tzinfo=UTC))


PROGRAMS = tuple(finding(number, FindingKind.PROGRAM, "opted_out") for number in range(7))
DEVICES = (finding(9, FindingKind.DEVICE, "more_than_asked"),)


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the use case find these."""
    def set_findings(*findings: Finding) -> None:
        done = AuditDone(findings=findings, instructions=50, devices=3, events=2)
        monkeypatch.setattr("gridrider.app.audit_run.audit_run", lambda run, tariff: done)
    return set_findings


def test_a_good_run_ends_with_0(finds: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    finds()
    assert command("run") == 0
    assert capsys.readouterr().out == "No finding: 50 instructions to 3 devices in 2 events agree with the rules.\n"


def test_the_program_s_findings_end_with_1(finds: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    finds(*PROGRAMS, *DEVICES)
    assert command("run") == 1
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == ["Looked at 50 instructions to 3 devices in 2 events.", "program's, opted_out: 7",
                        "  2026-07-07T21:00:00Z i0 asked 2 kW, allowed 0 kW: it opted out"]
    assert said[7:] == ["  … and 2 more", "device's, more_than_asked: 1",
                        "  2026-07-07T21:00:00Z i9 gave 2 kW, allowed 0 kW: it opted out",
                        "The run has failed: 7 findings are the program's."]


def test_the_devices_findings_end_with_0(finds: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    finds(*DEVICES)
    assert command("run") == 0
    assert capsys.readouterr().out.endswith("No finding is the program's.\n")


def test_json_holds_every_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(str(broken_run().write(tmp_path)), "--tariff", str(PROGRAM), "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["counts"] == {"program": {"opted_out": 4}, "device": {"more_than_asked": 1}}
    assert document["findings"][0] == {
        "kind": "program", "rule": "opted_out", "instruction_id": "i0", "enrollment_id": "e1",
        "at": "2026-07-07T21:00:00Z", "asked_kw": "2", "allowed_kw": "0",
        "because": "it opted out of v1 at 2026-07-07T20:30:00Z"}
