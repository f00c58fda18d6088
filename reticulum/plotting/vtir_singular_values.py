"""Singular values of a series with the edge of the noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reticulum.plotting.files import STYLE
from reticulum.plotting.vtir_style import LOOSE_COLOUR, TIGHT_COLOUR, set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reticulum.spectra.singular_values import SingularValues

#: Singular values that are drawn; those behind are noise.
_MOST = 15

#: Floor of the axis, per cent of the first value: below it is rounding.
_FLOOR_PERCENT = 1e-6


def draw_singular_values(axes: Axes, found: SingularValues) -> None:
    """Draw singular values in per cent of the first, those above the noise filled.

    Parameters
    ----------
    axes
        Where.
    found
        The singular values.

    """
    percent = 100.0 * found.values / found.values[0]
    percent = np.maximum(percent[:_MOST], _FLOOR_PERCENT)
    numbers = np.arange(1, len(percent) + 1)
    above = found.values[: len(percent)] > found.noise_edge
    axes.semilogy(numbers, percent, color="0.7", linewidth=0.8, zorder=1)
    axes.plot(numbers[above], percent[above], "o", color=TIGHT_COLOUR, markersize=4.5,
              label=f"above the noise: {found.n_above_noise}")  # fmt: skip
    axes.plot(numbers[~above], percent[~above], "o", color="0.5", markerfacecolor="white",
              markersize=4.5, label="noise")  # fmt: skip
    if found.noise_edge_percent > _FLOOR_PERCENT:
        axes.axhline(found.noise_edge_percent, color=LOOSE_COLOUR, linewidth=0.9, dashes=(4, 2),
                     label="largest value that noise gives")  # fmt: skip
    axes.axvline(2.5, color="0.55", linewidth=0.7, linestyle=":")
    axes.annotate("two states end here", (2.5, 1.0), xycoords=("data", "axes fraction"),
                  xytext=(3, -3), textcoords="offset points", fontsize=7, va="top",
                  color="0.35")  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("number of singular value")
    axes.set_ylabel("singular value / % of first")


def figure_singular_values(found: SingularValues, title: str = "") -> Figure:
    """Figure of `draw_singular_values`."""
    with style.context(STYLE):
        figure = Figure(figsize=(4.2, 3.2))
        axes = figure.subplots()
        draw_singular_values(axes, found)
        axes.legend(loc="center right")
        set_title(figure, title)
    return figure
