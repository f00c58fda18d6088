"""`reticulum table1`: predicted beside measured slopes for all materials of the published table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli import options
from reticulum.cli.console import (
    TerminalProgress,
    check_json_target,
    print_table,
    reporting,
    write_result,
)
from reticulum.cli.redshift_tables import slope_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reticulum.plotting.redshift_table import PlottedSlope
    from reticulum.report.redshift_table import MethodScore, RedShiftTableRow
    from reticulum.thermal.mechanism import Band

#: Short names of methods in the table.
_SHORT = {
    "oscillator": "M-O oscillator",
    "oscillator-all": "M-O, all follow",
}


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

    Without options the rows that come with the package are shown. One row again:
    reticulum redshift NAME --methods METHODS.
    """
    hint = "Everything finished is kept. Give the same command again to go on from there."
    with reporting(hint if compute else ""):
        from reticulum.report.redshift_table import shipped_table, table_of_runs

        check_json_target(json)
        targets = _targets(output or [], force=force)
        folder = _folder(runs, compute, only, calculator=calculator, weights=weights)
        failures: dict[str, str] = {}
        if folder is None:
            rows = shipped_table()
        else:
            if compute:
                failures = _compute(folder, compute, only or [], calculator, weights, workers)
            from reticulum.engines.build import resolve_engine

            rows = table_of_runs(folder, resolve_engine(calculator, weights).name)
        written = [_write(rows, target) for target in targets]
        if json is not None:
            write_result(_content(rows), json)
        else:
            _print(rows, shipped=folder is None)
            for path in written:
                typer.echo(f"written: {path}")
        if failures:
            from reticulum.errors import CalculationError

            raise CalculationError(
                f"Not computed: {', '.join(failures)}.",
                why=" ".join(failures.values()),
                fix="What finished is kept, and in the table.",
            )


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
    calculator: str,
    weights: str | None,
) -> Path | None:
    from pathlib import Path

    from reticulum.errors import InputError

    if runs is None:
        if compute or only:
            raise InputError(
                "--compute and --only need a folder for the runs.",
                fix="Add, for instance: --runs runs",
            )
        if calculator != options.CALCULATOR or weights is not None:
            raise InputError(
                "The stored rows are those of the default calculator.",
                why="--calculator says which run folders of --runs are read.",
                fix="Add --runs FOLDER, or leave --calculator out.",
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


def _compute(
    folder: Path,
    methods: Sequence[str],
    only: Sequence[str],
    calculator: str,
    weights: str | None,
    workers: int | None,
) -> dict[str, str]:
    """Compute the rows; what failed, with the reason. One material that fails leaves the others."""
    from reticulum.engines.build import resolve_engine
    from reticulum.errors import CalculationError
    from reticulum.frameworks.reading import read_structure
    from reticulum.phonons.run import open_run
    from reticulum.report.gamma_modes import table1_structures
    from reticulum.thermal.mechanisms import chosen_methods
    from reticulum.thermal.redshift import measured_slopes, predict_redshift

    names = chosen_methods(methods)
    engine = resolve_engine(calculator, weights)
    structures = table1_structures()
    wanted = [measured_slopes("", name) for name in only]
    materials = [row.material for row in wanted if row is not None] or list(structures)
    failures: dict[str, str] = {}
    for material in materials:
        structure = structures[material]
        run_folder = folder / f"{structure}_{engine.name}"
        progress = TerminalProgress()
        progress.message(f"{structure} in {run_folder}")
        with open_run(
            read_structure(structure),
            engine,
            run_folder,
            label=structure,
            workers=workers,
            progress=progress,
        ) as run:
            try:
                report = predict_redshift(run, measured=measured_slopes(structure), methods=names)
            except CalculationError as error:
                failures[structure] = str(error)
                progress.message(f"{structure} failed: {error.what}")
                continue
        failures |= {
            f"{structure} {name}": reason for name, reason in (report.failures or {}).items()
        }
    return failures


def _content(rows: Sequence[RedShiftTableRow]) -> dict[str, object]:
    return {
        "rows": [row.to_dict() for row in rows],
        "scores": [entry.to_dict() for entry in _scores(rows)],
    }


def _scores(rows: Sequence[RedShiftTableRow]) -> list[MethodScore]:
    from reticulum.report.redshift_table import methods_in, score
    from reticulum.thermal.mechanism import Band

    return [score(rows, method, band) for method in methods_in(rows) for band in Band]


def _write(rows: Sequence[RedShiftTableRow], path: Path) -> Path:
    if path.suffix.lower() == ".csv":
        from reticulum.provenance import write_text_atomically
        from reticulum.report.redshift_table import table_csv

        write_text_atomically(path, table_csv(rows))
    else:
        from reticulum.plotting.files import save_figure
        from reticulum.plotting.redshift_table import figure_redshift_table

        save_figure(figure_redshift_table(_plotted(rows)), path)
    return path


def _plotted(rows: Sequence[RedShiftTableRow]) -> list[PlottedSlope]:
    from reticulum.plotting.redshift_table import PlottedSlope
    from reticulum.report.redshift_table import methods_in
    from reticulum.thermal.mechanism import Band

    return [
        PlottedSlope(
            material=row.measured.material,
            method=_SHORT.get(method, method),
            band=band,
            measured=row.measured_slope(band),
            predicted=found.slope_cm1_per_k,
            error=found.error_cm1_per_k,
            doubtful=bool(found.doubt),
        )
        for method in methods_in(rows)
        for row in rows
        for band in Band
        if (found := row.predicted(method, band)) is not None
    ]


def _print(rows: Sequence[RedShiftTableRow], *, shipped: bool) -> None:
    from reticulum.report.redshift_table import methods_in
    from reticulum.thermal.mechanism import Band

    methods = methods_in(rows)
    for band, symbol in ((Band.ANTISYMMETRIC, "X_a"), (Band.SYMMETRIC, "X_s")):
        lines = []
        for row in rows:
            text = (
                row.measured.antisymmetric_text
                if band is Band.ANTISYMMETRIC
                else row.measured.symmetric_text
            )
            first = True
            for method in methods:
                cell = _cell(row, method, band)
                if cell:
                    name = row.measured.material if first else ""
                    shown = text if first else ""
                    lines.append((name, shown, _SHORT.get(method, method), *cell))
                    first = False
            if first:
                lines.append((row.measured.material, text, row.status.value, "", ""))
        print_table(
            f"{symbol}, slopes of the {band.value} carboxylate band, cm⁻¹/K",
            ("material", "measured ", "method", "predicted ", "difference "),
            lines,
        )
    if methods:
        print_table(
            "How well each method does",
            ("method", "band", "rows ", "(!) ", "signs ", "mean error ", "size ", "rank ρ "),
            [
                (
                    _SHORT.get(entry.method, entry.method),
                    "X_a" if entry.band is Band.ANTISYMMETRIC else "X_s",
                    str(entry.n_rows),
                    str(entry.n_untrusted or ""),
                    f"{entry.sign_hits}/{entry.n_rows}" if entry.n_rows else "",
                    _number(entry.mean_error_cm1_per_k, "+.4f"),
                    _number(entry.mean_absolute_error_cm1_per_k, ".4f"),
                    _number(entry.rank_correlation, "+.2f"),
                )
                for entry in _scores(rows)
                if entry.n_rows or entry.n_untrusted
            ],
        )
        typer.echo(
            "Signs: hit, and not left open by the error. Mean error: predicted less "
            "measured, cm⁻¹/K; size: its mean without signs; ρ: rank correlation (Spearman), from "
            "four rows on. (!): not to be trusted, and not counted."
        )
    _print_notes(rows, shipped=shipped)


def _print_notes(rows: Sequence[RedShiftTableRow], *, shipped: bool) -> None:
    from reticulum.thermal.mechanism import Band

    for row in rows:
        for band in Band:
            summed = row.summed_methods(band)
            if summed:
                typer.echo(f"{row.measured.material}, {band.value} sum: {' + '.join(summed)}")
        for method, result in row.results.items():
            if result is not None and result.untrusted_because:
                typer.echo(f"(!) {row.measured.material}, {method}: {result.untrusted_because}")
            elif result is None:
                typer.echo(f"{row.measured.material}, {method}: {row.verdicts.get(method, '')}")
        if row.status.value == "missing":
            name = row.structure or "(no bundled structure)"
            typer.echo(
                f"{row.measured.material} is missing: reticulum redshift {name} --methods all"
            )
        elif row.status.value == "stale":
            typer.echo(
                f"{row.measured.material} is stale, its bundled structure has changed: "
                f"reticulum redshift {row.structure} --methods all"
            )
    if shipped:
        typer.echo(
            "Computed with gfn1-xtb at the cell of the bundled structures and stored with the "
            "package. Any row again: reticulum redshift NAME --methods all"
        )


def _cell(row: RedShiftTableRow, method: str, band: Band) -> tuple[str, ...]:
    found = row.predicted(method, band)
    if found is None:
        return ()
    return (
        slope_text(found.slope_cm1_per_k, found.error_cm1_per_k) + (" (!)" if found.doubt else ""),
        f"{found.slope_cm1_per_k - row.measured_slope(band):+.4f}",
    )


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
