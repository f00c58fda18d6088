"""Harmonic models of crystals in internal coordinates: phonons without any calculation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from exact.carboxylate_molecules import paddlewheel

from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.phonons.bends import bend_coordinates
from reticulum.phonons.environments import carboxylate_environments
from reticulum.phonons.force_constants import gamma_modes
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.internal_coordinates import CoordinateGroup, internal_coordinates

#: Sizes of real molecules: eV/Å² for distances, eV/rad² for angles.
STIFFNESS: dict[CoordinateGroup, float] = {
    CoordinateGroup.ANTISYMMETRIC_CO: 55.0,
    CoordinateGroup.SYMMETRIC_CO: 55.0,
    CoordinateGroup.OCO_BEND: 12.0,
    CoordinateGroup.CARBOXYL_CC: 35.0,
    CoordinateGroup.METAL_OXYGEN: 6.0,
    CoordinateGroup.METAL_OTHER: 5.0,
    CoordinateGroup.METAL_METAL: 2.0,
    CoordinateGroup.CH: 30.0,
    CoordinateGroup.XH: 40.0,
    CoordinateGroup.RING: 40.0,
}

#: Of all bends, eV/rad².
BEND_STIFFNESS = 4.0

#: Springs between all atoms nearer than `REACH_A` that hold the rest in place, eV/Å².
HOLD_EV_A2, REACH_A = 0.02, 6.5


def valence_phonons(
    atoms: Atoms, factor: Callable[[CoordinateGroup, int], float] | None = None
) -> GammaPhonons:
    """Phonons of a valence force field without cross terms.

    `factor` scales the stiffness of a coordinate by its group and the number of its carboxylate.
    """
    graph = find_bonds(atoms)
    carboxylates = find_carboxylates(atoms, graph)
    hessian = np.zeros((3 * len(atoms), 3 * len(atoms)))
    for found in (
        internal_coordinates(atoms, graph, carboxylates),
        bend_coordinates(atoms, graph, carboxylates),
    ):
        groups = [CoordinateGroup(group) for group in found.groups.tolist()]
        stiffness = np.array(
            [
                STIFFNESS.get(group, BEND_STIFFNESS)
                * (1.0 if factor is None else factor(group, number))
                for group, number in zip(groups, found.carboxylate.tolist(), strict=True)
            ]
        )
        hessian += found.b_rows.T @ (stiffness[:, None] * found.b_rows)
    blocks = hessian.reshape(len(atoms), 3, len(atoms), 3)
    for i, j, vector in zip(*neighbor_list("ijD", atoms, REACH_A), strict=True):
        unit = vector / np.linalg.norm(vector)
        spring = 0.5 * HOLD_EV_A2 * np.outer(unit, unit)  # each pair comes from both ends
        for a, b, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
            blocks[a, :, b, :] += sign * spring
    wavenumbers, eigenvectors = gamma_modes(hessian, atoms.get_masses())
    return GammaPhonons(
        atoms=atoms,
        symmetry=symmetry_of(atoms, 1e-3),
        hessian_ev_a2=hessian,
        wavenumbers_cm1=wavenumbers,
        eigenvectors=eigenvectors,
        n_displacements=None,
        displacement_a=None,
        quality=None,
        relaxation=None,
        calculator={"name": "valence force field"},
        warnings=(),
        tolerance_a=1e-3,
    )


def two_paddlewheels(metals: Mapping[int, str] | None = None) -> Atoms:
    """Cu2(HCOO)4 and Ru2(HCOO)4 one above the other in a tetragonal box of 36 atoms."""
    width, height = 9.6, 15.0
    copper, ruthenium = (paddlewheel(None, centre=(width / 2, width / 2, z)) for z in (3.5, 10.8))
    ruthenium.symbols[[0, 1]] = "Ru"
    atoms = copper + ruthenium
    atoms.set_cell([width, width, height])
    atoms.set_pbc(True)
    for index, symbol in (metals or {}).items():
        atoms.symbols[index] = symbol
    return atoms


def softened(atoms: Atoms, metals: tuple[str, ...], factor: float):
    """Factor on the C-O stretches of the carboxylates that bind some metals."""
    (soft,) = (
        environment.carboxylates
        for environment in carboxylate_environments(atoms, find_carboxylates(atoms))
        if environment.metals == metals
    )
    stretches = (CoordinateGroup.ANTISYMMETRIC_CO, CoordinateGroup.SYMMETRIC_CO)
    return lambda group, number: factor if group in stretches and number in soft else 1.0
