"""The one-Gaussian fit where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.thermal.one_gaussian import fit_one_gaussian
from reticulum.thermal.two_state import TwoStateParameters, isosbestic_points_cm1, one_gaussian

BAND = {
    "dh_kj_mol": 5.9,
    "ds_j_mol_k": 22.0,
    "tight_cm1": 1596.0,
    "loose_cm1": 1587.0,
    "fwhm_tight_cm1": 12.0,
    "fwhm_loose_cm1": 12.0,
}


def test_one_component_is_returned_unchanged():
    found = fit_one_gaussian([3.0], [1596.0], [12.0])
    assert found.centre_cm1 == pytest.approx(1596.0, abs=1e-9)
    assert found.fwhm_cm1 == pytest.approx(12.0, abs=1e-9)
    assert found.height == pytest.approx(3.0 / 12.0 * np.sqrt(4.0 * np.log(2.0) / np.pi), rel=1e-9)
    assert found.relative_misfit < 1e-6


@pytest.mark.parametrize(("fraction", "centre", "fwhm"), [(0.0, 1596.0, 12.0), (1.0, 1587.0, 16.0)])
def test_pure_states(fraction, centre, fwhm):
    parameters = TwoStateParameters(**BAND | {"fwhm_loose_cm1": 16.0})
    found = one_gaussian(parameters, fraction)
    assert found.centre_cm1 == pytest.approx(centre, abs=1e-9)
    assert found.fwhm_cm1 == pytest.approx(fwhm, abs=1e-9)


def test_equal_halves_are_centred_between():
    found = one_gaussian(TwoStateParameters(**BAND), 0.5)
    assert found.centre_cm1 == pytest.approx(1591.5, abs=1e-9)


def test_close_components_follow_their_moments():
    # To second order in the separation the centre is the mean and the variance is the moment.
    found = fit_one_gaussian([0.3, 0.7], [1596.0, 1595.9], [12.0, 12.0])
    sigma2 = (12.0**2) / (8.0 * np.log(2.0)) + 0.3 * 0.7 * 0.1**2
    assert found.centre_cm1 == pytest.approx(1595.93, abs=1e-6)
    assert found.fwhm_cm1 == pytest.approx(np.sqrt(8.0 * np.log(2.0) * sigma2), abs=1e-5)


def test_far_components_leave_the_larger_one():
    found = fit_one_gaussian([0.3, 0.7], [1900.0, 1500.0], [12.0, 12.0])
    assert found.centre_cm1 == pytest.approx(1500.0, abs=1e-6)
    assert found.fwhm_cm1 == pytest.approx(12.0, abs=1e-6)


def test_a_trace_of_a_broad_component_on_a_narrow_one():
    # First order in the trace: the centre follows the pull of the broad component.
    areas = np.array([1.0 - 2.4582960848e-4, 0.05 * 2.4582960848e-4])
    found = fit_one_gaussian(areas, [1300.0, 1291.0], [4.0, 30.0])
    v_narrow, v_broad = 2.0 * 16.0, 16.0 + 900.0
    v = np.array([v_narrow, v_broad]) / (8.0 * np.log(2.0))
    pull = areas[1] / areas[0] * np.sqrt(v[0] / v[1]) * np.exp(-81.0 / (2.0 * v[1]))
    assert found.centre_cm1 == pytest.approx(1300.0 - 9.0 * pull * v[0] / v[1], abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_random_sums_are_fitted(seed):
    random = np.random.default_rng(seed)
    for _ in range(100):
        n = random.integers(2, 5)
        areas = 10.0 ** random.uniform(-9.0, 0.0, n)
        centres = 1500.0 + random.uniform(-40.0, 40.0, n)
        fwhms = 10.0 ** random.uniform(0.0, 2.0, n)
        found = fit_one_gaussian(areas, centres, fwhms)
        assert centres.min() - 1e-9 <= found.centre_cm1 <= centres.max() + 1e-9
        assert found.fwhm_cm1 >= fwhms.min() * (1.0 - 1e-9)
        assert 0.0 <= found.relative_misfit < 1.0


@pytest.mark.parametrize("ratio", [1.0, 0.5, 1.7])
@pytest.mark.parametrize("fwhm_loose", [12.0, 12.0 + 1e-9, 15.0, 10.0])
def test_isosbestic_points_do_not_depend_on_the_population(ratio, fwhm_loose):
    parameters = TwoStateParameters(
        **BAND | {"fwhm_loose_cm1": fwhm_loose, "extinction_ratio": ratio}
    )

    def absorbance(x, fraction):
        total = 0.0
        for area, centre, fwhm in (
            (1.0 - fraction, 1596.0, 12.0),
            (ratio * fraction, 1587.0, fwhm_loose),
        ):
            total += area / fwhm * np.exp(-4.0 * np.log(2.0) * ((x - centre) / fwhm) ** 2)
        return total

    points = isosbestic_points_cm1(parameters)
    assert points
    heights = np.array([absorbance(points[0], f) for f in np.linspace(0.0, 1.0, 11)])
    assert np.ptp(heights) / heights.mean() < 1e-9


def test_a_weak_narrow_state_inside_a_broad_one_has_no_isosbestic_point():
    parameters = TwoStateParameters(
        **BAND | {"loose_cm1": 1595.0, "fwhm_loose_cm1": 30.0, "extinction_ratio": 10.0}
    )
    assert isosbestic_points_cm1(parameters) == ()


@pytest.mark.parametrize(
    ("areas", "centres", "fwhms", "message"),
    [
        ([1.0, 1.0], [1596.0], [12.0], "one area"),
        ([-0.1, 1.0], [1596.0, 1587.0], [12.0, 12.0], "at least zero"),
        ([0.0, 0.0], [1596.0, 1587.0], [12.0, 12.0], "at least zero"),
        ([1.0], [1596.0], [0.0], "positive"),
        ([1.0], [np.nan], [12.0], "finite"),
    ],
)
def test_bad_components_are_refused(areas, centres, fwhms, message):
    with pytest.raises(InputError, match=message):
        fit_one_gaussian(areas, centres, fwhms)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loose_cm1": 1596.0}, "both lie at"),
        ({"fwhm_loose_cm1": -1.0}, "fwhm_loose_cm1"),
        ({"dh_kj_mol": np.nan}, "dh_kj_mol"),
        ({"extinction_ratio": 0.0}, "extinction ratio"),
    ],
)
def test_bad_parameters_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        TwoStateParameters(**BAND | change)
