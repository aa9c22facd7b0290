"""How New York and Virginia count days, against their calendars of 2027 written by hand and a count day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridrider.tariff.state_days import (
    HOLIDAYS,
    business_days_before,
    counted_days,
    counted_years,
    is_business_day,
    rolled,
)

NEW_YORK_2027 = ("01-01", "01-18", "02-12", "02-15", "05-31", "06-13", "06-19", "07-04", "07-05", "09-06", "10-11",
                 "11-02", "11-11", "11-25", "12-25")
VIRGINIA_2027 = ("01-01", "01-18", "02-15", "05-31", "06-18", "06-19", "07-04", "07-05", "09-06", "10-11", "11-02",
                 "11-11", "11-25", "11-26", "12-24", "12-25", "12-31")

days = st.dates(date(1995, 1, 1), date(2095, 1, 1))
states = st.sampled_from(["new_york", "virginia", "none"])


@pytest.mark.parametrize(("state", "listed"), [("new_york", NEW_YORK_2027), ("virginia", VIRGINIA_2027)])
def test_the_holidays_of_2027(state: str, listed: tuple[str, ...]) -> None:
    """General Construction Law § 24 and Code of Virginia § 2.2-3300 for one year (R22)."""
    assert sorted(HOLIDAYS[state](2027)) == [date.fromisoformat(f"2027-{day}") for day in listed]


@pytest.mark.parametrize(("state", "day", "moved"), [
    ("new_york", "2027-04-02", "2027-04-02"),  # a Friday
    ("new_york", "2027-04-03", "2027-04-05"),  # Saturday to Monday
    ("new_york", "2027-04-04", "2027-04-05"),  # Sunday to Monday
    ("new_york", "2027-07-03", "2027-07-06"),  # Saturday, Independence Day on Sunday, kept on Monday
    ("new_york", "2027-06-18", "2027-06-18"),  # Juneteenth on a Saturday is not kept on the Friday
    ("virginia", "2027-06-18", "2027-06-21"),  # in Virginia it is
    ("new_york", "2027-02-12", "2027-02-16"),  # Lincoln's birthday, a weekend, Washington's birthday
    ("virginia", "2027-02-12", "2027-02-12"),
    ("new_york", "2027-11-02", "2027-11-03"),  # general election day
    ("virginia", "2027-11-25", "2027-11-29"),  # Thanksgiving, the day after, a weekend
    ("new_york", "2027-11-25", "2027-11-26"),
    ("none", "2027-07-04", "2027-07-04"),
])
def test_a_period_ends_on_a_business_day(state: str, day: str, moved: str) -> None:
    """General Construction Law § 25-a: the next succeeding business day (R22)."""
    assert rolled(date.fromisoformat(day), state) == date.fromisoformat(moved)


@pytest.mark.parametrize(("start", "years", "end"), [
    ("2027-03-01", 1, "2028-03-01"), ("2028-02-29", 1, "2029-02-28"), ("2028-02-29", 4, "2032-02-29"),
    ("2028-02-28", 1, "2029-02-28"), ("2027-02-28", 1, "2028-02-28"), ("2096-02-29", 4, "2100-02-28"),
])
def test_years_end_on_the_same_day_of_the_calendar(start: str, years: int, end: str) -> None:
    """Leap days count with the day before them (R22, R26)."""
    assert counted_years(date.fromisoformat(start), years) == date.fromisoformat(end)


@given(start=days, count=st.integers(1, 400))
def test_days_are_counted_one_by_one_without_the_first(start: date, count: int) -> None:
    day, counted = start, 0
    while counted < count:
        day += timedelta(days=1)
        counted += 1
    assert counted_days(start, count) == day


@given(day=days, state=states)
def test_a_roll_stops_at_the_first_business_day_and_never_goes_back(day: date, state: str) -> None:
    """§ 25-a moves an end forward only, by a week at most, and a second time not at all (R22)."""
    end = rolled(day, state)
    assert day <= end <= day + timedelta(days=7)
    assert is_business_day(end, state) and rolled(end, state) == end
    assert not any(is_business_day(day + timedelta(days=step), state) for step in range((end - day).days))


@given(first=days, later=st.integers(0, 900), count=st.integers(1, 400), state=states)
def test_a_later_start_never_ends_sooner(first: date, later: int, count: int, state: str) -> None:
    second = first + timedelta(days=later)
    assert rolled(counted_days(first, count), state) <= rolled(counted_days(second, count), state)
    years = count % 30 + 1
    assert rolled(counted_years(first, years), state) <= rolled(counted_years(second, years), state)


@given(day=days, number=st.integers(1, 12), state=states)
def test_business_days_before_a_day_leave_none_out(day: date, number: int, state: str) -> None:
    found = business_days_before(day, number, state)
    between = [found[0] + timedelta(days=step) for step in range((day - found[0]).days)]
    assert list(found) == [each for each in between if is_business_day(each, state)]
    assert len(found) == number
