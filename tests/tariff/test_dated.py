"""Which value holds: absent before the first, a later filing only once it is filed, the narrower before the wider."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridrider.tariff.check_payments import months_of
from gridrider.tariff.holidays import holidays_between
from gridrider.tariff.load import load
from gridrider.tariff.model import Case, Dated, Season, in_force, value_on
from tests.tariff.written import only_service, shipped

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
DAY = timedelta(days=1)
FAR = date(2099, 1, 1)


@st.composite
def values(draw: st.DrawFn) -> Dated[int]:
    return Dated(value=draw(st.integers(0, 10**6)), effective=draw(DAYS), filed=draw(DAYS), cite="c",
                 months=draw(st.frozensets(st.integers(1, 12), max_size=2)),
                 duration_h=draw(st.sampled_from([None, Decimal(2), Decimal(4)])))


HISTORIES = st.lists(values(), min_size=1, max_size=8)
CASES = st.builds(Case, month=st.integers(1, 12), duration_h=st.sampled_from([Decimal(2), Decimal(4)]))


@given(HISTORIES, CASES)
def test_before_the_first_value_or_filing_there_is_none(history: list[Dated[int]], case: Case) -> None:
    first, filed = min(dated.effective for dated in history), min(dated.filed for dated in history)
    assert in_force(history, first - DAY, FAR, case) is None
    assert in_force(history, FAR, filed - DAY, case) is None
    assert value_on(history, first - DAY, FAR, -1, case) == -1


@given(HISTORIES, DAYS, DAYS, CASES)
def test_what_holds_is_effective_and_filed_and_meant_for_the_case(history: list[Dated[int]], day: date, as_of: date,
                                                                  case: Case) -> None:
    held = in_force(history, day, as_of, case)
    open_ones = [dated for dated in history if dated.effective <= day and dated.filed <= as_of and dated.applies(case)]
    assert (held is None) == (not open_ones)
    if held is not None:
        assert held in open_ones
        assert all(dated.effective <= held.effective for dated in open_ones)
        rivals = [dated for dated in open_ones if dated.effective == held.effective]
        assert all(dated.narrowness <= held.narrowness for dated in rivals)
        assert all(dated.filed <= held.filed for dated in rivals if dated.narrowness == held.narrowness)


@given(HISTORIES, DAYS, DAYS, CASES, values())
def test_a_filing_changes_nothing_for_who_does_not_know_it_yet(history: list[Dated[int]], day: date, as_of: date,
                                                               case: Case, later: Dated[int]) -> None:
    if later.filed > as_of or later.effective > day:
        assert in_force([*history, later], day, as_of, case) == in_force(history, day, as_of, case)


@given(HISTORIES, DAYS, DAYS)
def test_a_later_filing_for_the_same_day_wins_from_the_day_it_is_filed(history: list[Dated[int]], day: date,
                                                                       filed: date) -> None:
    first = Dated(value=1, effective=day, filed=date(2019, 1, 1), cite="first")
    second = Dated(value=2, effective=day, filed=filed, cite="second")
    others = [dated for dated in history if dated.effective < day]
    before, after = (in_force([*others, second, first], day, as_of) for as_of in (filed - DAY, filed))
    assert before == first
    assert after == second


@pytest.mark.parametrize(("enrolled_on", "expected"), [
    (date(2019, 5, 31), None), (date(2019, 6, 1), 400), (date(2024, 5, 31), 400), (date(2024, 6, 1), 225),
    (date(2025, 7, 1), 225)])
def test_rhode_island_pays_400_before_june_2024_and_225_from_then_on(enrolled_on: date, expected: int | None) -> None:
    tariff, _ = load(shipped("national-grid/connected-solutions-ri"))
    assert tariff is not None
    held = in_force(only_service(tariff).payments[0].rate_usd_per_kw_season, enrolled_on, FAR)
    assert (held and held.value) == expected


def test_the_newer_rate_of_rhode_island_is_unknown_before_it_is_filed() -> None:
    tariff, _ = load(shipped("national-grid/connected-solutions-ri"))
    assert tariff is not None
    rates = only_service(tariff).payments[0].rate_usd_per_kw_season
    known = [in_force(rates, date(2024, 6, 1), as_of) for as_of in (date(2024, 3, 31), date(2024, 4, 1))]
    assert [dated and dated.value for dated in known] == [400, 225]


@pytest.mark.parametrize(("duration_h", "expected"), [("2", "62.11"), ("4", "82.80")])
def test_the_months_of_dsgs_sum_to_the_published_season_before_the_bonus(duration_h: str, expected: str) -> None:
    tariff, _ = load(shipped("cec/dsgs-option-3"))
    assert tariff is not None
    payment, season = only_service(tariff).payments[0], tariff.season("summer")
    months = months_of(season)
    rates = [in_force(payment.rate_usd_per_kw_month, date(2025, month, 1), FAR,
                      Case(month=month, duration_h=Decimal(duration_h))) for month in months]
    assert months == [5, 6, 7, 8, 9, 10]
    assert sum(dated.value for dated in rates if dated is not None) == Decimal(expected)
    assert [dated.value for dated in payment.multiplier] == [Decimal("1.30")]


@pytest.mark.parametrize(("first", "last", "expected"), [
    ("06-01", "09-30", [6, 7, 8, 9]), ("11-15", "02-10", [11, 12, 1, 2]), ("07-04", "07-04", [7]),
    ("07-05", "07-04", list(range(1, 13))), ("01-01", "12-31", list(range(1, 13)))])
def test_the_months_of_a_season(first: str, last: str, expected: list[int]) -> None:
    assert months_of(Season(from_=first, to=last)) == expected


# As they were published: NERC, Additional Off-peak Days; U.S. Office of Personnel Management, Federal Holidays.
PUBLISHED = {
    ("nerc", 2022): "01-01 05-30 07-04 09-05 11-24 12-26",
    ("nerc", 2023): "01-02 05-29 07-04 09-04 11-23 12-25",
    ("nerc", 2024): "01-01 05-27 07-04 09-02 11-28 12-25",
    ("us_federal", 2020): "01-01 01-20 02-17 05-25 07-03 09-07 10-12 11-11 11-26 12-25",
    ("us_federal", 2021): "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
    ("us_federal", 2023): "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25",
    ("us_federal", 2024): "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
    ("none", 2024): "",
}


@pytest.mark.parametrize(("calendar", "year"), PUBLISHED)
def test_holidays_are_those_that_were_published(calendar: str, year: int) -> None:
    days = holidays_between(calendar, date(year, 1, 1), date(year, 12, 31))
    assert [f"{day:%m-%d}" for day in days] == PUBLISHED[calendar, year].split()


def test_holidays_are_given_for_the_days_asked_both_included() -> None:
    asked = holidays_between("us_federal", date(2021, 12, 24), date(2022, 1, 17))
    assert [str(day) for day in asked] == ["2021-12-24", "2021-12-31", "2022-01-17"]
