"""Figure of a computed infrared spectrum: the curve, and its lines coloured by character."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy.optimize import isotonic_regression

from reticulum.phonons.infrared import IntensityKind
from reticulum.plotting.files import STYLE
from reticulum.plotting.redshift import ANTISYMMETRIC_COLOUR, SYMMETRIC_COLOUR
from reticulum.plotting.vtir_style import descending

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from reticulum.phonons.powder_spectrum import PowderLines
    from reticulum.reference.tables import BandPosition
    from reticulum.spectra.calculated_files import CalculatedSpectrum

#: Part of a line that is neither stretch of the carboxylates.
OTHER_COLOUR = "#9E9E9E"

#: Width of a bar, points.
_BAR_POINTS = 2.0

#: Most lines that get a label, and the part of the highest from which a line gets one.
MOST_LABELS = 16
LABELLED_PART = 0.03

#: Size of the figure, inches, and of its labels, points.
_SIZE = (7.2, 4.6)
_LABEL_POINTS = 7.0

#: Part of the width of the axes that one upright label takes (7 points in about 6.3 inches).
_LABEL_WIDTH = 0.021

#: Heights in the panel of the curve, as parts of it: the top of the curve, where lines to labels
#: end, and where the labels begin.
_CURVE_TOP, _LEADER_TOP, _LABEL_BOTTOM = 0.68, 0.76, 0.775

#: Entries of the legend side by side.
_LEGEND_COLUMNS = 5

#: Share of a carboxylate stretch from which a label takes its colour.
_COLOURED_SHARE = 1.0 / 3.0

#: Characters of the small text under the figure that fit on one line.
_CAPTION_COLUMNS = 130


def label_places(
    wanted: NDArray[np.float64], low: float, high: float, distance: float
) -> NDArray[np.float64]:
    """Places of labels along a line, as close to the wanted ones as a least distance lets.

    The sum of squares of the moves is the smallest (isotonic regression).

    Parameters
    ----------
    wanted
        (n,) ascending places.
    low, high
        Ends between which all labels stay, if they fit.
    distance
        Least distance of neighbours.

    """
    if not len(wanted):
        return np.zeros(0)
    steps = distance * np.arange(len(wanted))
    places = isotonic_regression(wanted - steps).x
    return np.asarray(np.clip(places, low, max(low, high - steps[-1])) + steps)


def draw_spectrum(
    axes: Axes,
    spectrum: CalculatedSpectrum,
    lines: PowderLines,
    observed: Sequence[BandPosition] = (),
) -> None:
    """Draw the curve with labels on its strongest lines.

    Parameters
    ----------
    axes
        Where.
    spectrum
        The curve.
    lines
        Its lines.
    observed
        Published bands, marked below the axis.

    """
    low, high = float(spectrum.wavenumbers_cm1[0]), float(spectrum.wavenumbers_cm1[-1])
    axes.plot(spectrum.wavenumbers_cm1, spectrum.values, color="0.15", linewidth=1.1)
    top = float(spectrum.values.max(initial=0.0)) or 1.0
    axes.set_ylim(0.0, top / _CURVE_TOP)
    descending(axes, low, high)
    axes.set_xlabel("")
    strongest = lines.strongest(low, high)
    if len(strongest):
        least = LABELLED_PART * float(lines.heights[strongest[0]])
        chosen = [line for line in strongest[:MOST_LABELS] if lines.heights[line] >= least]
        chosen.sort(key=lambda line: float(lines.wavenumbers_cm1[line]))
        positions = lines.wavenumbers_cm1[chosen]
        width = _LABEL_WIDTH * (high - low)
        places = label_places(positions, low + width / 2, high - width / 2, width)
        for line, place in zip(chosen, places.tolist(), strict=True):
            position = float(lines.wavenumbers_cm1[line])
            height = np.interp(position, spectrum.wavenumbers_cm1, spectrum.values) / top
            _draw_leader(axes, position, place, float(height), top)
            axes.text(
                place,
                _LABEL_BOTTOM * top / _CURVE_TOP,
                f"{position:.0f}  {irrep_in_print(lines.labels[line])}",
                rotation=90,
                ha="center",
                va="bottom",
                fontsize=_LABEL_POINTS,
                color=_label_colour(lines, int(line)),
            )
    seen = [band for band in observed if low <= band.wavenumber_cm1 <= high]
    if seen:
        sources = ", ".join(dict.fromkeys(band.source for band in seen))
        axes.plot(
            [band.wavenumber_cm1 for band in seen],
            [0.0] * len(seen),
            "^",
            color="black",
            markersize=4.5,
            clip_on=False,
            zorder=5,
            label=f"measured [{sources}]",
        )
    if spectrum.unit:
        axes.set_ylabel("molar napierian absorption\n/ L mol⁻¹ cm⁻¹ (primitive cells)")
    else:
        axes.set_ylabel("character\n(no intensity)")
    axes.set_yticks([tick for tick in axes.get_yticks() if 0.0 <= tick <= 1.02 * top])


def _draw_leader(axes: Axes, position: float, place: float, height: float, top: float) -> None:
    """Thin line from the curve at a height (part of its top) to the place of a label."""
    full = top / _CURVE_TOP
    bend = _LEADER_TOP - 0.03
    axes.plot(
        [position, position, place],
        [min(height * _CURVE_TOP + 0.01, bend) * full, bend * full, _LEADER_TOP * full],
        color="0.6",
        linewidth=0.5,
    )


def _label_colour(lines: PowderLines, line: int) -> str:
    antisymmetric, symmetric = float(lines.antisymmetric[line]), float(lines.symmetric[line])
    if max(antisymmetric, symmetric) < _COLOURED_SHARE:
        return "0.25"
    return ANTISYMMETRIC_COLOUR if antisymmetric > symmetric else SYMMETRIC_COLOUR


def irrep_in_print(label: str) -> str:
    """Mulliken symbol with its subscript, for matplotlib."""
    found = re.fullmatch(r"([ABETFG])([0-9]*[gu]?)('*)", label)
    if found is None or not found[2]:
        return label
    return rf"$\mathrm{{{found[1]}_{{{found[2]}}}}}${found[3]}"


def draw_lines(axes: Axes, lines: PowderLines, low_cm1: float, high_cm1: float) -> None:
    """Draw lines as bars, divided by carboxylate character.

    Parameters
    ----------
    axes
        Where.
    lines
        The lines.
    low_cm1, high_cm1
        Range, cm⁻¹.

    """
    found = lines.strongest(low_cm1, high_cm1)[::-1]
    positions, heights = lines.wavenumbers_cm1[found], lines.heights[found]
    antisymmetric, symmetric = lines.antisymmetric[found], lines.symmetric[found]
    intensity = lines.kind is IntensityKind.INTENSITY
    whole = np.ones(len(found)) if intensity else np.maximum(antisymmetric + symmetric, 1e-12)
    base = np.zeros(len(found))
    parts = [
        ("antisymmetric C-O", antisymmetric / whole, ANTISYMMETRIC_COLOUR),
        ("symmetric C-O", symmetric / whole, SYMMETRIC_COLOUR),
    ]
    if intensity:
        parts.append(("other", 1.0 - antisymmetric - symmetric, OTHER_COLOUR))
    tops = []
    for name, share, colour in parts:
        tops.append(base + heights * np.clip(share, 0.0, None))
        base = tops[-1]
        axes.plot([], [], color=colour, linewidth=_BAR_POINTS, label=name)
    # bar by bar and the strongest last, so that bars of close lines do not mix their colours
    ends = np.stack([np.zeros(len(found)), *tops], axis=1)
    bars = [
        [(place, low), (place, high)]
        for place, row in zip(positions.tolist(), ends.tolist(), strict=True)
        for low, high in itertools.pairwise(row)
    ]
    colours = [colour for _, _, colour in parts] * len(found)
    axes.add_collection(
        LineCollection(bars, colors=colours, linewidths=_BAR_POINTS, capstyle="butt"),
        autolim=False,
    )
    if len(lines.longitudinal_cm1):
        inside = (lines.longitudinal_cm1 >= low_cm1) & (lines.longitudinal_cm1 <= high_cm1)
        places = lines.longitudinal_cm1[inside]
        axes.plot(
            places,
            np.zeros(len(places)),
            "x",
            color="black",
            markersize=4,
            clip_on=False,
            label="longitudinal",
        )
    axes.set_ylim(0.0, 1.08 * float(heights.max(initial=0.0)) or 1.0)
    axes.set_ylabel("lines / km mol⁻¹" if intensity else "lines / character")
    descending(axes, low_cm1, high_cm1)


def figure_infrared_spectrum(
    spectrum: CalculatedSpectrum,
    lines: PowderLines,
    observed: Sequence[BandPosition] = (),
) -> Figure:
    """Figure of a computed spectrum.

    Parameters
    ----------
    spectrum
        The curve.
    lines
        Its lines.
    observed
        Published bands of the material.

    """
    low, high = float(spectrum.wavenumbers_cm1[0]), float(spectrum.wavenumbers_cm1[-1])
    caption = textwrap.fill(" ".join(spectrum.notes), _CAPTION_COLUMNS)
    with style.context(STYLE):
        figure = Figure(figsize=(_SIZE[0], _SIZE[1] + 0.12 * caption.count("\n")))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.75, 1.0))
        draw_spectrum(upper, spectrum, lines, observed)
        draw_lines(lower, lines, low, high)
        handles = [*lower.get_legend_handles_labels()[0], *upper.get_legend_handles_labels()[0]]
        lower.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=_LEGEND_COLUMNS,
            columnspacing=1.0,
            handlelength=1.4,
        )
        title = spectrum.title
        if lines.kind is IntensityKind.CHARACTER:
            title += "\nNO INTENSITIES: carboxylate character of modes that symmetry lets absorb"
        figure.suptitle(title, fontsize=9)
        figure.supxlabel(caption, fontsize=6.5, x=0.01, ha="left", color="0.3")
    return figure
