"""What a structure must be before anything is computed: a crystal of atoms that are apart."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from ase.neighborlist import neighbor_list

from reticulum.errors import InputError

#: Two atoms closer than this are one atom listed twice or disorder, Å; the shortest bond of any
#: molecule, H-H, is 0.74 Å.
OVERLAP_DISTANCE_A = 0.5

#: A cell with less volume for each atom has wrong units or wrong edges, Å³; even hydrogen
#: compressed to 500 GPa keeps 1 Å³.
LEAST_VOLUME_PER_ATOM_A3 = 0.5

#: Volume over the product of the edges below which three cell vectors count as coplanar.
_COPLANAR = 1e-6


def require_crystal(atoms: Atoms, what: str) -> None:
    """Refuse what is no crystal that repeats in three directions.

    Parameters
    ----------
    atoms
        The candidate.
    what
        What to call it in messages, such as the path of its file.

    Raises
    ------
    InputError
        If there are no atoms, no three-dimensional cell, open directions, unknown elements,
        positions or cell vectors that are no numbers, or an impossible density.

    """
    if len(atoms) == 0:
        raise InputError(
            f"{what} holds no atoms.", fix="Check that the file holds a structure at all."
        )
    cell = np.asarray(atoms.cell.array, dtype=np.float64)
    if not np.isfinite(cell).all():
        raise InputError(
            f"{what} has a cell that is no number (NaN or infinite).",
            fix="Correct the cell vectors.",
        )
    edges = np.linalg.norm(cell, axis=1)
    volume = abs(float(np.linalg.det(cell)))
    if not edges.any():
        raise InputError(
            f"{what} has no cell.",
            why="A framework is a crystal that repeats in three directions.",
            fix="Use a format with cell vectors (CIF, POSCAR, extended XYZ with Lattice=...).",
        )
    if volume <= _COPLANAR * float(np.prod(edges)):
        raise InputError(
            f"{what} has a cell without volume.",
            why="One cell vector is missing, or the three lie in one plane.",
            fix="Give three cell vectors that span a volume.",
        )
    if not atoms.pbc.all():
        missing = ", ".join(axis for axis, on in zip("abc", atoms.pbc, strict=True) if not on)
        raise InputError(
            f"{what} is not periodic along {missing}.",
            why="Only crystals that repeat in three directions are treated.",
            fix='If it does repeat, set atoms.pbc = True, or pbc="T T T" in an extended XYZ file.',
        )
    bad = np.flatnonzero(~np.isfinite(atoms.positions).all(axis=1))
    if len(bad):
        raise InputError(
            f"{_atom_name(atoms, int(bad[0]), None)} of {what} has a position that is no number "
            f"({len(bad)} such atoms).",
            fix="Correct the coordinates (NaN or infinite values).",
        )
    unknown = np.flatnonzero(atoms.numbers < 1)
    if len(unknown):
        raise InputError(
            f"Atom {unknown[0] + 1} of {what} has no chemical element (symbol X).",
            why="Dummy atoms have no mass and no forces.",
            fix="Give it a chemical element or delete it.",
        )
    if volume / len(atoms) < LEAST_VOLUME_PER_ATOM_A3:
        raise InputError(
            f"{what} has {volume / len(atoms):.3g} Å³ of volume for each atom.",
            why="No crystal is that dense: the units or the cell edges are wrong.",
            fix="Check that lengths are in Å and that the cell belongs to these atoms.",
        )


def require_atoms_apart(atoms: Atoms, what: str, labels: tuple[str, ...] | None = None) -> None:
    """Refuse atoms closer to each other than `OVERLAP_DISTANCE_A`, periodic images included.

    Parameters
    ----------
    atoms
        A crystal.
    what
        What to call it in messages.
    labels
        For each atom the label of its site, for messages.

    Raises
    ------
    InputError
        If two atoms overlap; the message names the closest pair.

    """
    first, second, distances = neighbor_list("ijd", atoms, OVERLAP_DISTANCE_A)
    if len(distances) == 0:
        return
    closest = int(np.argmin(distances))
    one = _atom_name(atoms, int(first[closest]), labels)
    other = _atom_name(atoms, int(second[closest]), labels)
    pairs = len(distances) // 2
    raise InputError(
        f"{one} and {other} of {what} are {distances[closest]:.2f} Å apart ({pairs} such pairs).",
        why="Atoms that close are one atom listed twice, or two alternatives of a disordered site.",
        fix="Delete the duplicates, or keep one of the alternatives.",
    )


def _atom_name(atoms: Atoms, index: int, labels: tuple[str, ...] | None) -> str:
    """Name of an atom in a message: the label of its site, or its number counted from 1."""
    if labels is not None:
        return f"Site {labels[index]}"
    return f"Atom {index + 1} ({chemical_symbols[atoms.numbers[index]]})"
