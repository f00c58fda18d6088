"""Laws of spectra: what is written is read, conversions follow their formulas, baselines shift."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reticulum.errors import InputError
from reticulum.spectra.axis_units import AxisUnit, wavenumbers_from
from reticulum.spectra.conversion import to_absorbance, to_kubelka_munk, to_pseudo_absorbance
from reticulum.spectra.file_names import conditions_in_name
from reticulum.spectra.preprocessing import cut_window, mask_ranges, normalise, subtract_baseline
from reticulum.spectra.reading import read_series
from reticulum.spectra.spectrum import Quantity, Spectrum

MEASURED_OPUS = Path(__file__).parents[1] / "data" / "opus_absorbance.0"

AXIS = np.linspace(1500.0, 1700.0, 161)
BAND = np.exp(-0.5 * ((AXIS - 1592.0) / 6.0) ** 2)

quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

finite = st.floats(-1e6, 1e6, allow_subnormal=False)


def spectrum(values, axis=AXIS, quantity=Quantity.ABSORBANCE):
    return Spectrum(wavenumbers_cm1=axis, values=values, quantity=quantity)


@quick
@given(
    points=st.lists(
        st.tuples(st.floats(1.0, 1e4, allow_subnormal=False), finite),
        min_size=2, max_size=30, unique_by=lambda point: point[0],
    ),
    degrees=st.integers(-200, 600),
    delimiter=st.sampled_from([",", ";", "\t", " "]),
    descending=st.booleans(),
)  # fmt: skip
def test_what_is_written_as_text_is_read_bit_by_bit(
    tmp_path, points, degrees, delimiter, descending
):
    ordered = sorted(points, reverse=descending)
    path = tmp_path / f"s_{degrees}C.csv"
    path.write_text("".join(f"{x!r}{delimiter}{y!r}\n" for x, y in ordered))
    (found,) = read_series(path, axis_unit="cm-1", quantity="absorbance").spectra
    assert found.wavenumbers_cm1.tolist() == [x for x, _ in sorted(points)]
    assert found.values.tolist() == [y for _, y in sorted(points)]
    assert found.temperature_k == pytest.approx(degrees + 273.15)


@quick
@given(
    degrees=st.integers(-200, 600),
    cycle=st.integers(0, 99),
    direction=st.sampled_from(["heating", "cooling"]),
    unit=st.sampled_from(["C", "degC", "°C", " °C", "K"]),
    order=st.permutations([0, 1, 2]),
)
def test_names_are_understood_in_any_order(degrees, cycle, direction, unit, order):
    number = degrees + 273 if unit == "K" else degrees
    parts = [f"{number}{unit}", f"cycle{cycle}", direction]
    name = "HKUST-1_" + "_".join(parts[place] for place in order) + ".spa"
    found = conditions_in_name(name, pattern=None, unit=None)
    assert found.temperature_k == pytest.approx(number + (0.0 if unit == "K" else 273.15))
    assert (found.cycle, found.direction) == (cycle, direction)


@quick
@given(values=st.lists(st.floats(0.0011, 1.0), min_size=2, max_size=20))
def test_conversions_follow_the_naive_formulas(values):
    axis = 1600.0 + np.arange(len(values))
    r = spectrum(values, axis, Quantity.REFLECTANCE)
    t = spectrum(values, axis, Quantity.TRANSMITTANCE)
    for place, value in enumerate(values):
        munk = (1 - value) ** 2 / (2 * value)
        assert to_kubelka_munk(r).values[place] == pytest.approx(munk, rel=1e-12, abs=1e-15)
        logarithm = np.log10(1 / value)
        assert to_pseudo_absorbance(r).values[place] == pytest.approx(logarithm, abs=1e-12)
        assert to_absorbance(t).values[place] == pytest.approx(logarithm, abs=1e-12)


@quick
@given(values=st.lists(st.floats(0.01, 1.0), min_size=3, max_size=20, unique=True))
def test_less_light_is_more_absorption(values):
    ordered = np.sort(values)
    r = spectrum(ordered, 1600.0 + np.arange(len(values)), Quantity.REFLECTANCE)
    for convert in (to_kubelka_munk, to_pseudo_absorbance):
        assert (np.diff(convert(r).values) <= 0.0).all()


@quick
@given(wavelength=st.lists(st.floats(1.0, 100.0), min_size=2, max_size=20, unique=True))
def test_wavelengths_in_both_units_are_the_same_light(wavelength):
    um = np.sort(wavelength)
    from_um = wavenumbers_from(um, AxisUnit.MICROMETRE, "s")
    from_nm = wavenumbers_from(1000.0 * um, AxisUnit.NANOMETRE, "s")
    np.testing.assert_allclose(from_um, from_nm, rtol=1e-12)
    np.testing.assert_allclose(from_um * um * 1e-4, 1.0, rtol=1e-12)  # cm⁻¹ times cm


@quick
@given(offset=st.floats(-5.0, 5.0), slope=st.floats(-0.01, 0.01), factor=st.floats(0.1, 10.0))
def test_a_straight_baseline_does_not_matter_and_heights_scale(offset, slope, factor):
    wave = 0.1 * np.sin(AXIS / 9.0)
    plain = subtract_baseline(spectrum(BAND + wave)).values
    tilted = factor * (BAND + wave) + offset + slope * (AXIS - 1600.0)
    np.testing.assert_allclose(
        subtract_baseline(spectrum(tilted)).values, factor * plain, atol=1e-11
    )
    once = subtract_baseline(spectrum(tilted))
    np.testing.assert_allclose(subtract_baseline(once).values, once.values, atol=1e-11)


@pytest.mark.parametrize("method", ["asls", "arpls", "modpoly"])
@settings(max_examples=10, deadline=None)
@given(factor=st.floats(0.1, 10.0))
def test_baselines_of_the_library_scale_with_the_spectrum(method, factor):
    pytest.importorskip("pybaselines")
    plain = subtract_baseline(spectrum(BAND + 1.0), method).values
    scaled = subtract_baseline(spectrum(factor * (BAND + 1.0)), method).values
    # They iterate until little changes: rounding moves where they stop by some 1e-7 of the height.
    np.testing.assert_allclose(scaled, factor * plain, atol=1e-5 * factor)


@settings(max_examples=10, deadline=None)
@given(offset=st.floats(-5.0, 5.0))
def test_the_asls_baseline_follows_a_constant(offset):
    pytest.importorskip("pybaselines")
    plain = subtract_baseline(spectrum(BAND + 1.0), "asls").values
    shifted = subtract_baseline(spectrum(BAND + 1.0 + offset), "asls").values
    np.testing.assert_allclose(shifted, plain, atol=1e-7)


@quick
@given(factor=st.floats(1e-3, 1e3), method=st.sampled_from(["maximum", "area", "reference-band"]))
def test_normalised_spectra_do_not_know_their_height(factor, method):
    band = (1580.0, 1610.0) if method == "reference-band" else None
    one = normalise(spectrum(BAND), method, band_cm1=band)
    other = normalise(spectrum(factor * BAND), method, band_cm1=band)
    np.testing.assert_allclose(one.values, other.values, rtol=1e-12)


@quick
@given(low=st.floats(1500.0, 1640.0), width=st.floats(20.0, 60.0))
def test_a_window_and_its_mask_share_the_points(low, width):
    whole = spectrum(BAND)
    inside = cut_window(whole, low, low + width)
    outside = mask_ranges(whole, [(low, low + width)])
    together = np.sort(np.concatenate([inside.wavenumbers_cm1, outside.wavenumbers_cm1]))
    assert np.array_equal(together, AXIS)


@settings(max_examples=60, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture
])  # fmt: skip
@given(seed=st.integers(0, 10**6), cut=st.booleans())
def test_a_corrupted_opus_file_is_read_or_refused_but_never_crashes(tmp_path, seed, cut):
    pytest.importorskip("brukeropus")
    chance = random.Random(seed)
    content = bytearray(MEASURED_OPUS.read_bytes())
    if cut:
        content = content[: chance.randrange(len(content))]
    for _ in range(0 if cut else 3):
        content[chance.randrange(700)] = chance.randrange(256)
    path = tmp_path / "corrupted.0"
    path.write_bytes(content)
    try:
        series = read_series(path)
    except InputError as error:
        assert "corrupted.0" in str(error)  # noqa: PT017
    else:
        assert np.isfinite(series.spectra[0].values).all()
