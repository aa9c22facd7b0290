"""One day of home batteries in whole milliwatt-hours: nothing is lost but what is booked as loss.

All arrays are quarter hours x homes. In every quarter hour and home, exactly:

    import - export = load - unserved - solar + curtailed + charge - discharge
    stored after    = stored before + charge * 9 // 10 - discharge
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .homes import Bools, Homes, Ints
from .season import SLOTS_PER_DAY

NIGHT_SLOTS = range(24)
"""00:00 to 06:00, when a battery without sun charges from the grid."""

EVENING_SLOTS = range(64, 84)
"""16:00 to 21:00, the hours of the high retail price."""

FOLLOWED_PCT = 97
"""How much of the home's quarter hour a battery follows by itself; the rest goes by before it turns. Assumed."""

NEVER = SLOTS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What is asked of each battery on a day, in quarter hours from midnight; a span is first <= slot < end."""

    respond_from: Ints
    respond_end: Ints
    prepare_from: Ints
    """From here to `respond_from` the battery charges first, from all of its own sun, and gives nothing."""
    hold_from: Ints
    """From here to the end of the day the battery gives nothing (a storm)."""
    island_from: Ints
    island_end: Ints
    """The home is cut off from the grid."""
    spread: bool
    """True: the energy above the reserve is spread evenly over the event; false: full power until it is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """What flowed, in whole milliwatt-hours, all >= 0."""

    load: Ints
    solar: Ints
    charge: Ints
    discharge: Ints
    unserved: Ints
    """Load of an islanded home that neither sun nor battery could carry."""
    curtailed: Ints
    """Sun of an islanded home that found no use."""
    stored_before: Ints
    stored_after: Ints
    """Energy in the batteries at the day's ends: one per home."""

    @property
    def net(self) -> Ints:
        """Import less export at the retail meter."""
        return self.load - self.unserved - self.solar + self.curtailed + self.charge - self.discharge


def quiet(count: int) -> Orders:
    """The orders of a day without an event."""
    never = np.full(count, NEVER, dtype=np.int64)
    return Orders(respond_from=never, respond_end=never, prepare_from=never, hold_from=never, island_from=never,
                  island_end=never, spread=False)


def run_day(homes: Homes, stored: Ints, load: Ints, solar: Ints, orders: Orders) -> Flows:
    """Run every battery through one day; `stored` is each one's energy at midnight.

    A battery takes spare sun, serves its home above the reserve, and when called gives beyond its home's need, as far
    as energy, power and the export limit of the connection go. In an outage it may use its reserve.
    """
    charge, discharge = np.empty_like(load), np.empty_like(load)
    unserved, curtailed = np.zeros_like(load), np.zeros_like(load)
    before = stored
    first_order = min(orders.prepare_from.min(), orders.respond_from.min(), orders.hold_from.min())
    for slot in range(SLOTS_PER_DAY):
        need = load[slot] - solar[slot]
        take_max, give_max = _room(homes, stored)
        taken, given = _own_use(homes, need, take_max, give_max, slot)
        if slot >= first_order:
            spare = np.maximum(stored - homes.reserve_mwh, 0)
            taken, given = _obey(homes, orders, slot, need=need, spare=spare, own=(taken, given),
                                 sun=np.minimum(solar[slot], take_max))
        cut = (orders.island_from <= slot) & (slot < orders.island_end)
        if cut.any():
            alone = _alone(homes, need, take_max, stored)
            taken, given = np.where(cut, alone[0], taken), np.where(cut, alone[1], given)
            unserved[slot] = np.where(cut, np.maximum(need, 0) - given, 0)
            curtailed[slot] = np.where(cut, np.maximum(-need, 0) - taken, 0)
        charge[slot], discharge[slot] = taken, given
        stored = stored + taken * 9 // 10 - given
    return Flows(load=load, solar=solar, charge=charge, discharge=discharge, unserved=unserved, curtailed=curtailed,
                 stored_before=before, stored_after=stored)


def _room(homes: Homes, stored: Ints) -> tuple[Ints, Ints]:
    """The most each battery can take and give in a quarter hour, the reserve kept."""
    take_max = np.minimum(homes.slot_mwh_max, (homes.capacity_mwh - stored) * 10 // 9)
    give_max = np.minimum(homes.slot_mwh_max, np.maximum(stored - homes.reserve_mwh, 0))
    return take_max, give_max


def _own_use(homes: Homes, need: Ints, take_max: Ints, give_max: Ints, slot: int) -> tuple[Ints, Ints]:
    """What each battery takes and gives when left to itself."""
    wanted = np.maximum(-need, 0) * FOLLOWED_PCT // 100
    serves: Bools = np.ones(len(homes), dtype=np.bool_)
    if slot in NIGHT_SLOTS:
        wanted = np.where(homes.grid_charged, homes.slot_mwh_max, wanted)
    if slot not in EVENING_SLOTS:
        serves = ~(homes.evening_only | homes.grid_charged)
    offered = np.minimum(np.maximum(need, 0) * FOLLOWED_PCT // 100, give_max)
    return np.minimum(wanted, take_max), np.where(serves, offered, 0)


def _alone(homes: Homes, need: Ints, take_max: Ints, stored: Ints) -> tuple[Ints, Ints]:
    """What each battery takes and gives when it carries its home without the grid, the reserve included."""
    give_max = np.minimum(homes.slot_mwh_max, stored)
    return np.minimum(np.maximum(-need, 0), take_max), np.minimum(np.maximum(need, 0), give_max)


def _obey(homes: Homes, orders: Orders, slot: int, *, need: Ints, spare: Ints, own: tuple[Ints, Ints],
          sun: Ints) -> tuple[Ints, Ints]:
    """What each battery takes and gives under its orders.

    `spare` is its energy above the reserve, `sun` the sunshine it has room for, `own` what it would take and give by
    itself. S1: once an event is scheduled a battery prioritizes charging.
    """
    taken, given = own
    responds = (orders.respond_from <= slot) & (slot < orders.respond_end)
    prepares = (orders.prepare_from <= slot) & (slot < orders.respond_from)
    holds = orders.hold_from <= slot
    share = spare // np.maximum(orders.respond_end - slot, 1) if orders.spread else spare
    asked = np.minimum(share, homes.slot_mwh_max)
    called = np.clip(need + homes.export_slot_mwh_max, 0, asked)
    given = np.where(responds, called, np.where(prepares | holds, 0, given))
    taken = np.where(responds, 0, np.where(prepares, np.maximum(taken, sun), taken))
    return taken, given
