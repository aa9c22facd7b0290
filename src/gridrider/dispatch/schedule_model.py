"""What a day plan is made from and what it is: storage devices, the horizon before them, the policy, the plan.

N devices, T steps of equal length. Energies in a step are kWh at the device's connection, stored energies kWh inside of
it. `delivered_kwh` > 0 helps the grid (discharges), < 0 charges; `net_load_kwh` > 0 is drawn by the home without it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Devices that store energy: batteries, cars, tanks. Each array has shape (N,)."""

    stored_kwh: Floats
    """At the start of the first step."""
    stored_kwh_max: Floats
    charge_efficiency: Floats
    """Stored per kWh drawn, above 0 to 1."""
    discharge_efficiency: Floats
    """Delivered per kWh taken out of the store, above 0 to 1."""
    kept_per_step: Floats
    """Share of the stored energy that a step's standing loss leaves, above 0 to 1."""
    wear_usd_per_kwh: Floats
    """Price of wear per kWh taken out of the store."""
    end_usd_per_kwh: Floats
    """What a kWh left in the store after the last step is worth."""

    @property
    def count(self) -> int:
        """N, how many devices there are."""
        return len(self.stored_kwh)

    def part(self, which: slice) -> Storage:
        """Some of the devices."""
        return Storage(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """What holds in each step: each array has shape (N, T), or (1, T) where it is the same for all devices.

    Plug windows, storm and event holds, and export limits are limits of power in their steps; backup reserve, departure
    energy and the energy at the end are floors.
    """

    import_usd_per_kwh: Floats
    export_usd_per_kwh: Floats
    """Never above the import price."""
    charge_kwh_max: Floats
    discharge_kwh_max: Floats
    stored_kwh_min: Floats
    """Floor at the end of the step, for backup reserve, departure or the end of the plan. A floor that cannot be met is
    approached as fast as the limits allow, whatever it costs."""
    net_load_kwh: Floats
    """Of the home without the device: load less PV."""
    withdrawn_kwh: Floats
    """Taken out of the store at the start of the step for a purpose of its own, as by driving; not delivered."""

    @property
    def steps(self) -> int:
        """T, how many steps there are."""
        return int(self.import_usd_per_kwh.shape[1])

    def part(self, which: slice) -> Horizon:
        """What holds for some of the devices."""
        whole = {field.name: getattr(self, field.name) for field in fields(self)}
        return Horizon(**{name: array if len(array) == 1 else array[which] for name, array in whole.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Stored energies between which a device rests, (N, T) kWh each: enough to follow the plan without a connection.

    In each step it charges from the home's surplus up to `charge_surplus_to_kwh` and from the grid up to
    `charge_import_to_kwh`; it discharges for the home down to `discharge_load_to_kwh` and into the grid down to
    `discharge_export_to_kwh`. Where import and export have one price, two of the four say it all.
    """

    charge_import_to_kwh: Floats
    charge_surplus_to_kwh: Floats
    discharge_load_to_kwh: Floats
    discharge_export_to_kwh: Floats

    def part(self, which: slice) -> Policy:
        """The policies of some of the devices."""
        return Policy(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What devices do step by step, and what it costs."""

    delivered_kwh: Floats
    """(N, T)."""
    stored_kwh: Floats
    """(N, T), at the end of each step."""
    cost_usd: Floats
    """(N,): what the device adds to the bill (below 0: saves), and wear, less the worth of what is left at the end."""
    missed_kwh: Floats
    """(N,): the furthest the store was below a floor at the end of a step; 0 where every floor was met."""
    unserved_kwh: Floats
    """(N,): what was to be withdrawn and was not in the store."""


def storage(*, stored_kwh: ArrayLike, stored_kwh_max: ArrayLike, charge_efficiency: ArrayLike = 1.0,
            discharge_efficiency: ArrayLike = 1.0, kept_per_step: ArrayLike = 1.0,
            wear_usd_per_kwh: ArrayLike = 0.0, end_usd_per_kwh: ArrayLike = 0.0) -> Storage:
    """Storage devices from numbers or arrays that broadcast to (N,); ValueError where a number makes no sense."""
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(column, float)) for column in (
        stored_kwh, stored_kwh_max, charge_efficiency, discharge_efficiency, kept_per_step, wear_usd_per_kwh,
        end_usd_per_kwh)))
    names = [field.name for field in fields(Storage)]
    made = Storage(**{name: np.array(column, order="C") for name, column in zip(names, columns, strict=True)})
    shares = (made.charge_efficiency, made.discharge_efficiency, made.kept_per_step)
    _refuse(any(bool(np.any((share <= 0) | (share > 1) | np.isnan(share))) for share in shares),
            "efficiencies and kept_per_step lie above 0 and up to 1")
    _refuse(not np.all((made.stored_kwh >= 0) & (made.stored_kwh <= made.stored_kwh_max)),
            "stored_kwh lies between 0 and stored_kwh_max")
    _refuse(not np.all(made.wear_usd_per_kwh >= 0), "wear_usd_per_kwh is 0 or more")
    _refuse(not np.all(np.isfinite(made.end_usd_per_kwh)), "end_usd_per_kwh is a number")
    return made


def horizon(*, import_usd_per_kwh: ArrayLike, export_usd_per_kwh: ArrayLike | None = None, charge_kwh_max: ArrayLike,
            discharge_kwh_max: ArrayLike, stored_kwh_min: ArrayLike = 0.0, net_load_kwh: ArrayLike = 0.0,
            withdrawn_kwh: ArrayLike = 0.0) -> Horizon:
    """A horizon from numbers or arrays that broadcast to (N, T); an export price not given is the import price.

    ValueError where a limit is below zero, a price is missing, or the export price is above the import price: then
    buying to sell in the same step would pay without end.
    """
    given = (import_usd_per_kwh, import_usd_per_kwh if export_usd_per_kwh is None else export_usd_per_kwh,
             charge_kwh_max, discharge_kwh_max, stored_kwh_min, net_load_kwh, withdrawn_kwh)
    arrays = [np.atleast_2d(np.asarray(array, float)) for array in given]
    steps = max(array.shape[1] for array in arrays)
    made = Horizon(**{field.name: np.array(np.broadcast_to(array, (len(array), steps)), order="C")
                      for field, array in zip(fields(Horizon), arrays, strict=True)})
    finite = (made.import_usd_per_kwh, made.export_usd_per_kwh, made.net_load_kwh, made.withdrawn_kwh)
    _refuse(not all(np.isfinite(array).all() for array in finite), "prices, net load and withdrawals are numbers")
    limits = (made.charge_kwh_max, made.discharge_kwh_max, made.stored_kwh_min, made.withdrawn_kwh)
    _refuse(not all(np.all(array >= 0) for array in limits), "limits, floors and withdrawals are 0 or more")
    _refuse(bool(np.any(made.export_usd_per_kwh > made.import_usd_per_kwh)),
            "the export price is never above the import price")
    return made


def check_together(devices: Storage, ahead: Horizon) -> None:
    """ValueError where devices and horizon do not fit, or where a plan would not be convex.

    That is a step with a negative price in which a device may both charge and discharge: the cheapest plan would burn
    energy by doing both at once, which no battery can. Forbid one of the two in that step, by a limit of 0.
    """
    arrays = [getattr(ahead, field.name) for field in fields(ahead)]
    _refuse(any(len(array) not in (1, devices.count) for array in arrays), "a horizon has one row, or one per device")
    _refuse(bool(np.any(ahead.stored_kwh_min > devices.stored_kwh_max[:, None])), "no floor is above stored_kwh_max")
    if np.all(ahead.export_usd_per_kwh >= 0):
        return
    both = (ahead.charge_kwh_max > 0) & (ahead.discharge_kwh_max > 0)
    for price in (ahead.import_usd_per_kwh, ahead.export_usd_per_kwh):
        burns = (price * devices.discharge_efficiency[:, None] - devices.wear_usd_per_kwh[:, None]
                 > price / devices.charge_efficiency[:, None] + 1e-12)
        _refuse(bool(np.any(burns & both)),
                "at a negative price a device cannot be free both to charge and to discharge; set one limit to 0")


def _refuse(broken: bool, sentence: str) -> None:
    if broken:
        raise ValueError(sentence)
