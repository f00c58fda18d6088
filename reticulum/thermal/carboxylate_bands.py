"""Which modes make the carboxylate bands and are followed when the crystal is distorted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import STRETCH_LIMIT_CM1, ModeTable
from reticulum.thermal.band_tracking import TrackedModes
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Carboxylate-stretch character from which an infrared-active set is followed along a path.
TRACKED_CHARACTER = 0.10


def track_carboxylate_modes(table: ModeTable) -> TrackedModes:
    """The infrared-active sets that are followed to get the carboxylate bands on a path.

    Parameters
    ----------
    table
        From `mode_table`.

    Raises
    ------
    CalculationError
        If a band has no infrared-active mode.

    """
    labels = table.labels
    share = np.maximum(table.antisymmetric, table.symmetric)
    high = labels.wavenumbers_cm1 > STRETCH_LIMIT_CM1
    followed = np.flatnonzero(labels.infrared_active & high & (share >= TRACKED_CHARACTER))
    bands = {}
    for name, group in (
        ("antisymmetric", CoordinateGroup.ANTISYMMETRIC_CO),
        ("symmetric", CoordinateGroup.SYMMETRIC_CO),
    ):
        bands[name] = table.band_sets(group)
        if not bands[name]:
            raise CalculationError(
                f"No infrared-active mode is led by the {name} carboxylate stretch.",
                why="The band cannot be followed.",
                fix="Look at the modes with `reticulum modes RUN`.",
            )
    members = [labels.sets[number] for number in followed]

    rest = np.setdiff1d(np.arange(len(labels.mode_wavenumbers_cm1)), np.concatenate(members))
    others = labels.mode_wavenumbers_cm1[rest]

    def weights(name: str, fractions: NDArray[np.float64]) -> NDArray[np.float64]:
        per_set = [fractions[n] if n in bands[name] else 0.0 for n in followed]
        return np.repeat(np.array(per_set), [len(modes) for modes in members])

    return TrackedModes(
        sets=tuple(tuple(int(i) for i in modes) for modes in members),
        vectors=np.ascontiguousarray(labels.eigenvectors[:, np.concatenate(members)]),
        antisymmetric=weights("antisymmetric", table.antisymmetric),
        symmetric=weights("symmetric", table.symmetric),
        rest_vectors=np.ascontiguousarray(labels.eigenvectors[:, rest]),
        rest_eigenvalues=np.sign(others) * (others / SQRT_EV_PER_U_A2_TO_CM1) ** 2,
        labels=tuple(labels.labels[number] or "?" for number in followed),
    )
