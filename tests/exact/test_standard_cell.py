"""Standard cells and permutations of atoms against spglib and against comparing all distances."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.build import bulk, make_supercell
from ase.spacegroup import crystal

from reticulum.errors import InputError
from reticulum.frameworks.atom_permutations import atom_permutations
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.standard_cell import standard_primitive
from reticulum.frameworks.symmetry import symmetrised_primitive, symmetry_of


def in_group(number, *lengths_and_angles):
    """Two kinds of atoms on general positions, so that the group is no larger than asked for."""
    return crystal(
        ["Cu", "O"],
        [(0.1313, 0.2711, 0.3907), (0.4127, 0.0531, 0.2243)],
        spacegroup=number,
        cellpar=lengths_and_angles,
    )


#: One or more crystals of each centring: P, A, C, I, F, R.
CRYSTALS = {
    "P-1": lambda: in_group(2, 8, 9, 10, 83, 97, 102),
    "Cm": lambda: in_group(8, 8, 9, 10, 90, 98, 90),
    "C2/c": lambda: in_group(15, 8, 9, 10, 90, 98, 90),
    "Aem2": lambda: in_group(39, 8, 9, 10, 90, 90, 90),
    "Ama2": lambda: in_group(40, 8, 9, 10, 90, 90, 90),
    "Fdd2": lambda: in_group(43, 8, 9, 10, 90, 90, 90),
    "I4_1/a": lambda: in_group(88, 9, 9, 14, 90, 90, 90),
    "R3": lambda: in_group(146, 9, 9, 14, 90, 90, 120),
    "R-3c": lambda: in_group(167, 9, 9, 14, 90, 90, 120),
    "P6_122": lambda: in_group(178, 9, 9, 14, 90, 90, 120),
    "Ia-3": lambda: in_group(206, 14, 14, 14, 90, 90, 90),
    "Fd-3m": lambda: bulk("Si", "diamond", a=5.43),
}


def dataset_of(atoms):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return spglib.get_symmetry_dataset(
            (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers), symprec=1e-3
        )


@pytest.mark.parametrize("name", CRYSTALS)
@pytest.mark.parametrize("repeats", [np.eye(3), [[1, 1, 0], [0, 1, 0], [0, 1, 2]]])
def test_the_standard_primitive_cell_is_that_of_spglib(name, repeats):
    atoms = make_supercell(CRYSTALS[name](), repeats)
    dataset = dataset_of(atoms)
    found = standard_primitive(dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        cell, places, numbers = spglib.standardize_cell(
            (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers),
            to_primitive=True,
            symprec=1e-3,
        )
    assert str(dataset.international).replace("_", "") == name.replace("_", "")
    np.testing.assert_allclose(found.cell, cell, atol=1e-9)
    apart = found.scaled[:, None] - places[None]
    same = np.linalg.norm((apart - np.rint(apart)) @ cell, axis=2) < 1e-6
    np.testing.assert_array_equal(same.sum(axis=1), 1)
    np.testing.assert_array_equal(same.sum(axis=0), 1)
    np.testing.assert_array_equal(found.numbers, numbers[same.argmax(axis=1)])
    np.testing.assert_allclose(found.conventional @ found.cell, dataset.std_lattice, atol=1e-9)


@pytest.mark.parametrize("name", CRYSTALS)
def test_its_operations_are_those_that_spglib_finds_in_it(name):
    primitive = symmetrised_primitive(CRYSTALS[name]())
    here, there = primitive.symmetry, symmetry_of(primitive.atoms)
    assert (here.symbol, here.number, here.point_group) == (
        there.symbol, there.number, there.point_group
    )  # fmt: skip
    np.testing.assert_array_equal(here.orbits, there.orbits)
    order = [
        np.flatnonzero((there.rotations == rotation).all(axis=(1, 2))).item()
        for rotation in here.rotations
    ]
    assert sorted(order) == list(range(there.order))
    apart = here.translations - there.translations[order]
    np.testing.assert_allclose(apart, np.rint(apart), atol=1e-6)
    np.testing.assert_array_equal(here.permutations, there.permutations[order])
    np.testing.assert_allclose(
        here.cartesian_rotations, there.cartesian_rotations[order], atol=1e-9
    )


@pytest.mark.parametrize("deviation_a", [0.0, 0.02])
def test_permutations_are_those_of_the_smallest_distances(deviation_a):
    """Also in a cell with long and short axes and sharp angles, and with atoms out of place."""
    exact = make_supercell(in_group(15, 5, 9, 30, 90, 98, 90), [[1, 0, 0], [2, 1, 0], [0, 1, 1]])
    group = symmetry_of(exact)
    atoms = exact.copy()
    atoms.positions += np.random.default_rng(3).uniform(-1, 1, (len(atoms), 3)) * deviation_a
    found = atom_permutations(atoms, group.rotations, group.translations, 1e-3)
    for rotation, translation, row in zip(group.rotations, group.translations, found, strict=True):
        moved = atoms.get_scaled_positions() @ rotation.T + translation
        apart = moved[:, None] - atoms.get_scaled_positions()[None]
        distances = np.linalg.norm((apart - np.rint(apart)) @ atoms.cell[:], axis=2)
        distances[atoms.numbers[:, None] != atoms.numbers[None]] = np.inf
        np.testing.assert_array_equal(row, distances.argmin(axis=1))


def test_an_operation_that_two_atoms_share_a_place_under_is_refused():
    places = [(0, 0, 0), (0.1, 0, 0), (0.5, 0, 0)]
    atoms = Atoms("Cu3", scaled_positions=places, cell=[4, 5, 6], pbc=True)
    shift = np.array([[0.45, 0.0, 0.0]])
    with pytest.raises(InputError, match="does not permute"):
        atom_permutations(atoms, np.eye(3, dtype=np.int64)[None], shift, 1e-3)


def test_translations_lost_to_rounding_are_told_at_the_highest_point_symmetry():
    """No tolerance adds rotations to m-3m, but it may add translations."""
    octahedra = Atoms(
        "Cu2O6",
        scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5), *np.eye(3) * 0.25, *np.eye(3) * 0.75],
        cell=[8.0, 8.0, 8.0],
        pbc=True,
    )
    exact = symmetrised_primitive(octahedra)  # Cu alone would be body-centred
    assert (exact.symmetry.symbol, exact.warning) == ("Pm-3m", "")
    breathing = make_supercell(bulk("NaCl", "rocksalt", a=5.6, cubic=True), 2 * np.eye(3))
    breathing.positions += 0.004 * np.sin(2.0 * np.pi * breathing.get_scaled_positions())
    found = symmetrised_primitive(breathing)
    assert found.symmetry.point_group == "m-3m"
    assert "it would be Fm-3m" in found.warning


def test_atoms_of_a_parent_keep_their_order_under_rounding():
    from reticulum.ordering.sublattice import cluster_sublattice

    atoms = read_structure("HKUST-1")
    rounded = atoms.copy()
    rounded.positions += np.random.default_rng(1).uniform(-1e-8, 1e-8, (len(atoms), 3))
    here, there = cluster_sublattice(atoms).atoms, cluster_sublattice(rounded).atoms
    np.testing.assert_allclose(here.positions, there.positions, atol=1e-6)
