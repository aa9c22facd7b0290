"""From weather alerts to what is known of each storm in each zone; messages may come twice, late, or in any order.

An event is told by many messages, each for some of its zones, so what is known is kept by event and zone and never by
message. The newest `sent` of an event and zone holds. Of two sent at the same moment the one that protects more holds,
so that the order of arrival never matters.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ..interval import utc_text
from ..problem import Problem, warning
from .storm_model import StormAlert, StormSpell, StormState

ON_ACTIONS = frozenset({"NEW", "CON", "EXT", "EXA", "EXB", "COR"})
OFF_ACTIONS = frozenset({"CAN", "UPG"})
RUNNING_OUT = "EXP"
"""Interpretation: `expired` may be sent before the end that it names; the event is on until that end."""

KEPT_AFTER = timedelta(days=30)
"""How long something that is over is remembered, so that a late older message cannot wake it."""

_NEVER = datetime.max.replace(tzinfo=UTC)


def absorb(state: StormState, alerts: Iterable[StormAlert], now: datetime) -> StormState:
    """What is known after some more messages; the state given is not changed.

    Messages with an action of another kind change nothing.
    """
    known = {key: spell for key, spell in state.items() if not _forgettable(spell, now)}
    for alert in alerts:
        if alert.action not in ON_ACTIONS | OFF_ACTIONS | {RUNNING_OUT}:
            continue
        for zone in alert.zones or ("",):
            told = _spell(alert, zone, now)
            before = known.get((alert.event, zone))
            known[alert.event, zone] = told if before is None else max(before, told, key=_rank)
    return known


def is_on(spell: StormSpell, now: datetime) -> bool:
    """True until the event is cancelled or ends; when a message expires does not matter."""
    return spell.on and now < (spell.ends or _NEVER)


def _spell(alert: StormAlert, zone: str, now: datetime) -> StormSpell:
    runs_out_unknown = alert.action == RUNNING_OUT and alert.ends is None
    return StormSpell(event=alert.event, zone=zone, title=alert.title, alert_id=alert.alert_id, sent=alert.sent,
                      onset=alert.onset, ends=alert.ends, polygons=alert.polygons, listed_at=now,
                      on=alert.action not in OFF_ACTIONS and not runs_out_unknown)


def _rank(spell: StormSpell) -> Any:
    """Later sent, then on before off, then the later end; the rest only makes the choice the same every time."""
    return (spell.sent, spell.on, spell.ends or _NEVER, bool(spell.polygons), spell.alert_id, spell.polygons,
            spell.onset, spell.title, spell.listed_at)


def _forgettable(spell: StormSpell, now: datetime) -> bool:
    return not is_on(spell, now) and now - max(spell.sent, spell.listed_at) > KEPT_AFTER


def unlisted(state: StormState, now: datetime, after: timedelta) -> list[Problem]:
    """A warning for each open-ended event that is on and that the feed has not named for so long.

    Its cancellation may have been missed; it stays on until somebody looks and cancels it.
    """
    forgotten = [spell for spell in state.values()
                 if is_on(spell, now) and spell.ends is None and now - spell.listed_at > after]
    return [warning("storm watch", f"is open-ended and was last listed at {utc_text(spell.listed_at)}; it stays on",
                    "Ask the forecast office, and cancel it by hand if it is over.",
                    value=f"{spell.event} {spell.zone}".strip())
            for spell in sorted(forgotten, key=lambda spell: (spell.event, spell.zone))]


def cancelled_by_hand(state: StormState, event: str, alert_id: str, now: datetime) -> list[StormAlert]:
    """Cancellations of every zone of an event, named as in the lock, for an operator who knows that it is over."""
    return [StormAlert(alert_id=alert_id, event=spell.event, title=spell.title, action="CAN", sent=now,
                       onset=spell.onset, ends=now, zones=(spell.zone,) if spell.zone else (), message_type="Cancel")
            for spell in state.values() if str(spell.event) == event]
