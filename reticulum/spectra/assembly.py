"""Spectra from the numbers of a file: units settled by the file or the caller, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reticulum.spectra.axis_units import AxisUnit, TemperatureUnit, wavenumbers_from
from reticulum.spectra.conversion import PERCENT_TO_FRACTION
from reticulum.spectra.file_names import Conditions
from reticulum.spectra.formats.content import RawSpectrum, UnstatedError
from reticulum.spectra.spectrum import ProcessingStep, Quantity, Spectrum

#: A transmittance or reflectance above this cannot be a fraction: the file is in per cent.
CERTAINLY_PERCENT = 1.5

#: Names of the steps made here.
AXIS_CONVERTED = "axis converted"
GIVEN = "given by the caller"

_FRACTIONS = (Quantity.TRANSMITTANCE, Quantity.REFLECTANCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the caller says about files; None: the files have to say it.

    Attributes
    ----------
    quantity
        What the values are.
    axis_unit
        Unit of the axis.
    temperature_unit
        Unit of temperatures without one.
    percent
        Whether transmittance and reflectance are in per cent.

    """

    quantity: Quantity | None = None
    axis_unit: AxisUnit | None = None
    temperature_unit: TemperatureUnit | None = None
    percent: bool | None = None


def assemble(raw: RawSpectrum, path: Path, told: Told, conditions: Conditions) -> Spectrum:
    """Spectrum in cm⁻¹ and fractions, with what was done recorded.

    Parameters
    ----------
    raw
        Numbers of the file.
    path
        File.
    told
        What the caller says; it goes before what the file says, and that is recorded.
    conditions
        Temperature, cycle and direction.

    Raises
    ------
    UnstatedError
        If neither says what the axis is.
    InputError
        If the numbers are no spectrum.

    """
    label = f"{path.name}: {raw.label}" if raw.label else path.name
    steps: list[ProcessingStep] = []
    unit = told.axis_unit or raw.axis_unit
    if unit is None:
        raise UnstatedError(
            f"{path} does not say what its axis is (it runs from {raw.axis[0]:g} to "
            f"{raw.axis[-1]:g}).",
            why="Wavenumbers and wavelengths cannot be told apart by their numbers.",
            fix="Give axis_unit='cm-1', axis_unit='nm' or axis_unit='um'.",
        )
    quantity = told.quantity or raw.quantity or Quantity.UNKNOWN
    overruled = {
        name: {"given": str(given), "file": str(stated)}
        for name, given, stated in (
            ("axis_unit", told.axis_unit, raw.axis_unit),
            ("quantity", told.quantity, raw.quantity),
        )
        if given is not None and stated is not None and given != stated
    }
    if overruled:
        steps.append(ProcessingStep(name=GIVEN, parameters=overruled))
    if unit is not AxisUnit.WAVENUMBER:
        steps.append(
            ProcessingStep(name=AXIS_CONVERTED, parameters={"from": str(unit), "to": "cm-1"})
        )
    values = raw.values
    percent, reason = _percent(raw, told, quantity)
    if percent:
        values = values / 100.0
        steps.append(
            ProcessingStep(
                name=PERCENT_TO_FRACTION, parameters={"divisor": 100.0, "because": reason}
            )
        )
    return Spectrum(
        wavenumbers_cm1=wavenumbers_from(raw.axis, unit, label),
        values=values,
        quantity=quantity,
        temperature_k=conditions.temperature_k,
        cycle=conditions.cycle,
        direction=conditions.direction,
        label=label,
        source=str(path),
        steps=tuple(steps),
    )


def _percent(raw: RawSpectrum, told: Told, quantity: Quantity) -> tuple[bool, str]:
    """Whether values are per cent, and how that is known."""
    if quantity not in _FRACTIONS:
        return False, ""
    if told.percent is not None:
        return told.percent, "said by the caller"
    if raw.percent is not None:
        return raw.percent, "said by the file"
    largest = float(raw.values.max())
    return largest > CERTAINLY_PERCENT, f"a value of {largest:g} is no fraction"
