"""Arrangements of HKUST-1 in which each linker meets exactly one Ru2: not only I4/mmm.

Run: python examples/ordered_paddlewheels.py
"""

from __future__ import annotations

import numpy as np

from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.reading import read_structure
from reticulum.ordering.linker_rule import parse_linker_rule
from reticulum.ordering.order import order
from reticulum.ordering.rod_packings import cage_lattice, rod_packing
from reticulum.ordering.structures import ordered_structure
from reticulum.ordering.sublattice import cluster_sublattice


def main() -> None:
    parent = cluster_sublattice(read_structure("HKUST-1"))
    cages = cage_lattice(parent)
    found = order(parent, 4 * np.eye(3, dtype=int), {"Ru": [128]}, [parse_linker_rule("Ru=1")])
    print(f"{found.n_total} assignments of 384 paddlewheels, {found.n_inequivalent} inequivalent:")
    for ordering in found.orderings:
        packing = rod_packing(ordering, "Ru", cages)
        graph = find_clusters(ordered_structure(ordering))
        ruthenium = next(n for n, c in enumerate(graph.clusters) if c.label == "Ru2")
        neighbours = dict(graph.neighbour_labels(ruthenium))
        print(f"{ordering.symmetry.space_group:9s} {ordering.multiplicity:2d} times")
        print(f"    {packing.in_words}; neighbours of each Ru2: {neighbours}")


if __name__ == "__main__":
    main()
