"""Types of bonds: by elements and surroundings, or by symmetry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, BondKind, is_metal
from reticulum.frameworks.carboxylates import Carboxylate

if TYPE_CHECKING:
    from ase import Atoms

    from reticulum.frameworks.symmetry import CrystalSymmetry

_CARBON = atomic_numbers["C"]
_HYDROGEN = atomic_numbers["H"]
_OXYGEN = atomic_numbers["O"]

#: Names of an oxygen atom outside carboxylates that binds a metal, by its hydrogen atoms.
_METAL_OXYGENS = {0: "oxide", 1: "hydroxide", 2: "water"}

#: (first, second, lattice vector) of a bond, in the one of its two directions that sorts first.
_Bond: TypeAlias = tuple[int, int, tuple[int, int, int]]


class Grouping(StrEnum):
    """How bonds are put together."""

    #: the same elements in the same surroundings
    TYPE = "type"
    #: images of each other under the space group
    ORBIT = "orbit"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BondType:
    """Bonds that count as of one type.

    Attributes
    ----------
    label
        Elements and surroundings, such as ``Cu-O (carboxylate)``.
    kind
        Kind of the bonds.
    members
        (n_bonds,) numbers of the bonds in the graph.
    distances_a
        (n_bonds,) their lengths, Å.

    """

    label: str
    kind: BondKind
    members: NDArray[np.int64]
    distances_a: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.members.shape != self.distances_a.shape or not len(self.members):
            raise ValueError("a type has at least one bond, each with its length")
        self.members.setflags(write=False)
        self.distances_a.setflags(write=False)

    @property
    def n_bonds(self) -> int:
        """Number of bonds in the cell."""
        return len(self.members)

    @property
    def distance_a(self) -> float:
        """Mean length, Å."""
        return float(self.distances_a.mean())


def bond_types(
    atoms: Atoms,
    graph: BondGraph,
    carboxylates: tuple[Carboxylate, ...],
    *,
    symmetry: CrystalSymmetry | None = None,
) -> tuple[BondType, ...]:
    """Types of the bonds of a crystal, metal bonds first.

    Parameters
    ----------
    atoms
        The crystal.
    graph
        Its bonds.
    carboxylates
        Its carboxylates.
    symmetry
        If given, only images of each other under the space group are put together; bonds of one
        label in several orbits are told apart by their length.

    """
    labels = bond_labels(atoms, graph, carboxylates)
    if symmetry is None:
        keys: list[tuple[str, int]] = [(label, 0) for label in labels]
    else:
        orbits = bond_orbits(atoms, graph, symmetry)
        keys = list(zip(labels, orbits.tolist(), strict=True))
    types = []
    for key in dict.fromkeys(keys):
        members = np.flatnonzero([other == key for other in keys])
        types.append(
            BondType(
                label=key[0],
                kind=BondKind(int(graph.kinds[members[0]])),
                members=members,
                distances_a=graph.distances[members].copy(),
            )
        )
    order = (BondKind.COORDINATION, BondKind.METAL_METAL, BondKind.COVALENT)
    return tuple(sorted(types, key=lambda t: (order.index(t.kind), t.label, t.distance_a)))


def bond_labels(
    atoms: Atoms, graph: BondGraph, carboxylates: tuple[Carboxylate, ...]
) -> tuple[str, ...]:
    """Elements and surroundings of every bond, such as ``Cu-O (carboxylate)``.

    Parameters
    ----------
    atoms, graph, carboxylates
        As for `bond_types`.

    """
    names = _surroundings(atoms, graph, carboxylates)
    numbers = atoms.numbers
    metal = is_metal(np.asarray(numbers, dtype=np.int64))
    labels = []
    for i, j in zip(graph.first.tolist(), graph.second.tolist(), strict=True):
        pair = sorted((i, j), key=lambda a: (not metal[a], numbers[a] != _CARBON, -int(numbers[a])))
        around = dict.fromkeys(names[a] for a in pair if names[a])
        label = "-".join(chemical_symbols[numbers[a]] for a in pair)
        labels.append(f"{label} ({', '.join(around)})" if around else label)
    return tuple(labels)


def _surroundings(
    atoms: Atoms, graph: BondGraph, carboxylates: tuple[Carboxylate, ...]
) -> list[str]:
    """What each oxygen and carboxyl carbon atom belongs to; empty for all others."""
    names = [""] * len(atoms)
    metal = is_metal(np.asarray(atoms.numbers, dtype=np.int64))
    for atom in np.flatnonzero(atoms.numbers == _OXYGEN).tolist():
        around = [site.index for site in graph.neighbours(atom)]
        hydrogens = sum(int(atoms.numbers[other]) == _HYDROGEN for other in around)
        metals = sum(bool(metal[other]) for other in around)
        if metals and metals + hydrogens == len(around):
            names[atom] = _METAL_OXYGENS.get(hydrogens, "")
    for group in carboxylates:
        names[group.carbon] = "carboxylate"
        for oxygen in group.oxygens:
            names[oxygen.index] = "carboxylate"
    return names


def bond_orbits(atoms: Atoms, graph: BondGraph, symmetry: CrystalSymmetry) -> NDArray[np.int64]:
    """Number of the first bond that the space group carries each bond to, (n_bonds,).

    Parameters
    ----------
    atoms
        The crystal.
    graph
        Its bonds.
    symmetry
        Its operations.

    """
    scaled = atoms.get_scaled_positions(wrap=False)
    shifts = graph.shifts
    known = {
        _bond(int(i), int(j), shift): number
        for number, (i, j, shift) in enumerate(zip(graph.first, graph.second, shifts, strict=True))
    }
    orbit = np.arange(graph.n_bonds)
    for rotation, translation, permutation in zip(
        symmetry.rotations, symmetry.translations, symmetry.permutations, strict=True
    ):
        images = scaled @ rotation.T + translation
        moves = np.rint(images - scaled[permutation]).astype(np.int64)
        ends = shifts @ rotation.T + moves[graph.second] - moves[graph.first]
        first, second = permutation[graph.first], permutation[graph.second]
        for number in range(graph.n_bonds):
            image = known.get(_bond(int(first[number]), int(second[number]), ends[number]))
            if image is not None:
                orbit[image] = min(orbit[image], orbit[number])
    return orbit


def _bond(first: int, second: int, shift: NDArray[np.int64]) -> _Bond:
    a, b, c = (int(x) for x in shift)
    return min((first, second, (a, b, c)), (second, first, (-a, -b, -c)))
