"""Seeded worlds, by the SQL and by the plain reference: the same bills, demands and exceptions."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from tests.reconcile.reference import Reference
from tests.reconcile.world import ZONE, World, changed, run, table

SPANS = ((date(2016, 3, 12), date(2016, 3, 15)), (date(2016, 11, 5), date(2016, 11, 8)),
         (date(2016, 5, 30), date(2016, 6, 3)), (date(2016, 2, 1), date(2016, 3, 1)))
"""A day of 23 hours, one of 25, a month's end, and a whole month."""


def made(seed: int, first: date, end: date) -> World:
    """A world by chance: meters of all lengths, gaps, awards that end within hours, statements with faults."""
    chance, world = random.Random(seed), World()
    premises = 1 if (end - first).days > 5 else chance.randint(1, 3)
    number = 0
    for premise in range(1, premises + 1):
        meter(world, chance, f"M{premise}", first, end)
        for _ in range(chance.choice((1, 1, 2))):
            number += 1
            world.resource(number, premise, load_serving_entity=f"LSE{premise % 2}",
                           scheduling_coordinator=f"SC{number % 2}")
            if chance.random() > 0.05:
                meter(world, chance, f"W{number}", first, end)
            if chance.random() > 0.1:
                market(world, chance, number, first, end)
    world.rows["market_statement"] = world.rows.get("market_statement", []) if seed % 4 else []
    if not world.rows["market_statement"]:
        del world.rows["market_statement"]
    return world


def meter(world: World, chance: random.Random, point: str, first: date, end: date) -> None:
    seconds = chance.choice((900, 900, 900, 300)) if (end - first).days <= 5 else 900
    instant, stop = (datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC) for day in (first, end))
    while instant < stop:
        taken, given = (chance.choice((0, 0, chance.randint(0, 60_000_000))) for _ in range(2))
        cells = [f"{kwh // 1_000_000}.{kwh % 1_000_000:06d}" for kwh in (taken, given)]
        lot = chance.random()
        if lot > 0.04:
            world.add("readings", point_id=point, start=instant, seconds=seconds,
                      import_kwh="" if lot < 0.05 else cells[0], export_kwh="" if lot < 0.05 else cells[1])
        instant += timedelta(seconds=seconds)


def market(world: World, chance: random.Random, number: int, first: date, end: date) -> None:
    instant, stop = (datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC) for day in (first, end))
    name = f"R{number}"
    read = {row["start"]: row for row in world.rows["readings"] if row["point_id"] == f"W{number}"}
    while instant < stop:
        if chance.random() < 0.3:
            world.add("awards", resource_id=name, start=instant + timedelta(minutes=chance.choice((0, 15, 45))),
                      seconds=chance.choice((300, 900, 3600, 7200)), run="",
                      product=chance.choice(("reg_up", "reg_down", "energy")),
                      market=chance.choice(("DA", "FMM", "RTD")), mw=chance.choice(("0", "0.3", "0.001", "-0.2")))
        for run_name in (("T+3B",) if instant.astimezone(ZONE).day % 2 else ("T+3B", "T+12B")):
            length = chance.choice((300, 900, 900, 3600))
            for part in range(3600 // length):
                start = instant + timedelta(seconds=length * part)
                held = read.get(start.isoformat().replace("+00:00", "Z"), {})
                metered = Fraction(held.get("export_kwh") or 0) - Fraction(held.get("import_kwh") or 0)
                if chance.random() < 0.5:
                    odd = Fraction(chance.randint(-20_000, 20_000), 1_000_000)
                    mwh = metered / 1000 if chance.random() < 0.6 else odd
                    world.add("market_statement", resource_id=name, start=start, seconds=length,
                              charge_code=chance.choice(("6470", "6475", "6470", "6500", "4560")), mwh=text_of(mwh),
                              amount_usd=f"{chance.randint(-500, 500) / 100:.2f}", recalculation=run_name)
        instant += timedelta(hours=1)


def text_of(mwh: Fraction) -> str:
    units = round(mwh * 1_000_000_000)
    return f"{'-' if units < 0 else ''}{abs(units) // 10**9}.{abs(units) % 10**9:09d}"


LOSSY = (('loss_factor: {value: "1"', 'loss_factor: {value: "0.97"'), ('tolerance_kwh: {value: "0.001"',
                                                                      'tolerance_kwh: {value: "2"'))
BACKED_OUT = (("add_back: {value: [generation]", "add_back: {value: [generation, charging]"),
              ('demand_interval_minutes: {value: "15"', 'demand_interval_minutes: {value: "30"'))


@pytest.mark.parametrize("seed", range(12))
def test_sql_and_reference_agree(seed: int, tmp_path: Path) -> None:
    """Bill, demand and exceptions of a seeded world are the reference's, cell by cell (R98, R99, R100, R102, R103)."""
    first, end = SPANS[seed % len(SPANS)]
    world = made(seed, first, end)
    edits = ((), LOSSY, BACKED_OUT)[seed % 3]
    reference = Reference(world, first, end)
    if edits is LOSSY:
        reference.loss, reference.tolerance = Fraction(97, 100), Fraction(2)
    if edits is BACKED_OUT:
        reference.backs_out, reference.demand_s = True, 1800
    reference.run()
    assert run(world, tmp_path, f"{first}/{end}", changed(tmp_path, *edits)) == 0, table(tmp_path, "problems")
    assert table(tmp_path, "retail") == sorted(reference.retail,
                                               key=lambda row: (row["premise_point_id"], row["start"]))
    assert table(tmp_path, "demand") == reference.demand
    told = [{name: cell for name, cell in row.items() if name not in ("because", "clause")}
            for row in table(tmp_path, "exceptions") if row["kind"] != "recalculation_difference"]
    order = ("resource_id", "start", "kind", "seconds", "premise_point_id", "charge_code", "recalculation", "kwh",
             "amount_usd")
    key = [[row[name] for name in order] for row in told]
    assert sorted(key) == sorted([row[name] for name in order] for row in reference.exceptions)
    assert sorted(map(str, map(dict.items, told))) == sorted(
        str({name: row[name] for name in told[0]}.items()) for row in reference.exceptions)


def test_the_same_rows_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    """Shuffled inputs change no byte of any table (R104)."""
    first, end = SPANS[2]
    written = []
    for number, shuffle in enumerate((None, random.Random(5), random.Random(6))):
        folder = tmp_path / str(number)
        world = made(7, first, end)
        for name, rows in world.rows.items():
            if shuffle is not None and name:
                shuffle.shuffle(rows)
        assert run(world, folder, f"{first}/{end}") == 0
        written.append({name: (folder / "out" / f"{name}.csv").read_bytes()
                        for name in ("retail", "demand", "exceptions", "wholesale")})
    assert written[0] == written[1] == written[2]
