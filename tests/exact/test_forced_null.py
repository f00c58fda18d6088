"""One moving band forced into two components, and the curves of fitted models."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.spectra.band_models import FreeAreasModel, OneBandModel, TwoStateModel
from reticulum.spectra.fitted_curves import component_areas, fitted_curves, loose_fractions
from reticulum.spectra.forced_null import forced_null
from reticulum.spectra.leading_models import (
    leading_law,
    leading_one_band,
    leading_oscillator,
    leading_rival,
    leading_two_state,
    linear_shift,
    without_heat_capacity,
)
from reticulum.spectra.model_comparison import compare_models
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.variable_projection import fit_series

X = np.linspace(1541.5, 1641.5, 51)
T = np.linspace(173.15, 473.15, 5)
TWO = {"tight_cm1": 1596.0, "loose_cm1": 1587.0, "fwhm_cm1": 12.0,
       "fwhm_tight_cm1": 12.0, "fwhm_loose_cm1": 10.0,
       "dh_kj_mol": 5.9, "ds_j_mol_k": 22.0, "dcp_j_mol_k": 37.0}  # fmt: skip
ONE = {"centre_0": 1591.5, "centre_1": -2.0, "fwhm_0": 14.0}


def series(model, parameters, **flaws):
    return simulate_series(
        model, parameters, list(T), list(X), cycles=1,
        imperfections=Imperfections(**({"noise": 0.0} | flaws)),
    )  # fmt: skip


def held(data, model, parameters, order=1):
    return fit_series(data, model, parameters, baseline_order=order, held=model.parameters)


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_null_of_symmetry(ratio):
    """Midway between equal components the areas are equal; ln K is odd about that place."""
    data = series(OneBandModel(), ONE)
    one = held(data, OneBandModel(), ONE)
    two = held(data, TwoStateModel(extinction_ratio=ratio), TWO)
    t = 298.15 + np.array([-100.0, -50.0, 0.0, 50.0, 100.0])  # 1591.5 cm⁻¹ at 298.15 K
    null = forced_null(data, one, two, t)
    assert null.ln_k[2] == pytest.approx(-np.log(ratio), abs=1e-9)
    odd = null.ln_k + np.log(ratio)
    assert odd == pytest.approx(-odd[::-1], abs=1e-9)
    assert (np.diff(null.ln_k) > 0.0).all()
    # it is curved as an equilibrium with a heat capacity: ln K is no straight line in 1/T
    line = np.polyval(np.polyfit(1.0 / t, null.ln_k, 1), 1.0 / t)
    assert np.abs(null.ln_k - line).max() > 0.02
    assert not null.ln_k.flags.writeable


def test_where_an_area_is_negative_there_is_no_ln_k():
    data = series(OneBandModel(), ONE)
    one = held(data, OneBandModel(), ONE)
    two = held(data, FreeAreasModel(), TWO)
    null = forced_null(data, one, two, [298.15, 900.0, 310.0])
    assert np.isfinite(null.ln_k).tolist() == [True, False, True]
    with pytest.raises(ValueError, match="no moving band"):
        forced_null(data, two, two, T)
    with pytest.raises(ValueError, match="no two components"):
        forced_null(data, one, one, T)


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("ratio", [1.0, 0.7])
def test_components_add_up(equal, ratio):
    model = TwoStateModel(equal_widths=equal, heat_capacity=True, extinction_ratio=ratio)
    data = series(model, TWO, baseline_drift=0.05)
    fit = held(data, model, TWO)
    free = held(data, FreeAreasModel(equal_widths=equal), TWO)
    f = loose_fractions(fit, data.temperatures_k)
    for number in range(data.n_spectra):
        for found in (fit, free):
            curves = fitted_curves(data, found, number)
            assert curves.total == pytest.approx(data.values[number], abs=1e-12)
            assert curves.tight + curves.loose + curves.baseline == pytest.approx(
                curves.total, abs=1e-12
            )
            # the baseline is the straight line that was added
            assert np.abs(np.diff(curves.baseline, 2)).max() < 1e-12
            assert curves.tight.argmax() == np.abs(X - 1596.0).argmin()
    areas = component_areas(data, free)
    assert areas == pytest.approx(component_areas(data, fit), rel=1e-9)
    assert areas[:, 1] / areas[:, 0] == pytest.approx(ratio * f / (1.0 - f), rel=1e-9)


def test_one_band_has_no_components():
    data = series(OneBandModel(), ONE)
    fit = held(data, OneBandModel(), ONE, order=-1)
    curves = fitted_curves(data, fit, 0)
    assert curves.tight is None
    assert (curves.baseline == 0.0).all()
    assert curves.band == pytest.approx(data.values[0], abs=1e-12)
    with pytest.raises(ValueError, match="no two components"):
        component_areas(data, fit)


def test_the_first_of_each_picture():
    model = TwoStateModel(heat_capacity=True)
    data = series(model, TWO, noise=0.01)
    outcomes = compare_models(data)
    first = leading_two_state(outcomes)
    assert first.bic == min(o.bic for o in outcomes if o.picture.value == "two states")
    law = leading_law(outcomes, heat_capacity=True)
    assert law.fit.model.heat_capacity
    plain = without_heat_capacity(outcomes, law)
    assert plain.fit.model.shape is law.fit.model.shape
    assert plain.fit.model.equal_widths == law.fit.model.equal_widths
    assert not plain.fit.model.heat_capacity
    assert leading_law(outcomes).bic <= min(law.bic, plain.bic)
    assert leading_one_band(outcomes).fit is not None
    assert leading_oscillator(outcomes).picture.value == "one anharmonic oscillator"
    rivals = (leading_one_band(outcomes), leading_oscillator(outcomes))
    assert leading_rival(outcomes) is min(rivals, key=lambda outcome: outcome.bic)
    shift = linear_shift(outcomes).fit.model
    assert (shift.centre_order, shift.width_order) == (1, 0)
    assert leading_law(()) is None
    assert without_heat_capacity((), None) is None
