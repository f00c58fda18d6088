from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from ase import Atoms
from carboxylate_molecules import formate, paddlewheel

from reticulum.frameworks.bonds import BondKind, find_bonds
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.phonons.derivatives import bend_derivatives, stretch_derivatives
from reticulum.phonons.internal_coordinates import (
    NO_CARBOXYLATE,
    STRETCH_GROUPS,
    CoordinateGroup,
    internal_coordinates,
)

STEP = 1e-4  # Å; central differences are exact to STEP² here


def carboxylate_values(atoms: Atoms) -> dict[tuple[CoordinateGroup, int], float]:
    """Values of the carboxylate coordinates, measured by ASE with minimum images."""
    values = {}
    for number, group in enumerate(find_carboxylates(atoms)):
        first, second = (site.index for site in group.oxygens)
        d1, d2 = (atoms.get_distance(group.carbon, i, mic=True) for i in (first, second))
        angle = np.radians(atoms.get_angle(first, group.carbon, second, mic=True))
        values[CoordinateGroup.ANTISYMMETRIC_CO, number] = (d1 - d2) / np.sqrt(2)
        values[CoordinateGroup.SYMMETRIC_CO, number] = (d1 + d2) / np.sqrt(2)
        values[CoordinateGroup.OCO_BEND, number] = angle
    return values


@pytest.mark.parametrize("centre", [(7.0, 7.0, 7.0), (0.1, 0.0, 13.9)])
def test_carboxylate_rows_are_derivatives(centre):
    atoms = paddlewheel(centre=centre)
    atoms.rattle(0.02, seed=3)
    atoms.wrap()
    coordinates = internal_coordinates(atoms)
    numeric = np.zeros((3 * 4, 3 * len(atoms)))
    keys = list(carboxylate_values(atoms))
    for component in range(3 * len(atoms)):
        sides = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[component // 3, component % 3] += sign * STEP
            values = carboxylate_values(moved)
            sides.append(np.array([values[key] for key in keys]))
        numeric[:, component] = (sides[0] - sides[1]) / (2 * STEP)
    for (group, number), row in zip(keys, numeric, strict=True):
        (index,) = np.flatnonzero(
            (coordinates.groups == group) & (coordinates.carboxylate == number)
        )
        np.testing.assert_allclose(coordinates.b_rows[index], row, atol=2e-7)


def test_bond_rows_are_derivatives():
    atoms = paddlewheel(centre=(0.1, 0.0, 13.9))
    atoms.rattle(0.02, seed=4)
    atoms.wrap()
    graph = find_bonds(atoms)
    coordinates = internal_coordinates(atoms)
    wanted = [CoordinateGroup.METAL_OXYGEN, CoordinateGroup.METAL_METAL, CoordinateGroup.CH]
    rows = coordinates.b_rows[np.isin(coordinates.groups, wanted)]
    bonds = [
        (first, second.index)
        for first, second, kind in graph.bonds()
        if kind is not BondKind.COVALENT or 1 in atoms.numbers[[first, second.index]]
    ]
    assert len(rows) == len(bonds) == 8 + 1 + 4
    for row, (first, second) in zip(rows, bonds, strict=True):
        for component in (*range(3 * first, 3 * first + 3), *range(3 * second, 3 * second + 3)):
            sides = []
            for sign in (1, -1):
                moved = atoms.copy()
                moved.positions[component // 3, component % 3] += sign * STEP
                sides.append(moved.get_distance(first, second, mic=True))
            assert row[component] == pytest.approx((sides[0] - sides[1]) / (2 * STEP), abs=2e-7)
        others = np.ones(row.size, dtype=bool)
        others[[*range(3 * first, 3 * first + 3), *range(3 * second, 3 * second + 3)]] = False
        assert not row[others].any()


def test_rigid_motions_change_no_coordinate():
    atoms = paddlewheel(box=None)
    atoms.rattle(0.05, seed=5)
    rows = internal_coordinates(atoms).b_rows
    for axis in np.eye(3):
        translation = np.tile(axis, len(atoms))
        rotation = np.cross(axis, atoms.positions).ravel()
        np.testing.assert_allclose(rows @ translation, 0.0, atol=1e-13)
        np.testing.assert_allclose(rows @ rotation, 0.0, atol=1e-13)


def test_every_bond_is_used_once():
    atoms = paddlewheel(centre=(0.1, 0.0, 13.9))
    atoms.wrap()
    coordinates = internal_coordinates(atoms)
    counts = Counter(CoordinateGroup(group) for group in coordinates.groups.tolist())
    assert counts == {
        CoordinateGroup.ANTISYMMETRIC_CO: 4,
        CoordinateGroup.SYMMETRIC_CO: 4,
        CoordinateGroup.OCO_BEND: 4,
        CoordinateGroup.METAL_OXYGEN: 8,
        CoordinateGroup.METAL_METAL: 1,
        CoordinateGroup.CH: 4,
    }
    bound = coordinates.carboxylate[coordinates.groups == CoordinateGroup.METAL_OXYGEN]
    assert Counter(bound.tolist()) == {0: 2, 1: 2, 2: 2, 3: 2}
    free = coordinates.carboxylate[coordinates.groups == CoordinateGroup.CH]
    assert set(free.tolist()) == {NO_CARBOXYLATE}


def test_groups_of_other_bonds():
    """Acetate with a Zn-Cl and a water molecule: each bond in the group of its chemistry."""
    atoms = formate(
        ("Zn", (-0.6, 0.0, 3.1)),
        ("Cl", (-0.6, 0.0, 5.3)),
        ("O", (5.0, 5.0, 5.0)),
        ("H", (5.96, 5.0, 5.0)),
        ("H", (4.76, 5.93, 5.0)),
    )
    atoms.symbols[3] = "C"
    atoms.positions[3] = (1.5, 0.0, 0.0)
    atoms += Atoms("C", positions=[(2.2, 1.2, 0.0)])
    counts = Counter(
        CoordinateGroup(group) for group in internal_coordinates(atoms).groups.tolist()
    )
    assert counts == {
        CoordinateGroup.ANTISYMMETRIC_CO: 1,
        CoordinateGroup.SYMMETRIC_CO: 1,
        CoordinateGroup.OCO_BEND: 1,
        CoordinateGroup.CARBOXYL_CC: 1,
        CoordinateGroup.METAL_OXYGEN: 1,
        CoordinateGroup.METAL_OTHER: 1,
        CoordinateGroup.XH: 2,
        CoordinateGroup.RING: 1,
    }


def test_bond_between_images_of_one_atom_is_constant_at_gamma():
    chain = Atoms("C", positions=[(0, 0, 0)], cell=[1.3, 9.0, 9.0], pbc=True)
    coordinates = internal_coordinates(chain)
    assert coordinates.n_coordinates == 1
    np.testing.assert_array_equal(coordinates.b_rows, np.zeros((1, 3)))
    np.testing.assert_allclose(coordinates.mass_weighted_norms, np.sqrt(2 / 12.011))


def test_textbook_derivatives():
    np.testing.assert_allclose(
        stretch_derivatives(np.array([0.0, 0.0, 2.0])), [[0, 0, -1], [0, 0, 1]], atol=1e-15
    )
    # right angle with arms of 1 and 2 Å: opening it moves each end outwards by 1/length
    np.testing.assert_allclose(
        bend_derivatives(np.array([1.0, 0, 0]), np.array([0, 2.0, 0])),
        [[0.5, 1.0, 0], [0, -1.0, 0], [-0.5, 0, 0]],
        atol=1e-15,
    )


def test_every_group_has_its_own_label():
    labels = [group.label for group in CoordinateGroup]
    assert len(set(labels)) == len(labels) == 19
    assert list(CoordinateGroup) == list(range(19))
    assert tuple(CoordinateGroup)[:10] == STRETCH_GROUPS
