"""Figure of predicted against measured red-shift slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reticulum.plotting.files import STYLE
from reticulum.thermal.mechanism import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours that stay apart for colour-blind readers (Okabe and Ito), and markers, one a method.
_MARKS = (
    ("#0072B2", "o"),
    ("#56B4E9", "s"),
    ("#D55E00", "D"),
    ("#009E73", "^"),
    ("#CC79A7", "v"),
    ("#E69F00", "P"),
    ("#F0E442", "X"),
    ("#000000", "*"),
)


#: Intervals on the horizontal axis at most; more numbers would run into each other.
_MOST_TICKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PlottedSlope:
    """A predicted slope beside the measured one.

    Parameters
    ----------
    material, method, band
        What it is of.
    measured, predicted
        cm⁻¹/K.
    error
        Of the predicted one, cm⁻¹/K; None where not determined.
    doubtful
        Whether it is not to be trusted.

    """

    material: str
    method: str
    band: Band
    measured: float
    predicted: float
    error: float | None
    doubtful: bool


def draw_predicted_against_measured(axes: Axes, slopes: Sequence[PlottedSlope], band: Band) -> None:
    """Draw the predicted against the measured slopes of one band; doubtful ones are hollow.

    Parameters
    ----------
    axes
        Where.
    slopes
        All slopes; those of the other band are left out.
    band
        Which band.

    """
    methods = list(dict.fromkeys(entry.method for entry in slopes))
    marks = dict(zip(methods, _MARKS, strict=False))
    shown = [entry for entry in slopes if entry.band is band and entry.method in marks]
    named = set[str]()
    for entry in shown:
        colour, marker = marks[entry.method]
        axes.errorbar(
            entry.measured,
            entry.predicted,
            yerr=entry.error,
            fmt=marker,
            color=colour,
            markersize=4.5,
            markerfacecolor="none" if entry.doubtful else colour,
            elinewidth=0.8,
            label=None if entry.method in named else entry.method,
        )
        named.add(entry.method)
    low = 1.1 * min((entry.measured for entry in shown), default=-0.02)
    axes.plot([low, 0.0], [low, 0.0], color="0.6", linewidth=0.8, zorder=0)
    axes.axhline(0.0, color="0.85", linewidth=0.6, zorder=0)
    for material, measured in {entry.material: entry.measured for entry in shown}.items():
        axes.annotate(
            material,
            (measured, 0.01),
            xycoords=("data", "axes fraction"),
            rotation=90,
            ha="center",
            va="bottom",
            fontsize=5.5,
            color="0.4",
        )
    axes.set_xlabel("measured slope / cm⁻¹ K⁻¹")
    axes.set_ylabel(f"predicted slope, {band.value} / cm⁻¹ K⁻¹")
    axes.set_xlim(low, 0.0)
    axes.xaxis.set_major_locator(MaxNLocator(_MOST_TICKS))


def figure_redshift_table(slopes: Sequence[PlottedSlope]) -> Figure:
    """Figure of the table: predicted against measured slopes of both bands.

    Parameters
    ----------
    slopes
        All slopes, in the order in which methods get their marks.

    """
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 3.6))
        for place, band in enumerate(Band):
            axes = figure.add_subplot(1, 2, place + 1)
            draw_predicted_against_measured(axes, slopes, band)
            if place == 0 and slopes:
                axes.legend(loc="upper left", fontsize=6)
        figure.suptitle("Red-shift slopes, -100 to 200 °C; the line is agreement", fontsize=10)
    return figure
