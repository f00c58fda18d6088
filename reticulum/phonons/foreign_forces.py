"""Force constants of the files that make a calculation of another program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.formats.damaged import reading
from reticulum.phonons.formats.displacement_sets import require_same_displacements
from reticulum.phonons.formats.force_files import (
    SupercellForceConstants,
    atoms_of_force_sets,
    force_constants_from_sets,
    read_force_constants,
    read_force_sets,
    shape_of_force_constants,
    stored_force_constants,
)
from reticulum.phonons.formats.phonopy_cell import calculator_units, phonopy_of_structure
from reticulum.phonons.formats.phonopy_yaml import (
    PhonopyYamlContent,
    phonopy_of_yaml,
    read_phonopy_yaml,
)
from reticulum.phonons.formats.vasp_files import read_vasp_hessian
from reticulum.phonons.source_files import FORCE_NAMES, YAML_NAMES, PhononFiles, is_yaml

if TYPE_CHECKING:
    from ase import Atoms

#: Atoms of the largest supercell that is read: the force constants of 20,000 atoms with a primitive
#: cell of 500 take 700 MB.
_MOST_ATOMS = 20_000

_SUPERCELL_WORDS = (
    "name the supercell of the unit cell (--supercell, for instance 2,2,2), or put SPOSCAR or "
    "phonopy_disp.yaml of the calculation beside it."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForeignForces:
    """Force constants with the tolerance they were read with and the cells they belong to.

    Attributes
    ----------
    constants
        The force constants.
    tolerance_a
        Symmetry tolerance, Å.
    yaml
        The YAML file of phonopy with the cells; None if there was none.

    """

    constants: SupercellForceConstants
    tolerance_a: float
    yaml: PhonopyYamlContent | None


def read_foreign_forces(
    files: PhononFiles,
    *,
    structure: Path | None = None,
    supercell: NDArray[np.int64] | None = None,
    tolerance_a: float | None = None,
) -> ForeignForces:
    """Force constants from the files of a calculation.

    Forces inside a YAML file come before those beside it, unless their file was named.

    Parameters
    ----------
    files
        From `find_phonon_files`.
    structure
        Unit cell or supercell (or a YAML file of phonopy) to use in place of those found.
    supercell
        (3, 3) integers, the supercell of `structure` or of the unit cell found.
    tolerance_a
        Distance within which atoms count as equivalent, Å; default: `SYMMETRY_TOLERANCE_A`, or
        what the YAML file states if that is more.

    Raises
    ------
    InputError
        If files are missing, damaged, or do not belong together.

    """
    _require_sense(files, structure, supercell)
    default = SYMMETRY_TOLERANCE_A if tolerance_a is None else tolerance_a
    given = structure is not None and is_yaml(structure)
    yaml_files = (structure,) if given and structure is not None else files.yaml_files
    if structure is None or given:
        contents: list[PhonopyYamlContent] = []
        for file in yaml_files:
            contents.append(read_phonopy_yaml(file))
            if contents[-1].has_forces:
                break
        # A named FORCE_SETS is used with the cells of the first file, whatever that holds.
        content = next((c for c in contents if c.has_forces), contents[0] if contents else None)
        if content is not None and (files.forces is not None or content.has_forces):
            if supercell is not None:
                raise InputError(
                    f"The supercell stands in {content.path} already.",
                    why="Another one would not fit its displacements.",
                    fix="Leave out --supercell.",
                )
            return _from_yaml(content, files, tolerance_a)
        if content is not None and files.vasp is None:
            raise _no_forces(content.path, files.folder)
    if files.forces is not None:
        path = structure or files.supercell or files.unit_cell
        if path is None:
            raise InputError(
                f"There is no structure for {files.forces}.",
                why=f"It holds none, and neither {', '.join(YAML_NAMES)} nor SPOSCAR nor POSCAR "
                "lies beside it.",
                fix="Name the structure (--structure), or put its file beside it.",
            )
        constants = _from_structure(files, path, supercell, default, chosen=structure is not None)
        return ForeignForces(constants=constants, tolerance_a=default, yaml=None)
    if files.vasp is not None:
        return ForeignForces(
            constants=read_vasp_hessian(files.vasp, default), tolerance_a=default, yaml=None
        )
    raise InputError(
        f"{files.folder} is not a run folder, and holds no phonons of other programs.",
        why=f"It holds neither run.json nor {', '.join((*YAML_NAMES, *FORCE_NAMES))} nor "
        "vasprun.xml.",
        fix="Give a run folder of reticulum, or the files of a phonopy or VASP calculation.",
    )


def _require_sense(
    files: PhononFiles, structure: Path | None, supercell: NDArray[np.int64] | None
) -> None:
    """Refuse a structure or supercell for files that have their own."""
    if files.forces is None and (structure is not None or supercell is not None):
        raise InputError(
            "A structure or supercell was named, but there is no file that needs one.",
            why=f"Only {', '.join(FORCE_NAMES)} have none of their own.",
            fix="Leave out --structure and --supercell, or name the file of forces.",
        )


def _from_yaml(
    content: PhonopyYamlContent, files: PhononFiles, tolerance_a: float | None
) -> ForeignForces:
    """Force constants in a YAML file, or beside it."""
    tolerance = SYMMETRY_TOLERANCE_A if tolerance_a is None else tolerance_a
    phonopy = phonopy_of_yaml(content, tolerance)
    if tolerance_a is None and content.tolerance_a is not None:
        stated = content.tolerance_a * calculator_units(phonopy)[0]
        if stated > tolerance:
            tolerance = stated
            phonopy = phonopy_of_yaml(content, tolerance)
    data = content.data
    if content.has_forces and not files.forces_named:
        constants = (
            stored_force_constants(phonopy, data.force_constants, content.path)
            if data.force_constants is not None
            else force_constants_from_sets(phonopy, data.dataset, content.path, tolerance)
        )
    else:
        assert files.forces is not None
        constants = _from_file(files.forces, phonopy, tolerance, content)
    return ForeignForces(constants=constants, tolerance_a=tolerance, yaml=content)


def _from_file(
    path: Path, phonopy: Any, tolerance_a: float, content: PhonopyYamlContent | None
) -> SupercellForceConstants:
    """Force constants of a file of forces or force constants."""
    if _is_force_sets(path):
        dataset = read_force_sets(path, len(phonopy.supercell))
        if content is not None:
            with reading(content.path, "displacements of this cell"):
                require_same_displacements(dataset, content.data.dataset, path, content.path)
        return force_constants_from_sets(phonopy, dataset, path, tolerance_a)
    return read_force_constants(path, phonopy)


def _from_structure(
    files: PhononFiles,
    path: Path,
    supercell: NDArray[np.int64] | None,
    tolerance_a: float,
    *,
    chosen: bool,
) -> SupercellForceConstants:
    """Force constants of a file beside a structure that no YAML file describes."""
    from reticulum.frameworks.reading import read_structure

    assert files.forces is not None
    rows, n_atoms = _size(files.forces)
    if not chosen and supercell is not None:
        path = files.unit_cell or path
    atoms = read_structure(path)
    if not chosen and supercell is None and n_atoms not in (None, len(atoms)):
        other = files.unit_cell
        if other is not None and other != path:
            path, atoms = other, read_structure(other)
    matrix = _supercell_matrix(supercell, atoms, n_atoms, files.forces, path)
    # Rows for the unit cell tell that phonopy took it as the primitive cell.
    primitive = "P" if rows is not None and rows == len(atoms) != n_atoms else "auto"
    phonopy = phonopy_of_structure(atoms, matrix, primitive=primitive, tolerance_a=tolerance_a)
    return _from_file(files.forces, phonopy, tolerance_a, None)


def _size(path: Path) -> tuple[int | None, int | None]:
    """Rows of force constants (None for forces), and atoms of the supercell, where told."""
    if _is_force_sets(path):
        return None, atoms_of_force_sets(path)
    return shape_of_force_constants(path)


def _is_force_sets(path: Path) -> bool:
    return "force_sets" in path.name.lower()


def _supercell_matrix(
    supercell: NDArray[np.int64] | None,
    atoms: Atoms,
    n_atoms: int | None,
    forces: Path,
    structure: Path,
) -> NDArray[np.int64]:
    """Supercell that the forces belong to."""
    matrix = np.eye(3, dtype=np.int64) if supercell is None else supercell
    n_supercell = len(atoms) * round(abs(float(np.linalg.det(matrix))))
    if n_supercell > _MOST_ATOMS:
        raise InputError(
            f"The supercell has {n_supercell} atoms.",
            why=f"More than {_MOST_ATOMS} do not fit into memory with their force constants.",
            fix="Check --supercell.",
        )
    if n_atoms is not None and n_supercell != n_atoms:
        times, part = n_atoms / len(atoms), len(atoms) / n_atoms
        if times == 1.0:
            what = "the forces are those of the structure as it is, without --supercell"
        elif times.is_integer():
            what = f"the forces are of {times:.0f} times as many"
        elif part.is_integer():
            what = (
                f"{part:.0f} times as many, so the forces are of a smaller cell, as the primitive "
                "one"
            )
        else:
            what = "the forces are of no multiple of it, so they belong to another structure"
        raise InputError(
            f"{forces} is of {n_atoms} atoms; {structure} with the supercell given or assumed has "
            f"{n_supercell}.",
            why=f"The structure has {len(atoms)} atoms: {what}.",
            fix=f"Check that both belong together; {_SUPERCELL_WORDS}",
        )
    return matrix


def _no_forces(path: Path, folder: Path) -> InputError:
    return InputError(
        f"{path} holds no forces, and there are none beside it.",
        why=f"Neither {', '.join(FORCE_NAMES)} lies in {folder}.",
        fix="Make FORCE_SETS with phonopy -f, and put it beside the file; or give "
        "phonopy_params.yaml.",
    )
