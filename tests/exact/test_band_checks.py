"""Spectra that cannot be fitted are refused with the reason; what looks wrong is noted."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import CalculationError, InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_fit import fit_band
from reticulum.spectra.band_positions import band_positions
from reticulum.spectra.conversion import NORMALISE
from reticulum.spectra.saturation import check_saturation, flat_top
from reticulum.spectra.spectrum import ProcessingStep, Quantity, SpectralSeries, Spectrum
from reticulum.spectra.window_checks import check_inside, check_upright, condition_notes

X = np.arange(1540.0, 1641.0, 2.0)
WINDOW = (1540.0, 1640.0)
TEMPERATURES = np.array([200.0, 300.0, 400.0, 500.0])


def band(centre=1590.0, fwhm=14.0, height=1.0, x=X):
    return height * np.exp(-4.0 * np.log(2.0) * ((x - centre) / fwhm) ** 2)


def noisy(y, sigma=0.003, seed=0):
    return y + sigma * np.random.default_rng(seed).normal(size=len(y))


def series(spectra, temperatures=TEMPERATURES, quantity=Quantity.ABSORBANCE, **more):
    return SpectralSeries(
        spectra=tuple(
            Spectrum(
                wavenumbers_cm1=X, values=values, quantity=quantity, temperature_k=float(t),
                label=f"s{number}", **more,
            )
            for number, (t, values) in enumerate(zip(temperatures, spectra, strict=True))
        )
    )  # fmt: skip


# --- tops that are cut off ---------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("slope", [0.0, 3e-3])
def test_a_top_that_is_cut_off_is_seen_through_noise_and_a_straight_baseline(level, slope):
    y = np.minimum(noisy(band()), level) + slope * (X - 1500.0)
    top = flat_top(X, y)
    assert top is not None
    plateau = X[noisy(band()) >= level]
    assert (top.low_cm1, top.high_cm1) == (plateau[0], plateau[-1])
    assert top.n_points == len(plateau)


def test_a_top_that_is_cut_off_is_seen_under_a_curved_baseline():
    y = np.minimum(noisy(band()), 0.5) - 0.02 * ((X - 1590.0) / 50.0) ** 2
    assert flat_top(X, y) is not None


def test_round_tops_are_never_called_cut_off():
    """Also of few digits, narrow steps and little noise, where neighbouring values are equal."""
    random = np.random.default_rng(3)
    for _ in range(300):
        step = random.choice([0.1, 0.25, 0.5, 1.0, 2.0])
        x = np.arange(1560.0, 1620.0, step)
        digits = int(random.integers(2, 6))
        sigma = random.choice([0.0, 10.0**-digits, 0.01])
        y = band(random.uniform(1585, 1595), random.uniform(8, 25), x=x)
        y = np.round(y + sigma * random.normal(size=len(x)), digits)
        y = y - random.choice([0.0, 2e-3]) * (x - 1560.0)
        assert flat_top(x, y) is None


def test_a_cut_off_band_is_refused_by_name():
    spectra = [noisy(band(), seed=n) for n in range(4)]
    spectra[2] = np.minimum(spectra[2], 0.7)
    with pytest.raises(InputError, match=r"band of s2 is cut off: .* points from 158\d to 159\d"):
        fit_band(series(spectra), WINDOW, evidence=False)


def test_strong_bands_are_noted_and_normalisation_undone():
    strong = [noisy(band(height=2.5), seed=n) for n in range(4)]
    (note,) = check_saturation(series(strong).spectra, WINDOW)
    assert "reaches 2.5" in note
    assert "above 2 (assumed)" in note
    assert "s0, s1, s2, s3" in note
    weak = [y / 2.5 for y in strong]
    assert check_saturation(series(weak).spectra, WINDOW) == ()
    step = ProcessingStep(name=NORMALISE, parameters={"method": "maximum", "divisor": 2.5})
    assert check_saturation(series(weak, steps=(step,)).spectra, WINDOW)
    assert check_saturation(series(strong, quantity=Quantity.KUBELKA_MUNK).spectra, WINDOW) == ()
    assert check_saturation(series(strong).spectra, (1620.0, 1640.0)) == ()


# --- windows -----------------------------------------------------------------------------------


def data_of(spectra, temperatures=TEMPERATURES, **more):
    return band_data(temperatures, X, spectra, **more)


def test_bands_that_point_down():
    spectra = [noisy(band(), seed=n) for n in range(4)]
    check_upright(data_of(spectra))
    with pytest.raises(InputError, match=r"spectrum 1 points down at 1590 cm⁻¹ \(and in 3 more"):
        check_upright(data_of([-y for y in spectra]))
    # a steep baseline is no band, and neither is noise
    check_upright(data_of([y + 0.05 * (X - 1540.0) for y in spectra]))
    check_upright(data_of([noisy(0.0 * X, seed=n) for n in range(4)]))
    with pytest.raises(InputError, match="points down"):
        fit_band(series([1.0 - y for y in spectra]), WINDOW, evidence=False)


@pytest.mark.parametrize("centre", [1543.0, 1637.0])
def test_bands_at_the_edge_of_the_window(centre):
    spectra = [noisy(band(centre), seed=n) for n in range(4)]
    data = data_of(spectra)
    with pytest.raises(InputError, match=r"at the edge of the window: centre 1\d+"):
        check_inside(data, band_positions(data))
    check_inside(data_of([band()] * 4), band_positions(data_of([band()] * 4)))


def test_a_window_without_a_band():
    with pytest.raises(CalculationError, match=r"no band|No band"):
        fit_band(series([noisy(0.0 * X, seed=n) for n in range(4)]), WINDOW, evidence=False)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"baseline_order": 2}, "no baseline of order 2"),
        ({"systematics_percent": np.nan}, "nan %"),
        ({"extinction_ratio": 0.0}, "ratio loose/tight is 0"),
        ({"extinction_factor": 0.8}, "factor of 0.8"),
        ({"bootstrap_samples": 0}, "0 samples"),
        ({"start_from": {"tight": 1.0}}, "tight = 1.0 cannot be used"),
        ({"start_from": {"tight_cm1": 1596.0}}, "No model can start from tight_cm1 alone"),
    ],
)
def test_impossible_settings(more, word):
    spectra = [noisy(band(1592.0 - n), seed=n) for n in range(4)]
    with pytest.raises(InputError, match=word):
        fit_band(series(spectra), WINDOW, evidence=False, **more)
    with pytest.raises(InputError, match="is none"):
        fit_band(series(spectra), (1590.0, 1590.0), evidence=False)


def test_reflectance_is_refused():
    with pytest.raises(InputError, match="s0 is reflectance"):
        fit_band(series([0.5 + 0.1 * band()] * 4, quantity=Quantity.REFLECTANCE), WINDOW)


# --- temperatures, repeats, axes ---------------------------------------------------------------


def test_temperatures_that_look_like_another_unit_are_noted():
    spectra = [band()] * 4
    assert condition_notes(data_of(spectra)) == ()
    (cold,) = condition_notes(data_of(spectra, [25.0, 50.0, 100.0, 200.0]))
    assert "temperature_unit='C'" in cold
    (hot,) = condition_notes(data_of(spectra, [446.0, 571.0, 800.0, 946.0]))
    assert "temperature_unit='K'" in hot
    with pytest.raises(InputError, match=r"-100\.0 K"):
        data_of(spectra, [-100.0, 0.0, 100.0, 200.0])


def test_one_temperature_is_refused_and_repeats_are_noted():
    with pytest.raises(InputError, match="1 different temperature"):
        data_of([band()] * 4, [300.0] * 4)
    (note,) = condition_notes(data_of([band()] * 4, [200.0, 300.0, 300.4, 400.0]))
    assert "spectrum 2, spectrum 3" in note
    assert "independent repeats" in note
    assert (
        condition_notes(
            data_of(
                [band()] * 4, [200.0, 300.0, 300.0, 400.0],
                directions=["heating", "heating", "cooling", "cooling"],
            )
        )
        == ()
    )  # fmt: skip
    (unknown,) = condition_notes(data_of([band()] * 4, cycles=[1, 1, 2, 2]))
    assert "not known for 4 of 4" in unknown


def test_cycles_may_have_axes_of_their_own():
    axes = [X, X[::-1], np.arange(1541.0, 1640.0, 1.5), X]
    spectra = [band(1592.0 - n, x=axis) for n, axis in enumerate(axes)]
    data = band_data(TEMPERATURES, axes, spectra, cycles=[1, 1, 2, 2])
    assert band_positions(data).centres_cm1 == pytest.approx([1592, 1591, 1590, 1589], abs=1e-6)
