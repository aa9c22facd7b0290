"""Who is paid for a kilowatt-hour that several could claim: the tariff's word on programs and services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..tariff.model import CoParticipation, Dated, Rider, in_force, value_on

INTERCONNECTION_CREDITS = frozenset({"net_metering", "value_stack"})
"""Credits for energy at the meter, which never reduce what a program pays unless its tariff forbids them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What holds for energy that two could claim."""

    rule: str
    """allowed, incremental_only or forbidden."""
    split: str = "theirs_first"
    clause: str = ""
    named: bool = True
    """False when the tariff says nothing and the default holds."""
    is_later: bool = False
    """True when the service asked about is paid after the other."""


def claim_rule(rider: Rider, program: str, service: str | None, day: date, known_by: date) -> Sharing:
    """What a rider says of another program's claim: by the program's name, else by the service claimed.

    Source: settlement rules, "Each kilowatt-hour once".
    """
    for word in (program, service):
        for entry in rider.together:
            held = in_force(entry.rule, day, known_by)
            if word and word in entry.with_ and held is not None:
                return _claim_sharing(entry, held, program, day, known_by)
    if program in INTERCONNECTION_CREDITS:
        return Sharing(rule="allowed")
    return Sharing(rule="incremental_only", named=False)


def _claim_sharing(entry: CoParticipation, held: Dated[str], program: str, day: date, known_by: date) -> Sharing:
    credit = program in INTERCONNECTION_CREDITS and held.value != "forbidden"
    return Sharing(rule="allowed" if credit else held.value, clause=held.cite,
                   split=value_on(entry.split, day, known_by, "theirs_first"))


def stacking_rule(rider: Rider, other_rider: Rider, service: str, other: str, day: date, known_by: date) -> Sharing:
    """What holds between two services that share energy, and whether the first is the later one of the two."""
    for holder in (rider, other_rider):
        for entry in holder.stacking:
            held = in_force(entry.rule, day, known_by)
            if service in entry.services and other in entry.services and held is not None:
                return Sharing(rule=held.value, clause=held.cite,
                               is_later=entry.services.index(service) > entry.services.index(other))
    return Sharing(rule="allowed", named=False)
