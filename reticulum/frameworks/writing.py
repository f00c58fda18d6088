"""Structure files: written whole or not at all, and read back before they count."""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase.io import write
from ase.io.formats import UnknownFileTypeError, filetype, ioformats

from reticulum import __version__
from reticulum.errors import InputError
from reticulum.frameworks.axial_ligands import PARTLY_OCCUPIED, PartialSite
from reticulum.frameworks.cif_writing import cif_text
from reticulum.frameworks.crystal_checks import require_atoms_apart, require_crystal
from reticulum.frameworks.written_check import verify_written
from reticulum.scratch import publish, scratch_folder

if TYPE_CHECKING:
    from ase import Atoms

#: Names that users know, and those of ASE.
_OTHER_NAMES = {"poscar": "vasp", "contcar": "vasp", "mcif": "cif"}

#: Formats of ASE that hold no cell, or lose it.
_WITHOUT_CELL = frozenset({"xyz", "mol", "sdf", "nwchem-in", "gaussian-in", "turbomole", "orca"})

#: Endings of files that a format name does not tell.
_SUFFIXES = {"cif": ".cif", "vasp": ".vasp", "extxyz": ".extxyz"}

#: Endings of compressed files.
_COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zip", ".zst"})

#: What the writers of ASE raise on structures that a format cannot hold.
_WRITER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)

_GOOD_FORMATS = "Use cif, vasp (POSCAR), extxyz or another format of ASE with a cell."


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenStructure:
    """A structure file that was written and read back.

    Attributes
    ----------
    path
        The file.
    file_format
        Name in ASE.
    symmetrised
        Whether it holds an asymmetric unit with symmetry operations.
    checked_by
        Readers that found the same crystal in it.

    """

    path: Path
    file_format: str
    symmetrised: bool
    checked_by: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types."""
        return {
            "path": str(self.path),
            "format": self.file_format,
            "symmetrised": self.symmetrised,
            "checked_by": list(self.checked_by),
        }


def structure_format(path: str | Path, format: str | None = None) -> str:
    """Name in ASE of the format that a file is written in.

    Parameters
    ----------
    path
        The file; its ending, or a name such as POSCAR, tells the format.
    format
        Name of the format, if it shall not be told by `path`.

    Raises
    ------
    InputError
        If the format is unknown, cannot be written or read, or holds no cell.

    """
    if format is None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                name = str(filetype(str(path), read=False))
        except UnknownFileTypeError:
            name = ""
        if name not in ioformats:
            raise InputError(
                f"The name {Path(path).name!r} tells no format.",
                why="Formats are told by the ending of a file, or by names such as POSCAR.",
                fix=f"End it in .cif, .vasp or .extxyz, or name the format. {_GOOD_FORMATS}",
            )
    else:
        name = format.strip().lower()
        name = _OTHER_NAMES.get(name, name)
        if name not in ioformats:
            near = difflib.get_close_matches(name, [*ioformats, *_OTHER_NAMES], n=3, cutoff=0.6)
            raise InputError(
                f"There is no format {format!r}.",
                why=f"Similar names: {', '.join(near)}." if near else "No name is similar.",
                fix=_GOOD_FORMATS,
            )
    if name in _WITHOUT_CELL:
        raise InputError(
            f"The format {name} holds no cell.",
            why="A crystal without its cell is a heap of atoms.",
            fix=_GOOD_FORMATS,
        )
    if not (ioformats[name].can_write and ioformats[name].can_read):
        raise InputError(
            f"The format {name} cannot be written and read back by ase.",
            why="Every file is read back to check it.",
            fix=_GOOD_FORMATS,
        )
    return name


def structure_suffix(format: str) -> str:
    """Usual ending of files of a format, with its dot.

    Raises
    ------
    InputError
        As for `structure_format`.

    """
    name = structure_format("structure", format)
    usual = ioformats[name].extensions
    return _SUFFIXES.get(name, f".{usual[0] if usual else name}")


def require_writable(
    path: str | Path,
    *,
    format: str | None = None,
    partial_sites: Sequence[PartialSite] = (),
    overwrite: bool = False,
) -> tuple[Path, str]:
    """Refuse a file that `write_structure` would refuse, before anything is written.

    Parameters
    ----------
    path, format, partial_sites, overwrite
        As for `write_structure`.

    Returns
    -------
    tuple
        The path, and the name of the format in ASE.

    Raises
    ------
    InputError
        If the file exists, its folder does not, or the format is unknown or cannot hold the
        sites.

    """
    target = Path(path).expanduser()
    name = structure_format(target, format)
    if target.suffix.lower() in _COMPRESSED:
        raise InputError(
            f"{target.name} would be a compressed file, which is not written.",
            fix=f"Name it {target.stem} and compress it afterwards.",
        )
    if (target.suffix.lower() == ".cif") != (name == "cif") and target.suffix:
        raise InputError(
            f"{target.name} does not end as a file of the format {name} does.",
            why="Readers tell CIF from other formats by the ending .cif.",
            fix=f"Name it {target.stem}{structure_suffix(name)}, or leave the format out.",
        )
    exists = os.path.exists(target)  # False for names that are too long: told when written
    if (exists and not os.path.isfile(target)) or not os.path.isdir(target.parent):
        reason = f"There is no folder {target.parent}."
        if exists:
            reason = "It is a folder." if target.is_dir() else "It is a device or a pipe, no file."
        raise InputError(
            f"{target} cannot be written.",
            why=reason,
            fix="Give the path of a file in an existing folder.",
        )
    if exists and not overwrite:
        raise _exists_already(target)
    if partial_sites and name != "cif":
        raise InputError(
            f"The format {name} cannot hold half-occupied sites.",
            why="Only CIF has occupancies; ase.Atoms has none.",
            fix="Write a .cif, or an ordered model: --chloride ordered (or none).",
        )
    return target, name


def write_structure(
    atoms: Atoms,
    path: str | Path,
    *,
    format: str | None = None,
    symmetrised: bool = True,
    provenance: Sequence[str] = (),
    partial_sites: Sequence[PartialSite] = (),
    overwrite: bool = False,
    verify: bool = True,
) -> WrittenStructure:
    """Write a crystal to a file and read it back.

    Parameters
    ----------
    atoms
        The crystal.
    path
        The file; its folder must exist.
    format
        ``cif``, ``vasp`` (or ``poscar``), ``extxyz`` or another name of ASE; told by `path` if
        None.
    symmetrised
        For CIF only: write the asymmetric unit in the standard setting of the space group instead
        of every atom in P1. The file then holds the conventional cell, whatever that of `atoms`.
        Other formats hold the cell of `atoms`.
    provenance
        Lines about where the structure comes from, written as comments where the format has any.
    partial_sites
        Sites occupied in part; only CIF holds them.
    overwrite
        Replace an existing file.
    verify
        Read the file back before it gets its name, and refuse it if it holds another crystal.

    Returns
    -------
    WrittenStructure
        With the readers that agreed.

    Raises
    ------
    InputError
        If the file exists, its folder does not, the structure is no crystal, or the format is
        unknown or cannot hold it.
    CalculationError
        If the file does not read back as the same crystal; then nothing is left behind.

    """
    require_crystal(atoms, "The structure")
    require_atoms_apart(atoms, "the structure")
    if atoms.info.get(PARTLY_OCCUPIED) and not partial_sites:
        raise InputError(
            f"The model has {atoms.info[PARTLY_OCCUPIED]} half-occupied sites beside its atoms.",
            why="ase.Atoms cannot hold them, and without them the file is of another compound.",
            fix="Give them too (partial_sites=model.partial_sites), or build it with "
            "anions='ordered' or 'none'.",
        )
    target, name = require_writable(
        path, format=format, partial_sites=partial_sites, overwrite=overwrite
    )
    comment = (*provenance, f"Written by reticulum {__version__}.")
    label = str(atoms.info.get("name", "")) or target.name.split(".")[0]
    checked: tuple[str, ...] = ()
    try:
        with scratch_folder(target.parent) as scratch:
            draft = scratch / target.name
            if name == "cif":
                text = cif_text(
                    atoms,
                    name=label,
                    partial_sites=partial_sites,
                    symmetrised=symmetrised,
                    provenance=comment,
                )
                draft.write_text(text, encoding="ascii")
            else:
                _write_with_ase(atoms, draft, name, label, comment)
            if verify:
                checked = verify_written(
                    draft,
                    atoms,
                    file_format=name,
                    partial_sites=partial_sites,
                    symmetrised=symmetrised and name == "cif",
                )
            publish(draft, target, overwrite=overwrite)
    except FileExistsError as error:
        raise _exists_already(target) from error
    except OSError as error:
        raise InputError(
            f"{target} cannot be written.",
            why=str(error.strerror or error),
            fix="Give a path in a folder that you may write to, on a disk that is not full.",
        ) from error
    return WrittenStructure(
        path=target,
        file_format=name,
        symmetrised=symmetrised and name == "cif",
        checked_by=checked,
    )


def _exists_already(target: Path) -> InputError:
    return InputError(
        f"{target} exists already.", fix="Choose another name, or overwrite it with --force."
    )


def _write_with_ase(
    atoms: Atoms, path: Path, name: str, label: str, comment: Sequence[str]
) -> None:
    """Write elements, positions and cell with ASE, and nothing else that `atoms` may carry."""
    from ase import Atoms as PlainAtoms

    plain = PlainAtoms(
        numbers=atoms.numbers,
        positions=np.asarray(atoms.positions),
        cell=np.asarray(atoms.cell[:]),
        pbc=True,
    )
    options: dict[str, object] = {}
    if name == "vasp":
        plain = plain[np.argsort(plain.numbers, kind="stable")]
        options = {"direct": True}
    elif name == "extxyz":
        plain.info = {"name": label, "provenance": " ".join(comment)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(str(path), plain, format=name, **options)
    except _WRITER_ERRORS as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"ase cannot write this structure as {name}: {reason[0]}", fix=_GOOD_FORMATS
        ) from error
