"""The carboxylate bands of a distorted crystal: a small Hessian block by a few force calls.

At every geometry of a totally symmetric path the infrared-active carboxylate modes span a
space that symmetry separates from most others. One displacement along one partner of a degenerate
set gives a column of the Hessian; the space group gives the columns of the other partners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedModes:
    """The modes whose Hessian block is followed along a path.

    Parameters
    ----------
    sets
        Mode indices of each degenerate set.
    vectors
        (3n, m) orthonormal mass-weighted eigenvectors of all these sets, in their order.
    antisymmetric, symmetric
        (m,) character of each vector where its set belongs to the band, zero elsewhere. Sets
        without weight are tracked because they mix with the band along the path.
    labels
        Irreducible representation of each set.

    """

    sets: tuple[tuple[int, ...], ...]
    vectors: NDArray[np.float64]
    antisymmetric: NDArray[np.float64]
    symmetric: NDArray[np.float64]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        size = sum(len(members) for members in self.sets)
        if self.vectors.shape[1] != size:
            raise ValueError("the vectors do not match the sets")
        if self.antisymmetric.shape != (size,) or self.symmetric.shape != (size,):
            raise ValueError("the characters do not match the sets")
        for array in (self.vectors, self.antisymmetric, self.symmetric):
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
    """Displacements that give the Hessian block of the tracked modes.

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
    """Structures whose forces are needed at one geometry, in the order `hessian_block` expects."""
    structures = []
    for displacement in displacements:
        for sign in (1.0, -1.0) if displacement.opposite else (1.0,):
            moved = atoms.copy()
            moved.positions = positions_a + sign * displacement.pattern_a
            structures.append(moved)
    return structures


def hessian_block(
    tracked: TrackedModes,
    symmetry: CrystalSymmetry,
    masses_amu: NDArray[np.float64],
    displacements: Sequence[ModeDisplacement],
    *,
    forces_at_rest: NDArray[np.float64],
    forces: Sequence[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Mass-weighted Hessian in the space of the tracked modes.

    The column of one partner, H e, gives those of its images: H (Γ(R) e) = Γ(R) (H e) for every
    operation R that the geometry has; the block follows by least squares over all images.

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
        (m, m), eV/(u Å²), symmetric.

    """
    roots = np.sqrt(np.repeat(masses_amu, 3))
    basis = tracked.vectors
    places, columns = [], []
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
            places.append(basis.T @ _carried(vector, rotation, permutation))
            columns.append(basis.T @ _carried(column, rotation, permutation))
    place, column = np.array(places).T, np.array(columns).T
    block: NDArray[np.float64] = column @ np.linalg.pinv(place)
    return 0.5 * (block + block.T)


def _carried(
    vector: NDArray[np.float64], rotation: NDArray[np.float64], permutation: NDArray[np.int64]
) -> NDArray[np.float64]:
    image = np.empty((len(permutation), 3))
    image[permutation] = vector.reshape(-1, 3) @ rotation.T
    return image.ravel()


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPositions:
    """Wavenumbers of the tracked modes at one geometry, and the two band centres.

    Parameters
    ----------
    wavenumbers_cm1
        (m,), cm⁻¹, ascending.
    antisymmetric_weights, symmetric_weights
        (m,) character of each: that of the original modes, shared out as they mix.
    antisymmetric_cm1, symmetric_cm1
        Centre of each band, cm⁻¹: the mean of the wavenumbers weighted with the character, which
        does not change when near-degenerate modes mix.

    """

    wavenumbers_cm1: NDArray[np.float64]
    antisymmetric_weights: NDArray[np.float64]
    symmetric_weights: NDArray[np.float64]
    antisymmetric_cm1: float
    symmetric_cm1: float


def band_positions(tracked: TrackedModes, block: NDArray[np.float64]) -> BandPositions:
    """Band centres from the Hessian block of the tracked modes.

    Parameters
    ----------
    tracked
        The modes.
    block
        (m, m), eV/(u Å²), from `hessian_block`.

    """
    values, mixing = np.linalg.eigh(block)
    wavenumbers = np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1
    antisymmetric = tracked.antisymmetric @ mixing**2
    symmetric = tracked.symmetric @ mixing**2
    return BandPositions(
        wavenumbers_cm1=wavenumbers,
        antisymmetric_weights=antisymmetric,
        symmetric_weights=symmetric,
        antisymmetric_cm1=_centre(wavenumbers, antisymmetric),
        symmetric_cm1=_centre(wavenumbers, symmetric),
    )


def _centre(wavenumbers: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    total = float(weights.sum())
    return float(wavenumbers @ weights / total) if total > 0 else float("nan")
