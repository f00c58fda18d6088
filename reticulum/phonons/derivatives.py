"""Derivatives of distances, angles, out-of-plane displacements and torsions [Wilson1955]_."""

from __future__ import annotations

from math import radians, sin

import numpy as np
from numpy.typing import NDArray

#: Angles nearer to a straight line than this give no coordinate, degrees: derivatives diverge.
STRAIGHT_ANGLE_DEG = 175.0

_SMALLEST_SINE = sin(radians(STRAIGHT_ANGLE_DEG))


def is_straight(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Whether two vectors are parallel or opposite within `STRAIGHT_ANGLE_DEG`."""
    sine = np.linalg.norm(np.cross(first, second)) / (
        np.linalg.norm(first) * np.linalg.norm(second)
    )
    return bool(sine < _SMALLEST_SINE)


def stretch_derivatives(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Derivative of a distance with respect to its two ends.

    Parameters
    ----------
    vector
        From the first to the second site, shape (3,), Å.

    Returns
    -------
    numpy.ndarray
        Shape (2, 3), dimensionless: ∂d/∂r₁ = -u, ∂d/∂r₂ = u with the unit vector u
        [Wilson1955]_.

    """
    unit = vector / np.linalg.norm(vector)
    return np.stack([-unit, unit])


def bend_derivatives(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Derivative of an angle with respect to its apex and its two ends.

    Parameters
    ----------
    first, second
        Arms from the apex to the ends, each of shape (3,), Å, not collinear.

    Returns
    -------
    numpy.ndarray
        Shape (3, 3), rad/Å, rows: apex, first end, second end. With unit arms u, v of lengths
        p, q: ∂θ/∂r₁ = (u cos θ - v)/(p sin θ), ∂θ/∂r₂ = (v cos θ - u)/(q sin θ), apex: minus
        their sum [Wilson1955]_.

    """
    p, q = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    u, v = first / p, second / q
    cosine = float(u @ v)
    sine = float(np.linalg.norm(np.cross(u, v)))
    on_first = (u * cosine - v) / (p * sine)
    on_second = (v * cosine - u) / (q * sine)
    return np.stack([-on_first - on_second, on_first, on_second])


def out_of_plane_derivatives(
    first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Derivative of the out-of-plane displacement of an atom with three neighbours.

    The coordinate is the triple product u·(v × w) of the unit bond vectors, zero for a plane. At a
    planar centre its derivative is, up to a factor, that of the angle between any one bond and the
    plane of the others [Wilson1955]_, so that no bond needs to be chosen.

    Parameters
    ----------
    first, second, third
        Arms from the centre to its neighbours, each of shape (3,), Å.

    Returns
    -------
    numpy.ndarray
        Shape (4, 3), 1/Å, rows: centre, then the three neighbours.

    """
    arms = (first, second, third)
    units = [arm / np.linalg.norm(arm) for arm in arms]
    ends = []
    for number, arm in enumerate(arms):
        unit, others = units[number], np.cross(units[number - 2], units[number - 1])
        ends.append((others - unit * float(unit @ others)) / float(np.linalg.norm(arm)))
    return np.stack([-ends[0] - ends[1] - ends[2], *ends])


def torsion_derivatives(
    first: NDArray[np.float64], middle: NDArray[np.float64], last: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Derivative of a torsion angle A-B-C-D with respect to its four atoms.

    Parameters
    ----------
    first, middle, last
        Vectors A to B, B to C and C to D, each of shape (3,), Å, neighbours not collinear.

    Returns
    -------
    numpy.ndarray
        Shape (4, 3), rad/Å, rows A, B, C, D [Wilson1955]_.

    """
    length = float(np.linalg.norm(middle))
    one, two = np.cross(first, middle), np.cross(middle, last)
    on_a = -length * one / float(one @ one)
    on_d = length * two / float(two @ two)
    p, q = float(first @ middle) / length**2, float(last @ middle) / length**2
    on_b = -(1.0 + p) * on_a + q * on_d
    return np.stack([on_a, on_b, -on_a - on_b - on_d, on_d])
