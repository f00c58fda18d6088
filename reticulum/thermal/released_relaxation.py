"""Relaxation from a point of a path with its coordinate set free, in a space of displacements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.executor import ForceRunner
from reticulum.thermal.quasi_newton import positive_curvatures, updated_curvatures

if TYPE_CHECKING:
    from ase import Atoms

#: Longest move of an atom in one step, Å: half of the elongation that makes a bond loose, so that a
#: step does not leap over a shallow second minimum.
_LONGEST_MOVE_A = 0.05

#: A step that raises the energy by more than this is halved, eV per cell.
_RISE_EV = 1e-3

#: Shortest step after halving, as a part of the first.
_SHORTEST_SHARE = 1.0 / 64.0


class ReleaseEnd(StrEnum):
    """How a released relaxation ended."""

    RELAXED = "relaxed"
    STOPPED = "stopped: back at the start"
    GIVEN_UP = "not converged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """End of a released relaxation.

    Parameters
    ----------
    positions_a
        (n, 3), Å.
    energy_ev
        Energy of the cell, eV.
    residual_ev_a
        Norm of the force on the free coordinates, eV/Å.
    n_calls
        Force calculations.
    end
        How it ended.

    """

    positions_a: NDArray[np.float64]
    energy_ev: float
    residual_ev_a: float
    n_calls: int
    end: ReleaseEnd


def released(
    atoms: Atoms,
    runner: ForceRunner,
    positions_a: NDArray[np.float64],
    *,
    displacements: NDArray[np.float64],
    hessian_ev_a2: NDArray[np.float64],
    force_limit_ev_a: float,
    smallest_curvature_ev_a2: float,
    most_iterations: int,
    kind: str,
    stop: Callable[[NDArray[np.float64], float], bool],
) -> Released:
    """Structure that a relaxation reaches from a point.

    Parameters
    ----------
    atoms
        Elements and cell.
    runner
        Computes forces.
    positions_a
        (n, 3) where it starts, Å.
    displacements
        (3n, m) orthonormal displacements that are free.
    hessian_ev_a2
        (3n, 3n) preconditioner, eV/Å².
    force_limit_ev_a
        Largest force left (norm over the free coordinates), eV/Å.
    smallest_curvature_ev_a2
        Floor of the preconditioner's curvatures, eV/Å².
    most_iterations
        Force calculations after which it is given up.
    kind
        Name under which calculations are stored.
    stop
        Told positions (Å) and energy (eV) of every step down; true ends the relaxation.

    """
    curvatures = positive_curvatures(
        displacements.T @ hessian_ev_a2 @ displacements, smallest_curvature_ev_a2
    )
    place = np.array(positions_a, dtype=np.float64)
    step = np.zeros(displacements.shape[1], dtype=np.float64)
    best: Released | None = None
    force = np.zeros_like(step)
    share = 1.0
    runner.progress.start(kind, 0, 0)
    for n_calls in range(1, most_iterations + 1):
        trial = atoms.copy()
        trial.positions = place + share * (displacements @ step).reshape(-1, 3)
        found = runner.evaluate([trial], kind=kind, show=False)[0]
        energy = found.result.energy_ev
        new_force = displacements.T @ found.result.forces_ev_per_a.ravel()
        residual = float(np.linalg.norm(new_force))
        runner.progress.advance(kind, found.seconds, f"released, force {residual:.3f} eV/Å")
        if best is not None:
            curvatures = updated_curvatures(curvatures, share * step, force - new_force)
            if energy > best.energy_ev + _RISE_EV and share > _SHORTEST_SHARE:
                share *= 0.5
                continue
        end = ReleaseEnd.GIVEN_UP
        if residual < force_limit_ev_a:
            end = ReleaseEnd.RELAXED
        elif stop(trial.positions, energy):
            end = ReleaseEnd.STOPPED
        best = Released(
            positions_a=np.array(trial.positions),
            energy_ev=energy,
            residual_ev_a=residual,
            n_calls=n_calls,
            end=end,
        )
        if end is not ReleaseEnd.GIVEN_UP:
            break
        place, force, share = np.array(trial.positions), new_force, 1.0
        newton = np.linalg.solve(curvatures, force)
        moves = np.linalg.norm((displacements @ newton).reshape(-1, 3), axis=1)
        shortened = min(1.0, _LONGEST_MOVE_A / max(float(moves.max()), 1e-12))
        step = np.asarray(shortened * newton, dtype=np.float64)
    runner.progress.finish(kind)
    if best is None:
        raise ValueError("a relaxation needs at least one force calculation")
    return best
