"""`reticulum mode-picture`: one mode on a metal cluster, as a picture with arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli import mode_options
from reticulum.cli.console import reporting

if TYPE_CHECKING:
    from collections.abc import Sequence

ModeArgument = Annotated[
    int, typer.Argument(metavar="N", help="Number of the mode in `reticulum modes SOURCE`.")
]

PictureOption = Annotated[
    list[str],
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
    output: PictureOption,
    structure: mode_options.StructureOption = None,
    view: ViewOption = "tilted",
    cluster: ClusterOption = 1,
    amplitude: ArrowOption = None,
    as_numbered: PartnerOption = False,
) -> None:
    """Draw one mode on a metal cluster with its carboxylates, with arrows.

    The linkers are cut. Partners of a degenerate set are combined so that the cluster moves most;
    the picture says so.
    """
    with reporting():
        from pathlib import Path

        from reticulum.errors import InputError
        from reticulum.phonons.foreign_phonons import read_gamma_phonons
        from reticulum.phonons.modes import mode_table
        from reticulum.plotting.files import require_figure_path, save_figure
        from reticulum.plotting.mode_picture import ARROW_A, figure_mode

        paths = [Path(name).expanduser() for name in output]
        if len({path.resolve() for path in paths}) < len(paths):
            raise InputError("One file is named twice.", fix="Name each file once.")
        for path in paths:
            require_figure_path(path)
        direction = _view(view)
        table = mode_table(
            read_gamma_phonons(
                Path(source).expanduser(),
                structure=None if structure is None else Path(structure).expanduser(),
            )
        )
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
