"""What the commands share: messages, progress on standard error, JSON, exit status."""

from __future__ import annotations

import os
import re
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reticulum.errors import InputError, ReticulumError

if TYPE_CHECKING:
    from rich.console import Console

#: Exit status after Ctrl-C, as shells count it.
INTERRUPTED_STATUS = 130

#: Name that stands for standard output.
STANDARD_OUTPUT = "-"

#: JSON files that commands keep in a run folder and read again or write anew.
_OF_A_RUN_FOLDER = re.compile(
    r"(run|phonons|descent|loose-state|redshift|two-state|mechanism-.*)\.json"
)


def standard_error() -> Console:
    """Console on standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def standard_output() -> Console:
    """Console on standard output."""
    from rich.console import Console

    return Console(highlight=False)


@contextmanager
def reporting(resume_hint: str = "") -> Iterator[None]:
    """Turn errors and Ctrl-C into one message on standard error and an exit status.

    Parameters
    ----------
    resume_hint
        What to tell the user after Ctrl-C.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = _show_warning
            yield
    except ReticulumError as error:
        _print_error(error)
        raise typer.Exit(error.exit_status) from None
    except KeyboardInterrupt:
        console = standard_error()
        console.print("\n[bold]Stopped.[/bold]")
        if resume_hint:
            console.print(resume_hint, markup=False)
        raise typer.Exit(INTERRUPTED_STATUS) from None


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: str | None = None,
) -> None:
    """Show a warning as one note on standard error; those for programmers only are left out."""
    if not issubclass(category, (DeprecationWarning, PendingDeprecationWarning, FutureWarning)):
        standard_error().print(f"note: {message}", markup=False)


def _print_error(error: ReticulumError) -> None:
    console = standard_error()
    console.print("[bold red]Error:[/bold red] ", end="")
    console.print(error.what, markup=False)
    if error.why:
        console.print(f"  Why: {error.why}", markup=False)
    if error.fix:
        console.print(f"  What to do: {error.fix}", markup=False)


def check_json_target(target: str | None, *, run: str | None = None) -> None:
    """Refuse a JSON path that cannot be written, before anything is computed.

    An earlier result may be replaced, any other file and those that make a run folder may not.

    Parameters
    ----------
    target
        What was given with --json.
    run
        Folder that the command makes its run folder, if one was named.

    Raises
    ------
    InputError
        If it is a folder, lies in a folder that does not exist, is an existing file that is not
        named as JSON, or is named as a file that a run folder keeps itself, in one.

    """
    if target is None or target == STANDARD_OUTPUT:
        return
    if not target.strip():
        raise InputError(
            "No file is named after --json.",
            fix="Give a path that ends in .json, or - for standard output.",
        )
    path = Path(target)
    # os.path answers no, and does not fail, where the folder may not be looked into
    if os.path.isfile(path) and path.suffix.lower() != ".json":
        raise InputError(
            f"The JSON file {target} exists already and is not named .json.",
            why="It would be overwritten, and it does not look like an earlier result.",
            fix="Give another path; an existing .json file is replaced.",
        )
    if os.path.isdir(path) or not os.path.isdir(path.parent):
        raise InputError(
            f"The JSON file {target} cannot be written.",
            why="It is a folder." if os.path.isdir(path) else f"There is no folder {path.parent}.",
            fix="Give the path of a file in an existing folder, or - for standard output.",
        )
    folder = path.parent
    if _OF_A_RUN_FOLDER.fullmatch(path.name) and (
        os.path.isfile(folder / "run.json")
        or (run is not None and os.path.realpath(run) == os.path.realpath(folder))
    ):
        raise InputError(
            f"The JSON file {target} is one that a run folder keeps itself.",
            why=f"In {folder}, {path.name} belongs to the run and would be replaced.",
            fix="Give another name or another folder.",
        )


def write_result(content: Any, target: str) -> None:
    """Write JSON to a file or to standard output."""
    from reticulum.provenance import json_chunks, write_json

    if target == STANDARD_OUTPUT:
        sys.stdout.writelines(json_chunks(content))
        sys.stdout.flush()
        return
    path = Path(target)
    try:
        # a device or a pipe is written to, not replaced
        if os.path.exists(path) and not os.path.isfile(path):
            with path.open("w", encoding="utf-8") as stream:
                stream.writelines(json_chunks(content))
            return
        write_json(path, content)
    except OSError as error:
        raise InputError(
            f"The JSON file {target} cannot be written.",
            why=str(error.strerror or error),
            fix="Give another path.",
        ) from error


def counted(number: int | str, noun: str) -> str:
    """Number with its noun, ``1 ordering`` or ``2 orderings``; the number may be printed before."""
    return f"{number} {noun}" if str(number) == "1" else f"{number} {noun}s"


#: Characters between the columns of a table, and the least of a last column that alone folds.
_BETWEEN_COLUMNS = 3
_LEAST_LAST_COLUMN = 14


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    only_last_folds: bool = False,
) -> None:
    """Print a table on standard output; columns whose names end in a space go to the right.

    Without any name of a column there is no head; pipes and files get no blanks at line ends. In a
    narrow terminal cells get several lines: those of the last column alone, if that is asked for
    and the others leave it room. Nothing is cut off.
    """
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
    console = standard_output()
    others = [
        max(len(cell) for cell in (name.strip(), *(row[number] for row in rows)))
        for number, name in enumerate(columns[:-1])
    ]
    taken = sum(others) + _BETWEEN_COLUMNS * len(columns)
    fits = only_last_folds and console.width - taken >= _LEAST_LAST_COLUMN
    for number, column in enumerate(columns):
        justify: Any = "right" if column.endswith(" ") else "left"
        kept = fits and number < len(columns) - 1
        table.add_column(column.strip(), justify=justify, overflow="fold", no_wrap=kept)
    for row in rows:
        table.add_row(*[_escaped(cell) for cell in row])

    def show() -> None:
        if title:
            console.print(title, style="italic", markup=False, soft_wrap=True)
        console.print(table)

    if console.is_terminal:
        show()
        return
    with console.capture() as captured:
        show()
    console.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


class TerminalProgress:
    """Progress on standard error: a live bar in a terminal, a few plain lines elsewhere."""

    def __init__(self, workers: int | None = None) -> None:
        self._console = standard_error()
        self._live: Any = None
        self._task: Any = None
        self._count = 0
        self._total = 0
        self._started = 0.0
        self._announced = 0.0

    def start(self, kind: str, total: int, reused: int) -> None:
        """Announce a batch."""
        self._close()
        self._count, self._total = reused, total
        self._started = self._announced = time.monotonic()
        if total and reused == total:
            self._console.print(f"{kind}: all {total} were computed before", markup=False)
            return
        if total:
            before = f", {reused} computed before" if reused else ""
            self._console.print(f"{kind}: {total} calculations{before}", markup=False)
        else:
            self._console.print(f"{kind}", markup=False)
        if self._console.is_terminal:
            self._open(kind, total, reused)

    def _open(self, kind: str, total: int, reused: int) -> None:
        from rich import progress

        columns: list[Any] = [progress.TextColumn("  {task.description}")]
        if total:
            columns += [progress.BarColumn(), progress.MofNCompleteColumn()]
            columns += [progress.TimeRemainingColumn(), progress.TextColumn("left")]
        else:
            columns += [progress.SpinnerColumn(), progress.TextColumn("{task.completed} done")]
        columns += [progress.TimeElapsedColumn(), progress.TextColumn("{task.fields[note]}")]
        # The estimate uses the calculations of this batch only, over a window of all of them.
        self._live = progress.Progress(
            *columns, console=self._console, transient=True, speed_estimate_period=1e6
        )
        self._live.start()
        self._task = self._live.add_task(kind, total=total or None, completed=reused, note="")

    def advance(self, kind: str, seconds: float, note: str = "") -> None:
        """One calculation is finished."""
        self._count += 1
        if self._live is not None:
            self._live.update(self._task, advance=1, note=note)
            return
        now = time.monotonic()
        if now - self._announced > 20.0:
            self._announced = now
            of = f" of {self._total}" if self._total else ""
            tail = f", {note}" if note else ""
            self._console.print(
                f"  {kind}: {self._count}{of} after {now - self._started:.0f} s{tail}",
                markup=False,
            )

    def finish(self, kind: str) -> None:
        """End the batch."""
        self._close()
        elapsed = time.monotonic() - self._started
        if elapsed > 1.0:
            self._console.print(f"  {kind}: done in {elapsed:.0f} s", markup=False)

    def message(self, text: str) -> None:
        """Show a remark."""
        self._console.print(f"note: {text}", markup=False)

    def _close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
