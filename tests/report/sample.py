"""Sample result folders by seed: what a settle of a known shape would have written, obeying the contract.

`write_sample(out, Shape(...))` writes the six tables and run.json. Amounts are consistent: a line is quantity x rate
in cents, statements add their lines, and the ledger balances.
"""

from __future__ import annotations

import csv
import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridrider.ledger.model import LEDGER
from gridrider.measurement.model import PARTICIPATION, PERFORMANCE
from gridrider.report.model import PROBLEMS
from gridrider.settlement.model import LINES, STATEMENTS
from gridrider.table import TableSchema

CENT = Decimal("0.01")
MICRO = Decimal("0.000001")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How big the sample is and what it looks like."""

    title: str = "Emergency Load Reduction Program, group A.4"
    enrollments: int = 1000
    participants: int = 0  # 0 = every enrollment is its own participant
    first_day: date = date(2022, 8, 31)
    events: int = 10
    gap_days: int = 1
    start_hour: int = 16
    hours: int = 3
    zone: str = "America/Los_Angeles"
    capacity: bool = False  # a monthly capacity payment beside, or instead of, energy
    status: str = "final"
    synthetic: bool = True
    prefix: str = "E"
    sign: int = 1  # -1 makes every delivery negative
    problems: bool = True
    seed: int = 20220906
    assumptions: tuple[str, ...] = ("The readings of homes without a meter were made by the program's simulator.",)
    known_events: bool = True


ELRP = Shape()
DSGS = Shape(title="Demand Side Grid Support, option 3", enrollments=300, participants=4, first_day=date(2025, 5, 6),
             events=34, gap_days=5, start_hour=18, hours=2, capacity=True, synthetic=False, assumptions=(), seed=3,
             prefix="SITE-")
BARE = Shape(enrollments=40, events=0, problems=False, assumptions=(), synthetic=False)
ONE = Shape(enrollments=1, events=1, synthetic=False, assumptions=())
NEGATIVE = Shape(enrollments=60, events=4, sign=-1, status="provisional")
YEAR = Shape(enrollments=12, events=366, gap_days=1, first_day=date(2024, 1, 1), hours=1, seed=9)
HOSTILE = Shape(
    title='<script>alert("t")</script> #panic("x") $a$ \\ \' " */ @cite', enrollments=12, events=3, participants=2,
    prefix='<img src=x onerror=alert(1)>#eval("1")$\\"\'' + "x" * 160,
    assumptions=("</style><script>alert(2)</script> #read(\"/etc/passwd\") *bold* _it_ `raw` [x] <label>",))


class Books:
    """The rows of one sample, collected table by table."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[object, ...]]] = {
            schema.name: [] for schema in (PARTICIPATION, PERFORMANCE, LINES, STATEMENTS, LEDGER, PROBLEMS)}

    def add(self, table: str, *cells: object) -> None:
        """Append one row."""
        self.rows[table].append(cells)

    def write(self, out: Path, schema: TableSchema) -> None:
        """Write one table as the contract says, sorted by its first columns."""
        with (out / f"{schema.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(schema.names)
            writer.writerows(sorted(self.rows[schema.name], key=lambda row: tuple(map(str, row))))


def _z(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _six(amount: float | Decimal) -> Decimal:
    return Decimal(str(round(amount, 6))).quantize(MICRO)


def _outcome(draw: random.Random, site: int) -> tuple[str, str, str]:
    """An outcome with its counted flag and reason."""
    roll = draw.random()
    if site % 97 == 96:
        return "unsigned", "false", "the agreement was signed after the event's day"
    for limit, outcome, counted, because in (
            (0.90, "performed", "true", ""),
            (0.93, "missed", "true", "nothing was delivered in any hour of the event"),
            (0.96, "opted_out", "true", "the customer opted out before the event's end; it counts as zero"),
            (0.975, "excused", "false", "device_fault: the inverter was offline, ticket 4711"),
            (0.98, "suspended", "false", "storm_hold: the battery was held for the storm"),
            (1.01, "missing_readings", "false", "2 of 3 hours have no readings")):
        if roll < limit:
            return outcome, counted, because
    raise AssertionError("a roll is below one")


def _events(shape: Shape) -> list[tuple[str, datetime, datetime]]:
    zone = ZoneInfo(shape.zone)
    starts = [datetime.combine(shape.first_day + timedelta(days=shape.gap_days * place), datetime.min.time(), zone)
              .replace(hour=shape.start_hour) for place in range(shape.events)]
    return [(f"EV-{start:%Y%m%d}", start, start + timedelta(hours=shape.hours)) for start in starts]


def _participant(shape: Shape, site: int) -> str:
    if not shape.participants:
        return f"{shape.prefix}C{site:05d}"
    return f"{shape.prefix}AGG-{site % shape.participants + 1}"


def _line(books: Books, shape: Shape, *, site: int, component: str, event_id: str, first: date, end: date,
          kwh_or_kw: Decimal, unit: str, rate: Decimal) -> None:
    amount = (kwh_or_kw * rate).quantize(CENT, rounding=ROUND_HALF_UP)
    who, enrollment_id = _participant(shape, site), f"{shape.prefix}{site:05d}"
    line_id = f"{component}|{enrollment_id}|{event_id or first}"
    because = f"{kwh_or_kw} {unit} x {rate} = {amount} for {enrollment_id}"
    books.add("lines", f"S|{who}|{first:%Y-%m}", line_id, who, who, who, enrollment_id, "emergency", component,
              event_id, first, end, "Section D.2(a)", kwh_or_kw, unit, rate, f"USD/{unit}", date(2022, 5, 1), amount,
              1, shape.status, because)


def _site_event(books: Books, shape: Shape, draw: random.Random, *, site: int, size_kw: float,
                event: tuple[str, datetime, datetime]) -> None:
    event_id, start, _ = event
    enrollment_id = f"{shape.prefix}{site:05d}"
    outcome, counted, because = _outcome(draw, site)
    total = Decimal(0)
    for hour in range(shape.hours):
        if outcome == "missing_readings" and hour:
            continue
        baseline = _six(draw.gauss(1.4 + 0.3 * hour, 0.8))
        share = {"performed": draw.uniform(0.4, 1.0)}.get(outcome, draw.uniform(-0.15, 0.02))
        delivered = _six(shape.sign * size_kw * share)
        total += delivered
        books.add("performance", enrollment_id, event_id, "emergency", _z(start + timedelta(hours=hour)), 3600,
                  f"P{site}", baseline, "1.000000", baseline, baseline - delivered, delivered, 1,
                  "estimated" if draw.random() < 0.01 else "actual", "2022-08-29;2022-08-30", "")
    average = "" if outcome in ("missing_readings", "unsigned") else _six(total / shape.hours)
    books.add("participation", enrollment_id, event_id, outcome, counted, average, "Section C.4", because)
    if outcome in ("performed", "missed") and not (shape.capacity and draw.random() < 0.5):
        paid_kwh = total if shape.sign < 0 else max(total, Decimal(0))
        _line(books, shape, site=site, component="energy", event_id=event_id, first=start.date(),
              end=start.date() + timedelta(days=1), kwh_or_kw=paid_kwh, unit="kWh", rate=Decimal("2.00"))


def _capacity(books: Books, shape: Shape, *, site: int, size_kw: float) -> None:
    last = shape.first_day + timedelta(days=shape.gap_days * max(shape.events - 1, 0))
    month = shape.first_day.replace(day=1)
    while month <= last:
        after = (month + timedelta(days=32)).replace(day=1)
        _line(books, shape, site=site, component="capacity", event_id="", first=month, end=after,
              kwh_or_kw=_six(size_kw * 0.8), unit="kW-month", rate=Decimal("11.20"))
        month = after


def _account(books: Books, shape: Shape, posted_at: str) -> None:
    totals: dict[tuple[str, str], Decimal] = {}
    for row in books.rows["lines"]:
        key = (str(row[0]), str(row[4]))
        amount = Decimal(str(row[17]))
        totals[key] = totals.get(key, Decimal(0)) + amount
        sides = (f"expense:program:{shape.title}", f"payable:{row[4]}")
        debited, credited = sides if amount >= 0 else (sides[1].replace("payable", "receivable"), sides[0])
        books.add("ledger", f"J|{row[1]}", 1, posted_at, debited, abs(amount), "", "USD", row[1], "settled")
        books.add("ledger", f"J|{row[1]}", 2, posted_at, credited, "", abs(amount), "USD", row[1], "settled")
    first, end = shape.first_day.replace(day=1), shape.first_day.replace(day=1) + timedelta(days=366)
    for (statement_id, payee), total in totals.items():
        books.add("statements", statement_id, payee, payee, first, end, total, 1, "3f7a" * 16)


def _problems(books: Books, shape: Shape) -> None:
    if not shape.problems:
        return
    for row in range(2, 90):
        books.add("problems", "warning", "readings.csv", row, "", f"P{row}", "the interval before this one is missing",
                  "Ask the meter operator for the readings, or let the rider's rule stand.")
    books.add("problems", "warning", "readings.csv", "", "point_id", "1,204 rows",
              "readings of a point that no enrollment names", "Leave them out, or enroll the point.")
    books.add("problems", "warning", "opt_outs.csv", 14, "enrollment_id", f"{shape.prefix}99999",
              "an opt-out of an enrollment that is not there", "Check the id.")


def write_sample(out: Path, shape: Shape) -> Path:
    """Write the sample folder and return it."""
    out.mkdir(parents=True, exist_ok=True)
    draw, books, events = random.Random(shape.seed), Books(), _events(shape)
    for site in range(1, shape.enrollments + 1):
        size_kw = draw.choice((2.5, 5.0, 5.0, 5.0, 7.6, 10.0)) * draw.uniform(0.85, 1.0)
        for event in events:
            _site_event(books, shape, draw, site=site, size_kw=size_kw, event=event)
        if shape.capacity:
            _capacity(books, shape, site=site, size_kw=size_kw)
    end = (shape.first_day.replace(day=1) + timedelta(days=max(190, shape.gap_days * shape.events))).replace(day=1)
    _account(books, shape, f"{end}T07:00:00Z")
    _problems(books, shape)
    for schema in (PARTICIPATION, PERFORMANCE, LINES, STATEMENTS, LEDGER, PROBLEMS):
        books.write(out, schema)
    run: dict[str, Any] = {
        "tariff": {}, "tariff_hash": "3f7a9c21" * 8, "tariff_path": "tariffs/pge/elrp-a4/tariff.yaml",
        "period_start": str(shape.first_day.replace(day=1)), "period_end": str(end), "as_of": f"{end}T07:00:00Z",
        "gridrider_version": "0.1.0", "synthetic": shape.synthetic, "assumptions": list(shape.assumptions)}
    if shape.known_events:
        run["events"] = [{"event_id": event_id, "kind": "day_of", "service": "emergency", "start": _z(start),
                          "end": _z(stop)} for event_id, start, stop in events]
    (out / "run.json").write_text(json.dumps(run, indent=1, sort_keys=True), encoding="utf-8")
    return out


def provisional(shape: Shape) -> Shape:
    """The same sample before its data are complete."""
    return replace(shape, status="provisional")
