"""Hessian columns from one displacement per degenerate set equal those of the full Hessian."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal
from exact.carboxylate_molecules import paddlewheel
from hypothesis import given, settings
from hypothesis import strategies as st

from reticulum.errors import CalculationError
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.force_constants import symmetrise_hessian
from reticulum.thermal import grueneisen
from reticulum.thermal.band_space import BandSpace, band_centres
from reticulum.thermal.band_tracking import (
    TrackedModes,
    band_positions,
    displaced_structures,
    hessian_columns,
    mixed_modes,
    mode_displacements,
)
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1


def methane_crystal():
    """A tetrahedral molecule in a cube: threefold degenerate modes, no inversion."""
    corner = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]) * 0.63
    return Atoms("CH4", positions=[(0, 0, 0), *corner], cell=[5, 5, 5], pbc=True)


#: Real twofold sets (D4h, 32), complex pairs (P4), threefold sets (Td), no degeneracy, no symmetry.
CRYSTALS = {
    "paddlewheel": lambda: paddlewheel(9.6),
    "quartz": lambda: crystal(
        ["Si", "O"], [(0.4697, 0, 1 / 3), (0.4135, 0.2669, 0.7858)], spacegroup=152,
        cellpar=[4.916, 4.916, 5.405, 90, 90, 120]),
    "P4": lambda: crystal(
        ["Cu", "O", "C"], [(0, 0, 0), (0.21, 0.13, 0.1), (0.31, 0.42, 0.37)], spacegroup=75,
        cellpar=[7, 7, 5, 90, 90, 90]),
    "methane": methane_crystal,
    "wurtzite": lambda: bulk("ZnS", "wurtzite", a=3.8, c=6.2),
    "P1": lambda: Atoms(
        "CuOC", scaled_positions=[(0, 0, 0), (0.31, 0.17, 0.44), (0.62, 0.71, 0.15)],
        cell=[(5.1, 0, 0), (0.7, 5.9, 0), (0.3, -0.8, 6.7)], pbc=True),
}  # fmt: skip


def matrices_of(symmetry):
    """(g, 3n, 3n) matrices of the operations."""
    order, n_atoms = symmetry.permutations.shape
    result = np.zeros((order, 3 * n_atoms, 3 * n_atoms))
    for number in range(order):
        for atom, image in enumerate(symmetry.permutations[number]):
            rows, columns = slice(3 * image, 3 * image + 3), slice(3 * atom, 3 * atom + 3)
            result[number, rows, columns] = symmetry.cartesian_rotations[number]
    return result


def random_hessian(operations, seed):
    """Random symmetric matrix that commutes with all operations and obeys the sum rule."""
    size = operations.shape[1]
    raw = np.random.default_rng(seed).normal(size=(size, size)) * 10
    average = np.mean(operations @ raw @ operations.transpose(0, 2, 1), axis=0)
    return symmetrise_hessian(average)[0]


class Model:
    """A crystal with a random Hessian, its modes as degenerate sets, and some of them tracked."""

    def __init__(self, name, seed=0):
        self.primitive = symmetrised_primitive(CRYSTALS[name]())
        self.atoms, self.symmetry = self.primitive.atoms, self.primitive.symmetry
        self.masses = self.atoms.get_masses()
        self.operations = matrices_of(self.symmetry)
        self.hessian = random_hessian(self.operations, seed)
        self.roots = np.sqrt(np.repeat(self.masses, 3))
        self.weighted = self.hessian / np.outer(self.roots, self.roots)
        values, vectors = np.linalg.eigh(self.hessian / np.outer(self.roots, self.roots))
        gaps = np.flatnonzero(np.diff(values) > 1e-7) + 1
        sets = [s for s in np.split(np.arange(len(values)), gaps) if abs(values[s[0]]) > 1e-6]
        random = np.random.default_rng(seed + 1)
        chosen = sorted(random.permutation(len(sets))[: min(6, len(sets))])
        members = [sets[number] for number in chosen]
        sizes = [len(m) for m in members]
        self.tracked = TrackedModes(
            sets=tuple(tuple(int(i) for i in m) for m in members),
            vectors=np.ascontiguousarray(vectors[:, np.concatenate(members)]),
            antisymmetric=np.repeat(random.uniform(0, 1, len(sizes)), sizes),
            symmetric=np.repeat(random.uniform(0, 1, len(sizes)), sizes),
            rest_vectors=np.delete(vectors, np.concatenate(members), axis=1),
            rest_eigenvalues=np.delete(values, np.concatenate(members)),
            labels=tuple("?" for _ in sizes),
        )

    def columns(self, hessian, *, tracked=None, force=None, at_rest=0.0, largest_a=0.01):
        """Columns from displacements with forces -H x (+ more), where a force acts at rest."""
        tracked = tracked or self.tracked
        moves = mode_displacements(tracked, self.symmetry, self.masses, largest_a)
        structures = displaced_structures(self.atoms, self.atoms.positions, moves)
        answers = []
        for structure in structures:
            x = (structure.positions - self.atoms.positions).ravel()
            extra = 0.0 if force is None else force(x)
            answers.append((-hessian @ x + extra).reshape(-1, 3) + at_rest)
        rest = np.zeros((len(self.atoms), 3)) + at_rest
        return hessian_columns(
            tracked, self.symmetry, self.masses, moves, forces_at_rest=rest, forces=answers
        )

    def exact(self, hessian, tracked=None):
        vectors = (tracked or self.tracked).vectors
        return (hessian / np.outer(self.roots, self.roots)) @ vectors


@pytest.fixture(params=sorted(CRYSTALS))
def model(request):
    return Model(request.param)


def test_columns_of_the_crystals_own_hessian_are_its_eigenvectors(model):
    columns = model.columns(model.hessian)
    np.testing.assert_allclose(columns, model.exact(model.hessian), atol=1e-10)
    inner = model.tracked.vectors.T @ columns
    np.testing.assert_allclose(inner, np.diag(np.diag(inner)), atol=1e-10)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_columns_at_a_distorted_geometry_are_those_of_the_full_hessian(model, seed):
    """Along a totally symmetric path the Hessian changes within its symmetry; modes mix."""
    other = random_hessian(model.operations, seed)
    at_rest = model.symmetry.symmetrise_vectors(
        np.random.default_rng(seed).normal(size=(len(model.atoms), 3))
    )
    columns = model.columns(other, at_rest=at_rest)
    np.testing.assert_allclose(columns, model.exact(other), atol=1e-10)


def test_number_of_displacements_is_one_for_each_set_that_symmetry_reverses(model):
    moves = mode_displacements(model.tracked, model.symmetry, model.masses, 0.02)
    assert len(moves) == len(model.tracked.sets)
    structures = displaced_structures(model.atoms, model.atoms.positions, moves)
    assert len(structures) == sum(2 if move.opposite else 1 for move in moves)
    for move in moves:
        lengths = np.linalg.norm(move.pattern_a, axis=1)
        assert lengths.max() == pytest.approx(0.02, rel=1e-12)
        weighted = move.pattern_a.ravel() * model.roots
        assert np.linalg.norm(weighted) == pytest.approx(move.amplitude, rel=1e-12)


def test_totally_symmetric_modes_need_both_signs():
    model = Model("quartz")
    symmetric = model.symmetry.symmetric_displacements()
    for move in mode_displacements(model.tracked, model.symmetry, model.masses, 0.01):
        along = np.linalg.norm(symmetric.T @ move.pattern_a.ravel())
        if along > 0.5 * np.linalg.norm(move.pattern_a):
            assert move.opposite


def test_cubic_anharmonicity_does_not_enter_where_one_sign_is_displaced():
    """Single displacements suffice only where symmetry removes the even part of the force."""
    for name in ("methane", "wurtzite", "P1", "quartz"):
        model = Model(name, seed=3)
        size = len(model.hessian)
        cubic = np.random.default_rng(5).normal(size=(size, size, size)) * 50
        cubic = sum(cubic.transpose(p) for p in itertools.permutations(range(3))) / 6
        cubic = np.mean(
            [np.einsum("abc,ia,jb,kc->ijk", cubic, r, r, r, optimize=True)
             for r in model.operations], axis=0,
        )  # fmt: skip

        def force(x, cubic=cubic):
            return -0.5 * np.einsum("ijk,j,k->i", cubic, x, x)

        columns = model.columns(model.hessian, force=force, largest_a=0.05)
        np.testing.assert_allclose(columns, model.exact(model.hessian), atol=1e-9)


def turned_within_sets(tracked, seed):
    """The same degenerate sets with other partners."""
    vectors = np.array(tracked.vectors)
    offset = 0
    for number, members in enumerate(tracked.sets):
        size = len(members)
        turn, _ = np.linalg.qr(np.random.default_rng(seed + number).normal(size=(size, size)))
        vectors[:, offset : offset + size] = vectors[:, offset : offset + size] @ turn
        offset += size
    return dataclasses.replace(tracked, vectors=vectors)


def changed_beside_the_rest(model, seed, size):
    """A Hessian that differs from the crystal's own except among the modes that are not tracked."""
    change = size * random_hessian(model.operations, seed)
    weighted = change / np.outer(model.roots, model.roots)
    rest = model.tracked.rest_vectors
    weighted = weighted - rest @ (rest.T @ weighted @ rest) @ rest.T
    return model.hessian + weighted * np.outer(model.roots, model.roots)


def centre_over_sets(tracked, name, wavenumbers, shares):
    """Mean over the sets, by character, of the mean wavenumber of what each set has become."""
    centres, characters, offset = [], [], 0
    for members in tracked.sets:
        part = slice(offset, offset + len(members))
        offset += len(members)
        weights = shares[part].sum(axis=0) * shares.sum(axis=0)
        centres.append(np.average(wavenumbers, weights=weights))
        characters.append(getattr(tracked, name)[part].sum())
    return np.average(centres, weights=characters)


@pytest.mark.parametrize("seed", [21, 22])
def test_bands_are_those_of_the_full_hessian_where_only_tracked_modes_change(model, seed):
    """The coupling to all other modes is in them exactly."""
    other = changed_beside_the_rest(model, seed, 0.05)
    bands = band_positions(model.tracked, model.columns(other))
    values, vectors = np.linalg.eigh(other / np.outer(model.roots, model.roots))
    shares = (model.tracked.vectors.T @ vectors) ** 2
    wavenumbers = np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1
    np.testing.assert_allclose(bands.wavenumbers_cm1, wavenumbers, rtol=1e-9, atol=0.1)
    for name in ("antisymmetric", "symmetric"):
        expected = centre_over_sets(model.tracked, name, wavenumbers, shares)
        assert getattr(bands, f"{name}_cm1") == pytest.approx(expected, rel=1e-8, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(sorted(CRYSTALS)), seed=st.integers(0, 10**6))
def test_band_centres_do_not_depend_on_the_choice_of_degenerate_partners(name, seed):
    model = Model(name, seed % 7)
    other = changed_beside_the_rest(model, seed, 0.05)
    tracked = turned_within_sets(model.tracked, seed)
    one = band_positions(model.tracked, model.columns(other))
    two = band_positions(tracked, model.columns(other, tracked=tracked))
    np.testing.assert_allclose(one.wavenumbers_cm1, two.wavenumbers_cm1, rtol=1e-7, atol=0.1)
    assert one.antisymmetric_cm1 == pytest.approx(two.antisymmetric_cm1, rel=1e-7, abs=1e-3)
    assert one.symmetric_cm1 == pytest.approx(two.symmetric_cm1, rel=1e-7, abs=1e-3)


def test_weights_are_as_much_as_there_was(model):
    bands = band_positions(model.tracked, model.columns(changed_beside_the_rest(model, 9, 0.05)))
    for name in ("antisymmetric", "symmetric"):
        given_weight = getattr(model.tracked, name).sum()
        found = getattr(bands, f"{name}_weights").sum()
        assert found == pytest.approx(given_weight, rel=1e-9)
        low, high = bands.wavenumbers_cm1.min(), bands.wavenumbers_cm1.max()
        assert low <= getattr(bands, f"{name}_cm1") <= high


def test_without_mixing_the_centre_is_the_weighted_mean_of_the_modes(model):
    bands = band_positions(model.tracked, model.columns(model.hessian))
    weights = model.tracked.antisymmetric
    values = np.sum(model.tracked.vectors * (model.weighted @ model.tracked.vectors), axis=0)
    wavenumbers = np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1
    expected = wavenumbers @ weights / weights.sum()
    assert bands.antisymmetric_cm1 == pytest.approx(expected, rel=1e-7)
    assert bands.antisymmetric_weights.sum() == pytest.approx(weights.sum())


def test_a_band_without_weight_is_not_a_number(model):
    empty = dataclasses.replace(model.tracked, symmetric=np.zeros_like(model.tracked.symmetric))
    assert np.isnan(band_positions(empty, model.columns(model.hessian)).symmetric_cm1)
    wavenumbers, vectors = mixed_modes(empty, model.columns(model.hessian))
    basis = np.hstack([empty.vectors, empty.rest_vectors])
    centres = grueneisen.band_centres(empty, wavenumbers, basis @ vectors)
    assert np.isfinite(centres[0])
    assert np.isnan(centres[1])


def stretches_that_mix(sizes, seed, *, marked, coupling_cm1):
    """Columns of sets of stretches, far above the rest, that mix only with each other.

    The coupling stands in the matrix of wavenumbers, whose square is the Hessian: so its diagonal
    says where each set lies. Sets are apart by 7 cm⁻¹.
    """
    random = np.random.default_rng(seed)
    size, n_rest = sum(sizes), 4
    basis, _ = np.linalg.qr(random.normal(size=(size + n_rest, size + n_rest)))
    places = np.repeat(np.arange(len(sizes)), sizes)
    raw = random.normal(size=(size, size))
    mixing = coupling_cm1 * (raw + raw.T) * (places[:, None] != places)
    at_rest = 1600.0 - 7.0 * places
    matrix = np.diag(at_rest) + mixing
    antisymmetric, symmetric = random.uniform(0.1, 1.0, (2, len(sizes)))[:, places]
    ends = np.cumsum(sizes)
    tracked = TrackedModes(
        sets=tuple(tuple(range(end - n, end)) for n, end in zip(sizes, ends, strict=True)),
        vectors=np.ascontiguousarray(basis[:, :size]),
        antisymmetric=antisymmetric,
        symmetric=symmetric,
        rest_vectors=np.ascontiguousarray(basis[:, size:]),
        rest_eigenvalues=np.full(n_rest, (700.0 / SQRT_EV_PER_U_A2_TO_CM1) ** 2),
        labels=tuple("?" for _ in sizes),
    )
    marks = np.isin(places, marked)
    space = BandSpace(
        tracked=tracked,
        eigenvalues=(at_rest / SQRT_EV_PER_U_A2_TO_CM1) ** 2,
        antisymmetric_tracked=marks,
        symmetric_tracked=marks.copy(),
        antisymmetric_rest=np.zeros(n_rest, dtype=bool),
        symmetric_rest=np.zeros(n_rest, dtype=bool),
    )
    columns = tracked.vectors @ (matrix @ matrix) / SQRT_EV_PER_U_A2_TO_CM1**2
    return space, columns


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.sampled_from([(1, 1), (3, 3), (1, 2), (3, 2, 1)]),
    coupling=st.floats(0.5, 20.0),
    seed=st.integers(0, 10**6),
)
def test_stretches_that_mix_only_with_each_other_leave_the_centre(sizes, coupling, seed):
    """Exactly, however much they mix and whatever their characters and numbers of partners.

    Each set hands out its character in parts that sum to one for each partner, so that the mean of
    what it becomes is the mean of its diagonal, which the coupling does not change.
    """
    both = range(len(sizes))
    space, columns = stretches_that_mix(sizes, seed, marked=both, coupling_cm1=coupling)
    rest = band_centres(space, space.tracked.vectors * space.eigenvalues)
    bands = band_centres(space, columns)
    assert bands.antisymmetric_cm1 == pytest.approx(rest.antisymmetric_cm1, abs=1e-6)
    assert bands.symmetric_cm1 == pytest.approx(rest.symmetric_cm1, abs=1e-6)


def test_stretches_that_mix_with_a_set_that_is_none_move_the_centre():
    """Lines do move under the law above, and so does the centre where a set is no stretch."""
    space, columns = stretches_that_mix((3, 3), 1, marked=(0, 1), coupling_cm1=3.0)
    rest = band_centres(space, space.tracked.vectors * space.eigenvalues)
    bands = band_centres(space, columns)
    assert bands.antisymmetric_cm1 == pytest.approx(rest.antisymmetric_cm1, abs=1e-6)
    assert abs(bands.antisymmetric_mode_cm1 - rest.antisymmetric_mode_cm1) > 0.1
    one, columns = stretches_that_mix((3, 3), 1, marked=(0,), coupling_cm1=3.0)
    outside = band_centres(one, columns)
    assert abs(outside.antisymmetric_cm1 - rest.antisymmetric_cm1) > 0.1


def test_sets_that_symmetry_does_not_connect_are_refused_and_never_half_filled():
    """Two modes of different symmetry in one set: one displacement cannot give both columns."""
    model = Model("wurtzite")
    singles = [number for number, m in enumerate(model.tracked.sets) if len(m) == 1]
    offsets = np.concatenate([[0], np.cumsum([len(m) for m in model.tracked.sets])])
    columns = [int(offsets[number]) for number in singles[:2]]
    merged = TrackedModes(
        sets=((0, 1),),
        vectors=np.ascontiguousarray(model.tracked.vectors[:, columns]),
        antisymmetric=np.ones(2),
        symmetric=np.ones(2),
        rest_vectors=np.array(model.tracked.rest_vectors),
        rest_eigenvalues=np.array(model.tracked.rest_eigenvalues),
        labels=("?",),
    )
    with pytest.raises(CalculationError):
        model.columns(model.hessian, tracked=merged)


def test_shapes_that_do_not_fit_are_refused(model):
    tracked = model.tracked
    with pytest.raises(ValueError, match="characters"):
        dataclasses.replace(tracked, antisymmetric=tracked.antisymmetric[:-1])
    with pytest.raises(ValueError, match="vectors"):
        dataclasses.replace(tracked, vectors=np.array(tracked.vectors[:, :-1]))
    with pytest.raises(ValueError, match="read-only"):
        tracked.vectors[0, 0] = 1.0
