"""What must not change the orderings of a framework, and what must change them predictably."""

from __future__ import annotations

from collections import Counter
from math import comb

import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st

from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.ordering.colouring_counts import n_assignments, n_distinct, n_distinct_in_cell
from reticulum.ordering.order import order, order_up_to_index
from reticulum.ordering.orderings import describe_ordering, images_of, iterate_orderings
from reticulum.ordering.problem import ordering_problem
from reticulum.ordering.sites import supercell_sites
from reticulum.ordering.structures import ordered_structure
from reticulum.ordering.sublattice import cluster_sublattice
from reticulum.ordering.supercells import inequivalent_superlattices
from reticulum.ordering.symmetry import _marked

CELLS = [np.diag([1, 1, 1]), np.diag([2, 1, 1]), np.array([[1, 1, 0], [0, 2, 1], [1, 0, 1]])]


@pytest.fixture(scope="module")
def hkust1():
    return cluster_sublattice(read_structure("HKUST-1"))


@pytest.mark.parametrize("cell", CELLS)
def test_relabelling_metals_maps_counts_to_the_rest(hkust1, cell):
    n = supercell_sites(hkust1, cell).n_sites
    for number in range(min(n, 4) + 1):
        few = order(hkust1, cell, {"Ru": [number]})
        many = order(hkust1, cell, {"Ru": [n - number]})
        swap = str.maketrans({"C": "R", "R": "C"})  # Cu <-> Ru; both end in u
        exchanged = Counter(
            (o.multiplicity, o.symmetry.space_group, o.symmetry.index,
             tuple(sorted((
                 "+".join(sorted(k.translate(swap).split("+"))), v
             ) for k, v in o.linker_environments.items())))
            for o in few.orderings
        )  # fmt: skip
        same = Counter(
            (o.multiplicity, o.symmetry.space_group, o.symmetry.index,
             tuple(sorted(o.linker_environments.items())))
            for o in many.orderings
        )  # fmt: skip
        assert exchanged == same
        assert few.n_inequivalent == len(few.orderings) == many.n_inequivalent


@pytest.mark.parametrize("cell", CELLS)
def test_multiplicities_add_up_to_binomials(hkust1, cell):
    n = supercell_sites(hkust1, cell).n_sites
    for number in range(min(n, 5) + 1):
        result = order(hkust1, cell, {"Ru": [number]})
        assert sum(o.multiplicity for o in result.orderings) == comb(n, number) == result.n_total


def test_three_metals_add_up_to_the_multinomial(hkust1):
    result = order(hkust1, np.diag([1, 1, 2]), {"Ru": [3], "Zn": [2]})
    assert sum(o.multiplicity for o in result.orderings) == n_assignments((7, 3, 2))
    assert len(result.orderings) == result.n_inequivalent


@given(
    numbers=st.permutations([0] * 16 + [1] * 8),
    operation=st.integers(0, 191),
)
@settings(max_examples=40, deadline=None)
def test_an_operation_leaves_the_description_unchanged(hkust1, numbers, operation):
    sites = supercell_sites(hkust1, hkust1.conventional)
    colours = np.array(numbers, dtype=np.uint8)
    image = images_of(sites, colours)[operation]
    one = describe_ordering(sites, ("Cu", "Ru"), colours)
    other = describe_ordering(sites, ("Cu", "Ru"), image)
    assert one.symmetry.space_group == other.symmetry.space_group
    assert one.symmetry.index == other.symmetry.index
    assert one.multiplicity == other.multiplicity
    assert one.linker_environments == other.linker_environments
    assert one.long_range_order == pytest.approx(other.long_range_order, abs=1e-12)


def test_cells_that_symmetry_turns_around_count_once(hkust1):
    """In a cell of low symmetry, repeats of a smaller cell in other directions are the same."""
    problem = ordering_problem(hkust1, np.diag([2, 1, 1]), {"Ru": 4})
    distinct = n_distinct(problem.sites, problem.counts)
    in_cell = n_distinct_in_cell(problem.sites, problem.counts)
    found = list(iterate_orderings(problem))
    assert len(found) == distinct == 34
    assert in_cell == 36
    # each orientation of I4/mmm is an ordering of the cell, and all three are one class
    tetragonal = [o for o in found if o.symmetry.space_group == "I4/mmm"]
    assert [o.multiplicity for o in tetragonal] == [3]


def test_up_to_an_index_every_ordering_comes_once(hkust1):
    result = order_up_to_index(hkust1, 3, {"Ru": [1]})
    for index in (1, 2, 3):
        cells = [entry for entry in result.compositions if entry.count.n_clusters == 6 * index]
        own = [o for o in result.orderings if o.sites.index == index]
        assert len(own) == sum(entry.count.n_inequivalent for entry in cells)
    # the cubic 2 x 2 x 2 cell holds every ordering of index 1 and 2 with the same composition
    names = Counter(
        (o.symmetry.space_group, o.symmetry.index) for o in result.orderings if o.sites.index <= 2
    )
    big = ordering_problem(hkust1, np.diag([2, 2, 2]), {"Ru": 8})
    total = 0
    for ordering in result.orderings:
        if ordering.sites.index <= 2:
            again = describe_ordering(big.sites, big.metals, ordering.colours_in(big.sites.form))
            assert again.symmetry.index == ordering.symmetry.index
            assert again.sites.index == ordering.sites.index
            total += 1
    assert total == sum(names.values()) > 10


def moved_parent(axes, shift, angle, rattle=0.0):
    """HKUST-1 in its conventional cell with other axes, origin and orientation."""
    import spglib
    from ase import Atoms

    atoms = read_structure("HKUST-1")
    cell, scaled, numbers = spglib.standardize_cell(
        (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers)
    )
    other = Atoms(numbers=numbers, scaled_positions=scaled[:, axes] + shift, cell=cell, pbc=True)
    other.rotate(angle, (1.0, 2.0, -0.5), rotate_cell=True)
    order_of_atoms = np.random.default_rng(5).permutation(len(other))
    return other[order_of_atoms]


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
@pytest.mark.parametrize(
    ("axes", "shift", "angle"),
    [
        ([1, 2, 0], [0.0, 0.0, 0.0], 0.0),
        ([2, 1, 0], [0.137, 0.291, 0.773], 0.0),
        ([0, 2, 1], [0.5, 0.25, 0.125], 33.0),
    ],
)
def test_origin_axes_and_orientation_of_the_parent_change_nothing(hkust1, axes, shift, angle):
    other = cluster_sublattice(moved_parent(axes, shift, angle), "moved")
    assert (other.space_group, other.n_sites) == ("Fm-3m", 6)
    for cells in (np.eye(3, dtype=np.int64), hkust1.conventional):
        here, there = (order(one, cells, {"Ru": [3]}) for one in (hkust1, other))
        # the same list in the same order: letters, transformations, representatives
        assert [o.to_dict() for o in there.orderings] == [o.to_dict() for o in here.orderings]
        assert len(here.orderings) == here.n_inequivalent


@pytest.mark.parametrize("number", [2, 3])
def test_the_atoms_have_the_space_group_that_was_named(hkust1, number):
    """spglib on all atoms against the subgroup known from the clusters."""
    cell = np.diag([1, 1, 2])
    for ordering in order(hkust1, cell, {"Ru": [number]}).orderings:
        atoms = ordered_structure(ordering)
        assert symmetry_of(atoms).number == ordering.symmetry.space_group_number
        scale = ordering.n_clusters // ordering.sites.n_sites
        environments = {
            key: value * scale for key, value in find_clusters(atoms).linker_environments().items()
        }
        assert environments == ordering.linker_environments


@pytest.mark.parametrize("name", ["HKUST-1", "Ru-HKUST-1-R-3m"])
def test_groups_named_from_operations_are_those_of_marker_atoms(name):
    parent = cluster_sublattice(read_structure(name))
    other = "Ru" if parent.metal == "Cu" else "Cu"
    cells = [
        parent.conventional,
        np.diag([1, 1, 2]),
        *inequivalent_superlattices(3, parent.rotations),
    ]
    groups = {
        found.symmetry
        for cell in cells
        for found in order(parent, cell, {other: [1, 2, 3]}).orderings
    }
    assert len(groups) > 20
    for group in groups:
        marked = _marked(group.sites, group.stabiliser)
        assert (marked.international, marked.number) == (
            group.space_group, group.space_group_number
        )  # fmt: skip
        assert group.index == parent.order * group.sites.index // len(marked.rotations)


def test_labels_and_multiplicities_need_no_search_for_symmetry(hkust1, monkeypatch):
    problem = ordering_problem(hkust1, hkust1.conventional, {"Ru": 4})
    for name in ("get_symmetry_dataset", "get_spacegroup_type_from_symmetry"):
        monkeypatch.delattr(spglib, name)
    found = list(iterate_orderings(problem))
    assert sum(ordering.multiplicity for ordering in found) == comb(24, 4)
    assert min(ordering.index for ordering in found) == 6


def test_an_ordering_in_a_larger_cell_is_the_same_crystal(hkust1):
    ordering = order(hkust1, np.eye(3, dtype=np.int64), {"Ru": [2]}).orderings[0]
    larger = ordered_structure(ordering, np.diag([2, 1, 1]))
    assert len(larger) == 2 * len(ordered_structure(ordering))
    assert symmetry_of(larger).number == ordering.symmetry.space_group_number == 139


def test_long_range_order_of_two_sublattices_is_that_of_bragg_and_williams(hkust1):
    """2 of 6 sublattices hold Ru: S = r - (1 - r) / 2, r the share of those places that is Ru."""
    sites = supercell_sites(hkust1, np.diag([3, 1, 1]))
    ordered = order(hkust1, np.eye(3, dtype=np.int64), {"Ru": [2]}).orderings[0]
    colours = ordered.colours_in(sites.form)
    assert describe_ordering(sites, ("Cu", "Ru"), colours).long_range_order == pytest.approx(1.0)
    # exchange one Ru2 with one Cu2 on each of the two and of two other sublattices
    by_cell = colours.reshape(3, 6).copy()
    ruthenium = np.flatnonzero(by_cell[0] == 1)
    copper = np.flatnonzero(by_cell[0] == 0)
    by_cell[0, ruthenium] = 0
    by_cell[0, copper[0]] = by_cell[1, copper[1]] = 1
    found = describe_ordering(sites, ("Cu", "Ru"), by_cell.ravel()).long_range_order
    # f = 2/3, 2/3, 1/3, 1/3, 0, 0 with c = 1/3: the definition worked out by hand
    assert found == pytest.approx(np.sqrt((2 / 9 + 2 / 9) / (6 * 2 / 9)))
