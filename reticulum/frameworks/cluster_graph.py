"""What the graph of a framework holds: metal clusters, linkers, and the joints between them.

How they are found in a structure is told in `clusters`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from reticulum.frameworks.bonds import PeriodicSite, Shift

_HOME: Shift = (0, 0, 0)


class ClusterKind(Enum):
    """What a metal cluster looks like."""

    #: two metals held by four X-C-X bridges and by no single atom
    PADDLEWHEEL = "paddlewheel"
    #: any other finite set of metals
    CLUSTER = "cluster"
    #: metals joined without end in one or more directions (MOF-74, MIL-53)
    ROD = "rod"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetalCluster:
    """A metal cluster.

    Attributes
    ----------
    metals
        Metal atoms of one image of the cluster, in the order of index; images are counted from
        the cell of the first one, which is the home cell.
    elements
        Symbols of the metals, same order.
    kind
        Paddlewheel, other finite cluster, or rod.
    centre
        Mean position of `metals`, Cartesian, Å.
    metal_distance_a
        Distance between the two metals of a pair, Å; None for other clusters.

    """

    metals: tuple[PeriodicSite, ...]
    elements: tuple[str, ...]
    kind: ClusterKind
    centre: tuple[float, float, float]
    metal_distance_a: float | None

    @property
    def label(self) -> str:
        """Metals as a formula: Cu2, Ti3Ca3."""
        return "".join(
            f"{symbol}{count if count > 1 else ''}"
            for symbol, count in sorted(Counter(self.elements).items())
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "label": self.label,
            "kind": self.kind.value,
            "metals": [[site.index, list(site.shift)] for site in self.metals],
            "centre_angstrom": list(self.centre),
            "metal_distance_angstrom": self.metal_distance_a,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Linker:
    """A molecule that joins clusters.

    Attributes
    ----------
    atoms
        Its atoms, images counted from the home cell.
    joints
        The cluster images that it binds, each once: ``PeriodicSite(cluster index, image)``.
    centre
        Mean position of its atoms without hydrogen, Cartesian, Å.

    """

    atoms: tuple[PeriodicSite, ...]
    joints: tuple[PeriodicSite, ...]
    centre: tuple[float, float, float]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "n_atoms": len(self.atoms),
            "joints": [[site.index, list(site.shift)] for site in self.joints],
            "centre_angstrom": list(self.centre),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterGraph:
    """Clusters and linkers of a framework.

    Attributes
    ----------
    clusters
        In the order of their first metal atom.
    linkers
        In the order of their first atom.
    cluster_of_metal
        For each metal atom its cluster: ``PeriodicSite(cluster, image)`` is the image of the
        cluster that holds the atom in the home cell.

    """

    clusters: tuple[MetalCluster, ...]
    linkers: tuple[Linker, ...]
    cluster_of_metal: Mapping[int, PeriodicSite]

    def linkers_of(self, cluster: int) -> tuple[PeriodicSite, ...]:
        """Linkers on a cluster of the home cell: ``PeriodicSite(linker index, image)``."""
        return tuple(
            sorted(
                PeriodicSite(number, opposite(joint.shift))
                for number, linker in enumerate(self.linkers)
                for joint in linker.joints
                if joint.index == cluster
            )
        )

    def neighbours(self, cluster: int) -> tuple[PeriodicSite, ...]:
        """Clusters that share a linker with a cluster of the home cell, each image once."""
        home = PeriodicSite(cluster, _HOME)
        found = {
            joint.moved(linker.shift)
            for linker in self.linkers_of(cluster)
            for joint in self.linkers[linker.index].joints
        }
        return tuple(sorted(found - {home}))

    def neighbour_labels(self, cluster: int) -> Counter[str]:
        """How many neighbours of each kind of cluster a cluster has, by `MetalCluster.label`."""
        return Counter(self.clusters[site.index].label for site in self.neighbours(cluster))

    def linker_environments(self) -> Counter[str]:
        """How many linkers of the cell meet which clusters, as in ``Cu2+Cu2+Ru2``."""
        return Counter(
            "+".join(sorted(self.clusters[joint.index].label for joint in linker.joints))
            for linker in self.linkers
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "clusters": [
                cluster.to_dict()
                | {
                    "neighbours": dict(sorted(self.neighbour_labels(number).items())),
                    "linkers": len(self.linkers_of(number)),
                }
                for number, cluster in enumerate(self.clusters)
            ],
            "linkers": [linker.to_dict() for linker in self.linkers],
            "linker_environments": dict(sorted(self.linker_environments().items())),
        }


def opposite(shift: Shift) -> Shift:
    """The opposite lattice translation."""
    return (-shift[0], -shift[1], -shift[2])
