"""Bends and torsions: exact derivatives, complete sets for known molecules, shares of modes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from carboxylate_molecules import formate, paddlewheel

from reticulum.frameworks.bonds import find_bonds
from reticulum.phonons.bends import bend_coordinates
from reticulum.phonons.character import assign_carboxylate_character
from reticulum.phonons.derivatives import (
    bend_derivatives,
    out_of_plane_derivatives,
    torsion_derivatives,
)
from reticulum.phonons.internal_coordinates import (
    STRETCH_GROUPS,
    CoordinateGroup,
    internal_coordinates,
)
from reticulum.phonons.linker_motions import linker_motions
from reticulum.phonons.orthogonal_coordinates import orthogonal_coordinates
from reticulum.phonons.rings import covalent_rings, ring_deformations

STEP = 1e-5  # Å


def benzoate(tilt: float = 0.0) -> Atoms:
    """C6H5-COO, planar or with its CO2 turned about the C-C bond (rad), a free molecule."""
    angles = np.radians(60.0 * np.arange(6))
    circle = np.stack([np.cos(angles), np.sin(angles), 0.0 * angles], axis=1)
    positions = [*(1.39 * circle), *(2.47 * circle[1:])]
    carbon = 2.88 * circle[0]
    for side in (1.0, -1.0):
        across = np.array([0.0, np.cos(tilt), np.sin(tilt)])
        positions.append(carbon + 0.6 * circle[0] + side * 1.11 * across)
    return Atoms("C6H5O2C", positions=np.array([*positions, carbon]))


def derivative(value, positions: np.ndarray) -> np.ndarray:
    """Central differences of a function of positions."""
    found = np.zeros(positions.size)
    for component in range(positions.size):
        sides = []
        for sign in (1, -1):
            moved = positions.copy()
            moved.flat[component] += sign * STEP
            sides.append(value(moved))
        found[component] = (sides[0] - sides[1]) / (2 * STEP)
    return found.reshape(positions.shape)


def torsion(r: np.ndarray) -> float:
    """Torsion angle A-B-C-D, by projection on a plane across B-C."""
    axis = (r[2] - r[1]) / np.linalg.norm(r[2] - r[1])
    one, two = r[0] - r[1], r[3] - r[2]
    one, two = one - axis * (one @ axis), two - axis * (two @ axis)
    return float(np.arctan2(np.cross(one, two) @ axis, one @ two))


def triple(r: np.ndarray) -> float:
    u, v, w = ((end - r[0]) / np.linalg.norm(end - r[0]) for end in r[1:])
    return float(u @ np.cross(v, w))


@pytest.mark.parametrize("seed", range(4))
def test_derivatives_are_those_of_the_values(seed):
    r = np.random.default_rng(seed).normal(size=(4, 3))
    np.testing.assert_allclose(
        torsion_derivatives(r[1] - r[0], r[2] - r[1], r[3] - r[2]),
        derivative(torsion, r),
        atol=1e-7,
    )
    np.testing.assert_allclose(
        out_of_plane_derivatives(*(r[1:] - r[0])), derivative(triple, r), atol=1e-7
    )


def test_out_of_plane_displacement_of_a_planar_centre_prefers_no_bond():
    """Wilson's angle of any one bond against the plane of the others moves in proportion."""
    ends = np.array([(1.0, 0.2, 0.0), (-0.5, 1.1, 0.0), (-0.6, -0.8, 0.0)])
    found = out_of_plane_derivatives(*ends)
    np.testing.assert_allclose(found[:, :2], 0.0, atol=1e-14)

    def wilson(r, first):
        u, v, w = (r[1 + (first + k) % 3] - r[0] for k in range(3))
        normal = np.cross(v, w) / np.linalg.norm(np.cross(v, w))
        return float(np.arcsin(u @ normal / np.linalg.norm(u)))

    for first in range(3):
        other = derivative(lambda r, k=first: wilson(r, k), np.array([np.zeros(3), *ends]))
        ratio = other[0, 2] / found[0, 2]
        np.testing.assert_allclose(other, ratio * found, atol=1e-8)


@pytest.mark.parametrize("tilt", [0.0, 0.4])
def test_rigid_motions_change_no_bend(tilt):
    atoms = benzoate(tilt)
    atoms.rattle(0.03, seed=2)
    rows = bend_coordinates(atoms).b_rows
    for axis in np.eye(3):
        np.testing.assert_allclose(rows @ np.tile(axis, len(atoms)), 0.0, atol=1e-12)
        np.testing.assert_allclose(rows @ np.cross(axis, atoms.positions).ravel(), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("atoms", "n_rigid"),
    [
        (benzoate(), 6),
        (benzoate(0.4), 6),
        (molecule("C6H6"), 6),
        (molecule("CH4"), 6),
        (molecule("NH3"), 6),
        (molecule("H2O"), 6),
        (molecule("C2H4"), 6),
        (molecule("C5H5N"), 6),
        (molecule("C4H4NH"), 6),
        (molecule("C3H8"), 6),
        (molecule("C2H6"), 6),
        (molecule("CH3CONH2"), 6),
    ],
    ids=lambda value: value.get_chemical_formula() if isinstance(value, Atoms) else None,
)
def test_coordinates_of_a_molecule_are_all_of_its_vibrations(atoms, n_rigid):
    """Stretches and bends span exactly the 3N - 6 internal motions; the rest is rigid motion."""
    characters = assign_carboxylate_character(atoms, np.eye(3 * len(atoms)))
    np.testing.assert_allclose(characters.fractions.sum(axis=1), 1.0, atol=1e-12)
    assert characters.fraction(CoordinateGroup.LINKER).sum() == pytest.approx(n_rigid, abs=1e-9)
    np.testing.assert_allclose(characters.other, 0.0, atol=1e-9)


def test_groups_of_planar_benzoate():
    """Numbers of normal modes of benzoate, C2v: 20 + 9 in the plane and 13 - 3 out of it."""
    basis = orthogonal_coordinates(benzoate())
    expected = {
        CoordinateGroup.CARBOXYLATE_ROCK: 1,
        CoordinateGroup.CARBOXYLATE_WAG: 1,
        CoordinateGroup.CARBOXYLATE_TWIST: 1,
        CoordinateGroup.CH_IN_PLANE: 5,
        CoordinateGroup.CH_OUT_OF_PLANE: 5,
        CoordinateGroup.XH_BEND: 0,
        CoordinateGroup.RING_IN_PLANE: 3 + 1,  # of the ring, and of the carboxyl carbon on it
        CoordinateGroup.RING_OUT_OF_PLANE: 3 + 1,
    }
    for group, number in expected.items():
        assert basis.n_independent(group) == pytest.approx(number, abs=1e-10), group.label
    up = basis.vectors.reshape(-1, 3, basis.vectors.shape[1])[:, 2]
    out_of_plane = (
        CoordinateGroup.CARBOXYLATE_WAG,
        CoordinateGroup.CARBOXYLATE_TWIST,
        CoordinateGroup.CH_OUT_OF_PLANE,
        CoordinateGroup.RING_OUT_OF_PLANE,
    )
    upwards = np.isin(basis.groups, out_of_plane)
    flat = ~upwards & (basis.groups != CoordinateGroup.LINKER)
    np.testing.assert_allclose(up[:, flat], 0.0, atol=1e-12)
    lengths = np.linalg.norm(basis.vectors, axis=0)
    np.testing.assert_allclose(np.linalg.norm(up, axis=0)[upwards], lengths[upwards], atol=1e-12)


@pytest.mark.parametrize("atoms", [benzoate(0.2), paddlewheel()], ids=["benzoate", "formate"])
def test_stretches_do_not_depend_on_bends(atoms):
    """The first columns are those of the stretches alone, orthogonalised on their own."""
    stretches = internal_coordinates(atoms)
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    unit = (stretches.b_rows / roots / stretches.mass_weighted_norms[:, None]).T
    values, vectors = np.linalg.eigh(unit.T @ unit)
    alone = unit @ (vectors / np.sqrt(values)) @ vectors.T
    basis = orthogonal_coordinates(atoms)
    np.testing.assert_allclose(basis.vectors[:, : alone.shape[1]], alone, atol=1e-12)
    np.testing.assert_array_equal(basis.groups[: alone.shape[1]], stretches.groups)
    later = basis.vectors[:, alone.shape[1] :]
    np.testing.assert_allclose(alone.T @ later, 0.0, atol=1e-12)
    # along a bend no bond changes its length
    np.testing.assert_allclose(stretches.b_rows @ (later / roots[:, None]), 0.0, atol=1e-11)


def test_projector_of_redundant_coordinates_is_one():
    basis = orthogonal_coordinates(benzoate(0.3))
    projector = basis.vectors @ basis.vectors.T
    np.testing.assert_allclose(projector @ projector, projector, atol=1e-10)
    assert len(basis.groups) > np.trace(projector)


def test_motion_of_one_kind_has_the_character_of_that_kind():
    atoms = benzoate()
    carbon, oxygens = 13, [11, 12]
    rock, wag, twist = (np.zeros((14, 3)) for _ in range(3))
    rock[oxygens] = np.cross([0, 0, 1.0], atoms.positions[oxygens] - atoms.positions[carbon])
    wag[oxygens, 2] = 1.0
    twist[oxygens, 2] = [1.0, -1.0]
    roots = np.sqrt(atoms.get_masses())[:, None]
    vectors = np.array([move * roots / np.linalg.norm(move * roots) for move in (rock, wag, twist)])
    fractions = assign_carboxylate_character(atoms, vectors.reshape(3, -1).T).fractions
    groups = (
        CoordinateGroup.CARBOXYLATE_ROCK,
        CoordinateGroup.CARBOXYLATE_WAG,
        CoordinateGroup.CARBOXYLATE_TWIST,
    )
    for row, group in enumerate(groups):
        others = [other for other in groups if other is not group]
        assert fractions[row, group] > 0.1  # the rest: the ring recoils, the molecule turns
        np.testing.assert_allclose(fractions[row, others], 0.0, atol=1e-12)


def test_hydroxide_and_water_on_metals_bend_against_them():
    """Zn2OH: the H leaves the plane of the metals or turns in it; Zn-OH2: four bends."""
    hydroxide = Atoms("OHZn2", positions=[(0, 0, 0), (0.96, 0, 0), (-1, 1.6, 0), (-1, -1.6, 0)])
    counts = Counter(bend_coordinates(hydroxide).groups.tolist())
    assert counts == {CoordinateGroup.XH_BEND: 2}
    basis = orthogonal_coordinates(hydroxide)
    assert basis.n_independent(CoordinateGroup.XH_BEND) == pytest.approx(2.0, abs=1e-12)
    water = Atoms("OH2Zn", positions=[(0, 0, 0), (0.6, 0.76, 0), (0.6, -0.76, 0), (-2.0, 0, 0)])
    basis = orthogonal_coordinates(water)
    assert basis.n_independent(CoordinateGroup.XH_BEND) == pytest.approx(3.0, abs=1e-12)


def test_straight_angles_are_left_out():
    acetylene = molecule("C2H2")
    assert bend_coordinates(acetylene).n_coordinates == 0
    characters = assign_carboxylate_character(acetylene, np.eye(12))
    assert characters.fraction(CoordinateGroup.LINKER).sum() == pytest.approx(5.0)
    assert characters.other.sum() == pytest.approx(12 - 3 - 5)  # bends of straight angles


def test_rings_are_found_once():
    sizes = {
        "C6H6": [6],
        "C4H4NH": [5],
        "C4H4O": [5],
        "bicyclobutane": [3, 3],
        "CH4": [],
        "C2H4": [],
    }
    for name, expected in sizes.items():
        rings = covalent_rings(find_bonds(molecule(name)))
        assert sorted(len(ring) for ring in rings) == expected, name
    crossing = molecule("C6H6")
    crossing.set_cell(3 * [9.0])
    crossing.pbc = True
    crossing.positions += (0.1, 0.2, 0.0)
    crossing.wrap()
    assert [len(ring) for ring in covalent_rings(find_bonds(crossing))] == [6]
    graphene = Atoms(
        "C2", positions=[(0, 0, 0), (0, 1.42, 0)], cell=[(2.46, 0, 0), (1.23, 2.13, 0), (0, 0, 9)]
    )
    graphene.pbc = True
    assert [len(ring) for ring in covalent_rings(find_bonds(graphene))] == [6]


def test_naphthalene_folds_about_its_shared_bond():
    """48 vibrations of C10H8, the butterfly motion among them."""
    side = 1.4
    centres = np.array([(-0.5 * np.sqrt(3), 0.0), (0.5 * np.sqrt(3), 0.0)]) * side
    angles = np.radians(60.0 * np.arange(6) + 30.0)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    carbons = np.unique(np.round([c + side * p for c in centres for p in circle], 6), axis=0)
    hydrogens = [
        c + (side + 1.09) * p
        for c in centres
        for p in circle
        if np.sum(np.linalg.norm(carbons - (c + side * p), axis=1) < 1.5) == 3
    ]
    flat = np.array([*carbons, *hydrogens])
    atoms = Atoms("C10H8", positions=np.column_stack([flat, np.zeros(len(flat))]))
    assert sorted(len(ring) for ring in covalent_rings(find_bonds(atoms))) == [6, 6]
    basis = orthogonal_coordinates(atoms)
    assert np.sum(basis.vectors**2) == pytest.approx(48.0 + 6.0, abs=1e-9)
    assert basis.n_independent(CoordinateGroup.RING_OUT_OF_PLANE) == pytest.approx(7.0, abs=1e-9)


def test_ring_deformations_have_the_rank_of_a_ring():
    for n in (4, 5, 6, 7):
        matrix = ring_deformations(np.eye(n))
        assert np.linalg.matrix_rank(matrix) == n - 3
        np.testing.assert_allclose(matrix @ matrix, matrix, atol=1e-12)
        np.testing.assert_allclose(np.roll(matrix, 1, axis=(0, 1)), matrix, atol=1e-12)
    chair = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    np.testing.assert_allclose(ring_deformations(chair), chair, atol=1e-12)


def test_formate_has_bends_of_its_bond_to_hydrogen():
    counts = Counter(CoordinateGroup(group) for group in bend_coordinates(formate()).groups)
    assert counts == {CoordinateGroup.CH_IN_PLANE: 1, CoordinateGroup.CH_OUT_OF_PLANE: 1}
    assert not set(counts) & set(STRETCH_GROUPS)


def test_bend_derivatives_have_no_net_force():
    moves = bend_derivatives(np.array([1.0, 0.1, 0.0]), np.array([-0.3, 1.2, 0.4]))
    np.testing.assert_allclose(moves.sum(axis=0), 0.0, atol=1e-14)


def test_a_free_linker_moves_and_turns_as_a_whole():
    """Rigid motions of a molecule beside a metal: all its share, in any orientation."""
    atoms = benzoate(0.3) + Atoms("Zn", positions=[(9.0, 1.0, 0.0)])
    motions = linker_motions(atoms)
    assert motions.n_coordinates == 6
    roots = np.sqrt(atoms.get_masses())[:, None]
    turned = np.zeros((len(atoms), 3))
    turned[:14] = np.cross((0.3, -0.5, 0.8), atoms.positions[:14] - (1.0, 2.0, 3.0))
    vector = (turned * roots / np.linalg.norm(turned * roots)).reshape(-1, 1)
    fractions = assign_carboxylate_character(atoms, vector).fractions[0]
    assert fractions[CoordinateGroup.LINKER] == pytest.approx(1.0, abs=1e-10)
    # orthonormal among themselves, and orthogonal to all that deforms the molecule
    rows = motions.b_rows / np.repeat(roots, 3) / motions.mass_weighted_norms[:, None]
    np.testing.assert_allclose(rows @ rows.T, np.eye(6), atol=1e-12)
    bends = bend_coordinates(atoms).b_rows / np.repeat(roots, 3)
    np.testing.assert_allclose(bends @ rows.T, 0.0, atol=1e-12)


def test_endless_chains_and_single_atoms_are_no_linkers():
    chain = Atoms("C", positions=[(0, 0, 0)], cell=[1.3, 9.0, 9.0], pbc=True)
    assert linker_motions(chain).n_coordinates == 0
    assert linker_motions(Atoms("ZnO", positions=[(0, 0, 0), (2.0, 0, 0)])).n_coordinates == 0
    across = molecule("H2O")
    across.set_cell(3 * [9.0])
    across.pbc = True
    across.wrap()
    assert linker_motions(across).n_coordinates == 6
