"""What batteries have been called for, counted row by row from the rules of docs/reference/event-rules.md."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.event.world import NEW_YORK, Row, World

TECHNOLOGIES = {"battery": {"battery"}, "vehicle": {"ev", "battery"}}
SERVICES = {"battery": {"peak", "relief"}, "vehicle": {"charge"}}
FLOORS = {"battery": Decimal("0.8"), "vehicle": Decimal(1)}
MINUTE = timedelta(minutes=1)


def count(world: World, day: date) -> dict[tuple[str, str], str]:
    """The used cell of each enrollment and parameter on a day, as limits.csv should show it."""
    events = [event for event in world.tables["events"] if not cancelled(event)]
    found = {}
    for enrollment in world.tables["enrollments"]:
        if enrollment["rider"] != "battery" or not in_force(enrollment, day):
            continue
        together = [other for other in world.tables["enrollments"] if other["point_id"] == enrollment["point_id"]]
        reached = [event for event in events if any(dispatched(world, other, event) for other in together)]
        month = [event for event in reached if local_day(event).month == day.month]
        name = enrollment["enrollment_id"]
        found[name, "events_per_month"] = str(len(month))
        found[name, "events_per_year"] = str(len(reached))
        found[name, "cycles_per_year"] = cycles(world, together, events, reached)
    return found


def cycles(world: World, together: list[Row], events: list[Row], reached: list[Row]) -> str:
    """Called discharge of a battery over its usable energy."""
    usable = max(Decimal(other["usable_kwh"]) for other in together)
    power = max(Decimal(other["nameplate_kw"]) for other in together)
    usable_most = max(Decimal(other["usable_kwh"]) * FLOORS[other["rider"]] for other in together)
    energy = Decimal()
    for event in events:
        given = [Decimal(row["kwh"]) for row in world.tables.get("called_discharge", []) for other in together
                 if row["event_id"] == event["event_id"] and row["enrollment_id"] == other["enrollment_id"]
                 and event["service"] in SERVICES[other["rider"]]]
        if given:
            energy += sum(given)
        elif event in reached:
            hours = Decimal((end_of(event) - start_of(event)) // timedelta(hours=1))
            energy += min(power * hours, usable_most)
    text = str((energy / usable).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP))
    return text.rstrip("0").rstrip(".")


def dispatched(world: World, enrollment: Row, event: Row) -> bool:
    """True if the event called the enrollment and nothing kept it away from the start or for all of the time."""
    if not called(world, enrollment, event):
        return False
    start, end = start_of(event), end_of(event)
    for row in world.tables.get("opt_outs", []):
        if (row["event_id"], row["enrollment_id"]) == (event["event_id"], enrollment["enrollment_id"]) and (
                datetime.fromisoformat(row["at"]) < start):
            return False
    minutes = {start + number * MINUTE for number in range(int((end - start) / MINUTE))}
    for row in world.tables.get("unavailable", []):
        if row["enrollment_id"] != enrollment["enrollment_id"]:
            continue
        if row["event_id"] == event["event_id"]:
            return False
        if not row["event_id"]:
            minutes = {minute for minute in minutes if not datetime.fromisoformat(row["start"]) <= minute
                       < datetime.fromisoformat(row["end"])}
    return bool(minutes)


def called(world: World, enrollment: Row, event: Row) -> bool:
    """True if the event is one of the enrollment's."""
    if not fits(enrollment, event):
        return False
    if event["service"] != "charge":
        return True
    rivals = [other for other in world.tables["events"] if other["service"] == "charge" and not cancelled(other)
              and fits(enrollment, other) and start_of(other) < end_of(event) and start_of(event) < end_of(other)]
    return not any(rank(other) < rank(event) for other in rivals)


def rank(event: Row) -> tuple[timedelta, datetime, str]:
    """The longest first, then the earliest, then the smaller id."""
    return start_of(event) - end_of(event), start_of(event), event["event_id"]


def fits(enrollment: Row, event: Row) -> bool:
    """True if rider, service, zone, days, agreement, technology, length and protection all let the event call."""
    rider, day = enrollment["rider"], local_day(event)
    signed = enrollment["agreement_signed_on"]
    length_h = (end_of(event) - start_of(event)) / timedelta(hours=1)
    return (event["service"] in SERVICES[rider] and (not enrollment["services"] or event["service"] in enrollment[
                "services"].split(";"))
            and (not event["zone"] or enrollment["zone"] in event["zone"].split(";")) and in_force(enrollment, day)
            and bool(signed) and date.fromisoformat(signed) <= day and enrollment["technology"] in TECHNOLOGIES[rider]
            and not (rider == "vehicle" and enrollment["duration_h"] and length_h > int(enrollment["duration_h"]))
            and not (rider == "battery" and enrollment["medical_baseline"] == "true"))


def in_force(enrollment: Row, day: date) -> bool:
    """True on the days from starts_on to ends_on, both included."""
    last = date.fromisoformat(enrollment["ends_on"] or "9999-12-31")
    return date.fromisoformat(enrollment["starts_on"]) <= day <= last


def cancelled(event: Row) -> bool:
    """True if it was called off before its start."""
    return bool(event["cancelled_at"]) and datetime.fromisoformat(event["cancelled_at"]) < start_of(event)


def start_of(event: Row) -> datetime:
    """When it starts."""
    return datetime.fromisoformat(event["start"])


def end_of(event: Row) -> datetime:
    """When it ends."""
    return datetime.fromisoformat(event["end"])


def local_day(event: Row) -> date:
    """The local day of its start."""
    return start_of(event).astimezone(NEW_YORK).date()
