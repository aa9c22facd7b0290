"""What the program spent, what the market paid, and what is left."""

from __future__ import annotations

import csv
from pathlib import Path

from gridrider.cli import main
from tests.house.source import ROOT

TARIFF = ROOT / "tariffs" / "dod" / "v2g-ngr" / "tariff.yaml"
LEDGER = "entry_id,posting_no,posted_at,account,debit_usd,credit_usd,currency,line_id,because\n"
WHOLESALE = ("resource_id,month,award_hours,generation_kwh,addback_kwh,paid_kwh,charging_kwh,charged_kwh,amount_usd,"
             "load_serving_entity,scheduling_coordinator\n")


def folder(path: Path, name: str, text: str) -> Path:
    """A folder with one table in it."""
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_text(text, encoding="utf-8")
    return path


def spent(path: Path, entry: str, posted_at: str, usd: str) -> Path:
    """A settled run that posted one payment."""
    return folder(path, "ledger.csv", LEDGER + f"{entry},1,{posted_at},expense:program:x,{usd},,USD,L,\n"
                                               f"{entry},2,{posted_at},payable:P,,{usd},USD,L,\n")


def earned(path: Path, month: str, usd: str) -> Path:
    """A reconciled month of one resource."""
    return folder(path, "wholesale.csv", WHOLESALE + f"R1,{month},5,1.0,1.0,1.0,0,0,{usd},SCE,SC\n")


def pay_back(tmp_path: Path, *arguments: str, tariff: Path = TARIFF) -> list[dict[str, str]]:
    """The rows of payback.csv."""
    assert main(["market", "payback", str(tariff), *arguments, "--as-of", "2017-01-01T00:00:00-08:00", "--out",
                 str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "payback.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_revenue_pays_back_rebates_and_then_is_surplus(tmp_path: Path) -> None:
    """Rebates 100, revenue 60 and then 55: 40 left, then 15 over (R76)."""
    rows = pay_back(tmp_path, "--settled", str(spent(tmp_path / "s", "E1", "2016-02-10T08:00:00Z", "100.00")),
                    "--reconciled", str(earned(tmp_path / "r1", "2016-03", "60.00")),
                    str(earned(tmp_path / "r2", "2016-04", "55.00")))
    assert [(row["month"], row["left_usd"], row["surplus_usd"]) for row in rows] == [
        ("2016-02", "100.00", "0.00"), ("2016-03", "40.00", "0.00"), ("2016-04", "0.00", "15.00")]


def test_the_utilitys_own_cost_is_recorded_and_paid_back_if_the_tariff_says_so(tmp_path: Path) -> None:
    """A meter for 30.50 is recorded by day and category and adds to what is left (R123)."""
    costs = folder(tmp_path / "c", "pilot_costs.csv", "cost_id,day,category,resource_id,amount_usd,because\n"
                                                      "C1,2016-03-09,metering,R1,30.50,revenue meter\n")
    given = ("--reconciled", str(earned(tmp_path / "r", "2016-03", "10.00")), "--costs", str(costs))
    (row,) = pay_back(tmp_path, *given)
    assert (row["facilitation_usd"], row["left_usd"]) == ("30.50", "20.50")
    alone = tmp_path / "tariff.yaml"
    text = TARIFF.read_text(encoding="utf-8")
    alone.write_text(text.replace("includes_facilitation: {value: true", "includes_facilitation: {value: false"),
                     encoding="utf-8")
    (row,) = pay_back(tmp_path, *given, tariff=alone)
    assert (row["facilitation_usd"], row["left_usd"], row["surplus_usd"]) == ("30.50", "0.00", "10.00")


def test_a_payment_in_two_ledgers_counts_once_and_by_the_local_month(tmp_path: Path) -> None:
    """Posted on 1 March UTC is February in California; the same entry of a re-run is one payment (R76)."""
    folders = [str(spent(tmp_path / name, "E1", "2016-03-01T05:00:00Z", "100.00")) for name in ("a", "b")]
    (row,) = pay_back(tmp_path, "--settled", *folders)
    assert (row["month"], row["rebates_usd"]) == ("2016-02", "100.00")


def test_the_books_of_the_market_balance(tmp_path: Path) -> None:
    """Revenue and a month in which the market charged more than it paid both balance (R76)."""
    pay_back(tmp_path, "--reconciled", str(earned(tmp_path / "r1", "2016-03", "60.00")),
             str(earned(tmp_path / "r2", "2016-04", "-5.00")))
    assert main(["ledger", "balance", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "ledger.csv").open(newline="", encoding="utf-8") as handle:
        booked = {(row["account"], row["debit_usd"], row["credit_usd"]) for row in csv.DictReader(handle)}
    assert booked == {("receivable:SC", "60.00", ""), ("revenue:market:dod/v2g-ngr", "", "60.00"),
                      ("revenue:market:dod/v2g-ngr", "5.00", ""), ("receivable:SC", "", "5.00")}


def test_a_month_reconciled_twice_is_refused(tmp_path: Path) -> None:
    """The same month in two folders would count its revenue twice (R76)."""
    folders = [str(earned(tmp_path / name, "2016-03", "60.00")) for name in ("a", "b")]
    assert main(["market", "payback", str(TARIFF), "--reconciled", *folders, "--as-of", "2017-01-01T00:00:00Z", "--out",
                 str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
