"""`reticulum phonons`: Gamma phonons of a structure in a run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli import options
from reticulum.cli.console import (
    TerminalProgress,
    check_json_target,
    counted,
    reporting,
    write_result,
)
from reticulum.cli.modes import print_modes

if TYPE_CHECKING:
    from pathlib import Path

    from reticulum.phonons.gamma import GammaPhonons
    from reticulum.phonons.imaginary import Descent
    from reticulum.phonons.run import Run


def phonons(
    structure: options.StructureArgument,
    output: options.OutputOption = None,
    calculator: options.CalculatorOption = options.CALCULATOR,
    weights: options.WeightsOption = None,
    relax: options.RelaxOption = options.RELAX,
    relax_cell: options.RelaxCellOption = options.RELAX_CELL,
    fmax: options.ForceLimitOption = options.FORCE_LIMIT,
    displacement: options.DisplacementOption = None,
    symprec: options.ToleranceOption = options.TOLERANCE,
    workers: options.WorkersOption = None,
    follow_imaginary: Annotated[
        bool,
        typer.Option(
            "--follow-imaginary",
            help="If modes are imaginary, follow them to lower symmetry until none is. Each step "
            "needs the phonons of a less symmetric crystal and takes longer than the one before.",
        ),
    ] = False,
    json: options.JsonOption = None,
) -> None:
    """Compute Gamma phonons: relax, displace what symmetry requires, assign the modes.

    Every finished force calculation is kept in RUN. A run that was stopped or killed goes on where
    it was when the same command is given again.
    """
    with reporting("Everything finished is kept. Give the same command again to go on from there."):
        from reticulum.errors import InputError
        from reticulum.phonons.modes import mode_table
        from reticulum.phonons.options import PhononOptions
        from reticulum.phonons.run import gamma_phonons, open_run

        check_json_target(json, run=output)
        chosen = PhononOptions(
            relax=relax,
            relax_cell=relax_cell,
            force_limit_ev_a=fmax,
            displacement_a=displacement,
            tolerance_a=symprec,
        )
        if follow_imaginary and not relax:
            raise InputError(
                "Imaginary modes of a structure that is not relaxed cannot be followed.",
                why="Where forces are left, negative curvature says nothing about a minimum.",
                fix="Leave out --no-relax or --follow-imaginary.",
            )
        from reticulum.engines.build import resolve_engine
        from reticulum.frameworks.reading import read_structure, structure_label

        engine = resolve_engine(calculator, weights)
        atoms = read_structure(structure)
        label = structure_label(structure)
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
            result = gamma_phonons(run)
            descent = _descent(run, result) if follow_imaginary else None
        if descent is not None:
            result, table, path = descent.phonons, descent.table, descent.folder.path
        else:
            table = mode_table(result)
        if json is not None:
            content = {"phonons": result.to_dict(), "modes": table.to_dict()}
            if descent is not None:
                content["descent"] = descent.to_dict()
            write_result(content, json)
            return
        print_phonons(result)
        if descent is not None:
            for step in descent.steps:
                typer.echo(f"  {step.sentence}")
            typer.echo(f"  {descent.end}")
            if descent.steps:
                typer.echo(f"  {_go_on_from(path / 'relaxed.extxyz', structure)}")
        print_modes(table, everything=False, followed=descent is not None)
        typer.echo(f"Run folder: {path}   (all modes: reticulum modes {path})")


def _descent(run: Run, result: GammaPhonons) -> Descent:
    from reticulum.phonons.imaginary import follow_imaginary

    return follow_imaginary(run, result)


def _go_on_from(file: Path, structure: str) -> str:
    """Sentence that names the structure at the end of a descent."""
    return (
        f"Give {file} to redshift and other commands to go on from there; with {structure} they "
        "start from the saddle."
    )


def run_path(output: str | None, label: str, calculator: str) -> Path:
    """Run folder: what was asked for, or ``runs/<structure>_<calculator>``."""
    from pathlib import Path

    return Path(output) if output is not None else Path("runs") / f"{label}_{calculator}"


def print_phonons(result: GammaPhonons) -> None:
    """Print what was computed and how sound it is."""
    typer.echo(
        f"{result.atoms.get_chemical_formula()}, {result.symmetry.symbol}, "
        f"{len(result.atoms)} atoms, {result.calculator.get('name', 'unknown calculator')}"
    )
    state = result.calculator.get("state")
    if state:
        typer.echo(f"  {state}")
    relaxation = result.relaxation
    if relaxation is not None:
        typer.echo(
            f"  relaxed in {counted(relaxation['n_steps'], 'step')}, "
            f"{relaxation['energy_gained_ev']:.3f} eV gained, atoms moved up to "
            f"{relaxation['largest_move_a']:.3f} Å, largest force "
            f"{relaxation['largest_force_ev_per_a']:.1e} eV/Å, "
            f"force that symmetry forbids {relaxation['force_asymmetry_ev_per_a']:.1e} eV/Å"
        )
    if result.quality is not None:
        made = ""
        if result.n_displacements is not None and result.displacement_a is not None:
            count = counted(result.n_displacements, "displacement")
            made = f"{count} of {result.displacement_a:g} Å; "
        typer.echo(
            f"  {made}raw force constants: asymmetry {result.quality.asymmetry_ev_a2:.1e}, "
            f"sum rule {result.quality.translation_ev_a2:.1e} eV/Å² "
            f"(largest {result.quality.largest_ev_a2:.0f})"
        )
    for sentence in result.warnings:
        typer.echo(f"Warning: {sentence}")
