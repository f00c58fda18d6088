"""Centres held off their optimum: the same as fits with held centres, linear for small shifts."""

from __future__ import annotations

import numpy as np
import pytest
from two_state_series import truth, two_states

from reticulum.errors import InputError
from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.centre_sensitivity import centre_sensitivity
from reticulum.spectra.variable_projection import fit_series

LAW = TwoStateModel(heat_capacity=True)
THERMAL = ("dh_kj_mol", "ds_j_mol_k", "dcp_j_mol_k")


def test_all_ways_to_move_are_tried():
    data = two_states(1, noise=0.01)
    fit = fit_series(data, LAW, truth())
    found = centre_sensitivity(data, fit)
    cases = {case.name: case for case in found.cases}
    assert len(cases) == 8
    tight, loose = fit.parameters["tight_cm1"], fit.parameters["loose_cm1"]
    assert cases["both outward"].tight_cm1 == pytest.approx(tight + 1.0)
    assert cases["both outward"].loose_cm1 == pytest.approx(loose - 1.0)
    assert cases["both down"].loose_cm1 == pytest.approx(loose - 1.0)
    assert cases["tight up"].held == ("tight_cm1",)
    assert cases["tight up"].loose_cm1 != pytest.approx(loose, abs=0.1)  # fitted again
    assert all(case.converged for case in found.cases)
    assert all(case.misfit_percent > found.best.misfit_percent for case in found.cases)
    # more than ten standard errors: the choice of centres matters more than the noise
    assert abs(found.largest_change("dh_kj_mol")) > 10.0 * fit.errors["dh_kj_mol"]


def test_a_case_is_the_fit_with_held_centres_from_any_start():
    data = two_states(2, noise=0.01)
    fit = fit_series(data, LAW, truth())
    case = centre_sensitivity(data, fit).cases[4]
    assert case.name == "both outward"
    start = truth(tight_cm1=case.tight_cm1, loose_cm1=case.loose_cm1, dh_kj_mol=5.0, dcp_j_mol_k=10)
    refit = fit_series(data, LAW, start, held=("tight_cm1", "loose_cm1"))
    for name in THERMAL:
        assert getattr(case, name) == pytest.approx(refit.parameters[name], rel=1e-4)
    assert case.misfit_percent == pytest.approx(100.0 * refit.rms / data.maximum)


def test_small_shifts_follow_the_covariance():
    """Change = C[a, centre]/C[centre, centre] times the shift."""
    data = two_states(3, noise=0.002)
    fit = fit_series(data, LAW, truth())
    shift = 0.2 * fit.errors["tight_cm1"]
    found = centre_sensitivity(data, fit, shift)
    up = found.cases[0]
    number = LAW.parameters.index("tight_cm1")
    for name in THERMAL:
        row = LAW.parameters.index(name)
        slope = fit.covariance[row, number] / fit.covariance[number, number]
        expected = slope * shift
        change = getattr(up, name) - getattr(found.best, name)
        assert change == pytest.approx(expected, rel=0.05, abs=0.01 * fit.errors[name])


def test_a_law_without_heat_capacity_has_none():
    data = two_states(1, noise=0.01)
    plain = TwoStateModel()
    found = centre_sensitivity(data, fit_series(data, plain, truth()))
    assert np.isnan([case.dcp_j_mol_k for case in found.cases]).all()
    header, rows = found.rows()
    assert len(rows) == 9
    assert rows[0][0] == "optimum"
    assert {len(row) for row in rows} == {len(header)}


def test_what_is_refused():
    data = two_states(1, noise=0.01)
    fit = fit_series(data, LAW, truth())
    with pytest.raises(InputError, match="shift of the centres is 0"):
        centre_sensitivity(data, fit, 0.0)
    held = fit_series(data, LAW, truth(), held=("tight_cm1",))
    with pytest.raises(InputError, match="no two free centres"):
        centre_sensitivity(data, held)
    moving = OneBandModel()
    band = fit_series(data, moving, {"centre_0": 1591, "centre_1": -2, "fwhm_0": 14})
    with pytest.raises(InputError, match="no two free centres"):
        centre_sensitivity(data, band)
