"""Crystal structures from bundled names, common files, and ASE or pymatgen objects."""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from ase import Atoms
from ase.data import atomic_masses

from reticulum.errors import InputError
from reticulum.frameworks.cif import expand_cif
from reticulum.frameworks.crystal_checks import require_atoms_apart, require_crystal
from reticulum.frameworks.file_contents import file_content, file_text, uncompressed_name
from reticulum.frameworks.library import find_structure_card, nearest_structure_names
from reticulum.frameworks.other_formats import from_pymatgen, read_other_file

if TYPE_CHECKING:
    from pymatgen.core import Structure

    StructureSource: TypeAlias = str | Path | Atoms | Structure

#: Masses this close to the natural ones are the natural ones, printed with fewer digits, amu; the
#: smallest difference between an element and its neighbouring isotopes that is used in vibrational
#: spectroscopy is that of C-13 with 0.99.
NATURAL_MASS_TOLERANCE_AMU = 0.05

_CIF_SUFFIXES = {".cif", ".mcif"}


class StructureWarning(UserWarning):
    """Something in a structure file that the user should know and that stops nothing."""


def read_structure(source: StructureSource) -> Atoms:
    """Crystal structure, periodic in three directions.

    A name or alias of a bundled structure is meant when no file of exactly this path exists. Other
    strings and paths are files: CIF, or any format that ASE or, failing that, pymatgen can read.
    Of a trajectory of one crystal the last frame is taken, as ASE does.

    Parameters
    ----------
    source
        Bundled name, path of a file, ASE or pymatgen crystal. Objects are copied.

    Returns
    -------
    ase.Atoms
        In the cell of the source, positions (n, 3) in Å. It carries elements, positions, cell,
        masses where they differ from the natural ones, and ``info["name"]``; calculators,
        constraints, charges and magnetic moments are left behind (the spin state belongs to the
        calculator).

    Raises
    ------
    InputError
        If there is no such file or name; if the file is empty, damaged or of no known format; if
        it holds no atoms, several different crystals, partly occupied sites, unknown elements,
        atoms on top of each other, positions that are no numbers, or no three-dimensional cell.

    Warns
    -----
    StructureWarning
        If the last of several frames was taken, or a CIF contradicts its own formula or names its
        symmetry without listing the operations.

    """
    name = structure_label(source)
    labels: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    if isinstance(source, Atoms):
        atoms, what = source, "The Atoms object"
    elif isinstance(source, (str, Path)):
        path = _locate(source)
        what = str(source)
        if _is_cif(path):
            crystal = expand_cif(file_text(path), what)
            atoms, labels, notes = crystal.atoms, crystal.labels, crystal.notes
        else:
            atoms, notes = read_other_file(path)
    elif _is_pymatgen_structure(source):
        atoms, what = from_pymatgen(source, "The Structure object"), "The Structure object"
    else:
        raise InputError(
            f"A structure cannot be read from an object of type {type(source).__name__}.",
            fix="Give a bundled name, a path, an ase.Atoms or a pymatgen Structure.",
        )
    require_crystal(atoms, what)
    require_atoms_apart(atoms, what, labels)
    for note in notes:
        warnings.warn(note, StructureWarning, stacklevel=2)
    return _bare_copy(atoms, name)


def structure_label(source: StructureSource) -> str:
    """Short name of a structure for titles and folder names.

    The canonical name of a bundled structure, the stem of a file, ``info["name"]`` or the reduced
    formula of an object; characters that do not belong in a folder name become underscores.

    Parameters
    ----------
    source
        As for `read_structure`; files need not exist.

    """
    if isinstance(source, (str, Path)):
        card = None if _is_file(Path(source).expanduser()) else find_structure_card(str(source))
        label = card.name if card is not None else Path(uncompressed_name(Path(source))).stem
    elif isinstance(source, Atoms):
        given = source.info.get("name")
        formula = source.get_chemical_formula("hill", empirical=True)
        label = given if isinstance(given, str) and given.strip() else formula
    elif _is_pymatgen_structure(source):
        label = str(source.composition.reduced_formula)
    else:
        label = type(source).__name__
    return re.sub(r"[^\w.+()-]+", "_", label.strip()).strip("._") or "structure"


def _locate(source: str | Path) -> Path:
    """File of a source: itself, or that of a bundled structure."""
    if not str(source).strip():
        raise InputError(
            "No structure was named.",
            fix="Give a bundled name (see: reticulum structures) or the path of a file.",
        )
    path = Path(source).expanduser()
    if _is_file(path):
        return path
    card = find_structure_card(str(source))
    if card is not None:
        return card.cif_path
    if path.is_dir():
        raise InputError(
            f"{source} is a folder, not a structure file.",
            fix="Name the file inside it, for example POSCAR or a CIF.",
        )
    near = nearest_structure_names(uncompressed_name(path).removesuffix(path.suffix))
    hint = f"Did you mean the bundled structure {' or '.join(near)}? " if near else ""
    raise InputError(
        f"There is no file {str(source)!r}, and no bundled structure of this name.",
        fix=f"{hint}Check the path, or list the bundled structures with: reticulum structures",
    )


def _is_file(path: Path) -> bool:
    """Whether a path is a file.

    Raises
    ------
    InputError
        If a folder on the way to it may not be searched, or the name is impossible.

    """
    try:
        return path.is_file()
    except OSError as error:
        raise InputError(
            f"{path} cannot be looked at.",
            why=str(error.strerror or error),
            fix="Check the path and its permissions.",
        ) from error


def _is_cif(path: Path) -> bool:
    """Whether a file is to be read as CIF: by its ending, or by a first line ``data_...``."""
    if Path(uncompressed_name(path)).suffix.lower() in _CIF_SUFFIXES:
        return True
    lines = (line.strip() for line in file_content(path).splitlines())
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    return first.lower().startswith(b"data_")


def _is_pymatgen_structure(source: object) -> bool:
    """Whether an object is a pymatgen crystal, without importing pymatgen for the question."""
    module = sys.modules.get("pymatgen.core.structure")
    return module is not None and isinstance(source, module.IStructure)


def _bare_copy(atoms: Atoms, name: str) -> Atoms:
    """Elements, positions, cell and unusual masses of a crystal, and its name; nothing else."""
    masses = np.array(atoms.get_masses(), dtype=np.float64)
    natural = np.allclose(
        masses, atomic_masses[atoms.numbers], rtol=0.0, atol=NATURAL_MASS_TOLERANCE_AMU
    )
    return Atoms(
        numbers=atoms.numbers.copy(),
        positions=np.array(atoms.positions, dtype=np.float64),
        cell=np.array(atoms.cell.array, dtype=np.float64),
        pbc=True,
        masses=None if natural else masses,
        info={"name": name},
    )
