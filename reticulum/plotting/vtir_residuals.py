"""Residuals of the best model of each picture, wavenumber by spectrum, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from reticulum.plotting.files import STYLE
from reticulum.plotting.vtir_style import descending, set_title
from reticulum.spectra.leading_models import leading_rival, leading_two_state
from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from reticulum.spectra.band_data import BandData
    from reticulum.spectra.model_comparison import ModelOutcome

#: Map of residuals, symmetrical about white, dark at both ends, safe for colour-blind readers.
_MAP = "PuOr_r"

#: Part of the residuals that lies within the colours; the rest is shown at their ends.
_WITHIN = 0.995

#: A step of the axis so many times the median step is a gap, which stays white.
_GAP = 1.6

#: Labels of temperatures at most; of more spectra every n-th has one.
_MOST_LABELS = 30

#: Cycles whose labels have the word with the number.
_WRITTEN_OUT = 5

#: Height of one spectrum, least and largest height of the map, inches.
_INCHES, _LEAST_INCHES, _MOST_INCHES = 0.16, 2.4, 7.0


def residuals_percent(data: BandData, outcome: ModelOutcome) -> list[NDArray[np.float64]]:
    """Residuals of a model in per cent of the largest value of the series, one array a spectrum."""
    assert outcome.fit is not None
    return [100.0 * residual / data.maximum for residual in outcome.fit.residuals]


def residual_limit(residuals: Sequence[Sequence[NDArray[np.float64]]]) -> float:
    """Size of residual at the ends of the colours, per cent of the largest value."""
    sizes = np.abs(np.concatenate([np.concatenate(list(entry)) for entry in residuals]))
    return float(np.quantile(sizes, _WITHIN)) or 1.0


def draw_residual_map(
    axes: Axes, data: BandData, residuals: Sequence[NDArray[np.float64]], limit: float
) -> PolyCollection:
    """Draw residuals as cells, one row a spectrum, first measured on top.

    Masked parts of the axis stay white.

    Parameters
    ----------
    axes
        Where.
    data
        The band.
    residuals
        Per cent of the largest value, one array a spectrum.
    limit
        At the ends of the colours.

    """
    corners, values = [], []
    for row, (x, residual) in enumerate(zip(data.wavenumbers_cm1, residuals, strict=True)):
        left, right = _cell_edges(x)
        for a, b in zip(left.tolist(), right.tolist(), strict=True):
            corners.append([(a, row), (b, row), (b, row + 1), (a, row + 1)])
        values.append(residual)
    cells = PolyCollection(
        corners,
        array=np.concatenate(values),
        cmap=_MAP,
        norm=Normalize(-limit, limit),
        edgecolors="none",
        antialiased=False,
        rasterized=True,
    )
    axes.add_collection(cells)
    low = min(float(axis[0]) for axis in data.wavenumbers_cm1)
    high = max(float(axis[-1]) for axis in data.wavenumbers_cm1)
    descending(axes, low, high)
    axes.set_ylim(data.n_spectra, 0)
    for place in np.flatnonzero(np.diff(data.cycles)) + 1:
        axes.axhline(float(place), color="0.3", linewidth=0.6)
    axes.grid(False)
    return cells


def _cell_edges(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Left and right edge of the cell of each point; none reaches across a gap."""
    step = np.diff(x)
    usual = float(np.median(step))
    half = 0.5 * np.where(step > _GAP * usual, usual, step)
    return x - np.append(half[:1], half), x + np.append(half, half[-1:])


def label_rows(axes: Axes, data: BandData) -> None:
    """Write cycle and temperature beside the rows of a map."""
    every = -(-data.n_spectra // _MOST_LABELS)
    rows = list(range(0, data.n_spectra, every))
    axes.set_yticks(
        [row + 0.5 for row in rows],
        [f"{data.temperatures_k[row] - ZERO_CELSIUS_K:.4g}" for row in rows],
        fontsize=6.5,
    )
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("temperature / °C, in the order of measurement", fontsize=8)


def label_cycles(axes: Axes, data: BandData) -> None:
    """Write the cycles at the right edge of a map, where they change."""
    starts = [0, *(np.flatnonzero(np.diff(data.cycles)) + 1).tolist(), data.n_spectra]
    if len(starts) > _MOST_LABELS:
        return
    crowded = len(starts) - 1 > _WRITTEN_OUT
    if crowded:
        axes.annotate("cycle", (1.0, 1.0), xycoords="axes fraction", xytext=(2, 2),
                      textcoords="offset points", fontsize=6.5, annotation_clip=False)  # fmt: skip
    for first, last in pairwise(starts):
        axes.annotate(
            f"{data.cycles[first]}" if crowded else f"cycle {data.cycles[first]}",
            (1.0, 0.5 * (first + last)),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            rotation=0 if crowded else 90,
            va="center",
            fontsize=6.5,
            annotation_clip=False,
        )


def figure_residuals(data: BandData, outcomes: Sequence[ModelOutcome], title: str = "") -> Figure:
    """Figure of the residuals of the first two-state model and the first single band (by BIC).

    Parameters
    ----------
    data
        The band.
    outcomes
        Every model.
    title
        First line of the title.

    """
    shown = [o for o in (leading_two_state(outcomes), leading_rival(outcomes)) if o is not None]
    residuals = [residuals_percent(data, outcome) for outcome in shown]
    height = min(max(_INCHES * data.n_spectra, _LEAST_INCHES), _MOST_INCHES) + 1.3
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, height))
        grid = figure.subplots(1, max(len(shown), 1), sharey=True, squeeze=False)[0]
        if shown:
            limit = residual_limit(residuals)
            for axes, outcome, entry in zip(grid, shown, residuals, strict=True):
                cells = draw_residual_map(axes, data, entry, limit)
                axes.set_title(residual_title(outcome), fontsize=8)
                label_cycles(axes, data)
            label_rows(grid[0], data)
            bar = figure.colorbar(cells, ax=list(grid), extend="both", aspect=40, pad=0.02)
            bar.set_label("data less fit / % of maximum")
        set_title(figure, title)
    return figure


def residual_title(outcome: ModelOutcome) -> str:
    """Name of a model over two lines, with what it leaves."""
    first, _, rest = outcome.name.partition(", ")
    return f"{first}: {outcome.misfit_percent:.2f} % of max left (rms)\n{rest}"
