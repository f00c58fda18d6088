"""Sum of the shifts by many soft modes: how far up in wavenumber, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.harmonic import bose_occupation

#: Width of the intervals of wavenumber after which the sum is looked at, cm⁻¹; the first ends at
#: one and a half of it.
INTERVAL_CM1 = 100.0

#: The sum has settled when so many intervals together add little.
_INTERVALS_LOOKED_AT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSlopes:
    """Slopes of the bands by all partners of one set.

    Parameters
    ----------
    wavenumber_cm1
        Harmonic, imaginary negative, cm⁻¹.
    dimension
        Number of partners.
    slopes_cm1_per_k
        (b,), cm⁻¹/K.

    """

    wavenumber_cm1: float
    dimension: int
    slopes_cm1_per_k: NDArray[np.float64]


def intervals(wavenumbers_cm1: Sequence[float], largest_cm1: float) -> list[list[int]]:
    """Numbers of the sets in rising intervals of wavenumber; empty ones are left out.

    Parameters
    ----------
    wavenumbers_cm1
        Of the sets, cm⁻¹.
    largest_cm1
        Sets above it are left out, cm⁻¹.

    """
    found: dict[int, list[int]] = {}
    for number, wavenumber in enumerate(wavenumbers_cm1):
        if wavenumber <= largest_cm1:
            place = max(0, int(np.ceil((wavenumber - 1.5 * INTERVAL_CM1) / INTERVAL_CM1)))
            found.setdefault(place, []).append(number)
    return [found[place] for place in sorted(found)]


def is_converged(
    parts: Sequence[Sequence[SetSlopes]], *, relative: float, absolute_cm1_per_k: float
) -> bool:
    """Whether the last two intervals together add little to the slope of each band.

    Both their sum and the root of the sum of squares of their sets must stay below the larger of
    the two limits. (One interval is not enough: some hold two sets only.)

    Parameters
    ----------
    parts
        Sets of each interval so far.
    relative
        Limit as a part of the sum.
    absolute_cm1_per_k
        Limit, cm⁻¹/K.

    """
    if len(parts) <= _INTERVALS_LOOKED_AT:
        return False
    total = np.sum([entry.slopes_cm1_per_k for part in parts for entry in part], axis=0)
    looked_at = [entry for part in parts[-_INTERVALS_LOOKED_AT:] for entry in part]
    last = np.array([entry.slopes_cm1_per_k for entry in looked_at])
    limit = np.maximum(relative * np.abs(total), absolute_cm1_per_k)
    size = np.maximum(np.abs(last.sum(axis=0)), np.sqrt((last**2).sum(axis=0)))
    return bool(np.all(size <= limit))


def tail_cm1_per_k(
    last: Sequence[SetSlopes],
    rest: Sequence[tuple[float, int]],
    temperatures_k: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Size of what the sets above the last interval may add to the slopes, (b,), cm⁻¹/K.

    Empty if sets are left out and nothing is known to compare them with. Each set that is left out
    is taken to shift the bands per quantum and partner like those of the last interval: the mean
    with its sign for all, and the scatter with random signs.

    Parameters
    ----------
    last
        Sets of the last interval.
    rest
        Wavenumber, cm⁻¹, and dimension of each set that is left out.
    temperatures_k
        Window, K.

    """
    ends = np.array([np.min(temperatures_k), np.max(temperatures_k)])
    known = [entry for entry in last if entry.wavenumber_cm1 > 0.0]
    if not rest:
        return np.zeros(len(last[0].slopes_cm1_per_k) if last else 2)
    if not known:
        return np.zeros(0)
    quanta = np.array([_quanta_per_k(e.wavenumber_cm1, ends) * e.dimension for e in known])
    per_quantum = np.array([e.slopes_cm1_per_k for e in known]) / quanta[:, None]
    weights = np.array([_quanta_per_k(wavenumber, ends) * size for wavenumber, size in rest])
    mean = per_quantum.mean(axis=0)
    scatter = np.sqrt(((per_quantum - mean) ** 2).mean(axis=0))
    found: NDArray[np.float64] = np.hypot(
        mean * weights.sum(), scatter * np.sqrt((weights**2).sum())
    )
    return found


def _quanta_per_k(wavenumber_cm1: float, ends_k: NDArray[np.float64]) -> float:
    low, high = bose_occupation(wavenumber_cm1, ends_k)
    return float(high - low) / float(ends_k[1] - ends_k[0])


def leading(slopes: NDArray[np.float64], share: float, most: int) -> list[int]:
    """Numbers of the sets that make so large a share of the sum of sizes in every band.

    Parameters
    ----------
    slopes
        (n_sets, b), cm⁻¹/K.
    share
        Part of Σ|slope|.
    most
        Most sets that are named for each band.

    """
    chosen: set[int] = set()
    sizes = np.abs(slopes)
    for column in sizes.T:
        order = np.argsort(-column)
        running = np.cumsum(column[order])
        n_needed = int(np.searchsorted(running, share * running[-1])) + 1 if len(order) else 0
        chosen |= {int(n) for n in order[: min(n_needed, most)]}
    return sorted(chosen)
