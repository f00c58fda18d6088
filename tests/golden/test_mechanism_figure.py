"""Bars of mechanisms: the sum, the gap, and what is not drawn to scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from reticulum.plotting.mechanisms import bars_in_words, draw_mechanism_slopes
from reticulum.thermal.mechanism import Band, ErrorKind, MechanismResult, Part, SlopeError

T = np.array([200.0, 300.0, 400.0])


def _mechanism(name: str, slope: float, part: Part, doubt: str = "") -> MechanismResult:
    return MechanismResult(
        name=name,
        title=name,
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 + slope * T,
        symmetric_cm1=None,
        antisymmetric_errors=tuple(
            SlopeError(kind=kind, size_cm1_per_k=0.001, origin="test")
            for kind in (ErrorKind.STEP_SIZE, ErrorKind.TRUNCATION)
        ),
        parts=frozenset({part}),
        n_calls=1,
        assumptions=(),
        untrusted_because=doubt,
    )


RESULTS = (
    _mechanism("adiabatic", -0.012, Part.SOFT_MOTIONS),
    _mechanism("quasi-harmonic", 0.003, Part.CELL),
    _mechanism("mode-coupling", -3.0, Part.SOFT_MOTIONS, doubt="it cancels"),
)


def test_terms_are_stacked_and_the_sum_is_their_total() -> None:
    axes = Figure().add_subplot()
    draw_mechanism_slopes(axes, RESULTS, Band.ANTISYMMETRIC, -0.021)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["adiabatic", "quasi-harmonic", "mode coupling", "sum (line)", "measured"]
    sum_line = next(
        line
        for line in axes.lines
        if len(set(line.get_xdata())) == 1 and np.ptp(line.get_ydata()) == pytest.approx(0.8)
    )
    assert sum_line.get_xdata()[0] == pytest.approx(-0.009)
    widths = sorted(bar.get_width() for bar in axes.patches)
    assert widths == pytest.approx([-0.021, -0.012, -0.012, 0.003, 0.003])


def test_a_senseless_value_is_written_and_does_not_hide_the_others() -> None:
    axes = Figure().add_subplot()
    draw_mechanism_slopes(axes, RESULTS, Band.ANTISYMMETRIC, -0.021)
    assert any("-3 (not drawn)" in text.get_text() for text in axes.texts)
    assert axes.get_xlim()[0] > -0.05


def test_a_band_that_nobody_speaks_of_shows_the_measurement_only() -> None:
    axes = Figure().add_subplot()
    draw_mechanism_slopes(axes, RESULTS, Band.SYMMETRIC, -0.020)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["measured"]


def test_an_error_that_lacks_kinds_is_dashed_and_named() -> None:
    whole, lacking = RESULTS[0], replace(RESULTS[1], antisymmetric_errors=())
    step = replace(RESULTS[1], antisymmetric_errors=RESULTS[1].antisymmetric_errors[:1])
    axes = Figure().add_subplot()
    draw_mechanism_slopes(axes, (whole, lacking, step), Band.ANTISYMMETRIC, None)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:3] == ["adiabatic", *["quasi-harmonic\n(errors are missing)"] * 2]
    assert names[3:] == ["sum (line)\n(errors are missing)"]
    dashes = [bar.get_linestyle()[0][1] for bar in axes.collections]
    assert [dash is not None for dash in dashes] == [False, True]


def test_the_sum_has_the_error_of_its_terms() -> None:
    axes = Figure().add_subplot()
    draw_mechanism_slopes(axes, RESULTS, Band.ANTISYMMETRIC, -0.021)
    ((start, end),) = axes.collections[-1].get_segments()
    error = np.sqrt(2.0) * np.hypot(0.001, 0.001)
    assert (start[0], end[0]) == pytest.approx((-0.009 - error, -0.009 + error))
    assert (start[1], end[1]) == (3, 3)
    assert axes.collections[-1].get_linestyle()[0][1] is None


def test_an_incomplete_error_of_a_term_dashes_that_of_the_sum() -> None:
    step = replace(RESULTS[1], antisymmetric_errors=RESULTS[1].antisymmetric_errors[:1])
    axes = Figure().add_subplot()
    draw_mechanism_slopes(axes, (RESULTS[0], step), Band.ANTISYMMETRIC)
    assert [bar.get_linestyle()[0][1] is not None for bar in axes.collections] == [
        False,
        True,
        True,
    ]
    assert axes.get_yticklabels()[-1].get_text() == "sum (line)\n(errors are missing)"


def test_stored_mechanisms_are_named_so() -> None:
    axes = Figure().add_subplot()
    step = replace(RESULTS[1], antisymmetric_errors=RESULTS[1].antisymmetric_errors[:1])
    stored = {"adiabatic", "quasi-harmonic"}
    draw_mechanism_slopes(axes, (RESULTS[0], step), Band.ANTISYMMETRIC, stored=stored)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:2] == ["adiabatic\n(stored)", "quasi-harmonic\n(stored, errors are missing)"]


def test_colours_are_explained_as_far_as_they_occur() -> None:
    alone, other = RESULTS[0], _mechanism("sampling", -0.01, Part.SOFT_MOTIONS)
    assert bars_in_words([alone]) == "coloured: the only term of the sum"
    assert bars_in_words(RESULTS) == (
        "coloured: terms of the sum; hollow or not drawn: not to be trusted"
    )
    assert bars_in_words([alone, other], {"sampling"}) == (
        "coloured: the only term of the sum; grey: not in the sum; stored: comes with the package"
    )
