"""Where symmetry operations carry the atoms of a crystal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

#: Pairs of places that are compared at once: some megabytes.
_PAIRS_AT_ONCE = 1_000_000


def atom_permutations(
    atoms: Atoms,
    rotations: NDArray[np.int64],
    translations: NDArray[np.float64],
    tolerance_a: float,
) -> NDArray[np.int64]:
    """Image of each atom under each operation: the nearest place modulo the lattice.

    Parameters
    ----------
    atoms
        The crystal.
    rotations, translations
        (g, 3, 3) and (g, 3) in fractional coordinates, acting on columns.
    tolerance_a
        Distance within which operations carry atoms onto atoms, Å.

    Returns
    -------
    numpy.ndarray
        (g, n): operation g carries atom a to the place of atom ``[g, a]``.

    Raises
    ------
    InputError
        If an operation carries two atoms to one place.

    """
    scaled = atoms.get_scaled_positions(wrap=True)
    cell = np.asarray(atoms.cell[:], dtype=np.float64)
    numbers = atoms.numbers
    moved = np.einsum("gij,nj->gni", rotations, scaled) + translations[:, None, :]
    result = np.empty((len(rotations), len(numbers)), dtype=np.int64)
    for number in np.unique(numbers):
        members = np.flatnonzero(numbers == number)
        places = scaled[members]
        nearest = _likely_nearest(moved[:, members], places)
        apart = moved[:, members] - places[nearest]
        # spglib may let atoms miss their places by somewhat more than the tolerance
        far = np.linalg.norm((apart - np.rint(apart)) @ cell, axis=2).max(axis=1) > tolerance_a
        for operation in np.flatnonzero(far).tolist():
            nearest[operation] = _nearest(moved[operation, members], places, cell)
        if (np.sort(nearest, axis=1) != np.arange(len(members))).any():
            raise InputError(
                "A symmetry operation does not permute the atoms.",
                why="Atoms lie closer together than the symmetry tolerance.",
                fix="Check the structure for overlapping atoms, or use a smaller --symprec.",
            )
        result[:, members] = members[nearest]
    return result


def _likely_nearest(moved: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.int64]:
    """(g, m) nearest place by the sum of cos 2π(x - x') over the axes, largest where they meet.

    That is a product of matrices, so that all pairs take little time. Axes count alike whatever
    their lengths and angles; places that meet are found all the same.
    """
    targets = _on_circles(places).T
    step = max(1, _PAIRS_AT_ONCE // len(places) ** 2)
    return np.concatenate(
        [
            (_on_circles(moved[at : at + step]) @ targets).argmax(axis=2)
            for at in range(0, len(moved), step)
        ]
    )


def _on_circles(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 6) cosines and sines of fractional coordinates (..., 3)."""
    angles = 2.0 * np.pi * points
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=-1)


def _nearest(
    moved: NDArray[np.float64], places: NDArray[np.float64], cell: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(m,) nearest place in Å."""
    apart = moved[:, None, :] - places[None, :, :]
    apart -= np.rint(apart)
    return np.asarray(np.linalg.norm(apart @ cell, axis=2).argmin(axis=1))
