"""Distances of paddlewheels met in any framework: an ordering, a supercell, another net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.cluster_graph import ClusterKind
from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.distance_least_squares import DistanceFit, fit_distances
from reticulum.frameworks.paddlewheel_table import load_paddlewheel
from reticulum.frameworks.paddlewheel_targets import LocalDistances, paddlewheel_targets

if TYPE_CHECKING:
    from ase import Atoms


def meet_paddlewheel_distances(
    atoms: Atoms,
    *,
    parent: Atoms | None = None,
    distances: Mapping[str, LocalDistances] | None = None,
    free_cell: bool = False,
) -> DistanceFit:
    """Move atoms within the space group until the metals of paddlewheels have their distances.

    Parameters
    ----------
    atoms
        Framework whose metals were exchanged. Not changed.
    parent
        Same atoms in the same order with the geometry that the linkers shall keep; `atoms`
        itself if None, as when metals were exchanged with all distances kept.
    distances
        Wanted distances of each metal, Å; tabulated ones for metals that are missing.
    free_cell
        Let the lattice parameters that the crystal system leaves free change too.

    Returns
    -------
    DistanceFit
        With every target and what was met.

    Raises
    ------
    InputError
        If there is no paddlewheel, or a metal has no distances and is not in the table.

    Notes
    -----
    *Valid when* the parent's linkers are sound; distances carry no energy, so the result is a
    starting geometry.

    """
    geometry = atoms if parent is None else parent
    bonds = find_bonds(geometry)
    clusters = find_clusters(geometry, bonds)
    symbols = atoms.get_chemical_symbols()
    wanted = dict(distances or {})
    for cluster in clusters.clusters:
        for site in cluster.metals if cluster.kind is ClusterKind.PADDLEWHEEL else ():
            metal = symbols[site.index]
            if metal not in wanted:
                pair = load_paddlewheel(metal)
                wanted[metal] = LocalDistances(
                    metal_oxygen_a=pair.metal_oxygen_a.value,
                    metal_metal_a=pair.metal_metal_a.value,
                )
    targets, heights = paddlewheel_targets(atoms, geometry, wanted, graph=bonds, clusters=clusters)
    return fit_distances(atoms, targets, heights, free_cell=free_cell)
