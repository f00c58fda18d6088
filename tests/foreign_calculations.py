"""The copper formate of springs as other programs would have computed it, in a supercell."""

from __future__ import annotations

import numpy as np
from phonopy import Phonopy
from phonopy.physical_units import get_physical_units
from phonopy.structure.atoms import PhonopyAtoms
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.formats.phonopy_cell import to_ase, to_phonopy
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run

#: Length of the displacements, Å: short, so that nothing anharmonic is left in the forces.
DISPLACEMENT_A = 1e-4


def foreign_calculation(
    relaxed,
    supercell=(1, 1, 2),
    *,
    primitive_matrix="P",
    unitcell=None,
    units=None,
    calculator=None,
):
    """Phonopy object with forces of the springs, for the relaxed structure of a run.

    The springs are those of the starting structure, as in the run. With units, lengths and forces
    are those of another calculator.
    """
    length_a = 1.0 if units is None else units.distance_to_A
    force_ev_a = 1.0 if units is None else units.force_to_eVperA
    unitcell = to_phonopy(relaxed) if unitcell is None else unitcell
    phonopy = Phonopy(
        PhonopyAtoms(
            symbols=unitcell.symbols,
            cell=unitcell.cell / length_a,
            scaled_positions=unitcell.scaled_positions,
            masses=unitcell.masses,
        ),
        supercell_matrix=np.diag(supercell),
        primitive_matrix=primitive_matrix,
        symprec=1e-5,
        calculator=calculator,
    )
    phonopy.generate_displacements(distance=DISPLACEMENT_A / length_a)
    calculator = started(relaxed, phonopy, length_a)
    phonopy.forces = [
        forces_of(calculator, to_ase(cell, length_a)) / force_ev_a
        for cell in phonopy.supercells_with_displacements
    ]
    phonopy.produce_force_constants(show_drift=False)
    return phonopy


def with_random_displacements(relaxed, distance_a, n_structures=12):
    """Phonopy object of a supercell with all atoms displaced at random, and forces."""
    phonopy = Phonopy(
        to_phonopy(relaxed),
        supercell_matrix=np.diag([1, 1, 2]),
        primitive_matrix="P",
        symprec=1e-5,
    )
    phonopy.generate_displacements(
        distance=distance_a, number_of_snapshots=n_structures, random_seed=1
    )
    calculator = started(relaxed, phonopy, 1.0)
    at_rest = forces_of(calculator, to_ase(phonopy.supercell))
    phonopy.forces = [
        forces_of(calculator, to_ase(cell)) - at_rest
        for cell in phonopy.supercells_with_displacements
    ]
    return phonopy


def started(relaxed, phonopy, length_a):
    """Springs of the starting structure, in the supercell of a phonopy object."""
    calculator = SpringCrystal()
    start = start_of(relaxed, phonopy, length_a)
    start.calc = calculator
    start.get_forces()  # the springs of the first structure seen
    return calculator


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


def start_of(relaxed, phonopy, length_a=1.0):
    """Supercell of the starting structure, its atoms in the order of phonopy's supercell."""
    moved = symmetrised_primitive(spring_crystal()).atoms.positions - relaxed.positions
    supercell = to_ase(phonopy.supercell, length_a)
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


def vasprun_with_hessian(phonopy, unit=""):
    """A vasprun.xml of the supercell in VASP's layout, with what phonopy has of force constants.

    VASP 5 writes the Hessian, with the opposite sign, in eV/Å²/u, VASP 6 in THz² with a unit.
    """
    cell = phonopy.supercell
    symbols = list(cell.symbols)
    kinds = list(dict.fromkeys(symbols))
    assert symbols == sorted(symbols, key=kinds.index), "VASP lists atoms by element"
    masses = np.repeat(cell.masses, 3)
    full = phonopy.force_constants.transpose(0, 2, 1, 3).reshape(len(masses), len(masses))
    hessian = -full / np.sqrt(masses[:, None] * masses)
    if unit == "THz^2":
        hessian = hessian * get_physical_units().DefaultToTHz ** 2
    rows = "".join(f"    <v>{_numbers(row)}</v>\n" for row in hessian)
    stated = f'   <i name="unit" type="string">{unit}</i>\n' if unit else ""
    inner = f'  <dynmat>\n{stated}   <varray name="hessian" >\n{rows}   </varray>\n  </dynmat>\n'
    return vasprun(cell, inner, kinds)


def vasprun(cell, inner, kinds=None):
    """A vasprun.xml of a PhonopyAtoms with one calculation."""
    symbols = list(cell.symbols)
    kinds = list(dict.fromkeys(symbols)) if kinds is None else kinds
    atoms = "".join(
        f"    <rc><c>{symbol:2s}</c><c>{kinds.index(symbol) + 1:4d}</c></rc>\n"
        for symbol in symbols
    )
    types = "".join(
        f"    <rc><c>{symbols.count(kind):4d}</c><c>{kind:2s}</c>"
        f"<c>{cell.masses[symbols.index(kind)]:16.8f}</c><c>1.0</c><c>PAW_PBE {kind}</c></rc>\n"
        for kind in kinds
    )
    basis = "".join(f"     <v>{_numbers(row)}</v>\n" for row in cell.cell)
    places = "".join(f"    <v>{_numbers(row)}</v>\n" for row in cell.scaled_positions)
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>\n <generator>\n'
        '  <i name="program" type="string">vasp </i>\n'
        '  <i name="version" type="string">5.4.4  </i>\n </generator>\n'
        f" <atominfo>\n  <atoms>{len(symbols):8d} </atoms>\n  <types>{len(kinds):8d} </types>\n"
        '  <array name="atoms" >\n   <dimension dim="1">ion</dimension>\n'
        '   <field type="string">element</field>\n   <field type="int">atomtype</field>\n'
        f"   <set>\n{atoms}   </set>\n  </array>\n"
        '  <array name="atomtypes" >\n   <dimension dim="1">type</dimension>\n'
        '   <field type="int">atomspertype</field>\n   <field type="string">element</field>\n'
        "   <field>mass</field>\n   <field>valence</field>\n"
        '   <field type="string">pseudopotential</field>\n'
        f"   <set>\n{types}   </set>\n  </array>\n </atominfo>\n"
        f' <calculation>\n  <structure>\n   <crystal>\n    <varray name="basis" >\n{basis}'
        f'    </varray>\n   </crystal>\n   <varray name="positions" >\n{places}'
        f"   </varray>\n  </structure>\n{inner} </calculation>\n</modeling>\n"
    )


def _numbers(row):
    return " ".join(f"{value:20.14f}" for value in row)
