"""The own band of an oscillator from a grid: against the closed form of the Morse oscillator."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import CalculationError
from reticulum.thermal.morse import MorseOscillator, TransitionWeight
from reticulum.thermal.oscillator import solve_dvr
from reticulum.thermal.oscillator_band import (
    oscillator_band_cm1,
    oscillator_slope,
    transition_strengths,
)
from reticulum.thermal.slopes import Curvature, slope_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K, HBAR2_OVER_2U_A2_CM1


def harmonic_levels(wavenumber=250.0, mass=12.8, n_levels=24):
    force = wavenumber**2 * mass / (4.0 * HBAR2_OVER_2U_A2_CM1)
    grid = np.linspace(-1.4, 1.4, 300)
    return solve_dvr(force * grid**2, grid, mass, n_levels=n_levels)


@pytest.fixture(scope="module")
def carbonyl():
    return MorseOscillator(harmonic_cm1=1620.0, anharmonicity_cm1=10.0, mass_amu=6.857)


@pytest.fixture(scope="module")
def carbonyl_levels(carbonyl):
    grid = np.linspace(-1.8, 5.4, 300) / carbonyl.exponent_per_a
    return solve_dvr(carbonyl.potential_cm1(grid), grid, carbonyl.mass_amu, n_levels=8)


def test_constants_of_vibrational_problems():
    assert pytest.approx(0.6950348, abs=5e-8) == BOLTZMANN_CM1_PER_K
    assert pytest.approx(16.8576292, abs=5e-8) == HBAR2_OVER_2U_A2_CM1


def test_a_harmonic_band_does_not_move():
    levels = harmonic_levels()
    np.testing.assert_allclose(transition_strengths(levels)[:15], np.arange(1, 16), rtol=1e-6)
    t = slope_temperatures_k()
    np.testing.assert_allclose(oscillator_band_cm1(levels, t), 250.0, atol=1e-5)
    assert oscillator_slope(levels).curvature is Curvature.STRAIGHT


@pytest.mark.parametrize("weight", list(TransitionWeight))
def test_a_morse_band_from_the_grid(carbonyl, carbonyl_levels, weight):
    slope = oscillator_slope(carbonyl_levels, weight=weight)
    closed = carbonyl.slope(weight=weight)
    # Strengths of a Morse oscillator are not quite n + 1.
    assert slope.slope_cm1_per_k == pytest.approx(closed.slope_cm1_per_k, rel=0.02)
    assert closed.curvature is Curvature.STEEPENS or abs(closed.bow_cm1) < 0.02
    t = slope_temperatures_k()
    if weight is TransitionWeight.POPULATION:
        np.testing.assert_allclose(
            oscillator_band_cm1(carbonyl_levels, t, weight), carbonyl.band_cm1(t, weight), atol=1e-6
        )


def test_populations_of_the_three_weights(carbonyl):
    t = 298.15
    populations = carbonyl.populations([t])[0]
    assert populations.sum() == pytest.approx(1.0)
    expected = np.exp(-1600.0 / (BOLTZMANN_CM1_PER_K * t))
    assert populations[1] / populations[0] == pytest.approx(expected, rel=1e-12)
    # p_n counts n once, p_n (n+1) twice at low n, the net absorption twice: see the weights.
    drop = {w: 1600.0 - carbonyl.band_cm1([t], w)[0] for w in TransitionWeight}
    assert drop[TransitionWeight.POPULATION] == pytest.approx(20.0 * expected, rel=2e-3)
    for weight in (TransitionWeight.ABSORPTION, TransitionWeight.NET_ABSORPTION):
        assert drop[weight] == pytest.approx(40.0 * expected, rel=5e-3)


def test_missing_levels_are_refused():
    with pytest.raises(CalculationError, match="highest level"):
        oscillator_band_cm1(harmonic_levels(n_levels=4), [300.0])
    with pytest.raises(CalculationError, match="one level"):
        oscillator_band_cm1(harmonic_levels(n_levels=1), [300.0])
