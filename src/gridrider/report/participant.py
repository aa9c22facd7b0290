"""The figures of one participant: its own lines, events and absences."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import duckdb

from . import queries
from .figures import Absence, EventFigure, KnownEvent, LineFigure, ParticipantFigures
from .summarise import event_energies, event_figures

LINES_LISTED = 500
ABSENCES_LISTED = 300


def participant_figures(tables: duckdb.DuckDBPyConnection, participant_id: str, *, known: Sequence[KnownEvent],
                        zone: ZoneInfo) -> ParticipantFigures | None:
    """One participant's figures; None when no line and no statement names it.

    Of more lines than LINES_LISTED the largest amounts are kept and the rest is told as a sum.
    """
    parameters = {"participant": participant_id}
    totals = tables.execute(queries.OWN_TOTALS, parameters).fetchone()
    if totals is None or not (totals[0] or totals[3]):
        return None
    many_lines, paid_usd, payees, _ = totals
    tables.execute(queries.SCOPE, parameters)
    enrollments = tables.execute("SELECT count(*) FROM scope").fetchall()[0][0]
    lines = _lines(tables, participant_id)
    absences = tables.execute(
        queries.OWN_ABSENCES.format(scope=queries.IN_SCOPE, limit=ABSENCES_LISTED)).fetchall()
    return ParticipantFigures(
        participant_id=participant_id, payees=tuple(payee for payee in payees or () if payee),
        enrollments=enrollments, paid_usd=paid_usd, lines=lines, lines_more=many_lines - len(lines),
        lines_more_usd=paid_usd - sum(line.amount_usd for line in lines),
        events=_events(tables, known=known, zone=zone),
        absences=tuple(Absence(enrollment_id=enrollment_id, event_id=event_id, outcome=outcome, clause=clause,
                               because=because)
                       for enrollment_id, event_id, outcome, clause, because, _ in absences),
        absences_more=(absences[0][5] if absences else 0) - len(absences))


def _lines(tables: duckdb.DuckDBPyConnection, participant_id: str) -> tuple[LineFigure, ...]:
    rows = tables.execute(queries.OWN_LINES.format(limit=LINES_LISTED), {"participant": participant_id}).fetchall()
    return tuple(
        LineFigure(line_id=line_id, enrollment_id=enrollment_id, event_id=event_id, component=component,
                   service=service, first=first, last=last, clause=clause, quantity=quantity, unit=unit, rate=rate,
                   rate_unit=rate_unit, amount_usd=amount, status=status, because=because)
        for (line_id, enrollment_id, event_id, component, service, first, last, clause, quantity, unit, rate,
             rate_unit, amount, status, because) in rows)


def _events(tables: duckdb.DuckDBPyConnection, *, known: Sequence[KnownEvent],
            zone: ZoneInfo) -> tuple[EventFigure, ...]:
    energies = event_energies(tables, queries.IN_SCOPE)
    return event_figures(tables, energies=energies, known=known, zone=zone, scope=queries.IN_SCOPE,
                         and_scope="AND enrollment_id IN (SELECT enrollment_id FROM scope)")
