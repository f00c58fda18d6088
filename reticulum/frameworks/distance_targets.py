"""Targets of a distance least squares fit, and how they were met."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reticulum.frameworks.bonds import PeriodicSite


class TargetKind(Enum):
    """What a target is for."""

    #: bond of a metal to a ligand, or distance of the two metals of a pair
    METAL = "metal"
    #: bond within a linker
    LINKER_BOND = "linker bond"
    #: distance of two neighbours of one atom of a linker: its angle
    LINKER_ANGLE = "linker angle"
    #: height over a plane, in a flat part of a linker
    LINKER_PLANE = "linker plane"
    #: shape of the coordination that gives way first
    SHAPE = "shape"


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceTarget:
    """A distance that is wanted.

    Attributes
    ----------
    label
        Name of the group in reports, such as ``Ru-O``.
    kind
        What it is for.
    first, second
        Atom of the home cell, and the other atom.
    value_a
        Wanted distance, Å.
    sigma_a
        How far it may be missed, Å.

    """

    label: str
    kind: TargetKind
    first: int
    second: PeriodicSite
    value_a: float
    sigma_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightTarget:
    """A height over the plane of three atoms that is wanted; 0 for a flat part.

    A fit divides the volume that the four atoms span by the area of the three at the start, which
    is the height as long as that area stays: linkers are stiff.

    Attributes
    ----------
    label, kind
        As for `DistanceTarget`.
    sites
        The atom over the plane first, then the three of the plane.
    height_a
        Wanted height, Å; positive on the side that the second, third and fourth site turn around
        anticlockwise.
    sigma_a
        How far it may be missed, Å.

    """

    label: str
    kind: TargetKind
    sites: tuple[PeriodicSite, PeriodicSite, PeriodicSite, PeriodicSite]
    height_a: float
    sigma_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetTarget:
    """Targets of one label after the fit.

    Attributes
    ----------
    label, kind
        Of the group.
    count
        Number of such distances in the cell.
    target_a
        Mean wanted value, Å; of heights the mean without sign.
    shortest_a, longest_a
        Range of what was met, Å; of heights without sign.
    largest_deviation_a
        Largest distance of any member from its own target, Å.
    sigma_a
        Weight 1/σ² with this σ, Å.

    """

    label: str
    kind: TargetKind
    count: int
    target_a: float
    shortest_a: float
    longest_a: float
    largest_deviation_a: float
    sigma_a: float

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types."""
        return {
            "label": self.label,
            "kind": self.kind.value,
            "count": self.count,
            "target_angstrom": self.target_a,
            "shortest_angstrom": self.shortest_a,
            "longest_angstrom": self.longest_a,
            "largest_deviation_angstrom": self.largest_deviation_a,
            "sigma_angstrom": self.sigma_a,
        }
