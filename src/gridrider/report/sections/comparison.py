"""A season that was published beside its replay."""

from __future__ import annotations

from .. import charts, dispatch_charts
from ..dispatch_charts import HALF_MW
from ..dispatch_figures import ComparedDay, Comparison
from ..model import Align, Block, Chart, Heading, Paragraph, Table, TableColumn
from ..wording import NONE, count, day, number


def comparison(found: Comparison | None) -> list[Block]:
    """The published peaks and participants beside the replay's; nothing when none were published."""
    if found is None:
        return []
    notes = [Paragraph(quiet=True, text=note) for note in found.notes]
    return [Heading(level=2, text="Published and replayed", anchor="comparison"), *_chart(found), _table(found), *notes]


def _chart(found: Comparison) -> list[Block]:
    known = [each for each in found.days if each.published_peak_mw is not None]
    if not known:
        return []
    inside = sum(_inside(each) for each in known)
    wide, narrow = charts.both(lambda width: dispatch_charts.comparison_chart(found.days, width))
    told = "; ".join(f"{day(each.day)}: published {number(each.published_peak_mw, 0)} MW, replayed "
                     f"{number(each.peak_mw, 2)} MW" for each in known if each.published_peak_mw is not None)
    return [Chart(key="comparison", wide=wide, narrow=narrow,
                  title=f"{inside} of {count(len(known), 'published peak')} {'is' if inside == 1 else 'are'} met, as "
                        "near as whole megawatts tell",
                  alt=f"Peak power of each event: the published whole megawatts as an interval of half a megawatt to "
                      f"either side, and the replay as a point. {told}.")]


def _inside(each: ComparedDay) -> bool:
    return each.published_peak_mw is not None and abs(each.peak_mw - each.published_peak_mw) <= HALF_MW


def _table(found: Comparison) -> Table:
    columns = (TableColumn(head="Date", share=3), *(TableColumn(head=head, share=3, align=Align.FIGURES) for head in (
        "Participants, published", "Participants, replayed", "Peak published (MW)", "Peak replayed (MW)",
        "Off the interval", "Peak at constant kW (MW)")))
    rows = tuple((day(each.day), NONE if each.published_participants is None else f"{each.published_participants:,}",
                  f"{each.participants:,}",
                  NONE if each.published_peak_mw is None else number(each.published_peak_mw, 0),
                  number(each.peak_mw, 2), NONE if each.error_pct is None else f"{number(each.error_pct, 1)}%",
                  NONE if each.constant_peak_mw is None else number(each.constant_peak_mw, 2)) for each in found.days)
    return Table(caption="The published season and its replay", columns=columns, rows=rows)
