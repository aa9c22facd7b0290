"""A small fleet and its day, as the tests of the twin set them up."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from gridrider.twin.fleet.commands import Commands
from gridrider.twin.fleet.draw import draw_fleet
from gridrider.twin.fleet.flows import Flows
from gridrider.twin.fleet.homes import FleetParameters
from gridrider.twin.fleet.run import run
from gridrider.twin.fleet.state import FleetState
from gridrider.twin.fleet.surroundings import Surroundings

SOUND: dict[str, Any] = {name: {"kind": "constant", "is": number, "source": "a test"} for name, number in {
    "obeys": True, "latency_s": 0.0, "clock_offset_s": 0.0, "lie": 0, "silences_per_day": 0.0, "lost_share": 0.0,
    "voltage_offset_pu": 0.0, "backs_up": True}.items()}
"""A fleet in which nothing misbehaves."""

BARE: dict[str, Any] = SOUND | {name: {"kind": "constant", "is": number, "source": "a test"} for name, number in {
    "load_kw": 1.0, "pv_kw": 0.0, "cooling_kw": 0.0, "heating_kw": 0.0, "tank_kw": 0.0, "behaviour": 0,
    "reserve_pct": 20.0, "export_kw_max": 10.0, "followed_share": 1.0}.items()} | {
    "battery": {"kind": "choice", "of": [{"battery_kwh": 13.5, "battery_kw_nameplate": 5.0}], "shares": [1.0],
                "source": "a test"},
    "car": {"kind": "choice", "shares": [1.0], "source": "a test", "of": [dict.fromkeys(
        ("ev_kwh", "ev_charge_kw_max", "ev_discharge_kw_max", "ev_target_kwh", "ev_departure_kwh", "ev_floor_kwh"),
        0.0)]}}
"""Homes with a load of 1 kW and one battery of 13.5 kWh and 5 kW, kept at 20%, and nothing else."""


def quiet_day(count: int, *, steps: int = 288, sun: float = 0.0, **changed: Any) -> Surroundings:
    """Flat load, steady weather, from midnight of a clock that is the local one."""
    flat = np.ones((steps, 1))
    calm = Surroundings.calm(count, local_offset_s=0.0, temperature_c=25.0 * flat, horizontal_kw_per_m2=sun * flat,
                             panel_kw_per_kw=sun * flat, load_shape=flat, water_shape=flat)
    return replace(calm, **changed)


def fleet(spec: dict[str, Any], count: int = 4, seed: int = 1, **changed: Any) -> FleetParameters:
    """A drawn fleet with columns overwritten; one number stands for all homes."""
    drawn = draw_fleet(spec, count, seed)
    return replace(drawn, **{name: np.full(count, number, dtype=getattr(drawn, name).dtype)
                             if np.isscalar(number) else np.asarray(number, dtype=getattr(drawn, name).dtype)
                             for name, number in changed.items()})


def one_run(parameters: FleetParameters, around: Surroundings, commands: Commands | None = None, *,
            clock_s: float = 0.0, stored_share: float = 0.6, **how: Any) -> tuple[FleetState, Flows]:
    """A run from a fresh start; numpy unless told otherwise."""
    start = FleetState.start(parameters, clock_s=clock_s, stored_share=stored_share)
    return run(parameters, start, commands or Commands.none(len(parameters)), around,
               **({"dt_s": 300, "use_compiled": False} | how))


def columns(record: Any) -> dict[str, Any]:
    """A record's arrays by name, records inside it taken apart."""
    found: dict[str, Any] = {}
    for field in fields(record):
        part = getattr(record, field.name)
        if isinstance(part, Commands):
            found |= {f"{field.name}.{name}": column for name, column in columns(part).items()}
        elif isinstance(part, np.ndarray):
            found[field.name] = part
    return found
