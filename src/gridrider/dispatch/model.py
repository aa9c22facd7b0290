"""What dispatch knows of a device, what it asks of it, what the device answers, and what held an event back.

Signs: `delivered_kw` is positive when it helps the grid (discharge, or load shed) and negative when it draws from it
(charge). Kernels reckon in floating kW and kWh; these tables are the door at which both become whole milliwatts and
milliwatt-hours, rounded toward zero where they bound a device, so that rounding is never the harsher choice.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from ..table import Column, Kind, TableSchema
from .assign_model import ASSIGNMENTS as ASSIGNMENTS
from .assign_model import SITE_SUPPLY as SITE_SUPPLY


class Connection(IntEnum):
    """How a home stands to the grid."""

    GRID_TIED = 0
    ISLANDED = 1
    RECONNECTING = 2
    """The grid is back and the inverter waits and ramps, as IEEE 1547 has it (enter service: 300 s, then a ramp)."""
    OFF = 3


class Origin(StrEnum):
    """What an instruction comes from. Only an event's may be made milder; the others are the customer's own good."""

    EVENT = "event"
    PRE_CHARGE = "pre_charge"
    STORM_CHARGE = "storm_charge"
    EV_DEPARTURE = "ev_departure"
    RESTORE = "restore"
    EMERGENCY_STOP = "emergency_stop"


PRIMACY = {Origin.EMERGENCY_STOP: 0, Origin.STORM_CHARGE: 1, Origin.RESTORE: 2, Origin.EV_DEPARTURE: 3,
           Origin.EVENT: 4, Origin.PRE_CHARGE: 5}
"""Which instruction a device obeys when two hold at once: the smaller number (IEEE 2030.5, primacy)."""


class Protection(StrEnum):
    """What keeps an event from asking more of a device, in the order in which the reasons are told."""

    EMERGENCY_STOP = "emergency_stop"
    NOT_IN_FORCE = "not_in_force"
    UNSIGNED = "unsigned"
    UNVERIFIED = "unverified"
    MEDICAL = "medical"
    SUSPENDED = "suspended"
    OPTED_OUT = "opted_out"
    ISLANDED = "islanded"
    STORM_HOLD = "storm_hold"
    STORM_FEED_LOST = "storm_feed_lost"
    EVENTS_PER_MONTH = "events_per_month"
    EVENTS_PER_YEAR = "events_per_year"
    CYCLES_PER_YEAR = "cycles_per_year"
    OUTSIDE_EVENT = "outside_event"
    SILENT = "silent"
    STALE = "stale"
    CONTRADICTORY = "contradictory"
    UNPLUGGED = "unplugged"
    EV_DEPARTURE = "ev_departure"
    RESERVE = "reserve"
    HIGH_VOLTAGE = "high_voltage"
    EXPORT_LIMIT = "export_limit"
    POWER_LIMIT = "power_limit"
    FULL = "full"
    """A charge instruction ends at a full battery, or at the state of charge that it names."""


DEVICES = TableSchema(
    name="devices",
    key=("enrollment_id",),
    meaning="What is known of each enrolled device: its size, its place in the grid and the settings of its owner.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="technology", kind=Kind.TEXT, required=True, filled=True, meaning="what the device is"),
        Column(name="discharge_max_kw", kind=Kind.KW, required=True, meaning="the most it can give, or shed"),
        Column(name="charge_max_kw", kind=Kind.KW, required=True, meaning="the most it can draw"),
        Column(name="usable_kwh", kind=Kind.KWH, required=True, meaning="usable energy; 100 % is all of it"),
        Column(name="charge_efficiency", kind=Kind.FACTOR, required=True, meaning="stored for each kWh drawn"),
        Column(name="discharge_efficiency", kind=Kind.FACTOR, required=True, meaning="given for each kWh stored"),
        Column(name="reserve_customer_pct", kind=Kind.FACTOR, required=True, meaning="the customer's backup reserve"),
        Column(name="reserve_device_pct", kind=Kind.FACTOR, required=True, meaning="the reserve set in the device"),
        Column(name="export_max_kw", kind=Kind.KW, meaning="what the connection may export; blank = no limit"),
        Column(name="verified", kind=Kind.BOOLEAN, required=True, meaning="it has proven its identity and firmware"),
        Column(name="zone", kind=Kind.TEXT, meaning="the zone of the tariff"),
        Column(name="feeder", kind=Kind.TEXT, meaning="the feeder that it hangs on"),
        Column(name="latitude_deg", kind=Kind.FACTOR, meaning="where it stands"),
        Column(name="longitude_deg", kind=Kind.FACTOR, meaning="where it stands"),
        Column(name="county", kind=Kind.TEXT, meaning="its county code of the weather service (UGC)"),
        Column(name="forecast_zone", kind=Kind.TEXT, meaning="its forecast zone of the weather service (UGC)"),
        Column(name="fire_zone", kind=Kind.TEXT, meaning="its fire weather zone (UGC)"),
    ),
)

FEEDERS = TableSchema(
    name="feeders",
    key=("feeder",),
    meaning="Feeders and what they can carry; a feeder may hang on another.",
    columns=(
        Column(name="feeder", kind=Kind.TEXT, required=True, filled=True, meaning="the feeder"),
        Column(name="parent", kind=Kind.TEXT, meaning="what it hangs on; blank = the grid"),
        Column(name="export_max_kw", kind=Kind.KW, meaning="most its devices may deliver together; blank = any"),
        Column(name="latitude_deg", kind=Kind.FACTOR, meaning="where it is drawn on a map"),
        Column(name="longitude_deg", kind=Kind.FACTOR, meaning="where it is drawn on a map"),
    ),
)

TELEMETRY = TableSchema(
    name="telemetry",
    key=("enrollment_id", "reported_at"),
    meaning="What devices report of themselves.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="reported_at", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="the instant it tells of"),
        Column(name="stored_kwh", kind=Kind.KWH, meaning="energy stored; blank = not told"),
        Column(name="delivered_kw", kind=Kind.KW, meaning="mean power since the last report, + given, - drawn"),
        Column(name="home_net_kw", kind=Kind.KW, meaning="the home's net import without the device"),
        Column(name="voltage_pu", kind=Kind.FACTOR, meaning="voltage at its terminals"),
        Column(name="connection", kind=Kind.TEXT, choices=tuple(each.name.lower() for each in Connection),
               meaning="how the home stands to the grid"),
        Column(name="plugged", kind=Kind.BOOLEAN, meaning="a vehicle is at its charger; blank = not a vehicle"),
        Column(name="departs_at", kind=Kind.TIMESTAMP, meaning="when the vehicle leaves next"),
        Column(name="departure_kwh", kind=Kind.KWH, meaning="energy it needs then, trip and margin"),
        Column(name="follows", kind=Kind.BOOLEAN, meaning="it follows an instruction; false = its customer's settings"),
    ),
)

INSTRUCTIONS = TableSchema(
    name="instructions",
    key=("instruction_id",),
    meaning="What each device was asked to do, why, until when, and what it does if nobody speaks to it again.",
    columns=(
        Column(name="instruction_id", kind=Kind.TEXT, required=True, filled=True, meaning="enrollment and its number"),
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="event_id", kind=Kind.TEXT, meaning="the event; blank = none"),
        Column(name="program", kind=Kind.TEXT, required=True, filled=True, meaning="the tariff"),
        Column(name="origin", kind=Kind.TEXT, required=True, filled=True, choices=tuple(Origin),
               meaning="what it comes from"),
        Column(name="primacy", kind=Kind.INTEGER, required=True, filled=True, meaning="the smaller number wins"),
        Column(name="issued_at", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when it was sent"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="from when it holds"),
        Column(name="end", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="until when, exclusive"),
        Column(name="delivered_kw", kind=Kind.KW,
               meaning="power asked, + given, - drawn; blank = the device is left to itself"),
        Column(name="floor_kwh", kind=Kind.KWH, meaning="below which the device stops giving, whatever is asked"),
        Column(name="target_kwh", kind=Kind.KWH, meaning="at which it stops drawing"),
        Column(name="reverts_at", kind=Kind.TIMESTAMP, required=True, filled=True,
               meaning="when the device goes back to its customer's settings by itself"),
        Column(name="protection", kind=Kind.TEXT, meaning="what made it milder; blank = nothing"),
        Column(name="reason", kind=Kind.TEXT, required=True, filled=True, meaning="why, in words"),
        Column(name="clause", kind=Kind.TEXT, meaning="where the tariff says so"),
        Column(name="supersedes", kind=Kind.TEXT, meaning="the instruction that it takes the place of; blank = none"),
    ),
)


class Answer(StrEnum):
    """What became of an instruction, as far as is known (IEEE 2030.5 responses, and our own UNKNOWN)."""

    SENT = "sent"
    RECEIVED = "received"
    STARTED = "started"
    COMPLETED = "completed"
    OPTED_OUT = "opted_out"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """Nobody acknowledged it in time. It never counts as delivered."""
    SEEN = "seen"
    """Telemetry shows what was asked."""
    NOT_OBEYED = "not_obeyed"
    """It was acknowledged, and telemetry shows something else."""


ANSWERS = TableSchema(
    name="answers",
    key=("instruction_id", "at", "answer"),
    meaning="What devices answered to instructions, and what telemetry showed of them.",
    columns=(
        Column(name="instruction_id", kind=Kind.TEXT, required=True, filled=True, meaning="the instruction"),
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="at", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when"),
        Column(name="answer", kind=Kind.TEXT, required=True, filled=True, choices=tuple(Answer), meaning="what it was"),
    ),
)

PROTECTIONS = TableSchema(
    name="protections",
    key=("enrollment_id", "at", "protection"),
    meaning="Where a protection made an instruction milder: what would have been asked, what was.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="at", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when"),
        Column(name="protection", kind=Kind.TEXT, required=True, choices=tuple(Protection),
               meaning="what held it back"),
        Column(name="asked_kw", kind=Kind.KW, meaning="what the event would have asked"),
        Column(name="given_kw", kind=Kind.KW, meaning="what was asked of the device"),
        Column(name="clause", kind=Kind.TEXT, meaning="where the tariff says so"),
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="reason", kind=Kind.TEXT, meaning="why, in words"),
    ),
)

SKIPPED = TableSchema(
    name="skipped",
    key=("event_id", "enrollment_id"),
    meaning="Who was called for an event and never asked anything in it, and why.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, required=True, filled=True, meaning="the event"),
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="reason", kind=Kind.TEXT, required=True, choices=tuple(Protection), meaning="the first protection"),
        Column(name="clause", kind=Kind.TEXT, meaning="where the tariff says so"),
        Column(name="because", kind=Kind.TEXT, meaning="why, in words"),
    ),
)

FLEET_STEPS = TableSchema(
    name="fleet_steps",
    key=("event_id", "start"),
    meaning="The fleet through an event, step by step.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when the step starts"),
        Column(name="seconds", kind=Kind.INTEGER, meaning="how long it lasts"),
        Column(name="target_kw", kind=Kind.KW, meaning="what the event wanted; blank = as much as may be had"),
        Column(name="asked_kw", kind=Kind.KW, meaning="what the devices were asked together"),
        Column(name="delivered_kw", kind=Kind.KW, meaning="what they gave together, by their telemetry"),
        Column(name="shortfall_kw", kind=Kind.KW, meaning="target less what could be asked; blank without a target"),
        Column(name="devices", kind=Kind.INTEGER, meaning="how many were called"),
        Column(name="asked_devices", kind=Kind.INTEGER, meaning="how many of them were asked for power"),
        Column(name="stored_kwh", kind=Kind.KWH, meaning="energy in the batteries of those called"),
        Column(name="usable_kwh", kind=Kind.KWH, meaning="what those batteries can hold"),
        Column(name="stored_p10_pct", kind=Kind.FACTOR, meaning="a tenth of them hold less than this"),
        Column(name="stored_p50_pct", kind=Kind.FACTOR, meaning="half of them hold less"),
        Column(name="stored_p90_pct", kind=Kind.FACTOR, meaning="nine tenths hold less"),
        Column(name="level", kind=Kind.FACTOR, meaning="the level that was broadcast (the price of one more kW)"),
    ),
)

WITHHELD = TableSchema(
    name="withheld",
    key=("event_id", "start", "protection"),
    meaning="How much of the fleet's power each protection kept from an event, step by step.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when the step starts"),
        Column(name="protection", kind=Kind.TEXT, choices=tuple(Protection), meaning="what held it back"),
        Column(name="devices", kind=Kind.INTEGER, meaning="for how many devices it was the binding reason"),
        Column(name="withheld_kw", kind=Kind.KW, meaning="their rated power less what they may give"),
    ),
)

FEEDER_STEPS = TableSchema(
    name="feeder_steps",
    key=("event_id", "start", "feeder"),
    meaning="What each feeder carried of an event, and what one more kW there would be worth.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when the step starts"),
        Column(name="feeder", kind=Kind.TEXT, meaning="the feeder"),
        Column(name="asked_kw", kind=Kind.KW, meaning="asked of its devices together"),
        Column(name="export_max_kw", kind=Kind.KW, meaning="its cap"),
        Column(name="dual", kind=Kind.FACTOR, meaning="the cap's dual: its locational value, in units of the level"),
    ),
)

STORM_CHARGES = TableSchema(
    name="storm_charges",
    key=("enrollment_id", "alert"),
    meaning="Who is charged before a storm, from when, and how full the battery is expected to be at its onset.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment"),
        Column(name="alert", kind=Kind.TEXT, meaning="the alert's key"),
        Column(name="product", kind=Kind.TEXT, meaning="the alert's product, such as WS.W"),
        Column(name="status", kind=Kind.TEXT, choices=("pre_arm", "lock"), meaning="a watch or a warning"),
        Column(name="decided_at", kind=Kind.TIMESTAMP, meaning="when"),
        Column(name="charge_from", kind=Kind.TIMESTAMP, meaning="its staggered start"),
        Column(name="onset", kind=Kind.TIMESTAMP, meaning="when the storm is expected"),
        Column(name="stored_pct", kind=Kind.FACTOR, meaning="state of charge when it was decided"),
        Column(name="expected_pct", kind=Kind.FACTOR, meaning="state of charge expected at the onset"),
        Column(name="target_pct", kind=Kind.FACTOR, meaning="charged to"),
    ),
)

EVENTS_TABLE = TableSchema(
    name="events_table",
    key=("date", "event_id"),
    meaning="The public table of events: who took part and what they gave at most.",
    columns=(
        Column(name="date", kind=Kind.DATE, meaning="the local date"),
        Column(name="participants", kind=Kind.INTEGER, meaning="enrollments called"),
        Column(name="peak_mw", kind=Kind.MW, meaning="the largest power delivered in a step, by telemetry"),
        Column(name="delivered_mwh", kind=Kind.MWH, meaning="energy delivered, by telemetry"),
        Column(name="opted_out", kind=Kind.INTEGER, meaning="of them, who opted out before or during the event"),
        Column(name="skipped", kind=Kind.INTEGER, meaning="of them, who was never asked"),
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
    ),
)
