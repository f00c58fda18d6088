"""Checks of a two-state fit do not depend on the unit of absorbance or the origin of the axis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import FreeAreasModel, TwoStateModel
from reticulum.spectra.isosbestic import isosbestic_spread
from reticulum.spectra.profile_likelihood import profile_likelihood
from reticulum.spectra.simulation import simulate_series
from reticulum.spectra.singular_values import singular_values
from reticulum.spectra.two_step import two_step_fit
from reticulum.spectra.variable_projection import fit_series

LAW = TwoStateModel(heat_capacity=True)
TRUTH = dict(zip(LAW.parameters, [1596.0, 1587.0, 12.0, 5.9, 22.0, 37.0], strict=True))
X = np.arange(1540.0, 1640.1, 2.0)
DATA = simulate_series(LAW, TRUTH, np.arange(-100.0, 201.0, 50.0) + 273.15, X, cycles=1, seed=3)


def checked(factor, shift):
    data = band_data(DATA.temperatures_k, X + shift, [factor * v for v in DATA.values])
    start = TRUTH | {name: TRUTH[name] + shift for name in ("tight_cm1", "loose_cm1")}
    fit = fit_series(data, LAW, start)
    profile = profile_likelihood(data, fit, "dh_kj_mol")
    crossing = isosbestic_spread(data, fit)
    two_step = two_step_fit(data, FreeAreasModel(), start)
    rank = singular_values(data, baseline_order=1)
    return {
        "interval": profile.interval_95,
        "crossing": (crossing.spread_percent, crossing.noise_percent),
        "where": crossing.wavenumber_cm1 - shift,
        "ln_k": two_step.points.ln_k,
        "errors": two_step.points.joint_ln_k_errors,
        "rank": (rank.third_percent, rank.noise_edge_percent, rank.n_above_noise),
    }


EXPECTED = checked(1.0, 0.0)


@settings(max_examples=8, deadline=None)
@given(st.floats(-3.0, 3.0), st.floats(-200.0, 200.0))
def test_neither_unit_nor_origin_matters(power, shift):
    found = checked(10.0**power, shift)
    assert found["where"] == pytest.approx(EXPECTED["where"], abs=1e-3)
    for name in ("interval", "crossing", "ln_k", "errors", "rank"):
        assert np.asarray(found[name]) == pytest.approx(np.asarray(EXPECTED[name]), rel=2e-4)
