"""Calculator cards: what each calculator is, needs and gives, read from `calculators/*.toml`.

Only the standard library is imported here, so that listing is fast.
"""

from __future__ import annotations

import copy
import difflib
import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reticulum.errors import InputError
from reticulum.resources import data_folder

_SYMBOLS_IN_ORDER = """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br
    Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho
    Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es
    Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
"""

#: Chemical symbols in order of the atomic number, H to Og.
ELEMENT_SYMBOLS: tuple[str, ...] = tuple(_SYMBOLS_IN_ORDER.split())

#: Calculator that is used when none is named.
DEFAULT_CALCULATOR = "gfn1-xtb"

#: Properties that a card may claim.
PROPERTIES = ("energy", "forces", "stress", "charges")

#: How a card may ask to be run: many processes of one thread, or one process with all threads.
PARALLEL_MODES = ("processes", "single")

#: Floating-point types that a card may declare for the raw results.
PRECISIONS = ("float64", "float32")

#: Ways to choose the spin state.
SPIN_RULES = ("none", "closed-shell", "high-spin")

#: Displacement for finite differences where a card names none, Å: the usual compromise of phonopy.
DEFAULT_DISPLACEMENT_A = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class SpinRule:
    """How the spin state follows from the composition.

    Parameters
    ----------
    rule
        ``"none"``: the calculator knows no spin. ``"closed-shell"``: no unpaired electron.
        ``"high-spin"``: all unpaired electrons of `unpaired` parallel.
    multiplicity_argument
        Keyword of the factory that takes the multiplicity 2S + 1.
    unpaired
        Pairs (element, unpaired electrons per atom); may be a fraction where the unit is a dimer.
    when_open
        Keywords that are added when there are unpaired electrons.
    often_open
        Elements that are often open-shell; where `unpaired` lacks one, the output warns.
    stand_in
        What the high-spin state stands for, in words; pairs (element, words).

    """

    rule: str = "none"
    multiplicity_argument: str = ""
    unpaired: tuple[tuple[str, float], ...] = ()
    when_open: tuple[tuple[str, Any], ...] = ()
    often_open: tuple[str, ...] = ()
    stand_in: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsRule:
    """Where the parameters of a machine-learned potential come from.

    Parameters
    ----------
    ships
        Whether the package brings its weights.
    needed
        Whether a local weight file must be given.
    what
        Which file is needed, in words.
    argument
        Keyword of the factory (or of the loader) that takes the path; empty when none is taken.
    loader
        Import path of a function that turns the file into a model; the model is then the first
        positional argument of the factory. Empty when the factory reads the file.
    loader_kwargs
        Further keywords of the loader.
    path
        Weight file named by the card; relative paths start at the card's folder.

    """

    ships: bool = False
    needed: bool = False
    what: str = ""
    argument: str = ""
    loader: str = ""
    loader_kwargs: tuple[tuple[str, Any], ...] = ()
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculatorCard:
    """One calculator: how it is made, what it can compute and what is known about it.

    Parameters
    ----------
    name, title, description
        Short name, one line, and a few sentences.
    factories
        Import paths ``module:attribute`` of what makes the ASE calculator; the first that exists
        in the installed version is used.
    distribution
        Name of the distribution whose version is recorded.
    extra
        Optional extra of reticulum that installs it; empty when it comes with reticulum.
    elements
        Symbols that the calculator supports.
    gives
        Subset of `PROPERTIES`.
    precision
        Floating-point type of the raw results; everything is converted to float64.
    displacement_a
        Recommended displacement for force constants, Å.
    parallel
        One of `PARALLEL_MODES`.
    uses_lapack
        Whether a fast BLAS loaded first makes it faster.
    keywords
        Pairs (keyword, value) for the factory; see `kwargs`.
    spin, weights
        Spin rule and weight files.
    citation_keys, citations
        Keys of `reticulum/reference/sources.bib`, and the references in words.
    licence, weights_licence
        Licence of the package and of its weights (empty: it has none of its own).
    notes
        Measured numbers and limits, one sentence each.
    source
        The file that the card was read from; None for a calculator object of the user's.

    """

    name: str
    title: str
    factories: tuple[str, ...]
    distribution: str
    elements: tuple[str, ...]
    gives: tuple[str, ...]
    description: str = ""
    extra: str = ""
    precision: str = "float64"
    displacement_a: float = DEFAULT_DISPLACEMENT_A
    parallel: str = "single"
    uses_lapack: bool = False
    keywords: tuple[tuple[str, Any], ...] = ()
    spin: SpinRule = field(default_factory=SpinRule)
    weights: WeightsRule = field(default_factory=WeightsRule)
    citation_keys: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    licence: str = ""
    weights_licence: str = ""
    notes: tuple[str, ...] = ()
    source: Path | None = None

    @property
    def kwargs(self) -> dict[str, Any]:
        """Keywords of the factory without spin and weights, as a new dictionary."""
        return {key: copy.deepcopy(value) for key, value in self.keywords}

    @property
    def ships_weights(self) -> bool:
        """Whether the package brings its weights."""
        return self.weights.ships

    @property
    def needs_weights(self) -> bool:
        """Whether a local weight file must be given."""
        return self.weights.needed

    @property
    def install_command(self) -> str:
        """Command that installs what the calculator needs."""
        if self.extra:
            return f"python -m pip install 'reticulum[{self.extra}]'"
        return f"python -m pip install {self.distribution}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "factory": self.factories[0] if self.factories else "",
            "distribution": self.distribution,
            "extra": self.extra,
            "elements": list(self.elements),
            "gives": list(self.gives),
            "precision": self.precision,
            "displacement_a": self.displacement_a,
            "parallel": self.parallel,
            "uses_lapack": self.uses_lapack,
            "kwargs": self.kwargs,
            "spin_rule": self.spin.rule,
            "unpaired_electrons": dict(self.spin.unpaired),
            "ships_weights": self.ships_weights,
            "needs_weights": self.needs_weights,
            "citation_keys": list(self.citation_keys),
            "citations": list(self.citations),
            "licence": self.licence,
            "weights_licence": self.weights_licence,
            "notes": list(self.notes),
        }


def list_calculators() -> tuple[CalculatorCard, ...]:
    """Bundled calculator cards, the default first, then by name.

    Raises
    ------
    InputError
        If a card is damaged.

    """
    cards = [_read(path) for path in data_folder("calculators").glob("*.toml")]
    return tuple(sorted(cards, key=lambda card: (card.name != DEFAULT_CALCULATOR, card.name)))


def load_calculator_card(name_or_path: str | Path) -> CalculatorCard:
    """Card of a bundled calculator, or of the user's own file.

    Parameters
    ----------
    name_or_path
        Name of a bundled card such as ``gfn1-xtb``, or path of a TOML file of the same format.

    Raises
    ------
    InputError
        If there is no such card, or the file has unknown, missing or wrong entries.

    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return _read(Path(name_or_path).expanduser())
    path = data_folder("calculators") / f"{text.lower()}.toml"
    if path.is_file():
        return _read(path)
    names = sorted(found.stem for found in path.parent.glob("*.toml"))
    close = difflib.get_close_matches(text.lower(), names, n=3, cutoff=0.4)
    raise InputError(
        f"There is no calculator named {text!r}.",
        why=f"The nearest names are: {', '.join(close)}."
        if close
        else f"The names are: {', '.join(names)}.",
        fix="Run `reticulum calculators` for the list, or give the path of a card of your own "
        "(a file that ends in .toml).",
    )


# --- reading a card ------------------------------------------------------------------------------


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
    "kwargs": ("keywords", _pairs),
    "notes": ("notes", _texts),
}
_REQUIRED = ("name", "title", "factory", "distribution", "elements", "gives")
_SPIN: _Table = {
    "rule": ("rule", _one_of(SPIN_RULES)),
    "multiplicity_argument": ("multiplicity_argument", _text),
    "unpaired": ("unpaired", _unpaired),
    "when_open": ("when_open", _pairs),
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


def _read(path: Path) -> CalculatorCard:
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
    elif card.spin.rule == "high-spin" and not card.spin.unpaired:
        problem = "[spin] has the rule 'high-spin' but no table 'unpaired'"
    elif (card.weights.needed or card.weights.path) and not card.weights.argument:
        problem = "[weights] asks for a file but has no argument that takes its path"
    if problem:
        raise InputError(
            f"The calculator card {path} contradicts itself: {problem}.",
            why="The calculator cannot be made from it.",
            fix="Add the missing entry.",
        )
