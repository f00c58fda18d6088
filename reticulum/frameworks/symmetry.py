"""Space-group symmetry of a crystal: primitive cell, operations, totally symmetric motion."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.atom_permutations import atom_permutations
from reticulum.frameworks.standard_cell import standard_primitive
from reticulum.frameworks.tolerances import LOOSER_TOLERANCES_A, SYMMETRY_TOLERANCE_A

if TYPE_CHECKING:
    from ase import Atoms


#: No tolerance is larger, Å: bonds to hydrogen are 1 Å long.
_LARGEST_TOLERANCE_A = 0.9

#: Point groups that are contained in no larger crystallographic one.
_LARGEST_POINT_GROUPS = ("m-3m", "6/mmm")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrystalSymmetry:
    """Space group of a primitive cell and its operations on atoms.

    Parameters
    ----------
    symbol, number
        International short symbol and number of the space group.
    point_group
        International symbol of the point group.
    rotations
        (g, 3, 3) in fractional coordinates.
    translations
        (g, 3) in fractional coordinates.
    cartesian_rotations
        (g, 3, 3), acting on Cartesian column vectors.
    permutations
        (g, n): operation g carries atom a to the place of atom ``permutations[g, a]``.
    orbits
        (n,) index of the first symmetry-equivalent atom.

    """

    symbol: str
    number: int
    point_group: str
    rotations: NDArray[np.int64]
    translations: NDArray[np.float64]
    cartesian_rotations: NDArray[np.float64]
    permutations: NDArray[np.int64]
    orbits: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        order, n_atoms = self.permutations.shape
        if self.rotations.shape != (order, 3, 3) or self.orbits.shape != (n_atoms,):
            raise ValueError("shapes of symmetry operations do not match")
        for array in (
            self.rotations,
            self.translations,
            self.cartesian_rotations,
            self.permutations,
            self.orbits,
        ):
            array.setflags(write=False)

    @property
    def order(self) -> int:
        """Number of operations of the primitive cell."""
        return len(self.rotations)

    def symmetrise_vectors(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Totally symmetric part of a vector for each atom.

        Parameters
        ----------
        vectors
            (n, 3) Cartesian: forces or displacements, any unit.

        Returns
        -------
        numpy.ndarray
            (n, 3), the average over all operations.

        """
        result = np.zeros_like(vectors)
        for rotation, permutation in zip(self.cartesian_rotations, self.permutations, strict=True):
            result[permutation] += vectors @ rotation.T
        return result / self.order

    def symmetric_displacements(self) -> NDArray[np.float64]:
        """Orthonormal displacements that keep the space group (fixed cell).

        Returns
        -------
        numpy.ndarray
            (3n, m) columns; m is the number of free positional parameters.

        """
        n_atoms = self.permutations.shape[1]
        columns = []
        for first in np.unique(self.orbits):
            atoms = np.flatnonzero(self.orbits == first)
            for axis in range(3):
                trial = np.zeros((n_atoms, 3))
                trial[atoms[0], axis] = 1.0
                columns.append(self.symmetrise_vectors(trial).ravel())
        candidates = np.array(columns).T
        left, singular, _ = np.linalg.svd(candidates, full_matrices=False)
        # Exact values are 0 and 1/√(orbit size); hexagonal axes leave rounding instead of 0.
        return np.ascontiguousarray(left[:, singular > 1e-6])

    def reversing_operation(self, vector: NDArray[np.float64], tolerance: float = 1e-6) -> bool:
        """Whether an operation turns a displacement pattern into its opposite.

        Then displacements by +q and -q are equivalent, and one calculation does for both.

        Parameters
        ----------
        vector
            (n, 3) Cartesian pattern.
        tolerance
            Largest deviation, in units of the pattern's norm.

        """
        size = np.linalg.norm(vector)
        for rotation, permutation in zip(self.cartesian_rotations, self.permutations, strict=True):
            image = np.empty_like(vector)
            image[permutation] = vector @ rotation.T
            if np.linalg.norm(image + vector) <= tolerance * size:
                return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimitiveCell:
    """A symmetrised primitive cell.

    Parameters
    ----------
    atoms
        Primitive cell in spglib's standard orientation, coordinates on their special positions.
    symmetry
        Its space group and operations.
    conventional
        (3, 3) integers; rows are the conventional vectors in spglib's standard setting, in units
        of the primitive vectors.
    warning
        Sentence for the user when a looser tolerance finds more symmetry; else empty.

    """

    atoms: Atoms
    symmetry: CrystalSymmetry
    conventional: NDArray[np.int64]
    warning: str


def symmetry_of(atoms: Atoms, tolerance_a: float = SYMMETRY_TOLERANCE_A) -> CrystalSymmetry:
    """Space group and operations of a crystal.

    Parameters
    ----------
    atoms
        A periodic structure.
    tolerance_a
        Distance within which atoms count as equivalent, Å.

    Raises
    ------
    InputError
        If spglib finds no space group (overlapping atoms, a degenerate cell).

    """
    dataset = _dataset(atoms, tolerance_a)
    return _operations_on(
        atoms,
        dataset,
        np.array(dataset.rotations, dtype=np.int64),
        np.array(dataset.translations, dtype=np.float64),
        tolerance_a,
    )


def _operations_on(
    atoms: Atoms,
    dataset: Any,
    rotations: NDArray[np.int64],
    translations: NDArray[np.float64],
    tolerance_a: float,
) -> CrystalSymmetry:
    """Space group of a dataset with its operations in the cell of the atoms."""
    cell = np.array(atoms.cell[:], dtype=np.float64)
    to_fractional = np.linalg.inv(cell.T)
    permutations = atom_permutations(atoms, rotations, translations, tolerance_a)
    return CrystalSymmetry(
        symbol=str(dataset.international),
        number=int(dataset.number),
        point_group=str(dataset.pointgroup),
        rotations=rotations,
        translations=translations,
        cartesian_rotations=cell.T @ rotations @ to_fractional,
        permutations=permutations,
        orbits=permutations.min(axis=0),
    )


def symmetrised_primitive(atoms: Atoms, tolerance_a: float = SYMMETRY_TOLERANCE_A) -> PrimitiveCell:
    """Primitive cell with exact space-group symmetry.

    Parameters
    ----------
    atoms
        A crystal in any cell.
    tolerance_a
        Distance within which atoms count as equivalent, Å.

    Returns
    -------
    PrimitiveCell
        In spglib's standard orientation.

    Raises
    ------
    InputError
        If spglib cannot standardise the cell, or atoms of one element have different masses.

    """
    from ase import Atoms as PlainAtoms

    masses = _mass_of_elements(atoms)
    found = _dataset(atoms, tolerance_a)
    standard = standard_primitive(found)
    primitive = PlainAtoms(
        cell=standard.cell, scaled_positions=standard.scaled, numbers=standard.numbers, pbc=True
    )
    primitive = _sorted_like_first_appearance(primitive, atoms)
    primitive.set_masses([masses[int(number)] for number in primitive.numbers])
    return PrimitiveCell(
        atoms=primitive,
        symmetry=_operations_on(
            primitive, found, standard.rotations, standard.translations, tolerance_a
        ),
        conventional=standard.conventional,
        warning=_lost_symmetry(atoms, primitive, found, tolerance_a),
    )


def _mass_of_elements(atoms: Atoms) -> dict[int, float]:
    """Mass of each element, u."""
    masses: dict[int, float] = {}
    for number, mass in zip(atoms.numbers.tolist(), atoms.get_masses().tolist(), strict=True):
        if abs(masses.setdefault(number, mass) - mass) > 1e-6:
            raise InputError(
                f"Atoms of element {number} have masses of {masses[number]:g} and {mass:g} u.",
                why="Symmetry would exchange different isotopes of one element.",
                fix="Give all atoms of an element the same mass.",
            )
    return masses


def _sorted_like_first_appearance(primitive: Atoms, atoms: Atoms) -> Atoms:
    """Order atoms by element as the elements first appear in the input, then by position."""
    ranks = {int(z): rank for rank, z in enumerate(dict.fromkeys(atoms.numbers.tolist()))}
    scaled = np.round(primitive.get_scaled_positions(wrap=True), 9) % 1.0
    order = sorted(
        range(len(primitive)),
        key=lambda i: (ranks[int(primitive.numbers[i])], *scaled[i].tolist()),
    )
    return primitive[order]


def _lost_symmetry(atoms: Atoms, primitive: Atoms, found: Any, tolerance_a: float) -> str:
    """Sentence on the symmetry that a looser tolerance would find; empty if there is no more."""
    for looser in LOOSER_TOLERANCES_A:
        if looser <= tolerance_a or (
            found.pointgroup in _LARGEST_POINT_GROUPS
            and not _may_have_smaller_cell(primitive, 2.0 * looser)
        ):
            continue
        try:
            wider = _dataset(atoms, looser)
        except InputError:
            continue
        if len(wider.rotations) > len(found.rotations):
            return (
                f"At {tolerance_a:g} Å the space group is {found.international}; "
                f"at {looser:g} Å it would be {wider.international} with "
                f"{len(wider.rotations) / len(found.rotations):.0f} times as many operations. "
                f"If symmetry was lost to rounding, use --symprec {looser:g}."
            )
    return ""


def _may_have_smaller_cell(primitive: Atoms, tolerance_a: float) -> bool:
    """Whether the atoms of the rarest element could have a lattice of their own within a distance.

    If not, the crystal has no translations beyond those of its cell.
    """
    elements, counts = np.unique(primitive.numbers, return_counts=True)
    rarest = primitive.numbers == elements[counts.argmin()]
    places = primitive.get_scaled_positions()[rarest]
    for shift in places[1:] - places[0]:
        apart = places[:, None, :] + shift - places[None, :, :]
        distances = np.linalg.norm((apart - np.rint(apart)) @ primitive.cell[:], axis=2)
        if (distances.min(axis=1) < tolerance_a).all():
            return True
    return False


def _spglib_cell(
    atoms: Atoms,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
    return (
        np.array(atoms.cell[:], dtype=np.float64),
        np.array(atoms.get_scaled_positions(wrap=True), dtype=np.float64),
        np.array(atoms.numbers, dtype=np.int32),
    )


def _dataset(atoms: Atoms, tolerance_a: float) -> Any:
    import spglib

    if not 0.0 < tolerance_a <= _LARGEST_TOLERANCE_A:
        raise InputError(
            f"The symmetry tolerance is {tolerance_a:g} Å.",
            why="It is a distance within which atoms count as equivalent: more than 0, and less "
            "than the distance of neighbouring atoms.",
            fix=f"Give --symprec {SYMMETRY_TOLERANCE_A:g}, for instance.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            dataset = spglib.get_symmetry_dataset(_spglib_cell(atoms), symprec=tolerance_a)
        except spglib.SpglibError as error:
            raise _no_symmetry(atoms, tolerance_a) from error
    if dataset is None:
        raise _no_symmetry(atoms, tolerance_a)
    return dataset


def _no_symmetry(atoms: Atoms, tolerance_a: float) -> InputError:
    return InputError(
        f"spglib finds no space group for {atoms.get_chemical_formula()} at {tolerance_a:g} Å.",
        why="Atoms overlap within the tolerance, or the cell is degenerate.",
        fix="Check the structure, or use a smaller --symprec.",
    )
