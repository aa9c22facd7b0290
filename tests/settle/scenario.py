"""Small random worlds: enrollments, events, refusals and readings with everything that goes wrong in them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.settle.folder import Cells, Folder, kwh, local, text_of
from tests.settle.shapes import Shape

DAY = timedelta(days=1)
REASONS = ("suspended", "suspended", "storm_hold", "islanded", "utility_fault", "device_fault", "not_called",
           "unreachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """An event of a world."""

    event_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A drawn world and what is asked of it."""

    folder: Folder
    period: str
    as_of: str


def draw(shape: Shape, seed: int, *, homes: int = 0) -> World:
    """The world of a seed."""
    chance = random.Random(f"{shape.tariff.parent.name}/{shape.tariff.stem}/{seed}")
    folder = Folder()
    events = draw_events(chance, shape, folder)
    for number in range(homes or chance.randint(2, 6)):
        draw_home(chance, shape, folder, events, f"e{number}")
    draw_prices(chance, shape, folder, events)
    draw_nominations(chance, shape, folder)
    as_of = chance.choice(shape.as_of)
    midnight = local(date.fromisoformat(as_of), time(), ZoneInfo(shape.timezone)).isoformat() if as_of else ""
    return World(folder=folder, period=shape.period, as_of=midnight)


# ---- events -------------------------------------------------------------------------------------
def draw_events(chance: random.Random, shape: Shape, folder: Folder) -> list[Called]:
    """Two to five events on different days; a longer one over the first where the tariff sorts by duration."""
    zone = ZoneInfo(shape.timezone)
    drawn = sorted(chance.sample(shape.event_days, chance.randint(2, min(5, len(shape.event_days)))))
    events = []
    for number, day in enumerate(drawn):
        minutes = chance.choices((0, 15, 30), (88, 6, 6))[0]
        start = local(day, time(chance.choice(shape.clock_hours)), zone, later=timedelta(minutes=minutes))
        length = timedelta(hours=float(chance.choice(shape.lengths_h)))
        events.append(draw_event(chance, shape, folder, f"v{number}", start, length))
        if shape.overlaps and chance.random() < 0.4:
            later = events[-1].start + timedelta(hours=chance.choice((0, 1)))
            other = timedelta(hours=float(chance.choice(shape.lengths_h)))
            events.append(draw_event(chance, shape, folder, f"v{number}b", later.astimezone(zone), other))
    return events


def draw_event(chance: random.Random, shape: Shape, folder: Folder, event_id: str, start: datetime,
               length: timedelta) -> Called:
    """One event with its notice, zones and perhaps its cancelling."""
    end = start.astimezone(UTC) + length
    cancelled = chance.choices((None, start - DAY, start.astimezone(UTC) - timedelta(seconds=1), start,
                                start + timedelta(minutes=30)), (85, 5, 4, 3, 3))[0]
    called = chance.choice((None, start - DAY, start - DAY, start.astimezone(UTC) - timedelta(hours=1),
                            start.astimezone(UTC) - timedelta(hours=chance.randint(0, 5))))
    zones = "" if chance.random() < 0.5 else ";".join(sorted(set(chance.choices(shape.zones, k=2)) - {""}))
    folder.add("events", event_id=event_id, service=chance.choice(shape.services), kind=chance.choice(shape.kinds),
               start=start, end=end, zone=zones, called_at=called, cancelled_at=cancelled)
    return Called(event_id=event_id, start=start, end=end)


def draw_prices(chance: random.Random, shape: Shape, folder: Folder, events: list[Called]) -> None:
    """A price for every hour of an event's day and every series."""
    zone = ZoneInfo(shape.timezone)
    for series in shape.series:
        for day in sorted({event.start.date() for event in events}):
            for hour in range(24):
                folder.add("prices", series=series, start=local(day, time(hour), zone), seconds=3600,
                           usd_per_mwh=f"{chance.randint(20, 900)}.{chance.randint(0, 99):02d}")


# ---- homes --------------------------------------------------------------------------------------
def draw_home(chance: random.Random, shape: Shape, folder: Folder, events: list[Called], name: str) -> None:
    """An enrollment with its meters, readings, opt-outs and unavailable time."""
    draw_enrollment(chance, shape, folder, events, name)
    roles = ("performance", "premise") if shape.premise else ("performance",)
    for role in roles:
        meters = draw_meters(chance, folder, events, name, role)
        nature = chance.choice(("exporter", "exporter", "consumer", "both"))
        seconds = chance.choices((900, 1800, 3600, 300), (70, 8, 20, 2))[0]
        for point, first, last in meters:
            draw_readings(chance, shape, folder, events, point, first, last, nature, seconds)
    for event in events:
        draw_refusals(chance, shape, folder, event, name)


def draw_enrollment(chance: random.Random, shape: Shape, folder: Folder, events: list[Called], name: str) -> None:
    """One row of enrollments, its days around those of the events."""
    rider, technologies = chance.choice(shape.riders)
    days = [event.start.date() for event in events]
    long_ago = days[0] - timedelta(days=chance.randint(30, 900))
    starts = chance.choices((long_ago, chance.choice(days), chance.choice(days) + DAY), (85, 8, 7))[0]
    signed = chance.choices((long_ago, None, chance.choice(days), chance.choice(days) + DAY), (82, 4, 7, 7))[0]
    ends = chance.choices((None, chance.choice(days), chance.choice(days) - DAY), (84, 8, 8))[0]
    enrolled = chance.choice((None, None, starts, starts - timedelta(days=chance.randint(0, 400))))
    participant = chance.choice(("agg-1", "agg-2"))
    folder.add("enrollments", enrollment_id=name, rider=rider, customer_id=f"c-{name}", participant_id=participant,
               aggregation_id=chance.choice(("", f"{participant}-north", f"{participant}-south")),
               payee_id=chance.choice(("", "", f"payee-{name}", "payee-shared")), point_id=f"m-{name}-performance",
               premise_point_id=f"m-{name}-premise" if shape.premise else "",
               technology=chance.choice(technologies), nameplate_kw=chance.choice(("5", "11.5", "3.333", "7.680001")),
               duration_h=chance.choice(("2", "2", "4", "4.0")), committed_kw=chance.choice(("", "4.2", "5", "0")),
               agreement_signed_on=signed, enrolled_on=enrolled, starts_on=starts,
               ends_on=None if ends is not None and ends < starts else ends,
               customer_class=chance.choice(("", "residential", "small_commercial", "other")),
               zone=chance.choice(shape.zones), services=chance.choice(shape.enrolled_services))
    row = folder.rows["enrollments"][-1]
    for attribute in shape.attributes:
        row[attribute] = chance.choice(("", "false", "false", "true"))
    for service in shape.taken:
        if chance.random() < 0.5:
            folder.add("service_terms", enrollment_id=name, service=service,
                       taken_on=starts + timedelta(days=chance.randint(-900, 200)))
    if shape.joins:
        draw_joining(chance, shape, row)


def draw_joining(chance: random.Random, shape: Shape, row: Cells) -> None:
    """When an enrollment that is paid at its beginning begins, is signed and ends, and what it follows."""
    starts = chance.choice(shape.joins)
    signed = chance.choice((None, starts, starts - 20 * DAY, starts - DAY,
                            starts + timedelta(days=chance.randint(1, 60))))
    later = [day + timedelta(days=chance.randint(0, 40)) for day in shape.joins if day >= starts]
    ends = chance.choice((None, None, *later))
    row |= {"starts_on": text_of(starts), "agreement_signed_on": text_of(signed), "ends_on": text_of(ends),
            "enrolled_on": text_of(chance.choice((None, None, starts - 5 * DAY))),
            "end_reason": chance.choice(("", "moved", "left", "died")) if ends else "",
            "prior_enrollment_id": chance.choice(("", "", "", "", "", "e0-before"))}


def draw_nominations(chance: random.Random, shape: Shape, folder: Folder) -> None:
    """Nominated power of those participants that enrollments name, now and then none."""
    for participant in sorted({row["participant_id"] for row in folder.rows["enrollments"]}):
        for service in shape.nominated:
            for month in shape.months:
                if chance.random() < 0.8:
                    folder.add("nominations", participant_id=participant, service=service, month=month,
                               kw=chance.choice(("0", "0.5", "1.25", "2", "3.3", "6")))


def draw_meters(chance: random.Random, folder: Folder, events: list[Called], name: str,
                role: str) -> list[tuple[str, date, date]]:
    """The meters of a role, with the days of which they have readings; sometimes one is exchanged."""
    point = f"m-{name}-{role}"
    if chance.random() > 0.2:
        return [(point, date.min, date.max)]
    moved = chance.choice(events).start.date() - timedelta(days=chance.randint(0, 6))
    shared = chance.random() < 0.5
    last = moved if shared else moved - DAY
    zone = events[0].start.tzinfo
    begins: object = moved
    if shared and isinstance(zone, ZoneInfo) and chance.random() < 0.5:
        begins = local(moved, time(17), zone)
    folder.add("points", enrollment_id=name, role=role, point_id=point, to=last)
    folder.add("points", enrollment_id=name, role=role, point_id=f"{point}-new", from_=begins)
    return [(point, date.min, last), (f"{point}-new", moved, date.max)]


def draw_refusals(chance: random.Random, shape: Shape, folder: Folder, event: Called, name: str) -> None:
    """An opt-out, unavailable time and a given adjustment, now and then."""
    start, end = event.start.astimezone(UTC), event.end.astimezone(UTC)
    if chance.random() < 0.12:
        at = chance.choice((start - DAY, start, end - timedelta(seconds=1), end, end + timedelta(minutes=5)))
        folder.add("opt_outs", event_id=event.event_id, enrollment_id=name, at=at)
    if chance.random() < 0.2:
        reason = chance.choice(REASONS)
        part = chance.choice((None, (start, end), (start - DAY, end + DAY), (start, start + timedelta(hours=1)),
                              (end - timedelta(minutes=30), end), (start, start + timedelta(minutes=15)),
                              (start + timedelta(minutes=7), start + timedelta(minutes=22))))
        if part is None:
            folder.add("unavailable", enrollment_id=name, event_id=event.event_id, reason=reason)
        else:
            folder.add("unavailable", enrollment_id=name, start=part[0], end=part[1], reason=reason)
        if chance.random() < 0.3 and start + timedelta(hours=1) < end:
            folder.add("unavailable", enrollment_id=name, event_id=event.event_id, start=start + timedelta(hours=1),
                       end=end, reason=chance.choice(REASONS))
    if shape.given and chance.random() < 0.6:
        at_hour = chance.choice((None, start, start + timedelta(minutes=20)))
        folder.add("adjustments", enrollment_id=name, event_id=event.event_id, start=at_hour,
                   kwh=kwh(chance.randint(-800_000, 1_200_000)))


# ---- readings -----------------------------------------------------------------------------------
def draw_readings(chance: random.Random, shape: Shape, folder: Folder, events: list[Called], point: str, first: date,
                  last: date, nature: str, seconds: int) -> None:
    """The readings of a meter over the days that its method reads, with gaps, doubts, revisions and repeats."""
    zone = ZoneInfo(shape.timezone)
    wanted = {event.start.date() - timedelta(days=back) for event in events for back in range(shape.history_days + 1)}
    for day in sorted(wanted):
        if not first <= day <= last or chance.random() < 0.02:
            continue
        at = local(day, time(), zone).astimezone(UTC)
        broken = chance.random() < 0.15
        while at.astimezone(zone).date() == day:
            if at.astimezone(zone).hour in shape.reading_hours:
                draw_reading(chance, folder, point, at, seconds, nature, 0.05 if broken else 0.0)
            at += timedelta(seconds=seconds)


def draw_reading(chance: random.Random, folder: Folder, point: str, at: datetime, seconds: int, nature: str,
                 trouble: float) -> None:
    """One reading; with the likelihood of trouble it is lost, doubtful, revised or repeated."""
    most = 2_000_000 * seconds // 3600
    taken = 0 if nature == "exporter" and chance.random() < 0.8 else chance.randint(0, most)
    given = 0 if nature == "consumer" and chance.random() < 0.97 else chance.randint(0, most)
    cells: dict[str, object] = {"point_id": point, "start": at.isoformat().replace("+00:00", "Z"), "seconds": seconds,
                                "import_kwh": kwh(taken), "export_kwh": kwh(given)}
    if chance.random() >= trouble:
        folder.add("readings", **cells)
        return
    kind = chance.choice(("lost", "estimated", "estimated", "estimated", "missing", "revised", "revised_to_missing",
                          "repeated", "negative"))
    if kind == "estimated":
        cells["quality"] = chance.choice(("estimated", "edited", "validated"))
    elif kind == "missing":
        cells |= {"import_kwh": "", "export_kwh": "", "quality": "missing"}
    elif kind == "negative":
        cells["export_kwh"] = "-0.1"
    if kind != "lost":
        folder.add("readings", **cells)
    if kind == "repeated":
        folder.add("readings", **cells)
    if kind == "revised":
        folder.add("readings", **cells | {"import_kwh": kwh(taken + 77), "revision": 2})
        folder.add("readings", **cells | {"import_kwh": kwh(taken + 99), "revision": 10})
    if kind == "revised_to_missing":
        folder.add("readings", **cells | {"quality": "missing", "revision": 2})

