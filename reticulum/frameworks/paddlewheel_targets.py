"""What a paddlewheel framework should keep and meet: the linker of its parent, the metals' bonds.

The linker keeps every bond length, every angle (as the distance of the two outer atoms) and every
flat part of the parent. The metals get the wanted bond lengths. Two weak wishes say what gives way
first: each metal stands over the planes of its carboxylates as in the parent, and its oxygen atoms
form a rectangle of the same shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from reticulum.errors import InputError
from reticulum.frameworks.bonds import (
    BondGraph,
    BondKind,
    PeriodicSite,
    Shift,
    find_bonds,
    is_metal,
)
from reticulum.frameworks.cluster_graph import ClusterGraph, ClusterKind
from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.distance_targets import DistanceTarget, HeightTarget, TargetKind
from reticulum.frameworks.linker_targets import linker_distances, linker_planes
from reticulum.frameworks.periodic_places import Places

if TYPE_CHECKING:
    from ase import Atoms

#: How far a target may be missed, Å; its weight is 1/σ². The order says what gives way last: metals
#: are met, then bonds of the linker, its angles, its flatness (`linker_targets`), then the shape.
METAL_SIGMA_A = 0.005
SHAPE_SIGMA_A = 0.1

_HOME: Shift = (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDistances:
    """Wanted distances around one metal.

    Attributes
    ----------
    metal_oxygen_a
        To each bridging oxygen atom, Å.
    metal_metal_a
        Within the pair, Å.

    """

    metal_oxygen_a: float
    metal_metal_a: float

    def __post_init__(self) -> None:
        for value in (self.metal_oxygen_a, self.metal_metal_a):
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(
                    f"A distance of {value!r} Å cannot be met.", fix="Give a positive length in Å."
                )


def paddlewheel_targets(
    atoms: Atoms,
    parent: Atoms,
    distances: Mapping[str, LocalDistances],
    *,
    graph: BondGraph | None = None,
    clusters: ClusterGraph | None = None,
) -> tuple[tuple[DistanceTarget, ...], tuple[HeightTarget, ...]]:
    """Targets for the metals and linkers of a framework with paddlewheels.

    Parameters
    ----------
    atoms
        The framework with its new metals; it names them, its positions are not used.
    parent
        The same atoms in the same order with the geometry that the linkers shall keep.
    distances
        For each metal its wanted distances. Metals without an entry keep those of the parent.
    graph, clusters
        Bonds and clusters of `parent`, if at hand.

    Returns
    -------
    tuple
        Distances and heights over planes, for `fit_distances`.

    Raises
    ------
    InputError
        If there is no paddlewheel, two different metals share one, or the structures differ in
        their number of atoms.

    """
    if len(atoms) != len(parent):
        raise InputError(
            f"The framework has {len(atoms)} atoms, its parent {len(parent)}.",
            fix="Give the parent from which the framework was made.",
        )
    bonds = find_bonds(parent) if graph is None else graph
    groups = find_clusters(parent, bonds) if clusters is None else clusters
    symbols = atoms.get_chemical_symbols()
    place = Places(parent, symbols)
    pairs = _partners(symbols, groups)
    if not pairs:
        raise InputError(
            f"{parent.get_chemical_formula()} has no paddlewheel.",
            why="Metal-metal and metal-oxygen targets belong to pairs under four carboxylates.",
            fix="Give a framework with paddlewheels, for instance HKUST-1.",
        )
    wanted = [*linker_distances(place, bonds)]
    flat = [*linker_planes(place, bonds)]
    for metal in np.flatnonzero(is_metal(parent.numbers.astype(np.int64))).tolist():
        partner = pairs.get(metal)
        local = None if partner is None else distances.get(symbols[metal])
        for donor in bonds.neighbours(metal, BondKind.COORDINATION):
            bridging = partner is not None and _bridge(bonds, donor, partner) is not None
            length = place.distance(PeriodicSite(metal, _HOME), donor)
            if local is not None and bridging and symbols[donor.index] == "O":
                length = local.metal_oxygen_a
            label = f"{symbols[metal]}-{symbols[donor.index]}"
            wanted.append(_metal_target(label, metal, donor, length))
        if partner is None:
            continue
        if metal <= partner.index:
            length = (
                place.distance(PeriodicSite(metal, _HOME), partner)
                if local is None
                else local.metal_metal_a
            )
            label = f"{symbols[metal]}-{symbols[partner.index]}"
            wanted.append(_metal_target(label, metal, partner, length))
        squares, coplanar = _shape(place, bonds, metal, partner, local)
        wanted += squares
        flat += coplanar
    return tuple(wanted), tuple(flat)


def _metal_target(label: str, first: int, second: PeriodicSite, length: float) -> DistanceTarget:
    return DistanceTarget(
        label=label,
        kind=TargetKind.METAL,
        first=first,
        second=second,
        value_a=length,
        sigma_a=METAL_SIGMA_A,
    )


def _partners(symbols: list[str], clusters: ClusterGraph) -> dict[int, PeriodicSite]:
    """For each metal of a paddlewheel the other one."""
    partners: dict[int, PeriodicSite] = {}
    for cluster in clusters.clusters:
        if cluster.kind is not ClusterKind.PADDLEWHEEL:
            continue
        one, other = cluster.metals
        if symbols[one.index] != symbols[other.index]:
            raise InputError(
                f"A paddlewheel holds both {symbols[one.index]} and {symbols[other.index]}.",
                why="Distances are tabulated for pairs of one metal.",
                fix="Replace the metals of whole paddlewheels.",
            )
        a, b, c = (second - first for first, second in zip(one.shift, other.shift, strict=True))
        partners[one.index] = PeriodicSite(other.index, (a, b, c))
        partners[other.index] = PeriodicSite(one.index, (-a, -b, -c))
    return partners


def _bridge(
    bonds: BondGraph, donor: PeriodicSite, partner: PeriodicSite
) -> tuple[PeriodicSite, PeriodicSite] | None:
    """Atom and far donor through which a donor reaches the other metal of a pair."""
    for middle in bonds.site_neighbours(donor, BondKind.COVALENT):
        for far in bonds.site_neighbours(middle, BondKind.COVALENT):
            if far != donor and partner in bonds.site_neighbours(far, BondKind.COORDINATION):
                return middle, far
    return None


def _shape(
    place: Places,
    bonds: BondGraph,
    metal: int,
    partner: PeriodicSite,
    local: LocalDistances | None,
) -> tuple[list[DistanceTarget], list[HeightTarget]]:
    """Rectangle of the donors, and the height of the metal over the plane of each bridge."""
    symbols = place.symbols
    home = PeriodicSite(metal, _HOME)
    donors = []
    coplanar = []
    for donor in bonds.neighbours(metal, BondKind.COORDINATION):
        bridge = _bridge(bonds, donor, partner)
        if bridge is None:
            continue
        middle, far = bridge
        donors.append((donor, place.distance(donor, far)))
        coplanar.append(
            HeightTarget(
                label=f"{symbols[metal]} over the plane of its bridge",
                kind=TargetKind.SHAPE,
                sites=(home, donor, middle, far),
                height_a=place.height((home, donor, middle, far)),
                sigma_a=SHAPE_SIGMA_A,
            )
        )
    bite = float(np.mean([length for _, length in donors]))
    old = (
        float(np.mean([place.distance(home, donor) for donor, _ in donors])),
        place.distance(home, partner),
    )
    new = old if local is None else (local.metal_oxygen_a, local.metal_metal_a)
    scale = _from_axis(new, bite) / _from_axis(old, bite)
    by_distance = sorted(
        combinations([donor for donor, _ in donors], 2), key=lambda two: place.distance(*two)
    )
    squares = []
    for one, other in by_distance[: len(donors)]:  # neighbours; the two diagonals are the longest
        a, b, c = (far - near for near, far in zip(one.shift, other.shift, strict=True))
        squares.append(
            DistanceTarget(
                label=f"rectangle around {symbols[metal]}",
                kind=TargetKind.SHAPE,
                first=one.index,
                second=PeriodicSite(other.index, (a, b, c)),
                value_a=scale * place.distance(one, other),
                sigma_a=SHAPE_SIGMA_A,
            )
        )
    return squares, coplanar


def _from_axis(distances: tuple[float, float], bite: float) -> float:
    """Distance of donors from the axis of a pair whose bridges span `bite`, Å."""
    to_donor, to_metal = distances
    along = (to_metal - bite) / 2.0
    if to_donor <= abs(along):
        raise InputError(
            f"A metal-oxygen distance of {to_donor:g} Å and a metal-metal distance of "
            f"{to_metal:g} Å fit no paddlewheel.",
            why=f"Its carboxylates hold oxygen atoms {bite:.2f} Å apart along the axis.",
            fix="Choose a longer metal-oxygen or another metal-metal distance.",
        )
    return sqrt(to_donor**2 - along**2)
