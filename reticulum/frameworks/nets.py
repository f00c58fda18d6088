"""Names of the underlying nets of frameworks: tbo, pcu, fcu, ..."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import gcd

from reticulum.errors import InputError
from reticulum.frameworks.cluster_graph import ClusterGraph
from reticulum.frameworks.clusters import require_finite_clusters
from reticulum.frameworks.placement import PlacedNet, same_net, smallest_cell
from reticulum.frameworks.quotient_graph import QuotientGraph, connected_nets, underlying_graph
from reticulum.frameworks.reference_nets import (
    ReferenceNet,
    placed_reference,
    reference_nets,
)


class NetVerdict(Enum):
    """How far the name of a net can be trusted."""

    #: the net is isomorphic with a reference net
    PROVEN = "proven by isomorphism"
    #: the net is isomorphic with none of the reference nets
    NOT_IN_TABLE = "isomorphic with no net of the table"
    #: vertices coincide in the barycentric placement, so that isomorphism cannot be tested
    SEQUENCES_ONLY = "not stable: coordination sequences only"
    #: chains and finite molecules have no net
    NO_NET = "not periodic in two or three directions"


@dataclass(frozen=True, slots=True, kw_only=True)
class VertexClass:
    """Vertices of a net that have the same coordination sequence.

    Attributes
    ----------
    label
        What stands on them: clusters (Cu2), linkers, or several kinds joined by ``/``.
    degree
        Number of edges of each.
    multiplicity
        How many there are in the smallest cell of the net; in nets that are not stable the
        smallest whole numbers in the right ratio.
    coordination_sequence
        Numbers of vertices 1, 2, 3, ... edges away.

    """

    label: str
    degree: int
    multiplicity: int
    coordination_sequence: tuple[int, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "label": self.label,
            "degree": self.degree,
            "multiplicity": self.multiplicity,
            "coordination_sequence": list(self.coordination_sequence),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NetIdentity:
    """What one underlying net is.

    Attributes
    ----------
    name
        RCSR symbol, or None if no reference net is the same graph.
    known_from
        Frameworks that have the named net; empty without a name.
    periodicity
        Number of directions in which the net is periodic.
    vertex_classes
        Lowest degree first.
    n_copies
        Number of interpenetrating copies in the crystal; None for layers, chains and molecules.
    verdict
        How far the name can be trusted.
    told_by
        One sentence on what was compared.

    """

    name: str | None
    known_from: str
    periodicity: int
    vertex_classes: tuple[VertexClass, ...]
    n_copies: int | None
    verdict: NetVerdict
    told_by: str

    @property
    def confidence(self) -> str:
        """The verdict in words."""
        return self.verdict.value

    @property
    def degrees(self) -> tuple[int, ...]:
        """Degrees that occur, lowest first: (3, 4) is a (3,4)-connected net."""
        return tuple(sorted({entry.degree for entry in self.vertex_classes}))

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "name": self.name,
            "known_from": self.known_from,
            "periodicity": self.periodicity,
            "degrees": list(self.degrees),
            "vertex_classes": [entry.to_dict() for entry in self.vertex_classes],
            "n_copies": self.n_copies,
            "confidence": self.confidence,
            "told_by": self.told_by,
        }


def identify_net(graph: ClusterGraph) -> NetIdentity:
    """Underlying net of a framework that has one kind of net.

    Parameters
    ----------
    graph
        Clusters and linkers.

    Raises
    ------
    InputError
        If the framework has no net, or nets of several kinds (`identify_nets` lists those); if
        metals form endless rods, or no linker joins clusters.

    """
    nets = identify_nets(graph)
    if len(nets) != 1:
        names = ", ".join(net.name or "unnamed" for net in nets) or "none"
        raise InputError(
            f"The framework has {len(nets)} kinds of nets ({names}), not one.",
            why="Its clusters and linkers fall apart into different nets, or into molecules.",
            fix="List them with identify_nets, or give a single framework.",
        )
    return nets[0]


def identify_nets(graph: ClusterGraph) -> tuple[NetIdentity, ...]:
    """Underlying nets of a framework, each kind once.

    Parameters
    ----------
    graph
        Clusters and linkers.

    Returns
    -------
    tuple of NetIdentity
        Pieces without any edge (isolated clusters) are left out.

    Raises
    ------
    InputError
        If metals form endless rods, or no linker joins clusters.

    """
    require_finite_clusters(graph, "the framework")
    kinds: list[tuple[NetIdentity, PlacedNet | None]] = []
    for piece in connected_nets(underlying_graph(graph)):
        if not piece.net.edges:
            continue
        placed = smallest_cell(piece.net) if piece.net.periodicity > 1 else None
        identity = _identify(piece.net, placed, piece.n_copies)
        for number, (known, example) in enumerate(kinds):
            if _same(known, example, identity, placed):
                if known.n_copies is not None and identity.n_copies is not None:
                    total = known.n_copies + identity.n_copies
                    kinds[number] = replace(known, n_copies=total), example
                break
        else:
            kinds.append((identity, placed))
    return tuple(identity for identity, _ in kinds)


def _same(
    one: NetIdentity, example: PlacedNet | None, other: NetIdentity, placed: PlacedNet | None
) -> bool:
    """Whether two pieces of a crystal are the same net."""
    if one.name is not None or other.name is not None:
        return one.name == other.name
    if example is not None and placed is not None:
        return same_net(example, placed)
    return one.verdict is other.verdict and one.vertex_classes == other.vertex_classes


def _identify(net: QuotientGraph, placed: PlacedNet | None, n_copies: int | None) -> NetIdentity:
    """Compare one connected net with the table."""
    classes = _vertex_classes(net) if placed is None else _placed_classes(placed)
    match = None
    if net.periodicity < 2:
        verdict = NetVerdict.NO_NET
        told_by = "Chains and finite molecules are not compared with the table."
    elif placed is None:
        verdict = NetVerdict.SEQUENCES_ONLY
        alike = [
            entry.symbol
            for entry in _candidates(net)
            if _profile(_placed_classes(placed_reference(entry))) == _profile(classes)
        ]
        told_by = (
            "Vertices coincide in the barycentric placement, so only coordination sequences were "
            f"compared: {', '.join(alike) if alike else 'no net of the table'} has the same."
        )
    else:
        entries = reference_nets()
        match = next(
            (entry for entry in _candidates(net) if same_net(placed_reference(entry), placed)),
            None,
        )
        if match is None:
            verdict = NetVerdict.NOT_IN_TABLE
            told_by = (
                f"The graph is that of none of the {len(entries)} nets of the table "
                f"({', '.join(entry.symbol for entry in entries)})."
            )
        else:
            verdict = NetVerdict.PROVEN
            told_by = (
                f"The graph is isomorphic with the RCSR net {match.symbol}: an affine map carries "
                "one barycentric placement onto the other, vertex on vertex and edge on edge."
            )
    return NetIdentity(
        name=None if match is None else match.symbol,
        known_from="" if match is None else match.known_from,
        periodicity=net.periodicity,
        vertex_classes=classes,
        n_copies=n_copies,
        verdict=verdict,
        told_by=told_by,
    )


def _candidates(net: QuotientGraph) -> tuple[ReferenceNet, ...]:
    """Reference nets with the periodicity and the degrees of a net."""
    degrees = {net.degree(vertex) for vertex in range(net.n_vertices)}
    return tuple(
        entry
        for entry in reference_nets()
        if entry.periodicity == net.periodicity and set(entry.degrees) == degrees
    )


def _placed_classes(placed: PlacedNet) -> tuple[VertexClass, ...]:
    """Vertices of the smallest cell grouped by coordination sequence."""
    return _grouped(placed.net, placed.sequences)


def _vertex_classes(net: QuotientGraph) -> tuple[VertexClass, ...]:
    """Vertices of any cell grouped by coordination sequence, in the smallest whole numbers."""
    classes = _grouped(net, [net.coordination_sequence(v) for v in range(net.n_vertices)])
    divisor = gcd(*(entry.multiplicity for entry in classes))
    return tuple(replace(entry, multiplicity=entry.multiplicity // divisor) for entry in classes)


def _grouped(net: QuotientGraph, sequences: Sequence[tuple[int, ...]]) -> tuple[VertexClass, ...]:
    """Vertices grouped by coordination sequence."""
    counts = Counter(sequences)
    return tuple(
        VertexClass(
            label="/".join(_labels(net, sequences, sequence)),
            degree=sequence[0],
            multiplicity=counts[sequence],
            coordination_sequence=sequence,
        )
        for sequence in sorted(counts)
    )


def _labels(
    net: QuotientGraph, sequences: Sequence[tuple[int, ...]], wanted: tuple[int, ...]
) -> list[str]:
    """Labels of the vertices with one coordination sequence."""
    found: set[str] = set()
    for label, sequence in zip(net.labels, sequences, strict=True):
        if sequence == wanted:
            found.update(label.split("/"))
    return sorted(found)


def _profile(classes: tuple[VertexClass, ...]) -> list[tuple[int, tuple[int, ...]]]:
    """Coordination sequences and the ratio of their multiplicities."""
    divisor = gcd(*(entry.multiplicity for entry in classes))
    return [(entry.multiplicity // divisor, entry.coordination_sequence) for entry in classes]
