"""Bruker OPUS files (.0, .1, ...), through the package `brukeropus`."""

from __future__ import annotations

import io
import struct
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.spectra.axis_units import AxisUnit, TemperatureUnit
from reticulum.spectra.formats.content import (
    DamagedFileError,
    RawSpectrum,
    damaged,
    read_bytes,
    vendor_module,
)
from reticulum.spectra.spectrum import Quantity

#: First four bytes of every OPUS file.
OPUS_MAGIC = b"\n\n\xfe\xfe"

#: Bytes of the header.
_HEADER = 24

#: Results that a file may hold, the first found is taken; OPUS keeps T and R as fractions.
_RESULTS = {
    "a": Quantity.ABSORBANCE,
    "aria": Quantity.ABSORBANCE,
    "km": Quantity.KUBELKA_MUNK,
    "logr": Quantity.PSEUDO_ABSORBANCE,
    "t": Quantity.TRANSMITTANCE,
    "arit": Quantity.TRANSMITTANCE,
    "r": Quantity.REFLECTANCE,
    "atr": None,
    "pas": None,
}

#: Rounding of single precision, relative.
_ROUNDING = 1e-5

_AXES = {"WN": AxisUnit.WAVENUMBER, "MI": AxisUnit.MICROMETRE}

#: Parameter with the temperature of the sample, K. TSC, which most files have, is that of the
#: scanner and says nothing about the sample.
_SAMPLE_TEMPERATURE = "rts"


def read_opus(path: Path, *, temperature_unit: TemperatureUnit | None = None) -> list[RawSpectrum]:
    """Result spectrum of an OPUS file; of a series file all its spectra.

    Parameters
    ----------
    path
        File.
    temperature_unit
        Not needed: OPUS gives the temperature of a sample in K.

    Raises
    ------
    DamagedFileError
        If the file is incomplete, or holds no absorbance, transmittance, reflectance,
        Kubelka-Munk or log(1/R) spectrum.
    MissingExtraError
        If the package `brukeropus` is not installed.

    """
    content = read_bytes(path)
    if content[:4] != OPUS_MAGIC:
        raise damaged(path, "byte 0", "an OPUS file begins with the bytes 0A 0A FE FE")
    if len(content) < _HEADER:
        raise damaged(path, f"byte {len(content)}", "the file ends within its header")
    library = vendor_module("brukeropus.file", "brukeropus", path)
    try:
        _check_blocks(library, content, path)
        with redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            opus = library.OPUSFile(str(path))
    except (struct.error, LookupError, ValueError, TypeError, AttributeError) as error:
        raise damaged(
            path,
            "directory of blocks",
            f"it does not lead to readable blocks ({type(error).__name__}: {error})",
        ) from error
    keys = [key for key in _RESULTS if key in opus.all_data_keys]
    if not keys:
        held = ", ".join(opus.all_data_keys) or "none that can be read"
        raise DamagedFileError(
            f"{path} holds no result spectrum (blocks: {held}).",
            why=(
                "Single-channel spectra and interferograms have to be divided by a reference first."
                if opus.all_data_keys
                else "The block of the spectrum is missing or corrupted."
            ),
            fix="Save the absorbance, reflectance or Kubelka-Munk spectrum in the file.",
        )
    return _spectra(opus, keys, path)


def _check_blocks(library: Any, content: bytes, path: Path) -> None:
    """Refuse a file that ends before its blocks do."""
    _, start, most, _ = library.parse_header(content)
    directory = content[start : start + 12 * most]
    if not 0 < start < len(content) or not directory:
        raise damaged(path, "byte 12", f"the directory is said to begin at byte {start}")
    for kind, size, first in library.parse_directory(directory):
        if first + size > len(content):
            raise damaged(
                path,
                f"byte {len(content)} (its end)",
                f"the block {kind} goes from byte {first} to {first + size}",
            )


def _spectra(opus: Any, keys: list[str], path: Path) -> list[RawSpectrum]:
    key = keys[0]
    data = getattr(opus, key)
    rows = np.atleast_2d(np.array(data.y, dtype=np.float64))
    axis = np.array(data.x, dtype=np.float64)
    if rows.shape[1] != len(axis) or not len(axis):
        raise damaged(
            path, f"block {key}", f"{rows.shape[1]} values, where the header says {len(axis)}"
        )
    unit = str(data.params["dxu"]) if "dxu" in data.params.keys() else ""  # noqa: SIM118
    if unit == "LGW":
        axis, unit = np.exp(axis), "WN"
    parameters = dict(opus.params.items())
    temperature = parameters.get(_SAMPLE_TEMPERATURE)
    others = [other for other in opus.all_data_keys if other.partition("_")[0] in _RESULTS]
    others.remove(key)
    notes = [f"{path.name}: the block {other} was left out" for other in others]
    if not _within_stated_limits(rows, data.params):
        notes.append(f"{path.name}: values leave the limits that the file states (MNY, MXY)")
    named = str(parameters.get("snm", "")).strip()
    return [
        RawSpectrum(
            axis=axis,
            values=row,
            axis_unit=_AXES.get(unit),
            quantity=_RESULTS[key],
            percent=False if _RESULTS[key] is not None else None,
            header_temperature_k=float(temperature) if temperature else None,
            label=f"{named} [{number + 1}]" if len(rows) > 1 else named,
            notes=tuple(notes),
        )
        for number, row in enumerate(rows)
    ]


def _within_stated_limits(rows: NDArray[np.float64], parameters: Any) -> bool:
    """Whether values lie between the least and the largest that the file states, if it does."""
    known = dict(parameters.items())
    low, high = known.get("mny"), known.get("mxy")
    if not (isinstance(low, float) and isinstance(high, float)) or len(rows) > 1:
        return True
    slack = _ROUNDING * max(abs(low), abs(high))
    return bool(rows.min() >= low - slack and rows.max() <= high + slack)
