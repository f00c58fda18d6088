"""Where a result came from: versions, inputs and settings, with a JSON round trip."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from reticulum import __version__
from reticulum.errors import InputError
from reticulum.scratch import publish, scratch_folder

#: Distributions whose versions are written beside every result.
_RECORDED = ("ase", "numpy", "scipy", "spglib", "phonopy", "pymatgen", "tblite")

#: Length that two coordinates may differ by and still count as the same geometry, Å.
GEOMETRY_GRAIN_A = 1e-7

#: Cells of the grid of geometries end this part of a grain below its halves. Coordinates of special
#: positions often are exact halves of it (an eighth of an edge of six decimals), which rounding of
#: 1e-13 Å, different on every machine, would throw to either side. No decimal fraction, which
#: products of decimals could hit in turn.
_BELOW_HALF = 3e-4 / 7.0


def software_versions() -> dict[str, str]:
    """Versions of reticulum, Python and the libraries that results depend on."""
    versions = {"reticulum": __version__, "python": platform.python_version()}
    for name in _RECORDED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def timestamp() -> str:
    """Time now in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def geometry_digest(numbers: Any, cell: Any, positions: Any) -> str:
    """SHA-256 of a geometry on a grid of `GEOMETRY_GRAIN_A`.

    Parameters
    ----------
    numbers
        (n,) atomic numbers.
    cell
        (3, 3) row vectors, Å.
    positions
        (n, 3) Cartesian, Å.

    Returns
    -------
    str
        Hexadecimal digest; equal for geometries that differ by rounding only.

    """
    digest = hashlib.sha256()
    digest.update(np.asarray(numbers, dtype=np.int64).tobytes())
    for lengths in (cell, positions):
        grains = np.asarray(lengths, dtype=np.float64) / GEOMETRY_GRAIN_A
        grains = np.floor(grains + (0.5 + _BELOW_HALF))
        digest.update(grains.astype(np.int64).tobytes())
    return digest.hexdigest()


def to_jsonable(value: Any) -> Any:
    """Plain Python form of a value for JSON; NaN and infinities become null."""
    if isinstance(value, dict):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_jsonable(item) for item in value]
    if isinstance(value, np.ndarray):
        return to_jsonable(value.tolist())
    if isinstance(value, np.generic):
        return to_jsonable(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form")


class StreamedList:
    """List in a dictionary for JSON whose entries are made one by one as they are written.

    Parameters
    ----------
    entries
        The entries; used up by writing.

    """

    def __init__(self, entries: Iterable[Any]) -> None:
        self.entries = entries


def json_chunks(content: Any) -> Iterator[str]:
    """Text of a JSON file in parts: two spaces of indent, keys in the given order.

    Parameters
    ----------
    content
        Anything that `to_jsonable` takes; values of the outermost dictionary may be
        `StreamedList`.

    """
    streams = isinstance(content, dict) and any(
        isinstance(value, StreamedList) for value in content.values()
    )
    if not streams:
        yield json.dumps(to_jsonable(content), indent=2) + "\n"
        return
    yield "{"
    for number, (key, value) in enumerate(content.items()):
        yield (",\n  " if number else "\n  ") + json.dumps(str(key)) + ": "
        if not isinstance(value, StreamedList):
            yield json.dumps(to_jsonable(value), indent=2).replace("\n", "\n  ")
            continue
        before = "[\n    "
        for entry in value.entries:
            yield before + json.dumps(to_jsonable(entry), indent=2).replace("\n", "\n    ")
            before = ",\n    "
        yield "[]" if before.startswith("[") else "\n  ]"
    yield "\n}\n"


def write_text_atomically(path: Path, text: str | Iterable[str]) -> None:
    """Write a text file, whole or in parts, so that it is either the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(path.parent) as scratch:
        draft = scratch / path.name
        with draft.open("w", encoding="utf-8") as stream:
            stream.writelines([text] if isinstance(text, str) else text)
        publish(draft, path, overwrite=True)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file atomically (see `json_chunks`)."""
    write_text_atomically(path, json_chunks(content))


def read_json(path: Path) -> Any:
    """Content of a JSON file.

    Raises
    ------
    InputError
        If the file cannot be read or is not JSON (a truncated file, for instance).

    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read.", why=str(error.strerror or error), fix="Check the path."
        ) from error
    except ValueError as error:
        raise InputError(
            f"{path} is not a complete JSON file.",
            why=str(error),
            fix="Move it away; it will be written anew.",
        ) from error
