"""Space-group operations form a group, and nothing depends on how a crystal is written down."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from reticulum.errors import InputError
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive, symmetry_of

#: Crystals with the free positional parameters that the International Tables give them, origin
#: along polar axes included.
CRYSTALS = {
    "rock salt": (lambda: bulk("NaCl", "rocksalt", a=5.6), 225, 0),
    "hcp": (lambda: bulk("Ti", "hcp", a=2.95, c=4.68), 194, 0),
    "wurtzite": (lambda: bulk("ZnS", "wurtzite", a=3.8, c=6.2), 186, 2),
    "rutile": (
        lambda: crystal(["Ti", "O"], [(0, 0, 0), (0.305, 0.305, 0)], spacegroup=136,
                        cellpar=[4.59, 4.59, 2.96, 90, 90, 90]),
        136,
        1,
    ),
    "quartz": (
        lambda: crystal(["Si", "O"], [(0.4697, 0, 1 / 3), (0.4135, 0.2669, 0.7858)], spacegroup=152,
                        cellpar=[4.916, 4.916, 5.405, 90, 90, 120]),
        152,
        4,
    ),
    "pyrite": (
        lambda: crystal(["Fe", "S"], [(0, 0, 0), (0.385, 0.385, 0.385)], spacegroup=205,
                        cellpar=[5.417] * 3 + [90] * 3),
        205,
        1,
    ),
    "corundum": (
        lambda: crystal(["Al", "O"], [(0, 0, 0.3523), (0.3064, 0, 0.25)], spacegroup=167,
                        cellpar=[4.759, 4.759, 12.991, 90, 90, 120]),
        167,
        2,
    ),
    "without symmetry": (
        lambda: Atoms("CuOC", scaled_positions=[(0, 0, 0), (0.31, 0.17, 0.44), (0.62, 0.71, 0.15)],
                      cell=[(5.1, 0, 0), (0.7, 5.9, 0), (0.3, -0.8, 6.7)], pbc=True),
        1,
        9,
    ),
}  # fmt: skip

FRAMEWORKS = {"HKUST-1": 12, "MOF-5": 9, "UiO-66": 17}


def described_differently(atoms, seed):
    """The same crystal: another origin, orientation, order of atoms, cell and images of atoms."""
    random = np.random.default_rng(seed)
    shear = np.eye(3, dtype=int)
    for _ in range(2):
        i, j = random.permutation(3)[:2]
        step = np.eye(3, dtype=int)
        step[i, j] = random.integers(-1, 2)
        shear = shear @ step
    if random.random() < 0.5:
        from ase.build import make_supercell

        atoms = make_supercell(atoms, np.diag(random.permutation([2, 1, 1])))
    other = atoms[random.permutation(len(atoms))]
    if random.random() < 0.5:  # a left-handed set of cell vectors
        other.set_cell(other.cell[[1, 0, 2]], scale_atoms=False)
    other.set_cell(shear @ other.cell[:], scale_atoms=False)
    other.positions += random.uniform(-5, 5, 3)
    other.positions += random.integers(-2, 3, (len(other), 3)) @ other.cell[:]
    turn = Rotation.random(rng=seed).as_matrix()
    other.set_cell(other.cell[:] @ turn.T, scale_atoms=False)
    other.positions = other.positions @ turn.T
    return other


def environments(atoms, reach=6.0):
    """For each atom its element and the sorted elements and distances around it, sorted."""
    from ase.neighborlist import neighbor_list

    first, second, distance = neighbor_list("ijd", atoms, reach)
    result = []
    for number, z in enumerate(atoms.numbers):
        near = first == number
        pairs = sorted(zip(atoms.numbers[second[near]].tolist(), distance[near].round(4).tolist(),
                           strict=True))  # fmt: skip
        # The outermost shell may fall on either side of the reach by rounding.
        result.append((int(z), [pair for pair in pairs if pair[1] < reach - 0.01]))
    return sorted(result)


@pytest.mark.parametrize("name", CRYSTALS)
def test_number_of_free_parameters_is_that_of_the_wyckoff_positions(name):
    make, number, free = CRYSTALS[name]
    primitive = symmetrised_primitive(make())
    assert primitive.symmetry.number == number
    assert primitive.symmetry.symmetric_displacements().shape == (3 * len(primitive.atoms), free)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_number_of_free_parameters_of_frameworks(name):
    primitive = symmetrised_primitive(read_structure(name))
    assert primitive.symmetry.symmetric_displacements().shape[1] == FRAMEWORKS[name]
    assert primitive.warning == ""


@pytest.fixture(params=[*CRYSTALS, "HKUST-1"])
def symmetric(request):
    if request.param in CRYSTALS:
        return symmetrised_primitive(CRYSTALS[request.param][0]())
    return symmetrised_primitive(read_structure(request.param))


def test_operations_form_a_group(symmetric):
    group = symmetric.symmetry
    table = {tuple(np.concatenate([r.ravel(), p]).tolist()) for r, p in
             zip(group.rotations, group.permutations, strict=True)}  # fmt: skip
    assert len(table) == group.order
    random = np.random.default_rng(0)
    for _ in range(200):
        a, b = random.integers(group.order, size=2)
        product = group.rotations[a] @ group.rotations[b]
        composed = group.permutations[a][group.permutations[b]]
        assert tuple(np.concatenate([product.ravel(), composed]).tolist()) in table
    identity = [np.array_equal(r, np.eye(3)) for r in group.rotations]
    assert sum(identity) == 1
    atoms = np.arange(len(symmetric.atoms))
    np.testing.assert_array_equal(group.permutations[identity.index(True)], atoms)
    for permutation in group.permutations:
        np.testing.assert_array_equal(np.sort(permutation), atoms)
        np.testing.assert_array_equal(symmetric.atoms.numbers[permutation],
                                      symmetric.atoms.numbers)  # fmt: skip
        np.testing.assert_array_equal(group.orbits[permutation], group.orbits)


def test_cartesian_rotations_are_orthogonal_and_carry_atoms_onto_atoms(symmetric):
    group, atoms = symmetric.symmetry, symmetric.atoms
    cell = atoms.cell[:]
    for rotation, fractional, translation, permutation in zip(
        group.cartesian_rotations, group.rotations, group.translations, group.permutations,
        strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        np.testing.assert_allclose(cell.T @ fractional, rotation @ cell.T, atol=1e-8)
        image = atoms.positions @ rotation.T + translation @ cell
        apart = np.linalg.solve(cell.T, (image - atoms.positions[permutation]).T).T
        assert np.abs((apart - np.rint(apart)) @ cell).max() < 1e-5


def test_symmetric_displacements_are_orthonormal_invariant_and_complete(symmetric):
    group = symmetric.symmetry
    columns = group.symmetric_displacements()
    np.testing.assert_allclose(columns.T @ columns, np.eye(columns.shape[1]), atol=1e-10)
    for column in columns.T:
        pattern = column.reshape(-1, 3)
        for rotation, permutation in zip(
            group.cartesian_rotations, group.permutations, strict=True
        ):
            image = np.empty_like(pattern)
            image[permutation] = pattern @ rotation.T
            np.testing.assert_allclose(image, pattern, atol=1e-9)
    vector = np.random.default_rng(3).normal(size=(len(symmetric.atoms), 3))
    average = group.symmetrise_vectors(vector)
    np.testing.assert_allclose(group.symmetrise_vectors(average), average, atol=1e-12)
    np.testing.assert_allclose(columns @ (columns.T @ vector.ravel()), average.ravel(), atol=1e-10)


def test_a_displaced_structure_keeps_the_space_group():
    primitive = symmetrised_primitive(read_structure("HKUST-1"))
    columns = primitive.symmetry.symmetric_displacements()
    amount = np.random.default_rng(1).normal(size=columns.shape[1])
    moved = primitive.atoms.copy()
    moved.positions += (columns @ (0.3 * amount / np.linalg.norm(amount))).reshape(-1, 3)
    assert symmetry_of(moved, 1e-5).number == 225


def test_reversing_operation_is_found_exactly_where_there_is_one():
    square = Atoms("Cu", cell=[4, 4, 5], pbc=True)
    group = symmetry_of(square)
    assert group.reversing_operation(np.array([[1.0, 0.0, 0.0]]))
    polar = symmetry_of(bulk("ZnS", "wurtzite", a=3.8, c=6.2))
    along_axis = np.zeros((4, 3))
    along_axis[:2, 2] = (1.0, 1.0)
    assert not polar.reversing_operation(along_axis)  # totally symmetric
    across = np.zeros((4, 3))
    across[:, 0] = 1.0
    assert polar.reversing_operation(across)  # the two-fold screw axis turns x to -x
    quartz = symmetrised_primitive(CRYSTALS["quartz"][0]()).symmetry
    breathing = quartz.symmetric_displacements()[:, 0].reshape(-1, 3)
    assert not quartz.reversing_operation(breathing)
    lone = symmetry_of(CRYSTALS["without symmetry"][0]())
    assert not lone.reversing_operation(np.random.default_rng(0).normal(size=(3, 3)))


def test_reversing_operation_does_not_depend_on_the_length_of_the_pattern():
    group = symmetrised_primitive(read_structure("HKUST-1")).symmetry
    random = np.random.default_rng(5)
    pattern = random.normal(size=(group.permutations.shape[1], 3))
    inverse = next(number for number, rotation in enumerate(group.rotations)
                   if np.array_equal(rotation, -np.eye(3)))  # fmt: skip
    inverted = -pattern[np.argsort(group.permutations[inverse])]
    for size in (1e-6, 1.0, 1e6):
        assert group.reversing_operation(size * (pattern - inverted))  # odd under inversion
        assert not group.reversing_operation(size * (pattern + inverted))
        assert not group.reversing_operation(size * pattern)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(CRYSTALS)), seed=st.integers(0, 10**6))
def test_the_primitive_cell_does_not_depend_on_the_description(name, seed):
    atoms = CRYSTALS[name][0]()
    reference = symmetrised_primitive(atoms)
    other = symmetrised_primitive(described_differently(atoms, seed))
    assert other.symmetry.order == reference.symmetry.order
    assert other.symmetry.point_group == reference.symmetry.point_group
    assert len(other.atoms) == len(reference.atoms)
    assert other.atoms.get_volume() == pytest.approx(reference.atoms.get_volume(), rel=1e-6)
    assert environments(other.atoms) == environments(reference.atoms) or np.allclose(
        [d for _, pairs in environments(other.atoms) for _, d in pairs],
        [d for _, pairs in environments(reference.atoms) for _, d in pairs],
        atol=2e-3,
    )
    assert (
        other.symmetry.symmetric_displacements().shape
        == reference.symmetry.symmetric_displacements().shape
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_framework_is_the_same_from_any_description(seed):
    atoms = symmetrised_primitive(read_structure("MOF-5")).atoms
    other = symmetrised_primitive(described_differently(atoms, seed))
    assert (other.symmetry.number, len(other.atoms)) == (225, 106)
    assert other.warning == ""
    assert sorted(other.atoms.numbers) == sorted(atoms.numbers)
    assert other.symmetry.symmetric_displacements().shape[1] == FRAMEWORKS["MOF-5"]


def test_the_primitive_cell_is_idempotent(symmetric):
    again = symmetrised_primitive(symmetric.atoms)
    assert again.symmetry.number == symmetric.symmetry.number
    np.testing.assert_array_equal(again.atoms.numbers, symmetric.atoms.numbers)
    np.testing.assert_allclose(again.atoms.cell[:], symmetric.atoms.cell[:], atol=1e-9)


def test_the_input_is_not_changed():
    atoms = CRYSTALS["quartz"][0]()
    before = atoms.positions.tobytes(), atoms.cell[:].tobytes()
    symmetrised_primitive(atoms)
    assert (atoms.positions.tobytes(), atoms.cell[:].tobytes()) == before


@pytest.mark.parametrize("rounding_a", [1e-3, 2e-3, 3e-3, 5e-3])
def test_symmetry_lost_to_rounding_is_told_with_a_tolerance_that_brings_it_back(rounding_a):
    atoms = symmetrised_primitive(read_structure("MOF-5")).atoms
    rounded = atoms.copy()
    rounded.positions += np.random.default_rng(7).uniform(-rounding_a, rounding_a, (106, 3))
    found = symmetrised_primitive(rounded)
    assert found.symmetry.order < 192
    assert "--symprec" in found.warning
    tolerance = float(found.warning.rpartition("--symprec ")[2].rstrip("."))
    mended = symmetrised_primitive(rounded, tolerance)
    assert mended.symmetry.number == 225
    assert len(mended.atoms) == 106
    assert mended.symmetry.symmetric_displacements().shape[1] == FRAMEWORKS["MOF-5"]


def test_atoms_on_top_of_each_other_are_an_input_error():
    atoms = Atoms("Cu2", [(0, 0, 0), (0, 0, 1e-5)], cell=[4, 4, 4], pbc=True)
    with pytest.raises(InputError, match=r"symprec|overlap"):
        symmetrised_primitive(atoms)


@pytest.mark.parametrize("cell", [np.zeros((3, 3)), np.diag([4.0, 4.0, 0.0])])
def test_a_cell_without_volume_is_an_input_error(cell):
    with pytest.raises(InputError):
        symmetrised_primitive(Atoms("Cu", cell=cell, pbc=True))
