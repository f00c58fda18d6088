"""From a calculator card to a working ASE calculator, and one checked evaluation of it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import json
import pickle
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.cards import (
    ELEMENT_SYMBOLS,
    PROPERTIES,
    CalculatorCard,
    SpinRule,
    load_calculator_card,
)
from reticulum.errors import CalculationError, InputError, MissingExtraError
from reticulum.provenance import to_jsonable

if TYPE_CHECKING:
    from ase import Atoms

#: Bytes read at once when a weight file is hashed.
_HASH_BLOCK = 1 << 20

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

#: What a single point can raise. tblite: ase CalculationFailed (SCF not converged, LAPACK failure,
#: impossible spin) and ase InputError (overlapping atoms, unknown element), both RuntimeError;
#: tblite.exceptions.TBLiteValueError and TBLiteTypeError. ase PropertyNotImplementedError is a
#: NotImplementedError, and torch raises RuntimeError, out of memory included.
_RUNNING_ERRORS = (RuntimeError, ValueError, TypeError, ArithmeticError, LookupError)

#: Fragments of messages, why it happens and what to do.
_REASONS: tuple[tuple[str, str, str], ...] = (
    (
        "not converged",
        "The self-consistent electronic structure did not settle, as happens for strongly "
        "distorted geometries or an unsuitable spin state.",
        "Check the structure, or use a card of your own with a larger max_iterations or a "
        "smaller mixer_damping in [kwargs].",
    ),
    (
        "too close",
        "Two atoms lie almost on top of each other.",
        "Check the structure: disorder in a CIF gives such pairs.",
    ),
    (
        "unpaired electrons",
        "The spin state does not fit the number of electrons.",
        "Check that the cell is complete (hydrogen atoms, counter-ions), or set the spin in a "
        "card of your own.",
    ),
    (
        "out of memory",
        "The structure is too large for the memory of this device.",
        "Use a smaller cell, or fewer workers.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SinglePoint:
    """Energy and forces of one structure.

    Parameters
    ----------
    energy_ev
        Total energy, eV.
    forces_ev_per_a
        (n, 3), eV/Å.
    stress_ev_per_a3
        (6,) in the order xx, yy, zz, yz, xz, xy, eV/Å³, tension positive; None where the
        calculator gives none.
    charges_e
        (n,) atomic charges, e; None where the calculator gives none.

    """

    energy_ev: float
    forces_ev_per_a: NDArray[np.float64]
    stress_ev_per_a3: NDArray[np.float64] | None = None
    charges_e: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        n_atoms = len(self.forces_ev_per_a)
        if self.forces_ev_per_a.shape != (n_atoms, 3):
            raise ValueError(f"forces have the shape {self.forces_ev_per_a.shape}")
        if self.stress_ev_per_a3 is not None and self.stress_ev_per_a3.shape != (6,):
            raise ValueError(f"stress has the shape {self.stress_ev_per_a3.shape}")
        if self.charges_e is not None and self.charges_e.shape != (n_atoms,):
            raise ValueError(f"charges have the shape {self.charges_e.shape}")
        for array in (self.forces_ev_per_a, self.stress_ev_per_a3, self.charges_e):
            if array is not None:
                array.setflags(write=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "energy_ev": self.energy_ev,
            "forces_ev_per_a": to_jsonable(self.forces_ev_per_a),
            "stress_ev_per_a3": to_jsonable(self.stress_ev_per_a3),
            "charges_e": to_jsonable(self.charges_e),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SpinState:
    """Spin state that a calculator is given for a composition.

    Parameters
    ----------
    n_unpaired
        Number of unpaired electrons in the cell; None where the calculator knows no spin.
    multiplicity
        n_unpaired + 1; None where the calculator knows no spin.
    sentence
        What was assumed, for the output.
    warning
        What is doubtful about it; empty when nothing is.

    """

    n_unpaired: int | None
    multiplicity: int | None
    sentence: str
    warning: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "n_unpaired": self.n_unpaired,
            "multiplicity": self.multiplicity,
            "sentence": self.sentence,
            "warning": self.warning,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What decides the numbers that a calculator gives.

    Parameters
    ----------
    calculator
        Name of the card, or class of the user's object.
    factory
        Import path of what makes it.
    settings
        Pairs (keyword, value as JSON), sorted, spin included.
    distribution, version
        Distribution and its installed version; empty where unknown.
    weights_sha256
        Of the weight file, or of the parameters of a model inside the user's object; else empty.
    complete
        False where a user's object does not say what its parameters are, so that two different
        ones could have the same fingerprint; `Engine.from_ase` then wants a label.

    """

    calculator: str
    factory: str
    settings: tuple[tuple[str, str], ...]
    distribution: str
    version: str
    weights_sha256: str = ""
    complete: bool = True

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of everything above."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "calculator": self.calculator,
            "factory": self.factory,
            "settings": {key: json.loads(value) for key, value in self.settings},
            "distribution": self.distribution,
            "version": self.version,
            "weights_sha256": self.weights_sha256,
            "complete": self.complete,
        }


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
            distribution=_distribution_of(module),
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
        with contextlib.redirect_stdout(sys.stderr):
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
        rule = self.card.spin
        if self.calculator is not None:
            return SpinState(
                n_unpaired=None,
                multiplicity=None,
                sentence=f"{self.name} is the user's own object and keeps its spin settings.",
            )
        if rule.rule == "none":
            return SpinState(
                n_unpaired=None,
                multiplicity=None,
                sentence=f"{self.name} has no spin setting.",
            )
        counts = _counts(atoms)
        unpaired = self._n_unpaired(counts)
        electrons = int(atoms.numbers.sum()) - round(self.card.kwargs.get("charge", 0) or 0)
        if (electrons - unpaired) % 2:
            raise self._wrong_parity(atoms, electrons, unpaired)
        bare = sorted(set(counts) & set(rule.often_open) - {symbol for symbol, _ in rule.unpaired})
        warning = ""
        if bare:
            warning = (
                f"{', '.join(bare)} {'is' if len(bare) == 1 else 'are'} often open-shell, but "
                f"{self.name} treats {'it' if len(bare) == 1 else 'them'} as closed-shell; a card "
                "of your own can set the unpaired electrons."
            )
        return SpinState(
            n_unpaired=unpaired,
            multiplicity=unpaired + 1,
            sentence=_spin_sentence(rule, counts, unpaired),
            warning=warning,
        )

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
            return self._fingerprint_of_object()
        settings = self._keywords(atoms)
        rule = self.card.weights
        weights = self._weights()
        if weights is not None and rule.loader:
            settings["weights loader"] = {rule.loader: dict(rule.loader_kwargs)}
        return Fingerprint(
            calculator=self.name,
            factory=self.card.factories[0],
            settings=_as_json_pairs(settings)[0],
            distribution=self.card.distribution,
            version=_version_of(self.card.distribution),
            weights_sha256="" if weights is None else _sha256_of(weights),
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
            if state.n_unpaired:
                keywords |= dict(self.card.spin.when_open)
        return keywords

    def _n_unpaired(self, counts: dict[str, int]) -> int:
        rule = self.card.spin
        if rule.rule == "closed-shell":
            return 0
        total = sum(counts.get(symbol, 0) * each for symbol, each in rule.unpaired)
        if abs(total - round(total)) > 1e-9:
            shares = [symbol for symbol, each in rule.unpaired if each % 1 and symbol in counts]
            raise InputError(
                f"The spin rule of {self.name} gives {total:g} unpaired electrons.",
                why=f"{', '.join(shares)} is counted in units of two atoms, and the cell holds an "
                "odd number.",
                fix="Use a cell with whole units, or a card of your own with other numbers in "
                "[spin] unpaired.",
            )
        return round(total)

    def _wrong_parity(self, atoms: Atoms, electrons: int, unpaired: int) -> InputError:
        shell = "a closed shell" if unpaired == 0 else f"{unpaired} unpaired electrons"
        parity = "odd" if electrons % 2 else "even"
        return InputError(
            f"{atoms.get_chemical_formula()} has {electrons} electrons, an {parity} number, and "
            f"the calculator {self.name} would give it {shell}.",
            why="That is impossible: a hydrogen atom or a counter-ion may be missing, or a metal "
            "has another oxidation state than the card assumes.",
            fix="Check the composition, or set the unpaired electrons in a card of your own "
            "([spin] unpaired).",
        )

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
                f" - and give its weights with --weights PATH ({self.card.weights.what})."
                if self.card.needs_weights and self._weights() is None
                else ""
            ),
        )

    def _fingerprint_of_object(self) -> Fingerprint:
        calculator = self.calculator
        described: dict[str, Any] = dict(getattr(calculator, "parameters", None) or {})
        to_dict = getattr(calculator, "todict", None)
        if callable(to_dict):
            # todict() of some calculators needs parameters that others lack.
            with contextlib.suppress(*_MAKING_ERRORS):
                described |= dict(to_dict())
        model = _sha256_of_model(calculator)
        settings, all_plain = _as_json_pairs(
            {**described, **({"label": self.label} if self.label else {})}
        )
        return Fingerprint(
            calculator=self.name,
            factory=self.card.factories[0],
            settings=settings,
            distribution=self.card.distribution,
            version=_version_of(self.card.distribution),
            weights_sha256=model,
            complete=bool(self.label or model or (settings and all_plain)),
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


def evaluate(calculator: Any, atoms: Atoms, *, stress: bool = False) -> SinglePoint:
    """Energy and forces of one structure, checked to be finite and of the right shape.

    The structure is copied, so it is never changed, and its constraints do not count. The
    calculator object may be used again: a self-consistent one then starts from the last density.

    Parameters
    ----------
    calculator
        An ASE calculator, see `Engine.make`.
    atoms
        Structure.
    stress
        Ask for the stress even where that costs an extra calculation. Without it, the stress is
        returned where it came with the forces.

    Raises
    ------
    CalculationError
        If the calculator failed or gave something that is not finite.

    """
    work = atoms.copy()
    work.set_constraint()
    name = type(calculator).__name__
    formula = atoms.get_chemical_formula()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            forces = calculator.get_property("forces", work)
            energy = calculator.get_property("energy", work)
            results = dict(getattr(calculator, "results", None) or {})
            if stress and "stress" not in results:
                results["stress"] = calculator.get_property("stress", work)
    except _RUNNING_ERRORS as error:
        why, fix = _explain(str(error))
        raise CalculationError(
            f"{name} gave no forces for {formula}: {error}.".replace("..", "."), why=why, fix=fix
        ) from error
    try:
        result = SinglePoint(
            energy_ev=float(np.asarray(energy, dtype=np.float64)),
            forces_ev_per_a=np.array(forces, dtype=np.float64),
            stress_ev_per_a3=_voigt(results.get("stress")),
            charges_e=_copied(results.get("charges")),
        )
        if len(result.forces_ev_per_a) != len(atoms):
            raise ValueError(f"there are {len(result.forces_ev_per_a)} forces")
    except (ValueError, TypeError) as error:
        raise CalculationError(
            f"{name} gave results of a wrong shape for {formula}: {error}.",
            why=f"Energy must be one number and forces ({len(atoms)}, 3).",
            fix="Check the calculator with `reticulum calculators check`.",
        ) from error
    _require_finite(result, name, formula)
    return result


def _require_finite(result: SinglePoint, name: str, formula: str) -> None:
    values = {
        "energy": np.array(result.energy_ev),
        "forces": result.forces_ev_per_a,
        "stress": result.stress_ev_per_a3,
        "charges": result.charges_e,
    }
    for what, array in values.items():
        if array is None or np.isfinite(array).all():
            continue
        raise CalculationError(
            f"{name} gave {what} that are not finite for {formula} "
            f"({int((~np.isfinite(array)).sum())} of {array.size} values).",
            why="Overlapping atoms or a geometry far outside the method's range cause this.",
            fix="Check the structure for atoms that lie too close together.",
        )


def _explain(message: str) -> tuple[str, str]:
    for fragment, why, fix in _REASONS:
        if fragment in message.lower():
            return why, fix
    return (
        "The calculator refused this structure.",
        "Check it with `reticulum calculators check`, and the structure for overlapping or "
        "missing atoms.",
    )


def _voigt(stress: Any) -> NDArray[np.float64] | None:
    """(6,) stress from either of ASE's two forms."""
    if stress is None:
        return None
    array = np.array(stress, dtype=np.float64)
    if array.shape == (3, 3):
        return array[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    return array


def _copied(values: Any) -> NDArray[np.float64] | None:
    return None if values is None else np.array(values, dtype=np.float64)


def _counts(atoms: Atoms) -> dict[str, int]:
    counts: dict[str, int] = {}
    for symbol in atoms.get_chemical_symbols():
        counts[symbol] = counts.get(symbol, 0) + 1
    return counts


def _spin_sentence(rule: SpinRule, counts: dict[str, int], unpaired: int) -> str:
    if rule.rule == "closed-shell":
        return "Closed shell: no unpaired electron (multiplicity 1)."
    if unpaired == 0:
        return (
            "Closed shell (multiplicity 1): no element of the structure has an unpaired electron."
        )
    words = dict(rule.stand_in)
    parts = [
        f"{counts[symbol]} {symbol} with {each:g} unpaired electron{'s' if each != 1 else ''} each"
        for symbol, each in rule.unpaired
        if each and symbol in counts
    ]
    remarks = [words[symbol] for symbol, each in rule.unpaired if each and words.get(symbol, "")
               and symbol in counts]  # fmt: skip
    return " ".join(
        [
            f"High spin: {' and '.join(parts)}, all parallel "
            f"({unpaired} unpaired electrons, multiplicity {unpaired + 1}).",
            *remarks,
        ]
    )


def _as_json_pairs(settings: dict[str, Any]) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Sorted pairs (keyword, JSON), and whether every value has a JSON form.

    A value without one is represented by its class, never by an address in memory.
    """
    pairs, all_plain = [], True
    for key in sorted(settings):
        try:
            value = to_jsonable(settings[key])
        except TypeError:
            kind = type(settings[key])
            value, all_plain = f"<{kind.__module__}.{kind.__qualname__}>", False
        pairs.append((str(key), json.dumps(value, sort_keys=True)))
    return tuple(pairs), all_plain


def _is_installed(module: str) -> bool:
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


@functools.lru_cache(maxsize=64)
def _version_of(distribution: str) -> str:
    try:
        return metadata.version(distribution) if distribution else ""
    except metadata.PackageNotFoundError:
        return ""


def _distribution_of(module: str) -> str:
    """Distribution that brings a module; empty for the user's own files."""
    names = metadata.packages_distributions().get(module, [])
    return names[0] if names else ""


def _sha256_of(path: Path) -> str:
    try:
        state = path.stat()
        return _sha256_of_state(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise InputError(
            f"The weight file {path} cannot be read.",
            why=f"{error.strerror or error}.",
            fix="Check the path given with --weights or in the card.",
        ) from error


@functools.lru_cache(maxsize=16)
def _sha256_of_state(path: Path, size: int, changed_ns: int) -> str:
    """Digest of a file; size and time of change are there so that a new file is read anew."""
    digest = hashlib.sha256(b"")
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _sha256_of_model(calculator: Any) -> str:
    """Digest of the parameters of torch models inside a calculator object; empty without any."""
    models = [getattr(calculator, "model", None), getattr(calculator, "potential", None)]
    committee = getattr(calculator, "models", None)
    models.extend(committee if isinstance(committee, (list, tuple)) else ())
    digest, found = hashlib.sha256(), False
    for model in models:
        state = getattr(model, "state_dict", None)
        if not callable(state):
            continue
        for name, tensor in sorted(state().items()):
            if hasattr(tensor, "detach"):
                found = True
                array = np.ascontiguousarray(tensor.detach().cpu().numpy())
                digest.update(f"{name}{array.dtype}{array.shape}".encode())
                digest.update(array.tobytes())
    return digest.hexdigest() if found else ""
