"""`reticulum redshift`: predicted red-shift slopes beside the measured ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from reticulum.cli import options, redshift_options
from reticulum.cli.console import TerminalProgress, check_json_target, reporting, write_result
from reticulum.cli.redshift_checks import measured_of, require_names, require_numbers
from reticulum.cli.redshift_options import Following
from reticulum.cli.redshift_tables import print_report
from reticulum.cli.redshift_two_state import two_state_only

if TYPE_CHECKING:
    from pathlib import Path

    from reticulum.phonons.options import PhononOptions
    from reticulum.thermal.redshift_report import RedShiftReport
    from reticulum.thermal.two_state import TwoStateParameters


def redshift(
    structure: options.StructureArgument,
    output: options.OutputOption = None,
    methods: redshift_options.MethodsOption = redshift_options.METHODS,
    material: redshift_options.MaterialOption = None,
    dh: redshift_options.EnthalpyOption = None,
    ds: redshift_options.EntropyOption = None,
    dcp: redshift_options.HeatCapacityOption = None,
    tight: redshift_options.TightOption = None,
    loose: redshift_options.LooseOption = None,
    fwhm_tight: redshift_options.TightWidthOption = None,
    fwhm_loose: redshift_options.LooseWidthOption = None,
    follow: redshift_options.FollowOption = Following.BOTH,
    expansion: redshift_options.ExpansionOption = None,
    precision: redshift_options.PrecisionOption = None,
    pairs: redshift_options.PairsOption = None,
    hours: redshift_options.HoursOption = None,
    picoseconds: redshift_options.PicosecondsOption = None,
    max_cm1: redshift_options.HighestOption = None,
    checks: redshift_options.ChecksOption = True,
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

    Each method is one mechanism. The slopes that were computed in RUN before are shown with those
    that are computed now, together with the sum of what may be summed (two-state, which computes
    nothing, only where it is asked for). Table, JSON and figure are written to RUN.
    """
    with reporting("Everything finished is kept. Give the same command again to go on from there."):
        from reticulum.thermal.mechanisms import QUICK, chosen_methods, unasked_methods

        check_json_target(json, run=output)
        require_names(methods, "--methods")
        names = chosen_methods(methods)
        require_numbers(
            {
                "--dh": dh,
                "--ds": ds,
                "--dcp": dcp,
                "--tight": tight,
                "--loose": loose,
                "--fwhm-tight": fwhm_tight,
                "--fwhm-loose": fwhm_loose,
                "--precision": precision,
                "--hours": hours,
            }
        )
        given = _given(
            dh_kj_mol=dh,
            ds_j_mol_k=ds,
            dcp_j_mol_k=dcp,
            tight_cm1=tight,
            loose_cm1=loose,
            fwhm_tight_cm1=fwhm_tight,
            fwhm_loose_cm1=fwhm_loose,
        )
        if given is not None and "two-state" not in names:
            _refuse("Two-state parameters", "two-state", names)
        if follow is not Following.BOTH and "oscillator" not in names:
            _refuse("--follow", "oscillator", names)
        if expansion is not None and "quasi-harmonic" not in names:
            _refuse("--expansion", "quasi-harmonic", names)
        for option, value, method in (
            ("--precision", precision, "sampling"),
            ("--pairs", pairs, "sampling"),
            ("--hours", hours, "md"),
            ("--picoseconds", picoseconds, "md"),
            ("--max-cm1", max_cm1, "adiabatic"),
            ("--no-checks", None if checks else True, "adiabatic"),
        ):
            if value is not None and method not in names:
                _refuse(option, method, names)
        if names == QUICK[:1]:
            _refuse_unused(
                {
                    "--calculator": calculator != options.CALCULATOR,
                    "--weights": weights is not None,
                    "--no-relax": relax != options.RELAX,
                    "--relax-cell": relax_cell != options.RELAX_CELL,
                    "--fmax": fmax != options.FORCE_LIMIT,
                    "--displacement": displacement is not None,
                    "--symprec": symprec != options.TOLERANCE,
                    "--workers": workers is not None,
                }
            )
            path, report = two_state_only(structure, material, given, output)
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
                methods=names,
                # Who sets options of the prediction has asked for it.
                within_minutes=unasked_methods(methods) if max_cm1 is None and checks else {},
                keywords=_keywords(
                    names,
                    material=material,
                    expansion=expansion,
                    precision=precision,
                    pairs=pairs,
                    hours=hours,
                    picoseconds=picoseconds,
                    max_cm1=max_cm1,
                    checks=checks,
                ),
            )
        written = _write(report, path) if path is not None else ()
        if json is not None:
            write_result(report.to_dict(), json)
        else:
            print_report(report)
            for file in written:
                typer.echo(f"written: {file}")
        if report.failures:
            from reticulum.errors import CalculationError

            raise CalculationError(
                f"Not computed: {', '.join(report.failures)}.",
                why=" ".join(report.failures.values()),
                fix="What finished is kept, and shown above.",
            )


def _keywords(
    names: tuple[str, ...],
    *,
    material: str | None,
    expansion: float | None,
    precision: float | None,
    pairs: int | None,
    hours: float | None,
    picoseconds: float | None,
    max_cm1: float | None,
    checks: bool,
) -> dict[str, dict[str, Any]]:
    """Options of single mechanisms; bad ones are refused before anything is computed."""
    keywords: dict[str, dict[str, Any]] = {}
    if "adiabatic" in names:
        from reticulum.thermal.adiabatic_options import AdiabaticOptions

        chosen = AdiabaticOptions(check_settings=checks)
        keywords["adiabatic"] = {
            "options": chosen if max_cm1 is None else replace(chosen, max_cm1=max_cm1)
        }
    if "quasi-harmonic" in names:
        from reticulum.thermal.quasi_harmonic_run import QuasiHarmonicOptions

        keywords["quasi-harmonic"] = {
            "options": QuasiHarmonicOptions(expansion_per_k=expansion, material=material)
        }
    if "sampling" in names:
        from reticulum.thermal.sampling_options import SamplingOptions

        keywords["sampling"] = {
            "options": SamplingOptions.chosen(precision_cm1_per_k=precision, most_pairs=pairs)
        }
    if "md" in names:
        from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions

        keywords["md"] = {
            "options": MolecularDynamicsOptions.chosen(hours=hours, picoseconds=picoseconds)
        }
    return keywords


def _refuse(what: str, method: str, names: tuple[str, ...]) -> None:
    """Refuse what belongs to a method that was not asked for."""
    from reticulum.errors import InputError

    verb, them = ("were", "them") if what.endswith("s") else ("was", "it")
    raise InputError(
        f"{what} {verb} given with --methods {','.join(names)}.",
        why=f"Only the method {method} uses {them}.",
        fix=f"Add {method} to --methods, or leave {them} out.",
    )


def _refuse_unused(chosen: dict[str, bool]) -> None:
    """Refuse options of a calculation that `--methods two-state` does not make."""
    names = [name for name, was_chosen in chosen.items() if was_chosen]
    if names:
        from reticulum.errors import InputError

        raise InputError(
            f"{', '.join(names)} was given with --methods two-state.",
            why="The two-state picture needs no calculation and would ignore it.",
            fix="Leave it out, or use other methods.",
        )


def _given(**values: float | None) -> TwoStateParameters | None:
    chosen = {name: value for name, value in values.items() if value is not None}
    if not chosen:
        return None
    from reticulum.thermal.two_state import published_parameters

    return replace(published_parameters(), **chosen)


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
    methods: tuple[str, ...],
    within_minutes: dict[str, float],
    keywords: dict[str, dict[str, Any]],
) -> tuple[Path, RedShiftReport]:
    from reticulum.cli.phonons import run_path
    from reticulum.engines.build import resolve_engine
    from reticulum.frameworks.carboxylates import require_carboxylates
    from reticulum.frameworks.reading import read_structure, structure_label
    from reticulum.phonons.folder import RunFolder
    from reticulum.phonons.run import open_run
    from reticulum.report.redshift_table import shipped_mechanisms
    from reticulum.thermal.free_motions import Follow
    from reticulum.thermal.metal_oxygen_scan import metal_oxygen_coordinate
    from reticulum.thermal.redshift import predict_redshift

    engine = resolve_engine(calculator, weights)
    atoms = read_structure(structure)
    # Refused before a run folder is made.
    metal_oxygen_coordinate(atoms, require_carboxylates(atoms))
    label = structure_label(structure)
    measured = measured_of(structure, material)
    path = run_path(output, label, engine.name)

    def finished(so_far: RedShiftReport, name: str, outcome: object) -> None:
        _write(so_far, path)
        _draw_outcome(name, outcome, path)

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
            methods=methods,
            given=given,
            follow=None if follow == "both" else (Follow(follow),),
            keywords=keywords,
            within_minutes=within_minutes,
            known=shipped_mechanisms(RunFolder.identity_of(path)),
            after_each=finished,
        )
    return path, _with_shipped(report, path)


def _draw_outcome(name: str, outcome: Any, path: Path) -> None:
    """Figure of what a mechanism found, where it has one of its own."""
    if name == "loose-state":
        from reticulum.plotting.files import save_figure
        from reticulum.plotting.loose_state import figure_loose_state

        for suffix in ("png", "svg"):
            save_figure(figure_loose_state(outcome), path / f"loose-state.{suffix}")


def _with_shipped(report: RedShiftReport, path: Path) -> RedShiftReport:
    """Add the mechanisms that come with the package for exactly this calculation."""
    from dataclasses import replace

    from reticulum.phonons.folder import RunFolder
    from reticulum.report.redshift_table import shipped_mechanisms

    shown = {result.name for result in report.results()} | set(report.verdicts_by_mechanism or {})
    new = {
        name: found
        for name, found in shipped_mechanisms(RunFolder.identity_of(path)).items()
        if name not in shown
    }
    return replace(
        report,
        mechanisms=(*report.mechanisms, *(r for r, _ in new.values() if r is not None)),
        shipped=frozenset(new),
        verdicts_by_mechanism=dict(report.verdicts_by_mechanism or {})
        | {name: verdict for name, (_, verdict) in new.items()},
    )


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
    stem = "two-state" if report.modes is None else "redshift"
    files = [path / f"{stem}.json", path / f"{stem}.csv"]
    write_json(files[0], report.to_dict())
    write_text_atomically(files[1], report.to_csv())
    figure = figure_redshift(report)
    for suffix in ("png", "svg"):
        files.append(path / f"{stem}.{suffix}")
        save_figure(figure, files[-1])
    return tuple(files)
