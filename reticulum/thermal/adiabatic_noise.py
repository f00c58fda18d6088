"""What the noise of a calculator's forces adds to the error of the adiabatic slopes.

Noise shifts the band of every set alike, whether the set matters or not, so a check of the leading
sets alone misses it: shifts of a hundred sets that do nothing add up too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.adiabatic import soft_average
from reticulum.thermal.mechanism import ErrorKind, SlopeError
from reticulum.thermal.slopes import band_slope
from reticulum.thermal.soft_exploration import Exploration, SoftWorkspace
from reticulum.thermal.soft_states import SoftCourse

#: Noise of a curvature from a displacement half as long is twice as large, so that the difference
#: of both has the variance 1 + 4 in units of that of the longer one.
_VARIANCE_OF_HALVED = 5.0

#: The difference of two relaxations has twice the variance of one.
_VARIANCE_OF_RELAXED = 2.0


def shift_scatter_cm1(
    shifts: Sequence[NDArray[np.float64]],
    relaxed_again: Sequence[NDArray[np.float64]],
    halved: Sequence[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Root mean square error by noise of one band shift, (2,), cm⁻¹.

    Any true effect of the settings counts as noise here, so that it is rather too large.

    Parameters
    ----------
    shifts
        (6,) for each checked set, as they are used, cm⁻¹.
    relaxed_again
        The same with the stiff modes relaxed anew to a smaller force, cm⁻¹.
    halved
        The same with displacements half as long, cm⁻¹.

    """
    before = np.array(shifts)[:, :2]
    relaxing = (np.array(relaxed_again)[:, :2] - before) ** 2 / _VARIANCE_OF_RELAXED
    differencing = (np.array(halved)[:, :2] - before) ** 2 / _VARIANCE_OF_HALVED
    return np.asarray(np.sqrt((relaxing + differencing).mean(axis=0)))


def noise_errors(
    workspace: SoftWorkspace,
    explorations: Sequence[Exploration],
    scatter_cm1: NDArray[np.float64],
    temperatures_k: NDArray[np.float64],
) -> tuple[SlopeError, SlopeError]:
    """Errors of both slopes when the shift of every set at its base amplitude has such an error.

    Parameters
    ----------
    workspace
        The crystal.
    explorations
        All sets of the sum.
    scatter_cm1
        (2,) from `shift_scatter_cm1`, cm⁻¹.
    temperatures_k
        Window, K.

    """
    per_shift = np.array([_slope_per_shift(workspace, e, temperatures_k) for e in explorations])
    together = float(np.sqrt((per_shift**2).sum()))
    first, second = (
        SlopeError(
            kind=ErrorKind.STEP_SIZE,
            size_cm1_per_k=float(size) * together,
            origin=f"noise of the forces: {float(size):.3f} cm⁻¹ in the shift by every set",
        )
        for size in scatter_cm1
    )
    return first, second


def _slope_per_shift(
    workspace: SoftWorkspace, exploration: Exploration, temperatures_k: NDArray[np.float64]
) -> float:
    """Slope, 1/K, by a shift of 1 at the base amplitude that grows with its square."""
    course = exploration.course(workspace)
    unit = SoftCourse(
        eigenvalue=course.eigenvalue,
        odd=False,
        amplitudes=np.array(course.amplitudes),
        energies_cm1=np.array(course.energies_cm1),
        followed=np.array(course.followed),
        band_amplitudes=np.array([exploration.base]),
        shifts_cm1=np.ones((1, 1)),
    )
    values = exploration.soft.dimension * soft_average(unit, temperatures_k).shifts_cm1[:, 0]
    return band_slope(temperatures_k, values).slope_cm1_per_k
