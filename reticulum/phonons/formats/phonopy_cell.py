"""Cells of phonopy and ase, one from the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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
