"""Cells of phonopy and ase, one from the other, and their units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.symmetry import symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.formats.damaged import reading

if TYPE_CHECKING:
    from ase import Atoms


def to_phonopy(atoms: Atoms) -> Any:
    """PhonopyAtoms of a crystal, with its masses and without wrapping."""
    from phonopy.structure.atoms import PhonopyAtoms

    return PhonopyAtoms(
        symbols=atoms.get_chemical_symbols(),
        cell=np.array(atoms.cell[:]),
        scaled_positions=atoms.get_scaled_positions(wrap=False),
        masses=atoms.get_masses(),
    )


def to_ase(cell: Any, length_a: float = 1.0) -> Atoms:
    """Crystal of a PhonopyAtoms; elements only, also where phonopy tells Cl1 from Cl2.

    Parameters
    ----------
    cell
        The PhonopyAtoms.
    length_a
        Its unit of length, Å.

    """
    from ase import Atoms

    return Atoms(
        numbers=cell.numbers,
        cell=np.asarray(cell.cell) * length_a,
        scaled_positions=cell.scaled_positions,
        masses=cell.masses,
        pbc=True,
    )


def calculator_units(phonopy: Any) -> tuple[float, float]:
    """Unit of length, Å, and of force constants, eV/Å², of the calculator of a phonopy object."""
    from phonopy.physical_units import get_calculator_physical_units

    units = get_calculator_physical_units(phonopy.calculator)
    return float(units.distance_to_A), float(units.force_to_eVperA / units.distance_to_A)


def phonopy_of_structure(
    atoms: Atoms,
    supercell: NDArray[np.int64],
    *,
    primitive: str = "auto",
    tolerance_a: float = SYMMETRY_TOLERANCE_A,
) -> Any:
    """Phonopy object of a unit cell in Å.

    Parameters
    ----------
    atoms
        The unit cell.
    supercell
        (3, 3) integers.
    primitive
        phonopy's word for the primitive cell: "auto", or "P" for the unit cell.
    tolerance_a
        Symmetry tolerance, Å.

    """
    from phonopy import Phonopy

    symmetry_of(atoms, tolerance_a)  # says what is wrong, if anything is
    with reading(Path("The structure"), "a cell of phonopy"):
        return Phonopy(
            to_phonopy(atoms),
            supercell_matrix=supercell,
            primitive_matrix=primitive,
            symprec=tolerance_a,
        )
