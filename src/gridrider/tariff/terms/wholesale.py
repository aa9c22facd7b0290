"""How wholesale market activity and the retail bill of one meter are kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..dated import History
from ..fields import rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Wholesale:
    """The rules by which award hours are reconciled with the retail bill."""

    add_back: History[frozenset[str]] = rule("what is added back to the retail bill in award hours",
                                             choices=("generation", "charging"))
    demand_interval_minutes: History[Decimal] = rule("length of the interval of billing demand", unit="min")
    tolerance_kwh: History[Decimal] = rule("difference between books that is not an exception", unit="kWh")
    loss_factor: History[Decimal] = rule("wholesale metered energy over energy at the device", unit="factor")
