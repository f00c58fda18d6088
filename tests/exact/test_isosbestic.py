"""Crossing of spectra: exact for two states, spread out for a moving band."""

from __future__ import annotations

import numpy as np
import pytest
from two_state_series import AXIS, MOVING, moving_band, truth, two_states

from reticulum.errors import InputError
from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.isosbestic import isosbestic_spread
from reticulum.spectra.variable_projection import fit_series
from reticulum.thermal.two_state import TwoStateParameters, isosbestic_points_cm1

LAW = TwoStateModel(heat_capacity=True)
CURVED = OneBandModel(centre_order=2, width_order=2)
START = MOVING | {"centre_2": 0.1, "fwhm_1": 0.0, "fwhm_2": 0.0}
HALF = np.arange(1540.0, 1640.1, 0.5)


def fits(data, model=LAW, baseline_order=1):
    return (fit_series(data, model, truth(), baseline_order=baseline_order),
            fit_series(data, CURVED, START, baseline_order=baseline_order))  # fmt: skip


def test_equal_widths_cross_in_the_middle():
    """1591.500 cm⁻¹, relative spread below 1e-9, whatever the areas and baselines."""
    data = two_states(x=HALF, area_scatter=0.3, baseline_drift=0.1)
    found = isosbestic_spread(data, *fits(data))
    assert found.wavenumber_cm1 == pytest.approx(1591.5, abs=1e-5)
    assert found.spread_percent < 1e-7
    assert found.two_state_cm1 == pytest.approx(1591.5, abs=1e-6)
    assert found.two_state_percent < 1e-7
    assert found.discriminates
    # elsewhere they do not cross
    assert found.measured_percent.max() > 5.0


@pytest.mark.parametrize("ratio", [0.8, 1.3])
def test_other_extinctions_cross_elsewhere(ratio):
    model = TwoStateModel(heat_capacity=True, extinction_ratio=ratio)
    data = two_states(model=model, x=HALF, area_scatter=0.1)
    found = isosbestic_spread(data, *fits(data, model))
    named = truth(extinction_ratio=ratio)
    named.pop("fwhm_cm1")
    expected = isosbestic_points_cm1(TwoStateParameters(**named))[0]
    assert found.two_state_cm1 == pytest.approx(expected, abs=1e-5)
    assert found.wavenumber_cm1 == pytest.approx(expected, abs=0.01)


def test_a_moving_band_does_not_cross_in_one_point():
    data = moving_band(1, x=HALF, noise=0.01, area_scatter=0.1, baseline_drift=0.05)
    found = isosbestic_spread(data, *fits(data))
    assert found.spread_percent > 2.5
    assert found.one_band_percent == pytest.approx(found.spread_percent, rel=0.2)
    assert found.two_state_percent < 1e-6
    assert found.discriminates
    assert "can tell" in found.summary


def test_noise_gives_the_spread_it_is_expected_to():
    spreads, expected = [], []
    for seed in range(10):
        data = two_states(seed, noise=0.01, baseline_drift=0.02, area_scatter=0.05)
        found = isosbestic_spread(data, *fits(data))
        spreads.append(found.spread_percent)
        expected.append(found.noise_percent)
        # one band whose width may bulge crosses within 0.6 %: it hides in the noise
        assert not found.discriminates
        assert found.one_band_percent < 1.0
    # the smallest of many noisy numbers lies below the mean, and so do residuals below the noise
    assert 0.7 * np.mean(expected) < np.mean(spreads) < 1.05 * np.mean(expected)


def test_the_spread_grows_with_the_noise():
    quiet, loud = (two_states(1, noise=noise) for noise in (0.001, 0.01))
    small, large = (isosbestic_spread(data, *fits(data)) for data in (quiet, loud))
    assert large.noise_percent == pytest.approx(10.0 * small.noise_percent, rel=0.2)
    assert large.spread_percent == pytest.approx(10.0 * small.spread_percent, rel=0.3)
    assert small.discriminates


def test_without_a_rival_only_the_two_states_are_shown():
    data = two_states(1, noise=0.01)
    found = isosbestic_spread(data, fits(data)[0])
    assert np.isnan(found.one_band_percent)
    assert not found.discriminates
    assert "moving band" not in found.summary
    header, rows = found.rows()
    assert len(rows) == len(found.wavenumbers_cm1)
    assert {len(row) for row in rows} == {len(header)}


def test_centres_outside_the_window_are_a_reason():
    inside = AXIS > 1589.0
    data = two_states(x=AXIS[inside])
    held = fit_series(data, LAW, truth(), held=LAW.parameters)
    found = isosbestic_spread(data, held)
    assert "do not all cover both centres, 1587.0 and 1596.0" in found.reason
    assert found.summary == found.reason
    assert np.isnan(found.spread_percent)
    with pytest.raises(InputError, match="no overall area"):
        isosbestic_spread(data, fit_series(data, CURVED, START, held=CURVED.parameters))
