"""JCAMP-DX files (.jdx, .dx, .jcm), through the package `jcamp`."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.spectra.axis_units import (
    TemperatureUnit,
    axis_unit_in,
    names_percent,
    quantity_in,
)
from reticulum.spectra.formats.content import (
    DamagedFileError,
    RawSpectrum,
    damaged,
    read_text,
    vendor_module,
)
from reticulum.spectra.formats.header_words import header_temperature

#: What a line of ordinates may hold: numbers and the codes of the compressed forms (ASDF).
_DATA_LINE = re.compile(r"[0-9@A-Za-s%+\-.,;\sT-Z]*")

#: A line of pairs of numbers.
_PAIR_LINE = re.compile(r"[-+0-9.eE,;\s]*")

#: More points than these for each character of a file are no spectrum (repeats are compressed).
_LONGEST = 10

_TABLES = ("xydata", "xypoints")
_EVEN = "(X++(Y..Y))"
_PAIRS = "(XY..XY)"


def read_jcamp(path: Path, *, temperature_unit: TemperatureUnit | None = None) -> list[RawSpectrum]:
    """Spectra of a JCAMP-DX file; of a compound file all its blocks.

    Parameters
    ----------
    path
        File.
    temperature_unit
        Unit of a temperature that the file gives without one.

    Raises
    ------
    DamagedFileError
        If the file is incomplete, a line is corrupted, or a check inside the file fails.
    MissingExtraError
        If the package `jcamp` is not installed.

    """
    lines = _checked_lines(read_text(path), path)
    library = vendor_module("jcamp", "jcamp", path)
    complaints = io.StringIO()
    try:
        with redirect_stdout(complaints):
            content: dict[str, Any] = library.read(lines)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise damaged(
            path, f"line {_data_line_number(lines)}", f"{type(error).__name__}: {error}"
        ) from error
    said = complaints.getvalue().strip().splitlines()
    if said and "length" not in said[-1]:
        raise damaged(
            path, f"line {_data_line_number(lines)} and after", f"a check failed ({said[0]})"
        )
    blocks = [block for block in content.get("children", []) if "y" in block] or [content]
    return [_block(block, path, lines, temperature_unit) for block in blocks]


def _checked_lines(text: str, path: Path) -> list[str]:
    """Lines without comments, after the checks that the library does not make."""
    lines: list[str] = []
    form = ""
    ended = opened = 0
    for number, full in enumerate(text.splitlines(), start=1):
        line = full.partition("$$")[0].rstrip()
        lines.append(line + "\n")
        if line.startswith("##"):
            label, equals, value = line[2:].partition("=")
            if not equals:
                raise damaged(path, f"line {number}", f"no = in the record {line[:40]!r}")
            name = re.sub(r"[\s_/-]", "", label).lower()
            form = value.strip() if name in _TABLES else ""
            ended += name == "end"
            if name == "npoints" and len(value) > len(str(_LONGEST * len(text))):
                raise damaged(path, f"line {number}", f"NPOINTS={value.strip()[:40]} is impossible")
            opened += name == "title"
            if name in _TABLES and form not in (_EVEN, _PAIRS):
                raise damaged(
                    path,
                    f"line {number}",
                    f"the form {form!r} of the table is not known",
                    "Save it as XYDATA=(X++(Y..Y)) or XYPOINTS=(XY..XY).",
                )
        elif form:
            if "?" in line:
                raise damaged(
                    path, f"line {number}", "? stands for a missing value", "Cut the range out."
                )
            if not (_DATA_LINE if form == _EVEN else _PAIR_LINE).fullmatch(line):
                raise damaged(path, f"line {number}", f"{line.strip()[:40]!r} is no row of numbers")
    if not any(line.startswith("##") for line in lines):
        raise damaged(path, "line 1", "a JCAMP-DX file begins with ##TITLE=")
    if ended < max(1, opened):
        raise damaged(path, f"line {len(lines)}", "the file breaks off before ##END=")
    return lines


def _data_line_number(lines: list[str]) -> int:
    """Number of the first line of the first table; 1 if there is none."""
    for number, line in enumerate(lines, start=1):
        if re.match(r"##\s*XY(DATA|POINTS)", line, flags=re.IGNORECASE):
            return number + 1
    return 1


def _block(
    block: dict[str, Any], path: Path, lines: list[str], temperature_unit: TemperatureUnit | None
) -> RawSpectrum:
    values = np.array(block.get("y", ()), dtype=np.float64)
    axis = np.array(block.get("x", ()), dtype=np.float64)
    stated = block.get("npoints")
    if not values.size:
        raise DamagedFileError(
            f"{path} holds no table XYDATA or XYPOINTS.",
            why="Peak tables and assignments are not spectra.",
            fix="Export the spectrum itself.",
        )
    if len(axis) != len(values) or (isinstance(stated, int) and stated != len(values)):
        raise damaged(
            path,
            f"line {_data_line_number(lines)} and after",
            f"{len(values)} values, where the header says NPOINTS={stated}",
        )
    units = str(block.get("yunits", ""))
    return RawSpectrum(
        axis=axis,
        values=values,
        axis_unit=axis_unit_in(str(block.get("xunits", ""))),
        quantity=quantity_in(units),
        percent=True if names_percent(units) else None,
        header_temperature_k=header_temperature(
            [
                f"{key}={value}"
                for key, value in block.items()
                if isinstance(value, (str, int, float))
            ],
            temperature_unit,
            path,
        ),
        label=str(block.get("title", "")).strip(),
    )
