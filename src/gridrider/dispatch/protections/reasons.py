"""Why a device is asked less, or nothing: a sentence with its numbers for each row, and the clause behind it.

Sentences are made column by column, and only for the rows that are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..columns import LOCK, NOT_TOLD, DeviceColumns, Floats, Rowed, StandingColumns, TelemetryColumns
from ..model import Connection, Protection
from .bounds import PROTECTION_CODES, Bounds, reserve_pct
from .rules import ProtectionRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a bound was made of, in one order of devices, and the bound."""

    devices: DeviceColumns
    telemetry: TelemetryColumns
    standing: StandingColumns
    rules: ProtectionRules
    bounds: Bounds

    def part(self, rows: Rowed) -> Facts:
        """The same for some devices only."""
        return Facts(devices=self.devices.part(rows), telemetry=self.telemetry.part(rows),
                     standing=self.standing.part(rows), rules=self.rules, bounds=self.bounds.part(rows))


Pieces = list[str | pa.Array]


def reasons(facts: Facts, rows: Rowed) -> pa.Array:
    """A sentence for each of the rows, which are positions of devices: what binds, with the numbers that say so."""
    codes = facts.bounds.protection[rows]
    order = np.argsort(codes, kind="stable")
    told = []
    for code in np.unique(codes):
        some = rows[order[codes[order] == code]]
        pieces = SENTENCES[PROTECTION_CODES[code]](facts.part(some))
        told.append(pc.binary_join_element_wise(*(_as_column(piece, len(some)) for piece in pieces), ""))
    back = np.empty(len(rows), np.int64)
    back[order] = np.arange(len(rows))
    return pa.concat_arrays([pa.array([], pa.string()), *told]).take(pa.array(back))


def clauses(rules: ProtectionRules, codes: NDArray[np.integer]) -> pa.Array:
    """The clause of each protection, by its position in PROTECTION_CODES."""
    return pa.array([rules.clauses[protection] for protection in PROTECTION_CODES]).take(pa.array(codes))


def names(codes: NDArray[np.integer]) -> pa.Array:
    """The name of each protection, by its position in PROTECTION_CODES."""
    return pa.array([str(protection) for protection in PROTECTION_CODES]).take(pa.array(codes))


def said(numbers: Floats, decimals: int = 1) -> pa.Array:
    """Numbers as a sentence says them, without needless zeros.

    >>> said(np.array([5.125, 20.0, np.nan])).to_pylist()
    ['5.1', '20', 'unknown']
    """
    words = pc.round(pa.array(numbers), decimals).cast(pa.string())
    return pc.if_else(pa.array(np.isfinite(numbers)), words, "unknown")


def _as_column(piece: str | pa.Array, count: int) -> pa.Array:
    return pa.repeat(piece, count) if isinstance(piece, str) else piece


def _plain(sentence: str) -> Callable[[Facts], Pieces]:
    return lambda facts: [sentence]


def _islanded(facts: Facts) -> Pieces:
    states = pa.array([each.name.lower() for each in Connection])
    return ["the home is ", states.take(pa.array(facts.telemetry.connection)), ", so its customer is in control"]


def _storm_hold(facts: Facts) -> Pieces:
    warned = pa.array(facts.standing.storm_status == LOCK)
    return ["a storm ", pc.if_else(warned, "warning", "watch"), " holds the battery for the home"]


def _events_per_month(facts: Facts) -> Pieces:
    return _events(facts.standing.events_month, "month", facts.rules.events_per_month_max)


def _events_per_year(facts: Facts) -> Pieces:
    return _events(facts.standing.events_year, "year", facts.rules.events_per_year_max)


def _events(asked: Floats, period: str, most: float) -> Pieces:
    return ["asked in ", said(asked), f" other events of the {period}, of {most:g} at most"]


def _cycles_per_year(facts: Facts) -> Pieces:
    used = np.divide(facts.standing.called_kwh_year, facts.devices.usable_kwh,
                     out=np.full(len(facts.devices), np.nan), where=facts.devices.usable_kwh > 0)
    return [said(used, 2), f" of {facts.rules.cycles_per_year_max:g} cycles of the year are used"]


def _silent(facts: Facts) -> Pieces:
    lacks = [(np.isnan(facts.telemetry.age_s), "it never reported"),
             (facts.telemetry.connection == NOT_TOLD, "its report does not tell whether the home is on the grid"),
             (np.isnan(facts.telemetry.stored_kwh) & facts.devices.stores, "its report does not tell what is stored")]
    return [pc.case_when(pc.make_struct(*(pa.array(mask) for mask, _ in lacks)), *(text for _, text in lacks),
                         "its report does not tell what the home takes, and its export is limited")]


def _stale(facts: Facts) -> Pieces:
    return ["the last report is ", said(facts.telemetry.age_s / 60),
            f" minutes old, of {facts.rules.telemetry_s_max / 60:g} at most"]


def _contradictory(facts: Facts) -> Pieces:
    return ["its report contradicts its size or the report before: ", said(facts.telemetry.stored_kwh), " of ",
            said(facts.devices.usable_kwh), " kWh stored, ", said(facts.telemetry.delivered_kw), " kW given"]


def _ev_departure(facts: Facts) -> Pieces:
    return ["vehicle holds ", said(facts.telemetry.stored_kwh), " kWh, of which ", said(facts.bounds.floor_kwh),
            " kWh cannot be charged again before it leaves"]


def _reserve(facts: Facts) -> Pieces:
    return ["battery holds ", said(facts.telemetry.stored_kwh), " kWh, of which ", said(facts.bounds.floor_kwh),
            " kWh are kept: reserve ", said(reserve_pct(facts.devices, facts.rules)), " %"]


def _high_voltage(facts: Facts) -> Pieces:
    return ["voltage is ", said(facts.telemetry.voltage_pu, 3), " pu, at which ",
            said(facts.bounds.delivered_kw_high, 2), " of ", said(facts.devices.discharge_max_kw, 2),
            " kW may be given"]


def _export_limit(facts: Facts) -> Pieces:
    return [said(facts.devices.export_max_kw, 2), " kW may be exported, and the home takes ",
            said(facts.telemetry.home_net_kw, 2), " kW"]


def _power_limit(facts: Facts) -> Pieces:
    return ["the device gives ", said(facts.devices.discharge_max_kw, 2), " kW at most"]


def _full(facts: Facts) -> Pieces:
    return ["it holds ", said(facts.telemetry.stored_kwh), " kWh and need not be charged further"]


SENTENCES: dict[Protection, Callable[[Facts], Pieces]] = {
    Protection.EMERGENCY_STOP: _plain("the program is stopped"),
    Protection.NOT_IN_FORCE: _plain("the enrollment does not hold on this day, or the event is not for it"),
    Protection.UNSIGNED: _plain("no agreement is signed"),
    Protection.UNVERIFIED: _plain("the device has not proven its identity and firmware"),
    Protection.MEDICAL: _plain("medical baseline or life support, which the rider excludes"),
    Protection.SUSPENDED: _plain("the customer has suspended participation"),
    Protection.OPTED_OUT: _plain("the customer opted out"),
    Protection.ISLANDED: _islanded,
    Protection.STORM_HOLD: _storm_hold,
    Protection.STORM_FEED_LOST: _plain("storm alerts are stale, and a watch or warning was on when they were lost"),
    Protection.EVENTS_PER_MONTH: _events_per_month,
    Protection.EVENTS_PER_YEAR: _events_per_year,
    Protection.CYCLES_PER_YEAR: _cycles_per_year,
    Protection.OUTSIDE_EVENT: _plain("the time lies outside of the event"),
    Protection.SILENT: _silent,
    Protection.STALE: _stale,
    Protection.CONTRADICTORY: _contradictory,
    Protection.UNPLUGGED: _plain("the vehicle is not at its charger"),
    Protection.EV_DEPARTURE: _ev_departure,
    Protection.RESERVE: _reserve,
    Protection.HIGH_VOLTAGE: _high_voltage,
    Protection.EXPORT_LIMIT: _export_limit,
    Protection.POWER_LIMIT: _power_limit,
    Protection.FULL: _full,
}
"""How each protection is told: the pieces of its sentence, words and columns of words."""
