"""Colours and marks that the figures of band fits share."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, Normalize

from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

#: Colours that stay apart for colour-blind readers (Okabe and Ito).
TIGHT_COLOUR = "#0072B2"
LOOSE_COLOUR = "#D55E00"
TWO_STATES_COLOUR = "#000000"
ONE_BAND_COLOUR = "#CC79A7"
NULL_COLOUR = "#CC79A7"
SECOND_LAW_COLOUR = "#009E73"

#: Colours of cycles, in turn.
CYCLE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")

#: Marks of cycles, in turn.
CYCLE_MARKS = ("o", "s", "D", "p", "h", "*")

#: Marks of directions.
MARKS = {"heating": "^", "cooling": "v", None: "o"}

#: Part of the map of temperatures that is used: its yellow end is too pale for points.
_MAP_RANGE = (0.0, 0.88)


#: Size of titles, points, and characters of that size on one inch (DejaVu Sans, on the safe side).
_TITLE_POINTS = 9
_CHARACTERS_PER_INCH = 13.0


def set_title(figure: Figure, *lines: str) -> None:
    """Title of a page, wrapped at words to its width; empty lines are left out."""
    width = int(_CHARACTERS_PER_INCH * float(figure.get_figwidth()))
    wrapped = [textwrap.fill(line, width) for line in lines if line]
    if wrapped:
        figure.suptitle("\n".join(wrapped), fontsize=_TITLE_POINTS)


def temperature_map() -> ListedColormap:
    """Colours of temperature, cold dark blue to hot orange; even in lightness."""
    low, high = _MAP_RANGE
    return ListedColormap(colormaps["plasma"](np.linspace(low, high, 256)), name="temperature")


def temperature_norm(temperatures_k: NDArray[np.float64]) -> Normalize:
    """Range of the colours, °C."""
    celsius = temperatures_k - ZERO_CELSIUS_K
    return Normalize(float(celsius.min()), float(celsius.max()))


def cycle_colour(cycle: int, cycles: list[int]) -> str:
    """Colour of a cycle."""
    return CYCLE_COLOURS[cycles.index(cycle) % len(CYCLE_COLOURS)]


def descending(axes: Axes, low_cm1: float, high_cm1: float) -> None:
    """Wavenumber axis as spectroscopists plot it, high on the left."""
    axes.set_xlim(high_cm1, low_cm1)
    axes.set_xlabel("wavenumber / cm⁻¹")
