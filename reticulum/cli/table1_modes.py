"""`reticulum modes --all-table1`: carboxylate bands of all materials of the published table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reticulum.cli.console import TerminalProgress, print_table, write_result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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

    """
    from reticulum.report.gamma_modes import shipped_rows

    rows = shipped_rows() if runs is None else _rows_of_runs(runs, compute)
    if json is not None:
        write_result({"rows": [row.to_dict() for row in rows]}, json)
        return
    _print(rows, shipped=runs is None)


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


def _rows_of_runs(runs: Path, compute: bool) -> tuple[GammaModesRow, ...]:
    from reticulum.engines.build import resolve_engine
    from reticulum.report.gamma_modes import missing_row, row_of_run, table1_structures

    engine = resolve_engine("gfn1-xtb", None)
    rows = []
    for material, structure in table1_structures().items():
        folder = runs / f"{structure}_{engine.name}"
        if compute:
            _compute(structure, folder)
        if (folder / "phonons.json").is_file():
            rows.append(row_of_run(material, structure, folder, engine))
        else:
            rows.append(missing_row(material, structure))
    return tuple(rows)


def _compute(structure: str, folder: Path) -> None:
    from reticulum.engines.build import resolve_engine
    from reticulum.frameworks.reading import read_structure
    from reticulum.phonons.run import gamma_phonons, open_run

    progress = TerminalProgress()
    progress.message(f"{structure} in {folder}")
    with open_run(
        read_structure(structure),
        resolve_engine("gfn1-xtb", None),
        folder,
        label=structure,
        progress=progress,
    ) as run:
        gamma_phonons(run)


def _print(rows: tuple[GammaModesRow, ...], *, shipped: bool) -> None:
    print_table(
        "Carboxylate bands at Γ, strongest infrared line (range), cm⁻¹",
        ("material", "moves ", "imag. ", "antisymmetric ", "off ", "symmetric ", "off "),
        [
            (
                row.material,
                "-" if row.n_displacements is None else str(row.n_displacements),
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
        if row.status.value == "missing":
            name = row.structure or "(no bundled structure)"
            typer.echo(f"{row.material} is missing: reticulum phonons {name}")
        elif row.status.value == "stale":
            typer.echo(
                f"{row.material} is stale, its bundled structure has changed: "
                f"reticulum phonons {row.structure}"
            )
        elif "no intensity" in row.heights:
            typer.echo(f"{row.material}: {row.heights}")
    if shipped:
        typer.echo(
            "Computed with gfn1-xtb at the cell of the bundled structures and stored with the "
            "package. Any row again: reticulum phonons NAME. All: reticulum modes --all-table1 "
            "--runs runs --compute"
        )


def _cells(row: GammaModesRow, name: str) -> tuple[str, str]:
    band = row.bands[name]
    if band is None:
        return "-", ""
    low, high = band.range_cm1
    text = f"{band.strongest_cm1:.0f}"
    if high - low > 0.5:
        text += f" ({low:.0f}-{high:.0f})"
    off = row.deviation_cm1(name)
    return text, "" if off is None else f"{off:+.0f}"
