"""The law at run time: where it forbids penalties, no line may come out below zero."""

from __future__ import annotations

import duckdb

from ..interval import DAY
from ..problem import Problem, error
from ..tariff.model import in_force
from .settle_plan import SettlePlan
from .sql_text import sql


def check_law(connection: duckdb.DuckDBPyConnection, plan: SettlePlan, tariff_file: str) -> list[Problem]:
    """An error for each payment that fines somebody although the tariff's law forbids penalties.

    What a floor over an aggregation or a site's period makes good is no fine, nor is a funder's money that is passed
    back. The tariff is wrong then, not the data.
    """
    law = plan.tariff.law
    held = in_force(law.penalties_on_participants, plan.period.end - DAY, plan.known_by) if law is not None else None
    if held is None or held.value != "forbidden":
        return []
    rows = connection.execute(sql("law_below_zero")).fetchall()
    return [error(tariff_file, f"{count} lines of {service or rider} ({component.replace('_', ' ')}) are below zero, "
                  f"for example {amount} USD of {who}, and the law forbids penalties [{held.cite}]",
                  "Floor the measurement at zero, or let the payment charge nobody.", column=f"riders.{rider}")
            for rider, service, component, count, amount, who in rows]
