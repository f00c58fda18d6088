"""`reticulum modes --all-table1`: carboxylate bands of all materials of the published table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reticulum.cli.console import TerminalProgress, print_table, write_result
from reticulum.cli.table1_status import end_with_status, print_failures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reticulum.engines.build import Engine
    from reticulum.report.gamma_modes import GammaModesRow


def table1_modes(runs: Path | None, *, compute: bool, json: str | None) -> None:
    """Print or write the rows that come with the package, or those of run folders.

    Parameters
    ----------
    runs
        Folder of run folders ``NAME_gfn1-xtb``; None for the rows of the package.
    compute
        Whether to compute what is missing there; finished calculations are kept.
    json
        Target of JSON; None to print.

    Raises
    ------
    CalculationError
        At the end, if a run folder cannot be used or a calculation failed; the other rows are
        written or printed before.

    """
    from reticulum.report.gamma_modes import shipped_rows

    failures: dict[str, str] = {}
    if runs is None:
        rows = shipped_rows()
    else:
        rows, failures = _rows_of_runs(runs, compute)
    if json is not None:
        write_result({"rows": [row.to_dict() for row in rows], "failures": failures}, json)
    else:
        _print(rows, runs)
        print_failures(failures)
    end_with_status(failures, [(row.material, row.status) for row in rows])


def require_table1_options(
    given: Mapping[str, object], *, all_table1: bool, runs: str | None, compute: bool
) -> Path | None:
    """Folder of the runs; contradictions are refused.

    Parameters
    ----------
    given
        Other options by name, None where they were not given.
    all_table1, runs, compute
        The options of the table.

    Raises
    ------
    InputError
        If options contradict each other.

    """
    from pathlib import Path

    from reticulum.errors import InputError

    if not all_table1:
        raise InputError("--runs and --compute belong to --all-table1.", fix="Add --all-table1.")
    ignored = [name for name, value in given.items() if value is not None]
    if ignored:
        raise InputError(
            f"{', '.join(ignored)} cannot be combined with --all-table1.",
            why="The table has a row for each material and takes no single phonons.",
            fix="Leave one or the other out.",
        )
    if runs is None:
        if compute:
            raise InputError(
                "--compute needs a folder for the runs.", fix="Add, for instance: --runs runs"
            )
        return None
    folder = Path(runs).expanduser()
    if not compute and not folder.is_dir():
        raise InputError(
            f"There is no folder {runs}.",
            fix="Name the folder of your runs, or add --compute to make them there.",
        )
    return folder


def _rows_of_runs(runs: Path, compute: bool) -> tuple[tuple[GammaModesRow, ...], dict[str, str]]:
    """Rows of run folders, and what failed by structure; one that fails leaves the others."""
    from reticulum.engines.build import resolve_engine
    from reticulum.errors import CalculationError, InputError
    from reticulum.report.gamma_modes import table1_structures
    from reticulum.report.gamma_modes_of_runs import rows_of_runs, run_folder

    engine = resolve_engine("gfn1-xtb", None)
    failures: dict[str, str] = {}
    if compute:
        engine.check_available()
        for structure in table1_structures().values():
            try:
                _compute(structure, engine, run_folder(runs, structure, engine))
            except (CalculationError, InputError) as error:
                failures[structure] = str(error)
                TerminalProgress().message(f"{structure} failed: {error.what}")
    return rows_of_runs(runs, engine), failures


def _compute(structure: str, engine: Engine, folder: Path) -> None:
    from reticulum.frameworks.reading import read_structure
    from reticulum.phonons.run import gamma_phonons, open_run

    progress = TerminalProgress()
    progress.message(f"{structure} in {folder}")
    with open_run(
        read_structure(structure), engine, folder, label=structure, progress=progress
    ) as run:
        gamma_phonons(run)


def _print(rows: Sequence[GammaModesRow], runs: Path | None) -> None:
    print_table(
        "Carboxylate bands at Γ, strongest infrared line (range), cm⁻¹",
        ("material", "moves ", "imag. ", "antisymmetric ", "off ", "symmetric ", "off "),
        [
            (
                row.material,
                _moves(row),
                "-" if row.n_imaginary is None else str(row.n_imaginary),
                *_cells(row, "antisymmetric"),
                *_cells(row, "symmetric"),
            )
            for row in rows
        ],
    )
    typer.echo(
        "moves: displaced structures that symmetry leaves; imag.: imaginary modes of the structure "
        "relaxed in its space group; off: computed less observed (middle of the observed "
        "positions), where a checked observation is at hand."
    )
    for row in rows:
        for name, seen in row.observed.items():
            if seen:
                values = ", ".join(dict.fromkeys(entry.wavenumber_text for entry in seen))
                sources = ", ".join(dict.fromkeys(entry.source for entry in seen))
                typer.echo(f"Observed, {row.material}, {name}: {values} cm⁻¹ [{sources}]")
    for row in rows:
        for warning in row.warnings:
            typer.echo(f"{row.material}: {warning}")
        note = _note(row, runs)
        if note:
            typer.echo(note)
    if runs is None:
        typer.echo(
            "Computed with gfn1-xtb at the cell of the bundled structures and stored with the "
            "package. Any row again: reticulum phonons NAME. All: reticulum modes --all-table1 "
            "--runs runs --compute"
        )


def _note(row: GammaModesRow, runs: Path | None) -> str:
    """What is to be said of a row: why it has no numbers, and how to get them."""
    again = f"reticulum phonons {row.structure}"
    if runs is not None:
        again += f" -o {runs / f'{row.structure}_gfn1-xtb'}"
    state = f"{row.material} is {row.status.value}"
    if row.progress is not None:
        state += f", {row.progress.in_words}"
    if row.problem:
        return f"{state}: {row.problem}"
    match row.status.value:
        case "missing":
            return f"{state}: {again if row.structure else '(no bundled structure)'}"
        case "unfinished":
            return f"{state}; it goes on with: {again}"
        case "stale":
            return f"{state}, its bundled structure has changed: {again}"
    return f"{row.material}: {row.heights}" if "no intensity" in row.heights else ""


def _moves(row: GammaModesRow) -> str:
    """Number of displacements; of an unfinished run how many of them are computed."""
    if row.progress is not None and row.progress.n_displacements is not None:
        return f"{row.progress.n_finished} of {row.progress.n_displacements}"
    return "-" if row.n_displacements is None else str(row.n_displacements)


def _cells(row: GammaModesRow, name: str) -> tuple[str, str]:
    band = row.bands[name]
    if band is None and name == "antisymmetric" and row.status.value not in ("computed", "stale"):
        return row.status.value, ""
    if band is None:
        return "-", ""
    low, high = band.range_cm1
    text = f"{band.strongest_cm1:.0f}"
    if high - low > 0.5:
        text += f" ({low:.0f}-{high:.0f})"
    off = row.deviation_cm1(name)
    return text, "" if off is None else f"{off:+.0f}"
