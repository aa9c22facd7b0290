"""How long the eligibility of many applications takes: ten rules over a million rows, against a limit and row by row.

    python benchmarks/bench_eligibility.py bench-output --applications 1000000

generates applications (once) as Parquet and prints the median of three, each in a process of its own: seconds to read
them, seconds to judge them (limit 10), peak memory, and the same ten rules over a tenth of the rows in plain Python,
row by row over what is already in memory, whose refusals must be the same.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SECONDS_MAX = 10.0
REPEATS = 3
PEER_SHARE = 10
TARIFF = Path(__file__).parent / "world" / "eligibility.yaml"
AT = date(2026, 6, 1)


def main() -> int:
    """Measure and print; exit 1 when the limit is broken or the two disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("bench-output"))
    parser.add_argument("--applications", type=int, default=1_000_000)
    parser.add_argument("--child", choices=("judge", "peer"))
    arguments = parser.parse_args()
    inputs = made(arguments.folder, arguments.applications)
    if arguments.child:
        print(json.dumps({"judge": run_judge, "peer": run_peer}[arguments.child](inputs)))
        return 0
    runs = [child("judge", arguments) for _ in range(REPEATS)]
    peer = child("peer", arguments)
    judge_s = statistics.median(run["judge_s"] for run in runs)
    per_row = judge_s / arguments.applications
    print(f"python {platform.python_version()}, duckdb {duckdb.__version__}, {platform.machine()}")
    print(f"{arguments.applications} applications, 10 rules: "
          f"read {statistics.median(run['read_s'] for run in runs):.1f} s, "
          f"judged {judge_s:.2f} s (limit {SECONDS_MAX}), {runs[0]['refusals']:.0f} refusals, "
          f"peak {max(run['peak_mib'] for run in runs):.0f} MiB")
    print(f"row by row in Python: {peer['judge_s']:.2f} s for {peer['rows']:.0f}, "
          f"{peer['judge_s'] / peer['rows'] / per_row:.1f} times as long per application")
    agree = runs[0]["refusals_of_peer"] == peer["refusals"]
    print("the two agree" if agree else f"they differ: {runs[0]['refusals_of_peer']:.0f} and {peer['refusals']:.0f}")
    return int(judge_s > SECONDS_MAX or not agree)


def made(folder: Path, count: int) -> Path:
    """A folder with the applications, generated unless it is there."""
    inputs = folder / f"applications-{count}"
    if not (inputs / "applications.parquet").exists():
        inputs.mkdir(parents=True, exist_ok=True)
        pq.write_table(applications(count), inputs / "part")
        (inputs / "part").rename(inputs / "applications.parquet")
    return inputs


def applications(count: int, seed: int = 7) -> pa.Table:
    """Applications of which about one in three may enroll."""
    rng = np.random.default_rng(seed)
    numbers = np.char.zfill(np.arange(count).astype("U8"), 8)

    def often(share: float) -> pa.Array:
        return pa.array(rng.random(count) < share)

    days = pa.array((np.datetime64("2026-01-01") + rng.integers(0, 150, count)).astype("datetime64[D]"))
    return pa.table({
        "application_id": pa.array(np.char.add("A", numbers)), "customer_id": pa.array(np.char.add("C", numbers)),
        "participant_id": pa.array(np.char.add("AGG-", (np.arange(count) % 50).astype("U2"))),
        "point_id": pa.array(np.char.add("P", numbers)), "rider": pa.array(np.full(count, "battery")),
        "technology": pa.array(np.where(rng.random(count) < 0.98, "battery", "ev")),
        "nameplate_kw": pa.array(np.round(rng.uniform(0.5, 20, count), 1)),
        "duration_h": pa.array(rng.integers(1, 6, count)), "agreement_signed_on": days, "applied_on": days,
        "customer_class": pa.array(np.where(rng.random(count) < 0.95, "residential", "other")),
        "utility_customer": often(0.7), "cca_customer": often(0.7), "medical_baseline": often(0.03),
        "evidence_UL1741-SB": often(0.9), "interconnection_agreement": often(0.95), "utility_owned": often(0.02),
        "other_demand_response": often(0.05), "non_emitting": often(0.99),
    })


def child(what: str, arguments: argparse.Namespace) -> dict[str, float]:
    """One measurement in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.bench_eligibility", str(arguments.folder), "--child", what,
               "--applications", str(arguments.applications)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def run_judge(inputs: Path) -> dict[str, float]:
    """Read and judge once."""
    from gridrider.app.enroll import judge
    from gridrider.app.enroll_inputs import read_inputs
    from gridrider.tariff.load import load

    tariff, problems = load(TARIFF)
    if tariff is None:
        raise SystemExit("\n".join(map(str, problems)))
    with duckdb.connect() as connection:
        begin = time.perf_counter()
        read_inputs(connection, inputs, tariff, AT)
        read_s = time.perf_counter() - begin
        begin = time.perf_counter()
        judge(connection, tariff, AT)
        judge_s = time.perf_counter() - begin
        ((refusals,),) = connection.execute("select count(*) from refusal").fetchall()
        rows = pq.read_metadata(inputs / "applications.parquet").num_rows // PEER_SHARE
        ((of_peer,),) = connection.execute("select count(*) from refusal join applicant using (application_no) "
                                           "where application_id < ?", [f"A{rows:08d}"]).fetchall()
    return {"read_s": read_s, "judge_s": judge_s, "refusals": refusals, "refusals_of_peer": of_peer,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def run_peer(inputs: Path) -> dict[str, float]:
    """The same rules in plain Python over some of the rows, as one would write them first."""
    table = pq.read_table(inputs / "applications.parquet")
    rows = table.slice(0, table.num_rows // PEER_SHARE).to_pylist()
    begin = time.perf_counter()
    refusals = sum(len(reasons(row)) for row in rows)
    return {"judge_s": time.perf_counter() - begin, "rows": len(rows), "refusals": refusals}


def reasons(row: dict[str, Any]) -> list[str]:
    """Every reason against one application."""
    found = []
    if row["technology"] != "battery":
        found.append("technology")
    if row["agreement_signed_on"] is None or row["agreement_signed_on"] > row["applied_on"]:
        found.append("agreement_signed")
    if row["nameplate_kw"] is None or row["nameplate_kw"] < 1:
        found.append("power_kw at least")
    if row["nameplate_kw"] is not None and row["nameplate_kw"] > 15:
        found.append("power_kw at most")
    if row["duration_h"] is None or row["duration_h"] < 2:
        found.append("duration_h")
    if not row["utility_customer"] and not row["cca_customer"]:
        found.append("served")
    found += [name for name in ("medical_baseline", "other_demand_response", "utility_owned") if row[name]]
    found += [name for name in ("evidence_UL1741-SB", "interconnection_agreement", "non_emitting") if not row[name]]
    if row["customer_class"] != "residential":
        found.append("customer_class")
    return found


if __name__ == "__main__":
    sys.exit(main())
