"""Sublattice of the metal clusters of a framework, with the exact action of its space group."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondGraph, find_bonds
from reticulum.frameworks.cluster_graph import ClusterGraph
from reticulum.frameworks.clusters import find_clusters, require_finite_clusters
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.ordering.supercells import (
    IntMatrix,
    LatticeName,
)

if TYPE_CHECKING:
    from ase import Atoms

    from reticulum.ordering.sites import SupercellSites

#: Distance within which the image of a cluster centre must meet another centre, Å. Cells are
#: symmetrised, so that deviations are rounding; clusters are several Å apart.
_CENTRE_TOLERANCE_A = 0.05


#: Deviation from a whole number that is rounding.
_WHOLE = 1e-6

#: Grid on which coordinates of equivalent origins are compared, fractional.
_GRID = 1e-3

#: Added to coordinates first (the golden section of a step), so that neither special positions nor
#: coordinates published with few digits lie on the border between two steps.
_OFFSET = 0.381966 * _GRID


@dataclass(frozen=True, kw_only=True)
class ClusterSublattice:
    """Clusters and linkers of a parent framework in its primitive cell.

    Attributes
    ----------
    name
        Name of the parent.
    atoms
        Symmetrised primitive cell in spglib's standard orientation.
    graph
        Its clusters and linkers.
    metal
        Element of all clusters.
    space_group, space_group_number
        Of the parent.
    conventional
        (3, 3) rows: the conventional cell in units of the primitive vectors.
    rotations, translations
        (g, 3, 3) and (g, 3): operations on fractional columns of the primitive cell.
    centres
        (n, 3) fractional centres of the clusters.
    images, shifts
        (g, n) and (g, n, 3): operation g carries cluster s of cell l to cluster ``images[g, s]``
        of cell ``rotations[g] @ l + shifts[g, s]``.
    joints
        For each linker of the primitive cell an array (j, 4): cluster and cell of each joint.
    warning
        What the user should know about the symmetry of the parent; else empty.

    """

    name: str
    atoms: Atoms
    graph: ClusterGraph
    metal: str
    space_group: str
    space_group_number: int
    conventional: IntMatrix
    rotations: IntMatrix
    translations: NDArray[np.float64]
    centres: NDArray[np.float64]
    images: IntMatrix
    shifts: IntMatrix
    joints: tuple[IntMatrix, ...]
    warning: str
    #: Small supercells that were asked for before, kept by `supercell_sites`.
    known_cells: dict[LatticeName, SupercellSites] = field(default_factory=dict, repr=False)

    @property
    def n_sites(self) -> int:
        """Number of clusters of the primitive cell."""
        return len(self.centres)

    @property
    def order(self) -> int:
        """Number of operations of the parent's space group in its primitive cell."""
        return len(self.rotations)

    @property
    def cluster_label(self) -> str:
        """Metals of one cluster, as in Cu2."""
        return self.graph.clusters[0].label

    def label_of(self, metal: str) -> str:
        """Metals of a cluster after replacing its metal: Ru2 for Ru in Cu2."""
        count = len(self.graph.clusters[0].metals)
        return f"{metal}{count if count > 1 else ''}"


def cluster_sublattice(
    atoms: Atoms, name: str = "", tolerance_a: float = SYMMETRY_TOLERANCE_A
) -> ClusterSublattice:
    """Sublattice of the metal clusters of a framework.

    Parameters
    ----------
    atoms
        The parent in any cell; it must have one kind of cluster, of one metal.
    name
        Name of the parent, for messages and provenance; its formula if empty.
    tolerance_a
        Distance within which atoms count as symmetry-equivalent, Å.

    Raises
    ------
    InputError
        If there are no finite clusters, clusters of different metals, or no linkers.

    """
    label = name or str(atoms.info.get("name", "")) or atoms.get_chemical_formula("hill")
    cell = symmetrised_primitive(atoms, tolerance_a)
    symmetry = cell.symmetry
    conventional = cell.conventional
    primitive = _at_first_origin(cell.atoms, symmetry.rotations, conventional)
    bonds = find_bonds(primitive)
    graph = find_clusters(primitive, bonds)
    require_finite_clusters(graph, label)
    metal = _one_metal(graph, label)
    vectors = np.asarray(primitive.cell[:], dtype=np.float64)
    centres = np.array([cluster.centre for cluster in graph.clusters]) @ np.linalg.inv(vectors)
    images, shifts = _action(centres, symmetry.rotations, symmetry.translations, vectors, label)
    return ClusterSublattice(
        name=label,
        atoms=primitive,
        graph=graph,
        metal=metal,
        space_group=symmetry.symbol,
        space_group_number=symmetry.number,
        conventional=conventional,
        rotations=symmetry.rotations,
        translations=symmetry.translations,
        centres=centres,
        images=images,
        shifts=shifts,
        joints=tuple(
            np.array([(site.index, *site.shift) for site in linker.joints], dtype=np.int64)
            for linker in graph.linkers
        ),
        warning=" ".join(
            note for note in (cell.warning, _axial_note(primitive, bonds, graph, label)) if note
        ),
    )


def _axial_note(atoms: Atoms, bonds: BondGraph, graph: ClusterGraph, label: str) -> str:
    """Sentence on ligands that sit on single metals; empty if there are none."""
    metals = set(graph.cluster_of_metal)
    held = {site.index for linker in graph.linkers for site in linker.atoms}
    axial = Counter(
        chemical_symbols[atoms.numbers[atom]]
        for atom in range(len(atoms))
        if atom not in metals | held
        and len([site for site in bonds.neighbours(atom) if site.index in metals]) == 1
    )
    if not axial:
        return ""
    ligands = ", ".join(f"{number} {symbol}" for symbol, number in sorted(axial.items()))
    return (
        f"{label} has ligands on single metals ({ligands} in the primitive cell). They stay in "
        "their places whatever metal comes there, charges are not balanced, and orderings are "
        "distinct under the symmetry that they leave."
    )


def _at_first_origin(atoms: Atoms, rotations: IntMatrix, conventional: IntMatrix) -> Atoms:
    """Crystal with its atoms sorted and the first of the origins that leave its operations alone.

    Which of the equivalent origins spglib takes depends on how the crystal was given, and with it
    would depend Wyckoff letters and transformations of orderings. Shifts by quarters of the
    conventional cell are tried; of those that change no operation, the one with the smallest
    sorted list of coordinates is taken. Heavy elements come first.
    """
    quarters = np.array(list(product(range(4), repeat=3))) / 4.0 @ conventional
    change = np.einsum("gij,tj->tgi", rotations - np.eye(3, dtype=np.int64), quarters)
    allowed = quarters[np.abs(change - np.rint(change)).max(axis=(1, 2)) < _WHOLE]
    given = atoms.get_scaled_positions(wrap=False)
    best = None
    for shift in allowed:
        scaled = (given + shift + _OFFSET) % 1.0
        rounded = (scaled // _GRID).astype(np.int64)
        keys = list(zip((-atoms.numbers).tolist(), *rounded.T.tolist(), strict=True))
        sequence = sorted(range(len(keys)), key=keys.__getitem__)
        key = [keys[number] for number in sequence]
        if best is None or key < best[0]:
            best = (key, sequence, scaled - _OFFSET)
    assert best is not None  # no shift is always allowed
    moved = atoms.copy()
    moved.set_scaled_positions(best[2])
    return moved[best[1]]


def _one_metal(graph: ClusterGraph, label: str) -> str:
    kinds = sorted({cluster.label for cluster in graph.clusters})
    if len(kinds) > 1:
        raise InputError(
            f"{label} has clusters of different metals ({', '.join(kinds)}).",
            why="An ordering is counted from a parent in which all clusters are alike.",
            fix="Give the parent with one metal, for instance HKUST-1, and the others by --count.",
        )
    elements = set(graph.clusters[0].elements)
    if len(elements) > 1:
        raise InputError(
            f"Each cluster of {label} ({kinds[0]}) has more than one metal.",
            why="Whole clusters of one metal are replaced by whole clusters of another.",
            fix="Give a parent with one metal in each cluster, for instance HKUST-1 or MOF-5.",
        )
    return elements.pop()


def _action(
    centres: NDArray[np.float64],
    rotations: IntMatrix,
    translations: NDArray[np.float64],
    cell: NDArray[np.float64],
    label: str,
) -> tuple[IntMatrix, IntMatrix]:
    """Where each operation carries each cluster: (g, n) cluster and (g, n, 3) cell."""
    moved = np.einsum("gij,nj->gni", rotations, centres) + translations[:, None, :]
    apart = moved[:, :, None, :] - centres[None, None, :, :]
    whole = np.rint(apart)
    distance = np.linalg.norm((apart - whole) @ cell, axis=-1)
    images = distance.argmin(axis=2)
    nearest = np.take_along_axis(distance, images[:, :, None], axis=2)
    if nearest.max() > _CENTRE_TOLERANCE_A:
        raise InputError(
            f"An operation of the space group of {label} does not carry clusters onto clusters.",
            why="Some clusters were not recognised alike.",
            fix="Check the bonds of the structure with: reticulum graph, or lower --symprec.",
        )
    chosen = np.take_along_axis(whole, images[:, :, None, None], axis=2)[:, :, 0, :]
    return images.astype(np.int64), chosen.astype(np.int64)
