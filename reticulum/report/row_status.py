"""What a run folder holds for a table of materials: whether it is begun, readable, and of whom."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

from reticulum.errors import InputError
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.folder import RunFolder
from reticulum.phonons.options import PhononOptions
from reticulum.provenance import geometry_digest

#: Files of which one is enough to say that a run was begun; a lock alone, or two-state curves that
#: need no calculation, are none.
_OF_A_RUN = re.compile(
    r"run\.json|forces\.db|phonons\.json|phonopy_params\.yaml|mechanism-.*\.json"
)


class RowStatus(StrEnum):
    """Where a row of a table comes from, or why it has no numbers."""

    COMPUTED = "computed"
    #: computed, but the bundled structure has changed since
    STALE = "stale"
    #: nothing of a run, or no stored row
    MISSING = "missing"
    #: a run that is begun and has not come to what the table shows; it can go on
    UNFINISHED = "unfinished"
    #: a run folder that cannot be read
    DAMAGED = "damaged"
    #: a run folder of another structure or calculator
    FOREIGN = "foreign"


#: Run folders that give no numbers and never will: each is an error, unlike one that can go on.
UNUSABLE = frozenset({RowStatus.DAMAGED, RowStatus.FOREIGN})


class ForeignRunError(InputError):
    """A run folder belongs to another structure or calculator."""


def is_begun(folder: Path) -> bool:
    """Whether there is anything of a run; an empty folder is none.

    Parameters
    ----------
    folder
        The run folder; need not exist.

    Raises
    ------
    OSError
        If it may not be looked into.

    """
    try:
        return any(_OF_A_RUN.fullmatch(entry.name) for entry in folder.iterdir())
    except FileNotFoundError:
        return folder.is_symlink()  # to nowhere
    except NotADirectoryError:
        return True


def require_any_run(folder: Path, structures: Iterable[str], calculator: str) -> None:
    """Refuse a folder that holds nothing that is named as a run folder of a table.

    Parameters
    ----------
    folder
        Should hold the run folders ``NAME_CALCULATOR``.
    structures
        Names of the bundled structures.
    calculator
        Name of the calculator.

    Raises
    ------
    InputError
        If there is none, or the folder cannot be read; a run folder itself is told apart.

    """
    names = list(structures)
    try:
        present = {entry.name for entry in folder.iterdir()}
        is_run = is_begun(folder)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be read.",
            why=f"{error.strerror or error}.",
            fix="Make it readable, or name another folder.",
        ) from error
    if present & {f"{name}_{calculator}" for name in names}:
        return
    looked_for = (
        f"Looked for are run folders NAME_{calculator}, such as {names[0]}_{calculator}, in it."
    )
    if is_run:
        raise InputError(
            f"{folder} is itself a run folder.",
            why=looked_for,
            fix=f"Name the folder that it lies in: --runs {folder.resolve().parent}",
        )
    others = sorted(
        {
            entry.removeprefix(f"{name}_")
            for entry in present
            for name in names
            if entry.startswith(f"{name}_")
        }
    )
    raise InputError(
        f"There is no run of {calculator} in {folder}.",
        why=looked_for + (f" There are runs of {', '.join(others)}." if others else ""),
        fix=f"Ask for them: -c {others[0]}"
        if others
        else "Name the folder that holds your run folders, or add --compute METHODS.",
    )


def require_run_of(structure: str, folder: Path, calculator: str) -> dict[str, Any]:
    """Identity of a run folder, which is refused if it is of something else.

    Parameters
    ----------
    structure
        Name of the bundled structure.
    folder
        The run folder.
    calculator
        Name of the calculator.

    Raises
    ------
    ForeignRunError
        If the folder is of another structure or calculator.
    InputError
        If it is no run folder, or does not describe a run.

    """
    identity = RunFolder.identity_of(folder)
    tolerance = identity.get("symprec (Å)")
    try:
        digest = structure_digest(structure, tolerance)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{folder / 'run.json'} does not describe a run.",
            why=f"Its symmetry tolerance is {tolerance!r}, no number.",
            fix="Move this folder away and make the run again.",
        ) from error
    if identity.get("structure") != digest:
        raise ForeignRunError(
            f"{folder} is not a run of the bundled {structure}.",
            why="Its structure is another one.",
            fix="Move this folder away, or give another one with --runs.",
        )
    if identity.get("calculator") != calculator:
        raise ForeignRunError(
            f"{folder} was computed with {identity.get('calculator')}, not {calculator}.",
            why="A table compares materials with one calculator.",
            fix="Move this folder away, or ask for the calculator of it.",
        )
    return identity


def structure_digest(structure: str, tolerance_a: Any = None) -> str:
    """Digest of the symmetrised primitive cell of a bundled structure, as run folders keep it.

    Parameters
    ----------
    structure
        Its name.
    tolerance_a
        Symmetry tolerance, Å; None for that of `PhononOptions`.

    Raises
    ------
    TypeError, ValueError
        If the tolerance is no number.

    """
    tolerance = PhononOptions().tolerance_a if tolerance_a is None else float(tolerance_a)
    atoms = symmetrised_primitive(read_structure(structure), tolerance).atoms
    return geometry_digest(atoms.numbers, atoms.cell[:], atoms.positions)


def status_and_problem(folder: Path, error: InputError | OSError) -> tuple[RowStatus, str]:
    """Status of a run folder that was refused; what is wrong and what to do, in one line.

    Parameters
    ----------
    folder
        The run folder.
    error
        Why it was refused.

    """
    status = RowStatus.FOREIGN if isinstance(error, ForeignRunError) else RowStatus.DAMAGED
    if isinstance(error, OSError):
        error = InputError(
            f"{folder} cannot be read.",
            why=f"{error.strerror or error}.",
            fix="Make it readable, or move it away.",
        )
    return status, " ".join(str(error).split())
