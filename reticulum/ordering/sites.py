"""Clusters and linkers of a supercell of a parent, numbered, with the operations on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.ordering.cycles import CycleType, cycle_types
from reticulum.ordering.sublattice import ClusterSublattice
from reticulum.ordering.supercells import (
    IntMatrix,
    cell_numbers,
    cells_of,
    determinant,
    hermite_normal_form,
    kept_by,
    lattice_name,
)

#: Clusters of the largest cell that is handled at all.
LARGEST_CELL = 20_000

#: Entries of a table of permutations (operations times clusters) up to which it is kept.
_SMALL_TABLE = 200_000

#: Deviation from a whole number that is rounding.
_WHOLE = 1e-6


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
    #: What is known about subgroups of these operations, kept by `symmetry.ordering_symmetry`.
    known_groups: dict[bytes, Any] = field(default_factory=dict, repr=False)

    @cached_property
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
        return np.asarray(self._operation_blocks([operation])[0])

    def _operation_blocks(self, operations: Sequence[int]) -> IntMatrix:
        """(number of operations, index, n_sites) blocks of `operation_block`."""
        parent = self.sublattice
        chosen = list(operations)
        cells = self.cells @ parent.rotations[chosen].transpose(0, 2, 1)
        targets = cells[:, :, None, :] + parent.shifts[chosen][:, None, :, :]
        first = cell_numbers(targets, self.form)  # cells after the bare operations
        added = cell_numbers(self.cells[:, None, :] + self.cells[None, :, :], self.form)
        # (operation, cell of the translation, cell, cluster)
        cell = added[np.arange(self.index)[:, None, None], first[:, None]]
        sites = cell * parent.n_sites + parent.images[chosen][:, None, None, :]
        return np.asarray(sites.reshape(len(chosen), self.index, -1))

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
        at_once = max(1, _SMALL_TABLE // (self.index * self.n_sites))
        blocks = [
            self._operation_blocks(self.operations[at : at + at_once]).astype(np.int32)
            for at in range(0, len(self.operations), at_once)
        ]
        result = np.concatenate(blocks).reshape(self.n_operations, self.n_sites)
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
    kept = tuple(np.flatnonzero(kept_by(form, sublattice.rotations)).tolist())
    sites = SupercellSites(sublattice=sublattice, form=form, operations=kept)
    if sites.n_operations * sites.n_sites <= _SMALL_TABLE:
        sublattice.known_cells[name] = sites
    return sites
