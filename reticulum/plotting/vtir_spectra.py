"""Stacked spectra of a band with the fitted curves of both pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reticulum.plotting.files import STYLE
from reticulum.plotting.vtir_style import (
    LOOSE_COLOUR,
    ONE_BAND_COLOUR,
    TIGHT_COLOUR,
    TWO_STATES_COLOUR,
    descending,
    set_title,
    temperature_map,
    temperature_norm,
)
from reticulum.spectra.fitted_curves import fitted_curves
from reticulum.spectra.leading_models import leading_rival, leading_two_state
from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from reticulum.spectra.band_data import BandData
    from reticulum.spectra.model_comparison import ModelOutcome

#: Cycles that one figure shows; of more, the figure says which it shows.
MOST_CYCLES = 6

#: Spectra in one column; longer cycles go on in the next one.
_MOST_STACKED = 26

#: Spectra of a cycle with a label each; of more, every n-th has one.
_LABELLED = 10

#: Distance of stacked spectra in units of the largest value: few stand apart, many overlap.
_APART, _OVERLAPPING = 0.8, 0.45

#: Height of one spectrum in the figure and least height, inches.
_INCHES, _OVERLAPPING_INCHES, _LEAST_INCHES = 0.45, 0.29, 3.4

#: Width of the first column of cycles with its labels, and of each further one, inches.
_FIRST_INCHES, _COLUMN_INCHES = 3.4, 2.05

#: Points of a spectrum up to which they are drawn at full size.
_FEW_POINTS = 60


def draw_stacked_spectra(
    axes: Axes,
    data: BandData,
    numbers: Sequence[int],
    two_states: ModelOutcome | None,
    one_band: ModelOutcome | None,
    *,
    distance: float,
) -> None:
    """Draw some spectra one above the other, cold at the bottom, with the fitted curves.

    A constant, the mean of the fitted baseline, is taken off each spectrum so that the stack is
    even; slopes of baselines stay.

    Parameters
    ----------
    axes
        Where.
    data
        The band.
    numbers
        Which spectra.
    two_states, one_band
        Models whose curves are drawn, or None.
    distance
        Between neighbours, in the units of the data.

    """
    colours, norm = temperature_map(), temperature_norm(data.temperatures_k)
    order = sorted(numbers, key=lambda number: float(data.temperatures_k[number]))
    every = -(-len(order) // _LABELLED)
    for place, number in enumerate(order):
        x, y = data.wavenumbers_cm1[number], data.values[number]
        celsius = float(data.temperatures_k[number]) - ZERO_CELSIUS_K
        lift = place * distance - _floor(data, two_states, number)
        above = 3.0 * (len(order) - place)  # lower spectra in front of those behind them
        axes.plot(
            x,
            y + lift,
            "o",
            color=colours(norm(celsius)),
            markersize=2.2 if len(x) <= _FEW_POINTS else 1.2,
            markeredgewidth=0,
            zorder=above + 2.8,
        )
        if two_states is not None and two_states.fit is not None:
            curves = fitted_curves(data, two_states.fit, number)
            for part, colour in ((curves.tight, TIGHT_COLOUR), (curves.loose, LOOSE_COLOUR)):
                if part is not None:
                    axes.plot(
                        x,
                        part + curves.baseline + lift,
                        color=colour,
                        linewidth=0.7,
                        zorder=above + 1,
                    )
            axes.plot(
                x, curves.total + lift, color=TWO_STATES_COLOUR, linewidth=0.8, zorder=above + 2
            )
        if one_band is not None and one_band.fit is not None:
            axes.plot(
                x,
                fitted_curves(data, one_band.fit, number).total + lift,
                color=ONE_BAND_COLOUR,
                linewidth=0.8,
                dashes=(4, 2),
                zorder=above + 2.5,
            )
        if place % every == 0 or place == len(order) - 1:
            axes.annotate(
                f"{celsius:.4g} °C",
                (x[0], float(np.median(y[: max(len(y) // 10, 1)])) + lift),
                xytext=(3, 0),
                textcoords="offset points",
                fontsize=6.5,
                va="center",
                annotation_clip=False,
            )
    low = min(float(axis[0]) for axis in data.wavenumbers_cm1)
    high = max(float(axis[-1]) for axis in data.wavenumbers_cm1)
    descending(axes, low, high)
    axes.set_ylim(-0.25 * distance, (len(order) - 1) * distance + 1.15 * _height(data, two_states))
    axes.set_yticks([])


def _floor(data: BandData, two_states: ModelOutcome | None, number: int) -> float:
    if two_states is None or two_states.fit is None or two_states.fit.baseline_order < 0:
        return 0.0
    return float(fitted_curves(data, two_states.fit, number).baseline.mean())


def _height(data: BandData, two_states: ModelOutcome | None) -> float:
    return max(
        float(values.max()) - _floor(data, two_states, number)
        for number, values in enumerate(data.values)
    )


def shown_cycles(data: BandData) -> list[int]:
    """Return the cycles that a figure shows: all, or `MOST_CYCLES` spread over them."""
    cycles = sorted({int(cycle) for cycle in data.cycles})
    if len(cycles) <= MOST_CYCLES:
        return cycles
    places: NDArray[np.int64] = np.unique(
        np.rint(np.linspace(0, len(cycles) - 1, MOST_CYCLES)).astype(np.int64)
    )
    return [cycles[int(place)] for place in places]


def figure_spectra(data: BandData, outcomes: Sequence[ModelOutcome], title: str = "") -> Figure:
    """Figure of the spectra, one column a cycle; nothing is averaged.

    Parameters
    ----------
    data
        The band.
    outcomes
        Every model; the first of each picture (by BIC) is drawn.
    title
        First line of the title.

    """
    two_states, one_band = leading_two_state(outcomes), leading_rival(outcomes)
    cycles = shown_cycles(data)
    columns, every = _columns(data, cycles)
    most = max(len(numbers) for _, numbers in columns)
    few = most <= _LABELLED
    distance = (_APART if few else _OVERLAPPING) * _height(data, two_states)
    inches = max(_LEAST_INCHES, 1.9 + (_INCHES if few else _OVERLAPPING_INCHES) * most)
    with style.context(STYLE):
        figure = Figure(figsize=(_FIRST_INCHES + _COLUMN_INCHES * (len(columns) - 1) + 0.6, inches))
        grid = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
        for axes, (words, numbers) in zip(grid, columns, strict=True):
            draw_stacked_spectra(axes, data, numbers, two_states, one_band, distance=distance)
            axes.set_title(words)
        top = (most - 1) * distance + 1.15 * _height(data, two_states)
        grid[0].set_ylim(-0.25 * distance, top)
        grid[0].set_ylabel("value, each spectrum moved up")
        bar = figure.colorbar(
            ScalarMappable(temperature_norm(data.temperatures_k), temperature_map()),
            ax=list(grid),
            aspect=40,
            pad=0.04,
        )
        bar.set_label("temperature / °C")
        figure.legend(
            handles=legend_of_curves(two_states, one_band),
            loc="outside lower left",
            fontsize=7,
        )
        set_title(figure, title, _shown_in_words(data, cycles, every))
    return figure


def legend_of_curves(
    two_states: ModelOutcome | None, one_band: ModelOutcome | None
) -> list[Line2D]:
    """Entries of a legend with the models' names and misfits."""
    entries = [Line2D([], [], marker="o", linestyle="", color="0.4", markersize=3, label="data")]
    if two_states is not None and two_states.fit is not None:
        named = two_states.fit.parameters
        entries += [
            Line2D([], [], color=TWO_STATES_COLOUR, linewidth=0.9,
                   label=f"{two_states.name} ({two_states.misfit_percent:.2f} % of max left)"),
            Line2D([], [], color=TIGHT_COLOUR, linewidth=0.9,
                   label=f"tight component, {named['tight_cm1']:.1f} cm⁻¹ (fitted)"),
            Line2D([], [], color=LOOSE_COLOUR, linewidth=0.9,
                   label=f"loose component, {named['loose_cm1']:.1f} cm⁻¹ (fitted)"),
        ]  # fmt: skip
    if one_band is not None and one_band.fit is not None:
        entries.append(
            Line2D([], [], color=ONE_BAND_COLOUR, linewidth=0.9, dashes=(4, 2),
                   label=f"{one_band.name} ({one_band.misfit_percent:.2f} % of max left)")
        )  # fmt: skip
    return entries


def _columns(data: BandData, cycles: list[int]) -> tuple[list[tuple[str, list[int]]], int]:
    """Title and spectra of each column, and how many of them one that is drawn stands for.

    Long cycles fill several columns, cold to hot; if those would be too many, only every n-th
    spectrum of each cycle is drawn.
    """
    ordered = []
    for cycle in cycles:
        here = np.flatnonzero(data.cycles == cycle)
        ordered.append(here[np.argsort(data.temperatures_k[here], kind="stable")].tolist())
    every = 1
    while sum(-(-len(here[::every]) // _MOST_STACKED) for here in ordered) > MOST_CYCLES:
        every += 1
    columns = []
    for cycle, here in zip(cycles, ordered, strict=True):
        drawn = here[::every]
        n_columns = -(-len(drawn) // _MOST_STACKED)
        for part in np.array_split(np.array(drawn), n_columns):
            columns.append((f"cycle {cycle}", part.tolist()))
    return columns, every


def _shown_in_words(data: BandData, cycles: list[int], every: int) -> str:
    n = len({int(cycle) for cycle in data.cycles})
    words = []
    if n > len(cycles):
        words.append(f"cycles {', '.join(str(cycle) for cycle in cycles)} of {n} are shown")
    if every > 1:
        words.append(f"one of {every} spectra of each cycle is shown")
    return "; ".join(words)
