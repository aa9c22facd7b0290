"""The shape of CAISO's ActiveFlexAlertEvents, version 2.

Source: a recorded answer of 2021-06-11 and a third party's reading of 2026-04; CAISO publishes no contract for it.
"""

from __future__ import annotations

from typing import TypedDict


class FlexEvent(TypedDict, total=False):
    """One Flex Alert. Times are `MM-DD-YYYY HH:MM` in Pacific local time, or ISO with an offset since 2024."""

    ID: int
    Title: str
    StartDate: str
    EndDate: str
    Region: str
    """Several with ; or , between them."""


class ActiveFlexAlertEvents(TypedDict, total=False):
    """The answer. `IsFlexAlertActive` is false while only `Future` is filled, so it says nothing about tomorrow."""

    IsFlexAlertActive: bool
    UpdatedOn: str
    Active: list[FlexEvent]
    Future: list[FlexEvent]
