"""Line shapes: area, width, limits and derivatives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import voigt_profile

from reticulum.spectra.line_shapes import LineShape, component, gaussian, line, lorentzian
from reticulum.spectra.voigt import voigt, voigt_parts

X = np.linspace(-60.0, 60.0, 601)
MIXINGS = [1e-7, 0.01, 0.3, 0.7, 0.99, 1.0 - 1e-7]


def richardson(f, at, step):
    """Derivative with an error of the order of step⁶."""
    slopes = [(f(at + h) - f(at - h)) / (2.0 * h) for h in (step, 2.0 * step, 4.0 * step)]
    first = [(4.0 * a - b) / 3.0 for a, b in pairwise(slopes)]
    return (16.0 * first[0] - first[1]) / 15.0


@pytest.mark.parametrize("shape", [gaussian, lorentzian])
def test_lines_have_unit_area_and_their_width(shape):
    x = np.linspace(-4000.0, 4000.0, 800_001)
    value = shape(x, 12.0)[0]
    tail = 12.0 / np.pi / 4000.0 if shape is lorentzian else 0.0  # of a Lorentzian beyond the ends
    assert np.trapezoid(value, x) == pytest.approx(1.0 - tail, abs=1e-6)
    half = shape(np.array([0.0, 6.0]), 12.0)[0]
    assert half[1] / half[0] == pytest.approx(0.5, abs=1e-14)


def test_pseudo_voigt_mixes():
    mixed = line(X, 10.0, 0.3)[0]
    assert mixed == pytest.approx(0.3 * lorentzian(X, 10.0)[0] + 0.7 * gaussian(X, 10.0)[0])


@pytest.mark.parametrize("share", np.linspace(0.0, 1.0, 21))
def test_the_width_of_a_voigt_line_is_its_fwhm(share):
    def above_half(x):
        return voigt(np.array([x]), 12.0, share)[0][0] - 0.5 * voigt(np.zeros(1), 12.0, share)[0][0]

    # 2.4e-4 is the largest error of the equation of Olivero and Longbothum
    assert 2.0 * brentq(above_half, 1.0, 20.0, xtol=1e-12) == pytest.approx(12.0, rel=2.5e-4)


@pytest.mark.parametrize("share", [0.0, 1e-9, 0.001, 0.5, 0.999, 1.0 - 1e-9, 1.0])
def test_voigt_lines_are_those_of_scipy(share):
    lorentz, gauss = voigt_parts(12.0, share)
    expected = voigt_profile(X, gauss / np.sqrt(8.0 * np.log(2.0)), 0.5 * lorentz)
    assert voigt(X, 12.0, share)[0] == pytest.approx(expected, rel=1e-12, abs=1e-16)


def test_the_limits_of_a_voigt_line_are_its_parts():
    for share, part in ((0.0, gaussian), (1.0, lorentzian)):
        for ours, expected in zip(voigt(X, 12.0, share)[:3], part(X, 12.0), strict=True):
            # the derivative by the width holds the Lorentzian share, or lack of it, fixed
            assert ours == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("shape", LineShape)
@pytest.mark.parametrize("mixing", MIXINGS)
def test_derivatives_of_lines(shape, mixing):
    found = component(shape, X, 12.0, mixing)
    assert len(found) == (3 if shape.mixing is None else 4)
    numeric = [
        -richardson(lambda shift: component(shape, X + shift, 12.0, mixing)[0], 0.0, 0.05),
        richardson(lambda fwhm: component(shape, X, fwhm, mixing)[0], 12.0, 0.05),
    ]
    if shape.mixing is not None:
        step = min(0.01, mixing / 5.0, (1.0 - mixing) / 5.0)
        numeric.append(richardson(lambda m: component(shape, X, 12.0, m)[0], mixing, step))
    for ours, expected in zip(found[1:], numeric, strict=True):
        scale = np.abs(expected).max()
        # near a limit steps are small, and rounding over the step is what differences leave
        tolerance = 1e-8 if shape.mixing is None or 1e-6 < mixing < 1.0 - 1e-6 else 1e-6
        assert np.abs(ours - expected).max() < tolerance * scale


def test_widths_and_mixings_may_be_arrays():
    widths, shares = np.array([[9.0], [14.0]]), np.array([[0.2], [0.6]])
    for shape in LineShape:
        both = component(shape, np.stack([X, X]), widths, shares)
        for row in (0, 1):
            alone = component(shape, X, widths[row, 0], shares[row, 0])
            for a, b in zip(both, alone, strict=True):
                assert a[row] == pytest.approx(b, abs=1e-15)


def test_a_narrow_line_far_away_is_nothing_and_no_warning():
    for shape in LineShape:
        for part in component(shape, np.array([1e6]), 1e-3, 0.0):
            assert np.isfinite(part).all()
            assert abs(part[0]) < 1e-6
