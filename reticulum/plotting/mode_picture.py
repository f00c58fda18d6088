"""Picture of a mode: a metal cluster with its carboxylates as balls and sticks, with arrows."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from matplotlib import style
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondKind, is_metal
from reticulum.phonons.character import FRACTION_LABELS
from reticulum.phonons.drawing_options import LONGEST_ARROW_A
from reticulum.phonons.mode_fragment import (
    ModeFragment,
    fragment_motion,
    fragment_share,
    mode_fragment,
)
from reticulum.phonons.modes import ModeTable
from reticulum.plotting.files import STYLE
from reticulum.plotting.infrared_spectrum import irrep_in_print
from reticulum.plotting.mode_view import View, view_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch
    from numpy.typing import NDArray

#: Colours of elements as chemists expect them, apart in lightness for colour-blind readers.
ELEMENT_COLOURS = {
    "H": "#F4F4F4",
    "C": "#5A5A5A",
    "N": "#7FB2E5",
    "O": "#D6402B",
    "Cl": "#66BB55",
    "F": "#A6D96A",
    "S": "#E8D44D",
}
METAL_COLOUR = "#E0A03C"
OTHER_COLOUR = "#B9A7CF"
ARROW_COLOUR = "#10459C"

#: Length of the longest arrow, Å: long enough to be seen beside bonds of 1.3 to 2 Å. It is no
#: physical amplitude.
ARROW_A = 1.0

#: A cluster with a smaller share of the motion hardly takes part, and the title says so.
_SMALL_SHARE = 0.01

#: Arrows shorter than this part of the longest are left out.
_LEAST_ARROW = 0.08

#: Radius of a ball over the covalent radius, of sticks, and of arrow shafts, Å.
_BALL, _STICK_A, _SHAFT_A = 0.42, 0.10, 0.055

#: Length and half width of arrow heads, Å.
_HEAD_A = (0.30, 0.16)

#: How far the farthest parts fade into the paper, and what a cut stick fades to.
_FADE, _CUT_FADE = 0.35, 0.65

#: Dashes of the line between two metals.
_DASHES = 5

#: Width of the picture, and height of its texts and range of that of the drawing, inches.
_WIDTH, _TEXT_HEIGHT, _HEIGHTS = 4.4, 1.45, (2.0, 5.0)

#: Characters of the title and of the text below on one line.
_TITLE_COLUMNS, _CAPTION_COLUMNS = 72, 84

#: Smallest part of a mode that is named.
_NAMED_FRACTION = 0.1


def draw_mode(
    axes: Axes,
    fragment: ModeFragment,
    moves: NDArray[np.float64],
    view: View,
    arrow_a: float = ARROW_A,
) -> None:
    """Draw a fragment with the displacements of its atoms.

    Parameters
    ----------
    axes
        Where; ticks and frame are removed.
    fragment
        The fragment.
    moves
        (n, 3) displacements, the longest of length 1.
    view
        From where.
    arrow_a
        Length of the longest arrow, Å.

    """
    places = fragment.positions_a @ view.frame.T
    radii = np.array([_BALL * covalent_radii[number] for number in fragment.numbers])
    colours = _colours(fragment)
    depths = places[:, 2]
    span = float(np.ptp(depths)) or 1.0

    def faded(colour: str, depth: float) -> tuple[float, float, float]:
        return _mixed(colour, _FADE * float(np.clip((depths.max() - depth) / span, 0.0, 1.0)))

    parts: list[tuple[float, list[Patch]]] = []
    for atom, place in enumerate(places):
        parts.append((float(place[2]), _ball(place, radii[atom], faded(colours[atom], place[2]))))
    for first, second, kind in fragment.bonds:
        bond = places[second] - places[first]
        unit = bond / np.linalg.norm(bond)
        # sticks begin where the ball ends, or one that points to the eye would cover its ball
        visible = places[first] + 0.95 * radii[first] * unit
        far = places[second] - 0.95 * radii[second] * unit
        if kind is BondKind.METAL_METAL:
            parts += _dashes(visible, far)
            continue
        middle = 0.5 * (visible + far)
        for ball, start in ((first, visible), (second, far)):
            depth = 0.5 * float(start[2] + middle[2])
            parts.append((depth, _stick(start, middle, faded(colours[ball], depth))))
    for atom, outside in fragment.cut:
        end = places[atom] + 0.45 * (np.array(outside) @ view.frame.T - places[atom])
        depth = 0.5 * float(places[atom][2] + end[2])
        shade = _mixed(colours[atom], _CUT_FADE)
        parts.append((depth, _stick(places[atom], end, shade)))
    lengths = np.linalg.norm(moves, axis=1)
    for atom in np.flatnonzero(lengths >= _LEAST_ARROW * lengths.max()).tolist():
        along = moves[atom] @ view.frame.T
        unit = along / np.linalg.norm(along)
        start = places[atom] + radii[atom] * unit
        end = start + arrow_a * along
        # a hair in front of its own ball and sticks, which it starts from
        depth = 0.5 * float(start[2] + end[2]) + (0.2 if unit[2] > -0.3 else -0.2)
        parts.append((depth, _arrow(start, end)))
    ends = [places + arrow_a * (moves @ view.frame.T)]
    for order, (_, patches) in enumerate(sorted(parts, key=lambda part: part[0])):
        for patch in patches:
            patch.set_zorder(2.0 + 0.001 * order)
            axes.add_patch(patch)
    everything = np.concatenate([places, *ends])[:, :2]
    low, high = everything.min(axis=0) - 0.7, everything.max(axis=0) + 0.7
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal")
    axes.set_axis_off()


def _colours(fragment: ModeFragment) -> list[str]:
    metallic = is_metal(np.array(fragment.numbers))
    return [
        METAL_COLOUR if metal else ELEMENT_COLOURS.get(chemical_symbols[int(number)], OTHER_COLOUR)
        for metal, number in zip(metallic, fragment.numbers, strict=True)
    ]


def _mixed(colour: str, white: float) -> tuple[float, float, float]:
    red, green, blue = to_rgb(colour)
    return (
        red + white * (1.0 - red),
        green + white * (1.0 - green),
        blue + white * (1.0 - blue),
    )


def _ball(
    place: NDArray[np.float64], radius: float, colour: tuple[float, float, float]
) -> list[Patch]:
    """A ball with a rim and a light spot."""
    x, y = float(place[0]), float(place[1])
    balls: list[Patch] = [Circle((x, y), radius, facecolor=colour, edgecolor="0.15", linewidth=0.6)]
    for size, white in ((0.62, 0.25), (0.38, 0.5), (0.18, 0.8)):
        red, green, blue = (value + white * (1.0 - value) for value in colour)
        balls.append(
            Circle(
                (x - 0.28 * radius, y + 0.28 * radius),
                size * radius,
                facecolor=(red, green, blue, 0.55),
                edgecolor="none",
            )
        )
    return balls


def _stick(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    colour: tuple[float, float, float],
    half_width: float = _STICK_A,
) -> list[Patch]:
    """Half a bond: a bar with a light middle."""
    along = (end - start)[:2]
    length = float(np.linalg.norm(along))
    if length < 1e-6:
        return []
    normal = np.array([-along[1], along[0]]) / length
    red, green, blue = (value + 0.35 * (1.0 - value) for value in colour)
    bars: list[Patch] = []
    for width, shade in ((half_width, colour), (0.45 * half_width, (red, green, blue))):
        corners = [
            start[:2] + width * normal,
            end[:2] + width * normal,
            end[:2] - width * normal,
            start[:2] - width * normal,
        ]
        rim = {"edgecolor": "0.15", "linewidth": 0.3} if width == half_width else {"linewidth": 0.0}
        bars.append(Polygon(np.array(corners), closed=True, facecolor=shade, **rim))
    return bars


def _dashes(
    start: NDArray[np.float64], end: NDArray[np.float64]
) -> list[tuple[float, list[Patch]]]:
    """The dashed line between two metals."""
    parts: list[tuple[float, list[Patch]]] = []
    steps = np.linspace(0.0, 1.0, 2 * _DASHES + 1)
    for first, second in zip(steps[1:-1:2], steps[2::2], strict=True):
        a, b = start + first * (end - start), start + second * (end - start)
        parts.append((0.5 * float(a[2] + b[2]), _stick(a, b, to_rgb("0.55"), 0.4 * _STICK_A)))
    return parts


def _arrow(start: NDArray[np.float64], end: NDArray[np.float64]) -> list[Patch]:
    """An arrow, foreshortened as it is seen."""
    along = (end - start)[:2]
    length = float(np.linalg.norm(along))
    if length < 1e-6:
        return []
    unit = along / length
    normal = np.array([-unit[1], unit[0]])
    head = min(_HEAD_A[0], 0.6 * length)
    wide = _HEAD_A[1] * (0.55 + 0.45 * head / _HEAD_A[0])
    neck = end[:2] - head * unit
    corners = [
        start[:2] + _SHAFT_A * normal,
        neck + _SHAFT_A * normal,
        neck + wide * normal,
        end[:2],
        neck - wide * normal,
        neck - _SHAFT_A * normal,
        start[:2] - _SHAFT_A * normal,
    ]
    return [
        Polygon(
            np.array(corners),
            closed=True,
            facecolor=ARROW_COLOUR,
            edgecolor="white",
            linewidth=0.7,
            joinstyle="round",
        )
    ]


def figure_mode(
    table: ModeTable,
    mode: int,
    *,
    view: str | tuple[float, float, float] | NDArray[np.float64] = "tilted",
    cluster: int = 0,
    arrow_a: float = ARROW_A,
    as_numbered: bool = False,
) -> Figure:
    """Picture of a mode on a metal cluster with its carboxylates.

    Parameters
    ----------
    table
        The modes.
    mode
        Number of the mode as in the table, from 1.
    view
        ``tilted``, ``side``, ``along`` (the metal-metal axis), or a Cartesian vector to the eye.
    cluster
        Number of the metal cluster, from 0.
    arrow_a
        Length of the longest arrow, Å.
    as_numbered
        Of a degenerate set take this partner itself (see `fragment_motion`).

    Raises
    ------
    InputError
        If there is no such mode, cluster or view, or the mode does not move the cluster.

    """
    if not 0.0 < arrow_a <= LONGEST_ARROW_A:
        raise InputError(
            f"The longest arrow is {arrow_a:g} Å.",
            why=f"It has a length, of {LONGEST_ARROW_A:g} Å at most: beside longer ones no atom "
            "is seen.",
            fix=f"Give --amplitude {ARROW_A:g}, for instance.",
        )
    fragment = mode_fragment(table, cluster)
    moves, partner = fragment_motion(table, mode, fragment, as_numbered=as_numbered)
    chosen = view_of(fragment, view)
    number = int(table.labels.set_of_mode[mode - 1])
    phonons = table.phonons
    irrep = irrep_in_print(table.labels.labels[number] or "no irrep")
    name = phonons.calculator.get("name", "unknown calculator")
    share = fragment_share(table, mode, fragment, as_numbered=as_numbered)
    lines = [
        f"{phonons.atoms.get_chemical_formula()}, {name}: {fragment.label} with its carboxylates, "
        f"linkers cut; {chosen.words}. Mode {mode}{': ' + partner if partner else ''}. These atoms "
        f"have {_percent(share)} of the motion. Arrows are "
        "displacements, to one another in scale, of arbitrary length."
    ]
    with style.context(STYLE):
        figure = Figure()
        axes = figure.add_subplot()
        draw_mode(axes, fragment, moves, chosen, arrow_a)
        aspect = float(np.diff(axes.get_ylim())[0] / np.diff(axes.get_xlim())[0])
        height = float(np.clip(_WIDTH * aspect, *_HEIGHTS))
        figure.set_size_inches(_WIDTH, height + _TEXT_HEIGHT)
        wavenumber = float(table.labels.wavenumbers_cm1[number])
        words = f"{wavenumber:.0f} cm⁻¹   {irrep}"
        if number in table.imaginary:
            words += "   (imaginary)"
        if share < _SMALL_SHARE:
            words += f"\nThis {fragment.label} hardly moves: {_percent(share)} of the motion"
        figure.suptitle(f"{words}\n{_character(table, number)}", fontsize=8)
        caption = textwrap.fill(" ".join(lines), _CAPTION_COLUMNS)
        figure.supxlabel(caption, fontsize=6, color="0.3")
        _draw_elements(axes, fragment)
    return figure


def _percent(share: float) -> str:
    return "less than 0.1 %" if share < 1e-3 else f"{100 * share:.{1 if share < 0.1 else 0}f} %"


def _character(table: ModeTable, number: int) -> str:
    """Largest parts of a mode in words."""
    fractions = table.characters.fractions[number]
    order = np.argsort(-fractions, kind="stable")[:2]
    named = [
        f"{100 * fractions[column]:.0f} % {FRACTION_LABELS[column]}"
        for column in order
        if fractions[column] >= _NAMED_FRACTION
    ]
    return textwrap.fill(", ".join(named), _TITLE_COLUMNS)


def _draw_elements(axes: Axes, fragment: ModeFragment) -> None:
    """Legend of the elements."""
    from matplotlib.lines import Line2D

    colours = dict(zip((int(n) for n in fragment.numbers), _colours(fragment), strict=True))
    handles = [
        Line2D(
            [],
            [],
            marker="o",
            linestyle="none",
            markersize=6,
            markerfacecolor=colours[number],
            markeredgecolor="0.15",
            markeredgewidth=0.6,
            label=chemical_symbols[number],
        )
        for number in sorted(colours, reverse=True)
    ]
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=len(handles),
        handletextpad=0.1,
        columnspacing=1.0,
    )
