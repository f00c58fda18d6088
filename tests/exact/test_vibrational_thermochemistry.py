"""Harmonic thermochemistry against published numbers and limits; modes common to two structures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ortho_group

from reticulum.errors import InputError
from reticulum.thermal.loose_thermodynamics import (
    LooseBands,
    LooseThermodynamics,
    loose_prediction,
)
from reticulum.thermal.two_state import two_state_prediction
from reticulum.thermal.vibrational_thermochemistry import (
    CommonModes,
    common_modes,
    mode_heat_capacities,
    vibrational_thermochemistry,
)
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, SQRT_EV_PER_U_A2_TO_CM1

R = GAS_CONSTANT_J_PER_MOL_K


def test_one_mode_of_250_wavenumbers_at_room_temperature():
    found = vibrational_thermochemistry([250.0], 298.15)
    assert found.free_energy_j_mol[0] == pytest.approx(613.746, abs=5e-4)
    assert found.energy_j_mol[0] == pytest.approx(2772.574, abs=5e-4)
    assert found.entropy_j_mol_k[0] == pytest.approx(7.240745, abs=5e-7)
    assert found.heat_capacity_j_mol_k[0] == pytest.approx(7.375377, abs=5e-7)


def test_derivatives_of_the_free_energy_are_the_other_functions():
    wavenumbers = [35.0, 250.0, 1600.0]
    t, h = 300.0, 0.01
    low, here, high = (vibrational_thermochemistry(wavenumbers, x) for x in (t - h, t, t + h))
    slope = (high.free_energy_j_mol - low.free_energy_j_mol) / (2 * h)
    assert here.entropy_j_mol_k == pytest.approx(-slope, rel=1e-7)
    slope = (high.energy_j_mol - low.energy_j_mol) / (2 * h)
    assert here.heat_capacity_j_mol_k == pytest.approx(slope, rel=1e-7)


def test_limits_of_hot_and_cold_modes():
    hot = vibrational_thermochemistry([1.0], 5000.0)
    assert hot.heat_capacity_j_mol_k[0] == pytest.approx(R, rel=1e-7)
    assert hot.energy_j_mol[0] == pytest.approx(R * 5000.0, rel=1e-7)
    cold = vibrational_thermochemistry([3000.0], 5.0)
    assert cold.entropy_j_mol_k[0] == pytest.approx(0.0, abs=1e-300)
    assert cold.free_energy_j_mol[0] == pytest.approx(cold.energy_j_mol[0])
    assert np.all(mode_heat_capacities([1.0, 250.0, 3000.0], 298.15) <= R)
    assert vibrational_thermochemistry([], [100.0, 200.0]).entropy_j_mol_k.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("bad", [0.0, -30.0, np.nan])
def test_imaginary_modes_have_no_thermochemistry(bad):
    with pytest.raises(InputError, match="wavenumber"):
        vibrational_thermochemistry([250.0, bad], 298.15)


MASSES = np.array([1.0, 12.0, 16.0, 63.5])


def hessian_of(wavenumbers, seed, masses=MASSES):
    """Hessian whose internal modes have these wavenumbers (negative: imaginary)."""
    roots = np.sqrt(np.repeat(masses, 3))
    translations = roots[:, None] * np.tile(np.eye(3), (len(masses), 1))
    noise = np.random.default_rng(seed).normal(size=(3 * len(masses), len(wavenumbers)))
    basis, _ = np.linalg.qr(np.hstack([translations, noise]))
    modes = basis[:, 3:]
    values = np.sign(wavenumbers) * (np.array(wavenumbers) / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    return roots[:, None] * (modes * values @ modes.T) * roots[None, :]


STIFF = np.array([100.0, 150.0, 220.0, 300.0, 420.0, 600.0, 900.0, 1400.0, 1600.0])


def test_minima_keep_all_their_modes():
    found = common_modes(hessian_of(STIFF, 1), hessian_of(0.9 * STIFF, 2), MASSES)
    np.testing.assert_allclose(found.first_cm1, STIFF, rtol=1e-9)
    np.testing.assert_allclose(found.second_cm1, 0.9 * STIFF, rtol=1e-9)
    assert (found.n_held_first, found.n_held_second) == (0, 0)


def test_imaginary_modes_are_held_on_both_sides_alike():
    saddle = np.array([-60.0, *STIFF[1:]])
    same = common_modes(hessian_of(saddle, 1), hessian_of(STIFF, 1), MASSES)
    # The other structure has the same eigenvectors: exactly its partner of the mode goes.
    np.testing.assert_allclose(same.first_cm1, STIFF[1:], rtol=1e-9)
    np.testing.assert_allclose(same.second_cm1, STIFF[1:], rtol=1e-9)
    assert (same.n_held_first, same.n_held_second) == (1, 0)
    other = common_modes(hessian_of(STIFF, 1), hessian_of(saddle, 2), MASSES)
    assert (other.n_held_first, other.n_held_second) == (0, 1)
    # Holding one motion can only stiffen what is left (Cauchy's interlacing).
    assert np.all(other.first_cm1 >= STIFF[:-1] - 1e-9)
    assert np.all(other.first_cm1 <= STIFF[1:] + 1e-9)
    np.testing.assert_allclose(other.second_cm1, STIFF[1:], rtol=1e-9)


def test_common_modes_do_not_depend_on_orientation_or_order():
    first, second = hessian_of([-60.0, *STIFF[1:]], 1), hessian_of([-20.0, -5.0, *STIFF[2:]], 2)
    reference = common_modes(first, second, MASSES)
    turn = ortho_group.rvs(3, random_state=4)
    order = np.array([2, 0, 3, 1])
    place = np.kron(np.eye(4)[order], turn)
    found = common_modes(place @ first @ place.T, place @ second @ place.T, MASSES[order])
    np.testing.assert_allclose(found.first_cm1, reference.first_cm1, rtol=1e-7)
    np.testing.assert_allclose(found.second_cm1, reference.second_cm1, rtol=1e-7)
    assert found.n_held_first == reference.n_held_first == 1


def test_hessians_of_different_crystals_are_refused():
    with pytest.raises(InputError, match="Hessians"):
        common_modes(np.eye(12), np.eye(9), MASSES)


def thermodynamics(tight, loose, **kwargs):
    tight, loose = np.array(tight, dtype=float), np.array(loose, dtype=float)
    defaults = {
        "bonds": "one bond",
        "n_carboxylates": 1,
        "energy_kj_mol": 6.0,
        "energy_error_kj_mol": 3.0,
        "degeneracy": 1.0,
        "modes": CommonModes(first_cm1=tight, second_cm1=loose, n_held_first=0, n_held_second=0),
        "bands": LooseBands(
            antisymmetric_tight=1596.0,
            antisymmetric_loose=1587.0,
            symmetric_tight=1400.0,
            symmetric_loose=1400.0,
        ),
    }
    return LooseThermodynamics(**(defaults | kwargs))


def test_classical_entropy_is_the_logarithm_of_the_ratios():
    """22 J/mol/K need a product of ratios of 14.1."""
    soft = thermodynamics([50.0, 40.0], [50.0 / 14.1**0.5, 40.0 / 14.1**0.5])
    assert soft.classical_entropy_j_mol_k == pytest.approx(22.0, abs=0.01)
    # Hot enough, the quantum entropy is the classical one.
    assert soft.entropy_j_mol_k(3000.0)[0] == pytest.approx(22.0, abs=0.01)
    assert soft.n_softened == 2
    assert soft.heat_capacity_bound_j_mol_k == pytest.approx(2 * R)
    assert (
        0.0
        < soft.heat_capacity_j_mol_k(298.15)[0]
        < soft.sharper_heat_capacity_bound_j_mol_k
        < soft.heat_capacity_bound_j_mol_k
    )


def test_degeneracy_and_number_of_carboxylates():
    one = thermodynamics([100.0], [50.0])
    two_ways = thermodynamics([100.0], [50.0], degeneracy=2.0)
    gained = two_ways.entropy_j_mol_k(298.15) - one.entropy_j_mol_k(298.15)
    assert gained[0] == pytest.approx(R * np.log(2.0))
    four = thermodynamics([100.0] * 4, [50.0] * 4, n_carboxylates=4)
    np.testing.assert_allclose(four.entropy_j_mol_k(298.15), one.entropy_j_mol_k(298.15))
    np.testing.assert_allclose(four.enthalpy_kj_mol(298.15), one.enthalpy_kj_mol(298.15))


def test_equal_populations_and_the_error_of_the_energy():
    state = thermodynamics([200.0, 200.0], [60.0, 60.0])
    t = state.equal_populations_k()
    assert state.free_energy_kj_mol(t)[0] == pytest.approx(0.0, abs=1e-9)
    found = loose_prediction(state, antisymmetric=True)
    low, high = found.equal_populations_range_k
    assert low < t < high
    assert found.slope_low_cm1_per_k <= found.slope_cm1_per_k <= found.slope_high_cm1_per_k < 0.0
    assert found.slope_error_cm1_per_k > 0.0
    # Populations of the two-state form and of the harmonic free energies agree at 298.15 K.
    parameters = state.two_state_parameters(antisymmetric=True)
    ln_k = two_state_prediction(parameters, [298.15]).ln_k[0]
    assert ln_k == pytest.approx(-1000.0 * state.free_energy_kj_mol(298.15)[0] / (R * 298.15))
    assert loose_prediction(state, antisymmetric=False) is None  # one position, no shift
    never = thermodynamics([200.0], [300.0])
    assert never.equal_populations_k() is None


@pytest.mark.parametrize(
    "change", [{"energy_kj_mol": np.nan}, {"n_carboxylates": 0}, {"degeneracy": 0.0}]
)
def test_impossible_states_are_refused(change):
    with pytest.raises(InputError):
        thermodynamics([200.0], [100.0], **change)
