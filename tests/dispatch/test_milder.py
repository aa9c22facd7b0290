"""The last word before an instruction leaves, and what it leaves in the record."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa

from gridrider.dispatch.model import PROTECTIONS, SKIPPED, WITHHELD
from gridrider.dispatch.protections.bounds import CODE, Bounds
from gridrider.dispatch.protections.last_word import last_word
from gridrider.dispatch.protections.records import protection_rows, why_skipped, withheld
from gridrider.table import TableSchema
from tests.dispatch.worlds import START, homes, random_homes

FOUR = homes(4).but(stored_kwh=[13.5, 3.0, 1.0, 13.5], storm_status=[0, 0, 0, 2])
"""A full battery, one a little above its reserve of 2.7 kWh, one below it, and one under a storm warning."""


def bounds(low_kw: float, high_kw: float) -> Bounds:
    """Of one device."""
    return replace(homes(1).bounds, delivered_kw_low=np.array([low_kw]), delivered_kw_high=np.array([high_kw]))


def given(asked_kw: float, low_kw: float, high_kw: float) -> tuple[float, bool]:
    """What is given of it, and whether that is milder."""
    milder = last_word(np.array([asked_kw]), bounds(low_kw, high_kw))
    return float(milder.given_kw[0]), bool(milder.changed[0])


def inside_names(schema: TableSchema) -> list[str]:
    """The columns of a table as they are named inside."""
    return [column.inside_name for column in schema.columns]


def test_the_last_word_only_makes_milder() -> None:
    """Within the bounds nothing changes; beyond them the bound is given; the other way nothing (R131)."""
    assert given(3.0, 0.0, 5.0) == (3.0, False)
    assert given(5.0, 0.0, 5.0) == (5.0, False)
    assert given(5.000001, 0.0, 5.0) == (5.0, True)
    assert given(5.0, 0.0, 0.0) == (0.0, True)
    assert given(-3.0, 0.0, 5.0) == (0.0, True)
    assert given(-3.0, -2.0, 0.0) == (-2.0, True)
    assert given(-3.0, -4.0, 0.0) == (-3.0, False)
    assert given(0.0, 0.0, 0.0) == (0.0, False)


def test_rounding_goes_toward_zero_and_is_no_protection() -> None:
    assert given(3.0000019, 0.0, 5.0) == (3.000001, False)
    assert given(-3.0000019, -5.0, 0.0) == (-3.000001, False)
    assert given(float("nan"), 0.0, 5.0) == (0.0, False)
    assert given(float("inf"), 0.0, 5.0) == (0.0, False)


def test_each_change_is_told_with_reason_and_clause() -> None:
    """Asked, given, protection, clause and sentence, for the changed devices and no others (R131)."""
    asked_kw = np.full(4, 2.0)
    milder = last_word(asked_kw, FOUR.bounds)
    rows = protection_rows(FOUR.facts, asked_kw, milder, at=START, event_id="july")
    assert rows.column_names == inside_names(PROTECTIONS)
    assert rows["enrollment_id"].to_pylist() == ["E1", "E2", "E3"]
    assert rows["given_milliwatt"].to_pylist() == [1_200_000, 0, 0]
    assert rows["asked_milliwatt"].to_pylist() == [2_000_000] * 3
    assert rows["protection"].to_pylist() == ["reserve", "reserve", "storm_hold"]
    assert rows["clause"].to_pylist() == ["Leaf 12 (a)", "Leaf 12 (a)", "house rule: storm_hold"]
    assert rows["reason"].to_pylist() == ["battery holds 3 kWh, of which 2.7 kWh are kept: reserve 20 %",
                                          "battery holds 1 kWh, of which 2.7 kWh are kept: reserve 20 %",
                                          "a storm warning holds the battery for the home"]
    assert rows["at"].to_pylist() == [datetime(2027, 7, 6, 20)] * 3  # noqa: DTZ001 (instants in tables are UTC)


def test_nothing_changed_is_an_empty_table_of_the_same_columns() -> None:
    asked_kw = np.zeros(4)
    rows = protection_rows(FOUR.facts, asked_kw, last_word(asked_kw, FOUR.bounds), at=START, event_id="july")
    assert len(rows) == 0
    full = protection_rows(FOUR.facts, asked_kw + 9, last_word(asked_kw + 9, FOUR.bounds), at=START, event_id="july")
    assert rows.schema == full.schema


def test_who_cannot_be_asked_is_skipped_with_the_first_reason() -> None:
    """Below the floor or held by a storm: skipped with a reason, and the others go on (R135, R131)."""
    rows = why_skipped(FOUR.facts, event_id="july")
    assert rows.column_names == inside_names(SKIPPED)
    assert list(zip(rows["enrollment_id"].to_pylist(), rows["reason"].to_pylist(), strict=True)) == [
        ("E2", "reserve"), ("E3", "storm_hold")]
    assert FOUR.bounds.delivered_kw_high.tolist() == [5.0, 1.2, 0.0, 0.0]
    called = np.array([True, True, False, True])
    assert why_skipped(FOUR.facts, event_id="july", called=called)["enrollment_id"].to_pylist() == ["E3"]
    nobody = why_skipped(FOUR.facts, event_id="july", called=~np.ones(4, np.bool_))
    assert nobody.schema == rows.schema


def test_what_is_withheld_adds_up_to_the_power_that_is_not_there() -> None:
    """By protection the devices and the power between their limit and their bound (R131)."""
    rows = withheld(FOUR.facts, event_id="july", start=START)
    assert rows.column_names == inside_names(WITHHELD)
    assert rows.select(["protection", "devices", "withheld_milliwatt"]).to_pylist() == [
        {"protection": "storm_hold", "devices": 1, "withheld_milliwatt": 5_000_000},
        {"protection": "reserve", "devices": 2, "withheld_milliwatt": 8_800_000}]
    only_the_first = withheld(FOUR.facts, event_id="july", start=START, called=np.array([True, False, False, False]))
    assert len(only_the_first) == 0


def test_every_reason_is_a_sentence_with_a_clause() -> None:
    """Of five hundred random homes no reason is blank, and each is that of its own row (R131)."""
    world = random_homes(500, 7)
    asked_kw = np.full(500, 30.0)
    rows = protection_rows(world.facts, asked_kw, last_word(asked_kw, world.bounds), at=START, event_id="july")
    assert len(rows) == 500
    assert rows["enrollment_id"].to_pylist() == world.devices.enrollment_id.to_pylist()
    assert all(rows["reason"].to_pylist())
    assert all(rows["clause"].to_pylist())
    for row in (0, 99, 250, 499):
        alone = replace(world, devices=world.devices.part(np.array([row])),
                        telemetry=world.telemetry.part(np.array([row])),
                        standing=world.standing.part(np.array([row])))
        assert rows["reason"][row].as_py() == alone.reason
    missing = world.devices.discharge_max_kw.sum() - world.bounds.delivered_kw_high.sum()
    told = pa.compute.sum(withheld(world.facts, event_id="july", start=START)["withheld_milliwatt"]).as_py()
    assert abs(told / 1e6 - missing) < 1e-4
    assert CODE[world.protection] == world.bounds.protection[0]
