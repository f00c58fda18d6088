"""Labels of modes against group theory, phonopy's own labels, and the laws that hold for any."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import phonopy
import pytest
import spglib
from ase import Atoms
from ase.spacegroup import crystal
from phonopy.phonon.character_table import character_table
from phonopy.structure.atoms import PhonopyAtoms

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetrised_primitive, symmetry_of
from reticulum.phonons.irreps import ModeLabels, label_modes
from reticulum.phonons.point_group import character_columns, irreducible_representations
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Small crystals of many classes: space group, cell, sites. Positions are roughly those of the
#: minerals; only their symmetry matters.
CRYSTALS = {
    "rutile": (136, [4.59, 4.59, 2.96, 90, 90, 90], {"Ti": (0, 0, 0), "O": (0.305, 0.305, 0)}),
    "calcite": (
        167,
        [4.99, 4.99, 17.06, 90, 90, 120],
        {"Ca": (0, 0, 0), "C": (0, 0, 0.25), "O": (0.257, 0, 0.25)},
    ),
    "pyrite": (205, [5.42, 5.42, 5.42, 90, 90, 90], {"Fe": (0, 0, 0), "S": (0.385,) * 3}),
    "sphalerite": (216, [5.41, 5.41, 5.41, 90, 90, 90], {"Zn": (0, 0, 0), "S": (0.25,) * 3}),
    "fluorite": (225, [5.46, 5.46, 5.46, 90, 90, 90], {"Ca": (0, 0, 0), "F": (0.25,) * 3}),
    "anatase": (141, [3.78, 3.78, 9.51, 90, 90, 90], {"Ti": (0, 0, 0), "O": (0, 0, 0.208)}),
    "brookite": (
        61,
        [9.17, 5.45, 5.14, 90, 90, 90],
        {"Ti": (0.129, 0.097, 0.863), "O": (0.01, 0.148, 0.182)},
    ),
    "quartz": (152, [4.91, 4.91, 5.40, 90, 90, 120], {"Si": (0.47, 0, 0), "O": (0.41, 0.27, 0.12)}),
    "ilmenite": (
        148,
        [5.09, 5.09, 14.09, 90, 90, 120],
        {"Fe": (0, 0, 0.355), "Ti": (0, 0, 0.146), "O": (0.317, 0.023, 0.245)},
    ),
    "scheelite": (
        88,
        [5.24, 5.24, 11.38, 90, 90, 90],
        {"Ca": (0, 0.25, 0.625), "O": (0.15, 0.009, 0.211)},
    ),
    "wurtzite": (
        186,
        [3.82, 3.82, 6.26, 90, 90, 120],
        {"Zn": (1 / 3, 2 / 3, 0), "S": (1 / 3, 2 / 3, 0.375)},
    ),
    "chalcopyrite": (
        122,
        [5.29, 5.29, 10.42, 90, 90, 90],
        {"Cu": (0, 0, 0), "Fe": (0, 0, 0.5), "S": (0.257, 0.25, 0.125)},
    ),
}


def small(name: str) -> Atoms:
    number, cell, sites = CRYSTALS[name]
    atoms = crystal(list(sites), list(sites.values()), spacegroup=number, cellpar=cell)
    return symmetrised_primitive(atoms).atoms


def framework(name: str) -> Atoms:
    return symmetrised_primitive(read_structure(name)).atoms


def symmetric_hessian(atoms: Atoms, seed: int = 1) -> np.ndarray:
    """Random force constants with the symmetry of the crystal and the acoustic sum rule."""
    symmetry = symmetry_of(atoms)
    size = 3 * len(atoms)
    raw = np.random.default_rng(seed).standard_normal((size, size))
    raw = raw + raw.T
    total = np.zeros((len(atoms), 3, len(atoms), 3))
    for rotation, images in zip(symmetry.cartesian_rotations, symmetry.permutations, strict=True):
        turned = np.einsum(
            "ij,ajbk,lk->aibl", rotation, raw.reshape(total.shape), rotation, optimize=True
        )
        total[np.ix_(images, range(3), images, range(3))] += turned
    hessian = total.reshape(size, size) / symmetry.order
    uniform = np.tile(np.eye(3), (len(atoms), 1)) / np.sqrt(len(atoms))
    keep = np.eye(size) - uniform @ uniform.T
    return keep @ hessian @ keep


def gamma_modes(hessian: np.ndarray, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    roots = np.sqrt(np.repeat(masses, 3))
    eigenvalues, eigenvectors = np.linalg.eigh(hessian / np.outer(roots, roots))
    signs = np.sign(eigenvalues)
    return signs * np.sqrt(np.abs(eigenvalues)) * SQRT_EV_PER_U_A2_TO_CM1, eigenvectors


@cache
def modes(name: str) -> tuple[Atoms, np.ndarray, np.ndarray, np.ndarray]:
    atoms = small(name) if name in CRYSTALS else framework(name)
    hessian = symmetric_hessian(atoms)
    return atoms, hessian, *gamma_modes(hessian, atoms.get_masses())


def characters_of(symmetry: CrystalSymmetry, vectors: np.ndarray) -> np.ndarray:
    """Character of each operation in a space of modes, from the permutations alone."""
    by_atom = vectors.reshape(symmetry.permutations.shape[1], 3, -1)
    return np.array(
        [
            np.sum(by_atom[images] * (rotation @ by_atom))
            for rotation, images in zip(
                symmetry.cartesian_rotations, symmetry.permutations, strict=True
            )
        ]
    )


def assert_sets_are_irreducible(atoms: Atoms, found: ModeLabels) -> None:
    table = {entry.label: entry for entry in irreducible_representations(atoms)}
    symmetry = symmetry_of(atoms)
    for members, label in zip(found.sets, found.labels, strict=True):
        assert label is not None
        entry = table[label]
        assert len(members) == entry.dimension
        np.testing.assert_allclose(
            characters_of(symmetry, found.eigenvectors[:, members]), entry.characters, atol=1e-6
        )


@pytest.mark.parametrize("name", [*CRYSTALS, "Zn-MOF-74", "MOF-5"])
def test_counts_are_those_of_group_theory(name):
    atoms, hessian, wavenumbers, eigenvectors = modes(name)
    found = label_modes(atoms, wavenumbers, eigenvectors)
    assert found.is_complete
    table = irreducible_representations(atoms)
    assert sum(entry.dimension * found.counts[entry.label] for entry in table) == 3 * len(atoms)
    assert_sets_are_irreducible(atoms, found)
    # still eigenvectors of the same dynamical matrix, with the wavenumbers given
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    dynamical = hessian / np.outer(roots, roots)
    eigenvalues = (
        np.sign(found.mode_wavenumbers_cm1)
        * (found.mode_wavenumbers_cm1 / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    )
    np.testing.assert_allclose(
        dynamical @ found.eigenvectors, found.eigenvectors * eigenvalues, atol=1e-9
    )
    np.testing.assert_allclose(
        found.eigenvectors.T @ found.eigenvectors, np.eye(len(roots)), atol=1e-12
    )


def test_hkust1_counts_are_those_of_group_theory():
    """31 infrared-active sets beside the acoustic one, for any force constants."""
    atoms, _, wavenumbers, eigenvectors = modes("HKUST-1")
    found = label_modes(atoms, wavenumbers, eigenvectors)
    assert found.is_complete
    assert found.counts["T1u"] == 32
    assert found.infrared_active.sum() == 31
    assert found.n_sets == 195


@pytest.mark.parametrize("name", CRYSTALS)
def test_labels_agree_with_phonopy(name):
    atoms, hessian, wavenumbers, eigenvectors = modes(name)
    found = label_modes(atoms, wavenumbers, eigenvectors)
    run = phonopy.Phonopy(
        PhonopyAtoms(
            symbols=atoms.get_chemical_symbols(),
            cell=atoms.cell.array,
            scaled_positions=atoms.get_scaled_positions(),
            masses=atoms.get_masses(),
        ),
        supercell_matrix=np.eye(3),
        primitive_matrix=np.eye(3),
        symprec=1e-3,
        log_level=0,
    )
    n_atoms = len(atoms)
    run.force_constants = hessian.reshape(n_atoms, 3, n_atoms, 3).transpose(0, 2, 1, 3).copy()
    run.run_irreps([0, 0, 0], degeneracy_tolerance=1e-5)
    peer: dict[int, str | None] = {}
    for members, label in zip(run.irreps.band_indices, run.irreps._ir_labels, strict=True):
        peer.update(dict.fromkeys(members, label))
    compared = 0
    for members, label, acoustic in zip(found.sets, found.labels, found.acoustic, strict=True):
        if acoustic:  # phonopy gives no label where two representations meet at zero
            continue
        assert {peer[mode] for mode in members.tolist()} == {label}
        compared += len(members)
    assert compared == 3 * len(atoms) - 3


@pytest.mark.parametrize(
    ("name", "acoustic", "infrared", "raman"),
    [
        ("rutile", {"A2u", "Eu"}, {"A2u", "Eu"}, {"A1g", "B1g", "B2g", "Eg"}),
        ("calcite", {"A2u", "Eu"}, {"A2u", "Eu"}, {"A1g", "Eg"}),
        ("pyrite", {"Tu"}, {"Tu"}, {"Ag", "Eg", "Tg"}),
        ("sphalerite", {"T2"}, {"T2"}, {"T2"}),
        ("brookite", {"B1u", "B2u", "B3u"}, {"B1u", "B2u", "B3u"}, {"Ag", "B1g", "B2g", "B3g"}),
        ("fluorite", {"T1u"}, {"T1u"}, {"T2g"}),
        ("ilmenite", {"Au", "Eu"}, {"Au", "Eu"}, {"Ag", "Eg"}),
        ("quartz", {"A2", "E"}, {"A2", "E"}, {"A1", "E"}),
    ],
)
def test_textbook_activities(name, acoustic, infrared, raman):
    atoms, _, wavenumbers, eigenvectors = modes(name)
    found = label_modes(atoms, wavenumbers, eigenvectors)

    def labels(mask: np.ndarray) -> set[str | None]:
        return {label for label, chosen in zip(found.labels, mask, strict=True) if chosen}

    assert labels(found.acoustic) == acoustic
    assert labels(found.infrared_active) == infrared
    assert labels(found.raman_active) == raman
    assert found.dimensions[found.acoustic].sum() == 3
    assert not (found.acoustic & (found.infrared_active | found.raman_active)).any()


def test_rutile_counts_of_the_literature():
    """Gamma of rutile: A1g + A2g + B1g + B2g + Eg + 2 A2u + 2 B1u + 4 Eu (with acoustic)."""
    found = label_modes(modes("rutile")[0], *modes("rutile")[2:])
    assert {label: count for label, count in found.expected.items() if count} == {
        "A1g": 1,
        "A2g": 1,
        "B1g": 1,
        "B2g": 1,
        "Eg": 1,
        "A2u": 2,
        "B1u": 2,
        "Eu": 4,
    }


def merged(name: str, spacing_cm1: float) -> tuple[Atoms, np.ndarray, np.ndarray]:
    """Modes moved onto few common wavenumbers, mixed at random within each of these."""
    atoms, _, wavenumbers, eigenvectors = modes(name)
    moved = np.round(wavenumbers / spacing_cm1) * spacing_cm1
    rng = np.random.default_rng(3)
    mixed = eigenvectors.copy()
    for value in np.unique(moved):
        members = np.flatnonzero(moved == value)
        turn, _ = np.linalg.qr(rng.standard_normal((len(members), len(members))))
        mixed[:, members] = eigenvectors[:, members] @ turn
    return atoms, moved, mixed


@pytest.mark.parametrize("name", ["rutile", "calcite", "pyrite", "ilmenite", "scheelite", "quartz"])
@pytest.mark.parametrize("spacing_cm1", [150.0, 1e5])
def test_accidental_degeneracies_are_split(name, spacing_cm1):
    """Even if all modes have one wavenumber, each set is one representation."""
    atoms, wavenumbers, eigenvectors = merged(name, spacing_cm1)
    assert len(np.unique(wavenumbers)) < len(modes(name)[2]) / 2
    found = label_modes(atoms, wavenumbers, eigenvectors)
    assert found.is_complete
    assert_sets_are_irreducible(atoms, found)
    np.testing.assert_allclose(np.sort(found.mode_wavenumbers_cm1), wavenumbers, atol=1e-6)
    uniform = np.kron(np.sqrt(atoms.get_masses())[:, None], np.eye(3))
    uniform /= np.linalg.norm(uniform, axis=0)
    acoustic = np.concatenate([s for s, a in zip(found.sets, found.acoustic, strict=True) if a])
    overlap = uniform.T @ found.eigenvectors[:, acoustic]
    np.testing.assert_allclose(overlap @ overlap.T, np.eye(3), atol=1e-10)


@pytest.mark.parametrize("name", ["pyrite", "ilmenite", "Zn-MOF-74"])
def test_close_copies_of_one_representation_keep_the_dynamical_matrix_diagonal(name):
    """A tolerance as wide as the spectrum must not change the modes."""
    atoms, hessian, wavenumbers, eigenvectors = modes(name)
    found = label_modes(atoms, wavenumbers, eigenvectors, degeneracy_tolerance_cm1=1e4)
    assert found.is_complete
    np.testing.assert_allclose(np.sort(found.mode_wavenumbers_cm1), wavenumbers, atol=1e-4)
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    within = found.eigenvectors.T @ (hessian / np.outer(roots, roots)) @ found.eigenvectors
    np.testing.assert_allclose(within - np.diag(np.diag(within)), 0.0, atol=1e-9)


def test_result_does_not_depend_on_the_choice_within_degenerate_sets():
    atoms, _, wavenumbers, eigenvectors = modes("pyrite")
    first = label_modes(atoms, wavenumbers, eigenvectors)
    mixed = eigenvectors.copy()
    rng = np.random.default_rng(5)
    for members in first.sets:
        turn, _ = np.linalg.qr(rng.standard_normal((len(members), len(members))))
        mixed[:, members] = first.eigenvectors[:, members] @ turn
    second = label_modes(atoms, first.mode_wavenumbers_cm1, mixed)
    assert second.labels == first.labels
    for one, other in zip(first.sets, second.sets, strict=True):
        overlap = first.eigenvectors[:, one].T @ second.eigenvectors[:, other]
        np.testing.assert_allclose(overlap @ overlap.T, np.eye(len(one)), atol=1e-9)


def test_rotated_and_shifted_crystals_have_the_same_labels():
    atoms, _, wavenumbers, eigenvectors = modes("calcite")
    angle = 0.7
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    moved = atoms.copy()
    moved.set_cell(atoms.cell.array @ turn.T, scale_atoms=False)
    moved.positions = atoms.positions @ turn.T
    moved.set_scaled_positions(moved.get_scaled_positions() + np.array([0.11, 0.07, 0.3]))
    moved.wrap()
    images = (turn @ eigenvectors.reshape(len(atoms), 3, -1)).reshape(eigenvectors.shape)
    first = label_modes(atoms, wavenumbers, eigenvectors)
    second = label_modes(moved, wavenumbers, images)
    assert second.labels == first.labels
    assert second.expected == first.expected


def test_acoustic_modes_are_told_by_overlap_and_not_by_wavenumber():
    """Soft and hard modes elsewhere; the translations are lifted to 300 cm⁻¹."""
    atoms, hessian, _, _ = modes("rutile")
    masses = atoms.get_masses()
    lift = (300.0 / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    uniform = np.kron(masses[:, None], np.eye(3))  # M times a translation
    lifted = hessian + lift * uniform @ uniform.T / masses.sum()
    # optical modes of `hessian` have net momentum zero, so only the translations move
    found = label_modes(atoms, *gamma_modes(lifted, masses))
    assert found.wavenumbers_cm1[0] < -100.0  # random force constants are not stable
    np.testing.assert_allclose(found.wavenumbers_cm1[found.acoustic], 300.0, atol=1e-6)


def test_broken_sum_rule_is_an_error():
    atoms, hessian, _, _ = modes("rutile")
    springs = np.repeat(np.where(atoms.symbols == "Ti", 40.0, 0.0), 3)
    with pytest.raises(CalculationError, match="acoustic sum rule"):
        label_modes(atoms, *gamma_modes(hessian + np.diag(springs), atoms.get_masses()))


def test_modes_without_the_symmetry_of_the_structure_get_no_label():
    atoms, hessian, _, _ = modes("rutile")
    size = len(hessian)
    noise = np.random.default_rng(8).standard_normal((size, size))
    uniform = np.tile(np.eye(3), (len(atoms), 1)) / np.sqrt(len(atoms))
    keep = np.eye(size) - uniform @ uniform.T
    broken = hessian + keep @ (noise + noise.T) @ keep
    found = label_modes(atoms, *gamma_modes(broken, atoms.get_masses()))
    unlabelled = [
        reason for label, reason in zip(found.labels, found.reasons, strict=True) if label is None
    ]
    assert unlabelled
    assert all("lack the symmetry" in reason for reason in unlabelled)
    assert not found.is_complete
    assert sum(len(members) for members in found.sets) == size
    assert found.infrared_active.any()


def test_split_partners_are_named_and_not_guessed():
    atoms, _, wavenumbers, eigenvectors = modes("pyrite")
    whole = label_modes(atoms, wavenumbers, eigenvectors)
    target = next(
        s
        for s, label, acoustic in zip(whole.sets, whole.labels, whole.acoustic, strict=True)
        if label == "Tu" and not acoustic
    )
    apart = whole.mode_wavenumbers_cm1.copy()
    apart[target] += (0.0, 0.3, 0.6)
    order = np.argsort(apart, kind="stable")
    found = label_modes(atoms, apart[order], whole.eigenvectors[:, order])
    reasons = [reason for reason in found.reasons if reason]
    assert len(reasons) == 3
    assert all("1 mode(s) of Tu found, not a multiple of 3" in reason for reason in reasons)
    wider = label_modes(
        atoms, apart[order], whole.eigenvectors[:, order], degeneracy_tolerance_cm1=0.5
    )
    assert wider.is_complete


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, w, e: (a, w[:-1], e), "All 18 modes"),
        (lambda a, w, e: (a, w[::-1].copy(), e), "ascending"),
        (lambda a, w, e: (a, w, e.astype(complex)), "complex"),
        (lambda a, w, e: (a, w, 1.1 * e), "orthonormal"),
    ],
)
def test_bad_modes_are_refused(change, message):
    atoms, _, wavenumbers, eigenvectors = modes("rutile")
    with pytest.raises(InputError, match=message):
        label_modes(*change(atoms, wavenumbers, eigenvectors))


def test_isotopes_that_break_the_symmetry_are_refused():
    atoms, _, wavenumbers, eigenvectors = modes("rutile")
    heavy = atoms.copy()
    masses = heavy.get_masses()
    masses[-1] = 18.0
    heavy.set_masses(masses)
    with pytest.raises(InputError, match="different masses"):
        label_modes(heavy, wavenumbers, eigenvectors)


def test_a_cell_that_is_not_primitive_is_refused():
    double = small("sphalerite").repeat((2, 1, 1))
    size = 3 * len(double)
    with pytest.raises(InputError, match="not primitive"):
        label_modes(double, np.arange(size, dtype=float), np.eye(size))


def test_tables_cover_the_standard_setting_of_every_space_group():
    seen: set[int] = set()
    for hall in range(1, 531):
        group = spglib.get_spacegroup_type(hall)
        if group.number in seen:
            continue
        seen.add(group.number)
        operations = spglib.get_symmetry_from_database(hall)["rotations"]
        rotations = np.unique(operations.reshape(-1, 9), axis=0).reshape(-1, 3, 3).astype(int)
        symbol = group.pointgroup_international
        table, columns = character_columns(symbol, rotations)
        assert len(columns) == len(rotations)
        rows = np.array([np.atleast_1d(row) for row in table.values()], dtype=float)[:, columns]
        products = rows @ rows.T / len(rotations)
        np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-12)
        dimensions = rows[:, np.argmax(np.trace(rotations, axis1=1, axis2=2))]
        assert np.sum(dimensions**2 / np.diag(products)) == pytest.approx(len(rotations))
    assert len(seen) == 230
    assert len(character_table) == 32


def test_the_setting_that_the_tables_lack_is_told_by_the_kind_of_operation():
    """P312: phonopy finds no symbols for its two-fold axes; A1, A2, E follow from the traces."""
    atoms = crystal(
        ["Si", "O"],
        [(0.11, 0.23, 0.31), (0.4, 0.05, 0.17)],
        spacegroup=149,
        cellpar=[6.0, 6.0, 7.0, 90, 90, 120],
    )
    atoms = symmetrised_primitive(atoms).atoms
    assert symmetry_of(atoms).number == 149
    hessian = symmetric_hessian(atoms)
    found = label_modes(atoms, *gamma_modes(hessian, atoms.get_masses()))
    assert found.is_complete
    # 12 atoms on general sites: each representation as often as its dimension times 6
    assert found.counts == {"A1": 6, "A2": 6, "E": 12}
    assert_sets_are_irreducible(atoms, found)


def test_unknown_setting_is_an_error():
    """Three two-fold axes of 222 that lie along z and the diagonals of xy."""
    along_z = np.diag([-1, -1, 1])
    diagonal = np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]])
    rotations = np.array([np.eye(3, dtype=int), along_z, diagonal, along_z @ diagonal])
    with pytest.raises(CalculationError, match="character tables"):
        character_columns("222", rotations)


def test_json_form_and_read_only_arrays():
    atoms, _, wavenumbers, eigenvectors = modes("rutile")
    found = label_modes(atoms, wavenumbers, eigenvectors)
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert len(plain["sets"]) == found.n_sets
    np.testing.assert_array_equal(
        found.wavenumbers_cm1[found.set_of_mode], found.mode_wavenumbers_cm1
    )
    with pytest.raises(ValueError, match="read-only"):
        found.eigenvectors[0, 0] = 1.0
