"""Widths of computed lines, from a table of wavenumber ranges or of modes."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.spectra.calculated_spectrum import require_fwhm
from reticulum.spectra.formats.content import read_text

#: Columns of the two kinds of tables.
RANGE_COLUMNS = ("from_cm1", "to_cm1", "fwhm_cm1")
MODE_COLUMNS = ("mode", "fwhm_cm1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWidths:
    """Rules that give each line its width.

    Attributes
    ----------
    fwhm_cm1
        Width of lines that no rule names, cm⁻¹.
    ranges
        (low, high, FWHM), cm⁻¹; the first range that holds a line counts.
    modes
        Width of single modes by their numbers from 1, cm⁻¹; a set of modes takes that of its
        first member that is named.

    """

    fwhm_cm1: float
    ranges: tuple[tuple[float, float, float], ...] = ()
    modes: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        for width in (
            self.fwhm_cm1,
            *(row[2] for row in self.ranges),
            *(row[1] for row in self.modes),
        ):
            require_fwhm(width)
        for low, high, _ in self.ranges:
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise InputError(
                    f"{low:g} to {high:g} cm⁻¹ is no range of lines.",
                    why="It goes from a lower wavenumber to a higher one.",
                    fix="Swap the two numbers.",
                )

    def of(
        self, positions_cm1: NDArray[np.float64], members: tuple[tuple[int, ...], ...]
    ) -> NDArray[np.float64]:
        """Width of each line.

        Parameters
        ----------
        positions_cm1
            (n_lines,) as they are drawn (scaled), cm⁻¹.
        members
            Numbers of the modes of each line, from 1.

        Returns
        -------
        numpy.ndarray
            (n_lines,) FWHM, cm⁻¹.

        """
        single = dict(self.modes)
        widths = np.full(len(positions_cm1), self.fwhm_cm1)
        for line, position in enumerate(positions_cm1):
            named = [single[mode] for mode in members[line] if mode in single]
            inside = [width for low, high, width in self.ranges if low <= position <= high]
            if named or inside:
                widths[line] = [*named, *inside][0]
        return widths

    def unused(
        self, positions_cm1: NDArray[np.float64], members: tuple[tuple[int, ...], ...]
    ) -> tuple[str, ...]:
        """Sentences about the rules that no line obeys.

        Parameters
        ----------
        positions_cm1
            (n_lines,) as they are drawn (scaled), cm⁻¹.
        members
            Numbers of the modes of each line, from 1.

        """
        drawn = {mode for line in members for mode in line}
        lost = [mode for mode, _ in self.modes if mode not in drawn]
        found = []
        if lost:
            named = ", ".join(str(mode) for mode in lost)
            found.append(
                f"Widths of modes that are no lines are not used: {named}. Lines are "
                "infrared-active and not imaginary."
            )
        for low, high, _ in self.ranges:
            if not ((positions_cm1 >= low) & (positions_cm1 <= high)).any():
                found.append(f"No line lies at {low:g} to {high:g} cm⁻¹: this width is not used.")
        return tuple(found)


def read_line_widths(path: Path, fwhm_cm1: float) -> LineWidths:
    """Widths of a CSV table.

    Parameters
    ----------
    path
        CSV with the columns ``from_cm1,to_cm1,fwhm_cm1`` (ranges) or ``mode,fwhm_cm1`` (modes);
        lines that begin with ``#`` are comments.
    fwhm_cm1
        Width of all other lines, cm⁻¹.

    Raises
    ------
    InputError
        If it has other columns, or a row that is no numbers.

    """
    if not os.path.isfile(path):
        raise InputError(f"There is no file {path}.", fix="Give the table of line widths.")
    numbered = [
        (number, line)
        for number, line in enumerate(read_text(path).splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    rows = list(csv.reader(line for _, line in numbered))
    head = tuple(cell.strip() for cell in rows[0]) if rows else ()
    if head not in (RANGE_COLUMNS, MODE_COLUMNS):
        raise InputError(
            f"{path} is no table of line widths.",
            why=f"Its columns are {', '.join(head) or 'none'}.",
            fix=f"Begin it with {','.join(RANGE_COLUMNS)} or {','.join(MODE_COLUMNS)}.",
        )
    ranges: list[tuple[float, float, float]] = []
    modes: list[tuple[int, float]] = []
    for (number, line), row in zip(numbered[1:], rows[1:], strict=True):
        try:
            if head == RANGE_COLUMNS:
                low, high, width = row
                ranges.append((float(low), float(high), float(width)))
            else:
                mode, width = row
                modes.append((int(mode), float(width)))
        except ValueError as error:
            raise InputError(
                f"{path}, line {number}: {line.strip()[:40]!r} is no row of line widths.",
                why=f"Each row holds {','.join(head)}.",
                fix="Correct or remove it.",
            ) from error
    return LineWidths(fwhm_cm1=fwhm_cm1, ranges=tuple(ranges), modes=tuple(modes))
