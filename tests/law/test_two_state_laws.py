"""Laws of the two-state model for any parameters."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticulum.errors import InputError
from reticulum.thermal.two_state import (
    TwoStateParameters,
    ln_equilibrium_constant,
    loose_fraction,
    one_gaussian,
    population_mean_cm1,
    two_state_prediction,
)

SETTINGS = settings(deadline=None, max_examples=60)


@st.composite
def parameters(draw, *, dcp=True, equal_widths=False):
    width = st.floats(4.0, 30.0)
    fwhm = draw(width)
    tight = draw(st.floats(1300.0, 1700.0))
    return TwoStateParameters(
        dh_kj_mol=draw(st.floats(-40.0, 40.0)),
        ds_j_mol_k=draw(st.floats(-150.0, 150.0)),
        dcp_j_mol_k=draw(st.floats(-60.0, 60.0)) if dcp else 0.0,
        tight_cm1=tight,
        loose_cm1=tight - draw(st.floats(0.5, 20.0)),
        fwhm_tight_cm1=fwhm,
        fwhm_loose_cm1=fwhm if equal_widths else draw(width),
    )


@SETTINGS
@given(parameters(), st.lists(st.floats(1e-3, 5e3), min_size=1, max_size=6))
def test_fraction_is_a_population_and_the_mean_lies_between_the_centres(p, temperatures):
    f = loose_fraction(p, temperatures)
    assert np.all((f >= 0.0) & (f <= 1.0))
    mean = population_mean_cm1(p, temperatures)
    assert np.all((mean >= p.loose_cm1 - 1e-9) & (mean <= p.tight_cm1 + 1e-9))


@pytest.mark.parametrize(("dh", "limit"), [(5.9, 0.0), (-5.9, 1.0)])
def test_the_lower_state_is_alone_near_zero_kelvin(dh, limit):
    p = TwoStateParameters(
        dh_kj_mol=dh,
        ds_j_mol_k=0.0,
        tight_cm1=1596.0,
        loose_cm1=1587.0,
        fwhm_tight_cm1=12.0,
        fwhm_loose_cm1=12.0,
    )
    np.testing.assert_array_equal(loose_fraction(p, [1e-300, 1e-3]), [limit, limit])


@SETTINGS
@given(parameters(dcp=False), st.floats(50.0, 1000.0), st.floats(50.0, 1000.0))
def test_ln_k_is_linear_in_inverse_temperature_without_heat_capacity(p, t1, t2):
    middle = 2.0 / (1.0 / t1 + 1.0 / t2)
    a, b, c = ln_equilibrium_constant(p, [t1, middle, t2])
    assert b == pytest.approx(0.5 * (a + c), abs=1e-9 * (1.0 + abs(a) + abs(c)))


@SETTINGS
@given(parameters(), st.floats(100.0, 800.0))
def test_ln_k_obeys_vant_hoff(p, t):
    step = 1e-3 * t
    low, high = ln_equilibrium_constant(p, [t - step, t + step])
    dh = 1000.0 * p.dh_kj_mol + p.dcp_j_mol_k * (t - 298.15)
    expected = dh / (8.314462618 * t**2)
    scale = (1000.0 * abs(p.dh_kj_mol) + abs(p.dcp_j_mol_k) * t + 1.0) / (8.314462618 * t**2)
    assert abs((high - low) / (2.0 * step) - expected) < 1e-5 * scale


@SETTINGS
@given(parameters(), st.floats(-200.0, 200.0))
def test_moving_both_centres_moves_the_band_and_keeps_slopes_and_widths(p, shift):
    moved = TwoStateParameters(
        **p.to_dict() | {"tight_cm1": p.tight_cm1 + shift, "loose_cm1": p.loose_cm1 + shift}
    )
    a, b = two_state_prediction(p), two_state_prediction(moved)
    np.testing.assert_allclose(b.mean_cm1 - shift, a.mean_cm1, atol=1e-9)
    np.testing.assert_allclose(b.one_gaussian_cm1 - shift, a.one_gaussian_cm1, atol=1e-6)
    np.testing.assert_allclose(b.one_gaussian_fwhm_cm1, a.one_gaussian_fwhm_cm1, atol=1e-6)
    assert b.mean_slope.slope_cm1_per_k == pytest.approx(a.mean_slope.slope_cm1_per_k, abs=1e-11)
    assert b.one_gaussian_slope.slope_cm1_per_k == pytest.approx(
        a.one_gaussian_slope.slope_cm1_per_k, abs=1e-8
    )


@SETTINGS
@given(parameters(), st.floats(0.05, 20.0))
def test_extinction_ratio_is_an_entropy(p, ratio):
    # Areas with ratio r at ΔS are those with ratio 1 at ΔS + R ln r.
    coloured = TwoStateParameters(**p.to_dict() | {"extinction_ratio": ratio})
    shifted = TwoStateParameters(
        **p.to_dict() | {"ds_j_mol_k": p.ds_j_mol_k + 8.31446261815324 * np.log(ratio)}
    )
    a, b = two_state_prediction(coloured), two_state_prediction(shifted)
    np.testing.assert_allclose(a.one_gaussian_cm1, b.one_gaussian_cm1, atol=2e-6)
    np.testing.assert_allclose(a.one_gaussian_fwhm_cm1, b.one_gaussian_fwhm_cm1, atol=2e-6)


@SETTINGS
@given(parameters(equal_widths=True), st.floats(0.0, 0.499))
def test_equal_components_are_mirror_images_and_widest_at_equal_population(p, f):
    if p.tight_cm1 - p.loose_cm1 > 0.8 * p.fwhm_tight_cm1:
        return  # resolved components: the best single Gaussian may sit on one of them
    here, there, half = (one_gaussian(p, x) for x in (f, 1.0 - f, 0.5))
    middle = 0.5 * (p.tight_cm1 + p.loose_cm1)
    assert here.centre_cm1 - middle == pytest.approx(middle - there.centre_cm1, abs=1e-6)
    assert here.fwhm_cm1 == pytest.approx(there.fwhm_cm1, abs=1e-6)
    assert here.fwhm_cm1 < half.fwhm_cm1
    assert half.fwhm_cm1 > p.fwhm_tight_cm1


@SETTINGS
@given(parameters(), st.floats(0.0, 1.0))
def test_one_gaussian_is_a_minimum_of_the_misfit(p, f):
    best = one_gaussian(p, f)
    widths = np.array([p.fwhm_tight_cm1, p.fwhm_loose_cm1]) / np.sqrt(8.0 * np.log(2.0))
    centres = np.array([p.tight_cm1, p.loose_cm1])
    areas = np.array([1.0 - f, f])

    def explained(centre, fwhm):
        sigma = fwhm / np.sqrt(8.0 * np.log(2.0))
        v = widths**2 + sigma**2
        overlap = areas @ (np.exp(-((centres - centre) ** 2) / (2.0 * v)) / np.sqrt(v))
        return sigma * overlap**2

    top = explained(best.centre_cm1, best.fwhm_cm1)
    for step in (1e-2, 0.3, 3.0):
        for dc, dw in ((step, 0.0), (-step, 0.0), (0.0, step), (0.0, -min(step, 1.0))):
            assert explained(best.centre_cm1 + dc, best.fwhm_cm1 + dw) <= top * (1.0 + 1e-13)


def test_result_is_frozen_and_becomes_json():
    p = TwoStateParameters(
        dh_kj_mol=5.9,
        ds_j_mol_k=22.0,
        tight_cm1=1596.0,
        loose_cm1=1587.0,
        fwhm_tight_cm1=12.0,
        fwhm_loose_cm1=12.0,
    )
    temperatures = np.array([200.0, 300.0, 400.0])
    result = two_state_prediction(p, temperatures)
    assert temperatures.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        result.mean_cm1[0] = 0.0
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["loose_fraction"] == result.loose_fraction.tolist()
    assert document["mean_slope"]["curvature"] == "flattens on heating"
    single = two_state_prediction(p, 300.0)
    assert single.mean_slope is None
    assert single.mean_cm1.shape == (1,)


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
def test_impossible_temperatures_are_refused(temperature):
    p = TwoStateParameters(
        dh_kj_mol=5.9,
        ds_j_mol_k=22.0,
        tight_cm1=1596.0,
        loose_cm1=1587.0,
        fwhm_tight_cm1=12.0,
        fwhm_loose_cm1=12.0,
    )
    with pytest.raises(InputError, match="absolute zero"):
        two_state_prediction(p, [300.0, temperature])
