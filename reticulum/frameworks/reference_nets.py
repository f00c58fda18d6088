"""Reference nets of the Reticular Chemistry Structure Resource (RCSR) [OKeeffe2008]_.

Each entry of ``structures/nets.toml`` gives the space group, one vertex of each kind and one edge
of each kind of the net's most symmetric embedding; the quotient graph is made from them here.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.placement import PlacedNet, smallest_cell
from reticulum.frameworks.quotient_graph import Edge, QuotientGraph, connected_nets
from reticulum.resources import data_folder

#: Largest difference of fractional coordinates that are the same; the RCSR prints five decimals,
#: and no two vertices of an entry are closer than 0.05.
COORDINATE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceNet:
    """An entry of the table of nets.

    Attributes
    ----------
    symbol
        RCSR symbol, three lower-case letters and perhaps a suffix.
    periodicity
        3, or 2 for layers.
    degrees
        Number of edges at each kind of vertex, as the RCSR states it.
    known_from
        Frameworks or crystals that have this net; the words of this package.
    space_group, setting
        Number in International Tables, and the origin choice or axes (1 or 2) as ASE counts them.
        Layer groups are given by a space group that contains them.
    vertices
        Fractional coordinates, one of each kind.
    edges
        Fractional coordinates of the two ends, one of each kind.

    """

    symbol: str
    periodicity: int
    degrees: tuple[int, ...]
    known_from: str
    space_group: int
    setting: int
    vertices: tuple[tuple[float, ...], ...]
    edges: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]

    def __post_init__(self) -> None:
        """Check the shapes."""
        if self.periodicity not in (2, 3) or len(self.degrees) != len(self.vertices):
            raise ValueError(f"the entry {self.symbol} contradicts itself")
        ends = [end for edge in self.edges for end in edge]
        if any(len(point) != 3 for point in (*self.vertices, *ends)):
            raise ValueError(f"the entry {self.symbol} has points without three coordinates")


def reference_nets() -> tuple[ReferenceNet, ...]:
    """All entries of the table of nets, in its order.

    Raises
    ------
    InputError
        If the table is damaged.

    """
    return _read(data_folder("structures") / "nets.toml")


@cache
def placed_reference(entry: ReferenceNet) -> PlacedNet:
    """A reference net in its smallest cell, with its barycentric placement.

    Raises
    ------
    InputError
        If the entry does not give one connected, stable net with the stated degrees.

    """
    nets = connected_nets(_quotient_graph(entry))
    net = nets[0].net
    placed = smallest_cell(net)
    copies = {piece.n_copies for piece in nets}
    if (
        placed is None
        or len(nets) != 1
        or copies - {1, None}
        or net.periodicity != entry.periodicity
        or {net.degree(vertex) for vertex in range(net.n_vertices)} != set(entry.degrees)
    ):
        raise InputError(
            f"The entry {entry.symbol!r} of the table of nets gives another net than it states.",
            why="Its coordinates, space group and degrees contradict each other.",
            fix="Reinstall with: python -m pip install --force-reinstall reticulum",
        )
    return placed


def _quotient_graph(entry: ReferenceNet) -> QuotientGraph:
    """All vertices and edges of the conventional cell."""
    from ase.spacegroup import Spacegroup

    rotations, translations = Spacegroup(entry.space_group, entry.setting).get_op()
    operations = list(zip(rotations, translations, strict=True))
    points: list[NDArray[np.float64]] = []
    for vertex in entry.vertices:
        for rotation, translation in operations:
            point = rotation @ np.array(vertex) + translation
            if _find(points, point) is None:
                points.append(point)
    edges: set[Edge] = set()
    for start, end in entry.edges:
        for rotation, translation in operations:
            ends = [
                _find(points, rotation @ np.array(point) + translation) for point in (start, end)
            ]
            if ends[0] is None or ends[1] is None:
                raise InputError(
                    f"An edge of the net {entry.symbol!r} does not end on a vertex.",
                    why="The table of nets is damaged.",
                    fix="Reinstall with: python -m pip install --force-reinstall reticulum",
                )
            (first, near), (second, far) = ends[0], ends[1]
            edges.add((first, second, tuple((far - near).tolist())))
    return QuotientGraph(periodicity=3, labels=(entry.symbol,) * len(points), edges=tuple(edges))


def _find(
    points: list[NDArray[np.float64]], place: NDArray[np.float64]
) -> tuple[int, NDArray[np.int64]] | None:
    """Which of some points lies at a place, and in which image of the cell."""
    if not points:
        return None
    apart = place - np.array(points)
    images = np.rint(apart)
    distances = np.abs(apart - images).max(axis=1)
    nearest = int(np.argmin(distances))
    if distances[nearest] > COORDINATE_TOLERANCE:
        return None
    return nearest, images[nearest].astype(np.int64)


@lru_cache(maxsize=4)
def _read(path: Path) -> tuple[ReferenceNet, ...]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return tuple(
            ReferenceNet(
                symbol=symbol,
                periodicity=values["periodicity"],
                degrees=tuple(values["degrees"]),
                known_from=values["known_from"],
                space_group=values["space_group"],
                setting=values["setting"],
                vertices=tuple(tuple(map(float, vertex)) for vertex in values["vertices"]),
                edges=tuple(
                    (tuple(map(float, start)), tuple(map(float, end)))
                    for start, end in values["edges"]
                ),
            )
            for symbol, values in table["nets"].items()
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"The table of nets {path} cannot be read: {error}.",
            why="It must be valid TOML, and each entry must have all its fields.",
            fix="Reinstall with: python -m pip install --force-reinstall reticulum",
        ) from error
