"""`reticulum table1`: predicted beside measured slopes for all materials of the published table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli import options
from reticulum.cli.console import (
    STANDARD_OUTPUT,
    TerminalProgress,
    check_json_target,
    reporting,
    write_result,
)
from reticulum.cli.redshift_checks import require_names
from reticulum.cli.table1_status import end_with_status, print_failures
from reticulum.cli.table1_tables import print_table1, table1_content, write_table1

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def table1(
    runs: Annotated[
        str | None,
        typer.Option(
            "--runs",
            metavar="FOLDER",
            help="Read run folders NAME_CALCULATOR in FOLDER instead of the stored rows.",
        ),
    ] = None,
    compute: Annotated[
        list[str] | None,
        typer.Option(
            "--compute",
            metavar="METHODS",
            help="With --runs: compute these methods for every material first (see redshift "
            "--methods). What is finished is kept.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="MATERIAL", help="With --compute: only these materials."),
    ] = None,
    calculator: options.CalculatorOption = options.CALCULATOR,
    weights: options.WeightsOption = None,
    workers: options.WorkersOption = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the figure (.png, .svg, .pdf) or the table (.csv); may be repeated.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that exist already.")
    ] = False,
    json: options.JsonOption = None,
) -> None:
    """Compare predicted with measured red-shift slopes for every finished method.

    Without --runs the rows that come with the package are shown.
    One row again: reticulum redshift NAME --methods METHODS.
    A ± marked † lacks errors of some kind; which, is said below the tables.
    """
    hint = "Everything finished is kept. Give the same command again to go on from there."
    with reporting(hint if compute else ""):
        from reticulum.engines.cards import load_calculator_card
        from reticulum.report.gamma_modes import table1_structures
        from reticulum.report.redshift_table import (
            shipped_calculators,
            shipped_table,
            table_of_runs,
        )
        from reticulum.report.row_status import require_any_run

        check_json_target(json)
        require_names(compute or [], "--compute")
        methods = _methods(compute)
        targets = _targets(output or [], force=force)
        folder = _folder(runs, compute, only, weights=weights)
        name = load_calculator_card(calculator).name
        failures: dict[str, str] = {}
        asked: dict[str, str] = {}
        if folder is None:
            rows = shipped_table(name)
        else:
            if compute:
                materials = _materials(only or [])
                asked = dict.fromkeys(materials, _in_one_word(compute))
                failures = _compute(folder, methods, materials, calculator, weights, workers)
            else:
                require_any_run(folder, table1_structures().values(), name)
            rows = table_of_runs(folder, name)
        written = [write_table1(rows, target, calculator=name) for target in targets]
        if json is not None:
            write_result(table1_content(rows, failures), json)
        else:
            others = [other for other in shipped_calculators() if other != name]
            print_table1(rows, calculator=name, folder=folder, others=others, asked=asked)
            print_failures(failures)
        if json != STANDARD_OUTPUT:
            for path in written:
                typer.echo(f"written: {path}")
        end_with_status(failures, [(row.measured.material, row.status) for row in rows])


def _targets(names: Sequence[str], *, force: bool) -> list[Path]:
    from pathlib import Path

    from reticulum.errors import InputError

    paths = [Path(name).expanduser() for name in names]
    for path in paths:
        if path.suffix.lower() not in {".csv", ".png", ".svg", ".pdf"}:
            raise InputError(
                f"{path} has no ending that says what to write.",
                why="The table is written as .csv, the figure as .png, .svg or .pdf.",
                fix="Give one of these endings.",
            )
        if path.exists() and not force:
            raise InputError(
                f"{path} exists already.",
                why="Nothing is overwritten.",
                fix="Give another name, or add --force.",
            )
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent}.", fix="Make it first.")
    return paths


def _folder(
    runs: str | None,
    compute: list[str] | None,
    only: list[str] | None,
    *,
    weights: str | None,
) -> Path | None:
    from pathlib import Path

    from reticulum.errors import InputError

    if runs is None:
        if compute:
            raise InputError(
                "--compute needs a folder for the runs.", fix="Add, for instance: --runs runs"
            )
        if only:
            raise InputError(
                "--only belongs to --compute, which needs a folder for the runs.",
                fix="Add both: --compute METHODS --runs FOLDER",
            )
        if weights is not None:
            raise InputError(
                "--weights was given without --compute.",
                why="Rows that come with the package are not computed.",
                fix="Add --runs FOLDER --compute METHODS, or leave --weights out.",
            )
        return None
    if only and not compute:
        raise InputError("--only belongs to --compute.", fix="Add --compute METHODS.")
    folder = Path(runs).expanduser()
    if not compute and not folder.is_dir():
        raise InputError(
            f"There is no folder {runs}.",
            fix="Name the folder of your runs, or add --compute METHODS to make them there.",
        )
    return folder


def _methods(compute: list[str] | None) -> tuple[str, ...]:
    """Names of the methods to compute, none without --compute.

    Raises
    ------
    InputError
        If a word is no method, or nothing that is computed is among them.

    """
    from reticulum.errors import InputError
    from reticulum.thermal.mechanisms import chosen_methods

    names = chosen_methods(compute) if compute else ()
    if names == ("two-state",):
        raise InputError(
            "There is nothing to compute for two-state.",
            why="It is fitted, not computed: it needs no calculation, and this table has no line "
            "of it.",
            fix="See it with: reticulum redshift NAME --methods two-state. Or add a method that is "
            "computed, for instance: --compute oscillator",
        )
    return names


def _in_one_word(compute: Sequence[str]) -> str:
    """What was given with --compute, with commas between and without blanks."""
    parts = (part.strip() for text in compute for part in text.split(","))
    return ",".join(part for part in parts if part)


def _materials(only: Sequence[str]) -> tuple[str, ...]:
    """Materials to compute: those that were named, else all with a bundled structure.

    Raises
    ------
    InputError
        If a name is not in the published table.

    """
    from reticulum.report.gamma_modes import table1_structures
    from reticulum.thermal.redshift import measured_slopes

    wanted = [measured_slopes("", name, option="--only") for name in only]
    return tuple(row.material for row in wanted if row is not None) or tuple(table1_structures())


def _compute(
    folder: Path,
    methods: Sequence[str],
    materials: Sequence[str],
    calculator: str,
    weights: str | None,
    workers: int | None,
) -> dict[str, str]:
    """Compute the rows; what failed, with the reason. One material that fails leaves the others."""
    from reticulum.engines.build import resolve_engine
    from reticulum.errors import CalculationError, InputError, MissingExtraError
    from reticulum.frameworks.reading import read_structure
    from reticulum.phonons.run import open_run
    from reticulum.report.gamma_modes import table1_structures
    from reticulum.thermal.redshift import measured_slopes, predict_redshift

    engine = resolve_engine(calculator, weights)
    structures = table1_structures()
    failures: dict[str, str] = {}
    for material in materials:
        structure = structures[material]
        run_folder = folder / f"{structure}_{engine.name}"
        progress = TerminalProgress()
        progress.message(f"{structure} in {run_folder}")
        try:
            with open_run(
                read_structure(structure),
                engine,
                run_folder,
                label=structure,
                workers=workers,
                progress=progress,
            ) as run:
                report = predict_redshift(run, measured=measured_slopes(structure), methods=methods)
        except MissingExtraError:
            raise  # no material can be computed
        except (CalculationError, InputError) as error:
            failures[structure] = str(error)
            progress.message(f"{structure} failed: {error.what}")
            continue
        failures |= {
            f"{structure} {name}": reason for name, reason in (report.failures or {}).items()
        }
    return failures
