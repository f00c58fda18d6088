"""The mechanisms that can be computed, and where each is.

Nothing heavy is imported here, so that the command line can list them.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from reticulum.durations import in_words
from reticulum.errors import InputError

if TYPE_CHECKING:
    from reticulum.phonons.modes import ModeTable
    from reticulum.phonons.run import Run
    from reticulum.thermal.mechanism import MechanismResult


class MechanismOutcome(Protocol):
    """What computing a mechanism gives: a result, or the finding that there is none."""

    @property
    def mechanism(self) -> MechanismResult | None:
        """Bands and slopes; None if the mechanism does not exist in this crystal."""

    @property
    def verdict(self) -> str:
        """One sentence on what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMechanism:
    """Outcome of a mechanism that always gives a result."""

    mechanism: MechanismResult

    @property
    def verdict(self) -> str:
        """Nothing beyond the result."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCost:
    """What a mechanism takes at most, if nothing of it is stored.

    Parameters
    ----------
    n_calls
        Force calculations.
    minutes
        Wall time, min.

    """

    n_calls: int
    minutes: float

    @property
    def text(self) -> str:
        """Calculations and time in words."""
        return f"{self.n_calls} force calculations, {in_words(60.0 * self.minutes)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismEntry:
    """A mechanism that is computed from Gamma phonons and more force calculations.

    Parameters
    ----------
    name
        Word of the command line.
    title
        Name in tables.
    summary
        What it does, for the help text.
    place
        ``module:function``; the function takes a run, its modes and keywords of its own.
    cost_place
        Likewise, of a function that takes the same and gives the cost; empty if there is none.

    """

    name: str
    title: str
    summary: str
    place: str
    cost_place: str = ""

    def compute(self, run: Run, table: ModeTable, **keywords: Any) -> MechanismOutcome:
        """Compute it; everything finished is kept in the run folder.

        Parameters
        ----------
        run
            From `reticulum.phonons.run.open_run`.
        table
            Modes of the run.
        keywords
            Passed to the function.

        Raises
        ------
        CalculationError
            If a calculation failed; all that finished is kept.

        """
        found = _function(self.place)(run, table, **keywords)
        if hasattr(found, "mechanism"):
            return cast("MechanismOutcome", found)
        return FoundMechanism(mechanism=found)

    def cost(self, run: Run, table: ModeTable, **keywords: Any) -> ExpectedCost:
        """What computing it takes at most.

        Parameters
        ----------
        run, table, keywords
            As for `compute`.

        Raises
        ------
        ValueError
            If it is not known for this mechanism.
        CalculationError
            If the calculation of the crystal at rest failed.

        """
        if not self.cost_place:
            raise ValueError(f"the cost of {self.name} is not known beforehand")
        return cast("ExpectedCost", _function(self.cost_place)(run, table, **keywords))


def _function(place: str) -> Any:
    module, _, function = place.partition(":")
    return getattr(importlib.import_module(module), function)


#: Mechanisms in the order in which they are computed.
CATALOGUE: tuple[MechanismEntry, ...] = (
    MechanismEntry(
        name="adiabatic",
        title="adiabatic route",
        summary="soft motions move, stiff ones follow; each soft motion by itself (the default "
        "prediction; about a thousand calculations for HKUST-1)",
        place="reticulum.thermal.adiabatic_run:adiabatic_redshift",
        cost_place="reticulum.thermal.adiabatic_cost:adiabatic_cost",
    ),
    MechanismEntry(
        name="quasi-harmonic",
        title="quasi-harmonic expansion",
        summary="the cell expands or contracts; phonons at other volumes",
        place="reticulum.thermal.quasi_harmonic_run:quasi_harmonic_redshift",
    ),
    MechanismEntry(
        name="mode-coupling",
        title="mode coupling in straight lines",
        summary="third and fourth derivatives of the energy in normal coordinates; shown for "
        "comparison, its sums cancel in soft modes",
        place="reticulum.thermal.mode_coupling_run:mode_coupling_redshift",
    ),
    MechanismEntry(
        name="loose-state",
        title="loose state",
        summary="search for a second minimum of the metal-oxygen bonds, and its equilibrium",
        place="reticulum.thermal.loose_state_search:loose_state_redshift",
    ),
    MechanismEntry(
        name="sampling",
        title="thermal sampling",
        summary="joint random draws of all soft motions, stiff ones following",
        place="reticulum.thermal.sampling_run:sampling_redshift",
    ),
    MechanismEntry(
        name="md",
        title="molecular dynamics",
        summary="velocity spectra, for fast calculators only (tens of thousands of calculations)",
        place="reticulum.thermal.molecular_dynamics_run:molecular_dynamics_redshift",
    ),
)

#: Pictures that need no entry of their own: the fitted equilibrium, and the metal-oxygen scan.
QUICK: tuple[str, ...] = ("two-state", "oscillator")

#: Left out of ``all``: they take much longer than all others together.
SLOW: tuple[str, ...] = ("sampling", "md")

#: The prediction proper: computed unasked where it is neither stored nor long.
PREDICTION = "adiabatic"

#: What is computed if nothing is said, and how long the prediction may take then, min.
DEFAULT, DEFAULT_MINUTES = "default", 30.0

#: Words for several methods at once.
GROUPS: dict[str, tuple[str, ...]] = {
    DEFAULT: (*QUICK, PREDICTION),
    "quick": QUICK,
    "all": (*QUICK, *(entry.name for entry in CATALOGUE if entry.name not in SLOW)),
}


def chosen_methods(words: Sequence[str]) -> tuple[str, ...]:
    """Names of the methods that a user asked for, each once, in the order of computation.

    Parameters
    ----------
    words
        Names or groups, each possibly several with commas between.

    Raises
    ------
    InputError
        If a word is no method, or there is none.

    """
    known = (*QUICK, *(entry.name for entry in CATALOGUE))
    wanted: set[str] = set()
    for word in _single(words):
        if word in GROUPS:
            wanted.update(GROUPS[word])
        elif word in known:
            wanted.add(word)
        else:
            raise InputError(
                f"{word!r} is no method.",
                why="There are: " + ", ".join((*known, *GROUPS)) + ".",
                fix="Give one or more of them, with commas between.",
            )
    if not wanted:
        raise InputError(
            "No method was named.",
            why="There are: " + ", ".join((*known, *GROUPS)) + ".",
            fix="Give one or more of them, with commas between.",
        )
    return tuple(name for name in known if name in wanted)


def unasked_methods(words: Sequence[str]) -> dict[str, float]:
    """Methods that only the word ``default`` brings, and how long each may take, min.

    Parameters
    ----------
    words
        As for `chosen_methods`.

    Raises
    ------
    InputError
        As there.

    """
    others = [word for word in _single(words) if word != DEFAULT]
    if len(others) == len(_single(words)):
        return {}
    named = chosen_methods(others) if others else ()
    return {} if PREDICTION in named else {PREDICTION: DEFAULT_MINUTES}


def _single(words: Sequence[str]) -> list[str]:
    """Words without the commas between them."""
    parts = (part.strip().lower() for text in words for part in text.split(","))
    return [part for part in parts if part]


def find_mechanism(name: str) -> MechanismEntry:
    """Entry of a mechanism by its name.

    Raises
    ------
    InputError
        If there is none of this name.

    """
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    raise InputError(
        f"{name!r} is no mechanism.",
        why="There are: " + ", ".join(entry.name for entry in CATALOGUE) + ".",
        fix="Give one of them.",
    )
