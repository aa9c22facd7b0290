"""The pages of one participant: its pay, its events, its lines with their reasons, and its absences."""

from __future__ import annotations

from ..figures import LineFigure, ParticipantFigures
from ..model import Align, Block, Heading, Paragraph, Run, Table, TableColumn
from ..wording import NONE, count, day, money, quantity, span, words
from .events import event_table, load_chart


def participant_blocks(run: Run, figures: ParticipantFigures, *, place: int) -> list[Block]:
    """One participant's part of the report; `place` keeps anchors and chart keys apart."""
    through = "" if figures.payees in ((), (figures.participant_id,)) else f", paid to {', '.join(figures.payees)}"
    blocks: list[Block] = [
        Heading(level=2, text=f"Participant {figures.participant_id}", anchor=f"participant-{place}", new_page=True),
        Paragraph(text=f"{money(figures.paid_usd, run.currency)} for {count(figures.enrollments, 'enrollment')}"
                       f"{through}.")]
    if any(event.peak_hour_kw is not None for event in figures.events):
        blocks.append(load_chart(f"participant-{place}-events", figures.events, who="this participant"))
    if figures.events:
        blocks.append(event_table(run, figures.events))
    return [*blocks, *_lines(run, figures), *_absences(figures)]


def _lines(run: Run, figures: ParticipantFigures) -> list[Block]:
    if not figures.lines:
        return [Paragraph(text="No payment line.")]
    heads = (("What for", 3, Align.ID), ("Quantity \N{MULTIPLICATION SIGN} rate", 4, Align.PROSE),
             (f"Amount ({run.currency})", 3, Align.FIGURES), ("Because", 7, Align.PROSE), ("Clause", 3, Align.PROSE))
    table = Table(caption="Statement lines", columns=tuple(
        TableColumn(head=head, share=share, align=align) for head, share, align in heads),
        rows=tuple(_line_row(run, figures, line) for line in figures.lines),
        total=("All lines", "", money(figures.paid_usd, run.currency), _rest(run, figures), ""))
    return [table]


def _rest(run: Run, figures: ParticipantFigures) -> str:
    if not figures.lines_more:
        return ""
    return (f"with {count(figures.lines_more, 'smaller line')} of {money(figures.lines_more_usd, run.currency)} "
            "together, which stand in lines.csv")


def _line_row(run: Run, figures: ParticipantFigures, line: LineFigure) -> tuple[str, ...]:
    what = [words(line.component), span(line.first, line.last)]
    if line.enrollment_id and figures.enrollments > 1:
        what.append(line.enrollment_id)
    if line.status == "provisional":
        what.append("provisional")
    measured = f"{quantity(line.quantity)} {line.unit}" if line.quantity is not None else NONE
    rated = f" \N{MULTIPLICATION SIGN} {quantity(line.rate)} {line.rate_unit}" if line.rate is not None else ""
    return (", ".join(what), measured + rated, money(line.amount_usd, run.currency), line.because, line.clause or NONE)


def _absences(figures: ParticipantFigures) -> list[Block]:
    if not figures.absences:
        return []
    named = {event.event_id: day(event.start.date()) for event in figures.events if event.start}
    columns = (TableColumn(head="Event", share=2), TableColumn(head="Enrollment", share=3, align=Align.ID),
               TableColumn(head="Outcome", share=2), TableColumn(head="Because", share=6, align=Align.PROSE),
               TableColumn(head="Clause", share=2, align=Align.PROSE))
    blocks: list[Block] = [Table(caption="Events not performed: missed, opted out, excused and others", columns=columns,
                                 rows=tuple((named.get(absence.event_id, absence.event_id), absence.enrollment_id,
                                             words(absence.outcome), absence.because or NONE, absence.clause or NONE)
                                            for absence in figures.absences))]
    if figures.absences_more:
        blocks.append(Paragraph(quiet=True, text=f"{figures.absences_more:,} more stand in participation.csv."))
    return blocks
