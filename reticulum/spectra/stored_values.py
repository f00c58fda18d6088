"""Results of this room as plain JSON and back, every digit kept.

Results are frozen dataclasses of numbers, arrays, words and other such results. Each is written
with the name of its class and its fields, so that what is read back is the same kind of thing;
only classes of this room are ever made.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.errors import InputError

#: Modules whose classes may be made.
_ROOM = "reticulum.spectra."

#: Words that stand for what is no dictionary of the result's own.
_CLASS, _ENUM, _FLOAT, _ARRAY, _MAPPING, _PATH = (
    "class", "enum", "float", "array", "mapping", "path"
)  # fmt: skip

#: Kinds of arrays that results hold.
_KINDS = ("float64", "int64", "bool")

#: A replacement for a value, or None to write it in full.
Replace = Callable[[object], dict[str, Any] | None]

#: What a replacement stands for.
Restore = Callable[[Mapping[str, Any]], object]


def to_stored(value: object, replace: Replace = lambda _: None) -> Any:
    """Plain JSON form of a result.

    Parameters
    ----------
    value
        Dataclass of this room, or anything that such hold.
    replace
        Asked first for every dataclass; what it returns (a dictionary with a key of its own) is
        written instead.

    Raises
    ------
    TypeError
        If a value has no such form; a mistake of the program.

    """
    if isinstance(value, Enum):
        return {_ENUM: _name(type(value)), "value": value.value}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, np.generic):
        return to_stored(value.item(), replace)
    if isinstance(value, float):
        return value if math.isfinite(value) else {_FLOAT: repr(value)}
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, (tuple, list)):
        return [to_stored(entry, replace) for entry in value]
    if isinstance(value, Mapping):
        return {_MAPPING: {str(key): to_stored(entry, replace) for key, entry in value.items()}}
    if isinstance(value, Path):
        return {_PATH: str(value)}
    if is_dataclass(value) and not isinstance(value, type):
        replaced = replace(value)
        if replaced is not None:
            return replaced
        return {_CLASS: _name(type(value))} | {
            field.name: to_stored(getattr(value, field.name), replace) for field in fields(value)
        }
    raise TypeError(f"{type(value).__name__} has no stored form")


def from_stored(content: Any, restore: Restore | None = None) -> Any:
    """Result from its plain JSON form; lists come back as tuples.

    Parameters
    ----------
    content
        What `to_stored` made.
    restore
        Called for what `to_stored` was told to replace.

    Raises
    ------
    InputError
        If the content names a class that this version does not have, or lacks or adds a field.

    """
    if isinstance(content, list):
        return tuple(from_stored(entry, restore) for entry in content)
    if not isinstance(content, dict):
        return content
    if _CLASS in content:
        values = {k: from_stored(v, restore) for k, v in content.items() if k != _CLASS}
        return _made(str(content[_CLASS]), values)
    if _ENUM in content:
        return _made(str(content[_ENUM]), {"value": content["value"]})
    if _FLOAT in content:
        return float(content[_FLOAT])
    if _ARRAY in content:
        return _array_from(content)
    if _MAPPING in content:
        return {key: from_stored(value, restore) for key, value in content[_MAPPING].items()}
    if _PATH in content:
        return Path(content[_PATH])
    if restore is not None:
        return restore(content)
    raise _unknown(f"It holds an entry with the keys {', '.join(content)}.")


def _name(kind: type) -> str:
    if not kind.__module__.startswith(_ROOM):
        raise TypeError(f"{kind.__name__} is no class of {_ROOM}")
    return f"{kind.__module__.removeprefix(_ROOM)}:{kind.__qualname__}"


def _made(name: str, values: dict[str, Any]) -> Any:
    module, _, kind = name.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), kind)):
        raise _unknown(f"It names the class {name!r}.")
    found = _class_of(module, kind)
    if found is None:
        raise _unknown(f"It holds a {name}, which this version does not have.")
    try:
        if issubclass(found, Enum):
            return found(values["value"])
        if is_dataclass(found):
            return found(**values)
    except (TypeError, ValueError) as error:
        raise _unknown(f"Its {name} does not fit this version: {error}.") from error
    raise _unknown(f"It names the class {name!r}.")


def _class_of(module: str, kind: str) -> type | None:
    """Class of this room by its name; in another module if it has moved since."""
    room = importlib.import_module(_ROOM.removesuffix("."))
    others = [entry.name for entry in pkgutil.iter_modules(room.__path__) if not entry.ispkg]
    for name in dict.fromkeys((module, *others)):
        try:
            found = getattr(importlib.import_module(_ROOM + name), kind, None)
        except ImportError:
            continue
        if isinstance(found, type) and found.__module__.startswith(_ROOM):
            return found
    return None


def _array(value: np.ndarray[Any, Any]) -> dict[str, Any]:
    kind = value.dtype.name
    if kind not in _KINDS:
        raise TypeError(f"arrays of {kind} have no stored form")
    flat = value.ravel().tolist()
    if kind == "float64" and not np.isfinite(value).all():
        flat = [entry if math.isfinite(entry) else repr(entry) for entry in flat]
    return {_ARRAY: kind, "shape": list(value.shape), "values": flat}


def _array_from(content: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    kind = content[_ARRAY]
    if kind not in _KINDS:
        raise _unknown(f"It holds an array of {kind!r}.")
    try:
        flat = [float(v) if kind == "float64" else v for v in content["values"]]
        return np.array(flat, dtype=kind).reshape(content["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise _unknown(f"It holds an array that is none: {error}.") from error


def _unknown(why: str) -> InputError:
    return InputError(
        "The saved fit cannot be read by this version of reticulum.",
        why=why,
        fix="Fit the measured spectra again, or use the version that fit.json states.",
    )
