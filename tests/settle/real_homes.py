"""The three real homes of the reference data as an input folder, and the tariff in its variants."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.settle.folder import Folder

TARIFF = Path(__file__).parent / "tariffs" / "real-homes.yaml"
PERIOD = "2016-09-26/2016-09-27"
HOMES = ("1", "2", "3")
PV_KW = Decimal(4)
FIRST_HOUR = datetime(2016, 8, 1, 8, tzinfo=UTC)
"""Row 2 of each file is Monday 2016-08-01, hour 1, on the standard clock."""


def home_folder(refs: Path) -> Folder:
    """Readings of three homes to the end of the event day, the event and two earlier ones."""
    folder = Folder()
    for home in HOMES:
        folder.add("enrollments", enrollment_id=home, rider="home", customer_id=home, participant_id=home,
                   point_id=f"meter-{home}", technology="other", nameplate_kw="5", agreement_signed_on="2016-07-01",
                   starts_on="2016-07-01")
        for hour, net_kwh in enumerate(net_loads(refs / "data" / f"citylearn2022_building_{home}.csv")):
            start = FIRST_HOUR + timedelta(hours=hour)
            taken, given = (net_kwh, Decimal(0)) if net_kwh >= 0 else (Decimal(0), -net_kwh)
            folder.add("readings", point_id=f"meter-{home}", start=start, seconds=3600, import_kwh=taken,
                       export_kwh=given)
    for day in ("09-15", "09-22", "09-26"):
        folder.add("events", event_id=day, start=f"2016-{day}T16:00:00-08:00", end=f"2016-{day}T21:00:00-08:00",
                   called_at=f"2016-{day}T12:00:00-08:00")
    return folder


def net_loads(path: Path) -> list[Decimal]:
    """Net load of each hour from 2016-08-01 to 2016-09-26: the four loads less the sun, exact to 1 mWh."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))[1:1 + 57 * 24]
    loads = ("non_shiftable_load", "dhw_demand", "cooling_demand", "heating_demand")
    return [(sum((Decimal(row[name]) for name in loads), Decimal(0))
             - Decimal(row["solar_generation"]) * PV_KW / 1000).quantize(Decimal("0.000001"), ROUND_HALF_UP)
            for row in rows]


def variant(folder: Path, *, adjust: str = "", floor: str = "event") -> Path:
    """The tariff with another adjustment or span of its floor."""
    text = TARIFF.read_text(encoding="utf-8")
    ratio = '{kind: ratio, hours_before: "3", gap_hours: "1", low: "5/7", high: "7/5"}'
    text = text.replace(ratio, adjust or ratio).replace("per: event", f"per: {floor}")
    path = folder / "tariff.yaml"
    path.write_text(text, encoding="utf-8")
    return path


GUARDED = '{kind: ratio, hours_before: "3", gap_hours: "1", low: "5/7", high: "7/5", smallest_mean_kw: "0.2"}'
ADDITIVE = '{kind: additive, hours_before: "3", gap_hours: "1"}'
UNGUARDED = ('{kind: ratio, hours_before: "3", gap_hours: "1", low: "5/7", high: "7/5", '
             'otherwise: unguarded}')
