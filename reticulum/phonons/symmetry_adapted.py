"""Symmetry-adapted modes: clusters of modes split into irreducible representations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.point_group import Representation

#: A mode belongs to a representation if at least this part of it does. Exact symmetry gives one;
#: less means that the force constants do not have the symmetry of the structure.
PURITY = 0.98

#: Seed and number of the random elements of the group algebra that tell partners apart.
_SEED = 20
_TRIALS = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymmetrySet:
    """Modes that belong together by symmetry.

    Attributes
    ----------
    vectors
        Orthonormal mass-weighted eigenvectors, shape (3 n_atoms, n_in_set).
    eigenvalue
        Mean eigenvalue of the dynamical matrix, eV/(u Å²).
    label
        Mulliken symbol, or None where it cannot be told.
    reason
        Why there is no label; else empty.
    infrared_active, raman_active
        Whether the set contains an active representation.
    acoustic
        Whether the set is made of uniform translations.

    """

    vectors: NDArray[np.float64]
    eigenvalue: float
    label: str | None
    reason: str
    infrared_active: bool
    raman_active: bool
    acoustic: bool

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2:
            raise ValueError("vectors must have the shape (3 n_atoms, n_in_set)")
        self.vectors.setflags(write=False)


def images(
    symmetry: CrystalSymmetry, vectors: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Images D(R) V of displacement patterns under each operation.

    Parameters
    ----------
    symmetry
        Operations of the primitive cell.
    vectors
        (3 n_atoms, n) patterns as columns, any unit.

    Yields
    ------
    numpy.ndarray
        (3 n_atoms, n) for each operation, in their order.

    """
    n_atoms = symmetry.permutations.shape[1]
    by_atom = vectors.reshape(n_atoms, 3, -1)
    for rotation, permutation in zip(
        symmetry.cartesian_rotations, symmetry.permutations, strict=True
    ):
        image = np.empty_like(by_atom)
        image[permutation] = rotation @ by_atom
        yield image.reshape(3 * n_atoms, -1)


def project(
    symmetry: CrystalSymmetry,
    representations: Sequence[Representation],
    vectors: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """Parts of displacement patterns that transform as each representation.

    P_Γ V with P_Γ = d_Γ/(g n_Γ) Σ_R χ_Γ(R) D(R); D(R) permutes the atoms and rotates their
    displacements. No matrix of D(R) is built, and operations with equal characters are summed
    first.

    Parameters
    ----------
    symmetry
        Operations of the primitive cell.
    representations
        Representations of its point group.
    vectors
        Patterns as columns, shape (3 n_atoms, n), any unit.

    Returns
    -------
    list of numpy.ndarray
        For each representation, shape (3 n_atoms, n), in the same unit.

    """
    characters = np.array([entry.characters for entry in representations])
    columns, classes = np.unique(characters, axis=1, return_inverse=True)
    sums = np.zeros((columns.shape[1], *vectors.shape))
    for number, image in zip(classes.ravel(), images(symmetry, vectors), strict=True):
        sums[number] += image
    return [
        np.tensordot(columns[row], sums, axes=1) * (entry.dimension / (symmetry.order * entry.norm))
        for row, entry in enumerate(representations)
    ]


def split_cluster(
    symmetry: CrystalSymmetry,
    representations: Sequence[Representation],
    *,
    vectors: NDArray[np.float64],
    dynamical: NDArray[np.float64],
    projectors: Sequence[NDArray[np.float64]],
    acoustic: bool,
) -> list[SymmetrySet]:
    """Sets of one irreducible representation each, from a cluster of modes.

    Parameters
    ----------
    symmetry, representations
        Operations of the primitive cell, and representations of its point group.
    vectors
        Orthonormal mass-weighted vectors of the cluster, shape (3 n_atoms, n).
    dynamical
        Dynamical matrix among these vectors, shape (n, n), eV/(u Å²).
    projectors
        P_Γ of each representation among these vectors, shape (n, n) each, dimensionless.
    acoustic
        Whether the cluster is made of uniform translations.

    Returns
    -------
    list of SymmetrySet
        Their vectors span the same space as `vectors`.

    """
    found: list[SymmetrySet] = []
    pure: list[NDArray[np.float64]] = []
    for entry, block in zip(representations, projectors, strict=True):
        weights, directions = np.linalg.eigh((block + block.T) / 2.0)
        space = directions[:, weights > PURITY]
        n_partners = space.shape[1]
        if n_partners == 0:
            continue
        pure.append(space)
        if n_partners % entry.dimension:
            pieces = [space]
            reason = (
                f"{n_partners} mode(s) of {entry.label} found, not a multiple of "
                f"{entry.dimension}: the partners lie further apart than the degeneracy tolerance"
            )
        else:
            pieces = _copies(symmetry, entry, vectors, dynamical, space)
            reason = ""
        found += [
            SymmetrySet(
                vectors=vectors @ piece,
                eigenvalue=float(np.trace(piece.T @ dynamical @ piece)) / piece.shape[1],
                label=None if reason else entry.label,
                reason=reason,
                infrared_active=entry.infrared_active and not acoustic,
                raman_active=entry.raman_active and not acoustic,
                acoustic=acoustic,
            )
            for piece in pieces
        ]
    rest = _complement(pure, len(dynamical))
    if rest.shape[1]:
        found.append(
            _mixed(
                representations,
                vectors=vectors @ rest,
                dynamical=rest.T @ dynamical @ rest,
                projectors=[rest.T @ projector @ rest for projector in projectors],
                acoustic=acoustic,
            )
        )
    return found


def _complement(spaces: Sequence[NDArray[np.float64]], size: int) -> NDArray[np.float64]:
    """Orthonormal basis of what is orthogonal to some spaces, shape (size, n)."""
    if not spaces:
        return np.eye(size)
    taken = np.hstack(list(spaces))
    left, _, _ = np.linalg.svd(taken, full_matrices=True)
    return left[:, taken.shape[1] :]


def _mixed(
    representations: Sequence[Representation],
    *,
    vectors: NDArray[np.float64],
    dynamical: NDArray[np.float64],
    projectors: Sequence[NDArray[np.float64]],
    acoustic: bool,
) -> SymmetrySet:
    """Set of modes that belong to no single representation."""
    size = vectors.shape[1]
    shares = [float(np.trace(projector)) / size for projector in projectors]
    parts = [
        (share, entry)
        for share, entry in zip(shares, representations, strict=True)
        if share > 1.0 - PURITY
    ]
    text = ", ".join(f"{entry.label} {share:.0%}" for share, entry in parts)
    return SymmetrySet(
        vectors=vectors,
        eigenvalue=float(np.trace(dynamical)) / size,
        label=None,
        reason=f"mixture of {text}: the force constants lack the symmetry of the structure",
        infrared_active=any(entry.infrared_active for _, entry in parts) and not acoustic,
        raman_active=any(entry.raman_active for _, entry in parts) and not acoustic,
        acoustic=acoustic,
    )


def _copies(
    symmetry: CrystalSymmetry,
    entry: Representation,
    vectors: NDArray[np.float64],
    dynamical: NDArray[np.float64],
    space: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """Separate the copies of one representation within a space that holds nothing else.

    Returns bases within the cluster, shape (n_cluster, dimension) each. For several copies, one
    direction is chosen in each such that the dynamical matrix is diagonal among them (first
    partners); the images of each direction under the group span its copy.
    """
    n_copies = space.shape[1] // entry.dimension
    if n_copies == 1:
        return [space]
    inner = vectors @ space
    matrices = np.array([inner.T @ image for image in images(symmetry, inner)])
    within = space.T @ dynamical @ space
    if entry.dimension == 1:
        _, directions = np.linalg.eigh(within)
        return [space @ directions[:, [number]] for number in range(n_copies)]
    if entry.norm > 1:
        return _conjugate_pairs(matrices, within, space)
    first = _first_partners(matrices, entry.dimension, n_copies)
    _, directions = np.linalg.eigh(first.T @ within @ first)
    return [
        space @ _orbit_basis(matrices, start, entry.dimension) for start in (first @ directions).T
    ]


def _first_partners(
    matrices: NDArray[np.float64], dimension: int, n_copies: int
) -> NDArray[np.float64]:
    """Equal partners of all copies: an eigenspace of a random element of the group algebra.

    A symmetric element acts as a ⊗ 1 (a on the partners, 1 on the copies); the one with the best
    separated eigenvalues of some random ones is used.
    """
    random = np.random.default_rng(_SEED)
    best_gap = -1.0
    best = np.empty((len(matrices[0]), n_copies))
    for _ in range(_TRIALS):
        element = np.tensordot(random.standard_normal(len(matrices)), matrices, axes=1)
        values, directions = np.linalg.eigh(element + element.T)
        means = values.reshape(dimension, n_copies).mean(axis=1)
        gap = float(means[1] - means[0]) / float(np.abs(values).max())
        if gap > best_gap:
            best_gap, best = gap, directions[:, :n_copies]
    return best


def _conjugate_pairs(
    matrices: NDArray[np.float64], within: NDArray[np.float64], space: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Copies of a pair of complex conjugates: any direction and its images span a plane."""
    pieces: list[NDArray[np.float64]] = []
    left = np.eye(len(within))
    while left.shape[1]:
        _, directions = np.linalg.eigh(left.T @ within @ left)
        plane = _orbit_basis(matrices, left @ directions[:, 0], 2)
        pieces.append(plane)
        left = _complement(pieces, len(within))
    return [space @ plane for plane in pieces]


def _orbit_basis(
    matrices: NDArray[np.float64], start: NDArray[np.float64], dimension: int
) -> NDArray[np.float64]:
    """Orthonormal basis of the space spanned by the images of a direction."""
    left, _, _ = np.linalg.svd((matrices @ start).T, full_matrices=False)
    return left[:, :dimension]
