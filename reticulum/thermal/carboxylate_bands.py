"""Which modes make the carboxylate bands and are followed when the crystal is distorted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import STRETCH_LIMIT_CM1, ModeTable
from reticulum.thermal.band_space import BandSpace
from reticulum.thermal.band_tracking import TrackedModes
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Carboxylate-stretch character from which an infrared-active set is followed along a path.
TRACKED_CHARACTER = 0.10


def track_carboxylate_modes(table: ModeTable, *, only_bands: bool = False) -> TrackedModes:
    """The infrared-active sets that are followed to get the carboxylate bands on a path.

    Parameters
    ----------
    table
        From `mode_table`.
    only_bands
        Leave out sets that belong to no band and are followed only because they mix with one:
        their own change enters the bands in third order.

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
    if only_bands:
        in_a_band = [number in bands["antisymmetric"] + bands["symmetric"] for number in followed]
        followed = followed[in_a_band]
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


def carboxylate_band_space(table: ModeTable) -> BandSpace:
    """The infrared-active carboxylate modes, and all stretches among which they may mix.

    A mode belongs to the stretches of a band if its set has at least `TRACKED_CHARACTER` of that
    stretch, whether it is infrared-active or not.

    Parameters
    ----------
    table
        From `mode_table`.

    Raises
    ------
    CalculationError
        If a band has no infrared-active mode.

    """
    tracked = track_carboxylate_modes(table, only_bands=True)
    labels = table.labels
    chosen = np.concatenate([np.array(members) for members in tracked.sets])
    rest = np.setdiff1d(np.arange(len(labels.mode_wavenumbers_cm1)), chosen)
    number = labels.set_of_mode
    high = labels.wavenumbers_cm1 > STRETCH_LIMIT_CM1
    antisymmetric = (high & (table.antisymmetric >= TRACKED_CHARACTER))[number]
    symmetric = (high & (table.symmetric >= TRACKED_CHARACTER))[number]
    wavenumbers = labels.mode_wavenumbers_cm1[chosen]
    return BandSpace(
        tracked=tracked,
        eigenvalues=(wavenumbers / SQRT_EV_PER_U_A2_TO_CM1) ** 2,
        antisymmetric_tracked=antisymmetric[chosen],
        symmetric_tracked=symmetric[chosen],
        antisymmetric_rest=antisymmetric[rest],
        symmetric_rest=symmetric[rest],
    )
