"""Metals joined without end by atoms that they share: rods, layers, and networks as in minerals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondKind, find_bonds, is_metal
from reticulum.frameworks.quotient_graph import Edge, QuotientGraph, connected_nets

if TYPE_CHECKING:
    from ase import Atoms

    from reticulum.frameworks.bonds import BondGraph

#: Directions in which a rod is endless; layers and networks are in more.
_ROD = 1

#: What is endless in two and three directions.
_FORMS = {2: "layers", 3: "one three-dimensional network"}


def metal_network(atoms: Atoms, bonds: BondGraph | None = None) -> tuple[int, tuple[str, ...]]:
    """Directions in which metals are joined without end by single shared atoms, and the bridges.

    Parameters
    ----------
    atoms
        Structure. Not changed.
    bonds
        Its bonds, if they are at hand.

    Returns
    -------
    tuple
        0 for finite clusters, 1 for rods, 2 for layers, 3 for networks, the largest of the
        structure; and what joins the metals, as in ``Ca-O-Ca``.

    """
    graph = find_bonds(atoms) if bonds is None else bonds
    metallic = is_metal(np.asarray(atoms.numbers, dtype=np.int64))
    symbols = atoms.get_chemical_symbols()
    edges: list[Edge] = []
    bridges = set()
    for atom in np.flatnonzero(~metallic & (atoms.numbers != atomic_numbers["C"])).tolist():
        metals = graph.neighbours(atom, BondKind.COORDINATION)
        if len(metals) < 2:
            continue
        edges += [(atom, site.index, site.shift) for site in metals]
        ends = sorted({symbols[site.index] for site in metals})
        bridges.add(f"{ends[0]}-{symbols[atom]}-{ends[-1]}")
    whole = QuotientGraph(periodicity=3, labels=tuple(symbols), edges=tuple(edges))
    directions = max((piece.net.periodicity for piece in connected_nets(whole)), default=0)
    return directions, tuple(sorted(bridges))


def require_no_metal_network(atoms: Atoms, what: str) -> None:
    """Refuse a crystal whose metals form layers or a network: it has no clusters and no linkers.

    Rods are left to `require_finite_clusters`.

    Parameters
    ----------
    atoms
        Structure. Not changed.
    what
        Its name in the message.

    Raises
    ------
    InputError
        If metals are joined without end in two or three directions.

    """
    directions, bridges = metal_network(atoms)
    if directions > _ROD:
        raise InputError(
            f"The metals of {what} form {_FORMS[directions]} through atoms that they share "
            f"({', '.join(bridges)}), so there are no clusters, rods or linkers to tell apart.",
            why="Only whole finite clusters, such as paddlewheels, have a net and can be ordered.",
            fix="Give a framework of finite clusters, for instance HKUST-1, MOF-5 or UiO-66.",
        )
