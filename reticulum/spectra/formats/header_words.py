"""Temperature, cycle and direction in the words of headers, columns and file names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from reticulum.spectra.axis_units import (
    NUMBER_PATTERN,
    TEMPERATURE_UNIT_PATTERN,
    TemperatureUnit,
    kelvin,
    number_in,
    temperature_unit_in,
)
from reticulum.spectra.formats.content import UnstatedError

#: Two statements of one temperature may differ by this much (rounding to whole degrees), K.
SAME_TEMPERATURE_K = 0.51

_KEY = re.compile(
    r"(?:^|[,;|])\s*[\"']?(?:(?i:(?:sample|stage|cell|measurement)[\s_]*temp(?:erature)?|"
    r"temp(?:erature)?)(?![A-Za-z])\.?|T(?![A-Za-z]))"
    rf"[\s_]*[\[(/]?\s*(?P<before>{TEMPERATURE_UNIT_PATTERN})?\s*[\])]?"
    rf"\s*[:=;,\t]\s*\"?(?P<number>{NUMBER_PATTERN})\s*(?P<after>{TEMPERATURE_UNIT_PATTERN})?"
)

_WITH_UNIT = re.compile(
    rf"(?<![\d.,])(?P<number>{NUMBER_PATTERN})[\s_]*(?P<unit>{TEMPERATURE_UNIT_PATTERN})"
)

#: ``cycle 2``, ``cyc_2``, or ``c2`` on its own: the C of ``25C_2`` is a unit.
_CYCLE = re.compile(
    r"(?i)(?:(?<![a-z])(?:cycle|cyc)[\s_.=:#-]*|(?<![a-z0-9°º˚])c)(?P<cycle>\d+)(?![\d.,]*\d|[a-z])"
)

_HEATING = re.compile(r"(?i)(?<![a-z])(?:heat(?:ing)?|up)(?![a-z])")
_COOLING = re.compile(r"(?i)(?<![a-z])(?:cool(?:ing)?|down)(?![a-z])")


def header_temperature(
    lines: Iterable[str], unit: TemperatureUnit | None, path: Path
) -> float | None:
    """Temperature, K, that header lines such as ``Temperature: 25 °C`` give; None without one.

    Only that of the sample, stage, cell or measurement counts, not that of a scanner or laser.

    Parameters
    ----------
    lines
        Lines or ``key=value`` texts.
    unit
        Unit to take where the line names none.
    path
        File, for the message.

    Raises
    ------
    UnstatedError
        If a temperature stands there without unit and none was given, or two differ.

    """
    found: list[float] = []
    for line in lines:
        match = _KEY.search(line)
        if match is None:
            continue
        word = match["after"] or match["before"]
        named = temperature_unit_in(word) if word else unit
        if named is None:
            raise UnstatedError(
                f"{path} gives the temperature without a unit: {line.strip()[:60]!r}.",
                why="°C and K differ by 273.15.",
                fix="Give temperature_unit='C' or temperature_unit='K'.",
            )
        found.append(kelvin(number_in(match["number"]), named))
    if found and max(found) - min(found) > SAME_TEMPERATURE_K:
        raise UnstatedError(
            f"{path} gives several temperatures in its header: "
            + ", ".join(f"{t:.2f} K" for t in found)
            + ".",
            why="Which of them is that of the sample cannot be guessed.",
            fix="Give a table (file,temperature,cycle,direction).",
        )
    return found[0] if found else None


def temperatures_in(text: str) -> list[tuple[str, float]]:
    """Temperatures with a unit in a text, as (the words, K)."""
    found = []
    for match in _WITH_UNIT.finditer(text):
        unit = temperature_unit_in(match["unit"])
        if unit is not None:
            found.append((match[0], kelvin(number_in(match["number"]), unit)))
    return found


def cycle_in(text: str) -> int | None:
    """Number of the cycle in a text such as ``cycle2`` or ``c2``; None without one."""
    match = _CYCLE.search(text)
    return int(match["cycle"]) if match else None


def direction_in(text: str) -> str | None:
    """``"heating"`` or ``"cooling"``; None if a text says neither or both."""
    heating, cooling = bool(_HEATING.search(text)), bool(_COOLING.search(text))
    if heating == cooling:
        return None
    return "heating" if heating else "cooling"
