"""Sets of displacements: how many, how long, and whether they fix all force constants."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.errors import InputError

#: Lengths that differ by less are printed as one, as a share of the length: sets are written with
#: ten digits or more.
_SAME_LENGTH = 1e-4

#: Singular values of unit displacements below this are zero: phonopy displaces along lattice
#: directions, whose images under the site symmetry are never so nearly parallel.
_PARALLEL = 1e-3

#: Displacements of two files that differ by more, as a share of their length, are not the same.
_SAME_DISPLACEMENT = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplacementSets:
    """How force constants were sampled.

    Parameters
    ----------
    n_displacements
        Number of displaced structures.
    displacement_a
        Length of the displacements, Å; None if they differ.
    one_atom_each
        Whether one atom is displaced in each structure.

    """

    n_displacements: int
    displacement_a: float | None
    one_atom_each: bool

    @classmethod
    def of(cls, dataset: Any, length_a: float) -> DisplacementSets:
        """Description of phonopy's data set, whose unit of length is given in Å."""
        if "first_atoms" in dataset:
            moves = np.array([entry["displacement"] for entry in dataset["first_atoms"]])
            lengths = np.linalg.norm(moves, axis=1) * length_a
            same = np.ptp(lengths) < _SAME_LENGTH * lengths.max()
            return cls(
                n_displacements=len(lengths),
                displacement_a=float(lengths.mean()) if same else None,
                one_atom_each=True,
            )
        return cls(
            n_displacements=len(dataset["displacements"]), displacement_a=None, one_atom_each=False
        )


def require_enough(phonopy: Any, dataset: Any, path: Path, tolerance_a: float) -> None:
    """Refuse sets that do not fix all force constants: phonopy would leave zeros, in silence.

    Parameters
    ----------
    phonopy
        The cells.
    dataset
        phonopy's data set.
    path
        File of the sets.
    tolerance_a
        Symmetry tolerance, Å.

    Raises
    ------
    InputError
        If forces are missing or of another number of atoms, an inequivalent atom is never
        displaced, or not in three directions.

    """
    n_atoms = len(phonopy.supercell)
    if "first_atoms" not in dataset:
        if dataset.get("forces") is None or dataset["forces"].shape[1] != n_atoms:
            raise _without_forces(path, n_atoms)
        return
    moved: dict[int, list[Any]] = {}
    for entry in dataset["first_atoms"]:
        if np.shape(entry.get("forces")) != (n_atoms, 3) or not 0 <= entry["number"] < n_atoms:
            raise _without_forces(path, n_atoms)
        moved.setdefault(int(entry["number"]), []).append(
            np.array(entry["displacement"]) / np.linalg.norm(entry["displacement"])
        )
    symmetry = phonopy.symmetry
    orbits = np.asarray(symmetry.get_map_atoms())
    lattice = np.asarray(phonopy.supercell.cell).T
    missing = sorted(set(orbits.tolist()) - {int(orbits[atom]) for atom in moved})
    short = [
        atom
        for atom, directions in moved.items()
        if np.linalg.matrix_rank(
            [
                lattice @ rotation @ np.linalg.inv(lattice) @ direction
                for rotation in symmetry.get_site_symmetry(atom)
                for direction in directions
            ],
            tol=_PARALLEL,
        )
        < 3
    ]
    if missing or short:
        which = ", ".join(str(atom + 1) for atom in [*missing, *short][:5])
        raise InputError(
            f"The displacements in {path} do not fix all force constants: those of atom {which} "
            "of the supercell are left open.",
            why=f"With the symmetry found at {tolerance_a:g} Å, {len(missing)} inequivalent atoms "
            f"are never displaced and {len(short)} not in three directions.",
            fix="If they were made with a looser symmetry tolerance, use the same (--symprec); "
            "otherwise the file is incomplete or of another structure.",
        )


def require_same_displacements(dataset: Any, planned: Any, path: Path, plan: Path) -> None:
    """Refuse forces whose displacements are not those that a YAML file beside them lists.

    Parameters
    ----------
    dataset
        phonopy's data set with forces.
    planned
        Data set of displacements; None if there is none.
    path, plan
        Their files.

    Raises
    ------
    InputError
        If they differ.

    """
    from phonopy.structure.dataset import get_displacements_and_forces

    if planned is None:
        return
    found = get_displacements_and_forces(dataset)[0]
    listed = get_displacements_and_forces(planned)[0]
    # Random displacements may be computed in part; others must be complete.
    complete = len(found) == len(listed) or (
        "first_atoms" not in planned and len(found) < len(listed)
    )
    same = (
        complete
        and found.shape[1:] == listed.shape[1:]
        and bool(
            np.abs(found - listed[: len(found)]).max() < _SAME_DISPLACEMENT * np.abs(listed).max()
        )
    )
    if not same:
        raise InputError(
            f"The displacements in {path} are not those in {plan}.",
            why="The forces belong to another calculation.",
            fix="Put the phonopy_disp.yaml of the same calculation beside it.",
        )


def _without_forces(path: Path, n_atoms: int) -> InputError:
    return InputError(
        f"{path} does not hold forces on {n_atoms} atoms for each displacement.",
        why="Forces are missing, or belong to another supercell.",
        fix="Check that all displaced structures were computed with the same supercell.",
    )
