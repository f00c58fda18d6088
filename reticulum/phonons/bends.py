"""Bends and torsions of carboxylates and linkers, with their exact derivatives (Wilson B rows).

Rock, wag and twist of CO2 against the bond that bears it; C-H in-plane and out-of-plane bends; and
the angles, out-of-plane displacements and torsions that deform rings and linkers. They
are natural internal coordinates [Pulay1979]_, chosen so that each kind of atom and bond is treated
alike; what is redundant in them is left out by `reticulum.phonons.orthogonal_coordinates`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import sqrt

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, find_bonds, is_metal
from reticulum.frameworks.carboxylates import Carboxylate, find_carboxylates
from reticulum.phonons.derivatives import (
    bend_derivatives,
    is_straight,
    out_of_plane_derivatives,
    torsion_derivatives,
)
from reticulum.phonons.internal_coordinates import (
    NO_CARBOXYLATE,
    CoordinateGroup,
    InternalCoordinates,
    LocalCoordinate,
    assemble_coordinates,
    bond_vector,
)
from reticulum.phonons.rings import (
    bond_key,
    bonds_of_rings,
    covalent_rings,
    ring_coordinates,
    ring_pairs,
)

#: Derivatives that are all below this are none, rad/Å: the torsions about a bond can cancel in
#: their mean where many atoms surround it. That of a single torsion is about 1/Å.
_NO_DERIVATIVE = 0.01

_CARBON = atomic_numbers["C"]
_HYDROGEN = atomic_numbers["H"]

#: Neighbours of a planar (sp2) centre.
_PLANAR = 3


def bend_coordinates(
    atoms: Atoms,
    graph: BondGraph | None = None,
    carboxylates: Sequence[Carboxylate] | None = None,
) -> InternalCoordinates:
    """Bends and torsions of carboxylates and linkers, with their exact derivatives.

    For each carboxylate R-CO2: rock (θ(O1-C-R) - θ(O2-C-R))/√2, wag (C out of the plane of its
    three neighbours) and twist (the mean of the torsions about C-R). For each C-H with two other
    neighbours: in-plane bend (θ(H-C-A) - θ(H-C-B))/√2 and out-of-plane bend. For each other pair of
    bonds at one atom: its angle, less the mean angle at that atom. For each other atom with three
    neighbours: its displacement out of their plane. For each ring: what deforms its angles and its
    torsions; substituents of rings bend as C-H does. For each other bond: the mean of the torsions
    about it. Formate has C-H bends in place of rock and wag. Angles at metals and torsions about
    their bonds are left out.

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
        Redundant coordinates of the groups after `STRETCH_GROUPS`; angles in rad.

    Raises
    ------
    InputError
        If the structure has overlapping atoms.

    Notes
    -----
    *Valid when* angles are not straight: those above `STRAIGHT_ANGLE_DEG` give no coordinate.

    """
    bonded = find_bonds(atoms) if graph is None else graph
    groups = find_carboxylates(atoms, bonded) if carboxylates is None else carboxylates
    rings = covalent_rings(bonded)
    found = [
        *_of_carboxylates(atoms, groups),
        *_of_centres(atoms, bonded, {group.carbon for group in groups}, rings),
        *ring_coordinates(atoms, rings),
        *_of_torsions(atoms, bonded, groups, rings),
    ]
    moving = [one for one in found if np.abs(one.derivatives).max() > _NO_DERIVATIVE]
    return assemble_coordinates(atoms, moving)


def _of_carboxylates(
    atoms: Atoms, carboxylates: Sequence[Carboxylate]
) -> Iterator[LocalCoordinate]:
    """Rock and wag of each carboxylate; of formate, the C-H bends."""
    numbers = atoms.get_atomic_numbers()
    for number, group in enumerate(carboxylates):
        centre = PeriodicSite(group.carbon, (0, 0, 0))
        formate = numbers[group.attached.index] == _HYDROGEN
        yield from _against_two(
            atoms,
            (centre, group.attached, *group.oxygens),
            CoordinateGroup.CH_IN_PLANE if formate else CoordinateGroup.CARBOXYLATE_ROCK,
            CoordinateGroup.CH_OUT_OF_PLANE if formate else CoordinateGroup.CARBOXYLATE_WAG,
            number,
        )


def _against_two(
    atoms: Atoms,
    sites: tuple[PeriodicSite, PeriodicSite, PeriodicSite, PeriodicSite],
    in_plane: CoordinateGroup,
    out_of_plane: CoordinateGroup,
    carboxylate: int,
) -> Iterator[LocalCoordinate]:
    """Bends of one bond of a centre against the two others; sites: centre, end, the two others."""
    bond, one, two = (bond_vector(atoms, sites[0], site) for site in sites[1:])
    if not (is_straight(bond, one) or is_straight(bond, two)):
        to_one, to_two = bend_derivatives(bond, one), bend_derivatives(bond, two)
        rock = np.stack([*(to_one[:2] - to_two[:2]), to_one[2], -to_two[2]]) / sqrt(2.0)
        yield LocalCoordinate(in_plane, carboxylate, sites, rock)
    yield LocalCoordinate(
        out_of_plane, carboxylate, sites, out_of_plane_derivatives(bond, one, two)
    )


def _of_centres(
    atoms: Atoms,
    graph: BondGraph,
    carboxyl_carbons: set[int],
    rings: Sequence[tuple[PeriodicSite, ...]],
) -> Iterator[LocalCoordinate]:
    """Angles and out-of-plane displacements at all atoms but metals and carboxyl carbons.

    Hydrogen on an atom that binds metals (OH, NH, H2O) bends against these too.
    """
    numbers = atoms.get_atomic_numbers()
    metallic = is_metal(numbers.astype(np.int64))
    in_rings = ring_pairs(rings)
    for atom in range(len(atoms)):
        if metallic[atom] or atom in carboxyl_carbons:
            continue
        centre = PeriodicSite(atom, (0, 0, 0))
        ends = graph.neighbours(atom, BondKind.COVALENT)
        hydrogens = {end for end in ends if numbers[end.index] == _HYDROGEN}
        if hydrogens and numbers[atom] != _CARBON:
            ends += graph.neighbours(atom, BondKind.COORDINATION)
        pairs = [
            pair
            for pair in combinations(ends, 2)
            if set(pair) & hydrogens or not metallic[[end.index for end in pair]].any()
        ]
        around = [pair for pair in pairs if frozenset(pair) in in_rings.get(atom, ())]
        alone = _bond_against_two(ends, hydrogens, around)
        if alone is not None:
            others = [end for end in ends if end != alone]
            in_plane, out_of_plane = _groups_of_bond(
                with_hydrogen=bool(hydrogens), at_carbon=bool(numbers[atom] == _CARBON)
            )
            sites = (centre, alone, others[0], others[1])
            yield from _against_two(atoms, sites, in_plane, out_of_plane, NO_CARBOXYLATE)
        elif len(ends) == _PLANAR:
            arms = (bond_vector(atoms, centre, end) for end in ends)
            yield LocalCoordinate(
                CoordinateGroup.XH_BEND if hydrogens else CoordinateGroup.RING_OUT_OF_PLANE,
                NO_CARBOXYLATE,
                (centre, *ends),
                out_of_plane_derivatives(*arms),
            )
        for pair, moves in _angles_less_mean(atoms, centre, ends, pairs):
            if pair not in around and alone not in pair:
                yield LocalCoordinate(
                    CoordinateGroup.XH_BEND
                    if set(pair) & hydrogens
                    else CoordinateGroup.RING_IN_PLANE,
                    NO_CARBOXYLATE,
                    (centre, *ends),
                    moves,
                )


def _bond_against_two(
    ends: tuple[PeriodicSite, ...],
    hydrogens: set[PeriodicSite],
    around: Sequence[tuple[PeriodicSite, PeriodicSite]],
) -> PeriodicSite | None:
    """Of three neighbours, the substituent of a ring, else the only hydrogen, else None."""
    if len(ends) != _PLANAR:
        return None
    if len(around) == 1:
        return next(end for end in ends if end not in around[0])
    return next(iter(hydrogens)) if len(hydrogens) == 1 and not around else None


def _groups_of_bond(
    *, with_hydrogen: bool, at_carbon: bool
) -> tuple[CoordinateGroup, CoordinateGroup]:
    """Groups of the in-plane and out-of-plane bend of one bond against two others."""
    if not with_hydrogen:
        return CoordinateGroup.RING_IN_PLANE, CoordinateGroup.RING_OUT_OF_PLANE
    if at_carbon:
        return CoordinateGroup.CH_IN_PLANE, CoordinateGroup.CH_OUT_OF_PLANE
    return CoordinateGroup.XH_BEND, CoordinateGroup.XH_BEND


def _angles_less_mean(
    atoms: Atoms,
    centre: PeriodicSite,
    ends: tuple[PeriodicSite, ...],
    pairs: list[tuple[PeriodicSite, PeriodicSite]],
) -> list[tuple[tuple[PeriodicSite, PeriodicSite], NDArray[np.float64]]]:
    """Pairs of bonds at a centre and the derivatives of their angles, the mean taken off.

    The mean of the angles at a planar or tetrahedral centre does not change to first order; where
    the centre is slightly bent, it would be a coordinate that hardly moves anything. With two
    neighbours there is one angle, and it stays as it is.
    """
    found = []
    for pair in pairs:
        first, second = (bond_vector(atoms, centre, end) for end in pair)
        if is_straight(first, second):
            continue
        moves = np.zeros((1 + len(ends), 3))
        moves[[0, *(1 + ends.index(end) for end in pair)]] = bend_derivatives(first, second)
        found.append((pair, moves))
    if len(ends) < _PLANAR or not found:
        return found
    mean = np.mean([moves for _, moves in found], axis=0)
    return [(pair, moves - mean) for pair, moves in found] if len(found) > 1 else []


def _of_torsions(
    atoms: Atoms,
    graph: BondGraph,
    carboxylates: Sequence[Carboxylate],
    rings: Sequence[tuple[PeriodicSite, ...]],
) -> Iterator[LocalCoordinate]:
    """Mean torsion about each covalent bond whose two ends have other neighbours.

    Bonds of rings are left out: the deformations of the rings have their torsions.
    """
    numbers = atoms.get_atomic_numbers()
    in_rings = bonds_of_rings(rings)
    owners = {group.carbon: (number, group.attached) for number, group in enumerate(carboxylates)}
    for first, second, _ in graph.bonds(BondKind.COVALENT):
        b, c = PeriodicSite(first, (0, 0, 0)), second
        if bond_key(b, c) in in_rings:
            continue
        around_b = [s for s in graph.site_neighbours(b, BondKind.COVALENT) if s != c]
        around_c = [s for s in graph.site_neighbours(c, BondKind.COVALENT) if s != b]
        middle = bond_vector(atoms, b, c)
        around_b = [s for s in around_b if not is_straight(bond_vector(atoms, b, s), middle)]
        around_c = [s for s in around_c if not is_straight(bond_vector(atoms, c, s), middle)]
        pairs = [(a, d) for a in around_b for d in around_c if a != d]
        if not pairs:
            continue
        sites = (b, c, *around_b, *around_c)
        moves = np.zeros((len(sites), 3))
        place = {site: row for row, site in enumerate(sites)}
        for a, d in pairs:
            on = torsion_derivatives(bond_vector(atoms, a, b), middle, bond_vector(atoms, c, d))
            for site, row in zip((a, b, c, d), on, strict=True):
                moves[place[site]] += row / len(pairs)
        carboxylate, group = NO_CARBOXYLATE, CoordinateGroup.RING_OUT_OF_PLANE
        for carbon, other in ((b, c), (c, b)):
            number, attached = owners.get(carbon.index, (NO_CARBOXYLATE, carbon))
            if number != NO_CARBOXYLATE and attached.moved(carbon.shift) == other:
                carboxylate, group = number, CoordinateGroup.CARBOXYLATE_TWIST
        only_hydrogen = any(
            all(numbers[site.index] == _HYDROGEN for site in ends) for ends in (around_b, around_c)
        )
        if only_hydrogen and group is CoordinateGroup.RING_OUT_OF_PLANE:
            group = CoordinateGroup.XH_BEND
        yield LocalCoordinate(group, carboxylate, sites, moves)
