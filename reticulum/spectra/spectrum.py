"""Infrared spectra and series of them, with the steps that made them what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError
from reticulum.provenance import to_jsonable

#: Layout of the JSON form of a series; raised when it changes.
SERIES_FORMAT = 1

#: Name of the step that turned a descending axis round.
TURNED_ROUND = "axis turned round"

#: Fewest points that make a spectrum.
_FEWEST_POINTS = 2

_DIRECTIONS = (None, "heating", "cooling")


class Quantity(StrEnum):
    """What the values of a spectrum are; transmittance and reflectance are fractions, not %."""

    ABSORBANCE = "absorbance"
    TRANSMITTANCE = "transmittance"
    REFLECTANCE = "reflectance"
    KUBELKA_MUNK = "kubelka-munk"
    PSEUDO_ABSORBANCE = "pseudo-absorbance"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingStep:
    """One thing done to a spectrum.

    Attributes
    ----------
    name
        What was done.
    parameters
        Everything needed to do it again, as plain numbers and text.

    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", to_jsonable(dict(self.parameters)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrum:
    """Infrared spectrum at one temperature.

    A descending axis is turned round, which is recorded as a step. The given arrays are copied.

    Attributes
    ----------
    wavenumbers_cm1
        (n,) strictly ascending, cm⁻¹, read-only.
    values
        (n,) in units of `quantity`, read-only.
    quantity
        What the values are.
    temperature_k
        Temperature of the sample, K; None if it is not known.
    cycle
        Number of the temperature cycle; None if it is not known.
    direction
        ``"heating"``, ``"cooling"`` or None.
    label
        Name for messages and legends.
    source
        File that it was read from, or what it was made by.
    steps
        What was done to the values of the file, in order.

    Raises
    ------
    InputError
        If shapes differ, a number is not finite, a wavenumber repeats or is negative, the axis
        goes back and forth, or the temperature is not positive.

    """

    wavenumbers_cm1: NDArray[np.float64]
    values: NDArray[np.float64]
    quantity: Quantity = Quantity.UNKNOWN
    temperature_k: float | None = None
    cycle: int | None = None
    direction: str | None = None
    label: str = ""
    source: str = ""
    steps: tuple[ProcessingStep, ...] = ()

    def __post_init__(self) -> None:
        name = self.label or self.source or "the spectrum"
        axis = np.array(self.wavenumbers_cm1, dtype=np.float64)
        values = np.array(self.values, dtype=np.float64)
        _check_numbers(axis, values, name)
        if axis[0] > axis[-1]:
            axis, values = axis[::-1].copy(), values[::-1].copy()
            object.__setattr__(self, "steps", (*self.steps, ProcessingStep(name=TURNED_ROUND)))
        _check_axis(axis, name)
        _check_conditions(self.temperature_k, self.cycle, self.direction, name)
        for array in (axis, values):
            array.setflags(write=False)
        object.__setattr__(self, "wavenumbers_cm1", axis)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "quantity", Quantity(self.quantity))
        object.__setattr__(self, "steps", tuple(self.steps))

    @property
    def name(self) -> str:
        """Name for messages."""
        return self.label or self.source or "the spectrum"

    def after(
        self,
        step: ProcessingStep,
        *,
        values: ArrayLike,
        wavenumbers_cm1: ArrayLike | None = None,
        quantity: Quantity | None = None,
    ) -> Spectrum:
        """Return a new spectrum with other values, and the step that made them appended."""
        return replace(
            self,
            wavenumbers_cm1=np.asarray(
                self.wavenumbers_cm1 if wavenumbers_cm1 is None else wavenumbers_cm1
            ),
            values=np.asarray(values),
            quantity=self.quantity if quantity is None else quantity,
            steps=(*self.steps, step),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON; floats keep every digit."""
        return {
            "label": self.label,
            "source": self.source,
            "quantity": str(self.quantity),
            "temperature_k": self.temperature_k,
            "cycle": self.cycle,
            "direction": self.direction,
            "steps": [
                {"name": step.name, "parameters": dict(step.parameters)} for step in self.steps
            ],
            "wavenumbers_cm1": self.wavenumbers_cm1.tolist(),
            "values": self.values.tolist(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file that could not be used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpectralSeries:
    """Spectra of one sample at several temperatures.

    Attributes
    ----------
    spectra
        In order of cycle, then of sequence within the cycle; each keeps its own axis.
    skipped
        Files that could not be used.
    notes
        What the reader had to settle and the user should know.

    """

    spectra: tuple[Spectrum, ...]
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.spectra:
            raise InputError(
                "The series holds no spectrum.",
                why="There is nothing to look at.",
                fix="Give at least one spectrum.",
            )
        for name in ("spectra", "skipped", "notes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def temperatures_k(self) -> NDArray[np.float64]:
        """(n,) temperature of each spectrum, K.

        Raises
        ------
        InputError
            If a spectrum has none.

        """
        missing = [spectrum.name for spectrum in self.spectra if spectrum.temperature_k is None]
        if missing:
            raise InputError(
                f"No temperature is known for {', '.join(missing[:5])}"
                + (f" and {len(missing) - 5} more." if len(missing) > 5 else "."),
                why="It is neither in the file, nor in its name, nor in a table.",
                fix="Give a table (file,temperature,cycle,direction) or a pattern for file names.",
            )
        return np.array([spectrum.temperature_k for spectrum in self.spectra], dtype=np.float64)

    @property
    def cycles(self) -> NDArray[np.int64]:
        """(n,) number of the cycle of each spectrum; 1 where none is known."""
        return np.array(
            [1 if spectrum.cycle is None else spectrum.cycle for spectrum in self.spectra],
            dtype=np.int64,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON; `series_from_dict` reads them."""
        return {
            "format": SERIES_FORMAT,
            "spectra": [spectrum.to_dict() for spectrum in self.spectra],
            "skipped": [
                {"path": str(entry.path), "reason": entry.reason} for entry in self.skipped
            ],
            "notes": list(self.notes),
        }


def series_from_dict(content: Any) -> SpectralSeries:
    """Series from its JSON form.

    Raises
    ------
    InputError
        If the content is not that of a series, or was written by a later version.

    """
    try:
        if content["format"] != SERIES_FORMAT:
            raise InputError(
                f"The series has the layout {content['format']!r}, not {SERIES_FORMAT}.",
                why="It was written by another version of reticulum.",
                fix="Read the measured files anew.",
            )
        return SpectralSeries(
            spectra=tuple(_spectrum_from_dict(entry) for entry in content["spectra"]),
            skipped=tuple(
                SkippedFile(path=Path(entry["path"]), reason=str(entry["reason"]))
                for entry in content["skipped"]
            ),
            notes=tuple(str(note) for note in content["notes"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "The content is not a series of spectra.",
            why=f"{type(error).__name__}: {error}.",
            fix="Give a file that SpectralSeries.to_dict made.",
        ) from error


def _spectrum_from_dict(entry: Mapping[str, Any]) -> Spectrum:
    return Spectrum(
        wavenumbers_cm1=np.array(entry["wavenumbers_cm1"], dtype=np.float64),
        values=np.array(entry["values"], dtype=np.float64),
        quantity=Quantity(entry["quantity"]),
        temperature_k=None if entry["temperature_k"] is None else float(entry["temperature_k"]),
        cycle=None if entry["cycle"] is None else int(entry["cycle"]),
        direction=entry["direction"],
        label=str(entry["label"]),
        source=str(entry["source"]),
        steps=tuple(
            ProcessingStep(name=str(step["name"]), parameters=step["parameters"])
            for step in entry["steps"]
        ),
    )


def _refuse(what: str, why: str, fix: str) -> NoReturn:
    raise InputError(what, why=why, fix=fix)


def _check_numbers(axis: NDArray[np.float64], values: NDArray[np.float64], name: str) -> None:
    if axis.ndim != 1 or axis.shape != values.shape:
        _refuse(
            f"{name} has an axis of shape {axis.shape} and values of shape {values.shape}.",
            "Each value belongs to one wavenumber.",
            "Give two one-dimensional arrays of the same length.",
        )
    if len(axis) < _FEWEST_POINTS:
        _refuse(
            f"{name} has {len(axis)} point{'' if len(axis) == 1 else 's'}.",
            f"A spectrum has at least {_FEWEST_POINTS}.",
            "Check that the file is complete.",
        )
    bad = np.flatnonzero(~(np.isfinite(axis) & np.isfinite(values)))
    if bad.size:
        first = int(bad[0])
        _refuse(
            f"{name} has the value {values[first]} at index {first} ({axis[first]:g} cm⁻¹)"
            + (f", and {bad.size - 1} more such points." if bad.size > 1 else "."),
            "What is not a finite number can neither be converted nor fitted.",
            "Cut these points out of the file, or export the spectrum again.",
        )


def _check_axis(axis: NDArray[np.float64], name: str) -> None:
    steps = np.diff(axis)
    repeated = np.flatnonzero(steps == 0.0)
    if repeated.size:
        first = int(repeated[0])
        _refuse(
            f"{name} has the wavenumber {axis[first]:g} cm⁻¹ more than once (index {first}).",
            "Which of the values is meant cannot be known.",
            "Delete the repeats, or split the file into one spectrum a file.",
        )
    back = np.flatnonzero(steps < 0.0)
    if back.size:
        first = int(back[0])
        _refuse(
            f"The axis of {name} goes back from {axis[first]:g} to {axis[first + 1]:g} cm⁻¹ "
            f"(index {first}).",
            "An axis runs one way.",
            "Sort the points, or split the file into one spectrum a file.",
        )
    if axis[0] < 0.0:
        _refuse(
            f"{name} begins at {axis[0]:g} cm⁻¹.",
            "Wavenumbers of absorption are not negative.",
            "Check the unit of the axis.",
        )


def _check_conditions(
    temperature_k: float | None, cycle: int | None, direction: str | None, name: str
) -> None:
    if temperature_k is not None and not (np.isfinite(temperature_k) and temperature_k > 0.0):
        _refuse(
            f"The temperature of {name} is {temperature_k} K.",
            "Temperatures are positive numbers in kelvin.",
            "Check the number and its unit (°C or K).",
        )
    if cycle is not None and cycle < 0:
        _refuse(f"The cycle of {name} is {cycle}.", "Cycles are counted.", "Give 1, 2, ...")
    if direction not in _DIRECTIONS:
        _refuse(
            f"The direction of {name} is {direction!r}.",
            "A sample is being heated or cooled.",
            "Give 'heating', 'cooling' or None.",
        )
