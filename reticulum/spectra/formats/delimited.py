"""Text tables: CSV, TSV, semicolons or blanks, decimal point or comma, with or without headers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reticulum.spectra.axis_units import (
    NUMBER_PATTERN,
    TEMPERATURE_UNIT_PATTERN,
    TemperatureUnit,
    axis_unit_in,
    kelvin,
    names_percent,
    number_in,
    quantity_in,
    temperature_unit_in,
)
from reticulum.spectra.formats.content import (
    RawSpectrum,
    UnstatedError,
    damaged,
    read_text,
)
from reticulum.spectra.formats.header_words import (
    cycle_in,
    direction_in,
    header_temperature,
    temperatures_in,
)

#: Delimiters (None: any run of blanks) and decimal marks that are tried, the likelier ones first.
_STYLES = (("\t", "."), (";", "."), (",", "."), (None, "."), ("\t", ","), (";", ","), (None, ","))

#: Beginnings of comment lines.
_COMMENTS = ("#", "%", "!", "//", ";;", '"#')

#: Columns that are no spectra.
_LEFT_OUT = re.compile(r"(?i)\s*(?:err|error|std|sd|sigma|σ|uncertainty|index|point|no\.?)\b")

#: A temperature without unit above a column.
_BARE = re.compile(rf"(?i)(?:t\s*=?\s*)?({NUMBER_PATTERN})")

#: A header of temperatures.
_TEMPERATURE_WORD = re.compile(r"(?i)\s*(?:temperature|temp\b|t\b)")

#: A table of more columns than this and fewer rows than columns holds a spectrum a row.
_MOST_COLUMNS_OF_SHORT_SPECTRA = 8

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?|[-+]?(?i:nan|inf|infinity)")


@dataclass(frozen=True, slots=True)
class _Style:
    delimiter: str | None
    decimal: str

    def fields(self, line: str) -> list[str]:
        """Cells of a line; the empty one after a last delimiter is no cell."""
        if self.delimiter is None:
            return line.split()
        cells = [cell.strip().strip('"').strip() for cell in line.split(self.delimiter)]
        return cells[:-1] if len(cells) > 1 and not cells[-1] else cells

    def numbers(self, line: str) -> list[float] | None:
        """Numbers of a line; None if a cell is none."""
        found = []
        for cell in self.fields(line):
            text = cell.replace("−", "-")
            if self.decimal == ",":
                if "." in text:
                    return None
                text = text.replace(",", ".", 1)
            if not _NUMBER.fullmatch(text):
                return None
            found.append(float(text.replace("d", "e").replace("D", "e")))
        return found


@dataclass(frozen=True, slots=True)
class _Table:
    comments: list[str]
    columns: list[str]
    numbers: NDArray[np.float64]


def read_delimited(
    path: Path, *, temperature_unit: TemperatureUnit | None = None
) -> list[RawSpectrum]:
    """Spectra of a text table: one, or one a column with the temperatures in the column headers.

    The first column is the axis. Tables of pairs of columns (axis, values, axis, values, ...) are
    known by their headers.

    Parameters
    ----------
    path
        File.
    temperature_unit
        Unit of temperatures that stand there without one.

    Raises
    ------
    DamagedFileError
        If there is no table, or a line of it is not as long as the others or holds no number.
    UnstatedError
        If column headers are temperatures without a unit.

    """
    table = _table(read_text(path), path)
    columns, comments = table.columns, table.comments
    everything = " ".join((*columns, *comments))
    stated = header_temperature(comments, temperature_unit, path)
    if _has_more_columns_than_rows(table):
        return _rows_as_spectra(table, everything, temperature_unit, path)
    pairs = _is_pairs(columns)
    notes = []
    wanted = []
    for number in range(1, len(columns), 2 if pairs else 1):
        if len(columns) > 2 and _LEFT_OUT.match(columns[number]):
            notes.append(f"{path.name}: the column {columns[number]!r} was left out")
            continue
        wanted.append(number)
    several = len(wanted) > 1
    temperatures = _column_temperatures(table, wanted, temperature_unit, path)
    result = []
    for number, temperature in zip(wanted, temperatures, strict=True):
        words = columns[number].replace("\n", " ")
        axis_words = columns[number - 1 if pairs else 0]
        own = quantity_in(words)
        result.append(
            RawSpectrum(
                axis=table.numbers[:, number - 1 if pairs else 0],
                values=table.numbers[:, number],
                axis_unit=axis_unit_in(axis_words) or axis_unit_in(everything),
                quantity=own or quantity_in(everything),
                percent=True if names_percent(words if own else everything) else None,
                header_temperature_k=stated,
                column_temperature_k=temperature,
                cycle=cycle_in(words) if cycle_in(words) is not None else _cycle(comments),
                direction=direction_in(words) or _direction(comments),
                label=words if several else "",
                notes=tuple(notes) if number == wanted[0] else (),
            )
        )
    return result


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(_COMMENTS)


def _table(text: str, path: Path) -> _Table:
    """Numbers of a text and what stands above them."""
    lines = text.splitlines()
    style, width = _style(lines)
    if style is None:
        raise damaged(
            path,
            f"line {len(lines)} (its end)",
            "no table of at least two columns of numbers was found",
            "Give two columns: wavenumber and value.",
        )
    header: list[str] = []
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or _is_comment(line):
            if not rows and line.strip():
                header.append(line.strip())
            continue
        numbers = style.numbers(line)
        if numbers is not None and len(numbers) == width:
            rows.append(numbers)
            bad = [column for column, value in enumerate(numbers) if not np.isfinite(value)]
            if bad:
                raise damaged(
                    path,
                    f"line {number}",
                    f"column {bad[0] + 1} holds {style.fields(line)[bad[0]]!r}",
                    "Cut the points without a value out of the file.",
                )
        elif rows:
            found = len(style.fields(line))
            raise damaged(
                path,
                f"line {number}",
                f"{line.strip()[:50]!r} is no row of {width} numbers"
                + (f" ({found} cells)" if found != width else ""),
            )
        elif _is_broken_row(style.fields(line), style, width):
            raise damaged(
                path, f"line {number}", f"{line.strip()[:50]!r} is no row of {width} numbers"
            )
        else:
            header.append(line.strip())
    columns, comments = _columns(header, style, width)
    return _Table(comments, columns, np.array(rows, dtype=np.float64))


def _style(lines: list[str]) -> tuple[_Style | None, int]:
    """Way in which most lines are rows of equally many numbers, and their number."""
    best: tuple[int, _Style | None, int] = (0, None, 0)
    data = [line for line in lines if line.strip() and not _is_comment(line)]
    for delimiter, decimal in _STYLES:
        style = _Style(delimiter, decimal)
        counts = Counter(len(numbers) for line in data if (numbers := style.numbers(line)))
        for width, count in counts.items():
            if width >= 2 and count > best[0]:
                best = (count, style, width)
    return best[1], best[2]


def _cells(line: str, style: _Style, width: int) -> list[str] | None:
    """Cells of a header line if there are as many as columns, or as spectra."""
    text = line.lstrip('#%!/;" ') if _is_comment(line) else line
    for candidate in (style, _Style("\t", "."), _Style(";", "."), _Style(",", ".")):
        cells = candidate.fields(text)
        if len(cells) == width:
            return cells
        if len(cells) == width - 1 and width > 2:
            return ["", *cells]
    return None


def _is_broken_row(cells: list[str], style: _Style, width: int) -> bool:
    """Whether a line above the table looks like a row of it with something wrong."""
    if len(cells) != width:
        return False
    numeric = [style.numbers(cell) is not None for cell in cells]
    return numeric[0] or (all(numeric[1:]) and re.match(r"[-+]?\d", cells[0]) is not None)


def _columns(header: list[str], style: _Style, width: int) -> tuple[list[str], list[str]]:
    """Words above each column, of all header lines with as many cells; and the other lines."""
    words = [""] * width
    others = []
    for line in header:
        cells = _cells(line, style, width)
        if cells is not None and not re.match(r"\s*[#%!/;]*\s*[\w ]+[:=]", line):
            words = [f"{old}\n{new}".strip() for old, new in zip(words, cells, strict=True)]
        else:
            others.append(line.lstrip('#%!/;" '))
    if not any(words[1:]) and others:
        found = temperatures_in(others[-1])
        if len(found) == width - 1:
            words = ["", *(text for text, _ in found)]
    return words, others


def _cycle(comments: list[str]) -> int | None:
    """Number of the cycle that a line such as ``cycle: 2`` gives."""
    for line in comments:
        match = re.match(r"(?i)\s*cycle[\s:=#,;]*(\d+)\s*$", line)
        if match is not None:
            return int(match[1])
    return None


def _direction(comments: list[str]) -> str | None:
    """What a line such as ``direction: heating`` gives."""
    for line in comments:
        match = re.match(r"(?i)\s*direction\s*[:=,;]\s*(\w+)\s*$", line)
        if match is not None:
            return direction_in(match[1])
    return None


def _has_more_columns_than_rows(table: _Table) -> bool:
    """Whether the rows of a table, not its columns, must be the spectra."""
    n_rows, n_columns = table.numbers.shape
    return bool(n_columns - 1 > max(n_rows, _MOST_COLUMNS_OF_SHORT_SPECTRA))


def _rows_as_spectra(
    table: _Table, everything: str, unit: TemperatureUnit | None, path: Path
) -> list[RawSpectrum]:
    """Spectra of a table with a temperature before each row and the axis in its header."""
    first = table.columns[0].replace("\n", " ")
    axis = [_bare(words) for words in table.columns[1:]]
    if not _TEMPERATURE_WORD.match(first) or None in axis:
        n_rows, n_columns = table.numbers.shape
        raise damaged(
            path,
            "line 1",
            f"a table of {n_rows} rows and {n_columns} columns without a header that tells which "
            "of them are the spectra",
            "If each row is a spectrum, begin the header with 'temperature / °C' and go on with "
            "the wavenumbers; else save one spectrum a column.",
            why="Rows and columns cannot be told apart.",
        )
    named = _unit_of_all(table) or unit
    if named is None:
        raise UnstatedError(
            f"{path} has rows named by temperatures without a unit ({first!r}).",
            why="°C and K differ by 273.15.",
            fix="Give temperature_unit='C' or temperature_unit='K'.",
        )
    note = f"{path.name}: each row was taken for a spectrum"
    return [
        RawSpectrum(
            axis=np.array(axis, dtype=np.float64),
            values=row[1:],
            axis_unit=axis_unit_in(everything),
            quantity=quantity_in(everything),
            percent=True if names_percent(everything) else None,
            column_temperature_k=kelvin(float(row[0]), named),
            label=f"{row[0]:g} {'°C' if named is TemperatureUnit.CELSIUS else 'K'}",
            notes=(note,) if number == 0 else (),
        )
        for number, row in enumerate(table.numbers)
    ]


def _bare(words: str) -> float | None:
    """Number that one of the lines above a column is; None if none is."""
    for line in words.splitlines():
        match = _BARE.fullmatch(line.strip())
        if match is not None:
            return number_in(match[1])
    return None


def _is_pairs(columns: list[str]) -> bool:
    """Whether every second column is an axis of its own."""
    return (
        len(columns) > 2
        and len(columns) % 2 == 0
        and all(axis_unit_in(words) is not None for words in columns[0::2])
    )


def _column_temperatures(
    table: _Table, wanted: list[int], unit: TemperatureUnit | None, path: Path
) -> list[float | None]:
    """Temperatures in the column headers, K."""
    found: list[float | None] = []
    general = _unit_of_all(table)
    for number in wanted:
        words = table.columns[number]
        known = temperatures_in(words)
        if len(known) == 1:
            found.append(known[0][1])
            continue
        bare = _bare(words)
        if bare is None or (len(wanted) == 1 and not general and unit is None):
            found.append(None)
            continue
        named = general or unit
        if named is None:
            raise UnstatedError(
                f"{path} has columns named by numbers without a unit: {words!r}.",
                why="If they are temperatures, °C and K differ by 273.15.",
                fix="Give temperature_unit='C' or temperature_unit='K'.",
            )
        found.append(kelvin(bare, named))
    return found


def _unit_of_all(table: _Table) -> TemperatureUnit | None:
    """Unit of temperature that the header gives for all columns, as in ``T / °C``."""
    for text in (table.columns[0], *table.comments):
        match = re.search(
            r"(?i:temperature|temp\.?|(?<![a-z])t)\s*[\[(/,]\s*"
            rf"(?P<unit>{TEMPERATURE_UNIT_PATTERN})",
            text,
        )
        if match is not None:
            return temperature_unit_in(match["unit"])
    return None
