"""The copper formate of springs as another program would have computed it: phonopy in a supercell."""

from __future__ import annotations

import numpy as np
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.formats.phonopy_cell import to_ase, to_phonopy
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run

#: Length of the displacements, Å: short, so that nothing anharmonic is left in the forces.
DISPLACEMENT_A = 1e-4


def foreign_calculation(relaxed, supercell=(1, 1, 2), *, primitive_matrix="P", unitcell=None):
    """Phonopy object with forces of the springs, for the relaxed structure of a run.

    The springs are those of the starting structure, as in the run.
    """
    matrix = np.diag(supercell)
    unitcell = to_phonopy(relaxed) if unitcell is None else unitcell
    phonopy = Phonopy(
        unitcell, supercell_matrix=matrix, primitive_matrix=primitive_matrix, symprec=1e-5
    )
    phonopy.generate_displacements(distance=DISPLACEMENT_A)
    calculator = SpringCrystal()
    start = start_of(relaxed, phonopy)
    start.calc = calculator
    start.get_forces()  # the springs of the first structure seen
    phonopy.forces = [
        forces_of(calculator, to_ase(cell)) for cell in phonopy.supercells_with_displacements
    ]
    phonopy.produce_force_constants(show_drift=False)
    return phonopy


def own_run(relaxed, folder):
    """Phonons of our own run with the same springs, structure and displacements."""
    calculator = SpringCrystal()
    start = symmetrised_primitive(spring_crystal()).atoms
    start.calc = calculator
    start.get_forces()  # the springs of the first structure seen
    with open_run(
        relaxed,
        Engine.from_ase(calculator),
        folder,
        label="copper formate",
        options=PhononOptions(relax=False, displacement_a=DISPLACEMENT_A),
        workers=1,
    ) as run:
        return gamma_phonons(run)


def start_of(relaxed, phonopy):
    """Supercell of the starting structure, its atoms in the order of phonopy's supercell."""
    moved = symmetrised_primitive(spring_crystal()).atoms.positions - relaxed.positions
    supercell = to_ase(phonopy.supercell)
    apart = supercell.positions[:, None] - relaxed.positions[None]
    fractional = apart @ np.linalg.inv(relaxed.cell[:])
    distance = np.linalg.norm((fractional - np.rint(fractional)) @ relaxed.cell[:], axis=2)
    supercell.positions += moved[distance.argmin(axis=1)]
    return supercell


def forces_of(calculator, atoms):
    """Forces without wrapping atoms, eV/Å."""
    atoms.calc = calculator
    return atoms.get_forces()


def doubled(relaxed):
    """The unit cell twice, along z: a cell that is not primitive."""
    twice = relaxed.repeat((1, 1, 2))
    return PhonopyAtoms(
        symbols=twice.get_chemical_symbols(),
        cell=twice.cell[:],
        positions=twice.positions,
        masses=twice.get_masses(),
    )
