"""How long the limits of a million batteries take, against the same counting in pandas and row by row, in one run.

    python -m benchmarks.bench_limits bench-output --enrollments 1000000 --events 60

makes a program and a season's events, and prints medians of three, each run a process of its own:
seconds until every battery's events of the month, of the year and cycles are known (limit 2 s), the ratio to pandas
(every enrollment with every event of its rider and zone, grouped) and to a loop over rows in Python on a part of the
enrollments, scaled to all of them.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas

SECONDS_MAX = 2.0
REPEATS = 3
LOOPED = 20_000
ZONES = ("NORTH", "SOUTH", "EAST", "WEST")
DAY = date(2026, 9, 15)
TARIFF = Path(__file__).with_name("world") / "limits.yaml"


def main() -> int:
    """Measure and print; exit 1 when the limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("bench-output"))
    parser.add_argument("--enrollments", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=60)
    parser.add_argument("--child", choices=("ours", "pandas", "loop"))
    arguments = parser.parse_args()
    folder = arguments.folder / f"limits-{arguments.enrollments}-{arguments.events}"
    if arguments.child:
        print(json.dumps({"ours": run_ours, "pandas": run_pandas, "loop": run_loop}[arguments.child](folder)))
        return 0
    make(folder, arguments.enrollments, arguments.events)
    ours, frames, loops = ([child(what, arguments) for _ in range(times)]
                           for what, times in (("ours", REPEATS), ("pandas", REPEATS), ("loop", REPEATS)))
    took = statistics.median(run["seconds"] for run in ours)
    loop = statistics.median(run["seconds"] for run in loops) * arguments.enrollments / min(LOOPED,
                                                                                           arguments.enrollments)
    slow = statistics.median(run["seconds"] for run in frames)
    if frames[0]["calls"] != ours[0]["calls"]:
        raise SystemExit(f"the counts differ: {ours[0]['calls']} and {frames[0]['calls']} calls")
    print(f"python {platform.python_version()}, duckdb {duckdb.__version__}, pandas {pandas.__version__}, "
          f"{platform.machine()}")
    print(f"{arguments.enrollments} enrollments, {arguments.events} events, {ours[0]['calls']:.0f} calls: "
          f"{took:.2f} s (limit {SECONDS_MAX}); pandas {slow:.1f} s, "
          f"{slow / took:.0f} times as long; row by row {loop:.0f} s, {loop / took:.0f} times")
    return int(took > SECONDS_MAX)


def child(what: str, arguments: argparse.Namespace) -> dict[str, float]:
    """One measurement in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.bench_limits", str(arguments.folder), "--child", what,
               "--enrollments", str(arguments.enrollments), "--events", str(arguments.events)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def make(folder: Path, enrollments: int, events: int) -> None:
    """The tables of the program, unless they are there: one in twenty batteries has two enrollments."""
    if (folder / "events.csv").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["event_id,service,start,end,zone,called_at"]
    for number in range(events):
        start = datetime(2026, 6, 1, 17, tzinfo=ZoneInfo("America/New_York")) + timedelta(days=number * 107 // events)
        zone = "" if number % 3 else ";".join(ZONES[: 2 + number % 2])
        end = start + timedelta(hours=2 + number % 2)
        rows.append(f"v{number},peak,{start.isoformat()},{end.isoformat()},{zone},"
                    f"{(start - timedelta(days=1)).isoformat()}")
    with duckdb.connect() as connection:
        connection.execute(f"""copy (
            select 'e' || lpad(i::varchar, 8, '0') as enrollment_id, 'battery' as rider, 'c' || i as customer_id,
                   'agg' || i % 50 as participant_id, 'm' || (i - case when i % 20 = 0 then 1 else 0 end) as point_id,
                   'battery' as technology, '5' as nameplate_kw, '13.5' as usable_kwh,
                   '2026-01-01' as agreement_signed_on,
                   cast(date '2026-01-01' + cast(hash(i) % 300 as integer) as varchar) as starts_on,
                   case when hash(i + 1) % 50 = 0
                        then cast(date '2026-07-01' + cast(hash(i) % 150 as integer) as varchar) end as ends_on,
                   {list(ZONES)!r}[1 + i % 4] as zone
            from range({enrollments}) as t(i)
        ) to '{folder}/enrollments.parquet' (format parquet)""")
        connection.execute(f"""copy (
            select 'v' || hash(i) % {events} as event_id,
                   'e' || lpad(cast(hash(i + 7) % {enrollments} as varchar), 8, '0') as enrollment_id,
                   '2026-01-01T00:00:00Z' as at
            from range({enrollments // 4}) as t(i)
        ) to '{folder}/opt_outs.parquet' (format parquet)""")
        connection.execute(f"""copy (
            select 'e' || lpad(cast(hash(i + 3) % {enrollments} as varchar), 8, '0') as enrollment_id,
                   '2026-07-01T00:00:00Z' as start, '2026-07-08T00:00:00Z' as "end", 'suspended' as reason
            from range({enrollments // 100}) as t(i)
        ) to '{folder}/unavailable.parquet' (format parquet)""")
    (folder / "events.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def run_ours(folder: Path) -> dict[str, float]:
    """Read the tables, then count; only the counting is timed."""
    from gridrider.app.limits import ATTRIBUTES, TABLES, use_devices
    from gridrider.app.settle_inputs import read_inputs
    from gridrider.event.service_events import service_events
    from gridrider.event.window import Reading
    from gridrider.tariff.load import load

    tariff, problems = load(TARIFF)
    if tariff is None:
        raise SystemExit("\n".join(map(str, problems)))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        inputs = read_inputs(connection, folder, tariff, TABLES, ATTRIBUTES)
        made, _ = service_events(tariff, inputs.events, [True] * len(inputs.events), inputs.events[-1].end)
        begin = time.perf_counter()
        use_devices(connection, tariff, made, DAY, None, Reading(zone=ZoneInfo(tariff.timezone), known_by=DAY))
        seconds = time.perf_counter() - begin
        ((calls,),) = connection.sql("select sum(in_year) from device_use").fetchall()
    return {"seconds": seconds, "calls": float(calls)}


def run_pandas(folder: Path) -> dict[str, float]:
    """The counts alone, as one would write them in pandas: join, filter, take off, group."""
    enrollments, events, away = frames(folder)
    begin = time.perf_counter()
    parts = []
    for event in events.itertuples():
        zones = event.zone.split(";") if event.zone else list(ZONES)
        called = enrollments[(enrollments.starts_on <= event.day) & (enrollments.agreement_signed_on <= event.day)
                             & (enrollments.ends_on >= event.day) & enrollments.zone.isin(zones)]
        called = called[~called.enrollment_id.isin(away[away.event_id == event.event_id].enrollment_id)]
        parts.append(called.point_id.drop_duplicates())
    used = pandas.concat(parts).value_counts()
    now = enrollments[(enrollments.starts_on <= str(DAY)) & (enrollments.ends_on >= str(DAY))]
    calls = now.point_id.map(used).fillna(0).sum()
    return {"seconds": time.perf_counter() - begin, "calls": float(calls)}


def run_loop(folder: Path) -> dict[str, float]:
    """The counts of some enrollments, one after the other."""
    enrollments, events, away = frames(folder)
    some, called_off = enrollments.head(LOOPED).to_dict("records"), set(zip(away.enrollment_id, away.event_id,
                                                                            strict=True))
    known = events.to_dict("records")
    begin = time.perf_counter()
    used: dict[str, set[str]] = {}
    for enrollment in some:
        calls = used.setdefault(enrollment["point_id"], set())
        for event in known:
            if (max(enrollment["starts_on"], enrollment["agreement_signed_on"]) <= event["day"] <= enrollment["ends_on"]
                    and (not event["zone"] or enrollment["zone"] in event["zone"].split(";"))
                    and (enrollment["enrollment_id"], event["event_id"]) not in called_off):
                calls.add(event["event_id"])
    return {"seconds": time.perf_counter() - begin, "calls": float(sum(map(len, used.values())))}


def frames(folder: Path) -> tuple[pandas.DataFrame, pandas.DataFrame, pandas.DataFrame]:
    """Enrollments, events, and which enrollment was not dispatched for which event."""
    enrollments = pandas.read_parquet(folder / "enrollments.parquet")
    enrollments["ends_on"] = enrollments.ends_on.fillna("9999-12-31")
    events = pandas.read_csv(folder / "events.csv", keep_default_na=False)
    events["day"] = events.start.str[:10]
    away = pandas.read_parquet(folder / "opt_outs.parquet")[["enrollment_id", "event_id"]]
    suspended = pandas.read_parquet(folder / "unavailable.parquet")
    inside = events[(events.start >= "2026-06-30T20") & (events.end <= "2026-07-07T20:01")][["event_id"]]
    return enrollments, events, pandas.concat([away, suspended[["enrollment_id"]].merge(inside, how="cross")])


if __name__ == "__main__":
    sys.exit(main())
