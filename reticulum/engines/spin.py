"""The spin state that a calculator is given: from the composition, by the rule of its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reticulum.engines.cards import CalculatorCard, SpinRule
from reticulum.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

#: Numbers of electrons from fractions per atom count as whole within this.
_WHOLE_NUMBER = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class SpinState:
    """Spin state that a calculator is given for a composition.

    Parameters
    ----------
    n_unpaired
        Number of unpaired electrons in the cell, opposite ones cancelled; None where the
        calculator knows no spin.
    multiplicity
        n_unpaired + 1; None where the calculator knows no spin.
    sentence
        What was assumed, for the output.
    warning
        What is doubtful about it; empty when nothing is.
    antiparallel
        Pairs (element, unpaired electrons per atom) of metals whose dimers have opposite spins.

    """

    n_unpaired: int | None
    multiplicity: int | None
    sentence: str
    warning: str = ""
    antiparallel: tuple[tuple[str, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "n_unpaired": self.n_unpaired,
            "multiplicity": self.multiplicity,
            "sentence": self.sentence,
            "warning": self.warning,
            "antiparallel": dict(self.antiparallel),
        }


def spin_state(card: CalculatorCard, atoms: Atoms) -> SpinState:
    """Spin state for a composition by the rule of a card.

    Parameters
    ----------
    card
        Its spin rule decides.
    atoms
        Structure; only its composition counts.

    Raises
    ------
    InputError
        If the number of electrons does not fit the rule.

    """
    rule = card.spin
    if rule.rule == "none":
        return SpinState(
            n_unpaired=None, multiplicity=None, sentence=f"{card.name} has no spin setting."
        )
    counts = _counts(atoms)
    unpaired = _n_unpaired(card, counts)
    electrons = int(atoms.numbers.sum()) - round(card.kwargs.get("charge", 0) or 0)
    if (electrons - unpaired) % 2:
        raise _wrong_parity(card, atoms, electrons, unpaired)
    bare = sorted(set(counts) & set(rule.often_open) - {symbol for symbol, _ in rule.unpaired})
    warning = ""
    if bare:
        warning = (
            f"{', '.join(bare)} {'is' if len(bare) == 1 else 'are'} often open-shell, but "
            f"{card.name} treats {'it' if len(bare) == 1 else 'them'} as closed-shell; a card "
            "of your own can set the unpaired electrons."
        )
    return SpinState(
        n_unpaired=unpaired,
        multiplicity=unpaired + 1,
        sentence=_spin_sentence(rule, counts, unpaired),
        warning=warning,
        antiparallel=_antiparallel(rule, counts),
    )


def _n_unpaired(card: CalculatorCard, counts: dict[str, int]) -> int:
    rule = card.spin
    if rule.rule == "closed-shell":
        return 0
    opposite = dict(_antiparallel(rule, counts))
    for symbol in opposite:
        if counts[symbol] % 2:
            raise InputError(
                f"The cell holds {counts[symbol]} {symbol} atoms, and {card.name} pairs them.",
                why="Opposite spins need dimers of two.",
                fix="Use a cell with whole dimers, or a calculator without pairing.",
            )
    total = sum(
        counts.get(symbol, 0) * each for symbol, each in rule.unpaired if symbol not in opposite
    )
    if abs(total - round(total)) > _WHOLE_NUMBER:
        shares = [symbol for symbol, each in rule.unpaired if each % 1 and symbol in counts]
        raise InputError(
            f"The spin rule of {card.name} gives {total:g} unpaired electrons.",
            why=f"{', '.join(shares)} is counted in units of two atoms, and the cell holds an "
            "odd number.",
            fix="Use a cell with whole units, or a card of your own with other numbers in "
            "[spin] unpaired.",
        )
    return round(total)


def _wrong_parity(card: CalculatorCard, atoms: Atoms, electrons: int, unpaired: int) -> InputError:
    shell = "a closed shell" if unpaired == 0 else f"{unpaired} unpaired electrons"
    parity = "an odd" if electrons % 2 else "an even"
    return InputError(
        f"{atoms.get_chemical_formula()} has {electrons} electrons, {parity} number, and "
        f"the calculator {card.name} would give it {shell}.",
        why="That is impossible: a hydrogen atom or a counter-ion may be missing, or a metal "
        "has another oxidation state than the card assumes.",
        fix="Check the composition, or set the unpaired electrons in a card of your own "
        "([spin] unpaired).",
    )


def _counts(atoms: Atoms) -> dict[str, int]:
    counts: dict[str, int] = {}
    for symbol in atoms.get_chemical_symbols():
        counts[symbol] = counts.get(symbol, 0) + 1
    return counts


def _spin_sentence(rule: SpinRule, counts: dict[str, int], unpaired: int) -> str:
    if rule.rule == "closed-shell":
        return "Closed shell: no unpaired electron (multiplicity 1)."
    opposite = _antiparallel(rule, counts)
    if unpaired == 0 and not opposite:
        return (
            "Closed shell (multiplicity 1): no element of the structure has an unpaired electron."
        )
    words = dict(rule.stand_in)
    parts = [
        f"{counts[symbol]} {symbol} with {each:g} unpaired electron{'s' if each != 1 else ''} each"
        for symbol, each in rule.unpaired
        if each and symbol in counts and (symbol, each) not in opposite
    ]
    remarks = [words[symbol] for symbol, each in rule.unpaired if each and words.get(symbol, "")
               and symbol in counts]  # fmt: skip
    sentences = []
    if opposite:
        named = " and ".join(
            f"{counts[symbol]} {symbol} with {each:g} unpaired electron{'s' if each != 1 else ''} "
            "each"
            for symbol, each in opposite
        )
        sentences.append(
            f"Antiferromagnetic (broken symmetry): {named}, opposite in the two metals of each "
            "dimer."
        )
    if parts:
        sentences.append(
            f"High spin: {' and '.join(parts)}, all parallel "
            f"({unpaired} unpaired electrons, multiplicity {unpaired + 1})."
        )
    return " ".join([*sentences, *remarks])


def _antiparallel(rule: SpinRule, counts: dict[str, int]) -> tuple[tuple[str, float], ...]:
    """Elements of the structure whose dimers have opposite spins, with unpaired electrons."""
    return tuple(
        (symbol, each)
        for symbol, each in rule.unpaired
        if symbol in rule.antiparallel and symbol in counts and each
    )
