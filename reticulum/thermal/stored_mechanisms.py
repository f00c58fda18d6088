"""Results of mechanisms in the run folder that they were computed in.

A run folder belongs to one structure, one calculator and one set of options, so that what is in it
may stand in one table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reticulum.errors import InputError
from reticulum.provenance import read_json, software_versions, timestamp, write_json
from reticulum.thermal.mechanism import MechanismResult
from reticulum.thermal.mechanisms import CATALOGUE

#: Names under which results are stored, in the order in which they are shown: the metal-oxygen
#: oscillator with the stiffer motions following and with all, then the catalogue.
STORED_NAMES: tuple[str, ...] = (
    "oscillator",
    "oscillator-all",
    *(entry.name for entry in CATALOGUE),
)


def mechanism_file(folder: Path, name: str) -> Path:
    """File of a mechanism in a run folder."""
    return folder / f"mechanism-{name}.json"


def store_mechanism(folder: Path, name: str, result: MechanismResult | None, verdict: str) -> None:
    """Keep what was found; an earlier result of the same mechanism is replaced.

    Parameters
    ----------
    folder
        The run folder.
    name
        Name of the mechanism.
    result
        Bands and slopes; None if the mechanism does not exist in this crystal.
    verdict
        One sentence on what was found.

    """
    content: dict[str, Any] = {
        "name": name,
        "verdict": verdict,
        "mechanism": None if result is None else result.to_dict(),
        "computed": timestamp(),
        "versions": software_versions(),
    }
    write_json(mechanism_file(folder, name), content)


def stored_mechanism(folder: Path, name: str) -> tuple[MechanismResult | None, str] | None:
    """Result and verdict of a mechanism that was computed in a run folder; None if it was not.

    Raises
    ------
    InputError
        If the file is damaged.

    """
    file = mechanism_file(folder, name)
    if not file.is_file():
        return None
    content = read_json(file)
    try:
        found = content["mechanism"]
        return None if found is None else MechanismResult.from_dict(found), str(content["verdict"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file} does not hold the result of a mechanism.",
            why=f"{type(error).__name__}: {error}.",
            fix="Delete it and give the command that made it again; stored forces are kept.",
        ) from error


def stored_mechanisms(folder: Path) -> dict[str, tuple[MechanismResult | None, str]]:
    """All mechanisms of a run folder by name, in the order of `STORED_NAMES`."""
    found = {}
    for name in STORED_NAMES:
        stored = stored_mechanism(folder, name)
        if stored is not None:
            found[name] = stored
    return found
