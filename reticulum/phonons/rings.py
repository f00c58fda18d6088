"""Rings of the covalent graph, and their deformations in the plane and out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite
from reticulum.phonons.derivatives import bend_derivatives, is_straight, torsion_derivatives
from reticulum.phonons.internal_coordinates import (
    NO_CARBOXYLATE,
    CoordinateGroup,
    LocalCoordinate,
    bond_vector,
)

#: A ring of three atoms is given by its bonds.
_SMALLEST_DEFORMABLE_RING = 4

#: Largest ring that is looked for, atoms: those of linkers have five or six.
LARGEST_RING = 8


def covalent_rings(graph: BondGraph) -> tuple[tuple[PeriodicSite, ...], ...]:
    """Rings of covalent bonds, each once, as sites in the order of the ring.

    A ring closes two bonds of an atom by the shortest way around, up to `LARGEST_RING` atoms. The
    outline of fused rings is none, since the shared bond shortens it.

    Parameters
    ----------
    graph
        Bonded graph.

    Returns
    -------
    tuple of tuple of PeriodicSite
        One image of each ring.

    """
    found: dict[tuple[PeriodicSite, ...], tuple[PeriodicSite, ...]] = {}
    for atom in range(graph.n_atoms):
        centre = PeriodicSite(atom, (0, 0, 0))
        for first, last in combinations(graph.neighbours(atom, BondKind.COVALENT), 2):
            for path in _shortest_paths(graph, first, last, centre):
                ring = (centre, *path)
                if _has_no_chord(graph, ring):
                    found.setdefault(_key(ring), ring)
    return tuple(found[key] for key in sorted(found))


def _shortest_paths(
    graph: BondGraph, start: PeriodicSite, end: PeriodicSite, avoided: PeriodicSite
) -> list[tuple[PeriodicSite, ...]]:
    """All shortest ways from one site to another that avoid a third."""
    ways: dict[PeriodicSite, list[tuple[PeriodicSite, ...]]] = {start: [(start,)]}
    seen = {start, avoided}
    for _ in range(LARGEST_RING - 2):
        further: dict[PeriodicSite, list[tuple[PeriodicSite, ...]]] = {}
        for site, paths in ways.items():
            for other in graph.site_neighbours(site, BondKind.COVALENT):
                if other not in seen:
                    further.setdefault(other, []).extend((*path, other) for path in paths)
        if end in further:
            return further[end]
        seen |= set(further)
        ways = further
    return []


def _has_no_chord(graph: BondGraph, ring: tuple[PeriodicSite, ...]) -> bool:
    """Whether no bond joins two atoms of a ring that are not next to each other in it."""
    members = set(ring)
    return all(
        len(members & set(graph.site_neighbours(site, BondKind.COVALENT))) == 2 for site in ring
    )


def _key(ring: tuple[PeriodicSite, ...]) -> tuple[PeriodicSite, ...]:
    """The same for all images of a ring, whatever its first atom."""
    images = []
    for origin in ring:
        a, b, c = origin.shift
        images.append(tuple(sorted(site.moved((-a, -b, -c)) for site in ring)))
    return min(images)


def ring_deformations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What deforms a ring in values given around it, such as its angles or its torsions.

    Of the n angles of a ring of n atoms n - 3 are independent at fixed bonds, and so are n - 3 of
    its torsions: the Fourier components around the ring from the second on [Pulay1979]_. They are
    kept, and the others projected out, so that no atom of the ring comes first.

    Parameters
    ----------
    values
        Values or their derivatives around the ring, shape (n, ...).

    Returns
    -------
    numpy.ndarray
        Shape (n, ...), of rank n - 3 along the first axis.

    """
    n = len(values)
    apart = np.subtract.outer(np.arange(n), np.arange(n))
    kept = np.eye(n) - (1.0 + 2.0 * np.cos(2.0 * np.pi * apart / n)) / n
    return np.asarray(np.tensordot(kept, values, axes=1))


def ring_coordinates(
    atoms: Atoms, rings: Sequence[tuple[PeriodicSite, ...]]
) -> Iterator[LocalCoordinate]:
    """Deformations of the angles and of the torsions of each ring."""
    for ring in rings:
        n = len(ring)
        bonds = [bond_vector(atoms, ring[i], ring[(i + 1) % n]) for i in range(n)]
        if any(is_straight(bonds[i - 1], bonds[i]) for i in range(n)):
            continue
        angles, torsions = np.zeros((n, n, 3)), np.zeros((n, n, 3))
        for i in range(n):
            before, after, beyond = (i - 1) % n, (i + 1) % n, (i + 2) % n
            moves = bend_derivatives(-bonds[before], bonds[i])
            angles[i, [i, before, after]] += moves
            torsions[i, [before, i, after, beyond]] += torsion_derivatives(
                bonds[before], bonds[i], bonds[after]
            )
        if n >= _SMALLEST_DEFORMABLE_RING:
            for values, group in (
                (angles, CoordinateGroup.RING_IN_PLANE),
                (torsions, CoordinateGroup.RING_OUT_OF_PLANE),
            ):
                for moves in ring_deformations(values):
                    yield LocalCoordinate(group, NO_CARBOXYLATE, ring, moves)


def ring_pairs(
    rings: Sequence[tuple[PeriodicSite, ...]],
) -> dict[int, set[frozenset[PeriodicSite]]]:
    """For each atom, the pairs of its neighbours that a ring joins."""
    pairs: dict[int, set[frozenset[PeriodicSite]]] = {}
    for ring in rings:
        for place, site in enumerate(ring):
            a, b, c = site.shift
            neighbours = (ring[place - 1], ring[(place + 1) % len(ring)])
            pairs.setdefault(site.index, set()).add(
                frozenset(other.moved((-a, -b, -c)) for other in neighbours)
            )
    return pairs


def bond_key(one: PeriodicSite, other: PeriodicSite) -> tuple[PeriodicSite, PeriodicSite]:
    """The same for all images of a bond and both of its directions."""
    found = []
    for start, end in ((one, other), (other, one)):
        a, b, c = start.shift
        found.append((start.moved((-a, -b, -c)), end.moved((-a, -b, -c))))
    return min(found)


def bonds_of_rings(
    rings: Sequence[tuple[PeriodicSite, ...]],
) -> set[tuple[PeriodicSite, PeriodicSite]]:
    """The bonds of all rings, as `bond_key` gives them."""
    return {bond_key(ring[place - 1], site) for ring in rings for place, site in enumerate(ring)}
