"""What a net is called does not depend on how it is written down."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from ase.build import make_supercell
from hypothesis import given, settings
from hypothesis import strategies as st

from reticulum.errors import InputError
from reticulum.frameworks.bonds import PeriodicSite
from reticulum.frameworks.cluster_graph import ClusterGraph, ClusterKind, Linker, MetalCluster
from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.nets import NetVerdict, identify_net, identify_nets
from reticulum.frameworks.placement import PlacedNet, barycentric_positions, same_net, smallest_cell
from reticulum.frameworks.quotient_graph import (
    QuotientGraph,
    connected_nets,
    lattice_basis,
    underlying_graph,
)
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.reference_nets import placed_reference, reference_nets
from reticulum.frameworks.symmetry import symmetrised_primitive

NETS = {entry.symbol: entry for entry in reference_nets()}

#: Nets of all kinds that are small enough to be rewritten many times.
SMALL = ("tbo", "pto", "bor", "nbo", "srs", "fcu", "pcu", "dia", "cag", "the", "sql", "kgm", "hcb")


def net_of(symbol) -> QuotientGraph:
    return placed_reference(NETS[symbol]).net


def rewritten(net, seed) -> QuotientGraph:
    """The same net with other numbers, another basis and other choices of the home cell."""
    rng = np.random.default_rng(seed)
    size, rank = net.n_vertices, net.periodicity
    numbers = rng.permutation(size)
    basis = np.eye(rank, dtype=int)
    for _ in range(5):
        i, j = rng.choice(rank, 2, replace=False)
        basis[i] += int(rng.integers(-2, 3)) * basis[j]
    homes = rng.integers(-3, 4, (size, rank))
    return QuotientGraph(
        periodicity=rank,
        labels=("other",) * size,
        edges=tuple(
            (int(numbers[i]), int(numbers[j]), tuple((s @ basis + homes[j] - homes[i]).tolist()))
            for i, j, s in net.edges
        ),
    )


def multiplied(net, matrix) -> QuotientGraph:
    """The same net in a supercell with lattice vectors ``matrix @ old``."""
    matrix = np.array(matrix)
    order = round(abs(np.linalg.det(matrix)))
    inverse = np.linalg.inv(matrix)
    cells = []
    for point in np.ndindex(*([2 * order] * net.periodicity)):
        fraction = np.array(point) @ inverse
        home = np.array(point) - np.floor(fraction + 1e-9).astype(int) @ matrix
        if tuple(home) not in cells:
            cells.append(tuple(home))
    assert len(cells) == order
    edges = []
    for number, cell in enumerate(cells):
        for i, j, shift in net.edges:
            goal = np.add(cell, shift)
            image = np.floor(goal @ inverse + 1e-9).astype(int)
            where = cells.index(tuple(goal - image @ matrix))
            edges.append(
                (number * net.n_vertices + i, where * net.n_vertices + j, tuple(image.tolist()))
            )
    return QuotientGraph(periodicity=net.periodicity, labels=net.labels * order, edges=tuple(edges))


@pytest.mark.parametrize("symbol", NETS)
def test_each_vertex_lies_at_the_mean_of_its_neighbours(symbol):
    net = net_of(symbol)
    positions = barycentric_positions(net)
    for vertex in range(net.n_vertices):
        around = [positions[other] + shift for other, shift in net.neighbours(vertex)]
        np.testing.assert_allclose(np.mean(around, axis=0), positions[vertex], atol=1e-10)


@pytest.mark.parametrize("symbol", SMALL)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_net_is_recognised_however_it_is_written(symbol, seed):
    placed = smallest_cell(rewritten(net_of(symbol), seed))
    found = [
        entry.symbol
        for entry in reference_nets()
        if entry.periodicity == placed.net.periodicity and same_net(placed_reference(entry), placed)
    ]
    assert found == [symbol]


@pytest.mark.parametrize("symbol", SMALL)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_coordination_sequences_do_not_depend_on_the_description(symbol, seed):
    net = net_of(symbol)
    other = rewritten(net, seed)
    assert sorted(map(net.coordination_sequence, range(net.n_vertices))) == sorted(
        map(other.coordination_sequence, range(net.n_vertices))
    )


@pytest.mark.parametrize("symbol", SMALL)
@pytest.mark.parametrize("factor", [2, 3])
def test_supercell_folds_back(symbol, factor):
    net = net_of(symbol)
    matrix = np.eye(net.periodicity, dtype=int)
    matrix[0, 0] = factor
    matrix[0, 1] = 1
    larger = rewritten(multiplied(net, matrix), seed=factor)
    assert larger.n_vertices == factor * net.n_vertices
    folded = smallest_cell(larger)
    assert folded.net.n_vertices == net.n_vertices
    assert same_net(folded, placed_reference(NETS[symbol]))


def test_no_two_reference_nets_are_the_same():
    placed = [placed_reference(entry) for entry in reference_nets()]
    equal = [(i, j) for i, a in enumerate(placed) for j, b in enumerate(placed) if same_net(a, b)]
    assert equal == [(i, i) for i in range(len(placed))]


@pytest.mark.parametrize("symbol", ["tbo", "fcu", "the", "kgm"])
def test_net_without_one_of_its_edges_is_another_net(symbol):
    net = net_of(symbol)
    torn = QuotientGraph(periodicity=net.periodicity, labels=net.labels, edges=net.edges[1:])
    assert not same_net(smallest_cell(torn), placed_reference(NETS[symbol]))


def test_equal_sequences_do_not_make_equal_nets():
    """Two nets told apart by nothing but the graph itself: an edge of tbo moved by one cell.

    The sequences are made equal on purpose, so that only the search for an affine map can fail.
    """

    class Alike(QuotientGraph):
        __slots__ = ()

        def coordination_sequence(self, vertex, n_shells=10):
            return (self.degree(vertex),)

    net = net_of("tbo")
    i, j, shift = net.edges[0]
    moved = (i, j, (shift[0] + 1, *shift[1:]))
    first, second = (
        Alike(periodicity=3, labels=net.labels, edges=edges)
        for edges in (net.edges, (moved, *net.edges[1:]))
    )
    placed = [PlacedNet(net=n, positions=barycentric_positions(n)) for n in (first, second)]
    assert same_net(placed[0], placed[0])
    assert same_net(placed[1], placed[1])
    assert not same_net(placed[0], placed[1])
    assert not same_net(placed[1], placed[0])


@given(
    vectors=st.lists(st.lists(st.integers(-6, 6), min_size=3, max_size=3), min_size=1, max_size=6)
)
@settings(max_examples=60, deadline=None)
def test_lattice_basis_spans_exactly_the_vectors(vectors):
    basis = lattice_basis(vectors, 3)
    matrix = np.array(vectors)
    assert len(basis) == np.linalg.matrix_rank(matrix)
    if not len(basis):
        return
    weights = matrix @ np.linalg.pinv(basis.astype(float))
    np.testing.assert_allclose(weights, np.rint(weights), atol=1e-8)
    np.testing.assert_allclose(np.rint(weights) @ basis, matrix, atol=1e-8)
    # The volume of the lattice is the greatest common divisor of the minors of the vectors.
    gram = round(np.linalg.det(basis @ basis.T.astype(float)))
    again = lattice_basis([*vectors, *basis.tolist()], 3)
    assert round(np.linalg.det(again @ again.T.astype(float))) == gram


@cache
def primitive(name):
    return symmetrised_primitive(read_structure(name)).atoms


def described(atoms):
    return identify_net(find_clusters(atoms)).to_dict()


@pytest.mark.parametrize("name", ["HKUST-1", "MOF-5", "MUV-10-Ca", "ZIF-4"])
@pytest.mark.parametrize("seed", [1, 2])
def test_net_of_a_framework_does_not_depend_on_its_description(name, seed):
    """Order of atoms, orientation, origin, images and cell are all changed at once."""
    rng = np.random.default_rng(seed)
    atoms = primitive(name)
    other = make_supercell(atoms, [[1, 1, 0], [0, 1, seed], [0, 0, 1]])
    other = other[rng.permutation(len(other))]
    other.positions += rng.uniform(-20, 20, 3)
    other.positions += rng.integers(-2, 3, (len(other), 3)) @ other.cell.array
    other.rotate(rng.uniform(0, 180), rng.normal(size=3), rotate_cell=True)
    other.rattle(0.03, seed=seed)
    assert described(other) == described(atoms)


@pytest.mark.parametrize("name", ["HKUST-1", "MOF-5", "MIL-125", "UiO-66"])
def test_net_of_a_supercell_and_of_the_conventional_cell(name):
    atoms = primitive(name)
    assert described(read_structure(name)) == described(atoms)
    assert described(make_supercell(atoms, [[2, 0, 0], [0, 2, 1], [0, 0, 1]])) == described(atoms)


def test_underlying_graph_has_no_vertices_with_two_neighbours():
    for name in ("HKUST-1", "MOF-5", "ZIF-4"):
        graph = underlying_graph(find_clusters(primitive(name)))
        assert min(map(graph.degree, range(graph.n_vertices))) > 2


def test_interpenetrating_copies_are_counted():
    """A primitive cubic net on every second point of the lattice leaves room for a second one."""
    steps = [(1, 1, 0), (0, 1, 1), (1, 0, 1)]
    graph = QuotientGraph(
        periodicity=3, labels=("Zn4",), edges=tuple((0, 0, step) for step in steps)
    )
    (piece,) = connected_nets(graph)
    assert piece.n_copies == 2
    assert same_net(smallest_cell(piece.net), placed_reference(NETS["pcu"]))


def test_two_frameworks_in_one_crystal_are_one_net_with_two_copies():
    atoms = primitive("MOF-5")
    twin = atoms.copy()
    twin.positions += atoms.cell.array.sum(axis=0) / 4.0
    (net,) = identify_nets(find_clusters(atoms + twin))
    assert (net.name, net.n_copies) == ("pcu", 2)


def artificial(n_clusters, linkers) -> ClusterGraph:
    """A graph of clusters and linkers without atoms."""
    cluster = MetalCluster(
        metals=(PeriodicSite(0, (0, 0, 0)),),
        elements=("Zn",),
        kind=ClusterKind.CLUSTER,
        centre=(0.0, 0.0, 0.0),
        metal_distance_a=None,
    )
    return ClusterGraph(
        clusters=(cluster,) * n_clusters,
        linkers=tuple(
            Linker(
                atoms=(),
                joints=tuple(PeriodicSite(index, shift) for index, shift in joints),
                centre=(0.0, 0.0, 0.0),
            )
            for joints in linkers
        ),
        cluster_of_metal={},
    )


HOME, X, Y, Z = (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)


def test_layers_are_named_and_not_counted():
    net = identify_net(artificial(1, [[(0, HOME), (0, X)], [(0, HOME), (0, Z)]]))
    assert (net.name, net.periodicity, net.n_copies) == ("sql", 2, None)
    assert net.degrees == (4,)


def test_chain_has_no_net():
    net = identify_net(artificial(2, [[(0, HOME), (1, HOME)], [(1, HOME), (0, Y)]]))
    assert (net.name, net.periodicity, net.verdict) == (None, 1, NetVerdict.NO_NET)


def test_linker_pairs_count_once():
    """Two linkers between the same two clusters are one edge, as in many pillared layers."""
    twice = [[(0, HOME), (0, X)]] * 2
    net = identify_net(artificial(1, [*twice, [(0, HOME), (0, Y)], [(0, HOME), (0, Z)]]))
    assert (net.name, net.degrees) == ("pcu", (6,))


def test_dangling_cluster_is_left_out():
    cubic = [[(0, HOME), (0, shift)] for shift in (X, Y, Z)]
    assert identify_net(artificial(2, [*cubic, [(0, HOME), (1, HOME)]])).name == "pcu"


def test_net_with_colliding_vertices_is_not_named():
    """Two clusters with the same four linkers lie in one place of the barycentric placement."""
    cubic = [[(0, HOME), (0, shift)] for shift in (X, Y, Z)]
    twins = [[(new, HOME), (0, shift)] for new in (1, 2) for shift in (HOME, X, Y)]
    net = identify_net(artificial(3, cubic + twins))
    assert (net.name, net.verdict) == (None, NetVerdict.SEQUENCES_ONLY)
    assert [(entry.degree, entry.multiplicity) for entry in net.vertex_classes] == [(3, 2), (12, 1)]
    assert "no net of the table has the same" in net.told_by


def test_net_outside_the_table_is_not_named():
    """A primitive cubic net with one face diagonal has eight neighbours but is not bcu."""
    steps = [X, Y, Z, (1, 1, 0)]
    net = identify_net(artificial(1, [[(0, HOME), (0, step)] for step in steps]))
    assert (net.name, net.verdict, net.degrees) == (None, NetVerdict.NOT_IN_TABLE, (8,))
    assert "none of the" in net.told_by


def test_two_kinds_of_nets_are_listed_and_not_called_one():
    cubic = [[(0, HOME), (0, shift)] for shift in (X, Y, Z)]
    body = [[(1, HOME), (1, shift)] for shift in (X, Y, Z, (1, 1, 1))]
    graph = artificial(2, cubic + body)
    assert {net.name for net in identify_nets(graph)} == {"pcu", "bcu"}
    with pytest.raises(InputError, match=r"2 kinds of nets \((pcu, bcu|bcu, pcu)\)"):
        identify_net(graph)


@pytest.mark.parametrize("name", ["Zn-MOF-74", "calcite"])
def test_endless_metals_have_no_net_here(name):
    with pytest.raises(InputError, match="endless rods, layers or networks"):
        identify_nets(find_clusters(read_structure(name)))
