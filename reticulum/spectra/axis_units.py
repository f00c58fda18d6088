"""Wavenumbers from axes in other units, and units recognised in the words of a file."""

from __future__ import annotations

import re
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError
from reticulum.spectra.spectrum import Quantity
from reticulum.units import ZERO_CELSIUS_K

#: Wavenumber in cm⁻¹ times wavelength in nm: nm in a cm.
_NM_IN_A_CM = 1e7

#: Wavenumber in cm⁻¹ times wavelength in µm: µm in a cm.
_UM_IN_A_CM = 1e4


class AxisUnit(StrEnum):
    """Unit of the axis of a file."""

    WAVENUMBER = "cm-1"
    NANOMETRE = "nm"
    MICROMETRE = "um"


class TemperatureUnit(StrEnum):
    """Unit of a temperature."""

    CELSIUS = "C"
    KELVIN = "K"


#: A unit of temperature; single letters only as capitals, so that `c2` stays a cycle.
TEMPERATURE_UNIT_PATTERN = (
    r"(?:(?i:°\s*c|º\s*c|˚\s*c|deg(?:rees?)?[\s._]*c(?:elsius)?|℃|celsius|kelvin|deg[\s._]*k)"
    r"|[oº]C|C|K)(?![A-Za-z0-9])"
)

#: A number, with a decimal point or comma.
NUMBER_PATTERN = r"[-+−–]?\d+(?:[.,]\d+)?"


def wavenumbers_from(axis: ArrayLike, unit: AxisUnit, name: str) -> NDArray[np.float64]:
    """Wavenumbers, cm⁻¹, of an axis in the given unit, in the order of the axis.

    Raises
    ------
    InputError
        If a wavelength is not positive.

    """
    numbers = np.array(axis, dtype=np.float64)
    if unit is AxisUnit.WAVENUMBER:
        return numbers
    bad = np.flatnonzero(~(numbers > 0.0))
    if bad.size:
        raise InputError(
            f"{name} has the wavelength {numbers[bad[0]]:g} {unit} at index {int(bad[0])}.",
            why="Wavelengths are positive.",
            fix="Check the unit of the axis.",
        )
    with np.errstate(over="ignore"):  # what is not finite is refused with its place by Spectrum
        return (_NM_IN_A_CM if unit is AxisUnit.NANOMETRE else _UM_IN_A_CM) / numbers


def axis_unit_in(text: str) -> AxisUnit | None:
    """Unit that a header names; None if it names none."""
    words = text.lower().replace("−", "-").replace("–", "-")
    if re.search(r"1\s*/\s*cm|cm\s*\^?\s*[({]?\s*-\s*1|cm⁻¹|cm\*\*-1|wave\s*number", words):
        return AxisUnit.WAVENUMBER
    if re.search(r"[µμ]m(?![a-z])|(?<![a-z])um(?![a-z])|micromet|microns?(?![a-z])", words):
        return AxisUnit.MICROMETRE
    if re.search(r"(?<![a-z])nm(?![a-z])|nanomet", words):
        return AxisUnit.NANOMETRE
    return None


def quantity_in(text: str) -> Quantity | None:
    """Quantity that a header names; None if it names none or several."""
    words = text.lower()
    found: set[Quantity] = set()
    if re.search(r"pseudo|apparent[\s_-]*absorb|log[\s_]*(?:10)?[\s_(]*1\s*/\s*r", words):
        found.add(Quantity.PSEUDO_ABSORBANCE)
        words = re.sub(r"(?:pseudo|apparent)[\s_-]*absorb\w*", " ", words)
    if re.search(r"kubelka|(?<![a-z])k-?m(?![a-z])|f\s*\(\s*r", words):
        found.add(Quantity.KUBELKA_MUNK)
    if re.search(r"absorban|absorption|(?<![a-z])abs(?![a-z])|optical density", words):
        found.add(Quantity.ABSORBANCE)
    if re.search(r"transmi(?:tt|ss)|%\s*t(?![a-z])|(?<![a-z])t\s*[(\[/]?\s*%", words):
        found.add(Quantity.TRANSMITTANCE)
    if re.search(r"reflectan|reflectivity|%\s*r(?![a-z])|(?<![a-z])r\s*[(\[/]?\s*%", words):
        found.add(Quantity.REFLECTANCE)
    return found.pop() if len(found) == 1 else None


def names_percent(text: str) -> bool:
    """Whether a header says that its numbers are per cent."""
    return "%" in text or "percent" in text.lower() or "per cent" in text.lower()


def number_in(text: str) -> float:
    """Number that matches `NUMBER_PATTERN`."""
    return float(text.replace("−", "-").replace("–", "-").replace(",", "."))


def temperature_unit_in(text: str) -> TemperatureUnit | None:
    """Unit that a word names; None if it is no unit of temperature."""
    word = re.sub(
        r"(?i)[\s._°º˚]|deg(?:rees?)?|^o(?=c$)", "", text.strip().replace("℃", "C")
    ).lower()
    if word in ("c", "celsius"):
        return TemperatureUnit.CELSIUS
    return TemperatureUnit.KELVIN if word in ("k", "kelvin") else None


def kelvin(number: float, unit: TemperatureUnit) -> float:
    """Temperature, K."""
    return number + ZERO_CELSIUS_K if unit is TemperatureUnit.CELSIUS else number


def stated_option(value: str | None, kind: type[StrEnum], option: str) -> StrEnum | None:
    """Member of an enumeration that the caller named.

    Raises
    ------
    InputError
        If there is no such member.

    """
    if value is None:
        return None
    word = str(value).strip()
    known: StrEnum | None = None
    if kind is TemperatureUnit:
        known = temperature_unit_in(word)
    elif kind is AxisUnit:
        known = axis_unit_in(word)
    for member in kind:
        if word.lower().replace("_", "-") == member.value.lower():
            return member
    if known is not None:
        return known
    raise InputError(
        f"{option}={value!r} is not known.",
        why="It has to be one of: " + ", ".join(member.value for member in kind) + ".",
        fix=f"Give for instance {option}={next(iter(kind)).value!r}.",
    )
