"""Rows of the table of Gamma modes from run folders, whatever state these are in."""

from __future__ import annotations

from pathlib import Path

from reticulum.engines.build import Engine
from reticulum.errors import InputError
from reticulum.phonons.run_progress import run_progress
from reticulum.report.gamma_modes import (
    GammaModesRow,
    missing_row,
    row_of_run,
    table1_structures,
)
from reticulum.report.row_status import (
    RowStatus,
    is_begun,
    require_run_of,
    status_and_problem,
)


def rows_of_runs(runs: Path, engine: Engine) -> tuple[GammaModesRow, ...]:
    """A row for each material of the published table, from run folders ``NAME_CALCULATOR``.

    Parameters
    ----------
    runs
        Holds the run folders.
    engine
        The calculator.

    """
    return tuple(
        row_of_folder(material, structure, run_folder(runs, structure, engine), engine)
        for material, structure in table1_structures().items()
    )


def run_folder(runs: Path, structure: str, engine: Engine) -> Path:
    """Folder of the run of a bundled structure with a calculator."""
    return runs / f"{structure}_{engine.name}"


def row_of_folder(material: str, structure: str, folder: Path, engine: Engine) -> GammaModesRow:
    """Row of a run folder that may be missing, unfinished, damaged or of something else.

    Parameters
    ----------
    material
        Name in the published table.
    structure
        Name of the bundled structure.
    folder
        The run folder.
    engine
        The calculator.

    """
    try:
        if not is_begun(folder):
            return missing_row(material, structure)
        require_run_of(structure, folder, engine.name)
        if all((folder / name).is_file() for name in ("phonons.json", "phonopy_params.yaml")):
            return row_of_run(material, structure, folder, engine)
        return missing_row(material, structure, RowStatus.UNFINISHED, progress=run_progress(folder))
    except (InputError, OSError) as error:
        status, problem = status_and_problem(folder, error)
        return missing_row(material, structure, status, problem=problem)
