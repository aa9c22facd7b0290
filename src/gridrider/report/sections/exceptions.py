"""What needs a look: findings, provisional lines, and who drew more than the baseline."""

from __future__ import annotations

from ..figures import Program
from ..model import Align, Block, Heading, Paragraph, Run, Table, TableColumn
from ..wording import day, moment, money, number, sentence, span, words


def exceptions(run: Run, program: Program) -> list[Block]:
    """The exceptions, or a sentence that there are none."""
    blocks: list[Block] = [Heading(level=2, text="Exceptions", anchor="exceptions")]
    nothing = len(blocks)
    if program.findings:
        blocks.append(_finding_table(program))
    if program.findings_more:
        blocks.append(Paragraph(quiet=True, text=f"{program.findings_more:,} further reasons stand in problems.csv."))
    if program.provisional:
        blocks += [_why_provisional(run), _provisional_table(run, program)]
    if program.notes:
        blocks.append(_note_table(program))
    if program.lowest:
        blocks.append(_lowest_table(run, program))
    return blocks if len(blocks) > nothing else [*blocks, Paragraph(
        text="None: no findings about the inputs, no provisional line, nobody drew more than the baseline.")]


def _finding_table(program: Program) -> Table:
    columns = (TableColumn(head="Reason", share=5, align=Align.PROSE), TableColumn(head="File", share=3),
               TableColumn(head="Severity", share=2), TableColumn(head="Count", share=1, align=Align.FIGURES),
               TableColumn(head="What to do", share=5, align=Align.PROSE))
    return Table(caption="Findings about the inputs, by reason", columns=columns, rows=tuple(
        (sentence(finding.reason), finding.file, words(finding.severity), f"{finding.count:,}", finding.what_to_do)
        for finding in program.findings))


def _why_provisional(run: Run) -> Paragraph:
    if run.as_of.date() < run.period_end:
        return Paragraph(text=f"The report stands as of {moment(run.as_of)}, before its period ends.")
    return Paragraph(text="A line is provisional until its month, season or term is complete, the tariff's wait for "
                          "data is over, and every reading it needs is measured.")


def _provisional_table(run: Run, program: Program) -> Table:
    columns = (TableColumn(head="Component", share=2), TableColumn(head="Period", share=3),
               TableColumn(head="Lines", share=1, align=Align.FIGURES),
               TableColumn(head=f"Amount ({run.currency})", share=2, align=Align.FIGURES),
               TableColumn(head="One of them", share=6, align=Align.PROSE))
    return Table(caption="Lines that may still change", columns=columns, rows=tuple(
        (words(row.component), span(row.first, row.last), f"{row.lines:,}", money(row.amount_usd, run.currency),
         row.because) for row in program.provisional))


def _note_table(program: Program) -> Table:
    columns = (TableColumn(head="What the performance table notes", share=6, align=Align.PROSE),
               TableColumn(head="Enrollments and events", share=2, align=Align.FIGURES),
               TableColumn(head="Events", share=1, align=Align.FIGURES))
    return Table(caption="Where a baseline or a reading was not what the method asks for", columns=columns, rows=tuple(
        (sentence(row.note), f"{row.calls:,}", f"{row.events:,}") for row in program.notes))


def _lowest_table(run: Run, program: Program) -> Table:
    named = {event.event_id: day(event.start.date()) for event in program.events if event.start}
    columns = (TableColumn(head="Enrollment", align=Align.ID, share=4), TableColumn(head="Event", share=3),
               TableColumn(head="Outcome", share=3), TableColumn(head="Baseline (kWh)", align=Align.FIGURES, share=2),
               TableColumn(head="Metered (kWh)", align=Align.FIGURES, share=2),
               TableColumn(head="Delivered (kWh)", align=Align.FIGURES, share=2))
    return Table(caption="Furthest beyond the baseline: the lowest deliveries of one enrollment in one event",
                 columns=columns, rows=tuple(
                     (row.enrollment_id, named.get(row.event_id, row.event_id), words(row.outcome),
                      number(row.baseline_kwh, 2), number(row.metered_kwh, 2), number(row.delivered_kwh, 2))
                     for row in program.lowest))
