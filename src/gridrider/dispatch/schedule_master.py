"""The small linear programme of fleet coupling: the cheapest mix of whole-fleet plans that meets a target.

A dense primal simplex (Dantzig's rule, Bland's after a standstill): some dozens of columns and at most a day of rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .schedule_model import Floats

TOLERANCE = 1e-10
PIVOTS_MAX = 10_000


def cheapest_mix(cost_usd: Floats, delivered_kwh: Floats, target_kwh: Floats,
                 short_usd_per_kwh: float) -> tuple[Floats, Floats]:
    """Shares (K,) of K plans and the price of each target (E,) in USD/kWh.

        least   sum_k share_k cost_k + short_usd_per_kwh sum_e short_e
        so that sum_k share_k delivered_ke + short_e >= target_e,   sum_k share_k = 1,   share, short >= 0

    Costs are (K,), deliveries (K, E), targets (E,). RuntimeError if it does not end, which only a bug can cause.
    """
    plans, targets = delivered_kwh.shape
    unit_kwh = max(float(np.abs(delivered_kwh).max(initial=0.0)), float(np.abs(target_kwh).max(initial=0.0)), 1e-9)
    unit_usd = max(float(np.abs(cost_usd - cost_usd[0]).max()), short_usd_per_kwh * unit_kwh * 1e-6, 1e-9)
    # Every plan is taken as its difference from the first, whose share is what the others leave.
    gain = (delivered_kwh - delivered_kwh[0]).T / unit_kwh
    lacking = (target_kwh - delivered_kwh[0]) / unit_kwh
    price = short_usd_per_kwh * unit_kwh / unit_usd
    tableau = np.zeros((targets + 2, plans + 2 * targets + 1))
    tableau[:targets, :plans] = gain
    tableau[:targets, plans:plans + targets] = np.eye(targets)
    tableau[:targets, plans + targets:-1] = -np.eye(targets)
    tableau[:targets, -1] = lacking
    tableau[targets, :plans] = tableau[targets, -1] = 1.0
    tableau[-1, :plans] = (cost_usd - cost_usd[0]) / unit_usd
    tableau[-1, plans:plans + targets] = price
    met = lacking < 0
    basis = np.append(plans + np.arange(targets) + targets * met, 0)
    tableau[:targets][met] *= -1
    tableau[-1] -= price * tableau[:targets][~met].sum(axis=0)
    _solve(tableau, basis)
    solution = np.zeros(tableau.shape[1] - 1)
    solution[basis] = np.maximum(tableau[:-1, -1], 0.0)
    shares = solution[:plans] / solution[:plans].sum()
    prices = np.clip(tableau[-1, plans + targets:-1], 0.0, price) * unit_usd / unit_kwh
    return shares, prices


def _solve(tableau: Floats, basis: NDArray[np.int64]) -> None:
    """Pivot until no column lowers the cost; the last row holds reduced costs, the last column the solution."""
    for pivots in range(PIVOTS_MAX):
        falling = np.flatnonzero(tableau[-1, :-1] < -TOLERANCE)
        if not len(falling):
            return
        # Bland's rule cannot cycle; Dantzig's is faster.
        column = int(falling[0] if pivots > PIVOTS_MAX // 10 else falling[np.argmin(tableau[-1, falling])])
        rows = np.flatnonzero(tableau[:-1, column] > TOLERANCE)
        ratios = tableau[rows, -1] / tableau[rows, column]
        ties = rows[ratios <= ratios.min() + TOLERANCE]
        row = int(ties[np.argmin(basis[ties])])
        tableau[row] /= tableau[row, column]
        factors = tableau[:, column].copy()
        factors[row] = 0.0
        tableau -= np.outer(factors, tableau[row])
        basis[row] = column
    raise RuntimeError("the mix of fleet plans did not end")
