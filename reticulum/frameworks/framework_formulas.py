"""Frameworks by their formula: ``Cu3(btc)2``, ``[Ru6(btc)4Cl3]``, ``Ru2Cu4(btc)4Cl``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

from reticulum.errors import InputError
from reticulum.frameworks.axial_ligands import AnionState
from reticulum.frameworks.paddlewheel_models import build_a2b4btc4, build_m3btc2
from reticulum.frameworks.paddlewheel_result import PaddlewheelModel
from reticulum.frameworks.paddlewheel_table import load_paddlewheel

#: Stands for any metal in a formula.
ANY_METAL = "M"

#: Metals, linkers in the formula unit to which formulas are brought.
_METALS, _LINKERS = 6, 4

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_FORMULA = re.compile(
    r"(?P<metals>(?:[A-Z][a-z]?\d*)+)\(?(?P<linker>btc)\)?(?P<linkers>[1-9]\d*|0?)"
    r"(?:\(?Cl\)?(?P<anions>\d*\.?\d*))?",
    flags=re.ASCII,
)
_EXAMPLES = "Write it like M3(btc)2 (with --metal), Cu3(btc)2, Ru6(btc)4Cl3 or Ru2Cu4(btc)4Cl."


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkFormula:
    """A formula brought to four linkers.

    Attributes
    ----------
    metals
        Number of atoms of each metal, six in all; ``M`` stands for any metal.
    chlorides
        Number of chloride ions; None if the formula names none.

    """

    metals: Mapping[str, int]
    chlorides: Fraction | None


def parse_formula(formula: str) -> FrameworkFormula:
    """Read a formula; brackets and blanks do not matter, nor does the case of ``btc``.

    Parameters
    ----------
    formula
        Such as ``[Ru2Cu4(btc)4Cl]``.

    Raises
    ------
    InputError
        If it is no formula of a btc framework with three metals to two linkers.

    """
    text = re.sub(r"[\s\[\]_{}]+", "", formula).translate(_SUBSCRIPTS)
    text = re.sub("btc", "btc", text, flags=re.IGNORECASE)
    match = _FORMULA.fullmatch(text)
    if match is None or match["linkers"] == "0":
        raise InputError(
            f"{formula!r} is no formula that can be built.",
            why="Metals, then btc (trimesate), then chloride if any.",
            fix=_EXAMPLES,
        )
    scale = Fraction(_LINKERS, int(match["linkers"] or 1))
    counts: dict[str, Fraction] = {}
    for symbol, count in re.findall(r"([A-Z][a-z]?)(\d*)", match["metals"]):
        counts[symbol] = counts.get(symbol, Fraction(0)) + scale * int(count or 1)
    total = sum(counts.values())
    if total != _METALS or any(count.denominator != 1 for count in counts.values()):
        raise InputError(
            f"{formula!r} has {float(total):g} metal atoms to four btc.",
            why="In this family six metals (three pairs) go with four btc.",
            fix=_EXAMPLES,
        )
    chlorides = None if match["anions"] is None else scale * Fraction(match["anions"] or "1")
    return FrameworkFormula(
        metals={symbol: int(count) for symbol, count in counts.items()}, chlorides=chlorides
    )


def build_framework(
    formula: str,
    *,
    metal: str | None = None,
    lattice_parameter_a: float | None = None,
    lattice_parameter_c: float | None = None,
    adjust: bool = True,
    anions: AnionState | None = None,
    order: int = 0,
) -> PaddlewheelModel:
    """Model of the framework with a formula.

    Parameters
    ----------
    formula
        As for `parse_formula`.
    metal
        Metal of ``M3(btc)2``.
    lattice_parameter_a, lattice_parameter_c, adjust, anions, order
        As for `build_m3btc2` and `build_a2b4btc4`.

    Raises
    ------
    InputError
        If the formula, the metal, the number of chloride ions or an option does not fit.

    """
    if anions is not None and anions not in get_args(AnionState):
        raise InputError(
            f"The state {anions!r} of the axial anions is not known.",
            fix=f"Give one of: {', '.join(get_args(AnionState))}.",
        )
    asked = parse_formula(formula)
    metals = dict(asked.metals)
    if ANY_METAL in metals:
        if metal is None:
            raise InputError(
                f"Which metal does M stand for in {formula}?",
                fix="Name it, for instance: --metal Cu",
            )
        if len(metals) > 1:
            raise InputError(
                f"{formula!r} mixes M with a named metal.",
                fix="Write both metals, as in Ru2Cu4(btc)4Cl.",
            )
        metals = {load_paddlewheel(metal).metal: _METALS}
    elif metal is not None and set(metals) != {metal.strip().capitalize()}:
        raise InputError(
            f"--metal {metal} contradicts the formula {formula}.",
            why="The formula names its metals.",
            fix=f"Leave --metal out, or write M3(btc)2 --metal {metal}.",
        )
    pairs = {symbol: load_paddlewheel(symbol) for symbol in metals}
    _check_chlorides(
        formula,
        asked,
        sum(
            count // 2 * (0 if pairs[symbol].axial_anion is None else 1)
            for symbol, count in metals.items()
        ),
    )
    if len(metals) == 1:
        if lattice_parameter_c is not None:
            raise InputError(
                f"{formula} is cubic; it has no lattice parameter c.",
                fix="Give --a only.",
            )
        return build_m3btc2(
            next(iter(metals)),
            lattice_parameter_a=lattice_parameter_a,
            adjust=adjust,
            anions=anions,
            order=order,
        )
    by_count = sorted(metals, key=lambda symbol: metals[symbol])
    if [metals[symbol] for symbol in by_count] != [2, 4]:
        shown = ", ".join(f"{count} {symbol}" for symbol, count in metals.items())
        raise InputError(
            f"{formula!r} has {shown}: there is no ordered model with one such pair on each "
            "linker.",
            why="Whole pairs of two metals in the ratio 1:2 order so that all linkers are alike.",
            fix="List the orderings of other compositions: reticulum order HKUST-1 --count Ru=3",
        )
    return build_a2b4btc4(
        by_count[0],
        by_count[1],
        lattice_parameter_a=lattice_parameter_a,
        lattice_parameter_c=lattice_parameter_c,
        adjust=adjust,
        anions=anions,
        order=order,
    )


def _check_chlorides(formula: str, asked: FrameworkFormula, needed: int) -> None:
    """Refuse a formula whose chloride does not balance the charge."""
    if asked.chlorides is None or asked.chlorides == needed:
        return
    raise InputError(
        f"{formula!r} has {float(asked.chlorides):g} chloride ions to four btc; its charge asks "
        f"for {needed}.",
        why="Each Ru2[II,III] pair carries one chloride, neutral pairs carry none.",
        fix="Correct the number of Cl, or leave it out.",
    )
