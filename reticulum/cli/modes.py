"""`reticulum modes`: symmetry and carboxylate character of modes, computed here or elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reticulum.cli import mode_options
from reticulum.cli.console import check_json_target, counted, print_table, reporting, write_result
from reticulum.cli.environment_tables import print_environments, print_fragments
from reticulum.cli.options import JsonOption
from reticulum.cli.table1_modes import require_table1_options, table1_modes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reticulum.phonons.drawing_options import Drawing
    from reticulum.phonons.fragments import FragmentShares
    from reticulum.phonons.modes import ModeTable

#: Fractions below this are left out of the printed table, and more than so many of a set.
_SHOWN_FRACTION = 0.05
_SHOWN_PARTS = 3


def modes(
    source: mode_options.OptionalSourceArgument = None,
    infrared: mode_options.InfraredOption = False,
    born: mode_options.BornOption = None,
    structure: mode_options.StructureOption = None,
    supercell: mode_options.SupercellOption = None,
    symprec: mode_options.ToleranceOption = None,
    output: mode_options.OutputOption = None,
    animate: mode_options.AnimateOption = None,
    amplitude: mode_options.AmplitudeOption = None,
    frames: mode_options.FramesOption = None,
    force: mode_options.ForceOption = False,
    fragment: mode_options.FragmentOption = None,
    all_table1: mode_options.AllTable1Option = False,
    runs: mode_options.RunsOption = None,
    compute: mode_options.ComputeOption = False,
    json: JsonOption = None,
) -> None:
    """List Gamma modes with irreducible representation, activity and carboxylate character.

    The phonons may come from a run, or from force constants that phonopy or VASP left: they are
    folded onto Gamma of the primitive cell, and nothing is computed again. Imaginary modes are
    shown with negative wavenumbers and named. With Born charges the table has intensities. The
    carboxylate bands are told apart by the metals that the carboxylates bind.
    """
    kept = "Everything finished is kept. Give the same command again to go on from there."
    with reporting(kept if compute else ""):
        from pathlib import Path

        from reticulum.errors import InputError
        from reticulum.phonons.environments import environment_table
        from reticulum.phonons.fragment_requests import parse_fragments
        from reticulum.phonons.fragments import fragment_shares
        from reticulum.phonons.infrared import infrared_lines
        from reticulum.phonons.mode_files import write_mode_file
        from reticulum.phonons.modes import mode_table
        from reticulum.report.environment_comparison import environments_to_dict

        check_json_target(json)
        if all_table1 or runs is not None or compute:
            given = {
                "SOURCE": source,
                "--infrared": infrared or None,
                "--born": born,
                "--structure": structure,
                "--supercell": supercell,
                "--symprec": symprec,
                "-o (--output, --write)": output,
                "--animate": animate,
                "--amplitude": amplitude,
                "--frames": frames,
                "--force": force or None,
                "--fragment": fragment,
            }
            table1_modes(
                require_table1_options(given, all_table1=all_table1, runs=runs, compute=compute),
                compute=compute,
                json=json,
            )
            return
        if source is None:
            raise InputError(
                "No phonons were named.",
                why="SOURCE is a run folder, or a file of phonopy or VASP.",
                fix="Make one with: reticulum phonons STRUCTURE",
            )
        if infrared and (json is not None or output):
            raise InputError(
                "--infrared shortens the printed table, and nothing is printed.",
                why="Files and JSON hold all modes.",
                fix="Leave out --infrared.",
            )
        paths = [Path(name).expanduser() for name in output or []]
        drawing = _checked_output(
            paths, json, animate=animate, amplitude=amplitude, frames=frames, force=force
        )
        requests = parse_fragments(fragment or [])
        table = mode_table(
            mode_options.read_source(
                source, structure=structure, supercell=supercell, symprec=symprec, born=born
            )
        )
        _require_modes(table, drawing.modes)
        fragments = fragment_shares(table, requests)
        for path in paths:
            kind = write_mode_file(
                table, path, drawing=drawing, fragments=fragments, overwrite=force
            )
            typer.echo(f"Written: {path}, {kind.words}", err=True)
        if json is not None:
            content = {
                **table.to_dict(),
                "infrared": infrared_lines(table).to_dict(),
                "metal_environments": environments_to_dict(table, environment_table(table)),
                "fragments": fragments.to_dict(),
                "phonons": table.phonons.to_dict(),
            }
            write_result(content, json)
        if json is not None or paths:
            return
        print_source(table)
        print_fragments(fragments, table.phonons.atoms.get_chemical_symbols())
        print_modes(table, everything=not infrared, fragments=fragments)
        print_environments(table)


def _checked_output(
    paths: Sequence[Path],
    json: str | None,
    *,
    animate: str | None,
    amplitude: float | None,
    frames: int | None,
    force: bool,
) -> Drawing:
    """What to draw; refused before anything is read if it makes no sense or cannot be written."""
    from reticulum.errors import InputError
    from reticulum.phonons.drawing_options import AMPLITUDE_A, N_FRAMES, Drawing
    from reticulum.phonons.mode_drawing import require_arrows, require_film
    from reticulum.phonons.mode_files import (
        ModeFile,
        drawn_modes,
        require_writable_mode_file,
    )

    kinds = [require_writable_mode_file(path, overwrite=force) for path in paths]
    names = [str(path.resolve()) for path in paths]
    names += [] if json is None else [str(_resolved(json))]
    if len(set(names)) < len(names):
        raise InputError("One file is named twice.", fix="Name each file once.")
    if force and not paths:
        raise InputError(
            "--force replaces files, but none is named.", fix="Name one: -o modes.csv --force"
        )
    drawn = any(kind.draws_single_modes for kind in kinds)
    if (animate is not None or amplitude is not None) and not drawn:
        raise InputError(
            "--animate and --amplitude draw modes, but no file for them is named.",
            fix="Name one: -o mode.extxyz (film) or -o modes.axsf (arrows)",
        )
    if frames is not None and ModeFile.FILM not in kinds:
        raise InputError(
            "--frames is the number of frames of a film, but none is named.",
            fix="Name one: -o mode.extxyz",
        )
    if ModeFile.FILM in kinds and animate is None:
        raise InputError(
            "A film shows single modes, and none is named.", fix="Name them: --animate 12,15"
        )
    drawing = Drawing(
        modes=() if animate is None else drawn_modes(animate),
        amplitude_a=AMPLITUDE_A if amplitude is None else amplitude,
        n_frames=N_FRAMES if frames is None else frames,
    )
    if ModeFile.FILM in kinds:
        require_film(drawing.amplitude_a, drawing.n_frames)
    require_arrows(drawing.amplitude_a)
    return drawing


def _resolved(name: str) -> Path:
    from pathlib import Path

    return Path(name).expanduser().resolve()


def _require_modes(table: ModeTable, numbers: Sequence[int]) -> None:
    """Refuse numbers of modes that do not exist before the first file is written."""
    from reticulum.phonons.mode_drawing import mode_displacements

    for number in numbers:
        mode_displacements(table, number)


def print_source(table: ModeTable) -> None:
    """Print what the modes are of, where they come from and how sound that is."""
    phonons = table.phonons
    typer.echo(
        f"{phonons.atoms.get_chemical_formula()}, {phonons.symmetry.symbol}, "
        f"{len(phonons.atoms)} atoms, {phonons.calculator.get('name', 'unknown calculator')}"
    )
    source = phonons.calculator.get("source")
    if source is not None:
        number = phonons.calculator.get("n_atoms_of_supercell")
        typer.echo(f"  {source}, of a supercell of {number} atoms, folded onto Γ")
    if phonons.quality is not None:
        typer.echo(
            f"  raw force constants: asymmetry {phonons.quality.asymmetry_ev_a2:.1e}, sum rule "
            f"{phonons.quality.translation_ev_a2:.1e} eV/Å² "
            f"(largest {phonons.quality.largest_ev_a2:.0f})"
        )
    if phonons.born is not None:
        typer.echo(f"  {phonons.born.sentence}")
    for sentence in phonons.warnings:
        typer.echo(f"Warning: {sentence}")


def print_modes(
    table: ModeTable,
    *,
    everything: bool,
    fragments: FragmentShares | None = None,
    followed: bool = False,
) -> None:
    """Print the modes, all or the infrared-active ones, with the shares of fragments."""
    from reticulum.phonons.infrared import IntensityKind, infrared_lines

    labels = table.labels
    lines = infrared_lines(table)
    with_intensity = lines.kind is IntensityKind.INTENSITY
    rows = []
    for number in range(labels.n_sets):
        shown = everything or labels.infrared_active[number] or number in table.imaginary
        if not shown:
            continue
        members = labels.sets[number]
        first, last = int(members[0]) + 1, int(members[-1]) + 1
        activity = [
            name
            for name, active in (
                ("IR", labels.infrared_active[number]),
                ("Raman", labels.raman_active[number]),
            )
            if active
        ]
        if labels.acoustic[number]:
            activity = ["acoustic"]
        if number in table.imaginary:
            activity.append("imaginary")
        rows.append(
            (
                f"{first}-{last}" if last > first else str(first),
                f"{labels.wavenumbers_cm1[number]:.1f}",
                labels.labels[number] or f"? ({labels.reasons[number]})",
                ", ".join(activity),
                *((f"{lines.heights[number]:.0f}",) if with_intensity else ()),
                *(() if fragments is None else (f"{x:.2f}" for x in fragments.shares[number])),
                character_text(table, number),
            )
        )
    print_table(
        "Γ modes" if everything else "Infrared-active Γ modes (and imaginary ones)",
        (
            "modes ",
            "cm⁻¹ ",
            "irrep",
            "activity",
            *(("km/mol ",) if with_intensity else ()),
            *(() if fragments is None else (f"{name} " for name in fragments.names)),
            "character",
        ),
        rows,
        only_last_folds=True,
    )
    typer.echo(
        f"Character: the {_SHOWN_PARTS} largest shares from {_SHOWN_FRACTION:g} on; all of them: "
        "-o modes.csv"
    )
    print_bands(table, followed=followed)


def character_text(table: ModeTable, number: int) -> str:
    """Largest three fractions of a set in words, the largest first."""
    from reticulum.phonons.character import FRACTION_LABELS

    fractions = table.characters.fractions[number]
    order = sorted(range(len(fractions)), key=lambda column: -fractions[column])
    return ", ".join(
        f"{FRACTION_LABELS[column]} {fractions[column]:.2f}"
        for column in order[:_SHOWN_PARTS]
        if fractions[column] >= _SHOWN_FRACTION
    )


def print_bands(table: ModeTable, *, followed: bool = False) -> None:
    """Print the carboxylate bands, the carboxylates and the imaginary modes in words.

    If imaginary modes were followed already, following them is not advised.
    """
    from reticulum.phonons.internal_coordinates import CoordinateGroup

    binding = table.to_dict()["binding_modes"]
    groups = ", ".join(f"{count} {name}" for name, count in binding.items()) or "none"
    typer.echo(f"Carboxylates: {groups}")
    for name, group in (
        ("symmetric", CoordinateGroup.SYMMETRIC_CO),
        ("antisymmetric", CoordinateGroup.ANTISYMMETRIC_CO),
    ):
        band = table.band_cm1(group)
        if band is not None:
            where = f"{band[0]:.0f}" if band[1] - band[0] < 0.5 else f"{band[0]:.0f}-{band[1]:.0f}"
            typer.echo(f"Infrared-active {name} COO stretch: {where} cm⁻¹")
    if table.imaginary:
        named = ", ".join(
            f"{table.labels.wavenumbers_cm1[number]:.0f} ({table.labels.labels[number] or '?'})"
            for number in table.imaginary
        )
        if followed or table.phonons.relaxation is None or table.phonons.symmetry.number == 1:
            advice = "The structure is no minimum, or its forces are not accurate enough."
        else:
            advice = (
                "The relaxed structure is a saddle point in lower symmetry, not a minimum; "
                "reticulum phonons ... --follow-imaginary goes down to one."
            )
        typer.echo(f"{counted(table.n_imaginary_modes, 'imaginary mode')}: {named} cm⁻¹. {advice}")
    else:
        typer.echo("No imaginary modes.")
