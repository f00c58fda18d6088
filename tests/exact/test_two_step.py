"""The two-step procedure: exact without noise, errors that are too small, spectra left out."""

from __future__ import annotations

import numpy as np
import pytest
from two_state_series import AXIS, TEMPERATURES, truth, two_states

from reticulum.errors import InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import FreeAreasModel, TwoStateModel
from reticulum.spectra.line_shapes import gaussian
from reticulum.spectra.two_step import two_step_fit
from reticulum.spectra.vant_hoff import ln_k_errors
from reticulum.spectra.variable_projection import fit_series
from reticulum.thermal.two_state import TwoStateParameters, ln_equilibrium_constant

LAW = TwoStateModel(heat_capacity=True)


def thermal(law):
    return [law.dh_kj_mol, law.ds_j_mol_k, law.dcp_j_mol_k]


def published_ln_k(**changed):
    named = truth(**changed)
    named.pop("fwhm_cm1")
    return ln_equilibrium_constant(TwoStateParameters(**named), TEMPERATURES)


@pytest.mark.parametrize("ratio", [1.0, 1.7])
def test_without_noise_the_law_comes_back(ratio):
    data = two_states(model=TwoStateModel(heat_capacity=True, extinction_ratio=ratio),
                      baseline_drift=0.05, area_scatter=0.1, cycles=1)  # fmt: skip
    start = truth(tight_cm1=1596.8, loose_cm1=1586.5, fwhm_cm1=11.5)
    found = two_step_fit(data, FreeAreasModel(), start, baseline_order=1, extinction_ratio=ratio)
    assert found.points.ln_k == pytest.approx(published_ln_k(), abs=1e-6)
    k = np.exp(published_ln_k())
    assert found.points.loose_fractions == pytest.approx(k / (1.0 + k), abs=1e-6)
    plain, curved = found.laws
    assert thermal(curved) == pytest.approx([5.9, 22.0, 37.0], rel=1e-4)
    assert curved.rms < 1e-6
    assert curved.ln_k(TEMPERATURES) == pytest.approx(published_ln_k(), abs=1e-6)
    # a straight line through a curved plot is off, and says so
    assert plain.dcp_j_mol_k == plain.dcp_error_j_mol_k == 0.0
    assert plain.rms > 0.1


def test_a_straight_law_without_noise():
    data = two_states(parameters=truth(dcp_j_mol_k=0.0))
    plain, curved = two_step_fit(data, FreeAreasModel(), truth()).laws
    assert thermal(plain) == pytest.approx([5.9, 22.0, 0.0], rel=1e-5)
    assert thermal(curved) == pytest.approx([5.9, 22.0, 0.0], rel=1e-4, abs=1e-3)


def test_stated_errors_are_too_small_by_the_factor_that_the_joint_ones_have():
    """Scatter of 60 series at FWHM 12: ΔH 1.3, ΔS 1.45 and ΔCp 1.0 times what is stated."""
    found = [
        two_step_fit(two_states(seed, noise=0.01), FreeAreasModel(), truth()).laws[1]
        for seed in range(60)
    ]
    scatter = np.std([thermal(law) for law in found], axis=0, ddof=1)
    stated = np.mean(
        [[f.dh_error_kj_mol, f.ds_error_j_mol_k, f.dcp_error_j_mol_k] for f in found], axis=0
    )
    joint = np.mean(
        [[f.dh_joint_error_kj_mol, f.ds_joint_error_j_mol_k, f.dcp_joint_error_j_mol_k]
         for f in found], axis=0
    )  # fmt: skip
    # a standard deviation of 60 numbers is known to 9 %
    assert joint == pytest.approx(scatter, rel=0.25)
    assert scatter / stated == pytest.approx([1.3, 1.45, 1.0], rel=0.25)
    assert joint / stated == pytest.approx([1.3, 1.45, 1.08], rel=0.1)
    said = np.mean([law.understatement for law in found], axis=0)
    assert said == pytest.approx(joint / stated, rel=0.1)


@pytest.mark.parametrize(
    ("fwhm", "factors"),
    [(8.0, (1.04, 1.05, 1.01)), (16.0, (1.9, 2.2, 1.1)), (20.0, (3.0, 3.6, 1.2))],
)
def test_the_factor_grows_with_the_overlap(fwhm, factors):
    """The numbers of the docstring, and the warning says them."""
    data = two_states(1, noise=0.001, parameters=truth(fwhm_cm1=fwhm, dcp_j_mol_k=0.0),
                      x=np.arange(1530.0, 1651.0, 2.0))  # fmt: skip
    found = two_step_fit(data, FreeAreasModel(), truth(fwhm_cm1=fwhm), baseline_order=1)
    assert found.laws[1].understatement == pytest.approx(factors, rel=0.05)
    assert f"{found.laws[1].understatement[0]:.1f}, " in found.warning


def test_held_components_have_no_error_of_their_own():
    data = two_states(1, noise=0.01)
    held = two_step_fit(data, FreeAreasModel(), truth(), hold=True)
    assert held.areas.parameters["tight_cm1"] == 1596.0
    assert held.points.joint_ln_k_errors == pytest.approx(held.points.ln_k_errors)
    assert held.laws[1].understatement == pytest.approx((1.0, 1.0, 1.0))
    assert "held at given numbers" in held.warning
    # centres 1 cm⁻¹ further apart move ΔH by many of the errors stated
    off = two_step_fit(data, FreeAreasModel(), truth(tight_cm1=1597.0), hold=True).laws[1]
    assert abs(off.dh_kj_mol - held.laws[1].dh_kj_mol) > 5.0 * off.dh_error_kj_mol


def test_a_spectrum_without_a_positive_area_is_left_out_and_named():
    data = two_states(cycles=1)
    values = [np.array(v) for v in data.values]
    # the loose component of the coldest spectrum turned negative
    values[0] = gaussian(AXIS - 1596.0, 12.0)[0] - 0.1 * gaussian(AXIS - 1587.0, 12.0)[0]
    names = [f"at {t:.0f} K" for t in TEMPERATURES]
    spoilt = band_data(TEMPERATURES, AXIS, values, labels=names)
    found = two_step_fit(spoilt, FreeAreasModel(), truth())
    assert found.points.left_out == ("at 173 K",)
    assert "at 173 K" in found.warning
    assert np.isnan(found.points.ln_k[0])
    assert np.isnan(found.points.joint_ln_k_errors).tolist() == [True] + 6 * [False]
    assert found.laws[1].n_points == 6
    assert thermal(found.laws[1]) == pytest.approx([5.9, 22.0, 37.0], rel=1e-4)


def test_tables_have_a_row_a_spectrum():
    found = two_step_fit(two_states(1, noise=0.01), FreeAreasModel(), truth())
    header, rows = found.points.rows()
    assert len(rows) == 21
    assert {len(row) for row in rows} == {len(header)}
    place = header.index("ln_k")
    assert [row[place] for row in rows] == found.points.ln_k.tolist()
    assert found.to_dict()["laws"][1]["dh_kj_mol"] == found.laws[1].dh_kj_mol


def test_too_few_points_give_no_law():
    data = two_states(cycles=1, t=TEMPERATURES[:3])
    values = [np.array(v) for v in data.values]
    values[0] = gaussian(AXIS - 1596.0, 12.0)[0] - 0.1 * gaussian(AXIS - 1587.0, 12.0)[0]
    spoilt = band_data(TEMPERATURES[:3], AXIS, values)
    plain, curved = two_step_fit(spoilt, FreeAreasModel(), truth(), hold=True).laws
    assert np.isfinite(plain.dh_kj_mol)
    assert np.isnan(plain.dh_error_kj_mol)  # two points, two parameters
    assert np.isnan(curved.dh_kj_mol)


def test_ln_k_of_one_spectrum_is_as_precise_as_expected():
    """1 % noise, 7 temperatures in 3 cycles, FWHM 12, ΔCp 0: .029/.016/.022 at -100/50/200 °C."""
    parameters = truth(dcp_j_mol_k=0.0)
    joint, ln_k = [], []
    for seed in range(40):
        points = two_step_fit(two_states(seed, noise=0.01, parameters=parameters),
                              FreeAreasModel(), truth()).points  # fmt: skip
        joint.append(points.joint_ln_k_errors)
        ln_k.append(points.ln_k)
    mean = np.mean(joint, axis=0)
    assert mean[[0, 3, 6]] == pytest.approx([0.029, 0.016, 0.022], rel=0.2)
    # all 21 spectra together: 40 series each
    assert np.std(ln_k, axis=0, ddof=1).mean() == pytest.approx(mean.mean(), rel=0.1)


def test_ln_k_of_the_law_is_as_precise_as_its_scatter():
    """The law draws on all spectra: .012/.008/.017 at -100/50/200 °C with ΔCp 37."""
    t = TEMPERATURES[[0, 3, 6]]
    curves, errors = [], []
    for seed in range(60):
        fit = fit_series(two_states(seed, noise=0.01), LAW, truth())
        named = fit.parameters
        values = {name: named[name] for name in truth() if name in named} | {
            "fwhm_tight_cm1": 12.0, "fwhm_loose_cm1": 12.0
        }  # fmt: skip
        values.pop("fwhm_cm1")
        curves.append(ln_equilibrium_constant(TwoStateParameters(**values), t))
        errors.append(ln_k_errors(fit, t))
    mean = np.mean(errors, axis=0)
    assert np.std(curves, axis=0, ddof=1) == pytest.approx(mean, rel=0.3)
    assert mean == pytest.approx([0.012, 0.008, 0.017], rel=0.1)


def test_what_is_refused():
    data = two_states(cycles=1)
    with pytest.raises(InputError, match="extinction ratio loose/tight is -1"):
        two_step_fit(data, FreeAreasModel(), truth(), extinction_ratio=-1.0)
    areas = two_step_fit(data, FreeAreasModel(), truth()).areas
    with pytest.raises(InputError, match="no law for ln K"):
        ln_k_errors(areas, [300.0])
