"""Orderings of HKUST-1: numbers found by other programs, the published order, the law of rods."""

from __future__ import annotations

from math import comb, log

import numpy as np
import pytest

from reticulum.frameworks.reading import read_structure
from reticulum.ordering.counts import count_orderings
from reticulum.ordering.linker_rule import parse_linker_rule
from reticulum.ordering.order import order
from reticulum.ordering.orderings import describe_ordering, iterate_orderings
from reticulum.ordering.problem import ordering_problem
from reticulum.ordering.rod_packings import (
    autocorrelation,
    cage_lattice,
    canonical_sequence,
    indistinguishable_sequences,
    layer_periods,
    like_distances,
    n_rod_packings,
    rod_packing,
    stacking_sequences,
)
from reticulum.ordering.sites import supercell_sites
from reticulum.ordering.study import study_rule
from reticulum.ordering.sublattice import cluster_sublattice

RULE = parse_linker_rule("Ru=1")
ONE = np.eye(3, dtype=np.int64)


@pytest.fixture(scope="module")
def hkust1():
    return cluster_sublattice(read_structure("HKUST-1"))


@pytest.fixture(scope="module")
def cages(hkust1):
    return cage_lattice(hkust1)


def test_primitive_cell_by_number_of_ruthenium(hkust1):
    """Eleven in all, as icet 4.0 finds; I4/mmm at 1:2 and 2:1 only."""
    found = {
        number: [
            (o.symmetry.space_group, o.multiplicity)
            for o in order(hkust1, ONE, {"Ru": [number]}).orderings
        ]
        for number in range(7)
    }
    assert found == {
        0: [("Fm-3m", 1)],
        1: [("Immm", 6)],
        2: [("I4/mmm", 3), ("C2/m", 12)],
        3: [("R-3m", 4), ("R-3m", 4), ("C2/m", 12)],
        4: [("I4/mmm", 3), ("C2/m", 12)],
        5: [("Immm", 6)],
        6: [("Fm-3m", 1)],
    }
    assert sum(len(entry) for entry in found.values()) == 11


@pytest.mark.parametrize(("number", "distinct"), [(4, 94), (12, 14834)])
def test_conventional_cell(hkust1, number, distinct):
    """94 and 14834, as SHRY 1.1.7 and bsym 2.2 find."""
    result = order(hkust1, hkust1.conventional, {"Ru": [number]})
    assert result.n_total == comb(24, number)
    assert result.n_inequivalent == len(result.orderings) == distinct
    assert sum(o.multiplicity for o in result.orderings) == comb(24, number)
    indices = [o.symmetry.index for o in result.orderings]
    assert indices == sorted(indices)


def test_published_order(hkust1):
    """[Ru2Cu4(btc)4Cl]: I4/mmm, a/√2 and c, each linker on one Ru2 [Gao2020]."""
    (ordering, _) = order(hkust1, ONE, {"Ru": [2]}).orderings
    assert ordering.symmetry.space_group == "I4/mmm"
    assert ordering.symmetry.index == 3
    assert ordering.linker_environments == {"Cu2+Cu2+Ru2": 8}
    assert ordering.wyckoff_split == {"Cu2": ["8f"], "Ru2": ["4c"]}
    assert ordering.long_range_order == pytest.approx(1.0)
    lengths = [np.linalg.norm([float(x) for x in row]) for row in ordering.symmetry.basis]
    assert lengths == pytest.approx([1 / np.sqrt(2), 1 / np.sqrt(2), 1.0])


CELLS = {
    "primitive": ONE,
    "2 2 2": 2 * ONE,
    "2 1 1": np.diag([2, 1, 1]),
    "3 3 3": 3 * ONE,
    "4 4 4": 4 * ONE,
    "4 2 3": np.diag([4, 2, 3]),
    "skew": np.array([[1, 2, 0], [0, 1, 3], [1, 0, 2]]),
    "conventional": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]),
    "flat": np.array([[-3, 3, 3], [1, -1, 1], [1, 1, -1]]),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_law_of_rods_holds_in_every_cell(hkust1, cages, name):
    """Search against 2^g_a + 2^g_b + 2^g_c - 3, and each ordering is a sequence of layers."""
    problem = ordering_problem(hkust1, CELLS[name], None, [RULE])
    orderings = list(iterate_orderings(problem))
    total = sum(o.multiplicity for o in orderings)
    assert (
        total == sum(1 for _ in problem.assignments()) == n_rod_packings(hkust1, problem.sites.form)
    )
    sequences = [rod_packing(o, "Ru", cages).sequence for o in orderings]
    assert len(set(sequences)) == len(sequences)
    allowed = {
        sequence
        for period in layer_periods(hkust1, problem.sites.form)
        for sequence in stacking_sequences(period)
    }
    assert set(sequences) == allowed
    for ordering in orderings:
        assert ordering.counts["Ru"] * 3 == problem.sites.n_sites


def test_384_clusters(hkust1):
    problem = ordering_problem(hkust1, 4 * ONE, {"Ru": 128}, [RULE])
    count = count_orderings(problem)
    assert (count.n_clusters, count.n_total, count.n_inequivalent) == (384, 45, 4)


def test_each_ruthenium_dimer_has_eight_copper_neighbours_in_every_packing(hkust1):
    from reticulum.frameworks.clusters import find_clusters
    from reticulum.ordering.structures import ordered_structure

    for ordering in iterate_orderings(ordering_problem(hkust1, 2 * ONE, None, [RULE])):
        graph = find_clusters(ordered_structure(ordering))
        for number, cluster in enumerate(graph.clusters):
            expected = {"Cu2": 8} if cluster.label == "Ru2" else {"Cu2": 4, "Ru2": 4}
            assert dict(graph.neighbour_labels(number)) == expected


def test_number_of_stacking_sequences():
    """Binary bracelets with the colours exchangeable: 1, 2, 2, 4, 4, 8, 9, 18, 23, 44."""
    assert [len(stacking_sequences(n)) for n in range(1, 11)] == [1, 2, 2, 4, 4, 8, 9, 18, 23, 44]


@pytest.mark.parametrize(
    ("sequence", "canonical"),
    [("yyyy", "x"), ("yx", "xy"), ("yyx", "xxy"), ("xyxyxy", "xy"), ("yxxxyx", "xxxyxy")],
)
def test_canonical_sequences(sequence, canonical):
    assert canonical_sequence(sequence) == canonical


def test_sequences_that_no_powder_pattern_tells_apart():
    assert all(indistinguishable_sequences(period) == () for period in range(1, 12))
    groups = indistinguishable_sequences(12)
    assert len(groups) == 4
    for group in groups:
        assert len(set(group)) == 2
        assert len({autocorrelation(sequence) for sequence in group}) == 1


def ordering_of(hkust1, cages, sequence):
    """Ordering with rods along a or b in the layers of a sequence along c."""
    period = len(sequence)
    assert period % 2 == 0
    quarters_of_cell = np.diag([4, 4, 2 * period])
    cell = np.rint(quarters_of_cell @ np.linalg.inv(cages.vectors)).astype(np.int64)
    sites = supercell_sites(hkust1, cell)
    n = hkust1.n_sites
    numbers = np.arange(sites.n_sites)
    quarters = cages.quarters[numbers % n] + sites.cells[numbers // n] @ cages.vectors
    layer = ((quarters[:, 2] - 1) // 2) % period
    wanted = np.array([0 if letter == "x" else 1 for letter in sequence])[layer]
    colours = (cages.axes[numbers % n] == wanted).astype(np.uint8)
    return describe_ordering(sites, ("Cu", "Ru"), colours)


def test_equal_autocorrelations_mean_equal_distances(hkust1, cages):
    """All pair distances of the metals, counted: equal for homometric sequences, else not."""
    one, other = indistinguishable_sequences(12)[0]
    third = next(s for s in stacking_sequences(12) if len(s) == 12 and s not in (one, other)
                 and s.count("x") == one.count("x"))  # fmt: skip
    counted = {}
    for sequence in (one, other, third):
        ordering = ordering_of(hkust1, cages, sequence)
        assert rod_packing(ordering, "Ru", cages).sequence == sequence
        assert set(ordering.linker_environments) == {"Cu2+Cu2+Ru2"}
        counted[sequence] = {
            distance: number / int((ordering.colours == 1).sum())
            for distance, number in like_distances(ordering, "Ru", cages, 14).items()
        }
    assert counted[one] == counted[other]
    assert counted[one] != counted[third]


def test_study_of_the_rule(hkust1):
    study = study_rule(hkust1, [RULE], multiples=(1, 2, 3, 4))
    assert [row.count.n_total for row in study.rows] == [3, 9, 21, 45]
    assert [row.predicted for row in study.rows] == [3, 9, 21, 45]
    assert [row.count.n_inequivalent for row in study.rows] == [1, 2, 2, 4]
    assert study.rows[3].entropy_per_cluster == pytest.approx(log(45) / 384)
    assert study.forced is False
    assert [p.sequence for p in study.packings] == ["x", "xy", "xxyy", "xxxy"]
    assert [p.runs for p in study.packings] == ["∞", "11", "22", "31"]
    assert [o.symmetry.space_group for o in study.orderings] == [
        "I4/mmm",
        "P4_2/nnm",
        "P4_2/mcm",
        "Cmme",
    ]


def test_two_of_a_metal_leave_one_of_the_other(hkust1):
    study = study_rule(hkust1, [parse_linker_rule("Ru=2")], multiples=(1, 2))
    assert [row.predicted for row in study.rows] == [3, 9]
    assert "Cu2 paddlewheels form endless straight rods" in study.answer


def test_other_rules_and_parents_get_numbers_and_no_law(hkust1):
    study = study_rule(hkust1, [parse_linker_rule("Ru<=1")], multiples=(1,))
    assert study.rows[0].count.n_total == 10
    assert study.law == ""
    assert study.rows[0].predicted is None
    rocksalt = study_rule(
        cluster_sublattice(read_structure("MOF-5")), [parse_linker_rule("Mg=1")], multiples=(1, 2)
    )
    assert [row.count.n_inequivalent for row in rocksalt.rows] == [1, 1]
    assert rocksalt.forced is True
