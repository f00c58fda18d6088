"""Tables of `reticulum modes`: metal environments, measured bands beside them, fragments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reticulum.cli.console import counted, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.phonons.environments import EnvironmentBand
    from reticulum.phonons.fragments import FragmentShares
    from reticulum.phonons.modes import ModeTable

#: Bands of which less than this part is on one environment are marked as shared.
_APART = 0.9

#: Atoms of a fragment that are named before the list is cut.
_NAMED_ATOMS = 12


def print_environments(table: ModeTable) -> None:
    """Print the carboxylate bands of each metal environment and what was measured of them."""
    from reticulum.phonons.environments import BANDS, environment_table
    from reticulum.report.environment_comparison import (
        compare_environments,
        environment_differences,
    )

    found = environment_table(table)
    if not found.environments:
        return
    symbols = {motion.label: motion.symbol for motion in BANDS}
    print_table(
        "Infrared-active bands by the metals of the carboxylates: centre (range) in cm⁻¹",
        (
            "",
            *(f"{entry.label}, {len(entry.carboxylates)} groups" for entry in found.environments),
        ),
        [
            (motion.symbol, *(band_text(bands[number]) for bands in found.bands))
            for number, motion in enumerate(BANDS)
        ],
    )
    if any(
        band.apart is not None and band.apart < _APART for bands in found.bands for band in bands
    ):
        typer.echo(
            "* modes shared with other environments: the part of the motion that is on this one. "
            "The range has the modes that are mostly its own."
        )
    comparisons = compare_environments(table, found)
    if comparisons:
        print_table(
            "Beside measured bands, cm⁻¹",
            ("band", "computed ", "measured ", "deviation ", "nearest IR mode"),
            [
                (
                    f"{symbols.get(entry.measured.motion, entry.measured.motion)} "
                    f"of {entry.environment}",
                    "-" if entry.computed_cm1 is None else f"{entry.computed_cm1:.0f}",
                    f"{entry.measured.wavenumber_cm1:.0f}",
                    "-" if entry.deviation_cm1 is None else f"{entry.deviation_cm1:+.0f}",
                    "-" if entry.near is None else f"{entry.near[0]:.0f}: {entry.near[1]}",
                )
                for entry in comparisons
            ],
        )
        compounds = ", ".join(
            dict.fromkeys(
                f"{entry.measured.compound} [{entry.measured.source}]" for entry in comparisons
            )
        )
        typer.echo(
            f"Measured on {compounds}. Computed: the strongest line of the band, without "
            "intensities its centre. Which stretch is symmetric was told by position."
        )
    differences = environment_differences(table, found)
    if differences:
        print_table(
            "Difference between environments, cm⁻¹",
            (
                "band",
                "environments",
                "centres ",
                "groups alone ",
                "measured ",
                "in the parents ",
            ),
            [
                (
                    symbols.get(entry.motion, entry.motion),
                    f"{entry.first} less {entry.second.removeprefix('COO-')}",
                    *(
                        "-" if value is None else f"{value:+.0f}"
                        for value in (
                            entry.computed_cm1,
                            entry.alone_cm1,
                            entry.measured_cm1,
                            entry.parents_cm1,
                        )
                    ),
                )
                for entry in differences
            ],
        )
        typer.echo(
            "Groups alone: the motion on one carboxylate with all else held, without coupling; no "
            "position of a band. In the parents: measured difference of the crystals that have "
            "one of the environments each."
        )


def band_text(band: EnvironmentBand) -> str:
    """Centre and range of a band; marked with a star and a part if it is shared."""
    if band.centre_cm1 is None or band.apart is None:
        return "-"
    text = f"{band.centre_cm1:.0f}"
    if band.range_cm1 is not None and band.range_cm1[1] - band.range_cm1[0] >= 1.0:
        text += f" ({band.range_cm1[0]:.0f}-{band.range_cm1[1]:.0f})"
    return text if band.apart >= _APART else f"{text} *{band.apart:.2f}"


def print_fragments(fragments: FragmentShares, symbols: Sequence[str]) -> None:
    """Print what the fragments are, before the table that has a column for each."""
    for fragment in fragments.fragments:
        request = fragment.request
        atoms = [f"{symbols[atom]}{atom + 1}" for atom in fragment.atoms[:_NAMED_ATOMS]]
        atoms += ["..."] if len(fragment.atoms) > _NAMED_ATOMS else []
        what = (
            counted(len(fragment.coordinates), f"{request.kind.word} coordinate")
            if request.kind.word
            else counted(len(fragment.atoms), "atom")
        )
        typer.echo(
            f"Fragment {request.name} = {request.text}: {what}, "
            f"{counted(fragment.n_places, 'place')}: "
            f"{' '.join(atoms)}"
        )
    if fragments.overlapping:
        typer.echo("Fragments share atoms: their shares may add to more than one.")
