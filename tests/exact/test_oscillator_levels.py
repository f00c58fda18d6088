"""Morse, harmonic and box levels against their analytic values."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.thermal.harmonic import bose_occupation, harmonic_mean_square_a2
from reticulum.thermal.morse import MorseOscillator, TransitionWeight
from reticulum.thermal.oscillator import (
    boltzmann_populations,
    mass_weighted_arc_length,
    solve_dvr,
    thermal_average,
)
from reticulum.thermal.slopes import Curvature, band_slope, slope_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K, HBAR2_OVER_2U_A2_CM1

ENDS_K = (173.15, 473.15)


def morse_grid(morse, n_points=300, inner=1.8, outer=5.4):
    return np.linspace(-inner, outer, n_points) / morse.exponent_per_a


@pytest.mark.parametrize(
    ("harmonic", "anharmonicity", "mass"), [(1620, 10, 6.857), (250, 2, 12.8), (100, 1, 12.8)]
)
def test_morse_levels_of_the_grid_and_of_the_formula(harmonic, anharmonicity, mass):
    morse = MorseOscillator(harmonic_cm1=harmonic, anharmonicity_cm1=anharmonicity, mass_amu=mass)
    grid = morse_grid(morse)
    levels = solve_dvr(morse.potential_cm1(grid), grid, mass, n_levels=8)
    n = np.arange(8) + 0.5
    analytic = harmonic * n - anharmonicity * n**2
    np.testing.assert_allclose(levels.energies_cm1, analytic, rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(morse.levels_cm1()[:8], analytic, rtol=1e-14)
    np.testing.assert_allclose(
        morse.transitions_cm1()[:7], harmonic - 2 * anharmonicity * np.arange(1, 8), rtol=1e-14
    )


def test_mean_displacement_of_the_morse_ground_state():
    morse = MorseOscillator(harmonic_cm1=250.0, anharmonicity_cm1=2.0, mass_amu=12.8)
    assert morse.mean_displacement_a == pytest.approx(0.0097944514, abs=1e-10)
    grid = morse_grid(morse)
    levels = solve_dvr(morse.potential_cm1(grid), grid, 12.8, n_levels=3)
    assert levels.expectation(grid)[0] == pytest.approx(morse.mean_displacement_a, abs=1e-10)


def test_metal_oxygen_morse_shifts_a_coupled_band():
    morse = MorseOscillator.from_potential(depth_cm1=15000.0, exponent_per_a=1.5, mass_amu=12.8)
    assert morse.harmonic_cm1 == pytest.approx(421.66, abs=0.005)
    assert morse.depth_cm1 == pytest.approx(15000.0, rel=1e-12)
    assert morse.exponent_per_a == pytest.approx(1.5, rel=1e-12)
    grid = np.linspace(-0.5, 1.0, 300)
    levels = solve_dvr(morse.potential_cm1(grid), grid, 12.8)
    average = thermal_average(levels, 1596.0 - 1000.0 * grid, ENDS_K)
    np.testing.assert_allclose(average.values, [1588.46825, 1583.15207], rtol=0.0, atol=6e-6)
    assert average.is_converged
    curve = thermal_average(levels, 1596.0 - 1000.0 * grid, slope_temperatures_k())
    assert band_slope(curve.temperatures_k, curve.values).curvature is Curvature.STEEPENS


def test_bose_factors():
    np.testing.assert_allclose(
        bose_occupation(250.0, [173.15, 298.15, 473.15]),
        [0.14319807, 0.42707635, 0.87817193],
        rtol=0.0,
        atol=6e-9,
    )


def test_harmonic_grid_levels_and_mean_square():
    wavenumber, mass = 250.0, 12.8
    force = wavenumber**2 * mass / (4.0 * HBAR2_OVER_2U_A2_CM1)
    grid = np.linspace(-0.9, 0.9, 240)
    levels = solve_dvr(force * grid**2, grid, mass)
    np.testing.assert_allclose(
        levels.energies_cm1[:12], wavenumber * (np.arange(12) + 0.5), rtol=0.0, atol=1e-7
    )
    average = thermal_average(levels, grid**2, [*ENDS_K, 5.0])
    coth = 1.0 / np.tanh(wavenumber / (2.0 * BOLTZMANN_CM1_PER_K * average.temperatures_k))
    expected = HBAR2_OVER_2U_A2_CM1 / (mass * wavenumber) * coth
    np.testing.assert_allclose(average.values, expected, rtol=1e-9)
    np.testing.assert_allclose(
        harmonic_mean_square_a2(wavenumber, mass, average.temperatures_k), expected, rtol=1e-12
    )


def test_wavefunctions_are_orthonormal_and_read_only():
    morse = MorseOscillator(harmonic_cm1=250.0, anharmonicity_cm1=2.0, mass_amu=12.8)
    grid = morse_grid(morse, 200)
    levels = solve_dvr(morse.potential_cm1(grid), grid, 12.8, n_levels=20)
    overlap = levels.step_a * levels.wavefunctions.T @ levels.wavefunctions
    np.testing.assert_allclose(overlap, np.eye(20), atol=1e-12)
    with pytest.raises(ValueError, match="read-only"):
        levels.energies_cm1[0] = 0.0


@pytest.mark.parametrize(
    ("weight", "power"),
    [(TransitionWeight.POPULATION, 1), (TransitionWeight.NET_ABSORPTION, 2)],
)
def test_morse_band_at_low_anharmonicity(weight, power):
    # With harmonic populations the mean of n is x/(1-x) under p_n; under (p_n - p_{n+1})(n+1),
    # proportional to x^n (n+1), it is 2x/(1-x); x = exp(-hcω/kT).
    morse = MorseOscillator(harmonic_cm1=250.0, anharmonicity_cm1=0.02, mass_amu=12.8)
    boltzmann = np.exp(-250.0 / (BOLTZMANN_CM1_PER_K * np.array(ENDS_K)))
    mean_n = power * boltzmann / (1.0 - boltzmann)
    shift = 250.0 - morse.band_cm1(ENDS_K, weight)
    np.testing.assert_allclose(shift, 2.0 * 0.02 * (mean_n + 1.0), rtol=2e-3)


def test_self_anharmonicity_of_a_carbonyl_explains_little():
    morse = MorseOscillator(harmonic_cm1=1620.0, anharmonicity_cm1=10.0, mass_amu=6.857)
    temperatures = slope_temperatures_k()
    quantum = band_slope(
        temperatures, morse.band_cm1(temperatures, TransitionWeight.POPULATION)
    ).slope_cm1_per_k
    assert quantum == pytest.approx(-0.0005, abs=5e-5)
    assert morse.classical_slopes_cm1_per_k == pytest.approx((-0.0086, -0.0172), abs=5e-5)


def test_classical_slope_is_the_average_over_energies():
    # ν(E) = ω √(1 - E/D), E distributed as exp(-E/kT): slope of the mean at low temperature.
    morse = MorseOscillator(harmonic_cm1=1620.0, anharmonicity_cm1=10.0, mass_amu=6.857)

    def mean(t, power):
        energy = np.linspace(0.0, 60.0, 200001) * BOLTZMANN_CM1_PER_K * t
        weight = energy**power * np.exp(-energy / (BOLTZMANN_CM1_PER_K * t))
        return weight @ (1620.0 * np.sqrt(1.0 - energy / morse.depth_cm1)) / weight.sum()

    for power, expected in enumerate(morse.classical_slopes_cm1_per_k):
        assert (mean(12.0, power) - mean(8.0, power)) / 4.0 == pytest.approx(expected, rel=2e-3)


def test_arc_length_of_a_mass_that_grows_with_the_path():
    s = np.linspace(0.0, 1.0, 13)
    exact = 2.0 * (s + 0.5 * s**2)
    np.testing.assert_allclose(
        mass_weighted_arc_length(s, 4.0 * (1.0 + s) ** 2), exact, rtol=0.0, atol=1e-12
    )
    np.testing.assert_allclose(
        mass_weighted_arc_length(s, np.full_like(s, 9.0), reference_mass_amu=9.0), s, atol=1e-14
    )
    np.testing.assert_allclose(
        mass_weighted_arc_length([0.0, 0.5, 2.0], [4.0, 4.0, 4.0]), [0.0, 1.0, 4.0], atol=1e-14
    )


def test_arc_length_gives_the_levels_of_the_constant_mass():
    # A harmonic oscillator in q, described by s with q = s + s²/4: the levels must come back.
    mass, wavenumber = 12.8, 250.0
    force = wavenumber**2 * mass / (4.0 * HBAR2_OVER_2U_A2_CM1)
    s = np.linspace(-0.8, 0.8, 41)
    mass_of_s = mass * (1.0 + 0.5 * s) ** 2
    q = mass_weighted_arc_length(s, mass_of_s, reference_mass_amu=mass)
    q = q - np.interp(0.0, s, q)
    np.testing.assert_allclose(q, s + 0.25 * s**2, atol=1e-10)
    grid = np.linspace(q[0], q[-1], 200)
    levels = solve_dvr(force * grid**2, grid, mass, n_levels=4)
    np.testing.assert_allclose(
        levels.energies_cm1, wavenumber * (np.arange(4) + 0.5), rtol=0.0, atol=1e-5
    )


def test_a_grid_that_is_too_short_is_reported():
    morse = MorseOscillator(harmonic_cm1=100.0, anharmonicity_cm1=1.0, mass_amu=12.8)
    short = np.linspace(-0.15, 0.15, 60)
    levels = solve_dvr(morse.potential_cm1(short), short, 12.8)
    average = thermal_average(levels, short, [473.15])
    assert average.edge_density.max() > 1e-3
    assert not average.is_converged


def test_too_few_levels_are_reported():
    morse = MorseOscillator(harmonic_cm1=100.0, anharmonicity_cm1=1.0, mass_amu=12.8)
    grid = morse_grid(morse)
    levels = solve_dvr(morse.potential_cm1(grid), grid, 12.8, n_levels=4)
    average = thermal_average(levels, grid, [473.15])
    assert average.highest_level_population[0] > 0.1
    assert not average.is_converged


def test_populations_survive_extreme_temperatures():
    populations = boltzmann_populations([1e5, 1e5 + 1.0, 2e5], [1e-3, 1.0, 1e9])
    np.testing.assert_allclose(populations.sum(axis=1), 1.0, rtol=1e-14)
    assert populations[0, 0] == 1.0
    np.testing.assert_allclose(populations[2], 1.0 / 3.0, rtol=1e-3)


GRID = np.linspace(-1.0, 1.0, 20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"potential_cm1": GRID**2, "grid_a": GRID**3, "mass_amu": 1.0}, "not uniform"),
        ({"potential_cm1": GRID**2, "grid_a": GRID[::-1], "mass_amu": 1.0}, "not uniform"),
        ({"potential_cm1": GRID[1:] ** 2, "grid_a": GRID, "mass_amu": 1.0}, "same length"),
        ({"potential_cm1": np.full(20, np.inf), "grid_a": GRID, "mass_amu": 1.0}, "finite"),
        ({"potential_cm1": GRID**2, "grid_a": GRID, "mass_amu": 0.0}, "mass"),
        ({"potential_cm1": GRID**2, "grid_a": GRID, "mass_amu": 1.0, "n_levels": 21}, "21 levels"),
    ],
)
def test_bad_grids_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        solve_dvr(**arguments)


def test_bad_morse_parameters_are_refused():
    with pytest.raises(InputError, match="no level"):
        MorseOscillator(harmonic_cm1=10.0, anharmonicity_cm1=20.0, mass_amu=1.0)
    with pytest.raises(InputError, match="depth_cm1"):
        MorseOscillator.from_potential(depth_cm1=-1.0, exponent_per_a=1.5, mass_amu=12.8)
    with pytest.raises(InputError, match="one level only"):
        MorseOscillator(harmonic_cm1=25.0, anharmonicity_cm1=10.0, mass_amu=1.0).band_cm1([300.0])


def test_abrupt_mass_is_refused():
    with pytest.raises(InputError, match="abruptly"):
        mass_weighted_arc_length([0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1e6, 1.0, 1.0])
    with pytest.raises(InputError, match="rise"):
        mass_weighted_arc_length([0.0, 1.0, 0.5], [1.0, 1.0, 1.0])
