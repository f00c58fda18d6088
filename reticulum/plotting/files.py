"""Style of all figures, and writing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib import style

from reticulum.errors import InputError
from reticulum.scratch import publish, scratch_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("reticulum.mplstyle")

#: Endings of figure files.
FIGURE_SUFFIXES = (".png", ".svg", ".pdf")


def require_figure_path(path: Path) -> None:
    """Refuse a figure path that cannot be written, before anything is computed.

    Raises
    ------
    InputError
        If its ending is none of `FIGURE_SUFFIXES`, its folder does not exist, or it does.

    """
    if path.suffix not in FIGURE_SUFFIXES:
        raise InputError(
            f"The figure {path} has none of the endings {', '.join(FIGURE_SUFFIXES)}.",
            why="The ending chooses the format.",
            fix=f"Name it {path.stem}.png, for instance.",
        )
    if path.exists() or not path.parent.is_dir():
        raise InputError(
            f"The figure {path} cannot be written.",
            why="It exists already." if path.exists() else f"There is no folder {path.parent}.",
            fix="Give a new file in an existing folder.",
        )


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure atomically; the suffix chooses the format.

    Parameters
    ----------
    figure
        Any figure of this room.
    path
        ``.png``, ``.svg`` or ``.pdf``.

    """
    metadata = {"Date": None} if path.suffix == ".svg" else None
    with scratch_folder(path.parent) as scratch:
        draft = scratch / path.name
        with style.context(STYLE):
            figure.savefig(draft, metadata=metadata)
        publish(draft, path, overwrite=True)
