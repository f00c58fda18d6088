"""Irreducible representations of the point group of a crystal, from phonopy's tables.

The labels are those of phonopy's character tables and of its choice of axes (spglib's standard
setting of the space group) [Togo2023]_. Where two one-dimensional representations are complex
conjugates of each other (E of 3, 4 and 6, Eg of -3 and m-3, ...), time reversal joins them: their
real two-dimensional sum is treated as one representation, as in those tables.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import spglib
from ase import Atoms
from numpy.typing import NDArray
from phonopy.phonon.character_table import character_table

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Representation:
    """A (real) irreducible representation of a point group.

    Attributes
    ----------
    label
        Mulliken symbol.
    dimension
        Number of partners.
    characters
        Character of each symmetry operation, shape (n_operations,).
    norm
        Mean square of the characters: 1, or 2 for a pair of complex conjugates.
    infrared_active
        Whether a displacement vector transforms this way.
    raman_active
        Whether a component of a symmetric tensor transforms this way.

    """

    label: str
    dimension: int
    characters: NDArray[np.float64]
    norm: int
    infrared_active: bool
    raman_active: bool

    def __post_init__(self) -> None:
        if self.characters.ndim != 1:
            raise ValueError("characters must have the shape (n_operations,)")
        self.characters.setflags(write=False)

    def multiplicity(self, characters: NDArray[np.float64]) -> int:
        """How often this representation occurs in one with the given characters.

        Parameters
        ----------
        characters
            Shape (n_operations,).

        Returns
        -------
        int
            (1/g) Σ_R χ(R) χ_Γ(R) / norm.

        """
        return round(float(np.mean(self.characters * characters)) / self.norm)


def irreducible_representations(
    atoms: Atoms,
    symprec: float = SYMMETRY_TOLERANCE_A,
    symmetry: CrystalSymmetry | None = None,
) -> tuple[Representation, ...]:
    """Irreducible representations of the point group of a crystal.

    Parameters
    ----------
    atoms
        Primitive cell. Not changed.
    symprec
        Distance within which atoms count as equivalent, Å.
    symmetry
        Operations of the cell at that distance, if at hand.

    Returns
    -------
    tuple of Representation
        In the order of the character table; characters in the order of the operations.

    Raises
    ------
    InputError
        If the cell is not primitive or no space group is found.
    CalculationError
        If the character tables lack the setting of the group.

    """
    operations = symmetry_of(atoms, symprec) if symmetry is None else symmetry
    if len(np.unique(operations.rotations.reshape(-1, 9), axis=0)) != operations.order:
        raise InputError(
            "The cell is not primitive.",
            why="Its Gamma modes include modes of other wave vectors, which the irreducible "
            "representations of the point group do not label.",
            fix="Use the primitive cell.",
        )
    table, classes = character_columns(
        operations.point_group.strip(), _standard_rotations(atoms, symprec)
    )
    vector = np.trace(operations.rotations, axis1=1, axis2=2).astype(np.float64)
    squares = np.trace(operations.rotations @ operations.rotations, axis1=1, axis2=2)
    tensor = (vector**2 + squares) / 2.0
    found = []
    for label, row in table.items():
        characters = np.atleast_1d(np.array(row, dtype=np.float64))[classes]
        found.append(
            Representation(
                label=label,
                dimension=round(float(characters[vector == 3.0][0])),
                characters=characters,
                norm=round(float(np.mean(characters**2))),
                infrared_active=bool(abs(np.mean(characters * vector)) > 0.5),
                raman_active=bool(abs(np.mean(characters * tensor)) > 0.5),
            )
        )
    return tuple(found)


def _standard_rotations(atoms: Atoms, symprec: float) -> NDArray[np.int64]:
    """Rotations in spglib's standard setting, the one of the tables, shape (g, 3, 3)."""
    cell = (
        np.array(atoms.cell[:], dtype=np.float64),
        np.array(atoms.get_scaled_positions(wrap=True), dtype=np.float64),
        np.array(atoms.numbers, dtype=np.int32),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = spglib.get_symmetry_dataset(cell, symprec=symprec)
    matrix = np.array(dataset.transformation_matrix, dtype=np.float64)
    rotations = matrix @ np.array(dataset.rotations, dtype=np.float64) @ np.linalg.inv(matrix)
    return np.rint(rotations).astype(np.int64)


def character_columns(
    point_group: str, standard: NDArray[np.int64]
) -> tuple[dict[str, int | tuple[int, ...]], NDArray[np.int64]]:
    """Character table of a point group, and the column of each operation.

    Operations are found by their matrices. The tables lack one setting (that of P312, P3112 and
    P3212); there the classes are told by determinant and trace, if these differ for all classes.

    Parameters
    ----------
    point_group
        International symbol.
    standard
        Rotations in fractional coordinates of spglib's standard setting, shape (g, 3, 3).

    Returns
    -------
    tuple
        Rows of the table by Mulliken symbol, and the column of each operation, shape (g,).

    Raises
    ------
    CalculationError
        If the tables do not hold the setting.

    """
    for key_of in (_matrix_key, _kind):
        wanted = [key_of(matrix) for matrix in standard]
        for entry in character_table.get(point_group, []):
            names = np.atleast_1d(np.array(entry["rotation_list"])).tolist()
            columns: dict[tuple[int, ...], int] = {}
            clash = False
            for name, matrices in entry["mapping_table"].items():
                column = names.index(name)
                for rows in matrices:
                    key = key_of(np.array(rows, dtype=np.int64))
                    clash = clash or columns.setdefault(key, column) != column
            if not clash and all(key in columns for key in wanted):
                return entry["character_table"], np.array([columns[key] for key in wanted])
    raise CalculationError(
        f"The character tables do not hold this setting of the point group {point_group!r}.",
        why="The classes of the symmetry operations cannot be told.",
        fix="Report the structure; the modes themselves are not affected.",
    )


def _matrix_key(matrix: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(matrix.ravel().tolist())


def _kind(matrix: NDArray[np.int64]) -> tuple[int, ...]:
    """Determinant and trace: the type of a crystallographic operation."""
    return round(float(np.linalg.det(matrix))), int(np.trace(matrix))
