"""A folder of a replay by hand: the tables of dispatch beside a settlement without events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gridrider.dispatch.model import (
    DEVICES,
    EVENTS_TABLE,
    FEEDER_STEPS,
    FEEDERS,
    FLEET_STEPS,
    PROTECTIONS,
    SKIPPED,
    STORM_CHARGES,
    WITHHELD,
)

from .sample import BARE, write_sample

HEADS = {schema.name: ",".join(schema.names) for schema in (
    DEVICES, EVENTS_TABLE, FEEDER_STEPS, FEEDERS, FLEET_STEPS, PROTECTIONS, SKIPPED, STORM_CHARGES, WITHHELD)}
HEADS["site_storms"] = "enrollment_id,from,to,status,alert"

DAY, NIGHT = "2022-09-06T23", "2022-11-06T0"
"""An event at 4 pm in California, and one in the night in which its clocks go back: 8 Z is 1 am PDT, 9 Z 1 am PST."""

TABLES: dict[str, str] = {
    # Event "day" wants 100 kW and may ask 90 in its second half hour; "night" wants all there is and calls two riders
    # in its first hour (the delivered power of both rows is the event's).
    "fleet_steps": (
        f"day,{DAY}:00:00Z,1800,100,100,90,0,20,18,150,200,50,75,100,0\n"
        f"day,{DAY}:30:00Z,1800,100,90,88,10,20,17,100,200,20,50,80,0\n"
        f"night,{NIGHT}8:00:00Z,3600,,30,50,,10,10,50,100,40,50,60,0\n"
        f"night,{NIGHT}8:00:00Z,3600,,25,50,,30,30,50,100,10,70,90,0\n"
        f"night,{NIGHT}9:00:00Z,3600,,40,35,,40,38,50,100,10,20,30,0\n"),
    "withheld": (
        f"day,{DAY}:00:00Z,reserve,4,20\nday,{DAY}:30:00Z,reserve,5,30\nday,{DAY}:30:00Z,storm_hold,1,5\n"
        f"night,{NIGHT}8:00:00Z,opted_out,2,10\nnight,{NIGHT}9:00:00Z,opted_out,2,12\n"),
    "skipped": ("day,E2,reserve,Leaf 7,holds nothing\nday,E1,reserve,Leaf 7,holds 2 kWh\n"
                "night,E1,opted_out,Leaf 8,left\n"),
    "protections": (
        f"E1,{DAY}:30:00Z,reserve,5,1,Leaf 7,day,later\nE3,{DAY}:00:00Z,reserve,5,2,Leaf 7,day,sooner\n"
        f"E3,{DAY}:00:00Z,export_limit,5,4,,day,\n"),
    "devices": "".join(f"E{place},battery,5,5,10,1,1,{customer},{device},,true,,,,,,,\n"
                       for place, (customer, device) in enumerate(((20, 0), (10, 30), (0, 5)))),
    "events_table": "2022-09-06,20,0.09,0.089,1,2,day\n2022-11-06,40,0.05,0.085,4,1,night\n",
    "feeders": "Süd-1,Sub,50,37.9,-122.0\nF2,Sub,40,37.9,-121.9\nSub,,,37.8,-121.95\nlost,Sub,,,\n",
    "feeder_steps": (
        f"day,{DAY}:00:00Z,Süd-1,50,50,0.25\nday,{DAY}:00:00Z,F2,30,40,0\nday,{DAY}:00:00Z,Sub,80,,0\n"
        f"day,{DAY}:30:00Z,Süd-1,50,50,0.75\nday,{DAY}:30:00Z,F2,20,40,0\nday,{DAY}:30:00Z,Sub,70,,0\n"
        f"night,{NIGHT}8:00:00Z,Süd-1,60,70,0\nnight,{NIGHT}8:00:00Z,F2,39,40,0\nnight,{NIGHT}8:00:00Z,Sub,99,,0\n"),
    "site_storms": (
        "E1,2022-09-01T00:00:00Z,2022-09-01T06:00:00Z,pre_arm,K\nE2,2022-09-01T02:00:00Z,2022-09-01T06:00:00Z,pre_arm,K\n"
        "E1,2022-09-01T06:00:00Z,2022-09-02T00:00:00Z,lock,K\nE1,2022-10-01T00:00:00Z,2022-10-01T01:00:00Z,lock,L\n"
        "E2,2022-10-01T00:30:00Z,,feed_lost,L\n"),
    "storm_charges": "".join(
        f"E{place},K,WS.W,lock,2022-09-01T06:00:00Z,2022-09-01T06:00:00Z,2022-09-01T12:00:00Z,{stored},{expected},100\n"
        for place, (stored, expected) in enumerate(((40, 80), (50, 90), (60, 100)))),
}


def write_dispatch(out: Path, tables: Mapping[str, str]) -> Path:
    """Write a settlement without events and beside it those tables of dispatch, from their bodies."""
    write_sample(out, BARE)
    for name, body in tables.items():
        (out / f"{name}.csv").write_text(f"{HEADS[name]}\n{body}", encoding="utf-8")
    return out
