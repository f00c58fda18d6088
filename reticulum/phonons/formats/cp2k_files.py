"""Born charges from the atomic polar tensors that CP2K prints (PROPERTIES, LINRES, DCDR, APT).

The layout and the order of the indices were taken from CP2K's source (qs_dcdr.F, qs_dcdr_utils.F):
after a heading, one line "APT | Atom" and three lines a tensor, whose rows are directions of the
displacement and whose columns are those of the dipole, in e.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.phonons.formats.damaged import reading

#: Mark of all lines of the table.
_MARK = "APT |"

#: Start of the line above each tensor.
_ATOM = "APT | Atom"


def read_cp2k_apt(path: Path) -> NDArray[np.float64]:
    """Born charges of a CP2K file of atomic polar tensors.

    The file has no structure: the atoms are those of the calculation, in its order.

    Parameters
    ----------
    path
        The file of the print key APT of DCDR.

    Returns
    -------
    numpy.ndarray
        (n, 3, 3) e, the first index that of the dipole.

    Raises
    ------
    InputError
        If the file is damaged or has no such table.

    """
    with reading(path, "atomic polar tensors of CP2K"):
        lines = path.read_text(encoding="utf-8").splitlines()
        starts = [number for number, line in enumerate(lines) if line.strip().startswith(_ATOM)]
        tensors = [
            [
                [float(word) for word in line.strip().removeprefix(_MARK).split()]
                for line in lines[start + 1 : start + 4]
            ]
            for start in starts
        ]
        charges = np.array(tensors, dtype=np.float64)
    if charges.ndim != 3 or charges.shape[1:] != (3, 3):
        raise InputError(
            f"{path} holds no atomic polar tensors of CP2K.",
            why="There is no complete table with lines 'APT | Atom'.",
            fix="Give the file of the print key PROPERTIES, LINRES, DCDR, PRINT, APT.",
        )
    return np.ascontiguousarray(charges.transpose(0, 2, 1))
