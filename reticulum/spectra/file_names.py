"""Temperatures, cycles and directions from file names or from a table of files."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reticulum.errors import InputError
from reticulum.spectra.axis_units import (
    NUMBER_PATTERN,
    TEMPERATURE_UNIT_PATTERN,
    TemperatureUnit,
    kelvin,
    number_in,
    temperature_unit_in,
)
from reticulum.spectra.formats.content import UnstatedError
from reticulum.spectra.formats.header_words import (
    SAME_TEMPERATURE_K,
    cycle_in,
    direction_in,
)

#: A temperature in a file name. A sign counts only where no letter or digit stands before it.
_IN_A_NAME = re.compile(
    r"(?P<sign>(?i:minus|neg)[\s_]*|[-−–]+)?(?<![\d.,])(?P<number>\d+(?:[.,]\d+)?)"
    rf"[\s_]?(?P<unit>{TEMPERATURE_UNIT_PATTERN})"
)

_NUMBER_ALONE = re.compile(r"(?<![A-Za-z\d])[-−]?\d+(?:[.,]\d+)?(?![A-Za-z\d])")

#: Ending of a file name; ``.5C`` is none.
_ENDING = re.compile(r"\.(?:[A-Za-z][A-Za-z0-9]{0,4}|\d{1,4})$")

_DIRECTION_WORDS = {
    "heating": "heating", "heat": "heating", "up": "heating", "h": "heating",
    "cooling": "cooling", "cool": "cooling", "down": "cooling", "c": "cooling",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What is known about a measurement besides its numbers.

    Attributes
    ----------
    temperature_k
        Temperature, K; None if not known.
    cycle
        Number of the cycle; None if not known.
    direction
        ``"heating"``, ``"cooling"`` or None.

    """

    temperature_k: float | None = None
    cycle: int | None = None
    direction: str | None = None


def conditions_in_name(
    name: str, *, pattern: str | None, unit: TemperatureUnit | None
) -> Conditions:
    """Temperature, cycle and direction in a file name or relative path.

    Parameters
    ----------
    name
        File name, with folders above it if they belong to the series.
    pattern
        Regular expression with some of the named groups ``T`` (or ``temperature``), ``unit``,
        ``cycle`` and ``direction``. None: ``-100C``, ``25degC``, ``298K``, ``cycle2``, ``c2``,
        ``heating`` and the like are recognised.
    unit
        Unit of a temperature that stands there without one.

    Raises
    ------
    UnstatedError
        If a temperature has no unit, its sign is unclear, or there are several.
    InputError
        If the pattern is no regular expression, lacks the groups, or does not match.

    """
    if pattern is not None:
        return _by_pattern(name, pattern, unit)
    stem = _ENDING.sub("", Path(name).name)
    temperature = _temperature_of(stem, unit, name)
    folders = str(Path(name).parent)
    if temperature is None and folders != ".":
        temperature = _temperature_of(folders, None, name)
    cycle = cycle_in(stem)
    return Conditions(
        temperature_k=temperature,
        cycle=cycle_in(folders) if cycle is None else cycle,
        direction=direction_in(stem) or direction_in(folders),
    )


def _temperature_of(text: str, unit: TemperatureUnit | None, name: str) -> float | None:
    found: list[tuple[str, float]] = []
    for match in _IN_A_NAME.finditer(text):
        named = temperature_unit_in(match["unit"])
        if named is None:
            continue
        number = number_in(match["number"])
        sign = (match["sign"] or "").strip("_ ")
        before = text[match.start() - 1] if match.start() else " "
        if sign and named is TemperatureUnit.CELSIUS and number:
            if sign in ("-", "−", "–") and before.isalnum():
                raise UnstatedError(
                    f"The name {name} may mean {sign}{match['number']} or {match['number']} °C.",
                    why="The dash can be a sign or a separator.",
                    fix="Give pattern= (for instance r'-(?P<T>-?\\d+)C') or a table of the files.",
                )
            number = -number
        found.append((match[0], kelvin(number, named)))
    if not found and unit is not None:
        numbers = _NUMBER_ALONE.findall(re.sub(r"(?i)(?:cycle|cyc|c)[\s_-]*\d+", " ", text))
        if len(numbers) == 1:
            found.append((numbers[0], kelvin(number_in(numbers[0]), unit)))
    if not found:
        return None
    values = [value for _, value in found]
    if max(values) - min(values) > SAME_TEMPERATURE_K:
        raise UnstatedError(
            f"The name {name} holds several temperatures: "
            + ", ".join(words for words, _ in found)
            + ".",
            why="Which of them is that of the measurement cannot be guessed.",
            fix="Give pattern= with the group (?P<T>...) or a table of the files.",
        )
    return values[0]


def _by_pattern(name: str, pattern: str, unit: TemperatureUnit | None) -> Conditions:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"The pattern {pattern!r} is no regular expression: {error}.",
            why="File names cannot be searched with it.",
            fix=r"Give for instance r'_(?P<T>-?\d+)C_c(?P<cycle>\d+)'.",
        ) from error
    known = {"T", "temperature", "unit", "cycle", "direction"}
    if not known & set(compiled.groupindex):
        raise InputError(
            f"The pattern {pattern!r} has none of the named groups T, cycle, direction.",
            why="It is not known what the parts of the name mean.",
            fix=r"Name them: r'_(?P<T>-?\d+)C_c(?P<cycle>\d+)'.",
        )
    match = compiled.search(name)
    if match is None:
        raise InputError(
            f"The pattern {pattern!r} does not match the name {name}.",
            why="Temperature and cycle are to be taken from the name.",
            fix="Correct the pattern, or rename the file.",
        )
    groups = match.groupdict()
    words = groups.get("T") or groups.get("temperature")
    temperature = None
    if words is not None:
        named = temperature_unit_in(groups.get("unit") or "")
        whole = temperature_cell(
            words,
            named or unit or _unit_behind(name, match, words),
            f"The name {name}",
        )
        temperature = whole
    cycle = groups.get("cycle")
    direction = groups.get("direction")
    return Conditions(
        temperature_k=temperature,
        cycle=None if cycle is None else _whole(cycle, f"The name {name}"),
        direction=None if direction is None else _direction(direction, f"The name {name}"),
    )


def _unit_behind(name: str, match: re.Match[str], words: str) -> TemperatureUnit | None:
    """Unit that stands behind the number in the name, even if the pattern did not catch it."""
    group = "T" if match.groupdict().get("T") == words else "temperature"
    behind = re.match(rf"[\s_]?({TEMPERATURE_UNIT_PATTERN})", name[match.end(group) :])
    return temperature_unit_in(behind[1]) if behind else None


def temperature_cell(text: str, unit: TemperatureUnit | None, where: str) -> float:
    """Temperature, K, of a word such as ``25``, ``-100 °C`` or ``298.15K``.

    Raises
    ------
    UnstatedError
        If no unit is known.
    InputError
        If it is no temperature.

    """
    match = re.fullmatch(
        rf"\s*(?P<minus>(?i:minus|neg)[\s_]*)?(?P<number>{NUMBER_PATTERN})[\s_]*"
        rf"(?P<unit>{TEMPERATURE_UNIT_PATTERN})?\s*",
        text,
    )
    if match is None:
        raise InputError(
            f"{where} gives the temperature {text!r}.",
            why="It is no number.",
            fix="Write it as 25, -100 or 298.15, with or without °C or K.",
        )
    named = temperature_unit_in(match["unit"]) if match["unit"] else unit
    if named is None:
        raise UnstatedError(
            f"{where} gives the temperature {text!r} without a unit.",
            why="°C and K differ by 273.15.",
            fix="Give temperature_unit='C' or temperature_unit='K'.",
        )
    number = number_in(match["number"])
    return kelvin(-number if match["minus"] else number, named)


def read_conditions_table(path: Path, unit: TemperatureUnit | None) -> list[tuple[str, Conditions]]:
    """(file, conditions) of a table with the columns file, temperature, cycle and direction.

    Only ``file`` has to be there; empty cells are not known. The unit of the temperature stands in
    its cells or its header (``temperature / °C``, ``temperature_k``), or is given.

    Raises
    ------
    InputError
        If the table cannot be read or a cell is wrong; the message names the line.

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The table {path} cannot be read.", why=f"{error}.", fix="Give a CSV file in UTF-8."
        ) from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    first = lines[0] if lines else ""
    delimiter = max(",;\t", key=first.count)
    names = [cell.strip().lower() for cell in first.split(delimiter)]
    columns = {
        aim: number
        for aim in ("file", "temperature", "cycle", "direction")
        for number, name in enumerate(names)
        if re.match(rf"{aim}\b|{aim}_", name)
    }
    if "file" not in columns:
        raise InputError(
            f"The table {path} has no column 'file' (columns: {', '.join(names) or 'none'}).",
            why="Its rows cannot be matched with files.",
            fix="Begin it with the line: file,temperature,cycle,direction",
        )
    header_unit = None
    if "temperature" in columns:
        rest = names[columns["temperature"]].removeprefix("temperature").strip(" _()[]/,")
        header_unit = temperature_unit_in(rest)
    entries = []
    for number, row in enumerate(csv.reader(lines[1:], delimiter=delimiter), start=2):
        where = f"Row {number} of the table {path}"
        cells = {
            aim: row[column].strip() if column < len(row) else "" for aim, column in columns.items()
        }
        warm, cycle, direction = (
            cells.get(aim, "") for aim in ("temperature", "cycle", "direction")
        )
        entries.append(
            (
                cells["file"],
                Conditions(
                    temperature_k=temperature_cell(warm, header_unit or unit, where)
                    if warm
                    else None,
                    cycle=_whole(cycle, where) if cycle else None,
                    direction=_direction(direction, where) if direction else None,
                ),
            )
        )
    return entries


def match_table(
    entries: Sequence[tuple[str, Conditions]], files: Sequence[tuple[Path, str]], table: Path
) -> dict[Path, list[Conditions]]:
    """Rows of a table for each file, in the order of the table.

    Parameters
    ----------
    entries
        Rows, as `read_conditions_table` gives them.
    files
        (path, path relative to the folder) of the files.
    table
        Path of the table, for the message.

    Raises
    ------
    InputError
        If a row names no file, or several files of the same name.

    """
    matched: dict[Path, list[Conditions]] = {}
    for name, conditions in entries:
        wanted = name.replace("\\", "/")
        found = [path for path, relative in files if wanted == relative]
        found = found or [path for path, _ in files if wanted in (path.name, path.stem)]
        if len(found) != 1:
            raise InputError(
                f"The table {table} names {name!r}, "
                + ("of which there are several." if found else "which is not among the files."),
                why="Each row belongs to one file.",
                fix="Write the name as it is, with its folder and ending.",
            )
        matched.setdefault(found[0], []).append(conditions)
    return matched


def _whole(text: str, where: str) -> int:
    if not re.fullmatch(r"\d+", text.strip()):
        raise InputError(
            f"{where} gives the cycle {text!r}.", why="Cycles are counted.", fix="Give 1, 2, ..."
        )
    return int(text)


def _direction(text: str, where: str) -> str:
    known = _DIRECTION_WORDS.get(text.strip().lower())
    if known is None:
        raise InputError(
            f"{where} gives the direction {text!r}.",
            why="A sample is being heated or cooled.",
            fix="Write heating or cooling.",
        )
    return known
