"""Crystal structures from bundled names, common files, and ASE or pymatgen objects."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import sqlite3
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, chemical_symbols
from ase.io import ParseError, read
from ase.io.formats import UnknownFileTypeError, filetype, ioformats
from ase.spacegroup.spacegroup import SpacegroupError

from reticulum.errors import InputError
from reticulum.frameworks.cif import expand_cif, raise_partial_occupancy
from reticulum.frameworks.crystal_checks import require_atoms_apart, require_crystal
from reticulum.frameworks.library import find_structure_card, nearest_structure_names

if TYPE_CHECKING:
    from pymatgen.core import Structure

    StructureSource: TypeAlias = str | Path | Atoms | Structure

#: Masses this close to the natural ones are the natural ones, printed with fewer digits, amu; the
#: smallest difference between an element and its neighbouring isotopes that is used in vibrational
#: spectroscopy is that of C-13 with 0.99.
NATURAL_MASS_TOLERANCE_AMU = 0.05

#: The highest atomic number that ASE knows.
_LAST_ELEMENT = len(chemical_symbols) - 1

_DECOMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}
_CIF_SUFFIXES = {".cif", ".mcif"}

#: What the readers of ASE and pymatgen raise on damaged or foreign files, found by feeding them
#: such files. SyntaxError is the base of the parse errors of pymatgen and of XML.
_READER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    ParseError,
    RuntimeError,
    SpacegroupError,
    StopIteration,
    SyntaxError,
    TypeError,
    UnknownFileTypeError,
    ValueError,
    lzma.LZMAError,
    sqlite3.Error,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


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
            crystal = expand_cif(_text(path), what)
            atoms, labels, notes = crystal.atoms, crystal.labels, crystal.notes
        else:
            atoms, notes = _read_other(path)
    elif _is_pymatgen_structure(source):
        atoms, what = _from_pymatgen(source, "The Structure object"), "The Structure object"
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
        label = card.name if card is not None else Path(_uncompressed_name(Path(source))).stem
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
    near = nearest_structure_names(_uncompressed_name(path).removesuffix(path.suffix))
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


def _uncompressed_name(path: Path) -> str:
    """File name without the ending of a compression."""
    return (
        path.name.removesuffix(path.suffix) if path.suffix.lower() in _DECOMPRESSORS else path.name
    )


def _is_cif(path: Path) -> bool:
    """Whether a file is to be read as CIF: by its ending, or by a first line ``data_...``."""
    if Path(_uncompressed_name(path)).suffix.lower() in _CIF_SUFFIXES:
        return True
    lines = (line.strip() for line in _content(path).splitlines())
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    return first.lower().startswith(b"data_")


def _text(path: Path) -> str:
    """Content of a text file, decompressed where its ending says so."""
    content = _content(path)
    if b"\0" in content:
        raise InputError(
            f"{path} is a binary file, not text.",
            why="A CIF is a text file.",
            fix="Check that the right file was given and that it was downloaded completely.",
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _content(path: Path) -> bytes:
    """Bytes of a file, decompressed where its ending says so; never empty."""
    decompress = _DECOMPRESSORS.get(path.suffix.lower())
    try:
        content = path.read_bytes()
        if decompress is not None:
            content = decompress(content)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise InputError(
            f"{path} cannot be read: {error}.",
            fix="Check the permissions of the file and whether it is complete.",
        ) from error
    if not content.strip():
        raise InputError(f"{path} is empty.", fix="Export or download the file again.")
    return content


def _read_other(path: Path) -> tuple[Atoms, tuple[str, ...]]:
    """Crystal from a file that is no CIF, and what the user should know about it."""
    content = _content(path)
    file_format = _ase_format(path)
    reason = "its format is not recognised"
    if file_format is not None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frames = read(
                    str(path), index=":", format=file_format, do_not_split_by_at_sign=True
                )
        except _READER_ERRORS as error:
            reason = f"as {file_format} it gives {_reason(error)}"
        else:
            return _last_frame(frames, path)
    atoms = _read_with_pymatgen(path)
    if atoms is not None:
        return atoms, ()
    kind = "binary file" if b"\0" in content else "file"
    raise InputError(
        f"The {kind} {path} cannot be read as a crystal structure ({reason}).",
        why="The file is incomplete, or of a format that neither ASE nor pymatgen reads.",
        fix="Convert it to CIF, POSCAR or extended XYZ and name it with the usual ending.",
    )


def _ase_format(path: Path) -> str | None:
    """Name that ASE has for the format of a file, if it recognises one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            name = str(filetype(str(path)))
    except _READER_ERRORS:
        return None
    return name if name in ioformats else None


def _last_frame(frames: list[Atoms], path: Path) -> tuple[Atoms, tuple[str, ...]]:
    """Last of the frames of one crystal."""
    if not frames:
        raise InputError(
            f"{path} holds no atoms.", fix="Check that the file holds a structure at all."
        )
    if len(frames) == 1:
        return frames[0], ()
    formulas = dict.fromkeys(frame.get_chemical_formula("hill") for frame in frames)
    if len(formulas) > 1:
        shown = ", ".join(list(formulas)[:3])
        raise InputError(
            f"{path} holds {len(frames)} structures of {len(formulas)} compositions ({shown}).",
            why="Which one is meant cannot be guessed.",
            fix="Save the wanted structure in a file of its own.",
        )
    return frames[-1], (f"{path} holds {len(frames)} frames: the last one was taken.",)


def _read_with_pymatgen(path: Path) -> Atoms | None:
    """Crystal from a file that only pymatgen reads; ``None`` if it does not either."""
    from pymatgen.core import Structure
    from pymatgen.core.composition import CompositionError
    from pymatgen.core.structure import StructureError
    from pymatgen.io.vasp.inputs import BadPoscarWarning
    from ruamel.yaml.error import YAMLError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # pymatgen would invent elements (H, He, ...) for a POSCAR that names none
            warnings.simplefilter("error", BadPoscarWarning)
            structure = Structure.from_file(str(path))
    except BadPoscarWarning as error:
        if _sixth_line_is_text(path):
            return None
        raise InputError(
            f"The POSCAR {path} does not name its elements.",
            why="The line of element symbols above the line of atom numbers is missing (VASP 4).",
            fix="Write the element symbols in the sixth line.",
        ) from error
    except (*_READER_ERRORS, StructureError, CompositionError, YAMLError, Warning):
        # some readers of pymatgen raise a bare Warning where they give up
        return None
    return _from_pymatgen(structure, str(path))


def _sixth_line_is_text(path: Path) -> bool:
    """Whether the line of a POSCAR where the element symbols belong starts with a letter."""
    lines = _text(path).splitlines()
    return len(lines) > 5 and lines[5].strip()[:1].isalpha()


def _is_pymatgen_structure(source: object) -> bool:
    """Whether an object is a pymatgen crystal, without importing pymatgen for the question."""
    module = sys.modules.get("pymatgen.core.structure")
    return module is not None and isinstance(source, module.IStructure)


def _from_pymatgen(structure: Structure, what: str) -> Atoms:
    """ASE crystal from a pymatgen crystal."""
    partial = [
        (str(index + 1), str(species), float(amount))
        for index, site in enumerate(structure)
        if not site.is_ordered
        for species, amount in site.species.items()
    ]
    if partial:
        raise_partial_occupancy(partial, what)
    numbers = [_atomic_number(site.specie, what) for site in structure]
    masses = [float(site.specie.atomic_mass) for site in structure]
    isotopes = any(site.specie.symbol in {"D", "T"} for site in structure)
    return Atoms(
        numbers=numbers,
        positions=structure.cart_coords,
        cell=structure.lattice.matrix,
        pbc=structure.lattice.pbc,
        masses=masses if isotopes else None,
    )


def _atomic_number(species: object, what: str) -> int:
    """Atomic number of a pymatgen species."""
    number = int(getattr(species, "Z", 0))
    if not 0 < number <= _LAST_ELEMENT:
        raise InputError(
            f"{what} has the unknown element {species}.",
            why="Dummy atoms have no mass and no forces.",
            fix="Give it a chemical element or delete it.",
        )
    return number


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


def _reason(error: BaseException) -> str:
    """Kind and first line of an inner error, for the brackets of a message."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
    return text[:160]
