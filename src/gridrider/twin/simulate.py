"""A fleet through the days of a season, in blocks of homes so that memory stays small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np

from .battery import Flows, Orders, quiet, run_day
from .homes import Homes, Ints, load_mwh, solar_mwh
from .weather import DayWeather

HOMES_PER_BLOCK = 4096
"""A block's flows of one day take about 25 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDay:
    """What a block of homes did on one day."""

    day: date
    first_home: int
    homes: Homes
    flows: Flows


@dataclass(slots=True, kw_only=True)
class _Block:
    """A block on its way through the season: its own random numbers and the energy in its batteries."""

    first_home: int
    homes: Homes
    rng: np.random.Generator
    stored: Ints


def generator(seed: int, *path: int) -> np.random.Generator:
    """Random numbers of one named part of a season; other parts never disturb them."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *path])))


def simulate(homes: Homes, weather: Mapping[date, DayWeather], days: Sequence[date], orders: Mapping[date, Orders],
             seed: int) -> Iterator[BlockDay]:
    """Run a fleet through `days` in order, block by block within a day.

    A day without orders is an ordinary one. Batteries start at a third above their reserve. Same arguments, same
    flows to the milliwatt-hour.
    """
    blocks = [_block(homes, first, seed) for first in range(0, len(homes), HOMES_PER_BLOCK)]
    for day in days:
        for block in blocks:
            first, count = block.first_home, len(block.homes)
            asked = _part(orders[day], first, first + count) if day in orders else quiet(count)
            load = load_mwh(block.homes, weather[day], weekend=day.weekday() >= 5, rng=block.rng)
            solar = solar_mwh(block.homes, weather[day], block.rng)
            flows = run_day(block.homes, block.stored, load, solar, asked)
            block.stored = flows.stored_after
            yield BlockDay(day=day, first_home=first, homes=block.homes, flows=flows)


def _block(homes: Homes, first: int, seed: int) -> _Block:
    part = homes.part(first, first + HOMES_PER_BLOCK)
    return _Block(first_home=first, homes=part, rng=generator(seed, 2, first),
                  stored=part.reserve_mwh + (part.capacity_mwh - part.reserve_mwh) // 3)


def _part(orders: Orders, first: int, end: int) -> Orders:
    arrays = {field.name: getattr(orders, field.name)[first:end] for field in fields(orders) if field.name != "spread"}
    return replace(orders, **arrays)
