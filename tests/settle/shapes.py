"""What a random world looks like under each tariff: when it calls, whom, and which readings its method needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).parent / "tariffs"
SHIPPED = ROOT / "tariffs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The ranges from which a world is drawn."""

    tariff: Path
    timezone: str
    period: str
    event_days: tuple[date, ...]
    clock_hours: tuple[int, ...]
    """Local hours at which an event may start."""
    lengths_h: tuple[str, ...] = ("1", "2", "3")
    reading_hours: frozenset[int] = frozenset(range(13, 22))
    """Local hours of which there are readings."""
    history_days: int = 0
    riders: tuple[tuple[str, tuple[str, ...]], ...] = (("battery", ("battery",)),)
    services: tuple[str, ...] = ("",)
    kinds: tuple[str, ...] = ("",)
    zones: tuple[str, ...] = ("",)
    enrolled_services: tuple[str, ...] = ("",)
    premise: bool = False
    overlaps: bool = False
    series: tuple[str, ...] = ()
    given: bool = False
    as_of: tuple[str, ...] = ("",)
    attributes: tuple[str, ...] = ()
    """Attributes that an enrollment may have."""
    nominated: tuple[str, ...] = ()
    """Services for which participants nominate power."""
    months: tuple[str, ...] = ()
    """Months for which they do."""
    taken: tuple[str, ...] = ()
    """Services that may have a vintage of their own."""
    joins: tuple[date, ...] = ()
    """Days on which enrollments begin, and other days on which they may end, for payments at enrollment."""


def days(first: str, *more: int) -> tuple[date, ...]:
    """A day and others so many days later."""
    start = date.fromisoformat(first)
    return (start, *(start + timedelta(days=later) for later in more))


SERIES = ("CAISO_DAM:DLAP_PGAE-APND", "CAISO_DAM:DLAP_SCE-APND", "CAISO_DAM:DLAP_SDGE-APND")

SHAPES = {
    "elrp": Shape(tariff=SHIPPED / "pge/elrp-a4/tariff.yaml", timezone="America/Los_Angeles",
                  period="2025-08-18/2025-09-10", event_days=days("2025-08-14", 4, 7, 9, 15, 18, 19, 22),
                  clock_hours=(16, 17, 18), reading_hours=frozenset(range(11, 21)), history_days=22,
                  kinds=("", "", "Flex Alert", "test", "program-minimum"), zones=("PGE",),
                  riders=(("battery", ("battery", "battery", "battery", "ev")),), as_of=("", "2025-12-31")),
    "dsgs": Shape(tariff=SHIPPED / "cec/dsgs-option-3/tariff.yaml", timezone="America/Los_Angeles", period="2025",
                  event_days=days("2025-05-20", 13, 50, 51, 80, 90, 91, 120, 140, 164), clock_hours=(16, 17, 18),
                  lengths_h=("1", "2", "2", "3", "4"), zones=("PGE", "SCE", "SDGE"), overlaps=True, series=SERIES,
                  kinds=("", "", "Test Capacity", "energy_only", "TEST-NON-CAPACITY")),
    "connected-solutions-ma": Shape(
        tariff=SHIPPED / "national-grid/connected-solutions-ma/tariff.yaml", timezone="America/New_York",
        period="2025-01-01/2026-01-01", event_days=days("2025-06-02", 14, 30, 51, 52, 80, 110), clock_hours=(15, 16),
        lengths_h=("2", "3"), kinds=("", "", "peak", "test")),
    "connected-solutions-ri": Shape(
        tariff=SHIPPED / "national-grid/connected-solutions-ri/tariff.yaml", timezone="America/New_York",
        period="2025-07-01/2025-09-01", event_days=days("2025-06-16", 16, 30, 51, 52, 80), clock_hours=(14, 15, 16),
        lengths_h=("2", "3"), as_of=("", "2025-08-10", "2025-10-15")),
    "peak-time-rebates": Shape(
        tariff=SHIPPED / "portland-general/peak-time-rebates/tariff.yaml", timezone="America/Los_Angeles",
        period="2025-07-01/2025-09-01", event_days=days("2025-07-08", 1, 5, 11, 12, 16), clock_hours=(17, 18),
        reading_hours=frozenset(range(17, 21)), lengths_h=("1", "2"), history_days=30, given=True,
        riders=(("household", ("other", "thermostat", "battery")),), as_of=("", "2025-12-31")),
    "pseg-li": Shape(tariff=SHIPPED / "pseg-li/battery/tariff.yaml", timezone="America/New_York", period="2025",
                     event_days=days("2025-05-05", 28, 57, 58, 100, 140), clock_hours=(14, 16, 18)),
    "ten-of-ten": Shape(tariff=OWN / "ten-of-ten.yaml", timezone="America/Los_Angeles",
                        period="2025-06-20/2025-07-12", event_days=days("2025-06-14", 5, 7, 11, 15, 20, 21, 25),
                        clock_hours=(15, 16, 17), reading_hours=frozenset(range(12, 21)), history_days=26,
                        riders=(("site", ("battery", "thermostat", "thermostat", "ev")),), zones=("north", "south"),
                        kinds=("", "", "dry run"), as_of=("", "2025-07-01", "2025-12-31")),
    "resource": Shape(tariff=OWN / "resource.yaml", timezone="America/Los_Angeles", period="2024-02-20/2024-03-20",
                      event_days=days("2024-02-18", 4, 8, 11, 21, 24), clock_hours=(15, 17, 18),
                      reading_hours=frozenset(range(13, 22)), history_days=12,
                      riders=(("site", ("battery", "ev", "thermostat")),), as_of=("", "2024-03-25", "2024-12-31")),
    "storage-export": Shape(tariff=OWN / "storage-export.yaml", timezone="America/New_York",
                            period="2025-03-01/2025-12-01", event_days=days("2025-03-09", 2, 20, 200, 238),
                            clock_hours=(0, 1, 3, 17), lengths_h=("0.5", "1", "1", "2", "3"),
                            reading_hours=frozenset((*range(8), *range(17, 22))), premise=True,
                            kinds=("", "", "test"), riders=(("battery", ("battery", "ev")),)),
    "winter": Shape(tariff=OWN / "winter.yaml", timezone="America/New_York", period="2025",
                    event_days=days("2025-01-07", 20, 61, 62, 80, 299, 310, 340), clock_hours=(0, 1, 5, 17),
                    reading_hours=frozenset((*range(10), *range(17, 22))), kinds=("", "", "", "test"),
                    as_of=("", "2026-01-10", "2026-01-11", "2025-11-20")),
    "winter-nights": Shape(tariff=OWN / "winter-nights.yaml", timezone="America/New_York", period="2025",
                           event_days=days("2025-03-06", 3, 4, 6, 7, 238, 240, 241, 244), clock_hours=(1, 2, 3),
                           reading_hours=frozenset(range(8)), history_days=13, kinds=("", "", "free"),
                           riders=(("site", ("battery", "ev", "water_heater")),)),
    "midnight": Shape(tariff=OWN / "winter-nights.yaml", timezone="America/New_York", period="2025",
                      event_days=days("2025-03-05", 3, 5, 7, 10, 239, 241, 245), clock_hours=(21, 22, 23),
                      lengths_h=("2", "3", "4", "5"), reading_hours=frozenset((*range(6), *range(19, 24))),
                      history_days=14, kinds=("", "", "free"), riders=(("site", ("battery", "ev", "water_heater")),)),
    "energy-floors": Shape(tariff=OWN / "energy-floors.yaml", timezone="America/Los_Angeles",
                           period="2025-06-01/2025-10-01", event_days=days("2025-06-16", 1, 10, 30, 40, 60, 80),
                           clock_hours=(15, 17), zones=("north", "south"),
                           as_of=("", "2025-08-20")),
    "season-aggregation": Shape(tariff=OWN / "season-aggregation.yaml", timezone="America/Los_Angeles",
                                period="2025-06-01/2025-10-01", event_days=days("2025-06-16", 1, 10, 30, 60, 80),
                                clock_hours=(15, 17), services=("capacity", "capacity", "energy"),
                                kinds=("", "", "long_peak"), zones=("north", "south"), overlaps=True,
                                enrolled_services=("", "", "capacity"),
                                riders=(("battery", ("battery",)), ("ev", ("ev",)))),
    "month-aggregation": Shape(tariff=OWN / "month-aggregation.yaml", timezone="America/New_York",
                               period="2024-02-10/2024-04-01", event_days=days("2024-02-08", 5, 21, 22, 31, 40),
                               clock_hours=(15, 17), lengths_h=("1", "1.75", "2", "3"), kinds=("", "", "test"),
                               riders=(("battery", ("battery", "ev", "thermostat")),),
                               as_of=("", "2024-03-03", "2024-03-05")),
    "nominated": Shape(tariff=OWN / "nominated.yaml", timezone="America/Los_Angeles", period="2025-07-01/2025-09-20",
                       event_days=days("2025-06-20", 13, 20, 27, 45, 52, 60, 80), clock_hours=(16, 17),
                       services=("capacity", "capacity", "relief"), kinds=("", "", "test"), zones=("north", "south"),
                       enrolled_services=("", "", "relief"), nominated=("capacity", "relief"),
                       months=("2025-06", "2025-07", "2025-08", "2025-09"), as_of=("", "2025-09-10", "2025-12-31")),
    "committed": Shape(tariff=OWN / "committed.yaml", timezone="America/New_York", period="2025-06-01/2025-08-16",
                       event_days=days("2025-05-20", 15, 20, 27, 45, 52, 60, 80), clock_hours=(16, 17),
                       services=("reserve", "reserve", "credit"), zones=("north", "south"),
                       enrolled_services=("", "", "reserve"), taken=("reserve", "credit"),
                       attributes=("net_metering", "low_income", "disadvantaged_community", "second-hand"),
                       as_of=("", "2025-08-03", "2025-12-31")),
    "upfront": Shape(tariff=OWN / "upfront.yaml", timezone="America/New_York", period="2025-06-01/2025-09-01",
                     event_days=days("2025-05-20", 15, 20, 45, 60, 80), clock_hours=(16, 17), zones=("north", "south"),
                     riders=(("battery", ("battery",)), ("battery", ("battery",)), ("ev", ("ev",))),
                     attributes=("third_party_funded", "constrained_area", "low_income", "disadvantaged_community"),
                     joins=days("2023-08-31", 100, 400, 580, 640, 650, 671, 700, 730),
                     as_of=("", "2025-08-03", "2026-01-31")),
    "at-price": Shape(tariff=OWN / "at-price.yaml", timezone="America/Los_Angeles", period="2025-06-01/2025-08-16",
                      event_days=days("2025-05-20", 15, 20, 27, 45, 52, 60, 80), clock_hours=(16, 17),
                      zones=("PGE", "SCE"), series=SERIES[:2], attributes=("low_income",), kinds=("", "", "test"),
                      riders=(("battery", ("battery", "ev")), ("ev", ("ev",)), ("thermostat", ("thermostat",))),
                      as_of=("", "2025-12-31")),
}
