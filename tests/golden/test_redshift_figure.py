"""The figure of a red-shift: legends clear of the lines, labels and numbers clear of each other."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from reticulum.plotting.redshift import figure_redshift
from reticulum.reference.tables import find_table1_row
from reticulum.thermal.mechanism import MechanismResult, Part
from reticulum.thermal.metal_oxygen import MetalOxygenScan
from reticulum.thermal.quick_pictures import OscillatorResult, two_state_variants
from reticulum.thermal.redshift_report import RedShiftReport

T = np.linspace(173.15, 473.15, 7)


def _oscillator(follow: str) -> OscillatorResult:
    x = np.linspace(-0.15, 0.15, 9)
    nothing = np.full_like(x, np.nan)
    scan = MetalOxygenScan(
        distances_a=1.95 + x,
        energies_cm1=2e4 * x**2,
        masses_amu=np.full_like(x, 12.8),
        antisymmetric_cm1=1600.0 - 20.0 * x,
        symmetric_cm1=1400.0 + 20.0 * x,
        strongest_antisymmetric_cm1=nothing.copy(),
        strongest_symmetric_cm1=nothing.copy(),
        metal_metal_a=nothing.copy(),
        carbon_oxygen_a=nothing.copy(),
        angle_deg=nothing.copy(),
        n_carboxylates=1,
        n_bonds=2,
        n_calls=0,
        equilibrium=4,
        tracked=(),
        follow=follow,
        held_cm1=(),
        space_group="P1",
    )
    return OscillatorResult.from_scan(scan)


def _mechanism(name: str, slope: float, part: Part) -> MechanismResult:
    return MechanismResult(
        name=name,
        title=f"{name} of some length",
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 + slope * T,
        symmetric_cm1=1400.0 + slope * T,
        parts=frozenset({part}),
        n_calls=1,
        assumptions=(),
    )


def test_legends_are_inside_the_figure_and_above_the_lines() -> None:
    report = RedShiftReport(
        label="x",
        measured=find_table1_row("HKUST-1"),
        two_state=two_state_variants(),
        oscillators=(_oscillator("stiffer"), _oscillator("all")),
        mechanisms=(
            _mechanism("adiabatic", -0.012, Part.SOFT_MOTIONS),
            _mechanism("quasi-harmonic", 0.004, Part.CELL),
        ),
    )
    figure = figure_redshift(report)
    figure.draw_without_rendering()
    panels = [axes for axes in figure.findobj() if hasattr(axes, "get_legend")]
    legends = [axes.get_legend() for axes in panels if axes.get_legend() is not None]
    assert len(legends) == 4
    for legend in legends:
        box = legend.get_window_extent()
        assert box.x0 >= 0.0
        assert box.x1 <= figure.bbox.x1
    shifts = next(a for a in panels if a.get_ylabel().startswith("shift of antisymmetric"))
    highest = max(
        shifts.transData.transform((0.0, float(np.max(line.get_ydata()))))[1]
        for line in shifts.lines
    )
    assert shifts.get_legend().get_window_extent().y0 > highest


def _modes(*sets: tuple[float, float, float, str]) -> Any:
    """Wavenumber, antisymmetric and symmetric character, and representation of each set."""
    places, antisymmetric, symmetric, names = zip(*sets, strict=True)
    return SimpleNamespace(
        labels=SimpleNamespace(
            n_sets=len(sets),
            wavenumbers_cm1=np.array(places),
            infrared_active=[True] * len(sets),
            labels=names,
        ),
        antisymmetric=np.array(antisymmetric),
        symmetric=np.array(symmetric),
        phonons=SimpleNamespace(calculator={"name": "x"}),
    )


def _panels(figure: Figure, label: str) -> list[Axes]:
    panels = figure.findobj(Axes)
    return [a for a in panels if label in a.get_xlabel() or label in a.get_ylabel()]


def _apart(boxes: list[Bbox]) -> bool:
    return not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


CROWDED = (
    (1749.0, 0.97, 0.0, "T1u"),
    (1620.0, 0.97, 0.0, "A"),
    (1612.0, 0.90, 0.0, "A"),
    (1533.0, 0.98, 0.0, "Eu"),
    (1527.0, 0.90, 0.0, "Au"),
    (1396.0, 0.00, 0.8, "B2u"),
    (1389.0, 0.10, 0.7, "B1u"),
    (1388.0, 0.00, 0.9, "Au"),
    (1341.0, 0.00, 0.35, "Au"),
    (1327.0, 0.00, 0.5, "Eu"),
    (1201.0, 0.00, 0.5, "T1u"),
)


@pytest.mark.parametrize("label", ["x", "HKUST-1"])
def test_labels_of_modes_do_not_overlap(label: str) -> None:
    """Neither each other, nor bars, nor the legend, nor the numbers of the axis."""
    figure = figure_redshift(RedShiftReport(label=label, measured=None, modes=_modes(*CROWDED)))
    figure.draw_without_rendering()
    (axes,) = _panels(figure, "fraction of mode")
    assert len(axes.texts) == len(CROWDED)
    labels = [text.get_window_extent() for text in axes.texts]
    legend = axes.get_legend()
    assert legend is not None
    assert _apart([*labels, legend.get_window_extent()])
    for box in labels:
        assert axes.bbox.x0 < box.x0
        assert box.x1 < axes.bbox.x1
        assert box.count_overlaps([bar.get_window_extent() for bar in axes.patches]) == 0
    for text in axes.texts:
        place = axes.transData.transform(text.xy)[0]
        assert text.get_window_extent().x0 <= place <= text.get_window_extent().x1


def test_of_too_many_modes_the_weaker_have_no_label() -> None:
    sets = [(1400.0, 0.8 - 0.01 * k, 0.0, f"A{k}") for k in range(30)]
    figure = figure_redshift(RedShiftReport(label="x", measured=None, modes=_modes(*sets)))
    figure.draw_without_rendering()
    (axes,) = _panels(figure, "fraction of mode")
    words = [text.get_text() for text in axes.texts]
    assert 2 < len(words) < 30
    assert words == [f"1400  A{k}" for k in range(len(words))]
    assert _apart([text.get_window_extent() for text in axes.texts])


def test_bands_above_the_usual_window_are_drawn() -> None:
    high = [(1828.0, 0.9, 0.0, "B"), (1772.0, 0.8, 0.0, "A"), (1360.0, 0.0, 0.9, "A")]
    figure = figure_redshift(RedShiftReport(label="x", measured=None, modes=_modes(*high)))
    figure.draw_without_rendering()
    (axes,) = _panels(figure, "fraction of mode")
    assert {text.get_text() for text in axes.texts} == {"1828  B", "1772  A", "1360  A"}
    assert max(axes.get_xlim()) > 1828.0


def test_doubtful_oscillators_are_no_curves() -> None:
    oscillator = _oscillator("stiffer modes")
    for doubt, number in (("", 1), ("Bonds opened.", 0)):
        entry = replace(oscillator, untrusted_because=doubt)
        figure = figure_redshift(RedShiftReport(label="x", measured=None, oscillators=(entry,)))
        figure.draw_without_rendering()
        (axes,) = _panels(figure, "shift of antisymmetric")
        labels = [line.get_label() for line in axes.get_lines()]
        assert sum(str(label).startswith("M-O oscillator") for label in labels) == number


@pytest.mark.parametrize("slope", [-0.3, -0.021, -0.0075, -0.0063, -0.0031, -0.0007, -0.0002])
def test_numbers_of_the_slopes_and_names_of_mechanisms_do_not_overlap(slope: float) -> None:
    parts = {
        "oscillator": 1.0,
        "oscillator-all": -0.3,
        "adiabatic": 0.5,
        "quasi-harmonic": 0.7,
        "mode-coupling": 0.1,
        "sampling": 0.3,
        "md": -0.6,
    }
    mechanisms = [_mechanism(name, x * slope, Part.SOFT_MOTIONS) for name, x in parts.items()]
    mechanisms[3] = replace(mechanisms[3], parts=frozenset({Part.CELL}))
    report = RedShiftReport(
        label="x", measured=None, mechanisms=tuple(mechanisms), shipped=frozenset(parts)
    )
    figure = figure_redshift(report)
    figure.draw_without_rendering()
    panels = _panels(figure, "slope / ")
    assert len(panels) == 2
    for axes in panels:
        low, high = axes.get_xlim()
        numbers = [
            tick.get_window_extent()
            for tick in axes.get_xticklabels()
            if low <= tick.get_position()[0] <= high
        ]
        assert len(numbers) > 1
        assert _apart([box.padded(0.5) for box in numbers])
        assert _apart([name.get_window_extent() for name in axes.get_yticklabels()])
    (caption,) = [t for t in figure.findobj(Text) if t.get_text().startswith("coloured")]
    assert "stored: comes with the package" in caption.get_text()
    lowest = min(axes.xaxis.label.get_window_extent().y0 for axes in panels)
    assert 0.0 <= caption.get_window_extent().y0 < caption.get_window_extent().y1 < lowest


def test_few_temperatures_are_marked() -> None:
    many = _mechanism("quasi-harmonic", 0.004, Part.CELL)
    ends = T[[0, -1]].copy()
    few = [
        replace(
            _mechanism(name, -0.01, Part.SOFT_MOTIONS),
            temperatures_k=ends.copy(),
            antisymmetric_cm1=1600.0 - 0.01 * ends,
            symmetric_cm1=1400.0 - 0.01 * ends,
        )
        for name in ("sampling", "md")
    ]
    figure = figure_redshift(RedShiftReport(label="x", measured=None, mechanisms=(many, *few)))
    for axes in _panels(figure, "shift of "):
        marks = {line.get_label().split(" ")[0]: line.get_marker() for line in axes.lines}
        assert {name: marks[name] for name in ("quasi-harmonic", "sampling", "md")} == {
            "quasi-harmonic": "None",
            "sampling": "s",
            "md": "o",
        }
