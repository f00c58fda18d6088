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
from reticulum.frameworks.clusters import ClusterGraph, ClusterKind, find_clusters
from reticulum.frameworks.distance_targets import DistanceTarget, HeightTarget, TargetKind

if TYPE_CHECKING:
    from ase import Atoms

#: How far a target may be missed, Å; its weight is 1/σ². The order says what gives way first:
#: metals are met, then bonds of the linker, its angles, its flatness, and last the shape.
METAL_SIGMA_A = 0.005
LINKER_BOND_SIGMA_A = 0.01
LINKER_ANGLE_SIGMA_A = 0.02
LINKER_PLANE_SIGMA_A = 0.05
SHAPE_SIGMA_A = 0.1

#: Atoms of the parent's linker this near to a plane are meant to lie in it, Å. Trimesate in
#: HKUST-1 is bowed by 0.09 Å; the hydrogen atoms of a methyl group stand out by 0.9 Å.
FLAT_HEIGHT_A = 0.2

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkerStrain:
    """How much a linker differs from that of the parent.

    Attributes
    ----------
    largest_bond_change_a
        Å.
    largest_angle_change_deg
        Degrees.
    largest_height_change_a
        Largest change of the height of an atom over three others in a flat part, Å.

    """

    largest_bond_change_a: float
    largest_angle_change_deg: float
    largest_height_change_a: float

    def to_dict(self) -> dict[str, float]:
        """Return plain Python types."""
        return {
            "largest_bond_change_angstrom": self.largest_bond_change_a,
            "largest_angle_change_deg": self.largest_angle_change_deg,
            "largest_height_change_angstrom": self.largest_height_change_a,
        }


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
    place = _Places(parent, symbols)
    pairs = _partners(symbols, groups)
    if not pairs:
        raise InputError(
            f"{parent.get_chemical_formula()} has no paddlewheel.",
            why="Metal-metal and metal-oxygen targets belong to pairs under four carboxylates.",
            fix="Give a framework with paddlewheels, for instance HKUST-1.",
        )
    wanted = [*_linker_distances(place, bonds)]
    flat = [*_linker_planes(place, bonds)]
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


def linker_strain(atoms: Atoms, parent: Atoms, graph: BondGraph | None = None) -> LinkerStrain:
    """Change of the linkers against those of the parent.

    Parameters
    ----------
    atoms, parent
        Same atoms in the same order.
    graph
        Bonds of `parent`, if at hand.

    """
    bonds = find_bonds(parent) if graph is None else graph
    new, old = _Places(atoms), _Places(parent)
    lengths = [0.0]
    angles = [0.0]
    for first, second, _ in bonds.bonds(BondKind.COVALENT):
        home = PeriodicSite(first, _HOME)
        lengths.append(abs(new.distance(home, second) - old.distance(home, second)))
    for atom in range(bonds.n_atoms):
        for one, other in combinations(bonds.neighbours(atom, BondKind.COVALENT), 2):
            angles.append(abs(new.angle(atom, one, other) - old.angle(atom, one, other)))
    quads = _linker_planes(old, bonds)
    heights = [0.0, *(abs(new.height(target.sites) - target.height_a) for target in quads)]
    return LinkerStrain(
        largest_bond_change_a=max(lengths),
        largest_angle_change_deg=max(angles),
        largest_height_change_a=max(heights),
    )


class _Places:
    """Positions of atoms in any image of the cell, Å, and their symbols."""

    def __init__(self, atoms: Atoms, symbols: list[str] | None = None) -> None:
        self.symbols: list[str] = atoms.get_chemical_symbols() if symbols is None else symbols
        self._positions = np.asarray(atoms.positions, dtype=np.float64)
        self._cell = np.asarray(atoms.cell[:], dtype=np.float64)

    def of(self, site: PeriodicSite) -> NDArray[np.float64]:
        """Position of a site."""
        place: NDArray[np.float64] = (
            self._positions[site.index] + np.array(site.shift, dtype=np.float64) @ self._cell
        )
        return place

    def distance(self, one: PeriodicSite, other: PeriodicSite) -> float:
        """Distance of two sites, Å."""
        return float(np.linalg.norm(self.of(one) - self.of(other)))

    def angle(self, atom: int, one: PeriodicSite, other: PeriodicSite) -> float:
        """Angle at an atom of the home cell, degrees."""
        centre = self.of(PeriodicSite(atom, _HOME))
        a, b = self.of(one) - centre, self.of(other) - centre
        cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
        return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))

    def height(self, sites: tuple[PeriodicSite, ...]) -> float:
        """Height of the first site over the plane of the other three, Å."""
        top, a, b, c = (self.of(site) for site in sites)
        normal = np.cross(b - a, c - a)
        return float((top - a) @ normal / np.linalg.norm(normal))


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


def _linker_distances(place: _Places, bonds: BondGraph) -> list[DistanceTarget]:
    """Bonds and angles of the parent's molecules."""
    symbols = place.symbols
    targets = [
        DistanceTarget(
            label="-".join(sorted((symbols[first], symbols[second.index]))),
            kind=TargetKind.LINKER_BOND,
            first=first,
            second=second,
            value_a=place.distance(PeriodicSite(first, _HOME), second),
            sigma_a=LINKER_BOND_SIGMA_A,
        )
        for first, second, _ in bonds.bonds(BondKind.COVALENT)
    ]
    for atom in range(bonds.n_atoms):
        for one, other in combinations(bonds.neighbours(atom, BondKind.COVALENT), 2):
            a, b = sorted((symbols[one.index], symbols[other.index]))
            a1, a2, a3 = (far - near for near, far in zip(one.shift, other.shift, strict=True))
            targets.append(
                DistanceTarget(
                    label=f"{a}-{symbols[atom]}-{b}",
                    kind=TargetKind.LINKER_ANGLE,
                    first=one.index,
                    second=PeriodicSite(other.index, (a1, a2, a3)),
                    value_a=place.distance(one, other),
                    sigma_a=LINKER_ANGLE_SIGMA_A,
                )
            )
    return targets


def _linker_planes(place: _Places, bonds: BondGraph) -> list[HeightTarget]:
    """Flat parts of the parent's molecules: around atoms with three neighbours, and between two.

    They keep the small heights of the parent.
    """

    def flat(label: str, *sites: PeriodicSite) -> HeightTarget | None:
        one, two, three, four = sites
        quad = (one, two, three, four)
        height = place.height(quad)
        if abs(height) > FLAT_HEIGHT_A:
            return None
        return HeightTarget(
            label=label,
            kind=TargetKind.LINKER_PLANE,
            sites=quad,
            height_a=height,
            sigma_a=LINKER_PLANE_SIGMA_A,
        )

    around: dict[int, HeightTarget] = {}
    for atom in range(bonds.n_atoms):
        ends = bonds.neighbours(atom, BondKind.COVALENT)
        if len(ends) == 3:
            target = flat("flat centre", PeriodicSite(atom, _HOME), *ends)
            if target is not None:
                around[atom] = target
    found = [*around.values()]
    for first, second, _ in bonds.bonds(BondKind.COVALENT):
        if first not in around or second.index not in around:
            continue
        home = PeriodicSite(first, _HOME)
        for a in bonds.neighbours(first, BondKind.COVALENT):
            for d in bonds.site_neighbours(second, BondKind.COVALENT):
                if a in (second, d) or d == home:
                    continue
                target = flat("flat bond", a, home, second, d)
                if target is not None:
                    found.append(target)
    return found


def _shape(
    place: _Places,
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
