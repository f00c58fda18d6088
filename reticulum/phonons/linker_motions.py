"""Motions of linkers as a whole: translations and librations of covalent molecules."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, find_bonds
from reticulum.phonons.internal_coordinates import (
    NO_CARBOXYLATE,
    CoordinateGroup,
    InternalCoordinates,
    LocalCoordinate,
    assemble_coordinates,
    bond_vector,
)

#: A moment of inertia that is this part of the largest one or less is that of a linear molecule.
_LINEAR = 1e-3


def linker_motions(atoms: Atoms, graph: BondGraph | None = None) -> InternalCoordinates:
    """Positions and orientations of all linkers, with their derivatives.

    A linker is a finite molecule of covalent bonds with two atoms or more; hydroxide and water
    count too. Its position is Σ m r of its atoms, its orientation about a principal axis the
    integral of Σ m (r - R) × dr. Their mass-weighted derivatives are the rigid motions, orthogonal
    to everything that deforms the linker.

    Parameters
    ----------
    atoms
        Structure with its masses, u. Not changed.
    graph
        Bonded graph; found from `atoms` if not given.

    Returns
    -------
    InternalCoordinates
        Six for each linker, five for a linear one, all of the group ``LINKER``; derivatives in u,
        and u Å for orientations.

    Raises
    ------
    InputError
        If the structure has overlapping atoms.

    """
    bonded = find_bonds(atoms) if graph is None else graph
    masses = atoms.get_masses()
    found = []
    for sites in _molecules(bonded):
        origin = sites[0]
        places = np.array([bond_vector(atoms, origin, site) for site in sites])
        weights = masses[[site.index for site in sites]]
        for moves in _rigid_motions(places, weights):
            found.append(
                LocalCoordinate(
                    CoordinateGroup.LINKER, NO_CARBOXYLATE, sites, weights[:, None] * moves
                )
            )
    return assemble_coordinates(atoms, found)


def _molecules(graph: BondGraph) -> Iterator[tuple[PeriodicSite, ...]]:
    """Finite molecules of two atoms or more, each once."""
    seen: set[int] = set()
    for atom in range(graph.n_atoms):
        if atom in seen:
            continue
        start = PeriodicSite(atom, (0, 0, 0))
        members = {atom: start}
        finite, waiting = True, [start]
        while waiting:
            for site in graph.site_neighbours(waiting.pop(), BondKind.COVALENT):
                known = members.setdefault(site.index, site)
                if known != site:
                    finite = False
                elif site.index not in seen:
                    seen.add(site.index)
                    waiting.append(site)
        seen |= set(members)
        if finite and len(members) > 1:
            yield tuple(members.values())


def _rigid_motions(
    places: NDArray[np.float64], weights: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Translations, and rotations about the principal axes, of points with masses."""
    for axis in np.eye(3):
        yield np.tile(axis, (len(places), 1))
    arms = places - weights @ places / weights.sum()
    inertia = np.sum(weights * np.sum(arms**2, axis=1)) * np.eye(3) - (weights * arms.T) @ arms
    moments, axes = np.linalg.eigh(inertia)
    for moment, axis in zip(moments, axes.T, strict=True):
        if moment > _LINEAR * moments[-1]:
            yield np.cross(axis, arms)
