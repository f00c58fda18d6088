"""The figure of a red-shift: legends inside the figure and clear of the lines."""

from __future__ import annotations

import numpy as np

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
