"""Laws of oscillator levels and thermal averages for any potential."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticulum.thermal.harmonic import harmonic_mean_square_a2
from reticulum.thermal.morse import MorseOscillator, TransitionWeight
from reticulum.thermal.oscillator import (
    boltzmann_populations,
    solve_dvr,
    thermal_average,
)
from reticulum.units import BOLTZMANN_CM1_PER_K, HBAR2_OVER_2U_A2_CM1

SETTINGS = settings(deadline=None, max_examples=25)
GRID = np.linspace(-1.0, 1.0, 160)

quartic = st.tuples(
    st.floats(-8000.0, 8000.0), st.floats(-3000.0, 3000.0), st.floats(25000.0, 60000.0)
)


def polynomial(coefficients, x):
    a, b, c = coefficients
    return a * x**2 + b * x**3 + c * x**4


@SETTINGS
@given(quartic, st.floats(8.0, 30.0))
def test_levels_do_not_depend_on_the_grid(coefficients, mass):
    fine = np.linspace(-1.15, 1.2, 260)
    a = solve_dvr(polynomial(coefficients, GRID), GRID, mass, n_levels=6)
    b = solve_dvr(polynomial(coefficients, fine), fine, mass, n_levels=6)
    np.testing.assert_allclose(a.energies_cm1, b.energies_cm1, rtol=0.0, atol=1e-5)
    one = thermal_average(solve_dvr(polynomial(coefficients, GRID), GRID, mass), GRID, [300.0])
    two = thermal_average(solve_dvr(polynomial(coefficients, fine), fine, mass), fine, [300.0])
    if one.is_converged and two.is_converged:
        assert one.values[0] == pytest.approx(two.values[0], abs=1e-6)


@SETTINGS
@given(quartic, st.floats(-1e5, 1e5), st.floats(-5.0, 5.0), st.floats(50.0, 800.0))
def test_zero_of_energy_and_origin_of_the_coordinate_do_not_matter(
    coefficients, offset, origin, temperature
):
    potential = polynomial(coefficients, GRID)
    a = solve_dvr(potential, GRID, 12.8)
    b = solve_dvr(potential + offset, GRID + origin, 12.8)
    np.testing.assert_allclose(b.energies_cm1[:20] - offset, a.energies_cm1[:20], atol=1e-6)
    x = thermal_average(a, GRID, [temperature]).values[0]
    y = thermal_average(b, GRID + origin, [temperature]).values[0]
    assert y - origin == pytest.approx(x, abs=1e-8)


@SETTINGS
@given(quartic, st.floats(50.0, 800.0))
def test_a_mirrored_potential_mirrors_the_average(coefficients, temperature):
    potential = polynomial(coefficients, GRID)
    a = thermal_average(solve_dvr(potential, GRID, 12.8), GRID, [temperature])
    b = thermal_average(solve_dvr(potential[::-1], GRID, 12.8), GRID, [temperature])
    assert b.values[0] == pytest.approx(-a.values[0], abs=1e-9)
    np.testing.assert_allclose(b.edge_density[:, ::-1], a.edge_density, rtol=1e-6, atol=1e-12)


@SETTINGS
@given(quartic, st.floats(50.0, 800.0), st.floats(-2000.0, 2000.0), st.floats(-3.0, 3.0))
def test_the_average_is_linear_and_bounded(coefficients, temperature, constant, factor):
    levels = solve_dvr(polynomial(coefficients, GRID), GRID, 12.8)
    values = np.cos(3.0 * GRID)
    plain = thermal_average(levels, values, [temperature]).values[0]
    assert values.min() <= plain <= values.max()
    mixed = thermal_average(levels, constant + factor * values, [temperature]).values[0]
    assert mixed == pytest.approx(constant + factor * plain, abs=1e-9 * (1.0 + abs(constant)))


@SETTINGS
@given(st.floats(60.0, 600.0), st.floats(4.0, 40.0), st.floats(20.0, 700.0))
def test_harmonic_mean_square_is_the_coth_formula(wavenumber, mass, temperature):
    force = wavenumber**2 * mass / (4.0 * HBAR2_OVER_2U_A2_CM1)
    exact = (
        HBAR2_OVER_2U_A2_CM1
        / (mass * wavenumber)
        / np.tanh(wavenumber / (2.0 * BOLTZMANN_CM1_PER_K * temperature))
    )
    assert harmonic_mean_square_a2(wavenumber, mass, temperature)[0] == pytest.approx(
        exact, rel=1e-12
    )
    reach = 8.0 * np.sqrt(exact)
    grid = np.linspace(-reach, reach, 220)
    average = thermal_average(solve_dvr(force * grid**2, grid, mass), grid**2, [temperature])
    assert average.is_converged
    assert average.values[0] == pytest.approx(exact, rel=1e-6)


@SETTINGS
@given(st.floats(200.0, 2000.0), st.floats(1e-3, 5e-3), st.floats(100.0, 600.0))
def test_a_hot_morse_band_lies_below_the_cold_one(wavenumber, relative, temperature):
    morse = MorseOscillator(
        harmonic_cm1=wavenumber, anharmonicity_cm1=relative * wavenumber, mass_amu=12.8
    )
    fundamental = morse.transitions_cm1()[0]
    for weight in TransitionWeight:
        cold, warm, hot = morse.band_cm1([1.0, temperature, 1.5 * temperature], weight)
        assert cold == pytest.approx(fundamental, rel=1e-12)
        assert hot <= warm <= cold
    by_population = morse.band_cm1(temperature, TransitionWeight.POPULATION)[0]
    assert morse.band_cm1(temperature, TransitionWeight.ABSORPTION)[0] <= by_population


@SETTINGS
@given(
    st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=20),
    st.lists(st.floats(1.0, 3000.0), min_size=1, max_size=5),
)
def test_populations_sum_to_one_and_fall_with_energy(energies, temperatures):
    populations = boltzmann_populations(energies, temperatures)
    np.testing.assert_allclose(populations.sum(axis=1), 1.0, rtol=1e-12)
    ordered = populations[:, np.argsort(energies)]
    assert np.all(np.diff(ordered, axis=1) <= 1e-15)
