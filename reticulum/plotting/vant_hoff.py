"""Van't Hoff figure: two-step points, one-step laws with bands, and the null of one moving band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from reticulum.plotting.files import STYLE
from reticulum.plotting.vtir_style import (
    CYCLE_COLOURS,
    CYCLE_MARKS,
    NULL_COLOUR,
    SECOND_LAW_COLOUR,
    TIGHT_COLOUR,
    set_title,
)
from reticulum.spectra.fitted_curves import ln_k_of_fit
from reticulum.spectra.forced_null import forced_null
from reticulum.spectra.leading_models import (
    leading_law,
    linear_shift,
    without_heat_capacity,
)
from reticulum.spectra.vant_hoff import ln_k_errors
from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from reticulum.spectra.band_data import BandData
    from reticulum.spectra.model_comparison import ModelOutcome
    from reticulum.spectra.two_state_evidence import TwoStateEvidence
    from reticulum.spectra.vant_hoff import VantHoffPoints
    from reticulum.spectra.variable_projection import SeriesFit

#: Cycles that have a mark of their own in the legend.
_MOST_CYCLES = 4

#: Distance of the first and the last cycle at one temperature, part of the range of the axis:
#: their points would hide each other.
_SIDE_BY_SIDE = 0.012

#: Points from which marks are small.
_CROWDED = 40

#: Temperatures along a curve.
_CURVE_POINTS = 121

#: Half width of the band about a law in standard errors: 95 % of a normal distribution.
_BAND_SIGMAS = 1.96

#: Part of the range of temperatures by which curves go beyond the data.
_BEYOND = 0.03

#: Labels of the upper axis, °C, as far as they fit.
_CELSIUS = (-250, -200, -150, -100, -50, 0, 50, 100, 200, 300, 400, 600)


def _curve_temperatures(data: BandData) -> NDArray[np.float64]:
    cold, hot = float(data.temperatures_k.min()), float(data.temperatures_k.max())
    beyond = _BEYOND * (hot - cold)
    return 1.0 / np.linspace(1.0 / max(cold - beyond, 1.0), 1.0 / (hot + beyond), _CURVE_POINTS)


def draw_two_step_points(axes: Axes, points: VantHoffPoints) -> None:
    """Draw ln K of each spectrum with the errors of a two-step analysis and the joint ones.

    Parameters
    ----------
    axes
        Where.
    points
        From free areas; spectra with an area that is not positive have no ln K and are counted in
        the legend.

    """
    inverse = 1000.0 / points.temperatures_k
    cycles = sorted({int(cycle) for cycle in points.cycles})
    crowded = len(inverse) > _CROWDED
    apart = _SIDE_BY_SIDE * float(np.ptp(inverse))
    for place, cycle in enumerate(cycles):
        here = points.kept & (points.cycles == cycle)
        beside = inverse[here] + apart * (place - 0.5 * (len(cycles) - 1)) / max(len(cycles) - 1, 1)
        axes.errorbar(
            beside,
            points.ln_k[here],
            points.joint_ln_k_errors[here],
            fmt="none",
            ecolor="0.65",
            elinewidth=0.6,
            zorder=1,
        )
        axes.errorbar(
            beside,
            points.ln_k[here],
            points.ln_k_errors[here],
            fmt=CYCLE_MARKS[place % len(CYCLE_MARKS)],
            color=CYCLE_COLOURS[place % len(CYCLE_COLOURS)],
            markersize=2.0 if crowded else 3.0,
            markerfacecolor="white",
            markeredgewidth=0.7,
            elinewidth=1.2,
            zorder=2,
            label=f"cycle {cycle}, two steps: areas, then ln K"
            if len(cycles) <= _MOST_CYCLES
            else "_",
        )
    if len(cycles) > _MOST_CYCLES:
        axes.plot([], [], "o", color="0.25", markersize=3.5, markerfacecolor="white",
                  label=f"{len(cycles)} cycles, two steps: areas, then ln K")  # fmt: skip
    out = len(points.left_out)
    axes.plot([], [], color="0.65", linewidth=0.6,
              label="grey bars: errors with those of centres and widths; cycles side by side"
              + (f"; {out} spectra without ln K" if out else ""))  # fmt: skip


def one_step_laws(
    outcomes: Sequence[ModelOutcome], evidence: TwoStateEvidence | None = None
) -> tuple[SeriesFit | None, SeriesFit | None]:
    """Fits of the first law with ΔCp and of its sibling without; None where there is none."""
    if evidence is not None:
        return evidence.curved, evidence.plain
    curved = leading_law(outcomes, heat_capacity=True)
    plain = without_heat_capacity(outcomes, curved)
    return None if curved is None else curved.fit, None if plain is None else plain.fit


def draw_one_step_law(axes: Axes, data: BandData, law: SeriesFit) -> None:
    """Draw ln K of a one-step law with the 95 % band of the joint fit.

    Parameters
    ----------
    axes
        Where.
    data
        What it was fitted to: the range of temperature.
    law
        Fit of a `TwoStateModel`.

    """
    t = _curve_temperatures(data)
    ln_k, error = ln_k_of_fit(law, t), ln_k_errors(law, t)
    named = law.parameters
    dcp = named.get("dcp_j_mol_k")
    colour = SECOND_LAW_COLOUR if dcp is None else TIGHT_COLOUR
    axes.plot(
        1000.0 / t,
        ln_k,
        color=colour,
        dashes=(5, 2) if dcp is None else (None, None),
        label=f"one step, 95 %: ΔH {named['dh_kj_mol']:.2f} kJ/mol, "
        f"ΔS {named['ds_j_mol_k']:.1f}, "
        + ("ΔCp 0 (assumed)" if dcp is None else f"ΔCp {dcp:.1f} J/mol/K (fitted)"),
    )
    if np.isfinite(error).all():
        axes.fill_between(
            1000.0 / t,
            ln_k - _BAND_SIGMAS * error,
            ln_k + _BAND_SIGMAS * error,
            color=colour,
            alpha=0.2,
            linewidth=0,
        )


def draw_linear_shift_null(
    axes: Axes, data: BandData, one_band: SeriesFit, components: SeriesFit
) -> None:
    """Draw ln K of a fitted moving band that is forced into two fitted components.

    Parameters
    ----------
    axes
        Where.
    data
        What both were fitted to.
    one_band, components
        Fits of a linearly moving band and of a model with two components.

    """
    null = forced_null(data, one_band, components, _curve_temperatures(data))
    axes.plot(
        1000.0 / null.temperatures_k,
        null.ln_k,
        color=NULL_COLOUR,
        linestyle=":",
        linewidth=2.0,
        label="null: one linearly moving band, forced into these components",
    )


def draw_vant_hoff(
    axes: Axes,
    data: BandData,
    outcomes: Sequence[ModelOutcome],
    evidence: TwoStateEvidence | None = None,
) -> None:
    """Draw ln K against 1/T: points of two steps, laws of one step, and the null.

    Parameters
    ----------
    axes
        Where.
    data
        The band.
    outcomes
        Every model.
    evidence
        Checks of the two-state law; without them there are no points.

    """
    if evidence is not None:
        draw_two_step_points(axes, evidence.two_step.points)
    curved, plain = one_step_laws(outcomes, evidence)
    for law in (curved, plain):
        if law is not None:
            draw_one_step_law(axes, data, law)
    shift = linear_shift(outcomes)
    if curved is not None and shift is not None and shift.fit is not None:
        draw_linear_shift_null(axes, data, shift.fit, curved)
    _finish(axes)


def figure_vant_hoff(
    data: BandData,
    outcomes: Sequence[ModelOutcome],
    evidence: TwoStateEvidence | None = None,
    title: str = "",
) -> Figure:
    """Figure of `draw_vant_hoff` with its legend below."""
    with style.context(STYLE):
        figure = Figure(figsize=(5.4, 5.2))
        axes = figure.subplots()
        draw_vant_hoff(axes, data, outcomes, evidence)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower left", fontsize=7)
        set_title(figure, title)
    return figure


def _finish(axes: Axes) -> None:
    """Name the axes and add one in °C on top."""
    axes.set_xlabel("1000 K / T")
    axes.set_ylabel("ln K,  K = [loose]/[tight]")
    left, right = axes.get_xlim()
    upper = axes.secondary_xaxis(
        "top",
        functions=(
            lambda x: 1000.0 / np.maximum(np.asarray(x, float), 1e-3),
            lambda t: 1000.0 / np.maximum(np.asarray(t, float), 1e-3),
        ),
    )
    kelvin = [celsius + ZERO_CELSIUS_K for celsius in _CELSIUS]
    places = [t for t in kelvin if min(left, right) <= 1000.0 / t <= max(left, right)]
    upper.xaxis.set_major_locator(FixedLocator(places))
    upper.xaxis.set_major_formatter(FuncFormatter(lambda t, _: f"{t - ZERO_CELSIUS_K:.0f}"))
    upper.set_xlabel("temperature / °C")
