"""Each kilowatt-hour once: what others claim and what earlier services are paid for is taken before anything counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from ..measurement.attribution import claim_rule, stacking_rule
from ..problem import DataRefused, Problem, error, warning
from .settle_plan import SettlePlan
from .sql_text import sql, stage_sql

LISTED_MAX = 1000


def attribute(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> list[Problem]:
    """Make `counted_row`: what is taken from each row of performance before it counts, by whom and by which clause.

    Raises DataRefused when services wait for each other in a circle.
    """
    connection.execute(stage_sql("measurement.baselines", "macros"))
    connection.register("event_pair", _event_pairs(plan))
    connection.execute(sql("attribution_start"))
    connection.execute(stage_sql("measurement", "attribution"))
    problems = [*_stacking(connection, plan), *_claim_rules(connection, plan), *_unnamed_points(connection)]
    connection.execute(stage_sql("measurement", "sharing"))
    connection.execute(stage_sql("measurement", "claimed"))
    connection.execute(sql("attribution_waiting"))
    waiting = _count(connection)
    while waiting:
        connection.execute(stage_sql("measurement", "take"))
        left = _count(connection)
        if left == waiting:
            raise DataRefused([error("tariff", "services are paid after each other in a circle", "Let every stacking: "
                                     "list name the services in one order.", column="stacking")])
        waiting = left
    return problems


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    ((rows,),) = connection.sql("select count(*) from waiting").fetchall()
    return int(rows)


def _event_pairs(plan: SettlePlan) -> pa.Table:
    """Every pair of settled events that overlap in time, each also with itself."""
    held = [each for each in plan.service_events if each.in_period and not each.event.cancelled]
    pairs = [(one.number, two.number) for one in held for two in held
             if one.event.start < two.event.end and two.event.start < one.event.end]
    return pa.table({"service_event_no": pa.array([pair[0] for pair in pairs], pa.int32()),
                     "other_no": pa.array([pair[1] for pair in pairs], pa.int32())})


STACKING = pa.schema([("rider", pa.string()), ("other_rider", pa.string()), ("service", pa.string()),
                      ("other_service", pa.string()), ("local_date", pa.date32()), ("rule", pa.string()),
                      ("clause", pa.string()), ("is_later", pa.bool_())])


def _stacking(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> Iterator[Problem]:
    """Register what the tariff says of each pair of services that share energy; warn of pairs it does not name."""
    rows: list[dict[str, Any]] = []
    silent: set[tuple[str, str]] = set()
    for rider, other_rider, service, other, day in connection.execute(sql("attribution_pairs")).fetchall():
        sharing = stacking_rule(plan.tariff.riders[rider], plan.tariff.riders[other_rider], service, other, day,
                                plan.known_by)
        if not sharing.named:
            silent.add((min(service, other), max(service, other)))
        rows.append({"rider": rider, "other_rider": other_rider, "service": service, "other_service": other,
                     "local_date": day, "rule": sharing.rule, "clause": sharing.clause, "is_later": sharing.is_later})
    connection.register("stacking_rule", pa.Table.from_pylist(rows, schema=STACKING))
    for one, two in sorted(silent):
        yield warning("events", f"the services {one} and {two} are both paid for the same kilowatt-hours, and the "
                      "tariff does not say whether they may be", "Name them under stacking:.", column="service")


CLAIM_RULE = pa.schema([("rider", pa.string()), ("program", pa.string()), ("service", pa.string()),
                        ("local_date", pa.date32()), ("rule", pa.string()), ("split", pa.string()),
                        ("clause", pa.string())])


def _claim_rules(connection: duckdb.DuckDBPyConnection, plan: SettlePlan) -> Iterator[Problem]:
    """Register what each rider says of each program that claims; warn of programs that no rule names."""
    rows: list[dict[str, Any]] = []
    silent: set[str] = set()
    for rider, program, service, day in connection.execute(sql("attribution_programs")).fetchall():
        sharing = claim_rule(plan.tariff.riders[rider], program, service, day, plan.known_by)
        if not sharing.named:
            silent.add(program)
        rows.append({"rider": rider, "program": program, "service": service, "local_date": day, "rule": sharing.rule,
                     "split": sharing.split, "clause": sharing.clause})
    connection.register("claim_rule", pa.Table.from_pylist(rows, schema=CLAIM_RULE))
    for program in sorted(silent):
        yield warning("claims", "is a program of which the tariff says nothing, so only what it does not claim is paid",
                      "Name it under together:.", column="program", value=program)


def _unnamed_points(connection: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    ((rows,),) = connection.sql(
        "select count(*) from claims where point_id not in (select point_id from series)").fetchall()
    if rows:
        yield warning("claims", f"{rows} claims name a point of no enrollment of this run and are left out",
                      "Check the ids.", column="point_id")
