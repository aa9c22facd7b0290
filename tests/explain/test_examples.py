"""Explanations of worked examples, whose figures were computed by hand."""

from __future__ import annotations

from pathlib import Path

from tests.explain.told import by_kind, example, explain


def test_a_price_weighted_average_shows_numerator_denominator_and_multiplier(tmp_path: Path) -> None:
    (line,) = example("cec/dsgs-option-3", "4 kW at $100 and 2 kW at $300", tmp_path)
    told = explain(line["line_id"], tmp_path)
    steps = by_kind(told)
    assert (told.equal, str(told.recomputed_usd)) == (True, "43.88")
    # 4 kWh x 100 + 2 kWh x 300 = 1000 kWh x $/MWh; 1 h x 100 + 1 h x 300 = 400 h x $/MWh.
    average = steps["average"][0]
    assert (average["kwh_times_price"], average["hours_times_price"]) == ("1000.00", "400.00")
    assert (steps["line"][0]["quantity_exact"], steps["line"][0]["amount_usd"]) == ("5/2", "43.88")
    assert "2.50 kW x 17.55 USD/kW-month = 43.875 USD, rounded once to 43.88 USD." in steps["line"][0]["words"]
    rate = steps["rate"][0]
    assert (rate["rate_usd"], rate["multiplier"], rate["effective"]) == ("13.50", "1.30", "2025-05-01")
    rows = steps["performance"][0]["rows"]
    columns = ("baseline_kwh", "metered_kwh", "delivered_kwh", "price_usd_per_mwh")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("-1.078990", "-5.078990", "4.000000", "100.000000"), ("-1.078990", "-3.078990", "2.000000", "300.000000")]


def test_a_ratio_is_shown_before_and_after_its_cap(tmp_path: Path) -> None:
    (line,) = example("pge/elrp-a4", "The factor is at most 7/5", tmp_path)
    told = explain(line["line_id"], tmp_path)
    steps = by_kind(told)
    assert (told.equal, str(told.recomputed_usd)) == (True, "3.60")
    adjustment = steps["adjustment"][0]
    # Three hours at 3 kW on the event day, at 2 kW on the days before: 9/6, held down to 7/5.
    assert (adjustment["event_day_kwh"], adjustment["baseline_mean_kwh"]) == ("9.000000", "6.00")
    assert (adjustment["factor_before_bounds"], adjustment["factor"]) == ("1.50", "1.40")
    assert adjustment["clause"] == "residential 5-in-10, same-day adjustment"
    assert [row["baseline_kwh"] for row in steps["performance"][0]["rows"]] == ["2.800000"]
    days = steps["baseline"][0]["rows"]
    # 2025-08-20 is a Wednesday. All days are alike, so the five latest weekdays win the tie.
    assert {row["day"]: row["status"] for row in days[:7]} == {
        "2025-08-19": "used", "2025-08-18": "used", "2025-08-17": "day type weekend", "2025-08-16": "day type weekend",
        "2025-08-15": "used", "2025-08-14": "used", "2025-08-13": "used"}
    assert days[7]["status"] == "not of the 5 highest"
    readings = steps["readings"][0]["rows"]
    assert [(row["start"][11:16], row["import_kwh"]) for row in readings] == [
        ("13:00", "3.000000"), ("14:00", "3.000000"), ("15:00", "3.000000"), ("17:00", "1.000000")]


def test_a_given_adjustment_is_named(tmp_path: Path) -> None:
    (line,) = example("portland-general/peak-time-rebates", "The published example", tmp_path)
    told = explain(line["line_id"], tmp_path)
    steps = by_kind(told)
    assert (told.equal, str(told.recomputed_usd)) == (True, "2.56")
    assert [row["added_kwh"] for row in steps["adjustment"][0]["rows"]] == ["1.100000"]
    assert [(row["baseline_unadjusted_kwh"], row["baseline_kwh"], row["metered_kwh"], row["delivered_kwh"])
            for row in steps["performance"][0]["rows"]] == [("3.670000", "4.770000", "2.210000", "2.560000")]


def test_an_average_counts_an_opt_out_as_zero_and_names_the_clause(tmp_path: Path) -> None:
    (line,) = example("national-grid/connected-solutions-ma", "5, 4, an opt-out and 3 kW", tmp_path)
    told = explain(line["line_id"], tmp_path)
    steps = by_kind(told)
    assert (told.equal, str(told.recomputed_usd)) == (True, "825.00")
    assert [(event["outcome"], event["counted"], event["counts_as_zero"]) for event in steps["event"]] == [
        ("performed", True, False), ("performed", True, False), ("opted_out", True, True), ("performed", True, False)]
    assert len(steps["performance"]) == len(steps["readings"]) == 3
    assert steps["rate"][0]["lock_years"] == 5
    postings = steps["entry"][0]["rows"]
    assert [(row["account"].split(":")[0], row["debit_usd"], row["credit_usd"]) for row in postings] == [
        ("expense", "825.00", ""), ("payable", "", "825.00")]
