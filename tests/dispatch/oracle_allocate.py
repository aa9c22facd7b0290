"""Allocation by other means: a sweep over sorted corners, Clarabel for limits that nest, HiGHS for linear cost."""

from __future__ import annotations

import clarabel
import highspy
import numpy as np
import scipy.sparse as sparse

from gridrider.dispatch.allocate import Floats, SupplyCurves


def fleet(count: int, seed: int = 1) -> SupplyCurves:
    """Batteries of usual sizes at random states of charge, half of which may charge."""
    chance = np.random.default_rng(seed)
    power_kw = chance.choice([3.3, 5.0, 5.8, 7.6, 11.5], count)
    charged = chance.uniform(0.25, 1, count)
    return SupplyCurves(preferred_kw=power_kw * (charged - 0.6),
                        kw_per_level=power_kw * chance.uniform(0.5, 1.5, count),
                        power_kw_min=np.where((chance.random(count) < 0.5) & (charged < 0.9), -power_kw, 0.0),
                        power_kw_max=np.minimum(power_kw, power_kw * (charged - 0.2) * 8))


def by_sorting(target_kw: float, curves: SupplyCurves) -> Floats:
    """The allocation of a target within reach: the total at every corner of the curves, then along one line. [kW]"""
    corners = np.concatenate([(curves.power_kw_min - curves.preferred_kw) / curves.kw_per_level,
                              (curves.power_kw_max - curves.preferred_kw) / curves.kw_per_level])
    bends = np.concatenate([curves.kw_per_level, -curves.kw_per_level])
    order = np.argsort(corners, kind="stable")
    levels, slopes = corners[order], np.cumsum(bends[order])
    totals = curves.power_kw_min.sum() + np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(levels))])
    at = min(max(int(np.searchsorted(totals, target_kw)) - 1, 0), len(levels) - 1)
    return curves.at(float(levels[at] + (target_kw - totals[at]) / slopes[at]))


def discomfort(delivered_kw: Floats, curves: SupplyCurves) -> float:
    """What the allocation minimises. [kW per level, squared level]"""
    return float(((delivered_kw - curves.preferred_kw) ** 2 / (2 * curves.kw_per_level)).sum())


def members(parent: list[int], group_of_device: list[int]) -> sparse.csr_matrix:
    """One row for each group, with a 1 for each device in it or in a group below it."""
    inside = np.zeros((len(parent), len(group_of_device)))
    for device, group in enumerate(group_of_device):
        while group != -1:
            inside[group, device] = 1
            group = parent[group]
    return sparse.csr_matrix(inside)


def by_clarabel(target_kw: float, curves: SupplyCurves, inside: sparse.csr_matrix,
                kw_max: Floats) -> tuple[Floats, float, Floats]:
    """The quadratic programme with a row for each limit: delivered, the level, and the dual of each limit."""
    count, (groups, _) = len(curves), inside.shape
    unit = sparse.identity(count, format="csc")
    rows = sparse.vstack([sparse.csc_matrix(np.ones((1, count))), unit, -unit, inside], format="csc")
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-10
    found = clarabel.DefaultSolver(
        sparse.diags(1 / curves.kw_per_level, format="csc"), -curves.preferred_kw / curves.kw_per_level, rows,
        np.r_[target_kw, curves.power_kw_max, -curves.power_kw_min, kw_max],
        [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(2 * count + groups)], settings).solve()
    duals = np.array(found.z)
    return np.array(found.x), -float(duals[0]), duals[1 + 2 * count:]


def highs_maximum(cost: Floats, rows: sparse.csr_matrix, row_max: Floats, low: Floats, high: Floats) -> float:
    """The largest cost @ x with rows @ x <= row_max and low <= x <= high."""
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = len(cost), rows.shape[0]
    programme.col_cost_, programme.col_lower_, programme.col_upper_ = -cost, low, high
    programme.row_lower_, programme.row_upper_ = np.full(rows.shape[0], -highspy.kHighsInf), row_max
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_, programme.a_matrix_.index_ = rows.indptr, rows.indices
    programme.a_matrix_.value_ = rows.data
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(programme)
    solver.run()
    return -float(solver.getInfo().objective_function_value)
