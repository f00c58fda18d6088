"""Predicted and measured slopes of all materials of the published table: rows of run folders, and
rows that come with the package, one file ``redshift_*.json`` for each calculator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reticulum.errors import InputError
from reticulum.provenance import read_json, write_json
from reticulum.reference.tables import RedShiftRow, load_table1
from reticulum.report.gamma_modes import table1_structures
from reticulum.report.redshift_row import RedShiftTableRow, row_without_numbers
from reticulum.report.row_status import (
    UNUSABLE,
    RowStatus,
    is_begun,
    require_run_of,
    status_and_problem,
    structure_digest,
)
from reticulum.thermal.mechanism import MechanismResult
from reticulum.thermal.stored_mechanisms import STORED_NAMES, mechanism_file, stored_mechanisms

#: Where the files with the rows of the package are, and how they are named.
SHIPPED_FOLDER = Path(__file__).parent
SHIPPED_FILES = "redshift_*.json"

#: Contributions of single motions that are kept in a shipped row; the others are in the run folder.
KEPT_CONTRIBUTIONS = 20

#: Details that are kept in a shipped row: what the table shows besides the slopes.
KEPT_DETAILS = ("slopes_cm1_per_k", "expansion_per_k", "expansion_origin")


def shipped_calculators(folder: Path | None = None) -> tuple[str, ...]:
    """Names of the calculators of which rows come with the package.

    Parameters
    ----------
    folder
        Of the files; default: that of the package.

    """
    return tuple(dict.fromkeys(_calculator_of(entry) for entry in _shipped_entries(folder)))


def shipped_table(calculator: str, folder: Path | None = None) -> tuple[RedShiftTableRow, ...]:
    """All ten rows of a calculator as they come with the package; others are missing.

    A row is stale if the bundled structure is no longer the one that was computed.

    Parameters
    ----------
    calculator
        Its name, as in the identity of run folders.
    folder
        Of the files; default: that of the package.

    Raises
    ------
    InputError
        If no row of this calculator comes with the package.

    """
    stored: dict[str, dict[str, Any]] = {}
    for entry in _shipped_entries(folder):
        if _calculator_of(entry) == calculator:
            stored.setdefault(entry["material"], entry)
    if not stored:
        names = ", ".join(shipped_calculators(folder)) or "no calculator"
        raise InputError(
            f"No rows computed with {calculator} come with the package.",
            why=f"There are rows of: {names}.",
            fix=f"Compute them: reticulum table1 -c {calculator} --runs runs --compute METHODS",
        )
    structures = table1_structures()
    rows = []
    for measured in load_table1():
        structure = structures.get(measured.material, "")
        found = stored.get(measured.material)
        rows.append(
            row_without_numbers(measured, structure)
            if found is None
            else _shipped_row(measured, structure, found)
        )
    return tuple(rows)


def shipped_mechanisms(
    identity: Mapping[str, Any], folder: Path | None = None
) -> dict[str, tuple[MechanismResult | None, str]]:
    """Mechanisms that come with the package for exactly one calculation; empty if there are none.

    Parameters
    ----------
    identity
        Of a run folder: structure, calculator with its fingerprint and options must agree.
    folder
        Of the files; default: that of the package.

    """
    for entry in _shipped_entries(folder):
        if entry["provenance"]["identity"] == dict(identity):
            return _mechanisms(entry)
    return {}


def _shipped_entries(folder: Path | None) -> list[dict[str, Any]]:
    files = sorted((SHIPPED_FOLDER if folder is None else folder).glob(SHIPPED_FILES))
    return [entry for file in files for entry in read_json(file)["rows"]]


def _calculator_of(entry: Mapping[str, Any]) -> str:
    return str(entry["provenance"]["identity"]["calculator"])


def _mechanisms(entry: Mapping[str, Any]) -> dict[str, tuple[MechanismResult | None, str]]:
    return {
        name: (
            None if found["mechanism"] is None else MechanismResult.from_dict(found["mechanism"]),
            found["verdict"],
        )
        for name, found in entry["mechanisms"].items()
    }


def _computed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """When a stored mechanism was computed and with which versions, as far as it says so."""
    return {name: stored[name] for name in ("computed", "versions") if name in stored}


def _shipped_row(
    measured: RedShiftRow, structure: str, entry: Mapping[str, Any]
) -> RedShiftTableRow:
    identity = entry["provenance"]["identity"]
    digest = structure_digest(structure, identity.get("symprec (Å)")) if structure else ""
    fresh = digest == identity["structure"]
    found = _mechanisms(entry)
    return RedShiftTableRow(
        measured=measured,
        structure=structure,
        status=RowStatus.COMPUTED if fresh else RowStatus.STALE,
        results={name: result for name, (result, _) in found.items()},
        verdicts={name: verdict for name, (_, verdict) in found.items()},
        provenance=entry["provenance"],
        computed={name: _computed(stored) for name, stored in entry["mechanisms"].items()},
    )


def row_of_run(
    measured: RedShiftRow, structure: str, folder: Path, calculator: str
) -> RedShiftTableRow:
    """Row from a run folder; one in which no method has finished has no numbers.

    Parameters
    ----------
    measured
        Row of the published table.
    structure
        Name of the bundled structure.
    folder
        The run folder.
    calculator
        Name of the calculator whose results are asked for.

    Raises
    ------
    ForeignRunError
        If the folder is of another structure or calculator.
    InputError
        If the folder is none, or is damaged.

    """
    identity = require_run_of(structure, folder, calculator)
    found = stored_mechanisms(folder)
    if not found:
        return row_without_numbers(measured, structure, RowStatus.UNFINISHED)
    return RedShiftTableRow(
        measured=measured,
        structure=structure,
        status=RowStatus.COMPUTED,
        results={name: result for name, (result, _) in found.items()},
        verdicts={name: verdict for name, (_, verdict) in found.items()},
        provenance={
            "identity": identity,
            "versions": read_json(folder / "run.json").get("versions", {}),
        },
        computed={name: _computed(read_json(mechanism_file(folder, name))) for name in found},
    )


def table_of_runs(folder: Path, calculator: str) -> tuple[RedShiftTableRow, ...]:
    """All ten rows from the run folders ``NAME_CALCULATOR`` of a folder.

    A run folder that cannot be used makes a row that says so, and does not stop the others.

    Parameters
    ----------
    folder
        Holds the run folders.
    calculator
        Name of the calculator.

    """
    structures = table1_structures()
    rows = []
    for measured in load_table1():
        structure = structures.get(measured.material, "")
        run = folder / f"{structure}_{calculator}"
        try:
            rows.append(
                row_of_run(measured, structure, run, calculator)
                if structure and is_begun(run)
                else row_without_numbers(measured, structure)
            )
        except (InputError, OSError) as error:
            rows.append(row_without_numbers(measured, structure, *status_and_problem(run, error)))
    return tuple(rows)


def write_shipped_rows(
    folder: Path, calculator: str, path: Path, *, keep_existing: bool = True
) -> tuple[str, ...]:
    """Write a file of rows as they are shipped from run folders ``NAME_CALCULATOR``.

    Of each mechanism the `KEPT_CONTRIBUTIONS` largest contributions are kept, and of the details
    `KEPT_DETAILS`.

    Parameters
    ----------
    folder
        Holds the run folders. Those in which no method has finished are passed over.
    calculator
        Name of the calculator.
    path
        The file, such as ``redshift_gfn1_xtb.json``.
    keep_existing
        Whether materials that the file has and the folder does not are kept. If both have a
        material and it is the same calculation, methods that only the file has are kept too; else
        the new row takes the place of the old one.

    Returns
    -------
    tuple of str
        Materials that were written anew.

    Raises
    ------
    InputError
        If a run folder is damaged or of another structure or calculator, if no method has finished
        in any, or if the file has rows of another calculator; then nothing is written.

    """
    rows = table_of_runs(folder, calculator)
    refused = [row for row in rows if row.status in UNUSABLE]
    if refused:
        raise InputError(
            f"Not written: {', '.join(row.measured.material for row in refused)} cannot be used.",
            why=" ".join(row.problem for row in refused),
            fix="Then write the file again.",
        )
    fresh = {row.measured.material: _entry(row) for row in rows if row.results}
    if not fresh:
        raise InputError(
            f"No method has finished in any run folder NAME_{calculator} in {folder}.",
            fix=f"Compute: reticulum table1 -c {calculator} --runs {folder} --compute METHODS",
        )
    kept: dict[str, dict[str, Any]] = {}
    if keep_existing and path.exists():
        kept = {entry["material"]: entry for entry in read_json(path)["rows"]}
    others = {_calculator_of(entry) for entry in kept.values()} - {calculator}
    if others:
        raise InputError(
            f"{path} has rows of {', '.join(sorted(others))}.",
            why=f"A file holds rows of one calculator; these are of {calculator}.",
            fix="Give another file.",
        )
    for material, entry in fresh.items():
        before = kept.get(material)
        if before and before["provenance"]["identity"] == entry["provenance"]["identity"]:
            # what is kept was computed with the versions that it stood under
            earlier = before["provenance"].get("versions", {})
            both = {
                name: found | {"versions": found.get("versions", earlier)}
                for name, found in before["mechanisms"].items()
            } | entry["mechanisms"]
            entry["mechanisms"] = {name: both[name] for name in STORED_NAMES if name in both}
    order = [row.material for row in load_table1()]
    found = kept | fresh
    write_json(path, {"rows": [found[material] for material in order if material in found]})
    return tuple(fresh)


def _entry(row: RedShiftTableRow) -> dict[str, Any]:
    """Plain form of a row as it is shipped."""
    brief = {
        name: None
        if result is None
        else replace(
            result,
            contributions=result.ranked()[:KEPT_CONTRIBUTIONS],
            details={name: result.details[name] for name in KEPT_DETAILS if name in result.details},
        )
        for name, result in row.results.items()
    }
    return replace(row, results=brief).shipped_form()
