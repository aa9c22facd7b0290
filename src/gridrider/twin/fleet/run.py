"""A run of steps under one set of messages: the door to both twins, numpy and compiled."""

from __future__ import annotations

import numpy as np

from ...compiled import HAVE_NUMBA
from .commands import Commands
from .communication import receive
from .flows import NAMES, Flows
from .homes import FleetParameters
from .rates import rates
from .state import FleetState
from .step import step
from .surroundings import Surroundings


def run(parameters: FleetParameters, state: FleetState, commands: Commands, surroundings: Surroundings, *, dt_s: int,
        steps_per_row: int = 1, use_compiled: bool | None = None) -> tuple[FleetState, Flows]:
    """All steps of the surroundings, `dt_s` seconds each; the messages go out at the start.

    Flows come in rows of `steps_per_row` steps (3 with steps of 300 s = quarter hours; a last row may be shorter).
    Homes do not see each other: a part of the fleet runs alone as it does inside. `use_compiled` None = where numba is.
    """
    state = receive(parameters, state, commands, surroundings.silent(state.clock_s))
    if HAVE_NUMBA if use_compiled is None else use_compiled:
        from .step_compiled import run_compiled

        state, sums = run_compiled(parameters, state, surroundings, dt_s=dt_s, steps_per_row=steps_per_row)
    else:
        same = rates(parameters, dt_s / 3600.0)
        sums = np.zeros((len(NAMES), -(-len(surroundings) // steps_per_row), len(parameters)))
        for number in range(len(surroundings)):
            state, flowed = step(parameters, state, surroundings, number, same, float(dt_s))
            for register, kwh in zip(sums[:, number // steps_per_row], flowed, strict=True):
                register += kwh
    return state, Flows(row_s=dt_s * steps_per_row, **dict(zip(NAMES, sums, strict=True)))
