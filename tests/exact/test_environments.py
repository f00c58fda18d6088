"""Bands told apart by metal environment, and measured ones beside them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from valence_models import softened, two_paddlewheels, valence_phonons

from reticulum.frameworks.bonds import BondKind, find_bonds
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.environments import (
    BANDS,
    carboxylate_environments,
    environment_table,
)
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.mode_csv import mode_table_csv
from reticulum.phonons.modes import mode_table
from reticulum.reference.environment_bands import load_environment_bands
from reticulum.reference.tables import load_band_positions
from reticulum.report.environment_comparison import (
    compare_environments,
    environment_differences,
    environments_to_dict,
    matching_compound,
)
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

SYMMETRIC, ANTISYMMETRIC = 0, 1  # in BANDS


@pytest.fixture(scope="module")
def table():
    """A crystal whose COO-Ru2 stretches have 0.81 of the stiffness of COO-Cu2."""
    atoms = two_paddlewheels()
    return mode_table(valence_phonons(atoms, softened(atoms, ("Ru", "Ru"), 0.81)))


def test_carboxylates_are_sorted_by_the_metals_they_bind():
    found = carboxylate_environments(two_paddlewheels(), find_carboxylates(two_paddlewheels()))
    assert [environment.label for environment in found] == ["COO-Cu2", "COO-Ru2"]
    assert [len(environment.carboxylates) for environment in found] == [4, 4]
    mixed = two_paddlewheels({0: "Ru"})
    found = carboxylate_environments(mixed, find_carboxylates(mixed))
    assert [environment.label for environment in found] == ["COO-CuRu", "COO-Ru2"]
    free = Atoms("CO2H", positions=[(0, 0, 0), (-0.6, 0, 1.115), (-0.6, 0, -1.115), (1.1, 0, 0)])
    (environment,) = carboxylate_environments(free, find_carboxylates(free))
    assert (environment.label, environment.metals) == ("COO", ())


def test_softer_stretches_of_one_environment_are_found_there(table):
    """The antisymmetric wavenumber goes with the root of the stiffness; bends add a little."""
    found = environment_table(table)
    copper, ruthenium = (bands[ANTISYMMETRIC] for bands in found.bands)
    assert (copper.environment, ruthenium.environment) == ("COO-Cu2", "COO-Ru2")
    assert ruthenium.centre_cm1 / copper.centre_cm1 == pytest.approx(0.9, abs=0.01)
    for bands in found.bands:
        for number in (SYMMETRIC, ANTISYMMETRIC):
            assert bands[number].apart > 0.99
            low, high = bands[number].range_cm1
            assert low - 1e-6 <= bands[number].centre_cm1 <= high + 1e-6
            assert bands[number].strongest_cm1 is None  # no intensities
    (pair,) = (pair for pair in found.pairs() if pair[0] == copper)
    assert pair == (copper, ruthenium)


def test_groups_alone_have_the_wavenumber_of_their_own_stiffness(table):
    """√(wᵀDw), from the Hessian directly; the ratio is the root of that of the stiffness."""
    found = environment_table(table)
    masses = np.repeat(table.phonons.atoms.get_masses(), 3)
    dynamical = table.phonons.hessian_ev_a2 / np.sqrt(np.outer(masses, masses))
    for environment, bands in zip(found.environments, found.bands, strict=True):
        chosen = (table.basis.groups == CoordinateGroup.ANTISYMMETRIC_CO) & np.isin(
            table.basis.carboxylate, environment.carboxylates
        )
        vectors = table.basis.vectors[:, chosen]
        mean = np.trace(vectors.T @ dynamical @ vectors) / chosen.sum()
        expected = np.sqrt(mean) * SQRT_EV_PER_U_A2_TO_CM1
        assert bands[ANTISYMMETRIC].alone_cm1 == pytest.approx(expected, rel=1e-6)
    copper, ruthenium = (bands[ANTISYMMETRIC].alone_cm1 for bands in found.bands)
    assert ruthenium / copper == pytest.approx(0.9, abs=0.01)


def test_equal_stretches_of_two_environments_mix_and_this_is_said():
    """With copper in both, the environments are one and the same; nothing is left to tell apart."""
    atoms = two_paddlewheels({18: "Cu", 19: "Cu"})
    found = environment_table(mode_table(valence_phonons(atoms)))
    assert [environment.label for environment in found.environments] == ["COO-Cu2"]
    assert found.bands[0][ANTISYMMETRIC].apart == pytest.approx(1.0)
    assert found.pairs() == ()
    # metals of the same mass, called by two names: modes of both paddlewheels mix
    atoms = two_paddlewheels({18: "Ag", 19: "Ag"})
    masses = atoms.get_masses()
    masses[[18, 19]] = masses[0]
    atoms.set_masses(masses)
    found = environment_table(mode_table(valence_phonons(atoms)))
    one, other = (bands[ANTISYMMETRIC] for bands in found.bands)
    assert one.centre_cm1 == pytest.approx(other.centre_cm1, abs=1.0)
    assert one.apart == pytest.approx(0.5, abs=0.05)
    assert one.alone_cm1 == pytest.approx(other.alone_cm1, abs=0.1)


def test_environments_add_to_the_character(table):
    """Σ over environments of a motion is its fraction; over all modes the number of coordinates."""
    found = environment_table(table)
    fractions = table.characters.fractions
    for column, motion in enumerate(BANDS):
        of_motion = fractions[:, list(motion.groups)].sum(axis=1)
        np.testing.assert_allclose(found.shares[:, :, column].sum(axis=1), of_motion, atol=1e-12)
    totals = np.einsum("s,sem->em", table.labels.dimensions, found.shares)
    expected = {"symmetric C-O stretch": 4, "antisymmetric C-O stretch": 4, "M-O stretch": 8,
                "M-M stretch": 1}  # fmt: skip
    for column, motion in enumerate(BANDS):
        if motion.label in expected:
            np.testing.assert_allclose(totals[:, column], expected[motion.label], atol=1e-9)


def test_bands_do_not_depend_on_the_order_of_atoms(table):
    atoms = table.phonons.atoms
    order = np.random.default_rng(3).permutation(len(atoms))
    moved = atoms[order]
    again = environment_table(
        mode_table(valence_phonons(moved, softened(moved, ("Ru", "Ru"), 0.81)))
    )
    for one, other in zip(environment_table(table).bands, again.bands, strict=True):
        for left, right in zip(one, other, strict=True):
            assert (left.environment, left.motion) == (right.environment, right.motion)
            if left.centre_cm1 is None:
                assert right.centre_cm1 is None
            else:
                assert right.centre_cm1 == pytest.approx(left.centre_cm1, abs=1e-4)
                assert right.apart == pytest.approx(left.apart, abs=1e-6)


def test_csv_has_a_column_for_each_motion_of_each_environment(table):
    lines = mode_table_csv(table).splitlines()
    comments = [line for line in lines if line.startswith("# COO-Ru2")]
    assert any("antisymmetric C-O stretch: centre" in line for line in comments)
    header, *rows = [line.split(",") for line in lines if not line.startswith("#")]
    names = [f"antisymmetric_C-O_stretch_COO-{metal}2" for metal in ("Cu", "Ru")]
    columns = [header.index(name) for name in ("antisymmetric_C-O_stretch", *names)]
    for row in rows:
        assert len(row) == len(header)
        whole, copper, ruthenium = (float(row[column]) for column in columns)
        assert whole == pytest.approx(copper + ruthenium, abs=2e-6)


def test_measured_numbers_are_those_of_the_other_table():
    known = {
        (entry.formula, entry.assignment, entry.wavenumber_cm1)
        for entry in load_band_positions()
        if entry.source == "Gao2020"
    }
    words = {
        "symmetric C-O stretch": "symmetric carboxylate stretch",
        "antisymmetric C-O stretch": "antisymmetric carboxylate stretch",
        "C-C stretch to the carboxylate": "C-COO stretch",
    }
    bands = load_environment_bands()
    assert {(b.compound, words[b.motion], b.wavenumber_cm1) for b in bands} == known
    assert {band.motion for band in bands} <= {motion.label for motion in BANDS}


@pytest.mark.parametrize(
    ("name", "compound"),
    [
        ("HKUST-1", "[Cu3(btc)2]"),
        ("Ru-HKUST-1", "[Ru6(btc)4Cl3]"),
        ("MOF-5", None),
        ("MUV-10-Mn", None),
        ("calcite", None),
    ],
)
def test_measured_compounds_are_recognised(name, compound):
    atoms = symmetrised_primitive(read_structure(name)).atoms
    assert matching_compound(atoms, len(find_carboxylates(atoms))) == compound


def test_copper_formate_is_not_hkust1(table):
    assert matching_compound(table.phonons.atoms, len(table.carboxylates)) is None
    assert compare_environments(table, environment_table(table)) == ()


@pytest.fixture(scope="module")
def ordered():
    """HKUST-1 with one of three paddlewheels of ruthenium, its stretches softer."""
    atoms = symmetrised_primitive(read_structure("HKUST-1")).atoms
    pairs = [(i, j.index) for i, j, _ in find_bonds(atoms).bonds(BondKind.METAL_METAL)]
    for pair in pairs[:2]:
        atoms.symbols[list(pair)] = "Ru"
    return mode_table(valence_phonons(atoms, softened(atoms, ("Ru", "Ru"), 0.97)))


def test_computed_differences_stand_beside_measured_ones(ordered):
    found = environment_table(ordered)
    compared = {
        (entry.environment, entry.measured.motion): entry
        for entry in compare_environments(ordered, found)
    }
    assert {key: entry.measured.wavenumber_cm1 for key, entry in compared.items()} == {
        ("COO-Cu2", "symmetric C-O stretch"): 1447.0,
        ("COO-Cu2", "antisymmetric C-O stretch"): 1642.0,
        ("COO-Ru2", "symmetric C-O stretch"): 1426.0,
        ("COO-Cu2", "C-C stretch to the carboxylate"): 755.0,
    }
    entry = compared["COO-Cu2", "antisymmetric C-O stretch"]
    assert entry.deviation_cm1 == pytest.approx(entry.centre_cm1 - 1642.0)
    differences = {entry.motion: entry for entry in environment_differences(ordered, found)}
    symmetric = differences["symmetric C-O stretch"]
    assert (symmetric.first, symmetric.second) == ("COO-Cu2", "COO-Ru2")
    assert symmetric.measured_cm1 == pytest.approx(1447.0 - 1426.0)
    assert symmetric.parents_cm1 == pytest.approx(1443.0 - 1432.0)
    assert symmetric.computed_cm1 > 0.0
    assert symmetric.alone_cm1 > 0.0
    antisymmetric = differences["antisymmetric C-O stretch"]
    assert antisymmetric.computed_cm1 > 0.0
    assert antisymmetric.measured_cm1 is None
    plain = environments_to_dict(ordered, found)
    assert json.loads(json.dumps(plain)) == plain


def test_modes_of_a_framework_are_described(ordered):
    """Above 400 cm⁻¹ stretches, bends and ring deformations leave next to nothing."""
    high = ordered.labels.wavenumbers_cm1 > 400.0
    assert ordered.characters.other[high].max() < 0.01
