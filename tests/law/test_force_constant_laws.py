"""Laws of symmetrised force constants: transpose, acoustic sum rule, space group, units."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import constants

from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.force_constants import (
    gamma_modes,
    hessian_from_phonopy,
    symmetrise_hessian,
)


def carried(symmetry, number):
    """(3n, 3n) matrix of one space-group operation."""
    n_atoms = symmetry.permutations.shape[1]
    matrix = np.zeros((3 * n_atoms, 3 * n_atoms))
    for atom, image in enumerate(symmetry.permutations[number]):
        matrix[3 * image : 3 * image + 3, 3 * atom : 3 * atom + 3] = symmetry.cartesian_rotations[
            number
        ]
    return matrix


matrices = st.integers(1, 5).flatmap(
    lambda n: st.integers(0, 2**32 - 1).map(
        lambda seed: np.random.default_rng(seed).normal(size=(3 * n, 3 * n)) * 20
    )
)


@settings(max_examples=60, deadline=None)
@given(raw=matrices)
def test_result_is_symmetric_free_of_translations_and_final(raw):
    before = raw.tobytes()
    mended, quality = symmetrise_hessian(raw)
    assert raw.tobytes() == before
    np.testing.assert_array_equal(mended, mended.T)
    translations = np.tile(np.eye(3), (len(raw) // 3, 1))
    assert np.abs(mended @ translations).max() < 1e-11
    again, clean = symmetrise_hessian(mended)
    np.testing.assert_allclose(again, mended, atol=1e-11)
    assert clean.asymmetry_ev_a2 < 1e-12
    assert clean.translation_ev_a2 < 1e-11
    assert quality.asymmetry_ev_a2 == pytest.approx(np.abs(raw - raw.T).max())
    assert quality.translation_ev_a2 == pytest.approx(
        np.abs(raw.reshape(len(raw), -1, 3).sum(axis=1)).max()
    )
    assert quality.largest_ev_a2 == np.abs(raw).max()


@settings(max_examples=30, deadline=None)
@given(raw=matrices)
def test_an_exact_hessian_is_left_alone(raw):
    exact, _ = symmetrise_hessian(raw)
    mended, _ = symmetrise_hessian(exact.copy())
    np.testing.assert_allclose(mended, exact, atol=1e-11)


def test_mending_is_the_orthogonal_projection():
    """No other matrix with both laws is closer to the raw one (Frobenius norm)."""
    random = np.random.default_rng(0)
    raw = random.normal(size=(9, 9))
    mended, _ = symmetrise_hessian(raw)
    for _ in range(20):
        other, _ = symmetrise_hessian(random.normal(size=(9, 9)))
        assert abs(np.sum((raw - mended) * other)) < 1e-12


def test_mending_commutes_with_the_space_group():
    primitive = symmetrised_primitive(bulk("ZnS", "wurtzite", a=3.8, c=6.2))
    raw = np.random.default_rng(1).normal(size=(12, 12))
    for number in range(primitive.symmetry.order):
        turn = carried(primitive.symmetry, number)
        np.testing.assert_allclose(
            symmetrise_hessian(turn @ raw @ turn.T)[0],
            turn @ symmetrise_hessian(raw)[0] @ turn.T,
            atol=1e-12,
        )


def test_phonopys_array_becomes_a_matrix_atom_by_atom():
    array = np.random.default_rng(2).normal(size=(3, 3, 3, 3))
    matrix = hessian_from_phonopy(array)
    for i in range(3):
        for j in range(3):
            np.testing.assert_array_equal(matrix[3 * i : 3 * i + 3, 3 * j : 3 * j + 3], array[i, j])


def test_a_diatomic_has_its_textbook_wavenumber():
    """k of CO is 1902 N/m: sqrt(k/mu)/2 pi c from SI constants."""
    k_si = 1902.0
    k = k_si / constants.e * 1e-20
    hessian = np.zeros((6, 6))
    hessian[[0, 3], [0, 3]] = k
    hessian[[0, 3], [3, 0]] = -k
    masses = np.array([12.0, 15.9949])
    wavenumbers, eigenvectors = gamma_modes(hessian, masses)
    reduced = masses.prod() / masses.sum() * constants.atomic_mass
    expected = np.sqrt(k_si / reduced) / (2 * np.pi * constants.c * 100)
    assert wavenumbers[-1] == pytest.approx(expected, rel=1e-12)
    assert expected == pytest.approx(2170, abs=2)  # we of CO, cm⁻¹
    assert np.abs(wavenumbers[:-1]).max() < 1e-4
    np.testing.assert_allclose(eigenvectors.T @ eigenvectors, np.eye(6), atol=1e-12)
    # Mass-weighted: the lighter carbon moves more, m_C u_C = -m_O u_O.
    displacement = eigenvectors[:, -1].reshape(2, 3) / np.sqrt(masses)[:, None]
    assert masses @ displacement[:, 0] == pytest.approx(0.0, abs=1e-12)


def test_unstable_directions_come_first_and_negative():
    wavenumbers, _ = gamma_modes(np.diag([4.0, -1.0, 0.0]), np.array([1.0]))
    assert list(np.sign(wavenumbers)) == [-1.0, 0.0, 1.0]
    assert wavenumbers[2] == pytest.approx(-2.0 * wavenumbers[0])


@settings(max_examples=30, deadline=None)
@given(raw=matrices, factor=st.floats(0.1, 10))
def test_wavenumbers_scale_as_root_of_stiffness_over_mass(raw, factor):
    hessian, _ = symmetrise_hessian(raw)
    masses = np.random.default_rng(4).uniform(1, 60, len(raw) // 3)
    base, _ = gamma_modes(hessian, masses)
    np.testing.assert_allclose(
        gamma_modes(hessian * factor, masses)[0], base * np.sqrt(factor), rtol=1e-6, atol=1e-3
    )
    np.testing.assert_allclose(
        gamma_modes(hessian, masses * factor)[0], base / np.sqrt(factor), rtol=1e-6, atol=1e-3
    )
