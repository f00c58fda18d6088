"""The two-state model against numbers computed independently from the published parameters."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.thermal.linear_shift_null import linear_shift_null_dcp
from reticulum.thermal.one_gaussian import fit_one_gaussian
from reticulum.thermal.slopes import Curvature
from reticulum.thermal.two_state import (
    one_gaussian,
    published_parameters,
    two_state_prediction,
)

# T/°C, ln K, f, mean; ΔH 5.9 kJ/mol, ΔS 22.0 J/mol/K, centres 1596/1587. Computed apart from the
# package with R = 8.314462618 and printed to four or three digits.
WITHOUT_DCP = [
    (-100, -1.4522, 0.1897, 1594.293),
    (0, 0.0481, 0.5120, 1591.392),
    (50, 0.4501, 0.6107, 1590.504),
    (200, 1.1462, 0.7588, 1589.171),
]
WITH_DCP = [
    (-100, -0.6580, 0.3412, 1592.929),
    (0, 0.0657, 0.5164, 1591.352),
    (50, 0.4641, 0.6140, 1590.474),
    (200, 1.5554, 0.8257, 1588.569),
]


@pytest.mark.parametrize(
    ("with_heat_capacity", "table"), [(False, WITHOUT_DCP), (True, WITH_DCP)], ids=["0", "37"]
)
def test_populations_and_means_on_the_published_grid(with_heat_capacity, table):
    result = two_state_prediction(published_parameters(with_heat_capacity=with_heat_capacity))
    celsius = [round(t - 273.15) for t in result.temperatures_k]
    assert celsius == [-100, -50, 0, 50, 100, 150, 200]
    for t, ln_k, fraction, mean in table:
        row = celsius.index(t)
        assert result.ln_k[row] == pytest.approx(ln_k, abs=1e-4)
        assert result.loose_fraction[row] == pytest.approx(fraction, abs=1e-4)
        assert result.mean_cm1[row] == pytest.approx(mean, abs=6e-4)


def test_all_seven_temperatures_follow_the_law_written_out():
    dh, ds, dcp, gas, t0 = 5900.0, 22.0, 37.0, 8.314462618, 298.15
    result = two_state_prediction(published_parameters())
    for t, ln_k in zip(result.temperatures_k, result.ln_k, strict=True):
        gibbs = dh + dcp * (t - t0) - t * (ds + dcp * np.log(t / t0))
        assert ln_k == pytest.approx(-gibbs / (gas * t), abs=1e-9)


@pytest.mark.parametrize(("with_heat_capacity", "slope"), [(False, -0.01661), (True, -0.01505)])
def test_slope_of_the_population_mean(with_heat_capacity, slope):
    result = two_state_prediction(published_parameters(with_heat_capacity=with_heat_capacity))
    assert result.mean_slope.slope_cm1_per_k == pytest.approx(slope, abs=5e-6)


def test_one_gaussian_of_equal_widths_without_heat_capacity():
    result = two_state_prediction(published_parameters(with_heat_capacity=False))
    assert result.one_gaussian_cm1[0] == pytest.approx(1594.87, abs=0.01)
    assert result.one_gaussian_cm1[-1] == pytest.approx(1588.59, abs=0.01)
    assert result.one_gaussian_slope.slope_cm1_per_k == pytest.approx(-0.0208, abs=5e-5)
    assert result.one_gaussian_fwhm_cm1[0] == pytest.approx(14.20, abs=0.01)
    assert result.one_gaussian_fwhm_cm1[-1] == pytest.approx(14.94, abs=0.01)
    assert result.one_gaussian_fwhm_cm1.max() == pytest.approx(17.17, abs=0.01)
    assert result.one_gaussian_slope.curvature is Curvature.FLATTENS


def test_isosbestic_point_of_equal_widths():
    result = two_state_prediction(published_parameters())
    assert result.isosbestic_cm1 == (pytest.approx(1591.5, abs=1e-9),)


def test_linear_shift_null_reaches_the_published_heat_capacity():
    # 2 ΔH/T = 39.6 J/mol/K at f = ½ and 45.8 at the f of 298.15 K.
    assert linear_shift_null_dcp(5.9, 22.0) == pytest.approx(45.80, abs=0.01)
    assert linear_shift_null_dcp(5.9, 5900.0 / 298.15) == pytest.approx(
        2 * 5900 / 298.15, rel=1e-12
    )


def test_linear_shift_null_is_the_curvature_of_a_linear_band():
    # Force a band that moves linearly into two fixed components, then differentiate ln K twice.
    dh, ds, t0, gas = 5900.0, 22.0, 298.15, 8.314462618
    f0 = 1.0 / (1.0 + np.exp((dh - t0 * ds) / (gas * t0)))
    rate = f0 * (1.0 - f0) * dh / (gas * t0**2)

    def apparent_dh(t):
        f = f0 + rate * (t - t0)
        return gas * t**2 * rate / (f * (1.0 - f))

    step = 1e-2
    numeric = (apparent_dh(t0 + step) - apparent_dh(t0 - step)) / (2.0 * step)
    assert linear_shift_null_dcp(5.9, 22.0, t0) == pytest.approx(numeric, rel=1e-7)


@pytest.mark.parametrize("fraction", [0.05, 0.19, 0.5, 0.83])
@pytest.mark.parametrize("fwhm_loose", [12.0, 16.0])
def test_one_gaussian_is_what_a_fit_on_a_fine_grid_gives(fraction, fwhm_loose):
    from scipy.optimize import curve_fit

    grid = np.arange(1480.0, 1700.0, 0.25)

    def shape(x, centre, fwhm, height):
        return height * np.exp(-4.0 * np.log(2.0) * ((x - centre) / fwhm) ** 2)

    def component(area, centre, fwhm):
        return shape(grid, centre, fwhm, area / fwhm * np.sqrt(4.0 * np.log(2.0) / np.pi))

    band = component(1.0 - fraction, 1596.0, 12.0) + component(fraction, 1587.0, fwhm_loose)
    fitted, _ = curve_fit(shape, grid, band, p0=(1591.0, 15.0, 0.06), xtol=1e-13, ftol=1e-13)
    direct = fit_one_gaussian([1.0 - fraction, fraction], [1596.0, 1587.0], [12.0, fwhm_loose])
    assert direct.centre_cm1 == pytest.approx(fitted[0], abs=1e-6)
    assert direct.fwhm_cm1 == pytest.approx(fitted[1], abs=1e-6)
    assert direct.height == pytest.approx(fitted[2], abs=1e-8)
    residual = band - shape(grid, *fitted)
    assert direct.relative_misfit == pytest.approx(
        np.sqrt(residual @ residual / (band @ band)), abs=1e-7
    )


def test_two_positions_of_the_same_band_differ_by_up_to_two_wavenumbers():
    parameters = published_parameters()
    differences = [
        one_gaussian(parameters, f).centre_cm1 - (1596.0 - 9.0 * f)
        for f in np.linspace(0.0, 1.0, 101)
    ]
    assert 0.4 < max(differences) < 2.0
    assert min(differences) == pytest.approx(-max(differences), abs=1e-9)
