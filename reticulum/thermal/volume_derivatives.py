"""Derivatives with respect to ln V at a reference volume, from values at a few volumes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Degree of the polynomial of ln ω in ln V, where there are volumes enough.
LOG_DEGREE = 2


def derivative_weights(log_volumes: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """Weights whose sum with values gives their derivative at ln V = ln V₀, (n_volumes,).

    The derivative is that of the least-squares polynomial of the degree, at most the one that goes
    through all points.
    """
    powers = np.vander(log_volumes, min(degree, len(log_volumes) - 1) + 1, increasing=True)
    weights: NDArray[np.float64] = np.linalg.pinv(powers)[1]
    return weights


def grueneisen(
    log_volumes: NDArray[np.float64], wavenumbers_cm1: NDArray[np.float64], degree: int = LOG_DEGREE
) -> NDArray[np.float64]:
    """Grüneisen parameters -d ln ω/d ln V at the reference volume, shape of one volume's values.

    Parameters
    ----------
    log_volumes
        (n_volumes,) ln(V/V₀).
    wavenumbers_cm1
        (n_volumes, ...) positive wavenumbers, cm⁻¹.
    degree
        Degree of the polynomial of ln ω in ln V.

    """
    weights = derivative_weights(log_volumes, degree)
    return -np.tensordot(weights, np.log(wavenumbers_cm1), axes=1)


def derivatives_by_step(
    log_volumes: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """First derivatives at the centre that the volumes allow, to be compared with each other.

    With more than one volume on each side: the parabola through each pair around the centre and
    the centre. With one on each side: the two one-sided differences, which bound what a smaller
    step would give.

    Parameters
    ----------
    log_volumes
        (n_volumes,) ascending, with 0.
    values
        (n_volumes,) any quantity.

    """
    centre = int(np.abs(log_volumes).argmin())
    if not has_several_steps(log_volumes):
        left = (values[centre] - values[centre - 1]) / -log_volumes[centre - 1]
        right = (values[centre + 1] - values[centre]) / log_volumes[centre + 1]
        return np.array([left, right])
    found = []
    for step in range(1, min(centre, len(log_volumes) - 1 - centre) + 1):
        three = [centre - step, centre, centre + step]
        found.append(np.polynomial.polynomial.polyfit(log_volumes[three], values[three], 2)[1])
    return np.array(found)


def derivative_error(log_volumes: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """How far a derivative at the centre is known, from `derivatives_by_step`.

    With several steps it is their whole difference; with one step half the difference between the
    two sides, between which the derivative lies.

    Parameters
    ----------
    log_volumes, values
        As for `derivatives_by_step`.

    """
    found = derivatives_by_step(log_volumes, values)
    share = 1.0 if has_several_steps(log_volumes) else 0.5
    return share * float(found.max() - found.min())


def has_several_steps(log_volumes: NDArray[np.float64]) -> bool:
    """Whether there are at least two volumes on each side of the reference."""
    centre = int(np.abs(log_volumes).argmin())
    return min(centre, len(log_volumes) - 1 - centre) > 1
