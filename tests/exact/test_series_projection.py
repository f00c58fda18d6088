"""Columns of all models and their derivatives; the projection against plain least squares."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import (
    FreeAreasModel,
    HotBandModel,
    OneBandModel,
    TwoStateModel,
)
from reticulum.spectra.line_shapes import LineShape, component
from reticulum.spectra.series_projection import ProjectedSeries
from reticulum.units import BOLTZMANN_CM1_PER_K

X = np.linspace(1540.0, 1640.0, 101)
MIXED = {None: [], "eta": [0.3], "lorentz_share": [0.4]}


def models():
    for shape in LineShape:
        mixing = MIXED[shape.mixing]
        yield TwoStateModel(shape=shape), [1596, 1587, 12, *mixing, 5.9, 22]
        yield (
            TwoStateModel(
                shape=shape, heat_capacity=True, equal_widths=False, extinction_ratio=1.3
            ),
            [1596, 1587, 12, 13, *mixing, 5.9, 22, 37],
        )
        yield FreeAreasModel(shape=shape), [1596, 1587, 12, *mixing]
        yield FreeAreasModel(shape=shape, equal_widths=False), [1596, 1587, 12, 14, *mixing]
        yield OneBandModel(shape=shape, centre_order=0), [1592, 15, *mixing]
        yield (
            OneBandModel(shape=shape, centre_order=2, width_order=1),
            [1592, -2, 0.1, 15, 1, *mixing],
        )
        yield HotBandModel(shape=shape), [1598, -2, 150, 14, *mixing]


MODELS = [
    pytest.param(model, np.array(v, float), id=f"{model.name} {len(v)}") for model, v in models()
]
models_and_values = pytest.mark.parametrize(("model", "values"), MODELS)


def uneven_series(seed=0):
    """Different axes, gaps, one temperature three times, descending axes."""
    random = np.random.default_rng(seed)
    temperatures = [173.15, 298.15, 298.15, 298.15, 380.0, 473.15]
    axes = [X, X, X[random.random(101) > 0.3], X[::-1] + 0.3, X, np.linspace(1550, 1630, 57)]
    values = [
        (1 + 0.1 * k) * component(LineShape.GAUSSIAN, x - 1592.0 + k, 14.0)[0]
        + 0.01 * random.normal(size=len(x))
        for k, x in enumerate(axes)
    ]
    return band_data(temperatures, axes, values)


def plainly(data, model, values, baseline_order):
    """Best heights and residuals of each spectrum by itself."""
    heights, residuals = [], []
    for t, x, y in zip(data.temperatures_k, data.wavenumbers_cm1, data.values, strict=True):
        position = (x - data.middle_cm1) / (x[-1] - x[0])
        baseline = position[:, None] ** np.arange(baseline_order + 1)
        matrix = np.hstack([model.columns(values, t, x)[0], baseline])
        best = np.linalg.lstsq(matrix, y, rcond=None)[0]
        heights.append(best)
        residuals.append(y - matrix @ best)
    return np.array(heights), residuals


@models_and_values
@pytest.mark.parametrize("temperature", [173.15, 298.15, 473.15])
@pytest.mark.parametrize("x", [X, np.array([1500.0, 1590.0, 1590.1, 1601.0, 1700.0])])
def test_derivatives_of_columns(model, values, temperature, x):
    columns, derivatives = model.columns(values, temperature, x)
    assert columns.shape == (len(x), model.n_columns)
    assert derivatives.shape == (len(values), len(x), model.n_columns)
    for number in range(len(values)):
        step = np.zeros_like(values)
        step[number] = 1e-3 * max(1.0, abs(values[number])) if number > 1 else 0.05
        near, far = (
            (model.columns(values + k * step, temperature, x)[0]
             - model.columns(values - k * step, temperature, x)[0]) / (2.0 * k * step[number])
            for k in (1, 2)
        )  # fmt: skip
        numeric = (4.0 * near - far) / 3.0
        scale = max(np.abs(numeric).max(), 1e-9)
        assert np.abs(numeric - derivatives[number]).max() < 2e-6 * scale


@models_and_values
@pytest.mark.parametrize("baseline_order", [-1, 0, 1])
def test_projection_is_that_of_plain_least_squares(model, values, baseline_order):
    data = uneven_series()
    problem = ProjectedSeries(data, model, baseline_order)
    heights, residuals = plainly(data, model, values, baseline_order)
    projection = problem.project(values)
    length = np.linalg.norm(np.concatenate(residuals))
    assert np.linalg.norm(projection.residuals) == pytest.approx(length, rel=1e-12)
    linear = problem.linear(values)
    assert linear.heights == pytest.approx(heights, rel=1e-8, abs=1e-10)
    for ours, expected in zip(linear.residuals, residuals, strict=True):
        assert ours == pytest.approx(expected, abs=1e-11)


@models_and_values
def test_gradient_of_the_misfit(model, values):
    """Jᵀr against differences of half the squared residuals, on different axes with a baseline."""
    problem = ProjectedSeries(uneven_series(), model, 1)
    projection = problem.project(values)
    gradient = projection.jacobian.T @ projection.residuals

    def misfit(at):
        found = problem.project(at).residuals
        return 0.5 * float(found @ found)

    for number in range(len(values)):
        step = np.zeros_like(values)
        step[number] = 1e-3 * max(1.0, abs(values[number])) if number > 1 else 0.02
        near, far = (
            (misfit(values + k * step) - misfit(values - k * step)) / (2.0 * k * step[number])
            for k in (1, 2)
        )
        size = np.linalg.norm(projection.jacobian[:, number]) * np.linalg.norm(projection.residuals)
        assert gradient[number] == pytest.approx((4.0 * near - far) / 3.0, abs=1e-6 * size)


def test_hot_bands_have_the_mean_of_the_bose_factor():
    """⟨ν⟩ = ν₀ + χ n(ω, T), n = 1/(exp(hcω/kT) - 1)."""
    x = np.linspace(1000.0, 2000.0, 20_001)
    model = HotBandModel()
    for mode in (150.0, 20.0):
        for t in (173.15, 473.15):
            column = model.columns(np.array([1598.0, -0.3, mode, 12.0]), t, x)[0][:, 0]
            mean = np.trapezoid(x * column, x) / np.trapezoid(column, x)
            bose = 1.0 / np.expm1(mode / (BOLTZMANN_CM1_PER_K * t))
            assert mean == pytest.approx(1598.0 - 0.3 * bose, abs=1e-6)
            assert np.trapezoid(column, x) == pytest.approx(1.0, abs=1e-8)


def test_hot_bands_of_all_temperatures_are_those_of_each():
    model, values = HotBandModel(shape=LineShape.VOIGT), np.array([1598.0, -1.0, 60.0, 14.0, 0.4])
    temperatures = np.array([200.0, 300.0, 400.0])
    axes, axis_of = np.stack([X, X + 0.3]), np.array([0, 1, 0])
    together = model.basis(values, temperatures, axes, axis_of)
    for number, t in enumerate(temperatures):
        alone = model.columns(values, t, axes[axis_of[number]])
        # the number of levels follows the highest temperature
        assert together[number, :, 0] == pytest.approx(alone[0][:, 0], abs=1e-9)


def test_a_mode_that_is_too_slow_is_refused():
    with pytest.raises(InputError, match="slow mode of 5 cm"):
        HotBandModel().columns(np.array([1598.0, -0.1, 5.0, 12.0]), 300.0, X)
