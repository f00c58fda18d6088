"""Comparison of models: fits without meaning never win, more general models never fit worse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import HotBandModel, OneBandModel, TwoStateModel
from reticulum.spectra.band_positions import band_positions
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.model_comparison import (
    ModelOutcome,
    Picture,
    best_fit,
    compare_models,
    two_state_starts,
)
from reticulum.spectra.several_starts import averaged, oscillator_starts
from reticulum.spectra.variable_projection import fit_series
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K

X = np.linspace(1540.0, 1640.0, 51)
TEMPERATURES = np.arange(-100.0, 201.0, 50.0) + 273.15


def series(model, values, noise, seed=0, x=X, temperatures=TEMPERATURES):
    random = np.random.default_rng(seed)
    spectra = np.array(
        [model.columns(np.array(values, float), t, x)[0].sum(axis=1) for t in temperatures]
    )
    spectra /= spectra.max()
    return band_data(temperatures, x, spectra + noise * random.normal(size=spectra.shape))


def outcome(**changes):
    given = {
        "name": "a model", "picture": Picture.ONE_BAND, "fit": None, "sum_of_squares": 0.3,
        "n_points": 300, "n_parameters": 12, "misfit_percent": 3.0,
    }  # fmt: skip
    return ModelOutcome(**(given | changes))


SOUND = outcome()


@pytest.mark.parametrize(
    ("flawed", "word"),
    [
        (outcome(sum_of_squares=math.nan, misfit_percent=math.nan), "not finite"),
        (outcome(sum_of_squares=math.inf, misfit_percent=math.inf), "not finite"),
        (outcome(n_points=14, sum_of_squares=1e-9), "too few points"),
        (outcome(n_points=13, sum_of_squares=1e-9), "too few points"),
        (outcome(n_points=10, sum_of_squares=1e-9), "too few points"),
        (outcome(converged=False, sum_of_squares=1e-9, misfit_percent=1e-4), "minimum"),
    ],
)
def test_models_with_a_flaw_never_win(flawed, word):
    assert SOUND.flaw == ""
    assert word in flawed.flaw
    assert flawed.to_dict()["flaw"] == flawed.flaw
    for criterion in ("aicc", "bic"):
        assert math.isfinite(getattr(SOUND, criterion))
        assert getattr(flawed, criterion) == math.inf
        for order in ([SOUND, flawed], [flawed, SOUND]):
            assert min(order, key=lambda entry: getattr(entry, criterion)) is SOUND


def test_no_residuals_are_no_better_than_rounding():
    exact = outcome(sum_of_squares=0.0, misfit_percent=0.0)
    assert math.isfinite(exact.bic)
    assert math.isfinite(exact.aicc)
    data = series(OneBandModel(), [1591.0, -2.0, 14.0], 0.0)
    outcomes = compare_models(data, shapes=(LineShape.GAUSSIAN, LineShape.PSEUDO_VOIGT))
    exact = [o for o in outcomes if o.misfit_percent < 1e-5]
    assert len(exact) >= 6  # every moving band holds the true one
    for criterion in ("aicc", "bic"):
        best = min(outcomes, key=lambda entry: getattr(entry, criterion))
        assert best.name == OneBandModel().name


def test_criteria_are_those_of_normal_residuals():
    n, k = 300, 13
    likelihood = n * math.log(0.3 / n)
    assert pytest.approx(likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1)) == SOUND.aicc
    assert pytest.approx(likelihood + k * math.log(n)) == SOUND.bic
    data = series(OneBandModel(), [1591.0, -2.0, 14.0], 0.01)
    found = compare_models(data, shapes=(LineShape.GAUSSIAN,))
    for entry in found:
        if entry.fit is not None:
            assert entry.aicc == pytest.approx(entry.fit.aicc, rel=1e-12)
            assert entry.bic == pytest.approx(entry.fit.bic, rel=1e-12)


def test_more_general_models_never_fit_worse():
    data = series(TwoStateModel(heat_capacity=True), [1596, 1587, 12, 5.9, 22, 37], 0.01, seed=4)
    misfits = {o.name: o.misfit_percent for o in compare_models(data, shapes=list(LineShape))}
    for name, misfit in misfits.items():
        for mixed in ("pseudo-voigt", "voigt"):
            for plain in ("gaussian", "lorentzian"):
                wider = name.replace(f", {plain}", f", {mixed}")
                assert misfits[wider] <= misfit * (1.0 + 1e-9)
        if "no ΔCp" in name:
            assert misfits[name.replace("no ΔCp", "ΔCp")] <= misfit * (1.0 + 1e-9)
        if "two states" in name and "equal widths" in name:
            assert misfits[name.replace("equal", "different")] <= misfit * (1.0 + 1e-9)
        if "linear centre, constant" in name:
            for more in ("linear centre, linear", "quadratic centre, quadratic"):
                assert misfits[name.replace("linear centre, constant", more)] <= misfit * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_of_several_starts_is_no_worse_than_the_truth(seed):
    random = np.random.default_rng(100 + seed)
    apart = random.uniform(6.0, 14.0)
    truth = [1591 + apart / 2, 1591 - apart / 2, random.uniform(9, 15), random.uniform(3, 12)]
    truth.append(1000.0 * truth[3] / random.uniform(250, 350))
    data = series(TwoStateModel(), truth, 0.01, seed)
    model = TwoStateModel()
    starts = two_state_starts(data, band_positions(data, baseline_order=0))
    found = best_fit(data, model, starts, baseline_order=0)
    known = fit_series(
        data, model, dict(zip(model.parameters, truth, strict=True)), baseline_order=0
    )
    assert found.converged
    assert found.sum_of_squares <= known.sum_of_squares * (1.0 + 1e-9)


def test_an_oscillator_is_found():
    data = series(
        HotBandModel(), [1598.0, -2.0, 150.0, 12.0], 0.002, x=np.linspace(1540, 1640, 201)
    )
    starts = oscillator_starts(data, band_positions(data))
    fit = best_fit(data, HotBandModel(), starts)
    assert fit.converged
    assert fit.at_bound == ()
    for name, true in zip(fit.model.parameters, [1598.0, -2.0, 150.0, 12.0], strict=True):
        assert abs(fit.parameters[name] - true) < 4.0 * fit.errors[name]


def test_averages_keep_areas_and_narrow_lines_keep_their_points():
    x = np.linspace(1540.0, 1640.0, 997)
    data = series(OneBandModel(), [1591.0, -2.0, 14.0], 0.0, x=x)
    rough = averaged(data, 40)
    for number in range(data.n_spectra):
        assert len(rough.values[number]) <= 40
        whole = np.trapezoid(data.values[number], x)
        mean = np.trapezoid(rough.values[number], rough.wavenumbers_cm1[number])
        assert mean == pytest.approx(whole, rel=1e-3)
    narrow = series(TwoStateModel(), [1592.0, 1590.0, 1.0, 5.9, 20.0], 0.002, x=x)
    starts = two_state_starts(narrow, band_positions(narrow))
    fit = best_fit(narrow, TwoStateModel(), starts)
    assert fit.parameters["tight_cm1"] == pytest.approx(1592.0, abs=0.02)
    assert fit.parameters["loose_cm1"] == pytest.approx(1590.0, abs=0.02)


@pytest.mark.parametrize("ratio", [1.0, 1.7])
def test_the_state_that_grows_on_heating_is_called_loose(ratio):
    model = TwoStateModel(heat_capacity=True, equal_widths=False, extinction_ratio=ratio)
    truth = np.array([1596.0, 1587.0, 12.0, 13.0, 5.9, 22.0, 37.0])
    assert model.named_by_heating(truth) is truth
    ds = -22.0 - 2.0 * GAS_CONSTANT_J_PER_MOL_K * math.log(ratio)
    exchanged = np.array([1587.0, 1596.0, 13.0, 12.0, -5.9, ds, -37.0])
    for t in TEMPERATURES:
        one, other = (model.columns(values, t, X)[0][:, 0] for values in (truth, exchanged))
        assert other / other.max() == pytest.approx(one / one.max(), abs=1e-12)
    assert model.named_by_heating(exchanged) == pytest.approx(truth)
    data = series(model, truth, 0.003)
    start = dict(zip(model.parameters, exchanged, strict=True))
    assert fit_series(data, model, start).parameters["dh_kj_mol"] < 0.0
    assert best_fit(data, model, [start]).parameters["tight_cm1"] == pytest.approx(1596.0, abs=0.5)
