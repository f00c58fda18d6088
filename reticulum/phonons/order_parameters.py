"""Directions of a degenerate mode along which a crystal keeps as much symmetry as it can.

A structure displaced along a mode has the operations that leave the pattern as it is. Within a
degenerate set they depend on the direction: along a cube axis, a face or a body diagonal of a
threefold set, for instance. Directions fixed by a maximal subgroup are stationary in angle for
any energy, so that the search for a lower structure starts there [Palais1979]_.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.symmetry_adapted import images

#: Eigenvalues of a mean of operations above this belong to patterns that all of them keep.
_KEPT = 1.0 - 1e-6

#: Largest component of a difference between equal unit vectors or projectors.
_SAME = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderParameterDirection:
    """One direction in the space of a degenerate set.

    Attributes
    ----------
    direction
        (d,) unit vector within the set.
    operations
        Numbers of the operations of the parent that keep it.
    reversible
        Whether an operation of the parent turns it into its opposite; then both senses are
        equivalent.
    n_equivalent
        Number of directions (senses counted) that the parent's operations make of it.

    """

    direction: NDArray[np.float64]
    operations: tuple[int, ...]
    reversible: bool
    n_equivalent: int

    def __post_init__(self) -> None:
        self.direction.setflags(write=False)


def mode_matrices(symmetry: CrystalSymmetry, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrices of all operations within a set of modes.

    Parameters
    ----------
    symmetry
        Operations of the primitive cell.
    vectors
        (3n, d) orthonormal mass-weighted eigenvectors of a set closed under the operations.

    Returns
    -------
    numpy.ndarray
        (g, d, d) orthogonal matrices: operation r turns the pattern ``vectors @ q`` into
        ``vectors @ (matrices[r] @ q)``.

    """
    return np.array([vectors.T @ image for image in images(symmetry, vectors)])


def order_parameter_directions(
    matrices: NDArray[np.float64],
) -> tuple[OrderParameterDirection, ...]:
    """Inequivalent directions that a maximal subgroup fixes up to length.

    Parameters
    ----------
    matrices
        (g, d, d) orthogonal matrices of a finite group.

    Returns
    -------
    tuple of OrderParameterDirection
        Those that keep most operations first. If no subgroup fixes a single direction (the
        twofold sets of uniaxial groups without mirror planes), any direction is as good as
        another, and the first axis of the set is returned.

    """
    spaces = _fixed_spaces(matrices)
    candidates = [space[:, 0] for space in spaces if space.shape[1] == 1]
    if not candidates:
        candidates = [np.eye(matrices.shape[1])[:, 0]]
    found: list[OrderParameterDirection] = []
    for candidate in candidates:
        orbit = _distinct(matrices @ candidate)
        if any(
            _contains(orbit, sense * known.direction) for known in found for sense in (1.0, -1.0)
        ):
            continue
        kept = np.flatnonzero(np.abs(matrices @ candidate - candidate).max(axis=1) < _SAME)
        found.append(
            OrderParameterDirection(
                direction=candidate.copy(),
                operations=tuple(kept.tolist()),
                reversible=_contains(orbit, -candidate),
                n_equivalent=len(orbit),
            )
        )
    return tuple(sorted(found, key=lambda entry: -len(entry.operations)))


def _fixed_spaces(matrices: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Spaces kept by single operations, and all their intersections, as orthonormal columns."""
    size = matrices.shape[1]
    projectors: list[NDArray[np.float64]] = []

    def add(projector: NDArray[np.float64]) -> bool:
        if any(np.abs(projector - known).max() < _SAME for known in projectors):
            return False
        projectors.append(projector)
        return True

    for matrix in matrices:
        add(_projector(matrix))
    fresh = list(projectors)
    while fresh:
        met = [
            _meet(first, second)
            for first, second in [*((a, b) for a in fresh for b in projectors),
                                  *combinations(fresh, 2)]
        ]  # fmt: skip
        fresh = [projector for projector in met if add(projector)]
    spaces = []
    for projector in projectors:
        values, vectors = np.linalg.eigh(projector)
        space = vectors[:, values > 0.5]
        if 0 < space.shape[1] <= size:
            spaces.append(space)
    return spaces


def _projector(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Projector onto what an orthogonal matrix leaves as it is."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    kept = vectors[:, values > _KEPT]
    return np.asarray(kept @ kept.T)


def _meet(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Projector onto the intersection of two spaces."""
    values, vectors = np.linalg.eigh(0.5 * (first + second))
    kept = vectors[:, values > _KEPT]
    return np.asarray(kept @ kept.T)


def _distinct(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    _, first = np.unique(np.round(vectors / _SAME / 10.0), axis=0, return_index=True)
    kept: list[NDArray[np.float64]] = []
    for vector in vectors[first]:
        if not any(np.abs(vector - known).max() < 10.0 * _SAME for known in kept):
            kept.append(vector)
    return np.array(kept)


def _contains(orbit: NDArray[np.float64], vector: NDArray[np.float64]) -> bool:
    return bool((np.abs(orbit - vector).max(axis=1) < 10.0 * _SAME).any())
