"""`reticulum modes`: symmetry and carboxylate character of the modes of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli.console import check_json_target, print_table, reporting, write_result
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from reticulum.phonons.modes import ModeTable

#: Fractions below this are left out of the printed table.
_SHOWN_FRACTION = 0.05


def modes(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A finished run folder of `reticulum phonons`.")
    ],
    infrared: Annotated[
        bool, typer.Option("--infrared", help="Show infrared-active modes only.")
    ] = False,
    json: JsonOption = None,
) -> None:
    """List the Gamma modes with irreducible representation, activity and carboxylate character.

    Imaginary modes are shown with negative wavenumbers and named.
    """
    with reporting():
        from pathlib import Path

        from reticulum.phonons.gamma import load_gamma_phonons
        from reticulum.phonons.modes import mode_table

        check_json_target(json)
        table = mode_table(load_gamma_phonons(Path(run)))
        if json is not None:
            write_result(table.to_dict(), json)
            return
        print_modes(table, everything=not infrared)


def print_modes(table: ModeTable, *, everything: bool) -> None:
    """Print the modes, all or the infrared-active ones."""
    labels = table.labels
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
                character_text(table, number),
            )
        )
    print_table(
        "Γ modes" if everything else "Infrared-active Γ modes (and imaginary ones)",
        ("modes ", "cm⁻¹ ", "irrep", "activity", "character"),
        rows,
    )
    print_bands(table)


def character_text(table: ModeTable, number: int) -> str:
    """Largest fractions of a set in words, the largest first."""
    from reticulum.phonons.character import FRACTION_LABELS

    fractions = table.characters.fractions[number]
    order = sorted(range(len(fractions)), key=lambda column: -fractions[column])
    return ", ".join(
        f"{FRACTION_LABELS[column]} {fractions[column]:.2f}"
        for column in order
        if fractions[column] >= _SHOWN_FRACTION
    )


def print_bands(table: ModeTable) -> None:
    """Print the carboxylate bands, the carboxylates and the imaginary modes in words."""
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
        typer.echo(
            f"{table.n_imaginary_modes} imaginary modes: {named} cm⁻¹. The relaxed structure is a "
            "saddle point in lower symmetry, not a minimum; reticulum phonons ... "
            "--follow-imaginary goes down to one."
        )
    else:
        typer.echo("No imaginary modes.")
