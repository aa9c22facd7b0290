"""What an emergency assignment is made from and what it is: vehicles, sites, the order, and who goes where.

N vehicles, S sites, T steps of equal length from the order's start. Times are hours from that start. Energy is at the
site's plug unless it says "stored".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ..table import Column, Kind, TableSchema

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


class SiteKind(StrEnum):
    """What a site is, in the order in which it is helped (house rule: the source names both without an order)."""

    HOSPITAL = "hospital"
    SHELTER = "shelter"


class Spared(StrEnum):
    """Why a vehicle is sent nowhere."""

    ASSIGNED = ""
    NO_PLUG = "no_plug"
    """No site has a plug of its type."""
    NO_ENERGY = "no_energy"
    """Nothing is stored above its floor and the trip that it must still make."""
    TOO_FAR = "too_far"
    """The drive there and back uses up what it could give."""
    NO_TIME = "no_time"
    """It cannot be at a site for a whole step in which that needs power."""
    PLUGS_TAKEN = "plugs_taken"
    """Where it would help, all plugs of its type are taken."""
    NO_NEED = "no_need"
    """Every site that it can help is supplied as long without it."""


class Uncovered(StrEnum):
    """Why a site is not supplied in a step."""

    NO_VEHICLE = "no_vehicle"
    """No vehicle with a fitting plug and energy to spare can be there in this step."""
    POWER = "power"
    """Those that are there are together too weak for the critical load."""
    ENERGY = "energy"
    """Their energy goes to other steps, more of which it covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicles:
    """School buses and trucks that can feed a building. Each array has shape (N,)."""

    vehicle_ids: tuple[str, ...]
    latitude_deg: Floats
    longitude_deg: Floats
    home_latitude_deg: Floats
    """Where it must be able to drive back to: its depot."""
    home_longitude_deg: Floats
    stored_kwh: Floats
    """At the order's start, inside the battery."""
    floor_kwh: Floats
    """What must never be given: the largest of the reserves. The way back comes on top."""
    discharge_kw_max: Floats
    discharge_efficiency: Floats
    """Given at the plug for each kWh stored, above 0 to 1."""
    consumption_kwh_per_km: Floats
    plugs: tuple[str, ...]
    """The type of its plug."""
    available_from_h: Floats
    available_until_h: Floats
    """When it must be home; infinite = no end."""
    trip_kwh: Floats
    """What its own next trip takes; 0 = none. It cannot be charged in the emergency, so this stays stored."""
    trip_departs_h: Floats
    """When that trip starts from home; infinite = none."""

    def __len__(self) -> int:
        return len(self.vehicle_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Shelters and hospitals."""

    site_ids: tuple[str, ...]
    kinds: tuple[SiteKind, ...]
    latitude_deg: Floats
    longitude_deg: Floats
    plugs: tuple[Mapping[str, int], ...]
    """How many plugs of each type a site has."""
    critical_load_kw: Floats
    """Shape (S, T), the mean of each step; 0 = no need in that step."""
    own_kwh: Floats
    """Fuel or battery of its own, as energy given, shape (S,)."""
    own_kw_max: Floats
    """What its own source gives at most, beside the vehicles, shape (S,)."""

    def __len__(self) -> int:
        return len(self.site_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyOrder:
    """What the order and the house assume of roads and time."""

    step_h: float = 1.0
    trips_waived: bool = False
    """True when the order says that vehicles' own trips are cancelled."""
    road_factor: float = 1.3
    """Road over great-circle distance. Assumed."""
    speed_km_per_h: float = 30.0
    """On roads after a storm. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What each vehicle could do at each site. Arrays have shape (N, S)."""

    drive_km: Floats
    """There."""
    back_km: Floats
    """From there to its home."""
    arrival_h: Floats
    first_step: Integers
    end_step: Integers
    """Exclusive: it is there for whole steps."""
    gives_kwh: Floats
    """At the plug; 0 where it cannot help at all."""
    spared: tuple[Spared, ...]
    """For each vehicle why no site is in its reach; ASSIGNED when one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyPlan:
    """Who goes where, what each site gets, and how far this could be from the best."""

    site: Integers
    """Shape (N,): the site of each vehicle, -1 = none."""
    given_kwh: Floats
    """Shape (N, T)."""
    own_given_kwh: Floats
    """Shape (S, T)."""
    covered: Booleans
    """Shape (S, T): the critical load is met in all of the step."""
    spared: tuple[Spared, ...]
    uncovered: tuple[tuple[Uncovered | None, ...], ...]
    """For each site and step why it is not covered; None = it is, or needs nothing."""
    steps_covered: Mapping[SiteKind, int]
    steps_bound: Mapping[SiteKind, int]
    """No plan covers more steps; for shelters: none that covers as many of the hospitals' or more."""
    proven_best: bool
    """True when every plan was weighed, driving included."""
    reach: Reach


ASSIGNMENTS = TableSchema(
    name="assignments",
    key=("event_id", "vehicle_id"),
    meaning="Where each vehicle is sent in an emergency, or why it stays.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, required=True, filled=True, meaning="the declared emergency"),
        Column(name="vehicle_id", kind=Kind.TEXT, required=True, filled=True, meaning="the vehicle"),
        Column(name="site_id", kind=Kind.TEXT, meaning="the site that it supplies; blank = none"),
        Column(name="reason", kind=Kind.TEXT, choices=tuple(each for each in Spared if each),
               meaning="why it is sent nowhere"),
        Column(name="drive_km", kind=Kind.FACTOR, meaning="the way there"),
        Column(name="back_km", kind=Kind.FACTOR, meaning="the way from there to its home"),
        Column(name="arrives_at", kind=Kind.TIMESTAMP, meaning="when it is there"),
        Column(name="gives_max_kwh", kind=Kind.KWH, meaning="what it can give there, floor, ways and trip kept"),
        Column(name="given_kwh", kind=Kind.KWH, meaning="what it is planned to give"),
        Column(name="supply_h", kind=Kind.HOURS, meaning="for how long it gives"),
    ),
)

SITE_SUPPLY = TableSchema(
    name="site_supply",
    key=("event_id", "site_id", "start"),
    meaning="What each shelter and hospital gets in each step of an emergency, and why it gets nothing.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, required=True, filled=True, meaning="the declared emergency"),
        Column(name="site_id", kind=Kind.TEXT, required=True, filled=True, meaning="the site"),
        Column(name="kind", kind=Kind.TEXT, choices=tuple(SiteKind), meaning="what it is"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when the step starts"),
        Column(name="needed_h", kind=Kind.HOURS, meaning="how long it needs power in the step"),
        Column(name="critical_kwh", kind=Kind.KWH, meaning="its critical load"),
        Column(name="vehicles", kind=Kind.INTEGER, meaning="how many vehicles give"),
        Column(name="given_kwh", kind=Kind.KWH, meaning="what vehicles give"),
        Column(name="own_kwh", kind=Kind.KWH, meaning="what its own source gives"),
        Column(name="supply_h", kind=Kind.HOURS, meaning="how long the critical load is met"),
        Column(name="reason", kind=Kind.TEXT, choices=tuple(Uncovered), meaning="why it is not"),
    ),
)
