"""A synthetic season: the tables of a program and the fleet whose readings go with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from .battery import Flows, Orders
from .homes import Homes, Ints
from .people import TextTable
from .readings import Exchange, Fault, readings_of
from .season import Season
from .simulate import BlockDay, simulate
from .weather import DayWeather


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSeason:
    """All that is needed to write a season's input folder."""

    season: Season
    seed: int
    homes: Homes
    tables: tuple[TextTable, ...]
    weather: Mapping[date, DayWeather]
    orders: Mapping[date, Orders]
    days_run: tuple[date, ...]
    """Days that are simulated, in order."""
    days_written: tuple[date, ...]
    """Days whose readings are kept."""
    point_ids: tuple[str, ...]
    """The metering point of each home, sorted."""
    at_inverter: bool
    """True: readings of the battery (import = charging); false: of the retail meter."""
    faults: Mapping[date, Sequence[Fault]]
    exchanges: tuple[Exchange, ...] = ()

    def table(self, name: str) -> TextTable:
        """The table of that name."""
        return next(table for table in self.tables if table.schema.name == name)


def block_days(plan: SyntheticSeason) -> Iterator[BlockDay]:
    """What every home did, a block of homes and a day at a time, days in order."""
    return simulate(plan.homes, plan.weather, plan.days_run, plan.orders, plan.seed)


def readings(plan: SyntheticSeason) -> Iterator[tuple[date, pa.Table | None]]:
    """The readings of each block and day, sorted by point and start; None where a day is simulated but not kept."""
    written = frozenset(plan.days_written)
    for step in block_days(plan):
        yield step.day, _readings_of_block(plan, step) if step.day in written else None


def _readings_of_block(plan: SyntheticSeason, step: BlockDay) -> pa.Table:
    first, end = step.first_home, step.first_home + len(step.homes)
    faults = [Fault(home=fault.home - first, first_slot=fault.first_slot, end_slot=fault.end_slot, kind=fault.kind)
              for fault in plan.faults.get(step.day, ()) if first <= fault.home < end]
    exchanges = [Exchange(home=exchange.home - first, day=exchange.day, slot=exchange.slot, point_id=exchange.point_id)
                 for exchange in plan.exchanges if first <= exchange.home < end]
    return readings_of(step.day, plan.season.timezone, plan.point_ids[first:end],
                       registers(step.flows, at_inverter=plan.at_inverter), faults=faults, exchanges=exchanges)


def registers(flows: Flows, *, at_inverter: bool) -> tuple[Ints, Ints]:
    """Import and export as the meter counts them, quarter hours x homes, in milliwatt-hours.

    At the retail meter a quarter hour runs one way only: its net is import or export.
    """
    if at_inverter:
        return flows.charge, flows.discharge
    net = flows.net
    return np.maximum(net, 0), np.maximum(-net, 0)
