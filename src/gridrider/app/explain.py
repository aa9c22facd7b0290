"""Explain one line of a run: from the cent back to the readings, every figure computed again from the inputs."""

from __future__ import annotations

import csv
import difflib
import mmap
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..money import usd_from_cents
from ..problem import DataRefused, Problem, error
from ..settlement.explain import Explanation, Step, fraction_text, kwh_text
from ..tariff.load import load, tariff_hash
from ..tariff.model import in_force
from .explain_events import calls_of, event_steps
from .explain_money import (
    aggregation_steps,
    factor_step,
    line_step,
    members_of,
    paid_calls,
    payable_of,
    priced_step,
    quantity_of,
    rate_step,
)
from .explain_promises import claw_back_steps, nominated_steps, upfront_steps
from .explain_rerun import MEMORY_MB, Rerun, Run, read_run, settle_again
from .settle import SettleRequest, open_database

MEMBERS_SHOWN_MAX = 20
"""Of an aggregation with more members each one's events are explained by the member's own line."""
NEAR_IDS_MAX = 20_000
Cells = dict[str, str]


def explain_line(line_id: str, *, inputs: Path, out: Path) -> Explanation:
    """Every step behind a line of the run in `out`, computed again from the run's `inputs`.

    Raises DataRefused when `out` holds no run, the run has no such line, or the inputs cannot be read. When
    they give another amount than the line's, the explanation holds a step `mismatch` and is not `equal`.
    """
    run = read_run(out)
    line = next(rows_naming(out / "lines.csv", "line_id", line_id), None)
    if line is None:
        raise DataRefused([_unknown_line(line_id, out)])
    request = SettleRequest(tariff=Path(run.tariff_path), inputs=inputs, period=run.period, out=out, as_of=run.as_of,
                            memory_limit_mb=MEMORY_MB)
    above = [_statement_step(run, line, out), *_entry_steps(line, out)]
    with tempfile.TemporaryDirectory(prefix="gridrider-") as work, open_database(Path(work), request) as connection:
        again = settle_again(run, line, request, connection, Path(work))
        made = again.ask("select * from keyed_line where line_id = ?", line_id)
        steps, cents = _steps_down(again, made[0]) if made else ([], None)
    recomputed = None if cents is None else usd_from_cents(cents)
    equal = recomputed == Decimal(line["amount_usd"])
    return Explanation(line=line, steps=(*above, *steps, _verdict(line, recomputed, equal=equal)),
                       recomputed_usd=recomputed, equal=equal)


# ---- what the run wrote -------------------------------------------------------------------------
def rows_naming(file: Path, column: str, key: str) -> Iterator[Cells]:
    """The rows of an output table in which a column holds a key.

    A search for the bytes finds one row among millions without reading the others as a table. A clause may hold
    a line break, so a row goes on to where its quotes are closed; the ids stand before it.
    """
    if not file.is_file():
        raise DataRefused([error(str(file), "is not there", "Give the folder that gridrider settle wrote, unchanged.")])
    needle = key.encode()
    if not needle or file.stat().st_size == 0:
        return
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        heads = next(csv.reader([text.readline().decode()]))
        at = text.find(needle, text.tell())
        while at >= 0:
            begin, stop = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at)
            while stop >= 0 and text[begin:stop].count(b'"') % 2:
                stop = text.find(b"\n", stop + 1)
            stop = len(text) if stop < 0 else stop
            cells = dict(zip(heads, next(csv.reader([text[begin:stop].decode()])), strict=False))
            if cells.get(column) == key:
                yield cells
            at = text.find(needle, stop)


def _unknown_line(line_id: str, out: Path) -> Problem:
    """Which ids look near, where looking is quick."""
    with (out / "lines.csv").open(newline="", encoding="utf-8") as stream:
        known = [row["line_id"] for _, row in zip(range(NEAR_IDS_MAX), csv.DictReader(stream), strict=False)]
    near = [held for held in known if line_id and held.startswith(line_id)][:3]
    if not near and len(known) < NEAR_IDS_MAX:
        near = difflib.get_close_matches(line_id, known, n=3, cutoff=0.6)
    advice = f"Did you mean {' or '.join(near)}?" if near else f"The ids stand in {out / 'lines.csv'}."
    return error(str(out / "lines.csv"), "is no line of this run", advice, column="line_id", value=line_id)


def _statement_step(run: Run, line: Cells, out: Path) -> Step:
    statement = next(rows_naming(out / "statements.csv", "statement_id", line["statement_id"]), {})
    rider = next((rider for rider in run.tariff.riders.values() if line["service"] in rider.services), None)
    dated = in_force(rider.pay.schedule, run.period.first, run.as_of.date()) if rider and rider.pay else None
    words = (f"Statement {line['statement_id']} (version {statement.get('version')}) pays {line['payee_id']}, through "
             f"participant {line['participant_id']}, {statement.get('total_usd')} USD for "
             f"{statement.get('period_start')} to {statement.get('period_end')} (exclusive). "
             f"{line['amount_usd']} USD of it is this {line['component'].replace('_', ' ')} line, {line['status']}, "
             f"version {line['version']}.")
    on_disk, _ = load(Path(run.tariff_path)) if Path(run.tariff_path).is_file() else (None, [])
    if on_disk is not None and tariff_hash(on_disk) != run.tariff_hash:
        words += " The tariff file has changed since; this explanation follows the run's own copy."
    return Step(kind="statement", clause=dated.cite if dated else "", words=words, values={
        **statement, "tariff": run.tariff.tariff, "tariff_hash": run.tariff_hash, "as_of": run.as_of.isoformat()})


def _entry_steps(line: Cells, out: Path) -> list[Step]:
    """One step per ledger entry of the line."""
    entries: dict[str, list[Cells]] = {}
    for posting in rows_naming(out / "ledger.csv", "line_id", line["line_id"]):
        entries.setdefault(posting["entry_id"], []).append(posting)
    if not entries:
        why = "the amount is zero" if Decimal(line["amount_usd"]) == 0 else \
            "an earlier run had posted it and nothing changed"
        return [Step(kind="entry", clause="", words=f"Nothing was posted, for {why}.", values={"rows": []})]
    return [Step(kind="entry", clause="", words=f"Entry {entry_id}, posted at {postings[0]['posted_at']}: "
                 f"{postings[0]['because']}",
                 values={"entry_id": entry_id, "posted_at": postings[0]["posted_at"], "rows": [
                     {name: row[name] for name in ("account", "debit_usd", "credit_usd", "currency")}
                     for row in postings]}) for entry_id, postings in entries.items()]


# ---- computed again -----------------------------------------------------------------------------
def _steps_down(again: Rerun, line: dict[str, Any]) -> tuple[list[Step], int]:
    """From a recomputed line down to the readings, and its cents by the arithmetic that the steps show."""
    calls = calls_of(again)
    if line["component"] == "aggregation_adjustment":
        return _aggregation_down(again, line, calls)
    if line["pay_no"] is None:
        return claw_back_steps(again, line) if line["component"] == "claw_back" else upfront_steps(again, line)
    if line["enrollment_no"] is None:
        steps, cents, answers = nominated_steps(again, line, calls)
        return [*steps, *(step for call in answers[:MEMBERS_SHOWN_MAX] for step in event_steps(again, call))], cents
    return _enrollment_down(again, line, paid_calls(again, line, calls))


def _enrollment_down(again: Rerun, line: dict[str, Any],
                     behind: Sequence[tuple[dict[str, Any], bool]]) -> tuple[list[Step], int]:
    payment = payable_of(again, line).payment
    if payment.family == "energy_at_price":
        head, cents = priced_step(again, line, [call for call, _ in behind])
        return [head, *(step for call, paid in behind for step in event_steps(again, call, paid=paid))], cents
    exact, words, figures = quantity_of(again, line, behind)
    factor = factor_step(again, line, behind) if payment.performance_factor is not None else None
    head, cents = line_step(again, line, exact, factor[1] if factor else Fraction(1))
    rate = rate_step(again, line)
    steps = [head, *([rate] if rate else []), *([factor[0]] if factor else [])]
    if figures:
        dated = in_force(payment.average_over, line["period_start"], again.plan.known_by)
        steps.append(Step(kind="average", clause=dated.cite if dated else "", words=f"{words[:1].upper()}{words[1:]}.",
                          values={**figures, "rows": [_of_event(call) for call, paid in behind if paid]}))
    return [*steps, *(step for call, paid in behind for step in event_steps(again, call, paid=paid))], cents


def _of_event(call: dict[str, Any]) -> dict[str, Any]:
    """An event's part of an average."""
    shown = {"event_id": call["event_id"], "outcome": call["outcome"], "counted": call["counted"]}
    if not call["counted"]:
        return shown
    shown |= {"payable_kwh": kwh_text(int(call["payable_mwh"])), "seconds": call["seconds"]}
    if call["price_weighted"]:
        shown |= {"kwh_times_price": fraction_text(Fraction(int(call["weighted_mwh"]), 10 ** 12)),
                  "hours_times_price": fraction_text(Fraction(int(call["weight_s"]), 3600 * 10 ** 6))}
    return shown


def _aggregation_down(again: Rerun, line: dict[str, Any], calls: Sequence[dict[str, Any]]) -> tuple[list[Step], int]:
    members = members_of(again, line)
    steps, cents = aggregation_steps(again, line, members, calls)
    if len(members) <= MEMBERS_SHOWN_MAX:
        for member in members:
            steps += [step for call, paid in paid_calls(again, member, calls)
                      for step in event_steps(again, call, paid=paid)]
    return steps, cents


def _verdict(line: Cells, recomputed: Decimal | None, *, equal: bool) -> Step:
    values = {"recomputed_usd": None if recomputed is None else str(recomputed), "line_usd": line["amount_usd"]}
    if equal:
        return Step(kind="recomputed", clause="", values=values,
                    words=f"From these inputs the line comes to {recomputed} USD. recomputed: equal")
    made = "no such line" if recomputed is None else f"{recomputed} USD"
    return Step(kind="mismatch", clause="", values=values, words=(
        f"These inputs now give {made}, and the run wrote {line['amount_usd']} USD: the inputs, or the program, have "
        "changed since. Settle again with --prior to post the difference."))
