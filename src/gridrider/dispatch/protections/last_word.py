"""The last word before an instruction leaves: it may only become milder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..columns import MILLI_PER_KILO, Codes, Floats, Mask, milliwatts_toward_zero
from .bounds import Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Milder:
    """What is given of what was asked: shape (N,), whole milliwatts, the same direction or nothing."""

    given_kw: Floats
    changed: Mask
    """True where a protection made it milder; rounding alone does not count."""
    protection: Codes
    """Which one, where it did; a position in PROTECTION_CODES."""


def last_word(asked_kw: Floats, bounds: Bounds) -> Milder:
    """What may be sent of what was asked, with the newest bounds; what is no number asks nothing."""
    asked_kw = milliwatts_toward_zero(np.nan_to_num(asked_kw, nan=0.0, posinf=0.0, neginf=0.0)) / MILLI_PER_KILO
    given_kw = np.clip(asked_kw, bounds.delivered_kw_low, bounds.delivered_kw_high)
    return Milder(given_kw=given_kw, changed=given_kw != asked_kw, protection=bounds.protection)
