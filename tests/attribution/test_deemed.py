"""Deemed delivery: a share of the nameplate power, without a reading."""

from __future__ import annotations

from pathlib import Path

from tests.attribution.test_attribution import event, home
from tests.settle.both import run_engine, table
from tests.settle.folder import Folder

TARIFF = """\
tariff: test/deemed
title: Deemed delivery
authority: Nobody
timezone: America/New_York
currency: USD
effective: 2024-01-01
filed: 2024-01-01
cite: "leaf 1"
riders:
  heater:
    title: Water heaters
    technologies: [battery]
    services:
      peak:
        title: Peak
        calls: {default_kind: call, kinds: {call: {title: Call, counts: true}}}
        measurement: {point: device, method: deemed, deemed_share: "0.3"}
        payments: [{family: energy, rate_usd_per_kwh: "1.00"}]
        outcomes: {missed: measured, opted_out: counts_as_zero, suspended: not_counted}
    pay: {schedule: year}
"""


def test_a_called_device_is_deemed_to_deliver_a_share_of_its_power(tmp_path: Path) -> None:
    """0.3 of 5 kW over an hour is 1.5 kWh; who opts out is deemed nothing (R82)."""
    tariff = tmp_path / "tariff.yaml"
    tariff.write_text(TARIFF, encoding="utf-8")
    folder = Folder()
    home(folder, "stays", rider="heater", point="one", technology="battery")
    home(folder, "leaves", rider="heater", point="two", technology="battery")
    event(folder, "peak")
    folder.add("opt_outs", event_id="peak", enrollment_id="leaves", at="2025-07-08T17:10:00-04:00")
    assert run_engine(tariff, folder.write(tmp_path / "in"), "2025", tmp_path / "out") == 0
    paid = {line["enrollment_id"]: (line["quantity"], line["amount_usd"], line["status"])
            for line in table(tmp_path / "out", "lines")}
    assert paid == {"stays": ("1.500000", "1.50", "final"), "leaves": ("0.000000", "0.00", "final")}
    row, = table(tmp_path / "out", "performance")
    assert (row["delivered_kwh"], row["metered_kwh"], row["baseline_kwh"]) == ("1.500000", "-1.500000", "0.000000")
    assert row["note"] == "deemed delivered, without a reading"
