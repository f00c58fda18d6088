"""Averages over one soft coordinate against solved problems, and the sum over sets."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.thermal.adiabatic import band_shifts_cm1, harmonic_amplitude, soft_average
from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.adiabatic_sum import (
    SetSlopes,
    intervals,
    is_converged,
    leading,
    tail_cm1_per_k,
)
from reticulum.thermal.oscillator import solve_dvr, thermal_average
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.thermal.soft_states import SoftCourse, arc_length, potential_cm1
from reticulum.units import EV_TO_CM1, SQRT_EV_PER_U_A2_TO_CM1

T = slope_temperatures_k()


def eigenvalue(wavenumber):
    return float(np.sign(wavenumber)) * (wavenumber / SQRT_EV_PER_U_A2_TO_CM1) ** 2


def course(curvature, potential, shift, amplitudes, *, odd=False, bend=0.0, bands=None):
    q = np.array(amplitudes, dtype=float)
    known = q if bands is None else np.array(bands, dtype=float)
    return SoftCourse(
        eigenvalue=curvature,
        odd=odd,
        amplitudes=q,
        energies_cm1=potential(q),
        followed=bend * q**2,
        band_amplitudes=known,
        shifts_cm1=np.stack([shift(known), -0.5 * shift(known)], axis=1),
    )


def exact(potential, value, edge, temperatures=T, n=901):
    grid = np.linspace(-edge, edge, n)
    levels = solve_dvr(potential(grid), grid, 1.0)
    return thermal_average(levels, value(grid), temperatures).values


@pytest.mark.parametrize("wavenumber", [20.0, 60.0, 200.0, 600.0])
def test_one_amplitude_of_a_harmonic_mode_gives_the_quantum_harmonic_average(wavenumber):
    curvature = eigenvalue(wavenumber)
    amplitude = harmonic_amplitude(curvature, 298.15)
    known = course(
        curvature,
        lambda q: 0.5 * curvature * q**2 * EV_TO_CM1,
        lambda q: -3.0 * (q / amplitude) ** 2,
        [amplitude],
    )
    found = soft_average(known, T)
    expected = np.array([harmonic_amplitude(curvature, t) for t in T]) / amplitude
    np.testing.assert_allclose(found.root_mean_square / amplitude, expected, rtol=1e-4)
    np.testing.assert_allclose(found.shifts_cm1[:, 0], -3.0 * expected**2, rtol=2e-4)
    np.testing.assert_allclose(found.shifts_cm1[:, 1], 1.5 * expected**2, rtol=2e-4)
    np.testing.assert_allclose(found.mean, 0.0, atol=1e-9)
    np.testing.assert_allclose(found.upper / found.root_mean_square, np.sqrt(3.0), rtol=0.01)
    assert known.anharmonicity == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("amplitudes", [[3.0, 5.0], [2.5, 4.0, 5.5, 7.0, 8.5]])
def test_a_quartic_mode_and_shift(amplitudes):
    curvature = eigenvalue(30.0)

    def potential(q):
        return 0.5 * curvature * q**2 * EV_TO_CM1 + 0.6 * q**4

    def shift(q):
        return -0.3 * q**2 + 0.01 * q**4

    found = soft_average(course(curvature, potential, shift, amplitudes), T)
    np.testing.assert_allclose(found.shifts_cm1[:, 0], exact(potential, shift, 14.0), rtol=0.02)


def test_an_imaginary_mode_is_averaged_over_its_double_well():
    """Energies at several amplitudes, bands at three."""
    curvature = eigenvalue(-60.0)

    def potential(q):
        return 0.5 * curvature * q**2 * EV_TO_CM1 + 1.2 * q**4 + 0.002 * q**6

    def shift(q):
        return -0.4 * q**2 - 0.002 * q**4

    amplitudes = [1.5, 2.5, 3.5, 4.5, 5.5]
    known = course(curvature, potential, shift, amplitudes, bands=[2.5, 3.5, 4.5])
    low = np.array([100.0, 200.0, 300.0])
    found = soft_average(known, low)
    np.testing.assert_allclose(
        found.shifts_cm1[:, 0], exact(potential, shift, 12.0, low), rtol=0.01
    )
    assert known.anharmonicity == np.inf
    assert potential_cm1(known, np.array([1.0]))[0] < 0.0


def test_the_mean_displacement_of_a_totally_symmetric_mode_counts():
    """Linear shift times <q> of its own cubic term: -φ₃<q²>/(2ω²) in the classical limit."""
    curvature = eigenvalue(60.0)
    cubic = -2.0

    def potential(q):
        return 0.5 * curvature * q**2 * EV_TO_CM1 + cubic * q**3 + 1.5 * q**4

    def shift(q):
        return -5.0 * q + 0.2 * q**2

    amplitude = harmonic_amplitude(curvature, 298.15)
    known = course(
        curvature, potential, shift, [-1.5 * amplitude, -amplitude, amplitude, 1.5 * amplitude],
        odd=True,
    )  # fmt: skip
    found = soft_average(known, T)
    np.testing.assert_allclose(found.shifts_cm1[:, 0], exact(potential, shift, 12.0), atol=0.02)
    assert np.all(found.mean > 0.0)
    assert np.all(np.diff(found.mean) > 0.0)


def test_both_senses_of_a_mode_that_is_not_totally_symmetric_are_averaged():
    curvature = eigenvalue(80.0)
    q = np.array([-2.0, 2.0])
    known = SoftCourse(
        eigenvalue=curvature,
        odd=False,
        amplitudes=q,
        energies_cm1=0.5 * curvature * q**2 * EV_TO_CM1 + 3.0 * q**3,
        followed=np.zeros(2),
        band_amplitudes=q,
        shifts_cm1=np.array([[-4.0], [-2.0]]),
    )
    np.testing.assert_allclose(band_shifts_cm1(known, q), [[-3.0], [-3.0]])
    assert potential_cm1(known, q) == pytest.approx(0.5 * curvature * q**2 * EV_TO_CM1)


def test_the_length_of_a_bent_path():
    known = course(eigenvalue(50.0), lambda q: q**2, lambda q: q**2, [2.0], bend=0.15)
    q = np.linspace(-4.0, 4.0, 4001)
    relaxed = 0.15 * q**2
    steps = np.hypot(np.diff(q), np.diff(relaxed))
    expected = np.concatenate([[0.0], np.cumsum(steps)])
    found = arc_length(known, q)
    np.testing.assert_allclose(found - found[0], expected, rtol=1e-5)
    assert found[2000] == pytest.approx(0.0, abs=1e-12)


def test_a_rigid_rotor_is_recovered_from_its_chord():
    """q = R sin θ with the rest following on the circle: the motion is that of the angle."""
    radius, barrier = 6.0, 4000.0
    curvature = 2.0 * barrier / radius**2 / EV_TO_CM1

    def potential(q):
        return barrier * (q / radius) ** 2

    def followed(q):
        return radius - np.sqrt(radius**2 - q**2)

    q = np.array([1.0, 1.7])
    known = SoftCourse(
        eigenvalue=curvature, odd=False, amplitudes=q, energies_cm1=potential(q),
        followed=followed(q), band_amplitudes=q,
        shifts_cm1=-10.0 * (q[:, None] / radius) ** 2,
    )  # fmt: skip
    found = soft_average(known, T)
    angle = np.linspace(-1.4, 1.4, 601)
    levels = solve_dvr(barrier * np.sin(angle) ** 2, radius * angle, 1.0)
    expected = thermal_average(levels, -10.0 * np.sin(angle) ** 2, T).values
    straight = -10.0 * np.array([harmonic_amplitude(curvature, t) for t in T]) ** 2 / radius**2
    np.testing.assert_allclose(found.shifts_cm1[:, 0], expected, rtol=0.01)
    assert abs(straight[-1] / expected[-1] - 1.0) > 0.02


def test_outside_is_the_probability_beyond_what_is_known():
    curvature = eigenvalue(25.0)
    amplitude = harmonic_amplitude(curvature, 298.15)
    known = course(
        curvature, lambda q: 0.5 * curvature * q**2 * EV_TO_CM1, lambda q: q**2, [amplitude]
    )
    found = soft_average(known, np.array([298.15]))
    assert found.outside[0] == pytest.approx(0.3173, abs=0.02)


def sets(wavenumber, values):
    return SetSlopes(wavenumber_cm1=wavenumber, dimension=3, slopes_cm1_per_k=np.array(values))


def test_sets_come_in_rising_intervals():
    assert intervals([-60.0, 20.0, 149.0, 151.0, 249.0, 420.0, 800.0], 700.0) == [
        [0, 1, 2],
        [3, 4],
        [5],
    ]


def test_the_sum_ends_when_two_intervals_add_little_to_both_bands():
    first = [sets(50.0, [-0.03, 0.01]), sets(90.0, [0.002, -0.02])]
    limits = {"relative": 0.02, "absolute_cm1_per_k": 0.0005}
    small, smaller = [sets(200.0, [-0.0003, 0.0001])], [sets(300.0, [-0.0001, 0.0001])]
    assert not is_converged([first], **limits)
    assert not is_converged([first, small], **limits)
    assert is_converged([first, small, smaller], **limits)
    assert not is_converged([first, [sets(200.0, [-0.001, 0.0])], smaller], **limits)
    # Two large terms that cancel are no sign of convergence.
    cancelling = [sets(200.0, [0.004, 0.0]), sets(210.0, [-0.004, 0.0])]
    assert not is_converged([first, cancelling, smaller], **limits)


def test_the_tail_is_what_equal_couplings_would_give():
    from reticulum.thermal.harmonic import bose_occupation

    def quanta(wavenumber):
        low, high = bose_occupation(wavenumber, [T[0], T[-1]])
        return (high - low) / (T[-1] - T[0])

    last = [sets(w, [-0.1 * quanta(w) * 3, 0.0]) for w in (300.0, 350.0)]
    rest = [(450.0, 3), (700.0, 1)]
    expected = 0.1 * (3 * quanta(450.0) + quanta(700.0))
    found = tail_cm1_per_k(last, rest, T)
    np.testing.assert_allclose(found, [expected, 0.0], rtol=1e-9)
    assert np.all(tail_cm1_per_k(last, [], T) == 0.0)
    # nothing to compare with: no error rather than one of zero
    imaginary = [sets(-40.0, [-0.1, 0.0])]
    assert len(tail_cm1_per_k(imaginary, rest, T)) == 0
    assert np.all(tail_cm1_per_k(imaginary, [], T) == 0.0)


def test_leading_sets_make_the_share_of_each_band():
    slopes = np.array([[0.01, 0.0], [-0.05, 0.001], [0.001, -0.02], [0.0, 0.0005]])
    assert leading(slopes, 0.8, 5) == [1, 2]
    assert leading(slopes, 0.95, 5) == [0, 1, 2]
    assert leading(slopes, 0.999, 1) == [1, 2]


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="floor_cm1"):
        AdiabaticOptions(floor_cm1=-5.0)
