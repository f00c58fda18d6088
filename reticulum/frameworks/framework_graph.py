"""What a framework is made of: kinds of clusters and linkers, their neighbours, and the net."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from reticulum.frameworks.bonds import BondGraph, BondKind, find_bonds
from reticulum.frameworks.cluster_graph import ClusterGraph, ClusterKind, Linker
from reticulum.frameworks.clusters import find_clusters, require_finite_clusters
from reticulum.frameworks.nets import NetIdentity, identify_nets

#: Shortest and longest of some distances, Å.
Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSummary:
    """All clusters of a cell with the same metals and form.

    Attributes
    ----------
    label
        Metals as a formula: Cu2.
    kind
        Paddlewheel or other.
    count
        How many there are in the cell.
    metal_distance_a
        Range of distances between the two metals of pairs, Å; None for other clusters.
    bonds_a
        Range of bond lengths by elements, as in ``Cu-O``, Å.
    linkers
        Numbers of linkers that a cluster of this kind can have, each once.
    neighbours
        Neighbourhoods and how many of the clusters have them. A neighbourhood lists labels of
        clusters with how many of each share a linker with the cluster.

    """

    label: str
    kind: ClusterKind
    count: int
    metal_distance_a: Range | None
    bonds_a: Mapping[str, Range]
    linkers: tuple[int, ...]
    neighbours: tuple[tuple[tuple[tuple[str, int], ...], int], ...]

    def neighbour_sentences(self) -> tuple[str, ...]:
        """Neighbours in words: every Ru2 has 8 Cu2 neighbours."""
        return tuple(
            f"{f'every {self.label}' if number == self.count else f'{number} {self.label}'} "
            f"{'has' if number in (1, self.count) else 'have'} "
            f"{' and '.join(f'{count} {label}' for label, count in around) or 'no'} neighbours"
            for around, number in self.neighbours
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "label": self.label,
            "kind": self.kind.value,
            "count": self.count,
            "metal_distance_angstrom": None
            if self.metal_distance_a is None
            else list(self.metal_distance_a),
            "bonds_angstrom": {pair: list(ends) for pair, ends in self.bonds_a.items()},
            "linkers": list(self.linkers),
            "neighbours": [
                {"clusters": number, "neighbours": dict(around)}
                for around, number in self.neighbours
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkerSummary:
    """All linkers of a cell with the same formula that join the same kinds of clusters.

    Attributes
    ----------
    formula
        In Hill order.
    n_joints
        Number of clusters that each joins.
    environment
        Labels of these clusters, as in ``Cu2+Cu2+Ru2``.
    count
        How many there are in the cell.

    """

    formula: str
    n_joints: int
    environment: str
    count: int

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "formula": self.formula,
            "n_joints": self.n_joints,
            "environment": self.environment,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameworkGraph:
    """Clusters, linkers and net of a framework.

    Attributes
    ----------
    graph
        Every cluster and linker of the cell.
    clusters, linkers
        By kind, in alphabetical order.
    nets
        Underlying nets, each kind once; more than one only where different nets interpenetrate.

    """

    graph: ClusterGraph
    clusters: tuple[ClusterSummary, ...]
    linkers: tuple[LinkerSummary, ...]
    nets: tuple[NetIdentity, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "cluster_kinds": [cluster.to_dict() for cluster in self.clusters],
            "linker_kinds": [linker.to_dict() for linker in self.linkers],
            "nets": [net.to_dict() for net in self.nets],
        } | self.graph.to_dict()


def framework_graph(atoms: Atoms, what: str = "the framework") -> FrameworkGraph:
    """Clusters, linkers, neighbours and underlying net of a framework.

    Parameters
    ----------
    atoms
        Structure in any cell, also a relaxed or distorted one. Not changed.
    what
        Its name in error messages.

    Raises
    ------
    InputError
        If there is no metal, the metals form endless rods, no linker joins clusters, or atoms
        overlap.

    """
    bonds = find_bonds(atoms)
    graph = find_clusters(atoms, bonds)
    require_finite_clusters(graph, what)
    kinds = sorted({(cluster.label, cluster.kind.value) for cluster in graph.clusters})
    linkers = Counter(_linker_kind(atoms, graph, linker) for linker in graph.linkers)
    return FrameworkGraph(
        graph=graph,
        clusters=tuple(
            _summary(atoms, bonds, graph, label, ClusterKind(kind)) for label, kind in kinds
        ),
        linkers=tuple(
            LinkerSummary(formula=formula, n_joints=joints, environment=environment, count=count)
            for (formula, joints, environment), count in sorted(linkers.items())
        ),
        nets=identify_nets(graph),
    )


def _summary(
    atoms: Atoms, bonds: BondGraph, graph: ClusterGraph, label: str, kind: ClusterKind
) -> ClusterSummary:
    members = [
        number
        for number, cluster in enumerate(graph.clusters)
        if cluster.label == label and cluster.kind is kind
    ]
    clusters = [graph.clusters[number] for number in members]
    distances = [
        cluster.metal_distance_a for cluster in clusters if cluster.metal_distance_a is not None
    ]
    around = Counter(tuple(sorted(graph.neighbour_labels(number).items())) for number in members)
    metals = {site.index for cluster in clusters for site in cluster.metals}
    return ClusterSummary(
        label=label,
        kind=kind,
        count=len(members),
        metal_distance_a=(min(distances), max(distances)) if distances else None,
        bonds_a=_bond_ranges(atoms, bonds, metals),
        linkers=tuple(sorted({len(graph.linkers_of(number)) for number in members})),
        neighbours=tuple(sorted(around.items())),
    )


def _bond_ranges(atoms: Atoms, bonds: BondGraph, metals: set[int]) -> dict[str, Range]:
    """Shortest and longest bond of some metals to each element, Å."""
    symbols = atoms.get_chemical_symbols()
    found: dict[str, list[float]] = {}
    coordination = np.flatnonzero(bonds.kinds == BondKind.COORDINATION)
    for index in coordination.tolist():
        ends = int(bonds.first[index]), int(bonds.second[index])
        metal = [atom for atom in ends if atom in metals]
        if metal:
            donor = ends[1] if metal[0] == ends[0] else ends[0]
            pair = f"{symbols[metal[0]]}-{symbols[donor]}"
            found.setdefault(pair, []).append(float(bonds.distances[index]))
    return {pair: (min(lengths), max(lengths)) for pair, lengths in sorted(found.items())}


def _linker_kind(atoms: Atoms, graph: ClusterGraph, linker: Linker) -> tuple[str, int, str]:
    formula = atoms[[site.index for site in linker.atoms]].get_chemical_formula("hill")
    labels = sorted(graph.clusters[joint.index].label for joint in linker.joints)
    return str(formula), len(labels), "+".join(labels)
