"""Preparation of a series as one recorded thing, and reflectance there and back."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.spectra.band_fit import fit_band
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.conversion import kubelka_munk_reflectance, to_kubelka_munk
from reticulum.spectra.preparation import Preparation, prepare_series
from reticulum.spectra.simulated_spectra import simulated_reflectance, simulated_spectra
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.spectrum import Quantity, SpectralSeries, Spectrum

AXIS = np.arange(1500.0, 2500.0, 2.0)
TEMPERATURES = np.arange(-100.0, 201.0, 100.0) + 273.15
MODEL = TwoStateModel()
TRUTH = dict(zip(MODEL.parameters, [1596.0, 1587.0, 10.0, 5.9, 22.0], strict=True))


def band(x, centre=1590.0):
    return np.exp(-4.0 * np.log(2.0) * ((x - centre) / 14.0) ** 2)


def series(values=None, quantity=Quantity.ABSORBANCE):
    values = 0.1 + 1e-4 * (AXIS - 1500.0) + band(AXIS) if values is None else values
    return SpectralSeries(
        spectra=tuple(
            Spectrum(
                wavenumbers_cm1=AXIS, values=values, quantity=quantity, temperature_k=float(t),
                label=f"s{number}",
            )
            for number, t in enumerate(TEMPERATURES)
        ),
        notes=("read",),
    )  # fmt: skip


def test_every_step_is_done_and_recorded_in_its_order():
    preparation = Preparation(
        convert=Quantity.KUBELKA_MUNK,
        masks=("co2", (2150.0, 2160.0)),
        baseline="linear",
        baseline_window_cm1=(1540.0, 2300.0),
        baseline_settings={"end_points": 3},
        normalisation="reference-band",
        reference_band_cm1=(1570.0, 1610.0),
    )
    reflectance = kubelka_munk_reflectance(0.1 + 1e-4 * (AXIS - 1500.0) + band(AXIS))
    found = prepare_series(series(reflectance, Quantity.REFLECTANCE), preparation)
    spectrum = found.spectra[1]
    assert [step.name for step in spectrum.steps] == [
        "reflectance to Kubelka-Munk", "mask", "window", "baseline", "normalise",
    ]  # fmt: skip
    mask, window, baseline, scaled = (dict(step.parameters) for step in spectrum.steps[1:])
    assert mask["ranges_cm1"] == [[2280.0, 2400.0], [2150.0, 2160.0]]
    assert (window["low_cm1"], window["high_cm1"]) == (1540.0, 2300.0)
    assert baseline == {"method": "linear", "end_points": 3}
    assert scaled["band_cm1"] == [1570.0, 1610.0]
    # a Gaussian of 14 cm⁻¹ and height 1: 14 √(π/(4 ln 2)), 99.9 % of it inside the band
    assert scaled["divisor"] == pytest.approx(14.0 * np.sqrt(np.pi / 4 / np.log(2)), rel=2e-3)
    assert spectrum.quantity is Quantity.KUBELKA_MUNK
    x = spectrum.wavenumbers_cm1
    assert x.max() < 2280.0
    assert not ((x >= 2150.0) & (x <= 2160.0)).any()
    np.testing.assert_allclose(spectrum.values * scaled["divisor"], band(x), atol=2e-4)
    assert found.notes == ("read",)
    assert preparation.to_dict()["masks"] == ["co2", [2150.0, 2160.0]]


def test_nothing_is_nothing():
    assert Preparation().is_empty
    before = series()
    after = prepare_series(before, Preparation())
    assert after.to_dict() == before.to_dict()
    same = prepare_series(before, Preparation(convert=Quantity.ABSORBANCE))
    assert same.spectra[0].steps == ()


@pytest.mark.parametrize("method", ["asls", "arpls", "modpoly"])
def test_flexible_baselines_are_warned_of(method):
    pytest.importorskip("pybaselines")
    found = prepare_series(
        series(), Preparation(baseline=method, baseline_window_cm1=(1500.0, 1700.0))
    )
    assert any("takes part of its area" in note for note in found.notes)
    assert found.spectra[0].steps[-1].parameters["method"] == method


def test_normalisations_by_the_band_itself_say_what_is_lost():
    for method in ("maximum", "area"):
        found = prepare_series(series(), Preparation(baseline="linear", normalisation=method))
        (note,) = found.notes[1:]
        assert f"by their {method}" in note
        assert "areas themselves have lost their meaning" in note
    found = prepare_series(
        series(),
        Preparation(
            baseline="linear", normalisation="reference-band", reference_band_cm1=(1570.0, 1610.0)
        ),
    )
    assert found.notes == ("read",)
    assert any(
        "carboxylate" in n for n in prepare_series(series(), Preparation(masks=("water",))).notes
    )


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"masks": ("argon",)}, "no mask 'argon'"),
        ({"convert": Quantity.REFLECTANCE}, "no conversion to 'reflectance'"),
        ({"baseline": "cubic"}, "no baseline 'cubic'"),
        ({"normalisation": "peak"}, "no normalisation 'peak'"),
        ({"baseline": "linear", "baseline_settings": {"lam": 1e5}}, "lam has no meaning"),
        ({"baseline_window_cm1": (1500.0, 1700.0)}, "baseline_window_cm1 has no meaning"),
        ({"normalisation": "reference-band"}, "belong together"),
        ({"reference_band_cm1": (1.0, 2.0)}, "belong together"),
    ],
)
def test_preparations_that_cannot_be(arguments, word):
    with pytest.raises(InputError, match=word):
        Preparation(**arguments)


def test_conversion_cannot_follow_a_baseline():
    subtracted = prepare_series(
        series(0.5 + 0.1 * band(AXIS), Quantity.REFLECTANCE), Preparation(baseline="linear")
    )
    with pytest.raises(InputError, match=r"[Kk]ubelka-[Mm]unk"):
        prepare_series(subtracted, Preparation(convert=Quantity.KUBELKA_MUNK))


def test_reflectance_is_the_inverse_of_kubelka_munk():
    f = np.array([0.0, 1e-12, 0.25, 4.05, 400.0])
    r = kubelka_munk_reflectance(f)
    np.testing.assert_allclose(r[[0, 2, 3]], [1.0, 0.5, 0.1], rtol=1e-14)
    np.testing.assert_allclose((1 - r) ** 2 / (2 * r), f, rtol=1e-4, atol=1e-30)
    with pytest.raises(InputError, match=r"is -0\.1 at 1"):
        kubelka_munk_reflectance(np.array([0.1, -0.1]))


def simulated(**flaws):
    flaws = {"noise": 0.0, **flaws}
    return simulate_series(
        MODEL, TRUTH, TEMPERATURES, np.arange(1541.5, 1642.0, 2.0), cycles=2,
        imperfections=Imperfections(**flaws), seed=1,
    )  # fmt: skip


def law(found):
    return next(
        o.fit.parameters
        for o in found.verdict.outcomes
        if o.fit is not None and o.fit.model == MODEL
    )


def test_a_fit_of_reflectance_gets_its_truth_back_and_tells_what_was_done():
    measured = simulated_reflectance(simulated(), noise=0.002, seed=3)
    assert measured.spectra[0].quantity is Quantity.REFLECTANCE
    prepared = prepare_series(
        measured, Preparation(convert=Quantity.KUBELKA_MUNK, normalisation="maximum")
    )
    found = fit_band(prepared, (1541.0, 1642.0), evidence=False)
    assert law(found)["dh_kj_mol"] == pytest.approx(5.9, abs=0.15)
    assert law(found)["tight_cm1"] == pytest.approx(1596.0, abs=0.1)
    content = found.to_dict()
    assert len(content["processing"]) == 8  # divisors differ
    assert [step["name"] for step in content["processing"][0]["steps"]] == [
        "reflectance to Kubelka-Munk", "normalise",
    ]  # fmt: skip
    assert found.processing[0] == prepared.spectra[0].steps
    assert any("normalised by their maximum" in note for note in found.notes)
    converted = prepare_series(measured, Preparation(convert=Quantity.KUBELKA_MUNK))
    np.testing.assert_array_equal(
        converted.spectra[0].values, to_kubelka_munk(measured.spectra[0]).values
    )


def test_normalisation_leaves_the_law_alone_without_noise():
    data = simulated(area_scatter=0.1)
    plain = fit_band(simulated_spectra(data), (1541.0, 1642.0), evidence=False)
    scaled = fit_band(
        prepare_series(simulated_spectra(data), Preparation(normalisation="area")),
        (1541.0, 1642.0),
        evidence=False,
    )
    for name, value in TRUTH.items():
        assert law(plain)[name] == pytest.approx(value, rel=1e-5)
        assert law(scaled)[name] == pytest.approx(value, rel=1e-5)
    assert plain.to_dict()["processing"] == [{"spectrum": "all", "steps": []}]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"strength": 0.0}, "strength of 0"),
        ({"noise": np.nan}, "nan"),
        ({"strength": 500.0, "noise": 0.5}, "would run from"),
    ],
)
def test_reflectance_that_cannot_be(more, word):
    with pytest.raises(InputError, match=word):
        simulated_reflectance(simulated(), **more)
    with pytest.raises(InputError, match="not reflectance"):
        simulated_spectra(simulated(), Quantity.REFLECTANCE)
