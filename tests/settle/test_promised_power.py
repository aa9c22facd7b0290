"""Nominated and committed power and energy at the market's price, at the edges of their rules, by both settlements."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reference.settlement import Settled
from tests.settle.both import by_engine, by_reference, run_engine
from tests.settle.folder import Folder
from tests.settle.promised import LOS_ANGELES, amounts, delivered, home, refused, variant
from tests.settle.shapes import OWN

SettledBy = Callable[..., Settled]
both = pytest.mark.parametrize("settled_by", [by_reference, by_engine])
NOMINATED, COMMITTED, AT_PRICE = OWN / "nominated.yaml", OWN / "committed.yaml", OWN / "at-price.yaml"


# ---- nominated power ----------------------------------------------------------------------------
def nominated(kw: str, *, nominated_kw: str = "100", day: str = "2025-07-10", **more: object) -> Folder:
    """A home that delivers a power in one hour of July, having nominated another."""
    folder = delivered(home(Folder(), "home", "battery", **more), day, kw, zone=LOS_ANGELES, service="capacity")
    folder.add("nominations", participant_id="home", service="capacity", month="2025-07", kw=nominated_kw)
    return folder


@both
@pytest.mark.parametrize(("kw", "usd", "component"), [
    ("110", "1050.00", "capacity"), ("90", "900.00", "capacity"), ("75", "750.00", "capacity"),
    ("70", "350.00", "capacity"), ("60", "300.00", "capacity"), ("50", "-100.00", "penalty"),
    ("105", "1050.00", "capacity"), ("104.999", "1049.99", "capacity"), ("105.000001", "1050.00", "capacity"),
    ("74.999999", "375.00", "capacity"), ("59.999999", "0.00", "capacity"), ("0", "-600.00", "penalty"),
    ("-3", "-630.00", "penalty")])
def test_the_published_schedule_of_capacity_bidding_and_both_sides_of_each_step(
        settled_by: SettledBy, kw: str, usd: str, component: str, tmp_path: Path) -> None:
    inputs = nominated(kw).write(tmp_path / "in")
    (line,) = settled_by(NOMINATED, inputs, "2025-07", tmp_path / "out").lines
    assert (line["amount_usd"], line["component"], line["unit"], line["rate"]) == (usd, component, "kW", "")
    assert (line["enrollment_id"], line["aggregation_id"], line["payee_id"]) == ("", "home", "home")


def test_a_charge_keeps_the_id_of_the_payment_it_was(tmp_path: Path) -> None:
    one, other = (by_engine(NOMINATED, nominated(kw).write(tmp_path / kw), "2025-07", tmp_path / f"out-{kw}").lines[0]
                  for kw in ("90", "50"))
    assert one["line_id"] == other["line_id"]


@both
@pytest.mark.parametrize(("signed", "usd"), [("2025-07-31", "1000.00"), ("2025-08-01", "0.00"), ("", "0.00")])
def test_a_month_without_events_pays_in_full_only_for_whom_has_signed(settled_by: SettledBy, signed: str, usd: str,
                                                                      tmp_path: Path) -> None:
    """No unsigned agreement is nominated and paid (R139)."""
    folder = home(Folder(), agreement_signed_on=signed)
    folder.add("nominations", participant_id="home", service="capacity", month="2025-07", kw="100")
    folder = delivered(folder, "2025-06-20", "50", zone=LOS_ANGELES, service="capacity")
    (line,) = settled_by(NOMINATED, folder.write(tmp_path / "in"), "2025-07", tmp_path / "out").lines
    assert (line["amount_usd"], line["quantity"]) == (usd, "0.000000")


@both
def test_a_member_without_readings_adds_nothing_and_leaves_the_line_open(settled_by: SettledBy, tmp_path: Path) -> None:
    folder = home(nominated("90"), "silent", participant_id="home")
    (line,) = settled_by(NOMINATED, folder.write(tmp_path / "in"), "2025-07", tmp_path / "out").lines
    assert (line["amount_usd"], line["status"]) == ("900.00", "provisional")
    if settled_by is by_engine:
        assert line["because"].endswith("; 1 member has no readings.")


@both
def test_the_rate_and_the_season_of_a_month_are_those_of_its_first_day(settled_by: SettledBy, tmp_path: Path) -> None:
    """From August on 12.50; April lies outside of the season and makes no line."""
    folder = home(Folder())
    for day, month in (("2025-04-10", "2025-04"), ("2025-07-31", "2025-07"), ("2025-08-01", "2025-08")):
        delivered(folder, day, "80", zone=LOS_ANGELES, service="capacity")
        folder.add("nominations", participant_id="home", service="capacity", month=month, kw="100")
    lines = settled_by(NOMINATED, folder.write(tmp_path / "in"), "2025", tmp_path / "out").lines
    assert amounts(lines, "period_start", "amount_usd") == [("2025-07-01", "800.00"), ("2025-08-01", "1000.00")]


@pytest.mark.parametrize(("row", "reason"), [
    ({"participant_id": "nobody"}, "is no participant of any enrollment"),
    ({"month": "2025-13"}, "is not a month"), ({"month": "July"}, "is not a month"),
    ({"service": "energy"}, "is no service that the tariff pays by nominated power"),
    ({"service": ""}, "is no service that the tariff pays by nominated power"),
    ({"month": "2025-08", "kw": "-1"}, "is below zero"),
    ({}, "is a second nomination of this participant for the service and month")])
def test_a_nomination_that_cannot_be_paid_is_refused(row: dict[str, str], reason: str, tmp_path: Path) -> None:
    folder = nominated("90")
    folder.add("nominations", **{"participant_id": "home", "service": "capacity", "month": "2025-07", "kw": "7", **row})
    assert refused(NOMINATED, folder.write(tmp_path / "in"), "2025-07", tmp_path / "out") == [reason]


# ---- committed power ----------------------------------------------------------------------------
@both
@pytest.mark.parametrize(("net_metering", "usd"), [("false", "52.50"), ("", "52.50"), ("true", None)])
def test_an_export_credit_is_what_retail_pays_above_export_and_none_for_net_metering(
        settled_by: SettledBy, net_metering: str, usd: str | None, tmp_path: Path) -> None:
    """(0.40 - 0.15) x 5 kW x 0.7 x 2 h x 30 days."""
    folder = home(Folder(), net_metering=net_metering, services="credit")
    lines = settled_by(COMMITTED, folder.write(tmp_path / "in"), "2025-06", tmp_path / "out").lines
    assert [(line["amount_usd"], line["rate"]) for line in lines] == ([] if usd is None else [(usd, "10.50")])


@both
def test_an_export_credit_follows_its_rates_whatever_the_vintage(settled_by: SettledBy, tmp_path: Path) -> None:
    folder = home(Folder(), services="credit", starts_on="2025-06-01", agreement_signed_on="2025-05-01")
    lines = settled_by(COMMITTED, folder.write(tmp_path / "in"), "2025-06-01/2025-08-01", tmp_path / "out").lines
    assert amounts(lines, "period_start", "rate_effective", "amount_usd") == [
        ("2025-06-01", "2019-01-01", "52.50"), ("2025-07-01", "2025-07-01", "56.70")]


def test_an_export_credit_finer_than_a_micro_dollar_is_refused(tmp_path: Path) -> None:
    tariff = variant(tmp_path, "committed", ('share: "0.7"', 'share: "0.7000001"'))
    folder = home(Folder(), services="credit")
    (reason,) = refused(tariff, folder.write(tmp_path / "in"), "2025-06", tmp_path / "out")
    assert reason.endswith("is finer than a micro-dollar")


@both
@pytest.mark.parametrize(("kw", "committed", "usd"), [
    ("4.65", "5", "83.70"), ("4.624999", "5", "82.80"), ("4.625", "5", "83.70"), ("5", "5", "90.00"),
    ("6", "5", "90.00"),
    ("0.72", "5", "12.86"), ("0.1", "5", "12.86"), ("4", "0", "0.00")])
def test_a_performance_factor_is_rounded_and_then_held_within_its_bounds(
        settled_by: SettledBy, kw: str, committed: str, usd: str, tmp_path: Path) -> None:
    """5 kW at 18.00 times 0.93, 0.92 (half a hundredth goes up), 1 and no more, 1/7 and no less."""
    folder = home(Folder(), services="reserve", committed_kw=committed, enrolled_on="2024-06-01")
    folder = delivered(folder, "2025-05-20", kw, service="reserve")
    lines = settled_by(COMMITTED, folder.write(tmp_path / "in"), "2025-05", tmp_path / "out").lines
    assert [line["amount_usd"] for line in lines if line["component"] == "capacity"] == [usd]


@both
@pytest.mark.parametrize(("words", "usd"), [("no_event: pays_full", "90.00"), ("no_event: pays_nothing", "0.00")])
def test_a_reservation_without_an_event(settled_by: SettledBy, words: str, usd: str, tmp_path: Path) -> None:
    tariff = variant(tmp_path, "committed", ("no_event: pays_full", words))
    folder = home(Folder(), services="reserve", enrolled_on="2024-06-01")
    (line,) = settled_by(tariff, folder.write(tmp_path / "in"), "2025-05", tmp_path / "out").lines
    assert (line["amount_usd"], line["quantity"]) == (usd, "5.000000")


# ---- energy at the market's price ---------------------------------------------------------------
def at_price(rider: str, powers: tuple[str, ...], prices: tuple[str, ...]) -> Folder:
    """An event of some hours with a power and a price for each."""
    folder = home(Folder(), rider=rider, zone="PGE")
    for number, (kw, price) in enumerate(zip(powers, prices, strict=True)):
        delivered(folder, "2025-06-10", kw, zone=LOS_ANGELES, event=False, clock=17 + number)
        folder.add("prices", series="CAISO_DAM:DLAP_PGAE-APND", start=f"2025-06-10T{17 + number}:00:00-07:00",
                   seconds=3600, usd_per_mwh=price)
    folder.add("events", event_id="award", start="2025-06-10T17:00:00-07:00",
               end=f"2025-06-10T{17 + len(powers)}:00:00-07:00")
    return folder


@both
@pytest.mark.parametrize(("rider", "powers", "prices", "kwh", "usd"), [
    ("battery", ("4", "2"), ("100", "300"), "6.000000", "1.00"),
    ("battery", ("4", "-2"), ("100", "300"), "4.000000", "0.40"),   # floored by the hour
    ("ev", ("4", "-1"), ("100", "300"), "3.000000", "0.10"),        # floored by the event
    ("ev", ("4", "-2"), ("100", "300"), "2.000000", "0.00"),
    ("battery", ("4", "2"), ("-50", "300"), "6.000000", "0.40"),    # a price below zero is charged
    ("thermostat", ("1", "-2"), ("1000", "10"), "0.000000", "0.00"),  # below zero counts as zero
    ("battery", ("1", "1"), ("2.5", "2.5"), "2.000000", "0.01")])    # half a cent, rounded once
def test_each_row_at_its_own_price(settled_by: SettledBy, rider: str, powers: tuple[str, ...], prices: tuple[str, ...],
                                   kwh: str, usd: str, tmp_path: Path) -> None:
    inputs = at_price(rider, powers, prices).write(tmp_path / "in")
    (line,) = settled_by(AT_PRICE, inputs, "2025-06", tmp_path / "out").lines
    assert (line["quantity"], line["amount_usd"], line["rate"], line["component"]) == (kwh, usd, "", "energy")


def test_a_price_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    folder = at_price("battery", ("4", "2"), ("100", "300"))
    folder.rows["prices"].pop()
    reasons = refused(AT_PRICE, folder.write(tmp_path / "in"), "2025-06", tmp_path / "out")
    assert reasons == ["lacks the price of CAISO_DAM:DLAP_PGAE-APND at 2025-06-11T01:00Z, by which a payment weights "
                       "or pays"]



@pytest.mark.parametrize(("floor", "is_refused"), [
    ("{at: \"0\", per: event, over: site}", False), ("{at: \"0\", per: event, over: aggregation}", True),
    ("{at: \"0\", per: month, over: site}", True)])
def test_sums_of_energy_at_different_prices_have_no_floor(floor: str, is_refused: bool, tmp_path: Path) -> None:
    tariff = variant(tmp_path, "at-price", ('{at: "0", per: hour, over: site}', floor))
    inputs = at_price("battery", ("4",), ("100",)).write(tmp_path / "in")
    assert (run_engine(tariff, inputs, "2025-06", tmp_path / "out") == 1) == is_refused
