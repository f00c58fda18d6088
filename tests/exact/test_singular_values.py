"""Rank of a series: two for two states, more for a moving band, none for noise."""

from __future__ import annotations

import numpy as np
import pytest
from two_state_series import MOVING, TEMPERATURES, moving_band, truth, two_states

from reticulum.errors import InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.singular_values import least_noise, singular_values
from reticulum.spectra.variable_projection import fit_series

FINE = np.linspace(1540.0, 1640.0, 401)
DIFFERENT = TwoStateModel(heat_capacity=True, equal_widths=False, extinction_ratio=1.4)


@pytest.mark.parametrize("baseline_order", [-1, 0, 1])
def test_two_states_are_exactly_rank_two(baseline_order):
    data = two_states(model=DIFFERENT, parameters=truth(fwhm_loose_cm1=15.0), area_scatter=0.2)
    found = singular_values(data, baseline_order=baseline_order)
    assert found.values[1] > 1e-2 * found.values[0]
    assert found.values[2] < 1e-13 * found.values[0]
    assert found.third_percent < 1e-11


def test_baselines_add_rank_unless_they_are_taken_out():
    data = two_states(area_scatter=0.2, baseline_drift=0.05)
    assert singular_values(data).third_percent > 0.1
    assert singular_values(data, baseline_order=1).third_percent < 1e-11


def test_a_moving_band_has_more_than_two():
    found = singular_values(moving_band(), baseline_order=1)
    assert found.third_percent > 1.0
    assert found.values[3] > 1e-4 * found.values[0]
    assert found.values[3] < 0.5 * found.values[2]  # it falls off fast


@pytest.mark.parametrize("seed", range(3))
def test_one_per_cent_of_noise_leaves_two_or_three(seed):
    two = two_states(seed, x=FINE, noise=0.01, baseline_drift=0.02, area_scatter=0.05)
    one = moving_band(seed, x=FINE, noise=0.01, baseline_drift=0.02, area_scatter=0.05)
    assert singular_values(two, baseline_order=1).n_above_noise == 2
    found = singular_values(one, baseline_order=1)
    assert found.n_above_noise >= 3
    assert found.third_percent > found.noise_edge_percent


@pytest.mark.parametrize("baseline_order", [-1, 1])
def test_noise_alone_ends_at_its_edge(baseline_order):
    random = np.random.default_rng(5)
    data = band_data(np.linspace(200.0, 400.0, 40), FINE, random.normal(size=(40, len(FINE))))
    found = singular_values(data, baseline_order=baseline_order, noise=1.0)
    n = len(FINE) - (baseline_order + 1)
    assert found.noise_edge == pytest.approx(np.sqrt(n) + np.sqrt(40.0))
    assert found.values[0] == pytest.approx(found.noise_edge, rel=0.05)
    # the lower edge of Marchenko and Pastur
    assert found.values[-1] == pytest.approx(np.sqrt(n) - np.sqrt(40.0), rel=0.05)
    assert singular_values(data).noise == pytest.approx(1.0, rel=0.05)


def test_different_axes_are_interpolated_and_it_is_said():
    parts = [two_states(x=FINE), two_states(x=FINE + 0.1)]
    data = band_data(
        TEMPERATURES,
        [parts[n % 2].wavenumbers_cm1[n] for n in range(7)],
        [parts[n % 2].values[n] for n in range(7)],
    )
    found = singular_values(data)
    assert found.interpolated
    # a linear interpolation of a band of 48 points a FWHM
    assert found.third_percent < 0.1
    assert not singular_values(parts[0]).interpolated


def test_the_smallest_bound_of_the_noise_is_taken():
    coarse = two_states(1, x=np.arange(1540.0, 1640.1, 4.0), noise=0.001)
    # second differences of a band of three points a FWHM are its curvature
    assert least_noise(coarse) > 0.003
    fits = [
        fit_series(coarse, TwoStateModel(heat_capacity=True), truth()),
        fit_series(coarse, OneBandModel(), MOVING),
    ]
    assert least_noise(coarse, fits) == pytest.approx(0.001, rel=0.1)


def test_tables_and_refusals():
    found = singular_values(two_states(1, noise=0.01))
    header, rows = found.rows()
    assert header[1] == "singular_value"
    assert [row[1] for row in rows] == found.values.tolist()
    assert sum(bool(row[2]) for row in rows) == found.n_above_noise
    apart = [np.linspace(1500.0, 1560.0, 20) + 40.0 * n for n in range(3)]
    with pytest.raises(InputError, match="0 points in common"):
        singular_values(band_data([200.0, 300.0, 400.0], apart, [np.ones(20)] * 3))
