"""From a calculator card to a working ASE calculator."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import pickle
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reticulum.engines.cards import (
    ELEMENT_SYMBOLS,
    PROPERTIES,
    CalculatorCard,
    load_calculator_card,
)
from reticulum.engines.fingerprint import (
    Fingerprint,
    as_json_pairs,
    distribution_of,
    fingerprint_of_object,
    sha256_of,
    version_of,
)
from reticulum.engines.single_point import SinglePoint, evaluate
from reticulum.engines.spin import SpinState, spin_state
from reticulum.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Engine", "Fingerprint", "SinglePoint", "SpinState", "evaluate", "resolve_engine"]

#: What making a calculator can raise: wrong keywords, unreadable weights, a library's own refusal
#: (ase.calculators.calculator.CalculatorError is a RuntimeError).
_MAKING_ERRORS = (
    TypeError,
    ValueError,
    RuntimeError,
    OSError,
    ImportError,
    LookupError,
    AttributeError,
    AssertionError,
    pickle.UnpicklingError,
)


#: Held while standard output is redirected, which concerns all threads of the process.
_QUIET = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A calculator that can be made for any composition, anywhere.

    Engines from cards are picklable, so that worker processes make their own calculators. Use
    `resolve_engine` or `Engine.from_ase` to get one.

    Parameters
    ----------
    card
        What the calculator is.
    weights
        Local weight file; None where the card needs none.
    calculator
        A live ASE calculator of the user's instead of one made from the card.
    label
        The user's name for the parameters of `calculator`; part of its fingerprint.

    """

    card: CalculatorCard
    weights: Path | None = None
    calculator: Any = None
    label: str = ""

    @classmethod
    def from_ase(cls, calculator: Any, *, label: str = "", precision: str = "float64") -> Engine:
        """Engine around a live ASE calculator of the user's.

        The object is used as it is, in this process only, and keeps its own settings.

        Parameters
        ----------
        calculator
            Any ASE calculator object.
        label
            A name for its parameters. It becomes part of the fingerprint that keeps runs of
            different calculators apart; needed where the object does not describe itself.
        precision
            ``"float64"``, or ``"float32"`` for a model that computes in single precision.

        Raises
        ------
        InputError
            If the object is no ASE calculator.

        """
        if isinstance(calculator, type) or not callable(getattr(calculator, "get_property", None)):
            what = calculator.__name__ if isinstance(calculator, type) else repr(calculator)
            raise InputError(
                f"{what} is not an ASE calculator object.",
                why="It has no method get_property(name, atoms).",
                fix="Give an instance of a class derived from ase.calculators.calculator."
                "Calculator, the name of a card, or the path of a card.",
            )
        kind = type(calculator)
        given = getattr(calculator, "implemented_properties", ()) or ()
        module = kind.__module__.partition(".")[0]
        card = CalculatorCard(
            name=kind.__name__,
            title=f"{kind.__name__} object of the user's",
            factories=(f"{kind.__module__}:{kind.__qualname__}",),
            distribution=distribution_of(module),
            elements=ELEMENT_SYMBOLS,
            gives=tuple(name for name in PROPERTIES if name in given),
            precision=precision,
            parallel="single",
        )
        return cls(card=card, calculator=calculator, label=label)

    @property
    def name(self) -> str:
        """Name of the card, or class of the user's object."""
        return self.card.name

    @property
    def must_stay_in_process(self) -> bool:
        """Whether the calculator is an object that lives in this process only."""
        return self.calculator is not None

    @property
    def runs_in_one_process(self) -> bool:
        """Whether one process with all threads computes best, rather than one for each core."""
        return self.must_stay_in_process or self.card.parallel == "single"

    @property
    def uses_lapack(self) -> bool:
        """Whether a fast BLAS should be loaded before the calculator."""
        return self.card.uses_lapack

    def make(self, atoms: Atoms) -> Any:
        """Fresh ASE calculator for this composition.

        Parameters
        ----------
        atoms
            Structure; only its composition counts, and it is not changed.

        Returns
        -------
        ase.calculators.calculator.BaseCalculator
            With the spin state of `spin_state`. A user's live object is returned itself.

        Raises
        ------
        MissingExtraError
            If the package is not installed.
        InputError
            If weights are missing, an element is not supported, or the keywords are wrong.

        """
        if self.calculator is not None:
            return self.calculator
        self.check_available()
        self.check_supports(atoms)
        keywords = self._keywords(atoms)
        weights = self._weights()
        positional: tuple[Any, ...] = ()
        # Libraries announce themselves on standard output, which belongs to the results.
        with _QUIET, contextlib.redirect_stdout(sys.stderr):
            factory = self._import(self.card.factories)
            try:
                rule = self.card.weights
                if weights is not None and rule.loader:
                    loader = self._import((rule.loader,))
                    model = loader(**{rule.argument: str(weights)}, **dict(rule.loader_kwargs))
                    positional = model if isinstance(model, tuple) else (model,)
                elif weights is not None:
                    keywords[rule.argument] = str(weights)
                return factory(*positional, **keywords)
            except _MAKING_ERRORS as error:
                raise InputError(
                    f"The calculator {self.name} cannot be made: {error}",
                    why=f"{self.card.factories[0]} refused its keywords "
                    f"{', '.join(keywords) or '(none)'}"
                    + (f" or the weight file {weights}." if weights else "."),
                    fix=f"Check the card {self.card.source}"
                    + (" and that the file belongs to this kind of model." if weights else "."),
                ) from error

    def check_available(self) -> None:
        """Make sure that the package is installed and the weights are there, without importing.

        Raises
        ------
        MissingExtraError
            If the package is not installed; the message has its pip command.
        InputError
            If a weight file is needed and missing, or given and not taken.

        """
        if self.calculator is not None:
            return
        modules = {path.partition(":")[0].partition(".")[0] for path in self.card.factories}
        missing = [name for name in sorted(modules) if not _is_installed(name)]
        if len(missing) == len(modules):
            raise self._missing_extra(f"The package {missing[0]!r} is not installed.")
        weights, rule = self._weights(), self.card.weights
        if weights is None:
            if rule.needed:
                raise InputError(
                    f"The calculator {self.name} needs a weight file and none was given.",
                    why=f"The file: {rule.what or 'the weights of the trained model'}. It is not "
                    "part of the package, and reticulum downloads none.",
                    fix="Give it with --weights PATH (in Python: weights=PATH), or as `path` in "
                    "[weights] of a card of your own.",
                )
        elif not rule.argument:
            raise InputError(
                f"The calculator {self.name} takes no weight file, but {weights} was given.",
                why="Its parameters are fixed, or its card has no `argument` in [weights].",
                fix="Leave --weights out, or choose another calculator.",
            )
        elif not weights.is_file():
            raise InputError(
                f"The weight file {weights} of the calculator {self.name} does not exist.",
                why=f"The file: {rule.what}." if rule.what else "",
                fix="Check the path given with --weights or in the card.",
            )

    def check_supports(self, atoms: Atoms) -> None:
        """Make sure that the calculator knows all elements and that their spin state is possible.

        Raises
        ------
        InputError
            If an element is not supported, or the number of electrons does not fit.

        """
        unknown = sorted(set(atoms.get_chemical_symbols()) - set(self.card.elements))
        if unknown:
            raise InputError(
                f"The calculator {self.name} does not know: {', '.join(unknown)}.",
                why=f"The structure is {atoms.get_chemical_formula()}; the card lists "
                f"{len(self.card.elements)} elements.",
                fix="Choose another calculator (`reticulum calculators` lists their elements).",
            )
        self.spin_state(atoms)

    def spin_state(self, atoms: Atoms) -> SpinState:
        """Spin state for this composition by the rule of the card.

        Parameters
        ----------
        atoms
            Structure; only its composition counts.

        Raises
        ------
        InputError
            If the number of electrons does not fit the rule.

        """
        if self.calculator is not None:
            return SpinState(
                n_unpaired=None,
                multiplicity=None,
                sentence=f"{self.name} is the user's own object and keeps its spin settings.",
            )
        return spin_state(self.card, atoms)

    def fingerprint(self, atoms: Atoms) -> Fingerprint:
        """What decides the numbers for this composition: settings, version, weights.

        Parameters
        ----------
        atoms
            Structure; only its composition counts (through the spin state).

        Raises
        ------
        InputError
            If the spin state is impossible or the weight file cannot be read.

        """
        if self.calculator is not None:
            return fingerprint_of_object(self.card, self.calculator, self.label)
        settings = self._keywords(atoms)
        rule = self.card.weights
        weights = self._weights()
        if weights is not None and rule.loader:
            settings["weights loader"] = {rule.loader: dict(rule.loader_kwargs)}
        return Fingerprint(
            calculator=self.name,
            factory=self.card.factories[0],
            settings=as_json_pairs(settings)[0],
            distribution=self.card.distribution,
            version=version_of(self.card.distribution),
            weights_sha256="" if weights is None else sha256_of(weights),
        )

    # --- inside ----------------------------------------------------------------------------------

    def _weights(self) -> Path | None:
        chosen = self.weights or self.card.weights.path
        return None if chosen is None else Path(chosen).expanduser().absolute()

    def _keywords(self, atoms: Atoms) -> dict[str, Any]:
        keywords = self.card.kwargs
        state = self.spin_state(atoms)
        if state.multiplicity is not None:
            keywords[self.card.spin.multiplicity_argument] = state.multiplicity
            if state.n_unpaired or state.antiparallel:
                keywords |= dict(self.card.spin.when_open)
            if state.antiparallel:
                keywords[self.card.spin.antiparallel_argument] = dict(state.antiparallel)
        return keywords

    def _import(self, paths: Iterable[str]) -> Any:
        """First of the import paths that exists in the installed version."""
        failure: ImportError | AttributeError | None = None
        for path in paths:
            module, _, attribute = path.partition(":")
            try:
                found: Any = importlib.import_module(module)
                for name in attribute.split("."):
                    found = getattr(found, name)
                return found
            except (ImportError, AttributeError) as error:
                failure = failure or error
        raise self._missing_extra(f"{' or '.join(paths)} cannot be imported: {failure}.")

    def _missing_extra(self, what: str) -> MissingExtraError:
        return MissingExtraError(
            what,
            why=f"The calculator {self.name} needs it ({self.card.title}).",
            fix=f"Install it with: {self.card.install_command}"
            + (
                f" (in a checkout: python -m pip install '.[{self.card.extra}]')"
                if self.card.extra
                else ""
            )
            + (
                f" - and give its weights with --weights PATH ({self.card.weights.what})."
                if self.card.needs_weights and self._weights() is None
                else ""
            ),
        )


def resolve_engine(spec: Any, weights: str | Path | None = None) -> Engine:
    """Engine for a name, a card file, an ASE calculator object or an engine.

    Parameters
    ----------
    spec
        Name of a bundled card, path of a card, ASE calculator object, or `Engine`.
    weights
        Local weight file; overrides one that the card names.

    Raises
    ------
    InputError
        If there is no such card, it is wrong, or the object is no calculator.

    """
    path = None if weights is None else Path(weights)
    if isinstance(spec, (str, Path)):
        return Engine(card=load_calculator_card(spec), weights=path)
    engine = spec if isinstance(spec, Engine) else Engine.from_ase(spec)
    if path is None:
        return engine
    if engine.calculator is not None:
        raise InputError(
            f"A weight file ({path}) was given beside the calculator object {engine.name}.",
            why="A finished object keeps the weights that it was made with.",
            fix="Leave the weight file out, or name a card.",
        )
    return Engine(card=engine.card, weights=path)


def _is_installed(module: str) -> bool:
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
