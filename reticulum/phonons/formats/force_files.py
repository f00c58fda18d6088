"""Force constants from FORCE_SETS, FORCE_CONSTANTS, force_constants.hdf5 and data sets in YAML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.phonons.formats.damaged import reading
from reticulum.phonons.formats.displacement_sets import DisplacementSets, require_enough
from reticulum.phonons.formats.phonopy_cell import calculator_units


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SupercellForceConstants:
    """Force constants of a supercell, as a program left them.

    Attributes
    ----------
    phonopy
        phonopy object with the cells, in the calculator's units.
    force_constants_ev_a2
        (m, m, 3, 3) or, for the atoms of the primitive cell only, (n, m, 3, 3), eV/Å².
    sets
        The displacements they came from; None if they were stored as they are.
    origin
        Where they come from, in words.

    """

    phonopy: Any
    force_constants_ev_a2: NDArray[np.float64]
    sets: DisplacementSets | None
    origin: str

    def __post_init__(self) -> None:
        if self.force_constants_ev_a2.ndim != 4:
            raise ValueError("force constants must have four dimensions")
        self.force_constants_ev_a2.setflags(write=False)

    @property
    def length_a(self) -> float:
        """Unit of length of the cells, Å."""
        return calculator_units(self.phonopy)[0]


def force_constants_from_sets(
    phonopy: Any, dataset: Any, path: Path, tolerance_a: float
) -> SupercellForceConstants:
    """Force constants from displacements and forces.

    Sets with one displaced atom each are solved by finite differences with symmetry, those with
    all atoms displaced by symfc; both by phonopy, and not symmetrised any further.

    Parameters
    ----------
    phonopy
        The cells.
    dataset
        phonopy's data set of displacements and forces, in the calculator's units.
    path
        The file it comes from.
    tolerance_a
        Symmetry tolerance, for the message.

    Raises
    ------
    InputError
        If it belongs to another supercell, or does not fix all force constants.

    """
    with reading(path, "displacements with forces of this cell"):
        sets = DisplacementSets.of(dataset, calculator_units(phonopy)[0])
        require_enough(phonopy, dataset, path, tolerance_a)
        phonopy.dataset = dataset
        phonopy.produce_force_constants(
            show_drift=False,
            calculate_full_force_constants=False,
            fc_calculator=None if sets.one_atom_each else "symfc",
        )
    return SupercellForceConstants(
        phonopy=phonopy,
        force_constants_ev_a2=_in_ev_a2(phonopy.force_constants, phonopy, path),
        sets=sets,
        origin=f"forces in {path.name}",
    )


def stored_force_constants(phonopy: Any, stored: Any, path: Path) -> SupercellForceConstants:
    """Force constants that a YAML file holds."""
    return SupercellForceConstants(
        phonopy=phonopy,
        force_constants_ev_a2=_in_ev_a2(stored, phonopy, path),
        sets=None,
        origin=f"force constants in {path.name}",
    )


def read_force_sets(path: Path, n_atoms: int) -> Any:
    """Displacements and forces of a FORCE_SETS file, as phonopy holds them.

    Parameters
    ----------
    path
        The file.
    n_atoms
        Number of atoms of the supercell.

    Raises
    ------
    InputError
        If it is damaged or of another number of atoms.

    """
    from phonopy.file_IO import parse_FORCE_SETS

    with reading(path, "FORCE_SETS"):
        stated = atoms_of_force_sets(path)
        if stated is not None and stated != n_atoms:
            raise _other_number(path, stated, n_atoms)
        return parse_FORCE_SETS(filename=path, natom=n_atoms)


def atoms_of_force_sets(path: Path) -> int | None:
    """Number of atoms that FORCE_SETS states in its first line; None if it states none."""
    with reading(path, "FORCE_SETS"), path.open(encoding="utf-8") as stream:
        words = next((line.split() for line in stream if line.strip()), [])
        return int(words[0]) if len(words) == 1 else None


def shape_of_force_constants(path: Path) -> tuple[int, int]:
    """Numbers of rows and columns, in atoms, of FORCE_CONSTANTS or force_constants.hdf5."""
    with reading(path, "force constants"):
        if path.suffix == ".hdf5":
            from phonopy.file_IO import read_force_constants_hdf5

            shape = read_force_constants_hdf5(filename=path).shape
            return int(shape[0]), int(shape[1])
        with path.open(encoding="utf-8") as stream:
            numbers = [int(word) for word in stream.readline().split()]
        return numbers[0], numbers[-1]


def read_force_constants(path: Path, phonopy: Any) -> SupercellForceConstants:
    """Force constants of FORCE_CONSTANTS or force_constants.hdf5.

    Parameters
    ----------
    path
        The file.
    phonopy
        The cells they belong to.

    Raises
    ------
    InputError
        If the file is damaged, or belongs to another supercell or primitive cell.

    """
    from phonopy.file_IO import parse_FORCE_CONSTANTS, read_force_constants_hdf5
    from phonopy.interface.calculator import get_force_constant_conversion_factor

    rows = phonopy.primitive.p2s_map
    n_atoms = len(phonopy.supercell)
    shape = shape_of_force_constants(path)
    if shape[1] != n_atoms:
        raise _other_number(path, shape[1], n_atoms)
    if shape[0] not in (n_atoms, len(rows)):
        raise InputError(
            f"{path} has force constants of {shape[0]} of {n_atoms} atoms, but the primitive cell "
            f"has {len(rows)}.",
            why="It was written for another primitive cell of the same crystal.",
            fix="Put the phonopy_disp.yaml or phonopy.yaml of that calculation beside it.",
        )
    unit = None
    with reading(path, "force constants of this primitive cell"):
        if path.suffix == ".hdf5":
            values, unit = read_force_constants_hdf5(
                filename=path, p2s_map=rows, return_physical_unit=True
            )
        else:
            values = parse_FORCE_CONSTANTS(filename=path, p2s_map=rows)
        if unit is not None:
            values = values * get_force_constant_conversion_factor(unit, phonopy.calculator)
    return SupercellForceConstants(
        phonopy=phonopy,
        force_constants_ev_a2=_in_ev_a2(values, phonopy, path),
        sets=None,
        origin=f"force constants in {path.name}",
    )


def _in_ev_a2(values: Any, phonopy: Any, path: Path) -> NDArray[np.float64]:
    """Force constants in eV/Å², real and finite."""
    if values is None or np.iscomplexobj(values) or not np.isfinite(values).all():
        raise InputError(
            f"The force constants from {path} are not real numbers.",
            why="Some are missing, complex, infinite or not a number.",
            fix="Look for failed force calculations among those it was made from.",
        )
    return np.array(values, dtype=np.float64) * calculator_units(phonopy)[1]


def _other_number(path: Path, there: int, here: int) -> InputError:
    return InputError(
        f"{path} is of {there} atoms, but the supercell has {here}.",
        why="It belongs to another structure or another supercell.",
        fix="Put the phonopy_disp.yaml of that calculation beside it, or name its structure "
        "(--structure) and supercell (--supercell).",
    )
