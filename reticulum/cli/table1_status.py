"""What failed in a table of all materials, and the exit status that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reticulum.report.row_status import RowStatus


#: Names that the last error gives; all of them stand with their reasons under the table.
_MOST_NAMES = 5


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
        parts.append(f"Not computed: {_first(list(failures))}.")
    unusable = [f"{material} ({status.value})" for material, status in rows if status in UNUSABLE]
    if unusable:
        parts.append(f"Run folders that cannot be used: {_first(unusable)}.")
    if parts:
        raise CalculationError(
            " ".join(parts),
            why="The reasons, and what to do, stand under the table and in the JSON.",
            fix="Do what is said there of each. The other rows stand.",
        )


def _first(names: Sequence[str]) -> str:
    """Join names, only the first of many and how many there are besides."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
