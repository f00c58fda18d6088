"""What the program must show: HKUST-1 and MOF-5 with the default calculator (minutes)."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.engines.build import resolve_engine
from reticulum.frameworks.reading import read_structure
from reticulum.phonons.gamma import load_gamma_phonons
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import gamma_phonons, open_run

pytestmark = pytest.mark.slow


def computed_table(name, folder):
    with open_run(read_structure(name), resolve_engine("gfn1-xtb"), folder, label=name) as run:
        phonons = gamma_phonons(run)
    return mode_table(phonons)


@pytest.fixture(scope="module")
def mof5(tmp_path_factory):
    return computed_table("MOF-5", tmp_path_factory.mktemp("mof5") / "run")


@pytest.fixture(scope="module")
def hkust1(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hkust1") / "run"
    return computed_table("HKUST-1", folder), folder


def test_mof5_needs_19_displacements_and_has_no_imaginary_mode(mof5):
    assert mof5.phonons.symmetry.symbol == "Fm-3m"
    assert len(mof5.phonons.atoms) == 106
    assert mof5.phonons.n_displacements == 19
    assert mof5.imaginary == ()
    assert mof5.phonons.wavenumbers_cm1.min() > -1.0
    assert mof5.phonons.wavenumbers_cm1[3] > 5.0


def test_mof5_bands_lie_within_40_of_pbesol(mof5):
    """PBEsol of the published force constants: 1385 and 1615 cm⁻¹."""
    for group, expected in (
        (CoordinateGroup.SYMMETRIC_CO, 1385.0),
        (CoordinateGroup.ANTISYMMETRIC_CO, 1615.0),
    ):
        low, high = mof5.band_cm1(group)
        assert expected - 40 <= low <= high <= expected + 40


def test_mof5_modes_are_all_labelled(mof5):
    assert mof5.labels.is_complete
    assert int(mof5.labels.dimensions.sum()) == 318
    assert {c.binding_mode.value for c in mof5.carboxylates} == {"bridging"}
    assert len(mof5.carboxylates) == 12


def test_mof5_force_constants_are_sound(mof5):
    quality = mof5.phonons.quality
    assert quality.asymmetry_ev_a2 < 1e-3 * quality.largest_ev_a2
    assert quality.translation_ev_a2 < 1e-3 * quality.largest_ev_a2


def test_hkust1_geometry(hkust1):
    """Fixed experimental cell, everything else relaxed."""
    table, _ = hkust1
    metal_oxygen = [c.mean_metal_oxygen_distance for c in table.carboxylates]
    carbon_oxygen = [c.mean_co_distance for c in table.carboxylates]
    np.testing.assert_allclose(metal_oxygen, 1.99, atol=0.01)
    np.testing.assert_allclose(carbon_oxygen, 1.25, atol=0.01)
    np.testing.assert_allclose(
        table.phonons.atoms.get_volume() * 4, 26.343**3, rtol=0.01
    )  # the conventional cell of the crystal structure


def test_hkust1_needs_24_displacements_and_all_carboxylates_bridge(hkust1):
    table, _ = hkust1
    assert table.phonons.n_displacements == 24
    assert len(table.phonons.atoms) == 156
    assert len(table.carboxylates) == 24
    assert {c.binding_mode.value for c in table.carboxylates} == {"bridging"}


def test_hkust1_bands(hkust1):
    table, _ = hkust1
    low, high = table.band_cm1(CoordinateGroup.SYMMETRIC_CO)
    assert 1340 <= low <= high <= 1450
    low, high = table.band_cm1(CoordinateGroup.ANTISYMMETRIC_CO)
    assert 1570 <= low <= high <= 1700


def test_hkust1_says_which_spin_state_it_has(hkust1):
    state = hkust1[0].phonons.calculator["state"]
    assert "High spin" in state
    assert "multiplicity 13" in state
    assert "antiferromagnetic" in state


def test_hkust1_imaginary_modes_are_shown(hkust1):
    """GFN1 high spin leaves about twelve, between -60 and -24 cm⁻¹: named, never dropped."""
    table, _ = hkust1
    assert table.n_imaginary_modes == int((table.phonons.wavenumbers_cm1 < -1.0).sum())
    assert 0 < table.n_imaginary_modes <= 20
    assert table.phonons.wavenumbers_cm1.min() > -100.0


def test_hkust1_run_is_read_back(hkust1):
    table, folder = hkust1
    loaded = load_gamma_phonons(folder)
    np.testing.assert_allclose(loaded.wavenumbers_cm1, table.phonons.wavenumbers_cm1, atol=0.05)
