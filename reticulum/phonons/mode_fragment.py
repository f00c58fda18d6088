"""The metal cluster with its carboxylates that a mode is drawn on, and how its atoms move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, find_bonds
from reticulum.frameworks.clusters import find_clusters
from reticulum.phonons.mode_drawing import mode_displacements
from reticulum.phonons.modes import ModeTable

_CARBON = atomic_numbers["C"]
_OXYGEN = atomic_numbers["O"]

#: Combinations of partners whose motion differs by less, as a part of it, move equally much.
_EQUAL_MOTION = 1e-3

#: Components this close to the largest count as equal when the sign of a motion is chosen.
_EQUAL_COMPONENT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModeFragment:
    """A metal cluster, what it binds, and the first atom of each linker.

    Attributes
    ----------
    sites
        Its atoms.
    positions_a
        (n, 3) Cartesian, relative to the middle of the metals, Å.
    numbers
        (n,) atomic numbers.
    bonds
        Pairs of its atoms and kind of the bond.
    cut
        Atoms and the position outside of the fragment that they are bound to, relative as above.
    axis, across
        (3,) unit vectors: along the metal-metal axis of a pair (else along the lattice vector c),
        and perpendicular to it towards the first carboxylate.
    axis_name
        What the axis is.
    label
        Metals of the cluster, Cu2 for instance.
    first_carboxylate
        Indices of the cell of the C and O atoms of the first carboxylate.

    """

    sites: tuple[PeriodicSite, ...]
    positions_a: NDArray[np.float64]
    numbers: NDArray[np.int64]
    bonds: tuple[tuple[int, int, BondKind], ...]
    cut: tuple[tuple[int, tuple[float, float, float]], ...]
    axis: NDArray[np.float64]
    across: NDArray[np.float64]
    axis_name: str
    label: str
    first_carboxylate: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.positions_a.shape != (len(self.sites), 3) or self.numbers.shape != (
            len(self.sites),
        ):
            raise ValueError("each atom has a position and a number")
        for array in (self.positions_a, self.numbers, self.axis, self.across):
            array.setflags(write=False)

    @property
    def indices(self) -> list[int]:
        """Index in the cell of each atom."""
        return [site.index for site in self.sites]


def mode_fragment(table: ModeTable, cluster: int = 0) -> ModeFragment:
    """Fragment around a metal cluster.

    Parameters
    ----------
    table
        The modes.
    cluster
        Number of the cluster, from 0; of an endless rod its metals in one cell are taken.

    Raises
    ------
    InputError
        If there is no such cluster, or no carboxylate on it.

    """
    atoms = table.phonons.atoms
    graph = find_bonds(atoms)
    clusters = find_clusters(atoms, graph).clusters
    if not 0 <= cluster < len(clusters):
        raise InputError(
            f"There is no metal cluster {cluster + 1}.",
            why=f"The cell has {len(clusters)}.",
            fix="Give --cluster 1, for instance.",
        )
    found = clusters[cluster]
    metals = set(found.metals)
    groups = _carboxylates_on(table, metals)
    if not groups:
        raise InputError(
            f"The cluster {found.label} binds no carboxylate.",
            why="A mode is drawn on a metal cluster with its carboxylates.",
            fix="Choose another one with --cluster.",
        )
    inner = set(metals)
    for group in groups:
        inner.update(group)
    for metal in metals:
        inner.update(graph.site_neighbours(metal, BondKind.COORDINATION))
    for site in list(inner):  # hydrogen of hydroxide and water, carbon of phenolate
        if atoms.numbers[site.index] == _OXYGEN:
            inner.update(graph.site_neighbours(site, BondKind.COVALENT))
    sites = tuple(sorted(inner))
    centre = np.array(found.centre)
    positions = np.array([_position(table, site) for site in sites]) - centre
    first = [_position(table, site) - centre for site in groups[0]]
    paired = found.metal_distance_a is not None
    axis = (
        _position(table, found.metals[1]) - _position(table, found.metals[0])
        if paired
        else np.array(atoms.cell[2])
    )
    axis = axis / np.linalg.norm(axis)
    outward = first[0] - (first[0] @ axis) * axis
    if np.linalg.norm(outward) < 0.1:  # the first carboxylate sits on the axis
        outward = np.eye(3)[int(np.abs(axis).argmin())]
        outward = outward - (outward @ axis) * axis
    return ModeFragment(
        sites=sites,
        positions_a=positions,
        numbers=np.array([atoms.numbers[site.index] for site in sites], dtype=np.int64),
        bonds=_bonds(graph, sites),
        cut=tuple(
            (number, _tuple(_position(table, other) - centre))
            for number, site in enumerate(sites)
            if atoms.numbers[site.index] == _CARBON
            for other in graph.site_neighbours(site)
            if other not in inner
        ),
        axis=axis,
        across=outward / np.linalg.norm(outward),
        axis_name="M-M" if paired else "c",
        label=found.label,
        first_carboxylate=tuple(site.index for site in groups[0][:3]),
    )


def _carboxylates_on(table: ModeTable, metals: set[PeriodicSite]) -> list[tuple[PeriodicSite, ...]]:
    """Carbon, two oxygen atoms and the atom that bears them, of each carboxylate on the metals."""
    found = set()
    for group in table.carboxylates:
        home = PeriodicSite(group.carbon, (0, 0, 0))
        members = (home, *group.oxygens, group.attached)
        for bound in group.bound_metals:
            for metal in metals:
                if bound.index == metal.index:
                    a, b, c = (
                        there - here for there, here in zip(metal.shift, bound.shift, strict=True)
                    )
                    found.add(tuple(site.moved((a, b, c)) for site in members))
    return sorted(found)


def _bonds(
    graph: BondGraph, sites: tuple[PeriodicSite, ...]
) -> tuple[tuple[int, int, BondKind], ...]:
    place = {site: number for number, site in enumerate(sites)}
    return tuple(
        (number, place[other], kind)
        for number, site in enumerate(sites)
        for kind in BondKind
        for other in graph.site_neighbours(site, kind)
        if other in place and place[other] > number
    )


def _position(table: ModeTable, site: PeriodicSite) -> NDArray[np.float64]:
    atoms = table.phonons.atoms
    return np.asarray(atoms.positions[site.index] + np.array(site.shift, dtype=float) @ atoms.cell)


def _tuple(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z


def fragment_motion(
    table: ModeTable, mode: int, fragment: ModeFragment, *, as_numbered: bool = False
) -> tuple[NDArray[np.float64], str]:
    """Displacements of the atoms of a fragment in a mode, and which partner they are of.

    Partners of a degenerate set may be combined at will. Taken is the combination that moves the
    fragment most; among equals the one that moves its first carboxylate most, then each of its
    atoms in turn. So the picture does not depend on how the partners were chosen.

    Parameters
    ----------
    table
        The modes.
    mode
        Number of the mode as in the table, from 1.
    fragment
        The fragment.
    as_numbered
        Take the partner of this number as it is.

    Returns
    -------
    tuple
        (n, 3) displacements, the largest of length 1; a sentence, empty for a mode without
        partners.

    Raises
    ------
    InputError
        If there is no such mode, or it does not move the fragment.

    """
    moves, sentence = _drawn_partner(table, mode, fragment, as_numbered=as_numbered)
    found = moves.reshape(-1, 3)[fragment.indices]
    longest = float(np.linalg.norm(found, axis=1).max())
    if longest < _EQUAL_MOTION * float(np.linalg.norm(moves.reshape(-1, 3), axis=1).max()):
        raise InputError(
            f"Mode {mode} does not move this {fragment.label} cluster.",
            why="Other atoms of the cell move.",
            fix="Choose another cluster with --cluster, or draw the whole cell: reticulum modes "
            "... -o mode.axsf",
        )
    flat = found.ravel()
    leading = flat[np.abs(flat) > (1.0 - _EQUAL_COMPONENT) * np.abs(flat).max()][0]
    return found * (np.sign(leading) / longest), sentence


def fragment_share(
    table: ModeTable, mode: int, fragment: ModeFragment, *, as_numbered: bool = False
) -> float:
    """Share of the atoms of a fragment in a mode, Σ|e|² of the partner that is drawn.

    Parameters
    ----------
    table
        The modes.
    mode
        Number of the mode as in the table, from 1.
    fragment
        The fragment.
    as_numbered
        Take the partner of this number as it is (see `fragment_motion`).

    """
    moves, _ = _drawn_partner(table, mode, fragment, as_numbered=as_numbered)
    weights = table.phonons.atoms.get_masses() * (moves.reshape(-1, 3) ** 2).sum(axis=1)
    return float(weights[sorted(set(fragment.indices))].sum() / weights.sum())


def _drawn_partner(
    table: ModeTable, mode: int, fragment: ModeFragment, *, as_numbered: bool
) -> tuple[NDArray[np.float64], str]:
    """Displacements of all atoms in the partner that is drawn, (3n,), and which one it is."""
    mode_displacements(table, mode)  # refuses modes that do not exist
    labels = table.labels
    members = labels.sets[int(labels.set_of_mode[mode - 1])]
    roots = np.sqrt(np.repeat(table.phonons.atoms.get_masses(), 3))
    if as_numbered or len(members) == 1:
        moves = labels.eigenvectors[:, mode - 1] / roots
        which = int(np.flatnonzero(members == mode - 1)[0]) + 1
        sentence = f"partner {which} of {len(members)}, as numbered" if len(members) > 1 else ""
    else:
        vectors = labels.eigenvectors[:, members] / roots[:, None]
        single = [[index] for index in fragment.indices]
        shares = _most_motion(vectors, [fragment.indices, fragment.first_carboxylate, *single])
        moves = vectors @ shares
        sentence = (
            f"of the {len(members)} partners (modes {members[0] + 1}-{members[-1] + 1}) the "
            "combination that moves this cluster most"
        )
    return moves, sentence


def _most_motion(
    vectors: NDArray[np.float64], selections: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """Unit combination of columns that moves the atoms of each selection most, in their order."""
    space = np.eye(vectors.shape[1])
    for selection in selections:
        rows = (3 * np.asarray(selection)[:, None] + np.arange(3)).ravel()
        part = (vectors @ space)[rows]
        values, combinations = np.linalg.eigh(part.T @ part)
        kept = values > (1.0 - _EQUAL_MOTION) * values[-1]
        space = space @ combinations[:, kept]
        if space.shape[1] == 1:
            break
    return np.asarray(space[:, -1])
