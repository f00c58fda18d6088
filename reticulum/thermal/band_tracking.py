"""The carboxylate bands of a distorted crystal, by a few force calls.

At every geometry of a totally symmetric path one displacement along one partner of a degenerate
set of infrared-active carboxylate modes gives a column of the Hessian; the space group gives the
columns of the other partners. The rest of the Hessian stays that of the undistorted crystal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

if TYPE_CHECKING:
    from ase import Atoms

#: Singular value, relative to the largest, below which images of a mode span no further direction.
_SMALLEST_SPAN = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedModes:
    """The modes whose bands are followed along a path.

    Parameters
    ----------
    sets
        Mode indices of each degenerate set.
    vectors
        (3n, m) orthonormal mass-weighted eigenvectors of all these sets, in their order.
    antisymmetric, symmetric
        (m,) character of each vector where its set belongs to the band, zero elsewhere. Sets
        without weight are tracked because they mix with the band along the path.
    rest_vectors, rest_eigenvalues
        (3n, r) all other eigenvectors, and (r,) their eigenvalues, eV/(u Å²).
    labels
        Irreducible representation of each set.

    """

    sets: tuple[tuple[int, ...], ...]
    vectors: NDArray[np.float64]
    antisymmetric: NDArray[np.float64]
    symmetric: NDArray[np.float64]
    rest_vectors: NDArray[np.float64]
    rest_eigenvalues: NDArray[np.float64]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        size = sum(len(members) for members in self.sets)
        if self.vectors.shape[1] != size:
            raise ValueError("the vectors do not match the sets")
        if self.antisymmetric.shape != (size,) or self.symmetric.shape != (size,):
            raise ValueError("the characters do not match the sets")
        if self.rest_vectors.shape != (len(self.vectors), len(self.rest_eigenvalues)):
            raise ValueError("the other vectors do not match their eigenvalues")
        for array in (
            self.vectors,
            self.antisymmetric,
            self.symmetric,
            self.rest_vectors,
            self.rest_eigenvalues,
        ):
            array.setflags(write=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeDisplacement:
    """One displacement of the atoms along a tracked mode.

    Parameters
    ----------
    set_number
        Which tracked set.
    pattern_a
        (n, 3) displacement, Å.
    amplitude
        Mass-weighted length of the displacement, Å√u.
    opposite
        Whether the opposite displacement is needed too (no operation reverses the mode).

    """

    set_number: int
    pattern_a: NDArray[np.float64]
    amplitude: float
    opposite: bool


def mode_displacements(
    tracked: TrackedModes,
    symmetry: CrystalSymmetry,
    masses_amu: NDArray[np.float64],
    largest_a: float,
) -> tuple[ModeDisplacement, ...]:
    """Displacements that give the Hessian columns of the tracked modes.

    Parameters
    ----------
    tracked
        The modes.
    symmetry
        Space group that the path keeps.
    masses_amu
        (n,), u.
    largest_a
        Largest displacement of an atom, Å.

    """
    roots = np.sqrt(np.repeat(masses_amu, 3))
    result = []
    offset = 0
    for number, members in enumerate(tracked.sets):
        vector = tracked.vectors[:, offset]
        offset += len(members)
        shape = (vector / roots).reshape(-1, 3)
        amplitude = largest_a / float(np.linalg.norm(shape, axis=1).max())
        result.append(
            ModeDisplacement(
                set_number=number,
                pattern_a=shape * amplitude,
                amplitude=amplitude,
                opposite=not symmetry.reversing_operation(shape),
            )
        )
    return tuple(result)


def displaced_structures(
    atoms: Atoms, positions_a: NDArray[np.float64], displacements: Sequence[ModeDisplacement]
) -> list[Atoms]:
    """Structures whose forces are needed at one geometry, in the order of `hessian_columns`."""
    structures = []
    for displacement in displacements:
        for sign in (1.0, -1.0) if displacement.opposite else (1.0,):
            moved = atoms.copy()
            moved.positions = positions_a + sign * displacement.pattern_a
            structures.append(moved)
    return structures


def hessian_columns(
    tracked: TrackedModes,
    symmetry: CrystalSymmetry,
    masses_amu: NDArray[np.float64],
    displacements: Sequence[ModeDisplacement],
    *,
    forces_at_rest: NDArray[np.float64],
    forces: Sequence[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Mass-weighted Hessian applied to every tracked vector.

    The column of one partner, H e, gives those of its images: H (Γ(R) e) = Γ(R) (H e) for every
    operation R that the geometry has; the others follow by least squares over all images.

    Parameters
    ----------
    tracked
        The m modes.
    symmetry
        Space group of the geometry.
    masses_amu
        (n,), u.
    displacements
        As given to `displaced_structures`.
    forces_at_rest
        (n, 3) at the geometry itself, eV/Å.
    forces
        Of the displaced structures, in their order, each (n, 3), eV/Å.

    Returns
    -------
    numpy.ndarray
        (3n, m), eV/(u Å²).

    """
    roots = np.sqrt(np.repeat(masses_amu, 3))
    basis = tracked.vectors
    places, images = [], []
    remaining = iter(forces)
    offset = 0
    for displacement, members in zip(displacements, tracked.sets, strict=True):
        vector = basis[:, offset]
        offset += len(members)
        forward = next(remaining).ravel()
        if displacement.opposite:
            column = -(forward - next(remaining).ravel()) / (2.0 * displacement.amplitude)
        else:
            column = -(forward - forces_at_rest.ravel()) / displacement.amplitude
        column = column / roots
        for rotation, permutation in zip(
            symmetry.cartesian_rotations, symmetry.permutations, strict=True
        ):
            places.append(basis.T @ carried(vector, rotation, permutation))
            images.append(carried(column, rotation, permutation))
    place = np.array(places).T
    if np.linalg.matrix_rank(place, tol=_SMALLEST_SPAN * np.linalg.norm(place, 2)) < len(place):
        raise CalculationError(
            "The space group does not connect the partners of a degenerate set of modes.",
            why="Modes of different symmetry lie within rounding of each other and count as one "
            "set, so that one displacement does not give all columns of their Hessian.",
            fix="Use another --displacement, or a smaller --fmax, so that they come apart.",
        )
    columns: NDArray[np.float64] = np.array(images).T @ np.linalg.pinv(place)
    return columns


def carried(
    vector: NDArray[np.float64], rotation: NDArray[np.float64], permutation: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Image of a pattern, (3n,) in its own unit, under one operation.

    Parameters
    ----------
    vector
        (3n,).
    rotation
        (3, 3) Cartesian.
    permutation
        (n,): where each atom goes.

    """
    image = np.empty((len(permutation), 3))
    image[permutation] = vector.reshape(-1, 3) @ rotation.T
    return image.ravel()


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPositions:
    """Wavenumbers at one geometry with their carboxylate character, and the two band centres.

    Parameters
    ----------
    wavenumbers_cm1
        (3n,) of all modes, cm⁻¹, ascending.
    antisymmetric_weights, symmetric_weights
        (3n,) character of each, from `band_weights` with the tracked space as what a band is made
        of.
    antisymmetric_cm1, symmetric_cm1
        Centre of each band, cm⁻¹: the mean of the wavenumbers weighted with the character, which
        does not change when near-degenerate modes mix.

    """

    wavenumbers_cm1: NDArray[np.float64]
    antisymmetric_weights: NDArray[np.float64]
    symmetric_weights: NDArray[np.float64]
    antisymmetric_cm1: float
    symmetric_cm1: float


def band_positions(tracked: TrackedModes, columns: NDArray[np.float64]) -> BandPositions:
    """Band centres from the Hessian columns of the tracked modes.

    The columns give the Hessian among the tracked modes and between them and all others exactly;
    the block among the others is taken from the undistorted crystal. Its change enters the bands
    in third order only. Without the coupling to the others the modes could not adapt to the
    distorted geometry: for HKUST-1 with all metal-oxygen distances 0.14 Å longer, the symmetric
    centre came out 15 cm⁻¹ too low without it and 0.4 cm⁻¹ with it, the antisymmetric one 2.5 and
    0.01 cm⁻¹, against the complete Hessian of that geometry (GFN1-xTB).

    Parameters
    ----------
    tracked
        The m modes.
    columns
        (3n, m), eV/(u Å²), from `hessian_columns`.

    """
    wavenumbers, vectors = mixed_modes(tracked, columns)
    shares = vectors[: tracked.vectors.shape[1]] ** 2
    share = shares.sum(axis=0)
    antisymmetric = band_weights(tracked, tracked.antisymmetric, shares, share)
    symmetric = band_weights(tracked, tracked.symmetric, shares, share)
    return BandPositions(
        wavenumbers_cm1=wavenumbers,
        antisymmetric_weights=antisymmetric,
        symmetric_weights=symmetric,
        antisymmetric_cm1=_centre(wavenumbers, antisymmetric),
        symmetric_cm1=_centre(wavenumbers, symmetric),
    )


def band_weights(
    tracked: TrackedModes,
    characters: NDArray[np.float64],
    shares: NDArray[np.float64],
    inside: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Character of every mode of a distorted crystal for one band, (k,); it sums to that at rest.

    Each tracked set hands its character out to the modes, in proportion to what they take from it
    times how far they are made of what the band is made of. So modes that mix half and half both
    count, and traces in distant modes do not. Each set is shared out by itself: if a set that
    sinks in part into other modes lost weight, the mean would move towards the other sets by a
    part of their distance (HKUST-1 with SevenNet-0: by 5 cm⁻¹ because of a ring mode 3 cm⁻¹ away).

    Parameters
    ----------
    tracked
        The m modes at rest.
    characters
        (m,) of them for the band.
    shares
        (m, k) squares of the overlaps of the tracked modes with the modes of the crystal.
    inside
        (k,) share of each mode in the space that the band is made of.

    """
    weights = np.zeros(shares.shape[1])
    offset = 0
    for members in tracked.sets:
        part = slice(offset, offset + len(members))
        offset += len(members)
        counted = shares[part].sum(axis=0) * inside
        total = float(counted.sum())
        if total > 0.0:
            weights += float(characters[part].sum()) / total * counted
    return weights


def mixed_modes(
    tracked: TrackedModes, columns: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Modes of the Hessian with these columns and the harmonic block among the other modes.

    Parameters
    ----------
    tracked
        The m modes.
    columns
        (3n, m), eV/(u Å²).

    Returns
    -------
    tuple
        Wavenumbers, (m + r,), cm⁻¹, ascending; and their vectors as columns, (m + r, m + r), in
        the basis of the tracked and then the other eigenvectors.

    """
    size = tracked.vectors.shape[1]
    inner = tracked.vectors.T @ columns
    outer = tracked.rest_vectors.T @ columns
    matrix = np.diag(np.concatenate([np.zeros(size), tracked.rest_eigenvalues]))
    matrix[:size, :size] = 0.5 * (inner + inner.T)
    matrix[size:, :size] = outer
    matrix[:size, size:] = outer.T
    values, vectors = np.linalg.eigh(matrix)
    return np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1, vectors


def _centre(wavenumbers: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    total = float(weights.sum())
    return float(wavenumbers @ weights / total) if total > 0 else float("nan")
