"""Text tables: CSV, TSV, semicolons or blanks, decimal point or comma, with or without headers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

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
    read_bytes,
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
    header: list[str]
    columns: list[str]
    numbers: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    notes: tuple[str, ...]


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
    table = _table(_text(path), path)
    header, columns = table.header, table.columns
    comments = [line for line in header if not _is_column_line(line, columns)]
    everything = " ".join(header)
    stated = header_temperature(comments, temperature_unit, path)
    pairs = _is_pairs(columns)
    notes = list(table.notes)
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
        words = columns[number]
        axis_words = columns[number - 1 if pairs else 0]
        quantity = quantity_in(words) or quantity_in(everything)
        result.append(
            RawSpectrum(
                axis=table.numbers[:, number - 1 if pairs else 0],
                values=table.numbers[:, number],
                axis_unit=axis_unit_in(axis_words) or axis_unit_in(everything),
                quantity=quantity,
                percent=True if names_percent(words or everything) else None,
                header_temperature_k=stated,
                column_temperature_k=temperature,
                cycle=cycle_in(words) if cycle_in(words) is not None else _first_cycle(comments),
                direction=direction_in(words) or direction_in(" ".join(comments)),
                label=words if several else "",
                notes=tuple(notes) if number == wanted[0] else (),
            )
        )
    return result


def _text(path: Path) -> str:
    content = read_bytes(path)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise damaged(path, f"byte {error.start}", "broken UTF-16 text") from error
    zero = content.find(b"\0")
    if zero >= 0:
        raise damaged(
            path,
            f"byte {zero}",
            "a zero byte, so that it is no text table",
            "If it is a vendor's file, give it its usual ending (.spc, .spa, .0, ...).",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


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
        else:
            header.append(line.strip())
    columns = _columns(header, style, width)
    return _Table(header, columns, np.array(rows, dtype=np.float64), ())


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


def _columns(header: list[str], style: _Style, width: int) -> list[str]:
    """Words above each column, of all header lines that have as many cells."""
    words = [""] * width
    for line in header:
        cells = _cells(line, style, width)
        if cells is not None and not re.match(r"\s*[#%!/;]*\s*[\w ]+[:=]", line):
            words = [f"{old} {new}".strip() for old, new in zip(words, cells, strict=True)]
    if not any(words[1:]) and header:
        found = temperatures_in(header[-1])
        if len(found) == width - 1:
            words = ["", *(text for text, _ in found)]
    return words


def _is_column_line(line: str, columns: list[str]) -> bool:
    """Whether a header line went into the words above the columns."""
    filled = [cell for cell in columns if cell]
    return (
        bool(filled)
        and all(cell in " ".join(columns) for cell in line.split()[:1])
        and all(any(part in line for part in cell.split()) for cell in filled)
    )


def _first_cycle(comments: list[str]) -> int | None:
    for line in comments:
        found = cycle_in(line)
        if found is not None:
            return found
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
        bare = re.fullmatch(rf"(?i)(?:t\s*=?\s*)?({NUMBER_PATTERN})", words.strip())
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
        found.append(kelvin(number_in(bare[1]), named))
    return found


def _unit_of_all(table: _Table) -> TemperatureUnit | None:
    """Unit of temperature that the header gives for all columns, as in ``T / °C``."""
    for text in (table.columns[0], *table.header):
        match = re.search(
            r"(?i:temperature|temp\.?|(?<![a-z])t)\s*[\[(/,]\s*"
            rf"(?P<unit>{TEMPERATURE_UNIT_PATTERN})",
            text,
        )
        if match is not None:
            return temperature_unit_in(match["unit"])
    return None
