"""Profile likelihoods: the standard error where all is linear, lopsided and open ends elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from two_state_series import AXIS, truth, two_states

from reticulum.errors import InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.profile_likelihood import profile_likelihood
from reticulum.spectra.profile_walk import conditional_start
from reticulum.spectra.variable_projection import fit_series

LAW = TwoStateModel(heat_capacity=True)
PLAIN = TwoStateModel()
SHORT = np.arange(0.0, 121.0, 30.0) + 273.15


def in_errors(profile, interval):
    return [None if end is None else (end - profile.best) / profile.standard_error
            for end in interval]  # fmt: skip


def noisy(seed, fwhm=20.0, noise=0.03):
    """Five temperatures from 0 to 120 °C, components that overlap, much noise."""
    parameters = truth(dcp_j_mol_k=0.0, fwhm_cm1=fwhm)
    data = two_states(seed, model=PLAIN, parameters=parameters, t=SHORT, cycles=1, noise=noise)
    return data, fit_series(data, PLAIN, parameters, baseline_order=1)


@pytest.mark.parametrize("baseline_order", [-1, 1])
def test_a_near_gaussian_profile_has_the_standard_error(baseline_order):
    data = two_states(2, noise=0.002)
    fit = fit_series(data, LAW, truth(), baseline_order=baseline_order)
    for name in LAW.parameters:
        found = profile_likelihood(data, fit, name)
        assert in_errors(found, found.interval_68) == pytest.approx([-1.0, 1.0], rel=0.03)
        assert in_errors(found, found.interval_95) == pytest.approx([-1.96, 1.96], rel=0.03)
        assert found.converged
        assert not found.moved
        assert found.note == ""
        assert len(found.values) <= 13
        assert (np.diff(found.values) > 0.0).all()
        assert found.excess.min() == 0.0


def test_ends_are_where_the_excess_says():
    """Hold ΔH at the ends and refit: ν ln(S/S₀) is 1 and 3.84 there."""
    data, fit = noisy(7)
    found = profile_likelihood(data, fit, "dh_kj_mol")
    freedom = fit.n_points - fit.n_parameters
    for interval, level in ((found.interval_68, 1.0), (found.interval_95, 3.8415)):
        for end in interval:
            refit = fit_series(data, PLAIN, fit.parameters | {"dh_kj_mol": end},
                               baseline_order=1, held=("dh_kj_mol",))  # fmt: skip
            excess = freedom * np.log(refit.sum_of_squares / fit.sum_of_squares)
            assert excess == pytest.approx(level, rel=0.02)


def test_a_lopsided_profile_covers_the_truth():
    """24 noisy series: intervals are longer upwards and hold 5.9 kJ/mol as often as they claim."""
    inside_68 = inside_95 = 0
    lopsided = []
    for seed in range(24):
        data, fit = noisy(seed)
        found = profile_likelihood(data, fit, "dh_kj_mol")
        ends = [[-np.inf if interval[0] is None else interval[0],
                 np.inf if interval[1] is None else interval[1]]
                for interval in (found.interval_68, found.interval_95)]  # fmt: skip
        inside_68 += ends[0][0] <= 5.9 <= ends[0][1]
        inside_95 += ends[1][0] <= 5.9 <= ends[1][1]
        lopsided.append((ends[1][1] - found.best) / (found.best - ends[1][0]))
    # 24 draws: 16.4 ± 2.3 and 22.8 ± 1.1
    assert 10 <= inside_68 <= 23
    assert inside_95 >= 20
    assert np.median(lopsided) > 1.3


def test_an_open_end_is_none():
    """A band that hardly shows two components sets ΔH no upper bound."""
    data, fit = noisy(17, noise=0.05)
    found = profile_likelihood(data, fit, "dh_kj_mol")
    assert found.values.max() > 100.0  # it was looked for far away
    assert found.excess[-1] < 3.84
    assert found.interval_95[0] is not None
    assert found.interval_95[1] is None
    assert found.to_dict()["interval_95"][1] is None
    data, fit = noisy(3, noise=0.05)
    centre = profile_likelihood(data, fit, "tight_cm1")
    assert centre.interval_95[0] is None
    assert "change places" in centre.note


def test_a_lower_minimum_on_the_way_is_taken():
    data = two_states(4, noise=0.01)
    best = fit_series(data, LAW, truth())
    unfinished = fit_series(data, LAW, truth(tight_cm1=1598.0, dh_kj_mol=4.0), relative_change=0.3)
    assert unfinished.sum_of_squares > 1.001 * best.sum_of_squares
    found = profile_likelihood(data, unfinished, "dh_kj_mol")
    assert found.moved
    assert "lower minimum" in found.note
    assert found.fit.sum_of_squares == pytest.approx(best.sum_of_squares, rel=1e-9)
    expected = profile_likelihood(data, best, "dh_kj_mol")
    assert found.best == pytest.approx(expected.best, rel=1e-6)
    assert found.interval_95 == pytest.approx(expected.interval_95, rel=1e-4)


def test_without_noise_there_is_nothing_to_profile():
    x = np.arange(1540.0, 1640.1, 4.0)
    clean = two_states(x=x)
    fit = fit_series(clean, LAW, truth())
    found = profile_likelihood(clean, fit, "dh_kj_mol")
    assert "no noise" in found.note
    assert found.interval_68 == (None, None)
    assert found.values.tolist() == [found.best]


def test_held_parameters_stay_held():
    data = two_states(5, noise=0.01)
    free = fit_series(data, LAW, truth())
    start = free.parameters | {"tight_cm1": 1596.0, "loose_cm1": 1587.0}
    fit = fit_series(data, LAW, start, held=("tight_cm1", "loose_cm1"))
    found = profile_likelihood(data, fit, "ds_j_mol_k")
    assert in_errors(found, found.interval_68) == pytest.approx([-1.0, 1.0], rel=0.03)
    width = profile_likelihood(data, free, "ds_j_mol_k")
    # with the centres known ΔS is known better
    assert np.ptp(found.interval_95) < 0.9 * np.ptp(width.interval_95)
    for name in ("tight_cm1", "mode_cm1"):
        with pytest.raises(InputError, match=f"{name} is not a free parameter"):
            profile_likelihood(data, fit, name)


def test_conditional_start_is_the_refit_of_a_small_step():
    data = two_states(6, noise=0.005)
    fit = fit_series(data, LAW, truth())
    moved = {"tight_cm1": fit.parameters["tight_cm1"] + 0.5 * fit.errors["tight_cm1"]}
    refit = fit_series(data, LAW, fit.parameters | moved, held=tuple(moved))
    start = conditional_start(fit, moved)
    for name, value in refit.parameters.items():
        assert start[name] == pytest.approx(value, abs=0.03 * fit.errors[name])


def test_a_component_is_not_looked_for_outside_the_window():
    """Only the edge of the window bounds a line that the data do not show."""
    random = np.random.default_rng(1)
    data = two_states(parameters=truth(dh_kj_mol=25.0), x=AXIS)  # no loose state below 200 °C
    values = [v + 0.02 * random.normal(size=len(v)) for v in data.values]
    data = band_data(data.temperatures_k, AXIS, values, cycles=data.cycles)
    fit = fit_series(data, LAW, truth(dh_kj_mol=25.0))
    found = profile_likelihood(data, fit, "loose_cm1")
    assert AXIS[0] <= found.values.min()
    assert found.values.max() <= AXIS[-1]
