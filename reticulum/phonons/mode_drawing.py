"""Modes as displacements of atoms: arrows, and the frames of a film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.phonons.drawing_options import (
    AMPLITUDE_A,
    LONGEST_ARROW_A,
    MOST_AMPLITUDE_A,
    MOST_FRAMES,
    N_FRAMES,
)
from reticulum.phonons.modes import ModeTable

if TYPE_CHECKING:
    from ase import Atoms


def mode_displacements(
    table: ModeTable, mode: int, amplitude_a: float = AMPLITUDE_A
) -> NDArray[np.float64]:
    """Displacements of the atoms in a mode, the largest of a given length.

    A partner of a degenerate set is one of many equivalent choices.

    Parameters
    ----------
    table
        The modes.
    mode
        Number of the mode as in the table, from 1.
    amplitude_a
        Length of the largest displacement, Å.

    Returns
    -------
    numpy.ndarray
        (n, 3) Å.

    Raises
    ------
    InputError
        If there is no such mode, or the amplitude is not positive.

    """
    vectors = table.labels.eigenvectors
    if not 1 <= mode <= vectors.shape[1]:
        raise InputError(
            f"There is no mode {mode}.",
            why=f"The modes have the numbers 1 to {vectors.shape[1]}.",
            fix="List them with: reticulum modes",
        )
    _require_length(amplitude_a, np.inf, "")
    masses = table.phonons.atoms.get_masses()
    moves = (vectors[:, mode - 1] / np.sqrt(np.repeat(masses, 3))).reshape(-1, 3)
    return np.asarray(moves * (amplitude_a / np.linalg.norm(moves, axis=1).max()))


def require_film(amplitude_a: float, n_frames: int) -> None:
    """Refuse an amplitude or a number of frames that makes no film.

    Parameters
    ----------
    amplitude_a
        Length of the largest displacement, Å.
    n_frames
        Number of structures.

    Raises
    ------
    InputError
        If the amplitude is not positive or above `MOST_AMPLITUDE_A`, or the number not between 2
        and `MOST_FRAMES`.

    """
    _require_length(
        amplitude_a, MOST_AMPLITUDE_A, "in a film with more, atoms pass through their neighbours"
    )
    if n_frames > MOST_FRAMES:
        raise InputError(
            f"{n_frames} frames are no film that could be kept.",
            why=f"More than {MOST_FRAMES} of one period are not made.",
            fix="Give fewer, 24 for instance.",
        )
    if n_frames < 2:
        raise InputError(
            f"{n_frames} frames make no film.",
            why="One period needs at least two.",
            fix=f"Give more, {N_FRAMES} for instance.",
        )


def require_arrows(amplitude_a: float) -> None:
    """Refuse a length of arrows that shows nothing.

    Parameters
    ----------
    amplitude_a
        Length of the longest arrow, Å.

    Raises
    ------
    InputError
        If it is not positive or above `LONGEST_ARROW_A`.

    """
    _require_length(amplitude_a, LONGEST_ARROW_A, "beside longer arrows no atom is seen")


def _require_length(amplitude_a: float, most_a: float, reason: str) -> None:
    if not (0.0 < amplitude_a <= most_a and amplitude_a < np.inf):
        most = f", {most_a:g} Å at most: {reason}" if np.isfinite(most_a) else ""
        raise InputError(
            f"The amplitude is {amplitude_a:g} Å.",
            why=f"It is the length of the largest displacement{most}.",
            fix=f"Give {AMPLITUDE_A:g}, for instance.",
        )


def mode_frames(
    table: ModeTable,
    mode: int,
    *,
    amplitude_a: float = AMPLITUDE_A,
    n_frames: int = N_FRAMES,
) -> list[Atoms]:
    """Structures of one period of a mode, from rest; atoms are not wrapped.

    Parameters
    ----------
    table
        The modes.
    mode
        Number of the mode as in the table, from 1.
    amplitude_a
        Length of the largest displacement, Å.
    n_frames
        Number of structures; the first one is not repeated at the end.

    Returns
    -------
    list of ase.Atoms
        Each carries the number, wavenumber, symmetry, amplitude and phase in ``info``.

    Raises
    ------
    InputError
        If there is no such mode, or as of `require_film`.

    """
    require_film(amplitude_a, n_frames)
    moves = mode_displacements(table, mode, amplitude_a)
    frames = []
    for number in range(n_frames):
        phase = number / n_frames
        frame = table.phonons.atoms.copy()
        frame.positions += np.sin(2.0 * np.pi * phase) * moves
        frame.info = {**_description(table, mode), "amplitude_A": amplitude_a, "phase": phase}
        frames.append(frame)
    return frames


def mode_arrows(table: ModeTable, mode: int, amplitude_a: float = AMPLITUDE_A) -> Atoms:
    """Structure whose forces are the displacements of a mode in Å, as viewers draw arrows.

    Parameters
    ----------
    table
        The modes.
    mode
        Number of the mode as in the table, from 1.
    amplitude_a
        Length of the largest arrow, Å.

    Raises
    ------
    InputError
        If there is no such mode, or as of `require_arrows`.

    """
    from ase.calculators.singlepoint import SinglePointCalculator

    require_arrows(amplitude_a)
    atoms = table.phonons.atoms.copy()
    atoms.info = _description(table, mode)
    atoms.calc = SinglePointCalculator(atoms, forces=mode_displacements(table, mode, amplitude_a))
    return atoms


def mode_sentence(table: ModeTable, mode: int) -> str:
    """Number, wavenumber and symmetry of a mode in words."""
    found = _description(table, mode)
    return f"mode {mode}, {found['wavenumber_cm1']} cm-1, {found['irrep']}"


def _description(table: ModeTable, mode: int) -> dict[str, str | int | float]:
    labels = table.labels
    return {
        "mode": mode,
        "wavenumber_cm1": round(float(labels.mode_wavenumbers_cm1[mode - 1]), 4),
        "irrep": labels.labels[int(labels.set_of_mode[mode - 1])] or "unknown",
    }
