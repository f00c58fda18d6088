"""Sublattice of the metal clusters of a framework, with the exact action of its space group."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.clusters import ClusterGraph, find_clusters, require_finite_clusters
from reticulum.frameworks.symmetry import conventional_vectors, symmetrised_primitive
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.ordering.cycles import CycleType, cycle_types
from reticulum.ordering.supercells import (
    IntMatrix,
    LatticeName,
    cell_numbers,
    cells_of,
    determinant,
    hermite_normal_form,
    keeps,
    lattice_name,
)

if TYPE_CHECKING:
    from ase import Atoms

#: Distance within which the image of a cluster centre must meet another centre, Å. Cells are
#: symmetrised, so that deviations are rounding; clusters are several Å apart.
_CENTRE_TOLERANCE_A = 0.05


#: Clusters of the largest cell that is handled at all.
LARGEST_CELL = 20_000

#: Entries of a table of permutations (operations times clusters) up to which it is kept.
_SMALL_TABLE = 200_000

#: Deviation from a whole number that is rounding.
_WHOLE = 1e-6

#: Grid on which coordinates of equivalent origins are compared, fractional. Its half is added
#: first, so that coordinates on special positions do not lie on the border between two steps.
_GRID = 1e-3


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
    conventional = conventional_vectors(cell.atoms, tolerance_a)
    primitive = _at_first_origin(cell.atoms, symmetry.rotations, conventional)
    graph = find_clusters(primitive)
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
            note for note in (cell.warning, _axial_note(primitive, graph, label)) if note
        ),
    )


def _axial_note(atoms: Atoms, graph: ClusterGraph, label: str) -> str:
    """Sentence on ligands that sit on single metals; empty if there are none."""
    metals = set(graph.cluster_of_metal)
    held = {site.index for linker in graph.linkers for site in linker.atoms}
    bonds = find_bonds(atoms)
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
    best = None
    for shift in allowed:
        moved = atoms.copy()
        scaled = (atoms.get_scaled_positions(wrap=False) + shift + _GRID / 2.0) % 1.0
        moved.set_scaled_positions(scaled - _GRID / 2.0)
        rounded = (scaled // _GRID).astype(np.int64)
        keys = list(zip((-atoms.numbers).tolist(), *rounded.T.tolist(), strict=True))
        sequence = sorted(range(len(keys)), key=keys.__getitem__)
        key = [keys[number] for number in sequence]
        if best is None or key < best[0]:
            best = (key, moved[sequence])
    assert best is not None  # no shift is always allowed
    return best[1]


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


@dataclass(frozen=True, kw_only=True)
class SupercellSites:
    """Clusters and linkers of a supercell of a parent, numbered.

    Cluster s of cell number c (see `supercells.cell_numbers`) is site ``c * n + s``.

    Attributes
    ----------
    sublattice
        The parent.
    form
        Hermite normal form of the superlattice.
    operations
        Numbers of the parent's operations that keep the superlattice.

    """

    sublattice: ClusterSublattice
    form: IntMatrix
    operations: tuple[int, ...]
    #: What is known about subgroups of these operations, kept by `symmetry.SymmetryNames`.
    known_groups: dict[bytes, Any] = field(default_factory=dict, repr=False)

    @property
    def index(self) -> int:
        """Volume in units of the primitive cell."""
        return int(np.prod(np.diag(self.form)))

    @property
    def n_sites(self) -> int:
        """Number of clusters."""
        return self.index * self.sublattice.n_sites

    @property
    def n_operations(self) -> int:
        """Number of operations, translations of the parent included."""
        return len(self.operations) * self.index

    @property
    def is_invariant(self) -> bool:
        """Whether every operation of the parent keeps the superlattice."""
        return len(self.operations) == self.sublattice.order

    @cached_property
    def cells(self) -> IntMatrix:
        """(index, 3) cells in the order of their numbers."""
        return cells_of(self.form)

    def site_numbers(self, clusters: IntMatrix, cells: IntMatrix) -> NDArray[np.int64]:
        """Site numbers of clusters (...) in cells (..., 3)."""
        return np.asarray(cell_numbers(cells, self.form) * self.sublattice.n_sites + clusters)

    def operation_block(self, operation: int) -> IntMatrix:
        """Permutations of one operation combined with every translation, (index, n_sites).

        Row c: site a goes to ``[c, a]`` by the operation, followed by the translation of cell c.
        """
        parent = self.sublattice
        cells = self.cells @ parent.rotations[operation].T
        targets = cells[:, None, :] + parent.shifts[operation][None, :, :]
        first = cell_numbers(targets, self.form)  # (index, n) cells after the bare operation
        added = cell_numbers(self.cells[:, None, :] + self.cells[None, :, :], self.form)
        cell = added[:, first]  # (index of translation, index of cell, n)
        sites = cell * parent.n_sites + parent.images[operation][None, None, :]
        return np.asarray(sites.reshape(self.index, -1))

    @cached_property
    def cycle_index(self) -> Counter[CycleType]:
        """Cycle types of all operations and how often each occurs."""
        found: Counter[CycleType] = Counter()
        if self.n_operations * self.n_sites <= _SMALL_TABLE:
            return cycle_types(self.permutations)
        for operation in self.operations:
            found.update(cycle_types(self.operation_block(operation)))
        return found

    @cached_property
    def permutations(self) -> NDArray[np.int32]:
        """(n_operations, n_sites) image of each site, operations in the order of `operations`."""
        blocks = [self.operation_block(number) for number in self.operations]
        result = np.concatenate(blocks).astype(np.int32)
        result.setflags(write=False)
        return result

    @cached_property
    def linkers(self) -> IntMatrix:
        """(n_linkers, j) sites met by each linker; -1 fills rows of linkers with fewer joints."""
        joints = self.sublattice.joints
        width = max(len(entry) for entry in joints)
        rows = np.full((self.index, len(joints), width), -1, dtype=np.int64)
        for number, entry in enumerate(joints):
            cells = self.cells[:, None, :] + entry[None, :, 1:]
            rows[:, number, : len(entry)] = self.site_numbers(entry[None, :, 0], cells)
        return rows.reshape(-1, width)


def _checked(matrix: IntMatrix, sublattice: ClusterSublattice) -> IntMatrix:
    """Integer matrix of a cell that is not too large."""
    rows = np.asarray(matrix)
    whole = np.rint(rows.astype(np.float64)) if rows.shape == (3, 3) else rows
    if rows.shape != (3, 3) or np.abs(whole - rows).max() > _WHOLE:
        raise InputError(
            f"The supercell {rows.tolist()} is no 3 x 3 matrix of integers.",
            why="Its rows are the new cell vectors in units of the primitive ones.",
            fix="Give three rows of three integers.",
        )
    integers = whole.astype(np.int64)
    index = abs(determinant(integers))
    if index == 0:
        raise InputError(
            f"The supercell vectors {integers.tolist()} lie in a plane.",
            why="The determinant of the matrix is 0, so it spans no cell.",
            fix="Give three independent vectors.",
        )
    if index * sublattice.n_sites > LARGEST_CELL:
        raise InputError(
            f"The supercell has {index * sublattice.n_sites:,} clusters.",
            why=f"Cells of up to {LARGEST_CELL:,} clusters can be handled.",
            fix="Give a smaller --supercell.",
        )
    return integers


def supercell_sites(sublattice: ClusterSublattice, matrix: IntMatrix) -> SupercellSites:
    """Clusters and linkers of a supercell.

    Parameters
    ----------
    sublattice
        The parent.
    matrix
        (3, 3) integer rows: the supercell in units of the primitive vectors.

    """
    form = hermite_normal_form(_checked(matrix, sublattice))
    name = lattice_name(form)
    if name in sublattice.known_cells:
        return sublattice.known_cells[name]
    kept = tuple(
        number for number, rotation in enumerate(sublattice.rotations) if keeps(form, rotation)
    )
    sites = SupercellSites(sublattice=sublattice, form=form, operations=kept)
    if sites.n_operations * sites.n_sites <= _SMALL_TABLE:
        sublattice.known_cells[name] = sites
    return sites
