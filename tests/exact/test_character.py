from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from carboxylate_molecules import formate, paddlewheel

from reticulum.errors import InputError
from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.phonons.character import (
    FRACTION_LABELS,
    ModeCharacters,
    assign_carboxylate_character,
    carboxylate_stretch_vectors,
)
from reticulum.phonons.internal_coordinates import (
    STRETCH_GROUPS,
    CoordinateGroup,
    internal_coordinates,
)
from reticulum.phonons.orthogonal_coordinates import orthogonal_coordinates

AS, SYM = CoordinateGroup.ANTISYMMETRIC_CO, CoordinateGroup.SYMMETRIC_CO


def valence_modes(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors of a valence force field without cross terms."""
    coordinates = internal_coordinates(atoms)
    stiffness = {  # eV/Å² (eV for the bend): sizes of real molecules
        AS: 60.0,
        SYM: 60.0,
        CoordinateGroup.OCO_BEND: 12.0,
        CoordinateGroup.METAL_OXYGEN: 6.0,
        CoordinateGroup.METAL_METAL: 1.0,
        CoordinateGroup.CH: 30.0,
    }
    weights = np.array([stiffness[CoordinateGroup(group)] for group in coordinates.groups])
    rows = coordinates.b_rows / np.sqrt(np.repeat(atoms.get_masses(), 3))
    return np.linalg.eigh(rows.T @ (weights[:, None] * rows))


def test_antisymmetric_mode_of_formate_is_purely_antisymmetric():
    """By symmetry (B2 of C2v) no other coordinate of the force field mixes with it."""
    atoms = formate()
    eigenvalues, eigenvectors = valence_modes(atoms)
    characters = assign_carboxylate_character(atoms, eigenvectors)
    mode = int(np.argmax(characters.fraction(AS)))
    assert characters.fraction(AS)[mode] == pytest.approx(1.0, abs=1e-12)
    assert np.argsort(eigenvalues)[-2] == mode  # only the C-H stretch lies higher
    np.testing.assert_allclose(np.delete(characters.fraction(AS), mode), 0.0, atol=1e-12)


def test_stiff_motions_are_stretches_and_free_ones_are_bends_and_other():
    atoms = formate()
    eigenvalues, eigenvectors = valence_modes(atoms)
    characters = assign_carboxylate_character(atoms, eigenvectors)
    free = np.abs(eigenvalues) < 1e-10
    assert free.sum() == 12 - 4
    stretches = characters.fractions[:, : len(STRETCH_GROUPS)].sum(axis=1)
    np.testing.assert_allclose(stretches[free], 0.0, atol=1e-12)
    np.testing.assert_allclose(stretches[~free], 1.0, atol=1e-12)
    # of the 8 free motions two are the bends of C-H in the plane and out of it, six are rigid
    assert characters.fraction(CoordinateGroup.CH_IN_PLANE).sum() == pytest.approx(1.0, abs=1e-12)
    assert characters.fraction(CoordinateGroup.CH_OUT_OF_PLANE).sum() == pytest.approx(1.0)
    assert characters.fraction(CoordinateGroup.LINKER).sum() == pytest.approx(6.0, abs=1e-12)
    np.testing.assert_allclose(characters.other, 0.0, atol=1e-12)


def test_each_independent_coordinate_gives_one_in_all():
    atoms = paddlewheel()
    coordinates = internal_coordinates(atoms)
    _, eigenvectors = valence_modes(atoms)
    totals = assign_carboxylate_character(atoms, eigenvectors).fractions.sum(axis=0)
    for group in STRETCH_GROUPS:
        assert totals[group] == pytest.approx(np.sum(coordinates.groups == group), abs=1e-10)
    assert totals[CoordinateGroup.CH_IN_PLANE] == pytest.approx(4.0, abs=1e-10)
    assert totals[CoordinateGroup.CH_OUT_OF_PLANE] == pytest.approx(4.0, abs=1e-10)
    # the rest are 21: what the four formates do as a whole, less what holds them at the metals
    rest = 3 * len(atoms) - coordinates.n_coordinates - 8
    assert totals[CoordinateGroup.LINKER] + totals[-1] == pytest.approx(rest, abs=1e-10)
    assert totals[-1] < 4.0


def test_carboxylates_share_a_collective_mode_equally():
    """In the totally symmetric stretch of D4h each of the four formates has a quarter."""
    atoms = paddlewheel()
    _, symmetric = carboxylate_stretch_vectors(atoms)
    together = symmetric.sum(axis=1, keepdims=True) / 2.0
    characters = assign_carboxylate_character(atoms, together)
    np.testing.assert_allclose(characters.symmetric_by_carboxylate, 0.25, atol=1e-12)
    np.testing.assert_allclose(characters.antisymmetric_by_carboxylate, 0.0, atol=1e-12)
    assert characters.fraction(SYM)[0] == pytest.approx(1.0, abs=1e-12)


def test_stretch_vectors_give_the_fractions():
    atoms = paddlewheel()
    _, eigenvectors = valence_modes(atoms)
    antisymmetric, symmetric = carboxylate_stretch_vectors(atoms)
    assert antisymmetric.shape == symmetric.shape == (3 * len(atoms), 4)
    characters = assign_carboxylate_character(atoms, eigenvectors)
    for vectors, group in ((antisymmetric, AS), (symmetric, SYM)):
        np.testing.assert_allclose(
            np.sum((vectors.T @ eigenvectors) ** 2, axis=0),
            characters.fraction(group),
            atol=1e-14,
        )


def test_directions_are_orthonormal_and_span_the_coordinates():
    atoms = paddlewheel()
    basis = orthogonal_coordinates(atoms)
    single = basis.vectors[:, basis.groups < CoordinateGroup.RING_IN_PLANE]
    np.testing.assert_allclose(single.T @ single, np.eye(single.shape[1]), atol=1e-12)
    rest = basis.vectors[:, basis.groups >= CoordinateGroup.RING_IN_PLANE]
    np.testing.assert_allclose(single.T @ rest, 0.0, atol=1e-12)
    rows = internal_coordinates(atoms).b_rows / np.sqrt(np.repeat(atoms.get_masses(), 3))
    np.testing.assert_allclose(basis.vectors @ (basis.vectors.T @ rows.T), rows.T, atol=1e-12)


def test_redundant_coordinates_keep_fractions_within_one():
    """A planar square with a centre has eight bonds and seven in-plane internal motions."""
    square = 1.4 * np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)], dtype=float)
    atoms = Atoms("Si4", positions=square * 1.6)  # sides 2.24 Å
    atoms += Atoms("Si", positions=[square.mean(axis=0) * 1.6])  # 1.58 Å from the corners
    coordinates = internal_coordinates(atoms)
    assert coordinates.n_coordinates == 8  # independent: 2*5 - 3 = 7
    basis = orthogonal_coordinates(atoms)
    projector = basis.vectors @ basis.vectors.T
    np.testing.assert_allclose(projector @ projector, projector, atol=1e-10)
    assert basis.n_independent(CoordinateGroup.RING) == pytest.approx(7.0, abs=1e-10)
    characters = assign_carboxylate_character(atoms, np.eye(15))
    np.testing.assert_allclose(characters.fractions.sum(axis=1), 1.0, atol=1e-12)
    assert np.all(characters.fractions >= 0.0)
    stretches = characters.fractions[:, : len(STRETCH_GROUPS)].sum()
    assert stretches == pytest.approx(7, abs=1e-10)


def test_structures_without_carboxylates_have_no_carboxylate_character():
    water = Atoms("OH2", positions=[(0, 0, 0), (0.96, 0, 0), (-0.24, 0.93, 0)])
    characters = assign_carboxylate_character(water, np.eye(9))
    assert characters.antisymmetric_by_carboxylate.shape == (9, 0)
    assert not characters.fractions[:, [AS, SYM]].any()
    assert characters.fraction(CoordinateGroup.XH).sum() == pytest.approx(2.0)


def test_given_graph_carboxylates_and_basis_are_used():
    atoms = paddlewheel()
    _, eigenvectors = valence_modes(atoms)
    graph = find_bonds(atoms)
    found = find_carboxylates(atoms, graph)
    plain = assign_carboxylate_character(atoms, eigenvectors)
    for keywords in (
        {"graph": graph, "carboxylates": found},
        {"basis": orthogonal_coordinates(atoms, graph, found)},
    ):
        again = assign_carboxylate_character(atoms, eigenvectors, **keywords)
        np.testing.assert_array_equal(again.fractions, plain.fractions)
    one = assign_carboxylate_character(atoms, eigenvectors, carboxylates=found[:1])
    assert one.antisymmetric_by_carboxylate.shape == (len(eigenvectors), 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.astype(complex), "complex"),
        (lambda e: e[:-3], "shape"),
        (lambda e: 1.01 * e, "length of an eigenvector"),
        (lambda e: np.where(np.eye(len(e)) > 0, np.nan, e), "length of an eigenvector"),
    ],
)
def test_bad_eigenvectors_are_refused(change, message):
    atoms = formate()
    with pytest.raises(InputError, match=message):
        assign_carboxylate_character(atoms, change(np.eye(12)))


def test_basis_of_another_cell_is_refused():
    with pytest.raises(InputError, match="different cells"):
        assign_carboxylate_character(
            formate(), np.eye(12), basis=orthogonal_coordinates(paddlewheel())
        )


def test_json_form_and_shapes():
    atoms = formate()
    characters = assign_carboxylate_character(atoms, np.eye(12))
    plain = characters.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert list(plain) == list(FRACTION_LABELS)
    assert characters.n_modes == 12
    with pytest.raises(ValueError, match="read-only"):
        characters.fractions[0, 0] = 1.0
    with pytest.raises(ValueError, match="n_carboxylates"):
        ModeCharacters(
            fractions=characters.fractions,
            antisymmetric_by_carboxylate=characters.antisymmetric_by_carboxylate,
            symmetric_by_carboxylate=characters.symmetric_by_carboxylate[:-1],
        )
