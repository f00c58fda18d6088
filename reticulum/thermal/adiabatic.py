"""Thermal average of the bands over one soft coordinate along its relaxed path.

Bands are known at a few amplitudes q of a soft mode, with the stiff modes relaxed; their shift is
averaged over the quantum states of the motion along the path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.harmonic import harmonic_mean_square_a2
from reticulum.thermal.soft_states import SoftCourse, even_part, soft_states
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: The outermost amplitude that is computed is the mean of |q| and so many standard deviations of
#: it: for a harmonic mode √3 root mean square amplitudes, the node of three-point Gauss-Hermite
#: quadrature, which is exact up to fifth order.
_UPPER_DEVIATIONS = 1.55


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftAverage:
    """Thermal average over one soft coordinate.

    Parameters
    ----------
    shifts_cm1
        (n_temperatures, b) mean shifts by one partner, cm⁻¹.
    root_mean_square
        (n_temperatures,) √<q²>, Å√u.
    mean
        (n_temperatures,) <q>, Å√u.
    outside
        (n_temperatures,) probability beyond the largest amplitude of which the energy is known.
    upper
        (n_temperatures,) amplitude that covers the distribution: √3 root mean square amplitudes of
        a harmonic mode, Å√u.

    """

    shifts_cm1: NDArray[np.float64]
    root_mean_square: NDArray[np.float64]
    mean: NDArray[np.float64]
    outside: NDArray[np.float64]
    upper: NDArray[np.float64]


def harmonic_amplitude(eigenvalue: float, temperature_k: float) -> float:
    """√<q²> of a harmonic mode, Å√u.

    Parameters
    ----------
    eigenvalue
        Positive, eV/(u Å²).
    temperature_k
        K.

    """
    wavenumber = float(np.sqrt(eigenvalue)) * SQRT_EV_PER_U_A2_TO_CM1
    return float(np.sqrt(harmonic_mean_square_a2(wavenumber, 1.0, [temperature_k])[0]))


def soft_average(course: SoftCourse, temperatures_k: NDArray[np.float64]) -> SoftAverage:
    """Quantum thermal average of the bands along a soft coordinate, over its states.

    Parameters
    ----------
    course
        What is known.
    temperatures_k
        (n_temperatures,), K.

    """
    states = soft_states(course, float(np.max(temperatures_k)))
    density, q = states.density(temperatures_k), states.q
    shifts = band_shifts_cm1(course, q)
    sizes = density @ np.abs(q)
    square = density @ q**2
    inside = np.abs(q) <= np.abs(course.amplitudes).max(initial=0.0)
    return SoftAverage(
        shifts_cm1=density @ shifts,
        root_mean_square=np.sqrt(square),
        mean=density @ q,
        outside=1.0 - density @ inside,
        upper=sizes + _UPPER_DEVIATIONS * np.sqrt(np.maximum(square - sizes**2, 0.0)),
    )


def band_shifts_cm1(course: SoftCourse, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shifts of the bands along the path, (n, b), cm⁻¹.

    The even part is a polynomial in q² through the known points, continued as a straight line in q²
    outside them. For totally symmetric modes the odd part, divided by q, is one too, continued as a
    constant.

    Parameters
    ----------
    course
        What is known.
    q
        (n,) amplitudes, Å√u.

    """
    scale = float(np.abs(course.band_amplitudes).max())
    x = course.band_amplitudes / scale
    sizes, even = even_part(x, course.shifts_cm1)
    squares, variable = sizes**2, (q / scale) ** 2
    powers = 1 + np.arange(len(squares))
    factors = np.linalg.solve(squares[:, None] ** powers, even)
    inner = np.minimum(variable, 1.0)
    beyond = np.maximum(variable - 1.0, 0.0)
    found: NDArray[np.float64] = (inner[:, None] ** powers) @ factors
    found = found + beyond[:, None] * (powers @ factors)
    if course.odd:
        _, odd = even_part(x, course.shifts_cm1 / x[:, None])
        rising = np.linalg.solve(squares[:, None] ** (powers - 1), odd)
        found = found + (q / scale)[:, None] * ((inner[:, None] ** (powers - 1)) @ rising)
    return found
