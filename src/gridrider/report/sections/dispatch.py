"""What the fleet was asked and gave in the events that tell most, who was spared, and what all events came to."""

from __future__ import annotations

from collections.abc import Sequence

from .. import charts, dispatch_charts
from ..dispatch_figures import ZERO, Dispatch, DispatchEvent, PickedEvent, Reserves, Spared
from ..dispatch_words import KILO, power, protection_words
from ..model import Align, Block, Chart, Heading, Paragraph, Table, TableColumn
from ..wording import NONE, count, day, energy, hours, moment, number, sentence
from .feeders import feeders
from .storms import storms

REASONS_TOLD = 4
LARGE_KW = 1000


def dispatch(found: Dispatch | None) -> list[Block]:
    """The pictures of dispatch; nothing when the folder has no record of it."""
    if found is None:
        return []
    large = any(step.asked_kw >= LARGE_KW for event in found.events for step in event.steps)
    return [Heading(level=2, text="Dispatch", anchor="dispatch"), Paragraph(text=_opening(found)),
            *(_event_chart(picked, found.reserves, place=place, large=large)
              for place, picked in enumerate(found.picked, start=1)),
            Paragraph(quiet=True, text=_how_to_read(found)), _event_table(found, large=large),
            *_spared(found, large=large), *feeders(found.feeders), *storms(found)]


def _opening(found: Dispatch) -> str:
    many = len(found.events)
    if len(found.picked) == many:
        return f"{count(many, 'event')} {'was' if many == 1 else 'were'} dispatched and recorded step by step."
    return (f"Of {count(many, 'event')} those that tell most are drawn, and each says why it was picked; the table "
            "below has them all.")


def _event_chart(picked: PickedEvent, reserves: Reserves | None, *, place: int, large: bool) -> Chart:
    event, peak = picked.event, picked.event.peak
    wide, narrow = charts.both(lambda width: dispatch_charts.event_chart(event, reserves, large=large, width=width))
    because = f": {_listed(picked.because)}" if picked.because else ""
    return Chart(key=f"dispatch-{place}", wide=wide, narrow=narrow,
                 title=f"{day(event.start.date())}, {hours(event.start, event.end)}{because}",
                 alt=f"Power through the event of {moment(event.start)}. {count(event.devices, 'device')} called; "
                     f"{power(peak.delivered_kw, large=large)} delivered at most, at {moment(peak.start)}, and "
                     f"{energy(event.delivered_kwh)} in all. {_target_told(event)} {_held_told(event)} "
                     f"{_stored_told(event)}".strip())


def _listed(parts: Sequence[str]) -> str:
    """Parts as a sentence lists them."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _target_told(event: DispatchEvent) -> str:
    if not event.has_target:
        return "The event wanted as much as may be had."
    if event.shortfall_kwh <= 0:
        return "The target could be asked throughout."
    return f"{energy(event.shortfall_kwh)} of its target could not be asked."


def _held_told(event: DispatchEvent) -> str:
    """The reasons that held back most, with their energy."""
    held = sorted(((event.withheld_kwh(name), protection_words(name)) for name in event.withheld
                   if event.withheld_kwh(name) > 0), key=lambda each: (-each[0], each[1]))
    if not held:
        return "No protection held anything back."
    told = "; ".join(f"{name.lower()} {energy(kept)}" for kept, name in held[:REASONS_TOLD])
    more = f"; {count(len(held) - REASONS_TOLD, 'further reason')}" if len(held) > REASONS_TOLD else ""
    return f"Held back: {told}{more}."


def _stored_told(event: DispatchEvent) -> str:
    told = [step.stored_pct for step in event.steps if step.stored_pct]
    if not told:
        return ""
    (_, first, _), (low, last, high) = told[0], told[-1]
    return (f"Below, the state of charge: the median goes from {number(first, 0)}% to {number(last, 0)}%, and at the "
            f"end eight in ten batteries hold {number(low, 0)}% to {number(high, 0)}%.")


def _how_to_read(found: Dispatch) -> str:
    target = (" The band ends at the rated power of the devices called where the event asks for all there is; where it "
              "has a target, what was not needed is not drawn."
              if any(picked.event.has_target for picked in found.picked) else
              " The band ends at the rated power of the devices called.")
    return ("Delivered is what devices reported. The thin line is what they were asked together; white below it was "
            "asked and not given. The colors above it are rated power that a protection kept from the event, by the "
            f"reason that bound.{target}{_reserve_told(found.reserves)}")


def _reserve_told(reserves: Reserves | None) -> str:
    if reserves is None or reserves.smallest_pct == reserves.largest_pct:
        return ""
    return (f" No line of the backup reserve is drawn, for homes differ: from {number(reserves.smallest_pct, 0)}% to "
            f"{number(reserves.largest_pct, 0)}%, half of them at {number(reserves.median_pct, 0)}% or less.")


def _event_table(found: Dispatch, *, large: bool) -> Table:
    per, unit, decimals = (KILO, "MW", 2) if large else (1, "kW", 1)
    target = any(event.has_target for event in found.events)
    heads = ["Date", "Local time", "Called", "Never asked", "Opted out", f"Peak ({unit})", f"Delivered ({unit}h)",
             f"Held back ({unit}h)", "Held back most by", f"Shortfall ({unit}h)"]
    shares = [10, 13, 6, 7, 6, 8, 9, 9, 14, 9]
    rows = [(day(event.start.date()), hours(event.start, event.end), f"{event.devices:,}", f"{event.skipped:,}",
             f"{event.opted_out:,}", number(event.peak.delivered_kw / per, decimals),
             number(event.delivered_kwh / per, decimals), number(event.withheld_kwh() / per, decimals),
             _held_most(event), number(event.shortfall_kwh / per, decimals) if event.has_target else NONE)
            for event in found.events]
    total = ("All events", "", "", f"{sum(event.skipped for event in found.events):,}",
             f"{sum(event.opted_out for event in found.events):,}", "",
             *(number(sum(figures, ZERO) / per, decimals) for figures in (
                 [event.delivered_kwh for event in found.events], [event.withheld_kwh() for event in found.events])),
             "", number(sum((event.shortfall_kwh for event in found.events), ZERO) / per, decimals))
    kept = len(heads) if target else len(heads) - 1
    columns = tuple(TableColumn(head=head, share=share, align=Align.WORDS if place in (0, 1, 8) else Align.FIGURES)
                    for place, (head, share) in enumerate(zip(heads, shares, strict=True)))
    return Table(caption="Every event as it was dispatched", columns=columns[:kept],
                 rows=tuple(row[:kept] for row in rows), total=total[:kept] if len(rows) > 1 else ())


def _held_most(event: DispatchEvent) -> str:
    held = [name for name in event.withheld if event.withheld_kwh(name) > 0]
    return protection_words(min(held, key=lambda name: (-event.withheld_kwh(name), name))) if held else NONE


def _spared(found: Dispatch, *, large: bool) -> list[Block]:
    if not found.spared:
        return []
    calls = sum(each.calls for each in found.spared)
    held = [each for each in found.spared if each.calls or each.withheld_kwh > 0]
    heading = Heading(level=2, text="Who was spared, and why", anchor="spared")
    if not held:
        return [heading, _spared_table(found.spared, large=large)]
    wide, narrow = charts.both(lambda width: dispatch_charts.spared_chart(found.spared, large=large, width=width))
    told = "; ".join(f"{protection_words(each.protection).lower()} {each.calls:,}" for each in found.spared
                     if each.calls)
    kept = "; ".join(f"{protection_words(each.protection).lower()} {energy(each.withheld_kwh)}"
                     for each in sorted(held, key=lambda each: -each.withheld_kwh) if each.withheld_kwh > 0)
    title = (f"Nothing was asked {count(calls, 'time')} in {count(len(found.events), 'event')}, most often for: "
             f"{protection_words(found.spared[0].protection).lower()}" if calls
             else "Every enrollment that was called was asked in its event")
    return [heading, Chart(
        key="spared", wide=wide, narrow=narrow, title=title,
        alt=f"Two bar charts by protection. Never asked, enrollments and events: {told or 'none'}. Energy held back: "
            f"{kept or 'none'}. The table below holds the same figures."),
        _spared_table(found.spared, large=large)]


def _spared_table(spared: Sequence[Spared], *, large: bool) -> Table:
    per, unit = (KILO, "MWh") if large else (1, "kWh")
    columns = (TableColumn(head="Reason", share=5),
               TableColumn(head="Never asked, calls", share=3, align=Align.FIGURES),
               TableColumn(head="Never asked, enrollments", share=4, align=Align.FIGURES),
               TableColumn(head="Asked less, enrollments", share=4, align=Align.FIGURES),
               TableColumn(head="Events", share=3, align=Align.FIGURES),
               TableColumn(head=f"Held back ({unit})", share=4, align=Align.FIGURES),
               TableColumn(head="For example", share=9, align=Align.PROSE),
               TableColumn(head="Clause", share=7, align=Align.PROSE))
    return Table(caption="Who was spared by which protection, over all events", columns=columns, rows=tuple(
        (protection_words(each.protection), f"{each.calls:,}", f"{each.enrollments:,}", f"{each.asked_less:,}",
         f"{each.events:,}", number(each.withheld_kwh / per, 1),
         sentence(each.example) or NONE, sentence(each.clause) or NONE) for each in spared))
