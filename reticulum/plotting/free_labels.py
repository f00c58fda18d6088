"""Labels above bars that do not run into each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

#: Height of a label above its bar at least, and by how much it is raised at a time, points.
_LIFT = 3.0
_STEP = 1.5

#: Free space around a label, points.
_GAP = 1.0

#: How far a label beside its bar reaches over the middle of it, points.
_OVERHANG = 1.5

_Side = Literal["center", "right", "left"]


def free_labels(axes: Axes, labels: Sequence[Annotation]) -> None:
    """Move labels until they are free of each other, of bars and of the legend, inside the axes.

    The label of the highest bar is placed first. Each is put beside its bar or raised; one that
    finds no place is removed. The layout of the figure must not change afterwards.

    Parameters
    ----------
    axes
        With the bars and the legend.
    labels
        Annotations of the axes in points from the tops of the bars.

    """
    figure = axes.get_figure(root=True)
    if figure is None or not labels:
        return
    figure.draw_without_rendering()
    point = figure.dpi / 72.0
    legend = axes.get_legend()
    taken = [
        bar.get_window_extent()
        for bar in axes.patches
        if isinstance(bar, Rectangle) and bar.get_height() != 0.0
    ]
    taken += [] if legend is None else [legend.get_window_extent()]
    for label in sorted(labels, key=lambda label: label.xy[1], reverse=True):
        x, y = axes.transData.transform(label.xy)
        box = label.get_window_extent()
        for side, shift, lift in _places(axes, y, box.height, point):
            left = x + shift * point - {"center": 0.5, "right": 1.0, "left": 0.0}[side] * box.width
            bottom = y + lift * point
            place = Bbox.from_bounds(left, bottom, box.width, box.height).padded(_GAP * point)
            inside = axes.bbox.x0 <= place.x0 and place.x1 <= axes.bbox.x1
            if inside and place.count_overlaps(taken) == 0:
                label.set(horizontalalignment=side, verticalalignment="bottom")
                label.xyann = (shift, lift)
                taken.append(place)
                break
        else:
            label.remove()


def _places(
    axes: Axes, bottom: float, height: float, point: float
) -> Iterator[tuple[_Side, float, float]]:
    """Alignment, shift and lift in points: from just above the bar to the top of the axes."""
    lift = _LIFT
    while bottom + lift * point + height <= axes.bbox.y1:
        yield "center", 0.0, lift
        yield "right", _OVERHANG, lift
        yield "left", -_OVERHANG, lift
        lift += _STEP
