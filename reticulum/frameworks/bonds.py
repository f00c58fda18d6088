"""Periodic bonded graph of a framework: covalent, coordination and metal-metal bonds.

Bonds are found from distances and the covalent radii of Cordero et al. [Cordero2008]_ (as
tabulated by `ase.data`) plus one tolerance per kind of pair. The tolerances are wide enough that
a metal-oxygen bond survives a stretch of 0.35 Å, and narrow enough that the second shell of the
bundled frameworks stays out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import combinations_with_replacement
from typing import TypeAlias

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols, covalent_radii
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from reticulum.errors import InputError

Shift: TypeAlias = tuple[int, int, int]

#: Elements that are not counted as metals; all others are (metalloids bond covalently here).
NON_METALS: frozenset[int] = frozenset(
    atomic_numbers[symbol]
    for symbol in (
        *("H", "He", "B", "C", "N", "O", "F", "Ne", "Si", "P", "S", "Cl", "Ar"),
        *("Ge", "As", "Se", "Br", "Kr", "Te", "I", "Xe", "At", "Rn"),
    )
)

#: Stretch over the sum of covalent radii that two non-metals survive, Å. Bonds in linkers lie
#: within 0.1 Å of the sum; the nearest non-bonded pair (O...O of a carboxylate) is 0.9 Å longer.
COVALENT_TOLERANCE_A = 0.30

#: Stretch over the sum of covalent radii that a metal and a donor atom survive, Å. The longest
#: bond of the bundled frameworks (Zn-O 2.18 Å in Zn-MOF-74) is 0.30 Å above the sum, so a further
#: 0.35 Å fits below this limit; the nearest second-shell contact lies 0.92 Å above the sum. The
#: models of MUV-10 reach further: Mn-O contacts of 2.99 Å stay out, Ca-O contacts of 2.76 Å do not.
COORDINATION_TOLERANCE_A = 0.65

#: Same for metal and carbon, Å. The metal-carbon contact across a chelating carboxylate is
#: 0.1 Å or more above the sum of the radii and is not a bond.
METAL_CARBON_TOLERANCE_A = 0.05

#: Longest metal-metal contact over the sum of covalent radii, Å. Zn2 paddlewheels reach 0.55 Å
#: (2.98 Å against 2.44 Å); metals bridged by a carboxylate only, across a pore, lie above 1.5 Å.
METAL_METAL_TOLERANCE_A = 0.70

_CARBON = atomic_numbers["C"]
_HYDROGEN = atomic_numbers["H"]
_OXYGEN = atomic_numbers["O"]


class BondKind(IntEnum):
    """Kind of a bond by its two elements."""

    #: between two non-metals
    COVALENT = 0
    #: between a metal and a non-metal
    COORDINATION = 1
    #: between two metals bridged by a carboxylate and by no single atom
    METAL_METAL = 2


@dataclass(frozen=True, slots=True, order=True)
class PeriodicSite:
    """An atom in some image of the cell: its index and its image in lattice vectors."""

    index: int
    shift: Shift

    def moved(self, shift: Shift) -> PeriodicSite:
        """Return the same atom another `shift` lattice vectors away."""
        a, b, c = self.shift
        return PeriodicSite(self.index, (a + shift[0], b + shift[1], c + shift[2]))


def is_metal(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each atomic number is that of a metal.

    Parameters
    ----------
    numbers
        Atomic numbers, shape (n_atoms,).

    Returns
    -------
    numpy.ndarray
        Shape (n_atoms,), bool.

    """
    return ~np.isin(numbers, np.fromiter(NON_METALS, dtype=np.int64))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BondGraph:
    """Bonds of a periodic structure, each listed once.

    Attributes
    ----------
    n_atoms
        Number of atoms of the cell.
    first, second
        Atom indices of each bond, shape (n_bonds,); ``first <= second``.
    shifts
        Image of the second atom in lattice vectors, shape (n_bonds, 3): the bond vector is
        ``positions[second] + shifts @ cell - positions[first]``.
    distances
        Bond lengths, shape (n_bonds,), Å.
    kinds
        `BondKind` of each bond, shape (n_bonds,).

    """

    n_atoms: int
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shifts: NDArray[np.int64]
    distances: NDArray[np.float64]
    kinds: NDArray[np.int64]
    _adjacency: tuple[tuple[tuple[PeriodicSite, BondKind], ...], ...] = field(
        init=False, repr=False
    )

    def __post_init__(self) -> None:
        n_bonds = len(self.first)
        for name in ("first", "second", "distances", "kinds"):
            if getattr(self, name).shape != (n_bonds,):
                raise ValueError(f"{name} must have the shape ({n_bonds},)")
        if self.shifts.shape != (n_bonds, 3):
            raise ValueError(f"shifts must have the shape ({n_bonds}, 3)")
        for name in ("first", "second", "shifts", "distances", "kinds"):
            getattr(self, name).setflags(write=False)
        lists: list[list[tuple[PeriodicSite, BondKind]]] = [[] for _ in range(self.n_atoms)]
        for i, j, (a, b, c), number in zip(
            self.first.tolist(),
            self.second.tolist(),
            self.shifts.tolist(),
            self.kinds.tolist(),
            strict=True,
        ):
            kind = BondKind(number)
            lists[i].append((PeriodicSite(j, (a, b, c)), kind))
            lists[j].append((PeriodicSite(i, (-a, -b, -c)), kind))
        object.__setattr__(self, "_adjacency", tuple(tuple(sorted(entry)) for entry in lists))

    @property
    def n_bonds(self) -> int:
        """Number of bonds in the cell."""
        return len(self.first)

    def neighbours(self, atom: int, *kinds: BondKind) -> tuple[PeriodicSite, ...]:
        """Sites bonded to an atom of the home cell, in the order of index and image.

        Parameters
        ----------
        atom
            Index of the atom.
        kinds
            Kinds of bonds to follow; covalent and coordination bonds if none is given.

        Returns
        -------
        tuple of PeriodicSite
            An atom bonded to two images of the same atom gives two entries.

        """
        wanted = kinds or (BondKind.COVALENT, BondKind.COORDINATION)
        return tuple(site for site, kind in self._adjacency[atom] if kind in wanted)

    def site_neighbours(self, site: PeriodicSite, *kinds: BondKind) -> tuple[PeriodicSite, ...]:
        """Sites bonded to an atom in any image of the cell.

        Parameters
        ----------
        site
            The atom and its image.
        kinds
            As for `neighbours`.

        Returns
        -------
        tuple of PeriodicSite
            Images are counted from the same home cell as that of `site`.

        """
        return tuple(other.moved(site.shift) for other in self.neighbours(site.index, *kinds))

    def bonds(self, *kinds: BondKind) -> Iterator[tuple[int, PeriodicSite, BondKind]]:
        """Iterate over the bonds of some kinds (all if none is given), each once.

        Parameters
        ----------
        kinds
            Kinds of bonds.

        Yields
        ------
        tuple
            First atom (in the home cell), second site and kind.

        """
        for i, j, (a, b, c), number in zip(
            self.first.tolist(),
            self.second.tolist(),
            self.shifts.tolist(),
            self.kinds.tolist(),
            strict=True,
        ):
            kind = BondKind(number)
            if not kinds or kind in kinds:
                yield i, PeriodicSite(j, (a, b, c)), kind


def find_bonds(atoms: Atoms) -> BondGraph:
    """Periodic bonded graph of a structure, from covalent radii.

    Two atoms are bonded when they are closer than the sum of their covalent radii
    [Cordero2008]_ plus a tolerance: `COVALENT_TOLERANCE_A` for two non-metals,
    `COORDINATION_TOLERANCE_A` for a metal and a non-metal, `METAL_CARBON_TOLERANCE_A` for a metal
    and carbon. Hydrogen never bonds to a metal. Each atom may bond to images of itself.

    Two metals are a `BondKind.METAL_METAL` pair when the O-C-O bridge of at least one carboxylate
    links them, no single atom bonds to both, and they are closer than the sum of their radii plus
    `METAL_METAL_TOLERANCE_A`. That takes the pairs of paddlewheels (Cu-Cu, Ru-Ru, Zn-Zn) and
    leaves out the metals of MOF-74 chains and of the Zn4O, Ti8 and Zr6 clusters: there an oxygen
    atom bonded to both holds them, so that their distance is already given by metal-oxygen bonds.

    Parameters
    ----------
    atoms
        Structure; positions need not be wrapped. Not changed.

    Returns
    -------
    BondGraph
        Sorted by first atom, second atom and image.

    Raises
    ------
    InputError
        If two atoms sit on top of each other (for instance alternative positions of a
        disordered structure).

    Notes
    -----
    *Valid when* the structure is ordered and no bond is stretched by more than 0.35 Å (metal to
    oxygen or nitrogen) or 0.2 Å (within linkers).

    """
    numbers = atoms.get_atomic_numbers().astype(np.int64)
    cutoffs = _pair_cutoffs(sorted(set(numbers.tolist())))
    i, j, distances, shifts = neighbor_list("ijdS", atoms, cutoffs)
    _refuse_overlaps(atoms, i, j, distances)
    keep = np.flatnonzero(_first_of_each_pair(i, j, shifts))
    keep = keep[np.lexsort((*shifts[keep].T[::-1], j[keep], i[keep]))]
    i, j, distances, shifts = i[keep], j[keep], distances[keep], shifts[keep]
    metal = is_metal(numbers)
    metals = metal[i].astype(np.int64) + metal[j].astype(np.int64)
    kinds = np.array([BondKind.COVALENT, BondKind.COORDINATION, BondKind.METAL_METAL])[metals]

    def graph_of(mask: NDArray[np.bool_]) -> BondGraph:
        return BondGraph(
            n_atoms=len(atoms),
            first=i[mask].astype(np.int64),
            second=j[mask].astype(np.int64),
            shifts=shifts[mask].astype(np.int64).reshape(-1, 3),
            distances=distances[mask].astype(np.float64),
            kinds=kinds[mask].astype(np.int64),
        )

    bonded = kinds != BondKind.METAL_METAL
    skeleton = graph_of(bonded)
    for index in np.flatnonzero(~bonded).tolist():
        a, b, c = shifts[index].tolist()
        bonded[index] = _bridged_by_carboxylate(
            skeleton, numbers, int(i[index]), PeriodicSite(int(j[index]), (a, b, c))
        )
    return graph_of(bonded)


def _pair_cutoffs(elements: list[int]) -> dict[tuple[str, str], float]:
    """Longest bond for each pair of elements, Å."""
    cutoffs: dict[tuple[str, str], float] = {}
    for a, b in combinations_with_replacement(elements, 2):
        metals = (a not in NON_METALS) + (b not in NON_METALS)
        if metals == 1 and _HYDROGEN in (a, b):
            continue
        if metals == 2:
            tolerance = METAL_METAL_TOLERANCE_A
        elif metals == 1:
            tolerance = METAL_CARBON_TOLERANCE_A if _CARBON in (a, b) else COORDINATION_TOLERANCE_A
        else:
            tolerance = COVALENT_TOLERANCE_A
        cutoffs[chemical_symbols[a], chemical_symbols[b]] = float(
            covalent_radii[a] + covalent_radii[b] + tolerance
        )
    return cutoffs


#: No two nuclei of a real structure are closer than this, Å (H2 has 0.74 Å).
SHORTEST_DISTANCE_A = 0.5


def _refuse_overlaps(
    atoms: Atoms,
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    distances: NDArray[np.float64],
) -> None:
    if len(distances) == 0 or distances.min() >= SHORTEST_DISTANCE_A:
        return
    worst = int(np.argmin(distances))
    symbols = atoms.get_chemical_symbols()
    raise InputError(
        f"Atoms {i[worst]} ({symbols[i[worst]]}) and {j[worst]} ({symbols[j[worst]]}) are only "
        f"{distances[worst]:.3f} Å apart.",
        why="Bonds cannot be told in a structure with overlapping or alternative positions.",
        fix="Give an ordered structure: keep one of the alternative positions of each atom.",
    )


def _first_of_each_pair(
    i: NDArray[np.int64], j: NDArray[np.int64], shifts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mask that keeps one of the two directions of each bond."""
    a, b, c = shifts.T
    positive = (a > 0) | ((a == 0) & ((b > 0) | ((b == 0) & (c > 0))))
    mask: NDArray[np.bool_] = (i < j) | ((i == j) & positive)
    return mask


def _bridged_by_carboxylate(
    graph: BondGraph, numbers: NDArray[np.int64], metal: int, other: PeriodicSite
) -> bool:
    """Whether O-C-O, and no single atom, links two metals."""
    own = graph.neighbours(metal)
    if set(own) & set(graph.site_neighbours(other)):
        return False
    for oxygen in own:
        if numbers[oxygen.index] != _OXYGEN:
            continue
        for carbon in graph.site_neighbours(oxygen, BondKind.COVALENT):
            if numbers[carbon.index] != _CARBON:
                continue
            around = graph.site_neighbours(carbon, BondKind.COVALENT)
            oxygens = [site for site in around if numbers[site.index] == _OXYGEN]
            if len(oxygens) != 2:  # carbonates have three, ethers and phenolates one
                continue
            for far in oxygens:
                if far != oxygen and other in graph.site_neighbours(far, BondKind.COORDINATION):
                    return True
    return False
