"""Which mechanisms may be added, and what the sum gives.

Two mechanisms that account for the same physical cause must not both count: the metal-oxygen
oscillator and the adiabatic route both hold the metal-oxygen stretch, draws of the soft modes and
the adiabatic route hold the same motions. The expansion of the cell stands apart from all that is
computed in a fixed cell. Without the soft motions a sum is no prediction, and none is made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reticulum.thermal.mechanism import Band, MechanismResult, Part

#: Order in which mechanisms are taken; what shares a cause with one taken before is left out.
#: First the default prediction, then its non-additive form, then expansions in straight lines, then
#: what holds a single coordinate.
PREFERENCE: tuple[str, ...] = (
    "adiabatic",
    "sampling",
    "md",
    "mode-coupling",
    "oscillator",
    "oscillator-all",
    "quasi-harmonic",
    "loose-state",
)


#: Start of the reason against a mechanism that is not to be trusted.
UNTRUSTED = "not to be trusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SummedSlope:
    """Sum of the slopes of one band over mechanisms that share no cause.

    Parameters
    ----------
    band
        Which band.
    slope_cm1_per_k
        Sum, cm⁻¹/K; None if nothing can be summed, or no sum is made of what could be.
    error_cm1_per_k
        Errors of the terms together (root of the sum of squares), cm⁻¹/K; None if that of a term
        is not known.
    terms
        Titles of the mechanisms that may be added.
    left_out
        Title of each other mechanism and why it is not among them.
    no_sum_because
        Why no sum is made of two and more terms; empty if it is.

    """

    band: Band
    slope_cm1_per_k: float | None
    error_cm1_per_k: float | None
    terms: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    no_sum_because: str = ""

    @property
    def is_made(self) -> bool:
        """Whether there is a sum of two and more terms."""
        return len(self.terms) > 1 and self.slope_cm1_per_k is not None

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "band": self.band.value,
            "slope_cm1_per_k": self.slope_cm1_per_k,
            "slope_error_cm1_per_k": self.error_cm1_per_k,
            "terms": list(self.terms),
            "left_out": [{"mechanism": title, "reason": why} for title, why in self.left_out],
            "no_sum_because": self.no_sum_because,
        }


def sum_slopes(results: Sequence[MechanismResult], band: Band) -> SummedSlope:
    """Sum of the slopes of one band that may be summed, cm⁻¹/K.

    Mechanisms are taken in the order of `PREFERENCE`. Left out are those that are fitted or
    published instead of computed, those that are not to be trusted, those without this band, and
    those that share a cause with one that was taken. Two and more are added only if one of them
    holds the soft motions (`Part.SOFT_MOTIONS`): without these it is no prediction.

    Parameters
    ----------
    results
        Mechanisms of one structure with one calculator.
    band
        Which band.

    """
    order = {name: place for place, name in enumerate(PREFERENCE)}
    taken: list[MechanismResult] = []
    left_out: list[tuple[str, str]] = []
    for result in sorted(results, key=lambda r: order.get(r.name, len(order))):
        why = _reason_against(result, band, taken)
        if why:
            left_out.append((result.title, why))
        else:
            taken.append(result)
    no_sum = _no_sum_because(results, taken)
    slopes = [slope.slope_cm1_per_k for r in taken if (slope := r.slope(band)) is not None]
    errors = [r.slope_error_cm1_per_k(band) for r in taken]
    known = [error for error in errors if error is not None]
    return SummedSlope(
        band=band,
        slope_cm1_per_k=sum(slopes) if slopes and not no_sum else None,
        error_cm1_per_k=(
            math.hypot(*known) if known and len(known) == len(errors) and not no_sum else None
        ),
        terms=tuple(r.title for r in taken),
        left_out=tuple(left_out),
        no_sum_because=no_sum,
    )


def _no_sum_because(results: Sequence[MechanismResult], taken: Sequence[MechanismResult]) -> str:
    if len(taken) < 2 or any(Part.SOFT_MOTIONS in r.parts for r in taken):
        return ""
    if any(Part.SOFT_MOTIONS in r.parts and r.untrusted_because for r in results):
        return "no method that holds the soft motions can be trusted"
    return "no method that holds the soft motions has a slope"


def _reason_against(result: MechanismResult, band: Band, taken: Sequence[MechanismResult]) -> str:
    if result.standing != "computed":
        return f"it is {result.standing}, not computed"
    if result.positions_cm1(band) is None:
        return f"it says nothing of the {band.value} band"
    if result.untrusted_because:
        return f"{UNTRUSTED}: {result.untrusted_because}"
    for other in taken:
        shared = sorted(part.value for part in result.parts & other.parts)
        if shared:
            return f"the {other.title} has these already: {', '.join(shared)}"
    return ""


def causes_left_out(results: Sequence[MechanismResult]) -> tuple[Part, ...]:
    """Physical causes that none of the mechanisms accounts for, in the order of `Part`."""
    covered = frozenset[Part]().union(*(result.parts for result in results))
    return tuple(part for part in Part if part not in covered)
