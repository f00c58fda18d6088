"""Sums of computed lines: areas, widths, units, LO-TO, and files that give the numbers back."""

import math

import numpy as np
import pytest
from scipy.integrate import trapezoid

from reticulum.errors import InputError
from reticulum.phonons.born_charges import BornCharges, with_sum_rule
from reticulum.phonons.infrared import IntensityKind, infrared_lines, longitudinal_wavenumbers_cm1
from reticulum.phonons.modes import mode_table
from reticulum.phonons.powder_spectrum import longitudinal_modes, powder_lines
from reticulum.plotting.infrared_spectrum import figure_infrared_spectrum, label_places
from reticulum.reference.tables import load_band_positions
from reticulum.spectra.calculated_files import CalculatedSpectrum
from reticulum.spectra.calculated_spectrum import Profile, even_axis, sum_of_lines
from reticulum.spectra.formats.jcamp import read_jcamp
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.line_widths import LineWidths, read_line_widths
from reticulum.spectra.spectrum import Quantity


def profile(shape, *widths, mixing=0.5):
    return Profile(shape=shape, fwhm_cm1=np.array(widths, dtype=float), mixing=mixing)


@pytest.mark.parametrize("shape", list(LineShape))
def test_the_area_is_the_sum_of_the_intensities_whatever_the_widths(shape):
    positions, areas = np.array([700.0, 1370.0, 1600.0]), np.array([3.0, 5.0, 2.0])
    axis = even_axis(0.0, 1.0e5, 0.5)
    values = sum_of_lines(axis, positions, areas, profile(shape, 5.0, 12.0, 40.0))
    # Tails of Lorentzians reach out of the range: w/2π (1/left + 1/right) of each is missing.
    share = {LineShape.GAUSSIAN: 0.0, LineShape.LORENTZIAN: 1.0}.get(shape, 0.5)
    widths = np.array([5.0, 12.0, 40.0])
    missing = share * (areas * widths / (2 * math.pi) * (1 / positions + 1 / (1e5 - positions)))
    assert trapezoid(values, axis) == pytest.approx(10.0 - missing.sum(), abs=2e-5)


def test_the_peak_of_one_line_in_molar_units():
    """100 km/mol, Lorentzian of FWHM 10 cm⁻¹: 2/(π 10 cm⁻¹) 1e7 cm/mol = 636.62 L/(mol cm)."""
    spectrum = CalculatedSpectrum.of_lines(
        np.array([1590.0, 1600.0]), np.array([1600.0]), np.array([100.0]),
        profile(LineShape.LORENTZIAN, 10.0), intensities=True, title="one",
    )  # fmt: skip
    assert spectrum.values[1] == pytest.approx(636.6198, abs=1e-3)
    assert spectrum.unit == "L mol-1 cm-1"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: even_axis(2000.0, 400.0, 1.0), "is no range"),
        (lambda: even_axis(-10.0, 400.0, 1.0), "is no range"),
        (lambda: even_axis(0.0, math.nan, 1.0), "is no range"),
        (lambda: even_axis(0.0, 400.0, 0.0), "are no axis"),
        (lambda: even_axis(0.0, 4000.0, 1e-6), "points"),
        (lambda: profile(LineShape.GAUSSIAN, math.nan), "width nan"),
        (lambda: profile(LineShape.GAUSSIAN, 10.0, 0.0), "width 0"),
        (lambda: profile(LineShape.VOIGT, 10.0, mixing=1.2), "Lorentzian part"),
        (lambda: LineWidths(fwhm_cm1=10.0, ranges=((1700.0, 1500.0, 5.0),)), "no range of lines"),
    ],
)
def test_what_makes_no_spectrum_is_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_widths_by_range_and_by_mode(tmp_path):
    ranges, modes = tmp_path / "ranges.csv", tmp_path / "modes.csv"
    ranges.write_text("# mine\nfrom_cm1,to_cm1,fwhm_cm1\n1500,1700,20\n1300,1600,15\n")
    modes.write_text("mode,fwhm_cm1\n5,3\n")
    positions, members = np.array([700.0, 1400.0, 1550.0]), ((1,), (4, 5, 6), (9,))
    assert read_line_widths(ranges, 8.0).of(positions, members).tolist() == [8.0, 15.0, 20.0]
    assert read_line_widths(modes, 8.0).of(positions, members).tolist() == [8.0, 3.0, 8.0]
    ranges.write_text("from_cm1,to_cm1,fwhm_cm1\n1500,1700\n")
    with pytest.raises(InputError, match=r"ranges.csv, line 2: '1500,1700'"):
        read_line_widths(ranges, 8.0)
    ranges.write_text("low,high\n")
    with pytest.raises(InputError, match="no table of line widths"):
        read_line_widths(ranges, 8.0)


@pytest.fixture(scope="module")
def polar(spring_run):
    """Modes of the copper formate of springs with made-up Born charges of its symmetry."""
    from dataclasses import replace

    _, phonons = spring_run
    random = np.random.default_rng(4).normal(size=(len(phonons.atoms), 3, 3))
    dielectric = np.diag([2.0, 2.0, 3.0])
    charges = with_sum_rule(random, symmetry=phonons.symmetry).charges_e.copy()
    born = BornCharges(
        charges_e=charges, dielectric=dielectric, source="made up", sum_rule_error_e=0.0
    )
    return mode_table(phonons), mode_table(replace(phonons, born=born)), born


def spectrum_of(lines, intensities=True):
    return CalculatedSpectrum.of_lines(
        even_axis(100.0, 2200.0, 1.0), lines.wavenumbers_cm1, lines.heights,
        Profile(shape=LineShape.GAUSSIAN, fwhm_cm1=np.full(len(lines.labels), 10.0)),
        intensities=intensities, title="copper formate, Γ", notes=lines.notes,
    )  # fmt: skip


def test_powder_lines_are_the_infrared_lines_and_nothing_is_scaled_unless_asked(polar):
    _, table, _ = polar
    plain, scaled = powder_lines(table), powder_lines(table, scale=0.97)
    assert plain.heights.sum() == pytest.approx(infrared_lines(table).heights.sum())
    assert not any("scaled" in note for note in plain.notes)
    np.testing.assert_allclose(scaled.wavenumbers_cm1, 0.97 * plain.wavenumbers_cm1)
    assert "Wavenumbers are scaled by 0.97." in scaled.notes
    for factor in (0.0, -1.0, math.nan, 96.0):
        with pytest.raises(InputError, match="scaling factor"):
            powder_lines(table, scale=factor)


def test_longitudinal_modes_are_those_of_the_other_function_and_a_rotation(polar):
    _, table, born = polar
    lines = infrared_lines(table)
    for direction in (np.array([0.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0]) / math.sqrt(14.0)):
        wavenumbers, mixing = longitudinal_modes(table, lines, born, direction)
        expected = longitudinal_wavenumbers_cm1(table, lines, born, direction)
        np.testing.assert_allclose(wavenumbers, expected, atol=1e-3)
        np.testing.assert_allclose(mixing.T @ mixing, np.eye(len(mixing)), atol=1e-10)


def test_light_along_three_directions_absorbs_on_average_as_a_powder(polar):
    _, table, _ = polar
    powder = powder_lines(table)
    assert not len(powder.imaginary_cm1), "imaginary modes are left out, and the field mixes them"
    totals = [powder_lines(table, direction=axis).heights.sum() for axis in np.eye(3)]
    assert np.mean(totals) == pytest.approx(powder.heights.sum(), rel=1e-6)


def test_along_the_axis_the_modes_polarised_there_are_longitudinal(polar):
    """P4/mmm: A2u along z becomes longitudinal, Eu keeps its wavenumbers and 3/2 of its height."""
    _, table, _ = polar
    powder = powder_lines(table)
    lines = powder_lines(table, direction=np.array([0.0, 0.0, 2.0]))
    assert lines.direction == (0.0, 0.0, 1.0)
    for label, factor in (("Eu", 1.5), ("A2u", 0.0)):
        before = sum(
            h for h, name in zip(powder.heights, powder.labels, strict=True) if name == label
        )
        after = sum(h for h, name in zip(lines.heights, lines.labels, strict=True) if name == label)
        assert before > 0.0
        assert after == pytest.approx(factor * before, abs=1e-6 * powder.heights.sum())
    transverse = [
        w for w, n in zip(powder.wavenumbers_cm1, powder.labels, strict=True) if n == "A2u"
    ]
    assert len(lines.longitudinal_cm1) == len(transverse)
    assert (lines.longitudinal_cm1 > np.array(transverse) - 1e-6).all()
    assert lines.longitudinal_cm1.sum() > sum(transverse)


def test_without_born_charges_there_is_character_and_it_is_said_everywhere(polar):
    table, _, _ = polar
    lines = powder_lines(table)
    assert lines.kind is IntensityKind.CHARACTER
    assert lines.notes[0].startswith("NO INTENSITIES")
    with pytest.raises(InputError, match="no LO-TO splitting"):
        powder_lines(table, direction=np.array([0.0, 0.0, 1.0]))
    spectrum = spectrum_of(lines, intensities=False)
    assert "no intensity" in spectrum.quantity
    assert "NO INTENSITIES" in spectrum.to_csv()
    assert "##YUNITS=ARBITRARY UNITS" in spectrum.to_jcamp()
    figure = figure_infrared_spectrum(spectrum, lines)
    assert "NO INTENSITIES" in figure.get_suptitle()
    assert "no intensity" in figure.axes[0].get_ylabel()


def test_jcamp_files_come_back_through_both_readers(polar, tmp_path):
    jcamp = pytest.importorskip("jcamp")
    _, table, _ = polar
    spectrum = spectrum_of(powder_lines(table, scale=0.97))
    path = tmp_path / "spectrum.jdx"
    path.write_text(spectrum.to_jcamp(), encoding="ascii")
    assert max(map(len, path.read_text().splitlines())) <= 80
    step = spectrum.values.max() / 2e9
    (ours,) = read_jcamp(path)
    theirs = jcamp.readfile(path)
    for axis, values in ((ours.axis, ours.values), (theirs["x"], theirs["y"])):
        np.testing.assert_array_equal(axis, spectrum.wavenumbers_cm1)
        np.testing.assert_allclose(values, spectrum.values, rtol=0.0, atol=0.51 * step)
    assert ours.quantity is Quantity.ABSORBANCE
    assert ours.label == "copper formate, Gamma"
    assert "scaled by 0.97" in path.read_text()


def test_a_spectrum_of_nothing_is_zero_in_all_files(tmp_path):
    spectrum = CalculatedSpectrum.of_lines(
        even_axis(0.0, 10.0, 1.0), np.zeros(0), np.zeros(0), profile(LineShape.GAUSSIAN),
        intensities=True, title="nothing",
    )  # fmt: skip
    path = tmp_path / "nothing.jdx"
    path.write_text(spectrum.to_jcamp())
    pytest.importorskip("jcamp")
    assert read_jcamp(path)[0].values.tolist() == [0.0] * 11
    rows = [line for line in spectrum.to_csv().splitlines() if not line.startswith("#")]
    assert rows[1:] == [f"{k}.0,0.0" for k in range(11)]


def test_labels_keep_their_distance_and_order_and_move_least():
    wanted = np.array([100.0, 101.0, 102.0, 400.0, 999.0])
    places = label_places(wanted, 20.0, 980.0, 40.0)
    assert (np.diff(places) >= 40.0 - 1e-9).all()
    assert places[:3].mean() == pytest.approx(101.0)
    assert places[3] == 400.0
    assert places[-1] == 980.0


def test_no_two_labels_of_a_crowded_figure_overlap(polar):
    _, table, _ = polar
    lines = powder_lines(table, direction=np.array([1.0, 0.5, 0.2]))  # the longest legend
    spectrum = spectrum_of(lines)
    figure = figure_infrared_spectrum(spectrum, lines, load_band_positions("HKUST-1"))
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) >= 4
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    frame = figure.axes[0].get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
    assert figure.axes[1].get_legend().get_window_extent().x1 <= figure.bbox.x1
