"""Which files of a folder make one phonon calculation of another program."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reticulum.errors import InputError

#: YAML files of phonopy with cells, the ones that may hold forces first.
YAML_NAMES = ("phonopy_params.yaml", "phonopy_disp.yaml", "phonopy.yaml")

#: Files of force constants and of forces, in phonopy's order.
FORCE_NAMES = ("FORCE_CONSTANTS", "force_constants.hdf5", "FORCE_SETS")

#: Structures beside them: of the supercell, of the unit cell.
SUPERCELL_NAMES = ("SPOSCAR",)
UNIT_CELL_NAMES = ("POSCAR", "POSCAR-unitcell")

#: Outputs of VASP.
VASP_NAMES = ("vasprun.xml",)

#: Born charges beside them.
BORN_NAME = "BORN"

#: Endings of compressed files.
COMPRESSED = ("", ".xz", ".gz", ".bz2", ".lzma")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhononFiles:
    """Files of one phonon calculation.

    Parameters
    ----------
    folder
        Where they are.
    yaml_files
        YAML files of phonopy, those that hold forces most likely first.
    forces
        FORCE_CONSTANTS, force_constants.hdf5 or FORCE_SETS; None if there is none.
    forces_named
        Whether the user named that file.
    supercell, unit_cell
        Structures; None if there are none.
    vasp
        vasprun.xml; None if there is none.
    born
        BORN beside them; None if there is none.

    """

    folder: Path
    yaml_files: tuple[Path, ...]
    forces: Path | None
    forces_named: bool
    supercell: Path | None
    unit_cell: Path | None
    vasp: Path | None
    born: Path | None


def find_phonon_files(path: Path) -> PhononFiles:
    """Files of the phonon calculation in a folder, or of one that a file belongs to.

    A file that is named is used before all others of its kind.

    Parameters
    ----------
    path
        A folder, or a phonopy YAML file, FORCE_SETS, FORCE_CONSTANTS, force_constants.hdf5 or
        vasprun.xml.

    Raises
    ------
    InputError
        If there is no such file or folder, or the file is of no known kind.

    """
    # os.path answers no, and does not fail, where a folder may not be looked into
    if os.path.isdir(path):
        return _in_folder(path, vasp=True)
    if not os.path.isfile(path):
        raise InputError(
            f"{path} is not a run folder, and no file of phonons either.",
            why="There is no file or folder of this name.",
            fix="Check the path. Of a structure, compute the phonons first: reticulum phonons "
            "STRUCTURE -o RUN",
        )
    beside = _in_folder(path.parent, vasp=False)
    kind = _kind(path)
    return PhononFiles(
        folder=path.parent,
        yaml_files=(path,) if kind == "yaml" else beside.yaml_files,
        forces=path if kind == "forces" else None if kind == "vasp" else beside.forces,
        forces_named=kind == "forces",
        supercell=beside.supercell,
        unit_cell=beside.unit_cell,
        vasp=path if kind == "vasp" else None,
        born=None if kind == "vasp" else beside.born,
    )


def _in_folder(folder: Path, *, vasp: bool) -> PhononFiles:
    return PhononFiles(
        folder=folder,
        yaml_files=tuple(
            folder / f"{name}{ending}"
            for name in YAML_NAMES
            for ending in COMPRESSED
            if os.path.isfile(folder / f"{name}{ending}")
        ),
        forces=_first(folder, FORCE_NAMES),
        forces_named=False,
        supercell=_first(folder, SUPERCELL_NAMES),
        unit_cell=_first(folder, UNIT_CELL_NAMES),
        vasp=_first(folder, [f"{name}{ending}" for name in VASP_NAMES for ending in COMPRESSED])
        if vasp
        else None,
        born=_first(folder, (BORN_NAME,)),
    )


def _first(folder: Path, names: tuple[str, ...] | list[str]) -> Path | None:
    return next((folder / name for name in names if os.path.isfile(folder / name)), None)


def _kind(path: Path) -> str:
    """Kind of a file, told by its name: "yaml", "forces" or "vasp"."""
    name = path.name
    for ending in COMPRESSED[1:]:
        name = name.removesuffix(ending)
    lower = name.lower()
    if is_yaml(path):
        return "yaml"
    if lower.endswith(".xml"):
        return "vasp"
    if "force_sets" in lower or "force_constants" in lower:
        return "forces"
    raise InputError(
        f"{path} is no file of phonons that is known by its name.",
        why="Known are YAML files of phonopy (.yaml), FORCE_SETS, FORCE_CONSTANTS, "
        "force_constants.hdf5 and vasprun.xml (.xml).",
        fix="Give one of these, the folder that holds them, or a run folder of reticulum.",
    )


def is_yaml(path: Path) -> bool:
    """Whether a file is YAML by its name, compressed or not."""
    name = path.name.lower()
    for ending in COMPRESSED[1:]:
        name = name.removesuffix(ending)
    return name.endswith((".yaml", ".yml"))
