"""The report of a settled run, written beside its tables: report.html and report.pdf."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.documents.html import html_page
from ..adapters.documents.pdf import pdf_file
from ..adapters.documents.result_tables import open_results
from ..adapters.documents.svg import draw_all
from ..problem import DataRefused, Problem, error
from ..report.compose import compose
from ..report.dispatch_figures import Comparison
from ..report.dispatch_summarise import comparison_of, dispatch_figures
from ..report.figures import KnownEvent
from ..report.model import Block, Document, Run
from ..report.participant import participant_figures
from ..report.sections.participant import participant_blocks
from ..report.summarise import summarise

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is."""

STEP = "Writing the report"


def silent(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def write_report(out: Path, *, tariff_title: str, authority: str, currency: str, timezone: str,
                 assumptions: Sequence[str], participants: Sequence[str] = (),
                 progress: Progress = silent) -> tuple[Path, Path]:
    """Write report.html and report.pdf into the output folder of a settle and return their paths.

    Each participant named gets its own pages. Raises DataRefused, with nothing written, when a table is missing or
    a participant has neither a line nor a statement. The same tables give the same bytes.
    """
    run_json = _run_json(out)
    run = replace(_run(run_json, timezone), tariff_title=tariff_title, authority=authority, currency=currency,
                  assumptions=tuple(assumptions))
    asked = tuple(dict.fromkeys(participants))
    total = len(asked) + 4
    progress(STEP, 0, total)
    with open_results(out) as tables:
        document = _document(tables, run, known=_known_events(run_json), participants=asked,
                             published=comparison_of(run_json), progress=progress)
    progress(STEP, total - 2, total)
    drawings = draw_all(document)
    page = html_page(document, drawings).encode()
    progress(STEP, total - 1, total)
    paper = pdf_file(document, drawings)
    progress(STEP, total, total)
    return _written(out / "report.html", page), _written(out / "report.pdf", paper)


def _document(tables: duckdb.DuckDBPyConnection, run: Run, *, known: Sequence[KnownEvent], participants: Sequence[str],
              published: Comparison | None, progress: Progress) -> Document:
    zone = ZoneInfo(run.timezone)
    program = summarise(tables, known=known, zone=zone)
    blocks: list[Block] = []
    problems: list[Problem] = []
    for place, participant_id in enumerate(participants, start=1):
        progress(STEP, 1 + place, len(participants) + 4)
        figures = participant_figures(tables, participant_id, known=known, zone=zone)
        if figures is None:
            problems.append(error("lines.csv", "no line and no statement names this participant",
                                  "Check the id given with --report-participant.", column="participant_id",
                                  value=participant_id))
            continue
        blocks += participant_blocks(run, figures, place=place)
    if problems:
        raise DataRefused(problems)
    return compose(run, program, blocks, dispatched=dispatch_figures(tables, zone=zone), published=published)


def _written(path: Path, content: bytes) -> Path:
    """Write a file so that a reader sees all of it or none."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(content)
    return draft.replace(path)


def _run_json(out: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataRefused([error("run.json", "the report needs it, and the output folder lacks it",
                                 "Run gridrider settle into the folder again.")]) from None
    return found


def _moment(text: str) -> datetime:
    """An instant, or the UTC midnight of a bare date."""
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _run(run: Mapping[str, Any], timezone: str) -> Run:
    return Run(tariff_title="", authority="", currency="", timezone=timezone, tariff_hash=str(run["tariff_hash"]),
               period_start=date.fromisoformat(run["period_start"]), period_end=date.fromisoformat(run["period_end"]),
               as_of=_moment(run["as_of"]).astimezone(ZoneInfo(timezone)), synthetic=bool(run.get("synthetic", False)),
               assumptions=(), version=str(run.get("gridrider_version", "")))


def _known_events(run: Mapping[str, Any]) -> list[KnownEvent]:
    """The events that run.json lists, where it does: their kind and times even when nothing was measured."""
    return [KnownEvent(event_id=event["event_id"], kind=event.get("kind") or "", service=event.get("service") or "",
                       start=_moment(event["start"]) if event.get("start") else None,
                       end=_moment(event["end"]) if event.get("end") else None)
            for event in run.get("events", ())]
