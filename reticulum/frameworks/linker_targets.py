"""What a linker should keep of its parent: bond lengths, angles, flat parts; and how far it did.

Angles are kept as the distance of the two outer atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, Shift, find_bonds
from reticulum.frameworks.distance_targets import DistanceTarget, HeightTarget, TargetKind
from reticulum.frameworks.periodic_places import Places

if TYPE_CHECKING:
    from ase import Atoms

#: How far a target may be missed, Å; its weight is 1/σ². Flatness gives way before angles, and
#: angles before bonds.
LINKER_BOND_SIGMA_A = 0.01
LINKER_ANGLE_SIGMA_A = 0.02
LINKER_PLANE_SIGMA_A = 0.05

#: Atoms of the parent's linker this near to a plane are meant to lie in it, Å. Trimesate in
#: HKUST-1 is bowed by 0.09 Å; the hydrogen atoms of a methyl group stand out by 0.9 Å.
FLAT_HEIGHT_A = 0.2

_HOME: Shift = (0, 0, 0)


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
    new, old = Places(atoms), Places(parent)
    lengths = [0.0]
    angles = [0.0]
    for first, second, _ in bonds.bonds(BondKind.COVALENT):
        home = PeriodicSite(first, _HOME)
        lengths.append(abs(new.distance(home, second) - old.distance(home, second)))
    for atom in range(bonds.n_atoms):
        for one, other in combinations(bonds.neighbours(atom, BondKind.COVALENT), 2):
            angles.append(abs(new.angle(atom, one, other) - old.angle(atom, one, other)))
    quads = linker_planes(old, bonds)
    heights = [0.0, *(abs(new.height(target.sites) - target.height_a) for target in quads)]
    return LinkerStrain(
        largest_bond_change_a=max(lengths),
        largest_angle_change_deg=max(angles),
        largest_height_change_a=max(heights),
    )


def linker_distances(place: Places, bonds: BondGraph) -> list[DistanceTarget]:
    """Bonds and angles of the parent's molecules.

    Parameters
    ----------
    place
        Places of the parent's atoms.
    bonds
        Its bonds.

    """
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


def linker_planes(place: Places, bonds: BondGraph) -> list[HeightTarget]:
    """Flat parts of the parent's molecules: around atoms with three neighbours, and between two.

    They keep the small heights of the parent.

    Parameters
    ----------
    place
        Places of the parent's atoms.
    bonds
        Its bonds.

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
