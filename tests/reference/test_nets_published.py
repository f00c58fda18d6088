"""Nets and their names against what is published.

The table of nets holds coordinates of the RCSR; two sources that do not go back to those
coordinates are used here. Systre keys are canonical quotient graphs computed by the program Systre
(O. Delgado-Friedrichs); coordination sequences are those of lattices, honeycombs and zeolite
frameworks in the literature, where closed forms are known.
"""

from __future__ import annotations

import pytest

from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.nets import NetVerdict, identify_net
from reticulum.frameworks.placement import same_net, smallest_cell
from reticulum.frameworks.quotient_graph import N_SHELLS, QuotientGraph
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.reference_nets import placed_reference, reference_nets

NETS = {entry.symbol: placed_reference(entry) for entry in reference_nets()}

#: Framework, its net and its degrees in the literature (quoted from memory, not looked up again).
#: HKUST-1: tbo, "twisted boracite"; Chen, Eddaoudi, Hyde, O'Keeffe and Yaghi, Science 291, 1021
#: (2001) set it against MOF-14, pto. MOF-5 and UiO-66: textbook examples of pcu and fcu. ZIF-4: cag
#: (Park et al., PNAS 103, 10186 (2006)). MIL-125: Dan-Hardi et al., JACS 131, 10857 (2009) describe
#: each Ti8 wheel with its 12 neighbours, 4 in the plane and 8 out of it, as a decorated
#: body-centred packing. As a graph, the body-centred tetragonal lattice with these 12 neighbours is
#: cubic close packing, fcu; bcu would have 8. MUV-10: (3,8)-connected.
PUBLISHED = {
    "HKUST-1": ("tbo", (3, 4)),
    "Ru-HKUST-1": ("tbo", (3, 4)),
    "Ru-HKUST-1-R-3m": ("tbo", (3, 4)),
    "MOF-5": ("pcu", (6,)),
    "UiO-66": ("fcu", (12,)),
    "UiO-66-dehydroxylated": ("fcu", (12,)),
    "MIL-125": ("fcu", (12,)),
    "MIL-125-NH2": ("fcu", (12,)),
    "MUV-10-Ca": ("the", (3, 8)),
    "MUV-10-Mn": ("the", (3, 8)),
    "ZIF-4": ("cag", (4,)),
}

#: Systre keys without the leading periodicity: vertex, vertex, shift of each edge.
SYSTRE_KEYS = {
    "tbo": "1 2 0 0 0 1 3 0 0 0 1 4 0 0 0 2 5 0 0 0 2 6 0 0 0 2 7 0 0 0 3 6 0 0 1 3 8 0 0 0 "
    "3 9 0 0 0 4 6 1 0 0 4 10 0 0 0 4 11 0 0 0 5 12 0 0 0 5 13 0 0 0 7 12 1 1 -1 7 13 0 1 0 "
    "8 12 0 0 0 8 14 0 0 0 9 12 1 1 0 9 14 0 1 0 10 13 0 0 0 10 14 0 0 0 11 13 1 1 0 11 14 1 1 -1",
    "pto": "1 2 0 0 0 1 3 0 0 0 1 4 0 0 0 2 5 0 0 0 2 6 0 0 0 2 7 0 0 0 3 7 0 0 1 3 8 0 0 0 "
    "3 9 0 0 0 4 6 -1 1 0 4 8 0 -1 0 4 10 0 0 0 5 11 0 0 0 5 12 0 0 0 6 12 0 0 1 7 11 -1 1 0 "
    "8 13 0 0 0 9 11 -1 2 1 9 13 0 0 1 10 12 -1 0 1 10 13 -1 0 0 11 14 0 0 0 12 14 0 1 0 "
    "13 14 0 1 0",
    "bor": "1 2 0 0 0 1 3 0 0 0 1 4 0 0 0 1 5 0 0 0 2 6 0 0 0 2 7 0 0 0 3 6 0 0 1 3 7 0 1 1 "
    "4 6 -1 0 1 4 7 0 0 1 5 6 -1 0 0 5 7 0 1 0",
    "fof": "1 2 0 0 0 1 3 0 0 0 1 4 0 0 0 1 5 0 0 0 2 5 1 -1 1 2 6 0 0 0 3 4 0 1 0 3 7 0 0 0 "
    "4 7 -1 0 0 5 6 0 0 -1 6 8 0 0 0 6 9 0 0 0 7 8 1 0 0 7 9 0 0 -1 8 9 0 -1 0",
    "nbo": "1 2 0 0 0 1 2 1 1 1 1 3 0 0 0 1 3 0 0 1 2 3 -1 0 0 2 3 0 -1 0",
    "cag": "1 2 0 0 0 1 3 0 0 0 1 4 0 0 0 1 5 0 0 0 2 3 -1 -1 -1 2 4 -1 0 0 2 6 0 0 0 "
    "3 4 -1 0 0 3 7 0 0 0 4 8 0 0 0 5 6 2 1 1 5 7 1 0 1 5 8 1 0 1 6 7 0 -1 0 6 8 0 0 1 7 8 1 1 1",
}


def systre_graph(key: str) -> QuotientGraph:
    numbers = list(map(int, key.split()))
    edges = tuple(
        (numbers[k] - 1, numbers[k + 1] - 1, tuple(numbers[k + 2 : k + 5]))
        for k in range(0, len(numbers), 5)
    )
    size = 1 + max(max(first, second) for first, second, _ in edges)
    return QuotientGraph(periodicity=3, labels=("vertex",) * size, edges=edges)


@pytest.mark.parametrize("name", PUBLISHED)
def test_net_of_a_bundled_framework(name):
    net = identify_net(find_clusters(read_structure(name)))
    assert (net.name, net.degrees) == PUBLISHED[name]
    assert net.verdict is NetVerdict.PROVEN
    assert net.n_copies == 1
    assert net.periodicity == 3


def test_hkust1_has_the_sequences_that_systre_prints():
    """Systre on HKUST-1: 24 edges in the ideal cell, Fm-3m, tbo, and these two sequences."""
    net = identify_net(find_clusters(read_structure("HKUST-1")))
    assert [(c.label, c.multiplicity, c.coordination_sequence) for c in net.vertex_classes] == [
        ("linker", 8, (3, 9, 15, 33, 45, 82, 90, 153, 150, 241)),
        ("Cu2", 6, (4, 8, 20, 30, 60, 68, 120, 126, 200, 180)),
    ]


@pytest.mark.parametrize("symbol", SYSTRE_KEYS)
def test_nets_from_coordinates_are_those_of_the_systre_keys(symbol):
    placed = smallest_cell(systre_graph(SYSTRE_KEYS[symbol]))
    assert placed.net.n_vertices == systre_graph(SYSTRE_KEYS[symbol]).n_vertices
    assert [name for name, net in NETS.items() if same_net(net, placed)] == [symbol]


def test_tbo_and_bor_differ_first_in_the_sixth_shell():
    """Why short coordination sequences do not do: both nets agree up to the fifth shell."""
    tbo, bor = (sorted(set(NETS[symbol].sequences)) for symbol in ("tbo", "bor"))
    assert [sequence[:5] for sequence in tbo] == [sequence[:5] for sequence in bor]
    assert [sequence[5] for sequence in tbo] == [82, 68]
    assert [sequence[5] for sequence in bor] == [84, 68]


#: Closed forms: O'Keeffe, Z. Kristallogr. 210, 905 (1995) for lattices, diamond and sodalite;
#: Conway and Sloane, Proc. R. Soc. Lond. A 453, 2369 (1997).
CLOSED_FORMS = {
    "pcu": lambda n: 4 * n * n + 2,
    "bcu": lambda n: 6 * n * n + 2,
    "fcu": lambda n: 10 * n * n + 2,
    "dia": lambda n: (5 * n * n) // 2 + 2,
    "sod": lambda n: 2 * n * n + 2,
    "sql": lambda n: 4 * n,
    "hcb": lambda n: 3 * n,
}

#: Database of Zeolite Structures (Baerlocher, McCusker): RHO, GIS, MTN; srs: OEIS A038620.
PRINTED = {
    "rho": {(4, 9, 17, 28, 42, 60, 81, 105, 132, 162)},
    "gis": {(4, 9, 18, 32, 48, 67, 92, 120, 150, 185)},
    "srs": {(3, 6, 12, 24, 35, 48, 69, 86, 108, 138)},
}


@pytest.mark.parametrize("symbol", CLOSED_FORMS)
def test_sequences_with_a_closed_form(symbol):
    expected = tuple(CLOSED_FORMS[symbol](n) for n in range(1, N_SHELLS + 1))
    assert set(NETS[symbol].sequences) == {expected}


@pytest.mark.parametrize("symbol", PRINTED)
def test_printed_sequences(symbol):
    assert set(NETS[symbol].sequences) == PRINTED[symbol]


def test_table_states_what_its_nets_are():
    """Degrees and periodicity are stated beside the coordinates; both must say the same."""
    for entry in reference_nets():
        net = NETS[entry.symbol].net
        assert {net.degree(vertex) for vertex in range(net.n_vertices)} == set(entry.degrees)
        assert net.periodicity == entry.periodicity
        assert entry.known_from
    assert len(NETS) > 40
    assert {"tbo", "pto", "nbo", "pcu", "fcu", "bcu", "the", "bor", "rht", "sql"} <= set(NETS)
