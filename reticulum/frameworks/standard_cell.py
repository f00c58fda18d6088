"""Primitive cell of the standard setting of a space group, with its exact operations.

spglib finds the space group of a crystal, moves the atoms onto their special positions in the
standard conventional cell [Togo2024]_, and has the operations of each group in that cell. Both are
written in the standard primitive cell here, so that nothing has to be searched again.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Primitive vectors of each centring as columns in units of the conventional ones, as spglib
#: chooses them (https://spglib.readthedocs.io/en/stable/definition.html).
_PRIMITIVE_VECTORS = {
    "P": np.eye(3),
    "A": np.array([[2, 0, 0], [0, 1, -1], [0, 1, 1]]) / 2.0,
    "C": np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 2]]) / 2.0,
    "I": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]) / 2.0,
    "F": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2.0,
    "R": np.array([[2, -1, -1], [1, 1, -2], [1, 1, 1]]) / 3.0,
}

#: Keeps coordinates that are zero to rounding from being wrapped to one; as in spglib.
_ROUNDING = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StandardPrimitive:
    """Standard primitive cell of a crystal.

    Attributes
    ----------
    cell
        (3, 3) rows, Å, in spglib's standard orientation.
    scaled
        (n, 3) fractional coordinates.
    numbers
        (n,) atomic numbers.
    rotations, translations
        (g, 3, 3) and (g, 3) operations in fractional coordinates, without lattice translations.
    conventional
        (3, 3) rows: the conventional cell in units of the primitive vectors.

    """

    cell: NDArray[np.float64]
    scaled: NDArray[np.float64]
    numbers: NDArray[np.int64]
    rotations: NDArray[np.int64]
    translations: NDArray[np.float64]
    conventional: NDArray[np.int64]


def standard_primitive(dataset: Any) -> StandardPrimitive:
    """Standard primitive cell of what spglib found.

    Parameters
    ----------
    dataset
        ``spglib.SpglibDataset`` of the crystal in any cell, found without a given Hall number.

    """
    import spglib

    vectors = _PRIMITIVE_VECTORS[str(dataset.international)[0]]
    to_primitive = np.rint(np.linalg.inv(vectors))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        database = spglib.get_symmetry_from_database(dataset.hall_number)
    rotations = np.rint(to_primitive @ database["rotations"] @ vectors).astype(np.int64)
    # those with the same rotation differ by a centring
    _, first = np.unique(rotations.reshape(-1, 9), axis=0, return_index=True)
    chosen = np.sort(first)
    _, atoms = np.unique(dataset.std_mapping_to_primitive, return_index=True)
    return StandardPrimitive(
        cell=np.asarray(dataset.std_lattice.T @ vectors).T.copy(),
        scaled=_wrapped(dataset.std_positions[atoms] @ to_primitive.T),
        numbers=np.asarray(dataset.std_types[atoms], dtype=np.int64),
        rotations=rotations[chosen],
        translations=_wrapped(database["translations"][chosen] @ to_primitive.T),
        conventional=to_primitive.T.astype(np.int64),
    )


def _wrapped(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates from 0 to 1."""
    return np.asarray((coordinates + _ROUNDING) % 1.0 - _ROUNDING)
