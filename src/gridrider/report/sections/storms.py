"""Storms: how many sites were made ready and locked, and how full their batteries were to be at the onset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .. import charts, dispatch_maps
from ..dispatch_figures import Dispatch, StormCharge, StormEpisode
from ..dispatch_words import STORM_WORDS
from ..model import Align, Block, Chart, Heading, Paragraph, Table, TableColumn
from ..wording import NONE, count, moment, number, words

STRIPS_DRAWN = 4


def storms(found: Dispatch) -> list[Block]:
    """A strip for each of the largest storms, and the charging before them; nothing when there was none."""
    if not found.storms and not found.storm_charges:
        return []
    largest = sorted(found.storms, key=_sites_max, reverse=True)[:STRIPS_DRAWN]
    drawn = [episode for episode in found.storms if episode in largest]
    blocks: list[Block] = [Heading(level=2, text="Storms", anchor="storms"),
                           *(_strip(episode, place) for place, episode in enumerate(drawn, start=1))]
    if len(found.storms) > len(drawn):
        blocks.append(Paragraph(quiet=True, text=(
            f"{count(len(found.storms) - len(drawn), 'smaller storm')} in site_storms.csv.")))
    return [*blocks, _charge_table(found.storm_charges)] if found.storm_charges else blocks


def _sites_max(episode: StormEpisode) -> int:
    return max(sum(change.sites.values()) for change in episode.changes)


def _strip(episode: StormEpisode, place: int) -> Chart:
    told = "; ".join(f"{name.lower()} {count(episode.sites_max(status), 'site')} at most"
                     for status, name in STORM_WORDS.items() if episode.sites_max(status))
    wide, narrow = charts.both(lambda width: dispatch_maps.storm_strip(episode, width))
    since, until = episode.changes[0].at, episode.changes[-1].at
    locked = episode.sites_max("lock")
    title = (f"{count(locked, 'site')} locked for the home" if locked
             else f"{count(_sites_max(episode), 'site')} concerned, none locked")
    return Chart(key=f"storm-{place}", title=f"{title}, {moment(since)} to {moment(until)}", wide=wide, narrow=narrow,
                 alt=f"Sites that a storm concerned from {moment(since)} to {moment(until)}, stacked: {told}.")


def _charge_table(charges: Sequence[StormCharge]) -> Table:
    columns = (TableColumn(head="Alert", share=2), TableColumn(head="Answer", share=3),
               TableColumn(head="Enrollments", share=2, align=Align.FIGURES), TableColumn(head="Onset", share=5),
               TableColumn(head="Held when decided, median", share=3, align=Align.FIGURES),
               TableColumn(head="Expected at the onset: p10", share=3, align=Align.FIGURES),
               TableColumn(head="Median", share=2, align=Align.FIGURES),
               TableColumn(head="p90", share=2, align=Align.FIGURES))
    return Table(caption="Batteries charged before storms, and how full they were expected to be at the onset",
                 columns=columns, rows=tuple(
                     (each.product or NONE, STORM_WORDS.get(each.status) or words(each.status),
                      f"{each.enrollments:,}", _onsets(each.onset_first, each.onset_last),
                      NONE if each.stored_pct is None else f"{number(each.stored_pct, 0)}%",
                      *((NONE,) * 3 if each.expected_pct is None else (
                          f"{number(pct, 0)}%" for pct in each.expected_pct))) for each in charges))


def _onsets(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return NONE
    return moment(first) if first == last else f"{moment(first)} to {moment(last)}"
