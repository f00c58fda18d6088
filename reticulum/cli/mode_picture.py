"""`reticulum mode-picture`: one mode on a metal cluster, as a picture with arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reticulum.cli import mode_options
from reticulum.cli.console import check_json_target, reporting, write_result
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.phonons.modes import ModeTable

#: From where a picture is seen if nothing is said.
VIEW = "tilted"

ModeArgument = Annotated[
    int, typer.Argument(metavar="N", help="Number of the mode in `reticulum modes SOURCE`.")
]

PictureOption = Annotated[
    list[str] | None,
    typer.Option(
        "--write",
        "--output",
        "-o",
        metavar="FILE",
        help="New file: .png, .svg or .pdf; may be repeated.",
    ),
]

ViewOption = Annotated[
    str,
    typer.Option(
        "--view",
        metavar="NAME|X,Y,Z",
        help="From where: tilted, side, along (the metal-metal axis), or a Cartesian vector from "
        "the cluster to the eye, such as 1,1,0.",
    ),
]

ClusterOption = Annotated[
    int, typer.Option("--cluster", metavar="N", help="Metal cluster, in the order of atoms.")
]

ArrowOption = Annotated[
    float | None,
    typer.Option("--amplitude", metavar="A", help="Length of the longest arrow, Å  (default: 1)"),
]

PartnerOption = Annotated[
    bool,
    typer.Option(
        "--as-numbered",
        help="Of degenerate partners draw the one with this number, not the combination that "
        "moves the cluster most.",
    ),
]


def mode_picture(
    source: mode_options.SourceArgument,
    mode: ModeArgument,
    output: PictureOption = None,
    structure: mode_options.StructureOption = None,
    supercell: mode_options.SupercellOption = None,
    symprec: mode_options.ToleranceOption = None,
    view: ViewOption = VIEW,
    cluster: ClusterOption = 1,
    amplitude: ArrowOption = None,
    as_numbered: PartnerOption = False,
    json: JsonOption = None,
) -> None:
    """Draw one mode on a metal cluster with its carboxylates, with arrows.

    The linkers are cut. Partners of a degenerate set are combined so that the cluster moves most;
    the picture says so. JSON has the atoms of the picture with their displacements.
    """
    with reporting():
        from pathlib import Path

        from reticulum.errors import InputError
        from reticulum.phonons.modes import mode_table
        from reticulum.plotting.files import require_figure_path, save_figure
        from reticulum.plotting.mode_picture import ARROW_A, figure_mode

        check_json_target(json)
        paths = [Path(name).expanduser() for name in output or []]
        if not paths and json is None:
            raise InputError(
                "No file is named for the picture.", fix="Name one: -o mode.png (or --json -)"
            )
        if len({path.resolve() for path in paths}) < len(paths):
            raise InputError("One file is named twice.", fix="Name each file once.")
        for path in paths:
            require_figure_path(path)
        direction = _view(view)
        if not paths and (view != VIEW or amplitude is not None):
            raise InputError(
                "--view and --amplitude are for a picture, but no file for it is named.",
                fix="Name one: -o mode.png",
            )
        table = mode_table(
            mode_options.read_source(
                source, structure=structure, supercell=supercell, symprec=symprec
            )
        )
        if paths:
            figure = figure_mode(
                table,
                mode,
                view=direction,
                cluster=cluster - 1,
                arrow_a=ARROW_A if amplitude is None else amplitude,
                as_numbered=as_numbered,
            )
            for path in paths:
                save_figure(figure, path)
                typer.echo(f"Written: {path}", err=True)
        if json is not None:
            write_result(_plain(table, mode, cluster - 1, as_numbered=as_numbered), json)


def _plain(table: ModeTable, mode: int, cluster: int, *, as_numbered: bool) -> dict[str, Any]:
    """Mode and atoms of the picture for JSON."""
    from reticulum.phonons.mode_fragment import fragment_motion, fragment_share, mode_fragment

    fragment = mode_fragment(table, cluster)
    moves, partner = fragment_motion(table, mode, fragment, as_numbered=as_numbered)
    number = int(table.labels.set_of_mode[mode - 1])
    symbols = table.phonons.atoms.get_chemical_symbols()
    return {
        "mode": mode,
        "wavenumber_cm1": float(table.labels.wavenumbers_cm1[number]),
        "imaginary": number in table.imaginary,
        "irrep": table.labels.labels[number],
        "partner": partner,
        "cluster": fragment.label,
        "share_of_these_atoms": fragment_share(table, mode, fragment, as_numbered=as_numbered),
        "displacements": "the longest has length 1",
        "atoms": [
            {
                "symbol": symbols[site.index],
                "atom": site.index + 1,
                "position_a": position,
                "displacement": move,
            }
            for site, position, move in zip(
                fragment.sites, fragment.positions_a.tolist(), moves.tolist(), strict=True
            )
        ],
    }


def _view(text: str) -> str | tuple[float, float, float]:
    """A name as it is, or the vector that the text holds."""
    from reticulum.errors import InputError

    words: Sequence[str] = text.replace(",", " ").split()
    if len(words) == 1 and not words[0].lstrip("+-.").isdigit():
        return words[0]
    try:
        x, y, z = (float(word) for word in words)
    except ValueError as error:
        raise InputError(
            f"{text!r} is no view.",
            why="It is a name, or three numbers.",
            fix="Give --view side or --view 1,1,0, for instance.",
        ) from error
    return x, y, z
