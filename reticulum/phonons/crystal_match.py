"""The rotation and shift that carry one description of a crystal onto another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.tolerances import LOOSER_TOLERANCES_A, SYMMETRY_TOLERANCE_A
from reticulum.phonons.folding import FoldedCell, reduce_to_primitive

if TYPE_CHECKING:
    from ase import Atoms

#: Atoms of the same crystal relaxed by two programs lie up to about this far apart, Å; the nearest
#: other place of an atom is more than twice as far, so that a wrong pairing is not taken.
LARGEST_DISTANCE_A = 0.4

#: Relative difference of lattice lengths, and difference of angles in degrees, of the same crystal
#: relaxed by two programs.
_LENGTH_TOLERANCE = 0.05
_ANGLE_TOLERANCE_DEG = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrystalMatch:
    """How atoms of another cell lie on those of a primitive cell.

    Attributes
    ----------
    rotation
        (3, 3), turns Cartesian column vectors of the other description into those of the cell.
    image_of
        (m,) atom of the primitive cell that each atom of the other one is.
    largest_distance_a
        Largest distance between an atom and its partner, Å.

    """

    rotation: NDArray[np.float64]
    image_of: NDArray[np.int64]
    largest_distance_a: float

    def __post_init__(self) -> None:
        if self.rotation.shape != (3, 3):
            raise ValueError("the rotation must have the shape (3, 3)")
        for array in (self.rotation, self.image_of):
            array.setflags(write=False)

    def carry_tensors(self, tensors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Tensors of the other cell's atoms as those of the primitive cell, averaged over images.

        Parameters
        ----------
        tensors
            (m, 3, 3).

        Returns
        -------
        numpy.ndarray
            (n, 3, 3).

        """
        turned = self.rotation @ tensors @ self.rotation.T
        n_atoms = int(self.image_of.max()) + 1
        total = np.zeros((n_atoms, 3, 3))
        np.add.at(total, self.image_of, turned)
        return np.asarray(total / np.bincount(self.image_of)[:, None, None])


def match_crystals(
    other: Atoms, atoms: Atoms, *, tolerance_a: float = SYMMETRY_TOLERANCE_A
) -> CrystalMatch | None:
    """Find the atoms of one crystal in another description of it.

    Cells, orientations and origins may differ; among equivalent solutions the one with the least
    rotation is taken.

    Parameters
    ----------
    other
        Any cell of the crystal.
    atoms
        A primitive cell of it.
    tolerance_a
        Distance within which atoms of one description count as equivalent, Å.

    Returns
    -------
    CrystalMatch or None
        None if it is another crystal.

    """
    from pymatgen.core import Lattice

    folded = _same_primitive(other, atoms, tolerance_a)
    if folded is None:
        return None
    small = folded.atoms
    mappings = Lattice(atoms.cell[:]).find_all_mappings(
        Lattice(small.cell[:]), ltol=_LENGTH_TOLERANCE, atol=_ANGLE_TOLERANCE_DEG
    )
    rotations = [_unstrained(rotation) for _, rotation, _ in mappings if rotation is not None]
    rotations.sort(key=lambda rotation: -round(float(np.trace(rotation)), 6))
    best: tuple[float, NDArray[np.float64], NDArray[np.int64]] | None = None
    for rotation in rotations:
        found = _pairing(small, atoms, rotation)
        if found is not None and (best is None or found[0] < best[0] - tolerance_a):
            best = (found[0], rotation, found[1])
        if best is not None and best[0] < tolerance_a:
            break
    if best is None:
        return None
    return CrystalMatch(
        rotation=best[1],
        image_of=best[2][folded.primitive_of],
        largest_distance_a=best[0],
    )


def _same_primitive(other: Atoms, atoms: Atoms, tolerance_a: float) -> FoldedCell | None:
    """Primitive cell of the other description with the same atoms, at the tightest tolerance."""
    size = 3 * len(other)
    for tolerance in (tolerance_a, *(t for t in LOOSER_TOLERANCES_A if t > tolerance_a)):
        try:
            folded = reduce_to_primitive(other, np.zeros((size, size)), tolerance)
        except InputError:
            continue
        if sorted(folded.atoms.numbers) == sorted(atoms.numbers):
            return folded
    return None


def _unstrained(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation nearest to a change of lattice vectors, which may strain them too."""
    left, _, right = np.linalg.svd(np.asarray(change, dtype=np.float64))
    return np.asarray(left @ right)


def _pairing(
    small: Atoms, atoms: Atoms, rotation: NDArray[np.float64]
) -> tuple[float, NDArray[np.int64]] | None:
    """Best distance and partners over all shifts for one rotation; None if nothing fits."""
    cell = np.array(atoms.cell[:])
    # The lattice of the other may be strained a little: go through its own fractions.
    turned = np.array(small.cell[:]) @ rotation.T
    change = np.rint(turned @ np.linalg.inv(cell))
    if abs(abs(np.linalg.det(change)) - 1.0) > 0.5:
        return None
    places = small.get_scaled_positions(wrap=False) @ change
    targets = atoms.get_scaled_positions(wrap=False)
    elements, counts = np.unique(atoms.numbers, return_counts=True)
    rarest = elements[counts.argmin()]
    start = places[np.flatnonzero(small.numbers == rarest)[0]]
    best: tuple[float, NDArray[np.int64]] | None = None
    for target in targets[atoms.numbers == rarest]:
        found = _partners(places + (target - start), small.numbers, targets, atoms.numbers, cell)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    return best


def _partners(
    places: NDArray[np.float64],
    numbers: NDArray[np.int64],
    targets: NDArray[np.float64],
    target_numbers: NDArray[np.int64],
    cell: NDArray[np.float64],
) -> tuple[float, NDArray[np.int64]] | None:
    """Largest distance and nearest partners, the common shift of the pairs taken out."""
    apart = targets[None, :] - places[:, None]
    vectors = (apart - np.rint(apart)) @ cell
    distances = np.linalg.norm(vectors, axis=2)
    distances[numbers[:, None] != target_numbers[None, :]] = np.inf
    partners = distances.argmin(axis=1)
    if len(set(partners.tolist())) != len(partners):
        return None
    pairs = vectors[np.arange(len(partners)), partners]
    largest = float(np.linalg.norm(pairs - pairs.mean(axis=0), axis=1).max())
    return (largest, partners) if largest < LARGEST_DISTANCE_A else None
