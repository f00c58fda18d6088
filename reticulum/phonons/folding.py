"""Force constants of a supercell folded onto Gamma of the primitive cell.

At q = 0 all phases are one, so the Hessian of Gamma is the sum of the force constants over the
images of the second atom, whatever the supercell.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A

if TYPE_CHECKING:
    from ase import Atoms

#: Largest difference between force constants of atoms that a lattice translation exchanges, as a
#: share of the largest force constant, up to which they are averaged. Finite differences of DFT
#: forces agree within about a thousandth.
TRANSLATION_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldedCell:
    """A primitive cell and what was folded onto it.

    Attributes
    ----------
    atoms
        The primitive cell, its atoms in the order of their first images.
    hessian_ev_a2
        (3n, 3n) of Gamma, eV/Å², as it came: neither symmetric nor free of translations.
    primitive_of
        (m,) atom of the primitive cell whose image each atom of the larger cell is.
    translation_mismatch_ev_a2
        Largest difference between force constants that a lattice translation exchanges, eV/Å².

    """

    atoms: Atoms
    hessian_ev_a2: NDArray[np.float64]
    primitive_of: NDArray[np.int64]
    translation_mismatch_ev_a2: float

    def __post_init__(self) -> None:
        size = 3 * len(self.atoms)
        if self.hessian_ev_a2.shape != (size, size):
            raise ValueError("the Hessian must have the shape (3n, 3n)")
        for array in (self.hessian_ev_a2, self.primitive_of):
            array.setflags(write=False)

    def average_over_images(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over the images of each atom of the primitive cell.

        Parameters
        ----------
        values
            (m, ...) one value or tensor an atom of the larger cell.

        Returns
        -------
        numpy.ndarray
            (n, ...).

        """
        total = np.zeros((len(self.atoms), *values.shape[1:]))
        np.add.at(total, self.primitive_of, values)
        counts = np.bincount(self.primitive_of, minlength=len(self.atoms))
        return np.asarray(total / counts.reshape(-1, *[1] * (values.ndim - 1)))


def fold_to_gamma(
    force_constants: NDArray[np.float64],
    primitive_of: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Hessian of Gamma from force constants of a supercell.

    Parameters
    ----------
    force_constants
        (m, m, 3, 3) of all atoms of the supercell, or (n, m, 3, 3) of the atoms of its primitive
        cell with all.
    primitive_of
        (m,) atom of the primitive cell whose image each atom of the supercell is.
    rows
        (n,) atom of the supercell that stands for each atom of the primitive cell.

    Returns
    -------
    numpy.ndarray
        (3n, 3n), in the unit of the force constants.

    Raises
    ------
    ValueError
        If the shapes do not belong together.

    """
    n_primitive, n_supercell = len(rows), len(primitive_of)
    if force_constants.shape == (n_supercell, n_supercell, 3, 3):
        kept = force_constants[rows]
    elif force_constants.shape == (n_primitive, n_supercell, 3, 3):
        kept = force_constants
    else:
        raise ValueError(
            f"force constants of the shape {force_constants.shape} for {n_primitive} atoms of a "
            f"primitive cell and {n_supercell} of a supercell"
        )
    total = np.zeros((n_primitive, n_primitive, 3, 3))
    for image, atom in enumerate(primitive_of):
        total[:, atom] += kept[:, image]
    return np.ascontiguousarray(
        total.transpose(0, 2, 1, 3).reshape(3 * n_primitive, 3 * n_primitive)
    )


def reduce_to_primitive(
    atoms: Atoms, hessian: NDArray[np.float64], tolerance_a: float = SYMMETRY_TOLERANCE_A
) -> FoldedCell:
    """Primitive cell of a cell, with the Hessian of Gamma of the larger one folded onto it.

    Parameters
    ----------
    atoms
        Any cell of the crystal.
    hessian
        (3m, 3m) of its Gamma, eV/Å².
    tolerance_a
        Distance within which atoms count as equivalent, Å.

    Returns
    -------
    FoldedCell
        In the orientation of `atoms`, with their masses.

    Raises
    ------
    InputError
        If spglib finds no lattice, or atoms that a lattice translation exchanges differ in mass or
        by more than `TRANSLATION_TOLERANCE` in their force constants.

    """
    lattice, primitive_of = _primitive_lattice(atoms, tolerance_a)
    n_primitive = int(primitive_of.max()) + 1
    if n_primitive == len(atoms):
        return FoldedCell(
            atoms=atoms.copy(),
            hessian_ev_a2=np.array(hessian, dtype=np.float64),
            primitive_of=np.arange(len(atoms)),
            translation_mismatch_ev_a2=0.0,
        )
    masses = atoms.get_masses()
    first = np.array([int(np.flatnonzero(primitive_of == a)[0]) for a in range(n_primitive)])
    if np.any(masses != masses[first][primitive_of]):
        raise InputError(
            "Atoms that a translation of the crystal exchanges have different masses.",
            why="The cell is larger than that of the structure, and isotopes break the "
            "translation.",
            fix="Give equivalent atoms one mass.",
        )
    blocks = hessian.reshape(len(atoms), 3, len(atoms), 3)
    across = np.zeros((len(atoms), 3, n_primitive, 3))
    for image, atom in enumerate(primitive_of):
        across[:, :, atom] += blocks[:, :, image]
    folded = np.zeros((n_primitive, 3, n_primitive, 3))
    for image, atom in enumerate(primitive_of):
        folded[atom] += across[image]
    folded /= len(atoms) // n_primitive
    mismatch = float(np.abs(across - folded[primitive_of]).max())
    largest = float(np.abs(folded).max())
    if mismatch > TRANSLATION_TOLERANCE * largest:
        raise InputError(
            f"The atoms repeat in a smaller cell ({n_primitive} of {len(atoms)} atoms), but their "
            f"force constants do not: they differ by {mismatch:.2g} of {largest:.2g} eV/Å².",
            why="Modes are those of the primitive cell; here it cannot be told what it is "
            "(magnetic order, or forces of another structure).",
            fix="Check that the forces belong to this structure, or use a smaller --symprec.",
        )
    primitive = atoms[first]
    primitive.set_cell(lattice, scale_atoms=False)
    primitive.wrap()
    return FoldedCell(
        atoms=primitive,
        hessian_ev_a2=folded.reshape(3 * n_primitive, 3 * n_primitive),
        primitive_of=primitive_of,
        translation_mismatch_ev_a2=mismatch,
    )


def space_group_average(
    hessian: NDArray[np.float64], symmetry: CrystalSymmetry
) -> tuple[NDArray[np.float64], float]:
    """Hessian averaged over the operations of the crystal, and the largest change, eV/Å².

    Parameters
    ----------
    hessian
        (3n, 3n) of a primitive cell, eV/Å².
    symmetry
        Its operations.

    """
    n_atoms = len(symmetry.orbits)
    blocks = np.asarray(hessian).reshape(n_atoms, 3, n_atoms, 3).transpose(0, 2, 1, 3)
    total = np.zeros_like(blocks)
    for rotation, permutation in zip(
        symmetry.cartesian_rotations, symmetry.permutations, strict=True
    ):
        total[np.ix_(permutation, permutation)] += rotation @ blocks @ rotation.T
    averaged = (total / symmetry.order).transpose(0, 2, 1, 3).reshape(hessian.shape)
    return np.ascontiguousarray(averaged), float(np.abs(averaged - hessian).max())


def _primitive_lattice(
    atoms: Atoms, tolerance_a: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Primitive lattice vectors in the orientation of the atoms, and the atom of each image."""
    import spglib

    symmetry_of(atoms, tolerance_a)  # says what is wrong where spglib only gives up
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # on how it will report errors
        dataset = spglib.get_symmetry_dataset(
            (atoms.cell[:], atoms.get_scaled_positions(wrap=True), atoms.numbers),
            symprec=tolerance_a,
        )
    # Numbers in the order of the atoms, so that the primitive cell keeps it.
    _, first, inverse = np.unique(
        dataset.mapping_to_primitive, return_index=True, return_inverse=True
    )
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.array(dataset.primitive_lattice, dtype=np.float64), rank[inverse]
