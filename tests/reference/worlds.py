"""Small random worlds for the rules that the worlds of tests/settle leave alone.

Few meters that many homes share, claims of others, nominations, homes that enroll and leave around the run.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.settle.folder import Folder, kwh

ZONE = ZoneInfo("America/New_York")
HOUR, QUARTER, DAY = timedelta(hours=1), timedelta(minutes=15), timedelta(days=1)
DAYS = (date(2025, 7, 1), date(2025, 7, 5), date(2025, 7, 21))
PROGRAMS = ("halves", "ours", "theirs", "theirs", "free", "alone", "value_stack", "net_metering", "later", "unheard_of")
Called = tuple[str, str, datetime, datetime]


def clock(day: date, hour: int, minute: int = 0) -> datetime:
    """A local clock time as an instant."""
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def read(folder: Folder, chance: random.Random, point: str, days: list[date], usual_mwh: int) -> None:
    """Readings by the quarter of an hour from noon to eight: mostly export, sometimes a gap or an estimate."""
    for day in days:
        lost = chance.random() < 0.08
        for number in range(32):
            mwh = chance.randint(-usual_mwh // 3, usual_mwh)
            if lost and chance.random() < 0.1:
                continue
            folder.add("readings", point_id=point, start=clock(day, 12) + number * QUARTER, seconds=900,
                       import_kwh=kwh(max(0, -mwh)), export_kwh=kwh(max(0, mwh)),
                       quality="estimated" if chance.random() < 0.003 else "")


def refuse(folder: Folder, chance: random.Random, home: str, events: list[Called]) -> None:
    """Opt-outs and unavailable time, now and then."""
    for name, _, start, end in events:
        if chance.random() < 0.06:
            folder.add("opt_outs", event_id=name, enrollment_id=home, at=end - QUARTER)
        if chance.random() < 0.1:
            folder.add("unavailable", enrollment_id=home, start=start, end=start + chance.choice((HOUR, 2 * HOUR)),
                       reason=chance.choice(("storm_hold", "suspended")))


def draw_events(folder: Folder, chance: random.Random, services: tuple[str, ...], days: list[date],
                count: int) -> list[Called]:
    """Events of one to three hours, which may overlap where they are of different services or of the same."""
    events = []
    for number in range(count):
        start = clock(chance.choice(days), chance.randint(13, 16), chance.choice((0, 0, 0, 15, 30)))
        end = start + chance.choice((HOUR, 2 * HOUR, 2 * HOUR, 3 * HOUR, 90 * timedelta(minutes=1)))
        event = (f"v{number}", chance.choice(services), start, end)
        folder.add("events", event_id=event[0], service=event[1], start=start, end=end,
                   kind=chance.choice(("", "", "", "peak")) if chance.random() < 0.85 else "test",
                   zone=chance.choice(("", "", "north")))
        events.append(event)
    return events


def shared_world(seed: int) -> Folder:
    """Homes that share few meters, services that share their energy, and claims of others."""
    chance, folder, days = random.Random(f"shared/{seed}"), Folder(), list(DAYS)
    events = draw_events(folder, chance, ("peak", "peak", "relief", "market", "weighted"), days, 7)
    meters, premises = ("inverter-1", "inverter-2", "inverter-3"), ("house-1", "house-2")
    for point in (*meters, *premises):
        read(folder, chance, point, days, 900_000)
    for number in range(6):
        home, battery = f"e{number}", chance.random() < 0.65
        starts = date(2024, 1, 1) + chance.randint(0, 500) * DAY
        folder.add("enrollments", enrollment_id=home, rider="battery" if battery else "home", customer_id=home,
                   participant_id=chance.choice(("agg-1", "agg-2")),
                   point_id=chance.choice(meters if battery else premises),
                   premise_point_id=chance.choice((*premises, "")), technology="battery" if battery else "thermostat",
                   nameplate_kw="5", agreement_signed_on=chance.choice((starts, starts, starts, None)),
                   enrolled_on=chance.choice((None, date(2024, 5, 1))), starts_on=starts,
                   zone=chance.choice(("north", "south")), services=chance.choice(("", "", "peak;relief", "peak")))
        for service in ("peak", "relief", "market", "weighted"):
            if battery and chance.random() < 0.3:
                folder.add("service_terms", enrollment_id=home, service=service,
                           taken_on=chance.choice((date(2024, 2, 1), date(2024, 4, 1), date(2025, 3, 1))))
        refuse(folder, chance, home, events)
    for _ in range(chance.choice((0, 2, 5))):
        start = clock(chance.choice(days), chance.randint(12, 17), chance.choice((0, 20, 30)))
        power = chance.random() < 0.3
        folder.add("claims", point_id=chance.choice((*meters, *premises)), start=start,
                   seconds=chance.choice((900, 1800, 3600, 7200)), program=chance.choice(PROGRAMS),
                   service=chance.choice(("", "theirs", "alone")),
                   kwh=None if power else kwh(chance.randint(0, 3_000_000)),
                   kw=kwh(chance.randint(0, 2_000_000)) if power else None)
    for series in ("TEST:NORTH", "TEST:SOUTH"):
        for day in days:
            for hour in range(12, 21):
                folder.add("prices", series=series, start=clock(day, hour), seconds=3600,
                           usd_per_mwh=f"{chance.randint(1, 900)}.{chance.randint(0, 99):02d}")
    return folder


def paid_world(seed: int) -> Folder:
    """Homes that enroll, sign and leave around the run, with attributes; nominations of two participants."""
    chance, folder = random.Random(f"paid/{seed}"), Folder()
    days = [date(2025, 6, 12), *DAYS, date(2025, 8, 14)]
    events = draw_events(folder, chance, ("committed", "credit", "nominated", "nominated", "short"), days, 8)
    for number in range(9):
        home, battery = f"e{number}", chance.random() < 0.6
        enrolled = chance.choice((date(2023, 5, 31), date(2025, 1, 31), date(2025, 6, 15), date(2025, 7, 5),
                                  date(2025, 8, 30)))
        signed = chance.choice((enrolled, enrolled - 3 * DAY, enrolled + 17 * DAY, None))
        ends = chance.choice((None, None, None, date(2025, 7, 4), date(2025, 7, 31), date(2025, 8, 14),
                              date(2025, 12, 30)))
        folder.add("enrollments", enrollment_id=home, rider="battery" if battery else "ev", customer_id=home,
                   participant_id=chance.choice(("agg-1", "agg-2")), payee_id=chance.choice(("", home)),
                   point_id=f"meter-{home}", technology="battery" if battery else "ev",
                   nameplate_kw=chance.choice(("5", "7.654321", "13.5")), duration_h=chance.choice(("2", "4")),
                   committed_kw=chance.choice(("", "", "4.2", "0")), agreement_signed_on=signed,
                   enrolled_on=chance.choice((None, enrolled)), starts_on=enrolled,
                   ends_on=ends if ends is not None and ends >= enrolled else None,
                   end_reason=chance.choice(("", "moved", "died", "left")),
                   prior_enrollment_id=chance.choices(("", "earlier"), (9, 1))[0],
                   customer_class=chance.choice(("residential", "other")), zone="",
                   low_income=chance.choice((True, False, None)), constrained_area=chance.choice((True, False, None)),
                   net_metering=chance.choices((True, False, None), (1, 3, 3))[0], remote=chance.choice((True, None)))
        for service in ("committed", "credit"):
            if battery and chance.random() < 0.3:
                folder.add("service_terms", enrollment_id=home, service=service, taken_on=chance.choice(
                    (date(2023, 7, 1), date(2024, 7, 2), date(2025, 6, 20))))
        read(folder, chance, f"meter-{home}", days, 2_000_000)
        refuse(folder, chance, home, events)
    named = {row["participant_id"] for row in folder.rows["enrollments"]}
    for participant in sorted(named):
        for month in ("2025-05", "2025-06", "2025-07", "2025-08"):
            for service in ("nominated", "short"):
                if chance.random() < 0.7:
                    folder.add("nominations", participant_id=participant, service=service, month=month,
                               kw=chance.choice(("0", "3.3", "5", "7.5", "12", "0.5")))
    return folder
