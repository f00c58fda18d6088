"""What the adiabatic route does not know: soft modes that the stiff ones do not follow.

Those that are followed nowhere are named, bounded, and left out of the sum; those that are followed
over less than half of their motion are in it, with an error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.thermal.adiabatic_result import SoftContribution
from reticulum.thermal.adiabatic_sum import SetSlopes
from reticulum.thermal.mechanism import ERROR_TOO_SMALL, ErrorKind, SlopeError
from reticulum.thermal.soft_exploration import Exploration

#: The slopes are not trusted when the sets left out may give more than this part of the sum of
#: sizes of all others.
_LARGEST_SHARE = 0.5

#: So many sets are named in an error.
_MOST_NAMED = 3

#: A path known for less than half of its thermal distribution is extrapolated: the root mean square
#: amplitude at room temperature, at which every mode is computed, leaves a third to 0.43.
_MOST_OUTSIDE = 0.5


def followed_and_lost(
    explorations: Sequence[Exploration],
) -> tuple[list[Exploration], list[Exploration]]:
    """Sets with at least one relaxed geometry, and those without any."""
    followed = [e for e in explorations if e.points]
    return followed, [e for e in explorations if not e.points]


def name_of(exploration: Exploration) -> str:
    """A set in words: symmetry, motion and wavenumber."""
    soft = exploration.soft
    return f"{soft.label} at {soft.wavenumber_cm1:.0f} cm⁻¹"


def refuse_if_most_are_lost(explorations: Sequence[Exploration]) -> None:
    """Stop where the route does not work for the calculator.

    Parameters
    ----------
    explorations
        Sets of one interval after their amplitudes were looked for.

    Raises
    ------
    CalculationError
        If less than half of them can be followed.

    """
    followed, lost = followed_and_lost(explorations)
    if len(lost) > len(followed):
        names = "; ".join(name_of(e) for e in lost[:_MOST_NAMED])
        raise CalculationError(
            f"The stiff modes do not follow {len(lost)} of {len(explorations)} sets of soft modes "
            f"({names}{', ...' if len(lost) > _MOST_NAMED else ''}).",
            why="Their forces did not become small at any amplitude that was tried.",
            fix="Relax the structure with a smaller --fmax, or try another calculator.",
        )


def unsettled(converged: bool, max_cm1: float, n_unknown: int) -> tuple[str, ...]:
    """Sentence on a sum over modes that had not settled; none if it had.

    Parameters
    ----------
    converged
        Whether the last interval added little.
    max_cm1
        Where the sum ends, cm⁻¹.
    n_unknown
        Sets above, if no real set below tells how much they may add; else 0.

    """
    if n_unknown:
        return (
            f"No real mode lies below {max_cm1:g} cm⁻¹ that could tell what the {n_unknown} sets "
            f"above give: {ERROR_TOO_SMALL} by them.",
        )
    if converged:
        return ()
    return (
        f"The sum over modes had not settled at {max_cm1:.0f} cm⁻¹; the error by the modes left "
        "out says how much may be missing.",
    )


def left_out_cm1_per_k(
    known: Sequence[SetSlopes], lost: Sequence[Exploration]
) -> NDArray[np.float64]:
    """Size of what the sets that could not be followed may add to the slopes, (2,), cm⁻¹/K.

    Each partner of each is taken to act like the strongest partner of all that were followed; the
    sets add with random signs.

    Parameters
    ----------
    known
        Sets that were followed.
    lost
        Those that were not.

    """
    if not lost or not known:
        return np.zeros(2)
    partner = np.abs([e.slopes_cm1_per_k / e.dimension for e in known]).max(axis=0)
    found: NDArray[np.float64] = partner * np.sqrt(sum(e.soft.dimension**2 for e in lost))
    return found


def left_out_warnings(
    lost: Sequence[Exploration], at_most_cm1_per_k: NDArray[np.float64]
) -> tuple[str, ...]:
    """Sentence that names the sets left out; none if there are none.

    Parameters
    ----------
    lost
        Sets that were not followed.
    at_most_cm1_per_k
        (2,) from `left_out_cm1_per_k`.

    """
    if not lost:
        return ()
    names = "; ".join(name_of(e) for e in lost)
    return (
        f"The stiff modes do not follow {len(lost)} sets of soft modes at any amplitude, and these "
        f"were left out: {names}. They may give {at_most_cm1_per_k[0]:.4f} (antisymmetric) and "
        f"{at_most_cm1_per_k[1]:.4f} cm⁻¹/K (symmetric) in either direction.",
    )


def distrust(known: Sequence[SetSlopes], lost: Sequence[Exploration]) -> str:
    """Why the slopes should not be believed; empty if what was left out is small.

    Parameters
    ----------
    known
        Sets that were followed.
    lost
        Those that were not.

    """
    at_most = left_out_cm1_per_k(known, lost)
    total = np.abs([e.slopes_cm1_per_k for e in known]).sum(axis=0)
    if not np.any(at_most > _LARGEST_SHARE * total):
        return ""
    return (
        f"{len(lost)} sets of soft modes could not be followed, and they may give more than "
        f"{_LARGEST_SHARE:.0%} of what all others give."
    )


def extrapolated_errors(
    contributions: Sequence[SoftContribution],
) -> tuple[list[SlopeError], list[SlopeError]]:
    """Error of both slopes by paths that are known for less than half of their distribution.

    Of such a set the part of its slope that belongs to the unknown share may be missing or as large
    again; the sets are added up.

    Parameters
    ----------
    contributions
        All sets in the sum.

    """
    short = [c for c in contributions if c.outside > _MOST_OUTSIDE]
    if not short:
        return [], []
    sizes = np.sum([c.outside * np.abs(c.slopes_cm1_per_k[:2]) for c in short], axis=0)
    origin = (
        f"extrapolation of {len(short)} {'set' if len(short) == 1 else 'sets'} of modes known for "
        "less than half of the thermal distribution"
    )
    antisymmetric, symmetric = (
        [SlopeError(kind=ErrorKind.TRUNCATION, size_cm1_per_k=float(value), origin=origin)]
        for value in sizes
    )
    return antisymmetric, symmetric


def extrapolation_distrust(contributions: Sequence[SoftContribution]) -> str:
    """Why the slopes should not be believed if they rest on extrapolation; empty if they do not.

    Parameters
    ----------
    contributions
        All sets in the sum.

    """
    sizes = np.abs([c.slopes_cm1_per_k[:2] for c in contributions])
    short = np.array([c.outside if c.outside > _MOST_OUTSIDE else 0.0 for c in contributions])
    if not np.any(short @ sizes > _LARGEST_SHARE * sizes.sum(axis=0)):
        return ""
    number = np.count_nonzero(short)
    return (
        f"{number} {'set of soft modes is' if number == 1 else 'sets of soft modes are'} known for "
        f"less than half of the thermal distribution, and more than {_LARGEST_SHARE:.0%} of what "
        "all sets give is extrapolated along them."
    )


def extrapolation_warnings(
    contributions: Sequence[SoftContribution], least_cm1_per_k: float
) -> list[str]:
    """Sentences that name those of them that matter.

    Parameters
    ----------
    contributions
        All sets in the sum.
    least_cm1_per_k
        Slope from which a set matters, cm⁻¹/K.

    """
    return [
        f"The path along {c.irrep} at {c.wavenumber_cm1:.0f} cm⁻¹ is known only for "
        f"{1 - c.outside:.0%} of its thermal distribution; the rest is extrapolated, and in the "
        "error."
        for c in contributions
        if c.outside > _MOST_OUTSIDE and np.abs(c.slopes_cm1_per_k[:2]).max() > least_cm1_per_k
    ]
