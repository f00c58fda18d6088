"""Two coupled modes: exact levels, second-order perturbation, and the tensors of many modes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from reticulum.errors import CalculationError, InputError
from reticulum.thermal.classical_artefact import (
    classical_slope,
    coupling_artefact,
    morse_artefact,
)
from reticulum.thermal.coupled_modes import (
    CoupledModes,
    perturbation_terms,
    perturbed_levels,
)
from reticulum.thermal.coupled_modes_exact import exact_levels
from reticulum.thermal.mode_coupling import (
    ModeCouplings,
    Term,
    bubble_fractions,
    coupling_terms,
    resonance_shifts,
    thermal_shift_cm1,
)
from reticulum.thermal.morse import MorseOscillator, TransitionWeight
from reticulum.thermal.slopes import Curvature, slope_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K

PUBLISHED_CHECK = {"iij": -40.0, "jjj": -60.0, "iijj": -6.0, "jjjj": 12.0}


@pytest.fixture(scope="module")
def check():
    return CoupledModes.from_constants(1620.0, 200.0, **PUBLISHED_CHECK)


def test_terms_of_the_two_mode_check(check):
    terms = perturbation_terms(check)
    assert terms.quartic_cm1 == pytest.approx(-1.5, abs=1e-12)
    assert terms.relaxation_cm1 == pytest.approx(-3.0, abs=1e-12)
    assert terms.bubble_cm1 == pytest.approx(-0.123929, abs=5e-7)
    assert terms.total_cm1 == pytest.approx(-4.623929, abs=5e-7)
    assert not terms.resonant


def test_perturbation_becomes_exact_in_fourth_order(check):
    """Cubic constants times λ, quartic ones times λ²: what is left out falls as λ⁴."""
    left = []
    for factor in (0.5, 0.25, 0.125):
        modes = check.scaled(factor)
        exact = exact_levels(modes, n_watched=2, n_moving=4, limit_cm1=1e-6)
        assert exact.level_error_cm1 <= 1e-6
        perturbed = perturbed_levels(modes, n_watched=2, n_moving=4)
        left.append(exact.fundamentals_cm1 - perturbed.fundamentals_cm1)
    for before, after in itertools.pairwise(left):
        np.testing.assert_allclose(before / after, 16.0, rtol=0.05)
    assert np.abs(left[-1]).max() < 1e-3


def test_fundamentals_in_each_state_of_the_moving_mode(check):
    exact = exact_levels(check, n_watched=2, n_moving=6, limit_cm1=0.01)
    assert exact.is_clear
    steps = np.diff(exact.fundamentals_cm1)
    # Each quantum of j shifts the band by x_ij and a little more, the further up the more.
    np.testing.assert_allclose(steps[0], -4.62, atol=0.5)
    assert np.all(np.diff(steps) < 0.0)


def test_uncoupled_modes_are_a_morse_like_and_a_harmonic_oscillator():
    harmonic = exact_levels(CoupledModes.from_constants(500.0, 300.0), n_moving=5)
    expected = 500.0 * (np.arange(3)[:, None] + 0.5) + 300.0 * (np.arange(5)[None, :] + 0.5)
    np.testing.assert_allclose(harmonic.levels_cm1, expected, atol=1e-8)
    np.testing.assert_allclose(harmonic.overlaps, 1.0, atol=1e-10)
    # Constants of a Morse potential: second order is exact for it, x = -ω_e x_e.
    omega, x = 1000.0, 4.0
    a = np.sqrt(2.0 * x / omega)  # exponent per dimensionless coordinate
    depth = omega**2 / (4.0 * x)
    cubic, quartic = -6.0 * depth * a**3, 14.0 * depth * a**4
    modes = CoupledModes.from_constants(omega, 300.0, iii=cubic, iiii=quartic)
    ladder = perturbed_levels(modes, n_watched=4).levels_cm1[:, 0]
    morse = MorseOscillator(harmonic_cm1=omega, anharmonicity_cm1=x, mass_amu=1.0)
    np.testing.assert_allclose(np.diff(ladder), morse.transitions_cm1()[:3], rtol=1e-12)


def test_thermal_band_of_weakly_coupled_modes():
    modes = CoupledModes.from_constants(1620.0, 200.0, iij=-10.0, jjj=-15.0, iijj=-4.0, jjjj=2.0,
                                        iii=-100.0, iiii=40.0)  # fmt: skip
    exact = exact_levels(modes, n_watched=2, n_moving=28)
    perturbed = perturbed_levels(modes, n_watched=2, n_moving=28)
    np.testing.assert_allclose(exact.populations([300.0]).sum(), 1.0, rtol=1e-12)
    slope = exact.slope()
    assert slope.slope_cm1_per_k == pytest.approx(-0.0039, abs=1e-4)
    assert slope.curvature is Curvature.STEEPENS
    assert perturbed.slope().slope_cm1_per_k == pytest.approx(slope.slope_cm1_per_k, rel=0.03)
    # With the lowest two levels of i only, all three weights give nearly the same.
    t = slope_temperatures_k()
    population = exact.band_cm1(t, TransitionWeight.POPULATION)
    np.testing.assert_allclose(exact.band_cm1(t), population, atol=0.02)
    # The formula with Bose occupations is the same thing.
    couplings = modes.couplings(0)
    x = sum(coupling_terms(couplings).values())
    shift = thermal_shift_cm1(couplings, x, t)
    np.testing.assert_allclose(
        shift - shift[0], perturbed.band_cm1(t) - perturbed.band_cm1(t)[0], atol=0.12
    )


def test_too_few_levels_are_refused():
    levels = perturbed_levels(CoupledModes.from_constants(1620.0, 100.0, iijj=-1.0), n_moving=8)
    with pytest.raises(CalculationError, match="highest level"):
        levels.band_cm1([400.0])


def test_a_force_field_without_bottom_is_refused():
    modes = CoupledModes.from_constants(1620.0, 200.0, jjj=-60.0)
    with pytest.raises(CalculationError, match="do not converge"):
        exact_levels(modes, n_watched=2, n_moving=20, largest_basis=700)


@pytest.mark.parametrize("name", ["ij", "iik", "iijjj"])
def test_names_of_constants_are_checked(name):
    with pytest.raises(InputError, match="no name"):
        CoupledModes.from_constants(1.0, 1.0, **{name: 1.0})


# --- three modes against perturbation theory by sums over states ----------------------------------


def random_tensors(random, n, size):
    cubic, quartic = np.zeros((n,) * 3), np.zeros((n,) * 4)
    for tensor in (cubic, quartic):
        for indices in itertools.combinations_with_replacement(range(n), tensor.ndim):
            value = random.normal(scale=size)
            for order in set(itertools.permutations(indices)):
                tensor[order] = value
    return cubic, quartic


def second_order_energies(omega, cubic, quartic, size=8):
    """Second-order energy of each product state, by sums over states; brute force."""
    q = np.diag(np.sqrt(np.arange(1, size + 4) / 2.0), 1)
    powers = [np.linalg.matrix_power(q + q.T, p)[:size, :size] for p in range(5)]
    matrices = []
    for tensor, factorial in ((cubic, 6.0), (quartic, 24.0)):
        matrix = np.zeros((size,) * 6)
        for indices in itertools.product(range(3), repeat=tensor.ndim):
            factors = [powers[indices.count(mode)] for mode in range(3)]
            matrix += tensor[indices] / factorial * np.einsum("ad,be,cf->abcdef", *factors)
        matrices.append(matrix.reshape(size**3, -1))
    third, fourth = matrices
    quanta = np.stack(np.meshgrid(*[np.arange(size)] * 3, indexing="ij"), axis=-1)
    harmonic = ((quanta + 0.5) @ omega).ravel()

    def energy(state):
        index = np.ravel_multi_index(state, (size,) * 3)
        gaps = harmonic[index] - harmonic
        gaps[index] = np.inf
        return fourth[index, index] + float((third[index] ** 2 / gaps).sum())

    return energy


def test_couplings_of_three_modes_are_those_of_sums_over_states():
    random = np.random.default_rng(7)
    omega = np.array([1000.0, 640.0, 271.0])
    cubic, quartic = random_tensors(random, 3, 10.0)
    energy = second_order_energies(omega, cubic, quartic)
    units = np.eye(3, dtype=int)
    for i in range(3):
        couplings = ModeCouplings.from_tensors(
            i, wavenumbers_cm1=omega, cubic_cm1=cubic, quartic_cm1=np.einsum("iijj->ij", quartic)
        )
        x = sum(coupling_terms(couplings).values())
        for j in range(3):
            mixed = (energy(tuple(units[i] + units[j])) - energy(tuple(units[i]))
                     - energy(tuple(units[j])) + energy((0, 0, 0)))  # fmt: skip
            expected = 2.0 * mixed if i == j else mixed  # x_ii (n + ½)² counts 4 x_ii = 2 · 2 x_ii
            assert x[j] == pytest.approx(expected, rel=1e-9)


def test_partners_of_a_degenerate_set_may_be_chosen_at_will():
    random = np.random.default_rng(3)
    omega = np.array([1500.0, 320.0, 320.0, 90.0])
    cubic, quartic = random_tensors(random, 4, 8.0)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[0.6, -0.8], [0.8, 0.6]]
    turned_cubic = np.einsum("abc,ai,bj,ck->ijk", cubic, turn, turn, turn)
    turned_quartic = np.einsum("abcd,ai,bj,ck,dl->ijkl", quartic, turn, turn, turn, turn)
    sets = ((0,), (1, 2), (3,))
    results = []
    for third, fourth in ((cubic, quartic), (turned_cubic, turned_quartic)):
        couplings = ModeCouplings.from_tensors(
            0, wavenumbers_cm1=omega, cubic_cm1=third,
            quartic_cm1=np.einsum("iijj->ij", fourth), sets=sets,
        )  # fmt: skip
        results.append(np.array(list(coupling_terms(couplings).values())))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12)


def test_a_fermi_resonance_is_left_out_and_said():
    """1500 = 900 + 600.5: the formula diverges, two levels do not."""
    omega = np.array([1500.0, 900.0, 600.5])
    cubic = np.zeros((3, 3, 3))
    for order in itertools.permutations((0, 1, 2)):
        cubic[order] = 30.0
    couplings = ModeCouplings.from_tensors(
        0, wavenumbers_cm1=omega, cubic_cm1=cubic, quartic_cm1=np.zeros((3, 3))
    )
    fractions = bubble_fractions(couplings, 300.0)
    without = coupling_terms(couplings, fractions)[Term.BUBBLE]
    everything = coupling_terms(couplings)[Term.BUBBLE]
    assert fractions.resonant.sum() == 2  # the pair (1, 2) and (2, 1)
    assert np.abs(without).max() < 0.5
    assert np.abs(everything).max() > 100.0
    left = resonance_shifts(couplings, fractions, [10.0, 300.0])
    assert left.n_resonances == 1
    matrix_element = 30.0 / np.sqrt(8.0)
    assert left.strongest[0][2] == pytest.approx(0.5)
    assert left.second_order_cm1[0] == pytest.approx(-(matrix_element**2) / 0.5, rel=1e-6)
    levels = np.linalg.eigvalsh([[0.0, matrix_element], [matrix_element, 0.5]])
    assert left.two_levels_cm1[0] == pytest.approx(levels[0], rel=1e-6)
    # By formula the fractions that stay and those that go are together the whole.
    t = [10.0, 300.0]
    np.testing.assert_allclose(
        thermal_shift_cm1(couplings, without, t) + left.second_order_cm1,
        thermal_shift_cm1(couplings, everything, t),
        rtol=1e-9,
    )


def test_a_hot_band_resonance_goes_the_other_way():
    """ω_i + ω_k = ω_j + 2: with a quantum of k the mode is pushed away from j, upwards."""
    omega = np.array([1500.0, 1560.0, 62.0])
    cubic = np.zeros((3, 3, 3))
    for order in itertools.permutations((0, 1, 2)):
        cubic[order] = 12.0
    couplings = ModeCouplings.from_tensors(
        0, wavenumbers_cm1=omega, cubic_cm1=cubic, quartic_cm1=np.zeros((3, 3))
    )
    t = np.array([50.0, 400.0])
    fractions = bubble_fractions(couplings, 400.0)
    assert fractions.resonant[2, 1, 2]
    left = resonance_shifts(couplings, fractions, t)
    assert np.all(left.two_levels_cm1 > 0.0)
    assert np.all(left.two_levels_cm1 < left.second_order_cm1)
    without = coupling_terms(couplings, fractions)[Term.BUBBLE]
    everything = coupling_terms(couplings)[Term.BUBBLE]
    np.testing.assert_allclose(
        thermal_shift_cm1(couplings, without, t) + left.second_order_cm1,
        thermal_shift_cm1(couplings, everything, t),
        rtol=1e-9,
    )


# --- the classical artefact -----------------------------------------------------------------------


def test_classical_slope_of_a_carbonyl():
    assert classical_slope(1620.0, 10.0, power_spectrum=False) == pytest.approx(-0.0086, abs=5e-5)
    assert classical_slope(1620.0, 10.0) == pytest.approx(-0.0172, abs=5e-5)


def test_the_artefact_comes_off():
    by_population = morse_artefact(1620.0, 10.0, power_spectrum=False)
    assert by_population.quantum_cm1_per_k == pytest.approx(-0.0005, abs=5e-5)
    assert by_population.artefact_cm1_per_k == pytest.approx(-0.0081, abs=1e-4)
    assert by_population.corrected(-0.0286) == pytest.approx(-0.0205, abs=1e-4)
    spectrum = morse_artefact(1620.0, 10.0)
    assert spectrum.artefact_cm1_per_k < by_population.artefact_cm1_per_k


def test_artefact_of_couplings():
    # 4 x_ii = -40 at 1620 cm⁻¹ is the Morse oscillator of the power spectrum.
    own = coupling_artefact([1620.0], [-40.0])
    assert own.classical_cm1_per_k == pytest.approx(classical_slope(1620.0, 10.0), rel=1e-12)
    # Its levels come closer further up, so that it is a little hotter than the formula knows.
    assert own.quantum_cm1_per_k == pytest.approx(
        morse_artefact(1620.0, 10.0).quantum_cm1_per_k, rel=0.08
    )
    soft = coupling_artefact([40.0], [-1.0])
    assert soft.classical_cm1_per_k == pytest.approx(-BOLTZMANN_CM1_PER_K / 40.0)
    assert abs(soft.artefact_cm1_per_k) < 0.01 * abs(soft.classical_cm1_per_k)
    with pytest.raises(InputError, match="2 wavenumbers"):
        coupling_artefact([100.0, 200.0], [1.0])
