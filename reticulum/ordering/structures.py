"""Atoms of an ordering: the parent's supercell with the metals of whole clusters replaced."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from reticulum.ordering.orderings import Ordering
from reticulum.ordering.sites import supercell_sites
from reticulum.ordering.supercells import IntMatrix, cell_numbers


def ordered_structure(ordering: Ordering, matrix: IntMatrix | None = None) -> Atoms:
    """Structure of an ordering with all distances of the parent kept.

    Parameters
    ----------
    ordering
        The ordering.
    matrix
        Supercell in units of the parent's primitive vectors (rows), a multiple of the ordering's
        primitive cell; that primitive cell if None.

    Returns
    -------
    ase.Atoms
        Atoms of each parent cell together, in the parent's order. ``info["name"]`` tells the
        parent and the metals.

    """
    sites = ordering.sites
    parent = sites.sublattice
    form = sites.form if matrix is None else np.asarray(matrix, dtype=np.int64)
    colours = ordering.colours if matrix is None else ordering.colours_in(form)
    cells = supercell_sites(parent, form)
    primitive = np.asarray(parent.atoms.cell[:], dtype=np.float64)
    positions = parent.atoms.positions[None, :, :] + (cells.cells @ primitive)[:, None, :]
    numbers = np.tile(parent.atoms.numbers, (cells.index, 1))
    metal_numbers = np.array([atomic_numbers[metal] for metal in ordering.metals])
    by_cell = colours.reshape(-1, parent.n_sites)
    for atom, owner in parent.graph.cluster_of_metal.items():
        holding = cell_numbers(cells.cells + np.array(owner.shift), cells.form)
        numbers[:, atom] = metal_numbers[by_cell[holding, owner.index]]
    counts = ordering.counts
    name = f"{parent.name}_" + "".join(
        f"{metal}{count}" for metal, count in sorted(counts.items()) if count
    )
    return Atoms(
        numbers=numbers.ravel(),
        positions=positions.reshape(-1, 3),
        cell=form @ primitive,
        pbc=True,
        info={"name": name},
    )


def ordering_provenance(ordering: Ordering, *, adjusted: bool) -> tuple[str, ...]:
    """Lines that tell where the structure of an ordering comes from.

    Parameters
    ----------
    ordering
        The ordering.
    adjusted
        Whether distances and cell were adjusted to the metals.

    """
    parent = ordering.sites.sublattice
    symmetry = ordering.symmetry
    counts = ", ".join(
        f"{number} {parent.label_of(metal)}" for metal, number in ordering.counts.items()
    )
    environments = ", ".join(f"{n} {key}" for key, n in ordering.linker_environments.items())
    how = (
        "Distances and cell adjusted to the usual ones of each metal by geometry alone: a model."
        if adjusted
        else "Metals replaced, cell and distances kept as in the parent: a model."
    )
    return (
        f"Ordering of whole clusters in {parent.name} ({parent.space_group}): {counts}.",
        f"Space group {symmetry.space_group}, index {symmetry.index} in the parent's; cell "
        f"{symmetry.transformation}; multiplicity {ordering.multiplicity}.",
        f"Linkers: {environments}.",
        how,
    )
