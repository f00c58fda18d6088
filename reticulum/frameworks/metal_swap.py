"""Other metals in the clusters of a framework, whole clusters at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ase.data import atomic_numbers

from reticulum.errors import InputError
from reticulum.frameworks.cluster_graph import ClusterGraph
from reticulum.frameworks.clusters import find_clusters

if TYPE_CHECKING:
    from ase import Atoms


def swap_metals(
    atoms: Atoms, metals: str | Mapping[int, str], *, graph: ClusterGraph | None = None
) -> Atoms:
    """Structure with other metals in whole clusters; positions and distances are kept.

    Parameters
    ----------
    atoms
        A framework. Not changed.
    metals
        Symbol for every cluster, or a symbol for each cluster number (`ClusterGraph.clusters`);
        clusters without an entry keep their metals.
    graph
        Clusters of `atoms`, if at hand.

    Returns
    -------
    ase.Atoms
        Same atoms in the same order.

    Raises
    ------
    InputError
        If a symbol is no element, a cluster does not exist, or there is no metal.

    """
    found = find_clusters(atoms) if graph is None else graph
    wanted = (
        dict.fromkeys(range(len(found.clusters)), metals)
        if isinstance(metals, str)
        else dict(metals)
    )
    swapped = atoms.copy()
    for number, symbol in wanted.items():
        if symbol not in atomic_numbers or atomic_numbers[symbol] == 0:
            raise InputError(
                f"{symbol!r} is no chemical element.", fix="Give a symbol such as Cu or Ru."
            )
        if not 0 <= number < len(found.clusters):
            raise InputError(
                f"There is no cluster {number}.",
                why=f"{atoms.get_chemical_formula()} has {len(found.clusters)} clusters.",
                fix=f"Number them from 0 to {len(found.clusters) - 1}.",
            )
        for site in found.clusters[number].metals:
            swapped.numbers[site.index] = atomic_numbers[symbol]
    # masses of the new elements, also where the parent carried masses of its own
    if swapped.has("masses"):
        masses = swapped.get_masses()
        changed = swapped.numbers != atoms.numbers
        swapped.set_masses(
            [None if new else mass for new, mass in zip(changed, masses, strict=True)]
        )
    return swapped
