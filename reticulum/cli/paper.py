"""`reticulum paper`: whether the numbers of a published paper agree with each other."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli.console import check_json_target, reporting, write_result
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from pathlib import Path

    from reticulum.report.paper_check import PaperReport

app = typer.Typer(
    help="Recompute what a published paper says from its own numbers.", no_args_is_help=True
)

#: Ending of a written report.
_REPORT_SUFFIX = ".md"

#: Narrowest and widest lines of the report in a terminal, characters.
_WIDTHS = (60, 100)


class PaperName(StrEnum):
    """Papers that can be checked."""

    VTIR = "vtir"
    RU2CU4 = "ru2cu4"
    ALL = "all"


@app.callback()
def paper() -> None:
    """Recompute what a published paper says from its own numbers."""


@app.command("check")
def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[PAPER]",
            help="vtir: red-shifts of carboxylate bands [Andreeva2020]. ru2cu4: ordered "
            "ruthenium-copper frameworks [Gao2020]. all: both.",
        ),
    ] = PaperName.VTIR.value,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the report (.md) or a figure of it (.png, .svg, .pdf; vtir only). Repeat "
            "for several files.",
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Check every number of a paper that its other numbers determine.

    Each statement comes with the passage, what is recomputed and from what, the size of the
    disagreement, what rounding and quoted errors allow, and a verdict: contradicts, agrees, or
    cannot be decided.
    """
    with reporting():
        from pathlib import Path

        check_json_target(json)
        asked = _paper_name(name)
        files = [Path(text) for text in output or ()]
        _require_writable(files, asked)
        from reticulum.report.paper_check import Paper, check_paper

        chosen = tuple(Paper) if asked is PaperName.ALL else (Paper(asked.value),)
        reports = tuple(check_paper(paper) for paper in chosen)
        for file in files:
            _write(file, reports)
        if json is not None:
            write_result({"papers": [report.to_dict() for report in reports]}, json)
            return
        _print(reports)
        for file in files:
            typer.echo(f"written: {file}")


def _paper_name(text: str) -> PaperName:
    """Paper of that name."""
    from reticulum.errors import InputError

    try:
        return PaperName(text)
    except ValueError as error:
        raise InputError(
            f"There is no paper {text!r} to check.",
            why="The numbers of two papers come with the package.",
            fix=f"Give one of: {', '.join(PaperName)}.",
        ) from error


def _require_writable(files: list[Path], name: PaperName) -> None:
    """Refuse files that cannot be written, before anything is computed."""
    from reticulum.errors import InputError

    for file in files:
        if file.suffix == _REPORT_SUFFIX:
            if file.exists() or not file.parent.is_dir():
                raise InputError(
                    f"The report {file} cannot be written.",
                    why=(
                        "It exists already."
                        if file.exists()
                        else f"There is no folder {file.parent}."
                    ),
                    fix="Give a new file in an existing folder.",
                )
            continue
        from reticulum.plotting.files import FIGURE_SUFFIXES, require_figure_path

        if file.suffix not in FIGURE_SUFFIXES:
            raise InputError(
                f"The file {file} is neither a report nor a figure.",
                why=f"It ends in none of {', '.join((_REPORT_SUFFIX, *FIGURE_SUFFIXES))}.",
                fix=f"Name it {file.stem or 'report'}.md or {file.stem or 'report'}.png.",
            )
        require_figure_path(file)
        if name is PaperName.RU2CU4:
            raise InputError(
                f"There is no figure {file} of ru2cu4.",
                why="Only the paper vtir has a course with temperature to draw.",
                fix="Ask for a report (.md), or check vtir.",
            )


def _write(file: Path, reports: tuple[PaperReport, ...]) -> None:
    if file.suffix == _REPORT_SUFFIX:
        from reticulum.provenance import write_text_atomically
        from reticulum.report.paper_check_text import markdown

        write_text_atomically(file, markdown(reports))
        return
    from reticulum.plotting.files import save_figure
    from reticulum.plotting.paper_check import figure_paper_check
    from reticulum.reference.paper_claims import load_vtir_numbers

    save_figure(figure_paper_check(load_vtir_numbers()), file)


def _print(reports: tuple[PaperReport, ...]) -> None:
    import shutil

    from reticulum.report.paper_check_text import terminal_lines

    low, high = _WIDTHS
    width = min(max(shutil.get_terminal_size().columns, low), high)
    for line in terminal_lines(reports, width):
        typer.echo(line)
