"""Figure of a search for a loose state: energy along elongated bonds, second minima marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from reticulum.plotting.files import STYLE
from reticulum.reference.tables import load_two_state_parameters
from reticulum.thermal.loose_curve import CandidateVerdict
from reticulum.thermal.slopes import SLOPE_WINDOW_CELSIUS
from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reticulum.thermal.loose_curve import LooseCurve
    from reticulum.thermal.loose_state import LooseStateResult
    from reticulum.thermal.loose_thermodynamics import LooseThermodynamics

#: Colours that stay apart for colour-blind readers (Okabe and Ito), and marks, one for each curve.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKS = ("o", "s", "^", "D", "v", "P")

#: Mark of each kind of end of a released relaxation; those back at the start are not drawn.
_ENDS = {
    CandidateVerdict.LOOSE: ("*", 11.0),
    CandidateVerdict.SADDLE: ("X", 7.0),
    CandidateVerdict.SAME_BONDS: ("d", 6.0),
    CandidateVerdict.NOT_CONVERGED: ("x", 6.0),
}

#: Points of a smooth line.
_FINE = 200


def draw_loose_curves(axes: Axes, result: LooseStateResult) -> None:
    """Draw the energy of every curve against the mean length of its bonds.

    Lines are cubics through energies and slopes; they break where the path jumps. A ring shows
    where a relaxation was released, a star the second minimum that it found.

    Parameters
    ----------
    axes
        Where.
    result
        Of a search.

    """
    published = load_two_state_parameters().dh
    axes.axhline(0.0, color="0.85", linewidth=0.6, zorder=0)
    axes.axhline(
        published.value,
        color="0.4",
        linewidth=0.8,
        linestyle=":",
        label=f"published ΔH of HKUST-1, {published.value:g} kJ/mol [Andreeva2020]",
    )
    shown: set[CandidateVerdict] = set()
    for number, curve in enumerate(result.curves):
        colour = _COLOURS[number % len(_COLOURS)]
        mark = _MARKS[number % len(_MARKS)]
        _draw_line(axes, curve, colour)
        axes.plot(
            curve.distances_a,
            curve.energies_kj_mol,
            mark,
            color=colour,
            markersize=4.0,
            label=f"{curve.label}{_ending(curve)}",
        )
        for candidate in curve.candidates:
            place = int(np.abs(curve.distances_a - candidate.from_distance_a).argmin())
            axes.plot(
                curve.distances_a[place],
                curve.energies_kj_mol[place],
                "o",
                markersize=9.0,
                markerfacecolor="none",
                markeredgecolor=colour,
                markeredgewidth=0.8,
            )
            if candidate.verdict in _ENDS:
                kind, size = _ENDS[candidate.verdict]
                axes.plot(
                    float(candidate.lengths_a.mean()),
                    candidate.energy_kj_mol,
                    kind,
                    color=colour,
                    markersize=size,
                    markeredgecolor="0.1",
                    label=None
                    if candidate.verdict in shown
                    else f"released: {candidate.verdict.value}",
                )
                shown.add(candidate.verdict)
    axes.plot(
        [],
        [],
        "o",
        markersize=9.0,
        markerfacecolor="none",
        markeredgecolor="0.3",
        markeredgewidth=0.8,
        label="a relaxation is released here",
    )
    axes.set_xlabel("mean metal-oxygen distance of the elongated bonds / Å")
    axes.set_ylabel("energy per carboxylate / kJ mol⁻¹")
    low, high = axes.get_ylim()
    entries = len(axes.get_legend_handles_labels()[0])
    axes.set_ylim(low, high + 0.08 * entries * (high - low))
    axes.legend(loc="upper left")


def _draw_line(axes: Axes, curve: LooseCurve, colour: str) -> None:
    for first, last in curve.pieces():
        fine = np.linspace(curve.distances_a[first], curve.distances_a[last], _FINE)
        axes.plot(fine, [curve.energy_at(float(x)) for x in fine], "-", color=colour, linewidth=1.0)


def _ending(curve: LooseCurve) -> str:
    if curve.loose:
        return f": second minimum, {curve.loose[0].energy_kj_mol:+.1f} kJ/mol"
    return ": no second minimum" if curve.decided else ": not decided"


def draw_loose_fraction(axes: Axes, thermodynamics: LooseThermodynamics) -> None:
    """Draw the loose fraction against temperature with the error of the energy difference.

    Parameters
    ----------
    axes
        Where.
    thermodynamics
        Of the loose state.

    """
    from scipy.special import expit

    from reticulum.units import GAS_CONSTANT_J_PER_MOL_K

    low, high = SLOPE_WINDOW_CELSIUS
    celsius = np.linspace(low, high, _FINE)
    t = celsius + ZERO_CELSIUS_K
    free = thermodynamics.free_energy_kj_mol(t)
    error = thermodynamics.energy_error_kj_mol

    def fraction(shift: float) -> list[float]:
        values = expit(-1000.0 * (free + shift) / (GAS_CONSTANT_J_PER_MOL_K * t))
        return [float(value) for value in values]

    axes.fill_between(
        celsius,
        fraction(error),
        fraction(-error),
        color=_COLOURS[0],
        alpha=0.2,
        linewidth=0,
        label=f"ΔE ± {error:g} kJ/mol (assumed)",
    )
    axes.plot(celsius, fraction(0.0), color=_COLOURS[0], label="computed")
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel("temperature / °C")
    axes.set_ylabel("loose fraction")
    axes.legend(loc="best")


def figure_loose_state(result: LooseStateResult) -> Figure:
    """Figure of a search: the curves, and the loose fraction where there is a loose state.

    Parameters
    ----------
    result
        Of a search.

    """
    with style.context(STYLE):
        both = result.thermodynamics is not None
        figure = Figure(figsize=(7.2, 6.4 if both else 4.0))
        grid = figure.add_gridspec(2 if both else 1, 1, height_ratios=(3, 2) if both else None)
        draw_loose_curves(figure.add_subplot(grid[0]), result)
        if result.thermodynamics is not None:
            draw_loose_fraction(figure.add_subplot(grid[1]), result.thermodynamics)
        figure.suptitle(
            f"{result.label}, {result.calculator}: metal-oxygen bonds elongated, the rest relaxed, "
            "cell fixed",
            fontsize=10,
        )
    return figure
