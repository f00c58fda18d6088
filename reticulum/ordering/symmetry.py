"""Space group of an ordered arrangement from the operations that leave it unchanged.

The operations are known exactly as a subgroup of the parent's space group, and spglib names the
group from them alone. Cell, origin and Wyckoff positions are worked out when they are asked for:
spglib is given a crystal of marker atoms that has these operations and no others. One call serves
all arrangements with the same operations.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

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

#: The first version of spglib that names a group by its operations in any vectors: 2.6 takes some
#: centred groups for primitive ones (C2 for P2 in cells of three HKUST-1 cells).
_NAMES_OPERATIONS = (2, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardSetting:
    """How an ordered arrangement lies in the parent's conventional cell.

    Attributes
    ----------
    basis
        (3, 3) rows: standard cell of the arrangement in units of the parent's conventional cell.
    origin
        (3,) its origin in the parent's conventional cell.
    wyckoff
        For each orbit its multiplicity in the standard cell, Wyckoff letter and site symmetry.

    """

    basis: tuple[tuple[Fraction, ...], ...]
    origin: tuple[Fraction, ...]
    wyckoff: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderingSymmetry:
    """Space group of an ordered arrangement and how it lies in that of the parent.

    Attributes
    ----------
    space_group, space_group_number
        International short symbol and number.
    sites
        Clusters of the arrangement's primitive cell.
    stabiliser
        Numbers of its operations among ``sites.permutations``.

    """

    space_group: str
    space_group_number: int
    sites: SupercellSites = field(repr=False)
    stabiliser: NDArray[np.int64] = field(repr=False)

    @property
    def point_group_order(self) -> int:
        """Number of operations of its point group."""
        return len(self.stabiliser)

    @property
    def translationengleiche_index(self) -> int:
        """By how much rotations are lost."""
        return self.sites.sublattice.order // len(self.stabiliser)

    @property
    def klassengleiche_index(self) -> int:
        """By how much translations are lost."""
        return self.sites.index

    @property
    def index(self) -> int:
        """Index in the parent's space group."""
        return self.translationengleiche_index * self.klassengleiche_index

    @cached_property
    def orbits(self) -> tuple[int, ...]:
        """For each site of the arrangement's primitive cell the number of its orbit."""
        return tuple(_orbits(self.sites.permutations[self.stabiliser]).tolist())

    @cached_property
    def standard(self) -> StandardSetting:
        """Standard cell and Wyckoff positions.

        Raises
        ------
        CalculationError
            If spglib does not find the operations in a crystal that has them.

        """
        return _standard_setting(self)

    @property
    def basis(self) -> tuple[tuple[Fraction, ...], ...]:
        """(3, 3) rows: its standard cell in units of the parent's conventional cell."""
        return self.standard.basis

    @property
    def origin(self) -> tuple[Fraction, ...]:
        """(3,) its origin in the parent's conventional cell."""
        return self.standard.origin

    @property
    def wyckoff(self) -> tuple[tuple[int, str, str], ...]:
        """For each orbit its multiplicity in the standard cell, letter and site symmetry."""
        return self.standard.wyckoff

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


def ordering_symmetry(sites: SupercellSites, stabiliser: NDArray[np.int64]) -> OrderingSymmetry:
    """Space group of the arrangements with these operations; each group is named once.

    Parameters
    ----------
    sites
        Clusters of the arrangements' own primitive cell.
    stabiliser
        Numbers of operations among ``SupercellSites.permutations``, no pure translation but the
        identity among them.

    Raises
    ------
    CalculationError
        If spglib has no name for the operations.

    """
    operations = np.asarray(stabiliser, dtype=np.int64)
    key = operations.tobytes()
    known: dict[bytes, OrderingSymmetry] = sites.known_groups
    if key not in known:
        known[key] = _named(sites, operations)
    return known[key]


def _named(sites: SupercellSites, stabiliser: NDArray[np.int64]) -> OrderingSymmetry:
    import spglib

    if spglib.__version_tuple__[:2] < _NAMES_OPERATIONS:
        marked = _marked(sites, stabiliser)
        name, number = marked.international, marked.number
    else:
        rotations, translations = _operations(sites, stabiliser)
        form = sites.form.astype(np.float64)
        to_cell = np.linalg.inv(form)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            found = spglib.get_spacegroup_type_from_symmetry(
                np.rint(to_cell.T @ rotations @ form.T).astype(np.intc),
                translations @ to_cell,
                _vectors(sites),
            )
        if found is None:
            raise _unnamed(sites, "no name", len(stabiliser))
        name, number = found.international_short, found.number
    return OrderingSymmetry(
        space_group=str(name), space_group_number=int(number), sites=sites, stabiliser=stabiliser
    )


def _operations(
    sites: SupercellSites, stabiliser: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rotations and translations in fractions of the parent's primitive cell."""
    parent = sites.sublattice
    operations = np.array(sites.operations)[stabiliser // sites.index]
    cells = sites.cells[stabiliser % sites.index]
    return parent.rotations[operations], parent.translations[operations] + cells


def _vectors(sites: SupercellSites) -> NDArray[np.float64]:
    """(3, 3) rows: vectors of the supercell, Å."""
    return np.asarray(sites.form @ np.asarray(sites.sublattice.atoms.cell[:], dtype=np.float64))


def _unnamed(sites: SupercellSites, outcome: str, order: int) -> CalculationError:
    return CalculationError(
        f"spglib gives {outcome} to an arrangement of {sites.sublattice.name} that has {order} "
        "operations.",
        why="The space group is known exactly and only its name was asked for.",
        fix="Please report this with the structure; the counts are not affected.",
    )


def _marked(sites: SupercellSites, stabiliser: NDArray[np.int64]) -> Any:
    """What spglib finds in a crystal of markers: general points first, then the clusters."""
    import spglib

    rotations, translations = _operations(sites, stabiliser)
    to_cell = np.linalg.inv(sites.form.astype(np.float64))
    points = [
        ((rotations @ point + translations) @ to_cell, kind + 1)
        for kind, point in enumerate(_GENERAL_POINTS)
    ]
    orbits = _orbits(sites.permutations[stabiliser])
    centres = sites.cells[:, None, :] + sites.sublattice.centres[None, :, :]
    positions = np.concatenate([*(entry[0] for entry in points), centres.reshape(-1, 3) @ to_cell])
    kinds = np.concatenate(
        [
            *(np.full(len(entry[0]), entry[1]) for entry in points),
            orbits + len(_GENERAL_POINTS) + 1,
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = spglib.get_symmetry_dataset(
            (_vectors(sites), positions % 1.0, kinds), symprec=_MARKER_TOLERANCE_A
        )
    if found is None or len(found.rotations) != len(stabiliser):
        n_found = 0 if found is None else len(found.rotations)
        raise _unnamed(sites, f"{n_found} operations", len(stabiliser))
    return found


def _standard_setting(symmetry: OrderingSymmetry) -> StandardSetting:
    sites = symmetry.sites
    found = _marked(sites, symmetry.stabiliser)
    to_conventional = sites.form @ np.linalg.inv(sites.sublattice.conventional.astype(np.float64))
    inverse = np.linalg.inv(found.transformation_matrix)
    basis = inverse.T @ to_conventional
    # of the equivalent origins the one inside the first standard cell
    in_standard = np.round(-inverse @ found.origin_shift @ np.linalg.inv(inverse.T), 9) % 1.0
    origin = in_standard @ basis
    first = len(_GENERAL_POINTS) * symmetry.point_group_order
    copies = abs(np.linalg.det(inverse))
    wyckoff = []
    orbits = np.array(symmetry.orbits)
    for orbit in range(int(orbits.max()) + 1):
        members = np.flatnonzero(orbits == orbit)
        at = first + int(members[0])
        size = round(len(members) * copies)
        wyckoff.append((size, str(found.wyckoffs[at]), str(found.site_symmetry_symbols[at])))
    return StandardSetting(
        basis=tuple(tuple(_fraction(value) for value in row) for row in basis),
        origin=tuple(_fraction(value) for value in origin),
        wyckoff=tuple(wyckoff),
    )


def _fraction(value: float) -> Fraction:
    return Fraction(float(value)).limit_denominator(_LARGEST_DENOMINATOR)


def _orbits(permutations: NDArray[np.int32]) -> NDArray[np.int64]:
    """Number of the orbit of each site; orbits are numbered by their first site."""
    lowest = permutations.min(axis=0)
    _, numbers = np.unique(lowest, return_inverse=True)
    return np.asarray(numbers, dtype=np.int64)
