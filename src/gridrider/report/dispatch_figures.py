"""The figures of dispatch, as exact records: kW and kWh, + helps the grid, times in the tariff's zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

ZERO = Decimal(0)
HELD_FOR_STORM = ("storm_hold", "storm_feed_lost")


def hours_between(start: datetime, end: datetime) -> Decimal:
    """Elapsed hours, whatever the clocks do.

    >>> from zoneinfo import ZoneInfo
    >>> zone = ZoneInfo("America/New_York")
    >>> hours_between(datetime(2027, 11, 7, tzinfo=zone), datetime(2027, 11, 8, tzinfo=zone))
    Decimal('25')
    """
    return Decimal(int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())) / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchStep:
    """The fleet in one step of an event."""

    start: datetime
    end: datetime
    target_kw: Decimal | None
    """None = as much as may be had."""
    asked_kw: Decimal
    delivered_kw: Decimal
    shortfall_kw: Decimal | None
    devices: int
    stored_pct: tuple[Decimal, Decimal, Decimal] | None
    """p10, median and p90 of the batteries' state of charge; None when nobody told."""

    @property
    def hours(self) -> Decimal:
        """How long it lasts."""
        return hours_between(self.start, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchEvent:
    """One event, step by step, with what each protection kept from it."""

    event_id: str
    steps: tuple[DispatchStep, ...]
    """In order of time, one at least."""
    withheld: Mapping[str, tuple[Decimal, ...]]
    """Protection -> the called devices' rated power less what they may give, one figure for each step. [kW]"""
    skipped: int
    opted_out: int

    @property
    def start(self) -> datetime:
        """When its first step starts."""
        return self.steps[0].start

    @property
    def end(self) -> datetime:
        """When its last step ends."""
        return self.steps[-1].end

    @property
    def peak(self) -> DispatchStep:
        """The step in which most was delivered."""
        return max(self.steps, key=lambda step: step.delivered_kw)

    @property
    def devices(self) -> int:
        """How many devices were called at most."""
        return max(step.devices for step in self.steps)

    @property
    def has_target(self) -> bool:
        """True when the event wanted a certain power in one of its steps."""
        return any(step.target_kw is not None for step in self.steps)

    @property
    def delivered_kwh(self) -> Decimal:
        """Energy given, by telemetry."""
        return sum((step.delivered_kw * step.hours for step in self.steps), ZERO)

    @property
    def shortfall_kwh(self) -> Decimal:
        """Energy that was wanted and could not be asked."""
        return sum(((step.shortfall_kw or ZERO) * step.hours for step in self.steps), ZERO)

    def withheld_kwh(self, *protections: str) -> Decimal:
        """Energy that these protections kept back; all of them when none is named."""
        return sum((power_kw * step.hours for name in protections or self.withheld
                    for power_kw, step in zip(self.withheld.get(name, ()), self.steps, strict=False)), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedEvent:
    """An event that is drawn, and why this one."""

    event: DispatchEvent
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserves:
    """The backup reserve of the homes: the larger of the customer's and the device's own, in % of usable energy."""

    smallest_pct: Decimal
    median_pct: Decimal
    largest_pct: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """One protection over all events: whom it spared altogether, whom in part, and what it kept back."""

    protection: str
    calls: int
    """Enrollments and events that were never asked, for which it was the first reason."""
    enrollments: int
    """Different enrollments among them."""
    events: int
    asked_less: int
    """Different enrollments whose instruction it made milder."""
    withheld_kwh: Decimal
    clause: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeederFigure:
    """A feeder: its place, its cap, what was asked of it in the step shown, and at most over all events."""

    feeder: str
    parent: str
    longitude_deg: Decimal | None
    latitude_deg: Decimal | None
    cap_kw: Decimal | None
    asked_kw: Decimal
    dual: Decimal
    asked_kw_max: Decimal
    binding_steps: int
    dual_max: Decimal

    @property
    def share(self) -> Decimal | None:
        """What was asked over the cap; None without a cap, or with a cap of nothing."""
        return self.asked_kw / self.cap_kw if self.cap_kw else None

    @property
    def binds(self) -> bool:
        """True when the cap kept power back in the step shown."""
        return self.dual > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeederMoment:
    """All feeders at one moment: the step of an event in which most was asked."""

    start: datetime
    feeders: tuple[FeederFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StormChange:
    """How many sites stood how to a storm from this moment on."""

    at: datetime
    sites: Mapping[str, int]
    """Status (lock, pre_arm, feed_lost) -> sites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormEpisode:
    """A time in which a storm concerned some site without a longer pause; the last change ends it."""

    changes: tuple[StormChange, ...]

    def sites_max(self, status: str) -> int:
        """The most sites that stood so at one moment."""
        return max(change.sites.get(status, 0) for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StormCharge:
    """Batteries charged before the storms of one product, and how full they were expected to be at the onset."""

    product: str
    status: str
    enrollments: int
    onset_first: datetime | None
    onset_last: datetime | None
    stored_pct: Decimal | None
    """Median when it was decided."""
    expected_pct: tuple[Decimal, Decimal, Decimal] | None
    """p10, median and p90 at the onset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedDay:
    """A day of a published season beside the same day in the replay; a published figure may be missing."""

    day: date
    participants: int
    published_participants: int | None
    peak_mw: Decimal
    published_peak_mw: Decimal | None
    """Published in whole megawatts: it stands for half a megawatt to either side."""
    constant_peak_mw: Decimal | None
    error_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A published season beside the replay, and what is to be known of it."""

    days: tuple[ComparedDay, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Every figure of the report's part on dispatch."""

    events: tuple[DispatchEvent, ...]
    picked: tuple[PickedEvent, ...]
    reserves: Reserves | None
    spared: tuple[Spared, ...]
    feeders: FeederMoment | None
    storms: tuple[StormEpisode, ...]
    storm_charges: tuple[StormCharge, ...]
