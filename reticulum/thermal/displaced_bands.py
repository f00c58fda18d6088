"""Carboxylate bands at any geometry of a distorted crystal, from a few Hessian columns.

The geometry may keep some operations of the crystal (a soft mode displaced along one direction)
or none (a random draw). One displacement for each irreducible part of a tracked set under the
operations that are left gives all its columns. The rest of the Hessian stays harmonic; the
coupling of the tracked modes to all others is exact (see `band_tracking.band_positions`). All this
is done in frames that turn with the atoms (`local_frames`): a carboxylate that turns as a rigid
unit does not shift its band, while its curvature along the old eigenvector falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.order_parameters import order_parameter_directions
from reticulum.thermal.band_space import BandSpace, DisplacedBands, band_centres
from reticulum.thermal.band_tracking import carried
from reticulum.thermal.local_frames import LocalFrames, turned_pattern

if TYPE_CHECKING:
    from ase import Atoms

#: Largest displacement of an atom along a tracked mode, Å; see `MODE_DISPLACEMENT_A` of the
#: metal-oxygen scan for what it does. The adiabatic route varies it.
BAND_DISPLACEMENT_A = 0.005

#: Largest deviation from an orthogonal matrix of what operations do within a tracked set.
_NOT_CLOSED = 1e-3

#: Eigenvalues of a random symmetric matrix that commutes with the operations count as one below
#: this difference (they are of the order of one).
_SAME_PART = 1e-6

#: Seed and number of the fixed random patterns that settle choices among equivalent vectors, so
#: that they do not depend on the basis of a degenerate set (which differs between machines).
_SEED = 7
_N_PROBES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class BandDisplacement:
    """One displacement of the atoms along a tracked mode.

    Parameters
    ----------
    vector
        (3n,) mass-weighted unit vector in the frames of the crystal at rest.
    pattern_a
        (n, 3) the displacement in the same frames, Å.
    amplitude
        Its mass-weighted length, Å√u.
    opposite
        Whether the opposite displacement is needed too (no operation reverses it).

    """

    vector: NDArray[np.float64]
    pattern_a: NDArray[np.float64]
    amplitude: float
    opposite: bool

    def scaled(self, factor: float) -> BandDisplacement:
        """The same displacement, so many times as long."""
        return replace(self, pattern_a=self.pattern_a * factor, amplitude=self.amplitude * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPlan:
    """Which displacements give the bands at geometries that keep certain operations.

    Parameters
    ----------
    space
        What is tracked.
    rotations
        (g, 3, 3) Cartesian rotations that the geometry keeps, the identity among them.
    permutations
        (g, n) what they do to the atoms.
    displacements
        What to displace.
    masses_amu
        (n,), u.
    frames
        Frames that turn with the atoms.

    """

    space: BandSpace
    rotations: NDArray[np.float64]
    permutations: NDArray[np.int64]
    displacements: tuple[BandDisplacement, ...]
    masses_amu: NDArray[np.float64]
    frames: LocalFrames

    def scaled(self, factor: float) -> BandPlan:
        """The same plan with displacements so many times as long."""
        return replace(self, displacements=tuple(d.scaled(factor) for d in self.displacements))

    @property
    def n_calls(self) -> int:
        """Force calculations for one geometry."""
        return sum(2 if displacement.opposite else 1 for displacement in self.displacements)

    def structures(self, atoms: Atoms, positions_a: NDArray[np.float64]) -> list[Atoms]:
        """Structures whose forces are needed for the bands at a geometry.

        Parameters
        ----------
        atoms
            The crystal, for its cell and elements.
        positions_a
            (n, 3) the geometry, Å.

        """
        turned = self.frames.rotations(positions_a)
        structures = []
        for displacement in self.displacements:
            pattern = turned_pattern(turned, displacement.pattern_a)
            for sign in (1.0, -1.0) if displacement.opposite else (1.0,):
                moved = atoms.copy()
                moved.positions = positions_a + sign * pattern
                structures.append(moved)
        return structures

    def columns(
        self,
        positions_a: NDArray[np.float64],
        forces: Sequence[NDArray[np.float64]],
        *,
        undisplaced: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Mass-weighted Hessian applied to every tracked vector, (3n, m), eV/(u Å²).

        Vectors and columns are those in the turning frames. The forces at the geometry itself are
        not needed: single displacements occur only where an operation reverses them, and the
        average over the images takes the even part out.

        Parameters
        ----------
        positions_a
            (n, 3) the geometry, Å.
        forces
            (n, 3) each, eV/Å, of `structures` in their order.
        undisplaced
            (n, 3) forces at the geometry itself, eV/Å, which are subtracted: needed only for a
            calculator that breaks the symmetry, for which they do not drop out.

        """
        back = self.frames.rotations(positions_a).transpose(0, 2, 1)
        roots = np.sqrt(self.masses_amu)[:, None]
        basis = self.space.tracked.vectors
        places, images = [], []
        remaining = iter(forces)
        for displacement in self.displacements:
            for sign in (1.0, -1.0) if displacement.opposite else (1.0,):
                found = next(remaining) - (0.0 if undisplaced is None else undisplaced)
                force = turned_pattern(back, found / roots).ravel()
                for rotation, permutation in zip(self.rotations, self.permutations, strict=True):
                    places.append(
                        sign * basis.T @ carried(displacement.vector, rotation, permutation)
                    )
                    images.append(-carried(force, rotation, permutation) / displacement.amplitude)
        # For each image of a displacement its opposite is there too, so that constant and even
        # parts of the forces drop out of the least-squares solution.
        columns: NDArray[np.float64] = np.array(images).T @ np.linalg.pinv(np.array(places).T)
        return columns

    def bands(
        self,
        positions_a: NDArray[np.float64],
        forces: Sequence[NDArray[np.float64]],
        *,
        undisplaced: NDArray[np.float64] | None = None,
    ) -> DisplacedBands:
        """Bands at a geometry from the forces of its `structures`.

        Parameters
        ----------
        positions_a
            (n, 3) the geometry, Å.
        forces
            (n, 3) each, eV/Å.
        undisplaced
            (n, 3) forces at the geometry itself, eV/Å, where they must be subtracted.

        """
        columns = self.columns(positions_a, forces, undisplaced=undisplaced)
        return band_centres(self.space, columns)


def plan_bands(
    space: BandSpace,
    symmetry: CrystalSymmetry,
    operations: Sequence[int] | None,
    masses_amu: NDArray[np.float64],
    frames: LocalFrames,
    *,
    largest_a: float = BAND_DISPLACEMENT_A,
) -> BandPlan:
    """Displacements that give the bands at geometries that keep some operations of the crystal.

    Each tracked set splits into irreducible parts of the operations that are left; one vector in
    each part and its images span it. A vector that an operation reverses is preferred: it needs
    one displacement instead of two.

    Parameters
    ----------
    space
        What is tracked.
    symmetry
        Operations of the crystal at rest.
    operations
        Numbers of those that the geometry keeps; None if it keeps only the identity.
    masses_amu
        (n,), u.
    frames
        From `local_frames` of the crystal at rest.
    largest_a
        Largest displacement of an atom, Å.

    Raises
    ------
    CalculationError
        If a tracked set is not closed under the operations.

    """
    kept = _with_identity(symmetry, operations)
    rotations = symmetry.cartesian_rotations[kept]
    permutations = symmetry.permutations[kept]
    roots = np.sqrt(np.repeat(masses_amu, 3))
    probes = fixed_patterns(len(roots))
    moves = []
    offset = 0
    for members in space.tracked.sets:
        basis = space.tracked.vectors[:, offset : offset + len(members)]
        offset += len(members)
        matrices = np.array(
            [
                np.stack([basis.T @ carried(column, r, p) for column in basis.T], axis=1)
                for r, p in zip(rotations, permutations, strict=True)
            ]
        )
        for direction, reversible in spanning_directions(matrices, basis.T @ probes):
            vector = basis @ direction
            shape = (vector / roots).reshape(-1, 3)
            amplitude = largest_a / float(np.linalg.norm(shape, axis=1).max())
            moves.append(
                BandDisplacement(
                    vector=vector,
                    pattern_a=shape * amplitude,
                    amplitude=amplitude,
                    opposite=not reversible,
                )
            )
    return BandPlan(
        space=space,
        rotations=rotations,
        permutations=permutations,
        displacements=tuple(moves),
        masses_amu=np.array(masses_amu),
        frames=frames,
    )


def _with_identity(symmetry: CrystalSymmetry, operations: Sequence[int] | None) -> list[int]:
    if operations is not None:
        return list(operations)
    same = np.abs(symmetry.cartesian_rotations - np.eye(3)).max(axis=(1, 2)) < _SAME_PART
    kept = (symmetry.permutations == np.arange(symmetry.permutations.shape[1])).all(axis=1)
    return [int(np.flatnonzero(same & kept)[0])]


def fixed_patterns(size: int) -> NDArray[np.float64]:
    """Patterns without symmetry that are the same in every run, (size, some)."""
    return np.random.default_rng(_SEED).normal(size=(size, _N_PROBES))


def spanning_directions(
    matrices: NDArray[np.float64], probes: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], bool]]:
    """Directions whose images span a space, each with whether an operation reverses it.

    Parameters
    ----------
    matrices
        (g, d, d) orthogonal matrices of a group.
    probes
        (d, some) fixed patterns in the basis of the space; the first settles which of equivalent
        directions is taken.

    Raises
    ------
    CalculationError
        If the matrices are not orthogonal: the space is not closed.

    """
    size = matrices.shape[1]
    if np.abs(matrices @ matrices.transpose(0, 2, 1) - np.eye(size)).max() > _NOT_CLOSED:
        raise CalculationError(
            "The space group does not connect the partners of a degenerate set of modes.",
            why="Modes of different symmetry lie within rounding of each other and count as one.",
            fix="Use another --displacement, or a smaller --fmax, so that they come apart.",
        )
    scaled = probes / np.linalg.norm(probes)
    raw = (scaled * np.arange(1, probes.shape[1] + 1)) @ scaled.T
    commuting = np.mean(matrices @ raw @ matrices.transpose(0, 2, 1), axis=0)
    values, vectors = np.linalg.eigh(commuting)
    starts = np.flatnonzero(np.diff(values) > _SAME_PART) + 1
    found = []
    for part in np.split(np.arange(size), starts):
        inner = vectors[:, part]
        if len(part) == 1:
            reversible = bool((matrices @ inner[:, 0] @ inner[:, 0] < 0.0).any())
            best = inner[:, 0]
        else:
            reduced = inner.T @ matrices @ inner
            directions = order_parameter_directions(reduced)
            reversible = any(entry.reversible for entry in directions)
            if fix_one_direction(reduced, directions[0].operations):
                images = [
                    image
                    for entry in directions
                    if entry.reversible or not reversible
                    for image in matrices @ (inner @ entry.direction)
                ]
            else:
                # Any direction is as good as another.
                along = inner @ (inner.T @ probes[:, 0])
                images = [along / np.linalg.norm(along)]
            best = max(images, key=lambda image: float(image @ probes[:, 0]))
        found.append((best * (1.0 if best @ probes[:, 0] >= 0.0 else -1.0), reversible))
    return found


def fix_one_direction(matrices: NDArray[np.float64], operations: Sequence[int]) -> bool:
    """Whether operations leave a single direction of a space as it is.

    Parameters
    ----------
    matrices
        (g, d, d) orthogonal matrices of a group.
    operations
        Numbers of some of them.

    """
    mean = matrices[list(operations)].mean(axis=0)
    return int((np.linalg.eigvalsh(0.5 * (mean + mean.T)) > 1.0 - _SAME_PART).sum()) == 1
