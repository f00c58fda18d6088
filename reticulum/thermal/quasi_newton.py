"""Curvatures that a quasi-Newton relaxation steps with: always positive, learnt from forces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def positive_curvatures(matrix: NDArray[np.float64], floor_ev_a2: float) -> NDArray[np.float64]:
    """Symmetric matrix whose eigenvalues are raised to a floor, (m, m), eV/Å².

    Parameters
    ----------
    matrix
        (m, m), eV/Å².
    floor_ev_a2
        Smallest eigenvalue of the result, eV/Å².

    """
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    positive: NDArray[np.float64] = (vectors * np.maximum(values, floor_ev_a2)) @ vectors.T
    return positive


def updated_curvatures(
    hessian: NDArray[np.float64], step: NDArray[np.float64], change: NDArray[np.float64]
) -> NDArray[np.float64]:
    """BFGS update with Powell's damping, which keeps the matrix positive, (m, m), eV/Å².

    Parameters
    ----------
    hessian
        (m, m) positive, eV/Å².
    step
        (m,) last displacement, Å.
    change
        (m,) change of the gradient over it, eV/Å.

    """
    old = hessian @ step
    curvature = float(step @ old)
    if curvature < 1e-12:
        return hessian
    agreement = float(step @ change)
    if agreement < 0.2 * curvature:
        share = 0.8 * curvature / (curvature - agreement)
        change = share * change + (1.0 - share) * old
        agreement = float(step @ change)
    updated: NDArray[np.float64] = (
        hessian - np.outer(old, old) / curvature + np.outer(change, change) / agreement
    )
    return updated
