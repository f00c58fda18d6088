"""A band fit in a folder of its own: written in one move, read back with every digit."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.errors import InputError
from reticulum.provenance import software_versions, timestamp, to_jsonable
from reticulum.scratch import scratch_folder
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_fit import BandFit
from reticulum.spectra.band_models import BandModel
from reticulum.spectra.fit_csv import (
    models_csv,
    positions_csv,
    profiles_csv,
    read_spectra_csv,
    spectra_csv,
    vant_hoff_csv,
)
from reticulum.spectra.stored_values import from_stored, to_stored
from reticulum.spectra.variable_projection import SeriesFit, fit_series

#: Names in the folder.
FIT_FILE = "fit.json"
SPECTRA_FILE = "spectra.csv"
FIGURES_FOLDER = "figures"

#: Layout of `FIT_FILE`; raised when it changes.
FIT_LAYOUT = 1

#: Residuals that are worked out anew when a fit is read agree with those left out to this part of
#: the largest value; otherwise they are written in full.
_SAME_RESIDUALS = 1e-13

_REMEDY = "Fit the measured spectra again, or restore the folder from a copy."


def is_saved_fit(path: str | Path) -> bool:
    """Whether a path is the folder of a saved fit, or its `FIT_FILE`."""
    where = Path(path)
    return (where / FIT_FILE).is_file() or (where.name == FIT_FILE and where.is_file())


def save_band_fit(
    found: BandFit,
    folder: str | Path,
    *,
    sources: Sequence[Mapping[str, str | None]] = (),
    draw: Callable[[Path], None] | None = None,
) -> tuple[Path, ...]:
    """Write a fit into a new folder, whole or not at all.

    Everything is written in a hidden folder beside it and moved to its place at the end: a process
    killed on the way leaves nothing under the name of the folder, and the next one that writes
    there removes what it left.

    Parameters
    ----------
    found
        The fit.
    folder
        New, or empty.
    sources
        Measured files with their SHA-256, from `source_hashes`.
    draw
        Called with a folder for figures, before the move.

    Returns
    -------
    tuple of pathlib.Path
        The files written.

    Raises
    ------
    InputError
        If the folder holds something, or cannot be written.

    """
    target = Path(folder).absolute()
    require_new_folder(target)
    try:
        with scratch_folder(target.parent) as scratch:
            draft = scratch / target.name
            draft.mkdir()
            tables = _tables(found)
            for name, text in tables.items():
                _write(draft / name, text)
            if draw is not None:
                (draft / FIGURES_FOLDER).mkdir()
                draw(draft / FIGURES_FOLDER)
            _write(draft / FIT_FILE, _fit_text(found, tables, sources))
            written = sorted(p.relative_to(draft) for p in draft.rglob("*") if p.is_file())
            draft.replace(target)
    except OSError as error:
        raise InputError(
            f"The folder {target} cannot be written.",
            why=str(error.strerror or error),
            fix="Give a new folder in a place that you may write to.",
        ) from error
    return tuple(Path(folder) / path for path in written)


def require_new_folder(folder: str | Path) -> None:
    """Refuse a folder that holds something or cannot be made, before anything is computed.

    Raises
    ------
    InputError
        If it does.

    """
    target = Path(folder).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(
            f"{folder} exists already.",
            why="Files in it could be overwritten.",
            fix="Give a new folder, or an empty one.",
        )
    if not target.parent.is_dir():
        raise InputError(
            f"The folder {folder} cannot be made.",
            why=f"There is no folder {target.parent}.",
            fix="Give a new folder in an existing one.",
        )


def load_band_fit(path: str | Path) -> BandFit:
    """Read a saved fit: the same numbers, errors, curves and verdict.

    Parameters
    ----------
    path
        The folder, or `FIT_FILE` in it.

    Raises
    ------
    InputError
        If a file is missing, truncated, changed, or written by another version.

    """
    folder = _folder(path)
    content = _content(folder / FIT_FILE)
    data = _data(folder / SPECTRA_FILE, str(content["files"].get(SPECTRA_FILE)))
    found = from_stored(content["state"], lambda entry: _restored(entry, data))
    if not isinstance(found, BandFit):
        raise InputError(
            f"{folder / FIT_FILE} holds no band fit.",
            why=f"It holds a {type(found).__name__}.",
            fix=_REMEDY,
        )
    return found


def source_hashes(sources: Sequence[str | Path]) -> list[dict[str, str | None]]:
    """Path and SHA-256 of measured files; None for what is no file."""
    entries: list[dict[str, str | None]] = []
    for source in dict.fromkeys(str(source) for source in sources):
        where = Path(source)
        digest = hashlib.sha256(where.read_bytes()).hexdigest() if where.is_file() else None
        entries.append({"path": source, "sha256": digest})
    return entries


def stored_sources(path: str | Path) -> list[dict[str, str | None]]:
    """Measured files of a saved fit, as `source_hashes` gave them."""
    return list(_content(_folder(path) / FIT_FILE).get("sources", []))


def _folder(path: str | Path) -> Path:
    return Path(path).parent if Path(path).name == FIT_FILE else Path(path)


def _tables(found: BandFit) -> dict[str, str]:
    outcomes = found.verdict.outcomes
    tables = {
        SPECTRA_FILE: spectra_csv(found.data, outcomes),
        "positions.csv": positions_csv(found.data, found.positions),
        "models.csv": models_csv(outcomes),
    }
    evidence = found.evidence
    if evidence is not None:
        tables["vant_hoff.csv"] = vant_hoff_csv(evidence.two_step.points)
        tables["profiles.csv"] = profiles_csv(evidence.profiles)
    return tables


def _fit_text(
    found: BandFit, tables: Mapping[str, str], sources: Sequence[Mapping[str, str | None]]
) -> str:
    content: dict[str, Any] = {
        "what": "band fit of reticulum",
        "layout": FIT_LAYOUT,
        "written": timestamp(),
        "versions": software_versions(),
        "sources": [dict(entry) for entry in sources],
        "files": {name: _digest(text) for name, text in tables.items()},
        "result": to_jsonable(found.to_dict()),
        "state": to_stored(found, lambda value: _replaced(value, found.data)),
    }
    content["sha256"] = _checksum(content)
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _replaced(value: object, data: BandData) -> dict[str, Any] | None:
    """Write the data once, in the table of spectra, and no residuals that follow from them."""
    if value is data:
        return {"data": SPECTRA_FILE}
    if not isinstance(value, SeriesFit) or len(value.residuals) != data.n_spectra:
        return None
    again = _evaluated(data, value.model, value.baseline_order, value.parameters)
    limit = _SAME_RESIDUALS * max(data.maximum, 1e-300)
    if any(
        a.shape != b.shape or not np.allclose(a, b, rtol=0.0, atol=limit)
        for a, b in zip(again.residuals, value.residuals, strict=True)
    ):
        return None
    kept = [f.name for f in fields(value) if f.name != "residuals"]
    return {"series_fit": {name: to_stored(getattr(value, name)) for name in kept}}


def _restored(entry: Mapping[str, Any], data: BandData) -> object:
    if entry.get("data") == SPECTRA_FILE:
        return data
    try:
        values = {name: from_stored(value) for name, value in entry["series_fit"].items()}
        model, order = values["model"], values["baseline_order"]
        named = dict(zip(model.parameters, values["values"].tolist(), strict=True))
        return SeriesFit(**values, residuals=_evaluated(data, model, order, named).residuals)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            "The saved fit cannot be read by this version of reticulum.",
            why=f"An entry with the keys {', '.join(entry)} does not fit it: {error}.",
            fix=_REMEDY,
        ) from error


def _evaluated(
    data: BandData, model: BandModel, baseline_order: int, parameters: Mapping[str, float]
) -> SeriesFit:
    """Evaluate a model at given parameters; areas and baselines follow."""
    return fit_series(data, model, parameters, baseline_order=baseline_order, held=model.parameters)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read.",
            why=str(error.strerror or error),
            fix="Give a folder that `reticulum fit --output` wrote.",
        ) from error
    except ValueError as error:
        raise InputError(
            f"{path} is not complete.", why=f"It is no JSON: {error}.", fix=_REMEDY
        ) from error
    needed = ("layout", "files", "state", "sha256")
    if not isinstance(content, dict) or any(name not in content for name in needed):
        raise InputError(
            f"{path} is no saved band fit.",
            why=f"It lacks one of {', '.join(needed)}.",
            fix="Give a folder that `reticulum fit --output` wrote.",
        )
    if content["layout"] != FIT_LAYOUT:
        raise InputError(
            f"{path} has the layout {content['layout']!r}, not {FIT_LAYOUT}.",
            why="It was written by another version of reticulum.",
            fix="Fit the measured spectra again, or use that version.",
        )
    stated = content.pop("sha256")
    if stated != _checksum(content):
        raise InputError(
            f"{path} was changed after it was written.",
            why="Its contents do not agree with their check sum.",
            fix=_REMEDY,
        )
    return content


def _data(path: Path, stated: str) -> BandData:
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read.", why=str(error.strerror or error), fix=_REMEDY
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is damaged.", why=f"{error}.", fix=_REMEDY) from error
    if _digest(text) != stated:
        raise InputError(
            f"{path} was changed or cut short after it was written.",
            why=f"Its SHA-256 is not the one in {FIT_FILE}, so the fit is not that of these data.",
            fix=_REMEDY,
        )
    return read_spectra_csv(text)


def _checksum(content: Mapping[str, Any]) -> str:
    return _digest(json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
