"""Laws of folding and of matching crystals: nothing depends on how a crystal is described."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from reticulum.errors import InputError
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.phonons.crystal_match import match_crystals
from reticulum.phonons.folding import (
    TRANSLATION_TOLERANCE,
    fold_to_gamma,
    reduce_to_primitive,
    space_group_average,
)

SEEDS = st.integers(0, 2**32 - 1)

#: Small crystals with and without symmetry.
CRYSTALS = {
    "triclinic": Atoms(
        "ZnOC",
        cell=[[4.0, 0.1, 0.2], [0.3, 5.0, -0.4], [0.5, 0.6, 6.0]],
        scaled_positions=[[0.1, 0.2, 0.3], [0.41, 0.63, 0.67], [0.8, 0.1, 0.9]],
        pbc=True,
    ),
    "rutile": Atoms(
        "Sn2O4",
        cell=[4.77, 4.77, 3.22],
        scaled_positions=[
            [0, 0, 0], [0.5, 0.5, 0.5], [0.306, 0.306, 0], [0.694, 0.694, 0],
            [0.194, 0.806, 0.5], [0.806, 0.194, 0.5],
        ],
        pbc=True,
    ),
    "rock salt": Atoms(
        "NaCl",
        cell=[[0, 2.8, 2.8], [2.8, 0, 2.8], [2.8, 2.8, 0]],
        scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]],
        pbc=True,
    ),
    "zinc blende": Atoms(
        "ZnS",
        cell=[[0, 2.7, 2.7], [2.7, 0, 2.7], [2.7, 2.7, 0]],
        scaled_positions=[[0, 0, 0], [0.25, 0.25, 0.25]],
        pbc=True,
    ),
}  # fmt: skip

NAMES = st.sampled_from(sorted(CRYSTALS))

#: Supercells, also skew ones.
SUPERCELLS = st.sampled_from(
    [
        np.diag([1, 1, 1]), np.diag([2, 1, 1]), np.diag([2, 2, 1]), np.diag([1, 3, 1]),
        np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]), np.array([[1, 1, 0], [0, 1, 0], [0, 0, 2]]),
    ]
)  # fmt: skip


def random_hessian(atoms, rng):
    """Force constants with the symmetry of the crystal, not free of translations."""
    size = 3 * len(atoms)
    raw = rng.normal(size=(size, size))
    return space_group_average(raw + raw.T, symmetry_of(atoms))[0]


def supercell_of(atoms, matrix, rng):
    """Supercell in random order, and the atom of the primitive cell that each atom is."""
    from ase.build import make_supercell

    tagged = atoms.copy()
    tagged.set_tags(range(len(atoms)))
    larger = make_supercell(tagged, matrix)
    larger = larger[rng.permutation(len(larger))]
    larger.wrap()
    return larger, larger.get_tags()


def spread(hessian, images, rng):
    """Force constants of a supercell that fold to those of the primitive cell.

    Those between two atoms are shared out at random over the images, the same for every image of
    the first atom only on the average over images: here, equally.
    """
    n_images = len(images) // (len(hessian) // 3)
    blocks = hessian.reshape(len(hessian) // 3, 3, -1, 3).transpose(0, 2, 1, 3)
    return blocks[images][:, images] / n_images


@settings(deadline=None, max_examples=12)
@given(NAMES, SUPERCELLS, SEEDS)
def test_a_supercell_folds_to_its_primitive_cell(name, matrix, seed):
    rng = np.random.default_rng(seed)
    atoms = CRYSTALS[name]
    hessian = random_hessian(atoms, rng)
    larger, images = supercell_of(atoms, matrix, rng)
    constants = spread(hessian, images, rng)
    rows = np.array([int(np.flatnonzero(images == a)[0]) for a in range(len(atoms))])
    np.testing.assert_allclose(fold_to_gamma(constants, images, rows), hessian, atol=1e-12)
    if len(larger) > len(atoms):  # else it would be taken as that of all atoms in their order
        compact = fold_to_gamma(constants[rows], images, rows)
        np.testing.assert_allclose(compact, hessian, atol=1e-12)
    # The Gamma of the supercell itself, reduced.
    m = len(larger)
    whole = fold_to_gamma(constants, np.arange(m), np.arange(m))
    folded = reduce_to_primitive(larger, whole)
    assert len(folded.atoms) == len(atoms)
    assert folded.translation_mismatch_ev_a2 < 1e-12
    assert folded.atoms.get_volume() == pytest.approx(atoms.get_volume())
    found = np.linalg.eigvalsh(folded.hessian_ev_a2)
    np.testing.assert_allclose(found, np.linalg.eigvalsh(hessian), atol=1e-10)
    assert symmetry_of(folded.atoms).symbol == symmetry_of(atoms).symbol
    # Each atom of the supercell sits on a lattice translation of its atom.
    apart = larger.positions - folded.atoms.positions[folded.primitive_of]
    lattice = apart @ np.linalg.inv(folded.atoms.cell[:])
    np.testing.assert_allclose(lattice, np.rint(lattice), atol=1e-9)


@settings(deadline=None, max_examples=10)
@given(SEEDS, st.floats(1.5, 20.0))
def test_force_constants_that_break_a_translation_are_refused(seed, times):
    rng = np.random.default_rng(seed)
    atoms = CRYSTALS["rutile"]
    larger, images = supercell_of(atoms, np.diag([1, 1, 2]), rng)
    m = len(larger)
    whole = fold_to_gamma(
        spread(random_hessian(atoms, rng), images, rng), np.arange(m), np.arange(m)
    )
    largest = np.abs(whole).max() * 2.0
    spoilt = whole.copy()
    spoilt[0, 0] += times * TRANSLATION_TOLERANCE * 4.0 * largest
    with pytest.raises(InputError, match="repeat in a smaller cell"):
        reduce_to_primitive(larger, spoilt)


@settings(deadline=None, max_examples=12)
@given(NAMES, SEEDS)
def test_the_average_over_the_space_group_is_a_projection(name, seed):
    rng = np.random.default_rng(seed)
    atoms = CRYSTALS[name]
    symmetry = symmetry_of(atoms)
    raw = rng.normal(size=(3 * len(atoms),) * 2)
    once, change = space_group_average(raw, symmetry)
    twice, nothing = space_group_average(once, symmetry)
    np.testing.assert_allclose(twice, once, atol=1e-12)
    assert nothing < 1e-12
    assert change <= np.abs(raw - once).max() + 1e-12
    if name == "triclinic":
        np.testing.assert_allclose(once, raw, atol=1e-14)


@settings(deadline=None, max_examples=20)
@given(NAMES, SUPERCELLS, SEEDS)
def test_a_crystal_is_found_in_any_description(name, matrix, seed):
    rng = np.random.default_rng(seed)
    atoms = CRYSTALS[name]
    larger, images = supercell_of(atoms, matrix, rng)
    turn = Rotation.random(rng=rng).as_matrix()
    other = larger.copy()
    other.set_cell(larger.cell[:] @ turn.T)
    other.set_positions(larger.positions @ turn.T + rng.normal(size=3))
    other.wrap()
    match = match_crystals(other, atoms)
    assert match is not None
    assert match.largest_distance_a < 1e-6
    np.testing.assert_allclose(match.rotation @ match.rotation.T, np.eye(3), atol=1e-9)
    np.testing.assert_array_equal(atoms.numbers[match.image_of], other.numbers)
    # A tensor with the symmetry of the crystal comes out as it is, whichever solution was found.
    from reticulum.phonons.born_charges import symmetrised

    tensors = symmetrised(symmetry_of(atoms), rng.normal(size=(len(atoms), 3, 3)))
    there = turn @ tensors[images] @ turn.T
    np.testing.assert_allclose(match.carry_tensors(there), tensors, atol=1e-8)


@settings(deadline=None, max_examples=8)
@given(NAMES, SEEDS)
def test_another_relaxation_is_the_same_crystal_another_crystal_is_not(name, seed):
    rng = np.random.default_rng(seed)
    atoms = CRYSTALS[name]
    other = atoms.copy()
    other.set_cell(atoms.cell[:] * 1.02, scale_atoms=True)
    match = match_crystals(other, atoms)
    assert match is not None
    np.testing.assert_allclose(match.rotation, np.eye(3), atol=1e-6)
    np.testing.assert_array_equal(match.image_of, np.arange(len(atoms)))
    strange = atoms.copy()
    strange.set_cell(atoms.cell[:] * 1.2, scale_atoms=True)
    assert match_crystals(strange, atoms) is None
    renamed = atoms.copy()
    renamed.numbers[rng.integers(len(atoms))] = 82
    assert match_crystals(renamed, atoms) is None
