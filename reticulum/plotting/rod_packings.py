"""Figure of rod packings: which paddlewheels of a tbo framework are those of the rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib import style
from matplotlib.figure import Figure

from reticulum.plotting.files import STYLE

if TYPE_CHECKING:
    from reticulum.ordering.rod_packings import RodPacking

#: Colours of rods along the two directions (Okabe and Ito).
X_COLOUR = "#0072B2"
Y_COLOUR = "#D55E00"

#: Grey of the cages.
_CAGE_COLOUR = "#999999"

#: Cages along each horizontal direction that are drawn.
_WIDTH = 3

#: Fewest layers that are drawn: short sequences are repeated.
_LAYERS = 4

#: Packings in one row of the figure.
_COLUMNS = 4


def draw_rod_packing(axes: Any, sequence: str) -> None:
    """Draw the rods of some layers in three dimensions.

    Parameters
    ----------
    axes
        Three-dimensional matplotlib axes.
    sequence
        Directions of the layers, ``x`` or ``y``, from below.

    """
    repeats = -(-_LAYERS // len(sequence))
    layers = sequence * repeats
    half = 0.5
    for height, direction in enumerate(layers):
        for place in range(_WIDTH):
            along = [-half, _WIDTH - 1 + half]
            across = [place, place]
            line = (along, across) if direction == "x" else (across, along)
            axes.plot(
                *line,
                [height, height],
                color=X_COLOUR if direction == "x" else Y_COLOUR,
                linewidth=3.0,
                solid_capstyle="butt",
                clip_on=False,
            )
            axes.plot(
                list(range(_WIDTH)),
                [place] * _WIDTH,
                [height] * _WIDTH,
                "o",
                color=_CAGE_COLOUR,
                markersize=2.5,
                clip_on=False,
            )
    axes.set_box_aspect((_WIDTH, _WIDTH, len(layers)), zoom=1.12)
    axes.view_init(elev=18, azim=-58)
    axes.set_axis_off()


def figure_rod_packings(
    packings: Sequence[RodPacking], space_groups: Sequence[str], label: str
) -> Figure:
    """Figure of some packings side by side.

    Parameters
    ----------
    packings
        What to draw.
    space_groups
        Symbol for each.
    label
        Metals of the clusters that form the rods, Ru2 for instance.

    """
    rows = -(-len(packings) // _COLUMNS)
    with style.context(STYLE):
        # three-dimensional axes have wide margins of their own: no automatic layout
        height = 2.8 * rows
        figure = Figure(figsize=(7.2, height), constrained_layout=False)
        figure.subplots_adjust(
            left=0.0, right=1.0, bottom=0.02, top=1.0 - 0.65 / height, wspace=0.0, hspace=0.22
        )
        for number, (packing, group) in enumerate(zip(packings, space_groups, strict=True)):
            axes = figure.add_subplot(rows, min(_COLUMNS, len(packings)), number + 1,
                                      projection="3d")  # fmt: skip
            draw_rod_packing(axes, packing.sequence)
            axes.set_title(f"{packing.sequence}\n{_in_print(group)}")
        figure.suptitle(
            f"Rods of {label} through the small cages (dots): blue along x, orange along y; "
            "each layer is a/2 thick",
            fontsize=9,
            y=1.0 - 0.12 / height,
            va="top",
        )
    return figure


def _in_print(symbol: str) -> str:
    """Space-group symbol with subscripts and overbars for matplotlib."""
    text = ""
    rest = symbol
    while rest:
        if rest[0] == "-" and len(rest) > 1:
            text, rest = text + rf"\bar{{{rest[1]}}}", rest[2:]
        elif rest[0] == "_" and len(rest) > 1:
            text, rest = text + f"_{rest[1]}", rest[2:]
        else:
            text, rest = text + rest[0], rest[1:]
    return f"${text}$"
