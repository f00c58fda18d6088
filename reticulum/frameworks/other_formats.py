"""Crystals from files that are no CIF: whatever ASE or, failing that, pymatgen reads."""

from __future__ import annotations

import lzma
import sqlite3
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ase import Atoms
from ase.data import chemical_symbols
from ase.io import ParseError, read
from ase.io.formats import UnknownFileTypeError, filetype, ioformats
from ase.spacegroup.spacegroup import SpacegroupError

from reticulum.errors import InputError
from reticulum.frameworks.cif import raise_partial_occupancy
from reticulum.frameworks.file_contents import file_content, file_text

if TYPE_CHECKING:
    from pymatgen.core import Structure

#: The highest atomic number that ASE knows.
_LAST_ELEMENT = len(chemical_symbols) - 1

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


def read_other_file(path: Path) -> tuple[Atoms, tuple[str, ...]]:
    """Crystal from a file that is no CIF, and what the user should know about it.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it is of no known format, damaged, or holds several different crystals.

    """
    content = file_content(path)
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
    return from_pymatgen(structure, str(path))


def _sixth_line_is_text(path: Path) -> bool:
    """Whether the line of a POSCAR where the element symbols belong starts with a letter."""
    lines = file_text(path).splitlines()
    return len(lines) > 5 and lines[5].strip()[:1].isalpha()


def from_pymatgen(structure: Structure, what: str) -> Atoms:
    """ASE crystal from a pymatgen crystal.

    Parameters
    ----------
    structure
        The crystal.
    what
        What it is, for messages.

    Raises
    ------
    InputError
        If sites are partly occupied or hold no element.

    """
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


def _reason(error: BaseException) -> str:
    """Kind and first line of an inner error, for the brackets of a message."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
    return text[:160]
