"""Fractions do not depend on how the same crystal and the same modes are written down."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.character import assign_carboxylate_character
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.orthogonal_coordinates import orthogonal_coordinates

NAMES = ("Zn-MOF-74", "MOF-5", "calcite")


@cache
def crystal(name: str) -> tuple[Atoms, np.ndarray, np.ndarray]:
    """Primitive cell, an orthonormal set of vectors and their fractions."""
    atoms = symmetrised_primitive(read_structure(name)).atoms
    rng = np.random.default_rng(7)
    vectors, _ = np.linalg.qr(rng.standard_normal((3 * len(atoms), 3 * len(atoms))))
    return atoms, vectors, assign_carboxylate_character(atoms, vectors).fractions


def by_atom(vectors: np.ndarray) -> np.ndarray:
    return vectors.reshape(-1, 3, vectors.shape[1])


@pytest.mark.parametrize("name", NAMES)
def test_fractions_sum_to_one(name):
    _, _, fractions = crystal(name)
    np.testing.assert_allclose(fractions.sum(axis=1), 1.0, atol=1e-12)
    assert fractions.min() >= 0.0
    assert fractions[:, :-1].max() > 0.05


@pytest.mark.parametrize("name", [*NAMES, "sodium-benzoate"])
def test_sums_over_all_modes_are_numbers_of_coordinates(name):
    """Of stretches and of bends of single bonds none is redundant; those of rings share theirs."""
    atoms, _, fractions = crystal(name)
    basis = orthogonal_coordinates(atoms)
    totals = fractions.sum(axis=0)
    for group in CoordinateGroup:
        assert totals[group] == pytest.approx(basis.n_independent(group), abs=1e-9)
        members = int(np.sum(basis.groups == group))
        assert totals[group] <= members + 1e-9
        if name != "calcite" and group < CoordinateGroup.RING_IN_PLANE:
            assert totals[group] == pytest.approx(members, abs=1e-9), group.label
    assert totals.sum() == pytest.approx(3 * len(atoms), abs=1e-9)
    rank = np.linalg.matrix_rank(basis.vectors, tol=1e-6)
    assert totals[:-1].sum() == pytest.approx(rank, abs=1e-9)


def test_other_motions_of_a_framework_are_few():
    """In MOF-5 nothing is left: bonds, bends, rings and linkers as a whole fix all 318 motions."""
    _, _, fractions = crystal("MOF-5")
    assert fractions[:, -1].sum() == pytest.approx(318 - 140 - 84 - 94, abs=1e-9)


@settings(max_examples=5, deadline=None)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 2**32 - 1))
def test_rotation(name, seed):
    atoms, vectors, fractions = crystal(name)
    matrix = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ matrix.T, scale_atoms=False)
    turned.positions = atoms.positions @ matrix.T
    images = np.einsum("ij,ajm->aim", matrix, by_atom(vectors)).reshape(vectors.shape)
    again = assign_carboxylate_character(turned, images).fractions
    np.testing.assert_allclose(again, fractions, atol=1e-9)


@settings(max_examples=5, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    shift=st.tuples(*3 * [st.floats(-2.0, 2.0)]),
    seed=st.integers(0, 2**32 - 1),
)
def test_origin_wrapping_and_order_of_atoms(name, shift, seed):
    atoms, vectors, fractions = crystal(name)
    order = np.random.default_rng(seed).permutation(len(atoms))
    moved = atoms.copy()
    moved.set_scaled_positions(atoms.get_scaled_positions() + shift)
    moved.wrap()
    moved = moved[order]
    images = by_atom(vectors)[order].reshape(vectors.shape)
    again = assign_carboxylate_character(moved, images).fractions
    np.testing.assert_allclose(again, fractions, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "matrix", [np.diag([2, 1, 1]), np.diag([1, 1, 2]), [[1, 1, 0], [-1, 1, 0], [0, 0, 1]]]
)
def test_doubled_cell(name, matrix):
    """A Gamma mode of the primitive cell has the same fractions in a doubled cell."""
    atoms, vectors, fractions = crystal(name)
    tagged = atoms.copy()
    tagged.set_tags(np.arange(len(atoms)))
    double = make_supercell(tagged, matrix)
    images = by_atom(vectors)[double.get_tags()].reshape(-1, vectors.shape[1]) / np.sqrt(2.0)
    again = assign_carboxylate_character(double, images).fractions
    np.testing.assert_allclose(again, fractions, atol=1e-9)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_average_over_a_degenerate_set_does_not_depend_on_its_basis(seed):
    atoms, vectors, _ = crystal("Zn-MOF-74")
    sets = [np.array([0]), np.array([1, 2]), np.array([5, 7, 8])]
    mixed = vectors.copy()
    rng = np.random.default_rng(seed)
    for members in sets:
        turn, _ = np.linalg.qr(rng.standard_normal((len(members), len(members))))
        mixed[:, members] = vectors[:, members] @ turn
    first = assign_carboxylate_character(atoms, vectors).average_over(sets)
    second = assign_carboxylate_character(atoms, mixed).average_over(sets)
    np.testing.assert_allclose(second.fractions, first.fractions, atol=1e-12)
    np.testing.assert_allclose(
        second.antisymmetric_by_carboxylate, first.antisymmetric_by_carboxylate, atol=1e-12
    )
    np.testing.assert_allclose(
        second.symmetric_by_carboxylate, first.symmetric_by_carboxylate, atol=1e-12
    )


def test_average_over_no_sets_is_empty():
    atoms, vectors, _ = crystal("Zn-MOF-74")
    empty = assign_carboxylate_character(atoms, vectors).average_over([])
    assert empty.n_modes == 0
    assert empty.antisymmetric_by_carboxylate.shape == (0, 6)


@settings(max_examples=5, deadline=None)
@given(
    name=st.sampled_from(("Zn-MOF-74", "MOF-5", "HKUST-1")),
    shift=st.tuples(*3 * [st.floats(-2.0, 2.0)]),
    seed=st.integers(0, 2**32 - 1),
)
def test_graph_and_carboxylates_follow_the_order_of_atoms(name, shift, seed):
    atoms = symmetrised_primitive(read_structure(name)).atoms
    order = np.random.default_rng(seed).permutation(len(atoms))
    moved = atoms.copy()
    moved.set_scaled_positions(atoms.get_scaled_positions() + shift)
    moved.wrap()
    moved = moved[order]
    place = np.argsort(order)
    assert sorted(group.carbon for group in find_carboxylates(moved)) == sorted(
        place[group.carbon] for group in find_carboxylates(atoms)
    )
    one, other = find_bonds(atoms), find_bonds(moved)
    np.testing.assert_allclose(np.sort(other.distances), np.sort(one.distances), atol=1e-9)
    np.testing.assert_array_equal(np.bincount(other.kinds), np.bincount(one.kinds))
    degrees = [len(one.neighbours(atom)) for atom in range(len(atoms))]
    assert [len(other.neighbours(int(place[atom]))) for atom in range(len(atoms))] == degrees


@pytest.mark.parametrize("name", NAMES)
def test_supercell_multiplies_bonds_and_groups(name):
    atoms = symmetrised_primitive(read_structure(name)).atoms
    double = atoms.repeat((1, 2, 1))
    assert find_bonds(double).n_bonds == 2 * find_bonds(atoms).n_bonds
    assert len(find_carboxylates(double)) == 2 * len(find_carboxylates(atoms))
