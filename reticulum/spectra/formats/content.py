"""What the readers of spectrum files share: their result, and how they refuse a file."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError, MissingExtraError
from reticulum.spectra.axis_units import AxisUnit
from reticulum.spectra.spectrum import Quantity


class DamagedFileError(InputError):
    """A file that is incomplete, corrupted or of another kind than its name says."""


class UnstatedError(InputError):
    """A file does not say something that the caller has to say (a unit, a quantity)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawSpectrum:
    """Numbers of a file as they stand there, and what the file says about them.

    Attributes
    ----------
    axis
        (n,) in `axis_unit`, in the order of the file.
    values
        (n,) as in the file.
    axis_unit
        Unit of the axis; None if the file does not name it.
    quantity
        What the values are; None if the file does not name it.
    percent
        Whether transmittance or reflectance is in per cent; None if the file does not say.
    header_temperature_k
        Temperature that the header of the file gives, K.
    column_temperature_k
        Temperature that the header of the column (or the trace) gives, K.
    cycle
        Number of the temperature cycle.
    direction
        ``"heating"`` or ``"cooling"``.
    label
        Name of the spectrum in the file.
    notes
        What the reader left out or settled.

    """

    axis: NDArray[np.float64]
    values: NDArray[np.float64]
    axis_unit: AxisUnit | None = None
    quantity: Quantity | None = None
    percent: bool | None = None
    header_temperature_k: float | None = None
    column_temperature_k: float | None = None
    cycle: int | None = None
    direction: str | None = None
    label: str = ""
    notes: tuple[str, ...] = ()


def read_bytes(path: Path) -> bytes:
    """Content of a file.

    Raises
    ------
    DamagedFileError
        If it cannot be read or is empty.

    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DamagedFileError(
            f"{path} cannot be read.",
            why=f"{error.strerror or error}.",
            fix="Check the path and its permissions.",
        ) from error
    if not content:
        raise DamagedFileError(
            f"{path} is empty.", why="It has 0 bytes.", fix="Export or copy the file again."
        )
    return content


def read_text(path: Path) -> str:
    """Content of a text file in UTF-8, UTF-16 with a mark, or else Latin-1.

    Raises
    ------
    DamagedFileError
        If it cannot be read or is no text.

    """
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
            "a zero byte, so that it is no text",
            "If it is a vendor's file, give it its usual ending (.spc, .spa, .0, ...).",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def vendor_module(module: str, distribution: str, path: Path) -> Any:
    """Package that reads a format, imported when it is needed.

    Raises
    ------
    MissingExtraError
        If it is not installed.

    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{path} cannot be read without the Python package {distribution} ({error}).",
            why="Files of this format are read with it; it is not among the core packages.",
            fix=(
                "Install it with: python -m pip install 'reticulum[spectra]' "
                "(in a checkout: python -m pip install -e '.[spectra]')."
            ),
        ) from error


def damaged(path: Path, where: str, what: str, fix: str = "", *, why: str = "") -> DamagedFileError:
    """Error of a file with the line or byte where it goes wrong."""
    return DamagedFileError(
        f"{path}, {where}: {what}.",
        why=why or "The file is incomplete, corrupted or of another kind than its name says.",
        fix=fix or "Export or copy the file again.",
    )


@contextmanager
def quiet(logger: str) -> Iterator[None]:
    """Keep a library's log off the terminal; what matters is checked and raised here."""
    log = logging.getLogger(logger)
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before
