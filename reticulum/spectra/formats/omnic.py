"""Thermo OMNIC files (.spa, .spg), through the package `spectrochempy-omnic`."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.spectra.axis_units import AxisUnit, TemperatureUnit, names_percent
from reticulum.spectra.formats.content import (
    DamagedFileError,
    RawSpectrum,
    damaged,
    quiet,
    read_bytes,
    vendor_module,
)
from reticulum.spectra.spectrum import Quantity

#: Beginning of every OMNIC file.
OMNIC_MAGIC = b"Spectral Data File"

#: Byte where the table of entries begins, bytes of an entry, byte with their number (groups).
_TABLE, _ENTRY, _COUNT = 304, 16, 294

#: Kinds of entries: header of a spectrum, its values.
_HEADER, _VALUES = 2, 3

#: Bytes of a header that are read.
_HEADER_SIZE = 192

#: The library reads texts up to a zero byte and would look for it for ever at the end of a
#: truncated file; these are put behind the content.
_PADDING = b"\0" * 64

_AXES = {"cm^-1": AxisUnit.WAVENUMBER, "nm": AxisUnit.NANOMETRE, "um": AxisUnit.MICROMETRE}

_QUANTITIES = {
    "absorbance": Quantity.ABSORBANCE,
    "transmittance": Quantity.TRANSMITTANCE,
    "reflectance": Quantity.REFLECTANCE,
    "log(1/R)": Quantity.PSEUDO_ABSORBANCE,
    "Kubelka-Munk": Quantity.KUBELKA_MUNK,
}


def read_omnic(path: Path, *, temperature_unit: TemperatureUnit | None = None) -> list[RawSpectrum]:
    """Spectrum of an SPA file, or all spectra of an SPG group.

    Parameters
    ----------
    path
        File.
    temperature_unit
        Not needed: these files have no field for the temperature of the sample.

    Raises
    ------
    DamagedFileError
        If the file is incomplete or corrupted.
    MissingExtraError
        If the package `spectrochempy-omnic` is not installed.

    """
    content = read_bytes(path)
    if not content.startswith(OMNIC_MAGIC):
        raise damaged(path, "byte 0", f"an OMNIC file begins with {OMNIC_MAGIC.decode()!r}")
    group = path.suffix.lower() == ".spg"
    _check_entries(content, path, group)
    library = vendor_module("spectrochempy_omnic", "spectrochempy-omnic", path)
    try:
        with quiet("spectrochempy-omnic"), np.errstate(all="ignore"):
            found: Any = library.OMNICReader(content + _PADDING, suffix=".spg" if group else ".spa")
        rows = np.atleast_2d(np.array(found.data, dtype=np.float64))
        axis = np.array(found.x, dtype=np.float64)
        names = [str(name) for name in found.y_labels[1]]
        names = [names[0]] * len(rows) if len(names) != len(rows) else names
    except (
        library.OMNICReaderError,
        struct.error,
        LookupError,
        NameError,
        TypeError,
        ValueError,
        ArithmeticError,
    ) as error:
        raise damaged(
            path, f"byte {_TABLE} and after", f"the entries do not lead to a spectrum ({error})"
        ) from error
    if rows.shape[1] != len(axis):
        raise damaged(path, "header", f"{rows.shape[1]} values, where the header says {len(axis)}")
    if found.title == "detector signal":
        raise DamagedFileError(
            f"{path} holds an interferogram.",
            why="It has to be transformed and divided by a reference first.",
            fix="Save the spectrum in OMNIC.",
        )
    if "raman" in f"{found.x_title} {found.title}".lower():
        raise DamagedFileError(
            f"{path} holds a Raman spectrum.",
            why="Its axis is a shift from a laser line; infrared bands are fitted here.",
            fix="Give infrared spectra, or export as text what is to be fitted.",
        )
    quantity = _QUANTITIES.get(str(found.title))
    fractions = (Quantity.TRANSMITTANCE, Quantity.REFLECTANCE)
    return [
        RawSpectrum(
            axis=axis,
            values=row,
            axis_unit=_AXES.get(str(found.x_units)),
            quantity=quantity,
            percent=names_percent(str(found.units)) if quantity in fractions else None,
            label=name.splitlines()[0].strip() if name.strip() else "",
        )
        for name, row in zip(names, rows, strict=True)
    ]


def _entries(content: bytes, group: bool) -> Iterator[tuple[int, int, int, int]]:
    """(byte, kind, position, size) of the entries of the table."""
    most = struct.unpack_from("<H", content, _COUNT)[0] if group else len(content)
    for number in range(most):
        byte = _TABLE + _ENTRY * number
        kind = content[byte]
        if not group and kind in (0, 1):
            return
        position, size = struct.unpack_from("<2I", content, byte + 2)
        yield byte, kind, position, size


def _check_entries(content: bytes, path: Path, group: bool) -> None:
    """Refuse a file that ends before its spectra do."""
    kinds: list[int] = []
    announced: list[int] = []
    stored: list[int] = []
    try:
        for byte, kind, position, size in _entries(content, group):
            kinds.append(kind)
            needed = {_HEADER: _HEADER_SIZE, _VALUES: size}.get(kind, 0)
            if position + needed > len(content) and needed:
                what = "header" if kind == _HEADER else "values"
                raise damaged(
                    path,
                    f"byte {len(content)} (its end)",
                    f"the {what} go from byte {position} to {position + needed} "
                    f"by the entry at byte {byte}",
                )
            if kind == _HEADER:
                announced.append(struct.unpack_from("<I", content, position + 4)[0])
            elif kind == _VALUES:
                stored.append(size // 4)
    except (struct.error, IndexError) as error:
        raise damaged(
            path, f"byte {len(content)} (its end)", "the file ends within its table of entries"
        ) from error
    for kind, what in ((_HEADER, "header"), (_VALUES, "values")):
        if kind not in kinds:
            raise damaged(path, f"byte {_TABLE}", f"there is no entry for the {what} of a spectrum")
    if announced != stored:
        raise damaged(
            path,
            f"byte {_TABLE} and after",
            f"the headers announce {announced[:3]} points, and {stored[:3]} are stored",
        )
