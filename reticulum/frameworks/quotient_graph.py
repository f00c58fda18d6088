"""Labelled quotient graphs: periodic nets written as finite graphs with integer edge shifts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.cluster_graph import ClusterGraph

#: A lattice translation, one integer for each direction in which the net is periodic.
Translation: TypeAlias = tuple[int, ...]

#: Vertex and its image.
NetSite: TypeAlias = tuple[int, Translation]

#: First vertex (in the home cell), second vertex and image of the second one.
Edge: TypeAlias = tuple[int, int, Translation]

#: Shells of a coordination sequence, as many as the RCSR lists.
N_SHELLS = 10

#: What a linker is called among the labels of vertices.
LINKER_LABEL = "linker"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuotientGraph:
    """A periodic net without parallel edges.

    Attributes
    ----------
    periodicity
        Number of directions in which the net is periodic, 0 to 3.
    labels
        What stands on each vertex. Labels play no part in comparisons of nets.
    edges
        Each edge once: ``(i, j, s)`` joins vertex i of the home cell and vertex j of the cell at
        s lattice vectors.

    """

    periodicity: int
    labels: tuple[str, ...]
    edges: tuple[Edge, ...]
    _adjacency: tuple[tuple[NetSite, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the edges, write each one way, and list the neighbours."""
        adjacency: list[set[NetSite]] = [set() for _ in self.labels]
        for first, second, shift in self.edges:
            if len(shift) != self.periodicity:
                raise ValueError(f"the shift {shift} does not have {self.periodicity} integers")
            if first == second and not any(shift):
                raise ValueError(f"vertex {first} is joined to itself")
            adjacency[first].add((second, shift))
            adjacency[second].add((first, minus(shift)))
        neighbours = tuple(tuple(sorted(sites)) for sites in adjacency)
        object.__setattr__(self, "edges", tuple(_each_edge_once(dict(enumerate(adjacency)))))
        object.__setattr__(self, "_adjacency", neighbours)

    @property
    def n_vertices(self) -> int:
        """Number of vertices of the cell."""
        return len(self.labels)

    def neighbours(self, vertex: int) -> tuple[NetSite, ...]:
        """Sites joined to a vertex of the home cell."""
        return self._adjacency[vertex]

    def degree(self, vertex: int) -> int:
        """Number of edges that meet in a vertex."""
        return len(self._adjacency[vertex])

    def coordination_sequence(self, vertex: int, n_shells: int = N_SHELLS) -> tuple[int, ...]:
        """How many vertices of the infinite net are 1, 2, 3, ... edges away from a vertex."""
        inner: set[NetSite] = set()
        shell: set[NetSite] = {(vertex, (0,) * self.periodicity)}
        counts = []
        for _ in range(n_shells):
            outer = {
                (other, plus(image, shift))
                for number, image in shell
                for other, shift in self._adjacency[number]
            }
            outer -= shell
            outer -= inner
            inner, shell = shell, outer
            counts.append(len(shell))
        return tuple(counts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConnectedNet:
    """One connected net of a crystal.

    Attributes
    ----------
    net
        In a cell of its own lattice.
    n_copies
        Number of copies that the lattice of the crystal makes of it (interpenetration); None for
        layers, chains and finite molecules, of which there is no end.

    """

    net: QuotientGraph
    n_copies: int | None


def underlying_graph(graph: ClusterGraph) -> QuotientGraph:
    """Underlying net of a framework, all of its connected pieces together.

    Parameters
    ----------
    graph
        Clusters and linkers.

    Returns
    -------
    QuotientGraph
        In the cell of the structure. Vertices are clusters and linkers that have three or more
        neighbours; those with two have become edges, and dangling ones are left out. Two linkers
        between the same two clusters give one edge.

    """
    n_clusters = len(graph.clusters)
    labels = [cluster.label for cluster in graph.clusters] + [LINKER_LABEL] * len(graph.linkers)
    edges: list[Edge] = [
        (n_clusters + number, joint.index, joint.shift)
        for number, linker in enumerate(graph.linkers)
        for joint in linker.joints
    ]
    return _without_minor_vertices(
        QuotientGraph(periodicity=3, labels=tuple(labels), edges=tuple(edges))
    )


def connected_nets(graph: QuotientGraph) -> tuple[ConnectedNet, ...]:
    """Connected pieces of a quotient graph, each described in its own lattice.

    A piece may be periodic in fewer directions than the crystal (a layer), or fill only some of
    its lattice points, so that the remaining translations make interpenetrating copies.
    """
    offsets: dict[int, Translation] = {}
    nets = []
    for start in range(graph.n_vertices):
        if start in offsets:
            continue
        offsets[start] = (0,) * graph.periodicity
        members = [start]
        for vertex in members:  # grows while it is walked through
            for other, shift in graph.neighbours(vertex):
                if other not in offsets:
                    offsets[other] = plus(offsets[vertex], shift)
                    members.append(other)
        nets.append(_own_lattice(graph, members, offsets))
    return tuple(nets)


def lattice_basis(vectors: Iterable[Sequence[int]], dimension: int) -> NDArray[np.int64]:
    """Basis of the lattice that integer vectors span, by integer row reduction.

    Parameters
    ----------
    vectors
        Each with `dimension` integers.
    dimension
        Length of the vectors.

    Returns
    -------
    numpy.ndarray
        Shape (rank, dimension), in echelon form.

    """
    rows = [list(vector) for vector in dict.fromkeys(map(tuple, vectors)) if any(vector)]
    basis = []
    for column in range(dimension):
        while True:
            leading = [row for row in rows if row[column]]
            if len(leading) < 2:
                break
            pivot = min(leading, key=lambda row: abs(row[column]))
            for row in leading:
                if row is not pivot:
                    times = row[column] // pivot[column]
                    row[:] = [a - times * b for a, b in zip(row, pivot, strict=True)]
        if leading:
            basis.append(leading[0])
            rows = [row for row in rows if row is not leading[0]]
        rows = [list(row) for row in dict.fromkeys(map(tuple, rows)) if any(row)]
    return np.array(basis, dtype=np.int64).reshape(-1, dimension)


def plus(first: Translation, second: Translation) -> Translation:
    """Sum of two translations."""
    return tuple(a + b for a, b in zip(first, second, strict=True))


def minus(shift: Translation) -> Translation:
    """The opposite translation."""
    return tuple(-a for a in shift)


def _own_lattice(
    graph: QuotientGraph, members: Sequence[int], offsets: Mapping[int, Translation]
) -> ConnectedNet:
    """Rewrite a connected piece in the lattice that its cycles span."""
    number = {vertex: index for index, vertex in enumerate(members)}
    cycles = [
        (first, second, plus(plus(offsets[first], shift), minus(offsets[second])))
        for first, second, shift in graph.edges
        if first in number
    ]
    basis = lattice_basis((cycle for _, _, cycle in cycles), graph.periodicity)
    rank = len(basis)
    inverse = np.linalg.pinv(basis.astype(float)) if rank else np.zeros((graph.periodicity, 0))
    edges = [
        (number[first], number[second], rounded(np.array(cycle, dtype=float) @ inverse))
        for first, second, cycle in cycles
    ]
    copies = round(abs(float(np.linalg.det(basis.astype(float))))) if rank == 3 else None
    net = QuotientGraph(
        periodicity=rank,
        labels=tuple(graph.labels[vertex] for vertex in members),
        edges=tuple(edges),
    )
    return ConnectedNet(net=net, n_copies=copies)


def rounded(values: NDArray[np.float64]) -> Translation:
    """Nearest integers."""
    return tuple(int(value) for value in np.rint(values))


def _without_minor_vertices(graph: QuotientGraph) -> QuotientGraph:
    """Turn vertices with two neighbours into edges and drop those with fewer."""
    adjacency = {vertex: set(graph.neighbours(vertex)) for vertex in range(graph.n_vertices)}
    waiting = list(adjacency)
    while waiting:
        vertex = waiting.pop()
        sites = adjacency.get(vertex)
        if sites is None or len(sites) > 2 or any(other == vertex for other, _ in sites):
            continue  # gone, a true vertex, or the last vertex of a chain
        del adjacency[vertex]
        for other, shift in sites:
            adjacency[other].discard((vertex, minus(shift)))
            waiting.append(other)
        if len(sites) == 2:
            (first, near), (second, far) = sites
            shift = plus(far, minus(near))
            adjacency[first].add((second, shift))
            adjacency[second].add((first, minus(shift)))
    number = {vertex: index for index, vertex in enumerate(sorted(adjacency))}
    return QuotientGraph(
        periodicity=graph.periodicity,
        labels=tuple(graph.labels[vertex] for vertex in number),
        edges=tuple(
            (number[first], number[second], shift)
            for first, second, shift in _each_edge_once(adjacency)
        ),
    )


def _each_edge_once(adjacency: Mapping[int, set[NetSite]]) -> list[Edge]:
    """One of the two directions of each edge, in the order of vertices."""
    return [
        (vertex, other, shift)
        for vertex in sorted(adjacency)
        for other, shift in sorted(adjacency[vertex])
        if vertex < other or (vertex == other and shift > minus(shift))
    ]
