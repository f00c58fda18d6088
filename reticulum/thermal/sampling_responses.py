"""Shifts of the bands per displacement of totally symmetric modes, from third derivatives.

A crystal with little symmetry has hundreds of soft totally symmetric modes. To displace each one
would cost more than all draws; the forces at small displacements along the tracked modes give the
shifts for all of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.band_space import BandSpace
from reticulum.thermal.displaced_bands import BandDisplacement
from reticulum.thermal.stiff_relaxation import ModeSpace
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1


def shifts_per_displacement(
    space: BandSpace,
    modes: ModeSpace,
    displacements: Sequence[BandDisplacement],
    forces_ev_a: Sequence[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Shift ∂ν/∂q of both bands along every mode, (3n, 2), cm⁻¹/(Å√u).

    φ_vvk = -(F_k(+A) + F_k(-A) - 2 F_k(0))/A² is the change of the eigenvalue of a tracked mode v
    along the mode k in first order. Stiff modes need not follow and frames need not turn: both
    change it in second order only. Right for totally symmetric modes k; along others partners of a
    degenerate set split, of which this is the mean.

    Parameters
    ----------
    space
        What is tracked.
    modes
        All modes, with the forces at rest.
    displacements
        Along an orthonormal basis of each tracked set, with both signs.
    forces_ev_a
        (n, 3) at each displaced crystal, the positive before the negative one, eV/Å.

    """
    weights = np.array([space.tracked.antisymmetric, space.tracked.symmetric])
    found = np.zeros((len(modes.eigenvalues), 2))
    for number, displacement in enumerate(displacements):
        forward, backward = forces_ev_a[2 * number : 2 * number + 2]
        third = -(modes.forces(forward) + modes.forces(backward)) / displacement.amplitude**2
        # Which tracked modes this direction belongs to: all of one set, so of one eigenvalue.
        share = (space.tracked.vectors.T @ displacement.vector) ** 2
        eigenvalue = float(share @ space.eigenvalues)
        shift = SQRT_EV_PER_U_A2_TO_CM1 * third / (2.0 * np.sqrt(eigenvalue))
        found += shift[:, None] * (weights @ share)[None, :]
    result: NDArray[np.float64] = found / weights.sum(axis=1)
    return result
