"""What failed in a table of all materials, and the exit status that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reticulum.report.row_status import RowStatus


def print_failures(failures: Mapping[str, str]) -> None:
    """Print a line for each calculation that failed in this call.

    Parameters
    ----------
    failures
        What went wrong and what to do, by name of what was computed.

    """
    for name, problem in failures.items():
        typer.echo(f"{name} failed: {' '.join(problem.split())}")


def end_with_status(failures: Mapping[str, str], rows: Sequence[tuple[str, RowStatus]]) -> None:
    """End with an error if a calculation failed or a run folder cannot be used.

    Runs that are missing, or unfinished and can go on, are no error.

    Parameters
    ----------
    failures
        As in `print_failures`.
    rows
        Material and status of each row.

    Raises
    ------
    CalculationError
        If there is one.

    """
    from reticulum.errors import CalculationError
    from reticulum.report.row_status import UNUSABLE

    parts = []
    if failures:
        parts.append(f"Not computed: {', '.join(failures)}.")
    unusable = [f"{material} ({status.value})" for material, status in rows if status in UNUSABLE]
    if unusable:
        parts.append(f"Run folders that cannot be used: {', '.join(unusable)}.")
    if parts:
        raise CalculationError(
            " ".join(parts),
            why="The reasons, and what to do, stand under the table and in the JSON.",
            fix="Do what is said there of each. The other rows stand.",
        )
