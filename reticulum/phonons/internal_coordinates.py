"""Internal coordinates of a framework and their exact Cartesian derivatives (Wilson B rows).

The coordinates are the chemist's: stretches and O-C-O bends of the carboxylates, metal-oxygen and
metal-metal stretches, and the stretches of the linkers, found in the periodic bonded graph; the
other bends and torsions are in `reticulum.phonons.bends`. A row of the B matrix is the derivative
of one coordinate with respect to the Cartesian displacements of the atoms of the cell, all images
moving alike (Gamma) [Wilson1955]_.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import sqrt

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, find_bonds
from reticulum.frameworks.carboxylates import Carboxylate, find_carboxylates
from reticulum.phonons.derivatives import bend_derivatives, stretch_derivatives

_CARBON = atomic_numbers["C"]
_HYDROGEN = atomic_numbers["H"]

#: `InternalCoordinates.carboxylate` of a coordinate that belongs to no carboxylate.
NO_CARBOXYLATE = -1


class CoordinateGroup(IntEnum):
    """Group of internal coordinates, in the order in which fractions are tabulated."""

    #: (d1 - d2)/√2 of the two C-O distances of a carboxylate
    ANTISYMMETRIC_CO = 0
    #: (d1 + d2)/√2 of the two C-O distances of a carboxylate
    SYMMETRIC_CO = 1
    #: O-C-O angle of a carboxylate
    OCO_BEND = 2
    #: distance from the carboxyl carbon to the carbon that bears it
    CARBOXYL_CC = 3
    #: distance from a carboxylate oxygen to a metal
    METAL_OXYGEN = 4
    #: distance from a metal to any other donor (bridging oxide, phenolate, nitrogen, chloride)
    METAL_OTHER = 5
    #: distance between the two metals of a paddlewheel
    METAL_METAL = 6
    #: C-H distance
    CH = 7
    #: distance from hydrogen to oxygen, nitrogen or another atom that is not carbon
    XH = 8
    #: any other bond within the linkers: C-C, C-N, C-O, N-N and so on
    RING = 9
    #: CO2 turning in its plane against the C-C bond that bears it
    CARBOXYLATE_ROCK = 10
    #: C-C bond leaving the plane of CO2
    CARBOXYLATE_WAG = 11
    #: CO2 turning about the C-C bond that bears it
    CARBOXYLATE_TWIST = 12
    #: C-H bond of a carbon with two other neighbours turning in their plane
    CH_IN_PLANE = 13
    #: C-H bond of a carbon with two other neighbours leaving their plane
    CH_OUT_OF_PLANE = 14
    #: angles of all other hydrogen atoms: O-H, N-H, CH2, CH3
    XH_BEND = 15
    #: all other angles within the linkers
    RING_IN_PLANE = 16
    #: atoms of the linkers leaving the plane of their neighbours, and torsions about their bonds
    RING_OUT_OF_PLANE = 17
    #: a linker (or another molecule) moving and turning as a whole
    LINKER = 18

    @property
    def label(self) -> str:
        """Human label of the group."""
        return _LABELS[self]


_LABELS: dict[CoordinateGroup, str] = {
    CoordinateGroup.ANTISYMMETRIC_CO: "antisymmetric C-O stretch",
    CoordinateGroup.SYMMETRIC_CO: "symmetric C-O stretch",
    CoordinateGroup.OCO_BEND: "O-C-O bend",
    CoordinateGroup.CARBOXYL_CC: "C-C stretch to the carboxylate",
    CoordinateGroup.METAL_OXYGEN: "M-O stretch",
    CoordinateGroup.METAL_OTHER: "M-X stretch",
    CoordinateGroup.METAL_METAL: "M-M stretch",
    CoordinateGroup.CH: "C-H stretch",
    CoordinateGroup.XH: "O-H and N-H stretch",
    CoordinateGroup.RING: "ring and linker stretch",
    CoordinateGroup.CARBOXYLATE_ROCK: "CO2 rock",
    CoordinateGroup.CARBOXYLATE_WAG: "CO2 wag",
    CoordinateGroup.CARBOXYLATE_TWIST: "CO2 twist",
    CoordinateGroup.CH_IN_PLANE: "C-H in-plane bend",
    CoordinateGroup.CH_OUT_OF_PLANE: "C-H out-of-plane bend",
    CoordinateGroup.XH_BEND: "other H bend",
    CoordinateGroup.RING_IN_PLANE: "ring and linker in-plane bend",
    CoordinateGroup.RING_OUT_OF_PLANE: "ring and linker out-of-plane bend",
    CoordinateGroup.LINKER: "linker as a whole",
}

#: Groups of `internal_coordinates`: the bonds and the O-C-O angle, which come first.
STRETCH_GROUPS: tuple[CoordinateGroup, ...] = tuple(CoordinateGroup)[: CoordinateGroup.RING + 1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InternalCoordinates:
    """Internal coordinates of one cell and their mass-weighted derivatives.

    Attributes
    ----------
    b_rows
        Wilson B matrix, shape (n_coordinates, 3 n_atoms): derivative of each coordinate with
        respect to the Cartesian displacements of the atoms of the cell (atom by atom, x y z).
        Distances: dimensionless; angles: rad/Å.
    mass_weighted_norms
        √(Σ_a |∂s/∂r_a|²/m_a) over the sites of each coordinate, shape (n_coordinates,),
        u^(-1/2) (angles: rad/Å u^(-1/2)). Two images of one atom count as two sites here, so that
        the norm does not depend on the cell that describes the crystal.
    groups
        `CoordinateGroup` of each coordinate, shape (n_coordinates,).
    carboxylate
        Number of the carboxylate of each coordinate (in the order of `find_carboxylates`), or
        `NO_CARBOXYLATE`, shape (n_coordinates,). A metal-oxygen stretch belongs to the
        carboxylate of its oxygen.

    """

    b_rows: NDArray[np.float64]
    mass_weighted_norms: NDArray[np.float64]
    groups: NDArray[np.int64]
    carboxylate: NDArray[np.int64]

    def __post_init__(self) -> None:
        n_coordinates = len(self.groups)
        if self.b_rows.ndim != 2 or len(self.b_rows) != n_coordinates:
            raise ValueError("b_rows must have the shape (n_coordinates, 3 n_atoms)")
        for name in ("mass_weighted_norms", "carboxylate"):
            if getattr(self, name).shape != (n_coordinates,):
                raise ValueError(f"{name} must have the shape ({n_coordinates},)")
        for name in ("b_rows", "mass_weighted_norms", "groups", "carboxylate"):
            getattr(self, name).setflags(write=False)

    @property
    def n_coordinates(self) -> int:
        """Number of coordinates."""
        return len(self.groups)


@dataclass(frozen=True, slots=True)
class LocalCoordinate:
    """One coordinate in the crystal: what it is, and its derivative for each site.

    Attributes
    ----------
    group
        Its group.
    carboxylate
        Number of its carboxylate, or `NO_CARBOXYLATE`.
    sites
        The sites that it depends on.
    derivatives
        Shape (n_sites, 3), dimensionless, or rad/Å.

    """

    group: CoordinateGroup
    carboxylate: int
    sites: tuple[PeriodicSite, ...]
    derivatives: NDArray[np.float64]


def internal_coordinates(
    atoms: Atoms,
    graph: BondGraph | None = None,
    carboxylates: Sequence[Carboxylate] | None = None,
) -> InternalCoordinates:
    """Bonds and O-C-O angles of a framework with their exact derivatives.

    For each carboxylate: antisymmetric stretch (d1 - d2)/√2, symmetric stretch (d1 + d2)/√2,
    O-C-O bend and the stretch to the carbon that bears it. For each other bond of the graph: its
    stretch. Groups are those of `STRETCH_GROUPS`.

    Parameters
    ----------
    atoms
        Structure; its masses (u) enter the norms. Not changed.
    graph
        Bonded graph; found from `atoms` if not given.
    carboxylates
        Carboxylates; found from `atoms` if not given.

    Returns
    -------
    InternalCoordinates
        Carboxylate coordinates first, then the bonds in the order of the graph.

    Raises
    ------
    InputError
        If the structure has overlapping atoms.

    """
    bonded = find_bonds(atoms) if graph is None else graph
    groups = find_carboxylates(atoms, bonded) if carboxylates is None else carboxylates
    found = [*_of_carboxylates(atoms, groups), *_of_bonds(atoms, bonded, groups)]
    return assemble_coordinates(atoms, found)


def assemble_coordinates(atoms: Atoms, found: Sequence[LocalCoordinate]) -> InternalCoordinates:
    """B matrix of coordinates that are given site by site.

    Parameters
    ----------
    atoms
        Structure; its masses (u) enter the norms. Not changed.
    found
        The coordinates.

    Returns
    -------
    InternalCoordinates
        In the same order.

    """
    masses = atoms.get_masses()
    rows = np.zeros((len(found), len(atoms), 3))
    norms = np.empty(len(found))
    for row, coordinate in enumerate(found):
        indices = [site.index for site in coordinate.sites]
        np.add.at(rows[row], indices, coordinate.derivatives)
        squares = np.sum(coordinate.derivatives**2, axis=1)
        norms[row] = sqrt(float(np.sum(squares / masses[indices])))
    return InternalCoordinates(
        b_rows=rows.reshape(len(found), 3 * len(atoms)),
        mass_weighted_norms=norms,
        groups=np.array([coordinate.group for coordinate in found], dtype=np.int64),
        carboxylate=np.array([coordinate.carboxylate for coordinate in found], dtype=np.int64),
    )


def _of_carboxylates(
    atoms: Atoms, carboxylates: Sequence[Carboxylate]
) -> Iterator[LocalCoordinate]:
    numbers = atoms.get_atomic_numbers()
    for number, group in enumerate(carboxylates):
        carbon = PeriodicSite(group.carbon, (0, 0, 0))
        sites = (carbon, *group.oxygens)
        first, second = (bond_vector(atoms, carbon, oxygen) for oxygen in group.oxygens)
        nothing = np.zeros(3)
        (apex_1, end_1), (apex_2, end_2) = stretch_derivatives(first), stretch_derivatives(second)
        one = np.stack([apex_1, end_1, nothing])
        two = np.stack([apex_2, nothing, end_2])
        yield LocalCoordinate(
            CoordinateGroup.ANTISYMMETRIC_CO, number, sites, (one - two) / sqrt(2.0)
        )
        yield LocalCoordinate(CoordinateGroup.SYMMETRIC_CO, number, sites, (one + two) / sqrt(2.0))
        yield LocalCoordinate(
            CoordinateGroup.OCO_BEND, number, sites, bend_derivatives(first, second)
        )
        if numbers[group.attached.index] == _CARBON:
            yield LocalCoordinate(
                CoordinateGroup.CARBOXYL_CC,
                number,
                (carbon, group.attached),
                stretch_derivatives(bond_vector(atoms, carbon, group.attached)),
            )


def _of_bonds(
    atoms: Atoms, graph: BondGraph, carboxylates: Sequence[Carboxylate]
) -> Iterator[LocalCoordinate]:
    """Stretches of all bonds that the carboxylate coordinates have not taken."""
    numbers = atoms.get_atomic_numbers()
    taken: set[tuple[PeriodicSite, PeriodicSite]] = set()
    owner: dict[int, int] = {}
    for number, group in enumerate(carboxylates):
        owner |= {oxygen.index: number for oxygen in group.oxygens}
        ends = [*group.oxygens]
        if numbers[group.attached.index] == _CARBON:
            ends.append(group.attached)
        for end in ends:
            taken |= _both_ways(group.carbon, end)
    for first, second, kind in graph.bonds():
        home = PeriodicSite(first, (0, 0, 0))
        if (home, second) in taken:
            continue
        pair = (first, second.index)
        carboxylate = NO_CARBOXYLATE
        if kind is BondKind.METAL_METAL:
            group_of_bond = CoordinateGroup.METAL_METAL
        elif kind is BondKind.COORDINATION:
            carboxylate = next((owner[atom] for atom in pair if atom in owner), NO_CARBOXYLATE)
            group_of_bond = (
                CoordinateGroup.METAL_OTHER
                if carboxylate == NO_CARBOXYLATE
                else CoordinateGroup.METAL_OXYGEN
            )
        elif _HYDROGEN in numbers[list(pair)]:
            group_of_bond = (
                CoordinateGroup.CH if _CARBON in numbers[list(pair)] else CoordinateGroup.XH
            )
        else:
            group_of_bond = CoordinateGroup.RING
        yield LocalCoordinate(
            group_of_bond,
            carboxylate,
            (home, second),
            stretch_derivatives(bond_vector(atoms, home, second)),
        )


def _both_ways(atom: int, other: PeriodicSite) -> set[tuple[PeriodicSite, PeriodicSite]]:
    a, b, c = other.shift
    home = (0, 0, 0)
    return {
        (PeriodicSite(atom, home), other),
        (PeriodicSite(other.index, home), PeriodicSite(atom, (-a, -b, -c))),
    }


def bond_vector(atoms: Atoms, start: PeriodicSite, end: PeriodicSite) -> NDArray[np.float64]:
    """Vector from one site to another, shape (3,), Å."""
    shift = np.array(end.shift, dtype=float) - np.array(start.shift, dtype=float)
    vector: NDArray[np.float64] = (
        atoms.positions[end.index] - atoms.positions[start.index] + shift @ np.asarray(atoms.cell)
    )
    return vector
