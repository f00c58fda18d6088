"""Reading a calculator card: every entry checked, and named when it is wrong.

Only the standard library is imported here, so that listing is fast.
"""

from __future__ import annotations

import copy
import difflib
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reticulum.engines.cards import (
    ELEMENT_SYMBOLS,
    PARALLEL_MODES,
    PRECISIONS,
    PROPERTIES,
    SPIN_RULES,
    CalculatorCard,
    SpinRule,
    WeightsRule,
)
from reticulum.errors import InputError


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    return value.strip()


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of texts")
    return tuple(item.strip() for item in value)


def _factories(value: object) -> tuple[str, ...]:
    found = (_text(value),) if isinstance(value, str) else _texts(value)
    if not found or not all(path.count(":") == 1 and path[0] != ":" for path in found):
        raise ValueError("must be an import path such as 'package.module:Class'")
    return found


def _import_path_or_empty(value: object) -> str:
    found = _text(value)
    return _factories(found)[0] if found else ""


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _one_of(allowed: tuple[str, ...]) -> Callable[[object], str]:
    def convert(value: object) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of: {', '.join(allowed)}")
        return str(value)

    return convert


def _properties(value: object) -> tuple[str, ...]:
    found = _texts(value)
    unknown = [name for name in found if name not in PROPERTIES]
    if unknown or not {"energy", "forces"} <= set(found):
        raise ValueError(f"must hold energy and forces, and of the rest only: {PROPERTIES[2:]}")
    return found


def _positive_length(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number in Å")
    if not (math.isfinite(value) and value > 0):
        raise ValueError("must be positive")
    return float(value)


def _symbol(value: str) -> str:
    if value not in ELEMENT_SYMBOLS:
        raise ValueError(f"{value!r} is not a chemical symbol")
    return value


def _elements(value: object) -> tuple[str, ...]:
    """Symbols from a list, or from ranges in text such as ``"H-Bi, Ac-Pu"``."""
    if isinstance(value, list):
        return tuple(_symbol(item) for item in _texts(value))
    result: list[str] = []
    for part in _text(value).split(","):
        first, _, last = (piece.strip() for piece in part.partition("-"))
        start = ELEMENT_SYMBOLS.index(_symbol(first))
        stop = ELEMENT_SYMBOLS.index(_symbol(last or first))
        result.extend(ELEMENT_SYMBOLS[start : stop + 1])
    if not result:
        raise ValueError("names no element")
    return tuple(result)


def _pairs(value: object) -> tuple[tuple[str, Any], ...]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")
    return tuple((str(key), copy.deepcopy(item)) for key, item in value.items())


def _unpaired(value: object) -> tuple[tuple[str, float], ...]:
    found = []
    for symbol, number in _pairs(value):
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not number >= 0:
            raise ValueError(f"{symbol} must have a number of unpaired electrons per atom")
        found.append((_symbol(symbol), float(number)))
    return tuple(found)


def _words_by_element(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((_symbol(symbol), _text(words)) for symbol, words in _pairs(value))


def _symbols(value: object) -> tuple[str, ...]:
    return tuple(_symbol(item) for item in _texts(value))


def _path_or_none(value: object) -> Path | None:
    found = _text(value)
    return Path(found).expanduser() if found else None


_Table = dict[str, tuple[str, Callable[[object], Any]]]

#: Keys of a card: key in the file -> (field, conversion).
_TOP: _Table = {
    "name": ("name", _text),
    "title": ("title", _text),
    "description": ("description", _text),
    "factory": ("factories", _factories),
    "distribution": ("distribution", _text),
    "extra": ("extra", _text),
    "elements": ("elements", _elements),
    "gives": ("gives", _properties),
    "precision": ("precision", _one_of(PRECISIONS)),
    "displacement_a": ("displacement_a", _positive_length),
    "parallel": ("parallel", _one_of(PARALLEL_MODES)),
    "uses_lapack": ("uses_lapack", _truth),
    "magnetic_states": ("magnetic_states", _text),
    "gamma_only": ("gamma_only", _truth),
    "kwargs": ("keywords", _pairs),
    "notes": ("notes", _texts),
}
_REQUIRED = ("name", "title", "factory", "distribution", "elements", "gives")
_SPIN: _Table = {
    "rule": ("rule", _one_of(SPIN_RULES)),
    "multiplicity_argument": ("multiplicity_argument", _text),
    "unpaired": ("unpaired", _unpaired),
    "when_open": ("when_open", _pairs),
    "antiparallel": ("antiparallel", _symbols),
    "antiparallel_argument": ("antiparallel_argument", _text),
    "often_open": ("often_open", _symbols),
    "stand_in": ("stand_in", _words_by_element),
}
_WEIGHTS: _Table = {
    "ships": ("ships", _truth),
    "needed": ("needed", _truth),
    "what": ("what", _text),
    "argument": ("argument", _text),
    "loader": ("loader", _import_path_or_empty),
    "loader_kwargs": ("loader_kwargs", _pairs),
    "path": ("path", _path_or_none),
}
_CITATION: _Table = {"keys": ("citation_keys", _texts), "text": ("citations", _texts)}
_LICENCE: _Table = {"code": ("licence", _text), "weights": ("weights_licence", _text)}
_TABLES = ("spin", "weights", "citation", "licence")


def read_card(path: Path) -> CalculatorCard:
    """Card in a TOML file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If the file cannot be read, is not TOML, or has unknown, missing or wrong entries.

    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"The calculator card {path} cannot be read.",
            why=f"{error.strerror or error}.",
            fix="Check the path.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"The calculator card {path} is not a TOML file.",
            why=f"{error}.",
            fix="Correct that line; `reticulum calculators` shows where the bundled cards lie.",
        ) from error
    tables = {name: content.pop(name, {}) for name in _TABLES}
    missing = [key for key in _REQUIRED if key not in content]
    values = _converted(path, "", content, _TOP)
    if missing:
        raise InputError(
            f"The calculator card {path} lacks: {', '.join(missing)}.",
            why="Without them the calculator cannot be made or identified.",
            fix="Add them; a bundled card is a good model.",
        )
    values["spin"] = SpinRule(**_converted(path, "spin", tables["spin"], _SPIN))
    weights = _converted(path, "weights", tables["weights"], _WEIGHTS)
    if weights.get("path") is not None:
        weights["path"] = path.resolve().parent / weights["path"]
    values["weights"] = WeightsRule(**weights)
    values |= _converted(path, "citation", tables["citation"], _CITATION)
    values |= _converted(path, "licence", tables["licence"], _LICENCE)
    card = CalculatorCard(**values, source=path)
    _check_consistency(card, path)
    return card


def _converted(path: Path, table: str, content: object, allowed: _Table) -> dict[str, Any]:
    where = f" in [{table}]" if table else ""
    if not isinstance(content, dict):
        raise InputError(
            f"{table!r} in the calculator card {path} is not a table.",
            why=f"It holds: {', '.join(allowed)}.",
            fix=f"Write it as [{table}] with one line for each entry.",
        )
    result = {}
    for key, value in content.items():
        if key not in allowed:
            names = [*allowed, *(() if table else _TABLES)]
            close = difflib.get_close_matches(key, names, n=1)
            raise InputError(
                f"Unknown entry {key!r}{where} of the calculator card {path}.",
                why=f"Allowed are: {', '.join(names)}.",
                fix=f"Did you mean {close[0]!r}?" if close else "Remove it.",
            )
        name, convert = allowed[key]
        try:
            result[name] = convert(value)
        except ValueError as error:
            raise InputError(
                f"Entry {key!r}{where} of the calculator card {path} is {value!r}.",
                why=f"It {error}." if str(error).startswith(("must", "names")) else f"{error}.",
                fix="Correct it.",
            ) from error
    return result


def _check_consistency(card: CalculatorCard, path: Path) -> None:
    problem = ""
    if card.spin.rule != "none" and not card.spin.multiplicity_argument:
        problem = f"[spin] has the rule {card.spin.rule!r} but no multiplicity_argument"
    elif card.spin.rule in ("high-spin", "antiparallel") and not card.spin.unpaired:
        problem = f"[spin] has the rule {card.spin.rule!r} but no table 'unpaired'"
    elif card.spin.rule == "antiparallel" and not (
        card.spin.antiparallel_argument
        and card.spin.antiparallel
        and set(card.spin.antiparallel) <= {symbol for symbol, _ in card.spin.unpaired}
    ):
        problem = (
            "[spin] has the rule 'antiparallel' and needs antiparallel_argument, and in "
            "antiparallel elements that have unpaired electrons"
        )
    elif (card.weights.needed or card.weights.path) and not card.weights.argument:
        problem = "[weights] asks for a file but has no argument that takes its path"
    if problem:
        raise InputError(
            f"The calculator card {path} contradicts itself: {problem}.",
            why="The calculator cannot be made from it.",
            fix="Add the missing entry.",
        )
