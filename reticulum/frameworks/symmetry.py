"""Space-group symmetry of a crystal: primitive cell, operations, totally symmetric motion."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.tolerances import LOOSER_TOLERANCES_A, SYMMETRY_TOLERANCE_A

if TYPE_CHECKING:
    from ase import Atoms


#: No tolerance is larger, Å: bonds to hydrogen are 1 Å long.
_LARGEST_TOLERANCE_A = 0.9


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
    warning
        Sentence for the user when a looser tolerance finds more symmetry; else empty.

    """

    atoms: Atoms
    symmetry: CrystalSymmetry
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
    rotations = np.array(dataset.rotations, dtype=np.int64)
    translations = np.array(dataset.translations, dtype=np.float64)
    cell = np.array(atoms.cell[:], dtype=np.float64)
    to_fractional = np.linalg.inv(cell.T)
    cartesian = np.einsum("ij,gjk,kl->gil", cell.T, rotations, to_fractional)
    return CrystalSymmetry(
        symbol=str(dataset.international),
        number=int(dataset.number),
        point_group=str(dataset.pointgroup),
        rotations=rotations,
        translations=translations,
        cartesian_rotations=cartesian,
        permutations=_permutations(atoms, rotations, translations),
        orbits=np.array(dataset.equivalent_atoms, dtype=np.int64),
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
    import spglib
    from ase import Atoms as PlainAtoms

    masses = _mass_of_elements(atoms)
    found = _dataset(atoms, tolerance_a)
    cell, positions, numbers = _spglib_cell(atoms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        standard = spglib.standardize_cell(
            (cell, positions, numbers), to_primitive=True, no_idealize=False, symprec=tolerance_a
        )
    if standard is None:
        raise _no_symmetry(atoms, tolerance_a)
    primitive = PlainAtoms(
        cell=standard[0], scaled_positions=standard[1], numbers=standard[2], pbc=True
    )
    primitive = _sorted_like_first_appearance(primitive, atoms)
    primitive.set_masses([masses[int(number)] for number in primitive.numbers])
    return PrimitiveCell(
        atoms=primitive,
        symmetry=symmetry_of(primitive, tolerance_a),
        warning=_lost_symmetry(atoms, found, tolerance_a),
    )


def conventional_vectors(
    primitive: Atoms, tolerance_a: float = SYMMETRY_TOLERANCE_A
) -> NDArray[np.int64]:
    """Conventional cell of a crystal in units of its primitive vectors.

    Parameters
    ----------
    primitive
        A symmetrised primitive cell (`symmetrised_primitive`).
    tolerance_a
        Distance within which atoms count as equivalent, Å.

    Returns
    -------
    numpy.ndarray
        (3, 3) integers; rows are the conventional vectors in spglib's standard setting.

    Raises
    ------
    InputError
        If spglib cannot standardise the cell.

    """
    import spglib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        standard = spglib.standardize_cell(
            _spglib_cell(primitive), to_primitive=False, no_idealize=False, symprec=tolerance_a
        )
    if standard is None:
        raise _no_symmetry(primitive, tolerance_a)
    vectors = np.rint(standard[0] @ np.linalg.inv(primitive.cell[:]))
    return np.asarray(vectors, dtype=np.int64)


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


def _lost_symmetry(atoms: Atoms, found: object, tolerance_a: float) -> str:
    for looser in LOOSER_TOLERANCES_A:
        if looser <= tolerance_a:
            continue
        try:
            wider = _dataset(atoms, looser)
        except InputError:
            continue
        if len(wider.rotations) > len(found.rotations):  # type: ignore[attr-defined]
            return (
                f"At {tolerance_a:g} Å the space group is {found.international}; "  # type: ignore[attr-defined]
                f"at {looser:g} Å it would be {wider.international} with "
                f"{len(wider.rotations) / len(found.rotations):.0f} times as many operations. "  # type: ignore[attr-defined]
                f"If symmetry was lost to rounding, use --symprec {looser:g}."
            )
    return ""


def _spglib_cell(
    atoms: Atoms,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
    return (
        np.array(atoms.cell[:], dtype=np.float64),
        np.array(atoms.get_scaled_positions(wrap=True), dtype=np.float64),
        np.array(atoms.numbers, dtype=np.int32),
    )


def _dataset(atoms: Atoms, tolerance_a: float):  # type: ignore[no-untyped-def]
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


def _permutations(
    atoms: Atoms, rotations: NDArray[np.int64], translations: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(g, n) image of each atom under each operation, by nearest place modulo the lattice."""
    scaled = atoms.get_scaled_positions(wrap=True)
    cell = atoms.cell[:]
    result = np.empty((len(rotations), len(atoms)), dtype=np.int64)
    species = [np.flatnonzero(atoms.numbers == z) for z in np.unique(atoms.numbers)]
    for number, (rotation, translation) in enumerate(zip(rotations, translations, strict=True)):
        moved = scaled @ rotation.T + translation
        for members in species:
            apart = moved[members][:, None, :] - scaled[members][None, :, :]
            apart -= np.rint(apart)
            distance = np.linalg.norm(apart @ cell, axis=2)
            nearest = distance.argmin(axis=1)
            if len(np.unique(nearest)) != len(members):
                raise InputError(
                    "A symmetry operation does not permute the atoms.",
                    why="Atoms lie closer together than the symmetry tolerance.",
                    fix="Check the structure for overlapping atoms, or use a smaller --symprec.",
                )
            result[number, members] = members[nearest]
    return result
