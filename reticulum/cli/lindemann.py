"""`reticulum lindemann`: thermal motion of bonded atoms against each other, over the bond."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli import mode_options
from reticulum.cli.console import check_json_target, print_table, reporting, write_result
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reticulum.thermal.lindemann import LindemannResult

#: Ending of a table.
_TABLE_SUFFIX = ".csv"

#: Temperatures of the printed table, at most.
_PRINTED_TEMPERATURES = 4


class By(StrEnum):
    """What counts as one type of bond."""

    TYPE = "type"
    ORBIT = "orbit"


def lindemann(
    source: mode_options.SourceArgument,
    temperatures: Annotated[
        str | None,
        typer.Option(
            "--temperatures",
            "-T",
            metavar="K,K,...",
            help="Temperatures in K  (default: -100 to 200 °C in steps of 50)",
        ),
    ] = None,
    by: Annotated[
        By,
        typer.Option(
            "--by",
            help="type: bonds of the same elements and surroundings together. orbit: only bonds "
            "that the space group carries into each other.",
        ),
    ] = By.TYPE,
    structure: mode_options.StructureOption = None,
    supercell: mode_options.SupercellOption = None,
    symprec: mode_options.ToleranceOption = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a table (.csv) or a figure (.png, .svg, .pdf); may be repeated.",
        ),
    ] = None,
    force: mode_options.ForceOption = False,
    json: JsonOption = None,
) -> None:
    """Lindemann ratio of every type of bond against temperature.

    The root mean square motion of two bonded atoms against each other, along the bond and in all
    directions, over the bond length; from harmonic modes at Gamma in their quantum distribution.
    No melting point is claimed from it.
    """
    with reporting():
        from pathlib import Path

        from reticulum.frameworks.bond_types import Grouping
        from reticulum.phonons.modes import mode_table
        from reticulum.thermal.lindemann import lindemann_ratios

        check_json_target(json)
        paths = [Path(name).expanduser() for name in output or []]
        _check_files(paths, force=force)
        chosen = None if temperatures is None else _temperatures(temperatures)
        result = lindemann_ratios(
            mode_table(
                mode_options.read_source(
                    source, structure=structure, supercell=supercell, symprec=symprec
                )
            ),
            chosen,
            grouping=Grouping(by.value),
        )
        for path in paths:
            _write(result, path)
            typer.echo(f"Written: {path}", err=True)
        if json is not None:
            write_result(result.to_dict(), json)
            return
        print_lindemann(result)


def _temperatures(text: str) -> list[float]:
    """Temperatures of a list with commas, K."""
    from reticulum.errors import InputError
    from reticulum.thermal.slopes import checked_temperatures_k

    try:
        values = [float(word) for word in text.replace(",", " ").split()]
    except ValueError as error:
        raise InputError(
            f"{text!r} is no list of temperatures.",
            why="It takes numbers in K with commas between.",
            fix="Give --temperatures 100,200,298.15 for instance.",
        ) from error
    return [float(value) for value in checked_temperatures_k(sorted(set(values)))]


def _check_files(paths: Sequence[Path], *, force: bool) -> None:
    """Refuse files that cannot be written, before anything is read."""
    from reticulum.errors import InputError

    figures = (".png", ".svg", ".pdf")
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError("One file is named twice.", fix="Name each file once.")
    if force and not paths:
        raise InputError(
            "--force replaces files, but none is named.", fix="Name one: -o ratios.csv --force"
        )
    for path in paths:
        if path.suffix not in (_TABLE_SUFFIX, *figures):
            raise InputError(
                f"The file {path} has none of the endings {_TABLE_SUFFIX}, {', '.join(figures)}.",
                why="The ending tells what is written: a table or a figure.",
                fix=f"Name it {path.stem}.csv or {path.stem}.png.",
            )
        if path.is_dir() or not path.parent.is_dir():
            raise InputError(
                f"The file {path} cannot be written.",
                why="It is a folder." if path.is_dir() else f"There is no folder {path.parent}.",
                fix="Give a file in an existing folder.",
            )
        if path.exists() and not force:
            raise InputError(
                f"The file {path} exists already.",
                why="Nothing is overwritten.",
                fix="Give another name, or --force.",
            )


def _write(result: LindemannResult, path: Path) -> None:
    from reticulum.provenance import write_text_atomically

    if path.suffix == _TABLE_SUFFIX:
        write_text_atomically(path, result.to_csv())
        return
    from reticulum.plotting.files import save_figure
    from reticulum.plotting.lindemann import figure_lindemann

    save_figure(figure_lindemann(result), path)


def print_lindemann(result: LindemannResult) -> None:
    """Print the ratios as a table, at a few temperatures, with what is left out."""
    from reticulum.cli.modes import print_source

    print_source(result.table)
    n_temperatures = len(result.temperatures_k)
    if n_temperatures <= _PRINTED_TEMPERATURES:
        places = list(range(n_temperatures))
    else:
        last = n_temperatures - 1
        steps = _PRINTED_TEMPERATURES - 1
        places = sorted({round(last * step / steps) for step in range(steps + 1)})
    for title, ratios in (
        ("Lindemann ratios along the bond", result.along),
        ("Lindemann ratios in all directions", result.total),
    ):
        print_table(
            title,
            (
                "bond",
                "number ",
                "length/Å ",
                *(f"{result.temperatures_k[place]:g} K " for place in places),
            ),
            [
                (
                    entry.label,
                    str(entry.n_bonds),
                    f"{entry.distance_a:.3f}",
                    *(f"{values[place]:.4f}" for place in places),
                )
                for entry, values in zip(result.types, ratios, strict=True)
            ],
        )
    if len(places) < n_temperatures:
        typer.echo("All temperatures: -o ratios.csv or --json ratios.json")
    for sentence in result.statements:
        typer.echo(sentence)
