"""`reticulum compare-modes`: one crystal in two electronic states, or by two calculators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli.console import check_json_target, counted, print_table, reporting, write_result
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.phonons.mode_comparison import ComparedMotion, ModeComparison, MotionPosition
    from reticulum.phonons.modes import ModeTable

#: Energies closer than this print as equal, eV.
_EQUAL_ENERGY_EV = 5e-5

_HELP = "A finished run folder of `reticulum phonons`, or what else `reticulum modes` reads."


def compare_modes(
    first: Annotated[str, typer.Argument(metavar="FIRST", help=_HELP)],
    second: Annotated[
        str, typer.Argument(metavar="SECOND", help="The same crystal in another calculation.")
    ],
    everything: Annotated[
        bool,
        typer.Option("--all", help="List all sets of modes, not only those of carboxylate bands."),
    ] = False,
    json: JsonOption = None,
) -> None:
    """Compare the modes of a crystal in two electronic states, or by two calculators.

    Modes are paired by symmetry and by the motion of the atoms. All differences are SECOND less
    FIRST.
    """
    with reporting():
        from pathlib import Path

        from reticulum.errors import InputError
        from reticulum.phonons.compared_modes import compare_modes as compared
        from reticulum.phonons.foreign_phonons import read_gamma_phonons
        from reticulum.phonons.modes import mode_table

        check_json_target(json)
        if everything and json is not None:
            raise InputError(
                "--all lengthens the printed table, and nothing is printed.",
                why="JSON holds all sets.",
                fix="Leave out --all.",
            )
        tables = [
            mode_table(read_gamma_phonons(Path(name).expanduser())) for name in (first, second)
        ]
        comparison = compared(*tables)
        if json is not None:
            write_result(comparison.to_dict(), json)
            return
        print_comparison(comparison, tables, everything=everything)


def print_comparison(
    comparison: ModeComparison, tables: Sequence[ModeTable], *, everything: bool
) -> None:
    """Print states, motions, modes, bonds and energy."""
    phonons = tables[0].phonons
    states = (comparison.first, comparison.second)
    if not comparison.same_method:
        kind = "two calculators"
    elif states[0].calculator == states[1].calculator and states[0].sentence == states[1].sentence:
        kind = "two calculations of the same electronic state"
    else:
        kind = "two electronic states"
    typer.echo(f"{phonons.atoms.get_chemical_formula()}, {phonons.symmetry.symbol}: {kind}")
    for name, state, table in zip(("FIRST", "SECOND"), states, tables, strict=True):
        typer.echo(
            f"  {name}: {state.calculator}, {table.phonons.symmetry.symbol}, "
            f"{counted(state.n_imaginary or 'no', 'imaginary mode')}. {state.sentence}"
        )
    _print_motions(comparison.motions)
    _print_pairs(comparison, tables[0], everything=everything)
    if comparison.bonds:
        _print_bonds(comparison)
    energy = comparison.energy_per_pair_ev
    if energy is not None:
        per = "the primitive cell"
        if comparison.n_metal_pairs:
            per = f"each metal pair ({comparison.n_metal_pairs} in the cell)"
        if abs(energy) < _EQUAL_ENERGY_EV:
            typer.echo(f"Energy: the same to 0.0001 eV for {per}; both are relaxed.")
        else:
            where = "below" if energy < 0.0 else "above"
            typer.echo(
                f"Energy: SECOND lies {abs(energy):.4f} eV {where} FIRST for {per}; both are "
                "relaxed."
            )
    elif not comparison.same_method:
        typer.echo("Energies of different methods are not compared.")
    else:
        typer.echo("Energies are not compared: a run was not relaxed here.")


def _print_motions(motions: Sequence[ComparedMotion]) -> None:
    """Print the carboxylate bands, and apart from them the motions of metals that are no band."""
    for is_band, title, word in (
        (
            True,
            "Carboxylate bands: range and centre of infrared-active sets, as in reticulum modes",
            "centre",
        ),
        (
            False,
            "Motions of metals: mean of all modes, infrared-active or not (±: spread); no band",
            "mean",
        ),
    ):
        rows = [
            _motion_row(motion)
            for motion in motions
            if motion.is_band == is_band and (motion.first or motion.second)
        ]
        if rows:
            columns = ("", "first, cm⁻¹ ", f"{word} ", "second, cm⁻¹ ", f"{word} ", "shift ")
            print_table(title, columns, rows)


def _print_bonds(comparison: ModeComparison) -> None:
    print_table(
        "Bonds, Å (mean, shortest-longest)",
        ("", "first", "second", "change "),
        [
            (
                bond.name,
                _lengths(bond.first_a),
                _lengths(bond.second_a),
                f"{bond.second_a[0] - bond.first_a[0]:+.3f}",
            )
            for bond in comparison.bonds
        ],
    )


def _motion_row(motion: ComparedMotion) -> tuple[str, ...]:
    cells = [motion.name]
    for position in (motion.first, motion.second):
        cells += [_range(position), "" if position is None else f"{position.centre_cm1:.1f}"]
    return (*cells, "" if motion.shift_cm1 is None else f"{motion.shift_cm1:+.1f}")


def _range(position: MotionPosition | None) -> str:
    if position is None:
        return ""
    if position.range_cm1 is None:
        return f"± {position.spread_cm1:.0f}"
    low, high = position.range_cm1
    return f"{low:.0f}" if high - low < 0.5 else f"{low:.0f}-{high:.0f}"


def _print_pairs(comparison: ModeComparison, table: ModeTable, *, everything: bool) -> None:
    from reticulum.cli.modes import character_text
    from reticulum.phonons.internal_coordinates import CoordinateGroup

    shown = set(range(table.labels.n_sets))
    if not everything:
        shown = {
            *table.band_sets(CoordinateGroup.ANTISYMMETRIC_CO),
            *table.band_sets(CoordinateGroup.SYMMETRIC_CO),
        }
    if not shown:
        typer.echo("No infrared-active carboxylate stretch.")
        return
    print_table(
        "Sets of modes" if everything else "Infrared-active carboxylate stretches",
        ("irrep", "first, cm⁻¹ ", "second, cm⁻¹ ", "shift ", "overlap ", "character in FIRST"),
        [
            (
                pair.label,
                f"{pair.wavenumbers_cm1[0]:.1f}",
                f"{pair.wavenumbers_cm1[1]:.1f}",
                f"{pair.shift_cm1:+.1f}",
                f"{pair.overlap:.2f}{' mixed' if pair.mixed else ''}",
                character_text(table, pair.first),
            )
            for pair in comparison.pairs
            if pair.first in shown
        ],
    )
    if any(comparison.n_unpaired_sets):
        first, second = comparison.n_unpaired_sets
        typer.echo(f"Without partner: {first} sets of FIRST, {second} of SECOND.")


def _lengths(values: tuple[float, float, float]) -> str:
    mean, low, high = values
    return f"{mean:.3f}" if high - low < 5e-4 else f"{mean:.3f} ({low:.3f}-{high:.3f})"
