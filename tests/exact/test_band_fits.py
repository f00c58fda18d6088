"""Fits of one band at many temperatures: exact recovery, errors, limits, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from reticulum.errors import CalculationError, InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import (
    FreeAreasModel,
    HotBandModel,
    OneBandModel,
    TwoStateModel,
)
from reticulum.spectra.band_positions import band_positions, noise_level
from reticulum.spectra.line_shapes import LineShape, component, gaussian
from reticulum.spectra.model_comparison import Picture, compare_models
from reticulum.spectra.variable_projection import fit_series
from reticulum.thermal.two_state import TwoStateParameters, loose_fraction

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
    (TwoStateModel(shape=LineShape.VOIGT), [1596, 1587, 12, 0.5, 5.9, 22]),
    (OneBandModel(shape=LineShape.VOIGT, centre_order=1), [1592, -2, 15, 0.6]),
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


JOINT = [
    (TwoStateModel(heat_capacity=True), [1596, 1587, 12, 5.9, 22, 37]),
    (FreeAreasModel(equal_widths=False), [1597, 1586, 12, 13]),
    (OneBandModel(shape=LineShape.PSEUDO_VOIGT, width_order=1), [1592, -2, 15, 1, 0.4]),
    (OneBandModel(shape=LineShape.VOIGT, centre_order=0), [1592, 15, 0.5]),
    (HotBandModel(), [1598, -2, 150, 14]),
]


@pytest.mark.parametrize(("model", "values"), JOINT)
@pytest.mark.parametrize("baseline_order", [-1, 1])
def test_errors_are_those_of_a_plain_fit_of_all_parameters(model, values, baseline_order):
    """scipy's curve_fit with heights and baselines as parameters like the others."""
    x = np.linspace(1540.0, 1640.0, 41)
    temperatures = [173.15, 298.15, 298.15, 473.15]
    random = np.random.default_rng(2)
    spectra = [model.columns(np.array(values, float), t, x)[0].sum(axis=1) for t in temperatures]
    spectra = [s / 0.1 + 0.01 * random.normal(size=41) for s in spectra]
    data = band_data(temperatures, x, spectra)
    fit = fit_series(
        data, model, dict(zip(model.parameters, values, strict=True)), baseline_order=baseline_order
    )
    assert fit.converged
    n_shared = len(values)
    position = (x - data.middle_cm1) / (x[-1] - x[0])
    baseline = position[:, None] ** np.arange(baseline_order + 1)

    def whole(_, *parameters):
        heights = np.reshape(parameters[n_shared:], (4, -1))
        return np.concatenate([
            np.hstack([model.columns(np.array(parameters[:n_shared]), t, x)[0], baseline]) @ h
            for t, h in zip(temperatures, heights, strict=True)
        ])  # fmt: skip

    start = [*fit.values, *fit.linear.ravel()]
    best, covariance = curve_fit(
        whole, None, np.concatenate(spectra), p0=start, ftol=1e-14, xtol=1e-14, gtol=1e-14
    )
    errors = np.sqrt(np.diag(covariance))
    assert np.array(list(fit.errors.values())) == pytest.approx(errors[:n_shared], rel=1e-4)
    assert fit.linear_errors.ravel() == pytest.approx(errors[n_shared:], rel=1e-4)
    assert (np.abs(best - start) < 1e-3 * errors).all()


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


LIMITED = [
    (LineShape.PSEUDO_VOIGT, LineShape.GAUSSIAN, 0.0),
    (LineShape.PSEUDO_VOIGT, LineShape.LORENTZIAN, 1.0),
    (LineShape.VOIGT, LineShape.GAUSSIAN, 0.0),
    (LineShape.VOIGT, LineShape.LORENTZIAN, 1.0),
]


@pytest.mark.parametrize(("shape", "true", "limit"), LIMITED)
@pytest.mark.parametrize("start", [0.0, 0.5, 1.0])
def test_mixings_end_at_their_limits_without_error(shape, true, limit, start):
    """Beyond the limit the misfit would be smaller still: there the fit is that without mixing."""
    sharper = {LineShape.GAUSSIAN: -0.02, LineShape.LORENTZIAN: 1.02}[true]
    random = np.random.default_rng(3)
    spectra = [
        component(LineShape.PSEUDO_VOIGT, X - 1592.0 + 0.02 * t, 14.0, sharper)[0]
        + 2e-4 * random.normal(size=len(X))
        for t in TEMPERATURES
    ]
    data = band_data(TEMPERATURES, X, spectra)
    plain = fit_series(data, OneBandModel(shape=true), ONE, baseline_order=0)
    fit = fit_series(data, OneBandModel(shape=shape), ONE | {shape.mixing: start}, baseline_order=0)
    assert fit.at_bound == (shape.mixing,)
    assert fit.parameters[shape.mixing] == limit
    assert np.isnan(fit.errors[shape.mixing])
    assert fit.converged
    assert fit.values[:3] == pytest.approx(plain.values, abs=1e-6)
    # one more parameter was searched: that is all that the errors of the others differ by
    room = data.n_points - np.array([fit.n_parameters, plain.n_parameters])
    assert np.diag(fit.covariance)[:3] == pytest.approx(
        np.diag(plain.covariance) * room[1] / room[0], rel=1e-5
    )
    assert fit.n_parameters == plain.n_parameters + 1


ONE = {"centre_0": 1590.0, "centre_1": -1.0, "fwhm_0": 12.0}


@pytest.mark.parametrize("shape", [LineShape.PSEUDO_VOIGT, LineShape.VOIGT])
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_mixings_leave_a_limit_that_they_start_from(shape, start):
    model = OneBandModel(shape=shape)
    data = series(model, [1591.0, -2.0, 14.0, 0.3], noise=0.005)
    fit = fit_series(data, model, ONE | {shape.mixing: start})
    assert fit.at_bound == ()
    error = fit.errors[shape.mixing]
    assert 1e-3 < error < 0.01
    assert abs(fit.parameters[shape.mixing] - 0.3) < 4.0 * error


def test_a_width_ends_at_the_distance_of_points():
    """One high point: narrower lines describe it ever better."""
    spectra = np.full((3, len(X)), 1e-3) * np.cos(X)
    spectra[:, 50] = 1.0
    data = band_data([200.0, 300.0, 400.0], X, spectra)
    fit = fit_series(data, OneBandModel(centre_order=0), {"centre_0": X[50] + 0.1, "fwhm_0": 3.0})
    assert fit.at_bound == ("fwhm_0",)
    assert fit.parameters["fwhm_0"] == pytest.approx(X[1] - X[0])


def test_what_data_do_not_see_has_no_error():
    """Two components in one place: how many absorb in which is not seen."""
    data = series(OneBandModel(centre_order=0), [1591.0, 14.0], noise=0.01)
    start = {"tight_cm1": 1591.0, "loose_cm1": 1591.0, "fwhm_cm1": 14.0, "dh_kj_mol": 5.0,
             "ds_j_mol_k": 20.0}  # fmt: skip
    fit = fit_series(data, TwoStateModel(), start, held=("tight_cm1", "loose_cm1"))
    assert np.isnan(fit.errors["dh_kj_mol"])
    assert np.isnan(fit.errors["ds_j_mol_k"])
    assert 0.0 < fit.errors["fwhm_cm1"] < 0.1


@pytest.mark.parametrize("model", [TwoStateModel(heat_capacity=True), OneBandModel()])
def test_missing_points_and_other_axes_change_nothing_beyond_errors(model):
    truth = {6: [1596, 1587, 12, 5.9, 22, 37], 3: [1591.0, -2.0, 14.0]}[len(model.parameters)]
    fine = np.linspace(1540.0, 1640.0, 401)
    whole = series(model, truth, noise=0.01, seed=5, x=fine)
    random = np.random.default_rng(6)
    kept = [np.flatnonzero(random.random(401) > 0.4) for _ in TEMPERATURES]
    for points in kept[::2]:  # some spectra have a gap in the band, too
        points[:] = np.where((fine[points] > 1592) & (fine[points] < 1597), -1, points)
    kept = [points[points >= 0] for points in kept]
    gappy = band_data(
        TEMPERATURES,
        [fine[points][::-1] for points in kept],
        [v[points][::-1] for v, points in zip(whole.values, kept, strict=True)],
        cycles=CYCLES,
    )
    start = dict(zip(model.parameters, truth, strict=True))
    fits = [fit_series(data, model, start, baseline_order=1) for data in (whole, gappy)]
    errors = [np.array(list(fit.errors.values())) for fit in fits]
    # the data of one are part of the data of the other: variances of differences subtract
    spread = np.sqrt(errors[1] ** 2 - errors[0] ** 2)
    assert (np.abs(fits[1].values - fits[0].values) < 3.5 * spread).all()
    points = [fit.n_points for fit in fits]
    assert errors[1] == pytest.approx(errors[0] * np.sqrt(points[0] / points[1]), rel=0.3)


def test_three_spectra_at_one_temperature_are_three_spectra():
    """Equal temperatures share a basis; moved apart by nothing they do not, and all is the same."""
    model = OneBandModel(shape=LineShape.PSEUDO_VOIGT, width_order=1)
    data = series(model, [1591.0, -2.0, 14.0, 0.3, 0.4], noise=0.01)
    apart = band_data(TEMPERATURES + 1e-9 * np.arange(14), X, data.values, cycles=CYCLES)
    start = dict(zip(model.parameters, [1591.0, -2.0, 14.0, 0.3, 0.4], strict=True))
    one, two = (fit_series(entry, model, start, baseline_order=1) for entry in (data, apart))
    assert one.values == pytest.approx(two.values, rel=1e-7)
    assert one.covariance == pytest.approx(two.covariance, rel=1e-6)


def test_order_of_spectra_does_not_matter():
    model = TwoStateModel(heat_capacity=True)
    data = series(model, [1596, 1587, 12, 5.9, 22, 37], noise=0.01)
    order = np.random.default_rng(0).permutation(14)
    start = dict(zip(model.parameters, [1596, 1587, 12, 5.9, 22, 37], strict=True))
    one = fit_series(data, model, start, baseline_order=0)
    two = fit_series(data.chosen(order), model, start, baseline_order=0)
    assert two.values == pytest.approx(one.values, rel=1e-8)
    assert two.linear == pytest.approx(one.linear[order], rel=1e-8)


def test_starts_without_a_band_and_missing_starts_are_refused():
    data = series(OneBandModel(), [1591.0, -2.0, 14.0])
    model = OneBandModel(width_order=1)
    with pytest.raises(InputError, match="has no band at"):
        fit_series(data, model, ONE | {"fwhm_1": -30.0})
    with pytest.raises(InputError, match="no start value of fwhm_1"):
        fit_series(data, model, ONE)


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
