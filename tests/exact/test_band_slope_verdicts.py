"""Slopes and curvature verdicts of curves whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.thermal.slopes import Curvature, band_slope, slope_temperatures_k

T = slope_temperatures_k()
MIDDLE = 323.15


def test_the_window_of_the_published_spectra():
    np.testing.assert_allclose(T - 273.15, [-100, -50, 0, 50, 100, 150, 200], atol=1e-12)


def test_a_line_is_straight():
    result = band_slope(T, 1596.0 - 0.02 * (T - 300.0))
    assert result.slope_cm1_per_k == pytest.approx(-0.02, rel=1e-10)
    assert result.lower_slope_cm1_per_k == pytest.approx(-0.02, rel=1e-10)
    assert result.upper_slope_cm1_per_k == pytest.approx(-0.02, rel=1e-10)
    assert result.bow_cm1 == pytest.approx(0.0, abs=1e-9)
    assert result.rms_deviation_cm1 == pytest.approx(0.0, abs=1e-9)
    assert result.window_k == pytest.approx((173.15, 473.15))
    assert result.intercept_cm1 == pytest.approx(1596.0 - 0.02 * (MIDDLE - 300.0), rel=1e-12)
    assert result.curvature is Curvature.STRAIGHT


@pytest.mark.parametrize(
    ("slope", "bow", "verdict"),
    [
        (-0.02, 0.5, Curvature.STEEPENS),
        (-0.02, -0.5, Curvature.FLATTENS),
        (0.02, -0.5, Curvature.STEEPENS),
        (0.02, 0.5, Curvature.FLATTENS),
        (-0.002, 2.0, Curvature.TURNS),
        (-0.02, 0.03, Curvature.STRAIGHT),  # 0.0004 cm⁻¹/K between the halves: 2 %
        (-0.0005, 0.009, Curvature.STRAIGHT),  # below a tenth of the printed digit
        (-0.0005, 0.011, Curvature.STEEPENS),
    ],
)
def test_verdict_of_a_parabola(slope, bow, verdict):
    x = (T - MIDDLE) / 150.0
    result = band_slope(T, 1590.0 + slope * (T - MIDDLE) + bow * (1.0 - x**2))
    assert result.slope_cm1_per_k == pytest.approx(slope, rel=1e-9)
    assert result.bow_cm1 == pytest.approx(bow, rel=1e-8)
    # Halves of a parabola over [-1, 0] and [0, 1] with equal steps have the slopes -/+ bow.
    difference = result.upper_slope_cm1_per_k - result.lower_slope_cm1_per_k
    assert difference == pytest.approx(-2.0 * bow / 150.0, rel=1e-7)
    assert result.curvature is verdict


def test_two_temperatures_have_a_slope_but_no_curvature():
    result = band_slope([173.15, 473.15], [1594.8, 1589.0])
    assert result.slope_cm1_per_k == pytest.approx(-5.8 / 300.0, rel=1e-12)
    assert result.lower_slope_cm1_per_k is None
    assert result.bow_cm1 is None
    assert result.curvature is Curvature.UNDETERMINED


def test_order_and_repeats_of_the_temperatures_do_not_matter():
    nu = 1590.0 - 0.02 * (T - MIDDLE) + 1e-5 * (T - MIDDLE) ** 2
    once = band_slope(T, nu)
    order = np.array([3, 0, 6, 1, 5, 2, 4, 4, 2, 5, 1, 6, 0, 3])
    twice = band_slope(T[order], nu[order])
    for name in ("slope_cm1_per_k", "lower_slope_cm1_per_k", "upper_slope_cm1_per_k", "bow_cm1"):
        assert getattr(twice, name) == pytest.approx(getattr(once, name), rel=1e-9)
    assert twice.curvature is once.curvature


@pytest.mark.parametrize(
    ("temperatures", "positions", "message"),
    [
        ([300.0, 300.0], [1.0, 2.0], "two different temperatures"),
        ([300.0, 400.0], [1.0], "exactly one band position"),
        ([300.0, 400.0], [1.0, np.nan], "finite"),
        ([-100.0, 200.0], [1.0, 2.0], "absolute zero"),
        ([0.0, 200.0], [1.0, 2.0], "absolute zero"),
        ([], [], "at least one"),
    ],
)
def test_bad_curves_are_refused(temperatures, positions, message):
    with pytest.raises(InputError, match=message):
        band_slope(temperatures, positions)
