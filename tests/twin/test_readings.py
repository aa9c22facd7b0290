"""The twin's registers as readings: exact, sorted by point and start, a row for each quarter hour that the day has."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridrider.twin.readings import readings_of

ZONE = ZoneInfo("America/Los_Angeles")
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(("day", "first", "slots"), [
    (date(2026, 3, 8), datetime(2026, 3, 8, 8, tzinfo=UTC), 92),
    (date(2026, 6, 1), datetime(2026, 6, 1, 7, tzinfo=UTC), 96),
    (date(2026, 11, 1), datetime(2026, 11, 1, 7, tzinfo=UTC), 100)])
def test_a_day_of_readings_is_what_flowed_quarter_by_quarter(day: date, first: datetime, slots: int) -> None:
    rng = np.random.default_rng(1)
    imported, exported = rng.integers(0, 5_000_000, (2, slots, 2))
    rows = readings_of(day, ZONE, ["M-1", "M-2"], (imported, exported)).to_pylist()
    assert [row["point_id"] for row in rows] == ["M-1"] * slots + ["M-2"] * slots
    assert [row["start"] for row in rows] == [first + number * QUARTER for number in range(slots)] * 2
    assert {(row["seconds"], row["quality"]) for row in rows} == {(900, "actual")}
    for name, register in (("import_kwh", imported), ("export_kwh", exported)):
        assert [row[name] for row in rows] == [Decimal(int(mwh)) / 1_000_000 for mwh in register.T.ravel()]
