"""Galactic SPC files (.spc), through the package `spc-io`."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.spectra.axis_units import AxisUnit, TemperatureUnit, kelvin
from reticulum.spectra.formats.content import (
    RawSpectrum,
    damaged,
    quiet,
    read_bytes,
    vendor_module,
)
from reticulum.spectra.formats.header_words import header_temperature
from reticulum.spectra.spectrum import Quantity

_AXES = {
    "XWAVEN": AxisUnit.WAVENUMBER,
    "XUMETR": AxisUnit.MICROMETRE,
    "XNMETR": AxisUnit.NANOMETRE,
}

_QUANTITIES = {
    "YABSRB": Quantity.ABSORBANCE,
    "YKMONK": Quantity.KUBELKA_MUNK,
    "YLOGDR": Quantity.PSEUDO_ABSORBANCE,
    "YTRANS": Quantity.TRANSMITTANCE,
    "YREFLEC": Quantity.REFLECTANCE,
}

_TEMPERATURES = {"XDEGRC": TemperatureUnit.CELSIUS, "XDEGRK": TemperatureUnit.KELVIN}

#: Second byte of an SPC file: layout and byte order.
_LAYOUTS = {
    0x4B: "",
    0x4C: "the byte order of Motorola processors (layout 4Ch) is not read",
    0x4D: "the layout from before 1996 (4Dh) is not read",
}

#: Exponent that says that values are floating-point numbers.
_FLOATING = -0x80

#: Bytes of the main header; byte in it where the position of the log stands; bytes of the header
#: of the log.
_MAIN_HEADER, _LOG_OFFSET, _LOG_HEADER = 512, 248, 64


def read_spc(path: Path, *, temperature_unit: TemperatureUnit | None = None) -> list[RawSpectrum]:
    """Spectra of an SPC file; of a multifile all its traces.

    The third axis of a multifile is taken for the temperature if its unit is one.

    Parameters
    ----------
    path
        File.
    temperature_unit
        Unit of a temperature that the log gives without one.

    Raises
    ------
    DamagedFileError
        If the file is incomplete or of a layout that is not read.
    MissingExtraError
        If the package `spc-io` is not installed.

    """
    content = read_bytes(path)
    _check_beginning(content, path)
    library = vendor_module("spc_io", "spc-io", path)
    try:
        with quiet("spc_io.low_level.spc_raw"), np.errstate(all="ignore"):
            raw = library.SpcRaw.from_bytes_io(io.BytesIO(_without_log(content)))
    except NotImplementedError as error:
        raise damaged(
            path, "byte 0", f"{error}", "Save it anew in the current SPC layout, or as CSV."
        ) from error
    except (ValueError, LookupError, ArithmeticError, AttributeError, MemoryError) as error:
        raise damaged(
            path,
            f"before byte {len(content)} (its end)",
            f"numbers that the header announces are missing ({error})",
        ) from error
    header = raw.main_header
    label = header.fcmnt.decode("latin-1").strip()
    words = [label, *_log(content)]
    stated = header_temperature(words, temperature_unit, path)
    with np.errstate(all="ignore"):  # what is not finite is refused with its place by Spectrum
        return [_trace(raw, number, label, stated, path) for number in range(len(raw.subs))]


def _check_beginning(content: bytes, path: Path) -> None:
    if len(content) < _MAIN_HEADER:
        raise damaged(
            path, f"byte {len(content)}", f"the file ends within its {_MAIN_HEADER}-byte header"
        )
    problem = _LAYOUTS.get(content[1], f"{content[1]:#04x} is no layout of SPC files")
    if problem:
        raise damaged(path, "byte 1", problem, "Save it anew in the current SPC layout, or as CSV.")


def _without_log(content: bytes) -> bytes:
    """Content whose header says that there is no log.

    The library looks for the log behind the last trace instead of where the header says, and gives
    up on files that have a directory in between.
    """
    return content[:_LOG_OFFSET] + b"\0" * 4 + content[_LOG_OFFSET + 4 :]


def _log(content: bytes) -> list[str]:
    """Lines of the text in the log; none if there is no log or it is cut off."""
    (start,) = struct.unpack_from("<I", content, _LOG_OFFSET)
    if not start or start + _LOG_HEADER > len(content):
        return []
    size, _, text = struct.unpack_from("<3I", content, start)
    return content[start + text : start + size].rstrip(b"\0").decode("latin-1").splitlines()


def _trace(raw: Any, number: int, label: str, stated: float | None, path: Path) -> RawSpectrum:
    header, trace = raw.main_header, raw.subs[number]
    values = np.array(trace.yarray, dtype=np.float64)
    multi = bool(header.ftflgs.TMULTI)
    if not multi and header.fexp not in (_FLOATING, trace.header.subexp):
        # The exponent of a single trace is that of the file; the library takes that of the trace.
        values = values * 2.0 ** (header.fexp - trace.header.subexp)
    if trace.xarray is not None:
        axis = np.array(trace.xarray, dtype=np.float64)
    elif raw.xarray is not None:
        axis = np.array(raw.xarray, dtype=np.float64)
    else:
        axis = np.linspace(header.ffirst, header.flast, header.fnpts)
    if axis.shape != values.shape or not axis.size:
        raise damaged(
            path, f"trace {number + 1}", f"{len(axis)} axis points and {len(values)} values"
        )
    unit = _TEMPERATURES.get(str(header.fztype)) if multi else None
    y_type = str(header.fytype)
    return RawSpectrum(
        axis=axis,
        values=values,
        axis_unit=_AXES.get(str(header.fxtype)),
        quantity=_QUANTITIES.get(y_type),
        percent=True if y_type == "YPERCNT" else None,
        header_temperature_k=None if multi and unit else stated,
        column_temperature_k=None if unit is None else kelvin(_third(raw, number), unit),
        label=f"{label} [{number + 1}]".strip() if multi else label,
    )


def _third(raw: Any, number: int) -> float:
    """Value of the third axis: of the trace itself if traces differ, else in equal steps."""
    header = raw.main_header
    own = [float(trace.header.subfirst) for trace in raw.subs]
    if len(set(own)) == len(own) or not header.fzinc:
        return own[number]
    return own[0] + float(header.fzinc) * number
