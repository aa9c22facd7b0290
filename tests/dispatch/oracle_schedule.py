"""The day plan as a linear programme in HiGHS: the independent answer that the plans of schedule are held against."""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np
import scipy.sparse as sparse

from gridrider.dispatch.schedule_model import Floats, Horizon, Storage

SHORT_USD_PER_KWH = 1e4
"""What a kWh below a floor costs in a step, far above any price of energy."""

VARIABLES = 6
"""Per step: charged from the surplus, from the grid, discharged for the load, into the grid, stored, missing."""


def one_device(devices: Storage, ahead: Horizon, place: int) -> tuple[Floats, Floats, Floats, sparse.csr_matrix,
                                                                      Floats, Floats]:
    """Costs, bounds below and above of the variables, rows, bounds of the rows, of the device at a place."""
    def row(array: Floats) -> Floats:
        return np.asarray(array[place if len(array) > 1 else 0])

    steps = ahead.steps
    buy, sell, load = row(ahead.import_usd_per_kwh), row(ahead.export_usd_per_kwh), row(ahead.net_load_kwh)
    charge, discharge = row(ahead.charge_kwh_max), row(ahead.discharge_kwh_max)
    into, out_of = devices.charge_efficiency[place], devices.discharge_efficiency[place]
    wear = devices.wear_usd_per_kwh[place] / out_of
    worth = np.zeros(steps)
    worth[-1] = -devices.end_usd_per_kwh[place]
    cost = np.r_[sell, buy, wear - buy, wear - sell, worth, np.full(steps, SHORT_USD_PER_KWH)]
    surplus, own = np.minimum(charge, np.maximum(-load, 0)), np.minimum(discharge, np.maximum(load, 0))
    full = np.full(steps, devices.stored_kwh_max[place])
    upper = np.r_[surplus, charge - surplus, own, discharge - own, full, np.full(steps, np.inf)]
    unit, kept = sparse.identity(steps), devices.kept_per_step[place]
    balance = sparse.hstack([-into * unit, -into * unit, unit / out_of, unit / out_of,
                             unit - kept * sparse.eye(steps, k=-1), 0 * unit])
    floor = sparse.hstack([0 * unit] * 4 + [unit, unit])
    start = -row(ahead.withdrawn_kwh).copy()
    start[0] += kept * devices.stored_kwh[place]
    lower = np.zeros(VARIABLES * steps)
    lower[4 * steps:5 * steps - 1] = row(ahead.withdrawn_kwh)[1:] / kept
    return (cost, lower, upper, sparse.vstack([balance, floor]).tocsr(),
            np.r_[start, row(ahead.stored_kwh_min)], np.r_[start, np.full(steps, np.inf)])


def solve(cost: Floats, lower: Floats, upper: Floats, rows: sparse.csr_matrix, row_lower: Floats,
          row_upper: Floats, presolve: str = "choose") -> tuple[float, Floats]:
    """The least cost and the variables; RuntimeError when HiGHS finds no optimum."""
    highs = highspy.Highs()
    for option, choice in (("output_flag", False), ("presolve", presolve),
                           ("primal_feasibility_tolerance", 1e-10), ("dual_feasibility_tolerance", 1e-10)):
        highs.setOptionValue(option, choice)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = rows.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
    model.row_lower_, model.row_upper_ = row_lower, row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(str(highs.getModelStatus()))
    return highs.getInfo().objective_function_value, np.array(highs.getSolution().col_value)


def least_cost(devices: Storage, ahead: Horizon, place: int = 0) -> tuple[float, Floats]:
    """The least cost of one device without what is missing priced in, and what is missing in each step."""
    steps = ahead.steps
    _, found = solve(*(problem := one_device(devices, ahead, place)))
    missing = found[-steps:]
    return float(problem[0][:-steps] @ found[:-steps]), missing


def fleet_least_cost(devices: Storage, ahead: Horizon, rows: Sequence[tuple[Floats, Floats, float]],
                     short_usd_per_kwh: float) -> float:
    """The least cost of a whole fleet; each row (weights (N,), weights (T,), least kWh) binds what it delivers.

    A row may fall short at a price.
    """
    problems = [one_device(devices, ahead, place) for place in range(devices.count)]
    steps, count = ahead.steps, devices.count
    shape = np.repeat([-1.0, -1.0, 1.0, 1.0, 0.0, 0.0], steps)
    coupling = np.array([np.concatenate([share * shape * np.tile(when, VARIABLES) for share in weights])
                         for weights, when, _ in rows])
    wide = sparse.hstack([sparse.csr_matrix(coupling), sparse.identity(len(rows))])
    own = sparse.block_diag([problem[3] for problem in problems])
    own = sparse.hstack([own, sparse.csr_matrix((own.shape[0], len(rows)))])
    cost, lower, upper, row_lower, row_upper = (np.concatenate([problem[part] for problem in problems])
                                                for part in (0, 1, 2, 4, 5))
    least = np.array([bound for _, _, bound in rows])
    found, _ = solve(np.r_[cost, np.full(len(rows), short_usd_per_kwh)], np.r_[lower, np.zeros(len(rows))],
                     np.r_[upper, np.full(len(rows), np.inf)], sparse.vstack([own, wide]).tocsr(),
                     np.r_[row_lower, least], np.r_[row_upper, np.full(len(rows), np.inf)],
                     presolve="off" if count > 50 else "choose")
    return found
