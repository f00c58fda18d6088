"""Fragments that a user names, and their shares of modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, find_bonds
from reticulum.phonons.derivatives import bend_derivatives, is_straight, stretch_derivatives
from reticulum.phonons.fragment_patterns import FragmentPattern, find_pattern
from reticulum.phonons.fragment_requests import FragmentKind, FragmentRequest
from reticulum.phonons.internal_coordinates import (
    NO_CARBOXYLATE,
    CoordinateGroup,
    LocalCoordinate,
    assemble_coordinates,
    bond_vector,
)
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.orthogonal_coordinates import orthogonalised

#: Images of an atom whose distances differ by less than this are equally near, Å.
_SAME_DISTANCE_A = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A fragment found in a structure.

    Attributes
    ----------
    request
        What was asked for.
    atoms
        Indices of its atoms, ascending, from 0.
    coordinates
        Sites of its stretches or bends; empty if its atoms are counted.
    n_places
        How often a pattern occurs; 1 for numbers.

    """

    request: FragmentRequest
    atoms: tuple[int, ...]
    coordinates: tuple[tuple[PeriodicSite, ...], ...]
    n_places: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FragmentShares:
    """Shares of fragments in sets of modes.

    Attributes
    ----------
    fragments
        The fragments.
    shares
        Shape (n_sets, n_fragments), dimensionless, averages over each set. Shares of atoms add to
        one over all atoms; fragments may overlap, and then their shares do too.

    """

    fragments: tuple[Fragment, ...]
    shares: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.shares.ndim != 2 or self.shares.shape[1] != len(self.fragments):
            raise ValueError("shares must have the shape (n_sets, n_fragments)")
        self.shares.setflags(write=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fragments."""
        return tuple(fragment.request.name for fragment in self.fragments)

    @property
    def overlapping(self) -> bool:
        """Whether an atom is in two fragments whose atoms are counted."""
        counted = [
            atom
            for fragment in self.fragments
            if fragment.request.kind is FragmentKind.ATOMS
            for atom in fragment.atoms
        ]
        return len(set(counted)) < len(counted)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON; atoms are numbered from 1."""
        return {
            "fragments": [
                {
                    "name": fragment.request.name,
                    "counts": fragment.request.kind.word or "atoms",
                    "selection": fragment.request.text,
                    "atoms": [atom + 1 for atom in fragment.atoms],
                    "n_places": fragment.n_places,
                    "n_coordinates": len(fragment.coordinates),
                    "shares_by_set": self.shares[:, column].tolist(),
                }
                for column, fragment in enumerate(self.fragments)
            ],
            "overlapping": self.overlapping,
        }


def find_fragment(
    request: FragmentRequest, atoms: Atoms, graph: BondGraph | None = None
) -> Fragment:
    """The atoms, and the stretches or bends, of a fragment in a structure.

    Between atoms given by number a stretch is that of their bonds; if there is none, of the
    nearest images.

    Parameters
    ----------
    request
        The fragment.
    atoms
        Primitive cell, whose atoms are numbered.
    graph
        Its bonded graph; found from `atoms` if not given.

    Raises
    ------
    InputError
        If there is no such atom or place, or an angle is straight.

    """
    bonded = find_bonds(atoms) if graph is None else graph
    coordinates: tuple[tuple[PeriodicSite, ...], ...]
    if isinstance(request.selection, FragmentPattern):
        order = _order_of_coordinate(request)
        places = find_pattern(request.selection, atoms, bonded)
        if not places:
            raise InputError(
                f"The pattern {request.text!r} of {request.name} matches nothing here.",
                why=f"The elements are {', '.join(sorted(set(atoms.get_chemical_symbols())))}; "
                "bonds are those that `reticulum graph` finds.",
                fix="Ask for another pattern, or give the atoms by their numbers.",
            )
        coordinates = tuple(tuple(place[i] for i in order) for place in places)
        indices = {site.index for place in places for site in place}
        n_places = len({_place_key(place) for place in places})
    else:
        largest = max(request.selection)
        if largest > len(atoms):
            raise InputError(
                f"There is no atom {largest} for {request.name}.",
                why=f"The primitive cell has the atoms 1 to {len(atoms)}.",
                fix="Look them up in a file of the modes: reticulum modes SOURCE -o modes.axsf",
            )
        numbers = [number - 1 for number in request.selection]
        coordinates = ()
        if request.kind is not FragmentKind.ATOMS:
            coordinates = _coordinates_of(numbers, atoms, bonded)
        indices, n_places = set(numbers), 1
    if request.kind is FragmentKind.ATOMS:
        coordinates = ()
    for sites in coordinates:
        arms = [bond_vector(atoms, sites[1], sites[i]) for i in (0, 2)] if len(sites) == 3 else []
        if arms and is_straight(arms[0], arms[1]):
            raise InputError(
                f"An angle of {request.name} is straight.",
                why="The derivative of a straight angle diverges.",
                fix="Count the atoms instead, without bend:",
            )
    return Fragment(
        request=request,
        atoms=tuple(sorted(indices)),
        coordinates=tuple({_coordinate_key(sites): sites for sites in coordinates}.values()),
        n_places=n_places,
    )


def _order_of_coordinate(request: FragmentRequest) -> tuple[int, ...]:
    """Order of the atoms of a pattern in its coordinate: the apex of an angle in the middle."""
    assert isinstance(request.selection, FragmentPattern)
    if request.kind is not FragmentKind.BEND:
        return tuple(range(len(request.selection.elements)))
    if len(request.selection.bonds) != 2:
        raise InputError(
            f"The pattern {request.text!r} of {request.name} is a ring of three atoms.",
            why="An angle has an apex.",
            fix="Give a chain of three atoms, O~C~O for instance.",
        )
    ends = [atom for bond in request.selection.bonds for atom in bond]
    apex = max(set(ends), key=ends.count)
    one, other = (atom for atom in range(3) if atom != apex)
    return one, apex, other


def _place_key(sites: tuple[PeriodicSite, ...]) -> tuple[PeriodicSite, ...]:
    """The same for all images of the same atoms, in any order."""
    images = []
    for origin in sites:
        a, b, c = origin.shift
        images.append(tuple(sorted(site.moved((-a, -b, -c)) for site in sites)))
    return min(images)


def _coordinate_key(sites: tuple[PeriodicSite, ...]) -> tuple[PeriodicSite, ...]:
    """The same for all images of one stretch or bend, from both ends."""
    if len(sites) == 2:
        return _place_key(sites)
    a, b, c = sites[1].shift
    first, apex, last = (site.moved((-a, -b, -c)) for site in sites)
    return (apex, *sorted((first, last)))


def _coordinates_of(
    numbers: Sequence[int], atoms: Atoms, graph: BondGraph
) -> tuple[tuple[PeriodicSite, ...], ...]:
    """Stretches of two atoms, or bends of three, given by index."""
    middle = PeriodicSite(numbers[1], (0, 0, 0))
    first = _images(numbers[1], numbers[0], atoms, graph)
    if len(numbers) == 2:
        return tuple((site, middle) for site in first)
    last = _images(numbers[1], numbers[2], atoms, graph)
    return tuple((one, middle, other) for one in first for other in last)


def _images(centre: int, other: int, atoms: Atoms, graph: BondGraph) -> tuple[PeriodicSite, ...]:
    """Images of an atom bonded to another one; if none is, the nearest."""
    bonded = [site for site in graph.neighbours(centre, *BondKind) if site.index == other]
    if bonded:
        return tuple(bonded)
    reach = float(atoms.get_distance(centre, other, mic=True)) + _SAME_DISTANCE_A
    i, j, shifts = neighbor_list("ijS", atoms, reach)
    chosen = shifts[(i == centre) & (j == other)].tolist()
    return tuple(PeriodicSite(other, (a, b, c)) for a, b, c in chosen)


def fragment_shares(
    table: ModeTable, requests: Sequence[FragmentRequest], graph: BondGraph | None = None
) -> FragmentShares:
    """Shares of fragments in all sets of modes.

    The share of the atoms of a fragment in a mode e is Σ |e_a|² over them. That of stretches or
    bends is |Wᵀe|² with their mass-weighted unit derivatives, orthogonalised among themselves.

    Parameters
    ----------
    table
        The modes.
    requests
        The fragments.
    graph
        Bonded graph; found from the structure if not given.

    Returns
    -------
    FragmentShares
        In the order asked for.

    Raises
    ------
    InputError
        If a fragment is not found.

    """
    atoms = table.phonons.atoms
    bonded = find_bonds(atoms) if graph is None else graph
    fragments = tuple(find_fragment(request, atoms, bonded) for request in requests)
    eigenvectors = np.array(table.labels.eigenvectors)
    per_mode = np.zeros((eigenvectors.shape[1], len(fragments)))
    for column, fragment in enumerate(fragments):
        per_mode[:, column] = share_of_fragment(fragment, atoms, eigenvectors)
    averages = [per_mode[members].mean(axis=0) for members in table.labels.sets]
    return FragmentShares(
        fragments=fragments, shares=np.array(averages).reshape(len(averages), len(fragments))
    )


def share_of_fragment(
    fragment: Fragment, atoms: Atoms, eigenvectors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of one fragment in each mode.

    Parameters
    ----------
    fragment
        The fragment.
    atoms
        Its structure.
    eigenvectors
        Mass-weighted, normalised, as columns, shape (3 n_atoms, n_modes), dimensionless.

    Returns
    -------
    numpy.ndarray
        Shape (n_modes,), dimensionless.

    """
    if fragment.request.kind is FragmentKind.ATOMS:
        by_atom = eigenvectors.reshape(len(atoms), 3, -1)
        return np.asarray((by_atom[list(fragment.atoms)] ** 2).sum(axis=(0, 1)))
    found = [_coordinate(sites, atoms) for sites in fragment.coordinates]
    coordinates = assemble_coordinates(atoms, found)
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    units = coordinates.b_rows / roots / coordinates.mass_weighted_norms[:, None]
    return np.asarray(((orthogonalised(units.T).T @ eigenvectors) ** 2).sum(axis=0))


def _coordinate(sites: tuple[PeriodicSite, ...], atoms: Atoms) -> LocalCoordinate:
    """Distance of two sites, or the angle at the second of three."""
    if len(sites) == 2:
        moves = stretch_derivatives(bond_vector(atoms, *sites))
        return LocalCoordinate(CoordinateGroup.RING, NO_CARBOXYLATE, sites, moves)
    first, apex, last = sites
    moves = bend_derivatives(bond_vector(atoms, apex, first), bond_vector(atoms, apex, last))
    order = (apex, first, last)
    return LocalCoordinate(CoordinateGroup.RING_IN_PLANE, NO_CARBOXYLATE, order, moves)
