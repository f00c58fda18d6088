"""Barycentric placement of a net: its smallest cell, and whether two nets are the same graph.

In the barycentric placement every vertex lies at the mean position of its neighbours
[DelgadoFriedrichs2003]_. It follows from the graph alone, up to an affine map, so that every
automorphism of a stable net (no two vertices in one place) is an affine symmetry of the placement,
and two stable nets are isomorphic exactly when an affine map carries one placement onto the other.
Floating-point positions only propose such maps: each one is checked on the integers of the
quotient graph before it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from reticulum.frameworks.quotient_graph import (
    Edge,
    NetSite,
    QuotientGraph,
    Translation,
    lattice_basis,
    minus,
    plus,
    rounded,
)

#: Distance in units of cell edges below which two places are the same. Positions are fractions
#: with small denominators, solved to about 1e-12; the closest distinct vertices of the reference
#: nets are 0.05 apart, of an 8 x 8 x 8 supercell of theirs 0.006.
SAME_PLACE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedNet:
    """A stable net and its barycentric placement.

    Attributes
    ----------
    net
        The net.
    positions
        Shape (n_vertices, periodicity), in units of lattice vectors; vertex 0 is the origin.
    sequences
        Coordination sequence of each vertex.

    """

    net: QuotientGraph
    positions: NDArray[np.float64]
    sequences: tuple[tuple[int, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the shape, make the array read-only, and compute the sequences."""
        sequences = map(self.net.coordination_sequence, range(self.net.n_vertices))
        object.__setattr__(self, "sequences", tuple(sequences))
        if self.positions.shape != (self.net.n_vertices, self.net.periodicity):
            raise ValueError("positions do not belong to the net")
        self.positions.setflags(write=False)


def barycentric_positions(net: QuotientGraph) -> NDArray[np.float64]:
    """Positions that put each vertex at the mean of its neighbours.

    Parameters
    ----------
    net
        Connected net.

    Returns
    -------
    numpy.ndarray
        Shape (n_vertices, periodicity), in units of lattice vectors; vertex 0 is the origin.

    """
    size = net.n_vertices
    matrix = np.zeros((size, size))
    shifts = np.zeros((size, net.periodicity))
    for vertex in range(size):
        for other, shift in net.neighbours(vertex):
            matrix[vertex, vertex] += 1.0
            matrix[vertex, other] -= 1.0
            shifts[vertex] += shift
    positions = np.zeros((size, net.periodicity))
    if size > 1:
        positions[1:] = np.linalg.solve(matrix[1:, 1:], shifts[1:])
    return positions


def smallest_cell(net: QuotientGraph) -> PlacedNet | None:
    """The net in its smallest cell, or None if vertices collide in the barycentric placement.

    Parameters
    ----------
    net
        Connected net in any cell of its lattice.

    Returns
    -------
    PlacedNet or None
        Vertices that a translation carries into each other have become one; their labels are
        joined by ``/`` where they differ.

    """
    positions = barycentric_positions(net)
    finder = _PlaceFinder(positions)
    if finder.collide:
        return None
    if net.periodicity == 0:
        return PlacedNet(net=net, positions=positions)
    moves = []
    for vertex in range(1, net.n_vertices):
        if net.degree(vertex) != net.degree(0):
            continue
        move = positions[vertex] - positions[0]
        images = finder.find(positions + move)
        if images is not None and _same_edges(net, net, images, np.eye(net.periodicity)):
            moves.append((move, images))
    if not moves:
        return PlacedNet(net=net, positions=positions)
    order = len(moves) + 1
    whole = (order * np.eye(net.periodicity, dtype=np.int64)).tolist()
    steps = [rounded(order * move) for move, _ in moves]
    basis = lattice_basis([*whole, *steps], net.periodicity)
    to_small: NDArray[np.float64] = np.linalg.inv(basis.astype(np.float64)) * order
    return _folded(net, positions, [images for _, images in moves], to_small)


def same_net(first: PlacedNet, second: PlacedNet) -> bool:
    """Whether two stable nets, both in their smallest cells, are isomorphic.

    Parameters
    ----------
    first, second
        Results of `smallest_cell`.

    """
    one, other = first.net, second.net
    if (one.periodicity, one.n_vertices, len(one.edges)) != (
        other.periodicity,
        other.n_vertices,
        len(other.edges),
    ):
        return False
    if sorted(first.sequences) != sorted(second.sequences):
        return False
    frame = _frame(first)
    places = np.array([_place(first, site) for site in frame.sites])
    spanning = places[frame.independent] - places[0]
    finder = _PlaceFinder(second.positions)
    for images in _images(frame, first, second):
        targets = np.array([_place(second, site) for site in images])
        linear = np.linalg.solve(spanning, targets[frame.independent] - targets[0])
        whole = np.rint(linear)
        if np.abs(linear - whole).max(initial=0.0) > SAME_PLACE:
            continue
        if round(abs(float(np.linalg.det(whole)))) != 1:
            continue
        found = finder.find((first.positions - places[0]) @ whole + targets[0])
        if found is not None and _same_edges(one, other, found, whole):
            return True
    return False


class _PlaceFinder:
    """Looks up which vertex, in which image, lies at a place."""

    def __init__(self, positions: NDArray[np.float64]) -> None:
        self._cells = np.floor(positions + SAME_PLACE)
        inside = np.clip(positions - self._cells, 0.0, np.nextafter(1.0, 0.0))
        self._periodicity = positions.shape[1]
        self._positions = positions
        # A finite molecule has no lattice; an artificial axis keeps the tree of one kind.
        points = inside if self._periodicity else np.zeros((len(positions), 1))
        self._tree = cKDTree(points, boxsize=1.0)

    @property
    def collide(self) -> bool:
        """Whether two vertices share a place."""
        return bool(self._tree.query_pairs(SAME_PLACE))

    def find(
        self, places: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Vertices (n,) and images (n, periodicity) at places, or None if they miss some."""
        inside = places - np.floor(places + SAME_PLACE)
        distances, vertices = self._tree.query(np.clip(inside, 0.0, np.nextafter(1.0, 0.0)))
        if distances.max() > 10 * SAME_PLACE or len(np.unique(vertices)) != len(self._positions):
            return None
        images = np.rint(places - self._positions[vertices]).astype(np.int64)
        return vertices.astype(np.int64), images


def _same_edges(
    one: QuotientGraph,
    other: QuotientGraph,
    images: tuple[NDArray[np.int64], NDArray[np.int64]],
    linear: NDArray[np.float64],
) -> bool:
    """Whether a map of vertices carries every edge of one net onto an edge of the other."""
    vertices, cells = images
    first = np.array([edge[0] for edge in one.edges], dtype=np.int64)
    second = np.array([edge[1] for edge in one.edges], dtype=np.int64)
    shifts = np.array([edge[2] for edge in one.edges], dtype=np.int64)
    moved = shifts @ np.rint(linear).astype(np.int64) + cells[second] - cells[first]
    carried = zip(
        vertices[first].tolist(), vertices[second].tolist(), map(tuple, moved.tolist()), strict=True
    )
    known = set(other.edges)
    return all((a, b, shift) in known or (b, a, minus(shift)) in known for a, b, shift in carried)


def _folded(
    net: QuotientGraph,
    positions: NDArray[np.float64],
    moves: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    to_small: NDArray[np.float64],
) -> PlacedNet:
    """Identify vertices that translations carry into each other."""
    orbits = np.array([np.arange(net.n_vertices), *(vertices for vertices, _ in moves)])
    leader = orbits.min(axis=0)
    leaders = np.unique(leader)
    number = {int(vertex): index for index, vertex in enumerate(leaders)}
    cells = np.rint((positions - positions[leader]) @ to_small).astype(np.int64)
    edges: set[Edge] = set()
    for first, second, shift in net.edges:
        moved = np.rint(np.array(shift) @ to_small).astype(np.int64)
        image: Translation = tuple((moved + cells[second] - cells[first]).tolist())
        edges.add((number[int(leader[first])], number[int(leader[second])], image))
    labels = tuple(
        "/".join(sorted({net.labels[vertex] for vertex in np.flatnonzero(leader == chief)}))
        for chief in leaders
    )
    small = QuotientGraph(periodicity=net.periodicity, labels=labels, edges=tuple(edges))
    return PlacedNet(net=small, positions=barycentric_positions(small))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Sites of a net that fix an affine map, each next to an earlier one.

    `parents` numbers the earlier one of each site but the first; `independent` numbers the sites
    whose differences from the first one span the space.
    """

    sites: tuple[NetSite, ...]
    parents: tuple[int, ...]
    independent: list[int]


def _frame(placed: PlacedNet) -> _Frame:
    """Shortest walk from a vertex of lowest degree that spans the space."""
    net = placed.net
    start = min(range(net.n_vertices), key=net.degree)
    sites: list[NetSite] = [(start, (0,) * net.periodicity)]
    parents = [0]
    seen = set(sites)
    origin = _place(placed, sites[0])
    independent: list[int] = []
    vectors: list[NDArray[np.float64]] = []
    for number, (vertex, image) in enumerate(sites):  # grows while it is walked through
        if len(independent) == net.periodicity:
            break
        for other, shift in net.neighbours(vertex):
            site = (other, plus(image, shift))
            if site in seen:
                continue
            seen.add(site)
            sites.append(site)
            parents.append(number)
            trial = [*vectors, _place(placed, site) - origin]
            if np.linalg.matrix_rank(np.array(trial), tol=SAME_PLACE) == len(trial):
                vectors = trial
                independent.append(len(sites) - 1)
    needed = {0}
    for last in independent:
        step = last
        while step not in needed:
            needed.add(step)
            step = parents[step]
    kept = sorted(needed)
    new = {old: index for index, old in enumerate(kept)}
    return _Frame(
        sites=tuple(sites[old] for old in kept),
        parents=tuple(new[parents[old]] for old in kept),
        independent=[new[old] for old in independent],
    )


def _images(frame: _Frame, first: PlacedNet, second: PlacedNet) -> Iterator[list[NetSite]]:
    """All images of a frame in another net that keep edges and coordination sequences."""
    other = second.net
    wanted = [first.sequences[vertex] for vertex, _ in frame.sites]

    def extended(images: list[NetSite]) -> Iterator[list[NetSite]]:
        step = len(images)
        if step == len(frame.sites):
            yield images
            return
        vertex, image = images[frame.parents[step]]
        for neighbour, shift in other.neighbours(vertex):
            if second.sequences[neighbour] == wanted[step]:
                yield from extended([*images, (neighbour, plus(image, shift))])

    for start in range(other.n_vertices):
        if second.sequences[start] == wanted[0]:
            yield from extended([(start, (0,) * other.periodicity)])


def _place(placed: PlacedNet, site: NetSite) -> NDArray[np.float64]:
    vertex, image = site
    place: NDArray[np.float64] = placed.positions[vertex] + np.array(image, dtype=float)
    return place
