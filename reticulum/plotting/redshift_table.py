"""Figure of predicted against measured red-shift slopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib import style
from matplotlib.figure import Figure

from reticulum.plotting.files import STYLE
from reticulum.report.redshift_table import methods_in
from reticulum.thermal.mechanism import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reticulum.report.redshift_table import RedShiftTableRow

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


def draw_predicted_against_measured(
    axes: Axes, rows: Sequence[RedShiftTableRow], band: Band
) -> None:
    """Draw the predicted against the measured slopes of one band; doubtful ones are hollow.

    Parameters
    ----------
    axes
        Where.
    rows
        The table.
    band
        Which band.

    """
    measured = sorted({row.measured_slope(band) for row in rows})
    for method, (colour, marker) in zip(methods_in(rows), _MARKS, strict=False):
        first = True
        for row in rows:
            found = row.predicted(method, band)
            if found is None:
                continue
            axes.errorbar(
                row.measured_slope(band),
                found.slope_cm1_per_k,
                yerr=found.error_cm1_per_k,
                fmt=marker,
                color=colour,
                markersize=4.5,
                markerfacecolor="none" if found.doubt else colour,
                elinewidth=0.8,
                label=method if first else None,
            )
            first = False
    low = min(measured) * 1.1
    axes.plot([low, 0.0], [low, 0.0], color="0.6", linewidth=0.8, zorder=0)
    axes.axhline(0.0, color="0.85", linewidth=0.6, zorder=0)
    for row in rows:
        axes.annotate(
            row.measured.material,
            (row.measured_slope(band), 0.01),
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


def figure_redshift_table(rows: Sequence[RedShiftTableRow]) -> Figure:
    """Figure of the table: predicted against measured slopes of both bands.

    Parameters
    ----------
    rows
        From `reticulum.report.redshift_table`.

    """
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 3.6))
        for place, band in enumerate(Band):
            axes = figure.add_subplot(1, 2, place + 1)
            draw_predicted_against_measured(axes, rows, band)
            if place == 0 and methods_in(rows):
                axes.legend(loc="upper left", fontsize=6)
        figure.suptitle("Red-shift slopes, -100 to 200 °C; the line is agreement", fontsize=10)
    return figure
