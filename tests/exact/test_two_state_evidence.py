"""All checks of a two-state fit together; the extinction ratio; the linear-shift null."""

from __future__ import annotations

import json

import numpy as np
import pytest
from two_state_series import AXIS, MOVING, TEMPERATURES, moving_band, truth, two_states

from reticulum.errors import InputError
from reticulum.provenance import to_jsonable
from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.extinction_ratio import ExtinctionTreatment, extinction_effect
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.model_comparison import compare_models
from reticulum.spectra.simulation import simulate_series
from reticulum.spectra.two_state_evidence import linear_shift_null, two_state_evidence
from reticulum.spectra.variable_projection import fit_series
from reticulum.thermal.linear_shift_null import linear_shift_null_dcp
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K

LAW = TwoStateModel(heat_capacity=True)


@pytest.fixture(scope="module")
def measured():
    data = two_states(1, noise=0.01, area_scatter=0.05)
    return data, compare_models(data, shapes=(LineShape.GAUSSIAN,))


def test_every_check_is_there(measured):
    data, outcomes = measured
    found = two_state_evidence(data, outcomes, baseline_order=-1)
    assert found.curved.model == LAW
    assert found.plain.model == TwoStateModel()
    assert found.bic_gain > 100.0  # ΔCp 37 of ± 0.8
    names = [profile.parameter for profile in found.profiles]
    assert names == ["dh_kj_mol", "ds_j_mol_k", "dcp_j_mol_k", "tight_cm1", "loose_cm1", "fwhm_cm1"]
    for profile in found.profiles:
        low, high = profile.interval_95
        assert low < found.curved.parameters[profile.parameter] < high
        assert low < truth()[profile.parameter] + 2.0 * profile.standard_error
    assert found.bootstrap.n_distinct == 10
    assert found.singular.n_above_noise == 2
    assert found.isosbestic.wavenumber_cm1 == pytest.approx(1591.5, abs=0.5)
    assert found.isosbestic.one_band.startswith("one band")
    assert len(found.centres.cases) == 8
    assert found.two_step.laws[1].dcp_j_mol_k == pytest.approx(
        found.curved.parameters["dcp_j_mol_k"], abs=2.0
    )
    assert "standard errors" in found.two_step.warning
    assert found.notes == ()
    text = json.dumps(to_jsonable(found.to_dict()), allow_nan=False)
    back = json.loads(text)
    assert back["one_step"]["with_heat_capacity"]["parameters"] == found.curved.parameters
    assert back["extinction_ratio"]["treatment"] == "fixed at 1"
    assert len(back["profiles"]) == 6


def test_a_moving_band_is_shown_for_what_it_is():
    data = moving_band(1, noise=0.01, cycles=1)
    outcomes = compare_models(data, shapes=(LineShape.GAUSSIAN,))
    found = two_state_evidence(data, outcomes, baseline_order=-1)
    assert found.singular.n_above_noise > 2
    assert found.isosbestic.spread_percent > 2.0 * found.isosbestic.noise_percent
    assert found.two_step.points.left_out  # areas turn negative
    # a large ΔCp for no reason, of the size of the null
    assert found.null.fitted_j_mol_k > 25.0
    assert abs(found.null.fitted_j_mol_k - found.null.dcp_j_mol_k) < 25.0


def test_a_band_that_does_not_move_says_nothing_and_breaks_nothing():
    """Two states have nothing to hold on to: open intervals and no ΔCp worth the name."""
    data = simulate_series(
        OneBandModel(), MOVING | {"centre_1": 0.0}, TEMPERATURES, AXIS, cycles=1, seed=1
    )
    outcomes = compare_models(data, shapes=(LineShape.GAUSSIAN,))
    found = two_state_evidence(data, outcomes, baseline_order=-1)
    assert found.singular.n_above_noise == 1
    assert not found.isosbestic.discriminates
    heat = next(p for p in found.profiles if p.parameter == "dcp_j_mol_k")
    assert None in heat.interval_95
    json.dumps(to_jsonable(found.to_dict()), allow_nan=False)


def test_without_a_law_there_is_no_evidence(measured):
    data, outcomes = measured
    assert two_state_evidence(data, (), baseline_order=-1) is None
    others = [o for o in outcomes if o.fit is None or o.fit.model != LAW]
    others = [o for o in others if not getattr(o.fit and o.fit.model, "heat_capacity", False)]
    assert two_state_evidence(data, others, baseline_order=-1) is None


def test_other_settings_than_those_of_the_models_are_refused(measured):
    data, outcomes = measured
    with pytest.raises(InputError, match="baselines of order -1 and the extinction ratio 1, not 1"):
        two_state_evidence(data, outcomes, baseline_order=1)
    with pytest.raises(InputError, match="extinction ratio 1, not -1 and 2"):
        two_state_evidence(data, outcomes, baseline_order=-1, extinction_ratio=2.0)
    with pytest.raises(InputError, match=r"known to a factor of 0\.5"):
        two_state_evidence(data, outcomes, baseline_order=-1, extinction_factor=0.5)


def test_an_unfinished_fit_is_improved_by_a_profile(measured):
    data, outcomes = measured
    index = next(n for n, o in enumerate(outcomes) if o.fit is not None and o.fit.model == LAW)
    rough = fit_series(data, LAW, truth(tight_cm1=1598.0, dh_kj_mol=4.0), relative_change=0.3)
    good = outcomes[index]
    spoilt = type(good)(**{
        name: getattr(good, name) for name in good.__dataclass_fields__
    } | {"fit": rough})  # fmt: skip
    kept = [o for o in outcomes if o.fit is None or o.fit.model == TwoStateModel()]
    found = two_state_evidence(data, [spoilt, *kept], baseline_order=-1)
    assert found.curved.sum_of_squares == pytest.approx(good.fit.sum_of_squares, rel=1e-9)
    assert "lower minimum" in found.notes[0]
    assert not any(profile.moved for profile in found.profiles)
    assert found.isosbestic.one_band == ""


@pytest.mark.parametrize("ratio", [0.5, 1.6])
@pytest.mark.parametrize("baseline_order", [-1, 1])
def test_another_extinction_ratio_changes_the_entropy_by_r_ln_r_and_nothing_else(
    ratio, baseline_order
):
    data = two_states(5, noise=0.01, area_scatter=0.1, baseline_drift=0.02)
    one = fit_series(data, LAW, truth(), baseline_order=baseline_order)
    other = fit_series(
        data, TwoStateModel(heat_capacity=True, extinction_ratio=ratio), truth(),
        baseline_order=baseline_order,
    )  # fmt: skip
    assert other.sum_of_squares == pytest.approx(one.sum_of_squares, rel=1e-11)
    for name, value in one.parameters.items():
        moved = -GAS_CONSTANT_J_PER_MOL_K * np.log(ratio) if name == "ds_j_mol_k" else 0.0
        error = one.errors[name]
        assert other.parameters[name] - value == pytest.approx(moved, abs=2e-3 * error)
        assert other.errors[name] == pytest.approx(error, rel=1e-3)
    assert extinction_effect(other).ds_apparent_j_mol_k == pytest.approx(
        one.parameters["ds_j_mol_k"], abs=2e-3 * one.errors["ds_j_mol_k"]
    )


def test_the_uncertainty_of_the_ratio_adds_to_that_of_the_entropy():
    """Scatter of ΔS over draws of noise and of r, against √(fit² + (R ln g)²)."""
    data = two_states(6, noise=0.01)
    fit = fit_series(data, LAW, truth())
    fixed = extinction_effect(fit)
    assert fixed.treatment is ExtinctionTreatment.FIXED
    assert fixed.ds_error_j_mol_k == fixed.fit_error_j_mol_k == fit.errors["ds_j_mol_k"]
    assert "5.8 J/mol/K" in fixed.statement
    loose = extinction_effect(fit, 1.02)
    assert loose.treatment is ExtinctionTreatment.MARGINALISED
    random = np.random.default_rng(0)
    drawn = random.normal(fit.parameters["ds_j_mol_k"], fit.errors["ds_j_mol_k"], 20_000)
    drawn -= GAS_CONSTANT_J_PER_MOL_K * random.normal(0.0, np.log(1.02), 20_000)
    assert loose.ds_error_j_mol_k == pytest.approx(drawn.std(), rel=0.02)
    given = TwoStateModel(heat_capacity=True, extinction_ratio=1.2)
    found = extinction_effect(fit_series(data, given, truth()))
    assert found.treatment is ExtinctionTreatment.GIVEN
    assert "given as 1.2" in found.statement
    assert found.to_dict()["treatment"] == "given"


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_the_null_is_that_of_the_thermal_room_with_its_error(ratio):
    model = TwoStateModel(heat_capacity=True, extinction_ratio=ratio)
    data = two_states(7, model=model, noise=0.01)
    fit = fit_series(data, model, truth())
    found = linear_shift_null(fit)

    def null(dh, ds):
        return linear_shift_null_dcp(dh, ds + GAS_CONSTANT_J_PER_MOL_K * np.log(ratio))

    named = fit.parameters
    dh, ds = named["dh_kj_mol"], named["ds_j_mol_k"]
    assert found.dcp_j_mol_k == pytest.approx(null(dh, ds), rel=1e-12)
    step = 1e-5
    slopes = np.array([
        (null(dh + step, ds) - null(dh - step, ds)) / (2.0 * step),
        (null(dh, ds + step) - null(dh, ds - step)) / (2.0 * step),
        0.0,
    ])  # fmt: skip
    thermal = fit.covariance[-3:, -3:]
    assert found.error_j_mol_k == pytest.approx(np.sqrt(slopes @ thermal @ slopes), rel=1e-6)
    apart = np.array([0.0, 0.0, 1.0]) - slopes
    difference = named["dcp_j_mol_k"] - found.dcp_j_mol_k
    assert found.difference_sigmas == pytest.approx(
        difference / np.sqrt(apart @ thermal @ apart), rel=1e-6
    )
    with pytest.raises(InputError, match="has no ΔCp to compare"):
        linear_shift_null(fit_series(data, TwoStateModel(), truth()))
