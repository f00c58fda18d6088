"""Bootstrap over cycles: what differs between cycles, enumerated, corrected, refused."""

from __future__ import annotations

import numpy as np
import pytest
from two_state_series import MOVING, TEMPERATURES, moving_band, truth, two_states

from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.cycle_bootstrap import cycle_bootstrap
from reticulum.spectra.variable_projection import fit_series

LAW = TwoStateModel(heat_capacity=True)


def one_band(data):
    return fit_series(data, OneBandModel(), MOVING)


def test_a_shift_between_cycles_has_the_error_of_its_mean():
    """Axes 0, 0.05 and 0.10 cm⁻¹ off: the mean is known to 0.05/√3, and no fit sees it."""
    data = moving_band(noise=1e-4, cycle_change_cm1=0.05)
    fit = one_band(data)
    found = cycle_bootstrap(data, fit)
    error = found.standard_errors["centre_0"]
    assert error == pytest.approx(0.05 / np.sqrt(3.0), rel=0.01)
    assert fit.errors["centre_0"] < 0.1 * error
    assert found.correction == pytest.approx(np.sqrt(1.5))
    low, high = found.intervals(0.95)["centre_0"]
    # Student's t of two degrees of freedom
    assert (high - low) / 2.0 == pytest.approx(4.3027 * error, rel=1e-4)
    assert (high + low) / 2.0 == pytest.approx(fit.parameters["centre_0"])


def test_three_cycles_have_ten_resamples_with_their_probabilities():
    calls = []
    data = moving_band(1, noise=0.01)
    found = cycle_bootstrap(data, one_band(data), progress=lambda *done: calls.append(done))
    assert found.n_distinct == 10
    assert found.exhaustive
    assert calls == [(n, 10) for n in range(1, 11)]
    weights = dict(zip(map(tuple, found.counts.tolist()), found.weights.tolist(), strict=True))
    assert len(weights) == 10
    assert weights[(3, 0, 0)] == pytest.approx(1.0 / 27.0)
    assert weights[(0, 1, 2)] == pytest.approx(3.0 / 27.0)
    assert weights[(1, 1, 1)] == pytest.approx(6.0 / 27.0)
    assert sum(weights.values()) == pytest.approx(1.0)
    same = found.samples[[tuple(c) == (1, 1, 1) for c in found.counts.tolist()]][0]
    assert same == pytest.approx(found.estimates, rel=1e-9)
    assert "10 different resamples: all of them" in found.summary
    header, rows = found.rows()
    assert {len(row) for row in rows} == {len(header)}


def test_independent_noise_gives_the_joint_error_on_average():
    """The mean variance of 25 series against the covariance of the fit, with the correction."""
    ratios = []
    for seed in range(25):
        data = moving_band(seed, noise=0.01)
        fit = one_band(data)
        found = cycle_bootstrap(data, fit)
        ratios.append(np.diag(found.covariance) / np.diag(fit.covariance))
    # a variance from three cycles has two degrees of freedom and so is known to ± 1; 25 series of
    # three parameters give ± 0.12
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.3)


def test_many_cycles_are_drawn_and_repeat_with_their_seed():
    data = moving_band(2, noise=0.02, cycles=4, cycle_change_cm1=0.03)
    fit = one_band(data)
    whole = cycle_bootstrap(data, fit)
    assert whole.exhaustive
    assert len(whole.weights) == 35
    drawn = cycle_bootstrap(data, fit, n_samples=30, seed=3)
    again = cycle_bootstrap(data, fit, n_samples=30, seed=3)
    other = cycle_bootstrap(data, fit, n_samples=30, seed=4)
    assert not drawn.exhaustive
    assert len(drawn.weights) < 30  # repeats were fitted once
    assert drawn.weights.sum() == pytest.approx(1.0)
    assert (drawn.samples == again.samples).all()
    assert drawn.counts.tolist() != other.counts.tolist()
    assert drawn.standard_errors["centre_0"] == pytest.approx(
        whole.standard_errors["centre_0"], rel=0.3
    )


@pytest.mark.parametrize("cycles", [1, 2])
def test_fewer_than_three_cycles_teach_nothing(cycles):
    data = two_states(cycles=cycles, noise=0.01)
    found = cycle_bootstrap(data, fit_series(data, LAW, truth()))
    assert f"{cycles} cycle" in found.reason
    assert found.summary == found.reason
    assert found.samples.shape == (0, 6)
    assert np.isnan(list(found.standard_errors.values())).all()
    assert found.to_dict()["n_refitted"] == 0


def test_a_cycle_that_cannot_stand_alone_is_refused():
    data = two_states(noise=0.01)
    kept = [n for n in range(21) if data.cycles[n] != 3 or data.temperatures_k[n] > 400.0]
    part = data.chosen(kept)
    found = cycle_bootstrap(part, fit_series(part, LAW, truth()))
    assert "Cycle 3 has 2 different temperatures" in found.reason


def test_held_parameters_are_not_resampled():
    data = two_states(3, noise=0.01)
    fit = fit_series(data, LAW, truth(), held=("tight_cm1", "loose_cm1"))
    found = cycle_bootstrap(data, fit)
    assert "tight_cm1" not in found.parameters
    assert found.n_failed == 0
    assert set(found.parameters) == {"fwhm_cm1", "dh_kj_mol", "ds_j_mol_k", "dcp_j_mol_k"}


def test_order_of_the_spectra_does_not_matter():
    data = moving_band(4, noise=0.01)
    order = np.random.default_rng(0).permutation(21)
    mixed = band_data(
        data.temperatures_k[order], data.wavenumbers_cm1[0], [data.values[n] for n in order],
        cycles=data.cycles[order],
    )  # fmt: skip
    one = cycle_bootstrap(data, one_band(data)).standard_errors
    two = cycle_bootstrap(mixed, one_band(mixed)).standard_errors
    assert one == pytest.approx(two, rel=1e-5)
    assert len(TEMPERATURES) * 3 == mixed.n_spectra
