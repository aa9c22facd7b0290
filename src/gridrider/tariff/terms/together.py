"""Which programs and services may be joined, and who is paid for what both could claim."""

from __future__ import annotations

from dataclasses import dataclass

from ..dated import History
from ..fields import needed, optional, rule


@dataclass(frozen=True, slots=True, kw_only=True)
class CoParticipation:
    """Which other programs may be joined beside this one."""

    with_: tuple[str, ...] = optional("the other programs", key="with", default=())
    split: History[str] = rule("who is paid for what both could claim",
                               choices=("theirs_first", "ours_first", "pro_rata"))
    rule: History[str] = rule("on what terms", choices=("allowed", "incremental_only", "forbidden"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacking:
    """Which of this tariff's services may be paid for the same kilowatt-hour, and which of them first."""

    services: tuple[str, ...] = needed("the services, the one that is paid first before the others")
    rule: History[str] = rule("on what terms", choices=("allowed", "incremental_only", "forbidden"))
