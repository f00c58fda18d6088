"""The figure of Table 1: marks of methods, and what is drawn before anything is computed."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from reticulum.cli.table1_tables import _SHORT, write_table1
from reticulum.plotting.redshift_table import METHOD_MARKS, PlottedSlope, figure_redshift_table
from reticulum.reference.tables import load_table1
from reticulum.report.redshift_row import SUM
from reticulum.thermal.mechanism import Band
from reticulum.thermal.stored_mechanisms import STORED_NAMES

METHODS = (*STORED_NAMES, SUM)


def _mark(method: str, others: tuple[str, ...] = ()) -> tuple[object, object]:
    """Colour and marker of a method in the legend of a figure with others."""
    slopes = [
        PlottedSlope(
            material="M",
            method=name,
            band=Band.ANTISYMMETRIC,
            measured=-0.02,
            predicted=-0.01,
            error=0.001,
            doubtful=False,
        )
        for name in (*others, method)
    ]
    handles = figure_redshift_table(slopes).legends[0].legend_handles
    (handle,) = [entry for entry in handles if entry.get_label() == method]
    drawn = figure_redshift_table(slopes).axes[0].lines
    found = (handle.get_color(), handle.get_marker())
    assert found in [(line.get_color(), line.get_marker()) for line in drawn]
    return found


@pytest.mark.parametrize("method", [SUM, "adiabatic", "md", "M-O oscillator"])
def test_a_method_has_the_same_mark_whatever_others_there_are(method: str) -> None:
    others = tuple(name for name in METHODS if name not in {method, "oscillator"})
    assert _mark(method) == _mark(method, others[:2]) == _mark(method, others)


def test_marks_of_methods_differ_and_short_names_have_them_too() -> None:
    assert set(METHOD_MARKS) == set(METHODS)
    assert len({colour for colour, _ in METHOD_MARKS.values()}) == len(METHODS)
    assert len({marker for _, marker in METHOD_MARKS.values()}) == len(METHODS)
    for name, short in _SHORT.items():
        assert _mark(short) == METHOD_MARKS[name]


def test_without_predictions_the_measured_slopes_are_drawn(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = figure_redshift_table([], n_materials_of_table=10)
        write_table1([], tmp_path / "t.png", calculator="x")
    assert "nothing computed yet" in figure.get_suptitle()
    assert "0 of" not in figure.get_suptitle()
    rows = load_table1()
    for axes, band in zip(figure.axes, Band, strict=True):
        slopes = [
            row.antisymmetric_cm1_per_k if band is Band.ANTISYMMETRIC else row.symmetric_cm1_per_k
            for row in rows
        ]
        drawn = {line.get_xdata()[0] for line in axes.lines if line.get_linewidth() == 1.5}
        assert drawn == set(slopes)
        low, high = axes.get_xlim()
        assert low < min(slopes)
        assert high > 0.0
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == [row.material for row in rows]
