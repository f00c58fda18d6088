"""Born charges from charge flux, intensities and LO-TO splitting against what is known exactly."""

import numpy as np
import pytest
from ase import Atoms
from exact.carboxylate_molecules import paddlewheel
from scipy import constants

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.symmetry import symmetrised_primitive, symmetry_of
from reticulum.phonons.born_charges import (
    BornCharges,
    bond_currents,
    born_charges_from_flux,
    charge_flux,
    shortest_vectors,
    with_sum_rule,
)
from reticulum.phonons.force_constants import gamma_modes
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.infrared import (
    KM_PER_MOL_PER_E2_PER_U,
    IntensityKind,
    infrared_lines,
    ionic_dielectric,
    longitudinal_wavenumbers_cm1,
)
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import phonopy_of

STEP_A = 1e-4


def equalised_charges(atoms, graph):
    """Charges of a molecule in a box: each bond moves charge as its length changes."""
    charges = np.where(atoms.numbers == 8, -0.5, 0.4) - 0.02 * (atoms.numbers == 1)
    vectors = (
        atoms.positions[graph.second] + graph.shifts @ atoms.cell[:] - atoms.positions[graph.first]
    )
    stretch = np.linalg.norm(vectors, axis=1) - graph.distances
    moved = 0.7 * stretch + 0.3 * stretch**2
    sense = np.sign(atoms.numbers[graph.second].astype(float) - atoms.numbers[graph.first])
    np.add.at(charges, graph.second, sense * moved)
    np.add.at(charges, graph.first, -sense * moved)
    return charges - charges.mean()


@pytest.fixture(scope="module")
def molecule():
    """A paddlewheel alone in a box, in its primitive cell, with bonds inside the box only."""
    atoms = symmetrised_primitive(paddlewheel(14.0)).atoms
    return atoms, find_bonds(atoms), symmetry_of(atoms)


def displaced_changes(atoms, graph):
    phonopy = phonopy_of(atoms, 1e-3)
    phonopy.generate_displacements(distance=STEP_A)
    entries = phonopy.dataset["first_atoms"]
    changes = []
    for entry in entries:
        moved = atoms.copy()
        moved.positions[entry["number"]] += entry["displacement"]
        changes.append(equalised_charges(moved, graph) - equalised_charges(atoms, graph))
    return (
        [int(entry["number"]) for entry in entries],
        np.array([entry["displacement"] for entry in entries]),
        np.array(changes),
    )


def dipole(atoms, graph):
    """Dipole moment of the molecule, made whole along its bonds, e Å."""
    positions = atoms.positions.copy()
    known = {0}
    while len(known) < len(atoms):
        for i, j, shift in zip(graph.first, graph.second, graph.shifts, strict=True):
            if i in known and j not in known:
                positions[j] = positions[i] + (
                    atoms.positions[j] + shift @ atoms.cell[:] - atoms.positions[i]
                )
                known.add(j)
            elif j in known and i not in known:
                positions[i] = positions[j] - (
                    atoms.positions[j] + shift @ atoms.cell[:] - atoms.positions[i]
                )
                known.add(i)
    return equalised_charges(atoms, graph) @ positions


def test_born_charges_of_a_molecule_are_derivatives_of_its_dipole(molecule):
    atoms, graph, symmetry = molecule
    flux = charge_flux(symmetry, *displaced_changes(atoms, graph))
    born = born_charges_from_flux(atoms, symmetry, equalised_charges(atoms, graph), flux, graph)
    brute = np.empty((len(atoms), 3, 3))
    for atom in range(len(atoms)):
        for axis in range(3):
            ends = []
            for sense in (1.0, -1.0):
                moved = atoms.copy()
                moved.positions[atom, axis] += sense * STEP_A
                ends.append(dipole(moved, graph))
            brute[atom, :, axis] = (ends[0] - ends[1]) / (2.0 * STEP_A)
    np.testing.assert_allclose(born.charges_e, brute, atol=2e-4)
    assert born.sum_rule_error_e < 1e-3
    assert born.trusted


def test_flux_of_one_atom_has_the_charge_changes_of_any_displacement(molecule):
    atoms, graph, symmetry = molecule
    flux = charge_flux(symmetry, *displaced_changes(atoms, graph))
    move = np.array([0.3, -0.5, 0.8]) * STEP_A
    for atom in (0, 5, len(atoms) - 1):
        moved = atoms.copy()
        moved.positions[atom] += move
        change = equalised_charges(moved, graph) - equalised_charges(atoms, graph)
        np.testing.assert_allclose(move @ flux[atom], change, atol=1e-7)


def test_too_few_displacements_are_refused(molecule):
    atoms, graph, symmetry = molecule
    numbers, moves, changes = displaced_changes(atoms, graph)
    kept = [n for n, number in enumerate(numbers) if number != numbers[0]]
    with pytest.raises(CalculationError, match="do not fix how the charges follow"):
        charge_flux(symmetry, [numbers[n] for n in kept], moves[kept], changes[kept])


def test_currents_give_back_the_charges(molecule):
    _, graph, _ = molecule
    random = np.random.default_rng(3).normal(size=graph.n_atoms)
    random -= random.mean()
    currents = bond_currents(graph) @ random
    arrived = np.zeros(graph.n_atoms)
    np.add.at(arrived, graph.second, currents)
    np.add.at(arrived, graph.first, -currents)
    np.testing.assert_allclose(arrived, random, atol=1e-8)


def test_images_at_equal_distance_are_averaged():
    salt = Atoms("NaCl", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[4.0] * 3, pbc=True)
    vectors = shortest_vectors(salt)
    np.testing.assert_allclose(vectors, 0.0, atol=1e-12)
    shifted = Atoms("NaCl", positions=[(0, 0, 0), (3.0, 0, 0)], cell=[4.0] * 3, pbc=True)
    np.testing.assert_allclose(shortest_vectors(shifted)[0, 1], [-1.0, 0.0, 0.0], atol=1e-12)


def test_intensity_of_one_unit_is_the_textbook_number():
    """974.88 km/mol for 1 e/√u, that is 42.2561 km/mol for 1 (D/Å)/√u."""
    debye = constants.e * 1e-10 * constants.c / 1e-21
    assert pytest.approx(974.88, abs=0.02) == KM_PER_MOL_PER_E2_PER_U
    assert pytest.approx(42.2561, abs=0.001) == KM_PER_MOL_PER_E2_PER_U / debye**2


@pytest.fixture(scope="module")
def polar_table(spring_run):
    """Modes of the copper formate of springs, and made-up Born charges with its symmetry."""
    _, phonons = spring_run
    random = np.random.default_rng(11).normal(size=(len(phonons.atoms), 3, 3))
    born = with_sum_rule(
        random, symmetry=phonons.symmetry, dielectric=np.diag([2.0, 2.0, 3.0]), source="made up"
    )
    return mode_table(phonons), BornCharges(
        charges_e=born.charges_e.copy(),
        dielectric=np.diag([2.0, 2.0, 3.0]),
        source="made up",
        sum_rule_error_e=0.0,
    )


def test_lo_to_splitting_is_that_of_phonopy(polar_table):
    table, born = polar_table
    lines = infrared_lines(table, born)
    phonopy = phonopy_of(table.phonons.atoms, table.phonons.tolerance_a)
    n = len(table.phonons.atoms)
    phonopy.force_constants = table.phonons.hessian_ev_a2.reshape(n, 3, n, 3).swapaxes(1, 2)
    # phonopy counts the dipole index first too; it wants the factor e²/4πε₀ in eV Å.
    phonopy.nac_params = {
        "born": born.charges_e.copy(),
        "dielectric": born.dielectric.copy(),
        "factor": constants.e / (4.0 * np.pi * constants.epsilon_0) * 1e10,
        "method": "wang",
    }
    for direction in ([0, 0, 1], [1, 0, 0], [1, 2, 3]):
        reciprocal = np.linalg.inv(table.phonons.atoms.cell[:])
        q = np.array(direction, dtype=float) @ np.linalg.inv(reciprocal.T)
        phonopy.run_qpoints([[0, 0, 0]], nac_q_direction=q)
        thz = phonopy.qpoints.frequencies[0]
        expected = thz * 1e12 / (constants.c * 100.0)
        found = longitudinal_wavenumbers_cm1(table, lines, born, np.array(direction))
        real = expected > 5.0
        np.testing.assert_allclose(found[real], expected[real], atol=0.05)


def test_only_modes_that_symmetry_allows_absorb(polar_table):
    table, born = polar_table
    lines = infrared_lines(table, born)
    assert lines.kind is IntensityKind.INTENSITY
    strength = (lines.mode_charges_e_per_sqrt_u**2).sum(axis=1)
    silent = ~table.labels.infrared_active
    members = np.concatenate(
        [table.labels.sets[n] for n in np.flatnonzero(silent & ~table.labels.acoustic)]
    )
    assert strength[members].max() < 1e-9 * strength.max()
    assert (lines.heights[silent] == 0.0).all()


def test_ionic_dielectric_follows_from_the_force_constants(polar_table):
    """The response to a static field from the Hessian itself, no modes: Zᵀ Φ⁺ Z/(ε₀ V)."""
    table, born = polar_table
    lines = infrared_lines(table, born)
    phonons = table.phonons
    flat = born.charges_e.transpose(1, 0, 2).reshape(3, -1)
    values, vectors = np.linalg.eigh(phonons.hessian_ev_a2)
    assert (values > -1e-6).all(), "the modes would leave a negative curvature out"
    kept = values > 1e-6
    response = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    scale = constants.e / constants.epsilon_0 * 1e10 / phonons.atoms.get_volume()
    np.testing.assert_allclose(
        ionic_dielectric(table, lines), scale * flat @ response @ flat.T, rtol=1e-3, atol=1e-3
    )


def test_untrusted_or_missing_charges_fall_back_to_character_and_say_so(polar_table):
    table, born = polar_table
    for charges in (
        None,
        BornCharges(
            charges_e=born.charges_e.copy(), dielectric=None, source="bad", sum_rule_error_e=50.0
        ),
    ):
        lines = infrared_lines(table, charges)
        assert lines.kind is IntensityKind.CHARACTER
        assert "no Born charges" in lines.reason or "not used" in lines.reason
        top = int(lines.heights.argmax())
        groups = (CoordinateGroup.ANTISYMMETRIC_CO, CoordinateGroup.SYMMETRIC_CO)
        assert any(top in table.band_sets(group) for group in groups)
        with pytest.raises(InputError, match="no infrared intensities"):
            ionic_dielectric(table, lines)


def test_splitting_without_a_dielectric_constant_is_refused(polar_table):
    table, born = polar_table
    bare = BornCharges(
        charges_e=born.charges_e.copy(), dielectric=None, source="given", sum_rule_error_e=0.0
    )
    with pytest.raises(InputError, match="dielectric constant"):
        longitudinal_wavenumbers_cm1(table, infrared_lines(table, bare), bare, np.array([0, 0, 1]))


#: Rock salt and zinc blende as one spring between two sublattices: lattice constant (Å), place of
#: the second atom, Born charge (e), ε∞, transverse wavenumber (cm⁻¹). Values near NaCl and GaAs.
DIATOMIC = {
    "NaCl": (5.64, (0.5, 0.5, 0.5), 1.10, 2.34, 164.0),
    "GaAs": (5.65, (0.25, 0.25, 0.25), 2.18, 10.9, 268.0),
}


@pytest.mark.parametrize("formula", DIATOMIC)
def test_lyddane_sachs_teller_holds_in_a_diatomic_cubic_crystal(formula):
    """LO and TO of two rigid charged sublattices from SI constants alone."""
    length, place, charge, screening, transverse = DIATOMIC[formula]
    atoms = Atoms(
        formula,
        cell=0.5 * length * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
        scaled_positions=[(0, 0, 0), place],
        pbc=True,
    )
    m1, m2 = atoms.get_masses() * constants.atomic_mass
    reduced = m1 * m2 / (m1 + m2)
    omega = 2.0 * np.pi * constants.c * 100.0 * transverse
    spring_ev_a2 = reduced * omega**2 / constants.e * 1e-20
    hessian = np.kron(spring_ev_a2 * np.array([[1.0, -1.0], [-1.0, 1.0]]), np.eye(3))
    wavenumbers, eigenvectors = gamma_modes(hessian, atoms.get_masses())
    table = mode_table(
        GammaPhonons(
            atoms=atoms, symmetry=symmetry_of(atoms), hessian_ev_a2=hessian,
            wavenumbers_cm1=wavenumbers, eigenvectors=eigenvectors, n_displacements=None,
            displacement_a=None, quality=None, relaxation=None, calculator={"name": "spring"},
            warnings=(),
        )
    )  # fmt: skip
    born = BornCharges(
        charges_e=charge * np.array([np.eye(3), -np.eye(3)]),
        dielectric=screening * np.eye(3),
        source="given",
        sum_rule_error_e=0.0,
    )
    lines = infrared_lines(table, born)
    np.testing.assert_allclose(wavenumbers[3:], transverse, rtol=1e-9)

    volume = length**3 / 4.0 * 1e-30
    plasma = (charge * constants.e) ** 2 / (constants.epsilon_0 * volume * reduced)
    expected = transverse * np.sqrt(1.0 + plasma / (screening * omega**2))
    static = screening * np.eye(3) + ionic_dielectric(table, lines)
    np.testing.assert_allclose(static, (screening + plasma / omega**2) * np.eye(3), atol=1e-9)
    for direction in ([0, 0, 1], [1, 1, 0], [1, -2, 5]):
        found = longitudinal_wavenumbers_cm1(table, lines, born, np.array(direction))
        np.testing.assert_allclose(found[3:], [transverse, transverse, expected], rtol=1e-8)
        assert (found[5] / found[4]) ** 2 == pytest.approx(static[0, 0] / screening, rel=1e-8)


def test_product_of_lo_over_to_is_the_ratio_of_dielectric_constants(polar_table):
    """The relation of Lyddane, Sachs and Teller for many modes and ε∞ that is no multiple of 1."""
    table, born = polar_table
    lines = infrared_lines(table, born)
    static = born.dielectric + ionic_dielectric(table, lines)
    real = table.labels.mode_wavenumbers_cm1 > 5.0
    for direction in ([0, 0, 1], [1, 0, 0], [1, 2, 3]):
        q = np.array(direction) / np.linalg.norm(direction)
        longitudinal = longitudinal_wavenumbers_cm1(table, lines, born, q)[real]
        product = float(np.prod((longitudinal / table.labels.mode_wavenumbers_cm1[real]) ** 2))
        assert product == pytest.approx((q @ static @ q) / (q @ born.dielectric @ q), rel=1e-5)
