"""Fits of one band at many temperatures: derivatives, exact recovery, errors, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import CalculationError, InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import (
    FreeAreasModel,
    HotBandModel,
    OneBandModel,
    TwoStateModel,
)
from reticulum.spectra.band_positions import band_positions, noise_level
from reticulum.spectra.line_shapes import LineShape, gaussian, line, lorentzian
from reticulum.spectra.model_comparison import Picture, compare_models
from reticulum.spectra.variable_projection import fit_series
from reticulum.thermal.two_state import TwoStateParameters, loose_fraction
from reticulum.units import BOLTZMANN_CM1_PER_K

X = np.linspace(1540.0, 1640.0, 101)
TEMPERATURES = np.tile(np.arange(-100.0, 201.0, 50.0) + 273.15, 2)
CYCLES = np.repeat([1, 2], 7)

MODELS = [
    (TwoStateModel(), [1596, 1587, 12, 5.9, 22]),
    (
        TwoStateModel(
            heat_capacity=True,
            equal_widths=False,
            shape=LineShape.PSEUDO_VOIGT,
            extinction_ratio=1.3,
        ),
        [1596, 1587, 12, 13, 0.3, 5.9, 22, 37],
    ),
    (FreeAreasModel(shape=LineShape.PSEUDO_VOIGT, equal_widths=False), [1596, 1587, 12, 14, 0.4]),
    (
        OneBandModel(shape=LineShape.PSEUDO_VOIGT, centre_order=2, width_order=1),
        [1592, -2, 0.1, 15, 1, 0.3],
    ),
    (OneBandModel(shape=LineShape.LORENTZIAN), [1592, -2, 15]),
    (HotBandModel(shape=LineShape.PSEUDO_VOIGT), [1598, -2, 150, 14, 0.2]),
]


def series(model, values, noise=0.0, seed=0, x=X):
    """Series of a model with areas that scatter by 5 %."""
    random = np.random.default_rng(seed)
    spectra = [
        (1.0 + 0.05 * random.normal()) * model.columns(np.array(values, float), t, x)[0].sum(axis=1)
        for t in TEMPERATURES
    ]
    top = max(spectrum.max() for spectrum in spectra)
    spectra = [s + noise * top * random.normal(size=len(x)) for s in spectra]
    return band_data(TEMPERATURES, x, spectra, cycles=CYCLES)


@pytest.mark.parametrize("shape", [gaussian, lorentzian])
def test_lines_have_unit_area_and_their_width(shape):
    x = np.linspace(-4000.0, 4000.0, 800_001)
    value = shape(x, 12.0)[0]
    tail = 12.0 / np.pi / 4000.0 if shape is lorentzian else 0.0  # of a Lorentzian beyond the ends
    assert np.trapezoid(value, x) == pytest.approx(1.0 - tail, abs=1e-6)
    half = shape(np.array([0.0, 6.0]), 12.0)[0]
    assert half[1] / half[0] == pytest.approx(0.5, abs=1e-14)


def test_pseudo_voigt_mixes():
    x = np.linspace(-20.0, 20.0, 41)
    mixed = line(x, 10.0, 0.3)[0]
    assert mixed == pytest.approx(0.3 * lorentzian(x, 10.0)[0] + 0.7 * gaussian(x, 10.0)[0])


@pytest.mark.parametrize(("model", "values"), MODELS)
def test_derivatives_are_those_of_differences(model, values):
    values = np.array(values, dtype=float)
    columns, derivatives = model.columns(values, 350.0, X)
    assert columns.shape == (len(X), model.n_columns)
    assert derivatives.shape == (len(model.parameters), len(X), model.n_columns)
    for number in range(len(values)):
        step = np.zeros_like(values)
        step[number] = 1e-5 * max(1.0, abs(values[number]))
        above, below = (model.columns(values + sign * step, 350.0, X)[0] for sign in (1, -1))
        numeric = (above - below) / (2.0 * step[number])
        scale = np.abs(numeric).max()
        assert np.abs(numeric - derivatives[number]).max() < 1e-4 * scale


def test_two_state_column_has_the_populations_of_the_thermal_room():
    model = TwoStateModel(heat_capacity=True)
    values = np.array([1596.0, 1587.0, 12.0, 5.9, 22.0, 37.0])
    parameters = TwoStateParameters(
        dh_kj_mol=5.9, ds_j_mol_k=22.0, dcp_j_mol_k=37.0, tight_cm1=1596.0, loose_cm1=1587.0,
        fwhm_tight_cm1=12.0, fwhm_loose_cm1=12.0,
    )  # fmt: skip
    for t in (173.15, 298.15, 473.15):
        f = float(loose_fraction(parameters, [t])[0])
        expected = (1 - f) * gaussian(X - 1596.0, 12.0)[0] + f * gaussian(X - 1587.0, 12.0)[0]
        assert model.columns(values, t, X)[0][:, 0] == pytest.approx(expected, abs=1e-14)


def test_hot_bands_have_the_mean_of_the_bose_factor():
    """⟨ν⟩ = ν₀ + χ n(ω, T), n = 1/(exp(hcω/kT) - 1)."""
    x = np.linspace(1000.0, 2000.0, 20_001)
    model = HotBandModel()
    for t in (173.15, 473.15):
        column = model.columns(np.array([1598.0, -2.0, 150.0, 12.0]), t, x)[0][:, 0]
        mean = np.trapezoid(x * column, x) / np.trapezoid(column, x)
        bose = 1.0 / np.expm1(150.0 / (BOLTZMANN_CM1_PER_K * t))
        assert mean == pytest.approx(1598.0 - 2.0 * bose, abs=1e-3)


@pytest.mark.parametrize(("model", "values"), MODELS)
@pytest.mark.parametrize("baseline_order", [-1, 1])
def test_a_model_finds_its_own_parameters_without_noise(model, values, baseline_order):
    data = series(model, values)
    if baseline_order >= 0:
        lifted = [v + 0.002 + 1e-5 * (x - 1590.0)
                  for v, x in zip(data.values, data.wavenumbers_cm1, strict=True)]  # fmt: skip
        data = band_data(TEMPERATURES, X, lifted, cycles=CYCLES)
    start = dict(zip(model.parameters, values, strict=True))
    shifted = {
        name: value + (0.7 if "cm1" in name or name.startswith("centre_0") else 0.03 * value)
        for name, value in start.items()
    }
    fit = fit_series(data, model, shifted, baseline_order=baseline_order)
    assert fit.converged
    assert fit.rms < 1e-7 * data.maximum
    for name, value in start.items():
        assert fit.parameters[name] == pytest.approx(value, rel=1e-3, abs=1e-3)


def test_covariance_is_that_of_the_joint_fit():
    """Projected covariance against the inverse of the full normal matrix, linear parameters too."""
    model = OneBandModel(centre_order=1)
    data = series(model, [1591.0, -2.0, 14.0], noise=0.01, seed=4)
    fit = fit_series(
        data, model, {"centre_0": 1591, "centre_1": -2, "fwhm_0": 14}, baseline_order=0
    )
    n_linear = 2
    full = np.zeros((data.n_points, 3 + n_linear * data.n_spectra))
    for number, t in enumerate(TEMPERATURES):
        rows = slice(number * len(X), (number + 1) * len(X))
        column, change = model.columns(fit.values, t, X)
        full[rows, :3] = (change[:, :, 0] * fit.linear[number, 0]).T
        full[rows, 3 + n_linear * number] = column[:, 0]
        full[rows, 4 + n_linear * number] = 1.0
    variance = fit.sum_of_squares / (data.n_points - full.shape[1])
    expected = variance * np.linalg.inv(full.T @ full)[:3, :3]
    assert fit.covariance == pytest.approx(expected, rel=1e-6)
    assert fit.n_parameters == full.shape[1]


def test_errors_are_those_of_repeated_measurements():
    """Scatter of 60 fits against the standard error of one."""
    model = TwoStateModel(heat_capacity=True)
    truth = [1596.0, 1587.0, 12.0, 5.9, 22.0, 37.0]
    start = dict(zip(model.parameters, truth, strict=True))
    fits = [fit_series(series(model, truth, 0.01, seed), model, start) for seed in range(60)]
    scatter = np.std([fit.values for fit in fits], axis=0, ddof=1)
    mean_error = np.mean([list(fit.errors.values()) for fit in fits], axis=0)
    # a standard deviation of 60 numbers is itself known to 9 %
    assert scatter == pytest.approx(mean_error, rel=0.3)
    off = np.mean([fit.values for fit in fits], axis=0) - truth
    assert (np.abs(off) < 4.0 * mean_error / np.sqrt(60)).all()


def test_held_parameters_stay_and_have_no_error():
    model = TwoStateModel()
    data = series(model, [1596, 1587, 12, 5.9, 22], noise=0.01)
    start = dict(zip(model.parameters, [1597.0, 1587, 12, 5.9, 22], strict=True))
    fit = fit_series(data, model, start, held=("tight_cm1",))
    assert fit.parameters["tight_cm1"] == 1597.0
    assert np.isnan(fit.errors["tight_cm1"])
    free = fit_series(data, model, start)
    assert free.sum_of_squares < fit.sum_of_squares
    assert fit.n_parameters == free.n_parameters - 1


def test_extinction_ratio_is_the_same_as_an_entropy():
    """ΔS_apparent = ΔS + R ln r up to the overall area: no fit can tell them apart."""
    ratio = 1.7
    data = series(TwoStateModel(extinction_ratio=ratio), [1596, 1587, 12, 5.9, 22])
    start = dict(zip(TwoStateModel().parameters, [1596.5, 1586.5, 12, 5.5, 24], strict=True))
    fit = fit_series(data, TwoStateModel(), start)
    assert fit.rms < 1e-8 * data.maximum
    assert fit.parameters["ds_j_mol_k"] == pytest.approx(
        22.0 + 8.314462618 * np.log(ratio), abs=1e-3
    )
    assert fit.parameters["dh_kj_mol"] == pytest.approx(5.9, abs=1e-4)


def test_single_bands():
    model = OneBandModel(centre_order=1, width_order=1)
    found = band_positions(series(model, [1591.0, -2.0, 14.0, 0.5]))
    tau = (TEMPERATURES - 298.15) / 100.0
    assert found.centres_cm1 == pytest.approx(1591.0 - 2.0 * tau, abs=1e-6)
    assert found.fwhms_cm1 == pytest.approx(14.0 + 0.5 * tau, abs=1e-6)


def test_noise_is_seen_under_a_band():
    random = np.random.default_rng(1)
    x = np.linspace(1540.0, 1640.0, 600)
    band = gaussian(x - 1590.0, 12.0)[0]
    noise = 0.01 * band.max()
    assert noise_level(band + noise * random.normal(size=600)) == pytest.approx(noise, rel=0.15)


def test_right_picture_has_the_smaller_misfit():
    two = series(TwoStateModel(heat_capacity=True), [1596, 1587, 12, 5.9, 22, 37], 0.01, 3)
    outcomes = compare_models(two, shapes=(LineShape.GAUSSIAN,))
    best = min(outcomes, key=lambda outcome: outcome.bic)
    assert best.picture is Picture.TWO_STATES
    assert best.misfit_percent == pytest.approx(1.0, abs=0.1)
    one = min(o.misfit_percent for o in outcomes if o.picture is Picture.ONE_BAND)
    assert one > 1.8
    moving = series(OneBandModel(), [1591, -2, 14], 0.01, 3)
    outcomes = compare_models(moving, shapes=(LineShape.GAUSSIAN,))
    assert min(outcomes, key=lambda outcome: outcome.bic).picture is Picture.ONE_BAND
    curved = next(
        o
        for o in outcomes
        if o.fit is not None and o.fit.model == TwoStateModel(heat_capacity=True)
    )
    # the linear-shift null: one moving band forced into two states returns a heat capacity
    assert curved.fit.parameters["dcp_j_mol_k"] > 30.0


def good():
    return np.array([gaussian(X - 1590.0, 12.0)[0]] * 3)


@pytest.mark.parametrize(
    ("temperatures", "axis", "values", "word"),
    [
        ([300.0, 300.0, 300.0], X, good(), "1 different temperature"),
        ([300.0, -5.0, 320.0], X, good(), "temperature of spectrum 2"),
        ([300.0, 310.0, np.nan], X, good(), "temperature of spectrum 3"),
        ([300.0, 310.0, 320.0], X[:5], good()[:, :5], "5 points in the window"),
        ([300.0, 310.0, 320.0], np.sort(X)[[0, 1, 1, *range(3, 101)]], good(), "go back or repeat"),
        ([300.0, 310.0, 320.0], X[:-1], good(), "100 wavenumbers and 101 values"),
    ],
)
def test_series_that_cannot_be_fitted(temperatures, axis, values, word):
    with pytest.raises(InputError, match=word):
        band_data(temperatures, axis, values)


def test_a_missing_number_is_named():
    values = good()
    values[1, 40] = np.nan
    with pytest.raises(InputError, match=r"spectrum 2 has nan at point 41 \(1580 cm"):
        band_data([300.0, 310.0, 320.0], X, values)


def test_descending_axes_and_windows():
    data = band_data([300.0, 310.0, 320.0], X[::-1], good(), window_cm1=(1620.0, 1560.0))
    assert data.wavenumbers_cm1[0][0] == 1560.0
    assert data.wavenumbers_cm1[0][-1] == 1620.0
    assert band_positions(data).centres_cm1 == pytest.approx([1590.0] * 3)


def test_a_window_without_a_band_is_refused():
    random = np.random.default_rng(3)
    values = [random.normal(size=len(X)) for _ in range(3)]
    with pytest.raises(CalculationError, match=r"no band|No band"):
        band_positions(band_data([300.0, 310.0, 320.0], X, values))
