"""The only door to the data folders `structures/` and `calculators/`.

The folders are installed inside the package as `reticulum/data/<room>`. In a checkout (editable
install, or Python started in the repository root) they lie beside `pyproject.toml` instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from reticulum.errors import ReticulumError

Room = Literal["structures", "calculators"]

_PACKAGE = Path(__file__).resolve().parent


def data_folder(room: Room) -> Path:
    """Folder that holds the data of a room.

    Parameters
    ----------
    room
        ``"structures"`` or ``"calculators"``.

    Returns
    -------
    pathlib.Path
        An existing folder.

    Raises
    ------
    ReticulumError
        If the installation lacks its data.

    """
    packaged = _PACKAGE / "data" / room
    if packaged.is_dir():
        return packaged
    checkout = _PACKAGE.parent / room
    if (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    raise ReticulumError(
        f"The data folder {room!r} was found neither at {packaged} nor at {checkout}.",
        why="The installation is incomplete.",
        fix="Reinstall with: python -m pip install --force-reinstall reticulum",
    )
