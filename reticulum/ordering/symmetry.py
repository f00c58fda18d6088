"""Space group of an ordered arrangement from the operations that leave it unchanged.

The operations are known exactly as a subgroup of the parent's space group; spglib only names them:
it is given a crystal of marker atoms that has these operations and no others. One call serves all
arrangements with the same operations.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.ordering.sites import SupercellSites

#: Fractional coordinates (in the parent's primitive cell) of two points on no symmetry element;
#: their images, as two kinds of marker atoms, have the operations of the group and no others.
_GENERAL_POINTS = np.array([[0.12347, 0.27183, 0.05772], [0.31416, 0.07071, 0.20911]])

#: Distance within which spglib takes markers for equivalent, Å. They are placed to rounding.
_MARKER_TOLERANCE_A = 1e-4

#: Largest denominator of an entry of a transformation between cells.
_LARGEST_DENOMINATOR = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderingSymmetry:
    """Space group of an ordered arrangement and how it lies in that of the parent.

    Attributes
    ----------
    space_group, space_group_number
        International short symbol and number.
    point_group_order
        Number of operations of its point group.
    translationengleiche_index, klassengleiche_index
        Loss of rotations and of translations; their product is the index in the parent's group.
    basis
        (3, 3) rows: standard cell of the arrangement in units of the parent's conventional cell.
    origin
        (3,) its origin in the parent's conventional cell.
    orbits
        For each site of the arrangement's primitive cell the number of its orbit.
    wyckoff
        For each orbit its multiplicity in the standard cell, Wyckoff letter and site symmetry.

    """

    space_group: str
    space_group_number: int
    point_group_order: int
    translationengleiche_index: int
    klassengleiche_index: int
    basis: tuple[tuple[Fraction, ...], ...]
    origin: tuple[Fraction, ...]
    orbits: tuple[int, ...]
    wyckoff: tuple[tuple[int, str, str], ...]

    @property
    def index(self) -> int:
        """Index in the parent's space group."""
        return self.translationengleiche_index * self.klassengleiche_index

    @property
    def transformation(self) -> str:
        """Cell and origin in words of the parent's axes: ``a/2-b/2, a/2+b/2, c; 0, 0, 0``."""
        rows = ", ".join(_combination(row) for row in self.basis)
        return f"{rows}; {', '.join(str(value) for value in self.origin)}"


def _combination(row: tuple[Fraction, ...]) -> str:
    text = ""
    for value, axis in zip(row, "abc", strict=True):
        if not value:
            continue
        sign = "-" if value < 0 else "+" if text else ""
        size = abs(value)
        number = "" if size.numerator == 1 else str(size.numerator)
        divisor = "" if size.denominator == 1 else f"/{size.denominator}"
        text += f"{sign}{number}{axis}{divisor}"
    return text or "0"


class SymmetryNames:
    """Names of subgroups of the parent in one supercell; each is worked out once."""

    def __init__(self, sites: SupercellSites) -> None:
        self._sites = sites
        self._known: dict[bytes, OrderingSymmetry] = sites.known_groups

    def of(self, stabiliser: NDArray[np.int64]) -> OrderingSymmetry:
        """Space group of the arrangements with these operations.

        Parameters
        ----------
        stabiliser
            Numbers of operations among ``SupercellSites.permutations``. No pure translation but
            the identity is among them: the supercell is the arrangement's own primitive cell.

        """
        key = np.asarray(stabiliser, dtype=np.int64).tobytes()
        if key not in self._known:
            self._known[key] = _name(self._sites, np.asarray(stabiliser, dtype=np.int64))
        return self._known[key]


def _name(sites: SupercellSites, stabiliser: NDArray[np.int64]) -> OrderingSymmetry:
    import spglib

    parent = sites.sublattice
    operations = np.array(sites.operations)[stabiliser // sites.index]
    rotations = parent.rotations[operations]
    translations = parent.translations[operations] + sites.cells[stabiliser % sites.index]
    orbits = _orbits(sites.permutations[stabiliser])
    to_cell = np.linalg.inv(sites.form.astype(np.float64))
    points = [
        ((rotations @ point + translations) @ to_cell, kind + 1)
        for kind, point in enumerate(_GENERAL_POINTS)
    ]
    centres = (sites.cells[:, None, :] + parent.centres[None, :, :]).reshape(-1, 3) @ to_cell
    n_kinds = len(_GENERAL_POINTS)
    positions = np.concatenate([*(entry[0] for entry in points), centres]) % 1.0
    kinds = np.concatenate(
        [*(np.full(len(entry[0]), entry[1]) for entry in points), orbits + n_kinds + 1]
    )
    cell = sites.form @ np.asarray(parent.atoms.cell[:], dtype=np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = spglib.get_symmetry_dataset((cell, positions, kinds), symprec=_MARKER_TOLERANCE_A)
    if found is None or len(found.rotations) != len(stabiliser):
        raise CalculationError(
            f"spglib gives {0 if found is None else len(found.rotations)} operations to an "
            f"arrangement of {parent.name} that has {len(stabiliser)}.",
            why="The space group is known exactly and only its name was asked for.",
            fix="Please report this with the structure; the counts are not affected.",
        )
    to_conventional = sites.form @ np.linalg.inv(parent.conventional.astype(np.float64))
    inverse = np.linalg.inv(found.transformation_matrix)
    basis = inverse.T @ to_conventional
    # of the equivalent origins the one inside the first standard cell
    in_standard = np.round(-inverse @ found.origin_shift @ np.linalg.inv(inverse.T), 9) % 1.0
    origin = in_standard @ basis
    first = len(points[0][0]) * n_kinds
    copies = abs(np.linalg.det(inverse))
    wyckoff = []
    for orbit in range(int(orbits.max()) + 1):
        members = np.flatnonzero(orbits == orbit)
        at = first + int(members[0])
        size = round(len(members) * copies)
        wyckoff.append((size, str(found.wyckoffs[at]), str(found.site_symmetry_symbols[at])))
    return OrderingSymmetry(
        space_group=str(found.international),
        space_group_number=int(found.number),
        point_group_order=len(stabiliser),
        translationengleiche_index=parent.order // len(stabiliser),
        klassengleiche_index=sites.index,
        basis=tuple(tuple(_fraction(value) for value in row) for row in basis),
        origin=tuple(_fraction(value) for value in origin),
        orbits=tuple(orbits.tolist()),
        wyckoff=tuple(wyckoff),
    )


def _fraction(value: float) -> Fraction:
    return Fraction(float(value)).limit_denominator(_LARGEST_DENOMINATOR)


def _orbits(permutations: NDArray[np.int32]) -> NDArray[np.int64]:
    """Number of the orbit of each site; orbits are numbered by their first site."""
    lowest = permutations.min(axis=0)
    _, numbers = np.unique(lowest, return_inverse=True)
    return np.asarray(numbers, dtype=np.int64)
