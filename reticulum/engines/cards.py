"""Calculator cards: what each calculator is, needs and gives, read from `calculators/*.toml`.

Only the standard library is imported here, so that listing is fast.
"""

from __future__ import annotations

import copy
import difflib
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
SPIN_RULES = ("none", "closed-shell", "high-spin", "antiparallel")

#: Displacement for finite differences where a card names none, Å: the usual compromise of phonopy.
DEFAULT_DISPLACEMENT_A = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class SpinRule:
    """How the spin state follows from the composition.

    Parameters
    ----------
    rule
        ``"none"``: the calculator knows no spin. ``"closed-shell"``: no unpaired electron.
        ``"high-spin"``: all unpaired electrons of `unpaired` parallel. ``"antiparallel"``: the
        same, but opposite on the two metals of the dimers of `antiparallel`.
    multiplicity_argument
        Keyword of the factory that takes the multiplicity 2S + 1.
    unpaired
        Pairs (element, unpaired electrons per atom); may be a fraction where the unit is a dimer.
    when_open
        Keywords that are added when there are unpaired electrons.
    antiparallel
        Elements in whose dimers the spins are opposite.
    antiparallel_argument
        Keyword of the factory that takes their unpaired electrons as a table.
    often_open
        Elements that are often open-shell; where `unpaired` lacks one, the output warns.
    stand_in
        What the state stands for, in words; pairs (element, words).

    """

    rule: str = "none"
    multiplicity_argument: str = ""
    unpaired: tuple[tuple[str, float], ...] = ()
    when_open: tuple[tuple[str, Any], ...] = ()
    antiparallel: tuple[str, ...] = ()
    antiparallel_argument: str = ""
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
    magnetic_states
        Which magnetic states it computes and which it cannot, in words.
    gamma_only
        Whether it describes the electrons at the Gamma point only, so that small cells are wrong.
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
    magnetic_states: str = ""
    gamma_only: bool = False
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
            "antiparallel_dimers": list(self.spin.antiparallel),
            "magnetic_states": self.magnetic_states,
            "gamma_only": self.gamma_only,
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
    from reticulum.engines.card_files import read_card

    cards = [read_card(path) for path in data_folder("calculators").glob("*.toml")]
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
    from reticulum.engines.card_files import read_card

    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return read_card(Path(name_or_path).expanduser())
    path = data_folder("calculators") / f"{text.lower()}.toml"
    if path.is_file():
        return read_card(path)
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
