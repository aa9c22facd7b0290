"""Feeders on a map, with the caps that bind and what one more kilowatt there would be worth."""

from __future__ import annotations

from collections.abc import Sequence

from .. import charts, dispatch_maps
from ..dispatch_figures import FeederFigure, FeederMoment
from ..model import Align, Block, Chart, Heading, Paragraph, Table, TableColumn
from ..wording import NONE, count, moment, number, percent

FEEDERS_LISTED = 25


def feeders(shown: FeederMoment | None) -> list[Block]:
    """The map and the table of feeders; nothing when there are none."""
    if shown is None or not shown.feeders:
        return []
    blocks: list[Block] = [Heading(level=2, text="Feeders, caps and their duals", anchor="feeders")]
    placed = dispatch_maps.positions_km(shown.feeders)
    blocks.append(_map(shown) if placed else Paragraph(text="No feeder has a place, so no map is drawn."))
    blocks.append(Paragraph(quiet=True, text=(
        "The dual of a cap is what one more kilowatt there would be worth, in units of the level that is broadcast to "
        "the devices; it is zero where the cap keeps nothing back."
        + (f" The map shows {moment(shown.start)}; the table shows all events." if placed else ""))))
    return [*blocks, *_table(shown.feeders)]


def _map(shown: FeederMoment) -> Chart:
    placed = dispatch_maps.positions_km(shown.feeders)
    drawn = [each for each in shown.feeders if each.feeder in placed]
    binding = sorted((each for each in drawn if each.binds), key=lambda each: (-each.dual, each.feeder))
    capped = [each for each in drawn if each.cap_kw is not None]
    largest = max(drawn, key=lambda each: each.asked_kw)
    wide, narrow = charts.both(lambda width: dispatch_maps.feeder_map(drawn, width))
    title = (f"{count(len(binding), 'cap')} of {len(capped):,} {'binds' if len(binding) == 1 else 'bind'} at the peak"
             if capped else "No feeder has a cap")
    named = "; ".join(f"{each.feeder} with a dual of {number(each.dual, 3)}" for each in binding[:3])
    return Chart(key="feeders", wide=wide, narrow=narrow,
                 title=f"{title}, {moment(shown.start)}",
                 alt=f"Map of {count(len(drawn), 'feeder')}, each joined to the one that it hangs on. The larger a "
                     f"circle, the more was asked there: {number(largest.asked_kw, 1)} kW at most, of "
                     f"{largest.feeder}. "
                     "Colors show the part of the cap that is used. "
                     + (f"Rings and labels mark the caps that bind: {named}." if binding else "No cap binds."))


def _table(every: Sequence[FeederFigure]) -> list[Block]:
    ordered = sorted(every, key=lambda each: (-each.dual_max, -each.binding_steps, -_share_max(each), each.feeder))
    columns = (TableColumn(head="Feeder", share=4, align=Align.ID),
               TableColumn(head="Hangs on", share=4, align=Align.ID),
               *(TableColumn(head=head, share=3, align=Align.FIGURES) for head in (
                   "Cap (kW)", "Most asked (kW)", "Of the cap", "Steps in which it binds", "Largest dual")))
    table = Table(caption="Feeders over all events, those with the largest duals first", columns=columns, rows=tuple(
        (each.feeder, each.parent or "the grid", NONE if each.cap_kw is None else number(each.cap_kw, 1),
         number(each.asked_kw_max, 1),
         NONE if not each.cap_kw else percent(round(each.asked_kw_max * 1000), round(each.cap_kw * 1000)),
         f"{each.binding_steps:,}", number(each.dual_max, 3)) for each in ordered[:FEEDERS_LISTED]))
    more = len(ordered) - FEEDERS_LISTED
    return [table] if more <= 0 else [table, Paragraph(quiet=True, text=f"{more:,} more stand in feeder_steps.csv.")]


def _share_max(feeder: FeederFigure) -> float:
    return float(feeder.asked_kw_max / feeder.cap_kw) if feeder.cap_kw else 0.0
