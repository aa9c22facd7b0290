"""What is said to the homes: one message each, with the time at which the device returns by itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np

from .homes import Bools, Codes, Floats, Ints


class Mode(IntEnum):
    """What a battery is asked to do."""

    SELF = 0
    """What its owner set it to."""
    FOLLOW = 1
    """Deliver `delivered_kw`."""
    HOLD = 2
    """Give nothing; take spare sun."""
    CHARGE = 3
    """Charge at `charge_kw` until `charge_to_pct` is reached, then hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """One message per home. NaN = that setting is not touched.

    Times are absolute seconds as the DEVICE's clock shows them: an event's interval (IEEE 2030.5 section 10.2.3) is
    absolute, so that a wrong clock starts late or early. Every message that is sent has a finite `reverts_at_s`;
    from then on the device is back at its owner's settings whether or not anybody can reach it. ValueError if not.
    """

    sent: Bools
    """False: nothing is said, and the device keeps what it holds."""
    mode: Codes
    delivered_kw: Floats
    """+ = discharge at the battery's AC terminals."""
    reserve_pct: Floats
    """The floor while the message holds; NaN = the customer's."""
    charge_to_pct: Floats
    charge_kw: Floats
    """NaN = as fast as it can."""
    thermostat_offset_c: Floats
    """+ = less cooling and less heating."""
    water_heater_off: Bools
    ev_kw: Floats
    """+ = discharge, 0 = no charging, - = charge."""
    ev_departure_kwh: Floats
    starts_at_s: Floats
    """-inf = at once."""
    reverts_at_s: Floats

    def __post_init__(self) -> None:
        if not np.isfinite(self.reverts_at_s[self.sent]).all():
            raise ValueError("a message without a finite reverts_at_s would bind a device for ever")
        if np.isnan(self.delivered_kw[self.sent & (self.mode == Mode.FOLLOW)]).any():
            raise ValueError("Mode.FOLLOW needs delivered_kw")
        if np.isnan(self.charge_to_pct[self.sent & (self.mode == Mode.CHARGE)]).any():
            raise ValueError("Mode.CHARGE needs charge_to_pct")

    @classmethod
    def none(cls, count: int) -> Commands:
        """Nothing is said to `count` homes."""
        return cls(**_unsaid(count))

    @classmethod
    def to(cls, count: int, homes: Bools | Ints, *, reverts_at_s: Floats | float, **settings: Any) -> Commands:
        """A message to some of `count` homes; `settings` are fields, each one number or one per addressed home."""
        said = _unsaid(count)
        for name, setting in {"sent": True, "reverts_at_s": reverts_at_s, **settings}.items():
            said[name][homes] = setting
        return cls(**said)

    def part(self, first: int, end: int) -> Commands:
        """The messages to the homes first <= place < end."""
        return Commands(**{field.name: getattr(self, field.name)[first:end] for field in fields(self)})

    def over(self, older: Commands, chosen: Bools) -> Commands:
        """These messages for the chosen homes, the older ones for all others."""
        return Commands(**{field.name: np.where(chosen, getattr(self, field.name), getattr(older, field.name))
                           for field in fields(self)})


def _unsaid(count: int) -> dict[str, Any]:
    """Columns that say nothing; they revert before all time."""
    columns: dict[str, Any] = {field.name: np.full(count, np.nan) for field in fields(Commands)}
    columns["mode"] = np.zeros(count, dtype=np.int8)
    columns["sent"], columns["water_heater_off"] = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    columns["starts_at_s"], columns["reverts_at_s"] = np.full(count, -np.inf), np.full(count, -np.inf)
    return columns
