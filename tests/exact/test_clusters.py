"""Clusters, linkers and neighbours of the bundled frameworks, as they are and distorted."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, make_supercell, molecule

from reticulum.errors import InputError
from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.cluster_graph import ClusterKind
from reticulum.frameworks.clusters import find_clusters, require_finite_clusters
from reticulum.frameworks.framework_graph import framework_graph
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive

#: Framework: cluster, kind, clusters and linkers of the primitive cell, clusters that a linker
#: joins, linkers and neighbours of a cluster.
FRAMEWORKS = {
    "HKUST-1": ("Cu2", ClusterKind.PADDLEWHEEL, 6, 8, 3, 4, 8),
    "Ru-HKUST-1": ("Ru2", ClusterKind.PADDLEWHEEL, 6, 8, 3, 4, 8),
    "Ru-HKUST-1-R-3m": ("Ru2", ClusterKind.PADDLEWHEEL, 6, 8, 3, 4, 8),
    "MIL-125": ("Ti8", ClusterKind.CLUSTER, 1, 6, 2, 12, 12),
    "MIL-125-NH2": ("Ti8", ClusterKind.CLUSTER, 1, 6, 2, 12, 12),
    "MOF-5": ("Zn4", ClusterKind.CLUSTER, 2, 6, 2, 6, 6),
    "MUV-10-Ca": ("Ca2Ti2", ClusterKind.CLUSTER, 3, 8, 3, 8, 8),
    "MUV-10-Mn": ("Mn2Ti2", ClusterKind.CLUSTER, 3, 8, 3, 8, 8),
    "UiO-66": ("Zr6", ClusterKind.CLUSTER, 1, 6, 2, 12, 12),
    "UiO-66-dehydroxylated": ("Zr6", ClusterKind.CLUSTER, 1, 6, 2, 12, 12),
    "ZIF-4": ("Zn", ClusterKind.CLUSTER, 16, 32, 2, 4, 4),
}

#: Standard deviation of each coordinate of a rattled structure, Å; a hot framework has about 0.1 Å
#: for the softest atoms.
RATTLE_A = 0.05


@cache
def stored_primitive(name):
    return symmetrised_primitive(read_structure(name)).atoms


def primitive(name):
    return stored_primitive(name).copy()


def content(atoms):
    """Clusters and linkers per atom, with all that can be said about them without positions."""
    graph = find_clusters(atoms)
    clusters = Counter(
        (
            cluster.label,
            cluster.kind,
            len(graph.linkers_of(number)),
            tuple(sorted(graph.neighbour_labels(number).items())),
        )
        for number, cluster in enumerate(graph.clusters)
    )
    both = [*clusters.items(), *graph.linker_environments().items()]
    return {key: Fraction(count, len(atoms)) for key, count in both}


def stretched_pairs(atoms, distance_a):
    """The metals of every pair moved apart along their axis."""
    moved = atoms.copy()
    for cluster in find_clusters(atoms).clusters:
        ends = [atoms.positions[s.index] + s.shift @ atoms.cell.array for s in cluster.metals]
        axis = ends[1] - ends[0]
        step = (distance_a / np.linalg.norm(axis) - 1.0) / 2.0 * axis
        moved.positions[cluster.metals[0].index] -= step
        moved.positions[cluster.metals[1].index] += step
    return moved


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_clusters_and_linkers_of_a_framework(name):
    label, kind, n_clusters, n_linkers, n_joints, linkers_each, neighbours_each = FRAMEWORKS[name]
    graph = find_clusters(primitive(name))
    assert [(c.label, c.kind) for c in graph.clusters] == [(label, kind)] * n_clusters
    assert [len(linker.joints) for linker in graph.linkers] == [n_joints] * n_linkers
    for number in range(n_clusters):
        assert len(graph.linkers_of(number)) == linkers_each
        assert graph.neighbour_labels(number) == {label: neighbours_each}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_conventional_cell_says_the_same_as_the_primitive_one(name):
    assert content(read_structure(name)) == content(primitive(name))


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_joints_are_mutual(name):
    """A linker is on a cluster exactly as often as the cluster is on the linker."""
    graph = find_clusters(primitive(name))
    seen = Counter(
        (linker.index, number, tuple(-x for x in linker.shift))
        for number in range(len(graph.clusters))
        for linker in graph.linkers_of(number)
    )
    assert seen == Counter(
        (number, joint.index, joint.shift)
        for number, linker in enumerate(graph.linkers)
        for joint in linker.joints
    )


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_each_metal_is_in_the_cluster_that_it_is_said_to_be_in(name):
    graph = find_clusters(primitive(name))
    assert sum(len(cluster.metals) for cluster in graph.clusters) == len(graph.cluster_of_metal)
    for number, cluster in enumerate(graph.clusters):
        assert cluster.metals[0].shift == (0, 0, 0)
        for site in cluster.metals:
            owner = graph.cluster_of_metal[site.index]
            assert owner.index == number
            assert tuple(np.add(owner.shift, site.shift)) == (0, 0, 0)


@pytest.mark.parametrize("name", ["Mg-MOF-74", "Zn-MOF-74", "calcite"])
def test_endless_metals_are_refused(name):
    graph = find_clusters(read_structure(name))
    assert {cluster.kind for cluster in graph.clusters} == {ClusterKind.ROD}
    with pytest.raises(InputError, match=f"metals of {name} form endless rods, layers or networks"):
        require_finite_clusters(graph, name)


def test_metal_distance_of_paddlewheels():
    copper = find_clusters(primitive("HKUST-1")).clusters
    assert [c.metal_distance_a for c in copper] == pytest.approx([2.630] * 6, abs=0.001)
    assert find_clusters(primitive("MOF-5")).clusters[0].metal_distance_a is None


@pytest.mark.parametrize("name", ["HKUST-1", "Ru-HKUST-1"])
@pytest.mark.parametrize("distance_a", [2.2, 3.0, 3.4])
def test_paddlewheel_is_found_whatever_its_metal_metal_distance(name, distance_a):
    atoms = primitive(name)
    moved = stretched_pairs(atoms, distance_a)
    clusters = find_clusters(moved).clusters
    assert [c.metal_distance_a for c in clusters] == pytest.approx([distance_a] * 6)
    assert content(moved) == content(atoms)


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("seed", [1, 2])
def test_rattled_framework_has_the_same_graph(name, seed):
    atoms = primitive(name)
    rattled = atoms.copy()
    rattled.rattle(RATTLE_A, seed=seed)
    assert content(rattled) == content(atoms)


@pytest.mark.parametrize("name", ["HKUST-1", "MOF-5", "UiO-66", "ZIF-4"])
def test_wrapping_and_unwrapping_changes_nothing(name):
    atoms = primitive(name)
    wrapped = atoms.copy()
    wrapped.positions += [0.3, 4.0, -2.0]
    wrapped.wrap()
    scattered = atoms.copy()
    cells = np.random.default_rng(0).integers(-3, 4, (len(atoms), 3))
    scattered.positions += cells @ atoms.cell.array
    assert content(wrapped) == content(scattered) == content(atoms)
    centres = [find_clusters(a).clusters[0].metal_distance_a for a in (atoms, scattered)]
    assert centres[0] == (centres[1] if centres[1] is None else pytest.approx(centres[1]))


@pytest.mark.parametrize("name", ["HKUST-1", "MOF-5", "MIL-125"])
@pytest.mark.parametrize(
    "matrix", [[[2, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 1, 0], [0, 1, 2], [1, 0, 1]]]
)
def test_supercell_has_the_same_graph(name, matrix):
    atoms = primitive(name)
    larger = make_supercell(atoms, matrix)
    assert len(larger) > len(atoms)
    assert content(larger) == content(atoms)


def with_one_ruthenium_pair_on_each_linker():
    """Primitive HKUST-1 with two of six pairs Ru2, one of the ways to meet the rule."""
    atoms = primitive("HKUST-1")
    graph = find_clusters(atoms)
    for chosen in combinations(range(6), 2):
        met = [sum(joint.index in chosen for joint in li.joints) for li in graph.linkers]
        if met == [1] * len(graph.linkers):
            for cluster in chosen:
                for site in graph.clusters[cluster].metals:
                    atoms.symbols[site.index] = "Ru"
            return atoms
    raise AssertionError("no arrangement meets the rule")


def test_ordered_ruthenium_copper_framework():
    """The published order: eight Cu2 around Ru2, four Cu2 and four Ru2 around Cu2."""
    graph = find_clusters(with_one_ruthenium_pair_on_each_linker())
    assert Counter(cluster.label for cluster in graph.clusters) == {"Cu2": 4, "Ru2": 2}
    for number, cluster in enumerate(graph.clusters):
        expected = {"Cu2": 8} if cluster.label == "Ru2" else {"Cu2": 4, "Ru2": 4}
        assert graph.neighbour_labels(number) == expected
    assert graph.linker_environments() == {"Cu2+Cu2+Ru2": 8}


def test_summary_of_the_ordered_framework():
    found = framework_graph(with_one_ruthenium_pair_on_each_linker())
    assert [c.neighbour_sentences() for c in found.clusters] == [
        ("every Cu2 has 4 Cu2 and 4 Ru2 neighbours",),
        ("every Ru2 has 8 Cu2 neighbours",),
    ]
    assert [(li.formula, li.n_joints, li.environment, li.count) for li in found.linkers] == [
        ("C9H3O6", 3, "Cu2+Cu2+Ru2", 8)
    ]
    assert [net.name for net in found.nets] == ["tbo"]
    assert [entry.label for entry in found.nets[0].vertex_classes] == ["linker", "Cu2/Ru2"]


def test_summary_of_unequal_neighbourhoods():
    atoms = primitive("HKUST-1")
    for site in find_clusters(atoms).clusters[0].metals:
        atoms.symbols[site.index] = "Zn"
    copper, zinc = framework_graph(atoms).clusters
    assert copper.neighbour_sentences() == (
        "4 Cu2 have 6 Cu2 and 2 Zn2 neighbours",
        "1 Cu2 has 8 Cu2 neighbours",
    )
    assert zinc.neighbour_sentences() == ("every Zn2 has 8 Cu2 neighbours",)


def test_bond_ranges_of_the_summary():
    ruthenium = framework_graph(primitive("Ru-HKUST-1")).clusters[0]
    assert ruthenium.bonds_a["Ru-Cl"] == pytest.approx((2.450, 2.450), abs=0.001)
    assert ruthenium.bonds_a["Ru-O"] == pytest.approx((2.020, 2.020), abs=0.001)
    assert ruthenium.metal_distance_a == pytest.approx((2.285, 2.285), abs=0.001)


def test_half_mixed_pair_is_one_cluster():
    atoms = primitive("HKUST-1")
    atoms.symbols[find_clusters(atoms).clusters[0].metals[0].index] = "Zn"
    graph = find_clusters(atoms)
    assert graph.clusters[0].label == "CuZn"
    assert graph.clusters[0].kind is ClusterKind.PADDLEWHEEL


def test_result_is_plain_json():
    graph = find_clusters(primitive("HKUST-1"))
    values = json.loads(json.dumps(graph.to_dict()))
    assert len(values["clusters"]) == 6
    assert values["clusters"][0]["neighbours"] == {"Cu2": 8}
    assert values["linker_environments"] == {"Cu2+Cu2+Cu2": 8}


def test_structure_is_not_changed():
    atoms = primitive("HKUST-1")
    before = atoms.copy()
    framework_graph(atoms)
    assert atoms == before


def test_guests_are_no_linkers():
    atoms = primitive("HKUST-1")
    guest = molecule("N2", cell=atoms.cell, pbc=True)
    free = max(
        (np.array(point) @ atoms.cell.array for point in np.ndindex(4, 4, 4) if any(point)),
        key=lambda p: _distance_to(atoms, p / 4),
    )
    guest.positions += free / 4
    assert _distance_to(atoms, free / 4) > 3.5
    graph = find_clusters(atoms + guest)
    assert len(graph.linkers) == 8


def _distance_to(atoms, place):
    probe = atoms + Atoms("He", positions=[place])
    return probe.get_distances(len(atoms), range(len(atoms)), mic=True).min()


def test_no_metal():
    with pytest.raises(InputError, match="has no metal atom"):
        find_clusters(bulk("C"))


def test_metal_without_linkers():
    box = Atoms("CuOH2", [[5, 5, 5], [6.9, 5, 5], [7.5, 5.7, 5], [7.5, 4.3, 5]], pbc=True)
    box.cell = [12, 12, 12]
    with pytest.raises(InputError, match="No linker joins the metals of the salt"):
        framework_graph(box, "the salt")


def test_endless_chain_of_covalent_bonds():
    sheet = graphene(vacuum=6.0)
    sheet.pbc = True
    sheet += Atoms("Cu", [sheet.positions[0] + [0, 0, 2.0]])
    with pytest.raises(InputError, match="endless chain of covalent bonds"):
        find_clusters(sheet)


def test_overlapping_atoms():
    atoms = primitive("HKUST-1")
    twin = atoms[:1]
    twin.positions += 0.2
    with pytest.raises(InputError, match=r"are only 0\.346 Å apart"):
        find_clusters(atoms + twin)


def test_bonds_of_another_structure():
    with pytest.raises(InputError, match="do not belong together"):
        find_clusters(primitive("HKUST-1"), find_bonds(primitive("MOF-5")))


def test_bonds_at_hand_are_used():
    """Bonds of the undistorted structure hold where the distorted one has lost them."""
    atoms = primitive("HKUST-1")
    torn = stretched_pairs(atoms, 6.4)
    assert content(torn) != content(atoms)
    graph = find_clusters(torn, find_bonds(atoms))
    assert [c.metal_distance_a for c in graph.clusters] == pytest.approx([6.4] * 6)
