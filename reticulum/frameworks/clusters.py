"""Periodic graph of a framework: metal clusters, the linkers between them, and their joints.

A cluster is a set of metal atoms held together by single atoms that they share (µ-oxide and
hydroxide of Zn4O, Zr6, Ti8) or by two or more O-C-O bridges between the same two metals (the
paddlewheels Cu2, Ru2, Zn2, ...). The second rule does not ask how far apart the metals are, so a
paddlewheel stays one cluster however long its metal-metal distance has become. A linker is a
molecule that holds two or more clusters together.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import (
    BondGraph,
    BondKind,
    PeriodicSite,
    Shift,
    find_bonds,
    is_metal,
)
from reticulum.frameworks.cluster_graph import (
    ClusterGraph,
    ClusterKind,
    Linker,
    MetalCluster,
    opposite,
)

_CARBON = atomic_numbers["C"]
_HOME: Shift = (0, 0, 0)

#: Atoms that hold a metal in a bridge X-C-X: carboxylates, amidates, pyridonates, thio forms.
_BRIDGE_ATOMS = frozenset(atomic_numbers[symbol] for symbol in ("N", "O", "S"))

#: Bridges X-C-X between the same two metals that make them one cluster. A paddlewheel has four; a
#: single one also joins the metals of neighbouring clusters in some chains.
BRIDGES_OF_ONE_CLUSTER = 2

#: Number of bridges X-C-X around the two metals of a paddlewheel.
PADDLEWHEEL_BRIDGES = 4


def find_clusters(atoms: Atoms, graph: BondGraph | None = None) -> ClusterGraph:
    """Metal clusters of a framework and the linkers that join them.

    Parameters
    ----------
    atoms
        Structure, also a relaxed or distorted one; positions need not be wrapped. Not changed.
    graph
        Bonded graph, if it is at hand (that of the undistorted structure, for instance).

    Returns
    -------
    ClusterGraph
        Rods are listed with ``ClusterKind.ROD``.

    Raises
    ------
    InputError
        If there is no metal, a molecule is endless (a chain or a layer of covalent bonds), or
        the graph belongs to another structure.

    """
    bonded = find_bonds(atoms) if graph is None else graph
    if bonded.n_atoms != len(atoms):
        raise InputError(
            f"The bonded graph has {bonded.n_atoms} atoms, the structure {len(atoms)}.",
            why="They do not belong together.",
            fix="Find the bonds of the structure itself, or leave the graph out.",
        )
    numbers = atoms.get_atomic_numbers().astype(np.int64)
    metals = np.flatnonzero(is_metal(numbers)).tolist()
    if not metals:
        raise InputError(
            f"{atoms.get_chemical_formula()} has no metal atom.",
            why="A framework is taken apart into metal clusters and the linkers between them.",
            fix="Give a metal-organic framework (see: reticulum structures).",
        )
    bridges = _bridges(bonded, numbers, metals)
    pieces = _pieces(metals, _cluster_edges(bonded, numbers, metals, bridges))
    clusters = tuple(_cluster(atoms, members, endless, bridges) for members, endless in pieces)
    owner = {
        site.index: PeriodicSite(number, opposite(site.shift))
        for number, (members, _) in enumerate(pieces)
        for site in members
    }
    return ClusterGraph(
        clusters=clusters,
        linkers=_linkers(atoms, bonded, numbers, owner),
        cluster_of_metal=owner,
    )


def require_finite_clusters(graph: ClusterGraph, what: str) -> None:
    """Refuse frameworks whose metals are joined without end, or without linkers between clusters.

    Raises
    ------
    InputError
        If metals are joined without end, or there is no linker.

    """
    rods = [cluster.label for cluster in graph.clusters if cluster.kind is ClusterKind.ROD]
    if rods:
        raise InputError(
            f"The metals of {what} form endless rods, layers or networks ({rods[0]} in each "
            "cell), not clusters.",
            why="Only whole finite clusters, such as paddlewheels, can be told apart and ordered.",
            fix="Give a framework of finite clusters, for instance HKUST-1, MOF-5 or UiO-66.",
        )
    if not graph.linkers:
        raise InputError(
            f"No linker joins the metals of {what}.",
            why="Nothing binds two or more clusters.",
            fix="Give a framework with its linkers, complete and without disorder.",
        )


def _bridges(
    graph: BondGraph, numbers: NDArray[np.int64], metals: Sequence[int]
) -> Counter[tuple[int, PeriodicSite]]:
    """Number of X-C-X bridges from each metal of the home cell to each other metal."""
    metallic = set(metals)
    counts: Counter[tuple[int, PeriodicSite]] = Counter()
    for metal in metals:
        home = PeriodicSite(metal, _HOME)
        carbons: dict[PeriodicSite, set[PeriodicSite]] = {}
        for donor in graph.neighbours(metal, BondKind.COORDINATION):
            if int(numbers[donor.index]) not in _BRIDGE_ATOMS:
                continue
            for carbon in graph.site_neighbours(donor, BondKind.COVALENT):
                if numbers[carbon.index] == _CARBON:
                    carbons.setdefault(carbon, set()).add(donor)
        for carbon, donors in carbons.items():
            far = {
                other
                for atom in graph.site_neighbours(carbon, BondKind.COVALENT)
                if int(numbers[atom.index]) in _BRIDGE_ATOMS and atom not in donors
                for other in graph.site_neighbours(atom, BondKind.COORDINATION)
                if other.index in metallic and other != home
            }
            counts.update((metal, other) for other in far)
    return counts


def _cluster_edges(
    graph: BondGraph,
    numbers: NDArray[np.int64],
    metals: Sequence[int],
    bridges: Counter[tuple[int, PeriodicSite]],
) -> dict[int, set[PeriodicSite]]:
    """Metals of one cluster that are next to each metal of the home cell."""
    metallic = set(metals)
    edges: dict[int, set[PeriodicSite]] = {metal: set() for metal in metals}
    for metal in metals:
        home = PeriodicSite(metal, _HOME)
        for shared in graph.neighbours(metal, BondKind.COORDINATION):
            if numbers[shared.index] == _CARBON:
                continue
            edges[metal] |= {
                other
                for other in graph.site_neighbours(shared, BondKind.COORDINATION)
                if other.index in metallic and other != home
            }
    for (metal, other), count in bridges.items():
        if count >= BRIDGES_OF_ONE_CLUSTER:
            edges[metal].add(other)
    return edges


def _pieces(
    members: Sequence[int], edges: Mapping[int, set[PeriodicSite]]
) -> list[tuple[tuple[PeriodicSite, ...], bool]]:
    """Connected pieces of a periodic graph, and whether each one is endless."""
    placed: dict[int, Shift] = {}
    pieces = []
    for start in members:
        if start in placed:
            continue
        placed[start] = _HOME
        piece = [PeriodicSite(start, _HOME)]
        endless = False
        queue = deque(piece)
        while queue:
            site = queue.popleft()
            for edge in edges[site.index]:
                other = edge.moved(site.shift)
                if other.index not in placed:
                    placed[other.index] = other.shift
                    piece.append(other)
                    queue.append(other)
                elif placed[other.index] != other.shift:
                    endless = True
        pieces.append((tuple(sorted(piece)), endless))
    return pieces


def _cluster(
    atoms: Atoms,
    members: tuple[PeriodicSite, ...],
    endless: bool,
    bridges: Counter[tuple[int, PeriodicSite]],
) -> MetalCluster:
    positions = np.array([_position(atoms, site) for site in members])
    distance = None
    kind = ClusterKind.ROD if endless else ClusterKind.CLUSTER
    if len(members) == 2 and not endless:
        distance = float(np.linalg.norm(positions[1] - positions[0]))
        if bridges[members[0].index, members[1]] == PADDLEWHEEL_BRIDGES:
            kind = ClusterKind.PADDLEWHEEL
    x, y, z = positions.mean(axis=0).tolist()
    return MetalCluster(
        metals=members,
        elements=tuple(chemical_symbols[int(atoms.numbers[site.index])] for site in members),
        kind=kind,
        centre=(x, y, z),
        metal_distance_a=distance,
    )


def _linkers(
    atoms: Atoms,
    graph: BondGraph,
    numbers: NDArray[np.int64],
    owner: Mapping[int, PeriodicSite],
) -> tuple[Linker, ...]:
    """Molecules that bind two or more cluster images."""
    others = [atom for atom in range(len(atoms)) if atom not in owner]
    edges = {atom: set(graph.neighbours(atom, BondKind.COVALENT)) for atom in others}
    linkers = []
    for molecule, endless in _pieces(others, edges):
        joints = {
            owner[metal.index].moved(metal.shift)
            for site in molecule
            for metal in graph.site_neighbours(site, BondKind.COORDINATION)
            if metal.index in owner
        }
        if endless:
            raise InputError(
                f"Atom {molecule[0].index} ({chemical_symbols[numbers[molecule[0].index]]}) "
                "belongs to an endless chain of covalent bonds.",
                why="Linkers must be molecules; two of them touch, or the cell is too small.",
                fix="Check the structure for overlapping or alternative positions.",
            )
        if len(joints) < 2:
            continue  # water, chloride, µ-oxide, formate on one cluster; guests
        heavy = [site for site in molecule if numbers[site.index] != 1] or list(molecule)
        x, y, z = np.mean([_position(atoms, site) for site in heavy], axis=0).tolist()
        linkers.append(Linker(atoms=molecule, joints=tuple(sorted(joints)), centre=(x, y, z)))
    return tuple(linkers)


def _position(atoms: Atoms, site: PeriodicSite) -> NDArray[np.float64]:
    position: NDArray[np.float64] = atoms.positions[site.index] + np.array(
        site.shift, dtype=float
    ) @ np.asarray(atoms.cell)
    return position
