"""Laws of band fits: shifted, scaled and mirrored spectra have shifted, scaled, mirrored bands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import HotBandModel, OneBandModel, TwoStateModel
from reticulum.spectra.band_positions import band_positions
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.variable_projection import fit_series

X = np.linspace(1540.0, 1640.0, 61)
TEMPERATURES = np.array([173.15, 248.15, 323.15, 398.15, 473.15])
MODELS = {
    TwoStateModel(heat_capacity=True): [1596.0, 1587.0, 12.0, 5.9, 22.0, 37.0],
    OneBandModel(shape=LineShape.VOIGT, width_order=1): [1591.0, -2.0, 14.0, 0.5, 0.5],
    HotBandModel(shape=LineShape.PSEUDO_VOIGT): [1598.0, -2.0, 150.0, 12.0, 0.4],
}
#: Parameters that are wavenumbers of a place, not distances.
PLACES = ("tight_cm1", "loose_cm1", "centre_0", "origin_cm1")
#: Distances that change their sign in a mirror.
SIGNED = ("centre_1", "shift_per_quantum_cm1")

quick = settings(max_examples=12, deadline=None)
models = st.sampled_from(list(MODELS))


def spectra(model, seed):
    random = np.random.default_rng(seed)
    bands = [model.columns(np.array(MODELS[model]), t, X)[0].sum(axis=1) for t in TEMPERATURES]
    return [12.0 * band + 0.003 * random.normal(size=len(X)) for band in bands]


def fitted(model, axis, values, mapped):
    start = {
        name: mapped(name, value)
        for name, value in zip(model.parameters, MODELS[model], strict=True)
    }
    return fit_series(band_data(TEMPERATURES, axis, values), model, start, baseline_order=1)


@quick
@given(
    model=models,
    seed=st.integers(0, 10_000),
    shift=st.floats(-500.0, 500.0),
    size=st.floats(1e-3, 1e3),
    mirrored=st.booleans(),
)
def test_shifted_scaled_and_mirrored_spectra(model, seed, shift, size, mirrored):
    sign = -1.0 if mirrored else 1.0

    def mapped(name, value):
        if name in PLACES:
            return sign * value + shift + (3200.0 if mirrored else 0.0)
        return sign * value if name in SIGNED else value

    values = spectra(model, seed)
    axis = sign * X + shift + (3200.0 if mirrored else 0.0)
    one = fitted(model, X, values, lambda name, value: value)
    other = fitted(model, axis, [size * v for v in values], mapped)
    assert one.converged
    assert other.converged
    assert other.at_bound == one.at_bound
    for name, value in one.parameters.items():
        if name in one.at_bound:
            assert other.parameters[name] == value
            continue
        # both ended where a step would be below a thousandth of an error
        assert abs(other.parameters[name] - mapped(name, value)) < 2e-3 * one.errors[name]
        assert other.errors[name] == pytest.approx(one.errors[name], rel=1e-2)
    assert other.rms == pytest.approx(size * one.rms, rel=1e-6)
    assert other.linear_errors[:, 0] == pytest.approx(size * one.linear_errors[:, 0], rel=1e-3)


@quick
@given(
    shape=st.sampled_from(list(LineShape)),
    seed=st.integers(0, 10_000),
    slope=st.floats(-2.0, 2.0),
    constant=st.floats(-3.0, 3.0),
)
def test_lines_under_a_band_change_nothing(shape, seed, slope, constant):
    model = OneBandModel(shape=LineShape.VOIGT, width_order=1)
    values = spectra(model, seed)
    lifted = [v + constant + slope * (X - 1590.0) / 100.0 for v in values]
    one, other = (
        band_positions(band_data(TEMPERATURES, X, entry), shape, baseline_order=1)
        for entry in (values, lifted)
    )
    assert other.centres_cm1 == pytest.approx(
        one.centres_cm1, abs=1e-3 * one.centre_errors_cm1.max()
    )
    assert other.fwhms_cm1 == pytest.approx(one.fwhms_cm1, abs=2e-3 * one.fwhm_errors_cm1.max())
    assert other.area_errors == pytest.approx(one.area_errors, rel=1e-2)
