"""The direction within a degenerate set of modes that leaves the crystal the most symmetry.

Along a general direction of a threefold set nothing of the symmetry is left; along an axis of the
crystal a good part is (8 of 48 operations in a cubic crystal), and the Hessian of the displaced
crystal costs as much less. By symmetry one partner stands for all.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.symmetry_adapted import images

#: Seed of the vector that decides between equivalent directions and signs, so that a resumed run
#: takes the same one.
_SEED = 20

#: An operation leaves a direction when it moves its unit vector by less than this.
_FIXED = 1e-2

#: Largest part of a unit vector that may be lost when it is made symmetric.
_LARGEST_LOSS = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolarisedMode:
    """One partner of a set of modes, with the symmetry that a displacement along it leaves.

    Parameters
    ----------
    vector
        (3n,) mass-weighted unit vector.
    kept
        Numbers of the operations that leave it.
    reversing
        Number of an operation that turns it into its opposite; None if there is none.

    """

    vector: NDArray[np.float64]
    kept: NDArray[np.int64]
    reversing: int | None

    def __post_init__(self) -> None:
        self.vector.setflags(write=False)
        self.kept.setflags(write=False)


def polarised_mode(symmetry: CrystalSymmetry, vectors: NDArray[np.float64]) -> PolarisedMode:
    """The partner of a set of modes that leaves the most symmetry.

    Parameters
    ----------
    symmetry
        Space group of the crystal.
    vectors
        (3n, d) orthonormal mass-weighted eigenvectors of the set, which symmetry maps on itself.

    Raises
    ------
    CalculationError
        If symmetry does not map the set on itself.

    """
    size = vectors.shape[1]
    matrices = np.array([vectors.T @ image for image in images(symmetry, vectors)])
    decisive = vectors.T @ np.random.default_rng(_SEED).standard_normal(len(vectors))
    best: tuple[float, float] = (0.0, 0.0)
    chosen = np.empty(size)
    kept = np.empty(0, dtype=np.int64)
    for space in _fixed_spaces(matrices):
        direction = space @ (space.T @ decisive)
        length = float(np.linalg.norm(direction))
        if length == 0.0:
            continue
        direction = direction / length
        moved = matrices @ direction
        stays = np.flatnonzero(np.linalg.norm(moved - direction, axis=1) < _FIXED)
        reverses = bool(np.any(np.linalg.norm(moved + direction, axis=1) < _FIXED))
        # Calculations go with the number of operations, and half as many without the opposite.
        worth = len(stays) * (2.0 if reverses else 1.0)
        # Rounding must not decide between equivalent directions.
        if (worth, round(length, 6)) > best:
            best = (worth, round(length, 6))
            chosen, kept = direction, stays
    vector = _symmetric(symmetry, vectors @ chosen, kept)
    moved = np.array([image[:, 0] for image in images(symmetry, vector[:, None])])
    turned = np.flatnonzero(np.linalg.norm(moved + vector, axis=1) < _FIXED)
    return PolarisedMode(
        vector=vector, kept=kept, reversing=int(turned[0]) if len(turned) else None
    )


def _fixed_spaces(matrices: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Spaces that one or two operations leave, as orthonormal columns; the whole space first."""
    size = matrices.shape[1]
    spaces = [np.eye(size)]
    unit = np.eye(size)
    different: list[NDArray[np.float64]] = []
    for matrix in matrices:
        if not any(np.abs(matrix - other).max() < _FIXED for other in different):
            different.append(matrix)
    for count in (1, 2):
        for group in itertools.combinations(different, count):
            _, singular, rows = np.linalg.svd(np.vstack([matrix - unit for matrix in group]))
            null = rows[singular < _FIXED]
            if 0 < len(null) < size:
                spaces.append(null.T)
    return spaces


def _symmetric(
    symmetry: CrystalSymmetry, vector: NDArray[np.float64], kept: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Unit vector that the kept operations leave to the last digit."""
    moved = [image[:, 0] for image in images(symmetry, vector[:, None])]
    mean = np.mean([moved[g] for g in kept], axis=0)
    length = float(np.linalg.norm(mean))
    if abs(length - 1.0) > _LARGEST_LOSS or np.linalg.norm(mean - vector) > 2.0 * _LARGEST_LOSS:
        raise CalculationError(
            "The space group does not map a degenerate set of modes on itself.",
            why="The force constants lack the symmetry of the structure.",
            fix="Use another --symprec, or a smaller --fmax.",
        )
    return np.asarray(mean / length)
