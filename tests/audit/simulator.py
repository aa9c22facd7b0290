"""A small dispatcher of its own, written from the page of rules in fractions, that records a good run tick by tick.

It looks at one device at a time, asks for a share of what the page allows, and is told by a `Plan` what befalls the
devices: outages, silence, storms, opt-outs, suspensions, a stop, answers that stay away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from tests.audit.recorded import Row, Run, at

LAST, TICK, STEP, LEASE = 300, 5, 15, 20
RESERVE_PCT, TELEMETRY_MINUTES_MAX = 20, 12
Span = tuple[int, int]
"""Minutes after the start of the plain event, half-open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What a device is and what befalls it."""

    technology: str = "battery"
    stored_pct: int = 80
    reserve_pct: int = 10
    export_max_kw: int | None = None
    home_net_kw: int = 1
    voltage_milli_pu: int = 1000
    own_kw: Fraction = Fraction(1, 2)
    """What its owner's settings give, down to the reserve."""
    departs: int = 240
    departure_pct: int = 60
    share: Fraction = Fraction(1)
    outages: tuple[Span, ...] = ()
    silences: tuple[Span, ...] = ()
    away: tuple[Span, ...] = ()
    storms: tuple[tuple[str, Span], ...] = ()
    suspensions: tuple[Span, ...] = ()
    opts_out: tuple[tuple[int, int], ...] = ()
    """Number of the event, and when."""
    deaf: frozenset[int] = frozenset()
    """Ticks at which it hears nothing."""
    signed: bool = True
    verified: bool = True
    medical: bool = False
    storm_opt_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Devices, events and a stop."""

    fates: tuple[Fate, ...]
    events: tuple[Span, ...]
    """On quarter hours, and not at once."""
    stop: Span | None = None


def inside(spans: tuple[Span, ...], minute: int) -> bool:
    """True if a minute is in one of the spans."""
    return any(start <= minute < end for start, end in spans)


@dataclass(slots=True, kw_only=True)
class Device:
    """One device and what the dispatcher knows and has asked of it."""

    name: str
    fate: Fate
    stored: Fraction
    obeys: Row | None = None
    """The last instruction that it heard."""
    sent: Row | None = None
    report: Row | None = None
    reported: int = -1000
    unreported_kwh: Fraction = Fraction(0)
    asked: dict[int, bool] = field(default_factory=dict)
    """Events in which it was asked: True until it is let go."""
    unverified: tuple[Row, int] | None = None

    @property
    def stores(self) -> bool:
        """True for what has energy to keep."""
        return self.fate.technology != "thermostat"

    @property
    def floor_kwh(self) -> Fraction:
        """The energy of its reserves, of ten kilowatt-hours."""
        return Fraction(max(RESERVE_PCT, self.fate.reserve_pct), 10)

    def must_keep(self, reverts: int) -> Fraction:
        """Energy that cannot be charged again after a timer and before it leaves."""
        if self.fate.technology != "ev":
            return Fraction(0)
        hours = Fraction(max(self.fate.departs - reverts, 0), 60)
        return max(Fraction(self.fate.departure_pct, 10) - 5 * Fraction(9, 10) * hours, Fraction(0))


def simulate(plan: Plan) -> Run:
    """The tables of a run in which nothing is wrong."""
    run, devices = Run(), []
    for number, (start, end) in enumerate(plan.events):
        run.add("events", event_id=f"v{number}", start=at(start), end=at(end))
    if plan.stop:
        run.add("stops", stopped_at=at(plan.stop[0]), resumed_at=at(plan.stop[1]))
    for number, fate in enumerate(plan.fates):
        devices.append(Device(name=f"e{number}", fate=fate, stored=Fraction(fate.stored_pct, 10)))
        describe(run, devices[-1])
    for minute in range(-60, LAST + 1, TICK):
        for device in devices:
            live(run, device, minute)
            verify(run, device, minute)
            decide(run, device, minute, plan)
    for device in devices:
        for number in range(len(plan.events)):
            if number not in device.asked:
                run.add("skipped", event_id=f"v{number}", enrollment_id=device.name, reason="reserve")
    return run


def describe(run: Run, device: Device) -> None:
    """The rows of a device and of what is known of its fate."""
    fate, name = device.fate, device.name
    run.add("enrollments", enrollment_id=name, point_id=name, technology=fate.technology,
            agreement_signed_on="2026-01-01" if fate.signed else "", life_support=str(fate.medical).lower(),
            storm_opt_out=str(fate.storm_opt_out).lower())
    run.add("devices", enrollment_id=name, technology=fate.technology, verified=str(fate.verified).lower(),
            reserve_customer_pct=str(fate.reserve_pct),
            export_max_kw="" if fate.export_max_kw is None else str(fate.export_max_kw))
    for status, (start, end) in fate.storms:
        run.add("site_storms", {"from": at(start), "to": at(end)}, enrollment_id=name, status=status, alert="WS.W.0001")
    for start, end in fate.suspensions:
        run.add("unavailable", enrollment_id=name, reason="suspended", start=at(start), end=at(end))
    for number, minute in fate.opts_out:
        run.add("opt_outs", event_id=f"v{number}", enrollment_id=name, at=at(minute))


def six(number: Fraction, *, up: bool = False) -> str:
    """A number with six decimals, toward zero or up."""
    whole = ceil(number * 10**6) if up else int(number * 10**6)
    return f"{'-' if whole < 0 else ''}{abs(whole) // 10**6}.{abs(whole) % 10**6:06d}"


# ---- the device ------------------------------------------------------------------------------------
def live(run: Run, device: Device, minute: int) -> None:
    """The last tick passes, and the device reports it unless it is silent."""
    fate, before = device.fate, minute - TICK
    tied, plugged = not inside(fate.outages, before), not inside(fate.away, before)
    heard = device.obeys
    follows = (heard is not None and tied and plugged and heard["delivered_kw"] != ""
               and at(before) < heard["reverts_at"])
    wanted = Fraction(heard["delivered_kw"]) if follows and heard is not None else fate.own_kw * plugged
    lowest = Fraction((heard or {}).get("floor_kwh") or 0) if follows else device.floor_kwh
    device.unreported_kwh += move(device, wanted, lowest)
    if inside(fate.silences, minute):
        return
    hours = Fraction(min(minute - device.reported, 60), 60)
    device.report = run.add("telemetry", {
        "enrollment_id": device.name, "reported_at": at(minute),
        "stored_kwh": six(device.stored) if device.stores else "",
        "delivered_kw": six(device.unreported_kwh / hours), "home_net_kw": str(fate.home_net_kw),
        "voltage_pu": f"{fate.voltage_milli_pu / 1000}", "follows": str(follows).lower(),
        "connection": "islanded" if inside(fate.outages, minute) else "grid_tied"})
    if fate.technology == "ev":
        device.report.update(plugged=str(not inside(fate.away, minute)).lower(), departs_at=at(fate.departs),
                             departure_kwh=six(Fraction(fate.departure_pct, 10)))
    device.reported, device.unreported_kwh = minute, Fraction(0)


def move(device: Device, wanted_kw: Fraction, lowest_kwh: Fraction) -> Fraction:
    """Energy given (drawn: below zero) in a tick; what is stored follows, between the floor and full."""
    hours, efficiency = Fraction(TICK, 60), Fraction(9, 10)
    if not device.stores:
        return wanted_kw * hours
    if wanted_kw >= 0:
        given = min(wanted_kw * hours, max(device.stored - lowest_kwh, Fraction(0)) * efficiency)
        device.stored -= given / efficiency
    else:
        given = -min(-wanted_kw * hours, (10 - device.stored) / efficiency)
        device.stored -= given * efficiency
    return given


# ---- the dispatcher --------------------------------------------------------------------------------
def decide(run: Run, device: Device, minute: int, plan: Plan) -> None:
    """What is sent to the device at a tick: a release, a storm charge, a step of an event, or nothing."""
    stopped = plan.stop is not None and plan.stop[0] <= minute < plan.stop[1]
    running = next((number for number, (start, end) in enumerate(plan.events) if start <= minute < end), None)
    held = hold(device, minute, running)
    if stopped:
        if holds(device, minute) or any(device.asked.values()):
            release(run, device, minute, "emergency_stop")
        return
    storm = any(start <= minute < end for _, (start, end) in device.fate.storms)
    charging = device.sent is not None and device.sent["origin"] == "storm_charge" and holds(device, minute)
    if storm and minute % STEP == 0 and may_charge(device):
        charge(run, device, minute)
    elif any(device.asked.values()) and not charging and (
            held or running is None or not device.asked.get(running, False)):
        release(run, device, minute, "restore")
    elif running is not None and not held and not charging and minute % STEP == 0:
        ask(run, device, minute, running, plan.events[running][1])


def hold(device: Device, minute: int, running: int | None) -> bool:
    """Whether anything forbids to ask the device in the event."""
    fate, report = device.fate, device.report
    return (inside(fate.suspensions, minute) or any(start <= minute < end for _, (start, end) in fate.storms)
            or any(number == running and since <= minute for number, since in fate.opts_out)
            or report is None or report["connection"] != "grid_tied")


def holds(device: Device, minute: int) -> bool:
    """Whether an instruction to the device still holds."""
    return (device.sent is not None and device.sent["origin"] in ("event", "storm_charge")
            and at(minute) < min(device.sent["end"], device.sent["reverts_at"]))


def may_charge(device: Device) -> bool:
    """Whether a storm charge may be sent."""
    return (device.report is not None and device.report["connection"] == "grid_tied" and not device.fate.storm_opt_out
            and device.stores and device.report.get("plugged") != "false")


def charge(run: Run, device: Device, minute: int) -> None:
    """Charge before a storm, as long as there is room."""
    wanted_kw = 0 if Fraction((device.report or {})["stored_kwh"]) >= 9 else -5
    send(run, device, minute, minute + STEP, minute + STEP, origin="storm_charge", delivered_kw=str(wanted_kw),
         target_kwh="9")
    device.asked = dict.fromkeys(device.asked, False)


def release(run: Run, device: Device, minute: int, origin: str) -> None:
    """Give the device back to its owner."""
    row = send(run, device, minute, minute + STEP, minute + STEP, origin=origin)
    device.asked = dict.fromkeys(device.asked, False)
    if device.obeys is row:
        device.unverified = (row, minute)


def ask(run: Run, device: Device, minute: int, number: int, event_end: int) -> None:
    """A step of the event, with the device's share of what the page allows."""
    reverts = min(minute + LEASE, event_end)
    allowed = bound(device, minute, reverts)
    asked = six(allowed * device.fate.share)
    if Fraction(asked) <= 0:
        return
    lowest = six(max(device.floor_kwh, device.must_keep(reverts)), up=True) if device.stores else ""
    milder = {"protection": "reserve"} if Fraction(asked) < 5 else {}
    send(run, device, minute, min(minute + STEP, event_end), reverts, origin="event", event_id=f"v{number}",
         delivered_kw=asked, floor_kwh=lowest, **milder)
    if milder:
        run.add("protections", enrollment_id=device.name, at=at(minute), protection="reserve", asked_kw="5",
                given_kw=asked, event_id=f"v{number}")
    device.asked[number] = True


def bound(device: Device, minute: int, reverts: int) -> Fraction:
    """The most that the page lets an event ask, by the latest report."""
    fate, report = device.fate, device.report
    if (report is None or not fate.signed or not fate.verified or fate.medical
            or minute - device.reported > TELEMETRY_MINUTES_MAX or report.get("plugged") == "false"):
        return Fraction(0)
    if not device.stores:
        return Fraction(5)
    hours, stored = Fraction(reverts - minute, 60), Fraction(report["stored_kwh"])
    most = [Fraction(5), (stored - max(device.floor_kwh, device.must_keep(reverts))) * Fraction(9, 10) / hours]
    if fate.voltage_milli_pu > 1060:
        most.append(5 * Fraction(1100 - fate.voltage_milli_pu, 40))
    if fate.export_max_kw is not None:
        most.append(Fraction(fate.export_max_kw + fate.home_net_kw))
    return max(min(most), Fraction(0))


def send(run: Run, device: Device, minute: int, end: int, reverts: int, *, origin: str, **cells: str) -> Row:
    """Write an instruction, what it takes the place of, and whether the device heard it."""
    if device.sent is not None and holds(device, minute):
        cells["supersedes"] = device.sent["instruction_id"]
    row = run.ask(minute, "", {"floor_kwh": "", "event_id": "", **cells}, origin=origin, answer="",
                  enrollment_id=device.name, end=at(end), reverts_at=at(reverts))
    if minute // TICK in device.fate.deaf:
        run.answer(row, minute + 2 * TICK, "unknown")
    else:
        run.answer(row, minute + floor(TICK / 2), "received")
        device.obeys = row
    device.sent = row
    return row


def verify(run: Run, device: Device, minute: int) -> None:
    """A release is seen by the first report that follows nothing, and unknown after two ticks without one."""
    if device.unverified is None:
        return
    row, since = device.unverified
    if device.reported == minute and device.report is not None and device.report["follows"] == "false":
        run.answer(row, minute, "seen")
        device.unverified = None
    elif minute - since >= 2 * TICK:
        run.answer(row, minute, "unknown")
        device.unverified = None
