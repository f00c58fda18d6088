"""Spectra refuse what is not a spectrum; conversions and preparations give their exact limits."""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from reticulum.errors import InputError, MissingExtraError
from reticulum.spectra.conversion import (
    percent_to_fraction,
    require_quantitative,
    to_absorbance,
    to_kubelka_munk,
    to_pseudo_absorbance,
)
from reticulum.spectra.preprocessing import (
    CARBON_DIOXIDE_CM1,
    cut_window,
    mask_ranges,
    normalise,
    process_series,
    resample,
    subtract_baseline,
)
from reticulum.spectra.spectrum import (
    ProcessingStep,
    Quantity,
    SkippedFile,
    SpectralSeries,
    Spectrum,
    series_from_dict,
)

AXIS = np.linspace(1500.0, 1700.0, 201)
BAND = np.exp(-0.5 * ((AXIS - 1592.0) / 6.0) ** 2)


def spectrum(values=BAND, axis=AXIS, quantity=Quantity.ABSORBANCE, **more):
    return Spectrum(wavenumbers_cm1=axis, values=values, quantity=quantity, label="s", **more)


def reflectance(values, **more):
    values = np.asarray(values, dtype=float)
    axis = 1600.0 + np.arange(len(values))
    return spectrum(values, axis, Quantity.REFLECTANCE, **more)


# --- Spectrum ----------------------------------------------------------------------------------


def test_a_descending_axis_is_turned_round_and_recorded():
    found = spectrum(BAND[::-1], AXIS[::-1])
    assert np.array_equal(found.wavenumbers_cm1, AXIS)
    assert np.array_equal(found.values, BAND)
    assert [step.name for step in found.steps] == ["axis turned round"]
    assert spectrum().steps == ()


def test_arrays_are_copied_and_read_only():
    values = BAND.copy()
    found = spectrum(values)
    values[0] = 9.0
    assert found.values[0] == BAND[0]
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        found.wavenumbers_cm1[0] = 1.0


@pytest.mark.parametrize(
    ("axis", "values", "message"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0], r"shape \(3,\) and values of shape \(2,\)"),
        ([[1.0, 2.0]], [[1.0, 2.0]], r"shape \(1, 2\)"),
        ([1.0], [1.0], "1 point"),
        ([1600.0, 1601.0, 1602.0], [1.0, np.nan, 1.0], r"nan at index 1 \(1601 cm⁻¹\)"),
        ([1600.0, 1601.0, 1602.0], [np.inf, 1.0, -np.inf], r"inf at index 0 .* 1 more"),
        ([1600.0, np.nan, 1602.0], [1.0, 1.0, 1.0], "index 1"),
        ([1600.0, 1601.0, 1601.0], [1.0, 1.0, 1.0], r"1601 cm⁻¹ more than once \(index 1\)"),
        ([1602.0, 1600.0, 1601.0], [1.0, 1.0, 1.0], "goes back"),
        ([-1.0, 1600.0], [1.0, 1.0], "-1 cm⁻¹"),
    ],
)
def test_what_is_no_spectrum_is_refused_with_the_place(axis, values, message):
    with pytest.raises(InputError, match=message):
        spectrum(values, axis)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"temperature_k": 0.0}, "0.0 K"),
        ({"temperature_k": -100.0}, "-100.0 K"),
        ({"temperature_k": float("nan")}, "nan K"),
        ({"cycle": -1}, "cycle of s is -1"),
        ({"direction": "up"}, "'up'"),
    ],
)
def test_conditions_that_cannot_be_are_refused(more, message):
    with pytest.raises(InputError, match=message):
        spectrum(**more)


def test_a_series_survives_json_and_pickle_bit_by_bit():
    step = ProcessingStep(name="window", parameters={"low_cm1": np.float64(0.1), "n": 3})
    series = SpectralSeries(
        spectra=(
            spectrum(BAND / 3.0, temperature_k=173.15, cycle=2, direction="cooling", steps=(step,)),
            spectrum(AXIS / 7.0, quantity=Quantity.UNKNOWN),
        ),
        skipped=(SkippedFile(path=Path("a") / "b.csv", reason="line 3"),),
        notes=("a note",),
    )
    content = json.dumps(series.to_dict(), allow_nan=False)
    for again in (series_from_dict(json.loads(content)), pickle.loads(pickle.dumps(series))):
        assert again.to_dict() == series.to_dict()
        assert np.array_equal(again.spectra[0].values, BAND / 3.0)
        assert again.spectra[0].steps == (step,)
        assert again.skipped == series.skipped
    assert series.cycles.tolist() == [2, 1]
    with pytest.raises(InputError, match="No temperature is known for s"):
        _ = series.temperatures_k


@pytest.mark.parametrize("content", [None, [], {}, {"format": 1}, {"format": 99, "spectra": []}])
def test_what_is_no_series_is_refused(content):
    with pytest.raises(InputError, match=r"not a series|layout 99"):
        series_from_dict(content)
    with pytest.raises(InputError, match="holds no spectrum"):
        SpectralSeries(spectra=())


# --- conversions -------------------------------------------------------------------------------


def test_conversions_at_points_known_by_heart():
    values = [1.0, 0.1, 0.01, 0.5]
    r = reflectance(values)
    np.testing.assert_allclose(to_kubelka_munk(r).values, [0.0, 4.05, 49.005, 0.25], atol=1e-15)
    np.testing.assert_allclose(to_pseudo_absorbance(r).values, [0, 1, 2, np.log10(2)], atol=1e-15)
    t = spectrum(values, r.wavenumbers_cm1, Quantity.TRANSMITTANCE)
    np.testing.assert_allclose(to_absorbance(t).values, [0, 1, 2, np.log10(2)], atol=1e-15)
    assert to_absorbance(t).quantity is Quantity.ABSORBANCE
    assert to_kubelka_munk(r).quantity is Quantity.KUBELKA_MUNK
    assert to_pseudo_absorbance(r).quantity is Quantity.PSEUDO_ABSORBANCE
    assert to_kubelka_munk(r).steps[-1].parameters == {"floor": 1e-3}


def test_percent_is_divided_once():
    r = percent_to_fraction(reflectance([50.0, 10.0]))
    np.testing.assert_allclose(r.values, [0.5, 0.1])
    with pytest.raises(InputError, match="divided by 100 before"):
        percent_to_fraction(r)
    with pytest.raises(InputError, match="absorbance"):
        percent_to_fraction(spectrum())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, -0.01, 0.5], r"negative: -0\.01 at 1601 cm⁻¹ \(1 of 3"),
        ([0.5, 50.0, 60.0], r"above 1: 60 at 1602 cm⁻¹ \(2 of 3"),
        ([0.5, 0.001, 0.0], r"saturated at 2 of 3 points, 1601 to 1602 cm⁻¹: .* 0 at 1602"),
    ],
)
def test_values_outside_physics_are_named(values, message):
    for convert in (to_kubelka_munk, to_pseudo_absorbance):
        with pytest.raises(InputError, match=message):
            convert(reflectance(values))
    transmitted = spectrum(values, 1600.0 + np.arange(3), Quantity.TRANSMITTANCE)
    with pytest.raises(InputError, match=message):
        to_absorbance(transmitted)


def test_a_lower_floor_is_a_decision_of_the_caller():
    r = reflectance([0.5, 0.0005])
    with pytest.raises(InputError, match="saturated"):
        to_kubelka_munk(r)
    np.testing.assert_allclose(to_kubelka_munk(r, floor=1e-4).values[1], 0.9995**2 / 0.001)
    with pytest.raises(InputError, match="floor 0"):
        to_kubelka_munk(r, floor=0.0)


def test_conversions_refuse_other_quantities():
    with pytest.raises(InputError, match="absorbance, not reflectance"):
        to_kubelka_munk(spectrum())
    with pytest.raises(InputError, match="unknown quantity, not transmittance"):
        to_absorbance(spectrum(quantity=Quantity.UNKNOWN))


def test_only_quantitative_spectra_pass():
    for quantity in (Quantity.ABSORBANCE, Quantity.KUBELKA_MUNK, Quantity.PSEUDO_ABSORBANCE):
        require_quantitative(spectrum(quantity=quantity))
        require_quantitative(subtract_baseline(spectrum(quantity=quantity)))
    raw = spectrum(0.9 - 0.3 * BAND, quantity=Quantity.REFLECTANCE)
    with pytest.raises(InputError, match=r"s is reflectance\. .*4\.78.*5\.90.*to_kubelka_munk"):
        require_quantitative(raw)
    subtracted = subtract_baseline(raw)
    with pytest.raises(InputError, match="reflectance with a baseline subtracted"):
        require_quantitative(subtracted)
    with pytest.raises(InputError, match="to_absorbance"):
        require_quantitative(spectrum(quantity=Quantity.TRANSMITTANCE))
    with pytest.raises(InputError, match="quantity="):
        require_quantitative(spectrum(quantity=Quantity.UNKNOWN))
    require_quantitative(subtract_baseline(to_kubelka_munk(raw)))


def test_the_conversion_cannot_follow_what_is_not_linear_with_it():
    raw = spectrum(0.9 - 0.3 * BAND, quantity=Quantity.REFLECTANCE)
    for changed in (subtract_baseline(raw), normalise(raw)):
        with pytest.raises(InputError, match="cannot become kubelka-munk after"):
            to_kubelka_munk(changed)
    steps = (
        ProcessingStep(name="baseline"),
        ProcessingStep(name="reflectance to Kubelka-Munk"),
    )
    with pytest.raises(InputError, match="before it was converted"):
        require_quantitative(spectrum(quantity=Quantity.KUBELKA_MUNK, steps=steps))


# --- preparation -------------------------------------------------------------------------------


def test_a_window_keeps_its_ends_and_refuses_too_few_points():
    cut = cut_window(spectrum(), 1610.0, 1580.0)
    assert (cut.wavenumbers_cm1[0], cut.wavenumbers_cm1[-1]) == (1580.0, 1610.0)
    assert cut.steps[-1].parameters == {"low_cm1": 1580.0, "high_cm1": 1610.0}
    with pytest.raises(InputError, match=r"holds no points.*1500 to 1700 cm⁻¹"):
        cut_window(spectrum(), 2000.0, 2100.0)
    with pytest.raises(InputError, match="holds 4 points"):
        cut_window(spectrum(), 1600.0, 1603.0)
    assert len(cut_window(spectrum(), 1600.0, 1603.0, fewest_points=4).values) == 4
    with pytest.raises(InputError, match="no range"):
        cut_window(spectrum(), 1600.0, 1600.0)


def test_masks_remove_points_and_count_them():
    masked = mask_ranges(spectrum(), [(1550.0, 1540.0), (1600.0, 1600.5), CARBON_DIOXIDE_CM1])
    assert len(masked.values) == 201 - 11 - 1
    assert masked.steps[-1].parameters == {
        "ranges_cm1": [[1540.0, 1550.0], [1600.0, 1600.5], [2280.0, 2400.0]], "n_removed": 12,
    }  # fmt: skip
    with pytest.raises(InputError, match="leave 0 points"):
        mask_ranges(spectrum(), [(0.0, 4000.0)])


def test_a_straight_baseline_under_a_band_is_removed_exactly():
    slope = 0.3 + 0.002 * (AXIS - 1500.0)
    found = subtract_baseline(spectrum(BAND + slope))
    np.testing.assert_allclose(found.values, BAND, atol=1e-12)
    assert found.steps[-1].parameters == {"method": "linear", "end_points": 5}
    with pytest.raises(InputError, match="200 points at each end"):
        subtract_baseline(spectrum(), end_points=200)
    with pytest.raises(InputError, match="no baseline 'rubberband'"):
        subtract_baseline(spectrum(), "rubberband")


@pytest.mark.parametrize(
    ("method", "options", "recorded"),
    [
        ("asls", {}, {"lam": 1e6, "p": 0.01}),
        ("asls", {"lam": 1e5, "p": 0.001}, {"lam": 1e5, "p": 0.001}),
        ("arpls", {}, {"lam": 1e5}),
        ("modpoly", {"order": 1}, {"poly_order": 1}),
    ],
)
def test_baselines_of_the_library_lie_under_the_band(method, options, recorded):
    pybaselines = pytest.importorskip("pybaselines")
    slope = 0.3 + 0.002 * (AXIS - 1500.0)
    noise = np.random.default_rng(0).normal(scale=0.003, size=len(AXIS))
    found = subtract_baseline(spectrum(BAND + slope + noise), method, **options)
    assert np.abs(found.values - BAND).max() < 0.05
    assert found.steps[-1].parameters == {
        "method": method, **recorded, "pybaselines": pybaselines.__version__, "converged": True,
    }  # fmt: skip


def test_what_the_library_warns_of_is_recorded(monkeypatch):
    """Whether it warns of data without noise depends on rounding, so it is made to."""
    pybaselines = pytest.importorskip("pybaselines")
    fit = pybaselines.Baseline.arpls

    def warning_fit(self, *arguments, **keywords):
        warnings.warn("the baseline points are below the data", stacklevel=2)
        return fit(self, *arguments, **keywords)

    monkeypatch.setattr(pybaselines.Baseline, "arpls", warning_fit)
    found = subtract_baseline(spectrum(BAND + 1.0), "arpls")
    assert "baseline points are below the data" in found.steps[-1].parameters["warnings"][0]


def test_wrong_parameters_of_a_baseline_are_named():
    pytest.importorskip("pybaselines")
    with pytest.raises(InputError, match=r"'asls' cannot be fitted .*'p': 2"):
        subtract_baseline(spectrum(), "asls", p=2.0)


def test_a_baseline_that_is_no_number_is_refused(monkeypatch):
    pybaselines = pytest.importorskip("pybaselines")

    def broken(self, values, **options):
        return np.full(len(values), np.nan), {"tol_history": [0.0]}

    monkeypatch.setattr(pybaselines.Baseline, "arpls", broken)
    with pytest.raises(InputError, match="'arpls' has values that are no numbers"):
        subtract_baseline(spectrum(), "arpls")


def test_without_pybaselines_straight_lines_work_and_others_name_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "pybaselines", None)
    subtract_baseline(spectrum())
    with pytest.raises(MissingExtraError, match=r"pip install 'reticulum\[spectra\]'"):
        subtract_baseline(spectrum(), "asls")


def test_normalisations_make_one():
    doubled = spectrum(2.0 * BAND + 0.1)
    assert normalise(doubled).values.max() == 1.0
    assert np.trapezoid(normalise(doubled, "area").values, AXIS) == pytest.approx(1.0)
    banded = normalise(doubled, "reference-band", band_cm1=(1580.0, 1600.0))
    inside = (AXIS >= 1580.0) & (AXIS <= 1600.0)
    assert np.trapezoid(banded.values[inside], AXIS[inside]) == pytest.approx(1.0)
    assert banded.steps[-1].parameters["band_cm1"] == [1580.0, 1600.0]
    assert normalise(doubled).steps[-1].parameters["divisor"] == doubled.values.max()


def test_normalisations_refuse_what_is_not_positive_or_not_there():
    with pytest.raises(InputError, match="maximum is -1"):
        normalise(spectrum(-np.ones(201)))
    with pytest.raises(InputError, match="holds 0 points"):
        normalise(spectrum(), "reference-band", band_cm1=(100.0, 200.0))
    with pytest.raises(InputError, match="without band_cm1"):
        normalise(spectrum(), "reference-band")
    with pytest.raises(InputError, match="'snv'"):
        normalise(spectrum(), "snv")


def test_resampling_is_exact_on_lines_and_never_extrapolates():
    line = spectrum(2.0 * AXIS)
    target = np.array([1500.0, 1512.3, 1699.9])
    found = resample(line, target)
    np.testing.assert_allclose(found.values, 2.0 * target, rtol=1e-14)
    assert found.steps[-1].parameters["n_points"] == 3
    with pytest.raises(InputError, match="leaves s, which runs from 1500 to 1700"):
        resample(line, [1499.0, 1600.0])
    masked = mask_ranges(line, [(1550.0, 1560.0)])
    with pytest.raises(InputError, match="1 points in the gap of s between 1549 and 1561"):
        resample(masked, [1540.0, 1555.0])
    assert len(resample(masked, [1540.0, 1570.0]).values) == 2


def test_every_step_is_recorded_in_order_and_the_input_stays():
    raw = spectrum(
        (0.9 - 0.3 * BAND)[::-1], AXIS[::-1], Quantity.REFLECTANCE, temperature_k=300.0, cycle=1
    )
    before = raw.to_dict()
    series = SpectralSeries(spectra=(raw, raw), notes=("n",))
    done = process_series(
        series,
        lambda s: normalise(subtract_baseline(cut_window(to_kubelka_munk(s), 1560.0, 1640.0))),
    )
    for found in done.spectra:
        assert [step.name for step in found.steps] == [
            "axis turned round", "reflectance to Kubelka-Munk", "window", "baseline", "normalise",
        ]  # fmt: skip
        assert (found.temperature_k, found.cycle, found.label) == (300.0, 1, "s")
    assert raw.to_dict() == before
    assert done.notes == ("n",)
