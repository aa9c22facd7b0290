"""Write the tables of a settlement: exact texts, sorted by key, all together or not at all."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from .. import __version__
from ..interval import utc_text
from ..problem import DataRefused, Problem, error
from ..tariff.load import canonical, tariff_hash
from ..tariff.model import Tariff
from .prior import HEADS
from .settle_plan import SettlePlan

MARK = "run.json"
"""The file that tells a folder of ours from a stranger's."""
PROBLEM_COLUMNS = ("severity", "file", "row", "column", "value", "reason", "what_to_do")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was written, in numbers."""

    counts: dict[str, int]
    total_usd: str
    seconds: dict[str, float]


QUALITY_TEXT = "list_extract(['actual', 'validated', 'edited', 'estimated', 'missing'], p.quality + 1)"

TABLE_SQL: dict[str, str] = {
    "performance": f"""
        select e.enrollment_id, v.event_id, v.service, instant_text(r.start) as start, r.seconds, s.point_id,
               kwh_text(p.baseline_unadjusted_mwh) as baseline_unadjusted_kwh, kwh_text(p.factor_e6) as adjustment_factor,
               kwh_text(p.baseline_mwh) as baseline_kwh, kwh_text(p.metered_mwh) as metered_kwh,
               kwh_text(p.delivered_mwh) as delivered_kwh, kwh_text(coalesce(w.weight_micro, 1000000)) as weight,
               {QUALITY_TEXT} as quality, p.baseline_days,
               case p.note when 'missing' then 'a reading is missing'
                           when 'missing_window' then 'a reading in the adjustment window is missing'
                           when 'too_few_days' then 'too few baseline days: ' || v.too_few_clause
                           when 'window_after_notice' then 'not adjusted: the window does not precede the notice'
                           when 'guard' then 'not adjusted: the baseline in the window is negative or too small'
                           else nullif(p.note, '') end as note
        from performance as p
        join call_window as c on c.call_no = p.call_no
        join enrollment as e on e.enrollment_no = c.enrollment_no
        join service_event as v on v.service_event_no = c.service_event_no
        join window_row as r on r.window_no = c.window_no and r.row_no = p.row_no
        left join row_weight as w on w.window_no = c.window_no and w.row_no = p.row_no and w.zone is not distinct from c.zone
        left join point_of as s on s.series_no = c.enrollment_no * 2 and s.local_date = c.local_date
        order by e.enrollment_id, v.event_id, v.service, r.start""",
    "participation": """
        select e.enrollment_id, v.event_id, r.outcome, r.counted, kwh_text(r.average_milliwatt) as average_kw,
               nullif(case r.outcome when 'unsigned' then v.agreement_clause when 'opted_out' then v.opted_out_clause
                    when 'suspended' then v.suspended_clause when 'excused' then v.excused_clause
                    when 'missing_readings' then case when r.too_few_days then v.too_few_clause
                         else coalesce(nullif(v.missing_clause, ''), v.method_clause) end
                    when 'missed' then coalesce(nullif(v.missed_clause, ''), v.method_clause)
                    when 'not_eligible' then 'technologies of the rider'
                    when 'cancelled' then v.kind_clause else v.method_clause end, '') as clause,
               case r.outcome
                    when 'performed' then 'delivered ' || kwh_text(r.delivered_mwh) || ' kWh in ' || hours_text(r.seconds) || ' h'
                    when 'missed' then 'delivered ' || kwh_text(r.delivered_mwh) || ' kWh in ' || hours_text(r.seconds) || ' h, which is not above zero'
                    when 'unsigned' then 'no agreement was signed by the day of the event'
                    when 'opted_out' then 'opted out at ' || instant_text(r.opted_out_at)
                    when 'suspended' then 'participation was suspended'
                    when 'excused' then 'unavailable for an excused reason: ' || r.excused_reasons
                    when 'missing_readings' then case when r.too_few_days then 'too few baseline days' else 'readings are missing' end
                         || case when r.zero then ', which counts as zero by the rider' else '' end
                    when 'not_eligible' then 'the technology is not of this rider'
                    when 'cancelled' then 'the event was cancelled before it began' end
               || case when not r.counted and not v.counts then '; events of kind ' || v.kind || ' do not count' else '' end
               || case when r.excused_reasons <> '' and r.outcome <> 'excused' then '; excused in part: ' || r.excused_reasons else '' end
               || '.' as because
        from result as r
        join enrollment as e on e.enrollment_no = r.enrollment_no
        join service_event as v on v.service_event_no = r.service_event_no
        order by e.enrollment_id, v.event_id""",
    "lines": """
        select statement_id, line_id, participant_id, aggregation_id, payee_id, enrollment_id, service, component, event_id,
               period_start, period_end, clause, kwh_text(div_half_away(quantity_n * 1000000, quantity_d)) as quantity, unit,
               usd_text(rate_micro) as rate, rate_unit, rate_effective, amount_usd, version, status,
               because || '.' as because
        from versioned_line order by statement_id, line_id""",
    "statements": """
        select statement_id, payee_id, participant_id, period_start, period_end, amount_text(total_cents) as total_usd, version,
               (select tariff_hash from published) as tariff_hash
        from statement order by statement_id""",
    "ledger": """
        select entry_id, posting_no, instant_text((select as_of from run)) as posted_at, account,
               case when debit_cents > 0 then amount_text(debit_cents) end as debit_usd,
               case when debit_cents < 0 then amount_text(-debit_cents) end as credit_usd,
               (select currency from run) as currency, line_id, because || '.' as because
        from posting order by entry_id, posting_no""",
    "differences": """
        select coalesce(l.line_id, p.line_id) as line_id, p.amount_usd as before_usd, l.amount_usd as after_usd,
               case when p.line_id is null then 'new line' when l.line_id is null then 'the line is gone'
                    else 'was: ' || p.because || ' Is: ' || l.because || '.' end as because
        from versioned_line as l full join prior_line as p on p.line_id = l.line_id
        where l.amount_usd is distinct from p.amount_usd order by 1""",
    "heads": """
        with last as (
          select source_id, coalesce(max(entry_id) filter (heads), max(entry_id)) as entry_id from entry
          where source_id in (select source_id from posting_source where was_posted)
             or source_id in (select source_id from prior_head) group by 1
        )
        select coalesce(a.source_id, b.source_id) as source_id, coalesce(a.entry_id, b.entry_id) as entry_id
        from last as a full join prior_head as b on b.source_id = a.source_id order by 1""",
}


def publish(connection: duckdb.DuckDBPyConnection, out: Path, plan: SettlePlan, tariff: Tariff, tariff_file: Path,
            problems: Sequence[Problem], *, prior: bool, inputs: Path, finish: Callable[[Path], None]) -> Published:
    """Write every table into a new folder beside `out` and put it in its place when all are there.

    `finish` is called with that folder when its tables and run.json stand, for what is made from them.
    """
    began = time.perf_counter()
    connection.register("published", connection.sql(
        f"select '{tariff_hash(tariff)}' as tariff_hash").to_arrow_table())
    connection.execute("create or replace temp table point_of as select s.series_no, w.local_date, "
                       "arg_max(s.point_id, s.starts) as point_id from series_day as s join "
                       "(select distinct local_date from \"window\") as w on w.local_date between s.from_date and s.to_date "
                       "group by 1, 2")
    with replacing(out) as folder:
        for name in ("performance", "participation", "lines", "statements", "ledger"):
            copy_csv(connection, TABLE_SQL[name], folder / f"{name}.csv")
        if prior:
            copy_csv(connection, TABLE_SQL["differences"], folder / "differences.csv")
            copy_csv(connection, TABLE_SQL["heads"], folder / HEADS)
        write_problems(folder / "problems.csv", problems)
        counts = _counts(connection)
        total_usd = _one(connection, "select coalesce(amount_text(sum(total_cents)), '0.00') from statement")
        seconds = {"publish": round(time.perf_counter() - began, 3)}
        _write_run(folder, plan, tariff, tariff_file, inputs, counts, total_usd, seconds)
        finish(folder)
    return Published(counts=counts, total_usd=total_usd, seconds=seconds)


def copy_csv(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    """Write a query as CSV: header, LF, quotes only where needed, blank for null."""
    target = str(file).replace("'", "''")
    connection.execute(f"copy ({query}) to '{target}' (format csv, header true, delimiter ',', quote '\"', escape '\"', "
                       "nullstr '')")


def write_problems(file: Path, problems: Sequence[Problem]) -> None:
    """Write the findings of a run, sorted, errors first."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(PROBLEM_COLUMNS)
        writer.writerows(sorted(
            ((problem.severity.value, problem.file, "" if problem.row is None else problem.row, problem.column,
              problem.value, problem.reason, problem.what_to_do) for problem in problems),
            key=lambda row: (row[0], row[1], int(row[2] or 0), *map(str, row[3:]))))


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {name: int(_one(connection, f"select count(*) from {table}")) for name, table in (
        ("enrollments", "enrollment"), ("events", "(select distinct event_id from service_event where in_period)"),
        ("participation", "result"), ("performance", "performance"), ("lines", "versioned_line"),
        ("statements", "statement"), ("postings", "posting"))}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    ((only,),) = connection.execute(query).fetchall()
    return only


def _write_run(folder: Path, plan: SettlePlan, tariff: Tariff, tariff_file: Path, inputs: Path, counts: dict[str, int],
               total_usd: str, seconds: dict[str, float]) -> None:
    marked = inputs / "synthetic.json"
    synthetic = json.loads(marked.read_text()) if marked.is_file() else {}
    document = {
        "tariff": canonical(tariff), "tariff_hash": tariff_hash(tariff), "tariff_path": str(tariff_file),
        "period_start": plan.period.first.isoformat(), "period_end": plan.period.end.isoformat(),
        "as_of": utc_text(plan.as_of), "gridrider_version": __version__, "synthetic": bool(synthetic.get("synthetic")),
        "assumptions": [*tariff.assumptions, *synthetic.get("assumptions", [])], "counts": counts,
        "total_usd": total_usd, "events": [
            {"event_id": each.event.event_id, "service": each.service_name, "kind": each.kind,
             "start": utc_text(each.event.start), "end": utc_text(each.event.end)}
            for each in plan.service_events if each.in_period],
        "seconds": seconds, "python": platform.python_version(), "duckdb": duckdb.__version__,
        "sha256": {file.name: _sha256(file) for file in sorted(folder.glob("*.csv"))},
    }
    (folder / MARK).write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
                               encoding="utf-8")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of `out` when the block ends well; otherwise nothing is left of it.

    Raises DataRefused when `out` holds files that no run of ours has written.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not _ours(out))):
        raise DataRefused([error(str(out), "is not empty and holds no earlier run", "Choose a new or empty folder.")])
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
        os.chmod(folder, 0o755)
        _put_in_place(folder, out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _ours(out: Path) -> bool:
    return (out / MARK).is_file() or [file.name for file in out.iterdir()] == ["problems.csv"]


def _put_in_place(folder: Path, out: Path) -> None:
    """Swap the folders by renames; the old one is deleted only when the new one stands."""
    if not out.exists():
        folder.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent)) / "run"
    out.rename(old)
    folder.rename(out)
    shutil.rmtree(old.parent, ignore_errors=True)


