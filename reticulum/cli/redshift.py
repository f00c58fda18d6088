"""`reticulum redshift`: predicted red-shift slopes beside the measured ones."""

from __future__ import annotations

from enum import StrEnum
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

if TYPE_CHECKING:
    from pathlib import Path

    from reticulum.phonons.options import PhononOptions
    from reticulum.thermal.redshift import OscillatorResult, RedShiftReport
    from reticulum.thermal.two_state import TwoStateParameters


class Method(StrEnum):
    """Which pictures are computed."""

    ALL = "all"
    TWO_STATE = "two-state"
    OSCILLATOR = "oscillator"


class Following(StrEnum):
    """Which motions follow the metal-oxygen distance in the scan."""

    BOTH = "both"
    STIFFER = "stiffer"
    ALL = "all"


def redshift(
    structure: options.StructureArgument,
    output: options.OutputOption = None,
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            "-m",
            help="two-state: tight/loose equilibrium, no calculation. oscillator: phonons and "
            "metal-oxygen scan. all: both.",
        ),
    ] = Method.ALL,
    material: Annotated[
        str | None,
        typer.Option(
            "--material",
            metavar="NAME",
            help="Material of the published table to compare with, for a structure of your own.",
        ),
    ] = None,
    dh: Annotated[
        float | None, typer.Option("--dh", metavar="KJ_MOL", help="ΔH of tight to loose, kJ/mol.")
    ] = None,
    ds: Annotated[
        float | None, typer.Option("--ds", metavar="J_MOL_K", help="ΔS, J/mol/K.")
    ] = None,
    dcp: Annotated[
        float | None, typer.Option("--dcp", metavar="J_MOL_K", help="ΔCp, J/mol/K.")
    ] = None,
    tight: Annotated[
        float | None, typer.Option("--tight", metavar="CM1", help="Centre of the tight band, cm⁻¹.")
    ] = None,
    loose: Annotated[
        float | None, typer.Option("--loose", metavar="CM1", help="Centre of the loose band, cm⁻¹.")
    ] = None,
    fwhm_tight: Annotated[
        float | None, typer.Option("--fwhm-tight", metavar="CM1", help="Its full width, cm⁻¹.")
    ] = None,
    fwhm_loose: Annotated[
        float | None, typer.Option("--fwhm-loose", metavar="CM1", help="Its full width, cm⁻¹.")
    ] = None,
    follow: Annotated[
        Following,
        typer.Option(
            "--follow",
            help="Motions that follow the metal-oxygen distance in the scan: those stiffer than "
            "the metal-oxygen mode (slower ones are held), all, or a scan of each.",
        ),
    ] = Following.BOTH,
    calculator: options.CalculatorOption = options.CALCULATOR,
    weights: options.WeightsOption = None,
    relax: options.RelaxOption = options.RELAX,
    relax_cell: options.RelaxCellOption = options.RELAX_CELL,
    fmax: options.ForceLimitOption = options.FORCE_LIMIT,
    displacement: options.DisplacementOption = None,
    symprec: options.ToleranceOption = options.TOLERANCE,
    workers: options.WorkersOption = None,
    json: options.JsonOption = None,
) -> None:
    """Predict how the carboxylate bands shift with temperature, beside the measured slopes.

    Two states: the published tight/loose equilibrium, and parameters of your own (those not given
    keep their published values). Oscillator: the anharmonic metal-oxygen motion from a scan with
    the calculator, coupled to the carboxylate bands. Table, JSON and figure are written to RUN.
    """
    with reporting("Everything finished is kept. Give the same command again to go on from there."):
        check_json_target(json)
        given = _given(
            dh_kj_mol=dh,
            ds_j_mol_k=ds,
            dcp_j_mol_k=dcp,
            tight_cm1=tight,
            loose_cm1=loose,
            fwhm_tight_cm1=fwhm_tight,
            fwhm_loose_cm1=fwhm_loose,
        )
        if method is Method.OSCILLATOR and given is not None:
            from reticulum.errors import InputError

            raise InputError(
                "Two-state parameters were given with --method oscillator.",
                why="The oscillator does not use them.",
                fix="Use --method all or two-state, or leave them out.",
            )
        if method is Method.TWO_STATE:
            _refuse_unused(
                {
                    "--calculator": calculator != options.CALCULATOR,
                    "--weights": weights is not None,
                    "--follow": follow is not Following.BOTH,
                    "--no-relax": relax != options.RELAX,
                    "--relax-cell": relax_cell != options.RELAX_CELL,
                    "--fmax": fmax != options.FORCE_LIMIT,
                    "--displacement": displacement is not None,
                    "--symprec": symprec != options.TOLERANCE,
                    "--workers": workers is not None,
                }
            )
            path, report = _two_state_only(structure, material, given, output)
        else:
            from reticulum.phonons.options import PhononOptions

            chosen = PhononOptions(
                relax=relax,
                relax_cell=relax_cell,
                force_limit_ev_a=fmax,
                displacement_a=displacement,
                tolerance_a=symprec,
            )
            path, report = _with_calculator(
                structure,
                material,
                given,
                output,
                calculator=calculator,
                weights=weights,
                chosen=chosen,
                workers=workers,
                follow=follow.value,
                two_state=method is Method.ALL,
            )
        written = _write(report, path) if path is not None else ()
        if json is not None:
            write_result(report.to_dict(), json)
            return
        print_report(report)
        for file in written:
            typer.echo(f"written: {file}")


def _refuse_unused(chosen: dict[str, bool]) -> None:
    """Refuse options of a calculation that `--method two-state` does not make."""
    names = [name for name, was_chosen in chosen.items() if was_chosen]
    if names:
        from reticulum.errors import InputError

        raise InputError(
            f"{', '.join(names)} was given with --method two-state.",
            why="The two-state picture needs no calculation and would ignore it.",
            fix="Leave it out, or use --method all.",
        )


def _given(**values: float | None) -> TwoStateParameters | None:
    chosen = {name: value for name, value in values.items() if value is not None}
    if not chosen:
        return None
    from dataclasses import replace

    from reticulum.thermal.two_state import published_parameters

    return replace(published_parameters(), **chosen)


def _two_state_only(
    structure: str, material: str | None, given: TwoStateParameters | None, output: str | None
) -> tuple[Path | None, RedShiftReport]:
    from pathlib import Path

    from reticulum.frameworks.library import find_structure_card
    from reticulum.frameworks.reading import read_structure, structure_label
    from reticulum.thermal.redshift import RedShiftReport, measured_slopes, two_state_variants

    if find_structure_card(structure) is None:
        read_structure(structure)  # refuses a file that does not exist or is no crystal
    label = structure_label(structure)
    measured = measured_slopes(label, material)
    report = RedShiftReport(
        label=label,
        measured=measured,
        two_state=two_state_variants(given, None if measured is None else measured.material),
    )
    return (None if output is None else Path(output)), report


def _with_calculator(
    structure: str,
    material: str | None,
    given: TwoStateParameters | None,
    output: str | None,
    *,
    calculator: str,
    weights: str | None,
    chosen: PhononOptions,
    workers: int | None,
    follow: str,
    two_state: bool,
) -> tuple[Path, RedShiftReport]:
    from reticulum.cli.phonons import run_path
    from reticulum.engines.build import resolve_engine
    from reticulum.frameworks.carboxylates import require_carboxylates
    from reticulum.frameworks.reading import read_structure, structure_label
    from reticulum.phonons.run import open_run
    from reticulum.thermal.free_motions import Follow
    from reticulum.thermal.metal_oxygen_scan import metal_oxygen_coordinate
    from reticulum.thermal.redshift import measured_slopes, predict_redshift

    engine = resolve_engine(calculator, weights)
    atoms = read_structure(structure)
    # Refused before a run folder is made.
    metal_oxygen_coordinate(atoms, require_carboxylates(atoms))
    label = structure_label(structure)
    measured = measured_slopes(label, material)
    path = run_path(output, label, engine.name)
    with open_run(
        atoms,
        engine,
        path,
        label=label,
        options=chosen,
        workers=workers,
        progress=TerminalProgress(),
    ) as run:
        report = predict_redshift(
            run,
            measured=measured,
            two_state=two_state,
            given=given,
            follow=None if follow == "both" else (Follow(follow),),
        )
    return path, report


def _write(report: RedShiftReport, path: Path) -> tuple[Path, ...]:
    """Write JSON, table and figure into the run folder."""
    from reticulum.errors import InputError
    from reticulum.plotting.files import save_figure
    from reticulum.plotting.redshift import figure_redshift
    from reticulum.provenance import write_json, write_text_atomically

    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder {path} cannot be made.",
            why=str(error.strerror or error),
            fix="Choose another folder with -o.",
        ) from error
    stem = "redshift" if report.oscillators else "two-state"
    files = [path / f"{stem}.json", path / f"{stem}.csv"]
    write_json(files[0], report.to_dict())
    write_text_atomically(files[1], report.to_csv())
    figure = figure_redshift(report)
    for suffix in ("png", "svg"):
        files.append(path / f"{stem}.{suffix}")
        save_figure(figure, files[-1])
    return tuple(files)


def print_report(report: RedShiftReport) -> None:
    """Print the report as tables and sentences."""
    from reticulum.thermal.redshift import METAL_OXYGEN_NEGLECTS, TWO_STATE_NEGLECTS
    from reticulum.units import ZERO_CELSIUS_K

    if report.modes is not None:
        from reticulum.cli.modes import print_bands
        from reticulum.cli.phonons import print_phonons

        print_phonons(report.modes.phonons)
        print_bands(report.modes)
    for entry in report.two_state:
        result = entry.result
        print_table(
            f"Two states, {entry.name} J/mol/K (fitted to the measured band of HKUST-1)"
            if entry.origin != "given"
            else "Two states with "
            + ", ".join(f"{name} {value:g}" for name, value in result.parameters.to_dict().items()),
            ("T/°C ", "ln K ", "loose ", "mean/cm⁻¹ ", "one Gaussian/cm⁻¹ ", "its FWHM/cm⁻¹ "),
            [
                (
                    f"{t - ZERO_CELSIUS_K:.0f}",
                    f"{lnk:.4f}",
                    f"{f:.4f}",
                    f"{mean:.3f}",
                    f"{centre:.2f}",
                    f"{width:.2f}",
                )
                for t, lnk, f, mean, centre, width in zip(
                    result.temperatures_k,
                    result.ln_k,
                    result.loose_fraction,
                    result.mean_cm1,
                    result.one_gaussian_cm1,
                    result.one_gaussian_fwhm_cm1,
                    strict=True,
                )
            ],
        )
    if report.two_state:
        null = report.two_state[0].result.linear_shift_null_dcp_j_mol_k
        typer.echo(f"Neglects: {TWO_STATE_NEGLECTS}")
        typer.echo(
            f"Linear-shift null: one band that shifts linearly gives ΔCp {null:.0f} J/mol/K.\n"
        )
    for oscillator in report.oscillators:
        _print_oscillator(oscillator)
    if report.oscillators:
        typer.echo(f"Neglects: {METAL_OXYGEN_NEGLECTS}\n")
    print_table(
        f"Red-shift slopes of {report.label}, -100 to 200 °C",
        ("picture", "standing", "ν_as cm⁻¹/K ", "ν_s cm⁻¹/K ", "on heating"),
        [
            (
                line.picture,
                line.standing,
                "" if line.antisymmetric is None else f"{line.antisymmetric:+.4f}",
                "" if line.symmetric is None else f"{line.symmetric:+.4f}",
                line.curvature.replace(" on heating", ""),
            )
            for line in report.lines()
        ],
    )
    if report.measured is None:
        typer.echo("This material is not in the published table: there is nothing to compare with.")
    for sentence in report.verdicts():
        typer.echo(sentence)


def _number_or_blank(value: float) -> str:
    return f"{value:.1f}" if value == value else ""  # noqa: PLR0124 - NaN is not itself


def _print_oscillator(oscillator: OscillatorResult) -> None:
    from reticulum.units import ZERO_CELSIUS_K

    scan, prediction = oscillator.scan, oscillator.prediction
    print_table(
        f"Metal-oxygen scan, {oscillator.name}: {scan.description} ({scan.n_calls} calculations)",
        ("M-O/Å ", "E/cm⁻¹ per COO ", "ν_as/cm⁻¹ ", "ν_s/cm⁻¹ ", "M-M/Å ", "C-O/Å ", "O-C-O/° "),
        [
            (
                f"{scan.distances_a[k]:.4f}" + (" *" if k == scan.equilibrium else "  "),
                f"{scan.energies_cm1[k]:.0f}",
                _number_or_blank(scan.antisymmetric_cm1[k]),
                _number_or_blank(scan.symmetric_cm1[k]),
                f"{scan.metal_metal_a[k]:.3f}",
                f"{scan.carbon_oxygen_a[k]:.4f}",
                f"{scan.angle_deg[k]:.2f}",
            )
            for k in range(len(scan.distances_a))
        ],
    )
    print_table(
        f"Oscillator: harmonic {prediction.harmonic_cm1:.0f} cm⁻¹, first transition "
        f"{prediction.first_transition_cm1:.0f} cm⁻¹, "
        f"{scan.masses_amu[scan.equilibrium]:.1f} u per carboxylate",
        ("T/°C ", "⟨M-O⟩/Å ", "spread/Å ", "ν_as/cm⁻¹ ", "ν_s/cm⁻¹ "),
        [
            (
                f"{t - ZERO_CELSIUS_K:.0f}",
                f"{mean:.4f}",
                f"{spread:.4f}",
                f"{nu_a:.3f}",
                f"{nu_s:.3f}",
            )
            for t, mean, spread, nu_a, nu_s in zip(
                prediction.temperatures_k,
                prediction.mean_distance_a,
                prediction.spread_a,
                prediction.antisymmetric_cm1,
                prediction.symmetric_cm1,
                strict=True,
            )
        ],
    )
    for name, linear, quadratic, slope in zip(
        ("ν_as", "ν_s"),
        prediction.linear_slopes_cm1_per_k,
        prediction.quadratic_slopes_cm1_per_k,
        (
            prediction.antisymmetric_slope.slope_cm1_per_k,
            prediction.symmetric_slope.slope_cm1_per_k,
        ),
        strict=True,
    ):
        typer.echo(
            f"{name}: {linear:+.4f} cm⁻¹/K from the mean M-O distance, {quadratic:+.4f} from its "
            f"spread, {slope - linear - quadratic:+.4f} from higher terms."
        )
    for sentence in prediction.warnings:
        typer.echo(f"Warning: {sentence}")
