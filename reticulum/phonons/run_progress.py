"""How far the phonons of an unfinished run folder came; nothing is computed or written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reticulum.engines.store import ForceStore, calculation_key
from reticulum.errors import InputError
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.folder import RunFolder
from reticulum.phonons.run import phonopy_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """What is finished of the phonons of a run.

    Attributes
    ----------
    n_calculations
        Stored calculations of all kinds.
    n_finished
        Displacements that are computed.
    n_displacements
        Displacements that are needed; None as long as the structure is not relaxed.

    """

    n_calculations: int
    n_finished: int
    n_displacements: int | None

    @property
    def in_words(self) -> str:
        """``7 of 24 displacements``, or what was done before them."""
        if self.n_displacements is not None:
            return f"{self.n_finished} of {self.n_displacements} displacements"
        if self.n_calculations:
            return f"not relaxed yet, calculations: {self.n_calculations}"
        return "nothing computed yet"

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def run_progress(path: Path) -> RunProgress:
    """How far the phonons of a run folder came.

    The structure that is displaced is the last one that the log names as reference; its symmetry
    gives the displacements, as in the run itself.

    Parameters
    ----------
    path
        The run folder.

    Raises
    ------
    InputError
        If it is not a run folder, or its files are damaged.

    """
    identity = RunFolder.identity_of(path)
    folder = RunFolder(path)
    if not folder.forces_file.is_file():
        return RunProgress(n_calculations=0, n_finished=0, n_displacements=None)
    store = ForceStore(folder.forces_file)
    atoms = store.structure(_reference(folder.log_file))
    if atoms is None:
        return RunProgress(n_calculations=len(store), n_finished=0, n_displacements=None)
    try:
        length = float(identity["displacement (Å)"])
        tolerance = float(identity.get("symprec (Å)", SYMMETRY_TOLERANCE_A))
        fingerprint = str(identity["calculator fingerprint"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder.identity_file} does not describe a run of phonons.",
            why=f"An entry is missing or is no number ({error}).",
            fix="Make the run again in another folder.",
        ) from error
    phonopy = phonopy_of(atoms, tolerance)
    phonopy.generate_displacements(distance=length)
    keys = set()
    for entry in phonopy.dataset["first_atoms"]:
        moved = atoms.copy()
        moved.positions[entry["number"]] += entry["displacement"]
        keys.add(calculation_key(moved, fingerprint))
    return RunProgress(
        n_calculations=len(store),
        n_finished=sum(key in store for key in keys),
        n_displacements=len(keys),
    )


def _reference(log: Path) -> str:
    """Key of the last reference that a log names; empty if there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (re.search(r" (?:computed|reused) reference (k[0-9a-f]+)", line) for line in lines)
    return next((match.group(1) for match in reversed([*found]) if match is not None), "")
