"""Courses with temperature: slopes, straight lines and curves whose truth is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import theilslopes

from reticulum.errors import InputError
from reticulum.provenance import to_jsonable
from reticulum.spectra.band_data import temperature_groups
from reticulum.spectra.band_trend import band_trend, course_slope
from reticulum.spectra.straightness import KINKED, Course, straightness_of

ONE_CYCLE = np.arange(-100.0, 201.0, 50.0) + 273.15
T = np.tile(ONE_CYCLE, 3)
CYCLES = np.repeat([1, 2, 3], 7)
DIRECTIONS = ("heating",) * 7 + ("cooling",) * 7 + ("heating",) * 7
DIRECTED = [(int(c), way) for c, way in zip(CYCLES, DIRECTIONS, strict=True)]
SIGMA = 0.06


def x_of(t):
    return (t - 323.15) / 150.0


def trend(course, seed=0, *, sigma=SIGMA, offsets=(0.0, 0.0, 0.0)):
    """Three cycles, each with an offset of its own."""
    noise = sigma * np.random.default_rng(seed).normal(size=21)
    y = 1590.0 + course(x_of(T)) + np.repeat(offsets, 7) + noise
    errors = np.full(21, max(sigma, 1e-6))
    return band_trend("centre", T, y, errors, cycles=CYCLES, directions=DIRECTIONS)


def line(x):
    return -3.0 * x


def test_a_line_without_noise():
    found = trend(line, sigma=0.0)
    assert found.slope.slope_cm1_per_k == pytest.approx(-0.02, abs=1e-10)
    assert found.slope.robust_slope_cm1_per_k == pytest.approx(-0.02, abs=1e-10)
    assert [part.part for part in found.cycle_slopes] == ["cycle 1", "cycle 2", "cycle 3"]
    assert [(p.part, p.n_spectra) for p in found.direction_slopes] == [
        ("heating", 14),
        ("cooling", 7),
    ]
    for part in (*found.cycle_slopes, *found.direction_slopes):
        assert part.slope.slope_cm1_per_k == pytest.approx(-0.02, abs=1e-10)
    assert found.straightness.course is Course.STRAIGHT
    json.dumps(to_jsonable(found.to_dict()), allow_nan=False)


def test_the_interval_of_a_slope_holds_the_truth_as_often_as_it_says():
    inside = 0
    random = np.random.default_rng(0)
    for _ in range(300):
        y = 1590.0 + line(x_of(ONE_CYCLE)) + SIGMA * random.normal(size=7)
        low, high = course_slope(ONE_CYCLE, y, np.full(7, SIGMA)).interval_cm1_per_k
        inside += low <= -0.02 <= high
    assert 270 <= inside <= 297  # 285 of 300 expected, standard deviation 3.8


@pytest.mark.parametrize(
    ("course", "size", "bend"),
    [
        (lambda x: -3.0 * x + 0.5 * (1 - x**2), (0.5, 0.0), "steepens on heating"),
        (lambda x: -3.0 * x - 0.5 * (1 - x**2), (-0.5, 0.0), "flattens on heating"),
        (lambda x: 3.0 * x - 0.5 * (1 - x**2), (-0.5, 0.0), "steepens on heating"),
        (lambda x: -0.2 * x + 2.0 * (1 - x**2), (2.0, 0.0), "turns around"),
        # x³ - x is farthest from the chord at 1/√3: 2/(3√3)
        (lambda x: -3.0 * x + 2.0 * (x**3 - x), (0.0, 4 / 3**1.5), "steepest in the middle"),
        (lambda x: -3.0 * x - 1.0 * (x**3 - x), (0.0, -2 / 3**1.5), "steepest at the ends"),
    ],
)
def test_curves_are_found_with_their_size(course, size, bend):
    found = trend(course, 3, offsets=(0.0, 0.7, 0.2)).straightness
    assert found.course is Course.CURVED
    assert found.bend == bend
    assert [term.name for term in found.terms] == ["quadratic", "cubic"]
    for term, true in zip(found.terms, size, strict=True):
        assert abs(term.departure_cm1 - true) < 4.0 * term.departure_error_cm1
        assert term.departure_error_cm1 < 0.06
        assert (term.p_value < 1e-6) == (true != 0.0)
        assert (term.aicc_change < 0.0) == (true != 0.0)
    assert found.lack_of_fit is not None
    assert found.lack_of_fit.p_value < 1e-4
    assert bend in found.sentence


def test_the_mean_of_two_states_is_an_s_without_a_quadratic_term():
    found = trend(lambda x: -4.5 * np.tanh(1.5 * x), 1, sigma=0.03).straightness
    quadratic, cubic = found.terms
    assert quadratic.p_value > 0.01
    assert cubic.p_value < 1e-8
    assert found.course is Course.CURVED


def test_a_step_at_one_set_point_is_a_kink():
    found = trend(lambda x: line(x) + 1.0 * (np.abs(x - 1 / 3) < 0.1), 2).straightness
    assert found.course is Course.CURVED
    assert found.bend == KINKED
    assert found.lack_of_fit.largest_departure_k == pytest.approx(373.15)
    assert found.lack_of_fit.largest_departure_cm1 > 0.5
    assert found.lack_of_fit.pure_error_cm1 == pytest.approx(SIGMA, rel=0.5)
    assert found.lack_of_fit.pure_error_freedom == 12  # 21 - 7 set points - 2 more cycles


@pytest.mark.parametrize("sigma", [0.02, 0.3])
def test_lines_are_hardly_ever_called_curved(sigma):
    """1 % together by construction."""
    random = np.random.default_rng(1)
    smooth = 1590.0 + line(x_of(T)) + np.repeat([0.0, 1.0, -0.5], 7)
    courses = [
        straightness_of(
            "centre", T, smooth + sigma * random.normal(size=21), np.ones(21), blocks=DIRECTED
        ).course
        for _ in range(100)
    ]
    assert courses.count(Course.CURVED) <= 5
    expected = Course.STRAIGHT if sigma < 0.1 else Course.CANNOT_TELL
    assert courses.count(expected) >= 95


def test_drift_between_cycles_is_no_curvature():
    """Cycles at other temperatures, each higher: one line through all would bend."""
    t = np.concatenate([ONE_CYCLE[:3], ONE_CYCLE[1:5], ONE_CYCLE[3:]])
    cycles = np.repeat([1, 2, 3], [3, 4, 4])
    y = 1590.0 - 0.02 * (t - 323.15) + (cycles - 1) ** 2 * 0.5
    found = straightness_of("centre", t, y, np.full(11, 0.01), blocks=cycles.tolist())
    assert found.terms[0].departure_cm1 == pytest.approx(0.0, abs=1e-6)


def test_few_set_points_cannot_tell():
    for n in (3, 4):
        t = ONE_CYCLE[:n]
        found = band_trend("centre", t, 1590.0 - 0.02 * t, np.full(n, 0.1))
        assert found.straightness.course is Course.CANNOT_TELL
        assert "too few" in found.straightness.sentence
        assert found.cycle_slopes == found.direction_slopes == ()
        # no order of three or four points is rarer than 5 %
        assert np.isnan(found.slope.robust_interval_cm1_per_k).all()
    five = band_trend("centre", ONE_CYCLE[:5], 1590.0 - 0.02 * ONE_CYCLE[:5], np.full(5, 0.1))
    assert np.isfinite(five.slope.robust_interval_cm1_per_k).all()


def test_robust_slope_is_that_of_scipy_and_repeats_are_ties():
    y = 1590.0 + line(x_of(T)) + SIGMA * np.random.default_rng(5).normal(size=21)
    y[4] += 5.0  # one bad spectrum
    found = course_slope(T, y, np.full(21, SIGMA))
    expected = theilslopes(y, T, 0.95)
    assert found.robust_slope_cm1_per_k == pytest.approx(expected.slope, rel=1e-12)
    assert found.robust_interval_cm1_per_k == pytest.approx(
        (expected.low_slope, expected.high_slope), rel=1e-12
    )
    level = course_slope(T, np.full(21, 12.0), np.full(21, SIGMA))
    assert level.robust_slope_cm1_per_k == 0.0
    assert level.robust_interval_cm1_per_k == (0.0, 0.0)
    assert found.robust_slope_cm1_per_k == pytest.approx(-0.02, abs=0.001)
    # temperatures that differ by tenths of a kelvin are the same set point
    shaken = T + np.random.default_rng(6).uniform(-0.3, 0.3, 21)
    other = course_slope(shaken, y - 0.02 * (shaken - T), np.full(21, SIGMA))
    assert other.robust_slope_cm1_per_k == pytest.approx(found.robust_slope_cm1_per_k, abs=2e-4)
    width, close = (np.ptp(f.robust_interval_cm1_per_k) for f in (found, other))
    assert close == pytest.approx(width, rel=0.3)


def test_set_points():
    groups = temperature_groups(np.array([300.4, 173.0, 299.8, 300.9, 173.9, 174.1]))
    assert groups.tolist() == [2, 0, 2, 3, 0, 1]


def test_weights_count():
    errors = np.full(7, 0.05)
    errors[-1] = 5.0
    y = 1590.0 - 0.02 * ONE_CYCLE
    y[-1] += 3.0
    assert course_slope(ONE_CYCLE, y, errors).slope_cm1_per_k == pytest.approx(-0.02, abs=1e-4)


@pytest.mark.parametrize(
    ("t", "y", "errors", "word"),
    [
        ([300.0, 300.0, 300.3], [1.0, 2.0, 3.0], [0.1] * 3, "1 different set point"),
        ([300.0, 310.0, 320.0], [1.0, np.nan, 3.0], [0.1] * 3, "nan"),
        ([300.0, 310.0, 320.0], [1.0, 2.0, 3.0], [0.1, np.nan, 0.1], "standard error is nan"),
        ([300.0, 310.0, 320.0], [1.0, 2.0, 3.0], [0.1, -0.1, 0.1], "standard error is -0.1"),
        ([300.0, 310.0, 320.0], [1.0, 2.0], [0.1] * 3, "3 temperatures, 2 values"),
    ],
)
def test_what_has_no_course(t, y, errors, word):
    with pytest.raises(InputError, match=word):
        band_trend("centre", t, y, errors)
