"""Energy along an elongated metal-oxygen bond, and where a second minimum may hide.

The energy has a slope at every point (the force that holds the bond): a cubic through energies and
slopes shows minima between two points too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq

#: A bond must be longer than at the start by this much for a structure to count as loose, Å:
#: twice the amplitude of a metal-oxygen stretch at room temperature.
LOOSE_ELONGATION_A = 0.1

#: A structure has come back to the start when all bonds are within this of it (Å), and the energy
#: within this (kJ/mol per carboxylate).
RETURNED_A = 0.05
RETURNED_KJ_MOL = 1.0

#: Parts of an interval in which the sign of the cubic's slope is looked at.
_FINE = 40


class StartReason(StrEnum):
    """Why a relaxation is released from a point of the curve."""

    MINIMUM = "minimum of the curve"
    JUMP = "jump to another structure"
    FALLING_END = "curve still falls at its end"
    FLATTEST = "flattest point beyond the steepest"


class CandidateVerdict(StrEnum):
    """What a released relaxation found."""

    LOOSE = "a second minimum with a longer bond"
    RETURNED = "back to the start"
    SADDLE = "a saddle that falls back to bonds as at the start"
    SAME_BONDS = "another structure with bonds as at the start"
    NOT_CONVERGED = "not converged"


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseCandidate:
    """End of a relaxation released from a point of a curve.

    Parameters
    ----------
    from_distance_a
        Mean length of the elongated bonds where it was released, Å.
    reason
        Why it was released there.
    verdict
        What was found.
    energy_kj_mol
        Energy above the start for each carboxylate converted, kJ/mol.
    lengths_a
        (b,) of the elongated bonds, Å.
    longest_elongation_a
        Largest elongation of any metal-oxygen bond of a carboxylate over the start, Å.
    bonds
        Sentence on bonds that opened or closed; empty if none did.
    residual_ev_a
        Norm of the force left, eV/Å.
    n_calls
        Force calculations.
    positions_a
        (n, 3), Å.

    """

    from_distance_a: float
    reason: StartReason
    verdict: CandidateVerdict
    energy_kj_mol: float
    lengths_a: NDArray[np.float64]
    longest_elongation_a: float
    bonds: str
    residual_ev_a: float
    n_calls: int
    positions_a: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        self.lengths_a.setflags(write=False)
        self.positions_a.setflags(write=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "released_from_a": self.from_distance_a,
            "reason": self.reason.value,
            "verdict": self.verdict.value,
            "energy_kj_mol_per_carboxylate": self.energy_kj_mol,
            "bond_lengths_a": self.lengths_a.tolist(),
            "longest_elongation_a": self.longest_elongation_a,
            "bonds_changed": self.bonds,
            "residual_ev_per_a": self.residual_ev_a,
            "n_force_calculations": self.n_calls,
            "positions_a": self.positions_a.tolist(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseCurve:
    """Energy against the mean length of a set of metal-oxygen bonds, the rest relaxed.

    Parameters
    ----------
    label
        Which bonds.
    pattern
        Word of the pattern.
    n_carboxylates
        Carboxylates converted.
    n_sets
        Sets of the cell that are equivalent by symmetry.
    distances_a
        (k,) mean length of the bonds, Å, ascending; the first is the start.
    energies_kj_mol
        (k,) energy above the start for each carboxylate converted, kJ/mol.
    slopes_kj_mol_a
        (k,) derivative of it, kJ/mol/Å, from the force that holds the bonds.
    lengths_a
        (k, b) length of each bond of the set, Å.
    jumped
        (k,) whether the path jumps to another structure before a point.
    n_held
        Imaginary modes of the start that were held.
    symmetry_order
        Number of operations that the set keeps.
    n_calls
        Force calculations of the points.
    complete
        Whether the curve reaches its end or the energy limit; not if a point did not converge.
    candidates
        Released relaxations.
    notes
        Sentences for the user.

    """

    label: str
    pattern: str
    n_carboxylates: int
    n_sets: int
    distances_a: NDArray[np.float64]
    energies_kj_mol: NDArray[np.float64]
    slopes_kj_mol_a: NDArray[np.float64]
    lengths_a: NDArray[np.float64]
    jumped: NDArray[np.bool_]
    n_held: int
    symmetry_order: int
    n_calls: int
    complete: bool = True
    candidates: tuple[LooseCandidate, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        shape = self.distances_a.shape
        for name in ("energies_kj_mol", "slopes_kj_mol_a", "jumped"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has the shape {getattr(self, name).shape}")
        if self.lengths_a.shape[:1] != shape or self.lengths_a.ndim != 2:
            raise ValueError("every point needs the length of each bond")
        if np.any(np.diff(self.distances_a) <= 0.0):
            raise ValueError("the distances do not ascend")
        for name in ("distances_a", "energies_kj_mol", "slopes_kj_mol_a", "lengths_a", "jumped"):
            getattr(self, name).setflags(write=False)

    @property
    def total_calls(self) -> int:
        """Force calculations of the points and of the released relaxations."""
        return self.n_calls + sum(candidate.n_calls for candidate in self.candidates)

    @property
    def decided(self) -> bool:
        """Whether the curve was followed to its end and everything released has converged."""
        return (
            self.complete
            and len(self.distances_a) > 1
            and self.slopes_kj_mol_a[-1] >= 0.0
            and all(c.verdict is not CandidateVerdict.NOT_CONVERGED for c in self.candidates)
        )

    @property
    def loose(self) -> tuple[LooseCandidate, ...]:
        """Second minima, the lowest first."""
        found = [c for c in self.candidates if c.verdict is CandidateVerdict.LOOSE]
        return tuple(sorted(found, key=lambda c: c.energy_kj_mol))

    def pieces(self) -> tuple[tuple[int, int], ...]:
        """First and last index of each stretch of the curve without a jump."""
        starts = [0, *np.flatnonzero(self.jumped).tolist()]
        ends = [*[start - 1 for start in starts[1:]], len(self.distances_a) - 1]
        return tuple(zip(starts, ends, strict=True))

    def energy_at(self, distance_a: float) -> float:
        """Energy at a distance by cubic interpolation with the slopes, kJ/mol per carboxylate.

        NaN outside the curve and between two points with a jump between them.
        """
        for first, last in self.pieces():
            x = self.distances_a[first : last + 1]
            if x[0] - 1e-9 <= distance_a <= x[-1] + 1e-9:
                if first == last:
                    return float(self.energies_kj_mol[first])
                return float(self._cubic(first, last)(distance_a))
        return float("nan")

    def elongation_at(self, energy_kj_mol: float) -> float:
        """Elongation at which the curve first reaches an energy, Å; NaN if it never does."""
        above = np.flatnonzero(self.energies_kj_mol >= energy_kj_mol)
        if not above.size or above[0] == 0 or self.jumped[above[0]]:
            return float("nan")
        low, high = self.distances_a[above[0] - 1 : above[0] + 1]
        found = brentq(lambda x: self.energy_at(float(x)) - energy_kj_mol, low, high)
        return float(found - self.distances_a[0])

    def _minima(self) -> list[float]:
        """Distances of the minima of the interpolated curve, the start left out, Å."""
        places: list[float] = []
        for first, last in self.pieces():
            if first == last:
                continue
            curve = self._cubic(first, last)
            fine = np.linspace(
                self.distances_a[first], self.distances_a[last], _FINE * (last - first) + 1
            )
            slopes = np.asarray(curve(fine, 1))
            turns = np.flatnonzero((slopes[:-1] < 0.0) & (slopes[1:] >= 0.0))
            # The force left at the start may put its own minimum just beyond it.
            far = fine[turns] - self.distances_a[0] > RETURNED_A
            places += fine[turns][far].tolist()
        return places

    def _cubic(self, first: int, last: int) -> CubicHermiteSpline:
        return CubicHermiteSpline(
            self.distances_a[first : last + 1],
            self.energies_kj_mol[first : last + 1],
            self.slopes_kj_mol_a[first : last + 1],
        )

    def starts(self, *, test: bool) -> tuple[tuple[int, StartReason], ...]:
        """Points from which a relaxation must be released, and why.

        A minimum that continues the start shows as a slope that turns from negative to positive, at
        the points or on the cubic between two of them; behind a jump, or where the curve still
        falls at its end, one may lie outside the curve.

        Parameters
        ----------
        test
            When nothing suggests a second minimum, release from the flattest point beyond the
            steepest one (the last point of a curve that steepens to its end).

        """
        slopes = self.slopes_kj_mol_a
        found: dict[int, StartReason] = {
            int(k): StartReason.JUMP for k in np.flatnonzero(self.jumped)
        }
        for place in self._minima():
            upper = int(np.searchsorted(self.distances_a, place))
            lower = upper - 1
            # A point with a negative slope lies behind the barrier too.
            behind = slopes[lower] < 0.0 and lower > 0
            closer = behind and self.energies_kj_mol[lower] < self.energies_kj_mol[upper]
            found.setdefault(lower if closer else upper, StartReason.MINIMUM)
        if len(slopes) > 1 and slopes[-1] < 0.0:
            found.setdefault(len(slopes) - 1, StartReason.FALLING_END)
        if not found and test and len(slopes) > 1:
            steepest = int(slopes.argmax())
            found[max(steepest + int(slopes[steepest:].argmin()), 1)] = StartReason.FLATTEST
        return tuple(sorted(found.items()))

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "bonds": self.label,
            "pattern": self.pattern,
            "n_carboxylates": self.n_carboxylates,
            "n_equivalent_sets": self.n_sets,
            "distances_a": self.distances_a.tolist(),
            "energies_kj_mol_per_carboxylate": self.energies_kj_mol.tolist(),
            "slopes_kj_mol_per_a": self.slopes_kj_mol_a.tolist(),
            "bond_lengths_a": self.lengths_a.tolist(),
            "jumped": self.jumped.tolist(),
            "complete": self.complete,
            "n_imaginary_modes_held": self.n_held,
            "n_operations_kept": self.symmetry_order,
            "n_force_calculations": self.total_calls,
            "candidates": [candidate.to_dict() for candidate in self.candidates],
            "notes": list(self.notes),
        }
