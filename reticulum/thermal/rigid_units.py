"""Which motion a soft mode is: turning or sliding of rigid linkers, or a change within them.

A linker is a set of atoms joined by covalent bonds. Its rigid share of a mode is the part that
three translations and three rotations of it describe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, find_bonds
from reticulum.phonons.character import FRACTION_LABELS
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import ModeTable

#: Share from which a mode is called a stretch of bonds to metals. In the paddlewheel frameworks the
#: metal-oxygen stretches mix half and half with other motions.
METAL_STRETCH_SHARE = 0.30

#: Share of rigid motions of linkers and metals from which a mode is called one.
RIGID_SHARE = 0.5

_METAL_STRETCHES = (
    CoordinateGroup.METAL_OXYGEN,
    CoordinateGroup.METAL_OTHER,
    CoordinateGroup.METAL_METAL,
)

#: Words for stretches; other inner coordinates keep their label.
METAL_OXYGEN_STRETCH = "metal-oxygen stretch"
_WORDS = {
    "M-O stretch": METAL_OXYGEN_STRETCH,
    "M-M stretch": "metal-metal stretch",
    "M-X stretch": "stretch of other bonds to the metal",
}

#: Words for rigid motions, and for modes that no group of coordinates leads.
LIBRATION = "libration of linkers as rigid units"
SLIDING = "sliding of linkers and metal clusters"
BENDING = "bending and twisting of linkers"


@dataclass(frozen=True, slots=True, kw_only=True)
class RigidUnits:
    """Directions of rigid motions of the linkers, in mass-weighted space.

    Parameters
    ----------
    translations
        (3n, t) orthonormal.
    rotations
        (3n, r) orthonormal, orthogonal to the translations.
    atoms
        (n,) whether an atom belongs to a linker (to more atoms than one).

    """

    translations: NDArray[np.float64]
    rotations: NDArray[np.float64]
    atoms: NDArray[np.bool_]


def rigid_units(table: ModeTable) -> RigidUnits:
    """Rigid motions of the covalently bonded units of a crystal.

    Units that extend through the whole crystal have no rigid rotation and are left out.

    Parameters
    ----------
    table
        Modes of the crystal.

    """
    atoms = table.phonons.atoms
    graph = find_bonds(atoms)
    masses = atoms.get_masses()
    cell = np.array(atoms.cell[:])
    translations, rotations = [], []
    inside = np.zeros(len(atoms), dtype=bool)
    for sites in _units(graph, len(atoms)):
        members = [site.index for site in sites]
        inside[members] = True
        places = np.array([atoms.positions[s.index] + np.asarray(s.shift) @ cell for s in sites])
        weights = masses[members]
        places = places - weights @ places / weights.sum()
        turns = np.zeros((3, len(atoms), 3))
        for axis in range(3):
            pattern = np.zeros((len(atoms), 3))
            pattern[members, axis] = np.sqrt(weights)
            translations.append(pattern.ravel() / np.linalg.norm(pattern))
            turns[axis, members] = np.cross(np.eye(3)[axis], places) * np.sqrt(weights)[:, None]
        left, singular, _ = np.linalg.svd(turns.reshape(3, -1).T, full_matrices=False)
        rotations += [column for column, size in zip(left.T, singular, strict=True) if size > 1e-3]
    size = 3 * len(atoms)
    return RigidUnits(
        translations=np.array(translations).reshape(-1, size).T,
        rotations=np.array(rotations).reshape(-1, size).T,
        atoms=inside,
    )


def _units(graph: BondGraph, n_atoms: int) -> list[list[PeriodicSite]]:
    """Covalently bonded units of more than one atom, as sites of one connected image."""
    done: set[int] = set()
    units = []
    for number in range(n_atoms):
        if number in done:
            continue
        seen = {number: PeriodicSite(number, (0, 0, 0))}
        edge = [seen[number]]
        endless = False
        while edge:
            fresh = []
            for site in edge:
                for other in graph.site_neighbours(site, BondKind.COVALENT):
                    if other.index not in seen:
                        seen[other.index] = other
                        fresh.append(other)
                    elif seen[other.index] != other:
                        endless = True
            edge = fresh
        done |= set(seen)
        if len(seen) > 1 and not endless:
            units.append(list(seen.values()))
    return units


def motion_in_words(table: ModeTable, units: RigidUnits, number: int) -> str:
    """What kind of motion a set of modes is, in a few words: the vocabulary of all mechanisms.

    Rigid motions of linkers are told apart by their translations and rotations; all else has the
    name of the leading group of internal coordinates (`CoordinateGroup.label`).

    Parameters
    ----------
    table
        Modes of the crystal.
    units
        From `rigid_units`.
    number
        Number of the set.

    """
    fractions = np.array(table.characters.fractions[number, :-1])
    leading = int(fractions.argmax())
    stretch = int(fractions[list(_METAL_STRETCHES)].argmax())
    metal_stretch = _METAL_STRETCHES[stretch]
    if fractions[metal_stretch] >= METAL_STRETCH_SHARE:
        return _words(FRACTION_LABELS[metal_stretch])
    vectors = table.labels.eigenvectors[:, table.labels.sets[number]]
    size = vectors.shape[1]
    sliding = float(((units.translations.T @ vectors) ** 2).sum()) / size
    turning = float(((units.rotations.T @ vectors) ** 2).sum()) / size
    by_atom = (vectors**2).sum(axis=1).reshape(-1, 3).sum(axis=1) / size
    others = float(by_atom[~units.atoms].sum())
    leads = fractions[leading] >= METAL_STRETCH_SHARE
    if turning + sliding + others >= RIGID_SHARE or (leads and leading == CoordinateGroup.LINKER):
        return LIBRATION if turning >= sliding else SLIDING
    if leads:
        return _words(FRACTION_LABELS[leading])
    return BENDING


def _words(label: str) -> str:
    return _WORDS.get(label, label)
