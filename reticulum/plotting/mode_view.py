"""Directions from which the picture of a mode is taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.phonons.mode_fragment import ModeFragment

#: Named views: turns about the axis and out of the plane across it, degrees.
NAMED_VIEWS = {"tilted": (28.0, 14.0), "side": (45.0, 0.0), "along": (0.0, 90.0)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """Direction from which a picture is taken.

    Attributes
    ----------
    frame
        (3, 3) rows: right, up, and towards the eye.
    words
        What the direction is.

    """

    frame: NDArray[np.float64]
    words: str

    def __post_init__(self) -> None:
        if self.frame.shape != (3, 3):
            raise ValueError("a view has three directions")
        self.frame.setflags(write=False)


def view_of(
    fragment: ModeFragment, view: str | tuple[float, float, float] | NDArray[np.float64]
) -> View:
    """View of a fragment.

    Parameters
    ----------
    fragment
        The fragment.
    view
        A name of `NAMED_VIEWS` (the axis is that of the fragment), or a Cartesian vector from the
        fragment to the eye.

    Raises
    ------
    InputError
        If the name is not known, or the vector has no length.

    """
    axis, across = np.array(fragment.axis), np.array(fragment.across)
    third = np.cross(axis, across)
    if isinstance(view, str):
        if view not in NAMED_VIEWS:
            raise InputError(
                f"The view {view!r} is not known.",
                why=f"Known are {', '.join(NAMED_VIEWS)}, and vectors.",
                fix="Give --view side, for instance.",
            )
        turn, lift = np.radians(NAMED_VIEWS[view])
        flat = np.cos(turn) * across + np.sin(turn) * third
        eye = np.cos(lift) * flat + np.sin(lift) * axis
        up = np.cos(lift) * axis - np.sin(lift) * flat
        words = f"view {view}" + (f" {fragment.axis_name}" if view == "along" else "")
    else:
        eye = np.asarray(view, dtype=np.float64)
        if eye.shape != (3,) or not np.isfinite(eye).all() or not np.linalg.norm(eye) > 0.0:
            raise InputError(
                f"The view {view!r} is no direction.",
                why="It has three finite components, not all zero.",
                fix="Give --view 1,1,0 for instance.",
            )
        eye = eye / np.linalg.norm(eye)
        up = axis - (axis @ eye) * eye
        if np.linalg.norm(up) < 0.05:
            up = across - (across @ eye) * eye
        up = up / np.linalg.norm(up)
        words = "view from (" + ", ".join(f"{value:.3g}" for value in eye) + ")"
    return View(frame=np.array([np.cross(up, eye), up, eye]), words=words)
